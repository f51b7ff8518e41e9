/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-trace.h"

#include <string.h>

#include "trace/qs-trace-private.h"

#define DEFAULT_PAYLOAD_LIMIT (64u << 20)
#define SMALL_CHUNK (256u << 10)
#define LARGE_CHUNK (2u << 20)
#define MAX_AHEAD 8
#define TRUNCATED_LENGTH 64
#define SHORT_LENGTH 256 /* of a run with a budget: what is no longer is kept whole */
#define SIGNAL_INTERVAL_US 16000

enum { GROWN, DERIVED, N_SIGNALS };

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsTrace, qs_trace, G_TYPE_OBJECT)

/* --- Signals, gathered --- */

static void
notify (QsTrace *self)
{
  g_source_set_ready_time (&self->source->source, -1);

  /* What is appended from here on arms the source anew; what came before is told of below. */
  g_mutex_lock (&self->lock);
  self->last_signal = g_get_monotonic_time ();
  gboolean grown = self->grown_armed;
  gboolean derived = self->derived_armed;
  self->grown_armed = self->derived_armed = FALSE;
  g_mutex_unlock (&self->lock);

  if (grown)
    g_signal_emit (self, signals[GROWN], 0);
  if (derived)
    g_signal_emit (self, signals[DERIVED], 0);
}

static gboolean
notify_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  g_autoptr (QsTrace) trace = g_weak_ref_get (&((QsTraceSource *) source)->trace);

  if (trace == NULL)
    return G_SOURCE_REMOVE;
  notify (trace);
  return G_SOURCE_CONTINUE;
}

static void
notify_finalize (GSource *source)
{
  g_weak_ref_clear (&((QsTraceSource *) source)->trace);
}

static GSourceFuncs notify_funcs = { NULL, NULL, notify_dispatch, notify_finalize, NULL, NULL };

static void
attach_source (QsTrace *self)
{
  GSource *source = g_source_new (&notify_funcs, sizeof (QsTraceSource));

  self->source = (QsTraceSource *) source;
  g_weak_ref_init (&self->source->trace, self);
  g_source_set_static_name (source, "[quicscope] trace");
  g_source_attach (source, g_main_context_get_thread_default ());
}

/* Called with the lock held: takes it off, and wakes the owner when nobody has yet. */
static void
unlock_and_arm (QsTrace *self, gboolean *armed)
{
  gboolean wake = !self->grown_armed && !self->derived_armed;
  gint64 ready = self->last_signal + SIGNAL_INTERVAL_US;

  *armed = TRUE;
  g_mutex_unlock (&self->lock);
  if (wake)
    g_source_set_ready_time (&self->source->source, MAX (ready, 0));
}

/* --- Storage, with the lock held --- */

/* How many large chunks to have ready: a trace that has grown will grow on, at most by as much again. What a fast download
 * fills while the other thread waits for its turn must be there already. Of a small one none: a tap may have hundreds of them, and what is ready
 * takes its memory, as it has been touched. */
static guint
count_chunks_ahead (QsTrace *self)
{
  guint64 kept = self->payload_kept;

  if (kept < LARGE_CHUNK)
    return 0;
  if (kept >= self->payload_limit) /* headers alone are to come */
    return 1;
  return (guint) MIN (kept / LARGE_CHUNK + 1, MIN (MAX_AHEAD, (self->payload_limit - kept) / LARGE_CHUNK + 1));
}

/* Most of what it costs to record a datagram is the kernel's fault for a fresh page. So the chunks of a trace that has
 * grown a little are huge pages, which another thread makes ready: to wait for one here would hold the main loop for
 * milliseconds. */
static guint8 *
new_payload_chunk (QsTrace *self, gsize length)
{
  gsize size = (MAX (length, SMALL_CHUNK) + 4095) / 4096 * 4096;
  guint8 *chunk = length <= LARGE_CHUNK ? qs_spare_take (self->spare) : NULL;

  if (chunk != NULL)
    size = LARGE_CHUNK;
  else
    chunk = g_aligned_alloc (1, size, 4096);
  if (self->payload->len > 0)
    qs_spare_order (self->spare, count_chunks_ahead (self));
  g_ptr_array_add (self->payload, chunk);
  self->payload_left = size;
  return chunk;
}

static guint8 *
reserve (QsTrace *self, gsize length)
{
  if (length == 0)
    return NULL;
  if (length > self->payload_left)
    self->payload_at = new_payload_chunk (self, length);

  guint8 *at = self->payload_at;
  self->payload_at += length;
  self->payload_left -= length;
  return at;
}

static gpointer
reserve_aligned (QsTrace *self, gsize length)
{
  const guintptr mask = sizeof (gpointer) - 1;
  guint8 *at = reserve (self, length + mask);

  return (gpointer) (((guintptr) at + mask) & ~mask);
}

static gint64
bound_time (gint64 time)
{
  return CLAMP (time, -QS_TRACE_MAX_TIME, QS_TRACE_MAX_TIME);
}

static QsStoredRecord *
append_record (QsTrace *self, QsRecordKind kind, gint64 time, guint *index)
{
  *index = self->records.length;
  if (qs_chunks_is_full (&self->records))
    qs_chunks_add_chunk (&self->records, reserve_aligned (self, qs_chunks_get_chunk_size (&self->records)));

  QsStoredRecord *record = qs_chunks_append (&self->records);
  memset (record, 0, sizeof *record);
  record->kind = kind;
  record->time = bound_time (time);
  return record;
}

static gboolean
must_cut (QsTrace *self, gsize length)
{
  gsize most = self->budget.limit != 0 ? SHORT_LENGTH : TRUNCATED_LENGTH;

  return length > most &&
         (self->payload_kept + length > self->payload_limit || qs_budget_is_half_spent (&self->budget, length));
}

static gboolean
lies_in_file (QsTrace *self, const void *bytes, gsize length)
{
  return self->held != NULL && length > 0 && qs_mapped_file_contains (self->held, bytes, length);
}

/* One packet is to come of each. FALSE: it is counted, and that is all. */
static gboolean
take_room (QsTrace *self, const void *bytes, gsize length)
{
  gsize kept = lies_in_file (self, bytes, length) ? 0 : must_cut (self, length) ? TRUNCATED_LENGTH : length;

  self->n_datagrams++;
  if (qs_budget_take (&self->budget, sizeof (QsStoredRecord) + sizeof (QsPacket) + kept))
    return TRUE;
  self->budget.not_kept.datagrams++;
  self->budget.not_kept.bytes += length;
  g_mutex_unlock (&self->lock);
  return FALSE;
}

static void
store_bytes (QsTrace *self, QsStoredRecord *record, const void *bytes, gsize length)
{
  gsize kept = length;

  record->length = record->kept = (guint32) length;
  if (lies_in_file (self, bytes, length))
    {
      record->bytes = bytes;
      self->payload_held += length;
      return;
    }
  if (must_cut (self, length))
    {
      kept = TRUNCATED_LENGTH;
      self->n_truncated++;
    }

  guint8 *at = reserve (self, kept);
  if (kept > 0)
    memcpy (at, bytes, kept);
  self->payload_kept += kept;
  record->bytes = at;
  record->kept = (guint32) kept;
}

/* --- GObject --- */

static void
mark_clear (QsMark *mark)
{
  g_free (mark->text);
  g_clear_pointer (&mark->bytes, g_bytes_unref);
}

static void
path_free (gpointer data)
{
  QsPath *path = data;

  g_clear_object (&path->local);
  g_clear_object (&path->remote);
  g_free (path);
}

void
qs_trace_clear_payload_source (QsTrace *self)
{
  if (self->source_destroy != NULL)
    self->source_destroy (self->source_data);
  self->payload_func = NULL;
  self->frames_func = NULL;
  self->stream_func = NULL;
  self->source_data = NULL;
  self->source_destroy = NULL;
}

static void
qs_trace_dispose (GObject *object)
{
  qs_trace_clear_payload_source (QS_TRACE (object));
  G_OBJECT_CLASS (qs_trace_parent_class)->dispose (object);
}

static void
qs_trace_finalize (GObject *object)
{
  QsTrace *self = QS_TRACE (object);

  g_source_destroy (&self->source->source);
  g_source_unref (&self->source->source);
  for (guint i = 0; i < self->marks.length; i++)
    mark_clear (&((QsStoredMark *) qs_chunks_get (&self->marks, i))->mark);
  qs_chunks_clear (&self->records);
  qs_chunks_clear (&self->marks);
  qs_chunks_clear (&self->packets);
  g_ptr_array_unref (self->paths);
  g_ptr_array_unref (self->payload);
  qs_spare_free (self->spare);
  qs_budget_clear (&self->budget);
  g_clear_pointer (&self->held, qs_mapped_file_unref);
  g_clear_pointer (&self->messages, g_ptr_array_unref);
  g_clear_pointer (&self->http3, qs_http3_pieces_free);
  g_clear_pointer (&self->metrics, qs_metrics_free);
  g_hash_table_unref (self->facts);
  g_clear_object (&self->clock);
  g_free (self->title);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (qs_trace_parent_class)->finalize (object);
}

static void
qs_trace_class_init (QsTraceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = qs_trace_dispose;
  object_class->finalize = qs_trace_finalize;
  signals[GROWN] = g_signal_new ("grown", QS_TYPE_TRACE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[DERIVED] = g_signal_new ("derived", QS_TYPE_TRACE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_trace_init (QsTrace *self)
{
  g_mutex_init (&self->lock);
  qs_chunks_init (&self->records, sizeof (QsStoredRecord));
  qs_chunks_init (&self->marks, sizeof (QsStoredMark));
  qs_chunks_init (&self->packets, sizeof (QsPacket));
  self->paths = g_ptr_array_new_with_free_func (path_free);
  self->payload = g_ptr_array_new_with_free_func (g_aligned_free);
  self->spare = qs_spare_new (LARGE_CHUNK);
  self->facts = g_hash_table_new (g_direct_hash, g_direct_equal);
  self->payload_limit = DEFAULT_PAYLOAD_LIMIT;
  attach_source (self);
}

QsTrace *
qs_trace_new (QsVantage vantage, QsClock *clock)
{
  QsTrace *self = g_object_new (QS_TYPE_TRACE, NULL);

  self->vantage = vantage;
  self->clock = g_object_ref (clock != NULL ? clock : qs_clock_get_real ());
  self->origin = qs_clock_now (self->clock);
  return self;
}

QsVantage
qs_trace_get_vantage (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), QS_VANTAGE_CLIENT);
  return self->vantage;
}

gint64
qs_trace_get_origin (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), 0);
  return self->origin;
}

void
qs_trace_set_origin (QsTrace *self, gint64 origin_ns)
{
  g_return_if_fail (QS_IS_TRACE (self) && self->records.length == 0);
  self->origin = CLAMP (origin_ns, 0, G_GINT64_CONSTANT (1) << 62);
}

gint64
qs_trace_now (QsTrace *self)
{
  return qs_clock_now (self->clock) - self->origin;
}

void
qs_trace_set_title (QsTrace *self, const char *title)
{
  g_return_if_fail (QS_IS_TRACE (self));

  char *copy = g_strdup (title);
  g_free (self->title);
  self->title = copy;
}

void
qs_trace_set_from_file (QsTrace *self)
{
  g_return_if_fail (QS_IS_TRACE (self));

  self->from_file = TRUE;
}

gboolean
qs_trace_is_from_file (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), FALSE);

  return self->from_file;
}

void
qs_trace_set_format (QsTrace *self, const char *format)
{
  g_return_if_fail (QS_IS_TRACE (self));

  self->format = g_intern_string (format);
}

const char *
qs_trace_get_format (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), NULL);

  return self->format;
}

const char *
qs_trace_get_title (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), NULL);
  return self->title;
}

/* --- Appending --- */

gboolean
qs_trace_keeps_little (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), FALSE);

  g_mutex_lock (&self->lock);
  gboolean little = self->payload_limit < DEFAULT_PAYLOAD_LIMIT;
  g_mutex_unlock (&self->lock);
  return little;
}

static gboolean
address_equal (GSocketAddress *a, GSocketAddress *b)
{
  if (a == NULL || b == NULL || a == b)
    return a == b;

  gssize size = g_socket_address_get_native_size (a);
  if (size <= 0 || size != g_socket_address_get_native_size (b))
    return FALSE;

  g_autofree guint8 *native_a = g_malloc0 (size);
  g_autofree guint8 *native_b = g_malloc0 (size);
  return g_socket_address_to_native (a, native_a, size, NULL) && g_socket_address_to_native (b, native_b, size, NULL) &&
         memcmp (native_a, native_b, size) == 0;
}

guint16
qs_trace_add_path (QsTrace *self, GSocketAddress *local, GSocketAddress *remote)
{
  g_return_val_if_fail (QS_IS_TRACE (self), 0);

  guint found;

  g_mutex_lock (&self->lock);
  for (found = 0; found < self->paths->len; found++)
    {
      QsPath *path = g_ptr_array_index (self->paths, found);
      if (address_equal (path->local, local) && address_equal (path->remote, remote))
        break;
    }
  if (found == self->paths->len && found < G_MAXUINT16)
    {
      QsPath *path = g_new0 (QsPath, 1);
      g_set_object (&path->local, local);
      g_set_object (&path->remote, remote);
      g_ptr_array_add (self->paths, path);
    }
  g_mutex_unlock (&self->lock);
  return (guint16) MIN (found, G_MAXUINT16 - 1);
}

guint
qs_trace_add_datagram (QsTrace *self, gint64 time, QsDirection direction, guint16 path, guint8 ecn, QsFate fate,
                       const void *bytes, gsize length)
{
  g_return_val_if_fail (length <= G_MAXUINT32 && (bytes != NULL || length == 0), 0);

  guint index;

  g_mutex_lock (&self->lock);
  if (!take_room (self, bytes, length))
    return G_MAXUINT;
  QsStoredRecord *record = append_record (self, QS_RECORD_DATAGRAM, time, &index);
  record->direction = direction;
  record->path = path;
  record->ecn = ecn & 3;
  record->fate = fate;
  store_bytes (self, record, bytes, length);
  unlock_and_arm (self, &self->grown_armed);
  return index;
}

void
qs_trace_set_wire_length (QsTrace *self, guint index, guint32 length)
{
  g_mutex_lock (&self->lock);
  QsStoredRecord *record = qs_chunks_get (&self->records, index);
  if (length > record->length)
    {
      self->n_truncated += record->kept == record->length;
      record->length = length;
    }
  g_mutex_unlock (&self->lock);
}

guint
qs_trace_add_segment (QsTrace *self, gint64 time, QsDirection direction, guint16 path, const void *bytes, gsize length)
{
  g_return_val_if_fail (length <= G_MAXUINT32 && (bytes != NULL || length == 0), 0);

  guint index;

  g_mutex_lock (&self->lock);
  if (!take_room (self, bytes, length))
    return G_MAXUINT;
  QsStoredRecord *record = append_record (self, QS_RECORD_SEGMENT, time, &index);
  record->direction = direction;
  record->path = path;
  store_bytes (self, record, bytes, length);
  unlock_and_arm (self, &self->grown_armed);
  return index;
}

guint
qs_trace_add_secret (QsTrace *self, gint64 time, const char *key_log_line)
{
  g_return_val_if_fail (key_log_line != NULL, 0);

  gsize length = strcspn (key_log_line, "\r\n");
  guint index;

  g_mutex_lock (&self->lock);
  QsStoredRecord *record = append_record (self, QS_RECORD_SECRET, time, &index);
  guint8 *at = reserve (self, length + 1); /* ends in NUL, for readers' ease */
  memcpy (at, key_log_line, length);
  at[length] = '\0';
  record->bytes = at;
  record->length = record->kept = (guint32) length;
  self->n_secrets++;
  unlock_and_arm (self, &self->grown_armed);
  return index;
}

guint
qs_trace_add_mark (QsTrace *self, QsMarkKind kind, const char *name, gint64 value, const char *text)
{
  QsMark mark = { .kind = kind, .name = name, .text = g_strdup (text), .value = value, .stream = -1 };

  return qs_trace_add_mark_full (self, qs_trace_now (self), &mark);
}

guint
qs_trace_add_mark_full (QsTrace *self, gint64 time, const QsMark *mark)
{
  g_return_val_if_fail (mark != NULL && mark->kind < QS_N_MARKS, 0);

  const char *name = g_intern_string (mark->name);
  guint index;

  g_mutex_lock (&self->lock);
  if (!qs_budget_take_mark (&self->budget, mark))
    {
      QsMark gone = *mark;
      g_mutex_unlock (&self->lock);
      mark_clear (&gone);
      return G_MAXUINT;
    }
  QsStoredMark *stored = qs_chunks_append (&self->marks);
  stored->time = bound_time (time);
  stored->mark = *mark;
  stored->mark.name = name;
  append_record (self, QS_RECORD_MARK, time, &index)->mark = &stored->mark;
  if (mark->kind == QS_MARK_FACT && name != NULL)
    g_hash_table_insert (self->facts, (gpointer) name, &stored->mark);
  unlock_and_arm (self, &self->grown_armed);
  return index;
}

void
qs_trace_add_fact (QsTrace *self, const char *name, const char *value)
{
  qs_trace_add_mark (self, QS_MARK_FACT, name, 0, value);
}

/* --- Reading --- */

guint
qs_trace_get_n_records (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), 0);

  g_mutex_lock (&self->lock);
  guint n = self->records.length;
  g_mutex_unlock (&self->lock);
  return n;
}

void
qs_trace_get_record (QsTrace *self, guint index, QsRecord *record)
{
  g_mutex_lock (&self->lock);
  g_assert (index < self->records.length);
  QsStoredRecord stored = *(const QsStoredRecord *) qs_chunks_get (&self->records, index);
  g_mutex_unlock (&self->lock);

  gboolean mark = stored.kind == QS_RECORD_MARK;
  if (!mark && G_UNLIKELY (self->held != NULL) && lies_in_file (self, stored.bytes, stored.kept) &&
      qs_mapped_file_is_cut (self->held, stored.bytes, stored.kept))
    stored.kept = 0;
  *record = (QsRecord){
    .kind = stored.kind,
    .direction = stored.direction,
    .time = stored.time,
    .length = stored.length,
    .bytes = mark ? QS_SPAN_NONE : QS_SPAN (stored.bytes, stored.kept),
    .path = stored.path,
    .ecn = stored.ecn,
    .fate = stored.fate,
    .mark = mark ? stored.mark : NULL,
  };
}

const QsPath *
qs_trace_get_path (QsTrace *self, guint16 path)
{
  g_return_val_if_fail (QS_IS_TRACE (self), NULL);

  g_mutex_lock (&self->lock);
  const QsPath *found = path < self->paths->len ? g_ptr_array_index (self->paths, path) : NULL;
  g_mutex_unlock (&self->lock);
  return found;
}

guint
qs_trace_get_n_datagrams (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), 0);

  g_mutex_lock (&self->lock);
  guint n = self->n_datagrams;
  g_mutex_unlock (&self->lock);
  return n;
}

guint
qs_trace_get_n_secrets (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), 0);

  g_mutex_lock (&self->lock);
  guint n = self->n_secrets;
  g_mutex_unlock (&self->lock);
  return n;
}

guint
qs_trace_get_n_marks (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), 0);

  g_mutex_lock (&self->lock);
  guint n = self->marks.length;
  g_mutex_unlock (&self->lock);
  return n;
}

const QsMark *
qs_trace_get_mark (QsTrace *self, guint index, gint64 *time)
{
  g_return_val_if_fail (QS_IS_TRACE (self), NULL);

  g_mutex_lock (&self->lock);
  g_assert (index < self->marks.length);
  const QsStoredMark *stored = qs_chunks_get (&self->marks, index);
  g_mutex_unlock (&self->lock);

  if (time != NULL)
    *time = stored->time;
  return &stored->mark;
}

const QsMark *
qs_trace_find_mark (QsTrace *self, QsMarkKind kind, const char *name, gint64 *time)
{
  g_return_val_if_fail (QS_IS_TRACE (self), NULL);

  const char *interned = g_intern_string (name);
  const QsStoredMark *found = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = self->marks.length; found == NULL && i-- > 0;)
    {
      const QsStoredMark *stored = qs_chunks_get (&self->marks, i);
      if (stored->mark.kind == kind && (interned == NULL || stored->mark.name == interned))
        found = stored;
    }
  g_mutex_unlock (&self->lock);

  if (found == NULL)
    return NULL;
  if (time != NULL)
    *time = found->time;
  return &found->mark;
}

const char *
qs_trace_get_fact (QsTrace *self, const char *name)
{
  g_return_val_if_fail (QS_IS_TRACE (self) && name != NULL, NULL);

  const char *interned = g_intern_string (name);

  g_mutex_lock (&self->lock);
  const QsMark *mark = g_hash_table_lookup (self->facts, interned);
  g_mutex_unlock (&self->lock);
  return mark != NULL ? mark->text : NULL;
}

void
qs_trace_changed (QsTrace *self)
{
  g_return_if_fail (QS_IS_TRACE (self));

  g_mutex_lock (&self->lock);
  unlock_and_arm (self, &self->derived_armed);
}
