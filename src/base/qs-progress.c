/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-progress.h"

#define STEPS 100000

struct _QsProgress {
  int at; /* of STEPS */
};

QsProgress *
qs_progress_new (void)
{
  return g_atomic_rc_box_new0 (QsProgress);
}

QsProgress *
qs_progress_ref (QsProgress *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return g_atomic_rc_box_acquire (self);
}

void
qs_progress_unref (QsProgress *self)
{
  g_return_if_fail (self != NULL);
  g_atomic_rc_box_release (self);
}

void
qs_progress_set (QsProgress *self, guint64 done, guint64 all)
{
  if (self != NULL && all > 0)
    g_atomic_int_set (&self->at, (int) ((double) MIN (done, all) / (double) all * STEPS));
}

double
qs_progress_get (QsProgress *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return (double) g_atomic_int_get (&self->at) / STEPS;
}
