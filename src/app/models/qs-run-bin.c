/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-run-bin.h"

typedef struct {
  QsRun *run;
  guint position; /* before any of them was taken out */
} Forgotten;

struct _QsRunBin {
  GObject parent;
  GArray *runs; /* Forgotten, by position */
};

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsRunBin, qs_run_bin, G_TYPE_OBJECT)

static void
forgotten_clear (gpointer data)
{
  g_clear_object (&((Forgotten *) data)->run);
}

static void
qs_run_bin_finalize (GObject *object)
{
  g_array_unref (QS_RUN_BIN (object)->runs);
  G_OBJECT_CLASS (qs_run_bin_parent_class)->finalize (object);
}

static void
qs_run_bin_class_init (QsRunBinClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = qs_run_bin_finalize;
  signals[CHANGED] = g_signal_new ("changed", QS_TYPE_RUN_BIN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_run_bin_init (QsRunBin *self)
{
  self->runs = g_array_new (FALSE, FALSE, sizeof (Forgotten));
  g_array_set_clear_func (self->runs, forgotten_clear);
}

QsRunBin *
qs_run_bin_new (void)
{
  return g_object_new (QS_TYPE_RUN_BIN, NULL);
}

static int
by_position (gconstpointer a, gconstpointer b)
{
  const Forgotten *one = a, *other = b;

  return one->position < other->position ? -1 : one->position > other->position;
}

void
qs_run_bin_take (QsRunBin *self, GListStore *list, QsRun *const *runs, guint n)
{
  g_return_if_fail (QS_IS_RUN_BIN (self) && G_IS_LIST_STORE (list) && (runs != NULL || n == 0));

  g_array_set_size (self->runs, 0);
  for (guint i = 0; i < n; i++)
    {
      Forgotten forgotten = { 0 };
      if (!g_list_store_find (list, runs[i], &forgotten.position))
        continue;
      forgotten.run = g_object_ref (runs[i]);
      g_array_append_val (self->runs, forgotten);
    }
  g_array_sort (self->runs, by_position);
  for (guint i = self->runs->len; i > 0; i--)
    g_list_store_remove (list, g_array_index (self->runs, Forgotten, i - 1).position);
  g_signal_emit (self, signals[CHANGED], 0);
}

QsRun *
qs_run_bin_restore (QsRunBin *self, GListStore *list)
{
  g_return_val_if_fail (QS_IS_RUN_BIN (self) && G_IS_LIST_STORE (list), NULL);

  QsRun *first = self->runs->len > 0 ? g_object_ref (g_array_index (self->runs, Forgotten, 0).run) : NULL;
  for (guint i = 0; i < self->runs->len; i++)
    {
      const Forgotten *forgotten = &g_array_index (self->runs, Forgotten, i);
      guint n = g_list_model_get_n_items (G_LIST_MODEL (list));
      g_list_store_insert (list, MIN (forgotten->position, n), forgotten->run);
    }
  qs_run_bin_clear (self);
  return first;
}

guint
qs_run_bin_get_n (QsRunBin *self)
{
  g_return_val_if_fail (QS_IS_RUN_BIN (self), 0);

  return self->runs->len;
}

QsRun *
qs_run_bin_get_run (QsRunBin *self, guint index)
{
  g_return_val_if_fail (QS_IS_RUN_BIN (self) && index < self->runs->len, NULL);

  return g_array_index (self->runs, Forgotten, index).run;
}

void
qs_run_bin_clear (QsRunBin *self)
{
  g_return_if_fail (QS_IS_RUN_BIN (self));

  if (self->runs->len == 0)
    return;
  g_array_set_size (self->runs, 0);
  g_signal_emit (self, signals[CHANGED], 0);
}
