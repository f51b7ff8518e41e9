/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-snapshot.h"

#include "app/qs-files.h"
#include "app/qs-streaming.h"
#include "base/qs-i18n.h"
#include "formats/qs-file-writer.h"

/* What changed in the last moment is laid out and drawn within a few frames. */
#define SETTLE_FRAMES 6
#define POLL_MS 20

typedef struct {
  QsWindow *window;
  char *path;
  QsSnapshotFunc done;
  gpointer data;
  guint frames;
  GdkFrameClock *clock;
  gulong painted_id;
  gboolean finished;
} Snapshot;

static void
snapshot_free (gpointer data)
{
  Snapshot *self = data;

  if (self->painted_id != 0)
    g_signal_handler_disconnect (self->clock, self->painted_id);
  g_clear_object (&self->clock);
  g_object_unref (self->window);
  g_free (self->path);
  g_free (self);
}

/* What is on the screen is the truth: gtk_widget_draw() leaves out the headers of tables. Where the window cannot
 * be read back (Wayland, or it is larger than the screen), it has to do. */
static cairo_surface_t *
draw_window (GtkWidget *widget, const GdkRectangle *area)
{
  int scale = gtk_widget_get_scale_factor (widget);
  cairo_surface_t *surface =
      cairo_image_surface_create (CAIRO_FORMAT_ARGB32, area->width * scale, area->height * scale);
  cairo_surface_set_device_scale (surface, scale, scale);
  cairo_t *cr = cairo_create (surface);
  g_autoptr (GdkPixbuf) pixbuf = NULL;
  GdkMonitor *monitor =
      gdk_display_get_monitor_at_window (gtk_widget_get_display (widget), gtk_widget_get_window (widget));
  GdkRectangle screen = { 0 };

  if (monitor != NULL)
    gdk_monitor_get_geometry (monitor, &screen);
  if (area->width <= screen.width && area->height <= screen.height)
    pixbuf = gdk_pixbuf_get_from_window (gtk_widget_get_window (widget), area->x, area->y, area->width, area->height);
  if (pixbuf != NULL)
    {
      cairo_surface_t *pixels = gdk_cairo_surface_create_from_pixbuf (pixbuf, scale, NULL);
      cairo_set_source_surface (cr, pixels, 0, 0);
      cairo_surface_destroy (pixels);
      cairo_paint (cr);
    }
  else
    {
      cairo_translate (cr, -area->x, -area->y);
      gtk_widget_draw (widget, cr);
    }
  cairo_destroy (cr);
  return surface;
}

static cairo_status_t
append_cb (void *data, const unsigned char *bytes, unsigned length)
{
  g_byte_array_append (data, bytes, length);
  return CAIRO_STATUS_SUCCESS;
}

static gboolean
write_png (QsWindow *window, const char *path)
{
  GdkRectangle area;

  qs_window_get_full_area (window, &area);
  cairo_surface_t *surface = draw_window (GTK_WIDGET (window), &area);
  g_autoptr (GByteArray) png = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  cairo_status_t status = cairo_surface_write_to_png_stream (surface, append_cb, png);
  cairo_surface_destroy (surface);
  if (status != CAIRO_STATUS_SUCCESS)
    g_printerr (_ ("quicscope: the picture cannot be written to %s: %s\n"), path, cairo_status_to_string (status));
  else if (!qs_file_write (path, 0666, png->data, png->len, &error))
    g_printerr ("quicscope: %s\n", error->message);
  return status == CAIRO_STATUS_SUCCESS && error == NULL;
}

static gboolean
no_run_failed (QsSession *session)
{
  GListModel *runs = qs_session_get_runs (session);
  gboolean failed = FALSE;

  for (guint i = 0; i < g_list_model_get_n_items (runs); i++)
    {
      g_autoptr (QsRun) run = g_list_model_get_item (runs, i);
      failed = failed || qs_run_get_status (run) == QS_RUN_FAILED;
    }
  return !failed;
}

static void
finish (Snapshot *self)
{
  QsSession *session = qs_window_get_session (self->window);
  QsRun *run = qs_session_get_run (session);
  gboolean written = write_png (self->window, self->path);

  const char *error = qs_window_get_error (self->window);

  if (run != NULL)
    g_print ("%s\n", qs_run_get_verdict (run));
  if (error != NULL)
    g_printerr ("quicscope: %s\n", error);
  self->done (written && error == NULL && no_run_failed (session), self->data);
}

/* Behind a frame's layout: in its tick, before it, what changed a moment ago has no place yet, and GTK draws no such thing. */
static void
painted_cb (GdkFrameClock *clock, gpointer data)
{
  Snapshot *self = data;

  g_signal_handler_disconnect (clock, self->painted_id);
  self->painted_id = 0;
  self->finished = TRUE;
  finish (self);
}

static gboolean
frame_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  Snapshot *self = data;

  if (self->finished)
    return G_SOURCE_REMOVE;
  if (++self->frames == SETTLE_FRAMES)
    {
      self->clock = g_object_ref (clock);
      self->painted_id = g_signal_connect (clock, "after-paint", G_CALLBACK (painted_cb), self);
    }
  gtk_widget_queue_draw (widget);
  return G_SOURCE_CONTINUE;
}

/* Only when nothing else is to be done: what is listed in slices is whole by then. */
static gboolean
idle_cb (gpointer data)
{
  Snapshot *self = data;

  /* Where no window manager places it, a border for resizing pushes the window's far sides off a screen of its size. */
  gtk_window_move (GTK_WINDOW (self->window), 0, 0);
  gtk_widget_add_tick_callback (GTK_WIDGET (self->window), frame_cb, self, snapshot_free);
  return G_SOURCE_REMOVE;
}

/* One that ends by itself: who waits for connections without one waits for ever. */
static gboolean
is_program_watched (QsSession *session)
{
  QsWatch *watch = qs_session_get_watch (session);

  return qs_watch_get_state (watch) != QS_WATCH_IDLE && qs_watch_has_program (watch);
}

static gboolean
poll_cb (gpointer data)
{
  Snapshot *self = data;
  QsSession *session = qs_window_get_session (self->window);
  QsRun *run = qs_session_get_run (session);

  if (qs_session_get_n_active (session) > 0 || qs_examiner_get_running (qs_session_get_examiner (session)) ||
      qs_session_is_waiting_for_lab (session) || qs_files_get_n_loading (self->window) > 0 ||
      qs_streaming_is_under_way (self->window) || is_program_watched (session))
    return G_SOURCE_CONTINUE;
  if (run != NULL)
    qs_run_refresh (run);
  g_idle_add_full (G_PRIORITY_LOW + 1, idle_cb, self, NULL);
  return G_SOURCE_REMOVE;
}

void
qs_snapshot_take (QsWindow *window, const char *path, QsSnapshotFunc done, gpointer data)
{
  g_return_if_fail (QS_IS_WINDOW (window) && path != NULL && done != NULL);

  /* Half a transition is no picture. */
  g_object_set (gtk_widget_get_settings (GTK_WIDGET (window)), "gtk-enable-animations", FALSE, NULL);

  /* The pointer may be anywhere: let it touch nothing, or a tooltip hides what is below. */
  cairo_region_t *nowhere = cairo_region_create ();
  gtk_widget_input_shape_combine_region (GTK_WIDGET (window), nowhere);
  cairo_region_destroy (nowhere);

  Snapshot *self = g_new0 (Snapshot, 1);
  self->window = g_object_ref (window);
  self->path = g_strdup (path);
  self->done = done;
  self->data = data;
  g_timeout_add (POLL_MS, poll_cb, self);
}
