/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What came with the server's chain, and what is wrong with it. */
#include <gio/gio.h>
#include <openssl/x509_vfy.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "diagnosis/qs-evidence.h"
#include "wire/qs-tls-extensions.h"

#define STATUS_OCSP 1
#define N_RECENT 4 /* chains that were judged last: the window has as many runs on one page at the most */

static QsSpan
extension_of (const QsTraceMessage *message, guint16 type)
{
  const QsTlsExtension *extension = message != NULL ? qs_tls_message_find_extension (message->message, type) : NULL;

  return extension != NULL ? extension->data : QS_SPAN (NULL, 0);
}

/* One byte of type, three of length, the answer (RFC 6066 section 8): alone in TLS 1.2, an extension's content in TLS 1.3. */
static QsSpan
read_status (QsSpan bytes)
{
  if (bytes.length < 4 || bytes.data[0] != STATUS_OCSP)
    return QS_SPAN (NULL, 0);
  gsize length = (gsize) bytes.data[1] << 16 | (gsize) bytes.data[2] << 8 | bytes.data[3];
  return QS_SPAN (bytes.data + 4, MIN (length, bytes.length - 4));
}

QsSpan
qs_evidence_get_staple (const QsEvidence *evidence)
{
  if (evidence->certificate_status != NULL)
    return read_status (evidence->certificate_status->message->body);
  return read_status (extension_of (evidence->certificate, QS_TLS_EXT_STATUS_REQUEST));
}

QsSpan
qs_evidence_get_scts (const QsEvidence *evidence)
{
  QsSpan beside = extension_of (evidence->certificate, QS_TLS_EXT_SIGNED_CERTIFICATE_TIMESTAMP);

  return beside.length > 0 ? beside : extension_of (evidence->server_hello, QS_TLS_EXT_SIGNED_CERTIFICATE_TIMESTAMP);
}

/* That no answer came is known only once it would have: in TLS 1.2 it has a message of its own. A compressed certificate's
 * extensions are not read. */
static gboolean
asked_for_staple (const QsEvidence *evidence)
{
  if (extension_of (evidence->client_hello, QS_TLS_EXT_STATUS_REQUEST).length == 0 || evidence->certificate == NULL ||
      evidence->certificate->message->certificates == NULL)
    return FALSE;
  return evidence->certificate->message->tls13 || evidence->server_hello_done != NULL;
}

static gboolean
went_on (const QsEvidence *evidence)
{
  return evidence->verify_code == X509_V_OK || qs_evidence_is_connected (evidence);
}

/* --- Judged once: each look at a run asks anew, and a signature takes a good part of a millisecond --- */

typedef struct {
  char *key;
  GPtrArray *faults;
} Judged;

static void
append (GChecksum *sum, const void *bytes, gsize length)
{
  guint64 size = length;

  g_checksum_update (sum, (const guchar *) &size, sizeof size);
  if (length > 0)
    g_checksum_update (sum, bytes, (gssize) length);
}

static char *
make_key (const QsChainFacts *facts)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize length = 0;
  const void *record = facts->record != NULL ? g_bytes_get_data (facts->record, &length) : NULL;
  const gint64 numbers[] = { facts->now_s, facts->code, facts->accepted, facts->asked, facts->record != NULL };

  append (sum, numbers, sizeof numbers);
  append (sum, record, length);
  append (sum, facts->host, facts->host != NULL ? strlen (facts->host) : 0);
  append (sum, facts->staple.data, facts->staple.length);
  append (sum, facts->scts.data, facts->scts.length);
  for (guint i = 0; i < facts->chain->len; i++)
    {
      const char *print = qs_certificate_get_sha256 (facts->chain->pdata[i]);
      append (sum, print, strlen (print));
    }
  return g_strdup (g_checksum_get_string (sum));
}

static GPtrArray *
find_faults (const QsChainFacts *facts)
{
  static GMutex lock;
  static Judged recent[N_RECENT];
  static guint n_made;
  g_autofree char *key = make_key (facts);
  GPtrArray *faults = NULL;

  g_mutex_lock (&lock);
  for (guint i = 0; i < N_RECENT && faults == NULL; i++)
    if (g_strcmp0 (recent[i].key, key) == 0)
      faults = g_ptr_array_ref (recent[i].faults);
  g_mutex_unlock (&lock);
  if (faults != NULL)
    return faults;
  faults = qs_chain_find_faults (facts);
  g_mutex_lock (&lock);
  Judged *place = &recent[n_made++ % N_RECENT];
  g_free (place->key);
  g_clear_pointer (&place->faults, g_ptr_array_unref);
  *place = (Judged){ g_steal_pointer (&key), g_ptr_array_ref (faults) };
  g_mutex_unlock (&lock);
  return faults;
}

/* As it was verified: a name in its ASCII form without a dot at its end, an address without a zone. NULL: not known. */
static char *
dup_host (const QsEvidence *evidence)
{
  const char *host = evidence->sni != NULL ? evidence->sni : evidence->host_owned;
  g_autofree char *bare = host != NULL ? g_strndup (host, strcspn (host, "%")) : NULL;

  if (bare == NULL)
    return NULL;
  if (g_str_has_suffix (bare, "."))
    bare[strlen (bare) - 1] = '\0';
  g_autofree char *ascii = g_hostname_to_ascii (bare);
  return ascii != NULL ? g_steal_pointer (&ascii) : g_steal_pointer (&bare);
}

/* When the chain was there to be verified, in seconds since 1970. */
static gint64
time_of_chain (const QsEvidence *evidence)
{
  if (evidence->certificate == NULL)
    return evidence->now_s;
  return (qs_trace_get_origin (evidence->trace) + evidence->certificate->time) / G_GINT64_CONSTANT (1000000000);
}

/* A resumed handshake shows no certificate; those of the session were verified again when it was offered. NULL: there is
 * no such session. */
static GPtrArray *
dup_session_chain (const QsEvidence *evidence)
{
  const QsMark *mark = qs_trace_find_mark (evidence->trace, QS_MARK_FACT, "tls.session", NULL);

  if (evidence->chain->len > 0 || mark == NULL || mark->bytes == NULL ||
      g_strcmp0 (qs_trace_get_fact (evidence->trace, "tls.resumed"), "yes") != 0)
    return NULL;
  g_autoptr (GPtrArray) ders = qs_certificate_ders_unpack (mark->bytes);
  return qs_certificate_chain_new (ders);
}

void
qs_evidence_find_faults (QsEvidence *evidence)
{
  g_autofree char *host = dup_host (evidence);
  g_autoptr (GPtrArray) kept = dup_session_chain (evidence);
  const QsChainFacts facts = { .chain = kept != NULL ? kept : evidence->chain,
                               .host = host,
                               .now_s = time_of_chain (evidence),
                               .code = evidence->verify_code,
                               .record = evidence->verify != NULL ? evidence->verify->bytes : NULL,
                               .accepted = went_on (evidence),
                               .asked = asked_for_staple (evidence),
                               .staple = qs_evidence_get_staple (evidence),
                               .scts = qs_evidence_get_scts (evidence) };

  evidence->faults = find_faults (&facts);
}

/* --- For people who look at the chain --- */

/* Of one that the server did not send, the last certificate below it is where to tell of it. */
static gboolean
is_told_at (const QsEvidence *evidence, const QsFault *fault, guint place)
{
  return fault->place == (int) place || (fault->place < 0 && place + 1 == evidence->chain->len);
}

static void
add_faults (const QsEvidence *evidence, guint place, GPtrArray *sections)
{
  g_autoptr (QsCertificateSection) section = qs_certificate_section_new (_ ("What stands out"));

  for (guint i = 0; i < evidence->faults->len; i++)
    {
      const QsFault *fault = evidence->faults->pdata[i];
      if (!is_told_at (evidence, fault, place))
        continue;
      const char *label = fault->kind <= QS_FAULT_REFUSED ? _ ("Fault") : _ ("Others may object");
      qs_certificate_section_add (section, label, g_strdup (fault->sentence))->warning = TRUE;
    }
  if (section->fields->len > 0)
    g_ptr_array_add (sections, g_steal_pointer (&section));
}

static void
add_proofs (const QsEvidence *evidence, GPtrArray *sections)
{
  QsSpan staple_bytes = qs_evidence_get_staple (evidence), scts = qs_evidence_get_scts (evidence);
  GBytes *record = evidence->verify != NULL ? evidence->verify->bytes : NULL;
  g_autoptr (GPtrArray) built =
      record != NULL ? qs_verify_record_get_built (record) : g_ptr_array_ref (evidence->chain);
  QsCertificateSection *section = scts.length > 0 ? qs_scts_section_new (scts) : NULL;

  if (staple_bytes.length > 0)
    {
      g_autoptr (QsStaple) staple =
          qs_staple_new (staple_bytes, evidence->chain->pdata[0], built, time_of_chain (evidence));
      g_ptr_array_add (sections, g_steal_pointer (&staple->section));
      if (staple->scts != NULL)
        g_ptr_array_add (sections, g_steal_pointer (&staple->scts));
    }
  if (section != NULL)
    g_ptr_array_add (sections, section);
}

GPtrArray *
qs_evidence_dup_notes (const QsEvidence *evidence, guint place)
{
  GPtrArray *sections = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_certificate_section_free);

  add_faults (evidence, place, sections);
  if (place == 0)
    add_proofs (evidence, sections);
  return sections;
}

static gboolean
is_resumed_by_us (const QsEvidence *evidence)
{
  g_autoptr (GPtrArray) kept = dup_session_chain (evidence);

  return kept != NULL;
}

char *
qs_evidence_verify_words (const QsEvidence *evidence)
{
  if (evidence->verify_code < 0 && is_resumed_by_us (evidence))
    return g_strdup (
        _ ("The session was resumed, which shows no certificate; those of the kept session were verified again "
           "before it was offered."));
  if (evidence->verify_code < 0)
    return NULL;
  /* OpenSSL does not look at what was stapled. */
  for (guint i = 0; evidence->verify_code == X509_V_OK && i < evidence->faults->len; i++)
    {
      const QsFault *fault = evidence->faults->pdata[i];
      if (fault->kind == QS_FAULT_REVOKED)
        return g_strdup_printf (_ ("The certificate is for this host and comes from a trusted CA, but: %s"),
                                fault->sentence);
    }
  if (evidence->verify_code == X509_V_ERR_UNSPECIFIED && evidence->close.reason != NULL &&
      *evidence->close.reason != '\0')
    return g_strdup_printf (_ ("Who refused the certificate gave this reason: “%s”."), evidence->close.reason);
  for (guint i = 0; evidence->verify_code > 0 && i < evidence->faults->len; i++)
    {
      const QsFault *fault = evidence->faults->pdata[i];
      if (fault->code == evidence->verify_code)
        return g_strdup (fault->sentence);
    }
  return qs_verify_sentence (evidence->verify_code, evidence->chain,
                             evidence->sni != NULL ? evidence->sni : evidence->host, evidence->now_s);
}
