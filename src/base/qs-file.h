/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The one way in for every file that a person names or a folder holds: it never waits, and takes regular files alone. Folders, pipes and
 * devices are refused, since they may never begin or never end.
 * Errors here and below: G_IO_ERROR with the file's name in a translated sentence. */

/* A descriptor to read from, the caller's to close; -1 with error. size (may be NULL): bytes that the file has now. */
int qs_file_open (const char *path, guint64 *size, GError **error);
/* All of a file as it stands, which the caller owns. One of more than max bytes is QS_ERROR_TOO_LARGE before anything of it is read. */
GBytes *qs_file_load (const char *path, gsize max, GError **error);
/* Bytes of the file `path` were more than max. Always FALSE. */
gboolean qs_file_set_too_large (const char *path, guint64 max, GError **error);
/* Reads n bytes from a descriptor of qs_file_open(), fewer only at the file's end; -1 with error. */
gssize qs_file_read (int fd, const char *path, void *bytes, gsize n, GError **error);

G_END_DECLS
