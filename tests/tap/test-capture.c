/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tap that hears a capture which the test writes: down a named pipe, and into a file that grows. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live-pcap.h"
#include "tap/qs-tap.h"
#include "trace/qs-trace-budget.h"

#define PATIENCE_S 60
#define NOW ((guint32) (g_get_real_time () / G_USEC_PER_SEC))
#define MANY 4500 /* above what one capture sorts at a time */

typedef struct {
  char *folder, *path;
  QsTap *tap;
  int fd; /* to write to */
  guint n_added, n_settled, n_keyed;
  guint64 n_datagrams;
  gboolean stopped;
} Fixture;

static void
added_cb (QsTap *tap, QsTapConnection *connection, Fixture *fixture)
{
  fixture->n_added++;
}

static void
settled_cb (QsTap *tap, QsTapConnection *connection, Fixture *fixture)
{
  fixture->n_settled++;
  fixture->n_keyed += qs_tap_connection_get_n_keys (connection) > 0;
  fixture->n_datagrams += qs_trace_get_n_datagrams (qs_tap_connection_get_trace (connection));
}

static void
stopped_cb (QsTap *tap, Fixture *fixture)
{
  fixture->stopped = TRUE;
}

static gboolean
late_cb (gpointer late)
{
  *(gboolean *) late = TRUE;
  return G_SOURCE_REMOVE;
}

#define wait_until(condition)                                        \
  G_STMT_START                                                       \
  {                                                                  \
    gboolean late_ = FALSE;                                          \
    guint id_ = g_timeout_add_seconds (PATIENCE_S, late_cb, &late_); \
    while (!(condition) && !late_)                                   \
      g_main_context_iteration (NULL, TRUE);                         \
    if (!late_)                                                      \
      g_source_remove (id_);                                         \
    g_assert_true (condition);                                       \
  }                                                                  \
  G_STMT_END

static void
begin (Fixture *fixture, gboolean follow, const char *key_log)
{
  const char *const key_logs[] = { key_log, NULL };
  const QsTapCaptureOptions options = { fixture->path, follow, key_logs, 0 };
  g_autoptr (GError) error = NULL;

  fixture->tap = qs_tap_new_for_capture (&options, &error);
  g_assert_no_error (error);
  g_assert_null (qs_tap_get_address (fixture->tap));
  g_signal_connect (fixture->tap, "added", G_CALLBACK (added_cb), fixture);
  g_signal_connect (fixture->tap, "settled", G_CALLBACK (settled_cb), fixture);
  g_signal_connect (fixture->tap, "stopped", G_CALLBACK (stopped_cb), fixture);
  qs_tap_start (fixture->tap);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("qs-capture-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->folder, "capture", NULL);
  fixture->fd = -1;
}

static void
set_up_pipe (Fixture *fixture, gconstpointer data)
{
  set_up (fixture, data);
  g_assert_cmpint (mkfifo (fixture->path, 0600), ==, 0);
  begin (fixture, TRUE, NULL);
  fixture->fd = g_open (fixture->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC, 0); /* somebody reads by now */
  g_assert_cmpint (fixture->fd, >=, 0);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->tap);
  if (fixture->fd >= 0)
    close (fixture->fd);
  g_unlink (fixture->path);
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->path);
  g_free (fixture->folder);
}

/* The other end of the pipe may be slower: the loop goes on meanwhile. */
static void
put (Fixture *fixture, const guint8 *bytes, gsize length)
{
  while (length > 0)
    {
      gssize n = write (fixture->fd, bytes, length);
      g_assert_true (n > 0 || errno == EAGAIN);
      if (n < 0)
        g_main_context_iteration (NULL, FALSE);
      bytes += MAX (n, 0);
      length -= (gsize) MAX (n, 0);
    }
}

static void
put_array (Fixture *fixture, GByteArray *bytes)
{
  put (fixture, bytes->data, bytes->len);
  g_byte_array_set_size (bytes, 0);
}

/* While the writer goes on: a connection is there when its first packet is, and not before. */
static void
test_as_it_comes (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  live_put_header (bytes);
  live_put_initial (bytes, 1, NOW);
  put_array (fixture, bytes);
  wait_until (fixture->n_added == 1);
  live_put_initial (bytes, 2, NOW);
  put (fixture, bytes->data, 700); /* a packet that is half there is none */
  QsTapTotals totals;
  qs_tap_get_totals (fixture->tap, &totals);
  g_assert_cmpuint (totals.packets, ==, 1);
  put (fixture, bytes->data + 700, bytes->len - 700);
  wait_until (fixture->n_added == 2);
  g_assert_false (fixture->stopped);
  close (g_steal_fd (&fixture->fd));
  wait_until (fixture->stopped);
  g_assert_cmpuint (fixture->n_settled, ==, 2);
  g_assert_cmpuint (fixture->n_datagrams, ==, 2);
  g_assert_null (qs_tap_get_trouble (fixture->tap));
}

/* The writer was killed in the middle: what came before counts, and that is told. */
static void
test_cut (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  live_put_header (bytes);
  live_put_initial (bytes, 1, NOW);
  live_put_initial (bytes, 2, NOW);
  put (fixture, bytes->data, bytes->len - 100);
  close (g_steal_fd (&fixture->fd));
  wait_until (fixture->stopped);
  g_assert_cmpuint (fixture->n_settled, ==, 1);
  g_assert_nonnull (qs_tap_get_trouble (fixture->tap));
  g_assert_nonnull (strstr (qs_tap_get_trouble (fixture->tap), "middle"));
}

static void
test_garbage (Fixture *fixture, gconstpointer data)
{
  put (fixture, (const guint8 *) "this is not a capture, and nobody should think so", 49);
  close (g_steal_fd (&fixture->fd));
  wait_until (fixture->stopped);
  g_assert_cmpuint (fixture->n_added, ==, 0);
  g_assert_nonnull (strstr (qs_tap_get_trouble (fixture->tap), "none of"));
}

/* Nobody has written a byte, and somebody thinks better of it. */
static void
test_stopped_while_waiting (Fixture *fixture, gconstpointer data)
{
  qs_tap_begin_stop (fixture->tap, FALSE);
  wait_until (fixture->stopped);
  g_assert_true (qs_tap_is_stopped (fixture->tap));
  g_assert_null (qs_tap_get_trouble (fixture->tap));
}

/* A stream that does not end, of more connections than are sorted at a time: each is there, those of long ago have settled, and what is
 * held of them is bounded. */
static void
test_endless (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  live_put_header (bytes);
  for (guint i = 0; i < MANY; i++)
    {
      live_put_initial (bytes, i, 1000000 + i);
      put_array (fixture, bytes);
    }
  wait_until (fixture->n_added == MANY);
  /* The oldest ones went from the table of those that are sorted: nothing comes of them any more, so they settle. */
  qs_tap_begin_stop (fixture->tap, FALSE);
  wait_until (fixture->stopped);
  g_assert_cmpuint (fixture->n_settled, ==, MANY);
  g_assert_cmpuint (fixture->n_datagrams, ==, MANY);
  g_assert_cmpuint (qs_trace_get_program_held (), ==, 0);
}

/* A file that another program appends to; its end is not the end. */
static void
test_growing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  fixture->fd = g_open (fixture->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  live_put_header (bytes);
  put_array (fixture, bytes);
  begin (fixture, TRUE, NULL);
  for (guint i = 1; i <= 3; i++)
    {
      live_put_initial (bytes, i, NOW);
      put_array (fixture, bytes);
      wait_until (fixture->n_added == i);
    }
  g_assert_false (fixture->stopped);
  qs_tap_begin_stop (fixture->tap, FALSE);
  wait_until (fixture->stopped);
  g_assert_cmpuint (fixture->n_settled, ==, 3);
  g_assert_null (qs_tap_get_trouble (fixture->tap));
}

static void
test_made_shorter (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  fixture->fd = g_open (fixture->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  live_put_header (bytes);
  live_put_initial (bytes, 1, NOW);
  put_array (fixture, bytes);
  begin (fixture, TRUE, NULL);
  wait_until (fixture->n_added == 1);
  g_assert_cmpint (ftruncate (fixture->fd, 10), ==, 0);
  wait_until (fixture->stopped);
  g_assert_nonnull (strstr (qs_tap_get_trouble (fixture->tap), "shorter"));
}

/* Its secrets are written after its packets: those of the key log that grows are handed to the connection of their client random. */
static void
test_keys_come_late (Fixture *fixture, gconstpointer data)
{
  g_autofree char *pcap = g_test_build_filename (G_TEST_DIST, "../cli/captures/tls13-certificate-zlib.pcap", NULL);
  g_autofree char *keys = g_test_build_filename (G_TEST_DIST, "../cli/captures/tls13-certificate-zlib.keys", NULL);
  g_autofree char *log = g_build_filename (fixture->folder, "keys", NULL);
  g_autofree char *bytes = NULL, *lines = NULL;
  gsize length, n_lines;

  g_assert_true (g_file_get_contents (pcap, &bytes, &length, NULL));
  g_assert_true (g_file_get_contents (keys, &lines, &n_lines, NULL));
  fixture->fd = g_open (fixture->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  put (fixture, (const guint8 *) bytes, length);
  begin (fixture, TRUE, log);
  wait_until (fixture->n_added == 1);
  g_assert_true (g_file_set_contents (log, lines, (gssize) n_lines, NULL));
  wait_until (fixture->n_settled == 1); /* both ends have ended it */
  g_assert_cmpuint (fixture->n_keyed, ==, 1);
  g_unlink (log);
}

static void
test_nothing_there (Fixture *fixture, gconstpointer data)
{
  const QsTapCaptureOptions missing = { fixture->path, TRUE, NULL, 0 }, folder = { fixture->folder, TRUE, NULL, 0 };
  g_autoptr (GError) error = NULL;

  g_assert_null (qs_tap_new_for_capture (&missing, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (qs_tap_new_for_capture (&folder, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/capture/as-it-comes", Fixture, NULL, set_up_pipe, test_as_it_comes, tear_down);
  g_test_add ("/capture/cut", Fixture, NULL, set_up_pipe, test_cut, tear_down);
  g_test_add ("/capture/garbage", Fixture, NULL, set_up_pipe, test_garbage, tear_down);
  g_test_add ("/capture/stopped-while-waiting", Fixture, NULL, set_up_pipe, test_stopped_while_waiting, tear_down);
  g_test_add ("/capture/endless", Fixture, NULL, set_up_pipe, test_endless, tear_down);
  g_test_add ("/capture/growing", Fixture, NULL, set_up, test_growing, tear_down);
  g_test_add ("/capture/made-shorter", Fixture, NULL, set_up, test_made_shorter, tear_down);
  g_test_add ("/capture/keys-come-late", Fixture, NULL, set_up, test_keys_come_late, tear_down);
  g_test_add ("/capture/nothing-there", Fixture, NULL, set_up, test_nothing_there, tear_down);
  return g_test_run ();
}
