/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-byte-view.h"

#include <math.h>
#include <string.h>

#include "base/qs-i18n.h"

#define PADDING 8
#define WIDEST_ROW 16
#define MARGIN_ROWS 1
#define MARK_ALPHA 0.35 /* the text above stays readable, dark and light */

struct _QsByteView {
  GtkDrawingArea parent;
  GBytes *bytes;
  gsize from, to; /* what is not dimmed */
  gsize marked, marked_length;
  gsize cursor; /* where the arrow keys are */
  GtkAdjustment *hadjustment, *vadjustment;
  GtkScrollablePolicy hpolicy, vpolicy;
  double char_width, row_height;
  guint per_row;
};

enum { PROP_HADJUSTMENT = 1, PROP_VADJUSTMENT, PROP_HSCROLL_POLICY, PROP_VSCROLL_POLICY };
enum { BYTE_ACTIVATED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE_WITH_CODE (QsByteView, qs_byte_view, GTK_TYPE_DRAWING_AREA,
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_SCROLLABLE, NULL))

/* --- Where things are ------------------------------------------------------------------------- */

static gsize
get_length (QsByteView *self)
{
  return self->bytes != NULL ? g_bytes_get_size (self->bytes) : 0;
}

static guint
offset_digits (QsByteView *self)
{
  return get_length (self) > 0x10000 ? 6 : 4;
}

/* Columns in characters: offset, two spaces, hex (a wider gap in the middle of 16), two spaces, text. */
static guint
hex_column (QsByteView *self, guint byte)
{
  return offset_digits (self) + 2 + byte * 3 + (byte >= 8 ? 1 : 0);
}

static guint
text_column (QsByteView *self, guint byte)
{
  return offset_digits (self) + 2 + self->per_row * 3 + (self->per_row > 8 ? 1 : 0) + 1 + byte;
}

static double
width_for (QsByteView *self, guint per_row)
{
  guint chars = offset_digits (self) + 2 + per_row * 3 + (per_row > 8 ? 1 : 0) + 1 + per_row;

  return 2 * PADDING + chars * self->char_width;
}

static gsize
count_rows (QsByteView *self)
{
  return (get_length (self) + self->per_row - 1) / self->per_row;
}

static PangoLayout *
make_layout (QsByteView *self, const char *text)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);
  g_autoptr (PangoFontDescription) font = pango_font_description_from_string ("Monospace");

  pango_font_description_set_size (
      font, pango_font_description_get_size (pango_context_get_font_description (pango_layout_get_context (layout))));
  pango_layout_set_font_description (layout, font);
  return layout;
}

static void
measure (QsByteView *self)
{
  g_autoptr (PangoLayout) layout = make_layout (self, "0123456789abcdef");
  int width, height;

  pango_layout_get_size (layout, &width, &height);
  self->char_width = (double) width / PANGO_SCALE / 16;
  self->row_height = ceil ((double) height / PANGO_SCALE) + 2;
}

static void
sync_adjustments (QsByteView *self)
{
  double width = gtk_widget_get_allocated_width (GTK_WIDGET (self));
  double page = gtk_widget_get_allocated_height (GTK_WIDGET (self));

  self->per_row = width_for (self, WIDEST_ROW) <= width ? WIDEST_ROW : WIDEST_ROW / 2;
  double upper = MAX (2 * PADDING + (double) count_rows (self) * self->row_height, page);
  double upper_width = MAX (width_for (self, self->per_row), width);
  if (self->vadjustment != NULL)
    gtk_adjustment_configure (self->vadjustment, MIN (gtk_adjustment_get_value (self->vadjustment), upper - page), 0,
                              upper, self->row_height, page * 0.9, page);
  if (self->hadjustment != NULL)
    gtk_adjustment_configure (self->hadjustment,
                              MIN (gtk_adjustment_get_value (self->hadjustment), upper_width - width), 0, upper_width,
                              self->char_width, width * 0.9, width);
}

static double
get_top (QsByteView *self)
{
  return self->vadjustment != NULL ? gtk_adjustment_get_value (self->vadjustment) : 0;
}

static double
get_left (QsByteView *self)
{
  return self->hadjustment != NULL ? gtk_adjustment_get_value (self->hadjustment) : 0;
}

static void
reveal (QsByteView *self, gsize offset, gsize length)
{
  double y = PADDING + (double) (offset / self->per_row) * self->row_height;
  double end = PADDING + (double) ((offset + MAX (length, 1) - 1) / self->per_row + 1) * self->row_height;
  double page = self->vadjustment != NULL ? gtk_adjustment_get_page_size (self->vadjustment) : 0;

  if (page <= 0)
    return;
  /* Of a range that does not fit, its start. */
  gtk_adjustment_clamp_page (self->vadjustment, MAX (y - MARGIN_ROWS * self->row_height, 0),
                             MIN (end + MARGIN_ROWS * self->row_height, y - MARGIN_ROWS * self->row_height + page));
}

/* --- Drawing ------------------------------------------------------------------------------------ */

static void
draw_text (QsByteView *self, cairo_t *cr, const GdkRGBA *colour, double alpha, guint column, double y, const char *text)
{
  g_autoptr (PangoLayout) layout = make_layout (self, text);

  cairo_set_source_rgba (cr, colour->red, colour->green, colour->blue, colour->alpha * alpha);
  cairo_move_to (cr, PADDING + column * self->char_width, y);
  pango_cairo_show_layout (cr, layout);
}

/* The bytes [start, end) of a row, in one colour, as hex and as text. */
static void
draw_run (QsByteView *self, cairo_t *cr, const GdkRGBA *colour, double alpha, gsize row, guint start, guint end,
          double y)
{
  const guint8 *bytes = (const guint8 *) g_bytes_get_data (self->bytes, NULL) + row * self->per_row;
  char hex[WIDEST_ROW * 3 + 2], text[WIDEST_ROW + 1];
  gsize n = 0;

  for (guint i = start; i < end; i++)
    {
      if (i == 8 && i > start)
        hex[n++] = ' ';
      g_snprintf (hex + n, 4, "%02x ", bytes[i]);
      n += 3;
      text[i - start] = g_ascii_isprint (bytes[i]) ? (char) bytes[i] : '.';
    }
  hex[n] = text[end - start] = '\0';
  draw_text (self, cr, colour, alpha, hex_column (self, start), y, hex);
  draw_text (self, cr, colour, alpha, text_column (self, start), y, text);
}

static gboolean
is_marked (QsByteView *self, gsize offset)
{
  return offset >= self->marked && offset - self->marked < self->marked_length;
}

static int
look_of (QsByteView *self, gsize offset)
{
  return is_marked (self, offset) ? 2 : offset >= self->from && offset < self->to ? 1 : 0;
}

static void
fill_marked (QsByteView *self, cairo_t *cr, const GdkRGBA *colour, guint start, guint end, double y)
{
  double hex_x = PADDING + hex_column (self, start) * self->char_width;
  double hex_end = PADDING + (hex_column (self, end - 1) + 2) * self->char_width;
  double text_x = PADDING + text_column (self, start) * self->char_width;

  cairo_set_source_rgba (cr, colour->red, colour->green, colour->blue, MARK_ALPHA);
  cairo_rectangle (cr, hex_x - self->char_width / 2, y - 1, hex_end - hex_x + self->char_width, self->row_height);
  cairo_rectangle (cr, text_x, y - 1, (end - start) * self->char_width, self->row_height);
  cairo_fill (cr);
}

static void
draw_row (QsByteView *self, cairo_t *cr, const GdkRGBA colours[2], gsize row)
{
  static const double alphas[] = { 0.4, 1, 1 };
  gsize at = row * self->per_row;
  guint n = (guint) MIN (get_length (self) - at, self->per_row);
  double y = PADDING + (double) row * self->row_height;
  char offset[16];

  g_snprintf (offset, sizeof offset, "%0*" G_GSIZE_MODIFIER "x", (int) offset_digits (self), at);
  draw_text (self, cr, &colours[0], 0.5, 0, y, offset);
  for (guint start = 0, end; start < n; start = end)
    {
      int look = look_of (self, at + start);
      for (end = start + 1; end < n && look_of (self, at + end) == look; end++)
        ;
      if (look == 2)
        fill_marked (self, cr, &colours[1], start, end, y);
      draw_run (self, cr, &colours[0], alphas[look], row, start, end, y);
    }
}

/* Text, and the marked ones' ground. */
static void
get_colours (QsByteView *self, GdkRGBA colours[2])
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self));

  gtk_style_context_get_color (style, gtk_style_context_get_state (style), &colours[0]);
  if (!gtk_style_context_lookup_color (style, "theme_selected_bg_color", &colours[1]))
    colours[1] = colours[0];
}

static gboolean
qs_byte_view_draw (GtkWidget *widget, cairo_t *cr)
{
  QsByteView *self = QS_BYTE_VIEW (widget);
  GtkStyleContext *style = gtk_widget_get_style_context (widget);
  int width = gtk_widget_get_allocated_width (widget), height = gtk_widget_get_allocated_height (widget);
  double top = get_top (self);
  GdkRGBA colours[2];

  gtk_render_background (style, cr, 0, 0, width, height);
  get_colours (self, colours);
  cairo_save (cr);
  cairo_translate (cr, -get_left (self), -top);
  gsize first = (gsize) MAX ((top - PADDING) / self->row_height, 0);
  for (gsize row = first; row < count_rows (self) && PADDING + (double) row * self->row_height < top + height; row++)
    draw_row (self, cr, colours, row);
  cairo_restore (cr);
  if (gtk_widget_has_visible_focus (widget))
    gtk_render_focus (style, cr, 1, 1, width - 2, height - 2);
  return GDK_EVENT_PROPAGATE;
}

/* --- Events --------------------------------------------------------------------------------------- */

static void
activate (QsByteView *self, gsize offset)
{
  self->cursor = offset;
  g_signal_emit (self, signals[BYTE_ACTIVATED], 0, (guint) offset);
}

static gboolean
qs_byte_view_button_press_event (GtkWidget *widget, GdkEventButton *event)
{
  QsByteView *self = QS_BYTE_VIEW (widget);
  gsize offset;

  gtk_widget_grab_focus (widget);
  if (event->button != GDK_BUTTON_PRIMARY || !qs_byte_view_lookup (self, event->x, event->y, &offset))
    return GDK_EVENT_PROPAGATE;
  activate (self, offset);
  return GDK_EVENT_STOP;
}

static gboolean
qs_byte_view_key_press_event (GtkWidget *widget, GdkEventKey *event)
{
  QsByteView *self = QS_BYTE_VIEW (widget);
  gssize page = (gssize) (gtk_widget_get_allocated_height (widget) / self->row_height) * self->per_row;
  const struct {
    guint key;
    gssize step;
  } keys[] = {
    { GDK_KEY_Left, -1 },
    { GDK_KEY_Right, 1 },
    { GDK_KEY_Up, -(gssize) self->per_row },
    { GDK_KEY_Down, self->per_row },
    { GDK_KEY_Page_Up, -page },
    { GDK_KEY_Page_Down, page },
    { GDK_KEY_Home, -G_MAXINT },
    { GDK_KEY_End, G_MAXINT },
  };

  for (guint i = 0; get_length (self) > 0 && i < G_N_ELEMENTS (keys); i++)
    if (keys[i].key == event->keyval)
      {
        activate (self, (gsize) CLAMP ((gssize) self->cursor + keys[i].step, 0, (gssize) get_length (self) - 1));
        return GDK_EVENT_STOP;
      }
  return GTK_WIDGET_CLASS (qs_byte_view_parent_class)->key_press_event (widget, event);
}

static void
scrolled_cb (QsByteView *self)
{
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* --- Overrides -------------------------------------------------------------------------------------- */

static void
qs_byte_view_size_allocate (GtkWidget *widget, GtkAllocation *allocation)
{
  QsByteView *self = QS_BYTE_VIEW (widget);
  guint per_row = self->per_row;

  GTK_WIDGET_CLASS (qs_byte_view_parent_class)->size_allocate (widget, allocation);
  sync_adjustments (self);
  if (self->per_row != per_row && self->marked_length > 0)
    reveal (self, self->marked, self->marked_length);
}

static void
qs_byte_view_style_updated (GtkWidget *widget)
{
  QsByteView *self = QS_BYTE_VIEW (widget);

  GTK_WIDGET_CLASS (qs_byte_view_parent_class)->style_updated (widget);
  measure (self);
  sync_adjustments (self);
}

static void
set_adjustment (QsByteView *self, GtkAdjustment **place, GtkAdjustment *adjustment)
{
  if (*place == adjustment && adjustment != NULL)
    return;
  if (*place != NULL)
    g_signal_handlers_disconnect_by_func (*place, scrolled_cb, self);
  g_clear_object (place);
  *place = g_object_ref_sink (adjustment != NULL ? adjustment : gtk_adjustment_new (0, 0, 0, 0, 0, 0));
  g_signal_connect_swapped (*place, "value-changed", G_CALLBACK (scrolled_cb), self);
  sync_adjustments (self);
}

static void
qs_byte_view_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  QsByteView *self = QS_BYTE_VIEW (object);

  switch (id)
    {
    case PROP_HADJUSTMENT:
      g_value_set_object (value, self->hadjustment);
      break;
    case PROP_VADJUSTMENT:
      g_value_set_object (value, self->vadjustment);
      break;
    case PROP_HSCROLL_POLICY:
      g_value_set_enum (value, self->hpolicy);
      break;
    case PROP_VSCROLL_POLICY:
      g_value_set_enum (value, self->vpolicy);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_byte_view_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  QsByteView *self = QS_BYTE_VIEW (object);

  switch (id)
    {
    case PROP_HADJUSTMENT:
      set_adjustment (self, &self->hadjustment, g_value_get_object (value));
      break;
    case PROP_VADJUSTMENT:
      set_adjustment (self, &self->vadjustment, g_value_get_object (value));
      break;
    case PROP_HSCROLL_POLICY:
      self->hpolicy = g_value_get_enum (value);
      break;
    case PROP_VSCROLL_POLICY:
      self->vpolicy = g_value_get_enum (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_byte_view_dispose (GObject *object)
{
  QsByteView *self = QS_BYTE_VIEW (object);

  if (self->hadjustment != NULL)
    g_signal_handlers_disconnect_by_data (self->hadjustment, self);
  if (self->vadjustment != NULL)
    g_signal_handlers_disconnect_by_data (self->vadjustment, self);
  g_clear_object (&self->hadjustment);
  g_clear_object (&self->vadjustment);
  G_OBJECT_CLASS (qs_byte_view_parent_class)->dispose (object);
}

static void
qs_byte_view_finalize (GObject *object)
{
  g_clear_pointer (&QS_BYTE_VIEW (object)->bytes, g_bytes_unref);
  G_OBJECT_CLASS (qs_byte_view_parent_class)->finalize (object);
}

static void
qs_byte_view_class_init (QsByteViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = qs_byte_view_get_property;
  object_class->set_property = qs_byte_view_set_property;
  object_class->dispose = qs_byte_view_dispose;
  object_class->finalize = qs_byte_view_finalize;
  widget_class->draw = qs_byte_view_draw;
  widget_class->size_allocate = qs_byte_view_size_allocate;
  widget_class->style_updated = qs_byte_view_style_updated;
  widget_class->button_press_event = qs_byte_view_button_press_event;
  widget_class->key_press_event = qs_byte_view_key_press_event;

  g_object_class_override_property (object_class, PROP_HADJUSTMENT, "hadjustment");
  g_object_class_override_property (object_class, PROP_VADJUSTMENT, "vadjustment");
  g_object_class_override_property (object_class, PROP_HSCROLL_POLICY, "hscroll-policy");
  g_object_class_override_property (object_class, PROP_VSCROLL_POLICY, "vscroll-policy");
  signals[BYTE_ACTIVATED] = g_signal_new ("byte-activated", QS_TYPE_BYTE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
qs_byte_view_init (QsByteView *self)
{
  self->per_row = WIDEST_ROW;
  gtk_widget_set_can_focus (GTK_WIDGET (self), TRUE);
  gtk_widget_add_events (GTK_WIDGET (self), GDK_BUTTON_PRESS_MASK | GDK_KEY_PRESS_MASK);
  gtk_style_context_add_class (gtk_widget_get_style_context (GTK_WIDGET (self)), GTK_STYLE_CLASS_VIEW);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self)), _ ("Bytes"));
  measure (self);
}

GtkWidget *
qs_byte_view_new (void)
{
  return g_object_new (QS_TYPE_BYTE_VIEW, "visible", TRUE, NULL);
}

void
qs_byte_view_set_bytes (QsByteView *self, GBytes *bytes, gsize offset, gsize length)
{
  g_return_if_fail (QS_IS_BYTE_VIEW (self));

  gboolean same = bytes == self->bytes;

  self->from = offset;
  self->to = offset + length;
  if (!same)
    {
      if (bytes != NULL)
        g_bytes_ref (bytes);
      g_clear_pointer (&self->bytes, g_bytes_unref);
      self->bytes = bytes;
      self->marked = self->marked_length = 0;
      self->cursor = offset;
    }
  sync_adjustments (self);
  if (!same && self->vadjustment != NULL)
    gtk_adjustment_set_value (self->vadjustment, 0);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

GBytes *
qs_byte_view_get_bytes (QsByteView *self)
{
  g_return_val_if_fail (QS_IS_BYTE_VIEW (self), NULL);

  return self->bytes;
}

/* For those who do not see the marks. */
static void
describe (QsByteView *self)
{
  gsize n = self->marked_length;
  g_autofree char *text =
      n == 0 ? g_strdup ("") : g_strdup_printf (_ ("Bytes %zu to %zu are marked"), self->marked, self->marked + n - 1);

  atk_object_set_description (gtk_widget_get_accessible (GTK_WIDGET (self)), text);
}

void
qs_byte_view_set_marked (QsByteView *self, gsize offset, gsize length)
{
  g_return_if_fail (QS_IS_BYTE_VIEW (self));

  gsize end = MIN (offset + length, get_length (self));
  self->marked = MIN (offset, end);
  self->marked_length = end - self->marked;
  if (self->marked_length > 0)
    {
      if (!is_marked (self, self->cursor))
        self->cursor = self->marked;
      reveal (self, self->marked, self->marked_length);
      reveal (self, self->cursor, 1); /* what was clicked stays in sight */
    }
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
qs_byte_view_get_marked (QsByteView *self, gsize *offset, gsize *length)
{
  g_return_if_fail (QS_IS_BYTE_VIEW (self));

  *offset = self->marked;
  *length = self->marked_length;
}

gboolean
qs_byte_view_lookup (QsByteView *self, double x, double y, gsize *offset)
{
  g_return_val_if_fail (QS_IS_BYTE_VIEW (self) && offset != NULL, FALSE);

  double column = (x + get_left (self) - PADDING) / self->char_width;
  double row = floor ((y + get_top (self) - PADDING) / self->row_height);
  if (row < 0 || row >= (double) count_rows (self))
    return FALSE;

  for (guint i = 0; i < self->per_row; i++)
    {
      gboolean in_hex = column >= hex_column (self, i) - 0.5 && column < hex_column (self, i) + 2.5;
      gboolean in_text = column >= text_column (self, i) && column < text_column (self, i) + 1;
      if (!in_hex && !in_text)
        continue;
      *offset = (gsize) row * self->per_row + i;
      return *offset < get_length (self);
    }
  return FALSE;
}
