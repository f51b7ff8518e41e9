/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/quicprobe-options.h"

G_BEGIN_DECLS

/**
 * QuicprobeBody: where the bytes of the answer go as they come: a file, standard output, or nowhere. A terminal
 * obeys what it is shown, so there they are escaped, line by line.
 */
typedef struct _QuicprobeBody QuicprobeBody;

/* NULL with a sentence when the file cannot be made. */
QuicprobeBody *quicprobe_body_new (QsProbe *probe, const QuicprobeOptions *options, GError **error);
/* Puts the file in its place; one of a run that failed is dropped. FALSE with the first error that there was. */
gboolean quicprobe_body_finish (QuicprobeBody *body, gboolean succeeded, GError **error);
/* Whether standard output has some of it. */
gboolean quicprobe_body_was_printed (const QuicprobeBody *body);
void quicprobe_body_free (QuicprobeBody *body);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuicprobeBody, quicprobe_body_free)

G_END_DECLS
