/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/* A capture that is being written: down a pipe, into a named one, or into a file. Its connections are a table that grows, of which the
 * window shows the first as a run; how far it is the window says, where it can be stopped as well. One at a time. */

/* "-" and what names a pipe: such a name is this process's alone. */
gboolean qs_streaming_is_stream (const char *path);
/* follow: what is written behind the file's end is waited for. patience_ms: of a named pipe, how long a writer is waited for; 0: as long as it
 * takes. Copies. What goes wrong is said in the window. */
void qs_streaming_start (QsWindow *window, const char *path, gboolean follow, guint patience_ms,
                         const char *const *key_logs, gboolean keep_page);
gboolean qs_streaming_is_under_way (QsWindow *window);
/* What came by then stays. */
void qs_streaming_stop (QsWindow *window);

G_END_DECLS
