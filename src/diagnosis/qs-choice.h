/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "diagnosis/qs-evidence.h"

G_BEGIN_DECLS

/* What a ClientHello offers lists of, and a server takes one of each. */
typedef enum {
  QS_CHOICE_GROUP = 1 << 0, /* key exchange; also the curve of a certificate below TLS 1.3 (RFC 8422 section 5.1.1) */
  QS_CHOICE_SUITE = 1 << 1, /* cipher suite */
  QS_CHOICE_SIGNATURE = 1 << 2, /* signature scheme */
  QS_CHOICE_VERSION = 1 << 3,   /* of TLS */
} QsChoice;

/**
 * qs_choice_beyond:
 * @answered: an attempt with a ServerHello or a HelloRetryRequest
 * @refused: another one, whose ClientHello was smaller
 * @words: (out) (optional) (transfer full): those choices by name, "ffdhe8192, TLS 1.0"; NULL: none
 *
 * What the server chose in one attempt and had not been offered in the other.
 *
 * Returns: bits of #QsChoice
 */
guint qs_choice_beyond (const QsEvidence *answered, const QsEvidence *refused, char **words);

G_END_DECLS
