/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dissect/qs-dissection.h"
#include "dissect/qs-http3-follow.h"

G_BEGIN_DECLS

#define QS_MAX_CONNECTIONS 64
#define QS_MAX_INITIAL_KEYS 8
#define QS_MAX_CIDS 64
#define QS_RESET_TOKEN_LENGTH 16
#define QS_N_LEVELS 4 /* QS_PACKET_INITIAL to QS_PACKET_1RTT */
#define QS_WINDOW 1024
#define QS_MAX_SUITES 3
#define QS_MAX_PATHS 64
#define QS_MAX_PATH_ID 64 /* of multipath: packets of further paths stay closed */

typedef struct {
  guint32 version;
  QsCid dcid;
  guint16 keys[2]; /* by side */
} QsInitialKeys;

/* Which numbers came, among the last QS_WINDOW. */
typedef struct {
  gboolean any;
  guint64 largest;
  guint64 after_acked; /* one more than the largest that the other end acknowledged: a recording may have missed it */
  guint64 bits[QS_WINDOW / 64];
} QsNumbers;

/* A connection id, and with multipath the network path that it is of. */
typedef struct {
  QsCid cid; /* first: it is compared as such */
  guint32 path_id;
} QsIssuedCid;

/* The packets of one network path but the first, which each side counts on its own (draft-ietf-quic-multipath section 2.4). */
typedef struct {
  QsNumbers numbers[2];
  QsRecovery *recovery[2];
  QsRtt rtt;
} QsPathSpace;

/* How far a stream (or CRYPTO data) was sent, and in which packet: what comes below it in a later
 * packet was sent before. */
typedef struct {
  guint64 highest;
  guint64 number;
  guint32 path_id;
  guint64 whole; /* all bytes below have been there */
} QsSentMark;

typedef struct {
  guint64 id;
  QsSentMark sent[2];
  GArray *packets[2];   /* guint32; NULL while there are none */
  guint n_ascending[2]; /* so many from the first on are: all, unless some were opened late */
  QsHttp3Stream *http3[2];
} QsStreamTrack;

typedef struct _QsLateSearch QsLateSearch;

/* One QUIC connection, as far as a client's first Initial and what belongs to it. */
typedef struct {
  QsQuic *quic;
  GArray *paths; /* guint16: addresses change (RFC 9000 section 9); the last one in use is the last */
  guint32 version;
  QsCid original_dcid; /* of the client's first Initial */
  QsCid late_cid;      /* of a late one: what its server called itself in its first long header, not proved */
  QsCid cid[2];        /* chosen by each side in its first long header */
  gboolean has_cid[2];
  gboolean mixed_cids[2]; /* that side issued ids of several lengths */
  GArray *cids[2];        /* QsIssuedCid: all that each side issued */
  GByteArray *tokens[2];  /* stateless reset tokens, one behind the other */
  QsInitialKeys initial[QS_MAX_INITIAL_KEYS];
  guint n_initial;
  guint train_size[2]; /* by side: of the datagrams that one record held several of; 0: none did */
  guint n_no_trains;   /* records that turned out to be none */
  guint n_failed_initial;
  gboolean initial_opened;
  gboolean retried;     /* a valid Retry came */
  gboolean negotiated;  /* a Version Negotiation came */
  gboolean late;        /* its beginning was not seen */
  gboolean swapped;     /* of a late one: the client's secrets are the server's side's */
  gboolean found;       /* of a late one: random, version and suite were proved by a packet */
  guint n_closed[2];    /* by side: packets of 1-RTT without keys */
  gboolean searched[2]; /* by side: what can be found out of a late one was, as far as the secrets go */
  QsLateSearch *search; /* under way */
  QsProtection protection[2][QS_N_LEVELS];
  guint16 candidates[2][QS_N_LEVELS][QS_MAX_SUITES]; /* keys to try while not confirmed */
  QsNumbers numbers[2][QS_N_SPACES];
  QsRecovery *recovery[2][QS_N_SPACES];
  gboolean wants_paths[2];                  /* by side: its transport parameters offer multipath */
  gboolean multipath;                       /* both do, or a frame of it was seen */
  QsPathSpace *path_spaces[QS_MAX_PATH_ID]; /* NULL while there are no packets; of path 0 it is the application space */
  QsReassembly *crypto[2][QS_N_SPACES];
  QsSentMark crypto_sent[2][QS_N_SPACES];
  QsRtt rtt;
  guint8 random[QS_CLIENT_RANDOM_LENGTH];
  gboolean has_random;
  guint16 suite;
  GBytes *parameters[2];
  guint64 ack_delay_exponent[2];
  guint64 max_ack_delay[2];     /* ms */
  GArray *pending[QS_N_LEVELS]; /* guint32: packets whose keys are missing */
  gboolean retry[QS_N_LEVELS];  /* keys came: try them again */
  QsHttp3Follow *http3;         /* NULL: another protocol */
  GHashTable *streams;          /* guint64 * -> QsStreamTrack */
} QsQuicConn;

/* One packet being taken in. */
typedef struct {
  QsQuicConn *conn;
  QsSide side;
  guint32 index; /* of the packet */
  QsPacket *packet;
  QsPacketHeader header;
  QsSpan bytes;
  gsize kept;      /* bytes of it that are there; the rest reads as zero */
  gboolean unseen; /* received, and dropped before the stack saw it: it is opened, and changes nothing */
  gint64 time;
  guint16 path;
  guint32 path_id; /* of multipath */
  gboolean again;  /* a packet that was read before there were its keys */
} QsArrival;

struct _QsQuic {
  QsDissection *owner;
  GPtrArray *conns;
  QsQuicConn *last;
  gsize dirty; /* how much of owner->datagram is not zero */
  QsQuicConn *retrying;
  GArray *retry_list; /* guint32 */
  guint retry_at;
};

QsQuicConn *qs_quic_conn_new (QsQuic *quic, guint16 path);
void qs_quic_conn_free (QsQuicConn *self);
void qs_quic_conn_add_cid (QsQuicConn *self, QsSide issuer, QsSpan cid, guint32 path_id);
/* FALSE: nobody told of this id. */
gboolean qs_quic_conn_find_path_id (QsQuicConn *self, QsSide issuer, QsSpan cid, guint32 *path_id);
/* Of a network path below QS_MAX_PATH_ID; what counts its packets is made when it is first asked for. */
QsNumbers *qs_quic_conn_numbers (QsQuicConn *self, QsSide side, QsPacketType level, guint32 path_id);
QsRecovery *qs_quic_conn_recovery (QsQuicConn *self, QsSide side, QsPacketType level, guint32 path_id);
QsRtt *qs_quic_conn_rtt (QsQuicConn *self, QsPacketType level, guint32 path_id);
void qs_quic_conn_add_token (QsQuicConn *self, QsSide issuer, QsSpan token);
gboolean qs_quic_conn_has_cid (QsQuicConn *self, QsSide issuer, QsSpan start, gboolean whole);
gboolean qs_quic_conn_has_token (QsQuicConn *self, QsSide issuer, QsSpan end);
void qs_quic_conn_forget_http3 (QsQuicConn *self);
void qs_quic_conn_add_path (QsQuicConn *self, guint16 path);
gboolean qs_quic_conn_has_path (QsQuicConn *self, guint16 path);
/* Puts the secrets that are known by now to use. */
void qs_quic_conn_take_secrets (QsQuicConn *self);
guint8 qs_quic_conn_short_dcid_length (QsQuicConn *self, QsSide sender, QsSpan packet);

static inline QsSpace
qs_space_of (QsPacketType level)
{
  return level == QS_PACKET_INITIAL     ? QS_SPACE_INITIAL
         : level == QS_PACKET_HANDSHAKE ? QS_SPACE_HANDSHAKE
                                        : QS_SPACE_APPLICATION;
}

/* Takes in the frames of an opened packet (qs-quic-frames.c). */
void qs_quic_take_frames (QsArrival *arrival, QsSpan payload);

/* Opens a packet with the keys that there are (qs-quic-open.c). */
typedef enum {
  QS_OPENED,
  QS_OPEN_HEADER_ONLY, /* its number is known, its payload was dropped */
  QS_OPEN_NO_KEYS,
  QS_OPEN_FAILED, /* the keys say no */
} QsOpenResult;
QsOpenResult qs_quic_open (QsArrival *arrival, QsSpan *payload);

/* Looks for the secrets, ids and numbers of a connection that was met midway (qs-quic-late.c). Does a little, TRUE while
 * more is left; at_end: however few packets there are. */
gboolean qs_quic_conn_search_some (QsQuicConn *conn, gboolean at_end);
void qs_late_search_free (QsLateSearch *self);

/* Keys for the Initials of a version and a client's Destination Connection ID. */
QsInitialKeys *qs_quic_conn_add_initial (QsQuicConn *self, guint32 version, QsSpan dcid);

G_END_DECLS
