/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/qs-batch-targets.h"

#include <string.h>

#include "base/qs-file.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"

#define SHOWN 200 /* characters of a file's name */

struct _QsBatchTargets {
  GPtrArray *list;
  GHashTable *known; /* their strings, borrowed */
};

QsBatchTargets *
qs_batch_targets_new (void)
{
  QsBatchTargets *self = g_new0 (QsBatchTargets, 1);

  self->list = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_target_unref);
  self->known = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

void
qs_batch_targets_free (QsBatchTargets *self)
{
  g_hash_table_unref (self->known);
  g_ptr_array_unref (self->list);
  g_free (self);
}

gboolean
qs_batch_targets_add (QsBatchTargets *self, const char *text, GError **error)
{
  g_return_val_if_fail (self != NULL && text != NULL, FALSE);

  g_autoptr (QsTarget) target = qs_target_new (text, error);
  if (target == NULL)
    return FALSE;
  if (g_hash_table_contains (self->known, qs_target_to_string (target)))
    return TRUE;
  if (self->list->len == QS_BATCH_MOST_TARGETS)
    {
      g_set_error (error, QS_ERROR, QS_ERROR_TOO_LARGE, _ ("There are more than %u targets, the most that are taken."),
                   QS_BATCH_MOST_TARGETS);
      return FALSE;
    }
  g_hash_table_add (self->known, (gpointer) qs_target_to_string (target));
  g_ptr_array_add (self->list, g_steal_pointer (&target));
  return TRUE;
}

static gboolean
add_line (QsBatchTargets *self, const char *name, guint number, const char *line, gsize length, GError **error)
{
  g_autofree char *text = g_strndup (line, length);
  g_autoptr (GError) reason = NULL;

  g_strstrip (text);
  /* A NUL would hide what stands behind it. */
  if (memchr (line, '\0', length) != NULL)
    g_set_error_literal (&reason, QS_ERROR, QS_ERROR_INVALID_TARGET, _ ("This is no text: it holds a NUL."));
  else if (*text == '\0' || *text == '#' || qs_batch_targets_add (self, text, &reason))
    return TRUE;
  g_autofree char *shown = qs_text_escape_short (name, -1, SHOWN);
  g_set_error (error, reason->domain, reason->code, _ ("%s, line %u: %s"), shown, number, reason->message);
  return FALSE;
}

gboolean
qs_batch_targets_add_text (QsBatchTargets *self, const char *name, const char *text, gsize length, GError **error)
{
  static const char mark[] = "\xef\xbb\xbf"; /* that some editors write before UTF-8 */

  g_return_val_if_fail (self != NULL && name != NULL && (text != NULL || length == 0), FALSE);

  if (length >= strlen (mark) && memcmp (text, mark, strlen (mark)) == 0)
    {
      text += strlen (mark);
      length -= strlen (mark);
    }
  for (guint number = 1; length > 0; number++)
    {
      const char *end = memchr (text, '\n', length);
      gsize line = end != NULL ? (gsize) (end - text) : length;

      if (!add_line (self, name, number, text, line, error))
        return FALSE;
      gsize step = MIN (line + 1, length);
      text += step;
      length -= step;
    }
  return TRUE;
}

gboolean
qs_batch_targets_add_file (QsBatchTargets *self, const char *path, GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL, FALSE);

  g_autoptr (GBytes) bytes = qs_file_load (path, QS_BATCH_MOST_TARGETS_BYTES, error);
  gsize length;
  const char *text = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;

  return bytes != NULL && qs_batch_targets_add_text (self, path, text, length, error);
}

GPtrArray *
qs_batch_targets_get (QsBatchTargets *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->list;
}
