/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of QsCraft share: qs-craft.c is the object and its TLS, -send and -receive make and read packets, -loss keeps time,
 * -parameters makes transport parameters, -socket is what lies below a client, -listener what lies below servers, and -server is what
 * a server does otherwise. */
#pragma once

#include "craft/qs-craft-listener.h"
#include "trace/qs-reassembly.h"
#include "trace/qs-recovery.h"

G_BEGIN_DECLS

#define QS_CRAFT_PN_LENGTH 4
#define QS_CRAFT_MTU 1200
#define QS_CRAFT_MOST_PADDING 1472
#define QS_CRAFT_MOST_RANGES 32
#define QS_CRAFT_MOST_IDS 8
#define QS_CRAFT_MOST_HELD 16
#define QS_CRAFT_MOST_RETRIES 4
#define QS_CRAFT_ID_LENGTH 8

typedef enum {
  QS_CRAFT_SPACE_INITIAL,
  QS_CRAFT_SPACE_HANDSHAKE,
  QS_CRAFT_SPACE_APPLICATION,
  QS_CRAFT_N_SPACES
} QsCraftSpaceIndex;

typedef struct {
  guint8 bytes[QS_CID_MAX];
  guint8 length;
} QsCraftId;

typedef struct {
  guint64 number;
  gint64 time;
  QsCraftPacket packet; /* frames point into bytes */
  GBytes *bytes;
  gboolean plain;      /* frames from the queue, which go back there */
  QsCraftEvents tells; /* what has happened when it is acknowledged */
} QsCraftSent;

typedef struct {
  GBytes *bytes;
  QsCraftEvents tells;
} QsCraftQueued;

typedef struct {
  guint64 next_number;
  GArray *sent;     /* QsCraftSent by number: neither acknowledged nor given up */
  GQueue queue;     /* QsCraftQueued: frames, in pieces that fit in a packet */
  GArray *received; /* QsPacketNumberRange, highest first */
  gboolean ack_wanted, discarded;
  guint64 expected; /* the packet number behind the highest that came */
  QsReassembly *crypto;
  guint64 crypto_sent;
  gint64 last_sent; /* when something was sent that wants an answer; 0: never */
} QsCraftSpace;

typedef struct {
  QsKeys *keys;
  QsHeaderKey *header;
} QsCraftProtection;

typedef struct {
  guint64 id;
  guint64 sent;
  guint64 received;
} QsCraftStream;

struct _QsCraft {
  QsTrace *trace;
  QsClock *clock;
  GSocketAddress *address;
  QsCraftChangedFunc changed;
  gpointer data;
  QsCraftEvents events, told;
  QsCraftHeardFunc listen;
  gpointer listen_data;

  gboolean server;
  QsCraftListener *listener; /* a server's, in place of a socket */
  QsUdpBio *udp;
  BIO *bio;
  GSource *source; /* a server's only keeps time */
  guint16 path;

  QsCraftTls *tls;
  GByteArray *held_finished;
  QsCraftHelloFunc alter_hello;
  QsCraftHabits habits;
  guint datagram;
  guint8 first_flip;

  guint32 version;
  QsCraftId dcid, scid, original_dcid, retry_id;
  QsCraftId retry_ids[QS_CRAFT_MOST_RETRIES]; /* a server's, that its Retries asked for, and their tokens */
  GBytes *retry_tokens[QS_CRAFT_MOST_RETRIES];
  guint n_retries;
  QsCraftTlsAnswer answer; /* what its TLS is made with when it answers */
  const QsCraftParameter *changes;
  guint8 reset_token[16];
  guint64 heard, said; /* bytes, by a server before the client's address is proved */
  gboolean proved;
  guint8 challenge[8];  /* a server's PATH_CHALLENGE to the address that its client has moved to */
  gint64 challenged_at; /* of the clock: it is not answered yet; 0: none is */
  gboolean has_server_id, retried, started;
  gboolean hushed; /* SILENT, and the first flight is out */
  QsCraftId spare_ids[QS_CRAFT_MOST_IDS];
  guint64 spare_sequences[QS_CRAFT_MOST_IDS];
  guint n_spare_ids;
  QsCraftId given_ids[QS_CRAFT_MOST_IDS]; /* that a script has given the peer */
  guint n_given_ids;
  guint64 id_sequence; /* of the one in use */
  guint8 reset_tokens[QS_CRAFT_MOST_IDS][16];
  guint n_reset_tokens;

  QsCraftProtection own[QS_PACKET_1RTT + 1], peer[QS_PACKET_1RTT + 1];
  QsKeys *own_before, *peer_before, *peer_next;
  gboolean own_phase, peer_phase;
  guint64 phase_began; /* the peer's lowest packet number of the key phase it is in */
  guint16 suite;

  QsCraftSpace spaces[QS_CRAFT_N_SPACES];
  GPtrArray *held; /* GBytes: packets that came before their keys */
  GArray *streams; /* QsCraftStream */
  guint64 asked;   /* the newest of those that the client opens both ways */

  QsRtt rtt;
  guint pto_count;
  gint64 deadline;      /* of the clock; 0: none */
  gint64 last_progress; /* when the server last said something new */

  GBytes *token, *new_token, *parameters;
  SSL_SESSION *session;
};

static inline QsCraftSpaceIndex
qs_craft_space_of (QsPacketType type)
{
  return type == QS_PACKET_INITIAL     ? QS_CRAFT_SPACE_INITIAL
         : type == QS_PACKET_HANDSHAKE ? QS_CRAFT_SPACE_HANDSHAKE
                                       : QS_CRAFT_SPACE_APPLICATION;
}

static inline QsSpan
qs_craft_id_span (const QsCraftId *id)
{
  return QS_SPAN (id->bytes, id->length);
}

static inline QsSpan
qs_craft_bytes_span (GBytes *bytes)
{
  gsize size = 0;
  const void *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;

  return QS_SPAN (data, size);
}

void qs_craft_id_set (QsCraftId *id, QsSpan bytes);
void qs_craft_happened (QsCraft *self, QsCraftEvents events);
/* Calls the owner if something new has happened. The object may be gone then. */
void qs_craft_tell (QsCraft *self);
gboolean qs_craft_derive_initial (QsCraft *self);
gboolean qs_craft_protect_with (QsCraftProtection *protection, guint32 version, guint16 suite, const QsSecret *secret);
void qs_craft_discard_space (QsCraft *self, QsCraftSpaceIndex index);
QsCraft *qs_craft_alloc (QsTrace *trace, QsClock *clock, const QsCraftOptions *options, QsCraftChangedFunc changed,
                         gpointer data);
void qs_craft_random_id (QsCraftId *id, guint8 length);
extern const QsCraftTlsHooks qs_craft_tls_hooks;

/* --- qs-craft-parameters.c --- */

GByteArray *qs_craft_make_parameters (const QsCraft *self, const QsCraftParameter *changes);

/* --- qs-craft-server.c --- */

/* FALSE: it is not for this one. */
gboolean qs_craft_server_takes_id (QsCraft *self, const QsPacketHeader *header);
/* Once, when the client's Finished was right. */
void qs_craft_server_done (QsCraft *self);
/* Behind each datagram, which had so many bytes. moved: it came from another address than those before. */
void qs_craft_server_challenge (QsCraft *self, gboolean moved, gsize bytes);
void qs_craft_server_take_response (QsCraft *self, QsSpan data);
/* Whether RFC 9000 section 8 lets a datagram go out. */
gboolean qs_craft_server_may_send (const QsCraft *self);

/* --- qs-craft-facts.c --- */

/* Once, when the server's Finished was right. */
void qs_craft_add_facts (QsCraft *self);

/* --- qs-craft-send.c --- */

/* tells: what has happened once they are acknowledged. */
void qs_craft_queue_frames (QsCraft *self, QsCraftSpaceIndex index, QsSpan frames, QsCraftEvents tells);
/* CRYPTO frames of these bytes, behind those that were queued before. */
void qs_craft_queue_crypto (QsCraft *self, QsCraftSpaceIndex index, QsSpan bytes);
/* All that waits and can be sent. */
void qs_craft_flush (QsCraft *self);
void qs_craft_send_again (QsCraft *self, QsCraftSpaceIndex index, QsCraftSent *sent); /* takes its contents */
void qs_craft_sent_clear (gpointer data);
/* A packet by hand, of which nobody is told. */
void qs_craft_send_aside (QsCraft *self, const QsCraftPacket *packet);

/* --- qs-craft-receive.c --- */

void qs_craft_receive (QsCraft *self, QsSpan datagram);
/* What waits of a level's CRYPTO stream. */
void qs_craft_feed_tls (QsCraft *self, QsPacketType type);
void qs_craft_open_held (QsCraft *self);

/* --- qs-craft-loss.c --- */

void qs_craft_acked (QsCraft *self, QsCraftSpaceIndex index, const QsFrame *ack);
void qs_craft_rearm (QsCraft *self);
void qs_craft_time_out (QsCraft *self);

/* --- qs-craft-socket.c --- */

gboolean qs_craft_open_socket (QsCraft *self, const QsImpairment *impairment, GError **error);
void qs_craft_close_socket (QsCraft *self);
void qs_craft_write (QsCraft *self, QsSpan datagram);
/* For a server, which has no socket: what keeps its time. */
void qs_craft_keep_time (QsCraft *self);

/* --- qs-craft-listener.c --- */

void qs_craft_listener_add (QsCraftListener *self, QsCraft *server);
void qs_craft_listener_remove (QsCraftListener *self, QsCraft *server);
/* A datagram that came. */
void qs_craft_listener_take (QsCraftListener *self, GSocketAddress *from, gint64 time, guint8 ecn, QsSpan datagram);
void qs_craft_listener_write (QsCraftListener *self, QsCraft *server, QsSpan datagram);

G_END_DECLS
