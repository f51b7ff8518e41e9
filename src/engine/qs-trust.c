/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-trust.h"

#include <glib/gstdio.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

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
