/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What RFC 9002 says in numbers, and a test on each side of every one. */
#include "trace/qs-recovery.h"

#define MS G_GINT64_CONSTANT (1000000) /* ns */

typedef struct {
  QsTrace *trace;
  QsRecovery *recovery;
  QsRtt rtt;
} Fixture;

static void
fixture_init (Fixture *fixture, QsDirection direction, gboolean by_time)
{
  fixture->trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  fixture->recovery = qs_recovery_new (fixture->trace, direction, by_time);
  fixture->rtt = (QsRtt){ 0 };
}

static void
fixture_clear (Fixture *fixture)
{
  qs_recovery_free (fixture->recovery);
  g_object_unref (fixture->trace);
}

/* The packet's index in the trace is its number, where all are sent in order. */
static void
send_one (Fixture *fixture, guint64 number, gint64 time, gboolean eliciting)
{
  guint32 index = qs_trace_add_packet (fixture->trace, &(QsPacket){ .number = number });

  qs_recovery_sent (fixture->recovery, number, index, time, 100, eliciting);
}

static void
send_upto (Fixture *fixture, guint64 last, gint64 time)
{
  for (guint64 number = 0; number <= last; number++)
    send_one (fixture, number, time, TRUE);
}

/* An ACK of [smallest, largest]. TRUE: it made a sample. */
static gboolean
ack (Fixture *fixture, guint64 smallest, guint64 largest, gint64 time, gint64 *sample)
{
  QsFrame frame = { .type = QS_FRAME_ACK };

  frame.ack.largest = largest;
  frame.ack.first_range = largest - smallest;
  return qs_recovery_acked (fixture->recovery, &frame, time, &fixture->rtt, sample);
}

static guint
count_lost (Fixture *fixture)
{
  guint n = 0;

  for (guint i = 0; i < qs_trace_get_n_packets (fixture->trace); i++)
    n += (qs_trace_get_packet (fixture->trace, i)->flags & QS_PACKET_LOST) != 0;
  return n;
}

/* Section 6.1.1: kPacketThreshold is 3. */
static void
test_packet_threshold (void)
{
  Fixture fixture;
  gint64 sample;

  fixture_init (&fixture, QS_DIRECTION_SENT, FALSE);
  send_upto (&fixture, 4, 0);
  ack (&fixture, 2, 2, 10 * MS, &sample);
  g_assert_cmpuint (count_lost (&fixture), ==, 0); /* 0 is two behind */
  ack (&fixture, 3, 3, 10 * MS, &sample);
  g_assert_cmpuint (count_lost (&fixture), ==, 1); /* three behind */
  g_assert_true (qs_trace_get_packet (fixture.trace, 0)->flags & QS_PACKET_LOST);
  fixture_clear (&fixture);
}

/* Section 6.1.2: 9/8 of the larger one of the latest and the smoothed round-trip time. */
static void
time_threshold (gint64 latest, gint64 smoothed, gint64 age, gboolean by_time, gboolean sampled, guint n_lost)
{
  Fixture fixture;
  gint64 sample;

  fixture_init (&fixture, QS_DIRECTION_SENT, by_time);
  fixture.rtt = (QsRtt){ .latest = latest, .smoothed = smoothed, .minimum = latest, .sampled = sampled };
  send_upto (&fixture, 1, 1000 * MS);
  ack (&fixture, 1, 1, 1000 * MS + age, &sample);
  g_assert_cmpuint (count_lost (&fixture), ==, n_lost);
  fixture_clear (&fixture);
}

static void
test_time_threshold (void)
{
  time_threshold (80 * MS, 40 * MS, 90 * MS - 1, TRUE, TRUE, 0);
  time_threshold (80 * MS, 40 * MS, 90 * MS, TRUE, TRUE, 1);
  time_threshold (40 * MS, 80 * MS, 90 * MS - 1, TRUE, TRUE, 0);
  time_threshold (40 * MS, 80 * MS, 90 * MS, TRUE, TRUE, 1);
  /* Not where the clock is another end's, nor before there is a round-trip time at all. */
  time_threshold (80 * MS, 80 * MS, 10000 * MS, FALSE, TRUE, 0);
  time_threshold (80 * MS, 80 * MS, 10000 * MS, TRUE, FALSE, 0);
  /* kGranularity, 1 ms, is the least. */
  time_threshold (10, 10, MS - 1, TRUE, TRUE, 0);
  time_threshold (10, 10, MS, TRUE, TRUE, 1);
}

/* What comes behind the largest acknowledged is still under way, however old it is. */
static void
test_newer_is_not_lost (void)
{
  Fixture fixture;
  gint64 sample;

  fixture_init (&fixture, QS_DIRECTION_SENT, TRUE);
  fixture.rtt = (QsRtt){ .latest = MS, .smoothed = MS, .minimum = MS, .sampled = TRUE };
  send_upto (&fixture, 2, 0);
  ack (&fixture, 0, 1, 1000 * MS, &sample);
  g_assert_cmpuint (count_lost (&fixture), ==, 0);
  /* An older ACK, come late, takes nothing back: 1 stays the largest. */
  send_one (&fixture, 3, 1000 * MS, TRUE);
  ack (&fixture, 0, 0, 2000 * MS, &sample);
  g_assert_cmpuint (count_lost (&fixture), ==, 0);
  g_assert_cmpuint (qs_trace_get_metrics (fixture.trace)->directions[QS_DIRECTION_SENT].acked, ==, 2);
  fixture_clear (&fixture);
}

/* Section 5.1: only where the largest is newly acknowledged, and something that was new asked for an ACK. */
static void
test_samples (void)
{
  Fixture fixture;
  gint64 sample = -1;

  fixture_init (&fixture, QS_DIRECTION_SENT, FALSE);
  send_one (&fixture, 0, 5 * MS, TRUE);
  send_one (&fixture, 1, 6 * MS, FALSE);
  send_one (&fixture, 2, 7 * MS, FALSE);
  send_one (&fixture, 3, 8 * MS, TRUE);
  g_assert_true (ack (&fixture, 0, 1, 26 * MS, &sample)); /* 1 asks for none, 0 did */
  g_assert_cmpint (sample, ==, 20 * MS);
  g_assert_false (ack (&fixture, 0, 1, 30 * MS, &sample));    /* nothing new */
  g_assert_false (ack (&fixture, 2, 2, 30 * MS, &sample));    /* nothing that asked */
  g_assert_false (ack (&fixture, 3, 3, 8 * MS - 1, &sample)); /* clocks that went back */
  g_assert_cmpint (sample, ==, 20 * MS);
  send_one (&fixture, 4, 9 * MS, TRUE);
  g_assert_true (ack (&fixture, 4, 4, 9 * MS, &sample)); /* at once is a time */
  g_assert_cmpint (sample, ==, 0);
  send_one (&fixture, 5, 10 * MS, TRUE);
  send_one (&fixture, 7, 11 * MS, TRUE);
  g_assert_false (ack (&fixture, 5, 6, 12 * MS, &sample)); /* the largest is one that we never saw */
  fixture_clear (&fixture);
}

static void
assert_rtt (const QsRtt *rtt, gint64 latest, gint64 smoothed, gint64 variation, gint64 minimum)
{
  g_assert_true (rtt->sampled);
  g_assert_cmpint (rtt->latest, ==, latest);
  g_assert_cmpint (rtt->smoothed, ==, smoothed);
  g_assert_cmpint (rtt->variation, ==, variation);
  g_assert_cmpint (rtt->minimum, ==, minimum);
}

/* Section 5.3: smoothed by 7/8, its variation by 3/4; the first sample is taken as it is, its half as variation. */
static void
test_rtt (void)
{
  QsRtt rtt = { 0 };

  qs_rtt_update (&rtt, 800, 500); /* the first: no delay is taken off */
  assert_rtt (&rtt, 800, 800, 400, 800);
  qs_rtt_update (&rtt, 1600, 0);
  assert_rtt (&rtt, 1600, (7 * 800 + 1600) / 8, (3 * 400 + 800) / 4, 800);
  /* The delay is taken off where that does not lead below the minimum: at it, yes; one below, no. */
  QsRtt at = { .latest = 800, .smoothed = 800, .variation = 400, .minimum = 800, .sampled = TRUE };
  QsRtt below = at;
  qs_rtt_update (&at, 1000, 200);
  assert_rtt (&at, 1000, 800, 300, 800);
  qs_rtt_update (&below, 999, 200);
  assert_rtt (&below, 999, (7 * 800 + 999) / 8, (3 * 400 + 199) / 4, 800);
  /* A new minimum counts for its own sample. */
  qs_rtt_update (&below, 100, 50);
  g_assert_cmpint (below.minimum, ==, 100);
  g_assert_cmpint (below.latest, ==, 100);
}

static guint64
in_flight (Fixture *fixture)
{
  return qs_trace_get_metrics (fixture->trace)->in_flight[QS_DIRECTION_SENT];
}

/* Each way out of the flight is taken once: acknowledged, lost, discarded; what asks for no ACK is never in it. */
static void
test_flight (void)
{
  Fixture fixture;
  gint64 sample;

  fixture_init (&fixture, QS_DIRECTION_SENT, FALSE);
  send_one (&fixture, 0, 0, TRUE);
  send_one (&fixture, 1, 0, FALSE);
  send_one (&fixture, 2, 0, TRUE);
  send_one (&fixture, 3, 0, TRUE);
  send_one (&fixture, 4, 0, TRUE);
  g_assert_cmpuint (in_flight (&fixture), ==, 400);
  send_one (&fixture, 4, 0, TRUE); /* the same again is no other */
  g_assert_cmpuint (in_flight (&fixture), ==, 400);
  ack (&fixture, 4, 4, MS, &sample); /* 0 is lost; 1 asks for no ACK, and nobody misses it */
  g_assert_cmpuint (in_flight (&fixture), ==, 200);
  g_assert_cmpuint (count_lost (&fixture), ==, 1);
  ack (&fixture, 0, 0, MS, &sample); /* it was not */
  g_assert_cmpuint (in_flight (&fixture), ==, 200);
  g_assert_cmpuint (count_lost (&fixture), ==, 0);
  g_assert_cmpuint (qs_trace_get_metrics (fixture.trace)->directions[QS_DIRECTION_SENT].lost, ==, 0);
  g_assert_cmpuint (qs_trace_get_metrics (fixture.trace)->losses->len, ==, 1);
  qs_recovery_discard (fixture.recovery, 2 * MS);
  g_assert_cmpuint (in_flight (&fixture), ==, 0);
  qs_recovery_discard (fixture.recovery, 2 * MS);
  fixture_clear (&fixture);
}

/* Its own sender gives a packet up: once, and not what was acknowledged, or was never sent. */
static void
test_told_lost (void)
{
  Fixture fixture;
  gint64 sample;

  fixture_init (&fixture, QS_DIRECTION_SENT, FALSE);
  send_upto (&fixture, 3, 0);
  ack (&fixture, 1, 1, MS, &sample);
  qs_recovery_lost (fixture.recovery, 0, MS);
  qs_recovery_lost (fixture.recovery, 0, MS);
  qs_recovery_lost (fixture.recovery, 1, MS);
  qs_recovery_lost (fixture.recovery, 4, MS);
  g_assert_cmpuint (count_lost (&fixture), ==, 1);
  g_assert_cmpuint (qs_trace_get_metrics (fixture.trace)->directions[QS_DIRECTION_SENT].lost, ==, 1);
  g_assert_cmpuint (in_flight (&fixture), ==, 200);
  qs_recovery_lost (fixture.recovery, 3, MS);
  g_assert_cmpuint (count_lost (&fixture), ==, 2);
  fixture_clear (&fixture);
}

/* The losses that a chart shows are the vantage's own. */
static void
test_losses_of_the_other (void)
{
  Fixture fixture;
  gint64 sample;

  fixture_init (&fixture, QS_DIRECTION_RECEIVED, FALSE);
  send_upto (&fixture, 3, 0);
  ack (&fixture, 3, 3, MS, &sample);
  const QsMetrics *metrics = qs_trace_get_metrics (fixture.trace);
  g_assert_cmpuint (metrics->directions[QS_DIRECTION_RECEIVED].lost, ==, 1);
  g_assert_cmpuint (metrics->losses->len, ==, 0);
  fixture_clear (&fixture);
}

/* Numbers that come out of order, as a capture has them. */
static void
test_out_of_order (void)
{
  static const guint64 order[] = { 3, 0, 2, 1, 5, 4 };
  Fixture fixture;
  gint64 sample;

  fixture_init (&fixture, QS_DIRECTION_SENT, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    send_one (&fixture, order[i], (gint64) order[i] * MS, TRUE);
  g_assert_cmpuint (in_flight (&fixture), ==, 600);
  g_assert_true (ack (&fixture, 2, 5, 10 * MS, &sample));
  g_assert_cmpint (sample, ==, 5 * MS);
  g_assert_cmpuint (in_flight (&fixture), ==, 0);
  g_assert_true (qs_trace_get_packet (fixture.trace, 1)->flags & QS_PACKET_LOST); /* number 0 */
  g_assert_true (qs_trace_get_packet (fixture.trace, 3)->flags & QS_PACKET_LOST); /* number 1 */
  g_assert_cmpuint (count_lost (&fixture), ==, 2);
  fixture_clear (&fixture);
}

/* A lost packet is remembered for 1024 numbers, for an ACK that is late. */
static void
late_ack (guint64 largest, guint n_lost)
{
  Fixture fixture;
  gint64 sample;

  fixture_init (&fixture, QS_DIRECTION_SENT, FALSE);
  send_upto (&fixture, largest, 0);
  ack (&fixture, 1, largest, MS, &sample);
  g_assert_cmpuint (count_lost (&fixture), ==, 1);
  ack (&fixture, 0, 0, 2 * MS, &sample);
  g_assert_cmpuint (count_lost (&fixture), ==, n_lost);
  fixture_clear (&fixture);
}

static void
test_late_ack (void)
{
  late_ack (1024, 0);
  late_ack (1025, 1);
}

/* ACKs that nobody saw: what is kept is bounded at 65536, and the oldest goes. */
static void
test_bound (void)
{
  Fixture fixture;
  gint64 sample;

  fixture_init (&fixture, QS_DIRECTION_SENT, FALSE);
  send_upto (&fixture, 65535, 0);
  g_assert_cmpuint (in_flight (&fixture), ==, 65536 * 100);
  send_one (&fixture, 65536, 0, TRUE);
  g_assert_cmpuint (in_flight (&fixture), ==, 65536 * 100);
  ack (&fixture, 0, 1, MS, &sample);
  g_assert_false (qs_trace_get_packet (fixture.trace, 0)->flags & QS_PACKET_ACKED);
  g_assert_true (qs_trace_get_packet (fixture.trace, 1)->flags & QS_PACKET_ACKED);
  fixture_clear (&fixture);
}

/* Of one frame no more than 4096 ranges are gone through: each a gap of one, so every second number. */
static void
test_many_ranges (void)
{
  Fixture fixture;
  gint64 sample;
  guint last = 2 * 4097;
  g_autofree guint8 *ranges = g_malloc0 (2 * 4097);
  QsFrame frame = { .type = QS_FRAME_ACK };

  fixture_init (&fixture, QS_DIRECTION_SENT, FALSE);
  send_upto (&fixture, last, 0);
  frame.ack.largest = last;
  frame.ack.range_count = 4097;
  frame.ack.ranges = QS_SPAN (ranges, 2 * 4097);
  qs_recovery_acked (fixture.recovery, &frame, MS, &fixture.rtt, &sample);
  g_assert_cmpuint (qs_trace_get_metrics (fixture.trace)->directions[QS_DIRECTION_SENT].acked, ==, 4096);
  g_assert_true (qs_trace_get_packet (fixture.trace, 4)->flags & QS_PACKET_ACKED);
  g_assert_false (qs_trace_get_packet (fixture.trace, 2)->flags & QS_PACKET_ACKED);
  fixture_clear (&fixture);
}

/* --- Numbers that no packet has --- */

#define N_NUMBERS 24

static void
check_gaps (Fixture *fixture, guint missing, guint unseen)
{
  const QsDirectionFigures *figures = &qs_trace_get_metrics (fixture->trace)->directions[QS_DIRECTION_SENT];

  g_assert_cmpuint (figures->missing, ==, missing);
  g_assert_cmpuint (figures->unseen, ==, unseen);
}

/* Each step against a set of flags, which is what the gaps stand for. */
static void
test_gaps (void)
{
  for (guint32 seed = 0; seed < 400; seed++)
    {
      g_autoptr (GRand) random = g_rand_new_with_seed (seed);
      gboolean missing[N_NUMBERS] = { FALSE };
      guint n_missing = 0, n_unseen = 0, largest = (guint) g_rand_int_range (random, 0, 8);
      Fixture fixture;

      fixture_init (&fixture, QS_DIRECTION_SENT, FALSE);
      send_one (&fixture, largest, 0, TRUE);
      for (guint step = 0; step < 16; step++)
        {
          guint from = (guint) g_rand_int_range (random, 0, N_NUMBERS), to = from;
          gboolean acks = g_rand_boolean (random);
          gint64 sample;
          if (acks)
            to = (guint) g_rand_int_range (random, (gint32) from, N_NUMBERS);
          for (guint i = largest + 1; !acks && i < from; i++, n_missing++)
            missing[i] = TRUE;
          for (guint i = from; i <= to; i++)
            if (missing[i])
              {
                missing[i] = FALSE;
                n_missing--;
                n_unseen += acks;
              }
          largest = acks ? largest : MAX (largest, from);
          if (acks)
            ack (&fixture, from, to, MS, &sample);
          else
            send_one (&fixture, from, 0, TRUE);
          check_gaps (&fixture, n_missing, n_unseen);
        }
      fixture_clear (&fixture);
    }
}

/* A step of 65536 numbers may be one; a larger one is a number that was read wrong. */
static void
test_large_step (void)
{
  for (guint more = 0; more < 2; more++)
    {
      Fixture fixture;
      fixture_init (&fixture, QS_DIRECTION_SENT, FALSE);
      send_one (&fixture, 7, 0, TRUE);
      send_one (&fixture, 7 + 65536 + more, 0, TRUE);
      check_gaps (&fixture, more ? 0 : 65535, 0);
      fixture_clear (&fixture);
    }
}

/* 1024 gaps are looked after: of three numbers each here. */
static void
test_many_gaps (void)
{
  Fixture fixture;
  gint64 sample;

  fixture_init (&fixture, QS_DIRECTION_SENT, FALSE);
  for (guint64 i = 0; i < 1024; i++)
    send_one (&fixture, 4 * i, 0, TRUE);
  check_gaps (&fixture, 3 * 1023, 0);
  ack (&fixture, 2, 2, MS, &sample); /* in two: the 1024th */
  check_gaps (&fixture, 3 * 1023 - 1, 1);
  send_one (&fixture, 4 * 1024, 0, TRUE); /* one too many */
  check_gaps (&fixture, 3 * 1023 - 1, 1);
  ack (&fixture, 3, 3, MS, &sample);
  check_gaps (&fixture, 3 * 1023 - 2, 2);
  send_one (&fixture, 4 * 1025, 0, TRUE); /* there is room again */
  check_gaps (&fixture, 3 * 1023 + 1, 2);
  ack (&fixture, 6, 6, MS, &sample); /* in two, and no room for the second */
  check_gaps (&fixture, 3 * 1023, 3);
  ack (&fixture, 7, 7, MS, &sample);
  check_gaps (&fixture, 3 * 1023, 3);
  ack (&fixture, 5, 5, MS, &sample);
  check_gaps (&fixture, 3 * 1023 - 1, 4);
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/recovery/packet-threshold", test_packet_threshold);
  g_test_add_func ("/recovery/time-threshold", test_time_threshold);
  g_test_add_func ("/recovery/newer-is-not-lost", test_newer_is_not_lost);
  g_test_add_func ("/recovery/samples", test_samples);
  g_test_add_func ("/recovery/rtt", test_rtt);
  g_test_add_func ("/recovery/flight", test_flight);
  g_test_add_func ("/recovery/told-lost", test_told_lost);
  g_test_add_func ("/recovery/losses-of-the-other", test_losses_of_the_other);
  g_test_add_func ("/recovery/out-of-order", test_out_of_order);
  g_test_add_func ("/recovery/late-ack", test_late_ack);
  g_test_add_func ("/recovery/bound", test_bound);
  g_test_add_func ("/recovery/many-ranges", test_many_ranges);
  g_test_add_func ("/recovery/gaps", test_gaps);
  g_test_add_func ("/recovery/large-step", test_large_step);
  g_test_add_func ("/recovery/many-gaps", test_many_gaps);
  return g_test_run ();
}
