/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/qs-cli-card.h"

#include <stdio.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "cli/qs-cli.h"
#include "formats/qs-pcapng.h"

#define TEXT_INDENT 19

void
qs_cli_list_checks (const QsCheck *const *checks, guint n_checks)
{
  for (guint i = 0; i < n_checks; i++)
    printf ("%-5s %-11s %s (%s)\n", checks[i]->id, qs_check_category_name (checks[i]->category), _ (checks[i]->title),
            checks[i]->reference);
}

void
qs_cli_print_counts (const guint counts[QS_CHECK_N_VERDICTS])
{
  printf ("\n ");
  for (guint i = QS_CHECK_N_VERDICTS; i-- > 0;)
    printf (" %s %u%s", qs_check_verdict_title (i), counts[i], i > 0 ? "," : "\n");
}

/* A line a check, and what came of it below, unless it just passed. */
static void
print_result (const QsCheckResult *result)
{
  const char *title = qs_check_verdict_title (result->judgement.verdict);
  guint width = qs_cli_text_width (title);
  gboolean open = result->judgement.verdict >= QS_CHECK_CONTESTED;

  printf ("  %s%*s %-5s %s\n", title, (int) (10 - MIN (width, 10)), "", result->check->id, _ (result->check->title));
  if (result->judgement.verdict != QS_CHECK_PASS)
    qs_cli_print_wrapped (stdout, result->judgement.text, TEXT_INDENT);
  if (open && result->check->readings != NULL)
    qs_cli_print_wrapped (stdout, _ (result->check->readings), TEXT_INDENT);
  if (open)
    printf ("%*s%s\n", TEXT_INDENT, "", result->check->reference);
}

static void
print_category (GPtrArray *results, QsCheckCategory category, gboolean brief)
{
  gboolean headed = FALSE;

  for (guint i = 0; i < results->len; i++)
    {
      const QsCheckResult *result = results->pdata[i];
      if (result->check->category != category || (brief && result->judgement.verdict < QS_CHECK_CONTESTED))
        continue;
      if (!headed)
        printf ("\n%s\n", qs_check_category_title (category));
      headed = TRUE;
      print_result (result);
    }
}

void
qs_cli_print_results (GPtrArray *results, gboolean brief)
{
  for (guint i = 0; i < QS_N_CATEGORIES; i++)
    print_category (results, i, brief);
}

void
qs_cli_print_json (JsonObject *card)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, card);
  g_autofree char *text = json_to_string (node, TRUE);
  printf ("%s\n", text);
}

gboolean
qs_cli_write_captures (const char *program, const char *path, GPtrArray *results)
{
  g_autofree char *stem = g_str_has_suffix (path, ".pcapng") ? g_strndup (path, strlen (path) - 7) : g_strdup (path);
  gboolean good = TRUE;

  for (guint i = 0; i < results->len; i++)
    {
      const QsCheckResult *result = results->pdata[i];
      if (result->trace == NULL || result->judgement.verdict < QS_CHECK_CONTESTED)
        continue;
      g_autoptr (GError) error = NULL;
      g_autofree char *name = g_strdup_printf ("%s-%s.pcapng", stem, result->check->id);
      if (qs_pcapng_write (result->trace, name, &error))
        continue;
      fprintf (stderr, "%s: %s\n", program, error->message);
      good = FALSE;
    }
  return good;
}
