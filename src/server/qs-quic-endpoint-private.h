/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the three files of the QUIC endpoint share: the listener, its connections, their streams. */

#include "engine/qs-io-stream.h"
#include "engine/qs-stream-map.h"
#include "http/qs-http3-server.h"
#include "server/qs-endpoint.h"
#include "server/qs-gate.h"
#include "server/qs-responder.h"
#include "server/qs-wire-fault.h"

G_BEGIN_DECLS

typedef struct _QsQuicConnection QsQuicConnection;

struct _QsQuicEndpoint {
  QsUdpBio *bio;
  QsFlows *flows;
  QsWireFault *fault; /* NULL unless a scenario wants it */
  QsGate *gate;       /* NULL where a scenario bends the rules itself */
  SSL *listener;
  SSL *strict; /* sends Retry, beside a listener that does not; NULL: none */
  GSource *source;
  GSource *timer; /* kicks the source at timer_at */
  gint64 timer_at;
  gboolean any_waits;     /* in this round: a ClientHello that is not answered yet */
  gint64 next_at;         /* the earliest that a connection waits for, gathered in each round */
  GPtrArray *connections; /* QsQuicConnection */
  gboolean has_dialed;    /* its own clients, where the scenario wants some */
  guint next;             /* whose turn it is */
  guint queue_length;
  guint8 secret[64]; /* what secret_cb hands out */
  const QsBehaviour *behaviour;
  const QsEndpointHost *host;
  gpointer data;
};

struct _QsQuicConnection {
  QsQuicEndpoint *endpoint;
  QsServerConnection *object;
  SSL *ssl;
  QsServerLink *link;   /* the SSL object's */
  QsStreamMap *streams; /* QsQuicStream */
  gint64 notified_at;
  gboolean closing; /* by us, with the two below */
  guint64 close_code;
  char *close_reason;
  gboolean over;          /* its end is known; OpenSSL still answers stragglers */
  gboolean lost;          /* over, and nobody answers them */
  gint64 update_keys_at;  /* monotonic microseconds; 0: not wanted, or done */
  gboolean dialed;        /* as a client, over the listener's own socket */
  QsHttp3Server *http3;   /* NULL unless ALPN chose it */
  gboolean said_settings; /* its control stream has begun */
  guint n_requests;       /* bidirectional streams of the peer's so far */
};

typedef struct {
  QsIoStream io;
  QsIoStream answer;       /* a stream of our own, which what comes on a unidirectional one is answered over */
  QsResponder *responder;  /* NULL: only read */
  gboolean unidirectional; /* of the peer's, and no HTTP/3's: the answer goes over the other one */
  /* HTTP/3: */
  gboolean http3; /* it takes what comes and gives what goes */
  gboolean answered;
  gboolean waits; /* its body had nothing to give */
  GBytes *flood;  /* goes out again and again; NULL: nothing does */
} QsQuicStream;

/* Of both listeners. */
void qs_quic_endpoint_handle_events (QsQuicEndpoint *self);
/* Sends what there is and reads nothing: after a close, see qs_udp_bio_set_deaf(). */
void qs_quic_endpoint_flush (QsQuicEndpoint *self);
/* The source is to be dispatched at this monotonic time; 0: no wish. */
void qs_quic_endpoint_wait_until (QsQuicEndpoint *self, gint64 at);

QsQuicConnection *qs_quic_connection_new (QsQuicEndpoint *endpoint, SSL *ssl);
/* A client of this server itself, over the listener's socket: NULL when OpenSSL does not want to. */
QsQuicConnection *qs_quic_connection_dial (QsQuicEndpoint *endpoint, GSocketAddress *address);
void qs_quic_connection_free (QsQuicConnection *connection);
/* TRUE when something moved, so that another round is worth it. */
gboolean qs_quic_connection_serve (QsQuicConnection *connection, gint64 deadline);
void qs_quic_connection_begin_close (QsQuicConnection *connection, guint64 code, const char *reason);
/* Both stages of RFC 9000 section 10.2, driven from the source: TRUE when OpenSSL needs the connection no more. */
gboolean qs_quic_connection_drive_close (QsQuicConnection *connection);
/* TRUE once the connection is over, whoever ended it. */
gboolean qs_quic_connection_notice_end (QsQuicConnection *connection);
/* A host that has lost its state has none to close: what OpenSSL still has is thrown away. */
void qs_quic_connection_notice_loss (QsQuicConnection *connection);

/* One of the peer's or our own, by its id; takes ssl. */
QsQuicStream *qs_quic_stream_new (SSL *ssl);
void qs_quic_stream_free (QsQuicStream *stream);
QsQuicStream *qs_quic_connection_add_own_stream (QsQuicConnection *connection, SSL *ssl);
/* Nothing more is sent on it, or as an answer to it. */
gboolean qs_quic_stream_is_answered (QsQuicStream *stream);
/* What came, which is counted; see qs_io_stream_read(). */
QsIoResult qs_quic_stream_read (QsQuicConnection *connection, QsQuicStream *stream, guint8 *bytes, gsize size,
                                gsize *length);
/* Resets our side, once. */
void qs_quic_stream_reset (QsQuicStream *stream, guint64 code);
/* Does what a request asks for besides an answer, and says which one it was. */
void qs_quic_stream_act (QsQuicConnection *connection, QsQuicStream *stream);

/* HTTP/3 on a connection that has just been established. */
void qs_quic_http3_begin (QsQuicConnection *connection);
/* What the streams of HTTP/3 have to read and to write. TRUE when something moved. */
gboolean qs_quic_http3_serve (QsQuicConnection *connection, gint64 deadline);

/* TRUE when something moved. */
gboolean qs_quic_stream_serve (QsQuicConnection *connection, QsQuicStream *stream, gint64 deadline);

G_END_DECLS
