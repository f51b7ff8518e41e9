/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <openssl/quic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/qs-ticket-jar.h"
#include "fuzz.h"
#include "live-peer.h"

#define ORIGIN "quic://localhost:4433"

/* Offered where it may be, to either transport; nobody is trusted but the certificate of the live targets. */
static void
offer (QsTicketJar *jar, gboolean quic)
{
  SSL_CTX *context = SSL_CTX_new (quic ? OSSL_QUIC_client_method () : TLS_client_method ());
  SSL *ssl = SSL_new (context);
  X509_STORE *store = X509_STORE_new ();

  X509_STORE_load_file (store, live_certificate_path ());
  g_autoptr (QsVerification) verification = qs_verification_new ("localhost", store, FALSE);
  g_auto (QsTicketOffer) said = { 0 };
  qs_ticket_jar_offer (jar, ssl, verification, ORIGIN, &said);
  g_assert_nonnull (said.sentence);
  g_assert_true (g_utf8_validate (said.sentence, -1, NULL));
  g_assert_true (said.offered == (said.chain != NULL));
  SSL_free (ssl);
  SSL_CTX_free (context);
}

/* What was read is written, and is the same again. */
static void
write_again (QsTicketJar *jar)
{
  g_autofree char *folder = g_dir_make_tmp ("quicscope-fuzz-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "session", NULL);
  g_autofree char *second = g_build_filename (folder, "again", NULL);
  g_autofree char *text = NULL, *same = NULL;
  g_autoptr (QsTicketJar) again = qs_ticket_jar_new ();
  g_autoptr (GError) error = NULL;

  qs_ticket_jar_save (jar, path, &error);
  g_assert_no_error (error);
  qs_ticket_jar_load (again, path, &error);
  g_assert_no_error (error);
  qs_ticket_jar_save (again, second, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL) && g_file_get_contents (second, &same, NULL, NULL));
  g_assert_cmpstr (text, ==, same);
  g_unlink (path);
  g_unlink (second);
  g_rmdir (folder);
}

/* A file that --session names. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (QsTicketJar) jar = qs_ticket_jar_new ();
  g_autoptr (GError) error = NULL;
  int fd = memfd_create ("fuzz", MFD_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, data, size), ==, (gssize) size);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  gboolean good = qs_ticket_jar_load (jar, path, &error);
  close (fd);
  g_assert_true (good == (error == NULL));
  g_assert_true (good != qs_ticket_jar_is_empty (jar));
  if (!good)
    return 0;
  offer (jar, TRUE);
  offer (jar, FALSE);
  write_again (jar);
  return 0;
}
