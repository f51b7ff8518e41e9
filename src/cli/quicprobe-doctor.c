/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/quicprobe-doctor.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>

#include "base/qs-i18n.h"
#include "cli/qs-cli.h"
#include "doctor/qs-doctor.h"
#include "formats/qs-pcapng.h"

typedef struct {
  const QuicprobeOptions *options;
  QsDoctor *doctor;
  GMainLoop *loop;
} Program;

static gboolean
complain (GError *error)
{
  fprintf (stderr, "quicprobe: %s\n", error->message);
  return FALSE;
}

/* --- As text --- */

/* Nothing told by colour: a sign for each. */
static const char *
ruling_sign (QsRulingKind kind)
{
  static const char *const signs[] = { "·", "✓", "!", "?", "✗" };

  return signs[kind];
}

static const char *
answer_sign (QsAnswer answer)
{
  static const char *const signs[] = { "✗", "✓", "?" };

  return signs[answer];
}

static void
print_line (const char *label, const char *text, guint indent)
{
  g_autofree char *line = g_strdup_printf ("%s %s", label, text);

  qs_cli_print_wrapped (stdout, line, indent);
}

static void
print_browser (const QsDoctorReport *report, guint b, gboolean brief)
{
  const QsBrowserVerdict *verdict = &report->verdicts[b];
  g_autofree char *line = verdict->condition >= 0
                              ? g_strdup_printf ("%s [%s]", verdict->words, qs_conditions[verdict->condition].id)
                              : g_strdup (verdict->words);
  g_autofree char *head =
      g_strdup_printf ("%s %s: %s", answer_sign (verdict->uses_http3), verdict->browser->name, line);

  qs_cli_print_wrapped (stdout, head, 2);
  if (brief || verdict->uses_http3 == QS_ANSWER_YES)
    return;
  const char *source = verdict->condition >= 0 ? report->rulings[verdict->condition][b].source : NULL;
  if (source != NULL)
    print_line (_ ("Rule:"), source, 6);
  if (qs_doctor_report_get_note (report, b) != NULL)
    qs_cli_print_wrapped (stdout, _ (qs_doctor_report_get_note (report, b)), 6);
}

static const char *
certainty_words (QsCertainty certainty)
{
  static const char *const words[] = { N_ ("Possible."), N_ ("Likely."), N_ ("Proved.") };

  return _ (words[certainty]);
}

static void
print_cause (const QsDoctorReport *report, guint number, gboolean brief)
{
  const QsDoctorCause *cause = &g_array_index (report->causes, QsDoctorCause, number);
  const QsCondition *condition = &qs_conditions[cause->condition];
  const QsRuling *ruling = &report->rulings[cause->condition][cause->browser];
  g_autofree char *kept = qs_doctor_report_dup_kept (report, cause);
  g_autofree char *head = g_strdup_printf ("%u. [%s] %s", number + 1, condition->id, _ (condition->failed));

  qs_cli_print_wrapped (stdout, head, 2);
  if (*kept != '\0')
    print_line (_ ("It keeps away:"), kept, 5);
  else
    qs_cli_print_wrapped (stdout, _ ("It comes to that once what stands before it is mended."), 5);
  if (ruling->detail != NULL)
    qs_cli_print_wrapped (stdout, ruling->detail, 5);
  for (guint i = 0; i < ruling->tries->len; i++)
    print_line (_ ("Try:"), ruling->tries->pdata[i], 5);
  if (brief)
    return;
  for (guint i = 0; i < ruling->evidence->len; i++)
    {
      g_autofree char *text = qs_doctor_evidence_dup_text (ruling->evidence->pdata[i]);
      print_line (_ ("Seen:"), text, 5);
    }
  g_autofree char *tail = g_strdup_printf ("%s (%s)", certainty_words (ruling->certainty), condition->reference);
  qs_cli_print_wrapped (stdout, tail, 5);
}

static void
print_conditions (const QsDoctorReport *report)
{
  printf ("\n%s\n", _ ("Conditions, in the order in which a browser comes to them"));
  for (guint c = 0; c < qs_conditions_n (); c++)
    {
      const QsRuling *worst = qs_doctor_report_get_worst (report, c);
      g_autofree char *line =
          g_strdup_printf ("%s [%s] %s", ruling_sign (worst->kind), qs_conditions[c].id, _ (qs_conditions[c].title));
      qs_cli_print_wrapped (stdout, line, 2);
      if (worst->kind == QS_RULING_WARN || worst->kind == QS_RULING_UNKNOWN)
        qs_cli_print_wrapped (stdout, worst->detail != NULL ? worst->detail : _ (qs_conditions[c].failed), 6);
    }
}

static void
print_runs (const Program *program)
{
  printf ("\n%s\n", _ ("What was asked"));
  for (guint i = 0; i < qs_doctor_get_n_runs (program->doctor); i++)
    {
      QsStudy *study = qs_doctor_get_run_study (program->doctor, i);
      g_autofree char *line = g_strdup_printf ("%s, %s: %s", qs_doctor_get_run_name (program->doctor, i),
                                               qs_study_get_evidence (study)->address, qs_study_get_verdict (study));
      qs_cli_print_wrapped (stdout, line, 2);
    }
}

static void
print_report (const Program *program)
{
  const QsDoctorReport *report = qs_doctor_get_report (program->doctor);
  gboolean brief = program->options->quiet;
  g_autofree char *headline = qs_doctor_report_dup_headline (report);

  qs_cli_print_wrapped (stdout, headline, 0);
  printf ("\n");
  for (guint b = 0; b < QS_N_BROWSERS; b++)
    print_browser (report, b, brief);
  if (report->causes->len > 0)
    printf ("\n%s\n", _ ("Causes"));
  for (guint i = 0; i < report->causes->len; i++)
    print_cause (report, i, brief);
  if (brief)
    return;
  print_conditions (report);
  print_runs (program);
}

static void
print_json (QsDoctor *doctor)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, qs_doctor_to_json (doctor));
  g_autofree char *text = qs_study_json_to_text (node);
  puts (text);
}

/* --- Files --- */

static gboolean
write_captures (const Program *program)
{
  gboolean good = TRUE;

  for (guint i = 0; program->options->pcapng != NULL && i < qs_doctor_get_n_runs (program->doctor); i++)
    {
      g_autofree char *name = g_strconcat (qs_doctor_get_run_name (program->doctor, i), ".pcapng", NULL);
      g_autofree char *path = g_build_filename (program->options->pcapng, name, NULL);
      g_autoptr (GError) error = NULL;
      good = (qs_pcapng_write (qs_study_get_trace (qs_doctor_get_run_study (program->doctor, i)), path, &error) ||
              complain (error)) &&
             good;
    }
  return good;
}

/* --- Running it --- */

static gboolean
signal_cb (gpointer data)
{
  qs_doctor_stop (((Program *) data)->doctor);
  return G_SOURCE_CONTINUE;
}

static void
progress_cb (QsDoctor *doctor, const char *text, Program *program)
{
  if (!program->options->quiet)
    fprintf (stderr, "%s\n", text);
}

static void
finished_cb (QsDoctor *doctor, Program *program)
{
  g_main_loop_quit (program->loop);
}

static void
run_loop (Program *program)
{
  guint interrupt = g_unix_signal_add (SIGINT, signal_cb, program);
  guint terminate = g_unix_signal_add (SIGTERM, signal_cb, program);

  g_main_loop_run (program->loop);
  g_source_remove (interrupt);
  g_source_remove (terminate);
}

static int
conclude (const Program *program)
{
  gboolean good = write_captures (program);

  if (program->options->json)
    print_json (program->doctor);
  else
    print_report (program);
  if (fflush (stdout) != 0)
    {
      fprintf (stderr, "quicprobe: %s: %s\n", _ ("standard output cannot be written"), g_strerror (errno));
      good = FALSE;
    }
  good &= !qs_doctor_get_stopped (program->doctor) && qs_doctor_report_is_good (qs_doctor_get_report (program->doctor));
  return good ? QS_EXIT_OK : QS_EXIT_FAILED;
}

int
quicprobe_why_not_h3 (const QuicprobeOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (QsDoctor) doctor = qs_doctor_new (options->target, options->plain, options->probe);
  Program program = { options, doctor, loop };

  g_signal_connect (doctor, "progress", G_CALLBACK (progress_cb), &program);
  g_signal_connect (doctor, "finished", G_CALLBACK (finished_cb), &program);
  if (!qs_doctor_start (doctor, &error))
    {
      if (!g_error_matches (error, QS_ERROR, QS_ERROR_FAILED))
        return qs_cli_usage ("quicprobe", error->message);
      complain (error); /* it is the machine's, not the command line's */
      return QS_EXIT_FAILED;
    }
  run_loop (&program);
  int status = conclude (&program);
  g_signal_handlers_disconnect_by_data (doctor, &program);
  return status;
}
