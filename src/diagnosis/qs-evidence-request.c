/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the server asked of the client, and what TLS 1.2's key exchange was: read from the messages' own bytes. */
#include <openssl/bio.h>
#include <openssl/x509.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-evidence.h"
#include "wire/qs-names.h"

#define EXTENSION_CERTIFICATE_AUTHORITIES 47
#define MOST_CAS 4
#define MOST_NAME 120 /* characters */

static guint
count_certificates (const QsTraceMessage *message)
{
  return message->message->certificates != NULL ? message->message->certificates->len : 0;
}

gboolean
qs_evidence_sent_certificate (const QsEvidence *evidence)
{
  return evidence->client_certificate != NULL && count_certificates (evidence->client_certificate) > 0;
}

gboolean
qs_evidence_sent_no_certificate (const QsEvidence *evidence)
{
  return evidence->certificate_request != NULL && evidence->client_certificate != NULL &&
         count_certificates (evidence->client_certificate) == 0;
}

/* Takes a vector with a length of n bytes before it (RFC 9846 section 3.4) off the front. */
static gboolean
take_vector (QsSpan *bytes, guint n, QsSpan *vector)
{
  gsize length = 0;

  if (bytes->length < n)
    return FALSE;
  for (guint i = 0; i < n; i++)
    length = length << 8 | bytes->data[i];
  if (bytes->length - n < length)
    return FALSE;
  *vector = QS_SPAN (bytes->data + n, length);
  *bytes = QS_SPAN (bytes->data + n + length, bytes->length - n - length);
  return TRUE;
}

/* RFC 9846 section 4.3.4: an extension; RFC 5246 section 7.4.4: behind certificate types and signature algorithms. */
static QsSpan
find_authorities (const QsTraceMessage *request)
{
  const QsTlsExtension *extension = qs_tls_message_find_extension (request->message, EXTENSION_CERTIFICATE_AUTHORITIES);
  QsSpan rest = extension != NULL ? extension->data : request->message->body, skipped, list = QS_SPAN_NONE;

  if (extension == NULL &&
      (request->message->tls13 || !take_vector (&rest, 1, &skipped) || !take_vector (&rest, 2, &skipped)))
    return QS_SPAN_NONE;
  return take_vector (&rest, 2, &list) ? list : QS_SPAN_NONE;
}

static char *
name_text (QsSpan der)
{
  const unsigned char *at = der.data;
  X509_NAME *name = d2i_X509_NAME (NULL, &at, (long) der.length);
  BIO *bio = name != NULL ? BIO_new (BIO_s_mem ()) : NULL;
  char *text = NULL, *bytes = NULL;

  if (bio != NULL && X509_NAME_print_ex (bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
    {
      long length = BIO_get_mem_data (bio, &bytes);
      text = qs_text_escape_short (bytes, length, MOST_NAME);
    }
  BIO_free (bio);
  X509_NAME_free (name);
  return text;
}

char *
qs_evidence_dup_wanted_cas (const QsEvidence *evidence)
{
  QsSpan list = evidence->certificate_request != NULL ? find_authorities (evidence->certificate_request) : QS_SPAN_NONE;
  g_autoptr (GString) text = g_string_new (NULL);
  QsSpan name;

  for (guint n = 0; list.length > 0 && take_vector (&list, 2, &name); n++)
    {
      if (n == MOST_CAS)
        {
          g_string_append (text, "; …");
          break;
        }
      g_autofree char *one = name.length > 0 ? name_text (name) : NULL;
      if (one != NULL)
        g_string_append_printf (text, "%s“%s”", text->len > 0 ? "; " : "", one);
    }
  return text->len > 0 ? g_strdup (text->str) : NULL;
}

/* RFC 5246 section 7.4.3: dh_p comes first. */
guint
qs_evidence_dh_bits (const QsEvidence *evidence)
{
  const QsTraceMessage *hello = evidence->server_hello, *exchange = evidence->server_key_exchange;
  GArray *suites = hello != NULL ? hello->message->cipher_suites : NULL;
  const char *suite =
      suites != NULL && suites->len > 0 ? qs_tls_cipher_suite_name (g_array_index (suites, guint16, 0)) : NULL;

  if (exchange == NULL || suite == NULL ||
      (!g_str_has_prefix (suite, "TLS_DHE_") && !g_str_has_prefix (suite, "TLS_DH_")))
    return 0;
  QsSpan rest = exchange->message->body, prime;
  if (!take_vector (&rest, 2, &prime))
    return 0;
  while (prime.length > 0 && prime.data[0] == 0)
    prime = QS_SPAN (prime.data + 1, prime.length - 1);
  return prime.length == 0 ? 0 : (guint) (prime.length - 1) * 8 + g_bit_storage (prime.data[0]);
}

/* RFC 8422 section 5.4: 3, the curve's number, the key, then how it was signed. */
gboolean
qs_evidence_read_ecdhe (const QsEvidence *evidence, guint16 *group, guint16 *scheme)
{
  enum { NAMED_CURVE = 3 };
  const QsTraceMessage *hello = evidence->server_hello, *exchange = evidence->server_key_exchange;
  GArray *suites = hello != NULL ? hello->message->cipher_suites : NULL;
  const char *suite =
      suites != NULL && suites->len > 0 ? qs_tls_cipher_suite_name (g_array_index (suites, guint16, 0)) : NULL;

  if (exchange == NULL || suite == NULL || !g_str_has_prefix (suite, "TLS_ECDHE_"))
    return FALSE;
  QsSpan rest = exchange->message->body, key;
  if (rest.length < 3 || rest.data[0] != NAMED_CURVE)
    return FALSE;
  *group = (guint16) (rest.data[1] << 8 | rest.data[2]);
  rest = QS_SPAN (rest.data + 3, rest.length - 3);
  /* Before 1.2 the signature has no number that says which it is. */
  gboolean named = hello->message->legacy_version >= 0x0303 && take_vector (&rest, 1, &key) && rest.length > 2;
  *scheme = named ? (guint16) (rest.data[0] << 8 | rest.data[1]) : 0;
  return TRUE;
}

/* Over TCP a server may go on without one: the client then guesses what is spoken. */
char *
qs_evidence_dup_alpn_words (const QsEvidence *evidence)
{
  gboolean told =
      evidence->encrypted_extensions != NULL || (evidence->server_hello != NULL && qs_evidence_is_tls12 (evidence));

  if (!evidence->tls || !told || evidence->offered_alpn == NULL || *evidence->offered_alpn == '\0' ||
      (evidence->alpn != NULL && *evidence->alpn != '\0'))
    return NULL;
  return g_strdup_printf (
      _ ("The server chose none of the application protocols that were offered (%s): one that speaks "
         "another alone, such as h2, may end so, too."),
      evidence->offered_alpn);
}
