/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/qs-experiment-pace.h"

#define NS_PER_MS ((gint64) 1000000)

/* A handshake that has got no further for so long: the second repetition of the first flight is out. */
#define STALL_MS 2000
#define NEAR_MS 100
#define MOST_FIRST_PACKETS 64
/* A path as slow as that is no stall: a handshake has three round trips at most where nothing is lost. */
#define SLOW_ROUND_TRIP_MS 700
#define ROUND_TRIPS 3

/* -1 before anything came. From the very first datagram: what was sent again before the answer came may not be what it
 * answers (RFC 9002 section 5). Over TCP its handshake is not in the trace. */
static gint64
round_trip_ms (const QsEvidence *evidence)
{
  return evidence->first_received >= 0 ? (evidence->first_received - evidence->first_sent) / NS_PER_MS : -1;
}

gboolean
qs_experiment_pace_is_near (const QsEvidence *evidence)
{
  gint64 ms = round_trip_ms (evidence);

  return ms >= 0 && ms < NEAR_MS;
}

guint
qs_experiment_pace_slow_path_ms (const QsEvidence *evidence)
{
  gint64 ms = round_trip_ms (evidence);

  return ms > SLOW_ROUND_TRIP_MS ? (guint) MIN (ROUND_TRIPS * ms, QS_USUAL_TIMEOUT_MS) : 0;
}

guint
qs_experiment_pace_stall_ms (const QsEvidence *evidence, guint timeout_ms)
{
  /* A short time-out is shared with the experiments. */
  return MIN (qs_experiment_pace_is_near (evidence) ? QS_STALL_NEAR_MS : STALL_MS, timeout_ms * 2 / 5);
}

/* The newest thing that the server said in the handshake; its first packets, as a Retry, may hold no message. */
gint64
qs_experiment_pace_last_progress (QsTrace *trace)
{
  gint64 last = 0, time = 0;

  for (guint i = 0; i < MIN (qs_trace_get_n_packets (trace), MOST_FIRST_PACKETS); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      if (packet->type == QS_PACKET_RETRY && packet->direction == QS_DIRECTION_RECEIVED)
        last = packet->time;
    }
  for (guint i = qs_trace_get_n_messages (trace); i > 0; i--)
    {
      const QsTraceMessage *message = qs_trace_get_message (trace, i - 1);
      if (message->direction != QS_DIRECTION_RECEIVED)
        continue;
      last = message->time;
      break;
    }
  if (qs_trace_find_mark (trace, QS_MARK_TCP_CONNECTED, NULL, &time) != NULL)
    last = MAX (last, time);
  if (qs_trace_find_mark (trace, QS_MARK_STATE, "CONNECTING", &time) != NULL)
    last = MAX (last, time);
  return last;
}
