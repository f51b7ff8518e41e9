/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* The bytes of a block, and of the IP, UDP and TCP headers that are made up for a record: all are appended to what is given. */

/* One end, as its bytes stand in a header. */
typedef struct {
  guint8 address[16];
  guint16 port;
} QsPcapngEnd;

typedef struct {
  QsPcapngEnd ends[2]; /* by the QsDirection in which they send: ours, theirs */
  gboolean ipv6;
} QsPcapngWay;

void qs_pcapng_put_bytes (GByteArray *out, const void *bytes, gsize n);
void qs_pcapng_put_le16 (GByteArray *out, guint value);
void qs_pcapng_put_le32 (GByteArray *out, guint32 value);
void qs_pcapng_put_be16 (GByteArray *out, guint value);
void qs_pcapng_put_be32 (GByteArray *out, guint32 value);
void qs_pcapng_pad4 (GByteArray *out);
void qs_pcapng_put_option (GByteArray *out, guint code, const void *value, gsize length);
guint32 qs_pcapng_sum_words (guint32 sum, const guint8 *bytes, gsize n);
guint16 qs_pcapng_fold (guint32 sum);
void qs_pcapng_patch_be16 (GByteArray *out, gsize at, guint16 value);
void qs_pcapng_put_ip_header (GByteArray *out, const QsPcapngWay *way, QsDirection direction, guint8 protocol,
                              guint8 ecn, gsize length);
guint16 qs_pcapng_transport_checksum (const GByteArray *packet, const QsPcapngWay *way, guint8 protocol, gsize at);

G_END_DECLS
