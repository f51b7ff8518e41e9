/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/qs-replay.h"

#include "base/qs-slice.h"

#define NS_PER_US 1000
#define SLOWEST 0.0001
#define FASTEST 1000.0
/* A silence is played in no more than this, where it is shortened. */
#define SILENCE_US (3 * G_USEC_PER_SEC)
#define PACKETS_PER_LOOK 1024 /* at the clock */
#define MAX_LATE 4096         /* packets that one is put before */

struct _QsReplay {
  GObject parent;
  QsTrace *trace;
  gint64 position;
  gint64 packet;
  gboolean playing, settled, shorten;
  double speed;
  gint64 last_tick; /* µs; -1: none yet */
  gint64 stop;      /* where playing ends; QS_REPLAY_ALL: at the end */
  gint64 stop_packet;
  GArray *order; /* guint32: packets by time; NULL: they are in order as they are */
  guint n_ordered;
  gint64 latest;        /* while there is no list */
  gboolean in_disorder; /* the list is to be sorted */
  GSource *follow;
};

enum { PROP_POSITION = 1, PROP_PACKET, PROP_PLAYING, PROP_SETTLED, PROP_SPEED, PROP_SHORTEN, N_PROPS };
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (QsReplay, qs_replay, G_TYPE_OBJECT)

/* --- Packets by their times ----------------------------------------------------------------- */

static gint64
time_of (QsReplay *self, guint packet)
{
  return qs_trace_get_packet (self->trace, packet)->time;
}

static int
compare_times (gconstpointer a, gconstpointer b, gpointer data)
{
  guint32 first = *(const guint32 *) a, second = *(const guint32 *) b;
  gint64 one = time_of (data, first), other = time_of (data, second);

  if (one != other)
    return one < other ? -1 : 1;
  return first < second ? -1 : first > second;
}

/* As few as are worth a list: most traces are in order as they are, then there is none. */
static void
begin_list (QsReplay *self)
{
  self->order = g_array_sized_new (FALSE, FALSE, sizeof (guint32), self->n_ordered + 1);
  g_array_set_size (self->order, self->n_ordered);
  for (guint32 i = 0; i < self->n_ordered; i++)
    g_array_index (self->order, guint32, i) = i;
}

/* Nearly all come in order, and the rest not far from it. A file whose times run backwards is sorted as a whole, later. */
static void
take_next (QsReplay *self)
{
  guint32 packet = self->n_ordered;
  gint64 time = time_of (self, packet);
  guint place = packet;

  if (self->order == NULL && (packet == 0 || time >= self->latest))
    {
      self->latest = time;
      self->n_ordered++;
      return;
    }
  if (self->order == NULL)
    begin_list (self);
  while (place > 0 && packet - place < MAX_LATE &&
         time_of (self, g_array_index (self->order, guint32, place - 1)) > time)
    place--;
  self->in_disorder |= packet - place == MAX_LATE;
  g_array_insert_val (self->order, place, packet);
  self->n_ordered++;
}

static gboolean
take_in (QsReplay *self, gint64 deadline)
{
  guint n = self->trace != NULL ? qs_trace_get_n_packets (self->trace) : 0;

  while (self->n_ordered < n)
    {
      take_next (self);
      if (deadline != 0 && self->n_ordered % PACKETS_PER_LOOK == 0 && g_get_monotonic_time () >= deadline)
        break;
    }
  return self->n_ordered >= n;
}

/* Whoever asks gets all of it. */
static void
put_in_order (QsReplay *self)
{
  take_in (self, 0);
  if (!self->in_disorder)
    return;
  g_array_sort_with_data (self->order, compare_times, self);
  self->in_disorder = FALSE;
}

static gboolean
follow_cb (gint64 deadline, gpointer data)
{
  QsReplay *self = data;

  if (!take_in (self, deadline))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->follow, g_source_unref);
  return G_SOURCE_REMOVE;
}

/* While the trace grows, so that at its end not a million are to be looked at in one go. */
static void
derived_cb (QsReplay *self)
{
  if (self->follow == NULL && self->n_ordered < qs_trace_get_n_packets (self->trace))
    self->follow = qs_slice_add (NULL, "[quicscope] replay", follow_cb, self, NULL);
}

static void
stop_following (QsReplay *self)
{
  if (self->trace != NULL)
    g_signal_handlers_disconnect_by_func (self->trace, derived_cb, self);
  if (self->follow != NULL)
    g_source_destroy (self->follow);
  g_clear_pointer (&self->follow, g_source_unref);
  g_clear_pointer (&self->order, g_array_unref);
  self->n_ordered = 0;
  self->in_disorder = FALSE;
}

static guint
nth (QsReplay *self, guint place)
{
  return self->order != NULL ? g_array_index (self->order, guint32, place) : place;
}

/* How many packets have a time up to this one. */
static guint
count_until (QsReplay *self, gint64 time)
{
  guint low = 0, high;

  put_in_order (self);
  high = self->n_ordered;
  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      if (time_of (self, nth (self, middle)) <= time)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* Where a packet stands in the order; -1 for none. */
static gint64
place_of (QsReplay *self, gint64 packet)
{
  if (packet < 0)
    return -1;
  put_in_order (self);
  if (self->order == NULL)
    return packet;
  guint place = count_until (self, time_of (self, (guint) packet));
  while (place > 0 && nth (self, place - 1) != packet)
    place--;
  return (gint64) place - 1;
}

/* --- The one setter ------------------------------------------------------------------------- */

static void
set_flag (QsReplay *self, gboolean *flag, gboolean value, guint prop)
{
  if (*flag == value)
    return;
  *flag = value;
  g_object_notify_by_pspec (G_OBJECT (self), props[prop]);
}

static void
set_moment (QsReplay *self, gint64 position, gint64 packet, gboolean settled)
{
  g_object_freeze_notify (G_OBJECT (self));
  if (self->position != position)
    {
      self->position = position;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_POSITION]);
    }
  if (self->packet != packet)
    {
      self->packet = packet;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PACKET]);
    }
  set_flag (self, &self->settled, settled, PROP_SETTLED);
  g_object_thaw_notify (G_OBJECT (self));
}

static gint64
last_packet_by (QsReplay *self, gint64 position)
{
  guint n = count_until (self, position);

  return n > 0 ? (gint64) nth (self, n - 1) : -1;
}

static void
end_playing (QsReplay *self)
{
  self->stop = QS_REPLAY_ALL;
  self->stop_packet = -1;
  self->last_tick = -1;
  set_flag (self, &self->playing, FALSE, PROP_PLAYING);
}

/* --- Playing -------------------------------------------------------------------------------- */

/* Nanoseconds of trace for a microsecond of a person's. */
static double
rate_at (QsReplay *self, gint64 position, gint64 *until)
{
  guint n = count_until (self, position);
  gint64 before = n > 0 ? time_of (self, nth (self, n - 1)) : 0;
  gint64 rate_end = n < self->n_ordered ? time_of (self, nth (self, n)) : qs_replay_get_end (self);
  double rate = self->speed * NS_PER_US;

  *until = MAX (rate_end, position + 1);
  if (self->shorten)
    rate = MAX (rate, (double) (rate_end - before) / SILENCE_US);
  return rate;
}

static gint64
advance (QsReplay *self, gint64 elapsed_us)
{
  gint64 goal = MIN (self->stop, qs_replay_get_end (self));
  double position = (double) self->position, left = (double) elapsed_us;

  while (left > 0 && position < (double) goal)
    {
      gint64 until;
      double rate = rate_at (self, (gint64) position, &until);
      double room = ((double) MIN (until, goal) - position) / rate;
      double step = MIN (left, room);
      position += MAX (step * rate, 1);
      left -= step;
    }
  return MIN ((gint64) position, goal);
}

static void
arrive (QsReplay *self)
{
  gint64 stop = self->stop, packet = self->stop_packet;

  g_object_freeze_notify (G_OBJECT (self));
  end_playing (self);
  if (stop == QS_REPLAY_ALL)
    set_moment (self, QS_REPLAY_ALL, -1, TRUE);
  else
    set_moment (self, stop, packet >= 0 ? packet : last_packet_by (self, stop), TRUE);
  g_object_thaw_notify (G_OBJECT (self));
}

void
qs_replay_tick (QsReplay *self, gint64 now_us)
{
  g_return_if_fail (QS_IS_REPLAY (self));

  if (!self->playing)
    return;
  gint64 elapsed = self->last_tick >= 0 ? MAX (now_us - self->last_tick, 0) : 0;
  self->last_tick = now_us;

  gint64 position = advance (self, elapsed);
  if (position >= MIN (self->stop, qs_replay_get_end (self)))
    arrive (self);
  else
    set_moment (self, position, last_packet_by (self, position), FALSE);
}

/* --- Overrides ------------------------------------------------------------------------------ */

static void
qs_replay_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  QsReplay *self = QS_REPLAY (object);

  switch (id)
    {
    case PROP_POSITION:
      g_value_set_int64 (value, self->position);
      break;
    case PROP_PACKET:
      g_value_set_int64 (value, self->packet);
      break;
    case PROP_PLAYING:
      g_value_set_boolean (value, self->playing);
      break;
    case PROP_SETTLED:
      g_value_set_boolean (value, self->settled);
      break;
    case PROP_SPEED:
      g_value_set_double (value, self->speed);
      break;
    case PROP_SHORTEN:
      g_value_set_boolean (value, self->shorten);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_replay_finalize (GObject *object)
{
  QsReplay *self = QS_REPLAY (object);

  stop_following (self);
  g_clear_object (&self->trace);
  G_OBJECT_CLASS (qs_replay_parent_class)->finalize (object);
}

static void
qs_replay_class_init (QsReplayClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = qs_replay_get_property;
  object_class->finalize = qs_replay_finalize;
  props[PROP_POSITION] = g_param_spec_int64 ("position", NULL, NULL, 0, G_MAXINT64, QS_REPLAY_ALL, flags);
  props[PROP_PACKET] = g_param_spec_int64 ("packet", NULL, NULL, -1, G_MAXINT64, -1, flags);
  props[PROP_PLAYING] = g_param_spec_boolean ("playing", NULL, NULL, FALSE, flags);
  props[PROP_SETTLED] = g_param_spec_boolean ("settled", NULL, NULL, TRUE, flags);
  props[PROP_SPEED] = g_param_spec_double ("speed", NULL, NULL, SLOWEST, FASTEST, 0.01, flags);
  props[PROP_SHORTEN] = g_param_spec_boolean ("shorten", NULL, NULL, TRUE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
qs_replay_init (QsReplay *self)
{
  self->position = self->stop = QS_REPLAY_ALL;
  self->packet = self->stop_packet = -1;
  self->settled = self->shorten = TRUE;
  self->speed = 0.01;
  self->last_tick = -1;
}

/* --- Public functions ----------------------------------------------------------------------- */

QsReplay *
qs_replay_new (void)
{
  return g_object_new (QS_TYPE_REPLAY, NULL);
}

void
qs_replay_set_trace (QsReplay *self, QsTrace *trace)
{
  g_return_if_fail (QS_IS_REPLAY (self) && (trace == NULL || QS_IS_TRACE (trace)));

  if (self->trace == trace)
    return;
  qs_replay_show_all (self);
  stop_following (self);
  g_set_object (&self->trace, trace);
  if (trace == NULL)
    return;
  g_signal_connect_swapped (trace, "derived", G_CALLBACK (derived_cb), self);
  derived_cb (self);
}

QsTrace *
qs_replay_get_trace (QsReplay *self)
{
  g_return_val_if_fail (QS_IS_REPLAY (self), NULL);

  return self->trace;
}

gint64
qs_replay_get_position (QsReplay *self)
{
  g_return_val_if_fail (QS_IS_REPLAY (self), QS_REPLAY_ALL);

  return self->position;
}

gboolean
qs_replay_is_under_way (QsReplay *self)
{
  g_return_val_if_fail (QS_IS_REPLAY (self), FALSE);

  return self->position != QS_REPLAY_ALL;
}

gint64
qs_replay_get_packet (QsReplay *self)
{
  g_return_val_if_fail (QS_IS_REPLAY (self), -1);

  return self->packet;
}

gboolean
qs_replay_get_settled (QsReplay *self)
{
  g_return_val_if_fail (QS_IS_REPLAY (self), TRUE);

  return self->settled;
}

gint64
qs_replay_get_end (QsReplay *self)
{
  g_return_val_if_fail (QS_IS_REPLAY (self), 0);

  gint64 end = 0;
  if (self->trace == NULL)
    return 0;
  put_in_order (self);
  if (qs_trace_get_n_marks (self->trace) > 0)
    qs_trace_get_mark (self->trace, qs_trace_get_n_marks (self->trace) - 1, &end);
  if (self->n_ordered > 0)
    end = MAX (end, time_of (self, nth (self, self->n_ordered - 1)));
  return end;
}

void
qs_replay_seek (QsReplay *self, gint64 position, gint64 packet, gboolean settled)
{
  g_return_if_fail (QS_IS_REPLAY (self));

  if (self->trace == NULL)
    return;
  if (position == QS_REPLAY_ALL)
    {
      qs_replay_show_all (self);
      return;
    }
  position = CLAMP (position, 0, qs_replay_get_end (self));
  g_object_freeze_notify (G_OBJECT (self));
  end_playing (self);
  set_moment (self, position, packet >= 0 ? packet : last_packet_by (self, position), settled);
  g_object_thaw_notify (G_OBJECT (self));
}

void
qs_replay_show_all (QsReplay *self)
{
  g_return_if_fail (QS_IS_REPLAY (self));

  g_object_freeze_notify (G_OBJECT (self));
  end_playing (self);
  set_moment (self, QS_REPLAY_ALL, -1, TRUE);
  g_object_thaw_notify (G_OBJECT (self));
}

gboolean
qs_replay_get_playing (QsReplay *self)
{
  g_return_val_if_fail (QS_IS_REPLAY (self), FALSE);

  return self->playing;
}

static void
start_playing (QsReplay *self, gint64 stop, gint64 stop_packet)
{
  self->stop = stop;
  self->stop_packet = stop_packet;
  self->last_tick = -1;
  set_flag (self, &self->playing, TRUE, PROP_PLAYING);
}

void
qs_replay_set_playing (QsReplay *self, gboolean playing)
{
  g_return_if_fail (QS_IS_REPLAY (self));

  if (playing == self->playing || self->trace == NULL)
    return;
  if (!playing)
    {
      end_playing (self);
      return;
    }
  g_object_freeze_notify (G_OBJECT (self));
  if (self->position >= qs_replay_get_end (self))
    set_moment (self, 0, last_packet_by (self, 0), FALSE);
  start_playing (self, QS_REPLAY_ALL, -1);
  g_object_thaw_notify (G_OBJECT (self));
}

void
qs_replay_play_until (QsReplay *self, gint64 position, gint64 packet)
{
  g_return_if_fail (QS_IS_REPLAY (self));

  if (self->trace == NULL)
    return;
  g_object_freeze_notify (G_OBJECT (self));
  end_playing (self);
  if (self->position == QS_REPLAY_ALL && position != QS_REPLAY_ALL)
    set_moment (self, 0, last_packet_by (self, 0), FALSE);
  if (self->position >= MIN (position, qs_replay_get_end (self)))
    {
      self->stop = position;
      self->stop_packet = packet;
      arrive (self);
    }
  else
    start_playing (self, position, packet);
  g_object_thaw_notify (G_OBJECT (self));
}

double
qs_replay_get_speed (QsReplay *self)
{
  g_return_val_if_fail (QS_IS_REPLAY (self), 1);

  return self->speed;
}

void
qs_replay_set_speed (QsReplay *self, double speed)
{
  g_return_if_fail (QS_IS_REPLAY (self));

  speed = CLAMP (speed, SLOWEST, FASTEST);
  if (self->speed == speed)
    return;
  self->speed = speed;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SPEED]);
}

gboolean
qs_replay_get_shorten (QsReplay *self)
{
  g_return_val_if_fail (QS_IS_REPLAY (self), FALSE);

  return self->shorten;
}

void
qs_replay_set_shorten (QsReplay *self, gboolean shorten)
{
  g_return_if_fail (QS_IS_REPLAY (self));

  set_flag (self, &self->shorten, !!shorten, PROP_SHORTEN);
}

/* --- Steps ---------------------------------------------------------------------------------- */

/* place -1: before the first packet. */
static void
go_to_place (QsReplay *self, gint64 place)
{
  if (place < 0)
    {
      qs_replay_seek (self, 0, -1, TRUE);
      return;
    }
  guint packet = nth (self, (guint) MIN (place, (gint64) self->n_ordered - 1));
  qs_replay_seek (self, time_of (self, packet), packet, TRUE);
}

/* Of what is shown now; n for all of it. */
static gint64
current_place (QsReplay *self, int delta)
{
  put_in_order (self);
  if (self->position == QS_REPLAY_ALL)
    return delta > 0 ? -1 : (gint64) self->n_ordered;
  return place_of (self, self->packet);
}

void
qs_replay_step_packet (QsReplay *self, int delta)
{
  g_return_if_fail (QS_IS_REPLAY (self));

  gint64 place = current_place (self, delta);
  if (self->n_ordered > 0)
    go_to_place (self, place + delta);
}

static guint8
direction_at (QsReplay *self, gint64 place)
{
  return qs_trace_get_packet (self->trace, nth (self, (guint) place))->direction;
}

/* The place of the last packet of the flight that this place is in. */
static gint64
flight_end (QsReplay *self, gint64 place)
{
  while (place + 1 < (gint64) self->n_ordered && direction_at (self, place + 1) == direction_at (self, place))
    place++;
  return place;
}

/* The place before the flight that this place is in: the last packet of the flight before. */
static gint64
before_flight (QsReplay *self, gint64 place)
{
  guint8 direction = direction_at (self, place);

  while (place >= 0 && direction_at (self, place) == direction)
    place--;
  return place;
}

void
qs_replay_step_flight (QsReplay *self, int delta)
{
  g_return_if_fail (QS_IS_REPLAY (self));

  gint64 place = current_place (self, delta);
  if (self->n_ordered == 0)
    return;
  if (delta > 0)
    go_to_place (self, flight_end (self, MIN (place + 1, (gint64) self->n_ordered - 1)));
  else if (place >= (gint64) self->n_ordered)
    go_to_place (self, self->n_ordered - 1);
  else
    go_to_place (self, place >= 0 ? before_flight (self, place) : -1);
}

guint
qs_replay_get_n_packets (QsReplay *self)
{
  g_return_val_if_fail (QS_IS_REPLAY (self), 0);

  put_in_order (self);
  return self->n_ordered;
}

double
qs_replay_get_progress (QsReplay *self)
{
  g_return_val_if_fail (QS_IS_REPLAY (self), 0);

  put_in_order (self);
  if (self->position == QS_REPLAY_ALL)
    return self->n_ordered;
  gint64 place = place_of (self, self->packet);
  if (self->settled)
    return (double) (place + 1);
  gint64 before = place >= 0 ? time_of (self, nth (self, (guint) place)) : 0;
  gint64 after =
      place + 1 < (gint64) self->n_ordered ? time_of (self, nth (self, (guint) (place + 1))) : qs_replay_get_end (self);
  double part = after > before ? (double) (self->position - before) / (double) (after - before) : 0;
  return MIN ((double) (place + 1) + CLAMP (part, 0, 0.999), self->n_ordered);
}

void
qs_replay_set_progress (QsReplay *self, double progress)
{
  g_return_if_fail (QS_IS_REPLAY (self));

  put_in_order (self);
  if (progress >= self->n_ordered)
    {
      qs_replay_show_all (self);
      return;
    }
  gint64 place = (gint64) MAX (progress, 0) - 1;
  double part = MAX (progress, 0) - (double) (place + 1);
  gint64 before = place >= 0 ? time_of (self, nth (self, (guint) place)) : 0;
  gint64 after = time_of (self, nth (self, (guint) (place + 1)));
  qs_replay_seek (self, before + (gint64) (part * (double) (after - before)),
                  place >= 0 ? (gint64) nth (self, (guint) place) : -1, part == 0);
}

int
qs_replay_get_state (QsReplay *self)
{
  g_return_val_if_fail (QS_IS_REPLAY (self), -1);

  int state = -1;
  for (guint i = 0; self->trace != NULL && i < qs_trace_get_n_marks (self->trace); i++)
    {
      gint64 time;
      const QsMark *mark = qs_trace_get_mark (self->trace, i, &time);
      if (time > self->position)
        break;
      if (mark->kind == QS_MARK_STATE)
        state = (int) mark->value;
    }
  return state;
}
