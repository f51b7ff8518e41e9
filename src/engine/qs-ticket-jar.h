/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <openssl/ssl.h>

#include "engine/qs-verification.h"

G_BEGIN_DECLS

/**
 * QsTicketJar: the newest session ticket of a server, for runs that resume (RFC 9846 section 2.2). Reference counted; any
 * thread may use it.
 *
 * A resumed session shows no certificate, so that nothing would be verified. Therefore the jar keeps the chain with the session,
 * and what it is of; each offer verifies it again as if it had just been shown. What does not verify, or is of another
 * host, port or transport, is not offered, and the full handshake tells what is wrong.
 */
typedef struct _QsTicketJar QsTicketJar;

QsTicketJar *qs_ticket_jar_new (void);
QsTicketJar *qs_ticket_jar_ref (QsTicketJar *self);
void qs_ticket_jar_unref (QsTicketJar *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsTicketJar, qs_ticket_jar_unref)

gboolean qs_ticket_jar_is_empty (QsTicketJar *self);

/* A PEM file: the session as “openssl s_client -sess_out” writes one, which alone will do where the server's CA signed
 * its certificate itself; then the certificates between both. A file that does not exist leaves the jar as it is. FALSE
 * with QS_ERROR_PARSE or G_IO_ERROR. */
gboolean qs_ticket_jar_load (QsTicketJar *self, const char *path, GError **error);
/* For its owner alone to read: whoever has it can be taken for this client. An empty jar writes nothing. */
gboolean qs_ticket_jar_save (QsTicketJar *self, const char *path, GError **error);

/* Under OpenSSL's lock: keeps a copy. chain: as the server sent it, its own certificate first. origin: what it is of, as
 * "quic://localhost:4433", with the name that was verified. */
void qs_ticket_jar_put (QsTicketJar *self, SSL_SESSION *session, STACK_OF (X509) * chain, const char *origin);

/* What an offer came to. */
typedef struct {
  gboolean offered;
  int error;               /* X509_V_ERR_* where the chain is why it was not; else X509_V_OK */
  char *sentence;          /* for the log: translated, escaped; NULL: the jar was empty */
  STACK_OF (X509) * chain; /* of the session that is offered; else NULL */
} QsTicketOffer;
void qs_ticket_offer_clear (QsTicketOffer *offer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QsTicketOffer, qs_ticket_offer_clear)

/* Has ssl, of a run for origin, offer what is in the jar, if the verification of this run lets it. */
void qs_ticket_jar_offer (QsTicketJar *self, SSL *ssl, QsVerification *verification, const char *origin,
                          QsTicketOffer *offer);

G_END_DECLS
