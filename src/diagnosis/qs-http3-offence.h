/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "diagnosis/qs-evidence.h"

G_BEGIN_DECLS

/* A rule of HTTP/3's that the server broke, as the frames show. */
typedef struct {
  const char *rule;          /* N_() template with {frame} and {stream} */
  const char *reference;     /* "RFC 9114 section 7.2.4" */
  const QsHttp3Piece *piece; /* that broke it; NULL: none did, a stream's end */
  guint64 stream;
} QsHttp3Offence;

/* The first one that the code (RFC 9114 section 8.1, RFC 9204 section 6) stands for. FALSE: the frames show none. */
gboolean qs_http3_find_offence (const QsEvidence *evidence, guint64 code, QsHttp3Offence *offence);

/* A field that makes a response malformed (RFC 9114 section 4.1.2). */
typedef struct {
  const char *rule; /* N_() template with {field} */
  const char *reference;
  char *field; /* escaped, "Server" or "connection: close"; NULL where one is missing */
} QsHttp3FieldFault;

/* lines: of a response's HEADERS, name and value in turn; trailers: it is not the first one. FALSE: nothing is wrong. */
gboolean qs_http3_find_field_fault (char *const *lines, gboolean trailers, QsHttp3FieldFault *fault);

G_END_DECLS
