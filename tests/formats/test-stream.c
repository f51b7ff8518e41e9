/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A capture that never ends: its memory is bounded, the newest connections stay, and what went is told of. */
#include <string.h>

#include "formats/qs-capture.h"
#include "formats/qs-pcapng-private.h"
#include "trace/qs-trace-budget.h"

#define N_CONNECTIONS 300
#define N_DATAGRAMS 10
#define LENGTH 1200
#define MOST (1 << 20) /* bytes: of some 3.6 MB that come */
#define SLACK (1 << 18)
#define BASE (G_GINT64_CONSTANT (1700000000) * 1000000000)

/* An Initial of a client's in UDP, IPv4 without a link layer. */
static void
make_packet (guint8 *packet, guint n)
{
  static const guint8 head[] = {
    0x45, 0,   (28 + LENGTH) >> 8, (28 + LENGTH) & 255, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0, 0,
    1,    187, (8 + LENGTH) >> 8,  (8 + LENGTH) & 255,  0, 0
  };
  static const guint8 initial[] = { 0xc0, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 8 };

  memset (packet, 0x5a, 28 + LENGTH);
  memcpy (packet, head, sizeof head);
  packet[20] = (guint8) (0xc0 + (n >> 8)); /* the port is the connection's */
  packet[21] = (guint8) n;
  memcpy (packet + 28, initial, sizeof initial);
  memset (packet + 28 + sizeof initial, 0, 8);
  packet[28 + sizeof initial] = (guint8) (n >> 8);
  packet[28 + sizeof initial + 1] = (guint8) n;
}

static GPtrArray *
feed (QsCapture *capture, guint64 *most_held)
{
  g_autoptr (GError) error = NULL;
  guint8 packet[28 + LENGTH];
  gint64 time = BASE;

  *most_held = 0;
  for (guint n = 0; n < N_CONNECTIONS; n++)
    for (guint i = 0; i < N_DATAGRAMS; i++)
      {
        make_packet (packet, n);
        const QsCaptured captured = { time++,        QS_LINK_RAW, QS_SPAN (packet, sizeof packet),
                                      sizeof packet, 0,           QS_FATE_PASSED };
        qs_capture_add_packet (capture, &captured);
        *most_held = MAX (*most_held, qs_trace_get_program_held ());
      }
  /* One that was let go of is heard of again: that is passed over. */
  make_packet (packet, 0);
  const QsCaptured late = { time, QS_LINK_RAW, QS_SPAN (packet, sizeof packet), sizeof packet, 0, QS_FATE_PASSED };
  qs_capture_add_packet (capture, &late);
  GPtrArray *traces = qs_capture_finish (capture, &error);
  g_assert_no_error (error);
  return traces;
}

static void
test_endless (void)
{
  g_autoptr (QsCapture) capture = qs_capture_new ("-");
  guint64 most_held;

  qs_capture_set_endless (capture, MOST);
  g_autoptr (GPtrArray) traces = feed (capture, &most_held);
  g_assert_cmpuint (most_held, >, MOST / 2);
  g_assert_cmpuint (most_held, <, MOST + SLACK);
  g_assert_cmpuint (traces->len, >, 20);
  g_assert_cmpuint (traces->len, <, N_CONNECTIONS / 2);

  QsTrace *newest = traces->pdata[traces->len - 1];
  g_assert_cmpint (qs_trace_get_origin (newest), ==, BASE + (N_CONNECTIONS - 1) * N_DATAGRAMS);
  g_assert_cmpuint (qs_trace_get_n_datagrams (newest), ==, N_DATAGRAMS);
  g_autofree char *count = g_strdup_printf ("%u:", N_CONNECTIONS - traces->len);
  const QsMark *note = qs_trace_find_mark (newest, QS_MARK_NOTE, "file", NULL);
  g_assert_nonnull (note);
  g_assert_true (g_str_has_prefix (note->text, count));
}

static void
test_file (void)
{
  g_autoptr (QsCapture) capture = qs_capture_new ("file");
  guint64 most_held;
  g_autoptr (GPtrArray) traces = feed (capture, &most_held);

  g_assert_cmpuint (traces->len, ==, N_CONNECTIONS);
  g_assert_cmpuint (most_held, ==, 0);
  g_assert_null (qs_trace_find_mark (traces->pdata[0], QS_MARK_NOTE, "file", NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stream/endless", test_endless);
  g_test_add_func ("/stream/file", test_file);
  return g_test_run ();
}
