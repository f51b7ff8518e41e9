/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/qs-keys.h"
#include "crypto/qs-secret-store.h"
#include "trace/qs-recovery.h"
#include "trace/qs-trace-messages.h"

G_BEGIN_DECLS

/* What the dissector's files share. Not for others. */

#define QS_DATAGRAM_MAX 65536
#define QS_KEY_NONE 0

typedef enum { QS_SIDE_CLIENT, QS_SIDE_SERVER } QsSide;
typedef enum { QS_SPACE_INITIAL, QS_SPACE_HANDSHAKE, QS_SPACE_APPLICATION, QS_N_SPACES } QsSpace;

typedef struct {
  guint8 bytes[QS_CID_MAX];
  guint8 length;
} QsCid;

QsCid qs_cid_new (QsSpan bytes); /* cut at QS_CID_MAX */
gboolean qs_cid_equal (const QsCid *self, QsSpan bytes);

/* One generation of keys. They are kept, for payloads are decrypted anew when asked for. */
typedef struct {
  QsKeys *keys;
  QsHeaderKey *header; /* borrowed: shared by generations; NULL for TLS records */
} QsKeyEntry;

/* What protects one level in one direction. Indices are of QsDissection.keys. */
typedef struct {
  gboolean has_secret;
  gboolean confirmed;     /* a packet was opened with it: the cipher suite is right */
  gboolean maybe_updated; /* a cut packet showed another phase: updates may have gone by unseen */
  QsSecret secret;        /* of the current generation */
  guint32 version;
  guint16 suite; /* as known when the secret was taken: 0 while ServerHello was not seen */
  guint16 current, previous, next;
  guint8 phase;
  guint64 phase_start; /* first packet number of the current phase */
  guint32 phase_path;  /* the network path that this number is of */
} QsProtection;

typedef struct _QsDissection QsDissection;
typedef struct _QsQuic QsQuic;
typedef struct _QsTlsTcp QsTlsTcp;

struct _QsDissection {
  gatomicrefcount refs;
  QsVantage vantage;
  QsTrace *trace; /* not owned; set while the dissector feeds */
  QsSecretStore *secrets;
  GPtrArray *keys;        /* QsKeyEntry; the first is NULL */
  GPtrArray *header_keys; /* QsHeaderKey */
  QsQuic *quic;
  QsTlsTcp *tcp;
  guint8 *datagram; /* QS_DATAGRAM_MAX: a cut datagram, zeros behind it */
  guint8 *header;   /* QS_DATAGRAM_MAX: a header in the clear */
  guint8 *plain;    /* QS_DATAGRAM_MAX: a payload */
};

static inline QsSide
qs_dissection_side (const QsDissection *self, QsDirection direction)
{
  gboolean from_client = (direction == QS_DIRECTION_SENT) != (self->vantage == QS_VANTAGE_SERVER);

  return from_client ? QS_SIDE_CLIENT : QS_SIDE_SERVER;
}

static inline QsDirection
qs_dissection_direction (const QsDissection *self, QsSide side)
{
  gboolean sent = (side == QS_SIDE_CLIENT) != (self->vantage == QS_VANTAGE_SERVER);

  return sent ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED;
}

static inline const QsKeyEntry *
qs_dissection_key (const QsDissection *self, guint16 key)
{
  return key < self->keys->len ? g_ptr_array_index (self->keys, key) : NULL;
}

/* Keeps keys (takes them). header may be NULL: then the one of `like` is shared. QS_KEY_NONE when
 * there is no room. */
guint16 qs_dissection_add_keys (QsDissection *self, QsKeys *keys, QsHeaderKey *header, guint16 like);
/* Keys and header protection from a secret; QS_KEY_NONE when they do not fit. version 0: TLS records. */
guint16 qs_dissection_derive_keys (QsDissection *self, guint32 version, guint16 suite, const QsSecret *secret,
                                   guint16 like);

/* A QUIC packet's payload, decrypted anew; NULL when it cannot be. */
GBytes *qs_dissection_dup_payload (QsDissection *self, QsTrace *trace, const QsPacket *packet);

/* --- qs-quic.c --- */

QsQuic *qs_quic_new (QsDissection *owner);
void qs_quic_free (QsQuic *self);
void qs_quic_add_datagram (QsQuic *self, guint32 index, const QsRecord *record);
void qs_quic_secrets_changed (QsQuic *self);
/* Tries packets again whose keys may have come; does a few, TRUE while more are left. */
gboolean qs_quic_retry_some (QsQuic *self);
void qs_quic_finish (QsQuic *self);
/* For any connection that went farthest. */
GBytes *qs_quic_dup_transport_parameters (QsQuic *self, QsSide of);
gboolean qs_quic_is_turned (QsQuic *self); /* the client's secrets are those of who counts as the server */
/* Packets that carry a stream's data, ascending; NULL when there are none. */
/* For qs_trace_set_stream_source(). */
gboolean qs_quic_list_stream_packets (QsQuic *self, guint64 stream_id, GPtrArray *lists);
const GArray *qs_quic_get_stream_packets (QsQuic *self, guint64 stream_id, QsSide side);

/* Removes a packet's header protection into owner->header. FALSE when the sample is not there. */
typedef struct {
  QsSpan header; /* in the clear, in owner->header */
  QsSpan sealed; /* payload and tag as on the wire */
  guint32 truncated;
  guint8 pn_length;
} QsUnprotected;
gboolean qs_quic_unprotect (QsDissection *self, QsHeaderKey *key, const QsPacketHeader *header, QsSpan packet,
                            gsize kept, QsUnprotected *out);

/* --- qs-tls-tcp.c --- */

QsTlsTcp *qs_tls_tcp_new (QsDissection *owner);
void qs_tls_tcp_free (QsTlsTcp *self);
void qs_tls_tcp_add_segment (QsTlsTcp *self, guint32 index, const QsRecord *record);
void qs_tls_tcp_secrets_changed (QsTlsTcp *self);
/* Takes in a few of the records that were cut; TRUE while more may be left. */
gboolean qs_tls_tcp_take_some (QsTlsTcp *self);
GBytes *qs_tls_tcp_dup_payload (QsTlsTcp *self, QsTrace *trace, guint32 packet);

G_END_DECLS
