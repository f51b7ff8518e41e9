/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What experiments decide: from made-up traces, where a conclusion is to be drawn and where it is not. */
#include <string.h>

#include "diagnosis/qs-experiment-words.h"
#include "diagnosis/qs-finding.h"
#include "trace-kit.h"

#define HYBRID ((Hello){ .alpn = "h3", .group = 0x11ec, .filler = 1300 })

static void
experiment (Made *made, const char *id, gint64 value)
{
  made_mark (made, QS_MARK_EXPERIMENT, id, value, "What came of it.");
}

/* With a handshake_failure of the server's, and what the experiments say. */
static Made *
refused (const Hello *hello)
{
  Made *made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, hello);
  made->at = 10;
  made_datagram (made, QS_DIRECTION_RECEIVED, 60);
  made_close (made, "remote", FALSE, 0x128, NULL);
  made_outcome (made, "failed", "handshake");
  return made;
}

static GPtrArray *
find (Made *made)
{
  g_autoptr (QsEvidence) evidence = qs_evidence_new (made->trace, -1);

  return qs_findings_new (evidence);
}

static void
assert_first (Made *made, const char *id, QsCertainty certainty, const char *words)
{
  g_autoptr (GPtrArray) findings = find (made);

  g_assert_cmpuint (findings->len, >, 0);
  const QsFinding *finding = findings->pdata[0];
  g_assert_cmpstr (finding->id, ==, id);
  g_assert_cmpint (finding->certainty, ==, certainty);
  g_assert_nonnull (strstr (finding->detail, words));
  g_assert_cmpuint (finding->evidence->len, >, 0);
  for (guint i = 1; i < findings->len; i++)
    g_assert_cmpint (((const QsFinding *) findings->pdata[i])->severity, !=, QS_SEVERITY_ERROR);
}

static void
assert_not (Made *made, const char *id)
{
  g_autoptr (GPtrArray) findings = find (made);

  g_assert_null (find_finding (findings, id));
}

/* --- Size and group --- */

static void
test_hello (void)
{
  static const struct {
    gint64 alone, padded, again, at_once; /* 2: not made */
    gboolean found;
    QsCertainty certainty;
    const char *words;
  } cases[] = {
    { 1, 0, 2, 1, TRUE, QS_CERTAINTY_PROVED, "it is the size" },
    { 1, 0, 2, 0, TRUE, QS_CERTAINTY_LIKELY, "two datagrams come at once, is not decided" },
    { 1, 0, 2, -1, TRUE, QS_CERTAINTY_LIKELY, "two datagrams come at once, is not decided" },
    { 1, 0, 2, 2, TRUE, QS_CERTAINTY_LIKELY, "two datagrams come at once, is not decided" },
    { 1, 1, 0, 2, TRUE, QS_CERTAINTY_PROVED, "it is the group" },
    { 1, 1, 2, 2, TRUE, QS_CERTAINTY_LIKELY, "it is the group" },
    { 1, -1, 2, 2, TRUE, QS_CERTAINTY_LIKELY, "is not decided" },
    { 1, 2, 2, 2, TRUE, QS_CERTAINTY_LIKELY, "is not decided" },
    { 1, 1, 1, 2, FALSE, QS_CERTAINTY_PROVED, NULL },
    { 0, 2, 2, 2, FALSE, QS_CERTAINTY_PROVED, NULL },
    { -1, 2, 2, 2, FALSE, QS_CERTAINTY_PROVED, NULL },
    { 2, 2, 2, 2, FALSE, QS_CERTAINTY_PROVED, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Made) made = refused (&HYBRID);
      const struct {
        const char *id;
        gint64 value;
      } made_of_it[] = { { "x25519-alone", cases[i].alone },
                         { "padded-hello", cases[i].padded },
                         { "same-again", cases[i].again },
                         { "two-at-once", cases[i].at_once } };
      for (guint j = 0; j < G_N_ELEMENTS (made_of_it); j++)
        if (made_of_it[j].value < 2)
          experiment (made, made_of_it[j].id, made_of_it[j].value);
      if (cases[i].found)
        assert_first (made, "post-quantum-hello-blocked", cases[i].certainty, cases[i].words);
      else
        assert_not (made, "post-quantum-hello-blocked");
    }
}

/* Two servers that took one beginning: it is neither size nor group. */
static void
test_spread (void)
{
  for (gint64 twice = -1; twice <= 1; twice++)
    {
      g_autoptr (Made) made = refused (&HYBRID);
      experiment (made, "x25519-alone", 1);
      experiment (made, "each-twice", twice);
      experiment (made, "padded-hello", 0);
      if (twice == 1)
        assert_first (made, "datagrams-spread", QS_CERTAINTY_PROVED, "What came of it.");
      assert_not (made, twice == 1 ? "post-quantum-hello-blocked" : "datagrams-spread");
    }
}

/* Over TCP the system knows whether the large one got there at all. */
static void
test_hello_lost (void)
{
  g_autoptr (Made) made = refused (&HYBRID);
  experiment (made, "x25519-alone", 1);
  experiment (made, "padded-hello", 0);
  experiment (made, "two-at-once", 1);
  qs_trace_add_mark (made->trace, QS_MARK_NOTE, "tcp-waiting", 1500, "Not acknowledged");
  assert_first (made, "post-quantum-hello-blocked", QS_CERTAINTY_PROVED, "it is the size"); /* QUIC: TCP has no say */
}

/* One without a post-quantum key share, and one that the server has answered. */
static void
test_hello_not_large (void)
{
  g_autoptr (Made) small = refused (&(Hello){ .alpn = "h3", .group = 0x001d });
  experiment (small, "x25519-alone", 1);
  assert_not (small, "post-quantum-hello-blocked");

  g_autoptr (Made) answered = made_new (QS_VANTAGE_CLIENT);
  made_start (answered);
  made_hello (answered, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &HYBRID);
  made_hello (answered, QS_DIRECTION_RECEIVED, QS_TLS_SERVER_HELLO, &(Hello){ .group = 0x11ec, .version = 0x0304 });
  made_close (answered, "remote", FALSE, 0x128, NULL);
  made_outcome (answered, "failed", "handshake");
  experiment (answered, "x25519-alone", 1);
  assert_not (answered, "post-quantum-hello-blocked");
}

/* It got through after all: worth a warning, and nothing is proved. */
static void
test_hello_late (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &HYBRID);
  experiment (made, "x25519-alone", 1);
  made->at = 2500;
  made_handshake (made);
  made_outcome (made, "ok", "done");
  g_autoptr (GPtrArray) findings = find (made);
  const QsFinding *finding = find_finding (findings, "post-quantum-hello-blocked");
  g_assert_nonnull (finding);
  g_assert_cmpint (finding->severity, ==, QS_SEVERITY_WARNING);
  g_assert_cmpint (finding->certainty, ==, QS_CERTAINTY_LIKELY);
  experiment (made, "padded-hello", 1); /* one as large was taken */
  assert_not (made, "post-quantum-hello-blocked");
}

/* --- ICMP: whose, and when --- */

/* Two addresses were tried, the second is the one that counts. */
static Made *
two_tried (const char *refuser)
{
  Made *made = made_new (QS_VANTAGE_CLIENT);

  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "[2001:db8::1]:443");
  made->at = 250;
  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "192.0.2.1:443");
  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_INITIAL, 0, "0600011e", 0);
  made->at = 260;
  made_mark (made, QS_MARK_ICMP, "port-unreachable", 0x303, refuser);
  made_outcome (made, "failed", "connect");
  return made;
}

static void
test_whose_icmp (void)
{
  g_autoptr (Made) own = two_tried ("192.0.2.1"), router = two_tried ("192.0.2.12"), other = two_tried ("2001:db8::1");
  g_autoptr (GPtrArray) of_router = find (router);

  g_autoptr (GPtrArray) of_own = find (own);
  g_assert_nonnull (find_finding (of_own, "port-closed"));
  const QsFinding *finding = find_finding (of_router, "port-closed");
  g_assert_nonnull (finding);
  g_assert_nonnull (strstr (finding->title, "192.0.2.12 refuses UDP"));
  assert_not (other, "port-closed");
}

/* A router's word in the middle of the handshake, something that came before or behind it, and an end of another kind. */
static void
test_passing_icmp (void)
{
  for (guint behind = 0; behind < 2; behind++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      made_start (made);
      made_packet (made, QS_DIRECTION_SENT, QS_PACKET_INITIAL, 0, "0600011e", 0);
      made->at = behind ? 30 : 10;
      made_datagram (made, QS_DIRECTION_RECEIVED, 1200);
      made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_INITIAL, 0, "0200000000", 0);
      made->at = 20;
      made_mark (made, QS_MARK_ICMP, "time-exceeded", 0xb00, "192.0.2.99");
      made->at = 40;
      made_outcome (made, "failed", "handshake");
      g_autoptr (GPtrArray) findings = find (made);
      g_assert_true ((find_finding (findings, "unreachable") != NULL) == (behind == 0));
    }
}

/* In the middle of a connection: of the host itself the server went away, of another the way was closed. */
static void
test_icmp_when_connected (void)
{
  static const char *const from[] = { "192.0.2.1", "192.0.2.99" }, *const says[] = { "went away",
                                                                                     "192.0.2.99 refuses" };

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      made_start (made);
      made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .group = 0x001d });
      made_handshake (made);
      made->at = 900;
      made_mark (made, QS_MARK_ICMP, "port-unreachable", 0x303, from[i]);
      made_outcome (made, "failed", "request");
      g_autoptr (GPtrArray) findings = find (made);
      const QsFinding *finding = find_finding (findings, "port-closed");
      g_assert_nonnull (finding);
      g_assert_nonnull (strstr (finding->title, says[i]));
      g_assert_true ((finding->who == QS_PARTY_PATH) == (i == 1));
    }
}

/* --- Protocols and names --- */

static void
test_protocol (void)
{
  g_autoptr (Made) made = refused (&(Hello){ .alpn = "h3", .group = 0x001d });
  experiment (made, "alpn-hq-interop", 0);
  assert_not (made, "alpn-mismatch");
  experiment (made, "alpn-doq", 1);
  assert_first (made, "alpn-mismatch", QS_CERTAINTY_LIKELY, "What came of it.");
  experiment (made, "same-again", 0);
  assert_first (made, "alpn-mismatch", QS_CERTAINTY_PROVED, "What came of it.");

  g_autoptr (Made) passing = refused (&(Hello){ .alpn = "h3", .group = 0x001d });
  experiment (passing, "alpn-doq", 1);
  experiment (passing, "same-again", 1);
  assert_not (passing, "alpn-mismatch");
}

/* What the server chose is not among what was offered, and the client refused that. */
static void
test_protocol_not_offered (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      made_start (made);
      made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .group = 0x001d });
      made_hello (made, QS_DIRECTION_RECEIVED, QS_TLS_SERVER_HELLO, &(Hello){ .group = 0x001d, .version = 0x0304 });
      made_mark (made, QS_MARK_FACT, "tls.alpn", 0, i == 0 ? "doq" : "h3");
      made_close (made, "local", FALSE, 0x132, NULL);
      made_outcome (made, "failed", "handshake");
      if (i == 0)
        assert_first (made, "alpn-mismatch", QS_CERTAINTY_PROVED, "nothing but doq");
      else
        assert_not (made, "alpn-mismatch");
    }
}

static void
test_offer (void)
{
  g_autoptr (Made) made = refused (&(Hello){ .alpn = "h3", .group = 0x0019 });
  experiment (made, "usual-offer", 0);
  assert_first (made, "no-common-parameters", QS_CERTAINTY_POSSIBLE, "stands for many things");
  g_autoptr (Made) narrow = refused (&(Hello){ .alpn = "h3", .group = 0x0019 });
  experiment (narrow, "usual-offer", 1);
  assert_first (narrow, "no-common-parameters", QS_CERTAINTY_LIKELY, "What came of it.");
  experiment (narrow, "same-again", 0);
  assert_first (narrow, "no-common-parameters", QS_CERTAINTY_PROVED, "What came of it.");
}

/* Which list was too short is said where one alone made longer was answered, and the same as at first was refused again. */
static void
test_lists (void)
{
  static const char *const singles[] = { "every-group", "every-cipher-suite", "every-signature-scheme" };
  static const char *const words[] = { "none of the groups", "none of the cipher suites", "sign in none" };

  for (guint i = 0; i < G_N_ELEMENTS (singles); i++)
    {
      g_autoptr (Made) made = refused (&(Hello){ .alpn = "h3", .group = 0x001d });
      experiment (made, "widest-offer", 1);
      assert_first (made, "no-common-parameters", QS_CERTAINTY_LIKELY, "What came of it.");
      experiment (made, "same-again", 0);
      assert_first (made, "no-common-parameters", QS_CERTAINTY_LIKELY, "What came of it.");
      experiment (made, singles[i], 1);
      assert_first (made, "no-common-parameters", QS_CERTAINTY_PROVED, "What came of it.");
      g_autoptr (GPtrArray) findings = find (made);
      g_assert_nonnull (strstr (((const QsFinding *) findings->pdata[0])->title, words[i]));
    }
  g_autoptr (Made) passing = refused (&(Hello){ .alpn = "h3", .group = 0x001d });
  experiment (passing, "widest-offer", 1);
  experiment (passing, "same-again", 1);
  assert_first (passing, "no-common-parameters", QS_CERTAINTY_POSSIBLE, "stands for many things");
  g_autoptr (Made) vain = refused (&(Hello){ .alpn = "h3", .group = 0x001d });
  experiment (vain, "widest-offer", 0);
  assert_first (vain, "no-common-parameters", QS_CERTAINTY_POSSIBLE, "made no difference");
  g_autoptr (Made) old = refused (&(Hello){ .alpn = "h3", .group = 0x001d });
  experiment (old, "old-versions", 1);
  assert_first (old, "tls-too-old", QS_CERTAINTY_PROVED, "What came of it.");
}

static void
test_name (void)
{
  g_autoptr (Made) made = refused (&(Hello){ .alpn = "h3", .group = 0x001d });
  experiment (made, "no-sni", 0);
  assert_not (made, "sni-unknown");
  experiment (made, "no-sni", 1);
  assert_first (made, "sni-unknown", QS_CERTAINTY_LIKELY, "What came of it.");
  experiment (made, "same-again", 0);
  assert_first (made, "sni-unknown", QS_CERTAINTY_PROVED, "What came of it.");
}

/* Over TCP: with a header of the PROXY protocol it is answered, and without it, once more, not. */
static void
test_proxy_header (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "192.0.2.1:443");
  made_mark (made, QS_MARK_TCP_CONNECTED, NULL, 0, NULL);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h2", .group = 0x001d });
  made_mark (made, QS_MARK_TCP_END, "reset", QS_DIRECTION_RECEIVED, NULL);
  made_mark (made, QS_MARK_SOCKET_ERROR, "ECONNRESET", 104, "Connection reset by peer");
  made_outcome (made, "failed", "handshake");
  experiment (made, "proxy-header", 0);
  assert_not (made, "proxy-protocol-expected");
  experiment (made, "proxy-header", 1);
  assert_first (made, "proxy-protocol-expected", QS_CERTAINTY_LIKELY, "the TCP connection was reset");
  experiment (made, "same-again", 0);
  assert_first (made, "proxy-protocol-expected", QS_CERTAINTY_PROVED, "the TCP connection was reset");
  experiment (made, "same-again", 1);
  assert_not (made, "proxy-protocol-expected");
}

/* Over TCP: in small segments it is answered, in those of before, once more, not. */
static void
test_small_segments (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "192.0.2.1:443");
  made_mark (made, QS_MARK_TCP_CONNECTED, NULL, 0, NULL);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h2", .group = 0x001d });
  made->at = 4500;
  made_outcome (made, "failed", "handshake");
  experiment (made, "small-segments", 0);
  assert_not (made, "mtu-black-hole");
  experiment (made, "small-segments", 1);
  assert_first (made, "mtu-black-hole", QS_CERTAINTY_LIKELY, "536 bytes");
  experiment (made, "same-again", 0);
  assert_first (made, "mtu-black-hole", QS_CERTAINTY_LIKELY, "536 bytes");
  experiment (made, "same-again", 1);
  assert_not (made, "mtu-black-hole");
}

/* --- From elsewhere --- */

/* A long header with these ids, as the first datagram, and an answer that bears one of them or not. */
static Made *
answered_elsewhere (const char *answer, gsize length)
{
  static const char first[] = "\xc0\0\0\0\1\x8"
                              "ABCDEFGH"
                              "\x8"
                              "abcdefgh"
                              "\0\x1f"
                              "0123456789012345678901234567890";
  Made *made = made_new (QS_VANTAGE_CLIENT);
  QsMark twin = { .kind = QS_MARK_EXPERIMENT, .name = "unconnected-twin", .value = 1, .stream = -1 };

  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "192.0.2.1:443");
  qs_trace_add_datagram (made->trace, 2 * MS, QS_DIRECTION_SENT, made->path, 0, QS_FATE_PASSED, first,
                         sizeof first - 1);
  twin.text = g_strdup ("The answers come from 192.0.2.2:443, which was not asked.");
  twin.bytes = g_bytes_new (answer, length);
  qs_trace_add_mark_full (made->trace, 1000 * MS, &twin);
  made->at = 1001;
  made_outcome (made, "failed", "connect");
  return made;
}

static void
test_elsewhere (void)
{
  g_autoptr (Made) ours = answered_elsewhere ("\x80....abcdefgh....", 17);
  assert_first (ours, "reply-from-elsewhere", QS_CERTAINTY_PROVED, "192.0.2.2:443");
  g_autoptr (Made) echo = answered_elsewhere ("ABCDEFGH", 8);
  assert_first (echo, "reply-from-elsewhere", QS_CERTAINTY_PROVED, "192.0.2.2:443");
  g_autoptr (Made) stranger = answered_elsewhere ("ABCDEFG", 7);
  assert_first (stranger, "reply-from-elsewhere", QS_CERTAINTY_LIKELY, "192.0.2.2:443");
  g_autoptr (Made) empty = answered_elsewhere ("", 0);
  assert_first (empty, "reply-from-elsewhere", QS_CERTAINTY_LIKELY, "192.0.2.2:443");

  /* Whom one asked has answered as well. */
  g_autoptr (Made) both = answered_elsewhere ("ABCDEFGH", 8);
  made_datagram (both, QS_DIRECTION_RECEIVED, 60);
  assert_not (both, "reply-from-elsewhere");
}

/* --- Only small ones come back --- */

/* Acknowledgements in Initials of these numbers, each in a datagram of this size. */
static Made *
small_ones (const guint *numbers, guint n, guint size)
{
  Made *made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_INITIAL, 0, "0600011e", 0);
  for (guint i = 0; i < n; i++)
    {
      made->at += 100;
      made_datagram (made, QS_DIRECTION_RECEIVED, size);
      made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_INITIAL, numbers[i], "0200000000", 0);
    }
  made->at = 4500;
  made_outcome (made, "failed", "handshake");
  return made;
}

static void
test_small_alone (void)
{
  static const guint without[] = { 0, 1, 2, 3 }, one_missing[] = { 0, 1, 3 }, two_at_once[] = { 0, 3, 4, 5 };
  static const guint two_missing[] = { 0, 2, 4 }, from_the_first[] = { 2, 5 };
  g_autoptr (Made) whole = small_ones (without, 4, 37);
  assert_not (whole, "mtu-black-hole");
  g_autoptr (Made) one = small_ones (one_missing, 3, 37);
  assert_not (one, "mtu-black-hole");
  g_autoptr (Made) once = small_ones (two_at_once, 4, 37);
  assert_not (once, "mtu-black-hole");
  g_autoptr (Made) two = small_ones (two_missing, 3, 37);
  assert_first (two, "mtu-black-hole", QS_CERTAINTY_LIKELY, "has 37 bytes");
  g_autoptr (Made) first = small_ones (from_the_first, 2, 37);
  assert_first (first, "mtu-black-hole", QS_CERTAINTY_LIKELY, "at least 4 others");
  static const guint at_random[] = { 1203948576, 1203948578 }, sixteen[] = { 16, 18 }, seventeen[] = { 17, 19 };
  g_autoptr (Made) random = small_ones (at_random, 2, 37);
  assert_not (random, "mtu-black-hole");
  g_autoptr (Made) counted = small_ones (sixteen, 2, 37);
  assert_first (counted, "mtu-black-hole", QS_CERTAINTY_LIKELY, "at least 17 others");
  g_autoptr (Made) unknown = small_ones (seventeen, 2, 37);
  assert_not (unknown, "mtu-black-hole");
  g_autoptr (Made) nearly = small_ones (two_missing, 3, 1199);
  assert_first (nearly, "mtu-black-hole", QS_CERTAINTY_LIKELY, "has 1199 bytes");
  g_autoptr (Made) large = small_ones (two_missing, 3, 1200);
  assert_not (large, "mtu-black-hole");
}

/* Handshake packets that nobody can read, so far apart, in datagrams of this size; behind an Initial or not. */
static Made *
handshakes_alone (guint n, guint apart_ms, guint size, gboolean initial)
{
  Made *made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_INITIAL, 0, "0600011e", 0);
  for (guint i = 0; i < n; i++)
    {
      made->at += apart_ms;
      made_datagram (made, QS_DIRECTION_RECEIVED, size);
      if (initial && i == 0)
        made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_INITIAL, 0, "0200000000", 0);
      made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_HANDSHAKE, 0, NULL, 0);
    }
  made->at = 4500;
  made_outcome (made, "failed", "handshake");
  return made;
}

static void
test_initial_missing (void)
{
  g_autoptr (Made) twice = handshakes_alone (2, 1000, 220, FALSE);
  assert_first (twice, "mtu-black-hole", QS_CERTAINTY_LIKELY, "has 220 bytes");
  g_autoptr (Made) apart = handshakes_alone (2, 200, 1199, FALSE);
  assert_first (apart, "mtu-black-hole", QS_CERTAINTY_LIKELY, "has 1199 bytes");
  qs_trace_set_from_file (twice->trace); /* a saved run is the same run */
  assert_first (twice, "mtu-black-hole", QS_CERTAINTY_LIKELY, "has 220 bytes");
  g_autoptr (Made) together = handshakes_alone (2, 199, 220, FALSE);
  assert_not (together, "mtu-black-hole");
  g_autoptr (Made) once = handshakes_alone (1, 1000, 220, FALSE);
  assert_not (once, "mtu-black-hole");
  g_autoptr (Made) large = handshakes_alone (2, 1000, 1200, FALSE);
  assert_not (large, "mtu-black-hole");
  g_autoptr (Made) initial = handshakes_alone (3, 1000, 220, TRUE);
  assert_not (initial, "mtu-black-hole");
}

/* --- The other family --- */

static void
test_family (void)
{
  for (gint64 value = 0; value < 2; value++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      made_start (made);
      made_mark (made, QS_MARK_ICMP, "port-unreachable", 0x303, "192.0.2.1");
      made_outcome (made, "failed", "connect");
      experiment (made, "other-address-family", value);
      g_autoptr (GPtrArray) findings = find (made);
      g_assert_nonnull (find_finding (findings, "port-closed"));
      const QsFinding *finding = find_finding (findings, "address-family-broken");
      g_assert_true ((finding != NULL) == (value == 1));
      if (finding != NULL)
        g_assert_nonnull (strstr (finding->title, "over IPv6, not over IPv4"));
    }
}

static void
test_words (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  g_assert_cmpstr (qs_experiment_outcome_name (1), ==, "answered");
  g_assert_cmpstr (qs_experiment_outcome_name (0), ==, "failed");
  g_assert_cmpstr (qs_experiment_outcome_name (-1), ==, "undecided");
  g_assert_cmpstr (qs_experiment_outcome_name (7), ==, "undecided"); /* of a file from elsewhere */
  g_assert_cmpstr (qs_experiment_change ("of-a-later-version"), ==, "of-a-later-version");
  g_assert_cmpint (qs_experiment_value (made->trace, "no-sni"), ==, -1);
  experiment (made, "no-sni", 0);
  g_assert_cmpint (qs_experiment_value (made->trace, "no-sni"), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/decided/hello", test_hello);
  g_test_add_func ("/decided/spread", test_spread);
  g_test_add_func ("/decided/hello-not-large", test_hello_not_large);
  g_test_add_func ("/decided/hello-late", test_hello_late);
  g_test_add_func ("/decided/whose-icmp", test_whose_icmp);
  g_test_add_func ("/decided/passing-icmp", test_passing_icmp);
  g_test_add_func ("/decided/icmp-when-connected", test_icmp_when_connected);
  g_test_add_func ("/decided/protocol", test_protocol);
  g_test_add_func ("/decided/protocol-not-offered", test_protocol_not_offered);
  g_test_add_func ("/decided/hello-lost", test_hello_lost);
  g_test_add_func ("/decided/offer", test_offer);
  g_test_add_func ("/decided/lists", test_lists);
  g_test_add_func ("/decided/name", test_name);
  g_test_add_func ("/decided/elsewhere", test_elsewhere);
  g_test_add_func ("/decided/small-alone", test_small_alone);
  g_test_add_func ("/decided/initial-missing", test_initial_missing);
  g_test_add_func ("/decided/family", test_family);
  g_test_add_func ("/decided/proxy-header", test_proxy_header);
  g_test_add_func ("/decided/small-segments", test_small_segments);
  g_test_add_func ("/decided/words", test_words);
  return g_test_run ();
}
