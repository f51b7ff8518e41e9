/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/qs-session.h"
#include "app/widgets/qs-delay-meter.h"

G_BEGIN_DECLS

/**
 * QsStatusBar: the shown run's connection state, how much its trace holds, and how late the main loop is.
 */
#define QS_TYPE_STATUS_BAR (qs_status_bar_get_type ())
G_DECLARE_FINAL_TYPE (QsStatusBar, qs_status_bar, QS, STATUS_BAR, GtkBox)

/* Once. */
void qs_status_bar_set_session (QsStatusBar *self, QsSession *session, QsDelayMeter *meter);

G_END_DECLS
