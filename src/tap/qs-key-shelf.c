/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tap/qs-key-shelf.h"

#include <string.h>

#define RANDOM_DIGITS 64

typedef struct {
  char random[RANDOM_DIGITS + 1];
  GPtrArray *lines;
  GList link;
} Entry;

struct _QsKeyShelf {
  GHashTable *entries; /* random -> Entry */
  GQueue order;        /* Entry: heard of last at the end */
  guint n_lines;
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_ptr_array_unref (entry->lines);
  g_free (entry);
}

QsKeyShelf *
qs_key_shelf_new (void)
{
  QsKeyShelf *self = g_new0 (QsKeyShelf, 1);

  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  g_queue_init (&self->order);
  return self;
}

void
qs_key_shelf_free (QsKeyShelf *self)
{
  g_hash_table_unref (self->entries);
  g_free (self);
}

static void
drop_oldest (QsKeyShelf *self)
{
  Entry *entry = g_queue_peek_head (&self->order);

  self->n_lines -= entry->lines->len;
  g_queue_unlink (&self->order, &entry->link);
  g_hash_table_remove (self->entries, entry->random);
}

static Entry *
ensure (QsKeyShelf *self, const char *random)
{
  Entry *entry = g_hash_table_lookup (self->entries, random);

  if (entry != NULL)
    {
      g_queue_unlink (&self->order, &entry->link);
      g_queue_push_tail_link (&self->order, &entry->link);
      return entry;
    }
  entry = g_new0 (Entry, 1);
  memcpy (entry->random, random, RANDOM_DIGITS);
  entry->lines = g_ptr_array_new_with_free_func (g_free);
  entry->link.data = entry;
  g_queue_push_tail_link (&self->order, &entry->link);
  g_hash_table_insert (self->entries, entry->random, entry);
  return entry;
}

char *
qs_key_shelf_add (QsKeyShelf *self, const char *line)
{
  const char *space = strchr (line, ' ');

  if (space == NULL || strlen (space + 1) < RANDOM_DIGITS)
    return NULL;
  g_autofree char *random = g_ascii_strdown (space + 1, RANDOM_DIGITS);
  Entry *entry = ensure (self, random);
  for (guint i = 0; i < entry->lines->len; i++)
    if (g_str_equal (entry->lines->pdata[i], line))
      return NULL;
  g_ptr_array_add (entry->lines, g_strdup (line));
  self->n_lines++;
  while (self->n_lines > QS_KEY_SHELF_MAX_LINES && self->order.length > 1)
    drop_oldest (self);
  return g_steal_pointer (&random);
}

GPtrArray *
qs_key_shelf_get (QsKeyShelf *self, const char *random)
{
  Entry *entry = g_hash_table_lookup (self->entries, random);

  return entry != NULL ? entry->lines : NULL;
}

guint
qs_key_shelf_get_n_lines (QsKeyShelf *self)
{
  return self->n_lines;
}

const char *
qs_key_shelf_get_any (QsKeyShelf *self)
{
  Entry *entry = g_queue_peek_tail (&self->order);

  return entry != NULL ? entry->lines->pdata[0] : NULL;
}
