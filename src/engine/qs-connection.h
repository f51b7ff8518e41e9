/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-mark-sink.h"
#include "engine/qs-probe.h"
#include "engine/qs-race.h"
#include "engine/qs-ssl-config.h"
#include "engine/qs-tcp-info.h"
#include "net/qs-impairment.h"

G_BEGIN_DECLS

/**
 * QsConnection: one attempt at one address, over QUIC or over TLS on TCP, driven in one of three modes.
 *
 * It has two sides. The owner's side (this header) lives in the main context of the thread that made it:
 * it posts commands and is told of events. The I/O side (qs-connection-private.h) alone touches OpenSSL: in
 * nonblocking mode it runs in the same thread from a GSource and tells at once, in the other two in a
 * thread of its own, whose events wait in a bounded queue for the main context. What it notes for the trace
 * goes through its mark sink from whichever thread learns of it.
 *
 * Reference counted. Streams are known by their ids here; ids of our own streams are counted, not asked
 * for (RFC 9000 section 2.1), so that a stream has one before a worker has opened it.
 */
typedef struct _QsConnection QsConnection;

typedef struct {
  QsStreamState read_state, write_state;
  gint64 read_error, write_error; /* -1: none */
  guint64 sent, received;
} QsStreamInfo;

/* All in the owner's context. Any may call qs_connection_abort(). */
typedef struct {
  void (*state) (QsConnection *connection, QsConnectionState state, gpointer data);
  /* Something came back: the first datagram, or TCP's handshake is done. */
  void (*answered) (QsConnection *connection, gpointer data);
  void (*confirmed) (QsConnection *connection, gpointer data);
  void (*stream_opened) (QsConnection *connection, gint64 stream, gpointer data); /* by the peer */
  void (*stream_bytes) (QsConnection *connection, gint64 stream, const guint8 *bytes, gsize length, gint64 time,
                        gpointer data);
  void (*stream_changed) (QsConnection *connection, gint64 stream, const QsStreamInfo *info, gpointer data);
  void (*note) (QsConnection *connection, const char *text, gpointer data); /* for the log: translated, escaped */
} QsConnectionListener;

typedef struct {
  QsSslConfig *config;
  QsTransport transport;
  QsMode mode;
  gboolean record;
  QsTrace *trace;
  GSocketAddress *address;
  gboolean held;                  /* marks are held until the run is about this attempt */
  const QsImpairment *impairment; /* of QUIC's socket; outlives the start; NULL: none */
} QsConnectionSetup;

QsConnection *qs_connection_new (const QsConnectionSetup *setup, const QsConnectionListener *listener, gpointer data);
QsConnection *qs_connection_ref (QsConnection *self);
void qs_connection_unref (QsConnection *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsConnection, qs_connection_unref)

/* Makes the socket and sends the first flight, soon. FALSE when there is no way to that address at all. */
gboolean qs_connection_start (QsConnection *self, GError **error);

/* After FALSE: notes why, and is FAILED. */
void qs_connection_fail_to_start (QsConnection *self, const GError *error);

QsConnectionState qs_connection_get_state (QsConnection *self);
GSocketAddress *qs_connection_get_address (QsConnection *self);
QsMarkSink *qs_connection_get_sink (QsConnection *self);
gboolean qs_connection_is_tls (QsConnection *self);
/* Once FAILED: what ended it, as "ECONNREFUSED" or "closed"; "silent" where nothing ever came. */
const char *qs_connection_get_failure (QsConnection *self);
/* How much its failure tells, to choose among failed attempts: more is better. */
QsRaceFailure qs_connection_get_failure_rank (QsConnection *self);
/* TLS: whether to wait for the server's verdict after the handshake (it asked for a certificate). */
gboolean qs_connection_expects_verdict (QsConnection *self);
/* Once CLOSED: not by us, and not with an all-is-well code. */
gboolean qs_connection_closed_in_error (QsConnection *self);
const char *qs_connection_get_alpn (QsConnection *self); /* chosen; "" none; NULL before ESTABLISHED */

/* See qs_udp_bio_open_twin(). NULL with G_IO_ERROR; over TCP, and once the socket is closed, too. */
GSocket *qs_connection_open_twin (QsConnection *self, GError **error);
/* What the system knows of the TCP connection; FALSE over QUIC, and where there is none (yet, or any more). */
gboolean qs_connection_get_tcp_info (QsConnection *self, QsTcpInfo *info);

/* --- Streams --- */
gint64 qs_connection_open_stream (QsConnection *self, gboolean bidirectional); /* TLS: 0, once */
void qs_connection_send (QsConnection *self, gint64 stream, GBytes *bytes, gboolean conclude);
void qs_connection_reset (QsConnection *self, gint64 stream, guint64 code);
void qs_connection_stop_reading (QsConnection *self, gint64 stream, guint64 code);

/* --- Ending --- */

typedef enum {
  QS_CLOSE_QUICK,  /* what is concluded is flushed, CONNECTION_CLOSE is sent, and that is that */
  QS_CLOSE_LINGER, /* answers late packets for three PTOs too (RFC 9000 section 10.2) */
  QS_CLOSE_NOW,    /* nothing is flushed */
} QsCloseManner;

/* Ends it in order; CLOSED follows, or FAILED where it was not established yet. reason is static, may be NULL. */
void qs_connection_close (QsConnection *self, QsCloseManner manner, guint64 code, const char *reason);
/* No event comes after this; socket and SSL object go at once, or when the worker has noticed. */
void qs_connection_abort (QsConnection *self);

G_END_DECLS
