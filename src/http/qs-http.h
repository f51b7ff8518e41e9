/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Teaches QsProbe to ask over HTTP/3 (ALPN h3). Programs call it once, before the first probe; again is harmless. Without
 * it an h3 handshake still works, and a path is answered by a note that no way to ask for it is known. */
void qs_http_init (void);

G_END_DECLS
