/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "base/qs-error.h"
#include "lessons/qs-lesson-library.h"

static const char *const english[] = { "en_GB", "en", "C", NULL };
static const char *const german[] = { "de_AT", "de", "C", NULL };

static QsLesson *
parse (const char *text, const char *const *languages, GError **error)
{
  return qs_lesson_parse (text, strlen (text), "x", "x.lesson", languages, error);
}

#define PAGE "<page><p>Text</p></page>"
#define RUN(pages) "<lesson><title>T</title><run>" pages "</run></lesson>"

static const char whole[] =
    "<?xml version='1.0'?>\n"
    "<!-- a comment -->\n"
    "<lesson order='7'>\n"
    "  <title>A &lt;title&gt;</title><title xml:lang='de'>Ein Titel</title>\n"
    "  <summary>Sum</summary>\n"
    "  <page><title>One</title><p>First\n     *strong* &amp; `code`, 2 * 3.</p>"
    "<p xml:lang='de'>Erstens</p><p>Second</p></page>\n"
    "  <run scenario='retry, expired' path='delay=5ms' request='/bytes/10' alpn='a,b' seconds='3'"
    " options='hold, insecure' keys='none' program='curl, quicprobe'>\n"
    "    <stream request='/x'/><stream send='hi'/><stream bytes='1000'/>\n"
    "    <page at='type:retry'><p>Retry</p></page>\n"
    "    <page at='closed' show='steps'><p>Closed</p>\n"
    "      <question packets='type:retry'><ask>How many?</ask>"
    "<choice count='0'>None</choice><choice xml:lang='de'>Keine</choice><choice count='1..3'>Some</choice>"
    "<choice finding='retry' fact='tls.group' is='X25519'>Odd</choice>"
    "<proof packets='type:initial'>See</proof></question></page>\n"
    "  </run>\n"
    "</lesson>\n";

static void
test_whole (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (QsLesson) lesson = parse (whole, english, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (qs_lesson_get_title (lesson), ==, "A <title>");
  g_assert_cmpstr (qs_lesson_get_summary (lesson), ==, "Sum");
  g_assert_cmpint (qs_lesson_get_order (lesson), ==, 7);
  g_assert_cmpuint (qs_lesson_get_n_pages (lesson), ==, 3);
  const QsLessonPage *page = qs_lesson_get_page (lesson, 0);
  g_assert_cmpstr (page->title, ==, "One");
  g_assert_cmpstr (page->markup, ==, "First <b>strong</b> &amp; <tt>code</tt>, 2 * 3.\n\nSecond");
  g_assert_cmpint (page->run, ==, -1);
  g_assert_cmpint (page->show, ==, QS_LESSON_SHOW_NOTHING);

  page = qs_lesson_get_page (lesson, 1);
  g_assert_cmpint (page->run, ==, 0);
  g_assert_nonnull (page->stop);
  g_assert_null (page->title);
  page = qs_lesson_get_page (lesson, 2);
  g_assert_cmpstr (page->event, ==, "closed");
  g_assert_cmpint (page->show, ==, QS_LESSON_SHOW_STEPS);
  g_assert_cmpuint (page->question->choices->len, ==, 3);
  const QsLessonChoice *choice = g_ptr_array_index (page->question->choices, 1);
  g_assert_cmpuint (choice->when.min, ==, 1);
  g_assert_cmpuint (choice->when.max, ==, 3);
  g_assert_cmpstr (choice->when.packets_text, ==, "type:retry");

  const QsLessonSetup *setup = qs_lesson_get_run (lesson, 0);
  g_assert_cmpstr (setup->scenarios[1], ==, "expired");
  g_assert_cmpstr (setup->alpn[1], ==, "b");
  g_assert_cmpuint (setup->timeout_ms, ==, 3000);
  g_assert_true (setup->keyless);
  g_assert_cmpstr (setup->programs[1], ==, "quicprobe");
  g_assert_true (setup->hold && setup->insecure && !setup->no_retry && !setup->tls);
  g_assert_cmpuint (setup->streams->len, ==, 3);
  g_assert_cmpuint (g_bytes_get_size (g_ptr_array_index (setup->streams, 2)), ==, 1000);
}

static void
test_languages (void)
{
  g_autoptr (QsLesson) lesson = parse (whole, german, NULL);
  const QsLessonPage *page = qs_lesson_get_page (lesson, 0);

  g_assert_cmpstr (qs_lesson_get_title (lesson), ==, "Ein Titel");
  g_assert_cmpstr (page->markup, ==, "Erstens\n\nSecond");
  const QsLessonChoice *choice = g_ptr_array_index (qs_lesson_get_page (lesson, 2)->question->choices, 0);
  g_assert_cmpstr (choice->markup, ==, "Keine");

  /* Written in German, with an English version in it. */
  static const char other[] =
      "<lesson xml:lang='de'><title>Deutsch</title><title xml:lang='en'>English</title>" PAGE "</lesson>";
  g_autoptr (QsLesson) as_german = parse (other, german, NULL);
  g_assert_cmpstr (qs_lesson_get_title (as_german), ==, "Deutsch");
  g_autoptr (QsLesson) as_english = parse (other, english, NULL);
  g_assert_cmpstr (qs_lesson_get_title (as_english), ==, "English");
  /* Whoever reads neither gets what it was written in. */
  g_autoptr (QsLesson) as_french = parse (other, (const char *const[]){ "fr", "C", NULL }, NULL);
  g_assert_cmpstr (qs_lesson_get_title (as_french), ==, "Deutsch");
}

/* Each with what its message has to hold. */
static const struct {
  const char *text;
  const char *says;
} bad[] = {
  { "", "x.lesson:1: " },
  { "hello", "x.lesson:1: " },
  { "<lesson>\n<title>T</title>\n<page><p>x & y</p></page></lesson>", "x.lesson:3: this is not well-formed" },
  { "<lesson><title>T</title>", "not well-formed" },
  { "<?xml version='1.0'?>", "no <lesson>" },
  { "<story/>", "begins with <lesson>" },
  { "<lesson>\n<title>\xff</title></lesson>", "x.lesson:2: here it is not in UTF-8" },
  { "<lesson><title>T</title><run><stream bytes='16777216'/><stream bytes='1'/></run></lesson>", "together" },
  { "<lesson>\n\n<page at=''/></lesson>", "x.lesson:3: " },
  { "<lesson><title>T</title></lesson>", "no page" },
  { "<lesson>" PAGE "</lesson>", "no title" },
  { "<lesson><title>T</title>words" PAGE "</lesson>", "text cannot stand right in <lesson>" },
  { "<lesson order='x'><title>T</title>" PAGE "</lesson>", "order=“x”" },
  { "<lesson colour='x'><title>T</title>" PAGE "</lesson>", "takes no “colour”" },
  { "<lesson><title>T</title><page><b>x</b></page></lesson>", "<b> cannot stand in <page>; there it takes: " },
  { "<lesson><title>T</title><page></page></lesson>", "says nothing" },
  { "<lesson><title>T</title><page at='end'><p>x</p></page></lesson>", "needs a run" },
  { "<lesson><title>T</title><page show='steps'><p>x</p></page></lesson>", "needs a run" },
  { "<lesson><title>T</title><page show='blocking'><p>x</p></page></lesson>", "needs a run" },
  { RUN ("<page at='typ:retry'><p>x</p></page>"), "no filter expression" },
  { RUN ("<page show='cinema'><p>x</p></page>"), "show=“cinema”" },
  { "<lesson><title>T</title><run scenario='nope'>" PAGE "</run></lesson>", "no scenario “nope”" },
  { "<lesson><title>T</title><run path='loss=200%'>" PAGE "</run></lesson>", "path=“loss=200%”" },
  { "<lesson><title>T</title><run transport='sctp'>" PAGE "</run></lesson>", "quic or tls" },
  { "<lesson><title>T</title><run request='x'>" PAGE "</run></lesson>", "slash" },
  { "<lesson><title>T</title><run options='fast'>" PAGE "</run></lesson>", "no option “fast”" },
  { "<lesson><title>T</title><run seconds='0'>" PAGE "</run></lesson>", "seconds=“0”" },
  { "<lesson><title>T</title><run keys='some'>" PAGE "</run></lesson>", "all or none" },
  { "<lesson><title>T</title><run program='curl, rm'>" PAGE "</run></lesson>", "no recipe “rm”" },
  { "<lesson><title>T</title>" PAGE "</lesson><lesson><title>U</title>" PAGE "</lesson>", "a second <lesson>" },
  { RUN ("<stream/>" PAGE), "takes one of" },
  { RUN ("<stream send='a' bytes='1'/>" PAGE), "takes one of" },
  { RUN ("<stream bytes='99999999999'/>" PAGE), "bytes=" },
  { RUN ("<stream request='x'/>" PAGE), "slash" },
  { RUN ("<page><p>x</p><question><choice count='1'>a</choice></question></page>"), "of what?" },
  { RUN ("<page><p>x</p><question packets='('><ask>a</ask></question></page>"), "no filter expression" },
  { RUN ("<page><p>x</p><question packets='lost'><choice count='1'>a</choice><choice>b</choice></question></page>"),
    "asks nothing" },
  { RUN ("<page><p>x</p><question packets='lost'><ask>a</ask><choice count='1'>a</choice></question></page>"),
    "two choices" },
  { RUN ("<page><p>x</p><question><ask>a</ask><choice>a</choice><choice>b</choice></question></page>"), "no choice" },
  { RUN ("<page><question packets='lost'><ask>a</ask><choice count='3..1'>a</choice></question></page>"), "range" },
  { RUN ("<page><question><ask>a</ask><choice finding='nope'>a</choice></question></page>"), "no finding" },
  { RUN ("<page><question><ask>a</ask><choice fact='tls.group'>a</choice></question></page>"), "go together" },
  { RUN ("<page><p xml:lang='de'>a</p></page>"), "stands behind the one" },
  { RUN ("<page><question><ask>a</ask><choice xml:lang='de'>a</choice></question></page>"), "stands behind the one" },
};

static void
test_errors (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (QsLesson) lesson = parse (bad[i].text, english, &error);

      if (lesson != NULL || error == NULL || strstr (error->message, bad[i].says) == NULL)
        g_error ("%s: %s", bad[i].text, error != NULL ? error->message : "no error");
      g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
      g_assert_true (g_str_has_prefix (error->message, "x.lesson:"));
    }
}

static void
test_too_large (void)
{
  g_autofree char *large = g_strnfill (300 * 1024, ' ');
  g_autoptr (GError) error = NULL;

  g_assert_null (parse (large, english, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_TOO_LARGE);
}

/* As some editors write it. */
/* As long as may be, and one byte more: either is refused here, in few words that end in what to do. */
static void
test_long_attributes (void)
{
  static const struct {
    guint length;
    const char *says, *ends;
  } rows[] = {
    { 1024, "order=“9999", "where the lesson stands in the list" },
    { 1025, "the value of “order” is longer than 1024 bytes", "bytes" },
    { 100000, "the value of “order” is longer than 1024 bytes", "bytes" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *value = g_strnfill (rows[i].length, '9');
      g_autofree char *text = g_strdup_printf ("<lesson order='%s'><title>T</title>" PAGE "</lesson>", value);
      g_autoptr (GError) error = NULL;

      g_assert_null (qs_lesson_parse (text, strlen (text), "x", "x.lesson", english, &error));
      g_assert_nonnull (strstr (error->message, rows[i].says));
      g_assert_true (g_str_has_suffix (error->message, rows[i].ends));
      g_assert_cmpuint (strlen (error->message), <, 500);
    }
}

static void
test_byte_order_mark (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (QsLesson) lesson = parse ("\xef\xbb\xbf<lesson><title>T</title>" PAGE "</lesson>", english, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (qs_lesson_get_title (lesson), ==, "T");
}

static void
write_lesson (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

/* A broken one is told and hides no other; one's own hides the shipped one of its name. */
static void
test_library (void)
{
  g_autofree char *own = qs_lessons_dup_own_folder ();
  g_autofree char *shipped = g_dir_make_tmp ("quicscope-lessons-XXXXXX", NULL);
  g_autoptr (GPtrArray) problems = NULL;

  g_assert_cmpint (g_mkdir_with_parents (own, 0700), ==, 0);
  g_setenv ("QS_LESSONDIR", shipped, TRUE);
  write_lesson (shipped, "b.lesson", "<lesson order='2'><title>Shipped B</title>" PAGE "</lesson>");
  write_lesson (shipped, "a.lesson", "<lesson order='1'><title>Shipped A</title>" PAGE "</lesson>");
  write_lesson (shipped, "broken.lesson", "<lesson>\n<nonsense/></lesson>");
  write_lesson (shipped, "notes.txt", "not one");
  write_lesson (own, "b.lesson", "<lesson><title>My B</title>" PAGE "</lesson>");

  g_autoptr (GPtrArray) lessons = qs_lessons_load (english, &problems);
  g_assert_cmpuint (lessons->len, ==, 2);
  g_assert_cmpstr (qs_lesson_get_title (g_ptr_array_index (lessons, 0)), ==, "Shipped A");
  g_assert_cmpstr (qs_lesson_get_title (g_ptr_array_index (lessons, 1)), ==, "My B");
  g_assert_nonnull (qs_lessons_find (lessons, "b"));
  g_assert_null (qs_lessons_find (lessons, "broken"));
  g_assert_cmpuint (problems->len, ==, 1);
  g_assert_true (g_str_has_prefix (g_ptr_array_index (problems, 0), "broken.lesson:2: "));

  for (guint i = 0; i < 4; i++)
    {
      static const char *const names[] = { "a.lesson", "b.lesson", "broken.lesson", "notes.txt" };
      g_autofree char *path = g_build_filename (shipped, names[i], NULL);
      g_remove (path);
    }
  g_rmdir (shipped);

  g_autofree char *mine = g_build_filename (own, "b.lesson", NULL);
  g_autofree char *parent = g_path_get_dirname (own);
  g_remove (mine);
  g_rmdir (own);
  g_rmdir (parent);
}

int
main (int argc, char **argv)
{
  /* A home of its own, and nobody else's lessons. G_TEST_OPTION_ISOLATE_DIRS leaks in GLib 2.74. */
  g_autofree char *home = g_dir_make_tmp ("quicscope-home-XXXXXX", NULL);
  g_setenv ("XDG_DATA_HOME", home, TRUE);
  g_setenv ("XDG_DATA_DIRS", "/nowhere", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lessons/whole", test_whole);
  g_test_add_func ("/lessons/languages", test_languages);
  g_test_add_func ("/lessons/errors", test_errors);
  g_test_add_func ("/lessons/long-attributes", test_long_attributes);
  g_test_add_func ("/lessons/byte-order-mark", test_byte_order_mark);
  g_test_add_func ("/lessons/too-large", test_too_large);
  g_test_add_func ("/lessons/library", test_library);
  int status = g_test_run ();
  g_rmdir (home);
  return status;
}
