/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens a file as the window does, and writes each connection in it anew: PREFIX0.sqlog, PREFIX1.sqlog, … Prints a line
 * a connection: its number of packets and of frames, and what its marks say of the file. */
#include <stdlib.h>

#include "dissect/qs-dissector.h"
#include "formats/qs-trace-file.h"
#include "formats/qs-trace-save.h"

static char *
notes_of (QsTrace *trace)
{
  g_autoptr (GString) notes = g_string_new (NULL);

  for (guint i = 0; i < qs_trace_get_n_marks (trace); i++)
    {
      const QsMark *mark = qs_trace_get_mark (trace, i, NULL);

      if (mark->kind == QS_MARK_NOTE && g_strcmp0 (mark->name, "file") == 0)
        g_string_append_printf (notes, " %s", mark->text);
    }
  return g_string_free (g_steal_pointer (&notes), FALSE);
}

static void
rewrite (QsTrace *trace, const char *prefix, guint number, const char *suffix)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_strdup_printf ("%s%u%s", prefix, number, suffix);

  /* A qlog's packets are there already. */
  if (qs_trace_get_n_packets (trace) == 0)
    {
      g_autoptr (QsDissector) dissector = qs_dissector_new (trace);

      qs_dissector_advance (dissector, 0);
      qs_dissector_finish (dissector);
    }
  if (!qs_trace_save (trace, path, qs_trace_format_for_name (path, QS_TRACE_FORMAT_SQLOG), &error))
    {
      g_printerr ("%s\n", error->message);
      exit (EXIT_FAILURE);
    }
  g_autofree char *notes = notes_of (trace);
  g_print ("%u %" G_GUINT64_FORMAT "%s\n", qs_trace_get_n_packets (trace), qs_trace_get_n_frames (trace), notes);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (argc != 4 && argc != 5)
    {
      g_printerr ("Usage: %s FILE PREFIX SUFFIX [KEYLOG]\n", argv[0]);
      return 2;
    }
  g_autoptr (GPtrArray) traces = qs_trace_file_load (argv[1], argc == 5 ? argv[4] : NULL, NULL, &error);
  if (traces == NULL)
    {
      g_printerr ("%s\n", error->message);
      return EXIT_FAILURE;
    }
  for (guint i = 0; i < traces->len; i++)
    rewrite (g_ptr_array_index (traces, i), argv[2], i, argv[3]);
  return EXIT_SUCCESS;
}
