/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-spare.h"

#define SIZE ((gsize) 2 << 20)

/* The other thread makes them when it gets to run. */
static void *
wait_for_piece (QsSpare *spare)
{
  gint64 deadline = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
  void *piece = NULL;

  while ((piece = qs_spare_take (spare)) == NULL && g_get_monotonic_time () < deadline)
    g_usleep (1000);
  g_assert_nonnull (piece);
  return piece;
}

static void
assert_whole (guint8 *piece)
{
  g_assert_cmpuint ((guintptr) piece % SIZE, ==, 0);
  piece[SIZE - 1] = piece[0] = 1;
}

static void
test_as_many_as_ordered (void)
{
  g_autoptr (QsSpare) spare = qs_spare_new (SIZE);
  void *pieces[3];

  g_assert_null (qs_spare_take (spare));
  qs_spare_order (spare, 2);
  qs_spare_order (spare, 3); /* in all, not in addition */
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      pieces[i] = wait_for_piece (spare);
      assert_whole (pieces[i]);
    }
  g_assert_null (qs_spare_take (spare));
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    g_aligned_free (pieces[i]);
}

static void
test_again (void)
{
  g_autoptr (QsSpare) spare = qs_spare_new (SIZE);

  for (guint i = 0; i < 4; i++)
    {
      qs_spare_order (spare, 1);
      g_aligned_free (wait_for_piece (spare));
    }
}

/* Nothing is lost, and nobody waits for what is still being made: the sanitizers look on. */
static void
test_freed_while_made (void)
{
  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (QsSpare) spare = qs_spare_new (SIZE);
      qs_spare_order (spare, 4);
      if (i % 2 == 0)
        g_aligned_free (wait_for_piece (spare));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/spare/as-many-as-ordered", test_as_many_as_ordered);
  g_test_add_func ("/spare/again", test_again);
  g_test_add_func ("/spare/freed-while-made", test_freed_while_made);
  return g_test_run ();
}
