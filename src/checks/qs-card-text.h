/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "checks/qs-client-examination.h"
#include "checks/qs-examination.h"

G_BEGIN_DECLS

/* The card as JSON, of the shape that data/quicscope-report-card.schema.json describes. */
JsonObject *qs_card_to_json (QsExamination *examination);
/* As JUnit's XML, for continuous integration: a test case a check, by category; warnings pass, with their words. */
char *qs_card_to_junit (QsExamination *examination);

/* The same of a client: of the shape that data/quicscope-client-card.schema.json describes, and with a name for it. */
JsonObject *qs_client_card_to_json (QsClientExamination *examination);
char *qs_client_card_to_junit (QsClientExamination *examination, const char *name);

/* As Markdown, for a ticket: tables by category. What a peer said is escaped. */
char *qs_card_to_markdown (QsExamination *examination);

/* How a check's verdict differs from that of an earlier card. */
typedef enum {
  QS_CARD_SAME,
  QS_CARD_BETTER,
  QS_CARD_WORSE,
  QS_CARD_OTHER, /* neither can be said: it was not tested on one of both */
  QS_CARD_NEW,   /* the earlier card does not have it */
} QsCardChange;

/* What is left of a card that was kept. */
typedef struct _QsCardRecord QsCardRecord;

/**
 * qs_card_record_read:
 * @path: a card that was kept: what `quicprobe --examine --json` printed, or the window saved
 *
 * Returns: (transfer full): the card, or %NULL with QS_ERROR_PARSE or G_IO_ERROR
 */
QsCardRecord *qs_card_record_read (const char *path, GError **error);
void qs_card_record_free (QsCardRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsCardRecord, qs_card_record_free)
const char *qs_card_record_get_target (const QsCardRecord *self); /* escaped; "" where it was not told */
QsGrade qs_card_record_get_grade (const QsCardRecord *self);
/* FALSE: it does not have this check. */
gboolean qs_card_record_get_verdict (const QsCardRecord *self, const char *id, QsCheckVerdict *verdict);
QsCardChange qs_card_record_compare (const QsCardRecord *self, const QsCheckResult *result);

/**
 * qs_card_baseline_read:
 * @path: a card that was kept: what `quicprobe --examine --json` printed
 *
 * Returns: (transfer full): the ids of the checks that failed then, as a set of strings; or %NULL with QS_ERROR_PARSE or G_IO_ERROR
 */
GHashTable *qs_card_baseline_read (const char *path, GError **error);

G_END_DECLS
