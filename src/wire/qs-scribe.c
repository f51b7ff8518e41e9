/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-scribe.h"

#include <inttypes.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"

#define HEX_SHOWN 48
#define TEXT_SHOWN 256

QsScribe
qs_scribe_init (QsField *parent, QsSpan bytes, QsFieldSpace space, gsize base, guint *room)
{
  return (QsScribe){ qs_reader_init (bytes), parent, space, base, room };
}

char *
qs_scribe_hex (QsSpan bytes)
{
  GString *hex = g_string_new (NULL);
  gsize shown = bytes.data != NULL ? MIN (bytes.length, HEX_SHOWN) : 0;

  for (gsize i = 0; i < shown; i++)
    g_string_append_printf (hex, i > 0 ? " %02x" : "%02x", bytes.data[i]);
  if (shown < bytes.length)
    {
      gulong n = (gulong) bytes.length;
      g_string_append (hex, shown > 0 ? " … (" : "(");
      g_string_append_printf (hex, ngettext ("%lu byte", "%lu bytes", n), n);
      g_string_append_c (hex, ')');
    }
  return g_string_free (hex, FALSE);
}

QsField *
qs_scribe_add (QsScribe *self, const QsFieldText *text, gsize start, char *value)
{
  QsField *field = qs_field_new (text->name, self->space, self->base + start, self->reader.at - start);

  qs_field_take_value (field, value);
  qs_field_explain (field, text->meaning != NULL ? _ (text->meaning) : NULL, text->reference);
  if (*self->room > 0)
    --*self->room;
  return qs_field_add (self->parent, field);
}

guint64
qs_scribe_uint (QsScribe *self, guint n_bytes, const QsFieldText *text)
{
  gsize start = self->reader.at;
  guint64 value = qs_reader_uint (&self->reader, n_bytes);

  if (self->reader.ok)
    qs_scribe_add (self, text, start, g_strdup_printf ("%" PRIu64, value));
  return value;
}

guint64
qs_scribe_varint (QsScribe *self, const QsFieldText *text)
{
  gsize start = self->reader.at;
  guint64 value = qs_reader_varint (&self->reader);

  if (self->reader.ok)
    qs_scribe_add (self, text, start, g_strdup_printf ("%" PRIu64, value));
  return value;
}

guint64
qs_scribe_named (QsScribe *self, guint n_bytes, const QsFieldText *text, QsScribeNameFunc name)
{
  gsize start = self->reader.at;
  guint64 value = qs_reader_uint (&self->reader, n_bytes);
  const char *found = self->reader.ok ? name (value) : NULL;

  if (self->reader.ok)
    qs_scribe_add (self, text, start,
                   g_strdup_printf ("0x%0*" PRIx64 " %s", (int) n_bytes * 2, value,
                                    found != NULL ? found : _ ("unknown")));
  return value;
}

QsSpan
qs_scribe_bytes (QsScribe *self, guint64 length, const QsFieldText *text)
{
  gsize start = self->reader.at;
  QsSpan bytes = qs_reader_span (&self->reader, length);

  if (self->reader.ok && bytes.length > 0)
    qs_scribe_add (self, text, start, qs_scribe_hex (bytes));
  return bytes;
}

QsSpan
qs_scribe_rest (QsScribe *self, const QsFieldText *text)
{
  return qs_scribe_bytes (self, qs_reader_left (&self->reader), text);
}

QsSpan
qs_scribe_text (QsScribe *self, guint64 length, const QsFieldText *text)
{
  gsize start = self->reader.at;
  QsSpan bytes = qs_reader_span (&self->reader, length);

  if (self->reader.ok && bytes.length > 0)
    qs_scribe_add (self, text, start, qs_text_escape_short (bytes.data, (gssize) bytes.length, TEXT_SHOWN));
  return bytes;
}

static QsScribe
open_part (QsScribe *self, gsize start, gsize length_bytes, QsSpan body, const QsFieldText *text)
{
  QsScribe part = qs_scribe_init (self->parent, body, self->space, self->base + start + length_bytes, self->room);

  part.reader.ok = self->reader.ok;
  if (!self->reader.ok)
    return part;
  part.parent = qs_scribe_add (self, text, start, NULL);
  if (length_bytes > 0)
    {
      QsField *length = qs_field_new ("Length", self->space, self->base + start, length_bytes);
      qs_field_take_value (length, g_strdup_printf ("%zu", body.length));
      qs_field_explain (length, _ ("How many bytes follow."), text->reference);
      qs_field_add (part.parent, length);
    }
  return part;
}

QsScribe
qs_scribe_open (QsScribe *self, guint length_bytes, const QsFieldText *text)
{
  gsize start = self->reader.at;
  QsSpan body = qs_reader_vector (&self->reader, length_bytes);

  return open_part (self, start, length_bytes, body, text);
}

QsScribe
qs_scribe_open_length (QsScribe *self, gsize length, const QsFieldText *text)
{
  gsize start = self->reader.at;
  QsSpan body = qs_reader_span (&self->reader, length);

  return open_part (self, start, 0, body, text);
}

QsSpan
qs_scribe_vector (QsScribe *self, guint length_bytes, const QsFieldText *text)
{
  QsScribe part = qs_scribe_open (self, length_bytes, text);

  if (!part.reader.ok)
    return QS_SPAN_NONE;
  qs_field_take_value (part.parent,
                       part.reader.bytes.length > 0 ? qs_scribe_hex (part.reader.bytes) : g_strdup (_ ("empty")));
  return part.reader.bytes;
}

gboolean
qs_scribe_more (const QsScribe *self)
{
  return *self->room > 0 && !qs_reader_at_end (&self->reader);
}

void
qs_scribe_close (QsScribe *self)
{
  gboolean malformed = !self->reader.ok;
  gsize start = self->reader.at;
  gsize left = qs_reader_left (&self->reader);
  const char *reference = self->parent->reference; /* whatever defines the part, defines where it ends */

  if (!malformed && left == 0)
    return;
  QsSpan rest = left > 0 ? QS_SPAN (self->reader.bytes.data + start, left) : QS_SPAN_NONE;
  self->reader.at = self->reader.bytes.length;
  if (malformed)
    qs_scribe_add (self, QS_FIELD_TEXT (_ ("Malformed"), N_ ("The bytes end before this part is complete."), reference),
                   start, qs_scribe_hex (rest));
  else if (*self->room == 0)
    qs_scribe_add (self, QS_FIELD_TEXT (_ ("Not shown"), N_ ("There are more items than can be shown."), reference),
                   start, NULL);
  else
    qs_scribe_add (self,
                   QS_FIELD_TEXT (_ ("Trailing bytes"), N_ ("These bytes are more than the format has room for."),
                                  reference),
                   start, qs_scribe_hex (rest));
}
