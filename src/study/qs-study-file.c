/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/qs-study-file.h"

#include <string.h>

#include "formats/qs-key-log.h"
#include "formats/qs-trace-file.h"

#define BEGINNING 24     /* datagrams or segments that are looked at for a ClientHello */
#define FEW_LINES 100000 /* secrets times connections: below it all are tried on all */

/* --- Secrets --- */

/* All lines of all key logs, and where those of a connection are. */
typedef struct {
  GPtrArray *lines;
  GHashTable *by_random; /* the client random as hex, in lower case -> GPtrArray of lines */
} Keys;

static void
keys_clear (Keys *keys)
{
  g_clear_pointer (&keys->lines, g_ptr_array_unref);
  g_clear_pointer (&keys->by_random, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Keys, keys_clear)

/* "CLIENT_HANDSHAKE_TRAFFIC_SECRET RANDOM SECRET" (RFC 9850 section 2) */
static void
index_line (Keys *keys, const char *line)
{
  const char *start = strchr (line, ' ');
  const char *end = start != NULL ? strchr (start + 1, ' ') : NULL;

  if (end == NULL)
    return;
  g_autofree char *random = g_ascii_strdown (start + 1, end - start - 1);
  GPtrArray *of_random = g_hash_table_lookup (keys->by_random, random);
  if (of_random == NULL)
    {
      of_random = g_ptr_array_new ();
      g_hash_table_insert (keys->by_random, g_steal_pointer (&random), of_random);
    }
  g_ptr_array_add (of_random, (gpointer) line);
}

static gboolean
load_keys (Keys *keys, const char *const *paths, GError **error)
{
  keys->lines = g_ptr_array_new_with_free_func (g_free);
  keys->by_random = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  for (; paths != NULL && *paths != NULL; paths++)
    {
      g_autoptr (GPtrArray) lines = qs_key_log_load (*paths, error);
      if (lines == NULL)
        return FALSE;
      for (guint i = 0; i < lines->len; i++)
        g_ptr_array_add (keys->lines, g_strdup (lines->pdata[i]));
    }
  for (guint i = 0; i < keys->lines->len; i++)
    index_line (keys, keys->lines->pdata[i]);
  return TRUE;
}

static void
add_lines (QsTrace *trace, GPtrArray *lines)
{
  for (guint i = 0; lines != NULL && i < lines->len; i++)
    qs_trace_add_secret (trace, 0, lines->pdata[i]);
}

/* The beginning of a trace, read by itself: the ClientHello needs no keys. */
static QsTrace *
dup_beginning (QsTrace *trace)
{
  QsTrace *head = qs_trace_new (qs_trace_get_vantage (trace), NULL);
  guint n_taken = 0;

  for (guint i = 0, n = qs_trace_get_n_records (trace); i < n && n_taken < BEGINNING; i++)
    {
      QsRecord record;

      qs_trace_get_record (trace, i, &record);
      if (record.kind == QS_RECORD_DATAGRAM)
        qs_trace_add_datagram (head, record.time, record.direction, 0, 0, record.fate, record.bytes.data,
                               record.bytes.length);
      else if (record.kind == QS_RECORD_SEGMENT)
        qs_trace_add_segment (head, record.time, record.direction, 0, record.bytes.data, record.bytes.length);
      else
        continue;
      n_taken++;
    }
  g_autoptr (QsDissector) dissector = qs_dissector_new (head);
  qs_dissector_advance (dissector, 0);
  qs_dissector_finish (dissector);
  return head;
}

static gboolean
has_protected_packets (QsTrace *head)
{
  for (guint i = 0; i < qs_trace_get_n_packets (head); i++)
    {
      guint8 type = qs_trace_get_packet (head, i)->type;
      if (type == QS_PACKET_0RTT || type == QS_PACKET_HANDSHAKE || type == QS_PACKET_1RTT ||
          type == QS_PACKET_TLS_RECORD)
        return TRUE;
    }
  return FALSE;
}

/* Of many lines for many connections each gets its own: to try all of them on all would take minutes and gigabytes. One
 * that began before the capture is tried with all; one line there is always, as it says that there was a key log. */
static void
add_own_lines (QsTrace *trace, const Keys *keys)
{
  g_autoptr (QsTrace) head = dup_beginning (trace);
  gboolean known = FALSE;

  for (guint i = 0; i < qs_trace_get_n_messages (head); i++)
    {
      const QsTlsMessage *message = qs_trace_get_message (head, i)->message;
      if (message == NULL || message->type != QS_TLS_CLIENT_HELLO || message->random.length == 0)
        continue;
      g_autofree char *random = qs_span_to_hex (message->random);
      add_lines (trace, g_hash_table_lookup (keys->by_random, random));
      known = TRUE;
    }
  if (!known && has_protected_packets (head))
    add_lines (trace, keys->lines);
  else
    qs_trace_add_secret (trace, 0, keys->lines->pdata[0]);
}

static void
add_keys (GPtrArray *traces, const Keys *keys)
{
  gboolean few = (guint64) traces->len * keys->lines->len <= FEW_LINES;

  for (guint i = 0; keys->lines->len > 0 && i < traces->len; i++)
    {
      QsTrace *trace = traces->pdata[i];
      if (few || qs_trace_get_n_datagrams (trace) == 0)
        add_lines (trace, few ? keys->lines : NULL);
      else
        add_own_lines (trace, keys);
    }
}

static GPtrArray *
make_studies (GPtrArray *traces, const char *path)
{
  GPtrArray *studies = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < traces->len; i++)
    {
      QsStudy *study = qs_study_new (traces->pdata[i], NULL);
      const QsStudySource source = { path, qs_trace_get_format (traces->pdata[i]), i + 1, traces->len };
      qs_study_set_source (study, &source);
      g_ptr_array_add (studies, study);
    }
  return studies;
}

GPtrArray *
qs_study_file_open (const char *path, const char *const *key_logs, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  g_autoptr (GPtrArray) traces = qs_trace_file_load (path, NULL, NULL, error);
  if (traces == NULL)
    return NULL;
  g_auto (Keys) keys = { NULL, NULL };
  if (!load_keys (&keys, key_logs, error))
    return NULL;
  add_keys (traces, &keys);
  return make_studies (traces, path);
}

/* Who has the secrets is only one of both, often. */
static void
copy_secrets (QsTrace *from, QsTrace *to)
{
  for (guint i = 0, n = qs_trace_get_n_records (from); i < n; i++)
    {
      QsRecord record;

      qs_trace_get_record (from, i, &record);
      if (record.kind == QS_RECORD_SECRET)
        qs_trace_add_secret (to, 0, (const char *) record.bytes.data);
    }
}

QsTraceJoin *
qs_study_file_join (QsStudy *study, GPtrArray *others, GError **error)
{
  g_return_val_if_fail (QS_IS_STUDY (study) && others != NULL, NULL);

  QsTrace *own = qs_study_get_trace (study);
  qs_study_settle (study);
  for (guint i = 0; i < others->len; i++)
    {
      QsTrace *other = qs_study_get_trace (others->pdata[i]);
      copy_secrets (own, other);
      qs_study_settle (others->pdata[i]);
      g_autoptr (QsTraceJoin) join = qs_trace_join_new (own, other, qs_trace_join_guess_clocks (own, other));
      qs_trace_join_advance (join, 0);
      qs_trace_join_finish (join);
      g_clear_error (error);
      if (qs_trace_join_check (join, error))
        return g_steal_pointer (&join);
    }
  return NULL;
}
