/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-i18n.h"

#include <glib.h>
#include <locale.h>

void
qs_i18n_init (void)
{
  const char *folder = g_getenv ("QS_LOCALEDIR");

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, folder != NULL ? folder : LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}
