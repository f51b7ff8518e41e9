/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-application.h"
#include "base/qs-i18n.h"
#include "http/qs-http.h"

int
main (int argc, char **argv)
{
  qs_i18n_init ();
  qs_http_init ();

  g_autoptr (QsApplication) application = qs_application_new ();
  int status = g_application_run (G_APPLICATION (application), argc, argv);
  return status != 0 ? status : qs_application_get_exit_status (application);
}
