/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-server-tls.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <openssl/err.h>
#include <openssl/quic.h>

#include "base/qs-i18n.h"
#include "engine/qs-ssl-files.h"
#include "engine/qs-ssl-io.h"
#include "wire/qs-frame.h"

struct _QsServerTls {
  const QsServerOptions *options;
  const QsBehaviour *behaviour;
  SSL_CTX *quic, *tcp;
  QsThrowawayCa *ca;
  QsIdentity *identity;
  QsFlows *flows;
};

/* --- What belongs to one connection --- */

static void
link_free_cb (void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
  QsServerLink *link = pointer;

  if (link == NULL)
    return;
  if (link->flow != NULL)
    qs_flow_release (link->flow);
  g_clear_object (&link->trace);
  g_clear_pointer (&link->secrets, g_ptr_array_unref);
  g_clear_pointer (&link->secret_times, g_array_unref);
  g_free (link->server_secret);
  g_free (link);
}

static int
link_index (void)
{
  static gsize once;
  static int index;

  if (g_once_init_enter (&once))
    {
      index = SSL_get_ex_new_index (0, NULL, NULL, NULL, link_free_cb);
      g_once_init_leave (&once, 1);
    }
  return index;
}

QsServerLink *
qs_server_link_of (SSL *ssl)
{
  return SSL_get_ex_data (ssl, link_index ());
}

QsServerLink *
qs_server_link_ensure (SSL *ssl)
{
  QsServerLink *link = qs_server_link_of (ssl);

  if (link == NULL)
    {
      link = g_new0 (QsServerLink, 1);
      SSL_set_ex_data (ssl, link_index (), link);
    }
  return link;
}

void
qs_server_link_set_trace (QsServerLink *link, QsTrace *trace)
{
  if (trace == NULL || link->trace != NULL)
    return;

  link->trace = g_object_ref (trace);
  for (guint i = 0; link->secrets != NULL && i < link->secrets->len; i++)
    qs_trace_add_secret (trace, g_array_index (link->secret_times, gint64, i) - qs_trace_get_origin (trace),
                         link->secrets->pdata[i]);
  g_clear_pointer (&link->secrets, g_ptr_array_unref);
  g_clear_pointer (&link->secret_times, g_array_unref);
}

/* --- Callbacks: all of them run under OpenSSL's lock --- */

static void
keylog_cb (const SSL *ssl, const char *line)
{
  QsServerLink *link = qs_server_link_of ((SSL *) ssl);

  if (link == NULL)
    return;
  if (g_str_has_prefix (line, "SERVER_TRAFFIC_SECRET_0 "))
    {
      g_free (link->server_secret);
      link->server_secret = g_strdup (strrchr (line, ' ') + 1);
    }
  if (link->trace != NULL)
    qs_trace_add_secret (link->trace, qs_trace_now (link->trace), line);
  else
    {
      gint64 now = qs_clock_now (qs_clock_get_real ());

      if (link->secrets == NULL)
        {
          link->secrets = g_ptr_array_new_with_free_func (g_free);
          link->secret_times = g_array_new (FALSE, FALSE, sizeof (gint64));
        }
      g_ptr_array_add (link->secrets, g_strdup (line));
      g_array_append_val (link->secret_times, now);
    }
}

/* Each NEW_CONNECTION_ID may give up the one before, and OpenSSL holds an answer to each, hundreds of thousands of them. */
static void
frame_cb (int sent, int version, int type, const void *bytes, size_t length, SSL *ssl, void *data)
{
  QsServerLink *link = data;

  if (type != SSL3_RT_QUIC_FRAME_FULL || length == 0)
    return;
  if (!sent && *(const guint8 *) bytes == QS_FRAME_NEW_CONNECTION_ID)
    link->retiring++;
  else if (sent && *(const guint8 *) bytes == QS_FRAME_RETIRE_CONNECTION_ID && link->retiring > 0)
    link->retiring--;
}

/* OpenSSL's API does not tell a connection's peer address. Its own first datagram does: its source connection id
 * is what the socket's recorder has just filed under the peer. */
static void
first_datagram_cb (int sent, int version, int type, const void *bytes, size_t length, SSL *ssl, void *data)
{
  QsServerLink *link = data;
  QsInvariants header;

  frame_cb (sent, version, type, bytes, length, ssl, data);
  if (!sent || type != SSL3_RT_QUIC_DATAGRAM || !qs_invariants_parse (QS_SPAN (bytes, length), &header))
    return;
  link->flow = qs_flows_find (link->flows, header.scid.data, header.scid.length);
  if (link->flow == NULL)
    return;
  qs_flow_hold (link->flow);
  qs_server_link_set_trace (link, link->flow->trace);
  SSL_set_msg_callback (ssl, frame_cb);
}

QsServerLink *
qs_server_link_for_quic (SSL *ssl, QsFlows *flows)
{
  QsServerLink *link = qs_server_link_ensure (ssl);

  if (link->flows != NULL)
    return link;
  link->flows = flows;
  SSL_set_msg_callback (ssl, first_datagram_cb);
  SSL_set_msg_callback_arg (ssl, link);
  return link;
}

/* A server whose handshake fails before it has sent any packet would close without a word: OpenSSL sends no
 * CONNECTION_CLOSE then. Waiting here until the endpoint has accepted the connection makes it acknowledge the
 * ClientHello first, and whatever alert follows reaches the client. */
static int
quic_client_hello_cb (SSL *ssl, int *alert, void *data)
{
  QsServerTls *self = data;
  QsServerLink *link = qs_server_link_for_quic (ssl, self->flows);

  link->waits = TRUE;
  if (!link->accepted || self->behaviour->hold_hello || g_get_monotonic_time () < link->hold_until)
    return SSL_CLIENT_HELLO_RETRY;
  link->waits = FALSE;
  if (self->behaviour->hello_alert != 0)
    {
      *alert = self->behaviour->hello_alert;
      return SSL_CLIENT_HELLO_ERROR;
    }
  return SSL_CLIENT_HELLO_SUCCESS;
}

static int
tcp_client_hello_cb (SSL *ssl, int *alert, void *data)
{
  QsServerTls *self = data;

  if (self->behaviour->hello_alert == 0)
    return SSL_CLIENT_HELLO_SUCCESS;
  *alert = self->behaviour->hello_alert;
  return SSL_CLIENT_HELLO_ERROR;
}

static int
server_name_cb (SSL *ssl, int *alert, void *data)
{
  QsServerTls *self = data;

  if (!self->behaviour->refuse_names || SSL_get_servername (ssl, TLSEXT_NAMETYPE_host_name) == NULL)
    return SSL_TLSEXT_ERR_OK;
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static gboolean
offered (const unsigned char *list, unsigned length, const char *name)
{
  gsize name_length = strlen (name);

  for (unsigned at = 0; at < length; at += 1u + list[at])
    if (list[at] == name_length && at + 1 + name_length <= length && memcmp (list + at + 1, name, name_length) == 0)
      return TRUE;
  return FALSE;
}

/* HTTP/1.1 has no mapping onto QUIC streams here, and HTTP/0.9 and HTTP/3 none onto TLS. */
static gboolean
fits_transport (const char *alpn, gboolean quic)
{
  return quic ? !g_str_equal (alpn, "http/1.1") : !g_str_equal (alpn, "hq-interop") && !g_str_equal (alpn, "h3");
}

static int
choose_alpn (QsServerTls *self, gboolean quic, const unsigned char **chosen, unsigned char *chosen_length,
             const unsigned char *list, unsigned length)
{
  const char *const *wanted =
      self->behaviour->alpn != NULL ? self->behaviour->alpn : (const char *const *) self->options->alpn;

  for (guint i = 0; wanted != NULL && wanted[i] != NULL; i++)
    if (fits_transport (wanted[i], quic) && offered (list, length, wanted[i]))
      {
        *chosen = (const unsigned char *) wanted[i];
        *chosen_length = (unsigned char) strlen (wanted[i]);
        return SSL_TLSEXT_ERR_OK;
      }
  return SSL_TLSEXT_ERR_ALERT_FATAL; /* no_application_protocol, RFC 7301 section 3.2 */
}

static int
quic_alpn_cb (SSL *ssl, const unsigned char **chosen, unsigned char *chosen_length, const unsigned char *list,
              unsigned length, void *data)
{
  QsServerLink *link = qs_server_link_of (ssl);
  int result = choose_alpn (data, TRUE, chosen, chosen_length, list, length);

  if (link != NULL && result == SSL_TLSEXT_ERR_OK)
    link->is_http3 = *chosen_length == 2 && memcmp (*chosen, "h3", 2) == 0;
  return result;
}

static int
tcp_alpn_cb (SSL *ssl, const unsigned char **chosen, unsigned char *chosen_length, const unsigned char *list,
             unsigned length, void *data)
{
  return choose_alpn (data, FALSE, chosen, chosen_length, list, length);
}

/* --- Setting up --- */

/* Never asks: a server has no terminal to ask on, and a window none at all. */
static int
no_password_cb (char *buffer, int size, int writing, void *asked)
{
  *(gboolean *) asked = TRUE;
  return -1;
}

/* NULL: the key was taken. */
static char *
use_key (QsServerTls *self, SSL_CTX *context)
{
  const char *key = self->options->key_file, *certificate = self->options->cert_file;
  g_autoptr (GError) reason = NULL;
  gboolean asked = FALSE;
  char *sentence = NULL;

  SSL_CTX_set_default_passwd_cb (context, no_password_cb);
  SSL_CTX_set_default_passwd_cb_userdata (context, &asked);
  gboolean taken = qs_ssl_use_key_file (context, key, &reason);
  SSL_CTX_set_default_passwd_cb_userdata (context, NULL);
  SSL_CTX_set_default_passwd_cb (context, NULL);
  if (taken)
    return NULL;
  if (reason != NULL)
    return g_strdup (reason->message);

  unsigned long code = ERR_peek_error ();
  if (asked)
    sentence = g_strdup_printf (_ ("The key %s is protected by a password; make a copy without one, with “openssl pkey "
                                   "-in %s -out COPY”, that nobody else can read"),
                                key, key);
  else if (ERR_GET_LIB (code) == ERR_LIB_X509 &&
           (ERR_GET_REASON (code) == X509_R_KEY_VALUES_MISMATCH || ERR_GET_REASON (code) == X509_R_KEY_TYPE_MISMATCH))
    sentence = g_strdup_printf (_ ("The key %s is not the one of the certificate %s"), key, certificate);
  if (sentence != NULL)
    ERR_clear_error (); /* it says all that there is to say */
  else
    sentence = g_strdup_printf (_ ("The key %s cannot be used; it must be a PEM file with the private key of %s"), key,
                                certificate);
  return sentence;
}

static gboolean
use_files (QsServerTls *self, SSL_CTX *context, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autofree char *sentence = NULL;

  ERR_clear_error ();
  if (qs_ssl_use_chain_file (context, self->options->cert_file, &reason))
    sentence = use_key (self, context);
  else if (reason != NULL)
    sentence = g_strdup (reason->message);
  else
    sentence = g_strdup_printf (_ ("The certificate %s cannot be used; it must be a PEM file with the server's "
                                   "certificate first"),
                                self->options->cert_file);
  if (sentence != NULL)
    qs_set_crypto_error (error, sentence);
  return sentence == NULL;
}

static int
staple_cb (SSL *ssl, void *data)
{
  GBytes *staple = qs_identity_get_staple (((QsServerTls *) data)->identity);
  gsize length;
  const void *bytes = g_bytes_get_data (staple, &length);

  SSL_set_tlsext_status_ocsp_resp (ssl, OPENSSL_memdup (bytes, length), length);
  return SSL_TLSEXT_ERR_OK;
}

static gboolean
use_identity (QsServerTls *self, SSL_CTX *context, GError **error)
{
  ERR_clear_error ();
  if (self->behaviour->leaf == QS_LEAF_WEAK)
    SSL_CTX_set_security_level (context, 0); /* or libssl itself refuses to send such a key */
  if (qs_identity_get_staple (self->identity) != NULL)
    {
      SSL_CTX_set_tlsext_status_cb (context, staple_cb);
      SSL_CTX_set_tlsext_status_arg (context, self);
    }
  if (qs_identity_use (self->identity, context))
    return TRUE;
  qs_set_crypto_error (error, _ ("The certificate that was made cannot be used"));
  return FALSE;
}

static void
want_client_certificate (QsServerTls *self, SSL_CTX *context)
{
  SSL_CTX_set_verify (context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  if (self->ca == NULL)
    return;
  X509_STORE_add_cert (SSL_CTX_get_cert_store (context), qs_throwaway_ca_get_root (self->ca));
  SSL_CTX_add_client_CA (context, qs_throwaway_ca_get_root (self->ca));
}

static gboolean
set_up (QsServerTls *self, SSL_CTX *context, gboolean quic, GError **error)
{
  static const unsigned char session_context[] = "quicserve";

  if (context == NULL)
    {
      qs_set_crypto_error (error, _ ("OpenSSL has no QUIC server; version 3.5 or newer is needed"));
      return FALSE;
    }
  SSL_CTX_set_client_hello_cb (context, quic ? quic_client_hello_cb : tcp_client_hello_cb, self);
  SSL_CTX_set_alpn_select_cb (context, quic ? quic_alpn_cb : tcp_alpn_cb, self);
  SSL_CTX_set_tlsext_servername_callback (context, server_name_cb);
  SSL_CTX_set_tlsext_servername_arg (context, self);
  qs_ssl_set_key_log (context, keylog_cb);
  SSL_CTX_set_session_id_context (context, session_context, sizeof session_context - 1);
  if (!quic)
    SSL_CTX_set_min_proto_version (context, TLS1_2_VERSION);
  if (self->behaviour->want_client_certificate)
    want_client_certificate (self, context);
  ERR_clear_error ();
  if (self->behaviour->groups != NULL && SSL_CTX_set1_groups_list (context, self->behaviour->groups) != 1)
    {
      qs_set_crypto_error (error, _ ("OpenSSL does not know the key exchange groups of this scenario"));
      return FALSE;
    }
  return self->identity != NULL ? use_identity (self, context, error) : use_files (self, context, error);
}

QsServerTls *
qs_server_tls_new (const QsServerOptions *options, const QsBehaviour *behaviour, GError **error)
{
  g_autoptr (QsServerTls) self = g_new0 (QsServerTls, 1);

  self->options = options;
  self->behaviour = behaviour;
  if (options->cert_file == NULL)
    {
      self->ca = qs_throwaway_ca_new (error);
      if (self->ca == NULL)
        return NULL;
      self->identity = qs_throwaway_ca_issue (self->ca, behaviour->leaf, (const char *const *) options->names, error);
      if (self->identity == NULL)
        return NULL;
    }
  self->quic = SSL_CTX_new (OSSL_QUIC_server_method ());
  self->tcp = SSL_CTX_new (TLS_server_method ());
  if (!set_up (self, self->quic, TRUE, error) || !set_up (self, self->tcp, FALSE, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
qs_server_tls_free (QsServerTls *self)
{
  SSL_CTX_free (self->quic);
  SSL_CTX_free (self->tcp);
  g_clear_pointer (&self->identity, qs_identity_unref);
  g_clear_pointer (&self->ca, qs_throwaway_ca_unref);
  g_free (self);
}

SSL_CTX *
qs_server_tls_get_quic (QsServerTls *self)
{
  return self->quic;
}

SSL_CTX *
qs_server_tls_get_tcp (QsServerTls *self)
{
  return self->tcp;
}

QsThrowawayCa *
qs_server_tls_get_ca (QsServerTls *self)
{
  return self->ca;
}

void
qs_server_tls_set_flows (QsServerTls *self, QsFlows *flows)
{
  self->flows = flows;
}
