/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "base/qs-i18n.h"
#include "certs/qs-certificate-private.h"

/* Below these no verifier with OpenSSL's default security level (112 bits) takes a key. */
#define WEAK_SECURITY_BITS 112

/* The curves by the names that people know them by; OpenSSL answers "prime256v1". */
static const struct {
  const char *group;
  const char *title;
} curves[] = {
  { "prime256v1", "P-256" },
  { "secp384r1", "P-384" },
  { "secp521r1", "P-521" },
};

static const char *
curve_title (const char *group)
{
  for (guint i = 0; i < G_N_ELEMENTS (curves); i++)
    {
      if (g_str_equal (curves[i].group, group))
        return curves[i].title;
    }
  return group;
}

static const char *
key_type_title (EVP_PKEY *key)
{
  const char *name = EVP_PKEY_get0_type_name (key);

  if (name == NULL)
    return _ ("unknown kind");
  if (g_str_equal (name, "ED25519"))
    return "Ed25519";
  if (g_str_equal (name, "ED448"))
    return "Ed448";
  return name;
}

char *
qs_x509_key_text (X509 *x509)
{
  EVP_PKEY *key = X509_get0_pubkey (x509);
  char group[64] = "";
  gsize length = 0;

  if (key == NULL)
    return g_strdup (_ ("a key that cannot be read"));
  if (EVP_PKEY_is_a (key, "EC") && EVP_PKEY_get_group_name (key, group, sizeof group, &length) == 1)
    return g_strdup_printf ("EC %s", curve_title (group));
  if (EVP_PKEY_is_a (key, "RSA") || EVP_PKEY_is_a (key, "RSA-PSS") || EVP_PKEY_is_a (key, "DSA"))
    return g_strdup_printf (_ ("%s %d bit"), key_type_title (key), EVP_PKEY_get_bits (key));
  return g_strdup (key_type_title (key));
}

gboolean
qs_x509_key_is_weak (X509 *x509)
{
  EVP_PKEY *key = X509_get0_pubkey (x509);

  return key != NULL && EVP_PKEY_get_security_bits (key) < WEAK_SECURITY_BITS;
}

gboolean
qs_x509_signature_is_weak (X509 *x509)
{
  int digest = NID_undef;

  if (X509_get_signature_info (x509, &digest, NULL, NULL, NULL) != 1)
    return FALSE;
  return digest == NID_md5 || digest == NID_sha1 || digest == NID_md5_sha1 || digest == NID_md4 || digest == NID_md2;
}

char *
qs_certs_time_text (gint64 seconds)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (seconds);

  if (date == NULL)
    return g_strdup (_ ("a time that cannot be read"));
  return g_date_time_format (date, "%Y-%m-%d %H:%M:%S UTC");
}

char *
qs_certs_span_text (gint64 seconds)
{
  guint64 size = (guint64) ABS (seconds);

  if (size < 120)
    return g_strdup_printf (ngettext ("%" PRIu64 " second", "%" PRIu64 " seconds", (gulong) size), size);
  if (size < 2 * 3600)
    return g_strdup_printf (ngettext ("%" PRIu64 " minute", "%" PRIu64 " minutes", (gulong) (size / 60)), size / 60);
  if (size < 2 * 86400)
    return g_strdup_printf (ngettext ("%" PRIu64 " hour", "%" PRIu64 " hours", (gulong) (size / 3600)), size / 3600);
  if (size < 3 * (guint64) 31556952)
    return g_strdup_printf (ngettext ("%" PRIu64 " day", "%" PRIu64 " days", (gulong) (size / 86400)), size / 86400);
  size /= 31556952; /* the mean Gregorian year */
  return g_strdup_printf (ngettext ("%" PRIu64 " year", "%" PRIu64 " years", (gulong) size), size);
}
