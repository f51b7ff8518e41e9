/* SPDX-License-Identifier: GPL-3.0-or-later */
/* diagnose-file FILE: what a file of one connection tells by itself, as the report's JSON object; for tests. */
#include "diagnosis/qs-finding.h"
#include "diagnosis/qs-summary.h"
#include "dissect/qs-dissector.h"
#include "formats/qs-trace-file.h"

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (argc != 2)
    return 2;
  g_autoptr (GPtrArray) traces = qs_trace_file_load (argv[1], NULL, NULL, &error);
  if (traces == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  QsTrace *trace = traces->pdata[traces->len - 1];
  g_autoptr (QsDissector) dissector = qs_dissector_new (trace);
  qs_dissector_advance (dissector, 0);
  qs_dissector_finish (dissector);

  g_autoptr (QsSummary) summary = qs_summary_new (trace);
  g_autoptr (GPtrArray) findings = qs_diagnose (trace, -1);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, qs_report_to_json (trace, summary, findings));
  g_autofree char *text = json_to_string (node, TRUE);
  g_print ("%s\n", text);
  return 0;
}
