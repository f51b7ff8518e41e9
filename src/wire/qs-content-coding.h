/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-span.h"

G_BEGIN_DECLS

/**
 * QsCodingVerdict: whether an answer's body is what its Content-Encoding says (RFC 9110 section 8.4.1), as far as its first
 * bytes tell.
 */
typedef enum {
  QS_CODING_UNKNOWN,    /* nothing is said: no coding that is known here */
  QS_CODING_FITS,       /* so far, or to the end of what is coded */
  QS_CODING_UNFINISHED, /* right so far; its end has not come */
  QS_CODING_BROKEN,     /* no bytes that follow can make it right */
} QsCodingVerdict;

/* codings: a field's value, "gzip" or "gzip, br": what was applied last counts. start: the body's first bytes, not empty. */
QsCodingVerdict qs_content_coding_check (const char *codings, QsSpan start);

/* What the bytes begin as: "gzip", "zstd"; NULL: nothing that says so itself. */
const char *qs_content_coding_guess (QsSpan start);

G_END_DECLS
