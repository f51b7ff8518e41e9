/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "doctor/qs-doctor-roots.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/qs-file.h"
#include "engine/qs-trust.h"

/* Where Debian, Fedora, Arch and SUSE want CAs that are added by hand. */
static const char *const folders[] = { "/usr/local/share/ca-certificates", "/etc/pki/ca-trust/source/anchors",
                                       "/etc/ca-certificates/trust-source/anchors", "/usr/share/pki/trust/anchors",
                                       "/etc/pki/trust/anchors" };
/* What a system brings along, in one file: Debian, Arch; Fedora; SUSE; Alpine, the BSDs. */
static const char *const bundles[] = { "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                       "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem" };
#define MOST_FILES 256
#define MAX_FILE (1 << 20)

/* Where SSL_CERT_FILE or SSL_CERT_DIR names CAs, what OpenSSL trusts is that; what browsers would know is in the system's own files. */
static gboolean
is_named (void)
{
  return g_getenv (X509_get_default_cert_file_env ()) != NULL || g_getenv (X509_get_default_cert_dir_env ()) != NULL;
}

/* QS_PUBLIC_ROOTS: a file that stands for the system's own, where that lies elsewhere. */
static X509_STORE *
load_public (void)
{
  const char *own = g_getenv ("QS_PUBLIC_ROOTS");

  if (own != NULL && *own != '\0')
    return qs_trust_load (own, NULL);
  if (!is_named ())
    return qs_trust_dup_system ();
  X509_STORE *store = X509_STORE_new ();
  for (guint i = 0; store != NULL && i < G_N_ELEMENTS (bundles); i++)
    if (g_file_test (bundles[i], G_FILE_TEST_IS_REGULAR))
      X509_STORE_load_file (store, bundles[i]);
  ERR_clear_error ();
  return store;
}

static X509 *
parse (GBytes *der)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (der, &size);
  X509 *certificate = d2i_X509 (NULL, &data, (long) size);

  ERR_clear_error ();
  return certificate;
}

/* Whether the store has this very certificate, or one of the same name and key. */
static gboolean
store_has (X509_STORE *store, X509 *root)
{
  X509_STORE_CTX *context = X509_STORE_CTX_new ();
  gboolean found = FALSE;

  if (context != NULL && store != NULL && X509_STORE_CTX_init (context, store, root, NULL) == 1)
    {
      STACK_OF (X509) *same = X509_STORE_CTX_get1_certs (context, X509_get_subject_name (root));
      for (int i = 0; i < sk_X509_num (same) && !found; i++)
        found = X509_cmp (sk_X509_value (same, i), root) == 0 ||
                EVP_PKEY_eq (X509_get0_pubkey (sk_X509_value (same, i)), X509_get0_pubkey (root)) == 1;
      sk_X509_pop_free (same, X509_free);
    }
  X509_STORE_CTX_free (context);
  ERR_clear_error ();
  return found;
}

static gboolean
file_has (const char *path, X509 *root)
{
  g_autoptr (GBytes) text = qs_file_load (path, MAX_FILE, NULL);
  gsize size;
  const void *data = text != NULL ? g_bytes_get_data (text, &size) : NULL;
  BIO *bio = data != NULL ? BIO_new_mem_buf (data, (int) size) : NULL;
  gboolean found = FALSE;
  X509 *certificate;

  while (bio != NULL && !found && (certificate = PEM_read_bio_X509 (bio, NULL, NULL, NULL)) != NULL)
    {
      found = X509_cmp (certificate, root) == 0;
      X509_free (certificate);
    }
  BIO_free (bio);
  ERR_clear_error ();
  return found;
}

static gboolean
was_added (X509 *root)
{
  gboolean found = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (folders) && !found; i++)
    {
      g_autoptr (GDir) folder = g_dir_open (folders[i], 0, NULL);
      const char *name;
      for (guint n = 0; folder != NULL && !found && n < MOST_FILES && (name = g_dir_read_name (folder)) != NULL; n++)
        {
          g_autofree char *path = g_build_filename (folders[i], name, NULL);
          found = file_has (path, root);
        }
    }
  return found;
}

QsRootKind
qs_doctor_classify_root (const QsRootFacts *facts)
{
  g_return_val_if_fail (facts != NULL, QS_ROOT_UNKNOWN);

  X509 *root = facts->root != NULL ? parse (facts->root) : NULL;
  QsRootKind kind = QS_ROOT_UNKNOWN;

  if (facts->untrusted)
    kind = QS_ROOT_UNTRUSTED;
  else if (root != NULL && !facts->broken && facts->code >= 0)
    {
      X509_STORE *known = load_public (), *trusted = qs_trust_dup_system ();
      if (store_has (known, root))
        kind = was_added (root) ? QS_ROOT_ADDED : QS_ROOT_SYSTEM;
      else if (facts->given)
        kind = QS_ROOT_GIVEN;
      else
        kind = store_has (trusted, root) ? QS_ROOT_NAMED : QS_ROOT_UNTRUSTED;
      X509_STORE_free (known);
      X509_STORE_free (trusted);
    }
  X509_free (root);
  return kind;
}
