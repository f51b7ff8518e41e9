/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-ssl-io.h"

G_BEGIN_DECLS

/**
 * QsIoStream: one stream where it meets OpenSSL, of a client's connection as of a server's, over QUIC as over TLS: what waits to
 * be written, how both directions stand, and what went over them. Plain data; whoever drives the connection embeds it and
 * looks at its members, but changes them by these functions alone.
 */
typedef struct _QsIoStream QsIoStream;

/* What differs between QUIC and TLS over TCP, whose one stream is the SSL object itself. */
typedef struct _QsIoStreamKind QsIoStreamKind;

extern const QsIoStreamKind qs_io_stream_quic;
extern const QsIoStreamKind qs_io_stream_tls;

struct _QsIoStream {
  const QsIoStreamKind *kind;
  gint64 id;
  SSL *ssl;      /* QUIC: owned; NULL: it is not opened yet, or needed no more. TLS: the connection's, borrowed */
  GQueue writes; /* GBytes */
  gsize write_offset;
  gboolean conclude;  /* after the last one of writes */
  gboolean concluded; /* that was done: nothing more is written, but the peer may not have it all yet */
  QsStreamInfo info;
};

/* ssl: taken over where it is a QUIC stream's; may be NULL. */
void qs_io_stream_init (QsIoStream *self, const QsIoStreamKind *kind, gint64 id, SSL *ssl);
/* Of a QUIC stream, which is opened or was accepted: which directions it has, its type says (RFC 9000 section 2.1). */
void qs_io_stream_init_quic (QsIoStream *self, SSL *ssl);
void qs_io_stream_clear (QsIoStream *self);
/* Frees OpenSSL's object of a QUIC stream: of one that is not over in both directions the peer is told (STOP_SENDING with code 0,
 * RESET_STREAM). */
void qs_io_stream_drop_ssl (QsIoStream *self);

/* FINISHED, reset, closed with the connection, or no such direction. */
gboolean qs_stream_state_is_over (QsStreamState state);
gboolean qs_io_stream_read_is_over (const QsIoStream *self);  /* nothing more comes */
gboolean qs_io_stream_write_is_over (const QsIoStream *self); /* nothing more goes: concluded, or over */
gboolean qs_io_stream_is_over (const QsIoStream *self);       /* both directions, acknowledged */

/* Counts what came. OVER: the state says why; error as of qs_ssl_read(), may be NULL. */
QsIoResult qs_io_stream_read (QsIoStream *self, guint8 *bytes, gsize size, gsize *length, int *error);
/* At once, beside what is queued: as much as there is room for. conclude: the stream ends with the last of these bytes. OVER: for
 * QUIC the state says why. written and error may be NULL. */
QsIoResult qs_io_stream_write (QsIoStream *self, const guint8 *bytes, gsize length, gboolean conclude, gsize *written,
                               int *error);
/* To be written by qs_io_stream_flush(): bytes, which may be NULL, then the end where conclude says so. */
void qs_io_stream_queue (QsIoStream *self, GBytes *bytes, gboolean conclude);
gboolean qs_io_stream_has_queued (const QsIoStream *self); /* bytes, or the end */
/* TRUE when any of it went. error: why not all did, SSL_ERROR_NONE where it did; may be NULL. */
gboolean qs_io_stream_flush (QsIoStream *self, int *error);
void qs_io_stream_drop_queued (QsIoStream *self);
void qs_io_stream_conclude (QsIoStream *self);
/* RESET_STREAM (RFC 9000 section 19.4), unless that direction is over; TLS has no likeness of it. */
void qs_io_stream_reset (QsIoStream *self, guint64 code);
/* OpenSSL has no call that sends STOP_SENDING on a stream; freeing one that is not read to its end does (with code 0). So
 * reading ends here, and the object goes when the write side is over. */
void qs_io_stream_stop_reading (QsIoStream *self);
/* Reads the states off OpenSSL. */
void qs_io_stream_refresh (QsIoStream *self);

/* How it stands, for the trace. */
QsMark qs_io_stream_make_mark (const QsIoStream *self);

G_END_DECLS
