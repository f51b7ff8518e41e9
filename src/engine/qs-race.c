/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-race.h"

typedef struct {
  gboolean alive;
  gboolean head_start_over; /* the stagger's timer ran to its end while it was under way */
  QsRaceFailure failure;    /* once it is not */
} Runner;

typedef enum { TCP_NOT_ASKED, TCP_ASKED, TCP_TOLD } TcpWord;

struct _QsRace {
  QsRaceRules rules;
  const QsRaceOps *ops;
  gpointer data;
  QsRaceState state;
  GArray *runners; /* Runner */
  guint n_addresses_tried;
  gint winner; /* -1: none */
  TcpWord tcp;
};

#define EDGE(state) (1u << QS_RACE_##state)

static const guint edges[QS_N_RACE_STATES] = {
  [QS_RACE_IDLE] = EDGE (OPEN) | EDGE (OVER),
  [QS_RACE_OPEN] = EDGE (WON) | EDGE (LOST) | EDGE (STOPPING) | EDGE (OVER),
  [QS_RACE_WON] = EDGE (OVER),
  [QS_RACE_LOST] = EDGE (OVER),
  [QS_RACE_STOPPING] = EDGE (WON) | EDGE (OVER), /* a worker's answer may be told behind the stop */
  [QS_RACE_OVER] = 0,
};

/* Which timers run on in a state; a state that is left takes the others with it. */
static const guint timers[QS_N_RACE_STATES] = {
  [QS_RACE_OPEN] = 1u << QS_RACE_STAGGER | 1u << QS_RACE_CHECK | 1u << QS_RACE_HELLO,
  [QS_RACE_LOST] = 1u << QS_RACE_GRACE,
};

/* --- State --- */

static void
set_state (QsRace *self, QsRaceState state)
{
  g_assert (qs_race_state_may_follow (self->state, state));
  self->state = state;
  for (guint i = 0; i < QS_N_RACE_TIMERS; i++)
    if ((timers[state] & 1u << i) == 0)
      self->ops->clear_timer (self->data, (QsRaceTimer) i);
}

static void
set_timer (QsRace *self, QsRaceTimer timer)
{
  g_assert ((timers[self->state] & 1u << timer) != 0);
  self->ops->set_timer (self->data, timer, self->rules.timer_ms[timer]);
}

static Runner *
get_runner (const QsRace *self, guint attempt)
{
  g_assert (attempt < self->runners->len);
  return &g_array_index (self->runners, Runner, attempt);
}

static guint
count_alive (const QsRace *self)
{
  guint n = 0;

  for (guint i = 0; i < self->runners->len; i++)
    n += get_runner (self, i)->alive;
  return n;
}

/* --- Ending --- */

static void
end (QsRace *self)
{
  set_state (self, QS_RACE_OVER);
  self->ops->end (self->data, self->winner);
}

static void
settle (QsRace *self)
{
  gint best = -1;

  for (guint i = 0; i < self->runners->len; i++)
    if (best < 0 || get_runner (self, i)->failure > get_runner (self, (guint) best)->failure)
      best = (gint) i;
  if (best >= 0)
    self->ops->settled (self->data, (guint) best);
}

static void
ask_tcp (QsRace *self)
{
  if (!self->rules.asks_tcp || self->tcp != TCP_NOT_ASKED)
    return;
  self->tcp = TCP_ASKED;
  self->ops->ask_tcp (self->data);
}

static void
all_failed (QsRace *self)
{
  settle (self);
  if (self->state == QS_RACE_STOPPING || !self->rules.asks_tcp || self->tcp == TCP_TOLD)
    {
      end (self);
      return;
    }
  set_state (self, QS_RACE_LOST);
  set_timer (self, QS_RACE_GRACE);
  ask_tcp (self); /* may tell at once: last */
}

static void
win (QsRace *self, guint attempt)
{
  self->winner = (gint) attempt;
  set_state (self, QS_RACE_WON);
  self->ops->won (self->data, attempt);
  for (guint i = 0; i < self->runners->len; i++)
    get_runner (self, i)->alive &= i == attempt;
}

/* --- Attempts --- */

static void
start (QsRace *self, gboolean small)
{
  guint attempt = self->runners->len;
  Runner runner = { .alive = TRUE };
  QsRaceFailure failure = QS_RACE_ERROR;

  g_array_append_val (self->runners, runner);
  if (!self->ops->start (self->data, attempt, small, &failure))
    qs_race_failed (self, attempt, failure);
}

static void
try_next (QsRace *self)
{
  self->n_addresses_tried++;
  /* Behind the last address as well: it tells who was silent and who was but slower. */
  if (self->rules.n_addresses > 1)
    set_timer (self, QS_RACE_STAGGER);
  start (self, FALSE);
}

static void
stagger_over (QsRace *self)
{
  for (guint i = 0; i < self->runners->len; i++)
    get_runner (self, i)->head_start_over |= get_runner (self, i)->alive;
  if (self->n_addresses_tried < self->rules.n_addresses)
    try_next (self);
}

/* --- Events --- */

void
qs_race_start (QsRace *self)
{
  g_return_if_fail (self != NULL && self->state == QS_RACE_IDLE);

  if (self->rules.n_addresses == 0)
    {
      end (self);
      return;
    }
  set_state (self, QS_RACE_OPEN);
  if (self->rules.asks_tcp)
    set_timer (self, QS_RACE_CHECK);
  if (self->rules.small_too)
    set_timer (self, QS_RACE_HELLO);
  try_next (self);
}

void
qs_race_answered (QsRace *self, guint attempt)
{
  g_return_if_fail (self != NULL);

  Runner *runner = get_runner (self, attempt);
  if (!runner->alive)
    runner->failure = QS_RACE_ANSWERED;
  else if (self->state == QS_RACE_OPEN || self->state == QS_RACE_STOPPING)
    win (self, attempt);
  if (self->state != QS_RACE_LOST)
    return;
  /* It has failed already; nothing that TCP may say is as good as an answer. */
  settle (self);
  end (self);
}

void
qs_race_failed (QsRace *self, guint attempt, QsRaceFailure failure)
{
  g_return_if_fail (self != NULL);

  Runner *runner = get_runner (self, attempt);
  if (!runner->alive)
    return;
  if (failure == QS_RACE_ANSWERED)
    qs_race_answered (self, attempt);
  *runner = (Runner){ .failure = failure };
  if (self->state == QS_RACE_WON && self->winner == (gint) attempt)
    end (self);
  else if (self->state == QS_RACE_OPEN && self->n_addresses_tried < self->rules.n_addresses)
    try_next (self);
  else if ((self->state == QS_RACE_OPEN || self->state == QS_RACE_STOPPING) && count_alive (self) == 0)
    all_failed (self);
}

void
qs_race_tcp_told (QsRace *self)
{
  g_return_if_fail (self != NULL);

  self->tcp = TCP_TOLD;
  if (self->state == QS_RACE_LOST)
    end (self);
}

void
qs_race_timer_over (QsRace *self, QsRaceTimer timer)
{
  g_return_if_fail (self != NULL && timer < QS_N_RACE_TIMERS);

  if ((timers[self->state] & 1u << timer) == 0)
    return;
  switch (timer)
    {
    case QS_RACE_STAGGER:
      stagger_over (self);
      break;
    case QS_RACE_CHECK:
      ask_tcp (self);
      break;
    case QS_RACE_HELLO:
      if (count_alive (self) > 0)
        start (self, TRUE);
      break;
    case QS_RACE_GRACE:
      end (self);
      break;
    default:
      g_assert_not_reached ();
    }
}

void
qs_race_give_up (QsRace *self)
{
  g_return_if_fail (self != NULL);

  if (self->state == QS_RACE_OVER)
    return;
  if (self->state == QS_RACE_OPEN || self->state == QS_RACE_STOPPING)
    settle (self);
  end (self);
}

void
qs_race_stop (QsRace *self)
{
  g_return_if_fail (self != NULL);

  if (self->state == QS_RACE_OPEN && count_alive (self) > 0)
    set_state (self, QS_RACE_STOPPING);
  else if (self->state == QS_RACE_IDLE || self->state == QS_RACE_OPEN || self->state == QS_RACE_LOST)
    end (self);
}

/* --- Public functions --- */

QsRace *
qs_race_new (const QsRaceRules *rules, const QsRaceOps *ops, gpointer data)
{
  g_return_val_if_fail (rules != NULL && ops != NULL, NULL);

  QsRace *self = g_new0 (QsRace, 1);
  self->rules = *rules;
  self->ops = ops;
  self->data = data;
  self->runners = g_array_new (FALSE, FALSE, sizeof (Runner));
  self->winner = -1;
  return self;
}

void
qs_race_free (QsRace *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->runners);
  g_free (self);
}

QsRaceState
qs_race_get_state (const QsRace *self)
{
  g_return_val_if_fail (self != NULL, QS_RACE_OVER);
  return self->state;
}

gboolean
qs_race_state_may_follow (QsRaceState from, QsRaceState to)
{
  g_return_val_if_fail (from < QS_N_RACE_STATES && to < QS_N_RACE_STATES, FALSE);
  return (edges[from] & 1u << to) != 0;
}

gboolean
qs_race_is_alive (const QsRace *self, guint attempt)
{
  g_return_val_if_fail (self != NULL, FALSE);
  return attempt < self->runners->len && get_runner (self, attempt)->alive;
}

gboolean
qs_race_had_head_start (const QsRace *self, guint attempt)
{
  g_return_val_if_fail (self != NULL, FALSE);
  return attempt < self->runners->len && get_runner (self, attempt)->head_start_over;
}
