/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/quicprobe-examine.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "checks/qs-card-text.h"
#include "cli/qs-cli-card.h"
#include "cli/qs-cli.h"
#include "cli/quicprobe-files.h"
#include "formats/qs-file-writer.h"
#include "report/qs-html-card.h"
#include "trace/qs-trace.h"

#define FILE_MODE 0644

typedef struct {
  const QuicprobeOptions *options;
  QsExamination *examination;
  GMainLoop *loop;
  GHashTable *baseline; /* ids that failed then; NULL: none is compared with */
} Program;

static gboolean
complain (GError *error)
{
  fprintf (stderr, "quicprobe: %s\n", error->message);
  return FALSE;
}

/* --- Which checks --- */

void
quicprobe_list_checks (void)
{
  guint n;
  const QsCheck *const *all = qs_checks_get (&n);

  qs_cli_list_checks (all, n);
}

/* --- The card as text --- */

static void
print_head (QsExamination *examination, const QsCard *card)
{
  const char *address = qs_examination_get_address (examination);

  printf (_ ("Report card of %s"), qs_target_to_string (qs_examination_get_target (examination)));
  if (address != NULL)
    printf (" (%s)", address);
  printf ("\n\n  %s: %s\n", _ ("Grade"), qs_grade_text (card->grade));
  if (card->grade != card->if_trusted)
    printf ("  %s: %s\n", _ ("If its certificate were in order"), qs_grade_text (card->if_trusted));
  for (guint i = 0; i < QS_N_CARD_MARKS; i++)
    printf ("    %-3s %s\n", qs_grade_text (card->marks[i]), qs_card_mark_title (i));
  qs_cli_print_counts (card->counts);
  if (!qs_examination_sends_illegal (examination) && qs_examination_get_failure (examination) == NULL)
    qs_cli_print_wrapped (
        stdout, _ ("Not all was tested: what no honest client sends goes to one's own servers alone (--own)."), 2);
}

static void
print_card (const Program *program)
{
  QsExamination *examination = program->examination;
  QsCard card;

  qs_examination_grade (examination, &card);
  print_head (examination, &card);
  if (qs_examination_get_failure (examination) != NULL)
    {
      printf ("\n");
      qs_cli_print_wrapped (stdout, qs_examination_get_failure (examination), 2);
      if (card.counts[QS_CHECK_NOT_TESTED] + 1 >= qs_examination_get_n_results (examination))
        return; /* all that there is to say */
    }
  qs_cli_print_results (qs_examination_get_results (examination), program->options->quiet);
}

/* --- Files --- */

static gboolean
write_text (const char *path, char *(*make) (QsExamination *examination), QsExamination *examination)
{
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return TRUE;
  g_autofree char *text = make (examination);
  return qs_file_write (path, FILE_MODE, text, strlen (text), &error) || complain (error);
}

static gboolean
write_files (const Program *program)
{
  const QuicprobeOptions *options = program->options;
  gboolean good = write_text (options->junit, qs_card_to_junit, program->examination);

  good &= write_text (options->markdown, qs_card_to_markdown, program->examination);
  good &= write_text (options->report, qs_html_card_new, program->examination);
  if (options->pcapng != NULL)
    good &= qs_cli_write_captures ("quicprobe", options->pcapng, qs_examination_get_results (program->examination));
  return good;
}

/* --- Running it --- */

static gboolean
signal_cb (gpointer data)
{
  qs_examination_stop (((Program *) data)->examination);
  return G_SOURCE_CONTINUE;
}

static void
result_cb (QsExamination *examination, guint index, Program *program)
{
  const QsCheckResult *result = qs_examination_get_result (examination, index);

  if (program->options->quiet || result->judgement.verdict < QS_CHECK_WARN)
    return;
  fprintf (stderr, "%3u/%u  %s  %s: %s\n", qs_examination_get_n_done (examination),
           qs_examination_get_n_results (examination), result->check->id,
           qs_check_verdict_title (result->judgement.verdict), result->judgement.text);
}

static void
finished_cb (QsExamination *examination, Program *program)
{
  g_main_loop_quit (program->loop);
}

/* 0: nothing failed, or nothing that had not failed before. */
static int
exit_status (const Program *program)
{
  if (qs_examination_get_failure (program->examination) != NULL || qs_examination_get_stopped (program->examination))
    return QS_EXIT_FAILED;
  for (guint i = 0; i < qs_examination_get_n_results (program->examination); i++)
    {
      const QsCheckResult *result = qs_examination_get_result (program->examination, i);
      if (result->judgement.verdict == QS_CHECK_FAIL &&
          (program->baseline == NULL || !g_hash_table_contains (program->baseline, result->check->id)))
        return QS_EXIT_FAILED;
    }
  return QS_EXIT_OK;
}

static int
conclude (const Program *program)
{
  gboolean good = write_files (program);

  if (program->options->json)
    qs_cli_print_json (qs_card_to_json (program->examination));
  else
    print_card (program);
  if (fflush (stdout) != 0)
    {
      fprintf (stderr, "quicprobe: %s: %s\n", _ ("standard output cannot be written"), g_strerror (errno));
      good = FALSE;
    }
  return good ? exit_status (program) : QS_EXIT_FAILED;
}

static void
run_loop (Program *program)
{
  guint interrupt = g_unix_signal_add (SIGINT, signal_cb, program);
  guint terminate = g_unix_signal_add (SIGTERM, signal_cb, program);

  if (!qs_examination_get_finished (program->examination))
    g_main_loop_run (program->loop);
  g_source_remove (interrupt);
  g_source_remove (terminate);
}

int
quicprobe_examine (const QuicprobeOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  const QsProbeOptions *probe = options->probe;
  const QsExaminationOptions examination_options = { .alpn = probe->alpn,
                                                     .sni = probe->sni,
                                                     .ca_file = probe->ca_file,
                                                     .resolve = probe->resolve,
                                                     .dns_server = probe->dns_server,
                                                     .impairment = probe->impairment,
                                                     .family = probe->family,
                                                     .profile = options->profile,
                                                     .own = options->own,
                                                     .http_port = options->http_port,
                                                     .checks = options->checks };
  g_autoptr (GHashTable) baseline =
      options->baseline != NULL ? qs_card_baseline_read (options->baseline, &error) : NULL;
  if (options->baseline != NULL && baseline == NULL)
    return qs_cli_usage ("quicprobe", error->message);
  if (!quicprobe_check_files (options))
    return QS_EXIT_FAILED;
  g_autoptr (QsExamination) examination = qs_examination_new (options->target, &examination_options);
  Program program = { options, examination, loop, baseline };

  g_signal_connect (examination, "result", G_CALLBACK (result_cb), &program);
  g_signal_connect (examination, "finished", G_CALLBACK (finished_cb), &program);
  if (!qs_examination_start (examination, &error))
    return qs_cli_usage ("quicprobe", error->message);
  run_loop (&program);
  int status = conclude (&program);
  g_signal_handlers_disconnect_by_data (examination, &program);
  return status;
}
