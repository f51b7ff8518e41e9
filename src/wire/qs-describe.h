/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/qs-field.h"
#include "wire/qs-frame.h"
#include "wire/qs-packet.h"
#include "wire/qs-tls.h"

G_BEGIN_DECLS

/* Field trees for the inspector. Each is made anew and owned by the caller. */

/* What the protected part of a header says, once it was opened. */
typedef struct {
  guint64 number; /* whole */
  guint8 number_length;
  gboolean key_phase; /* of a short header */
} QsOpenedHeader;

/* Ranges count in the datagram: packet_offset is where this packet starts in it. opened may be NULL. */
QsField *qs_describe_packet_header (const QsPacketHeader *header, const QsOpenedHeader *opened, QsSpan packet,
                                    gsize packet_offset);
/* Ranges count in the payload. */
QsField *qs_describe_frame (const QsFrame *frame, QsSpan payload);
/* What qs_frame_parse() refuses at offset: a frame of an unknown type, or a broken one. */
QsField *qs_describe_unread_frames (QsSpan payload, gsize offset);
/* Ranges count in the message. Certificates are opened up too. */
QsField *qs_describe_tls_message (const QsTlsMessage *message);
QsField *qs_describe_transport_parameters (QsSpan bytes, QsFieldSpace space, gsize offset);
/* X.509 in DER, RFC 5280. */
QsField *qs_describe_certificate (QsSpan der, QsFieldSpace space, gsize offset);
QsField *qs_describe_alert (guint8 level, guint8 description, gsize offset);

G_END_DECLS
