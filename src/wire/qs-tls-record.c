/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-i18n.h"
#include "wire/qs-reader.h"
#include "wire/qs-tls.h"

/* 2^14 and what TLS 1.2's encryption may add (RFC 5246 section 6.2.3); TLS 1.3 adds 256 at most. */
#define FRAGMENT_MAX (16384 + 2048)

static gboolean
check_start (QsSpan bytes, gsize at, GError **error)
{
  /* Even one byte can tell that it is not TLS: one need not wait for a length that is no length. */
  guint8 type = bytes.data[at];
  gboolean wrong_version = bytes.length - at > 1 && bytes.data[at + 1] != 3;

  if (type >= 20 && type <= 24 && !wrong_version)
    return TRUE;
  g_set_error (error, QS_ERROR, QS_ERROR_PARSE, _ ("This is not a TLS record: it starts with the byte 0x%02x"), type);
  return FALSE;
}

gboolean
qs_tls_record_parse (QsSpan bytes, gsize *at, QsTlsRecord *record, GError **error)
{
  g_return_val_if_fail (at != NULL && record != NULL, FALSE);
  g_return_val_if_fail (*at <= bytes.length, FALSE);

  QsReader reader = qs_reader_init (bytes);
  reader.at = MIN (*at, reader.bytes.length);
  *record = (QsTlsRecord){ .offset = (guint32) reader.at };
  if (!qs_reader_at_end (&reader) && !check_start (reader.bytes, reader.at, error))
    return FALSE;

  record->content_type = (guint8) qs_reader_uint (&reader, 1);
  record->version = (guint16) qs_reader_uint (&reader, 2);
  guint64 length = qs_reader_uint (&reader, 2);
  if (length > FRAGMENT_MAX)
    {
      g_set_error (error, QS_ERROR, QS_ERROR_PARSE, _ ("A TLS record of %u bytes: more than TLS allows"),
                   (guint) length);
      return FALSE;
    }
  record->fragment = qs_reader_span (&reader, length);
  if (!reader.ok)
    return qs_reader_fail_truncated (&reader, _ ("TLS record"), error);
  *at = reader.at;
  return TRUE;
}
