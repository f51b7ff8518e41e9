/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdio.h>

#include "cli/quicprobe-options.h"

G_BEGIN_DECLS

/* For people. brief: the verdict and what is wrong alone. */
void quicprobe_print_report (FILE *out, QsProbe *probe, gboolean brief);
/* The contract's JSON object, on standard output. */
void quicprobe_print_json (QsProbe *probe);

G_END_DECLS
