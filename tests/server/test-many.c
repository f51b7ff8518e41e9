/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many clients at once of the program itself: test-many QUICSERVE. Nothing may be lost, and its log says at the end how
 * many of them waited to be accepted. */
#include <stdio.h>
#include <string.h>

#include "program.h"

#define MANY_CONNECTIONS 100
#define STREAMS_EACH 4

static char *program;

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
  Program server;
  g_autofree char *err = NULL;
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify) client_free);

  program_start (&server, program, "--retry");
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

  program_stop (&server, &err);
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
