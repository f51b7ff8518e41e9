/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-connection.h"
#include "engine/qs-io-stream.h"
#include "engine/qs-stream-map.h"
#include "engine/qs-tcp-bio.h"
#include "net/qs-udp-bio.h"

G_BEGIN_DECLS

/* What one turn of the I/O side came to. */
typedef enum {
  QS_TURN_IDLE,     /* nothing could be done */
  QS_TURN_PROGRESS, /* something was done: another turn before waiting */
  QS_TURN_OVER,     /* CLOSED, FAILED or aborted */
} QsTurn;

typedef enum {
  QS_COMMAND_OPEN,
  QS_COMMAND_SEND,
  QS_COMMAND_RESET,
  QS_COMMAND_STOP_READING,
  QS_COMMAND_CLOSE,
} QsCommandKind;

typedef struct {
  QsCommandKind kind;
  gint64 stream;
  GBytes *bytes;
  gboolean flag; /* OPEN: bidirectional; SEND: conclude */
  guint64 code;
  const char *reason;
  QsCloseManner manner;
} QsCommand;

/* A stream's I/O side. */
typedef struct {
  QsIoStream io;    /* the first member: whoever does not tell of it needs no more */
  gboolean changed; /* since it was told of last */
} QsConnectionStream;

typedef struct {
  gboolean (*open) (QsConnection *self, GError **error);
  QsTurn (*connect) (QsConnection *self); /* CONNECTING */
  QsTurn (*close) (QsConnection *self);   /* CLOSING */
  /* Whether it ended without us, with everything readable read: then it noted how. */
  gboolean (*ended) (QsConnection *self);
  void (*accept) (QsConnection *self);
  SSL *(*open_stream) (QsConnection *self, gboolean bidirectional);
  /* NULL: the stream's state says all. error: as of qs_ssl_read(). */
  void (*read_failed) (QsConnection *self, int error);
  void (*note_failure) (QsConnection *self); /* after a failed call: how it was closed, if it was */
  GSource *(*new_source) (QsConnection *self);
  void (*kick) (QsConnection *self);       /* nonblocking: a turn, soon */
  void (*wait) (QsConnection *self);       /* worker: sleeps until there is something to do */
  void (*wake) (QsConnection *self);       /* worker, from another thread */
  void (*clear_wake) (QsConnection *self); /* worker */
  void (*hurry) (QsConnection *self);      /* worker, from another thread: ends a blocking SSL_connect in order */
  void (*cancel) (QsConnection *self);     /* any thread */
} QsTransportOps;

extern const QsTransportOps qs_quic_ops;
extern const QsTransportOps qs_tls_ops;

struct _QsConnection {
  gatomicrefcount ref_count;
  const QsTransportOps *ops;
  QsSslConfig *config;
  QsMode mode;
  gboolean record;
  QsTrace *trace;
  QsMarkSink *sink;
  GSocketAddress *address;
  const QsImpairment *impairment; /* until it has started */
  guint16 path;

  /* The owner's side. */
  const QsConnectionListener *listener;
  gpointer listener_data;
  QsConnectionState state;
  guint n_bidirectional, n_unidirectional; /* streams of ours */
  GSource *events_source;
  gint aborted; /* atomic */

  /* Between both, under lock. */
  GMutex lock;
  GQueue commands; /* QsCommand */
  GQueue events;   /* QsEvent */
  gsize queued_bytes;
  GCond drained;

  /* The I/O side. */
  QsConnectionState io_state;
  GMutex ssl_lock; /* a worker frees ssl while the owner may hurry it */
  SSL *ssl;
  QsUdpBio *udp;
  QsTcpBio *tcp;
  GSource *source;
  gboolean in_turn;
  QsStreamMap *streams; /* QsConnectionStream: those that are not over */
  guint8 *buffer;       /* one read */
  gboolean close_requested, close_noted;
  gboolean flushed; /* by the close: what was concluded has been acknowledged */
  QsCloseManner close_manner;
  guint64 close_code;
  const char *close_reason;
  gboolean tls_write_blocked, tls_goodbye, tls_read_over, tls_peer_ended;
  guint n_accepted; /* streams that the peer opened */
  char *alpn;

  gint answered;        /* atomic */
  gint confirmed;       /* atomic */
  gint expects_verdict; /* atomic */
  gint socket_error;    /* atomic: errno */
  gint close_error;     /* atomic */
  gint alert;           /* atomic: TLS: 1 + description, negative when we sent it */
  gboolean alert_warns; /* it is the peer's, and ends nothing by itself */
};

/* --- qs-connection-io.c: the I/O side --- */

QsTurn qs_connection_turn (QsConnection *self, gint64 deadline);
void qs_connection_set_io_state (QsConnection *self, QsConnectionState state);
QsTurn qs_connection_fail (QsConnection *self);
void qs_connection_note_icmp (const QsUdpIcmp *icmp, gpointer connection); /* a QsIcmpFunc: a mark of it */
QsConnectionStream *qs_connection_add_stream (QsConnection *self, gint64 id, SSL *ssl);
QsConnectionStream *qs_connection_find_stream (QsConnection *self, gint64 id);
void qs_connection_drop_io (QsConnection *self); /* frees SSL, sockets, source */
void qs_connection_note_close (QsConnection *self, const QsSslClose *close);
extern const QsSslHooks qs_connection_hooks;

/* --- qs-connection.c: events to the owner --- */

typedef enum {
  QS_EVENT_STATE,
  QS_EVENT_ANSWERED,
  QS_EVENT_CONFIRMED,
  QS_EVENT_STREAM_OPENED,
  QS_EVENT_STREAM_BYTES,
  QS_EVENT_STREAM_CHANGED,
  QS_EVENT_NOTE, /* data: a line with its final NUL */
} QsEventKind;

typedef struct {
  QsEventKind kind;
  QsConnectionState state;
  gint64 stream;
  const guint8 *data;
  gsize length;
  gint64 time;
  QsStreamInfo info;
} QsEvent;

/* From the I/O side: at once in nonblocking mode, else queued (and waits while too much is). */
void qs_connection_emit (QsConnection *self, const QsEvent *event);
/* From under OpenSSL's lock: queued in every mode. */
void qs_connection_post (QsConnection *self, QsEventKind kind);

gboolean qs_connection_is_aborted (QsConnection *self);
QsCommand *qs_connection_pop_command (QsConnection *self);
void qs_command_free (QsCommand *command);

G_END_DECLS
