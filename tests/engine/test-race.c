/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The race as a machine: fed with events in every order, no network, no time. */
#include "engine/qs-race.h"

#define MAX_ATTEMPTS 4

typedef struct {
  QsRace *race;
  QsRaceRules rules;
  guint n_attempts, n_small;
  gboolean alive[MAX_ATTEMPTS];    /* its end has not been told */
  gboolean answered[MAX_ATTEMPTS]; /* its answer has been told */
  gboolean fails_to_start;
  gboolean timer[QS_N_RACE_TIMERS];
  gboolean tcp_asked, tcp_told, stopped;
  gint winner, settled, end_winner;
  guint n_ends;
} World;

/* --- What the race asks for --- */

static gboolean
start_cb (gpointer data, guint attempt, gboolean small, QsRaceFailure *failure)
{
  World *world = data;

  g_assert_cmpuint (world->n_ends, ==, 0);
  g_assert_cmpint (world->winner, <, 0);
  g_assert_false (world->stopped);
  g_assert_cmpuint (attempt, ==, world->n_attempts);
  g_assert_cmpuint (attempt, <, MAX_ATTEMPTS);
  world->n_attempts++;
  world->n_small += small;
  world->alive[attempt] = !world->fails_to_start;
  *failure = QS_RACE_ERROR;
  return world->alive[attempt];
}

static void
ask_tcp_cb (gpointer data)
{
  World *world = data;

  g_assert_cmpuint (world->n_ends, ==, 0);
  g_assert_false (world->tcp_asked);
  g_assert_true (world->rules.asks_tcp);
  world->tcp_asked = TRUE;
}

static void
won_cb (gpointer data, guint attempt)
{
  World *world = data;

  g_assert_cmpuint (world->n_ends, ==, 0);
  g_assert_cmpint (world->winner, <, 0);
  world->winner = (gint) attempt;
  /* Who is aborted tells nothing more. */
  for (guint i = 0; i < world->n_attempts; i++)
    world->alive[i] &= i == attempt;
}

static void
settled_cb (gpointer data, guint attempt)
{
  World *world = data;

  g_assert_cmpuint (world->n_ends, ==, 0);
  g_assert_cmpint (world->winner, <, 0);
  world->settled = (gint) attempt;
}

static void
end_cb (gpointer data, gint winner)
{
  World *world = data;

  world->n_ends++;
  world->end_winner = winner;
  for (guint i = 0; i < QS_N_RACE_TIMERS; i++)
    g_assert_false (world->timer[i]);
}

static void
set_timer_cb (gpointer data, QsRaceTimer timer, guint ms)
{
  World *world = data;

  g_assert_cmpuint (world->n_ends, ==, 0);
  g_assert_cmpuint (ms, ==, world->rules.timer_ms[timer]);
  world->timer[timer] = TRUE;
}

static void
clear_timer_cb (gpointer data, QsRaceTimer timer)
{
  ((World *) data)->timer[timer] = FALSE;
}

static const QsRaceOps ops = { start_cb, ask_tcp_cb, won_cb, settled_cb, end_cb, set_timer_cb, clear_timer_cb };

static void
world_init (World *world, guint n_addresses, gboolean asks_tcp, gboolean small_too)
{
  *world = (World){ .rules = { n_addresses, asks_tcp, small_too, { 250, 1000, 2000, 60 } },
                    .winner = -1,
                    .settled = -1,
                    .end_winner = -2 };
  world->race = qs_race_new (&world->rules, &ops, world);
}

static void
world_clear (World *world)
{
  qs_race_free (world->race);
}

/* --- Every order --- */

typedef enum {
  EVENT_ANSWERED,
  EVENT_FAILED_SILENT = EVENT_ANSWERED + MAX_ATTEMPTS,
  EVENT_FAILED_REFUSED = EVENT_FAILED_SILENT + MAX_ATTEMPTS,
  EVENT_FAILED_ANSWERED = EVENT_FAILED_REFUSED + MAX_ATTEMPTS, /* it was answered, which may not have been told yet */
  EVENT_TIMER = EVENT_FAILED_ANSWERED + MAX_ATTEMPTS,
  EVENT_TCP_TOLD = EVENT_TIMER + QS_N_RACE_TIMERS,
  EVENT_GIVE_UP,
  EVENT_STOP,
  N_EVENTS
} Event;

static gboolean
may_fail (const World *world, guint attempt, gboolean answered)
{
  /* One that was told to be answered fails as such. */
  return attempt < world->n_attempts && world->alive[attempt] && (answered || !world->answered[attempt]);
}

static gboolean
is_possible (const World *world, guint event)
{
  if (event < EVENT_FAILED_SILENT)
    return event < world->n_attempts && !world->answered[event];
  if (event < EVENT_TIMER)
    return may_fail (world, (event - EVENT_FAILED_SILENT) % MAX_ATTEMPTS, event >= EVENT_FAILED_ANSWERED);
  if (event < EVENT_TCP_TOLD)
    return world->timer[event - EVENT_TIMER];
  if (event == EVENT_TCP_TOLD)
    return world->tcp_asked && !world->tcp_told;
  return event != EVENT_STOP || !world->stopped;
}

static void
fail (World *world, guint attempt, QsRaceFailure failure)
{
  world->alive[attempt] = FALSE;
  qs_race_failed (world->race, attempt, failure);
}

static void
feed (World *world, guint event)
{
  if (event < EVENT_FAILED_SILENT)
    {
      world->answered[event] = TRUE;
      qs_race_answered (world->race, event);
    }
  else if (event < EVENT_FAILED_REFUSED)
    fail (world, event - EVENT_FAILED_SILENT, QS_RACE_SILENT);
  else if (event < EVENT_FAILED_ANSWERED)
    fail (world, event - EVENT_FAILED_REFUSED, QS_RACE_REFUSED);
  else if (event < EVENT_TIMER)
    fail (world, event - EVENT_FAILED_ANSWERED, QS_RACE_ANSWERED);
  else if (event < EVENT_TCP_TOLD)
    {
      world->timer[event - EVENT_TIMER] = FALSE;
      qs_race_timer_over (world->race, (QsRaceTimer) (event - EVENT_TIMER));
    }
  else if (event == EVENT_TCP_TOLD)
    {
      world->tcp_told = TRUE;
      qs_race_tcp_told (world->race);
    }
  else if (event == EVENT_GIVE_UP)
    qs_race_give_up (world->race);
  else
    {
      world->stopped = TRUE;
      qs_race_stop (world->race);
    }
}

static guint
count_alive (const World *world)
{
  guint n = 0;

  for (guint i = 0; i < world->n_attempts; i++)
    n += world->alive[i];
  return n;
}

/* Something is waited for that is sure to come: an attempt, which the caller's patience bounds, or the grace. Else it is
 * over, at once. */
static void
check (const World *world)
{
  gboolean over = qs_race_get_state (world->race) == QS_RACE_OVER;

  g_assert_cmpuint (world->n_ends, ==, over ? 1 : 0);
  if (over)
    g_assert_cmpint (world->end_winner, ==, world->winner);
  else
    g_assert_true (count_alive (world) > 0 || world->timer[QS_RACE_GRACE]);
  if (world->winner >= 0)
    g_assert_true (over || world->alive[world->winner]);
  if (world->timer[QS_RACE_GRACE])
    g_assert_true (!world->tcp_told && !world->stopped);
}

/* path: the events' places among those that are possible. FALSE: there is no such event. */
static gboolean
walk (const guint *path, guint length, const World *kind)
{
  World world;
  gboolean walked = TRUE;

  world_init (&world, kind->rules.n_addresses, kind->rules.asks_tcp, kind->rules.small_too);
  world.fails_to_start = kind->fails_to_start;
  qs_race_start (world.race);
  check (&world);
  for (guint i = 0; i < length && walked; i++)
    {
      guint place = path[i], event = 0;
      for (; event < N_EVENTS; event++)
        if (is_possible (&world, event) && place-- == 0)
          break;
      walked = event < N_EVENTS;
      if (!walked)
        break;
      feed (&world, event);
      check (&world);
    }
  /* Whatever came before: patience ends it, once. */
  if (walked)
    {
      qs_race_give_up (world.race);
      check (&world);
      g_assert_cmpuint (world.n_ends, ==, 1);
    }
  world_clear (&world);
  return walked;
}

/* All paths up to this length. */
static guint
walk_all (guint *path, guint depth, guint length, const World *kind)
{
  guint n = 0;

  if (depth == length)
    return 0;
  for (path[depth] = 0; walk (path, depth + 1, kind); path[depth]++)
    n += 1 + walk_all (path, depth + 1, length, kind);
  return n;
}

static void
test_every_order (void)
{
  guint path[8], n = 0;

  for (guint n_addresses = 1; n_addresses <= 2; n_addresses++)
    for (guint quic = 0; quic < 2; quic++)
      for (guint fails = 0; fails < 2; fails++)
        {
          const World kind = { .rules = { n_addresses, quic, quic, { 0 } }, .fails_to_start = fails };
          n += walk_all (path, 0, n_addresses == 1 ? 6 : 5, &kind);
        }
  g_test_message ("%u orders", n);
  g_assert_cmpuint (n, >, 10000);
}

static void
test_long_orders (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (1);

  for (guint i = 0; i < 100000; i++)
    {
      const World kind = { .rules = { 1 + i % 3, i % 4 < 3, i % 4 < 2, { 0 } } };
      guint path[12];
      for (guint j = 0; j < G_N_ELEMENTS (path); j++)
        path[j] = (guint) g_rand_int_range (random, 0, 8);
      walk (path, G_N_ELEMENTS (path), &kind);
    }
}

/* --- Single ones, with what comes of them --- */

static void
test_failed_before_answered (void)
{
  World world;

  /* Told within one turn of the connection: the answer is still queued. */
  world_init (&world, 1, TRUE, TRUE);
  qs_race_start (world.race);
  fail (&world, 0, QS_RACE_ANSWERED);
  g_assert_cmpuint (world.n_ends, ==, 1);
  g_assert_cmpint (world.end_winner, ==, 0);
  g_assert_false (world.tcp_asked);
  qs_race_answered (world.race, 0);
  g_assert_cmpuint (world.n_ends, ==, 1);
  world_clear (&world);
}

static void
test_answered_before_failed (void)
{
  World world;

  world_init (&world, 1, TRUE, TRUE);
  qs_race_start (world.race);
  qs_race_answered (world.race, 0);
  g_assert_cmpint (qs_race_get_state (world.race), ==, QS_RACE_WON);
  g_assert_cmpuint (world.n_ends, ==, 0);
  fail (&world, 0, QS_RACE_ANSWERED);
  g_assert_cmpuint (world.n_ends, ==, 1);
  g_assert_cmpint (world.end_winner, ==, 0);
  world_clear (&world);
}

static void
test_answer_in_grace (void)
{
  World world;

  world_init (&world, 1, TRUE, FALSE);
  qs_race_start (world.race);
  fail (&world, 0, QS_RACE_REFUSED);
  g_assert_cmpint (qs_race_get_state (world.race), ==, QS_RACE_LOST);
  g_assert_true (world.tcp_asked);
  qs_race_answered (world.race, 0);
  g_assert_cmpuint (world.n_ends, ==, 1);
  g_assert_cmpint (world.settled, ==, 0);
  world_clear (&world);
}

static void
test_grace (void)
{
  World world;

  for (guint told = 0; told < 2; told++)
    {
      world_init (&world, 1, TRUE, FALSE);
      qs_race_start (world.race);
      fail (&world, 0, QS_RACE_SILENT);
      g_assert_cmpuint (world.n_ends, ==, 0);
      feed (&world, told ? EVENT_TCP_TOLD : EVENT_TIMER + QS_RACE_GRACE);
      g_assert_cmpuint (world.n_ends, ==, 1);
      g_assert_cmpint (world.end_winner, ==, -1);
      world_clear (&world);
    }
  /* TCP's word came while the attempt was still silent: nothing to wait for. */
  world_init (&world, 1, TRUE, FALSE);
  qs_race_start (world.race);
  feed (&world, EVENT_TIMER + QS_RACE_CHECK);
  feed (&world, EVENT_TCP_TOLD);
  g_assert_cmpuint (world.n_ends, ==, 0);
  fail (&world, 0, QS_RACE_SILENT);
  g_assert_cmpuint (world.n_ends, ==, 1);
  world_clear (&world);
  /* TLS over TCP is TCP's word itself. */
  world_init (&world, 1, FALSE, FALSE);
  qs_race_start (world.race);
  fail (&world, 0, QS_RACE_REFUSED);
  g_assert_cmpuint (world.n_ends, ==, 1);
  world_clear (&world);
}

static void
test_addresses (void)
{
  World world;

  world_init (&world, 3, TRUE, TRUE);
  qs_race_start (world.race);
  g_assert_cmpuint (world.n_attempts, ==, 1);
  feed (&world, EVENT_TIMER + QS_RACE_STAGGER);
  g_assert_cmpuint (world.n_attempts, ==, 2);
  /* A failure is not waited behind. */
  fail (&world, 0, QS_RACE_REFUSED);
  g_assert_cmpuint (world.n_attempts, ==, 3);
  feed (&world, EVENT_TIMER + QS_RACE_STAGGER);
  g_assert_cmpuint (world.n_attempts, ==, 3); /* there is no other address */
  feed (&world, EVENT_TIMER + QS_RACE_HELLO);
  g_assert_cmpuint (world.n_small, ==, 1);
  fail (&world, 1, QS_RACE_SILENT);
  fail (&world, 2, QS_RACE_ERROR);
  g_assert_cmpuint (world.n_ends, ==, 0);
  fail (&world, 3, QS_RACE_SILENT);
  g_assert_cmpint (world.settled, ==, 0); /* what tells most */
  g_assert_cmpint (qs_race_get_state (world.race), ==, QS_RACE_LOST);
  world_clear (&world);
}

/* Silent is who got the whole of its head start, whatever a clock says. */
static void
test_head_start (void)
{
  World world;

  world_init (&world, 3, TRUE, FALSE);
  qs_race_start (world.race);
  g_assert_false (qs_race_had_head_start (world.race, 0));
  feed (&world, EVENT_TIMER + QS_RACE_STAGGER);
  g_assert_true (qs_race_had_head_start (world.race, 0));
  g_assert_false (qs_race_had_head_start (world.race, 1)); /* it has begun just now */
  /* The third begins at once for the second, which gets no more than it had. */
  fail (&world, 1, QS_RACE_REFUSED);
  g_assert_cmpuint (world.n_attempts, ==, 3);
  feed (&world, EVENT_TIMER + QS_RACE_STAGGER);
  g_assert_false (qs_race_had_head_start (world.race, 1));
  g_assert_true (qs_race_had_head_start (world.race, 2)); /* the last one gets one too */
  g_assert_false (world.timer[QS_RACE_STAGGER]);
  qs_race_answered (world.race, 0);
  g_assert_true (qs_race_had_head_start (world.race, 2));
  g_assert_false (qs_race_had_head_start (world.race, 3)); /* there is none */
  world_clear (&world);

  /* Who failed within its head start did not have all of it. */
  world_init (&world, 2, TRUE, FALSE);
  qs_race_start (world.race);
  fail (&world, 0, QS_RACE_REFUSED);
  qs_race_answered (world.race, 1);
  g_assert_false (world.timer[QS_RACE_STAGGER]);
  g_assert_false (qs_race_had_head_start (world.race, 0));
  world_clear (&world);

  /* With one address nobody waits. */
  world_init (&world, 1, TRUE, TRUE);
  qs_race_start (world.race);
  g_assert_false (world.timer[QS_RACE_STAGGER]);
  world_clear (&world);
}

static void
test_stop (void)
{
  World world;

  world_init (&world, 2, TRUE, TRUE);
  qs_race_start (world.race);
  feed (&world, EVENT_STOP);
  g_assert_cmpuint (world.n_ends, ==, 0);
  fail (&world, 0, QS_RACE_SILENT);
  g_assert_cmpuint (world.n_ends, ==, 1); /* no other address, no TCP */
  g_assert_cmpuint (world.n_attempts, ==, 1);
  g_assert_false (world.tcp_asked);
  world_clear (&world);

  world_init (&world, 1, TRUE, TRUE);
  qs_race_start (world.race);
  fail (&world, 0, QS_RACE_SILENT);
  feed (&world, EVENT_STOP);
  g_assert_cmpuint (world.n_ends, ==, 1); /* there is nothing to close */
  world_clear (&world);
}

static void
test_edges (void)
{
  for (guint from = 0; from < QS_N_RACE_STATES; from++)
    {
      g_assert_false (qs_race_state_may_follow (QS_RACE_OVER, from));
      g_assert_false (qs_race_state_may_follow (from, QS_RACE_IDLE));
      g_assert_true (qs_race_state_may_follow (from, QS_RACE_OVER) == (from != QS_RACE_OVER));
    }
  g_assert_false (qs_race_state_may_follow (QS_RACE_LOST, QS_RACE_WON));
  g_assert_true (qs_race_state_may_follow (QS_RACE_STOPPING, QS_RACE_WON));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/race/failed-before-answered", test_failed_before_answered);
  g_test_add_func ("/race/answered-before-failed", test_answered_before_failed);
  g_test_add_func ("/race/answer-in-grace", test_answer_in_grace);
  g_test_add_func ("/race/grace", test_grace);
  g_test_add_func ("/race/addresses", test_addresses);
  g_test_add_func ("/race/head-start", test_head_start);
  g_test_add_func ("/race/stop", test_stop);
  g_test_add_func ("/race/edges", test_edges);
  g_test_add_func ("/race/every-order", test_every_order);
  g_test_add_func ("/race/long-orders", test_long_orders);
  return g_test_run ();
}
