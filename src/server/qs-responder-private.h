/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/qs-responder.h"

G_BEGIN_DECLS

typedef enum {
  QS_RESPONDER_AT_SNIFFING, /* request or echo? */
  QS_RESPONDER_AT_HEAD,     /* a request, not yet whole */
  QS_RESPONDER_AT_ECHO,
  QS_RESPONDER_AT_BODY, /* of a request, which is the answer's as well */
  QS_RESPONDER_AT_ANSWER,
  QS_RESPONDER_AT_STALLED,
  QS_RESPONDER_AT_CONCLUDED,
} QsResponderState;

struct _QsResponder {
  QsClock *clock;
  QsResponderFlags flags;
  const char *about;
  QsResponderState state;
  gboolean fin;    /* the peer has concluded */
  GByteArray *in;  /* SNIFFING, HEAD, and what followed an answered request */
  GByteArray *out; /* to be sent first */
  gsize out_at;
  guint64 generate; /* bytes of the pattern to be sent then */
  guint64 generated;
  gint64 ready_at;   /* nothing is sent before: microseconds of the clock */
  gboolean has_body; /* HEAD: it is neither GET nor HEAD */
  guint64 body_left; /* BODY: bytes that are still to come */
  char *late_head;   /* BODY: of the answer, before the first of them */
  gboolean again;    /* TCP: another request may follow */
  QsReplyAction action;
  guint64 code;
  char *request;
  guint status; /* of the answer */
  const char *type;
  gint64 length;
  const char *fields[5]; /* name, value, …, NULL: further ones */
  const QsResponderScript *script;
};

/* A request's line, and what is made of it. */
typedef struct {
  int version; /* 9, 10, 11 */
  gboolean head_only;
  const char *head; /* whole, as it came */
  gsize head_length;
  int status;
  const char *status_text;
  GString *body; /* or: */
  guint64 n_bytes;
  gboolean close; /* the connection is not used for another one */
  guint64 claims; /* bytes that its head says, where that is not true; 0: it is */
  const char *location;
} QsAnswer;

/* --- qs-responder-paths.c --- */

/* Decimal, or hexadecimal with 0x in front. */
gboolean qs_responder_parse_number (const char *text, guint64 max, guint64 *value);
/* text: a sentence for its body. status_text is static. */
void qs_answer_refuse (QsAnswer *answer, int status, const char *status_text, const char *text);
/* Fills in what is answered to a path, or sets the state or the action in its place. */
void qs_responder_answer_path (QsResponder *self, const char *path, QsAnswer *answer);

G_END_DECLS
