/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/qs-study.h"

#include "base/qs-i18n.h"
#include "study/qs-study-private.h"

struct _QsStudy {
  GObject parent;
  QsTrace *trace;
  QsDissector *dissector; /* NULL: there are no bytes */
  gboolean own_dissector; /* nobody else reads on */
  QsRecording *recording; /* what frames tell of streams */
  QsStudyState state;
  gint64 now;     /* of the last look */
  guint n_claims; /* of those who look by themselves */
  QsTraceJoin *join;
  QsStudySource source;
  char *file;

  /* Made when asked for, of one evidence. */
  QsEvidence *evidence;
  QsEvidence *before; /* of the last look: what cannot have changed is taken over */
  GPtrArray *steps, *findings, *streams;
  guint n_streams;
  QsSummary *summary;
  char *verdict;
  QsStudyTarget *target;
  QsStudyAnswer *answer;
  gboolean answer_known; /* answer is set, NULL where there is none */
};

enum { PROP_STATE = 1, N_PROPS };
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (QsStudy, qs_study, G_TYPE_OBJECT)

static void
forget (QsStudy *self)
{
  g_clear_pointer (&self->steps, g_ptr_array_unref);
  g_clear_pointer (&self->findings, g_ptr_array_unref);
  g_clear_pointer (&self->streams, g_ptr_array_unref);
  g_clear_pointer (&self->summary, qs_summary_free);
  g_clear_pointer (&self->verdict, g_free);
  g_clear_pointer (&self->target, qs_study_target_free);
  g_clear_pointer (&self->answer, qs_study_answer_free);
  self->answer_known = FALSE;
  if (self->evidence == NULL)
    return;
  g_clear_pointer (&self->before, qs_evidence_free);
  self->before = g_steal_pointer (&self->evidence);
}

static void
set_state (QsStudy *self, QsStudyState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

static void
qs_study_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_STATE)
    g_value_set_int (value, QS_STUDY (object)->state);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
qs_study_finalize (GObject *object)
{
  QsStudy *self = QS_STUDY (object);

  forget (self);
  g_clear_pointer (&self->before, qs_evidence_free);
  qs_recording_free (self->recording);
  g_clear_object (&self->dissector);
  g_clear_object (&self->trace);
  g_clear_pointer (&self->join, qs_trace_join_unref);
  g_free (self->file);
  G_OBJECT_CLASS (qs_study_parent_class)->finalize (object);
}

static void
qs_study_class_init (QsStudyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = qs_study_get_property;
  object_class->finalize = qs_study_finalize;
  props[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, QS_STUDY_FILLING, QS_STUDY_SETTLED, QS_STUDY_FILLING,
                                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
qs_study_init (QsStudy *self)
{
  self->now = -1;
}

/* A log's packets came with the trace: there is nothing to read. */
static gboolean
is_to_be_read (QsTrace *trace)
{
  return qs_trace_get_n_packets (trace) == 0;
}

QsStudy *
qs_study_new (QsTrace *trace, QsDissector *dissector)
{
  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);

  QsStudy *self = g_object_new (QS_TYPE_STUDY, NULL);
  self->trace = g_object_ref (trace);
  self->own_dissector = dissector == NULL && is_to_be_read (trace);
  if (dissector != NULL)
    self->dissector = g_object_ref (dissector);
  else if (self->own_dissector)
    self->dissector = qs_dissector_new (trace);
  self->recording = qs_recording_new (trace);
  if (self->dissector != NULL)
    qs_recording_set_dissector (self->recording, self->dissector);
  if (qs_trace_is_from_file (trace))
    self->state = self->own_dissector ? QS_STUDY_DISSECTING : QS_STUDY_SETTLED;
  return self;
}

QsTrace *
qs_study_get_trace (QsStudy *self)
{
  g_return_val_if_fail (QS_IS_STUDY (self), NULL);
  return self->trace;
}

QsDissector *
qs_study_get_dissector (QsStudy *self)
{
  g_return_val_if_fail (QS_IS_STUDY (self), NULL);
  return self->dissector;
}

QsRecording *
qs_study_get_recording (QsStudy *self)
{
  g_return_val_if_fail (QS_IS_STUDY (self), NULL);
  return self->recording;
}

QsStudyState
qs_study_get_state (QsStudy *self)
{
  g_return_val_if_fail (QS_IS_STUDY (self), QS_STUDY_SETTLED);
  return self->state;
}

/* What was behind the end of a file that became shorter reads as not kept: nothing is made of it, and it is told. */
static void
note_cut (QsStudy *self)
{
  QsMark mark = { .kind = QS_MARK_NOTE, .name = "file", .stream = -1 };

  if (!qs_trace_is_cut_short (self->trace))
    return;
  mark.text =
      g_strdup (_ ("The file was made shorter by another program while it was read: what it held behind its new end "
                   "is missing here. Open a copy of the whole file."));
  qs_trace_add_mark_full (self->trace, 0, &mark);
}

static void
settle (QsStudy *self)
{
  note_cut (self);
  if (self->own_dissector)
    qs_dissector_finish (self->dissector);
  qs_recording_look_again (self->recording); /* some packets opened only when keys behind them came */
  self->now = -1;
  forget (self);
  g_clear_pointer (&self->before, qs_evidence_free); /* packets that opened late are counted once more */
  set_state (self, QS_STUDY_SETTLED);
}

gboolean
qs_study_advance (QsStudy *self, gint64 deadline)
{
  g_return_val_if_fail (QS_IS_STUDY (self), TRUE);

  if (self->state == QS_STUDY_SETTLED)
    return TRUE;
  qs_trace_is_cut_short (self->trace); /* looked at before each slice, rather than met as zeros within it */
  if (self->own_dissector && !qs_dissector_advance (self->dissector, deadline))
    return FALSE;
  if (self->state == QS_STUDY_DISSECTING)
    settle (self);
  return TRUE;
}

void
qs_study_settle (QsStudy *self)
{
  g_return_if_fail (QS_IS_STUDY (self));

  if (self->state == QS_STUDY_SETTLED)
    return;
  if (self->dissector != NULL)
    qs_dissector_advance (self->dissector, 0);
  settle (self);
}

void
qs_study_look (QsStudy *self, gint64 now)
{
  g_return_if_fail (QS_IS_STUDY (self));

  if (self->state == QS_STUDY_SETTLED)
    return;
  self->now = now;
  forget (self);
}

void
qs_study_claim (QsStudy *self)
{
  g_return_if_fail (QS_IS_STUDY (self));

  self->n_claims++;
}

void
qs_study_disclaim (QsStudy *self)
{
  g_return_if_fail (QS_IS_STUDY (self) && self->n_claims > 0);

  self->n_claims--;
}

gboolean
qs_study_is_claimed (QsStudy *self)
{
  g_return_val_if_fail (QS_IS_STUDY (self), FALSE);

  return self->n_claims > 0;
}

const QsEvidence *
qs_study_get_evidence (QsStudy *self)
{
  g_return_val_if_fail (QS_IS_STUDY (self), NULL);

  if (self->evidence == NULL)
    self->evidence = self->before != NULL ? qs_evidence_new_again (self->before, self->now)
                                          : qs_evidence_new (self->trace, self->now);
  g_clear_pointer (&self->before, qs_evidence_free);
  return self->evidence;
}

GPtrArray *
qs_study_get_steps (QsStudy *self)
{
  g_return_val_if_fail (QS_IS_STUDY (self), NULL);

  if (self->steps == NULL)
    self->steps = qs_handshake_steps (qs_study_get_evidence (self));
  return self->steps;
}

GPtrArray *
qs_study_get_findings (QsStudy *self)
{
  g_return_val_if_fail (QS_IS_STUDY (self), NULL);

  if (self->findings == NULL)
    self->findings = qs_findings_new (qs_study_get_evidence (self));
  return self->findings;
}

const QsSummary *
qs_study_get_summary (QsStudy *self)
{
  g_return_val_if_fail (QS_IS_STUDY (self), NULL);

  if (self->summary == NULL)
    self->summary = qs_summary_new (qs_study_get_evidence (self));
  return self->summary;
}

const char *
qs_study_get_verdict (QsStudy *self)
{
  g_return_val_if_fail (QS_IS_STUDY (self), NULL);

  if (self->verdict == NULL)
    self->verdict =
        qs_verdict (qs_study_get_evidence (self), qs_study_get_summary (self), qs_study_get_findings (self));
  return self->verdict;
}

GPtrArray *
qs_study_get_streams (QsStudy *self)
{
  g_return_val_if_fail (QS_IS_STUDY (self), NULL);

  if (self->streams == NULL)
    self->streams = qs_study_streams_new (qs_study_get_evidence (self), self->recording, &self->n_streams);
  return self->streams;
}

guint
qs_study_get_n_streams (QsStudy *self)
{
  return qs_study_get_streams (self) != NULL ? self->n_streams : 0;
}

const QsStudyTarget *
qs_study_get_target (QsStudy *self)
{
  g_return_val_if_fail (QS_IS_STUDY (self), NULL);

  if (self->target == NULL)
    self->target = qs_study_target_new (qs_study_get_evidence (self));
  return self->target;
}

const QsStudyAnswer *
qs_study_get_answer (QsStudy *self)
{
  g_return_val_if_fail (QS_IS_STUDY (self), NULL);

  if (!self->answer_known)
    self->answer = qs_study_answer_new (qs_study_get_evidence (self), self->recording);
  self->answer_known = TRUE;
  return self->answer;
}

char *
qs_study_dup_answer_text (QsStudy *self)
{
  const QsStudyAnswer *answer = qs_study_get_answer (self);

  if (answer == NULL || answer->version == NULL)
    return NULL;
  return answer->status != 0 ? g_strdup_printf ("HTTP/%s %u", answer->version, answer->status)
                             : g_strdup_printf ("HTTP/%s", answer->version);
}

gboolean
qs_study_is_good (QsStudy *self)
{
  const QsEvidence *evidence = qs_study_get_evidence (self);
  GPtrArray *findings = qs_study_get_findings (self);

  if (evidence->ended)
    return !evidence->failed;
  if (findings->len > 0 && ((const QsFinding *) findings->pdata[0])->severity == QS_SEVERITY_ERROR)
    return FALSE;
  return qs_evidence_is_connected (evidence);
}

void
qs_study_set_join (QsStudy *self, QsTraceJoin *join)
{
  g_return_if_fail (QS_IS_STUDY (self) && (join == NULL || qs_trace_join_get_own (join) == self->trace));

  QsTraceJoin *held = join != NULL ? qs_trace_join_ref (join) : NULL;
  g_clear_pointer (&self->join, qs_trace_join_unref);
  self->join = held;
}

QsTraceJoin *
qs_study_get_join (QsStudy *self)
{
  g_return_val_if_fail (QS_IS_STUDY (self), NULL);
  return self->join;
}

void
qs_study_count_crossings (QsStudy *self, gboolean by_client, QsStudyCrossings *crossings)
{
  g_return_if_fail (QS_IS_STUDY (self) && self->join != NULL && crossings != NULL);

  *crossings = (QsStudyCrossings){ .least_delay = qs_trace_join_get_least_delay (self->join, by_client) };
  for (guint i = 0; i < qs_trace_join_get_n_crossings (self->join); i++)
    {
      QsCrossingFate fate = qs_trace_join_get_fate (self->join, i);
      if (qs_trace_join_get_crossing (self->join, i)->by_client != (guint8) by_client || fate == QS_CROSSING_FOREIGN)
        continue;
      crossings->sent++;
      crossings->arrived += fate == QS_CROSSING_ARRIVED;
      crossings->lost += fate == QS_CROSSING_LOST;
    }
}

void
qs_study_set_source (QsStudy *self, const QsStudySource *source)
{
  g_return_if_fail (QS_IS_STUDY (self) && source != NULL && source->file != NULL);

  g_free (self->file);
  self->source = *source;
  self->source.file = self->file = g_strdup (source->file);
}

const QsStudySource *
qs_study_get_source (QsStudy *self)
{
  g_return_val_if_fail (QS_IS_STUDY (self), NULL);
  return self->file != NULL ? &self->source : NULL;
}
