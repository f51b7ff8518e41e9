/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-probe.h"

G_BEGIN_DECLS

/**
 * QsRequest: the one request of a run, as its protocol sees it. A protocol is found by transport and by the
 * ALPN name that the handshake chose. Those on HTTP/1.x are here; HTTP/3 lies above this library, and
 * qs_http_init() (http/qs-http.h) registers it. All in the probe's main context, in every mode.
 */
typedef struct _QsRequest QsRequest;

typedef struct {
  QsTransport transport;
  const char *alpn;   /* "" on TLS: none was chosen */
  const char *name;   /* "HTTP/1.0": for the log and for QS_MARK_REQUEST */
  guint64 close_code; /* what all-is-well is in this protocol's application codes */
  /* Sends it. The instance, or NULL with error. */
  gpointer (*start) (QsRequest *request, GError **error);
  /* Bytes, or the end (fin with length 0), of any stream that the peer sends on. FALSE ends the run as failed. */
  gboolean (*receive) (gpointer instance, gint64 stream, const guint8 *bytes, gsize length, gboolean fin,
                       GError **error);
  /* The peer reset its side of a stream. FALSE ends the run as failed. */
  gboolean (*reset) (gpointer instance, gint64 stream, guint64 code, GError **error);
  /* After FALSE: the code to close the connection with. NULL: close_code. */
  guint64 (*get_error_code) (gpointer instance);
  void (*free) (gpointer instance);
} QsRequestProtocol;

/* protocol is static. A later one of the same transport and ALPN replaces an earlier one. */
void qs_request_protocol_register (const QsRequestProtocol *protocol);
/* (nullable) */
const QsRequestProtocol *qs_request_protocol_find (QsTransport transport, const char *alpn);

const char *qs_request_get_path (QsRequest *self);
const char *
qs_request_get_authority (QsRequest *self); /* "host" or "host:port", IPv6 in brackets (RFC 9110 section 7.2) */

gint64 qs_request_open_stream (QsRequest *self, gboolean bidirectional, GError **error); /* -1 with error */
void qs_request_send (QsRequest *self, gint64 stream, const void *bytes, gsize length, gboolean fin); /* copies */
void qs_request_reset (QsRequest *self, gint64 stream, guint64 code);
void qs_request_stop (QsRequest *self, gint64 stream, guint64 code);
void qs_request_set_stream (QsRequest *self, gint64 stream); /* which one carries it */

/* Progress, which --timeout waits for, is the head of the answer and bytes of its body, and nothing else that comes. */

/* headers: name, value, …, NULL, escaped; copied */
void qs_request_set_head (QsRequest *self, guint status, const char *version, const char *const *headers);
/* n interim ones (1xx): they are counted, and are no progress. */
void qs_request_add_interim (QsRequest *self, guint64 n);
void qs_request_add_body (QsRequest *self, const guint8 *bytes, gsize length);
void qs_request_complete (QsRequest *self);

/* What a request to this target names as its authority (RFC 9110 section 7.2): "example.org", "[2001:db8::1]:8443"
 * (transfer full). */
char *qs_request_make_authority (QsTarget *target);

G_END_DECLS
