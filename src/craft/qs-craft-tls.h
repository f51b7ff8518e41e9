/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <openssl/ssl.h>

#include "crypto/qs-keys.h"

G_BEGIN_DECLS

/**
 * QsCraftTls:
 *
 * The handshake of TLS 1.3 without packets (RFC 9001 section 4): OpenSSL takes and gives handshake bytes by encryption level, secrets and
 * transport parameters, and whoever owns it makes packets of them as he likes. Levels are QS_PACKET_INITIAL, 0RTT, HANDSHAKE and 1RTT.
 */
typedef struct _QsCraftTls QsCraftTls;

/* Called from within qs_craft_tls_start() and qs_craft_tls_feed(); none of them may free the object. */
typedef struct {
  void (*handshake) (QsPacketType level, QsSpan bytes, gpointer data); /* to be sent in CRYPTO frames */
  void (*secret) (QsPacketType level, gboolean own, guint16 suite, const QsSecret *secret, gpointer data);
  void (*parameters) (QsSpan bytes, gpointer data); /* the peer's */
  void (*alert) (guint8 alert, gpointer data);      /* this side gives up, and would close with 0x100 + alert */
  void (*key_log) (const char *line, gpointer data);
  void (*ticket) (SSL_SESSION *session, gpointer data); /* borrowed: up-reference it to keep it */
} QsCraftTlsHooks;

/* What the ClientHello offers; pointers are borrowed for the call that takes it. */
typedef struct {
  const char *server_name;  /* NULL: none is sent */
  const char *host;         /* whom the certificate has to name, a name or an address; NULL: nobody */
  const char *const *alpn;  /* NULL or empty: the extension is left out */
  const char *groups;       /* OpenSSL's list; NULL: X25519 alone, with which a ClientHello fits in one datagram */
  const char *ciphersuites; /* OpenSSL's list; NULL: its defaults */
  QsSpan parameters;        /* transport parameters as they stand, right or wrong */
  guint padding;            /* bytes of a GREASE extension (RFC 8701); 0: none */
  guint16 extension;        /* of an extension that OpenSSL does not know, with these bytes; 0: none */
  QsSpan extension_bytes;
  SSL_SESSION *session; /* to resume; NULL: none */
  gboolean early;       /* offer 0-RTT with it, if its ticket allows that */
  X509_STORE *trust;    /* whom to trust; NULL: nobody */
} QsCraftTlsOffer;

/* What a server answers a ClientHello with; borrowed for the call that takes it, the lists as long as the object lives. */
typedef struct {
  /* Puts a certificate, its chain and its key into the context; which: the owner's own number of one. */
  gboolean (*identify) (SSL_CTX *context, guint which, gpointer data);
  gpointer identify_data;
  guint which;
  const char *const
      *alpn; /* the first of these that the client offers is chosen, else the client's first; NULL: that one */
  const char *unasked_alpn; /* chosen whatever the client offers; NULL: as above */
  QsSpan parameters;        /* transport parameters as they stand, right or wrong */
  gboolean no_parameters;   /* the extension is empty: OpenSSL does not leave it out */
} QsCraftTlsAnswer;

/* hooks is static. NULL with QS_ERROR_SSL: a list that OpenSSL does not take. */
QsCraftTls *qs_craft_tls_new (const QsCraftTlsOffer *offer, const QsCraftTlsHooks *hooks, gpointer data,
                              GError **error);
/* The server's side: the client's certificate is not asked for, and no tickets are given. */
QsCraftTls *qs_craft_tls_new_server (const QsCraftTlsAnswer *answer, const QsCraftTlsHooks *hooks, gpointer data,
                                     GError **error);
void qs_craft_tls_free (QsCraftTls *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsCraftTls, qs_craft_tls_free)

/* Makes the ClientHello; a server waits for one. */
void qs_craft_tls_start (QsCraftTls *self);
/* The next bytes of the peer's CRYPTO stream of a level, in order. FALSE: TLS has given up, then or earlier. */
gboolean qs_craft_tls_feed (QsCraftTls *self, QsPacketType level, QsSpan bytes);
gboolean qs_craft_tls_is_done (const QsCraftTls *self); /* the peer's Finished was right and ours is made */

SSL *qs_craft_tls_get_ssl (QsCraftTls *self); /* to ask what was agreed on */

G_END_DECLS
