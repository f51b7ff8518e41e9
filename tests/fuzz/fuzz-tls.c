/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../wire/check-tree.h"
#include "fuzz.h"
#include "wire/qs-describe.h"
#include "wire/qs-tls.h"
#include "wire/qs-writer.h"

static void
free_array (GArray *array)
{
  if (array != NULL)
    g_array_unref (array);
}

static void
check_same (const QsTlsMessage *a, const QsTlsMessage *b)
{
  g_assert_cmpuint (a->type, ==, b->type);
  g_assert_cmpuint (a->legacy_version, ==, b->legacy_version);
  g_assert_true (qs_span_equal (a->random, b->random));
  g_assert_true (qs_span_equal (a->session_id, b->session_id));
  g_assert_true (qs_span_equal (a->request_context, b->request_context));
  g_assert_true ((a->cipher_suites == NULL) == (b->cipher_suites == NULL));
  if (a->cipher_suites != NULL)
    g_assert_cmpmem (a->cipher_suites->data, a->cipher_suites->len * 2, b->cipher_suites->data,
                     b->cipher_suites->len * 2);
  g_assert_true ((a->extensions == NULL) == (b->extensions == NULL));
  for (guint i = 0; a->extensions != NULL && i < MAX (a->extensions->len, b->extensions->len); i++)
    {
      const QsTlsExtension *left = &g_array_index (a->extensions, QsTlsExtension, i);
      const QsTlsExtension *right = &g_array_index (b->extensions, QsTlsExtension, i);
      g_assert_cmpuint (left->type, ==, right->type);
      g_assert_true (qs_span_equal (left->data, right->data));
    }
  g_assert_true ((a->certificates == NULL) == (b->certificates == NULL));
  for (guint i = 0; a->certificates != NULL && i < MAX (a->certificates->len, b->certificates->len); i++)
    g_assert_true (g_bytes_equal (a->certificates->pdata[i], b->certificates->pdata[i]));
}

static void
check_written (const QsTlsMessage *message)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  qs_tls_message_write (out, message);
  g_autoptr (QsTlsMessage) read = qs_tls_message_parse (qs_written (out), message->tls13, NULL);
  g_assert_nonnull (read);
  g_assert_cmpuint (read->bytes.length, ==, out->len);
  check_same (message, read);
}

static void
run_message (QsSpan bytes, gboolean tls13)
{
  g_autoptr (QsTlsMessage) message = qs_tls_message_parse (bytes, tls13, NULL);

  if (message == NULL)
    return;
  g_assert_cmpuint (message->bytes.length, ==, qs_tls_message_length (bytes));
  check_written (message);
  g_assert_nonnull (qs_tls_message_name (message));
  g_free (qs_tls_message_dup_server_name (message));
  g_strfreev (qs_tls_message_dup_alpn (message));
  free_array (qs_tls_message_dup_groups (message));
  free_array (qs_tls_message_dup_key_shares (message));
  free_array (qs_tls_message_dup_versions (message));
  qs_tls_message_get_transport_parameters (message);

  g_autoptr (QsField) tree = qs_describe_tls_message (message);
  check_tree (tree, 0, message->bytes.length);
}

/* The first byte says how to read the rest: bit 0 as of TLS 1.3, bit 1 as records. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  QsTlsRecord record;
  gsize at = 0;

  if (size == 0)
    return 0;
  QsSpan bytes = QS_SPAN (data + 1, size - 1);
  if ((data[0] & 2) == 0)
    run_message (bytes, (data[0] & 1) != 0);
  else
    while (qs_tls_record_parse (bytes, &at, &record, NULL))
      {
        g_autoptr (GByteArray) out = g_byte_array_new ();
        qs_tls_record_write (out, &record);
        g_assert_cmpmem (out->data, out->len, bytes.data + record.offset, at - record.offset);
        run_message (record.fragment, (data[0] & 1) != 0);
      }
  return 0;
}
