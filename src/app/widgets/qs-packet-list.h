/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/models/qs-packet-model.h"

G_BEGIN_DECLS

/**
 * QsPacketList: the rows of a QsPacketModel as a table that scrolls over all of them, however many.
 *
 * It shows the model's window with a GtkTreeView and moves the window along when its edge comes near; the
 * scroll bar is for all rows. Arrow keys, Page Up, Page Down, Home and End walk all rows too.
 *
 * Properties: "selected" (int64, notifies: a packet's index, -1: none), "follow" (boolean, notifies: stays at
 * the end as rows come; off once a person scrolls away from it).
 */
#define QS_TYPE_PACKET_LIST (qs_packet_list_get_type ())
G_DECLARE_FINAL_TYPE (QsPacketList, qs_packet_list, QS, PACKET_LIST, GtkBox)

GtkWidget *qs_packet_list_new (void);
void qs_packet_list_set_model (QsPacketList *self, QsPacketModel *model); /* NULL: nothing */
gint64 qs_packet_list_get_selected (QsPacketList *self);
/* Scrolls there when it is among the rows. */
void qs_packet_list_set_selected (QsPacketList *self, gint64 packet);
/* By rows; from none: the first, or the last. */
void qs_packet_list_step (QsPacketList *self, gint64 rows);
gboolean qs_packet_list_get_follow (QsPacketList *self);
void qs_packet_list_set_follow (QsPacketList *self, gboolean follow);
GtkTreeView *qs_packet_list_get_view (QsPacketList *self);
GtkAdjustment *qs_packet_list_get_adjustment (QsPacketList *self); /* over all rows, in pixels */

G_END_DECLS
