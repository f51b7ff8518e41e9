/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A session as one file: a ZIP archive (made and read by libarchive) of its list (qs-kept-runs.h) and its recordings, without folders.
 * It holds the secrets of connections, so it is 0600. Both wait for disks: call them from a thread. */

#define QS_KEPT_ENDING ".quicscope"
#define QS_KEPT_MOST_FILES 2002                           /* in an archive */
#define QS_KEPT_MOST_BYTES (G_GUINT64_CONSTANT (4) << 30) /* of all files in it, unpacked */

/* Whether a file begins as such an archive does: a ZIP archive whose first file is the list. FALSE too where it cannot be read. */
gboolean qs_kept_archive_is_one (const char *path);

/* names: of files in folder, the list first; %NULL at the end. What was at path before survives an error. Errors: G_IO_ERROR, a sentence. */
gboolean qs_kept_archive_pack (const char *folder, const char *const *names, const char *path,
                               GCancellable *cancellable, GError **error);

/**
 * qs_kept_archive_unpack:
 * @folder: an empty one, where the files go, 0600 each
 *
 * Names that are none of ours (qs_kept_is_name()), more than the bounds, or an archive that ends too early are errors, and
 * then the folder holds what was read by then.
 *
 * Returns: %FALSE with QS_ERROR_PARSE, _TOO_LARGE or G_IO_ERROR and a translated sentence
 */
gboolean qs_kept_archive_unpack (const char *path, const char *folder, GCancellable *cancellable, GError **error);

G_END_DECLS
