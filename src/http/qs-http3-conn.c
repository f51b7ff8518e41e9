/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/qs-http3-conn.h"

#include <string.h>

#include "base/qs-i18n.h"

#define H3_NO_ERROR 0x100
#define TABLE_CAPACITY 4096 /* QPACK's, bytes */
#define BLOCKED_STREAMS 100

gboolean
qs_http3_conn_fail (QsHttp3Conn *self, const char *what, int result, GError **error)
{
  self->error_code = nghttp3_err_infer_quic_app_error_code (result);
  g_set_error (error, QS_ERROR, QS_ERROR_PARSE, "%s: %s", what, nghttp3_strerror (result));
  return FALSE;
}

gboolean
qs_http3_conn_begin (QsHttp3Conn *self, gboolean server, const nghttp3_callbacks *callbacks, gpointer data,
                     QsHttp3OpenFunc open, gpointer open_data, GError **error)
{
  nghttp3_settings settings;
  gint64 ids[3];

  self->error_code = H3_NO_ERROR;
  nghttp3_settings_default (&settings);
  settings.qpack_max_dtable_capacity = TABLE_CAPACITY;
  settings.qpack_blocked_streams = BLOCKED_STREAMS;
  int result = server ? nghttp3_conn_server_new (&self->conn, callbacks, &settings, nghttp3_mem_default (), data)
                      : nghttp3_conn_client_new (&self->conn, callbacks, &settings, nghttp3_mem_default (), data);
  for (guint i = 0; result == 0 && i < G_N_ELEMENTS (ids); i++)
    if ((ids[i] = open (open_data, error)) < 0)
      return FALSE;
  if (result == 0)
    result = nghttp3_conn_bind_control_stream (self->conn, ids[0]);
  if (result == 0)
    result = nghttp3_conn_bind_qpack_streams (self->conn, ids[1], ids[2]);
  return result == 0 || qs_http3_conn_fail (self, _ ("HTTP/3 could not start"), result, error);
}

void
qs_http3_conn_clear (QsHttp3Conn *self)
{
  g_clear_pointer (&self->conn, nghttp3_conn_del);
}

gboolean
qs_http3_conn_read (QsHttp3Conn *self, gint64 stream, const void *bytes, gsize length, gboolean fin, GError **error)
{
#if NGHTTP3_VERSION_NUM >= 0x010c00
  nghttp3_ssize taken = nghttp3_conn_read_stream2 (self->conn, stream, bytes, length, fin,
                                                   (nghttp3_tstamp) g_get_monotonic_time () * 1000);
#else
  nghttp3_ssize taken = nghttp3_conn_read_stream (self->conn, stream, bytes, length, fin);
#endif
  return taken >= 0 || qs_http3_conn_fail (self, _ ("The peer broke HTTP/3's rules"), (int) taken, error);
}

gssize
qs_http3_conn_next (QsHttp3Conn *self, gint64 *stream, gboolean *fin, nghttp3_vec *pieces, gsize n_pieces,
                    GError **error)
{
  int64_t id = -1;
  int ends = 0;
  nghttp3_ssize n = nghttp3_conn_writev_stream (self->conn, &id, &ends, pieces, n_pieces);

  if (n < 0)
    qs_http3_conn_fail (self, _ ("HTTP/3 could not write"), (int) n, error);
  *stream = id;
  *fin = ends != 0;
  return n < 0 ? -1 : (gssize) n;
}

gboolean
qs_http3_conn_wrote (QsHttp3Conn *self, gint64 stream, gsize length, GError **error)
{
  int result = nghttp3_conn_add_write_offset (self->conn, stream, length);

  if (result == 0)
    result = nghttp3_conn_add_ack_offset (self->conn, stream, length);
  return result == 0 || qs_http3_conn_fail (self, _ ("HTTP/3 could not write"), result, error);
}

nghttp3_nv
qs_http3_field (const char *name, const char *value)
{
  return (nghttp3_nv){
    .name = (uint8_t *) name, .value = (uint8_t *) value, .namelen = strlen (name), .valuelen = strlen (value)
  };
}
