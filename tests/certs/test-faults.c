/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is found wrong with a chain, each rule met and not met, without a connection. */
#include <openssl/ct.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "cert-kit.h"
#include "certs/qs-fault.h"

#define NOW G_GINT64_CONSTANT (1790000000) /* 2026-09-21 */
#define DAY 86400

static Kit *root, *intermediate;

static Kit *
make_ca (const char *subject, const Kit *issuer, const char *const *more)
{
  const char *extensions[16] = { "basicConstraints", "critical,CA:TRUE", "keyUsage", "keyCertSign, cRLSign" };

  for (guint i = 0; more != NULL && more[i] != NULL; i++)
    extensions[4 + i] = more[i];
  return kit_new (&(KitSpec){ .subject = subject, .issuer = issuer, .extensions = extensions });
}

/* A server's certificate below issuer that is good in all that is not told otherwise: more replaces extensions of the
 * same name; a value of "" leaves one out. */
static Kit *
make_leaf (const Kit *issuer, int begins, int days, const char *const *more)
{
  const char *extensions[32] = { "basicConstraints", "CA:FALSE",   "keyUsage",       "digitalSignature",
                                 "extendedKeyUsage", "serverAuth", "subjectAltName", "DNS:www.example.net" };
  const char *kept[32] = { NULL };
  guint n = 8, n_kept = 0;

  for (guint i = 0; more != NULL && more[i] != NULL; i += 2)
    {
      guint at = 0;
      while (at < n && strcmp (extensions[at], more[i]) != 0)
        at += 2;
      extensions[at] = more[i];
      extensions[at + 1] = more[i + 1];
      n = MAX (n, at + 2);
    }
  for (guint i = 0; i < n; i += 2)
    if (*extensions[i + 1] != '\0')
      {
        kept[n_kept++] = extensions[i];
        kept[n_kept++] = extensions[i + 1];
      }
  return kit_new (&(KitSpec){ .subject = "www.example.net",
                              .issuer = issuer,
                              .not_before = NOW + (gint64) begins * DAY,
                              .not_after = NOW + (gint64) (begins + days) * DAY - 1,
                              .extensions = kept });
}

/* As a verification that went well would leave it: no errors, and the chain that was built. */
static GBytes *
make_record (const int *errors, guint n_errors, GBytes *built)
{
  GByteArray *bytes = g_byte_array_new ();
  guint32 number = GUINT32_TO_BE (n_errors);
  gsize length;
  const void *data = g_bytes_get_data (built, &length);

  g_byte_array_append (bytes, (const guint8 *) &number, 4);
  for (guint i = 0; i < 2 * n_errors; i++)
    {
      number = GUINT32_TO_BE ((guint32) errors[i]);
      g_byte_array_append (bytes, (const guint8 *) &number, 4);
    }
  g_byte_array_append (bytes, data, (guint) length);
  return g_byte_array_free_to_bytes (bytes);
}

static const QsFault *
find (GPtrArray *faults, QsFaultKind kind)
{
  for (guint i = 0; i < faults->len; i++)
    if (((const QsFault *) faults->pdata[i])->kind == kind)
      return faults->pdata[i];
  return NULL;
}

static GPtrArray *
judge_good (GPtrArray *chain, const char *host)
{
  return qs_chain_find_faults (&(QsChainFacts){
      .chain = chain, .host = host, .now_s = NOW, .code = X509_V_OK, .accepted = TRUE, .asked = TRUE });
}

/* --- What OpenSSL accepts --- */

#define FORUM "2.23.140.1.2.1"

static const struct {
  const char *name;
  int begins, days;
  const char *more[7];
  QsFaultKind kind; /* QS_N_FAULTS: none at all */
  const char *words;
} accepted[] = {
  { "good", -10, 90, { NULL }, QS_N_FAULTS, NULL },
  { "no alternative name", -10, 90, { "subjectAltName", "", NULL }, QS_FAULT_NO_ALTERNATIVE_NAME, "browsers and Go" },
  { "other kinds of names alone",
    -10,
    90,
    { "subjectAltName", "email:a@example.net", NULL },
    QS_FAULT_NO_ALTERNATIVE_NAME,
    "CN=www.example.net" },
  { "must staple", -10, 90, { "tlsfeature", "status_request", NULL }, QS_FAULT_MUST_STAPLE, "must-staple" },
  { "another feature", -10, 90, { "tlsfeature", "17", NULL }, QS_N_FAULTS, NULL },
  { "no signatures", -10, 90, { "keyUsage", "keyEncipherment", NULL }, QS_FAULT_KEY_USAGE, "digital signatures" },
  { "no key usage at all", -10, 90, { "keyUsage", "", NULL }, QS_N_FAULTS, NULL },
  { "a CA's", -10, 90, { "basicConstraints", "CA:TRUE", NULL }, QS_FAULT_KEY_USAGE, "says that it is a CA's" },
  { "purpose not said", -10, 90, { "extendedKeyUsage", "", NULL }, QS_FAULT_KEY_USAGE_UNSAID, "Apple" },
  { "purpose not said, before July 2019", -2700, 3000, { "extendedKeyUsage", "", NULL }, QS_N_FAULTS, NULL },
  /* A private CA's: Apple's limit alone. */
  { "private, 825 days", -10, 825, { NULL }, QS_N_FAULTS, NULL },
  { "private, 826 days", -10, 826, { NULL }, QS_FAULT_LIFETIME, "826 days" },
  { "private, of before July 2019", -2700, 3000, { NULL }, QS_N_FAULTS, NULL },
};

/* Public ones: by the policy that they name; without SCTs, which are another fault. */
static const struct {
  int begins, days;
  gboolean too_long;
} lifetimes[] = {
  { -10, 200, FALSE },                           /* 2026-09-11: 200 */
  { -10, 201, TRUE },    { -300, 398, FALSE },   /* 2025-11-25: 398 */
  { -300, 399, TRUE },   { -2400, 825, FALSE },  /* 2020-02: 825 */
  { -2400, 826, TRUE },  { -3500, 1188, FALSE }, /* 2017-02: 39 months */
  { -3500, 1189, TRUE },
};

static void
test_accepted (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (accepted); i++)
    {
      g_test_message ("%s", accepted[i].name);
      g_autoptr (Kit) leaf = make_leaf (intermediate, accepted[i].begins, accepted[i].days, accepted[i].more);
      g_autoptr (GPtrArray) chain = kit_chain (leaf, intermediate, NULL);
      g_autoptr (GPtrArray) faults = judge_good (chain, "www.example.net");
      if (accepted[i].kind == QS_N_FAULTS)
        {
          g_assert_cmpuint (faults->len, ==, 0);
          continue;
        }
      g_assert_cmpuint (faults->len, ==, 1);
      const QsFault *fault = find (faults, accepted[i].kind);
      g_assert_nonnull (fault);
      g_assert_nonnull (strstr (fault->sentence, accepted[i].words));
      g_assert_cmpint (fault->place, ==, 0);
    }
}

static void
test_lifetimes (void)
{
  static const char *const more[] = { "certificatePolicies", FORUM, NULL };

  for (guint i = 0; i < G_N_ELEMENTS (lifetimes); i++)
    {
      g_autoptr (Kit) leaf = make_leaf (intermediate, lifetimes[i].begins, lifetimes[i].days, more);
      g_autoptr (GPtrArray) chain = kit_chain (leaf, intermediate, NULL);
      g_autoptr (GPtrArray) faults = judge_good (chain, "www.example.net");
      g_assert_true ((find (faults, QS_FAULT_LIFETIME) != NULL) == lifetimes[i].too_long);
    }
}

/* --- Public logs --- */

static STACK_OF (SCT) * make_scts (guint n)
{
  STACK_OF (SCT) *scts = sk_SCT_new_null ();

  for (guint i = 0; i < n; i++)
    {
      guint8 bytes[32];
      SCT *sct = SCT_new ();
      memset (bytes, (int) i + 1, sizeof bytes);
      SCT_set_version (sct, SCT_VERSION_V1);
      SCT_set1_log_id (sct, bytes, sizeof bytes);
      SCT_set_timestamp (sct, (guint64) (NOW - DAY) * 1000);
      SCT_set_signature_nid (sct, NID_ecdsa_with_SHA256);
      SCT_set1_signature (sct, bytes, sizeof bytes);
      sk_SCT_push (scts, sct);
    }
  return scts;
}

/* As the TLS extension has them. */
static GBytes *
make_list (guint n)
{
  STACK_OF (SCT) *scts = make_scts (n);
  unsigned char *bytes = NULL;
  int length = i2o_SCT_LIST (scts, &bytes);
  GBytes *list = g_bytes_new (bytes, (gsize) MAX (length, 0));

  OPENSSL_free (bytes);
  SCT_LIST_free (scts);
  return list;
}

static X509 *
dup_x509 (const Kit *kit)
{
  g_autoptr (GBytes) der = kit_dup_der (kit);
  gsize length;
  const unsigned char *at = g_bytes_get_data (der, &length);

  return d2i_X509 (NULL, &at, (long) length);
}

static EVP_PKEY *
dup_key (const Kit *kit)
{
  g_autofree char *pem = kit_dup_key_pem (kit);
  BIO *bio = BIO_new_mem_buf (pem, -1);
  EVP_PKEY *key = PEM_read_bio_PrivateKey (bio, NULL, NULL, NULL);

  BIO_free (bio);
  return key;
}

/* The answer of a CA's responder, with so many SCTs in it (RFC 6962 section 3.3); ago: days since it was given. */
static GBytes *
make_answer (const Kit *leaf, const Kit *issuer, guint n, int ago)
{
  X509 *x509 = dup_x509 (leaf), *ca = dup_x509 (issuer);
  EVP_PKEY *key = dup_key (issuer);
  STACK_OF (SCT) *scts = make_scts (n);
  OCSP_BASICRESP *basic = OCSP_BASICRESP_new ();
  OCSP_CERTID *id = OCSP_cert_to_id (NULL, x509, ca);
  ASN1_TIME *from = ASN1_GENERALIZEDTIME_set (NULL, NOW - ago * DAY),
            *until = ASN1_GENERALIZEDTIME_set (NULL, NOW + (4 - ago) * DAY);
  OCSP_SINGLERESP *single = OCSP_basic_add1_status (basic, id, V_OCSP_CERTSTATUS_GOOD, 0, NULL, from, until);
  unsigned char *bytes = NULL;

  if (n > 0)
    g_assert_cmpint (OCSP_SINGLERESP_add1_ext_i2d (single, NID_ct_cert_scts, scts, 0, 0), ==, 1);
  g_assert_cmpint (OCSP_basic_sign (basic, ca, key, EVP_sha256 (), NULL, 0), ==, 1);
  OCSP_RESPONSE *response = OCSP_response_create (OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  int length = i2d_OCSP_RESPONSE (response, &bytes);
  GBytes *answer = g_bytes_new (bytes, (gsize) length);
  OPENSSL_free (bytes);
  OCSP_RESPONSE_free (response);
  ASN1_TIME_free (from);
  ASN1_TIME_free (until);
  OCSP_CERTID_free (id);
  OCSP_BASICRESP_free (basic);
  SCT_LIST_free (scts);
  EVP_PKEY_free (key);
  X509_free (x509);
  X509_free (ca);
  return answer;
}

static QsSpan
span_of (GBytes *bytes)
{
  gsize length = 0;
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;

  return QS_SPAN (data, length);
}

/* Two are enough, however they come; what a client throws away brings none. */
static const struct {
  const char *policy;
  int beside, stapled; /* how many; -1: no list, no answer */
  int ago;             /* days since the answer was given: it lasts four */
  gboolean too_few;
} transparency[] = {
  { FORUM, -1, -1, 0, TRUE }, { "1.3.6.1.4.1.99999.1", -1, -1, 0, FALSE },
  { FORUM, 2, -1, 0, FALSE }, { FORUM, 1, -1, 0, TRUE },
  { FORUM, -1, 0, 0, TRUE },  { FORUM, -1, 1, 0, TRUE },
  { FORUM, -1, 2, 0, FALSE }, { FORUM, 1, 1, 0, FALSE },
  { FORUM, -1, 2, 5, TRUE },
};

/* It is not asked of a CA that does not say that it is a public one. */
static void
test_transparency (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (transparency); i++)
    {
      const char *const more[] = { "certificatePolicies", transparency[i].policy, NULL };
      g_autoptr (Kit) leaf = make_leaf (intermediate, -10, 90, more);
      g_autoptr (GPtrArray) chain = kit_chain (leaf, intermediate, NULL);
      g_autoptr (GBytes) list = transparency[i].beside >= 0 ? make_list ((guint) transparency[i].beside) : NULL;
      g_autoptr (GBytes) answer =
          transparency[i].stapled >= 0
              ? make_answer (leaf, intermediate, (guint) transparency[i].stapled, transparency[i].ago)
              : NULL;
      g_autoptr (GPtrArray) faults = qs_chain_find_faults (&(QsChainFacts){ .chain = chain,
                                                                            .host = "www.example.net",
                                                                            .now_s = NOW,
                                                                            .code = X509_V_OK,
                                                                            .accepted = TRUE,
                                                                            .asked = TRUE,
                                                                            .staple = span_of (answer),
                                                                            .scts = span_of (list) });
      g_test_message ("%u", i);
      g_assert_true ((find (faults, QS_FAULT_TRANSPARENCY) != NULL) == transparency[i].too_few);
      g_assert_true ((find (faults, QS_FAULT_STAPLE) != NULL) == (transparency[i].ago > 4));
    }
}

/* They are shown as those of a certificate are; another certificate's are not. */
static void
test_stapled_scts (void)
{
  g_autoptr (Kit) leaf = make_leaf (intermediate, -10, 90, NULL), other = make_leaf (intermediate, -10, 90, NULL);
  g_autoptr (GPtrArray) chain = kit_chain (leaf, intermediate, NULL), others = kit_chain (other, intermediate, NULL);
  g_autoptr (GBytes) with = make_answer (leaf, intermediate, 3, 0), without = make_answer (leaf, intermediate, 0, 0);
  g_autoptr (QsStaple) staple = qs_staple_new (span_of (with), chain->pdata[0], chain, NOW);
  g_autoptr (QsStaple) bare = qs_staple_new (span_of (without), chain->pdata[0], chain, NOW);
  g_autoptr (QsStaple) foreign = qs_staple_new (span_of (with), others->pdata[0], others, NOW);
  guint n_logs = 0;

  g_assert_cmpint (staple->status, ==, QS_STAPLE_GOOD);
  g_assert_cmpuint (staple->n_scts, ==, 3);
  for (guint i = 0; i < staple->scts->fields->len; i++)
    {
      const QsCertificateField *field = staple->scts->fields->pdata[i];
      n_logs += g_str_equal (field->label, "Log");
    }
  g_assert_cmpuint (n_logs, ==, 3);
  g_assert_null (bare->scts);
  g_assert_cmpuint (bare->n_scts, ==, 0);
  g_assert_cmpint (foreign->status, ==, QS_STAPLE_OTHER);
  g_assert_null (foreign->scts);
}

/* Only what was asked for can be missing. */
static void
test_staple_not_asked (void)
{
  static const char *const more[] = { "tlsfeature", "status_request", NULL };
  g_autoptr (Kit) leaf = make_leaf (intermediate, -10, 90, more);
  g_autoptr (GPtrArray) chain = kit_chain (leaf, intermediate, NULL);
  g_autoptr (GPtrArray) faults = qs_chain_find_faults (
      &(QsChainFacts){ .chain = chain, .host = "www.example.net", .now_s = NOW, .accepted = TRUE });

  g_assert_cmpuint (faults->len, ==, 0);
}

/* --- Names in words --- */

static const struct {
  const char *entries, *host, *words; /* entries "": none; words NULL: it is for that host */
} names[] = {
  { "DNS:a.test", "a.test", NULL },
  { "DNS:*.test.example", "a.test.example", NULL },
  { "IP:192.0.2.1", "192.0.2.1", NULL },
  { "DNS:b.test", "a.test", "is for: b.test." },
  { "DNS:*.example.test", "a.b.example.test", "does not reach so deep" },
  { "DNS:*.example.test", "example.test", "does not include the name without it" },
  { "DNS:w*.example.test", "www.example.test", "does not stand for a whole first label" },
  { "DNS:127.0.0.1", "127.0.0.1", "as a DNS name, which does not count: it needs an entry of the type IP address" },
  { "DNS:a.test", "127.0.0.1", "names no address at all" },
  { "DNS:a.test.", "a.test", "ends in a dot" },
  { "DNS:example.net", "www.example.net", "with “www.” and without" },
  { "DNS:www.example.net", "example.net", "with “www.” and without" },
  { "DNS:other.test", "kit", "they alone count" },
  { "", "a.test", "names no host at all" },
};

static void
test_names (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const char *extensions[] = { "subjectAltName", names[i].entries, NULL };
      g_autoptr (Kit) leaf = kit_new (&(KitSpec){
          .subject = "kit", .issuer = intermediate, .extensions = *names[i].entries != '\0' ? extensions : NULL });
      g_autoptr (GPtrArray) chain = kit_chain (leaf, NULL);
      g_autoptr (GPtrArray) faults = judge_good (chain, names[i].host);
      const QsFault *fault = find (faults, QS_FAULT_NAME_MISMATCH);
      if (names[i].words == NULL)
        {
          g_assert_null (fault);
          continue;
        }
      g_test_message ("%s", fault != NULL ? fault->sentence : "(none)");
      g_assert_nonnull (fault);
      g_assert_nonnull (strstr (fault->sentence, names[i].words));
    }
}

static void
test_many_names (void)
{
  g_autoptr (GString) entries = g_string_new ("DNS:n0.test");

  for (guint i = 1; i < 3000; i++)
    g_string_append_printf (entries, ",DNS:n%u.test", i);
  const char *extensions[] = { "subjectAltName", entries->str, NULL };
  g_autoptr (Kit) leaf = kit_new (&(KitSpec){ .subject = "kit", .issuer = intermediate, .extensions = extensions });
  g_autoptr (GPtrArray) chain = kit_chain (leaf, NULL);
  g_autoptr (GPtrArray) faults = judge_good (chain, "a.test");
  const QsFault *fault = find (faults, QS_FAULT_NAME_MISMATCH);
  g_assert_nonnull (strstr (fault->sentence, "n19.test and 2980 more"));
}

/* --- Name constraints --- */

static const struct {
  const char *constraints, *words; /* NULL: kept */
} constraints[] = {
  { "permitted;DNS:example.net", NULL },
  { "permitted;DNS:.example.net", NULL },
  { "permitted;DNS:www.example.net", NULL },
  { "permitted;DNS:ample.net", "only for names below ample.net" },
  { "permitted;DNS:corp.example", "only for names below corp.example" },
  { "permitted;DNS:corp.example,permitted;DNS:example.net", NULL },
  { "excluded;DNS:example.net", "for no names below example.net" },
  { "excluded;DNS:other.test", NULL },
  { "permitted;IP:192.0.2.0/255.255.255.0", NULL }, /* no address in the certificate */
};

static void
test_constraints (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (constraints); i++)
    {
      const char *more[] = { "nameConstraints", constraints[i].constraints, NULL };
      g_autoptr (Kit) ca = make_ca ("Constrained", root, more);
      g_autoptr (Kit) leaf = make_leaf (ca, -10, 90, NULL);
      g_autoptr (GPtrArray) chain = kit_chain (leaf, ca, NULL);
      g_autoptr (GPtrArray) faults = judge_good (chain, "www.example.net");
      const QsFault *fault = find (faults, QS_FAULT_NAME_CONSTRAINTS);
      g_assert_true ((fault != NULL) == (constraints[i].words != NULL));
      if (fault == NULL)
        continue;
      g_assert_nonnull (strstr (fault->sentence, constraints[i].words));
      g_assert_nonnull (strstr (fault->sentence, "“Constrained”"));
      g_assert_nonnull (strstr (fault->sentence, "www.example.net"));
    }
}

/* --- What was sent and not needed --- */

static void
check_surplus (GPtrArray *chain, GBytes *record, const char *words, int place)
{
  g_autoptr (GPtrArray) faults = qs_chain_find_faults (&(QsChainFacts){
      .chain = chain, .host = "www.example.net", .now_s = NOW, .code = X509_V_OK, .record = record, .accepted = TRUE });
  const QsFault *fault = find (faults, QS_FAULT_SURPLUS);

  g_assert_true ((fault != NULL) == (words != NULL));
  if (fault == NULL)
    return;
  g_test_message ("%s", fault->sentence);
  g_assert_nonnull (strstr (fault->sentence, words));
  g_assert_cmpint (fault->place, ==, place);
  g_assert_cmpuint (faults->len, ==, 1);
}

static void
test_surplus (void)
{
  static const char *const ca[] = { "basicConstraints", "critical,CA:TRUE", NULL };
  g_autoptr (Kit) leaf = make_leaf (intermediate, -10, 90, NULL);
  g_autoptr (Kit) stranger = make_ca ("Stranger", root, NULL);
  g_autoptr (Kit) old_root = make_ca ("Old root", NULL, NULL);
  g_autoptr (Kit) crossed = kit_new (
      &(KitSpec){ .subject = "Root", .issuer = old_root, .key_of = root, .not_after = NOW - DAY, .extensions = ca });
  g_autoptr (GBytes) built = kit_pack (leaf, intermediate, root, NULL);
  g_autoptr (GBytes) record = make_record (NULL, 0, built);
  g_autoptr (GPtrArray) good = kit_chain (leaf, intermediate, NULL);
  g_autoptr (GPtrArray) with_root = kit_chain (leaf, intermediate, root, NULL);
  g_autoptr (GPtrArray) with_stranger = kit_chain (leaf, intermediate, stranger, NULL);
  g_autoptr (GPtrArray) twice = kit_chain (leaf, intermediate, intermediate, NULL);
  g_autoptr (GPtrArray) with_crossed = kit_chain (leaf, intermediate, crossed, NULL);
  g_autoptr (Kit) upper = make_ca ("Upper", intermediate, NULL);
  g_autoptr (Kit) low = make_leaf (upper, -10, 90, NULL);
  g_autoptr (GPtrArray) disordered = kit_chain (low, intermediate, upper, NULL);

  check_surplus (good, record, NULL, 0);
  check_surplus (with_root, record, "it is a root", 2);
  check_surplus (with_stranger, record, "nothing that was sent is signed by it", 2);
  check_surplus (twice, record, "twice", 2);
  check_surplus (with_crossed, record, "has expired; this client found a way without it", 2);
  check_surplus (with_crossed, NULL, "has expired; this client found a way without it", 2);
  check_surplus (disordered, NULL, "not in order", 0);
}

/* --- What the verifier found --- */

static void
test_several (void)
{
  static const char *const more[] = { "subjectAltName", "DNS:other.test", NULL };
  static const int errors[] = {
    X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 1, X509_V_ERR_HOSTNAME_MISMATCH, 0, X509_V_ERR_CERT_HAS_EXPIRED, 0
  };
  static const QsFaultKind kinds[] = { QS_FAULT_UNKNOWN_CA, QS_FAULT_NAME_MISMATCH, QS_FAULT_EXPIRED };
  g_autoptr (Kit) leaf = make_leaf (intermediate, -90, 60, more);
  g_autoptr (GBytes) built = kit_pack (leaf, intermediate, NULL);
  g_autoptr (GBytes) record = make_record (errors, 3, built);
  g_autoptr (GPtrArray) chain = kit_chain (leaf, intermediate, NULL);
  g_autoptr (GPtrArray) faults = qs_chain_find_faults (
      &(QsChainFacts){ .chain = chain, .host = "www.example.net", .now_s = NOW, .code = errors[0], .record = record });
  /* The same without the record: OpenSSL's one error, and what is seen here. */
  g_autoptr (GPtrArray) seen = qs_chain_find_faults (
      &(QsChainFacts){ .chain = chain, .host = "www.example.net", .now_s = NOW, .code = errors[0] });

  g_assert_cmpuint (faults->len, ==, G_N_ELEMENTS (kinds));
  g_assert_cmpuint (seen->len, ==, G_N_ELEMENTS (kinds));
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_assert_cmpint (((const QsFault *) faults->pdata[i])->kind, ==, kinds[i]);
      g_assert_cmpint (((const QsFault *) seen->pdata[i])->kind, ==, kinds[i]);
    }
}

/* Each names the certificate and its place; never the server's own for a CA's. */
static void
test_places (void)
{
  static const struct {
    int error, depth;
    QsFaultKind kind;
    int place;
    const char *words;
  } cases[] = {
    { X509_V_ERR_CERT_HAS_EXPIRED, 0, QS_FAULT_EXPIRED, 0, "server's own" },
    { X509_V_ERR_CERT_HAS_EXPIRED, 1, QS_FAULT_CA_EXPIRED, 1, "certificate 2 of the 2 that the server sent, a CA's" },
    { X509_V_ERR_CERT_HAS_EXPIRED, 2, QS_FAULT_CA_EXPIRED, -1, "did not send it" },
    { X509_V_ERR_CERT_REVOKED, 1, QS_FAULT_REVOKED, 1, "the certificate of “Intermediate”" },
    { X509_V_ERR_INVALID_PURPOSE, 0, QS_FAULT_PURPOSE, 0, "key usage" },
    { X509_V_ERR_INVALID_PURPOSE, 1, QS_FAULT_CA_NOT_ALLOWED, 1, "“Intermediate” signed" },
    { X509_V_ERR_PATH_LENGTH_EXCEEDED, 1, QS_FAULT_CA_NOT_ALLOWED, 1, "path length" },
    { X509_V_ERR_CERT_NOT_YET_VALID, 1, QS_FAULT_NOT_YET_VALID, 1, "“Intermediate” becomes valid" },
  };
  g_autoptr (Kit) leaf = make_leaf (intermediate, -10, 90, NULL);
  g_autoptr (GBytes) built = kit_pack (leaf, intermediate, root, NULL);
  g_autoptr (GPtrArray) chain = kit_chain (leaf, intermediate, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const int errors[] = { cases[i].error, cases[i].depth };
      g_autoptr (GBytes) record = make_record (errors, 1, built);
      g_autoptr (GPtrArray) faults = qs_chain_find_faults (&(QsChainFacts){
          .chain = chain, .host = "www.example.net", .now_s = NOW, .code = cases[i].error, .record = record });
      g_assert_cmpuint (faults->len, ==, 1);
      const QsFault *fault = faults->pdata[0];
      g_test_message ("%s", fault->sentence);
      g_assert_cmpint (fault->kind, ==, cases[i].kind);
      g_assert_cmpint (fault->place, ==, cases[i].place);
      g_assert_nonnull (strstr (fault->sentence, cases[i].words));
    }
}

static void
test_incomplete (void)
{
  static const char *const aia[] = { "authorityInfoAccess", "caIssuers;URI:http://ca.test/issuing.crt", NULL };
  g_autoptr (Kit) rekeyed = make_ca ("Intermediate", root, NULL);
  g_autoptr (Kit) leaf = make_leaf (intermediate, -10, 90, aia);
  g_autoptr (GPtrArray) alone = kit_chain (leaf, NULL);
  g_autoptr (GPtrArray) other = kit_chain (leaf, rekeyed, NULL);
  GPtrArray *chains[] = { alone, other };
  static const char *const words[] = { "is missing from it", "its key did not sign" };

  for (guint i = 0; i < G_N_ELEMENTS (chains); i++)
    {
      g_autoptr (GPtrArray) faults =
          qs_chain_find_faults (&(QsChainFacts){ .chain = chains[i],
                                                 .host = "www.example.net",
                                                 .now_s = NOW,
                                                 .code = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY });
      for (guint k = 0; k < faults->len; k++)
        g_test_message ("%s", ((const QsFault *) faults->pdata[k])->sentence);
      g_assert_cmpuint (faults->len, ==, 1);
      const QsFault *fault = find (faults, QS_FAULT_INCOMPLETE_CHAIN);
      g_assert_nonnull (fault);
      g_assert_nonnull (strstr (fault->sentence, words[i]));
      g_assert_nonnull (strstr (fault->sentence, "http://ca.test/issuing.crt; it was not fetched"));
    }
}

/* Who signed has the right key, and no right to sign: OpenSSL looks for another, and says that it is missing. */
static void
test_issuer_without_right (void)
{
  static const char *const more[] = { "keyUsage", "digitalSignature", NULL };
  g_autoptr (Kit) server = make_leaf (intermediate, -10, 90, more);
  g_autoptr (Kit) leaf = make_leaf (server, -10, 90, NULL);
  g_autoptr (GPtrArray) chain = kit_chain (leaf, server, intermediate, NULL);
  g_autoptr (GPtrArray) faults = qs_chain_find_faults (&(QsChainFacts){
      .chain = chain, .host = "www.example.net", .now_s = NOW, .code = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY });
  const QsFault *fault = find (faults, QS_FAULT_CA_NOT_ALLOWED);

  g_assert_cmpuint (faults->len, ==, 1);
  g_assert_nonnull (fault);
  g_assert_cmpint (fault->place, ==, 1);
}

/* --- Hostile bytes --- */

static void
test_malformed (void)
{
  static const guint8 bytes[] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 10, 0 };
  g_autoptr (Kit) leaf = make_leaf (intermediate, -10, 90, NULL);
  g_autoptr (GPtrArray) chain = kit_chain (leaf, intermediate, NULL);

  for (gsize length = 0; length <= sizeof bytes; length++)
    {
      g_autoptr (GBytes) record = g_bytes_new (bytes, length);
      g_autoptr (GArray) errors = qs_verify_record_get_errors (record);
      g_autoptr (GPtrArray) built = qs_verify_record_get_built (record);
      g_assert_cmpuint (errors->len, ==, 0);
      g_assert_cmpuint (built->len, ==, 0);
      g_autoptr (QsStaple) staple = qs_staple_new (QS_SPAN (bytes, length), chain->pdata[0], chain, NOW);
      g_assert_cmpint (staple->status, ==, QS_STAPLE_MALFORMED);
      g_assert_null (qs_scts_section_new (QS_SPAN (bytes, length)));
    }
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GPtrArray) faults = qs_chain_find_faults (&(QsChainFacts){ .chain = none, .code = X509_V_OK });
  g_assert_cmpuint (faults->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  root = make_ca ("Root", NULL, NULL);
  intermediate = make_ca ("Intermediate", root, NULL);
  g_test_add_func ("/faults/accepted", test_accepted);
  g_test_add_func ("/faults/lifetimes", test_lifetimes);
  g_test_add_func ("/faults/transparency", test_transparency);
  g_test_add_func ("/faults/stapled-scts", test_stapled_scts);
  g_test_add_func ("/faults/staple-not-asked", test_staple_not_asked);
  g_test_add_func ("/faults/names", test_names);
  g_test_add_func ("/faults/many-names", test_many_names);
  g_test_add_func ("/faults/constraints", test_constraints);
  g_test_add_func ("/faults/surplus", test_surplus);
  g_test_add_func ("/faults/several", test_several);
  g_test_add_func ("/faults/places", test_places);
  g_test_add_func ("/faults/incomplete", test_incomplete);
  g_test_add_func ("/faults/issuer-without-right", test_issuer_without_right);
  g_test_add_func ("/faults/malformed", test_malformed);
  int status = g_test_run ();
  kit_free (intermediate);
  kit_free (root);
  return status;
}
