/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stopping and dropping runs at every stage, in every mode; what they leave behind; what idling costs. */
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runner.h"

static const QsMode all_modes[] = { QS_MODE_NONBLOCKING, QS_MODE_BLOCKING, QS_MODE_THREAD_ASSISTED };

/* What is promised; only the benchmark holds it to that, for other tests may keep the machine busy. */
#define MAX_STOP_US 100000

/* --- Somebody who never answers --- */

typedef struct {
  GSocket *udp, *tcp;
  guint16 port;
} Silent;

static GSocket *
bound (GSocketType type, GSocketProtocol protocol, guint16 port)
{
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, type, protocol, NULL);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", port);

  g_assert_nonnull (socket);
  g_assert_true (g_socket_bind (socket, address, FALSE, NULL));
  return socket;
}

/* UDP takes everything and says nothing; TCP completes its handshake (the backlog does) and says nothing. */
static void
silent_init (Silent *silent)
{
  silent->tcp = bound (G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, 0);
  g_assert_true (g_socket_listen (silent->tcp, NULL));
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (silent->tcp, NULL);
  silent->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  silent->udp = bound (G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, silent->port);
}

static void
silent_clear (Silent *silent)
{
  g_clear_object (&silent->udp);
  g_clear_object (&silent->tcp);
}

static QsProbe *
probe_of (const char *scheme, const char *host, guint16 port, const char *path, const QsProbeOptions *options)
{
  g_autofree char *text = g_strdup_printf ("%s://%s:%u%s", scheme, host, port, path);
  g_autoptr (QsTarget) target = qs_target_new (text, NULL);

  g_assert_nonnull (target);
  return qs_probe_new (target, options);
}

/* --- Stop --- */

typedef struct {
  QsProbe *probe;
  QsConnectionState state;
} Awaited;

static gboolean
state_is_reached (gpointer data)
{
  const Awaited *awaited = data;
  return qs_probe_get_state (awaited->probe) >= awaited->state;
}

/* By stage and mode, for the benchmark. */
static GPtrArray *stages; /* const char */
static gint64 worst[16][G_N_ELEMENTS (all_modes)];

static void
note_stop (const char *stage, QsMode mode, gint64 took)
{
  guint i = 0;

  while (i < stages->len && !g_str_equal (stages->pdata[i], stage))
    i++;
  g_assert_cmpuint (i, <, G_N_ELEMENTS (worst));
  if (i == stages->len)
    g_ptr_array_add (stages, (gpointer) stage);
  worst[i][mode] = MAX (worst[i][mode], took);
}

static void
print_worst (void)
{
  for (guint i = 0; i < stages->len; i++)
    g_print ("# longest stop, %s:  nonblocking %.1f ms, blocking %.1f ms, thread-assisted %.1f ms\n",
             (const char *) stages->pdata[i], (double) worst[i][QS_MODE_NONBLOCKING] / 1000,
             (double) worst[i][QS_MODE_BLOCKING] / 1000, (double) worst[i][QS_MODE_THREAD_ASSISTED] / 1000);
}

/* What a download left to dissect is done afterwards, and is not what is waited for. */
static void
stop_and_check (QsProbe *probe, const char *stage)
{
  Awaited awaited = { probe, QS_CONNECTION_CLOSED };
  gint64 start = g_get_monotonic_time ();

  qs_probe_stop (probe);
  run_until (state_is_reached, &awaited);
  gint64 took = g_get_monotonic_time () - start;
  run_probe (probe);
  g_test_message ("stopped within %.1f ms, finished within %.1f ms", (double) took / 1000,
                  (double) (g_get_monotonic_time () - start) / 1000);
  note_stop (stage, qs_probe_get_options (probe)->mode, took);
  if (g_test_perf () && took > MAX_STOP_US)
    {
      dump_marks (probe);
      g_assert_cmpint (took, <, MAX_STOP_US);
    }
  g_assert_true (qs_probe_get_stopped (probe));
  g_assert_cmpint (qs_probe_get_state (probe), >=, QS_CONNECTION_CLOSED);
}

/* One of those that are under way together. */
typedef struct {
  QsProbe *probe;
  const char *stage;
  guint delay;
} Waiting;

static gboolean
stop_cb (gpointer data)
{
  Waiting *waiting = data;

  stop_and_check (waiting->probe, waiting->stage);
  g_assert_false (qs_probe_get_succeeded (waiting->probe));
  g_assert_cmpstr (find_mark (waiting->probe, QS_MARK_OUTCOME, NULL)->name, ==, "stopped");
  g_clear_object (&waiting->probe);
  return G_SOURCE_REMOVE;
}

static gboolean
all_are_stopped (gpointer data)
{
  const GArray *all = data;

  for (guint i = 0; i < all->len; i++)
    if (g_array_index (all, Waiting, i).probe != NULL)
      return FALSE;
  return TRUE;
}

/* At each of these moments behind the start, the last one behind the first retransmission: in all modes and over both
 * transports at once, for none of them has anything to do but wait. */
static void
test_stop_in_handshake (void)
{
  static const char *const schemes[] = { "quic", "tls" };
  static const guint delays[] = { 0, 1, 20, 300, 1100 };
  g_autoptr (GArray) all = g_array_new (FALSE, TRUE, sizeof (Waiting));
  Silent silent;

  silent_init (&silent);
  for (guint i = 0; i < G_N_ELEMENTS (schemes) * G_N_ELEMENTS (delays) * G_N_ELEMENTS (all_modes); i++)
    {
      const char *scheme = schemes[i % G_N_ELEMENTS (schemes)];
      g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
      options->mode = all_modes[i / G_N_ELEMENTS (schemes) % G_N_ELEMENTS (all_modes)];
      Waiting waiting = { .probe = probe_of (scheme, "127.0.0.1", silent.port, "", options),
                          .stage = g_str_equal (scheme, "tls") ? "TLS handshake" : "QUIC handshake",
                          .delay = delays[i / (G_N_ELEMENTS (schemes) * G_N_ELEMENTS (all_modes))] };
      g_array_append_val (all, waiting);
    }
  for (guint i = 0; i < all->len; i++)
    {
      Waiting *waiting = &g_array_index (all, Waiting, i);
      qs_probe_start (waiting->probe);
      if (waiting->delay > 0)
        g_timeout_add (waiting->delay, stop_cb, waiting);
      else
        stop_cb (waiting);
    }
  run_until (all_are_stopped, all);
  silent_clear (&silent);
}

/* An address that swallows SYNs: nothing routes TEST-NET-1 (RFC 5737). Where a route refuses at once, it just fails. */
static void
test_stop_in_connect (gconstpointer data)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();

  options->mode = (QsMode) GPOINTER_TO_INT (data);
  g_autoptr (QsProbe) probe = probe_of ("tls", "192.0.2.1", 443, "", options);
  Awaited awaited = { probe, QS_CONNECTION_CONNECTING };
  qs_probe_start (probe);
  run_until (state_is_reached, &awaited);
  if (!qs_probe_get_finished (probe))
    stop_and_check (probe, "TCP connect");
}

static void
test_stop_in_resolve (void)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  g_autoptr (QsProbe) probe = probe_of ("quic", "slow-to-resolve.invalid", 443, "", options);

  qs_probe_start (probe);
  stop_and_check (probe, "resolving");
  g_assert_cmpstr (find_mark (probe, QS_MARK_OUTCOME, NULL)->text, ==, "resolve");
}

static void
test_stop_established (gconstpointer data)
{
  static const struct {
    const char *stage, *scheme, *path;
    guint delay; /* ms, at least: so that it is in the middle of it */
  } cases[] = {
    { "QUIC established", "quic", "", 0 },
    { "QUIC request", "quic", "/slow/30000", 20 },
    { "QUIC download", "quic", "/bytes/2000000000", 20 },
    { "QUIC stalled", "quic", "/stall", 20 },
    { "TLS established", "tls", "", 0 },
    { "TLS request", "tls", "/slow/30000", 20 },
    { "TLS download", "tls", "/bytes/2000000000", 20 },
  };
  Fixture fixture;

  fixture_init (&fixture, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (QsProbeOptions) options = fixture_options (&fixture, (QsMode) GPOINTER_TO_INT (data));
      options->keep_open = TRUE;
      options->trace_limit = 100000;
      g_autoptr (QsProbe) probe = fixture_probe (&fixture, cases[i].scheme, cases[i].path, options);
      Awaited awaited = { probe, QS_CONNECTION_ESTABLISHED };
      qs_probe_start (probe);
      run_until (state_is_reached, &awaited);
      g_assert_cmpint (qs_probe_get_state (probe), ==, QS_CONNECTION_ESTABLISHED);
      if (cases[i].delay > 0)
        run_for (cases[i].delay);
      g_test_message ("%s %s", cases[i].scheme, cases[i].path);
      stop_and_check (probe, cases[i].stage);
      g_assert_cmpint (qs_probe_get_state (probe), ==, QS_CONNECTION_CLOSED);
    }
  fixture_clear (&fixture);
}

static void
one_run (Fixture *fixture, QsMode mode, guint i)
{
  g_autoptr (QsProbeOptions) options = fixture_options (fixture, mode);
  g_autoptr (QsProbe) probe =
      fixture_probe (fixture, i % 10 == 9 ? "tls" : "quic", i % 3 == 0 ? "/bytes/1000" : "", options);

  if (i % 7 == 6)
    {
      qs_probe_start (probe);
      run_for (i % 11);
      if (!qs_probe_get_finished (probe))
        qs_probe_stop (probe);
      run_probe (probe);
      return;
    }
  run_probe (probe);
  assert_succeeded (probe);
}

/* --- Dropping without a stop, as a window that is closed does --- */

static guint
count_threads (void)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (folder) != NULL)
    n++;
  return n;
}

typedef struct {
  guint fds, threads;
} Footprint;

static gboolean
is_as_before (gpointer data)
{
  const Footprint *before = data;

  return count_fds () <= before->fds && count_threads () <= before->threads;
}

/* Descriptors and threads go when the connections have said good-bye: looked at ten times a second. */
static gboolean
look_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
run_until_as_before (Footprint before)
{
  guint look = g_timeout_add (100, look_cb, NULL);

  run_until (is_as_before, &before);
  g_source_remove (look);
}

static void
drop_one (Fixture *fixture, QsMode mode, guint i)
{
  g_autoptr (QsProbeOptions) options = fixture_options (fixture, mode);
  QsStream *stream = NULL;

  options->keep_open = i % 2 == 0;
  options->timeout_ms = 500;
  QsProbe *probe = fixture_probe (fixture, i % 3 == 0 ? "tls" : "quic", i % 5 == 0 ? "/bytes/100000000" : "", options);
  qs_probe_start (probe);
  run_for (i / 2);
  if (i % 4 == 0)
    stream = qs_probe_open_stream (probe, TRUE, NULL); /* outlives its probe */
  g_object_run_dispose (G_OBJECT (probe));
  g_object_unref (probe);
  if (stream != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static ("late", 4);
      g_assert_false (qs_stream_send (stream, bytes, TRUE, NULL));
      g_object_unref (stream);
    }
}

static void
test_drop (gconstpointer data)
{
  Fixture fixture;

  fixture_init (&fixture, NULL, NULL);
  one_run (&fixture, (QsMode) GPOINTER_TO_INT (data), 0); /* what is made once for all is there behind it */
  Footprint before = { count_fds () + 2, count_threads () + 1 };
  for (guint i = 0; i < 30; i++)
    drop_one (&fixture, (QsMode) GPOINTER_TO_INT (data), i);
  run_until_as_before (before);
  fixture_clear (&fixture);
}

/* --- What runs leave behind --- */

static gsize
resident_kib (void)
{
  g_autofree char *text = NULL;
  gsize kib = 0;

  malloc_trim (0);
  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  g_auto (GStrv) fields = g_strsplit (text, " ", 3);
  kib = g_ascii_strtoull (fields[1], NULL, 10) * (gsize) sysconf (_SC_PAGESIZE) / 1024;
  return kib;
}

/* All modes by turns. The server keeps its last 200 connections: beyond them its share does not grow either. */
static void
test_leaks (void)
{
  const guint n = g_test_slow () ? 3000 : 400, first = 220;
  Fixture fixture;
  Footprint before = { 0 };
  gsize memory = 0;

  fixture_init (&fixture, "no-retry", NULL);
  for (guint i = 0; i < n; i++)
    {
      if (i == first)
        {
          before = (Footprint){ count_fds () + 2, count_threads () + 1 };
          memory = resident_kib ();
        }
      one_run (&fixture, all_modes[i % G_N_ELEMENTS (all_modes)], i / G_N_ELEMENTS (all_modes));
    }
  run_until_as_before (before);
  g_test_message ("%u runs: %u descriptors, %u threads, %zu -> %zu KiB", n - first, count_fds (), count_threads (),
                  memory, resident_kib ());
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  g_assert_cmpuint (resident_kib (), <, memory + 4096);
#endif
  fixture_clear (&fixture);
}

/* --- What idling costs --- */

static guint64
context_switches (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (guint64) usage.ru_nvcsw;
}

static gboolean
is_confirmed (gpointer data)
{
  return find_mark (data, QS_MARK_CONFIRMED, NULL) != NULL;
}

/* The fewest wakeups in two spans: a page that comes from the disk counts as one too, and a busy machine has taken some away. */
static guint64
fewest_wakeups (guint ms, guint64 enough)
{
  guint64 fewest = G_MAXUINT64;

  for (guint i = 0; i < 2 && fewest > enough; i++)
    {
      guint64 before = context_switches ();
      run_for (ms);
      fewest = MIN (fewest, context_switches () - before);
    }
  return fewest;
}

/* Until nothing is left to be said: what is acknowledged late, probes of the path's size. */
static void
run_until_quiet (void)
{
  gint64 deadline = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  while (fewest_wakeups (100, 1) > 1)
    if (g_get_monotonic_time () > deadline)
      g_error ("it does not come to rest");
}

/* Servers and clients are in this process, a connection in each mode: what is counted is the sum of all, and of the timer that ends
 * it. Whoever looks about once a second shows; the benchmark sees who does so every four. */
static void
test_idle (void)
{
  QsProbe *probes[G_N_ELEMENTS (all_modes)];
  Fixture fixture;

#if defined(__SANITIZE_THREAD__)
  g_test_skip ("the sanitizer has a thread of its own that wakes all the time");
  return;
#endif
  fixture_init (&fixture, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (all_modes); i++)
    {
      g_autoptr (QsProbeOptions) options = fixture_options (&fixture, all_modes[i]);
      options->keep_open = TRUE;
      probes[i] = fixture_probe (&fixture, "quic", "", options);
      qs_probe_start (probes[i]);
      run_until (is_confirmed, probes[i]);
    }
  run_until_quiet ();
  guint64 wakeups = fewest_wakeups (g_test_perf () ? 10000 : 1000, g_test_perf () ? 6 : 4);
  g_test_message ("%" G_GUINT64_FORMAT " wakeups", wakeups);
  g_assert_cmpuint (wakeups, <=, g_test_perf () ? 6 : 4);
  for (guint i = 0; i < G_N_ELEMENTS (all_modes); i++)
    {
      g_assert_cmpint (qs_probe_get_state (probes[i]), ==, QS_CONNECTION_ESTABLISHED);
      qs_probe_stop (probes[i]);
      run_probe (probes[i]);
      g_object_unref (probes[i]);
    }
  fixture_clear (&fixture);
}

static void
add_for_all_modes (const char *name, GTestDataFunc func)
{
  for (guint i = 0; i < G_N_ELEMENTS (all_modes); i++)
    {
      g_autofree char *path = g_strdup_printf ("/stop/%s/%s", name, qs_mode_name (all_modes[i]));
      g_test_add_data_func (path, GINT_TO_POINTER (all_modes[i]), func);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stop/in-handshake", test_stop_in_handshake);
  add_for_all_modes ("in-connect", test_stop_in_connect);
  add_for_all_modes ("established", test_stop_established);
  add_for_all_modes ("drop", test_drop);
  g_test_add_func ("/stop/leaks", test_leaks);
  g_test_add_func ("/stop/idle", test_idle);
  g_test_add_func ("/stop/in-resolve", test_stop_in_resolve);
  stages = g_ptr_array_new ();
  int status = g_test_run ();
  print_worst ();
  g_ptr_array_unref (stages);
  return status;
}
