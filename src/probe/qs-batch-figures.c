/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/qs-batch-figures.h"

#include <string.h>

/* From here on a histogram's columns grow. */
#define WIDE_RANGE 10
#define NARROWEST G_GINT64_CONSTANT (1000) /* ns, of a column */

typedef struct {
  GArray *ns; /* gint64; NULL: none */
  gboolean sorted;
  gint64 sum;
} Sample;

struct _QsBatchFigures {
  guint n[QS_N_BATCH_OUTCOMES];
  Sample samples[QS_N_BATCH_TIMES];
  GHashTable *findings; /* id -> QsFindingCount; NULL: none */
  gint64 last_started;
  QsBatchOutcome last_outcome;
};

static void
finding_count_free (gpointer data)
{
  QsFindingCount *count = data;

  g_free (count->title);
  g_free (count);
}

QsBatchFigures *
qs_batch_figures_new (void)
{
  return g_new0 (QsBatchFigures, 1);
}

void
qs_batch_figures_free (QsBatchFigures *self)
{
  for (guint i = 0; i < QS_N_BATCH_TIMES; i++)
    g_clear_pointer (&self->samples[i].ns, g_array_unref);
  g_clear_pointer (&self->findings, g_hash_table_unref);
  g_free (self);
}

static void
add_sample (Sample *sample, gint64 ns)
{
  if (sample->ns == NULL)
    sample->ns = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_array_append_val (sample->ns, ns);
  sample->sum += ns;
  sample->sorted = FALSE;
}

static void
add_finding (QsBatchFigures *self, const QsBatchFinding *finding, gint64 started)
{
  if (self->findings == NULL)
    self->findings = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, finding_count_free);
  QsFindingCount *count = g_hash_table_lookup (self->findings, finding->id);
  if (count == NULL)
    {
      count = g_new0 (QsFindingCount, 1);
      *count = (QsFindingCount){ finding->id, finding->severity, g_strdup (finding->title), 0, started, started };
      g_hash_table_insert (self->findings, (gpointer) count->id, count);
    }
  count->n++;
  count->severity = MIN (count->severity, finding->severity);
  count->first = MIN (count->first, started);
  count->last = MAX (count->last, started);
}

void
qs_batch_figures_add (QsBatchFigures *self, const QsBatchResult *result)
{
  g_return_if_fail (self != NULL && result != NULL);

  self->n[result->outcome]++;
  if (result->outcome == QS_BATCH_STOPPED)
    return;
  if (result->started >= self->last_started)
    {
      self->last_started = result->started;
      self->last_outcome = result->outcome;
    }
  for (guint i = 0; i < result->n_findings; i++)
    add_finding (self, &result->findings[i], result->started);
  for (guint i = 0; result->outcome == QS_BATCH_OK && i < QS_N_BATCH_TIMES; i++)
    if (result->times[i] >= 0)
      add_sample (&self->samples[i], result->times[i]);
}

guint
qs_batch_figures_get_n (QsBatchFigures *self, QsBatchOutcome outcome)
{
  g_return_val_if_fail (self != NULL && outcome < QS_N_BATCH_OUTCOMES, 0);
  return self->n[outcome];
}

guint
qs_batch_figures_get_n_judged (QsBatchFigures *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->n[QS_BATCH_OK] + self->n[QS_BATCH_FAILED];
}

double
qs_batch_figures_get_success_rate (QsBatchFigures *self)
{
  guint judged = qs_batch_figures_get_n_judged (self);

  return judged > 0 ? (double) self->n[QS_BATCH_OK] / judged : 0;
}

gint64
qs_batch_figures_get_last_started (QsBatchFigures *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->last_started;
}

QsBatchOutcome
qs_batch_figures_get_last_outcome (QsBatchFigures *self)
{
  g_return_val_if_fail (self != NULL, QS_BATCH_STOPPED);
  return self->last_outcome;
}

/* --- Times --- */

static int
compare_ns (gconstpointer a, gconstpointer b)
{
  gint64 left = *(const gint64 *) a, right = *(const gint64 *) b;

  return left < right ? -1 : left > right;
}

/* In order; NULL where there are none. */
static const gint64 *
sorted (QsBatchFigures *self, QsBatchTime time, guint *n)
{
  Sample *sample = &self->samples[time];

  *n = sample->ns != NULL ? sample->ns->len : 0;
  if (*n == 0)
    return NULL;
  if (!sample->sorted)
    g_array_sort (sample->ns, compare_ns);
  sample->sorted = TRUE;
  return (const gint64 *) sample->ns->data;
}

/* Nearest rank. */
static gint64
percentile (const gint64 *ns, guint n, guint of_hundred)
{
  guint rank = (guint) (((guint64) n * of_hundred + 99) / 100);

  return ns[MAX (rank, 1) - 1];
}

void
qs_batch_figures_get_spread (QsBatchFigures *self, QsBatchTime time, QsSpread *spread)
{
  g_return_if_fail (self != NULL && time < QS_N_BATCH_TIMES && spread != NULL);

  guint n;
  const gint64 *ns = sorted (self, time, &n);
  *spread = (QsSpread){ 0 };
  if (n == 0)
    return;
  spread->n = n;
  spread->least = ns[0];
  spread->p50 = percentile (ns, n, 50);
  spread->p90 = percentile (ns, n, 90);
  spread->p95 = percentile (ns, n, 95);
  spread->p99 = percentile (ns, n, 99);
  spread->most = ns[n - 1];
  spread->mean = self->samples[time].sum / n;
}

gint64
qs_batch_figures_get_sum (QsBatchFigures *self, QsBatchTime time)
{
  g_return_val_if_fail (self != NULL && time < QS_N_BATCH_TIMES, 0);
  return self->samples[time].sum;
}

/* How many of these are below the bound. */
static guint
count_below (const gint64 *ns, guint n, gint64 bound)
{
  guint low = 0, high = n;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      if (ns[middle] < bound)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

guint
qs_batch_figures_count_within (QsBatchFigures *self, QsBatchTime time, gint64 bound)
{
  g_return_val_if_fail (self != NULL && time < QS_N_BATCH_TIMES, 0);

  guint n;
  const gint64 *ns = sorted (self, time, &n);
  return bound < G_MAXINT64 ? count_below (ns, n, bound + 1) : n;
}

/* --- Histograms --- */

/* The numbers 1, 2 and 5 times a power of ten: the next one above. */
static gint64
next_round (gint64 round)
{
  gint64 power = 1;

  while (round / power >= 10)
    power *= 10;
  gint64 digit = round / power;
  return digit < 2 ? 2 * power : digit < 5 ? 5 * power : 10 * power;
}

static void
add_bin (GArray *bins, gint64 from, gint64 to, const gint64 *ns, guint n)
{
  QsBin bin = { from, to, count_below (ns, n, to) - count_below (ns, n, from) };

  g_array_append_val (bins, bin);
}

/* All as wide: the least round width with which they are not too many. */
static void
fill_even (GArray *bins, const gint64 *ns, guint n, guint most)
{
  gint64 width = NARROWEST;

  while (ns[n - 1] / width - ns[0] / width + 1 > most)
    width = next_round (width);
  for (gint64 at = ns[0] / width; at <= ns[n - 1] / width; at++)
    add_bin (bins, at * width, (at + 1) * width, ns, n);
}

/* Of a wide range: from one round number to the next, and where that makes too many, the last one takes the rest. */
static void
fill_growing (GArray *bins, const gint64 *ns, guint n, guint most)
{
  gint64 from = NARROWEST;

  while (next_round (from) <= ns[0])
    from = next_round (from);
  if (ns[0] < from)
    from = 0;
  while (from <= ns[n - 1])
    {
      gint64 to = from > 0 ? next_round (from) : NARROWEST;
      if (bins->len + 1 == most)
        while (to <= ns[n - 1])
          to = next_round (to);
      add_bin (bins, from, to, ns, n);
      from = to;
    }
}

GArray *
qs_batch_figures_make_histogram (QsBatchFigures *self, QsBatchTime time, guint most)
{
  g_return_val_if_fail (self != NULL && time < QS_N_BATCH_TIMES && most >= 2, NULL);

  GArray *bins = g_array_new (FALSE, FALSE, sizeof (QsBin));
  guint n;
  const gint64 *ns = sorted (self, time, &n);
  if (n == 0)
    return bins;
  if (ns[n - 1] / WIDE_RANGE >= MAX (ns[0], NARROWEST))
    fill_growing (bins, ns, n, most);
  else
    fill_even (bins, ns, n, most);
  return bins;
}

/* --- Findings --- */

static int
compare_findings (gconstpointer a, gconstpointer b)
{
  const QsFindingCount *left = *(QsFindingCount **) a, *right = *(QsFindingCount **) b;

  if (left->severity != right->severity)
    return left->severity < right->severity ? -1 : 1;
  if (left->n != right->n)
    return left->n > right->n ? -1 : 1;
  return strcmp (left->id, right->id);
}

GPtrArray *
qs_batch_figures_list_findings (QsBatchFigures *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;
  if (self->findings == NULL)
    return list;
  g_hash_table_iter_init (&iter, self->findings);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (list, value);
  g_ptr_array_sort (list, compare_findings);
  return list;
}
