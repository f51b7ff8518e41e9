/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * QsRace: which of several attempts a run is about, and when the search for one is over (RFC 8305 section 5).
 *
 * It knows no socket and no clock: it is fed events, in whatever order they come, and asks for what is to be done. The
 * order is not given: an attempt that is refused by the very first datagram has failed before that anything came is told.
 * However they come, end() is called exactly once, at once when nothing is left to wait for, and nothing is asked for after it.
 *
 * An attempt is known by its number, from 0 in the order of their starts.
 */
typedef enum {
  QS_RACE_IDLE,
  QS_RACE_OPEN,     /* attempts are under way, none has answered */
  QS_RACE_WON,      /* the run is about one of them */
  QS_RACE_LOST,     /* all have failed without an answer; what TCP says is waited for, briefly */
  QS_RACE_STOPPING, /* those under way are being closed; nothing new is begun */
  QS_RACE_OVER,
  QS_N_RACE_STATES
} QsRaceState;

typedef enum {
  QS_RACE_STAGGER, /* the head start of an address: until the next one, if there is one, is tried beside */
  QS_RACE_CHECK,   /* QUIC's silence until TCP is asked */
  QS_RACE_HELLO,   /* silence until a ClientHello that fits into one datagram is tried as well */
  QS_RACE_GRACE,   /* how long an ended race waits for what TCP says */
  QS_N_RACE_TIMERS
} QsRaceTimer;

/* How much an attempt's failure tells: of those that failed, the run is about the one that tells most. */
typedef enum {
  QS_RACE_SILENT,
  QS_RACE_ERROR,    /* of the system or the network */
  QS_RACE_REFUSED,  /* by the host: nothing listens there */
  QS_RACE_ANSWERED, /* something came back: the same as an answer told before it */
} QsRaceFailure;

typedef struct {
  guint n_addresses;
  gboolean asks_tcp;  /* QUIC: TCP's word on the same port is worth having */
  gboolean small_too; /* a smaller ClientHello may be tried */
  guint timer_ms[QS_N_RACE_TIMERS];
} QsRaceRules;

typedef struct {
  /* Begins an attempt; small: with the smaller ClientHello, at the address that is waited for. FALSE: it failed at once,
   * with what *failure says. */
  gboolean (*start) (gpointer data, guint attempt, gboolean small, QsRaceFailure *failure);
  void (*ask_tcp) (gpointer data); /* qs_race_tcp_told() follows, or never */
  /* The run is about this one: the others are over, TCP's word is no one's concern. */
  void (*won) (gpointer data, guint attempt);
  /* None answered: this one tells most. won() is not called. */
  void (*settled) (gpointer data, guint attempt);
  /* Once. winner: the attempt that had won, -1: none. */
  void (*end) (gpointer data, gint winner);
  void (*set_timer) (gpointer data, QsRaceTimer timer, guint ms); /* once: qs_race_timer_over() */
  void (*clear_timer) (gpointer data, QsRaceTimer timer);
} QsRaceOps;

typedef struct _QsRace QsRace;

/* ops is static; data is borrowed. */
QsRace *qs_race_new (const QsRaceRules *rules, const QsRaceOps *ops, gpointer data);
/* Calls nothing. */
void qs_race_free (QsRace *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsRace, qs_race_free)

QsRaceState qs_race_get_state (const QsRace *self);
gboolean qs_race_state_may_follow (QsRaceState from, QsRaceState to);
gboolean qs_race_is_alive (const QsRace *self, guint attempt);
/* Whether it had the whole of its head start (RFC 8305 section 5) to answer in. */
gboolean qs_race_had_head_start (const QsRace *self, guint attempt);

/* --- Events: any of them in any state --- */

void qs_race_start (QsRace *self);
void qs_race_answered (QsRace *self, guint attempt);
void qs_race_failed (QsRace *self, guint attempt, QsRaceFailure failure); /* failed or closed */
void qs_race_tcp_told (QsRace *self);                                     /* or could not be asked */
void qs_race_timer_over (QsRace *self, QsRaceTimer timer);
/* Patience is over: ends now. */
void qs_race_give_up (QsRace *self);
/* Attempts under way are being closed by the caller, and fail then; without any it ends now. A winner's end is its own. */
void qs_race_stop (QsRace *self);

G_END_DECLS
