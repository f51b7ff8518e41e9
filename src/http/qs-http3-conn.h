/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <nghttp3/nghttp3.h>

#include "base/qs-error.h"

/* What both sides of HTTP/3 do with nghttp3 in the same way (RFC 9114). Private to src/http. */
typedef struct {
  nghttp3_conn *conn;
  guint64 error_code; /* to close the connection with: RFC 9114 section 8.1 */
} QsHttp3Conn;

/* Opens a unidirectional stream; its id, or -1 with *error. */
typedef gint64 (*QsHttp3OpenFunc) (gpointer data, GError **error);

/* Makes the nghttp3_conn, whose callbacks get data, and gives it a control stream and QPACK's two (RFC 9114 section 6.2,
 * RFC 9204 section 4.2). */
gboolean qs_http3_conn_begin (QsHttp3Conn *self, gboolean server, const nghttp3_callbacks *callbacks, gpointer data,
                              QsHttp3OpenFunc open, gpointer open_data, GError **error);
void qs_http3_conn_clear (QsHttp3Conn *self);

/* FALSE, always: notes what nghttp3 returned. */
gboolean qs_http3_conn_fail (QsHttp3Conn *self, const char *what, int result, GError **error);

gboolean qs_http3_conn_read (QsHttp3Conn *self, gint64 stream, const void *bytes, gsize length, gboolean fin,
                             GError **error);

/* What nghttp3 wants to send next: how many of the pieces, and *stream, which is negative when there is nothing. Who
 * has taken the pieces calls qs_http3_conn_wrote(). -1: *error. */
gssize qs_http3_conn_next (QsHttp3Conn *self, gint64 *stream, gboolean *fin, nghttp3_vec *pieces, gsize n_pieces,
                           GError **error);
/* QUIC copies, so that what was taken counts as acknowledged at once. */
gboolean qs_http3_conn_wrote (QsHttp3Conn *self, gint64 stream, gsize length, GError **error);

nghttp3_nv qs_http3_field (const char *name, const char *value);
