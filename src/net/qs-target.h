/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

#include "base/qs-error.h"

G_BEGIN_DECLS

typedef enum { QS_TRANSPORT_QUIC, QS_TRANSPORT_TLS } QsTransport;

/**
 * QsTarget:
 *
 * What a person typed: `https://HOST[:PORT][/PATH]`, `quic://…`, `tls://…` or a bare `HOST[:PORT]`.
 * Immutable, reference counted. IPv6 literals stand in brackets; an international name is held in
 * its ASCII form (IDNA) with the form typed for display.
 */
typedef struct _QsTarget QsTarget;
#define QS_TYPE_TARGET (qs_target_get_type ())
GType qs_target_get_type (void);

/* NULL with QS_ERROR_INVALID_TARGET: a translated sentence that says what to do. */
QsTarget *qs_target_new (const char *text, GError **error);
QsTarget *qs_target_ref (QsTarget *self);
void qs_target_unref (QsTarget *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsTarget, qs_target_unref)

QsTransport qs_target_get_transport (QsTarget *self);
gboolean qs_target_is_https (QsTarget *self);    /* typed as https:// */
const char *qs_target_get_host (QsTarget *self); /* ASCII; a literal without brackets */
const char *qs_target_get_display_host (QsTarget *self);
/* The host as TLS knows it: without the dot that may end a name (RFC 6066 section 3); NULL for a literal. */
const char *qs_target_get_server_name (QsTarget *self);
guint16 qs_target_get_port (QsTarget *self);
const char *qs_target_get_path (QsTarget *self);  /* begins with "/"; NULL when none was typed */
gboolean qs_target_is_literal (QsTarget *self);   /* an IP address: no SNI, no resolving */
const char *qs_target_to_string (QsTarget *self); /* in full: "quic://localhost:4433/" */
/* What is offered unless the options say otherwise: h3 for https, "h3","hq-interop","http/1.0" for quic with no other wish, "http/1.1" for tls. */
const char *const *qs_target_get_default_alpn (QsTarget *self);

/* A name that a person typed, to be sent as SNI and to be verified: in its ASCII form, without a dot at its end (transfer full).
 * NULL with QS_ERROR_INVALID_TARGET where it is no host name: an address, a wildcard, or one that begins with a dot, which
 * OpenSSL would take for every name below it. */
char *qs_server_name_new (const char *text, GError **error);

G_END_DECLS
