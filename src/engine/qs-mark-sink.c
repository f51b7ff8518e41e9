/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-mark-sink.h"

/* An attempt notes some twenty. But whoever sends ICMP errors decides how many of these there are. */
#define MAX_HELD 4096

typedef struct {
  gint64 time;
  QsMark mark;
} HeldMark;

struct _QsMarkSink {
  GMutex lock;
  QsTrace *trace;
  GArray *held; /* HeldMark; NULL once released */
};

static void
held_mark_clear (gpointer data)
{
  HeldMark *held = data;

  g_free (held->mark.text);
  g_clear_pointer (&held->mark.bytes, g_bytes_unref);
}

QsMarkSink *
qs_mark_sink_new (QsTrace *trace, gboolean held)
{
  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);

  QsMarkSink *self = g_new0 (QsMarkSink, 1);
  g_mutex_init (&self->lock);
  self->trace = g_object_ref (trace);
  if (held)
    {
      self->held = g_array_new (FALSE, FALSE, sizeof (HeldMark));
      g_array_set_clear_func (self->held, held_mark_clear);
    }
  return self;
}

void
qs_mark_sink_free (QsMarkSink *self)
{
  g_clear_pointer (&self->held, g_array_unref);
  g_object_unref (self->trace);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
qs_mark_sink_release (QsMarkSink *self)
{
  g_return_if_fail (self != NULL);

  g_mutex_lock (&self->lock);
  if (self->held != NULL)
    {
      for (guint i = 0; i < self->held->len; i++)
        {
          HeldMark *held = &g_array_index (self->held, HeldMark, i);
          qs_trace_add_mark_full (self->trace, held->time, &held->mark);
        }
      g_array_set_clear_func (self->held, NULL); /* the trace owns their contents now */
      g_clear_pointer (&self->held, g_array_unref);
    }
  g_mutex_unlock (&self->lock);
}

void
qs_mark_sink_add_full (QsMarkSink *self, const QsMark *mark)
{
  g_return_if_fail (self != NULL && mark != NULL);

  g_mutex_lock (&self->lock);
  gint64 now = qs_trace_now (self->trace);
  if (self->held == NULL)
    qs_trace_add_mark_full (self->trace, now, mark);
  else if (self->held->len >= MAX_HELD)
    {
      HeldMark gone = { now, *mark };
      held_mark_clear (&gone);
    }
  else
    {
      HeldMark held = { now, *mark };
      held.mark.name = g_intern_string (mark->name);
      g_array_append_val (self->held, held);
    }
  g_mutex_unlock (&self->lock);
}

void
qs_mark_sink_add (QsMarkSink *self, QsMarkKind kind, const char *name, gint64 value, const char *text)
{
  QsMark mark = { .kind = kind, .name = name, .value = value, .stream = -1, .text = g_strdup (text) };

  qs_mark_sink_add_full (self, &mark);
}

char *
qs_mark_sink_dup_held_text (QsMarkSink *self, QsMarkKind kind)
{
  char *text = NULL;

  g_return_val_if_fail (self != NULL, NULL);
  g_mutex_lock (&self->lock);
  for (guint i = self->held != NULL ? self->held->len : 0; i > 0 && text == NULL; i--)
    {
      const QsMark *mark = &g_array_index (self->held, HeldMark, i - 1).mark;
      if (mark->kind == kind)
        text = g_strdup (mark->text);
    }
  g_mutex_unlock (&self->lock);
  return text;
}
