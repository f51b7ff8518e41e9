/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/quicprobe-files.h"

#include <stdio.h>

#include "formats/qs-file-writer.h"
#include "formats/qs-key-log.h"
#include "formats/qs-pcapng.h"
#include "formats/qs-qlog.h"
#include "formats/qs-trace-save.h"
#include "report/qs-html-report.h"

static gboolean
complain (GError *error)
{
  fprintf (stderr, "quicprobe: %s\n", error->message);
  return FALSE;
}

static gboolean
write_filtered (const QuicprobeOptions *options, QsTrace *trace)
{
  GArray *packets = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GError) error = NULL;
  guint from = 0;

  qs_filter_run (options->filter, trace, &from, 0, packets);
  return qs_trace_save_packets (trace, options->pcapng, packets, &error) || complain (error);
}

gboolean
quicprobe_check_files (const QuicprobeOptions *options)
{
  const char *const paths[] = {
    options->qlog,     options->pcapng,  options->read == NULL && options->keylogs != NULL ? options->keylogs[0] : NULL,
    options->report,   options->session, options->junit,
    options->markdown,
  };
  gboolean good = TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;
      if (paths[i] != NULL && !qs_file_writer_check (paths[i], &error))
        good = complain (error);
    }
  return good;
}

gboolean
quicprobe_write_files (const QuicprobeOptions *options, QsStudy *study)
{
  const struct {
    const char *path;
    gboolean (*write) (QsTrace *trace, const char *path, GError **error);
  } files[] = {
    { options->qlog, qs_qlog_write },
    { options->filter == NULL ? options->pcapng : NULL, qs_pcapng_write },
    { options->read == NULL && options->keylogs != NULL ? options->keylogs[0] : NULL, qs_key_log_write },
  };
  gboolean good = TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (GError) error = NULL;
      if (files[i].path != NULL && !files[i].write (qs_study_get_trace (study), files[i].path, &error))
        good = complain (error);
    }
  if (options->filter != NULL)
    good = write_filtered (options, qs_study_get_trace (study)) && good;
  g_autoptr (GError) error = NULL;
  if (options->report != NULL && options->compare == NULL && !qs_html_report_write (study, options->report, &error))
    good = complain (error);
  return good;
}
