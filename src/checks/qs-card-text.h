/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "checks/qs-examination.h"

G_BEGIN_DECLS

/* The card as JSON, of the shape that data/quicscope-report-card.schema.json describes. */
JsonObject *qs_card_to_json (QsExamination *examination);
/* As JUnit's XML, for continuous integration: a test case a check, by category; warnings pass, with their words. */
char *qs_card_to_junit (QsExamination *examination);

/**
 * qs_card_baseline_read:
 * @path: a card that was kept: what `quicprobe --examine --json` printed
 *
 * Returns: (transfer full): the ids of the checks that failed then, as a set of strings; or %NULL with QS_ERROR_PARSE or G_IO_ERROR
 */
GHashTable *qs_card_baseline_read (const char *path, GError **error);

G_END_DECLS
