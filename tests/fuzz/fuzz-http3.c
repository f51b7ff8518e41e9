/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../wire/check-tree.h"
#include "fuzz.h"
#include "wire/qs-http3.h"
#include "wire/qs-writer.h"

static void
check_written (const QsHttp3Frame *frame, GArray *settings)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  QsHttp3Frame read;
  gsize at = 0;

  qs_http3_frame_write (out, frame->type, frame->payload);
  g_assert_true (qs_http3_frame_parse (qs_written (out), &at, &read, NULL));
  g_assert_true (read.complete && at == out->len && read.type == frame->type);
  g_assert_true (qs_span_equal (read.payload, frame->payload));
  if (settings == NULL)
    return;
  g_byte_array_set_size (out, 0);
  qs_http3_settings_write (out, (const QsHttp3Setting *) (gpointer) settings->data, settings->len);
  at = 0;
  g_assert_true (qs_http3_frame_parse (qs_written (out), &at, &read, NULL));
  g_autoptr (GArray) again = qs_http3_settings_parse (read.payload, NULL);
  g_assert_nonnull (again);
  g_assert_cmpmem (again->data, again->len * sizeof (QsHttp3Setting), settings->data,
                   settings->len * sizeof (QsHttp3Setting));
}

static void
run_frame (const QsHttp3Frame *frame, QsSpan bytes)
{
  g_autofree char *text = qs_http3_frame_describe (frame);
  g_autoptr (GArray) settings = qs_http3_settings_parse (frame->payload, NULL);

  check_written (frame, settings);
  g_assert_true (settings == NULL || settings->len <= frame->payload.length / 2);
  g_autoptr (QsField) tree = qs_describe_http3_frame (frame, bytes, QS_FIELD_IN_PAYLOAD, 3, NULL);

  g_assert_true (g_utf8_validate (text, -1, NULL));
  check_tree (tree, 3, bytes.length + 3);
}

/* The first byte's lowest bit says that the rest is a unidirectional stream. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  QsHttp3Frame frame;
  gsize at = 0;

  if (size == 0)
    return 0;
  QsSpan bytes = QS_SPAN (data + 1, size - 1);
  while (at < bytes.length && qs_http3_frame_parse (bytes, &at, &frame, NULL))
    run_frame (&frame, bytes);

  g_autoptr (QsField) tree = qs_describe_http3_stream (bytes, (data[0] & 1) != 0, QS_FIELD_IN_PAYLOAD, 0);
  check_tree (tree, 0, bytes.length);
  return 0;
}
