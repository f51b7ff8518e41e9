/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/qs-connection-table.h"

#include "study/qs-study-file.h"
#include "study/qs-study-private.h"
#include "trace/qs-trace-budget.h"

#define MAX_HELD (QS_PROGRAM_BUDGET / 2) /* bytes of all traces: above, the oldest that have settled are let go of */
#define DROPPED_AT_ONCE 64

typedef struct {
  QsTrace *trace; /* NULL: let go of */
  GWeakRef study; /* QsStudy */
  QsStudy *held;  /* of a table that grows */
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

  gboolean grows;
  guint first;       /* index of the first entry */
  guint n_held;      /* entries with their packets */
  guint n_let_go;    /* all that there were */
  guint next_let_go; /* index: those before are let go of, or were passed over for they had not settled */
};

enum { ROW, ADDED, DROPPED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsConnectionTable, qs_connection_table, G_TYPE_OBJECT)

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_clear_object (&entry->trace);
  g_clear_object (&entry->held);
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
  signals[ADDED] = g_signal_new ("added", QS_TYPE_CONNECTION_TABLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                 1, G_TYPE_UINT);
  signals[DROPPED] = g_signal_new ("dropped", QS_TYPE_CONNECTION_TABLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, G_TYPE_UINT);
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
  return self->first + self->entries->len;
}

static Entry *
get_entry (QsConnectionTable *self, guint index)
{
  return self->entries->pdata[index - self->first];
}

static gboolean
has_entry (QsConnectionTable *self, guint index)
{
  return index >= self->first && index - self->first < self->entries->len;
}

const QsConnectionRow *
qs_connection_table_get_row (QsConnectionTable *self, guint index)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (self), NULL);
  return has_entry (self, index) ? get_entry (self, index)->row : NULL;
}

guint
qs_connection_table_get_n_known (QsConnectionTable *self)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (self), 0);
  return self->grows ? qs_connection_table_get_length (self) : self->n_known;
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
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (self), NULL);

  Entry *entry = has_entry (self, index) ? get_entry (self, index) : NULL;
  QsStudy *study = entry != NULL ? g_weak_ref_get (&entry->study) : NULL;
  if (study != NULL || entry == NULL || entry->trace == NULL)
    return study;
  qs_trace_forget_derived (entry->trace);
  study = qs_study_new (entry->trace, NULL);
  const QsStudySource source = { self->path, qs_trace_get_format (entry->trace), index + 1, self->entries->len };
  qs_study_set_source (study, &source);
  g_weak_ref_set (&entry->study, study);
  return study;
}

/* --- One that grows --- */

QsConnectionTable *
qs_connection_table_new_growing (const char *path)
{
  g_return_val_if_fail (path != NULL, NULL);

  QsConnectionTable *self = g_object_new (QS_TYPE_CONNECTION_TABLE, NULL);
  self->path = g_strdup (path);
  self->grows = TRUE;
  return self;
}

gboolean
qs_connection_table_is_growing (QsConnectionTable *self)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (self), FALSE);
  return self->grows;
}

/* Whoever looks at it has its study still. */
static void
let_go_of (QsConnectionTable *self, guint index)
{
  Entry *entry = get_entry (self, index);

  if (entry->held == NULL)
    return;
  g_clear_object (&entry->held);
  g_clear_object (&entry->trace);
  entry->row->let_go = TRUE;
  self->n_held--;
  self->n_let_go++;
}

static gboolean
holds_too_much (QsConnectionTable *self)
{
  return self->n_held > QS_CONNECTION_TABLE_MOST_HELD || (self->n_held > 1 && qs_trace_get_program_held () > MAX_HELD);
}

static void
let_go_of_oldest (QsConnectionTable *self)
{
  guint end = qs_connection_table_get_length (self);
  gboolean passed = FALSE;

  for (guint i = MAX (self->next_let_go, self->first); i + 1 < end && holds_too_much (self); i++)
    {
      Entry *entry = get_entry (self, i);
      if (entry->row->settled && entry->held != NULL)
        {
          let_go_of (self, i);
          g_signal_emit (self, signals[ROW], 0, i);
        }
      passed |= entry->held != NULL;
      if (!passed)
        self->next_let_go = i + 1;
    }
}

static void
drop_oldest (QsConnectionTable *self)
{
  if (self->entries->len < QS_CONNECTION_TABLE_MOST_ROWS + DROPPED_AT_ONCE)
    return;
  for (guint i = 0; i < DROPPED_AT_ONCE; i++)
    let_go_of (self, self->first + i);
  g_ptr_array_remove_range (self->entries, 0, DROPPED_AT_ONCE);
  self->first += DROPPED_AT_ONCE;
  g_signal_emit (self, signals[DROPPED], 0, DROPPED_AT_ONCE);
}

guint
qs_connection_table_add (QsConnectionTable *self, QsStudy *study)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (self) && self->grows && QS_IS_STUDY (study), QS_CONNECTION_NONE);

  guint index = qs_connection_table_get_length (self);
  Entry *entry = g_new0 (Entry, 1);
  const QsStudySource source = { self->path, qs_trace_get_format (qs_study_get_trace (study)), index + 1, index + 1 };
  qs_study_set_source (study, &source);
  entry->trace = g_object_ref (qs_study_get_trace (study));
  entry->held = g_object_ref (study);
  g_weak_ref_init (&entry->study, study);
  entry->row = qs_connection_row_new (entry->trace, index + 1);
  entry->row->watched = TRUE;
  g_ptr_array_add (self->entries, entry);
  self->n_held++;
  g_signal_emit (self, signals[ADDED], 0, index);
  drop_oldest (self);
  let_go_of_oldest (self);
  return index;
}

void
qs_connection_table_look (QsConnectionTable *self, guint index, gboolean has_keys)
{
  g_return_if_fail (QS_IS_CONNECTION_TABLE (self) && self->grows);

  Entry *entry = has_entry (self, index) ? get_entry (self, index) : NULL;
  if (entry == NULL || entry->held == NULL)
    return;
  if (!qs_study_is_claimed (entry->held))
    qs_study_look (entry->held, qs_trace_now (entry->trace));
  entry->row->has_keys = has_keys;
  qs_connection_row_read (entry->row, entry->held);
  if (!entry->row->good && entry->row->settled && self->fault == QS_CONNECTION_NONE)
    self->fault = index;
  g_signal_emit (self, signals[ROW], 0, index);
  if (entry->row->settled)
    let_go_of_oldest (self);
}

guint
qs_connection_table_get_first (QsConnectionTable *self)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (self), 0);
  return self->first;
}

guint
qs_connection_table_get_n_let_go (QsConnectionTable *self)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (self), 0);
  return self->n_let_go;
}

guint
qs_connection_table_get_n_keyless (QsConnectionTable *self)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (self), 0);

  guint n = 0;
  for (guint i = 0; i < self->entries->len; i++)
    n += !((Entry *) self->entries->pdata[i])->row->has_keys;
  return n;
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
      if (!qs_trace_join_finish_until (self->join, deadline))
        return FALSE;
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
