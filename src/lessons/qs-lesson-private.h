/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "lessons/qs-lesson.h"

G_BEGIN_DECLS

#define QS_LESSON_MAX_FILE (256 * 1024)

struct _QsLesson {
  gatomicrefcount refs;
  char *name, *file;
  char *title, *summary;
  int order;
  GPtrArray *runs;  /* QsLessonSetup */
  GPtrArray *pages; /* QsLessonPage */
};

QsLesson *qs_lesson_new (const char *name, const char *file);
QsLessonSetup *qs_lesson_setup_new (void);
QsLessonPage *qs_lesson_page_new (void);
QsLessonQuestion *qs_lesson_question_new (void);
QsLessonChoice *qs_lesson_choice_new (void);

/* The event's own string, NULL when there is none of that name. */
const char *qs_lesson_event_find (const char *name);

G_END_DECLS
