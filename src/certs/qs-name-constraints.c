/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which name breaks which of a CA's name constraints (RFC 5280 section 4.2.1.10): OpenSSL says no more than that one does. */
#include <gio/gio.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "certs/qs-certificate-private.h"
#include "certs/qs-fault-private.h"

typedef STACK_OF (GENERAL_SUBTREE) Subtrees;

#define MOST_BASES 20 /* in one sentence */

/* "corp.example" is that name and all below it; ".corp.example" those below it. */
static gboolean
dns_is_below (const ASN1_IA5STRING *name, const ASN1_IA5STRING *base)
{
  gsize length = (gsize) ASN1_STRING_length (name), end = (gsize) ASN1_STRING_length (base);
  const char *text = (const char *) ASN1_STRING_get0_data (name), *tail = (const char *) ASN1_STRING_get0_data (base);

  if (end == 0)
    return TRUE;
  if (length < end || g_ascii_strncasecmp (text + length - end, tail, end) != 0)
    return FALSE;
  return length == end ? TRUE : tail[0] == '.' || text[length - end - 1] == '.';
}

/* The base is an address and a mask. */
static gboolean
address_is_below (const ASN1_OCTET_STRING *name, const ASN1_OCTET_STRING *base)
{
  int length = ASN1_STRING_length (name);
  const guint8 *address = ASN1_STRING_get0_data (name), *net = ASN1_STRING_get0_data (base);

  if (ASN1_STRING_length (base) != 2 * length)
    return FALSE;
  for (int i = 0; i < length; i++)
    if (((address[i] ^ net[i]) & net[length + i]) != 0)
      return FALSE;
  return TRUE;
}

static gboolean
is_below (const GENERAL_NAME *name, const GENERAL_NAME *base)
{
  if (name->type != base->type)
    return FALSE;
  return name->type == GEN_DNS ? dns_is_below (name->d.dNSName, base->d.dNSName)
                               : address_is_below (name->d.iPAddress, base->d.iPAddress);
}

/* Whether any of them is of the name's type, and whether the name lies below one. */
static gboolean
find_base (const Subtrees *subtrees, const GENERAL_NAME *name, gboolean *any)
{
  gboolean below = FALSE;

  *any = FALSE;
  for (int i = 0; i < sk_GENERAL_SUBTREE_num (subtrees); i++)
    {
      const GENERAL_NAME *base = sk_GENERAL_SUBTREE_value (subtrees, i)->base;
      *any |= base->type == name->type;
      below |= is_below (name, base);
    }
  return below;
}

static char *
base_text (const GENERAL_NAME *base)
{
  int length = base->type == GEN_IPADD ? ASN1_STRING_length (base->d.iPAddress) : 0;

  if (length != 8 && length != 32)
    return qs_general_name_text (base);
  const guint8 *bytes = ASN1_STRING_get0_data (base->d.iPAddress);
  g_autoptr (GInetAddress) address =
      g_inet_address_new_from_bytes (bytes, length == 8 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  g_autoptr (GInetAddress) mask =
      g_inet_address_new_from_bytes (bytes + length / 2, length == 8 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  g_autofree char *first = g_inet_address_to_string (address);
  g_autofree char *second = g_inet_address_to_string (mask);
  return g_strdup_printf ("%s/%s", first, second);
}

static char *
list_bases (const Subtrees *subtrees)
{
  GString *text = g_string_new (NULL);
  int n = sk_GENERAL_SUBTREE_num (subtrees);

  for (int i = 0; i < MIN (n, MOST_BASES); i++)
    {
      g_autofree char *base = base_text (sk_GENERAL_SUBTREE_value (subtrees, i)->base);
      g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", base);
    }
  if (n > MOST_BASES)
    g_string_append_printf (text, _ (" and %u more"), (guint) (n - MOST_BASES));
  return g_string_free (text, FALSE);
}

static char *
judge_name (const NAME_CONSTRAINTS *constraints, QsCertificate *ca, const GENERAL_NAME *name)
{
  const char *who = qs_certificate_get_common_name (ca);
  gboolean any;

  if (name->type != GEN_DNS && name->type != GEN_IPADD)
    return NULL;
  gboolean excluded = find_base (constraints->excludedSubtrees, name, &any);
  gboolean permitted = find_base (constraints->permittedSubtrees, name, &any) || !any;
  if (!excluded && permitted)
    return NULL;
  g_autofree char *text = qs_general_name_text (name);
  g_autofree char *bases = list_bases (excluded ? constraints->excludedSubtrees : constraints->permittedSubtrees);
  return g_strdup_printf (
      excluded ? _ ("The CA “%s” may sign for no names below %s (name constraints), and the certificate is "
                    "for “%s”.")
               : _ ("The CA “%s” may sign only for names below %s (name constraints), and the certificate is "
                    "for “%s”."),
      who, bases, text);
}

/* Of the kinds that are not looked at above, or of the subject. */
static char *
judge_rest (NAME_CONSTRAINTS *constraints, QsCertificate *ca, X509 *x509)
{
  if (NAME_CONSTRAINTS_check (x509, constraints) == X509_V_OK)
    return NULL;
  g_autofree char *permitted = list_bases (constraints->permittedSubtrees);
  return g_strdup_printf (
      _ ("A name in the certificate is not among those that the CA “%s” may sign for (name constraints: %s)."),
      qs_certificate_get_common_name (ca), permitted);
}

char *
qs_name_constraints_words (QsCertificate *ca, QsCertificate *certificate)
{
  X509 *x509 = qs_certificate_get_x509 (certificate);
  NAME_CONSTRAINTS *constraints = X509_get_ext_d2i (qs_certificate_get_x509 (ca), NID_name_constraints, NULL, NULL);
  GENERAL_NAMES *names = constraints != NULL ? X509_get_ext_d2i (x509, NID_subject_alt_name, NULL, NULL) : NULL;
  char *words = NULL;

  for (int i = 0; i < sk_GENERAL_NAME_num (names) && words == NULL; i++)
    words = judge_name (constraints, ca, sk_GENERAL_NAME_value (names, i));
  if (constraints != NULL && words == NULL)
    words = judge_rest (constraints, ca, x509);
  GENERAL_NAMES_free (names);
  NAME_CONSTRAINTS_free (constraints);
  return words;
}
