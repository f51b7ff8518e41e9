/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A window a run, closed at a random moment around the handshake: nothing may be left behind of any of them.
 *
 *   window-soak TARGET [COUNT]
 *
 * After the last window as many descriptors must be open as after the first tenth of them, and the memory in use may not have
 * grown but for a rest that does not grow with their number. Prints the figures. */
#include <malloc.h>
#include <stdlib.h>

#include <glib/gstdio.h>
#include <gtk/gtk.h>

#include "app/qs-application.h"
#include "app/qs-window.h"
#include "base/qs-i18n.h"
#include "http/qs-http.h"

/* What caches take may come after the warm-up; a widget leaked with each window is megabytes. */
#define SLACK_BYTES (1024 * 1024)
#define LIMIT_S 60

typedef struct {
  GtkWindow *window; /* weak, as is the next */
  QsSession *session;
  guint n_established;
} Soak;

static gboolean
limit_cb (gpointer data)
{
  g_error ("A closed window was not gone after %u s", LIMIT_S);
  return G_SOURCE_REMOVE;
}

static gboolean
close_cb (gpointer data)
{
  Soak *soak = data;
  QsRun *run = qs_session_get_run (soak->session);

  soak->n_established += run != NULL && qs_run_get_status (run) != QS_RUN_RUNNING ? 1 : 0;
  gtk_window_close (soak->window);
  return G_SOURCE_REMOVE;
}

/* In microseconds, as a timeout of the main loop is too coarse: a handshake takes about 3 ms. */
static void
close_after (gint64 delay, Soak *soak)
{
  g_autoptr (GSource) source = g_timeout_source_new (0);

  g_source_set_ready_time (source, g_get_monotonic_time () + delay);
  g_source_set_callback (source, close_cb, soak, NULL);
  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_attach (source, NULL);
}

static void
run_once (Soak *soak, GtkApplication *application, QsSettings *settings, const char *target, GRand *random)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  g_autoptr (GError) error = NULL;
  guint limit = g_timeout_add_seconds (LIMIT_S, limit_cb, NULL);

  options->insecure = TRUE;
  options->timeout_ms = 5000;
  soak->window = GTK_WINDOW (qs_window_new (application, settings));
  soak->session = qs_window_get_session (QS_WINDOW (soak->window));
  g_object_add_weak_pointer (G_OBJECT (soak->window), (gpointer *) &soak->window);
  g_object_add_weak_pointer (G_OBJECT (soak->session), (gpointer *) &soak->session);
  gtk_window_present (soak->window);
  while (!gtk_widget_get_mapped (GTK_WIDGET (soak->window)))
    g_main_context_iteration (NULL, TRUE);

  qs_session_connect (soak->session, target, options, &error);
  g_assert_no_error (error);
  close_after (g_rand_int_range (random, 0, 150000), soak);
  while (soak->window != NULL || soak->session != NULL)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (limit);
}

static guint
count_descriptors (void)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (folder) != NULL)
    n++;
  return n - 1; /* the folder's own */
}

static gsize
memory_in_use (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

/* Probes, servers and traces end by themselves, some in threads: what is measured is after that. */
static void
settle (void)
{
  for (int quiet = 0; quiet < 20;)
    {
      quiet = g_main_context_iteration (NULL, FALSE) ? 0 : quiet + 1;
      g_usleep (5000);
    }
}

int
main (int argc, char **argv)
{
  guint count = argc > 2 ? (guint) atoi (argv[2]) : 1000, descriptors = 0;
  g_autoptr (GRand) random = g_rand_new_with_seed (4433);
  g_autofree char *folder = g_dir_make_tmp ("quicscope-soak-XXXXXX", NULL);
  Soak soak = { 0 };
  gsize memory = 0;

  if (argc < 2 || count < 20 || folder == NULL)
    {
      g_printerr ("usage: window-soak TARGET [COUNT]\n");
      return 2;
    }
  qs_i18n_init ();
  qs_http_init ();
  gtk_init (NULL, NULL);
  g_autofree char *file = g_build_filename (folder, "settings.ini", NULL);
  g_autoptr (QsSettings) settings = qs_settings_new_for_file (file);
  g_autoptr (QsApplication) application = qs_application_new ();
  g_application_set_flags (G_APPLICATION (application), G_APPLICATION_NON_UNIQUE);
  g_application_register (G_APPLICATION (application), NULL, NULL);
  g_application_hold (G_APPLICATION (application));

  gint64 from = g_get_monotonic_time ();
  for (guint i = 0; i < count; i++)
    {
      run_once (&soak, GTK_APPLICATION (application), settings, argv[1], random);
      if (i + 1 != count / 10)
        continue;
      settle ();
      descriptors = count_descriptors ();
      memory = memory_in_use ();
    }
  settle ();
  guint descriptors_after = count_descriptors ();
  gssize growth = (gssize) memory_in_use () - (gssize) memory;
  g_print ("windows: %u in %.1f s, %u after the handshake; descriptors %u then %u; memory %zu KiB, %+" G_GSSIZE_FORMAT
           " bytes since window %u\n",
           count, (g_get_monotonic_time () - from) / 1e6, soak.n_established, descriptors, descriptors_after,
           memory / 1024, growth, count / 10);
  g_application_release (G_APPLICATION (application));
  g_remove (file);
  g_rmdir (folder);
  return descriptors_after <= descriptors && growth <= SLACK_BYTES ? 0 : 1;
}
