/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/quictap-report.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "cli/qs-cli-table.h"
#include "cli/quicprobe-report.h"
#include "formats/qs-captures.h"
#include "formats/qs-pcapng.h"
#include "tap/qs-tap-words.h"

struct _QuictapReport {
  const QuictapOptions *options;
  QsStudy *first; /* while it is the only one */
  QsCliTable *table;
  guint n;
  gboolean all_good, all_written;
  QsCaptures *captures; /* all in one file; NULL: none, or a folder */
};

static void
complain (const char *message)
{
  fprintf (stderr, "quictap: %s\n", message);
}

/* --- Captures --- */

static gboolean
append_capture (QuictapReport *self, QsTrace *trace, GError **error)
{
  return qs_pcapng_write (trace, qs_captures_get_scratch (self->captures), error) &&
         qs_captures_append (self->captures, error);
}

static void
write_capture (QuictapReport *self, QsTapConnection *connection)
{
  QsTrace *trace = qs_study_get_trace (qs_tap_connection_get_study (connection));
  g_autoptr (GError) error = NULL;
  gboolean written;

  if (self->options->pcapng == NULL)
    return;
  if (self->captures != NULL)
    written = append_capture (self, trace, &error);
  else
    {
      g_autofree char *name = g_strdup_printf ("connection-%04u.pcapng", qs_tap_connection_get_number (connection));
      g_autofree char *path = g_build_filename (self->options->pcapng, name, NULL);
      written = qs_pcapng_write (trace, path, &error);
    }
  if (!written)
    complain (error->message);
  self->all_written &= written;
}

static gboolean
prepare_captures (QuictapReport *self, GError **error)
{
  const char *path = self->options->pcapng;

  if (path == NULL || g_file_test (path, G_FILE_TEST_IS_DIR))
    return TRUE;
  self->captures = qs_captures_new (path, error);
  return self->captures != NULL;
}

/* --- Connections --- */

static void
print_object (QuictapReport *self, QsStudy *study)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, qs_study_to_json (study));
  g_autofree char *text = qs_study_json_to_text (node);
  printf ("%s%s", self->n > 0 ? ",\n" : "", text);
  fflush (stdout);
}

static void
print_progress (QsTapConnection *connection)
{
  QsStudy *study = qs_tap_connection_get_study (connection);
  const QsSummary *summary = qs_study_get_summary (study);
  g_autofree char *name = summary->sni != NULL ? qs_text_escape_short (summary->sni, -1, 40) : g_strdup ("?");

  fprintf (stderr, "%u %s: %s\n", qs_tap_connection_get_number (connection), name, qs_study_get_verdict (study));
}

void
quictap_report_add (QuictapReport *self, QsTapConnection *connection)
{
  QsStudy *study = qs_tap_connection_get_study (connection);

  self->all_good &= qs_study_is_good (study);
  if (self->options->json)
    print_object (self, study);
  else if (!self->options->quiet && self->options->command == NULL)
    print_progress (connection);
  write_capture (self, connection);
  if (self->n == 0 && !self->options->json)
    self->first = g_object_ref (study);
  else if (!self->options->json)
    {
      if (self->first != NULL)
        qs_cli_table_add (self->table, self->first);
      g_clear_object (&self->first);
      qs_cli_table_add (self->table, study);
    }
  self->n++;
}

/* --- What is told besides --- */

static void
tell_of_key_log (QsKeyFollower *log, gboolean own)
{
  g_autofree char *again = qs_tap_dup_key_log_restarts (log);
  QsKeyFollowerFigures figures;

  qs_key_follower_get_figures (log, &figures);
  if (own && figures.there && figures.lines == 0 && figures.bad == 0)
    complain (_ (
        "The program wrote no secrets to the file that SSLKEYLOGFILE names: it may not know that, or want an option. "
        "--list-recipes says what some programs need."));
  else
    {
      g_autofree char *text = qs_tap_dup_key_log_trouble (log);
      if (text != NULL)
        complain (text);
    }
  if (again != NULL)
    complain (again);
}

static void
tell_of_command (int status)
{
  g_autofree char *text = qs_tap_dup_command_end (status);

  if (text != NULL)
    complain (text);
}

static void
tell_of_totals (QuictapReport *self, const QsTapTotals *totals)
{
  g_autofree char *unsent = g_strdup_printf (
      _ ("%" PRIu64 " datagrams could not be handed on: the system did not take them."), totals->relay.not_sent);
  g_autofree char *unfiled =
      g_strdup_printf (_ ("%" PRIu64 " datagrams were handed on that belong to no QUIC connection that can be told."),
                       totals->relay.unfiled);

  if (totals->relay.not_sent > 0)
    complain (unsent);
  if (totals->relay.unfiled > 0)
    complain (unfiled);
  if (totals->begun == totals->empty && self->options->target == NULL)
    complain (_ ("No connection came: nothing asked the proxy for a server that could be found. The program has to be "
                 "told of it, as with "
                 "--proxy."));
  else if (totals->begun == totals->empty)
    complain (_ ("No connection came. The program has to ask for the address and port that quictap listens on, not for "
                 "the server's."));
}

static void
tell (QuictapReport *self, QsTap *tap, const QsTapTotals *totals, int command_status)
{
  GPtrArray *logs = qs_tap_get_key_logs (tap);

  tell_of_command (command_status);
  tell_of_totals (self, totals);
  /* Behind those that were named there is the program's own: told of where nothing else had keys. */
  for (guint i = 0; i < logs->len; i++)
    {
      gboolean own = self->options->command != NULL && i + 1 == logs->len;
      if (!own || (totals->lines == 0 && totals->begun > totals->empty))
        tell_of_key_log (logs->pdata[i], own);
    }
}

/* --- The end --- */

static void
print_json_end (QsTap *tap, const QsTapTotals *totals, int command_status)
{
  g_autofree char *listen = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (qs_tap_get_address (tap)));
  int status = command_status < 0 || !WIFEXITED (command_status) ? -1 : WEXITSTATUS (command_status);
  g_autofree char *ended = status < 0 ? g_strdup ("null") : g_strdup_printf ("%d", status);

  printf ("],\n\"relay\": {\"listen\": \"%s\", \"datagrams\": %" PRIu64 ", \"segments\": %" PRIu64
          ", \"unfiled\": %" PRIu64 ", \"not_sent\": %" PRIu64 ", \"secrets\": %" PRIu64
          ", \"without_keys\": %u},\n\"command\": {\"exit_status\": %s}}\n",
          listen, totals->relay.datagrams, totals->relay.segments, totals->relay.unfiled, totals->relay.not_sent,
          totals->lines, totals->keyless, ended);
}

gboolean
quictap_report_finish (QuictapReport *self, QsTap *tap, int command_status)
{
  g_autoptr (GError) error = NULL;
  QsTapTotals totals;

  qs_tap_get_totals (tap, &totals);
  tell (self, tap, &totals, command_status);
  if (self->options->json)
    print_json_end (tap, &totals, command_status);
  else if (self->first != NULL)
    quicprobe_print_report (stdout, self->first, self->options->quiet);
  else if (self->n > 0)
    qs_cli_table_print (self->table, stdout);
  if (self->captures != NULL && (!self->all_written || !qs_captures_finish (self->captures, &error)))
    {
      self->all_written = FALSE;
      if (error != NULL)
        complain (error->message);
    }
  if (fflush (stdout) != 0)
    {
      g_autofree char *text = g_strdup_printf ("%s: %s", _ ("standard output cannot be written"), g_strerror (errno));
      complain (text);
      return FALSE;
    }
  return self->n > 0 && self->all_good && self->all_written;
}

QuictapReport *
quictap_report_new (const QuictapOptions *options, GError **error)
{
  g_autoptr (QuictapReport) self = g_new0 (QuictapReport, 1);

  self->options = options;
  self->table = qs_cli_table_new ();
  self->all_good = self->all_written = TRUE;
  if (!prepare_captures (self, error))
    return NULL;
  if (options->json)
    printf ("{\"connections\": [\n");
  return g_steal_pointer (&self);
}

void
quictap_report_free (QuictapReport *self)
{
  g_clear_object (&self->first);
  qs_cli_table_free (self->table);
  g_clear_pointer (&self->captures, qs_captures_free);
  g_free (self);
}
