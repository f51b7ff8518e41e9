/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-io-stream.h"

#include <openssl/err.h>

struct _QsIoStreamKind {
  gboolean owns_ssl;
  QsIoResult (*write) (QsIoStream *self, const guint8 *bytes, gsize length, gboolean conclude, gsize *written,
                       int *error);
  void (*conclude) (QsIoStream *self);
  void (*reset) (QsIoStream *self, guint64 code); /* NULL: there is no such thing */
  void (*refresh) (QsIoStream *self);
  void (*read_ended) (QsIoStream *self, int error); /* the error queue tells more */
};

gboolean
qs_stream_state_is_over (QsStreamState state)
{
  return state != QS_STREAM_OK && state != QS_STREAM_NONE;
}

/* --- QUIC --- */

static QsIoResult
quic_write (QsIoStream *self, const guint8 *bytes, gsize length, gboolean conclude, gsize *written, int *error)
{
  QsIoResult result = qs_ssl_write (self->ssl, bytes, length, conclude, written, error);

  if (result != QS_IO_OVER)
    return result;
  qs_ssl_refresh_write (self->ssl, &self->info);
  /* A refusal that no state explains must not be asked again for ever. */
  if (!qs_stream_state_is_over (self->info.write_state))
    self->info.write_state = QS_STREAM_CONN_CLOSED;
  return result;
}

static void
quic_refresh (QsIoStream *self)
{
  qs_ssl_refresh_stream (self->ssl, &self->info);
}

static void
quic_conclude (QsIoStream *self)
{
  qs_ssl_conclude (self->ssl);
}

static void
quic_reset (QsIoStream *self, guint64 code)
{
  qs_ssl_reset (self->ssl, code);
  qs_ssl_refresh_write (self->ssl, &self->info);
}

static void
quic_read_ended (QsIoStream *self, int error)
{
  qs_ssl_note_read_end (self->ssl, error, &self->info);
}

const QsIoStreamKind qs_io_stream_quic = {
  .owns_ssl = TRUE,
  .write = quic_write,
  .conclude = quic_conclude,
  .reset = quic_reset,
  .refresh = quic_refresh,
  .read_ended = quic_read_ended,
};

/* --- TLS over TCP --- */

/* close_notify ends our direction alone in TLS 1.3 (RFC 9846 section 6.1). */
static void
tls_conclude (QsIoStream *self)
{
  ERR_clear_error ();
  SSL_shutdown (self->ssl);
  self->info.write_state = QS_STREAM_FINISHED;
}

static QsIoResult
tls_write (QsIoStream *self, const guint8 *bytes, gsize length, gboolean conclude, gsize *written, int *error)
{
  QsIoResult result = qs_ssl_write (self->ssl, bytes, length, FALSE, written, error);

  if (result == QS_IO_DONE && conclude && *written == length)
    tls_conclude (self);
  return result;
}

static void
tls_refresh (QsIoStream *self)
{
}

/* Many servers end without close_notify; whether the answer is whole its own length says. */
static void
tls_read_ended (QsIoStream *self, int error)
{
  gboolean truncated = ERR_GET_REASON (ERR_peek_error ()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  gboolean whole = error == SSL_ERROR_ZERO_RETURN || truncated;

  self->info.read_state = whole ? QS_STREAM_FINISHED : QS_STREAM_CONN_CLOSED;
  if (!whole)
    self->info.write_state = QS_STREAM_CONN_CLOSED;
}

const QsIoStreamKind qs_io_stream_tls = {
  .write = tls_write,
  .conclude = tls_conclude,
  .refresh = tls_refresh,
  .read_ended = tls_read_ended,
};

/* --- Its life --- */

void
qs_io_stream_init (QsIoStream *self, const QsIoStreamKind *kind, gint64 id, SSL *ssl)
{
  g_return_if_fail (self != NULL && kind != NULL);

  *self = (QsIoStream){
    .kind = kind,
    .id = id,
    .ssl = ssl,
    .info = { QS_STREAM_OK, QS_STREAM_OK, -1, -1, 0, 0 },
  };
  g_queue_init (&self->writes);
}

void
qs_io_stream_init_quic (QsIoStream *self, SSL *ssl)
{
  g_return_if_fail (self != NULL && ssl != NULL);

  int type = SSL_get_stream_type (ssl);

  qs_io_stream_init (self, &qs_io_stream_quic, (gint64) SSL_get_stream_id (ssl), ssl);
  if ((type & SSL_STREAM_TYPE_READ) == 0)
    self->info.read_state = QS_STREAM_WRONG_DIR;
  if ((type & SSL_STREAM_TYPE_WRITE) == 0)
    self->info.write_state = QS_STREAM_WRONG_DIR;
}

void
qs_io_stream_drop_ssl (QsIoStream *self)
{
  g_return_if_fail (self != NULL);

  if (self->ssl != NULL && self->kind->owns_ssl)
    SSL_free (self->ssl);
  self->ssl = NULL;
}

void
qs_io_stream_clear (QsIoStream *self)
{
  g_return_if_fail (self != NULL);

  qs_io_stream_drop_ssl (self);
  qs_io_stream_drop_queued (self);
}

gboolean
qs_io_stream_read_is_over (const QsIoStream *self)
{
  g_return_val_if_fail (self != NULL, TRUE);
  return qs_stream_state_is_over (self->info.read_state);
}

gboolean
qs_io_stream_write_is_over (const QsIoStream *self)
{
  g_return_val_if_fail (self != NULL, TRUE);
  return self->concluded || qs_stream_state_is_over (self->info.write_state);
}

gboolean
qs_io_stream_is_over (const QsIoStream *self)
{
  g_return_val_if_fail (self != NULL, TRUE);
  return qs_io_stream_read_is_over (self) && qs_stream_state_is_over (self->info.write_state);
}

/* --- Reading and writing --- */

QsIoResult
qs_io_stream_read (QsIoStream *self, guint8 *bytes, gsize size, gsize *length, int *error)
{
  g_return_val_if_fail (self != NULL && self->ssl != NULL && length != NULL, QS_IO_OVER);

  int code = SSL_ERROR_NONE;
  QsIoResult result = qs_ssl_read (self->ssl, bytes, size, length, &code);
  self->info.received += *length;
  if (result == QS_IO_OVER)
    self->kind->read_ended (self, code);
  if (error != NULL)
    *error = code;
  return result;
}

QsIoResult
qs_io_stream_write (QsIoStream *self, const guint8 *bytes, gsize length, gboolean conclude, gsize *written, int *error)
{
  g_return_val_if_fail (self != NULL && self->ssl != NULL, QS_IO_OVER);

  gsize count = 0;
  QsIoResult result = self->kind->write (self, bytes, length, conclude, &count, error);
  self->info.sent += count;
  self->concluded |= result == QS_IO_DONE && conclude && count == length;
  if (written != NULL)
    *written = count;
  return result;
}

void
qs_io_stream_queue (QsIoStream *self, GBytes *bytes, gboolean conclude)
{
  g_return_if_fail (self != NULL);

  if (bytes != NULL && g_bytes_get_size (bytes) > 0)
    g_queue_push_tail (&self->writes, g_bytes_ref (bytes));
  self->conclude |= conclude;
}

gboolean
qs_io_stream_has_queued (const QsIoStream *self)
{
  g_return_val_if_fail (self != NULL, FALSE);
  return self->writes.length > 0 || self->conclude;
}

void
qs_io_stream_drop_queued (QsIoStream *self)
{
  g_return_if_fail (self != NULL);

  g_queue_clear_full (&self->writes, (GDestroyNotify) g_bytes_unref);
  self->write_offset = 0;
  self->conclude = FALSE;
}

gboolean
qs_io_stream_flush (QsIoStream *self, int *error)
{
  g_return_val_if_fail (self != NULL && self->ssl != NULL, FALSE);

  gboolean progress = FALSE;
  int code = SSL_ERROR_NONE;

  while (self->writes.length > 0)
    {
      gsize length, written;
      const guint8 *bytes = g_bytes_get_data (g_queue_peek_head (&self->writes), &length);
      gboolean last = self->writes.length == 1 && self->conclude;

      if (qs_io_stream_write (self, bytes + self->write_offset, length - self->write_offset, last, &written, &code) !=
          QS_IO_DONE)
        break;
      progress = TRUE;
      self->write_offset += written;
      if (self->write_offset < length)
        continue;
      g_bytes_unref (g_queue_pop_head (&self->writes));
      self->write_offset = 0;
      if (last)
        self->conclude = FALSE; /* done with the last piece */
    }
  if (self->writes.length == 0 && self->conclude)
    {
      qs_io_stream_conclude (self);
      progress = TRUE;
    }
  if (qs_stream_state_is_over (self->info.write_state)) /* nobody wants the rest */
    qs_io_stream_drop_queued (self);
  if (error != NULL)
    *error = code;
  return progress;
}

void
qs_io_stream_conclude (QsIoStream *self)
{
  g_return_if_fail (self != NULL && self->ssl != NULL);

  self->kind->conclude (self);
  self->conclude = FALSE;
  self->concluded = TRUE;
}

void
qs_io_stream_reset (QsIoStream *self, guint64 code)
{
  g_return_if_fail (self != NULL);

  if (self->kind->reset != NULL && self->ssl != NULL && !qs_stream_state_is_over (self->info.write_state))
    self->kind->reset (self, code);
}

void
qs_io_stream_stop_reading (QsIoStream *self)
{
  g_return_if_fail (self != NULL);

  if (!self->kind->owns_ssl || qs_io_stream_read_is_over (self))
    return;
  self->info.read_state = QS_STREAM_RESET_LOCAL;
  self->info.read_error = 0;
}

void
qs_io_stream_refresh (QsIoStream *self)
{
  g_return_if_fail (self != NULL && self->ssl != NULL);
  self->kind->refresh (self);
}

QsMark
qs_io_stream_make_mark (const QsIoStream *self)
{
  const QsStreamInfo *info = &self->info;

  return (QsMark){
    .kind = QS_MARK_STREAM,
    .stream = self->id,
    .read_state = info->read_state,
    .write_state = info->write_state,
    .read_error = info->read_error,
    .write_error = info->write_error,
    .received = info->received,
    .sent = info->sent,
  };
}
