/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-sequence-view.h"

#include <math.h>

#include "base/qs-i18n.h"
#include "base/qs-slice.h"

#define SCROLL_STEP 48 /* pixels, a notch of the wheel */
#define ZOOM_STEP 1.25
#define MARGIN 24 /* between a packet that is scrolled to and the edge */
/* News are drawn so often, and in at most this part of the main loop's time. */
#define NEWS_US 50000
#define COST_SHARE 10
#define NEWS_MAX_US 500000

/* What is in sight: rows, and what is around them. */
typedef struct {
  double top, height;
  guint64 header, end;
  guint first;
  GArray *digests; /* guint64, a row each from first on */
} Seen;

struct _QsSequenceView {
  GtkDrawingArea parent;
  QsTrace *trace;
  QsSequenceLayout *layout;
  QsSequenceLayout *coming; /* of another zoom: takes the other's place once it has got as far as what is in sight */
  gint64 anchor;            /* the time that stays in the middle then */
  QsSequenceOptions options;
  GtkAdjustment *adjustment;
  GSource *work; /* lays out what is not yet */
  guint selected, hovered;
  double text_scale; /* unzoomed */
  gint64 until;      /* of a replay; G_MAXINT64: all */
  gboolean settled;
  gboolean reveal;    /* the selection is to be scrolled to once it is laid out */
  gboolean described; /* it was, in words */

  Seen seen;             /* as it is drawn, or will be at the next frame */
  gint64 drawn_at, cost; /* microseconds */
  guint news_id;
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

/* --- Drawing again ------------------------------------------------------------------------- */

static void
look_at_seen (QsSequenceView *self, Seen *seen)
{
  guint behind = 0;

  seen->top = gtk_adjustment_get_value (self->adjustment);
  seen->height = gtk_widget_get_allocated_height (GTK_WIDGET (self));
  seen->header = seen->end = 0;
  seen->first = 0;
  if (self->layout != NULL)
    {
      double bottom = seen->top + seen->height;

      seen->header = qs_sequence_layout_digest_header (self->layout);
      seen->end = qs_sequence_layout_digest_end (self->layout, bottom);
      qs_sequence_layout_get_items (self->layout, seen->top, bottom, &seen->first, &behind);
    }
  g_array_set_size (seen->digests, 0);
  for (guint i = seen->first; i < behind; i++)
    {
      guint64 digest = qs_sequence_layout_digest_item (self->layout, i);
      g_array_append_val (seen->digests, digest);
    }
}

/* Something else than the trace changed, or the picture moved. */
static void
draw_all (QsSequenceView *self)
{
  look_at_seen (self, &self->seen);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* The first row that does not look as it did; -1 when all do. */
static gint64
find_change (const Seen *before, const Seen *now)
{
  guint n = MIN (before->digests->len, now->digests->len);

  for (guint i = 0; i < n; i++)
    {
      if (g_array_index (before->digests, guint64, i) != g_array_index (now->digests, guint64, i))
        return now->first + i;
    }
  if (before->digests->len == now->digests->len && before->end == now->end)
    return -1;
  return now->first + n;
}

/* Rows that stand apart are drawn by themselves, from the first one that changed on; arrows that cross others are not. */
static void
draw_from (QsSequenceView *self, guint item)
{
  QsSequenceHit hit;
  gboolean apart = self->options.join == NULL && self->options.time == QS_SEQUENCE_EVEN && self->until == G_MAXINT64;
  double header = qs_sequence_layout_get_header_height (self->layout);

  if (!apart || item == 0 || !qs_sequence_layout_get_item (self->layout, item - 1, &hit))
    {
      gtk_widget_queue_draw (GTK_WIDGET (self));
      return;
    }
  /* From the row before on: a bracket may join both. */
  double y = MAX (hit.bounds.y, header) - self->seen.top;
  if (y < self->seen.height)
    gtk_widget_queue_draw_area (GTK_WIDGET (self), 0, (int) MAX (floor (y), 0),
                                gtk_widget_get_allocated_width (GTK_WIDGET (self)), (int) self->seen.height);
}

static void
draw_changes (QsSequenceView *self)
{
  Seen before = self->seen;

  self->seen.digests = g_array_sized_new (FALSE, FALSE, sizeof (guint64), before.digests->len);
  look_at_seen (self, &self->seen);
  gint64 change = find_change (&before, &self->seen);
  if (before.top != self->seen.top || before.height != self->seen.height || before.header != self->seen.header ||
      before.first != self->seen.first)
    gtk_widget_queue_draw (GTK_WIDGET (self));
  else if (change >= 0)
    draw_from (self, (guint) change);
  g_array_unref (before.digests);
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
  double bottom = hit.bounds.y + hit.bounds.height + MARGIN;
  gtk_adjustment_clamp_page (self->adjustment, MAX (hit.bounds.y - header - MARGIN, 0), bottom);
  /* While it is laid out, what is below the packet may be lacking yet, and the margin with it. */
  self->reveal = self->work != NULL && gtk_adjustment_get_upper (self->adjustment) < bottom;
}

static void
scrolled_cb (QsSequenceView *self)
{
  draw_all (self);
}

/* --- Words -------------------------------------------------------------------------------- */

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

/* For assistive technology; what is not laid out yet has no words. */
static void
describe (QsSequenceView *self)
{
  g_autofree char *words = qs_sequence_view_describe_selected (self);

  self->described = words != NULL;
  atk_object_set_description (gtk_widget_get_accessible (GTK_WIDGET (self)), words != NULL ? words : "");
}

/* --- Laying out ----------------------------------------------------------------------------- */

static void
stop_work (QsSequenceView *self)
{
  g_clear_handle_id (&self->news_id, g_source_remove);
  g_clear_pointer (&self->coming, qs_sequence_layout_unref);
  if (self->work == NULL)
    return;
  g_source_destroy (self->work);
  g_clear_pointer (&self->work, g_source_unref);
}

static gboolean
news_cb (gpointer data)
{
  QsSequenceView *self = data;

  self->news_id = 0;
  sync_adjustment (self);
  reveal_selected (self);
  if (!self->described && self->selected != G_MAXUINT)
    {
      describe (self);
      if (self->described)
        g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SELECTED]);
    }
  draw_changes (self);
  return G_SOURCE_REMOVE;
}

static void
schedule_news (QsSequenceView *self)
{
  if (self->news_id != 0)
    return;
  gint64 due = self->drawn_at + CLAMP (self->cost * COST_SHARE, NEWS_US, NEWS_MAX_US);
  gint64 wait = MAX (due - g_get_monotonic_time (), 0) / 1000;
  self->news_id = g_timeout_add_full (G_PRIORITY_HIGH_IDLE, (guint) wait, news_cb, self, NULL);
  g_source_set_name_by_id (self->news_id, "[quicscope] draw sequence");
}

/* Whether all that will be in sight is laid out. */
static gboolean
is_far_enough (QsSequenceView *self)
{
  double page = gtk_adjustment_get_page_size (self->adjustment), height;

  qs_sequence_layout_get_extents (self->coming, NULL, &height);
  return qs_sequence_layout_time_to_y (self->coming, self->anchor) + 2 * page < height;
}

static void
show_coming (QsSequenceView *self)
{
  double page = gtk_adjustment_get_page_size (self->adjustment);

  qs_sequence_layout_unref (self->layout);
  self->layout = g_steal_pointer (&self->coming);
  qs_sequence_layout_set_width (self->layout, self->options.width);
  self->hovered = G_MAXUINT;
  sync_adjustment (self);
  gtk_adjustment_set_value (self->adjustment, qs_sequence_layout_time_to_y (self->layout, self->anchor) - page / 2);
  draw_all (self);
}

/* TRUE: all is laid out. */
static gboolean
advance (QsSequenceView *self, gint64 deadline)
{
  QsSequenceLayout *layout = self->coming != NULL ? self->coming : self->layout;
  gboolean done = (self->options.join == NULL || qs_trace_join_advance (self->options.join, deadline)) &&
                  qs_sequence_layout_advance (layout, deadline);

  if (self->coming != NULL && (done || is_far_enough (self)))
    show_coming (self);
  return done;
}

static gboolean
work_cb (gint64 deadline, gpointer data)
{
  QsSequenceView *self = data;
  gboolean done = advance (self, deadline);

  schedule_news (self);
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
  self->described = FALSE;
  if (self->trace != NULL)
    {
      self->options.width = MAX (gtk_widget_get_allocated_width (GTK_WIDGET (self)), 480);
      self->options.mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
      self->layout = qs_sequence_layout_new (self->trace, &self->options);
      self->reveal = self->selected != G_MAXUINT;
      start_work (self);
    }
  sync_adjustment (self);
  draw_all (self);
}

static gboolean
is_other (QsSequenceView *self)
{
  return self->selected != G_MAXUINT && self->options.join != NULL && (self->selected & QS_SEQUENCE_OTHER) != 0;
}

/* --- Selection -------------------------------------------------------------------------------- */

static void
select_packet (QsSequenceView *self, guint packet)
{
  if (packet == self->selected)
    return;
  self->selected = packet;
  self->reveal = packet != G_MAXUINT;
  reveal_selected (self);
  describe (self);
  draw_all (self);
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

static void
draw_picture (QsSequenceView *self, cairo_t *cr, const GdkRectangle *area)
{
  double top = gtk_adjustment_get_value (self->adjustment);
  double header = top > 0 ? qs_sequence_layout_get_header_height (self->layout) : 0;
  const QsSequenceLook look = { get_colours (self), self->selected, self->hovered,
                                self->until,        self->settled,  top + header };
  const QsRectangle clip = { area->x, area->y + top, area->width, area->height };

  cairo_save (cr);
  cairo_translate (cr, 0, -top);
  qs_sequence_layout_draw (self->layout, cr, &clip, &look);
  cairo_restore (cr);
  if (area->y < header)
    qs_sequence_layout_draw_header (self->layout, cr, 0, &look);
}

static gboolean
qs_sequence_view_draw (GtkWidget *widget, cairo_t *cr)
{
  QsSequenceView *self = QS_SEQUENCE_VIEW (widget);
  gint64 began = g_get_monotonic_time ();
  GdkRectangle area;

  qs_colour_set (&get_colours (self)->background, cr);
  cairo_paint (cr);
  if (self->layout == NULL || !gdk_cairo_get_clip_rectangle (cr, &area))
    return GDK_EVENT_PROPAGATE;

  draw_picture (self, cr, &area);
  if (gtk_widget_has_visible_focus (widget))
    gtk_render_focus (gtk_widget_get_style_context (widget), cr, 1, 1, gtk_widget_get_allocated_width (widget) - 2,
                      gtk_widget_get_allocated_height (widget) - 2);
  self->drawn_at = g_get_monotonic_time ();
  self->cost = self->drawn_at - began;
  return GDK_EVENT_PROPAGATE;
}

static void
qs_sequence_view_size_allocate (GtkWidget *widget, GtkAllocation *allocation)
{
  QsSequenceView *self = QS_SEQUENCE_VIEW (widget);

  /* Less high than it was (what is below it has more to say): the packet that is selected may be outside now. */
  if (self->selected != G_MAXUINT && allocation->height < gtk_widget_get_allocated_height (widget))
    self->reveal = TRUE;
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
  draw_all (self);
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
  g_clear_pointer (&self->seen.digests, g_array_unref);
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
  self->seen.digests = g_array_new (FALSE, FALSE, sizeof (guint64));
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
  draw_all (self);
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
qs_sequence_view_set_scale (QsSequenceView *self, double scale)
{
  g_return_if_fail (QS_IS_SEQUENCE_VIEW (self) && scale >= 0);

  if (self->options.scale == scale)
    return;
  self->options.scale = scale;
  lay_out_anew (self);
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

  double value = gtk_adjustment_get_value (self->adjustment), page = gtk_adjustment_get_page_size (self->adjustment);

  if (self->options.time == QS_SEQUENCE_TO_SCALE)
    self->options.zoom = CLAMP (self->options.zoom * factor, 0.001, 1000);
  else
    self->options.text_scale = CLAMP (self->options.text_scale * factor, 0.5, 4);
  if (self->layout == NULL || value <= 0)
    {
      lay_out_anew (self); /* its start is there soon enough */
      return;
    }
  if (self->coming == NULL) /* else it is the same one still */
    self->anchor = qs_sequence_layout_y_to_time (self->layout, value + page / 2);
  stop_work (self);
  self->coming = qs_sequence_layout_new (self->trace, &self->options);
  /* What fits into one slice is there at once. */
  if (!advance (self, g_get_monotonic_time () + QS_SLICE_BUDGET_US / 2))
    start_work (self);
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
