/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "diagnosis/qs-http-status.h"

#include "base/qs-i18n.h"

static const QsHttpStatus statuses[] = {
  { 300, "Multiple Choices", N_ ("The server has several answers and leaves the choice to the client."),
    QS_PARTY_UNKNOWN, NULL },
  { 301, "Moved Permanently", N_ ("What was asked for lives elsewhere for good."), QS_PARTY_UNKNOWN,
    N_ ("Ask there, and write the new address down in place of this one.") },
  { 302, "Found", N_ ("What was asked for is elsewhere for now."), QS_PARTY_UNKNOWN, N_ ("Ask there.") },
  { 303, "See Other", N_ ("The answer is to be fetched from elsewhere."), QS_PARTY_UNKNOWN, N_ ("Ask there.") },
  { 304, "Not Modified", N_ ("The server thinks that the client has it already, which this client did not say."),
    QS_PARTY_SERVER, NULL },
  { 307, "Temporary Redirect", N_ ("What was asked for is elsewhere for now."), QS_PARTY_UNKNOWN, N_ ("Ask there.") },
  { 308, "Permanent Redirect", N_ ("What was asked for lives elsewhere for good."), QS_PARTY_UNKNOWN,
    N_ ("Ask there, and write the new address down in place of this one.") },
  { 400, "Bad Request",
    N_ ("The server says that the request makes no sense to it. Where it speaks TLS and HTTP on different ports, or "
        "wants a "
        "client certificate, this is its way to say so."),
    QS_PARTY_UNKNOWN, N_ ("Read the body of the answer: it often names the cause.") },
  { 401, "Unauthorized", N_ ("The server wants the user's credentials, which this client has none of."),
    QS_PARTY_UNKNOWN, NULL },
  { 403, "Forbidden",
    N_ ("The server understood and refuses: this client, its address or its missing certificate may not have that, or "
        "a "
        "filter before the server stopped it."),
    QS_PARTY_UNKNOWN, N_ ("Look at the server's access rules, and at filters (WAF) before it.") },
  { 404, "Not Found", N_ ("The server has no such path for the name that was asked for."), QS_PARTY_UNKNOWN,
    N_ ("Check the path, and that the name reaches the site that was meant (SNI and Host).") },
  { 402, "Payment Required", N_ ("The server wants to be paid first, or an account has run out."), QS_PARTY_UNKNOWN,
    NULL },
  { 405, "Method Not Allowed", N_ ("The path is there, and GET is not allowed on it."), QS_PARTY_UNKNOWN, NULL },
  { 406, "Not Acceptable", N_ ("The server has it in no form that the request allows."), QS_PARTY_UNKNOWN, NULL },
  { 407, "Proxy Authentication Required",
    N_ ("A proxy wants credentials. From the server that was asked it makes no sense: a proxy on the way answers in "
        "its "
        "place, or the server is set up as one."),
    QS_PARTY_UNKNOWN, N_ ("Look for a proxy that catches these connections.") },
  { 408, "Request Timeout",
    N_ ("The server waited for the request and gave up; the request was sent, so it was lost or late."),
    QS_PARTY_UNKNOWN, NULL },
  { 409, "Conflict", N_ ("What is asked for does not fit the state that things are in."), QS_PARTY_UNKNOWN, NULL },
  { 410, "Gone", N_ ("What was asked for was there once, and is gone for good."), QS_PARTY_UNKNOWN, NULL },
  { 411, "Length Required", N_ ("The server wants to know how long the request's body is."), QS_PARTY_UNKNOWN, NULL },
  { 412, "Precondition Failed", N_ ("A condition of the request does not hold."), QS_PARTY_UNKNOWN, NULL },
  { 413, "Content Too Large", N_ ("The request's body is larger than the server takes."), QS_PARTY_UNKNOWN, NULL },
  { 414, "URI Too Long", N_ ("The path is longer than the server takes."), QS_PARTY_UNKNOWN, NULL },
  { 415, "Unsupported Media Type", N_ ("The server does not take the request's body in that format."), QS_PARTY_UNKNOWN,
    NULL },
  { 416, "Range Not Satisfiable", N_ ("The part that was asked for is not there."), QS_PARTY_UNKNOWN, NULL },
  { 417, "Expectation Failed", N_ ("The server does not do what the header Expect asks for."), QS_PARTY_UNKNOWN, NULL },
  { 421, "Misdirected Request",
    N_ ("The server got the request on a connection whose name it does not serve: SNI and Host differ, or a "
        "certificate for "
        "several names made a client use one connection for two sites (RFC 9110 section 15.5.20)."),
    QS_PARTY_SERVER,
    N_ ("Let the server serve both names alike, or give them certificates and addresses of their own; clients ask "
        "again on "
        "a new connection.") },
  { 422, "Unprocessable Content", N_ ("The request can be read, and what it asks for cannot be done."),
    QS_PARTY_UNKNOWN, NULL },
  { 424, "Failed Dependency", N_ ("Another request that this one depends on failed."), QS_PARTY_UNKNOWN, NULL },
  { 425, "Too Early",
    N_ ("The server will not take this request from early data (0-RTT), which can be replayed (RFC 8470)."),
    QS_PARTY_UNKNOWN, N_ ("Ask again after the handshake; clients do so by themselves.") },
  { 426, "Upgrade Required", N_ ("The server wants another protocol than the one that was spoken."), QS_PARTY_UNKNOWN,
    NULL },
  { 428, "Precondition Required", N_ ("The server takes that request with a condition alone."), QS_PARTY_UNKNOWN,
    NULL },
  { 429, "Too Many Requests", N_ ("The server limits how often this client may ask."), QS_PARTY_CLIENT,
    N_ ("Wait, and ask less often; the header Retry-After may say how long.") },
  { 431, "Request Header Fields Too Large",
    N_ ("The header fields of the request, or the path, are larger than the server takes."), QS_PARTY_UNKNOWN,
    N_ ("Raise the server's limit, or send less: cookies are the usual cause.") },
  { 451, "Unavailable For Legal Reasons", N_ ("The server may not show it, by law or by an order (RFC 7725)."),
    QS_PARTY_UNKNOWN, NULL },
  { 494, "Request Header Too Large",
    N_ ("The header fields of the request are larger than the server takes (a code of nginx's)."), QS_PARTY_UNKNOWN,
    N_ ("Raise large_client_header_buffers, or send less.") },
  { 495, "SSL Certificate Error", N_ ("The client's certificate was refused (a code of nginx's)."), QS_PARTY_UNKNOWN,
    NULL },
  { 496, "SSL Certificate Required", N_ ("A client certificate is missing (a code of nginx's)."), QS_PARTY_UNKNOWN,
    NULL },
  { 497, "HTTP Request Sent to HTTPS Port",
    N_ ("What reached the server was no TLS: something on the way takes TLS off."), QS_PARTY_PATH, NULL },
  { 500, "Internal Server Error", N_ ("The program behind the server failed."), QS_PARTY_SERVER,
    N_ ("Its log says more.") },
  { 501, "Not Implemented", N_ ("The server does not know what the request wants done."), QS_PARTY_UNKNOWN, NULL },
  { 502, "Bad Gateway", N_ ("What answered is a proxy, and the server behind it is down or speaks nonsense to it."),
    QS_PARTY_SERVER, N_ ("Look at the server behind the proxy, and at the proxy's log.") },
  { 503, "Service Unavailable", N_ ("The server, or a proxy with nothing behind it, is overloaded or being worked on."),
    QS_PARTY_SERVER, N_ ("Try again later; the header Retry-After may say when.") },
  { 504, "Gateway Timeout", N_ ("What answered is a proxy, and the server behind it did not answer in time."),
    QS_PARTY_SERVER, N_ ("Look at the server behind the proxy: its load, and whether the proxy reaches it.") },
  { 505, "HTTP Version Not Supported", N_ ("The server does not speak the version of HTTP that the request was in."),
    QS_PARTY_UNKNOWN, NULL },
  { 507, "Insufficient Storage", N_ ("The server has no room left."), QS_PARTY_SERVER, NULL },
  { 508, "Loop Detected", N_ ("The server went around in circles with the request."), QS_PARTY_SERVER,
    N_ ("Look for proxies that send to each other.") },
  { 511, "Network Authentication Required",
    N_ ("Something on the way wants a login before it lets anybody through: a captive portal (RFC 6585). It answers "
        "with "
        "a certificate for this name all the same."),
    QS_PARTY_PATH, N_ ("Log in to the network, then try again.") },
  { 520, NULL, N_ ("What answered is a proxy (a code of Cloudflare's), and the server behind it answered nonsense."),
    QS_PARTY_SERVER, N_ ("Look at the log of the server behind the proxy.") },
  { 521, NULL, N_ ("What answered is a proxy (a code of Cloudflare's), and the server behind it refuses connections."),
    QS_PARTY_SERVER, N_ ("Check that the server behind the proxy runs and lets the proxy in.") },
  { 522, NULL, N_ ("What answered is a proxy (a code of Cloudflare's), and it cannot reach the server behind it."),
    QS_PARTY_SERVER, N_ ("Check the firewall of the server behind the proxy.") },
  { 523, NULL, N_ ("What answered is a proxy (a code of Cloudflare's), and it has no route to the server behind it."),
    QS_PARTY_SERVER, N_ ("Check the address of the server behind the proxy.") },
  { 524, NULL,
    N_ ("What answered is a proxy (a code of Cloudflare's), and the server behind it did not answer in time."),
    QS_PARTY_SERVER, N_ ("Look at the load of the server behind the proxy.") },
  { 525, NULL,
    N_ ("What answered is a proxy (a code of Cloudflare's), and its TLS handshake with the server behind it failed."),
    QS_PARTY_SERVER, N_ ("Try the server behind the proxy by itself.") },
  { 526, NULL,
    N_ ("What answered is a proxy (a code of Cloudflare's), and the certificate of the server behind it is not valid."),
    QS_PARTY_SERVER, N_ ("Try the server behind the proxy by itself.") },
};

#define OUT_OF_RANGE                                                                                            \
  N_ ("No status is above 599: clients take it for a failure of the server (RFC 9110 section 15). Filters and " \
      "crawlers' traps answer so.")

const QsHttpStatus *
qs_http_status_find (guint status)
{
  static const QsHttpStatus classes[] = {
    { 3, NULL, N_ ("The server sends the client elsewhere."), QS_PARTY_UNKNOWN, NULL },
    { 4, NULL, N_ ("The server finds fault with the request."), QS_PARTY_UNKNOWN, NULL },
    { 5, NULL, N_ ("The server, or one behind it, failed."), QS_PARTY_SERVER, NULL },
    { 6, NULL, OUT_OF_RANGE, QS_PARTY_SERVER, NULL },
    { 7, NULL, OUT_OF_RANGE, QS_PARTY_SERVER, NULL },
    { 8, NULL, OUT_OF_RANGE, QS_PARTY_SERVER, NULL },
    { 9, NULL, OUT_OF_RANGE, QS_PARTY_SERVER, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    if (statuses[i].status == status)
      return &statuses[i];
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    if (classes[i].status == status / 100)
      return &classes[i];
  return NULL;
}
