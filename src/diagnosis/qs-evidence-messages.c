/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/qs-text.h"
#include "diagnosis/qs-evidence.h"
#include "wire/qs-names.h"

/* A connection's handshake is over after a few dozen messages; tickets and key updates may follow for ever. */
#define MOST_MESSAGES 256

static void
set_once (const QsTraceMessage **slot, const QsTraceMessage *message)
{
  if (*slot == NULL)
    *slot = message;
}

static void
read_client_hello (QsEvidence *evidence, const QsTraceMessage *message)
{
  if (evidence->client_hello == NULL)
    evidence->client_hello = message;
  else
    set_once (&evidence->second_client_hello, message);
}

static void
read_message (QsEvidence *evidence, const QsTraceMessage *message)
{
  gboolean from_client = message->direction == evidence->from_client;

  switch (message->message->type)
    {
    case QS_TLS_CLIENT_HELLO:
      read_client_hello (evidence, message);
      break;
    case QS_TLS_SERVER_HELLO:
    case QS_TLS_HELLO_RETRY_REQUEST:
      set_once (message->message->is_hello_retry_request ? &evidence->hello_retry : &evidence->server_hello, message);
      break;
    case QS_TLS_ENCRYPTED_EXTENSIONS:
      set_once (&evidence->encrypted_extensions, message);
      break;
    case QS_TLS_CERTIFICATE_REQUEST:
      set_once (&evidence->certificate_request, message);
      break;
    case QS_TLS_CERTIFICATE:
    case QS_TLS_COMPRESSED_CERTIFICATE:
      set_once (from_client ? &evidence->client_certificate : &evidence->certificate, message);
      break;
    case QS_TLS_CERTIFICATE_VERIFY:
      if (!from_client)
        set_once (&evidence->certificate_verify, message);
      break;
    case QS_TLS_SERVER_KEY_EXCHANGE:
      set_once (&evidence->server_key_exchange, message);
      break;
    case QS_TLS_CERTIFICATE_STATUS:
      set_once (&evidence->certificate_status, message);
      break;
    case QS_TLS_SERVER_HELLO_DONE:
      set_once (&evidence->server_hello_done, message);
      break;
    case QS_TLS_FINISHED:
      set_once (from_client ? &evidence->client_finished : &evidence->server_finished, message);
      break;
    default:
      break;
    }
}

static char *
join_names (GArray *values, const char *(*name_of) (guint16))
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; values != NULL && i < values->len; i++)
    {
      guint16 value = g_array_index (values, guint16, i);
      const char *name = name_of (value);
      if (qs_tls_is_grease (value))
        continue;
      g_ptr_array_add (names, name != NULL ? g_strdup (name) : g_strdup_printf ("0x%04x", value));
    }
  if (names->len == 0)
    return NULL;
  g_ptr_array_add (names, NULL);
  return g_strjoinv (", ", (char **) names->pdata);
}

static void
read_offers (QsEvidence *evidence)
{
  const QsTlsMessage *hello = evidence->client_hello != NULL ? evidence->client_hello->message : NULL;
  const char *alpn = qs_trace_get_fact (evidence->trace, "offer.alpn");

  if (hello != NULL)
    {
      g_auto (GStrv) protocols = qs_tls_message_dup_alpn (hello);
      g_autoptr (GArray) groups = qs_tls_message_dup_groups (hello);
      evidence->offered_alpn = protocols != NULL ? g_strjoinv (", ", protocols) : NULL;
      evidence->offered_groups = join_names (groups, qs_tls_group_name);
      evidence->offered_ciphers = join_names (hello->cipher_suites, qs_tls_cipher_suite_name);
      if (evidence->sni == NULL)
        evidence->sni = qs_tls_message_dup_server_name (hello);
    }
  if (evidence->offered_alpn == NULL && alpn != NULL && *alpn != '\0')
    evidence->offered_alpn = g_strdup (alpn);
  if (evidence->offered_groups == NULL)
    evidence->offered_groups = g_strdup (qs_trace_get_fact (evidence->trace, "offer.groups"));
  if (evidence->offered_ciphers == NULL)
    evidence->offered_ciphers = g_strdup (qs_trace_get_fact (evidence->trace, "offer.ciphersuites"));
}

static void
read_chosen_alpn (QsEvidence *evidence)
{
  const QsTraceMessage *holder =
      evidence->encrypted_extensions != NULL ? evidence->encrypted_extensions : evidence->server_hello;

  evidence->alpn = qs_trace_get_fact (evidence->trace, "tls.alpn");
  if (evidence->alpn != NULL || holder == NULL)
    return;
  g_auto (GStrv) protocols = qs_tls_message_dup_alpn (holder->message);
  if (protocols == NULL || protocols[0] == NULL)
    return;
  evidence->alpn_owned = g_strdup (protocols[0]);
  evidence->alpn = evidence->alpn_owned;
}

void
qs_evidence_read_messages (QsEvidence *evidence)
{
  guint n = qs_trace_get_n_messages (evidence->trace);

  for (guint i = 0; i < MIN (n, MOST_MESSAGES); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (evidence->trace, i);
      if (message->message != NULL)
        read_message (evidence, message);
    }
  qs_trace_get_unfinished (evidence->trace, evidence->from_server, &evidence->unfinished);
  read_offers (evidence);
  read_chosen_alpn (evidence);
}

/* A file has no verify result; the alert that the client sent says which it was, together with the chain. */
static int
infer_verify_code (const QsEvidence *evidence)
{
  QsCertificate *leaf = evidence->chain->len > 0 ? evidence->chain->pdata[0] : NULL;
  gint64 then = qs_trace_get_origin (evidence->trace) / G_GINT64_CONSTANT (1000000000);

  if (qs_evidence_has_alert (evidence, 48, TRUE))
    return leaf != NULL && qs_certificate_is_self_signed (leaf) && evidence->chain->len == 1
               ? X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
               : X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
  if (qs_evidence_has_alert (evidence, 45, TRUE))
    return X509_V_ERR_CERT_HAS_EXPIRED;
  if (qs_evidence_has_alert (evidence, 44, TRUE))
    return X509_V_ERR_CERT_REVOKED;
  if (qs_evidence_has_alert (evidence, 43, TRUE))
    return X509_V_ERR_INVALID_PURPOSE;
  if (!qs_evidence_has_alert (evidence, 42, TRUE) && !qs_evidence_has_alert (evidence, 46, TRUE))
    return -1;
  if (leaf == NULL)
    return X509_V_ERR_UNSPECIFIED;
  for (guint i = 0; i < evidence->chain->len; i++)
    {
      if (then < qs_certificate_get_not_before (evidence->chain->pdata[i]))
        return X509_V_ERR_CERT_NOT_YET_VALID;
    }
  if (evidence->sni != NULL && !qs_certificate_is_for (leaf, evidence->sni))
    return X509_V_ERR_HOSTNAME_MISMATCH;
  if (qs_certificate_is_weak (leaf))
    return X509_V_ERR_EE_KEY_TOO_SMALL;
  return X509_V_ERR_UNSPECIFIED;
}

static GPtrArray *
dup_ders (const QsEvidence *evidence)
{
  const QsMark *mark = qs_trace_find_mark (evidence->trace, QS_MARK_CERTIFICATES, NULL, NULL);

  if (mark != NULL && mark->bytes != NULL)
    return qs_certificate_ders_unpack (mark->bytes);
  if (evidence->certificate != NULL && evidence->certificate->message->certificates != NULL)
    return g_ptr_array_ref (evidence->certificate->message->certificates);
  return NULL;
}

static gboolean
same_ders (GPtrArray *a, GPtrArray *b)
{
  if (a == NULL || b == NULL || a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    {
      if (!g_bytes_equal (a->pdata[i], b->pdata[i]))
        return FALSE;
    }
  return TRUE;
}

/* To parse a certificate and to check its signature takes milliseconds. */
void
qs_evidence_read_certificates (QsEvidence *evidence, const QsEvidence *before)
{
  GPtrArray *ders = dup_ders (evidence);

  evidence->ders = ders;
  if (before != NULL && same_ders (ders, before->ders))
    evidence->chain = g_ptr_array_ref (before->chain);
  else if (ders != NULL)
    evidence->chain = qs_certificate_chain_new (ders);
  else
    evidence->chain = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_certificate_unref);
  for (guint i = 0; ders != NULL && i < ders->len; i++)
    evidence->chain_bytes += g_bytes_get_size (ders->pdata[i]);
  evidence->verify_code = evidence->verify != NULL ? (int) evidence->verify->value : infer_verify_code (evidence);
}
