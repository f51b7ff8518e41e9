/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

G_BEGIN_DECLS

/* What is offered beyond the usual: all that OpenSSL has, whether one would want it or not, for experiments. Bits. */
typedef enum {
  QS_WIDE_GROUPS = 1 << 0,
  QS_WIDE_SUITES = 1 << 1,
  QS_WIDE_SIGNATURES = 1 << 2,
  QS_WIDE_VERSIONS = 1 << 3, /* TLS 1.0 and 1.1; TLS over TCP alone */
} QsWide;

/* The usual ones stay first. What this OpenSSL has not got is passed over. */
gboolean qs_ssl_offer_wide (SSL_CTX *ctx, guint wide, gboolean quic);

G_END_DECLS
