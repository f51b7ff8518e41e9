/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "diagnosis/qs-finding.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "diagnosis/qs-rule.h"

/* Each part ends with a row without id. The rest comes last: it speaks only where nothing else did. */
static const QsRule *const parts[] = { qs_rules_network, qs_rules_certificate, qs_rules_handshake,
                                       qs_rules_close,   qs_rules_path,        qs_rules_rest };

const char *
qs_severity_name (QsSeverity severity)
{
  static const char *const names[] = { "error", "warning", "info" };

  g_return_val_if_fail (severity <= QS_SEVERITY_INFO, NULL);
  return names[severity];
}

void
qs_finding_free (QsFinding *finding)
{
  g_free (finding->title);
  g_free (finding->detail);
  g_free (finding);
}

void
qs_match_take (QsMatch *match, const char *name, char *text)
{
  g_hash_table_insert (match->words, (gpointer) name, text != NULL ? text : g_strdup (""));
}

void
qs_match_set (QsMatch *match, const char *name, const char *text)
{
  qs_match_take (match, name, g_strdup (text));
}

void
qs_match_number (QsMatch *match, const char *name, guint64 number)
{
  qs_match_take (match, name, g_strdup_printf ("%" G_GUINT64_FORMAT, number));
}

/* Puts the words in. What a word holds is not looked at again: a peer's "{host}" stays as it is. */
static char *
expand (const char *template, GHashTable *words)
{
  GString *text = g_string_new (NULL);

  for (const char *at = template; *at != '\0';)
    {
      const char *open = strchr (at, '{');
      const char *close = open != NULL ? strchr (open, '}') : NULL;
      if (close == NULL)
        {
          g_string_append (text, at);
          break;
        }
      g_autofree char *name = g_strndup (open + 1, (gsize) (close - open - 1));
      const char *word = g_hash_table_lookup (words, name);
      g_string_append_len (text, at, open - at);
      g_string_append (text, word != NULL ? word : "");
      at = close + 1;
      /* A sentence that has nothing to say leaves no gap. */
      if ((word == NULL || *word == '\0') && *at == ' ' && (text->len == 0 || text->str[text->len - 1] == ' '))
        at++;
    }
  while (text->len > 0 && text->str[text->len - 1] == ' ')
    g_string_truncate (text, text->len - 1);
  return g_string_free (text, FALSE);
}

static QsFinding *
try_rule (const QsRule *rule, const QsEvidence *evidence, gboolean has_error)
{
  g_autoptr (GHashTable) words = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  QsMatch match = { .severity = rule->severity,
                    .title = rule->title,
                    .detail = rule->detail,
                    .packet = QS_NO_PACKET,
                    .has_error = has_error,
                    .words = words };

  if (!rule->match (evidence, &match))
    return NULL;
  if (!g_hash_table_contains (words, "host"))
    qs_match_set (&match, "host", evidence->host);
  if (!g_hash_table_contains (words, "address"))
    qs_match_set (&match, "address", evidence->address);

  QsFinding *finding = g_new0 (QsFinding, 1);
  finding->id = rule->id;
  finding->severity = match.severity;
  finding->title = expand (_ (match.title), words);
  finding->detail = expand (_ (match.detail), words);
  finding->reference = rule->reference;
  finding->packet = match.packet;
  return finding;
}

/* Most severe first; within a severity in the order of the table, which goes from cause to symptom. */
static void
insert_by_severity (GPtrArray *findings, QsFinding *finding)
{
  guint at = findings->len;

  while (at > 0 && ((const QsFinding *) findings->pdata[at - 1])->severity > finding->severity)
    at--;
  g_ptr_array_insert (findings, (int) at, finding);
}

GPtrArray *
qs_diagnose (QsTrace *trace, gint64 now)
{
  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);

  GPtrArray *findings = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_finding_free);
  g_autoptr (QsEvidence) evidence = qs_evidence_new (trace, now);
  gboolean connected = qs_evidence_is_connected (evidence), has_error = FALSE;

  for (guint part = 0; part < G_N_ELEMENTS (parts); part++)
    {
      for (const QsRule *rule = parts[part]; rule->id != NULL; rule++)
        {
          QsFinding *finding = try_rule (rule, evidence, has_error);
          if (finding == NULL)
            continue;
          /* What a person chose to go on in spite of is not why a run that went on has failed. */
          if (finding->severity == QS_SEVERITY_ERROR && (parts[part] != qs_rules_certificate || !connected))
            has_error = TRUE;
          insert_by_severity (findings, finding);
        }
    }
  return findings;
}

gboolean
qs_finding_id_is_known (const char *id)
{
  g_return_val_if_fail (id != NULL, FALSE);

  for (guint part = 0; part < G_N_ELEMENTS (parts); part++)
    {
      for (const QsRule *rule = parts[part]; rule->id != NULL; rule++)
        {
          if (g_str_equal (rule->id, id))
            return TRUE;
        }
    }
  return FALSE;
}
