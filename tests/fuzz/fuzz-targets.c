/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"
#include "probe/qs-batch-csv.h"
#include "probe/qs-batch-openmetrics.h"
#include "probe/qs-batch-targets.h"

/* A list of targets: each of them once, an error with its line; and they stand in tables and labels without breaking out. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (QsBatchTargets) targets = qs_batch_targets_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  gboolean good = qs_batch_targets_add_text (targets, "list", (const char *) data, size, &error);
  GPtrArray *list = qs_batch_targets_get (targets);

  g_assert_true (good == (error == NULL));
  g_assert_true (error == NULL ||
                 (g_utf8_validate (error->message, -1, NULL) && strstr (error->message, "line ") != NULL));
  g_assert_cmpuint (list->len, <=, size);
  for (guint i = 0; i < list->len; i++)
    {
      const char *text = qs_target_to_string (list->pdata[i]);
      g_autoptr (GString) field = g_string_new (NULL);
      g_autoptr (GString) label = g_string_new (NULL);
      g_assert_true (g_hash_table_add (seen, (gpointer) text));
      qs_batch_csv_append_field (field, text);
      qs_batch_openmetrics_append_label (label, text);
      g_assert_null (strchr (label->str, '\n'));
      g_assert_null (strchr ("=+-@", field->str[0]));
    }
  return 0;
}
