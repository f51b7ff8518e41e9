/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"
#include "net/qs-resolve.h"
#include "net/qs-target.h"

/* What a person types as a target: what is taken in full is taken again, and means the same. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (QsTarget) target = qs_target_new (text, &error);

  qs_resolve_override_is_valid (text, NULL);
  g_assert_true ((target == NULL) == (error != NULL));
  if (target == NULL)
    {
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }

  g_autoptr (QsTarget) again = qs_target_new (qs_target_to_string (target), NULL);
  g_assert_nonnull (again);
  g_assert_cmpstr (qs_target_get_host (again), ==, qs_target_get_host (target));
  g_assert_cmpuint (qs_target_get_port (again), ==, qs_target_get_port (target));
  g_assert_cmpstr (qs_target_get_path (again), ==, qs_target_get_path (target));
  for (const char *at = qs_target_get_path (target); at != NULL && *at != '\0'; at++)
    g_assert_true (*at > ' ' && *at < 0x7f);
  return 0;
}
