/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "craft/qs-craft-tls.h"
#include "net/qs-impairment.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * QsCraft:
 *
 * An end of a QUIC connection whose packets are made as one likes them: right ones by itself, as far as a handshake on a path with
 * losses needs it, and any others when told so. Versions 1 and 2 (RFC 9000, RFC 9001, RFC 9369). It lives on the thread-default main
 * context, waits for nothing, and records into a trace what it sends, gets and knows, as every run does. It closes nothing by
 * itself, whatever the peer does. A client has a socket of its own; servers are what a QsCraftListener accepts.
 */
typedef struct _QsCraft QsCraft;

/* What has happened so far; bits stay. */
typedef enum {
  QS_CRAFT_DATAGRAM = 1 << 0,  /* anything came */
  QS_CRAFT_VERSIONS = 1 << 1,  /* Version Negotiation */
  QS_CRAFT_RETRY = 1 << 2,     /* a Retry whose tag is right; a server: its token came back */
  QS_CRAFT_KEYS = 1 << 3,      /* ServerHello: there are Handshake keys */
  QS_CRAFT_DONE = 1 << 4,      /* the peer's Finished was right */
  QS_CRAFT_CONFIRMED = 1 << 5, /* HANDSHAKE_DONE came; a server: it was acknowledged */
  QS_CRAFT_CLOSED = 1 << 6,    /* CONNECTION_CLOSE or a stateless reset came */
  QS_CRAFT_ACKED = 1 << 7,     /* the packet that was sent last by qs_craft_send() */
  QS_CRAFT_ANSWERED = 1 << 8,  /* bytes, an end or a reset came on the newest stream that the client opens both ways */
  QS_CRAFT_TICKET = 1 << 9,    /* a session to resume */
  QS_CRAFT_TOKEN = 1 << 10,    /* NEW_TOKEN */
  QS_CRAFT_SPARE_ID = 1 << 11, /* NEW_CONNECTION_ID */
  QS_CRAFT_CHALLENGED = 1 << 12, /* PATH_CHALLENGE */
  QS_CRAFT_GAVE_UP = 1 << 13,    /* our TLS refuses what the peer sent, or the socket failed */
  QS_CRAFT_KEY_PHASE = 1 << 14,  /* a packet under updated keys came */
  QS_CRAFT_RESPONDED = 1 << 15,  /* PATH_RESPONSE */
  QS_CRAFT_HELLO = 1 << 16,      /* a server: CRYPTO bytes of the client came */
  QS_CRAFT_UNREADABLE = 1 << 17, /* a packet came that the keys of its level do not open */
} QsCraftEvents;

typedef enum {
  QS_CRAFT_SILENT = 1 << 0,        /* the first flight and nothing behind it: no acknowledgement, nothing twice */
  QS_CRAFT_HOLD_FINISHED = 1 << 1, /* all of TLS in Handshake packets, until qs_craft_let_finished_go() */
  QS_CRAFT_REVERSE_HELLO = 1 << 2, /* the ClientHello in four pieces, the last one first */
  QS_CRAFT_NO_RETRY = 1 << 3,      /* a Retry is not followed */
  QS_CRAFT_SEND_EARLY = 1 << 4,    /* streams go into 0-RTT packets while there is nothing better */
  QS_CRAFT_HOLD_ANSWER = 1 << 5,   /* a server: TLS hears nothing of the ClientHello until qs_craft_answer() */
  QS_CRAFT_SAY_TOKEN = 1 << 6, /* a server: its Initials have a token, which they must not (RFC 9000 section 17.2.2) */
  QS_CRAFT_MOVE_VERSION = 1 << 8, /* the server's first Initial may have another version (RFC 9368 section 2.4) */
  QS_CRAFT_ANY_RETRY = 1 << 7,    /* every Retry is followed, whatever is wrong with it (RFC 9000 section 17.2.5.2) */
  /* What an end must not do. */
  QS_CRAFT_OUTLIVE_CLOSE = 1 << 9, /* the peer's CONNECTION_CLOSE changes nothing (RFC 9000 section 10.2.2) */
  QS_CRAFT_ACK_ACKS = 1 << 10,     /* all that comes is acknowledged, acknowledgements too (section 13.2.1) */
  QS_CRAFT_ANY_ID = 1 << 11,     /* packets behind the first of a datagram may bear any connection id (section 12.2) */
  QS_CRAFT_OLD_KEYS = 1 << 12,   /* old keys open what was sent behind their update (RFC 9001 section 6.4) */
  QS_CRAFT_KEEP_KEYS = 1 << 13,  /* the peer's update of keys is not followed (section 6.2) */
  QS_CRAFT_TRUST_PATH = 1 << 14, /* a server: another address of the client need not be proved (RFC 9000 section 9.3) */
} QsCraftHabits;

typedef struct {
  guint64 id;
  enum { QS_CRAFT_PARAMETER_END, QS_CRAFT_PARAMETER_INTEGER, QS_CRAFT_PARAMETER_BYTES, QS_CRAFT_PARAMETER_NONE } how;
  guint64 value;
  QsSpan bytes;
} QsCraftParameter;

/* Changes a ClientHello before it is sent: with its four-byte header. */
typedef void (*QsCraftHelloFunc) (GByteArray *hello);

/* The payload of each packet that opens and had not come before, ahead of what is made of it. */
typedef void (*QsCraftHeardFunc) (QsPacketType type, QsSpan payload, gpointer data);

/* Copied as far as it is needed. */
typedef struct {
  guint32 version;                    /* 0: version 1; a server takes the client's */
  QsCraftTlsOffer tls;                /* its parameters are made here */
  QsCraftTlsAnswer answer;            /* a server's, in place of it; likewise */
  const QsCraftParameter *parameters; /* put into, changed in or taken out of those; NULL: none */
  QsCraftHelloFunc alter_hello;       /* NULL: it stays */
  QsCraftHabits habits;
  guint8 dcid_length, scid_length; /* bytes of the ids that are chosen here; 0: 8 */
  guint datagram;                  /* bytes that a datagram with an Initial is filled up to; 0: 1200 */
  guint8 first_flip; /* bits that are turned over in the first byte of Initials until something is answered */
  GBytes *token;     /* of a Retry or NEW_TOKEN; NULL: none */
  GBytes *dcid;      /* what the first packets are sent to; NULL: a random one */
  const QsImpairment *impairment; /* what the path does; NULL: nothing */
  guint8 ecn;                     /* what datagrams are marked with: 2 ECT(0); 0: nothing */
  QsCraftHeardFunc heard;         /* NULL: nobody listens */
  gpointer heard_data;
} QsCraftOptions;

/* A packet that is made by hand: it travels alone in its datagram. */
typedef struct {
  QsPacketType type; /* with keys: INITIAL, 0RTT, HANDSHAKE, 1RTT */
  QsSpan frames;     /* the payload as it stands; may be empty */
  guint8 flip;       /* bits of its first byte that are turned over before it is protected */
  gboolean stray;    /* one to another connection id follows in the same datagram, with a PING */
  gboolean garble;   /* its tag is made wrong */
  gboolean old_keys; /* of the key phase before */
  guint padding;     /* PADDING frames up to a datagram of this length; 0: none */
  gboolean once;     /* not sent again when it seems lost */
} QsCraftPacket;

/* changed: more has happened; from the main loop, and may free the object. */
typedef void (*QsCraftChangedFunc) (QsCraft *self, gpointer data);

/* Opens a socket and takes a path in the trace; nothing is sent yet. clock: NULL for the steady one. NULL with G_IO_ERROR,
 * QS_ERROR_SSL or QS_ERROR_CRYPTO. */
QsCraft *qs_craft_new (GSocketAddress *address, QsTrace *trace, QsClock *clock, const QsCraftOptions *options,
                       QsCraftChangedFunc changed, gpointer data, GError **error);
void qs_craft_free (QsCraft *self); /* says nothing to the peer */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsCraft, qs_craft_free)

/* The first flight. */
void qs_craft_start (QsCraft *self);
/* What is due now: for clocks that are moved by hand; the main loop does it with the others. */
void qs_craft_tick (QsCraft *self);

QsCraftEvents qs_craft_get_events (const QsCraft *self);
gboolean qs_craft_is_silent (const QsCraft *self); /* by its habits */
gint64 qs_craft_get_rtt (const QsCraft *self);     /* nanoseconds; a guess of 333 ms before there is a sample */
GBytes *qs_craft_get_token (const QsCraft *self);  /* borrowed; the newest NEW_TOKEN, or a Retry's; NULL: none */
GBytes *qs_craft_dup_retry_id (
    const QsCraft *self); /* (transfer full): the connection id that a Retry asked for; NULL: none did */
SSL_SESSION *qs_craft_get_session (const QsCraft *self); /* borrowed; NULL: no ticket came */
guint64 qs_craft_get_parameter (const QsCraft *self, guint64 id, guint64 otherwise);

/* FALSE: there are no keys for it (yet, or any more). */
gboolean qs_craft_send (QsCraft *self, const QsCraftPacket *packet);
/* Any bytes as a datagram. */
void qs_craft_send_datagram (QsCraft *self, QsSpan bytes);
/* Bytes on a stream behind those that were sent before, and its end. They are sent again until they arrive. */
void qs_craft_stream (QsCraft *self, guint64 stream, QsSpan bytes, gboolean fin);
/* Any frames of 1-RTT, or of 0-RTT before there is that, sent again until they arrive. */
void qs_craft_queue (QsCraft *self, QsSpan frames);
void qs_craft_let_finished_go (QsCraft *self);
void qs_craft_update_keys (QsCraft *self);
/* From another port; with a connection id of its own if the peer has given one and it is wanted. FALSE: it could not. */
gboolean qs_craft_rebind (QsCraft *self, gboolean fresh_id);
/* Nothing is sent by itself any more. */
void qs_craft_hush (QsCraft *self);
/* CONNECTION_CLOSE in the best packets that there are keys for. */
void qs_craft_close (QsCraft *self, gboolean application, guint64 code, const char *reason);

G_END_DECLS
