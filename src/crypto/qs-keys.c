/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "crypto/qs-keys.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

#include "crypto/qs-key-schedule-private.h"
#include "wire/qs-writer.h"

#define TLS_RECORD_HEADER ((gsize) 5)
#define TLS12_MASTER 48 /* bytes: RFC 5246 section 8.1 */

struct _QsKeys {
  const QsSuite *suite;
  QsSecret secret;
  guint8 key[32];
  guint8 iv[QS_IV_LENGTH];
  QsCbc *cbc; /* then suite, key and iv are not used */
  guint16 id;
  EVP_CIPHER_CTX *open;
  EVP_CIPHER_CTX *seal;
  guint32 path_id;
  gboolean bare_records; /* a draft of TLS 1.3: nothing is authenticated beside the text */
};

struct _QsHeaderKey {
  const QsSuite *suite;
  guint8 key[32];
  EVP_CIPHER_CTX *context;
};

/* --- AEAD --- */

static EVP_CIPHER_CTX *
new_context (const QsKeys *self, gboolean encrypt)
{
  const QsSuite *suite = self->suite;
  EVP_CIPHER *cipher = qs_suite_get_cipher (suite);
  EVP_CIPHER_CTX *context = cipher != NULL ? EVP_CIPHER_CTX_new () : NULL;
  gboolean ok = context != NULL && EVP_CipherInit_ex2 (context, cipher, NULL, NULL, encrypt, NULL) > 0 &&
                EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_SET_IVLEN, QS_IV_LENGTH, NULL) > 0 &&
                (suite->cipher != QS_CIPHER_AES_128_CCM ||
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
  const QsVersionKeys *labels = qs_version_keys_find (version);
  const QsSuite *found = qs_suite_find (suite);

  if (labels == NULL || found == NULL || secret->length != found->secret_length)
    return NULL;

  g_autoptr (QsKeys) self = g_new0 (QsKeys, 1);
  self->suite = found;
  self->secret = *secret;
  self->bare_records = labels->bare_records;
  if (!qs_version_expand (labels, found->digest, secret, labels->key_label, self->key, found->key_length) ||
      !qs_version_expand (labels, found->digest, secret, labels->iv_label, self->iv, sizeof self->iv))
    return NULL;
  return g_steal_pointer (&self);
}

static QsKeys *
new_cbc (const QsTls12 *facts, const QsSecret *master, gboolean server)
{
  QsCbc *cbc = qs_cbc_new (facts, master, server);

  if (cbc == NULL)
    return NULL;
  QsKeys *self = g_new0 (QsKeys, 1);
  self->cbc = cbc;
  self->id = facts->suite;
  self->secret = *master;
  return self;
}

QsKeys *
qs_keys_new_tls12 (const QsTls12 *facts, const QsSecret *master, gboolean server)
{
  const QsSuite *found = qs_suite_find_tls12 (facts->suite);
  guint8 block[2 * (32 + QS_IV_LENGTH)];

  if (found == NULL && master->length == TLS12_MASTER)
    return new_cbc (facts, master, server);
  if (found == NULL || master->length != found->secret_length)
    return NULL;

  gsize iv_length = QS_IV_LENGTH - found->explicit_length;
  gsize length = 2 * (found->key_length + iv_length);
  g_autoptr (QsKeys) self = g_new0 (QsKeys, 1);
  self->suite = found;
  self->secret = *master;
  if (!qs_expand_key_block (found->digest, master, facts->client_random, facts->server_random, block, length))
    return NULL;
  memcpy (self->key, block + (server ? found->key_length : 0), found->key_length);
  /* What is left of it is zero: the part that a record brings is added as if it were a number. */
  memcpy (self->iv, block + 2 * found->key_length + (server ? iv_length : 0), iv_length);
  OPENSSL_cleanse (block, sizeof block);
  return g_steal_pointer (&self);
}

gboolean
qs_keys_open_tls12 (QsKeys *self, guint64 sequence, QsSpan record, QsSpan before, guint8 *out, gsize *out_length)
{
  const QsSuite *suite = self->suite;
  guint8 header[13];
  guint64 number = GUINT64_TO_BE (sequence);

  if (self->cbc != NULL)
    return qs_cbc_open (self->cbc, sequence, record, before, out, out_length);
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
  return self->cbc != NULL || self->suite->tls12;
}

void
qs_keys_rest (QsKeys *self)
{
  g_clear_pointer (&self->open, EVP_CIPHER_CTX_free);
  g_clear_pointer (&self->seal, EVP_CIPHER_CTX_free);
  if (self->cbc != NULL)
    qs_cbc_rest (self->cbc);
}

void
qs_keys_free (QsKeys *self)
{
  if (self == NULL)
    return;
  qs_keys_rest (self);
  qs_cbc_free (self->cbc);
  OPENSSL_cleanse (self, sizeof *self);
  g_free (self);
}

guint16
qs_keys_get_suite (const QsKeys *self)
{
  return self->cbc != NULL ? self->id : self->suite->id;
}

const guint8 *
qs_keys_get_iv (const QsKeys *self)
{
  return self->iv;
}

QsSpan
qs_keys_get_key (const QsKeys *self)
{
  return self->cbc != NULL ? qs_cbc_get_key (self->cbc) : QS_SPAN (self->key, self->suite->key_length);
}

void
qs_keys_set_path (QsKeys *self, guint32 path_id)
{
  self->path_id = path_id;
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
  for (guint i = 0; i < 4; i++)
    nonce[QS_IV_LENGTH - 9 - i] ^= (guint8) (self->path_id >> (8 * i));
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
  const QsSuite *suite = self->suite;
  guint8 nonce[QS_IV_LENGTH];

  if (sealed.length < suite->tag_length || sealed.length > G_MAXINT || header.length > G_MAXINT)
    return FALSE;
  if (self->open == NULL && (self->open = new_context (self, FALSE)) == NULL)
    return FALSE;

  make_nonce (self, number, nonce);
  if (self->bare_records)
    header = QS_SPAN ("", 0);
  QsSpan text = QS_SPAN (sealed.data, sealed.length - suite->tag_length);
  const guint8 *tag = sealed.data + text.length;
  gboolean ok = suite->cipher == QS_CIPHER_AES_128_CCM
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
  const QsSuite *suite = self->suite;
  gboolean ccm = suite->cipher == QS_CIPHER_AES_128_CCM;
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
  const QsVersionKeys *labels = qs_version_keys_find (version);
  const QsSuite *found = qs_suite_find (suite);

  if (labels == NULL || labels->header_label == NULL || found == NULL || secret->length != found->secret_length)
    return NULL;

  EVP_CIPHER *cipher = qs_suite_get_header_cipher (found);
  g_autoptr (QsHeaderKey) self = g_new0 (QsHeaderKey, 1);
  self->suite = found;
  if (cipher == NULL || !qs_suite_expand (found->digest, secret, labels->header_label, self->key, found->key_length))
    return NULL;

  self->context = EVP_CIPHER_CTX_new ();
  if (self->context == NULL || EVP_EncryptInit_ex2 (self->context, cipher, self->key, NULL, NULL) <= 0)
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
  gboolean ok = self->suite->header == QS_HEADER_CHACHA20
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
  const QsVersionKeys *found = qs_version_keys_find (version);
  gsize n;

  if (found == NULL || found->header_label == NULL || original_dcid.length > QS_CID_MAX)
    return FALSE;

  QsKeys keys = { .suite = qs_suite_find (0x1301) };
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

gboolean
qs_packet_unprotect (QsHeaderKey *header_key, QsSpan packet, gsize pn_offset, guint64 expected, guint8 *header,
                     guint8 *pn_length, guint64 *number)
{
  guint8 mask[QS_MASK_LENGTH];

  if (packet.length < pn_offset + 4 + QS_SAMPLE_LENGTH ||
      !qs_header_key_mask (header_key, packet.data + pn_offset + 4, mask))
    return FALSE;
  memcpy (header, packet.data, pn_offset + 4);
  header[0] ^= mask[0] & ((header[0] & 0x80) != 0 ? 0x0f : 0x1f);
  *pn_length = (header[0] & 0x03) + 1;
  guint64 truncated = 0;
  for (guint i = 0; i < *pn_length; i++)
    {
      header[pn_offset + i] ^= mask[1 + i];
      truncated = truncated << 8 | header[pn_offset + i];
    }
  *number = qs_packet_number_decode (expected, truncated, *pn_length);
  return TRUE;
}

gboolean
qs_packet_open (QsKeys *keys, QsHeaderKey *header_key, const QsPacketHeader *header, QsSpan packet, guint64 expected,
                guint8 *out, gsize *out_length, guint64 *number)
{
  guint8 pn_length;

  if (header->pn_offset == 0 || header->length > packet.length)
    return FALSE;
  g_autofree guint8 *clear = g_malloc (header->pn_offset + 4);
  packet.length = header->length;
  if (!qs_packet_unprotect (header_key, packet, header->pn_offset, expected, clear, &pn_length, number))
    return FALSE;
  gsize start = header->pn_offset + pn_length;
  return qs_keys_open (keys, *number, QS_SPAN (clear, start), QS_SPAN (packet.data + start, packet.length - start), out,
                       out_length);
}

GBytes *
qs_packet_seal (QsKeys *keys, QsHeaderKey *header_key, const QsPacketHeader *header, guint8 pn_length, guint64 number,
                QsSpan payload)
{
  g_autoptr (GByteArray) clear = g_byte_array_new ();
  QsPacketHeader made = *header;

  made.first_byte = qs_packet_first_byte (header->version, header->type, pn_length);
  qs_packet_header_write (clear, &made, pn_length + payload.length + keys->suite->tag_length);
  qs_write_uint (clear, pn_length < 4 ? number & ((G_GUINT64_CONSTANT (1) << 8 * pn_length) - 1) : number & 0xffffffffu,
                 pn_length);
  return qs_packet_protect (keys, header_key, qs_written (clear), pn_length, number, payload);
}

GBytes *
qs_retry_seal (guint32 version, QsSpan original_dcid, QsSpan dcid, QsSpan scid, QsSpan token)
{
  g_autoptr (GByteArray) retry = g_byte_array_new ();
  guint8 tag[QS_RETRY_TAG_LENGTH];
  QsPacketHeader header = {
    .type = QS_PACKET_RETRY,
    .first_byte = qs_packet_first_byte (version, QS_PACKET_RETRY, 0),
    .version = version,
    .dcid = dcid,
    .scid = scid,
    .token = token,
  };

  qs_packet_header_write (retry, &header, 0);
  if (!qs_retry_integrity_tag (version, original_dcid, qs_written (retry), tag))
    return NULL;
  qs_write_span (retry, QS_SPAN (tag, sizeof tag));
  return g_byte_array_free_to_bytes (g_steal_pointer (&retry));
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
