/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/* A file that is being opened: loaded in a thread, then read in slices. Where it holds several connections the window shows a
 * table of them, and of the runs that they may become the first: the one that was asked for, or the first one with a fault once
 * that is known. How far it is the window says, where it can be stopped as well. A session file is
 * opened as what it is (qs-restoring.h). */
typedef struct {
  const char *path;
  const char *const *key_logs; /* NULL: none */
  guint number;                /* the connection that is wanted, from 1; 0: none in particular */
  const char *other;           /* the other end's recording, NULL: none */
  gboolean or_alone;           /* other is opened by itself where it is not that */
  gboolean keep_page;          /* whatever comes, the page that is shown was asked for */
} QsOpeningWish;

/* Returns at once; copies. */
void qs_opening_start (QsWindow *window, const QsOpeningWish *wish);
guint qs_opening_get_n (QsWindow *window); /* under way */
/* What was read by then stays. */
void qs_opening_stop_all (QsWindow *window);

G_END_DECLS
