/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <openssl/ssl.h>

#include "engine/qs-connection.h"

G_BEGIN_DECLS

/* What both roles, and both transports, ask of OpenSSL on a stream and on a connection: one call each, the error queue
 * cleared before it, its result in our words. Streams of QUIC; SSL objects of TLS over TCP are a stream as well. */

typedef enum {
  QS_IO_DONE,
  QS_IO_WAIT, /* nothing now: flow control, an empty buffer */
  QS_IO_OVER, /* this direction ended: *error says how, and for QUIC the state */
} QsIoResult;

/* --- A stream --- */

/* error: SSL_ERROR_ZERO_RETURN for the end, others for less; the error queue tells more. May be NULL. */
QsIoResult qs_ssl_read (SSL *ssl, guint8 *bytes, gsize size, gsize *length, int *error);
/* As much as there is room for. conclude: the stream ends with the last of these bytes (QUIC). */
QsIoResult qs_ssl_write (SSL *ssl, const guint8 *bytes, gsize length, gboolean conclude, gsize *written, int *error);
void qs_ssl_conclude (SSL *ssl);
/* RESET_STREAM. Neither sent nor noticed by a timer before the next SSL_handle_events. */
void qs_ssl_reset (SSL *ssl, guint64 code);
/* Reads the states of both directions off OpenSSL. What is over in info stays as it ended: afterwards OpenSSL says of all
 * that the connection is closed. */
void qs_ssl_refresh_stream (SSL *ssl, QsStreamInfo *info);
/* The same of what goes out alone: how reading ended, whoever reads finds out. */
void qs_ssl_refresh_write (SSL *ssl, QsStreamInfo *info);
/* After a read that was OVER: why. */
void qs_ssl_note_read_end (SSL *ssl, int error, QsStreamInfo *info);

/* --- A connection --- */

/* How a connection of QUIC's is driven, before its handshake: no default stream, of which there would be one beside those that
 * are opened and accepted; each stream of the peer's is taken. blocking: OpenSSL's calls sleep, and each handles events; else
 * they do neither: whoever drives it calls SSL_handle_events(). */
void qs_ssl_prepare (SSL *connection, gboolean blocking);
/* A step of the close; flags: SSL_SHUTDOWN_FLAG_…; reason may be NULL. 1: all is done, 0: not yet, negative: it cannot be. */
int qs_ssl_shutdown (SSL *connection, guint64 flags, guint64 code, const char *reason);

/* A stream that the peer has opened, which does not block; NULL: none waits. */
SSL *qs_ssl_accept_stream (SSL *connection);
/* A stream of ours, likewise. wait: also where the peer's limit is reached: it is opened when there is room. */
SSL *qs_ssl_open_stream (SSL *connection, gboolean bidirectional, gboolean wait);

/* How it ended: the only source after a remote close, whose error stack says no more than "protocol is shutdown". */
typedef struct {
  gboolean remote, application;
  guint64 code, frame_type;
  const char *reason; /* borrowed; NULL: none */
  gsize reason_length;
} QsSslClose;

/* FALSE: it did not. */
gboolean qs_ssl_get_close (SSL *connection, QsSslClose *close);
gboolean qs_ssl_is_ending (SSL *connection);

/* func: under OpenSSL's lock. line: of a key log, without its end. */
typedef void (*QsKeyLogFunc) (const SSL *ssl, const char *line);
void qs_ssl_set_key_log (SSL_CTX *context, QsKeyLogFunc func);

G_END_DECLS
