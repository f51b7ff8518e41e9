/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* One labelled value. label: translated; value: translated or escaped, NULL: not known, the row is left out. */
typedef struct {
  const char *label;
  const char *value;
  gboolean monospace;
  gboolean warning;
} QsFact;

/**
 * QsFactsGrid:
 *
 * Labels in one column, values that can be copied in the other. Rows that stay the same are not touched.
 *
 * Properties: "value-chars", "min-value-chars" (int): how wide values are at most before they wrap, and at least;
 * set before the first facts.
 */
#define QS_TYPE_FACTS_GRID (qs_facts_grid_get_type ())
G_DECLARE_FINAL_TYPE (QsFactsGrid, qs_facts_grid, QS, FACTS_GRID, GtkGrid)

GtkWidget *qs_facts_grid_new (void);
void qs_facts_grid_set_facts (QsFactsGrid *self, const QsFact *facts, guint n_facts);

G_END_DECLS
