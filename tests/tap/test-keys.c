/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap/qs-key-follower.h"
#include "tap/qs-key-shelf.h"

typedef struct {
  char *folder, *path;
  QsKeyFollower *follower;
  GPtrArray *lines;
} Fixture;

/* A line of connection n. */
static char *
make_line (const char *label, guint n)
{
  return g_strdup_printf ("%s %064x %064x", label, n, n + 1);
}

static void
write_line (const char *path, const char *mode, const char *label, guint n)
{
  g_autofree char *line = make_line (label, n);
  FILE *file = fopen (path, mode);

  g_assert_nonnull (file);
  fprintf (file, "%s\n", line);
  fclose (file);
}

static void
line_cb (const char *line, gpointer data)
{
  g_ptr_array_add (data, g_strdup (line));
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("qs-keys-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->folder, "keys", NULL);
  fixture->follower = qs_key_follower_new (fixture->path);
  fixture->lines = g_ptr_array_new_with_free_func (g_free);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  qs_key_follower_free (fixture->follower);
  g_ptr_array_unref (fixture->lines);
  g_unlink (fixture->path);
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->folder);
  g_free (fixture->path);
}

static void
poll_all (Fixture *fixture)
{
  while (qs_key_follower_poll (fixture->follower, line_cb, fixture->lines))
    ;
}

static void
assert_lines (Fixture *fixture, guint n, guint last)
{
  g_assert_cmpuint (fixture->lines->len, ==, n);
  g_autofree char *line = make_line ("CLIENT_RANDOM", last);
  if (n > 0)
    g_assert_cmpstr (fixture->lines->pdata[n - 1], ==, line);
}

static void
test_comes_late_and_grows (Fixture *fixture, gconstpointer data)
{
  QsKeyFollowerFigures figures;

  poll_all (fixture);
  assert_lines (fixture, 0, 0);
  g_assert_null (qs_key_follower_get_trouble (fixture->follower));
  write_line (fixture->path, "w", "CLIENT_RANDOM", 1);
  poll_all (fixture);
  assert_lines (fixture, 1, 1);
  write_line (fixture->path, "a", "CLIENT_RANDOM", 2);
  write_line (fixture->path, "a", "CLIENT_RANDOM", 3);
  poll_all (fixture);
  poll_all (fixture);
  assert_lines (fixture, 3, 3);
  qs_key_follower_get_figures (fixture->follower, &figures);
  g_assert_cmpuint (figures.lines, ==, 3);
  g_assert_cmpuint (figures.restarts + figures.replacements + figures.bad, ==, 0);
}

/* Half a line is none, until its other half is there. */
static void
test_half_a_line (Fixture *fixture, gconstpointer data)
{
  g_autofree char *line = make_line ("CLIENT_RANDOM", 7);
  QsKeyFollowerFigures figures;
  FILE *file = fopen (fixture->path, "w");

  fwrite (line, 1, 40, file);
  fflush (file);
  poll_all (fixture);
  assert_lines (fixture, 0, 0);
  fprintf (file, "%s", line + 40);
  fflush (file);
  poll_all (fixture);
  assert_lines (fixture, 0, 0);
  fprintf (file, "\nCLIENT_RANDOM 00");
  fclose (file);
  poll_all (fixture);
  assert_lines (fixture, 1, 7);
  qs_key_follower_finish (fixture->follower, line_cb, fixture->lines);
  qs_key_follower_get_figures (fixture->follower, &figures);
  assert_lines (fixture, 1, 7);
  g_assert_cmpuint (figures.bad, ==, 1);
}

/* The last one has no end, and is whole all the same. */
static void
test_no_last_end (Fixture *fixture, gconstpointer data)
{
  g_autofree char *line = make_line ("CLIENT_RANDOM", 9);

  g_assert_true (g_file_set_contents (fixture->path, line, -1, NULL));
  poll_all (fixture);
  assert_lines (fixture, 0, 0);
  qs_key_follower_finish (fixture->follower, line_cb, fixture->lines);
  assert_lines (fixture, 1, 9);
}

static void
test_truncated (Fixture *fixture, gconstpointer data)
{
  QsKeyFollowerFigures figures;

  write_line (fixture->path, "w", "CLIENT_RANDOM", 1);
  write_line (fixture->path, "a", "CLIENT_RANDOM", 2);
  poll_all (fixture);
  write_line (fixture->path, "w", "CLIENT_RANDOM", 3); /* the same file, shorter */
  poll_all (fixture);
  assert_lines (fixture, 3, 3);
  /* Emptied, and longer again before anybody looked. */
  write_line (fixture->path, "w", "CLIENT_RANDOM", 4);
  write_line (fixture->path, "a", "CLIENT_RANDOM", 5);
  write_line (fixture->path, "a", "CLIENT_RANDOM", 6);
  poll_all (fixture);
  assert_lines (fixture, 6, 6);
  qs_key_follower_get_figures (fixture->follower, &figures);
  g_assert_cmpuint (figures.restarts, ==, 2);
  g_assert_cmpuint (figures.replacements, ==, 0);
}

static void
test_rotated (Fixture *fixture, gconstpointer data)
{
  g_autofree char *old = g_strconcat (fixture->path, ".1", NULL);
  QsKeyFollowerFigures figures;

  write_line (fixture->path, "w", "CLIENT_RANDOM", 1);
  poll_all (fixture);
  g_assert_cmpint (g_rename (fixture->path, old), ==, 0);
  write_line (old, "a", "CLIENT_RANDOM", 2); /* its writer has it open still */
  write_line (fixture->path, "w", "CLIENT_RANDOM", 3);
  poll_all (fixture);
  assert_lines (fixture, 3, 3);
  qs_key_follower_get_figures (fixture->follower, &figures);
  g_assert_cmpuint (figures.replacements, ==, 1);
  g_assert_cmpuint (figures.restarts, ==, 0);
  g_unlink (old);
}

/* Of a huge one what stands before is passed over, up to the end of a line. */
static void
test_huge (Fixture *fixture, gconstpointer data)
{
  QsKeyFollowerFigures figures;
  guint n = QS_KEY_FOLLOWER_TAIL / 144 + 1000; /* a line has 144 bytes */
  FILE *file = fopen (fixture->path, "w");

  for (guint i = 1; i <= n; i++)
    fprintf (file, "CLIENT_RANDOM %064x %064x\n", i, i + 1);
  fclose (file);
  poll_all (fixture);
  qs_key_follower_get_figures (fixture->follower, &figures);
  g_assert_cmpuint (figures.passed, >, 0);
  g_assert_cmpuint (figures.bad, ==, 0);
  g_assert_cmpuint (fixture->lines->len, >=, n - 1001);
  g_assert_cmpuint (fixture->lines->len, <, n);
  assert_lines (fixture, fixture->lines->len, n);
}

static void
test_garbage (Fixture *fixture, gconstpointer data)
{
  g_autofree char *noise = g_malloc (100000);
  QsKeyFollowerFigures figures;

  memset (noise, 'x', 100000);
  noise[50] = '\0';
  g_assert_true (g_file_set_contents (fixture->path, noise, 100000, NULL));
  poll_all (fixture);
  assert_lines (fixture, 0, 0);
  FILE *file = fopen (fixture->path, "a");
  fputc ('\n', file);
  fclose (file);
  write_line (fixture->path, "a", "CLIENT_RANDOM", 5);
  poll_all (fixture);
  assert_lines (fixture, 1, 5);
  qs_key_follower_get_figures (fixture->follower, &figures);
  g_assert_cmpuint (figures.bad, ==, 1);
}

/* A pipe is not waited for. */
static void
test_no_file (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpint (mkfifo (fixture->path, 0600), ==, 0);
  poll_all (fixture);
  assert_lines (fixture, 0, 0);
  g_assert_nonnull (qs_key_follower_get_trouble (fixture->follower));
  g_unlink (fixture->path);
  write_line (fixture->path, "w", "CLIENT_RANDOM", 5);
  poll_all (fixture);
  assert_lines (fixture, 1, 5);
  g_assert_null (qs_key_follower_get_trouble (fixture->follower));
}

static void
test_shelf (void)
{
  g_autoptr (QsKeyShelf) shelf = qs_key_shelf_new ();
  g_autofree char *one = make_line ("CLIENT_TRAFFIC_SECRET_0", 0xab);
  g_autofree char *two = make_line ("SERVER_TRAFFIC_SECRET_0", 0xab);
  g_autofree char *lower = g_strdup_printf ("%064x", 0xab);
  g_autofree char *upper = g_ascii_strup (one, -1);

  g_assert_null (qs_key_shelf_get_any (shelf));
  g_autofree char *random = qs_key_shelf_add (shelf, one);
  g_assert_cmpstr (random, ==, lower);
  g_assert_null (qs_key_shelf_add (shelf, one));
  g_autofree char *again = qs_key_shelf_add (shelf, two);
  g_assert_cmpstr (again, ==, lower);
  g_autofree char *third = qs_key_shelf_add (shelf, upper); /* digits in capitals are the same random */
  g_assert_cmpstr (third, ==, lower);
  g_assert_cmpuint (qs_key_shelf_get (shelf, lower)->len, ==, 3);
  g_assert_null (qs_key_shelf_get (shelf, one));
}

static void
test_shelf_is_bounded (void)
{
  g_autoptr (QsKeyShelf) shelf = qs_key_shelf_new ();
  g_autofree char *first = g_strdup_printf ("%064x", 1), *second = g_strdup_printf ("%064x", 2);

  for (guint i = 1; i <= QS_KEY_SHELF_MAX_LINES; i++)
    {
      g_autofree char *line = make_line ("CLIENT_RANDOM", i);
      g_free (qs_key_shelf_add (shelf, line));
    }
  g_assert_nonnull (qs_key_shelf_get (shelf, first));
  g_autofree char *more = make_line ("EXPORTER_SECRET", 1); /* the first is heard of again: the second goes */
  g_free (qs_key_shelf_add (shelf, more));
  g_assert_cmpuint (qs_key_shelf_get_n_lines (shelf), ==, QS_KEY_SHELF_MAX_LINES);
  g_assert_nonnull (qs_key_shelf_get (shelf, first));
  g_assert_null (qs_key_shelf_get (shelf, second));
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*func) (Fixture *, gconstpointer);
  } tests[] = { { "/keys/comes-late-and-grows", test_comes_late_and_grows },
                { "/keys/half-a-line", test_half_a_line },
                { "/keys/no-last-end", test_no_last_end },
                { "/keys/truncated", test_truncated },
                { "/keys/rotated", test_rotated },
                { "/keys/huge", test_huge },
                { "/keys/garbage", test_garbage },
                { "/keys/no-file", test_no_file } };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Fixture, NULL, set_up, tests[i].func, tear_down);
  g_test_add_func ("/keys/shelf", test_shelf);
  g_test_add_func ("/keys/shelf-is-bounded", test_shelf_is_bounded);
  return g_test_run ();
}
