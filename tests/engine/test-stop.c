/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stopping and dropping runs at every stage, in every mode; what they leave behind; what idling costs. */
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runner.h"

static const QsMode all_modes[] = { QS_MODE_NONBLOCKING, QS_MODE_BLOCKING, QS_MODE_THREAD_ASSISTED };

/* 100 ms are promised; the rest is for a machine that is busy with other tests. */
#define MAX_STOP_US (g_test_perf () ? 100000 : 800000)

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
  if (took > MAX_STOP_US)
    dump_marks (probe);
  g_assert_cmpint (took, <, MAX_STOP_US);
  g_assert_true (qs_probe_get_stopped (probe));
  g_assert_cmpint (qs_probe_get_state (probe), >=, QS_CONNECTION_CLOSED);
}

static void
test_stop_in_handshake (gconstpointer data)
{
  static const char *const schemes[] = { "quic", "tls" };
  static const guint delays[] = { 0, 1, 20, 300, 1100 };
  Silent silent;

  silent_init (&silent);
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    for (guint j = 0; j < G_N_ELEMENTS (delays); j++)
      {
        g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
        options->mode = (QsMode) GPOINTER_TO_INT (data);
        g_autoptr (QsProbe) probe = probe_of (schemes[i], "127.0.0.1", silent.port, "", options);
        qs_probe_start (probe);
        if (delays[j] > 0)
          run_for (delays[j]);
        stop_and_check (probe, g_str_equal (schemes[i], "tls") ? "TLS handshake" : "QUIC handshake");
        g_assert_false (qs_probe_get_succeeded (probe));
        g_assert_cmpstr (find_mark (probe, QS_MARK_OUTCOME, NULL)->name, ==, "stopped");
      }
  silent_clear (&silent);
}

/* An address that swallows SYNs: nothing routes TEST-NET-1 (RFC 5737). Where a route refuses at once, it just fails. */
static void
test_stop_in_connect (gconstpointer data)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();

  options->mode = (QsMode) GPOINTER_TO_INT (data);
  g_autoptr (QsProbe) probe = probe_of ("tls", "192.0.2.1", 443, "", options);
  qs_probe_start (probe);
  run_for (30);
  gint64 start = g_get_monotonic_time ();
  qs_probe_stop (probe);
  run_probe (probe);
  note_stop ("TCP connect", options->mode, g_get_monotonic_time () - start);
  g_assert_cmpint (g_get_monotonic_time () - start, <, MAX_STOP_US);
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
    guint delay;
  } cases[] = {
    { "QUIC established", "quic", "", 0 },
    { "QUIC request", "quic", "/slow/30000", 50 },
    { "QUIC download", "quic", "/bytes/2000000000", 50 },
    { "QUIC stalled", "quic", "/stall", 50 },
    { "TLS established", "tls", "", 0 },
    { "TLS request", "tls", "/slow/30000", 50 },
    { "TLS download", "tls", "/bytes/2000000000", 50 },
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

/* --- Dropping without a stop, as a window that is closed does --- */

static void
test_drop (gconstpointer data)
{
  Fixture fixture;

  fixture_init (&fixture, NULL, NULL);
  for (guint i = 0; i < 40; i++)
    {
      g_autoptr (QsProbeOptions) options = fixture_options (&fixture, (QsMode) GPOINTER_TO_INT (data));
      options->keep_open = i % 2 == 0;
      options->timeout_ms = 500;
      QsProbe *probe =
          fixture_probe (&fixture, i % 3 == 0 ? "tls" : "quic", i % 5 == 0 ? "/bytes/100000000" : "", options);
      QsStream *stream = NULL;
      qs_probe_start (probe);
      run_for (i);
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
  run_for (700);
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

static guint
count_threads (void)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (folder) != NULL)
    n++;
  return n;
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

static void
test_leaks (gconstpointer data)
{
  const guint n = g_test_slow () ? 1000 : 300;
  QsMode mode = (QsMode) GPOINTER_TO_INT (data);
  Fixture fixture;
  guint fds = 0, threads = 0;
  gsize memory = 0;

  fixture_init (&fixture, "no-retry", NULL);
  for (guint i = 0; i < n; i++)
    {
      /* The server keeps its last 200 connections: beyond them its share does not grow either. */
      if (i == 220)
        {
          run_for (300);
          fds = count_fds ();
          threads = count_threads ();
          memory = resident_kib ();
        }
      one_run (&fixture, mode, i);
    }
  run_for (300);
  g_test_message ("%u runs: %u -> %u descriptors, %u -> %u threads, %zu -> %zu KiB", n - 220, fds, count_fds (),
                  threads, count_threads (), memory, resident_kib ());
  g_assert_cmpuint (count_fds (), <=, fds + 2);
  g_assert_cmpuint (count_threads (), <=, threads + 1);
#if !defined(__SANITIZE_ADDRESS__)
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

/* Server and client are both in this process: what is counted is the sum of both, and of the timer that ends it. */
static void
test_idle (gconstpointer data)
{
  Fixture fixture;

  fixture_init (&fixture, NULL, NULL);
  g_autoptr (QsProbeOptions) options = fixture_options (&fixture, (QsMode) GPOINTER_TO_INT (data));
  options->keep_open = TRUE;
  g_autoptr (QsProbe) probe = fixture_probe (&fixture, "quic", "", options);
  qs_probe_start (probe);
  run_until (is_confirmed, probe);
  run_for (1000);
  /* A page that comes from the disk counts as a wakeup too, and a busy machine has taken some away: the better of two. */
  guint64 wakeups = G_MAXUINT64;
  for (guint i = 0; i < 2 && wakeups >= 5; i++)
    {
      guint64 before = context_switches ();
      run_for (10000);
      wakeups = MIN (wakeups, context_switches () - before);
    }
  g_test_message ("%" G_GUINT64_FORMAT " wakeups in 10 s", wakeups);
  g_assert_cmpuint (wakeups, <, 5);
  g_assert_cmpint (qs_probe_get_state (probe), ==, QS_CONNECTION_ESTABLISHED);
  qs_probe_stop (probe);
  run_probe (probe);
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
  add_for_all_modes ("in-handshake", test_stop_in_handshake);
  add_for_all_modes ("in-connect", test_stop_in_connect);
  add_for_all_modes ("established", test_stop_established);
  add_for_all_modes ("drop", test_drop);
  add_for_all_modes ("leaks", test_leaks);
  add_for_all_modes ("idle", test_idle);
  g_test_add_func ("/stop/in-resolve", test_stop_in_resolve);
  stages = g_ptr_array_new ();
  int status = g_test_run ();
  print_worst ();
  g_ptr_array_unref (stages);
  return status;
}
