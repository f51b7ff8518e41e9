/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/* Adds to a window what can be done with runs, those that are selected in the side bar or the one that is shown: the actions "stop",
 * "run-again", "edit-run", "why-not-h3", "save-trace", "save-report" (on the page of comparisons what differs), "join", "remove-run", "compare"
 * (the selected ones, else the shown one and what it is best held against), "compare-good" (with the last one that went well),
 * "compare-with" (uint32: with the run of that place in the session's list), "stop-all", "forget-all", "undo-forget"; and how files become runs: "open",
 * "open-recent" (bytes), "stop-opening". */
void qs_run_actions_install (QsWindow *window);
/* Whatever they depend on has changed. */
void qs_run_actions_update (QsWindow *window);

G_END_DECLS
