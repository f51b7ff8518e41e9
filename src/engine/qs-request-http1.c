/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The requests that fit into one stream: HTTP/0.9 (hq-interop), HTTP/1.0 and HTTP/1.1. */
#include "dissect/qs-http1-parser.h"
#include "engine/qs-probe-private.h"
#include "engine/qs-request.h"

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "qs-config.h"

typedef struct {
  QsRequest *request;
  QsHttp1Parser *parser;
  GByteArray *body; /* what one read brought of it */
  gint64 stream;
  guint64 n_interim; /* told so far */
  gboolean head_told, done;
} Http1;

static gpointer
start (QsRequest *request, gboolean has_head, gboolean fin, const char *text, GError **error)
{
  gint64 stream = qs_request_open_stream (request, TRUE, error);

  if (stream < 0)
    return NULL;
  Http1 *self = g_new0 (Http1, 1);
  self->request = request;
  self->parser = qs_http1_parser_new (has_head);
  self->body = g_byte_array_new ();
  self->stream = stream;
  qs_request_set_stream (request, stream);
  qs_request_send (request, stream, text, strlen (text), fin);
  return self;
}

static gpointer
http09_start (QsRequest *request, GError **error)
{
  g_autofree char *text = g_strdup_printf ("GET %s\r\n", qs_request_get_path (request));
  return start (request, FALSE, TRUE, text, error);
}

static char *
head_text (QsRequest *request, const char *version, const char *more)
{
  return g_strdup_printf ("GET %s %s\r\nHost: %s\r\nUser-Agent: Quicscope/" PACKAGE_VERSION "\r\nAccept: */*\r\n%s\r\n",
                          qs_request_get_path (request), version, qs_request_get_authority (request), more);
}

static gpointer
http10_start (QsRequest *request, GError **error)
{
  g_autofree char *text = head_text (request, "HTTP/1.0", "");
  return start (request, TRUE, TRUE, text, error);
}

/* Not concluded: over TLS that would be a close_notify, which many servers take for the end of it all. */
static gpointer
http11_start (QsRequest *request, GError **error)
{
  g_autofree char *text = head_text (request, "HTTP/1.1", "Connection: close\r\n");
  return start (request, TRUE, FALSE, text, error);
}

static void
tell_interim (Http1 *self)
{
  guint64 n = qs_http1_parser_get_n_interim (self->parser);

  qs_request_add_interim (self->request, n - self->n_interim);
  self->n_interim = n;
}

static void
tell_head (Http1 *self)
{
  if (self->head_told || !qs_http1_parser_has_head (self->parser))
    return;
  self->head_told = TRUE;
  qs_request_set_head (self->request, qs_http1_parser_get_status (self->parser),
                       qs_http1_parser_get_version (self->parser), qs_http1_parser_get_headers (self->parser));
}

static gboolean
http1_receive (gpointer instance, gint64 stream, const guint8 *bytes, gsize length, gboolean fin, GError **error)
{
  Http1 *self = instance;

  if (stream != self->stream || self->done)
    return TRUE;
  g_byte_array_set_size (self->body, 0);
  gboolean good = length == 0 || qs_http1_parser_feed (self->parser, bytes, length, self->body, error);
  tell_interim (self);
  tell_head (self);
  if (self->body->len > 0)
    qs_request_add_body (self->request, self->body->data, self->body->len);
  if (!good || (fin && !qs_http1_parser_finish (self->parser, error)))
    return FALSE;
  if (fin || qs_http1_parser_is_complete (self->parser))
    {
      self->done = TRUE;
      qs_request_complete (self->request);
    }
  return TRUE;
}

static gboolean
http1_reset (gpointer instance, gint64 stream, guint64 code, GError **error)
{
  Http1 *self = instance;

  if (stream != self->stream || self->done)
    return TRUE;
  g_set_error (error, QS_ERROR, QS_ERROR_NETWORK, _ ("The server reset the request's stream with code 0x%" PRIx64 "."),
               code);
  return FALSE;
}

static void
http1_free (gpointer instance)
{
  Http1 *self = instance;

  qs_http1_parser_free (self->parser);
  g_byte_array_unref (self->body);
  g_free (self);
}

/* --- Raw bytes (--send) --- */

typedef struct {
  QsRequest *request;
  gint64 stream;
} Raw;

static gpointer
raw_start (QsRequest *request, GError **error)
{
  gsize length;
  const void *bytes = g_bytes_get_data (qs_request_get_raw (request), &length);
  gint64 stream = qs_request_open_stream (request, TRUE, error);

  if (stream < 0)
    return NULL;
  Raw *self = g_new0 (Raw, 1);
  self->request = request;
  self->stream = stream;
  qs_request_set_stream (request, stream);
  qs_request_send (request, stream, bytes, length, TRUE);
  return self;
}

static gboolean
raw_receive (gpointer instance, gint64 stream, const guint8 *bytes, gsize length, gboolean fin, GError **error)
{
  Raw *self = instance;

  if (stream != self->stream)
    return TRUE;
  if (length > 0)
    qs_request_add_body (self->request, bytes, length);
  if (fin)
    qs_request_complete (self->request);
  return TRUE;
}

static gboolean
raw_reset (gpointer instance, gint64 stream, guint64 code, GError **error)
{
  Raw *self = instance;
  Http1 as_http = { .request = self->request, .stream = self->stream };

  return http1_reset (&as_http, stream, code, error);
}

/* --- The table --- */

const QsRequestProtocol qs_request_raw = {
  .name = "raw",
  .alpn = "",
  .start = raw_start,
  .receive = raw_receive,
  .reset = raw_reset,
  .free = g_free,
};

#define HTTP1(transport_, alpn_, name_, start_)                                                       \
  {                                                                                                   \
    .transport = transport_, .alpn = alpn_, .name = name_, .start = start_, .receive = http1_receive, \
    .reset = http1_reset, .free = http1_free                                                          \
  }

static const QsRequestProtocol built_in[] = {
  HTTP1 (QS_TRANSPORT_QUIC, "hq-interop", "HTTP/0.9", http09_start),
  HTTP1 (QS_TRANSPORT_QUIC, "http/1.0", "HTTP/1.0", http10_start),
  HTTP1 (QS_TRANSPORT_TLS, "http/1.0", "HTTP/1.0", http10_start),
  HTTP1 (QS_TRANSPORT_TLS, "http/1.1", "HTTP/1.1", http11_start),
  HTTP1 (QS_TRANSPORT_TLS, "", "HTTP/1.1", http11_start),
};

static GMutex registered_lock;
static GPtrArray *registered; /* QsRequestProtocol, later ones first */

void
qs_request_protocol_register (const QsRequestProtocol *protocol)
{
  g_return_if_fail (protocol != NULL && protocol->start != NULL);

  g_mutex_lock (&registered_lock);
  if (registered == NULL)
    registered = g_ptr_array_new ();
  if (!g_ptr_array_find (registered, protocol, NULL))
    g_ptr_array_insert (registered, 0, (gpointer) protocol);
  g_mutex_unlock (&registered_lock);
}

static gboolean
fits (const QsRequestProtocol *protocol, QsTransport transport, const char *alpn)
{
  return protocol->transport == transport && g_str_equal (protocol->alpn, alpn);
}

const QsRequestProtocol *
qs_request_protocol_find (QsTransport transport, const char *alpn)
{
  const QsRequestProtocol *found = NULL;

  g_return_val_if_fail (alpn != NULL, NULL);

  g_mutex_lock (&registered_lock);
  for (guint i = 0; registered != NULL && i < registered->len && found == NULL; i++)
    if (fits (registered->pdata[i], transport, alpn))
      found = registered->pdata[i];
  g_mutex_unlock (&registered_lock);
  for (guint i = 0; found == NULL && i < G_N_ELEMENTS (built_in); i++)
    if (fits (&built_in[i], transport, alpn))
      found = &built_in[i];
  return found;
}
