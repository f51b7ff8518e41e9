/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <openssl/x509_vfy.h>
#include <string.h>

#include "study/qs-study.h"
#include "trace-kit.h"
#include "trace/qs-metrics.h"

typedef struct {
  QsStudy *study;
  const QsSummary *summary;
  GPtrArray *findings;
  const char *verdict;
  JsonObject *json;
} Told;

static Told
tell (QsTrace *trace)
{
  Told told;

  told.study = qs_study_new (trace, NULL);
  told.summary = qs_study_get_summary (told.study);
  told.findings = qs_study_get_findings (told.study);
  told.verdict = qs_study_get_verdict (told.study);
  told.json = qs_study_to_json (told.study);
  return told;
}

static void
told_clear (Told *told)
{
  json_object_unref (told->json);
  g_object_unref (told->study);
}

/* "client-hello+ server-hello? …": + done, ? active, ! failed, - pending. */
static char *
list_steps (QsTrace *trace)
{
  static const char signs[] = "-?+!";
  g_autoptr (QsEvidence) evidence = qs_evidence_new (trace, qs_trace_is_from_file (trace) ? -1 : qs_trace_now (trace));
  g_autoptr (GPtrArray) steps = qs_handshake_steps (evidence);
  g_autoptr (GString) text = g_string_new (NULL);
  gint64 last = 0;

  for (guint i = 0; i < steps->len; i++)
    {
      const QsStep *step = steps->pdata[i];
      g_string_append_printf (text, "%s%s%c", i > 0 ? " " : "", step->id, signs[step->status]);
      g_assert_cmpuint (strlen (step->title), >, 3);
      if (step->status == QS_STEP_DONE && !g_str_equal (step->id, "verified"))
        {
          g_assert_cmpint (step->time, >=, last);
          last = step->time;
        }
      if (step->status == QS_STEP_PENDING)
        g_assert_cmpint (step->time, ==, -1);
    }
  return g_strdup (text->str);
}

static void
assert_steps (Made *made, const char *wanted)
{
  g_autofree char *steps = list_steps (made->trace);

  g_assert_cmpstr (steps, ==, wanted);
}

static void
assert_says (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("“%s” does not say “%s”", text, part);
}

static GBytes *
make_chain (void)
{
  g_autoptr (Kit) ca = kit_new (&(KitSpec){ .subject = "Acme" });
  g_autoptr (Kit) leaf = kit_new (
      &(KitSpec){ .subject = "www.example.net",
                  .issuer = ca,
                  .extensions = (const char *const[]){ "subjectAltName", "DNS:www.example.net,IP:192.0.2.1", NULL } });

  return kit_pack (leaf, ca, NULL);
}

/* The list fills in while the run goes on. */
static void
test_live_steps (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_mark (made, QS_MARK_STATE, "RESOLVING", 1, NULL);
  assert_steps (made, "resolved? client-hello- server-hello- encrypted-extensions- certificate- verified- "
                      "server-finished- finished- confirmed-");
  made_start (made);
  assert_steps (made, "resolved+ client-hello+ server-hello? encrypted-extensions- certificate- verified- "
                      "server-finished- finished- confirmed-");
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_RETRY, G_MAXUINT64, NULL, 0);
  assert_steps (made, "resolved+ client-hello+ retry+ server-hello? encrypted-extensions- certificate- verified- "
                      "server-finished- finished- confirmed-");
  made_handshake (made);
  assert_steps (made, "resolved+ client-hello+ retry+ server-hello+ encrypted-extensions+ server-finished+ finished+ "
                      "confirmed+");
}

static void
test_retry_of_hello (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "192.0.2.1:443");
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .group = 0x001d });
  made_hello (made, QS_DIRECTION_RECEIVED, QS_TLS_SERVER_HELLO,
              &(Hello){ .group = 0x0017, .version = 0x0304, .retry = TRUE });
  made_handshake (made);
  made_outcome (made, "ok", "done");
  assert_steps (made, "client-hello+ hello-retry-request+ second-client-hello+ server-hello+ encrypted-extensions+ "
                      "server-finished+ finished+ confirmed+");
}

static void
test_failed_steps (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .group = 0x001d });
  made_close (made, "remote", FALSE, 0x178, NULL);
  made_outcome (made, "failed", "handshake");
  assert_steps (made, "resolved+ client-hello+ server-hello! encrypted-extensions- certificate- verified- "
                      "server-finished- finished- confirmed-");
}

static void
test_failed_verify (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
  g_autoptr (GBytes) packed = make_chain ();
  g_autoptr (GPtrArray) ders = qs_certificate_ders_unpack (packed);

  made_start (made);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .group = 0x001d });
  made_hello (made, QS_DIRECTION_RECEIVED, QS_TLS_SERVER_HELLO, &(Hello){ .group = 0x001d, .version = 0x0304 });
  made_hello (made, QS_DIRECTION_RECEIVED, QS_TLS_ENCRYPTED_EXTENSIONS, &(Hello){ .alpn = "h3", .idle_ms = 30000 });
  made_certificate (made, ders);
  made_mark (made, QS_MARK_VERIFY, NULL, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "depth 1");
  made_close (made, "local", FALSE, 0x130, NULL);
  made_outcome (made, "failed", "handshake");
  assert_steps (made, "resolved+ client-hello+ server-hello+ encrypted-extensions+ certificate+ verified!");

  Told told = tell (made->trace);
  g_assert_cmpint (told.summary->verify_code, ==, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN);
  assert_says (told.verdict, "CA that is not trusted");
  told_clear (&told);
}

static void
test_no_name (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_mark (made, QS_MARK_STATE, "RESOLVING", 1, NULL);
  made_mark (made, QS_MARK_RESOLVE_FAILED, "not-found", 0, "Name or service not known");
  made_outcome (made, "failed", "resolve");
  g_autofree char *steps = list_steps (made->trace);
  g_assert_true (g_str_has_prefix (steps, "resolved! client-hello"));
}

static void
test_tcp_steps (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  qs_trace_add_fact (made->trace, "target", "tls://192.0.2.1:443/");
  made_mark (made, QS_MARK_STATE, "CONNECTING", 2, NULL);
  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "192.0.2.1:443");
  assert_steps (made, "tcp-connected? client-hello- server-hello- encrypted-extensions- certificate- verified- "
                      "server-finished- finished-");
  made->at = 5;
  made_mark (made, QS_MARK_TCP_CONNECTED, NULL, 0, NULL);
  made_handshake (made);
  made_outcome (made, "ok", "done");
  assert_steps (made, "tcp-connected+ client-hello+ server-hello+ encrypted-extensions+ server-finished+ finished+ "
                      "confirmed+");
  Told told = tell (made->trace);
  g_assert_true (json_object_get_null_member (told.json, "quic"));
  assert_says (told.verdict, "over TLS 1.3");
  told_clear (&told);
}

static void
test_success (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
  g_autoptr (GBytes) packed = make_chain ();

  made_start (made);
  made_handshake (made);
  made_chain (made, packed);
  qs_trace_add_fact (made->trace, "tls.cipher", "TLS_AES_128_GCM_SHA256");
  qs_trace_add_fact (made->trace, "tls.resumed", "no");
  made->at = 30;
  made_mark (made, QS_MARK_FIRST_BYTE, NULL, 0, NULL);
  made_stream (made, 0, QS_STREAM_OK, QS_STREAM_OK, -1, 0, 7);
  made_stream (made, 3, QS_STREAM_OK, QS_STREAM_WRONG_DIR, -1, 5, 0);
  made_stream (made, 0, QS_STREAM_RESET_REMOTE, QS_STREAM_FINISHED, 0x42, 1234, 7);
  made->at = 40;
  made_close (made, "local", TRUE, 0x100, "bye");
  made_outcome (made, "ok", "done");

  Told told = tell (made->trace);
  g_assert_cmpstr (told.verdict, ==, "Connected to www.example.net in 12.0 ms over QUIC v1 with h3.");
  g_assert_cmpstr (json_object_get_string_member (told.json, "outcome"), ==, "ok");
  g_assert_cmpstr (json_object_get_string_member (told.json, "stage"), ==, "done");

  JsonObject *timings = json_object_get_object_member (told.json, "timings_ms");
  g_assert_cmpfloat (json_object_get_double_member (timings, "resolve"), ==, 1.0);
  g_assert_cmpfloat (json_object_get_double_member (timings, "handshake"), ==, 13.0);
  g_assert_cmpfloat (json_object_get_double_member (timings, "confirmed"), ==, 23.0);
  g_assert_cmpfloat (json_object_get_double_member (timings, "first_byte"), ==, 30.0);
  g_assert_cmpfloat (json_object_get_double_member (timings, "total"), ==, 40.0);

  JsonObject *tls = json_object_get_object_member (told.json, "tls");
  g_assert_cmpstr (json_object_get_string_member (tls, "version"), ==, "TLS 1.3");
  g_assert_cmpstr (json_object_get_string_member (tls, "cipher"), ==, "TLS_AES_128_GCM_SHA256");
  g_assert_cmpstr (json_object_get_string_member (tls, "group"), ==, "x25519");
  g_assert_cmpstr (json_object_get_string_member (tls, "alpn"), ==, "h3");
  g_assert_true (json_object_get_null_member (tls, "signature"));
  g_assert_false (json_object_get_boolean_member (tls, "resumed"));
  JsonObject *verify = json_object_get_object_member (tls, "verify");
  g_assert_cmpint (json_object_get_int_member (verify, "code"), ==, 0);
  JsonArray *certificates = json_object_get_array_member (tls, "certificates");
  g_assert_cmpuint (json_array_get_length (certificates), ==, 2);
  JsonObject *leaf = json_array_get_object_element (certificates, 0);
  g_assert_cmpstr (json_object_get_string_member (leaf, "subject"), ==, "CN=www.example.net");
  g_assert_cmpstr (json_object_get_string_member (leaf, "not_before"), ==, "2020-01-01T00:00:00Z");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (leaf, "names")), ==, 2);

  JsonObject *quic = json_object_get_object_member (told.json, "quic");
  g_assert_cmpstr (json_object_get_string_member (quic, "version"), ==, "1");
  g_assert_false (json_object_get_boolean_member (quic, "retry"));
  g_assert_true (json_object_get_null_member (quic, "version_negotiation"));
  JsonObject *parameters = json_object_get_object_member (quic, "peer_transport_parameters");
  g_assert_cmpint (json_object_get_int_member (parameters, "max_idle_timeout"), ==, 10000);
  JsonObject *close = json_object_get_object_member (quic, "close");
  g_assert_cmpstr (json_object_get_string_member (close, "by"), ==, "local");
  g_assert_cmpstr (json_object_get_string_member (close, "space"), ==, "application");
  g_assert_cmpint (json_object_get_int_member (close, "code"), ==, 0x100);
  assert_says (json_object_get_string_member (close, "name"), "H3_NO_ERROR");
  g_assert_cmpstr (json_object_get_string_member (close, "reason"), ==, "bye");

  JsonArray *streams = json_object_get_array_member (told.json, "streams");
  g_assert_cmpuint (json_array_get_length (streams), ==, 2);
  JsonObject *first = json_array_get_object_element (streams, 0);
  g_assert_cmpstr (json_object_get_string_member (first, "read_state"), ==, "RESET_REMOTE");
  g_assert_cmpstr (json_object_get_string_member (first, "write_state"), ==, "FINISHED");
  g_assert_cmpint (json_object_get_int_member (first, "read_error"), ==, 0x42);
  g_assert_true (json_object_get_null_member (first, "write_error"));
  g_assert_cmpint (json_object_get_int_member (first, "bytes_received"), ==, 1234);
  g_assert_cmpint (json_object_get_int_member (first, "bytes_sent"), ==, 7);
  JsonObject *second = json_array_get_object_element (streams, 1);
  g_assert_cmpstr (json_object_get_string_member (second, "direction"), ==, "uni");
  g_assert_cmpstr (json_object_get_string_member (second, "initiator"), ==, "server");

  JsonObject *amounts = json_object_get_object_member (told.json, "trace");
  g_assert_cmpint (json_object_get_int_member (amounts, "datagrams"), ==, 4);
  g_assert_cmpint (json_object_get_int_member (amounts, "packets"), >, 4);
  told_clear (&told);
}

/* What nobody knows is null, and an idle timeout's code is none of the wire's. */
static void
test_nothing (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_close (made, "local", FALSE, G_MAXUINT64, NULL);
  made_outcome (made, "failed", "connect");
  Told told = tell (made->trace);
  JsonObject *tls = json_object_get_object_member (told.json, "tls");
  const char *const nulls[] = { "version", "cipher", "group", "signature", "alpn", "resumed", "verify" };
  for (guint i = 0; i < G_N_ELEMENTS (nulls); i++)
    g_assert_true (json_object_get_null_member (tls, nulls[i]));
  JsonObject *quic = json_object_get_object_member (told.json, "quic");
  JsonObject *close = json_object_get_object_member (quic, "close");
  g_assert_true (json_object_get_null_member (close, "code"));
  g_assert_cmpstr (json_object_get_string_member (close, "name"), ==, "IDLE_TIMEOUT");
  g_assert_true (json_object_get_null_member (json_object_get_object_member (told.json, "timings_ms"), "handshake"));
  g_assert_cmpstr (json_object_get_string_member (told.json, "outcome"), ==, "failed");
  told_clear (&told);
}

/* A file has no marks: packets and messages alone give facts, streams and close. */
static void
test_file (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO,
              &(Hello){ .alpn = "h3", .sni = "www.example.net", .group = 0x001d, .idle_ms = 30000 });
  made->at = 10;
  made_hello (made, QS_DIRECTION_RECEIVED, QS_TLS_SERVER_HELLO, &(Hello){ .group = 0x001d, .version = 0x0304 });
  made_hello (made, QS_DIRECTION_RECEIVED, QS_TLS_ENCRYPTED_EXTENSIONS, &(Hello){ .alpn = "h3", .idle_ms = 5000 });
  made_message (made, QS_DIRECTION_RECEIVED, QS_TLS_FINISHED, "12345678901234567890123456789012", 32);
  made->at = 12;
  made_message (made, QS_DIRECTION_SENT, QS_TLS_FINISHED, "12345678901234567890123456789012", 32);
  made->at = 20;
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, 0, "1e", 0);
  made_packet (made, QS_DIRECTION_SENT, QS_PACKET_1RTT, 0, "0b0003414243", 0);
  made->at = 30;
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, 1, "0a000241420400404202", 0);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, 2, "1d523403627965", 0);

  /* What the dissector would have counted. */
  QsStreamFigures *figures = qs_metrics_ensure_stream (qs_trace_get_metrics (made->trace), 0);
  figures->bytes[QS_DIRECTION_SENT] = 3;
  figures->fin[QS_DIRECTION_SENT] = figures->reset[QS_DIRECTION_RECEIVED] = TRUE;

  Told told = tell (made->trace);
  g_assert_cmpstr (told.summary->tls_version, ==, "TLS 1.3");
  g_assert_cmpstr (told.summary->sni, ==, "www.example.net");
  g_assert_cmpint (told.summary->confirmed, ==, 20 * MS);
  g_assert_cmpstr (json_object_get_string_member (told.json, "outcome"), ==, "failed");
  JsonObject *quic = json_object_get_object_member (told.json, "quic");
  JsonObject *close = json_object_get_object_member (quic, "close");
  g_assert_cmpint (json_object_get_int_member (close, "code"), ==, 0x1234);
  g_assert_cmpstr (json_object_get_string_member (close, "reason"), ==, "bye");
  JsonArray *streams = json_object_get_array_member (told.json, "streams");
  g_assert_cmpuint (json_array_get_length (streams), ==, 1);
  JsonObject *stream = json_array_get_object_element (streams, 0);
  g_assert_cmpstr (json_object_get_string_member (stream, "read_state"), ==, "RESET_REMOTE");
  g_assert_cmpstr (json_object_get_string_member (stream, "write_state"), ==, "FINISHED");
  g_assert_cmpint (json_object_get_int_member (stream, "bytes_sent"), ==, 3);
  told_clear (&told);
}

static void
test_stopped (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  made_outcome (made, "stopped", "connect");
  Told told = tell (made->trace);
  assert_says (told.verdict, "stopped");
  told_clear (&told);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/steps/live", test_live_steps);
  g_test_add_func ("/steps/hello-retry", test_retry_of_hello);
  g_test_add_func ("/steps/failed", test_failed_steps);
  g_test_add_func ("/steps/failed-verify", test_failed_verify);
  g_test_add_func ("/steps/no-name", test_no_name);
  g_test_add_func ("/steps/tcp", test_tcp_steps);
  g_test_add_func ("/summary/success", test_success);
  g_test_add_func ("/summary/nothing", test_nothing);
  g_test_add_func ("/summary/file", test_file);
  g_test_add_func ("/summary/stopped", test_stopped);
  return g_test_run ();
}
