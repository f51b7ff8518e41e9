/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "probe/qs-batch.h"

G_BEGIN_DECLS

/* A batch so far as OpenMetrics text 1.0, which the older text format's readers (a node exporter's textfile collector) read as
 * well: no time stamps, no exemplars. Names of metrics and labels stay. */
void qs_batch_openmetrics_append (GString *out, QsBatch *batch);

/* For tests: a label's value between its quotes. */
void qs_batch_openmetrics_append_label (GString *out, const char *text);

G_END_DECLS
