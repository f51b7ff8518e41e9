/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdio.h>

#include "study/qs-study.h"

G_BEGIN_DECLS

/* For people. brief: the verdict and what is wrong alone. */
void quicprobe_print_report (FILE *out, QsStudy *study, gboolean brief);
/* The contract's JSON object, on standard output. */
void quicprobe_print_json (QsStudy *study);

G_END_DECLS
