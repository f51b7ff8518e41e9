/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "base/qs-error.h"

G_BEGIN_DECLS

/**
 * QsHttp3Server:
 *
 * The server's side of HTTP/3 (RFC 9114) for one connection, on nghttp3. Like QsHttp3 it knows no socket and no SSL:
 * streams are numbers, what comes is fed to it, and what is to be sent is asked of it piece by piece, so that flow
 * control of the streams below reaches whoever makes the bodies. Not thread-safe: one connection's loop drives it.
 */
typedef struct _QsHttp3Server QsHttp3Server;

typedef enum {
  QS_HTTP3_BODY_WAITS, /* nothing now: qs_http3_server_resume() when there is */
  QS_HTTP3_BODY_BYTES,
  QS_HTTP3_BODY_LAST, /* with the bytes given, which may be none */
} QsHttp3Body;

/**
 * QsHttp3ServerIo: what the connection does for it. All called from within the functions below; none of them may call
 * one of these functions.
 *
 * @open: opens a unidirectional stream; its id, or -1 with error
 * @head: a request's head is complete; head is the same in HTTP/1's form ("GET /path HTTP/1.1\r\n…\r\n\r\n"), with
 *   bytes as they came, and ends in NUL
 * @body: bytes of the request's body
 * @end: the request is complete
 * @stop: asks the peer to stop sending (STOP_SENDING)
 * @reset: resets our side of a stream
 * @pull: copies up to size bytes of a response's body to buffer; *length says how many
 */
typedef struct {
  gint64 (*open) (gpointer data, GError **error);
  void (*head) (gint64 stream, const char *head, gsize length, gpointer data);
  void (*body) (gint64 stream, const guint8 *bytes, gsize length, gpointer data);
  void (*end) (gint64 stream, gpointer data);
  void (*stop) (gint64 stream, guint64 code, gpointer data);
  void (*reset) (gint64 stream, guint64 code, gpointer data);
  QsHttp3Body (*pull) (gint64 stream, guint8 *buffer, gsize size, gsize *length, gpointer data);
} QsHttp3ServerIo;

/* Opens the control and QPACK streams. io must outlive it; NULL with error. */
QsHttp3Server *qs_http3_server_new (const QsHttp3ServerIo *io, gpointer data, GError **error);
void qs_http3_server_free (QsHttp3Server *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsHttp3Server, qs_http3_server_free)

/* FALSE with QS_ERROR_PARSE: close the connection with qs_http3_server_get_error_code(). */
gboolean qs_http3_server_receive (QsHttp3Server *self, gint64 stream, const void *bytes, gsize length, gboolean fin,
                                  GError **error);
/* The peer reset a stream, or a request's is over in both directions. FALSE as above: it was one that must stay. */
gboolean qs_http3_server_stream_closed (QsHttp3Server *self, gint64 stream, guint64 code, GError **error);

/* Answers a request, once; its body is pulled later. type: its media type; length: of its body, -1: not known;
 * more: further fields, name in small letters, value, …, NULL; at most eight of them. */
gboolean qs_http3_server_respond (QsHttp3Server *self, gint64 stream, guint status, const char *type, gint64 length,
                                  const char *const *more, GError **error);

/* The next bytes of any stream that is not blocked, valid until the next call: send them, and conclude the stream
 * after them where fin says so. FALSE: nothing now, or, with error, as above. */
gboolean qs_http3_server_next (QsHttp3Server *self, gint64 *stream, GBytes **bytes, gboolean *fin, GError **error);
void qs_http3_server_set_blocked (QsHttp3Server *self, gint64 stream, gboolean blocked);
void qs_http3_server_resume (QsHttp3Server *self, gint64 stream);

guint64 qs_http3_server_get_error_code (QsHttp3Server *self); /* H3_NO_ERROR (0x100) while all is well */

G_END_DECLS
