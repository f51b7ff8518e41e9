/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/* succeeded: the picture was written and no run failed. */
typedef void (*QsSnapshotFunc) (gboolean succeeded, gpointer data);

/* Waits until no run is active, draws the window to a PNG file, prints the shown run's verdict on standard
 * output, and calls back. */
void qs_snapshot_take (QsWindow *window, const char *path, QsSnapshotFunc done, gpointer data);

G_END_DECLS
