/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-evidence.h"
#include "diagnosis/qs-summary.h"
#include "wire/qs-names.h"

/* Where a step stands: found out from the evidence, before it becomes a row. */
typedef struct {
  gint64 time; /* QS_NO_TIME: has not happened */
  gint64 packet;
  gboolean failed;
  char *detail;
} Seen;

typedef struct {
  const char *id;
  const char *waiting; /* N_(): title while it is pending or has failed */
  const char *client;  /* N_(): title when done, seen from the client */
  const char *server;  /* NULL: as for the client */
  gboolean optional;   /* listed only where it occurs */
  void (*look) (const QsEvidence *evidence, Seen *seen);
} StepRule;

void
qs_step_free (QsStep *step)
{
  g_free (step->title);
  g_free (step->detail);
  g_free (step);
}

static void
take_message (Seen *seen, const QsTraceMessage *message)
{
  if (message == NULL)
    return;
  seen->time = message->time;
  seen->packet = message->packet;
}

static void
take_packet (const QsEvidence *evidence, Seen *seen, gint64 index)
{
  if (index < 0)
    return;
  seen->packet = index;
  seen->time = qs_trace_get_packet (evidence->trace, (guint) index)->time;
}

static char *
join_words (const char *first, const char *second)
{
  if (first == NULL)
    return g_strdup (second);
  return second != NULL ? g_strdup_printf ("%s, %s", first, second) : g_strdup (first);
}

static void
look_resolved (const QsEvidence *evidence, Seen *seen)
{
  seen->time = evidence->resolved;
  if (evidence->resolve_mark != NULL && evidence->resolved < 0)
    {
      seen->failed = TRUE;
      seen->time = evidence->resolve_failed;
      seen->detail = g_strdup (evidence->resolve_mark->text);
    }
  else if (evidence->resolved_mark != NULL)
    {
      seen->detail = g_strdup (evidence->resolved_mark->text);
    }
}

static void
look_tcp (const QsEvidence *evidence, Seen *seen)
{
  seen->time = evidence->tcp_connected;
  /* A file: whoever sends over TCP is connected. When that was is not known of one that begins later. */
  if (seen->time < 0 && (evidence->client_hello != NULL || !qs_trace_is_from_file (evidence->trace)))
    seen->time = evidence->first_sent;
  seen->detail = g_strdup (evidence->address);
}

static void
look_client_hello (const QsEvidence *evidence, Seen *seen)
{
  take_message (seen, evidence->client_hello);
  /* Of a run of ours that is certain. Of a file it is not: what could not be read may be anything. */
  if (seen->time < 0 && !evidence->server && !evidence->tls && !qs_trace_is_from_file (evidence->trace))
    seen->time = evidence->first_sent;
  if (evidence->sni != NULL || evidence->offered_alpn != NULL)
    seen->detail = join_words (evidence->sni, evidence->offered_alpn);
}

static void
look_version_negotiation (const QsEvidence *evidence, Seen *seen)
{
  take_packet (evidence, seen, evidence->packets.version_negotiation);
  if (seen->time >= 0)
    seen->detail = qs_evidence_versions_text (evidence);
}

static void
look_retry (const QsEvidence *evidence, Seen *seen)
{
  take_packet (evidence, seen, evidence->packets.retry);
}

static void
look_hello_retry (const QsEvidence *evidence, Seen *seen)
{
  take_message (seen, evidence->hello_retry);
  if (evidence->hello_retry == NULL)
    return;
  g_autoptr (GArray) groups = qs_tls_message_dup_key_shares (evidence->hello_retry->message);
  if (groups != NULL && groups->len > 0)
    seen->detail = g_strdup (qs_tls_group_name (g_array_index (groups, guint16, 0)));
}

static void
look_second_hello (const QsEvidence *evidence, Seen *seen)
{
  if (evidence->hello_retry != NULL)
    take_message (seen, evidence->second_client_hello);
}

static void
look_server_hello (const QsEvidence *evidence, Seen *seen)
{
  take_message (seen, evidence->server_hello);
  if (evidence->server_hello == NULL)
    return;
  const QsTlsMessage *hello = evidence->server_hello->message;
  g_autoptr (GArray) groups = qs_tls_message_dup_key_shares (hello);
  seen->detail =
      join_words (groups != NULL && groups->len > 0 ? qs_tls_group_name (g_array_index (groups, guint16, 0)) : NULL,
                  hello->cipher_suites != NULL && hello->cipher_suites->len > 0
                      ? qs_tls_cipher_suite_name (g_array_index (hello->cipher_suites, guint16, 0))
                      : NULL);
}

static void
look_encrypted_extensions (const QsEvidence *evidence, Seen *seen)
{
  take_message (seen, evidence->encrypted_extensions);
  if (seen->time >= 0)
    seen->detail = g_strdup (evidence->alpn);
}

static void
look_certificate_request (const QsEvidence *evidence, Seen *seen)
{
  take_message (seen, evidence->certificate_request);
}

static void
look_certificate (const QsEvidence *evidence, Seen *seen)
{
  take_message (seen, evidence->certificate);
  if (seen->time < 0)
    qs_trace_find_mark (evidence->trace, QS_MARK_CERTIFICATES, NULL, &seen->time);
  if (seen->time >= 0 && evidence->chain->len > 0)
    seen->detail = g_strdup (qs_certificate_get_common_name (evidence->chain->pdata[0]));
}

static void
look_verified (const QsEvidence *evidence, Seen *seen)
{
  if (evidence->verify != NULL)
    qs_trace_find_mark (evidence->trace, QS_MARK_VERIFY, NULL, &seen->time);
  else if (evidence->verify_code > 0)
    seen->time = evidence->close.time;
  else if (evidence->client_finished != NULL)
    seen->time = evidence->client_finished->time; /* a client that says Finished took the certificate */
  seen->failed = evidence->verify_code > 0;
  if (evidence->verify_code >= 0)
    seen->detail = qs_evidence_verify_words (evidence);
}

static void
look_server_finished (const QsEvidence *evidence, Seen *seen)
{
  take_message (seen, evidence->server_finished);
  if (seen->time < 0)
    seen->time = evidence->handshake_done;
}

static void
look_client_finished (const QsEvidence *evidence, Seen *seen)
{
  take_message (seen, evidence->client_finished);
  if (seen->time < 0)
    seen->time = evidence->handshake_done;
}

static void
look_confirmed (const QsEvidence *evidence, Seen *seen)
{
  take_packet (evidence, seen, evidence->packets.handshake_done_frame);
  if (evidence->confirmed >= 0)
    seen->time = evidence->confirmed;
}

static const StepRule rule_resolved = { "resolved",   N_ ("Look up the name"), N_ ("Name resolved"), NULL, FALSE,
                                        look_resolved };
static const StepRule rule_tcp = {
  "tcp-connected", N_ ("TCP connection"), N_ ("TCP connected"), N_ ("TCP accepted"), FALSE, look_tcp
};
/* A file holds no verification: that the client went on is all that can be seen of it. */
static const StepRule rule_accepted = {
  "verified", N_ ("Check of the certificate"), N_ ("Certificate accepted by the client"), NULL, FALSE, look_verified
};
static const StepRule rule_verified = {
  "verified", N_ ("Check of the certificate"), N_ ("Certificate verified"), NULL, FALSE, look_verified
};
static const StepRule rule_confirmed = {
  "confirmed", N_ ("Handshake confirmed"), N_ ("Handshake confirmed"), NULL, FALSE, look_confirmed
};

/* In the order of a handshake: RFC 9001 figure 5, RFC 9846 figure 1. */
static const StepRule rules[] = {
  { "client-hello", N_ ("ClientHello"), N_ ("ClientHello sent"), N_ ("ClientHello received"), FALSE,
    look_client_hello },
  { "version-negotiation", N_ ("Version Negotiation"), N_ ("Version Negotiation received"),
    N_ ("Version Negotiation sent"), TRUE, look_version_negotiation },
  { "retry", N_ ("Retry"), N_ ("Retry received"), N_ ("Retry sent"), TRUE, look_retry },
  { "hello-retry-request", N_ ("HelloRetryRequest"), N_ ("HelloRetryRequest received"), N_ ("HelloRetryRequest sent"),
    TRUE, look_hello_retry },
  { "second-client-hello", N_ ("Second ClientHello"), N_ ("Second ClientHello sent"),
    N_ ("Second ClientHello received"), TRUE, look_second_hello },
  { "server-hello", N_ ("ServerHello"), N_ ("ServerHello received"), N_ ("ServerHello sent"), FALSE,
    look_server_hello },
  { "encrypted-extensions", N_ ("EncryptedExtensions"), N_ ("EncryptedExtensions received"),
    N_ ("EncryptedExtensions sent"), FALSE, look_encrypted_extensions },
  { "certificate-request", N_ ("CertificateRequest"), N_ ("CertificateRequest received"),
    N_ ("CertificateRequest sent"), TRUE, look_certificate_request },
  { "certificate", N_ ("Certificate"), N_ ("Certificate received"), N_ ("Certificate sent"), FALSE, look_certificate },
};
static const StepRule finished_rules[] = {
  { "server-finished", N_ ("Server's Finished"), N_ ("Finished received"), N_ ("Finished sent"), FALSE,
    look_server_finished },
  { "finished", N_ ("Client's Finished"), N_ ("Finished sent"), N_ ("Finished received"), FALSE, look_client_finished },
};

static void
add_step (GPtrArray *steps, const QsEvidence *evidence, const StepRule *rule)
{
  Seen seen = { QS_NO_TIME, QS_NO_PACKET, FALSE, NULL };

  rule->look (evidence, &seen);
  if (rule->optional && seen.time < 0)
    {
      g_free (seen.detail);
      return;
    }
  QsStep *step = g_new0 (QsStep, 1);
  gboolean done = seen.time >= 0 && !seen.failed;
  step->id = rule->id;
  step->title = g_strdup (_ (!done                                      ? rule->waiting
                             : evidence->server && rule->server != NULL ? rule->server
                                                                        : rule->client));
  step->detail = seen.detail;
  step->status = seen.failed ? QS_STEP_FAILED : done ? QS_STEP_DONE : QS_STEP_PENDING;
  step->time = seen.time;
  step->packet = seen.packet;
  g_ptr_array_add (steps, step);
}

/* A resumed session has no certificate (RFC 9846 section 2.2), TLS 1.2 no EncryptedExtensions; a run that went
 * through and whose messages could not be read lists what it knows. */
static gboolean
is_skipped (const QsEvidence *evidence, const StepRule *rule)
{
  gboolean past = evidence->server_finished != NULL || evidence->handshake_done >= 0;

  if (!past)
    return FALSE;
  if (g_str_equal (rule->id, "certificate"))
    return evidence->certificate == NULL && evidence->chain->len == 0;
  if (g_str_equal (rule->id, "encrypted-extensions"))
    return evidence->encrypted_extensions == NULL;
  if (g_str_equal (rule->id, "server-hello"))
    return evidence->server_hello == NULL;
  return FALSE;
}

static gboolean
has_certificate_step (const QsEvidence *evidence)
{
  return !is_skipped (evidence, &rules[G_N_ELEMENTS (rules) - 1]);
}

/* The first step that did not come is the one that is waited for, or at which it failed. */
static void
mark_first_pending (GPtrArray *steps, const QsEvidence *evidence)
{
  gboolean dead = evidence->ended ? evidence->failed : !evidence->live && evidence->close.known;

  for (guint i = 0; i < steps->len; i++)
    {
      QsStep *step = steps->pdata[i];
      if (step->status != QS_STEP_PENDING)
        continue;
      if (dead && !qs_evidence_is_connected (evidence))
        step->status = QS_STEP_FAILED;
      else if (!evidence->ended && evidence->live)
        step->status = QS_STEP_ACTIVE;
      return;
    }
}

/* A verify error (and no -k) is where it failed; what would have come after it is not waited for. */
static gboolean
ended_at_verify (const QsEvidence *evidence)
{
  return evidence->verify_code > 0 && !qs_evidence_is_connected (evidence) &&
         (evidence->failed || evidence->close.known);
}

GPtrArray *
qs_handshake_steps (const QsEvidence *evidence)
{
  g_return_val_if_fail (evidence != NULL, NULL);

  GPtrArray *steps = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_step_free);

  /* A literal address is not looked up. */
  if (evidence->resolved >= 0 || evidence->resolve_mark != NULL ||
      (evidence->connecting < 0 && evidence->first_sent < 0 && !evidence->server && !evidence->ended && evidence->live))
    add_step (steps, evidence, &rule_resolved);
  if (evidence->tls)
    add_step (steps, evidence, &rule_tcp);
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      if (!is_skipped (evidence, &rules[i]))
        add_step (steps, evidence, &rules[i]);
    }
  if (!evidence->server && has_certificate_step (evidence))
    add_step (steps, evidence,
              evidence->verify == NULL && qs_trace_is_from_file (evidence->trace) ? &rule_accepted : &rule_verified);
  if (!ended_at_verify (evidence))
    {
      for (guint i = 0; i < G_N_ELEMENTS (finished_rules); i++)
        add_step (steps, evidence, &finished_rules[i]);
      if (!evidence->tls || evidence->confirmed >= 0)
        add_step (steps, evidence, &rule_confirmed);
      mark_first_pending (steps, evidence);
    }
  return steps;
}
