/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib-unix.h>
#include <openssl/err.h>
#include <string.h>

#include "craft/qs-craft-private.h"
#include "wire/qs-writer.h"

#define DATAGRAM_MAX 65536
#define MOST_READS 32 /* datagrams a turn: some 50 µs each */
#define MOST_GONE 64  /* ids of connections that are over, whose late Initials are nobody's */
#define LEAST_ANSWERED \
  1200 /* bytes of a datagram that may be answered with Version Negotiation, RFC 9000 section 6.1 */

/* The datagram that is being read, as the socket tells of it. */
typedef struct {
  GSocketAddress *from;
  gint64 time;
  guint8 ecn;
} Arrival;

struct _QsCraftListener {
  guint references; /* the owner's, and each connection's */
  gboolean closed;  /* the owner has left */
  QsCraftIncomingFunc incoming;
  gpointer data;
  GSocketAddress *address;
  QsUdpBio *udp;
  BIO *bio;
  BIO_ADDR *peer;
  GSource *source;
  GPtrArray *servers; /* QsCraft, borrowed */
  QsCraftId gone[MOST_GONE];
  guint n_gone;
  QsCraft *sending; /* whose datagram goes out just now */
  Arrival arrival;
};

typedef struct {
  GSource source;
  QsCraftListener *listener;
  gpointer tag;
} ListenerSource;

static void
listener_unref (QsCraftListener *self)
{
  if (--self->references > 0)
    return;
  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_source_unref (self->source);
    }
  BIO_free (self->bio);
  BIO_ADDR_free (self->peer);
  g_clear_pointer (&self->udp, qs_udp_bio_unref);
  g_clear_object (&self->address);
  g_clear_object (&self->arrival.from);
  g_ptr_array_unref (self->servers);
  g_free (self);
}

/* --- What the socket tells --- */

static void
datagram_cb (QsUdpBio *bio, const QsUdpDatagram *datagram, gpointer data)
{
  QsCraftListener *self = data;
  QsCraft *server = self->sending;

  if (datagram->direction == QS_DIRECTION_RECEIVED)
    {
      g_clear_object (&self->arrival.from);
      self->arrival = (Arrival){ qs_sockaddr_to_gio (datagram->peer), datagram->time, datagram->ecn };
    }
  else if (server != NULL)
    qs_trace_add_datagram (server->trace, datagram->time - qs_trace_get_origin (server->trace), QS_DIRECTION_SENT,
                           server->path, datagram->ecn, datagram->fate, datagram->data, datagram->length);
}

static void
icmp_cb (QsUdpBio *bio, const QsUdpIcmp *icmp, gpointer data)
{
}

static void
error_cb (QsUdpBio *bio, int error, gpointer data)
{
}

static void
rebound_cb (QsUdpBio *bio, gpointer data)
{
}

/* ICMP errors of a listener's socket name no connection: what a client that has gone leaves behind. */
static const QsUdpRecorder recorder = { datagram_cb, icmp_cb, error_cb, rebound_cb };

/* --- Whose it is --- */

static gboolean
has_address (const QsCraft *server, GSocketAddress *address)
{
  GInetSocketAddress *one = G_INET_SOCKET_ADDRESS (server->address), *other = G_INET_SOCKET_ADDRESS (address);

  return g_inet_socket_address_get_port (one) == g_inet_socket_address_get_port (other) &&
         g_inet_address_equal (g_inet_socket_address_get_address (one), g_inet_socket_address_get_address (other));
}

static gboolean
bears_id (const QsCraft *server, QsSpan datagram)
{
  QsPacketHeader header;

  if (!qs_packet_header_parse (datagram, server->scid.length, &header, NULL))
    return FALSE;
  if (qs_span_equal (header.dcid, qs_craft_id_span (&server->scid)) ||
      (header.long_header && qs_span_equal (header.dcid, qs_craft_id_span (&server->original_dcid))))
    return TRUE;
  for (guint i = 0; header.long_header && i < server->n_retries; i++)
    {
      if (qs_span_equal (header.dcid, qs_craft_id_span (&server->retry_ids[i])))
        return TRUE;
    }
  return FALSE;
}

static gboolean
begins_anew (QsSpan datagram)
{
  QsInvariants invariants;
  QsPacketHeader header;

  return qs_invariants_parse (datagram, &invariants) &&
         (!qs_packet_header_parse (datagram, 0, &header, NULL) || header.type == QS_PACKET_INITIAL ||
          header.type == QS_PACKET_UNKNOWN);
}

/* Whether a connection other than this one is with the client's address. */
static gboolean
has_other (const QsCraftListener *self, const QsCraft *server)
{
  for (guint i = 0; i < self->servers->len; i++)
    {
      if (self->servers->pdata[i] != server && has_address (self->servers->pdata[i], self->arrival.from))
        return TRUE;
    }
  return FALSE;
}

/* A short id may be another connection's by chance: the address decides. A script gives ids that the listener does not know of: packets
 * to those come from the client's address. */
static QsCraft *
find_server (QsCraftListener *self, QsSpan datagram)
{
  QsCraft *moved = NULL;

  for (guint i = 0; i < self->servers->len; i++)
    {
      if (!bears_id (self->servers->pdata[i], datagram))
        continue;
      if (has_address (self->servers->pdata[i], self->arrival.from))
        return self->servers->pdata[i];
      moved = self->servers->pdata[i];
    }
  if (moved != NULL && !has_other (self, moved))
    return moved;
  for (guint i = self->servers->len; i-- > 0 && !begins_anew (datagram);)
    {
      if (has_address (self->servers->pdata[i], self->arrival.from))
        return self->servers->pdata[i];
    }
  return NULL;
}

static void
deliver (QsCraftListener *self, QsCraft *server, QsSpan datagram)
{
  gboolean moved = !has_address (server, self->arrival.from) && server->proved;

  if (moved)
    {
      g_set_object (&server->address, self->arrival.from);
      server->path = qs_trace_add_path (server->trace, self->address, server->address);
    }
  qs_trace_add_datagram (server->trace, self->arrival.time - qs_trace_get_origin (server->trace), QS_DIRECTION_RECEIVED,
                         server->path, self->arrival.ecn, QS_FATE_PASSED, datagram.data, datagram.length);
  server->heard += datagram.length;
  qs_craft_receive (server, datagram);
  qs_craft_server_challenge (server, moved, datagram.length);
  qs_craft_flush (server);
  qs_craft_tell (server);
}

/* --- Who is new --- */

static void
send_to (QsCraftListener *self, GSocketAddress *to, QsSpan datagram)
{
  BIO_MSG message = { .data = (void *) datagram.data, .data_len = datagram.length, .peer = self->peer };
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (to);
  GInetAddress *host = g_inet_socket_address_get_address (inet);
  gboolean v6 = g_inet_address_get_family (host) == G_SOCKET_FAMILY_IPV6;
  size_t processed = 0;

  if (!BIO_ADDR_rawmake (self->peer, v6 ? AF_INET6 : AF_INET, g_inet_address_to_bytes (host),
                         g_inet_address_get_native_size (host), g_htons (g_inet_socket_address_get_port (inet))))
    return;
  ERR_clear_error ();
  BIO_sendmmsg (self->bio, &message, sizeof message, 1, 0, &processed);
  ERR_clear_error ();
}

static void
tell_versions (QsCraftListener *self, const QsInvariants *invariants)
{
  static const guint8 versions[] = { 0, 0, 0, 1, 0x6b, 0x33, 0x43, 0xcf };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  const QsPacketHeader header = { .type = QS_PACKET_VERSION_NEGOTIATION,
                                  .first_byte = 0xc0,
                                  .long_header = TRUE,
                                  .dcid = invariants->scid,
                                  .scid = invariants->dcid,
                                  .versions = QS_SPAN (versions, sizeof versions) };

  qs_packet_header_write (out, &header, 0);
  send_to (self, self->arrival.from, qs_written (out));
}

static gboolean
is_gone (const QsCraftListener *self, QsSpan id)
{
  for (guint i = 0; i < MIN (self->n_gone, MOST_GONE); i++)
    {
      if (qs_span_equal (id, qs_craft_id_span (&self->gone[i])))
        return TRUE;
    }
  return FALSE;
}

static void
meet (QsCraftListener *self, QsSpan datagram)
{
  QsCraftFirst first = { .from = self->arrival.from, .time = self->arrival.time };
  QsInvariants invariants;

  if (self->closed || !qs_invariants_parse (datagram, &invariants) || invariants.version == 0)
    return;
  if (invariants.version != QS_QUIC_VERSION_1 && invariants.version != QS_QUIC_VERSION_2)
    {
      if (datagram.length >= LEAST_ANSWERED)
        tell_versions (self, &invariants);
      return;
    }
  if (!qs_packet_header_parse (datagram, 0, &first.header, NULL) || first.header.type != QS_PACKET_INITIAL ||
      is_gone (self, first.header.dcid))
    return;
  self->incoming (self, &first, self->data);
  QsCraft *server = self->closed ? NULL : find_server (self, datagram);
  if (server != NULL)
    deliver (self, server, datagram);
}

static void
take (QsCraftListener *self, QsSpan datagram)
{
  QsCraft *server = datagram.length > 0 ? find_server (self, datagram) : NULL;

  if (server != NULL)
    deliver (self, server, datagram);
  else if (datagram.length > 0)
    meet (self, datagram);
}

void
qs_craft_listener_take (QsCraftListener *self, GSocketAddress *from, gint64 time, guint8 ecn, QsSpan datagram)
{
  g_set_object (&self->arrival.from, from);
  self->arrival.time = time;
  self->arrival.ecn = ecn;
  take (self, datagram);
}

/* --- The main loop's side --- */

static gboolean
read_one (QsCraftListener *self, guint8 *buffer)
{
  BIO_MSG message = { .data = buffer, .data_len = DATAGRAM_MAX, .peer = self->peer };
  size_t processed = 0;

  ERR_clear_error ();
  if (BIO_recvmmsg (self->bio, &message, sizeof message, 1, 0, &processed) != 1 || processed == 0 ||
      self->arrival.from == NULL)
    {
      ERR_clear_error ();
      return FALSE;
    }
  take (self, QS_SPAN (buffer, message.data_len));
  return TRUE;
}

static gboolean
source_prepare (GSource *source, int *timeout)
{
  *timeout = -1;
  return qs_udp_bio_has_pending (((ListenerSource *) source)->listener->udp);
}

static gboolean
source_check (GSource *source)
{
  ListenerSource *own = (ListenerSource *) source;

  return g_source_query_unix_fd (source, own->tag) != 0 || qs_udp_bio_has_pending (own->listener->udp);
}

static gboolean
source_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  QsCraftListener *self = ((ListenerSource *) source)->listener;
  g_autofree guint8 *buffer = g_malloc (DATAGRAM_MAX);

  self->references++;
  for (guint i = 0; i < MOST_READS && read_one (self, buffer); i++)
    ;
  listener_unref (self);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { source_prepare, source_check, source_dispatch, NULL, NULL, NULL };

static gboolean
open_socket (QsCraftListener *self, GSocketAddress *address, GError **error)
{
  gboolean v6 = g_socket_address_get_family (address) == G_SOCKET_FAMILY_IPV6;

  self->udp = qs_udp_bio_new (v6 ? AF_INET6 : AF_INET, QS_UDP_BIO_PLAIN, error);
  if (self->udp == NULL || !qs_udp_bio_bind (self->udp, address, error))
    return FALSE;
  self->address = qs_udp_bio_dup_local_address (self->udp);
  qs_udp_bio_set_recorder (self->udp, &recorder, self, NULL);
  self->bio = qs_udp_bio_new_bio (self->udp);
  self->peer = BIO_ADDR_new ();
  if (self->bio == NULL || self->peer == NULL)
    return qs_error_set_no_memory (error);
  self->source = g_source_new (&source_funcs, sizeof (ListenerSource));
  ((ListenerSource *) self->source)->listener = self;
  ((ListenerSource *) self->source)->tag =
      g_source_add_unix_fd (self->source, qs_udp_bio_get_poll_fd (self->udp), G_IO_IN | G_IO_ERR);
  g_source_set_static_name (self->source, "[quicscope] craft's listener");
  g_source_attach (self->source, g_main_context_get_thread_default ());
  return TRUE;
}

QsCraftListener *
qs_craft_listener_new (GSocketAddress *address, QsCraftIncomingFunc incoming, gpointer data, GError **error)
{
  g_return_val_if_fail (G_IS_INET_SOCKET_ADDRESS (address), NULL);
  QsCraftListener *self = g_new0 (QsCraftListener, 1);

  self->references = 1;
  self->incoming = incoming;
  self->data = data;
  self->servers = g_ptr_array_new ();
  if (open_socket (self, address, error))
    return self;
  listener_unref (self);
  return NULL;
}

void
qs_craft_listener_free (QsCraftListener *self)
{
  if (self == NULL)
    return;
  self->closed = TRUE;
  listener_unref (self);
}

GSocketAddress *
qs_craft_listener_get_address (QsCraftListener *self)
{
  return self->address;
}

/* --- For its connections --- */

void
qs_craft_listener_add (QsCraftListener *self, QsCraft *server)
{
  self->references++;
  g_ptr_array_add (self->servers, server);
  server->listener = self;
  server->path = qs_trace_add_path (server->trace, self->address, server->address);
}

static void
note_gone (QsCraftListener *self, const QsCraftId *id)
{
  self->gone[self->n_gone++ % MOST_GONE] = *id;
}

void
qs_craft_listener_remove (QsCraftListener *self, QsCraft *server)
{
  note_gone (self, &server->original_dcid);
  note_gone (self, &server->scid);
  for (guint i = 0; i < server->n_retries; i++)
    note_gone (self, &server->retry_ids[i]);
  g_ptr_array_remove (self->servers, server);
  server->listener = NULL;
  listener_unref (self);
}

void
qs_craft_listener_write (QsCraftListener *self, QsCraft *server, QsSpan datagram)
{
  self->sending = server;
  send_to (self, server->address, datagram);
  self->sending = NULL;
}
