/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/qs-i18n.h"
#include "cli/qs-cli.h"
#include "cli/quicserve-examine.h"
#include "cli/quicserve-qlog.h"
#include "crypto/qs-crypto.h"
#include "formats/qs-file-writer.h"
#include "net/qs-impairment.h"
#include "server/qs-responder.h"
#include "server/qs-server-connection-private.h"
#include "server/qs-server.h"

#define MAX_ALPN 255 /* bytes, RFC 7301 section 3.1 */

#define TRIM_AFTER_S 1

/* What the command line says. */
typedef struct {
  char *address;
  int port;
  char *cert, *key;
  char **scenarios; /* each with commas */
  char *alpn;
  char **names;
  char *impairment;
  char *write_ca, *qlog;
  char *checks, *junit, *pcapng; /* of --examine-client, as what follows */
  char **command;
  int count, jobs, timeout;
  gboolean examine, list_checks, json;
  gboolean list, list_impairments, once, retry, no_retry, no_tcp, version, quiet;
} Arguments;

typedef struct {
  GMainLoop *loop;
  QsServer *server;
  QuicserveQlog *qlog; /* NULL: none is wanted */
  gboolean quiet;
  guint n_connections;
  guint trim_source; /* 0: nothing is to be given back */
} Program;

static void
arguments_clear (Arguments *arguments)
{
  g_free (arguments->address);
  g_free (arguments->cert);
  g_free (arguments->key);
  g_strfreev (arguments->scenarios);
  g_free (arguments->alpn);
  g_strfreev (arguments->names);
  g_free (arguments->impairment);
  g_free (arguments->write_ca);
  g_free (arguments->qlog);
  g_free (arguments->checks);
  g_free (arguments->junit);
  g_free (arguments->pcapng);
  g_strfreev (arguments->command);
}

static gboolean
parse (Arguments *arguments, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "address", 0, 0, G_OPTION_ARG_STRING, &arguments->address, N_ ("Listen on this address (default 127.0.0.1)"),
      N_ ("A") },
    { "port", 0, 0, G_OPTION_ARG_INT, &arguments->port, N_ ("UDP and TCP port (default 4433; 0: any free one)"),
      N_ ("P") },
    { "cert", 0, 0, G_OPTION_ARG_FILENAME, &arguments->cert,
      N_ ("Certificate and chain, PEM (default: made on the spot by a throwaway authority)"), N_ ("FILE") },
    { "key", 0, 0, G_OPTION_ARG_FILENAME, &arguments->key, N_ ("Its key, PEM"), N_ ("FILE") },
    { "name", 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments->names,
      N_ ("A name or address for the throwaway certificate; may be repeated"), N_ ("NAME") },
    { "scenario", 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments->scenarios, N_ ("Misbehave in this way"),
      N_ ("NAME[,NAME…]") },
    { "list-scenarios", 0, 0, G_OPTION_ARG_NONE, &arguments->list,
      N_ ("List the scenarios: name, expected finding, title"), NULL },
    { "impair", 0, 0, G_OPTION_ARG_STRING, &arguments->impairment,
      N_ ("Treat QUIC's datagrams as a bad path would, as “bad-wifi” or “loss=10%,delay=50ms”"), N_ ("RULES") },
    { "list-impairments", 0, 0, G_OPTION_ARG_NONE, &arguments->list_impairments,
      N_ ("List the presets of --impair: name, title"), NULL },
    { "alpn", 0, 0, G_OPTION_ARG_STRING, &arguments->alpn,
      N_ ("Application protocols to accept (default hq-interop,http/1.0,h3,http/1.1)"), N_ ("A,B") },
    { "retry", 0, 0, G_OPTION_ARG_NONE, &arguments->retry, N_ ("Validate addresses by Retry (the default)"), NULL },
    { "no-retry", 0, 0, G_OPTION_ARG_NONE, &arguments->no_retry, N_ ("Do not"), NULL },
    { "no-tcp", 0, 0, G_OPTION_ARG_NONE, &arguments->no_tcp, N_ ("No TLS over TCP on the same port"), NULL },
    { "write-ca", 0, 0, G_OPTION_ARG_FILENAME, &arguments->write_ca, N_ ("Write the throwaway authority's certificate"),
      N_ ("FILE") },
    { "qlog", 0, 0, G_OPTION_ARG_FILENAME, &arguments->qlog,
      N_ ("Write what happened on each connection (.sqlog, .qlog; .pcapng for Wireshark)"), N_ ("FILE") },
    { "examine-client", 0, 0, G_OPTION_ARG_NONE, &arguments->examine,
      N_ ("Examine clients in place of serving: each connection plays the next check; with -- COMMAND a client is "
          "started "
          "for each"),
      NULL },
    { "checks", 0, 0, G_OPTION_ARG_STRING, &arguments->checks,
      N_ ("With --examine-client: these alone, by ids or categories"), N_ ("ID,…") },
    { "list-checks", 0, 0, G_OPTION_ARG_NONE, &arguments->list_checks,
      N_ ("List the checks of clients: id, category, title, reference"), NULL },
    { "count", 0, 0, G_OPTION_ARG_INT, &arguments->count, N_ ("With --examine-client: end after so many connections"),
      N_ ("N") },
    { "jobs", 0, 0, G_OPTION_ARG_INT, &arguments->jobs,
      N_ ("With --examine-client and a command: so many clients at a time (default 4)"), N_ ("N") },
    { "timeout", 0, 0, G_OPTION_ARG_INT, &arguments->timeout,
      N_ ("With --examine-client and a command: seconds for a client to connect (default 10)"), N_ ("S") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &arguments->json, N_ ("With --examine-client: the card as JSON"), NULL },
    { "junit", 0, 0, G_OPTION_ARG_FILENAME, &arguments->junit,
      N_ ("With --examine-client: write the card for continuous integration"), N_ ("FILE") },
    { "pcapng", 0, 0, G_OPTION_ARG_FILENAME, &arguments->pcapng,
      N_ ("With --examine-client: a capture of each check that failed or warned, FILE-ID.pcapng"), N_ ("FILE") },
    { "once", 0, 0, G_OPTION_ARG_NONE, &arguments->once, N_ ("End after the first connection"), NULL },
    { "quiet", 0, 0, G_OPTION_ARG_NONE, &arguments->quiet, N_ ("No log on standard error"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &arguments->version, N_ ("Print the version"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments->command, NULL, "[-- COMMAND…]" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autofree char *paths = qs_responder_paths_help ();
  g_autofree char *rules = qs_impairment_help ();
  g_autofree char *description = g_strdup_printf (
      "%s\n%s\n%s\n%s\n\n%s",
      _ ("A stream, or a TLS connection, that begins with “GET /” or “HEAD /” is a request (HTTP/0.9, 1.0 or 1.1);\n"
         "all else is echoed and ends when its sender ends it. With HTTP/1.0, HTTP/1.1 and HTTP/3 (h3), other methods\n"
         "are answered with the body that they came with. Paths:"),
      paths, rules,
      _ ("Places in a COMMAND's words: {url}, {address}, {ip}, {port} are where its client has to go, {host} is "
         "localhost,\n"
         "{ca} the file of the authority to trust. What it says is not shown; it is ended when its check is over.\n"),
      _ ("Exit status: 0 it served and was ended in order; 1 it could not serve; 2 the command line was wrong.\n"
         "With --examine-client: 0 no check failed; 1 otherwise."));

  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_set_summary (context, _ ("A local QUIC and TLS server to look at, that can misbehave on demand."));
  g_option_context_set_description (context, description);
  return g_option_context_parse (context, argc, argv, error);
}

static char **
split_all (char **lists)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; lists != NULL && lists[i] != NULL; i++)
    {
      g_auto (GStrv) items = qs_cli_split (lists[i]);
      g_strv_builder_addv (builder, (const char **) items);
    }
  return g_strv_builder_end (builder);
}

static char **
split (char *list)
{
  char *lists[] = { list, NULL };

  return split_all (lists);
}

/* A sentence, or NULL. */
static const char *
find_bad_list (const Arguments *arguments)
{
  for (guint i = 0; arguments->names != NULL && arguments->names[i] != NULL; i++)
    if (arguments->names[i][0] == '\0')
      return _ ("--name takes a host name or an address, such as www.example.org");
  if (arguments->alpn == NULL)
    return NULL;
  g_auto (GStrv) alpn = split (arguments->alpn);
  if (alpn[0] == NULL)
    return _ ("--alpn takes names of protocols, such as “h3,hq-interop”");
  for (guint i = 0; alpn[i] != NULL; i++)
    if (strlen (alpn[i]) > MAX_ALPN)
      return _ ("--alpn: the name of a protocol has at most 255 bytes");
  return NULL;
}

/* Likewise. */
static const char *
find_stray_option (const Arguments *arguments)
{
  gboolean server = arguments->cert != NULL || arguments->scenarios != NULL || arguments->alpn != NULL ||
                    arguments->impairment != NULL || arguments->qlog != NULL || arguments->once || arguments->retry ||
                    arguments->no_retry || arguments->no_tcp;
  gboolean examiner = arguments->checks != NULL || arguments->junit != NULL || arguments->pcapng != NULL ||
                      arguments->json || arguments->count != 0 || arguments->jobs != 0 || arguments->timeout != 0;

  if (!arguments->examine && arguments->command != NULL)
    return _ ("There is an argument too many; options begin with --");
  if (!arguments->examine && examiner)
    return _ ("--checks, --count, --jobs, --timeout, --json, --junit and --pcapng go with --examine-client");
  if (arguments->examine && server)
    return _ ("With --examine-client the checks say what is served: of the server's options, --address, --port, "
              "--name, --write-ca and --quiet go with it");
  if (arguments->count < 0 || arguments->jobs < 0 || arguments->timeout < 0 || arguments->jobs > 64 ||
      arguments->timeout > 3600)
    return _ ("--count, --jobs (64 at most) and --timeout (3600 at most) take numbers above zero");
  if ((arguments->jobs != 0 || arguments->timeout != 0) && arguments->command == NULL)
    return _ ("--jobs and --timeout go with a command behind --");
  return NULL;
}

/* A sentence when they contradict each other, or NULL. */
static const char *
find_contradiction (const Arguments *arguments)
{
  const char *stray = find_stray_option (arguments);

  if (stray != NULL)
    return stray;
  if (arguments->port < 0 || arguments->port > 65535)
    return _ ("A port is a number from 0 to 65535");
  if (arguments->retry && arguments->no_retry)
    return _ ("--retry and --no-retry contradict each other");
  if ((arguments->cert == NULL) != (arguments->key == NULL))
    return _ ("--cert and --key belong together: give both or none");
  if (arguments->cert != NULL && arguments->write_ca != NULL)
    return _ ("With --cert there is no throwaway authority that --write-ca could write");
  if (arguments->cert != NULL && arguments->names != NULL)
    return _ ("With --cert there is no throwaway certificate that --name could be for");
  return find_bad_list (arguments);
}

static QsServerOptions *
make_options (const Arguments *arguments)
{
  QsServerOptions *options = qs_server_options_new ();

  if (arguments->address != NULL)
    {
      g_free (options->address);
      options->address = g_strdup (arguments->address);
    }
  options->port = (guint16) arguments->port;
  options->cert_file = g_strdup (arguments->cert);
  options->key_file = g_strdup (arguments->key);
  options->retry = !arguments->no_retry;
  options->tcp = !arguments->no_tcp;
  options->once = arguments->once;
  options->record = arguments->qlog != NULL;
  options->impairment = g_strdup (arguments->impairment);
  options->scenarios = split_all (arguments->scenarios);
  if (arguments->alpn != NULL)
    {
      g_strfreev (options->alpn);
      options->alpn = split (arguments->alpn);
    }
  if (arguments->names != NULL)
    {
      g_strfreev (options->names);
      options->names = g_strdupv (arguments->names);
    }
  return options;
}

static void
list_scenarios (void)
{
  guint n;
  const QsScenario *scenarios = qs_scenarios (&n);

  for (guint i = 0; i < n; i++)
    g_print ("%s\t%s\t%s\n", scenarios[i].name, scenarios[i].finding != NULL ? scenarios[i].finding : "-",
             _ (scenarios[i].title));
}

static void
list_impairments (void)
{
  guint n;
  const QsImpairmentPreset *presets = qs_impairment_presets (&n);

  for (guint i = 0; i < n; i++)
    g_print ("%s\t%s\n", presets[i].name, _ (presets[i].title));
}

/* --- Running --- */

static gboolean
signal_cb (gpointer data)
{
  Program *program = data;

  qs_server_stop (program->server);
  return G_SOURCE_CONTINUE;
}

static void
say_end (Program *program)
{
  guint peak = qs_server_get_accept_queue_peak (program->server);
  if (program->n_connections == 0)
    {
      g_printerr ("%s\n", _ ("ended; nobody has connected"));
      return;
    }
  g_autofree char *served =
      g_strdup_printf (ngettext ("%u connection", "%u connections", program->n_connections), program->n_connections);

  g_printerr (_ ("ended after %s, of which at most %u at once waited to be accepted\n"), served, peak);
}

static void
running_cb (QsServer *server, GParamSpec *pspec, Program *program)
{
  if (qs_server_get_running (server))
    return;
  if (!program->quiet)
    say_end (program);
  g_main_loop_quit (program->loop);
}

static void
event_cb (QsServer *server, const char *text, Program *program)
{
  if (!program->quiet)
    g_printerr ("%s\n", text);
}

static gboolean
trim_cb (gpointer data)
{
  Program *program = data;

  program->trim_source = 0;
#ifdef __GLIBC__
  malloc_trim (0);
#endif
  return G_SOURCE_REMOVE;
}

/* Behind a flood what its connections took lies among what is still in use, and the allocator keeps it. */
static void
trim_soon (Program *program)
{
  if (program->trim_source == 0)
    program->trim_source = g_timeout_add_seconds (TRIM_AFTER_S, trim_cb, program);
}

static void
state_cb (QsServerConnection *connection, GParamSpec *pspec, Program *program)
{
  if (qs_server_connection_get_serving_state (connection) < QS_SERVING_CLOSED)
    return;
  trim_soon (program);
  g_autofree char *line = qs_server_connection_describe (connection);
  g_print ("%s\n", line);
  fflush (stdout);
  if (program->qlog != NULL)
    quicserve_qlog_write (program->qlog, connection);
}

static void
added_cb (QsServer *server, QsServerConnection *connection, Program *program)
{
  program->n_connections++;
  g_signal_connect (connection, "notify::state", G_CALLBACK (state_cb), program);
}

static int
fail (GError *error)
{
  g_printerr ("quicserve: %s\n", error->message);
  return g_error_matches (error, QS_ERROR, QS_ERROR_INVALID_TARGET) ? QS_EXIT_USAGE : QS_EXIT_FAILED;
}

static int
serve (const Arguments *arguments)
{
  g_autoptr (GError) error = NULL;

  /* Said now, not after hours of serving. */
  if ((arguments->qlog != NULL && !qs_file_writer_check (arguments->qlog, &error)) ||
      (arguments->write_ca != NULL && !qs_file_writer_check (arguments->write_ca, &error)))
    return fail (error);

  g_autoptr (QsServerOptions) options = make_options (arguments);
  g_autoptr (QsServer) server = qs_server_new (options);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (QuicserveQlog) qlog = arguments->qlog != NULL ? quicserve_qlog_new (arguments->qlog) : NULL;
  Program program = { loop, server, qlog, arguments->quiet, 0, 0 };

  guint interrupt = g_unix_signal_add (SIGINT, signal_cb, &program);
  guint terminate = g_unix_signal_add (SIGTERM, signal_cb, &program);
  g_signal_connect (server, "event", G_CALLBACK (event_cb), &program);
  g_signal_connect (server, "connection-added", G_CALLBACK (added_cb), &program);
  g_signal_connect (server, "notify::running", G_CALLBACK (running_cb), &program);
  if (!qs_server_start (server, &error) ||
      (arguments->write_ca != NULL && !qs_server_write_ca (server, arguments->write_ca, &error)))
    return fail (error);

  g_print ("listening on %s\n", qs_server_get_address (server)); /* programs wait for it: not translated */
  fflush (stdout);
  g_main_loop_run (loop);
  g_source_remove (interrupt);
  g_source_remove (terminate);
  g_clear_handle_id (&program.trim_source, g_source_remove);
  return qlog == NULL || quicserve_qlog_finish (qlog) ? QS_EXIT_OK : QS_EXIT_FAILED;
}

static int
examine (const Arguments *arguments)
{
  const QuicserveExamineOptions options = {
    .address = arguments->address != NULL ? arguments->address : "127.0.0.1",
    .port = (guint16) arguments->port,
    .names = arguments->names,
    .command = arguments->command,
    .checks = arguments->checks,
    .junit = arguments->junit,
    .pcapng = arguments->pcapng,
    .write_ca = arguments->write_ca,
    .count = (guint) arguments->count,
    .jobs = arguments->jobs != 0 ? (guint) arguments->jobs : 4,
    .timeout_s = (guint) arguments->timeout,
    .json = arguments->json,
    .quiet = arguments->quiet,
  };

  return quicserve_examine_client (&options);
}

int
main (int argc, char *argv[])
{
  Arguments arguments = { .port = 4433 };
  g_autoptr (GError) error = NULL;
  int status = QS_EXIT_OK;

  qs_i18n_init ();
  qs_crypto_init ();
  if (!parse (&arguments, &argc, &argv, &error))
    status = qs_cli_usage ("quicserve", error->message);
  else if (arguments.version)
    g_print ("quicserve %s\n", PACKAGE_VERSION);
  else if (arguments.list)
    list_scenarios ();
  else if (arguments.list_impairments)
    list_impairments ();
  else if (arguments.list_checks)
    quicserve_list_checks ();
  else
    {
      const char *sentence = find_contradiction (&arguments);
      status = sentence != NULL    ? qs_cli_usage ("quicserve", sentence)
               : arguments.examine ? examine (&arguments)
                                   : serve (&arguments);
    }
  arguments_clear (&arguments);
  return status;
}
