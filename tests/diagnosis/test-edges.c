/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words and the bounds of findings, one step on each side: tables of versions, keys that are too small, what an answer has not got. */
#include <string.h>

#include "diagnosis/qs-choice.h"
#include "diagnosis/qs-finding.h"
#include "trace-kit.h"
#include "wire/qs-writer.h"

static gboolean
has (const char *text, const char *part)
{
  return strstr (text, part) != NULL;
}

/* --- Version Negotiation: whose each listed version is --- */

static char *
dup_families (guint32 version)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
  guint8 bytes[] = { 0x80, 0, 0, 0, 0, 1, 0xaa, 1, 0xbb, 0, 0, 0, 0 };
  QsPacket packet = { .number = G_MAXUINT64, .type = QS_PACKET_VERSION_NEGOTIATION, .length = sizeof bytes };

  made_start (made);
  guint index = made_packet (made, QS_DIRECTION_SENT, QS_PACKET_INITIAL, 0, "0600011e", 0);
  qs_trace_edit_packet (made->trace, index)->version = version == 1 ? 0x6b3343cf : 1; /* another one was offered */
  for (guint i = 0; i < 4; i++)
    bytes[9 + i] = (guint8) (version >> (24 - 8 * i));
  packet.time = made->at * MS;
  packet.direction = QS_DIRECTION_RECEIVED;
  packet.record = qs_trace_add_datagram (made->trace, made->at * MS, QS_DIRECTION_RECEIVED, 0, 0, QS_FATE_PASSED, bytes,
                                         sizeof bytes);
  g_ptr_array_add (made->payloads, NULL);
  qs_trace_add_packet (made->trace, &packet);
  made_close (made, "local", FALSE, 2, NULL);
  made_outcome (made, "failed", "handshake");
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  const QsFinding *finding = find_finding (findings, "version-negotiation");
  g_assert_nonnull (finding);
  const char *families = strstr (finding->detail, "That is: ");
  return g_strdup (families != NULL ? families : "");
}

static void
test_families (void)
{
  static const struct {
    guint32 version;
    const char *words; /* NULL: none of them */
  } rows[] = {
    { 0x51303433, "gQUIC (Google's" },
    { 0x51000000, "gQUIC (Google's" },
    { 0x50ffffff, NULL },
    { 0x52000000, NULL },
    { 0x54303530, "gQUIC with TLS" },
    { 0x53ffffff, NULL },
    { 0x55000000, NULL },
    { 0xfaceb001, "mvfst" },
    { 0xfaceb00f, "mvfst" },
    { 0xfaceafff, NULL },
    { 0xfacec000, NULL },
    { 0xff00001d, "drafts of the IETF" },
    { 0xff0000ff, "drafts of the IETF" },
    { 0xff000100, NULL },
    { 0xfeffffff, NULL },
    { 0x1a2a3a4a, "greased" },
    { 0x1a2a3a4b, NULL },
    { 0x00000001, "version 1 (RFC 9000)" },
    { 0x00000002, NULL },
    { 0x6b3343cf, "version 2 (RFC 9369)" },
    { 0x6b3343ce, NULL },
    { 0x6b3343d0, NULL },
  };
  static const char *const all[] = { "gQUIC (",
                                     "gQUIC with",
                                     "mvfst",
                                     "drafts of the IETF",
                                     "greased ones",
                                     "version 1 (RFC 9000)",
                                     "version 2 (RFC 9369)" };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *detail = dup_families (rows[i].version);
      guint n = 0;
      for (guint j = 0; j < G_N_ELEMENTS (all); j++)
        n += has (detail, all[j]);
      g_test_message ("0x%08x: %s", rows[i].version, detail);
      g_assert_cmpuint (n, ==, rows[i].words != NULL);
      g_assert_true (rows[i].words == NULL || has (detail, rows[i].words));
    }
}

/* --- A Diffie-Hellman group below 2048 bits (OpenSSL's security level 2) --- */

/* prime: its first byte that is not zero and how many bytes there are from it on; zeros: in front of it. */
static gboolean
weak (guint16 suite, guint zeros, guint8 first, guint length)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
  g_autoptr (GByteArray) hello = g_byte_array_new ();
  g_autoptr (GByteArray) exchange = g_byte_array_new ();

  qs_trace_add_fact (made->trace, "target", "tls://www.example.net:443/");
  made_mark (made, QS_MARK_TCP_CONNECTED, NULL, 0, NULL);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .group = 0x001d });
  qs_write_uint (hello, 0x0303, 2);
  for (guint i = 0; i < 32; i++)
    qs_write_uint (hello, i, 1);
  qs_write_uint (hello, 0, 1);
  qs_write_uint (hello, suite, 2);
  qs_write_uint (hello, 0, 3); /* no compression, no extensions */
  made_message (made, QS_DIRECTION_RECEIVED, QS_TLS_SERVER_HELLO, hello->data, hello->len);
  qs_write_uint (exchange, zeros + length, 2);
  for (guint i = 0; i < zeros; i++)
    qs_write_uint (exchange, 0, 1);
  for (guint i = 0; i < length; i++)
    qs_write_uint (exchange, i == 0 ? first : 0xff, 1);
  made_message (made, QS_DIRECTION_RECEIVED, 12, exchange->data, exchange->len);
  made_close (made, "local", FALSE, 0x128, NULL);
  made_outcome (made, "failed", "handshake");
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  return find_finding (findings, "key-exchange-weak") != NULL;
}

static void
test_weak_exchange (void)
{
  const guint16 dhe = 0x009e, ecdhe = 0xc02f;

  g_assert_true (weak (dhe, 0, 0xff, 128));
  g_assert_true (weak (dhe, 0, 0x7f, 256)); /* 2047 bits */
  g_assert_true (weak (dhe, 1, 0x7f, 256));
  g_assert_false (weak (dhe, 0, 0x80, 256));
  g_assert_false (weak (dhe, 3, 0x80, 256));
  g_assert_false (weak (dhe, 1, 0, 0)); /* none at all */
  g_assert_false (weak (dhe, 2, 0, 0));
  g_assert_false (weak (ecdhe, 0, 0xff, 128));
}

/* --- Plain HTTP where TLS was expected --- */

static void
test_location (void)
{
  static const struct {
    const char *answer;
    gboolean sends;
  } rows[] = {
    { "HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", FALSE },
    { "HTTP/1.1 301 Moved\r\nLocation: http://www.example.net/a\r\n\r\n", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      qs_trace_add_fact (made->trace, "target", "tls://www.example.net:443/");
      made_mark (made, QS_MARK_TCP_CONNECTED, NULL, 0, NULL);
      made_segment (made, QS_DIRECTION_SENT, "\x16\x03\x01\x00\x01\x01", 6);
      made_segment (made, QS_DIRECTION_RECEIVED, rows[i].answer, strlen (rows[i].answer));
      made_outcome (made, "failed", "handshake");
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
      const QsFinding *finding = find_finding (findings, "plain-tcp");
      g_assert_nonnull (finding);
      g_test_message ("%s", finding->detail);
      g_assert_cmpint (has (finding->detail, "It sends to"), ==, rows[i].sends);
    }
}

/* --- STREAM_LIMIT_ERROR, and its neighbours --- */

static void
test_stream_limit (void)
{
  for (guint64 code = 3; code <= 5; code++)
    for (guint application = 0; application < 2; application++)
      {
        g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
        made_start (made);
        made_handshake (made);
        made_close (made, "remote", application, code, NULL);
        made_outcome (made, "failed", "transfer");
        g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
        g_assert_cmpint (find_finding (findings, "stream-limit") != NULL, ==, code == 4 && !application);
      }
}

/* --- A protocol that was not offered: it stands in EncryptedExtensions --- */

static void
test_alpn_not_offered (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .group = 0x001d });
  made_hello (made, QS_DIRECTION_RECEIVED, QS_TLS_SERVER_HELLO, &(Hello){ .group = 0x001d, .version = 0x0304 });
  guint extensions = qs_trace_get_n_packets (made->trace);
  made_hello (made, QS_DIRECTION_RECEIVED, QS_TLS_ENCRYPTED_EXTENSIONS, &(Hello){ .alpn = "hq-interop" });
  made_close (made, "local", FALSE, 0x12f, NULL);
  made_outcome (made, "failed", "handshake");
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  const QsFinding *finding = findings->pdata[0];
  gboolean shown = FALSE;
  g_test_message ("%s: %s", finding->id, finding->title);
  g_assert_true (has (finding->title, "that was not offered: hq-interop"));
  for (guint i = 0; i < finding->evidence->len; i++)
    shown |= ((const QsFindingEvidence *) finding->evidence->pdata[i])->packet == extensions;
  g_assert_true (shown);
}

/* --- Over TCP, a server that chose no protocol --- */

static void
test_alpn_words (void)
{
  static const struct {
    const char *offered, *chosen;
    gboolean says;
  } rows[] = { { "h2", NULL, TRUE }, { "h2", "h2", FALSE }, { NULL, NULL, FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      qs_trace_add_fact (made->trace, "target", "tls://www.example.net:443/");
      made_mark (made, QS_MARK_TCP_CONNECTED, NULL, 0, NULL);
      made_segment (made, QS_DIRECTION_SENT, "\x16\x03\x01\x00\x01\x01", 6);
      made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = rows[i].offered, .group = 0x001d });
      made_hello (made, QS_DIRECTION_RECEIVED, QS_TLS_SERVER_HELLO, &(Hello){ .group = 0x001d, .version = 0x0304 });
      made_hello (made, QS_DIRECTION_RECEIVED, QS_TLS_ENCRYPTED_EXTENSIONS, &(Hello){ .alpn = rows[i].chosen });
      g_autoptr (QsEvidence) evidence = qs_evidence_new (made->trace, -1);
      g_autofree char *words = qs_evidence_dup_alpn_words (evidence);
      g_assert_cmpint (words != NULL, ==, rows[i].says);
    }
}

/* --- What was chosen beyond what the refused hello had: by its name, or its number --- */

static void
test_beyond (void)
{
  static const struct {
    guint16 group;
    const char *words; /* NULL: it was offered */
  } rows[] = { { 0x0017, "secp256r1" }, { 0x7777, "0x7777" }, { 0x001d, NULL } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Made) answered = made_new (QS_VANTAGE_CLIENT), refused = made_new (QS_VANTAGE_CLIENT);
      g_autofree char *words = NULL;
      made_hello (answered, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .group = rows[i].group });
      made_hello (answered, QS_DIRECTION_RECEIVED, QS_TLS_SERVER_HELLO,
                  &(Hello){ .group = rows[i].group, .version = 0x0304 });
      made_hello (refused, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .group = 0x001d });
      g_autoptr (QsEvidence) one = qs_evidence_new (answered->trace, -1), other = qs_evidence_new (refused->trace, -1);
      qs_choice_beyond (one, other, &words);
      g_test_message ("%s", words != NULL ? words : "(none)");
      g_assert_true (rows[i].words != NULL ? words != NULL && has (words, rows[i].words)
                                           : words == NULL || !has (words, "x25519"));
    }
}

/* --- What TLS over TCP on the same port said, where UDP is silent --- */

static void
test_tcp_answer (void)
{
  for (gint64 answered = 0; answered < 2; answered++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      made_start (made);
      made->at = 3002;
      made_datagram (made, QS_DIRECTION_SENT, 1200);
      made_mark (made, QS_MARK_TCP_PROBE, "open", 0, NULL);
      made_mark (made, QS_MARK_EXPERIMENT, "tcp-tls", answered, "What came of it.");
      made->at = 10000;
      made_outcome (made, "failed", "connect");
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
      const QsFinding *finding = findings->pdata[0];
      g_autofree char *tries = g_strjoinv (" ", finding->tries);
      g_autofree char *text = g_strconcat (finding->detail, " ", tries, NULL);
      g_test_message ("%s: %s", finding->id, text);
      g_assert_cmpint (has (text, "TLS over it is not answered either"), ==, answered == 0);
    }
}

/* The first mark of all counts, too: a log may begin with it. */
static void
test_first_mark (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_mark (made, QS_MARK_ATTEMPT_LOST, "ECONNREFUSED", 0, "192.0.2.8:443");
  made_start (made);
  made_handshake (made);
  made_outcome (made, "ok", "done");
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  g_assert_nonnull (find_finding (findings, "addresses-dead"));
}

/* --- A recording that begins with a packet that cannot be read, of a version: a connection's first all the same --- */

static void
test_first_packet (void)
{
  for (guint32 version = 0; version < 2; version++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      qs_trace_set_from_file (made->trace);
      made_datagram (made, QS_DIRECTION_SENT, 1200);
      guint index = made_packet (made, QS_DIRECTION_SENT, QS_PACKET_UNKNOWN, G_MAXUINT64, NULL, 0);
      qs_trace_edit_packet (made->trace, index)->version = version;
      made_datagram (made, QS_DIRECTION_RECEIVED, 1200);
      made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, G_MAXUINT64, NULL, 0);
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
      for (guint i = 0; i < findings->len; i++)
        g_test_message ("%u: %s", version, ((const QsFinding *) findings->pdata[i])->id);
      g_assert_cmpint (find_finding (findings, "began-before-capture") != NULL, ==, version == 0);
    }
}

/* --- No progress: the server is not blamed where the path lets little through --- */

static void
test_lossy (void)
{
  for (guint n_lost = 9; n_lost <= 10; n_lost++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      made_start (made);
      made_handshake (made);
      for (guint number = 0; qs_trace_get_n_packets (made->trace) < 100; number++)
        made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, 100 + number, "01", number < n_lost ? QS_PACKET_LOST : 0);
      made->at = 4400;
      made_datagram (made, QS_DIRECTION_RECEIVED, 30);
      made->at = 4500;
      made_mark (made, QS_MARK_NOTE, "timeout", 4500, "No progress for 4.50 s: given up");
      made_mark (made, QS_MARK_ANSWER_END, "unanswered", 0, NULL);
      made_outcome (made, "failed", "request");
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, 4500 * MS);
      const QsFinding *finding = find_finding (findings, "timeout");
      g_assert_nonnull (finding);
      g_assert_cmpint (finding->who, ==, n_lost == 10 ? QS_PARTY_UNKNOWN : QS_PARTY_SERVER);
      g_assert_cmpint (finding->certainty, ==, n_lost == 10 ? QS_CERTAINTY_POSSIBLE : QS_CERTAINTY_PROVED);
      g_assert_true (has (finding->detail, "Of 100 packets of both sides 10 got lost") == (n_lost == 10));
    }
}

/* --- Who says that a host cannot be reached --- */

static void
test_no_neighbour (void)
{
  static const struct {
    const char *name, *from;
    gboolean own;
  } cases[] = {
    { "host-unreachable", "192.0.2.9", TRUE },
    { "host-unreachable", "192.0.2.8", FALSE }, /* a router */
    { "net-unreachable", "192.0.2.9", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      made_start (made);
      made_path (made, "192.0.2.9:40000", "192.0.2.1:443");
      made_datagram (made, QS_DIRECTION_SENT, 1200);
      made_mark (made, QS_MARK_ICMP, cases[i].name, 0x301, cases[i].from);
      made_outcome (made, "failed", "connect");
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, 4500 * MS);
      const QsFinding *finding = find_finding (findings, "unreachable");
      g_assert_nonnull (finding);
      g_assert_true (has (finding->title, "nobody has that address on this computer's own network") == cases[i].own);
      g_assert_cmpint (finding->who, ==, cases[i].own ? QS_PARTY_UNKNOWN : QS_PARTY_PATH);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/edges/families", test_families);
  g_test_add_func ("/edges/weak-exchange", test_weak_exchange);
  g_test_add_func ("/edges/location", test_location);
  g_test_add_func ("/edges/stream-limit", test_stream_limit);
  g_test_add_func ("/edges/alpn-not-offered", test_alpn_not_offered);
  g_test_add_func ("/edges/alpn-words", test_alpn_words);
  g_test_add_func ("/edges/beyond", test_beyond);
  g_test_add_func ("/edges/tcp-answer", test_tcp_answer);
  g_test_add_func ("/edges/first-mark", test_first_mark);
  g_test_add_func ("/edges/first-packet", test_first_packet);
  g_test_add_func ("/edges/lossy", test_lossy);
  g_test_add_func ("/edges/no-neighbour", test_no_neighbour);
  return g_test_run ();
}
