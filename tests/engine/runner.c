/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runner.h"

#include "dissect/qs-dissector.h"
#include "wire/qs-describe.h"
#include <glib/gstdio.h>
#include <unistd.h>

#define LIMIT_S 60

void
fixture_init (Fixture *fixture, const char *scenario, const char *alpn)
{
  g_autoptr (QsServerOptions) options = qs_server_options_new ();
  g_autoptr (GError) error = NULL;
  const char *scenarios[] = { scenario, NULL };

  if (scenario != NULL)
    {
      g_strfreev (options->scenarios);
      options->scenarios = g_strdupv ((char **) scenarios);
    }
  if (alpn != NULL)
    {
      g_strfreev (options->alpn);
      options->alpn = g_strsplit (alpn, ",", -1);
    }
  fixture->server = qs_server_new (options);
  qs_server_start (fixture->server, &error);
  g_assert_no_error (error);
  fixture->port = qs_server_get_port (fixture->server);
  int fd = g_file_open_tmp ("quicscope-ca-XXXXXX.pem", &fixture->ca_file, &error);
  g_assert_no_error (error);
  close (fd);
  g_assert_true (qs_server_write_ca (fixture->server, fixture->ca_file, &error));
}

void
fixture_clear (Fixture *fixture)
{
  qs_server_stop (fixture->server);
  g_clear_object (&fixture->server);
  g_unlink (fixture->ca_file);
  g_clear_pointer (&fixture->ca_file, g_free);
}

QsProbeOptions *
fixture_options (Fixture *fixture, QsMode mode)
{
  QsProbeOptions *options = qs_probe_options_new ();

  options->mode = mode;
  options->ca_file = g_strdup (fixture->ca_file);
  options->family = G_SOCKET_FAMILY_IPV4;
  options->timeout_ms = 20000;
  return options;
}

QsProbe *
fixture_probe (Fixture *fixture, const char *scheme, const char *path, const QsProbeOptions *options)
{
  g_autofree char *text = g_strdup_printf ("%s://localhost:%u%s", scheme, fixture->port, path);
  g_autoptr (GError) error = NULL;
  g_autoptr (QsTarget) target = qs_target_new (text, &error);

  g_assert_no_error (error);
  return qs_probe_new (target, options);
}

static gboolean
limit_cb (gpointer data)
{
  g_error ("This took longer than %u s", LIMIT_S);
  return G_SOURCE_REMOVE;
}

void
run_until (gboolean (*condition) (gpointer data), gpointer data)
{
  guint limit = g_timeout_add_seconds (LIMIT_S, limit_cb, NULL);

  while (!condition (data))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (limit);
}

static gboolean
is_finished (gpointer data)
{
  return qs_probe_get_finished (data);
}

void
run_probe (QsProbe *probe)
{
  if (qs_probe_get_state (probe) == QS_CONNECTION_IDLE)
    qs_probe_start (probe);
  run_until (is_finished, probe);
}

static gboolean
elapsed_cb (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
is_set (gpointer data)
{
  return *(gboolean *) data;
}

void
run_for (guint ms)
{
  gboolean elapsed = FALSE;

  g_timeout_add (ms, elapsed_cb, &elapsed);
  run_until (is_set, &elapsed);
}

guint
count_fds (void)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (folder) != NULL)
    n++;
  return n;
}

const QsMark *
find_mark (QsProbe *probe, QsMarkKind kind, const char *name)
{
  return qs_trace_find_mark (qs_probe_get_trace (probe), kind, name, NULL);
}

void
dump_marks (QsProbe *probe)
{
  QsTrace *trace = qs_probe_get_trace (probe);

  g_autoptr (QsDissector) dissector = qs_dissector_new (trace);
  qs_dissector_advance (dissector, 0);
  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (GArray) frames = qs_trace_dup_frames (trace, i, &payload);
      g_printerr (
          "# %10.3f ms packet %s type %d number %" G_GUINT64_FORMAT " %u bytes:", (double) packet->time / 1000000,
          packet->direction == QS_DIRECTION_SENT ? "sent" : "received", packet->type, packet->number, packet->length);
      for (guint j = 0; j < frames->len; j++)
        {
          g_autofree char *text = qs_frame_describe (&g_array_index (frames, QsFrame, j));
          g_printerr (" %s;", text);
        }
      g_printerr ("\n");
    }
  for (guint i = 0; i < qs_trace_get_n_marks (trace); i++)
    {
      gint64 time;
      const QsMark *mark = qs_trace_get_mark (trace, i, &time);
      g_printerr ("# %10.3f ms kind %2d %s value %" G_GINT64_FORMAT " stream %" G_GINT64_FORMAT " %s\n",
                  (double) time / 1000000, mark->kind, mark->name, mark->value, mark->stream, mark->text);
    }
}
