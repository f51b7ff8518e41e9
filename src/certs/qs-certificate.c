/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/qs-certificate.h"

#include <gio/gio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-span.h"
#include "base/qs-text.h"
#include "certs/qs-certificate-private.h"

/* The same few chains come again and again, as of a batch's runs, and twice within each: those are not read anew. */
#define MOST_RECENT 32
#define MOST_RECENT_BYTES (16 * 1024) /* of one that is held on to */
/* Sections say in how many days it expires. */
#define RECENT_US (60 * G_USEC_PER_SEC)

struct _QsCertificate {
  gatomicrefcount ref_count;
  GBytes *der;
  X509 *x509;
  char *subject;
  char *issuer;
  char *common_name;
  char *sha256;
  char *key;
  char **names;
  gint64 not_before;
  gint64 not_after;
  gboolean self_signed;
  gboolean ca;
  gint64 read_us; /* monotonic: when it was read */
  gsize sections_once;
  GPtrArray *sections;
};

/* RFC 4514's own escapes use the backslash that qs_text_escape() would double: the pieces between them are
 * escaped, the backslashes stay. */
char *
qs_x509_name_text (const X509_NAME *name)
{
  g_autoptr (GString) text = g_string_new (NULL);
  BIO *bio = BIO_new (BIO_s_mem ());
  char *bytes = NULL;

  if (bio != NULL)
    X509_NAME_print_ex (bio, name, 0, (XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) | ASN1_STRFLGS_UTF8_CONVERT);
  long length = bio != NULL ? BIO_get_mem_data (bio, &bytes) : 0;
  for (const char *at = bytes, *end = bytes + length; at < end;)
    {
      const char *slash = memchr (at, '\\', (gsize) (end - at));
      const char *stop = slash != NULL ? slash : end;
      g_autofree char *piece = qs_text_escape (at, stop - at);
      g_string_append (text, piece);
      if (slash != NULL)
        g_string_append_c (text, '\\');
      at = slash != NULL ? slash + 1 : end;
      if (slash != NULL && at < end && *at == '\\')
        {
          g_string_append_c (text, '\\');
          at++;
        }
    }
  BIO_free (bio);
  return g_strdup (text->str);
}

gboolean
qs_asn1_time_to_unix (const ASN1_TIME *time, gint64 *seconds)
{
  struct tm tm;

  if (time == NULL || ASN1_TIME_to_tm (time, &tm) != 1)
    return FALSE;
  g_autoptr (GDateTime) date =
      g_date_time_new_utc (tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, MIN (tm.tm_sec, 59));
  if (date == NULL)
    return FALSE;
  *seconds = g_date_time_to_unix (date);
  return TRUE;
}

static char *
ip_address_text (const ASN1_OCTET_STRING *address)
{
  int length = ASN1_STRING_length (address);
  const guint8 *bytes = ASN1_STRING_get0_data (address);

  if (length != 4 && length != 16)
    return qs_span_to_hex (QS_SPAN (bytes, (gsize) length));
  g_autoptr (GInetAddress) inet =
      g_inet_address_new_from_bytes (bytes, length == 4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  return g_inet_address_to_string (inet);
}

char *
qs_general_name_text (const void *general_name)
{
  const GENERAL_NAME *name = general_name;

  switch (name->type)
    {
    case GEN_DNS:
    case GEN_EMAIL:
    case GEN_URI:
      return qs_text_escape (ASN1_STRING_get0_data (name->d.ia5), ASN1_STRING_length (name->d.ia5));
    case GEN_IPADD:
      return ip_address_text (name->d.iPAddress);
    case GEN_DIRNAME:
      return qs_x509_name_text (name->d.directoryName);
      case GEN_RID: {
        char oid[128];
        OBJ_obj2txt (oid, sizeof oid, name->d.registeredID, 1);
        return g_strdup (oid);
      }
    default:
      return g_strdup (_ ("a name of a kind that Quicscope does not read"));
    }
}

static char *
last_attribute (const X509_NAME *name, int nid)
{
  int last = -1;
  for (int at = -1; (at = X509_NAME_get_index_by_NID (name, nid, at)) >= 0;)
    last = at;
  if (last < 0)
    return NULL;

  unsigned char *utf8 = NULL;
  int length = ASN1_STRING_to_UTF8 (&utf8, X509_NAME_ENTRY_get_data (X509_NAME_get_entry (name, last)));
  if (length <= 0)
    {
      OPENSSL_free (utf8);
      return NULL;
    }
  char *text = qs_text_escape (utf8, length);
  OPENSSL_free (utf8);
  return text;
}

static char *
dup_common_name (QsCertificate *self)
{
  static const int nids[] = { NID_commonName, NID_organizationalUnitName, NID_organizationName };

  for (guint i = 0; i < G_N_ELEMENTS (nids); i++)
    {
      char *text = last_attribute (X509_get_subject_name (self->x509), nids[i]);
      if (text != NULL)
        return text;
    }
  if (self->names[0] != NULL)
    return g_strdup (self->names[0]);
  return g_strdup (self->subject[0] != '\0' ? self->subject : _ ("a certificate with no name"));
}

static char **
dup_names (X509 *x509)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  GENERAL_NAMES *list = X509_get_ext_d2i (x509, NID_subject_alt_name, NULL, NULL);

  for (int i = 0; i < sk_GENERAL_NAME_num (list); i++)
    {
      const GENERAL_NAME *name = sk_GENERAL_NAME_value (list, i);
      if (name->type != GEN_DNS && name->type != GEN_IPADD)
        continue;
      g_autofree char *text = qs_general_name_text (name);
      g_strv_builder_add (names, text);
    }
  GENERAL_NAMES_free (list);
  return g_strv_builder_end (names);
}

/* X509_get_extension_flags() says EXFLAG_SS where the issuer's name and key id fit the certificate itself;
 * whether the signature fits as well is worth the one verification: a test CA may carry its leaf's name. */
static gboolean
vouches_for_itself (X509 *x509)
{
  return (X509_get_extension_flags (x509) & EXFLAG_SS) != 0 && X509_self_signed (x509, 1) == 1;
}

static void
read_facts (QsCertificate *self)
{
  if (!qs_asn1_time_to_unix (X509_get0_notBefore (self->x509), &self->not_before))
    self->not_before = G_MININT64;
  if (!qs_asn1_time_to_unix (X509_get0_notAfter (self->x509), &self->not_after))
    self->not_after = G_MAXINT64;
  self->subject = qs_x509_name_text (X509_get_subject_name (self->x509));
  self->issuer = qs_x509_name_text (X509_get_issuer_name (self->x509));
  self->names = dup_names (self->x509);
  self->common_name = dup_common_name (self);
  self->sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, self->der);
  self->key = qs_x509_key_text (self->x509);
  self->self_signed = vouches_for_itself (self->x509);
  self->ca = X509_check_ca (self->x509) > 0;
}

/* --- Those that were read lately --- */

G_LOCK_DEFINE_STATIC (recent);
static QsCertificate *recent[MOST_RECENT];
static guint next_recent;

static QsCertificate *
find_recent (GBytes *der)
{
  QsCertificate *found = NULL;
  gint64 since = g_get_monotonic_time () - RECENT_US;

  G_LOCK (recent);
  for (guint i = 0; i < MOST_RECENT && recent[i] != NULL && found == NULL; i++)
    if (recent[i]->read_us >= since && g_bytes_equal (recent[i]->der, der))
      found = qs_certificate_ref (recent[i]);
  G_UNLOCK (recent);
  return found;
}

static void
keep_recent (QsCertificate *self)
{
  if (g_bytes_get_size (self->der) > MOST_RECENT_BYTES)
    return;
  G_LOCK (recent);
  QsCertificate *oldest = recent[next_recent];
  recent[next_recent] = qs_certificate_ref (self);
  next_recent = (next_recent + 1) % MOST_RECENT;
  G_UNLOCK (recent);
  if (oldest != NULL)
    qs_certificate_unref (oldest);
}

QsCertificate *
qs_certificate_new_from_der (GBytes *der, GError **error)
{
  g_return_val_if_fail (der != NULL, NULL);

  QsCertificate *known = find_recent (der);
  if (known != NULL)
    return known;

  gsize size;
  const guint8 *at = g_bytes_get_data (der, &size);
  const guint8 *end = size > 0 ? at + size : at; /* no bytes may come as NULL */

  ERR_clear_error ();
  X509 *x509 = size > 0 && size <= G_MAXINT ? d2i_X509 (NULL, &at, (long) size) : NULL;
  ERR_clear_error ();
  if (x509 == NULL || at != end)
    {
      X509_free (x509);
      g_set_error_literal (error, QS_ERROR, QS_ERROR_PARSE, _ ("These bytes are not an X.509 certificate."));
      return NULL;
    }

  QsCertificate *self = g_new0 (QsCertificate, 1);
  g_atomic_ref_count_init (&self->ref_count);
  /* Of its own: what der is a piece of, a file perhaps, is not held on to. */
  self->der = g_bytes_new (g_bytes_get_data (der, NULL), size);
  self->x509 = x509;
  self->read_us = g_get_monotonic_time ();
  read_facts (self);
  ERR_clear_error ();
  keep_recent (self);
  return self;
}

QsCertificate *
qs_certificate_ref (QsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
qs_certificate_unref (QsCertificate *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->sections, g_ptr_array_unref);
  g_bytes_unref (self->der);
  X509_free (self->x509);
  g_free (self->subject);
  g_free (self->issuer);
  g_free (self->common_name);
  g_free (self->sha256);
  g_free (self->key);
  g_strfreev (self->names);
  g_free (self);
}

X509 *
qs_certificate_get_x509 (QsCertificate *self)
{
  return self->x509;
}

const char *
qs_certificate_get_subject (QsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->subject;
}

const char *
qs_certificate_get_issuer (QsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->issuer;
}

const char *
qs_certificate_get_common_name (QsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->common_name;
}

gint64
qs_certificate_get_not_before (QsCertificate *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->not_before;
}

gint64
qs_certificate_get_not_after (QsCertificate *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->not_after;
}

const char *const *
qs_certificate_get_names (QsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *) self->names;
}

const char *
qs_certificate_get_sha256 (QsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->sha256;
}

gboolean
qs_certificate_is_self_signed (QsCertificate *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->self_signed;
}

gboolean
qs_certificate_is_ca (QsCertificate *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->ca;
}

gboolean
qs_certificate_is_for (QsCertificate *self, const char *host)
{
  g_return_val_if_fail (self != NULL && host != NULL, FALSE);

  if (g_hostname_is_ip_address (host))
    return X509_check_ip_asc (self->x509, host, 0) == 1;
  return X509_check_host (self->x509, host, strlen (host), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
}

gboolean
qs_certificate_is_weak (QsCertificate *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  /* A root's signature on itself proves nothing, so its hash does not matter. */
  return qs_x509_key_is_weak (self->x509) || (!self->self_signed && qs_x509_signature_is_weak (self->x509));
}

const char *
qs_certificate_get_key_description (QsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->key;
}

GPtrArray *
qs_certificate_dup_sections_at (QsCertificate *self, gint64 now_s)
{
  g_return_val_if_fail (self != NULL, NULL);

  GPtrArray *sections = qs_certificate_sections_new (self, now_s);
  ERR_clear_error ();
  return sections;
}

GPtrArray *
qs_certificate_get_sections (QsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (g_once_init_enter (&self->sections_once))
    {
      self->sections = qs_certificate_dup_sections_at (self, g_get_real_time () / G_USEC_PER_SEC);
      g_once_init_leave (&self->sections_once, 1);
    }
  return self->sections;
}

GBytes *
qs_certificate_get_der (QsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->der;
}

char *
qs_certificate_to_pem (QsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  char *bytes = NULL;
  BIO *bio = BIO_new (BIO_s_mem ());
  gboolean good = bio != NULL && PEM_write_bio_X509 (bio, self->x509) == 1;
  long length = good ? BIO_get_mem_data (bio, &bytes) : 0;
  char *pem = g_strndup (length > 0 ? bytes : "", (gsize) length);
  BIO_free (bio);
  return pem;
}

GPtrArray *
qs_certificate_chain_new (GPtrArray *ders)
{
  g_return_val_if_fail (ders != NULL, NULL);

  GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_certificate_unref);
  for (guint i = 0; i < ders->len; i++)
    {
      QsCertificate *certificate = qs_certificate_new_from_der (ders->pdata[i], NULL);
      if (certificate != NULL)
        g_ptr_array_add (chain, certificate);
    }
  return chain;
}

GPtrArray *
qs_certificate_ders_unpack (GBytes *packed)
{
  g_return_val_if_fail (packed != NULL, NULL);

  GPtrArray *ders = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  gsize size;
  const guint8 *bytes = g_bytes_get_data (packed, &size);

  for (gsize at = 0; size - at >= 4;)
    {
      guint32 length;
      memcpy (&length, bytes + at, 4);
      length = GUINT32_FROM_BE (length);
      at += 4;
      if (length > size - at)
        break;
      g_ptr_array_add (ders, g_bytes_new_from_bytes (packed, at, length));
      at += length;
    }
  return ders;
}

GBytes *
qs_certificate_ders_pack (GPtrArray *ders)
{
  g_return_val_if_fail (ders != NULL, NULL);

  GByteArray *packed = g_byte_array_new ();
  for (guint i = 0; i < ders->len; i++)
    {
      gsize size;
      const guint8 *der = g_bytes_get_data (ders->pdata[i], &size);
      guint32 length = GUINT32_TO_BE ((guint32) size);
      g_byte_array_append (packed, (const guint8 *) &length, 4);
      g_byte_array_append (packed, der, (guint) size);
    }
  return g_byte_array_free_to_bytes (packed);
}
