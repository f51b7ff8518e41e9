/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-session.h"
#include "lessons/qs-lesson-library.h"

G_BEGIN_DECLS

/**
 * QsLessonPlayer: a lesson under way: which page stands, the runs that were made for it, the answers that were given.
 *
 * Going to a page makes its run if need be, shows it in the session and has the session's replay play up to the
 * page's moment. Where animations are switched off, it goes there at once.
 *
 * Properties: "lesson" (notifies only). Signals: "changed" (): page, state or answers.
 */
#define QS_TYPE_LESSON_PLAYER (qs_lesson_player_get_type ())
G_DECLARE_FINAL_TYPE (QsLessonPlayer, qs_lesson_player, QS, LESSON_PLAYER, GObject)

typedef enum {
  QS_LESSON_READY,   /* the page stands */
  QS_LESSON_RUNNING, /* its run is under way */
  QS_LESSON_PLAYING, /* the replay is on its way to the page's moment */
  QS_LESSON_MISSED,  /* what the page waits for did not come in this run */
  QS_LESSON_BROKEN,  /* the run could not be made: see qs_lesson_player_get_error() */
} QsLessonState;

QsLessonPlayer *qs_lesson_player_new (QsSession *session);
/* NULL closes it: its runs stay in the session. Opens at its first page. */
void qs_lesson_player_set_lesson (QsLessonPlayer *self, QsLesson *lesson);
QsLesson *qs_lesson_player_get_lesson (QsLessonPlayer *self);

guint qs_lesson_player_get_page (QsLessonPlayer *self);
/* page: held within the lesson. */
void qs_lesson_player_go (QsLessonPlayer *self, guint page);
/* On, or what is playing goes there at once. FALSE behind the last page. */
gboolean qs_lesson_player_next (QsLessonPlayer *self);
gboolean qs_lesson_player_back (QsLessonPlayer *self);
/* The page's run anew. */
void qs_lesson_player_run_again (QsLessonPlayer *self);

QsLessonState qs_lesson_player_get_state (QsLessonPlayer *self);
const char *qs_lesson_player_get_error (QsLessonPlayer *self); /* a sentence, NULL when there is none */
QsRun *qs_lesson_player_get_run (QsLessonPlayer *self);        /* the page's, NULL when it has none (yet) */
void qs_lesson_player_set_animate (QsLessonPlayer *self, gboolean animate);

/* The choice that was taken for the page's question, -1: none yet. */
int qs_lesson_player_get_choice (QsLessonPlayer *self);
void qs_lesson_player_choose (QsLessonPlayer *self, int choice);
/* What the trace says: -1 when it does not, or the page asks nothing. */
int qs_lesson_player_get_answer (QsLessonPlayer *self);
/* Shows all of the run and selects the first packet that proves the answer. FALSE when there is none. */
gboolean qs_lesson_player_show_proof (QsLessonPlayer *self);

G_END_DECLS
