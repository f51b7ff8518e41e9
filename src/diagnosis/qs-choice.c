/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "diagnosis/qs-choice.h"

#include "base/qs-i18n.h"
#include "wire/qs-names.h"

#define EXTENSION_SIGNATURE_ALGORITHMS 13
#define TLS_1_2 0x0303

static gboolean
array_has (GArray *values, guint16 value)
{
  for (guint i = 0; values != NULL && i < values->len; i++)
    if (g_array_index (values, guint16, i) == value)
      return TRUE;
  return FALSE;
}

/* --- What was offered --- */

static gboolean
offers_group (const QsTlsMessage *hello, guint16 group)
{
  g_autoptr (GArray) groups = qs_tls_message_dup_groups (hello);

  return array_has (groups, group);
}

static gboolean
offers_suite (const QsTlsMessage *hello, guint16 suite)
{
  return array_has (hello->cipher_suites, suite);
}

static gboolean
offers_signature (const QsTlsMessage *hello, guint16 scheme)
{
  const QsTlsExtension *extension = qs_tls_message_find_extension (hello, EXTENSION_SIGNATURE_ALGORITHMS);

  for (gsize i = 2; extension != NULL && i + 1 < extension->data.length; i += 2)
    if ((guint16) (extension->data.data[i] << 8 | extension->data.data[i + 1]) == scheme)
      return TRUE;
  return FALSE;
}

/* Without the extension it is all that is not newer than the version in the hello itself: no client of ours leaves it out. */
static gboolean
offers_version (const QsTlsMessage *hello, guint16 version)
{
  g_autoptr (GArray) versions = qs_tls_message_dup_versions (hello);

  return versions == NULL ? version <= hello->legacy_version : array_has (versions, version);
}

/* --- What was chosen; 0: not seen --- */

/* A HelloRetryRequest names them as well. */
static const QsTraceMessage *
hello_of (const QsEvidence *evidence)
{
  return evidence->server_hello != NULL ? evidence->server_hello : evidence->hello_retry;
}

static guint16
chosen_version (const QsEvidence *evidence)
{
  g_autoptr (GArray) versions = qs_tls_message_dup_versions (hello_of (evidence)->message);

  return versions != NULL && versions->len > 0 ? g_array_index (versions, guint16, 0)
                                               : hello_of (evidence)->message->legacy_version;
}

static guint16
chosen_suite (const QsEvidence *evidence)
{
  GArray *suites = hello_of (evidence)->message->cipher_suites;

  return suites != NULL && suites->len > 0 ? g_array_index (suites, guint16, 0) : 0;
}

static guint16
chosen_group (const QsEvidence *evidence)
{
  g_autoptr (GArray) groups = qs_tls_message_dup_key_shares (hello_of (evidence)->message);
  guint16 group, scheme;

  if (qs_evidence_read_ecdhe (evidence, &group, &scheme))
    return group;
  return groups != NULL && groups->len > 0 ? g_array_index (groups, guint16, 0) : 0;
}

static guint16
chosen_signature (const QsEvidence *evidence)
{
  guint16 group, scheme;

  if (qs_evidence_read_ecdhe (evidence, &group, &scheme))
    return scheme;
  return evidence->certificate_verify != NULL ? evidence->certificate_verify->message->signature_scheme : 0;
}

/* Below TLS 1.3 the groups speak for the curves of certificates, too. */
static guint16
certificate_curve (const QsEvidence *evidence)
{
  static const struct {
    const char *description;
    guint16 group;
  } curves[] = { { "EC P-256", 23 },           { "EC P-384", 24 },           { "EC P-521", 25 },
                 { "EC brainpoolP256r1", 26 }, { "EC brainpoolP384r1", 27 }, { "EC brainpoolP512r1", 28 } };
  const char *key = evidence->chain->len > 0 ? qs_certificate_get_key_description (evidence->chain->pdata[0]) : NULL;

  for (guint i = 0; chosen_version (evidence) <= TLS_1_2 && i < G_N_ELEMENTS (curves); i++)
    if (g_strcmp0 (key, curves[i].description) == 0)
      return curves[i].group;
  return 0;
}

/* --- In words --- */

static char *
version_words (const char *name)
{
  return g_strdup (name);
}

static char *
suite_words (const char *name)
{
  return g_strdup_printf (_ ("cipher suite %s"), name);
}

static char *
group_words (const char *name)
{
  return g_strdup_printf (_ ("group %s"), name);
}

static char *
curve_words (const char *name)
{
  return g_strdup_printf (_ ("a certificate on the curve %s"), name);
}

static char *
signature_words (const char *name)
{
  return g_strdup_printf (_ ("signature scheme %s"), name);
}

static const struct {
  QsChoice kind;
  guint16 (*chosen) (const QsEvidence *evidence);
  gboolean (*offers) (const QsTlsMessage *hello, guint16 value);
  const char *(*name) (guint16 value);
  char *(*words) (const char *name);
} choices[] = {
  { QS_CHOICE_VERSION, chosen_version, offers_version, qs_tls_version_name, version_words },
  { QS_CHOICE_SUITE, chosen_suite, offers_suite, qs_tls_cipher_suite_name, suite_words },
  { QS_CHOICE_GROUP, chosen_group, offers_group, qs_tls_group_name, group_words },
  { QS_CHOICE_GROUP, certificate_curve, offers_group, qs_tls_group_name, curve_words },
  { QS_CHOICE_SIGNATURE, chosen_signature, offers_signature, qs_tls_signature_scheme_name, signature_words },
};

guint
qs_choice_beyond (const QsEvidence *answered, const QsEvidence *refused, char **words)
{
  g_return_val_if_fail (answered != NULL && refused != NULL, 0);

  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  guint beyond = 0;

  for (guint i = 0; hello_of (answered) != NULL && refused->client_hello != NULL && i < G_N_ELEMENTS (choices); i++)
    {
      guint16 value = choices[i].chosen (answered);
      const char *name = choices[i].name (value);
      if (value == 0 || choices[i].offers (refused->client_hello->message, value))
        continue;
      g_autofree char *number = g_strdup_printf ("0x%04x", value);
      beyond |= choices[i].kind;
      g_ptr_array_add (names, choices[i].words (name != NULL ? name : number));
    }
  g_ptr_array_add (names, NULL);
  if (words != NULL)
    *words = names->len > 1 ? g_strjoinv (", ", (char **) names->pdata) : NULL;
  return beyond;
}
