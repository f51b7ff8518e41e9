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
 * All in one thread, whose default main context has to be the program's (where traces tell of themselves).
 *
 * Signals:
 *   "added" (QsTapConnection *): one has begun
 *   "settled" (QsTapConnection *): nothing of its study will change any more; the tap drops it behind this
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
  guint begun, settled;
  guint empty;   /* TCP connections that came and went without a byte: not told of */
  guint keyless; /* settled without a line of a key log that is theirs */
  guint64 lines; /* secrets of key logs that were read */
  QsTapFigures relay;
} QsTapTotals;

/* options: copied. NULL with G_IO_ERROR or QS_ERROR_INVALID_TARGET. It listens from now on. */
QsTap *qs_tap_new (const QsTapOptions *options, GError **error);
GSocketAddress *qs_tap_get_address (QsTap *self); /* where it listens */
void qs_tap_start (QsTap *self);
/* Ends the relay, reads the key logs to their end, and settles all that is left. The figures stay. */
void qs_tap_stop (QsTap *self);
void qs_tap_get_totals (QsTap *self, QsTapTotals *totals);
/* QsKeyFollower, in the order of the options. The tap's. */
GPtrArray *qs_tap_get_key_logs (QsTap *self);

G_END_DECLS
