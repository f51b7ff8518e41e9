/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <string.h>

#include "crypto/qs-key-schedule-private.h"

#define LABEL_MAX 64

static const QsSuite suites[] = {
  { 0x1301, QS_CIPHER_AES_128_GCM, QS_HEADER_AES_128, "SHA256", 32, 16, 16 },
  { 0x1302, QS_CIPHER_AES_256_GCM, QS_HEADER_AES_256, "SHA384", 48, 32, 16 },
  { 0x1303, QS_CIPHER_CHACHA20_POLY1305, QS_HEADER_CHACHA20, "SHA256", 32, 32, 16 },
  { 0x1304, QS_CIPHER_AES_128_CCM, QS_HEADER_AES_128, "SHA256", 32, 16, 16 },
  { 0x1305, QS_CIPHER_AES_128_CCM, QS_HEADER_AES_128, "SHA256", 32, 16, 8 },
};

/* TLS 1.2's with an AEAD: RFC 5288, RFC 5289, RFC 7905, RFC 7251. */
#define GCM_128(id)                                                             \
  {                                                                             \
    id, QS_CIPHER_AES_128_GCM, QS_HEADER_AES_128, "SHA256", 48, 16, 16, 8, TRUE \
  }
#define GCM_256(id)                                                             \
  {                                                                             \
    id, QS_CIPHER_AES_256_GCM, QS_HEADER_AES_256, "SHA384", 48, 32, 16, 8, TRUE \
  }
#define CHACHA20(id)                                                                   \
  {                                                                                    \
    id, QS_CIPHER_CHACHA20_POLY1305, QS_HEADER_CHACHA20, "SHA256", 48, 32, 16, 0, TRUE \
  }
#define CCM_128(id, tag)                                                         \
  {                                                                              \
    id, QS_CIPHER_AES_128_CCM, QS_HEADER_AES_128, "SHA256", 48, 16, tag, 8, TRUE \
  }
static const QsSuite tls12_suites[] = {
  GCM_128 (0x009c),    GCM_256 (0x009d),    GCM_128 (0x009e),     GCM_256 (0x009f),     GCM_128 (0x00a8),
  GCM_256 (0x00a9),    GCM_128 (0x00aa),    GCM_256 (0x00ab),     GCM_128 (0xc02b),     GCM_256 (0xc02c),
  GCM_128 (0xc02f),    GCM_256 (0xc030),    CHACHA20 (0xcca8),    CHACHA20 (0xcca9),    CHACHA20 (0xccaa),
  CHACHA20 (0xccab),   CHACHA20 (0xccac),   CHACHA20 (0xccad),    CCM_128 (0xc09c, 16), CCM_128 (0xc09e, 16),
  CCM_128 (0xc0a0, 8), CCM_128 (0xc0a2, 8), CCM_128 (0xc0ac, 16), CCM_128 (0xc0ae, 8),
};

static const char *const cipher_names[QS_N_CIPHERS] = {
  [QS_CIPHER_AES_128_GCM] = "AES-128-GCM",
  [QS_CIPHER_AES_256_GCM] = "AES-256-GCM",
  [QS_CIPHER_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
  [QS_CIPHER_AES_128_CCM] = "AES-128-CCM",
};

static const char *const header_cipher_names[QS_N_HEADER_CIPHERS] = {
  [QS_HEADER_AES_128] = "AES-128-ECB",
  [QS_HEADER_AES_256] = "AES-256-ECB",
  [QS_HEADER_CHACHA20] = "ChaCha20",
};

static const QsVersionKeys versions[] = {
  { QS_QUIC_VERSION_1,
    { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
      0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a },
    { 0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a, 0x1d, 0x76, 0x6b, 0x54, 0xe3, 0x68, 0xc8, 0x4e },
    { 0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb },
    "quic key",
    "quic iv",
    "quic hp",
    "quic ku" },
  { QS_QUIC_VERSION_2,
    { 0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
      0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9 },
    { 0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac, 0x48, 0xe2, 0x60, 0xfb, 0xcb, 0xce, 0xad, 0x7c, 0xcc, 0x92 },
    { 0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c, 0x6d, 0x99, 0x90, 0xef, 0xb0, 0x4a },
    "quicv2 key",
    "quicv2 iv",
    "quicv2 hp",
    "quicv2 ku" },
};

/* Drafts of RFC 9001: the last of those that share a salt. Before the 25th a Retry had no tag. */
static const QsVersionKeys drafts[] = {
  { 22,
    { 0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a,
      0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a },
    { 0x4d, 0x32, 0xec, 0xdb, 0x2a, 0x21, 0x33, 0xc8, 0x41, 0xe4, 0x04, 0x3d, 0xf2, 0x7d, 0x44, 0x30 },
    { 0x4d, 0x16, 0x11, 0xd0, 0x55, 0x13, 0xa5, 0x52, 0xc5, 0x87, 0xd5, 0x75 },
    "quic key",
    "quic iv",
    "quic hp",
    "quic ku" },
  { 28,
    { 0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
      0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02 },
    { 0x4d, 0x32, 0xec, 0xdb, 0x2a, 0x21, 0x33, 0xc8, 0x41, 0xe4, 0x04, 0x3d, 0xf2, 0x7d, 0x44, 0x30 },
    { 0x4d, 0x16, 0x11, 0xd0, 0x55, 0x13, 0xa5, 0x52, 0xc5, 0x87, 0xd5, 0x75 },
    "quic key",
    "quic iv",
    "quic hp",
    "quic ku" },
  { 32,
    { 0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
      0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99 },
    { 0xcc, 0xce, 0x18, 0x7e, 0xd0, 0x9a, 0x09, 0xd0, 0x57, 0x28, 0x15, 0x5a, 0x6c, 0xb9, 0x6b, 0xe1 },
    { 0xe5, 0x49, 0x30, 0xf9, 0x7f, 0x21, 0x36, 0xf0, 0x53, 0x0a, 0x8c, 0x1c },
    "quic key",
    "quic iv",
    "quic hp",
    "quic ku" },
};

/* Google's own salts, for what is the 27th and the 29th draft otherwise. */
static const QsVersionKeys google_versions[] = {
  { 0x54303530,
    { 0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80,
      0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10 },
    { 0x4d, 0x32, 0xec, 0xdb, 0x2a, 0x21, 0x33, 0xc8, 0x41, 0xe4, 0x04, 0x3d, 0xf2, 0x7d, 0x44, 0x30 },
    { 0x4d, 0x16, 0x11, 0xd0, 0x55, 0x13, 0xa5, 0x52, 0xc5, 0x87, 0xd5, 0x75 },
    "quic key",
    "quic iv",
    "quic hp",
    "quic ku" },
  { 0x54303531,
    { 0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50,
      0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d },
    { 0xcc, 0xce, 0x18, 0x7e, 0xd0, 0x9a, 0x09, 0xd0, 0x57, 0x28, 0x15, 0x5a, 0x6c, 0xb9, 0x6b, 0xe1 },
    { 0xe5, 0x49, 0x30, 0xf9, 0x7f, 0x21, 0x36, 0xf0, 0x53, 0x0a, 0x8c, 0x1c },
    "quic key",
    "quic iv",
    "quic hp",
    "quic ku" },
};

/* TLS records: RFC 9846 section 7.3. */
static const QsVersionKeys records = { .key_label = "key", .iv_label = "iv", .update_label = "traffic upd" };

/* Its drafts: until the 24th nothing but the nonce went into the AEAD with a record, until the 19th labels began otherwise. */
static const QsVersionKeys record_drafts[] = {
  { .version = 19,
    .key_label = "key",
    .iv_label = "iv",
    .update_label = "application traffic secret",
    .prefix = "TLS 1.3, ",
    .bare_records = TRUE },
  { .version = 24, .key_label = "key", .iv_label = "iv", .update_label = "traffic upd", .bare_records = TRUE },
};

/* Fetched once: a fetch for each packet would cost more than its decryption. */
static struct {
  EVP_CIPHER *ciphers[QS_N_CIPHERS];
  EVP_CIPHER *header_ciphers[QS_N_HEADER_CIPHERS];
  EVP_KDF *hkdf;
  EVP_KDF *tls1_prf;
} fetched;

static gpointer
fetch_all (gpointer data)
{
  for (guint i = 0; i < QS_N_CIPHERS; i++)
    fetched.ciphers[i] = EVP_CIPHER_fetch (NULL, cipher_names[i], NULL);
  for (guint i = 0; i < QS_N_HEADER_CIPHERS; i++)
    fetched.header_ciphers[i] = EVP_CIPHER_fetch (NULL, header_cipher_names[i], NULL);
  fetched.hkdf = EVP_KDF_fetch (NULL, "HKDF", NULL);
  fetched.tls1_prf = EVP_KDF_fetch (NULL, "TLS1-PRF", NULL);
  ERR_clear_error (); /* an algorithm may be missing under a strict policy: its packets stay closed */
  return NULL;
}

static void
fetch_once (void)
{
  static GOnce once = G_ONCE_INIT;

  g_once (&once, fetch_all, NULL);
}

const QsSuite *
qs_suite_find (guint16 id)
{
  for (guint i = 0; i < G_N_ELEMENTS (suites); i++)
    if (suites[i].id == id)
      return &suites[i];
  return NULL;
}

static const QsVersionKeys *
find_exactly (const QsVersionKeys *table, guint n_rows, guint32 version)
{
  for (guint i = 0; i < n_rows; i++)
    {
      if (table[i].version == version)
        return &table[i];
    }
  return NULL;
}

/* The last two drafts have what became version 1's. */
static const QsVersionKeys *
find_draft (guint draft)
{
  for (guint i = 0; draft != 0 && i < G_N_ELEMENTS (drafts); i++)
    {
      if (draft <= drafts[i].version)
        return &drafts[i];
    }
  return draft != 0 ? &versions[0] : NULL;
}

static const QsVersionKeys *
find_record_draft (guint draft)
{
  for (guint i = 0; i < G_N_ELEMENTS (record_drafts); i++)
    {
      if (draft <= record_drafts[i].version)
        return &record_drafts[i];
    }
  return &records;
}

const QsVersionKeys *
qs_version_keys_find (guint32 version)
{
  if (version == 0)
    return &records;
  if (version >> 8 == QS_TLS_DRAFT_KEYS (0) >> 8)
    return find_record_draft (version & 0xff);
  const QsVersionKeys *found = find_exactly (versions, G_N_ELEMENTS (versions), version);
  if (found == NULL)
    found = find_exactly (google_versions, G_N_ELEMENTS (google_versions), version);
  return found != NULL ? found : find_draft (qs_quic_version_draft (version));
}

gboolean
qs_secret_equal (const QsSecret *a, const QsSecret *b)
{
  return a->length == b->length && memcmp (a->bytes, b->bytes, a->length) == 0;
}

gboolean
qs_suite_is_known (guint16 suite)
{
  return qs_suite_find (suite) != NULL;
}

gsize
qs_suite_secret_length (guint16 suite)
{
  const QsSuite *found = qs_suite_find (suite);

  return found != NULL ? found->secret_length : 0;
}

gsize
qs_suite_tag_length (guint16 suite)
{
  const QsSuite *found = qs_suite_find (suite);

  return found != NULL ? found->tag_length : 0;
}

const QsSuite *
qs_suite_find_tls12 (guint16 id)
{
  for (guint i = 0; i < G_N_ELEMENTS (tls12_suites); i++)
    if (tls12_suites[i].id == id)
      return &tls12_suites[i];
  return NULL;
}

gboolean
qs_tls12_suite_is_known (guint16 suite)
{
  return qs_suite_find_tls12 (suite) != NULL || qs_tls12_suite_is_cbc (suite);
}

EVP_CIPHER *
qs_suite_get_cipher (const QsSuite *suite)
{
  fetch_once ();
  return fetched.ciphers[suite->cipher];
}

EVP_CIPHER *
qs_suite_get_header_cipher (const QsSuite *suite)
{
  fetch_once ();
  return fetched.header_ciphers[suite->header];
}

/* --- Derivation --- */

static gboolean
hkdf (const char *digest, int mode, QsSpan key, QsSpan salt, QsSpan info, guint8 *out, gsize length)
{
  fetch_once ();

  EVP_KDF_CTX *context = fetched.hkdf != NULL ? EVP_KDF_CTX_new (fetched.hkdf) : NULL;
  if (context == NULL)
    return FALSE;

  OSSL_PARAM params[] = {
    OSSL_PARAM_construct_utf8_string (OSSL_KDF_PARAM_DIGEST, (char *) digest, 0),
    OSSL_PARAM_construct_int (OSSL_KDF_PARAM_MODE, &mode),
    OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_KEY, (void *) key.data, key.length),
    OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_INFO, (void *) info.data, info.length),
    OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_SALT, (void *) salt.data, salt.length),
    OSSL_PARAM_construct_end (),
  };
  gboolean ok = EVP_KDF_derive (context, out, length, params) > 0;
  EVP_KDF_CTX_free (context);
  if (!ok)
    ERR_clear_error ();
  return ok;
}

static gboolean
expand (const char *digest, const QsSecret *secret, const char *prefix, const char *label, guint8 *out, gsize length)
{
  guint8 info[LABEL_MAX];
  gsize n = 0;
  gsize prefix_length = strlen (prefix), label_length = strlen (label);

  g_assert (prefix_length + label_length + 4 <= sizeof info);
  info[n++] = (guint8) (length >> 8);
  info[n++] = (guint8) length;
  info[n++] = (guint8) (prefix_length + label_length);
  memcpy (info + n, prefix, prefix_length);
  n += prefix_length;
  memcpy (info + n, label, label_length);
  n += label_length;
  info[n++] = 0;
  return hkdf (digest, EVP_KDF_HKDF_MODE_EXPAND_ONLY, QS_SPAN (secret->bytes, secret->length), QS_SPAN ("", 0),
               QS_SPAN (info, n), out, length);
}

gboolean
qs_suite_expand (const char *digest, const QsSecret *secret, const char *label, guint8 *out, gsize length)
{
  return expand (digest, secret, "tls13 ", label, out, length);
}

gboolean
qs_version_expand (const QsVersionKeys *version, const char *digest, const QsSecret *secret, const char *label,
                   guint8 *out, gsize length)
{
  return expand (digest, secret, version->prefix != NULL ? version->prefix : "tls13 ", label, out, length);
}

gboolean
qs_hkdf_expand_label (guint16 suite, const QsSecret *secret, const char *label, guint8 *out, gsize length)
{
  const QsSuite *found = qs_suite_find (suite);

  return found != NULL && qs_suite_expand (found->digest, secret, label, out, length);
}

gboolean
qs_initial_secrets (guint32 version, QsSpan dcid, QsSecret *client, QsSecret *server)
{
  const QsVersionKeys *found = qs_version_keys_find (version);
  QsSecret initial = { .length = 32 };

  if (found == NULL || found->header_label == NULL || dcid.length > QS_CID_MAX)
    return FALSE;

  client->length = server->length = 32;
  /* An empty connection id is no key to libcrypto's HKDF unless it has an address. */
  QsSpan key = QS_SPAN (dcid.data != NULL ? dcid.data : (const guint8 *) "", dcid.length);
  return hkdf ("SHA256", EVP_KDF_HKDF_MODE_EXTRACT_ONLY, key, QS_SPAN (found->salt, sizeof found->salt),
               QS_SPAN ("", 0), initial.bytes, initial.length) &&
         qs_suite_expand ("SHA256", &initial, "client in", client->bytes, client->length) &&
         qs_suite_expand ("SHA256", &initial, "server in", server->bytes, server->length);
}

gboolean
qs_secret_next (guint32 version, guint16 suite, const QsSecret *secret, QsSecret *next)
{
  const QsVersionKeys *labels = qs_version_keys_find (version);
  const QsSuite *found = qs_suite_find (suite);

  if (labels == NULL || found == NULL || secret->length != found->secret_length)
    return FALSE;
  next->length = found->secret_length;
  return qs_version_expand (labels, found->digest, secret, labels->update_label, next->bytes, next->length);
}

gboolean
qs_expand_key_block (const char *digest, const QsSecret *master, const guint8 *client_random,
                     const guint8 *server_random, guint8 *out, gsize length)
{
  static const char label[] = "key expansion";
  guint8 seed[sizeof label - 1 + 64];

  fetch_once ();
  EVP_KDF_CTX *context = fetched.tls1_prf != NULL ? EVP_KDF_CTX_new (fetched.tls1_prf) : NULL;
  if (context == NULL)
    return FALSE;
  memcpy (seed, label, sizeof label - 1);
  memcpy (seed + sizeof label - 1, server_random, 32);
  memcpy (seed + sizeof label - 1 + 32, client_random, 32);
  OSSL_PARAM params[] = {
    OSSL_PARAM_construct_utf8_string (OSSL_KDF_PARAM_DIGEST, (char *) digest, 0),
    OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_SECRET, (void *) master->bytes, master->length),
    OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_SEED, seed, sizeof seed),
    OSSL_PARAM_construct_end (),
  };
  gboolean ok = EVP_KDF_derive (context, out, length, params) > 0;
  EVP_KDF_CTX_free (context);
  if (!ok)
    ERR_clear_error ();
  return ok;
}
