/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/qs-http3-server.h"

#include <inttypes.h>

#include "base/qs-i18n.h"
#include "http/qs-http3-conn.h"

#define PIECE 16384
#define MAX_MORE 8                                  /* fields of an answer besides its own */
#define MAX_HEAD 65536                              /* of a request as text; what is beyond is left out */
#define MAX_REQUESTS (G_GUINT64_CONSTANT (1) << 60) /* that a client may make; QUIC's own limit holds before */

struct _QsHttp3Server {
  const QsHttp3ServerIo *io;
  gpointer data;
  QsHttp3Conn http3;
  GHashTable *requests; /* stream -> Request */
  GBytes *piece;        /* what qs_http3_server_next() handed out last */
};

typedef struct {
  char *method, *path, *authority;
  GString *fields;
  GBytes *pulled; /* of its response; nghttp3 points into it until it counts as acknowledged */
} Request;

static void
request_free (Request *request)
{
  g_free (request->method);
  g_free (request->path);
  g_free (request->authority);
  g_string_free (request->fields, TRUE);
  g_clear_pointer (&request->pulled, g_bytes_unref);
  g_free (request);
}

/* --- What nghttp3 tells --- */

static Request *
find_request (QsHttp3Server *self, int64_t stream)
{
  return g_hash_table_lookup (self->requests, &stream);
}

static int
begin_headers_cb (nghttp3_conn *conn, int64_t stream, void *data, void *stream_data)
{
  QsHttp3Server *self = data;
  Request *request = g_new0 (Request, 1);

  request->fields = g_string_new (NULL);
  g_hash_table_replace (self->requests, g_memdup2 (&stream, sizeof stream), request);
  return 0;
}

static char *
dup_value (nghttp3_rcbuf *value)
{
  nghttp3_vec bytes = nghttp3_rcbuf_get_buf (value);

  return g_strndup ((const char *) bytes.base, bytes.len);
}

static int
recv_header_cb (nghttp3_conn *conn, int64_t stream, int32_t token, nghttp3_rcbuf *name, nghttp3_rcbuf *value,
                uint8_t flags, void *data, void *stream_data)
{
  Request *request = find_request (data, stream);
  nghttp3_vec n = nghttp3_rcbuf_get_buf (name), v = nghttp3_rcbuf_get_buf (value);
  char **taken = token == NGHTTP3_QPACK_TOKEN__METHOD      ? &request->method
                 : token == NGHTTP3_QPACK_TOKEN__PATH      ? &request->path
                 : token == NGHTTP3_QPACK_TOKEN__AUTHORITY ? &request->authority
                                                           : NULL;

  if (taken != NULL)
    {
      g_free (*taken);
      *taken = dup_value (value);
    }
  else if (n.len > 0 && n.base[0] != ':' && request->fields->len + n.len + v.len < MAX_HEAD)
    {
      g_string_append_len (request->fields, (const char *) n.base, (gssize) n.len);
      g_string_append (request->fields, ": ");
      g_string_append_len (request->fields, (const char *) v.base, (gssize) v.len);
      g_string_append (request->fields, "\r\n");
    }
  return 0;
}

/* nghttp3 has refused requests that lack what they must have. CONNECT alone has no path. */
static int
end_headers_cb (nghttp3_conn *conn, int64_t stream, int fin, void *data, void *stream_data)
{
  QsHttp3Server *self = data;
  Request *request = find_request (self, stream);
  g_autoptr (GString) head = g_string_new (NULL);

  g_string_append_printf (head, "%s %s HTTP/1.1\r\n", request->method != NULL ? request->method : "",
                          request->path != NULL ? request->path : "*");
  if (request->authority != NULL)
    g_string_append_printf (head, "host: %s\r\n", request->authority);
  g_string_append_len (head, request->fields->str, (gssize) request->fields->len);
  g_string_append (head, "\r\n");
  self->io->head (stream, head->str, head->len, self->data);
  return 0;
}

static int
recv_data_cb (nghttp3_conn *conn, int64_t stream, const uint8_t *bytes, size_t length, void *data, void *stream_data)
{
  QsHttp3Server *self = data;

  self->io->body (stream, bytes, length, self->data);
  return 0;
}

static int
end_stream_cb (nghttp3_conn *conn, int64_t stream, void *data, void *stream_data)
{
  QsHttp3Server *self = data;

  self->io->end (stream, self->data);
  return 0;
}

static int
stop_sending_cb (nghttp3_conn *conn, int64_t stream, uint64_t code, void *data, void *stream_data)
{
  QsHttp3Server *self = data;

  self->io->stop (stream, code, self->data);
  return 0;
}

static int
reset_stream_cb (nghttp3_conn *conn, int64_t stream, uint64_t code, void *data, void *stream_data)
{
  QsHttp3Server *self = data;

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

/* --- Public --- */

QsHttp3Server *
qs_http3_server_new (const QsHttp3ServerIo *io, gpointer data, GError **error)
{
  g_return_val_if_fail (io != NULL, NULL);

  g_autoptr (QsHttp3Server) self = g_new0 (QsHttp3Server, 1);

  self->io = io;
  self->data = data;
  self->requests = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, (GDestroyNotify) request_free);
  if (!qs_http3_conn_begin (&self->http3, TRUE, &callbacks, self, io->open, data, error))
    return NULL;
  nghttp3_conn_set_max_client_streams_bidi (self->http3.conn, MAX_REQUESTS);
  return g_steal_pointer (&self);
}

void
qs_http3_server_free (QsHttp3Server *self)
{
  if (self == NULL)
    return;
  qs_http3_conn_clear (&self->http3);
  g_clear_pointer (&self->piece, g_bytes_unref);
  g_hash_table_unref (self->requests);
  g_free (self);
}

gboolean
qs_http3_server_receive (QsHttp3Server *self, gint64 stream, const void *bytes, gsize length, gboolean fin,
                         GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return qs_http3_conn_read (&self->http3, stream, bytes, length, fin, error);
}

gboolean
qs_http3_server_stream_closed (QsHttp3Server *self, gint64 stream, guint64 code, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  int result = nghttp3_conn_close_stream (self->http3.conn, stream, code);
  g_hash_table_remove (self->requests, &stream);
  /* One that is gone already is nothing to mind. */
  if (result == 0 || result == NGHTTP3_ERR_STREAM_NOT_FOUND)
    return TRUE;
  return qs_http3_conn_fail (&self->http3, _ ("The peer broke HTTP/3's rules"), result, error);
}

/* One piece at a time: the next is pulled once this one was handed on, and with that copied. */
static nghttp3_ssize
read_data_cb (nghttp3_conn *conn, int64_t stream, nghttp3_vec *pieces, size_t n_pieces, uint32_t *flags, void *data,
              void *stream_data)
{
  QsHttp3Server *self = data;
  Request *request = find_request (self, stream);
  guint8 bytes[PIECE];
  gsize length = 0;

  if (request == NULL || request->pulled != NULL || n_pieces == 0)
    return NGHTTP3_ERR_WOULDBLOCK;
  QsHttp3Body body = self->io->pull (stream, bytes, sizeof bytes, &length, self->data);
  if (body == QS_HTTP3_BODY_WAITS)
    return NGHTTP3_ERR_WOULDBLOCK;
  if (body == QS_HTTP3_BODY_LAST)
    *flags |= NGHTTP3_DATA_FLAG_EOF;
  if (length == 0)
    return 0;
  request->pulled = g_bytes_new (bytes, length);
  pieces[0].base = (uint8_t *) g_bytes_get_data (request->pulled, NULL);
  pieces[0].len = length;
  return 1;
}

gboolean
qs_http3_server_respond (QsHttp3Server *self, gint64 stream, guint status, const char *type, gint64 length,
                         const char *const *more, GError **error)
{
  g_return_val_if_fail (self != NULL && type != NULL, FALSE);

  static const nghttp3_data_reader reader = { read_data_cb };
  g_autofree char *status_text = g_strdup_printf ("%u", status);
  g_autofree char *length_text = g_strdup_printf ("%" PRId64, length);
  nghttp3_nv fields[4 + MAX_MORE] = {
    qs_http3_field (":status", status_text),
    qs_http3_field ("server", "quicserve"),
    qs_http3_field ("content-type", type),
  };
  gsize n = 3;

  if (length >= 0)
    fields[n++] = qs_http3_field ("content-length", length_text);
  for (guint i = 0; more != NULL && more[i] != NULL && n < G_N_ELEMENTS (fields); i += 2)
    fields[n++] = qs_http3_field (more[i], more[i + 1]);
  int result = nghttp3_conn_submit_response (self->http3.conn, stream, fields, n, &reader);
  return result == 0 || qs_http3_conn_fail (&self->http3, _ ("HTTP/3 could not answer"), result, error);
}

gboolean
qs_http3_server_next (QsHttp3Server *self, gint64 *stream, GBytes **bytes, gboolean *fin, GError **error)
{
  g_return_val_if_fail (self != NULL && stream != NULL && bytes != NULL && fin != NULL, FALSE);

  nghttp3_vec pieces[8];
  gint64 id;
  gssize n = qs_http3_conn_next (&self->http3, &id, fin, pieces, G_N_ELEMENTS (pieces), error);
  if (n < 0 || id < 0)
    return FALSE;

  GByteArray *copy = g_byte_array_new ();
  for (gssize i = 0; i < n; i++)
    g_byte_array_append (copy, pieces[i].base, (guint) pieces[i].len);
  gsize total = copy->len;
  g_clear_pointer (&self->piece, g_bytes_unref);
  self->piece = g_byte_array_free_to_bytes (copy);
  if (!qs_http3_conn_wrote (&self->http3, id, total, error))
    return FALSE;
  Request *request = find_request (self, id);
  if (request != NULL && request->pulled != NULL)
    {
      g_clear_pointer (&request->pulled, g_bytes_unref);
      nghttp3_conn_resume_stream (self->http3.conn, id);
    }
  *stream = id;
  *bytes = self->piece;
  return TRUE;
}

void
qs_http3_server_set_blocked (QsHttp3Server *self, gint64 stream, gboolean blocked)
{
  g_return_if_fail (self != NULL);

  if (blocked)
    nghttp3_conn_block_stream (self->http3.conn, stream);
  else
    nghttp3_conn_unblock_stream (self->http3.conn, stream);
}

void
qs_http3_server_resume (QsHttp3Server *self, gint64 stream)
{
  g_return_if_fail (self != NULL);

  nghttp3_conn_resume_stream (self->http3.conn, stream);
}

guint64
qs_http3_server_get_error_code (QsHttp3Server *self)
{
  return self->http3.error_code;
}
