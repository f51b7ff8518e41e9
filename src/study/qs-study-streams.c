/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/qs-study-private.h"

/* NULL: enough are listed. */
static QsStudyStream *
find_stream (GPtrArray *streams, GHashTable *by_id, gint64 id)
{
  QsStudyStream *stream = g_hash_table_lookup (by_id, &id);

  if (stream != NULL)
    return stream;
  if (streams->len >= QS_STUDY_MAX_STREAMS)
    return NULL;
  stream = g_new0 (QsStudyStream, 1);
  stream->id = id;
  g_ptr_array_add (streams, stream);
  g_hash_table_insert (by_id, &stream->id, stream);
  return stream;
}

/* Of streams that a peer opens there may be tens of thousands: all are counted. */
static void
read_marks (GPtrArray *streams, QsTrace *trace, guint *n_all)
{
  g_autoptr (GHashTable) by_id = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_autoptr (GHashTable) others = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);

  for (guint i = 0; i < qs_trace_get_n_marks (trace); i++)
    {
      const QsMark *mark = qs_trace_get_mark (trace, i, NULL);
      if (mark->kind != QS_MARK_STREAM || mark->stream < 0)
        continue;
      QsStudyStream *stream = find_stream (streams, by_id, mark->stream);
      if (stream != NULL)
        *stream = (QsStudyStream){ mark->stream,      mark->read_state, mark->write_state, mark->read_error,
                                   mark->write_error, mark->sent,       mark->received };
      else if (!g_hash_table_contains (others, &mark->stream))
        g_hash_table_add (others, g_memdup2 (&mark->stream, sizeof mark->stream));
    }
  *n_all = streams->len + g_hash_table_size (others);
}

static void
read_frames (GPtrArray *streams, const QsEvidence *evidence, QsRecording *recording, guint *n_all)
{
  g_autoptr (GPtrArray) recorded = qs_recording_list_streams (recording, evidence->close.known, n_all);

  for (guint i = 0; i < recorded->len; i++)
    {
      const QsRecordedStream *from = recorded->pdata[i];
      QsStudyStream *stream = g_new (QsStudyStream, 1);
      *stream = (QsStudyStream){ from->id,          from->read_state, from->write_state, from->read_error,
                                 from->write_error, from->sent,       from->received };
      g_ptr_array_add (streams, stream);
    }
}

GPtrArray *
qs_study_streams_new (const QsEvidence *evidence, QsRecording *recording, guint *n_all)
{
  GPtrArray *streams = g_ptr_array_new_with_free_func (g_free);

  if (qs_trace_find_mark (evidence->trace, QS_MARK_STREAM, NULL, NULL) != NULL)
    read_marks (streams, evidence->trace, n_all);
  else
    read_frames (streams, evidence, recording, n_all);
  return streams;
}
