/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-json.h"
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
/* An empty one that reads the same way: for another group of the same trace. */
QsQlogEvents *qs_qlog_events_new_like (QsQlogEvents *other);
/* What an event says of the connection that it is of, where a trace mixes several (group_id); often not there. */
QsJson qs_qlog_events_get_group (const QsQlogEvents *self, QsJson event);
void qs_qlog_events_add (QsQlogEvents *self, QsJson event);
/* The log is the other end's, it turned out: of what the first of them said so far, sent stays sent. */
void qs_qlog_events_turn (QsQlogEvents *self);
QsTrace *qs_qlog_events_get_trace (QsQlogEvents *self); /* as far as it is: for what events do not tell of */
guint qs_qlog_events_get_n_packets (QsQlogEvents *self);
void qs_qlog_events_add_note (QsQlogEvents *self, const char *note);
/* (transfer full); frees self. */
QsTrace *qs_qlog_events_finish (QsQlogEvents *self);
void qs_qlog_events_free (QsQlogEvents *self);

G_END_DECLS
