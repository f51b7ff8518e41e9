/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "crypto/qs-keys.h"
#include "dissect/qs-dissector.h"
#include "fuzz.h"
#include "trace/qs-metrics.h"

/* The input is a list of steps: one byte of what (low four bits) and how, two bytes of length, and as
 * many bytes. Raw bytes would hardly ever get past the AEAD, so some steps seal theirs as frames
 * under keys that the trace knows. */
enum {
  STEP_DATAGRAM,
  STEP_SEGMENT,
  STEP_SECRET,
  STEP_INITIAL,   /* seals frames */
  STEP_HANDSHAKE, /* seals frames */
  STEP_SHORT,     /* seals frames */
  STEP_CUT,       /* from here on payloads are dropped */
  STEP_RECORD,    /* seals a TLS record's inner plaintext */
  STEP_UPDATE,    /* the side's 1-RTT keys move on */
  N_STEPS,
};
#define STEP_ADVANCE 0x10  /* let the dissector read what there is */
#define STEP_JUMP 0x20     /* skip some packet numbers */
#define STEP_RECEIVED 0x80 /* else sent */

#define DCID "\x83\x94\xc8\xf0\x3e\x51\x57\x08"
#define RANDOM "ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c"

typedef struct {
  QsTrace *trace;
  QsSecret initial[2], traffic[2];
  guint8 phase[2];
  guint64 number[2];
  gint64 time;
} Fuzz;

static void
add_datagram (Fuzz *fuzz, QsDirection direction, const void *bytes, gsize length)
{
  fuzz->time += 1000000;
  qs_trace_add_datagram (fuzz->trace, fuzz->time, direction, 0, 0, QS_FATE_PASSED, bytes, length);
}

static void
add_sealed (Fuzz *fuzz, QsDirection direction, const QsSecret *secret, const guint8 *header, gsize header_length,
            QsSpan frames)
{
  g_autoptr (QsKeys) keys = qs_keys_new (QS_QUIC_VERSION_1, 0x1301, secret);
  g_autoptr (QsHeaderKey) header_key = qs_header_key_new (QS_QUIC_VERSION_1, 0x1301, secret);

  if (frames.length < 2)
    return;
  g_autoptr (GBytes) packet =
      qs_packet_protect (keys, header_key, QS_SPAN (header, header_length), 2, fuzz->number[direction], frames);
  if (packet != NULL)
    add_datagram (fuzz, direction, g_bytes_get_data (packet, NULL), g_bytes_get_size (packet));
}

static void
add_long (Fuzz *fuzz, QsDirection direction, gboolean handshake, QsSpan frames)
{
  guint64 number = fuzz->number[direction];
  gsize length = 2 + frames.length + 16;
  guint8 header[64] = { handshake ? 0xe1 : 0xc1, 0, 0, 0, 1 };
  gsize n = 5;

  /* The client's id is empty, the server's is the one that the client chose: enough for a fuzzer. */
  header[n++] = direction == QS_DIRECTION_SENT ? 8 : 0;
  memcpy (header + n, DCID, 8);
  n += direction == QS_DIRECTION_SENT ? 8 : 0;
  header[n++] = direction == QS_DIRECTION_SENT ? 0 : 8;
  if (direction == QS_DIRECTION_RECEIVED)
    memcpy (header + n, DCID, 8);
  n += direction == QS_DIRECTION_SENT ? 0 : 8;
  if (!handshake)
    header[n++] = 0;
  header[n++] = (guint8) (0x40 | length >> 8);
  header[n++] = (guint8) length;
  header[n++] = (guint8) (number >> 8);
  header[n++] = (guint8) number;
  add_sealed (fuzz, direction, handshake ? &fuzz->traffic[direction] : &fuzz->initial[direction], header, n, frames);
}

static void
add_short (Fuzz *fuzz, QsDirection direction, QsSpan frames)
{
  guint64 number = fuzz->number[direction];
  guint8 header[16] = { (guint8) (0x41 | fuzz->phase[direction] << 2) };
  gsize n = 1;

  if (direction == QS_DIRECTION_SENT)
    {
      memcpy (header + n, DCID, 8);
      n += 8;
    }
  header[n++] = (guint8) (number >> 8);
  header[n++] = (guint8) number;
  add_sealed (fuzz, direction, &fuzz->traffic[direction], header, n, frames);
}

static void
add_record (Fuzz *fuzz, QsDirection direction, QsSpan inner)
{
  g_autoptr (QsKeys) keys = qs_keys_new (0, 0x1301, &fuzz->traffic[direction]);
  g_autofree guint8 *record = g_malloc (5 + inner.length + 16);
  gsize length = inner.length + 16;

  record[0] = 23;
  record[1] = record[2] = 3;
  record[3] = (guint8) (length >> 8);
  record[4] = (guint8) length;
  if (qs_keys_seal (keys, fuzz->number[direction], QS_SPAN (record, 5), inner, record + 5, &length))
    qs_trace_add_segment (fuzz->trace, fuzz->time, direction, 0, record, 5 + length);
}

static void
update_keys (Fuzz *fuzz, QsDirection direction)
{
  QsSecret next;

  if (qs_secret_next (QS_QUIC_VERSION_1, 0x1301, &fuzz->traffic[direction], &next))
    fuzz->traffic[direction] = next;
  fuzz->phase[direction] ^= 1;
}

static void
do_step (Fuzz *fuzz, QsDissector *dissector, guint8 how, QsSpan bytes)
{
  QsDirection direction = how & STEP_RECEIVED ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT;

  if (how & STEP_JUMP)
    fuzz->number[direction] += 100;
  switch ((how & 0x0f) % N_STEPS)
    {
    case STEP_DATAGRAM:
      add_datagram (fuzz, direction, bytes.data, bytes.length);
      break;
    case STEP_SEGMENT:
      qs_trace_add_segment (fuzz->trace, fuzz->time, direction, 0, bytes.data, bytes.length);
      break;
      case STEP_SECRET: {
        g_autofree char *line = g_strndup ((const char *) bytes.data, bytes.length);
        qs_trace_add_secret (fuzz->trace, fuzz->time, line);
        break;
      }
    case STEP_INITIAL:
    case STEP_HANDSHAKE:
      add_long (fuzz, direction, (how & 0x0f) % N_STEPS == STEP_HANDSHAKE, bytes);
      fuzz->number[direction]++;
      break;
    case STEP_SHORT:
      add_short (fuzz, direction, bytes);
      fuzz->number[direction]++;
      break;
    case STEP_CUT:
      qs_trace_set_payload_limit (fuzz->trace, 0);
      break;
    case STEP_RECORD:
      add_record (fuzz, direction, bytes);
      fuzz->number[direction]++;
      break;
    default:
      update_keys (fuzz, direction);
      break;
    }
  if (how & STEP_ADVANCE)
    qs_dissector_advance (dissector, 0);
}

static void
make_secrets (Fuzz *fuzz)
{
  qs_initial_secrets (QS_QUIC_VERSION_1, QS_SPAN (DCID, 8), &fuzz->initial[0], &fuzz->initial[1]);
  for (guint side = 0; side < 2; side++)
    {
      fuzz->traffic[side].length = 32;
      memset (fuzz->traffic[side].bytes, 0x11 * ((int) side + 1), 32);
    }
}

static void
log_secrets (Fuzz *fuzz)
{
  static const char *const labels[2][2] = { { "CLIENT_TRAFFIC_SECRET_0", "CLIENT_HANDSHAKE_TRAFFIC_SECRET" },
                                            { "SERVER_TRAFFIC_SECRET_0", "SERVER_HANDSHAKE_TRAFFIC_SECRET" } };

  for (guint side = 0; side < 2; side++)
    {
      guint8 secret[32];
      memset (secret, 0x11 * ((int) side + 1), sizeof secret);
      g_autofree char *hex = qs_span_to_hex (QS_SPAN (secret, sizeof secret));
      for (guint i = 0; i < 2; i++)
        {
          g_autofree char *line = g_strdup_printf ("%s " RANDOM " %s", labels[side][i], hex);
          qs_trace_add_secret (fuzz->trace, 0, line);
        }
    }
}

/* Whatever was derived can be looked at. */
static void
look (Fuzz *fuzz, QsDissector *dissector)
{
  for (guint i = 0; i < qs_trace_get_n_packets (fuzz->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (fuzz->trace, i);
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (GArray) frames = qs_trace_dup_frames (fuzz->trace, i, &payload);
      g_autoptr (GBytes) again = qs_trace_dup_payload (fuzz->trace, i);
      g_assert_true ((again != NULL) == ((packet->flags & QS_PACKET_DECRYPTED) != 0));
      if (again != NULL)
        g_assert_cmpuint (g_bytes_get_size (again), ==, packet->payload_length);
      g_assert_cmpuint (MIN (frames->len, 255), ==, packet->n_frames);
    }
  for (guint i = 0; i < qs_trace_get_n_messages (fuzz->trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (fuzz->trace, i);
      g_assert_nonnull (qs_tls_message_name (message->message));
      g_assert_cmpuint (message->packet, <, qs_trace_get_n_packets (fuzz->trace));
      g_assert_cmpuint (message->first_packet, <=, message->packet);
    }

  g_autoptr (GPtrArray) streams = qs_metrics_list_streams (qs_trace_get_metrics (fuzz->trace));
  for (guint i = 0; i < MIN (streams->len, 8); i++)
    for (guint direction = 0; direction < 2; direction++)
      {
        const QsStreamFigures *stream = g_ptr_array_index (streams, i);
        g_autoptr (GBytes) bytes = qs_dissector_dup_stream (dissector, stream->id, direction, 4096, NULL);
        g_assert_cmpuint (g_bytes_get_size (bytes), <=, 4096);
        g_autoptr (GBytes) parameters = qs_dissector_dup_transport_parameters (dissector, direction);
      }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  Fuzz fuzz = { 0 };

  if (size == 0)
    return 0;
  fuzz.trace = qs_trace_new (data[0] % 3, NULL);
  g_autoptr (QsDissector) dissector = qs_dissector_new (fuzz.trace);
  make_secrets (&fuzz);
  if (data[0] & 0x80)
    log_secrets (&fuzz);

  for (gsize at = 1; at + 3 <= size;)
    {
      gsize length = (gsize) data[at + 1] << 8 | data[at + 2];
      length = MIN (MIN (length, size - at - 3), 8192);
      do_step (&fuzz, dissector, data[at], QS_SPAN (data + at + 3, length));
      at += 3 + length;
    }
  if (!(data[0] & 0x80))
    log_secrets (&fuzz);
  qs_dissector_finish (dissector);
  look (&fuzz, dissector);
  g_object_unref (fuzz.trace);
  return 0;
}
