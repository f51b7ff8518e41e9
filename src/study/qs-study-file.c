/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/qs-study-file.h"

#include "formats/qs-key-log.h"
#include "formats/qs-trace-file.h"

static gboolean
add_key_log (GPtrArray *traces, const char *path, GError **error)
{
  g_autoptr (GPtrArray) lines = qs_key_log_load (path, error);

  for (guint i = 0; lines != NULL && i < traces->len; i++)
    for (guint k = 0; k < lines->len; k++)
      qs_trace_add_secret (traces->pdata[i], 0, lines->pdata[k]);
  return lines != NULL;
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
  for (; key_logs != NULL && *key_logs != NULL; key_logs++)
    {
      if (!add_key_log (traces, *key_logs, error))
        return NULL;
    }
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
