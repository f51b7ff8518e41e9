/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib-unix.h>
#include <openssl/err.h>
#include <string.h>

#include "craft/qs-craft-private.h"

#define DATAGRAM_MAX 65536
#define MOST_READS 32 /* datagrams a turn: some 50 µs each */

typedef struct {
  GSource source;
  QsCraft *craft;
  gpointer tag;
} CraftSource;

/* --- What the socket tells --- */

static void
datagram_cb (QsUdpBio *bio, const QsUdpDatagram *datagram, gpointer data)
{
  QsCraft *self = data;

  qs_trace_add_datagram (self->trace, datagram->time - qs_trace_get_origin (self->trace), datagram->direction,
                         self->path, datagram->ecn, datagram->fate, datagram->data, datagram->length);
}

static void
icmp_cb (QsUdpBio *bio, const QsUdpIcmp *icmp, gpointer data)
{
  QsCraft *self = data;
  g_autofree char *offender = NULL;

  if (icmp->offender != NULL)
    {
      g_autoptr (GSocketAddress) address = qs_sockaddr_to_gio (icmp->offender);
      offender = g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
    }
  qs_trace_add_mark (self->trace, QS_MARK_ICMP, icmp->name, icmp->type << 8 | icmp->code, offender);
}

static void
error_cb (QsUdpBio *bio, int error, gpointer data)
{
  QsCraft *self = data;

  qs_trace_add_mark (self->trace, QS_MARK_SOCKET_ERROR, "socket", error, g_strerror (error));
  qs_craft_happened (self, QS_CRAFT_GAVE_UP);
}

static void
take_path (QsCraft *self)
{
  g_autoptr (GSocketAddress) local = qs_udp_bio_dup_local_address (self->udp);

  self->path = qs_trace_add_path (self->trace, local, self->address);
}

static void
rebound_cb (QsUdpBio *bio, gpointer data)
{
  QsCraft *self = data;
  g_autoptr (GSocketAddress) local = qs_udp_bio_dup_local_address (bio);
  g_autofree char *text = local != NULL ? qs_socket_address_to_text (local) : NULL;

  take_path (self);
  qs_trace_add_mark (self->trace, QS_MARK_IMPAIRMENT, "rebind", 0, text);
}

static const QsUdpRecorder recorder = { datagram_cb, icmp_cb, error_cb, rebound_cb };

/* --- The main loop's side --- */

static gboolean
read_one (QsCraft *self, guint8 *buffer)
{
  BIO_MSG message = { .data = buffer, .data_len = DATAGRAM_MAX };
  size_t processed = 0;

  ERR_clear_error ();
  if (BIO_recvmmsg (self->bio, &message, sizeof message, 1, 0, &processed) != 1 || processed == 0)
    {
      ERR_clear_error ();
      return FALSE;
    }
  qs_craft_receive (self, QS_SPAN (buffer, message.data_len));
  return TRUE;
}

static gboolean
source_prepare (GSource *source, int *timeout)
{
  QsCraft *self = ((CraftSource *) source)->craft;

  *timeout = -1;
  return self->udp != NULL && qs_udp_bio_has_pending (self->udp);
}

static gboolean
source_check (GSource *source)
{
  CraftSource *craft = (CraftSource *) source;

  return craft->tag != NULL &&
         (g_source_query_unix_fd (source, craft->tag) != 0 || qs_udp_bio_has_pending (craft->craft->udp));
}

static gboolean
source_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  QsCraft *self = ((CraftSource *) source)->craft;
  g_autofree guint8 *buffer = self->bio != NULL ? g_malloc (DATAGRAM_MAX) : NULL;

  for (guint i = 0; self->bio != NULL && i < MOST_READS && read_one (self, buffer); i++)
    ;
  if (self->deadline != 0 && qs_clock_now (self->clock) >= self->deadline)
    qs_craft_time_out (self);
  qs_craft_flush (self);
  qs_craft_tell (self);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { source_prepare, source_check, source_dispatch, NULL, NULL, NULL };

void
qs_craft_keep_time (QsCraft *self)
{
  CraftSource *source = (CraftSource *) g_source_new (&source_funcs, sizeof (CraftSource));

  self->source = &source->source;
  source->craft = self;
  if (self->udp != NULL)
    source->tag = g_source_add_unix_fd (self->source, qs_udp_bio_get_poll_fd (self->udp), G_IO_IN | G_IO_ERR);
  g_source_set_static_name (self->source, "[quicscope] craft");
  g_source_attach (self->source, g_main_context_get_thread_default ());
}

gboolean
qs_craft_open_socket (QsCraft *self, const QsImpairment *impairment, GError **error)
{
  gboolean v6 = g_socket_address_get_family (self->address) == G_SOCKET_FAMILY_IPV6;

  self->udp = qs_udp_bio_new (v6 ? AF_INET6 : AF_INET, QS_UDP_BIO_PLAIN, error);
  if (self->udp == NULL || !qs_udp_bio_connect (self->udp, self->address, error))
    return FALSE;
  if (impairment != NULL && !qs_impairment_apply (impairment, self->udp, TRUE, error))
    return FALSE;
  take_path (self);
  qs_udp_bio_set_recorder (self->udp, &recorder, self, NULL);
  self->bio = qs_udp_bio_new_bio (self->udp);
  if (self->bio == NULL)
    return qs_error_set_no_memory (error);
  qs_craft_keep_time (self);
  return TRUE;
}

void
qs_craft_close_socket (QsCraft *self)
{
  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_clear_pointer (&self->source, g_source_unref);
    }
  BIO_free (self->bio);
  self->bio = NULL;
  g_clear_pointer (&self->udp, qs_udp_bio_unref);
}

void
qs_craft_write (QsCraft *self, QsSpan datagram)
{
  BIO_MSG message = { .data = (void *) datagram.data, .data_len = datagram.length };
  size_t processed = 0;

  if (self->listener != NULL)
    {
      self->said += datagram.length;
      qs_craft_listener_write (self->listener, self, datagram);
      return;
    }
  ERR_clear_error ();
  BIO_sendmmsg (self->bio, &message, sizeof message, 1, 0, &processed);
  ERR_clear_error ();
}
