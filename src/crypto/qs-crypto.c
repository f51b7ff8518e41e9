/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "crypto/qs-crypto.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/qs-i18n.h"

/* An allocation that fails is an error of OpenSSL's, and with its first error it makes the table of their texts, under a pthread_once of
 * its own. Where that is what there is no memory for, it begins to make the table once more, from within, and waits for itself. */
static gboolean starting;

static void *
checked (void *memory, size_t length)
{
  if (memory == NULL && length > 0 && starting)
    {
      fprintf (stderr, _ ("%s: there is no memory left to begin with.\n"), program_invocation_short_name);
      _exit (EXIT_FAILURE); /* what exit() would call waits as well */
    }
  return memory;
}

static void *
allocate_cb (size_t length, const char *file, int line)
{
  return checked (malloc (length), length);
}

static void *
reallocate_cb (void *memory, size_t length, const char *file, int line)
{
  return checked (realloc (memory, length), length);
}

static void
free_cb (void *memory, const char *file, int line)
{
  free (memory);
}

void
qs_crypto_init (void)
{
  if (CRYPTO_set_mem_functions (allocate_cb, reallocate_cb, free_cb) != 1)
    return; /* it has begun already */
  starting = TRUE;
  OPENSSL_init_crypto (OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
  starting = FALSE;
}
