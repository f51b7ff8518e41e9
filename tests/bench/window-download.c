/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window while large downloads run, one after the other: how late is a tick that is due every 5 ms? An own tick, apart from
 * the window's delay meter, counted from the start of the first run to the end of the last, with all that is between: each run's
 * first and last moments count as well. As many runs as it takes for a share of a thousandth to mean something.
 *
 *   window-download TARGET [PAGE]
 *
 * Prints the figures; exit status 1 when the run failed, a tick was later than 50 ms, or 0.1 % of them later than 16.7 ms. */
#include <gdk/gdkx.h>
#include <gtk/gtk.h>

#include "app/qs-application.h"
#include "app/qs-window.h"
#include "base/qs-i18n.h"

#define PERIOD_US 5000
#define FRAME_US 16700
#define LONGEST_US 50000
#define MIN_TICKS 1500

typedef struct {
  GtkApplication *application;
  QsWindow *window;
  const char *target;
  const char *page;
  GSource *tick;
  gint64 due;
  gint64 started;
  gint64 worst;
  gint64 waited, own_worst; /* own: without what others took of the processor */
  guint n_ticks, n_late, n_own_late, n_frames, n_runs;
  guint64 bytes;
  gboolean failed, good;
} Bench;

/* How long this thread had work and no processor, in microseconds; -1 where the kernel does not tell. On a machine that is
 * not quiet it tells whose fault a late tick is. */
static gint64
waited_for_processor (void)
{
  g_autofree char *text = NULL;

  if (!g_file_get_contents ("/proc/thread-self/schedstat", &text, NULL, NULL))
    return -1;
  g_auto (GStrv) fields = g_strsplit (text, " ", 3);
  return g_strv_length (fields) == 3 ? g_ascii_strtoll (fields[1], NULL, 10) / 1000 : -1;
}

static gboolean
tick_cb (gpointer data)
{
  Bench *bench = data;
  gint64 now = g_get_monotonic_time (), late = now - bench->due, waited = waited_for_processor ();
  gint64 own = late - (waited - bench->waited);

  bench->own_worst = MAX (bench->own_worst, own);
  bench->n_own_late += own > FRAME_US ? 1 : 0;
  bench->waited = waited;
  bench->n_ticks++;
  bench->n_late += late > FRAME_US ? 1 : 0;
  bench->worst = MAX (bench->worst, late);
  bench->due = now + PERIOD_US;
  g_source_set_ready_time (bench->tick, bench->due);
  return G_SOURCE_CONTINUE;
}

static gboolean
tick_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback (data);
}

static void
painted_cb (GdkFrameClock *clock, gpointer data)
{
  ((Bench *) data)->n_frames++;
}

static void
report (Bench *bench)
{
  double seconds = (g_get_monotonic_time () - bench->started) / 1e6;
  double share = 100.0 * bench->n_late / MAX (bench->n_ticks, 1);

  bench->good = !bench->failed && bench->worst <= LONGEST_US && share < 0.1 && bench->n_frames > 0;
  g_print (
      "%s: %u downloads, %.0f MiB in %.1f s (%.0f MiB/s), %u frames drawn; %u ticks, worst %.1f ms late, %u (%.3f %%) "
      "over 16.7 ms; without waiting for a processor: worst %.1f ms, %u over: %s\n",
      bench->page != NULL ? bench->page : "overview", bench->n_runs, bench->bytes / 1048576.0, seconds,
      bench->bytes / 1048576.0 / seconds, bench->n_frames, bench->n_ticks, bench->worst / 1e3, bench->n_late, share,
      bench->own_worst / 1e3, bench->n_own_late,
      bench->failed ? "a run FAILED"
      : bench->good ? "met"
                    : "MISSED");
  g_source_destroy (bench->tick);
  g_application_quit (G_APPLICATION (bench->application));
}

static void begin_run (Bench *bench);

static void
finished_cb (QsProbe *probe, gpointer data)
{
  Bench *bench = data;
  GListModel *streams = qs_probe_get_streams (probe);

  for (guint i = 0; i < g_list_model_get_n_items (streams); i++)
    {
      g_autoptr (QsStream) stream = g_list_model_get_item (streams, i);
      bench->bytes += qs_stream_get_bytes_received (stream);
    }
  bench->n_runs++;
  bench->failed = bench->failed || !qs_probe_get_succeeded (probe);
  if (bench->n_ticks < MIN_TICKS && !bench->failed)
    begin_run (bench);
  else
    report (bench);
}

static void
begin_run (Bench *bench)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  g_autoptr (GError) error = NULL;

  options->insecure = TRUE;
  options->timeout_ms = 300000;
  QsRun *run = qs_session_connect (qs_window_get_session (bench->window), bench->target, options, &error);
  g_assert_no_error (error);
  g_signal_connect (qs_run_get_probe (run), "finished", G_CALLBACK (finished_cb), bench);
}

static gboolean
start_cb (gpointer data)
{
  static GSourceFuncs functions = { .dispatch = tick_dispatch };
  Bench *bench = data;
  GdkFrameClock *clock = gtk_widget_get_frame_clock (GTK_WIDGET (bench->window));

  if (bench->page != NULL && !qs_window_show_page (bench->window, bench->page))
    {
      g_printerr ("window-download: there is no page %s\n", bench->page);
      g_application_quit (G_APPLICATION (bench->application));
      return G_SOURCE_REMOVE;
    }
  if (clock != NULL)
    g_signal_connect (clock, "after-paint", G_CALLBACK (painted_cb), bench);
  bench->started = g_get_monotonic_time ();
  bench->due = bench->started + PERIOD_US;
  bench->waited = waited_for_processor ();
  bench->tick = g_source_new (&functions, sizeof (GSource));
  g_source_set_name (bench->tick, "[bench] tick");
  g_source_set_callback (bench->tick, tick_cb, bench, NULL);
  g_source_set_ready_time (bench->tick, bench->due);
  g_source_attach (bench->tick, NULL);
  begin_run (bench);
  return G_SOURCE_REMOVE;
}

/* Without a window manager GDK asks the server in each frame whether there is one by now, and so waits until all that was
 * drawn is on the screen. No desktop is like that: a window says that it is the manager, which supports nothing. */
static void
pretend_window_manager (GdkDisplay *display)
{
  GdkWindow *root = gdk_screen_get_root_window (gdk_display_get_default_screen (display));
  GdkWindowAttr attributes = { .wclass = GDK_INPUT_ONLY, .window_type = GDK_WINDOW_TEMP, .width = 1, .height = 1 };
  GdkAtom check = gdk_atom_intern_static_string ("_NET_SUPPORTING_WM_CHECK");
  GdkAtom window = gdk_atom_intern_static_string ("WINDOW"), atom = gdk_atom_intern_static_string ("ATOM");

  if (!GDK_IS_X11_DISPLAY (display))
    return;
  GdkWindow *manager = gdk_window_new (root, &attributes, 0); /* lives as long as the display */
  gulong id = gdk_x11_window_get_xid (manager);
  gdk_property_change (root, check, window, 32, GDK_PROP_MODE_REPLACE, (const guchar *) &id, 1);
  gdk_property_change (manager, check, window, 32, GDK_PROP_MODE_REPLACE, (const guchar *) &id, 1);
  gdk_property_change (root, gdk_atom_intern_static_string ("_NET_SUPPORTED"), atom, 32, GDK_PROP_MODE_REPLACE, NULL,
                       0);
}

/* A moment after the window is there, so that its first drawing is not what is measured. */
static void
window_added_cb (GtkApplication *application, GtkWindow *window, gpointer data)
{
  Bench *bench = data;

  if (bench->window != NULL || !QS_IS_WINDOW (window))
    return;
  bench->window = QS_WINDOW (window);
  pretend_window_manager (gtk_widget_get_display (GTK_WIDGET (window)));
  g_timeout_add (1000, start_cb, bench);
}

int
main (int argc, char **argv)
{
  if (argc < 2)
    {
      g_printerr ("usage: window-download TARGET [PAGE]\n");
      return 2;
    }
  qs_i18n_init ();
  Bench bench = { .target = argv[1], .page = argc > 2 ? argv[2] : NULL };
  g_autoptr (QsApplication) application = qs_application_new ();

  bench.application = GTK_APPLICATION (application);
  g_application_set_flags (G_APPLICATION (application),
                           g_application_get_flags (G_APPLICATION (application)) | G_APPLICATION_NON_UNIQUE);
  g_signal_connect (application, "window-added", G_CALLBACK (window_added_cb), &bench);
  int status = g_application_run (G_APPLICATION (application), 1, argv);
  return status != 0 ? status : bench.good ? 0 : 1;
}
