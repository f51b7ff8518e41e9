/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/models/qs-lab.h"

G_BEGIN_DECLS

/**
 * QsOptionsPopover:
 *
 * How to probe, as a form.
 *
 * Properties: "insecure" (boolean, notifies), "changed-from-default" (boolean, notifies).
 */
#define QS_TYPE_OPTIONS_POPOVER (qs_options_popover_get_type ())
G_DECLARE_FINAL_TYPE (QsOptionsPopover, qs_options_popover, QS, OPTIONS_POPOVER, GtkPopover)

GtkWidget *qs_options_popover_new (void);
/* What the form says. lab: where the lab's CA is had from, when that is chosen. */
QsProbeOptions *qs_options_popover_dup_options (QsOptionsPopover *self, QsLab *lab);
/* Fills the form in; what it has no field for stays as it is by default. */
void qs_options_popover_set_options (QsOptionsPopover *self, QsLab *lab, const QsProbeOptions *options);
void qs_options_popover_reset (QsOptionsPopover *self);
gboolean qs_options_popover_get_insecure (QsOptionsPopover *self);
void qs_options_popover_set_insecure (QsOptionsPopover *self, gboolean insecure);
void qs_options_popover_set_keep_open (QsOptionsPopover *self, gboolean keep_open);

G_END_DECLS
