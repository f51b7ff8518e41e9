/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "base/qs-error.h"

/* What answers is something else than HTTP: a domain of its own, with this one code. */
#define QS_HTTP1_ERROR (qs_http1_error_quark ())
#define QS_HTTP1_ERROR_FOREIGN 0

G_BEGIN_DECLS

GQuark qs_http1_error_quark (void);

/**
 * QsHttp1Parser:
 *
 * Reads one HTTP/1.x response as it arrives (RFC 9112): status line, headers, then a body that ends by
 * Content-Length, by chunks or with the connection. HTTP/0.9, which has no head, is all body. Bounds what
 * a peer can make us hold: 64 KiB of head and as much of trailers; the body is handed on, interim responses (1xx) are
 * counted and not kept, however many there are.
 */
typedef struct _QsHttp1Parser QsHttp1Parser;

/* has_head: FALSE for HTTP/0.9. */
QsHttp1Parser *qs_http1_parser_new (gboolean has_head);
void qs_http1_parser_free (QsHttp1Parser *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsHttp1Parser, qs_http1_parser_free)

/* Takes bytes as they came; appends what they hold of the body, chunk framing removed, to body. Bytes
 * behind the response's end are ignored. FALSE with QS_ERROR_PARSE, QS_ERROR_TOO_LARGE or QS_HTTP1_ERROR_FOREIGN: a translated
 * sentence; the parser then takes nothing more. */
gboolean qs_http1_parser_feed (QsHttp1Parser *self, const void *bytes, gsize length, GByteArray *body, GError **error);

/* The peer will send no more. FALSE with QS_ERROR_TRUNCATED when the response was not over: before Content-Length or the
 * last chunk, or in the head. */
gboolean qs_http1_parser_finish (QsHttp1Parser *self, GError **error);

gboolean qs_http1_parser_is_complete (QsHttp1Parser *self);
/* Status, version and headers are there, all of them, and no interim response's. */
gboolean qs_http1_parser_has_head (QsHttp1Parser *self);
guint qs_http1_parser_get_status (QsHttp1Parser *self);               /* 0 before the head is there; 0.9: 0 */
const char *qs_http1_parser_get_version (QsHttp1Parser *self);        /* "0.9", "1.0", "1.1"; NULL before */
const char *const *qs_http1_parser_get_headers (QsHttp1Parser *self); /* name, value, …, NULL; escaped */

guint64 qs_http1_parser_get_n_interim (QsHttp1Parser *self); /* 1xx responses so far, RFC 9110 section 15.2 */
/* What Content-Length says where it counts (RFC 9112 section 6.3); -1: chunks or the end of the stream tell. */
gint64 qs_http1_parser_get_length (QsHttp1Parser *self);
/* The body ends with a last chunk. */
gboolean qs_http1_parser_is_chunked (QsHttp1Parser *self);

G_END_DECLS
