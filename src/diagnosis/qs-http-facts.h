/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace-http3.h"

G_BEGIN_DECLS

/**
 * QsHttpFacts: the first request of a connection and its answer, from the marks of a run and, where there are none (a file
 * of somebody else's), from what was decrypted: HTTP/3's frames, or HTTP/1.x in TLS records.
 */
typedef struct {
  gboolean asked; /* a request went out, or waits to */
  gint64 stream;  /* that carries it; -1: not known */
  gint64 asked_at;
  gboolean http3;
  char *version;  /* of the answer, "1.1"; NULL: no head came */
  guint status;   /* of the final answer; 0: none */
  char **headers; /* name, value, …, NULL; escaped; NULL: none */
  guint n_interim;
  gint64 length; /* Content-Length where it says how long the body is; -1: it does not */
  gboolean chunked;
  guint64 body;      /* bytes of it that came */
  GBytes *start;     /* the first of them; NULL: not kept */
  const char *end;   /* as QS_MARK_ANSWER_END's name; NULL: not known (yet) */
  const char *words; /* what was wrong with it, translated when it was noted; NULL */
  const QsMark *answer_mark, *end_mark;
  gint64 request_packet, head_packet, last_packet; /* -1: not known */
  const QsHttp3Piece *goaway;                      /* the first of the server's; NULL: none */
  guint64 goaway_id;
} QsHttpFacts;

/* A header's value, the first of that name; NULL: there is none. */
const char *qs_http_facts_get_header (const QsHttpFacts *facts, const char *name);

G_END_DECLS
