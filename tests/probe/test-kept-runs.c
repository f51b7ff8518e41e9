/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session's list of runs, and the archive that it stands in: what was written is read, and what is none is told. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/qs-error.h"
#include "probe/qs-kept-archive.h"
#include "probe/qs-kept-runs.h"

#define HEAD "{\"format\":\"Quicscope session\",\"version\":1,\"runs\":["
#define RUN "\"recording\":\"run-1.pcapng\",\"title\":\"t\",\"started\":1,\"outcome\":\"failed\""

static GPtrArray *
make_runs (void)
{
  GPtrArray *runs = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_kept_run_free);
  QsKeptRun *run = qs_kept_run_new ();

  run->recording = g_strdup ("run-1.pcapng");
  run->other = g_strdup ("other-1.pcapng");
  run->title = g_strdup ("https://localhost/");
  run->name = g_strdup ("before “it”");
  run->note = g_strdup ("a\nb\t\"c\"");
  run->target = g_strdup ("https://localhost/");
  run->scenario = g_strdup ("expired");
  run->started = 1700000000;
  run->outcome = QS_KEPT_STOPPED;
  run->options = qs_probe_options_new ();
  run->options->mode = QS_MODE_THREAD_ASSISTED;
  run->options->alpn = g_strsplit ("h3 hq-interop", " ", 0);
  run->options->sni = g_strdup ("");
  run->options->family = G_SOCKET_FAMILY_IPV6;
  run->options->insecure = run->options->keep_open = TRUE;
  run->options->timeout_ms = 1234;
  run->options->most_tls = 0x0303;
  run->options->send = g_bytes_new_static ("\0\1\xff", 3);
  run->options->experiments = QS_EXPERIMENTS_ALL;
  g_ptr_array_add (runs, run);
  return runs;
}

static void
test_round (void)
{
  g_autoptr (GPtrArray) runs = make_runs ();
  g_autofree char *text = qs_kept_runs_to_text (runs);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) again = qs_kept_runs_from_text (text, strlen (text), &error);

  g_assert_no_error (error);
  g_assert_cmpuint (again->len, ==, 1);
  const QsKeptRun *run = again->pdata[0];
  g_assert_cmpstr (run->recording, ==, "run-1.pcapng");
  g_assert_cmpstr (run->other, ==, "other-1.pcapng");
  g_assert_cmpstr (run->name, ==, "before “it”");
  g_assert_cmpstr (run->note, ==, "a\nb\t\"c\"");
  g_assert_cmpstr (run->target, ==, "https://localhost/");
  g_assert_cmpstr (run->scenario, ==, "expired");
  g_assert_cmpint (run->started, ==, 1700000000);
  g_assert_cmpint (run->outcome, ==, QS_KEPT_STOPPED);
  g_assert_cmpint (run->options->mode, ==, QS_MODE_THREAD_ASSISTED);
  g_assert_cmpstr (run->options->alpn[1], ==, "hq-interop");
  g_assert_cmpstr (run->options->sni, ==, "");
  g_assert_cmpint (run->options->family, ==, G_SOCKET_FAMILY_IPV6);
  g_assert_true (run->options->insecure && run->options->keep_open && run->options->record);
  g_assert_cmpuint (run->options->timeout_ms, ==, 1234);
  g_assert_cmpuint (run->options->most_tls, ==, 0x0303);
  g_assert_cmpmem (g_bytes_get_data (run->options->send, NULL), g_bytes_get_size (run->options->send), "\0\1\xff", 3);
  g_assert_cmpint (run->options->experiments, ==, QS_EXPERIMENTS_ALL);
}

static const struct {
  const char *text;
  int code; /* -1: it is read */
} lists[] = {
  { HEAD "]}", -1 },
  { HEAD "{" RUN "}]}", -1 },
  { HEAD "{" RUN ",\"later\":{\"a\":[1]}}]}", -1 },
  { HEAD "{" RUN "}", QS_ERROR_PARSE },
  { "", QS_ERROR_PARSE },
  { "[]", QS_ERROR_PARSE },
  { "{\"format\":\"other\",\"version\":1,\"runs\":[]}", QS_ERROR_PARSE },
  { "{\"format\":\"Quicscope session\",\"runs\":[]}", QS_ERROR_PARSE },
  { "{\"format\":\"Quicscope session\",\"version\":1}", QS_ERROR_PARSE },
  { "{\"format\":\"Quicscope session\",\"version\":2,\"runs\":[]}", QS_ERROR_UNSUPPORTED },
  { HEAD "{}]}", QS_ERROR_PARSE },
  { HEAD "{\"recording\":\"../a\",\"title\":\"t\",\"started\":1,\"outcome\":\"failed\"}]}", QS_ERROR_PARSE },
  { HEAD "{\"recording\":\"a\",\"title\":\"t\",\"started\":1,\"outcome\":\"late\"}]}", QS_ERROR_PARSE },
  { HEAD "{\"recording\":\"a\",\"title\":\"t\",\"started\":4294967295,\"outcome\":\"file\"}]}", -1 },
  { HEAD "{\"recording\":\"a\",\"title\":\"t\",\"started\":4294967296,\"outcome\":\"file\"}]}", QS_ERROR_PARSE },
  { HEAD "{" RUN ",\"target\":\"x\",\"options\":{\"mode\":2,\"padding\":4096}}]}", -1 },
  { HEAD "{" RUN ",\"target\":\"x\",\"options\":{\"mode\":3}}]}", QS_ERROR_PARSE },
  { HEAD "{" RUN ",\"target\":\"x\",\"options\":{\"padding\":4097}}]}", QS_ERROR_PARSE },
  { HEAD "{" RUN ",\"target\":\"x\",\"options\":{\"family\":\"ipx\"}}]}", QS_ERROR_PARSE },
  { HEAD "{" RUN ",\"target\":\"x\",\"options\":{\"alpn\":\"h3\"}}]}", QS_ERROR_PARSE },
  { HEAD "{" RUN ",\"note\":1}]}", QS_ERROR_PARSE },
};

static void
test_lists (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) runs = qs_kept_runs_from_text (lists[i].text, strlen (lists[i].text), &error);

      g_test_message ("%s", lists[i].text);
      if (lists[i].code < 0)
        g_assert_no_error (error);
      else
        g_assert_error (error, QS_ERROR, lists[i].code);
      g_assert_true ((runs != NULL) == (lists[i].code < 0));
    }
}

/* Of many, as many as the bound and no more. */
static void
test_bound (void)
{
  for (guint n = QS_KEPT_MOST_RUNS; n <= QS_KEPT_MOST_RUNS + 1; n++)
    {
      g_autoptr (GString) text = g_string_new (HEAD);
      g_autoptr (GError) error = NULL;
      for (guint i = 0; i < n; i++)
        g_string_append (text, i > 0 ? ",{" RUN "}" : "{" RUN "}");
      g_string_append (text, "]}");
      g_autoptr (GPtrArray) runs = qs_kept_runs_from_text (text->str, text->len, &error);
      if (n == QS_KEPT_MOST_RUNS)
        g_assert_cmpuint (runs->len, ==, n);
      else
        g_assert_error (error, QS_ERROR, QS_ERROR_TOO_LARGE);
    }
}

static void
test_names (void)
{
  g_autofree char *longest = g_strnfill (64, 'a'), *longer = g_strnfill (65, 'a');
  const char *const good[] = { "a", "run-1.pcapng", QS_KEPT_LIST, longest };
  const char *const bad[] = { "", ".", "..", ".a", "-a", "1", "a/b", "a\\b", "a b", "ä", longer };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (qs_kept_is_name (good[i]));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (qs_kept_is_name (bad[i]));
}

typedef struct {
  char *folder, *from, *into, *archive;
} Folders;

static void
set_up (Folders *self, gconstpointer data)
{
  self->folder = g_dir_make_tmp ("qs-kept-XXXXXX", NULL);
  self->from = g_build_filename (self->folder, "from", NULL);
  self->into = g_build_filename (self->folder, "into", NULL);
  self->archive = g_build_filename (self->folder, "a.quicscope", NULL);
  g_assert_cmpint (g_mkdir (self->from, 0700) | g_mkdir (self->into, 0700), ==, 0);
}

static void
empty (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_assert_cmpint (g_remove (path), ==, 0);
    }
}

static void
tear_down (Folders *self, gconstpointer data)
{
  empty (self->from);
  empty (self->into);
  g_rmdir (self->from);
  g_rmdir (self->into);
  g_remove (self->archive);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->folder);
  g_free (self->from);
  g_free (self->into);
  g_free (self->archive);
}

static void
put (const char *folder, const char *name, const char *bytes, gsize length)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, bytes, (gssize) length, NULL));
}

static void
make_archive (Folders *self)
{
  static const char *const names[] = { QS_KEPT_LIST, "run-1.pcapng", NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *noise = g_malloc (200000);
  guint32 state = 1;

  for (guint i = 0; i < 200000; i++)
    noise[i] = (char) ((state = state * 1664525 + 1013904223) >> 24);
  put (self->from, QS_KEPT_LIST, HEAD "]}", strlen (HEAD "]}"));
  put (self->from, "run-1.pcapng", noise, 200000);
  g_assert_true (qs_kept_archive_pack (self->from, names, self->archive, NULL, &error));
  g_assert_no_error (error);
}

static void
test_archive (Folders *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  GStatBuf info;

  make_archive (self);
  g_assert_cmpint (g_stat (self->archive, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  g_assert_true (qs_kept_archive_is_one (self->archive));
  g_assert_true (qs_kept_archive_unpack (self->archive, self->into, NULL, &error));
  const char *const names[] = { QS_KEPT_LIST, "run-1.pcapng" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *one = g_build_filename (self->from, names[i], NULL);
      g_autofree char *other = g_build_filename (self->into, names[i], NULL);
      g_autofree char *before = NULL, *after = NULL;
      gsize length, same;
      g_assert_true (g_file_get_contents (one, &before, &length, NULL));
      g_assert_true (g_file_get_contents (other, &after, &same, NULL));
      g_assert_cmpmem (after, same, before, length);
      g_assert_cmpint (g_stat (other, &info), ==, 0);
      g_assert_cmpint (info.st_mode & 0777, ==, 0600);
    }
}

/* Cut anywhere it is told; a folder that cannot be written to, and a file that is none, too. */
static void
test_damaged (Folders *self, gconstpointer data)
{
  g_autofree char *whole = NULL;
  gsize length;

  make_archive (self);
  g_assert_true (g_file_get_contents (self->archive, &whole, &length, NULL));
  for (guint i = 0; i < 40; i++)
    {
      g_autoptr (GError) error = NULL;
      put (self->folder, "a.quicscope", whole, length * i / 40);
      g_assert_false (qs_kept_archive_unpack (self->archive, self->into, NULL, &error));
      g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
      empty (self->into);
    }
  g_autoptr (GError) error = NULL;
  g_assert_false (qs_kept_archive_unpack ("/nosuch.quicscope", self->into, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_false (qs_kept_archive_is_one ("/nosuch.quicscope"));
  g_clear_error (&error);
  g_assert_false (qs_kept_archive_unpack (self->folder, self->into, NULL, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  const char *const names[] = { "nosuch", NULL };
  g_remove (self->archive);
  g_assert_false (qs_kept_archive_pack (self->from, names, self->archive, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_false (g_file_test (self->archive, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/probe/kept-runs/round", test_round);
  g_test_add_func ("/probe/kept-runs/lists", test_lists);
  g_test_add_func ("/probe/kept-runs/bound", test_bound);
  g_test_add_func ("/probe/kept-runs/names", test_names);
  g_test_add ("/probe/kept-runs/archive", Folders, NULL, set_up, test_archive, tear_down);
  g_test_add ("/probe/kept-runs/damaged", Folders, NULL, set_up, test_damaged, tear_down);
  return g_test_run ();
}
