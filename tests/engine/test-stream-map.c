/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-stream-map.h"

static guint n_freed;

static void
free_cb (gpointer data)
{
  n_freed++;
  g_free (data);
}

static gint64 *
add (QsStreamMap *table, gint64 id)
{
  gint64 *stream = g_memdup2 (&id, sizeof id);

  qs_stream_map_add (table, id, stream);
  return stream;
}

static void
test_find (void)
{
  QsStreamMap *table = qs_stream_map_new (free_cb);
  const gint64 last = (G_GINT64_CONSTANT (1) << 62) - 1;

  g_assert_null (qs_stream_map_find (table, 0));
  gint64 *first = add (table, 0), *largest = add (table, last);
  g_assert_true (qs_stream_map_find (table, 0) == first);
  g_assert_true (qs_stream_map_find (table, last) == largest);
  g_assert_null (qs_stream_map_find (table, 4));
  n_freed = 0;
  qs_stream_map_free (table);
  g_assert_cmpuint (n_freed, ==, 2);
}

/* Whatever is removed, the rest is found, and each one is gone through once. */
static void
test_remove (void)
{
  QsStreamMap *table = qs_stream_map_new (free_cb);
  guint64 sum = 0;

  for (gint64 id = 0; id < 1000; id++)
    add (table, id);
  n_freed = 0;
  for (guint i = 0; i < qs_stream_map_get_length (table);)
    {
      gint64 id = *(gint64 *) qs_stream_map_get (table, i);
      if (id % 3 == 0)
        qs_stream_map_remove (table, i);
      else
        {
          sum += (guint64) id;
          i++;
        }
    }
  g_assert_cmpuint (n_freed, ==, 334);
  g_assert_cmpuint (qs_stream_map_get_length (table), ==, 666);
  g_assert_cmpuint (sum, ==, 499500 - 166833);
  for (gint64 id = 0; id < 1000; id++)
    {
      const gint64 *found = qs_stream_map_find (table, id);
      g_assert_true (id % 3 == 0 ? found == NULL : *found == id);
    }
  qs_stream_map_clear (table);
  g_assert_cmpuint (n_freed, ==, 1000);
  g_assert_cmpuint (qs_stream_map_get_length (table), ==, 0);
  add (table, 6);
  qs_stream_map_free (table);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stream-map/find", test_find);
  g_test_add_func ("/stream-map/remove", test_remove);
  return g_test_run ();
}
