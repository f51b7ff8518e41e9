/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/qs-target.h"

G_BEGIN_DECLS

#define QS_BATCH_MOST_TARGETS 100000
#define QS_BATCH_MOST_TARGETS_BYTES (16u << 20) /* of their file */

/**
 * QsBatchTargets: targets in the order in which they were named, each once, however often it was.
 */
typedef struct _QsBatchTargets QsBatchTargets;

QsBatchTargets *qs_batch_targets_new (void);
void qs_batch_targets_free (QsBatchTargets *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsBatchTargets, qs_batch_targets_free)

/* One, as qs_target_new() takes it. FALSE with QS_ERROR_INVALID_TARGET or QS_ERROR_TOO_LARGE. */
gboolean qs_batch_targets_add (QsBatchTargets *self, const char *text, GError **error);
/* One a line; empty lines and those that begin with "#" are passed over, as blanks around a target are. name: what the text is called
 * in errors, which say the line. What came before a wrong line was added. */
gboolean qs_batch_targets_add_text (QsBatchTargets *self, const char *name, const char *text, gsize length,
                                    GError **error);
/* A file of them: a regular one. G_IO_ERROR besides. */
gboolean qs_batch_targets_add_file (QsBatchTargets *self, const char *path, GError **error);

GPtrArray *qs_batch_targets_get (QsBatchTargets *self); /* QsTarget, borrowed */

G_END_DECLS
