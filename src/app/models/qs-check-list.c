/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-check-list.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-slice.h"

struct _QsCheckList {
  GObject parent;
  GtkListStore *store;
  QsExamination *examination;
  const QsCardRecord *earlier;
  guint shown, category;
  char **words;     /* folded */
  GPtrArray *texts; /* char *: what is searched, by result; NULL: to be made */
  GArray *rows;     /* int: of each result; -1: it is not shown */
  int headings[QS_N_CATEGORIES];
  guint n_shown;
  GArray *dirty; /* guint: results whose rows are to be made again */
  GSource *slice;
};

enum { RESET, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsCheckList, qs_check_list, G_TYPE_OBJECT)

static const struct {
  const char *icon_name;
  const char *css_class;
} states[QS_CHECK_N_STATES] = {
  [QS_CHECK_NOT_TESTED] = { "action-unavailable-symbolic", "qs-neutral" },
  [QS_CHECK_PASS] = { "emblem-ok-symbolic", "qs-ok" },
  [QS_CHECK_INFO] = { "dialog-information-symbolic", "qs-info" },
  [QS_CHECK_CONTESTED] = { "dialog-question-symbolic", "qs-info" },
  [QS_CHECK_WARN] = { "dialog-warning-symbolic", "qs-warning-icon" },
  [QS_CHECK_FAIL] = { "dialog-error-symbolic", "qs-error" },
  [QS_CHECK_STATE_WAITING] = { "content-loading-symbolic", "qs-neutral" },
};

const char *
qs_check_state_icon_name (guint state)
{
  g_return_val_if_fail (state < QS_CHECK_N_STATES, NULL);

  return states[state].icon_name;
}

const char *
qs_check_state_css_class (guint state)
{
  g_return_val_if_fail (state < QS_CHECK_N_STATES, NULL);

  return states[state].css_class;
}

static guint
state_of (const QsCheckResult *result)
{
  return result->done ? result->judgement.verdict : QS_CHECK_STATE_WAITING;
}

/* --- What is shown ---------------------------------------------------------------------- */

static const char *
search_text (QsCheckList *self, guint index)
{
  const QsCheckResult *result = qs_examination_get_result (self->examination, index);

  if (index >= self->texts->len)
    g_ptr_array_set_size (self->texts, (int) index + 1);
  if (self->texts->pdata[index] == NULL)
    {
      g_autofree char *text = g_strjoin ("\n", result->check->id, _ (result->check->title), result->check->reference,
                                         result->judgement.text != NULL ? result->judgement.text : "", NULL);
      self->texts->pdata[index] = g_utf8_casefold (text, -1);
    }
  return self->texts->pdata[index];
}

static gboolean
has_changed (QsCheckList *self, const QsCheckResult *result)
{
  QsCardChange change;

  if (self->earlier == NULL || !result->done)
    return FALSE;
  change = qs_card_record_compare (self->earlier, result);
  return change != QS_CARD_SAME && change != QS_CARD_NEW;
}

static gboolean
has_verdict (QsCheckList *self, const QsCheckResult *result)
{
  switch (self->shown)
    {
    case QS_CHECKS_ALL:
      return TRUE;
    case QS_CHECKS_FAULTS:
      return result->done && result->judgement.verdict >= QS_CHECK_CONTESTED;
    case QS_CHECKS_CHANGED:
      return has_changed (self, result);
    default:
      return result->done && result->judgement.verdict == self->shown - QS_CHECKS_OF_VERDICT;
    }
}

static gboolean
matches (QsCheckList *self, guint index)
{
  const QsCheckResult *result = qs_examination_get_result (self->examination, index);

  if ((self->category != QS_N_CATEGORIES && result->check->category != self->category) || !has_verdict (self, result))
    return FALSE;
  for (guint i = 0; self->words != NULL && self->words[i] != NULL; i++)
    if (strstr (search_text (self, index), self->words[i]) == NULL)
      return FALSE;
  return TRUE;
}

/* --- Rows ------------------------------------------------------------------------------- */

/* "12 of 24" while there are some to come; then what there is to say of those that are done. */
static char *
category_words (QsCheckList *self, QsCheckCategory category)
{
  guint n = 0, n_done = 0, counts[QS_CHECK_N_VERDICTS] = { 0 };

  for (guint i = 0; i < qs_examination_get_n_results (self->examination); i++)
    {
      const QsCheckResult *result = qs_examination_get_result (self->examination, i);
      if (result->check->category != category)
        continue;
      n++;
      n_done += result->done;
      if (result->done)
        counts[result->judgement.verdict]++;
    }
  if (n_done < n)
    return g_strdup_printf (_ ("%u of %u"), n_done, n);
  for (guint i = QS_CHECK_FAIL; i >= QS_CHECK_WARN; i--)
    if (counts[i] > 0)
      return g_strdup_printf ("%s: %u", qs_check_verdict_title (i), counts[i]);
  return counts[QS_CHECK_NOT_TESTED] == n ? g_strdup (qs_check_verdict_title (QS_CHECK_NOT_TESTED))
                                          : g_strdup_printf ("%u", n);
}

static char *
change_words (QsCheckList *self, const QsCheckResult *result)
{
  QsCheckVerdict before;

  if (!result->done || self->earlier == NULL)
    return NULL;
  if (!qs_card_record_get_verdict (self->earlier, result->check->id, &before))
    return g_strdup (_ ("new"));
  /* Translators: the verdict of a check on an earlier card: "was: fail" */
  return before != result->judgement.verdict ? g_strdup_printf (_ ("was: %s"), qs_check_verdict_title (before)) : NULL;
}

static void
fill_row (QsCheckList *self, GtkTreeIter *iter, guint index)
{
  const QsCheckResult *result = qs_examination_get_result (self->examination, index);
  guint state = state_of (result);
  g_autofree char *change = change_words (self, result);

  gtk_list_store_set (self->store, iter, QS_CHECK_COLUMN_TITLE, _ (result->check->title), QS_CHECK_COLUMN_VERDICT,
                      state < QS_CHECK_N_VERDICTS ? qs_check_verdict_title (state) : "", QS_CHECK_COLUMN_CHANGE, change,
                      QS_CHECK_COLUMN_ID, result->check->id, QS_CHECK_COLUMN_INDEX, (int) index, QS_CHECK_COLUMN_STATE,
                      (int) state, QS_CHECK_COLUMN_WEIGHT, PANGO_WEIGHT_NORMAL, -1);
}

static void
fill_heading (QsCheckList *self, GtkTreeIter *iter, QsCheckCategory category)
{
  g_autofree char *words = category_words (self, category);

  gtk_list_store_set (self->store, iter, QS_CHECK_COLUMN_TITLE, qs_check_category_title (category),
                      QS_CHECK_COLUMN_VERDICT, words, QS_CHECK_COLUMN_INDEX, -1, QS_CHECK_COLUMN_STATE, -1,
                      QS_CHECK_COLUMN_WEIGHT, PANGO_WEIGHT_BOLD, -1);
}

static void
add_category (QsCheckList *self, QsCheckCategory category, int *n_rows)
{
  GtkTreeIter iter;

  for (guint i = 0; i < qs_examination_get_n_results (self->examination); i++)
    {
      if (qs_examination_get_result (self->examination, i)->check->category != category || !matches (self, i))
        continue;
      if (self->headings[category] < 0)
        {
          self->headings[category] = (*n_rows)++;
          gtk_list_store_append (self->store, &iter);
          fill_heading (self, &iter, category);
        }
      g_array_index (self->rows, int, i) = (*n_rows)++;
      gtk_list_store_append (self->store, &iter);
      fill_row (self, &iter, i);
      self->n_shown++;
    }
}

static void
make_rows (QsCheckList *self)
{
  guint n = self->examination != NULL ? qs_examination_get_n_results (self->examination) : 0;
  int n_rows = 0;

  g_clear_object (&self->store); /* a view that still has it is not told of each row that goes */
  self->store = gtk_list_store_new (QS_CHECK_N_COLUMNS, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING,
                                    G_TYPE_INT, G_TYPE_INT, G_TYPE_INT);
  g_array_set_size (self->rows, n);
  for (guint i = 0; i < n; i++)
    g_array_index (self->rows, int, i) = -1;
  self->n_shown = 0;
  g_array_set_size (self->dirty, 0);
  for (guint i = 0; i < QS_N_CATEGORIES; i++)
    {
      self->headings[i] = -1;
      if (n > 0)
        add_category (self, i, &n_rows);
    }
  g_signal_emit (self, signals[RESET], 0);
}

static gboolean
iter_at (QsCheckList *self, int row, GtkTreeIter *iter)
{
  return row >= 0 && gtk_tree_model_iter_nth_child (GTK_TREE_MODEL (self->store), iter, NULL, row);
}

/* What is shown depends on what came of it, and a check may be there that nobody knew of. */
static gboolean
is_misplaced (QsCheckList *self, guint index)
{
  return index >= self->rows->len || (g_array_index (self->rows, int, index) >= 0) != matches (self, index);
}

static void
update_row (QsCheckList *self, guint index)
{
  QsCheckCategory category = qs_examination_get_result (self->examination, index)->check->category;
  GtkTreeIter iter;

  if (iter_at (self, g_array_index (self->rows, int, index), &iter))
    fill_row (self, &iter, index);
  if (iter_at (self, self->headings[category], &iter))
    fill_heading (self, &iter, category);
}

/* A hundred results come at once when a card is stopped. */
static gboolean
update_cb (gint64 deadline, gpointer data)
{
  QsCheckList *self = data;

  while (self->dirty->len > 0)
    {
      guint index = g_array_index (self->dirty, guint, self->dirty->len - 1);
      if (is_misplaced (self, index))
        {
          make_rows (self);
          break;
        }
      g_array_set_size (self->dirty, self->dirty->len - 1);
      update_row (self, index);
      if (g_get_monotonic_time () >= deadline && self->dirty->len > 0)
        return G_SOURCE_CONTINUE;
    }
  g_clear_pointer (&self->slice, g_source_unref);
  return G_SOURCE_REMOVE;
}

/* --- GObject ---------------------------------------------------------------------------- */

static void
qs_check_list_finalize (GObject *object)
{
  QsCheckList *self = QS_CHECK_LIST (object);

  g_clear_object (&self->store);
  g_clear_object (&self->examination);
  g_clear_pointer (&self->words, g_strfreev);
  g_ptr_array_unref (self->texts);
  g_array_unref (self->rows);
  g_array_unref (self->dirty);
  if (self->slice != NULL)
    g_source_destroy (self->slice);
  g_clear_pointer (&self->slice, g_source_unref);
  G_OBJECT_CLASS (qs_check_list_parent_class)->finalize (object);
}

static void
qs_check_list_class_init (QsCheckListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = qs_check_list_finalize;
  signals[RESET] = g_signal_new ("reset", QS_TYPE_CHECK_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_check_list_init (QsCheckList *self)
{
  self->category = QS_N_CATEGORIES;
  self->texts = g_ptr_array_new_with_free_func (g_free);
  self->rows = g_array_new (FALSE, TRUE, sizeof (int));
  self->dirty = g_array_new (FALSE, FALSE, sizeof (guint));
  make_rows (self);
}

QsCheckList *
qs_check_list_new (void)
{
  return g_object_new (QS_TYPE_CHECK_LIST, NULL);
}

GtkTreeModel *
qs_check_list_get_model (QsCheckList *self)
{
  g_return_val_if_fail (QS_IS_CHECK_LIST (self), NULL);

  return GTK_TREE_MODEL (self->store);
}

void
qs_check_list_set_card (QsCheckList *self, QsExamination *examination, const QsCardRecord *earlier)
{
  g_return_if_fail (QS_IS_CHECK_LIST (self));

  guint n = examination != NULL ? qs_examination_get_n_results (examination) : 0;
  if (examination == self->examination && earlier == self->earlier && n == self->rows->len)
    return;
  g_set_object (&self->examination, examination);
  self->earlier = earlier;
  g_ptr_array_set_size (self->texts, 0);
  make_rows (self);
}

void
qs_check_list_filter (QsCheckList *self, guint shown, guint category, const char *words)
{
  g_return_if_fail (QS_IS_CHECK_LIST (self) && words != NULL);

  g_autofree char *folded = g_utf8_casefold (words, -1);
  self->shown = shown;
  self->category = category;
  g_strfreev (self->words);
  self->words = g_strsplit (folded, " ", -1);
  make_rows (self);
}

void
qs_check_list_update (QsCheckList *self, guint index)
{
  g_return_if_fail (QS_IS_CHECK_LIST (self) && self->examination != NULL);

  if (index < self->texts->len)
    g_clear_pointer (&self->texts->pdata[index], g_free);
  g_array_append_val (self->dirty, index);
  if (self->slice == NULL)
    self->slice = qs_slice_add (NULL, "[quicscope] checks", update_cb, self, NULL);
}

gboolean
qs_check_list_is_compared (QsCheckList *self)
{
  g_return_val_if_fail (QS_IS_CHECK_LIST (self), FALSE);

  return self->earlier != NULL;
}

guint
qs_check_list_get_n_shown (QsCheckList *self)
{
  g_return_val_if_fail (QS_IS_CHECK_LIST (self), 0);

  return self->n_shown;
}

gboolean
qs_check_list_find (QsCheckList *self, guint index, GtkTreeIter *iter)
{
  g_return_val_if_fail (QS_IS_CHECK_LIST (self), FALSE);

  return index < self->rows->len && iter_at (self, g_array_index (self->rows, int, index), iter);
}

guint
qs_check_list_count_changes (QsCheckList *self, QsCardChange change)
{
  g_return_val_if_fail (QS_IS_CHECK_LIST (self), 0);

  guint n = 0;
  if (self->examination == NULL || self->earlier == NULL)
    return 0;
  for (guint i = 0; i < qs_examination_get_n_results (self->examination); i++)
    {
      const QsCheckResult *result = qs_examination_get_result (self->examination, i);
      n += result->done && qs_card_record_compare (self->earlier, result) == change;
    }
  return n;
}
