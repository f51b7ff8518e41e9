/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a tooltip, the page and a screen reader say of a moment. */
#include <inttypes.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "charts/qs-timeline-private.h"

char *
qs_timeline_text_rate (guint64 bytes)
{
  g_autofree char *size = qs_text_size (bytes);

  /* Translators: a throughput, as "12 KiB/s". */
  return g_strdup_printf (_ ("%s/s"), size);
}

static char *
say_bytes (const QsTimelineHit *hit, const char *time)
{
  g_autofree char *client = qs_text_size (hit->values[0]);
  g_autofree char *server = qs_text_size (hit->values[1]);

  return g_strdup_printf (_ ("%s: the client sent %s, the server %s"), time, client, server);
}

static char *
say_rate (const QsTimelineHit *hit, const char *time)
{
  g_autofree char *client = qs_timeline_text_rate (hit->values[0]);
  g_autofree char *server = qs_timeline_text_rate (hit->values[1]);

  return g_strdup_printf (_ ("%s: throughput of the client %s, of the server %s"), time, client, server);
}

static void
add_stream (GString *text, const QsTimelineHit *hit, guint side)
{
  g_autofree char *room = qs_text_size ((guint64) hit->stream_room[side]);

  g_string_append (text, ", ");
  if (hit->stream_room[side] == 0)
    g_string_append_printf (text, _ ("and nothing more on stream %" PRIu64), hit->streams[side]);
  else
    g_string_append_printf (text, _ ("and %s more on stream %" PRIu64), room, hit->streams[side]);
}

static char *
say_credit (const QsTimelineHit *hit, const char *time)
{
  g_autoptr (GString) text = g_string_new (time);

  for (guint side = 0; side < 2; side++)
    {
      if (hit->allowed[side] < 0)
        continue;
      g_autofree char *sent = qs_text_size (hit->values[side]);
      g_autofree char *allowed = qs_text_size ((guint64) hit->allowed[side]);

      g_string_append (text, g_str_has_suffix (text->str, time) ? ": " : "; ");
      g_string_append_printf (text,
                              side == 0 ? _ ("the client sent %s of %s that flow control allows")
                                        : _ ("the server sent %s of %s that flow control allows"),
                              sent, allowed);
      if (hit->stream_room[side] >= 0)
        add_stream (text, hit, side);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
say_flight (const QsTimelineHit *hit, const char *time)
{
  g_autofree char *client = qs_text_size (hit->values[0]);
  g_autofree char *server = qs_text_size (hit->values[1]);
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_printf (text, _ ("%s: in flight from the client %s, from the server %s"), time, client, server);
  if (hit->window >= 0)
    {
      g_autofree char *window = qs_text_size ((guint64) hit->window);
      g_string_append (text, "; ");
      g_string_append_printf (text, _ ("congestion window %s"), window);
    }
  if (hit->threshold >= 0)
    {
      g_autofree char *threshold = qs_text_size ((guint64) hit->threshold);
      g_string_append (text, "; ");
      g_string_append_printf (text, _ ("slow-start threshold %s"), threshold);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
say_held (const QsTimelineHit *hit, const char *time)
{
  static const char *const words[2][QS_N_TIMELINE_LIMITS] = {
    { NULL, N_ ("the client is held back by its congestion window"), N_ ("the client is held back by flow control"),
      N_ ("the client recovers from a loss"), N_ ("the client has nothing to send") },
    { NULL, N_ ("the server is held back by its congestion window"), N_ ("the server is held back by flow control"),
      N_ ("the server recovers from a loss"), N_ ("the server has nothing to send") },
  };
  g_autoptr (GString) text = g_string_new (time);

  for (guint side = 0; side < 2; side++)
    if (hit->limits[side] != QS_TIMELINE_FREE)
      g_string_append_printf (text, "%s %s", g_str_has_suffix (text->str, time) ? ":" : ";",
                              _ (words[side][hit->limits[side]]));
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
say_rtt (const QsTimelineHit *hit, const char *time)
{
  g_autofree char *sample = qs_text_duration ((gint64) hit->values[0]);
  g_autofree char *smoothed = qs_text_duration ((gint64) hit->values[1]);
  g_autofree char *least = qs_text_duration ((gint64) hit->values[2]);

  return g_strdup_printf (_ ("%s: round trip %s, smoothed %s, at least %s"), time, sample, smoothed, least);
}

char *
qs_timeline_describe (QsTimeline *self, const QsTimelineHit *hit)
{
  static char *(*const say[QS_N_TIMELINE_PANELS]) (const QsTimelineHit *hit, const char *time) = {
    [QS_TIMELINE_BYTES] = say_bytes,   [QS_TIMELINE_RATE] = say_rate, [QS_TIMELINE_CREDIT] = say_credit,
    [QS_TIMELINE_FLIGHT] = say_flight, [QS_TIMELINE_HELD] = say_held, [QS_TIMELINE_RTT] = say_rtt,
  };

  g_return_val_if_fail (self != NULL && hit != NULL && hit->panel < QS_N_TIMELINE_PANELS, NULL);

  g_autofree char *time = qs_text_duration (hit->time);
  return hit->has_value ? say[hit->panel](hit, time) : g_strdup_printf (_ ("%s: nothing yet"), time);
}
