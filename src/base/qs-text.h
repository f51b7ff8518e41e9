/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * qs_text_escape:
 * @bytes: bytes that a peer chose; need not be UTF-8 nor end in NUL
 * @length: how many; -1 when @bytes ends in NUL
 *
 * Makes bytes from a peer fit to be shown in a terminal, a label, a log or a file: valid UTF-8 that
 * prints stays as it is; control characters, escape sequences, invalid bytes, bidirectional
 * overrides and other invisible format characters become \xNN or \u{NNNN}; a backslash is doubled.
 * Markup is a view's own business: give the result to g_markup_escape_text() there.
 *
 * Returns: (transfer full): UTF-8
 */
char *qs_text_escape (const void *bytes, gssize length);
/* What claims to have been escaped already, as a file may: the same, but backslashes stay as they are. */
char *qs_text_escape_again (const void *bytes, gssize length);

/* The same, cut to at most max_chars characters with "…" at the end when something was cut. */
char *qs_text_escape_short (const void *bytes, gssize length, guint max_chars);

/* A file name made of what a peer said: letters, digits, dot, dash and underscore stay, the rest
 * becomes "_"; never empty, never starts with a dot, at most 100 bytes. */
char *qs_text_to_file_name (const char *text);

/* "12.3 ms", "1.20 s", "850 µs": nanoseconds for people, in the user's locale. */
char *qs_text_duration (gint64 ns);

/* "1,234 bytes", "64.0 MiB" for people, in the user's locale. */
char *qs_text_size (guint64 bytes);

/* "one\0two\0": each ends in a NUL; what stands behind the last one is left out. bytes may be NULL. Never NULL. */
char **qs_text_split_at_nul (GBytes *bytes);

/* Appends text to Markdown: nothing in it begins a table's cell, code, a link, emphasis or HTML, and it stays one line. */
void qs_text_append_markdown (GString *out, const char *text);

G_END_DECLS
