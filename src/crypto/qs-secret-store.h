/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/qs-keys.h"

G_BEGIN_DECLS

#define QS_CLIENT_RANDOM_LENGTH 32

/* What the key log (RFC 9850) can hold of one connection. */
typedef enum {
  QS_SECRET_CLIENT_EARLY,
  QS_SECRET_CLIENT_HANDSHAKE,
  QS_SECRET_SERVER_HANDSHAKE,
  QS_SECRET_CLIENT_TRAFFIC,
  QS_SECRET_SERVER_TRAFFIC,
  QS_SECRET_MASTER, /* TLS 1.2 */
  QS_N_SECRETS
} QsSecretLabel;

/**
 * QsSecretStore:
 *
 * Key-log lines, by the connection's client random.
 */
typedef struct _QsSecretStore QsSecretStore;

QsSecretStore *qs_secret_store_new (void);
void qs_secret_store_free (QsSecretStore *self);
/* TRUE when the line told something new; lines of other labels and garbled ones are passed over. */
gboolean qs_secret_store_add_line (QsSecretStore *self, QsSpan line);
/* NULL when not known. random: 32 bytes. */
const QsSecret *qs_secret_store_get (QsSecretStore *self, const guint8 *random, QsSecretLabel label);
/* The client random when all lines are of one connection, else NULL. */
const guint8 *qs_secret_store_get_only_random (QsSecretStore *self);
/* All client randoms (transfer container): they stay where they are as long as the store. */
GPtrArray *qs_secret_store_list_randoms (QsSecretStore *self);
gboolean qs_secret_store_is_empty (QsSecretStore *self);

G_END_DECLS
