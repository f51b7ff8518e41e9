/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-stream-map.h"

typedef struct {
  gint64 id;
  gpointer stream;
} Entry;

struct _QsStreamMap {
  GPtrArray *entries;
  GHashTable *by_id; /* gint64 * within the entry -> Entry */
  GDestroyNotify destroy;
};

QsStreamMap *
qs_stream_map_new (GDestroyNotify destroy)
{
  QsStreamMap *self = g_new0 (QsStreamMap, 1);

  self->entries = g_ptr_array_new_with_free_func (g_free);
  self->by_id = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->destroy = destroy;
  return self;
}

void
qs_stream_map_free (QsStreamMap *self)
{
  if (self == NULL)
    return;
  qs_stream_map_clear (self);
  g_hash_table_unref (self->by_id);
  g_ptr_array_unref (self->entries);
  g_free (self);
}

void
qs_stream_map_add (QsStreamMap *self, gint64 id, gpointer stream)
{
  g_return_if_fail (self != NULL && stream != NULL && qs_stream_map_find (self, id) == NULL);

  Entry *entry = g_new (Entry, 1);
  *entry = (Entry){ id, stream };
  g_ptr_array_add (self->entries, entry);
  g_hash_table_insert (self->by_id, &entry->id, entry);
}

gpointer
qs_stream_map_find (const QsStreamMap *self, gint64 id)
{
  g_return_val_if_fail (self != NULL, NULL);

  const Entry *entry = g_hash_table_lookup (self->by_id, &id);
  return entry != NULL ? entry->stream : NULL;
}

guint
qs_stream_map_get_length (const QsStreamMap *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->entries->len;
}

gpointer
qs_stream_map_get (const QsStreamMap *self, guint index)
{
  g_return_val_if_fail (self != NULL && index < self->entries->len, NULL);

  return ((const Entry *) self->entries->pdata[index])->stream;
}

void
qs_stream_map_remove (QsStreamMap *self, guint index)
{
  g_return_if_fail (self != NULL && index < self->entries->len);

  Entry *entry = self->entries->pdata[index];
  gpointer stream = entry->stream;

  g_hash_table_remove (self->by_id, &entry->id);
  g_ptr_array_remove_index_fast (self->entries, index);
  if (self->destroy != NULL)
    self->destroy (stream);
}

void
qs_stream_map_clear (QsStreamMap *self)
{
  g_return_if_fail (self != NULL);

  while (self->entries->len > 0)
    qs_stream_map_remove (self, self->entries->len - 1);
}
