/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib-unix.h>
#include <stdio.h>

#include "base/qs-error.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "cli/qs-cli.h"
#include "cli/quictap-options.h"
#include "cli/quictap-report.h"
#include "crypto/qs-crypto.h"
#include "net/qs-resolve.h"
#include "tap/qs-tap-command.h"
#include "tap/qs-tap.h"

typedef struct {
  const QuictapOptions *options;
  GMainLoop *loop;
  QsTap *tap;
  QsTapCommand *command; /* NULL: there is none */
  QuictapReport *report;
  GAsyncResult *resolved;
  int command_status;
  guint n_signals;
} Program;

static int
fail (const GError *error)
{
  fprintf (stderr, "quictap: %s\n", error->message);
  return QS_EXIT_FAILED;
}

/* The first one ends it in order: the program first, where there is one. Whoever insists gets out at once. */
static gboolean
signal_cb (gpointer data)
{
  Program *program = data;
  gboolean again = program->n_signals++ > 0;
  gboolean runs = program->command != NULL && qs_tap_command_is_running (program->command);

  if (runs)
    qs_tap_command_stop (program->command, again);
  if (!runs || again)
    g_main_loop_quit (program->loop);
  return G_SOURCE_CONTINUE;
}

static void
settled_cb (QsTap *tap, QsTapConnection *connection, Program *program)
{
  quictap_report_add (program->report, connection);
}

static void
exited_cb (int status, gpointer data)
{
  Program *program = data;

  program->command_status = status;
  g_main_loop_quit (program->loop);
}

static void
resolved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Program *program = data;

  program->resolved = g_object_ref (result);
  g_main_loop_quit (program->loop);
}

static GPtrArray *
resolve (Program *program, GError **error)
{
  qs_resolve_async (program->options->target, G_SOCKET_FAMILY_INVALID, NULL, NULL, resolved_cb, program);
  g_main_loop_run (program->loop);
  g_autoptr (GAsyncResult) result = g_steal_pointer (&program->resolved);
  return result != NULL ? qs_resolve_finish (result, error) : NULL;
}

static char **
list_key_logs (const Program *program)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (program->options->keylogs != NULL)
    g_strv_builder_addv (builder, (const char **) program->options->keylogs);
  if (program->command != NULL)
    g_strv_builder_add (builder, qs_tap_command_get_key_log (program->command));
  return g_strv_builder_end (builder);
}

static gboolean
open_tap (Program *program, GPtrArray *servers, GError **error)
{
  QsTarget *target = program->options->target;
  g_auto (GStrv) key_logs = list_key_logs (program);
  g_autoptr (GSocketConnectable) place =
      target != NULL ? g_network_address_new (qs_target_get_host (target), qs_target_get_port (target)) : NULL;
  g_autofree char *name = place != NULL ? g_socket_connectable_to_string (place) : g_strdup ("any");
  const QsTapOptions options = {
    .target = name,
    .key_logs = (const char *const *) key_logs,
    .relay = { program->options->listen, servers, program->options->impairment, 0 },
  };

  program->tap = qs_tap_new (&options, error);
  if (program->tap == NULL)
    return FALSE;
  g_signal_connect (program->tap, "settled", G_CALLBACK (settled_cb), program);
  return TRUE;
}

static gboolean
start_command (Program *program, GError **error)
{
  QsTarget *target = program->options->target;
  const QsTapPlaces places = { target != NULL ? qs_target_get_host (target) : NULL,
                               target != NULL ? qs_target_get_port (target) : 0, qs_tap_get_address (program->tap),
                               qs_tap_command_get_key_log (program->command) };
  g_auto (GStrv) words = qs_tap_places_fill_all (&places, (const char *const *) program->options->command);

  return qs_tap_command_start (program->command, (const char *const *) words,
                               program->options->json ? QS_TAP_COMMAND_ASIDE : 0, exited_cb, program, error);
}

static void
say_where (Program *program)
{
  g_autofree char *address = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (qs_tap_get_address (program->tap)));

  /* Programs wait for it: not translated. */
  if (!program->options->quiet || program->options->command == NULL)
    fprintf (stderr, "listening on %s\n", address);
}

static int
watch (Program *program)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) servers = program->options->target != NULL ? resolve (program, &error) : NULL;

  if (error != NULL)
    return fail (error);
  /* One that came meanwhile has ended it: no program is begun any more. */
  if (program->n_signals > 0 || (servers == NULL && program->options->target != NULL))
    return QS_EXIT_FAILED;
  program->report = quictap_report_new (program->options, &error);
  if (program->report == NULL || !open_tap (program, servers, &error))
    return fail (error);
  qs_tap_start (program->tap);
  say_where (program);
  if (program->command != NULL && !start_command (program, &error))
    {
      g_autofree char *name = qs_text_escape_short (program->options->command[0], -1, 60);
      g_autofree char *text = g_strdup_printf (_ ("“%s” cannot be started: %s"), name, error->message);
      return qs_cli_usage ("quictap", text);
    }
  g_main_loop_run (program->loop);
  qs_tap_stop (program->tap);
  return quictap_report_finish (program->report, program->tap, program->command_status) ? QS_EXIT_OK : QS_EXIT_FAILED;
}

static int
run (const QuictapOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Program program = { .options = options, .loop = loop, .command_status = -1 };
  guint sources[] = { g_unix_signal_add (SIGINT, signal_cb, &program), g_unix_signal_add (SIGTERM, signal_cb, &program),
                      g_unix_signal_add (SIGHUP, signal_cb, &program) };
  int status = QS_EXIT_FAILED;

  if (options->command != NULL)
    program.command = qs_tap_command_new (&error);
  qs_tap_relay_allow_many ();
  if (options->command != NULL && program.command == NULL)
    fail (error);
  else
    status = watch (&program);
  g_clear_object (&program.tap);
  g_clear_pointer (&program.command, qs_tap_command_free);
  g_clear_pointer (&program.report, quictap_report_free);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
  return status;
}

static void
list_recipes (void)
{
  guint n;
  const QsTapRecipe *recipes = qs_tap_recipes (&n);

  for (guint i = 0; i < n; i++)
    printf ("%s\t%s\n", recipes[i].name, _ (recipes[i].title));
}

/* Words on the standard output, so that a shell may take them; what to know on the other. */
static void
print_recipe (const QuictapOptions *options)
{
  g_autofree char *command = qs_tap_recipe_dup_command (options->recipe, qs_target_get_host (options->target),
                                                        qs_target_get_port (options->target));

  printf ("%s\n", command);
  if (!options->quiet && options->recipe->note != NULL)
    qs_cli_print_wrapped (stderr, _ (options->recipe->note), 0);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  qs_i18n_init ();
  qs_crypto_init ();
  signal (SIGPIPE, SIG_IGN);
  g_autoptr (QuictapOptions) options = quictap_options_parse (argc, argv, &error);
  if (options == NULL)
    return qs_cli_usage ("quictap", error->message);
  if (options->help)
    quictap_print_help ();
  else if (options->version)
    printf ("quictap %s\n", PACKAGE_VERSION);
  else if (options->list_recipes)
    list_recipes ();
  else if (options->recipe != NULL)
    print_recipe (options);
  else
    return run (options);
  return QS_EXIT_OK;
}
