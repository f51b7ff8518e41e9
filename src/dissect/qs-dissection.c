/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dissect/qs-dissection.h"

#include <string.h>

#define MAX_KEYS 16384 /* of about a kilobyte: a peer can update its keys with each record */

QsCid
qs_cid_new (QsSpan bytes)
{
  QsCid cid = { .length = (guint8) MIN (bytes.length, QS_CID_MAX) };

  if (cid.length > 0)
    memcpy (cid.bytes, bytes.data, cid.length);
  return cid;
}

gboolean
qs_cid_equal (const QsCid *self, QsSpan bytes)
{
  return qs_span_equal (QS_SPAN (self->bytes, self->length), bytes);
}

guint16
qs_dissection_add_keys (QsDissection *self, QsKeys *keys, QsHeaderKey *header, guint16 like)
{
  const QsKeyEntry *model = qs_dissection_key (self, like);

  if (header != NULL)
    g_ptr_array_add (self->header_keys, header);
  if (self->keys->len >= MAX_KEYS)
    {
      qs_keys_free (keys);
      return QS_KEY_NONE;
    }
  QsKeyEntry *entry = g_new0 (QsKeyEntry, 1);
  entry->keys = keys;
  entry->header = header != NULL ? header : model != NULL ? model->header : NULL;
  g_ptr_array_add (self->keys, entry);
  return (guint16) (self->keys->len - 1);
}

guint16
qs_dissection_derive_keys (QsDissection *self, guint32 version, guint16 suite, const QsSecret *secret, guint16 like)
{
  QsKeys *keys = qs_keys_new (version, suite, secret);

  if (keys == NULL)
    return QS_KEY_NONE;
  QsHeaderKey *header = version != 0 && like == QS_KEY_NONE ? qs_header_key_new (version, suite, secret) : NULL;
  return qs_dissection_add_keys (self, keys, header, like);
}

GBytes *
qs_dissection_dup_payload (QsDissection *self, QsTrace *trace, const QsPacket *packet)
{
  const QsKeyEntry *entry = qs_dissection_key (self, packet->key);
  QsPacketHeader header;
  QsUnprotected bare;
  QsRecord record;
  gsize length;

  if (packet->record == G_MAXUINT32) /* from a qlog: no bytes */
    return NULL;
  qs_trace_get_record (trace, packet->record, &record);
  if (entry == NULL || (gsize) packet->offset + packet->length > record.bytes.length)
    return NULL;

  QsSpan bytes = QS_SPAN (record.bytes.data + packet->offset, packet->length);
  if (!qs_packet_header_parse (bytes, packet->dcid_length, &header, NULL) ||
      !qs_quic_unprotect (self, entry->header, &header, bytes, bytes.length, &bare))
    return NULL;

  g_autofree guint8 *plain = g_malloc (bare.sealed.length);
  qs_keys_set_path (entry->keys, packet->path_id);
  if (!qs_keys_open (entry->keys, packet->number, bare.header, bare.sealed, plain, &length))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&plain), length);
}
