/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* The position of a replay that is not under way: everything is shown. */
#define QS_REPLAY_ALL G_MAXINT64

/**
 * QsReplay: a recorded trace, shown as far as a moment in time; the moment can be moved, or moves by itself.
 *
 * It has no clock: whoever shows it calls qs_replay_tick() with a frame's time while it plays. Whatever moves it
 * goes through one function; views follow its properties.
 *
 * Properties (all notify): "position" (int64: trace time in ns, QS_REPLAY_ALL), "packet" (int64: the last one by
 * then, in the order of their times; -1: none yet, or all), "playing" (boolean), "settled" (boolean: packets that
 * were sent by then have arrived, as after a step; while it plays they are under way), "speed" (double: 0.001 is a
 * thousand times slower), "shorten" (boolean, default TRUE: silences take no longer than three seconds).
 */
#define QS_TYPE_REPLAY (qs_replay_get_type ())
G_DECLARE_FINAL_TYPE (QsReplay, qs_replay, QS, REPLAY, GObject)

QsReplay *qs_replay_new (void);
/* NULL: none. Shows all of it. */
void qs_replay_set_trace (QsReplay *self, QsTrace *trace);
QsTrace *qs_replay_get_trace (QsReplay *self);

gint64 qs_replay_get_position (QsReplay *self);
gboolean qs_replay_is_under_way (QsReplay *self); /* not QS_REPLAY_ALL */
gint64 qs_replay_get_packet (QsReplay *self);
gboolean qs_replay_get_settled (QsReplay *self);
gint64 qs_replay_get_end (QsReplay *self); /* trace time of the last thing that happened */
/* Held within the trace. packet -1: the last one by then. Ends playing. */
void qs_replay_seek (QsReplay *self, gint64 position, gint64 packet, gboolean settled);
void qs_replay_show_all (QsReplay *self);

gboolean qs_replay_get_playing (QsReplay *self);
/* From the end, and from QS_REPLAY_ALL: from the start. */
void qs_replay_set_playing (QsReplay *self, gboolean playing);
/* Plays up to a moment and stops there, settled; at once when it is there already. */
void qs_replay_play_until (QsReplay *self, gint64 position, gint64 packet);
/* While it plays: now in monotonic µs, from whatever clock; the first one only starts it. */
void qs_replay_tick (QsReplay *self, gint64 now_us);

double qs_replay_get_speed (QsReplay *self);
void qs_replay_set_speed (QsReplay *self, double speed);
gboolean qs_replay_get_shorten (QsReplay *self);
void qs_replay_set_shorten (QsReplay *self, gboolean shorten);

/* The next packet (delta 1) or the one before (-1); a flight is what one side sends until the other one does. Forward
 * from QS_REPLAY_ALL: the first; back: the last. */
void qs_replay_step_packet (QsReplay *self, int delta);
void qs_replay_step_flight (QsReplay *self, int delta);

/* For a slider, which gives each packet the same room whatever the time between: from 0 to how many there are. */
double qs_replay_get_progress (QsReplay *self);
void qs_replay_set_progress (QsReplay *self, double progress);
guint qs_replay_get_n_packets (QsReplay *self);

/* The connection's state at the position (QsConnectionState); -1: not known. */
int qs_replay_get_state (QsReplay *self);

G_END_DECLS
