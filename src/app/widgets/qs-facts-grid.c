/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-facts-grid.h"

struct _QsFactsGrid {
  GtkGrid parent;
  guint n_rows; /* made; those behind the last fact are hidden */
  int value_chars, min_value_chars;
};

enum { PROP_VALUE_CHARS = 1, PROP_MIN_VALUE_CHARS, N_PROPS };
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (QsFactsGrid, qs_facts_grid, GTK_TYPE_GRID)

static void
set_class (GtkWidget *widget, const char *name, gboolean on)
{
  GtkStyleContext *style = gtk_widget_get_style_context (widget);

  if (on)
    gtk_style_context_add_class (style, name);
  else
    gtk_style_context_remove_class (style, name);
}

static void
relate (GtkWidget *label, GtkWidget *value)
{
  AtkObject *named = gtk_widget_get_accessible (value);
  AtkObject *naming = gtk_widget_get_accessible (label);

  atk_object_add_relationship (named, ATK_RELATION_LABELLED_BY, naming);
  atk_object_add_relationship (naming, ATK_RELATION_LABEL_FOR, named);
}

static void
add_row (QsFactsGrid *self)
{
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "xalign", 0.0f, "yalign", 0.0f, "visible", TRUE, NULL);
  GtkWidget *value = g_object_new (GTK_TYPE_LABEL, "xalign", 0.0f, "yalign", 0.0f, "selectable", TRUE, "wrap", TRUE,
                                   "wrap-mode", PANGO_WRAP_WORD_CHAR, "width-chars", self->min_value_chars,
                                   "max-width-chars", self->value_chars, "hexpand", TRUE, "visible", TRUE, NULL);

  gtk_style_context_add_class (gtk_widget_get_style_context (label), GTK_STYLE_CLASS_DIM_LABEL);
  gtk_grid_attach (GTK_GRID (self), label, 0, (int) self->n_rows, 1, 1);
  gtk_grid_attach (GTK_GRID (self), value, 1, (int) self->n_rows, 1, 1);
  relate (label, value);
  self->n_rows++;
}

/* A selection that a person made in a value stays while the value does. */
static void
set_text (GtkWidget *label, const char *text)
{
  if (g_strcmp0 (gtk_label_get_text (GTK_LABEL (label)), text) != 0)
    gtk_label_set_text (GTK_LABEL (label), text);
}

static void
fill_row (QsFactsGrid *self, guint row, const QsFact *fact)
{
  GtkWidget *label = gtk_grid_get_child_at (GTK_GRID (self), 0, (int) row);
  GtkWidget *value = gtk_grid_get_child_at (GTK_GRID (self), 1, (int) row);

  set_text (label, fact->label);
  set_text (value, fact->value);
  set_class (value, "qs-mono", fact->monospace);
  set_class (value, "qs-warning", fact->warning);
  gtk_widget_show (label);
  gtk_widget_show (value);
}

static void
qs_facts_grid_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_VALUE_CHARS:
      QS_FACTS_GRID (object)->value_chars = g_value_get_int (value);
      break;
    case PROP_MIN_VALUE_CHARS:
      QS_FACTS_GRID (object)->min_value_chars = g_value_get_int (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

/* GTK asks once and remembers, also on behalf of the containers around: while there are no rows yet, a grid
 * would say that its height does not depend on its width. */
static GtkSizeRequestMode
qs_facts_grid_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
qs_facts_grid_class_init (QsFactsGridClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = qs_facts_grid_set_property;
  GTK_WIDGET_CLASS (klass)->get_request_mode = qs_facts_grid_get_request_mode;
  const GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS;
  props[PROP_VALUE_CHARS] = g_param_spec_int ("value-chars", NULL, NULL, 10, 200, 60, flags);
  props[PROP_MIN_VALUE_CHARS] = g_param_spec_int ("min-value-chars", NULL, NULL, 10, 200, 10, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
qs_facts_grid_init (QsFactsGrid *self)
{
  gtk_grid_set_row_spacing (GTK_GRID (self), 6);
  gtk_grid_set_column_spacing (GTK_GRID (self), 18);
}

GtkWidget *
qs_facts_grid_new (void)
{
  return g_object_new (QS_TYPE_FACTS_GRID, "visible", TRUE, NULL);
}

void
qs_facts_grid_set_facts (QsFactsGrid *self, const QsFact *facts, guint n_facts)
{
  g_return_if_fail (QS_IS_FACTS_GRID (self));

  guint row = 0;
  for (guint i = 0; i < n_facts; i++)
    {
      if (facts[i].value == NULL)
        continue;
      if (row == self->n_rows)
        add_row (self);
      fill_row (self, row++, &facts[i]);
    }
  for (; row < self->n_rows; row++)
    for (int column = 0; column < 2; column++)
      gtk_widget_hide (gtk_grid_get_child_at (GTK_GRID (self), column, (int) row));
}
