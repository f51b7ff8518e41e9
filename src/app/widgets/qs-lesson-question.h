/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/models/qs-lesson-player.h"

G_BEGIN_DECLS

/* QsLessonQuestionView: the question of a lesson's page, its choices, and what the trace says to the one taken. */
#define QS_TYPE_LESSON_QUESTION_VIEW (qs_lesson_question_view_get_type ())
G_DECLARE_FINAL_TYPE (QsLessonQuestionView, qs_lesson_question_view, QS, LESSON_QUESTION_VIEW, GtkBox)

/* Shows the question of the player's page, as it stands now. NULL: nothing, and it hides. */
void qs_lesson_question_view_set_player (QsLessonQuestionView *self, QsLessonPlayer *player);

G_END_DECLS
