/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/qs-i18n.h"
#include "base/qs-span.h"
#include "base/qs-text.h"
#include "certs/qs-certificate-private.h"

static const struct {
  int nid;
  const char *title;
} attributes[] = {
  { NID_commonName, N_ ("Common name") },
  { NID_organizationName, N_ ("Organization") },
  { NID_organizationalUnitName, N_ ("Organizational unit") },
  { NID_countryName, N_ ("Country") },
  { NID_stateOrProvinceName, N_ ("State or province") },
  { NID_localityName, N_ ("Locality") },
  { NID_streetAddress, N_ ("Street") },
  { NID_postalCode, N_ ("Postal code") },
  { NID_serialNumber, N_ ("Serial number of the subject") },
  { NID_domainComponent, N_ ("Domain component") },
  { NID_pkcs9_emailAddress, N_ ("E-mail address") },
  { NID_givenName, N_ ("Given name") },
  { NID_surname, N_ ("Surname") },
  { NID_title, N_ ("Title") },
  { NID_organizationIdentifier, N_ ("Organization identifier") },
  { NID_businessCategory, N_ ("Business category") },
};

static void
field_free (QsCertificateField *field)
{
  g_free (field->label);
  g_free (field->value);
  g_free (field);
}

void
qs_certificate_section_free (QsCertificateSection *section)
{
  g_free (section->title);
  g_ptr_array_unref (section->fields);
  g_free (section);
}

QsCertificateSection *
qs_certificate_section_new (const char *title)
{
  QsCertificateSection *section = g_new0 (QsCertificateSection, 1);

  section->title = g_strdup (title);
  section->fields = g_ptr_array_new_with_free_func ((GDestroyNotify) field_free);
  return section;
}

/* Takes value. */
QsCertificateField *
qs_certificate_section_add (QsCertificateSection *section, const char *label, char *value)
{
  QsCertificateField *field = g_new0 (QsCertificateField, 1);

  field->label = g_strdup (label);
  field->value = value;
  g_ptr_array_add (section->fields, field);
  return field;
}

static char *
colon_hex (const guint8 *bytes, gsize length)
{
  GString *text = g_string_sized_new (3 * length);

  for (gsize i = 0; i < length; i++)
    g_string_append_printf (text, "%s%02X", i > 0 ? ":" : "", bytes[i]);
  return g_string_free (text, FALSE);
}

static void
add_hex (QsCertificateSection *section, const char *label, const guint8 *bytes, gsize length)
{
  qs_certificate_section_add (section, label, colon_hex (bytes, length))->monospace = TRUE;
}

static char *
attribute_label (const ASN1_OBJECT *object)
{
  int nid = OBJ_obj2nid (object);
  for (guint i = 0; i < G_N_ELEMENTS (attributes); i++)
    {
      if (attributes[i].nid == nid)
        return g_strdup (_ (attributes[i].title));
    }

  char oid[128];
  OBJ_obj2txt (oid, sizeof oid, object, 0);
  return qs_text_escape (oid, -1);
}

static QsCertificateSection *
name_section (const char *title, const X509_NAME *name)
{
  QsCertificateSection *section = qs_certificate_section_new (title);

  for (int i = 0; i < X509_NAME_entry_count (name); i++)
    {
      const X509_NAME_ENTRY *entry = X509_NAME_get_entry (name, i);
      g_autofree char *label = attribute_label (X509_NAME_ENTRY_get_object (entry));
      unsigned char *utf8 = NULL;
      int length = ASN1_STRING_to_UTF8 (&utf8, X509_NAME_ENTRY_get_data (entry));
      qs_certificate_section_add (section, label,
                                  length >= 0 ? qs_text_escape (utf8, length) : g_strdup (_ ("not readable")));
      OPENSSL_free (utf8);
    }
  if (section->fields->len == 0)
    qs_certificate_section_add (section, _ ("Name"), g_strdup (_ ("empty")));
  return section;
}

static QsCertificateSection *
certificate_section (X509 *x509)
{
  QsCertificateSection *section = qs_certificate_section_new (_ ("Certificate"));
  const ASN1_INTEGER *serial = X509_get0_serialNumber (x509);

  qs_certificate_section_add (section, _ ("Version"), g_strdup_printf ("%ld", X509_get_version (x509) + 1));
  add_hex (section, _ ("Serial number"), ASN1_STRING_get0_data (serial), (gsize) ASN1_STRING_length (serial));
  return section;
}

static QsCertificateSection *
validity_section (QsCertificate *self, gint64 now)
{
  QsCertificateSection *section = qs_certificate_section_new (_ ("Validity"));
  gint64 from = qs_certificate_get_not_before (self), until = qs_certificate_get_not_after (self);
  gboolean early = now<from, late = now> until;
  g_autofree char *span = qs_certs_span_text (early ? from - now : until - now);

  qs_certificate_section_add (section, _ ("Not before"), qs_certs_time_text (from))->warning = early;
  qs_certificate_section_add (section, _ ("Not after"), qs_certs_time_text (until))->warning = late;
  if (until == G_MAXINT64)
    return section;
  char *state = early  ? g_strdup_printf (_ ("not yet valid: begins in %s"), span)
                : late ? g_strdup_printf (_ ("expired %s ago"), span)
                       : g_strdup_printf (_ ("valid for another %s"), span);
  qs_certificate_section_add (section, _ ("Now"), state)->warning = early || late;
  return section;
}

static QsCertificateSection *
key_section (X509 *x509)
{
  QsCertificateSection *section = qs_certificate_section_new (_ ("Public key"));
  const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr (x509);
  EVP_PKEY *key = X509_get0_pubkey (x509);

  qs_certificate_section_add (section, _ ("Kind"), qs_x509_key_text (x509))->warning = qs_x509_key_is_weak (x509);
  if (key != NULL)
    qs_certificate_section_add (section, _ ("Strength"),
                                g_strdup_printf (_ ("%d bits of security"), EVP_PKEY_get_security_bits (key)))
        ->warning = qs_x509_key_is_weak (x509);
  if (bits != NULL)
    add_hex (section, _ ("Key"), ASN1_STRING_get0_data (bits), (gsize) ASN1_STRING_length (bits));

  unsigned char *spki = NULL;
  int length = i2d_X509_PUBKEY (X509_get_X509_PUBKEY (x509), &spki);
  if (length > 0)
    {
      guint8 digest[32];
      EVP_Digest (spki, (gsize) length, digest, NULL, EVP_sha256 (), NULL);
      g_autofree char *pin = g_base64_encode (digest, sizeof digest);
      qs_certificate_section_add (section, _ ("SHA-256 of the key, base64"), g_steal_pointer (&pin))->monospace = TRUE;
    }
  OPENSSL_free (spki);
  return section;
}

static QsCertificateSection *
signature_section (QsCertificate *self, X509 *x509)
{
  QsCertificateSection *section = qs_certificate_section_new (_ ("Signature"));
  const ASN1_BIT_STRING *bits = NULL;
  const X509_ALGOR *algorithm = NULL;
  const ASN1_OBJECT *object = NULL;
  char name[128] = "";

  X509_get0_signature (&bits, &algorithm, x509);
  X509_ALGOR_get0 (&object, NULL, NULL, algorithm);
  OBJ_obj2txt (name, sizeof name, object, 0);
  qs_certificate_section_add (section, _ ("Algorithm"), qs_text_escape (name, -1))->warning =
      qs_x509_signature_is_weak (x509) && !qs_certificate_is_self_signed (self);
  add_hex (section, _ ("Value"), ASN1_STRING_get0_data (bits), (gsize) ASN1_STRING_length (bits));
  return section;
}

static QsCertificateSection *
fingerprint_section (X509 *x509)
{
  static const struct {
    const char *label;
    const EVP_MD *(*digest) (void);
  } digests[] = { { "SHA-256", EVP_sha256 }, { "SHA-1", EVP_sha1 } };
  QsCertificateSection *section = qs_certificate_section_new (_ ("Fingerprints"));

  for (guint i = 0; i < G_N_ELEMENTS (digests); i++)
    {
      guint8 bytes[EVP_MAX_MD_SIZE];
      unsigned int length = 0;
      if (X509_digest (x509, digests[i].digest (), bytes, &length) == 1)
        add_hex (section, digests[i].label, bytes, length);
    }
  return section;
}

GPtrArray *
qs_certificate_sections_new (QsCertificate *self, gint64 now_s)
{
  GPtrArray *sections = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_certificate_section_free);
  X509 *x509 = qs_certificate_get_x509 (self);

  g_ptr_array_add (sections, name_section (_ ("Subject"), X509_get_subject_name (x509)));
  g_ptr_array_add (sections, name_section (_ ("Issuer"), X509_get_issuer_name (x509)));
  g_ptr_array_add (sections, certificate_section (x509));
  g_ptr_array_add (sections, validity_section (self, now_s));
  g_ptr_array_add (sections, key_section (x509));
  qs_certificate_sections_add_extensions (sections, x509);
  g_ptr_array_add (sections, signature_section (self, x509));
  g_ptr_array_add (sections, fingerprint_section (x509));
  return sections;
}
