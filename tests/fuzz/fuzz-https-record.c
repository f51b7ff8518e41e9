/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"
#include "wire/qs-https-record.h"

/* The first byte: a whole message, or RDATA alone. What is said of either is text. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  if (size == 0)
    return 0;
  QsSpan bytes = QS_SPAN (data + 1, size - 1);
  if (data[0] == 0)
    {
      g_autoptr (QsHttpsRecord) record = qs_https_record_parse (bytes, NULL);
      g_autofree char *text = record != NULL ? qs_https_record_to_text (record) : NULL;
      g_assert_true (text == NULL || g_utf8_validate (text, -1, NULL));
      return 0;
    }
  g_autoptr (GPtrArray) records = qs_https_records_parse (bytes, NULL);
  for (guint i = 0; records != NULL && i < records->len; i++)
    {
      g_autofree char *text = qs_https_record_to_text (records->pdata[i]);
      g_assert_true (g_utf8_validate (text, -1, NULL));
    }
  return 0;
}
