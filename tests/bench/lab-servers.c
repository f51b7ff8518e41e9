/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many servers of the lab at once, each with a scenario of its own, started and stopped again and again in one main loop:
 *
 *   lab-servers [CYCLES [MOST-LATE-MS]]
 *
 * In each cycle all of them run together and each is visited by one client. Nothing may be left behind: descriptors, memory
 * but for a rest that does not grow, ports. A tick of 5 ms says how late the loop was at worst, which must stay below
 * MOST-LATE-MS (0: not looked at). Prints the figures. */
#include <malloc.h>
#include <stdlib.h>

#include "../server/client.h"
#include "server/qs-server.h"

#define N_SERVERS 24
#define TICK_US 5000
#define SLACK_BYTES (256 * 1024)
#define N_ESTABLISHED 2 /* of each cycle, at the least */
#define LEAVE_AFTER (100 * 1000)
#define GIVE_UP_AFTER (20 * G_USEC_PER_SEC)

typedef struct {
  QsServer *servers[N_SERVERS];
  Client *clients[N_SERVERS];
  gint64 tick_at, latest; /* microseconds */
  gint64 longest_start, longest_stop;
  guint n_ticks, n_late, n_established;
} Lab;

static gboolean
tick_cb (gpointer data)
{
  Lab *lab = data;
  gint64 now = g_get_monotonic_time (), late = now - lab->tick_at;

  lab->latest = MAX (lab->latest, late);
  lab->n_ticks++;
  lab->n_late += late > 16700;
  lab->tick_at = now + TICK_US;
  g_source_set_ready_time (g_main_current_source (), lab->tick_at);
  return G_SOURCE_CONTINUE;
}

static gboolean
dispatch_cb (GSource *source, GSourceFunc func, gpointer data)
{
  return func (data);
}

static GSourceFuncs tick_funcs = { .dispatch = dispatch_cb };

static GSource *
start_ticking (Lab *lab)
{
  GSource *source = g_source_new (&tick_funcs, sizeof (GSource));

  lab->tick_at = g_get_monotonic_time () + TICK_US;
  g_source_set_ready_time (source, lab->tick_at);
  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_set_callback (source, tick_cb, lab, NULL);
  g_source_attach (source, NULL);
  return source;
}

/* As the window does it: one thing in a turn of the loop. A few turns, as there is always something to do. */
static void
turn (void)
{
  for (guint i = 0; i < 8 && g_main_context_pending (NULL); i++)
    g_main_context_iteration (NULL, FALSE);
}

static void
start_server (Lab *lab, guint i)
{
  guint n;
  const QsScenario *scenarios = qs_scenarios (&n);
  g_autoptr (QsServerOptions) options = qs_server_options_new ();
  g_autoptr (GError) error = NULL;

  options->scenarios = g_strsplit (scenarios[i % n].name, ",", -1);
  options->record = TRUE;
  lab->servers[i] = qs_server_new (options);
  gint64 before = g_get_monotonic_time ();
  if (!qs_server_start (lab->servers[i], &error))
    g_error ("%s: %s", scenarios[i % n].name, error->message);
  lab->longest_start = MAX (lab->longest_start, g_get_monotonic_time () - before);
}

/* Some scenarios never answer: those are left alone after a moment, but not before a few others came through. */
static gboolean
is_seen_enough (Lab *lab, gint64 since)
{
  gint64 elapsed = g_get_monotonic_time () - since;
  guint n_settled = 0, n_established = 0;

  for (guint i = 0; i < N_SERVERS; i++)
    {
      n_settled += client_is_settled (lab->clients[i]);
      n_established += lab->clients[i]->established;
    }
  return n_settled == N_SERVERS || (elapsed > LEAVE_AFTER && n_established >= N_ESTABLISHED) || elapsed > GIVE_UP_AFTER;
}

static void
visit (Lab *lab)
{
  gint64 since = g_get_monotonic_time ();

  for (guint i = 0; i < N_SERVERS; i++)
    {
      ClientOptions options = { .ca_pem = qs_server_get_ca_pem (lab->servers[i]) };
      lab->clients[i] = client_new (qs_server_get_port (lab->servers[i]), &options);
      turn ();
    }
  while (!is_seen_enough (lab, since))
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < N_SERVERS; i++)
    {
      lab->n_established += lab->clients[i]->established;
      g_clear_pointer (&lab->clients[i], client_free);
    }
}

static gboolean
is_free (guint16 port, GSocketType type)
{
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, type, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", port);

  /* reuse: what waits in TIME_WAIT is no listener. */
  return g_socket_bind (socket, address, type == G_SOCKET_TYPE_STREAM, NULL);
}

static guint
cycle (Lab *lab)
{
  guint16 ports[N_SERVERS];
  guint n_taken = 0;

  for (guint i = 0; i < N_SERVERS; i++)
    {
      start_server (lab, i);
      ports[i] = qs_server_get_port (lab->servers[i]);
      turn ();
    }
  visit (lab);
  for (guint i = 0; i < N_SERVERS; i++)
    {
      gint64 before = g_get_monotonic_time ();
      qs_server_stop (lab->servers[i]);
      lab->longest_stop = MAX (lab->longest_stop, g_get_monotonic_time () - before);
      g_clear_object (&lab->servers[i]);
      turn ();
    }
  for (guint i = 0; i < N_SERVERS; i++)
    n_taken += !is_free (ports[i], G_SOCKET_TYPE_DATAGRAM) + !is_free (ports[i], G_SOCKET_TYPE_STREAM);
  return n_taken;
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

int
main (int argc, char **argv)
{
  guint cycles = argc > 1 ? (guint) atoi (argv[1]) : 100, most_late = argc > 2 ? (guint) atoi (argv[2]) : 0;
  guint warm = MAX (cycles / 10, 2), descriptors = 0, n_taken = 0;
  gsize memory = 0;
  Lab lab = { 0 };
  g_autoptr (GSource) tick = start_ticking (&lab);
  gint64 from = g_get_monotonic_time ();

  for (guint i = 0; i < cycles; i++)
    {
      n_taken += cycle (&lab);
      if (i + 1 == warm)
        {
          descriptors = count_descriptors ();
          memory = memory_in_use ();
        }
    }
  guint descriptors_after = count_descriptors ();
  gssize growth = (gssize) memory_in_use () - (gssize) memory;
  g_print ("%u servers, %u times, in %.1f s; %u connections; descriptors %u then %u; memory %zu KiB, %+" G_GSSIZE_FORMAT
           " bytes since time %u; ports not given back: %u; longest start %.1f ms, longest stop %.1f ms; loop late by "
           "%.1f ms at most, by more than 16.7 ms in %u of %u ticks\n",
           N_SERVERS, cycles, (g_get_monotonic_time () - from) / 1e6, lab.n_established, descriptors, descriptors_after,
           memory / 1024, growth, warm, n_taken, lab.longest_start / 1e3, lab.longest_stop / 1e3, lab.latest / 1e3,
           lab.n_late, lab.n_ticks);
  g_source_destroy (tick);
  gboolean good = descriptors_after == descriptors && growth <= SLACK_BYTES && n_taken == 0 &&
                  (most_late == 0 || lab.latest <= most_late * 1000) && lab.n_established >= N_ESTABLISHED * cycles;
  return good ? 0 : 1;
}
