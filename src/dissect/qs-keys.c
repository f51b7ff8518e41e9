/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dissect/qs-keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <string.h>

#define LABEL_MAX 64
#define TLS_RECORD_HEADER ((gsize) 5)

typedef enum { CIPHER_AES_128_GCM, CIPHER_AES_256_GCM, CIPHER_CHACHA20_POLY1305, CIPHER_AES_128_CCM, N_CIPHERS } Cipher;
typedef enum { HEADER_AES_128, HEADER_AES_256, HEADER_CHACHA20, N_HEADER_CIPHERS } HeaderCipher;

typedef struct {
  guint16 id;
  Cipher cipher;
  HeaderCipher header;
  const char *digest;
  guint8 secret_length;
  guint8 key_length;
  guint8 tag_length;
  guint8 explicit_length; /* TLS 1.2: of the nonce's part that each record brings */
  gboolean tls12;
} Suite;

static const Suite suites[] = {
  { 0x1301, CIPHER_AES_128_GCM, HEADER_AES_128, "SHA256", 32, 16, 16 },
  { 0x1302, CIPHER_AES_256_GCM, HEADER_AES_256, "SHA384", 48, 32, 16 },
  { 0x1303, CIPHER_CHACHA20_POLY1305, HEADER_CHACHA20, "SHA256", 32, 32, 16 },
  { 0x1304, CIPHER_AES_128_CCM, HEADER_AES_128, "SHA256", 32, 16, 16 },
  { 0x1305, CIPHER_AES_128_CCM, HEADER_AES_128, "SHA256", 32, 16, 8 },
};

/* TLS 1.2's with an AEAD: RFC 5288, RFC 5289, RFC 7905, RFC 7251. */
#define GCM_128(id)                                                       \
  {                                                                       \
    id, CIPHER_AES_128_GCM, HEADER_AES_128, "SHA256", 48, 16, 16, 8, TRUE \
  }
#define GCM_256(id)                                                       \
  {                                                                       \
    id, CIPHER_AES_256_GCM, HEADER_AES_256, "SHA384", 48, 32, 16, 8, TRUE \
  }
#define CHACHA20(id)                                                             \
  {                                                                              \
    id, CIPHER_CHACHA20_POLY1305, HEADER_CHACHA20, "SHA256", 48, 32, 16, 0, TRUE \
  }
#define CCM_128(id, tag)                                                   \
  {                                                                        \
    id, CIPHER_AES_128_CCM, HEADER_AES_128, "SHA256", 48, 16, tag, 8, TRUE \
  }
static const Suite tls12_suites[] = {
  GCM_128 (0x009c),    GCM_256 (0x009d),    GCM_128 (0x009e),     GCM_256 (0x009f),     GCM_128 (0x00a8),
  GCM_256 (0x00a9),    GCM_128 (0x00aa),    GCM_256 (0x00ab),     GCM_128 (0xc02b),     GCM_256 (0xc02c),
  GCM_128 (0xc02f),    GCM_256 (0xc030),    CHACHA20 (0xcca8),    CHACHA20 (0xcca9),    CHACHA20 (0xccaa),
  CHACHA20 (0xccab),   CHACHA20 (0xccac),   CHACHA20 (0xccad),    CCM_128 (0xc09c, 16), CCM_128 (0xc09e, 16),
  CCM_128 (0xc0a0, 8), CCM_128 (0xc0a2, 8), CCM_128 (0xc0ac, 16), CCM_128 (0xc0ae, 8),
};

static const char *const cipher_names[N_CIPHERS] = {
  [CIPHER_AES_128_GCM] = "AES-128-GCM",
  [CIPHER_AES_256_GCM] = "AES-256-GCM",
  [CIPHER_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
  [CIPHER_AES_128_CCM] = "AES-128-CCM",
};

static const char *const header_cipher_names[N_HEADER_CIPHERS] = {
  [HEADER_AES_128] = "AES-128-ECB",
  [HEADER_AES_256] = "AES-256-ECB",
  [HEADER_CHACHA20] = "ChaCha20",
};

/* What differs between the versions: RFC 9001 section 5, RFC 9369 section 3.3. */
typedef struct {
  guint32 version;
  guint8 salt[20];
  guint8 retry_key[16];
  guint8 retry_nonce[12];
  const char *key_label, *iv_label, *header_label, *update_label;
} Version;

static const Version versions[] = {
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

/* TLS records: RFC 8446 section 7.3. */
static const Version records = { .key_label = "key", .iv_label = "iv", .update_label = "traffic upd" };

struct _QsKeys {
  const Suite *suite;
  QsSecret secret;
  guint8 key[32];
  guint8 iv[QS_IV_LENGTH];
  EVP_CIPHER_CTX *open;
  EVP_CIPHER_CTX *seal;
};

struct _QsHeaderKey {
  const Suite *suite;
  guint8 key[32];
  EVP_CIPHER_CTX *context;
};

/* Fetched once: a fetch for each packet would cost more than its decryption. */
static struct {
  EVP_CIPHER *ciphers[N_CIPHERS];
  EVP_CIPHER *header_ciphers[N_HEADER_CIPHERS];
  EVP_KDF *hkdf;
  EVP_KDF *tls1_prf;
} fetched;

static gpointer
fetch_all (gpointer data)
{
  for (guint i = 0; i < N_CIPHERS; i++)
    fetched.ciphers[i] = EVP_CIPHER_fetch (NULL, cipher_names[i], NULL);
  for (guint i = 0; i < N_HEADER_CIPHERS; i++)
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

static const Suite *
find_suite (guint16 id)
{
  for (guint i = 0; i < G_N_ELEMENTS (suites); i++)
    if (suites[i].id == id)
      return &suites[i];
  return NULL;
}

static const Version *
find_version (guint32 version)
{
  if (version == 0)
    return &records;
  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    if (versions[i].version == version)
      return &versions[i];
  return NULL;
}

gboolean
qs_suite_is_known (guint16 suite)
{
  return find_suite (suite) != NULL;
}

gsize
qs_suite_secret_length (guint16 suite)
{
  const Suite *found = find_suite (suite);

  return found != NULL ? found->secret_length : 0;
}

gsize
qs_suite_tag_length (guint16 suite)
{
  const Suite *found = find_suite (suite);

  return found != NULL ? found->tag_length : 0;
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
expand_label (const char *digest, const QsSecret *secret, const char *label, guint8 *out, gsize length)
{
  guint8 info[LABEL_MAX];
  gsize n = 0;
  gsize label_length = strlen (label);

  g_assert (label_length + 10 <= sizeof info);
  info[n++] = (guint8) (length >> 8);
  info[n++] = (guint8) length;
  info[n++] = (guint8) (6 + label_length);
  memcpy (info + n, "tls13 ", 6);
  memcpy (info + n + 6, label, label_length);
  n += 6 + label_length;
  info[n++] = 0;
  return hkdf (digest, EVP_KDF_HKDF_MODE_EXPAND_ONLY, QS_SPAN (secret->bytes, secret->length), QS_SPAN ("", 0),
               QS_SPAN (info, n), out, length);
}

gboolean
qs_hkdf_expand_label (guint16 suite, const QsSecret *secret, const char *label, guint8 *out, gsize length)
{
  const Suite *found = find_suite (suite);

  return found != NULL && expand_label (found->digest, secret, label, out, length);
}

gboolean
qs_initial_secrets (guint32 version, QsSpan dcid, QsSecret *client, QsSecret *server)
{
  const Version *found = version != 0 ? find_version (version) : NULL;
  QsSecret initial = { .length = 32 };

  if (found == NULL || dcid.length > QS_CID_MAX)
    return FALSE;

  client->length = server->length = 32;
  /* An empty connection id is no key to libcrypto's HKDF unless it has an address. */
  QsSpan key = QS_SPAN (dcid.data != NULL ? dcid.data : (const guint8 *) "", dcid.length);
  return hkdf ("SHA256", EVP_KDF_HKDF_MODE_EXTRACT_ONLY, key, QS_SPAN (found->salt, sizeof found->salt),
               QS_SPAN ("", 0), initial.bytes, initial.length) &&
         expand_label ("SHA256", &initial, "client in", client->bytes, client->length) &&
         expand_label ("SHA256", &initial, "server in", server->bytes, server->length);
}

gboolean
qs_secret_next (guint32 version, guint16 suite, const QsSecret *secret, QsSecret *next)
{
  const Version *labels = find_version (version);
  const Suite *found = find_suite (suite);

  if (labels == NULL || found == NULL || secret->length != found->secret_length)
    return FALSE;
  next->length = found->secret_length;
  return expand_label (found->digest, secret, labels->update_label, next->bytes, next->length);
}

/* TLS 1.2's keys of both sides, RFC 5246 section 6.3: with an AEAD there are no MAC keys. */
static gboolean
expand_key_block (const Suite *suite, const QsSecret *master, const guint8 *client_random, const guint8 *server_random,
                  guint8 *out, gsize length)
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
    OSSL_PARAM_construct_utf8_string (OSSL_KDF_PARAM_DIGEST, (char *) suite->digest, 0),
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

/* --- AEAD --- */

static EVP_CIPHER_CTX *
new_context (const QsKeys *self, gboolean encrypt)
{
  fetch_once ();

  const Suite *suite = self->suite;
  EVP_CIPHER *cipher = fetched.ciphers[suite->cipher];
  EVP_CIPHER_CTX *context = cipher != NULL ? EVP_CIPHER_CTX_new () : NULL;
  gboolean ok = context != NULL && EVP_CipherInit_ex2 (context, cipher, NULL, NULL, encrypt, NULL) > 0 &&
                EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_SET_IVLEN, QS_IV_LENGTH, NULL) > 0 &&
                (suite->cipher != CIPHER_AES_128_CCM ||
                 EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_SET_TAG, suite->tag_length, NULL) > 0) &&
                EVP_CipherInit_ex2 (context, NULL, self->key, NULL, encrypt, NULL) > 0;

  if (!ok)
    {
      EVP_CIPHER_CTX_free (context);
      ERR_clear_error ();
      return NULL;
    }
  return context;
}

QsKeys *
qs_keys_new (guint32 version, guint16 suite, const QsSecret *secret)
{
  const Version *labels = find_version (version);
  const Suite *found = find_suite (suite);

  if (labels == NULL || found == NULL || secret->length != found->secret_length)
    return NULL;

  g_autoptr (QsKeys) self = g_new0 (QsKeys, 1);
  self->suite = found;
  self->secret = *secret;
  if (!expand_label (found->digest, secret, labels->key_label, self->key, found->key_length) ||
      !expand_label (found->digest, secret, labels->iv_label, self->iv, sizeof self->iv))
    return NULL;
  return g_steal_pointer (&self);
}

static const Suite *
find_tls12_suite (guint16 id)
{
  for (guint i = 0; i < G_N_ELEMENTS (tls12_suites); i++)
    if (tls12_suites[i].id == id)
      return &tls12_suites[i];
  return NULL;
}

gboolean
qs_tls12_suite_is_known (guint16 suite)
{
  return find_tls12_suite (suite) != NULL;
}

QsKeys *
qs_keys_new_tls12 (guint16 suite, const QsSecret *master, const guint8 *client_random, const guint8 *server_random,
                   gboolean server)
{
  const Suite *found = find_tls12_suite (suite);
  guint8 block[2 * (32 + QS_IV_LENGTH)];

  if (found == NULL || master->length != found->secret_length)
    return NULL;

  gsize iv_length = QS_IV_LENGTH - found->explicit_length;
  gsize length = 2 * (found->key_length + iv_length);
  g_autoptr (QsKeys) self = g_new0 (QsKeys, 1);
  self->suite = found;
  self->secret = *master;
  if (!expand_key_block (found, master, client_random, server_random, block, length))
    return NULL;
  memcpy (self->key, block + (server ? found->key_length : 0), found->key_length);
  /* What is left of it is zero: the part that a record brings is added as if it were a number. */
  memcpy (self->iv, block + 2 * found->key_length + (server ? iv_length : 0), iv_length);
  OPENSSL_cleanse (block, sizeof block);
  return g_steal_pointer (&self);
}

gboolean
qs_keys_open_tls12 (QsKeys *self, guint64 sequence, QsSpan record, guint8 *out, gsize *out_length)
{
  const Suite *suite = self->suite;
  guint8 header[13];
  guint64 number = GUINT64_TO_BE (sequence);

  if (!suite->tls12 || record.length < TLS_RECORD_HEADER + suite->explicit_length + suite->tag_length)
    return FALSE;
  gsize plain_length = record.length - TLS_RECORD_HEADER - suite->explicit_length - suite->tag_length;
  memcpy (header, &number, 8);
  memcpy (header + 8, record.data, 3);
  header[11] = (guint8) (plain_length >> 8);
  header[12] = (guint8) plain_length;
  if (suite->explicit_length > 0)
    memcpy (&number, record.data + TLS_RECORD_HEADER, sizeof number);
  gsize start = TLS_RECORD_HEADER + suite->explicit_length;
  return qs_keys_open (self, GUINT64_FROM_BE (number), QS_SPAN (header, sizeof header),
                       QS_SPAN (record.data + start, record.length - start), out, out_length);
}

gboolean
qs_keys_is_tls12 (const QsKeys *self)
{
  return self->suite->tls12;
}

void
qs_keys_rest (QsKeys *self)
{
  g_clear_pointer (&self->open, EVP_CIPHER_CTX_free);
  g_clear_pointer (&self->seal, EVP_CIPHER_CTX_free);
}

void
qs_keys_free (QsKeys *self)
{
  if (self == NULL)
    return;
  qs_keys_rest (self);
  OPENSSL_cleanse (self, sizeof *self);
  g_free (self);
}

guint16
qs_keys_get_suite (const QsKeys *self)
{
  return self->suite->id;
}

const guint8 *
qs_keys_get_iv (const QsKeys *self)
{
  return self->iv;
}

QsSpan
qs_keys_get_key (const QsKeys *self)
{
  return QS_SPAN (self->key, self->suite->key_length);
}

const QsSecret *
qs_keys_get_secret (const QsKeys *self)
{
  return &self->secret;
}

static void
make_nonce (const QsKeys *self, guint64 number, guint8 nonce[QS_IV_LENGTH])
{
  memcpy (nonce, self->iv, QS_IV_LENGTH);
  for (guint i = 0; i < 8; i++)
    nonce[QS_IV_LENGTH - 1 - i] ^= (guint8) (number >> (8 * i));
}

/* CCM wants tag and length before anything else, and verifies while it decrypts. */
static gboolean
open_ccm (EVP_CIPHER_CTX *context, const guint8 *nonce, const guint8 *tag, int tag_length, QsSpan header, QsSpan text,
          guint8 *out)
{
  int n;

  return EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_SET_TAG, tag_length, (void *) tag) > 0 &&
         EVP_DecryptInit_ex2 (context, NULL, NULL, nonce, NULL) > 0 &&
         EVP_DecryptUpdate (context, NULL, &n, NULL, (int) text.length) > 0 &&
         EVP_DecryptUpdate (context, NULL, &n, header.data, (int) header.length) > 0 &&
         EVP_DecryptUpdate (context, out, &n, text.data, (int) text.length) > 0;
}

static gboolean
open_stream (EVP_CIPHER_CTX *context, const guint8 *nonce, const guint8 *tag, int tag_length, QsSpan header,
             QsSpan text, guint8 *out)
{
  guint8 end[QS_AEAD_TAG_MAX];
  int n;

  return EVP_DecryptInit_ex2 (context, NULL, NULL, nonce, NULL) > 0 &&
         EVP_DecryptUpdate (context, NULL, &n, header.data, (int) header.length) > 0 &&
         EVP_DecryptUpdate (context, out, &n, text.data, (int) text.length) > 0 &&
         EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_SET_TAG, tag_length, (void *) tag) > 0 &&
         EVP_DecryptFinal_ex (context, end, &n) > 0;
}

gboolean
qs_keys_open (QsKeys *self, guint64 number, QsSpan header, QsSpan sealed, guint8 *out, gsize *out_length)
{
  const Suite *suite = self->suite;
  guint8 nonce[QS_IV_LENGTH];

  if (sealed.length < suite->tag_length || sealed.length > G_MAXINT || header.length > G_MAXINT)
    return FALSE;
  if (self->open == NULL && (self->open = new_context (self, FALSE)) == NULL)
    return FALSE;

  make_nonce (self, number, nonce);
  QsSpan text = QS_SPAN (sealed.data, sealed.length - suite->tag_length);
  const guint8 *tag = sealed.data + text.length;
  gboolean ok = suite->cipher == CIPHER_AES_128_CCM
                    ? open_ccm (self->open, nonce, tag, suite->tag_length, header, text, out)
                    : open_stream (self->open, nonce, tag, suite->tag_length, header, text, out);
  if (ok)
    *out_length = text.length;
  else
    ERR_clear_error ();
  return ok;
}

gboolean
qs_keys_seal (QsKeys *self, guint64 number, QsSpan header, QsSpan plain, guint8 *out, gsize *out_length)
{
  const Suite *suite = self->suite;
  gboolean ccm = suite->cipher == CIPHER_AES_128_CCM;
  guint8 nonce[QS_IV_LENGTH], end[QS_AEAD_TAG_MAX];
  int n;

  g_return_val_if_fail (plain.length < G_MAXINT && header.length < G_MAXINT, FALSE);
  if (self->seal == NULL && (self->seal = new_context (self, TRUE)) == NULL)
    return FALSE;

  make_nonce (self, number, nonce);
  gboolean ok = EVP_EncryptInit_ex2 (self->seal, NULL, NULL, nonce, NULL) > 0 &&
                (!ccm || EVP_EncryptUpdate (self->seal, NULL, &n, NULL, (int) plain.length) > 0) &&
                EVP_EncryptUpdate (self->seal, NULL, &n, header.data, (int) header.length) > 0 &&
                EVP_EncryptUpdate (self->seal, out, &n, plain.data, (int) plain.length) > 0 &&
                EVP_EncryptFinal_ex (self->seal, end, &n) > 0 &&
                EVP_CIPHER_CTX_ctrl (self->seal, EVP_CTRL_AEAD_GET_TAG, suite->tag_length, out + plain.length) > 0;
  if (ok)
    *out_length = plain.length + suite->tag_length;
  else
    ERR_clear_error ();
  return ok;
}

/* --- Header protection --- */

QsHeaderKey *
qs_header_key_new (guint32 version, guint16 suite, const QsSecret *secret)
{
  const Version *labels = find_version (version);
  const Suite *found = find_suite (suite);

  if (labels == NULL || labels->header_label == NULL || found == NULL || secret->length != found->secret_length)
    return NULL;
  fetch_once ();

  EVP_CIPHER *cipher = fetched.header_ciphers[found->header];
  g_autoptr (QsHeaderKey) self = g_new0 (QsHeaderKey, 1);
  self->suite = found;
  if (cipher == NULL || !expand_label (found->digest, secret, labels->header_label, self->key, found->key_length))
    return NULL;

  self->context = EVP_CIPHER_CTX_new ();
  if (EVP_EncryptInit_ex2 (self->context, cipher, self->key, NULL, NULL) <= 0)
    {
      ERR_clear_error ();
      return NULL;
    }
  EVP_CIPHER_CTX_set_padding (self->context, 0);
  return g_steal_pointer (&self);
}

void
qs_header_key_free (QsHeaderKey *self)
{
  if (self == NULL)
    return;
  EVP_CIPHER_CTX_free (self->context);
  OPENSSL_cleanse (self, sizeof *self);
  g_free (self);
}

QsSpan
qs_header_key_get_key (const QsHeaderKey *self)
{
  return QS_SPAN (self->key, self->suite->key_length);
}

gboolean
qs_header_key_mask (QsHeaderKey *self, const guint8 sample[QS_SAMPLE_LENGTH], guint8 mask[QS_MASK_LENGTH])
{
  static const guint8 zeros[QS_MASK_LENGTH];
  guint8 block[QS_SAMPLE_LENGTH + 16];
  int n;

  /* ChaCha20: libcrypto's 16-byte IV is the counter and the nonce, just as the sample holds them. */
  gboolean ok = self->suite->header == HEADER_CHACHA20
                    ? EVP_EncryptInit_ex2 (self->context, NULL, NULL, sample, NULL) > 0 &&
                          EVP_EncryptUpdate (self->context, block, &n, zeros, sizeof zeros) > 0
                    : EVP_EncryptUpdate (self->context, block, &n, sample, QS_SAMPLE_LENGTH) > 0;
  if (ok)
    memcpy (mask, block, QS_MASK_LENGTH);
  else
    ERR_clear_error ();
  return ok;
}

/* --- Whole packets --- */

gboolean
qs_retry_integrity_tag (guint32 version, QsSpan original_dcid, QsSpan retry, guint8 tag[QS_RETRY_TAG_LENGTH])
{
  const Version *found = version != 0 ? find_version (version) : NULL;
  gsize n;

  if (found == NULL || original_dcid.length > QS_CID_MAX)
    return FALSE;

  QsKeys keys = { .suite = &suites[0] };
  memcpy (keys.key, found->retry_key, sizeof found->retry_key);
  memcpy (keys.iv, found->retry_nonce, sizeof found->retry_nonce);

  g_autoptr (GByteArray) pseudo = g_byte_array_new ();
  guint8 length = (guint8) original_dcid.length;
  g_byte_array_append (pseudo, &length, 1);
  g_byte_array_append (pseudo, original_dcid.data, (guint) original_dcid.length);
  g_byte_array_append (pseudo, retry.data, (guint) retry.length);

  gboolean ok = qs_keys_seal (&keys, 0, QS_SPAN (pseudo->data, pseudo->len), QS_SPAN ("", 0), tag, &n);
  qs_keys_rest (&keys);
  return ok;
}

GBytes *
qs_packet_protect (QsKeys *keys, QsHeaderKey *header_key, QsSpan header, guint8 pn_length, guint64 number,
                   QsSpan payload)
{
  g_return_val_if_fail (pn_length >= 1 && pn_length <= 4 && header.length > pn_length, NULL);
  g_return_val_if_fail (pn_length + payload.length >= 4, NULL);

  guint8 mask[QS_MASK_LENGTH];
  gsize sealed;
  g_autofree guint8 *packet = g_malloc (header.length + payload.length + QS_AEAD_TAG_MAX);
  memcpy (packet, header.data, header.length);

  guint8 *pn = packet + header.length - pn_length;
  if (!qs_keys_seal (keys, number, header, payload, packet + header.length, &sealed) ||
      !qs_header_key_mask (header_key, pn + 4, mask))
    return NULL;

  packet[0] ^= mask[0] & (packet[0] & 0x80 ? 0x0f : 0x1f);
  for (guint i = 0; i < pn_length; i++)
    pn[i] ^= mask[1 + i];
  return g_bytes_new_take (g_steal_pointer (&packet), header.length + sealed);
}
