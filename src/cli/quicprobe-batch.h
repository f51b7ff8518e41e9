/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdio.h>

#include "cli/quicprobe-options.h"

G_BEGIN_DECLS

/* --repeat, --targets: many runs of options->targets, and what they come to. Returns the exit status. */
int quicprobe_batch (const QuicprobeOptions *options);

/* What a batch came to, for people. brief: how many succeeded, and what is wrong, alone. */
void quicprobe_print_batch (FILE *out, QsBatch *batch, gboolean brief);

G_END_DECLS
