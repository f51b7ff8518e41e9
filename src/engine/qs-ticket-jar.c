/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-ticket-jar.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/qs-error.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"

struct _QsTicketJar {
  gatomicrefcount ref_count;
  GMutex lock;
  GBytes *session; /* as i2d_SSL_SESSION() writes it */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SSL_SESSION, SSL_SESSION_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free)

QsTicketJar *
qs_ticket_jar_new (void)
{
  QsTicketJar *self = g_new0 (QsTicketJar, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  return self;
}

QsTicketJar *
qs_ticket_jar_ref (QsTicketJar *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
qs_ticket_jar_unref (QsTicketJar *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->session, g_bytes_unref);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static GBytes *
dup_bytes (QsTicketJar *self)
{
  g_mutex_lock (&self->lock);
  GBytes *bytes = self->session != NULL ? g_bytes_ref (self->session) : NULL;
  g_mutex_unlock (&self->lock);
  return bytes;
}

/* NULL where there is none. */
static SSL_SESSION *
dup_session (QsTicketJar *self)
{
  g_autoptr (GBytes) bytes = dup_bytes (self);

  if (bytes == NULL)
    return NULL;
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  return d2i_SSL_SESSION (NULL, &data, (long) length);
}

gboolean
qs_ticket_jar_is_empty (QsTicketJar *self)
{
  g_return_val_if_fail (self != NULL, TRUE);

  g_autoptr (GBytes) bytes = dup_bytes (self);
  return bytes == NULL;
}

void
qs_ticket_jar_put (QsTicketJar *self, SSL_SESSION *session)
{
  g_return_if_fail (self != NULL && session != NULL);

  int length = i2d_SSL_SESSION (session, NULL);
  if (length <= 0)
    return;
  guint8 *data = g_malloc ((gsize) length), *at = data;
  i2d_SSL_SESSION (session, &at);
  GBytes *bytes = g_bytes_new_take (data, (gsize) length);
  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->session, g_bytes_unref);
  self->session = bytes;
  g_mutex_unlock (&self->lock);
}

/* A resumed handshake brings no certificate: the one of back then has to do. */
static gboolean
fits (SSL_SESSION *session, const char *host)
{
  X509 *certificate = SSL_SESSION_get0_peer (session);

  if (certificate == NULL)
    return FALSE;
  if (g_hostname_is_ip_address (host))
    return X509_check_ip_asc (certificate, host, 0) == 1;
  return X509_check_host (certificate, host, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
}

void
qs_ticket_jar_offer (QsTicketJar *self, SSL *ssl, const char *host)
{
  g_return_if_fail (self != NULL && ssl != NULL && host != NULL);

  g_autoptr (SSL_SESSION) session = dup_session (self);
  if (session != NULL && fits (session, host))
    SSL_set_session (ssl, session);
  ERR_clear_error ();
}

gboolean
qs_ticket_jar_load (QsTicketJar *self, const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) reason = NULL;
  gsize length;

  g_return_val_if_fail (self != NULL && path != NULL, FALSE);

  if (!g_file_get_contents (path, &text, &length, &reason))
    {
      if (g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  g_autoptr (BIO) bio = BIO_new_mem_buf (text, (int) MIN (length, G_MAXINT));
  g_autoptr (SSL_SESSION) session = PEM_read_bio_SSL_SESSION (bio, NULL, NULL, NULL);
  ERR_clear_error ();
  if (session == NULL)
    {
      g_autofree char *shown = qs_text_escape_short (path, -1, 200);
      g_set_error (error, QS_ERROR, QS_ERROR_PARSE, _ ("“%s” holds no TLS session; give a file that is to be made."),
                   shown);
      return FALSE;
    }
  qs_ticket_jar_put (self, session);
  return TRUE;
}

gboolean
qs_ticket_jar_save (QsTicketJar *self, const char *path, GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL, FALSE);

  g_autoptr (SSL_SESSION) session = dup_session (self);
  if (session == NULL)
    return TRUE;
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  char *text = NULL;
  PEM_write_bio_SSL_SESSION (bio, session);
  long length = BIO_get_mem_data (bio, &text);
  return g_file_set_contents_full (path, text, length, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}
