/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many clients at once of the program itself: test-many QUICSERVE. Nothing may be lost, and its log says at the end how
 * many of them waited to be accepted. */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "client.h"

#define MANY_CONNECTIONS 100
#define STREAMS_EACH 4

static char *program;

typedef struct {
  GSubprocess *process;
  GDataInputStream *out;
  guint16 port;
  char *ca_pem;
} Server;

static char *
read_line (Server *server)
{
  g_autoptr (GError) error = NULL;
  char *line = g_data_input_stream_read_line_utf8 (server->out, NULL, NULL, &error);

  g_assert_no_error (error);
  return line;
}

static void
start (Server *server)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("qs-many-XXXXXX", NULL);
  g_autofree char *ca = g_build_filename (folder, "ca.pem", NULL);
  g_autofree char *write_ca = g_strconcat ("--write-ca=", ca, NULL);

  server->process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error, program,
                                      "--port=0", write_ca, NULL);
  g_assert_no_error (error);
  server->out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (server->process));
  g_autofree char *line = read_line (server);
  g_assert_true (g_str_has_prefix (line, "listening on "));
  server->port = (guint16) g_ascii_strtoull (strrchr (line, ':') + 1, NULL, 10);
  g_assert_true (g_file_get_contents (ca, &server->ca_pem, NULL, NULL));
  g_remove (ca);
  g_rmdir (folder);
}

/* *err: what it printed on standard error since it was started. */
static void
stop (Server *server, char **err)
{
  g_autoptr (GError) error = NULL;

  g_subprocess_send_signal (server->process, SIGTERM);
  g_subprocess_communicate_utf8 (server->process, NULL, NULL, NULL, err, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (server->process));
  g_object_unref (server->out);
  g_object_unref (server->process);
  g_free (server->ca_pem);
}

static char *
make_text (guint connection, guint stream)
{
  return g_strdup_printf ("connection %u stream %u %0*d", connection, stream, (int) (stream * 5000) + 1, 0);
}

static void
check_echo (Client *client, guint i)
{
  run_until (client_all_finished, client);
  g_assert_false (client->closed);
  g_assert_cmpuint (client->streams->len, ==, STREAMS_EACH);
  for (guint j = 0; j < STREAMS_EACH; j++)
    {
      ClientStream *stream = client->streams->pdata[j];
      g_autofree char *text = make_text (i, j);
      g_assert_cmpstr (stream->received->str, ==, text);
    }
}

static void
check_log (const char *err)
{
  static const char pattern[] = "ended after %u connections, of which at most %u at once waited to be accepted";
  guint connections = 0, waited = 0;
  const char *last = strstr (err, "ended after ");

  g_assert_nonnull (last);
  g_assert_cmpint (sscanf (last, pattern, &connections, &waited), ==, 2);
  g_test_message ("at most %u waited", waited);
  g_assert_cmpuint (connections, ==, MANY_CONNECTIONS);
  g_assert_cmpuint (waited, >=, 1);
  g_assert_cmpuint (waited, <=, MANY_CONNECTIONS);
}

static void
test_many (void)
{
  Server server;
  g_autofree char *err = NULL;
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify) client_free);

  start (&server);
  for (guint i = 0; i < MANY_CONNECTIONS; i++)
    {
      ClientOptions options = { .ca_pem = server.ca_pem };
      g_ptr_array_add (clients, client_new (server.port, &options));
    }
  for (guint i = 0; i < MANY_CONNECTIONS; i++)
    {
      run_until (client_is_settled, clients->pdata[i]);
      g_assert_true (client_is_established (clients->pdata[i]));
    }
  for (guint i = 0; i < MANY_CONNECTIONS; i++)
    for (guint j = 0; j < STREAMS_EACH; j++)
      {
        g_autofree char *text = make_text (i, j);
        client_open (clients->pdata[i], text, -1, TRUE);
      }
  for (guint i = 0; i < MANY_CONNECTIONS; i++)
    check_echo (clients->pdata[i], i);
  g_ptr_array_set_size (clients, 0);

  stop (&server, &err);
  check_log (err);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  program = argv[1];
  g_test_add_func ("/quicserve/many", test_many);
  return g_test_run ();
}
