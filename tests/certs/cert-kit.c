/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cert-kit.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

struct _Kit {
  EVP_PKEY *key;
  X509 *x509;
};

static void
set_name (X509_NAME *name, const KitSpec *spec)
{
  if (spec->organization != NULL)
    X509_NAME_add_entry_by_txt (name, "O", MBSTRING_UTF8, (const guint8 *) spec->organization, -1, -1, 0);
  if (spec->subject[0] != '\0')
    X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8, (const guint8 *) spec->subject, -1, -1, 0);
}

static void
add_extensions (Kit *kit, const KitSpec *spec)
{
  X509V3_CTX context;
  CONF *conf = NCONF_new (NULL);

  X509V3_set_ctx (&context, spec->issuer != NULL ? spec->issuer->x509 : kit->x509, kit->x509, NULL, NULL, 0);
  X509V3_set_nconf (&context, conf); /* policies refuse to be made without one */
  for (guint i = 0; spec->extensions != NULL && spec->extensions[i] != NULL; i += 2)
    {
      X509_EXTENSION *extension = NULL;
      if (g_ascii_isdigit (spec->extensions[i][0]))
        {
          ASN1_OBJECT *object = OBJ_txt2obj (spec->extensions[i], 1);
          ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new ();
          ASN1_OCTET_STRING_set (octets, (const guint8 *) spec->extensions[i + 1], -1);
          extension = X509_EXTENSION_create_by_OBJ (NULL, object, 0, octets);
          ASN1_OCTET_STRING_free (octets);
          ASN1_OBJECT_free (object);
        }
      else
        {
          extension = X509V3_EXT_nconf (NULL, &context, spec->extensions[i], spec->extensions[i + 1]);
        }
      if (extension == NULL)
        g_error ("extension %s: %s", spec->extensions[i], ERR_error_string (ERR_peek_last_error (), NULL));
      X509_add_ext (kit->x509, extension, -1);
      X509_EXTENSION_free (extension);
    }
  NCONF_free (conf);
}

Kit *
kit_new (const KitSpec *spec)
{
  static long serial = 1;
  Kit *kit = g_new0 (Kit, 1);
  gint64 from = spec->not_before != 0 ? spec->not_before : 1577836800;
  gint64 until = spec->not_after != 0 ? spec->not_after : 4733510400;

  if (spec->key_of != NULL && EVP_PKEY_up_ref (spec->key_of->key) == 1)
    kit->key = spec->key_of->key;
  else
    kit->key = spec->rsa_bits > 0 ? EVP_RSA_gen (spec->rsa_bits) : EVP_EC_gen ("P-256");
  kit->x509 = X509_new ();
  X509_set_version (kit->x509, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (kit->x509), serial++);
  ASN1_TIME_set (X509_getm_notBefore (kit->x509), (time_t) from);
  ASN1_TIME_set (X509_getm_notAfter (kit->x509), (time_t) until);
  set_name (X509_get_subject_name (kit->x509), spec);
  X509_set_issuer_name (kit->x509, X509_get_subject_name (spec->issuer != NULL ? spec->issuer->x509 : kit->x509));
  X509_set_pubkey (kit->x509, kit->key);
  add_extensions (kit, spec);
  EVP_MD *digest = EVP_MD_fetch (NULL, spec->digest != NULL ? spec->digest : "SHA256", NULL);
  g_assert_cmpint (X509_sign (kit->x509, spec->issuer != NULL ? spec->issuer->key : kit->key, digest), >, 0);
  EVP_MD_free (digest);
  return kit;
}

void
kit_free (Kit *kit)
{
  EVP_PKEY_free (kit->key);
  X509_free (kit->x509);
  g_free (kit);
}

GBytes *
kit_dup_der (const Kit *kit)
{
  unsigned char *bytes = NULL;
  int length = i2d_X509 (kit->x509, &bytes);

  g_assert_cmpint (length, >, 0);
  GBytes *der = g_bytes_new (bytes, (gsize) length);
  OPENSSL_free (bytes);
  return der;
}

static char *
take_text (BIO *bio)
{
  char *data = NULL;
  long length = BIO_get_mem_data (bio, &data);
  char *text = g_strndup (data, (gsize) length);

  BIO_free (bio);
  return text;
}

char *
kit_dup_pem (const Kit *kit)
{
  BIO *bio = BIO_new (BIO_s_mem ());

  g_assert_cmpint (PEM_write_bio_X509 (bio, kit->x509), ==, 1);
  return take_text (bio);
}

char *
kit_dup_key_pem (const Kit *kit)
{
  BIO *bio = BIO_new (BIO_s_mem ());

  g_assert_cmpint (PEM_write_bio_PrivateKey (bio, kit->key, NULL, NULL, 0, NULL, NULL), ==, 1);
  return take_text (bio);
}

char *
kit_revoke (const Kit *issuer, const Kit *revoked)
{
  X509_CRL *list = X509_CRL_new ();
  ASN1_TIME *from = ASN1_TIME_set (NULL, 1577836800), *until = ASN1_TIME_set (NULL, (time_t) 4733510400);
  BIO *bio = BIO_new (BIO_s_mem ());

  X509_CRL_set_version (list, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name (list, X509_get_subject_name (issuer->x509));
  X509_CRL_set1_lastUpdate (list, from);
  X509_CRL_set1_nextUpdate (list, until);
  if (revoked != NULL)
    {
      X509_REVOKED *entry = X509_REVOKED_new ();
      X509_REVOKED_set_serialNumber (entry, X509_get_serialNumber (revoked->x509));
      X509_REVOKED_set_revocationDate (entry, from);
      X509_CRL_add0_revoked (list, entry);
    }
  X509_CRL_sort (list);
  g_assert_cmpint (X509_CRL_sign (list, issuer->key, EVP_sha256 ()), >, 0);
  g_assert_cmpint (PEM_write_bio_X509_CRL (bio, list), ==, 1);
  ASN1_TIME_free (from);
  ASN1_TIME_free (until);
  X509_CRL_free (list);
  return take_text (bio);
}

static GPtrArray *
collect (const Kit *first, va_list rest)
{
  GPtrArray *ders = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  for (const Kit *kit = first; kit != NULL; kit = va_arg (rest, const Kit *))
    g_ptr_array_add (ders, kit_dup_der (kit));
  return ders;
}

GPtrArray *
kit_chain (const Kit *first, ...)
{
  va_list rest;

  va_start (rest, first);
  g_autoptr (GPtrArray) ders = collect (first, rest);
  va_end (rest);
  return qs_certificate_chain_new (ders);
}

GBytes *
kit_pack (const Kit *first, ...)
{
  va_list rest;

  va_start (rest, first);
  g_autoptr (GPtrArray) ders = collect (first, rest);
  va_end (rest);
  return qs_certificate_ders_pack (ders);
}
