/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens a file as the window does, and writes the report of its first connection: for test-report.py. */
#include <stdlib.h>

#include "dissect/qs-dissector.h"
#include "formats/qs-trace-file.h"
#include "report/qs-html-report.h"

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (argc != 3)
    {
      g_printerr ("Usage: %s FILE REPORT\n", argv[0]);
      return 2;
    }
  g_autoptr (GPtrArray) traces = qs_trace_file_load (argv[1], NULL, NULL, &error);
  if (traces == NULL)
    {
      g_printerr ("%s\n", error->message);
      return EXIT_FAILURE;
    }

  QsTrace *trace = g_ptr_array_index (traces, 0);
  g_autoptr (QsDissector) dissector = NULL;
  if (qs_trace_get_n_packets (trace) == 0)
    {
      dissector = qs_dissector_new (trace);
      qs_dissector_advance (dissector, 0);
      qs_dissector_finish (dissector);
    }
  if (!qs_html_report_write (trace, argv[2], &error))
    {
      g_printerr ("%s\n", error->message);
      return EXIT_FAILURE;
    }
  return EXIT_SUCCESS;
}
