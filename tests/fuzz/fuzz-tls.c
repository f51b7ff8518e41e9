/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../wire/check-tree.h"
#include "fuzz.h"
#include "wire/qs-describe.h"
#include "wire/qs-tls.h"

static void
free_array (GArray *array)
{
  if (array != NULL)
    g_array_unref (array);
}

static void
run_message (QsSpan bytes, gboolean tls13)
{
  g_autoptr (QsTlsMessage) message = qs_tls_message_parse (bytes, tls13, NULL);

  if (message == NULL)
    return;
  g_assert_cmpuint (message->bytes.length, ==, qs_tls_message_length (bytes));
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
      run_message (record.fragment, (data[0] & 1) != 0);
  return 0;
}
