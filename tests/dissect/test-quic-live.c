/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OpenSSL's client and server talk; what the dissector makes of it must be what OpenSSL itself says. */
#include <string.h>

#include "dissect/qs-dissector.h"
#include "quic-pair.h"
#include "trace/qs-metrics.h"

static QsDissector *
dissect (QuicPair *pair)
{
  QsDissector *dissector = qs_dissector_new (pair->trace);

  g_assert_true (qs_dissector_advance (dissector, 0));
  qs_dissector_finish (dissector);
  return dissector;
}

static void
dump (QsTrace *trace)
{
  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    {
      const QsPacket *p = qs_trace_get_packet (trace, i);
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (GArray) frames = qs_trace_dup_frames (trace, i, &payload);
      g_autoptr (GString) text = g_string_new (NULL);
      for (guint k = 0; k < frames->len; k++)
        {
          g_autofree char *frame = qs_frame_describe (&g_array_index (frames, QsFrame, k));
          g_string_append_printf (text, " %s;", frame);
        }
      g_test_message ("%u %s %s #%" G_GINT64_FORMAT " %u bytes, flags %x:%s", i, p->direction ? "<" : ">",
                      qs_packet_type_name (p->type), (gint64) p->number, p->length, p->flags, text->str);
    }
}

/* Every frame as OpenSSL's message callback gives it: headers alone of STREAM and CRYPTO. */
static GPtrArray *
list_frames (QsTrace *trace)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      char direction = packet->direction == QS_DIRECTION_SENT ? '>' : '<';
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (GArray) frames = qs_trace_dup_frames (trace, i, &payload);
      for (guint k = 0; k < frames->len; k++)
        {
          const QsFrame *frame = &g_array_index (frames, QsFrame, k);
          const guint8 *bytes = g_bytes_get_data (payload, NULL);
          QsFrameType type = qs_frame_base_type (frame->type);
          gsize length = frame->length;
          if (type == QS_FRAME_PADDING)
            {
              g_ptr_array_add (list, g_strdup_printf ("%c padding %u", direction, frame->length));
              continue;
            }
          if (type == QS_FRAME_CRYPTO || type == QS_FRAME_STREAM)
            length -= frame->data.length;
          g_autofree char *hex = qs_span_to_hex (QS_SPAN (bytes + frame->offset, length));
          g_ptr_array_add (list, g_strdup_printf ("%c %s", direction, hex));
        }
    }
  return list;
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
assert_same (GPtrArray *ours, GPtrArray *theirs)
{
  g_ptr_array_sort (ours, compare_strings);
  g_ptr_array_sort (theirs, compare_strings);
  for (guint i = 0; i < MIN (ours->len, theirs->len); i++)
    g_assert_cmpstr (g_ptr_array_index (ours, i), ==, g_ptr_array_index (theirs, i));
  g_assert_cmpuint (ours->len, ==, theirs->len);
}

static void
assert_all_decrypted (QsTrace *trace)
{
  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      if (packet->type == QS_PACKET_RETRY || packet->type == QS_PACKET_VERSION_NEGOTIATION)
        continue;
      g_assert_cmpuint (packet->type, <=, QS_PACKET_1RTT);
      g_assert_true (packet->flags & QS_PACKET_DECRYPTED);
      g_assert_false (packet->flags & QS_PACKET_CORRUPT);
      g_assert_cmpuint (packet->number, !=, G_MAXUINT64);
    }
}

static char *
message_names (QsTrace *trace)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < qs_trace_get_n_messages (trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (trace, i);
      g_string_append_printf (names, "%s%s%s", i > 0 ? " " : "", message->direction ? "<" : ">",
                              qs_tls_message_name (message->message));
    }
  return g_string_free (g_steal_pointer (&names), FALSE);
}

static void
test_exchange (gconstpointer data)
{
  const QuicPairOptions *options = data;
  g_autoptr (QuicPair) pair = quic_pair_new (options);

  quic_pair_connect (pair);
  quic_pair_exchange (pair, "GET /\r\n", 20000);
  quic_pair_close (pair);

  g_autoptr (QsDissector) dissector = dissect (pair);
  dump (pair->trace);
  assert_all_decrypted (pair->trace);
  g_autofree char *names = message_names (pair->trace);
  g_test_message ("%s", names);
  g_assert_true (g_str_has_prefix (names, ">ClientHello <ServerHello <EncryptedExtensions <Certificate "
                                          "<CertificateVerify <Finished >Finished"));
  g_autoptr (GPtrArray) ours = list_frames (pair->trace);
  assert_same (ours, pair->frames);

  gboolean whole;
  g_autoptr (GBytes) sent = qs_dissector_dup_stream (dissector, 0, QS_DIRECTION_SENT, 1 << 20, &whole);
  g_assert_true (whole);
  g_assert_cmpmem (g_bytes_get_data (sent, NULL), g_bytes_get_size (sent), "GET /\r\n", 7);
  g_autoptr (GBytes) got = qs_dissector_dup_stream (dissector, 0, QS_DIRECTION_RECEIVED, 1 << 20, &whole);
  g_assert_true (whole);
  g_assert_cmpuint (g_bytes_get_size (got), ==, 20000);
  for (guint i = 0; i < 20000; i++)
    g_assert_cmpuint (((const guint8 *) g_bytes_get_data (got, NULL))[i], ==, (guint8) (i * 7));
}

static const QuicPairOptions plain = { .no_retry = TRUE };

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/quic-live/plain", &plain, test_exchange);
  return g_test_run ();
}
