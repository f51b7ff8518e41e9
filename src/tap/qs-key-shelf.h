/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define QS_KEY_SHELF_MAX_LINES 65536

/**
 * QsKeyShelf:
 *
 * Lines of key logs (RFC 9850) by the client random of their connection, for connections that are there and those to come. Bounded:
 * those of the connection heard of longest ago go first.
 */
typedef struct _QsKeyShelf QsKeyShelf;

QsKeyShelf *qs_key_shelf_new (void);
void qs_key_shelf_free (QsKeyShelf *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsKeyShelf, qs_key_shelf_free)

/* line: as qs_key_log_split() gives it. Its client random in lower case (transfer full); NULL: it was there already. */
char *qs_key_shelf_add (QsKeyShelf *self, const char *line);
/* random: hex in lower case. The lines (char *, the shelf's); NULL: none. */
GPtrArray *qs_key_shelf_get (QsKeyShelf *self, const char *random);
guint qs_key_shelf_get_n_lines (QsKeyShelf *self);
/* Any line; NULL: there is none. */
const char *qs_key_shelf_get_any (QsKeyShelf *self);

G_END_DECLS
