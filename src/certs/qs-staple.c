/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stapled OCSP answer (RFC 6960), and SCTs that came beside the certificate (RFC 6962). */
#include <openssl/ct.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "certs/qs-certificate-private.h"
#include "certs/qs-fault.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_RESPONSE, OCSP_RESPONSE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_BASICRESP, OCSP_BASICRESP_free)

#define SLACK_S 300 /* that clocks may differ */

/* What one answer says of the certificate. */
typedef struct {
  int status, reason;
  gint64 revoked, from, until; /* seconds since 1970; until: G_MAXINT64 where there will be newer ones any time */
  STACK_OF (SCT) * scts;       /* NULL: none */
} Answer;

static gint64
seconds_of (ASN1_GENERALIZEDTIME *time, gint64 otherwise)
{
  gint64 seconds = otherwise;

  return time != NULL && qs_asn1_time_to_unix (time, &seconds) ? seconds : otherwise;
}

static X509 *
find_issuer (QsCertificate *certificate, GPtrArray *issuers)
{
  X509 *x509 = qs_certificate_get_x509 (certificate);

  for (guint i = 0; issuers != NULL && i < issuers->len; i++)
    {
      X509 *issuer = qs_certificate_get_x509 (issuers->pdata[i]);
      if (X509_NAME_cmp (X509_get_subject_name (issuer), X509_get_issuer_name (x509)) == 0 &&
          X509_verify (x509, X509_get0_pubkey (issuer)) == 1)
        return issuer;
    }
  return NULL;
}

/* An answer names the certificate by hashes of its issuer, by an algorithm of the responder's choice. */
static gboolean
is_about (const OCSP_CERTID *id, X509 *x509, X509 *issuer)
{
  ASN1_OCTET_STRING *name_hash = NULL, *key_hash = NULL;
  ASN1_OBJECT *algorithm = NULL;
  ASN1_INTEGER *serial = NULL;

  OCSP_id_get0_info (&name_hash, &algorithm, &key_hash, &serial, (OCSP_CERTID *) id);
  if (serial == NULL || ASN1_INTEGER_cmp (serial, X509_get0_serialNumber (x509)) != 0)
    return FALSE;
  const EVP_MD *digest = EVP_get_digestbyobj (algorithm);
  if (issuer == NULL || digest == NULL)
    return TRUE;
  OCSP_CERTID *own = OCSP_cert_to_id (digest, x509, issuer);
  gboolean same = own != NULL && OCSP_id_issuer_cmp (own, id) == 0;
  OCSP_CERTID_free (own);
  return same;
}

static gboolean
find_answer (OCSP_BASICRESP *basic, X509 *x509, X509 *issuer, Answer *answer)
{
  for (int i = 0; i < OCSP_resp_count (basic); i++)
    {
      OCSP_SINGLERESP *single = OCSP_resp_get0 (basic, i);
      ASN1_GENERALIZEDTIME *revoked = NULL, *from = NULL, *until = NULL;
      if (!is_about (OCSP_SINGLERESP_get0_id (single), x509, issuer))
        continue;
      answer->status = OCSP_single_get0_status (single, &answer->reason, &revoked, &from, &until);
      answer->revoked = seconds_of (revoked, G_MININT64);
      answer->from = seconds_of (from, G_MININT64);
      answer->until = seconds_of (until, G_MAXINT64);
      /* RFC 6962 section 3.3: an extension of the answer about this very certificate, 1.3.6.1.4.1.11129.2.4.5. */
      answer->scts = OCSP_SINGLERESP_get1_ext_d2i (single, NID_ct_cert_scts, NULL, NULL);
      return TRUE;
    }
  return FALSE;
}

/* By the CA itself, or by whom it gave a certificate for that (RFC 6960 section 4.2.2.2). */
static gboolean
is_signed (OCSP_BASICRESP *basic, X509 *issuer, gint64 now_s)
{
  X509_STORE *store = X509_STORE_new ();
  STACK_OF (X509) *known = sk_X509_new_null ();
  gboolean good = FALSE;

  if (store != NULL && known != NULL && X509_STORE_add_cert (store, issuer) == 1 && sk_X509_push (known, issuer) > 0)
    {
      X509_VERIFY_PARAM *param = X509_STORE_get0_param (store);
      X509_VERIFY_PARAM_set_flags (param, X509_V_FLAG_PARTIAL_CHAIN);
      X509_VERIFY_PARAM_set_time (param, (time_t) now_s);
      good = OCSP_basic_verify (basic, known, store, 0) == 1;
    }
  sk_X509_free (known);
  X509_STORE_free (store);
  return good;
}

static char *
span_to (gint64 from, gint64 to)
{
  return qs_certs_span_text (to - from);
}

static char *
say_good (const Answer *answer, gint64 now_s)
{
  g_autofree char *from = qs_certs_time_text (answer->from);

  return g_strdup_printf (_ ("The CA's OCSP responder says that the certificate stands, as of %s."), from);
}

static char *
say_revoked (const Answer *answer, gint64 now_s)
{
  g_autofree char *when = qs_certs_time_text (answer->revoked);
  const char *reason = answer->reason >= 0 ? OCSP_crl_reason_str (answer->reason) : NULL;

  if (reason != NULL)
    return g_strdup_printf (_ ("The stapled OCSP answer says that the CA revoked the certificate on %s (%s)."), when,
                            reason);
  return g_strdup_printf (_ ("The stapled OCSP answer says that the CA revoked the certificate on %s."), when);
}

static char *
say_unknown (const Answer *answer, gint64 now_s)
{
  return g_strdup (_ ("The stapled OCSP answer says that the responder does not know the certificate."));
}

static char *
say_old (const Answer *answer, gint64 now_s)
{
  g_autofree char *ago = span_to (answer->until, now_s);
  g_autofree char *until = qs_certs_time_text (answer->until);

  return g_strdup_printf (_ ("The stapled OCSP answer ran out %s ago, on %s: the server does not fetch new ones."), ago,
                          until);
}

static char *
say_early (const Answer *answer, gint64 now_s)
{
  g_autofree char *from = qs_certs_time_text (answer->from);

  return g_strdup_printf (
      _ ("The stapled OCSP answer is of %s, which was still to come by the clock of this connection."), from);
}

static char *
say_other (const Answer *answer, gint64 now_s)
{
  return g_strdup (
      _ ("The stapled OCSP answer is about another certificate than the server's: it was not fetched anew when "
         "that one was renewed."));
}

static char *
say_unsigned (const Answer *answer, gint64 now_s)
{
  return g_strdup (
      _ ("The stapled OCSP answer is not signed by the CA that issued the certificate, nor by one that the CA "
         "charged with it."));
}

static char *
say_refused (const Answer *answer, gint64 now_s)
{
  return g_strdup_printf (_ ("What the server stapled is an error of the OCSP responder (%s), and no answer."),
                          OCSP_response_status_str (answer->status));
}

static char *
say_malformed (const Answer *answer, gint64 now_s)
{
  return g_strdup (_ ("What the server stapled cannot be read as an OCSP answer."));
}

static char *(*const sayings[]) (const Answer *answer, gint64 now_s) = {
  [QS_STAPLE_GOOD] = say_good,         [QS_STAPLE_REVOKED] = say_revoked, [QS_STAPLE_UNKNOWN] = say_unknown,
  [QS_STAPLE_OLD] = say_old,           [QS_STAPLE_EARLY] = say_early,     [QS_STAPLE_OTHER] = say_other,
  [QS_STAPLE_UNSIGNED] = say_unsigned, [QS_STAPLE_REFUSED] = say_refused, [QS_STAPLE_MALFORMED] = say_malformed,
};

static QsStapleStatus
judge_basic (OCSP_BASICRESP *basic, QsCertificate *certificate, GPtrArray *issuers, gint64 now_s, Answer *answer)
{
  X509 *issuer = find_issuer (certificate, issuers);

  if (!find_answer (basic, qs_certificate_get_x509 (certificate), issuer, answer))
    return QS_STAPLE_OTHER;
  if (issuer != NULL && !is_signed (basic, issuer, now_s))
    return QS_STAPLE_UNSIGNED;
  if (answer->status == V_OCSP_CERTSTATUS_REVOKED)
    return QS_STAPLE_REVOKED;
  if (now_s - SLACK_S > answer->until)
    return QS_STAPLE_OLD;
  if (now_s + SLACK_S < answer->from)
    return QS_STAPLE_EARLY;
  return answer->status == V_OCSP_CERTSTATUS_GOOD ? QS_STAPLE_GOOD : QS_STAPLE_UNKNOWN;
}

static QsStapleStatus
judge (QsSpan bytes, QsCertificate *certificate, GPtrArray *issuers, gint64 now_s, Answer *answer)
{
  const unsigned char *at = bytes.data;
  g_autoptr (OCSP_RESPONSE) response = d2i_OCSP_RESPONSE (NULL, &at, (long) MIN (bytes.length, G_MAXINT));

  if (response == NULL)
    return QS_STAPLE_MALFORMED;
  answer->status = OCSP_response_status (response);
  if (answer->status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return QS_STAPLE_REFUSED;
  g_autoptr (OCSP_BASICRESP) basic = OCSP_response_get1_basic (response);
  return basic != NULL ? judge_basic (basic, certificate, issuers, now_s, answer) : QS_STAPLE_MALFORMED;
}

static QsCertificateSection *
make_section (const QsStaple *staple, const Answer *answer)
{
  QsCertificateSection *section = qs_certificate_section_new (_ ("Stapled OCSP Answer"));
  gboolean read =
      staple->status != QS_STAPLE_OTHER && staple->status != QS_STAPLE_REFUSED && staple->status != QS_STAPLE_MALFORMED;

  qs_certificate_section_add (section, _ ("Verdict"), g_strdup (staple->sentence))->warning =
      staple->status != QS_STAPLE_GOOD;
  if (read)
    qs_certificate_section_add (section, _ ("Status"), qs_text_escape (OCSP_cert_status_str (answer->status), -1));
  if (read && answer->from != G_MININT64)
    qs_certificate_section_add (section, _ ("As of"), qs_certs_time_text (answer->from));
  if (read && answer->until != G_MAXINT64)
    qs_certificate_section_add (section, _ ("Next answer by"), qs_certs_time_text (answer->until));
  return section;
}

QsStaple *
qs_staple_new (QsSpan bytes, QsCertificate *certificate, GPtrArray *issuers, gint64 now_s)
{
  g_return_val_if_fail (certificate != NULL, NULL);

  QsStaple *staple = g_new0 (QsStaple, 1);
  Answer answer = { .reason = -1, .revoked = G_MININT64, .from = G_MININT64, .until = G_MAXINT64 };
  ERR_clear_error ();
  staple->status = judge (bytes, certificate, issuers, now_s, &answer);
  ERR_clear_error ();
  staple->sentence = sayings[staple->status](&answer, now_s);
  staple->section = make_section (staple, &answer);
  staple->n_scts = (guint) MAX (sk_SCT_num (answer.scts), 0);
  if (staple->n_scts > 0)
    {
      staple->scts = qs_certificate_section_new (_ ("Signed Certificate Timestamps in the OCSP Answer"));
      qs_certificate_section_add_scts (staple->scts, answer.scts);
    }
  SCT_LIST_free (answer.scts);
  return staple;
}

void
qs_staple_free (QsStaple *staple)
{
  g_free (staple->sentence);
  g_clear_pointer (&staple->section, qs_certificate_section_free);
  g_clear_pointer (&staple->scts, qs_certificate_section_free);
  g_free (staple);
}

static STACK_OF (SCT) * read_list (QsSpan list)
{
  const unsigned char *at = list.data;
  STACK_OF (SCT) *scts = list.length > 0 ? o2i_SCT_LIST (NULL, &at, list.length) : NULL;

  ERR_clear_error ();
  return scts;
}

guint
qs_scts_count (QsSpan list)
{
  STACK_OF (SCT) *scts = read_list (list);
  guint n = (guint) MAX (sk_SCT_num (scts), 0);

  SCT_LIST_free (scts);
  return n;
}

QsCertificateSection *
qs_scts_section_new (QsSpan list)
{
  STACK_OF (SCT) *scts = read_list (list);

  if (scts == NULL)
    return NULL;
  QsCertificateSection *section = qs_certificate_section_new (_ ("Signed Certificate Timestamps sent beside it"));
  qs_certificate_section_add_scts (section, scts);
  SCT_LIST_free (scts);
  return section;
}
