/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "probe/qs-batch.h"

G_BEGIN_DECLS

/* A batch as one JSON object, in pieces, so that nobody needs to hold all runs: the beginning, then a line a run as they settle,
 * then the end with all figures: {"runs": […], "targets": [{…}], "all": {…}, "plan": {…}, …}. Names and shapes are relied on by
 * scripts. */
void qs_batch_json_begin (GString *out);
void qs_batch_json_add (GString *out, const QsBatchResult *result, gboolean first);
void qs_batch_json_end (GString *out, QsBatch *batch);

G_END_DECLS
