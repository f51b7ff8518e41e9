/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/qs-private-folder.h"

#define PREFIX "quicscope-test-"

static char *parent;

static guint
count_folders (void)
{
  g_autoptr (GDir) dir = g_dir_open (parent, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static QsPrivateFolder *
make_folder (void)
{
  g_autoptr (GError) error = NULL;
  QsPrivateFolder *folder = qs_private_folder_new (PREFIX, "file", &error);

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (qs_private_folder_get_path (folder), parent));
  g_assert_true (g_file_set_contents (qs_private_folder_get_path (folder), "certificate", -1, NULL));
  return folder;
}

static void
test_private (void)
{
  QsPrivateFolder *folder = make_folder ();
  g_autofree char *path = g_path_get_dirname (qs_private_folder_get_path (folder));
  struct stat info;

  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0700);
  qs_private_folder_free (folder);
  g_assert_cmpuint (count_folders (), ==, 0);
}

/* One of a program that ended without a word goes, one of a program that runs stays, and so does what is none of ours. */
static void
test_left (void)
{
  g_autofree char *link = g_build_filename (parent, "quicscope-test-link", NULL);
  g_autofree char *foreign = g_build_filename (parent, "quicscope-test-foreign", NULL);
  QsPrivateFolder *living = make_folder ();
  pid_t child = fork ();
  int status;

  if (child == 0)
    {
      make_folder ();
      _exit (0);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);
  g_assert_cmpuint (count_folders (), ==, 2);
  g_assert_cmpint (g_mkdir (foreign, 0700), ==, 0);
  g_autofree char *living_folder = g_path_get_dirname (qs_private_folder_get_path (living));
  g_assert_cmpint (symlink (living_folder, link), ==, 0);

  QsPrivateFolder *next = make_folder ();
  g_assert_cmpuint (count_folders (), ==, 4);
  g_assert_true (g_file_test (qs_private_folder_get_path (living), G_FILE_TEST_EXISTS));
  g_assert_cmpint (g_unlink (link), ==, 0);
  g_assert_cmpint (g_rmdir (foreign), ==, 0);
  qs_private_folder_free (next);
  qs_private_folder_free (living);
  g_assert_cmpuint (count_folders (), ==, 0);
}

/* Killed without a word: what it held is gone at once, not with the next one. */
static void
test_guard (void)
{
  int ends[2];
  pid_t child;
  char path[4096];

  g_assert_cmpint (pipe (ends), ==, 0);
  child = fork ();
  if (child == 0)
    {
      g_autoptr (GError) error = NULL;
      QsPrivateFolder *folder = make_folder ();
      if (!qs_private_folder_guard (folder, &error))
        _exit (1);
      const char *made = qs_private_folder_get_path (folder);
      if (write (ends[1], made, strlen (made) + 1) < 0)
        _exit (1);
      raise (SIGKILL);
    }
  close (ends[1]);
  ssize_t n = read (ends[0], path, sizeof path);
  close (ends[0]);
  g_assert_cmpint (n, >, 1);
  int status;
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  for (guint i = 0; i < 6000 && count_folders () > 0; i++) /* against hanging */
    g_usleep (10000);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (count_folders (), ==, 0);
}

static void
test_guard_dismissed (void)
{
  g_autoptr (GError) error = NULL;
  QsPrivateFolder *folder = make_folder ();

  g_assert_true (qs_private_folder_guard (folder, &error));
  g_assert_no_error (error);
  qs_private_folder_free (folder);
  g_assert_cmpuint (count_folders (), ==, 0);
  g_assert_cmpint (waitpid (-1, NULL, WNOHANG), ==, -1); /* nobody is left */
}

static void
test_no_room (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *none = g_build_filename (parent, "none", NULL);

  g_setenv ("XDG_RUNTIME_DIR", none, TRUE); /* not there: the temporary files' folder is taken */
  QsPrivateFolder *folder = qs_private_folder_new (PREFIX, "file", &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (qs_private_folder_get_path (folder), g_get_tmp_dir ()));
  qs_private_folder_free (folder);
  g_setenv ("XDG_RUNTIME_DIR", parent, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  parent = g_dir_make_tmp ("qs-private-folder-XXXXXX", NULL);
  g_setenv ("XDG_RUNTIME_DIR", parent, TRUE);
  g_test_add_func ("/private-folder/private", test_private);
  g_test_add_func ("/private-folder/left", test_left);
  g_test_add_func ("/private-folder/guard", test_guard);
  g_test_add_func ("/private-folder/guard-dismissed", test_guard_dismissed);
  g_test_add_func ("/private-folder/no-room", test_no_room);
  int status = g_test_run ();
  g_rmdir (parent);
  g_free (parent);
  return status;
}
