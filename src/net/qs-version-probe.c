/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/qs-version-probe.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/qs-i18n.h"
#include "wire/qs-packet.h"

#define CID_LENGTH 8
#define LEAST_RESET 21 /* bytes */
/* Behind all sockets: what has come is read before time is said to be over, however late both are noticed. */
#define TIMER_PRIORITY (G_PRIORITY_DEFAULT + 10)
/* Of datagrams that are no answer: who floods us with them does not put off the end. */
#define MOST_STRANGE 64

typedef struct {
  GSocket *socket;
  QsClock *clock;
  GSource *wait, *timer;
  guint8 *packet, *second, *stray; /* second: NULL, there is but one */
  gboolean answered[2];
  guint size, stray_size, half_ms, n_strange;
} Look;

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
settle (Look *look)
{
  clear_source (&look->wait);
  clear_source (&look->timer);
}

static void
look_free (gpointer data)
{
  Look *look = data;

  settle (look);
  g_clear_object (&look->socket);
  g_clear_object (&look->clock);
  g_free (look->packet);
  g_free (look->second);
  g_free (look->stray);
  g_free (look);
}

/* The ids are ours, so an answer that bears them, swapped, is an answer to this (RFC 8999 section 6). */
static void
fill_packet (guint8 *at)
{
  *at++ = 0xc0; /* long header; what follows the ids is the unknown version's own affair */
  for (guint i = 0; i < 4; i++)
    *at++ = (guint8) ((g_random_int () & 0xf0) | 0x0a);
  for (guint i = 0; i < 2; i++)
    {
      *at++ = CID_LENGTH;
      for (guint j = 0; j < CID_LENGTH; j++)
        *at++ = (guint8) g_random_int ();
    }
}

/* A short header and bytes that fit no key: what is behind the first byte may be anything. */
static void
fill_stray (Look *look)
{
  for (guint i = 0; i < look->stray_size; i++)
    look->stray[i] = (guint8) g_random_int ();
  if (look->stray_size > 0)
    look->stray[0] = (look->stray[0] & 0x3f) | 0x40;
}

/* A stateless reset looks as a packet with a short header does, and is smaller than what it answers (RFC 9000 section 10.3.3). */
static gboolean
is_reset (const Look *look, const guint8 *bytes, gsize length)
{
  return length >= LEAST_RESET && length < look->stray_size && (bytes[0] & 0xc0) == 0x40;
}

/* Size is what is asked about: in pieces anything gets through. As QsUdpBio does, with what the system has heard so far. */
static void
forbid_fragments (GSocket *socket)
{
  int fd = g_socket_get_fd (socket), discover = IP_PMTUDISC_DO, discover6 = IPV6_PMTUDISC_DO;

  setsockopt (fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof discover);
  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_IPV6)
    setsockopt (fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &discover6, sizeof discover6);
}

static gboolean
send_both (Look *look, GError **error)
{
  return g_socket_send (look->socket, (const char *) look->packet, look->size, NULL, error) >= 0 &&
         (look->second == NULL ||
          g_socket_send (look->socket, (const char *) look->second, look->size, NULL, error) >= 0) &&
         (look->stray_size == 0 ||
          g_socket_send (look->socket, (const char *) look->stray, look->stray_size, NULL, error) >= 0);
}

static GArray *
read_versions_of (const guint8 *packet, const guint8 *bytes, gsize length)
{
  const guint8 *dcid = packet + 6, *scid = dcid + CID_LENGTH + 1;
  QsPacketHeader header;

  if (length == 0 || !qs_packet_header_parse (QS_SPAN (bytes, length), 0, &header, NULL) ||
      header.type != QS_PACKET_VERSION_NEGOTIATION || header.dcid.length != CID_LENGTH ||
      header.scid.length != CID_LENGTH || memcmp (header.dcid.data, scid, CID_LENGTH) != 0 ||
      memcmp (header.scid.data, dcid, CID_LENGTH) != 0)
    return NULL;
  GArray *versions = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (gsize at = 0; at + 4 <= header.versions.length; at += 4)
    {
      guint32 version;
      memcpy (&version, header.versions.data + at, sizeof version);
      version = GUINT32_FROM_BE (version);
      g_array_append_val (versions, version);
    }
  return versions;
}

static GArray *
read_versions (Look *look, const guint8 *bytes, gsize length)
{
  guint8 *const packets[] = { look->packet, look->second };

  for (guint i = 0; i < G_N_ELEMENTS (packets); i++)
    {
      g_autoptr (GArray) versions = packets[i] != NULL ? read_versions_of (packets[i], bytes, length) : NULL;
      if (versions == NULL)
        continue;
      look->answered[i] = TRUE;
      return look->second == NULL || look->answered[1 - i] ? g_steal_pointer (&versions) : NULL;
    }
  return NULL;
}

static void
fail_timed_out (GTask *task)
{
  settle (g_task_get_task_data (task));
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "%s", _ ("There was no answer."));
}

static gboolean
ready_cb (GSocket *socket, GIOCondition condition, gpointer data)
{
  g_autoptr (GTask) task = g_object_ref (data);
  g_autoptr (GError) error = NULL;
  Look *look = g_task_get_task_data (task);
  guint8 bytes[2048];

  if (g_task_return_error_if_cancelled (task))
    {
      settle (look);
      return G_SOURCE_REMOVE;
    }
  gssize length = g_socket_receive (socket, (char *) bytes, sizeof bytes, NULL, &error);
  if (length < 0 && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      settle (look);
      g_task_return_error (task, g_steal_pointer (&error));
      return G_SOURCE_REMOVE;
    }
  GArray *versions = length > 0 ? read_versions (look, bytes, (gsize) length) : NULL;
  if (versions == NULL && length > 0 && is_reset (look, bytes, (gsize) length))
    versions = g_array_new (FALSE, FALSE, sizeof (guint32));
  if (versions == NULL && ++look->n_strange < MOST_STRANGE)
    return G_SOURCE_CONTINUE; /* something else: it is no answer */
  if (versions == NULL)
    {
      fail_timed_out (task);
      return G_SOURCE_REMOVE;
    }
  settle (look);
  g_task_return_pointer (task, versions, (GDestroyNotify) g_array_unref);
  return G_SOURCE_REMOVE;
}

static gboolean
timeout_cb (gpointer data)
{
  g_autoptr (GTask) task = g_object_ref (data);

  fail_timed_out (task);
  return G_SOURCE_REMOVE;
}

static void
set_timer (GTask *task, guint ms, GSourceFunc func)
{
  Look *look = g_task_get_task_data (task);

  clear_source (&look->timer);
  look->timer = qs_clock_new_timeout (look->clock, ms);
  g_source_set_priority (look->timer, TIMER_PRIORITY);
  g_source_set_callback (look->timer, func, g_object_ref (task), g_object_unref);
  g_source_attach (look->timer, g_task_get_context (task));
}

/* The second half of the time begins when the repetition is out, not when it was to be. */
static gboolean
again_cb (gpointer data)
{
  g_autoptr (GTask) task = g_object_ref (data);
  Look *look = g_task_get_task_data (task);

  if (look->second == NULL)
    send_both (look, NULL);
  set_timer (task, look->half_ms, timeout_cb);
  return G_SOURCE_REMOVE;
}

void
qs_version_probe_async (GSocketAddress *address, guint size, guint stray, gboolean pair, QsClock *clock,
                        guint timeout_ms, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_return_if_fail (G_IS_SOCKET_ADDRESS (address) && QS_IS_CLOCK (clock) && size >= 64);

  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  GError *error = NULL;
  Look *look = g_new0 (Look, 1);

  g_task_set_source_tag (task, qs_version_probe_async);
  g_task_set_task_data (task, look, look_free);
  look->size = size;
  look->clock = g_object_ref (clock);
  look->packet = g_malloc0 (size);
  fill_packet (look->packet);
  look->second = pair ? g_malloc0 (size) : NULL;
  if (pair)
    fill_packet (look->second);
  look->stray_size = stray;
  look->stray = g_malloc (MAX (stray, 1));
  fill_stray (look);
  look->socket =
      g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);
  if (look->socket == NULL || !g_socket_connect (look->socket, address, NULL, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  g_socket_set_blocking (look->socket, FALSE);
  forbid_fragments (look->socket);
  if (!send_both (look, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  look->half_ms = timeout_ms / 2;
  set_timer (task, look->half_ms, again_cb);
  look->wait = g_socket_create_source (look->socket, G_IO_IN, cancellable);
  g_source_set_callback (look->wait, G_SOURCE_FUNC (ready_cb), g_object_ref (task), g_object_unref);
  g_source_attach (look->wait, g_task_get_context (task));
}

GArray *
qs_version_probe_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
