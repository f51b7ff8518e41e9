/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-reassembly.h"

#include <string.h>

static void
assert_peek (QsReassembly *stream, const char *text)
{
  QsSpan bytes = qs_reassembly_peek (stream);

  g_assert_cmpmem (bytes.data, bytes.length, text, strlen (text));
}

static gboolean
add (QsReassembly *stream, guint64 offset, const char *text, guint32 packet)
{
  return qs_reassembly_add (stream, offset, QS_SPAN (text, strlen (text)), packet);
}

static void
test_order (void)
{
  g_autoptr (QsReassembly) stream = qs_reassembly_new (0, 100);

  assert_peek (stream, "");
  g_assert_true (add (stream, 4, "efgh", 2));
  assert_peek (stream, "");
  g_assert_true (add (stream, 0, "ab", 1));
  assert_peek (stream, "ab");
  g_assert_true (add (stream, 1, "XcdeX", 3)); /* overlaps both: what came first stays */
  assert_peek (stream, "abcdefgh");
  g_assert_cmpuint (qs_reassembly_get_packet (stream, 1), ==, 1);
  g_assert_cmpuint (qs_reassembly_get_packet (stream, 2), ==, 3);
  g_assert_cmpuint (qs_reassembly_get_packet (stream, 4), ==, 2);
  g_assert_cmpuint (qs_reassembly_get_packet (stream, 8), ==, G_MAXUINT32);

  qs_reassembly_consume (stream, 3);
  assert_peek (stream, "defgh");
  g_assert_cmpuint (qs_reassembly_get_base (stream), ==, 3);
  g_assert_true (add (stream, 0, "zzzz", 4)); /* behind the base: over and done */
  assert_peek (stream, "defgh");
  g_assert_true (add (stream, 8, "i", 4));
  assert_peek (stream, "defghi");
}

static void
test_limit (void)
{
  g_autoptr (QsReassembly) stream = qs_reassembly_new (0, 4);

  g_assert_false (add (stream, 2, "cdef", 1));
  g_assert_true (add (stream, 0, "ab", 1));
  assert_peek (stream, "abcd");
  g_assert_false (add (stream, G_MAXUINT64 - 2, "far", 1));
  g_assert_false (add (stream, G_GUINT64_CONSTANT (1) << 62, "far", 1));
  assert_peek (stream, "abcd");
  qs_reassembly_consume (stream, 4);
  g_assert_true (add (stream, 4, "efgh", 1));
  assert_peek (stream, "efgh");
}

/* Every order of overlapping pieces gives the same bytes. */
static void
test_random (void)
{
  guint8 text[512];

  for (guint i = 0; i < sizeof text; i++)
    text[i] = (guint8) g_test_rand_int ();
  for (guint round = 0; round < 200; round++)
    {
      g_autoptr (QsReassembly) stream = qs_reassembly_new (0, sizeof text);
      QsSpan got;
      while ((got = qs_reassembly_peek (stream)).length < sizeof text)
        {
          guint start = (guint) g_test_rand_int_range (0, sizeof text);
          guint end = (guint) g_test_rand_int_range ((gint32) start, sizeof text + 1);
          qs_reassembly_add (stream, start, QS_SPAN (text + start, end - start), round);
        }
      g_assert_cmpmem (got.data, got.length, text, sizeof text);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reassembly/order", test_order);
  g_test_add_func ("/reassembly/limit", test_limit);
  g_test_add_func ("/reassembly/random", test_random);
  return g_test_run ();
}
