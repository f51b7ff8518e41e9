/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/quicprobe-options.h"
#include "study/qs-study.h"

G_BEGIN_DECLS

/* The files that the options ask for, of a live run or of one that was read. All are tried, whichever fails; what does is
 * said on standard error. The key log is written of a live run alone: with --read it is what the file was opened with, and with --compare the report is of both (quicprobe-compare.h). */
gboolean quicprobe_write_files (const QuicprobeOptions *options, QsStudy *study);

/* Whether they may be written, as far as that can be told without touching anything; what may not is said on standard error.
 * To be asked before a connection is made. */
gboolean quicprobe_check_files (const QuicprobeOptions *options);

G_END_DECLS
