/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-compared.h"

struct _QsCompared {
  GObject parent;
  GListModel *list;
  GPtrArray *runs; /* QsRun */
};

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsCompared, qs_compared, G_TYPE_OBJECT)

static gboolean
is_listed (QsCompared *self, QsRun *run)
{
  for (guint i = 0; i < g_list_model_get_n_items (self->list); i++)
    {
      g_autoptr (QsRun) item = g_list_model_get_item (self->list, i);
      if (item == run)
        return TRUE;
    }
  return FALSE;
}

static void
items_changed_cb (QsCompared *self)
{
  guint before = self->runs->len;

  for (guint i = self->runs->len; i > 0; i--)
    if (!is_listed (self, self->runs->pdata[i - 1]))
      g_ptr_array_remove_index (self->runs, i - 1);
  if (self->runs->len < 2)
    g_ptr_array_set_size (self->runs, 0);
  if (self->runs->len != before)
    g_signal_emit (self, signals[CHANGED], 0);
}

static void
qs_compared_finalize (GObject *object)
{
  QsCompared *self = QS_COMPARED (object);

  g_signal_handlers_disconnect_by_data (self->list, self);
  g_object_unref (self->list);
  g_ptr_array_unref (self->runs);
  G_OBJECT_CLASS (qs_compared_parent_class)->finalize (object);
}

static void
qs_compared_class_init (QsComparedClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = qs_compared_finalize;
  signals[CHANGED] = g_signal_new ("changed", QS_TYPE_COMPARED, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_compared_init (QsCompared *self)
{
  self->runs = g_ptr_array_new_with_free_func (g_object_unref);
}

QsCompared *
qs_compared_new (GListModel *runs)
{
  g_return_val_if_fail (G_IS_LIST_MODEL (runs), NULL);

  QsCompared *self = g_object_new (QS_TYPE_COMPARED, NULL);
  self->list = g_object_ref (runs);
  g_signal_connect_swapped (runs, "items-changed", G_CALLBACK (items_changed_cb), self);
  return self;
}

void
qs_compared_set (QsCompared *self, QsRun *const *runs, guint n)
{
  g_return_if_fail (QS_IS_COMPARED (self) && (runs != NULL || n == 0));

  n = n < 2 ? 0 : MIN (n, QS_COMPARISON_MOST);
  gboolean same = n == self->runs->len;
  for (guint i = 0; i < n && same; i++)
    same = self->runs->pdata[i] == runs[i];
  if (same)
    return;
  g_autoptr (GPtrArray) wanted = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (wanted, g_object_ref (runs[i]));
  g_ptr_array_unref (self->runs);
  self->runs = g_steal_pointer (&wanted);
  g_signal_emit (self, signals[CHANGED], 0);
}

guint
qs_compared_get_n (QsCompared *self)
{
  g_return_val_if_fail (QS_IS_COMPARED (self), 0);

  return self->runs->len;
}

QsRun *
qs_compared_get_run (QsCompared *self, guint of)
{
  g_return_val_if_fail (QS_IS_COMPARED (self) && of < self->runs->len, NULL);

  return self->runs->pdata[of];
}

/* The better one is, the higher; 0: it will not do. */
static guint
fitness (QsRun *run, QsRun *other, gboolean good)
{
  QsStudy *study = qs_run_get_study (other);
  gboolean is_good = !qs_run_is_active (other) && qs_study_is_good (study);
  gboolean same_host =
      g_strcmp0 (qs_study_get_target (study)->host, qs_study_get_target (qs_run_get_study (run))->host) == 0;

  if (other == run || (good && !is_good))
    return 0;
  return 1 + (same_host ? 1 : 0) + (is_good ? 2 : 0);
}

QsRun *
qs_compared_find_other (QsCompared *self, QsRun *run, gboolean good)
{
  g_return_val_if_fail (QS_IS_COMPARED (self) && QS_IS_RUN (run), NULL);

  QsRun *best = NULL;
  guint most = 0;

  for (guint i = 0; i < g_list_model_get_n_items (self->list); i++)
    {
      g_autoptr (QsRun) other = g_list_model_get_item (self->list, i);
      guint fits = fitness (run, other, good);
      if (fits == 0 || fits < most)
        continue;
      most = fits;  /* of as good ones the last */
      best = other; /* the list holds it */
    }
  return best;
}

QsComparison *
qs_compared_dup_comparison (QsCompared *self)
{
  g_return_val_if_fail (QS_IS_COMPARED (self), NULL);

  QsStudy *studies[QS_COMPARISON_MOST];
  if (self->runs->len == 0)
    return NULL;
  for (guint i = 0; i < self->runs->len; i++)
    studies[i] = qs_run_get_study (self->runs->pdata[i]);
  return qs_comparison_new_of (studies, self->runs->len);
}
