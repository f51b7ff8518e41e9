/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-ssl-io.h"

#include <openssl/err.h>
#include <openssl/quic.h>

static QsIoResult
result_of (SSL *ssl, int *error)
{
  int code = SSL_get_error (ssl, 0);

  if (error != NULL)
    *error = code;
  return code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE ? QS_IO_WAIT : QS_IO_OVER;
}

QsIoResult
qs_ssl_read (SSL *ssl, guint8 *bytes, gsize size, gsize *length, int *error)
{
  g_return_val_if_fail (ssl != NULL && length != NULL, QS_IO_OVER);

  *length = 0;
  ERR_clear_error ();
  return SSL_read_ex (ssl, bytes, size, length) == 1 ? QS_IO_DONE : result_of (ssl, error);
}

QsIoResult
qs_ssl_write (SSL *ssl, const guint8 *bytes, gsize length, gboolean conclude, gsize *written, int *error)
{
  g_return_val_if_fail (ssl != NULL && written != NULL, QS_IO_OVER);

  *written = 0;
  ERR_clear_error ();
  if (SSL_write_ex2 (ssl, bytes, length, conclude ? SSL_WRITE_FLAG_CONCLUDE : 0, written) == 1)
    return QS_IO_DONE;
  return result_of (ssl, error);
}

void
qs_ssl_conclude (SSL *ssl)
{
  ERR_clear_error ();
  SSL_stream_conclude (ssl, 0);
}

void
qs_ssl_reset (SSL *ssl, guint64 code)
{
  SSL_STREAM_RESET_ARGS args = { .quic_error_code = code };

  ERR_clear_error ();
  SSL_stream_reset (ssl, &args, sizeof args);
}

static const QsStreamState stream_states[] = {
  [SSL_STREAM_STATE_NONE] = QS_STREAM_NONE,
  [SSL_STREAM_STATE_OK] = QS_STREAM_OK,
  [SSL_STREAM_STATE_WRONG_DIR] = QS_STREAM_WRONG_DIR,
  [SSL_STREAM_STATE_FINISHED] = QS_STREAM_FINISHED,
  [SSL_STREAM_STATE_RESET_LOCAL] = QS_STREAM_RESET_LOCAL,
  [SSL_STREAM_STATE_RESET_REMOTE] = QS_STREAM_RESET_REMOTE,
  [SSL_STREAM_STATE_CONN_CLOSED] = QS_STREAM_CONN_CLOSED,
};

static void
refresh_direction (QsStreamState *state, gint64 *error, int now, int has_code, guint64 code)
{
  if (*state != QS_STREAM_OK && *state != QS_STREAM_NONE)
    return;
  *state = now >= 0 && (gsize) now < G_N_ELEMENTS (stream_states) ? stream_states[now] : QS_STREAM_NONE;
  if (has_code == 1)
    *error = (gint64) code;
}

void
qs_ssl_refresh_stream (SSL *ssl, QsStreamInfo *info)
{
  guint64 code = 0;
  int read_state = SSL_get_stream_read_state (ssl);

  /* CONN_CLOSED while bytes wait to be read would lose them: reading finds out. */
  if (read_state != SSL_STREAM_STATE_CONN_CLOSED && read_state != SSL_STREAM_STATE_OK)
    {
      int has = SSL_get_stream_read_error_code (ssl, &code);
      refresh_direction (&info->read_state, &info->read_error, read_state, has, code);
    }
  qs_ssl_refresh_write (ssl, info);
}

void
qs_ssl_refresh_write (SSL *ssl, QsStreamInfo *info)
{
  guint64 code = 0;
  int write_state = SSL_get_stream_write_state (ssl);
  if (write_state != SSL_STREAM_STATE_OK)
    {
      int has = SSL_get_stream_write_error_code (ssl, &code);
      refresh_direction (&info->write_state, &info->write_error, write_state, has, code);
    }
}

void
qs_ssl_note_read_end (SSL *ssl, int error, QsStreamInfo *info)
{
  guint64 code = 0;

  if (error == SSL_ERROR_ZERO_RETURN)
    {
      info->read_state = QS_STREAM_FINISHED;
      return;
    }
  int has = SSL_get_stream_read_error_code (ssl, &code);
  refresh_direction (&info->read_state, &info->read_error, SSL_get_stream_read_state (ssl), has, code);
  /* A refusal that no state explains must not be asked again for ever. */
  if (info->read_state == QS_STREAM_OK)
    info->read_state = QS_STREAM_CONN_CLOSED;
}

void
qs_ssl_prepare (SSL *connection, gboolean blocking)
{
  /* The default stream would make every further stream of the peer's be refused. */
  SSL_set_default_stream_mode (connection, SSL_DEFAULT_STREAM_MODE_NONE);
  SSL_set_incoming_stream_policy (connection, SSL_INCOMING_STREAM_POLICY_ACCEPT, 0);
  SSL_set_blocking_mode (connection, blocking);
  /* Reads and writes need not handle events each time; of a server each would tick every connection of the listener. */
  if (!blocking)
    SSL_set_event_handling_mode (connection, SSL_VALUE_EVENT_HANDLING_MODE_EXPLICIT);
}

int
qs_ssl_shutdown (SSL *connection, guint64 flags, guint64 code, const char *reason)
{
  SSL_SHUTDOWN_EX_ARGS args = { .quic_error_code = code, .quic_reason = reason };

  ERR_clear_error ();
  return SSL_shutdown_ex (connection, flags, &args, sizeof args);
}

/* A thread that blocks, blocks for all streams together, on the socket. */
static SSL *
without_blocking (SSL *stream)
{
  if (stream != NULL)
    SSL_set_blocking_mode (stream, 0);
  return stream;
}

SSL *
qs_ssl_accept_stream (SSL *connection)
{
  ERR_clear_error ();
  return without_blocking (SSL_accept_stream (connection, SSL_ACCEPT_STREAM_NO_BLOCK));
}

SSL *
qs_ssl_open_stream (SSL *connection, gboolean bidirectional, gboolean wait)
{
  guint64 flags =
      SSL_STREAM_FLAG_NO_BLOCK | (wait ? SSL_STREAM_FLAG_ADVANCE : 0) | (bidirectional ? 0 : SSL_STREAM_FLAG_UNI);

  ERR_clear_error ();
  return without_blocking (SSL_new_stream (connection, flags));
}

gboolean
qs_ssl_get_close (SSL *connection, QsSslClose *close)
{
  SSL_CONN_CLOSE_INFO info = { 0 };

  if (SSL_get_conn_close_info (connection, &info, sizeof info) != 1)
    return FALSE;
  *close = (QsSslClose){
    .remote = (info.flags & SSL_CONN_CLOSE_FLAG_LOCAL) == 0,
    .application = (info.flags & SSL_CONN_CLOSE_FLAG_TRANSPORT) == 0,
    .code = info.error_code,
    .frame_type = info.frame_type,
    .reason = info.reason,
    .reason_length = info.reason != NULL ? info.reason_len : 0,
  };
  return TRUE;
}

gboolean
qs_ssl_is_ending (SSL *connection)
{
  QsSslClose close;

  return qs_ssl_get_close (connection, &close);
}

void
qs_ssl_set_key_log (SSL_CTX *context, QsKeyLogFunc func)
{
  SSL_CTX_set_keylog_callback (context, func);
}
