/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-delay-meter.h"

#define TICK_US 5000
#define FRAME_US 16700
/* The last second in quarters: the current one and the four before it. */
#define QUARTER_US 250000
#define N_QUARTERS 5

struct _QsDelayMeter {
  GObject parent;
  QsClock *clock;
  GSource *source; /* NULL at rest */
  gint64 due;
  gint64 quarter_end;
  gint64 quarters[N_QUARTERS]; /* worst of each, newest first */
  gint64 worst;
  QsDelayStatistics statistics;
};

typedef struct {
  GSource source;
  QsDelayMeter *meter;
} TickSource;

enum { PROP_ACTIVE = 1, PROP_WORST, N_PROPS };
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (QsDelayMeter, qs_delay_meter, G_TYPE_OBJECT)

static void
set_worst (QsDelayMeter *self, gint64 worst)
{
  if (self->worst == worst)
    return;
  self->worst = worst;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_WORST]);
}

static void
end_quarter (QsDelayMeter *self, gint64 now)
{
  gint64 worst = 0;

  for (guint i = 0; i < N_QUARTERS; i++)
    worst = MAX (worst, self->quarters[i]);
  for (guint i = N_QUARTERS - 1; i > 0; i--)
    self->quarters[i] = self->quarters[i - 1];
  self->quarters[0] = 0;
  self->quarter_end = now + QUARTER_US;
  set_worst (self, worst);
}

static gboolean
tick_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  QsDelayMeter *self = ((TickSource *) source)->meter;
  gint64 now = qs_clock_now_us (self->clock);
  gint64 late = MAX (now - self->due, 0);

  self->statistics.n_ticks++;
  self->statistics.n_late += late > FRAME_US;
  self->statistics.worst_us = MAX (self->statistics.worst_us, late);
  self->quarters[0] = MAX (self->quarters[0], late);
  /* From now, not from when it was due: one stall is told once. */
  self->due = now + TICK_US;
  g_source_set_ready_time (source, g_get_monotonic_time () + TICK_US);
  if (now >= self->quarter_end)
    end_quarter (self, now);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs tick_funcs = { NULL, NULL, tick_dispatch, NULL, NULL, NULL };

static void
start (QsDelayMeter *self)
{
  gint64 now = qs_clock_now_us (self->clock);

  self->statistics = (QsDelayStatistics){ 0 };
  for (guint i = 0; i < N_QUARTERS; i++)
    self->quarters[i] = 0;
  self->due = now + TICK_US;
  self->quarter_end = now + QUARTER_US;

  self->source = g_source_new (&tick_funcs, sizeof (TickSource));
  ((TickSource *) self->source)->meter = self;
  g_source_set_static_name (self->source, "[quicscope] delay meter");
  g_source_set_ready_time (self->source, g_get_monotonic_time () + TICK_US);
  g_source_attach (self->source, g_main_context_get_thread_default ());
}

static void
stop (QsDelayMeter *self)
{
  if (self->source == NULL)
    return;
  g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}

static void
qs_delay_meter_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  QsDelayMeter *self = QS_DELAY_METER (object);

  switch (id)
    {
    case PROP_ACTIVE:
      g_value_set_boolean (value, self->source != NULL);
      break;
    case PROP_WORST:
      g_value_set_int64 (value, self->worst);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_delay_meter_finalize (GObject *object)
{
  stop (QS_DELAY_METER (object));
  g_clear_object (&QS_DELAY_METER (object)->clock);
  G_OBJECT_CLASS (qs_delay_meter_parent_class)->finalize (object);
}

static void
qs_delay_meter_class_init (QsDelayMeterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = qs_delay_meter_get_property;
  object_class->finalize = qs_delay_meter_finalize;
  props[PROP_ACTIVE] = g_param_spec_boolean ("active", NULL, NULL, FALSE, flags);
  props[PROP_WORST] = g_param_spec_int64 ("worst", NULL, NULL, -1, G_MAXINT64, -1, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
qs_delay_meter_init (QsDelayMeter *self)
{
  self->worst = -1;
}

QsDelayMeter *
qs_delay_meter_new (QsClock *clock)
{
  QsDelayMeter *self = g_object_new (QS_TYPE_DELAY_METER, NULL);

  self->clock = g_object_ref (clock != NULL ? clock : qs_clock_get_steady ());
  return self;
}

void
qs_delay_meter_set_active (QsDelayMeter *self, gboolean active)
{
  g_return_if_fail (QS_IS_DELAY_METER (self));

  if (active == (self->source != NULL))
    return;
  if (active)
    start (self);
  else
    stop (self);
  set_worst (self, active ? 0 : -1);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ACTIVE]);
}

gboolean
qs_delay_meter_get_active (QsDelayMeter *self)
{
  g_return_val_if_fail (QS_IS_DELAY_METER (self), FALSE);

  return self->source != NULL;
}

gint64
qs_delay_meter_get_worst (QsDelayMeter *self)
{
  g_return_val_if_fail (QS_IS_DELAY_METER (self), -1);

  return self->worst;
}

QsDelayStatistics
qs_delay_meter_get_statistics (QsDelayMeter *self)
{
  g_return_val_if_fail (QS_IS_DELAY_METER (self), (QsDelayStatistics){ 0 });

  return self->statistics;
}
