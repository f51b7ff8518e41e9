/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-capture-fragments.h"
#include "formats/qs-capture-tcp.h"
#include "formats/qs-capture.h"

G_BEGIN_DECLS

/* Shared by the parts of QsCapture: qs-capture.c sorts packets into flows and connections, qs-capture-quic.c and qs-capture-tls.c
 * know their protocols. */

typedef struct _QsCaptureConnection QsCaptureConnection;

typedef struct {
  QsFlowRoute route;  /* one address pair of one protocol; its owner: the present QsCaptureConnection */
  guint64 path_owner; /* serial number of the trace that has this flow as its path; 0: none */
  guint16 path;
  guint n_users; /* connections that it is the flow of */
} QsCaptureFlow;

/* What the datagrams of a flow look like. */
typedef struct {
  guint n_fitting, n_odd;          /* those that look like short headers, and those that do not */
  guint64 n_bytes, n_high, n_zero; /* of what would be encrypted: all, those from 128 on, those that are 0 */
  guint64 first_bytes[2];          /* bit N: one began with N; header protection makes them differ */
} QsCaptureLooks;

typedef enum { QS_CAPTURE_BY_UNKNOWN, QS_CAPTURE_BY_CLIENT, QS_CAPTURE_BY_SERVER } QsCaptureSender;

/* What is told of a connection over TCP before it turns out to be one of TLS. */
typedef struct {
  QsMarkKind kind; /* as of the client's view: TCP_END, ICMP, SOCKET_ERROR */
  gboolean by_client;
  gint64 time; /* since 1970 */
  const char *name;
  gint64 value;
  char *text;
} QsCaptureEarly;

struct _QsCaptureConnection {
  QsFlowOwner owner;
  QsTrace *trace;   /* TCP: NULL until it turned out to be TLS */
  guint64 serial;   /* of the trace, which others may share */
  gpointer watched; /* what the watcher knows it by; NULL */
  QsCaptureFlow *flow;
  QsCaptureEnd client, server;
  QsVantage vantage;
  gboolean guessed; /* QUIC by its looks alone: short headers between ports that mean nothing */
  QsCaptureLooks looks;
  gboolean ends_known;                 /* which one is the client: by a port, or by what was sent */
  guint n_looked_at;                   /* datagrams, for that */
  gboolean sent_handshake[2];          /* by who counts as client, as server: a Handshake packet */
  gboolean negotiates;                 /* a Version Negotiation or a Retry was the last that came */
  QsCaptureTcp tcp[2];                 /* by who sends: client, server */
  gboolean sole;                       /* no other one in the capture has its server */
  gboolean syn_seen[2], in_records[2]; /* TCP, by who sends: its start is there; a record began */
  gboolean cut[2], acked[2]; /* TCP, by who sends: some of its bytes were not captured; the other end acknowledged */
  guint32 acked_to[2], fin_at[2]; /* … up to here; where it ends, if it does */
  gboolean refused_shown;         /* RST was told of */
  guint n_syn;                    /* the client\'s */
  gint64 last_syn;                /* since 1970 */
  guint8 ended[2];                /* by who sends: flags of TCP that were told of, FIN and RST */
  gint64 ended_at[2];             /* the first of them, since 1970; 0: none */
  gboolean answered;
  GArray *early;       /* QsCaptureEarly, for its trace; NULL: none */
  gboolean syn_barred; /* an ICMP error told of the client's SYN */
  gboolean let_go;     /* of an endless stream: its trace is gone, and what still comes is passed over */
  gint64 connected;    /* TCP: when the server's SYN came, since 1970; -1: it did not */
  gint64 first, last;
  gint64 heard_at[2]; /* TCP, by who sends: its newest packet, since 1970 */
  guint n_again[2];   /* TCP, by who sends: segments whose bytes all came before */
  gint64 data_at[2];  /* TCP, by who sends: when its newest bytes came, since 1970; 0: none did */
};

struct _QsCapture {
  char *title;
  QsMappedFile *file;  /* NULL: none */
  QsFlowTable *table;  /* of QsCaptureFlow and QsCaptureConnection */
  GHashTable *servers; /* QsCaptureEnd -> QsCaptureConnection, the last one with it */
  guint64 endless;     /* a stream: what its traces may hold together, bytes; 0: it is none */
  guint n_let_go;      /* connections of it */
  gboolean one_run;    /* what Quicscope wrote: all of it is one trace */
  GPtrArray *connections;
  GPtrArray *traces;
  GPtrArray *secrets;     /* lines */
  gboolean secrets_apart; /* where they are many, who reads the file hands them out */
  gboolean secrets_kept;  /* they are many: not all traces have all of them */
  GPtrArray *notes;
  GPtrArray *runs; /* QsRunReader */
  QsCaptureFragments *fragments;
  gint64 newest; /* of all packets, since 1970 */
  guint64 n_packets, n_malformed, n_left_out;
  guint n_guessed;
  guint64 n_serials;
  QsCaptureWatcher watcher; /* lock NULL: none */
  GHashTable *watched;      /* what the watcher knows it by -> QsCaptureConnection */
  gboolean keys_follow;     /* secrets are added to the traces later: what they alone can show is kept for them */
  QsCaptureLooks passed;    /* of datagrams that belong to nothing, and may be short headers */
};

static inline QsCaptureConnection *
qs_capture_current (const QsCaptureFlow *flow)
{
  return (QsCaptureConnection *) flow->route.owner;
}

gboolean qs_capture_same_end (const QsCaptureEnd *a, const QsCaptureEnd *b);
gboolean qs_capture_is_server_port (guint16 port);
/* NULL when there is none, or with create when there are too many. */
QsCaptureFlow *qs_capture_get_flow (QsCapture *self, const QsCapturePacket *packet, gboolean tcp, gboolean create);
/* NULL when there are too many. */
QsCaptureConnection *qs_capture_connection_new (QsCapture *self, QsCaptureFlow *flow, const QsCapturePacket *packet,
                                                gint64 time, gboolean from_client);
/* Before the trace is among the others. */
void qs_capture_give_secrets (QsCapture *self, QsTrace *trace);
void qs_capture_keep_secret (QsCapture *self, const char *line);
void qs_capture_make_trace (QsCapture *self, QsCaptureConnection *connection);
/* The index of a flow's addresses in the trace of its connection, which may have moved to them. */
guint16 qs_capture_path_of (QsCaptureConnection *connection, QsCaptureFlow *flow, const QsCapturePacket *packet);
QsDirection qs_capture_direction_of (const QsCaptureConnection *connection, const QsCapturePacket *packet);
/* For who watches it. */
void qs_capture_note_passed (QsCapture *self, QsCaptureConnection *connection);
/* time: since 1970. Takes text. */
void qs_capture_add_mark (QsCaptureConnection *connection, gint64 time, QsMarkKind kind, const char *name, gint64 value,
                          char *text);

/* Which one is the client is a guess: one that moves is looked for at either. */
void qs_capture_note_guessed_ends (QsCapture *self, QsCaptureConnection *connection);
/* What counted as the client is the server. FALSE: it cannot be turned any more, for somebody reads its trace already. */
gboolean qs_capture_turn (QsCapture *self, QsCaptureConnection *connection);

gboolean qs_capture_seems_from_client (const QsCapturePacket *packet);
/* Looks at what only a client or only a server sends, until that is known. */
void qs_capture_note_ends (QsCapture *self, QsCaptureConnection *connection, const QsCapturePacket *packet);
/* known: whether it is more than a guess. */
gboolean qs_capture_is_from_tcp_client (const QsCapturePacket *packet, gboolean *known);
void qs_capture_note_tcp_ends (QsCapture *self, QsCaptureConnection *connection, const QsCapturePacket *packet);
void qs_capture_tell_ends (QsCapture *self, QsCaptureConnection *connection);

/* Peers may have agreed on sending the next bit as 0 (RFC 9287): where more speaks for it, it is not asked for. */
gboolean qs_capture_may_be_short (QsSpan payload);
/* Whether a flow that begins with this may be tried with keys: it may be a connection that began before the capture did. */
gboolean qs_capture_may_guess (QsCapture *self, const QsCapturePacket *packet);
/* contents: what is behind the header too. */
void qs_capture_looks_add (QsCaptureLooks *self, QsSpan payload, gboolean contents);
/* Whether it was taken for QUIC and what followed did not look like it. */
gboolean qs_capture_is_wrong_guess (const QsCaptureConnection *connection);
gboolean qs_capture_is_doubted (const QsCaptureConnection *connection);
gboolean qs_capture_waits_for_keys (QsCapture *self, const QsCaptureConnection *connection);
void qs_capture_note_stray (QsCapture *self, const QsCapturePacket *packet);
guint qs_capture_count_maybe (QsCapture *self); /* of those that were passed over, those that may be QUIC */
void qs_capture_add_udp (QsCapture *self, const QsCaptured *captured, const QsCapturePacket *packet);
void qs_capture_add_tcp (QsCapture *self, const QsCaptured *captured, const QsCapturePacket *packet);
/* Takes text. by_client: whose end it is, whose packet an error is about; a socket error is told by its peer's view. */
void qs_capture_tell_early (QsCaptureConnection *connection, const QsCaptureEarly *early);
/* What was told before there was a trace, or behind it at once. */
void qs_capture_add_early (QsCaptureConnection *connection);
void qs_capture_end_tcp (QsCapture *self, QsCaptureConnection *connection);

G_END_DECLS
