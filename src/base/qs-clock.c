/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-clock.h"

#include <time.h>

typedef enum { KIND_REAL, KIND_STEADY, KIND_MANUAL } Kind;

struct _QsClock {
  GObject parent;
  Kind kind;
  gint64 manual_now;   /* atomic would need 64 bits everywhere: tests move it from one thread */
  GPtrArray *sleepers; /* Sleeper, borrowed: a manual clock's, not yet finalized; NULL: none so far */
};

/* A source that waits for a manual clock. */
typedef struct {
  GSource source;
  QsClock *clock;
  gint64 due, every; /* nanoseconds */
} Sleeper;

G_DEFINE_FINAL_TYPE (QsClock, qs_clock, G_TYPE_OBJECT)

/* --- Waiting for a manual clock --- */

static gboolean
sleeper_is_due (GSource *source)
{
  const Sleeper *self = (const Sleeper *) source;

  return self->clock->manual_now >= self->due;
}

static gboolean
sleeper_prepare (GSource *source, gint *timeout_ms)
{
  *timeout_ms = -1;
  return sleeper_is_due (source);
}

static gboolean
sleeper_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  Sleeper *self = (Sleeper *) source;

  if (callback == NULL || callback (data) == G_SOURCE_REMOVE)
    return G_SOURCE_REMOVE;
  self->due = self->clock->manual_now + self->every;
  return G_SOURCE_CONTINUE;
}

static void
sleeper_finalize (GSource *source)
{
  Sleeper *self = (Sleeper *) source;

  g_ptr_array_remove_fast (self->clock->sleepers, self);
  g_object_unref (self->clock);
}

static GSourceFuncs sleeper_funcs = {
  .prepare = sleeper_prepare, .check = sleeper_is_due, .dispatch = sleeper_dispatch, .finalize = sleeper_finalize
};

/* --- GObject --- */

static void
qs_clock_finalize (GObject *object)
{
  QsClock *self = QS_CLOCK (object);

  g_clear_pointer (&self->sleepers, g_ptr_array_unref); /* empty: each holds the clock */
  G_OBJECT_CLASS (qs_clock_parent_class)->finalize (object);
}

static void
qs_clock_class_init (QsClockClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = qs_clock_finalize;
}

static void
qs_clock_init (QsClock *self)
{
}

QsClock *
qs_clock_get_real (void)
{
  static gsize once;
  static QsClock *real;

  if (g_once_init_enter (&once))
    {
      real = g_object_new (QS_TYPE_CLOCK, NULL);
      g_once_init_leave (&once, 1);
    }
  return real;
}

QsClock *
qs_clock_get_steady (void)
{
  static gsize once;
  static QsClock *steady;

  if (g_once_init_enter (&once))
    {
      steady = g_object_new (QS_TYPE_CLOCK, NULL);
      steady->kind = KIND_STEADY;
      g_once_init_leave (&once, 1);
    }
  return steady;
}

QsClock *
qs_clock_new_manual (gint64 now_ns)
{
  QsClock *self = g_object_new (QS_TYPE_CLOCK, NULL);

  self->kind = KIND_MANUAL;
  self->manual_now = now_ns;
  return self;
}

gint64
qs_clock_now (QsClock *self)
{
  g_return_val_if_fail (QS_IS_CLOCK (self), 0);

  if (self->kind == KIND_MANUAL)
    return self->manual_now;
  if (self->kind == KIND_STEADY)
    return g_get_monotonic_time () * 1000;

  struct timespec now;
  clock_gettime (CLOCK_REALTIME, &now);
  return (gint64) now.tv_sec * 1000000000 + now.tv_nsec;
}

gint64
qs_clock_now_us (QsClock *self)
{
  return qs_clock_now (self) / 1000;
}

void
qs_clock_advance (QsClock *self, gint64 by_ns)
{
  g_return_if_fail (QS_IS_CLOCK (self) && self->kind == KIND_MANUAL);

  self->manual_now += by_ns;
  for (guint i = 0; self->sleepers != NULL && i < self->sleepers->len; i++)
    {
      GSource *source = self->sleepers->pdata[i];
      if (!g_source_is_destroyed (source) && g_source_get_context (source) != NULL && sleeper_is_due (source))
        g_main_context_wakeup (g_source_get_context (source));
    }
}

GSource *
qs_clock_new_timeout (QsClock *self, guint ms)
{
  g_return_val_if_fail (QS_IS_CLOCK (self), NULL);

  if (self->kind != KIND_MANUAL)
    return g_timeout_source_new (ms);
  if (self->sleepers == NULL)
    self->sleepers = g_ptr_array_new ();
  GSource *source = g_source_new (&sleeper_funcs, sizeof (Sleeper));
  Sleeper *sleeper = (Sleeper *) source;
  sleeper->clock = g_object_ref (self);
  sleeper->every = (gint64) ms * 1000000;
  sleeper->due = self->manual_now + sleeper->every;
  g_ptr_array_add (self->sleepers, source);
  return source;
}
