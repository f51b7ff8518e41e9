/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-bytes-view.h"

#include <string.h>

#include "base/qs-text.h"

/* GtkTextView lays out whole lines: one of 64 KiB would stall it. */
#define FOLD_BYTES 400
#define HEX_ROW 16
/* Of the text that is put in at a time: a window full of it. */
#define PIECE_CHARS 4000

struct _QsBytesView {
  GtkScrolledWindow parent;
  GtkTextView *view;
  gpointer source;
  GBytes *bytes;
  gsize shown;
  gsize done; /* of those shown, how many are in the text by now */
  gboolean hex;
  gboolean growing;
  guint warm_up_id, append_id;
};

enum { PROP_HEX = 1, N_PROPS };
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (QsBytesView, qs_bytes_view, GTK_TYPE_SCROLLED_WINDOW)

/* One line of text, folded where it is long; what comes behind it. */
static const guint8 *
append_text_line (GString *text, const guint8 *data, const guint8 *end)
{
  const guint8 *line_end = memchr (data, '\n', (gsize) (end - data));
  gboolean folds = (line_end != NULL ? line_end : end) - data > FOLD_BYTES;
  const guint8 *stop = folds ? data + FOLD_BYTES : line_end != NULL ? line_end : end;
  /* A fold must not cut a character in two. */
  while (folds && stop > data + FOLD_BYTES - 4 && (*stop & 0xc0) == 0x80)
    stop--;
  gsize carriage_return = !folds && stop > data && stop[-1] == '\r';

  g_autofree char *line = qs_text_escape (data, stop - data - (gssize) carriage_return);
  g_string_append (text, line);
  if (folds || line_end != NULL)
    g_string_append_c (text, '\n');
  return folds || line_end == NULL ? stop : stop + 1;
}

static void
append_hex_row (GString *text, const guint8 *data, gsize at, gsize length)
{
  gsize n = MIN (HEX_ROW, length - at);

  g_string_append_printf (text, "%08" G_GSIZE_MODIFIER "x ", at);
  for (gsize i = 0; i < HEX_ROW; i++)
    {
      g_string_append (text, i == HEX_ROW / 2 ? "  " : " ");
      if (i < n)
        g_string_append_printf (text, "%02x", data[at + i]);
      else
        g_string_append (text, "  ");
    }
  g_string_append (text, "  |");
  for (gsize i = 0; i < n; i++)
    g_string_append_c (text, g_ascii_isprint (data[at + i]) ? (char) data[at + i] : '.');
  g_string_append (text, "|\n");
}

char *
qs_bytes_to_text (const guint8 *data, gsize length)
{
  GString *text = g_string_sized_new (length + 64);

  for (const guint8 *at = data; at < data + length;)
    at = append_text_line (text, at, data + length);
  return g_string_free (text, FALSE);
}

char *
qs_bytes_to_hex_dump (const guint8 *data, gsize length)
{
  GString *text = g_string_sized_new (length * 5 + 80);

  for (gsize at = 0; at < length; at += HEX_ROW)
    append_hex_row (text, data, at, length);
  return g_string_free (text, FALSE);
}

/* TRUE: all is there. */
static gboolean
append_piece (QsBytesView *self)
{
  const guint8 *data = g_bytes_get_data (self->bytes, NULL);
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->view);
  g_autoptr (GString) text = g_string_sized_new (PIECE_CHARS * 2);
  GtkTextIter end;

  while (self->done < self->shown && text->len < PIECE_CHARS)
    if (self->hex)
      {
        append_hex_row (text, data, self->done, self->shown);
        self->done = MIN (self->done + HEX_ROW, self->shown);
      }
    else
      self->done = (gsize) (append_text_line (text, data + self->done, data + self->shown) - data);
  gtk_text_buffer_get_end_iter (buffer, &end);
  gtk_text_buffer_insert (buffer, &end, text->str, (int) text->len);
  return self->done == self->shown;
}

static gboolean
append_cb (gpointer data)
{
  QsBytesView *self = data;

  if (!append_piece (self))
    return G_SOURCE_CONTINUE;
  self->append_id = 0;
  return G_SOURCE_REMOVE;
}

/* What is on the screen at once; the rest in pieces, each behind the layout of the one before: GtkTextView lays out more than
 * a hundred lines without a pause, and all of those that it draws each time that it draws. */
static void
show_bytes (QsBytesView *self)
{
  gsize length = self->bytes != NULL ? g_bytes_get_size (self->bytes) : 0;

  g_clear_handle_id (&self->append_id, g_source_remove);
  self->shown = MIN (length, qs_bytes_view_get_limit (self));
  self->done = 0;
  gtk_text_view_set_wrap_mode (self->view, self->hex ? GTK_WRAP_NONE : GTK_WRAP_WORD_CHAR);
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->view), "", -1);
  if (self->shown > 0 && !append_piece (self))
    self->append_id = g_idle_add (append_cb, self);
}

/* The first text in a monospaced font costs tens of milliseconds, for its font is looked for and loaded then: better
 * before there is anything to show than in the middle of a download. */
static gboolean
warm_up_cb (gpointer data)
{
  QsBytesView *self = data;
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 1024, 32);
  cairo_t *cr = cairo_create (surface);
  g_autoptr (GString) sample = g_string_new (NULL);

  for (char c = ' '; c <= '~'; c++)
    g_string_append_c (sample, c);
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self->view), sample->str);
  pango_cairo_show_layout (cr, layout);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
  self->warm_up_id = 0;
  return G_SOURCE_REMOVE;
}

static void
qs_bytes_view_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_HEX:
      g_value_set_boolean (value, QS_BYTES_VIEW (object)->hex);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_bytes_view_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_HEX:
      qs_bytes_view_set_hex (QS_BYTES_VIEW (object), g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_bytes_view_dispose (GObject *object)
{
  g_clear_handle_id (&QS_BYTES_VIEW (object)->warm_up_id, g_source_remove);
  g_clear_handle_id (&QS_BYTES_VIEW (object)->append_id, g_source_remove);
  G_OBJECT_CLASS (qs_bytes_view_parent_class)->dispose (object);
}

static void
qs_bytes_view_finalize (GObject *object)
{
  g_clear_pointer (&QS_BYTES_VIEW (object)->bytes, g_bytes_unref);
  G_OBJECT_CLASS (qs_bytes_view_parent_class)->finalize (object);
}

static void
qs_bytes_view_class_init (QsBytesViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = qs_bytes_view_get_property;
  object_class->set_property = qs_bytes_view_set_property;
  object_class->dispose = qs_bytes_view_dispose;
  object_class->finalize = qs_bytes_view_finalize;
  props[PROP_HEX] = g_param_spec_boolean ("hex", NULL, NULL, FALSE,
                                          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
qs_bytes_view_init (QsBytesView *self)
{
  self->view = g_object_new (GTK_TYPE_TEXT_VIEW, "editable", FALSE, "cursor-visible", FALSE, "monospace", TRUE,
                             "left-margin", 9, "right-margin", 9, "top-margin", 6, "bottom-margin", 6, "wrap-mode",
                             GTK_WRAP_WORD_CHAR, "accepts-tab", FALSE, "visible", TRUE, NULL);
  gtk_container_add (GTK_CONTAINER (self), GTK_WIDGET (self->view));
  gtk_scrolled_window_set_shadow_type (GTK_SCROLLED_WINDOW (self), GTK_SHADOW_IN);
  /* The text has the focus: it is what has to have the name. */
  g_object_bind_property (gtk_widget_get_accessible (GTK_WIDGET (self)), "accessible-name",
                          gtk_widget_get_accessible (GTK_WIDGET (self->view)), "accessible-name", G_BINDING_DEFAULT);
  self->warm_up_id = g_idle_add_full (G_PRIORITY_LOW, warm_up_cb, self, NULL);
}

GtkWidget *
qs_bytes_view_new (void)
{
  return g_object_new (QS_TYPE_BYTES_VIEW, "visible", TRUE, NULL);
}

void
qs_bytes_view_set_bytes (QsBytesView *self, gpointer source, GBytes *bytes)
{
  g_return_if_fail (QS_IS_BYTES_VIEW (self));

  gsize length = bytes != NULL ? g_bytes_get_size (bytes) : 0;
  gboolean same =
      source == self->source && length >= self->shown && MIN (length, qs_bytes_view_get_limit (self)) <= self->shown;

  self->source = source;
  if (bytes != NULL)
    g_bytes_ref (bytes);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  self->bytes = bytes;
  if (!same)
    show_bytes (self);
}

gboolean
qs_bytes_view_wants (QsBytesView *self, gpointer source)
{
  g_return_val_if_fail (QS_IS_BYTES_VIEW (self), FALSE);

  return source != self->source || self->shown < qs_bytes_view_get_limit (self);
}

void
qs_bytes_view_clear (QsBytesView *self)
{
  qs_bytes_view_set_bytes (self, NULL, NULL);
}

void
qs_bytes_view_set_growing (QsBytesView *self, gboolean growing)
{
  g_return_if_fail (QS_IS_BYTES_VIEW (self));

  self->growing = growing;
}

void
qs_bytes_view_set_hex (QsBytesView *self, gboolean hex)
{
  g_return_if_fail (QS_IS_BYTES_VIEW (self));

  if (self->hex == hex)
    return;
  self->hex = hex;
  show_bytes (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HEX]);
}

gsize
qs_bytes_view_get_limit (QsBytesView *self)
{
  g_return_val_if_fail (QS_IS_BYTES_VIEW (self), 0);

  if (self->growing)
    return QS_BYTES_VIEW_GROWING_LIMIT;
  return self->hex ? QS_BYTES_VIEW_HEX_LIMIT : QS_BYTES_VIEW_TEXT_LIMIT;
}
