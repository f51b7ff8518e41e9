/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run and what a session file says of it. */
#include "app/models/qs-run.h"

QsKeptRun *
qs_run_dup_kept (QsRun *self)
{
  static const QsKeptOutcome outcomes[QS_N_RUN_STATUSES] = {
    [QS_RUN_RUNNING] = QS_KEPT_STOPPED, [QS_RUN_OPEN] = QS_KEPT_STOPPED,        [QS_RUN_TRYING] = QS_KEPT_STOPPED,
    [QS_RUN_FILE] = QS_KEPT_FILE,       [QS_RUN_SUCCEEDED] = QS_KEPT_SUCCEEDED, [QS_RUN_FAILED] = QS_KEPT_FAILED,
    [QS_RUN_STOPPED] = QS_KEPT_STOPPED, [QS_RUN_WATCHED] = QS_KEPT_FILE,
  };

  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  QsKeptRun *kept = qs_kept_run_new ();
  QsTarget *target = qs_run_get_target (self);
  const QsProbeOptions *options = qs_run_get_options (self);
  kept->title = g_strdup (qs_run_get_own_title (self));
  kept->name = g_strdup (qs_run_get_name (self));
  kept->note = g_strdup (qs_run_get_note (self));
  kept->target = target != NULL ? g_strdup (qs_target_to_string (target)) : NULL;
  kept->scenario = g_strdup (qs_run_get_scenario (self));
  kept->started = CLAMP (g_date_time_to_unix (qs_run_get_started (self)), 0, G_MAXUINT32);
  kept->outcome = outcomes[qs_run_get_status (self)];
  kept->options = options != NULL && target != NULL ? qs_probe_options_copy (options) : NULL;
  return kept;
}
