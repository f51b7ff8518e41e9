/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <openssl/ssl.h>

#include "engine/qs-probe.h"

G_BEGIN_DECLS

/**
 * QsSslHooks: what an SSL object tells while it works. All are called under OpenSSL's engine lock, by
 * whichever thread drives it: append to the trace or set a flag, nothing else.
 */
typedef struct {
  void (*secret) (const char *line, gpointer data); /* a key-log line */
  /* The verification ended; chain: as the server sent it; built: up to a trusted one, as far as it came. */
  void (*verified) (const QsVerdict *verdict, STACK_OF (X509) * chain, STACK_OF (X509) * built, gpointer data);
  /* Not under the lock: there was a kept session. */
  void (*session) (const QsTicketOffer *offer, gpointer data);
  void (*confirmed) (gpointer data);             /* HANDSHAKE_DONE came (RFC 9001 section 4.1.2); QUIC only */
  void (*certificate_requested) (gpointer data); /* the server wants one of ours */
  void (*ticket) (gpointer data);                /* a session ticket: the server took our Finished */
  void (*alert) (gboolean sent, int level, int description, gpointer data); /* TLS over TCP only */
} QsSslHooks;

/**
 * QsSslConfig: what a run offers and trusts, as an SSL_CTX that all its attempts share. Reference counted.
 */
typedef struct _QsSslConfig QsSslConfig;

/* NULL with QS_ERROR_SSL or QS_ERROR_INVALID_TARGET: a translated sentence that says what to do. */
QsSslConfig *qs_ssl_config_new (QsTarget *target, const QsProbeOptions *options, GError **error);
QsSslConfig *qs_ssl_config_ref (QsSslConfig *self);
void qs_ssl_config_unref (QsSslConfig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsSslConfig, qs_ssl_config_unref)

/* Notes what is offered as facts: target, tls.sni, offer.alpn, offer.groups, offer.ciphersuites. */
void qs_ssl_config_add_facts (QsSslConfig *self, QsTrace *trace);

/* (transfer full): a client's object, without a BIO. hooks is static; data must outlive it. */
SSL *qs_ssl_config_new_ssl (QsSslConfig *self, const QsSslHooks *hooks, gpointer data, GError **error);

/* Whether a header of the PROXY protocol goes before TLS. */
gboolean qs_ssl_config_get_proxy_header (QsSslConfig *self);
guint qs_ssl_config_get_max_segment (QsSslConfig *self); /* 0: as the path has it */

/* OpenSSL's words for the first error in its queue, escaped; the queue is emptied. Never NULL. */
char *qs_ssl_take_error (void);

G_END_DECLS
