/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that is wrong with a chain: what the verifier found, and what it did not come to look at. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "certs/qs-certificate-private.h"
#include "certs/qs-fault-private.h"

#define LONG_AGO G_GINT64_CONSTANT (1262304000) /* 2010: a time before it is none */
#define MOST_ERRORS 256

/* --- The record of a verification --- */

static gboolean
read_number (QsSpan bytes, gsize *at, guint32 *number)
{
  if (bytes.length - *at < 4)
    return FALSE;
  memcpy (number, bytes.data + *at, 4);
  *number = GUINT32_FROM_BE (*number);
  *at += 4;
  return TRUE;
}

static QsSpan
span_of (GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  return QS_SPAN (data, length);
}

/* built: where the chain begins. */
static GArray *
read_record (GBytes *record, gsize *built)
{
  GArray *errors = g_array_new (FALSE, FALSE, sizeof (QsVerifyError));
  QsSpan bytes = span_of (record);
  gsize at = 0;
  guint32 n = 0, error, depth;

  if (!read_number (bytes, &at, &n) || n > MOST_ERRORS)
    n = 0;
  for (guint32 i = 0; i < n && read_number (bytes, &at, &error) && read_number (bytes, &at, &depth); i++)
    {
      QsVerifyError one = { (int) MIN (error, G_MAXINT), (int) MIN (depth, G_MAXINT) };
      g_array_append_val (errors, one);
    }
  if (errors->len < n)
    {
      g_array_set_size (errors, 0);
      at = bytes.length;
    }
  *built = at;
  return errors;
}

GArray *
qs_verify_record_get_errors (GBytes *record)
{
  gsize built;

  g_return_val_if_fail (record != NULL, NULL);

  return read_record (record, &built);
}

GPtrArray *
qs_verify_record_get_built (GBytes *record)
{
  gsize built;

  g_return_val_if_fail (record != NULL, NULL);

  g_autoptr (GArray) errors = read_record (record, &built);
  g_autoptr (GBytes) packed = g_bytes_new_from_bytes (record, built, g_bytes_get_size (record) - built);
  g_autoptr (GPtrArray) ders = qs_certificate_ders_unpack (packed);
  return qs_certificate_chain_new (ders);
}

/* --- The judge --- */

void
qs_fault_free (QsFault *fault)
{
  g_free (fault->subject);
  g_free (fault->sentence);
  g_free (fault);
}

gboolean
qs_judge_has (QsJudge *self, QsFaultKind kind)
{
  for (guint i = 0; i < self->faults->len; i++)
    if (((QsFault *) self->faults->pdata[i])->kind == kind)
      return TRUE;
  return FALSE;
}

void
qs_judge_add (QsJudge *self, QsFaultKind kind, int place, int code, QsCertificate *certificate, char *sentence)
{
  for (guint i = 0; i < self->faults->len; i++)
    {
      QsFault *other = self->faults->pdata[i];
      if (other->kind != kind || other->place != place)
        continue;
      g_free (sentence);
      return;
    }
  QsFault *fault = g_new0 (QsFault, 1);
  *fault = (QsFault){ kind, place, code, NULL, sentence };
  fault->subject = g_strdup (certificate != NULL ? qs_certificate_get_common_name (certificate) : _ ("a certificate"));
  g_ptr_array_add (self->faults, fault);
}

guint
qs_judge_get_n_sent (QsJudge *self)
{
  return MIN (self->facts->chain->len, QS_MOST_JUDGED);
}

QsCertificate *
qs_judge_get_sent (QsJudge *self, guint place)
{
  return self->facts->chain->pdata[place];
}

int
qs_judge_find_place (QsJudge *self, QsCertificate *certificate)
{
  for (guint i = 0; i < qs_judge_get_n_sent (self); i++)
    if (g_bytes_equal (qs_certificate_get_der (qs_judge_get_sent (self, i)), qs_certificate_get_der (certificate)))
      return (int) i;
  return -1;
}

gboolean
qs_judge_has_time (QsJudge *self)
{
  return self->facts->now_s > LONG_AGO;
}

/* Not X509_check_issued(): that leaves out who may not sign, and takes a name for a signature. */
static gboolean
signed_by (QsCertificate *certificate, QsCertificate *issuer)
{
  X509 *x509 = qs_certificate_get_x509 (certificate), *above = qs_certificate_get_x509 (issuer);

  return X509_NAME_cmp (X509_get_issuer_name (x509), X509_get_subject_name (above)) == 0 &&
         X509_verify (x509, X509_get0_pubkey (above)) == 1;
}

static void
follow_path (QsJudge *self)
{
  guint at = 0;

  for (;;)
    {
      g_array_append_val (self->path, at);
      QsCertificate *certificate = qs_judge_get_sent (self, at);
      guint next = 0;
      while (next < qs_judge_get_n_sent (self) &&
             (next == at || !signed_by (certificate, qs_judge_get_sent (self, next))))
        next++;
      if (qs_certificate_is_self_signed (certificate) || next == qs_judge_get_n_sent (self) ||
          self->path->len == qs_judge_get_n_sent (self))
        return;
      at = next;
    }
}

/* --- Words --- */

/* Which certificate of the chain it is; empty for the server's own where it came alone. */
static char *
say_place (QsJudge *self, int place)
{
  guint n = self->facts->chain->len;

  if (place < 0)
    return g_strdup (
        _ (" The server did not send it: it stands among the trusted CAs of this computer or of this run."));
  if (place == 0)
    return g_strdup (n > 1 ? _ (" It is the server's own.") : "");
  return g_strdup_printf (_ (" It is certificate %d of the %u that the server sent, a CA's."), place + 1, n);
}

/* Takes sentence. */
static char *
with_place (QsJudge *self, int place, char *sentence)
{
  g_autofree char *first = sentence;
  g_autofree char *where = say_place (self, place);

  return g_strconcat (first, where, NULL);
}

static char *
say_dates (QsJudge *self, QsCertificate *certificate, int place, gboolean early)
{
  gint64 date = early ? qs_certificate_get_not_before (certificate) : qs_certificate_get_not_after (certificate);
  gint64 now_s = self->facts->now_s;
  g_autofree char *span = qs_certs_span_text (early ? date - now_s : now_s - date);
  g_autofree char *then = qs_certs_time_text (date);
  g_autofree char *now = qs_certs_time_text (now_s);
  const char *name = qs_certificate_get_common_name (certificate);
  char *sentence =
      early
          ? g_strdup_printf (_ ("The certificate of “%s” becomes valid only in %s, on %s; at the time of this "
                                "connection the clock said %s."),
                             name, span, then, now)
          : g_strdup_printf (
                _ ("The certificate of “%s” expired %s ago, on %s; at the time of this connection the clock said %s."),
                name, span, then, now);
  return with_place (self, place, sentence);
}

static gboolean
may_sign (X509 *x509)
{
  return X509_check_ca (x509) != 0 && (X509_get_key_usage (x509) & KU_KEY_CERT_SIGN) != 0;
}

static const char *
why_not_allowed (X509 *x509, int code)
{
  if (code == X509_V_ERR_PATH_LENGTH_EXCEEDED)
    return _ ("a CA above it allows fewer CAs below itself (path length)");
  if ((X509_get_extension_flags (x509) & EXFLAG_CA) == 0)
    return _ ("it is not the certificate of a CA (basic constraints)");
  if ((X509_get_key_usage (x509) & KU_KEY_CERT_SIGN) == 0)
    return _ ("its key usage does not allow it to sign certificates");
  return _ ("it may not sign for TLS servers (extended key usage, or what it says of itself as a CA is contradictory)");
}

static char *
say_not_allowed (QsJudge *self, QsCertificate *issuer, int place, int code)
{
  return with_place (self, place,
                     g_strdup_printf (_ ("“%s” signed a certificate of this chain, and may not: %s."),
                                      qs_certificate_get_common_name (issuer),
                                      why_not_allowed (qs_certificate_get_x509 (issuer), code)));
}

static char *
say_weak (QsJudge *self, QsCertificate *certificate, int place)
{
  X509 *x509 = qs_certificate_get_x509 (certificate);
  const char *name = qs_certificate_get_common_name (certificate);

  if (qs_x509_key_is_weak (x509))
    return with_place (self, place,
                       g_strdup_printf (_ ("The key of the certificate of “%s” is too small to be trusted: %s."), name,
                                        qs_certificate_get_key_description (certificate)));
  return with_place (self, place,
                     g_strdup_printf (_ ("The certificate of “%s” is signed with a hash that can be forged: %s."), name,
                                      OBJ_nid2ln (X509_get_signature_nid (x509))));
}

static char *
say_revoked (QsJudge *self, QsCertificate *certificate, int place)
{
  return with_place (
      self, place,
      g_strdup_printf (_ ("The CA “%s” has revoked the certificate of “%s”: it stands in a list (CRL) that was given."),
                       qs_certificate_get_issuer (certificate), qs_certificate_get_common_name (certificate)));
}

/* --- What the verifier found --- */

static gboolean
is_about_names (int code)
{
  static const int codes[] = { X509_V_ERR_PERMITTED_VIOLATION,
                               X509_V_ERR_EXCLUDED_VIOLATION,
                               X509_V_ERR_SUBTREE_MINMAX,
                               X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE,
                               X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX,
                               X509_V_ERR_UNSUPPORTED_NAME_SYNTAX };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (codes[i] == code)
      return TRUE;
  return FALSE;
}

/* Where the record does not say which certificate it was, the cause of some tells. */
static QsFaultKind
kind_of (QsJudge *self, int code, int depth)
{
  static const QsFaultKind kinds[] = {
    [QS_VERIFY_OK] = QS_FAULT_REFUSED,
    [QS_VERIFY_UNKNOWN_CA] = QS_FAULT_UNKNOWN_CA,
    [QS_VERIFY_SELF_SIGNED] = QS_FAULT_SELF_SIGNED,
    [QS_VERIFY_INCOMPLETE_CHAIN] = QS_FAULT_INCOMPLETE_CHAIN,
    [QS_VERIFY_EXPIRED] = QS_FAULT_EXPIRED,
    [QS_VERIFY_NOT_YET_VALID] = QS_FAULT_NOT_YET_VALID,
    [QS_VERIFY_NAME_MISMATCH] = QS_FAULT_NAME_MISMATCH,
    [QS_VERIFY_REVOKED] = QS_FAULT_REVOKED,
    [QS_VERIFY_WEAK] = QS_FAULT_WEAK,
    [QS_VERIFY_PURPOSE] = QS_FAULT_PURPOSE,
    [QS_VERIFY_OTHER] = QS_FAULT_REFUSED,
  };
  QsFaultKind kind = kinds[qs_verify_cause (code, self->facts->chain)];
  gboolean own = code == X509_V_ERR_INVALID_PURPOSE || code == X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE ||
                 code == X509_V_ERR_CERT_REJECTED;

  if (is_about_names (code))
    return QS_FAULT_NAME_CONSTRAINTS;
  if (kind == QS_FAULT_PURPOSE && (depth > 0 || !own) && code != X509_V_ERR_CERT_REJECTED)
    return QS_FAULT_CA_NOT_ALLOWED;
  return kind == QS_FAULT_EXPIRED && depth > 0 ? QS_FAULT_CA_EXPIRED : kind;
}

static char *
say_constraints (QsJudge *self)
{
  GPtrArray *chain = self->built->len > 1 ? self->built : self->facts->chain;

  for (guint i = 1; i < MIN (chain->len, QS_MOST_JUDGED); i++)
    {
      char *words = qs_name_constraints_words (chain->pdata[i], self->leaf);
      if (words != NULL)
        return words;
    }
  return NULL;
}

static char *
say (QsJudge *self, QsFaultKind kind, int code, int place, QsCertificate *certificate)
{
  const QsChainFacts *facts = self->facts;
  char *words = NULL;

  switch (kind)
    {
    case QS_FAULT_CA_NOT_ALLOWED:
      return say_not_allowed (self, certificate, place, code);
    case QS_FAULT_WEAK:
      return qs_certificate_is_weak (certificate) ? say_weak (self, certificate, place)
                                                  : qs_verify_sentence (code, facts->chain, facts->host, facts->now_s);
    case QS_FAULT_REVOKED:
      return say_revoked (self, certificate, place);
    case QS_FAULT_NOT_YET_VALID:
      return say_dates (self, certificate, place, TRUE);
    case QS_FAULT_EXPIRED:
    case QS_FAULT_CA_EXPIRED:
      return say_dates (self, certificate, place, FALSE);
    case QS_FAULT_NAME_CONSTRAINTS:
      words = say_constraints (self);
      return words != NULL ? words : qs_verify_sentence (code, facts->chain, facts->host, facts->now_s);
    case QS_FAULT_REFUSED:
    case QS_FAULT_PURPOSE:
      return with_place (self, place, qs_verify_sentence (code, facts->chain, facts->host, facts->now_s));
    default:
      return qs_verify_sentence (code, facts->chain, facts->host, facts->now_s);
    }
}

/* missed: OpenSSL did not take who signed for the issuer, for its key usage, and says that the issuer is missing. */
static gboolean
blame_issuer (QsJudge *self, int code, gboolean missed)
{
  for (guint i = 1; i < self->path->len; i++)
    {
      guint place = g_array_index (self->path, guint, i);
      QsCertificate *issuer = qs_judge_get_sent (self, place);
      QsCertificate *below = qs_judge_get_sent (self, g_array_index (self->path, guint, i - 1));
      X509 *x509 = qs_certificate_get_x509 (issuer);
      if (missed ? X509_check_issued (x509, qs_certificate_get_x509 (below)) != X509_V_ERR_KEYUSAGE_NO_CERTSIGN
                 : may_sign (x509))
        continue;
      qs_judge_add (self, QS_FAULT_CA_NOT_ALLOWED, (int) place, code, issuer,
                    say_not_allowed (self, issuer, (int) place, code));
      return TRUE;
    }
  return FALSE;
}

static void
add_error (QsJudge *self, int code, int depth)
{
  QsFaultKind kind = kind_of (self, code, depth);
  QsCertificate *certificate = depth < (int) self->built->len ? self->built->pdata[depth] : NULL;
  gboolean whole = kind <= QS_FAULT_SELF_SIGNED;

  if (certificate == NULL)
    certificate = self->leaf;
  if (whole && (qs_judge_has (self, QS_FAULT_UNKNOWN_CA) || qs_judge_has (self, QS_FAULT_INCOMPLETE_CHAIN) ||
                qs_judge_has (self, QS_FAULT_SELF_SIGNED)))
    return;
  if (whole && kind != QS_FAULT_SELF_SIGNED && blame_issuer (self, code, TRUE))
    return;
  int place = whole || kind == QS_FAULT_NAME_MISMATCH ? 0 : qs_judge_find_place (self, certificate);
  qs_judge_add (self, kind, place, code, certificate, say (self, kind, code, place, certificate));
}

static void
read_errors (QsJudge *self)
{
  g_autoptr (GArray) errors = qs_verify_record_get_errors (self->facts->record);

  for (guint i = 0; i < errors->len; i++)
    {
      const QsVerifyError *error = &g_array_index (errors, QsVerifyError, i);
      add_error (self, error->error, error->depth);
    }
}

/* --- What is found here: where no record of the verification tells of all its errors --- */

static void
check_dates (QsJudge *self, guint place, int code)
{
  QsCertificate *certificate = qs_judge_get_sent (self, place);
  gint64 now_s = self->facts->now_s;

  if (now_s > qs_certificate_get_not_after (certificate))
    qs_judge_add (self, place == 0 ? QS_FAULT_EXPIRED : QS_FAULT_CA_EXPIRED, (int) place, code, certificate,
                  say_dates (self, certificate, (int) place, FALSE));
  else if (now_s < qs_certificate_get_not_before (certificate))
    qs_judge_add (self, QS_FAULT_NOT_YET_VALID, (int) place, code, certificate,
                  say_dates (self, certificate, (int) place, TRUE));
}

/* Who went on had another way past a CA's certificate that is out of date: that is no fault of the chain's. */
static void
check_path (QsJudge *self)
{
  for (guint i = 0; i < self->path->len; i++)
    {
      guint place = g_array_index (self->path, guint, i);
      QsCertificate *certificate = qs_judge_get_sent (self, place);
      if (qs_judge_has_time (self) && (place == 0 || !self->facts->accepted))
        check_dates (self, place, 0);
      if (qs_certificate_is_weak (certificate))
        qs_judge_add (self, QS_FAULT_WEAK, (int) place, 0, certificate, say_weak (self, certificate, (int) place));
    }
}

static void
check_name (QsJudge *self)
{
  const char *host = self->facts->host;

  if (host != NULL && !qs_certificate_is_for (self->leaf, host))
    qs_judge_add (self, QS_FAULT_NAME_MISMATCH, 0, 0, self->leaf, qs_name_mismatch_words (self->leaf, host));
}

static void
check_use (QsJudge *self)
{
  if (X509_check_purpose (qs_certificate_get_x509 (self->leaf), X509_PURPOSE_SSL_SERVER, 0) != 1)
    qs_judge_add (self, QS_FAULT_PURPOSE, 0, 0, self->leaf,
                  say (self, QS_FAULT_PURPOSE, X509_V_ERR_INVALID_PURPOSE, 0, self->leaf));
  char *words = say_constraints (self);
  if (words != NULL)
    qs_judge_add (self, QS_FAULT_NAME_CONSTRAINTS, 0, 0, self->leaf, words);
}

/* Which certificate the one error that is known is about: the first that it fits. */
static void
read_code (QsJudge *self)
{
  int code = self->facts->code;
  QsFaultKind kind = code > 0 ? kind_of (self, code, 0) : QS_N_FAULTS;

  if (kind == QS_FAULT_EXPIRED || kind == QS_FAULT_NOT_YET_VALID)
    for (guint i = 0; i < qs_judge_get_n_sent (self) && self->faults->len == 0; i++)
      check_dates (self, i, code);
  if (kind == QS_FAULT_CA_NOT_ALLOWED && blame_issuer (self, code, FALSE))
    return;
  if (kind == QS_FAULT_EXPIRED && self->faults->len == 0)
    qs_judge_add (self, QS_FAULT_CA_EXPIRED, -1, code, NULL,
                  g_strdup (_ ("A trusted CA's certificate in the chain has expired.")));
  else if (kind == QS_FAULT_NOT_YET_VALID && self->faults->len == 0)
    qs_judge_add (self, kind, -1, code, NULL,
                  g_strdup (_ ("A trusted CA's certificate in the chain is not valid yet.")));
  else if (code > 0 && self->faults->len == 0)
    add_error (self, code, 0);
}

static void
judge_without_record (QsJudge *self)
{
  /* An alert that says nothing, in a file: what the certificates show is the better answer. */
  gboolean vague = self->facts->code == X509_V_ERR_UNSPECIFIED;

  if (!vague)
    read_code (self);
  check_path (self);
  check_name (self);
  check_use (self);
  if (vague && self->faults->len == 0)
    read_code (self);
}

/* Several verify errors may be known, and no certificate: a resumed run's, or a file that could not be opened. */
static void
judge_without_chain (QsJudge *self)
{
  const QsChainFacts *facts = self->facts;

  if (facts->code > 0)
    qs_judge_add (self, kind_of (self, facts->code, 0), 0, facts->code, NULL,
                  qs_verify_sentence (facts->code, facts->chain, facts->host, facts->now_s));
}

static int
compare_faults (gconstpointer a, gconstpointer b)
{
  const QsFault *first = *(const QsFault *const *) a, *second = *(const QsFault *const *) b;

  if (first->kind != second->kind)
    return first->kind < second->kind ? -1 : 1;
  return first->place < second->place ? -1 : first->place > second->place;
}

GPtrArray *
qs_chain_find_faults (const QsChainFacts *facts)
{
  g_return_val_if_fail (facts != NULL && facts->chain != NULL, NULL);

  GPtrArray *faults = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_fault_free);
  g_autoptr (GPtrArray) built = facts->record != NULL ? qs_verify_record_get_built (facts->record) : g_ptr_array_new ();
  g_autoptr (GArray) path = g_array_new (FALSE, FALSE, sizeof (guint));
  QsJudge judge = { facts, facts->chain->len > 0 ? facts->chain->pdata[0] : NULL, built, path, faults };

  ERR_clear_error ();
  if (judge.leaf == NULL)
    judge_without_chain (&judge);
  else
    {
      follow_path (&judge);
      if (facts->record != NULL)
        read_errors (&judge);
      if (facts->record == NULL || (facts->code > 0 && faults->len == 0))
        judge_without_record (&judge);
      qs_judge_policy (&judge);
    }
  ERR_clear_error ();
  g_ptr_array_sort (faults, compare_faults);
  return faults;
}
