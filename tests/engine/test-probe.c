/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs against the local server of this process, in all three modes. */
#include <errno.h>
#include <malloc.h>
#include <openssl/x509_vfy.h>
#include <string.h>

#include "runner.h"

static const QsMode all_modes[] = { QS_MODE_NONBLOCKING, QS_MODE_BLOCKING, QS_MODE_THREAD_ASSISTED };

static char *
response_text (QsProbe *probe)
{
  g_autoptr (GBytes) bytes = qs_probe_dup_response (probe);
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  return g_strndup (data, length);
}

static void
assert_failed_at (QsProbe *probe, QsStage stage)
{
  if (qs_probe_get_succeeded (probe) || qs_probe_get_stage (probe) != stage)
    dump_marks (probe);
  g_assert_false (qs_probe_get_succeeded (probe));
  g_assert_cmpstr (qs_stage_name (qs_probe_get_stage (probe)), ==, qs_stage_name (stage));
}

static void
test_handshake (gconstpointer data)
{
  Fixture fixture;
  QsMode mode = (QsMode) GPOINTER_TO_INT (data);

  fixture_init (&fixture, NULL, NULL);
  g_autoptr (QsProbeOptions) options = fixture_options (&fixture, mode);
  g_autoptr (QsProbe) probe = fixture_probe (&fixture, "quic", "", options);
  run_probe (probe);
  assert_succeeded (probe);
  QsTrace *trace = qs_probe_get_trace (probe);
  g_assert_cmpint (qs_probe_get_state (probe), ==, QS_CONNECTION_CLOSED);
  g_assert_cmpint (qs_probe_get_stage (probe), ==, QS_STAGE_DONE);
  g_assert_cmpstr (qs_trace_get_fact (trace, "tls.version"), ==, "TLS 1.3");
  g_assert_cmpstr (qs_trace_get_fact (trace, "tls.alpn"), ==, "hq-interop");
  g_assert_nonnull (qs_trace_get_fact (trace, "tls.cipher"));
  g_assert_nonnull (qs_trace_get_fact (trace, "tls.group"));
  g_assert_nonnull (qs_trace_get_fact (trace, "tls.signature"));
  g_assert_nonnull (qs_trace_get_fact (trace, "quic.rtt_ms"));
  g_assert_cmpstr (qs_trace_get_fact (trace, "tls.sni"), ==, "localhost");
  g_assert_nonnull (find_mark (probe, QS_MARK_HANDSHAKE_DONE, NULL));
  g_assert_nonnull (find_mark (probe, QS_MARK_CONFIRMED, NULL));
  g_assert_cmpint (find_mark (probe, QS_MARK_CERTIFICATES, NULL)->value, ==, 2);
  g_assert_cmpint (find_mark (probe, QS_MARK_VERIFY, NULL)->value, ==, X509_V_OK);
  g_assert_cmpstr (find_mark (probe, QS_MARK_CLOSE, NULL)->name, ==, "local");
  g_assert_cmpstr (find_mark (probe, QS_MARK_OUTCOME, NULL)->name, ==, "ok");
  g_assert_cmpuint (qs_trace_get_n_datagrams (trace), >, 5);
  fixture_clear (&fixture);
}

static void
test_send (gconstpointer data)
{
  Fixture fixture;
  QsMode mode = (QsMode) GPOINTER_TO_INT (data);
  static const char *const schemes[] = { "quic", "tls" };

  fixture_init (&fixture, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      g_autoptr (QsProbeOptions) options = fixture_options (&fixture, mode);
      options->send = g_bytes_new_static ("hello, echo", 11);
      g_autoptr (QsProbe) probe = fixture_probe (&fixture, schemes[i], "", options);
      run_probe (probe);
      assert_succeeded (probe);
      g_autofree char *text = response_text (probe);
      g_assert_cmpstr (text, ==, "hello, echo");
      g_autoptr (QsStream) stream = g_list_model_get_item (qs_probe_get_streams (probe), 0);
      g_assert_cmpint (qs_stream_get_id (stream), ==, 0);
      g_assert_cmpint (qs_stream_get_read_state (stream), ==, QS_STREAM_FINISHED);
      g_assert_cmpint (qs_stream_get_write_state (stream), ==, QS_STREAM_FINISHED);
      g_assert_cmpuint (qs_stream_get_bytes_sent (stream), ==, 11);
      g_assert_cmpuint (qs_stream_get_bytes_received (stream), ==, 11);
    }
  fixture_clear (&fixture);
}

static void
test_request (gconstpointer data)
{
  static const struct {
    const char *scheme, *alpn, *version;
    guint status;
  } cases[] = {
    { "quic", "hq-interop", "0.9", 0 },
    { "quic", "http/1.0", "1.0", 200 },
    { "tls", NULL, "1.1", 200 },
  };
  Fixture fixture;

  fixture_init (&fixture, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (QsProbeOptions) options = fixture_options (&fixture, (QsMode) GPOINTER_TO_INT (data));
      if (cases[i].alpn != NULL)
        options->alpn = g_strsplit (cases[i].alpn, ",", -1);
      g_autoptr (QsProbe) probe = fixture_probe (&fixture, cases[i].scheme, "/bytes/3000000", options);
      run_probe (probe);
      assert_succeeded (probe);
      g_assert_cmpuint (qs_probe_get_response_length (probe), ==, 3000000);
      g_assert_cmpstr (qs_probe_get_http_version (probe), ==, cases[i].version);
      g_assert_cmpuint (qs_probe_get_http_status (probe), ==, cases[i].status);
      g_assert_nonnull (find_mark (probe, QS_MARK_REQUEST, NULL));
      g_assert_nonnull (find_mark (probe, QS_MARK_FIRST_BYTE, NULL));
    }
  fixture_clear (&fixture);
}

/* --- Streams --- */

static gboolean
first_stream_is_over (gpointer data)
{
  g_autoptr (QsStream) stream = g_list_model_get_item (qs_probe_get_streams (data), 0);

  return qs_probe_get_finished (data) || (stream != NULL && qs_stream_get_read_state (stream) != QS_STREAM_OK);
}

static gboolean
stream_is_finished (gpointer data)
{
  return qs_stream_get_read_state (data) != QS_STREAM_OK;
}

static void
test_reset_by_peer (gconstpointer data)
{
  Fixture fixture;

  fixture_init (&fixture, NULL, NULL);
  g_autoptr (QsProbeOptions) options = fixture_options (&fixture, (QsMode) GPOINTER_TO_INT (data));
  options->keep_open = TRUE;
  g_autoptr (QsProbe) probe = fixture_probe (&fixture, "quic", "/reset/66", options);
  qs_probe_start (probe);
  run_until (first_stream_is_over, probe);
  g_assert_cmpint (qs_probe_get_state (probe), ==, QS_CONNECTION_ESTABLISHED);
  g_autoptr (QsStream) first = g_list_model_get_item (qs_probe_get_streams (probe), 0);
  g_assert_cmpint (qs_stream_get_read_state (first), ==, QS_STREAM_RESET_REMOTE);
  g_assert_cmpint (qs_stream_get_read_error (first), ==, 66);

  /* The connection lives, and a second stream works. */
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("second", 6);
  g_autoptr (QsStream) second = qs_probe_open_stream (probe, TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpint (qs_stream_get_id (second), ==, 4);
  g_assert_true (qs_stream_send (second, bytes, TRUE, &error));
  run_until (stream_is_finished, second);
  g_autoptr (GBytes) echoed = qs_stream_dup_received (second);
  g_assert_true (g_bytes_equal (echoed, bytes));
  g_assert_cmpint (qs_stream_get_read_state (second), ==, QS_STREAM_FINISHED);
  g_assert_false (qs_stream_send (second, bytes, TRUE, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_FAILED);

  qs_probe_stop (probe);
  run_probe (probe);
  g_assert_true (qs_probe_get_stopped (probe));
  assert_failed_at (probe, QS_STAGE_REQUEST);
  g_clear_error (&error);
  g_assert_null (qs_probe_open_stream (probe, TRUE, &error));
  g_assert_nonnull (error);
  fixture_clear (&fixture);
}

static gboolean
stream_is_reset (gpointer data)
{
  return qs_stream_get_write_state (data) == QS_STREAM_RESET_LOCAL;
}

static void
test_streams_driven (gconstpointer data)
{
  Fixture fixture;
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture, NULL, NULL);
  g_autoptr (QsProbeOptions) options = fixture_options (&fixture, (QsMode) GPOINTER_TO_INT (data));
  options->keep_open = TRUE;
  options->send = g_bytes_new_static ("x", 1);
  g_autoptr (QsProbe) probe = fixture_probe (&fixture, "quic", "", options);
  qs_probe_start (probe);
  run_until (first_stream_is_over, probe);
  for (guint i = 0; i < 8; i++)
    {
      QsStream *stream = qs_probe_open_stream (probe, TRUE, &error);
      g_assert_no_error (error);
      g_ptr_array_add (streams, stream);
      g_autofree char *block = g_malloc (200000);
      memset (block, 'a' + (int) i, 200000);
      g_autoptr (GBytes) bytes = g_bytes_new (block, 200000);
      g_assert_true (qs_stream_send (stream, bytes, FALSE, &error));
      g_assert_true (qs_stream_send (stream, bytes, i != 7, &error));
    }
  g_assert_true (qs_stream_reset (streams->pdata[7], 0x77, &error));
  for (guint i = 0; i < 7; i++)
    {
      run_until (stream_is_finished, streams->pdata[i]);
      g_assert_cmpuint (qs_stream_get_bytes_received (streams->pdata[i]), ==, 400000);
    }
  run_until (stream_is_reset, streams->pdata[7]);
  g_assert_cmpint (qs_stream_get_write_error (streams->pdata[7]), ==, 0x77);
  qs_probe_stop (probe);
  run_probe (probe);
  assert_succeeded (probe);
  fixture_clear (&fixture);
}

static void
test_closed_by_peer (gconstpointer data)
{
  Fixture fixture;

  fixture_init (&fixture, NULL, NULL);
  g_autoptr (QsProbeOptions) options = fixture_options (&fixture, (QsMode) GPOINTER_TO_INT (data));
  g_autoptr (QsProbe) probe = fixture_probe (&fixture, "quic", "/close/4660", options);
  run_probe (probe);
  assert_failed_at (probe, QS_STAGE_REQUEST);
  const QsMark *close = find_mark (probe, QS_MARK_CLOSE, "remote");
  g_assert_nonnull (close);
  g_assert_cmpint (close->value, ==, 0x1234);
  g_assert_true (close->application);
  g_autoptr (QsStream) stream = g_list_model_get_item (qs_probe_get_streams (probe), 0);
  g_assert_cmpint (qs_stream_get_read_state (stream), ==, QS_STREAM_CONN_CLOSED);
  fixture_clear (&fixture);
}

/* --- Handshakes that fail --- */

static const struct {
  const char *scenario;
  int verify;
  int code;
  gboolean remote;
} failures[] = {
  { "expired", X509_V_ERR_CERT_HAS_EXPIRED, 0x12d, FALSE },
  { "not-yet-valid", X509_V_ERR_CERT_NOT_YET_VALID, 0x12a, FALSE },
  { "wrong-name", X509_V_ERR_HOSTNAME_MISMATCH, 0x12a, FALSE },
  { "self-signed", X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 0x130, FALSE },
  { "unknown-ca", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0x130, FALSE },
  { "incomplete-chain", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0x130, FALSE },
  { "alpn-mismatch", -1, 0x178, TRUE },
  { "sni-unknown", -1, 0x170, TRUE },
  { "server-error-alert", -1, 0x150, TRUE },
  { "client-certificate", X509_V_OK, 0x174, TRUE },
};

static void
check_failure (guint i, const char *scheme, QsMode mode)
{
  Fixture fixture;

  g_test_message ("%s over %s, %s", failures[i].scenario, scheme, qs_mode_name (mode));
  fixture_init (&fixture, failures[i].scenario, NULL);
  g_autoptr (QsProbeOptions) options = fixture_options (&fixture, mode);
  g_autoptr (QsProbe) probe = fixture_probe (&fixture, scheme, "", options);
  run_probe (probe);
  assert_failed_at (probe, QS_STAGE_HANDSHAKE);
  const QsMark *close = find_mark (probe, QS_MARK_CLOSE, failures[i].remote ? "remote" : "local");
  const QsMark *verify = find_mark (probe, QS_MARK_VERIFY, NULL);
  if (close == NULL)
    dump_marks (probe);
  g_assert_nonnull (close);
  if (failures[i].verify > 0)
    {
      g_assert_nonnull (find_mark (probe, QS_MARK_CERTIFICATES, NULL));
      g_assert_cmpint (verify->value, ==, failures[i].verify);
    }
  g_assert_cmphex ((guint64) close->value, ==, (guint64) failures[i].code);

  /* Asked to go on all the same, it does, and says what it overruled. */
  if (failures[i].verify > 0)
    {
      options->insecure = TRUE;
      g_autoptr (QsProbe) insecure = fixture_probe (&fixture, scheme, "", options);
      run_probe (insecure);
      assert_succeeded (insecure);
      g_assert_cmpint (find_mark (insecure, QS_MARK_VERIFY, NULL)->value, ==, failures[i].verify);
    }
  fixture_clear (&fixture);
}

static void
test_failures_quic (gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    check_failure (i, "quic", (QsMode) GPOINTER_TO_INT (data));
}

static void
test_failures_tls (gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    check_failure (i, "tls", (QsMode) GPOINTER_TO_INT (data));
}

/* --- Nobody there --- */

/* A port that is taken, so that nobody else gets it, and closed to all: its TCP socket does not listen, its UDP socket is connected
 * to itself, and hears nobody else. */
typedef struct {
  GSocket *udp, *tcp;
  guint16 port;
} Closed;

static void
closed_init (Closed *closed, const char *host)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string (host, 0);
  GSocketFamily family = g_socket_address_get_family (any);

  *closed = (Closed){ 0 };
  for (guint i = 0; i < 100 && closed->udp == NULL; i++)
    {
      g_clear_object (&closed->tcp);
      closed->tcp = g_socket_new (family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
      if (closed->tcp == NULL || !g_socket_bind (closed->tcp, any, FALSE, NULL))
        break; /* no such family here: any port will do */
      g_autoptr (GSocketAddress) bound = g_socket_get_local_address (closed->tcp, NULL);
      closed->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
      closed->udp = g_socket_new (family, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
      if (!g_socket_bind (closed->udp, bound, FALSE, NULL) || !g_socket_connect (closed->udp, bound, NULL, NULL))
        g_clear_object (&closed->udp);
    }
  if (closed->udp == NULL)
    closed->port = 9;
}

static void
closed_clear (Closed *closed)
{
  g_clear_object (&closed->udp);
  g_clear_object (&closed->tcp);
}

static QsProbe *
probe_text (const char *text, const QsProbeOptions *options)
{
  g_autoptr (QsTarget) target = qs_target_new (text, NULL);
  g_assert_nonnull (target);
  return qs_probe_new (target, options);
}

static void
test_closed_port (gconstpointer data)
{
  static const struct {
    const char *text, *bound;
  } hosts[] = { { "127.0.0.1", "127.0.0.1" }, { "[::1]", "::1" }, { "localhost", "127.0.0.1" } };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
      Closed closed;

      closed_init (&closed, hosts[i].bound);
      g_autofree char *text = g_strdup_printf ("quic://%s:%u", hosts[i].text, closed.port);
      options->mode = (QsMode) GPOINTER_TO_INT (data);
      g_autoptr (QsProbe) probe = probe_text (text, options);
      gint64 start = g_get_monotonic_time ();
      run_probe (probe);
      /* What is promised, on a quiet machine. */
      if (g_test_perf ())
        g_assert_cmpint (g_get_monotonic_time () - start, <, 100000);
      closed_clear (&closed);
      g_assert_false (qs_probe_get_succeeded (probe));
      if (find_mark (probe, QS_MARK_ICMP, NULL) == NULL &&
          find_mark (probe, QS_MARK_SOCKET_ERROR, "ENETUNREACH") != NULL)
        continue; /* no IPv6 here */
      g_assert_nonnull (find_mark (probe, QS_MARK_ICMP, "port-unreachable"));
      g_assert_nonnull (find_mark (probe, QS_MARK_SOCKET_ERROR, "ECONNREFUSED"));
      g_assert_nonnull (find_mark (probe, QS_MARK_TCP_PROBE, "refused"));
      g_assert_null (find_mark (probe, QS_MARK_CLOSE, NULL));
    }
}

static void
test_no_reply (gconstpointer data)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_assert_true (g_socket_bind (socket, any, FALSE, NULL));
  g_autoptr (GSocketAddress) bound = g_socket_get_local_address (socket, NULL);
  g_autofree char *text =
      g_strdup_printf ("127.0.0.1:%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));

  options->mode = (QsMode) GPOINTER_TO_INT (data);
  options->timeout_ms = 1500;
  g_autoptr (QsProbe) probe = probe_text (text, options);
  gint64 start = g_get_monotonic_time ();
  run_probe (probe);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 1490000);
  assert_failed_at (probe, QS_STAGE_HANDSHAKE);
  g_assert_nonnull (find_mark (probe, QS_MARK_TCP_PROBE, "refused"));
  g_assert_nonnull (find_mark (probe, QS_MARK_NOTE, "timeout"));
  g_assert_null (find_mark (probe, QS_MARK_CLOSE, NULL)); /* to give up is no close, and nothing was sent */
  g_assert_cmpuint (qs_trace_get_n_datagrams (qs_probe_get_trace (probe)), >=, 2);
}

static void
test_resolve_failure (void)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  g_autoptr (QsProbe) probe = probe_text ("quic://nowhere.invalid", options);

  run_probe (probe);
  assert_failed_at (probe, QS_STAGE_RESOLVE);
  g_assert_nonnull (find_mark (probe, QS_MARK_RESOLVE_FAILED, NULL));
  g_assert_cmpint (qs_probe_get_state (probe), ==, QS_CONNECTION_FAILED);
}

static void
test_bad_options (void)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  g_autoptr (GError) error = NULL;

  options->groups = g_strdup ("no-such-group\033[31m");
  g_autoptr (QsProbe) probe = probe_text ("quic://127.0.0.1:1", options);
  g_assert_false (qs_probe_prepare (probe, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET);
  g_assert_null (strchr (error->message, '\033'));
  run_probe (probe);
  g_assert_false (qs_probe_get_succeeded (probe));
  g_assert_nonnull (find_mark (probe, QS_MARK_NOTE, "options"));
}

/* One family silent: the other one wins after the stagger, and the silent one is named. */
static void
test_family_race (gconstpointer data)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture, NULL, NULL);
  g_autoptr (GSocket) silent =
      g_socket_new (G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("::1", fixture.port);
  if (silent == NULL || !g_socket_bind (silent, address, FALSE, &error))
    {
      g_test_skip (error->message);
      fixture_clear (&fixture);
      return;
    }
  g_autoptr (QsProbeOptions) options = fixture_options (&fixture, (QsMode) GPOINTER_TO_INT (data));
  options->family = G_SOCKET_FAMILY_INVALID;
  g_autofree char *both = g_strdup_printf ("localhost:%u:::1", fixture.port);
  g_autofree char *other = g_strdup_printf ("localhost:%u:127.0.0.1", fixture.port);
  const char *overrides[] = { both, other, NULL };
  options->resolve = g_strdupv ((char **) overrides);
  g_autoptr (QsProbe) probe = fixture_probe (&fixture, "quic", "/bytes/10", options);
  run_probe (probe);
  assert_succeeded (probe);
  const QsMark *lost = find_mark (probe, QS_MARK_ATTEMPT_LOST, NULL);
  g_assert_nonnull (lost);
  g_assert_cmpstr (lost->name, ==, "silent");
  g_assert_nonnull (strstr (lost->text, "::1"));
  g_assert_cmpint (g_socket_address_get_family (qs_probe_get_address (probe)), ==, G_SOCKET_FAMILY_IPV4);

  /* A closed port on one family does not wait for the stagger. */
  g_socket_close (silent, NULL);
  g_autoptr (QsProbe) second = fixture_probe (&fixture, "quic", "/bytes/10", options);
  run_probe (second);
  assert_succeeded (second);
  g_assert_cmpstr (find_mark (second, QS_MARK_ATTEMPT_LOST, NULL)->name, ==, "ECONNREFUSED");
  g_assert_null (find_mark (second, QS_MARK_ICMP, NULL)); /* the run is not about that one */
  fixture_clear (&fixture);
}

static void
test_tcp_refused (gconstpointer data)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  Closed closed;

  closed_init (&closed, "127.0.0.1");
  g_autofree char *text = g_strdup_printf ("tls://127.0.0.1:%u", closed.port);

  options->mode = (QsMode) GPOINTER_TO_INT (data);
  g_autoptr (QsProbe) probe = probe_text (text, options);
  run_probe (probe);
  closed_clear (&closed);
  assert_failed_at (probe, QS_STAGE_CONNECT);
  g_assert_nonnull (find_mark (probe, QS_MARK_SOCKET_ERROR, "ECONNREFUSED"));
  /* It went out: what failed was behind this computer, and that is what rules of unreachable hosts look at. */
  const QsPath *path = qs_trace_get_path (qs_probe_get_trace (probe), 0);
  g_assert_nonnull (path);
  g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (path->remote)), ==, closed.port);
  g_assert_nonnull (path->local);
}

static void
add_for_all_modes (const char *name, GTestDataFunc func)
{
  for (guint i = 0; i < G_N_ELEMENTS (all_modes); i++)
    {
      g_autofree char *path = g_strdup_printf ("/probe/%s/%s", name, qs_mode_name (all_modes[i]));
      g_test_add_data_func (path, GINT_TO_POINTER (all_modes[i]), func);
    }
}

static gsize
used_bytes (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

/* Runs against a server that is gone afterwards, so that what is left is the runs'. */
static void
run_and_settle (QsProbe **probes, guint n)
{
  Fixture fixture;

  fixture_init (&fixture, NULL, "hq-interop");
  g_autoptr (QsProbeOptions) options = fixture_options (&fixture, QS_MODE_NONBLOCKING);
  for (guint i = 0; i < n; i++)
    {
      probes[i] = fixture_probe (&fixture, "quic", "/bytes/100000", options);
      run_probe (probes[i]);
      assert_succeeded (probes[i]);
      qs_probe_settle (probes[i]);
      qs_probe_settle (probes[i]);
    }
  fixture_clear (&fixture);
}

/* What is left of a run once its verdict is taken. */
static void
test_settle (void)
{
  enum { N = 20, MOST_EACH = 20000 };
  QsProbe *probes[2 * N];

  run_and_settle (probes, N); /* with what is made once */
  gsize before = used_bytes ();
  run_and_settle (probes + N, N);
  gsize after = used_bytes ();
  g_test_message ("%" G_GSIZE_FORMAT " bytes each", after > before ? (after - before) / N : 0);
  g_assert_cmpuint (after > before ? after - before : 0, <=, N * MOST_EACH);
  g_assert_null (qs_probe_get_trace (probes[0]));
  g_assert_cmpstr (qs_probe_get_http_version (probes[0]), ==, "0.9");
  g_assert_cmpuint (qs_probe_get_response_length (probes[0]), ==, 100000);
  g_assert_nonnull (qs_probe_get_address (probes[0]));
  g_assert_cmpuint (g_list_model_get_n_items (qs_probe_get_streams (probes[0])), ==, 0);
  for (guint i = 0; i < 2 * N; i++)
    g_object_unref (probes[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_for_all_modes ("handshake", test_handshake);
  add_for_all_modes ("send", test_send);
  add_for_all_modes ("request", test_request);
  add_for_all_modes ("reset-by-peer", test_reset_by_peer);
  add_for_all_modes ("streams-driven", test_streams_driven);
  add_for_all_modes ("closed-by-peer", test_closed_by_peer);
  add_for_all_modes ("failures-quic", test_failures_quic);
  add_for_all_modes ("failures-tls", test_failures_tls);
  add_for_all_modes ("closed-port", test_closed_port);
  add_for_all_modes ("no-reply", test_no_reply);
  add_for_all_modes ("family-race", test_family_race);
  add_for_all_modes ("tcp-refused", test_tcp_refused);
  g_test_add_func ("/probe/resolve-failure", test_resolve_failure);
  g_test_add_func ("/probe/bad-options", test_bad_options);
  g_test_add_func ("/probe/settle", test_settle);
  return g_test_run ();
}
