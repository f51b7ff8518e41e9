/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/qs-study.h"

G_BEGIN_DECLS

/**
 * QsTapConnection:
 *
 * One connection of another program that passes a QsTap: its trace is the client's view of it, and its study reads on while it lasts.
 * All in the thread that owns the tap.
 */
#define QS_TYPE_TAP_CONNECTION (qs_tap_connection_get_type ())
G_DECLARE_FINAL_TYPE (QsTapConnection, qs_tap_connection, QS, TAP_CONNECTION, GObject)

guint qs_tap_connection_get_number (QsTapConnection *self); /* from 1, in the order in which they began */
/* Lines of key logs that are its own. */
guint qs_tap_connection_get_n_keys (QsTapConnection *self);
/* Whether its ClientHello was read, by whose random its keys are found. */
gboolean qs_tap_connection_has_hello (QsTapConnection *self);
QsTrace *qs_tap_connection_get_trace (QsTapConnection *self);
/* NULL until the tap has made one. */
QsStudy *qs_tap_connection_get_study (QsTapConnection *self);

G_END_DECLS
