/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/* A page of the help ("overview", "finding-no-reply#proof"): in the desktop's help viewer where there is one that finds the pages,
 * else in a window of our own, one for each parent. */
void qs_help_show (GtkWindow *parent, const char *place);
/* F1 in a window or dialog beside the main one shows this page. place is copied. */
void qs_help_bind (GtkWindow *window, const char *place);
/* Adds the actions "help" (of the page that is shown) and "show-help-overlay" (the keys) to a window. */
void qs_help_install (QsWindow *window);

G_END_DECLS
