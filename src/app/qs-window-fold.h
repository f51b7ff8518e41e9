/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/* The list of runs beside the pages: shown as the setting "show-sidebar" says (settings is held) where there is room for both. A window that
 * is narrow for its text has it folded away; shown there by hand, it stays until the window is wide again, and the setting as it was. Once
 * for a window.
 *
 * Action of the window: "show-sidebar" (boolean state: whether it is in sight). */
void qs_window_fold_install (QsWindow *window, GtkWidget *sidebar, QsSettings *settings);

G_END_DECLS
