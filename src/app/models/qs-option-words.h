/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-probe.h"

G_BEGIN_DECLS

/* What of a run's options is not the default, in a few words: "ALPN hq-interop, IPv4 only"; NULL: nothing is. Escaped. usual_ca: a file of
 * CAs that is not worth a word, as the lab's own; NULL: none. Owned by the caller. */
char *qs_option_words (const QsProbeOptions *options, const char *usual_ca);

G_END_DECLS
