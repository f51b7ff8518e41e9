/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-clock.h"

G_BEGIN_DECLS

/**
 * QsDelayMeter:
 *
 * How late the main loop is: while active, a tick is due every 5 ms, and how late it comes is what a
 * person would feel. At rest it has no source at all: zero wakeups.
 *
 * Properties: "active" (boolean), "worst" (int64: µs in the last second, -1 at rest; notifies four
 * times a second).
 */
#define QS_TYPE_DELAY_METER (qs_delay_meter_get_type ())
G_DECLARE_FINAL_TYPE (QsDelayMeter, qs_delay_meter, QS, DELAY_METER, GObject)

/* What was seen since it was last set active. Late: by more than a frame of 16.7 ms. */
typedef struct {
  guint64 n_ticks;
  guint64 n_late;
  gint64 worst_us;
} QsDelayStatistics;

QsDelayMeter *qs_delay_meter_new (QsClock *clock); /* clock: NULL for the steady one */
void qs_delay_meter_set_active (QsDelayMeter *self, gboolean active);
gboolean qs_delay_meter_get_active (QsDelayMeter *self);
gint64 qs_delay_meter_get_worst (QsDelayMeter *self);
QsDelayStatistics qs_delay_meter_get_statistics (QsDelayMeter *self);

G_END_DECLS
