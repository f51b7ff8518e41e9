/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/qs-ca-folder.h"

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

static QsCaFolder *
make_folder (void)
{
  g_autoptr (GError) error = NULL;
  QsCaFolder *folder = qs_ca_folder_new (&error);

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (qs_ca_folder_get_path (folder), parent));
  g_assert_true (g_file_set_contents (qs_ca_folder_get_path (folder), "certificate", -1, NULL));
  return folder;
}

static void
test_private (void)
{
  QsCaFolder *folder = make_folder ();
  g_autofree char *path = g_path_get_dirname (qs_ca_folder_get_path (folder));
  struct stat info;

  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0700);
  qs_ca_folder_free (folder);
  g_assert_cmpuint (count_folders (), ==, 0);
}

/* One of a program that ended without a word goes, one of a program that runs stays, and so does what is none of ours. */
static void
test_left (void)
{
  g_autofree char *link = g_build_filename (parent, "quicscope-lab-link", NULL);
  g_autofree char *foreign = g_build_filename (parent, "quicscope-lab-foreign", NULL);
  QsCaFolder *living = make_folder ();
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
  g_autofree char *living_folder = g_path_get_dirname (qs_ca_folder_get_path (living));
  g_assert_cmpint (symlink (living_folder, link), ==, 0);

  QsCaFolder *next = make_folder ();
  g_assert_cmpuint (count_folders (), ==, 4);
  g_assert_true (g_file_test (qs_ca_folder_get_path (living), G_FILE_TEST_EXISTS));
  g_assert_cmpint (g_unlink (link), ==, 0);
  g_assert_cmpint (g_rmdir (foreign), ==, 0);
  qs_ca_folder_free (next);
  qs_ca_folder_free (living);
  g_assert_cmpuint (count_folders (), ==, 0);
}

static void
test_no_room (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *none = g_build_filename (parent, "none", NULL);

  g_setenv ("XDG_RUNTIME_DIR", none, TRUE); /* not there: the temporary files' folder is taken */
  QsCaFolder *folder = qs_ca_folder_new (&error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (qs_ca_folder_get_path (folder), g_get_tmp_dir ()));
  qs_ca_folder_free (folder);
  g_setenv ("XDG_RUNTIME_DIR", parent, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  parent = g_dir_make_tmp ("qs-ca-folder-XXXXXX", NULL);
  g_setenv ("XDG_RUNTIME_DIR", parent, TRUE);
  g_test_add_func ("/ca-folder/private", test_private);
  g_test_add_func ("/ca-folder/left", test_left);
  g_test_add_func ("/ca-folder/no-room", test_no_room);
  int status = g_test_run ();
  g_rmdir (parent);
  g_free (parent);
  return status;
}
