/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The built catalogue is found through QS_LOCALEDIR and speaks German when asked to. */
#include "base/qs-i18n.h"

#include <locale.h>

static void
test_german (void)
{
  /* gettext ignores LANGUAGE in the C locale, and a bare machine has no other than C.UTF-8. */
  if (g_strcmp0 (setlocale (LC_MESSAGES, NULL), "C") == 0)
    {
      g_test_skip ("no locale but C here");
      return;
    }
  g_assert_cmpstr (_ ("See what happens inside a QUIC connection"), ==,
                   "Sehen, was in einer QUIC-Verbindung geschieht");
}

static void
test_unknown_is_itself (void)
{
  g_assert_cmpstr (g_dgettext (GETTEXT_PACKAGE, "no such string anywhere"), ==, "no such string anywhere");
}

int
main (int argc, char **argv)
{
  g_setenv ("LANGUAGE", "de", TRUE);
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  qs_i18n_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/project/i18n/german", test_german);
  g_test_add_func ("/project/i18n/unknown", test_unknown_is_itself);
  return g_test_run ();
}
