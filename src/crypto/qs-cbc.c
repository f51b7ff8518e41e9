/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of TLS 1.0 to 1.2 under a block cipher and an HMAC: RFC 5246 section 6.2.3.2, RFC 2246 for what was before, RFC 7366. */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

#include "crypto/qs-key-schedule-private.h"
#include "wire/qs-writer.h"

#define RECORD_HEADER 5
#define TLS_1_1 0x0302 /* from there on each record brings its IV */
#define BLOCK_MAX 16

typedef struct {
  const char *cipher;
  guint8 key_length, block;
  const char *mac;
  guint8 mac_length;
  const char *prf; /* TLS 1.2's */
  guint16 ids[28]; /* 0: the end */
} Family;

/* By what they are made of: the registry of TLS cipher suites. */
static const Family families[] = {
  { "AES-128-CBC",
    16,
    16,
    "SHA1",
    20,
    "SHA256",
    { 0x002f, 0x0030, 0x0031, 0x0032, 0x0033, 0x0034, 0x008c, 0x0090, 0x0094, 0xc004, 0xc009, 0xc00e, 0xc013, 0xc018,
      0xc01d, 0xc01e, 0xc01f, 0xc035 } },
  { "AES-256-CBC",
    32,
    16,
    "SHA1",
    20,
    "SHA256",
    { 0x0035, 0x0036, 0x0037, 0x0038, 0x0039, 0x003a, 0x008d, 0x0091, 0x0095, 0xc005, 0xc00a, 0xc00f, 0xc014, 0xc019,
      0xc020, 0xc021, 0xc022, 0xc036 } },
  { "AES-128-CBC",
    16,
    16,
    "SHA256",
    32,
    "SHA256",
    { 0x003c, 0x003e, 0x003f, 0x0040, 0x0067, 0x006c, 0x00ae, 0x00b2, 0x00b6, 0xc023, 0xc025, 0xc027, 0xc029,
      0xc037 } },
  { "AES-256-CBC", 32, 16, "SHA256", 32, "SHA256", { 0x003d, 0x0068, 0x0069, 0x006a, 0x006b, 0x006d } },
  { "AES-256-CBC", 32, 16, "SHA384", 48, "SHA384", { 0x00af, 0x00b3, 0x00b7, 0xc024, 0xc026, 0xc028, 0xc02a, 0xc038 } },
  { "DES-EDE3-CBC",
    24,
    8,
    "SHA1",
    20,
    "SHA256",
    { 0x000a, 0x000d, 0x0010, 0x0013, 0x0016, 0x001b, 0x008b, 0x008f, 0x0093, 0xc003, 0xc008, 0xc00d, 0xc012, 0xc017,
      0xc01a, 0xc01b, 0xc01c, 0xc034 } },
  { "CAMELLIA-128-CBC", 16, 16, "SHA1", 20, "SHA256", { 0x0041, 0x0042, 0x0043, 0x0044, 0x0045, 0x0046 } },
  { "CAMELLIA-256-CBC", 32, 16, "SHA1", 20, "SHA256", { 0x0084, 0x0085, 0x0086, 0x0087, 0x0088, 0x0089 } },
};

struct _QsCbc {
  const Family *family;
  gboolean explicit_iv, encrypt_then_mac;
  guint8 key[32], mac_key[48], iv[BLOCK_MAX];
  EVP_CIPHER_CTX *context;
};

static const Family *
find_family (guint16 suite)
{
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    for (guint k = 0; k < G_N_ELEMENTS (families[i].ids) && families[i].ids[k] != 0; k++)
      if (families[i].ids[k] == suite)
        return &families[i];
  return NULL;
}

gboolean
qs_tls12_suite_is_cbc (guint16 suite)
{
  return find_family (suite) != NULL;
}

static EVP_CIPHER_CTX *
new_context (const QsCbc *self)
{
  EVP_CIPHER *cipher = EVP_CIPHER_fetch (NULL, self->family->cipher, NULL);
  EVP_CIPHER_CTX *context = cipher != NULL ? EVP_CIPHER_CTX_new () : NULL;

  if (context != NULL && EVP_DecryptInit_ex2 (context, cipher, self->key, self->iv, NULL) <= 0)
    g_clear_pointer (&context, EVP_CIPHER_CTX_free);
  EVP_CIPHER_free (cipher);
  ERR_clear_error (); /* the policy of the system may not have it: its records stay closed */
  if (context != NULL)
    EVP_CIPHER_CTX_set_padding (context, 0);
  return context;
}

QsCbc *
qs_cbc_new (const QsTls12 *facts, const QsSecret *master, gboolean server)
{
  const Family *family = find_family (facts->suite);
  guint8 block[2 * (48 + 32 + BLOCK_MAX)];

  if (family == NULL)
    return NULL;

  gsize mac = family->mac_length, key = family->key_length;
  gboolean old = facts->version < 0x0303; /* RFC 2246 section 5: a PRF of MD5 and SHA-1 together */
  const char *digest = old ? "MD5-SHA1" : family->prf;
  if (!qs_expand_key_block (digest, master, facts->client_random, facts->server_random, block,
                            2 * (mac + key + family->block)))
    return NULL;
  QsCbc *self = g_new0 (QsCbc, 1);
  self->family = family;
  self->explicit_iv = facts->version >= TLS_1_1;
  self->encrypt_then_mac = facts->encrypt_then_mac;
  memcpy (self->mac_key, block + (server ? mac : 0), mac);
  memcpy (self->key, block + 2 * mac + (server ? key : 0), key);
  memcpy (self->iv, block + 2 * (mac + key) + (server ? family->block : 0), family->block);
  OPENSSL_cleanse (block, sizeof block);
  return self;
}

void
qs_cbc_rest (QsCbc *self)
{
  g_clear_pointer (&self->context, EVP_CIPHER_CTX_free);
}

void
qs_cbc_free (QsCbc *self)
{
  if (self == NULL)
    return;
  qs_cbc_rest (self);
  OPENSSL_cleanse (self, sizeof *self);
  g_free (self);
}

QsSpan
qs_cbc_get_key (const QsCbc *self)
{
  return QS_SPAN (self->key, self->family->key_length);
}

/* RFC 5246 section 6.2.3.1: over the number, the record's header with the length of what is authenticated, and that. */
static gboolean
is_authentic (const QsCbc *self, guint64 sequence, const guint8 *header, QsSpan text, const guint8 *mac)
{
  guint8 found[EVP_MAX_MD_SIZE];
  gsize n = 0;
  g_autoptr (GByteArray) all = g_byte_array_sized_new ((guint) text.length + 13);

  qs_write_uint (all, sequence, 8);
  qs_write_span (all, QS_SPAN (header, 3));
  qs_write_uint (all, text.length, 2);
  qs_write_span (all, text);
  gboolean made = EVP_Q_mac (NULL, "HMAC", NULL, self->family->mac, NULL, self->mac_key, self->family->mac_length,
                             all->data, all->len, found, sizeof found, &n) != NULL;
  if (!made)
    ERR_clear_error ();
  return made && n == self->family->mac_length && CRYPTO_memcmp (found, mac, n) == 0;
}

static gboolean
decipher (QsCbc *self, const guint8 *iv, QsSpan text, guint8 *out)
{
  int n;

  if (text.length == 0 || text.length % self->family->block != 0 || text.length > G_MAXINT ||
      (self->context == NULL && (self->context = new_context (self)) == NULL))
    return FALSE;
  gboolean ok = EVP_DecryptInit_ex2 (self->context, NULL, NULL, iv, NULL) > 0 &&
                EVP_DecryptUpdate (self->context, out, &n, text.data, (int) text.length) > 0;
  if (!ok)
    ERR_clear_error ();
  return ok;
}

/* The length without the padding, each of whose bytes says how many went before it; -1: it is none. */
static gssize
strip_padding (const guint8 *bytes, gsize length)
{
  gsize padding = bytes[length - 1] + (gsize) 1;

  if (padding > length)
    return -1;
  for (gsize i = length - padding; i < length; i++)
    if (bytes[i] != padding - 1)
      return -1;
  return (gssize) (length - padding);
}

gboolean
qs_cbc_open (QsCbc *self, guint64 sequence, QsSpan record, QsSpan before, guint8 *out, gsize *out_length)
{
  gsize block = self->family->block, mac = self->family->mac_length;
  gsize skip = self->explicit_iv ? block : 0, tail = self->encrypt_then_mac ? mac : 0;
  const guint8 *iv = self->iv;

  if (record.length < RECORD_HEADER + skip + tail + block)
    return FALSE;
  QsSpan fragment = QS_SPAN (record.data + RECORD_HEADER, record.length - RECORD_HEADER - tail);
  QsSpan text = QS_SPAN (fragment.data + skip, fragment.length - skip);
  if (self->explicit_iv)
    iv = fragment.data;
  else if (sequence > 0 && before.length >= block + tail) /* the last block of the record before, ahead of its MAC */
    iv = before.data + before.length - tail - block;
  else if (sequence > 0)
    return FALSE;
  if (tail > 0 && !is_authentic (self, sequence, record.data, fragment, fragment.data + fragment.length))
    return FALSE;
  if (!decipher (self, iv, text, out))
    return FALSE;
  gssize length = strip_padding (out, text.length);
  if (tail == 0)
    length -= (gssize) mac;
  if (length < 0 ||
      (tail == 0 && !is_authentic (self, sequence, record.data, QS_SPAN (out, (gsize) length), out + length)))
    return FALSE;
  *out_length = (gsize) length;
  return TRUE;
}
