/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens a file as the window does, and writes the report of its first connection: for test-report.py. */
#include <stdlib.h>

#include "report/qs-html-report.h"
#include "study/qs-study-file.h"

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (argc != 3)
    {
      g_printerr ("Usage: %s FILE REPORT\n", argv[0]);
      return 2;
    }
  g_autoptr (GPtrArray) studies = qs_study_file_open (argv[1], NULL, &error);
  if (studies != NULL)
    qs_study_settle (studies->pdata[0]);
  if (studies == NULL || !qs_html_report_write (studies->pdata[0], argv[2], &error))
    {
      g_printerr ("%s\n", error->message);
      return EXIT_FAILURE;
    }
  return EXIT_SUCCESS;
}
