/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Saving: all of a file or nothing of it, and secrets for their owner alone. */
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixtures.h"
#include "formats/qs-trace-save.h"

#define MS G_GINT64_CONSTANT (1000000)
#define LINE                                                                                  \
  "CLIENT_TRAFFIC_SECRET_0 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f " \
  "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

static const char *const names[QS_N_TRACE_FORMATS] = { "a.pcapng", "a.sqlog", "a.qlog", "a.keylog" };
/* What may be read by others is as the umask wants it. */
static const guint modes[QS_N_TRACE_FORMATS] = { 0600, 0644, 0644, 0600 };

typedef struct {
  QsTrace *trace;
  char *dir;
  char *path;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  static const guint8 payload[1200] = { 0x40 };

  self->dir = g_dir_make_tmp ("qs-save-XXXXXX", NULL);
  self->path = g_build_filename (self->dir, names[GPOINTER_TO_UINT (data)], NULL);
  self->trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  for (guint i = 0; i < 200; i++)
    {
      guint record =
          qs_trace_add_datagram (self->trace, i * MS, QS_DIRECTION_SENT, 0, 0, QS_FATE_PASSED, payload, sizeof payload);
      fixture_add_packet (self->trace, record, i * MS, QS_DIRECTION_SENT, QS_PACKET_1RTT, i, 1200, "01");
    }
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *line = g_strdup (LINE);
      line[strlen (line) - 1] = "0123456789abcdef"[i % 16];
      line[strlen (line) - 2] = "0123456789abcdef"[i / 16 % 16];
      line[strlen (line) - 3] = "0123456789abcdef"[i / 256 % 16];
      qs_trace_add_secret (self->trace, i * MS, line);
    }
}

/* Nothing is left but what a test knows of. */
static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unlink (self->path);
  g_assert_cmpint (g_rmdir (self->dir), ==, 0);
  g_object_unref (self->trace);
  g_free (self->path);
  g_free (self->dir);
}

static guint
mode_of (const char *path)
{
  struct stat info;

  g_assert_cmpint (g_stat (path, &info), ==, 0);
  return info.st_mode & 0777;
}

static void
test_mode (Fixture *self, gconstpointer data)
{
  QsTraceFormat format = GPOINTER_TO_UINT (data);
  mode_t mask = umask (022);

  g_assert_true (qs_trace_save (self->trace, self->path, format, NULL));
  g_assert_cmphex (mode_of (self->path), ==, modes[format]);

  /* One that is replaced: secrets do not take over that it was open to all. */
  g_assert_cmpint (g_chmod (self->path, 0664), ==, 0);
  g_assert_true (qs_trace_save (self->trace, self->path, format, NULL));
  g_assert_cmphex (mode_of (self->path), ==, modes[format] == 0600 ? 0600u : 0644u);
  umask (mask);
}

static void
test_no_space (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!g_file_test ("/dev/full", G_FILE_TEST_EXISTS))
    return g_test_skip ("no /dev/full");
  g_assert_false (qs_trace_save (self->trace, "/dev/full", GPOINTER_TO_UINT (data), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_assert_nonnull (strstr (error->message, "/dev/full"));
}

/* In the middle of it no more can be written: what was there before stays as it was. */
static void
test_cut (Fixture *self, gconstpointer data)
{
  struct rlimit old, limit;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  g_assert_true (g_file_set_contents (self->path, "before", -1, NULL));
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old), ==, 0);
  limit = (struct rlimit){ .rlim_cur = 20000, .rlim_max = old.rlim_max };
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  gboolean saved = qs_trace_save (self->trace, self->path, GPOINTER_TO_UINT (data), &error);
  setrlimit (RLIMIT_FSIZE, &old);

  g_assert_false (saved);
  g_assert_nonnull (strstr (error->message, self->path));
  g_assert_true (g_file_get_contents (self->path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "before");
}

static void
test_read_only (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_chmod (self->dir, 0500), ==, 0);
  gboolean allowed = g_access (self->dir, W_OK) == 0; /* root is */
  gboolean saved = qs_trace_save (self->trace, self->path, GPOINTER_TO_UINT (data), &error);
  g_assert_cmpint (g_chmod (self->dir, 0700), ==, 0);
  g_assert_cmpint (saved, ==, allowed);
  if (!allowed)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
}

static void
test_nowhere (Fixture *self, gconstpointer data)
{
  g_autofree char *missing = g_build_filename (self->dir, "missing", "file", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (qs_trace_save (self->trace, missing, GPOINTER_TO_UINT (data), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (qs_trace_save (self->trace, self->dir, GPOINTER_TO_UINT (data), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
}

/* A link stays one, and what it points to is replaced. */
static void
test_link (Fixture *self, gconstpointer data)
{
  g_autofree char *link = g_build_filename (self->dir, "link", NULL);

  g_assert_true (g_file_set_contents (self->path, "before", -1, NULL));
  g_assert_cmpint (symlink (self->path, link), ==, 0);
  g_assert_true (qs_trace_save (self->trace, link, GPOINTER_TO_UINT (data), NULL));
  g_assert_true (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
  GStatBuf info;
  g_assert_cmpint (g_stat (self->path, &info), ==, 0);
  g_assert_cmpint (info.st_size, >, 100);
  g_unlink (link);
}

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GError **error = data;

  if (qs_trace_save_finish (QS_TRACE (source), result, error))
    *error = g_error_new (QS_ERROR, QS_ERROR_FAILED, "done");
}

static void
test_cancelled (Fixture *self, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  qs_trace_save_async (self->trace, self->path, GPOINTER_TO_UINT (data), cancellable, saved_cb, &error);
  while (error == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*func) (Fixture *self, gconstpointer data);
  } tests[] = { { "mode", test_mode },           { "no-space", test_no_space }, { "cut", test_cut },
                { "read-only", test_read_only }, { "nowhere", test_nowhere },   { "link", test_link },
                { "cancelled", test_cancelled } };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      for (guint format = 0; format < QS_N_TRACE_FORMATS; format++)
        {
          g_autofree char *path = g_strdup_printf ("/save/%s/%s", tests[i].name, names[format] + 2);
          g_test_add (path, Fixture, GUINT_TO_POINTER (format), set_up, tests[i].func, tear_down);
        }
    }
  return g_test_run ();
}
