/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../wire/check-tree.h"
#include "fuzz.h"
#include "wire/qs-describe.h"
#include "wire/qs-transport-parameters.h"
#include "wire/qs-writer.h"

static void
check_written (GArray *parameters)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  qs_transport_parameters_write (out, parameters);
  g_autoptr (GArray) read = qs_transport_parameters_parse (qs_written (out), NULL);
  g_assert_nonnull (read);
  g_assert_cmpuint (read->len, ==, parameters->len);
  for (guint i = 0; i < read->len; i++)
    {
      const QsTransportParameter *a = &g_array_index (parameters, QsTransportParameter, i);
      const QsTransportParameter *b = &g_array_index (read, QsTransportParameter, i);
      g_assert_cmpuint (a->id, ==, b->id);
      g_assert_true (qs_span_equal (a->value, b->value));
    }
}

/* The extension's bytes. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  QsSpan bytes = QS_SPAN (data, size);
  g_autoptr (GArray) parameters = qs_transport_parameters_parse (bytes, NULL);

  if (parameters != NULL)
    check_written (parameters);
  for (guint i = 0; parameters != NULL && i < parameters->len; i++)
    {
      const QsTransportParameter *parameter = &g_array_index (parameters, QsTransportParameter, i);
      guint64 value;
      g_autofree char *text = qs_transport_parameter_format (parameter);
      g_assert_true (g_utf8_validate (text, -1, NULL));
      g_assert_cmpuint ((guint64) parameter->offset + parameter->length, <=, size);
      qs_transport_parameter_get_integer (parameter, &value);
    }
  g_autoptr (QsField) tree = qs_describe_transport_parameters (bytes, QS_FIELD_IN_MESSAGE, 7);
  check_tree (tree, 7, size + 7);
  return 0;
}
