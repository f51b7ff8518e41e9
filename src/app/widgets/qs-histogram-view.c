/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-histogram-view.h"

struct _QsHistogramView {
  GtkDrawingArea parent;
  GArray *bins;
  QsHistogram *histogram; /* NULL: to be laid out */
};

G_DEFINE_FINAL_TYPE (QsHistogramView, qs_histogram_view, GTK_TYPE_DRAWING_AREA)

static const QsChartColours *
get_colours (QsHistogramView *self)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self));
  GdkRGBA text;

  gtk_style_context_get_color (style, gtk_style_context_get_state (style), &text);
  return text.red + text.green + text.blue > 1.5 ? qs_chart_colours_dark () : qs_chart_colours_light ();
}

static void
drop_layout (QsHistogramView *self)
{
  g_clear_pointer (&self->histogram, qs_histogram_free);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static QsHistogram *
ensure_layout (QsHistogramView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  double dpi = pango_cairo_context_get_resolution (gtk_widget_get_pango_context (widget));
  const QsHistogramOptions options = { .width = gtk_widget_get_allocated_width (widget),
                                       .height = gtk_widget_get_allocated_height (widget),
                                       .text_scale = dpi > 0 ? CLAMP (dpi / 96, 0.75, 3) : 1,
                                       .mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL };

  if (self->histogram == NULL)
    self->histogram = qs_histogram_new ((const QsBin *) self->bins->data, self->bins->len, &options);
  return self->histogram;
}

static gboolean
qs_histogram_view_draw (GtkWidget *widget, cairo_t *cr)
{
  QsHistogramView *self = QS_HISTOGRAM_VIEW (widget);

  qs_histogram_draw (ensure_layout (self), cr, get_colours (self));
  return GDK_EVENT_PROPAGATE;
}

static void
qs_histogram_view_size_allocate (GtkWidget *widget, GtkAllocation *allocation)
{
  GTK_WIDGET_CLASS (qs_histogram_view_parent_class)->size_allocate (widget, allocation);
  drop_layout (QS_HISTOGRAM_VIEW (widget));
}

static void
qs_histogram_view_style_updated (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (qs_histogram_view_parent_class)->style_updated (widget);
  drop_layout (QS_HISTOGRAM_VIEW (widget));
}

static void
qs_histogram_view_direction_changed (GtkWidget *widget, GtkTextDirection previous)
{
  GTK_WIDGET_CLASS (qs_histogram_view_parent_class)->direction_changed (widget, previous);
  drop_layout (QS_HISTOGRAM_VIEW (widget));
}

static gboolean
qs_histogram_view_query_tooltip (GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  QsHistogram *histogram = ensure_layout (QS_HISTOGRAM_VIEW (widget));
  guint bin;

  if (keyboard || !qs_histogram_lookup (histogram, x, &bin))
    return FALSE;
  g_autofree char *text = qs_histogram_describe_bin (histogram, bin);
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

static void
qs_histogram_view_finalize (GObject *object)
{
  QsHistogramView *self = QS_HISTOGRAM_VIEW (object);

  g_clear_pointer (&self->histogram, qs_histogram_free);
  g_array_unref (self->bins);
  G_OBJECT_CLASS (qs_histogram_view_parent_class)->finalize (object);
}

static void
qs_histogram_view_class_init (QsHistogramViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = qs_histogram_view_finalize;
  widget_class->draw = qs_histogram_view_draw;
  widget_class->size_allocate = qs_histogram_view_size_allocate;
  widget_class->style_updated = qs_histogram_view_style_updated;
  widget_class->direction_changed = qs_histogram_view_direction_changed;
  widget_class->query_tooltip = qs_histogram_view_query_tooltip;
}

static void
qs_histogram_view_init (QsHistogramView *self)
{
  self->bins = g_array_new (FALSE, FALSE, sizeof (QsBin));
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
}

void
qs_histogram_view_set_bins (QsHistogramView *self, const QsBin *bins, guint n)
{
  g_return_if_fail (QS_IS_HISTOGRAM_VIEW (self) && (bins != NULL || n == 0));

  g_array_set_size (self->bins, 0);
  if (n > 0)
    g_array_append_vals (self->bins, bins, n);
  drop_layout (self);
  g_autofree char *text = qs_histogram_describe (ensure_layout (self));
  atk_object_set_description (gtk_widget_get_accessible (GTK_WIDGET (self)), text);
}
