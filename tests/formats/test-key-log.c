/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "formats/qs-key-log.h"

#define RANDOM "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
#define SECRET "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
#define LINE "CLIENT_HANDSHAKE_TRAFFIC_SECRET " RANDOM " " SECRET

static void
test_line (void)
{
  QsKeyLogLine line;
  g_autoptr (GError) error = NULL;

  g_assert_true (qs_key_log_line_parse (LINE, strlen (LINE), &line, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (line.label_length, ==, strlen ("CLIENT_HANDSHAKE_TRAFFIC_SECRET"));
  g_assert_cmpuint (line.secret_length, ==, 32);
  g_assert_cmpuint (line.client_random[31], ==, 0x1f);
  g_assert_cmpuint (line.secret[0], ==, 0xff);
}

static void
test_bad_lines (void)
{
  static const char *const lines[] = {
    "",
    " ",
    "CLIENT_TRAFFIC_SECRET_0",
    "CLIENT_TRAFFIC_SECRET_0 ",
    "CLIENT_TRAFFIC_SECRET_0 " RANDOM,
    "CLIENT_TRAFFIC_SECRET_0 " RANDOM " ",
    "client_traffic_secret_0 " RANDOM " " SECRET,
    "CLIENT_TRAFFIC_SECRET_0  " RANDOM " " SECRET,
    "CLIENT_TRAFFIC_SECRET_0 " RANDOM "00 " SECRET,
    "CLIENT_TRAFFIC_SECRET_0 " RANDOM " " SECRET "0",
    "CLIENT_TRAFFIC_SECRET_0 " RANDOM " " SECRET " ",
    "CLIENT_TRAFFIC_SECRET_0 " RANDOM " " SECRET SECRET "00",
    "CLIENT_TRAFFIC_SECRET_0 " RANDOM " g" SECRET,
    "CLIENT_TRAFFIC_SECRET_0 " RANDOM " 00",
    "CLIENT\tTRAFFIC " RANDOM " " SECRET,
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (GError) error = NULL;
      QsKeyLogLine line;

      g_test_message ("%s", lines[i]);
      g_assert_false (qs_key_log_line_parse (lines[i], strlen (lines[i]), &line, &error));
      g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
    }
}

static void
test_split (void)
{
  static const char text[] = "# comment\n\n" LINE "\r\nRSA 0011 2233\nrubbish\nECH_SECRET " RANDOM " 00\n" LINE;
  guint n_bad = 0;
  g_autoptr (GPtrArray) lines = qs_key_log_split (text, strlen (text), &n_bad);

  g_assert_cmpuint (lines->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (lines, 0), ==, LINE);
  g_assert_cmpstr (g_ptr_array_index (lines, 1), ==, LINE);
  g_assert_cmpuint (n_bad, ==, 1);
}

static void
test_round_trip (void)
{
  g_autofree char *dir = g_dir_make_tmp ("qs-key-log-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "keys", NULL);
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  g_autoptr (GError) error = NULL;
  struct stat info;

  qs_trace_add_mark (trace, QS_MARK_NOTE, NULL, 0, "no secret");
  qs_trace_add_secret (trace, 0, LINE);
  qs_trace_add_secret (trace, 0, LINE);
  qs_trace_add_secret (trace, 0, "SERVER_TRAFFIC_SECRET_0 " RANDOM " " SECRET);

  /* What others could read before is not what holds the secrets then. */
  g_assert_true (g_file_set_contents_full (path, "old", 3, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
  g_assert_true (qs_key_log_write (trace, path, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);

  g_autoptr (GPtrArray) lines = qs_key_log_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (lines->len, ==, 2);
  g_unlink (path);
  g_rmdir (dir);
}

/* A failed write leaves what was there, and nothing beside it. */
static void
test_unwritable (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (qs_key_log_write (trace, "/nonexistent-folder/keys", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "/nonexistent-folder/keys"));
  g_clear_error (&error);

  qs_trace_add_secret (trace, 0, LINE);
  if (g_file_test ("/dev/full", G_FILE_TEST_EXISTS))
    {
      g_assert_false (qs_key_log_write (trace, "/dev/full", &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
      g_clear_error (&error);
    }
  g_assert_true (qs_key_log_write (trace, "/dev/null", &error));
  g_assert_false (g_file_test ("/dev/null", G_FILE_TEST_IS_REGULAR));
}

static void
test_bad_files (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *empty = NULL;
  int fd = g_file_open_tmp ("qs-key-log-XXXXXX", &empty, NULL);

  g_close (fd, NULL);
  g_autoptr (GPtrArray) none = qs_key_log_load (empty, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_true (g_file_set_contents (empty, "neither comment nor secret\n", -1, NULL));
  g_assert_null (qs_key_log_load (empty, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
  g_clear_error (&error);
  g_unlink (empty);
  g_assert_null (qs_key_log_load ("/dev/null", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
  g_clear_error (&error);
  g_assert_null (qs_key_log_load ("/nonexistent", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (qs_key_log_load ("/", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/key-log/line", test_line);
  g_test_add_func ("/key-log/bad-lines", test_bad_lines);
  g_test_add_func ("/key-log/split", test_split);
  g_test_add_func ("/key-log/round-trip", test_round_trip);
  g_test_add_func ("/key-log/unwritable", test_unwritable);
  g_test_add_func ("/key-log/bad-files", test_bad_files);
  return g_test_run ();
}
