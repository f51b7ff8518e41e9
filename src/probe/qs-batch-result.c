/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/qs-batch-result.h"

#include "base/qs-i18n.h"
#include "trace/qs-metrics.h"

static const struct {
  const char *name, *title;
} outcomes[QS_N_BATCH_OUTCOMES] = {
  { "ok", N_ ("Succeeded") },
  { "failed", N_ ("Failed") },
  { "stopped", N_ ("Stopped") },
};

static const struct {
  const char *name, *title;
} times[QS_N_BATCH_TIMES] = {
  { "resolve", N_ ("Name resolved") }, { "handshake", N_ ("Handshake") }, { "confirmed", N_ ("Handshake confirmed") },
  { "first_byte", N_ ("First byte") }, { "total", N_ ("Total") },
};

const char *
qs_batch_outcome_name (QsBatchOutcome outcome)
{
  g_return_val_if_fail (outcome < QS_N_BATCH_OUTCOMES, NULL);
  return outcomes[outcome].name;
}

const char *
qs_batch_outcome_title (QsBatchOutcome outcome)
{
  g_return_val_if_fail (outcome < QS_N_BATCH_OUTCOMES, NULL);
  return _ (outcomes[outcome].title);
}

const char *
qs_batch_time_name (QsBatchTime time)
{
  g_return_val_if_fail (time < QS_N_BATCH_TIMES, NULL);
  return times[time].name;
}

const char *
qs_batch_time_title (QsBatchTime time)
{
  g_return_val_if_fail (time < QS_N_BATCH_TIMES, NULL);
  return _ (times[time].title);
}

static void
take_steps (QsBatchResult *self, GPtrArray *steps)
{
  self->n_steps = steps->len;
  self->steps = g_new (QsBatchStep, steps->len);
  for (guint i = 0; i < steps->len; i++)
    {
      const QsStep *step = steps->pdata[i];
      self->steps[i] = (QsBatchStep){ step->id, step->status == QS_STEP_DONE ? step->time : -1 };
    }
}

static void
take_findings (QsBatchResult *self, GPtrArray *findings)
{
  self->n_findings = findings->len;
  self->findings = g_new (QsBatchFinding, findings->len);
  for (guint i = 0; i < findings->len; i++)
    {
      const QsFinding *finding = findings->pdata[i];
      self->findings[i] = (QsBatchFinding){ finding->id, finding->severity, g_strdup (finding->title) };
    }
}

static void
take_summary (QsBatchResult *self, const QsSummary *summary)
{
  self->alpn = g_strdup (summary->alpn);
  self->quic_version = g_strdup (summary->quic_version);
  self->tls_version = g_strdup (summary->tls_version);
  self->resumed = summary->resumed;
  self->times[QS_BATCH_RESOLVED] = summary->resolved;
  self->times[QS_BATCH_HANDSHAKE] = summary->handshake;
  self->times[QS_BATCH_CONFIRMED] = summary->confirmed;
  self->times[QS_BATCH_FIRST_BYTE] = summary->first_byte;
  self->times[QS_BATCH_TOTAL] = summary->total;
}

static void
take_rtt (QsBatchResult *self, QsTrace *trace)
{
  GArray *samples = qs_trace_get_metrics (trace)->rtt;

  self->rtt = self->least_rtt = -1;
  if (samples->len == 0)
    return;
  const QsRttSample *last = &g_array_index (samples, QsRttSample, samples->len - 1);
  self->rtt = last->smoothed;
  self->least_rtt = last->minimum;
}

QsBatchResult *
qs_batch_result_new (QsProbe *probe, QsStudy *study, guint number, gint64 started)
{
  g_return_val_if_fail (QS_IS_PROBE (probe) && qs_probe_get_finished (probe), NULL);
  g_return_val_if_fail (QS_IS_STUDY (study) && qs_study_get_state (study) == QS_STUDY_SETTLED, NULL);

  QsBatchResult *self = g_rc_box_new0 (QsBatchResult);
  const QsEvidence *evidence = qs_study_get_evidence (study);
  self->target = qs_target_ref (qs_probe_get_target (probe));
  self->number = number;
  self->started = started;
  self->outcome = qs_probe_get_succeeded (probe) ? QS_BATCH_OK
                  : qs_probe_get_stopped (probe) ? QS_BATCH_STOPPED
                                                 : QS_BATCH_FAILED;
  self->stage = qs_probe_get_stage (probe);
  self->verdict = g_strdup (qs_study_get_verdict (study));
  self->address = evidence->address_known ? g_strdup (evidence->address) : NULL;
  self->http_status = qs_probe_get_http_status (probe);
  self->bytes = qs_probe_get_response_length (probe);
  take_summary (self, qs_study_get_summary (study));
  take_rtt (self, qs_study_get_trace (study));
  take_steps (self, qs_study_get_steps (study));
  take_findings (self, qs_study_get_findings (study));
  return self;
}

QsBatchResult *
qs_batch_result_ref (QsBatchResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return g_rc_box_acquire (self);
}

static void
clear_result (gpointer data)
{
  QsBatchResult *self = data;

  qs_target_unref (self->target);
  g_free (self->verdict);
  g_free (self->address);
  g_free (self->alpn);
  g_free (self->quic_version);
  g_free (self->tls_version);
  for (guint i = 0; i < self->n_findings; i++)
    g_free (self->findings[i].title);
  g_free (self->findings);
  g_free (self->steps);
}

void
qs_batch_result_unref (QsBatchResult *self)
{
  g_rc_box_release_full (self, clear_result);
}
