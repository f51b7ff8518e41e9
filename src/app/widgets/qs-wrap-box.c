/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-wrap-box.h"

struct _QsWrapBox {
  GtkBox parent;
};

G_DEFINE_FINAL_TYPE (QsWrapBox, qs_wrap_box, GTK_TYPE_BOX)

typedef struct {
  GtkWidget *widget;
  int width; /* pixels */
  gboolean expands, at_end;
} Child;

/* Homogeneous: all beside one another, or each in a row of its own. */
static void
even_out (GArray *children, int spacing, int widest, int width)
{
  int gaps = spacing * MAX ((int) children->len - 1, 0);
  gboolean fit = widest * (int) children->len + gaps <= width;

  for (guint i = 0; i < children->len; i++)
    g_array_index (children, Child, i).width = fit ? (width - gaps) / (int) children->len : width;
}

/* Those that are shown, in order, each as wide as it would be, and no wider than @width. */
static GArray *
measure (QsWrapBox *self, int width)
{
  GArray *children = g_array_new (FALSE, FALSE, sizeof (Child));
  g_autoptr (GList) all = gtk_container_get_children (GTK_CONTAINER (self));
  int widest = 0;

  for (GList *at = all; at != NULL; at = at->next)
    {
      Child child = { .widget = at->data };
      GtkPackType pack;
      int least, natural;
      if (!gtk_widget_get_visible (child.widget))
        continue;
      gtk_widget_get_preferred_width (child.widget, &least, &natural);
      gtk_container_child_get (GTK_CONTAINER (self), child.widget, "pack-type", &pack, NULL);
      widest = MAX (widest, least);
      child.width = MAX (least, MIN (natural, width));
      child.expands = gtk_widget_compute_expand (child.widget, GTK_ORIENTATION_HORIZONTAL);
      child.at_end = pack == GTK_PACK_END;
      g_array_append_val (children, child);
    }
  if (gtk_box_get_homogeneous (GTK_BOX (self)))
    even_out (children, gtk_box_get_spacing (GTK_BOX (self)), widest, width);
  return children;
}

/* The first child of the row behind the one that begins with @start; @used gets this one's width, @height its height. */
static guint
end_row (QsWrapBox *self, const GArray *children, guint start, int width, int *used, int *height)
{
  int spacing = gtk_box_get_spacing (GTK_BOX (self));
  guint i;

  *used = *height = 0;
  for (i = start; i < children->len; i++)
    {
      const Child *child = &g_array_index (children, Child, i);
      int wanted = child->width + (i > start ? spacing : 0);
      int least, natural;
      if (i > start && *used + wanted > width)
        break;
      *used += wanted;
      gtk_widget_get_preferred_height_for_width (child->widget, child->width, &least, &natural);
      *height = MAX (*height, natural);
    }
  return i;
}

static void
qs_wrap_box_get_preferred_width (GtkWidget *widget, int *minimum, int *natural)
{
  int spacing = gtk_box_get_spacing (GTK_BOX (widget));
  g_autoptr (GList) all = gtk_container_get_children (GTK_CONTAINER (widget));

  *minimum = *natural = 0;
  for (GList *at = all; at != NULL; at = at->next)
    {
      int child_minimum, child_natural;
      if (!gtk_widget_get_visible (at->data))
        continue;
      gtk_widget_get_preferred_width (at->data, &child_minimum, &child_natural);
      *minimum = MAX (*minimum, child_minimum);
      *natural += child_natural + (*natural > 0 ? spacing : 0);
    }
}

/* GtkBox's own would have them side by side; a page that is scrolled is asked so. */
static void
qs_wrap_box_get_preferred_width_for_height (GtkWidget *widget, int height, int *minimum, int *natural)
{
  qs_wrap_box_get_preferred_width (widget, minimum, natural);
}

static void
qs_wrap_box_get_preferred_height_for_width (GtkWidget *widget, int width, int *minimum, int *natural)
{
  QsWrapBox *self = QS_WRAP_BOX (widget);
  g_autoptr (GArray) children = measure (self, width);
  int total = 0;

  for (guint i = 0; i < children->len;)
    {
      int used, height;
      total += i > 0 ? gtk_box_get_spacing (GTK_BOX (self)) : 0;
      i = end_row (self, children, i, width, &used, &height);
      total += height;
    }
  *minimum = *natural = total;
}

static void
qs_wrap_box_get_preferred_height (GtkWidget *widget, int *minimum, int *natural)
{
  int least, wide;

  gtk_widget_get_preferred_width (widget, &least, &wide);
  qs_wrap_box_get_preferred_height_for_width (widget, wide, minimum, natural);
}

static GtkSizeRequestMode
qs_wrap_box_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

/* The row [@start, @end): @place is all of it, @left the pixels that nobody asked for. */
static void
allocate_row (QsWrapBox *self, const GArray *children, guint start, guint end, int left, const GtkAllocation *place)
{
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  int x = 0, n_expanding = 0;

  for (guint i = start; i < end; i++)
    n_expanding += g_array_index (children, Child, i).expands ? 1 : 0;
  for (guint i = start; i < end; i++)
    {
      const Child *child = &g_array_index (children, Child, i);
      GtkAllocation area = { .y = place->y, .width = child->width, .height = place->height };
      if (child->expands)
        {
          int share = left / n_expanding--;
          area.width += share;
          left -= share;
        }
      else if (child->at_end && n_expanding == 0)
        {
          x += left;
          left = 0;
        }
      area.x = place->x + (mirrored ? place->width - x - area.width : x);
      gtk_widget_size_allocate (child->widget, &area);
      x += area.width + gtk_box_get_spacing (GTK_BOX (self));
    }
}

static void
qs_wrap_box_size_allocate (GtkWidget *widget, GtkAllocation *allocation)
{
  QsWrapBox *self = QS_WRAP_BOX (widget);
  g_autoptr (GArray) children = measure (self, allocation->width);
  GtkAllocation place = *allocation;

  gtk_widget_set_allocation (widget, allocation);
  for (guint start = 0; start < children->len;)
    {
      int used;
      guint end = end_row (self, children, start, allocation->width, &used, &place.height);
      allocate_row (self, children, start, end, MAX (allocation->width - used, 0), &place);
      place.y += place.height + gtk_box_get_spacing (GTK_BOX (self));
      start = end;
    }
}

/* GtkBox would draw a frame that only its own layout gives a place. */
static gboolean
qs_wrap_box_draw (GtkWidget *widget, cairo_t *cr)
{
  return GTK_WIDGET_CLASS (g_type_class_peek (GTK_TYPE_CONTAINER))->draw (widget, cr);
}

static void
qs_wrap_box_class_init (QsWrapBoxClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->get_preferred_width = qs_wrap_box_get_preferred_width;
  widget_class->get_preferred_width_for_height = qs_wrap_box_get_preferred_width_for_height;
  widget_class->get_preferred_height = qs_wrap_box_get_preferred_height;
  widget_class->get_preferred_height_for_width = qs_wrap_box_get_preferred_height_for_width;
  widget_class->get_request_mode = qs_wrap_box_get_request_mode;
  widget_class->size_allocate = qs_wrap_box_size_allocate;
  widget_class->draw = qs_wrap_box_draw;
}

static void
qs_wrap_box_init (QsWrapBox *self)
{
}
