/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTP/3 as a probe's request: QsHttp3 on the streams of a QsRequest. */
#include "http/qs-http.h"

#include "base/qs-i18n.h"
#include "engine/qs-request.h"
#include "http/qs-http3.h"

/* RFC 9114 section 8.1. */
#define H3_NO_ERROR 0x100
#define H3_REQUEST_REJECTED 0x10b

typedef struct {
  QsRequest *request;
  QsHttp3 *http3;
} Http3Request;

/* --- What QsHttp3 asks of the connection --- */

static gint64
open_cb (gboolean bidirectional, gpointer data, GError **error)
{
  return qs_request_open_stream (((Http3Request *) data)->request, bidirectional, error);
}

static void
send_cb (gint64 stream, const guint8 *bytes, gsize length, gboolean fin, gpointer data)
{
  qs_request_send (((Http3Request *) data)->request, stream, bytes, length, fin);
}

static void
stop_cb (gint64 stream, guint64 code, gpointer data)
{
  qs_request_stop (((Http3Request *) data)->request, stream, code);
}

static void
reset_cb (gint64 stream, guint64 code, gpointer data)
{
  qs_request_reset (((Http3Request *) data)->request, stream, code);
}

static void
head_cb (gpointer data)
{
  Http3Request *self = data;

  qs_request_set_head (self->request, qs_http3_get_status (self->http3), "3", qs_http3_get_headers (self->http3));
}

static void
body_cb (const guint8 *bytes, gsize length, gpointer data)
{
  qs_request_add_body (((Http3Request *) data)->request, bytes, length);
}

static void
done_cb (gpointer data)
{
  qs_request_complete (((Http3Request *) data)->request);
}

static void
interim_cb (gpointer data)
{
  qs_request_add_interim (((Http3Request *) data)->request, 1);
}

static const QsHttp3Io io = { open_cb, send_cb, stop_cb, reset_cb, head_cb, body_cb, done_cb, interim_cb };

/* --- What the probe asks of it --- */

static void
http3_free (gpointer instance)
{
  Http3Request *self = instance;

  g_clear_pointer (&self->http3, qs_http3_free);
  g_free (self);
}

static gpointer
http3_start (QsRequest *request, GError **error)
{
  Http3Request *self = g_new0 (Http3Request, 1);

  self->request = request;
  self->http3 = qs_http3_new (&io, self, error);
  if (self->http3 == NULL ||
      !qs_http3_get (self->http3, qs_request_get_authority (request), qs_request_get_path (request), error))
    {
      http3_free (self);
      return NULL;
    }
  qs_request_set_stream (request, qs_http3_get_request_stream (self->http3));
  return self;
}

static gboolean
http3_receive (gpointer instance, gint64 stream, const guint8 *bytes, gsize length, gboolean fin, GError **error)
{
  Http3Request *self = instance;

  return qs_http3_receive (self->http3, stream, bytes, length, fin, error);
}

static gboolean
http3_reset (gpointer instance, gint64 stream, guint64 code, GError **error)
{
  Http3Request *self = instance;
  gboolean ours = stream == qs_http3_get_request_stream (self->http3);

  if (qs_http3_is_complete (self->http3))
    return TRUE;
  if (!qs_http3_stream_closed (self->http3, stream, code, error))
    return FALSE;
  if (!ours)
    return TRUE;
  /* RFC 9114 section 4.1.1: nothing was done with it, so it may be asked again elsewhere. */
  g_set_error (error, QS_ERROR, code == H3_REQUEST_REJECTED ? QS_ERROR_FAILED : QS_ERROR_NETWORK,
               _ ("The server reset the request's stream with code 0x%" PRIx64 "."), code);
  return FALSE;
}

static guint64
http3_get_error_code (gpointer instance)
{
  return qs_http3_get_error_code (((Http3Request *) instance)->http3);
}

static const QsRequestProtocol http3_protocol = {
  .transport = QS_TRANSPORT_QUIC,
  .alpn = "h3",
  .name = "HTTP/3",
  .close_code = H3_NO_ERROR,
  .start = http3_start,
  .receive = http3_receive,
  .reset = http3_reset,
  .get_error_code = http3_get_error_code,
  .free = http3_free,
};

void
qs_http_init (void)
{
  qs_request_protocol_register (&http3_protocol);
}
