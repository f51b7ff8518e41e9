/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "doctor/qs-doctor-read.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "doctor/qs-doctor-ways.h"

/* What a run stopped at that failed of this. Others: by how far it came. */
static const struct {
  const char *finding;
  QsRung rung;
} rungs[] = {
  { "port-closed", QS_RUNG_UDP },           { "no-reply", QS_RUNG_UDP },
  { "unreachable", QS_RUNG_UDP },           { "reply-from-elsewhere", QS_RUNG_UDP },
  { "address-family-broken", QS_RUNG_UDP }, { "not-quic", QS_RUNG_QUIC },
  { "version-negotiation", QS_RUNG_QUIC },  { "version-negotiation-invalid", QS_RUNG_QUIC },
  { "version-not-read", QS_RUNG_QUIC },     { "mtu-too-small", QS_RUNG_LARGE },
  { "mtu-black-hole", QS_RUNG_LARGE },      { "post-quantum-hello-blocked", QS_RUNG_LARGE },
  { "alpn-mismatch", QS_RUNG_ALPN },
};

static const QsRung *
find_rung (const char *finding)
{
  for (guint i = 0; i < G_N_ELEMENTS (rungs); i++)
    if (g_str_equal (rungs[i].finding, finding))
      return &rungs[i].rung;
  return NULL;
}

/* Whether it is about whom the certificate is for and who vouches for it: judged apart. */
static gboolean
is_about_certificate (const QsFinding *finding)
{
  return g_str_has_prefix (finding->id, "certificate-");
}

/* The error that says why it went no further: one that has a rung of its own before others. */
static const QsFinding *
find_cause (QsStudy *study)
{
  GPtrArray *findings = qs_study_get_findings (study);
  const QsFinding *first = NULL;

  for (guint i = 0; i < findings->len; i++)
    {
      const QsFinding *finding = findings->pdata[i];
      if (finding->severity != QS_SEVERITY_ERROR || is_about_certificate (finding))
        continue;
      if (find_rung (finding->id) != NULL)
        return finding;
      if (first == NULL)
        first = finding;
    }
  return first;
}

static void
take_evidence (GPtrArray *evidence, const char *run, const QsFinding *cause)
{
  for (guint i = 0; i < cause->evidence->len; i++)
    {
      const QsFindingEvidence *item = cause->evidence->pdata[i];
      g_ptr_array_add (evidence, qs_doctor_evidence_new (run, item->packet, item->time, item->what));
    }
}

/* --- The certificate --- */

static gboolean
refused_by_all (QsFaultKind kind)
{
  return kind <= QS_FAULT_NO_ALTERNATIVE_NAME && kind != QS_FAULT_UNKNOWN_CA && kind != QS_FAULT_SELF_SIGNED;
}

static void
read_certificate (QsDoctorCertificate *certificate, const QsEvidence *evidence)
{
  certificate->shown = evidence->chain->len > 0;
  if (certificate->shown)
    certificate->subject = g_strdup (qs_certificate_get_subject (evidence->chain->pdata[0]));
  if (evidence->certificate != NULL)
    certificate->packet = evidence->certificate->packet;
  for (guint i = 0; i < evidence->faults->len && certificate->fault == NULL; i++)
    {
      const QsFault *fault = evidence->faults->pdata[i];
      if (refused_by_all (fault->kind))
        certificate->fault = g_strdup (fault->sentence);
    }
}

/* --- Over TCP --- */

void
qs_doctor_read_web (QsDoctorFacts *facts, QsStudy *study)
{
  g_return_if_fail (facts != NULL && QS_IS_STUDY (study));

  const QsEvidence *evidence = qs_study_get_evidence (study);
  const QsHttpFacts *http = &evidence->http;
  const QsFinding *cause = find_cause (study);

  facts->web_asked = TRUE;
  facts->web_answered = http->status != 0;
  facts->web_status = http->status;
  facts->web_packet = http->head_packet;
  read_certificate (&facts->web_certificate, evidence);
  for (guint i = 0; http->headers != NULL && http->headers[i] != NULL && http->headers[i + 1] != NULL; i += 2)
    {
      facts->hsts |= g_ascii_strcasecmp (http->headers[i], "strict-transport-security") == 0;
      if (g_ascii_strcasecmp (http->headers[i], "alt-svc") == 0)
        qs_doctor_read_alt_svc (facts, http->headers[i + 1]);
    }
  if (facts->web_answered)
    return;
  facts->web_unread = cause != NULL && g_str_equal (cause->id, "alpn-mismatch");
  if (cause != NULL)
    take_evidence (facts->web_evidence, "tcp", cause);
  facts->web_failure = g_strdup (cause != NULL ? cause->title : qs_study_get_verdict (study));
}

/* --- Over QUIC --- */

static gboolean
lacks_route (const QsEvidence *evidence)
{
  static const char *const errors[] = { "ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT", "ENETDOWN" };

  if (evidence->socket_error == NULL || evidence->anything_sent || evidence->icmp != NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    if (g_str_equal (evidence->socket_error->name, errors[i]))
      return TRUE;
  return FALSE;
}

static QsRung
how_far (const QsEvidence *evidence, const QsFinding *cause)
{
  const QsRung *rung = cause != NULL ? find_rung (cause->id) : NULL;

  if (evidence->http.status != 0)
    return QS_RUNG_DONE;
  if (qs_evidence_is_connected (evidence))
    return g_strcmp0 (evidence->alpn, "h3") == 0 ? QS_RUNG_HTTP3 : QS_RUNG_ALPN;
  if (rung != NULL)
    return *rung;
  return evidence->anything_received ? QS_RUNG_HANDSHAKE : QS_RUNG_UDP;
}

static void
take_cause (QsEndpoint *endpoint, const QsFinding *cause)
{
  endpoint->finding = g_strdup (cause->id);
  endpoint->what = g_strdup (cause->title);
  endpoint->certainty = cause->certainty;
  endpoint->who = cause->who;
  endpoint->tries = g_strdupv (cause->tries);
  take_evidence (endpoint->evidence, endpoint->run, cause);
}

void
qs_doctor_read_endpoint (QsEndpoint *endpoint, QsStudy *study)
{
  g_return_if_fail (endpoint != NULL && QS_IS_STUDY (study));

  const QsEvidence *evidence = qs_study_get_evidence (study);
  const QsFinding *cause = find_cause (study);

  endpoint->no_route = lacks_route (evidence);
  endpoint->stopped = how_far (evidence, cause);
  endpoint->status = evidence->http.status;
  endpoint->head_packet = evidence->http.head_packet;
  read_certificate (&endpoint->certificate, evidence);
  if (endpoint->stopped == QS_RUNG_DONE)
    return;
  if (cause != NULL)
    take_cause (endpoint, cause);
  else
    {
      endpoint->certainty = QS_CERTAINTY_POSSIBLE;
      endpoint->what = g_strdup (qs_study_get_verdict (study));
    }
}
