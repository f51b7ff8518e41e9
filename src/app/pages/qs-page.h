/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/qs-session.h"

G_BEGIN_DECLS

/**
 * QsPage: a page of the window.
 *
 * A page shows the session's run. It is told of changes only while it is on the screen; what happened
 * while it was not is told, once, when it appears. So a page costs nothing while it is hidden.
 * To add one: a subclass, and a row in the table of qs-window-pages.c.
 */
#define QS_TYPE_PAGE (qs_page_get_type ())
G_DECLARE_DERIVABLE_TYPE (QsPage, qs_page, QS, PAGE, GtkBin)

struct _QsPageClass {
  GtkBinClass parent_class;

  /* The session is known; once in a page's life, right after it was made. */
  void (*session_set) (QsPage *self, QsSession *session);
  /* Another run is shown; NULL: none. Followed by update, unless it is NULL. */
  void (*run_changed) (QsPage *self, QsRun *run);
  /* The run's state, steps, findings, summary or trace changed; at most once a frame. */
  void (*update) (QsPage *self, QsRun *run);
  /* Where the keys belong when the page is come to. NULL, or not on the screen: its first control. */
  GtkWidget *(*get_content) (QsPage *self);
  /* What Ctrl+F goes to. No method: the page has no filter. */
  GtkWidget *(*get_filter) (QsPage *self);
};

void qs_page_set_session (QsPage *self, QsSession *session);
QsSession *qs_page_get_session (QsPage *self);
/* The run that this page was last told of. */
QsRun *qs_page_get_run (QsPage *self);

/* The page is on the screen and gets the keys; FALSE: nothing of it takes them. */
gboolean qs_page_focus_content (QsPage *self);
/* NULL: it has none, or there is nothing to filter yet. */
GtkWidget *qs_page_get_filter (QsPage *self);

G_END_DECLS
