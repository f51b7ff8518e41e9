/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <openssl/x509_vfy.h>
#include <string.h>

#include "diagnosis/qs-finding.h"
#include "trace-kit.h"

#define NOW_S (ORIGIN / (1000 * MS))
#define DAY ((gint64) 86400)

/* One made-up run and what must be said of it. */
typedef struct {
  const char *name;
  const char *id;
  QsSeverity severity;
  const char *title; /* part of it */
  const char *detail;
  void (*make) (Made *made);
  gint64 now; /* ms; -1: finished */
} Case;

static void
no_address (Made *made)
{
  qs_trace_add_fact (made->trace, "target", "quic://nowhere.invalid:443/");
  made_mark (made, QS_MARK_RESOLVE_FAILED, "not-found", 0, "Name or service not known");
  made_outcome (made, "failed", "resolve");
}

static void
silence (Made *made)
{
  made_start (made);
  made->at = 1002;
  made_datagram (made, QS_DIRECTION_SENT, 1200);
  made->at = 3002;
  made_datagram (made, QS_DIRECTION_SENT, 1200);
  made_mark (made, QS_MARK_TCP_PROBE, "open", 0, NULL);
}

static void
silence_to_the_end (Made *made)
{
  silence (made);
  made->at = 10000;
  made_outcome (made, "failed", "connect");
}

static void
silence_in_a_file (Made *made)
{
  for (gint64 at = 0; at <= 7000; at = at == 0 ? 1000 : 2 * at + 1000)
    {
      made->at = at;
      made_datagram (made, QS_DIRECTION_SENT, 1200);
      made_packet (made, QS_DIRECTION_SENT, QS_PACKET_INITIAL, (guint64) at, "0600011e", 0);
    }
}

static void
silence_of_tcp (Made *made)
{
  qs_trace_add_fact (made->trace, "target", "tls://www.example.net:443/");
  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "192.0.2.1:443");
  made->at = 10000;
  made_outcome (made, "failed", "connect");
}

static void
closed_port (Made *made)
{
  made_start (made);
  made->at = 3;
  made_mark (made, QS_MARK_ICMP, "port-unreachable", 0x303, "192.0.2.1");
  made_mark (made, QS_MARK_SOCKET_ERROR, "ECONNREFUSED", 111, "Connection refused");
  made_close (made, "local", FALSE, 1, "network BIO I/O error");
  made_outcome (made, "failed", "connect");
}

static void
closed_port_by_errno (Made *made)
{
  made_start (made);
  made_mark (made, QS_MARK_SOCKET_ERROR, "ECONNREFUSED", 111, "Connection refused");
  made_outcome (made, "failed", "connect");
}

static void
unreachable (Made *made)
{
  made_start (made);
  made_mark (made, QS_MARK_ICMP, "admin-prohibited", 0x30d, "198.51.100.7");
  made_outcome (made, "failed", "connect");
}

static void
no_route (Made *made)
{
  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "[2001:db8::1]:443");
  made_mark (made, QS_MARK_SOCKET_ERROR, "ENETUNREACH", 101, "Network is unreachable");
  made_outcome (made, "failed", "connect");
}

static void
family_broken (Made *made)
{
  made_start (made);
  made_mark (made, QS_MARK_ATTEMPT_LOST, "silent", 0, "[2001:db8::1]:443");
  made_handshake (made);
  made_outcome (made, "ok", "done");
}

/* The server closes with this alert, as the engine says it. */
static void
refused_with (Made *made, guint alert)
{
  made_start (made);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO,
              &(Hello){ .alpn = "h3", .sni = "www.example.net", .group = 0x001d });
  made->at = 10;
  made_datagram (made, QS_DIRECTION_RECEIVED, 1200);
  made_close (made, "remote", FALSE, 0x100 + alert, NULL);
  made_outcome (made, "failed", "handshake");
}

static void
alpn_refused (Made *made)
{
  refused_with (made, 120);
}

/* The same from a file: the CONNECTION_CLOSE frame in an Initial packet. */
static void
alpn_refused_in_a_file (Made *made)
{
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "hq-interop", .group = 0x001d });
  made->at = 10;
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_INITIAL, 0, "1c41780600", 0);
}

static void
alpn_refused_over_tcp (Made *made)
{
  made_segment (made, QS_DIRECTION_SENT, "\x16\x03\x01\x00\x01\x01", 6);
  made_segment (made, QS_DIRECTION_RECEIVED, "\x15\x03\x03\x00\x02\x02\x78", 7);
}

static void
name_unknown (Made *made)
{
  refused_with (made, 112);
}

static void
client_certificate_wanted (Made *made)
{
  made_start (made);
  made_handshake (made);
  made_close (made, "remote", FALSE, 0x174, NULL);
  made_outcome (made, "failed", "request");
}

static void
client_certificate_refused (Made *made)
{
  made_message (made, QS_DIRECTION_RECEIVED, QS_TLS_CERTIFICATE_REQUEST, "\0\0", 3);
  refused_with (made, 48);
}

static void
client_certificate_not_asked (Made *made)
{
  refused_with (made, 49);
}

/* As a qlog has it: no message, but how it was closed. */
static void
client_certificate_refused_without_messages (Made *made)
{
  made_start (made);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, 0, "01", 0);
  made_close (made, "remote", FALSE, 0x130, NULL);
}

static void
nothing_common (Made *made)
{
  refused_with (made, 40);
}

static void
version_too_old (Made *made)
{
  refused_with (made, 70);
}

static void
version_too_old_over_tcp (Made *made)
{
  made_mark (made, QS_MARK_TCP_CONNECTED, NULL, 0, NULL);
  made_mark (made, QS_MARK_CALL, "SSL_connect", 1, "unsupported protocol");
  made_outcome (made, "failed", "handshake");
}

static void
internal_error (Made *made)
{
  refused_with (made, 80);
}

static void
not_quic (Made *made)
{
  refused_with (made, 109);
}

static void
ech (Made *made)
{
  refused_with (made, 121);
}

static void
some_alert (Made *made)
{
  refused_with (made, 50);
}

static void
add_version_negotiation (Made *made)
{
  static const guint8 bytes[] = { 0x80, 0, 0, 0, 0, 1, 0xaa, 1, 0xbb, 0x1a, 0x2a, 0x3a, 0x4a, 0xff, 0, 0, 0x1d };
  QsPacket packet = { .time = made->at * MS, .number = G_MAXUINT64, .type = QS_PACKET_VERSION_NEGOTIATION };

  packet.direction = QS_DIRECTION_RECEIVED;
  packet.length = sizeof bytes;
  packet.record = qs_trace_add_datagram (made->trace, made->at * MS, QS_DIRECTION_RECEIVED, 0, 0, QS_FATE_PASSED, bytes,
                                         sizeof bytes);
  g_ptr_array_add (made->payloads, NULL);
  qs_trace_add_packet (made->trace, &packet);
}

static void
versions_differ (Made *made)
{
  made_start (made);
  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_INITIAL, 0, "0600011e", 0);
  add_version_negotiation (made);
  made_close (made, "local", FALSE, 2, NULL);
  made_outcome (made, "failed", "handshake");
}

static void
versions_differ_at_first (Made *made)
{
  made_start (made);
  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_INITIAL, 0, "0600011e", 0);
  add_version_negotiation (made);
  made_handshake (made);
  made_outcome (made, "ok", "done");
}

static void
retry (Made *made)
{
  made_start (made);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_RETRY, G_MAXUINT64, NULL, 0);
  made_handshake (made);
  made_outcome (made, "ok", "done");
}

static void
token_rejected (Made *made)
{
  made_start (made);
  made_close (made, "remote", FALSE, 0x0b, NULL);
  made_outcome (made, "failed", "handshake");
}

static void
hello_retry (Made *made)
{
  made_start (made);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .group = 0x001d });
  made_hello (made, QS_DIRECTION_RECEIVED, QS_TLS_SERVER_HELLO,
              &(Hello){ .group = 0x0017, .version = 0x0304, .retry = TRUE });
  made_handshake (made);
  made_outcome (made, "ok", "done");
}

static void
large_hello (Made *made)
{
  made_start (made);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .group = 0x11ec, .filler = 1300 });
  made_handshake (made);
  made_outcome (made, "ok", "done");
}

static void
large_hello_blocked (Made *made)
{
  made_datagram (made, QS_DIRECTION_SENT, 1200);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .group = 0x11ec, .filler = 1300 });
  made->at = 3000;
  made_datagram (made, QS_DIRECTION_SENT, 1200);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .group = 0x001d });
  made->at = 3010;
  made_datagram (made, QS_DIRECTION_RECEIVED, 1200);
  made_hello (made, QS_DIRECTION_RECEIVED, QS_TLS_SERVER_HELLO, &(Hello){ .group = 0x001d, .version = 0x0304 });
}

static void
silent_after_ack (Made *made)
{
  made_start (made);
  made->at = 10;
  made_datagram (made, QS_DIRECTION_RECEIVED, 1200);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_INITIAL, 0, "0200000000", 0);
  made->at = 10000;
  made_outcome (made, "failed", "handshake");
}

/* --- Certificates --- */

typedef enum {
  CHAIN_OTHER_CA,
  CHAIN_SELF_SIGNED,
  CHAIN_INCOMPLETE,
  CHAIN_EXPIRED,
  CHAIN_EARLY,
  CHAIN_OTHER_NAME
} ChainKind;

static void
make_leaf (ChainKind kind, KitSpec *spec, const Kit *ca, const Kit *issuing)
{
  static const char *const others[] = { "subjectAltName", "DNS:other.example.net,DNS:*.example.com", NULL };
  static const char *const own[] = { "subjectAltName", "DNS:www.example.net", NULL };

  *spec =
      (KitSpec){ .subject = "other.example.net", .issuer = ca, .extensions = kind == CHAIN_OTHER_NAME ? others : own };
  if (kind == CHAIN_SELF_SIGNED)
    spec->issuer = NULL;
  if (kind == CHAIN_INCOMPLETE)
    spec->issuer = issuing;
  if (kind == CHAIN_EXPIRED)
    spec->not_before = NOW_S - 90 * DAY, spec->not_after = NOW_S - 3 * DAY;
  if (kind == CHAIN_EARLY)
    spec->not_before = NOW_S + 5 * DAY, spec->not_after = NOW_S + 90 * DAY;
}

static GBytes *
make_chain (ChainKind kind)
{
  g_autoptr (Kit) ca = kit_new (&(KitSpec){ .subject = "Acme" });
  g_autoptr (Kit) issuing = kit_new (&(KitSpec){ .subject = "Acme Intermediate", .issuer = ca });
  KitSpec spec;

  make_leaf (kind, &spec, ca, issuing);
  g_autoptr (Kit) leaf = kit_new (&spec);
  return kit_pack (leaf, NULL);
}

static void
verify_fails (Made *made, ChainKind kind, int code, guint alert)
{
  g_autoptr (GBytes) packed = make_chain (kind);

  made_start (made);
  made->at = 10;
  made_datagram (made, QS_DIRECTION_RECEIVED, 1200);
  made_chain (made, packed);
  made_mark (made, QS_MARK_VERIFY, qs_verify_name (code), code, "depth 0");
  made_close (made, "local", FALSE, 0x100 + alert, NULL);
  made_outcome (made, "failed", "handshake");
}

static void
unknown_ca (Made *made)
{
  verify_fails (made, CHAIN_OTHER_CA, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 48);
}

static void
self_signed (Made *made)
{
  verify_fails (made, CHAIN_SELF_SIGNED, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 48);
}

static void
incomplete (Made *made)
{
  verify_fails (made, CHAIN_INCOMPLETE, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 48);
}

static void
expired (Made *made)
{
  verify_fails (made, CHAIN_EXPIRED, X509_V_ERR_CERT_HAS_EXPIRED, 45);
}

static void
early (Made *made)
{
  verify_fails (made, CHAIN_EARLY, X509_V_ERR_CERT_NOT_YET_VALID, 42);
}

static void
wrong_name (Made *made)
{
  verify_fails (made, CHAIN_OTHER_NAME, X509_V_ERR_HOSTNAME_MISMATCH, 42);
}

static void
revoked (Made *made)
{
  verify_fails (made, CHAIN_OTHER_CA, X509_V_ERR_CERT_REVOKED, 44);
}

static void
weak (Made *made)
{
  verify_fails (made, CHAIN_OTHER_CA, X509_V_ERR_EE_KEY_TOO_SMALL, 42);
}

static void
wrong_purpose (Made *made)
{
  verify_fails (made, CHAIN_OTHER_CA, X509_V_ERR_INVALID_PURPOSE, 43);
}

static void
other_refusal (Made *made)
{
  verify_fails (made, CHAIN_OTHER_CA, X509_V_ERR_CERT_SIGNATURE_FAILURE, 42);
}

/* -k: the run went through, and the error is still told. */
static void
unknown_ca_ignored (Made *made)
{
  g_autoptr (GBytes) packed = make_chain (CHAIN_OTHER_CA);

  made_start (made);
  made_handshake (made);
  made_chain (made, packed);
  made_mark (made, QS_MARK_VERIFY, "X509_V_ERR", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, NULL);
  made_outcome (made, "ok", "done");
}

/* A file has the Certificate message and the alert, no verify result. */
static void
refused_in_a_file (Made *made, ChainKind kind, const char *close)
{
  g_autoptr (GBytes) packed = make_chain (kind);
  g_autoptr (GPtrArray) ders = qs_certificate_ders_unpack (packed);

  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .sni = "www.example.net" });
  made->at = 10;
  made_certificate (made, ders);
  made->at = 11;
  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_HANDSHAKE, 9, close, 0);
}

static void
unknown_ca_in_a_file (Made *made)
{
  refused_in_a_file (made, CHAIN_OTHER_CA, "1c41300600");
}

static void
self_signed_in_a_file (Made *made)
{
  refused_in_a_file (made, CHAIN_SELF_SIGNED, "1c41300600");
}

static void
expired_in_a_file (Made *made)
{
  refused_in_a_file (made, CHAIN_EXPIRED, "1c412d0600");
}

static void
early_in_a_file (Made *made)
{
  refused_in_a_file (made, CHAIN_EARLY, "1c412a0600");
}

static void
wrong_name_in_a_file (Made *made)
{
  refused_in_a_file (made, CHAIN_OTHER_NAME, "1c412a0600");
}

/* --- Ends --- */

static void
moved (Made *made, gboolean followed)
{
  made_path (made, "198.51.100.1:1", "203.0.113.1:443"); /* of a race that was lost: no move */
  made_path (made, "198.51.100.1:5000", "192.0.2.1:443");
  made_start (made);
  made_handshake (made);
  made_path (made, "198.51.100.1:6000", "192.0.2.1:443");
  made->at = 500;
  made_datagram (made, QS_DIRECTION_SENT, 50);
  made->at = 510;
  if (followed)
    made_datagram (made, QS_DIRECTION_RECEIVED, 50);
  made->at = 9000;
}

static void
moved_and_followed (Made *made)
{
  moved (made, TRUE);
  made_outcome (made, "ok", "done");
}

static void
moved_and_lost (Made *made)
{
  moved (made, FALSE);
  made_outcome (made, "failed", "request");
}

static void
idle (Made *made)
{
  made_start (made);
  made_handshake (made);
  made->at = 10023;
  made_close (made, "local", FALSE, G_MAXUINT64, NULL);
  made_outcome (made, "failed", "request");
}

static void
idle_in_a_file (Made *made)
{
  made_datagram (made, QS_DIRECTION_SENT, 1200);
  made_handshake (made);
  for (made->at = 3000; made->at <= 12000; made->at *= 2)
    made_datagram (made, QS_DIRECTION_SENT, 60);
}

static void
stateless_reset (Made *made)
{
  made_start (made);
  made_handshake (made);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_STATELESS_RESET, G_MAXUINT64, NULL, 0);
  made_close (made, "remote", FALSE, 0, NULL);
  made_outcome (made, "failed", "request");
}

static void
stateless_reset_by_close (Made *made)
{
  made_start (made);
  made_handshake (made);
  made_close (made, "remote", FALSE, 0, NULL);
  made_outcome (made, "failed", "request");
}

static void
stream_reset (Made *made)
{
  made_start (made);
  made_handshake (made);
  made_stream (made, 0, QS_STREAM_RESET_REMOTE, QS_STREAM_OK, 0x42, 10, 20);
  made_outcome (made, "failed", "request");
}

static void
stream_reset_by_frame (Made *made)
{
  made_start (made);
  made_handshake (made);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, 1, "0404404205", 0);
  made_outcome (made, "ok", "done");
}

static void
stop_sending (Made *made)
{
  made_start (made);
  made_handshake (made);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, 1, "05084102", 0);
  made_outcome (made, "ok", "done");
}

static void
closed_by_peer (Made *made)
{
  made_start (made);
  made_handshake (made);
  made_close (made, "remote", TRUE, 0x1234, "go away \\x1b[31m<b>{host}</b>");
  made_outcome (made, "failed", "request");
}

static void
closed_too_soon (Made *made)
{
  made_start (made);
  made_handshake (made);
  made_close (made, "remote", TRUE, 0x100, NULL);
  made_outcome (made, "failed", "request");
}

static void
protocol_error (Made *made)
{
  made_start (made);
  made_handshake (made);
  made_close (made, "remote", FALSE, 0x07, "bad frame");
  made_outcome (made, "failed", "request");
}

static void
server_error (Made *made)
{
  made_start (made);
  made_close (made, "remote", FALSE, 0x01, "oops");
  made_outcome (made, "failed", "handshake");
}

static void
connection_refused (Made *made)
{
  made_start (made);
  made_close (made, "remote", FALSE, 0x02, NULL);
  made_outcome (made, "failed", "handshake");
}

static void
tcp_refused (Made *made)
{
  qs_trace_add_fact (made->trace, "target", "tls://www.example.net:443/");
  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "192.0.2.1:443");
  made_mark (made, QS_MARK_SOCKET_ERROR, "ECONNREFUSED", 111, "Connection refused");
  made_outcome (made, "failed", "connect");
}

/* By a rule, not by a host's TCP: of a router on the way, and in the host's name. */
static void
tcp_refused_by (Made *made, const char *who)
{
  qs_trace_add_fact (made->trace, "target", "tls://www.example.net:443/");
  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "192.0.2.1:443");
  made_mark (made, QS_MARK_ICMP, "port-unreachable", 0x303, who);
  made_mark (made, QS_MARK_SOCKET_ERROR, "ECONNREFUSED", 111, "Connection refused");
  made_outcome (made, "failed", "connect");
}

static void
tcp_refused_by_router (Made *made)
{
  tcp_refused_by (made, "198.51.100.7");
}

static void
tcp_refused_by_icmp (Made *made)
{
  tcp_refused_by (made, "192.0.2.1");
}

static void
tcp_forbidden (Made *made)
{
  qs_trace_add_fact (made->trace, "target", "tls://www.example.net:443/");
  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "192.0.2.1:443");
  made_mark (made, QS_MARK_ICMP, "admin-prohibited", 0x30d, "198.51.100.7");
  made_mark (made, QS_MARK_SOCKET_ERROR, "EHOSTUNREACH", 113, "No route to host");
  made_outcome (made, "failed", "connect");
}

static void
tcp_reset (Made *made)
{
  qs_trace_add_fact (made->trace, "target", "tls://www.example.net:443/");
  made_mark (made, QS_MARK_TCP_CONNECTED, NULL, 0, NULL);
  made_mark (made, QS_MARK_SOCKET_ERROR, "ECONNRESET", 104, "Connection reset by peer");
  made_outcome (made, "failed", "handshake");
}

static void
plain_http (Made *made)
{
  static const char answer[] = "HTTP/1.1 400 Bad Request\r\n\x1b[31m";

  made_mark (made, QS_MARK_TCP_CONNECTED, NULL, 0, NULL);
  made_segment (made, QS_DIRECTION_RECEIVED, answer, strlen (answer));
  made_outcome (made, "failed", "handshake");
}

static void
stream_blocked (Made *made)
{
  made_start (made);
  made_handshake (made);
  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, 1, "150080080000", 0);
  made_outcome (made, "ok", "done");
}

/* The server allows four bytes on a stream: they are sent, and then it is quiet for so long. */
static void
made_full_window (Made *made, const char *sent, const char *got, gint64 quiet_ms)
{
  made_start (made);
  made_handshake (made);
  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, 1, sent, 0);
  if (got != NULL)
    made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, 1, got, 0);
  made->at += quiet_ms;
  made_outcome (made, "ok", "done");
}

static void
window_full (Made *made)
{
  made_full_window (made, "0a000461626364", NULL, 2000);
}

static void
window_raised_and_full (Made *made)
{
  made_full_window (made,
                    "0a000861626364"
                    "65666768",
                    "110008", 2000);
}

static void
streams_blocked (Made *made)
{
  made_start (made);
  made_handshake (made);
  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, 1, "164064", 0);
  made_outcome (made, "ok", "done");
}

/* --- The path --- */

static void
too_small (Made *made)
{
  made_start (made);
  made_mark (made, QS_MARK_SOCKET_ERROR, "EMSGSIZE", 90, "Message too long");
  made_outcome (made, "failed", "connect");
}

/* A large one arrives, a tunnel gets in the way, and only small ones arrive then. */
static void
made_black_hole (Made *made, guint n_lost)
{
  guint64 number = 1;

  made_start (made);
  made_handshake (made);
  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, number++, "01", QS_PACKET_ACKED | QS_PACKET_ACK_ELICITING);
  for (guint i = 0; i < n_lost; i++)
    made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, number++, "01", QS_PACKET_LOST | QS_PACKET_ACK_ELICITING);
  for (guint i = 0; i < 3; i++)
    made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, number++, "01", QS_PACKET_ACKED);
}

static void
black_hole (Made *made)
{
  made_black_hole (made, 6);
}

static void
loss (Made *made)
{
  made_start (made);
  made_handshake (made);
  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, 1, "01", QS_PACKET_LOST);
  made_outcome (made, "ok", "done");
}

static void
loss_of_initial (Made *made)
{
  made_start (made);
  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_INITIAL, 7, "01", QS_PACKET_LOST);
  made_handshake (made);
  made_outcome (made, "ok", "done");
}

/* With another one the path is what is left. */
static void
loss_of_two (Made *made)
{
  loss_of_initial (made);
  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, 1, "01", QS_PACKET_LOST);
}

static void
reordering (Made *made)
{
  made_start (made);
  made_handshake (made);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, 5, "01", 0);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, 4, "01", 0);
  made_outcome (made, "ok", "done");
}

static void
corruption (Made *made)
{
  made_start (made);
  made_handshake (made);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, G_MAXUINT64, NULL, QS_PACKET_CORRUPT);
  made_outcome (made, "ok", "done");
}

static void
bleached (Made *made)
{
  guint8 bytes[1200] = { 0 };

  qs_trace_add_datagram (made->trace, 0, QS_DIRECTION_SENT, 0, 2, QS_FATE_PASSED, bytes, sizeof bytes);
  made_handshake (made);
  for (guint64 i = 1; i < 4; i++)
    made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, i, "0200000000", 0);
  made_outcome (made, "ok", "done");
}

static void
initial_lost (Made *made)
{
  made_start (made);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_HANDSHAKE, G_MAXUINT64, NULL, 0);
  made_handshake (made);
  made_outcome (made, "ok", "done");
}

static void
amplification (Made *made)
{
  made_start (made);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .group = 0x001d });
  made->at = 10;
  for (guint i = 0; i < 3; i++)
    made_datagram (made, QS_DIRECTION_RECEIVED, 1200);
  made->at = 11;
  made_datagram (made, QS_DIRECTION_SENT, 1200);
  made->at = 21;
  made_datagram (made, QS_DIRECTION_RECEIVED, 900);
  made_message (made, QS_DIRECTION_RECEIVED, QS_TLS_FINISHED, "12345678901234567890123456789012", 32);
  made_mark (made, QS_MARK_HANDSHAKE_DONE, NULL, 0, NULL);
  made_outcome (made, "ok", "done");
}

static void
slow (Made *made)
{
  made_start (made);
  made->at = 1002;
  made_datagram (made, QS_DIRECTION_SENT, 1200);
  made_datagram (made, QS_DIRECTION_SENT, 1200);
  qs_trace_add_mark (made->trace, QS_MARK_FACT, "quic.rtt_ms", 10 * MS, "10.0");
  made->at = 1012;
  made_datagram (made, QS_DIRECTION_RECEIVED, 1200);
  made_mark (made, QS_MARK_HANDSHAKE_DONE, NULL, 0, NULL);
  made_outcome (made, "ok", "done");
}

/* --- The rest --- */

static void
no_answer (Made *made)
{
  made_start (made);
  made_handshake (made);
  made->at = 10000;
  made_outcome (made, "failed", "request");
}

static void
something_else (Made *made)
{
  made_start (made);
  made_datagram (made, QS_DIRECTION_RECEIVED, 100);
  made_mark (made, QS_MARK_CALL, "SSL_connect", 1, "ssl/quic: frobnicated");
  made_outcome (made, "failed", "handshake");
}

#define E QS_SEVERITY_ERROR
#define W QS_SEVERITY_WARNING
#define I QS_SEVERITY_INFO

static const Case cases[] = {
  { "dns", "dns-failure", E, "“nowhere.invalid” has no address", "Name or service not known", no_address, -1 },
  { "no-reply/live", "no-reply", E, "No answer from 192.0.2.1:443", "TCP on the same port is open", silence, 3100 },
  { "no-reply/ended", "no-reply", E, "in 10.00 s", "TCP on the same port is open", silence_to_the_end, -1 },
  { "no-reply/file", "no-reply", E, "No answer", "4 datagrams", silence_in_a_file, -1 },
  { "no-reply/tcp", "no-reply", E, "TCP connection was not accepted", "refusal", silence_of_tcp, -1 },
  { "port-closed/icmp", "port-closed", E, "192.0.2.1:443", "host is up", closed_port, -1 },
  { "port-closed/errno", "port-closed", E, "192.0.2.1:443", "host is up", closed_port_by_errno, -1 },
  { "unreachable/icmp", "unreachable", E, "198.51.100.7 says that its rules forbid", "ICMP", unreachable, -1 },
  { "unreachable/own", "unreachable", E, "no route to that network", "Nothing was sent", no_route, -1 },
  { "family", "address-family-broken", W, "IPv6 does not work to www.example.net, IPv4 does", "[2001:db8::1]:443",
    family_broken, -1 },
  { "moved/followed", "address-changed", I, "address changed", "198.51.100.1:6000", moved_and_followed, -1 },
  { "moved/lost", "address-changed", E, "did not follow", "was 198.51.100.1:5000", moved_and_lost, -1 },
  { "alpn/live", "alpn-mismatch", E, "www.example.net does not speak", "Offered (ALPN): h3", alpn_refused, -1 },
  { "alpn/file", "alpn-mismatch", E, "does not speak", "Offered (ALPN): hq-interop", alpn_refused_in_a_file, -1 },
  { "alpn/tcp", "alpn-mismatch", E, "does not speak", "h2", alpn_refused_over_tcp, -1 },
  { "sni", "sni-unknown", E, "no site of that name", "www.example.net", name_unknown, -1 },
  { "client-certificate", "client-certificate-required", E, "demands a certificate", "--cert",
    client_certificate_wanted, -1 },
  { "client-certificate/refused", "client-certificate-refused", E, "refused the client's certificate", "client",
    client_certificate_refused, -1 },
  { "client-certificate/not-asked", "tls-alert", E, "access_denied", "log", client_certificate_not_asked, -1 },
  { "client-certificate/no-messages", "client-certificate-refused", E, "it seems", "none of TLS's messages",
    client_certificate_refused_without_messages, -1 },
  { "no-common", "no-common-parameters", E, "did not say why", "x25519", nothing_common, -1 },
  { "too-old/quic", "tls-too-old", E, "no version of TLS", "TLS 1.3", version_too_old, -1 },
  { "too-old/tcp", "tls-too-old", E, "no version of TLS", "older versions", version_too_old_over_tcp, -1 },
  { "internal", "tls-internal-error", E, "internal error", "server's log", internal_error, -1 },
  { "not-quic", "not-quic-tls", E, "not one of QUIC", "transport parameters", not_quic, -1 },
  { "ech", "ech-required", E, "only clients send", "RFC 9849", ech, -1 },
  { "alert", "tls-alert", E, "decode_error", "log", some_alert, -1 },
  { "versions/failed", "version-negotiation", E, "no common version", "greased", versions_differ, -1 },
  { "versions/went-on", "version-negotiation", I, "Version Negotiation first", "draft-29", versions_differ_at_first,
    -1 },
  { "retry", "retry", I, "Retry", "round trip", retry, -1 },
  { "token", "retry-token-rejected", E, "rejected its own Retry token", "load balancer", token_rejected, -1 },
  { "hello-retry", "hello-retry", I, "HelloRetryRequest", "secp256r1", hello_retry, -1 },
  { "post-quantum", "post-quantum-hello", I, "two datagrams", "bytes", large_hello, -1 },
  { "post-quantum/blocked", "post-quantum-hello-blocked", E, "two datagrams", "X25519", large_hello_blocked, -1 },
  { "silent-after-ack", "silent-after-ack", E, "has said nothing else since", "h3", silent_after_ack, -1 },
  { "unknown-ca", "certificate-unknown-ca", E, "a CA that is not trusted", "“CN=Acme”", unknown_ca, -1 },
  { "unknown-ca/file", "certificate-unknown-ca", E, "a CA that is not trusted", "“CN=Acme”", unknown_ca_in_a_file, -1 },
  { "unknown-ca/ignored", "certificate-unknown-ca", W, "a CA that is not trusted", "“CN=Acme”", unknown_ca_ignored,
    -1 },
  { "self-signed", "certificate-self-signed", E, "self-signed", "vouches for itself", self_signed, -1 },
  { "self-signed/file", "certificate-self-signed", E, "self-signed", "vouches for itself", self_signed_in_a_file, -1 },
  { "incomplete", "certificate-incomplete-chain", E, "incomplete chain", "Acme Intermediate", incomplete, -1 },
  { "expired", "certificate-expired", E, "has expired", "3 days ago", expired, -1 },
  { "expired/file", "certificate-expired", E, "has expired", "3 days ago", expired_in_a_file, -1 },
  { "early", "certificate-not-yet-valid", E, "not valid yet", "in 5 days", early, -1 },
  { "early/file", "certificate-not-yet-valid", E, "not valid yet", "in 5 days", early_in_a_file, -1 },
  { "name", "certificate-name-mismatch", E, "is not for “www.example.net”", "other.example.net, *.example.com",
    wrong_name, -1 },
  { "name/file", "certificate-name-mismatch", E, "is not for “www.example.net”", "other.example.net, *.example.com",
    wrong_name_in_a_file, -1 },
  { "revoked", "certificate-revoked", E, "revoked", "key", revoked, -1 },
  { "weak", "certificate-weak", E, "too weak", "2048", weak, -1 },
  { "purpose", "certificate-purpose", E, "may not be used for a TLS server", "key usage", wrong_purpose, -1 },
  { "refused", "certificate-refused", E, "was refused", "signature", other_refusal, -1 },
  { "idle/live", "idle-timeout", E, "nothing came for 10.00 s", "10.00 s", idle, -1 },
  { "idle/file", "idle-timeout", E, "timed out", "NAT", idle_in_a_file, -1 },
  { "stateless-reset/packet", "stateless-reset", E, "lost its memory", "load balancer", stateless_reset, -1 },
  { "stateless-reset/close", "stateless-reset", E, "lost its memory", "load balancer", stateless_reset_by_close, -1 },
  { "reset/mark", "stream-reset", E, "reset stream 0 with code 0x42 (66)", "live on", stream_reset, -1 },
  { "reset/frame", "stream-reset", W, "reset stream 4", "live on", stream_reset_by_frame, -1 },
  { "reset/stop", "stream-reset", W, "STOP_SENDING", "stream", stop_sending, -1 },
  { "closed", "closed-by-peer", E, "0x1234", "go away \\x1b[31m<b>{host}</b>", closed_by_peer, -1 },
  { "closed/soon", "closed-by-peer", E, "H3_NO_ERROR", "normal end", closed_too_soon, -1 },
  { "protocol-error", "protocol-error", E, "broke the rules", "bad frame", protocol_error, -1 },
  { "server-error", "server-internal-error", E, "error of its own", "oops", server_error, -1 },
  { "refused/quic", "connection-refused", E, "refused the connection", "overloaded", connection_refused, -1 },
  { "refused/tcp", "connection-refused", E, "refused the TCP connection", "port number", tcp_refused, -1 },
  { "refused/tcp-router", "connection-refused", E, "rule at 198.51.100.7 refuses TCP to 192.0.2.1:443",
    "not from the host", tcp_refused_by_router, -1 },
  { "refused/tcp-icmp", "connection-refused", E, "rule at 192.0.2.1 refuses TCP", "host's own firewall or of one",
    tcp_refused_by_icmp, -1 },
  { "refused/tcp-forbidden", "unreachable", E, "198.51.100.7 says that its rules forbid", "ICMP", tcp_forbidden, -1 },
  { "reset/tcp", "connection-reset", E, "cut the TCP connection", "middlebox", tcp_reset, -1 },
  { "plain", "plain-tcp", E, "does not speak TLS", "plain HTTP", plain_http, -1 },
  { "flow-control", "flow-control-blocked", W, "stream 0", "window", stream_blocked, -1 },
  { "flow-control/full", "flow-control-blocked", W, "stream 0 is full: the receiver took 4", "does not read",
    window_full, -1 },
  { "flow-control/raised", "flow-control-blocked", W, "stream 0 is full: the receiver took 8", "does not read",
    window_raised_and_full, -1 },
  { "stream-limit", "stream-limit", W, "limit of 100", "streams", streams_blocked, -1 },
  { "mtu/small", "mtu-too-small", E, "1200 bytes", "MTU", too_small, -1 },
  { "mtu/black-hole", "mtu-black-hole", W, "Large packets", "last 6 packets", black_hole, -1 },
  { "loss", "packet-loss", I, "1 of", "second time", loss, -1 },
  { "loss/initial", "packet-loss", I, "did not take one of the client's first packets", "passed over it",
    loss_of_initial, -1 },
  { "loss/two", "packet-loss", W, "2 of", "second time", loss_of_two, -1 },
  { "reordering", "reordering", I, "out of order", "order", reordering, -1 },
  { "corrupted", "corrupted", W, "could not be authenticated", "changed", corruption, -1 },
  { "ecn", "ecn-bleached", I, "ECN", "router", bleached, -1 },
  { "initial-lost", "server-initial-lost", W, "first datagram", "ServerHello", initial_lost, -1 },
  { "amplification", "amplification-blocked", I, "three times", "1200 bytes and sent 3600", amplification, -1 },
  { "slow", "slow-handshake", W, "The handshake took 1.01 s", "sent again", slow, -1 },
  { "timeout", "timeout", E, "stopped answering while the answer was waited for", "patience", no_answer, -1 },
  { "other", "failed", E, "failed in the middle of the handshake", "frobnicated", something_else, -1 },
};

static char *
list_ids (GPtrArray *findings)
{
  g_autoptr (GString) text = g_string_new ("");

  for (guint i = 0; i < findings->len; i++)
    g_string_append_printf (text, " %s", ((const QsFinding *) findings->pdata[i])->id);
  return g_strdup (text->str);
}

static void
assert_says (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("“%s” does not say “%s”", text, part);
}

/* What it means, and what to try. */
static char *
dup_words (const QsFinding *finding)
{
  g_autofree char *tries = g_strjoinv (" ", finding->tries);

  return g_strdup_printf ("%s %s", finding->detail, tries);
}

/* What is said to be proved names what proves it; what went wrong comes with something to do. */
static void
assert_shown (const QsFinding *finding)
{
  g_autofree char *judgement = qs_finding_dup_judgement (finding);

  g_assert_nonnull (qs_certainty_name (finding->certainty));
  g_assert_nonnull (qs_party_name (finding->who));
  g_assert_cmpuint (strlen (judgement), >, 10);
  if (finding->certainty == QS_CERTAINTY_PROVED && finding->evidence->len == 0)
    g_error ("%s is proved by nothing", finding->id);
  if (finding->severity == QS_SEVERITY_ERROR && finding->tries[0] == NULL)
    g_error ("%s has no advice", finding->id);
  for (guint i = 0; i < finding->evidence->len; i++)
    {
      const QsFindingEvidence *item = finding->evidence->pdata[i];
      g_autofree char *text = qs_finding_evidence_dup_text (item);
      g_assert_true (g_utf8_validate (text, -1, NULL));
      g_assert_cmpuint (strlen (item->what), >, 4);
      g_assert_null (strchr (item->what, 0x1b));
    }
}

/* What holds for every finding: whole sentences, nothing unfilled, nothing that harms a terminal. */
static void
assert_well_said (const QsFinding *finding)
{
  g_assert_true (qs_finding_id_is_known (finding->id));
  g_assert_nonnull (finding->reference);
  g_assert_true (g_str_has_suffix (finding->title, "."));
  g_assert_true (g_utf8_validate (finding->title, -1, NULL) && g_utf8_validate (finding->detail, -1, NULL));
  g_assert_cmpuint (strlen (finding->title), >, 20);
  g_assert_cmpuint (strlen (finding->detail), >, 10);
  for (char **advice = finding->tries; *advice != NULL; advice++)
    {
      g_assert_true (g_utf8_validate (*advice, -1, NULL) && g_str_has_suffix (*advice, "."));
      g_assert_null (strchr (*advice, '{'));
    }
  assert_shown (finding);
  g_assert_null (strchr (finding->title, 0x1b));
  g_assert_null (strchr (finding->detail, 0x1b));
  g_assert_null (strstr (finding->title, "  "));
  g_assert_null (strchr (finding->title, '{'));
}

static void
test_case (gconstpointer data)
{
  const Case *wanted = data;
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  wanted->make (made);
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, wanted->now < 0 ? -1 : wanted->now * MS);
  const QsFinding *finding = find_finding (findings, wanted->id);
  if (finding == NULL)
    {
      g_autofree char *ids = list_ids (findings);
      g_error ("no finding %s, but:%s", wanted->id, ids);
    }
  g_assert_cmpstr (qs_severity_name (finding->severity), ==, qs_severity_name (wanted->severity));
  g_autofree char *words = dup_words (finding);
  assert_says (finding->title, wanted->title);
  assert_says (words, wanted->detail);
  g_assert_cmpint (finding->packet, <, qs_trace_get_n_packets (made->trace));
  guint n_errors = 0;
  for (guint i = 0; i < findings->len; i++)
    {
      const QsFinding *other = findings->pdata[i];
      assert_well_said (other);
      n_errors += other->severity == QS_SEVERITY_ERROR;
      if (i > 0)
        g_assert_cmpint (other->severity, >=, ((const QsFinding *) findings->pdata[i - 1])->severity);
    }
  /* One cause, one error: what follows from it is not told as another. */
  if (n_errors != (wanted->severity == QS_SEVERITY_ERROR ? 1 : 0))
    {
      g_autofree char *ids = list_ids (findings);
      g_error ("more than one error, or one too many:%s", ids);
    }
}

static void
assert_no_error (GPtrArray *findings)
{
  g_autofree char *ids = list_ids (findings);

  if (findings->len > 0 && ((const QsFinding *) findings->pdata[0])->severity == QS_SEVERITY_ERROR)
    g_error ("an error where none is:%s", ids);
}

static void
test_clean (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  for (gint64 now = 3; now < 2500; now += 500)
    {
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, now * MS);
      g_assert_cmpuint (findings->len, ==, 0);
    }
  made_handshake (made);
  g_autoptr (GPtrArray) live = qs_diagnose (made->trace, 30 * MS);
  g_assert_cmpuint (live->len, ==, 0);
  made_stream (made, 0, QS_STREAM_FINISHED, QS_STREAM_FINISHED, -1, 10, 20);
  made_close (made, "local", TRUE, 0x100, NULL);
  made_outcome (made, "ok", "done");
  g_autoptr (GPtrArray) ended = qs_diagnose (made->trace, -1);
  g_assert_cmpuint (ended->len, ==, 0);
}

/* A peer that says good-bye in order after the answer. */
static void
test_normal_close (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  made_handshake (made);
  made_close (made, "remote", TRUE, 0x100, NULL);
  made_outcome (made, "ok", "done");
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  g_assert_cmpuint (findings->len, ==, 0);
}

static void
test_loss_is_no_failure (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  made_handshake (made);
  for (guint64 i = 0; i < 100; i++)
    made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, i, "01", i % 3 == 0 ? QS_PACKET_LOST : QS_PACKET_ACKED);
  made_outcome (made, "ok", "done");
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  assert_no_error (findings);
  g_assert_cmpint (find_finding (findings, "packet-loss")->severity, ==, QS_SEVERITY_WARNING);
}

/* RFC 9002 section 6.3: a server that answers with Retry keeps nothing of what came before. */
static void
test_retry_is_no_loss (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_INITIAL, 0, "0600011e", QS_PACKET_LOST);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_RETRY, G_MAXUINT64, NULL, 0);
  made_handshake (made);
  made_outcome (made, "ok", "done");
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  g_assert_nonnull (find_finding (findings, "retry"));
  g_assert_null (find_finding (findings, "packet-loss"));
}

/* On a family that nobody listens on the refusal comes at once: a note, not a broken network. */
static void
test_refused_family (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  made_mark (made, QS_MARK_ATTEMPT_LOST, "ECONNREFUSED", 0, "[2001:db8::1]:443");
  made_handshake (made);
  made_outcome (made, "ok", "done");
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  g_assert_cmpint (find_finding (findings, "address-family-broken")->severity, ==, QS_SEVERITY_INFO);
  assert_says (find_finding (findings, "address-family-broken")->detail, "refused at once");
}

/* Where a router sent the refusal, the server may listen all the same. */
static void
test_family_refused_on_the_way (void)
{
  static const struct {
    const char *refuser, *words;
    QsParty who;
  } rows[] = { { "2001:db8:9::fe", "by 2001:db8:9::fe (ICMP)", QS_PARTY_PATH },
               { "2001:db8::1", "was refused at once, 192.0.2.1", QS_PARTY_SERVER } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      QsMark mark = { .kind = QS_MARK_ATTEMPT_LOST, .name = g_intern_string ("ECONNREFUSED"), .stream = -1 };
      mark.text = g_strdup ("[2001:db8::1]:443");
      mark.bytes = g_bytes_new (rows[i].refuser, strlen (rows[i].refuser));
      made_start (made);
      qs_trace_add_mark_full (made->trace, 1, &mark);
      made_handshake (made);
      made_outcome (made, "ok", "done");
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
      const QsFinding *finding = find_finding (findings, "address-family-broken");
      g_test_message ("%s", finding->detail);
      g_assert_cmpint (finding->who, ==, (int) rows[i].who);
      assert_says (finding->detail, rows[i].words);
    }
}

/* Of the same family: those that lost without a word, and those that refused; not what was hardly waited for. */
static void
test_addresses_dead (void)
{
  static const struct {
    const char *lost, *how;
    gint64 begun, answered; /* ms: when it was tried; when the one that won answered */
    const char *words;      /* NULL: nothing is said */
    QsSeverity severity;
  } rows[] = {
    { "192.0.2.8:443", "silent", 0, 260, "192.0.2.8:443 (no answer in 260", QS_SEVERITY_INFO },
    { "192.0.2.8:443", "silent", 0, 1260, "192.0.2.8:443 (no answer in 1.26 s)", QS_SEVERITY_WARNING },
    { "192.0.2.8:443", "ECONNREFUSED", 0, 260, "192.0.2.8:443 (refused); 192.0.2.7", QS_SEVERITY_WARNING },
    { "192.0.2.8:443", "EHOSTUNREACH", 0, 260, "cannot be reached", QS_SEVERITY_WARNING },
    { "192.0.2.8:443", "slower", 0, 260, NULL, 0 },
    { "192.0.2.8:443", "silent", 245, 260, NULL, 0 },
    { "127.0.0.2:443", "ECONNREFUSED", 0, 260, NULL, 0 },
    { "[2001:db8::1]:443", "silent", 0, 260, NULL, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      qs_trace_add_fact (made->trace, "target", "quic://www.example.net:443/");
      made->at = rows[i].begun;
      made_mark (made, QS_MARK_CONNECTING, NULL, 0, rows[i].lost);
      made->at = rows[i].answered - 10;
      made_mark (made, QS_MARK_CONNECTING, NULL, 1, "192.0.2.7:443");
      made_datagram (made, QS_DIRECTION_SENT, 1200);
      made->at = rows[i].answered;
      made_datagram (made, QS_DIRECTION_RECEIVED, 1200);
      made_mark (made, QS_MARK_ATTEMPT_LOST, rows[i].how, 0, rows[i].lost);
      made_handshake (made);
      made_outcome (made, "ok", "done");
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
      const QsFinding *finding = find_finding (findings, "addresses-dead");
      g_test_message ("row %u", i);
      g_assert_true ((finding != NULL) == (rows[i].words != NULL));
      if (finding == NULL)
        continue;
      assert_says (finding->detail, rows[i].words);
      g_assert_cmpint (finding->severity, ==, rows[i].severity);
    }
}

/* Once a router has said that a datagram is too big, this computer says so itself: the router is who is named. */
static void
test_who_said_too_big (void)
{
  static const char *const said[][2] = { { "192.0.2.254", "It breaks at 192.0.2.254" },
                                         { NULL, "own system says so" } };

  for (guint i = 0; i < G_N_ELEMENTS (said); i++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      made_start (made);
      if (said[i][0] != NULL)
        made_mark (made, QS_MARK_ICMP, "too-big", 0x304, said[i][0]);
      made_mark (made, QS_MARK_ICMP, "too-big", 0, NULL);
      made_mark (made, QS_MARK_SOCKET_ERROR, "EMSGSIZE", 90, "Message too long");
      made_outcome (made, "failed", "connect");
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
      assert_says (find_finding (findings, "mtu-too-small")->detail, said[i][1]);
    }
}

/* Room is left, all is sent, or it was only a moment. */
static void
test_window_with_room (void)
{
  static const struct {
    const char *sent, *got;
    gint64 quiet_ms;
  } quiet[] = { { "0a0003616263", NULL, 5000 },
                { "0a000461626364", "110008", 5000 },
                { "0b000461626364", NULL, 5000 },
                { "0a000461626364", NULL, 500 } };

  for (guint i = 0; i < G_N_ELEMENTS (quiet); i++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      made_full_window (made, quiet[i].sent, quiet[i].got, quiet[i].quiet_ms);
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
      g_assert_null (find_finding (findings, "flow-control-blocked"));
    }
}

/* A few lost, or a large one that gets through behind them: that is loss and no more. */
static void
test_no_black_hole (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      made_black_hole (made, i == 0 ? 3 : 20);
      if (i == 1)
        made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, 100, "01", QS_PACKET_ACKED | QS_PACKET_ACK_ELICITING);
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
      g_assert_nonnull (find_finding (findings, "packet-loss"));
      g_assert_null (find_finding (findings, "mtu-black-hole"));
    }
}

static void
test_stopped (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  made->at = 500;
  made_outcome (made, "stopped", "connect");
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  g_assert_cmpuint (findings->len, ==, 0);
}

/* The server's own side of a refusal: the client closed because of the certificate. */
static void
test_server_side (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_SERVER);

  made_hello (made, QS_DIRECTION_RECEIVED, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .sni = "localhost" });
  made->at = 5;
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_HANDSHAKE, 1, "1c41300600", 0);
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  g_assert_nonnull (find_finding (findings, "certificate-unknown-ca"));
  g_assert_null (find_finding (findings, "client-certificate-refused"));
}

/* The settled head and the counted tail of a long trace give what one count of all gives. */
static void
test_long_trace (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  made_handshake (made);
  for (guint64 i = 1; i <= 30000; i++)
    {
      made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, i, "01", i % 100 == 0 ? QS_PACKET_LOST : QS_PACKET_ACKED);
      if (i % 5000 == 0)
        {
          g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, 30 * MS);
          g_autofree char *count = g_strdup_printf ("%" G_GUINT64_FORMAT " of", i / 100);
          assert_says (find_finding (findings, "packet-loss")->title, count);
        }
    }
}

static void
test_catalogue (void)
{
  static const char *const ids[] = { "dns-failure",
                                     "no-reply",
                                     "port-closed",
                                     "unreachable",
                                     "address-family-broken",
                                     "address-changed",
                                     "alpn-mismatch",
                                     "silent-after-ack",
                                     "sni-unknown",
                                     "certificate-name-mismatch",
                                     "certificate-unknown-ca",
                                     "certificate-incomplete-chain",
                                     "certificate-self-signed",
                                     "certificate-expired",
                                     "certificate-not-yet-valid",
                                     "certificate-revoked",
                                     "certificate-weak",
                                     "client-certificate-required",
                                     "no-common-parameters",
                                     "hello-retry",
                                     "tls-too-old",
                                     "tls-internal-error",
                                     "not-quic-tls",
                                     "version-negotiation",
                                     "retry",
                                     "retry-token-rejected",
                                     "post-quantum-hello",
                                     "post-quantum-hello-blocked",
                                     "mtu-too-small",
                                     "mtu-black-hole",
                                     "server-initial-lost",
                                     "amplification-blocked",
                                     "idle-timeout",
                                     "stateless-reset",
                                     "flow-control-blocked",
                                     "stream-limit",
                                     "stream-reset",
                                     "closed-by-peer",
                                     "protocol-error",
                                     "ech-required",
                                     "packet-loss",
                                     "reordering",
                                     "ecn-bleached",
                                     "corrupted",
                                     "slow-handshake",
                                     "plain-tcp",
                                     "tls-alert",
                                     "connection-refused",
                                     "connection-reset" };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      gboolean tried = FALSE;
      g_assert_true (qs_finding_id_is_known (ids[i]));
      for (guint j = 0; j < G_N_ELEMENTS (cases); j++)
        tried |= g_str_equal (cases[j].id, ids[i]);
      g_assert_true (tried);
    }
  g_assert_false (qs_finding_id_is_known ("no-such-finding"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/diagnosis/%s", cases[i].name);
      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/diagnosis/clean", test_clean);
  g_test_add_func ("/diagnosis/normal-close", test_normal_close);
  g_test_add_func ("/diagnosis/loss-is-no-failure", test_loss_is_no_failure);
  g_test_add_func ("/diagnosis/retry-is-no-loss", test_retry_is_no_loss);
  g_test_add_func ("/diagnosis/refused-family", test_refused_family);
  g_test_add_func ("/diagnosis/family-refused-on-the-way", test_family_refused_on_the_way);
  g_test_add_func ("/diagnosis/addresses-dead", test_addresses_dead);
  g_test_add_func ("/diagnosis/who-said-too-big", test_who_said_too_big);
  g_test_add_func ("/diagnosis/window-with-room", test_window_with_room);
  g_test_add_func ("/diagnosis/no-black-hole", test_no_black_hole);
  g_test_add_func ("/diagnosis/stopped", test_stopped);
  g_test_add_func ("/diagnosis/server-side", test_server_side);
  g_test_add_func ("/diagnosis/long-trace", test_long_trace);
  g_test_add_func ("/diagnosis/catalogue", test_catalogue);
  return g_test_run ();
}
