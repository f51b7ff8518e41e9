/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/models/qs-history.h"

G_BEGIN_DECLS

/* The entry offers what was probed before: as completion while one types, and in a menu of its icon, whose rows are the actions
 * "win.recent" (string), "win.repeat", "win.clear-history". The history outlives the entry. */
void qs_target_entry_install (GtkEntry *entry, GtkEntryCompletion *completion, QsHistory *history);

G_END_DECLS
