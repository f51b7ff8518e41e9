/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-json.h"

G_BEGIN_DECLS

/* The protocols (RFC 7301) that each end of a log's connection speaks, as far as the log tells. Zeroed: of none. */
typedef struct {
  char **client, **server; /* NULL: not told */
} QsQlogAlpn;

/* One name, as a string or as an object with "string_value" or the hex digits of "byte_value". NULL: none. Owned by the caller. */
char *qs_qlog_alpn_parse (QsJson value);
/* What an event alpn_information lists. */
void qs_qlog_alpn_offer (QsQlogAlpn *self, QsJson data);
/* "h3, hq-interop": the client's; NULL when not told. Owned by the caller. */
char *qs_qlog_alpn_dup_offer (const QsQlogAlpn *self);
/* The one protocol that both could have agreed on; NULL when there are several, or the client's are not told. */
const char *qs_qlog_alpn_get_only (const QsQlogAlpn *self);
void qs_qlog_alpn_clear (QsQlogAlpn *self);

G_END_DECLS
