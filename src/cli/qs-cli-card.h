/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "checks/qs-check-result.h"

G_BEGIN_DECLS

/* What is printed of report cards, a server's or a client's, on standard output. */

/* A line a check: id, category, title, reference. */
void qs_cli_list_checks (const QsCheck *const *checks, guint n_checks);
void qs_cli_print_counts (const guint counts[QS_CHECK_N_VERDICTS]);
/* By category. results: of QsCheckResult; brief: warnings and faults alone. */
void qs_cli_print_results (GPtrArray *results, gboolean brief);
void qs_cli_print_json (JsonObject *card); /* (transfer full) */
/* "card.pcapng" becomes "card-F4.pcapng": a file for each check that failed or warned. FALSE: said on standard error. */
gboolean qs_cli_write_captures (const char *program, const char *path, GPtrArray *results);

G_END_DECLS
