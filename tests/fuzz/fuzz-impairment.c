/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"
#include "net/qs-impairment.h"

/* What a person types as the path's rules: wrong ones end in words, right ones make a path. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (QsImpairment) impairment = qs_impairment_new (text, &error);

  g_assert_true ((impairment == NULL) == (error != NULL));
  if (impairment == NULL)
    {
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }

  qs_impairment_blocks_all (impairment);
  QsPathRules *const both[] = { &impairment->up, &impairment->down };
  for (guint i = 0; i < G_N_ELEMENTS (both); i++)
    {
      g_assert_cmpint (both[i]->blackout_from, >=, 0);
      g_assert_cmpint (both[i]->blackout_for, >=, 0);
      g_assert_cmpint (both[i]->ecn, >=, -1);
      g_assert_cmpint (both[i]->ecn, <=, 3);
    }
  return 0;
}
