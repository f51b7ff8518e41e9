/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "lessons/qs-lesson.h"

G_BEGIN_DECLS

/* The ending of a lesson's file. */
#define QS_LESSON_SUFFIX ".lesson"

/**
 * qs_lessons_load:
 * @languages: as g_get_language_names() says them
 * @problems: (out) (optional) (transfer full): GPtrArray of char*: a line for each file that is no lesson, in words
 *
 * All lessons that can be found, by their order and then by title: in
 * ~/.local/share/quicscope/lessons, in $QS_LESSONDIR (running uninstalled), in quicscope/lessons of each folder of $XDG_DATA_DIRS, in the installed data. The
 * first of a name hides later ones, so a person may have a changed one of one's own; a broken file hides nothing.
 *
 * Returns: (transfer full): GPtrArray of QsLesson
 */
GPtrArray *qs_lessons_load (const char *const *languages, GPtrArray **problems);
/* (transfer none), NULL when there is none of that name. */
QsLesson *qs_lessons_find (GPtrArray *lessons, const char *name);
/* Where a person's own lessons belong. Owned by the caller. */
char *qs_lessons_dup_own_folder (void);
/* The file that says how a lesson is written; it may not be there. Owned by the caller. */
char *qs_lessons_dup_guide (void);

G_END_DECLS
