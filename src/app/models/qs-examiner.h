/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/models/qs-lab.h"
#include "checks/qs-card-text.h"

G_BEGIN_DECLS

/**
 * QsExaminer: the report card that a window makes or shows: one at a time, and the earlier one that it is compared with. What is kept
 * is bounded by the number of checks: each has the trace of one run.
 *
 * Properties: "running" (boolean, notifies).
 * Signals: "changed" (): another card, a question to the person or its answer, the end, another earlier card; "result" (guint index): a
 * check of the card has come to an end.
 */
#define QS_TYPE_EXAMINER (qs_examiner_get_type ())
G_DECLARE_FINAL_TYPE (QsExaminer, qs_examiner, QS, EXAMINER, GObject)

QsExaminer *qs_examiner_new (QsLab *lab);

/**
 * qs_examiner_start:
 * @target: what was typed
 * @options: how a run would be made: its protocols, name, trust and address family count
 * @checks: ids and categories, as qs_checks_choose() takes them; "" for all
 *
 * Ends the card that is being made and begins another one. Of the lab's server, its own CA is trusted.
 *
 * Returns: FALSE with QS_ERROR_INVALID_TARGET or QS_ERROR_SSL: nothing changed
 */
gboolean qs_examiner_start (QsExaminer *self, const char *target, const QsProbeOptions *options, QsProfile profile,
                            const char *checks, GError **error);
/* The lab's server, as soon as it listens. FALSE with a sentence where it cannot start. */
gboolean qs_examiner_start_lab (QsExaminer *self, const QsProbeOptions *options, QsProfile profile, const char *checks,
                                GError **error);
void qs_examiner_stop (QsExaminer *self); /* at once */
gboolean qs_examiner_get_running (QsExaminer *self);

QsExamination *qs_examiner_get_examination (QsExaminer *self); /* NULL: there is no card yet */
/* Whether it waits to be told whose server it is. */
gboolean qs_examiner_is_asking (QsExaminer *self);
void qs_examiner_answer (QsExaminer *self, gboolean own);
/* One check of the card once more. */
gboolean qs_examiner_repeat (QsExaminer *self, guint index);
gboolean qs_examiner_can_repeat (QsExaminer *self, guint index);

/* The earlier card; NULL: none. FALSE with QS_ERROR_PARSE or G_IO_ERROR: the one before stays. path: NULL for none. */
gboolean qs_examiner_compare (QsExaminer *self, const char *path, GError **error);
const QsCardRecord *qs_examiner_get_earlier (QsExaminer *self);
const char *qs_examiner_get_earlier_name (QsExaminer *self); /* of its file, escaped */

typedef enum {
  QS_CARD_FORMAT_HTML,
  QS_CARD_FORMAT_JSON,
  QS_CARD_FORMAT_JUNIT,
  QS_CARD_FORMAT_MARKDOWN,
  QS_N_CARD_FORMATS
} QsCardFormat;
const char *qs_card_format_title (QsCardFormat format);     /* translated: "Web page (.html)" */
const char *qs_card_format_extension (QsCardFormat format); /* ".html" */
QsCardFormat qs_card_format_for_name (const char *name);    /* by its ending; a web page where that says nothing */
/* The card, when it is finished; whole or not at all. */
void qs_examiner_save_async (QsExaminer *self, const char *path, QsCardFormat format, GAsyncReadyCallback callback,
                             gpointer data);
gboolean qs_examiner_save_finish (QsExaminer *self, GAsyncResult *result, GError **error);

/* Where wrong packets may go unasked; NULL: loopback and private addresses. */
void qs_examiner_set_private (QsExaminer *self, gboolean (*is_private) (GSocketAddress *address));

G_END_DECLS
