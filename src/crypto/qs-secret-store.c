/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "crypto/qs-secret-store.h"

#include <openssl/crypto.h>
#include <string.h>

typedef struct {
  guint8 random[QS_CLIENT_RANDOM_LENGTH];
  QsSecret secrets[QS_N_SECRETS];
} Entry;

struct _QsSecretStore {
  GHashTable *entries; /* by Entry.random */
};

static const char *const labels[QS_N_SECRETS] = {
  [QS_SECRET_CLIENT_EARLY] = "CLIENT_EARLY_TRAFFIC_SECRET",
  [QS_SECRET_CLIENT_HANDSHAKE] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
  [QS_SECRET_SERVER_HANDSHAKE] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
  [QS_SECRET_CLIENT_TRAFFIC] = "CLIENT_TRAFFIC_SECRET_0",
  [QS_SECRET_SERVER_TRAFFIC] = "SERVER_TRAFFIC_SECRET_0",
  [QS_SECRET_MASTER] = "CLIENT_RANDOM",
};

/* All of it counts: who writes a key log may choose randoms that begin alike. */
static guint
random_hash (gconstpointer key)
{
  guint64 hash = 0, word;

  for (gsize i = 0; i < QS_CLIENT_RANDOM_LENGTH; i += sizeof word)
    {
      memcpy (&word, (const guint8 *) key + i, sizeof word);
      hash = (hash ^ word) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
      hash ^= hash >> 32;
    }
  return (guint) hash;
}

static gboolean
random_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, QS_CLIENT_RANDOM_LENGTH) == 0;
}

static void
entry_free (gpointer data)
{
  OPENSSL_cleanse (data, sizeof (Entry));
  g_free (data);
}

QsSecretStore *
qs_secret_store_new (void)
{
  QsSecretStore *self = g_new0 (QsSecretStore, 1);

  self->entries = g_hash_table_new_full (random_hash, random_equal, NULL, entry_free);
  return self;
}

void
qs_secret_store_free (QsSecretStore *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->entries);
  g_free (self);
}

static QsSpan
next_word (QsSpan *rest)
{
  while (rest->length > 0 && g_ascii_isspace (*rest->data))
    *rest = QS_SPAN (rest->data + 1, rest->length - 1);

  gsize n = 0;
  while (n < rest->length && !g_ascii_isspace (rest->data[n]))
    n++;
  QsSpan word = QS_SPAN (rest->data, n);
  *rest = QS_SPAN (rest->data + n, rest->length - n);
  return word;
}

static gboolean
read_hex (QsSpan hex, guint8 *out, gsize min, gsize max, gsize *length)
{
  if (hex.length % 2 != 0 || hex.length / 2 < min || hex.length / 2 > max)
    return FALSE;
  for (gsize i = 0; i < hex.length; i++)
    {
      int digit = g_ascii_xdigit_value ((char) hex.data[i]);
      if (digit < 0)
        return FALSE;
      out[i / 2] = (guint8) (i % 2 == 0 ? digit << 4 : out[i / 2] | digit);
    }
  *length = hex.length / 2;
  return TRUE;
}

static gboolean
find_label (QsSpan word, QsSecretLabel *label)
{
  /* Before RFC 9001 some wrote QUIC_ before the same labels. */
  if (word.length > 5 && memcmp (word.data, "QUIC_", 5) == 0)
    word = QS_SPAN (word.data + 5, word.length - 5);
  for (guint i = 0; i < QS_N_SECRETS; i++)
    if (word.length == strlen (labels[i]) && memcmp (word.data, labels[i], word.length) == 0)
      {
        *label = i;
        return TRUE;
      }
  return FALSE;
}

gboolean
qs_secret_store_add_line (QsSecretStore *self, QsSpan line)
{
  QsSecretLabel label;
  guint8 random[QS_CLIENT_RANDOM_LENGTH];
  QsSecret secret = { 0 };
  gsize length;

  if (!find_label (next_word (&line), &label) ||
      !read_hex (next_word (&line), random, sizeof random, sizeof random, &length) ||
      !read_hex (next_word (&line), secret.bytes, 32, QS_SECRET_MAX, &length))
    return FALSE;
  secret.length = (guint8) length;

  Entry *entry = g_hash_table_lookup (self->entries, random);
  if (entry == NULL)
    {
      entry = g_new0 (Entry, 1);
      memcpy (entry->random, random, sizeof random);
      g_hash_table_insert (self->entries, entry->random, entry);
    }
  QsSecret *known = &entry->secrets[label];
  if (qs_secret_equal (known, &secret))
    return FALSE;
  *known = secret;
  return TRUE;
}

const QsSecret *
qs_secret_store_get (QsSecretStore *self, const guint8 *random, QsSecretLabel label)
{
  const Entry *entry = g_hash_table_lookup (self->entries, random);

  return entry != NULL && entry->secrets[label].length > 0 ? &entry->secrets[label] : NULL;
}

const guint8 *
qs_secret_store_get_only_random (QsSecretStore *self)
{
  GHashTableIter iter;
  gpointer random;

  if (g_hash_table_size (self->entries) != 1)
    return NULL;
  g_hash_table_iter_init (&iter, self->entries);
  return g_hash_table_iter_next (&iter, &random, NULL) ? random : NULL;
}

GPtrArray *
qs_secret_store_list_randoms (QsSecretStore *self)
{
  GPtrArray *randoms = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer random;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, &random, NULL))
    g_ptr_array_add (randoms, random);
  return randoms;
}

gboolean
qs_secret_store_is_empty (QsSecretStore *self)
{
  return g_hash_table_size (self->entries) == 0;
}
