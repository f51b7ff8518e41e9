/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/qs-text.h"
#include "study/qs-study-private.h"

/* A file may say anything. */
static char **
unpack_headers (GBytes *bytes)
{
  char **fields = qs_text_split_at_nul (bytes);

  for (guint i = 0; fields[i] != NULL; i++)
    {
      char *raw = fields[i];
      fields[i] = qs_text_escape_again (raw, -1);
      g_free (raw);
    }
  return fields;
}

static QsStudyAnswer *
answer_of_mark (const QsMark *mark)
{
  QsStudyAnswer *answer = g_new0 (QsStudyAnswer, 1);

  answer->version = g_strdup (mark->name);
  answer->status = mark->value >= 100 && mark->value < 1000 ? (guint) mark->value : 0;
  answer->length = mark->received;
  answer->headers = unpack_headers (mark->bytes);
  return answer;
}

/* A run of ours noted what it was answered. It asked nothing where it noted no request, whatever came on its streams. */
QsStudyAnswer *
qs_study_answer_new (const QsEvidence *evidence, QsRecording *recording)
{
  const QsMark *mark = qs_trace_find_mark (evidence->trace, QS_MARK_ANSWER, NULL, NULL);
  gboolean ours = evidence->ended || qs_trace_find_mark (evidence->trace, QS_MARK_STATE, NULL, NULL) != NULL;

  if (mark != NULL)
    return answer_of_mark (mark);
  g_autoptr (QsRecordedAnswer) recorded = ours ? NULL : qs_recording_dup_answer (recording, evidence->alpn, 0);
  if (recorded == NULL || recorded->version == NULL)
    return NULL;

  QsStudyAnswer *answer = g_new0 (QsStudyAnswer, 1);
  answer->version = g_steal_pointer (&recorded->version);
  answer->status = recorded->status;
  answer->headers = g_steal_pointer (&recorded->headers);
  answer->length = recorded->length;
  return answer;
}

void
qs_study_answer_free (QsStudyAnswer *answer)
{
  g_free (answer->version);
  g_strfreev (answer->headers);
  g_free (answer);
}
