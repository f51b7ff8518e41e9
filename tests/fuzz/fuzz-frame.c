/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../wire/check-tree.h"
#include "fuzz.h"
#include "wire/qs-describe.h"
#include "wire/qs-frame.h"
#include "wire/qs-writer.h"

static void
check_range_cb (guint64 smallest, guint64 largest, gpointer data)
{
  g_assert_cmpuint (smallest, <=, largest);
}

/* Spans of two frames lie in different bytes, and numbers may have been written longer than they need be. */
static void
check_same (const QsFrame *a, const QsFrame *b)
{
  QsFrame left = *a, right = *b;

  g_assert_true (qs_span_equal (a->data, b->data));
  g_assert_true (qs_span_equal (a->token, b->token));
  left.data = right.data = left.token = right.token = left.ack.ranges = right.ack.ranges = QS_SPAN_NONE;
  left.offset = right.offset = 0;
  if (a->type != QS_FRAME_PADDING)
    left.length = right.length = 0;
  g_assert_cmpmem (&left, sizeof left, &right, sizeof right);
}

/* What is written is read as what it was, and written again as the same bytes. */
static void
check_written (const QsFrame *frame)
{
  g_autoptr (GByteArray) out = g_byte_array_new (), again = g_byte_array_new ();
  QsFrame read;
  gsize at = 0;

  qs_frame_write (out, frame);
  g_assert_true (qs_frame_parse (qs_written (out), &at, &read, NULL));
  g_assert_cmpuint (at, ==, out->len);
  check_same (frame, &read);
  qs_frame_write (again, &read);
  g_assert_cmpmem (out->data, out->len, again->data, again->len);
}

/* A packet's payload. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  QsSpan payload = QS_SPAN (data, size);
  QsFrame frame;

  for (gsize at = 0; at < size;)
    {
      gsize before = at;
      if (!qs_frame_parse (payload, &at, &frame, NULL))
        {
          g_autoptr (QsField) rest = qs_describe_unread_frames (payload, before);
          check_tree (rest, before, size);
          break;
        }
      g_assert_cmpuint (at, >, before);
      g_assert_cmpuint (frame.offset + frame.length, ==, at);
      if (qs_frame_base_type (frame.type) == QS_FRAME_ACK)
        qs_frame_foreach_ack_range (&frame, check_range_cb, NULL);

      check_written (&frame);
      g_autofree char *text = qs_frame_describe (&frame);
      g_assert_true (g_utf8_validate (text, -1, NULL));
      g_autoptr (QsField) tree = qs_describe_frame (&frame, payload);
      check_tree (tree, 0, size);
    }
  return 0;
}
