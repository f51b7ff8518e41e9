/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a client says to a proxy before its connection: SOCKS version 5 (RFC 1928) or CONNECT of HTTP/1.1 (RFC 9110, section 9.3.6). */

#define QS_TAP_PROXY_MOST 8192 /* bytes that a request may have */

typedef enum {
  QS_TAP_PROXY_MORE,    /* it is not all there yet */
  QS_TAP_PROXY_GREETED, /* SOCKS: the answer is to be sent, and what it asks for comes behind it */
  QS_TAP_PROXY_ASKED,   /* host and port are where it wants to go */
  QS_TAP_PROXY_REFUSED, /* the answer, which may have no bytes, is to be sent, and all is over */
} QsTapProxyStep;

/* How an attempt ended, for the answer. */
typedef enum {
  QS_TAP_PROXY_CONNECTED,
  QS_TAP_PROXY_NO_HOST, /* no such name */
  QS_TAP_PROXY_UNREACHABLE,
  QS_TAP_PROXY_CONNECTION_REFUSED,
  QS_TAP_PROXY_BUSY,
} QsTapProxyOutcome;

typedef struct {
  gboolean greeted; /* of SOCKS: it was greeted; to be left alone between calls */
  gboolean http;
  gsize used;         /* bytes of what was read that belong to it */
  char host[256];     /* a name or an address, without brackets: the client's word, not checked */
  guint16 port;       /* 1 to 65535 */
  const char *answer; /* static */
  gsize answer_length;
} QsTapProxyWish;

/* wish: of zeros before the first call; data: all that came and was not used. */
QsTapProxyStep qs_tap_proxy_parse (QsTapProxyWish *wish, const guint8 *data, gsize length);
/* What is sent once it is known how the attempt ended (static). */
const char *qs_tap_proxy_get_answer (const QsTapProxyWish *wish, QsTapProxyOutcome outcome, gsize *length);

G_END_DECLS
