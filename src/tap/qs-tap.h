/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tap/qs-key-follower.h"
#include "tap/qs-tap-connection.h"
#include "tap/qs-tap-relay.h"

G_BEGIN_DECLS

/**
 * QsTap:
 *
 * Watches other programs' connections: a relay (qs-tap-relay.h) that they are led through, and the key logs that they write, followed as
 * they grow. Each connection that passes becomes a QsTapConnection with a study of its own, decrypted from its first packet whenever its
 * keys come. One that has ended, or has been silent for long, settles: it is told of once more and let go of, so that
 * memory does not grow with their number.
 *
 * Or it hears no relay but a capture that is being written, down a pipe or into a file: then nothing is led anywhere.
 *
 * All in one thread, whose default main context has to be the program's (where traces tell of themselves).
 *
 * Signals:
 *   "added" (QsTapConnection *): one has begun; of TCP, and carried a byte, or come to its end
 *   "settled" (QsTapConnection *): nothing of its study will change any more; the tap drops it behind this
 *   "stopped" (): all has settled, behind qs_tap_begin_stop() or the end of the capture
 */
#define QS_TYPE_TAP (qs_tap_get_type ())
G_DECLARE_FINAL_TYPE (QsTap, qs_tap, QS, TAP, GObject)

typedef struct {
  const char *target;          /* as a person named it, for reports */
  const char *const *key_logs; /* files; NULL at the end */
  guint silence_s;             /* of a QUIC connection, before it settles; 0: two minutes. Of TCP 15 times as long */
  QsTapRelayOptions relay;     /* budget 0: QS_TRACE_BUDGET */
} QsTapOptions;

typedef struct {
  const char *path;            /* "-": standard input */
  gboolean follow;             /* what is written behind the file's end is waited for */
  const char *const *key_logs; /* likewise */
  guint silence_s;
  guint patience_ms; /* of a named pipe: how long a writer is waited for; 0: as long as it takes */
} QsTapCaptureOptions;

typedef struct {
  guint begun, settled;
  guint empty;        /* TCP connections that came and went without a byte: not told of */
  guint keyless;      /* settled without a line of a key log that is theirs */
  guint64 lines;      /* secrets of key logs that were read */
  QsTapFigures relay; /* of a capture: nothing */
  guint64 packets;    /* of a capture */
} QsTapTotals;

/* options: copied. NULL with G_IO_ERROR or QS_ERROR_INVALID_TARGET. It listens from now on. */
QsTap *qs_tap_new (const QsTapOptions *options, GError **error);
/* options: copied. NULL with G_IO_ERROR: it cannot be opened. What is wrong with it behind that: qs_tap_get_trouble(). */
QsTap *qs_tap_new_for_capture (const QsTapCaptureOptions *options, GError **error);
GSocketAddress *qs_tap_get_address (QsTap *self); /* where it listens; NULL: a capture is heard */
void qs_tap_start (QsTap *self);
/* Ends the relay, reads the key logs to their end, and settles all that is left. The figures stay. */
void qs_tap_stop (QsTap *self);
/* The same in slices of the main loop; "stopped" tells the end. at_once: what has come to the relay and was not handed on is let lie. */
void qs_tap_begin_stop (QsTap *self, gboolean at_once);
gboolean qs_tap_is_stopped (QsTap *self);
/* Other rules (net/qs-impairment.h) from now on, NULL: none, for what is under way as for what comes. FALSE with QS_ERROR_INVALID_TARGET:
 * nothing has changed. Not of a capture. */
gboolean qs_tap_set_impairment (QsTap *self, const char *rules, GError **error);
/* Why a capture ended before its end, or has nothing to show, a translated sentence; NULL: all is well so far. */
const char *qs_tap_get_trouble (QsTap *self);
void qs_tap_get_totals (QsTap *self, QsTapTotals *totals);
/* QsKeyFollower, in the order of the options. The tap's. */
GPtrArray *qs_tap_get_key_logs (QsTap *self);

G_END_DECLS
