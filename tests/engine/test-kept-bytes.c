/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-kept-bytes.h"

#include <string.h>

static GBytes *
make_pattern (gsize length)
{
  guint8 *bytes = g_malloc (length);

  for (gsize i = 0; i < length; i++)
    bytes[i] = (guint8) (i * 7 + i / 251);
  return g_bytes_new_take (bytes, length);
}

static void
assert_start (const QsKeptBytes *kept, GBytes *whole, gsize most, gsize expected)
{
  g_autoptr (GBytes) copy = qs_kept_bytes_dup_start (kept, most);
  g_autoptr (GBytes) start = g_bytes_new_from_bytes (whole, 0, expected);

  g_assert_true (g_bytes_equal (copy, start));
}

/* Appended in steps of any size, it is what was appended. */
static void
test_in_order (void)
{
  static const gsize steps[] = { 1, 3, 1023, 1024, 1025, 65536, 200000 };
  const gsize length = 700001;
  g_autoptr (GBytes) whole = make_pattern (length);

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr (QsKeptBytes) kept = qs_kept_bytes_new (1 << 20);
      const guint8 *bytes = g_bytes_get_data (whole, NULL);
      for (gsize at = 0; at < length; at += steps[i])
        g_assert_true (qs_kept_bytes_append (kept, bytes + at, MIN (steps[i], length - at)));
      g_assert_cmpuint (qs_kept_bytes_get_length (kept), ==, length);
      assert_start (kept, whole, G_MAXSIZE, length);
      assert_start (kept, whole, 4096, 4096);
      assert_start (kept, whole, 0, 0);
    }
}

static void
test_limit (void)
{
  g_autoptr (QsKeptBytes) kept = qs_kept_bytes_new (5000);
  g_autoptr (GBytes) whole = make_pattern (6000);
  const guint8 *bytes = g_bytes_get_data (whole, NULL);

  g_assert_true (qs_kept_bytes_append (kept, bytes, 4999));
  g_assert_true (qs_kept_bytes_append (kept, bytes + 4999, 2));
  g_assert_false (qs_kept_bytes_append (kept, bytes, 1));
  g_assert_false (qs_kept_bytes_append (kept, NULL, 0));
  assert_start (kept, whole, G_MAXSIZE, 5000);
}

/* What several keep together: none is freed again before the last one of them. */
static void
test_pool (void)
{
  gsize *pool = g_rc_box_new0 (gsize);
  g_autoptr (GBytes) whole = make_pattern (4000);
  const guint8 *bytes = g_bytes_get_data (whole, NULL);

  *pool = 3000;
  g_autoptr (QsKeptBytes) first = qs_kept_bytes_new_of_pool (2500, pool);
  g_autoptr (QsKeptBytes) second = qs_kept_bytes_new_of_pool (2500, pool);
  g_rc_box_release (pool);
  g_assert_true (qs_kept_bytes_append (first, bytes, 2000));
  g_assert_true (qs_kept_bytes_append (second, bytes, 2000));
  assert_start (first, whole, G_MAXSIZE, 2000);
  g_assert_cmpuint (qs_kept_bytes_get_length (second), <=, 1000);
  g_assert_cmpuint (qs_kept_bytes_get_length (second), >, 0);
  assert_start (second, whole, G_MAXSIZE, qs_kept_bytes_get_length (second));
  g_assert_false (qs_kept_bytes_append (second, bytes, 1));
}

static void
test_nothing (void)
{
  g_autoptr (QsKeptBytes) kept = qs_kept_bytes_new (10);
  g_autoptr (QsKeptBytes) none = qs_kept_bytes_new (0);
  g_autoptr (GBytes) empty = qs_kept_bytes_dup_start (kept, 10);

  g_assert_cmpuint (g_bytes_get_size (empty), ==, 0);
  g_assert_false (qs_kept_bytes_append (none, "x", 1));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kept-bytes/in-order", test_in_order);
  g_test_add_func ("/kept-bytes/limit", test_limit);
  g_test_add_func ("/kept-bytes/pool", test_pool);
  g_test_add_func ("/kept-bytes/nothing", test_nothing);
  return g_test_run ();
}
