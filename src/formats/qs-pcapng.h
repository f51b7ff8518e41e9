/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* pcapng (draft-ietf-opsawg-pcapng) for Wireshark and from it. */

/**
 * qs_pcapng_write:
 *
 * One section with raw-IP packets: the true addresses, made-up IP, UDP and TCP headers with valid
 * checksums, the ECN marks, a made-up TCP handshake before TLS over TCP, and the secrets in a
 * Decryption Secrets Block before the first packet. As it holds secrets the file's mode is 0600.
 *
 * Returns: %FALSE with QS_ERROR_UNSUPPORTED for a trace without bytes (from a qlog), or G_IO_ERROR
 */
gboolean qs_pcapng_write (QsTrace *trace, const char *path, GError **error);

/* A comment of ours on a packet that the lab's path did something to; the reader takes it back. */
const char *qs_pcapng_fate_comment (QsFate fate); /* NULL for PASSED */

G_END_DECLS
