/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-application.h"
#include "base/qs-i18n.h"
#include "crypto/qs-crypto.h"
#include "http/qs-http.h"

int
main (int argc, char **argv)
{
  qs_i18n_init ();
  qs_crypto_init ();
  qs_http_init ();

  g_autoptr (QsApplication) application = qs_application_new ();
  int status = g_application_run (G_APPLICATION (application), argc, argv);
  /* GApplication says 1 for an option that it does not know; all that is our own is told by our own status. */
  return status != 0 ? QS_EXIT_USAGE : qs_application_get_exit_status (application);
}
