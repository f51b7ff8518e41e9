/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-reader.h"

#include "base/qs-i18n.h"

gboolean
qs_reader_fail_truncated (const QsReader *reader, const char *what, GError **error)
{
  /* Translators: %s is a protocol element as "STREAM frame" or "ClientHello". */
  g_set_error (error, QS_ERROR, QS_ERROR_TRUNCATED, _ ("The bytes of the %s end too soon, at byte %zu"), what,
               reader->at);
  return FALSE;
}
