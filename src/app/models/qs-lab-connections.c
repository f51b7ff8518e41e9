/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-lab-connections.h"

#include "base/qs-i18n.h"
#include "base/qs-text.h"

#define FRAME_MS 33

struct _QsLabConnections {
  GObject parent;
  QsLab *lab;
  QsServer *server;
  GtkListStore *model;
  guint fill_id;
};

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsLabConnections, qs_lab_connections, G_TYPE_OBJECT)

static const struct {
  const char *state;
  const char *words;
} states[] = {
  { "handshaking", N_ ("Handshaking") },
  { "established", N_ ("Established") },
  { "closed", N_ ("Closed") },
  { "failed", N_ ("Failed") },
};

static const char *
state_words (const char *state)
{
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    if (g_strcmp0 (states[i].state, state) == 0)
      return _ (states[i].words);
  return state;
}

static void
fill_row (QsLabConnections *self, GtkTreeIter *iter, QsServerConnection *connection)
{
  g_autofree char *state = NULL, *peer = NULL, *alpn = NULL, *transport = NULL, *end = NULL;
  guint n_streams;
  guint64 bytes_received, bytes_sent;

  g_object_get (connection, "state", &state, "peer", &peer, "alpn", &alpn, "transport", &transport, "end", &end,
                "n-streams", &n_streams, "bytes-received", &bytes_received, "bytes-sent", &bytes_sent, NULL);
  g_autofree char *who = g_strcmp0 (transport, "tls") == 0 ? g_strdup_printf (_ ("%s (TLS)"), peer) : g_strdup (peer);
  g_autofree char *streams = g_strdup_printf ("%'u", n_streams);
  g_autofree char *received = qs_text_size (bytes_received);
  g_autofree char *sent = qs_text_size (bytes_sent);
  gtk_list_store_set (self->model, iter, QS_LAB_COLUMN_PEER, who, QS_LAB_COLUMN_STATE, state_words (state),
                      QS_LAB_COLUMN_ALPN, alpn, QS_LAB_COLUMN_STREAMS, streams, QS_LAB_COLUMN_RECEIVED, received,
                      QS_LAB_COLUMN_SENT, sent, QS_LAB_COLUMN_END, end, -1);
}

/* At most 200 rows: the newest stands first. */
static void
fill (QsLabConnections *self)
{
  GListModel *connections = qs_server_get_connections (self->server);
  guint n = g_list_model_get_n_items (connections);
  GtkTreeModel *model = GTK_TREE_MODEL (self->model);
  GtkTreeIter iter;
  gboolean valid = gtk_tree_model_get_iter_first (model, &iter);

  for (guint i = n; i-- > 0;)
    {
      g_autoptr (QsServerConnection) connection = g_list_model_get_item (connections, i);
      if (!valid)
        gtk_list_store_append (self->model, &iter);
      fill_row (self, &iter, connection);
      valid = valid && gtk_tree_model_iter_next (model, &iter);
    }
  while (valid)
    valid = gtk_list_store_remove (self->model, &iter);
  g_signal_emit (self, signals[CHANGED], 0);
}

static gboolean
fill_cb (gpointer data)
{
  QsLabConnections *self = data;

  self->fill_id = 0;
  if (self->server != NULL)
    fill (self);
  return G_SOURCE_REMOVE;
}

static void
server_changed_cb (QsLabConnections *self)
{
  if (self->fill_id == 0)
    self->fill_id = g_timeout_add_full (G_PRIORITY_HIGH_IDLE, FRAME_MS, fill_cb, self, NULL);
}

static void
set_server (QsLabConnections *self, QsServer *server)
{
  if (self->server != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->server, self);
      fill (self); /* how they ended */
    }
  g_set_object (&self->server, server);
  if (server == NULL)
    return;
  g_signal_connect_swapped (server, "connection-added", G_CALLBACK (server_changed_cb), self);
  g_signal_connect_swapped (server, "connection-changed", G_CALLBACK (server_changed_cb), self);
  g_signal_connect_swapped (server, "connection-removed", G_CALLBACK (server_changed_cb), self);
  fill (self);
}

static void
lab_server_cb (QsLabConnections *self)
{
  set_server (self, qs_lab_get_server (self->lab));
}

static void
qs_lab_connections_dispose (GObject *object)
{
  QsLabConnections *self = QS_LAB_CONNECTIONS (object);

  g_clear_handle_id (&self->fill_id, g_source_remove);
  if (self->server != NULL)
    g_signal_handlers_disconnect_by_data (self->server, self);
  g_clear_object (&self->server);
  g_clear_object (&self->lab);
  g_clear_object (&self->model);
  G_OBJECT_CLASS (qs_lab_connections_parent_class)->dispose (object);
}

static void
qs_lab_connections_class_init (QsLabConnectionsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = qs_lab_connections_dispose;
  signals[CHANGED] =
      g_signal_new ("changed", QS_TYPE_LAB_CONNECTIONS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_lab_connections_init (QsLabConnections *self)
{
  self->model = gtk_list_store_new (QS_LAB_N_COLUMNS, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING,
                                    G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
}

QsLabConnections *
qs_lab_connections_new (QsLab *lab)
{
  g_return_val_if_fail (QS_IS_LAB (lab), NULL);

  QsLabConnections *self = g_object_new (QS_TYPE_LAB_CONNECTIONS, NULL);
  self->lab = g_object_ref (lab);
  g_signal_connect_object (lab, "notify::server", G_CALLBACK (lab_server_cb), self, G_CONNECT_SWAPPED);
  lab_server_cb (self);
  return self;
}

GtkTreeModel *
qs_lab_connections_get_model (QsLabConnections *self)
{
  g_return_val_if_fail (QS_IS_LAB_CONNECTIONS (self), NULL);

  return GTK_TREE_MODEL (self->model);
}

gboolean
qs_lab_connections_is_empty (QsLabConnections *self)
{
  g_return_val_if_fail (QS_IS_LAB_CONNECTIONS (self), TRUE);

  return gtk_tree_model_iter_n_children (GTK_TREE_MODEL (self->model), NULL) == 0;
}
