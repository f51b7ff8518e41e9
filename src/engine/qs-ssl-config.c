/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-ssl-config.h"

#include <openssl/err.h>
#include <openssl/quic.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "engine/qs-ssl-files.h"
#include "engine/qs-ssl-io.h"
#include "engine/qs-ssl-wide.h"
#include "engine/qs-trust.h"

struct _QsSslConfig {
  gatomicrefcount ref_count;
  SSL_CTX *ctx;
  QsTransport transport;
  QsVerification *verification;
  QsTicketJar *tickets; /* NULL: none are kept */
  char *origin;         /* what its sessions are of */
  char *target;
  guint16 port;
  char *sni; /* NULL: none is sent */
  char **alpn;
  GByteArray *alpn_wire;
  char *groups;
  char *ciphersuites;
  gboolean proxy_header;
  guint max_segment;
};

typedef struct {
  const QsSslHooks *hooks;
  gpointer data;
  QsSslConfig *config;     /* outlives it */
  gboolean keeps;          /* tickets: not of a server whose certificate did not verify */
  STACK_OF (X509) * chain; /* as it was sent, by this connection or by the one that is resumed; NULL: not seen yet */
} Binding;

/* --- Callbacks: under OpenSSL's engine lock --- */

static void
binding_free_cb (void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long number, void *argument)
{
  Binding *binding = pointer;

  if (binding != NULL)
    sk_X509_pop_free (binding->chain, X509_free);
  g_free (binding);
}

/* -1: there was no memory for it, and another time there may be; so it is no g_once. */
static int
binding_index (void)
{
  static int made; /* one more than it */
  int index = g_atomic_int_get (&made);

  if (index == 0)
    {
      index = SSL_get_ex_new_index (0, NULL, NULL, NULL, binding_free_cb) + 1;
      if (index > 0 && !g_atomic_int_compare_and_exchange (&made, 0, index))
        index = g_atomic_int_get (&made);
    }
  return index - 1;
}

static void
keylog_cb (const SSL *ssl, const char *line)
{
  Binding *binding = SSL_get_ex_data (ssl, binding_index ());
  binding->hooks->secret (line, binding->data);
}

static int
new_session_cb (SSL *ssl, SSL_SESSION *session)
{
  Binding *binding = SSL_get_ex_data (ssl, binding_index ());
  binding->hooks->ticket (binding->data);
  if (binding->keeps && binding->chain != NULL)
    qs_ticket_jar_put (binding->config->tickets, session, binding->chain, binding->config->origin);
  return 0; /* OpenSSL need not keep it */
}

/* ssl is QUIC's inner object, which knows no binding. */
static int
cert_cb (SSL *ssl, void *data)
{
  Binding *binding = data;
  binding->hooks->certificate_requested (binding->data);
  return 1;
}

static void
info_cb (const SSL *ssl, int where, int value)
{
  Binding *binding = SSL_get_ex_data (ssl, binding_index ());
  if ((where & SSL_CB_ALERT) != 0)
    binding->hooks->alert ((where & SSL_CB_WRITE) != 0, value >> 8, value & 0xff, binding->data);
}

static void
frame_cb (int sent, int version, int type, const void *bytes, size_t length, SSL *ssl, void *data)
{
  Binding *binding = data;

  if (type != SSL3_RT_QUIC_FRAME_FULL || sent || length == 0 || *(const guint8 *) bytes != QS_FRAME_HANDSHAKE_DONE)
    return;
  binding->hooks->confirmed (binding->data);
}

static int
verify_cb (X509_STORE_CTX *store, void *data)
{
  QsSslConfig *self = data;
  SSL *ssl = X509_STORE_CTX_get_ex_data (store, SSL_get_ex_data_X509_STORE_CTX_idx ());
  Binding *binding = SSL_get_ex_data (ssl, binding_index ());
  STACK_OF (X509) *chain = X509_STORE_CTX_get0_untrusted (store);
  QsVerdict verdict;

  int verified = qs_verification_run (self->verification, store, &verdict);
  binding->keeps &= verdict.error == X509_V_OK;
  sk_X509_pop_free (binding->chain, X509_free);
  binding->chain = X509_chain_up_ref (chain);
  binding->hooks->verified (&verdict, chain, X509_STORE_CTX_get0_chain (store), binding->data);
  return verified;
}

/* --- Making it --- */

static const char *
first_reason (unsigned long *code, const char **data)
{
  int flags = 0;
  unsigned long found = ERR_get_error_all (NULL, NULL, NULL, data, &flags);

  *code = found;
  if ((flags & ERR_TXT_STRING) == 0)
    *data = NULL;
  return found != 0 ? ERR_reason_error_string (found) : NULL;
}

char *
qs_ssl_take_error (void)
{
  const char *data = NULL;
  unsigned long code;
  const char *reason = first_reason (&code, &data);
  GString *text = g_string_new (reason != NULL ? reason : "");

  if (reason == NULL && code != 0)
    g_string_append (text, ERR_SYSTEM_ERROR (code) ? g_strerror ((int) ERR_GET_REASON (code)) : "?");
  if (data != NULL && *data != '\0')
    g_string_append_printf (text, "%s%s", text->len > 0 ? ": " : "", data);
  ERR_clear_error ();
  char *escaped = qs_text_escape_short (text->str, (gssize) text->len, 300);
  g_string_free (text, TRUE);
  return escaped;
}

static gboolean
fail (GError **error, QsError code, const char *format, const char *what)
{
  g_autofree char *reason = qs_ssl_take_error ();
  g_autofree char *shown = qs_text_escape_short (what, -1, 200);
  GString *text = g_string_new (NULL);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  g_string_printf (text, format, shown);
#pragma GCC diagnostic pop
  if (*reason != '\0')
    g_string_append_printf (text, " (%s)", reason);
  g_set_error_literal (error, QS_ERROR, code, text->str);
  g_string_free (text, TRUE);
  return FALSE;
}

static gboolean
load_trust (QsSslConfig *self, const char *host, const QsProbeOptions *options, GError **error)
{
  /* A machine without any trusts nobody. */
  X509_STORE *store = options->ca_file != NULL ? qs_trust_load (options->ca_file, error) : qs_trust_dup_system ();

  if (store == NULL && options->ca_file == NULL)
    store = X509_STORE_new ();
  if (store == NULL)
    return FALSE;
  self->verification = qs_verification_new (host, store, options->insecure);
  SSL_CTX_set1_cert_store (self->ctx, store);
  return TRUE;
}

static gboolean
unreadable (GError **error, const GError *reason)
{
  g_set_error_literal (error, QS_ERROR, QS_ERROR_SSL, reason->message);
  return FALSE;
}

static gboolean
load_certificate (QsSslConfig *self, const QsProbeOptions *options, GError **error)
{
  const char *key = options->key_file != NULL ? options->key_file : options->cert_file;
  g_autoptr (GError) reason = NULL;

  if (options->cert_file == NULL)
    {
      if (options->key_file == NULL)
        return TRUE;
      ERR_clear_error ();
      return fail (error, QS_ERROR_SSL, _ ("The key file “%s” needs a certificate: name its file as well."),
                   options->key_file);
    }
  ERR_clear_error ();
  if (!qs_ssl_use_chain_file (self->ctx, options->cert_file, &reason))
    return reason != NULL ? unreadable (error, reason)
                          : fail (error, QS_ERROR_SSL,
                                  _ ("The certificate file “%s” cannot be used: name a readable file in PEM form."),
                                  options->cert_file);
  if (!qs_ssl_use_key_file (self->ctx, key, &reason))
    return reason != NULL
               ? unreadable (error, reason)
               : fail (error, QS_ERROR_SSL,
                       _ ("The key file “%s” cannot be used: name the certificate's private key in PEM form."), key);
  return TRUE;
}

/* RFC 8701 section 3.1: an extension of a code point that nobody has, which a server must pass over. */
#define GREASE_EXTENSION 0x6a6a

static int
add_padding_cb (SSL *ssl, unsigned type, unsigned context, const unsigned char **out, size_t *length, X509 *certificate,
                size_t chain_index, int *alert, void *data)
{
  static const guint8 zeros[QS_MOST_PADDING];

  *out = zeros;
  *length = GPOINTER_TO_SIZE (data);
  return 1;
}

static gboolean
set_padding (QsSslConfig *self, guint padding, GError **error)
{
  gpointer data = GSIZE_TO_POINTER (MIN (padding, QS_MOST_PADDING));

  if (padding == 0 || SSL_CTX_add_custom_ext (self->ctx, GREASE_EXTENSION, SSL_EXT_CLIENT_HELLO, add_padding_cb, NULL,
                                              data, NULL, NULL) == 1)
    return TRUE;
  return fail (error, QS_ERROR_SSL, "SSL_CTX_add_custom_ext%s", "");
}

/* TLS over TCP alone: QUIC has 1.3 and nothing else (RFC 9001 section 4.2). */
static gboolean
set_versions (QsSslConfig *self, const QsProbeOptions *options, GError **error)
{
  if (self->transport != QS_TRANSPORT_TLS)
    return TRUE;
  if (options->old_ciphers != NULL && SSL_CTX_set_cipher_list (self->ctx, options->old_ciphers) != 1)
    return fail (error, QS_ERROR_INVALID_TARGET, _ ("“%s” is not a list of ciphers of TLS 1.2."), options->old_ciphers);
  if ((options->least_tls != 0 && SSL_CTX_set_min_proto_version (self->ctx, options->least_tls) != 1) ||
      (options->most_tls != 0 && SSL_CTX_set_max_proto_version (self->ctx, options->most_tls) != 1))
    return fail (error, QS_ERROR_SSL, "SSL_CTX_set_max_proto_version%s", "");
  return TRUE;
}

static gboolean
set_offers (QsSslConfig *self, const QsProbeOptions *options, GError **error)
{
  ERR_clear_error ();
  if (options->groups != NULL && SSL_CTX_set1_groups_list (self->ctx, options->groups) != 1)
    return fail (error, QS_ERROR_INVALID_TARGET,
                 _ ("“%s” is not a list of key-exchange groups: write names as “X25519:P-256”."), options->groups);
  if (options->ciphersuites != NULL && SSL_CTX_set_ciphersuites (self->ctx, options->ciphersuites) != 1)
    return fail (error, QS_ERROR_INVALID_TARGET,
                 _ ("“%s” is not a list of cipher suites: write names as “TLS_AES_128_GCM_SHA256”."),
                 options->ciphersuites);
  if (!qs_ssl_offer_wide (self->ctx, options->wide, self->transport == QS_TRANSPORT_QUIC))
    return fail (error, QS_ERROR_SSL, "qs_ssl_offer_wide%s", "");
  return set_versions (self, options, error) && set_padding (self, options->padding, error);
}

/* RFC 7301 section 3.1: each name with a byte of length before it. */
static gboolean
set_alpn (QsSslConfig *self, QsTarget *target, const QsProbeOptions *options, GError **error)
{
  self->alpn = g_strdupv (options->alpn != NULL ? options->alpn : (char **) qs_target_get_default_alpn (target));
  self->alpn_wire = g_byte_array_new ();
  for (guint i = 0; self->alpn != NULL && self->alpn[i] != NULL; i++)
    {
      gsize length = strlen (self->alpn[i]);
      guint8 byte = (guint8) length;
      if (length == 0 || length > 255)
        {
          ERR_clear_error ();
          return fail (error, QS_ERROR_INVALID_TARGET, _ ("“%s” is not a protocol's name: it has 1 to 255 bytes."),
                       self->alpn[i]);
        }
      g_byte_array_append (self->alpn_wire, &byte, 1);
      g_byte_array_append (self->alpn_wire, (const guint8 *) self->alpn[i], (guint) length);
    }
  if (self->alpn_wire->len > 0 || self->transport == QS_TRANSPORT_TLS)
    return TRUE;
  g_set_error_literal (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                       _ ("QUIC needs at least one protocol to offer (ALPN): name one, as “h3”."));
  return FALSE;
}

/* host: what the certificate must be for. */
static gboolean
set_names (QsSslConfig *self, QsTarget *target, const QsProbeOptions *options, char **host, GError **error)
{
  const char *name = qs_target_get_server_name (target);
  gboolean other = options->sni != NULL && *options->sni != '\0';

  self->target = g_strdup (qs_target_to_string (target));
  self->port = qs_target_get_port (target);
  if (options->sni == NULL)
    self->sni = g_strdup (name);
  else if (other)
    self->sni = qs_server_name_new (options->sni, error);
  if (other && self->sni == NULL)
    return FALSE;
  *host = g_strdup (other ? self->sni : name != NULL ? name : qs_target_get_host (target));
  self->origin = g_strdup_printf ("%s://%s:%u", self->transport == QS_TRANSPORT_QUIC ? "quic" : "tls", *host,
                                  qs_target_get_port (target));
  return TRUE;
}

/* Thread-assisted is what OSSL_QUIC_client_thread_method() sets up, but by way of its domain flags: with that method
 * OpenSSL 3.5 makes no cache for address tokens, refuses every packet with a NEW_TOKEN frame because of it, never
 * acknowledges it, and whatever else is in it is lost for ever. */
static SSL_CTX *
new_ctx (QsTransport transport, QsMode mode)
{
  if (transport == QS_TRANSPORT_TLS)
    return SSL_CTX_new (TLS_client_method ());
  SSL_CTX *ctx = SSL_CTX_new (OSSL_QUIC_client_method ());
  if (ctx != NULL && mode == QS_MODE_THREAD_ASSISTED &&
      SSL_CTX_set_domain_flags (ctx, SSL_DOMAIN_FLAG_MULTI_THREAD | SSL_DOMAIN_FLAG_THREAD_ASSISTED |
                                         SSL_DOMAIN_FLAG_BLOCKING) != 1)
    g_clear_pointer (&ctx, SSL_CTX_free);
  return ctx;
}

/* Servers staple OCSP answers and send SCTs to who asks for them (RFC 6066 section 8, RFC 6962 section 3.3.1). The trace
 * has what comes. */
static void
ask_for_proofs (SSL_CTX *ctx)
{
  SSL_CTX_set_tlsext_status_type (ctx, TLSEXT_STATUSTYPE_ocsp);
  SSL_CTX_add_custom_ext (ctx, TLSEXT_TYPE_signed_certificate_timestamp,
                          SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO | SSL_EXT_TLS1_3_CERTIFICATE, NULL, NULL,
                          NULL, NULL, NULL);
}

static void
set_callbacks (QsSslConfig *self)
{
  SSL_CTX_set_verify (self->ctx, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_cert_verify_callback (self->ctx, verify_cb, self);
  qs_ssl_set_key_log (self->ctx, keylog_cb);
  ask_for_proofs (self->ctx);
  SSL_CTX_set_session_cache_mode (self->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb (self->ctx, new_session_cb);
  if (self->transport == QS_TRANSPORT_TLS)
    {
      SSL_CTX_set_info_callback (self->ctx, info_cb);
      SSL_CTX_set_min_proto_version (self->ctx, TLS1_2_VERSION);
      SSL_CTX_set_mode (self->ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    }
  SSL_CTX_set_mode (self->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE);
}

QsSslConfig *
qs_ssl_config_new (QsTarget *target, const QsProbeOptions *options, GError **error)
{
  g_return_val_if_fail (target != NULL && options != NULL, NULL);

  g_autoptr (QsSslConfig) self = g_new0 (QsSslConfig, 1);
  g_autofree char *host = NULL;
  g_atomic_ref_count_init (&self->ref_count);
  self->transport = qs_target_get_transport (target);
  self->proxy_header = options->proxy_header;
  self->max_segment = options->max_segment;
  self->tickets = options->tickets != NULL ? qs_ticket_jar_ref (options->tickets) : NULL;
  self->groups = g_strdup (options->groups);
  self->ciphersuites = g_strdup (options->ciphersuites);
  ERR_clear_error ();
  self->ctx = new_ctx (self->transport, options->mode);
  if (self->ctx == NULL)
    {
      fail (error, QS_ERROR_FAILED, "SSL_CTX_new%s", "");
      return NULL;
    }
  set_callbacks (self);
  if (!set_names (self, target, options, &host, error) || !set_alpn (self, target, options, error) ||
      !set_offers (self, options, error) || !load_trust (self, host, options, error) ||
      !load_certificate (self, options, error))
    return NULL;
  return g_steal_pointer (&self);
}

QsSslConfig *
qs_ssl_config_ref (QsSslConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
qs_ssl_config_unref (QsSslConfig *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  SSL_CTX_free (self->ctx);
  g_clear_pointer (&self->verification, qs_verification_free);
  g_clear_pointer (&self->tickets, qs_ticket_jar_unref);
  g_free (self->target);
  g_free (self->sni);
  g_free (self->origin);
  g_strfreev (self->alpn);
  g_clear_pointer (&self->alpn_wire, g_byte_array_unref);
  g_free (self->groups);
  g_free (self->ciphersuites);
  g_free (self);
}

static void
add_escaped_fact (QsTrace *trace, const char *name, const char *value)
{
  g_autofree char *escaped = value != NULL ? qs_text_escape (value, -1) : NULL;

  if (escaped != NULL)
    qs_trace_add_fact (trace, name, escaped);
}

void
qs_ssl_config_add_facts (QsSslConfig *self, QsTrace *trace)
{
  g_autofree char *alpn = g_strjoinv (",", self->alpn);

  g_autofree char *target = qs_text_escape (self->target, -1);
  qs_trace_add_mark (trace, QS_MARK_FACT, "target", self->port, target);
  add_escaped_fact (trace, "tls.sni", self->sni);
  if (*alpn != '\0')
    add_escaped_fact (trace, "offer.alpn", alpn);
  add_escaped_fact (trace, "offer.groups", self->groups);
  add_escaped_fact (trace, "offer.ciphersuites", self->ciphersuites);
}

static void
offer_session (QsSslConfig *self, SSL *ssl, Binding *binding)
{
  g_auto (QsTicketOffer) offer = { 0 };

  if (self->tickets == NULL)
    return;
  qs_ticket_jar_offer (self->tickets, ssl, self->verification, self->origin, &offer);
  if (offer.sentence == NULL)
    return;
  binding->chain = offer.chain != NULL ? X509_chain_up_ref (offer.chain) : NULL;
  binding->hooks->session (&offer, binding->data);
}

SSL *
qs_ssl_config_new_ssl (QsSslConfig *self, const QsSslHooks *hooks, gpointer data, GError **error)
{
  g_return_val_if_fail (self != NULL && hooks != NULL, NULL);

  ERR_clear_error ();
  SSL *ssl = SSL_new (self->ctx);
  if (ssl == NULL)
    {
      fail (error, QS_ERROR_SSL, "SSL_new%s", "");
      return NULL;
    }

  Binding *binding = g_new (Binding, 1);
  *binding = (Binding){ hooks, data, self, self->tickets != NULL, NULL };
  int index = binding_index ();
  if (index < 0 || SSL_set_ex_data (ssl, index, binding) != 1)
    {
      g_free (binding);
      SSL_free (ssl);
      ERR_clear_error ();
      qs_error_set_no_memory (error);
      return NULL;
    }
  SSL_set_cert_cb (ssl, cert_cb, binding);
  if (self->transport == QS_TRANSPORT_QUIC)
    {
      SSL_set_msg_callback (ssl, frame_cb);
      SSL_set_msg_callback_arg (ssl, binding);
    }
  if ((self->sni != NULL && SSL_set_tlsext_host_name (ssl, self->sni) != 1) ||
      !qs_verification_set_up (self->verification, ssl) ||
      (self->alpn_wire->len > 0 && SSL_set_alpn_protos (ssl, self->alpn_wire->data, self->alpn_wire->len) != 0))
    {
      fail (error, QS_ERROR_INVALID_TARGET, _ ("“%s” cannot be asked for by name."),
            qs_verification_get_host (self->verification));
      SSL_free (ssl);
      return NULL;
    }
  offer_session (self, ssl, binding);
  return ssl;
}

guint
qs_ssl_config_get_max_segment (QsSslConfig *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->max_segment;
}

gboolean
qs_ssl_config_get_proxy_header (QsSslConfig *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->proxy_header;
}
