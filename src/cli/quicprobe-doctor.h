/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/quicprobe-options.h"

G_BEGIN_DECLS

/* quicprobe --why-not-h3 URL: returns the exit status. */
int quicprobe_why_not_h3 (const QuicprobeOptions *options);

G_END_DECLS
