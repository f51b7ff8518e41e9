/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "probe/qs-batch-result.h"

G_BEGIN_DECLS

/* Runs as CSV (RFC 4180): a head, then a record a run. Names of columns and their order stay; new ones come behind. A field
 * that a spreadsheet would take for a formula has an apostrophe before it. Times are in milliseconds, empty where it did not
 * come to that. */
void qs_batch_csv_append_head (GString *out);
void qs_batch_csv_append (GString *out, const QsBatchResult *result);

/* For tests: one field, quoted where it has to be. */
void qs_batch_csv_append_field (GString *out, const char *text);

G_END_DECLS
