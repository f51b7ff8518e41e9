/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "diagnosis/qs-finding.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-rule.h"

/* Each part ends with a row without id. The rest comes last: it speaks only where nothing else did. */
static const QsRule *const parts[] = { qs_rules_spread,    qs_rules_decided,     qs_rules_offer,  qs_rules_network,
                                       qs_rules_answer,    qs_rules_certificate, qs_rules_client, qs_rules_large,
                                       qs_rules_handshake, qs_rules_opening,     qs_rules_cut,    qs_rules_http3,
                                       qs_rules_http,      qs_rules_stalled,     qs_rules_close,  qs_rules_path,
                                       qs_rules_file,      qs_rules_rest };

/* How a cause shows where none is known. Once one is, they say nothing more. */
static const char *const symptoms[] = {
  "no-reply",           "silent-after-ack", "connection-reset",     "closed-in-handshake", "tls-alert",
  "tls-internal-error", "timeout",          "no-common-parameters", "protocol-error"
};

const char *
qs_severity_name (QsSeverity severity)
{
  static const char *const names[] = { "error", "warning", "info" };

  g_return_val_if_fail (severity <= QS_SEVERITY_INFO, NULL);
  return names[severity];
}

const char *
qs_severity_title (QsSeverity severity)
{
  static const char *const titles[] = { N_ ("Error"), N_ ("Warning"), N_ ("Note") };

  g_return_val_if_fail (severity <= QS_SEVERITY_INFO, NULL);
  return _ (titles[severity]);
}

const char *
qs_certainty_name (QsCertainty certainty)
{
  static const char *const names[] = { "possible", "likely", "proved" };

  g_return_val_if_fail (certainty <= QS_CERTAINTY_PROVED, NULL);
  return names[certainty];
}

const char *
qs_party_name (QsParty party)
{
  static const char *const names[] = { "unknown", "client", "server", "path" };

  g_return_val_if_fail (party <= QS_PARTY_PATH, NULL);
  return names[party];
}

static void
evidence_free (gpointer data)
{
  QsFindingEvidence *item = data;

  g_free (item->what);
  g_free (item);
}

void
qs_finding_free (QsFinding *finding)
{
  g_free (finding->title);
  g_free (finding->detail);
  g_strfreev (finding->tries);
  g_ptr_array_unref (finding->evidence);
  g_free (finding);
}

char *
qs_finding_dup_judgement (const QsFinding *finding)
{
  static const char *const certainties[] = { N_ ("Possible: other causes look the same."), N_ ("Likely, not proved."),
                                             N_ ("Proved by what was recorded.") };
  static const char *const parties[] = { N_ ("Which end it lies with is not known."), N_ ("It lies with the client."),
                                         N_ ("It lies with the server."), N_ ("It lies on the path between them.") };

  /* What is only worth knowing is nobody's fault. */
  if (finding->severity == QS_SEVERITY_INFO)
    return g_strdup (_ (certainties[finding->certainty]));
  return g_strdup_printf ("%s %s", _ (certainties[finding->certainty]), _ (parties[finding->who]));
}

char *
qs_finding_evidence_dup_text (const QsFindingEvidence *evidence)
{
  g_autofree char *time = evidence->time >= 0 ? qs_text_duration (evidence->time) : NULL;

  if (time != NULL && evidence->packet >= 0)
    return g_strdup_printf (_ ("%s, packet %" PRId64 ": %s"), time, evidence->packet, evidence->what);
  if (evidence->packet >= 0)
    return g_strdup_printf (_ ("packet %" PRId64 ": %s"), evidence->packet, evidence->what);
  return time != NULL ? g_strdup_printf ("%s: %s", time, evidence->what) : g_strdup (evidence->what);
}

char *
qs_finding_dup_text (const QsFinding *finding)
{
  GString *text = g_string_new (NULL);
  g_autofree char *judgement = qs_finding_dup_judgement (finding);

  g_string_printf (text, "%s: %s\n", qs_severity_title (finding->severity), finding->title);
  if (*finding->detail != '\0')
    g_string_append_printf (text, "%s\n", finding->detail);
  for (char **advice = finding->tries; *advice != NULL; advice++)
    g_string_append_printf (text, "• %s\n", *advice);
  g_string_append_printf (text, "%s\n", judgement);
  for (guint i = 0; i < finding->evidence->len; i++)
    {
      g_autofree char *line = qs_finding_evidence_dup_text (finding->evidence->pdata[i]);
      g_string_append_printf (text, "  %s\n", line);
    }
  if (finding->reference != NULL)
    g_string_append_printf (text, "%s\n", finding->reference);
  return g_string_free (text, FALSE);
}

char *
qs_finding_dup_markdown (const QsFinding *finding)
{
  GString *text = g_string_new ("**");
  g_autofree char *judgement = qs_finding_dup_judgement (finding);

  qs_text_append_markdown (text, qs_severity_title (finding->severity));
  g_string_append (text, ": ");
  qs_text_append_markdown (text, finding->title);
  g_string_append (text, "**\n\n");
  if (*finding->detail != '\0')
    {
      qs_text_append_markdown (text, finding->detail);
      g_string_append (text, "\n\n");
    }
  qs_text_append_markdown (text, judgement);
  g_string_append (text, "\n\n");
  for (guint i = 0; i < finding->evidence->len; i++)
    {
      g_autofree char *line = qs_finding_evidence_dup_text (finding->evidence->pdata[i]);
      g_string_append (text, "- ");
      qs_text_append_markdown (text, line);
      g_string_append_c (text, '\n');
    }
  if (*finding->tries != NULL)
    g_string_append_printf (text, "%s%s\n\n", finding->evidence->len > 0 ? "\n" : "", _ ("What to try:"));
  for (char **advice = finding->tries; *advice != NULL; advice++)
    {
      g_string_append (text, "- ");
      qs_text_append_markdown (text, *advice);
      g_string_append_c (text, '\n');
    }
  if (finding->reference != NULL)
    g_string_append_printf (text, "\n(%s)\n", finding->reference);
  return g_string_free (text, FALSE);
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

/* Those that have something to say here. */
static char **
expand_tries (const char *const *tries, GHashTable *words)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (; *tries != NULL; tries++)
    {
      g_autofree char *text = expand (_ (*tries), words);
      if (*text != '\0')
        g_strv_builder_add (builder, text);
    }
  return g_strv_builder_end (builder);
}

static QsFinding *
make_finding (const QsRule *rule, QsMatch *match)
{
  QsFinding *finding = g_new0 (QsFinding, 1);

  finding->id = rule->id;
  finding->severity = match->severity;
  finding->certainty = match->certainty;
  finding->who = match->who;
  finding->title = expand (_ (match->title), match->words);
  finding->detail = expand (_ (match->detail), match->words);
  finding->tries = expand_tries (match->tries, match->words);
  finding->reference = match->reference;
  finding->packet = match->packet;
  finding->evidence = g_ptr_array_ref (match->evidence);
  return finding;
}

static QsFinding *
try_rule (const QsRule *rule, const QsEvidence *evidence, gboolean has_error)
{
  g_autoptr (GHashTable) words = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr (GPtrArray) shown = g_ptr_array_new_with_free_func (evidence_free);
  QsMatch match = { .severity = rule->severity,
                    .certainty = rule->certainty,
                    .who = rule->who,
                    .title = rule->title,
                    .detail = rule->detail,
                    .tries = rule->tries,
                    .reference = rule->reference,
                    .packet = QS_NO_PACKET,
                    .evidence = shown,
                    .has_error = has_error,
                    .words = words };

  if (!rule->match (evidence, &match))
    return NULL;
  if (!g_hash_table_contains (words, "host"))
    qs_match_set (&match, "host", evidence->host);
  if (!g_hash_table_contains (words, "address"))
    qs_match_set (&match, "address", evidence->address);
  if (shown->len == 0)
    qs_match_add_packet (&match, evidence, match.packet, NULL);
  return make_finding (rule, &match);
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

/* One of that id said it already, or a cause leaves nothing for a symptom to say. */
static gboolean
is_said (GPtrArray *findings, const QsRule *rule, gboolean decided)
{
  for (guint i = 0; decided && i < G_N_ELEMENTS (symptoms); i++)
    if (g_str_equal (symptoms[i], rule->id))
      return TRUE;
  for (guint i = 0; i < findings->len; i++)
    if (g_str_equal (((const QsFinding *) findings->pdata[i])->id, rule->id))
      return TRUE;
  return FALSE;
}

GPtrArray *
qs_findings_new (const QsEvidence *evidence)
{
  g_return_val_if_fail (evidence != NULL, NULL);

  GPtrArray *findings = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_finding_free);
  gboolean connected = qs_evidence_is_connected (evidence), has_error = FALSE, decided = FALSE;

  for (guint part = 0; part < G_N_ELEMENTS (parts); part++)
    {
      for (const QsRule *rule = parts[part]; rule->id != NULL; rule++)
        {
          QsFinding *finding = is_said (findings, rule, decided) ? NULL : try_rule (rule, evidence, has_error);
          if (finding == NULL)
            continue;
          /* What a person chose to go on in spite of is not why a run that went on has failed. */
          if (finding->severity == QS_SEVERITY_ERROR && (parts[part] != qs_rules_certificate || !connected))
            has_error = TRUE;
          decided |= has_error && (parts[part] == qs_rules_spread || parts[part] == qs_rules_decided ||
                                   parts[part] == qs_rules_offer);
          insert_by_severity (findings, finding);
        }
    }
  return findings;
}

const QsRule *
qs_rule_get (guint n)
{
  for (guint part = 0; part < G_N_ELEMENTS (parts); part++)
    for (const QsRule *rule = parts[part]; rule->id != NULL; rule++)
      if (n-- == 0)
        return rule;
  return NULL;
}

gboolean
qs_finding_id_is_known (const char *id)
{
  const QsRule *rule;

  g_return_val_if_fail (id != NULL, FALSE);

  for (guint i = 0; (rule = qs_rule_get (i)) != NULL; i++)
    if (g_str_equal (rule->id, id))
      return TRUE;
  return FALSE;
}
