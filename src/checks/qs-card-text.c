/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/qs-card-text.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"

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
result_to_json (const QsCheckResult *result, gboolean of_server)
{
  JsonObject *object = json_object_new ();
  const QsCheck *check = result->check;

  json_object_set_string_member (object, "id", check->id);
  json_object_set_string_member (object, "category", qs_check_category_name (check->category));
  if (of_server)
    json_object_set_string_member (object, "mark", qs_card_mark_name (check->mark));
  json_object_set_string_member (object, "title", _ (check->title));
  json_object_set_string_member (object, "reference", check->reference);
  json_object_set_string_member (object, "verdict", qs_check_verdict_name (result->judgement.verdict));
  json_object_set_string_member (object, "text", result->judgement.text != NULL ? result->judgement.text : "");
  if (check->readings != NULL)
    json_object_set_string_member (object, "readings", _ (check->readings));
  if (of_server)
    json_object_set_boolean_member (object, "illegal", (check->flags & QS_CHECK_ILLEGAL) != 0);
  json_object_set_int_member (object, "runs", result->n_runs);
  json_object_set_array_member (object, "packets", packets_to_json (&result->judgement));
  return object;
}

static JsonArray *
results_to_json (GPtrArray *results, gboolean of_server)
{
  JsonArray *checks = json_array_new ();

  for (guint i = 0; i < results->len; i++)
    json_array_add_object_element (checks, result_to_json (results->pdata[i], of_server));
  return checks;
}

static JsonObject *
counts_to_json (const guint counts[QS_CHECK_N_VERDICTS])
{
  JsonObject *object = json_object_new ();

  for (guint i = 0; i < QS_CHECK_N_VERDICTS; i++)
    json_object_set_int_member (object, qs_check_verdict_name (i), counts[i]);
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
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (qs_examination_get_began (examination) / G_USEC_PER_SEC);
  g_autofree char *began = time != NULL ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ") : NULL;
  QsCard card;

  qs_examination_grade (examination, &card);
  json_object_set_string_member (object, "target", qs_target_to_string (qs_examination_get_target (examination)));
  if (qs_examination_get_address (examination) != NULL)
    json_object_set_string_member (object, "address", qs_examination_get_address (examination));
  if (began != NULL)
    json_object_set_string_member (object, "began", began);
  json_object_set_string_member (object, "profile", qs_profile_name (qs_examination_get_profile (examination)));
  json_object_set_boolean_member (object, "illegal", qs_examination_sends_illegal (examination));
  json_object_set_boolean_member (object, "stopped", qs_examination_get_stopped (examination));
  if (qs_examination_get_failure (examination) != NULL)
    json_object_set_string_member (object, "failure", qs_examination_get_failure (examination));
  json_object_set_string_member (object, "grade", qs_grade_text (card.grade));
  json_object_set_string_member (object, "grade_if_trusted", qs_grade_text (card.if_trusted));
  json_object_set_object_member (object, "marks", marks_to_json (&card));
  json_object_set_object_member (object, "counts", counts_to_json (card.counts));
  json_object_set_array_member (object, "checks", results_to_json (qs_examination_get_results (examination), TRUE));
  return object;
}

JsonObject *
qs_client_card_to_json (QsClientExamination *examination)
{
  JsonObject *object = json_object_new ();
  guint counts[QS_CHECK_N_VERDICTS];

  qs_client_examination_count (examination, counts);
  json_object_set_boolean_member (object, "stopped", qs_client_examination_get_stopped (examination));
  json_object_set_int_member (object, "connections", qs_client_examination_get_n_connections (examination));
  json_object_set_object_member (object, "counts", counts_to_json (counts));
  json_object_set_array_member (object, "checks",
                                results_to_json (qs_client_examination_get_results (examination), FALSE));
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
append_suite (GString *xml, GPtrArray *results, QsCheckCategory category)
{
  g_autoptr (GString) cases = g_string_new (NULL);
  guint n = 0, failed = 0, skipped = 0;

  for (guint i = 0; i < results->len; i++)
    {
      const QsCheckResult *result = results->pdata[i];
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

static char *
make_junit (GPtrArray *results, const char *name)
{
  g_autofree char *escaped = g_markup_escape_text (name, -1);
  GString *xml = g_string_new ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");

  g_string_append_printf (xml, "<testsuites name=\"%s\">\n", escaped);
  for (guint i = 0; i < QS_N_CATEGORIES; i++)
    append_suite (xml, results, i);
  g_string_append (xml, "</testsuites>\n");
  return g_string_free (xml, FALSE);
}

char *
qs_card_to_junit (QsExamination *examination)
{
  return make_junit (qs_examination_get_results (examination),
                     qs_target_to_string (qs_examination_get_target (examination)));
}

char *
qs_client_card_to_junit (QsClientExamination *examination, const char *name)
{
  return make_junit (qs_client_examination_get_results (examination), name);
}

/* --- Markdown --- */

G_GNUC_PRINTF (2, 3)
static void
append_line (GString *out, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  qs_text_append_markdown (out, text);
}

static void
append_row (GString *out, const QsCheckResult *result)
{
  const QsCheck *check = result->check;

  g_string_append (out, "| ");
  qs_text_append_markdown (out, qs_check_verdict_title (result->judgement.verdict));
  g_string_append_printf (out, " | %s | ", check->id);
  qs_text_append_markdown (out, _ (check->title));
  g_string_append (out, " | ");
  qs_text_append_markdown (out, result->judgement.text != NULL ? result->judgement.text : "");
  if (check->readings != NULL && result->judgement.verdict == QS_CHECK_CONTESTED)
    append_line (out, " %s", _ (check->readings));
  g_string_append (out, " | ");
  qs_text_append_markdown (out, check->reference);
  g_string_append (out, " |\n");
}

static void
append_category (GString *out, QsExamination *examination, QsCheckCategory category)
{
  gboolean headed = FALSE;

  for (guint i = 0; i < qs_examination_get_n_results (examination); i++)
    {
      const QsCheckResult *result = qs_examination_get_result (examination, i);
      if (result->check->category != category)
        continue;
      if (!headed)
        g_string_append_printf (out, "\n## %s\n\n| %s | %s | %s | %s | %s |\n|---|---|---|---|---|\n",
                                qs_check_category_title (category), _ ("Verdict"), _ ("Id"), _ ("Check"),
                                _ ("What was found"), _ ("Reference"));
      headed = TRUE;
      append_row (out, result);
    }
}

static void
append_marks (GString *out, const QsCard *card)
{
  g_string_append_printf (out, "**%s: %s**\n\n", _ ("Grade"), qs_grade_text (card->grade));
  if (card->grade != card->if_trusted)
    g_string_append_printf (out, "%s: **%s**\n\n", _ ("If its certificate were in order"),
                            qs_grade_text (card->if_trusted));
  g_string_append (out, "|");
  for (guint i = 0; i < QS_N_CARD_MARKS; i++)
    g_string_append_printf (out, " %s |", qs_card_mark_title (i));
  g_string_append (out, "\n|---|---|---|---|---|\n|");
  for (guint i = 0; i < QS_N_CARD_MARKS; i++)
    g_string_append_printf (out, " %s |", qs_grade_text (card->marks[i]));
  g_string_append (out, "\n\n");
  for (guint i = QS_CHECK_N_VERDICTS; i-- > 0;)
    g_string_append_printf (out, "%s %u%s", qs_check_verdict_title (i), card->counts[i], i > 0 ? ", " : "\n");
}

char *
qs_card_to_markdown (QsExamination *examination)
{
  GString *out = g_string_new ("# ");
  QsCard card;

  qs_examination_grade (examination, &card);
  append_line (out, _ ("Report card of %s"), qs_target_to_string (qs_examination_get_target (examination)));
  if (qs_examination_get_address (examination) != NULL)
    append_line (out, " (%s)", qs_examination_get_address (examination));
  g_string_append (out, "\n\n");
  append_marks (out, &card);
  if (qs_examination_get_failure (examination) != NULL)
    {
      g_string_append (out, "\n");
      qs_text_append_markdown (out, qs_examination_get_failure (examination));
      g_string_append (out, "\n");
    }
  for (guint i = 0; i < QS_N_CATEGORIES; i++)
    append_category (out, examination, i);
  return g_string_free (out, FALSE);
}
