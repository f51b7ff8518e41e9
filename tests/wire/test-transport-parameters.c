/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../cpu-time.h"
#include "check-tree.h"
#include "wire-kit.h"
#include "wire/qs-describe.h"
#include "wire/qs-transport-parameters.h"

static void
test_formats (void)
{
  static const struct {
    const char *bytes;
    const char *name;
    const char *text;
  } rows[] = {
    { "010480007530", "max_idle_timeout", "30000 ms" },
    { "0404800186a0", "initial_max_data", "100000 bytes" },
    { "0a0103", "ack_delay_exponent", "3" },
    { "000401020304", "original_destination_connection_id", "01020304" },
    { "0f00", "initial_source_connection_id", "empty" },
    { "0c00", "disable_active_migration", "present" },
    { "0c01ff", "disable_active_migration", "malformed: ff" },
    { "01020000", "max_idle_timeout", "malformed: 0000" },
    { "0100", "max_idle_timeout", "malformed: empty" },
    { "0d2bc00002010fa120010db80000000000000000000000010fa20201020102030405060708090a0b0c0d0e0f10", "preferred_address",
      "192.0.2.1:4001, [2001:db8::1]:4002, connection ID 0102" },
    { "0d2b00000000000020010db80000000000000000000000010fa20201020102030405060708090a0b0c0d0e0f10", "preferred_address",
      "[2001:db8::1]:4002, connection ID 0102" },
    { "0d03c00002", "preferred_address", "malformed: c00002" },
    { "110c000000016b3343cf1a2a3a4a", "version_information", "1 in use; available: 2 (RFC 9369), greased 0x1a2a3a4a" },
    { "1103000000", "version_information", "malformed: 000000" },
    { "20048000ffff", "max_datagram_frame_size", "65535 bytes" },
    { "6ab200", "grease_quic_bit", "present" },
    { "c0000000ff04de1b024268", "min_ack_delay", "616 µs" },
    { "cf739bbc1b666d0500", "enable_multipath", "present" },
    { "404002abcd", NULL, "abcd" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = hex (rows[i].bytes);
      g_autoptr (GError) error = NULL;
      g_autoptr (GArray) parameters = qs_transport_parameters_parse (span_of (bytes), &error);

      g_test_message ("%s", rows[i].bytes);
      g_assert_no_error (error);
      g_assert_cmpuint (parameters->len, ==, 1);
      const QsTransportParameter *parameter = &g_array_index (parameters, QsTransportParameter, 0);
      const QsTransportParameterInfo *info = qs_transport_parameter_info (parameter->id);
      g_assert_cmpstr (info != NULL ? info->name : NULL, ==, rows[i].name);
      g_assert_cmpuint (parameter->length, ==, g_bytes_get_size (bytes));
      g_autofree char *text = qs_transport_parameter_format (parameter);
      g_assert_cmpstr (text, ==, rows[i].text);

      g_autoptr (QsField) tree = qs_describe_transport_parameters (span_of (bytes), QS_FIELD_IN_MESSAGE, 100);
      check_tree (tree, 100, 100 + g_bytes_get_size (bytes));
    }
}

/* RFC 9001 appendix A.2's client. */
static void
test_many (void)
{
  g_autoptr (GBytes) bytes = corpus ("transport-parameters", "rfc9001-client");
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) parameters = qs_transport_parameters_parse (span_of (bytes), &error);
  gsize at = 0;

  g_assert_no_error (error);
  g_assert_cmpuint (parameters->len, ==, 8);
  for (guint i = 0; i < parameters->len; i++)
    {
      const QsTransportParameter *parameter = &g_array_index (parameters, QsTransportParameter, i);
      g_assert_cmpuint (parameter->offset, ==, at);
      at += parameter->length;
    }
  g_assert_cmpuint (at, ==, g_bytes_get_size (bytes));

  guint64 value;
  g_assert_true (qs_transport_parameter_get_integer (&g_array_index (parameters, QsTransportParameter, 0), &value));
  g_assert_cmpuint (value, ==, (G_GUINT64_CONSTANT (1) << 62) - 1);
  /* A connection ID is no number. */
  g_assert_false (qs_transport_parameter_get_integer (&g_array_index (parameters, QsTransportParameter, 6), &value));
}

static void
test_truncated (void)
{
  g_autoptr (GBytes) whole = corpus ("transport-parameters", "every-kind");
  g_autoptr (GArray) all = qs_transport_parameters_parse (span_of (whole), NULL);
  g_autoptr (GHashTable) ends = g_hash_table_new (NULL, NULL);

  g_assert_nonnull (all);
  g_hash_table_add (ends, GUINT_TO_POINTER (0));
  for (guint i = 0; i < all->len; i++)
    {
      const QsTransportParameter *parameter = &g_array_index (all, QsTransportParameter, i);
      g_hash_table_add (ends, GUINT_TO_POINTER (parameter->offset + parameter->length));
    }

  for (gsize length = 0; length < g_bytes_get_size (whole); length++)
    {
      g_autoptr (GBytes) bytes = cut (span_of (whole), length);
      g_autoptr (GError) error = NULL;
      g_autoptr (GArray) parameters = qs_transport_parameters_parse (span_of (bytes), &error);

      if (g_hash_table_contains (ends, GUINT_TO_POINTER (length)))
        g_assert_nonnull (parameters);
      else
        g_assert_error (error, QS_ERROR, QS_ERROR_TRUNCATED);
      g_autoptr (QsField) tree = qs_describe_transport_parameters (span_of (bytes), QS_FIELD_IN_MESSAGE, 0);
      check_tree (tree, 0, length);
    }
}

static void
test_duplicate (void)
{
  static const char *const twice[] = { "010101"
                                       "010102",
                                       "0c00"
                                       "0e0104"
                                       "0c00",
                                       "1b00"
                                       "1b00" };

  for (guint i = 0; i < G_N_ELEMENTS (twice); i++)
    {
      g_autoptr (GBytes) bytes = hex (twice[i]);
      g_autoptr (GError) error = NULL;
      g_assert_null (qs_transport_parameters_parse (span_of (bytes), &error));
      g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
    }
}

static void
test_grease (void)
{
  guint n_infos;
  const QsTransportParameterInfo *infos = qs_transport_parameter_infos (&n_infos);

  g_assert_true (qs_transport_parameter_is_greased (27));
  g_assert_true (qs_transport_parameter_is_greased (27 + G_GUINT64_CONSTANT (31) * 1234567890));
  g_assert_false (qs_transport_parameter_is_greased (0));
  g_assert_false (qs_transport_parameter_is_greased (28));

  g_autoptr (GBytes) bytes = hex ("1b02abcd");
  g_autoptr (QsField) tree = qs_describe_transport_parameters (span_of (bytes), QS_FIELD_IN_MESSAGE, 0);
  const QsField *child = g_ptr_array_index (tree->children, 0);
  g_assert_cmpstr (child->name, ==, "GREASE");

  for (guint i = 0; i < n_infos; i++)
    {
      g_assert_true (qs_transport_parameter_info (infos[i].id) == &infos[i]); /* no number twice */
      g_assert_cmpuint (infos[i].id, <, G_GUINT64_CONSTANT (1) << 62);
      g_assert_false (qs_transport_parameter_is_greased (infos[i].id));
      g_assert_true (g_str_has_suffix (infos[i].meaning, "."));
      g_assert_nonnull (infos[i].reference);
    }
}

/* 32,000 parameters of two bytes each must not take a second. */
static void
test_no_quadratic_time (void)
{
  g_autoptr (GByteArray) many = g_byte_array_new ();
  gint64 start = cpu_time ();

  for (guint i = 0; i < 16384; i++)
    {
      guint8 row[] = { (guint8) (0x80), 1, (guint8) (i >> 8), (guint8) i, 0 };
      g_byte_array_append (many, row, sizeof row);
    }
  QsSpan span = QS_SPAN (many->data, many->len);
  g_autoptr (GArray) parameters = qs_transport_parameters_parse (span, NULL);
  g_autoptr (QsField) tree = qs_describe_transport_parameters (span, QS_FIELD_IN_MESSAGE, 0);
  g_assert_cmpuint (parameters->len, ==, 16384);
  g_assert_cmpuint (check_tree (tree, 0, many->len), <, 30000); /* as much as anyone reads */
  g_assert_cmpint (cpu_time () - start, <, 2 * G_USEC_PER_SEC);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/transport-parameters/formats", test_formats);
  g_test_add_func ("/wire/transport-parameters/many", test_many);
  g_test_add_func ("/wire/transport-parameters/truncated", test_truncated);
  g_test_add_func ("/wire/transport-parameters/duplicate", test_duplicate);
  g_test_add_func ("/wire/transport-parameters/grease", test_grease);
  g_test_add_func ("/wire/transport-parameters/time", test_no_quadratic_time);
  return g_test_run ();
}
