/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A test on each side of the numbers that decide whether a finding is made, and how grave it is. */
#include <string.h>

#include "diagnosis/qs-finding.h"
#include "trace-kit.h"
#include "trace/qs-metrics.h"

/* now: ms, -1: the run is over. */
static gboolean
found (Made *made, gint64 now, const char *id)
{
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, now < 0 ? -1 : now * MS);

  return find_finding (findings, id) != NULL;
}

static Made *
made_connected (void)
{
  Made *made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  made_handshake (made);
  return made;
}

/* --- Loss: two in a hundred, and two at least, are a warning --- */

static void
assert_loss (guint n_sent, guint n_lost, gboolean any, QsSeverity severity)
{
  g_autoptr (Made) made = made_connected ();
  /* What the handshake has sent counts too. */
  guint n_before = 0;

  for (guint i = 0; i < qs_trace_get_n_packets (made->trace); i++)
    n_before += qs_trace_get_packet (made->trace, i)->direction == QS_DIRECTION_SENT;
  g_assert_cmpuint (n_before, <, n_sent);
  for (guint i = 0; i < n_sent - n_before; i++)
    made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, 1 + i, "01", i < n_lost ? QS_PACKET_LOST : QS_PACKET_ACKED);
  made_outcome (made, "ok", "done");
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  const QsFinding *finding = find_finding (findings, "packet-loss");
  g_assert_cmpint (finding != NULL, ==, any);
  if (any)
    g_assert_cmpstr (qs_severity_name (finding->severity), ==, qs_severity_name (severity));
}

static void
test_loss (void)
{
  assert_loss (100, 0, FALSE, QS_SEVERITY_INFO);
  assert_loss (100, 1, TRUE, QS_SEVERITY_INFO);
  assert_loss (100, 2, TRUE, QS_SEVERITY_WARNING);
  assert_loss (101, 2, TRUE, QS_SEVERITY_INFO);
  assert_loss (20, 1, TRUE, QS_SEVERITY_INFO); /* of few packets one is chance */
  assert_loss (20, 2, TRUE, QS_SEVERITY_WARNING);
}

/* --- ECN: three ACKs without counts --- */

static gboolean
bleached (guint8 ecn, guint n_without, guint n_with)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
  guint8 bytes[1200] = { 0 };
  guint64 number = 1;

  qs_trace_add_datagram (made->trace, 0, QS_DIRECTION_SENT, 0, ecn, QS_FATE_PASSED, bytes, sizeof bytes);
  made_handshake (made);
  for (guint i = 0; i < n_without; i++)
    made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, number++, "0200000000", 0);
  for (guint i = 0; i < n_with; i++)
    made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, number++, "0300000000010000", 0);
  made_outcome (made, "ok", "done");
  return found (made, -1, "ecn-bleached");
}

static void
test_ecn (void)
{
  g_assert_false (bleached (2, 2, 0));
  g_assert_true (bleached (2, 3, 0));
  g_assert_true (bleached (1, 3, 0));
  g_assert_false (bleached (0, 3, 0));
  g_assert_false (bleached (2, 3, 1));
}

/* --- Black hole: five large ones of 1000 bytes, and a small one below 200 behind them --- */

static guint32
made_sized (Made *made, guint64 number, guint length, guint flags)
{
  guint32 index = made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, number, "01", flags);

  qs_trace_edit_packet (made->trace, index)->length = (guint16) length;
  return index;
}

static gboolean
black_hole (guint n_lost, guint lost_length, guint n_small, guint small_length, guint large_behind)
{
  g_autoptr (Made) made = made_connected ();
  guint64 number = 1;

  made_sized (made, number++, 1200, QS_PACKET_ACKED);
  for (guint i = 0; i < n_lost; i++)
    made_sized (made, number++, lost_length, QS_PACKET_LOST);
  for (guint i = 0; i < n_small; i++)
    made_sized (made, number++, small_length, QS_PACKET_ACKED);
  if (large_behind > 0)
    made_sized (made, number++, large_behind, QS_PACKET_ACKED);
  made_outcome (made, "ok", "done");
  return found (made, -1, "mtu-black-hole");
}

static void
test_black_hole (void)
{
  g_assert_false (black_hole (4, 1200, 1, 50, 0));
  g_assert_true (black_hole (5, 1200, 1, 50, 0));
  g_assert_true (black_hole (5, 1000, 1, 50, 0));
  g_assert_false (black_hole (5, 999, 1, 50, 0));
  g_assert_false (black_hole (5, 1200, 0, 50, 0));
  g_assert_true (black_hole (5, 1200, 1, 199, 0));
  g_assert_false (black_hole (5, 1200, 1, 200, 0));
  g_assert_false (black_hole (5, 1200, 1, 50, 1000)); /* one got through after all */
  g_assert_true (black_hole (5, 1200, 1, 50, 999));
}

/* --- Amplification: three times what came, and less than a datagram left of it --- */

static gboolean
blocked_at (guint client_bytes, guint server_bytes, gint64 client_at, gint64 finished_at, gboolean retry,
            gint64 shortest_ms)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_start (made); /* a datagram of 1200 bytes */
  if (client_bytes > 1200)
    made_datagram (made, QS_DIRECTION_SENT, client_bytes - 1200);
  if (retry)
    made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_RETRY, G_MAXUINT64, NULL, 0);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .group = 0x001d });
  made->at = 10;
  for (guint left = server_bytes; left > 0;)
    {
      guint length = MIN (left, 1200);
      made_datagram (made, QS_DIRECTION_RECEIVED, length);
      left -= length;
    }
  made->at = client_at;
  made_datagram (made, QS_DIRECTION_SENT, 1200);
  made->at = finished_at;
  made_datagram (made, QS_DIRECTION_RECEIVED, 900);
  made_message (made, QS_DIRECTION_RECEIVED, QS_TLS_FINISHED, "12345678901234567890123456789012", 32);
  made_mark (made, QS_MARK_HANDSHAKE_DONE, NULL, 0, NULL);
  made_outcome (made, "ok", "done");
  if (shortest_ms > 0)
    {
      gint64 rtt = shortest_ms * 1000000;
      qs_metrics_add_rtt (qs_trace_get_metrics (made->trace), &(QsRttSample){ 0, rtt, rtt, rtt, 0 });
    }
  return found (made, -1, "amplification-blocked");
}

static gboolean
blocked (guint client_bytes, guint server_bytes, gint64 client_at, gint64 finished_at, gboolean retry)
{
  return blocked_at (client_bytes, server_bytes, client_at, finished_at, retry, 0);
}

static void
test_amplification (void)
{
  g_assert_true (blocked (1200, 3600, 11, 21, FALSE));
  g_assert_false (blocked (1200, 3601, 11, 21, FALSE)); /* it did not keep to it, so it did not wait for it */
  g_assert_true (blocked (1200, 2701, 11, 21, FALSE));
  g_assert_false (blocked (1200, 2700, 11, 21, FALSE)); /* the next datagram, of 900 bytes, would have gone */
  g_assert_true (blocked (2400, 7200, 11, 21, FALSE));
  g_assert_false (blocked (2400, 3600, 11, 21, FALSE));
  g_assert_false (blocked (1200, 3600, 11, 11, FALSE)); /* Finished did not wait for the client */
  g_assert_false (blocked (1200, 2701, 11, 13, FALSE)); /* less than a quarter of a round trip: it was under way */
  g_assert_true (blocked (1200, 2701, 11, 14, FALSE));
  /* The server, or the machine, was slow to begin; the path is not: three quarters of its shortest round trip. */
  g_assert_true (blocked_at (1200, 2701, 11, 13, FALSE, 2));
  g_assert_false (blocked_at (1200, 2701, 11, 12, FALSE, 2));
  g_assert_false (blocked_at (1200, 2701, 11, 17, FALSE, 8));
  g_assert_true (blocked_at (1200, 2701, 11, 18, FALSE, 8));
  /* What was measured later and is longer tells nothing. */
  g_assert_false (blocked_at (1200, 2701, 11, 17, FALSE, 100));
  g_assert_true (blocked_at (1200, 2701, 11, 18, FALSE, 100));
  g_assert_false (blocked (1200, 3600, 11, 21, TRUE)); /* the address was validated */
}

/* --- Another address: of the same connection, or another attempt from a socket of its own --- */

static void
made_initial (Made *made, guint8 id)
{
  guint8 bytes[1200] = { 0xc3, 0, 0, 0, 1, 8 };

  memset (bytes + 6, id, 8);
  bytes[16] = 0x40 | (sizeof bytes - 18) >> 8; /* behind neither an id of its own nor a token */
  bytes[17] = (sizeof bytes - 18) & 0xff;
  qs_trace_add_datagram (made->trace, made->at * MS, QS_DIRECTION_SENT, made->path, 0, QS_FATE_PASSED, bytes,
                         sizeof bytes);
}

/* id: of the Initial that comes from the other address; 0: what comes has a short header. */
static gboolean
has_moved (guint8 id)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_path (made, "198.51.100.1:5000", "192.0.2.1:443");
  made_start (made);
  made_initial (made, 1);
  made_handshake (made);
  made_path (made, "198.51.100.1:6000", "192.0.2.1:443");
  made->at = 500; /* behind the first answer: the clock does not tell */
  if (id != 0)
    made_initial (made, id);
  else
    made_datagram (made, QS_DIRECTION_SENT, 50);
  made->at = 510;
  made_datagram (made, QS_DIRECTION_RECEIVED, 50);
  made_outcome (made, "ok", "done");
  return found (made, -1, "address-changed");
}

static void
test_moved (void)
{
  g_assert_true (has_moved (0));
  g_assert_true (has_moved (1));
  g_assert_false (has_moved (2));
}

/* --- Silence: Initials at 0, 1 and 3 s --- */

static void
test_no_reply (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  gint64 start = 1; /* when the run began to connect */
  g_assert_false (found (made, start + 2999, "no-reply"));
  g_assert_true (found (made, start + 3000, "no-reply"));
  made->at = 2990;
  made_datagram (made, QS_DIRECTION_RECEIVED, 1);
  g_assert_false (found (made, 9000, "no-reply"));
}

/* A file, which ends with the last Initial that was sent: five sixths of it will do. */
static void
test_no_reply_in_a_file (void)
{
  for (guint late = 0; late < 2; late++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      made_datagram (made, QS_DIRECTION_SENT, 1200);
      made_packet (made, QS_DIRECTION_SENT, QS_PACKET_INITIAL, 0, "0600011e", 0);
      made->at = 2499 + late;
      made_datagram (made, QS_DIRECTION_SENT, 1200);
      made_packet (made, QS_DIRECTION_SENT, QS_PACKET_INITIAL, 1, "0600011e", 0);
      g_assert_cmpint (found (made, -1, "no-reply"), ==, late);
    }
}

/* --- Standing still: a second, from the last packet that the window stopped --- */

static gboolean
stands_still (const char *sent, gint64 quiet_ms)
{
  g_autoptr (Made) made = made_connected ();

  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, 1, sent, 0);
  made->at += quiet_ms;
  made_outcome (made, "ok", "done");
  return found (made, -1, "flow-control-blocked");
}

static void
test_standstill (void)
{
  /* The server allows four bytes on a stream. */
  g_assert_false (stands_still ("0a000461626364", 999));
  g_assert_true (stands_still ("0a000461626364", 1000));
  g_assert_false (stands_still ("0a0003616263", 2000));
}

/* --- A slow handshake: one round trip more than it needs, and 100 ms on top --- */

static gboolean
slow_behind (gint64 other_ms, gint64 rtt_ms, gint64 done_ms, guint extra)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made->at = 0;
  if (other_ms > 0)
    {
      made_mark (made, QS_MARK_CONNECTING, NULL, 0, "192.0.2.8:443");
      made_datagram (made, QS_DIRECTION_SENT, 1200);
      made->at = other_ms;
      made_mark (made, QS_MARK_CONNECTING, NULL, 1, "192.0.2.7:443");
    }
  made_datagram (made, QS_DIRECTION_SENT, 1200);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .group = 0x001d });
  made->at = rtt_ms;
  made_datagram (made, QS_DIRECTION_RECEIVED, 1200);
  if (extra > 0)
    made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_RETRY, G_MAXUINT64, NULL, 0);
  if (extra > 1)
    made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_VERSION_NEGOTIATION, G_MAXUINT64, NULL, 0);
  made->at = done_ms;
  made_mark (made, QS_MARK_HANDSHAKE_DONE, NULL, 0, NULL);
  made_outcome (made, "ok", "done");
  return found (made, -1, "slow-handshake");
}

static gboolean
slow (gint64 rtt_ms, gint64 done_ms, guint extra)
{
  return slow_behind (0, rtt_ms, done_ms, extra);
}

static void
test_slow (void)
{
  g_assert_false (slow (50, 200, 0));
  g_assert_true (slow (50, 201, 0));
  g_assert_false (slow_behind (500, 550, 700, 0)); /* what went to another address first is no part of it */
  g_assert_true (slow_behind (500, 550, 801, 0));
  g_assert_false (slow (50, 250, 1));
  g_assert_true (slow (50, 251, 1));
  g_assert_false (slow (50, 300, 2));
  g_assert_true (slow (50, 301, 2));
  /* Below 100 ms nobody notices, whatever the path could do. */
  g_assert_false (slow (0, 99, 0));
  g_assert_true (slow (0, 101, 0));
}

/* --- Alerts: RFC 9846 section 6, each by its number, and none by its neighbour's --- */

static void
refused_by (Made *made, guint alert)
{
  made_start (made);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO,
              &(Hello){ .alpn = "h3", .sni = "www.example.net", .group = 0x001d });
  made_close (made, "remote", FALSE, 0x100 + alert, NULL);
  made_outcome (made, "failed", "handshake");
}

static void
test_alerts (void)
{
  static const struct {
    guint alert;
    const char *id;
  } alerts[] = { { 70, "tls-too-old" },    { 80, "tls-internal-error" },
                 { 112, "sni-unknown" },   { 116, "client-certificate-required" },
                 { 120, "alpn-mismatch" }, { 121, "ech-required" } };

  for (guint i = 0; i < G_N_ELEMENTS (alerts); i++)
    for (guint alert = 0; alert < 256; alert++)
      {
        g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
        refused_by (made, alert);
        if (found (made, -1, alerts[i].id) != (alert == alerts[i].alert))
          g_error ("alert %u and %s", alert, alerts[i].id);
      }
}

/* --- Application closes: H3_NO_ERROR (0x100) is a good-bye, RFC 9114 section 8.1 --- */

static gboolean
close_is_told (guint64 code)
{
  g_autoptr (Made) made = made_connected ();

  made_close (made, "remote", TRUE, code, NULL);
  made_outcome (made, "ok", "done");
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  return findings->len > 0;
}

static void
test_goodbye (void)
{
  g_assert_false (close_is_told (0x100));
  g_assert_true (close_is_told (0xff));
  g_assert_true (close_is_told (0x101));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/numbers/loss", test_loss);
  g_test_add_func ("/numbers/ecn", test_ecn);
  g_test_add_func ("/numbers/black-hole", test_black_hole);
  g_test_add_func ("/numbers/amplification", test_amplification);
  g_test_add_func ("/numbers/moved", test_moved);
  g_test_add_func ("/numbers/no-reply", test_no_reply);
  g_test_add_func ("/numbers/no-reply-in-a-file", test_no_reply_in_a_file);
  g_test_add_func ("/numbers/standstill", test_standstill);
  g_test_add_func ("/numbers/slow", test_slow);
  g_test_add_func ("/numbers/alerts", test_alerts);
  g_test_add_func ("/numbers/goodbye", test_goodbye);
  return g_test_run ();
}
