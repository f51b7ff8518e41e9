/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * QsInspector: one packet opened up: its fields on one side, the bytes that they were read from on the other, and
 * below what the selected field means. Selecting a field marks its bytes; a click on a byte selects its field.
 */
#define QS_TYPE_INSPECTOR (qs_inspector_get_type ())
G_DECLARE_FINAL_TYPE (QsInspector, qs_inspector, QS, INSPECTOR, GtkBox)

GtkWidget *qs_inspector_new (void);
/* Shows a packet; NULL: none. Showing the same one again takes in what changed (it was decrypted late). */
void qs_inspector_show (QsInspector *self, QsTrace *trace, guint packet);

G_END_DECLS
