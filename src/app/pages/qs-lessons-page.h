/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/models/qs-lesson-player.h"
#include "app/pages/qs-page.h"

G_BEGIN_DECLS

/**
 * QsLessonsPage: the lessons, and the one that is under way: its text on one side, its picture on the other.
 *
 * Accessible names: list `Lessons`, buttons `Begin`, `Back`, `Next`, `All lessons`, label `Lesson text`, label
 * `Lesson page`, the choices by their words, button `Show the proof`, label `Lesson verdict`.
 */
#define QS_TYPE_LESSONS_PAGE (qs_lessons_page_get_type ())
G_DECLARE_FINAL_TYPE (QsLessonsPage, qs_lessons_page, QS, LESSONS_PAGE, QsPage)

QsLessonPlayer *qs_lessons_page_get_player (QsLessonsPage *self);
/* By its name. FALSE with a translated sentence that names those there are. */
gboolean qs_lessons_page_open (QsLessonsPage *self, const char *name, GError **error);

G_END_DECLS
