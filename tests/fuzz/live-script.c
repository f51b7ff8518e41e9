/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "live-script.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#define MOST_TURNS 200
#define MOST_ROUNDS 200
#define WAIT_MS 10
#define MOST_STEPS 64
#define MOST_DATAGRAM 2048
#define NEXT_STEP 3

void
live_turn (void)
{
  for (guint i = 0; i < MOST_TURNS && g_main_context_iteration (NULL, FALSE); i++)
    continue;
}

void
live_turn_after (GSocket *socket)
{
  int unread = 1;

  /* TCP's acknowledgement tells that it lies at the other end, which the kernel may take its time for. */
  for (guint i = 0; i < 3 && ioctl (g_socket_get_fd (socket), SIOCOUTQ, &unread) == 0 && unread > 0; i++)
    poll (NULL, 0, 1);
  live_turn ();
}

void
live_wait (GSocket *socket)
{
  struct pollfd wait = { .fd = g_socket_get_fd (socket), .events = POLLIN };

  live_turn ();
  poll (&wait, 1, WAIT_MS);
}

void
live_script_init (LiveScript *self, gboolean server, const char *alpn)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GError) error = NULL;

  *self = (LiveScript){ 0 };
  self->socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);
  g_assert_no_error (error);
  g_assert_true (g_socket_bind (self->socket, any, FALSE, NULL));
  g_socket_set_blocking (self->socket, FALSE);
  self->peer = live_peer_new (server, alpn);
  self->held = g_byte_array_new ();
}

void
live_script_clear (LiveScript *self)
{
  g_clear_object (&self->socket);
  g_clear_object (&self->other);
  g_clear_pointer (&self->peer, live_peer_free);
  g_clear_pointer (&self->held, g_byte_array_unref);
}

guint16
live_script_get_port (LiveScript *self)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (self->socket, NULL);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local));
}

static guint
receive (LiveScript *self, gboolean deaf)
{
  guint8 bytes[65536];
  guint n = 0;

  for (;; n++)
    {
      g_autoptr (GSocketAddress) from = NULL;
      gssize length = g_socket_receive_from (self->socket, &from, (char *) bytes, sizeof bytes, NULL, NULL);
      if (length < 0)
        return n;
      if (self->other == NULL)
        self->other = g_object_ref (from);
      if (!deaf)
        live_peer_receive (self->peer, QS_SPAN (bytes, (gsize) length));
    }
}

static void
send_held (LiveScript *self, guint times)
{
  for (guint i = 0; i < times && self->other != NULL && self->held->len > 0; i++)
    g_socket_send_to (self->socket, self->other, (const char *) self->held->data, self->held->len, NULL, NULL);
  g_byte_array_set_size (self->held, 0);
}

/* Takes packet; NULL: there is none to be sent. */
static void
send_packet (LiveScript *self, GBytes *packet, guint8 how)
{
  if (packet == NULL)
    return;
  g_byte_array_append (self->held, g_bytes_get_data (packet, NULL), (guint) g_bytes_get_size (packet));
  g_bytes_unref (packet);
  if (!(how & LIVE_HOLD) || self->held->len >= MOST_DATAGRAM)
    send_held (self, how & LIVE_REPEAT ? LIVE_N_REPEATS : 1);
}

static guint
be_honest (LiveScript *self)
{
  guint n = receive (self, FALSE);

  for (GBytes *next = live_peer_next (self->peer); next != NULL; next = live_peer_next (self->peer), n++)
    send_packet (self, next, 0);
  live_turn ();
  return n;
}

void
live_script_shake_hands (LiveScript *self)
{
  struct pollfd wait = { .fd = g_socket_get_fd (self->socket), .events = POLLIN };
  guint idle = 0;

  live_turn ();
  /* A machine under load may take its time to hand a datagram on, also to itself. */
  for (guint i = 0; i < MOST_ROUNDS && idle < 2; i++)
    {
      idle = be_honest (self) > 0 ? 0 : live_peer_is_up (self->peer) ? idle + 1 : 0;
      if (idle == 0 && !live_peer_is_up (self->peer))
        poll (&wait, 1, WAIT_MS);
    }
}

static void
step (LiveScript *self, guint8 how, QsSpan bytes)
{
  guint skip = how & LIVE_SKIP ? 100 : 0;
  guint8 first = bytes.length > 0 ? bytes.data[0] : 0;
  QsSpan rest = bytes.length > 0 ? QS_SPAN (bytes.data + 1, bytes.length - 1) : bytes;
  static const QsPacketType types[] = { QS_PACKET_INITIAL, QS_PACKET_HANDSHAKE, QS_PACKET_1RTT };

  switch ((how & 0x0f) % LIVE_N_STEPS)
    {
    case LIVE_HONEST:
      be_honest (self);
      break;
    case LIVE_RAW:
      send_packet (self, g_bytes_new (bytes.data, bytes.length), how);
      break;
    case LIVE_INITIAL:
    case LIVE_HANDSHAKE:
    case LIVE_SHORT:
      send_packet (self, live_peer_seal (self->peer, types[(how & 0x0f) % LIVE_N_STEPS - LIVE_INITIAL], bytes, skip),
                   how);
      break;
    case LIVE_STREAM:
      send_packet (self, live_peer_seal_stream (self->peer, first & 7, rest, (how & LIVE_FIN) != 0), how);
      break;
    case LIVE_MESSAGE:
      send_packet (self, live_peer_seal_message (self->peer, types[first % G_N_ELEMENTS (types)], rest), how);
      break;
    case LIVE_UPDATE:
      live_peer_update_keys (self->peer);
      break;
    case LIVE_RETRY:
      send_packet (self, live_peer_retry (self->peer, bytes), how);
      break;
    case LIVE_VERSIONS:
      send_packet (self, live_peer_versions (self->peer, bytes), how);
      break;
    default:
      receive (self, TRUE);
      break;
    }
}

void
live_script_run (LiveScript *self, const guint8 *data, gsize size)
{
  live_turn ();
  receive (self, FALSE);
  for (guint n = 0; n < MOST_STEPS && size >= NEXT_STEP; n++)
    {
      gsize length = (gsize) data[1] << 8 | data[2];
      length = MIN (MIN (length, size - NEXT_STEP), MOST_DATAGRAM - 64);
      step (self, data[0], QS_SPAN (data + NEXT_STEP, length));
      live_turn ();
      data += NEXT_STEP + length;
      size -= NEXT_STEP + length;
    }
  send_held (self, 1);
  live_turn ();
}
