/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/qs-card-text.h"

#include <string.h>

#include "base/qs-error.h"
#include "base/qs-file.h"
#include "base/qs-i18n.h"
#include "formats/qs-json.h"

#define MOST_BASELINE (4 << 20) /* bytes */

/* --- JSON --- */

static JsonArray *
packets_to_json (const QsJudgement *judgement)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; judgement->packets != NULL && i < judgement->packets->len; i++)
    json_array_add_int_element (array, g_array_index (judgement->packets, guint, i));
  return array;
}

static JsonObject *
result_to_json (const QsCheckResult *result)
{
  JsonObject *object = json_object_new ();
  const QsCheck *check = result->check;

  json_object_set_string_member (object, "id", check->id);
  json_object_set_string_member (object, "category", qs_check_category_name (check->category));
  json_object_set_string_member (object, "mark", qs_card_mark_name (check->mark));
  json_object_set_string_member (object, "title", _ (check->title));
  json_object_set_string_member (object, "reference", check->reference);
  json_object_set_string_member (object, "verdict", qs_check_verdict_name (result->judgement.verdict));
  json_object_set_string_member (object, "text", result->judgement.text != NULL ? result->judgement.text : "");
  if (check->readings != NULL)
    json_object_set_string_member (object, "readings", _ (check->readings));
  json_object_set_boolean_member (object, "illegal", (check->flags & QS_CHECK_ILLEGAL) != 0);
  json_object_set_int_member (object, "runs", result->n_runs);
  json_object_set_array_member (object, "packets", packets_to_json (&result->judgement));
  return object;
}

static JsonObject *
counts_to_json (const QsCard *card)
{
  JsonObject *object = json_object_new ();

  for (guint i = 0; i < QS_CHECK_N_VERDICTS; i++)
    json_object_set_int_member (object, qs_check_verdict_name (i), card->counts[i]);
  return object;
}

static JsonObject *
marks_to_json (const QsCard *card)
{
  JsonObject *object = json_object_new ();

  for (guint i = 0; i < QS_N_CARD_MARKS; i++)
    json_object_set_string_member (object, qs_card_mark_name (i), qs_grade_text (card->marks[i]));
  return object;
}

JsonObject *
qs_card_to_json (QsExamination *examination)
{
  JsonObject *object = json_object_new ();
  JsonArray *checks = json_array_new ();
  QsCard card;

  qs_examination_grade (examination, &card);
  for (guint i = 0; i < qs_examination_get_n_results (examination); i++)
    json_array_add_object_element (checks, result_to_json (qs_examination_get_result (examination, i)));
  json_object_set_string_member (object, "target", qs_target_to_string (qs_examination_get_target (examination)));
  if (qs_examination_get_address (examination) != NULL)
    json_object_set_string_member (object, "address", qs_examination_get_address (examination));
  json_object_set_string_member (object, "profile", qs_profile_name (qs_examination_get_profile (examination)));
  json_object_set_boolean_member (object, "illegal", qs_examination_sends_illegal (examination));
  json_object_set_boolean_member (object, "stopped", qs_examination_get_stopped (examination));
  if (qs_examination_get_failure (examination) != NULL)
    json_object_set_string_member (object, "failure", qs_examination_get_failure (examination));
  json_object_set_string_member (object, "grade", qs_grade_text (card.grade));
  json_object_set_string_member (object, "grade_if_trusted", qs_grade_text (card.if_trusted));
  json_object_set_object_member (object, "marks", marks_to_json (&card));
  json_object_set_object_member (object, "counts", counts_to_json (&card));
  json_object_set_array_member (object, "checks", checks);
  return object;
}

/* --- JUnit --- */

static void
append_case (GString *xml, const QsCheckResult *result)
{
  const QsCheck *check = result->check;
  g_autofree char *name = g_markup_printf_escaped ("%s %s", check->id, _ (check->title));
  g_autofree char *text = g_markup_escape_text (result->judgement.text != NULL ? result->judgement.text : "", -1);
  g_autofree char *reference = g_markup_escape_text (check->reference, -1);

  g_string_append_printf (xml, "    <testcase classname=\"quicscope.%s\" name=\"%s\">\n",
                          qs_check_category_name (check->category), name);
  if (result->judgement.verdict == QS_CHECK_FAIL)
    g_string_append_printf (xml, "      <failure type=\"%s\" message=\"%s\"/>\n", reference, text);
  else if (result->judgement.verdict == QS_CHECK_NOT_TESTED)
    g_string_append_printf (xml, "      <skipped message=\"%s\"/>\n", text);
  else
    g_string_append_printf (xml, "      <system-out>%s: %s</system-out>\n",
                            qs_check_verdict_name (result->judgement.verdict), text);
  g_string_append (xml, "    </testcase>\n");
}

static void
append_suite (GString *xml, QsExamination *examination, QsCheckCategory category)
{
  g_autoptr (GString) cases = g_string_new (NULL);
  guint n = 0, failed = 0, skipped = 0;

  for (guint i = 0; i < qs_examination_get_n_results (examination); i++)
    {
      const QsCheckResult *result = qs_examination_get_result (examination, i);
      if (result->check->category != category)
        continue;
      n++;
      failed += result->judgement.verdict == QS_CHECK_FAIL;
      skipped += result->judgement.verdict == QS_CHECK_NOT_TESTED;
      append_case (cases, result);
    }
  if (n > 0)
    g_string_append_printf (
        xml, "  <testsuite name=\"%s\" tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\">\n%s  </testsuite>\n",
        qs_check_category_name (category), n, failed, skipped, cases->str);
}

char *
qs_card_to_junit (QsExamination *examination)
{
  g_autofree char *name = g_markup_escape_text (qs_target_to_string (qs_examination_get_target (examination)), -1);
  GString *xml = g_string_new ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");

  g_string_append_printf (xml, "<testsuites name=\"%s\">\n", name);
  for (guint i = 0; i < QS_N_CATEGORIES; i++)
    append_suite (xml, examination, i);
  g_string_append (xml, "</testsuites>\n");
  return g_string_free (xml, FALSE);
}

/* --- Baselines --- */

GHashTable *
qs_card_baseline_read (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = qs_file_load (path, MOST_BASELINE, error);
  g_autoptr (QsJsonText) text = qs_json_text_new (); /* json-glib's reader follows any nesting to the stack's end */
  gsize size;

  if (bytes == NULL)
    return NULL;
  const char *data = g_bytes_get_data (bytes, &size);
  g_autofree char *json = g_strndup (data, size);
  QsJson checks = QS_JSON_NONE;
  if (strlen (json) == size && qs_json_text_parse (text, json, size, NULL))
    checks = qs_json_get (qs_json_text_get_root (text), "checks");
  if (!qs_json_is_array (checks))
    {
      g_set_error (error, QS_ERROR, QS_ERROR_PARSE, _ ("%s: this is no report card; keep one with --examine --json."),
                   path);
      return NULL;
    }
  GHashTable *failed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (QsJson check = qs_json_first (checks); qs_json_is_there (check); check = qs_json_next (checks, check))
    {
      const char *id = qs_json_get_string (check, "id");
      if (id != NULL && g_strcmp0 (qs_json_get_string (check, "verdict"), "fail") == 0)
        g_hash_table_add (failed, g_strdup (id));
    }
  return failed;
}
