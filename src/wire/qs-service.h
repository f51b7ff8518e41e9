/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-span.h"

G_BEGIN_DECLS

/**
 * QsService: what bytes look like that answered where QUIC or TLS was expected.
 */
typedef struct {
  const char *name;   /* "SSH", "DNS": the protocol's own name, not translated; NULL where it is but text */
  const char *words;  /* N_() sentence: what lives there */
  const char *advice; /* N_() sentence, NULL: nothing special to try */
} QsService;

/* What was said first over TCP. NULL: nothing that is known. */
const QsService *qs_service_of_stream (QsSpan bytes);

/* A datagram. asked: the one that it may answer; without bytes where that is not known. NULL: nothing that is known. */
const QsService *qs_service_of_datagram (QsSpan bytes, QsSpan asked);

/* The first line of an answer, without its end, as far as it is text. */
QsSpan qs_service_first_line (QsSpan bytes);

/* The value of a header field in what begins as an HTTP/1 message, such as "Location"; without bytes where there is none. */
QsSpan qs_service_http_field (QsSpan bytes, const char *name);

G_END_DECLS
