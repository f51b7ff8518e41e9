/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/qs-html-comparison.h"

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "charts/qs-chart-export.h"
#include "report/qs-html-making.h"
#include "report/qs-html-page.h"

#define MAX_PICTURE 12000.0 /* high, of each sequence */
#define PICTURE_WIDTH 480   /* of each: two have room beside each other on a page */

static const char style[] = ".lead{font-size:1.5rem;font-weight:600;margin:0 0 .3rem}"
                            ".beside{display:flex;gap:1rem;align-items:flex-start;overflow-x:auto}"
                            ".beside>div{flex:1 1 0;min-width:20rem}"
                            "td.same{color:var(--dim)}";

/* A page in the making. */
typedef struct {
  QsHtmlMaking making;
  guint n;
  QsStudy *studies[QS_COMPARISON_MOST];
  QsComparison *comparison; /* made in the first part */
  char *names[QS_COMPARISON_MOST];
  guint drawn;         /* sequences that are in the page */
  QsChartJob *picture; /* the one that is drawn; NULL: none */
} Making;

/* --- Words --- */

static void
add_names_header (Making *self, const char *first, gboolean differences)
{
  qs_html_add (self->making.page, "<thead><tr><th scope=\"col\">%s</th>", first);
  for (guint of = 0; of < self->n; of++)
    {
      qs_html_add (self->making.page, "<th scope=\"col\">%s</th>", self->names[of]);
      if (differences && of > 0)
        qs_html_add (self->making.page, "<th scope=\"col\">%s</th>", _ ("Difference"));
    }
  g_string_append (self->making.page, "</tr></thead>\n");
}

static void
add_verdicts (Making *self)
{
  g_string_append (self->making.page, "<table>\n");
  for (guint of = 0; of < self->n; of++)
    {
      gboolean good = qs_study_is_good (self->studies[of]);
      qs_html_add (self->making.page, "<tr><th scope=\"row\">%s</th><td class=\"%s\">%s</td></tr>\n", self->names[of],
                   good ? "done" : "failed", qs_study_get_verdict (self->studies[of]));
    }
  g_string_append (self->making.page, "</table>\n");
}

static void
add_step (Making *self, const QsComparedStep *step)
{
  qs_html_add (self->making.page, "<tr><th scope=\"row\">%s</th>", step->title);
  for (guint of = 0; of < self->n; of++)
    {
      g_autofree char *time = step->time[of] >= 0 ? qs_text_duration (step->time[of]) : g_strdup ("–");
      g_autofree char *difference = of > 0 ? qs_compared_step_dup_difference (step, of) : NULL;
      qs_html_add (self->making.page, "<td class=\"num%s\">%s</td>",
                   step->status[of] == QS_STEP_FAILED ? " failed" : "", time);
      if (of > 0)
        qs_html_add (self->making.page, "<td class=\"num dim\">%s</td>", difference != NULL ? difference : "");
    }
  g_string_append (self->making.page, "</tr>\n");
}

static void
add_steps (Making *self)
{
  GPtrArray *steps = qs_comparison_get_steps (self->comparison);

  qs_html_add_heading (self->making.page, _ ("Handshake, counted from the first packet sent"));
  g_string_append (self->making.page, "<div class=\"scroll\"><table>\n");
  add_names_header (self, _ ("Step"), TRUE);
  for (guint i = 0; i < steps->len; i++)
    add_step (self, steps->pdata[i]);
  g_string_append (self->making.page, "</table></div>\n");
}

static void
add_facts (Making *self)
{
  GPtrArray *facts = qs_comparison_get_facts (self->comparison);

  qs_html_add_heading (self->making.page, _ ("What is not the same"));
  if (facts->len == 0)
    {
      qs_html_add (self->making.page, "<p>%s</p>\n", _ ("Facts and offers are the same."));
      return;
    }
  g_string_append (self->making.page, "<table>\n");
  add_names_header (self, _ ("Fact"), FALSE);
  for (guint i = 0; i < facts->len; i++)
    {
      const QsComparedFact *fact = facts->pdata[i];
      qs_html_add (self->making.page, "<tr><th scope=\"row\">%s</th>", fact->label);
      for (guint of = 0; of < self->n; of++)
        qs_html_add (self->making.page, "<td class=\"mono\">%s</td>", fact->value[of] != NULL ? fact->value[of] : "–");
      g_string_append (self->making.page, "</tr>\n");
    }
  g_string_append (self->making.page, "</table>\n");
}

static void
add_findings (Making *self)
{
  gboolean any = FALSE;

  qs_html_add_heading (self->making.page, _ ("Findings that only one has"));
  for (guint of = 0; of < self->n; of++)
    {
      GPtrArray *findings = qs_comparison_get_findings (self->comparison, of);
      for (guint i = 0; i < findings->len; i++)
        {
          const QsFinding *finding = findings->pdata[i];
          any = TRUE;
          qs_html_add (self->making.page, "<article><h3><span class=\"%s\">%s</span>: %s</h3>",
                       qs_severity_name (finding->severity), qs_severity_title (finding->severity), finding->title);
          qs_html_add (self->making.page, "<p>%s</p><p class=\"dim\">%s · %s · %s</p></article>\n", finding->detail,
                       self->names[of], finding->id, finding->reference);
        }
    }
  if (!any)
    qs_html_add (self->making.page, "<p>%s</p>\n", _ ("None: the same was found in all."));
}

static gboolean
write_words (gpointer data, gint64 deadline)
{
  Making *self = data;
  self->comparison = qs_comparison_new_of (self->studies, self->n);
  for (guint of = 0; of < self->n; of++)
    self->names[of] = qs_comparison_dup_name (self->comparison, of);
  qs_html_begin (self->making.page, qs_comparison_get_headline (self->comparison), style);
  qs_html_add (self->making.page, "<h1>%s</h1>\n", qs_comparison_get_headline (self->comparison));
  for (guint of = 2; of < self->n; of++)
    qs_html_add (self->making.page, "<p><b>%s</b>: %s</p>\n", self->names[of],
                 qs_comparison_get_headline_of (self->comparison, of));
  qs_html_add (self->making.page, "<p class=\"dim\">Quicscope " PACKAGE_VERSION "</p>\n");
  add_verdicts (self);
  add_steps (self);
  add_facts (self);
  add_findings (self);
  return TRUE;
}

/* --- Pictures --- */

static void
begin_sequence (Making *self)
{
  QsSequenceOptions options = QS_SEQUENCE_OPTIONS_DEFAULT;
  QsTrace *traces[QS_COMPARISON_MOST];

  for (guint of = 0; of < self->n; of++)
    traces[of] = qs_study_get_trace (self->studies[of]);
  options.width = PICTURE_WIDTH;
  options.time = QS_SEQUENCE_TO_SCALE;
  options.scale = qs_sequence_get_common_scale (traces, self->n);
  options.legend = FALSE;
  self->picture =
      qs_chart_job_new_sequence (traces[self->drawn], &options, qs_chart_colours_light (), QS_CHART_SVG, MAX_PICTURE);
}

static void
finish_picture (Making *self, const char *label)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) svg = qs_chart_job_finish (self->picture, &error);

  if (svg != NULL)
    qs_html_add_picture (self->making.page, svg, label, FALSE);
  else
    qs_html_add (self->making.page, "<p>%s</p>\n", error->message);
  g_clear_pointer (&self->picture, qs_chart_job_free);
}

static gboolean
draw_sequences (gpointer data, gint64 deadline)
{
  Making *self = data;
  for (; self->drawn < self->n; self->drawn++)
    {
      if (self->drawn == 0 && self->picture == NULL)
        {
          qs_html_add_heading (self->making.page, _ ("Sequences, on one scale"));
          g_string_append (self->making.page, "<div class=\"beside\">");
        }
      if (qs_trace_get_n_packets (qs_study_get_trace (self->studies[self->drawn])) == 0)
        continue;
      if (self->picture == NULL)
        begin_sequence (self);
      if (!qs_chart_job_advance (self->picture, deadline))
        return FALSE;
      qs_html_add (self->making.page, "<div><p>%s</p>", self->names[self->drawn]);
      finish_picture (self, self->names[self->drawn]);
      g_string_append (self->making.page, "</div>");
    }
  g_string_append (self->making.page, "</div>\n");
  return TRUE;
}

static gboolean
draw_charts (gpointer data, gint64 deadline)
{
  Making *self = data;
  if (self->picture == NULL)
    {
      QsTrace *traces[QS_COMPARISON_MOST];
      gint64 starts[QS_COMPARISON_MOST];
      for (guint of = 0; of < self->n; of++)
        {
          traces[of] = qs_study_get_trace (self->studies[of]);
          starts[of] = qs_comparison_get_start (self->comparison, of);
        }
      self->picture =
          qs_chart_job_new_overlay (qs_overlay_new (traces, starts, (const char *const *) self->names, self->n, NULL),
                                    qs_chart_colours_light (), QS_CHART_SVG);
    }
  if (!qs_chart_job_advance (self->picture, deadline))
    return FALSE;
  qs_html_add_heading (self->making.page,
                       _ ("Charts, counted from the first packet sent until nearly all bytes were there"));
  finish_picture (self, _ ("Charts"));
  return TRUE;
}

static const QsHtmlPart parts[] = { write_words, draw_sequences, draw_charts };

static void
clear (gpointer data)
{
  Making *self = data;

  for (guint of = 0; of < self->n; of++)
    {
      g_object_unref (self->studies[of]);
      g_free (self->names[of]);
    }
  g_clear_pointer (&self->comparison, qs_comparison_free);
  g_clear_pointer (&self->picture, qs_chart_job_free);
}

static const QsHtmlMakingClass klass = { "[quicscope] report of several", parts, G_N_ELEMENTS (parts), clear };

static QsHtmlMaking *
making_new (QsStudy *const *studies, guint n)
{
  Making *self = qs_html_making_new (&klass, sizeof *self);

  self->n = n;
  for (guint of = 0; of < n; of++)
    self->studies[of] = g_object_ref (studies[of]);
  return &self->making;
}

char *
qs_html_comparison_new (QsStudy *const *studies, guint n)
{
  g_return_val_if_fail (studies != NULL && n >= 2 && n <= QS_COMPARISON_MOST, NULL);
  return qs_html_making_to_string (making_new (studies, n));
}

gboolean
qs_html_comparison_write (QsStudy *const *studies, guint n, const char *path, GError **error)
{
  g_return_val_if_fail (studies != NULL && n >= 2 && n <= QS_COMPARISON_MOST && path != NULL, FALSE);
  return qs_html_making_write (making_new (studies, n), path, error);
}

void
qs_html_comparison_write_async (QsStudy *const *studies, guint n, const char *path, GAsyncReadyCallback callback,
                                gpointer data)
{
  g_return_if_fail (studies != NULL && n >= 2 && n <= QS_COMPARISON_MOST && path != NULL);
  qs_html_making_write_async (making_new (studies, n), path, callback, data);
}

gboolean
qs_html_comparison_write_finish (GAsyncResult *result, GError **error)
{
  return qs_html_making_write_finish (result, error);
}
