/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "base/qs-clock.h"
#include "dissect/qs-dissector.h"
#include "engine/qs-ticket-jar.h"
#include "net/qs-target.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* RFC-less but agreed: design.md. Any state may go to FAILED. */
typedef enum {
  QS_CONNECTION_IDLE,
  QS_CONNECTION_RESOLVING,
  QS_CONNECTION_CONNECTING,
  QS_CONNECTION_HANDSHAKING,
  QS_CONNECTION_ESTABLISHED,
  QS_CONNECTION_CLOSING,
  QS_CONNECTION_CLOSED,
  QS_CONNECTION_FAILED,
  QS_N_CONNECTION_STATES
} QsConnectionState;
#define QS_TYPE_CONNECTION_STATE (qs_connection_state_get_type ())
GType qs_connection_state_get_type (void);
const char *qs_connection_state_name (QsConnectionState state);  /* "ESTABLISHED": not translated */
const char *qs_connection_state_title (QsConnectionState state); /* translated, for people */

typedef enum { QS_MODE_NONBLOCKING, QS_MODE_BLOCKING, QS_MODE_THREAD_ASSISTED } QsMode;
const char *qs_mode_name (QsMode mode); /* "thread-assisted" */
gboolean qs_mode_from_name (const char *name, QsMode *mode);

/* Whether a run that fails makes the deciding experiments; read by who makes them (probe/qs-experiments.h). */
typedef enum {
  QS_EXPERIMENTS_NONE,
  QS_EXPERIMENTS_AUTO, /* those that decide between the causes that are left */
  QS_EXPERIMENTS_ALL,  /* whichever can be made */
} QsExperimentPolicy;
gboolean qs_experiment_policy_from_name (const char *name, QsExperimentPolicy *policy); /* "none", "auto", "all" */

#define QS_MOST_PADDING 4096

/**
 * QsProbeOptions: how to probe. Made with defaults, filled in, given to qs_probe_new(), which copies.
 */
typedef struct {
  QsMode mode;
  char **alpn; /* NULL: the target's defaults */
  char *sni;   /* NULL: the host unless a literal; "": none */
  char *
      authority; /* that a request is for, where it is not the target's: of an alternative service (RFC 7838 section 2) */
  char *groups; /* OpenSSL's list, NULL: its defaults */
  char *ciphersuites;
  char *old_ciphers;           /* TLS over TCP: OpenSSL's list for TLS 1.2 and older, NULL: its defaults */
  guint16 least_tls, most_tls; /* TLS over TCP: versions as on the wire, 0x0303; 0: TLS 1.2, and the newest */
  char *ca_file;               /* trust these instead of the system's store; "": nobody */
  char *cert_file, *key_file;
  QsTicketJar *tickets;  /* of earlier runs, to resume, and of this one; NULL: none */
  gboolean insecure;     /* goes on after a verify error and still reports it */
  GSocketFamily family;  /* G_SOCKET_FAMILY_INVALID: both, raced */
  char **resolve;        /* "HOST:PORT:ADDR" */
  guint timeout_ms;      /* without progress; default 10000 */
  guint max_time_ms;     /* for all of it, whatever comes; 0 (default): no ceiling */
  char *dns_server;      /* asked for HTTPS records, "ADDRESS[:PORT]"; NULL: the system's; "": none is */
  gboolean alternatives; /* other ways to the site are looked for, by who does that (http/qs-alternatives.h) */
  gsize kept;            /* bytes of the answer, and of each stream, that are kept; default 16 MiB */
  char *impairment;      /* QUIC: what the path does, as qs_impairment_new() takes it; NULL: nothing */
  GBytes *send;          /* raw bytes for the first stream, concluded; NULL: none */
  gboolean keep_open; /* stay ESTABLISHED after the request until qs_probe_stop (the window), unless rules are broken */
  guint64 trace_limit;  /* payload bytes kept whole; 0: the trace's default */
  guint64 trace_budget; /* bytes that the trace may hold in all; 0: QS_TRACE_BUDGET */
  gboolean record;      /* record datagrams into the trace (default TRUE) */
  guint padding; /* bytes of a GREASE extension (RFC 8701) in the ClientHello, QS_MOST_PADDING at most; 0: none */
  gboolean proxy_header; /* TLS over TCP: a header of the PROXY protocol goes before it */
  guint max_segment; /* TLS over TCP: bytes of a segment either way (TCP_MAXSEG), 88 to 32767; 0: as the path has it */
  guint wide; /* bits of QsWide (qs-ssl-wide.h): all that there is of these is offered, over what else is said here */
  QsExperimentPolicy experiments; /* default: none */
  QsClock *clock;                 /* whom waiting and its trace go by, nonblocking alone; NULL: the machine's */
} QsProbeOptions;

QsProbeOptions *qs_probe_options_new (void);
QsProbeOptions *qs_probe_options_copy (const QsProbeOptions *options);
void qs_probe_options_free (QsProbeOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsProbeOptions, qs_probe_options_free)

/**
 * QsStream: one stream of a connection, as a person may watch and drive it.
 *
 * Properties (all read-only, all notify): "id" (int64, -1 before it has one), "read-state",
 * "write-state" (QsStreamState), "read-error", "write-error" (int64, -1: none), "bytes-sent",
 * "bytes-received" (uint64), "received" (GBytes: the first 16 MiB that came).
 * TLS over TCP has one stream with id 0.
 */
#define QS_TYPE_STREAM (qs_stream_get_type ())
G_DECLARE_FINAL_TYPE (QsStream, qs_stream, QS, STREAM, GObject)

gint64 qs_stream_get_id (QsStream *self);
gboolean qs_stream_is_bidirectional (QsStream *self);
gboolean qs_stream_is_local (QsStream *self); /* we opened it */
QsStreamState qs_stream_get_read_state (QsStream *self);
QsStreamState qs_stream_get_write_state (QsStream *self);
gint64 qs_stream_get_read_error (QsStream *self);
gint64 qs_stream_get_write_error (QsStream *self);
guint64 qs_stream_get_bytes_sent (QsStream *self);
guint64 qs_stream_get_bytes_received (QsStream *self);
GBytes *qs_stream_dup_received (QsStream *self);
/* The first of them: cheap also when there are many megabytes. */
GBytes *qs_stream_dup_received_start (QsStream *self, gsize most);

/* Queue bytes; written as flow control lets them. FALSE when the write side is over. */
gboolean qs_stream_send (QsStream *self, GBytes *bytes, gboolean conclude, GError **error);
gboolean qs_stream_reset (QsStream *self, guint64 code, GError **error);
gboolean qs_stream_stop_reading (QsStream *self, GError **error);

/**
 * QsProbe: one run: resolve, connect (racing both address families, RFC 8305), handshake, request,
 * close. Everything it learns goes into its trace; its dissector follows by itself.
 *
 * Properties: "state" (QsConnectionState, notifies), "finished" (boolean, notifies).
 * Signals: "event" (const char *text): a line for the log, translated, escaped;
 *          "data" (QsStream *stream, GBytes *bytes): bytes arrived on a stream, as they are on it;
 *          "body" (GBytes *bytes): bytes of the answer's body, framing removed, in order and all of them
 *          (qs_probe_dup_response keeps the first 16 MiB, or as much as the option kept says);
 *          "ended" (): its outcome is known and all that it recorded is dissected; whoever has more to add to the trace
 *          calls qs_probe_hold() now;
 *          "finished" (): the run is over, its outcome known, its trace complete and dissected.
 */
#define QS_TYPE_PROBE (qs_probe_get_type ())
G_DECLARE_FINAL_TYPE (QsProbe, qs_probe, QS, PROBE, GObject)

typedef enum {
  QS_STAGE_RESOLVE,
  QS_STAGE_CONNECT,
  QS_STAGE_HANDSHAKE,
  QS_STAGE_REQUEST,
  QS_STAGE_CLOSE,
  QS_STAGE_DONE,
} QsStage;
const char *qs_stage_name (QsStage stage);

QsProbe *qs_probe_new (QsTarget *target, const QsProbeOptions *options);
/* Optional, before the start: reads the files and lists that the options name. FALSE with QS_ERROR_SSL or
 * QS_ERROR_INVALID_TARGET, a translated sentence; started all the same, the run fails with it as a note. */
gboolean qs_probe_prepare (QsProbe *self, GError **error);
/* Begins; returns at once. Once in a probe's life. */
void qs_probe_start (QsProbe *self);
/* Ends it in order where possible (both stages of the shutdown, bounded to 100 ms), at once where not.
 * The connection is over within 100 ms at every stage and in every mode; "finished" follows at once, or when what a
 * download left to dissect is done. Of an ended one that is held, "finished" follows from within. */
void qs_probe_stop (QsProbe *self);

/* From an "ended" handler: "finished" waits until qs_probe_let_go(), or until qs_probe_stop(). Holds count. */
void qs_probe_hold (QsProbe *self);
void qs_probe_let_go (QsProbe *self);
/* In place of the end of its time-out: there is nothing to wait for any more. Not for an ended one. */
void qs_probe_give_up (QsProbe *self);
/* An unconnected twin of the socket that is waited on (qs_udp_bio_open_twin); NULL with G_IO_ERROR. */
GSocket *qs_probe_open_twin (QsProbe *self, GError **error);

QsTarget *qs_probe_get_target (QsProbe *self);
const QsProbeOptions *qs_probe_get_options (QsProbe *self);
QsClock *qs_probe_get_clock (QsProbe *self); /* (transfer none): that its waiting goes by, for who waits beside it */
QsConnectionState qs_probe_get_state (QsProbe *self);
gboolean qs_probe_get_finished (QsProbe *self);
gint64 qs_probe_get_last_progress (QsProbe *self); /* microseconds of its clock: when it last got any further */
gboolean qs_probe_get_ended (QsProbe *self);       /* its outcome is known; "finished" follows */
gboolean qs_probe_get_succeeded (QsProbe *self);   /* the target did what was asked */
gboolean qs_probe_get_stopped (QsProbe *self);     /* a person stopped it */
QsStage qs_probe_get_stage (QsProbe *self);        /* how far it came */
QsTrace *qs_probe_get_trace (QsProbe *self);       /* NULL once settled */
/* Of a run that is finished, and whose verdict was taken: all but target, options, outcome, address and the answer's status,
 * version and length goes, above all the trace. A batch holds thousands of them. */
void qs_probe_settle (QsProbe *self);
QsDissector *qs_probe_get_dissector (QsProbe *self);  /* NULL: nothing is recorded */
GListModel *qs_probe_get_streams (QsProbe *self);     /* of QsStream, by id */
GSocketAddress *qs_probe_get_address (QsProbe *self); /* of the attempt that won or is under way; NULL before */
GBytes *qs_probe_dup_response (QsProbe *self); /* body of the request's answer so far (HTTP/1.x and h3: without head) */
GBytes *qs_probe_dup_response_start (QsProbe *self, gsize most); /* the first bytes of it: cheap */
guint64 qs_probe_get_response_length (QsProbe *self);            /* of the whole body, also what is not kept */
/* Of the answer, NULL / 0 when there is none. Names and values escaped. */
guint qs_probe_get_http_status (QsProbe *self);
const char *qs_probe_get_http_version (QsProbe *self);        /* "0.9", "1.0", "1.1", "3" */
const char *const *qs_probe_get_http_headers (QsProbe *self); /* name, value, name, value, NULL; the probe's own */

/* A new local stream (ESTABLISHED, QUIC). */
QsStream *qs_probe_open_stream (QsProbe *self, gboolean bidirectional, GError **error);

G_END_DECLS
