/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/quicprobe-options.h"

G_BEGIN_DECLS

/* The options of a batch, for quicprobe-options.c: their texts are read into this file's own. */
extern const GOptionEntry quicprobe_batch_entries[];

/* Whether --repeat or --targets was given. */
gboolean quicprobe_batch_is_asked_for (void);
/* Fills in targets, plan and files. names: the targets of the command line, n of them. FALSE with QS_ERROR_INVALID_TARGET, also
 * where one was given and no batch is asked for. */
gboolean quicprobe_batch_fill (QuicprobeOptions *options, char **names, guint n, GError **error);
void quicprobe_batch_clear (void);

G_END_DECLS
