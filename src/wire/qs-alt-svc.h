/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One alternative of a header field Alt-Svc (RFC 7838 section 3). */
typedef struct {
  char *protocol; /* ALPN name, escaped */
  char *host;     /* escaped, without brackets; NULL: that of the origin */
  guint16 port;
} QsAltSvc;

void qs_alt_svc_free (QsAltSvc *alternative);

/* value: as a header's value is kept, escaped. Those that can be understood, at most 16 (transfer full, never NULL); none of
 * "clear". */
GPtrArray *qs_alt_svc_parse (const char *value);

G_END_DECLS
