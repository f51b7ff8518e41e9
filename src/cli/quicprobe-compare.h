/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdio.h>

#include "cli/quicprobe-options.h"
#include "study/qs-comparison.h"

G_BEGIN_DECLS

/* The recording that --compare names, settled; of several connections in it the one of the same number as --connection.
 * NULL: it cannot be had, which is said on standard error. */
QsStudy *quicprobe_compare_open (const QuicprobeOptions *options);
/* brief: the headline alone. */
void quicprobe_print_comparison (FILE *out, QsStudy *study, QsStudy *other, gboolean brief);
/* The study's report with "comparison", on standard output. */
void quicprobe_print_comparison_json (QsStudy *study, QsStudy *other);
/* The page of both that --report asks for, if it does. FALSE: it cannot be written, which is said. */
gboolean quicprobe_write_comparison (const QuicprobeOptions *options, QsStudy *study, QsStudy *other);

G_END_DECLS
