/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One alternative of a header field Alt-Svc (RFC 7838 section 3). */
typedef struct {
  char *protocol; /* ALPN name, escaped */
  char *host;     /* escaped, without brackets; NULL: that of the origin */
  guint16 port;
  gint64 max_age;   /* "ma": for how many seconds it holds; QS_ALT_SVC_DEFAULT_AGE where it does not say */
  gboolean persist; /* "persist=1": also when the network changes */
} QsAltSvc;

#define QS_ALT_SVC_DEFAULT_AGE (24 * 60 * 60) /* RFC 7838 section 3.1 */

void qs_alt_svc_free (QsAltSvc *alternative);

/* value: as a header's value is kept, escaped. Those that can be understood, at most 16 (transfer full, never NULL); none of
 * "clear". */
GPtrArray *qs_alt_svc_parse (const char *value);
/* Whether it takes back all that was advertised before (section 3). */
gboolean qs_alt_svc_is_clear (const char *value);

G_END_DECLS
