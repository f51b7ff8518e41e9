/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/quicprobe-read.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/qs-i18n.h"
#include "cli/qs-cli-table.h"
#include "cli/qs-cli.h"
#include "cli/quicprobe-compare.h"
#include "cli/quicprobe-files.h"
#include "cli/quicprobe-live.h"
#include "cli/quicprobe-report.h"
#include "formats/qs-input.h"
#include "study/qs-study-file.h"

static gboolean
complain (const char *message)
{
  fprintf (stderr, "quicprobe: %s\n", message);
  return FALSE;
}

/* What is wrong with the file behind something that can be shown. */
static void
print_notes (QsTrace *trace)
{
  for (guint i = 0; i < qs_trace_get_n_marks (trace); i++)
    {
      const QsMark *mark = qs_trace_get_mark (trace, i, NULL);
      if (mark->kind == QS_MARK_NOTE && g_strcmp0 (mark->name, "file") == 0 && mark->text != NULL)
        complain (mark->text);
    }
}

/* --- One connection --- */

static gboolean
join (QsStudy *study, const QuicprobeOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) others = NULL;
  g_autoptr (QsTraceJoin) joined = NULL;

  if (options->join == NULL)
    return TRUE;
  others = qs_study_file_open (options->join, (const char *const *) options->keylogs, &error);
  if (others != NULL)
    joined = qs_study_file_join (study, others, &error);
  if (joined == NULL)
    return complain (error->message);
  qs_study_set_join (study, joined);
  return TRUE;
}

static gboolean
report_one (QsStudy *study, const QuicprobeOptions *options)
{
  qs_study_settle (study);
  print_notes (qs_study_get_trace (study));
  gboolean good = join (study, options);

  good = quicprobe_write_files (options, study) && good;
  if (options->trace)
    quicprobe_print_trace (options->json ? stderr : stdout, qs_study_get_trace (study));
  g_autoptr (QsStudy) other = options->compare != NULL ? quicprobe_compare_open (options) : NULL;
  good = good && (other != NULL || options->compare == NULL);
  good = (other == NULL || quicprobe_write_comparison (options, study, other)) && good;
  if (other != NULL && options->json)
    quicprobe_print_comparison_json (study, other);
  else if (other != NULL)
    quicprobe_print_comparison (stdout, study, other, options->quiet);
  else if (options->json)
    quicprobe_print_json (study);
  else
    quicprobe_print_report (stdout, study, options->quiet);
  return good && qs_study_is_good (study);
}

/* --- Several --- */

static void
print_json (JsonArray *connections)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *root = json_object_new ();

  json_object_set_array_member (root, "connections", json_array_ref (connections));
  json_node_take_object (node, root);
  g_autofree char *text = qs_study_json_to_text (node);
  puts (text);
}

static void
study_clear (gpointer data)
{
  if (data != NULL)
    g_object_unref (data);
}

/* One after the other: what is told of is let go of, as a file may hold thousands. */
static gboolean
report_all (GPtrArray *studies, const QuicprobeOptions *options)
{
  g_autoptr (QsCliTable) table = qs_cli_table_new ();
  g_autoptr (JsonArray) connections = json_array_new ();
  gboolean good = TRUE;

  g_ptr_array_set_free_func (studies, study_clear);
  print_notes (qs_study_get_trace (studies->pdata[0]));
  for (guint i = 0; i < studies->len; i++)
    {
      g_autoptr (QsStudy) study = g_steal_pointer (&studies->pdata[i]);
      qs_study_settle (study);
      good = qs_study_is_good (study) && good;
      if (options->json)
        json_array_add_object_element (connections, qs_study_to_json (study));
      else
        qs_cli_table_add (table, study);
    }
  if (options->json)
    print_json (connections);
  else
    qs_cli_table_print (table, stdout);
  return good;
}

/* --- */

static gboolean
wants_one (const QuicprobeOptions *options)
{
  return options->join != NULL || options->compare != NULL || options->report != NULL || options->qlog != NULL ||
         options->pcapng != NULL || options->trace;
}

static gboolean
report (GPtrArray *studies, const QuicprobeOptions *options)
{
  if (options->connection > studies->len)
    {
      g_autofree char *text =
          g_strdup_printf (ngettext ("--connection=%u: the file holds %u connection.",
                                     "--connection=%u: the file holds %u connections.", studies->len),
                           options->connection, studies->len);
      return complain (text);
    }
  QsStudy *one = options->connection > 0 ? studies->pdata[options->connection - 1] : qs_study_file_find_one (studies);
  if (one != NULL)
    return report_one (one, options);
  if (wants_one (options))
    {
      g_autofree char *text = g_strdup_printf (
          _ ("The file holds %u connections: choose one with --connection=N. Without other options they are listed."),
          studies->len);
      return complain (text);
    }
  return report_all (studies, options);
}

/* --- A pipe --- */

typedef struct {
  sigset_t signals;
  GCancellable *end;
} Interrupts;

/* It may never end: Ctrl-C ends it, and what came is reported on. Whoever insists gets out at once. */
static gpointer
wait_for_interrupts (gpointer data)
{
  const Interrupts *interrupts = data;
  int number;

  sigwait (&interrupts->signals, &number);
  g_cancellable_cancel (interrupts->end);
  sigwait (&interrupts->signals, &number);
  _exit (128 + number);
}

static GPtrArray *
open_standard (const QuicprobeOptions *options, GError **error)
{
  static Interrupts interrupts; /* of the thread, which stays to the end */

  sigemptyset (&interrupts.signals);
  sigaddset (&interrupts.signals, SIGINT);
  sigaddset (&interrupts.signals, SIGTERM);
  pthread_sigmask (SIG_BLOCK, &interrupts.signals, NULL);
  interrupts.end = g_cancellable_new ();
  g_thread_unref (g_thread_new ("interrupts", wait_for_interrupts, &interrupts));
  g_cancellable_push_current (interrupts.end);
  GPtrArray *studies = qs_study_file_open (options->read, (const char *const *) options->keylogs, error);
  g_cancellable_pop_current (interrupts.end);
  return studies;
}

static GPtrArray *
open_read (const QuicprobeOptions *options, GError **error)
{
  if (qs_input_is_standard (options->read))
    return open_standard (options, error);
  return qs_study_file_open (options->read, (const char *const *) options->keylogs, error);
}

int
quicprobe_read (const QuicprobeOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) studies = open_read (options, &error);

  if (studies == NULL)
    {
      complain (error->message);
      return QS_EXIT_FAILED;
    }
  gboolean good = report (studies, options);
  if (fflush (stdout) != 0)
    {
      g_autofree char *text = g_strdup_printf ("%s: %s", _ ("standard output cannot be written"), g_strerror (errno));
      good = complain (text);
    }
  return good ? QS_EXIT_OK : QS_EXIT_FAILED;
}
