/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What TLS knows at the end of a handshake, as marks of the trace. */
#include <openssl/err.h>

#include "base/qs-text.h"
#include "craft/qs-craft-private.h"
#include "wire/qs-writer.h"

static void
write_certificate (GByteArray *out, X509 *certificate)
{
  unsigned char *der = NULL;
  int length = i2d_X509 (certificate, &der);

  if (length > 0)
    qs_write_vector (out, 4, QS_SPAN (der, (gsize) length));
  OPENSSL_free (der);
}

static void
add_chain (QsCraft *self, SSL *ssl)
{
  STACK_OF (X509) *chain = SSL_get_peer_cert_chain (ssl);
  QsMark mark = { .kind = QS_MARK_CERTIFICATES, .stream = -1, .value = chain != NULL ? sk_X509_num (chain) : 0 };
  GByteArray *packed = g_byte_array_new ();

  for (int i = 0; i < mark.value; i++)
    write_certificate (packed, sk_X509_value (chain, i));
  mark.bytes = g_byte_array_free_to_bytes (packed);
  qs_trace_add_mark_full (self->trace, qs_trace_now (self->trace), &mark);
}

static void
add_verdict (QsCraft *self, SSL *ssl)
{
  long error = SSL_get_verify_result (ssl);
  GByteArray *packed = g_byte_array_new ();
  QsMark mark = { .kind = QS_MARK_VERIFY,
                  .name = error == X509_V_OK ? "X509_V_OK" : NULL,
                  .stream = -1,
                  .value = error,
                  .text = g_strdup (X509_verify_cert_error_string (error)) };

  qs_write_uint (packed, error == X509_V_OK ? 0 : 1, 4);
  if (error != X509_V_OK)
    qs_write_uint (packed, (guint64) error << 32, 8);
  mark.bytes = g_byte_array_free_to_bytes (packed);
  qs_trace_add_mark_full (self->trace, qs_trace_now (self->trace), &mark);
}

void
qs_craft_add_facts (QsCraft *self)
{
  SSL *ssl = qs_craft_tls_get_ssl (self->tls);
  const unsigned char *alpn = NULL;
  unsigned int alpn_length = 0;
  const char *cipher = SSL_get_cipher_name (ssl), *group = SSL_get0_group_name (ssl);

  ERR_clear_error ();
  if (!SSL_session_reused (ssl) && !self->server)
    {
      add_chain (self, ssl);
      add_verdict (self, ssl);
    }
  SSL_get0_alpn_selected (ssl, &alpn, &alpn_length);
  g_autofree char *protocol = qs_text_escape (alpn, (gssize) alpn_length);
  qs_trace_add_fact (self->trace, "tls.version", "TLS 1.3");
  if (cipher != NULL)
    qs_trace_add_fact (self->trace, "tls.cipher", cipher);
  if (group != NULL)
    qs_trace_add_fact (self->trace, "tls.group", group);
  qs_trace_add_fact (self->trace, "tls.alpn", protocol);
  qs_trace_add_fact (self->trace, "tls.resumed", SSL_session_reused (ssl) ? "yes" : "no");
  qs_trace_add_mark (self->trace, QS_MARK_HANDSHAKE_DONE, NULL, 0, NULL);
  ERR_clear_error ();
}
