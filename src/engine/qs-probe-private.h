/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dissect/qs-dissector.h"
#include "engine/qs-connection.h"
#include "engine/qs-follower.h"
#include "engine/qs-kept-bytes.h"
#include "engine/qs-race.h"
#include "engine/qs-request.h"

G_BEGIN_DECLS

/* A peer may open and end streams for ever: what comes behind these is read, and has no object. */
#define QS_PROBE_STREAMS 16384

struct _QsRequest {
  QsProbe *probe; /* borrowed: it owns this */
  const QsRequestProtocol *protocol;
  gpointer instance;
  char *authority;
  gint64 stream; /* that carries it, -1 before */
  gboolean answered, complete;
  gboolean failed;
  guint status;
  char *version;
  char **headers;
  QsKeptBytes *body;
  guint64 body_length;
  guint64 n_interim;     /* 1xx answers so far */
  guint64 n_idle_bytes;  /* bytes on its stream since something was got out of them */
  GSource *limits_timer; /* until it is looked whether the server lets a request be sent at all */
  gboolean end_noted;
};

struct _QsProbe {
  GObject parent;
  QsTarget *target;
  QsProbeOptions *options;
  QsTrace *trace;
  QsDissector *dissector; /* NULL when nothing is recorded */
  QsFollower *follower;
  QsSslConfig *config;
  QsImpairment *impairment; /* NULL: none */
  GMainContext *context;
  QsClock *clock; /* that all timers and last_progress go by */
  QsConnectionState state;
  QsStage stage;
  gboolean started, finished, succeeded, stopped, ending;
  gboolean ended_told;
  guint n_holds; /* of "finished" */

  GCancellable *cancellable; /* of the look-up and of the TCP check */
  GPtrArray *addresses;      /* GSocketAddress */
  guint next_address;
  GPtrArray *attempts; /* QsConnection, by their numbers in the race */
  QsRace *race;        /* NULL before there are addresses */
  GSource *race_timers[QS_N_RACE_TIMERS];
  QsConnection *winner;

  GSource *foreign_timer; /* from the first answer on */
  GSource *patience;      /* --timeout */
  GSource *ceiling;       /* --max-time */
  gint64 last_progress;   /* microseconds of the clock */
  GSource *deadline;      /* of the stage that is being waited for */
  gboolean confirmed;
  gboolean close_asked;

  GListStore *streams;   /* QsStream, by id */
  GHashTable *stream_of; /* gint64 * -> QsStream: the same, borrowed */
  gsize *kept;           /* how many bytes more may be kept */
  QsRequest *request;

  gboolean settled; /* all of the above but target, options and outcome is gone; kept of it: */
  GSocketAddress *settled_address;
  char *settled_version;
  guint settled_status;
  guint64 settled_length;
};

/* --- qs-probe.c --- */
void qs_probe_set_state (QsProbe *self, QsConnectionState state);
void qs_probe_log (QsProbe *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* The run is over with this outcome; "finished" follows when all is dissected. */
void qs_probe_end (QsProbe *self, gboolean succeeded);
GSource *qs_probe_add_timeout (QsProbe *self, guint ms, GSourceFunc func);
GSource *qs_probe_add_timeout_full (QsProbe *self, guint ms, GSourceFunc func, gpointer data);
void qs_probe_clear_source (GSource **source);
/* In place of the one that runs. */
void qs_probe_set_deadline (QsProbe *self, guint ms, GSourceFunc func);
QsStream *qs_probe_find_stream (QsProbe *self, gint64 id);
QsStream *qs_probe_add_stream (QsProbe *self, gint64 id, gboolean bidirectional, gboolean local);
void qs_probe_emit_data (QsProbe *self, QsStream *stream, const guint8 *bytes, gsize length);
void qs_probe_emit_body (QsProbe *self, const guint8 *bytes, gsize length);
/* In place of a close that takes too long: the peer is told at once, and the run ends. Sets the deadline. */
void qs_probe_close_now (QsProbe *self);
/* Closes in order and ends the run when that is done. */
void qs_probe_close (QsProbe *self, QsCloseManner manner, guint64 code);

/* --- qs-probe-patience.c --- */
void qs_probe_patience_start (QsProbe *self); /* both limits of the options */

/* --- qs-probe-race.c --- */
void qs_probe_race_start (QsProbe *self);   /* addresses are there */
void qs_probe_race_stop (QsProbe *self);    /* every attempt and timer */
void qs_probe_race_give_up (QsProbe *self); /* out of patience without a winner: notes what is known, ends the run */
QsConnection *qs_probe_race_get_waited_on (QsProbe *self); /* the first attempt under way, NULL: none (borrowed) */
/* In order, the handshakes under way; without any the run ends. */
void qs_probe_race_close (QsProbe *self);

/* --- qs-probe-run.c: the winner's life --- */
extern const QsConnectionListener qs_probe_listener;
void qs_probe_established (QsProbe *self);
void qs_probe_connection_over (QsProbe *self); /* the winner is CLOSED or FAILED */
void qs_probe_confirmed (QsProbe *self);
guint64 qs_probe_good_code (QsProbe *self); /* what all-is-well is in the protocol's codes */
void qs_probe_stream_opened (QsConnection *connection, gint64 id, gpointer data);
void qs_probe_stream_bytes (QsConnection *connection, gint64 id, const guint8 *bytes, gsize length, gint64 time,
                            gpointer data);
void qs_probe_stream_changed (QsConnection *connection, gint64 id, const QsStreamInfo *info, gpointer data);

/* --- qs-request.c --- */
QsRequest *qs_request_new (QsProbe *probe, const QsRequestProtocol *protocol);
void qs_request_free (QsRequest *self);
gboolean qs_request_start (QsRequest *self);
/* FALSE: it failed, and said so. */
void qs_request_receive (QsRequest *self, gint64 stream, const guint8 *bytes, gsize length, gboolean fin, gint64 time);
void qs_request_stream_reset (QsRequest *self, gint64 stream, guint64 code);
/* The run is over: what became of the answer, where that was not noted yet. how: a name of QS_MARK_ANSWER_END's. */
void qs_request_note_end (QsRequest *self, const char *how, const char *text);
/* "3 interim answers, and no final one": what came instead of progress; NULL: nothing did. */
char *qs_request_dup_idle_words (QsRequest *self);
GBytes *qs_request_get_raw (QsRequest *self);
void qs_probe_request_done (QsProbe *self); /* complete or failed */
extern const QsRequestProtocol qs_request_raw;

G_END_DECLS
