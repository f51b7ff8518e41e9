/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-capture-fragments.h"

#include <string.h>

#define MAX_PACKETS 256u /* that wait for the rest of them */
#define MAX_LENGTH 65535u

typedef struct {
  guint8 from[16], to[16];
  guint32 id;
  guint8 protocol;
} Key;

/* One packet's pieces: a bit for each eight bytes that are there. */
typedef struct {
  Key key;
  GList link;
  GByteArray *bytes;
  guint8 present[(MAX_LENGTH / 8 + 1) / 8 + 1];
  guint32 length; /* 0 until the last piece came */
  guint32 n_units;
  guint n_fragments;
} Pending;

struct _QsCaptureFragments {
  GHashTable *pending; /* Key in Pending -> Pending */
  GQueue order;        /* oldest first */
  GByteArray *whole;
  guint64 n_lost;
};

static guint
key_hash (gconstpointer data)
{
  const guint8 *bytes = data;
  guint hash = 2166136261u;

  for (gsize i = 0; i < sizeof (Key); i++)
    hash = (hash ^ bytes[i]) * 16777619u;
  return hash;
}

static gboolean
key_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (Key)) == 0;
}

static void
pending_free (gpointer data)
{
  Pending *pending = data;

  g_byte_array_unref (pending->bytes);
  g_free (pending);
}

static void
forget (QsCaptureFragments *self, Pending *pending)
{
  g_queue_unlink (&self->order, &pending->link);
  g_hash_table_remove (self->pending, &pending->key);
}

static Pending *
find_or_begin (QsCaptureFragments *self, const QsCapturePacket *packet)
{
  Key key;

  memset (&key, 0, sizeof key);
  memcpy (key.from, packet->from.address, sizeof key.from);
  memcpy (key.to, packet->to.address, sizeof key.to);
  key.id = packet->fragment_id;
  key.protocol = packet->protocol;
  Pending *pending = g_hash_table_lookup (self->pending, &key);
  if (pending != NULL)
    return pending;

  if (self->order.length == MAX_PACKETS)
    {
      Pending *oldest = self->order.head->data;
      self->n_lost += oldest->n_fragments;
      forget (self, oldest);
    }
  pending = g_new0 (Pending, 1);
  memcpy (&pending->key, &key, sizeof key);
  pending->link.data = pending;
  pending->bytes = g_byte_array_new ();
  g_queue_push_tail_link (&self->order, &pending->link);
  g_hash_table_insert (self->pending, &pending->key, pending);
  return pending;
}

static void
put (Pending *pending, const QsCapturePacket *packet)
{
  guint32 end = packet->fragment_offset + (guint32) packet->payload.length;

  if (pending->bytes->len < end)
    g_byte_array_set_size (pending->bytes, end);
  memcpy (pending->bytes->data + packet->fragment_offset, packet->payload.data, packet->payload.length);
  for (guint32 unit = packet->fragment_offset / 8; unit < (end + 7) / 8; unit++)
    {
      guint8 bit = (guint8) (1u << unit % 8);
      pending->n_units += (pending->present[unit / 8] & bit) == 0;
      pending->present[unit / 8] |= bit;
    }
  if (!packet->fragment_more)
    pending->length = end;
}

QsCaptureFragments *
qs_capture_fragments_new (void)
{
  QsCaptureFragments *self = g_new0 (QsCaptureFragments, 1);

  self->pending = g_hash_table_new_full (key_hash, key_equal, NULL, pending_free);
  g_queue_init (&self->order);
  self->whole = g_byte_array_new ();
  return self;
}

void
qs_capture_fragments_free (QsCaptureFragments *self)
{
  g_hash_table_unref (self->pending);
  g_byte_array_unref (self->whole);
  g_free (self);
}

gboolean
qs_capture_fragments_add (QsCaptureFragments *self, QsCapturePacket *packet)
{
  /* All but the last are made of units of eight bytes; one that the capture cut, or that ends beyond what IP can hold, is of no use. */
  if (packet->payload.length == 0 || packet->payload.length < packet->payload_length ||
      (packet->fragment_more && packet->payload.length % 8 != 0) ||
      packet->payload.length > MAX_LENGTH - packet->fragment_offset)
    {
      self->n_lost++;
      return FALSE;
    }

  Pending *pending = find_or_begin (self, packet);
  put (pending, packet);
  pending->n_fragments++;
  if (pending->length == 0 || pending->n_units != (pending->length + 7) / 8)
    return FALSE;
  g_byte_array_set_size (self->whole, 0);
  g_byte_array_append (self->whole, pending->bytes->data, pending->length);
  forget (self, pending);
  qs_capture_packet_join (QS_SPAN (self->whole->data, self->whole->len), packet);
  return TRUE;
}

guint64
qs_capture_fragments_get_n_lost (QsCaptureFragments *self)
{
  guint64 n = self->n_lost;

  for (GList *at = self->order.head; at != NULL; at = at->next)
    n += ((const Pending *) at->data)->n_fragments;
  return n;
}
