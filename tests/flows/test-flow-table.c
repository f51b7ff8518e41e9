/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flows/qs-flow-table.h"

#include <string.h>

#define MAX_IDLE 4
#define MAX_IDS 3
#define MAX_ROUTES 2

typedef struct {
  QsFlowOwner owner;
  guint number;
} Connection;

typedef struct {
  QsFlowTable *table;
  guint n_begun, n_dropped, last_dropped;
} Fixture;

static void
drop_cb (QsFlowOwner *owner, gpointer data)
{
  Fixture *fixture = data;

  fixture->n_dropped++;
  fixture->last_dropped = ((Connection *) owner)->number;
  g_free (owner);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  const QsFlowTableClass klass = {
    .max_idle = MAX_IDLE, .max_ids = MAX_IDS, .max_owner_routes = MAX_ROUTES, .drop = drop_cb, .data = fixture
  };

  fixture->table = qs_flow_table_new (&klass);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  qs_flow_table_free (fixture->table);
  g_assert_cmpuint (fixture->n_dropped, ==, fixture->n_begun);
}

static QsFlowOwner *
begin (Fixture *fixture)
{
  Connection *connection = g_new0 (Connection, 1);

  connection->number = fixture->n_begun++;
  qs_flow_table_begin (fixture->table, &connection->owner);
  return &connection->owner;
}

static QsFlowKey
key_of (guint16 port)
{
  const QsFlowEnd a = { .address = { 1 }, .port = port }, b = { .address = { 2 }, .port = 443 };
  QsFlowKey key;

  qs_flow_key_init (&key, &a, &b, FALSE);
  return key;
}

static QsFlowRoute *
route_to (Fixture *fixture, guint16 port)
{
  QsFlowKey key = key_of (port);

  return qs_flow_table_get_route (fixture->table, &key, TRUE);
}

static gboolean
has_route (Fixture *fixture, guint16 port)
{
  QsFlowKey key = key_of (port);

  return qs_flow_table_get_route (fixture->table, &key, FALSE) != NULL;
}

#define CID(text) QS_SPAN (text, sizeof text - 1)

/* The same pair, whichever end sends; another protocol is another pair. */
static void
test_keys (void)
{
  const QsFlowEnd a = { .address = { 1 }, .port = 1000 }, b = { .address = { 2 }, .port = 443 };
  QsFlowKey there, back, tcp;

  qs_flow_key_init (&there, &a, &b, FALSE);
  qs_flow_key_init (&back, &b, &a, FALSE);
  qs_flow_key_init (&tcp, &a, &b, TRUE);
  g_assert_cmpmem (&there, sizeof there, &back, sizeof back);
  g_assert_cmpint (memcmp (&there, &tcp, sizeof there), !=, 0);
}

/* One more than may be idle, and none that is held, goes: the oldest. */
static void
test_idle_are_bounded (Fixture *fixture, gconstpointer data)
{
  QsFlowOwner *held = begin (fixture);

  qs_flow_table_hold (fixture->table, held);
  for (guint i = 0; i < MAX_IDLE; i++)
    begin (fixture);
  g_assert_cmpuint (fixture->n_dropped, ==, 0);
  begin (fixture);
  g_assert_cmpuint (fixture->n_dropped, ==, 1);
  g_assert_cmpuint (fixture->last_dropped, ==, 1);
  g_assert_cmpuint (qs_flow_table_get_n_owners (fixture->table), ==, MAX_IDLE + 1);
  qs_flow_table_hold (fixture->table, held);
  qs_flow_table_release (fixture->table, held);
  g_assert_cmpuint (fixture->n_dropped, ==, 1);
  qs_flow_table_release (fixture->table, held); /* is idle now, as one too many */
  g_assert_cmpuint (fixture->n_dropped, ==, 2);
  g_assert_cmpuint (fixture->last_dropped, ==, 2);
}

/* All that was known of one that goes, goes with it. */
static void
test_drop_forgets (Fixture *fixture, gconstpointer data)
{
  QsFlowOwner *first = begin (fixture);
  QsFlowRoute *route = route_to (fixture, 1000);

  qs_flow_table_set_route (fixture->table, route, first);
  qs_flow_table_add_id (fixture->table, route, CID ("client"), first);
  qs_flow_table_add_id (fixture->table, NULL, CID ("server"), first);
  for (guint i = 0; i < MAX_IDLE; i++)
    begin (fixture);
  g_assert_cmpuint (fixture->last_dropped, ==, 0);
  g_assert_null (qs_flow_table_find_id (fixture->table, NULL, CID ("server")));
  g_assert_false (has_route (fixture, 1000));
}

/* A short header: the longest id that is known and stands there. */
static void
test_short_headers (Fixture *fixture, gconstpointer data)
{
  QsFlowOwner *one = begin (fixture), *two = begin (fixture), *three = begin (fixture);
  QsFlowRoute *route = route_to (fixture, 1000);

  qs_flow_table_add_id (fixture->table, NULL, CID ("abcd"), one);
  qs_flow_table_add_id (fixture->table, NULL, CID ("abcdefgh"), two);
  qs_flow_table_add_id (fixture->table, route, CID ("abcd"), three);
  g_assert_true (qs_flow_table_find_short (fixture->table, NULL, CID ("@abcdefghijkl")) == two);
  g_assert_true (qs_flow_table_find_short (fixture->table, NULL, CID ("@abcdefg?ijkl")) == one);
  g_assert_true (qs_flow_table_find_short (fixture->table, route, CID ("@abcdefghijkl")) == three);
  g_assert_null (qs_flow_table_find_short (fixture->table, NULL, CID ("@abc?efghijkl")));
  g_assert_null (qs_flow_table_find_short (fixture->table, NULL, CID ("@abc")));
}

/* The newest owner of an id counts, the old one keeps its others. */
static void
test_id_changes_hands (Fixture *fixture, gconstpointer data)
{
  QsFlowOwner *one = begin (fixture), *two = begin (fixture);
  QsFlowRoute *route = route_to (fixture, 1000);

  qs_flow_table_add_id (fixture->table, route, CID (""), one);
  qs_flow_table_add_id (fixture->table, NULL, CID ("mine"), one);
  qs_flow_table_add_id (fixture->table, route, CID (""), two); /* must not take the route with it */
  g_assert_true (qs_flow_table_find_id (fixture->table, route, CID ("")) == two);
  g_assert_true (qs_flow_table_find_id (fixture->table, NULL, CID ("mine")) == one);
  g_assert_cmpuint (one->n_ids, ==, 1);
  g_assert_cmpuint (route->n_ids, ==, 1);
}

/* One id more than fits: of an idle one the oldest of its kind goes, of a held one the new one is not taken. */
static void
test_ids_are_bounded (Fixture *fixture, gconstpointer data)
{
  QsFlowOwner *owner = begin (fixture);
  QsFlowRoute *route = route_to (fixture, 1000);

  qs_flow_table_add_id (fixture->table, route, CID ("client"), owner);
  qs_flow_table_add_id (fixture->table, NULL, CID ("one"), owner);
  qs_flow_table_add_id (fixture->table, NULL, CID ("two"), owner);
  g_assert_nonnull (qs_flow_table_find_id (fixture->table, NULL, CID ("one")));
  qs_flow_table_add_id (fixture->table, NULL, CID ("three"), owner);
  g_assert_null (qs_flow_table_find_id (fixture->table, NULL, CID ("one")));
  g_assert_nonnull (qs_flow_table_find_id (fixture->table, NULL, CID ("two")));
  g_assert_nonnull (qs_flow_table_find_id (fixture->table, NULL, CID ("three")));
  g_assert_nonnull (qs_flow_table_find_id (fixture->table, route, CID ("client")));
  g_assert_cmpuint (owner->n_ids, ==, MAX_IDS);
  qs_flow_table_hold (fixture->table, owner);
  qs_flow_table_add_id (fixture->table, NULL, CID ("four"), owner);
  g_assert_null (qs_flow_table_find_id (fixture->table, NULL, CID ("four")));
  g_assert_nonnull (qs_flow_table_find_id (fixture->table, NULL, CID ("two")));
  qs_flow_table_release (fixture->table, owner);
}

/* One address more than one may have: the oldest is forgotten, with its route when nothing else is known there. */
static void
test_addresses_are_bounded (Fixture *fixture, gconstpointer data)
{
  QsFlowOwner *owner = begin (fixture);

  for (guint16 i = 0; i < MAX_ROUTES; i++)
    qs_flow_table_set_route (fixture->table, route_to (fixture, 1000 + i), owner);
  g_assert_true (has_route (fixture, 1000));
  qs_flow_table_set_route (fixture->table, route_to (fixture, 2000), owner);
  g_assert_false (has_route (fixture, 1000));
  g_assert_true (has_route (fixture, 1001));
  g_assert_true (route_to (fixture, 2000)->owner == owner);
}

/* Ids that only an unknown version may have. */
static void
test_long_ids (Fixture *fixture, gconstpointer data)
{
  QsFlowOwner *owner = begin (fixture);
  guint8 id[255] = { 1, 2, 3 };

  qs_flow_table_add_id (fixture->table, NULL, QS_SPAN (id, sizeof id), owner);
  g_assert_true (qs_flow_table_find_id (fixture->table, NULL, QS_SPAN (id, sizeof id)) == owner);
  g_assert_null (qs_flow_table_find_id (fixture->table, NULL, QS_SPAN (id, sizeof id - 1)));
}

/* Address pairs of a table that has a bound for them. */
static void
test_routes_are_bounded (void)
{
  const QsFlowTableClass klass = { .max_routes = 2, .max_ids = 1, .max_owner_routes = 1 };
  g_autoptr (QsFlowTable) table = qs_flow_table_new (&klass);
  QsFlowKey one = key_of (1), two = key_of (2), three = key_of (3);

  g_assert_nonnull (qs_flow_table_get_route (table, &one, TRUE));
  g_assert_nonnull (qs_flow_table_get_route (table, &two, TRUE));
  g_assert_null (qs_flow_table_get_route (table, &three, TRUE));
  g_assert_nonnull (qs_flow_table_get_route (table, &one, TRUE));
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/flow-table/keys", test_keys);
  g_test_add_func ("/flow-table/routes-are-bounded", test_routes_are_bounded);
  ADD ("/flow-table/idle-are-bounded", test_idle_are_bounded);
  ADD ("/flow-table/drop-forgets", test_drop_forgets);
  ADD ("/flow-table/short-headers", test_short_headers);
  ADD ("/flow-table/id-changes-hands", test_id_changes_hands);
  ADD ("/flow-table/ids-are-bounded", test_ids_are_bounded);
  ADD ("/flow-table/addresses-are-bounded", test_addresses_are_bounded);
  ADD ("/flow-table/long-ids", test_long_ids);
  return g_test_run ();
}
