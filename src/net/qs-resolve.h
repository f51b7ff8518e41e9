/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "net/qs-target.h"

G_BEGIN_DECLS

/* What --resolve=HOST:PORT:ADDR says. */
gboolean qs_resolve_override_is_valid (const char *text, GError **error);

/**
 * qs_resolve_async:
 * @family: only this one, or %G_SOCKET_FAMILY_INVALID for both
 * @overrides: (nullable): "HOST:PORT:ADDR" each; for a host and port that match, the resolver is not asked
 *
 * Finds a target's addresses without blocking: a literal at once, a name by the system's resolver.
 */
void qs_resolve_async (QsTarget *target, GSocketFamily family, const char *const *overrides, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer data);

/**
 * qs_resolve_finish:
 *
 * Returns: (transfer full): GSocketAddress each with the target's port, at least one, without doubles, families
 *   taking turns with IPv6 first (RFC 8305 section 4); or NULL with a translated error
 */
GPtrArray *qs_resolve_finish (GAsyncResult *result, GError **error);

/* For a mark: "not-found" (no such name, or none of the family), "temporary", "other". */
const char *qs_resolve_error_name (const GError *error);

G_END_DECLS
