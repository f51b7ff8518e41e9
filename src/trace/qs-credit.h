/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-span.h"
#include "trace/qs-metrics.h"
#include "wire/qs-frame.h"

G_BEGIN_DECLS

/**
 * QsCredit:
 *
 * What one side may still send by flow control (RFC 9000 section 4.1): how many bytes of stream data it sent, and the limits that the
 * other end set by its transport parameters and raised by MAX_DATA and MAX_STREAM_DATA. Bytes; times in nanoseconds as in QsTrace. For
 * those who derive; the samples and spans are there to be read.
 */

/* Takes in the transport parameters of the side that receives what credit->direction sends. from_client: it is the client. */
void qs_credit_take_parameters (QsCredit *self, gboolean from_client, QsSpan parameters);

/* Data that went out on a stream: figures->bytes of the direction went from before to what it is now; fin: that was the end of it. */
void qs_credit_sent (QsCredit *self, gint64 time, QsStreamFigures *figures, guint64 before, gboolean fin);

/* The sender gave a stream up: its final size counts as sent (RFC 9000 section 4.5). */
void qs_credit_reset (QsCredit *self, gint64 time, QsStreamFigures *figures, guint64 final_size);

/* The receiver raised a limit: MAX_DATA, or MAX_STREAM_DATA with the stream's figures. Lower ones than before change nothing. */
void qs_credit_raise (QsCredit *self, gint64 time, guint64 limit);
void qs_credit_raise_stream (QsCredit *self, gint64 time, QsStreamFigures *figures, guint64 limit);

/* What was sent from now on is not known, for its bytes were not kept: nothing more is said. */
void qs_credit_lose_sight (QsCredit *self, gint64 time);

/* For the metrics that hold it. */
void qs_credit_init (QsCredit *self, QsDirection direction);
void qs_credit_clear (QsCredit *self);

G_END_DECLS
