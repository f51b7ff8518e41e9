/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/models/qs-settings.h"

G_BEGIN_DECLS

/**
 * QsSavedStrip: says what was saved, and shows it in its folder.
 *
 * In a window it has the action "saved": its parameter is a path that was written (bytes), its state the folder that was
 * saved in last (bytes; empty: none yet), which is kept in the settings. Whatever saves tells it by qs_saved_tell().
 */
#define QS_TYPE_SAVED_STRIP (qs_saved_strip_get_type ())
G_DECLARE_FINAL_TYPE (QsSavedStrip, qs_saved_strip, QS, SAVED_STRIP, GtkRevealer)

/* Gives the window the action. Once. */
void qs_saved_strip_install (QsSavedStrip *self, GActionMap *window, QsSettings *settings);
/* note: a sentence more about the file, or NULL. */
void qs_saved_strip_show (QsSavedStrip *self, const char *path, const char *note);
void qs_saved_strip_hide (QsSavedStrip *self);
/* The file that it tells of, NULL where it tells of none. */
const char *qs_saved_strip_get_path (QsSavedStrip *self);

/* A file was saved by what this widget, or the window that it belongs to, shows. */
void qs_saved_tell (GtkWidget *widget, const char *path);
/* The data of a callback that a file is written: who asked for it (held), and where to. */
typedef struct {
  gpointer widget;
  char *path;
} QsSaved;

QsSaved *qs_saved_new (gpointer widget, const char *path);
void qs_saved_free (QsSaved *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsSaved, qs_saved_free)

/* Where this widget's window was saved in last, and is still there; else NULL. Owned by the caller. */
char *qs_saved_dup_folder (GtkWidget *widget);

G_END_DECLS
