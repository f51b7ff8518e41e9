/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/quicprobe-options.h"

G_BEGIN_DECLS

/* --read: reports on a capture or a log, as on a live run. Of several connections, none of which is chosen, a table.
 * Returns the exit status. */
int quicprobe_read (const QuicprobeOptions *options);

G_END_DECLS
