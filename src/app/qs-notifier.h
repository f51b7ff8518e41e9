/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/* A run that lasted this long, and ends while its window is not looked at, is told by a notification. Seconds. */
#define QS_NOTIFIER_LONG 5

/* Tells of this window's runs from here on. What was told is taken back once the window is looked at. */
void qs_notifier_install (QsWindow *window);
/* Whether the end of a run would be told now: it lasted for so many seconds, and its window is looked at or not. */
gboolean qs_notifier_tells (QsRunStatus status, double seconds, gboolean looked_at);

G_END_DECLS
