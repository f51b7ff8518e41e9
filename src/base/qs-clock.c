/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-clock.h"

#include <time.h>

typedef enum { KIND_REAL, KIND_STEADY, KIND_MANUAL } Kind;

struct _QsClock {
  GObject parent;
  Kind kind;
  gint64 manual_now; /* atomic would need 64 bits everywhere: tests move it from one thread */
};

G_DEFINE_FINAL_TYPE (QsClock, qs_clock, G_TYPE_OBJECT)

static void
qs_clock_class_init (QsClockClass *klass)
{
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
}
