/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Servers with one fault each: the scripted server refuses what the table's checks send, with the code that each of them names, all but
 * that of one. This check fails, and the one beside it in the table passes. What it has to refuse it knows by the checks' own scripts: the
 * bytes of the step that is the act. */
#include <string.h>

#include "../engine/runner.h"
#include "checks/qs-check-tables.h"
#include "checks/qs-examination.h"
#include "craft/qs-craft-private.h"
#include "server/qs-throwaway-ca.h"
#include "wire/qs-http3.h"
#include "wire/qs-qpack.h"
#include "wire/qs-transport-parameters.h"
#include "wire/qs-writer.h"

typedef struct {
  const QsCheck *fault, *beside;
  GPtrArray *rules; /* const QsCheck *: what it refuses */
  QsIdentity *identity;
  QsCraftListener *listener;
  QsExamination *examination;
  GPtrArray *servers; /* Server */
  char *authority;
  gboolean finished;
} Bench;

/* A connection. */
typedef struct {
  Bench *bench;
  QsCraft *craft;
  guint64 code; /* to close with; 0: nothing wrong yet */
  gboolean application, closed, settled, spoken;
  guint status[4]; /* that requests on 0, 4, 8, 12 get; 0: none came, 1: told */
} Server;

static const char *const h3[] = { "h3", NULL };

static gboolean
identify (SSL_CTX *context, guint which, gpointer data)
{
  return qs_identity_use (data, context);
}

/* --- What is wrong --- */

static gboolean
starts_with (QsSpan span, QsSpan head)
{
  return span.length >= head.length && (head.length == 0 || memcmp (span.data, head.data, head.length) == 0);
}

static const QsCraftStep *
act_of (const QsCheck *check)
{
  const QsCraftStep *step = check->script;

  while (!step->act)
    step++;
  return step;
}

/* All of a packet, as it was made by hand. */
static gboolean
is_packet_of (const QsCraftStep *step, QsPacketType type, QsSpan payload)
{
  g_autoptr (GByteArray) wanted = g_byte_array_new ();

  if (step->what != QS_CRAFT_DO_SEND || step->packet.type != type || step->packet.flip != 0)
    return FALSE;
  for (guint i = 0; i < step->n_frames; i++)
    qs_frame_write (wanted, &step->frames[i]);
  if (step->bytes.length > 0)
    qs_write_span (wanted, step->bytes);
  return qs_span_equal (qs_written (wanted), payload);
}

static gboolean
is_request_of (const Bench *bench, const QsCraftStep *step, const QsFrame *frame)
{
  g_autoptr (GPtrArray) filled = g_ptr_array_new ();
  g_autoptr (GByteArray) section = g_byte_array_new (), wanted = g_byte_array_new ();

  if (step->what != QS_CRAFT_DO_REQUEST || step->fields == NULL || frame->stream_id != step->stream)
    return FALSE;
  for (guint i = 0; step->fields[i] != NULL; i++)
    {
      gboolean open = i % 2 == 1 && g_str_equal (step->fields[i], "$");
      const char *own = open && g_str_equal (step->fields[i - 1], ":path") ? "/" : bench->authority;
      g_ptr_array_add (filled, (gpointer) (open ? own : step->fields[i]));
    }
  g_ptr_array_add (filled, NULL);
  qs_qpack_literals_write (section, (const char *const *) filled->pdata);
  qs_http3_frame_write (wanted, QS_HTTP3_HEADERS, qs_written (section));
  return starts_with (frame->data, qs_written (wanted));
}

static gboolean
is_stream_of (const QsCraftStep *step, const QsFrame *frame)
{
  return step->what == QS_CRAFT_DO_STREAM && frame->stream_id == step->stream && frame->fin == step->fin &&
         qs_span_equal (frame->data, step->bytes);
}

/* A parameter that must not be, or one that is missing. */
static gboolean
has_parameter_of (const QsCraftStep *step, GBytes *bytes)
{
  const QsCraftParameter *wrong = step->options != NULL ? step->options->parameters : NULL;
  g_autoptr (GArray) parameters = qs_transport_parameters_parse (qs_craft_bytes_span (bytes), NULL);
  guint n = 0;

  if (wrong == NULL)
    return FALSE;
  if (parameters == NULL) /* one of them stands there twice, or is cut short */
    return wrong[1].how != QS_CRAFT_PARAMETER_END;
  for (guint i = 0; i < parameters->len; i++)
    {
      const QsTransportParameter *parameter = &g_array_index (parameters, QsTransportParameter, i);
      guint64 value;
      if (parameter->id != wrong->id)
        continue;
      n += wrong->how == QS_CRAFT_PARAMETER_NONE ||
           (wrong->how == QS_CRAFT_PARAMETER_BYTES && qs_span_equal (parameter->value, wrong->bytes)) ||
           (wrong->how == QS_CRAFT_PARAMETER_INTEGER && qs_transport_parameter_get_integer (parameter, &value) &&
            value == wrong->value);
    }
  guint wanted = wrong[1].how != QS_CRAFT_PARAMETER_END ? 2 : 1;
  return wrong->how == QS_CRAFT_PARAMETER_NONE ? n == 0 : n >= wanted;
}

static void
refuse (Server *server, const QsCheck *check)
{
  if (server->code != 0)
    return;
  server->code = check->codes[0];
  server->application = check->judge == qs_judge_http3;
}

static void
take_request (Server *server, const QsFrame *frame)
{
  guint which = (guint) (frame->stream_id / 4);
  guint status = 200;

  if ((frame->stream_id & 3) != 0 || which >= G_N_ELEMENTS (server->status) || server->status[which] == 1)
    return;
  for (guint i = 0; i < server->bench->rules->len; i++)
    {
      const QsCheck *rule = server->bench->rules->pdata[i];
      if (rule->judge == qs_judge_malformed && is_request_of (server->bench, act_of (rule), frame))
        status = 400;
    }
  if (frame->fin || status != 200)
    server->status[which] = status;
}

static void
heard_cb (QsPacketType type, QsSpan payload, gpointer data)
{
  Server *server = data;
  QsFrame frame;

  for (guint i = 0; i < server->bench->rules->len; i++)
    {
      const QsCheck *rule = server->bench->rules->pdata[i];
      if (is_packet_of (act_of (rule), type, payload))
        refuse (server, rule);
    }
  for (gsize at = 0; at < payload.length && qs_frame_parse (payload, &at, &frame, NULL);)
    {
      if (qs_frame_base_type (frame.type) != QS_FRAME_STREAM)
        continue;
      for (guint i = 0; i < server->bench->rules->len; i++)
        {
          const QsCheck *rule = server->bench->rules->pdata[i];
          if (is_stream_of (act_of (rule), &frame) && rule->judge == qs_judge_http3)
            refuse (server, rule);
        }
      take_request (server, &frame);
    }
}

/* --- What is answered --- */

static void
say (Server *server)
{
  static const guint8 settings[] = { QS_HTTP3_STREAM_CONTROL, QS_HTTP3_SETTINGS, 0 };

  if (!server->spoken && (qs_craft_get_events (server->craft) & QS_CRAFT_DONE) != 0)
    {
      server->spoken = TRUE;
      qs_craft_stream (server->craft, 3, QS_SPAN (settings, sizeof settings), FALSE);
    }
  for (guint i = 0; i < G_N_ELEMENTS (server->status); i++)
    {
      const char *const fields[] = { ":status", server->status[i] == 400 ? "400" : "200", NULL };
      g_autoptr (GByteArray) section = g_byte_array_new (), frame = g_byte_array_new ();
      if (server->status[i] <= 1)
        continue;
      qs_qpack_literals_write (section, fields);
      qs_http3_frame_write (frame, QS_HTTP3_HEADERS, qs_written (section));
      server->status[i] = 1;
      qs_craft_stream (server->craft, 4 * i, qs_written (frame), TRUE);
    }
}

static void
look (Server *server)
{
  for (guint i = 0; i < server->bench->rules->len && server->craft->parameters != NULL && !server->settled; i++)
    {
      const QsCheck *rule = server->bench->rules->pdata[i];
      if (act_of (rule)->what == QS_CRAFT_DO_START && has_parameter_of (act_of (rule), server->craft->parameters))
        refuse (server, rule);
    }
  server->settled |= server->craft->parameters != NULL;
  if (server->code != 0 && !server->closed)
    {
      server->closed = TRUE;
      qs_craft_close (server->craft, server->application, server->code, NULL);
      qs_craft_hush (server->craft);
    }
  else if (!server->closed)
    say (server);
}

static gboolean
look_cb (gpointer data)
{
  GPtrArray *benches = data;

  for (guint i = 0; i < benches->len; i++)
    {
      const Bench *bench = benches->pdata[i];
      for (guint j = 0; j < bench->servers->len; j++)
        look (bench->servers->pdata[j]);
    }
  return G_SOURCE_CONTINUE;
}

static void
changed_cb (QsCraft *craft, gpointer data)
{
}

static void
server_free (gpointer data)
{
  qs_craft_free (((Server *) data)->craft);
  g_free (data);
}

static void
incoming_cb (QsCraftListener *listener, const QsCraftFirst *first, gpointer data)
{
  Bench *bench = data;
  Server *server = g_new0 (Server, 1);
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_SERVER, NULL);
  const QsCraftOptions options = { .answer = { .identify = identify, .identify_data = bench->identity, .alpn = h3 },
                                   .heard = heard_cb,
                                   .heard_data = server };

  server->bench = bench;
  qs_trace_set_origin (trace, first->time);
  server->craft = qs_craft_accept (listener, first, trace, NULL, &options, changed_cb, server, NULL);
  if (server->craft != NULL)
    g_ptr_array_add (bench->servers, server);
  else
    g_free (server);
}

/* --- The table --- */

/* What a server has to refuse, and this one knows to. Left out: what is in the packet's first byte, what stands in a hello, what other
 * scripts do in good order, and what is told and not judged. */
static const char excepted[] = " F5 F6 F29 F32 T1 T6 T7 T14 T15 T15b T17 T17b T23 T23b A10 K5 H6 H14 F25 F28 ";

static gboolean
is_rule (const QsCheck *check)
{
  g_autofree char *word = g_strdup_printf (" %s ", check->id);

  return strstr (excepted, word) == NULL && check->codes[0] != 0 &&
         (check->judge == qs_judge_refused || check->judge == qs_judge_http3 || check->judge == qs_judge_malformed ||
          check->judge == qs_judge_id_limit);
}

static GPtrArray *
list_rules (void)
{
  GPtrArray *rules = g_ptr_array_new ();
  guint n;
  const QsCheck *const *all = qs_checks_get (&n);

  for (guint i = 0; i < n; i++)
    {
      if (all[i]->script != NULL && is_rule (all[i]))
        g_ptr_array_add (rules, (gpointer) all[i]);
    }
  return rules;
}

static void
finished_cb (QsExamination *examination, Bench *bench)
{
  bench->finished = TRUE;
}

static Bench *
bench_new (QsIdentity *identity, GPtrArray *rules, guint fault)
{
  Bench *bench = g_new0 (Bench, 1);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) checks = g_ptr_array_new ();

  bench->identity = identity;
  bench->fault = rules->pdata[fault];
  bench->beside = rules->pdata[(fault + 1) % rules->len];
  bench->rules = g_ptr_array_copy (rules, NULL, NULL);
  g_ptr_array_remove_index (bench->rules, fault);
  bench->servers = g_ptr_array_new_with_free_func (server_free);
  bench->listener = qs_craft_listener_new (address, incoming_cb, bench, &error);
  g_assert_no_error (error);
  GSocketAddress *own = qs_craft_listener_get_address (bench->listener);
  bench->authority = g_strdup_printf ("127.0.0.1:%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (own)));
  g_autofree char *text = g_strdup_printf ("https://%s/", bench->authority);
  g_autoptr (QsTarget) target = qs_target_new (text, &error);
  g_ptr_array_add (checks, (gpointer) bench->fault);
  g_ptr_array_add (checks, (gpointer) bench->beside);
  const QsExaminationOptions options = { .checks = checks, .family = G_SOCKET_FAMILY_INVALID };
  bench->examination = qs_examination_new (target, &options);
  g_signal_connect (bench->examination, "finished", G_CALLBACK (finished_cb), bench);
  g_assert_true (qs_examination_start (bench->examination, &error));
  return bench;
}

static void
bench_free (gpointer data)
{
  Bench *bench = data;

  g_object_unref (bench->examination);
  g_ptr_array_unref (bench->servers);
  g_ptr_array_unref (bench->rules);
  qs_craft_listener_free (bench->listener);
  g_free (bench->authority);
  g_free (bench);
}

static gboolean
are_finished (gpointer data)
{
  GPtrArray *benches = data;

  for (guint i = 0; i < benches->len; i++)
    {
      if (!((const Bench *) benches->pdata[i])->finished)
        return FALSE;
    }
  return TRUE;
}

static const QsCheckResult *
result_of (const Bench *bench, const QsCheck *check)
{
  for (guint i = 0; i < qs_examination_get_n_results (bench->examination); i++)
    {
      if (qs_examination_get_result (bench->examination, i)->check == check)
        return qs_examination_get_result (bench->examination, i);
    }
  return NULL;
}

static guint
check_bench (const Bench *bench)
{
  const QsCheckResult *faulty = result_of (bench, bench->fault), *good = result_of (bench, bench->beside);
  QsCheckVerdict wanted = qs_check_fail (bench->fault);

  if (faulty->judgement.verdict == wanted && good->judgement.verdict == QS_CHECK_PASS &&
      (wanted != QS_CHECK_FAIL || faulty->n_fails == QS_CHECK_RUNS_OF_A_FAIL))
    return 0;
  g_test_message ("%s: %s, %s; %s: %s, %s", bench->fault->id, qs_check_verdict_name (faulty->judgement.verdict),
                  faulty->judgement.text, bench->beside->id, qs_check_verdict_name (good->judgement.verdict),
                  good->judgement.text);
  return 1;
}

static void
test_faults (void)
{
  g_autoptr (GError) error = NULL;
  QsThrowawayCa *ca = qs_throwaway_ca_new (&error);
  g_assert_no_error (error);
  QsIdentity *identity = qs_throwaway_ca_issue (ca, QS_LEAF_GOOD, NULL, &error);
  g_autoptr (GPtrArray) rules = list_rules ();
  g_autoptr (GPtrArray) benches = g_ptr_array_new_with_free_func (bench_free);
  guint n_wrong = 0;

  g_assert_no_error (error);
  g_assert_cmpuint (rules->len, >, 60);
  for (guint i = 0; i < rules->len; i++)
    g_ptr_array_add (benches, bench_new (identity, rules, i));
  guint source = g_timeout_add (2, look_cb, benches);
  run_until (are_finished, benches);
  g_source_remove (source);
  for (guint i = 0; i < benches->len; i++)
    n_wrong += check_bench (benches->pdata[i]);
  g_assert_cmpuint (n_wrong, ==, 0);
  g_ptr_array_set_size (benches, 0);
  qs_identity_unref (identity);
  qs_throwaway_ca_unref (ca);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/checks/faulty-servers", test_faults);
  return g_test_run ();
}
