/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <openssl/ssl.h>

G_BEGIN_DECLS

/**
 * QsTicketJar: the newest session ticket of a server, for runs that resume (RFC 9846 section 2.2). Reference counted; any
 * thread may use it.
 *
 * A run that has a jar offers what is in it, if that came from a server whose certificate is for the host that is asked for,
 * and puts in what it is given, unless the server's certificate did not verify: a resumed session shows none.
 */
typedef struct _QsTicketJar QsTicketJar;

QsTicketJar *qs_ticket_jar_new (void);
QsTicketJar *qs_ticket_jar_ref (QsTicketJar *self);
void qs_ticket_jar_unref (QsTicketJar *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsTicketJar, qs_ticket_jar_unref)

gboolean qs_ticket_jar_is_empty (QsTicketJar *self);

/* A PEM file, as “openssl s_client -sess_out” writes one. A file that does not exist leaves the jar as it is. FALSE with
 * QS_ERROR_PARSE or G_FILE_ERROR. */
gboolean qs_ticket_jar_load (QsTicketJar *self, const char *path, GError **error);
/* For its owner alone to read: whoever has it can be taken for this client. An empty jar writes nothing. */
gboolean qs_ticket_jar_save (QsTicketJar *self, const char *path, GError **error);

/* Under OpenSSL's lock: keeps a copy. */
void qs_ticket_jar_put (QsTicketJar *self, SSL_SESSION *session);
/* Has ssl offer it, if it fits host (a name or a literal address). */
void qs_ticket_jar_offer (QsTicketJar *self, SSL *ssl, const char *host);

G_END_DECLS
