/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-verification.h"

#include <gio/gio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

struct _QsVerification {
  char *host;
  gboolean literal;
  gboolean insecure;
  gboolean has_lists;
  X509_STORE *store;
};

/* OpenSSL reads the lists of a file of CAs, and leaves them alone until it is told. */
static gboolean
holds_lists (X509_STORE *store)
{
  STACK_OF (X509_OBJECT) *objects = X509_STORE_get0_objects (store);

  for (int i = 0; i < sk_X509_OBJECT_num (objects); i++)
    if (X509_OBJECT_get_type (sk_X509_OBJECT_value (objects, i)) == X509_LU_CRL)
      return TRUE;
  return FALSE;
}

QsVerification *
qs_verification_new (const char *host, X509_STORE *store, gboolean insecure)
{
  g_return_val_if_fail (host != NULL && store != NULL, NULL);

  QsVerification *self = g_new0 (QsVerification, 1);
  g_auto (GStrv) parts = g_strsplit (host, "%", 2); /* a zone is local to this machine */
  self->literal = g_hostname_is_ip_address (parts[0]);
  self->host = g_strdup (self->literal ? parts[0] : host);
  self->insecure = insecure;
  self->store = store;
  self->has_lists = holds_lists (store);
  return self;
}

void
qs_verification_free (QsVerification *self)
{
  X509_STORE_free (self->store);
  g_free (self->host);
  g_free (self);
}

const char *
qs_verification_get_host (QsVerification *self)
{
  return self->host;
}

X509_STORE *
qs_verification_get_store (QsVerification *self)
{
  return self->store;
}

/* An address is matched against the certificate's addresses alone (RFC 9525 section 6.5). */
gboolean
qs_verification_set_up (QsVerification *self, SSL *ssl)
{
  g_return_val_if_fail (self != NULL && ssl != NULL, FALSE);

  X509_VERIFY_PARAM *param = SSL_get0_param (ssl);
  if (self->has_lists)
    X509_VERIFY_PARAM_set_flags (param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  if (self->literal)
    return X509_VERIFY_PARAM_set1_ip_asc (param, self->host) == 1;
  X509_VERIFY_PARAM_set_hostflags (param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host (param, self->host, 0) == 1;
}

/* Goes on after each error, so that all of them are found. Lists of all CAs of a chain are hardly ever at hand: those that are
 * there count, one that is not is no error. */
static int
note_error_cb (int ok, X509_STORE_CTX *context)
{
  QsVerdict *verdict = X509_STORE_CTX_get_app_data (context);
  int error = X509_STORE_CTX_get_error (context), depth = X509_STORE_CTX_get_error_depth (context);

  if (ok || error == X509_V_ERR_UNABLE_TO_GET_CRL)
    return 1;
  if (verdict->error == X509_V_OK)
    {
      verdict->error = error;
      verdict->depth = depth;
    }
  if (verdict->n_errors < QS_MOST_VERIFY_ERRORS)
    {
      verdict->errors[verdict->n_errors].error = error;
      verdict->errors[verdict->n_errors++].depth = depth;
    }
  return 1;
}

static int
verify (X509_STORE_CTX *context, gboolean overrule, QsVerdict *verdict)
{
  *verdict = (QsVerdict){ X509_V_OK };
  X509_STORE_CTX_set_app_data (context, verdict);
  X509_STORE_CTX_set_verify_cb (context, note_error_cb);
  int verified = X509_verify_cert (context);
  /* Out of memory and the like are not told to the callback, and not overruled. */
  if (verified <= 0 && verdict->error == X509_V_OK)
    {
      int error = X509_STORE_CTX_get_error (context);
      verdict->error = error != X509_V_OK ? error : X509_V_ERR_UNSPECIFIED;
    }
  X509_STORE_CTX_set_app_data (context, NULL);
  X509_STORE_CTX_set_error (context, verdict->error); /* libssl makes the alert of it */
  return verified > 0 && (overrule || verdict->error == X509_V_OK);
}

int
qs_verification_run (QsVerification *self, X509_STORE_CTX *context, QsVerdict *verdict)
{
  g_return_val_if_fail (self != NULL && context != NULL && verdict != NULL, 0);

  return verify (context, self->insecure, verdict);
}

/* As libssl's ssl_verify_cert_chain() sets it up. */
static gboolean
fill_context (QsVerification *self, X509_STORE_CTX *context, SSL *ssl, STACK_OF (X509) * chain)
{
  if (X509_STORE_CTX_init (context, self->store, sk_X509_value (chain, 0), chain) != 1)
    return FALSE;
  X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param (context);
  X509_VERIFY_PARAM_set_auth_level (param, SSL_get_security_level (ssl));
  return X509_STORE_CTX_set_default (context, "ssl_server") == 1 &&
         X509_VERIFY_PARAM_set1 (param, SSL_get0_param (ssl)) == 1;
}

QsVerdict
qs_verification_judge (QsVerification *self, SSL *ssl, STACK_OF (X509) * chain)
{
  QsVerdict verdict = { X509_V_ERR_UNSPECIFIED };
  X509_STORE_CTX *context = X509_STORE_CTX_new ();

  g_return_val_if_fail (self != NULL && ssl != NULL && sk_X509_num (chain) > 0, verdict);

  if (context != NULL && fill_context (self, context, ssl, chain))
    verify (context, FALSE, &verdict);
  X509_STORE_CTX_free (context);
  ERR_clear_error ();
  return verdict;
}
