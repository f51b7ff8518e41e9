/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "base/qs-error.h"
#include "fuzz.h"
#include "probe/qs-kept-archive.h"
#include "probe/qs-kept-runs.h"

/* A session's list: read or refused with a sentence, and what was read says itself again. */
static void
try_list (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) runs = qs_kept_runs_from_text ((const char *) data, size, &error);

  g_assert_true ((runs == NULL) == (error != NULL));
  if (runs == NULL)
    {
      g_assert_true (error->domain == QS_ERROR && g_utf8_validate (error->message, -1, NULL));
      return;
    }
  g_autofree char *text = qs_kept_runs_to_text (runs);
  g_autoptr (GPtrArray) again = qs_kept_runs_from_text (text, strlen (text), &error);
  g_assert_no_error (error);
  g_autofree char *same = qs_kept_runs_to_text (again);
  g_assert_cmpstr (same, ==, text);
  for (guint i = 0; i < runs->len; i++)
    {
      const QsKeptRun *run = runs->pdata[i];
      g_assert_true (qs_kept_is_name (run->recording) && strchr (run->recording, '/') == NULL);
      g_assert_true ((run->target == NULL) == (run->options == NULL));
    }
}

/* As an archive: whatever it names stays in the folder. */
static void
try_archive (const guint8 *data, gsize size)
{
  g_autofree char *folder = g_dir_make_tmp ("qs-fuzz-XXXXXX", NULL);
  g_autofree char *file = g_build_filename (folder, "archive", NULL);
  g_autofree char *into = g_build_filename (folder, "into", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (file, (const char *) data, (gssize) size, NULL));
  g_assert_cmpint (g_mkdir (into, 0700), ==, 0);
  qs_kept_archive_is_one (file);
  gboolean good = qs_kept_archive_unpack (file, into, NULL, &error);
  g_assert_true (good == (error == NULL));
  g_autoptr (GDir) dir = g_dir_open (into, 0, NULL);
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (into, name, NULL);
      g_assert_true (qs_kept_is_name (name));
      g_assert_cmpint (g_remove (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (into), ==, 0);
  g_assert_cmpint (g_remove (file), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  try_list (data, size);
  try_archive (data, size);
  return 0;
}
