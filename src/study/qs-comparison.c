/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/qs-comparison.h"

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "study/qs-comparison-private.h"

#define SLOWER_RATIO 1.5
#define NSEC_PER_SEC G_GINT64_CONSTANT (1000000000)
#define SLOWER_NS (G_GINT64_CONSTANT (20) * 1000000)

struct _QsComparison {
  guint n;
  QsStudy *studies[QS_COMPARISON_MOST];
  char *headlines[QS_COMPARISON_MOST]; /* of the first and this one; none of 0 */
  GPtrArray *steps, *facts;
  GPtrArray *findings[QS_COMPARISON_MOST];
};

/* --- Findings --- */

static gboolean
has_finding (QsStudy *study, const char *id)
{
  GPtrArray *findings = qs_study_get_findings (study);

  for (guint i = 0; i < findings->len; i++)
    {
      if (g_str_equal (((const QsFinding *) findings->pdata[i])->id, id))
        return TRUE;
    }
  return FALSE;
}

static gboolean
has_any_other (QsComparison *self, guint of, const char *id)
{
  for (guint i = 0; i < self->n; i++)
    {
      if (i != of && has_finding (self->studies[i], id))
        return TRUE;
    }
  return FALSE;
}

static GPtrArray *
findings_of_one (QsComparison *self, guint of)
{
  GPtrArray *findings = qs_study_get_findings (self->studies[of]), *only = g_ptr_array_new ();

  for (guint i = 0; i < findings->len; i++)
    {
      if (!has_any_other (self, of, ((const QsFinding *) findings->pdata[i])->id))
        g_ptr_array_add (only, findings->pdata[i]);
    }
  return only;
}

/* The worst that one of two has alone, if it is that bad; the most severe ones come first. */
static const QsFinding *
worst_of (QsStudy *one, QsStudy *other, QsSeverity severity)
{
  GPtrArray *findings = qs_study_get_findings (one);

  for (guint i = 0; i < findings->len; i++)
    {
      const QsFinding *finding = findings->pdata[i];
      if (!has_finding (other, finding->id))
        return finding->severity <= severity ? finding : NULL;
    }
  return NULL;
}

/* --- Steps --- */

static void
step_free (gpointer data)
{
  QsComparedStep *step = data;

  g_free (step->title);
  g_free (step);
}

static QsComparedStep *
find_step (GPtrArray *steps, const char *id, guint of)
{
  for (guint i = 0; i < steps->len; i++)
    {
      QsComparedStep *step = steps->pdata[i];
      if (g_str_equal (step->id, id) && !step->there[of])
        return step;
    }
  return NULL;
}

gint64
qs_comparison_start_of (QsStudy *study)
{
  return MAX (qs_study_get_evidence (study)->first_sent, 0);
}

static void
fill_step (QsComparedStep *compared, guint of, const QsStep *step, gint64 start)
{
  compared->there[of] = TRUE;
  compared->status[of] = step->status;
  compared->time[of] = step->time >= start ? step->time - start : -1;
}

static QsComparedStep *
new_step (const QsStep *step)
{
  QsComparedStep *compared = g_new0 (QsComparedStep, 1);

  compared->id = step->id;
  compared->title = g_strdup (step->title);
  for (guint i = 0; i < QS_COMPARISON_MOST; i++)
    compared->time[i] = -1;
  return compared;
}

/* Those of one alone come behind the one that was before them there. */
static GPtrArray *
compare_steps (QsComparison *self)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (step_free);

  for (guint of = 0; of < self->n; of++)
    {
      GPtrArray *steps = qs_study_get_steps (self->studies[of]);
      guint at = 0;
      for (guint i = 0; i < steps->len; i++)
        {
          const QsStep *step = steps->pdata[i];
          QsComparedStep *compared = find_step (all, step->id, of);
          guint index = 0;
          if (compared == NULL)
            {
              compared = new_step (step);
              g_ptr_array_insert (all, (int) MIN (at, all->len), compared);
            }
          fill_step (compared, of, step, qs_comparison_start_of (self->studies[of]));
          if (g_ptr_array_find (all, compared, &index))
            at = index + 1;
        }
    }
  return all;
}

char *
qs_compared_step_dup_difference (const QsComparedStep *step, guint other)
{
  g_return_val_if_fail (step != NULL && other < QS_COMPARISON_MOST, NULL);

  gint64 difference = step->time[0] - step->time[other];
  if (step->time[0] < 0 || step->time[other] < 0)
    return NULL;
  g_autofree char *text = qs_text_duration (ABS (difference));
  return g_strdup_printf ("%s%s", difference > 0 ? "+" : difference < 0 ? "−" : "", text);
}

/* --- The headline --- */

/* One went well, the other did not; or both failed, and not of the same. */
static char *
say_outcome (QsStudy *one, QsStudy *other)
{
  gboolean good = qs_study_is_good (one);

  if (good != qs_study_is_good (other))
    return g_strdup_printf (good ? _ ("Only the other one failed: %s") : _ ("Only this one failed: %s"),
                            qs_study_get_verdict (good ? other : one));
  if (good || (worst_of (one, other, QS_SEVERITY_ERROR) == NULL && worst_of (other, one, QS_SEVERITY_ERROR) == NULL))
    return NULL;
  return g_strdup_printf (_ ("Both failed, for different reasons: %s The other one: %s"), qs_study_get_verdict (one),
                          qs_study_get_verdict (other));
}

static char *
say_finding (QsStudy *one, QsStudy *other, QsSeverity severity)
{
  const QsFinding *first = worst_of (one, other, severity), *second = worst_of (other, one, severity);

  if (first != NULL)
    return g_strdup_printf (_ ("Only of this one: %s"), first->title);
  return second != NULL ? g_strdup_printf (_ ("Only of the other one: %s"), second->title) : NULL;
}

static gint64
handshake_of (QsStudy *study)
{
  gint64 done = qs_study_get_summary (study)->handshake;

  return done >= 0 ? done - qs_comparison_start_of (study) : -1;
}

gboolean
qs_comparison_is_slower (gint64 first, gint64 second)
{
  gint64 shorter = MIN (first, second), longer = MAX (first, second);

  return shorter >= 0 && longer - shorter >= SLOWER_NS && (double) longer >= SLOWER_RATIO * (double) shorter;
}

/* Where the path is longer as well, that is why. */
static char *
say_time (QsStudy *one, QsStudy *other)
{
  gint64 first = handshake_of (one), second = handshake_of (other);
  gint64 rtt[] = { qs_comparison_rtt_of (one), qs_comparison_rtt_of (other) };

  if (!qs_comparison_is_slower (first, second))
    return NULL;
  g_autofree char *took = qs_text_duration (first), *others = qs_text_duration (second);
  if (!qs_comparison_is_slower (rtt[0], rtt[1]) || (first > second) != (rtt[0] > rtt[1]))
    return g_strdup_printf (first > second ? _ ("The handshake took longer: %s, the other one's %s.")
                                           : _ ("The handshake was faster: %s, the other one's %s."),
                            took, others);
  g_autofree char *trip = qs_text_duration (rtt[0]), *others_trip = qs_text_duration (rtt[1]);
  return g_strdup_printf (first > second
                              ? _ ("The handshake took longer: %s, the other one's %s. The path is longer: a round "
                                   "trip takes at least %s, the other one's %s.")
                              : _ ("The handshake was faster: %s, the other one's %s. The path is shorter: a round "
                                   "trip takes at least %s, the other one's %s."),
                          took, others, trip, others_trip);
}

static char *
make_headline (QsComparison *self, guint other)
{
  QsStudy *one = self->studies[0], *second = self->studies[other];
  char *text = say_outcome (one, second);

  /* Where they went to and how, before what was found on the way; then the rest of the facts. */
  if (text == NULL)
    text = qs_comparison_say_fact (self->studies, self->facts, other, NULL, "retry");
  if (text == NULL)
    text = say_finding (one, second, QS_SEVERITY_WARNING);
  if (text == NULL) /* up to the certificate, which is renewed every other month */
    text = qs_comparison_say_fact (self->studies, self->facts, other, "retry", "certificate");
  if (text == NULL)
    text = say_time (one, second);
  if (text == NULL)
    text = qs_comparison_say_fact (self->studies, self->facts, other, "certificate", "source");
  if (text == NULL)
    text = say_finding (one, second, QS_SEVERITY_INFO);
  if (text == NULL)
    text = qs_comparison_say_fact (self->studies, self->facts, other, "source", NULL);
  return text != NULL ? text : g_strdup (_ ("They do not differ in anything that matters."));
}

/* --- Public functions --- */

QsComparison *
qs_comparison_new_of (QsStudy *const *studies, guint n)
{
  g_return_val_if_fail (studies != NULL && n >= 2 && n <= QS_COMPARISON_MOST, NULL);

  QsComparison *self = g_new0 (QsComparison, 1);
  self->n = n;
  for (guint i = 0; i < n; i++)
    self->studies[i] = g_object_ref (studies[i]);
  for (guint i = 0; i < n; i++)
    self->findings[i] = findings_of_one (self, i);
  self->facts = qs_comparison_find_facts (self->studies, n);
  self->steps = compare_steps (self);
  for (guint i = 1; i < n; i++)
    self->headlines[i] = make_headline (self, i);
  return self;
}

QsComparison *
qs_comparison_new (QsStudy *one, QsStudy *other)
{
  g_return_val_if_fail (QS_IS_STUDY (one) && QS_IS_STUDY (other), NULL);

  QsStudy *const studies[] = { one, other };
  return qs_comparison_new_of (studies, G_N_ELEMENTS (studies));
}

void
qs_comparison_free (QsComparison *self)
{
  for (guint i = 0; i < self->n; i++)
    {
      g_ptr_array_unref (self->findings[i]);
      g_object_unref (self->studies[i]);
      g_free (self->headlines[i]);
    }
  g_ptr_array_unref (self->facts);
  g_ptr_array_unref (self->steps);
  g_free (self);
}

guint
qs_comparison_get_n (QsComparison *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->n;
}

QsStudy *
qs_comparison_get_study (QsComparison *self, guint of)
{
  g_return_val_if_fail (self != NULL && of < self->n, NULL);
  return self->studies[of];
}

char *
qs_comparison_dup_name (QsComparison *self, guint of)
{
  g_return_val_if_fail (self != NULL && of < self->n, NULL);

  QsTrace *trace = qs_study_get_trace (self->studies[of]);
  const char *title = qs_trace_get_title (trace);
  gint64 origin = qs_trace_get_origin (trace);
  g_autoptr (GDateTime) started = origin > 0 ? g_date_time_new_from_unix_local (origin / NSEC_PER_SEC) : NULL;
  g_autofree char *escaped =
      qs_text_escape (title != NULL ? title : qs_study_get_evidence (self->studies[of])->host, -1);
  g_autofree char *date = started != NULL ? g_date_time_format (started, "%Y-%m-%d %H:%M:%S") : NULL;
  return date != NULL ? g_strdup_printf ("%s · %s", escaped, date) : g_steal_pointer (&escaped);
}

gint64
qs_comparison_get_start (QsComparison *self, guint of)
{
  g_return_val_if_fail (self != NULL && of < self->n, 0);
  return qs_comparison_start_of (self->studies[of]);
}

const char *
qs_comparison_get_headline (QsComparison *self)
{
  return qs_comparison_get_headline_of (self, 1);
}

const char *
qs_comparison_get_headline_of (QsComparison *self, guint other)
{
  g_return_val_if_fail (self != NULL && other > 0 && other < self->n, NULL);
  return self->headlines[other];
}

GPtrArray *
qs_comparison_get_steps (QsComparison *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->steps;
}

GPtrArray *
qs_comparison_get_facts (QsComparison *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->facts;
}

GPtrArray *
qs_comparison_get_findings (QsComparison *self, guint of)
{
  g_return_val_if_fail (self != NULL && of < self->n, NULL);
  return self->findings[of];
}
