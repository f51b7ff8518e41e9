/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "study/qs-inspection.h"

G_BEGIN_DECLS

/**
 * QsFieldTree: the fields of a packet as a tree of names and values. Children become rows when their parent is
 * opened: a packet can have tens of thousands of fields.
 *
 * What was selected and open is found again, by the fields' names, in the next packet that is shown.
 *
 * Signals: "selected" (): another field is, or none.
 */
#define QS_TYPE_FIELD_TREE (qs_field_tree_get_type ())
G_DECLARE_FINAL_TYPE (QsFieldTree, qs_field_tree, QS, FIELD_TREE, GtkTreeView)

GtkWidget *qs_field_tree_new (void);
/* Must live until another one is set. NULL: nothing. */
void qs_field_tree_set_inspection (QsFieldTree *self, const QsInspection *inspection);
/* The selected field and the part that it belongs to; NULL: none. */
const QsField *qs_field_tree_get_selected (QsFieldTree *self, guint *part);
/* Opens and selects the field that a path of qs_inspection_find() leads to. */
void qs_field_tree_select (QsFieldTree *self, guint part, const GArray *path);

G_END_DECLS
