/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-ssl-config.h"

#include <openssl/err.h>
#include <openssl/quic.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "engine/qs-trust.h"

struct _QsSslConfig {
  gatomicrefcount ref_count;
  SSL_CTX *ctx;
  QsTransport transport;
  gboolean insecure;
  QsTicketJar *tickets; /* NULL: none are kept */
  char *target;
  char *sni;  /* NULL: none is sent */
  char *host; /* what the certificate must be for */
  char **alpn;
  GByteArray *alpn_wire;
  char *groups;
  char *ciphersuites;
};

typedef struct {
  const QsSslHooks *hooks;
  gpointer data;
  QsTicketJar *tickets; /* the configuration's, which outlives it; NULL once its certificate did not verify */
} Binding;

/* --- Callbacks: under OpenSSL's engine lock --- */

static void
binding_free_cb (void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long number, void *argument)
{
  g_free (pointer);
}

static int
binding_index (void)
{
  static gsize index;

  if (g_once_init_enter (&index))
    g_once_init_leave (&index, (gsize) SSL_get_ex_new_index (0, NULL, NULL, NULL, binding_free_cb) + 1);
  return (int) index - 1;
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
  if (binding->tickets != NULL)
    qs_ticket_jar_put (binding->tickets, session);
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

typedef struct {
  int error, depth;
} FirstError;

static int
note_error_cb (int ok, X509_STORE_CTX *store)
{
  FirstError *first = X509_STORE_CTX_get_app_data (store);

  if (!ok && first->error == X509_V_OK)
    *first = (FirstError){ X509_STORE_CTX_get_error (store), X509_STORE_CTX_get_error_depth (store) };
  return ok;
}

/* Goes on, so that the handshake completes; the first error stays what is reported. */
static int
overrule_cb (int ok, X509_STORE_CTX *store)
{
  note_error_cb (ok, store);
  return 1;
}

static int
verify_cb (X509_STORE_CTX *store, void *data)
{
  QsSslConfig *self = data;
  SSL *ssl = X509_STORE_CTX_get_ex_data (store, SSL_get_ex_data_X509_STORE_CTX_idx ());
  Binding *binding = SSL_get_ex_data (ssl, binding_index ());
  FirstError first = { X509_V_OK, 0 };

  X509_STORE_CTX_set_app_data (store, &first);
  X509_STORE_CTX_set_verify_cb (store, self->insecure ? overrule_cb : note_error_cb);
  int verified = X509_verify_cert (store);
  if (verified <= 0 && first.error == X509_V_OK)
    first = (FirstError){ X509_STORE_CTX_get_error (store), X509_STORE_CTX_get_error_depth (store) };
  X509_STORE_CTX_set_app_data (store, NULL);
  if (first.error != X509_V_OK)
    binding->tickets = NULL;
  binding->hooks->verified (first.error, first.depth, X509_STORE_CTX_get0_untrusted (store), binding->data);
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

/* A file of CAs may hold their revocation lists too; OpenSSL reads them and leaves them alone until it is told. Asked of
 * the server's own certificate alone: lists of all CAs above it are hardly ever at hand. */
static void
honour_revocation_lists (SSL_CTX *ctx)
{
  STACK_OF (X509_OBJECT) *objects = X509_STORE_get0_objects (SSL_CTX_get_cert_store (ctx));

  for (int i = 0; i < sk_X509_OBJECT_num (objects); i++)
    if (X509_OBJECT_get_type (sk_X509_OBJECT_value (objects, i)) == X509_LU_CRL)
      {
        X509_VERIFY_PARAM_set_flags (SSL_CTX_get0_param (ctx), X509_V_FLAG_CRL_CHECK);
        return;
      }
}

static gboolean
load_trust (QsSslConfig *self, const QsProbeOptions *options, GError **error)
{
  ERR_clear_error ();
  if (options->ca_file == NULL)
    {
      /* Takes its own reference. A machine without any trusts nobody. */
      X509_STORE *store = qs_trust_dup_system ();
      if (store != NULL)
        SSL_CTX_set1_cert_store (self->ctx, store);
      X509_STORE_free (store);
      return TRUE;
    }
  if (*options->ca_file == '\0')
    return TRUE;
  if (SSL_CTX_load_verify_file (self->ctx, options->ca_file) == 1)
    {
      honour_revocation_lists (self->ctx);
      return TRUE;
    }
  return fail (error, QS_ERROR_SSL,
               _ ("The CA file “%s” cannot be used: name a readable file with certificates in PEM form."),
               options->ca_file);
}

static gboolean
load_certificate (QsSslConfig *self, const QsProbeOptions *options, GError **error)
{
  const char *key = options->key_file != NULL ? options->key_file : options->cert_file;

  if (options->cert_file == NULL)
    {
      if (options->key_file == NULL)
        return TRUE;
      ERR_clear_error ();
      return fail (error, QS_ERROR_SSL, _ ("The key file “%s” needs a certificate: name its file as well."),
                   options->key_file);
    }
  ERR_clear_error ();
  if (SSL_CTX_use_certificate_chain_file (self->ctx, options->cert_file) != 1)
    return fail (error, QS_ERROR_SSL, _ ("The certificate file “%s” cannot be used: name a readable file in PEM form."),
                 options->cert_file);
  if (SSL_CTX_use_PrivateKey_file (self->ctx, key, SSL_FILETYPE_PEM) != 1)
    return fail (error, QS_ERROR_SSL,
                 _ ("The key file “%s” cannot be used: name the certificate's private key in PEM form."), key);
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
  return TRUE;
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

static void
set_names (QsSslConfig *self, QsTarget *target, const QsProbeOptions *options)
{
  self->target = g_strdup (qs_target_to_string (target));
  if (options->sni != NULL)
    self->sni = *options->sni != '\0' ? g_strdup (options->sni) : NULL;
  else if (!qs_target_is_literal (target))
    self->sni = g_strdup (qs_target_get_host (target));
  self->host = g_strdup (options->sni != NULL && *options->sni != '\0' ? options->sni : qs_target_get_host (target));
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

static void
set_callbacks (QsSslConfig *self)
{
  SSL_CTX_set_verify (self->ctx, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_cert_verify_callback (self->ctx, verify_cb, self);
  SSL_CTX_set_keylog_callback (self->ctx, keylog_cb);
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
  g_atomic_ref_count_init (&self->ref_count);
  self->transport = qs_target_get_transport (target);
  self->insecure = options->insecure;
  self->tickets = options->tickets != NULL ? qs_ticket_jar_ref (options->tickets) : NULL;
  self->groups = g_strdup (options->groups);
  self->ciphersuites = g_strdup (options->ciphersuites);
  ERR_clear_error ();
  self->ctx = new_ctx (self->transport, options->mode);
  if (self->ctx == NULL)
    {
      fail (error, QS_ERROR_SSL, "SSL_CTX_new%s", "");
      return NULL;
    }
  set_callbacks (self);
  set_names (self, target, options);
  if (!set_alpn (self, target, options, error) || !set_offers (self, options, error) ||
      !load_trust (self, options, error) || !load_certificate (self, options, error))
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
  g_clear_pointer (&self->tickets, qs_ticket_jar_unref);
  g_free (self->target);
  g_free (self->sni);
  g_free (self->host);
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

  add_escaped_fact (trace, "target", self->target);
  add_escaped_fact (trace, "tls.sni", self->sni);
  if (*alpn != '\0')
    add_escaped_fact (trace, "offer.alpn", alpn);
  add_escaped_fact (trace, "offer.groups", self->groups);
  add_escaped_fact (trace, "offer.ciphersuites", self->ciphersuites);
}

/* A literal is matched against the certificate's addresses, and is never sent as SNI (RFC 6066 section 3). */
static gboolean
set_expected_host (QsSslConfig *self, SSL *ssl)
{
  if (g_hostname_is_ip_address (self->host))
    {
      g_auto (GStrv) parts = g_strsplit (self->host, "%", 2); /* a zone is local to this machine */
      return X509_VERIFY_PARAM_set1_ip_asc (SSL_get0_param (ssl), parts[0]) == 1;
    }
  SSL_set_hostflags (ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host (ssl, self->host) == 1;
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
  *binding = (Binding){ hooks, data, self->tickets };
  SSL_set_ex_data (ssl, binding_index (), binding);
  SSL_set_cert_cb (ssl, cert_cb, binding);
  if (self->transport == QS_TRANSPORT_QUIC)
    {
      SSL_set_msg_callback (ssl, frame_cb);
      SSL_set_msg_callback_arg (ssl, binding);
      SSL_set_default_stream_mode (ssl, SSL_DEFAULT_STREAM_MODE_NONE);
      SSL_set_incoming_stream_policy (ssl, SSL_INCOMING_STREAM_POLICY_ACCEPT, 0);
    }
  if ((self->sni != NULL && SSL_set_tlsext_host_name (ssl, self->sni) != 1) || !set_expected_host (self, ssl) ||
      (self->alpn_wire->len > 0 && SSL_set_alpn_protos (ssl, self->alpn_wire->data, self->alpn_wire->len) != 0))
    {
      fail (error, QS_ERROR_INVALID_TARGET, _ ("“%s” cannot be asked for by name."), self->host);
      SSL_free (ssl);
      return NULL;
    }
  if (self->tickets != NULL)
    qs_ticket_jar_offer (self->tickets, ssl, self->host);
  return ssl;
}
