/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What OpenSSL accepts, and browsers, Go, GnuTLS or Apple's systems do not. */
#include <inttypes.h>
#include <openssl/ct.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "certs/qs-certificate-private.h"
#include "certs/qs-fault-private.h"

#define DAY 86400
#define LEAST_BESIDE 2 /* SCTs that need not be in the certificate */
/* All of the CA/Browser Forum's lie below this one; CAs that are trusted publicly have to name one of them in each
 * certificate (its Baseline Requirements, section 7.1.6.1). */
#define FORUM_POLICIES "2.23.140.1."

/* --- Public or not --- */

static gboolean
names_forum_policy (X509 *x509)
{
  CERTIFICATEPOLICIES *policies = X509_get_ext_d2i (x509, NID_certificate_policies, NULL, NULL);
  gboolean found = FALSE;

  for (int i = 0; i < sk_POLICYINFO_num (policies) && !found; i++)
    {
      char oid[128] = "";
      OBJ_obj2txt (oid, sizeof oid, sk_POLICYINFO_value (policies, i)->policyid, 1);
      found = g_str_has_prefix (oid, FORUM_POLICIES);
    }
  CERTIFICATEPOLICIES_free (policies);
  return found;
}

static guint
count_logs (X509 *x509)
{
  STACK_OF (SCT) *scts = X509_get_ext_d2i (x509, NID_ct_precert_scts, NULL, NULL);
  guint n = (guint) MAX (sk_SCT_num (scts), 0);

  SCT_LIST_free (scts);
  return n;
}

/* It says so itself: nothing else tells a private CA from a public one. */
static gboolean
claims_to_be_public (X509 *x509)
{
  return names_forum_policy (x509) || count_logs (x509) > 0;
}

/* --- How long it lives --- */

typedef struct {
  gint64 from; /* issued at this time or later, seconds since 1970 */
  int days;
} Limit;

/* The Baseline Requirements' section 6.3.2 over the years. 39 months have at most 1188 days. */
static const Limit public_limits[] = {
  { G_GINT64_CONSTANT (1427846400), 1188 }, /* 2015-04-01 */
  { G_GINT64_CONSTANT (1519862400), 825 },  /* 2018-03-01 */
  { G_GINT64_CONSTANT (1598918400), 398 },  /* 2020-09-01 */
  { G_GINT64_CONSTANT (1773532800), 200 },  /* 2026-03-15 */
  { G_GINT64_CONSTANT (1805068800), 100 },  /* 2027-03-15 */
  { G_GINT64_CONSTANT (1868227200), 47 },   /* 2029-03-15 */
};
/* Apple's systems hold private CAs to it as well (support.apple.com/en-us/103769). */
static const Limit apple_limit = { G_GINT64_CONSTANT (1561939200), 825 }; /* 2019-07-01 */

static const Limit *
find_limit (gint64 issued, gboolean is_public)
{
  if (!is_public)
    return issued >= apple_limit.from ? &apple_limit : NULL;
  for (guint i = G_N_ELEMENTS (public_limits); i > 0; i--)
    if (issued >= public_limits[i - 1].from)
      return &public_limits[i - 1];
  return NULL;
}

static void
check_lifetime (QsJudge *self)
{
  gint64 issued = qs_certificate_get_not_before (self->leaf), ends = qs_certificate_get_not_after (self->leaf);
  gboolean is_public = claims_to_be_public (qs_certificate_get_x509 (self->leaf));
  const Limit *limit = find_limit (issued, is_public);

  if (limit == NULL || ends == G_MAXINT64 || ends < issued)
    return;
  gint64 seconds = ends - issued + 1; /* both ends are part of it (RFC 5280 section 4.1.2.5) */
  if (seconds <= (gint64) limit->days * DAY)
    return;
  g_autofree char *from = qs_certs_time_text (issued);
  gint64 days = MAX (seconds / DAY, limit->days + 1);
  qs_judge_add (
      self, QS_FAULT_LIFETIME, 0, 0, self->leaf,
      is_public
          ? g_strdup_printf (_ ("It is valid for %" PRId64 " days, and says that it follows the rules of public CAs: "
                                "one issued on %s may have at most %d. Browsers refuse it below a public CA."),
                             days, from, limit->days)
          : g_strdup_printf (_ ("It is valid for %" PRId64 " days. Apple's systems take no server certificate of more "
                                "than %d days, not even below a CA of one's own; others take it."),
                             days, limit->days));
}

/* --- What it may be used for --- */

static void
add_use (QsJudge *self, QsFaultKind kind, const char *sentence)
{
  qs_judge_add (self, kind, 0, 0, self->leaf, g_strdup (sentence));
}

static void
check_key_usage (QsJudge *self)
{
  X509 *x509 = qs_certificate_get_x509 (self->leaf);
  guint32 flags = X509_get_extension_flags (x509);

  if ((flags & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage (x509) & KU_DIGITAL_SIGNATURE) == 0)
    add_use (
        self, QS_FAULT_KEY_USAGE,
        _ ("The key usage of the server's certificate leaves out digital signatures, which every handshake of TLS 1.3 "
           "and each with ECDHE needs: browsers and GnuTLS refuse it, OpenSSL does not look."));
  else if ((flags & EXFLAG_CA) != 0)
    add_use (self, QS_FAULT_KEY_USAGE,
             _ ("The server's certificate says that it is a CA's (basic constraints): Firefox and rustls refuse such a "
                "one as "
                "a server's own, OpenSSL takes it."));
  else if ((flags & EXFLAG_XKUSAGE) == 0 && qs_certificate_get_not_before (self->leaf) >= apple_limit.from)
    add_use (self, QS_FAULT_KEY_USAGE_UNSAID,
             _ ("The server's certificate does not say that it is for servers (extended key usage): Apple's systems "
                "refuse one "
                "issued since July 2019 without it, others take it."));
}

/* --- Names --- */

static void
check_alternative_names (QsJudge *self)
{
  if (qs_certificate_get_names (self->leaf)[0] != NULL || qs_judge_has (self, QS_FAULT_NAME_MISMATCH))
    return;
  qs_judge_add (self, QS_FAULT_NO_ALTERNATIVE_NAME, 0, 0, self->leaf,
                g_strdup_printf (
                    _ ("The certificate has no alternative names, only “%s” in its subject. OpenSSL still takes that; "
                       "browsers and Go do not."),
                    qs_certificate_get_subject (self->leaf)));
}

/* --- The OCSP answer --- */

static gboolean
demands_staple (X509 *x509)
{
  TLS_FEATURE *features = X509_get_ext_d2i (x509, NID_tlsfeature, NULL, NULL);
  gboolean found = FALSE;

  for (int i = 0; i < sk_ASN1_INTEGER_num (features) && !found; i++)
    found = ASN1_INTEGER_get (sk_ASN1_INTEGER_value (features, i)) == 5; /* status_request, RFC 7633 section 4.2.2 */
  sk_ASN1_INTEGER_pop_free (features, ASN1_INTEGER_free);
  return found;
}

static QsStaple *
read_staple (QsJudge *self)
{
  GPtrArray *issuers = self->built->len > 1 ? self->built : self->facts->chain;

  return qs_staple_new (self->facts->staple, self->leaf, issuers, self->facts->now_s);
}

static void
check_staple (QsJudge *self)
{
  const QsChainFacts *facts = self->facts;

  if (facts->staple.length == 0)
    {
      if (facts->asked && demands_staple (qs_certificate_get_x509 (self->leaf)))
        qs_judge_add (
            self, QS_FAULT_MUST_STAPLE, 0, 0, self->leaf,
            g_strdup (_ ("The certificate says that its server always staples an OCSP answer (must-staple), and none "
                         "came though it was asked for. Firefox and GnuTLS refuse that, OpenSSL does not look.")));
      return;
    }
  g_autoptr (QsStaple) staple = read_staple (self);
  if (staple->status == QS_STAPLE_REVOKED)
    qs_judge_add (self, QS_FAULT_REVOKED, 0, 0, self->leaf, g_strdup (staple->sentence));
  else if (staple->status != QS_STAPLE_GOOD &&
           (qs_judge_has_time (self) || (staple->status != QS_STAPLE_OLD && staple->status != QS_STAPLE_EARLY)))
    qs_judge_add (self, QS_FAULT_STAPLE, 0, 0, self->leaf, g_strdup (staple->sentence));
}

/* --- Public logs --- */

/* Those that came beside the certificate: in the TLS extension, or in an OCSP answer that counts. */
static guint
count_beside (QsJudge *self)
{
  g_autoptr (QsStaple) staple = self->facts->staple.length > 0 ? read_staple (self) : NULL;
  gboolean counts = staple != NULL && staple->status == QS_STAPLE_GOOD;

  return qs_scts_count (self->facts->scts) + (counts ? staple->n_scts : 0);
}

/* Chrome's and Apple's rule: in the certificate two, three for what lives longer than 180 days; of those beside it two
 * are enough, whatever the lifetime. */
static void
check_transparency (QsJudge *self)
{
  X509 *x509 = qs_certificate_get_x509 (self->leaf);
  gint64 from = qs_certificate_get_not_before (self->leaf), until = qs_certificate_get_not_after (self->leaf);

  /* 2018-04-30. Times that cannot be read are the least that there are: no difference is made of them. */
  if (from < G_GINT64_CONSTANT (1525046400) || until < from)
    return;
  guint n = count_logs (x509), wanted = (until - from) / DAY > 180 ? 3 : 2;
  if (!names_forum_policy (x509) || n >= wanted)
    return;
  guint beside = count_beside (self);
  if (beside >= LEAST_BESIDE)
    return;
  n = MAX (n, beside);
  qs_judge_add (self, QS_FAULT_TRANSPARENCY, 0, 0, self->leaf,
                g_strdup_printf (
                    ngettext ("The certificate says that it follows the rules of public CAs, and has %u proof that a "
                              "public log lists it (SCT). Below a public CA Chrome and Safari want %u.",
                              "The certificate says that it follows the rules of public CAs, and has %u proofs that "
                              "public logs list it (SCT). Below a public CA Chrome and Safari want %u.",
                              n),
                    n, wanted));
}

/* --- What need not have been sent --- */

static gboolean
is_in_path (QsJudge *self, guint place)
{
  for (guint i = 0; i < self->path->len; i++)
    if (g_array_index (self->path, guint, i) == place)
      return TRUE;
  return FALSE;
}

static gboolean
was_used (QsJudge *self, guint place)
{
  for (guint i = 0; i < self->built->len; i++)
    if (g_bytes_equal (qs_certificate_get_der (self->built->pdata[i]),
                       qs_certificate_get_der (qs_judge_get_sent (self, place))))
      return TRUE;
  return FALSE;
}

static gboolean
is_double (QsJudge *self, guint place)
{
  return qs_judge_find_place (self, qs_judge_get_sent (self, place)) < (int) place;
}

/* NULL: it has its place there. */
static const char *
why_surplus (QsJudge *self, guint place)
{
  QsCertificate *certificate = qs_judge_get_sent (self, place);
  gboolean verified = self->built->len > 0 && self->facts->code == X509_V_OK;
  gboolean expired = qs_judge_has_time (self) && self->facts->now_s > qs_certificate_get_not_after (certificate);

  if (is_double (self, place))
    return _ ("it is sent twice");
  /* Who was told to go on has found no way. */
  if (expired && (verified ? !was_used (self, place) : self->facts->accepted && self->facts->record == NULL))
    return _ ("it has expired; this client found a way without it, older ones may follow it and fail");
  if (qs_certificate_is_self_signed (certificate))
    return _ ("it is a root, which no client takes from the server");
  if (!is_in_path (self, place) && !qs_judge_has (self, QS_FAULT_INCOMPLETE_CHAIN))
    return _ ("nothing that was sent is signed by it");
  return NULL;
}

static gboolean
is_in_order (QsJudge *self)
{
  for (guint i = 1; i < self->path->len; i++)
    if (g_array_index (self->path, guint, i) < g_array_index (self->path, guint, i - 1))
      return FALSE;
  return TRUE;
}

static void
check_surplus (QsJudge *self)
{
  guint n = self->facts->chain->len;

  if (!is_in_order (self))
    qs_judge_add (
        self, QS_FAULT_SURPLUS, 0, 0, self->leaf,
        g_strdup (_ ("The certificates are not in order: each should be signed by the one behind it. Clients that only "
                     "know TLS 1.2 and older may fail.")));
  for (guint i = 1; i < qs_judge_get_n_sent (self); i++)
    {
      const char *why = why_surplus (self, i);
      QsCertificate *certificate = qs_judge_get_sent (self, i);
      if (why != NULL)
        qs_judge_add (self, QS_FAULT_SURPLUS, (int) i, 0, certificate,
                      g_strdup_printf (_ ("Certificate %u of the %u that the server sent, “%s”, is not needed: %s."),
                                       i + 1, n, qs_certificate_get_common_name (certificate), why));
    }
}

void
qs_judge_policy (QsJudge *self)
{
  check_alternative_names (self);
  check_staple (self);
  check_key_usage (self);
  check_transparency (self);
  check_lifetime (self);
  check_surplus (self);
}
