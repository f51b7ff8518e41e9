/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many runs in one process; nothing may be left behind of any of them.
 *
 *   soak completed|killed|cancelled QUICSERVE [COUNT]
 *
 * completed: each run does its request. killed: each run has a server of its own, killed at a random moment around the
 * handshake. cancelled: each run is stopped at a random moment. The number of open descriptors after the last run
 * must be what it was after the first tenth of them, and the memory in use may not have grown but for a rest that does not
 * grow with the number of runs. Prints the figures. */
#include <gio/gio.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "engine/qs-probe.h"

/* What caches in libraries take with a first success may come after the warm-up where few runs succeed; a connection
 * leaked in each run is megabytes. */
#define SLACK_BYTES (256 * 1024)
#define LONGEST_STOP_US (1 * G_USEC_PER_SEC) /* 100 ms is promised; a loaded machine gets more before it is a failure */

typedef enum { COMPLETED, KILLED, CANCELLED } Manner;
static const char *const manners[] = { "completed", "killed", "cancelled", NULL };

typedef struct {
  GSubprocess *process;
  GDataInputStream *output;
  char *target;
} Server;

typedef struct {
  Manner manner;
  Server *server;
  QsProbe *probe;
  GMainLoop *loop;
  gint64 stopped_at;
  gint64 longest_stop;
  guint n_succeeded;
} Soak;

static Server *
server_start (const char *program)
{
  g_autoptr (GError) error = NULL;
  Server *self = g_new0 (Server, 1);

  self->process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error, program,
                                    "--port=0", NULL);
  g_assert_no_error (error);
  self->output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->process));
  g_autofree char *line = g_data_input_stream_read_line (self->output, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (line);
  g_assert_true (g_str_has_prefix (line, "listening on "));
  self->target = g_strdup_printf ("quic://127.0.0.1%s/", strrchr (line, ':'));
  return self;
}

static void
server_stop (Server *self)
{
  g_subprocess_force_exit (self->process);
  g_subprocess_wait (self->process, NULL, NULL);
  g_object_unref (self->output);
  g_object_unref (self->process);
  g_free (self->target);
  g_free (self);
}

/* A line a connection: a full pipe would stop the server. */
static void
drain_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  gssize n = g_input_stream_skip_finish (G_INPUT_STREAM (source), result, NULL);

  if (n > 0)
    g_input_stream_skip_async (G_INPUT_STREAM (source), 65536, G_PRIORITY_DEFAULT, NULL, drain_cb, NULL);
}

static void
finished_cb (QsProbe *probe, gpointer data)
{
  Soak *soak = data;

  if (soak->stopped_at != 0)
    soak->longest_stop = MAX (soak->longest_stop, g_get_monotonic_time () - soak->stopped_at);
  soak->n_succeeded += qs_probe_get_succeeded (probe) ? 1 : 0;
  g_main_loop_quit (soak->loop);
}

static gboolean
disturb_cb (gpointer data)
{
  Soak *soak = data;

  if (soak->manner == KILLED)
    g_subprocess_force_exit (soak->server->process);
  else if (!qs_probe_get_finished (soak->probe))
    {
      soak->stopped_at = g_get_monotonic_time ();
      qs_probe_stop (soak->probe);
    }
  return G_SOURCE_REMOVE;
}

/* In microseconds, as a timeout of the main loop is too coarse: a handshake takes about 3 ms. */
static GSource *
disturb_after (gint64 delay, Soak *soak)
{
  GSource *source = g_timeout_source_new (0);

  g_source_set_ready_time (source, g_get_monotonic_time () + delay);
  g_source_set_callback (source, disturb_cb, soak, NULL);
  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_attach (source, NULL);
  return source;
}

static void
run_once (Soak *soak, GRand *random)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  g_autoptr (QsTarget) target = qs_target_new (soak->server->target, NULL);
  g_autoptr (GSource) disturbance = NULL;

  options->insecure = TRUE;
  options->timeout_ms = 5000;
  soak->stopped_at = 0;
  soak->probe = qs_probe_new (target, options);
  g_signal_connect (soak->probe, "finished", G_CALLBACK (finished_cb), soak);
  if (soak->manner != COMPLETED)
    disturbance = disturb_after (g_rand_int_range (random, 0, 12000), soak);
  qs_probe_start (soak->probe);
  g_main_loop_run (soak->loop);
  if (disturbance != NULL)
    g_source_destroy (disturbance);

  g_object_add_weak_pointer (G_OBJECT (soak->probe), (gpointer *) &soak->probe);
  g_object_unref (soak->probe);
  for (int i = 0; i < 1000 && (soak->probe != NULL || g_main_context_pending (NULL)); i++)
    g_main_context_iteration (NULL, soak->probe != NULL && g_main_context_pending (NULL));
  g_assert_null (soak->probe);
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

/* The least that were open in that time; it ends with the first count that is enough. GLib's worker thread closes what
 * watched a child that has ended some time after that. */
static guint
settled_descriptors (guint enough, gint64 patience_us)
{
  gint64 deadline = g_get_monotonic_time () + patience_us;
  guint least = count_descriptors ();

  while (least > enough && g_get_monotonic_time () < deadline)
    {
      g_usleep (1000);
      least = MIN (least, count_descriptors ());
    }
  return least;
}

/* All that libraries keep open from a first use on is open from now on: a run to its end, and one that finds nobody. */
static void
warm_up (Soak *soak, GRand *random, const char *quicserve)
{
  Manner manner = soak->manner;

  soak->manner = COMPLETED;
  soak->server = server_start (quicserve);
  run_once (soak, random);
  g_subprocess_force_exit (soak->server->process);
  g_subprocess_wait (soak->server->process, NULL, NULL);
  run_once (soak, random);
  g_clear_pointer (&soak->server, server_stop);
  soak->n_succeeded = 0;
  soak->manner = manner;
}

static gsize
memory_in_use (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

int
main (int argc, char **argv)
{
  guint count = argc > 3 ? (guint) atoi (argv[3]) : 1000;
  Soak soak = { .loop = g_main_loop_new (NULL, FALSE) };
  g_autoptr (GRand) random = g_rand_new_with_seed (4433);
  guint descriptors = 0;
  gsize memory = 0;

  if (argc < 3 || !g_strv_contains (manners, argv[1]) || count < 20)
    {
      g_printerr ("usage: soak completed|killed|cancelled QUICSERVE [COUNT]\n");
      return 2;
    }
  while (strcmp (manners[soak.manner], argv[1]) != 0)
    soak.manner++;

  warm_up (&soak, random, argv[2]);
  gint64 from = g_get_monotonic_time ();
  for (guint i = 0; i < count; i++)
    {
      if (soak.server == NULL)
        soak.server = server_start (argv[2]);
      if (i == 0 && soak.manner != KILLED)
        g_input_stream_skip_async (G_INPUT_STREAM (soak.server->output), 65536, G_PRIORITY_DEFAULT, NULL, drain_cb,
                                   NULL);
      run_once (&soak, random);
      if (soak.manner == KILLED)
        g_clear_pointer (&soak.server, server_stop);
      if (i + 1 == count / 10)
        {
          descriptors = settled_descriptors (0, G_USEC_PER_SEC / 5);
          memory = memory_in_use ();
        }
    }
  guint descriptors_after = settled_descriptors (descriptors, 5 * G_USEC_PER_SEC);
  gssize growth = (gssize) memory_in_use () - (gssize) memory;
  g_print ("%s: %u runs in %.1f s, %u succeeded; descriptors %u then %u; memory %zu KiB, %+" G_GSSIZE_FORMAT
           " bytes since run %u",
           manners[soak.manner], count, (g_get_monotonic_time () - from) / 1e6, soak.n_succeeded, descriptors,
           descriptors_after, memory / 1024, growth, count / 10);
  if (soak.manner == CANCELLED)
    g_print ("; longest stop %.1f ms", soak.longest_stop / 1e3);
  g_print ("\n");

  g_clear_pointer (&soak.server, server_stop);
  g_main_loop_unref (soak.loop);
  gboolean good = descriptors_after <= descriptors && growth <= SLACK_BYTES && soak.longest_stop <= LONGEST_STOP_US &&
                  (soak.manner != COMPLETED || soak.n_succeeded == count);
  return good ? 0 : 1;
}
