/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-sequence-view.h"

#include "base/qs-i18n.h"
#include "base/qs-slice.h"

#define SCROLL_STEP 48 /* pixels, a notch of the wheel */
#define ZOOM_STEP 1.25
#define MARGIN 24 /* between a packet that is scrolled to and the edge */

struct _QsSequenceView {
  GtkDrawingArea parent;
  QsTrace *trace;
  QsSequenceLayout *layout;
  QsSequenceOptions options;
  GtkAdjustment *adjustment;
  GSource *work; /* lays out what is not yet */
  guint selected, hovered;
  double text_scale; /* unzoomed */
  gint64 until;      /* of a replay; G_MAXINT64: all */
  gboolean settled;
  gboolean reveal; /* the selection is to be scrolled to once it is laid out */
};

enum { PROP_SELECTED = 1, N_PROPS };
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (QsSequenceView, qs_sequence_view, GTK_TYPE_DRAWING_AREA)

static gboolean
is_dark (QsSequenceView *self)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self));
  GdkRGBA text;

  gtk_style_context_get_color (style, gtk_style_context_get_state (style), &text);
  return text.red + text.green + text.blue > 1.5;
}

static const QsChartColours *
get_colours (QsSequenceView *self)
{
  return is_dark (self) ? qs_chart_colours_dark () : qs_chart_colours_light ();
}

/* --- Scrolling ---------------------------------------------------------------------------- */

static void
sync_adjustment (QsSequenceView *self)
{
  double height = 0;
  double page = gtk_widget_get_allocated_height (GTK_WIDGET (self));
  double value = gtk_adjustment_get_value (self->adjustment);
  gboolean at_end = value > 0 && value + page >= gtk_adjustment_get_upper (self->adjustment) - 1;

  if (self->layout != NULL)
    qs_sequence_layout_get_extents (self->layout, NULL, &height);
  height = MAX (height, page);
  if (at_end || value > height - page)
    value = height - page;
  gtk_adjustment_configure (self->adjustment, value, 0, height, SCROLL_STEP, page * 0.9, page);
}

static void
reveal_selected (QsSequenceView *self)
{
  QsSequenceHit hit;

  if (!self->reveal || self->layout == NULL || self->selected == G_MAXUINT ||
      !qs_sequence_layout_find_packet (self->layout, self->selected, &hit))
    return;
  double header = qs_sequence_layout_get_header_height (self->layout);
  gtk_adjustment_clamp_page (self->adjustment, MAX (hit.bounds.y - header - MARGIN, 0),
                             hit.bounds.y + hit.bounds.height + MARGIN);
  self->reveal = FALSE;
}

static void
scrolled_cb (QsSequenceView *self)
{
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* --- Laying out ----------------------------------------------------------------------------- */

static void
stop_work (QsSequenceView *self)
{
  if (self->work == NULL)
    return;
  g_source_destroy (self->work);
  g_clear_pointer (&self->work, g_source_unref);
}

static gboolean
work_cb (gint64 deadline, gpointer data)
{
  QsSequenceView *self = data;
  gboolean done = (self->options.join == NULL || qs_trace_join_advance (self->options.join, deadline)) &&
                  qs_sequence_layout_advance (self->layout, deadline);

  sync_adjustment (self);
  reveal_selected (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  if (!done)
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->work, g_source_unref);
  return G_SOURCE_REMOVE;
}

static void
start_work (QsSequenceView *self)
{
  if (self->layout != NULL && self->work == NULL)
    self->work = qs_slice_add (NULL, "[qs] sequence layout", work_cb, self, NULL);
}

static void
drop_join (QsSequenceView *self)
{
  if (self->options.join == NULL)
    return;
  g_signal_handlers_disconnect_by_data (qs_trace_join_get_other (self->options.join), self);
  g_clear_pointer (&self->options.join, qs_trace_join_unref);
}

static void
lay_out_anew (QsSequenceView *self)
{
  stop_work (self);
  g_clear_pointer (&self->layout, qs_sequence_layout_unref);
  self->hovered = G_MAXUINT;
  if (self->trace != NULL)
    {
      self->options.width = MAX (gtk_widget_get_allocated_width (GTK_WIDGET (self)), 480);
      self->options.mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
      self->layout = qs_sequence_layout_new (self->trace, &self->options);
      self->reveal = self->selected != G_MAXUINT;
      start_work (self);
    }
  sync_adjustment (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static gboolean
is_other (QsSequenceView *self)
{
  return self->selected != G_MAXUINT && self->options.join != NULL && (self->selected & QS_SEQUENCE_OTHER) != 0;
}

/* --- Selection -------------------------------------------------------------------------------- */

char *
qs_sequence_view_describe_selected (QsSequenceView *self)
{
  QsSequenceHit hit;

  g_return_val_if_fail (QS_IS_SEQUENCE_VIEW (self), NULL);

  if (self->layout == NULL || self->selected == G_MAXUINT ||
      !qs_sequence_layout_find_packet (self->layout, self->selected, &hit))
    return NULL;
  return qs_sequence_layout_describe (self->layout, &hit);
}

static void
select_packet (QsSequenceView *self, guint packet)
{
  if (packet == self->selected)
    return;
  self->selected = packet;
  self->reveal = packet != G_MAXUINT;
  reveal_selected (self);

  g_autofree char *description = qs_sequence_view_describe_selected (self);
  atk_object_set_description (gtk_widget_get_accessible (GTK_WIDGET (self)), description != NULL ? description : "");
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SELECTED]);
}

static gboolean
look_up (QsSequenceView *self, double x, double y, QsSequenceHit *hit)
{
  return self->layout != NULL &&
         qs_sequence_layout_lookup (self->layout, x, y + gtk_adjustment_get_value (self->adjustment), hit);
}

static void
step (QsSequenceView *self, int delta)
{
  if (self->layout == NULL)
    return;
  guint packet = qs_sequence_layout_step (self->layout, self->selected, delta);
  if (packet != G_MAXUINT)
    select_packet (self, packet);
}

/* --- Overrides ---------------------------------------------------------------------------- */

static gboolean
qs_sequence_view_draw (GtkWidget *widget, cairo_t *cr)
{
  QsSequenceView *self = QS_SEQUENCE_VIEW (widget);
  const QsSequenceLook look = { get_colours (self), self->selected, self->hovered, self->until, self->settled };
  double top = gtk_adjustment_get_value (self->adjustment);
  GdkRectangle area;

  qs_colour_set (&look.colours->background, cr);
  cairo_paint (cr);
  if (self->layout == NULL || !gdk_cairo_get_clip_rectangle (cr, &area))
    return GDK_EVENT_PROPAGATE;

  const QsRectangle clip = { area.x, area.y + top, area.width, area.height };
  cairo_save (cr);
  cairo_translate (cr, 0, -top);
  qs_sequence_layout_draw (self->layout, cr, &clip, &look);
  cairo_restore (cr);
  if (top > 0)
    qs_sequence_layout_draw_header (self->layout, cr, 0, &look);
  if (gtk_widget_has_visible_focus (widget))
    gtk_render_focus (gtk_widget_get_style_context (widget), cr, 1, 1, gtk_widget_get_allocated_width (widget) - 2,
                      gtk_widget_get_allocated_height (widget) - 2);
  return GDK_EVENT_PROPAGATE;
}

static void
qs_sequence_view_size_allocate (GtkWidget *widget, GtkAllocation *allocation)
{
  QsSequenceView *self = QS_SEQUENCE_VIEW (widget);

  GTK_WIDGET_CLASS (qs_sequence_view_parent_class)->size_allocate (widget, allocation);
  self->options.width = MAX (allocation->width, 480);
  if (self->layout != NULL)
    qs_sequence_layout_set_width (self->layout, self->options.width);
  sync_adjustment (self);
  reveal_selected (self);
}

static gboolean
qs_sequence_view_button_press_event (GtkWidget *widget, GdkEventButton *event)
{
  QsSequenceView *self = QS_SEQUENCE_VIEW (widget);
  QsSequenceHit hit;

  gtk_widget_grab_focus (widget);
  if (event->button != GDK_BUTTON_PRIMARY)
    return GDK_EVENT_PROPAGATE;
  gboolean found = look_up (self, event->x, event->y, &hit) && hit.first_packet != G_MAXUINT;
  select_packet (self, found ? hit.first_packet : G_MAXUINT);
  return GDK_EVENT_STOP;
}

static void
set_hovered (QsSequenceView *self, guint packet)
{
  if (packet == self->hovered)
    return;
  self->hovered = packet;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static gboolean
qs_sequence_view_motion_notify_event (GtkWidget *widget, GdkEventMotion *event)
{
  QsSequenceView *self = QS_SEQUENCE_VIEW (widget);
  QsSequenceHit hit;

  set_hovered (self, look_up (self, event->x, event->y, &hit) ? hit.first_packet : G_MAXUINT);
  return GDK_EVENT_PROPAGATE;
}

static gboolean
qs_sequence_view_leave_notify_event (GtkWidget *widget, GdkEventCrossing *event)
{
  set_hovered (QS_SEQUENCE_VIEW (widget), G_MAXUINT);
  return GDK_EVENT_PROPAGATE;
}

static gboolean
qs_sequence_view_scroll_event (GtkWidget *widget, GdkEventScroll *event)
{
  QsSequenceView *self = QS_SEQUENCE_VIEW (widget);
  double x = 0, y = 0;

  if (!gdk_event_get_scroll_deltas ((GdkEvent *) event, &x, &y))
    y = event->direction == GDK_SCROLL_UP ? -1 : event->direction == GDK_SCROLL_DOWN ? 1 : 0;
  if (y == 0)
    return GDK_EVENT_PROPAGATE;
  if ((event->state & GDK_CONTROL_MASK) != 0)
    qs_sequence_view_zoom (self, y < 0 ? ZOOM_STEP : 1 / ZOOM_STEP);
  else
    gtk_adjustment_set_value (self->adjustment, gtk_adjustment_get_value (self->adjustment) + y * SCROLL_STEP);
  return GDK_EVENT_STOP;
}

static void
scroll_pages (QsSequenceView *self, double pages)
{
  gtk_adjustment_set_value (self->adjustment, gtk_adjustment_get_value (self->adjustment) +
                                                  pages * gtk_adjustment_get_page_increment (self->adjustment));
}

static gboolean
qs_sequence_view_key_press_event (GtkWidget *widget, GdkEventKey *event)
{
  QsSequenceView *self = QS_SEQUENCE_VIEW (widget);
  /* What moves: the selection by packets, what is seen by pages, the zoom by steps. */
  static const struct {
    guint key;
    int packets;
    double pages;
    int zoom;
  } keys[] = {
    { GDK_KEY_Down, 1 },
    { GDK_KEY_Up, -1 },
    { GDK_KEY_KP_Down, 1 },
    { GDK_KEY_KP_Up, -1 },
    { GDK_KEY_Page_Down, 0, 1 },
    { GDK_KEY_Page_Up, 0, -1 },
    { GDK_KEY_Home, 0, -1e9 },
    { GDK_KEY_End, 0, 1e9 },
    { GDK_KEY_plus, 0, 0, 1 },
    { GDK_KEY_KP_Add, 0, 0, 1 },
    { GDK_KEY_equal, 0, 0, 1 },
    { GDK_KEY_minus, 0, 0, -1 },
    { GDK_KEY_KP_Subtract, 0, 0, -1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i].key == event->keyval)
      {
        if (keys[i].packets != 0)
          step (self, keys[i].packets);
        else if (keys[i].zoom != 0)
          qs_sequence_view_zoom (self, keys[i].zoom > 0 ? ZOOM_STEP : 1 / ZOOM_STEP);
        else
          scroll_pages (self, keys[i].pages);
        return GDK_EVENT_STOP;
      }
  return GTK_WIDGET_CLASS (qs_sequence_view_parent_class)->key_press_event (widget, event);
}

static gboolean
qs_sequence_view_query_tooltip (GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  QsSequenceView *self = QS_SEQUENCE_VIEW (widget);
  QsSequenceHit hit;

  if (keyboard || !look_up (self, x, y, &hit))
    return FALSE;
  g_autofree char *text = qs_sequence_layout_describe (self->layout, &hit);
  gtk_tooltip_set_text (tooltip, text);
  return text != NULL;
}

static void
qs_sequence_view_direction_changed (GtkWidget *widget, GtkTextDirection previous)
{
  lay_out_anew (QS_SEQUENCE_VIEW (widget));
}

static void
qs_sequence_view_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_assert (id == PROP_SELECTED);
  g_value_set_int64 (value, qs_sequence_view_get_selected (QS_SEQUENCE_VIEW (object)));
}

static void
qs_sequence_view_dispose (GObject *object)
{
  QsSequenceView *self = QS_SEQUENCE_VIEW (object);

  if (self->trace != NULL)
    g_signal_handlers_disconnect_by_data (self->trace, self);
  stop_work (self);
  drop_join (self);
  g_clear_object (&self->trace);
  g_clear_pointer (&self->layout, qs_sequence_layout_unref);
  g_clear_object (&self->adjustment);
  G_OBJECT_CLASS (qs_sequence_view_parent_class)->dispose (object);
}

static void
qs_sequence_view_class_init (QsSequenceViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = qs_sequence_view_dispose;
  object_class->get_property = qs_sequence_view_get_property;
  widget_class->draw = qs_sequence_view_draw;
  widget_class->size_allocate = qs_sequence_view_size_allocate;
  widget_class->button_press_event = qs_sequence_view_button_press_event;
  widget_class->motion_notify_event = qs_sequence_view_motion_notify_event;
  widget_class->leave_notify_event = qs_sequence_view_leave_notify_event;
  widget_class->scroll_event = qs_sequence_view_scroll_event;
  widget_class->key_press_event = qs_sequence_view_key_press_event;
  widget_class->query_tooltip = qs_sequence_view_query_tooltip;
  widget_class->direction_changed = qs_sequence_view_direction_changed;

  props[PROP_SELECTED] =
      g_param_spec_int64 ("selected", NULL, NULL, -1, G_MAXUINT32, -1, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
qs_sequence_view_init (QsSequenceView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);

  self->selected = self->hovered = G_MAXUINT;
  self->until = G_MAXINT64;
  self->text_scale = 1;
  self->options = (QsSequenceOptions) QS_SEQUENCE_OPTIONS_DEFAULT;
  self->adjustment = g_object_ref_sink (gtk_adjustment_new (0, 0, 1, SCROLL_STEP, 1, 1));
  g_signal_connect_object (self->adjustment, "value-changed", G_CALLBACK (scrolled_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_set_can_focus (widget, TRUE);
  gtk_widget_set_has_tooltip (widget, TRUE);
  gtk_widget_set_size_request (widget, 480, 200);
  gtk_widget_add_events (widget, GDK_BUTTON_PRESS_MASK | GDK_POINTER_MOTION_MASK | GDK_LEAVE_NOTIFY_MASK |
                                     GDK_SCROLL_MASK | GDK_SMOOTH_SCROLL_MASK | GDK_KEY_PRESS_MASK);
  atk_object_set_name (gtk_widget_get_accessible (widget), _ ("Sequence diagram"));
}

/* --- Public functions ------------------------------------------------------------------------ */

void
qs_sequence_view_set_trace (QsSequenceView *self, QsTrace *trace)
{
  g_return_if_fail (QS_IS_SEQUENCE_VIEW (self));

  if (trace == self->trace)
    return;
  if (self->trace != NULL)
    g_signal_handlers_disconnect_by_data (self->trace, self);
  drop_join (self);
  g_set_object (&self->trace, trace);
  if (trace != NULL)
    {
      /* Marks come with "grown", packets with "derived". */
      g_signal_connect_swapped (trace, "grown", G_CALLBACK (start_work), self);
      g_signal_connect_swapped (trace, "derived", G_CALLBACK (start_work), self);
    }
  self->selected = G_MAXUINT;
  gtk_adjustment_set_value (self->adjustment, 0);
  lay_out_anew (self);
}

void
qs_sequence_view_set_join (QsSequenceView *self, QsTraceJoin *join)
{
  g_return_if_fail (QS_IS_SEQUENCE_VIEW (self));
  g_return_if_fail (join == NULL || qs_trace_join_get_own (join) == self->trace);

  if (join == self->options.join)
    return;
  drop_join (self);
  if (self->selected != G_MAXUINT && (self->selected & QS_SEQUENCE_OTHER) != 0)
    self->selected = G_MAXUINT;
  if (join != NULL)
    {
      QsTrace *other = qs_trace_join_get_other (join);

      self->options.join = qs_trace_join_ref (join);
      g_signal_connect_swapped (other, "grown", G_CALLBACK (start_work), self);
      g_signal_connect_swapped (other, "derived", G_CALLBACK (start_work), self);
    }
  lay_out_anew (self);
}

GtkAdjustment *
qs_sequence_view_get_adjustment (QsSequenceView *self)
{
  g_return_val_if_fail (QS_IS_SEQUENCE_VIEW (self), NULL);
  return self->adjustment;
}

gint64
qs_sequence_view_get_selected (QsSequenceView *self)
{
  g_return_val_if_fail (QS_IS_SEQUENCE_VIEW (self), -1);
  return is_other (self) || self->selected == G_MAXUINT ? -1 : (gint64) self->selected;
}

void
qs_sequence_view_set_selected (QsSequenceView *self, gint64 packet)
{
  g_return_if_fail (QS_IS_SEQUENCE_VIEW (self));
  /* Who shares the selection knows nothing of the other end's packets, and has none for them. */
  if (packet >= 0 || !is_other (self))
    select_packet (self, packet < 0 ? G_MAXUINT : (guint) packet);
}

void
qs_sequence_view_set_until (QsSequenceView *self, gint64 until, gboolean settled)
{
  g_return_if_fail (QS_IS_SEQUENCE_VIEW (self));

  if (self->until == until && self->settled == settled)
    return;
  self->until = until;
  self->settled = settled;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
qs_sequence_view_set_text_scale (QsSequenceView *self, double scale)
{
  g_return_if_fail (QS_IS_SEQUENCE_VIEW (self) && scale > 0);

  if (self->text_scale == scale)
    return;
  self->text_scale = scale;
  qs_sequence_view_reset_zoom (self);
}

void
qs_sequence_view_set_to_scale (QsSequenceView *self, gboolean to_scale)
{
  g_return_if_fail (QS_IS_SEQUENCE_VIEW (self));

  QsSequenceTime time = to_scale ? QS_SEQUENCE_TO_SCALE : QS_SEQUENCE_EVEN;
  if (self->options.time == time)
    return;
  self->options.time = time;
  lay_out_anew (self);
}

gboolean
qs_sequence_view_get_to_scale (QsSequenceView *self)
{
  g_return_val_if_fail (QS_IS_SEQUENCE_VIEW (self), FALSE);
  return self->options.time == QS_SEQUENCE_TO_SCALE;
}

void
qs_sequence_view_set_collapse (QsSequenceView *self, gboolean collapse)
{
  g_return_if_fail (QS_IS_SEQUENCE_VIEW (self));

  if (self->options.collapse == collapse)
    return;
  self->options.collapse = collapse;
  lay_out_anew (self);
}

void
qs_sequence_view_zoom (QsSequenceView *self, double factor)
{
  g_return_if_fail (QS_IS_SEQUENCE_VIEW (self) && factor > 0);

  double upper = gtk_adjustment_get_upper (self->adjustment);
  double page = gtk_adjustment_get_page_size (self->adjustment);
  double middle = (gtk_adjustment_get_value (self->adjustment) + page / 2) / MAX (upper, 1);

  if (self->options.time == QS_SEQUENCE_TO_SCALE)
    self->options.zoom = CLAMP (self->options.zoom * factor, 0.001, 1000);
  else
    self->options.text_scale = CLAMP (self->options.text_scale * factor, 0.5, 4);
  lay_out_anew (self);
  /* What fits into one slice is there at once, and the middle stays where it was. */
  if (self->layout != NULL)
    {
      qs_sequence_layout_advance (self->layout, g_get_monotonic_time () + QS_SLICE_BUDGET_US / 2);
      sync_adjustment (self);
    }
  gtk_adjustment_set_value (self->adjustment, middle * gtk_adjustment_get_upper (self->adjustment) - page / 2);
}

void
qs_sequence_view_reset_zoom (QsSequenceView *self)
{
  g_return_if_fail (QS_IS_SEQUENCE_VIEW (self));

  self->options.zoom = 1;
  self->options.text_scale = self->text_scale;
  lay_out_anew (self);
}

void
qs_sequence_view_get_look (QsSequenceView *self, QsSequenceOptions *options, const QsChartColours **colours)
{
  g_return_if_fail (QS_IS_SEQUENCE_VIEW (self) && options != NULL && colours != NULL);

  *options = self->options;
  options->title = TRUE;
  *colours = get_colours (self);
}
