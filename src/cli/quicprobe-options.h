/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-probe.h"
#include "net/qs-target.h"

G_BEGIN_DECLS

/* What quicprobe's command line says. */
typedef struct {
  QsTarget *target;
  QsProbeOptions *probe;
  char *output, *qlog, *pcapng, *keylog, *session;
  gboolean trace, json, quiet;
  gboolean help, version; /* then nothing else is set */
} QuicprobeOptions;

/* NULL with QS_ERROR_INVALID_TARGET and a sentence that says what is wrong. */
QuicprobeOptions *quicprobe_options_parse (int argc, char **argv, GError **error);
void quicprobe_options_free (QuicprobeOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuicprobeOptions, quicprobe_options_free)

/* Whether the answer of the peer is what goes to standard output. */
gboolean quicprobe_options_wants_body (const QuicprobeOptions *options);
void quicprobe_print_help (void);

G_END_DECLS
