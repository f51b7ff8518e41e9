/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-i18n.h"
#include "engine/qs-kept-bytes.h"
#include "engine/qs-stream-private.h"

struct _QsStream {
  GObject parent;
  QsConnection *connection; /* NULL once it is gone */
  gint64 id;
  gboolean bidirectional, local;
  gboolean concluded; /* by us: nothing more may be sent */
  QsStreamInfo info;
  QsKeptBytes *received;
};

G_DEFINE_FINAL_TYPE (QsStream, qs_stream, G_TYPE_OBJECT)

enum {
  PROP_0,
  PROP_ID,
  PROP_READ_STATE,
  PROP_WRITE_STATE,
  PROP_READ_ERROR,
  PROP_WRITE_ERROR,
  PROP_BYTES_SENT,
  PROP_BYTES_RECEIVED,
  PROP_RECEIVED,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void
qs_stream_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  QsStream *self = QS_STREAM (object);

  switch (id)
    {
    case PROP_ID:
      g_value_set_int64 (value, self->id);
      break;
    case PROP_READ_STATE:
      g_value_set_uint (value, self->info.read_state);
      break;
    case PROP_WRITE_STATE:
      g_value_set_uint (value, self->info.write_state);
      break;
    case PROP_READ_ERROR:
      g_value_set_int64 (value, self->info.read_error);
      break;
    case PROP_WRITE_ERROR:
      g_value_set_int64 (value, self->info.write_error);
      break;
    case PROP_BYTES_SENT:
      g_value_set_uint64 (value, self->info.sent);
      break;
    case PROP_BYTES_RECEIVED:
      g_value_set_uint64 (value, self->info.received);
      break;
    case PROP_RECEIVED:
      g_value_take_boxed (value, qs_stream_dup_received (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_stream_finalize (GObject *object)
{
  QsStream *self = QS_STREAM (object);

  qs_stream_detach (self);
  g_clear_pointer (&self->received, qs_kept_bytes_free);
  G_OBJECT_CLASS (qs_stream_parent_class)->finalize (object);
}

static void
qs_stream_class_init (QsStreamClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = qs_stream_get_property;
  object_class->finalize = qs_stream_finalize;
  props[PROP_ID] = g_param_spec_int64 ("id", NULL, NULL, -1, G_MAXINT64, -1, flags);
  props[PROP_READ_STATE] = g_param_spec_uint ("read-state", NULL, NULL, 0, QS_STREAM_CONN_CLOSED, 0, flags);
  props[PROP_WRITE_STATE] = g_param_spec_uint ("write-state", NULL, NULL, 0, QS_STREAM_CONN_CLOSED, 0, flags);
  props[PROP_READ_ERROR] = g_param_spec_int64 ("read-error", NULL, NULL, -1, G_MAXINT64, -1, flags);
  props[PROP_WRITE_ERROR] = g_param_spec_int64 ("write-error", NULL, NULL, -1, G_MAXINT64, -1, flags);
  props[PROP_BYTES_SENT] = g_param_spec_uint64 ("bytes-sent", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[PROP_BYTES_RECEIVED] = g_param_spec_uint64 ("bytes-received", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[PROP_RECEIVED] = g_param_spec_boxed ("received", NULL, NULL, G_TYPE_BYTES, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
qs_stream_init (QsStream *self)
{
}

/* --- For the probe --- */

QsStream *
qs_stream_new (QsConnection *connection, gint64 id, gboolean bidirectional, gboolean local, gsize kept, gsize *pool)
{
  g_return_val_if_fail (connection != NULL, NULL);

  QsStream *self = g_object_new (QS_TYPE_STREAM, NULL);
  self->connection = qs_connection_ref (connection);
  self->received = qs_kept_bytes_new_of_pool (kept, pool);
  self->id = id;
  self->bidirectional = bidirectional;
  self->local = local;
  self->info = (QsStreamInfo){ .read_error = -1, .write_error = -1 };
  self->info.read_state = bidirectional || !local ? QS_STREAM_OK : QS_STREAM_WRONG_DIR;
  self->info.write_state = bidirectional || local ? QS_STREAM_OK : QS_STREAM_WRONG_DIR;
  return self;
}

void
qs_stream_receive (QsStream *self, const guint8 *bytes, gsize length)
{
  g_return_if_fail (QS_IS_STREAM (self));

  if (qs_kept_bytes_append (self->received, bytes, length))
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_RECEIVED]);
}

void
qs_stream_update (QsStream *self, const QsStreamInfo *info)
{
  g_return_if_fail (QS_IS_STREAM (self) && info != NULL);

  QsStreamInfo before = self->info;
  self->info = *info;
  g_object_freeze_notify (G_OBJECT (self));
  if (before.read_state != info->read_state)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_READ_STATE]);
  if (before.write_state != info->write_state)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_WRITE_STATE]);
  if (before.read_error != info->read_error)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_READ_ERROR]);
  if (before.write_error != info->write_error)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_WRITE_ERROR]);
  if (before.sent != info->sent)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_BYTES_SENT]);
  if (before.received != info->received)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_BYTES_RECEIVED]);
  g_object_thaw_notify (G_OBJECT (self));
}

void
qs_stream_detach (QsStream *self)
{
  g_return_if_fail (QS_IS_STREAM (self));
  g_clear_pointer (&self->connection, qs_connection_unref);
}

/* --- Public functions --- */

gint64
qs_stream_get_id (QsStream *self)
{
  g_return_val_if_fail (QS_IS_STREAM (self), -1);
  return self->id;
}

gboolean
qs_stream_is_bidirectional (QsStream *self)
{
  g_return_val_if_fail (QS_IS_STREAM (self), FALSE);
  return self->bidirectional;
}

gboolean
qs_stream_is_local (QsStream *self)
{
  g_return_val_if_fail (QS_IS_STREAM (self), FALSE);
  return self->local;
}

QsStreamState
qs_stream_get_read_state (QsStream *self)
{
  g_return_val_if_fail (QS_IS_STREAM (self), QS_STREAM_NONE);
  return self->info.read_state;
}

QsStreamState
qs_stream_get_write_state (QsStream *self)
{
  g_return_val_if_fail (QS_IS_STREAM (self), QS_STREAM_NONE);
  return self->info.write_state;
}

gint64
qs_stream_get_read_error (QsStream *self)
{
  g_return_val_if_fail (QS_IS_STREAM (self), -1);
  return self->info.read_error;
}

gint64
qs_stream_get_write_error (QsStream *self)
{
  g_return_val_if_fail (QS_IS_STREAM (self), -1);
  return self->info.write_error;
}

guint64
qs_stream_get_bytes_sent (QsStream *self)
{
  g_return_val_if_fail (QS_IS_STREAM (self), 0);
  return self->info.sent;
}

guint64
qs_stream_get_bytes_received (QsStream *self)
{
  g_return_val_if_fail (QS_IS_STREAM (self), 0);
  return self->info.received;
}

GBytes *
qs_stream_dup_received (QsStream *self)
{
  return qs_stream_dup_received_start (self, G_MAXSIZE);
}

GBytes *
qs_stream_dup_received_start (QsStream *self, gsize most)
{
  g_return_val_if_fail (QS_IS_STREAM (self), NULL);

  return qs_kept_bytes_dup_start (self->received, most);
}

static gboolean
check_connected (QsStream *self, GError **error)
{
  if (self->connection != NULL && qs_connection_get_state (self->connection) == QS_CONNECTION_ESTABLISHED)
    return TRUE;
  g_set_error_literal (error, QS_ERROR, QS_ERROR_FAILED, _ ("The connection is not open any more: connect again."));
  return FALSE;
}

gboolean
qs_stream_send (QsStream *self, GBytes *bytes, gboolean conclude, GError **error)
{
  g_return_val_if_fail (QS_IS_STREAM (self), FALSE);

  if (!check_connected (self, error))
    return FALSE;
  if (self->concluded || self->info.write_state != QS_STREAM_OK)
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_FAILED,
                           _ ("Nothing more can be sent on this stream: its sending side is over. Open another one."));
      return FALSE;
    }
  self->concluded = conclude;
  qs_connection_send (self->connection, self->id, bytes, conclude);
  return TRUE;
}

gboolean
qs_stream_reset (QsStream *self, guint64 code, GError **error)
{
  g_return_val_if_fail (QS_IS_STREAM (self), FALSE);

  if (!check_connected (self, error))
    return FALSE;
  if (self->info.write_state != QS_STREAM_OK || qs_connection_is_tls (self->connection))
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_FAILED,
                           _ ("This stream cannot be reset: there is nothing of ours under way on it."));
      return FALSE;
    }
  self->concluded = TRUE;
  qs_connection_reset (self->connection, self->id, code);
  return TRUE;
}

gboolean
qs_stream_stop_reading (QsStream *self, GError **error)
{
  g_return_val_if_fail (QS_IS_STREAM (self), FALSE);

  if (!check_connected (self, error))
    return FALSE;
  if (self->info.read_state != QS_STREAM_OK || qs_connection_is_tls (self->connection))
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_FAILED,
                           _ ("Reading cannot be stopped on this stream: nothing more comes on it."));
      return FALSE;
    }
  qs_connection_stop_reading (self->connection, self->id, 0);
  return TRUE;
}
