/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/qs-http3.h"

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "http/qs-http3-conn.h"

#define MAX_HEADERS 512      /* names and values that are kept of a response */
#define MAX_HEAD (64 * 1024) /* bytes of them, and of trailers */
#define H3_NO_ERROR 0x100    /* RFC 9114 section 8.1 */
#define H3_EXCESSIVE_LOAD 0x107

struct _QsHttp3 {
  const QsHttp3Io *io;
  gpointer data;
  QsHttp3Conn http3;
  gint64 request;
  guint status;
  GPtrArray *headers;
  gsize head_bytes, trailer_bytes;
  gint64 length; /* content-length; -1: not given */
  guint64 body_bytes;
  gint64 goaway;      /* the id of the peer's GOAWAY; -1: none came */
  guint64 reset_code; /* nghttp3 gave the request's stream up with it; 0: it did not */
  gboolean ended;     /* the peer ended the request's stream */
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
  self->head_bytes = 0;
  self->length = -1;
  self->status = 0;
  return 0;
}

static gsize
size_of (nghttp3_rcbuf *name, nghttp3_rcbuf *value)
{
  return nghttp3_rcbuf_get_buf (name).len + nghttp3_rcbuf_get_buf (value).len;
}

static void
take_length (QsHttp3 *self, nghttp3_rcbuf *value)
{
  g_autofree char *text = dup_buffer (value);
  guint64 length;

  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &length, NULL))
    self->length = (gint64) length;
}

static int
recv_header_cb (nghttp3_conn *conn, int64_t stream, int32_t token, nghttp3_rcbuf *name, nghttp3_rcbuf *value,
                uint8_t flags, void *data, void *stream_data)
{
  QsHttp3 *self = data;

  self->head_bytes += size_of (name, value);
  if (self->head_bytes > MAX_HEAD)
    return 0;
  if (token == NGHTTP3_QPACK_TOKEN_CONTENT_LENGTH)
    take_length (self, value);
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

  if (self->head_bytes > MAX_HEAD)
    return 0;
  if (self->status >= 200)
    self->io->head (self->data);
  else
    self->io->interim (self->data);
  return 0;
}

static int
recv_trailer_cb (nghttp3_conn *conn, int64_t stream, int32_t token, nghttp3_rcbuf *name, nghttp3_rcbuf *value,
                 uint8_t flags, void *data, void *stream_data)
{
  QsHttp3 *self = data;

  self->trailer_bytes += size_of (name, value);
  return 0;
}

static int
shutdown_cb (nghttp3_conn *conn, int64_t id, void *data)
{
  QsHttp3 *self = data;

  self->goaway = id;
  return 0;
}

static int
recv_data_cb (nghttp3_conn *conn, int64_t stream, const uint8_t *bytes, size_t length, void *data, void *stream_data)
{
  QsHttp3 *self = data;

  self->body_bytes += length;
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

  if (stream == self->request)
    self->reset_code = code;
  self->io->stop (stream, code, self->data);
  return 0;
}

static int
reset_stream_cb (nghttp3_conn *conn, int64_t stream, uint64_t code, void *data, void *stream_data)
{
  QsHttp3 *self = data;

  if (stream == self->request)
    self->reset_code = code;
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
  .recv_trailer = recv_trailer_cb,
  .shutdown = shutdown_cb,
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
  self->request = self->length = self->goaway = -1;
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

static gboolean
refuse (QsHttp3 *self, QsError code, guint64 close_code, const char *sentence, GError **error)
{
  g_clear_error (error);
  self->http3.error_code = close_code;
  g_set_error_literal (error, QS_ERROR, code, sentence);
  return FALSE;
}

/* RFC 9114 section 4.1: the end of the stream is the end of the answer, wherever that is. That nghttp3 calls it malformed
 * then says less. */
static gboolean
refuse_end (QsHttp3 *self, GError **error)
{
  if (self->status < 200)
    return refuse (self, QS_ERROR_TRUNCATED, H3_NO_ERROR, _ ("The peer ended the stream without an answer."), error);
  return refuse (self, QS_ERROR_TRUNCATED, H3_NO_ERROR, _ ("The answer ended before it was complete."), error);
}

/* What nghttp3 leaves to its user, or deals with without a word. */
static gboolean
check (QsHttp3 *self, GError **error)
{
  if (self->head_bytes > MAX_HEAD)
    return refuse (self, QS_ERROR_TOO_LARGE, H3_EXCESSIVE_LOAD,
                   _ ("The answer's head is larger than 64 KiB: no more of it is read."), error);
  if (self->trailer_bytes > MAX_HEAD)
    return refuse (self, QS_ERROR_TOO_LARGE, H3_EXCESSIVE_LOAD,
                   _ ("The answer's trailers are larger than 64 KiB: no more of them is read."), error);
  if (self->reset_code != 0 && !self->complete)
    return refuse (self, QS_ERROR_PARSE, self->reset_code, _ ("The answer is malformed by HTTP/3's rules."), error);
  if (self->goaway >= 0 && self->request >= 0 && self->goaway <= self->request && !self->complete)
    return refuse (self, QS_ERROR_FAILED, H3_NO_ERROR,
                   _ ("The server is going, and will not answer this request (GOAWAY)."), error);
  return TRUE;
}

/* A unidirectional stream that the server opened (RFC 9000 section 2.1): nghttp3 keeps what it has of it until it is told of its end. */
static gboolean
is_peers_own (gint64 stream)
{
  return (stream & 3) == 3;
}

gboolean
qs_http3_receive (QsHttp3 *self, gint64 stream, const void *bytes, gsize length, gboolean fin, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  gboolean last = fin && stream == self->request;
  /* So that an end that comes too soon is told from bytes that are wrong. */
  if (last && length > 0 && !qs_http3_receive (self, stream, bytes, length, FALSE, error))
    return FALSE;
  gboolean good = qs_http3_conn_read (&self->http3, stream, bytes, last ? 0 : length, fin, error);
  gboolean lacks = self->length < 0 || self->body_bytes < (guint64) self->length;

  /* The end may have come first, and what it ends waited for QPACK's table (RFC 9204 section 2.1.2). */
  self->ended |= last;
  if (self->ended && !self->complete && lacks && (!good || self->reset_code != 0))
    return refuse_end (self, error);
  if (good && fin && is_peers_own (stream))
    nghttp3_conn_close_stream (self->http3.conn, stream, NGHTTP3_H3_NO_ERROR);
  return good && check (self, error) && flush (self, error);
}

gboolean
qs_http3_stream_closed (QsHttp3 *self, gint64 stream, guint64 code, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  int result = nghttp3_conn_close_stream (self->http3.conn, stream, code);
  /* One that is gone already is nothing to mind. */
  if (result == 0 || result == NGHTTP3_ERR_STREAM_NOT_FOUND)
    return TRUE;
  return qs_http3_conn_fail (&self->http3, _ ("The peer broke HTTP/3's rules"), result, error);
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

gint64
qs_http3_get_length (QsHttp3 *self)
{
  return self->length;
}

guint64
qs_http3_get_error_code (QsHttp3 *self)
{
  return self->http3.error_code;
}
