/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-overlay-view.h"

#include "base/qs-i18n.h"
#include "base/qs-slice.h"

struct _QsOverlayView {
  GtkDrawingArea parent;
  QsOverlay *overlay; /* that is drawn; NULL: none */
  QsOverlay *coming;  /* takes its place once its values are there */
  GSource *work;
};

G_DEFINE_FINAL_TYPE (QsOverlayView, qs_overlay_view, GTK_TYPE_DRAWING_AREA)

static const QsChartColours *
get_colours (GtkWidget *widget)
{
  GtkStyleContext *style = gtk_widget_get_style_context (widget);
  GdkRGBA text;

  gtk_style_context_get_color (style, gtk_style_context_get_state (style), &text);
  return text.red + text.green + text.blue > 1.5 ? qs_chart_colours_dark () : qs_chart_colours_light ();
}

static gboolean
qs_overlay_view_draw (GtkWidget *widget, cairo_t *cr)
{
  QsOverlayView *self = QS_OVERLAY_VIEW (widget);
  double dpi = pango_cairo_context_get_resolution (gtk_widget_get_pango_context (widget));
  const QsOverlayOptions options = { .width = gtk_widget_get_allocated_width (widget),
                                     .height = gtk_widget_get_allocated_height (widget),
                                     .text_scale = dpi > 0 ? CLAMP (dpi / 96, 0.75, 3) : 1,
                                     .mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL };

  qs_colour_set (&get_colours (widget)->background, cr);
  cairo_paint (cr);
  if (self->overlay == NULL)
    return GDK_EVENT_PROPAGATE;
  qs_overlay_set_options (self->overlay, &options);
  qs_overlay_draw (self->overlay, cr, get_colours (widget));
  return GDK_EVENT_PROPAGATE;
}

static void
stop_work (QsOverlayView *self)
{
  if (self->work != NULL)
    g_source_destroy (self->work);
  g_clear_pointer (&self->work, g_source_unref);
  g_clear_pointer (&self->coming, qs_overlay_free);
}

static gboolean
work_cb (gint64 deadline, gpointer data)
{
  QsOverlayView *self = data;

  if (!qs_overlay_advance (self->coming, deadline))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->overlay, qs_overlay_free);
  self->overlay = g_steal_pointer (&self->coming);
  g_clear_pointer (&self->work, g_source_unref);
  g_autofree char *text = qs_overlay_describe (self->overlay);
  atk_object_set_description (gtk_widget_get_accessible (GTK_WIDGET (self)), text);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  return G_SOURCE_REMOVE;
}

static void
qs_overlay_view_dispose (GObject *object)
{
  QsOverlayView *self = QS_OVERLAY_VIEW (object);

  stop_work (self);
  g_clear_pointer (&self->overlay, qs_overlay_free);
  G_OBJECT_CLASS (qs_overlay_view_parent_class)->dispose (object);
}

static void
qs_overlay_view_class_init (QsOverlayViewClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = qs_overlay_view_dispose;
  GTK_WIDGET_CLASS (klass)->draw = qs_overlay_view_draw;
}

static void
qs_overlay_view_init (QsOverlayView *self)
{
  gtk_widget_set_size_request (GTK_WIDGET (self), 320, 200);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self)), _ ("Compared charts"));
}

void
qs_overlay_view_set_traces (QsOverlayView *self, QsTrace *const *traces, const gint64 *starts, const char *const *names,
                            guint n)
{
  g_return_if_fail (QS_IS_OVERLAY_VIEW (self));

  stop_work (self);
  if (n == 0)
    {
      g_clear_pointer (&self->overlay, qs_overlay_free);
      gtk_widget_queue_draw (GTK_WIDGET (self));
      return;
    }
  self->coming = qs_overlay_new (traces, starts, names, n, NULL);
  self->work = qs_slice_add (NULL, "[quicscope] overlay", work_cb, self, NULL);
}
