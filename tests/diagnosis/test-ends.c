/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who ended a connection, and after what: each finding where it belongs, and where the same bytes mean something else. */
#include <string.h>

#include "diagnosis/qs-finding.h"
#include "trace-kit.h"

typedef struct {
  const char *name;
  void (*make) (Made *made);
  const char *wanted; /* the first finding, an error; NULL: no error */
  const char *title;  /* part of it */
  const char *never;  /* NULL: nothing else is looked for */
} Case;

static void
over_tcp (Made *made)
{
  qs_trace_add_fact (made->trace, "target", "tls://www.example.net:443/");
  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "192.0.2.1:443");
  made_mark (made, QS_MARK_TCP_CONNECTED, NULL, 0, NULL);
  made_segment (made, QS_DIRECTION_SENT, "\x16\x03\x01\x00\x01\x01", 6);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h2", .group = 0x001d });
  made->at = 20;
}

static void
ends (Made *made, const char *how, QsDirection who)
{
  made_mark (made, QS_MARK_TCP_END, how, who, NULL);
}

static void
unreachable_behind (Made *made)
{
  qs_trace_add_fact (made->trace, "target", "tls://www.example.net:443/");
  made_path (made, "192.0.2.77:50000", "192.0.2.1:443");
  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "192.0.2.1:443");
  made->at = 20;
  made_mark (made, QS_MARK_SOCKET_ERROR, "EHOSTUNREACH", 113, "No route to host");
  made_outcome (made, "failed", "connect");
}

static void
silent_name_server (Made *made)
{
  qs_trace_add_fact (made->trace, "target", "tls://www.example.net:443/");
  made->at = 4500;
  made_mark (made, QS_MARK_NOTE, "timeout", 4500, "No progress");
  made_outcome (made, "failed", "resolve");
}

/* Two marks of what the system knows of the connection, when patience was over. */
static void
unacknowledged (Made *made)
{
  over_tcp (made);
  made->at = 4000;
  made_mark (made, QS_MARK_NOTE, "timeout", 4000, "No progress");
  made_mark (made, QS_MARK_NOTE, "tcp-waiting", 1500, "What was sent last was not acknowledged");
  made_outcome (made, "failed", "handshake");
}

static void
gap_before_answer (Made *made)
{
  over_tcp (made);
  made->at = 4000;
  made_mark (made, QS_MARK_NOTE, "timeout", 4000, "No progress");
  made_mark (made, QS_MARK_NOTE, "tcp-gap", 2, "Segments of an answer came");
  made_outcome (made, "failed", "handshake");
}

static void
gap_and_an_answer (Made *made)
{
  over_tcp (made);
  made_segment (made, QS_DIRECTION_RECEIVED, "\x16\x03\x03\x00\x10\x02", 6);
  made->at = 4000;
  made_mark (made, QS_MARK_NOTE, "timeout", 4000, "No progress");
  made_mark (made, QS_MARK_NOTE, "tcp-gap", 2, "Segments of an answer came");
  made_outcome (made, "failed", "handshake");
}

static void
fin_after_hello (Made *made)
{
  over_tcp (made);
  ends (made, "fin", QS_DIRECTION_RECEIVED);
  made_outcome (made, "failed", "handshake");
}

/* OpenSSL answers the end of the stream with an alert of its own. */
static void
fin_and_echo (Made *made)
{
  over_tcp (made);
  ends (made, "fin", QS_DIRECTION_RECEIVED);
  made->at = 21;
  made_close (made, "local", FALSE, 0x132, "decode error");
  made_outcome (made, "failed", "handshake");
}

/* The alert comes to a socket that is closed. */
static void
fin_echo_and_reset (Made *made)
{
  over_tcp (made);
  ends (made, "fin", QS_DIRECTION_RECEIVED);
  made->at = 21;
  made_close (made, "local", FALSE, 0x132, "decode error");
  made->at = 22;
  ends (made, "reset", QS_DIRECTION_RECEIVED);
  made_outcome (made, "failed", "handshake");
}

static void
decode_error_of_ours (Made *made)
{
  over_tcp (made);
  made_close (made, "local", FALSE, 0x132, "decode error");
  made->at = 21;
  ends (made, "fin", QS_DIRECTION_RECEIVED); /* it gives up, told of the alert */
  made_outcome (made, "failed", "handshake");
}

static void
fin_after_alert_of_ours (Made *made)
{
  over_tcp (made);
  made_close (made, "local", FALSE, 0x12f, "illegal parameter");
  made->at = 21;
  ends (made, "fin", QS_DIRECTION_RECEIVED);
  made_outcome (made, "failed", "handshake");
}

static void
client_closed_first (Made *made)
{
  over_tcp (made);
  ends (made, "fin", QS_DIRECTION_SENT);
  made->at = 21;
  ends (made, "fin", QS_DIRECTION_RECEIVED);
}

static void
server_reset (Made *made)
{
  over_tcp (made);
  ends (made, "reset", QS_DIRECTION_RECEIVED);
  made_outcome (made, "failed", "handshake");
}

static void
client_reset (Made *made)
{
  over_tcp (made);
  ends (made, "reset", QS_DIRECTION_SENT);
}

static void
client_reset_after_all (Made *made)
{
  over_tcp (made);
  made_handshake (made);
  ends (made, "fin", QS_DIRECTION_RECEIVED);
  made->at = 40;
  ends (made, "reset", QS_DIRECTION_SENT);
}

static void
closed_with (Made *made, guint64 code, const char *reason)
{
  made_start (made);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .group = 0x001d });
  made->at = 10;
  made_datagram (made, QS_DIRECTION_RECEIVED, 1200);
  made_close (made, "remote", FALSE, code, reason);
  made_outcome (made, "failed", "handshake");
}

static void
reason_names_alpn (Made *made)
{
  closed_with (made, 0x128, "No common ALPN protocols");
}

static void
reason_names_suites (Made *made)
{
  closed_with (made, 0x128, "no shared cipher");
}

static void
application_error (Made *made)
{
  closed_with (made, 0x0c, NULL);
}

static void
no_viable_path (Made *made)
{
  closed_with (made, 0x10, NULL);
}

static void
version_error (Made *made)
{
  closed_with (made, 0x11, NULL);
}

static void
rule_broken (Made *made)
{
  closed_with (made, 0x0a, NULL);
}

/* The client closes by itself, with that code: after silence, or after something that the server sent. */
static void
gave_up (Made *made, gboolean heard)
{
  made_start (made);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .group = 0x001d });
  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_INITIAL, 0, NULL, 0);
  made->at = 10;
  if (heard)
    {
      made_datagram (made, QS_DIRECTION_RECEIVED, 1200);
      made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_INITIAL, 0, NULL, 0);
    }
  made->at = 10000;
  made_close (made, "local", FALSE, 0x0a, NULL);
  made_outcome (made, "failed", "handshake");
}

static void
gave_up_unheard (Made *made)
{
  gave_up (made, FALSE);
}

static void
gave_up_heard (Made *made)
{
  gave_up (made, TRUE);
}

static void
behind_those (Made *made)
{
  closed_with (made, 0x12, NULL);
}

/* The server asks, the client shows no certificate, and the server sends an alert. */
static void
asked (Made *made, guint64 code)
{
  made_start (made);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .group = 0x001d });
  made->at = 10;
  made_message (made, QS_DIRECTION_RECEIVED, QS_TLS_CERTIFICATE_REQUEST, "\0\0", 3);
  made_message (made, QS_DIRECTION_SENT, QS_TLS_CERTIFICATE, "\0\0\0", 4);
  made->at = 20;
  made_close (made, "remote", FALSE, code, NULL);
  made_outcome (made, "failed", "handshake");
}

static void
none_shown (Made *made)
{
  asked (made, 0x12a);
}

static void
none_shown_and_handshake_failure (Made *made)
{
  asked (made, 0x128);
}

static void
none_shown_and_another_alert (Made *made)
{
  asked (made, 0x178);
}

static void
odd_packets (Made *made, guint n, const char *outcome)
{
  made_start (made);
  made_handshake (made);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, 0, "01", 0);
  made->at = 500;
  for (guint i = 0; i < n; i++)
    made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, G_MAXUINT64, NULL, QS_PACKET_CORRUPT);
  made->at = 9000;
  made_outcome (made, outcome, "request");
}

static void
two_odd (Made *made)
{
  odd_packets (made, 2, "failed");
}

static void
one_odd (Made *made)
{
  odd_packets (made, 1, "failed");
}

static void
two_odd_and_well (Made *made)
{
  odd_packets (made, 2, "ok");
}

static void
odd_and_read_again (Made *made)
{
  made_start (made);
  made_handshake (made);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, G_MAXUINT64, NULL, QS_PACKET_CORRUPT);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, G_MAXUINT64, NULL, QS_PACKET_CORRUPT);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, 7, "01", 0);
  made->at = 9000;
  made_outcome (made, "failed", "request");
}

static const Case cases[] = {
  { "resolver/silent", silent_name_server, "dns-failure", "no answer from a name server", "timeout" },
  { "unreachable/behind", unreachable_behind, "unreachable", "cannot be reached: no way leads to the host", NULL },
  { "mute/unacknowledged", unacknowledged, "timeout", "accepted the TCP connection and answered nothing",
    "mtu-black-hole" },
  { "mute/gap", gap_before_answer, "mtu-black-hole", "The beginning of what", "timeout" },
  { "mute/gap-and-answer", gap_and_an_answer, "timeout", "stopped answering", "mtu-black-hole" },
  { "fin/hello", fin_after_hello, "closed-in-handshake", "right after the ClientHello", "tls-alert" },
  { "fin/echo", fin_and_echo, "closed-in-handshake", "right after the ClientHello", "tls-alert" },
  { "fin-echo-and-reset", fin_echo_and_reset, "closed-in-handshake", "right after the ClientHello", "tls-alert" },
  { "fin/decode-error-before", decode_error_of_ours, "tls-alert", "decode_error", "closed-in-handshake" },
  { "fin/alert-before", fin_after_alert_of_ours, "tls-alert", "illegal_parameter", "closed-in-handshake" },
  { "fin/client-first", client_closed_first, NULL, NULL, "closed-in-handshake" },
  { "reset/server", server_reset, "connection-reset", "right after the ClientHello", "closed-in-handshake" },
  { "reset/client", client_reset, "connection-reset", "The client cut", NULL },
  { "reset/client-after-all", client_reset_after_all, NULL, NULL, "connection-reset" },
  { "reason/alpn", reason_names_alpn, "alpn-mismatch", "application protocol", "no-common-parameters" },
  { "reason/other", reason_names_suites, "no-common-parameters", "did not say why", "alpn-mismatch" },
  { "code/application", application_error, "protocol-error", "application at", NULL },
  { "code/path", no_viable_path, "protocol-error", "no path", NULL },
  { "code/version", version_error, "protocol-error", "version of QUIC", NULL },
  { "code/rule", rule_broken, "protocol-error", "broke the rules", NULL },
  { "code/unheard", gave_up_unheard, "no-reply", "No answer", "protocol-error" },
  { "code/heard", gave_up_heard, "protocol-error", "broke the rules", "no-reply" },
  { "code/behind", behind_those, "failed", "failed", "protocol-error" },
  { "certificate/none", none_shown, "client-certificate-required", "demands", "client-certificate-refused" },
  { "certificate/none-40", none_shown_and_handshake_failure, "client-certificate-required", "demands",
    "no-common-parameters" },
  { "certificate/none-120", none_shown_and_another_alert, "alpn-mismatch", "application protocol",
    "client-certificate-required" },
  { "restarted/two", two_odd, "server-restarted", "no longer knows", "corrupted" },
  { "restarted/one", one_odd, "timeout", "stopped answering", "server-restarted" },
  { "restarted/well", two_odd_and_well, NULL, NULL, "server-restarted" },
  { "restarted/read-again", odd_and_read_again, "timeout", "stopped answering", "server-restarted" },
};

static void
test_case (gconstpointer data)
{
  const Case *wanted = data;
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  wanted->make (made);
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  const QsFinding *first = findings->len > 0 ? findings->pdata[0] : NULL;
  gboolean error = first != NULL && first->severity == QS_SEVERITY_ERROR;
  for (guint i = 0; i < findings->len; i++)
    g_test_message ("%s: %s", ((const QsFinding *) findings->pdata[i])->id,
                    ((const QsFinding *) findings->pdata[i])->title);
  g_assert_cmpint (error, ==, wanted->wanted != NULL);
  if (wanted->wanted != NULL)
    {
      g_assert_cmpstr (first->id, ==, wanted->wanted);
      g_assert_nonnull (strstr (first->title, wanted->title));
      g_assert_true (first->certainty != QS_CERTAINTY_PROVED || first->evidence->len > 0);
    }
  if (wanted->never != NULL)
    g_assert_null (find_finding (findings, wanted->never));
}

/* A recording's own rows are of files: a run of ours without keys has none of them. */
static void
test_recordings (void)
{
  for (guint file = 0; file < 2; file++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      made_start (made);
      if (file)
        qs_trace_set_from_file (made->trace);
      made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, G_MAXUINT64, NULL, 0);
      made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, G_MAXUINT64, NULL, 0);
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
      g_assert_true ((find_finding (findings, "keys-missing") != NULL) == file);
      g_assert_null (find_finding (findings, "keys-do-not-fit"));
      qs_trace_add_secret (made->trace, 0, "CLIENT_RANDOM 00 00");
      g_autoptr (GPtrArray) again = qs_diagnose (made->trace, -1);
      g_assert_true ((find_finding (again, "keys-do-not-fit") != NULL) == file);
      g_assert_null (find_finding (again, "keys-missing"));
      g_assert_null (find_finding (again, "capture-incomplete"));
      g_assert_null (find_finding (again, "payload-not-kept"));
    }
}

/* An address of the other family that was tried 250 ms before the one that won, and had not answered when that one did. */
static gboolean
family_is_broken (gint64 round_trip)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  qs_trace_add_fact (made->trace, "target", "quic://www.example.net:443/");
  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "[2001:db8::1]:443");
  made->at = 250;
  made_mark (made, QS_MARK_CONNECTING, NULL, 1, "192.0.2.1:443");
  made_datagram (made, QS_DIRECTION_SENT, 1200);
  made->at = 250 + round_trip;
  made_datagram (made, QS_DIRECTION_RECEIVED, 1200);
  made_mark (made, QS_MARK_ATTEMPT_LOST, "silent", 0, "[2001:db8::1]:443");
  made_handshake (made);
  made_outcome (made, "ok", "done");
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  return find_finding (findings, "address-family-broken") != NULL;
}

static void
test_family (void)
{
  g_assert_true (family_is_broken (10));
  g_assert_true (family_is_broken (125)); /* three round trips have passed */
  g_assert_false (family_is_broken (126));
}

/* Of a file that begins behind the hello nobody knows what the server's alert ended; with it, that it was the handshake. */
static void
test_alert_of_a_file (void)
{
  for (guint hello = 0; hello < 2; hello++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

      qs_trace_set_from_file (made->trace);
      if (hello == 1)
        over_tcp (made);
      made->at = 20;
      made_segment (made, QS_DIRECTION_RECEIVED, "\x17\x03\x03\x00\x13 what nobody reads", 24);
      made_close (made, "remote", FALSE, 0x132, NULL);
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
      const QsFinding *alert = find_finding (findings, "tls-alert");
      g_assert_nonnull (alert);
      g_assert_cmpint (alert->severity, ==, hello == 1 ? QS_SEVERITY_ERROR : QS_SEVERITY_WARNING);
      g_assert_nonnull (strstr (alert->title, hello == 1 ? "ended the handshake" : "ended the connection"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ends/alert-of-a-file", test_alert_of_a_file);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/ends/%s", cases[i].name);
      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/ends/recordings", test_recordings);
  g_test_add_func ("/ends/family", test_family);
  return g_test_run ();
}
