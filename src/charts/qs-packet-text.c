/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "charts/qs-packet-text.h"

#include <inttypes.h>

#include "base/qs-i18n.h"
#include "charts/qs-sequence.h"
#include "trace/qs-trace-budget.h"
#include "trace/qs-trace-http3.h"

#define MAX_PIECES 4 /* of HTTP/3, in a line */

static const struct {
  QsPacketFlags flag;
  const char *words;
} flag_words[] = {
  { QS_PACKET_DROPPED, N_ ("dropped on its way") }, { QS_PACKET_LOST, N_ ("lost") },
  { QS_PACKET_RETRANSMISSION, N_ ("sent again") },  { QS_PACKET_DUPLICATE, N_ ("received twice") },
  { QS_PACKET_KEY_UPDATE, N_ ("new keys") },        { QS_PACKET_COALESCED, N_ ("same datagram") },
};

/* RFC 9846 section 5.1: bit N of a record's frames is its content type. */
static const struct {
  guint bit;
  const char *name;
} content_types[] = {
  { 20, "change_cipher_spec" },
  { 21, "alert" },
  { 22, "handshake" },
  { 23, "application_data" },
};

static char *
milliseconds (const char *format, gint64 ns)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (g_ascii_formatd (number, sizeof number, format, (double) ns / 1e6));
}

char *
qs_packet_text_time (QsTrace *trace, guint packet)
{
  return milliseconds ("%.3f", qs_trace_get_packet (trace, packet)->time);
}

char *
qs_packet_text_delta (QsTrace *trace, guint packet, guint before)
{
  return milliseconds ("%+.3f", qs_trace_get_packet (trace, packet)->time - qs_trace_get_packet (trace, before)->time);
}

char *
qs_packet_text_direction (QsTrace *trace, guint packet)
{
  gboolean sent = qs_trace_get_packet (trace, packet)->direction == QS_DIRECTION_SENT;

  if (qs_trace_get_vantage (trace) == QS_VANTAGE_NETWORK)
    return g_strdup (sent ? _ ("→ by client") : _ ("← by server"));
  return g_strdup (sent ? _ ("→ sent") : _ ("← received"));
}

char *
qs_packet_text_number (QsTrace *trace, guint packet)
{
  guint64 number = qs_trace_get_packet (trace, packet)->number;

  return number == G_MAXUINT64 ? g_strdup ("") : g_strdup_printf ("%" PRIu64, number);
}

char *
qs_packet_text_size (QsTrace *trace, guint packet)
{
  return g_strdup_printf ("%'" PRIu32, qs_trace_get_packet (trace, packet)->length);
}

const char *
qs_packet_text_content_type (const QsPacket *packet)
{
  for (guint i = 0; i < G_N_ELEMENTS (content_types); i++)
    if ((packet->frames & G_GUINT64_CONSTANT (1) << content_types[i].bit) != 0)
      return content_types[i].name;
  return "";
}

char *
qs_packet_text_frames (QsTrace *trace, guint index)
{
  const QsPacket *packet = qs_trace_get_packet (trace, index);
  GString *text = g_string_new (NULL);

  if (packet->type == QS_PACKET_TLS_RECORD)
    return g_string_free (g_string_append (text, qs_packet_text_content_type (packet)), FALSE);
  /* PADDING, which is 0, last: it is never what a packet is about. */
  for (guint i = 1; i <= 64; i++)
    {
      guint type = i % 64;
      if ((packet->frames & G_GUINT64_CONSTANT (1) << type) == 0)
        continue;
      if (text->len > 0)
        g_string_append_c (text, ' ');
      g_string_append (text, qs_frame_type_name (type));
    }
  return g_string_free (text, FALSE);
}

static void
append_http3 (QsTrace *trace, guint index, GString *text)
{
  guint first, n = qs_trace_find_http3_of_packet (trace, index, &first);

  for (guint i = 0; i < MIN (n, MAX_PIECES); i++)
    {
      g_autofree char *piece = qs_http3_piece_describe (qs_trace_get_http3 (trace, first + i));
      g_string_append (text, i == 0 ? " · HTTP/3: " : ", ");
      g_string_append (text, piece);
    }
  if (n > MAX_PIECES)
    g_string_append (text, ", …");
}

char *
qs_packet_text_summary (QsTrace *trace, guint index)
{
  const QsPacket *packet = qs_trace_get_packet (trace, index);
  gsize n_strong;
  g_autofree char *title = qs_sequence_packet_title (trace, index, &n_strong);
  GString *text = g_string_new (title);

  append_http3 (trace, index, text);
  for (guint i = 0; i < G_N_ELEMENTS (flag_words); i++)
    if ((packet->flags & flag_words[i].flag) != 0)
      g_string_append_printf (text, " · %s", _ (flag_words[i].words));
  return g_string_free (text, FALSE);
}

char *
qs_packet_text_counts (QsTrace *trace)
{
  guint carriers = qs_trace_get_n_datagrams (trace), packets = qs_trace_get_n_packets (trace);
  gboolean tcp = packets > 0 && qs_trace_get_packet (trace, 0)->type == QS_PACKET_TLS_RECORD;
  g_autofree char *first = tcp ? g_strdup_printf (ngettext ("%'u segment", "%'u segments", carriers), carriers)
                               : g_strdup_printf (ngettext ("%'u datagram", "%'u datagrams", carriers), carriers);
  g_autofree char *second = tcp ? g_strdup_printf (ngettext ("%'u record", "%'u records", packets), packets)
                                : g_strdup_printf (ngettext ("%'u packet", "%'u packets", packets), packets);

  QsNotKept not_kept;
  qs_trace_get_not_kept (trace, &not_kept);
  if (not_kept.datagrams == 0)
    return g_strdup_printf ("%s · %s", first, second);
  /* Translators: of the datagrams or segments of a run, those that came when its memory was full. */
  g_autofree char *third = g_strdup_printf (_ ("%'" PRIu64 " counted, not kept"), not_kept.datagrams);
  return g_strdup_printf ("%s · %s · %s", first, second, third);
}
