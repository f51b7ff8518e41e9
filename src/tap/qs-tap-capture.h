/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * QsTapCapture:
 *
 * The wire of a tap that hears no relay: a capture that somebody writes, down a pipe or into a file, read in a thread of its own while
 * it comes. Its connections are known as they begin. Where nobody takes them from it, it stops reading, and who writes has to wait.
 */
typedef struct _QsTapCapture QsTapCapture;

/* path: "-" for standard input; follow: of a file, or a named pipe: what is written behind its end is waited for; patience_ms: as that of
 * qs_input_set_patience(). NULL with G_IO_ERROR. */
QsTapCapture *qs_tap_capture_new (const char *path, gboolean follow, guint patience_ms, GError **error);
guint64 qs_tap_capture_get_n_packets (QsTapCapture *self);
/* Once it is stopped: why it ended before its end, or has nothing to show (transfer full); NULL: nothing was wrong. */
char *qs_tap_capture_dup_trouble (QsTapCapture *self);

G_END_DECLS
