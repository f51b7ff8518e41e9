/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-ticket-jar.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/qs-error.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "formats/qs-file-writer.h"
#include "formats/qs-input.h"

#define MAX_FILE (1024 * 1024)
/* The line that a file begins with; PEM's readers pass over what stands between its blocks. */
#define ORIGIN_PREFIX "Session of: "

/* One session with what is needed to judge it again. Immutable. */
typedef struct {
  GBytes *session;         /* as i2d_SSL_SESSION() writes it: with the server's own certificate */
  STACK_OF (X509) * above; /* the certificates that came with that one; may be NULL */
  char *origin;            /* NULL: a file of another program's does not say */
} Kept;

struct _QsTicketJar {
  gatomicrefcount ref_count;
  GMutex lock;
  Kept *kept; /* g_atomic_rc_box; NULL: none */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SSL_SESSION, SSL_SESSION_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free)

static void
free_chain (STACK_OF (X509) * chain)
{
  sk_X509_pop_free (chain, X509_free);
}

static void
kept_clear (gpointer data)
{
  Kept *kept = data;

  g_clear_pointer (&kept->session, g_bytes_unref);
  g_clear_pointer (&kept->above, free_chain);
  g_free (kept->origin);
}

static void
kept_release (Kept *kept)
{
  g_atomic_rc_box_release_full (kept, kept_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Kept, kept_release)

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
  g_clear_pointer (&self->kept, kept_release);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static Kept *
dup_kept (QsTicketJar *self)
{
  g_mutex_lock (&self->lock);
  Kept *kept = self->kept != NULL ? g_atomic_rc_box_acquire (self->kept) : NULL;
  g_mutex_unlock (&self->lock);
  return kept;
}

static SSL_SESSION *
dup_session (const Kept *kept)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (kept->session, &length);

  return d2i_SSL_SESSION (NULL, &data, (long) length);
}

gboolean
qs_ticket_jar_is_empty (QsTicketJar *self)
{
  g_return_val_if_fail (self != NULL, TRUE);

  g_autoptr (Kept) kept = dup_kept (self);
  return kept == NULL;
}

/* Takes above. */
static void
put (QsTicketJar *self, SSL_SESSION *session, STACK_OF (X509) * above, const char *origin)
{
  Kept *kept = g_atomic_rc_box_new0 (Kept);
  int length = i2d_SSL_SESSION (session, NULL);
  guint8 *data = g_malloc ((gsize) MAX (length, 0)), *at = data;

  i2d_SSL_SESSION (session, &at);
  kept->session = g_bytes_new_take (data, (gsize) MAX (length, 0));
  kept->above = above;
  kept->origin = g_strdup (origin);
  g_mutex_lock (&self->lock);
  Kept *before = g_steal_pointer (&self->kept);
  self->kept = kept;
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&before, kept_release);
}

void
qs_ticket_jar_put (QsTicketJar *self, SSL_SESSION *session, STACK_OF (X509) * chain, const char *origin)
{
  g_return_if_fail (self != NULL && session != NULL && origin != NULL);

  STACK_OF (X509) *above = sk_X509_num (chain) > 1 ? X509_chain_up_ref (chain) : NULL;
  if (above != NULL)
    X509_free (sk_X509_shift (above)); /* the session has it */
  put (self, session, above, origin);
}

void
qs_ticket_offer_clear (QsTicketOffer *offer)
{
  g_clear_pointer (&offer->sentence, g_free);
  g_clear_pointer (&offer->chain, free_chain);
}

/* NULL: the session tells of no certificate. */
static STACK_OF (X509) * dup_chain (const Kept *kept, SSL_SESSION *session)
{
  X509 *own = SSL_SESSION_get0_peer (session);

  if (own == NULL)
    return NULL;
  STACK_OF (X509) *chain = kept->above != NULL ? X509_chain_up_ref (kept->above) : sk_X509_new_null ();
  if (chain != NULL && X509_up_ref (own) == 1)
    sk_X509_unshift (chain, own);
  return chain;
}

/* NULL: it may be offered. */
static char *
find_objection (const Kept *kept, SSL_SESSION *session, SSL *ssl, QsVerification *verification, const char *origin,
                QsTicketOffer *offer)
{
  if (kept->origin != NULL && !g_str_equal (kept->origin, origin))
    {
      g_autofree char *shown = qs_text_escape_short (kept->origin, -1, 200);
      return g_strdup_printf (_ ("The kept session is not offered: it is of %s, and this run is for %s."), shown,
                              origin);
    }
  if (SSL_is_quic (ssl) && SSL_SESSION_get_protocol_version (session) < TLS1_3_VERSION)
    return g_strdup (
        _ ("The kept session is not offered: it is of a TLS version before 1.3, and QUIC needs that one."));
  offer->chain = dup_chain (kept, session);
  if (offer->chain == NULL)
    return g_strdup (_ ("The kept session is not offered: it tells of no certificate that could be verified again."));
  QsVerdict verdict = qs_verification_judge (verification, ssl, offer->chain);
  if (verdict.error == X509_V_OK)
    return NULL;
  offer->error = verdict.error;
  return g_strdup_printf (_ ("The kept session is not offered: its server's certificate does not verify now (%s)."),
                          X509_verify_cert_error_string (verdict.error));
}

void
qs_ticket_jar_offer (QsTicketJar *self, SSL *ssl, QsVerification *verification, const char *origin,
                     QsTicketOffer *offer)
{
  g_return_if_fail (self != NULL && ssl != NULL && verification != NULL && origin != NULL && offer != NULL);

  g_autoptr (Kept) kept = dup_kept (self);
  g_autoptr (SSL_SESSION) session = kept != NULL ? dup_session (kept) : NULL;
  *offer = (QsTicketOffer){ 0 };
  if (session == NULL)
    return;
  offer->sentence = find_objection (kept, session, ssl, verification, origin, offer);
  offer->offered = offer->sentence == NULL && SSL_set_session (ssl, session) == 1;
  if (!offer->offered)
    g_clear_pointer (&offer->chain, free_chain);
  if (offer->sentence == NULL)
    offer->sentence = g_strdup (offer->offered ? _ ("A kept session is offered; its certificates still verify.")
                                               : _ ("The kept session is not offered: OpenSSL does not take it."));
  ERR_clear_error ();
}

/* --- As a file --- */

static char *
read_origin (const char *text)
{
  const char *line = g_str_has_prefix (text, ORIGIN_PREFIX) ? text + strlen (ORIGIN_PREFIX) : NULL;

  return line != NULL ? g_strndup (line, strcspn (line, "\r\n")) : NULL;
}

static STACK_OF (X509) * read_certificates (BIO *bio)
{
  STACK_OF (X509) *chain = sk_X509_new_null ();
  X509 *certificate;

  while (chain != NULL && (certificate = PEM_read_bio_X509 (bio, NULL, NULL, NULL)) != NULL)
    sk_X509_push (chain, certificate);
  return chain;
}

gboolean
qs_ticket_jar_load (QsTicketJar *self, const char *path, GError **error)
{
  g_autoptr (GError) reason = NULL;

  g_return_val_if_fail (self != NULL && path != NULL, FALSE);

  g_autoptr (GBytes) bytes = qs_input_load (path, MAX_FILE, &reason);
  if (bytes == NULL)
    {
      if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);
  g_autofree char *text = g_strndup (data, length);
  g_autofree char *origin = read_origin (text);
  g_autoptr (BIO) bio = BIO_new_mem_buf (data, (int) length);
  g_autoptr (SSL_SESSION) session = PEM_read_bio_SSL_SESSION (bio, NULL, NULL, NULL);
  if (session != NULL)
    put (self, session, read_certificates (bio), origin);
  ERR_clear_error ();
  if (session != NULL)
    return TRUE;
  g_autofree char *shown = qs_text_escape_short (path, -1, 200);
  g_set_error (error, QS_ERROR, QS_ERROR_PARSE, _ ("“%s” holds no TLS session; give a file that is to be made."),
               shown);
  return FALSE;
}

gboolean
qs_ticket_jar_save (QsTicketJar *self, const char *path, GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL, FALSE);

  g_autoptr (Kept) kept = dup_kept (self);
  g_autoptr (SSL_SESSION) session = kept != NULL ? dup_session (kept) : NULL;
  if (session == NULL)
    return TRUE;
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  char *text = NULL;
  gboolean good = bio != NULL;
  if (good && kept->origin != NULL)
    good = BIO_printf (bio, ORIGIN_PREFIX "%s\n", kept->origin) > 0;
  good = good && PEM_write_bio_SSL_SESSION (bio, session) == 1;
  for (int i = 0; good && i < sk_X509_num (kept->above); i++)
    good = PEM_write_bio_X509 (bio, sk_X509_value (kept->above, i)) == 1;
  if (!good)
    return qs_error_set_no_memory (error);
  long length = BIO_get_mem_data (bio, &text);
  return qs_file_write (path, 0600, text, (gsize) MAX (length, 0), error);
}
