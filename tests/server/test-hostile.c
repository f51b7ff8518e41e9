/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clients that mean no good, of the program itself: test-hostile QUICSERVE. What they cost is bounded, and who comes after
 * them is served. */
#include <string.h>

#include "program.h"

#define N_DATAGRAMS 20000
#define N_HALF 300
#define MAX_DATAGRAM 1400
#define MOST_KIB (96 * 1024)

#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_IS_TOLD FALSE /* what is freed is kept for a while */
#else
#define MEMORY_IS_TOLD TRUE
#endif

static char *program;

/* A datagram, each time another one; its length. */
typedef gsize (*Make) (GRand *random, guint8 *bytes);

static void
fill (GRand *random, guint8 *bytes, gsize length)
{
  for (gsize i = 0; i < length; i++)
    bytes[i] = (guint8) g_rand_int (random);
}

static gsize
make_garbage (GRand *random, guint8 *bytes)
{
  gsize length = (gsize) g_rand_int_range (random, 1, MAX_DATAGRAM);

  fill (random, bytes, length);
  return length;
}

/* A header as RFC 9000 section 17.2 has it, and nothing that could be decrypted. */
static gsize
make_long (GRand *random, guint8 *bytes, guint32 version)
{
  guint32 big = GUINT32_TO_BE (version);

  fill (random, bytes, 1200);
  bytes[0] = (guint8) (0xc0 | (bytes[0] & 0x0f));
  memcpy (bytes + 1, &big, sizeof big);
  bytes[5] = bytes[14] = 8;
  bytes[23] = 0;    /* no token */
  bytes[24] = 0x44; /* 1200 - 26 bytes follow */
  bytes[25] = 0x96;
  return 1200;
}

static gsize
make_initial (GRand *random, guint8 *bytes)
{
  return make_long (random, bytes, 1);
}

static gsize
make_unknown_version (GRand *random, guint8 *bytes)
{
  return make_long (random, bytes, 0x1a2a3a4a);
}

static gsize
make_short (GRand *random, guint8 *bytes)
{
  fill (random, bytes, 60);
  bytes[0] = 0x40 | (bytes[0] & 0x3f);
  return 60;
}

static const struct {
  const char *name;
  Make make;
} floods[] = {
  { "garbage", make_garbage },
  { "initials", make_initial },
  { "unknown-version", make_unknown_version },
  { "short", make_short },
};

static void
flood (guint16 port, Make make)
{
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", port);
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  guint8 bytes[MAX_DATAGRAM];
  char answer[2048];

  g_assert_true (g_socket_connect (socket, address, NULL, NULL));
  g_socket_set_blocking (socket, FALSE);
  for (guint i = 0; i < N_DATAGRAMS; i++)
    {
      gsize length = make (random, bytes);
      g_socket_send (socket, (const char *) bytes, length, NULL, NULL);
      while (g_socket_receive (socket, answer, sizeof answer, NULL, NULL) > 0)
        ;
      if (i % 64 == 63)
        g_usleep (500); /* or the kernel drops nearly all of them */
    }
}

static void
check_serves (Program *server)
{
  ClientOptions options = { .ca_pem = server->ca_pem };
  g_autoptr (Client) client = client_new (server->port, &options);

  run_until (client_is_settled, client);
  g_assert_true (client_is_established (client));
  ClientStream *stream = client_open (client, "still there?", -1, TRUE);
  run_until (client_all_finished, client);
  g_assert_cmpstr (stream->received->str, ==, "still there?");
}

static void
check_memory (Program *server, guint before, const char *name)
{
  guint after = program_get_memory (server);

  g_test_message ("%s: %u KiB, then %u KiB", name, before, after);
  if (MEMORY_IS_TOLD)
    g_assert_cmpuint (after, <, before + MOST_KIB);
}

static void
test_flood (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  static const char *const options[] = { "--retry", "--no-retry", "--qlog", NULL };

  for (guint j = 0; options[j] != NULL; j++)
    {
      Program server;
      program_start (&server, program, options[j]);
      guint before = program_get_memory (&server);
      flood (server.port, floods[i].make);
      check_serves (&server);
      check_memory (&server, before, options[j]);
      program_stop (&server, NULL);
    }
}

/* ClientHello, and never a word more. */
static void
test_half_handshakes (void)
{
  Program server;

  program_start (&server, program, "--no-retry");
  guint before = program_get_memory (&server);
  for (guint i = 0; i < N_HALF; i++)
    {
      ClientOptions options = { .ca_pem = server.ca_pem };
      g_autoptr (Client) client = client_new (server.port, &options);
      g_main_context_iteration (NULL, FALSE);
    }
  check_serves (&server);
  check_memory (&server, before, "half handshakes");
  program_stop (&server, NULL);
}

/* Who never says a word over TCP: QUIC goes on, and the end is orderly. */
static void
test_silent_tcp (void)
{
  Program server;
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GSocketAddress) address = NULL;

  program_start (&server, program, "--retry");
  address = g_inet_socket_address_new_from_string ("127.0.0.1", server.port);
  for (guint i = 0; i < 200; i++)
    {
      GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
      g_assert_true (g_socket_connect (socket, address, NULL, NULL));
      g_ptr_array_add (sockets, socket);
    }
  check_serves (&server);
  program_stop (&server, NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  program = argv[1];
  for (guint i = 0; i < G_N_ELEMENTS (floods); i++)
    {
      g_autofree char *path = g_strconcat ("/hostile/flood/", floods[i].name, NULL);
      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_flood);
    }
  g_test_add_func ("/hostile/half-handshakes", test_half_handshakes);
  g_test_add_func ("/hostile/silent-tcp", test_silent_tcp);
  return g_test_run ();
}
