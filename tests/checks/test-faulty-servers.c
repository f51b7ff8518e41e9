/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Servers with one fault each: the scripted server refuses what the table's checks send, with the code that each of them names, all but
 * that of one. This check fails, and the one beside it in the table passes. What it has to refuse it knows by the checks' own scripts: the
 * bytes of the step that is the act. Behind those, a table of its own: servers that do something wrong by themselves, or refuse what they
 * have to take. */
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

/* What a server does wrong, beside what it lets pass. */
typedef enum {
  CLOSES_ON_UNREADABLE = 1 << 0,
  CLOSES_ON_PIECES = 1 << 1, /* of a ClientHello */
  REFUSES_ACT = 1 << 2,      /* of the check, though there is nothing wrong with it */
  KEEPS_IDLE = 1 << 3,       /* connections, for ever */
  FORGETS_SOON = 1 << 4,     /* those that are idle for half a second */
  HUGE_ANSWERS = 1 << 5,
} Faults;

typedef struct {
  const char *id;         /* of the check */
  QsCheckVerdict verdict; /* that it comes to */
  QsCheckVerdict good;    /* that it comes to without the fault */
  Faults faults;
  QsCraftHabits habits;
  const QsCraftParameter *parameters;
  const QsCraftRetry *retry;
  guint datagram; /* bytes of its Initials' datagrams; 0: enough */
} Fault;

typedef struct {
  const QsCheck *fault, *beside;
  const Fault *how; /* NULL: it lets the fault's act pass */
  QsCheckVerdict wanted, wanted_beside;
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
  gboolean application, closed, settled, spoken, answered;
  gint64 heard;    /* when something came; monotonic time */
  guint status[4]; /* that requests on 0, 4, 8, 12 get; 0: none came, 1: told */
} Server;

static const char *const h3[] = { "h3", NULL };

#define IDLE_MS 30000 /* that the scripted server announces */
#define FORGOTTEN_MS 500

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
  server->code = check->codes[0] != 0 ? check->codes[0] : PROTOCOL_VIOLATION;
  server->application = check->judge == qs_judge_http3;
}

static void
close_wrong (Server *server)
{
  if (server->code == 0 || server->closed)
    return;
  server->closed = TRUE;
  qs_craft_close (server->craft, server->application, server->code, NULL);
  qs_craft_hush (server->craft);
}

static gboolean
is_act (const QsCraftStep *step, QsPacketType type, QsSpan payload)
{
  gsize length = step->bytes.length; /* behind an ACK */

  return step->what == QS_CRAFT_DO_QUEUE && type == QS_PACKET_1RTT && payload.length >= length &&
         qs_span_equal (step->bytes, QS_SPAN (payload.data + payload.length - length, length));
}

static gboolean
has_fault (const Server *server, Faults fault)
{
  return server->bench->how != NULL && (server->bench->how->faults & fault) != 0;
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

  server->heard = g_get_monotonic_time ();
  if (has_fault (server, REFUSES_ACT) && is_act (act_of (server->bench->fault), type, payload))
    {
      refuse (server, server->bench->fault);
      close_wrong (server); /* before it is acknowledged */
    }
  for (guint i = 0; i < server->bench->rules->len; i++)
    {
      const QsCheck *rule = server->bench->rules->pdata[i];
      if (is_packet_of (act_of (rule), type, payload))
        refuse (server, rule);
    }
  for (gsize at = 0; at < payload.length && qs_frame_parse (payload, &at, &frame, NULL);)
    {
      if (frame.type == QS_FRAME_CRYPTO && type == QS_PACKET_INITIAL && frame.stream_offset > 0 &&
          has_fault (server, CLOSES_ON_PIECES))
        refuse (server, server->bench->fault);
      if (qs_frame_base_type (frame.type) != QS_FRAME_STREAM)
        continue;
      for (guint i = 0; i < server->bench->rules->len; i++)
        {
          const QsCheck *rule = server->bench->rules->pdata[i];
          if (is_stream_of (act_of (rule), &frame) && rule->judge == qs_judge_http3)
            refuse (server, rule);
        }
      if (has_fault (server, REFUSES_ACT) && is_stream_of (act_of (server->bench->fault), &frame))
        refuse (server, server->bench->fault);
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
      if (has_fault (server, HUGE_ANSWERS))
        {
          static const guint8 body[20000];
          qs_http3_frame_write (frame, QS_HTTP3_DATA, QS_SPAN (body, sizeof body));
        }
      qs_craft_stream (server->craft, 4 * i, qs_written (frame), TRUE);
    }
}

/* The wrong ones of the table. */
static void
look_for_faults (Server *server)
{
  QsCraftEvents events = qs_craft_get_events (server->craft);
  const QsCheck *check = server->bench->fault;

  if ((events & QS_CRAFT_UNREADABLE) != 0 && has_fault (server, CLOSES_ON_UNREADABLE))
    refuse (server, check);
  if (has_fault (server, REFUSES_ACT) && act_of (check)->what == QS_CRAFT_DO_START &&
      server->craft->parameters != NULL && has_parameter_of (act_of (check), server->craft->parameters))
    refuse (server, check);
  /* A Retry first, and nothing of TLS until it was followed. */
  if (server->bench->how == NULL || server->bench->how->retry == NULL || server->answered)
    return;
  server->answered = (events & QS_CRAFT_RETRY) != 0;
  if (server->answered)
    qs_craft_answer (server->craft, NULL);
}

/* RFC 9000 section 10.1: the shorter of both. */
static gboolean
is_idle (const Server *server)
{
  guint64 ms = qs_craft_get_parameter (server->craft, 0x01, IDLE_MS);

  if (has_fault (server, KEEPS_IDLE) || server->craft->parameters == NULL)
    return FALSE;
  ms = has_fault (server, FORGETS_SOON) ? FORGOTTEN_MS : ms > 0 ? MIN (ms, IDLE_MS) : IDLE_MS;
  return g_get_monotonic_time () > server->heard + (gint64) ms * 1000;
}

static void
look (Server *server)
{
  look_for_faults (server);
  for (guint i = 0; i < server->bench->rules->len && server->craft->parameters != NULL && !server->settled; i++)
    {
      const QsCheck *rule = server->bench->rules->pdata[i];
      if (act_of (rule)->what == QS_CRAFT_DO_START && has_parameter_of (act_of (rule), server->craft->parameters))
        refuse (server, rule);
    }
  server->settled |= server->craft->parameters != NULL;
  close_wrong (server);
  if (!server->closed)
    say (server);
}

static gboolean
look_cb (gpointer data)
{
  GPtrArray *benches = data;

  for (guint i = 0; i < benches->len; i++)
    {
      const Bench *bench = benches->pdata[i];
      for (guint j = bench->servers->len; j-- > 0;)
        {
          if (is_idle (bench->servers->pdata[j]))
            g_ptr_array_remove_index (bench->servers, j);
          else
            look (bench->servers->pdata[j]);
        }
    }
  return G_SOURCE_CONTINUE;
}

static void
changed_cb (QsCraft *craft, gpointer data)
{
  Server *server = data;

  if (server->craft != NULL)
    look (server);
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
  const Fault *how = bench->how;
  Server *server = g_new0 (Server, 1);
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_SERVER, NULL);
  const QsCraftOptions options = { .answer = { .identify = identify, .identify_data = bench->identity, .alpn = h3 },
                                   .heard = heard_cb,
                                   .heard_data = server,
                                   .parameters = how != NULL ? how->parameters : NULL,
                                   .datagram = how != NULL ? how->datagram : 0,
                                   .habits = how == NULL
                                                 ? 0
                                                 : how->habits | (how->retry != NULL ? QS_CRAFT_HOLD_ANSWER : 0) };

  server->bench = bench;
  server->heard = g_get_monotonic_time ();
  qs_trace_set_origin (trace, first->time);
  server->craft = qs_craft_accept (listener, first, trace, NULL, &options, changed_cb, server, NULL);
  if (server->craft != NULL)
    g_ptr_array_add (bench->servers, server);
  else
    g_free (server);
  if (server->craft != NULL && how != NULL && how->retry != NULL)
    qs_craft_send_retry (server->craft, how->retry);
}

/* --- The tables --- */

#define FAIL QS_CHECK_FAIL
#define WARN QS_CHECK_WARN
#define PASS QS_CHECK_PASS
#define INFO QS_CHECK_INFO

/* No check stands beside one that has to do with the same fault. */
static const Fault faults[] = {
  { "A6", FAIL, PASS, .retry = &(const QsCraftRetry){ .garble = TRUE } },
  { "C1", FAIL, PASS, .habits = QS_CRAFT_OUTLIVE_CLOSE },
  { "A6", FAIL, PASS, .retry = &(const QsCraftRetry){ .same_id = TRUE } },
  { "F31", FAIL, PASS, .habits = QS_CRAFT_ACK_ACKS },
  { "A6", FAIL, PASS, .retry = &(const QsCraftRetry){ .no_token = TRUE } },
  { "A12", WARN, PASS, .habits = QS_CRAFT_ANY_ID },
  { "F32", FAIL, PASS, .habits = QS_CRAFT_OLD_KEYS },
  { "M4", FAIL, PASS, HUGE_ANSWERS, QS_CRAFT_TRUST_PATH },
  { "V7", FAIL, INFO, PARAMETERS (OPAQUE (0x11, "\x6b\x33\x43\xcf\x00\x00\x00\x01")) },
  { "P4", WARN, PASS, KEEPS_IDLE },
  { "V7", FAIL, INFO, PARAMETERS (OPAQUE (0x11, "\x00\x00\x01")) },
  { "P4", WARN, PASS, FORGETS_SOON },
  { "M1", FAIL, PASS, .habits = QS_CRAFT_TRUST_PATH },
  { "T18", FAIL, PASS, .habits = QS_CRAFT_KEEP_KEYS },
  { "A10", FAIL, PASS, CLOSES_ON_UNREADABLE },
  { "A11", FAIL, PASS, PARAMETERS (OPAQUE (0x0f, "\x01\x02\x03\x04\x05\x06\x07\x08")) },
  { "A10b", FAIL, PASS, CLOSES_ON_UNREADABLE },
  { "A11", FAIL, PASS, PARAMETERS (OPAQUE (0x00, "\x01\x02\x03\x04\x05\x06\x07\x08")) },
  { "A14", FAIL, PASS, CLOSES_ON_PIECES },
  { "P1", FAIL, PASS, PARAMETERS (NUMBER (0x0a, 21)) },
  { "A15", FAIL, PASS, CLOSES_ON_PIECES },
  { "P2", FAIL, PASS, PARAMETERS (NUMBER (0x09, 2)) },
  { "A15b", WARN, PASS, CLOSES_ON_PIECES },
  { "P3", WARN, PASS, PARAMETERS (NUMBER (0x08, 99)) },
  { "F30", FAIL, PASS, REFUSES_ACT },
  { "P2", WARN, PASS, PARAMETERS (NUMBER (0x07, 1023)) },
  { "P6", FAIL, PASS, REFUSES_ACT },
  { "A4", FAIL, PASS, .datagram = 1199 },
};

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

/* Of these two checks; rules (transfer full). */
static Bench *
bench_new (QsIdentity *identity, GPtrArray *rules, const QsCheck *fault, const QsCheck *beside, const Fault *how)
{
  Bench *bench = g_new0 (Bench, 1);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) checks = g_ptr_array_new ();

  bench->identity = identity;
  bench->fault = fault;
  bench->beside = beside;
  bench->how = how;
  bench->wanted = qs_check_fail (fault);
  bench->wanted_beside = QS_CHECK_PASS;
  bench->rules = rules;
  bench->servers = g_ptr_array_new_with_free_func (server_free);
  bench->listener = qs_craft_listener_new (address, incoming_cb, bench, &error);
  g_assert_no_error (error);
  GSocketAddress *own = qs_craft_listener_get_address (bench->listener);
  bench->authority = g_strdup_printf ("127.0.0.1:%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (own)));
  g_autofree char *text = g_strdup_printf ("https://%s/", bench->authority);
  g_autoptr (QsTarget) target = qs_target_new (text, &error);
  g_ptr_array_add (checks, (gpointer) fault);
  g_ptr_array_add (checks, (gpointer) beside);
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
  QsCheckVerdict wanted = bench->wanted;

  if (faulty->judgement.verdict == wanted && good->judgement.verdict == bench->wanted_beside &&
      (wanted != QS_CHECK_FAIL || faulty->n_fails == QS_CHECK_RUNS_OF_A_FAIL))
    return 0;
  g_test_message ("%s: %s, %s; %s: %s, %s", bench->fault->id, qs_check_verdict_name (faulty->judgement.verdict),
                  faulty->judgement.text, bench->beside->id, qs_check_verdict_name (good->judgement.verdict),
                  good->judgement.text);
  return 1;
}

/* add: makes the benches of one certificate. */
static void
run_benches (void (*add) (GPtrArray *benches, QsIdentity *identity))
{
  g_autoptr (GError) error = NULL;
  QsThrowawayCa *ca = qs_throwaway_ca_new (&error);
  g_assert_no_error (error);
  QsIdentity *identity = qs_throwaway_ca_issue (ca, QS_LEAF_GOOD, NULL, &error);
  g_autoptr (GPtrArray) benches = g_ptr_array_new_with_free_func (bench_free);
  guint n_wrong = 0;

  g_assert_no_error (error);
  add (benches, identity);
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

static void
add_refusals (GPtrArray *benches, QsIdentity *identity)
{
  g_autoptr (GPtrArray) rules = list_rules ();

  g_assert_cmpuint (rules->len, >, 60);
  for (guint i = 0; i < rules->len; i++)
    {
      GPtrArray *others = g_ptr_array_copy (rules, NULL, NULL);
      g_ptr_array_remove_index (others, i);
      g_ptr_array_add (benches,
                       bench_new (identity, others, rules->pdata[i], rules->pdata[(i + 1) % rules->len], NULL));
    }
}

static void
test_refusals (void)
{
  run_benches (add_refusals);
}

/* The check with the fault and without it; beside it the next one of the table, which the fault must not touch. */
static void
add_faults (GPtrArray *benches, QsIdentity *identity)
{
  static Fault without[G_N_ELEMENTS (faults)];
  static const QsCraftRetry in_order = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      const Fault *fault = &faults[i], *next = &faults[(i + 1) % G_N_ELEMENTS (faults)];
      const QsCheck *check = qs_checks_find (fault->id), *beside = qs_checks_find (next->id);
      Bench *wrong = bench_new (identity, list_rules (), check, beside, fault);
      wrong->wanted = fault->verdict;
      /* Nobody follows such a Retry: there is no handshake to look at. */
      wrong->wanted_beside = fault->retry != NULL || next->retry != NULL ? QS_CHECK_NOT_TESTED : next->good;
      without[i] = (Fault){ .id = fault->id, .retry = fault->retry != NULL ? &in_order : NULL };
      Bench *good = bench_new (identity, list_rules (), check, beside, &without[i]);
      good->wanted = fault->good;
      good->wanted_beside = next->retry != NULL ? QS_CHECK_NOT_TESTED : next->good;
      g_ptr_array_add (benches, wrong);
      g_ptr_array_add (benches, good);
    }
}

static void
test_faults (void)
{
  run_benches (add_faults);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/checks/faulty-servers/refusals", test_refusals);
  g_test_add_func ("/checks/faulty-servers/faults", test_faults);
  return g_test_run ();
}
