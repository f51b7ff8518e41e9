/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files about keys share: qs-key-schedule.c has the tables and derives, qs-keys.c opens and seals. */
#pragma once

#include <openssl/evp.h>

#include "crypto/qs-keys.h"

G_BEGIN_DECLS

typedef enum {
  QS_CIPHER_AES_128_GCM,
  QS_CIPHER_AES_256_GCM,
  QS_CIPHER_CHACHA20_POLY1305,
  QS_CIPHER_AES_128_CCM,
  QS_N_CIPHERS
} QsCipher;
typedef enum { QS_HEADER_AES_128, QS_HEADER_AES_256, QS_HEADER_CHACHA20, QS_N_HEADER_CIPHERS } QsHeaderCipher;

typedef struct {
  guint16 id;
  QsCipher cipher;
  QsHeaderCipher header;
  const char *digest;
  guint8 secret_length;
  guint8 key_length;
  guint8 tag_length;
  guint8 explicit_length; /* TLS 1.2: of the nonce's part that each record brings */
  gboolean tls12;
} QsSuite;

/* What differs between the versions: RFC 9001 section 5, RFC 9369 section 3.3. */
typedef struct {
  guint32 version;
  guint8 salt[20];
  guint8 retry_key[16];
  guint8 retry_nonce[12];
  const char *key_label, *iv_label, *header_label, *update_label;
  const char *prefix;    /* of all labels, NULL: "tls13 " */
  gboolean bare_records; /* TLS records: the record's header is not authenticated */
} QsVersionKeys;

/* NULL: not known. */
const QsSuite *qs_suite_find (guint16 id); /* TLS 1.3's */
const QsSuite *qs_suite_find_tls12 (guint16 id);
/* 0: TLS records, which have no header protection; QS_TLS_DRAFT_KEYS(): those of a draft of TLS 1.3. */
const QsVersionKeys *qs_version_keys_find (guint32 version);

/* Borrowed; NULL where the policy of the system does not have it. */
EVP_CIPHER *qs_suite_get_cipher (const QsSuite *suite);
EVP_CIPHER *qs_suite_get_header_cipher (const QsSuite *suite);

/* HKDF-Expand-Label with an empty context (RFC 9846 section 7.1). */
gboolean qs_suite_expand (const char *digest, const QsSecret *secret, const char *label, guint8 *out, gsize length);
/* The same with the prefix that the version has. */
gboolean qs_version_expand (const QsVersionKeys *version, const char *digest, const QsSecret *secret, const char *label,
                            guint8 *out, gsize length);
/* TLS 1.2's keys of both sides, RFC 5246 section 6.3: with an AEAD there are no MAC keys. digest: the PRF's. */
gboolean qs_expand_key_block (const char *digest, const QsSecret *master, const guint8 *client_random,
                              const guint8 *server_random, guint8 *out, gsize length);

/* One side's keys for a CBC suite. NULL when the suite is none, or the PRF is not there. */
typedef struct _QsCbc QsCbc;

QsCbc *qs_cbc_new (const QsTls12 *facts, const QsSecret *master, gboolean server);
void qs_cbc_free (QsCbc *self);
void qs_cbc_rest (QsCbc *self);
QsSpan qs_cbc_get_key (const QsCbc *self);
/* As qs_keys_open_tls12(). */
gboolean qs_cbc_open (QsCbc *self, guint64 sequence, QsSpan record, QsSpan before, guint8 *out, gsize *out_length);

G_END_DECLS
