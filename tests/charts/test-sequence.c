/* SPDX-License-Identifier: GPL-3.0-or-later */
/* With QS_PICTURES=FOLDER in the environment, the pictures of these traces are written there, to be looked at. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "charts/qs-chart-export.h"
#include "charts/qs-sequence-private.h"
#include "fixtures.h"
#include "trace/qs-metrics.h"

#define MS G_GINT64_CONSTANT (1000000)
#define SENT QS_DIRECTION_SENT
#define RECEIVED QS_DIRECTION_RECEIVED

/* --- Traces --- */

static void
add_state (QsTrace *trace, gint64 time, const char *name)
{
  QsMark mark = { .kind = QS_MARK_STATE, .name = name, .stream = -1 };

  qs_trace_add_mark_full (trace, time, &mark);
}

/* A whole connection of 20 ms round trip: hello lost once, handshake with coalesced packets, a request, a close. */
static QsTrace *
make_connection (QsVantage vantage)
{
  QsTrace *trace = fixture_trace_new (vantage);
  gboolean own = vantage != QS_VANTAGE_SERVER;
  QsDirection c = own ? SENT : RECEIVED, s = own ? RECEIVED : SENT;

  qs_trace_set_title (trace, "quic://example.test:4433");
  add_state (trace, -1000, "HANDSHAKING");
  guint r = fixture_add_datagram (trace, 0, c, 1200);
  guint lost = fixture_add_packet (trace, r, 0, c, QS_PACKET_INITIAL, 0, 1200, "060003010203");
  if (own)
    qs_trace_edit_packet (trace, lost)->flags |= QS_PACKET_LOST;
  fixture_add_message (trace, lost, QS_TLS_CERTIFICATE_REQUEST, "000000", 0);
  r = fixture_add_datagram (trace, 1000 * MS, c, 1200);
  guint again = fixture_add_packet (trace, r, 1000 * MS, c, QS_PACKET_INITIAL, 1, 1200, "060003010203");
  qs_trace_edit_packet (trace, again)->flags |= QS_PACKET_RETRANSMISSION;
  r = fixture_add_datagram (trace, 1020 * MS, s, 1200);
  fixture_add_packet (trace, r, 1020 * MS, s, QS_PACKET_INITIAL, 0, 150, "02010000000600020102");
  guint handshake = fixture_add_packet (trace, r, 1020 * MS, s, QS_PACKET_HANDSHAKE, 0, 900, "060003010203");
  qs_trace_edit_packet (trace, handshake)->flags |= QS_PACKET_COALESCED;
  qs_trace_edit_packet (trace, handshake)->offset = 150;
  fixture_add_message (trace, handshake, QS_TLS_CERTIFICATE, "00000000", 0);
  fixture_add_message (trace, handshake, QS_TLS_FINISHED, NULL, 32);
  guint early = fixture_add_packet (trace, r, 1020 * MS, s, QS_PACKET_1RTT, 0, 150, "0a03021111");
  qs_trace_edit_packet (trace, early)->flags |= QS_PACKET_COALESCED;
  qs_trace_edit_packet (trace, early)->offset = 1050;
  r = fixture_add_datagram (trace, 1022 * MS, c, 200);
  guint finished = fixture_add_packet (trace, r, 1022 * MS, c, QS_PACKET_HANDSHAKE, 0, 120, "060003010203");
  fixture_add_message (trace, finished, QS_TLS_FINISHED, NULL, 32);
  add_state (trace, 1022 * MS + 1000, "ESTABLISHED");
  r = fixture_add_datagram (trace, 1023 * MS, c, 200);
  fixture_add_packet (trace, r, 1023 * MS, c, QS_PACKET_1RTT, 0, 60, "0b00024142");
  r = fixture_add_datagram (trace, 1043 * MS, s, 200);
  fixture_add_packet (trace, r, 1043 * MS, s, QS_PACKET_1RTT, 1, 200, "1e02000000000b00024142");
  r = fixture_add_datagram (trace, 1044 * MS, c, 40);
  fixture_add_packet (trace, r, 1044 * MS, c, QS_PACKET_1RTT, 1, 40, "1d4100026869");
  add_state (trace, 1044 * MS + 1000, "CLOSING");
  add_state (trace, 1130 * MS, "CLOSED");
  return trace;
}

/* n packets of a download, acknowledged every second one. */
static QsTrace *
make_bulk (guint n)
{
  QsTrace *trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  QsPacket packet = {
    .record = G_MAXUINT32, .flags = QS_PACKET_DECRYPTED | QS_PACKET_FROM_QLOG, .type = QS_PACKET_1RTT, .n_frames = 1
  };

  for (guint i = 0; i < n; i++)
    {
      gboolean ack = i % 3 == 2;

      packet.time = (gint64) i * 20000;
      packet.number = i;
      packet.direction = ack ? SENT : RECEIVED;
      packet.length = ack ? 40 : 1200;
      packet.frames = G_GUINT64_CONSTANT (1) << (ack ? QS_FRAME_ACK : QS_FRAME_STREAM);
      qs_trace_add_packet (trace, &packet);
    }
  return trace;
}

static QsSequenceLayout *
lay_out (QsTrace *trace, QsSequenceTime time, gboolean collapse)
{
  QsSequenceOptions options = QS_SEQUENCE_OPTIONS_DEFAULT;

  options.time = time;
  options.collapse = collapse;
  QsSequenceLayout *layout = qs_sequence_layout_new (trace, &options);
  g_assert_true (qs_sequence_layout_advance (layout, 0));
  return layout;
}

static cairo_surface_t *
draw_clip (QsSequenceLayout *layout, const QsRectangle *clip, const QsSequenceLook *look)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) clip->width, (int) clip->height);
  cairo_t *cr = cairo_create (surface);

  cairo_translate (cr, -clip->x, -clip->y);
  qs_sequence_layout_draw (layout, cr, clip, look);
  g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  return surface;
}

static const QsSequenceLook *
plain_look (void)
{
  static QsSequenceLook look = { .selected = G_MAXUINT, .hovered = G_MAXUINT, .until = G_MAXINT64 };

  look.colours = qs_chart_colours_light ();
  return &look;
}

static void
write_picture (QsTrace *trace, const char *name, const QsSequenceOptions *options, const QsChartColours *colours)
{
  const char *folder = g_getenv ("QS_PICTURES");
  g_autoptr (GError) error = NULL;

  if (folder == NULL)
    return;
  g_autofree char *path = g_build_filename (folder, name, NULL);
  qs_chart_export_sequence (trace, options, colours, path, QS_CHART_PNG, &error);
  g_assert_no_error (error);
}

/* --- Finding --- */

/* Each packet is found where its arrow is drawn, in both ways of laying out time, from both sides and mirrored. */
static void
check_lookup (QsTrace *trace, const QsSequenceOptions *options)
{
  g_autoptr (QsSequenceLayout) layout = qs_sequence_layout_new (trace, options);
  guint n = qs_trace_get_n_packets (trace);

  qs_sequence_layout_advance (layout, 0);
  for (guint i = 0; i < n; i++)
    {
      QsSequenceHit where, hit;

      g_assert_true (qs_sequence_layout_find_packet (layout, i, &where));
      double x0, y0, x1, y1;
      gboolean by_client = qs_sequence_by_client (layout, i);
      qs_sequence_arrow (layout, where.item, by_client ? 0 : 1, &x0, &y0, &x1, &y1);
      g_assert_cmpfloat (fabs (x1 - x0), >, 100);
      g_assert_true ((x1 > x0) == (by_client != options->mirrored));
      g_assert_true (qs_sequence_layout_lookup (layout, x0 + (x1 - x0) * 0.1, y0 + (y1 - y0) * 0.1, &hit));
      g_assert_cmpuint (hit.item, ==, where.item);
      if (hit.kind == QS_SEQUENCE_HIT_PACKET)
        g_assert_cmpuint (hit.first_packet, ==, i);
      g_autofree char *words = qs_sequence_layout_describe (layout, &hit);
      g_assert_cmpuint (strlen (words), >, 10);
    }

  QsSequenceHit none;
  g_assert_false (qs_sequence_layout_lookup (layout, 10, -5, &none));
  g_assert_false (qs_sequence_layout_lookup (layout, 10, 1e7, &none));
  g_assert_false (qs_sequence_layout_find_packet (layout, n, &none));
}

static void
test_lookup (void)
{
  g_autoptr (QsTrace) client = make_connection (QS_VANTAGE_CLIENT);
  g_autoptr (QsTrace) server = make_connection (QS_VANTAGE_SERVER);
  QsSequenceOptions options = QS_SEQUENCE_OPTIONS_DEFAULT;

  for (guint i = 0; i < 8; i++)
    {
      options.time = (i & 1) != 0 ? QS_SEQUENCE_TO_SCALE : QS_SEQUENCE_EVEN;
      options.zoom = (i & 1) != 0 ? 8 : 1;
      options.mirrored = (i & 2) != 0;
      options.text_scale = (i & 4) != 0 ? 1.5 : 1;
      g_test_message ("options %u", i);
      check_lookup (client, &options);
      check_lookup (server, &options);
    }
  write_picture (client, "loss.png", NULL, NULL);
  write_picture (server, "server.png", NULL, qs_chart_colours_dark ());
  options = (QsSequenceOptions) QS_SEQUENCE_OPTIONS_DEFAULT;
  options.time = QS_SEQUENCE_TO_SCALE;
  write_picture (client, "scale.png", &options, NULL);
}

static void
test_rows (void)
{
  static const QsSequenceHitKind expected[] = {
    QS_SEQUENCE_HIT_NOTE,   /* handshaking */
    QS_SEQUENCE_HIT_PACKET, /* lost */
    QS_SEQUENCE_HIT_BREAK,  QS_SEQUENCE_HIT_PACKET, QS_SEQUENCE_HIT_PACKET, QS_SEQUENCE_HIT_PACKET,
    QS_SEQUENCE_HIT_PACKET, QS_SEQUENCE_HIT_PACKET, QS_SEQUENCE_HIT_NOTE, /* established */
    QS_SEQUENCE_HIT_PACKET, QS_SEQUENCE_HIT_PACKET,                       /* HANDSHAKE_DONE */
    QS_SEQUENCE_HIT_NOTE,                                                 /* confirmed */
    QS_SEQUENCE_HIT_PACKET,                                               /* the close */
    QS_SEQUENCE_HIT_NOTE,                                                 /* what it means */
    QS_SEQUENCE_HIT_NOTE,                                                 /* closing */
    QS_SEQUENCE_HIT_NOTE,                                                 /* closed */
  };
  g_autoptr (QsTrace) trace = make_connection (QS_VANTAGE_CLIENT);
  g_autoptr (QsSequenceLayout) layout = lay_out (trace, QS_SEQUENCE_EVEN, TRUE);
  double bottom = qs_sequence_layout_get_header_height (layout);

  g_assert_cmpuint (qs_sequence_layout_get_n_items (layout), ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      QsSequenceHit hit;

      g_assert_true (qs_sequence_layout_get_item (layout, i, &hit));
      g_test_message ("row %u", i);
      g_assert_cmpint (hit.kind, ==, expected[i]);
      /* Rows touch, and do not overlap: nor do their labels. */
      g_assert_cmpfloat_with_epsilon (hit.bounds.y, bottom, 0.01);
      g_assert_cmpfloat (hit.bounds.height, >, layout->line2);
      bottom = hit.bounds.y + hit.bounds.height;
    }
}

static void
test_labels (void)
{
  g_autoptr (QsTrace) trace = make_connection (QS_VANTAGE_CLIENT);
  g_autoptr (QsSequenceLayout) layout = lay_out (trace, QS_SEQUENCE_EVEN, TRUE);
  gsize n_strong;
  QsTone tone;

  g_autofree char *first = qs_sequence_packet_title (trace, 0, &n_strong);
  g_assert_cmpstr (first, ==, "CertificateRequest");
  g_assert_cmpuint (n_strong, ==, strlen (first));
  /* What is sent again is called by its message's name. */
  g_autofree char *again = qs_sequence_packet_title (trace, 1, &n_strong);
  g_assert_cmpstr (again, ==, "CertificateRequest (part, again)");
  g_autofree char *coalesced = qs_sequence_packet_title (trace, 3, &n_strong);
  g_assert_cmpstr (coalesced, ==, "Certificate, Finished");
  g_autofree char *confirmed = qs_sequence_packet_title (trace, 7, &n_strong);
  g_assert_cmpstr (confirmed, ==, "HANDSHAKE_DONE, STREAM 0 [0, 2) FIN, ACK 0");
  g_assert_cmpuint (n_strong, ==, 0);
  g_autofree char *lost = qs_sequence_packet_subtitle (trace, 0, FALSE);
  g_assert_nonnull (strstr (lost, "lost"));
  g_assert_nonnull (strstr (lost, "Initial 0"));
  g_autofree char *joined = qs_sequence_packet_subtitle (trace, 3, TRUE);
  g_assert_nonnull (strstr (joined, "same datagram"));

  QsNote note = { .kind = QS_NOTE_CLOSE, .packet = 8, .mark = G_MAXUINT32 };
  g_autofree char *title = qs_sequence_note_title (layout, &note, &tone);
  g_autofree char *text = qs_sequence_note_text (layout, &note);
  g_assert_cmpstr (title, ==, "The client closes the connection");
  g_assert_nonnull (strstr (text, "0x100"));
  g_assert_nonnull (strstr (text, "hi"));
  g_assert_cmpint (tone, ==, QS_TONE_INFO);
}

/* A client takes the first Retry that it gets: one that was dropped is not that. */
static void
test_retries (void)
{
  for (guint dropped = 0; dropped < 2; dropped++)
    {
      g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
      guint n_notes = 0;

      for (guint i = 0; i < 2; i++)
        {
          guint r = fixture_add_datagram (trace, i * MS, RECEIVED, 100);
          guint packet = fixture_add_packet (trace, r, i * MS, RECEIVED, QS_PACKET_RETRY, G_MAXUINT64, 100, "");
          qs_trace_edit_packet (trace, packet)->flags |= i < dropped ? QS_PACKET_DROPPED : 0;
        }
      g_autoptr (QsSequenceLayout) layout = lay_out (trace, QS_SEQUENCE_EVEN, TRUE);
      for (guint i = 0; i < layout->items->len; i++)
        {
          QsSequenceHit hit;

          qs_sequence_layout_get_item (layout, i, &hit);
          n_notes += hit.kind == QS_SEQUENCE_HIT_NOTE;
          if (hit.kind == QS_SEQUENCE_HIT_NOTE)
            g_assert_cmpuint (hit.first_packet, ==, dropped);
        }
      g_assert_cmpuint (n_notes, ==, 1);
      g_autofree char *second = qs_sequence_packet_subtitle (trace, 1, FALSE);
      g_assert_cmpint (strstr (second, "ignored") != NULL, ==, dropped == 0);
    }
}

/* Two addresses raced: the ends are named after the one that answered, arrows to the other say so. */
static void
test_raced (void)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autoptr (GSocketAddress) client = g_inet_socket_address_new_from_string ("192.0.2.7", 40000);
  g_autoptr (GSocketAddress) server = g_inet_socket_address_new_from_string ("192.0.2.1", 4433);
  g_autoptr (GSocketAddress) other = g_inet_socket_address_new_from_string ("192.0.2.7", 40001);
  guint16 won = qs_trace_add_path (trace, client, server);
  guint16 rebound = qs_trace_add_path (trace, other, server);
  const guint16 paths[] = { 0, won, won, 0, rebound };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      QsDirection direction = i == 2 ? RECEIVED : SENT;
      guint8 bytes[100] = { 0 };
      guint r = qs_trace_add_datagram (trace, i * MS, direction, paths[i], 0, QS_FATE_PASSED, bytes, sizeof bytes);
      fixture_add_packet (trace, r, i * MS, direction, QS_PACKET_INITIAL, i, 100, "01");
    }

  g_autoptr (QsSequenceLayout) layout = lay_out (trace, QS_SEQUENCE_EVEN, FALSE);
  g_assert_cmpuint (layout->path, ==, won);
  g_autofree char *lost = qs_sequence_arrow_subtitle (layout, 0, FALSE);
  g_autofree char *usual = qs_sequence_arrow_subtitle (layout, 1, FALSE);
  g_autofree char *moved = qs_sequence_arrow_subtitle (layout, 4, FALSE);
  g_autofree char *peer = qs_sequence_address_text (qs_trace_get_path (trace, 0)->remote);
  g_autofree char *to_peer = g_strdup_printf ("to %s", peer);
  g_assert_nonnull (strstr (lost, to_peer));
  g_assert_null (strstr (usual, "to "));
  g_assert_nonnull (strstr (moved, "from 192.0.2.7:40001"));
}

/* An address that changes in the middle of a connection is noted once, at the first packet from it; a race is no change. */
static void
test_moved (void)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autoptr (GSocketAddress) client = g_inet_socket_address_new_from_string ("192.0.2.7", 40000);
  g_autoptr (GSocketAddress) server = g_inet_socket_address_new_from_string ("192.0.2.1", 4433);
  g_autoptr (GSocketAddress) other = g_inet_socket_address_new_from_string ("192.0.2.7", 40001);
  guint16 first = qs_trace_add_path (trace, client, server), second = qs_trace_add_path (trace, other, server);
  const struct {
    QsDirection direction;
    QsPacketType type;
    guint16 path;
  } packets[] = {
    { SENT, QS_PACKET_INITIAL, second }, { SENT, QS_PACKET_INITIAL, first },   { RECEIVED, QS_PACKET_1RTT, first },
    { SENT, QS_PACKET_1RTT, first },     { RECEIVED, QS_PACKET_1RTT, first },  { SENT, QS_PACKET_1RTT, second },
    { SENT, QS_PACKET_1RTT, second },    { RECEIVED, QS_PACKET_1RTT, second }, { SENT, QS_PACKET_1RTT, second },
  };
  guint n_notes = 0;

  for (guint i = 0; i < G_N_ELEMENTS (packets); i++)
    {
      guint8 bytes[100] = { 0 };
      guint r = qs_trace_add_datagram (trace, i * MS, packets[i].direction, packets[i].path, 0, QS_FATE_PASSED, bytes,
                                       sizeof bytes);
      fixture_add_packet (trace, r, i * MS, packets[i].direction, packets[i].type, i, 100, "01");
    }
  g_autoptr (QsSequenceLayout) layout = lay_out (trace, QS_SEQUENCE_EVEN, FALSE);
  g_assert_cmpuint (layout->path, ==, first);
  for (guint i = 0; i < layout->notes->len; i++)
    {
      const QsNote *note = &g_array_index (layout->notes, QsNote, i);
      QsTone tone;

      if (note->kind != QS_NOTE_PATH)
        continue;
      g_autofree char *title = qs_sequence_note_title (layout, note, &tone);
      g_autofree char *text = qs_sequence_note_text (layout, note);
      n_notes++; /* that the peer answers there is no change of its own address */
      g_assert_cmpuint (note->packet, ==, 5);
      g_assert_cmpstr (title, ==, "The client's address changes");
      g_assert_cmpstr (text, ==, "It was 192.0.2.7:40000, and is 192.0.2.7:40001 now.");
    }
  g_assert_cmpuint (n_notes, ==, 1);
}

static void
test_bulk (void)
{
  g_autoptr (QsTrace) trace = make_bulk (3000);
  g_autoptr (QsSequenceLayout) collapsed = lay_out (trace, QS_SEQUENCE_EVEN, TRUE);
  g_autoptr (QsSequenceLayout) all = lay_out (trace, QS_SEQUENCE_EVEN, FALSE);
  QsSequenceHit hit, first;

  g_assert_cmpuint (qs_sequence_layout_get_n_items (all), ==, 3000);
  g_assert_cmpuint (qs_sequence_layout_get_n_items (collapsed), ==, 4);
  g_assert_true (qs_sequence_layout_get_item (collapsed, 3, &hit));
  g_assert_cmpint (hit.kind, ==, QS_SEQUENCE_HIT_BUNDLE);
  g_assert_cmpuint (hit.n_packets, ==, 2997);
  g_assert_true (qs_sequence_layout_find_packet (collapsed, 2000, &first));
  g_assert_cmpuint (first.item, ==, 3);

  g_autofree char *words = qs_sequence_layout_describe (collapsed, &hit);
  g_assert_nonnull (strstr (words, "999 packets"));
  g_assert_nonnull (strstr (words, "998 packets") != NULL ? words : strstr (words, "packets"));
  write_picture (trace, "bulk.png", NULL, NULL);

  g_assert_cmpuint (qs_sequence_layout_step (collapsed, 5, 1), ==, 6);
  g_assert_cmpuint (qs_sequence_layout_step (collapsed, 0, -1), ==, G_MAXUINT);
  g_assert_cmpuint (qs_sequence_layout_step (collapsed, G_MAXUINT, 1), ==, 0);
  g_assert_cmpuint (qs_sequence_layout_step (collapsed, G_MAXUINT, -1), ==, 2999);
}

/* --- Growing --- */

static gboolean
same_layout (QsSequenceLayout *a, QsSequenceLayout *b)
{
  g_assert_cmpuint (a->items->len, ==, b->items->len);
  for (guint i = 0; i < a->items->len; i++)
    {
      const QsItem *left = &g_array_index (a->items, QsItem, i), *right = &g_array_index (b->items, QsItem, i);

      g_assert_cmpfloat_with_epsilon (left->top, right->top, 0.001);
      g_assert_cmpuint (left->kind, ==, right->kind);
      g_assert_cmpuint (left->rank, ==, right->rank);
      g_assert_cmpuint (left->last, ==, right->last);
      g_assert_cmpuint (left->level, ==, right->level);
      g_assert_cmpuint (left->flags & ~QS_ITEM_JOINED, ==, right->flags & ~QS_ITEM_JOINED);
    }
  return a->end == b->end;
}

/* What its sender declares lost after it was bundled is counted, and no more once it turns out not to be. */
static void
test_declared_lost (void)
{
  static const guint32 packets[] = { 50, 53, 2 }; /* the last one stands before the bundle */
  g_autoptr (QsTrace) trace = make_bulk (100);
  g_autoptr (QsSequenceLayout) layout = lay_out (trace, QS_SEQUENCE_EVEN, TRUE);
  const QsItem *bundle = qs_sequence_item (layout, layout->items->len - 1);

  g_assert_cmpint (bundle->kind, ==, QS_ITEM_BUNDLE);
  g_assert_cmpuint (qs_sequence_bundle_lost (layout, bundle, 0), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (packets); i++)
    {
      const QsLoss loss = { 99 * MS, packets[i] };

      g_assert_cmpint (qs_trace_get_packet (trace, packets[i])->direction, ==, SENT);
      qs_trace_edit_packet (trace, packets[i])->flags |= QS_PACKET_LOST;
      qs_metrics_add_loss (qs_trace_get_metrics (trace), &loss);
    }
  g_assert_cmpuint (qs_sequence_bundle_lost (layout, bundle, 0), ==, 2);
  g_assert_cmpuint (qs_sequence_bundle_lost (layout, bundle, 1), ==, 0);
  g_autofree char *title = qs_sequence_bundle_title (layout, bundle, 0);
  g_assert_nonnull (strstr (title, "2 lost"));
  qs_trace_edit_packet (trace, 53)->flags &= (guint16) ~QS_PACKET_LOST;
  g_assert_cmpuint (qs_sequence_bundle_lost (layout, bundle, 0), ==, 1);
}

/* While a row's number stays its picture does; what is drawn otherwise has another one. */
static void
test_digests (void)
{
  g_autoptr (QsTrace) trace = make_bulk (100);
  g_autoptr (QsSequenceLayout) layout = lay_out (trace, QS_SEQUENCE_EVEN, TRUE);
  guint n = qs_sequence_layout_get_n_items (layout);
  guint64 first = qs_sequence_layout_digest_item (layout, 0), last = qs_sequence_layout_digest_item (layout, n - 1);
  guint64 header = qs_sequence_layout_digest_header (layout), end = qs_sequence_layout_digest_end (layout, 1e6);
  QsPacket packet = *qs_trace_get_packet (trace, 98);

  /* One more for the bundle. */
  packet.time += 40000;
  qs_trace_add_packet (trace, &packet);
  qs_sequence_layout_advance (layout, 0);
  g_assert_cmpuint (qs_sequence_layout_get_n_items (layout), ==, n);
  g_assert_true (qs_sequence_layout_digest_item (layout, 0) == first);
  g_assert_true (qs_sequence_layout_digest_item (layout, n - 1) != last);
  g_assert_true (qs_sequence_layout_digest_header (layout) == header);
  g_assert_true (qs_sequence_layout_digest_end (layout, 1e6) == end);
  g_assert_true (qs_sequence_layout_digest_end (layout, 10) == 0);

  /* Acknowledged looks as before, lost does not. */
  qs_trace_edit_packet (trace, 0)->flags |= QS_PACKET_ACKED;
  g_assert_true (qs_sequence_layout_digest_item (layout, 0) == first);
  qs_trace_edit_packet (trace, 0)->flags |= QS_PACKET_LOST;
  g_assert_true (qs_sequence_layout_digest_item (layout, 0) != first);

  packet.type = QS_PACKET_HANDSHAKE;
  packet.time += 40000;
  qs_trace_add_packet (trace, &packet);
  qs_sequence_layout_advance (layout, 0);
  g_assert_true (qs_sequence_layout_digest_end (layout, 1e6) != end);
  qs_sequence_layout_set_width (layout, 1000);
  g_assert_true (qs_sequence_layout_digest_header (layout) != header);
}

/* Packet by packet, in slices, and with a packet that comes late: the same picture as all at once. */
static void
test_growth (void)
{
  for (guint late = 0; late < 2; late++)
    {
      g_autoptr (QsTrace) whole = make_connection (QS_VANTAGE_CLIENT);
      g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
      g_autoptr (QsTrace) reference = fixture_trace_new (QS_VANTAGE_CLIENT);
      g_autoptr (QsSequenceLayout) layout = qs_sequence_layout_new (trace, NULL);
      guint n = qs_trace_get_n_packets (whole);

      for (guint i = 0; i < qs_trace_get_n_marks (whole); i++)
        {
          gint64 time;
          const QsMark *mark = qs_trace_get_mark (whole, i, &time);
          QsMark copy = *mark, other = *mark;

          qs_trace_add_mark_full (trace, time, &copy);
          qs_trace_add_mark_full (reference, time, &other);
        }
      for (guint i = 0; i < n; i++)
        qs_trace_add_packet (reference, qs_trace_get_packet (whole, i));
      for (guint i = 0; i < n; i++)
        {
          if (late == 0 || i != 3)
            qs_trace_add_packet (trace, qs_trace_get_packet (whole, i));
          while (!qs_sequence_layout_advance (layout, 1))
            ;
        }
      if (late == 1)
        qs_trace_add_packet (trace, qs_trace_get_packet (whole, 3));
      while (!qs_sequence_layout_advance (layout, 1))
        ;
      g_autoptr (QsSequenceLayout) expected = lay_out (reference, QS_SEQUENCE_EVEN, TRUE);
      g_assert_true (same_layout (layout, expected));
    }
}

/* Files with times that run backwards are laid out all the same, and in time. */
static void
test_backwards (void)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  QsPacket packet = { .record = G_MAXUINT32, .type = QS_PACKET_HANDSHAKE };

  for (guint i = 0; i < 50000; i++)
    {
      packet.time = (gint64) (50000 - i) * MS;
      qs_trace_add_packet (trace, &packet);
    }
  g_autoptr (QsSequenceLayout) layout = lay_out (trace, QS_SEQUENCE_EVEN, TRUE);
  QsSequenceHit hit;
  g_assert_true (qs_sequence_layout_find_packet (layout, 49999, &hit));
  g_assert_cmpuint (hit.item, ==, 0);
}

static void
test_times (void)
{
  g_autoptr (QsTrace) trace = make_connection (QS_VANTAGE_CLIENT);

  for (guint mode = 0; mode < 2; mode++)
    {
      g_autoptr (QsSequenceLayout) layout = lay_out (trace, mode, TRUE);
      double last = 0;

      for (gint64 time = 0; time < 1200 * MS; time += MS)
        {
          double y = qs_sequence_layout_time_to_y (layout, time);

          g_assert_cmpfloat (y, >=, last);
          last = y;
        }
      g_assert_cmpint (
          ABS (qs_sequence_layout_y_to_time (layout, qs_sequence_layout_time_to_y (layout, 1030 * MS)) - 1030 * MS), <,
          MS);
    }
}

/* --- Drawing --- */

/* The same clip twice gives the same pixels, and a part is the same as in the whole. */
static void
test_deterministic (void)
{
  g_autoptr (QsTrace) trace = make_connection (QS_VANTAGE_CLIENT);

  for (guint mode = 0; mode < 2; mode++)
    {
      g_autoptr (QsSequenceLayout) layout = lay_out (trace, mode, TRUE);
      QsRectangle all = { 0 }, part = { 0, 200, 900, 150 };

      qs_sequence_layout_get_extents (layout, &all.width, &all.height);
      cairo_surface_t *whole = draw_clip (layout, &all, plain_look ());
      cairo_surface_t *again = draw_clip (layout, &all, plain_look ());
      cairo_surface_t *clipped = draw_clip (layout, &part, plain_look ());
      int stride = cairo_image_surface_get_stride (whole);
      const guchar *pixels = cairo_image_surface_get_data (whole);

      g_assert_cmpmem (pixels, (gsize) stride * (gsize) cairo_image_surface_get_height (whole),
                       cairo_image_surface_get_data (again),
                       (gsize) stride * (gsize) cairo_image_surface_get_height (again));
      /* But for the names of bands, which stay in sight at the clip's top. */
      for (int y = 40; y < 150; y++)
        g_assert_cmpmem (pixels + (y + 200) * stride + 200 * 4, 500 * 4,
                         cairo_image_surface_get_data (clipped) + y * stride + 200 * 4, 500 * 4);
      cairo_surface_destroy (whole);
      cairo_surface_destroy (again);
      cairo_surface_destroy (clipped);
    }
}

/* What is selected and what a replay leaves out shows. */
static void
test_look (void)
{
  g_autoptr (QsTrace) trace = make_connection (QS_VANTAGE_CLIENT);
  g_autoptr (QsSequenceLayout) layout = lay_out (trace, QS_SEQUENCE_EVEN, TRUE);
  QsRectangle all = { 0 };
  QsSequenceLook look = *plain_look ();

  qs_sequence_layout_get_extents (layout, &all.width, &all.height);
  cairo_surface_t *plain = draw_clip (layout, &all, &look);
  gsize size = (gsize) cairo_image_surface_get_stride (plain) * (gsize) cairo_image_surface_get_height (plain);
  look.selected = 3;
  cairo_surface_t *selected = draw_clip (layout, &all, &look);
  g_assert_true (memcmp (cairo_image_surface_get_data (plain), cairo_image_surface_get_data (selected), size) != 0);
  look.selected = G_MAXUINT;
  look.until = 1015 * MS;
  cairo_surface_t *replay = draw_clip (layout, &all, &look);
  g_assert_true (memcmp (cairo_image_surface_get_data (plain), cairo_image_surface_get_data (replay), size) != 0);
  cairo_surface_destroy (plain);
  cairo_surface_destroy (selected);
  cairo_surface_destroy (replay);
}

/* A million packets: laid out in slices of 4 ms, and a screenful anywhere is drawn well within a frame. */
static void
test_million (void)
{
  g_autoptr (QsTrace) trace = make_bulk (1000000);

  for (guint mode = 0; mode < 3; mode++)
    {
      QsSequenceOptions options = QS_SEQUENCE_OPTIONS_DEFAULT;
      QsRectangle clip = { 0, 0, 900, 700 };
      gint64 start = g_get_monotonic_time (), slowest = 0, longest = 0;
      double height;

      options.time = mode == 2 ? QS_SEQUENCE_TO_SCALE : QS_SEQUENCE_EVEN;
      options.collapse = mode == 0;
      g_autoptr (QsSequenceLayout) layout = qs_sequence_layout_new (trace, &options);
      for (gboolean done = FALSE; !done;)
        {
          gint64 slice = g_get_monotonic_time ();
          done = qs_sequence_layout_advance (layout, slice + 2000);
          longest = MAX (longest, g_get_monotonic_time () - slice);
        }
      gint64 laid_out = g_get_monotonic_time () - start;
      qs_sequence_layout_get_extents (layout, NULL, &height);
      for (guint i = 0; i < 20; i++)
        {
          clip.y = floor (height / 20 * i);
          start = g_get_monotonic_time ();
          cairo_surface_destroy (draw_clip (layout, &clip, plain_look ()));
          slowest = MAX (slowest, g_get_monotonic_time () - start);
        }
      g_test_message ("mode %u: laid out in %.0f ms, longest slice %.1f ms, %u rows, %.0f high, slowest frame %.1f ms",
                      mode, (double) laid_out / 1000, (double) longest / 1000, qs_sequence_layout_get_n_items (layout),
                      height, (double) slowest / 1000);
      if (g_test_perf ())
        g_assert_cmpint (slowest, <, 33000);
    }
}

static void
test_colours (void)
{
  const QsChartColours *presets[] = { qs_chart_colours_light (), qs_chart_colours_dark () };

  for (guint i = 0; i < 2; i++)
    {
      const QsChartColours *colours = presets[i];

      for (guint type = 0; type < QS_N_PACKET_TYPES; type++)
        {
          g_test_message ("preset %u type %u", i, type);
          g_assert_cmpfloat (qs_colour_contrast (&colours->packets[type], &colours->background), >=, 4.5);
          for (guint band = 0; band < QS_N_PACKET_TYPES; band++)
            g_assert_cmpfloat (qs_colour_contrast (&colours->packets[type], &colours->bands[band]), >=, 3);
          g_assert_cmpfloat (qs_colour_contrast (&colours->text, &colours->bands[type]), >=, 7);
          g_assert_cmpfloat (qs_colour_contrast (&colours->dim, &colours->bands[type]), >=, 4.5);
        }
      g_assert_cmpfloat (qs_colour_contrast (&colours->danger, &colours->background), >=, 4.5);
      g_assert_cmpfloat (qs_colour_contrast (&colours->good, &colours->background), >=, 4.5);
      g_assert_cmpfloat (qs_colour_contrast (&colours->warning, &colours->background), >=, 4.5);
    }
}

/* --- Files --- */

static void
text_cb (GMarkupParseContext *context, const char *text, gsize length, gpointer data, GError **error)
{
}

static void
test_export (void)
{
  static const struct {
    const char *name;
    const char *start;
  } files[] = { { "a.svg", "<?xml" }, { "a.png", "\x89PNG" }, { "a.PDF", "%PDF" } };
  g_autoptr (QsTrace) trace = make_connection (QS_VANTAGE_CLIENT);
  g_autofree char *dir = g_dir_make_tmp ("qs-chart-XXXXXX", NULL);

  qs_trace_set_title (trace, "<script>\x01&\xff");
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (dir, files[i].name, NULL);
      g_autofree char *bytes = NULL;
      g_autoptr (GError) error = NULL;
      gsize length;

      g_assert_true (qs_chart_export_sequence (trace, NULL, NULL, path, qs_chart_format_for_name (path), &error));
      g_assert_no_error (error);
      g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
      g_assert_cmpuint (length, >, 1000);
      g_assert_cmpmem (bytes, strlen (files[i].start), files[i].start, strlen (files[i].start));
      if (i == 0)
        {
          GMarkupParser parser = { .text = text_cb };
          g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, NULL, NULL);

          g_assert_true (g_markup_parse_context_parse (context, bytes, (gssize) length, &error));
          g_assert_true (g_markup_parse_context_end_parse (context, &error));
        }
      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

static void
test_export_errors (void)
{
  g_autoptr (QsTrace) trace = make_connection (QS_VANTAGE_CLIENT);
  g_autoptr (QsTrace) bulk = make_bulk (20000);
  QsSequenceOptions options = QS_SEQUENCE_OPTIONS_DEFAULT;
  g_autoptr (GError) error = NULL;

  g_assert_false (qs_chart_export_sequence (trace, NULL, NULL, "/nonexistent/a.svg", QS_CHART_SVG, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  options.collapse = FALSE;
  g_assert_null (qs_chart_sequence_to_svg (bulk, &options, NULL, G_MAXDOUBLE, NULL, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_TOO_LARGE);
}

static void
test_empty (void)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autoptr (QsSequenceLayout) layout = lay_out (trace, QS_SEQUENCE_EVEN, TRUE);
  QsRectangle clip = { 0, 0, 900, 300 };
  QsSequenceHit hit;

  cairo_surface_destroy (draw_clip (layout, &clip, plain_look ()));
  g_assert_false (qs_sequence_layout_lookup (layout, 100, 100, &hit));
  g_assert_false (qs_sequence_layout_get_item (layout, 0, &hit));
  g_assert_cmpuint (qs_sequence_layout_step (layout, 0, 1), ==, G_MAXUINT);
  g_assert_cmpint (qs_sequence_layout_y_to_time (layout, 50), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sequence/lookup", test_lookup);
  g_test_add_func ("/sequence/rows", test_rows);
  g_test_add_func ("/sequence/labels", test_labels);
  g_test_add_func ("/sequence/bulk", test_bulk);
  g_test_add_func ("/sequence/declared-lost", test_declared_lost);
  g_test_add_func ("/sequence/digests", test_digests);
  g_test_add_func ("/sequence/growth", test_growth);
  g_test_add_func ("/sequence/backwards", test_backwards);
  g_test_add_func ("/sequence/times", test_times);
  g_test_add_func ("/sequence/deterministic", test_deterministic);
  g_test_add_func ("/sequence/look", test_look);
  g_test_add_func ("/sequence/million", test_million);
  g_test_add_func ("/sequence/retries", test_retries);
  g_test_add_func ("/sequence/raced", test_raced);
  g_test_add_func ("/sequence/moved", test_moved);
  g_test_add_func ("/sequence/colours", test_colours);
  g_test_add_func ("/sequence/export", test_export);
  g_test_add_func ("/sequence/export-errors", test_export_errors);
  g_test_add_func ("/sequence/empty", test_empty);
  return g_test_run ();
}
