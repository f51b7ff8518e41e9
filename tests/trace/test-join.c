/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-trace-join.h"

#include <string.h>

#include "../cpu-time.h"
#include "base/qs-error.h"
#include "fixtures.h"

#define MS G_GINT64_CONSTANT (1000000)
#define DELAY (10 * MS)
#define DAMAGED 9 /* the packet that is, of those that have numbers alone */

/* One connection as both its ends record it: the client's clock is that of the test, the server's is ahead of it. */
typedef struct {
  QsTrace *ends[2]; /* client, server */
  gint64 ahead;
  QsVantage vantages[2];
  GRand *rand;
  guint n_sent;
} Pair;

static void
pair_init (Pair *pair, QsVantage client, QsVantage server, gint64 ahead)
{
  *pair = (Pair){ .ahead = ahead, .vantages = { client, server }, .rand = g_rand_new_with_seed (4) };
  pair->ends[0] = fixture_trace_new (client);
  pair->ends[1] = fixture_trace_new (server);
}

static void
pair_clear (Pair *pair)
{
  g_object_unref (pair->ends[0]);
  g_object_unref (pair->ends[1]);
  g_rand_free (pair->rand);
}

static void
fill (Pair *pair, guint8 *bytes, gsize length)
{
  for (gsize i = 0; i < length; i++)
    bytes[i] = (guint8) g_rand_int_range (pair->rand, 0, 256);
}

static void
record (Pair *pair, gboolean at_server, gboolean by_client, gint64 time, QsFate fate, const guint8 *bytes, gsize length,
        guint n_packets)
{
  gboolean sent = by_client == (pair->vantages[at_server] != QS_VANTAGE_SERVER);
  QsDirection direction = sent ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED;
  QsTrace *trace = pair->ends[at_server];
  gint64 local = time + (at_server ? pair->ahead : 0);
  guint index = qs_trace_add_datagram (trace, local, direction, 0, 0, fate, bytes, length);

  for (guint i = 0; i < n_packets; i++)
    {
      QsPacket packet = { .time = local,
                          .number = G_MAXUINT64,
                          .record = index,
                          .offset = (guint32) (i * length / n_packets),
                          .length = (guint32) (length / n_packets),
                          .type = QS_PACKET_1RTT,
                          .direction = (guint8) direction,
                          .flags = fate == QS_FATE_DROPPED ? QS_PACKET_DROPPED : 0 };
      qs_trace_add_packet (trace, &packet);
    }
}

static void
send (Pair *pair, gboolean by_client, gint64 time, const guint8 *bytes, gsize length, guint n_packets)
{
  record (pair, !by_client, by_client, time, QS_FATE_PASSED, bytes, length, n_packets);
  pair->n_sent += n_packets;
}

static void
arrive (Pair *pair, gboolean by_client, gint64 time, const guint8 *bytes, gsize length, guint n_packets)
{
  record (pair, by_client, by_client, time, QS_FATE_PASSED, bytes, length, n_packets);
}

static QsTraceJoin *
join (Pair *pair, gboolean server_is_own, QsJoinClocks clocks)
{
  QsTraceJoin *self = qs_trace_join_new (pair->ends[server_is_own], pair->ends[!server_is_own], clocks);

  g_assert_true (qs_trace_join_advance (self, 0));
  qs_trace_join_finish (self);
  g_assert_true (qs_trace_join_check (self, NULL));
  return self;
}

static const QsCrossing *
get (QsTraceJoin *self, guint index, QsCrossingFate fate)
{
  g_assert_cmpint (qs_trace_join_get_fate (self, index), ==, fate);
  return qs_trace_join_get_crossing (self, index);
}

/* --- */

static void
test_arrived_and_lost (void)
{
  guint8 bytes[4][1200];
  Pair pair;

  pair_init (&pair, QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, 0);
  for (guint i = 0; i < 4; i++)
    fill (&pair, bytes[i], sizeof bytes[i]);
  send (&pair, TRUE, 0, bytes[0], 1200, 1);
  send (&pair, TRUE, 1 * MS, bytes[1], 1200, 2);
  arrive (&pair, TRUE, DELAY, bytes[0], 1200, 1);
  send (&pair, FALSE, 11 * MS, bytes[2], 1200, 3); /* three packets in one datagram */
  send (&pair, FALSE, 12 * MS, bytes[3], 600, 1);
  arrive (&pair, FALSE, 21 * MS, bytes[2], 1200, 3);

  g_autoptr (QsTraceJoin) self = join (&pair, FALSE, QS_JOIN_SAME_CLOCK);
  g_assert_cmpuint (qs_trace_join_get_n_crossings (self), ==, pair.n_sent);
  g_assert_true (qs_trace_join_own_is_client (self));
  g_assert_cmpint (qs_trace_join_get_offset (self), ==, 0);
  g_assert_cmpint (qs_trace_join_get_least_delay (self, TRUE), ==, DELAY);

  const QsCrossing *crossing = get (self, 0, QS_CROSSING_ARRIVED);
  g_assert_cmpint (crossing->sent, ==, 0);
  g_assert_cmpint (crossing->arrived, ==, DELAY);
  g_assert_cmpuint (crossing->again, ==, QS_JOIN_NONE);
  g_assert_false (crossing->changed);
  get (self, 1, QS_CROSSING_LOST);
  get (self, 2, QS_CROSSING_LOST);
  for (guint i = 3; i < 6; i++)
    {
      crossing = get (self, i, QS_CROSSING_ARRIVED);
      g_assert_cmpuint (crossing->sent_packet, ==, i - 2);
      g_assert_cmpuint (crossing->arrived_packet, ==, i);
      g_assert_false (crossing->by_client);
    }
  get (self, 6, QS_CROSSING_LOST);
  g_assert_cmpuint (qs_trace_join_find (self, FALSE, 4), ==, 4);
  g_assert_cmpuint (qs_trace_join_find (self, TRUE, 2), ==, 4);
  g_assert_cmpuint (qs_trace_join_find (self, TRUE, 99), ==, QS_JOIN_NONE);
  pair_clear (&pair);
}

static void
test_changed_doubled_late (void)
{
  guint8 bytes[5][900];
  Pair pair;

  pair_init (&pair, QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, 0);
  for (guint i = 0; i < 5; i++)
    {
      fill (&pair, bytes[i], sizeof bytes[i]);
      send (&pair, TRUE, i * MS, bytes[i], i == 4 ? 40 : 900, 1);
    }
  bytes[1][3] ^= 0x10;  /* where it is hashed */
  bytes[2][700] ^= 0x1; /* and behind */
  arrive (&pair, TRUE, DELAY, bytes[1], 900, 1);
  arrive (&pair, TRUE, DELAY + 1 * MS, bytes[2], 900, 1);
  arrive (&pair, TRUE, DELAY + 2 * MS, bytes[3], 900, 1);
  arrive (&pair, TRUE, DELAY + 3 * MS, bytes[3], 900, 1); /* twice */
  arrive (&pair, TRUE, DELAY + 4 * MS, bytes[4], 40, 1);
  arrive (&pair, TRUE, DELAY + 90 * MS, bytes[0], 900, 1); /* overtaken */

  g_autoptr (QsTraceJoin) self = join (&pair, TRUE, QS_JOIN_SAME_CLOCK);
  g_assert_cmpuint (qs_trace_join_get_n_crossings (self), ==, 5);
  g_assert_false (qs_trace_join_own_is_client (self));
  g_assert_cmpint (get (self, 0, QS_CROSSING_ARRIVED)->arrived, ==, DELAY + 90 * MS);
  g_assert_true (get (self, 1, QS_CROSSING_ARRIVED)->changed);
  g_assert_true (get (self, 2, QS_CROSSING_ARRIVED)->changed);
  g_assert_cmpint (get (self, 2, QS_CROSSING_ARRIVED)->arrived, ==, DELAY + 1 * MS);
  const QsCrossing *doubled = get (self, 3, QS_CROSSING_ARRIVED);
  g_assert_false (doubled->changed);
  g_assert_cmpint (doubled->arrived, ==, DELAY + 2 * MS);
  const QsArrivedAgain *again = qs_trace_join_get_again (self, doubled->again);
  g_assert_cmpint (again->time, ==, DELAY + 3 * MS);
  g_assert_cmpuint (again->packet, ==, 3);
  g_assert_cmpuint (again->again, ==, QS_JOIN_NONE);
  g_assert_cmpuint (qs_trace_join_find (self, FALSE, 3), ==, 3);
  g_assert_cmpuint (get (self, 4, QS_CROSSING_ARRIVED)->again, ==, QS_JOIN_NONE);
  pair_clear (&pair);
}

/* Four datagrams of the same bytes, of which the first and the third are lost. */
static void
test_alike (void)
{
  guint8 bytes[100], first[100];
  Pair pair;

  pair_init (&pair, QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, 0);
  fill (&pair, first, sizeof first);
  fill (&pair, bytes, sizeof bytes);
  send (&pair, TRUE, 0, first, 100, 1);
  arrive (&pair, TRUE, DELAY, first, 100, 1);
  for (guint i = 1; i <= 4; i++)
    send (&pair, TRUE, i * 1000 * MS, bytes, 100, 1);
  arrive (&pair, TRUE, 2000 * MS + DELAY, bytes, 100, 1);
  arrive (&pair, TRUE, 4000 * MS + DELAY, bytes, 100, 1);

  g_autoptr (QsTraceJoin) self = join (&pair, FALSE, QS_JOIN_SAME_CLOCK);
  get (self, 1, QS_CROSSING_LOST);
  g_assert_cmpint (get (self, 2, QS_CROSSING_ARRIVED)->arrived, ==, 2000 * MS + DELAY);
  get (self, 3, QS_CROSSING_LOST);
  get (self, 4, QS_CROSSING_ARRIVED);
  pair_clear (&pair);
}

/* Initials behind a Retry begin alike: a token fills what is hashed. The first is lost, of the others one is changed. */
static void
test_begin_alike (void)
{
  guint8 bytes[3][1200];
  Pair pair;

  pair_init (&pair, QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, 0);
  for (guint i = 0; i < 3; i++)
    {
      fill (&pair, bytes[i], sizeof bytes[i]);
      memcpy (bytes[i], bytes[0], 100);
      send (&pair, TRUE, i * MS, bytes[i], 1200, 1);
    }
  bytes[1][800] ^= 4;
  arrive (&pair, TRUE, DELAY, bytes[1], 1200, 1);
  arrive (&pair, TRUE, DELAY + MS, bytes[2], 1200, 1);
  g_autoptr (QsTraceJoin) self = join (&pair, FALSE, QS_JOIN_SAME_CLOCK);
  get (self, 0, QS_CROSSING_LOST);
  g_assert_true (get (self, 1, QS_CROSSING_ARRIVED)->changed);
  g_assert_false (get (self, 2, QS_CROSSING_ARRIVED)->changed);
  pair_clear (&pair);
}

/* What the receiver's own path dropped is lost, and its content can be found in both. */
static void
test_dropped (void)
{
  guint8 bytes[100];
  Pair pair;

  pair_init (&pair, QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, 0);
  fill (&pair, bytes, sizeof bytes);
  send (&pair, TRUE, 0, bytes, 100, 1);
  record (&pair, TRUE, TRUE, DELAY, QS_FATE_DROPPED, bytes, 100, 1);
  fill (&pair, bytes, sizeof bytes);
  record (&pair, TRUE, FALSE, DELAY, QS_FATE_DROPPED, bytes, 100, 1);

  g_autoptr (QsTraceJoin) self = qs_trace_join_new (pair.ends[0], pair.ends[1], QS_JOIN_SAME_CLOCK);
  g_assert_true (qs_trace_join_advance (self, 0));
  const QsCrossing *crossing = get (self, 0, QS_CROSSING_LOST);
  g_assert_true (crossing->dropped);
  g_assert_cmpuint (crossing->arrived_packet, ==, 0);
  get (self, 1, QS_CROSSING_LOST);
  pair_clear (&pair);
}

/* While it goes on, what is missing may still come; what came may not have been taken in at its sender's. */
static void
test_grows (void)
{
  guint8 bytes[3][100];
  Pair pair;

  pair_init (&pair, QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, 0);
  for (guint i = 0; i < 3; i++)
    fill (&pair, bytes[i], sizeof bytes[i]);
  g_autoptr (QsTraceJoin) self = qs_trace_join_new (pair.ends[0], pair.ends[1], QS_JOIN_SAME_CLOCK);
  g_assert_true (qs_trace_join_advance (self, 0));
  send (&pair, TRUE, 0, bytes[0], 100, 1);
  g_assert_true (qs_trace_join_advance (self, 0));
  g_assert_cmpuint (qs_trace_join_get_n_crossings (self), ==, 0); /* the other end has nothing yet */

  arrive (&pair, TRUE, DELAY, bytes[1], 100, 1); /* of which the client's dissector has not told yet */
  g_assert_true (qs_trace_join_advance (self, 0));
  g_assert_cmpuint (qs_trace_join_get_n_crossings (self), ==, 1);
  get (self, 0, QS_CROSSING_UNDER_WAY);
  send (&pair, TRUE, 1 * MS, bytes[1], 100, 1);
  g_assert_true (qs_trace_join_advance (self, 0));
  get (self, 1, QS_CROSSING_ARRIVED);
  get (self, 0, QS_CROSSING_UNDER_WAY);
  send (&pair, TRUE, 3000 * MS, bytes[2], 100, 1);
  arrive (&pair, TRUE, 3000 * MS + DELAY, bytes[2], 100, 1);
  g_assert_true (qs_trace_join_advance (self, 0));
  get (self, 0, QS_CROSSING_LOST);
  pair_clear (&pair);
}

/* Two captures, each with its own clock, neither of which says at which end it was made. */
static void
test_clocks (void)
{
  const gint64 ahead = 7000 * MS;
  Pair pair;

  for (guint server_is_own = 0; server_is_own < 2; server_is_own++)
    {
      pair_init (&pair, QS_VANTAGE_NETWORK, QS_VANTAGE_NETWORK, ahead);
      for (guint i = 0; i < 50; i++)
        {
          guint8 bytes[2][300];
          gint64 at = i * 40 * MS;
          gint64 jitter = g_rand_int_range (pair.rand, 0, 5) * MS;

          fill (&pair, bytes[0], 300);
          fill (&pair, bytes[1], 300);
          send (&pair, TRUE, at, bytes[0], 300, 1);
          if (i % 7 != 3)
            {
              arrive (&pair, TRUE, at + DELAY + jitter, bytes[0], 300, 1);
              send (&pair, FALSE, at + DELAY + jitter + MS, bytes[1], 300, 1);
              arrive (&pair, FALSE, at + 2 * DELAY + 2 * jitter + MS, bytes[1], 300, 1);
            }
        }
      g_autoptr (QsTraceJoin) self = join (&pair, server_is_own, QS_JOIN_ALIGN_CLOCKS);
      g_assert_cmpint (qs_trace_join_own_is_client (self), ==, !server_is_own);
      g_assert_cmpint (qs_trace_join_get_offset (self), ==, server_is_own ? ahead : -ahead);
      g_assert_cmpint (qs_trace_join_get_least_delay (self, TRUE), ==, DELAY);
      g_assert_cmpint (qs_trace_join_get_least_delay (self, FALSE), ==, DELAY);
      for (guint i = 0; i < qs_trace_join_get_n_crossings (self); i++)
        {
          const QsCrossing *crossing = qs_trace_join_get_crossing (self, i);
          gint64 start = (crossing->sent - (server_is_own ? ahead : 0)) / MS;
          gboolean lost = crossing->by_client && start / 40 % 7 == 3;

          g_assert_cmpint (qs_trace_join_get_fate (self, i), ==, lost ? QS_CROSSING_LOST : QS_CROSSING_ARRIVED);
        }
      pair_clear (&pair);
    }
}

/* The last datagram of the client's comes after the end of the server's file. */
static void
test_ended_early (void)
{
  guint8 bytes[3][100];
  Pair pair;

  pair_init (&pair, QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, 500 * MS);
  for (guint i = 0; i < 3; i++)
    fill (&pair, bytes[i], sizeof bytes[i]);
  send (&pair, TRUE, 0, bytes[0], 100, 1);
  arrive (&pair, TRUE, DELAY, bytes[0], 100, 1);
  send (&pair, FALSE, DELAY, bytes[1], 100, 1);
  arrive (&pair, FALSE, 2 * DELAY, bytes[1], 100, 1);
  send (&pair, TRUE, 900 * MS, bytes[2], 100, 1);
  g_autoptr (QsTraceJoin) self = join (&pair, FALSE, QS_JOIN_ALIGN_CLOCKS);
  get (self, 2, QS_CROSSING_UNKNOWN);
  pair_clear (&pair);
}

/* Behind the memory bound only the start of a datagram is kept, at one end or both. */
static void
test_cut (void)
{
  guint8 bytes[2][1000];
  Pair pair;

  pair_init (&pair, QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, 0);
  qs_trace_set_payload_limit (pair.ends[1], 1);
  for (guint i = 0; i < 2; i++)
    {
      fill (&pair, bytes[i], sizeof bytes[i]);
      send (&pair, TRUE, i * MS, bytes[i], 1000, 1);
      arrive (&pair, TRUE, i * MS + DELAY, bytes[i], 1000, 1);
    }
  g_autoptr (QsTraceJoin) self = join (&pair, FALSE, QS_JOIN_SAME_CLOCK);
  for (guint i = 0; i < 2; i++)
    g_assert_false (get (self, i, QS_CROSSING_ARRIVED)->changed);
  pair_clear (&pair);
}

static void
test_foreign (void)
{
  guint8 bytes[100];
  g_autoptr (GError) error = NULL;
  Pair pair;

  pair_init (&pair, QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, 0);
  fill (&pair, bytes, sizeof bytes);
  send (&pair, TRUE, 0, bytes, 100, 1);
  fill (&pair, bytes, sizeof bytes);
  arrive (&pair, TRUE, DELAY, bytes, 100, 1);
  g_autoptr (QsTraceJoin) self = qs_trace_join_new (pair.ends[0], pair.ends[1], QS_JOIN_SAME_CLOCK);
  qs_trace_join_finish (self);
  g_assert_false (qs_trace_join_check (self, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_UNSUPPORTED);
  get (self, 0, QS_CROSSING_LOST);
  get (self, 1, QS_CROSSING_FOREIGN);
  pair_clear (&pair);
}

/* Two qlogs: numbers alone, and of what was damaged not even that. */
static void
test_numbers (void)
{
  g_autoptr (QsTrace) client = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autoptr (QsTrace) server = fixture_trace_new (QS_VANTAGE_SERVER);

  for (guint i = 0; i < 20; i++)
    {
      QsPacket packet = { .time = i * MS,
                          .number = i,
                          .record = G_MAXUINT32,
                          .length = 100,
                          .type = i < 3 ? QS_PACKET_INITIAL : QS_PACKET_1RTT,
                          .direction = QS_DIRECTION_SENT,
                          .flags = QS_PACKET_FROM_QLOG | QS_PACKET_DECRYPTED };
      qs_trace_add_packet (client, &packet);
      packet.time += DELAY;
      packet.direction = QS_DIRECTION_RECEIVED;
      if (i == DAMAGED)
        {
          packet.number = G_MAXUINT64;
          packet.flags = QS_PACKET_FROM_QLOG | QS_PACKET_CORRUPT;
        }
      if (i != 5)
        qs_trace_add_packet (server, &packet);
    }
  g_autoptr (QsTraceJoin) self = qs_trace_join_new (client, server, QS_JOIN_SAME_CLOCK);
  qs_trace_join_finish (self);
  g_assert_true (qs_trace_join_check (self, NULL));
  g_assert_cmpuint (qs_trace_join_get_n_crossings (self), ==, 20);
  for (guint i = 0; i < 20; i++)
    g_assert_cmpint (get (self, i, i == 5 ? QS_CROSSING_LOST : QS_CROSSING_ARRIVED)->changed, ==, i == DAMAGED);
  g_assert_cmpuint (qs_trace_join_get_counts (self)->changed, ==, 1);
}

/* However little time there is for each, the slices come to the same. */
static void
test_slices (void)
{
  Pair pair;
  guint n_slices = 0;

  pair_init (&pair, QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, 33 * MS);
  for (guint i = 0; i < 5000; i++)
    {
      guint8 bytes[100];

      fill (&pair, bytes, sizeof bytes);
      send (&pair, TRUE, i * MS, bytes, 100, 1);
      arrive (&pair, TRUE, i * MS + DELAY, bytes, 100, 1);
    }
  g_autoptr (QsTraceJoin) self = qs_trace_join_new (pair.ends[0], pair.ends[1], QS_JOIN_ALIGN_CLOCKS);
  while (!qs_trace_join_advance (self, 1))
    n_slices++;
  qs_trace_join_finish (self);
  g_assert_cmpuint (n_slices, >, 100);
  g_assert_cmpuint (qs_trace_join_get_n_crossings (self), ==, 5000);
  for (guint i = 0; i < 5000; i++)
    get (self, i, QS_CROSSING_ARRIVED);
  pair_clear (&pair);
}

/* One end's recording stopped early: what it does not have costs little in any slice, and what was changed on its way is found, as long as it
 * may be that. */
#define N_DOWNLOADED 30000
#define N_RECORDED 3000
static void
test_stopped_early (void)
{
  Pair pair;
  gint64 longest = 0;

  pair_init (&pair, QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, 0);
  for (guint i = 0; i < N_DOWNLOADED; i++)
    {
      guint8 bytes[1200];

      fill (&pair, bytes, sizeof bytes);
      if (i < N_RECORDED)
        send (&pair, FALSE, i * MS / 3, bytes, sizeof bytes, 1);
      if (i == 2000 || i == 2001) /* less than an eighth, and more */
        for (guint k = 600; k < (i == 2000 ? 740 : 760); k++)
          bytes[k] ^= 1;
      arrive (&pair, FALSE, i * MS / 3 + DELAY, bytes, sizeof bytes, 1);
      if (i % 10 != 0)
        continue;
      send (&pair, TRUE, i * MS / 3 + DELAY, bytes, 40, 1);
      if (i < N_RECORDED)
        arrive (&pair, TRUE, i * MS / 3 + 2 * DELAY, bytes, 40, 1);
    }
  g_autoptr (QsTraceJoin) self = qs_trace_join_new (pair.ends[0], pair.ends[1], QS_JOIN_SAME_CLOCK);
  for (gboolean done = FALSE; !done;)
    {
      gint64 before = cpu_time ();
      done = qs_trace_join_finish_until (self, 1); /* as few of them as there are between two looks at the clock */
      longest = MAX (longest, cpu_time () - before);
    }
  g_test_message ("the longest slice took %" G_GINT64_FORMAT " us", longest);
  g_assert_cmpint (longest, <, 100000);
  g_assert_cmpuint (qs_trace_join_get_counts (self)->foreign, ==, N_DOWNLOADED - N_RECORDED + 1);
  g_assert_cmpuint (qs_trace_join_get_counts (self)->changed, ==, 1);
  pair_clear (&pair);
}

/* --- The numbers that decide --- */

/* The kernel's stamp and ours: what arrives may be a millisecond earlier than it was sent, and no more. */
static void
early (gint64 by, QsCrossingFate fate)
{
  guint8 bytes[2][100];
  Pair pair;

  pair_init (&pair, QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, 0);
  for (guint i = 0; i < 2; i++)
    fill (&pair, bytes[i], sizeof bytes[i]);
  arrive (&pair, TRUE, 10 * MS - by, bytes[0], 100, 1);
  send (&pair, TRUE, 10 * MS, bytes[0], 100, 1);
  send (&pair, TRUE, 11 * MS, bytes[1], 100, 1);
  arrive (&pair, TRUE, 21 * MS, bytes[1], 100, 1);
  g_autoptr (QsTraceJoin) self = qs_trace_join_new (pair.ends[0], pair.ends[1], QS_JOIN_SAME_CLOCK);
  qs_trace_join_finish (self);
  g_assert_cmpint (qs_trace_join_get_fate (self, qs_trace_join_find (self, FALSE, 0)), ==, fate);
  pair_clear (&pair);
}

static void
test_tolerance (void)
{
  early (MS, QS_CROSSING_ARRIVED);
  early (MS + 1, QS_CROSSING_LOST);
}

/* While both go on: a second behind the fastest way there it counts as lost. */
static void
under_way (gint64 until, QsCrossingFate fate)
{
  guint8 bytes[3][100];
  Pair pair;

  pair_init (&pair, QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, 0);
  for (guint i = 0; i < 3; i++)
    fill (&pair, bytes[i], sizeof bytes[i]);
  send (&pair, TRUE, 0, bytes[0], 100, 1);
  arrive (&pair, TRUE, DELAY, bytes[0], 100, 1);
  send (&pair, TRUE, 20 * MS, bytes[1], 100, 1);
  send (&pair, FALSE, 20 * MS + until, bytes[2], 100, 1); /* the server's recording goes on for so long */
  g_autoptr (QsTraceJoin) self = qs_trace_join_new (pair.ends[0], pair.ends[1], QS_JOIN_SAME_CLOCK);
  g_assert_true (qs_trace_join_advance (self, 0));
  g_assert_cmpint (qs_trace_join_get_fate (self, qs_trace_join_find (self, FALSE, 1)), ==, fate);
  pair_clear (&pair);
}

static void
test_grace (void)
{
  under_way (DELAY + 1000 * MS, QS_CROSSING_UNDER_WAY);
  under_way (DELAY + 1000 * MS + 1, QS_CROSSING_LOST);
}

/* Two files, ended at different times: what could not have been there by the end of the one is unknown. */
static void
at_the_end (gint64 until, QsCrossingFate fate)
{
  guint8 bytes[4][100];
  Pair pair;

  pair_init (&pair, QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, 0);
  for (guint i = 0; i < 4; i++)
    fill (&pair, bytes[i], sizeof bytes[i]);
  send (&pair, TRUE, 0, bytes[0], 100, 1);
  arrive (&pair, TRUE, DELAY, bytes[0], 100, 1);
  send (&pair, FALSE, DELAY, bytes[1], 100, 1);
  arrive (&pair, FALSE, 2 * DELAY, bytes[1], 100, 1);
  send (&pair, TRUE, 50 * MS, bytes[2], 100, 1);
  send (&pair, FALSE, 50 * MS + until, bytes[3], 100, 1);
  g_autoptr (QsTraceJoin) self = qs_trace_join_new (pair.ends[0], pair.ends[1], QS_JOIN_ALIGN_CLOCKS);
  qs_trace_join_finish (self);
  g_assert_cmpint (qs_trace_join_get_offset (self), ==, 0);
  g_assert_cmpint (qs_trace_join_get_fate (self, qs_trace_join_find (self, FALSE, 2)), ==, fate);
  pair_clear (&pair);
}

static void
test_end (void)
{
  at_the_end (DELAY - 1, QS_CROSSING_UNKNOWN);
  at_the_end (DELAY, QS_CROSSING_LOST);
}

/* One byte in eight may be another: of 96, eleven, for twelve are too many. */
static void
changed_by (guint n_changes, gboolean same)
{
  guint8 bytes[2][96];
  Pair pair;

  pair_init (&pair, QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, 0);
  for (guint i = 0; i < 2; i++)
    fill (&pair, bytes[i], sizeof bytes[i]);
  send (&pair, TRUE, 0, bytes[0], 96, 1);
  send (&pair, TRUE, MS, bytes[1], 96, 1);
  arrive (&pair, TRUE, 2 * MS, bytes[1], 96, 1);
  for (guint i = 0; i < n_changes; i++)
    bytes[0][i * 8] ^= 0xff;
  arrive (&pair, TRUE, DELAY, bytes[0], 96, 1);
  g_autoptr (QsTraceJoin) self = qs_trace_join_new (pair.ends[0], pair.ends[1], QS_JOIN_SAME_CLOCK);
  qs_trace_join_finish (self);
  g_assert_cmpint (qs_trace_join_get_fate (self, 0), ==, same ? QS_CROSSING_ARRIVED : QS_CROSSING_LOST);
  g_assert_cmpuint (qs_trace_join_get_counts (self)->changed, ==, same);
  g_assert_cmpuint (qs_trace_join_get_counts (self)->foreign, ==, !same);
  pair_clear (&pair);
}

static void
test_changed_share (void)
{
  changed_by (1, TRUE);
  changed_by (11, TRUE);
  changed_by (12, FALSE);
}

/* By bytes a single datagram is proof; by numbers, which are alike in all connections, it takes half of what one end of the shorter
 * recording sent. */
static void
by_numbers (guint n_common, gboolean one)
{
  g_autoptr (QsTrace) client = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autoptr (QsTrace) server = fixture_trace_new (QS_VANTAGE_SERVER);

  for (guint i = 0; i < 40; i++)
    {
      QsPacket packet = { .time = i * MS,
                          .number = i,
                          .record = G_MAXUINT32,
                          .length = 100,
                          .type = QS_PACKET_1RTT,
                          .direction = QS_DIRECTION_SENT,
                          .flags = QS_PACKET_FROM_QLOG | QS_PACKET_DECRYPTED };
      qs_trace_add_packet (client, &packet);
      packet.time += DELAY;
      packet.direction = QS_DIRECTION_RECEIVED;
      packet.number = i < n_common ? i : 1000 + i;
      qs_trace_add_packet (server, &packet);
    }
  g_autoptr (QsTraceJoin) self = qs_trace_join_new (client, server, QS_JOIN_SAME_CLOCK);
  qs_trace_join_finish (self);
  g_assert_cmpint (qs_trace_join_check (self, NULL), ==, one);
}

static void
test_share (void)
{
  by_numbers (0, FALSE);
  by_numbers (9, FALSE);
  by_numbers (10, TRUE);
  by_numbers (40, TRUE);
}

/* Of more than 64 that are alike the newest 64 are looked at. */
static void
test_most_alike (void)
{
  guint8 bytes[100];
  Pair pair;

  pair_init (&pair, QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, 0);
  fill (&pair, bytes, sizeof bytes);
  for (guint i = 0; i < 66; i++)
    send (&pair, TRUE, i * MS, bytes, 100, 1);
  for (guint i = 0; i < 66; i++)
    arrive (&pair, TRUE, 2000 * MS + i * MS, bytes, 100, 1);
  g_autoptr (QsTraceJoin) self = qs_trace_join_new (pair.ends[0], pair.ends[1], QS_JOIN_SAME_CLOCK);
  qs_trace_join_finish (self);
  guint n_arrived = 0;
  for (guint i = 0; i < 66; i++)
    n_arrived += qs_trace_join_get_fate (self, i) == QS_CROSSING_ARRIVED;
  g_assert_cmpuint (n_arrived, ==, 64);
  g_assert_cmpint (qs_trace_join_get_fate (self, 0), ==, QS_CROSSING_LOST);
  g_assert_cmpint (qs_trace_join_get_fate (self, 1), ==, QS_CROSSING_LOST);
  g_assert_cmpuint (qs_trace_join_get_counts (self)->again, ==, 2);
  pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/join/arrived-and-lost", test_arrived_and_lost);
  g_test_add_func ("/join/changed-doubled-late", test_changed_doubled_late);
  g_test_add_func ("/join/alike", test_alike);
  g_test_add_func ("/join/begin-alike", test_begin_alike);
  g_test_add_func ("/join/dropped", test_dropped);
  g_test_add_func ("/join/grows", test_grows);
  g_test_add_func ("/join/clocks", test_clocks);
  g_test_add_func ("/join/ended-early", test_ended_early);
  g_test_add_func ("/join/cut", test_cut);
  g_test_add_func ("/join/foreign", test_foreign);
  g_test_add_func ("/join/numbers", test_numbers);
  g_test_add_func ("/join/slices", test_slices);
  g_test_add_func ("/join/stopped-early", test_stopped_early);
  g_test_add_func ("/join/tolerance", test_tolerance);
  g_test_add_func ("/join/grace", test_grace);
  g_test_add_func ("/join/end", test_end);
  g_test_add_func ("/join/changed-share", test_changed_share);
  g_test_add_func ("/join/share", test_share);
  g_test_add_func ("/join/most-alike", test_most_alike);
  return g_test_run ();
}
