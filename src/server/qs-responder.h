/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-clock.h"

G_BEGIN_DECLS

/**
 * QsResponder:
 *
 * What the server says on one stream, or on one TLS connection over TCP: bytes in, bytes out, no I/O.
 *
 * Echo and request are told apart by the first bytes: what begins with "GET /" or "HEAD /" is a request, up to its
 * line end (HTTP/0.9) or, where the line ends in HTTP/1.0 or HTTP/1.1, up to the empty line; the end of the stream
 * ends both. HTTP/1.0's and HTTP/1.1's other methods (POST, PUT, PATCH, DELETE, OPTIONS) are answered with the body that
 * they came with. All else is echoed, from its first byte, and concluded when the peer concludes.
 *
 * The paths, see also qs_responder_paths_help():
 * "/" a page about this connection, "/bytes/N" N bytes (up to 4 GiB), "/slow/MS" an answer after MS milliseconds,
 * "/reset/CODE" RESET_STREAM, "/stop/CODE" later streams are refused with STOP_SENDING, "/close/CODE"
 * CONNECTION_CLOSE, "/stall" no answer and nothing is read any more, "/headers" the request as it came, "/status/CODE" an
 * answer of that status, "/cut/N" an answer that says that it has 1000 bytes and ends after N.
 */
typedef struct _QsResponder QsResponder;

/* What the transport is asked to do besides sending. */
typedef enum {
  QS_REPLY_NONE,
  QS_REPLY_RESET, /* the stream */
  QS_REPLY_STOP,  /* refuse what streams may come, and answer */
  QS_REPLY_CLOSE, /* the connection */
} QsReplyAction;

/* How the answers depart from what is usual. */
typedef enum {
  QS_RESPONDER_TCP = 1 << 0,     /* a whole connection: requests may follow each other */
  QS_RESPONDER_TRICKLE = 1 << 1, /* 16 bytes every 100 ms */
  QS_RESPONDER_LARGE = 1 << 2,   /* 64 MiB whatever path is asked for */
  QS_RESPONDER_HTTP3 = 1 << 4,   /* no head is sent: qs_responder_get_head() tells it */
  QS_RESPONDER_ECHO = 1 << 5,    /* no request, whatever the first bytes are */
  QS_RESPONDER_LATE = 1 << 3,    /* nothing in the first 1.5 seconds */
} QsResponderFlags;

/* What is answered in place of what the path asks for. All zero: nothing. Borrowed, and must outlive the responder. */
typedef struct {
  guint status;         /* 0: as ever */
  gboolean cut;         /* the answer says that it has 1000 bytes, and has 9 */
  const char *location; /* of a status of 3xx */
  const char *alt_svc;  /* header Alt-Svc (RFC 7838); NULL: none */
} QsResponderScript;

#define QS_BYTES_MAX (G_GUINT64_CONSTANT (4) << 30)

/* about: text of the page at "/"; borrowed, must outlive the responder. clock: whom answers that take their time go by. */
QsResponder *qs_responder_new (QsResponderFlags flags, const char *about, QsClock *clock);
void qs_responder_free (QsResponder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsResponder, qs_responder_free)

void qs_responder_set_script (QsResponder *self, const QsResponderScript *script);

/* FALSE while what came has not been sent back yet: stop reading, so that flow control reaches the peer. */
gboolean qs_responder_wants_input (QsResponder *self);
/* fin: no more will come. */
void qs_responder_input (QsResponder *self, const guint8 *bytes, gsize length, gboolean fin);

/* What to send now: FALSE when nothing. last: conclude the stream after these bytes (which may be none). Bytes stay valid until the next call of any function. */
gboolean qs_responder_peek (QsResponder *self, const guint8 **bytes, gsize *length, gboolean *last);
void qs_responder_sent (QsResponder *self, gsize length, gboolean concluded);
/* Microseconds of its clock at which to peek again; 0: nothing waits for time. */
gint64 qs_responder_get_ready_at (QsResponder *self);
/* Of an answer that can be peeked at: its status and media type, and the length of its body, -1 for an echo. */
void qs_responder_get_head (QsResponder *self, guint *status, const char **type, gint64 *length);
/* Its further header fields: name in small letters, value, …, NULL. */
const char *const *qs_responder_get_fields (QsResponder *self);
QsReplyAction qs_responder_get_action (QsResponder *self, guint64 *code);
void qs_responder_action_done (QsResponder *self);
gboolean qs_responder_is_concluded (QsResponder *self);
/* "GET /bytes/10", escaped: of the last request, once; NULL when it echoes or was asked already. */
char *qs_responder_steal_request (QsResponder *self);

/* One line per path, translated, for a help text. */
char *qs_responder_paths_help (void);

G_END_DECLS
