/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * QsFileWriter:
 *
 * Writes a file aside and puts it in its place when it is whole: a reader never sees half of it,
 * and what was there before survives an error. What is there and is no regular file (a pipe, a
 * terminal, /dev/null) is written to as it stands. Secrets have no name while they are written, where the file system can do that:
 * a program that is killed leaves none.
 */
typedef struct _QsFileWriter QsFileWriter;

/* mode: permission bits, under the umask; 0600 for what holds secrets. Errors are G_IO_ERROR with
 * the file's name in a translated sentence. */
QsFileWriter *qs_file_writer_new (const char *path, guint mode, GError **error);

/* Whether a file may be written there as far as that can be told without touching anything: to be asked before hours of work. */
gboolean qs_file_writer_check (const char *path, GError **error);

/* The first error is kept and reported by every later call, so that a writer of many small pieces
 * may look at the last result only. */
gboolean qs_file_writer_write (QsFileWriter *self, const void *bytes, gsize length, GError **error);

/* Flushes and renames. FALSE leaves what was there before. */
gboolean qs_file_writer_finish (QsFileWriter *self, GError **error);

/* All of a file at once. */
gboolean qs_file_write (const char *path, guint mode, const void *bytes, gsize length, GError **error);

/* Removes what was not finished. */
void qs_file_writer_free (QsFileWriter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsFileWriter, qs_file_writer_free)

G_END_DECLS
