/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "base/qs-error.h"

G_BEGIN_DECLS

/**
 * QsHttp3:
 *
 * The client's side of HTTP/3 (RFC 9114) for one connection, on nghttp3: three unidirectional streams,
 * SETTINGS, QPACK, one GET. It knows no socket and no SSL: streams are numbers, their bytes come and go
 * through QsHttp3Io. Not thread-safe: one connection's loop drives it.
 */
typedef struct _QsHttp3 QsHttp3;

/**
 * QsHttp3Io: what the connection does for it. All called from within the functions below.
 *
 * @open: opens a stream; its id, or -1 with error
 * @send: queues bytes (copied) on a stream of ours; fin concludes it
 * @stop: asks the peer to stop sending (STOP_SENDING)
 * @reset: resets our side of a stream
 * @head: the response's head is complete: status and headers can be asked for
 * @body: bytes of the response's body
 * @done: the response is complete
 * @interim: an interim response's head (1xx) is complete: its status and headers can be asked for until this returns
 *
 * What a peer can make it hold is bounded: 64 KiB of head and as much of trailers; interim responses are told and not kept.
 */
typedef struct {
  gint64 (*open) (gboolean bidirectional, gpointer data, GError **error);
  void (*send) (gint64 stream, const guint8 *bytes, gsize length, gboolean fin, gpointer data);
  void (*stop) (gint64 stream, guint64 code, gpointer data);
  void (*reset) (gint64 stream, guint64 code, gpointer data);
  void (*head) (gpointer data);
  void (*body) (const guint8 *bytes, gsize length, gpointer data);
  void (*done) (gpointer data);
  void (*interim) (gpointer data);
} QsHttp3Io;

/* Opens the control and QPACK streams and sends SETTINGS. io must outlive it; NULL with error. */
QsHttp3 *qs_http3_new (const QsHttp3Io *io, gpointer data, GError **error);
void qs_http3_free (QsHttp3 *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsHttp3, qs_http3_free)

/* Sends GET path to authority ("host" or "host:port"), with a user agent; once. */
gboolean qs_http3_get (QsHttp3 *self, const char *authority, const char *path, GError **error);

/* Bytes of any stream of the peer's, or of our request. FALSE: close the connection with qs_http3_get_error_code().
 * QS_ERROR_PARSE: the peer broke a rule, or its response is malformed (RFC 9114 section 4.1.2); QS_ERROR_TRUNCATED: the
 * response ended before its Content-Length, within a frame or before its head; QS_ERROR_TOO_LARGE; QS_ERROR_FAILED: the peer
 * says that it will not answer this request (GOAWAY, RFC 9114 section 5.2). */
gboolean qs_http3_receive (QsHttp3 *self, gint64 stream, const void *bytes, gsize length, gboolean fin, GError **error);
/* The peer reset a stream, or it is over in both directions. FALSE as above: it was one that must stay open. */
gboolean qs_http3_stream_closed (QsHttp3 *self, gint64 stream, guint64 code, GError **error);

gint64 qs_http3_get_request_stream (QsHttp3 *self);      /* -1 before qs_http3_get */
guint qs_http3_get_status (QsHttp3 *self);               /* 0 before the head is there */
const char *const *qs_http3_get_headers (QsHttp3 *self); /* name, value, …, NULL; escaped; no pseudo-headers */
gboolean qs_http3_is_complete (QsHttp3 *self);
gint64 qs_http3_get_length (QsHttp3 *self);      /* what content-length says; -1: nothing */
guint64 qs_http3_get_error_code (QsHttp3 *self); /* H3_NO_ERROR (0x100) while all is well */

G_END_DECLS
