/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/quicprobe-options.h"

G_BEGIN_DECLS

/* The report card of options->target; returns the exit status. */
int quicprobe_examine (const QuicprobeOptions *options);
/* The checks there are, a line each. */
void quicprobe_list_checks (void);

G_END_DECLS
