/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tap/qs-tap-proxy.h"

#include <gio/gio.h>
#include <string.h>

#define SOCKS_VERSION 5
#define SOCKS_CONNECT 1
#define NO_AUTHENTICATION 0

/* RFC 1928, section 6: version, reply, reserved, and an address of IPv4 that says nothing. */
#define SOCKS_REPLY(code) "\x05" code "\x00\x01\x00\x00\x00\x00\x00\x00"
#define SOCKS_REPLY_LENGTH 10
#define HTTP_REFUSAL(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

enum { NOT_SUPPORTED = 5, NO_SUCH_ADDRESS_TYPE, BAD_REQUEST, METHOD_NOT_ALLOWED, N_ANSWERS };

/* The first ones are a QsTapProxyOutcome each. */
static const struct {
  const char *socks, *http;
} answers[N_ANSWERS] = {
  [QS_TAP_PROXY_CONNECTED] = { SOCKS_REPLY ("\x00"), "HTTP/1.1 200 Connection established\r\n\r\n" },
  [QS_TAP_PROXY_NO_HOST] = { SOCKS_REPLY ("\x04"), HTTP_REFUSAL ("502 Bad Gateway") },
  [QS_TAP_PROXY_UNREACHABLE] = { SOCKS_REPLY ("\x03"), HTTP_REFUSAL ("502 Bad Gateway") },
  [QS_TAP_PROXY_CONNECTION_REFUSED] = { SOCKS_REPLY ("\x05"), HTTP_REFUSAL ("502 Bad Gateway") },
  [QS_TAP_PROXY_BUSY] = { SOCKS_REPLY ("\x01"), HTTP_REFUSAL ("503 Service Unavailable") },
  [NOT_SUPPORTED] = { SOCKS_REPLY ("\x07"), NULL },
  [NO_SUCH_ADDRESS_TYPE] = { SOCKS_REPLY ("\x08"), NULL },
  [BAD_REQUEST] = { SOCKS_REPLY ("\x01"), HTTP_REFUSAL ("400 Bad Request") },
  [METHOD_NOT_ALLOWED] = { NULL, HTTP_REFUSAL ("405 Method Not Allowed") },
};

static void
set_answer (QsTapProxyWish *wish, guint index)
{
  wish->answer = wish->http ? answers[index].http : answers[index].socks;
  wish->answer_length = wish->http ? strlen (wish->answer) : SOCKS_REPLY_LENGTH;
}

static QsTapProxyStep
refuse (QsTapProxyWish *wish, guint index)
{
  set_answer (wish, index);
  return QS_TAP_PROXY_REFUSED;
}

/* A name may be any bytes there; what the resolver and a header line take is less. */
static gboolean
take_host (QsTapProxyWish *wish, const char *host, gsize length)
{
  if (length == 0 || length >= sizeof wish->host)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (host[i]) && strchr ("-._:%", host[i]) == NULL)
      return FALSE;
  memcpy (wish->host, host, length);
  wish->host[length] = '\0';
  return memchr (host, '\0', length) == NULL;
}

/* --- SOCKS --- */

/* RFC 1928, section 3: version, number of methods, methods. */
static QsTapProxyStep
parse_greeting (QsTapProxyWish *wish, const guint8 *data, gsize length)
{
  if (length < 2 || length < 2 + (gsize) data[1])
    return QS_TAP_PROXY_MORE;
  gboolean open = memchr (data + 2, NO_AUTHENTICATION, data[1]) != NULL;
  wish->used = 2 + (gsize) data[1];
  wish->greeted = open;
  wish->answer = open ? "\x05\x00" : "\x05\xff";
  wish->answer_length = 2;
  return open ? QS_TAP_PROXY_GREETED : QS_TAP_PROXY_REFUSED;
}

/* RFC 1928, section 4: version, command, reserved, type of address, address, port. */
static QsTapProxyStep
parse_request (QsTapProxyWish *wish, const guint8 *data, gsize length)
{
  static const gsize lengths[] = { [1] = 4, [4] = 16 };
  const gsize head = 4;

  if (length < head + 1)
    return QS_TAP_PROXY_MORE;
  if (data[1] != SOCKS_CONNECT)
    return refuse (wish, NOT_SUPPORTED);
  const guint8 type = data[3];
  gboolean name = type == 3;
  if (!name && (type >= G_N_ELEMENTS (lengths) || lengths[type] == 0))
    return refuse (wish, NO_SUCH_ADDRESS_TYPE);
  const guint8 *address = data + head + (name ? 1 : 0);
  const gsize size = name ? data[head] : lengths[type];
  const gsize whole = (gsize) (address - data) + size + 2;
  if (length < whole)
    return QS_TAP_PROXY_MORE;
  wish->used = whole;
  wish->port = (guint16) (address[size] << 8 | address[size + 1]);
  gboolean good;
  if (name)
    good = take_host (wish, (const char *) address, size);
  else
    {
      const GSocketFamily family = type == 1 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6;
      g_autoptr (GInetAddress) inet = g_inet_address_new_from_bytes (address, family);
      g_autofree char *text = g_inet_address_to_string (inet);
      good = take_host (wish, text, strlen (text));
    }
  return good && wish->port != 0 ? QS_TAP_PROXY_ASKED : refuse (wish, BAD_REQUEST);
}

/* --- HTTP --- */

/* "host:port", IPv6 in brackets. */
static gboolean
take_authority (QsTapProxyWish *wish, const char *text)
{
  const char *colon = strrchr (text, ':');
  guint64 port;

  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, &port, NULL))
    return FALSE;
  gsize length = (gsize) (colon - text);
  wish->port = (guint16) port;
  if (*text == '[')
    return length > 2 && text[length - 1] == ']' && take_host (wish, text + 1, length - 2);
  return memchr (text, ':', length) == NULL && take_host (wish, text, length);
}

static QsTapProxyStep
parse_http (QsTapProxyWish *wish, const guint8 *data, gsize length)
{
  const char *text = (const char *) data;
  const char *end = g_strstr_len (text, (gssize) length, "\r\n\r\n");

  if (end == NULL)
    return length < QS_TAP_PROXY_MOST ? QS_TAP_PROXY_MORE : refuse (wish, BAD_REQUEST);
  wish->used = (gsize) (end - text) + 4;
  const char *line_end = memchr (text, '\r', wish->used);
  g_autofree char *line = g_strndup (text, (gsize) (line_end - text));
  g_auto (GStrv) words = g_strsplit (line, " ", 4);

  if (g_strv_length (words) != 3 || !g_str_has_prefix (words[2], "HTTP/1."))
    return refuse (wish, BAD_REQUEST);
  if (!g_str_equal (words[0], "CONNECT"))
    return refuse (wish, METHOD_NOT_ALLOWED);
  return take_authority (wish, words[1]) ? QS_TAP_PROXY_ASKED : refuse (wish, BAD_REQUEST);
}

/* --- Public functions --- */

QsTapProxyStep
qs_tap_proxy_parse (QsTapProxyWish *wish, const guint8 *data, gsize length)
{
  g_return_val_if_fail (wish != NULL && (data != NULL || length == 0), QS_TAP_PROXY_REFUSED);

  wish->used = 0;
  wish->answer = "";
  wish->answer_length = 0;
  if (length == 0)
    return QS_TAP_PROXY_MORE;
  if (data[0] == SOCKS_VERSION)
    return wish->greeted ? parse_request (wish, data, length) : parse_greeting (wish, data, length);
  /* Neither of both: TLS without a proxy, SOCKS 4. There is nothing that it would understand. */
  if (wish->greeted || !g_ascii_isupper (data[0]))
    return QS_TAP_PROXY_REFUSED;
  wish->http = TRUE;
  return parse_http (wish, data, length);
}

const char *
qs_tap_proxy_get_answer (const QsTapProxyWish *wish, QsTapProxyOutcome outcome, gsize *length)
{
  g_return_val_if_fail (wish != NULL && length != NULL && outcome <= QS_TAP_PROXY_BUSY, NULL);

  QsTapProxyWish copy = *wish;
  set_answer (&copy, outcome);
  *length = copy.answer_length;
  return copy.answer;
}
