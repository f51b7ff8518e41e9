/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * QsCaptures:
 *
 * Captures of several connections in one pcapng, one section behind the other, each as its own file would be, with its secrets. Each is
 * written to a private file first, which goes with this, or at once where we are killed; the file itself is written whole or not at all (0600).
 */
typedef struct _QsCaptures QsCaptures;

/* NULL with G_IO_ERROR. */
QsCaptures *qs_captures_new (const char *path, GError **error);
/* Where the next one is to be written, as with qs_pcapng_write(). */
const char *qs_captures_get_scratch (QsCaptures *self);
/* Takes what stands there. Any thread. FALSE with G_IO_ERROR. */
gboolean qs_captures_append (QsCaptures *self, GError **error);
gboolean qs_captures_finish (QsCaptures *self, GError **error);
/* What was not finished leaves nothing behind. */
void qs_captures_free (QsCaptures *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsCaptures, qs_captures_free)

G_END_DECLS
