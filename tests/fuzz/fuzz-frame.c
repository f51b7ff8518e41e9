/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../wire/check-tree.h"
#include "fuzz.h"
#include "wire/qs-describe.h"
#include "wire/qs-frame.h"

static void
check_range_cb (guint64 smallest, guint64 largest, gpointer data)
{
  g_assert_cmpuint (smallest, <=, largest);
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

      g_autofree char *text = qs_frame_describe (&frame);
      g_assert_true (g_utf8_validate (text, -1, NULL));
      g_autoptr (QsField) tree = qs_describe_frame (&frame, payload);
      check_tree (tree, 0, size);
    }
  return 0;
}
