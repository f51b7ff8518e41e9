/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cards that were kept, to compare with. */
#include <string.h>

#include "base/qs-error.h"
#include "base/qs-file.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "checks/qs-card-text.h"
#include "formats/qs-json.h"

#define MOST_BYTES (1 << 20)
#define MOST_TARGET 300 /* characters */

struct _QsCardRecord {
  char *target;
  QsGrade grade;
  GHashTable *verdicts; /* const QsCheck * -> QsCheckVerdict; of checks that there are, so it is bounded by them */
};

static gboolean
find_verdict (const char *name, QsCheckVerdict *verdict)
{
  for (guint i = 0; name != NULL && i < QS_CHECK_N_VERDICTS; i++)
    {
      if (g_str_equal (name, qs_check_verdict_name (i)))
        {
          *verdict = i;
          return TRUE;
        }
    }
  return FALSE;
}

static QsGrade
find_grade (const char *text)
{
  for (guint i = QS_GRADE_F; text != NULL && i <= QS_GRADE_A_PLUS; i++)
    {
      if (g_str_equal (text, qs_grade_text (i)))
        return i;
    }
  return QS_GRADE_NONE;
}

static void
take_checks (QsCardRecord *self, QsJson checks)
{
  for (QsJson row = qs_json_first (checks); qs_json_is_there (row); row = qs_json_next (checks, row))
    {
      const char *id = qs_json_get_string (row, "id");
      const QsCheck *check = id != NULL ? qs_checks_find (id) : NULL;
      QsCheckVerdict verdict;
      if (check != NULL && find_verdict (qs_json_get_string (row, "verdict"), &verdict))
        g_hash_table_insert (self->verdicts, (gpointer) check, GUINT_TO_POINTER (verdict));
    }
}

QsCardRecord *
qs_card_record_read (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = qs_file_load (path, MOST_BYTES, error);
  g_autoptr (QsJsonText) text = qs_json_text_new (); /* json-glib's reader follows any nesting to the stack's end */
  gsize size;

  if (bytes == NULL)
    return NULL;
  const char *data = g_bytes_get_data (bytes, &size);
  g_autofree char *json = g_strndup (data, size);
  QsJson root = QS_JSON_NONE;
  if (strlen (json) == size && qs_json_text_parse (text, json, size, NULL))
    root = qs_json_text_get_root (text);
  QsJson checks = qs_json_get (root, "checks");
  if (!qs_json_is_array (checks))
    {
      g_set_error (error, QS_ERROR, QS_ERROR_PARSE, _ ("%s: this is no report card; keep one with --examine --json."),
                   path);
      return NULL;
    }
  QsCardRecord *self = g_new0 (QsCardRecord, 1);
  const char *target = qs_json_get_string (root, "target");
  self->target = qs_text_escape_short (target != NULL ? target : "", -1, MOST_TARGET);
  self->grade = find_grade (qs_json_get_string (root, "grade"));
  self->verdicts = g_hash_table_new (NULL, NULL);
  take_checks (self, checks);
  return self;
}

void
qs_card_record_free (QsCardRecord *self)
{
  if (self == NULL)
    return;
  g_free (self->target);
  g_hash_table_unref (self->verdicts);
  g_free (self);
}

const char *
qs_card_record_get_target (const QsCardRecord *self)
{
  return self->target;
}

QsGrade
qs_card_record_get_grade (const QsCardRecord *self)
{
  return self->grade;
}

gboolean
qs_card_record_get_verdict (const QsCardRecord *self, const char *id, QsCheckVerdict *verdict)
{
  gpointer found;

  if (!g_hash_table_lookup_extended (self->verdicts, qs_checks_find (id), NULL, &found))
    return FALSE;
  *verdict = GPOINTER_TO_UINT (found);
  return TRUE;
}

QsCardChange
qs_card_record_compare (const QsCardRecord *self, const QsCheckResult *result)
{
  QsCheckVerdict now = result->judgement.verdict, before;

  if (!qs_card_record_get_verdict (self, result->check->id, &before))
    return QS_CARD_NEW;
  if (before == now)
    return QS_CARD_SAME;
  if (before == QS_CHECK_NOT_TESTED || now == QS_CHECK_NOT_TESTED)
    return QS_CARD_OTHER;
  return now < before ? QS_CARD_BETTER : QS_CARD_WORSE;
}

GHashTable *
qs_card_baseline_read (const char *path, GError **error)
{
  g_autoptr (QsCardRecord) record = qs_card_record_read (path, error);
  GHashTable *failed;
  GHashTableIter iter;
  gpointer check, verdict;

  if (record == NULL)
    return NULL;
  failed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_iter_init (&iter, record->verdicts);
  while (g_hash_table_iter_next (&iter, &check, &verdict))
    if (GPOINTER_TO_UINT (verdict) == QS_CHECK_FAIL)
      g_hash_table_add (failed, g_strdup (((const QsCheck *) check)->id));
  return failed;
}
