/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flows/qs-flow-table.h"

#include <string.h>

typedef struct {
  const QsFlowRoute *route; /* NULL: of any */
  guint8 length;
  guint8 bytes[QS_CID_MAX];
} Id;

/* An id, in the list of its owner's. */
struct _QsFlowEntry {
  Id id;
  QsFlowOwner *owner;
  QsFlowEntry *previous, *next;
};

struct _QsFlowTable {
  QsFlowTableClass klass;
  GHashTable *routes;  /* QsFlowKey in QsFlowRoute -> QsFlowRoute */
  GHashTable *ids;     /* Id in QsFlowEntry -> QsFlowEntry */
  guint32 cid_lengths; /* bit N: one of N bytes counts on every address */
  GQueue idle, held;   /* QsFlowOwner, oldest first */
};

/* --- Keys --- */

/* Peers choose what is hashed: without a secret they could make all of it fall into one place. */
static guint64
get_seed (void)
{
  static gsize seed;

  if (g_once_init_enter (&seed))
    g_once_init_leave (&seed, (gsize) g_random_int () << 32 | g_random_int () | 1);
  return seed;
}

static guint
hash_bytes (const guint8 *bytes, gsize length, guint64 hash)
{
  while (length > 0)
    {
      guint64 word = 0;
      gsize n = MIN (length, sizeof word);

      memcpy (&word, bytes, n);
      hash = (hash ^ word) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
      hash ^= hash >> 29;
      bytes += n;
      length -= n;
    }
  return (guint) (hash ^ hash >> 32);
}

static guint
key_hash (gconstpointer data)
{
  return hash_bytes (data, sizeof (QsFlowKey), get_seed ());
}

static gboolean
key_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (QsFlowKey)) == 0;
}

static guint
id_hash (gconstpointer data)
{
  const Id *id = data;

  return hash_bytes (id->bytes, sizeof id->bytes, get_seed () ^ (guint64) GPOINTER_TO_SIZE (id->route) ^ id->length);
}

static gboolean
id_equal (gconstpointer a, gconstpointer b)
{
  const Id *left = a, *right = b;

  return left->route == right->route && left->length == right->length &&
         memcmp (left->bytes, right->bytes, sizeof left->bytes) == 0;
}

static Id
make_id (const QsFlowRoute *route, QsSpan cid)
{
  Id id = { .route = route, .length = (guint8) cid.length };

  if (cid.length > 0)
    memcpy (id.bytes, cid.data, MIN (cid.length, sizeof id.bytes));
  return id;
}

void
qs_flow_key_init (QsFlowKey *key, const QsFlowEnd *a, const QsFlowEnd *b, gboolean tcp)
{
  gboolean in_order = b == NULL || memcmp (a, b, sizeof *a) <= 0;

  memset (key, 0, sizeof *key); /* the gaps between members are hashed as well */
  key->ends[0] = in_order ? *a : *b;
  if (b != NULL)
    key->ends[1] = in_order ? *b : *a;
  key->tcp = tcp != FALSE;
}

/* --- Routes --- */

static void
forget_if_unused (QsFlowTable *self, QsFlowRoute *route)
{
  /* Where routes have a bound of their own they are the user's, who may keep pointers to them. */
  if (route->owner == NULL && route->n_ids == 0 && self->klass.max_routes == 0)
    g_hash_table_remove (self->routes, &route->key);
}

QsFlowRoute *
qs_flow_table_get_route (QsFlowTable *self, const QsFlowKey *key, gboolean create)
{
  QsFlowRoute *route = g_hash_table_lookup (self->routes, key);

  if (route != NULL || !create ||
      (self->klass.max_routes > 0 && g_hash_table_size (self->routes) >= self->klass.max_routes))
    return route;
  route = g_malloc0 (MAX (self->klass.route_size, sizeof *route));
  memcpy (&route->key, key, sizeof *key);
  g_hash_table_insert (self->routes, &route->key, route);
  return route;
}

static void
leave_route (QsFlowRoute *route)
{
  if (route->owner != NULL)
    g_ptr_array_remove (route->owner->routes, route);
  route->owner = NULL;
}

void
qs_flow_table_set_route (QsFlowTable *self, QsFlowRoute *route, QsFlowOwner *owner)
{
  if (route->owner == owner)
    return;
  leave_route (route);
  if (owner->routes->len >= self->klass.max_owner_routes)
    {
      QsFlowRoute *oldest = owner->routes->pdata[0];

      leave_route (oldest);
      forget_if_unused (self, oldest);
    }
  route->owner = owner;
  g_ptr_array_add (owner->routes, route);
}

/* --- Ids --- */

static void
remove_entry (QsFlowTable *self, QsFlowEntry *entry)
{
  QsFlowOwner *owner = entry->owner;
  QsFlowRoute *route = (QsFlowRoute *) entry->id.route;

  *(entry->previous != NULL ? &entry->previous->next : &owner->ids) = entry->next;
  *(entry->next != NULL ? &entry->next->previous : &owner->last_id) = entry->previous;
  owner->n_ids--;
  g_hash_table_remove (self->ids, &entry->id);
  if (route == NULL)
    return;
  route->n_ids--;
  forget_if_unused (self, route);
}

/* FALSE: there is no room. */
static gboolean
make_room (QsFlowTable *self, const QsFlowRoute *route, QsFlowOwner *owner)
{
  if (owner->n_ids < self->klass.max_ids)
    return TRUE;
  if (owner->n_holds > 0)
    return FALSE;
  for (QsFlowEntry *entry = owner->ids; entry != NULL; entry = entry->next)
    {
      if ((entry->id.route == NULL) != (route == NULL))
        continue;
      remove_entry (self, entry);
      return TRUE;
    }
  return FALSE;
}

static void
append_entry (QsFlowTable *self, const Id *id, QsFlowOwner *owner)
{
  QsFlowEntry *entry = g_new0 (QsFlowEntry, 1);

  entry->id = *id;
  entry->owner = owner;
  entry->previous = owner->last_id;
  *(owner->last_id != NULL ? &owner->last_id->next : &owner->ids) = entry;
  owner->last_id = entry;
  owner->n_ids++;
  g_hash_table_insert (self->ids, &entry->id, entry);
}

void
qs_flow_table_add_id (QsFlowTable *self, QsFlowRoute *route, QsSpan cid, QsFlowOwner *owner)
{
  Id id = make_id (route, cid);
  QsFlowEntry *known = g_hash_table_lookup (self->ids, &id);

  if (known != NULL && known->owner == owner)
    return;
  /* The route must not go with its last id, nor with its owner, when it is about to get another. */
  if (route != NULL)
    route->n_ids++;
  if (known != NULL)
    remove_entry (self, known);
  if (make_room (self, route, owner))
    {
      append_entry (self, &id, owner);
      *(route != NULL ? &route->cid_lengths : &self->cid_lengths) |= 1u << MIN (cid.length, 31);
    }
  else if (route != NULL)
    {
      route->n_ids--;
      forget_if_unused (self, route);
    }
}

QsFlowOwner *
qs_flow_table_find_id (QsFlowTable *self, const QsFlowRoute *route, QsSpan cid)
{
  Id id = make_id (route, cid);
  QsFlowEntry *entry = g_hash_table_lookup (self->ids, &id);

  return entry != NULL ? entry->owner : NULL;
}

QsFlowOwner *
qs_flow_table_find_short (QsFlowTable *self, const QsFlowRoute *route, QsSpan packet)
{
  guint32 lengths = route != NULL ? route->cid_lengths : self->cid_lengths;

  for (guint length = QS_CID_MAX; length > 0; length--)
    {
      if ((lengths & 1u << length) == 0 || packet.length <= length)
        continue;
      QsFlowOwner *found = qs_flow_table_find_id (self, route, QS_SPAN (packet.data + 1, length));
      if (found != NULL)
        return found;
    }
  return NULL;
}

/* --- Owners --- */

static void
drop (QsFlowTable *self, QsFlowOwner *owner)
{
  while (owner->ids != NULL)
    remove_entry (self, owner->ids);
  while (owner->routes->len > 0)
    {
      QsFlowRoute *route = owner->routes->pdata[owner->routes->len - 1];

      leave_route (route);
      forget_if_unused (self, route);
    }
  g_queue_unlink (owner->n_holds > 0 ? &self->held : &self->idle, &owner->link);
  g_clear_pointer (&owner->routes, g_ptr_array_unref);
  if (self->klass.drop != NULL)
    self->klass.drop (owner, self->klass.data);
}

static void
add_idle (QsFlowTable *self, QsFlowOwner *owner)
{
  while (self->klass.max_idle > 0 && self->idle.length >= self->klass.max_idle)
    drop (self, self->idle.head->data);
  g_queue_push_tail_link (&self->idle, &owner->link);
}

void
qs_flow_table_begin (QsFlowTable *self, QsFlowOwner *owner)
{
  owner->link.data = owner;
  owner->routes = g_ptr_array_new ();
  add_idle (self, owner);
}

void
qs_flow_table_hold (QsFlowTable *self, QsFlowOwner *owner)
{
  if (owner->n_holds++ > 0)
    return;
  g_queue_unlink (&self->idle, &owner->link);
  g_queue_push_tail_link (&self->held, &owner->link);
}

void
qs_flow_table_release (QsFlowTable *self, QsFlowOwner *owner)
{
  g_return_if_fail (owner->n_holds > 0);

  if (--owner->n_holds > 0)
    return;
  g_queue_unlink (&self->held, &owner->link);
  add_idle (self, owner);
}

void
qs_flow_table_drop (QsFlowTable *self, QsFlowOwner *owner)
{
  g_return_if_fail (self != NULL && owner != NULL);

  drop (self, owner);
}

void
qs_flow_table_sweep_routes (QsFlowTable *self, gboolean (*unused) (QsFlowRoute *))
{
  GHashTableIter iter;
  gpointer value;

  g_return_if_fail (self != NULL && unused != NULL);

  g_hash_table_iter_init (&iter, self->routes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      QsFlowRoute *route = value;
      if (route->owner == NULL && route->n_ids == 0 && unused (route))
        g_hash_table_iter_remove (&iter);
    }
}

guint
qs_flow_table_get_n_owners (QsFlowTable *self)
{
  return self->idle.length + self->held.length;
}

/* --- Public --- */

QsFlowTable *
qs_flow_table_new (const QsFlowTableClass *klass)
{
  g_return_val_if_fail (klass->max_ids > 0 && klass->max_owner_routes > 0, NULL);

  QsFlowTable *self = g_new0 (QsFlowTable, 1);
  self->klass = *klass;
  self->routes = g_hash_table_new_full (key_hash, key_equal, NULL, g_free);
  self->ids = g_hash_table_new_full (id_hash, id_equal, NULL, g_free);
  g_queue_init (&self->idle);
  g_queue_init (&self->held);
  return self;
}

void
qs_flow_table_free (QsFlowTable *self)
{
  while (self->idle.head != NULL)
    drop (self, self->idle.head->data);
  while (self->held.head != NULL)
    drop (self, self->held.head->data);
  g_hash_table_unref (self->ids);
  g_hash_table_unref (self->routes);
  g_free (self);
}
