/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/models/qs-lab.h"

G_BEGIN_DECLS

/**
 * QsLabConnections: the lab server's connections as a table, live; what changes is written into it at most
 * once a frame. The table of a server that ended stays until another one starts.
 *
 * Signals: "changed" (): rows came or went.
 */
#define QS_TYPE_LAB_CONNECTIONS (qs_lab_connections_get_type ())
G_DECLARE_FINAL_TYPE (QsLabConnections, qs_lab_connections, QS, LAB_CONNECTIONS, GObject)

enum {
  QS_LAB_COLUMN_PEER,
  QS_LAB_COLUMN_STATE,
  QS_LAB_COLUMN_ALPN,
  QS_LAB_COLUMN_STREAMS,
  QS_LAB_COLUMN_RECEIVED,
  QS_LAB_COLUMN_SENT,
  QS_LAB_COLUMN_END,
  QS_LAB_N_COLUMNS
};

QsLabConnections *qs_lab_connections_new (QsLab *lab);
GtkTreeModel *qs_lab_connections_get_model (QsLabConnections *self); /* (transfer none), all strings */
gboolean qs_lab_connections_is_empty (QsLabConnections *self);

G_END_DECLS
