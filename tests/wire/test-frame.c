/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check-tree.h"
#include "wire-kit.h"
#include "wire/qs-describe.h"
#include "wire/qs-frame.h"

/* Every type by hand-made bytes, and what a person reads of it. */
static const struct {
  const char *bytes;
  const char *text;
  const char *name;
  gboolean ack_eliciting;
  gboolean open_ended; /* goes on to the end of the packet, whatever that is */
} rows[] = {
  { "00", "PADDING", "padding", FALSE, FALSE },
  { "000000", "PADDING × 3", "padding", FALSE, TRUE },
  { "01", "PING", "ping", TRUE, FALSE },
  { "0203000003", "ACK 0–3", "ack", FALSE, FALSE },
  { "02050001000003", "ACK 0–3, 5", "ack", FALSE, FALSE },
  { "030500010000030b0c0d", "ACK 0–3, 5 ECT(0) 11 ECT(1) 12 CE 13", "ack", FALSE, FALSE },
  { "040440424100", "RESET_STREAM 4 error 0x42 final size 256", "reset_stream", TRUE, FALSE },
  { "05044042", "STOP_SENDING 4 error 0x42", "stop_sending", TRUE, FALSE },
  { "060a03aabbcc", "CRYPTO [10, 13)", "crypto", TRUE, FALSE },
  { "0702abcd", "NEW_TOKEN 2 bytes", "new_token", TRUE, FALSE },
  { "0804aabb", "STREAM 4 [0, 2)", "stream", TRUE, TRUE },
  { "0904aabb", "STREAM 4 [0, 2) FIN", "stream", TRUE, TRUE },
  { "0a0402aabb", "STREAM 4 [0, 2)", "stream", TRUE, FALSE },
  { "0b0400", "STREAM 4 [0, 0) FIN", "stream", TRUE, FALSE },
  { "0c0405aabb", "STREAM 4 [5, 7)", "stream", TRUE, TRUE },
  { "0d0405aabb", "STREAM 4 [5, 7) FIN", "stream", TRUE, TRUE },
  { "0e040502aabb", "STREAM 4 [5, 7)", "stream", TRUE, FALSE },
  { "0f040502aabb", "STREAM 4 [5, 7) FIN", "stream", TRUE, FALSE },
  { "1080010000", "MAX_DATA 65536", "max_data", TRUE, FALSE },
  { "110480010000", "MAX_STREAM_DATA 4 65536", "max_stream_data", TRUE, FALSE },
  { "1205", "MAX_STREAMS bidi 5", "max_streams", TRUE, FALSE },
  { "1305", "MAX_STREAMS uni 5", "max_streams", TRUE, FALSE },
  { "1405", "DATA_BLOCKED 5", "data_blocked", TRUE, FALSE },
  { "150405", "STREAM_DATA_BLOCKED 4 5", "stream_data_blocked", TRUE, FALSE },
  { "1605", "STREAMS_BLOCKED bidi 5", "streams_blocked", TRUE, FALSE },
  { "1705", "STREAMS_BLOCKED uni 5", "streams_blocked", TRUE, FALSE },
  { "18020104aabbccdd000102030405060708090a0b0c0d0e0f", "NEW_CONNECTION_ID 2 aabbccdd retire prior to 1",
    "new_connection_id", TRUE, FALSE },
  { "1907", "RETIRE_CONNECTION_ID 7", "retire_connection_id", TRUE, FALSE },
  { "1a0102030405060708", "PATH_CHALLENGE 0102030405060708", "path_challenge", TRUE, FALSE },
  { "1b0102030405060708", "PATH_RESPONSE 0102030405060708", "path_response", TRUE, FALSE },
  { "1c41780600", "CONNECTION_CLOSE CRYPTO_ERROR 0x178 (no_application_protocol)", "connection_close", FALSE, FALSE },
  { "1c0a00031b5b6d", "CONNECTION_CLOSE PROTOCOL_VIOLATION (0xa) “\\x1b[m”", "connection_close", FALSE, FALSE },
  { "1d410002686f", "CONNECTION_CLOSE application 0x100 “ho”", "connection_close", FALSE, FALSE },
  { "1e", "HANDSHAKE_DONE", "handshake_done", TRUE, FALSE },
  { "1f", "IMMEDIATE_ACK", "immediate_ack", TRUE, FALSE },
  { "240440424100"
    "10",
    "RESET_STREAM_AT 4 error 0x42 final size 256", "reset_stream_at", TRUE, FALSE },
  { "40af020a7a1201", "ACK_FREQUENCY 10", "ack_frequency", TRUE, FALSE },
  { "30aabb", "DATAGRAM 2 bytes", "datagram", TRUE, TRUE },
  { "3102aabb", "DATAGRAM 2 bytes", "datagram", TRUE, FALSE },
};

static void
test_each (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = hex (rows[i].bytes);
      g_autoptr (GError) error = NULL;
      QsFrame frame;
      gsize at = 0;

      g_test_message ("%s", rows[i].text);
      g_assert_true (qs_frame_parse (span_of (bytes), &at, &frame, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (at, ==, g_bytes_get_size (bytes));
      g_assert_cmpuint (frame.length, ==, at);
      g_assert_cmpint (qs_frame_is_ack_eliciting (frame.type), ==, rows[i].ack_eliciting);
      g_assert_cmpstr (qs_frame_type_qlog_name (frame.type), ==, rows[i].name);

      g_autofree char *text = qs_frame_describe (&frame);
      g_assert_cmpstr (text, ==, rows[i].text);

      g_autoptr (QsField) tree = qs_describe_frame (&frame, span_of (bytes));
      check_tree (tree, 0, g_bytes_get_size (bytes));
      g_assert_nonnull (tree->meaning);
      g_assert_nonnull (tree->reference);
      g_assert_cmpuint (tree->length, ==, g_bytes_get_size (bytes));
    }
}

static void
test_truncated (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) whole = hex (rows[i].bytes);
      for (gsize length = 0; length < g_bytes_get_size (whole); length++)
        {
          g_autoptr (GBytes) bytes = cut (span_of (whole), length);
          g_autoptr (GError) error = NULL;
          QsFrame frame;
          gsize at = 0;

          if (qs_frame_parse (span_of (bytes), &at, &frame, &error))
            g_assert_true (rows[i].open_ended);
          else
            {
              g_assert_error (error, QS_ERROR, QS_ERROR_TRUNCATED);
              g_assert_cmpuint (at, ==, 0);
            }
        }
    }
}

static void
test_forbidden (void)
{
  static const struct {
    const char *bytes;
    const char *why;
  } bad[] = {
    { "0203000004", "first range below 0" },
    { "02050001000004", "second range below 0" },
    { "02050001000500", "gap below 0" },
    { "0201000100000000", "gap of two below 1" },
    { "06ffffffffffffffff01aa", "CRYPTO beyond the largest offset" },
    { "0e04ffffffffffffffff01aa", "STREAM beyond the largest offset" },
    { "0700", "no token" },
    { "12d000000000000001", "too many streams" },
    { "17d000000000000001", "blocked at too many streams" },
    { "18020100000102030405060708090a0b0c0d0e0f", "empty connection ID" },
    { "180201150102030405060708090a0b0c0d0e0f101112131415000102030405060708090a0b0c0d0e0f", "connection ID of 21" },
    { "18010204aabbccdd000102030405060708090a0b0c0d0e0f", "retires itself" },
    { "20", "unknown" },
    { "2f", "unknown" },
    { "32", "unknown" },
    { "40b000", "unknown" },
    { "ffffffffffffffff", "unknown" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GBytes) bytes = hex (bad[i].bytes);
      g_autoptr (GError) error = NULL;
      QsFrame frame;
      gsize at = 0;

      g_test_message ("%s", bad[i].why);
      g_assert_false (qs_frame_parse (span_of (bytes), &at, &frame, &error));
      g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
      g_assert_cmpuint (at, ==, 0);
    }
}

/* A claim of 2^62 ranges or bytes costs no more than the bytes that are there. */
static void
test_claims (void)
{
  static const char *const claims[] = { "02050000ffffffffffffffff", "020500ffffffffffffffff0000",
                                        "0600ffffffffffffffff00",   "0a00ffffffffffffffff00",
                                        "31ffffffffffffffff00",     "1c0000ffffffffffffffff" };

  for (guint i = 0; i < G_N_ELEMENTS (claims); i++)
    {
      g_autoptr (GBytes) bytes = hex (claims[i]);
      QsFrame frame;
      gsize at = 0;
      g_assert_false (qs_frame_parse (span_of (bytes), &at, &frame, NULL));
    }
}

typedef struct {
  guint64 numbers[8];
  guint n_numbers;
} Ranges;

static void
collect_cb (guint64 smallest, guint64 largest, gpointer data)
{
  Ranges *ranges = data;

  ranges->numbers[ranges->n_numbers++] = smallest;
  ranges->numbers[ranges->n_numbers++] = largest;
}

static void
test_ack_ranges (void)
{
  /* 90 to 100; six are missing; 80 to 83; one is missing; 0 to 78 */
  g_autoptr (GBytes) bytes = hex ("0240640002"
                                  "0a"
                                  "0503"
                                  "00404e");
  Ranges ranges = { .n_numbers = 0 };
  QsFrame frame;
  gsize at = 0;

  g_assert_true (qs_frame_parse (span_of (bytes), &at, &frame, NULL));
  qs_frame_foreach_ack_range (&frame, collect_cb, &ranges);
  static const guint64 expected[] = { 90, 100, 80, 83, 0, 78 };
  g_assert_cmpmem (ranges.numbers, ranges.n_numbers * 8, expected, sizeof expected);

  g_autofree char *text = qs_frame_describe (&frame);
  g_assert_cmpstr (text, ==, "ACK 0–78, 80–83, 90–100");
}

/* A frame from a qlog has lengths and no bytes. */
static void
test_without_bytes (void)
{
  QsFrame frame = { .type = 0x08, .stream_id = 4, .data = { NULL, 1152 } };
  g_autofree char *text = qs_frame_describe (&frame);
  g_autoptr (QsField) tree = qs_describe_frame (&frame, QS_SPAN_NONE);
  QsFrame ack = { .type = 0x02, .ack = { .largest = 3, .first_range = 1, .range_count = 2, .ranges = { NULL, 4 } } };
  g_autofree char *ack_text = qs_frame_describe (&ack);
  QsFrame close = { .type = 0x1c, .data = { NULL, 5 } };
  g_autofree char *close_text = qs_frame_describe (&close);

  g_assert_cmpstr (text, ==, "STREAM 4 [0, 1152)");
  g_assert_cmpstr (ack_text, ==, "ACK 2–3");
  g_assert_cmpstr (close_text, ==, "CONNECTION_CLOSE NO_ERROR (0x0)");
  check_tree (tree, 0, 0);
}

static void
test_run_of_padding (void)
{
  g_autofree guint8 *zeros = g_malloc0 (1000001);
  QsFrame frame;
  gsize at = 0;

  zeros[1000000] = 1;
  g_assert_true (qs_frame_parse (QS_SPAN (zeros, 1000001), &at, &frame, NULL));
  g_assert_cmpuint (frame.length, ==, 1000000);
  g_assert_true (qs_frame_parse (QS_SPAN (zeros, 1000001), &at, &frame, NULL));
  g_assert_cmpuint (frame.type, ==, QS_FRAME_PING);
}

static void
test_names (void)
{
  g_assert_cmpint (qs_frame_base_type (0x0f), ==, QS_FRAME_STREAM);
  g_assert_cmpint (qs_frame_base_type (0x03), ==, QS_FRAME_ACK);
  g_assert_cmpint (qs_frame_base_type (0x31), ==, QS_FRAME_DATAGRAM);
  g_assert_cmpint (qs_frame_base_type (0x2e), ==, QS_FRAME_UNKNOWN);
  g_assert_cmpint (qs_frame_base_type (G_MAXUINT64), ==, QS_FRAME_UNKNOWN);
  g_assert_cmpstr (qs_frame_type_name (0x0f), ==, "STREAM");
  g_assert_cmpstr (qs_frame_type_name (0x2e), ==, "unknown");
  g_assert_cmpstr (qs_frame_type_qlog_name (0x2e), ==, "unknown");
  g_assert_true (qs_frame_is_ack_eliciting (0x2e));
}

/* What is unknown or broken is told with all that is left. */
static void
test_unread (void)
{
  g_autoptr (GBytes) unknown = hex ("01"
                                    "8000ff00"
                                    "aabb");
  g_autoptr (QsField) tree = qs_describe_unread_frames (span_of (unknown), 1);
  g_assert_cmpstr (tree->value, ==, "unknown frame 0xff00");
  g_assert_cmpuint (tree->offset, ==, 1);
  g_assert_cmpuint (tree->length, ==, 6);
  g_assert_cmpuint (check_tree (tree, 1, 7), ==, 3);

  g_autoptr (GBytes) broken = hex ("0604");
  g_autoptr (QsField) cut_off = qs_describe_unread_frames (span_of (broken), 0);
  g_assert_cmpstr (cut_off->value, ==, "broken CRYPTO");
  check_tree (cut_off, 0, 2);
  g_autoptr (GBytes) half = hex ("ff");
  g_autoptr (QsField) nothing = qs_describe_unread_frames (span_of (half), 0);
  check_tree (nothing, 0, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/frame/each", test_each);
  g_test_add_func ("/wire/frame/unread", test_unread);
  g_test_add_func ("/wire/frame/truncated", test_truncated);
  g_test_add_func ("/wire/frame/forbidden", test_forbidden);
  g_test_add_func ("/wire/frame/claims", test_claims);
  g_test_add_func ("/wire/frame/ack-ranges", test_ack_ranges);
  g_test_add_func ("/wire/frame/without-bytes", test_without_bytes);
  g_test_add_func ("/wire/frame/padding", test_run_of_padding);
  g_test_add_func ("/wire/frame/names", test_names);
  return g_test_run ();
}
