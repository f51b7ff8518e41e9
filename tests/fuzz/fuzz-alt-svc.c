/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-text.h"
#include "fuzz.h"
#include "wire/qs-alt-svc.h"

/* A header's value, as it is kept. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *value = qs_text_escape (data, size);
  g_autoptr (GPtrArray) alternatives = qs_alt_svc_parse (value);

  g_assert_nonnull (alternatives);
  g_assert_cmpuint (alternatives->len, <=, 16);
  for (guint i = 0; i < alternatives->len; i++)
    {
      const QsAltSvc *alternative = alternatives->pdata[i];
      g_assert_true (g_utf8_validate (alternative->protocol, -1, NULL));
      g_assert_true (alternative->host == NULL || g_utf8_validate (alternative->host, -1, NULL));
      g_assert_cmpuint (alternative->port, >, 0);
    }
  return 0;
}
