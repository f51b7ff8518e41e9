/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "trace/qs-filter.h"

G_BEGIN_DECLS

/**
 * QsPacketModel: those of a trace's packets that match a filter, as rows.
 *
 * Nothing is held for a row but the packet's index; texts are made when they are asked for. The filter runs in
 * slices of the main loop, goes on when the trace grows, and begins anew, at most a twentieth of the time, when
 * packets changed that it had seen (acknowledged, lost, decrypted late).
 *
 * GtkTreeView keeps a node for each row, which takes 2 µs and 60 bytes: a million would hold the window up for
 * seconds. So as a GtkTreeModel it is a window of at most QS_PACKET_MODEL_WINDOW rows on all of them, which
 * qs_packet_model_set_first() moves: "row" below counts all, a path's index from the window's first.
 *
 * Signals: "changed" (): the number of rows, or what is in them; at most once a slice.
 */
#define QS_TYPE_PACKET_MODEL (qs_packet_model_get_type ())
G_DECLARE_FINAL_TYPE (QsPacketModel, qs_packet_model, QS, PACKET_MODEL, GObject)

#define QS_PACKET_MODEL_WINDOW 1000

typedef enum {
  QS_PACKET_COLUMN_PACKET, /* uint: the packet's index in the trace */
  QS_PACKET_COLUMN_TIME,   /* the rest: strings */
  QS_PACKET_COLUMN_DELTA,  /* since the row above */
  QS_PACKET_COLUMN_DIRECTION,
  QS_PACKET_COLUMN_TYPE,
  QS_PACKET_COLUMN_NUMBER,
  QS_PACKET_COLUMN_SIZE,
  QS_PACKET_COLUMN_FRAMES,
  QS_PACKET_COLUMN_SUMMARY,
  QS_PACKET_N_COLUMNS
} QsPacketColumn;

QsPacketModel *qs_packet_model_new (QsTrace *trace, QsFilter *filter);
QsTrace *qs_packet_model_get_trace (QsPacketModel *self);
guint qs_packet_model_get_length (QsPacketModel *self); /* all rows */
gboolean qs_packet_model_is_busy (QsPacketModel *self); /* the filter has not seen all packets yet */
guint qs_packet_model_get_packet (QsPacketModel *self, guint row);
/* The packet's row; FALSE when it is not among them, then the row before which it would be. */
gboolean qs_packet_model_find (QsPacketModel *self, guint packet, guint *row);

/* The window's first row; clamped, so that the window is full where there are rows enough. */
guint qs_packet_model_get_first (QsPacketModel *self);
void qs_packet_model_set_first (QsPacketModel *self, guint row);

/* A cell's text. Owned by the caller. */
char *qs_packet_model_dup_text (QsPacketModel *self, guint row, QsPacketColumn column);

G_END_DECLS
