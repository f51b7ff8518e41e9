/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "checks/qs-card-text.h"

G_BEGIN_DECLS

/**
 * QsCheckDetails: all that there is to say of one check: what it sends and expects, what was found, where it is written, the packets.
 *
 * Signals: "show-packet" (gint64 packet, const char *page): of the check's run, on that page; -1: the run alone. "repeat" (): once more.
 */
#define QS_TYPE_CHECK_DETAILS (qs_check_details_get_type ())
G_DECLARE_FINAL_TYPE (QsCheckDetails, qs_check_details, QS, CHECK_DETAILS, GtkBin)

/* result: NULL for none; earlier: NULL where nothing is compared. */
void qs_check_details_show (QsCheckDetails *self, const QsCheckResult *result, const QsCardRecord *earlier,
                            gboolean can_repeat);
/* The same as text, to be copied. */
char *qs_check_details_dup_text (const QsCheckResult *result, const char *target);

G_END_DECLS
