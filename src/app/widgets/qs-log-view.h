/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/models/qs-log.h"

G_BEGIN_DECLS

/**
 * QsLogView: the log of events; stays at its end while a person does not scroll away from it.
 */
#define QS_TYPE_LOG_VIEW (qs_log_view_get_type ())
G_DECLARE_FINAL_TYPE (QsLogView, qs_log_view, QS, LOG_VIEW, GtkBox)

void qs_log_view_set_log (QsLogView *self, QsLog *log);

G_END_DECLS
