/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <openssl/ct.h>
#include <openssl/x509v3.h>

#include "base/qs-i18n.h"
#include "base/qs-span.h"
#include "base/qs-text.h"
#include "certs/qs-certificate-private.h"

/* Reads a decoded extension into fields. */
typedef void (*ExtensionFunc) (QsCertificateSection *section, void *value);

static void
add_bytes (QsCertificateSection *section, const char *label, const guint8 *bytes, gsize length)
{
  qs_certificate_section_add (section, label, qs_span_to_hex (QS_SPAN (bytes, length)))->monospace = TRUE;
}

static void
add_octets (QsCertificateSection *section, const char *label, const ASN1_STRING *octets)
{
  add_bytes (section, label, ASN1_STRING_get0_data (octets), (gsize) ASN1_STRING_length (octets));
}

static const char *
general_name_label (const GENERAL_NAME *name)
{
  static const char *const labels[] = {
    [GEN_OTHERNAME] = N_ ("Other name"),
    [GEN_EMAIL] = N_ ("E-mail address"),
    [GEN_DNS] = N_ ("DNS name"),
    [GEN_X400] = N_ ("X.400 address"),
    [GEN_DIRNAME] = N_ ("Directory name"),
    [GEN_EDIPARTY] = N_ ("EDI party"),
    [GEN_URI] = N_ ("URI"),
    [GEN_IPADD] = N_ ("IP address"),
    [GEN_RID] = N_ ("Registered OID"),
  };

  return name->type >= 0 && name->type < (int) G_N_ELEMENTS (labels) ? _ (labels[name->type]) : _ ("Name");
}

static void
add_general_names (QsCertificateSection *section, const char *label, const GENERAL_NAMES *names)
{
  for (int i = 0; i < sk_GENERAL_NAME_num (names); i++)
    {
      const GENERAL_NAME *name = sk_GENERAL_NAME_value (names, i);
      qs_certificate_section_add (section, label != NULL ? label : general_name_label (name),
                                  qs_general_name_text (name));
    }
}

static void
read_names (QsCertificateSection *section, void *value)
{
  add_general_names (section, NULL, value);
}

static void
read_key_usage (QsCertificateSection *section, void *value)
{
  static const char *const usages[] = {
    N_ ("digital signature"), N_ ("non-repudiation"), N_ ("key encipherment"),
    N_ ("data encipherment"), N_ ("key agreement"),   N_ ("certificate signing"),
    N_ ("CRL signing"),       N_ ("encipher only"),   N_ ("decipher only"),
  };
  g_autoptr (GPtrArray) words = g_ptr_array_new ();

  for (int bit = 0; bit < (int) G_N_ELEMENTS (usages); bit++)
    {
      if (ASN1_BIT_STRING_get_bit (value, bit))
        g_ptr_array_add (words, (gpointer) _ (usages[bit]));
    }
  g_ptr_array_add (words, NULL);
  qs_certificate_section_add (section, _ ("Allowed for"), g_strjoinv (", ", (char **) words->pdata));
}

static void
read_extended_key_usage (QsCertificateSection *section, void *value)
{
  EXTENDED_KEY_USAGE *usages = value;

  for (int i = 0; i < sk_ASN1_OBJECT_num (usages); i++)
    {
      char text[128] = "", oid[128] = "";
      OBJ_obj2txt (text, sizeof text, sk_ASN1_OBJECT_value (usages, i), 0);
      OBJ_obj2txt (oid, sizeof oid, sk_ASN1_OBJECT_value (usages, i), 1);
      qs_certificate_section_add (section, _ ("Allowed for"),
                                  g_str_equal (text, oid) ? g_strdup (oid) : g_strdup_printf ("%s (%s)", text, oid));
    }
}

static void
read_basic_constraints (QsCertificateSection *section, void *value)
{
  const BASIC_CONSTRAINTS *constraints = value;

  qs_certificate_section_add (section, _ ("Certificate authority"), g_strdup (constraints->ca ? _ ("yes") : _ ("no")));
  if (constraints->pathlen != NULL)
    qs_certificate_section_add (section, _ ("Most CAs below it"),
                                g_strdup_printf ("%ld", ASN1_INTEGER_get (constraints->pathlen)));
}

static void
read_subject_key_id (QsCertificateSection *section, void *value)
{
  add_octets (section, _ ("Key identifier"), value);
}

static void
read_authority_key_id (QsCertificateSection *section, void *value)
{
  const AUTHORITY_KEYID *id = value;

  if (id->keyid != NULL)
    add_octets (section, _ ("Key identifier"), id->keyid);
  if (id->issuer != NULL)
    add_general_names (section, _ ("Issuer of the issuer"), id->issuer);
  if (id->serial != NULL)
    add_octets (section, _ ("Serial number of the issuer"), id->serial);
}

static void
read_authority_access (QsCertificateSection *section, void *value)
{
  AUTHORITY_INFO_ACCESS *access = value;

  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num (access); i++)
    {
      const ACCESS_DESCRIPTION *description = sk_ACCESS_DESCRIPTION_value (access, i);
      int nid = OBJ_obj2nid (description->method);
      char method[128] = "";
      OBJ_obj2txt (method, sizeof method, description->method, 0);
      qs_certificate_section_add (section,
                                  nid == NID_ad_ca_issuers ? _ ("Issuer's certificate")
                                  : nid == NID_ad_OCSP     ? _ ("Status (OCSP)")
                                                           : method,
                                  qs_general_name_text (description->location));
    }
}

static void
read_crl_points (QsCertificateSection *section, void *value)
{
  CRL_DIST_POINTS *points = value;

  for (int i = 0; i < sk_DIST_POINT_num (points); i++)
    {
      const DIST_POINT *point = sk_DIST_POINT_value (points, i);
      if (point->distpoint != NULL && point->distpoint->type == 0)
        add_general_names (section, _ ("Revocation list"), point->distpoint->name.fullname);
      if (point->CRLissuer != NULL)
        add_general_names (section, _ ("Issuer of the list"), point->CRLissuer);
    }
}

static void
read_policies (QsCertificateSection *section, void *value)
{
  CERTIFICATEPOLICIES *policies = value;

  for (int i = 0; i < sk_POLICYINFO_num (policies); i++)
    {
      const POLICYINFO *policy = sk_POLICYINFO_value (policies, i);
      char text[160] = "";
      OBJ_obj2txt (text, sizeof text, policy->policyid, 0);
      qs_certificate_section_add (section, _ ("Policy"), qs_text_escape (text, -1));
      for (int j = 0; j < sk_POLICYQUALINFO_num (policy->qualifiers); j++)
        {
          const POLICYQUALINFO *qualifier = sk_POLICYQUALINFO_value (policy->qualifiers, j);
          if (OBJ_obj2nid (qualifier->pqualid) == NID_id_qt_cps)
            qs_certificate_section_add (section, _ ("Practice statement"),
                                        qs_text_escape (ASN1_STRING_get0_data (qualifier->d.cpsuri),
                                                        ASN1_STRING_length (qualifier->d.cpsuri)));
        }
    }
}

static void
read_tls_features (QsCertificateSection *section, void *value)
{
  TLS_FEATURE *features = value;

  for (int i = 0; i < sk_ASN1_INTEGER_num (features); i++)
    {
      long feature = ASN1_INTEGER_get (sk_ASN1_INTEGER_value (features, i));
      qs_certificate_section_add (section, _ ("The server must send"),
                                  feature == 5 ? g_strdup (_ ("a stapled OCSP answer (status_request)"))
                                               : g_strdup_printf (_ ("TLS extension %ld"), feature));
    }
}

#define CLOCK_SKEW_S 300

void
qs_certificate_section_add_scts (QsCertificateSection *section, void *value)
{
  STACK_OF (SCT) *scts = value;
  gint64 now_s = g_get_real_time () / G_USEC_PER_SEC;

  for (int i = 0; i < sk_SCT_num (scts); i++)
    {
      const SCT *sct = sk_SCT_value (scts, i);
      unsigned char *log_id = NULL;
      gsize length = SCT_get0_log_id (sct, &log_id);
      add_bytes (section, _ ("Log"), log_id, length);
      gint64 logged_s = (gint64) (SCT_get_timestamp (sct) / 1000);
      g_autofree char *time = qs_certs_time_text (logged_s);
      qs_certificate_section_add (section, _ ("Logged at"),
                                  logged_s > now_s + CLOCK_SKEW_S
                                      ? g_strdup_printf (_ ("%s, which lies in the future"), time)
                                      : g_steal_pointer (&time));
    }
  /* RFC 6962 section 3.2: that takes each log's public key. */
  if (sk_SCT_num (scts) > 0)
    qs_certificate_section_add (section, _ ("Signature"),
                                g_strdup (_ ("not checked: no list of the logs' keys is kept here")));
}

static const struct {
  int nid;
  const char *title;
  ExtensionFunc read;
} extensions[] = {
  { NID_subject_alt_name, N_ ("Subject Alternative Name"), read_names },
  { NID_issuer_alt_name, N_ ("Issuer Alternative Name"), read_names },
  { NID_key_usage, N_ ("Key Usage"), read_key_usage },
  { NID_ext_key_usage, N_ ("Extended Key Usage"), read_extended_key_usage },
  { NID_basic_constraints, N_ ("Basic Constraints"), read_basic_constraints },
  { NID_subject_key_identifier, N_ ("Subject Key Identifier"), read_subject_key_id },
  { NID_authority_key_identifier, N_ ("Authority Key Identifier"), read_authority_key_id },
  { NID_info_access, N_ ("Authority Information Access"), read_authority_access },
  { NID_sinfo_access, N_ ("Subject Information Access"), read_authority_access },
  { NID_crl_distribution_points, N_ ("CRL Distribution Points"), read_crl_points },
  { NID_certificate_policies, N_ ("Certificate Policies"), read_policies },
  { NID_tlsfeature, N_ ("TLS Features"), read_tls_features },
  { NID_ct_precert_scts, N_ ("Signed Certificate Timestamps"), qs_certificate_section_add_scts },
};

/* The extension's own item frees what it decoded: the tables of OpenSSL know how. */
static void
free_decoded (X509_EXTENSION *extension, void *value)
{
  const X509V3_EXT_METHOD *method = X509V3_EXT_get (extension);

  if (method->it != NULL)
    ASN1_item_free (value, ASN1_ITEM_ptr (method->it));
  else if (method->ext_free != NULL)
    method->ext_free (value);
}

static gboolean
read_known (QsCertificateSection *section, X509_EXTENSION *extension, ExtensionFunc read)
{
  void *value = X509V3_EXT_d2i (extension);

  if (value == NULL)
    return FALSE;
  read (section, value);
  free_decoded (extension, value);
  return TRUE;
}

/* What OpenSSL can print of an extension that has no reader here. Its text holds the peer's bytes. */
static gboolean
read_printed (QsCertificateSection *section, X509_EXTENSION *extension)
{
  BIO *bio = BIO_new (BIO_s_mem ());
  char *bytes = NULL;
  gboolean printed = bio != NULL && X509V3_EXT_get (extension) != NULL && X509V3_EXT_print (bio, extension, 0, 0) == 1;
  long length = bio != NULL ? BIO_get_mem_data (bio, &bytes) : 0;

  /* An empty value prints as nothing, and then bytes is NULL. */
  printed = printed && length > 0;
  if (printed)
    {
      g_autofree char *text = g_strndup (bytes, (gsize) length);
      g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
      for (guint i = 0; lines[i] != NULL; i++)
        {
          g_strstrip (lines[i]);
          if (lines[i][0] != '\0')
            qs_certificate_section_add (section, _ ("Value"), qs_text_escape (lines[i], -1));
        }
    }
  BIO_free (bio);
  return printed;
}

static QsCertificateSection *
extension_section (X509_EXTENSION *extension)
{
  const ASN1_OBJECT *object = X509_EXTENSION_get_object (extension);
  int nid = OBJ_obj2nid (object);
  QsCertificateSection *section = NULL;
  ExtensionFunc read = NULL;
  char name[160] = "", oid[160] = "";

  OBJ_obj2txt (name, sizeof name, object, 0);
  OBJ_obj2txt (oid, sizeof oid, object, 1);
  for (guint i = 0; i < G_N_ELEMENTS (extensions) && section == NULL && nid != NID_undef; i++)
    {
      if (extensions[i].nid != nid)
        continue;
      section = qs_certificate_section_new (_ (extensions[i].title));
      read = extensions[i].read;
    }
  if (section == NULL)
    {
      g_autofree char *title = nid == NID_undef ? g_strdup_printf (_ ("Extension %s"), oid) : qs_text_escape (name, -1);
      section = qs_certificate_section_new (title);
      qs_certificate_section_add (section, "OID", g_strdup (oid))->monospace = TRUE;
    }
  if ((read == NULL || !read_known (section, extension, read)) && !read_printed (section, extension))
    add_octets (section, _ ("Bytes"), X509_EXTENSION_get_data (extension));
  qs_certificate_section_add (section, _ ("Critical"),
                              g_strdup (X509_EXTENSION_get_critical (extension) ? _ ("yes") : _ ("no")));
  return section;
}

void
qs_certificate_sections_add_extensions (GPtrArray *sections, X509 *x509)
{
  for (int i = 0; i < X509_get_ext_count (x509); i++)
    /* From 4.0 on it is const there, and before that the functions that read it take none that is. */
    g_ptr_array_add (sections, extension_section ((X509_EXTENSION *) X509_get_ext (x509, i)));
}
