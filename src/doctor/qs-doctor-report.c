/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "doctor/qs-doctor-report.h"

#include <inttypes.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"

static void
settle_verdict (QsDoctorReport *report, guint b)
{
  QsBrowserVerdict *verdict = &report->verdicts[b];
  gint failed = -1, unknown = -1;

  for (guint c = 0; c < qs_conditions_n (); c++)
    {
      QsRulingKind kind = report->rulings[c][b].kind;
      if (kind == QS_RULING_FAIL && failed < 0)
        failed = (gint) c;
      if (kind == QS_RULING_UNKNOWN && unknown < 0)
        unknown = (gint) c;
    }
  /* What was not seen to be answered may not be. */
  gint answer = qs_condition_find ("http3-answer");
  if (failed < 0 && unknown < 0 && report->rulings[answer][b].kind != QS_RULING_OK)
    unknown = answer;
  verdict->condition = failed >= 0 ? failed : unknown;
  verdict->uses_http3 = failed >= 0 ? QS_ANSWER_NO : unknown >= 0 ? QS_ANSWER_UNTOLD : QS_ANSWER_YES;
  /* What a browser does is not seen, but concluded; that it would fail may be as sure as its rule. */
  verdict->certainty = failed >= 0    ? report->rulings[failed][b].certainty
                       : unknown >= 0 ? QS_CERTAINTY_POSSIBLE
                                      : QS_CERTAINTY_LIKELY;
}

/* How a browser that uses HTTP/3 comes to it. */
static const char *
describe_way (const QsDoctorFacts *facts, const QsBrowser *browser)
{
  static const char *const words[QS_N_WAY_SOURCES] = {
    N_ ("uses HTTP/3."),
    N_ ("uses HTTP/3, from its second connection on: it learns of it by Alt-Svc in an answer over TCP."),
    N_ ("uses HTTP/3 from the first connection on, where it reads the HTTPS record of the DNS."),
  };
  const char *found = NULL, *condition;

  for (guint i = 0; i < facts->ways->len; i++)
    {
      const QsWay *way = facts->ways->pdata[i];
      const QsEndpoint *best = qs_doctor_facts_get_best (facts, way);
      if (qs_browser_takes_way (browser, facts, way, &condition, NULL) != QS_ANSWER_NO && best != NULL &&
          best->stopped == QS_RUNG_DONE)
        found = words[way->source]; /* the DNS's come last, and first where there are both */
    }
  return found != NULL ? _ (found) : _ (words[QS_WAY_ORIGIN]);
}

static char *
make_words (const QsDoctorReport *report, const QsBrowserVerdict *verdict)
{
  const char *failed = verdict->condition >= 0 ? _ (qs_conditions[verdict->condition].failed) : NULL;

  switch (verdict->uses_http3)
    {
    case QS_ANSWER_YES:
      return g_strdup (describe_way (report->facts, verdict->browser));
    case QS_ANSWER_NO:
      return g_strdup_printf (_ ("does not use HTTP/3. %s"), failed);
    default:
      return g_strdup_printf (_ ("may or may not use HTTP/3: what it does here is not known. %s"), failed);
    }
}

static void
count_cause (QsDoctorReport *report, guint c)
{
  QsDoctorCause cause = { .condition = c };
  gboolean any = FALSE;

  for (guint b = QS_N_BROWSERS; b-- > 0;)
    {
      if (report->rulings[c][b].kind != QS_RULING_FAIL)
        continue;
      gboolean first = report->verdicts[b].condition == (gint) c;
      if (!any || first || cause.n_first == 0)
        cause.browser = b;
      any = TRUE;
      cause.n_first += first ? (qs_browsers[b].is_tool ? 1 : 2) : 0; /* a browser before a tool */
      cause.n_behind += !first;
    }
  if (any)
    g_array_append_val (report->causes, cause);
}

static gint
compare_causes (gconstpointer a, gconstpointer b)
{
  const QsDoctorCause *one = a, *other = b;

  if (one->n_first != other->n_first)
    return one->n_first > other->n_first ? -1 : 1;
  return one->condition < other->condition ? -1 : 1;
}

QsDoctorReport *
qs_doctor_report_new (const QsDoctorFacts *facts)
{
  g_return_val_if_fail (facts != NULL, NULL);

  QsDoctorReport *report = g_new0 (QsDoctorReport, 1);

  report->facts = facts;
  report->rulings = g_malloc0 (sizeof *report->rulings * qs_conditions_n ());
  report->causes = g_array_new (FALSE, TRUE, sizeof (QsDoctorCause));
  for (guint c = 0; c < qs_conditions_n (); c++)
    for (guint b = 0; b < QS_N_BROWSERS; b++)
      qs_condition_judge (&qs_conditions[c], facts, &qs_browsers[b], &report->rulings[c][b]);
  for (guint b = 0; b < QS_N_BROWSERS; b++)
    {
      report->verdicts[b].browser = &qs_browsers[b];
      settle_verdict (report, b);
      report->verdicts[b].words = make_words (report, &report->verdicts[b]);
    }
  for (guint c = 0; c < qs_conditions_n (); c++)
    count_cause (report, c);
  g_array_sort (report->causes, compare_causes);
  return report;
}

void
qs_doctor_report_free (QsDoctorReport *report)
{
  if (report == NULL)
    return;
  for (guint c = 0; c < qs_conditions_n (); c++)
    for (guint b = 0; b < QS_N_BROWSERS; b++)
      qs_ruling_clear (&report->rulings[c][b]);
  for (guint b = 0; b < QS_N_BROWSERS; b++)
    g_free (report->verdicts[b].words);
  g_free (report->rulings);
  g_array_unref (report->causes);
  g_free (report);
}

gboolean
qs_doctor_report_is_good (const QsDoctorReport *report)
{
  g_return_val_if_fail (report != NULL, FALSE);

  for (guint b = 0; b < QS_N_BROWSERS; b++)
    if (!qs_browsers[b].is_tool && report->verdicts[b].uses_http3 == QS_ANSWER_YES)
      return TRUE;
  return FALSE;
}

char *
qs_doctor_report_dup_headline (const QsDoctorReport *report)
{
  g_return_val_if_fail (report != NULL, NULL);

  guint n_yes = 0, n = 0;

  for (guint b = 0; b < QS_N_BROWSERS; b++)
    {
      n += !qs_browsers[b].is_tool;
      n_yes += !qs_browsers[b].is_tool && report->verdicts[b].uses_http3 == QS_ANSWER_YES;
    }
  if (n_yes == n)
    return g_strdup (_ ("Browsers use HTTP/3 with this site."));
  if (report->causes->len == 0)
    return g_strdup (n_yes > 0 ? _ ("Some browsers use HTTP/3 with this site.")
                               : _ ("Whether browsers use HTTP/3 with this site cannot be told."));
  const QsDoctorCause *cause = &g_array_index (report->causes, QsDoctorCause, 0);
  return g_strdup (_ (qs_conditions[cause->condition].failed));
}

const QsRuling *
qs_doctor_report_get_worst (const QsDoctorReport *report, guint condition)
{
  g_return_val_if_fail (report != NULL && condition < qs_conditions_n (), NULL);

  const QsRuling *worst = &report->rulings[condition][0];

  for (guint b = 1; b < QS_N_BROWSERS; b++)
    if (report->rulings[condition][b].kind > worst->kind)
      worst = &report->rulings[condition][b];
  return worst;
}

char *
qs_doctor_report_dup_kept (const QsDoctorReport *report, const QsDoctorCause *cause)
{
  g_return_val_if_fail (report != NULL && cause != NULL, NULL);

  GString *text = g_string_new (NULL);

  for (guint b = 0; b < QS_N_BROWSERS; b++)
    if (report->verdicts[b].uses_http3 == QS_ANSWER_NO && report->verdicts[b].condition == (gint) cause->condition)
      g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", qs_browsers[b].name);
  return g_string_free (text, FALSE);
}

const char *
qs_doctor_report_get_note (const QsDoctorReport *report, guint browser)
{
  g_return_val_if_fail (report != NULL && browser < QS_N_BROWSERS, NULL);

  const QsBrowser *row = &qs_browsers[browser];
  const QsBrowserVerdict *verdict = &report->verdicts[browser];

  if (verdict->uses_http3 == QS_ANSWER_YES)
    return NULL;
  return row->note_from == NULL || verdict->condition >= qs_condition_find (row->note_from) ? row->note : NULL;
}

char *
qs_doctor_evidence_dup_text (const QsDoctorEvidence *evidence)
{
  g_return_val_if_fail (evidence != NULL, NULL);

  if (evidence->run == NULL)
    return g_strdup (evidence->what);
  if (evidence->packet < 0)
    return g_strdup_printf ("%s: %s", evidence->run, evidence->what);
  return g_strdup_printf (_ ("%s, packet %" PRId64 ": %s"), evidence->run, evidence->packet, evidence->what);
}

static void
finding_evidence_free (gpointer data)
{
  QsFindingEvidence *item = data;

  g_free (item->what);
  g_free (item);
}

GPtrArray *
qs_doctor_ruling_dup_evidence (const QsRuling *ruling)
{
  g_return_val_if_fail (ruling != NULL, NULL);

  GPtrArray *evidence = g_ptr_array_new_with_free_func (finding_evidence_free);

  for (guint i = 0; i < ruling->evidence->len; i++)
    {
      QsFindingEvidence *item = g_new0 (QsFindingEvidence, 1);
      item->packet = item->time = -1;
      item->what = qs_doctor_evidence_dup_text (ruling->evidence->pdata[i]);
      g_ptr_array_add (evidence, item);
    }
  return evidence;
}
