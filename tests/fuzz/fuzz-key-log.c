/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "formats/qs-key-log.h"
#include "fuzz.h"

/* A key log: what is split off as a line is a line. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  guint n_bad = 0;
  g_autoptr (GPtrArray) lines = qs_key_log_split ((const char *) data, size, &n_bad);

  for (guint i = 0; i < lines->len; i++)
    {
      const char *line = lines->pdata[i];
      QsKeyLogLine parsed;
      g_assert_true (qs_key_log_line_parse (line, strlen (line), &parsed, NULL));
    }
  return 0;
}
