/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/qs-session.h"

G_BEGIN_DECLS

/**
 * QsReplayBar: plays the session's run: play and pause, steps by packet and by flight, a slider, the speed.
 *
 * While the replay plays, the bar is what moves it, frame by frame of its window. A run that is not over yet
 * cannot be replayed. Keys: see qs_replay_bar_handle_key(), which views beside it pass theirs to.
 * Properties: "compact" (boolean, write-only): without `From the start` and `Show all`, for a narrow place.
 * Accessible names: `Play` / `Pause`, `Next packet`, `Previous packet`, `Next flight`, `Previous flight`,
 * `From the start`, `Show all`, slider `Position`, `Speed`, label `Moment`.
 */
#define QS_TYPE_REPLAY_BAR (qs_replay_bar_get_type ())
G_DECLARE_FINAL_TYPE (QsReplayBar, qs_replay_bar, QS, REPLAY_BAR, GtkBox)

void qs_replay_bar_set_session (QsReplayBar *self, QsSession *session);
/* Space plays and pauses, left and right step by packet, with Shift by flight; Home and End while it is under way.
 * TRUE when the key was one of them. */
gboolean qs_replay_bar_handle_key (QsReplayBar *self, const GdkEventKey *event);

G_END_DECLS
