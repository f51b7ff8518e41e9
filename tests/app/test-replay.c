/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QsReplay with frames' times made up: no display, no waiting. */
#include "study/qs-replay.h"

#define MS G_GINT64_CONSTANT (1000000)

typedef struct {
  int ms;
  QsDirection direction;
} Sample;

/* Flights: 0 | 1 2 3 | 4 5 | 6. Two packets share a datagram, and so a time. */
static const Sample samples[] = {
  { 1, QS_DIRECTION_SENT },      { 41, QS_DIRECTION_RECEIVED }, { 42, QS_DIRECTION_RECEIVED },
  { 42, QS_DIRECTION_RECEIVED }, { 43, QS_DIRECTION_SENT },     { 44, QS_DIRECTION_SENT },
  { 84, QS_DIRECTION_RECEIVED },
};
#define N G_N_ELEMENTS (samples)

typedef struct {
  QsTrace *trace;
  QsReplay *replay;
  guint n_positions;
} Fixture;

static void
count_cb (guint *count)
{
  (*count)++;
}

static void
add_state (QsTrace *trace, int ms, const char *name, int value)
{
  const QsMark mark = { .kind = QS_MARK_STATE, .name = name, .value = value, .stream = -1 };

  qs_trace_add_mark_full (trace, ms * MS, &mark);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  add_state (fixture->trace, 0, "HANDSHAKING", 3);
  for (guint i = 0; i < N; i++)
    {
      const Sample *sample = &samples[i];
      const QsPacket packet = {
        .time = sample->ms * MS, .number = i, .record = G_MAXUINT32, .direction = sample->direction
      };
      qs_trace_add_packet (fixture->trace, &packet);
    }
  add_state (fixture->trace, 43, "ESTABLISHED", 4);
  add_state (fixture->trace, 90, "CLOSED", 6);
  fixture->replay = qs_replay_new ();
  qs_replay_set_trace (fixture->replay, fixture->trace);
  qs_replay_set_shorten (fixture->replay, FALSE);
  g_signal_connect_swapped (fixture->replay, "notify::position", G_CALLBACK (count_cb), &fixture->n_positions);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->replay);
  g_object_unref (fixture->trace);
}

static void
assert_at (Fixture *fixture, gint64 ns, gint64 packet)
{
  g_assert_cmpint (qs_replay_get_position (fixture->replay), ==, ns);
  g_assert_cmpint (qs_replay_get_packet (fixture->replay), ==, packet);
}

static void
test_play (Fixture *fixture, gconstpointer data)
{
  QsReplay *replay = fixture->replay;

  assert_at (fixture, QS_REPLAY_ALL, -1);
  g_assert_false (qs_replay_is_under_way (replay));
  qs_replay_set_speed (replay, 0.1);
  qs_replay_set_playing (replay, TRUE);
  assert_at (fixture, 0, -1);
  qs_replay_tick (replay, 5000000); /* whatever the clock says first */
  assert_at (fixture, 0, -1);
  qs_replay_tick (replay, 5010000); /* 10 ms at a tenth */
  assert_at (fixture, 1 * MS, 0);
  g_assert_false (qs_replay_get_settled (replay));
  qs_replay_tick (replay, 5415000);
  assert_at (fixture, 41 * MS + MS / 2, 1);
  qs_replay_tick (replay, 5415000); /* a clock that stands still, or goes back */
  qs_replay_tick (replay, 5414000);
  assert_at (fixture, 41 * MS + MS / 2, 1);
  g_assert_cmpint (qs_replay_get_state (replay), ==, 3);

  qs_replay_set_speed (replay, 1); /* in the middle of it */
  qs_replay_tick (replay, 5417000);
  assert_at (fixture, 44 * MS + MS / 2, 5);
  g_assert_cmpint (qs_replay_get_state (replay), ==, 4);
  qs_replay_set_playing (replay, FALSE);
  qs_replay_tick (replay, 9000000);
  assert_at (fixture, 44 * MS + MS / 2, 5);

  /* A pause is not made up for. */
  qs_replay_set_playing (replay, TRUE);
  qs_replay_tick (replay, 90000000);
  assert_at (fixture, 44 * MS + MS / 2, 5);
  qs_replay_tick (replay, 91000000);
  assert_at (fixture, QS_REPLAY_ALL, -1);
  g_assert_false (qs_replay_get_playing (replay));
  g_assert_cmpint (qs_replay_get_state (replay), ==, 6);
}

static void
test_thousandth (Fixture *fixture, gconstpointer data)
{
  qs_replay_set_speed (fixture->replay, 0.001);
  qs_replay_set_playing (fixture->replay, TRUE);
  for (gint64 frame = 0; frame <= 600; frame++) /* ten seconds at 60 Hz */
    qs_replay_tick (fixture->replay, frame * 50000 / 3);
  gint64 position = qs_replay_get_position (fixture->replay);
  g_assert_cmpint (ABS (position - 10 * MS), <, MS / 100);
}

static void
test_shorten (Fixture *fixture, gconstpointer data)
{
  QsReplay *replay = fixture->replay;

  qs_replay_set_shorten (replay, TRUE);
  qs_replay_set_speed (replay, 0.001);
  qs_replay_seek (replay, 1 * MS, 0, TRUE);
  qs_replay_set_playing (replay, TRUE);
  qs_replay_tick (replay, 0);
  qs_replay_tick (replay, 3000000); /* 40 ms of silence would take 40 s */
  assert_at (fixture, 41 * MS, 1);
  qs_replay_tick (replay, 3500000); /* what is close together keeps its speed */
  assert_at (fixture, 41 * MS + MS / 2, 1);
}

static void
test_packets (Fixture *fixture, gconstpointer data)
{
  QsReplay *replay = fixture->replay;

  for (guint i = 0; i < N; i++)
    {
      qs_replay_step_packet (replay, 1);
      assert_at (fixture, samples[i].ms * MS, i);
      g_assert_true (qs_replay_get_settled (replay));
      g_assert_cmpfloat (qs_replay_get_progress (replay), ==, i + 1);
    }
  qs_replay_step_packet (replay, 1); /* stays */
  g_assert_cmpint (qs_replay_get_position (replay), ==, 84 * MS);
  for (guint i = N; i-- > 1;)
    {
      qs_replay_step_packet (replay, -1);
      assert_at (fixture, samples[i - 1].ms * MS, i - 1);
    }
  qs_replay_step_packet (replay, -1);
  assert_at (fixture, 0, -1);
  qs_replay_step_packet (replay, -1);
  assert_at (fixture, 0, -1);

  qs_replay_show_all (replay);
  qs_replay_step_packet (replay, -1);
  g_assert_cmpint (qs_replay_get_position (replay), ==, 84 * MS);
}

static void
test_flights (Fixture *fixture, gconstpointer data)
{
  static const guint ends[] = { 0, 3, 5, 6 };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      qs_replay_step_flight (fixture->replay, 1);
      assert_at (fixture, samples[ends[i]].ms * MS, ends[i]);
    }
  qs_replay_step_flight (fixture->replay, 1);
  assert_at (fixture, 84 * MS, 6);
  for (guint i = G_N_ELEMENTS (ends) - 1; i-- > 0;)
    {
      qs_replay_step_flight (fixture->replay, -1);
      assert_at (fixture, samples[ends[i]].ms * MS, ends[i]);
    }
  qs_replay_step_flight (fixture->replay, -1);
  assert_at (fixture, 0, -1);

  /* From the middle of one: to its end, or to the end of the one before. */
  qs_replay_seek (fixture->replay, 41 * MS, 1, TRUE);
  qs_replay_step_flight (fixture->replay, 1);
  assert_at (fixture, 42 * MS, 3);
  qs_replay_seek (fixture->replay, 41 * MS, 1, TRUE);
  qs_replay_step_flight (fixture->replay, -1);
  assert_at (fixture, 1 * MS, 0);
}

static void
test_scrub (Fixture *fixture, gconstpointer data)
{
  QsReplay *replay = fixture->replay;

  qs_replay_set_progress (replay, 1.5); /* half way from the first to the second */
  assert_at (fixture, 21 * MS, 0);
  g_assert_false (qs_replay_get_settled (replay));
  g_assert_cmpfloat_with_epsilon (qs_replay_get_progress (replay), 1.5, 0.001);
  qs_replay_set_progress (replay, 0);
  assert_at (fixture, 0, -1);
  qs_replay_set_progress (replay, 3);
  assert_at (fixture, 42 * MS, 2);
  qs_replay_set_progress (replay, N);
  assert_at (fixture, QS_REPLAY_ALL, -1);
  qs_replay_set_progress (replay, -4);
  assert_at (fixture, 0, -1);
}

static void
test_until (Fixture *fixture, gconstpointer data)
{
  QsReplay *replay = fixture->replay;

  qs_replay_set_speed (replay, 1);
  qs_replay_play_until (replay, 42 * MS, 2);
  g_assert_true (qs_replay_get_playing (replay));
  qs_replay_tick (replay, 0);
  qs_replay_tick (replay, 41000);
  g_assert_true (qs_replay_get_playing (replay));
  qs_replay_tick (replay, 80000);
  assert_at (fixture, 42 * MS, 2); /* and not 3, which came at the same time */
  g_assert_true (qs_replay_get_settled (replay));
  g_assert_false (qs_replay_get_playing (replay));

  qs_replay_play_until (replay, 1 * MS, 0); /* it lies behind: at once */
  assert_at (fixture, 1 * MS, 0);
  g_assert_false (qs_replay_get_playing (replay));
  qs_replay_play_until (replay, QS_REPLAY_ALL, -1);
  g_assert_true (qs_replay_get_playing (replay));
  qs_replay_tick (replay, 0);
  qs_replay_tick (replay, 1000000);
  assert_at (fixture, QS_REPLAY_ALL, -1);
}

static void
test_seek_bounds (Fixture *fixture, gconstpointer data)
{
  qs_replay_seek (fixture->replay, 1000 * MS, -1, FALSE);
  assert_at (fixture, 90 * MS, 6);
  qs_replay_seek (fixture->replay, -5, -1, FALSE);
  assert_at (fixture, 0, -1);
  guint told = fixture->n_positions;
  qs_replay_seek (fixture->replay, 0, -1, FALSE);
  g_assert_cmpuint (fixture->n_positions, ==, told);

  /* Another trace: all of it. */
  g_autoptr (QsTrace) empty = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  qs_replay_set_trace (fixture->replay, empty);
  assert_at (fixture, QS_REPLAY_ALL, -1);
  qs_replay_step_packet (fixture->replay, 1);
  qs_replay_step_flight (fixture->replay, -1);
  qs_replay_set_progress (fixture->replay, 0);
  qs_replay_set_playing (fixture->replay, TRUE);
  qs_replay_tick (fixture->replay, 0);
  g_assert_false (qs_replay_get_playing (fixture->replay));
  qs_replay_set_trace (fixture->replay, NULL);
  qs_replay_set_playing (fixture->replay, TRUE);
  qs_replay_step_packet (fixture->replay, 1);
  g_assert_false (qs_replay_get_playing (fixture->replay));
}

/* A trace that is still growing: what came since is in. */
static void
test_grown (Fixture *fixture, gconstpointer data)
{
  const QsPacket late = { .time = 2 * MS, .record = G_MAXUINT32, .direction = QS_DIRECTION_SENT };

  g_assert_cmpuint (qs_replay_get_n_packets (fixture->replay), ==, N);
  qs_trace_add_packet (fixture->trace, &late);
  g_assert_cmpuint (qs_replay_get_n_packets (fixture->replay), ==, N + 1);
  qs_replay_step_packet (fixture->replay, 1);
  qs_replay_step_packet (fixture->replay, 1);
  assert_at (fixture, 2 * MS, N);
}

/* Whatever the order in which packets come, they are stepped through by their times. */
static void
test_disorder (Fixture *fixture, gconstpointer data)
{
  static const guint strides[] = { 1, 7, 9999 }; /* in order, mixed, backwards */
  const gint64 n = 10000;

  for (guint i = 0; i < G_N_ELEMENTS (strides); i++)
    {
      g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
      g_autoptr (QsReplay) replay = qs_replay_new ();

      qs_replay_set_trace (replay, trace);
      for (gint64 k = 0; k < n; k++)
        {
          const QsPacket packet = { .time = (1 + k * strides[i] % n) * MS, .record = G_MAXUINT32 };

          qs_trace_add_packet (trace, &packet);
          if (k % 1000 == 0)
            g_assert_cmpuint (qs_replay_get_n_packets (replay), ==, k + 1);
        }
      qs_trace_changed (trace);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      for (gint64 k = 0; k < n; k++)
        {
          qs_replay_step_packet (replay, 1);
          g_assert_cmpint (qs_replay_get_position (replay), ==, (1 + k) * MS);
        }
      qs_replay_set_trace (replay, NULL);
      g_assert_cmpuint (qs_replay_get_n_packets (replay), ==, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name) g_test_add ("/replay/" #name, Fixture, NULL, set_up, test_##name, tear_down)
  ADD (play);
  ADD (thousandth);
  ADD (shorten);
  ADD (packets);
  ADD (flights);
  ADD (scrub);
  ADD (until);
  ADD (seek_bounds);
  ADD (grown);
  ADD (disorder);
  return g_test_run ();
}
