/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/qs-http3.h"

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "http/qs-http3-conn.h"

#define MAX_HEADERS 512 /* names and values that are kept of a response */

struct _QsHttp3 {
  const QsHttp3Io *io;
  gpointer data;
  QsHttp3Conn http3;
  gint64 request;
  guint status;
  GPtrArray *headers;
  gboolean complete;
};

static char *
dup_buffer (nghttp3_rcbuf *buffer)
{
  nghttp3_vec bytes = nghttp3_rcbuf_get_buf (buffer);

  return qs_text_escape (bytes.base, (gssize) bytes.len);
}

static int
begin_headers_cb (nghttp3_conn *conn, int64_t stream, void *data, void *stream_data)
{
  QsHttp3 *self = data;

  /* Also for the head that follows an interim response. */
  g_ptr_array_set_size (self->headers, 0);
  self->status = 0;
  return 0;
}

static int
recv_header_cb (nghttp3_conn *conn, int64_t stream, int32_t token, nghttp3_rcbuf *name, nghttp3_rcbuf *value,
                uint8_t flags, void *data, void *stream_data)
{
  QsHttp3 *self = data;

  if (token == NGHTTP3_QPACK_TOKEN__STATUS)
    {
      g_autofree char *text = dup_buffer (value);
      self->status = (guint) g_ascii_strtoull (text, NULL, 10);
    }
  else if (self->headers->len < MAX_HEADERS)
    {
      g_ptr_array_add (self->headers, dup_buffer (name));
      g_ptr_array_add (self->headers, dup_buffer (value));
    }
  return 0;
}

static int
end_headers_cb (nghttp3_conn *conn, int64_t stream, int fin, void *data, void *stream_data)
{
  QsHttp3 *self = data;

  if (self->status >= 200)
    self->io->head (self->data);
  return 0;
}

static int
recv_data_cb (nghttp3_conn *conn, int64_t stream, const uint8_t *bytes, size_t length, void *data, void *stream_data)
{
  QsHttp3 *self = data;

  self->io->body (bytes, length, self->data);
  return 0;
}

static int
end_stream_cb (nghttp3_conn *conn, int64_t stream, void *data, void *stream_data)
{
  QsHttp3 *self = data;

  if (stream == self->request && !self->complete)
    {
      self->complete = TRUE;
      self->io->done (self->data);
    }
  return 0;
}

static int
stop_sending_cb (nghttp3_conn *conn, int64_t stream, uint64_t code, void *data, void *stream_data)
{
  QsHttp3 *self = data;

  self->io->stop (stream, code, self->data);
  return 0;
}

static int
reset_stream_cb (nghttp3_conn *conn, int64_t stream, uint64_t code, void *data, void *stream_data)
{
  QsHttp3 *self = data;

  self->io->reset (stream, code, self->data);
  return 0;
}

static const nghttp3_callbacks callbacks = {
  .recv_data = recv_data_cb,
  .begin_headers = begin_headers_cb,
  .recv_header = recv_header_cb,
  .end_headers = end_headers_cb,
  .stop_sending = stop_sending_cb,
  .end_stream = end_stream_cb,
  .reset_stream = reset_stream_cb,
};

/* Hands on all that nghttp3 wants to send. The connection queues it (copied), so that it counts as
 * written and acknowledged at once. */
static gboolean
flush (QsHttp3 *self, GError **error)
{
  for (;;)
    {
      nghttp3_vec pieces[8];
      gint64 stream;
      gboolean fin;
      gssize n = qs_http3_conn_next (&self->http3, &stream, &fin, pieces, G_N_ELEMENTS (pieces), error);
      if (n < 0)
        return FALSE;
      if (stream < 0)
        return TRUE;

      gsize total = 0;
      for (gssize i = 0; i < n; i++)
        {
          self->io->send (stream, pieces[i].base, pieces[i].len, fin && i == n - 1, self->data);
          total += pieces[i].len;
        }
      if (n == 0 && fin)
        self->io->send (stream, NULL, 0, TRUE, self->data);
      if (!qs_http3_conn_wrote (&self->http3, stream, total, error))
        return FALSE;
    }
}

static gint64
open_cb (gpointer data, GError **error)
{
  QsHttp3 *self = data;

  return self->io->open (FALSE, self->data, error);
}

QsHttp3 *
qs_http3_new (const QsHttp3Io *io, gpointer data, GError **error)
{
  g_return_val_if_fail (io != NULL, NULL);

  g_autoptr (QsHttp3) self = g_new0 (QsHttp3, 1);

  self->io = io;
  self->data = data;
  self->request = -1;
  self->headers = g_ptr_array_new_with_free_func (g_free);
  if (!qs_http3_conn_begin (&self->http3, FALSE, &callbacks, self, open_cb, self, error) || !flush (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
qs_http3_free (QsHttp3 *self)
{
  if (self == NULL)
    return;
  qs_http3_conn_clear (&self->http3);
  g_ptr_array_unref (self->headers);
  g_free (self);
}

gboolean
qs_http3_get (QsHttp3 *self, const char *authority, const char *path, GError **error)
{
  g_return_val_if_fail (self != NULL && authority != NULL && path != NULL && self->request < 0, FALSE);

  gint64 stream = self->io->open (TRUE, self->data, error);
  if (stream < 0)
    return FALSE;

  const nghttp3_nv fields[] = {
    qs_http3_field (":method", "GET"),
    qs_http3_field (":scheme", "https"),
    qs_http3_field (":authority", authority),
    qs_http3_field (":path", path),
    qs_http3_field ("user-agent", "quicscope/" PACKAGE_VERSION),
    qs_http3_field ("accept", "*/*"),
  };
  self->request = stream;
  int result = nghttp3_conn_submit_request (self->http3.conn, stream, fields, G_N_ELEMENTS (fields), NULL, NULL);
  if (result != 0)
    return qs_http3_conn_fail (&self->http3, _ ("HTTP/3 could not send the request"), result, error);
  return flush (self, error);
}

gboolean
qs_http3_receive (QsHttp3 *self, gint64 stream, const void *bytes, gsize length, gboolean fin, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return qs_http3_conn_read (&self->http3, stream, bytes, length, fin, error) && flush (self, error);
}

void
qs_http3_stream_closed (QsHttp3 *self, gint64 stream, guint64 code)
{
  g_return_if_fail (self != NULL);

  /* It says NGHTTP3_ERR_STREAM_NOT_FOUND for one that is gone already: nothing to do about that. */
  nghttp3_conn_close_stream (self->http3.conn, stream, code);
}

gint64
qs_http3_get_request_stream (QsHttp3 *self)
{
  return self->request;
}

guint
qs_http3_get_status (QsHttp3 *self)
{
  return self->status;
}

const char *const *
qs_http3_get_headers (QsHttp3 *self)
{
  /* A spare NULL at the end that the array does not count. */
  g_ptr_array_add (self->headers, NULL);
  g_ptr_array_set_size (self->headers, (int) self->headers->len - 1);
  return (const char *const *) self->headers->pdata;
}

gboolean
qs_http3_is_complete (QsHttp3 *self)
{
  return self->complete;
}

guint64
qs_http3_get_error_code (QsHttp3 *self)
{
  return self->http3.error_code;
}
