/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is written of a card, and read of one that was kept: whatever a server says stays text. */
#include <glib/gstdio.h>
#include <string.h>

#include "checks/qs-card-text.h"
#include "checks/qs-examination-private.h"
#include "checks/qs-judges.h"
#include "report/qs-html-card.h"

#define HOSTILE "it said \"|`<script>alert(1)</script>`|\" [x](http://evil.example) *a* _b_\n# c & d"

/* A card of these checks, as if it had been made. */
static QsExamination *
make_card (const char *list, const QsCheckVerdict *verdicts, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (QsTarget) target = qs_target_new ("https://localhost:4433/", &error);
  g_autoptr (GPtrArray) checks = qs_checks_choose (list, &error);
  const QsExaminationOptions options = { .checks = checks };

  g_assert_no_error (error);
  QsExamination *self = qs_examination_new (target, &options);
  for (guint i = 0; i < self->results->len; i++)
    {
      QsCheckResult *result = self->results->pdata[i];
      result->n_runs = result->n_told = result->n_fails = QS_CHECK_RUNS_OF_A_FAIL;
      qs_judgement_set (&result->judgement, verdicts[i], g_strdup (text));
      qs_examination_settle (self, i);
    }
  self->finished = TRUE;
  return self;
}

static const QsCheckVerdict verdicts[] = { QS_CHECK_PASS, QS_CHECK_WARN, QS_CHECK_PASS };

static void
test_markdown (void)
{
  g_autoptr (QsExamination) card = make_card ("D1,F4,H27", verdicts, HOSTILE);
  g_autofree char *text = qs_card_to_markdown (card);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint rows = 0;

  g_assert_true (g_str_has_prefix (text, "# "));
  g_assert_null (strstr (text, "<script"));
  g_assert_nonnull (strstr (text, "\\[x\\](http&#58;//"));
  g_assert_nonnull (strstr (text, "\\|\\`&lt;script&gt;"));
  for (guint i = 0; lines[i] != NULL; i++)
    {
      guint cells = 0;
      for (const char *at = lines[i]; *at != '\0'; at++)
        cells += *at == '|' && (at == lines[i] || at[-1] != '\\');
      if (strstr (lines[i], "it said") == NULL)
        continue;
      g_assert_cmpuint (cells, ==, 6); /* five of them, with a border on each side */
      rows++;
    }
  g_assert_cmpuint (rows, ==, 3);
}

static void
start_cb (GMarkupParseContext *context, const char *name, const char **names, const char **values, gpointer data,
          GError **error)
{
  g_string_append_printf (data, "%s ", name);
}

/* The parser takes nothing that is not well-formed. */
static void
test_junit (void)
{
  const GMarkupParser parser = { .start_element = start_cb };
  g_autoptr (QsExamination) card = make_card ("D1,F4,H27", verdicts, HOSTILE);
  g_autofree char *xml = qs_card_to_junit (card);
  g_autoptr (GString) elements = g_string_new (NULL);
  g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, elements, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_markup_parse_context_parse (context, xml, -1, &error));
  g_assert_true (g_markup_parse_context_end_parse (context, &error));
  g_assert_no_error (error);
  g_assert_null (strstr (elements->str, "script"));
  g_assert_nonnull (strstr (elements->str, "testcase"));
}

static void
test_html (void)
{
  const QsCheckVerdict worse[] = { QS_CHECK_PASS, QS_CHECK_FAIL, QS_CHECK_CONTESTED };
  g_autoptr (QsExamination) card = make_card ("D1,F4,H27", worse, HOSTILE);
  g_autofree char *html = qs_html_card_new (card);

  g_assert_null (strstr (html, "<script"));
  g_assert_nonnull (strstr (html, "&lt;script&gt;"));
  g_assert_nonnull (strstr (html, "default-src 'none'"));
  g_assert_nonnull (strstr (html, "<tr id=\"F4\"><td class=\"verdict fail\">"));
  g_assert_true (g_str_has_suffix (html, "</main></body></html>\n"));
}

static char *
write_card (QsExamination *card)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (GError) error = NULL;
  char *path = NULL;
  int fd = g_file_open_tmp ("card-XXXXXX.json", &path, &error);

  g_assert_no_error (error);
  g_close (fd, NULL);
  json_node_take_object (node, qs_card_to_json (card));
  g_autofree char *text = json_to_string (node, TRUE);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return path;
}

static void
test_compare (void)
{
  const QsCheckVerdict before[] = { QS_CHECK_PASS, QS_CHECK_FAIL, QS_CHECK_NOT_TESTED, QS_CHECK_PASS };
  const QsCheckVerdict now[] = { QS_CHECK_WARN, QS_CHECK_PASS, QS_CHECK_PASS, QS_CHECK_PASS, QS_CHECK_FAIL };
  const QsCardChange changes[] = { QS_CARD_WORSE, QS_CARD_BETTER, QS_CARD_OTHER, QS_CARD_SAME, QS_CARD_NEW };
  g_autoptr (QsExamination) old = make_card ("D1,F4,H0,H1", before, "x");
  g_autoptr (QsExamination) card = make_card ("D1,F4,H0,H1,H2", now, "x");
  g_autofree char *path = write_card (old);
  g_autoptr (GError) error = NULL;
  g_autoptr (QsCardRecord) record = qs_card_record_read (path, &error);
  g_autoptr (GHashTable) failed = qs_card_baseline_read (path, NULL);

  g_assert_no_error (error);
  g_assert_cmpstr (qs_card_record_get_target (record), ==, "https://localhost:4433/");
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    g_assert_cmpint (qs_card_record_compare (record, qs_examination_get_result (card, i)), ==, changes[i]);
  g_assert_cmpuint (g_hash_table_size (failed), ==, 1);
  g_assert_true (g_hash_table_contains (failed, "F4"));
  g_assert_true (g_file_set_contents (path, "{\"checks\": 4}", -1, NULL));
  g_assert_null (qs_card_record_read (path, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
  g_remove (path);
}

static void
test_choose (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) some = qs_checks_choose (" f4 ,H1, F4\tqpack", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (((const QsCheck *) some->pdata[0])->id, ==, "F4");
  g_assert_cmpstr (((const QsCheck *) some->pdata[1])->id, ==, "H1");
  g_assert_cmpuint (some->len, >, 8);
  g_assert_null (qs_checks_choose ("F4,F999", &error));
  g_assert_nonnull (strstr (error->message, "F999"));
  g_clear_error (&error);
  g_assert_null (qs_checks_choose (" , ", &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/checks/card/markdown", test_markdown);
  g_test_add_func ("/checks/card/junit", test_junit);
  g_test_add_func ("/checks/card/html", test_html);
  g_test_add_func ("/checks/card/compare", test_compare);
  g_test_add_func ("/checks/card/choose", test_choose);
  return g_test_run ();
}
