/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/models/qs-lab.h"
#include "app/models/qs-run.h"

G_BEGIN_DECLS

/**
 * Of a run against the lab's own server both ends are recorded: finds the server's trace of it, has it dissected
 * as it grows, and gives the run the join of both (qs_run_get_join()). Lives as long as the run.
 */
void qs_other_end_watch (QsRun *run, QsLab *lab);
/* The same of a run against another server of this process. */
void qs_other_end_watch_server (QsRun *run, QsServer *server);

G_END_DECLS
