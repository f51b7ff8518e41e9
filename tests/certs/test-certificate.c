/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <openssl/x509_vfy.h>
#include <string.h>

#include "cert-kit.h"

#define DAY ((gint64) 86400)
#define NOW ((gint64) 1795255200) /* 2026-11-21 10:00:00 UTC */

static const char *const ca_extensions[] = { "basicConstraints",
                                             "critical,CA:TRUE,pathlen:1",
                                             "keyUsage",
                                             "critical,keyCertSign,cRLSign",
                                             "subjectKeyIdentifier",
                                             "hash",
                                             NULL };
static const char *const leaf_extensions[] = {
  "subjectAltName",
  "DNS:localhost,DNS:*.example.org,IP:127.0.0.1,IP:::1,email:a@example.org",
  "basicConstraints",
  "CA:FALSE",
  "keyUsage",
  "critical,digitalSignature",
  "extendedKeyUsage",
  "serverAuth,clientAuth",
  "authorityKeyIdentifier",
  "keyid",
  "crlDistributionPoints",
  "URI:http://crl.example.org/a.crl",
  "certificatePolicies",
  "2.23.140.1.2.1",
  "tlsfeature",
  "status_request",
  "1.3.6.1.4.1.55555.1",
  "\x1b[31m",
  NULL
};

static const QsCertificateField *
find_field (GPtrArray *sections, const char *title, const char *label)
{
  for (guint i = 0; i < sections->len; i++)
    {
      const QsCertificateSection *section = sections->pdata[i];
      if (!g_str_equal (section->title, title))
        continue;
      for (guint j = 0; j < section->fields->len; j++)
        {
          const QsCertificateField *field = section->fields->pdata[j];
          if (g_str_equal (field->label, label))
            return field;
        }
    }
  g_error ("no field %s in section %s", label, title);
}

static const char *
value_of (GPtrArray *sections, const char *title, const char *label)
{
  return find_field (sections, title, label)->value;
}

static void
assert_says (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("“%s” does not say “%s”", text, part);
}

static void
test_facts (void)
{
  g_autoptr (Kit) ca = kit_new (&(KitSpec){ .subject = "Test CA", .extensions = ca_extensions });
  g_autoptr (Kit) leaf = kit_new (&(KitSpec){ .subject = "localhost",
                                              .organization = "A, B \\ Ünïcode",
                                              .issuer = ca,
                                              .not_before = NOW - DAY,
                                              .not_after = NOW + 10 * DAY,
                                              .extensions = leaf_extensions });
  g_autoptr (GPtrArray) chain = kit_chain (leaf, ca, NULL);
  QsCertificate *a = chain->pdata[0], *b = chain->pdata[1];

  g_assert_cmpuint (chain->len, ==, 2);
  g_assert_cmpstr (qs_certificate_get_common_name (a), ==, "localhost");
  g_assert_cmpstr (qs_certificate_get_subject (a), ==, "CN=localhost,O=A\\, B \\\\ Ünïcode");
  g_assert_cmpstr (qs_certificate_get_issuer (a), ==, "CN=Test CA");
  g_assert_cmpint (qs_certificate_get_not_before (a), ==, NOW - DAY);
  g_assert_cmpint (qs_certificate_get_not_after (a), ==, NOW + 10 * DAY);
  g_autofree char *names = g_strjoinv (" ", (char **) qs_certificate_get_names (a));
  g_assert_cmpstr (names, ==, "localhost *.example.org 127.0.0.1 ::1");
  g_assert_cmpuint (strlen (qs_certificate_get_sha256 (a)), ==, 64);
  g_assert_cmpstr (qs_certificate_get_key_description (a), ==, "EC P-256");
  g_assert_false (qs_certificate_is_self_signed (a));
  g_assert_false (qs_certificate_is_ca (a));
  g_assert_false (qs_certificate_is_weak (a));
  g_assert_true (qs_certificate_is_self_signed (b));
  g_assert_true (qs_certificate_is_ca (b));
  g_autofree char *pem = qs_certificate_to_pem (a);
  g_assert_true (g_str_has_prefix (pem, "-----BEGIN CERTIFICATE-----\n"));
  g_assert_true (g_str_has_suffix (pem, "-----END CERTIFICATE-----\n"));
}

/* One that was read a moment ago is the same again, and holds on to nothing that its bytes were a piece of. */
static void
test_again (void)
{
  g_autoptr (Kit) ca = kit_new (&(KitSpec){ .subject = "Test CA", .extensions = ca_extensions });
  g_autoptr (Kit) other = kit_new (&(KitSpec){ .subject = "Test CA", .extensions = ca_extensions });
  g_autoptr (GPtrArray) first = kit_chain (ca, other, NULL);
  g_autoptr (GPtrArray) second = kit_chain (other, ca, NULL);

  g_assert_true (first->pdata[0] == second->pdata[1]);
  g_assert_true (first->pdata[1] == second->pdata[0]);
  g_assert_true (first->pdata[0] != first->pdata[1]);
  g_autoptr (GBytes) der = kit_dup_der (ca);
  g_assert_true (g_bytes_equal (qs_certificate_get_der (first->pdata[0]), der));
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (Kit) kit = kit_new (&(KitSpec){ .subject = "Another", .extensions = ca_extensions });
      g_autoptr (GPtrArray) chain = kit_chain (kit, NULL);
      g_assert_cmpstr (qs_certificate_get_common_name (chain->pdata[0]), ==, "Another");
    }
  g_autoptr (GPtrArray) third = kit_chain (ca, NULL);
  g_assert_cmpstr (qs_certificate_get_sha256 (third->pdata[0]), ==, qs_certificate_get_sha256 (first->pdata[0]));
}

static void
test_sections (void)
{
  g_autoptr (Kit) ca = kit_new (&(KitSpec){ .subject = "Test CA", .extensions = ca_extensions });
  g_autoptr (Kit) leaf = kit_new (&(KitSpec){ .subject = "localhost",
                                              .issuer = ca,
                                              .not_before = NOW - DAY,
                                              .not_after = NOW + 10 * DAY,
                                              .extensions = leaf_extensions });
  g_autoptr (GPtrArray) chain = kit_chain (leaf, ca, NULL);
  g_autoptr (GPtrArray) now = qs_certificate_dup_sections_at (chain->pdata[0], NOW);
  g_autoptr (GPtrArray) late = qs_certificate_dup_sections_at (chain->pdata[0], NOW + 13 * DAY);
  g_autoptr (GPtrArray) early = qs_certificate_dup_sections_at (chain->pdata[0], NOW - DAY - 7200);

  g_assert_cmpstr (value_of (now, "Subject", "Common name"), ==, "localhost");
  g_assert_cmpstr (value_of (now, "Issuer", "Common name"), ==, "Test CA");
  g_assert_cmpstr (value_of (now, "Certificate", "Version"), ==, "3");
  g_assert_true (find_field (now, "Certificate", "Serial number")->monospace);
  g_assert_cmpstr (value_of (now, "Validity", "Not after"), ==, "2026-12-01 10:00:00 UTC");
  g_assert_cmpstr (value_of (now, "Validity", "Now"), ==, "valid for another 10 days");
  g_assert_false (find_field (now, "Validity", "Now")->warning);
  g_assert_cmpstr (value_of (late, "Validity", "Now"), ==, "expired 3 days ago");
  g_assert_true (find_field (late, "Validity", "Now")->warning);
  g_assert_cmpstr (value_of (early, "Validity", "Now"), ==, "not yet valid: begins in 2 hours");
  g_assert_cmpstr (value_of (now, "Public key", "Kind"), ==, "EC P-256");
  g_assert_cmpstr (value_of (now, "Subject Alternative Name", "DNS name"), ==, "localhost");
  g_assert_cmpstr (value_of (now, "Subject Alternative Name", "IP address"), ==, "127.0.0.1");
  g_assert_cmpstr (value_of (now, "Subject Alternative Name", "E-mail address"), ==, "a@example.org");
  g_assert_cmpstr (value_of (now, "Key Usage", "Allowed for"), ==, "digital signature");
  g_assert_cmpstr (value_of (now, "Key Usage", "Critical"), ==, "yes");
  g_assert_cmpstr (value_of (now, "Extended Key Usage", "Allowed for"), ==,
                   "TLS Web Server Authentication (1.3.6.1.5.5.7.3.1)");
  g_assert_cmpstr (value_of (now, "Basic Constraints", "Certificate authority"), ==, "no");
  g_assert_cmpuint (strlen (value_of (now, "Authority Key Identifier", "Key identifier")), ==, 40);
  g_assert_cmpstr (value_of (now, "CRL Distribution Points", "Revocation list"), ==, "http://crl.example.org/a.crl");
  assert_says (value_of (now, "TLS Features", "The server must send"), "OCSP");
  g_assert_cmpstr (value_of (now, "Extension 1.3.6.1.4.1.55555.1", "OID"), ==, "1.3.6.1.4.1.55555.1");
  g_assert_cmpstr (value_of (now, "Extension 1.3.6.1.4.1.55555.1", "Bytes"), ==, "1b5b33316d");
  g_assert_cmpstr (value_of (now, "Signature", "Algorithm"), ==, "ecdsa-with-SHA256");
  g_assert_cmpuint (strlen (value_of (now, "Fingerprints", "SHA-256")), ==, 95);

  GPtrArray *of_ca = qs_certificate_get_sections (chain->pdata[1]);
  g_assert_true (of_ca == qs_certificate_get_sections (chain->pdata[1]));
  g_assert_cmpstr (value_of (of_ca, "Basic Constraints", "Certificate authority"), ==, "yes");
  g_assert_cmpstr (value_of (of_ca, "Basic Constraints", "Most CAs below it"), ==, "1");
}

static void
test_hostile_names (void)
{
  g_autoptr (Kit) kit =
      kit_new (&(KitSpec){ .subject = "\x1b[31mred<b>\n\xe2\x80\xae",
                           .extensions = (const char *const[]){ "subjectAltName", "DNS:<b>\x1b[0m", NULL } });
  g_autoptr (GPtrArray) chain = kit_chain (kit, NULL);
  QsCertificate *certificate = chain->pdata[0];
  g_autofree char *all =
      g_strconcat (qs_certificate_get_subject (certificate), qs_certificate_get_common_name (certificate),
                   qs_certificate_get_names (certificate)[0], NULL);

  g_assert_null (strchr (all, 0x1b));
  g_assert_null (strchr (all, '\n'));
  g_assert_null (strstr (all, "\xe2\x80\xae"));
  GPtrArray *sections = qs_certificate_get_sections (certificate);
  for (guint i = 0; i < sections->len; i++)
    {
      const QsCertificateSection *section = sections->pdata[i];
      for (guint j = 0; j < section->fields->len; j++)
        {
          const QsCertificateField *field = section->fields->pdata[j];
          g_assert_true (g_utf8_validate (field->value, -1, NULL));
          g_assert_null (strchr (field->value, 0x1b));
        }
    }
}

static void
test_weak (void)
{
  g_autoptr (Kit) ca = kit_new (&(KitSpec){ .subject = "Test CA", .extensions = ca_extensions });
  g_autoptr (Kit) small = kit_new (&(KitSpec){ .subject = "small", .issuer = ca, .rsa_bits = 1024 });
  g_autoptr (Kit) sha1 = kit_new (&(KitSpec){ .subject = "sha1", .issuer = ca, .digest = "SHA1" });
  g_autoptr (Kit) root = kit_new (&(KitSpec){ .subject = "root", .digest = "SHA1" });
  g_autoptr (GPtrArray) chain = kit_chain (small, sha1, root, NULL);

  g_assert_true (qs_certificate_is_weak (chain->pdata[0]));
  g_assert_true (qs_certificate_is_weak (chain->pdata[1]));
  g_assert_false (qs_certificate_is_weak (chain->pdata[2]));
  g_assert_cmpstr (qs_certificate_get_key_description (chain->pdata[0]), ==, "RSA 1024 bit");
  g_assert_true (find_field (qs_certificate_get_sections (chain->pdata[0]), "Public key", "Kind")->warning);
  g_autofree char *text = qs_verify_sentence (X509_V_ERR_EE_KEY_TOO_SMALL, chain, "small", NOW);
  assert_says (text, "RSA 1024 bit");
}

static void
test_pack (void)
{
  g_autoptr (Kit) kit = kit_new (&(KitSpec){ .subject = "a" });
  g_autoptr (GBytes) packed = kit_pack (kit, kit, NULL);
  g_autoptr (GPtrArray) ders = qs_certificate_ders_unpack (packed);
  g_autoptr (GBytes) der = kit_dup_der (kit);

  g_assert_cmpuint (ders->len, ==, 2);
  g_assert_true (g_bytes_equal (ders->pdata[1], der));

  /* Cut anywhere, it gives what was whole and never reads on. */
  for (gsize size = 0; size < g_bytes_get_size (packed); size++)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (packed, 0, size);
      g_autoptr (GPtrArray) some = qs_certificate_ders_unpack (cut);
      g_assert_cmpuint (some->len, <=, 1);
    }
  g_autoptr (GBytes) huge = g_bytes_new_static ("\xff\xff\xff\xffx", 5);
  g_autoptr (GPtrArray) none = qs_certificate_ders_unpack (huge);
  g_assert_cmpuint (none->len, ==, 0);
}

static void
test_garbage (void)
{
  g_autoptr (Kit) kit = kit_new (&(KitSpec){ .subject = "a", .extensions = leaf_extensions });
  g_autoptr (GBytes) der = kit_dup_der (kit);
  gsize size;
  const guint8 *bytes = g_bytes_get_data (der, &size);

  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
  g_assert_null (qs_certificate_new_from_der (nothing, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);

  g_autofree guint8 *longer = g_malloc0 (size + 1);
  memcpy (longer, bytes, size);
  g_autoptr (GBytes) trailing = g_bytes_new_static (longer, size + 1);
  g_assert_null (qs_certificate_new_from_der (trailing, NULL));

  /* Whatever one byte becomes, it is refused or opens up without harm. */
  for (gsize i = 0; i < size; i++)
    {
      g_autofree guint8 *copy = g_memdup2 (bytes, size);
      copy[i] ^= 0x55;
      g_autoptr (GBytes) changed = g_bytes_new_take (g_steal_pointer (&copy), size);
      g_autoptr (QsCertificate) certificate = qs_certificate_new_from_der (changed, NULL);
      if (certificate != NULL)
        g_assert_cmpuint (qs_certificate_get_sections (certificate)->len, >=, 7);
    }
}

static void
assert_verify (int code, GPtrArray *chain, QsVerifyCause cause, const char *part)
{
  g_autofree char *text = qs_verify_sentence (code, chain, "www.example.net", NOW);

  g_assert_cmpint (qs_verify_cause (code, chain), ==, cause);
  assert_says (text, part);
  g_assert_null (strstr (text, "X509_V"));
}

static void
test_three_causes (void)
{
  g_autoptr (Kit) root = kit_new (&(KitSpec){ .subject = "Acme", .extensions = ca_extensions });
  g_autoptr (Kit) middle = kit_new (&(KitSpec){ .subject = "Acme Two", .issuer = root, .extensions = ca_extensions });
  g_autoptr (Kit) named =
      kit_new (&(KitSpec){ .subject = "Acme Issuing CA 3", .issuer = root, .extensions = ca_extensions });
  g_autoptr (Kit) leaf = kit_new (&(KitSpec){ .subject = "localhost", .issuer = middle });
  g_autoptr (Kit) alone = kit_new (&(KitSpec){ .subject = "localhost" });
  g_autoptr (Kit) below_root = kit_new (&(KitSpec){ .subject = "localhost", .issuer = root });
  g_autoptr (Kit) below_named = kit_new (&(KitSpec){ .subject = "localhost", .issuer = named });
  g_autoptr (Kit) with_url =
      kit_new (&(KitSpec){ .subject = "localhost",
                           .issuer = middle,
                           .extensions = (const char *const[]){
                               "authorityInfoAccess", "caIssuers;URI:http://ca.example.org/two.der", NULL } });
  g_autoptr (Kit) with_issuer =
      kit_new (&(KitSpec){ .subject = "localhost",
                           .issuer = middle,
                           .extensions = (const char *const[]){ "authorityKeyIdentifier", "issuer:always", NULL } });

  g_autoptr (GPtrArray) self_signed = kit_chain (alone, NULL);
  assert_verify (X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, self_signed, QS_VERIFY_SELF_SIGNED, "vouches for itself");

  g_autoptr (GPtrArray) whole = kit_chain (leaf, middle, root, NULL);
  assert_verify (X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, whole, QS_VERIFY_UNKNOWN_CA, "“Acme”");
  g_autoptr (GPtrArray) no_root = kit_chain (leaf, middle, NULL);
  assert_verify (X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, no_root, QS_VERIFY_UNKNOWN_CA, "“CN=Acme”");
  g_autoptr (GPtrArray) only_leaf = kit_chain (below_root, NULL);
  assert_verify (X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, only_leaf, QS_VERIFY_UNKNOWN_CA, "“CN=Acme”");

  Kit *incomplete[] = { with_url, with_issuer, below_named };
  for (guint i = 0; i < G_N_ELEMENTS (incomplete); i++)
    {
      g_autoptr (GPtrArray) chain = kit_chain (incomplete[i], NULL);
      assert_verify (X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, chain, QS_VERIFY_INCOMPLETE_CHAIN, "missing");
      assert_verify (X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, chain, QS_VERIFY_INCOMPLETE_CHAIN, "missing");
    }
  assert_verify (X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, NULL, QS_VERIFY_UNKNOWN_CA, "trusted");
}

static void
test_times (void)
{
  g_autoptr (Kit) old =
      kit_new (&(KitSpec){ .subject = "old", .not_before = NOW - 90 * DAY, .not_after = NOW - 3 * DAY });
  g_autoptr (Kit) young =
      kit_new (&(KitSpec){ .subject = "young", .not_before = NOW + 5 * 3600, .not_after = NOW + 90 * DAY });
  g_autoptr (GPtrArray) expired = kit_chain (old, NULL);
  g_autoptr (GPtrArray) early = kit_chain (young, NULL);

  assert_verify (X509_V_ERR_CERT_HAS_EXPIRED, expired, QS_VERIFY_EXPIRED, "expired 3 days ago, on 2026-11-18 10:00:00");
  assert_verify (X509_V_ERR_CERT_HAS_EXPIRED, expired, QS_VERIFY_EXPIRED, "said 2026-11-21 10:00:00 UTC");
  assert_verify (X509_V_ERR_CERT_NOT_YET_VALID, early, QS_VERIFY_NOT_YET_VALID, "only in 5 hours");
  assert_verify (X509_V_ERR_CERT_HAS_EXPIRED, NULL, QS_VERIFY_EXPIRED, "expired");
}

static void
test_names (void)
{
  g_autoptr (Kit) kit = kit_new (&(KitSpec){ .subject = "localhost", .extensions = leaf_extensions });
  g_autoptr (Kit) bare = kit_new (&(KitSpec){ .subject = "bare" });
  g_autoptr (GPtrArray) chain = kit_chain (kit, NULL);
  g_autoptr (GPtrArray) nameless = kit_chain (bare, NULL);

  assert_verify (X509_V_ERR_HOSTNAME_MISMATCH, chain, QS_VERIFY_NAME_MISMATCH,
                 "“www.example.net” was asked for, and the certificate is for: localhost, *.example.org, 127.0.0.1");
  assert_verify (X509_V_ERR_IP_ADDRESS_MISMATCH, nameless, QS_VERIFY_NAME_MISMATCH, "names no host at all");
}

static void
test_every_code (void)
{
  g_assert_cmpstr (qs_verify_name (X509_V_OK), ==, "X509_V_OK");
  g_assert_cmpstr (qs_verify_name (X509_V_ERR_CERT_HAS_EXPIRED), ==, "X509_V_ERR_CERT_HAS_EXPIRED");
  g_assert_cmpstr (qs_verify_name (9999), ==, "X509_V_ERR_UNSPECIFIED");
  for (int code = -2; code < 120; code++)
    {
      g_autofree char *text = qs_verify_sentence (code, NULL, NULL, NOW);
      g_assert_cmpuint (strlen (text), >, 20);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/certs/facts", test_facts);
  g_test_add_func ("/certs/again", test_again);
  g_test_add_func ("/certs/sections", test_sections);
  g_test_add_func ("/certs/hostile-names", test_hostile_names);
  g_test_add_func ("/certs/weak", test_weak);
  g_test_add_func ("/certs/pack", test_pack);
  g_test_add_func ("/certs/garbage", test_garbage);
  g_test_add_func ("/certs/verify/three-causes", test_three_causes);
  g_test_add_func ("/certs/verify/times", test_times);
  g_test_add_func ("/certs/verify/names", test_names);
  g_test_add_func ("/certs/verify/every-code", test_every_code);
  return g_test_run ();
}
