/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/quictap-options.h"

#include <stdio.h>
#include <string.h>

#include "base/qs-error.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "cli/qs-cli.h"
#include "formats/qs-file-writer.h"
#include "net/qs-impairment.h"

/* Where GOption puts what it reads; turned into QuictapOptions afterwards. */
static struct {
  char *to, *listen, *impairment, *pcapng, *recipe;
  char **keylogs;
  gboolean accept_any, json, quiet, list_recipes, version, help;
} raw;

static const GOptionEntry watch_entries[] = {
  { "to", 0, 0, G_OPTION_ARG_STRING, &raw.to, N_ ("Relay to this server, UDP and TCP (port 443 unless given)"),
    N_ ("HOST[:PORT]") },
  { "listen", 0, 0, G_OPTION_ARG_STRING, &raw.listen,
    N_ ("Listen here (default 127.0.0.1, a port that is free); another address than loopback lets others in"),
    N_ ("ADDR[:PORT]") },
  { "accept-any", 0, 0, G_OPTION_ARG_NONE, &raw.accept_any,
    N_ ("In place of --to: be a proxy, SOCKS 5 and HTTP CONNECT, that leads programs to any server over TCP; on "
        "loopback alone, "
        "as “curl --proxy http://{address}:{port} URL” or “chromium --proxy-server=socks5://{address}:{port}”"),
    NULL },
  { "keylog", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw.keylogs,
    N_ ("A key log that the program writes, followed as it grows, besides the one that SSLKEYLOGFILE names to COMMAND; "
        "may be given "
        "more than once"),
    N_ ("FILE") },
  { "impair", 0, 0, G_OPTION_ARG_STRING, &raw.impairment,
    N_ ("Treat datagrams between relay and server as a bad path would, as “bad-wifi” or “loss=10%,delay=50ms”"),
    N_ ("RULES") },
  { NULL },
};

static const GOptionEntry print_entries[] = {
  { "pcapng", 0, 0, G_OPTION_ARG_FILENAME, &raw.pcapng,
    N_ ("Write the connections as captures with their secrets inside: all to this file, or each to one of its own in "
        "this folder"),
    N_ ("FILE|FOLDER") },
  { "json", 0, 0, G_OPTION_ARG_NONE, &raw.json,
    N_ ("Print one JSON object, “connections” as quicprobe --read has them, each as it ends"), NULL },
  { "quiet", 'q', 0, G_OPTION_ARG_NONE, &raw.quiet, N_ ("Nothing while it watches, and a short report"), NULL },
  { "recipe", 0, 0, G_OPTION_ARG_STRING, &raw.recipe,
    N_ ("Print the words that lead a program through the relay to --to, as “chromium”"), N_ ("NAME") },
  { "list-recipes", 0, 0, G_OPTION_ARG_NONE, &raw.list_recipes, N_ ("List the recipes: name, title"), NULL },
  { "version", 0, 0, G_OPTION_ARG_NONE, &raw.version, N_ ("Print the version"), NULL },
  { "help", 'h', 0, G_OPTION_ARG_NONE, &raw.help, N_ ("Print this help"), NULL },
  { NULL },
};

static const QsCliGroup groups[] = {
  { N_ ("What to watch:"), watch_entries },
  { N_ ("What is printed and written:"), print_entries },
};

void
quictap_print_help (void)
{
  g_autofree char *rules = qs_impairment_help ();

  printf ("%s\n\n", _ ("Usage: quictap --to=HOST[:PORT] [OPTION…] [-- COMMAND…]"));
  qs_cli_print_wrapped (
      stdout,
      _ ("Watches another program's QUIC and TLS connections without any privilege: relays them to a server, decrypts "
         "them with the "
         "program's own key log, and says in plain words what happened. It ends no TLS and changes no byte."),
      0);
  printf ("\n%s\n", _ ("COMMAND is started with SSLKEYLOGFILE set to a private file. In its words stand for"));
  printf ("  %-29s %s\n", "{address} {ip} {port}", _ ("where the relay listens; {address} has IPv6 in brackets"));
  printf ("  %-29s %s\n", "{url}", _ ("https:// with these"));
  printf ("  %-29s %s\n", "{host} {target-port}", _ ("the server's"));
  printf ("  %-29s %s\n", "{keylog}", _ ("the private file"));
  printf ("  %-29s %s\n", "{cache}", _ ("a folder for what the program keeps"));
  qs_cli_print_wrapped (
      stdout,
      _ ("Without a COMMAND it waits for connections until Ctrl-C, as with --keylog=FILE of a program that "
         "runs already."),
      0);
  qs_cli_print_groups (stdout, groups, G_N_ELEMENTS (groups));
  printf ("\n%s\n", rules);
  printf ("\n%s\n", _ ("Exit status: 0 connections came and all went well; 1 not so; 2 the command line was wrong."));
}

static void
clear_raw (void)
{
  g_free (raw.to);
  g_free (raw.listen);
  g_free (raw.impairment);
  g_free (raw.pcapng);
  g_free (raw.recipe);
  g_strfreev (raw.keylogs);
  memset (&raw, 0, sizeof raw);
}

void
quictap_options_free (QuictapOptions *options)
{
  g_clear_pointer (&options->target, qs_target_unref);
  g_clear_object (&options->listen);
  g_strfreev (options->keylogs);
  g_strfreev (options->command);
  g_free (options->impairment);
  g_free (options->pcapng);
  g_free (options);
}

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, QS_ERROR, QS_ERROR_INVALID_TARGET, sentence);
  return FALSE;
}

/* An address with a port behind it or not, IPv6 in brackets where there is one. */
static GSocketAddress *
parse_listen (const char *text)
{
  g_autoptr (GSocketConnectable) parsed = text != NULL ? g_network_address_parse (text, 0, NULL) : NULL;

  if (text == NULL)
    return g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  if (g_hostname_is_ip_address (text))
    return g_inet_socket_address_new_from_string (text, 0);
  if (parsed == NULL)
    return NULL;
  return g_inet_socket_address_new_from_string (g_network_address_get_hostname (G_NETWORK_ADDRESS (parsed)),
                                                g_network_address_get_port (G_NETWORK_ADDRESS (parsed)));
}

static gboolean
find_recipe (QuictapOptions *options, GError **error)
{
  if (raw.recipe == NULL)
    return TRUE;
  options->recipe = qs_tap_recipe_find (raw.recipe);
  if (options->recipe != NULL)
    return TRUE;
  g_autofree char *name = qs_text_escape_short (raw.recipe, -1, 60);
  g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
               _ ("--recipe: there is none for “%s”; --list-recipes has those there are."), name);
  return FALSE;
}

static gboolean
check_impairment (GError **error)
{
  g_autoptr (QsImpairment) impairment = raw.impairment != NULL ? qs_impairment_new (raw.impairment, error) : NULL;

  return raw.impairment == NULL || impairment != NULL;
}

static gboolean
check_pcapng (GError **error)
{
  return raw.pcapng == NULL || g_file_test (raw.pcapng, G_FILE_TEST_IS_DIR) || qs_file_writer_check (raw.pcapng, error);
}

static gboolean
fill (QuictapOptions *options, int argc, char **argv, GError **error)
{
  if (!find_recipe (options, error))
    return FALSE;
  if (raw.accept_any && (raw.to != NULL || raw.recipe != NULL))
    return refuse (error, _ ("--accept-any leads each program where it wants to go: leave --to and --recipe out."));
  if (raw.accept_any && raw.impairment != NULL)
    return refuse (error, _ ("--impair is for datagrams, and --accept-any leads TCP alone."));
  if (raw.to == NULL && options->recipe == NULL && !raw.accept_any)
    return refuse (error, _ ("--to=HOST:PORT is missing: the server that connections are relayed to."));
  if (!raw.accept_any)
    options->target = qs_target_new (raw.to != NULL ? raw.to : "www.example.org:443", error);
  if (options->target == NULL && !raw.accept_any)
    return FALSE;
  if (options->target != NULL && qs_target_get_path (options->target) != NULL)
    return refuse (error, _ ("--to takes HOST:PORT; what is asked for there is the program's own affair."));
  if (options->recipe != NULL && argc > 1)
    return refuse (error, _ ("--recipe prints words to start a program with; it starts none: leave COMMAND out."));
  options->listen = parse_listen (raw.listen);
  if (options->listen == NULL)
    return refuse (error, _ ("--listen takes an address, such as “127.0.0.1:4433” or “[::1]:4433”."));
  if (raw.accept_any &&
      !g_inet_address_get_is_loopback (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (options->listen))))
    return refuse (error, _ ("--accept-any listens on loopback alone: elsewhere it would be a proxy for everybody."));
  options->keylogs = g_strdupv (raw.keylogs);
  options->impairment = g_strdup (raw.impairment);
  options->pcapng = g_strdup (raw.pcapng);
  options->command = argc > 1 ? g_strdupv (argv + 1) : NULL;
  return check_impairment (error) && check_pcapng (error);
}

static gboolean
parse (QuictapOptions *options, int argc, char **argv, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autofree char **copy = g_memdup2 (argv, sizeof *argv * (gsize) (argc + 1));

  g_option_context_set_help_enabled (context, FALSE); /* it knows no headings */
  g_option_context_set_strict_posix (context, TRUE);  /* what follows the command's name is the command's */
  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    g_option_context_add_main_entries (context, groups[i].entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, &argc, &copy, error))
    return FALSE;
  if (argc > 1 && g_str_equal (copy[1], "--"))
    memmove (copy + 1, copy + 2, sizeof *copy * (gsize) (argc-- - 1));
  options->help = raw.help;
  options->version = raw.version;
  options->list_recipes = raw.list_recipes;
  options->json = raw.json;
  options->quiet = raw.quiet;
  return raw.help || raw.version || raw.list_recipes || fill (options, argc, copy, error);
}

QuictapOptions *
quictap_options_parse (int argc, char **argv, GError **error)
{
  g_autoptr (QuictapOptions) options = g_new0 (QuictapOptions, 1);
  gboolean good = parse (options, argc, argv, error);

  clear_raw ();
  return good ? g_steal_pointer (&options) : NULL;
}
