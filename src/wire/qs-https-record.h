/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-error.h"
#include "base/qs-span.h"

G_BEGIN_DECLS

/**
 * QsHttpsRecord: an HTTPS record of the DNS (RFC 9460): how a site is to be reached, before anything is connected.
 */
typedef struct {
  guint16 priority; /* 0: an alias (section 2.4.2) */
  char *target;     /* escaped, without the dot at its end; "." for the record's own name */
  char **alpn;      /* escaped; NULL: not given */
  gboolean no_default_alpn;
  guint16 port; /* 0: not given */
  char **ipv4hint, **ipv6hint;
  gsize ech;     /* bytes of the configurations for encrypted ClientHello; 0: not given */
  gsize unknown; /* parameters that have no meaning here */
  GBytes *rdata; /* as on the wire */
} QsHttpsRecord;

void qs_https_record_free (QsHttpsRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsHttpsRecord, qs_https_record_free)

/* RDATA (section 2.2). NULL with QS_ERROR_TRUNCATED, or QS_ERROR_PARSE: parameters out of order, or one that is malformed. */
QsHttpsRecord *qs_https_record_parse (QsSpan rdata, GError **error);

/* Those in the answer of a DNS message (RFC 1035 section 4), by priority; records of other types, as CNAME, are passed over.
 * An empty GPtrArray of QsHttpsRecord when it has none; NULL with error. */
GPtrArray *qs_https_records_parse (QsSpan message, GError **error);

/* As zone files have it, "1 . alpn=h3,h2 port=8443 ipv4hint=192.0.2.1 ech=(71 bytes)". Owned by the caller. */
char *qs_https_record_to_text (const QsHttpsRecord *record);
gboolean qs_https_record_has_alpn (const QsHttpsRecord *record, const char *alpn);

G_END_DECLS
