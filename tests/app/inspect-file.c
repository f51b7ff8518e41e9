/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens each packet of a file as the inspector does, checks its trees of fields, and prints them: a line a field, with its
 * packet, depth, name and value, tabs between. What is wrong goes to standard error, and the exit status says so.
 *
 *   inspect-file FILE [KEYLOG] */
#include <stdlib.h>

#include "dissect/qs-dissector.h"
#include "formats/qs-trace-file.h"
#include "study/qs-inspection.h"

typedef struct {
  const QsInspection *inspection;
  guint packet, part;
  guint8 *covered[2]; /* which bytes of the packet on the wire, and of its payload, a leaf stands for */
  gsize length[2];
  guint n_wrong;
} Walk;

static void
complain (Walk *walk, const QsField *field, const char *what)
{
  g_printerr ("packet %u, part %u: %s (%s): %s\n", walk->packet, walk->part, field->name, field->value, what);
  walk->n_wrong++;
}

static gsize
space_length (const Walk *walk, const QsField *field)
{
  GBytes *bytes = qs_inspection_get_bytes (walk->inspection, walk->part, field->space);

  return bytes != NULL ? g_bytes_get_size (bytes) : 0;
}

static gboolean
overlap (const QsField *a, const QsField *b)
{
  return a->space == b->space && a->offset < b->offset + b->length && b->offset < a->offset + a->length;
}

/* Bits of one byte may share it; all else stands side by side. */
static void
check_siblings (Walk *walk, const QsField *field)
{
  for (guint i = 0; i + 1 < field->children->len; i++)
    {
      const QsField *a = g_ptr_array_index (field->children, i), *b = g_ptr_array_index (field->children, i + 1);
      if (a->length == 0 || b->length == 0 || a->space != b->space)
        continue;
      if (overlap (a, b) && !(a->offset == b->offset && a->length == b->length))
        complain (walk, b, "overlaps the field before it");
      if (b->offset < a->offset)
        complain (walk, b, "stands before the field before it");
    }
}

static void
cover (Walk *walk, const QsField *field)
{
  gsize start = field->offset;

  if (field->space == QS_FIELD_IN_MESSAGE || walk->covered[field->space] == NULL)
    return;
  if (field->space == QS_FIELD_IN_DATAGRAM)
    start -= walk->inspection->wire_offset;
  for (gsize i = start; i < start + field->length && i < walk->length[field->space]; i++)
    walk->covered[field->space][i] = 1;
}

static void
check_field (Walk *walk, const QsField *field, const QsField *parent, guint depth)
{
  g_print ("%u\t%u\t%s\t%s\n", walk->packet, depth, field->name, field->value);
  if (field->meaning == NULL || *field->meaning == '\0')
    complain (walk, field, "no sentence says what it is");
  /* The first part is what is known of the packet as a whole: not all of that is anybody's protocol. */
  if (walk->part > 0 && (field->reference == NULL || *field->reference == '\0'))
    complain (walk, field, "nothing says where it is defined");
  if (!g_utf8_validate (field->name, -1, NULL) || !g_utf8_validate (field->value, -1, NULL))
    complain (walk, field, "no UTF-8");
  if ((gsize) field->offset + field->length > space_length (walk, field) && field->length > 0)
    complain (walk, field, "ends beyond its bytes");
  if (parent != NULL && parent->length > 0 && field->length > 0 && parent->space == field->space &&
      (field->offset < parent->offset || field->offset + field->length > parent->offset + parent->length))
    complain (walk, field, "does not lie within its parent");
  if (field->children == NULL)
    {
      if (field->length > 0)
        cover (walk, field);
      return;
    }
  check_siblings (walk, field);
  for (guint i = 0; i < field->children->len; i++)
    check_field (walk, g_ptr_array_index (field->children, i), field, depth + 1);
}

/* From a byte to its field and back. */
static void
check_find (Walk *walk, QsFieldSpace space, gsize start, gsize length)
{
  for (gsize at = start; at < start + length; at += 1 + length / 50)
    {
      guint part;
      g_autoptr (GArray) path = qs_inspection_find (walk->inspection, space, G_MAXUINT, at, &part);
      if (path == NULL)
        {
          g_printerr ("packet %u: no field for byte %zu of space %d\n", walk->packet, at, space);
          walk->n_wrong++;
          continue;
        }
      const QsField *field = ((QsInspectionPart *) g_ptr_array_index (walk->inspection->parts, part))->field;
      for (guint i = 0; i < path->len; i++)
        field = g_ptr_array_index (field->children, g_array_index (path, guint, i));
      if (at < field->offset || at >= field->offset + field->length)
        complain (walk, field, "was found for a byte that it does not have");
    }
}

static guint
check_packet (QsTrace *trace, guint packet)
{
  g_autoptr (QsInspection) inspection = qs_inspection_new (trace, packet);
  Walk walk = { .inspection = inspection, .packet = packet };

  walk.length[QS_FIELD_IN_DATAGRAM] = inspection->wire_length;
  walk.length[QS_FIELD_IN_PAYLOAD] = inspection->payload != NULL ? g_bytes_get_size (inspection->payload) : 0;
  for (guint i = 0; i < 2; i++)
    walk.covered[i] = walk.length[i] > 0 ? g_malloc0 (walk.length[i]) : NULL;
  for (; walk.part < inspection->parts->len; walk.part++)
    check_field (&walk, ((QsInspectionPart *) g_ptr_array_index (inspection->parts, walk.part))->field, NULL, 0);
  for (guint i = 0; i < 2; i++)
    {
      gsize n = 0;
      while (n < walk.length[i] && walk.covered[i][n])
        n++;
      if (n < walk.length[i])
        {
          g_printerr ("packet %u: byte %zu of space %u belongs to no field\n", packet, n, i);
          walk.n_wrong++;
        }
      g_free (walk.covered[i]);
    }
  check_find (&walk, QS_FIELD_IN_DATAGRAM, inspection->wire_offset, inspection->wire_length);
  check_find (&walk, QS_FIELD_IN_PAYLOAD, 0, walk.length[QS_FIELD_IN_PAYLOAD]);
  return walk.n_wrong;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  guint n_wrong = 0;

  if (argc != 2 && argc != 3)
    {
      g_printerr ("Usage: %s FILE [KEYLOG]\n", argv[0]);
      return 2;
    }
  g_autoptr (GPtrArray) traces = qs_trace_file_load (argv[1], argc == 3 ? argv[2] : NULL, NULL, &error);
  if (traces == NULL)
    {
      g_printerr ("%s\n", error->message);
      return EXIT_FAILURE;
    }
  for (guint i = 0; i < traces->len; i++)
    {
      QsTrace *trace = g_ptr_array_index (traces, i);
      g_autoptr (QsDissector) dissector = qs_dissector_new (trace);

      qs_dissector_advance (dissector, 0);
      qs_dissector_finish (dissector);
      for (guint packet = 0; packet < qs_trace_get_n_packets (trace); packet++)
        n_wrong += check_packet (trace, packet);
    }
  return n_wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
