/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quicscope-frame: the program that the lesson on blocking calls freezes. It has a main loop of its own, so Quicscope's
 * goes on; its signs of life go to standard output, and it ends when its standard input does. */
#include <gdk/gdk.h>
#include <gio/gunixinputstream.h>
#include <gtk/gtk.h>
#ifdef GDK_WINDOWING_X11
#include <gtk/gtk-a11y.h>
#include <gtk/gtkx.h>
#endif
#include <stdio.h>
#include <unistd.h>

#include "app/frame/qs-blocking-client.h"
#include "app/frame/qs-frame-protocol.h"
#include "app/widgets/qs-delay-meter.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "engine/qs-probe.h"
#include "qs-resources.h"

#define ALIVE_MS 100
#define USUAL_DPI (96 * 1024)
/* What the button says and the words below it are on the screen before nothing is drawn any more. */
#define FRAMES_BEFORE 4

typedef struct {
  GtkWidget *window;
  GtkWidget *nonblocking, *blocking;
  GtkLabel *clock, *result, *delay;
  QsDelayMeter *meter;
  QsProbe *probe; /* NULL: none is under way */
  gint64 began;
  guint frames;
  guint alive_id;
  char *ca_file;
} Frame;

static int port, dark, socket_id;
static double text_scale = 1;
static char *ca_option;

static const GOptionEntry options[] = {
  { "port", 0, 0, G_OPTION_ARG_INT, &port, "A QUIC server's on 127.0.0.1", "PORT" },
  { "cacert", 0, 0, G_OPTION_ARG_FILENAME, &ca_option, "Whom to trust for it", "FILE" },
  { "socket", 0, 0, G_OPTION_ARG_INT, &socket_id, "X11: the window to sit in", "ID" },
  { "scale", 0, 0, G_OPTION_ARG_DOUBLE, &text_scale, "Of the letters", "FACTOR" },
  { "dark", 0, 0, G_OPTION_ARG_NONE, &dark, "Be dark", NULL },
  { NULL },
};

/* --- Signs of life ---------------------------------------------------------------------- */

static void
say (const char *word, gint64 us)
{
  g_print ("%s %" G_GINT64_FORMAT "\n", word, us);
  fflush (stdout);
}

static gboolean
alive_cb (gpointer data)
{
  Frame *self = data;
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = g_date_time_format (now, "%T");
  g_autofree char *text = g_strdup_printf ("%s.%d", time, g_date_time_get_microsecond (now) / 100000);

  gtk_label_set_text (self->clock, text);
  say (QS_FRAME_ALIVE, 0);
  return G_SOURCE_CONTINUE;
}

static void
delay_cb (Frame *self)
{
  gint64 worst = qs_delay_meter_get_statistics (self->meter).worst_us;
  g_autofree char *duration = qs_text_duration (worst * 1000);
  g_autofree char *text = g_strdup_printf (_ ("Worst delay of this main loop: %s"), duration);

  gtk_label_set_text (self->delay, text);
  say (QS_FRAME_WORST, worst);
}

static gboolean
input_ended_cb (GObject *stream, gpointer data)
{
  Frame *self = data;
  char byte;

  if (g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), &byte, 1, NULL, NULL) > 0)
    return G_SOURCE_CONTINUE;
  gtk_widget_destroy (self->window);
  return G_SOURCE_REMOVE;
}

/* --- Connecting ------------------------------------------------------------------------- */

static void
set_busy (Frame *self, gboolean busy, const char *words)
{
  gtk_widget_set_sensitive (self->nonblocking, !busy);
  gtk_widget_set_sensitive (self->blocking, !busy);
  gtk_label_set_text (self->result, words);
}

static void
done (Frame *self, gboolean blocking, const char *error)
{
  gint64 took = g_get_monotonic_time () - self->began;
  g_autofree char *duration = qs_text_duration (took * 1000);
  g_autofree char *words = NULL;

  if (error != NULL)
    words = g_strdup (error);
  else if (blocking)
    words = g_strdup_printf (_ ("Connected, asked and answered in %s. For as long this frame stood still."), duration);
  else
    words = g_strdup_printf (_ ("Connected, asked and answered in %s. This frame went on all the while."), duration);
  set_busy (self, FALSE, words);
  say (blocking ? QS_FRAME_BLOCKED : QS_FRAME_CONNECTED, took);
}

static gboolean
block_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  Frame *self = data;
  g_autoptr (GError) error = NULL;
  gsize bytes;

  if (++self->frames < FRAMES_BEFORE)
    return G_SOURCE_CONTINUE;
  self->began = g_get_monotonic_time ();
  qs_blocking_client_fetch ((guint) port, self->ca_file, &bytes, &error);
  done (self, TRUE, error != NULL ? error->message : NULL);
  return G_SOURCE_REMOVE;
}

/* What the meter says is of this connection, not of the frame's first drawing, which is slow everywhere. */
static void
begin (Frame *self, const char *words)
{
  set_busy (self, TRUE, words);
  qs_delay_meter_set_active (self->meter, FALSE);
  qs_delay_meter_set_active (self->meter, TRUE);
  say (QS_FRAME_CALLING, 0);
  self->began = g_get_monotonic_time ();
}

static void
blocking_cb (Frame *self)
{
  begin (self, _ ("SSL_connect has been called, and it has not returned yet. Try to move the slider."));
  self->frames = 0;
  gtk_widget_add_tick_callback (self->window, block_cb, self, NULL);
}

static void
probe_finished_cb (Frame *self)
{
  gboolean good = qs_probe_get_succeeded (self->probe);

  done (self, FALSE, good ? NULL : _ ("It did not work this time."));
  g_signal_handlers_disconnect_by_data (self->probe, self);
  g_clear_object (&self->probe);
}

static void
nonblocking_cb (Frame *self)
{
  g_autofree char *text = g_strdup_printf ("quic://localhost:%d/", port);
  g_autoptr (QsTarget) target = qs_target_new (text, NULL);
  g_autoptr (QsProbeOptions) probe_options = qs_probe_options_new ();

  probe_options->alpn = g_strsplit ("hq-interop", ",", -1);
  probe_options->groups = g_strdup ("X25519");
  probe_options->ca_file = g_strdup (self->ca_file);
  probe_options->family = G_SOCKET_FAMILY_IPV4;
  begin (self, _ ("Connecting. Meanwhile this frame draws, and you can move the slider."));
  self->probe = qs_probe_new (target, probe_options);
  g_signal_connect_swapped (self->probe, "finished", G_CALLBACK (probe_finished_cb), self);
  qs_probe_start (self->probe);
}

/* --- The window ------------------------------------------------------------------------- */

static GtkWidget *
make_window (void)
{
#ifdef GDK_WINDOWING_X11
  if (socket_id != 0 && GDK_IS_X11_DISPLAY (gdk_display_get_default ()))
    return gtk_plug_new ((Window) (guint) socket_id);
#endif
  GtkWidget *window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  gtk_window_set_title (GTK_WINDOW (window), _ ("A small program"));
  gtk_window_set_default_size (GTK_WINDOW (window), 420, -1);
  return window;
}

static void
set_style (Frame *self)
{
  g_autoptr (GtkCssProvider) css = gtk_css_provider_new ();
  GtkSettings *settings = gtk_settings_get_default ();
  int dpi;

  g_object_get (settings, "gtk-xft-dpi", &dpi, NULL);
  g_object_set (settings, "gtk-xft-dpi", (int) ((dpi > 0 ? dpi : USUAL_DPI) * CLAMP (text_scale, 0.5, 4)), NULL);
  g_object_set (settings, "gtk-application-prefer-dark-theme", dark != 0, NULL);
  gtk_css_provider_load_from_resource (css, "/org/quicscope/Quicscope/ui/quicscope.css");
  gtk_style_context_add_provider_for_screen (gdk_screen_get_default (), GTK_STYLE_PROVIDER (css),
                                             GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

/* Nothing is left to be written to. */
static void
destroyed_cb (Frame *self)
{
  g_clear_handle_id (&self->alive_id, g_source_remove);
  g_signal_handlers_disconnect_by_data (self->meter, self);
  if (self->probe != NULL)
    g_signal_handlers_disconnect_by_data (self->probe, self);
  gtk_main_quit ();
}

static void
build (Frame *self)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource ("/org/quicscope/Quicscope/ui/qs-frame.ui");

  self->window = make_window ();
  set_style (self);
  gtk_container_add (GTK_CONTAINER (self->window), GTK_WIDGET (gtk_builder_get_object (builder, "frame")));
  self->nonblocking = GTK_WIDGET (gtk_builder_get_object (builder, "nonblocking"));
  self->blocking = GTK_WIDGET (gtk_builder_get_object (builder, "blocking"));
  self->clock = GTK_LABEL (gtk_builder_get_object (builder, "clock"));
  self->result = GTK_LABEL (gtk_builder_get_object (builder, "result"));
  self->delay = GTK_LABEL (gtk_builder_get_object (builder, "delay"));
  g_signal_connect_swapped (self->nonblocking, "clicked", G_CALLBACK (nonblocking_cb), self);
  g_signal_connect_swapped (self->blocking, "clicked", G_CALLBACK (blocking_cb), self);
  g_signal_connect_swapped (self->window, "destroy", G_CALLBACK (destroyed_cb), self);
  gtk_widget_show (self->window);
}

/* Whoever reads the window to a person has to find the way into this one; there is none where nobody listens. */
static void
say_accessible (Frame *self)
{
#ifdef GDK_WINDOWING_X11
  if (!GTK_IS_PLUG (self->window))
    return;
  g_autofree char *id = gtk_plug_accessible_get_id (GTK_PLUG_ACCESSIBLE (gtk_widget_get_accessible (self->window)));
  if (id != NULL)
    g_print (QS_FRAME_ACCESSIBLE "%s\n", id);
  fflush (stdout);
#endif
}

static void
run (Frame *self)
{
  g_autoptr (GInputStream) input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GSource) ended = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (input), NULL);

  self->meter = qs_delay_meter_new (NULL);
  build (self);
  g_signal_connect_swapped (self->meter, "notify::worst", G_CALLBACK (delay_cb), self);
  g_source_set_callback (ended, G_SOURCE_FUNC (input_ended_cb), self, NULL);
  g_source_attach (ended, NULL);
  self->alive_id = g_timeout_add (ALIVE_MS, alive_cb, self);
  say_accessible (self);
  gtk_main ();
  g_source_destroy (ended);
  g_clear_object (&self->probe);
  g_clear_object (&self->meter);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  Frame frame = { 0 };

  qs_i18n_init ();
  g_set_prgname ("quicscope-frame");
  if (!gtk_init_with_args (&argc, &argv, NULL, options, GETTEXT_PACKAGE, &error))
    {
      g_printerr ("quicscope-frame: %s\n", error->message);
      return 2;
    }
  if (port <= 0 || port > G_MAXUINT16 || ca_option == NULL)
    {
      g_printerr ("quicscope-frame: --port and --cacert are needed; Quicscope's lesson on blocking calls starts it\n");
      return 2;
    }
  g_resources_register (qs_get_resource ());
  frame.ca_file = g_steal_pointer (&ca_option);
  run (&frame);
  g_free (frame.ca_file);
  return 0;
}
