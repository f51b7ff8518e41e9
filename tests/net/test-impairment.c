/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/qs-impairment.h"

#include <string.h>
#include <sys/socket.h>

/* Sends datagrams through an impaired BIO to a plain socket; says what was recorded and what came. */
typedef struct {
  GString *fates;   /* a letter a datagram: P D L(ate) 2 C */
  GString *arrived; /* the first byte of each datagram that came */
  guint n_changed;
} Outcome;

static void
datagram_cb (QsUdpBio *bio, const QsUdpDatagram *datagram, gpointer data)
{
  g_string_append_c (((Outcome *) data)->fates, "PDL2C"[datagram->fate]);
}

static const QsUdpRecorder recorder = { .datagram = datagram_cb };

static void
take_arrived (GSocket *receiver, Outcome *outcome, gsize length)
{
  char bytes[2048];
  gssize n;

  while ((n = g_socket_receive (receiver, bytes, sizeof bytes, NULL, NULL)) > 0)
    {
      g_assert_cmpint (n, ==, length);
      for (gssize i = 1; i < n; i++)
        outcome->n_changed += __builtin_popcount ((guint8) bytes[i]);
      g_string_append_c (outcome->arrived, bytes[0]);
    }
}

static void
run (const char *text, guint n_datagrams, gsize length, Outcome *outcome)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (QsImpairment) impairment = qs_impairment_new (text, &error);
  g_assert_no_error (error);

  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocket) receiver =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_assert_true (g_socket_bind (receiver, any, FALSE, NULL));
  g_socket_set_blocking (receiver, FALSE);
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (receiver, NULL);

  *outcome = (Outcome){ g_string_new (NULL), g_string_new (NULL), 0 };
  g_autoptr (QsUdpBio) udp = qs_udp_bio_new (AF_INET, QS_UDP_BIO_PLAIN, NULL);
  g_assert_true (qs_udp_bio_connect (udp, address, NULL));
  qs_udp_bio_set_recorder (udp, &recorder, outcome, NULL);
  g_assert_true (qs_impairment_apply (impairment, udp, TRUE, NULL));
  BIO *bio = qs_udp_bio_new_bio (udp);

  g_autofree char *bytes = g_malloc0 (length);
  for (guint i = 0; i < n_datagrams; i++)
    {
      bytes[0] = (char) ('A' + i % 26);
      BIO_MSG message = { .data = bytes, .data_len = length };
      size_t done = 0;
      g_assert_true (BIO_sendmmsg (bio, &message, sizeof message, 1, 0, &done));
      take_arrived (receiver, outcome, length);
    }
  /* What was delayed leaves when the BIO is used again: here, when it is asked for what came. */
  gint64 end = g_get_monotonic_time () + G_USEC_PER_SEC / 10;
  while (g_get_monotonic_time () < end)
    {
      BIO_MSG message = { .data = bytes, .data_len = length };
      size_t done = 0;
      BIO_recvmmsg (bio, &message, sizeof message, 1, 0, &done);
      g_socket_condition_timed_wait (receiver, G_IO_IN, 5000, NULL, NULL);
      take_arrived (receiver, outcome, length);
    }
  BIO_free (bio);
}

static void
outcome_clear (Outcome *outcome)
{
  g_string_free (outcome->fates, TRUE);
  g_string_free (outcome->arrived, TRUE);
}

static void
test_named (void)
{
  Outcome o;

  run ("drop=2+5", 6, 100, &o);
  g_assert_cmpstr (o.fates->str, ==, "PDPPDP");
  g_assert_cmpstr (o.arrived->str, ==, "ACDF");
  outcome_clear (&o);

  run ("down:drop=2", 3, 100, &o);
  g_assert_cmpstr (o.fates->str, ==, "PPP");
  outcome_clear (&o);

  run ("mtu=99", 2, 100, &o);
  g_assert_cmpstr (o.fates->str, ==, "DD");
  g_assert_cmpstr (o.arrived->str, ==, "");
  outcome_clear (&o);
}

static void
test_changed (void)
{
  Outcome o;

  run ("corrupt=100%,seed=3", 8, 1000, &o);
  g_assert_cmpstr (o.fates->str, ==, "CCCCCCCC");
  g_assert_cmpuint (o.arrived->len, ==, 8);
  /* One bit each, unless it fell into the first byte. */
  g_assert_cmpuint (o.n_changed, >=, 6);
  g_assert_cmpuint (o.n_changed, <=, 8);
  outcome_clear (&o);

  run ("duplicate=100%", 3, 100, &o);
  g_assert_cmpstr (o.fates->str, ==, "222");
  g_assert_cmpuint (o.arrived->len, ==, 6);
  outcome_clear (&o);
}

static void
test_late (void)
{
  Outcome o;

  run ("delay=20ms", 3, 100, &o);
  g_assert_cmpstr (o.fates->str, ==, "LLL");
  g_assert_cmpstr (o.arrived->str, ==, "ABC");
  outcome_clear (&o);

  /* What waits unequally long keeps its order: only reordering breaks it. */
  run ("delay=5ms,jitter=20ms", 12, 100, &o);
  g_assert_cmpstr (o.fates->str, ==, "LLLLLLLLLLLL");
  g_assert_cmpstr (o.arrived->str, ==, "ABCDEFGHIJKL");
  outcome_clear (&o);

  run ("reorder=50%,seed=4", 12, 100, &o);
  g_assert_cmpuint (o.arrived->len, ==, 12);
  g_assert_nonnull (strchr (o.fates->str, 'L'));
  g_assert_nonnull (strchr (o.fates->str, 'P'));
  g_assert_cmpstr (o.arrived->str, !=, "ABCDEFGHIJKL");
  outcome_clear (&o);
}

static void
test_rate (void)
{
  Outcome o;

  /* The queue holds three of them and the rate is next to nothing: the rest goes. */
  run ("rate=1000,queue=3000", 10, 1000, &o);
  g_assert_cmpuint (o.fates->len, ==, 10);
  g_assert_true (g_str_has_suffix (o.fates->str, "DDDDDD"));
  outcome_clear (&o);
}

static void
test_blackout (void)
{
  Outcome o;

  run ("blackout=0s+3600s", 4, 100, &o);
  g_assert_cmpstr (o.fates->str, ==, "DDDD");
  outcome_clear (&o);

  run ("blackout=3600s+1s", 4, 100, &o);
  g_assert_cmpstr (o.fates->str, ==, "PPPP");
  outcome_clear (&o);

  /* For one direction it is no matter of the other. */
  run ("down:blackout=0s+3600s", 4, 100, &o);
  g_assert_cmpstr (o.fates->str, ==, "PPPP");
  outcome_clear (&o);
}

static void
test_blocks_all (void)
{
  static const struct {
    const char *rules;
    gboolean blocks;
  } cases[] = { { "filtered-udp", TRUE }, { "up:loss=100%", TRUE }, { "down:mtu=1199", TRUE }, { "mtu=1200", FALSE },
                { "bad-wifi", FALSE },    { "loss=99%", FALSE },    { "rebind=1s", FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (QsImpairment) impairment = qs_impairment_new (cases[i].rules, NULL);
      g_assert_cmpint (qs_impairment_blocks_all (impairment), ==, cases[i].blocks);
    }
}

static void
test_seed (void)
{
  Outcome first, again, other, shifted;

  run ("loss=30%,seed=7", 64, 100, &first);
  run ("loss=30%,seed=7", 64, 100, &again);
  run ("loss=30%,seed=8", 64, 100, &other);
  run ("loss=30%,seed=7,duplicate=100%,down:loss=1%", 64, 100, &shifted);
  g_assert_cmpstr (first.fates->str, ==, again.fates->str);
  g_assert_cmpstr (first.fates->str, !=, other.fates->str);
  /* Other rules do not shift the sequence of losses. */
  for (guint i = 0; i < 64; i++)
    g_assert_true ((first.fates->str[i] == 'D') == (shifted.fates->str[i] == 'D'));
  g_assert_cmpuint (first.arrived->len, >, 30);
  g_assert_cmpuint (first.arrived->len, <, 58);
  outcome_clear (&first);
  outcome_clear (&again);
  outcome_clear (&other);
  outcome_clear (&shifted);
}

static void
test_text (void)
{
  static const char *const bad[] = { "",          "loss",        "loss=",    "loss=10",   "loss=101%", "loss=-1%",
                                     "loss=nan%", "delay=5",     "delay=1h", "drop=0",    "drop=",     "mtu=0",
                                     "ecn=x",     "blackout=1s", "nonsense", "up:seed=1", "seed=-1",   "mobile=1",
                                     "loss=1%,,", "x:loss=1%",   "rate=0",   "up:mobile", "rebind",    "rebind=0s",
                                     "rebind=2",  "up:rebind=1s" };
  guint n_presets;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (QsImpairment) impairment = qs_impairment_new (bad[i], &error);
      if (impairment != NULL)
        g_test_message ("taken: %s", bad[i]);
      g_assert_null (impairment);
      g_assert_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET);
    }

  const QsImpairmentPreset *presets = qs_impairment_presets (&n_presets);
  g_assert_cmpuint (n_presets, >=, 4);
  for (guint i = 0; i < n_presets; i++)
    {
      g_autoptr (QsImpairment) impairment = qs_impairment_new (presets[i].name, NULL);
      g_assert_nonnull (impairment);
    }

  g_autoptr (QsImpairment) mobile =
      qs_impairment_new ("mobile, up:loss=50%, blackout=2s+500ms, ecn=bleach, seed=9", NULL);
  g_assert_nonnull (mobile);
  g_assert_cmpfloat (mobile->up.loss, ==, 0.5);
  g_assert_cmpfloat (mobile->down.loss, ==, 0.01);
  g_assert_cmpuint (mobile->up.rate, ==, 125000);
  g_assert_cmpuint (mobile->down.rate, ==, 625000);
  g_assert_cmpint (mobile->down.blackout_from, ==, G_GINT64_CONSTANT (2000000000));
  g_assert_cmpint (mobile->down.ecn, ==, 0);
  g_assert_cmpuint (mobile->seed, ==, 9);
}

/* The message points at the rule, says what it takes, and names the one that may be meant. */
static void
test_pointing (void)
{
  static const struct {
    const char *text, *rule, *column, *hint;
  } cases[] = {
    { "loss=1%, los=2%,delay=5ms", "“los=2%”", "at character 10", "“loss=10%”" },
    { "bad-wify", "“bad-wify”", "at character 1 ", "“bad-wifi”" },
    { "mobile,up:jiter=1ms", "“up:jiter=1ms”", "at character 8 ", "“jitter=10ms”" },
    { "loss=101%", "“loss=101%”", "at character 1 ", "0% to 100%" },
    { "delay=1ms,mtu=x", "“mtu=x”", "at character 11 ", "from 1 to 65535" },
    { "loss=1%,", "“”", "at character 9 ", "“loss=10%”" },
    { "delay=5µs,mtu=x", "“mtu=x”", "at character 11 ", "from 1 to 65535" },
    { "down:seed=7", "“down:seed=7”", "at character 1 ", "“seed=7”" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (QsImpairment) impairment = qs_impairment_new (cases[i].text, &error);
      g_assert_null (impairment);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].rule));
      g_assert_nonnull (strstr (error->message, cases[i].column));
      g_assert_nonnull (strstr (error->message, cases[i].hint));
    }
}

static GSocket *
make_receiver (GSocketAddress **address)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  GSocket *receiver = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);

  g_assert_true (g_socket_bind (receiver, any, FALSE, NULL));
  *address = g_socket_get_local_address (receiver, NULL);
  return receiver;
}

static gboolean
send_one (BIO *bio)
{
  guint8 byte = 'A';
  BIO_MSG message = { .data = &byte, .data_len = 1 };
  size_t done;

  return BIO_sendmmsg (bio, &message, sizeof message, 1, 0, &done);
}

static guint8
receive_one (BIO *bio, int poll_fd)
{
  guint8 byte = 0;
  BIO_ADDR *peer = BIO_ADDR_new ();
  BIO_MSG message = { .data = &byte, .data_len = 1, .peer = peer };
  GPollFD poll = { poll_fd, G_IO_IN, 0 };
  size_t done;

  g_assert_cmpint (g_poll (&poll, 1, 20000), ==, 1);
  g_assert_true (BIO_recvmmsg (bio, &message, sizeof message, 1, 0, &done));
  BIO_ADDR_free (peer);
  return byte;
}

/* The socket's port changes under OpenSSL's feet, once, and what is polled for stays the same. */
static void
test_rebind (void)
{
  g_autoptr (QsImpairment) impairment = qs_impairment_new ("rebind=30ms", NULL);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocket) receiver = make_receiver (&address);
  g_autoptr (QsUdpBio) udp = qs_udp_bio_new (AF_INET, QS_UDP_BIO_PLAIN, NULL);
  g_autoptr (QsClock) clock = qs_clock_new_manual (0);
  qs_udp_bio_set_clock (udp, clock);
  g_assert_true (qs_udp_bio_connect (udp, address, NULL));
  g_assert_true (qs_impairment_apply (impairment, udp, TRUE, NULL));
  BIO *bio = qs_udp_bio_new_bio (udp);
  int fd = qs_udp_bio_get_fd (udp), poll_fd = qs_udp_bio_get_poll_fd (udp);
  guint16 ports[4] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (ports); i++)
    {
      g_autoptr (GSocketAddress) from = NULL;
      char byte;
      if (i == 1)
        qs_clock_advance (clock, 29999999);
      else if (i == 2)
        qs_clock_advance (clock, 1);
      g_assert_true (send_one (bio));
      g_assert_true (g_socket_condition_timed_wait (receiver, G_IO_IN, 20 * G_USEC_PER_SEC, NULL, NULL));
      g_assert_cmpint (g_socket_receive_from (receiver, &from, &byte, 1, NULL, NULL), ==, 1);
      ports[i] = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (from));
      /* And what comes to the new port is heard, through the epoll that was there from the start. */
      if (i == 3)
        g_assert_cmpint (g_socket_send_to (receiver, from, "B", 1, NULL, NULL), ==, 1);
    }
  g_assert_cmpint (receive_one (bio, poll_fd), ==, 'B');
  g_assert_cmpuint (ports[0], ==, ports[1]); /* a nanosecond early */
  g_assert_cmpuint (ports[1], !=, ports[2]);
  g_assert_cmpuint (ports[2], ==, ports[3]);
  g_assert_cmpint (fd, ==, qs_udp_bio_get_fd (udp));
  BIO_free (bio);
}

static void
note_ecn_cb (QsUdpBio *bio, const QsUdpDatagram *datagram, gpointer data)
{
  g_string_append_c (data, (char) ('0' + datagram->ecn));
}

/* What an end marks itself is recorded so; what the path does to marks shows at the other end alone. */
static void
test_ecn (void)
{
  static const struct {
    const char *rules, *recorded, *arrived;
  } cases[] = { { "up:ecn=ect0", "2", "2" },
                { "ecn=ect1", "1", "1" },
                { "ecn=ce", "0", "3" },
                { "ecn=bleach", "0", "0" },
                { "loss=0%", "0", "0" } };
  static const QsUdpRecorder ecn_recorder = { .datagram = note_ecn_cb };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (QsImpairment) impairment = qs_impairment_new (cases[i].rules, NULL);
      g_autoptr (GString) recorded = g_string_new (NULL), arrived = g_string_new (NULL);
      g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
      g_autoptr (QsUdpBio) to = qs_udp_bio_new (AF_INET, QS_UDP_BIO_PLAIN, NULL);
      g_assert_true (qs_udp_bio_bind (to, any, NULL));
      g_autoptr (GSocketAddress) address = qs_udp_bio_dup_local_address (to);
      g_autoptr (QsUdpBio) from = qs_udp_bio_new (AF_INET, QS_UDP_BIO_PLAIN, NULL);
      g_assert_true (qs_udp_bio_connect (from, address, NULL));
      qs_udp_bio_set_recorder (from, &ecn_recorder, recorded, NULL);
      qs_udp_bio_set_recorder (to, &ecn_recorder, arrived, NULL);
      g_assert_true (qs_impairment_apply (impairment, from, TRUE, NULL));
      BIO *sender = qs_udp_bio_new_bio (from), *taker = qs_udp_bio_new_bio (to);

      g_assert_true (send_one (sender));
      receive_one (taker, qs_udp_bio_get_poll_fd (to));
      g_assert_cmpstr (recorded->str, ==, cases[i].recorded);
      g_assert_cmpstr (arrived->str, ==, cases[i].arrived);
      BIO_free (sender);
      BIO_free (taker);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/impairment/named", test_named);
  g_test_add_func ("/impairment/changed", test_changed);
  g_test_add_func ("/impairment/late", test_late);
  g_test_add_func ("/impairment/rate", test_rate);
  g_test_add_func ("/impairment/blackout", test_blackout);
  g_test_add_func ("/impairment/blocks-all", test_blocks_all);
  g_test_add_func ("/impairment/seed", test_seed);
  g_test_add_func ("/impairment/text", test_text);
  g_test_add_func ("/impairment/pointing", test_pointing);
  g_test_add_func ("/impairment/rebind", test_rebind);
  g_test_add_func ("/impairment/ecn", test_ecn);
  return g_test_run ();
}
