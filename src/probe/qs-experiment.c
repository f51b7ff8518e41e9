/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/qs-experiment.h"

#include "diagnosis/qs-experiment-words.h"

struct _QsExperiment {
  GObject parent;
  const char *id;
  QsProbe *probe;
  QsExperimentOutcome outcome;
  char *conclusion;
};

G_DEFINE_FINAL_TYPE (QsExperiment, qs_experiment, G_TYPE_OBJECT)

enum { SIGNAL_CHANGED, N_SIGNALS };

static guint signals[N_SIGNALS];

static void
qs_experiment_finalize (GObject *object)
{
  QsExperiment *self = QS_EXPERIMENT (object);

  g_clear_object (&self->probe);
  g_free (self->conclusion);
  G_OBJECT_CLASS (qs_experiment_parent_class)->finalize (object);
}

static void
qs_experiment_class_init (QsExperimentClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = qs_experiment_finalize;
  signals[SIGNAL_CHANGED] =
      g_signal_new ("changed", QS_TYPE_EXPERIMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_experiment_init (QsExperiment *self)
{
  self->outcome = QS_EXPERIMENT_UNDER_WAY;
}

QsExperiment *
qs_experiment_new (const char *id, QsProbe *probe)
{
  g_return_val_if_fail (id != NULL, NULL);

  QsExperiment *self = g_object_new (QS_TYPE_EXPERIMENT, NULL);
  self->id = id;
  g_set_object (&self->probe, probe);
  return self;
}

const char *
qs_experiment_get_id (QsExperiment *self)
{
  g_return_val_if_fail (QS_IS_EXPERIMENT (self), NULL);
  return self->id;
}

const char *
qs_experiment_get_title (QsExperiment *self)
{
  g_return_val_if_fail (QS_IS_EXPERIMENT (self), NULL);
  return qs_experiment_change (self->id);
}

QsProbe *
qs_experiment_get_probe (QsExperiment *self)
{
  g_return_val_if_fail (QS_IS_EXPERIMENT (self), NULL);
  return self->probe;
}

QsExperimentOutcome
qs_experiment_get_outcome (QsExperiment *self)
{
  g_return_val_if_fail (QS_IS_EXPERIMENT (self), QS_EXPERIMENT_NOT_MADE);
  return self->outcome;
}

const char *
qs_experiment_get_conclusion (QsExperiment *self)
{
  g_return_val_if_fail (QS_IS_EXPERIMENT (self), NULL);
  return self->conclusion;
}

void
qs_experiment_conclude (QsExperiment *self, QsExperimentOutcome outcome, const char *conclusion)
{
  g_return_if_fail (QS_IS_EXPERIMENT (self) && self->outcome == QS_EXPERIMENT_UNDER_WAY);

  self->outcome = outcome;
  self->conclusion = g_strdup (conclusion);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}
