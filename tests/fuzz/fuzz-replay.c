/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Stands in for libFuzzer: hands every file of the folders or files that are named to the target, and
 * says in TAP how it went. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static guint n_run;

static gboolean
run_file (const char *path)
{
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  if (!g_file_get_contents (path, &contents, &length, &error))
    {
      printf ("not ok %u - %s\n# %s\n", ++n_run, path, error->message);
      return FALSE;
    }
  /* A copy of the exact size, so that a sanitizer sees a read beyond the end (GLib adds a NUL). */
  g_autofree guint8 *exact = g_memdup2 (contents, length);
  LLVMFuzzerTestOneInput (exact, length);
  printf ("ok %u - %s\n", ++n_run, path);
  fflush (stdout);
  return TRUE;
}

static gboolean
run_folder (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  gboolean good = TRUE;

  if (folder == NULL)
    return run_file (path);
  for (const char *name = g_dir_read_name (folder); name != NULL; name = g_dir_read_name (folder))
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      good = run_file (file) && good;
    }
  return good;
}

int
main (int argc, char **argv)
{
  gboolean good = TRUE;

  for (int i = 1; i < argc; i++)
    good = run_folder (argv[i]) && good;
  printf ("1..%u\n", n_run);
  /* A corpus that is not there must not look like one without findings. */
  return good && n_run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
