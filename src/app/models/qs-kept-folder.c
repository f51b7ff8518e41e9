/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-kept-folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/qs-error.h"
#include "base/qs-i18n.h"
#include "formats/qs-file-writer.h"
#include "formats/qs-trace-save.h"

#define LOCK "lock"

/* What was written of a trace. */
typedef struct {
  char *name;
  guint n_records, n_marks;
  guint64 size;
} Recording;

/* Of a run; while it is held so is the run: another one at its address would pass for it. */
typedef struct {
  QsRun *run;
  Recording own, other;
} Entry;

struct _QsKeptFolder {
  GObject parent;
  char *path;
  int lock; /* -1: none yet */
  guint serial;
  GHashTable *entries; /* QsRun to Entry */
  guint n_left_out;
  gboolean writing;
};

G_DEFINE_FINAL_TYPE (QsKeptFolder, qs_kept_folder, G_TYPE_OBJECT)

static void
entry_free (gpointer data)
{
  Entry *self = data;

  g_object_unref (self->run);
  g_free (self->own.name);
  g_free (self->other.name);
  g_free (self);
}

static QsTrace *
get_other (QsRun *run)
{
  QsTraceJoin *join = qs_run_get_join (run);

  return join != NULL ? qs_trace_join_get_other (join) : NULL;
}

static gboolean
is_current (const Recording *recording, QsTrace *trace)
{
  if (trace == NULL)
    return recording->name == NULL;
  return recording->name != NULL && recording->n_records == qs_trace_get_n_records (trace) &&
         recording->n_marks == qs_trace_get_n_marks (trace);
}

static guint64
get_total (QsKeptFolder *self)
{
  GHashTableIter iter;
  gpointer value;
  guint64 total = 0;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    total += ((Entry *) value)->own.size + ((Entry *) value)->other.size;
  return total;
}

/* --- Writing: the recordings one after the other, then the list --- */

typedef struct {
  GPtrArray *runs;
  guint at;
  gboolean other; /* of runs[at] */
  char *name;     /* that is being written */
  guint n_records, n_marks;
  GPtrArray *list;    /* QsKeptRun */
  GHashTable *wanted; /* names of files */
} Writing;

static void
writing_free (gpointer data)
{
  Writing *self = data;

  g_ptr_array_unref (self->runs);
  g_free (self->name);
  g_clear_pointer (&self->list, g_ptr_array_unref);
  g_clear_pointer (&self->wanted, g_hash_table_unref);
  g_free (self);
}

static void write_on (GTask *task);

static void
end (GTask *task, GError *error)
{
  QsKeptFolder *self = g_task_get_source_object (task);

  self->writing = FALSE;
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static int
open_locked (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, LOCK, NULL);
  int lock = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  if (lock >= 0 && flock (lock, LOCK_EX | LOCK_NB) == 0)
    return lock;
  int code = errno;
  if (lock >= 0)
    close (lock);
  errno = code;
  return -1;
}

/* It has its name only when it is locked: who looks for sessions that are over never sees it without. */
static int
make_locked (const char *path)
{
  g_autofree char *above = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *hidden = g_strdup_printf (".%s.new", name);
  g_autofree char *aside = g_build_filename (above, hidden, NULL);
  int lock = -1;

  if (g_mkdir_with_parents (aside, 0700) == 0)
    lock = open_locked (aside);
  if (lock >= 0 && g_rename (aside, path) == 0)
    return lock;
  int code = errno;
  if (lock >= 0)
    close (lock);
  qs_kept_folder_remove (aside);
  errno = code;
  return -1;
}

gboolean
qs_kept_folder_make (QsKeptFolder *self, GError **error)
{
  g_return_val_if_fail (QS_IS_KEPT_FOLDER (self), FALSE);

  if (self->lock < 0)
    self->lock = make_locked (self->path);
  if (self->lock >= 0)
    return TRUE;
  int code = errno;
  g_set_error (error, G_IO_ERROR, (int) g_io_error_from_errno (code), _ ("“%s” cannot be written to: %s"), self->path,
               g_strerror (code));
  return FALSE;
}

static Entry *
get_entry (QsKeptFolder *self, QsRun *run)
{
  Entry *entry = g_hash_table_lookup (self->entries, run);

  if (entry != NULL)
    return entry;
  entry = g_new0 (Entry, 1);
  entry->run = g_object_ref (run);
  g_hash_table_insert (self->entries, run, entry);
  return entry;
}

/* --- The list, in a thread --- */

/* A recording that was being written aside when its writer was killed: ".NAME.xxxxxx" (formats/qs-file-writer.h). */
static gboolean
is_left_aside (const char *name)
{
  const char *end = strrchr (name, '.');
  g_autofree char *inner = *name == '.' && end > name + 1 ? g_strndup (name + 1, (gsize) (end - name - 1)) : NULL;

  return inner != NULL && qs_kept_is_name (inner);
}

static void
remove_unwanted (const char *folder, GHashTable *wanted)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      if ((qs_kept_is_name (name) || is_left_aside (name)) && !g_hash_table_contains (wanted, name))
        g_remove (path);
    }
}

static void
list_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  QsKeptFolder *self = source;
  Writing *writing = data;
  g_autofree char *path = g_build_filename (self->path, QS_KEPT_LIST, NULL);
  g_autofree char *text = qs_kept_runs_to_text (writing->list);
  GError *error = NULL;

  if (!qs_file_write (path, 0600, text, strlen (text), &error))
    {
      g_task_return_error (task, error);
      return;
    }
  remove_unwanted (self->path, writing->wanted);
  g_task_return_boolean (task, TRUE);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  g_task_propagate_boolean (G_TASK (result), &error);
  end (data, error);
}

static void
want (GHashTable *wanted, const char *name)
{
  if (name != NULL)
    g_hash_table_add (wanted, g_strdup (name));
}

static gboolean
is_gone_cb (gpointer run, gpointer value, gpointer runs)
{
  return !g_ptr_array_find (runs, run, NULL);
}

static void
write_list (GTask *task)
{
  QsKeptFolder *self = g_task_get_source_object (task);
  Writing *writing = g_task_get_task_data (task);

  g_hash_table_foreach_remove (self->entries, is_gone_cb, writing->runs);
  writing->list = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_kept_run_free);
  writing->wanted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  want (writing->wanted, QS_KEPT_LIST);
  want (writing->wanted, LOCK);
  self->n_left_out = 0;
  for (guint i = 0; i < writing->runs->len; i++)
    {
      const Entry *entry = g_hash_table_lookup (self->entries, writing->runs->pdata[i]);
      if (entry == NULL || entry->own.name == NULL)
        {
          self->n_left_out++;
          continue;
        }
      QsKeptRun *kept = qs_run_dup_kept (entry->run);
      kept->recording = g_strdup (entry->own.name);
      kept->other = g_strdup (entry->other.name);
      want (writing->wanted, entry->own.name);
      want (writing->wanted, entry->other.name);
      g_ptr_array_add (writing->list, kept);
    }

  GTask *listing = g_task_new (self, g_task_get_cancellable (task), listed_cb, task);
  g_task_set_task_data (listing, writing, NULL); /* which task holds */
  g_task_run_in_thread (listing, list_thread);
  g_object_unref (listing);
}

/* --- The recordings --- */

static void
advance (Writing *writing)
{
  writing->at += writing->other;
  writing->other = !writing->other;
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  QsKeptFolder *self = g_task_get_source_object (task);
  Writing *writing = g_task_get_task_data (task);
  GError *error = NULL;

  if (!qs_trace_save_finish (QS_TRACE (source), result, &error) &&
      !g_error_matches (error, QS_ERROR, QS_ERROR_UNSUPPORTED))
    {
      end (task, error);
      return;
    }
  if (error == NULL)
    {
      Entry *entry = get_entry (self, writing->runs->pdata[writing->at]);
      Recording *recording = writing->other ? &entry->other : &entry->own;
      g_autofree char *path = g_build_filename (self->path, writing->name, NULL);
      GStatBuf info;
      g_free (recording->name);
      recording->name = g_steal_pointer (&writing->name);
      recording->n_records = writing->n_records;
      recording->n_marks = writing->n_marks;
      recording->size = g_stat (path, &info) == 0 ? (guint64) info.st_size : 0;
    }
  g_clear_error (&error); /* nothing of it can be written: it is left out */
  advance (writing);
  write_on (task);
}

/* A trace of a log has packets without bytes. */
static QsTraceFormat
get_format (QsTrace *trace)
{
  return qs_trace_get_n_datagrams (trace) == 0 && qs_trace_get_n_packets (trace) > 0 ? QS_TRACE_FORMAT_SQLOG
                                                                                     : QS_TRACE_FORMAT_PCAPNG;
}

/* FALSE: nothing is to be written of it. */
static gboolean
write_recording (GTask *task)
{
  QsKeptFolder *self = g_task_get_source_object (task);
  Writing *writing = g_task_get_task_data (task);
  QsRun *run = writing->runs->pdata[writing->at];
  QsTrace *trace = writing->other ? get_other (run) : qs_run_get_trace (run);
  const Entry *entry = g_hash_table_lookup (self->entries, run);

  if (trace == NULL || (entry != NULL && is_current (writing->other ? &entry->other : &entry->own, trace)) ||
      get_total (self) + qs_trace_get_payload_kept (trace) >= QS_KEPT_FOLDER_MOST_BYTES)
    return FALSE;
  QsTraceFormat format = get_format (trace);
  g_free (writing->name);
  writing->name = g_strdup_printf ("%s-%u.%s", writing->other ? "other" : "run", ++self->serial,
                                   format == QS_TRACE_FORMAT_PCAPNG ? "pcapng" : "sqlog");
  writing->n_records = qs_trace_get_n_records (trace);
  writing->n_marks = qs_trace_get_n_marks (trace);
  g_autofree char *path = g_build_filename (self->path, writing->name, NULL);
  qs_trace_save_async (trace, path, format, g_task_get_cancellable (task), written_cb, task);
  return TRUE;
}

static void
write_on (GTask *task)
{
  Writing *writing = g_task_get_task_data (task);

  for (; writing->at < writing->runs->len; advance (writing))
    if (write_recording (task))
      return;
  write_list (task);
}

/* --- Public --- */

static void
qs_kept_folder_finalize (GObject *object)
{
  QsKeptFolder *self = QS_KEPT_FOLDER (object);

  if (self->lock >= 0)
    close (self->lock);
  g_hash_table_unref (self->entries);
  g_free (self->path);
  G_OBJECT_CLASS (qs_kept_folder_parent_class)->finalize (object);
}

static void
qs_kept_folder_class_init (QsKeptFolderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = qs_kept_folder_finalize;
}

static void
qs_kept_folder_init (QsKeptFolder *self)
{
  self->lock = -1;
  self->entries = g_hash_table_new_full (NULL, NULL, NULL, entry_free);
}

QsKeptFolder *
qs_kept_folder_new (const char *path)
{
  g_return_val_if_fail (path != NULL, NULL);

  QsKeptFolder *self = g_object_new (QS_TYPE_KEPT_FOLDER, NULL);
  self->path = g_strdup (path);
  return self;
}

char *
qs_kept_folder_dup_base (const char *kind)
{
  return g_build_filename (g_get_user_state_dir (), "quicscope", kind, NULL);
}

QsKeptFolder *
qs_kept_folder_new_below (const char *base)
{
  g_return_val_if_fail (base != NULL, NULL);

  static gint serial;
  g_autofree char *name = g_strdup_printf ("s%" G_GINT64_MODIFIER "x-%d-%d", g_get_real_time (), (int) getpid (),
                                           g_atomic_int_add (&serial, 1) + 1);
  g_autofree char *path = g_build_filename (base, name, NULL);

  return qs_kept_folder_new (path);
}

const char *
qs_kept_folder_get_path (QsKeptFolder *self)
{
  g_return_val_if_fail (QS_IS_KEPT_FOLDER (self), NULL);

  return self->path;
}

void
qs_kept_folder_write_async (QsKeptFolder *self, GPtrArray *runs, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer data)
{
  g_return_if_fail (QS_IS_KEPT_FOLDER (self) && runs != NULL && runs->len <= QS_KEPT_MOST_RUNS);

  GTask *task = g_task_new (self, cancellable, callback, data);
  Writing *writing = g_new0 (Writing, 1);
  GError *error = NULL;

  writing->runs = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < runs->len; i++)
    g_ptr_array_add (writing->runs, g_object_ref (runs->pdata[i]));
  g_task_set_task_data (task, writing, writing_free);
  if (self->writing)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING, "Pending");
      g_object_unref (task);
      return;
    }
  self->writing = TRUE;
  if (qs_kept_folder_make (self, &error))
    write_on (task);
  else
    end (task, error);
}

gboolean
qs_kept_folder_write_finish (QsKeptFolder *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
qs_kept_folder_is_writing (QsKeptFolder *self)
{
  g_return_val_if_fail (QS_IS_KEPT_FOLDER (self), FALSE);

  return self->writing;
}

guint
qs_kept_folder_get_n_left_out (QsKeptFolder *self)
{
  g_return_val_if_fail (QS_IS_KEPT_FOLDER (self), 0);

  return self->n_left_out;
}

char **
qs_kept_folder_dup_names (QsKeptFolder *self)
{
  g_return_val_if_fail (QS_IS_KEPT_FOLDER (self), NULL);

  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  GHashTableIter iter;
  gpointer value;

  g_strv_builder_add (builder, QS_KEPT_LIST);
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Entry *entry = value;
      if (entry->own.name == NULL)
        continue;
      g_strv_builder_add (builder, entry->own.name);
      if (entry->other.name != NULL)
        g_strv_builder_add (builder, entry->other.name);
    }
  return g_strv_builder_end (builder);
}

gboolean
qs_kept_folder_is_stale (QsKeptFolder *self, GPtrArray *runs)
{
  g_return_val_if_fail (QS_IS_KEPT_FOLDER (self) && runs != NULL, FALSE);

  gboolean stale = runs->len - MIN (runs->len, self->n_left_out) != g_hash_table_size (self->entries);

  for (guint i = 0; i < runs->len && !stale; i++)
    {
      const Entry *entry = g_hash_table_lookup (self->entries, runs->pdata[i]);
      stale = entry != NULL && (!is_current (&entry->own, qs_run_get_trace (runs->pdata[i])) ||
                                !is_current (&entry->other, get_other (runs->pdata[i])));
    }
  return stale;
}

/* --- Those of before --- */

void
qs_kept_folder_remove (const char *path)
{
  g_return_if_fail (path != NULL);

  g_autoptr (GHashTable) nothing = g_hash_table_new (g_str_hash, g_str_equal);
  remove_unwanted (path, nothing);
  g_rmdir (path);
}

/* Whether somebody writes it. */
static gboolean
is_locked (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, LOCK, NULL);
  int lock = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0);
  gboolean locked = lock >= 0 && flock (lock, LOCK_SH | LOCK_NB) != 0;

  if (lock >= 0)
    close (lock);
  return locked;
}

/* Names of folders of ours; what else stands there is not looked at. */
static char *
next_folder (GDir *dir, const char *base)
{
  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (base, name, NULL);
      GStatBuf info;
      if (qs_kept_is_name (name) && g_lstat (path, &info) == 0 && S_ISDIR (info.st_mode) && info.st_uid == getuid () &&
          !is_locked (path))
        return g_steal_pointer (&path);
    }
  return NULL;
}

typedef struct {
  char *path;
  gint64 time; /* of its list; -1: there is none */
} Found;

static void
found_clear (gpointer data)
{
  g_free (((Found *) data)->path);
}

static int
newest_first (gconstpointer a, gconstpointer b)
{
  const Found *first = a, *second = b;

  return (first->time < second->time) - (first->time > second->time);
}

static gint64
get_time (const char *folder)
{
  g_autofree char *list = g_build_filename (folder, QS_KEPT_LIST, NULL);
  GStatBuf info;

  if (g_lstat (list, &info) != 0 || !S_ISREG (info.st_mode))
    return -1;
  return (gint64) info.st_mtim.tv_sec * G_USEC_PER_SEC + info.st_mtim.tv_nsec / 1000;
}

/* The newest first, those without a list last. */
static GArray *
find_all (const char *base)
{
  g_autoptr (GDir) dir = g_dir_open (base, 0, NULL);
  GArray *all = g_array_new (FALSE, FALSE, sizeof (Found));

  g_array_set_clear_func (all, found_clear);
  for (char *path; (path = next_folder (dir, base)) != NULL;)
    {
      Found found = { path, get_time (path) };
      g_array_append_val (all, found);
    }
  g_array_sort (all, newest_first);
  return all;
}

char **
qs_kept_folder_find_all (const char *base)
{
  g_return_val_if_fail (base != NULL, NULL);

  g_autoptr (GArray) all = find_all (base);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < all->len && g_array_index (all, Found, i).time >= 0; i++)
    g_strv_builder_add (builder, g_array_index (all, Found, i).path);
  return g_strv_builder_end (builder);
}

void
qs_kept_folder_prune (const char *base, guint n_kept)
{
  g_return_if_fail (base != NULL);

  g_autoptr (GArray) all = find_all (base);

  for (guint i = 0; i < all->len; i++)
    {
      const Found *found = &g_array_index (all, Found, i);
      if (i >= n_kept || found->time < 0)
        qs_kept_folder_remove (found->path);
    }
}
