/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/qs-connection-table.h"

#include "study/qs-study-file.h"
#include "study/qs-study-private.h"

typedef struct {
  QsTrace *trace;
  GWeakRef study; /* QsStudy */
  QsConnectionRow *row;
} Entry;

struct _QsConnectionTable {
  GObject parent;
  char *path;
  GPtrArray *entries; /* Entry */
  guint n_known;
  guint fault;
  QsStudy *study;    /* of the row that is being made */
  GPtrArray *few;    /* QsStudy: all of them, where they may be recordings of one connection */
  QsTraceJoin *join; /* of two ends, under way */
  guint one;
  gboolean done;
};

enum { ROW, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsConnectionTable, qs_connection_table, G_TYPE_OBJECT)

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_object_unref (entry->trace);
  g_weak_ref_clear (&entry->study);
  qs_connection_row_free (entry->row);
  g_free (entry);
}

static void
qs_connection_table_finalize (GObject *object)
{
  QsConnectionTable *self = QS_CONNECTION_TABLE (object);

  g_clear_object (&self->study);
  g_clear_pointer (&self->few, g_ptr_array_unref);
  g_clear_pointer (&self->join, qs_trace_join_unref);
  g_ptr_array_unref (self->entries);
  g_free (self->path);
  G_OBJECT_CLASS (qs_connection_table_parent_class)->finalize (object);
}

static void
qs_connection_table_class_init (QsConnectionTableClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = qs_connection_table_finalize;
  signals[ROW] = g_signal_new ("row", QS_TYPE_CONNECTION_TABLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                               G_TYPE_UINT);
}

static void
qs_connection_table_init (QsConnectionTable *self)
{
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->fault = self->one = QS_CONNECTION_NONE;
}

QsConnectionTable *
qs_connection_table_new (GPtrArray *traces, const char *path)
{
  g_return_val_if_fail (traces != NULL && path != NULL, NULL);

  QsConnectionTable *self = g_object_new (QS_TYPE_CONNECTION_TABLE, NULL);
  self->path = g_strdup (path);
  for (guint i = 0; i < traces->len; i++)
    {
      Entry *entry = g_new0 (Entry, 1);
      entry->trace = g_object_ref (traces->pdata[i]);
      g_weak_ref_init (&entry->study, NULL);
      entry->row = qs_connection_row_new (entry->trace, i + 1);
      g_ptr_array_add (self->entries, entry);
    }
  if (traces->len > 1 && traces->len <= QS_STUDY_FILE_MOST_OF_ONE)
    self->few = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

const char *
qs_connection_table_get_path (QsConnectionTable *self)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (self), NULL);
  return self->path;
}

guint
qs_connection_table_get_length (QsConnectionTable *self)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (self), 0);
  return self->entries->len;
}

const QsConnectionRow *
qs_connection_table_get_row (QsConnectionTable *self, guint index)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (self) && index < self->entries->len, NULL);
  return ((Entry *) self->entries->pdata[index])->row;
}

guint
qs_connection_table_get_n_known (QsConnectionTable *self)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (self), 0);
  return self->n_known;
}

guint
qs_connection_table_get_fault (QsConnectionTable *self)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (self), QS_CONNECTION_NONE);
  return self->fault;
}

guint
qs_connection_table_get_one (QsConnectionTable *self)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (self), QS_CONNECTION_NONE);
  return self->one;
}

QsStudy *
qs_connection_table_dup_study (QsConnectionTable *self, guint index)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (self) && index < self->entries->len, NULL);

  Entry *entry = self->entries->pdata[index];
  QsStudy *study = g_weak_ref_get (&entry->study);
  if (study != NULL)
    return study;
  qs_trace_forget_derived (entry->trace);
  study = qs_study_new (entry->trace, NULL);
  const QsStudySource source = { self->path, qs_trace_get_format (entry->trace), index + 1, self->entries->len };
  qs_study_set_source (study, &source);
  g_weak_ref_set (&entry->study, study);
  return study;
}

/* --- Reading on --- */

/* What nobody looks at is held no longer than for its row: packets take more room than the bytes that they came in. */
static void
let_go (QsConnectionTable *self, Entry *entry)
{
  if (self->few != NULL)
    g_ptr_array_add (self->few, g_object_ref (self->study));
  g_clear_object (&self->study);
  g_autoptr (QsStudy) held = g_weak_ref_get (&entry->study);
  if (held == NULL)
    qs_trace_forget_derived (entry->trace);
}

/* FALSE: the deadline came first. */
static gboolean
read_row (QsConnectionTable *self, gint64 deadline)
{
  guint index = self->n_known;
  Entry *entry = self->entries->pdata[index];

  if (self->study == NULL)
    self->study = qs_connection_table_dup_study (self, index);
  if (!qs_study_advance (self->study, deadline))
    return FALSE;
  qs_connection_row_read (entry->row, self->study);
  self->n_known++;
  if (!entry->row->good && self->fault == QS_CONNECTION_NONE)
    self->fault = index;
  let_go (self, entry);
  g_signal_emit (self, signals[ROW], 0, index);
  return TRUE;
}

static guint
find_index (QsConnectionTable *self, QsStudy *study)
{
  return study != NULL ? qs_study_get_source (study)->connection - 1 : QS_CONNECTION_NONE;
}

static gboolean
find_one (QsConnectionTable *self, gint64 deadline)
{
  QsStudy *ends[2];

  if (self->join == NULL && qs_study_file_find_ends (self->few, ends))
    self->join = qs_study_file_begin_join (ends[0], qs_study_get_trace (ends[1]));
  if (self->join != NULL)
    {
      if (!qs_trace_join_advance (self->join, deadline))
        return FALSE;
      qs_trace_join_finish (self->join);
      if (qs_trace_join_check (self->join, NULL) && qs_study_file_find_ends (self->few, ends))
        {
          qs_study_set_join (ends[0], self->join);
          self->one = find_index (self, ends[0]);
        }
    }
  if (self->one == QS_CONNECTION_NONE)
    self->one = find_index (self, qs_study_file_find_race (self->few));
  return TRUE;
}

gboolean
qs_connection_table_advance (QsConnectionTable *self, gint64 deadline)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (self), TRUE);

  while (self->n_known < self->entries->len)
    {
      if (!read_row (self, deadline) || (deadline != 0 && g_get_monotonic_time () >= deadline))
        return FALSE;
    }
  if (!self->done && self->few != NULL && !find_one (self, deadline))
    return FALSE;
  self->done = TRUE;
  return TRUE;
}
