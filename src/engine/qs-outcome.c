/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-outcome.h"

#include "base/qs-text.h"
#include "wire/qs-names.h"

/* Each: a value for people, to be freed; NULL: there is none. */

/* QUIC's is TLS 1.3 whatever SSL_version() says (RFC 9001 section 4.2). */
static char *
dup_version (SSL *ssl)
{
  return g_strdup (qs_tls_version_name (SSL_is_quic (ssl) ? TLS1_3_VERSION : (guint16) SSL_version (ssl)));
}

static char *
dup_cipher (SSL *ssl)
{
  return g_strdup (SSL_get_cipher_name (ssl));
}

static char *
dup_group (SSL *ssl)
{
  return g_strdup (SSL_get0_group_name (ssl));
}

static char *
dup_signature (SSL *ssl)
{
  const char *name = NULL;

  return SSL_get0_peer_signature_name (ssl, &name) == 1 ? g_strdup (name) : NULL;
}

static char *
dup_resumed (SSL *ssl)
{
  return g_strdup (SSL_session_reused (ssl) ? "yes" : "no");
}

static char *
dup_alpn (SSL *ssl)
{
  const unsigned char *alpn = NULL;
  unsigned length = 0;

  SSL_get0_alpn_selected (ssl, &alpn, &length);
  return length > 0 ? qs_text_escape (alpn, (gssize) length) : NULL;
}

static char *
dup_name (SSL *ssl)
{
  const char *name = SSL_is_server (ssl) ? SSL_get_servername (ssl, TLSEXT_NAMETYPE_host_name) : NULL;

  return name != NULL ? qs_text_escape (name, -1) : NULL;
}

static const struct {
  const char *name;
  char *(*dup) (SSL *ssl);
} facts[] = {
  { "tls.version", dup_version }, { "tls.cipher", dup_cipher },
  { "tls.group", dup_group },     { "tls.signature", dup_signature },
  { "tls.resumed", dup_resumed }, { "tls.alpn", dup_alpn },
  { "tls.sni", dup_name },
};

void
qs_outcome_foreach_fact (SSL *ssl, QsFactFunc func, gpointer data)
{
  g_return_if_fail (ssl != NULL && func != NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (facts); i++)
    {
      g_autofree char *value = facts[i].dup (ssl);
      if (value != NULL)
        func (facts[i].name, value, data);
    }
}

QsMark
qs_outcome_make_close_mark (const QsSslClose *close)
{
  return (QsMark){
    .kind = QS_MARK_CLOSE,
    .name = close->remote ? "remote" : "local",
    .value = (gint64) close->code,
    .stream = -1,
    .frame_type = close->frame_type,
    .application = close->application,
    .text = close->reason_length > 0 ? qs_text_escape (close->reason, (gssize) close->reason_length) : NULL,
    .bytes = g_bytes_new (close->reason, close->reason_length),
  };
}
