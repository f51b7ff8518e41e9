/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * QsClock:
 *
 * Where time comes from: the machine's real-time clock, the one that the kernel stamps
 * datagrams with (nanoseconds since 1970); its steady clock, which nobody sets, for whoever waits or
 * measures (nanoseconds since some moment); or a manual one that tests move by hand.
 */
#define QS_TYPE_CLOCK (qs_clock_get_type ())
G_DECLARE_FINAL_TYPE (QsClock, qs_clock, QS, CLOCK, GObject)

QsClock *qs_clock_get_real (void);                   /* (transfer none): the one real clock */
QsClock *qs_clock_get_steady (void);                 /* (transfer none): that of g_get_monotonic_time () */
QsClock *qs_clock_new_manual (gint64 now_ns);        /* (transfer full) */
gint64 qs_clock_now (QsClock *self);                 /* nanoseconds; any thread */
gint64 qs_clock_now_us (QsClock *self);              /* the same in microseconds */
void qs_clock_advance (QsClock *self, gint64 by_ns); /* a manual clock only; makes ready what waits for it */

/* (transfer full): ready once ms have passed by this clock, and again each ms while its callback returns G_SOURCE_CONTINUE: what
 * g_timeout_source_new() is for the machine's clocks. Of a manual one it belongs to the thread that moves the clock. */
GSource *qs_clock_new_timeout (QsClock *self, guint ms);

G_END_DECLS
