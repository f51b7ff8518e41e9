/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * QsClock:
 *
 * Where time comes from: the machine's real-time clock, the one that the kernel stamps
 * datagrams with, or a manual one that tests move by hand. Nanoseconds since 1970.
 */
#define QS_TYPE_CLOCK (qs_clock_get_type ())
G_DECLARE_FINAL_TYPE (QsClock, qs_clock, QS, CLOCK, GObject)

QsClock *qs_clock_get_real (void);                   /* (transfer none): the one real clock */
QsClock *qs_clock_new_manual (gint64 now_ns);        /* (transfer full) */
gint64 qs_clock_now (QsClock *self);                 /* nanoseconds since 1970-01-01 UTC; any thread */
void qs_clock_advance (QsClock *self, gint64 by_ns); /* a manual clock only */

G_END_DECLS
