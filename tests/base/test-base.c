/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-clock.h"
#include "base/qs-error.h"
#include "base/qs-mapped-file.h"
#include "base/qs-progress.h"
#include "base/qs-similar.h"
#include "base/qs-slice.h"
#include "base/qs-span.h"
#include "base/qs-text.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static void
test_escape (void)
{
  static const struct {
    const char *bytes;
    gssize length;
    const char *text;
  } cases[] = {
    { "plain", -1, "plain" },
    { "Grüße", -1, "Grüße" },
    { "a\x1b[31mb", -1, "a\\x1b[31mb" },
    { "back\\slash", -1, "back\\\\slash" },
    { "nul\0in", 6, "nul\\x00in" },
    { "tab\tnew\r\n", -1, "tab\\x09new\\x0d\\x0a" },
    { "bad\xff\xc3", -1, "bad\\xff\\xc3" },
    { "cut\xe2\x82", -1, "cut\\xe2\\x82" },
    { "csi\xc2\x9b", -1, "csi\\x9b" },
    { "rtl\xe2\x80\xae!", -1, "rtl\\u{202e}!" },
    { "zero\xe2\x80\x8bwidth", -1, "zero\\u{200b}width" },
    { "<b>&amp;", -1, "<b>&amp;" }, /* markup is a view's business */
    { "", -1, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = qs_text_escape (cases[i].bytes, cases[i].length);
      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

/* Whatever a peer sends: valid UTF-8, nothing that moves a cursor. */
static void
test_escape_any (void)
{
  for (guint round = 0; round < 2000; round++)
    {
      guint8 bytes[32];
      for (guint i = 0; i < sizeof bytes; i++)
        bytes[i] = (guint8) g_test_rand_int_range (0, 256);
      g_autofree char *text = qs_text_escape (bytes, sizeof bytes);
      g_assert_true (g_utf8_validate (text, -1, NULL));
      for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
        g_assert_false (g_unichar_iscntrl (g_utf8_get_char (at)));
    }
}

static void
test_escape_short (void)
{
  g_autofree char *cut = qs_text_escape_short ("äbcdef", -1, 3);
  g_autofree char *whole = qs_text_escape_short ("äbc", -1, 3);

  g_assert_cmpstr (cut, ==, "äbc…");
  g_assert_cmpstr (whole, ==, "äbc");

  static const struct {
    const char *text, *escaped;
    guint most;
  } cases[] = {
    { "abcdef", "abc…", 3 },
    { "abc", "abc", 3 },
    { "", "", 0 },
    { "a", "…", 0 },
    { "ab\\cd", "ab\\\\…", 3 },
    { "ab\ncd", "ab\\x0ac…", 4 },
    { "\033ab", "\\x1ba…", 2 },
    { "aäb", "aäb", 3 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *escaped = qs_text_escape_short (cases[i].text, -1, cases[i].most);
      g_assert_cmpstr (escaped, ==, cases[i].escaped);
    }
}

static void
test_file_name (void)
{
  static const struct {
    const char *text, *name;
  } cases[] = {
    { "example.org", "example.org" },
    { "../../etc/passwd", "_._.._etc_passwd" },
    { "", "_" },
    { ".hidden", "_hidden" },
    { "a b\x1b\"", "a_b__" },
    { "ü", "__" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = qs_text_to_file_name (cases[i].text);
      g_assert_cmpstr (name, ==, cases[i].name);
      g_assert_null (strchr (name, '/'));
    }

  g_autofree char *noise = g_strnfill (5000, 'x');
  g_autofree char *name = qs_text_to_file_name (noise);
  g_assert_cmpuint (strlen (name), ==, 100);
}

static void
test_units (void)
{
  static const struct {
    gint64 ns;
    const char *text;
  } cases[] = {
    { 850000, "850 µs" }, { 12345678, "12.3 ms" }, { 1200000000, "1.20 s" }, { -2000000, "-2.0 ms" }, { 0, "0 µs" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = qs_text_duration (cases[i].ns);
      g_assert_cmpstr (text, ==, cases[i].text);
    }
  g_autofree char *one = qs_text_size (1);
  g_autofree char *some = qs_text_size (9999);
  g_autofree char *large = qs_text_size (64 << 20);
  g_assert_cmpstr (one, ==, "1 byte");
  g_assert_true (g_str_has_suffix (some, " bytes"));
  g_assert_nonnull (strstr (large, "MiB"));
}

static void
test_hex (void)
{
  g_autoptr (GBytes) bytes = qs_bytes_from_hex ("00fFa1", NULL);
  g_autofree char *hex = qs_span_to_hex (QS_SPAN (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)));
  g_assert_cmpstr (hex, ==, "00ffa1");
  g_autofree char *none = qs_span_to_hex (QS_SPAN_NONE);
  g_assert_cmpstr (none, ==, "");

  static const char *const bad[] = { "0", "0g", "0x00", "00 11" };
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (qs_bytes_from_hex (bad[i], &error));
      g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
    }
  g_assert_true (qs_span_equal (QS_SPAN ("ab", 2), QS_SPAN ("abc", 2)));
  g_assert_false (qs_span_equal (QS_SPAN ("ab", 2), QS_SPAN ("ac", 2)));
  g_assert_false (qs_span_equal (QS_SPAN ("ab", 2), QS_SPAN (NULL, 2)));
  g_assert_true (qs_span_equal (QS_SPAN_NONE, QS_SPAN ("", 0)));
}

static void
test_clock (void)
{
  g_autoptr (QsClock) manual = qs_clock_new_manual (5);
  gint64 before = g_get_real_time () * 1000;
  gint64 now = qs_clock_now (qs_clock_get_real ());

  qs_clock_advance (manual, 7);
  g_assert_cmpint (qs_clock_now (manual), ==, 12);
  g_assert_cmpint (now, >=, before);
  g_assert_cmpint (now, <=, g_get_real_time () * 1000 + 1000);
}

static gboolean
count_cb (gpointer data)
{
  ++*(guint *) data;
  return *(guint *) data < 3 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
pump (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* Exactly when its time has come, again until it has had enough; what was destroyed is forgotten. */
static void
test_clock_timeout (void)
{
  g_autoptr (QsClock) manual = qs_clock_new_manual (1000000007);
  g_autoptr (GSource) source = qs_clock_new_timeout (manual, 250);
  g_autoptr (GSource) other = qs_clock_new_timeout (manual, 100);
  guint n = 0, n_other = 0;

  g_source_set_callback (source, count_cb, &n, NULL);
  g_source_set_callback (other, count_cb, &n_other, NULL);
  g_source_attach (source, NULL);
  g_source_attach (other, NULL);
  g_source_destroy (other);
  pump ();
  qs_clock_advance (manual, 249999999);
  pump ();
  g_assert_cmpuint (n, ==, 0);
  qs_clock_advance (manual, 1);
  pump ();
  g_assert_cmpuint (n, ==, 1);
  qs_clock_advance (manual, 249999999);
  pump ();
  g_assert_cmpuint (n, ==, 1);
  for (guint i = 0; i < 5; i++)
    {
      qs_clock_advance (manual, 250000000);
      pump ();
    }
  g_assert_cmpuint (n, ==, 3);
  g_assert_true (g_source_is_destroyed (source));
  g_assert_cmpuint (n_other, ==, 0);

  /* The machine's own. */
  g_autoptr (GSource) soon = qs_clock_new_timeout (qs_clock_get_steady (), 0);
  g_source_set_callback (soon, count_cb, &n_other, NULL);
  g_source_attach (soon, NULL);
  while (n_other < 3)
    g_main_context_iteration (NULL, TRUE);
}

/* A loop that sleeps is woken by whoever moves the clock. */
static gboolean
quit_cb (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

static gboolean
advance_cb (gpointer data)
{
  qs_clock_advance (data, 5000000);
  return G_SOURCE_REMOVE;
}

static void
test_clock_wakes (void)
{
  g_autoptr (QsClock) manual = qs_clock_new_manual (0);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GSource) source = qs_clock_new_timeout (manual, 5);

  g_source_set_callback (source, quit_cb, loop, NULL);
  g_source_attach (source, NULL);
  g_idle_add (advance_cb, manual);
  g_main_loop_run (loop);
}

typedef struct {
  guint slices, steps;
  GMainLoop *loop;
} Work;

static gboolean
slice_cb (gint64 deadline, gpointer data)
{
  Work *work = data;

  g_assert_cmpint (deadline, <=, g_get_monotonic_time () + QS_SLICE_BUDGET_US);
  work->slices++;
  while (g_get_monotonic_time () < deadline)
    work->steps++;
  if (work->slices < 3)
    return G_SOURCE_CONTINUE;
  g_main_loop_quit (work->loop);
  return G_SOURCE_REMOVE;
}

static void
test_slice (void)
{
  Work work = { .loop = g_main_loop_new (NULL, FALSE) };
  GSource *source = qs_slice_add (NULL, "[test] work", slice_cb, &work, NULL);

  g_main_loop_run (work.loop);
  g_assert_cmpuint (work.slices, ==, 3);
  g_assert_true (g_source_is_destroyed (source));
  g_source_unref (source);
  g_main_loop_unref (work.loop);
}

#define N_SLICES 8

typedef struct {
  guint turns;
  gint64 longest; /* that it was given from the second turn on, in microseconds */
} Shared;

static gboolean
shared_cb (gint64 deadline, gpointer data)
{
  Shared *shared = data;

  if (shared->turns++ > 0)
    shared->longest = MAX (shared->longest, deadline - g_get_monotonic_time ());
  return shared->turns < 20;
}

/* All of one turn together take no longer than one alone. */
static void
test_slices_share (void)
{
  Shared shared[N_SLICES] = { 0 };

  for (guint i = 0; i < N_SLICES; i++)
    g_source_unref (qs_slice_add (NULL, "[test] work", shared_cb, &shared[i], NULL));
  while (shared[0].turns < 20)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < N_SLICES; i++)
    {
      g_assert_cmpuint (shared[i].turns, ==, 20);
      g_assert_cmpint (shared[i].longest, <=, QS_SLICE_BUDGET_US / 2 / N_SLICES);
    }
}

static const char *
nearest (const char *word)
{
  static const char *const names[] = { "echo", "retry", "no-retry", "expired", "self-signed", "hello-retry-request" };
  QsSimilar similar;

  qs_similar_init (&similar, word);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    qs_similar_add (&similar, names[i]);
  return similar.best;
}

static void
test_similar (void)
{
  g_autofree char *long_word = g_strnfill (100, 'x');

  g_assert_cmpstr (nearest ("retyr"), ==, "retry");
  g_assert_cmpstr (nearest ("RETRY"), ==, "retry");
  g_assert_cmpstr (nearest ("selfsigned"), ==, "self-signed");
  g_assert_cmpstr (nearest ("expird"), ==, "expired");
  g_assert_cmpstr (nearest ("hello-retry"), ==, "hello-retry-request");
  g_assert_cmpstr (nearest ("quite something else"), ==, NULL);
  g_assert_cmpstr (nearest ("xyz"), ==, NULL);
  g_assert_cmpstr (nearest (""), ==, NULL);
  g_assert_cmpstr (nearest (long_word), ==, NULL);
}

/* Another program makes the file shorter under our eyes: what is gone reads as zeros and is known to be gone; nobody dies. */
static void
test_mapped_file (void)
{
  const gsize page = (gsize) sysconf (_SC_PAGESIZE), size = 4 * page;
  g_autofree char *path = NULL, *content = g_strnfill (size, 'x');
  int fd = g_file_open_tmp ("qs-test-XXXXXX", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_assert_null (qs_mapped_file_new (fd)); /* nothing in it */
  g_assert_true (g_file_set_contents (path, content, (gssize) size, NULL));
  close (fd);
  fd = g_open (path, O_RDWR | O_CLOEXEC, 0);
  QsMappedFile *file = qs_mapped_file_new (fd);
  const guint8 *bytes = qs_mapped_file_get_bytes (file);
  g_assert_cmpuint (qs_mapped_file_get_size (file), ==, size);
  g_assert_true (qs_mapped_file_contains (file, bytes + size - 1, 1));
  g_assert_false (qs_mapped_file_contains (file, bytes + size - 1, 2));
  g_assert_false (qs_mapped_file_contains (file, (const guint8 *) content, 1));

  /* What was passed comes back. */
  g_assert_cmpint (bytes[page], ==, 'x');
  qs_mapped_file_pass (file, bytes, bytes + size);
  g_assert_cmpint (bytes[page], ==, 'x');

  /* Met before it was looked for: the system tells with a signal. */
  g_assert_cmpint (ftruncate (fd, (off_t) (3 * page)), ==, 0);
  g_assert_cmpint (bytes[3 * page + 5], ==, 0);
  g_assert_true (qs_mapped_file_is_cut (file, bytes + 3 * page, 1));
  g_assert_false (qs_mapped_file_is_cut (file, bytes, 3 * page));
  g_assert_cmpint (bytes[2 * page], ==, 'x');

  /* Looked for first. */
  g_assert_cmpint (ftruncate (fd, (off_t) (page + 7)), ==, 0);
  qs_mapped_file_look (file);
  g_assert_true (qs_mapped_file_is_cut (file, bytes, page + 8));
  g_assert_false (qs_mapped_file_is_cut (file, bytes, page + 7));
  g_assert_cmpint (bytes[page + 6], ==, 'x');
  g_assert_cmpint (bytes[2 * page], ==, 0);
  qs_mapped_file_unref (file);
  close (fd);
  g_unlink (path);
}

/* What is mapped ahead is the file's, also where that is shortened under the thread's hands, or let go of before it came to it. */
static void
test_mapped_ahead (void)
{
  const gsize size = (gsize) 80 << 20;
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("qs-test-XXXXXX", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (ftruncate (fd, (off_t) size), ==, 0); /* a hole: it takes no room */
  for (gsize at = 0; at < size; at += 1 << 20)
    g_assert_cmpint (pwrite (fd, "x", 1, (off_t) at), ==, 1);
  for (guint pass = 0; pass < 3; pass++)
    {
      QsMappedFile *file = qs_mapped_file_new (fd);
      const guint8 *bytes = qs_mapped_file_get_bytes (file);

      for (gsize at = 0; at < size; at += 1 << 20)
        {
          qs_mapped_file_expect (file, bytes + at);
          g_assert_cmpint (bytes[at], ==, 'x');
          qs_mapped_file_pass (file, bytes, bytes + at);
        }
      qs_mapped_file_expect (file, bytes); /* from the beginning, once more */
      g_assert_cmpint (bytes[0], ==, 'x');
      if (pass == 1)
        {
          qs_mapped_file_expect (file, bytes + (48 << 20));
          g_assert_cmpint (ftruncate (fd, (off_t) 40 << 20), ==, 0);
          g_assert_cmpint (bytes[(50 << 20)], ==, 0);
          qs_mapped_file_unref (file);
          break;
        }
      qs_mapped_file_unref (file);
    }
  close (fd);
  g_unlink (path);
}

static void
test_progress (void)
{
  g_autoptr (QsProgress) progress = qs_progress_new ();

  g_assert_cmpfloat (qs_progress_get (progress), ==, 0);
  qs_progress_set (progress, 1, 4);
  g_assert_cmpfloat_with_epsilon (qs_progress_get (progress), 0.25, 1e-6);
  qs_progress_set (progress, 9, 4);
  g_assert_cmpfloat (qs_progress_get (progress), ==, 1);
  qs_progress_set (progress, 1, 0); /* says nothing */
  g_assert_cmpfloat (qs_progress_get (progress), ==, 1);
  qs_progress_set (NULL, 1, 1);
}

/* What a peer said is text in Markdown, and nothing else. */
static void
test_markdown (void)
{
  static const struct {
    const char *text, *escaped;
  } cases[] = {
    { "plain words, 12.3 ms", "plain words, 12.3 ms" },
    { "a|b", "a\\|b" },
    { "<img src=x>&", "&lt;img src=x&gt;&amp;" },
    { "`code` *bold* _it_ [x](y) #1 ~~ !", "\\`code\\` \\*bold\\* \\_it\\_ \\[x\\](y) \\#1 \\~\\~ \\!" },
    { "two\nlines", "two lines" },
    { "https://example.org", "https&#58;//example.org" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) out = g_string_new (NULL);
      qs_text_append_markdown (out, cases[i].text);
      g_assert_cmpstr (out->str, ==, cases[i].escaped);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/escape", test_escape);
  g_test_add_func ("/text/escape-any", test_escape_any);
  g_test_add_func ("/text/escape-short", test_escape_short);
  g_test_add_func ("/text/file-name", test_file_name);
  g_test_add_func ("/text/units", test_units);
  g_test_add_func ("/span/hex", test_hex);
  g_test_add_func ("/clock", test_clock);
  g_test_add_func ("/clock/timeout", test_clock_timeout);
  g_test_add_func ("/clock/wakes", test_clock_wakes);
  g_test_add_func ("/slice", test_slice);
  g_test_add_func ("/base/slice/shared", test_slices_share);
  g_test_add_func ("/base/similar", test_similar);
  g_test_add_func ("/base/mapped-file", test_mapped_file);
  g_test_add_func ("/base/mapped-ahead", test_mapped_ahead);
  g_test_add_func ("/base/progress", test_progress);
  g_test_add_func ("/base/text/markdown", test_markdown);
  return g_test_run ();
}
