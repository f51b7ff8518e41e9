/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about TLS messages that are larger than a TLS library takes. */
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-rule.h"

/* Below that no library in use gives up: OpenSSL takes a chain of 100 KiB, and each other message up to some 16 KiB. */
#define LARGE_CERTIFICATE (64u << 10)
#define LARGE_MESSAGE (16u << 10)

/* What clients say of a message that they do not want to hold: OpenSSL and BoringSSL, Go. */
static const guint8 refusals[] = { 47, 80 };

static gboolean
client_refused (const QsEvidence *evidence)
{
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    if (qs_evidence_has_alert (evidence, refusals[i], TRUE))
      return TRUE;
  return FALSE;
}

static gboolean
library_says (const QsEvidence *evidence, const char *words)
{
  return evidence->call != NULL && evidence->call->text != NULL && strstr (evidence->call->text, words) != NULL;
}

static gboolean
match_unfinished (const QsEvidence *evidence, QsMatch *match, gsize least)
{
  const QsTraceUnfinished *unfinished = &evidence->unfinished;
  const QsTlsMessage message = { .type = unfinished->type };

  if (unfinished->length <= least || unfinished->got >= unfinished->length || match->has_error)
    return FALSE;
  gboolean told = library_says (evidence, "excessive message size");
  if (!told && !client_refused (evidence))
    return FALSE;
  if (!told)
    match->certainty = QS_CERTAINTY_LIKELY;
  qs_match_set (match, "message", qs_tls_message_name (&message));
  qs_match_number (match, "bytes", unfinished->length);
  qs_match_number (match, "got", unfinished->got);
  qs_match_add_packet (match, evidence,
                       unfinished->first_packet != G_MAXUINT32 ? unfinished->first_packet : QS_NO_PACKET,
                       g_strdup_printf (_ ("%s begins here; its header announces %zu bytes"),
                                        qs_tls_message_name (&message), unfinished->length));
  if (told)
    qs_match_add_mark (match, evidence, evidence->call, NULL);
  qs_match_add_close (match, evidence);
  return TRUE;
}

static gboolean
match_certificate (const QsEvidence *evidence, QsMatch *match)
{
  return evidence->unfinished.type == QS_TLS_CERTIFICATE && match_unfinished (evidence, match, LARGE_CERTIFICATE);
}

static gboolean
match_message (const QsEvidence *evidence, QsMatch *match)
{
  return match_unfinished (evidence, match, LARGE_MESSAGE);
}

const QsRule qs_rules_large[] = {
  { "certificate-too-large",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 4.5.1",
    N_ ("The certificates of {host} are too large for the client's TLS library: {bytes} bytes."),
    N_ ("The header of the server's Certificate message announces them; {got} had come when the client gave up. "
        "OpenSSL takes 100 KiB at most, as browsers do. Thousands of names in one certificate, or many certificates "
        "that nobody needs, make it so large."),
    match_certificate,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Split the names among several certificates, or use a wildcard."),
      N_ ("Send only the certificates that lead to the root.") } },
  { "tls-message-too-large",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 4",
    N_ ("{host} sent a TLS message that is too large for the client's TLS library: {bytes} bytes."),
    N_ ("The header of {message} announces them; {got} had come when the client gave up. No server in "
        "order needs that many."),
    match_message,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Look at what answers there: it is broken, or means no good.") } },
  { NULL },
};
