/* SPDX-License-Identifier: GPL-3.0-or-later */
/* picture FILE OUT.png [KEYS] [other=FILE|timeline|dark|scale|big|mirrored|width=N|zoom=N|nocollapse]…: draws a trace file's first connection, for people to
 * look at while they work on the drawing. */
#include <stdlib.h>
#include <string.h>

#include "charts/qs-chart-export.h"
#include "dissect/qs-dissector.h"
#include "formats/qs-trace-file.h"

static QsTrace *
load (const char *path, const char *keys)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) traces = qs_trace_file_load (path, keys, NULL, &error);

  if (traces == NULL)
    {
      g_printerr ("%s\n", error->message);
      return NULL;
    }
  QsTrace *trace = g_object_ref (g_ptr_array_index (traces, 0));
  if (qs_trace_get_n_datagrams (trace) == 0) /* a qlog tells its packets itself */
    return trace;
  g_autoptr (QsDissector) dissector = qs_dissector_new (trace);
  qs_dissector_advance (dissector, 0);
  qs_dissector_finish (dissector);
  return trace;
}

int
main (int argc, char **argv)
{
  QsSequenceOptions options = QS_SEQUENCE_OPTIONS_DEFAULT;
  const QsChartColours *colours = qs_chart_colours_light ();
  const char *keys = NULL;
  const char *other = NULL;
  gboolean timeline = FALSE;
  g_autoptr (GError) error = NULL;

  if (argc < 3)
    return 2;
  options.title = TRUE;
  for (int i = 3; i < argc; i++)
    {
      if (strcmp (argv[i], "dark") == 0)
        colours = qs_chart_colours_dark ();
      else if (strcmp (argv[i], "scale") == 0)
        options.time = QS_SEQUENCE_TO_SCALE;
      else if (strcmp (argv[i], "big") == 0)
        options.text_scale = 1.7;
      else if (strcmp (argv[i], "timeline") == 0)
        timeline = TRUE;
      else if (strcmp (argv[i], "mirrored") == 0)
        options.mirrored = TRUE;
      else if (strcmp (argv[i], "nocollapse") == 0)
        options.collapse = FALSE;
      else if (g_str_has_prefix (argv[i], "other="))
        other = argv[i] + strlen ("other=");
      else if (g_str_has_prefix (argv[i], "width="))
        options.width = g_ascii_strtod (argv[i] + 6, NULL);
      else if (g_str_has_prefix (argv[i], "zoom="))
        options.zoom = g_ascii_strtod (argv[i] + 5, NULL);
      else
        keys = argv[i];
    }
  g_autoptr (QsTrace) trace = load (argv[1], keys);
  g_autoptr (QsTrace) second = other != NULL ? load (other, keys) : NULL;
  g_autoptr (QsTraceJoin) join = NULL;
  if (trace == NULL || (other != NULL && second == NULL))
    return 1;
  if (second != NULL)
    {
      join = qs_trace_join_new (trace, second, qs_trace_join_guess_clocks (trace, second));
      qs_trace_join_finish (join);
      options.join = join;
    }
  if (timeline)
    {
      QsTimelineOptions plain = QS_TIMELINE_OPTIONS_DEFAULT;

      plain.title = TRUE;
      plain.mirrored = options.mirrored;
      qs_chart_export_timeline (trace, &plain, colours, argv[2], qs_chart_format_for_name (argv[2]), NULL);
      return 0;
    }
  if (!qs_chart_export_sequence (trace, &options, colours, argv[2], qs_chart_format_for_name (argv[2]), &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  return 0;
}
