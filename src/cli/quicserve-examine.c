/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/quicserve-examine.h"

#include <errno.h>
#include <glib-unix.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/qs-child.h"
#include "base/qs-i18n.h"
#include "base/qs-private-folder.h"
#include "base/qs-text.h"
#include "checks/qs-card-text.h"
#include "cli/qs-cli-card.h"
#include "cli/qs-cli.h"
#include "formats/qs-file-writer.h"
#include "net/qs-udp-bio.h"
#include "server/qs-throwaway-ca.h"
#include "tap/qs-tap-recipe.h"

#define FILE_MODE 0644
#define MOST_UNCONNECTED 6 /* clients in a row that were started and never came, before any that did */

typedef struct _Program Program;

/* A client that was started. */
typedef struct {
  Program *program;
  guint number;
  QsChild *child;
} Client;

struct _Program {
  const QuicserveExamineOptions *options;
  QsThrowawayCa *ca;
  QsIdentity *identities[QS_N_CLIENT_CHECK_CERTIFICATES];
  QsPrivateFolder *folder; /* of the authority's certificate, for the command; NULL */
  QsClientExamination *examination;
  GMainLoop *loop;
  GHashTable *clients; /* number to Client */
  GError *start_error; /* of the command */
  guint unconnected;
  gboolean lost; /* none of the first clients came */
};

static gboolean
complain (GError *error)
{
  fprintf (stderr, "quicserve: %s\n", error->message);
  return FALSE;
}

/* --- Certificates --- */

static const QsLeafKind leaves[] = {
  [QS_CLIENT_CHECK_GOOD] = QS_LEAF_GOOD,
  [QS_CLIENT_CHECK_EXPIRED] = QS_LEAF_EXPIRED,
  [QS_CLIENT_CHECK_WRONG_NAME] = QS_LEAF_WRONG_NAME,
  [QS_CLIENT_CHECK_UNKNOWN_CA] = QS_LEAF_UNKNOWN_CA,
};

static gboolean
identify (SSL_CTX *context, guint which, gpointer data)
{
  const Program *program = data;

  return which < QS_N_CLIENT_CHECK_CERTIFICATES && qs_identity_use (program->identities[which], context);
}

static gboolean
make_certificates (Program *program, GError **error)
{
  program->ca = qs_throwaway_ca_new (error);
  for (guint i = 0; program->ca != NULL && i < G_N_ELEMENTS (leaves); i++)
    {
      program->identities[i] =
          qs_throwaway_ca_issue (program->ca, leaves[i], (const char *const *) program->options->names, error);
      if (program->identities[i] == NULL)
        return FALSE;
    }
  return program->ca != NULL;
}

static gboolean
write_text (const char *path, const char *text, GError **error)
{
  return qs_file_write (path, FILE_MODE, text, strlen (text), error);
}

/* For the command's {ca}. */
static gboolean
write_own_ca (Program *program, GError **error)
{
  if (program->options->command == NULL)
    return TRUE;
  program->folder = qs_private_folder_new ("quicserve-", "ca.pem", error);
  return program->folder != NULL &&
         write_text (qs_private_folder_get_path (program->folder), qs_throwaway_ca_get_pem (program->ca), error);
}

/* --- Clients that are started --- */

static void
client_free (gpointer data)
{
  qs_child_free (((Client *) data)->child);
  g_free (data);
}

static char **
fill_words (const Program *program, guint port)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_from_string (program->options->address);
  g_autoptr (GSocketAddress) listen = g_inet_socket_address_new (loopback, (guint16) port);
  const QsTapPlaces places = { .host = "localhost", .target_port = (guint16) port, .listen = listen };
  g_auto (GStrv) words = qs_tap_places_fill_all (&places, (const char *const *) program->options->command);
  GStrvBuilder *builder = g_strv_builder_new ();

  for (guint i = 0; words[i] != NULL; i++)
    {
      g_autoptr (GString) word = g_string_new (words[i]);
      g_string_replace (word, "{ca}", qs_private_folder_get_path (program->folder), 0);
      g_strv_builder_add (builder, word->str);
    }
  char **filled = g_strv_builder_end (builder);
  g_strv_builder_unref (builder);
  return filled;
}

static void
exited_cb (int status, gpointer data)
{
  const Client *client = data;

  qs_client_examination_gone (client->program->examination, client->number, WIFSIGNALED (status));
}

static void
wanted_cb (QsClientExamination *examination, guint number, guint port, Program *program)
{
  g_auto (GStrv) words = fill_words (program, port);
  Client *client = g_new0 (Client, 1);

  client->program = program;
  client->number = number;
  client->child = qs_child_new ();
  g_hash_table_insert (program->clients, GUINT_TO_POINTER (number), client);
  if (program->start_error == NULL &&
      !qs_child_start (client->child, (const char *const *) words, NULL,
                       QS_CHILD_QUIET | QS_CHILD_STDIN | QS_CHILD_GROUP, exited_cb, client, &program->start_error))
    qs_client_examination_gone (examination, number, FALSE);
}

static void
left_cb (QsClientExamination *examination, guint number, Program *program)
{
  g_hash_table_remove (program->clients, GUINT_TO_POINTER (number));
  if (qs_client_examination_get_n_connections (examination) > 0)
    return;
  program->unconnected++;
  if (program->start_error == NULL && program->unconnected < MOST_UNCONNECTED)
    return;
  program->lost = TRUE;
  g_main_loop_quit (program->loop);
}

/* --- What is said meanwhile --- */

static void
playing_cb (QsClientExamination *examination, const QsCheck *check, Program *program)
{
  if (!program->options->quiet && program->options->command == NULL)
    fprintf (stderr, "%-5s %s: %s\n", check->id, _ ("playing"), _ (check->title));
}

static void
judged_cb (QsClientExamination *examination, const QsCheckResult *result, Program *program)
{
  if (!program->options->quiet)
    fprintf (stderr, "%-5s %s: %s\n", result->check->id, qs_check_verdict_title (result->judgement.verdict),
             result->judgement.text);
}

static void
finished_cb (QsClientExamination *examination, Program *program)
{
  g_main_loop_quit (program->loop);
}

static gboolean
signal_cb (gpointer data)
{
  qs_client_examination_stop (((Program *) data)->examination);
  return G_SOURCE_CONTINUE;
}

static void
say_where (const Program *program)
{
  GSocketAddress *address = qs_client_examination_get_address (program->examination);

  if (address == NULL)
    return;
  g_autofree char *text = qs_socket_address_to_text (address);
  /* Programs wait for it: not translated. */
  fprintf (program->options->json ? stderr : stdout, "listening on %s\n", text);
  fflush (stdout);
  if (!program->options->quiet)
    fprintf (stderr, _ ("each connection of a client to https://%s/ plays the next check; Ctrl-C ends it\n"), text);
}

/* --- The card --- */

static void
print_card (const Program *program)
{
  guint counts[QS_CHECK_N_VERDICTS];

  qs_client_examination_count (program->examination, counts);
  if (program->options->command != NULL)
    {
      g_autofree char *name = qs_text_escape_short (program->options->command[0], -1, 60);
      printf (_ ("Report card of the client %s"), name);
    }
  else
    printf ("%s", _ ("Report card of a client"));
  printf ("\n");
  qs_cli_print_counts (counts);
  qs_cli_print_results (qs_client_examination_get_results (program->examination), program->options->quiet);
}

static gboolean
write_files (const Program *program)
{
  const QuicserveExamineOptions *options = program->options;
  g_autoptr (GError) error = NULL;
  gboolean good = TRUE;

  if (options->junit != NULL)
    {
      g_autofree char *xml = qs_client_card_to_junit (program->examination,
                                                      options->command != NULL ? options->command[0] : _ ("a client"));
      good &= write_text (options->junit, xml, &error) || complain (error);
    }
  if (options->pcapng != NULL)
    good &=
        qs_cli_write_captures ("quicserve", options->pcapng, qs_client_examination_get_results (program->examination));
  return good;
}

static int
conclude (const Program *program)
{
  gboolean good = write_files (program);
  guint counts[QS_CHECK_N_VERDICTS];

  if (program->options->json)
    qs_cli_print_json (qs_client_card_to_json (program->examination));
  else
    print_card (program);
  if (fflush (stdout) != 0)
    {
      fprintf (stderr, "quicserve: %s: %s\n", _ ("standard output cannot be written"), g_strerror (errno));
      good = FALSE;
    }
  qs_client_examination_count (program->examination, counts);
  /* Who waits for clients is ended by Ctrl-C; a command that was not run to its end has not shown all. */
  good &= !qs_client_examination_get_stopped (program->examination) || program->options->command == NULL;
  return good && counts[QS_CHECK_FAIL] == 0 && qs_client_examination_get_n_connections (program->examination) > 0
             ? QS_EXIT_OK
             : QS_EXIT_FAILED;
}

static int
say_lost (const Program *program)
{
  g_autofree char *name = qs_text_escape_short (program->options->command[0], -1, 60);

  if (program->start_error != NULL)
    {
      g_autofree char *text = g_strdup_printf (_ ("“%s” cannot be started: %s"), name, program->start_error->message);
      return qs_cli_usage ("quicserve", text);
    }
  fprintf (
      stderr,
      _ ("quicserve: “%s” was started %u times and never connected; does it have {port} or {url} among its words?\n"),
      name, program->unconnected);
  return QS_EXIT_FAILED;
}

/* --- Running it --- */

static QsClientExamination *
make_examination (Program *program, const QsCraftHost *host, GError **error)
{
  const QuicserveExamineOptions *options = program->options;
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (options->address, options->port);
  g_autoptr (GPtrArray) checks = NULL;

  if (address == NULL)
    {
      g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                   _ ("--address takes an address, such as 127.0.0.1, and not “%s”"), options->address);
      return NULL;
    }
  if (options->checks != NULL && (checks = qs_client_checks_choose (options->checks, error)) == NULL)
    return NULL;
  const QsClientExaminationOptions examination = { .address = address,
                                                   .host = host,
                                                   .checks = checks,
                                                   .at_once = options->command != NULL ? MAX (options->jobs, 1) : 0,
                                                   .most = options->count,
                                                   .wait_ms = options->timeout_s * 1000 };
  return qs_client_examination_new (&examination);
}

static int
run (Program *program)
{
  g_autoptr (GError) error = NULL;

  g_signal_connect (program->examination, "wanted", G_CALLBACK (wanted_cb), program);
  g_signal_connect (program->examination, "left", G_CALLBACK (left_cb), program);
  g_signal_connect (program->examination, "playing", G_CALLBACK (playing_cb), program);
  g_signal_connect (program->examination, "judged", G_CALLBACK (judged_cb), program);
  g_signal_connect (program->examination, "finished", G_CALLBACK (finished_cb), program);
  guint interrupt = g_unix_signal_add (SIGINT, signal_cb, program);
  guint terminate = g_unix_signal_add (SIGTERM, signal_cb, program);
  gboolean started = qs_client_examination_start (program->examination, &error);
  if (started)
    {
      say_where (program);
      if (!qs_client_examination_get_finished (program->examination) && !program->lost)
        g_main_loop_run (program->loop);
    }
  g_source_remove (interrupt);
  g_source_remove (terminate);
  g_signal_handlers_disconnect_by_data (program->examination, program);
  g_hash_table_remove_all (program->clients);
  if (!started)
    {
      complain (error);
      return QS_EXIT_FAILED;
    }
  return program->lost ? say_lost (program) : conclude (program);
}

static gboolean
prepare (Program *program, GError **error)
{
  const QuicserveExamineOptions *options = program->options;
  const char *const files[] = { options->write_ca, options->junit };

  /* Said now, not after all has been played. */
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      if (files[i] != NULL && !qs_file_writer_check (files[i], error))
        return FALSE;
    }
  return make_certificates (program, error) && write_own_ca (program, error) &&
         (options->write_ca == NULL || write_text (options->write_ca, qs_throwaway_ca_get_pem (program->ca), error));
}

int
quicserve_examine_client (const QuicserveExamineOptions *options)
{
  static const char *const alpn[] = { "h3", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Program program = { .options = options, .loop = loop };
  const QsCraftHost host = { identify, &program, alpn };
  int status;

  program.clients = g_hash_table_new_full (NULL, NULL, NULL, client_free);
  program.examination = make_examination (&program, &host, &error);
  if (program.examination == NULL)
    status = qs_cli_usage ("quicserve", error->message);
  else if (!prepare (&program, &error))
    {
      complain (error);
      status = QS_EXIT_FAILED;
    }
  else
    status = run (&program);
  g_clear_object (&program.examination);
  g_hash_table_unref (program.clients);
  for (guint i = 0; i < G_N_ELEMENTS (program.identities); i++)
    g_clear_pointer (&program.identities[i], qs_identity_unref);
  g_clear_pointer (&program.ca, qs_throwaway_ca_unref);
  g_clear_pointer (&program.folder, qs_private_folder_free);
  g_clear_error (&program.start_error);
  return status;
}

void
quicserve_list_checks (void)
{
  guint n;
  const QsCheck *const *all = qs_client_checks_get (&n);

  qs_cli_list_checks (all, n);
}
