/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/quicprobe-live.h"

#include "base/qs-clock.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "cli/qs-cli.h"
#include "trace/qs-trace-http3.h"
#include "wire/qs-names.h"

/* How often a run that is waiting is looked at: a silent port has to be named 3.5 s after the start. */
#define LOOK_EVERY_MS 200
/* A look goes over all that there is: of a long trace, on a busy machine, it takes longer than the time until the next one. So many
 * times what one took is left to what it looks at. */
#define LOOK_SHARE 8

struct _QuicprobeLive {
  QsProbe *probe;
  QsStudy *study;
  FILE *trace_out; /* NULL: no --trace */
  gboolean quiet;
  guint look_source; /* 0: none, or the run has ended: what is to be said then stands in the report */
  GHashTable *named; /* findings' ids, static strings */
  guint next_packet, next_message, next_mark;
};

static void
print_event (QuicprobeLive *live, const char *text)
{
  g_autofree char *time = qs_text_duration (qs_trace_now (qs_probe_get_trace (live->probe)));

  fprintf (stderr, "%*s%s  %s\n", (int) (10 - MIN (qs_cli_text_width (time), 10)), "", time, text);
}

static void
event_cb (QsProbe *probe, const char *text, QuicprobeLive *live)
{
  print_event (live, text);
}

/* Only what is wrong is worth a line before the report. */
static void
look (QuicprobeLive *live)
{
  QsTrace *trace = qs_probe_get_trace (live->probe);

  qs_study_look (live->study, qs_trace_now (trace));
  GPtrArray *findings = qs_study_get_findings (live->study);
  for (guint i = 0; i < findings->len; i++)
    {
      const QsFinding *finding = findings->pdata[i];
      if (finding->severity == QS_SEVERITY_INFO || !g_hash_table_add (live->named, (gpointer) finding->id))
        continue;
      g_autofree char *line = g_strdup_printf ("%s [%s] %s", finding->title, finding->id, finding->detail);
      print_event (live, line);
    }
}

static gboolean
look_cb (gpointer data)
{
  QuicprobeLive *live = data;
  gint64 began = qs_clock_now_us (qs_clock_get_steady ());

  look (live);
  gint64 took = qs_clock_now_us (qs_clock_get_steady ()) - began;
  live->look_source = g_timeout_add ((guint) MAX (LOOK_EVERY_MS, took * LOOK_SHARE / 1000), look_cb, live);
  return G_SOURCE_REMOVE;
}

static void
ended_cb (QsProbe *probe, QuicprobeLive *live)
{
  g_clear_handle_id (&live->look_source, g_source_remove);
}

static void
print_frames (QuicprobeLive *live, QsTrace *trace, guint index)
{
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GArray) frames = qs_trace_dup_frames (trace, index, &payload);

  for (guint i = 0; i < frames->len; i++)
    {
      g_autofree char *text = qs_frame_describe (&g_array_index (frames, QsFrame, i));
      fprintf (live->trace_out, "%18s%s\n", "", text);
    }
}

/* What HTTP/3 made of the bytes that had come with this packet. */
static void
print_http3 (QuicprobeLive *live, QsTrace *trace, guint index)
{
  guint first, n = qs_trace_find_http3_of_packet (trace, index, &first);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = qs_http3_piece_describe (qs_trace_get_http3 (trace, first + i));
      fprintf (live->trace_out, "%20sHTTP/3: %s\n", "", text);
    }
}

/* HTTP/3's frames that a log tells of and no packet of it carried, up to this time. */
static void
print_http3_notes (QuicprobeLive *live, QsTrace *trace, gint64 until)
{
  for (; live->next_mark < qs_trace_get_n_marks (trace); live->next_mark++)
    {
      gint64 time;
      const QsMark *mark = qs_trace_get_mark (trace, live->next_mark, &time);

      if (mark->kind != QS_MARK_NOTE || g_strcmp0 (mark->name, "http3") != 0)
        continue;
      if (time > until)
        return;
      fprintf (live->trace_out, "%12.6f  ·  HTTP/3: %s\n", (double) time / 1e9, mark->text);
    }
}

static const char *
packet_state (const QsPacket *packet)
{
  if (packet->flags & QS_PACKET_DROPPED)
    return _ (" (dropped on its way)");
  if (packet->flags & QS_PACKET_CORRUPT)
    return _ (" (cannot be authenticated)");
  if (packet->flags & QS_PACKET_PAYLOAD_DROPPED)
    return _ (" (payload not kept)");
  if ((packet->flags & QS_PACKET_DECRYPTED) == 0 && packet->type <= QS_PACKET_1RTT)
    return _ (" (no keys)");
  return "";
}

static void
print_packet (QuicprobeLive *live, QsTrace *trace, guint index)
{
  const QsPacket *packet = qs_trace_get_packet (trace, index);
  g_autofree char *number =
      packet->number == G_MAXUINT64 ? g_strdup ("") : g_strdup_printf (" %" G_GUINT64_FORMAT, packet->number);
  g_autofree char *size = qs_text_size (packet->length);

  fprintf (live->trace_out, "%12.6f  %s  %s%s, %s%s\n", (double) packet->time / 1e9,
           packet->direction == QS_DIRECTION_SENT ? "→" : "←", qs_packet_type_name (packet->type), number, size,
           packet_state (packet));
  if (packet->flags & QS_PACKET_DECRYPTED)
    print_frames (live, trace, index);
  print_http3 (live, trace, index);
}

static void
print_message (QuicprobeLive *live, const QsTraceMessage *message)
{
  g_autofree char *size = qs_text_size (g_bytes_get_size (message->bytes));

  fprintf (live->trace_out, "%18s%s %s, %s\n", "", message->direction == QS_DIRECTION_SENT ? "⇒" : "⇐",
           message->message != NULL ? qs_tls_message_name (message->message) : _ ("a TLS message"), size);
}

/* A message stands behind the packet that completed it. */
static void
print_trace (QuicprobeLive *live, QsTrace *trace)
{
  for (guint n = qs_trace_get_n_packets (trace); live->next_packet < n; live->next_packet++)
    {
      print_http3_notes (live, trace, qs_trace_get_packet (trace, live->next_packet)->time);
      print_packet (live, trace, live->next_packet);
      for (; live->next_message < qs_trace_get_n_messages (trace); live->next_message++)
        {
          const QsTraceMessage *message = qs_trace_get_message (trace, live->next_message);
          if (message->packet > live->next_packet)
            break;
          print_message (live, message);
        }
    }
  fflush (live->trace_out);
}

static void
derived_cb (QsTrace *trace, QuicprobeLive *live)
{
  print_trace (live, trace);
}

QuicprobeLive *
quicprobe_live_new (QsProbe *probe, QsStudy *study, const QuicprobeOptions *options, FILE *trace_out)
{
  QuicprobeLive *live = g_new0 (QuicprobeLive, 1);

  live->probe = g_object_ref (probe);
  live->study = g_object_ref (study);
  live->quiet = options->quiet;
  live->trace_out = options->trace ? trace_out : NULL;
  live->named = g_hash_table_new (g_str_hash, g_str_equal);
  if (!live->quiet)
    {
      g_signal_connect (probe, "event", G_CALLBACK (event_cb), live);
      g_signal_connect (probe, "ended", G_CALLBACK (ended_cb), live);
      live->look_source = g_timeout_add (LOOK_EVERY_MS, look_cb, live);
    }
  if (live->trace_out != NULL)
    g_signal_connect (qs_probe_get_trace (probe), "derived", G_CALLBACK (derived_cb), live);
  return live;
}

void
quicprobe_print_trace (FILE *out, QsTrace *trace)
{
  QuicprobeLive whole = { .trace_out = out };

  print_trace (&whole, trace);
  print_http3_notes (&whole, trace, G_MAXINT64);
}

void
quicprobe_live_finish (QuicprobeLive *live)
{
  g_clear_handle_id (&live->look_source, g_source_remove);
  if (live->trace_out != NULL)
    print_trace (live, qs_probe_get_trace (live->probe));
}

void
quicprobe_live_free (QuicprobeLive *live)
{
  g_clear_handle_id (&live->look_source, g_source_remove);
  g_signal_handlers_disconnect_by_data (live->probe, live);
  g_signal_handlers_disconnect_by_data (qs_probe_get_trace (live->probe), live);
  g_object_unref (live->study);
  g_object_unref (live->probe);
  g_hash_table_unref (live->named);
  g_free (live);
}
