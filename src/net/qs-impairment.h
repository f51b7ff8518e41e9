/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/qs-udp-bio.h"

G_BEGIN_DECLS

/**
 * QsImpairment:
 *
 * What a bad path does to datagrams, each direction alone: a plain struct that a text describes and a
 * QsUdpBio applies. The same seed gives the same sequence of fates for the same sequence of datagrams.
 */
typedef struct {
  double loss;                        /* probability, 0 to 1 */
  double duplicate;                   /* probability */
  double corrupt;                     /* probability: one bit is flipped */
  double reorder;                     /* probability: held back until later ones have passed */
  GArray *drop;                       /* guint: datagrams to drop by number, from 1; NULL for none */
  gint64 delay;                       /* nanoseconds */
  gint64 jitter;                      /* nanoseconds: added, evenly spread between 0 and this */
  guint64 rate;                       /* bytes a second; 0: no limit */
  guint64 queue;                      /* bytes that wait for the rate before more are dropped */
  guint mtu;                          /* longer datagrams are dropped; 0: no limit */
  gint64 blackout_from, blackout_for; /* nanoseconds since the first datagram; for 0: none */
  gint8 ecn;                          /* the two bits that all leave with; 0: bleached; -1: left alone */
} QsPathRules;

typedef struct {
  QsPathRules up; /* from the client to the server */
  QsPathRules down;
  guint32 seed;
  gint64 rebind; /* nanoseconds since the client's first datagram: then its port becomes another; 0: never */
} QsImpairment;

/**
 * qs_impairment_new:
 * @text: a preset's name, or rules apart by commas: `loss=10%`, `drop=2` (that one; `drop=2+5` both),
 *   `delay=50ms`, `jitter=10ms`, `reorder=5%`, `duplicate=1%`, `corrupt=1%`, `rate=125000` (bytes a second;
 *   `1mbit`), `queue=64KiB`, `mtu=1200`, `blackout=2s+500ms` (after two seconds, for half a second), `ecn=bleach`,
 *   `ecn=ect0`, `ecn=ect1` or `ecn=ce`, `rebind=2s`, `seed=7`. `up:` or `down:` before a rule makes it hold for one direction; a preset's name may
 *   come first and be changed by rules behind it.
 *
 * Returns: (transfer full): or NULL with QS_ERROR_INVALID_TARGET: a translated sentence that
 *   says at which character the wrong rule begins, and what it takes
 */
QsImpairment *qs_impairment_new (const char *text, GError **error);
void qs_impairment_free (QsImpairment *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsImpairment, qs_impairment_free)

#define QS_ECN_ECT1 1 /* RFC 3168 section 5 */
#define QS_ECN_ECT0 2

/* Makes bio's datagrams meet it; copies. at_client: whose socket it is, which says what is up and down. */
gboolean qs_impairment_apply (const QsImpairment *self, QsUdpBio *bio, gboolean at_client, GError **error);

/* Other rules from now on, where some were applied already: what waits keeps its time, and what comes behind it does not overtake it.
 * In the thread that runs the BIO. Else as qs_impairment_apply(). */
gboolean qs_impairment_change (const QsImpairment *self, QsUdpBio *bio, gboolean at_client, GError **error);

/* Whether no handshake of QUIC can come through, whatever the chances: all is lost in one direction, or all that has the
 * 1200 bytes of a first datagram (RFC 9000 section 14.1). */
gboolean qs_impairment_blocks_all (const QsImpairment *self);

/* Presets, a const table. */
typedef struct {
  const char *name;  /* "satellite" */
  const char *title; /* N_() */
  const char *rules;
} QsImpairmentPreset;
const QsImpairmentPreset *qs_impairment_presets (guint *n_presets);

/* (transfer full): how rules are written and which presets there are, several lines for a --help. */
char *qs_impairment_help (void);

G_END_DECLS
