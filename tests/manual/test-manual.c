/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "base/qs-error.h"
#include "manual/qs-manual.h"

#define PAGE(id, rest) "<page xmlns='http://projectmallard.org/1.0/' type='topic' id='" id "'>" rest "</page>"

static const QsManualBlock *
block_at (const QsManualPage *page, guint i)
{
  g_assert_cmpuint (i, <, page->blocks->len);
  return g_ptr_array_index (page->blocks, i);
}

static QsManualPage *
read_page (const char *xml)
{
  g_autoptr (GError) error = NULL;
  QsManualPage *page = qs_manual_page_new (xml, strlen (xml), &error);

  g_assert_no_error (error);
  return page;
}

static void
test_blocks (void)
{
  g_autoptr (QsManualPage) page = read_page (PAGE (
      "one", "<info><link type='guide' xref='index#run'/><link type='seealso' xref='two'/><desc>What it\n is</desc>"
             "</info><title>A &amp; B</title><p>Words  with <code>a&lt;b</code>,\n  <em>blanks</em> and "
             "<link xref='two#part'>a link</link>.</p><screen>a  -&gt;\n  b</screen>"
             "<steps><item><p>First</p><p>and more</p></item><item><p>Second</p></item></steps>"
             "<section id='part'><title>Part</title><list><item><p>Dot</p></item></list>"
             "<terms><item><title>Term</title><p>Meaning</p></item></terms></section>"
             "<note><p>Mind</p></note>"));

  g_assert_cmpstr (page->id, ==, "one");
  g_assert_cmpstr (page->title, ==, "A & B");
  g_assert_cmpstr (page->desc, ==, "What it is");
  g_assert_cmpuint (page->guides->len, ==, 1);
  g_assert_cmpstr (page->guides->pdata[0], ==, "index#run");
  g_assert_cmpuint (page->near->len, ==, 1);
  g_assert_cmpstr (page->near->pdata[0], ==, "two");
  g_assert_cmpuint (page->blocks->len, ==, 11);
  g_assert_cmpint (block_at (page, 0)->kind, ==, QS_MANUAL_HEADING);
  g_assert_cmpuint (block_at (page, 0)->level, ==, 0);
  g_assert_cmpstr (block_at (page, 0)->markup, ==, "A &amp; B");
  g_assert_cmpstr (block_at (page, 1)->markup, ==,
                   "Words with <tt>a&lt;b</tt>, <i>blanks</i> and <a href=\"help:two#part\">a link</a>.");
  g_assert_cmpstr (block_at (page, 1)->text, ==, "Words with a<b, blanks and a link.");
  g_assert_cmpint (block_at (page, 2)->kind, ==, QS_MANUAL_PICTURE);
  g_assert_cmpstr (block_at (page, 2)->text, ==, "a  ->\n  b");
  g_assert_cmpstr (block_at (page, 3)->bullet, ==, "1.");
  g_assert_cmpuint (block_at (page, 3)->level, ==, 1);
  g_assert_null (block_at (page, 4)->bullet);
  g_assert_cmpstr (block_at (page, 5)->bullet, ==, "2.");
  g_assert_cmpstr (block_at (page, 6)->section, ==, "part");
  g_assert_cmpuint (block_at (page, 6)->level, ==, 1);
  g_assert_cmpstr (block_at (page, 7)->bullet, ==, "•");
  g_assert_true (block_at (page, 8)->term);
  g_assert_null (block_at (page, 9)->bullet);
  g_assert_false (block_at (page, 9)->note);
  g_assert_true (block_at (page, 10)->note);
}

static void
test_wrong (void)
{
  static const struct {
    const char *xml, *why;
  } wrong[] = {
    { "", "empty" },
    { "<title>a</title>", "<title>" },
    { "<page><title>a</title></page>", "needs an id" },
    { PAGE ("a", "<p>x</p>"), "needs a title" },
    { PAGE ("a", "<title>a</title><table/>"), "<table>" },
    { PAGE ("a", "<title>a</title><p>x<p>y</p></p>"), "<p>" },
    { PAGE ("a", "<title>a<section/></title>"), "<section>" },
    { PAGE ("a", "<title>a</title><p>x"), "page" },
    { PAGE ("a", "<title>a</title>\n<p>&nosuch;</p>"), "2" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (qs_manual_page_new (wrong[i].xml, strlen (wrong[i].xml), &error));
      g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, wrong[i].why));
    }
}

static void
write_page (const char *root, const char *language, const char *id, const char *title, const char *guide,
            const char *text)
{
  g_autofree char *folder = g_build_filename (root, language, "quicscope", NULL);
  g_autofree char *path = g_strdup_printf ("%s/%s.page", folder, id);
  g_autofree char *xml =
      g_strdup_printf (PAGE ("%s", "<info><link type='guide' xref='%s'/><desc/></info><title>%s</title><p>%s</p>"), id,
                       guide, title, text);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_file_set_contents (path, xml, -1, &error);
  g_assert_no_error (error);
}

static void
remove_all (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      remove_all (child);
    }
  g_remove (path);
}

static const char *
id_at (GPtrArray *pages, guint i)
{
  g_assert_cmpuint (i, <, pages->len);
  return ((const QsManualPage *) pages->pdata[i])->id;
}

/* A page that a language has is taken from there, all others in English; one that cannot be read takes nothing away. */
static void
test_languages (void)
{
  static const char *const german[] = { "de_DE", "de", "C", NULL }, *const english[] = { "en_GB", "en", "de", "C",
                                                                                         NULL };
  g_autofree char *root = g_dir_make_tmp ("qs-manual-XXXXXX", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (qs_manual_new (root, german, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_FAILED);
  g_clear_error (&error);
  write_page (root, "C", "index", "Zebra", "none", "Retry and loss");
  write_page (root, "C", "two", "Apple retry", "index", "A word");
  write_page (root, "C", "three", "Loss", "index#part", "An Apple");
  write_page (root, "C", "bad", "Bad<p>", "index", "x");
  write_page (root, "de", "two", "Apfel", "index", "Ein Wort");
  g_autoptr (QsManual) manual = qs_manual_new (root, german, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (qs_manual_get_pages (manual)->len, ==, 3);
  g_assert_cmpstr (qs_manual_find (manual, "two")->title, ==, "Apfel");
  g_assert_cmpstr (qs_manual_find (manual, "three")->title, ==, "Loss");
  g_assert_null (qs_manual_find (manual, "bad"));
  g_autoptr (QsManual) other = qs_manual_new (root, english, &error);
  g_assert_cmpstr (qs_manual_find (other, "two")->title, ==, "Apple retry");

  g_autoptr (GPtrArray) listed = qs_manual_get_topics (other, "index", NULL);
  g_assert_cmpuint (listed->len, ==, 1);
  g_assert_cmpstr (id_at (listed, 0), ==, "two");
  g_autoptr (GPtrArray) at_part = qs_manual_get_topics (other, "index", "part");
  g_assert_cmpstr (id_at (at_part, 0), ==, "three");

  /* All words, in any order and case; those of a title first. */
  g_autoptr (GPtrArray) retry = qs_manual_search (other, "RETRY");
  g_assert_cmpuint (retry->len, ==, 2);
  g_assert_cmpstr (id_at (retry, 0), ==, "two");
  g_assert_cmpstr (id_at (retry, 1), ==, "index");
  g_autoptr (GPtrArray) both = qs_manual_search (other, "loss  retry");
  g_assert_cmpuint (both->len, ==, 1);
  g_autoptr (GPtrArray) none = qs_manual_search (other, "retry nowhere");
  g_assert_cmpuint (none->len, ==, 0);
  remove_all (root);
}

/* Every page that is installed can be read here. */
static void
test_all (void)
{
  static const char *const english[] = { "C", NULL };
  const char *folder = g_getenv ("QS_HELPDIR");
  g_autofree char *path = folder != NULL ? g_build_filename (folder, "C", "quicscope", NULL) : NULL;
  g_autoptr (GDir) dir = path != NULL ? g_dir_open (path, 0, NULL) : NULL;
  guint n = 0;

  if (dir == NULL)
    {
      g_test_skip ("no pages were built");
      return;
    }
  while (g_dir_read_name (dir) != NULL)
    n++;
  g_autoptr (GError) error = NULL;
  g_autoptr (QsManual) manual = qs_manual_new (NULL, english, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (qs_manual_get_pages (manual)->len, ==, n);
  g_assert_cmpuint (n, >, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/manual/blocks", test_blocks);
  g_test_add_func ("/manual/wrong", test_wrong);
  g_test_add_func ("/manual/languages", test_languages);
  g_test_add_func ("/manual/all", test_all);
  return g_test_run ();
}
