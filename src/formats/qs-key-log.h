/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* Key logs, RFC 9850: what decrypts a capture. One "LABEL client_random_hex secret_hex" a line. */

#define QS_KEY_LOG_MAX_FILE (64u << 20) /* bytes; a longer file is refused */
#define QS_KEY_LOG_MAX_SECRET 64        /* bytes: a SHA-512's */

/**
 * QsKeyLogLine:
 * @label: points into the line; not NUL-terminated: @label_length bytes of A-Z, 0-9 and _
 */
typedef struct {
  const char *label;
  gsize label_length;
  guint8 client_random[32];
  guint8 secret[QS_KEY_LOG_MAX_SECRET];
  gsize secret_length;
} QsKeyLogLine;

/* Reads one line without its line end, strictly: exactly three fields with one space between, 64 hex digits,
 * and a whole number of secret bytes (32 to 64; TLS 1.2's CLIENT_RANDOM 48). FALSE with QS_ERROR_PARSE. */
gboolean qs_key_log_line_parse (const char *line, gsize length, QsKeyLogLine *out, GError **error);

/* The lines of a key-log text that are secrets, without line ends (CR LF is taken too); comments, empty lines
 * and labels that are not secrets of a connection are passed over. n_bad (may be NULL): lines that are
 * none of these. Owned by the caller. */
GPtrArray *qs_key_log_split (const char *text, gsize length, guint *n_bad);

/* The same from a file; none of one that is empty. QS_ERROR_PARSE when it has lines, and not one of them is such a line;
 * QS_ERROR_TOO_LARGE. */
GPtrArray *qs_key_log_load (const char *path, GError **error);

/* Whether a file begins like a key log does: with a secret among its first lines, comments aside. FALSE where it cannot be read. */
gboolean qs_key_log_is_one (const char *path);

/* The trace's secrets as a file's text: LF line ends, each line once. Of a file's connection whose ClientHello is there just its own:
 * the key log that it was opened with may hold those of others. Owned by the caller. */
GString *qs_key_log_format (QsTrace *trace);

/* Writes the trace's secrets, mode 0600, aside and renamed. An empty file when there are none. */
gboolean qs_key_log_write (QsTrace *trace, const char *path, GError **error);

G_END_DECLS
