/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-qpack.h"

#include <inttypes.h>

#include "base/qs-i18n.h"

#define RFC9204(section) "RFC 9204 section " section
#define MAX_PREFIXED (G_GUINT64_CONSTANT (1) << 62)

/* What follows an instruction's pattern in its first byte, or a field line's. */
typedef enum { PART_NONE, PART_INDEX, PART_NAME, PART_VALUE, PART_STREAM, PART_CAPACITY, PART_INCREMENT } PartKind;

typedef struct {
  PartKind kind;
  guint8 prefix; /* bits in the first byte; of a string without those of H */
} Part;

typedef struct {
  guint8 mask, pattern;
  const char *name;
  const char *meaning;
  const char *reference;
  Part parts[2];
} Layout;

/* clang-format off */
static const Layout encoder_layouts[] = {
  { 0x80, 0x80, "Insert with Name Reference", N_ ("Puts a field into the table: its name is that of an entry, its value follows."), RFC9204 ("4.3.2"),
    { { PART_INDEX, 6 }, { PART_VALUE, 7 } } },
  { 0xc0, 0x40, "Insert with Literal Name", N_ ("Puts a field into the table, name and value in full."), RFC9204 ("4.3.3"),
    { { PART_NAME, 5 }, { PART_VALUE, 7 } } },
  { 0xe0, 0x20, "Set Dynamic Table Capacity", N_ ("How many bytes of the table the encoder uses."), RFC9204 ("4.3.1"),
    { { PART_CAPACITY, 5 } } },
  { 0xe0, 0x00, "Duplicate", N_ ("Puts an entry into the table once more, so that it is not the next to go."), RFC9204 ("4.3.4"),
    { { PART_INDEX, 5 } } },
};

static const Layout decoder_layouts[] = {
  { 0x80, 0x80, "Section Acknowledgment", N_ ("A field section of this stream was decoded."), RFC9204 ("4.4.1"), { { PART_STREAM, 7 } } },
  { 0xc0, 0x40, "Stream Cancellation", N_ ("What was left of this stream will not be read."), RFC9204 ("4.4.2"), { { PART_STREAM, 6 } } },
  { 0xc0, 0x00, "Insert Count Increment", N_ ("So many more entries have arrived in the table."), RFC9204 ("4.4.3"), { { PART_INCREMENT, 6 } } },
};

static const Layout line_layouts[] = {
  { 0x80, 0x80, "Indexed Field Line", N_ ("A header field: name and value stand in a table."), RFC9204 ("4.5.2"), { { PART_INDEX, 6 } } },
  { 0xf0, 0x10, "Indexed Field Line with Post-Base Index", N_ ("A header field: name and value stand in the table's newest part."), RFC9204 ("4.5.3"),
    { { PART_INDEX, 4 } } },
  { 0xc0, 0x40, "Literal Field Line with Name Reference", N_ ("A header field: its name stands in a table, its value follows."), RFC9204 ("4.5.4"),
    { { PART_INDEX, 4 }, { PART_VALUE, 7 } } },
  { 0xf0, 0x00, "Literal Field Line with Post-Base Name Reference", N_ ("A header field: its name stands in the table's newest part, its value follows."), RFC9204 ("4.5.5"),
    { { PART_INDEX, 3 }, { PART_VALUE, 7 } } },
  { 0xe0, 0x20, "Literal Field Line with Literal Name", N_ ("A header field, name and value in full."), RFC9204 ("4.5.6"),
    { { PART_NAME, 3 }, { PART_VALUE, 7 } } },
};

static const QsFieldText part_texts[] = {
  [PART_INDEX] = { "Index", N_ ("The entry's place in the table that the first bits tell: the static one of the RFC's appendix A, or the connection's own."), RFC9204 ("3.2") },
  [PART_NAME] = { "Name", N_ ("The field's name; H says that it is Huffman-coded."), RFC9204 ("4.1.2") },
  [PART_VALUE] = { "Value", N_ ("The field's value; H says that it is Huffman-coded."), RFC9204 ("4.1.2") },
  [PART_STREAM] = { "Stream ID", N_ ("Which stream it speaks of."), RFC9204 ("4.4") },
  [PART_CAPACITY] = { "Capacity", N_ ("In bytes."), RFC9204 ("4.3.1") },
  [PART_INCREMENT] = { "Increment", N_ ("How many."), RFC9204 ("4.4.3") },
};
/* clang-format on */

static const Layout *
find_layout (const Layout *layouts, guint n, guint8 first)
{
  for (guint i = 0; i < n; i++)
    if ((first & layouts[i].mask) == layouts[i].pattern)
      return &layouts[i];
  g_assert_not_reached (); /* the patterns leave nothing out */
}

static const Layout *
find_instruction (guint8 first, gboolean encoder)
{
  return encoder ? find_layout (encoder_layouts, G_N_ELEMENTS (encoder_layouts), first)
                 : find_layout (decoder_layouts, G_N_ELEMENTS (decoder_layouts), first);
}

/* An integer with a prefix, section 4.1.1 and RFC 7541 section 5.1. */
static guint64
read_prefixed (QsReader *reader, guint bits)
{
  guint64 most = (G_GUINT64_CONSTANT (1) << bits) - 1;
  guint64 value = qs_reader_uint (reader, 1) & most;

  if (value < most)
    return value;
  for (guint shift = 0; reader->ok; shift += 7)
    {
      guint64 byte = qs_reader_uint (reader, 1);
      if (shift > 56 || (value += (byte & 0x7f) << shift) >= MAX_PREFIXED)
        reader->ok = FALSE;
      if ((byte & 0x80) == 0)
        break;
    }
  return value;
}

static gboolean
skip_parts (QsReader *reader, const Layout *layout)
{
  for (guint i = 0; i < G_N_ELEMENTS (layout->parts) && layout->parts[i].kind != PART_NONE; i++)
    {
      guint64 number = read_prefixed (reader, layout->parts[i].prefix);
      if (layout->parts[i].kind == PART_NAME || layout->parts[i].kind == PART_VALUE)
        qs_reader_span (reader, number);
    }
  return reader->ok;
}

gboolean
qs_qpack_instruction_length (QsSpan bytes, gboolean encoder, gsize *length)
{
  g_return_val_if_fail (length != NULL, FALSE);

  QsReader reader = qs_reader_init (bytes);
  if (reader.bytes.length == 0 || !skip_parts (&reader, find_instruction (bytes.data[0], encoder)))
    return FALSE;
  *length = reader.at;
  return TRUE;
}

const char *
qs_qpack_instruction_name (guint8 first, gboolean encoder)
{
  return find_instruction (first, encoder)->name;
}

/* --- Fields --- */

static void
describe_string (QsScribe *scribe, const Part *part)
{
  gsize start = scribe->reader.at;
  QsReader ahead = scribe->reader;
  gboolean huffman = (qs_reader_uint (&ahead, 1) & 1u << part->prefix) != 0;
  guint64 length = read_prefixed (&scribe->reader, part->prefix);
  QsSpan bytes = qs_reader_span (&scribe->reader, length);

  if (!scribe->reader.ok)
    return;
  g_autofree char *hex = qs_scribe_hex (bytes);
  qs_scribe_add (scribe, &part_texts[part->kind], start,
                 huffman ? g_strdup_printf (_ ("Huffman-coded: %s"), hex) : g_steal_pointer (&hex));
}

static void
describe_number (QsScribe *scribe, const Part *part)
{
  gsize start = scribe->reader.at;
  guint64 number = read_prefixed (&scribe->reader, part->prefix);

  if (scribe->reader.ok)
    qs_scribe_add (scribe, &part_texts[part->kind], start, g_strdup_printf ("%" PRIu64, number));
}

/* Returns the field, or NULL when its end is not there. */
static QsField *
describe_layout (QsScribe *scribe, const Layout *layout, const char *name)
{
  QsReader ahead = scribe->reader;
  const QsFieldText text = { name, layout->meaning, layout->reference };

  if (!skip_parts (&ahead, layout))
    {
      scribe->reader.ok = FALSE;
      return NULL;
    }
  QsScribe part = qs_scribe_open_length (scribe, ahead.at - scribe->reader.at, &text);
  for (guint i = 0; i < G_N_ELEMENTS (layout->parts) && layout->parts[i].kind != PART_NONE; i++)
    {
      if (layout->parts[i].kind == PART_NAME || layout->parts[i].kind == PART_VALUE)
        describe_string (&part, &layout->parts[i]);
      else
        describe_number (&part, &layout->parts[i]);
    }
  return part.parent;
}

void
qs_scribe_qpack_instructions (QsScribe *scribe, gboolean encoder)
{
  while (scribe->reader.ok && qs_scribe_more (scribe))
    {
      const Layout *layout = find_instruction (scribe->reader.bytes.data[scribe->reader.at], encoder);
      describe_layout (scribe, layout, layout->name);
    }
}

void
qs_scribe_qpack_section (QsScribe *scribe, const char *const *lines)
{
  static const Part count = { PART_INCREMENT, 8 }, base = { PART_INCREMENT, 7 };
  gsize start = scribe->reader.at;
  guint64 number = read_prefixed (&scribe->reader, count.prefix);

  if (scribe->reader.ok)
    qs_scribe_add (scribe,
                   QS_FIELD_TEXT ("Required Insert Count",
                                  N_ ("How far the table must have come before this can be decoded, in a wrapped form; "
                                      "0: only the static table is used."),
                                  RFC9204 ("4.5.1.1")),
                   start, g_strdup_printf ("%" PRIu64, number));
  start = scribe->reader.at;
  number = read_prefixed (&scribe->reader, base.prefix);
  if (scribe->reader.ok)
    qs_scribe_add (scribe,
                   QS_FIELD_TEXT ("Delta Base", N_ ("From where on entries of the table are counted."),
                                  RFC9204 ("4.5.1.2")),
                   start, g_strdup_printf ("%" PRIu64, number));

  while (scribe->reader.ok && qs_scribe_more (scribe))
    {
      const Layout *layout =
          find_layout (line_layouts, G_N_ELEMENTS (line_layouts), scribe->reader.bytes.data[scribe->reader.at]);
      gboolean known = lines != NULL && lines[0] != NULL && lines[1] != NULL;
      QsField *field = describe_layout (scribe, layout, known ? lines[0] : layout->name);
      if (known && field != NULL)
        {
          qs_field_take_value (field, g_strdup (lines[1]));
          lines += 2;
        }
    }
}
