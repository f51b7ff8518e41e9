/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "craft/qs-craft-tls.h"

#include <gio/gio.h>
#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <string.h>

#include "base/qs-error.h"
#include "base/qs-i18n.h"

#define GREASE_EXTENSION 0x8a8a
#define MOST_PENDING (1024 * 1024) /* bytes of one level's CRYPTO stream that wait for TLS */

struct _QsCraftTls {
  SSL *ssl;
  const QsCraftTlsHooks *hooks;
  gpointer data;
  QsPacketType read_level, write_level;
  GByteArray *pending[QS_PACKET_1RTT + 1]; /* fed, not released */
  guint lent;                              /* of the read level's, to OpenSSL */
  guint8 *parameters;                      /* OpenSSL keeps the pointer */
  guint8 *padding;
  guint padding_length;
  GBytes *extension;       /* NULL: none */
  const char *const *alpn; /* a server's */
  const char *unasked_alpn;
  gboolean done, failed;
};

static int ex_index = -1;

static QsPacketType
level_of (uint32_t protection)
{
  static const QsPacketType levels[] = { [OSSL_RECORD_PROTECTION_LEVEL_NONE] = QS_PACKET_INITIAL,
                                         [OSSL_RECORD_PROTECTION_LEVEL_EARLY] = QS_PACKET_0RTT,
                                         [OSSL_RECORD_PROTECTION_LEVEL_HANDSHAKE] = QS_PACKET_HANDSHAKE,
                                         [OSSL_RECORD_PROTECTION_LEVEL_APPLICATION] = QS_PACKET_1RTT };

  return protection < G_N_ELEMENTS (levels) ? levels[protection] : QS_PACKET_INITIAL;
}

/* --- What OpenSSL calls --- */

static int
send_cb (SSL *ssl, const unsigned char *bytes, size_t length, size_t *consumed, void *data)
{
  QsCraftTls *self = data;

  self->hooks->handshake (self->write_level, QS_SPAN (bytes, length), self->data);
  *consumed = length;
  return 1;
}

static int
receive_cb (SSL *ssl, const unsigned char **bytes, size_t *length, void *data)
{
  QsCraftTls *self = data;
  GByteArray *pending = self->pending[self->read_level];

  *bytes = pending->data;
  *length = pending->len;
  self->lent = pending->len;
  return 1;
}

static int
release_cb (SSL *ssl, size_t length, void *data)
{
  QsCraftTls *self = data;
  GByteArray *pending = self->pending[self->read_level];

  if (length > pending->len)
    return 0;
  if (length > 0)
    g_byte_array_remove_range (pending, 0, (guint) length);
  self->lent = 0;
  return 1;
}

static guint16
current_suite (SSL *ssl, QsPacketType level)
{
  const SSL_CIPHER *cipher = NULL;

  if (level == QS_PACKET_0RTT && SSL_get_session (ssl) != NULL)
    cipher = SSL_SESSION_get0_cipher (SSL_get_session (ssl));
  if (cipher == NULL)
    cipher = SSL_get_pending_cipher (ssl);
  if (cipher == NULL)
    cipher = SSL_get_current_cipher (ssl);
  return cipher != NULL ? SSL_CIPHER_get_protocol_id (cipher) : 0;
}

static int
secret_cb (SSL *ssl, uint32_t protection, int direction, const unsigned char *bytes, size_t length, void *data)
{
  QsCraftTls *self = data;
  QsPacketType level = level_of (protection);
  gboolean own = direction == 1;
  QsSecret secret = { .length = (guint8) length };

  if (length > sizeof secret.bytes)
    return 0;
  memcpy (secret.bytes, bytes, length);
  /* Nothing of the handshake travels in 0-RTT packets (RFC 9001 section 4.1.3). */
  if (own && level != QS_PACKET_0RTT)
    self->write_level = level;
  else if (!own)
    self->read_level = level;
  self->hooks->secret (level, own, current_suite (ssl, level), &secret, self->data);
  return 1;
}

static int
parameters_cb (SSL *ssl, const unsigned char *bytes, size_t length, void *data)
{
  QsCraftTls *self = data;

  self->hooks->parameters (QS_SPAN (bytes, length), self->data);
  return 1;
}

static int
alert_cb (SSL *ssl, unsigned char alert, void *data)
{
  QsCraftTls *self = data;

  self->hooks->alert (alert, self->data);
  return 1;
}

static const OSSL_DISPATCH callbacks[] = {
  { OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_SEND, (void (*) (void)) send_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_RECV_RCD, (void (*) (void)) receive_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_RELEASE_RCD, (void (*) (void)) release_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_YIELD_SECRET, (void (*) (void)) secret_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_GOT_TRANSPORT_PARAMS, (void (*) (void)) parameters_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_ALERT, (void (*) (void)) alert_cb },
  { 0, NULL },
};

static void
key_log_cb (const SSL *ssl, const char *line)
{
  QsCraftTls *self = SSL_get_ex_data (ssl, ex_index);

  if (self != NULL)
    self->hooks->key_log (line, self->data);
}

static int
session_cb (SSL *ssl, SSL_SESSION *session)
{
  QsCraftTls *self = SSL_get_ex_data (ssl, ex_index);

  if (self != NULL && self->hooks->ticket != NULL)
    self->hooks->ticket (session, self->data);
  return 0;
}

static int
padding_cb (SSL *ssl, unsigned int type, unsigned int context, const unsigned char **out, size_t *length, X509 *x,
            size_t chain, int *alert, void *data)
{
  QsCraftTls *self = SSL_get_ex_data (ssl, ex_index);

  if (self == NULL || self->padding == NULL)
    return 0;
  *out = self->padding;
  *length = self->padding_length;
  return 1;
}

static int
extension_cb (SSL *ssl, unsigned int type, unsigned int context, const unsigned char **out, size_t *length, X509 *x,
              size_t chain, int *alert, void *data)
{
  QsCraftTls *self = SSL_get_ex_data (ssl, ex_index);

  if (self == NULL || self->extension == NULL)
    return 0;
  *out = g_bytes_get_data (self->extension, length);
  return 1;
}

/* The trace has it. */
static int
any_answer_cb (SSL *ssl, unsigned int type, unsigned int context, const unsigned char *in, size_t length, X509 *x,
               size_t chain, int *alert, void *data)
{
  return 1;
}

/* --- Making one --- */

static void
init_once (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      ex_index = SSL_get_ex_new_index (0, NULL, NULL, NULL, NULL);
      g_once_init_leave (&once, 1);
    }
}

static SSL_CTX *
make_context (const QsCraftTlsOffer *offer)
{
  SSL_CTX *context = SSL_CTX_new (TLS_client_method ());

  if (context == NULL)
    return NULL;
  SSL_CTX_set_min_proto_version (context, TLS1_3_VERSION);
  SSL_CTX_set_keylog_callback (context, key_log_cb);
  SSL_CTX_set_session_cache_mode (context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb (context, session_cb);
  /* What the chain is worth is a question for the judge, not a reason to stop. */
  SSL_CTX_set_verify (context, SSL_VERIFY_NONE, NULL);
  if (offer->trust != NULL)
    SSL_CTX_set1_cert_store (context, offer->trust);
  if (offer->extension != 0)
    SSL_CTX_add_custom_ext (context, offer->extension, SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS,
                            extension_cb, NULL, NULL, any_answer_cb, NULL);
  if (offer->padding > 0)
    SSL_CTX_add_custom_ext (context, GREASE_EXTENSION, SSL_EXT_CLIENT_HELLO, padding_cb, NULL, NULL, NULL, NULL);
  return context;
}

static GByteArray *
make_alpn (const char *const *protocols)
{
  GByteArray *out = g_byte_array_new ();

  for (guint i = 0; protocols != NULL && protocols[i] != NULL; i++)
    {
      guint8 length = (guint8) MIN (strlen (protocols[i]), 255);
      g_byte_array_append (out, &length, 1);
      g_byte_array_append (out, (const guint8 *) protocols[i], length);
    }
  return out;
}

static gboolean
expect_host (SSL *ssl, const char *host)
{
  if (g_hostname_is_ip_address (host))
    return X509_VERIFY_PARAM_set1_ip_asc (SSL_get0_param (ssl), host) == 1;
  return SSL_set1_host (ssl, host) == 1;
}

/* A ticket without max_early_data_size allows none (RFC 9846 section 4.7.1), and OpenSSL refuses to try. */
static gboolean
allows_early (const QsCraftTlsOffer *offer)
{
  return offer->early && offer->session != NULL && SSL_SESSION_get_max_early_data (offer->session) > 0;
}

static gboolean
offer_all (QsCraftTls *self, const QsCraftTlsOffer *offer)
{
  g_autoptr (GByteArray) alpn = make_alpn (offer->alpn);
  const char *groups = offer->groups != NULL ? offer->groups : "X25519";

  SSL_set_connect_state (self->ssl);
  if (SSL_set1_groups_list (self->ssl, groups) != 1)
    return FALSE;
  if (offer->ciphersuites != NULL && SSL_set_ciphersuites (self->ssl, offer->ciphersuites) != 1)
    return FALSE;
  if (alpn->len > 0 && SSL_set_alpn_protos (self->ssl, alpn->data, alpn->len) != 0)
    return FALSE;
  if (offer->server_name != NULL && SSL_set_tlsext_host_name (self->ssl, offer->server_name) != 1)
    return FALSE;
  if (offer->host != NULL && !expect_host (self->ssl, offer->host))
    return FALSE;
  if (offer->session != NULL && SSL_set_session (self->ssl, offer->session) != 1)
    return FALSE;
  if (offer->padding > 0)
    {
      self->padding_length = offer->padding;
      self->padding = g_malloc0 (offer->padding);
    }
  if (offer->extension != 0)
    self->extension = g_bytes_new (offer->extension_bytes.data, offer->extension_bytes.length);
  self->parameters = g_memdup2 (offer->parameters.data, MAX (offer->parameters.length, 1));
  return SSL_set_quic_tls_cbs (self->ssl, callbacks, self) == 1 &&
         SSL_set_quic_tls_transport_params (self->ssl, self->parameters, offer->parameters.length) == 1 &&
         (!allows_early (offer) || SSL_set_quic_tls_early_data_enabled (self->ssl, 1) == 1);
}

static QsCraftTls *
tls_new (const QsCraftTlsHooks *hooks, gpointer data)
{
  QsCraftTls *self = g_new0 (QsCraftTls, 1);

  init_once ();
  ERR_clear_error ();
  self->hooks = hooks;
  self->data = data;
  for (guint i = 0; i < G_N_ELEMENTS (self->pending); i++)
    self->pending[i] = g_byte_array_new ();
  return self;
}

static gboolean
open_ssl (QsCraftTls *self, SSL_CTX *context)
{
  self->ssl = context != NULL ? SSL_new (context) : NULL;
  SSL_CTX_free (context);
  return self->ssl != NULL && SSL_set_ex_data (self->ssl, ex_index, self) == 1;
}

static QsCraftTls *
refuse (GError **error)
{
  ERR_clear_error ();
  g_set_error (error, QS_ERROR, QS_ERROR_SSL, "%s", _ ("OpenSSL does not take what was to be offered."));
  return NULL;
}

QsCraftTls *
qs_craft_tls_new (const QsCraftTlsOffer *offer, const QsCraftTlsHooks *hooks, gpointer data, GError **error)
{
  g_return_val_if_fail (offer->parameters.data != NULL, NULL);
  g_autoptr (QsCraftTls) self = tls_new (hooks, data);

  if (!open_ssl (self, make_context (offer)) || !offer_all (self, offer))
    return refuse (error);
  return g_steal_pointer (&self);
}

/* --- The server's side --- */

/* Whether the client's list has it; in: lengths of one byte before each name (RFC 7301 section 3.1). */
static const unsigned char *
find_alpn (const unsigned char *in, unsigned int length, const char *name)
{
  gsize wanted = strlen (name);

  for (unsigned int at = 0; at < length && at + in[at] < length; at += in[at] + 1u)
    {
      if (in[at] == wanted && memcmp (in + at + 1, name, wanted) == 0)
        return in + at;
    }
  return NULL;
}

static int
choose_alpn_cb (SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in,
                unsigned int length, void *data)
{
  const QsCraftTls *self = data;
  const unsigned char *chosen = NULL;

  if (self->unasked_alpn != NULL)
    {
      *out = (const unsigned char *) self->unasked_alpn;
      *out_length = (unsigned char) strlen (self->unasked_alpn);
      return SSL_TLSEXT_ERR_OK;
    }
  for (guint i = 0; self->alpn != NULL && self->alpn[i] != NULL && chosen == NULL; i++)
    chosen = find_alpn (in, length, self->alpn[i]);
  if (chosen == NULL)
    chosen = in;
  *out = chosen + 1;
  *out_length = chosen[0];
  return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *
make_server_context (QsCraftTls *self, const QsCraftTlsAnswer *answer)
{
  SSL_CTX *context = SSL_CTX_new (TLS_server_method ());

  if (context == NULL)
    return NULL;
  SSL_CTX_set_min_proto_version (context, TLS1_3_VERSION);
  SSL_CTX_set_keylog_callback (context, key_log_cb);
  SSL_CTX_set_session_cache_mode (context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets (context, 0);
  SSL_CTX_set_alpn_select_cb (context, choose_alpn_cb, self);
  if (answer->identify (context, answer->which, answer->identify_data))
    return context;
  SSL_CTX_free (context);
  return NULL;
}

static gboolean
answer_all (QsCraftTls *self, const QsCraftTlsAnswer *answer)
{
  SSL_set_accept_state (self->ssl);
  self->parameters = g_memdup2 (answer->parameters.data, MAX (answer->parameters.length, 1));
  return SSL_set_quic_tls_cbs (self->ssl, callbacks, self) == 1 &&
         (answer->no_parameters ||
          SSL_set_quic_tls_transport_params (self->ssl, self->parameters, answer->parameters.length) == 1);
}

QsCraftTls *
qs_craft_tls_new_server (const QsCraftTlsAnswer *answer, const QsCraftTlsHooks *hooks, gpointer data, GError **error)
{
  g_return_val_if_fail (answer->identify != NULL, NULL);
  g_autoptr (QsCraftTls) self = tls_new (hooks, data);

  self->alpn = answer->alpn;
  self->unasked_alpn = answer->unasked_alpn;
  if (!open_ssl (self, make_server_context (self, answer)) || !answer_all (self, answer))
    return refuse (error);
  return g_steal_pointer (&self);
}

void
qs_craft_tls_free (QsCraftTls *self)
{
  if (self == NULL)
    return;
  /* A session that was not ended in order is not resumed; here it shall be. */
  if (self->ssl != NULL)
    SSL_set_shutdown (self->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free (self->ssl);
  for (guint i = 0; i < G_N_ELEMENTS (self->pending); i++)
    g_byte_array_unref (self->pending[i]);
  g_free (self->parameters);
  g_free (self->padding);
  g_clear_pointer (&self->extension, g_bytes_unref);
  g_free (self);
}

/* --- Driving it --- */

/* OpenSSL asks for the next bytes by itself, as long as there are some. */
static void
advance (QsCraftTls *self)
{
  char none[1];
  size_t length;

  ERR_clear_error ();
  int result = self->done ? SSL_read_ex (self->ssl, none, sizeof none, &length) : SSL_do_handshake (self->ssl);
  int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error (self->ssl, result);
  if (!self->done && result == 1)
    {
      self->done = TRUE;
      if (self->pending[self->read_level]->len > 0)
        advance (self); /* session tickets that came with the Finished */
    }
  else if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
    self->failed = TRUE;
  ERR_clear_error ();
}

void
qs_craft_tls_start (QsCraftTls *self)
{
  advance (self);
}

gboolean
qs_craft_tls_feed (QsCraftTls *self, QsPacketType level, QsSpan bytes)
{
  g_return_val_if_fail (level <= QS_PACKET_1RTT, FALSE);
  GByteArray *pending = self->pending[level];

  if (self->failed || bytes.length > MOST_PENDING - MIN (pending->len, MOST_PENDING))
    return FALSE;
  g_byte_array_append (pending, bytes.data, (guint) bytes.length);
  /* The bytes of another level wait until its keys are there. */
  if (level == self->read_level)
    advance (self);
  return !self->failed;
}

gboolean
qs_craft_tls_is_done (const QsCraftTls *self)
{
  return self->done;
}

SSL *
qs_craft_tls_get_ssl (QsCraftTls *self)
{
  return self->ssl;
}
