/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pages/qs-page.h"

G_BEGIN_DECLS

/* QsWatchPage: other programs' connections, led through a relay: how to lead them there, and what came. */
#define QS_TYPE_WATCH_PAGE (qs_watch_page_get_type ())
G_DECLARE_FINAL_TYPE (QsWatchPage, qs_watch_page, QS, WATCH_PAGE, QsPage)

/* As if a person had chosen that file. */
void qs_watch_page_add_key_log (QsWatchPage *self, const char *path);
/* As if a person had typed it and pressed Start. command: NULL for none. */
void qs_watch_page_start (QsWatchPage *self, const char *target, const char *command);

G_END_DECLS
