/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a run is waited for: without progress, and in all. */
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "engine/qs-probe-private.h"

/* Over TCP the system knows what no byte tells: whether what was sent got there, and whether an answer has but a gap before
 * it. Its name and value are what a rule reads. */
static void
note_tcp (QsProbe *self, QsConnection *connection)
{
  QsTcpInfo info;

  if (connection == NULL || !qs_connection_get_tcp_info (connection, &info))
    return;
  if (info.segments_behind > 0)
    qs_trace_add_mark (self->trace, QS_MARK_NOTE, "tcp-gap", (gint64) info.segments_behind,
                       _ ("Segments of an answer came, and what stands before them did not"));
  else if (info.waiting > 0)
    qs_trace_add_mark (self->trace, QS_MARK_NOTE, "tcp-waiting", (gint64) info.waiting,
                       _ ("What was sent last was not acknowledged by the peer's TCP"));
  else
    qs_trace_add_mark (self->trace, QS_MARK_NOTE, "tcp-taken", (gint64) info.acknowledged,
                       _ ("All that was sent was acknowledged by the peer's TCP"));
}

/* Sends the peer on its way, or ends what has not begun. */
static void
give_up (QsProbe *self, const char *note, gint64 value, const char *how, const char *text)
{
  /* What a worker has read and not yet handed on is no part of the answer any more: its end has been told. */
  if (self->request != NULL && !self->request->complete && !self->request->failed)
    {
      qs_request_note_end (self->request, how, text);
      self->request->failed = TRUE;
    }
  qs_trace_add_mark (self->trace, QS_MARK_NOTE, note, value, text);
  qs_probe_log (self, "%s", text);
  note_tcp (self, self->winner != NULL ? self->winner : self->race != NULL ? qs_probe_race_get_waited_on (self) : NULL);
  if (self->winner == NULL && self->race != NULL)
    qs_probe_race_give_up (self);
  else if (self->winner != NULL && self->state == QS_CONNECTION_ESTABLISHED)
    qs_probe_close (self, QS_CLOSE_NOW, qs_probe_good_code (self));
  else
    qs_probe_end (self, FALSE);
}

/* Whatever came, and comes. What is complete was closed by then, or is kept open on purpose. */
static gboolean
ceiling_cb (gpointer data)
{
  QsProbe *self = data;
  gboolean done = self->stage >= QS_STAGE_CLOSE && self->options->keep_open;

  qs_probe_clear_source (&self->ceiling);
  if (self->ending || done)
    return G_SOURCE_REMOVE;
  g_autofree char *limit = qs_text_duration ((gint64) self->options->max_time_ms * 1000000);
  g_autofree char *text = g_strdup_printf (_ ("Not over after %s, the longest that it may take: given up"), limit);
  give_up (self, "max-time", self->options->max_time_ms, "endless", text);
  return G_SOURCE_REMOVE;
}

static void
wait_no_longer (QsProbe *self, gint64 waited_ms)
{
  g_autofree char *limit = qs_text_duration (waited_ms * 1000000);
  g_autofree char *idle = self->request != NULL ? qs_request_dup_idle_words (self->request) : NULL;
  g_autofree char *text = idle != NULL ? g_strdup_printf (_ ("No progress for %s (%s): given up"), limit, idle)
                                       : g_strdup_printf (_ ("No progress for %s: given up"), limit);

  give_up (self, "timeout", waited_ms, "unanswered", text);
}

static gboolean
patience_cb (gpointer data)
{
  QsProbe *self = data;
  gint64 left = self->last_progress + (gint64) self->options->timeout_ms * 1000 - qs_clock_now_us (self->clock);

  qs_probe_clear_source (&self->patience);
  if (self->ending)
    return G_SOURCE_REMOVE;
  /* What is kept open on purpose rests for as long as it likes. */
  if (self->options->keep_open && self->stage >= QS_STAGE_CLOSE)
    return G_SOURCE_REMOVE;
  if (left > 0)
    {
      self->patience = qs_probe_add_timeout (self, (guint) (left / 1000 + 1), patience_cb);
      return G_SOURCE_REMOVE;
    }
  wait_no_longer (self, self->options->timeout_ms);
  return G_SOURCE_REMOVE;
}

void
qs_probe_patience_start (QsProbe *self)
{
  self->patience = qs_probe_add_timeout (self, self->options->timeout_ms, patience_cb);
  if (self->options->max_time_ms > 0)
    self->ceiling = qs_probe_add_timeout (self, self->options->max_time_ms, ceiling_cb);
}

void
qs_probe_give_up (QsProbe *self)
{
  g_return_if_fail (QS_IS_PROBE (self) && self->started);

  if (!self->ending)
    wait_no_longer (self, (qs_clock_now_us (self->clock) - self->last_progress) / 1000);
}
