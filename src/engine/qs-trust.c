/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-trust.h"

#include <glib/gstdio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "formats/qs-input.h"

/* A hundred times what a system trusts. */
#define MAX_FILE (32 * 1024 * 1024)

G_LOCK_DEFINE_STATIC (system_store);
static X509_STORE *system_store;
static char *system_stamp; /* what it was read from */
static GThread *preloading;

/* Where OpenSSL looks, and of when that is. */
static char *
make_stamp (void)
{
  const char *file = g_getenv (X509_get_default_cert_file_env ());
  const char *folder = g_getenv (X509_get_default_cert_dir_env ());
  GStatBuf status = { 0 };

  if (file == NULL)
    file = X509_get_default_cert_file ();
  g_stat (file, &status);
  return g_strdup_printf ("%s\n%s\n%" G_GINT64_FORMAT ".%09ld %" G_GINT64_FORMAT, file, folder != NULL ? folder : "",
                          (gint64) status.st_mtim.tv_sec, (long) status.st_mtim.tv_nsec, (gint64) status.st_size);
}

static X509_STORE *
read_system (void)
{
  X509_STORE *store = X509_STORE_new ();

  /* A folder of hashed names is looked into when a chain needs it. What cannot be read is not trusted. */
  ERR_clear_error ();
  if (store != NULL)
    X509_STORE_set_default_paths (store);
  ERR_clear_error ();
  return store;
}

static gpointer
preload_thread (gpointer data)
{
  X509_STORE_free (qs_trust_dup_system ());
  return NULL;
}

X509_STORE *
qs_trust_dup_system (void)
{
  g_autofree char *stamp = make_stamp ();

  G_LOCK (system_store);
  if (system_store == NULL || g_strcmp0 (stamp, system_stamp) != 0)
    {
      X509_STORE_free (system_store);
      system_store = read_system ();
      g_free (system_stamp);
      system_stamp = g_steal_pointer (&stamp);
    }
  X509_STORE *store = system_store;
  if (store != NULL)
    X509_STORE_up_ref (store);
  G_UNLOCK (system_store);
  return store;
}

/* --- A person's own file --- */

G_LOCK_DEFINE_STATIC (file_store);
static X509_STORE *file_store; /* of the file that was read last */
static char *file_stamp;

/* Of a regular file; NULL for what may say something else each time it is read. */
static char *
make_file_stamp (const char *path)
{
  GStatBuf status;

  if (g_stat (path, &status) != 0 || !S_ISREG (status.st_mode))
    return NULL;
  return g_strdup_printf ("%s\n%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
                          ".%09ld %" G_GINT64_FORMAT ".%09ld",
                          path, (guint64) status.st_dev, (guint64) status.st_ino, (gint64) status.st_size,
                          (gint64) status.st_mtim.tv_sec, (long) status.st_mtim.tv_nsec, (gint64) status.st_ctim.tv_sec,
                          (long) status.st_ctim.tv_nsec);
}

/* (transfer full): NULL where it is not that file, as it was, that was read last. */
static X509_STORE *
dup_known_file (const char *stamp)
{
  X509_STORE *store = NULL;

  G_LOCK (file_store);
  if (stamp != NULL && g_strcmp0 (stamp, file_stamp) == 0)
    {
      store = file_store;
      X509_STORE_up_ref (store);
    }
  G_UNLOCK (file_store);
  return store;
}

static void
keep_file (X509_STORE *store, const char *stamp)
{
  if (stamp == NULL)
    return;
  G_LOCK (file_store);
  X509_STORE_free (file_store);
  X509_STORE_up_ref (store);
  file_store = store;
  g_free (file_stamp);
  file_stamp = g_strdup (stamp);
  G_UNLOCK (file_store);
}

/* How many certificates and lists of the PEM text were taken in. */
static guint
add_pem (X509_STORE *store, GBytes *text)
{
  gsize length;
  const void *data = g_bytes_get_data (text, &length);
  BIO *bio = BIO_new_mem_buf (data, (int) length);
  STACK_OF (X509_INFO) *infos = PEM_X509_INFO_read_bio (bio, NULL, NULL, NULL);
  guint n = 0;

  for (int i = 0; i < sk_X509_INFO_num (infos); i++)
    {
      X509_INFO *info = sk_X509_INFO_value (infos, i);
      n += info->x509 != NULL && X509_STORE_add_cert (store, info->x509) == 1;
      n += info->crl != NULL && X509_STORE_add_crl (store, info->crl) == 1;
    }
  sk_X509_INFO_pop_free (infos, X509_INFO_free);
  BIO_free (bio);
  return n;
}

X509_STORE *
qs_trust_load (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  g_autofree char *stamp = make_file_stamp (path);
  X509_STORE *known = dup_known_file (stamp);
  if (known != NULL)
    return known;
  g_autoptr (GError) reason = NULL;
  ERR_clear_error ();
  X509_STORE *store = X509_STORE_new ();
  if (store == NULL)
    {
      ERR_clear_error ();
      qs_error_set_no_memory (error);
      return NULL;
    }
  if (*path == '\0')
    return store;
  g_autoptr (GBytes) text = qs_input_load (path, MAX_FILE, &reason);
  guint n = text != NULL ? add_pem (store, text) : 0;
  ERR_clear_error ();
  if (n > 0)
    {
      keep_file (store, stamp);
      return store;
    }
  X509_STORE_free (store);
  g_autofree char *shown = qs_text_escape_short (path, -1, 200);
  g_set_error (error, QS_ERROR, QS_ERROR_SSL,
               _ ("The CA file “%s” cannot be used: name a readable file with certificates in PEM form.%s%s"), shown,
               reason != NULL ? " " : "", reason != NULL ? reason->message : "");
  return NULL;
}

void
qs_trust_preload (void)
{
  if (preloading == NULL)
    preloading = g_thread_new ("qs-trust", preload_thread, NULL);
}

/* OpenSSL cleans up when the process ends, whoever still works with it. */
void
qs_trust_finish_preload (void)
{
  if (preloading != NULL)
    g_thread_join (g_steal_pointer (&preloading));
}

const char *
qs_trust_get_library (void)
{
  return OpenSSL_version (OPENSSL_VERSION);
}
