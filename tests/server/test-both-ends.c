/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our client and our server over a path that loses, changes, doubles, delays and reorders: what the joined recordings say of
 * each datagram must be what the two lists of bytes say, and what the path itself says it did. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "dissect/qs-dissector.h"
#include "engine/qs-probe.h"
#include "formats/qs-trace-file.h"
#include "formats/qs-trace-save.h"
#include "server/qs-server.h"
#include "trace/qs-trace-join.h"

#define LIMIT_S 60

typedef struct {
  const char *path;   /* what the server's side of the path does, of both directions */
  const char *target; /* what is asked for */
  const char *scheme;
  guint lost, changed, again, late; /* at least so many must be seen */
  const char *own_path;             /* what the client's side does as well */
  guint rebind_ms;                  /* and when it changes its port; 0: never */
} Case;

typedef struct {
  QsTrace *client, *server;
} Ends;

/* --- Running --- */

static gboolean
limit_cb (gpointer data)
{
  g_error ("This took longer than %u s", LIMIT_S);
  return G_SOURCE_REMOVE;
}

#define SETTLED_MS 300 /* longer than anything is held back on the paths here */

typedef struct {
  QsTrace *traces[2];
  guint n_records[2];
  gint64 since; /* when they last grew */
} Settling;

static gboolean
look_cb (gpointer data)
{
  Settling *self = data;

  for (guint i = 0; i < 2; i++)
    {
      guint n = qs_trace_get_n_records (self->traces[i]);

      if (n != self->n_records[i])
        self->since = g_get_monotonic_time ();
      self->n_records[i] = n;
    }
  return G_SOURCE_CONTINUE;
}

/* On until nothing that was delayed is under way any more, however busy the machine is. */
static void
settle (QsTrace *client, QsTrace *server)
{
  Settling settling = { { client, server }, { 0 }, g_get_monotonic_time () };
  guint look = g_timeout_add (20, look_cb, &settling);

  while (g_get_monotonic_time () - settling.since < SETTLED_MS * 1000)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (look);
}

static QsServer *
start_server (const char *path, char **ca_file)
{
  g_autoptr (QsServerOptions) options = qs_server_options_new ();
  g_autoptr (GError) error = NULL;

  options->record = TRUE;
  options->impairment = g_strdup (path);
  QsServer *server = qs_server_new (options);
  g_assert_true (qs_server_start (server, &error));
  int fd = g_file_open_tmp ("quicscope-ca-XXXXXX.pem", ca_file, &error);
  g_assert_no_error (error);
  close (fd);
  g_assert_true (qs_server_write_ca (server, *ca_file, &error));
  return server;
}

static void
run (QsProbe *probe)
{
  guint limit = g_timeout_add_seconds (LIMIT_S, limit_cb, NULL);

  qs_probe_start (probe);
  while (!qs_probe_get_finished (probe))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (limit);
}

static void
dissect (QsTrace *trace)
{
  g_autoptr (QsDissector) dissector = qs_dissector_new (trace);

  g_assert_true (qs_dissector_advance (dissector, 0));
  qs_dissector_finish (dissector);
}

/* Returns how many connections the server knows; with more than one there may be no ends->server. */
static guint
record_once (const Case *of, guint rebind_ms, Ends *ends)
{
  g_autofree char *ca_file = NULL;
  g_autoptr (QsServer) server = start_server (of->path, &ca_file);
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  g_autofree char *text = g_strdup_printf ("%s://localhost:%u%s", of->scheme, qs_server_get_port (server), of->target);
  g_autoptr (QsTarget) target = qs_target_new (text, NULL);

  options->family = G_SOCKET_FAMILY_IPV4;
  options->ca_file = g_strdup (ca_file);
  options->timeout_ms =
      of->own_path != NULL || rebind_ms > 0 ? 6000 : 40000; /* it may be that nothing comes through any more */
  options->impairment = rebind_ms > 0 ? g_strdup_printf ("rebind=%ums", rebind_ms) : g_strdup (of->own_path);
  g_autoptr (QsProbe) probe = qs_probe_new (target, options);
  run (probe);
  g_unlink (ca_file);

  ends->client = g_object_ref (qs_probe_get_trace (probe));
  const QsPath *path = qs_trace_get_path (ends->client, 0);
  g_assert_nonnull (path);
  ends->server = qs_server_find_trace (server, path->local);
  if (ends->server == NULL && rebind_ms > 0)
    return G_MAXUINT;
  g_assert_nonnull (ends->server);
  settle (ends->client, ends->server);
  guint n_connections = g_list_model_get_n_items (qs_server_get_connections (server));
  qs_server_stop (server);
  dissect (ends->server); /* the probe's own is dissected as it grows */
  return n_connections;
}

static void
ends_clear (Ends *ends)
{
  g_clear_object (&ends->client);
  g_clear_object (&ends->server);
}

/* Who changes the port before the server knows it, as on a busy machine, is another client to it: then later. */
static void
record_both (const Case *of, Ends *ends)
{
  guint ms = of->rebind_ms;

  while (record_once (of, ms, ends) > 1 && ms > 0 && ms < 10000)
    {
      ends_clear (ends);
      ms *= 2;
    }
}

/* --- What the two lists of bytes say --- */

static guint
n_different_bits (QsSpan a, QsSpan b)
{
  guint n = 0;

  if (a.length != b.length)
    return G_MAXUINT;
  for (gsize i = 0; i < a.length && n < 2; i++)
    n += (guint) __builtin_popcount (a.data[i] ^ b.data[i]);
  return n;
}

/* How often a datagram that left one end is in what the other one got, as it was or with one bit changed. */
static void
count_arrivals (QsTrace *receiver, const QsRecord *sent, guint *as_it_was, guint *changed)
{
  *as_it_was = *changed = 0;
  for (guint i = 0; i < qs_trace_get_n_records (receiver); i++)
    {
      QsRecord record;

      qs_trace_get_record (receiver, i, &record);
      if (record.kind != QS_RECORD_DATAGRAM || record.direction != QS_DIRECTION_RECEIVED ||
          record.fate == QS_FATE_DROPPED)
        continue;
      guint different = n_different_bits (record.bytes, sent->bytes);
      *as_it_was += different == 0;
      *changed += different == 1;
    }
}

typedef struct {
  guint arrived, lost, changed, again, late;
} Counts;

static void
check_packet (QsTraceJoin *join, QsTrace *sender, QsTrace *receiver, guint packet, Counts *counts)
{
  gboolean other = sender == qs_trace_join_get_other (join);
  guint32 index = qs_trace_join_find (join, other, packet), as_it_was, changed;
  QsRecord record;

  g_assert_cmpuint (index, !=, QS_JOIN_NONE);
  const QsCrossing *crossing = qs_trace_join_get_crossing (join, index);
  QsCrossingFate fate = qs_trace_join_get_fate (join, index);
  qs_trace_get_record (sender, qs_trace_get_packet (sender, packet)->record, &record);
  count_arrivals (receiver, &record, &as_it_was, &changed);

  g_assert_cmpuint (crossing->sent_packet, ==, packet);
  g_assert_cmpint (fate, ==, as_it_was + changed > 0 ? QS_CROSSING_ARRIVED : QS_CROSSING_LOST);
  guint n = 0;
  for (guint32 at = crossing->again; at != QS_JOIN_NONE; n++)
    at = qs_trace_join_get_again (join, at)->again;
  g_assert_cmpuint (n, ==, as_it_was + changed > 0 ? as_it_was + changed - 1 : 0);
  if (as_it_was + changed == 1)
    g_assert_cmpint (crossing->changed, ==, changed);
  /* What the path says of its own doing. */
  if (record.fate == QS_FATE_DROPPED)
    g_assert_cmpint (fate, ==, QS_CROSSING_LOST);
  if (record.fate == QS_FATE_CORRUPTED && fate == QS_CROSSING_ARRIVED)
    g_assert_true (crossing->changed);
  if (fate == QS_CROSSING_ARRIVED)
    g_assert_cmpint (crossing->arrived, >=, crossing->sent - 1000000);

  counts->arrived += fate == QS_CROSSING_ARRIVED;
  counts->lost += fate == QS_CROSSING_LOST;
  counts->changed += crossing->changed;
  counts->again += n;
}

/* Of each side, what arrived after something that left later. */
static guint
count_late (QsTraceJoin *join)
{
  guint n = qs_trace_join_get_n_crossings (join), late = 0;

  for (guint i = 0; i < n; i++)
    {
      const QsCrossing *a = qs_trace_join_get_crossing (join, i);
      gboolean overtaken = FALSE;

      for (guint k = i + 1; k < n && !overtaken && a->arrived != QS_JOIN_NO_TIME; k++)
        {
          const QsCrossing *b = qs_trace_join_get_crossing (join, k);
          overtaken = b->by_client == a->by_client && b->sent > a->sent && b->arrived != QS_JOIN_NO_TIME &&
                      b->arrived < a->arrived;
        }
      late += overtaken;
    }
  return late;
}

static void
check_join (QsTraceJoin *join, Counts *counts)
{
  QsTrace *traces[] = { qs_trace_join_get_own (join), qs_trace_join_get_other (join) };
  guint n_sent = 0;

  *counts = (Counts){ 0 };
  for (guint i = 0; i < 2; i++)
    for (guint k = 0; k < qs_trace_get_n_packets (traces[i]); k++)
      {
        if (qs_trace_get_packet (traces[i], k)->direction == QS_DIRECTION_SENT)
          {
            check_packet (join, traces[i], traces[1 - i], k, counts);
            n_sent++;
          }
        else
          g_assert_cmpuint (qs_trace_join_find (join, i == 1, k), !=, QS_JOIN_NONE);
      }
  /* Every crossing is one that was sent: nothing was left over. */
  g_assert_cmpuint (qs_trace_join_get_n_crossings (join), ==, n_sent);
  counts->late = count_late (join);
  g_test_message ("%u packets: %u arrived (%u changed, %u more than once, %u overtaken), %u lost", n_sent,
                  counts->arrived, counts->changed, counts->again, counts->late, counts->lost);
}

/* What was agreed on, both ends say in the same words. */
static void
check_facts (const Ends *ends)
{
  gboolean done = qs_trace_find_mark (ends->client, QS_MARK_HANDSHAKE_DONE, NULL, NULL) != NULL;

  static const char *const names[] = { "tls.version", "tls.cipher", "tls.group", "tls.alpn", "tls.resumed", "tls.sni" };

  g_assert_cmpint (qs_trace_find_mark (ends->server, QS_MARK_HANDSHAKE_DONE, NULL, NULL) != NULL, ==, done);
  if (!done) /* on the path where nothing comes through */
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpstr (qs_trace_get_fact (ends->server, names[i]), ==, qs_trace_get_fact (ends->client, names[i]));
  g_assert_cmpstr (qs_trace_get_fact (ends->client, "tls.version"), ==, "TLS 1.3");
  g_assert_nonnull (qs_trace_get_fact (ends->client, "tls.cipher"));
  g_assert_nonnull (qs_trace_get_fact (ends->client, "tls.signature"));
  g_assert_null (qs_trace_get_fact (ends->server, "tls.signature")); /* no client's certificate */
}

/* How it ended, too, but for whose doing it was. */
static void
check_close (const Ends *ends)
{
  const QsMark *ours = qs_trace_find_mark (ends->client, QS_MARK_CLOSE, "local", NULL);
  const QsMark *theirs = qs_trace_find_mark (ends->server, QS_MARK_CLOSE, "remote", NULL);

  if (ours == NULL || theirs == NULL) /* its packet was lost */
    return;
  g_assert_cmpint (ours->value, ==, theirs->value);
  g_assert_cmpint (ours->application, ==, theirs->application);
  g_assert_cmpstr (ours->text, ==, theirs->text);
  g_assert_true (g_bytes_equal (ours->bytes, theirs->bytes));
}

static void
test_live (gconstpointer data)
{
  const Case *of = data;
  Counts counts;
  Ends ends;

  record_both (of, &ends);
  check_facts (&ends);
  check_close (&ends);
  for (guint server_is_own = 0; server_is_own < 2; server_is_own++)
    {
      g_autoptr (QsTraceJoin) join = qs_trace_join_new (server_is_own ? ends.server : ends.client,
                                                        server_is_own ? ends.client : ends.server, QS_JOIN_SAME_CLOCK);
      g_autoptr (GError) error = NULL;

      qs_trace_join_finish (join);
      g_assert_true (qs_trace_join_check (join, &error));
      check_join (join, &counts);
      g_assert_cmpuint (counts.lost, >=, of->lost);
      g_assert_cmpuint (counts.changed, >=, of->changed);
      g_assert_cmpuint (counts.again, >=, of->again);
      g_assert_cmpuint (counts.late, >=, of->late);
    }
  ends_clear (&ends);
}

/* --- Files --- */

typedef struct {
  gboolean done;
} Save;

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  qs_trace_save_finish (QS_TRACE (source), result, &error);
  g_assert_no_error (error);
  ((Save *) data)->done = TRUE;
}

static QsTrace *
through_file (QsTrace *trace, const char *name)
{
  g_autofree char *folder = g_dir_make_tmp ("quicscope-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  Save save = { FALSE };

  qs_trace_save_async (trace, path, qs_trace_format_for_name (path, QS_TRACE_FORMAT_PCAPNG), NULL, saved_cb, &save);
  while (!save.done)
    g_main_context_iteration (NULL, TRUE);
  g_autoptr (GPtrArray) traces = qs_trace_file_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (traces->len, ==, 1);
  g_unlink (path);
  g_rmdir (folder);
  QsTrace *loaded = g_object_ref (g_ptr_array_index (traces, 0));
  dissect (loaded);
  return loaded;
}

static guint
count_lost (QsTraceJoin *join)
{
  guint lost = 0;

  for (guint i = 0; i < qs_trace_join_get_n_crossings (join); i++)
    lost += qs_trace_join_get_fate (join, i) == QS_CROSSING_LOST;
  return lost;
}

/* The two ends' files, saved and opened again, say what the live traces said. */
static void
test_files (gconstpointer data)
{
  const char *name = data;
  const Case of = { "loss=10%,delay=5ms,seed=5", "/bytes/60000", "quic", 1, 0, 0, 0 };
  Counts counts;
  Ends ends;

  record_both (&of, &ends);
  g_autoptr (QsTraceJoin) live = qs_trace_join_new (ends.client, ends.server, QS_JOIN_SAME_CLOCK);
  qs_trace_join_finish (live);
  check_join (live, &counts);

  g_autoptr (QsTrace) client = through_file (ends.client, name);
  g_autoptr (QsTrace) server = through_file (ends.server, name);
  gboolean bytes = g_str_has_suffix (name, ".pcapng");
  if (bytes)
    g_assert_cmpint (qs_trace_join_guess_clocks (client, server), ==, QS_JOIN_SAME_CLOCK);
  g_autoptr (QsTraceJoin) join = qs_trace_join_new (client, server, bytes ? QS_JOIN_SAME_CLOCK : QS_JOIN_ALIGN_CLOCKS);
  qs_trace_join_finish (join);
  g_assert_true (qs_trace_join_check (join, NULL));
  g_assert_true (qs_trace_join_own_is_client (join));
  g_assert_cmpuint (qs_trace_join_get_n_crossings (join), ==, counts.arrived + counts.lost);
  guint unknown = 0;
  for (guint i = 0; i < qs_trace_join_get_n_crossings (join); i++)
    unknown += qs_trace_join_get_fate (join, i) == QS_CROSSING_UNKNOWN;
  g_assert_cmpuint (count_lost (join) + unknown, ==, counts.lost);
  /* Up and down take 5 ms each here, so that the clocks, which are one, come out at one. */
  gint64 truth = qs_trace_get_origin (server) - qs_trace_get_origin (client);
  g_assert_cmpint (ABS (qs_trace_join_get_offset (join) - truth), <, 4000000);
  ends_clear (&ends);
}

static void
test_strangers (void)
{
  const Case of = { NULL, "/bytes/100", "quic", 0, 0, 0, 0 };
  g_autoptr (GError) error = NULL;
  Ends one, another;

  record_both (&of, &one);
  record_both (&of, &another);
  g_autoptr (QsTraceJoin) join = qs_trace_join_new (one.client, another.server, QS_JOIN_SAME_CLOCK);
  qs_trace_join_finish (join);
  g_assert_false (qs_trace_join_check (join, &error));
  ends_clear (&one);
  ends_clear (&another);
}

int
main (int argc, char **argv)
{
  static const Case cases[] = {
    { NULL, "/bytes/200000", "quic", 0, 0, 0, 0 },
    { "loss=10%,seed=3", "/bytes/200000", "quic", 3, 0, 0, 0 },
    { "loss=10%,delay=10ms,jitter=5ms,seed=7", "/bytes/100000", "quic", 2, 0, 0, 0 },
    { "reorder=20%,delay=5ms,seed=2", "/bytes/100000", "quic", 0, 0, 0, 1 },
    { "duplicate=20%,seed=4", "/bytes/100000", "quic", 0, 0, 2, 0 },
    { "corrupt=10%,seed=9", "/bytes/100000", "quic", 0, 1, 0, 0 },
    { "loss=5%,corrupt=5%,duplicate=5%,reorder=5%,delay=3ms,jitter=3ms,seed=11", "/bytes/100000", "quic", 0, 0, 0, 0 },
    { "blackout=40ms+150ms,delay=10ms,rate=2mbit", "/bytes/100000", "quic", 1, 0, 0, 0 },
    { "up:mtu=1199", "/bytes/100000", "quic", 1, 0, 0, 0, "delay=1ms" }, /* no hello comes through */
    { "rate=4mbit,queue=8KiB,delay=5ms", "/bytes/200000", "quic", 1, 0, 0, 0 },
    { "delay=5ms", "/bytes/20000", "quic", 0, 0, 0, 0, NULL, 30 },
    { "down:loss=10%,seed=6", "/bytes/60000", "quic", 1, 0, 0, 0, "loss=10%,duplicate=10%,seed=8" },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name =
          g_strdup_printf ("/both-ends/%s%s%s%s", cases[i].path != NULL ? cases[i].path : "no impairment",
                           cases[i].own_path != NULL ? " and " : "", cases[i].own_path != NULL ? cases[i].own_path : "",
                           cases[i].rebind_ms > 0 ? " and another port" : "");
      g_test_add_data_func (name, &cases[i], test_live);
    }
  g_test_add_data_func ("/both-ends/pcapng", "end.pcapng", test_files);
  g_test_add_data_func ("/both-ends/sqlog", "end.sqlog", test_files);
  g_test_add_func ("/both-ends/strangers", test_strangers);
  return g_test_run ();
}
