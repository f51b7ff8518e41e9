/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-json.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * QsQlogEvents:
 *
 * Makes a trace of one qlog trace's events.
 */
typedef struct _QsQlogEvents QsQlogEvents;

/* trace: the JSON object with vantage_point and common_fields; QS_JSON_NONE where the file has none. */
QsQlogEvents *qs_qlog_events_new (QsJson trace, const char *title);
void qs_qlog_events_add (QsQlogEvents *self, QsJson event);
guint qs_qlog_events_get_n_packets (QsQlogEvents *self);
void qs_qlog_events_add_note (QsQlogEvents *self, const char *note);
/* (transfer full); frees self. */
QsTrace *qs_qlog_events_finish (QsQlogEvents *self);
void qs_qlog_events_free (QsQlogEvents *self);

G_END_DECLS
