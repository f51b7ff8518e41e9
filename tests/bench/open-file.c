/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A capture of a million packets, and the same as both shapes of qlog: how long it takes to open, to the last packet dissected; how much memory; and how
 * long filters take to answer for all of it. It is a download: datagrams one way, ACKs the other way, 560 MB of them.
 * Of ten millions, which take 5.6 GB, the capture alone.
 *
 *   open-file [PACKETS]           writes the file, opens it in a process of its own, holds the figures to the limits
 *   open-file write PATH PACKETS
 *   open-file convert PATH OUT
 *   open-file open PATH PACKETS */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <glib/gstdio.h>

#include "../cpu-time.h"
#include "crypto/qs-keys.h"
#include "dissect/qs-dissector.h"
#include "formats/qs-trace-file.h"
#include "formats/qs-trace-save.h"
#include "rfc-samples.h"
#include "trace/qs-filter.h"

#define SUITE 0x1301
#define RANDOM "ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c" /* of the samples' ClientHello */
#define SERVER_CID "f067a5502a4262b5"
#define DATA_LENGTH 700
#define PN_LENGTH 4
#define GAP_NS 2000
#define START 1700000000 /* since 1970 */

/* By the number of packets. */
static const struct {
  guint packets;
  double seconds, megabytes, filter_ms;
} limits[] = {
  { 1000000, 3.0, 250.0, 300.0 },
  { 10000000, 8.0, 1200.0, 500.0 },
};
static double most_filter_ms;

typedef struct {
  QsKeys *keys;
  QsHeaderKey *header_key;
  guint64 number;
  GByteArray *header, *payload;
} Sender;

static void
fail (const GError *error)
{
  g_printerr ("open-file: %s\n", error->message);
  exit (EXIT_FAILURE);
}

/* --- Writing --- */

static GBytes *
unhex (const char *hex)
{
  g_autoptr (GError) error = NULL;
  GBytes *bytes = qs_bytes_from_hex (hex, &error);

  if (bytes == NULL)
    fail (error);
  return bytes;
}

static void
put_packet (FILE *out, gint64 time, QsDirection direction, gconstpointer bytes, gsize length)
{
  static const guint8 ends[2][4] = { { 192, 0, 2, 1 }, { 192, 0, 2, 2 } };
  static const guint16 ports[2] = { 40000, 443 };
  const guint8 *from = ends[direction], *to = ends[1 - direction];
  guint total = (guint) length + 28;
  const guint32 head[] = { START + (guint32) (time / 1000000000), (guint32) (time % 1000000000), total, total };
  const guint16 udp[] = { GUINT16_TO_BE (ports[direction]), GUINT16_TO_BE (ports[1 - direction]),
                          GUINT16_TO_BE ((guint16) (length + 8)), 0 };
  const guint8 ip[] = { 0x45,
                        0,
                        (guint8) (total >> 8),
                        (guint8) total,
                        0,
                        0,
                        0x40,
                        0,
                        64,
                        17,
                        0,
                        0,
                        from[0],
                        from[1],
                        from[2],
                        from[3],
                        to[0],
                        to[1],
                        to[2],
                        to[3] };

  fwrite (head, sizeof head, 1, out);
  fwrite (ip, sizeof ip, 1, out);
  fwrite (udp, sizeof udp, 1, out);
  fwrite (bytes, length, 1, out);
}

static void
put_hex (FILE *out, gint64 time, QsDirection direction, const char *hex)
{
  g_autoptr (GBytes) bytes = unhex (hex);

  put_packet (out, time, direction, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static Sender
sender_new (FILE *keys, const char *label, guint8 fill)
{
  QsSecret secret = { .length = 32 };
  g_autoptr (GString) line = g_string_new (label);

  memset (secret.bytes, fill, secret.length);
  g_string_append (line, " " RANDOM " ");
  for (guint i = 0; i < secret.length; i++)
    g_string_append_printf (line, "%02x", fill);
  fprintf (keys, "%s\n", line->str);
  return (Sender){ qs_keys_new (QS_QUIC_VERSION_1, SUITE, &secret),
                   qs_header_key_new (QS_QUIC_VERSION_1, SUITE, &secret), 0, g_byte_array_new (), g_byte_array_new () };
}

static void
sender_clear (Sender *self)
{
  qs_keys_free (self->keys);
  qs_header_key_free (self->header_key);
  g_byte_array_unref (self->header);
  g_byte_array_unref (self->payload);
}

static void
put_varint (GByteArray *out, guint64 value)
{
  guint64 bytes = GUINT64_TO_BE (value | G_GUINT64_CONSTANT (3) << 62);

  g_byte_array_append (out, (const guint8 *) &bytes, sizeof bytes);
}

static void
put_byte (GByteArray *out, guint8 byte)
{
  g_byte_array_append (out, &byte, 1);
}

/* A short header for the payload, sealed. */
static void
sender_send (Sender *self, FILE *out, gint64 time, QsDirection direction, QsSpan dcid)
{
  guint32 pn = GUINT32_TO_BE ((guint32) self->number);

  g_byte_array_set_size (self->header, 0);
  put_byte (self->header, 0x40 | (PN_LENGTH - 1));
  if (dcid.length > 0)
    g_byte_array_append (self->header, dcid.data, (guint) dcid.length);
  g_byte_array_append (self->header, (const guint8 *) &pn, PN_LENGTH);
  g_autoptr (GBytes) packet =
      qs_packet_protect (self->keys, self->header_key, QS_SPAN (self->header->data, self->header->len), PN_LENGTH,
                         self->number, QS_SPAN (self->payload->data, self->payload->len));
  put_packet (out, time, direction, g_bytes_get_data (packet, NULL), g_bytes_get_size (packet));
  self->number++;
  g_byte_array_set_size (self->payload, 0);
}

static void
send_data (Sender *server, FILE *out, gint64 time)
{
  static const guint8 data[DATA_LENGTH];

  put_byte (server->payload, QS_FRAME_STREAM | 0x06); /* OFF, LEN */
  put_varint (server->payload, server->number % 4 * 4);
  put_varint (server->payload, server->number / 4 * DATA_LENGTH);
  put_varint (server->payload, DATA_LENGTH);
  g_byte_array_append (server->payload, data, sizeof data);
  sender_send (server, out, time, QS_DIRECTION_RECEIVED, QS_SPAN (NULL, 0));
}

/* Of all but every thousandth packet. */
static void
send_ack (Sender *client, const Sender *server, FILE *out, gint64 time, QsSpan dcid)
{
  put_byte (client->payload, QS_FRAME_ACK);
  put_varint (client->payload, server->number - 1);
  put_varint (client->payload, 3);
  put_varint (client->payload, 0);
  put_varint (client->payload, (server->number - 1) % 1000);
  sender_send (client, out, time, QS_DIRECTION_SENT, dcid);
}

static FILE *
create (const char *path)
{
  FILE *out = g_fopen (path, "wb");

  if (out != NULL)
    return out;
  g_printerr ("open-file: %s cannot be written\n", path);
  exit (EXIT_FAILURE);
}

/* Classic pcap with nanoseconds and raw IP, and PATH.keys with the secrets: one packet after the other, none is kept. */
static int
write_file (const char *path, guint n_packets)
{
  static const guint32 head[] = { 0xa1b23c4d, 4 << 16 | 2, 0, 0, 262144, 101 };
  g_autofree char *key_path = g_strconcat (path, ".keys", NULL);
  g_autoptr (GBytes) cid = unhex (SERVER_CID);
  QsSpan dcid = QS_SPAN (g_bytes_get_data (cid, NULL), g_bytes_get_size (cid));
  FILE *out = create (path), *keys = create (key_path);
  Sender client = sender_new (keys, "CLIENT_TRAFFIC_SECRET_0", 0x11);
  Sender server = sender_new (keys, "SERVER_TRAFFIC_SECRET_0", 0x22);

  fwrite (head, sizeof head, 1, out);
  put_hex (out, GAP_NS, QS_DIRECTION_SENT, rfc_samples[0].client_packet);
  put_hex (out, 2 * GAP_NS, QS_DIRECTION_RECEIVED, rfc_samples[0].server_packet);
  for (guint i = 3; i <= n_packets; i++)
    {
      if (i % 3 != 2)
        send_data (&server, out, (gint64) i * GAP_NS);
      else
        send_ack (&client, &server, out, (gint64) i * GAP_NS, dcid);
    }
  sender_clear (&client);
  sender_clear (&server);
  fclose (keys);
  return fclose (out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- Opening --- */

static double
megabytes (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double) usage.ru_maxrss / 1024;
}

/* Whether it answered in time. */
static gboolean
run_filter (QsTrace *trace, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (QsFilter) filter = qs_filter_new (text, NULL, &error);
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint from = 0;

  if (filter == NULL)
    fail (error);
  gint64 start = g_get_monotonic_time ();
  gint64 computed = cpu_time ();
  qs_filter_run (filter, trace, &from, 0, found);
  double ms = (double) (g_get_monotonic_time () - start) / 1000;
  g_print ("filter %-28s %8.1f ms (computed %.1f ms), %u found\n", text, ms, (double) (cpu_time () - computed) / 1000,
           found->len);
  return ms <= most_filter_ms;
}

static void
dissect (QsTrace *trace)
{
  if (qs_trace_get_n_packets (trace) == 0)
    {
      g_autoptr (QsDissector) dissector = qs_dissector_new (trace);

      qs_dissector_advance (dissector, 0);
      qs_dissector_finish (dissector);
    }
}

/* Of a capture, beside it. Kept to the end. */
static const char *
dup_key_log (const char *path)
{
  g_autofree char *name = g_strconcat (path, ".keys", NULL);
  const char *keys = g_intern_string (name);

  return g_file_test (keys, G_FILE_TEST_EXISTS) ? keys : NULL;
}

static int
convert_file (const char *path, const char *out)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) traces = qs_trace_file_load (path, dup_key_log (path), NULL, &error);

  if (traces == NULL)
    fail (error);
  QsTrace *trace = g_ptr_array_index (traces, 0);
  dissect (trace);
  if (!qs_trace_save (trace, out, qs_trace_format_for_name (out, QS_TRACE_FORMAT_SQLOG), &error))
    fail (error);
  return EXIT_SUCCESS;
}

static int
open_file (const char *path, guint n_packets)
{
  /* For the last two, packets whose bytes were kept are decrypted anew. */
  static const char *const filters[] = { "dir:rx", "type:1rtt frame:ack", "pn>10",    "size>=1000",
                                         "lost",   "not acked",           "stream:4", "frame:stream stream:8" };
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();

  g_autoptr (GPtrArray) traces = qs_trace_file_load (path, dup_key_log (path), NULL, &error);
  if (traces == NULL)
    fail (error);
  QsTrace *trace = g_ptr_array_index (traces, 0);
  double read = (double) (g_get_monotonic_time () - start) / 1e6;
  dissect (trace);
  double seconds = (double) (g_get_monotonic_time () - start) / 1e6;
  double memory = megabytes ();

  g_print ("%s, %u packets: read %.2f s, opened %.2f s (of which it computed %.2f s), %.0f MB at most\n",
           strrchr (path, '.'), qs_trace_get_n_packets (trace), read, seconds, (double) cpu_time () / 1e6, memory);
  guint limit = n_packets > limits[0].packets ? 1 : 0;
  most_filter_ms = limits[limit].filter_ms;
  gboolean good = seconds <= limits[limit].seconds && memory <= limits[limit].megabytes;
  for (guint i = 0; i < G_N_ELEMENTS (filters); i++)
    good = run_filter (trace, filters[i]) && good;
  if (qs_trace_get_n_packets (trace) != n_packets)
    {
      g_printerr ("open-file: there should be %u packets\n", n_packets);
      return EXIT_FAILURE;
    }
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- Both --- */

static int
run_self (const char *what, const char *path, const char *count)
{
  g_autoptr (GError) error = NULL;
  const char *const command[] = { "/proc/self/exe", what, path, count, NULL };
  int status = 0;

  if (!g_spawn_sync (NULL, (char **) command, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL, NULL, &status,
                     &error))
    fail (error);
  return g_spawn_check_wait_status (status, NULL) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main (int argc, char **argv)
{
  static const char *const others[] = { "download.sqlog", "download.qlog" };

  if (argc == 4 && strcmp (argv[1], "convert") == 0)
    return convert_file (argv[2], argv[3]);
  if (argc == 4)
    {
      guint n = (guint) g_ascii_strtoull (argv[3], NULL, 10);
      return strcmp (argv[1], "write") == 0 ? write_file (argv[2], n) : open_file (argv[2], n);
    }

  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("qs-bench-XXXXXX", &error);
  if (folder == NULL)
    fail (error);
  g_autofree char *path = g_build_filename (folder, "download.pcap", NULL);
  const char *count = argc > 1 ? argv[1] : "1000000";
  int result = run_self ("write", path, count);
  if (result == EXIT_SUCCESS)
    result = run_self ("open", path, count);
  for (guint i = 0; i < G_N_ELEMENTS (others) && g_ascii_strtoull (count, NULL, 10) <= limits[0].packets; i++)
    {
      g_autofree char *other = g_build_filename (folder, others[i], NULL);

      if (run_self ("convert", path, other) != EXIT_SUCCESS || run_self ("open", other, count) != EXIT_SUCCESS)
        result = EXIT_FAILURE;
      g_unlink (other);
    }
  g_unlink (path);
  g_autofree char *keys = g_strconcat (path, ".keys", NULL);
  g_unlink (keys);
  g_rmdir (folder);
  return result;
}
