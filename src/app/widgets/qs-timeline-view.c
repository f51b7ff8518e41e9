/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-timeline-view.h"

#include <math.h>

#include "base/qs-i18n.h"
#include "base/qs-slice.h"

#define ZOOM_STEP 1.25
#define PAN_STEP 0.1    /* of what is visible */
#define LEAST_SPAN 1000 /* nanoseconds */
#define DRAG_START 4    /* pixels: less is a click */
/* News are drawn a few times a second, and in at most this part of the main loop's time. */
#define NEWS_US 125000
#define COST_SHARE 20

struct _QsTimelineView {
  GtkDrawingArea parent;
  QsTrace *trace;
  QsTimeline *timeline;
  GtkAdjustment *adjustment; /* seconds */
  gulong adjustment_handler;
  GSource *work;     /* takes in packets */
  double text_scale; /* of the timeline */

  cairo_surface_t *picture;      /* the curves; NULL: to be drawn */
  const QsChartColours *colours; /* of the picture */
  gint64 drawn_at, cost;         /* microseconds */
  guint news_id;

  gint64 from, to; /* visible, nanoseconds; -1: all */
  guint selected;
  double drag_from, drag_to; /* pixels; -1: no button is held */
};

enum { PROP_SELECTED = 1, N_PROPS };
enum { RANGE_CHANGED, N_SIGNALS };
static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsTimelineView, qs_timeline_view, GTK_TYPE_DRAWING_AREA)

static const QsChartColours *
get_colours (QsTimelineView *self)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self));
  GdkRGBA text;

  gtk_style_context_get_color (style, gtk_style_context_get_state (style), &text);
  return text.red + text.green + text.blue > 1.5 ? qs_chart_colours_dark () : qs_chart_colours_light ();
}

/* GTK's large text: the resolution that Pango is told of. */
static double
get_text_scale (QsTimelineView *self)
{
  double dpi = pango_cairo_context_get_resolution (gtk_widget_get_pango_context (GTK_WIDGET (self)));

  return dpi > 0 ? CLAMP (dpi / 96, 0.75, 3) : 1;
}

static void
redraw (QsTimelineView *self)
{
  g_clear_handle_id (&self->news_id, g_source_remove);
  g_clear_pointer (&self->picture, cairo_surface_destroy);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* --- What is visible ---------------------------------------------------------------------- */

static void
sync_adjustment (QsTimelineView *self)
{
  gint64 first = 0, last = 1000, from = 0, to = 1000;

  if (self->timeline != NULL)
    {
      qs_timeline_get_extents (self->timeline, &first, &last);
      qs_timeline_get_range (self->timeline, &from, &to);
    }
  g_signal_handler_block (self->adjustment, self->adjustment_handler);
  gtk_adjustment_configure (self->adjustment, from / 1e9, first / 1e9, MAX (last, to) / 1e9,
                            (to - from) / 1e9 * PAN_STEP, (to - from) / 1e9 * 0.9, (to - from) / 1e9);
  g_signal_handler_unblock (self->adjustment, self->adjustment_handler);
}

static void
apply_range (QsTimelineView *self)
{
  if (self->timeline != NULL)
    qs_timeline_set_range (self->timeline, MAX (self->from, 0), self->from < 0 ? 0 : self->to);
  sync_adjustment (self);
  redraw (self);
}

/* Within the extents; what covers them is all of it, and grows with them. */
static void
change_range (QsTimelineView *self, double from, double to)
{
  gint64 first, last;

  if (self->timeline == NULL)
    return;
  qs_timeline_get_extents (self->timeline, &first, &last);
  double span = MIN (MAX (to - from, LEAST_SPAN), (double) (last - first));
  from = CLAMP (from, (double) first, (double) last - span);
  self->from = span >= (double) (last - first) ? -1 : (gint64) from;
  self->to = self->from < 0 ? -1 : (gint64) (from + span);
  apply_range (self);
  g_signal_emit (self, signals[RANGE_CHANGED], 0);
}

static void
zoom_about (QsTimelineView *self, gint64 time, double factor)
{
  gint64 from, to;

  if (self->timeline == NULL)
    return;
  qs_timeline_get_range (self->timeline, &from, &to);
  change_range (self, time - (time - from) / factor, time + (to - time) / factor);
}

static void
pan (QsTimelineView *self, double part)
{
  gint64 from, to;

  if (self->timeline == NULL)
    return;
  qs_timeline_get_range (self->timeline, &from, &to);
  change_range (self, from + (to - from) * part, to + (to - from) * part);
}

static void
scrolled_cb (QsTimelineView *self)
{
  double from = gtk_adjustment_get_value (self->adjustment) * 1e9;

  change_range (self, from, from + gtk_adjustment_get_page_size (self->adjustment) * 1e9);
}

/* --- Taking in ------------------------------------------------------------------------------ */

static void
stop_work (QsTimelineView *self)
{
  if (self->work == NULL)
    return;
  g_source_destroy (self->work);
  g_clear_pointer (&self->work, g_source_unref);
}

static gboolean
news_cb (gpointer data)
{
  QsTimelineView *self = data;

  self->news_id = 0;
  sync_adjustment (self);
  redraw (self);
  return G_SOURCE_REMOVE;
}

static void
schedule_news (QsTimelineView *self)
{
  if (self->news_id != 0)
    return;
  gint64 due = self->drawn_at + MAX (NEWS_US, self->cost * COST_SHARE);
  gint64 wait = MAX (due - g_get_monotonic_time (), 0) / 1000;
  self->news_id = g_timeout_add_full (G_PRIORITY_HIGH_IDLE, (guint) wait, news_cb, self, NULL);
  g_source_set_name_by_id (self->news_id, "[quicscope] draw timeline");
}

static gboolean
work_cb (gint64 deadline, gpointer data)
{
  QsTimelineView *self = data;
  gboolean done = qs_timeline_advance (self->timeline, deadline);

  schedule_news (self);
  if (!done)
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->work, g_source_unref);
  return G_SOURCE_REMOVE;
}

/* A view that nobody sees takes in nothing; it does so when it is seen. */
static void
start_work (QsTimelineView *self)
{
  if (self->timeline != NULL && self->work == NULL && gtk_widget_get_mapped (GTK_WIDGET (self)))
    self->work = qs_slice_add (NULL, "[quicscope] timeline", work_cb, self, NULL);
}

static void
begin_anew (QsTimelineView *self)
{
  QsTimelineOptions options;
  const QsChartColours *colours;

  stop_work (self);
  g_clear_pointer (&self->timeline, qs_timeline_free);
  if (self->trace != NULL)
    {
      qs_timeline_view_get_look (self, &options, &colours);
      options.title = FALSE;
      self->text_scale = options.text_scale;
      self->timeline = qs_timeline_new (self->trace, &options);
      /* What fits into one slice is there at once. */
      qs_timeline_advance (self->timeline, g_get_monotonic_time () + QS_SLICE_BUDGET_US / 2);
      start_work (self);
    }
  apply_range (self);
}

/* --- Selection -------------------------------------------------------------------------------- */

static gint64
selected_time (QsTimelineView *self)
{
  if (self->trace == NULL || self->selected >= qs_trace_get_n_packets (self->trace))
    return G_MININT64;
  return qs_trace_get_packet (self->trace, self->selected)->time;
}

/* Packets stand in order of time but for those whose keys came late: near enough for a pointer. */
static guint
packet_near (QsTimelineView *self, gint64 time)
{
  guint low = 0, high = qs_trace_get_n_packets (self->trace);

  if (high == 0)
    return G_MAXUINT;
  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (qs_trace_get_packet (self->trace, middle)->time < time)
        low = middle + 1;
      else
        high = middle;
    }
  low = MIN (low, qs_trace_get_n_packets (self->trace) - 1);
  if (low > 0 && time - qs_trace_get_packet (self->trace, low - 1)->time <
                     ABS (qs_trace_get_packet (self->trace, low)->time - time))
    low--;
  return low;
}

char *
qs_timeline_view_describe_selected (QsTimelineView *self)
{
  g_return_val_if_fail (QS_IS_TIMELINE_VIEW (self), NULL);

  gint64 time = selected_time (self);
  if (time == G_MININT64)
    return NULL;

  GString *lines = g_string_new (NULL);
  for (QsTimelinePanel panel = 0; panel < QS_N_TIMELINE_PANELS; panel++)
    {
      QsTimelineHit hit;

      qs_timeline_look_at (self->timeline, panel, time, &hit);
      g_autofree char *line = hit.has_value ? qs_timeline_describe (self->timeline, &hit) : NULL;
      if (line != NULL)
        g_string_append_printf (lines, "%s%s", lines->len > 0 ? "\n" : "", line);
    }
  return g_string_free (lines, FALSE);
}

/* Scrolled to, unless all is visible. */
static void
reveal_selected (QsTimelineView *self)
{
  gint64 time = selected_time (self);

  if (time == G_MININT64 || self->from < 0 || (time >= self->from && time <= self->to))
    return;
  double half = (self->to - self->from) / 2.0;
  change_range (self, (double) time - half, (double) time + half);
}

static void
select_packet (QsTimelineView *self, guint packet)
{
  if (packet == self->selected)
    return;
  self->selected = packet;
  reveal_selected (self);

  g_autofree char *description = qs_timeline_view_describe_selected (self);
  atk_object_set_description (gtk_widget_get_accessible (GTK_WIDGET (self)), description != NULL ? description : "");
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SELECTED]);
}

static void
step (QsTimelineView *self, int delta)
{
  guint n = self->trace != NULL ? qs_trace_get_n_packets (self->trace) : 0;

  if (n == 0)
    return;
  gint64 next = self->selected == G_MAXUINT ? 0 : (gint64) self->selected + delta;
  select_packet (self, (guint) CLAMP (next, 0, (gint64) n - 1));
}

/* --- Drawing ---------------------------------------------------------------------------------- */

static void
draw_picture (QsTimelineView *self, const QsTimelineLook *look)
{
  GtkWidget *widget = GTK_WIDGET (self);
  gint64 began = g_get_monotonic_time ();

  self->picture = gdk_window_create_similar_image_surface (
      gtk_widget_get_window (widget), CAIRO_FORMAT_RGB24,
      gtk_widget_get_allocated_width (widget) * gtk_widget_get_scale_factor (widget),
      gtk_widget_get_allocated_height (widget) * gtk_widget_get_scale_factor (widget),
      gtk_widget_get_scale_factor (widget));
  cairo_t *cr = cairo_create (self->picture);
  qs_timeline_draw (self->timeline, cr, look);
  cairo_destroy (cr);
  self->colours = look->colours;
  self->drawn_at = g_get_monotonic_time ();
  self->cost = self->drawn_at - began;
}

static void
draw_drag (QsTimelineView *self, cairo_t *cr, const QsChartColours *colours)
{
  QsColour colour = colours->packets[QS_PACKET_HANDSHAKE];

  if (self->drag_from < 0 || fabs (self->drag_to - self->drag_from) < DRAG_START)
    return;
  double x = MIN (self->drag_from, self->drag_to), width = fabs (self->drag_to - self->drag_from);
  double height = gtk_widget_get_allocated_height (GTK_WIDGET (self));
  colour.alpha = 0.2;
  qs_colour_set (&colour, cr);
  cairo_rectangle (cr, x, 0, width, height);
  cairo_fill (cr);
  colour.alpha = 1;
  qs_colour_set (&colour, cr);
  cairo_set_line_width (cr, 1);
  cairo_rectangle (cr, floor (x) + 0.5, 0.5, round (width), height - 1);
  cairo_stroke (cr);
}

/* --- Overrides -------------------------------------------------------------------------------- */

static gboolean
qs_timeline_view_draw (GtkWidget *widget, cairo_t *cr)
{
  QsTimelineView *self = QS_TIMELINE_VIEW (widget);
  QsTimelineLook look = { get_colours (self), G_MININT64 };

  qs_colour_set (&look.colours->background, cr);
  cairo_paint (cr);
  if (self->timeline == NULL)
    return GDK_EVENT_PROPAGATE;
  if (self->picture == NULL)
    draw_picture (self, &look);
  cairo_set_source_surface (cr, self->picture, 0, 0);
  cairo_paint (cr);

  look.cursor = selected_time (self);
  qs_timeline_draw_cursor (self->timeline, cr, &look);
  draw_drag (self, cr, look.colours);
  if (gtk_widget_has_visible_focus (widget))
    gtk_render_focus (gtk_widget_get_style_context (widget), cr, 1, 1, gtk_widget_get_allocated_width (widget) - 2,
                      gtk_widget_get_allocated_height (widget) - 2);
  return GDK_EVENT_PROPAGATE;
}

static void
qs_timeline_view_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (qs_timeline_view_parent_class)->map (widget);
  start_work (QS_TIMELINE_VIEW (widget));
}

static void
qs_timeline_view_unmap (GtkWidget *widget)
{
  stop_work (QS_TIMELINE_VIEW (widget));
  GTK_WIDGET_CLASS (qs_timeline_view_parent_class)->unmap (widget);
}

static void
qs_timeline_view_size_allocate (GtkWidget *widget, GtkAllocation *allocation)
{
  QsTimelineView *self = QS_TIMELINE_VIEW (widget);

  GTK_WIDGET_CLASS (qs_timeline_view_parent_class)->size_allocate (widget, allocation);
  if (self->timeline != NULL)
    qs_timeline_set_size (self->timeline, allocation->width, allocation->height);
  redraw (self);
}

static gboolean
qs_timeline_view_button_press_event (GtkWidget *widget, GdkEventButton *event)
{
  QsTimelineView *self = QS_TIMELINE_VIEW (widget);

  gtk_widget_grab_focus (widget);
  if (event->button != GDK_BUTTON_PRIMARY || self->timeline == NULL)
    return GDK_EVENT_PROPAGATE;
  self->drag_from = self->drag_to = event->x;
  return GDK_EVENT_STOP;
}

static gboolean
qs_timeline_view_motion_notify_event (GtkWidget *widget, GdkEventMotion *event)
{
  QsTimelineView *self = QS_TIMELINE_VIEW (widget);

  if (self->drag_from < 0)
    return GDK_EVENT_PROPAGATE;
  self->drag_to = CLAMP (event->x, 0, gtk_widget_get_allocated_width (widget));
  gtk_widget_queue_draw (widget);
  return GDK_EVENT_STOP;
}

/* A click selects the packet of that time, a drag makes a span of time all that is visible. */
static gboolean
qs_timeline_view_button_release_event (GtkWidget *widget, GdkEventButton *event)
{
  QsTimelineView *self = QS_TIMELINE_VIEW (widget);
  double x = self->drag_from;

  if (event->button != GDK_BUTTON_PRIMARY || x < 0 || self->timeline == NULL)
    return GDK_EVENT_PROPAGATE;
  gint64 began = qs_timeline_x_to_time (self->timeline, x), ended = qs_timeline_x_to_time (self->timeline, event->x);
  self->drag_from = -1;
  if (fabs (event->x - x) < DRAG_START)
    select_packet (self, packet_near (self, began));
  else
    change_range (self, (double) MIN (began, ended), (double) MAX (began, ended));
  gtk_widget_queue_draw (widget);
  return GDK_EVENT_STOP;
}

static gboolean
qs_timeline_view_scroll_event (GtkWidget *widget, GdkEventScroll *event)
{
  QsTimelineView *self = QS_TIMELINE_VIEW (widget);
  static const double deltas[] = {
    [GDK_SCROLL_UP] = -1, [GDK_SCROLL_DOWN] = 1, [GDK_SCROLL_LEFT] = -1, [GDK_SCROLL_RIGHT] = 1
  };
  double x = 0, y = 0;

  if (!gdk_event_get_scroll_deltas ((GdkEvent *) event, &x, &y) && event->direction < G_N_ELEMENTS (deltas))
    y = deltas[event->direction];
  if ((x == 0 && y == 0) || self->timeline == NULL)
    return GDK_EVENT_PROPAGATE;
  if ((event->state & GDK_CONTROL_MASK) != 0)
    zoom_about (self, qs_timeline_x_to_time (self->timeline, event->x), pow (ZOOM_STEP, -y));
  else
    pan (self, (x + y) * PAN_STEP * (gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL ? -1 : 1));
  return GDK_EVENT_STOP;
}

static gboolean
qs_timeline_view_key_press_event (GtkWidget *widget, GdkEventKey *event)
{
  QsTimelineView *self = QS_TIMELINE_VIEW (widget);
  /* What moves: the selection by packets, what is seen by parts of it, the zoom by steps. */
  static const struct {
    guint key;
    int packets;
    double part;
    double zoom;
    gboolean sideways; /* the other way round where time runs to the left */
  } keys[] = {
    { GDK_KEY_Right, 1, 0, 0, TRUE },
    { GDK_KEY_Left, -1, 0, 0, TRUE },
    { GDK_KEY_KP_Right, 1, 0, 0, TRUE },
    { GDK_KEY_KP_Left, -1, 0, 0, TRUE },
    { GDK_KEY_Home, -G_MAXINT },
    { GDK_KEY_End, G_MAXINT },
    { GDK_KEY_Page_Down, 0, 0.9 },
    { GDK_KEY_Page_Up, 0, -0.9 },
    { GDK_KEY_plus, 0, 0, ZOOM_STEP },
    { GDK_KEY_equal, 0, 0, ZOOM_STEP },
    { GDK_KEY_KP_Add, 0, 0, ZOOM_STEP },
    { GDK_KEY_minus, 0, 0, 1 / ZOOM_STEP },
    { GDK_KEY_KP_Subtract, 0, 0, 1 / ZOOM_STEP },
  };

  if (event->keyval == GDK_KEY_0 || event->keyval == GDK_KEY_KP_0)
    {
      change_range (self, -INFINITY, INFINITY);
      return GDK_EVENT_STOP;
    }
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i].key == event->keyval && (event->state & gtk_accelerator_get_default_mod_mask () & ~GDK_SHIFT_MASK) == 0)
      {
        gboolean mirrored = keys[i].sideways && gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;

        if (keys[i].packets != 0)
          step (self, mirrored ? -keys[i].packets : keys[i].packets);
        else if (keys[i].zoom != 0)
          qs_timeline_view_zoom (self, keys[i].zoom);
        else
          pan (self, keys[i].part);
        return GDK_EVENT_STOP;
      }
  return GTK_WIDGET_CLASS (qs_timeline_view_parent_class)->key_press_event (widget, event);
}

static gboolean
qs_timeline_view_query_tooltip (GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  QsTimelineView *self = QS_TIMELINE_VIEW (widget);
  QsTimelineHit hit;

  if (keyboard || self->timeline == NULL || self->drag_from >= 0 || !qs_timeline_lookup (self->timeline, x, y, &hit))
    return FALSE;
  g_autofree char *text = qs_timeline_describe (self->timeline, &hit);
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

static void
qs_timeline_view_direction_changed (GtkWidget *widget, GtkTextDirection previous)
{
  begin_anew (QS_TIMELINE_VIEW (widget));
}

/* Dark or light, larger text. */
static void
qs_timeline_view_style_updated (GtkWidget *widget)
{
  QsTimelineView *self = QS_TIMELINE_VIEW (widget);

  GTK_WIDGET_CLASS (qs_timeline_view_parent_class)->style_updated (widget);
  if (self->timeline != NULL && self->text_scale != get_text_scale (self))
    begin_anew (self);
  else if (self->colours != get_colours (self))
    redraw (self);
}

static void
qs_timeline_view_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_assert (id == PROP_SELECTED);
  g_value_set_int64 (value, qs_timeline_view_get_selected (QS_TIMELINE_VIEW (object)));
}

static void
qs_timeline_view_dispose (GObject *object)
{
  QsTimelineView *self = QS_TIMELINE_VIEW (object);

  if (self->trace != NULL)
    g_signal_handlers_disconnect_by_data (self->trace, self);
  stop_work (self);
  g_clear_handle_id (&self->news_id, g_source_remove);
  g_clear_pointer (&self->timeline, qs_timeline_free);
  g_clear_pointer (&self->picture, cairo_surface_destroy);
  g_clear_object (&self->trace);
  if (self->adjustment != NULL)
    g_signal_handler_disconnect (self->adjustment, self->adjustment_handler);
  g_clear_object (&self->adjustment);
  G_OBJECT_CLASS (qs_timeline_view_parent_class)->dispose (object);
}

static void
qs_timeline_view_class_init (QsTimelineViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = qs_timeline_view_dispose;
  object_class->get_property = qs_timeline_view_get_property;
  widget_class->draw = qs_timeline_view_draw;
  widget_class->map = qs_timeline_view_map;
  widget_class->unmap = qs_timeline_view_unmap;
  widget_class->size_allocate = qs_timeline_view_size_allocate;
  widget_class->button_press_event = qs_timeline_view_button_press_event;
  widget_class->button_release_event = qs_timeline_view_button_release_event;
  widget_class->motion_notify_event = qs_timeline_view_motion_notify_event;
  widget_class->scroll_event = qs_timeline_view_scroll_event;
  widget_class->key_press_event = qs_timeline_view_key_press_event;
  widget_class->query_tooltip = qs_timeline_view_query_tooltip;
  widget_class->direction_changed = qs_timeline_view_direction_changed;
  widget_class->style_updated = qs_timeline_view_style_updated;

  props[PROP_SELECTED] = g_param_spec_int64 ("selected", NULL, NULL, -1, G_MAXUINT32, -1,
                                             G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[RANGE_CHANGED] =
      g_signal_new ("range-changed", QS_TYPE_TIMELINE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_timeline_view_init (QsTimelineView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);

  self->selected = G_MAXUINT;
  self->from = self->to = -1;
  self->drag_from = -1;
  self->adjustment = g_object_ref_sink (gtk_adjustment_new (0, 0, 1, 1, 1, 1));
  self->adjustment_handler =
      g_signal_connect_swapped (self->adjustment, "value-changed", G_CALLBACK (scrolled_cb), self);
  gtk_widget_set_can_focus (widget, TRUE);
  gtk_widget_set_has_tooltip (widget, TRUE);
  gtk_widget_set_size_request (widget, 320, 300);
  gtk_widget_add_events (widget, GDK_BUTTON_PRESS_MASK | GDK_BUTTON_RELEASE_MASK | GDK_BUTTON1_MOTION_MASK |
                                     GDK_SCROLL_MASK | GDK_SMOOTH_SCROLL_MASK | GDK_KEY_PRESS_MASK);
  atk_object_set_name (gtk_widget_get_accessible (widget), _ ("Timeline"));
}

/* --- Public functions ------------------------------------------------------------------------- */

void
qs_timeline_view_set_trace (QsTimelineView *self, QsTrace *trace)
{
  g_return_if_fail (QS_IS_TIMELINE_VIEW (self));

  if (trace == self->trace)
    return;
  if (self->trace != NULL)
    g_signal_handlers_disconnect_by_data (self->trace, self);
  g_set_object (&self->trace, trace);
  if (trace != NULL)
    g_signal_connect_swapped (trace, "derived", G_CALLBACK (start_work), self);
  self->selected = G_MAXUINT;
  self->from = self->to = -1;
  begin_anew (self);
}

void
qs_timeline_view_refresh (QsTimelineView *self)
{
  g_return_if_fail (QS_IS_TIMELINE_VIEW (self));

  if (self->timeline == NULL || !qs_timeline_advance (self->timeline, g_get_monotonic_time () + QS_SLICE_BUDGET_US / 2))
    return;
  sync_adjustment (self);
  redraw (self);
}

GtkAdjustment *
qs_timeline_view_get_adjustment (QsTimelineView *self)
{
  g_return_val_if_fail (QS_IS_TIMELINE_VIEW (self), NULL);
  return self->adjustment;
}

gint64
qs_timeline_view_get_selected (QsTimelineView *self)
{
  g_return_val_if_fail (QS_IS_TIMELINE_VIEW (self), -1);
  return self->selected == G_MAXUINT ? -1 : (gint64) self->selected;
}

void
qs_timeline_view_set_selected (QsTimelineView *self, gint64 packet)
{
  g_return_if_fail (QS_IS_TIMELINE_VIEW (self));
  select_packet (self, packet < 0 ? G_MAXUINT : (guint) packet);
}

void
qs_timeline_view_set_range (QsTimelineView *self, gint64 from, gint64 to)
{
  g_return_if_fail (QS_IS_TIMELINE_VIEW (self));
  g_return_if_fail ((from == -1 && to == -1) || (from >= 0 && to >= from));

  if (self->from == from && self->to == to)
    return;
  self->from = from;
  self->to = to;
  apply_range (self);
}

void
qs_timeline_view_get_range (QsTimelineView *self, gint64 *from, gint64 *to)
{
  g_return_if_fail (QS_IS_TIMELINE_VIEW (self) && from != NULL && to != NULL);

  *from = self->from;
  *to = self->to;
}

void
qs_timeline_view_zoom (QsTimelineView *self, double factor)
{
  gint64 from, to, time = selected_time (self);

  g_return_if_fail (QS_IS_TIMELINE_VIEW (self) && factor > 0);

  if (self->timeline == NULL)
    return;
  qs_timeline_get_range (self->timeline, &from, &to);
  zoom_about (self, time >= from && time <= to ? time : from + (to - from) / 2, factor);
}

void
qs_timeline_view_get_look (QsTimelineView *self, QsTimelineOptions *options, const QsChartColours **colours)
{
  g_return_if_fail (QS_IS_TIMELINE_VIEW (self) && options != NULL && colours != NULL);

  *options = (QsTimelineOptions){
    .width = gtk_widget_get_allocated_width (GTK_WIDGET (self)),
    .height = gtk_widget_get_allocated_height (GTK_WIDGET (self)),
    .text_scale = get_text_scale (self),
    .mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL,
    .title = TRUE,
    .from = MAX (self->from, 0),
    .to = self->from < 0 ? 0 : self->to,
  };
  *colours = get_colours (self);
}

gint64
qs_timeline_view_get_cost (QsTimelineView *self)
{
  g_return_val_if_fail (QS_IS_TIMELINE_VIEW (self), 0);
  return self->cost;
}
