/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run waits for, and for how long: on each side of every limit, by a clock that is moved by hand. */
#include "runner.h"

#define MS ((gint64) 1000000)

/* --- Somebody who never answers, on two addresses and over TCP as well --- */

typedef struct {
  GSocket *udp[2], *tcp;
  guint16 port;
  QsClock *clock;
} World;

static GSocket *
bound (const char *host, guint16 port, GSocketType type, GSocketProtocol protocol)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (host, port);
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, type, protocol, NULL);

  g_assert_nonnull (socket);
  if (!g_socket_bind (socket, address, FALSE, NULL))
    g_clear_object (&socket);
  return socket;
}

static void
world_clear (World *world)
{
  g_clear_object (&world->tcp);
  g_clear_object (&world->udp[0]);
  g_clear_object (&world->udp[1]);
  g_clear_object (&world->clock);
}

static void
world_init (World *world)
{
  do
    {
      *world = (World){ .clock = qs_clock_new_manual (1700000000000 * MS) };
      world->tcp = bound ("127.0.0.1", 0, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP);
      g_assert_true (g_socket_listen (world->tcp, NULL)); /* whose backlog completes handshakes */
      g_autoptr (GSocketAddress) address = g_socket_get_local_address (world->tcp, NULL);
      world->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
      world->udp[0] = bound ("127.0.0.1", world->port, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP);
      world->udp[1] = bound ("127.0.0.2", world->port, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP);
      if (world->udp[0] != NULL && world->udp[1] != NULL)
        return;
      world_clear (world);
    }
  while (TRUE);
}

static QsProbe *
world_probe (World *world, const char *scheme, QsProbeOptions *options, guint n_addresses)
{
  g_autofree char *text = g_strdup_printf ("%s://somewhere.test:%u", scheme, world->port);
  g_autoptr (QsTarget) target = qs_target_new (text, NULL);

  g_assert_nonnull (target);
  options->clock = g_object_ref (world->clock);
  options->resolve = g_new0 (char *, 3);
  for (guint i = 0; i < n_addresses; i++)
    options->resolve[i] = g_strdup_printf ("somewhere.test:%u:127.0.0.%u", world->port, i + 1);
  return qs_probe_new (target, options);
}

/* --- Time --- */

/* What is due, and nothing that is not: no clock but ours moves the timers. */
static void
advance (World *world, gint64 ns)
{
  qs_clock_advance (world->clock, ns);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

typedef struct {
  QsProbe *probe;
  QsMarkKind kind;
  const char *name;
  guint n;
} Marks;

static guint
count_marks (QsProbe *probe, QsMarkKind kind, const char *name)
{
  QsTrace *trace = qs_probe_get_trace (probe);
  guint n = 0;

  for (guint i = 0; i < qs_trace_get_n_marks (trace); i++)
    {
      const QsMark *mark = qs_trace_get_mark (trace, i, NULL);
      n += mark->kind == kind && (name == NULL || g_strcmp0 (mark->name, name) == 0);
    }
  return n;
}

static gboolean
are_there (gpointer data)
{
  const Marks *wanted = data;
  return count_marks (wanted->probe, wanted->kind, wanted->name) >= wanted->n;
}

/* What follows of it without any more time. */
static void
wait_for (QsProbe *probe, QsMarkKind kind, const char *name, guint n)
{
  Marks wanted = { probe, kind, name, n };

  run_until (are_there, &wanted);
  g_assert_cmpuint (count_marks (probe, kind, name), ==, n);
}

/* Up to one nanosecond before it, then over it. before: milliseconds since the last call. */
#define ADVANCE_TO(world, ms, not_yet) \
  G_STMT_START                         \
  {                                    \
    advance ((world), (ms) *MS - 1);   \
    g_assert_true (not_yet);           \
    advance ((world), 1);              \
  }                                    \
  G_STMT_END

/* --- The race: 250 ms of head start, TCP's word after one second, a smaller ClientHello after two --- */

static void
test_race (void)
{
  World world;
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();

  world_init (&world);
  g_autoptr (QsProbe) probe = world_probe (&world, "quic", options, 2);
  qs_probe_start (probe);
  wait_for (probe, QS_MARK_CONNECTING, NULL, 1);
  ADVANCE_TO (&world, 250, count_marks (probe, QS_MARK_CONNECTING, NULL) == 1);
  wait_for (probe, QS_MARK_CONNECTING, NULL, 2);

  /* TCP listens and says nothing: that is asked for at 1000 ms and known 2000 ms later. */
  ADVANCE_TO (&world, 750, count_marks (probe, QS_MARK_TCP_PROBE, NULL) == 0);
  ADVANCE_TO (&world, 1000, count_marks (probe, QS_MARK_NOTE, "small-hello") == 0);
  wait_for (probe, QS_MARK_NOTE, "small-hello", 1);
  ADVANCE_TO (&world, 1000, count_marks (probe, QS_MARK_TCP_PROBE, NULL) == 0);
  wait_for (probe, QS_MARK_TCP_PROBE, "open", 1);

  /* Ten seconds without progress. */
  ADVANCE_TO (&world, 7000, count_marks (probe, QS_MARK_NOTE, "timeout") == 0);
  wait_for (probe, QS_MARK_NOTE, "timeout", 1);
  run_probe (probe);
  g_assert_false (qs_probe_get_succeeded (probe));
  /* Its trace goes by the same clock. */
  g_assert_cmpint (qs_trace_now (qs_probe_get_trace (probe)), ==, 10000 * MS);
  world_clear (&world);
}

/* Who names groups is given no other ClientHello; TLS over TCP does not ask what TCP says, nor for a smaller one. */
static void
test_no_more_than_asked_for (void)
{
  World world;

  world_init (&world);
  for (guint tls = 0; tls < 2; tls++)
    {
      g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
      options->groups = tls ? NULL : g_strdup ("X25519");
      g_autoptr (QsProbe) probe = world_probe (&world, tls ? "tls" : "quic", options, 1);
      qs_probe_start (probe);
      wait_for (probe, QS_MARK_CONNECTING, NULL, 1);
      advance (&world, 9999 * MS);
      g_assert_cmpuint (count_marks (probe, QS_MARK_NOTE, "small-hello"), ==, 0);
      g_assert_cmpuint (count_marks (probe, QS_MARK_NOTE, "timeout"), ==, 0);
      qs_probe_stop (probe);
      run_probe (probe);
      g_assert_cmpuint (count_marks (probe, QS_MARK_CONNECTING, NULL), ==, 1);
      g_assert_cmpuint (count_marks (probe, QS_MARK_TCP_PROBE, NULL), ==, 0);
    }
  world_clear (&world);
}

/* --- Limits --- */

static void
test_limits (void)
{
  static const struct {
    guint timeout_ms, max_time_ms;
    const char *note;
    guint over_ms;
  } cases[] = {
    { 1500, 0, "timeout", 1500 },
    { 1500, 1499, "max-time", 1499 },
    { 60000, 30000, "max-time", 30000 },
  };
  World world;

  world_init (&world);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
      options->timeout_ms = cases[i].timeout_ms;
      options->max_time_ms = cases[i].max_time_ms;
      g_autoptr (QsProbe) probe = world_probe (&world, "quic", options, 1);
      qs_probe_start (probe);
      wait_for (probe, QS_MARK_CONNECTING, NULL, 1);
      ADVANCE_TO (&world, cases[i].over_ms, count_marks (probe, QS_MARK_NOTE, cases[i].note) == 0);
      run_probe (probe);
      g_assert_cmpuint (count_marks (probe, QS_MARK_NOTE, cases[i].note), ==, 1);
    }
  world_clear (&world);
}

static gboolean
has_asked (gpointer data)
{
  return qs_probe_get_stage (data) == QS_STAGE_REQUEST;
}

static gboolean
tick_cb (gpointer data)
{
  qs_clock_advance (data, 10 * MS);
  return G_SOURCE_CONTINUE;
}

/* A close waits, too. */
static void
run_to_end (World *world, QsProbe *probe)
{
  guint tick = g_timeout_add (2, tick_cb, world->clock);

  run_probe (probe);
  g_source_remove (tick);
}

/* Patience is counted from the last progress on: a handshake that took its time leaves the request all of it. */
static void
test_patience_begins_anew (void)
{
  Fixture fixture;
  g_autoptr (QsClock) clock = qs_clock_new_manual (1700000000000 * MS);
  World world = { .clock = clock };

  fixture_init (&fixture, NULL, "hq-interop"); /* where nothing is said but answers */
  g_autoptr (QsProbeOptions) options = fixture_options (&fixture, QS_MODE_NONBLOCKING);
  options->clock = g_object_ref (clock);
  options->timeout_ms = 3000;
  g_autoptr (QsProbe) probe = fixture_probe (&fixture, "quic", "/stall", options);
  qs_probe_start (probe);
  wait_for (probe, QS_MARK_CONNECTING, NULL, 1);
  qs_clock_advance (clock, 2000 * MS);
  run_until (has_asked, probe);
  advance (&world, 0);         /* that it was answered is told behind that */
  advance (&world, 2999 * MS); /* five seconds since the start, not three since it asked */
  g_assert_cmpuint (count_marks (probe, QS_MARK_NOTE, "timeout"), ==, 0);
  advance (&world, 2 * MS);
  wait_for (probe, QS_MARK_NOTE, "timeout", 1);
  run_to_end (&world, probe);
  g_assert_false (qs_probe_get_succeeded (probe));
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/waiting/race", test_race);
  g_test_add_func ("/waiting/no-more-than-asked-for", test_no_more_than_asked_for);
  g_test_add_func ("/waiting/limits", test_limits);
  g_test_add_func ("/waiting/patience-begins-anew", test_patience_begins_anew);
  return g_test_run ();
}
