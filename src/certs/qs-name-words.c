/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a certificate is not for the name or address that was asked for. */
#include <gio/gio.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "certs/qs-certificate-private.h"
#include "certs/qs-fault.h"

#define MOST_NAMES 20 /* in one sentence */

static char *
join_names (const char *const *names)
{
  guint n = g_strv_length ((char **) names);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < MIN (n, MOST_NAMES); i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", names[i]);
  if (n > MOST_NAMES)
    g_string_append_printf (text, _ (" and %u more"), n - MOST_NAMES);
  return g_string_free (text, FALSE);
}

/* Of a DNS entry, raw; NULL where it is none or holds a NUL. */
static char *
dup_dns (const GENERAL_NAME *name)
{
  if (name->type != GEN_DNS)
    return NULL;
  const char *data = (const char *) ASN1_STRING_get0_data (name->d.dNSName);
  gsize length = (gsize) ASN1_STRING_length (name->d.dNSName);
  return memchr (data, '\0', length) == NULL ? g_strndup (data, length) : NULL;
}

static gboolean
ends_in (const char *host, const char *suffix)
{
  gsize length = strlen (host), end = strlen (suffix);

  return length >= end && g_ascii_strcasecmp (host + length - end, suffix) == 0;
}

/* Each looks at one DNS entry of the certificate, and says why it does not fit; NULL: nothing to say. */
typedef char *(*WhyFunc) (const char *entry, const char *shown, const char *host);

/* RFC 9525 section 6.5: an address is compared with entries of the type iPAddress alone. */
static char *
why_address (const char *entry, const char *shown, const char *host)
{
  if (!g_hostname_is_ip_address (host) || g_ascii_strcasecmp (entry, host) != 0)
    return NULL;
  return g_strdup_printf (
      _ ("The address %s stands there as a DNS name, which does not count: it needs an entry of the "
         "type IP address."),
      shown);
}

/* RFC 9525 section 6.3: one whole label, the leftmost. */
static char *
why_wildcard (const char *entry, const char *shown, const char *host)
{
  if (strchr (entry, '*') == NULL || g_hostname_is_ip_address (host))
    return NULL;
  if (strncmp (entry, "*.", 2) != 0)
    return g_str_has_suffix (host, strrchr (entry, '*') + 1)
               ? g_strdup_printf (
                     _ ("In “%s” the * does not stand for a whole first label, and so counts for nothing."), shown)
               : NULL;
  if (g_ascii_strcasecmp (host, entry + 2) == 0)
    return g_strdup_printf (_ ("A * stands for exactly one label, so “%s” does not include the name without it."),
                            shown);
  if (ends_in (host, entry + 1) && memchr (host, '.', strlen (host) - strlen (entry + 1)) != NULL)
    return g_strdup_printf (_ ("A * stands for exactly one label, so “%s” does not reach so deep."), shown);
  return NULL;
}

static char *
why_dot (const char *entry, const char *shown, const char *host)
{
  gsize length = strlen (entry);

  if (length < 2 || entry[length - 1] != '.' || length - 1 != strlen (host) ||
      g_ascii_strncasecmp (entry, host, length - 1) != 0)
    return NULL;
  return g_strdup_printf (_ ("“%s” ends in a dot, and no name in a certificate may."), shown);
}

/* RFC 5280 section 7.2: an international name stands there in its ASCII form. */
static char *
why_international (const char *entry, const char *shown, const char *host)
{
  if (g_str_is_ascii (entry) || !g_utf8_validate (entry, -1, NULL))
    return NULL;
  g_autofree char *ascii = g_hostname_to_ascii (entry);
  if (ascii == NULL || g_ascii_strcasecmp (ascii, host) != 0)
    return NULL;
  return g_strdup_printf (_ ("“%s” is written in other letters than ASCII; in a certificate it has to be “%s”."), shown,
                          host);
}

static char *
why_www (const char *entry, const char *shown, const char *host)
{
  gboolean has_it = g_str_has_prefix (host, "www.") && g_ascii_strcasecmp (host + 4, entry) == 0;
  gboolean lacks_it = g_ascii_strncasecmp (entry, "www.", 4) == 0 && g_ascii_strcasecmp (entry + 4, host) == 0;

  if (!has_it && !lacks_it)
    return NULL;
  return g_strdup_printf (_ ("“%s” is another name: with “www.” and without are two entries."), shown);
}

static char *
why_of_entries (X509 *x509, const char *host)
{
  static const WhyFunc reasons[] = { why_address, why_wildcard, why_dot, why_international, why_www };
  GENERAL_NAMES *names = X509_get_ext_d2i (x509, NID_subject_alt_name, NULL, NULL);
  char *why = NULL;

  for (int i = 0; i < sk_GENERAL_NAME_num (names) && why == NULL; i++)
    {
      g_autofree char *entry = dup_dns (sk_GENERAL_NAME_value (names, i));
      g_autofree char *shown = entry != NULL ? qs_text_escape_short (entry, -1, 100) : NULL;
      for (guint k = 0; entry != NULL && k < G_N_ELEMENTS (reasons) && why == NULL; k++)
        why = reasons[k](entry, shown, host);
    }
  GENERAL_NAMES_free (names);
  return why;
}

static gboolean
common_name_is (X509 *x509, const char *host)
{
  const X509_NAME *subject = X509_get_subject_name (x509);
  int at = X509_NAME_get_index_by_NID (subject, NID_commonName, -1);
  const X509_NAME_ENTRY *entry = at >= 0 ? X509_NAME_get_entry (subject, at) : NULL;
  const ASN1_STRING *text = entry != NULL ? X509_NAME_ENTRY_get_data (entry) : NULL;

  return text != NULL && (gsize) ASN1_STRING_length (text) == strlen (host) &&
         g_ascii_strncasecmp ((const char *) ASN1_STRING_get0_data (text), host, strlen (host)) == 0;
}

/* What else would explain it; NULL: nothing. */
static char *
why_of_subject (QsCertificate *certificate, const char *host)
{
  const char *const *names = qs_certificate_get_names (certificate);

  if (common_name_is (qs_certificate_get_x509 (certificate), host))
    return g_strdup (names[0] != NULL
                         ? _ ("The common name of its subject is the one asked for, but where a certificate has "
                              "alternative names they alone count.")
                         : _ ("The common name of its subject is the one asked for, but an address counts only as an "
                              "alternative name of the type IP address."));
  if (!g_hostname_is_ip_address (host))
    return NULL;
  for (guint i = 0; names[i] != NULL; i++)
    if (g_hostname_is_ip_address (names[i]))
      return NULL;
  return g_strdup (_ ("It names no address at all: connect by one of its names."));
}

char *
qs_name_mismatch_words (QsCertificate *certificate, const char *host)
{
  g_return_val_if_fail (certificate != NULL && host != NULL, NULL);

  g_autofree char *shown = qs_text_escape_short (host, -1, 260);
  const char *const *names = qs_certificate_get_names (certificate);
  const char *subject = qs_certificate_get_subject (certificate);
  g_autofree char *why = why_of_entries (qs_certificate_get_x509 (certificate), host);
  if (why == NULL)
    why = why_of_subject (certificate, host);
  g_autofree char *first = NULL;
  if (names[0] != NULL)
    {
      g_autofree char *list = join_names (names);
      first = g_strdup_printf (_ ("“%s” was asked for, and the certificate is for: %s."), shown, list);
    }
  else if (*subject != '\0')
    first = g_strdup_printf (
        _ ("The certificate names no host at all, so it cannot be the one of “%s” (its subject is “%s”)."), shown,
        subject);
  else
    first = g_strdup_printf (
        _ ("The certificate names no host at all, so it cannot be the one of “%s”: its subject is empty too."), shown);
  return why != NULL ? g_strdup_printf ("%s %s", first, why) : g_steal_pointer (&first);
}
