/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "base/qs-mapped-file.h"
#include "base/qs-progress.h"

G_BEGIN_DECLS

/**
 * QsInput:
 *
 * A file that is read once from front to end with little memory, whatever its size; one that gzip, zstd, xz, lz4 or bzip2 made as what it holds.
 * What is not packed is mapped, and can be looked at without a copy. Folders, pipes and devices are refused.
 */
typedef struct _QsInput QsInput;

/* Errors here and below: G_IO_ERROR with the file's name in a translated sentence. */
QsInput *qs_input_open (const char *path, GCancellable *cancellable, GError **error);
/* Tells how much of the file is taken; NULL: nobody. */
void qs_input_set_progress (QsInput *self, QsProgress *progress);
/* "-" or "/dev/stdin". */
gboolean qs_input_is_standard (const char *path);
/* Standard input, where a person asks for it by such a name. Of a pipe what comes is handed on as it comes, until its end, or until somebody
 * cancels, which ends it there. cancellable: NULL for the one that was pushed last (g_cancellable_push_current), if any. */
QsInput *qs_input_open_standard (GCancellable *cancellable, GError **error);
/* A file that others are writing, or a named pipe: as what comes down a pipe. A file has no end then: what is written behind it is
 * waited for until somebody cancels. It is read as it is, packed or not. */
QsInput *qs_input_open_growing (const char *path, GCancellable *cancellable, GError **error);
/* Of a named pipe: it is read no longer than this while nobody has opened it for writing (G_IO_ERROR_TIMED_OUT); 0: for as long as it takes. Before
 * it is read. */
void qs_input_set_patience (QsInput *self, guint ms);
/* Whether it is a pipe: it is read once, and may never end. */
gboolean qs_input_is_stream (QsInput *self);
/* Looks at up to 4096 bytes ahead without taking them; *bytes stays valid until the next call. */
gboolean qs_input_peek (QsInput *self, const guint8 **bytes, gsize *length, GError **error);
/* Reads n bytes, fewer only at the file's end; -1 with error. Looks at the cancellable. */
gssize qs_input_read (QsInput *self, void *bytes, gsize n, GError **error);
/* The same without a copy where the file is mapped: *bytes then lies in what qs_input_get_map() returns and stays as long as that;
 * else in buffer. */
gssize qs_input_borrow (QsInput *self, const guint8 **bytes, gsize n, GByteArray *buffer, GError **error);
QsMappedFile *qs_input_get_map (QsInput *self); /* NULL: it is packed, or a pipe */
/* Passes over n bytes; FALSE without error when the file ends before. */
gboolean qs_input_skip (QsInput *self, guint64 n, GError **error);
/* Back to the front. */
gboolean qs_input_rewind (QsInput *self, GError **error);
guint64 qs_input_get_position (QsInput *self); /* bytes taken so far */
const char *qs_input_get_path (QsInput *self);
void qs_input_free (QsInput *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsInput, qs_input_free)

/* All of a file, up to max bytes: QS_ERROR_TOO_LARGE above. Owned by the caller. */
GBytes *qs_input_load (const char *path, gsize max, GError **error);

G_END_DECLS
