/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-ssl-files.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/qs-file.h"

#define MAX_FILE (8 * 1024 * 1024) /* far more than libssl would send or take */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)

static BIO *
open_bytes (GBytes *bytes)
{
  gsize length;
  const void *data = g_bytes_get_data (bytes, &length);

  return BIO_new_mem_buf (data, (int) length);
}

/* The certificates behind the first. Text that is no certificate ends them, as it does for OpenSSL. */
static gboolean
add_issuers (SSL_CTX *context, BIO *bio)
{
  X509 *issuer;

  SSL_CTX_clear_chain_certs (context);
  while ((issuer = PEM_read_bio_X509 (bio, NULL, NULL, NULL)) != NULL)
    if (SSL_CTX_add0_chain_cert (context, issuer) != 1)
      {
        X509_free (issuer);
        return FALSE;
      }
  unsigned long code = ERR_peek_last_error ();
  if (ERR_GET_LIB (code) != ERR_LIB_PEM || ERR_GET_REASON (code) != PEM_R_NO_START_LINE)
    return FALSE;
  ERR_clear_error ();
  return TRUE;
}

gboolean
qs_ssl_use_chain_file (SSL_CTX *context, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = qs_file_load (path, MAX_FILE, error);

  if (bytes == NULL)
    return FALSE;
  g_autoptr (BIO) bio = open_bytes (bytes);
  g_autoptr (X509) leaf = bio != NULL ? PEM_read_bio_X509_AUX (bio, NULL, NULL, NULL) : NULL;
  return leaf != NULL && SSL_CTX_use_certificate (context, leaf) == 1 && add_issuers (context, bio);
}

gboolean
qs_ssl_use_key_file (SSL_CTX *context, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = qs_file_load (path, MAX_FILE, error);

  if (bytes == NULL)
    return FALSE;
  g_autoptr (BIO) bio = open_bytes (bytes);
  g_autoptr (EVP_PKEY) key = bio == NULL ? NULL
                                         : PEM_read_bio_PrivateKey (bio, NULL, SSL_CTX_get_default_passwd_cb (context),
                                                                    SSL_CTX_get_default_passwd_cb_userdata (context));
  return key != NULL && SSL_CTX_use_PrivateKey (context, key) == 1;
}
