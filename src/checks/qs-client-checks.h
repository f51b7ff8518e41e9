/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "checks/qs-check.h"

G_BEGIN_DECLS

/* The certificates that checks of clients are answered with: what QsCraftHost.identify gets as which. */
typedef enum {
  QS_CLIENT_CHECK_GOOD,
  QS_CLIENT_CHECK_EXPIRED,
  QS_CLIENT_CHECK_WRONG_NAME,
  QS_CLIENT_CHECK_UNKNOWN_CA,
  QS_N_CLIENT_CHECK_CERTIFICATES
} QsClientCheckCertificate;

/* All checks of clients, in order. Their scripts are servers', their sights the server's view. */
const QsCheck *const *qs_client_checks_get (guint *n_checks);
const QsCheck *qs_client_checks_find (const char *id); /* NULL when there is none */
/* As qs_checks_choose(). */
GPtrArray *qs_client_checks_choose (const char *list, GError **error);

G_END_DECLS
