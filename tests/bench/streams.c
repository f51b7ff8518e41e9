/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a stream costs: thousands of them on one connection, one after the other, each echoed by the server in this process.
 * The last thousand may not cost more than the first one by much: nothing that is over is looked at again. */
#include <stdio.h>

#include "engine/runner.h"

#define N_STREAMS 6000
#define MOST 2.0

static gboolean
is_open (gpointer data)
{
  return qs_probe_get_state (data) == QS_CONNECTION_ESTABLISHED || qs_probe_get_finished (data);
}

static gboolean
is_over (gpointer data)
{
  return qs_stream_get_read_state (data) == QS_STREAM_FINISHED;
}

static double
run_thousand (QsProbe *probe)
{
  g_autoptr (GBytes) word = g_bytes_new_static ("a stream", 8);
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (QsStream) stream = qs_probe_open_stream (probe, TRUE, &error);
      g_assert_no_error (error);
      g_assert_true (qs_stream_send (stream, word, TRUE, NULL));
      run_until (is_over, stream);
      g_assert_cmpuint (qs_stream_get_bytes_received (stream), ==, 8);
    }
  return (double) (g_get_monotonic_time () - start) / 1000;
}

int
main (void)
{
  Fixture fixture;
  double first = 0, last = 0;

  fixture_init (&fixture, NULL, NULL);
  g_autoptr (QsProbeOptions) options = fixture_options (&fixture, QS_MODE_NONBLOCKING);
  options->keep_open = TRUE;
  g_autoptr (QsProbe) probe = fixture_probe (&fixture, "quic", "", options);
  qs_probe_start (probe);
  run_until (is_open, probe);
  for (guint i = 0; i < N_STREAMS / 1000; i++)
    {
      last = run_thousand (probe);
      first = i == 0 ? last : first;
      printf ("streams %u to %u: %.0f us each\n", i * 1000, (i + 1) * 1000 - 1, last);
    }
  qs_probe_stop (probe);
  run_probe (probe);
  fixture_clear (&fixture);
  printf ("the last thousand cost %.2f times the first one\n", last / first);
  return last > MOST * first;
}
