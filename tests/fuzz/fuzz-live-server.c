/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <openssl/err.h>

#include "fuzz.h"
#include "live-script.h"
#include "server/qs-server.h"
#include "study/qs-study.h"

#define HANDS_SHAKEN 0x80
#define WITH_RETRY 0x40
#define OVER_TCP 0x20
#define INSIDE_TLS 0x10
#define MOST_ROUNDS 40

static const char *const protocols[] = { "hq-interop", "h3", "http/1.0", "http/1.1" };

static QsServer *
start_server (gboolean retry)
{
  g_autoptr (QsServerOptions) options = qs_server_options_new ();
  g_autoptr (GError) error = NULL;

  options->cert_file = g_strdup (live_certificate_path ());
  options->key_file = g_strdup (live_key_path ());
  options->retry = retry;
  options->record = TRUE;
  QsServer *server = qs_server_new (options);
  qs_server_start (server, &error);
  g_assert_no_error (error);
  return server;
}

static void
speak_tcp (GSocketAddress *address, const char *alpn, gboolean inside, const guint8 *data, gsize size)
{
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (GError) error = NULL;
  SSL_CTX *context = live_context_new (FALSE, alpn);
  SSL *ssl = SSL_new (context);

  g_socket_connect (socket, address, NULL, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (socket, FALSE);
  SSL_set_fd (ssl, g_socket_get_fd (socket));
  for (guint i = 0; inside && i < MOST_ROUNDS && SSL_connect (ssl) != 1; i++)
    live_wait (socket);
  while (size >= 3)
    {
      gsize length = (gsize) data[1] << 8 | data[2];
      length = MIN (length, size - 3);
      if (inside && length > 0)
        SSL_write (ssl, data + 3, (int) length);
      else
        g_socket_send (socket, (const char *) data + 3, length, NULL, NULL);
      if (data[0] & 1)
        live_turn_after (socket);
      data += 3 + length;
      size -= 3 + length;
    }
  live_turn_after (socket);
  ERR_clear_error ();
  SSL_free (ssl);
  SSL_CTX_free (context);
}

/* What the server recorded of each connection can be told of. */
static void
look (QsServer *server)
{
  GListModel *connections = qs_server_get_connections (server);

  for (guint i = 0; i < g_list_model_get_n_items (connections); i++)
    {
      g_autoptr (QsServerConnection) connection = g_list_model_get_item (connections, i);
      QsTrace *trace = qs_server_connection_get_trace (connection);
      if (trace == NULL)
        continue;
      g_autoptr (QsStudy) study = qs_study_new (trace, NULL);
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
      qs_study_settle (study);
      json_node_take_object (node, qs_study_to_json (study));
      g_autofree char *text = qs_study_json_to_text (node);
      g_assert_true (g_utf8_validate (text, -1, NULL));
    }
}

/* The server, and a client that says what is in the bytes. The first: which protocol, over what, and whether the handshake goes well. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  LiveScript script;

  if (size == 0)
    return 0;
  live_fix_random ();
  const char *alpn = protocols[data[0] % G_N_ELEMENTS (protocols)];
  QsServer *server = start_server ((data[0] & WITH_RETRY) != 0);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", qs_server_get_port (server));

  if (data[0] & OVER_TCP)
    speak_tcp (address, alpn, (data[0] & INSIDE_TLS) != 0, data + 1, size - 1);
  else
    {
      live_script_init (&script, FALSE, alpn);
      script.other = g_object_ref (address);
      if (data[0] & HANDS_SHAKEN)
        live_script_shake_hands (&script);
      live_script_run (&script, data + 1, size - 1);
      live_script_clear (&script);
    }
  look (server);
  qs_server_stop (server);
  live_turn ();
  g_object_unref (server);
  return 0;
}
