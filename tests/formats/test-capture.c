/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Captures of all kinds, made byte by byte; and files that are truncated, garbled or hostile. */
#include <glib/gstdio.h>
#include <string.h>

#include "../cpu-time.h"
#include "formats/qs-pcapng-private.h"
#include "formats/qs-trace-file.h"

#define US G_GINT64_CONSTANT (1000)
#define BASE G_GINT64_CONSTANT (1700000000)
#define CLIENT_PORT 50000
#define SERVER_PORT 4433

typedef struct {
  char *dir;
  char *path;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->dir = g_dir_make_tmp ("qs-capture-XXXXXX", NULL);
  self->path = g_build_filename (self->dir, "capture", NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unlink (self->path);
  g_assert_cmpint (g_rmdir (self->dir), ==, 0);
  g_free (self->path);
  g_free (self->dir);
}

/* --- Bytes --- */

static void
put (GByteArray *out, const void *bytes, gsize n)
{
  g_byte_array_append (out, bytes, (guint) n);
}

static void
put16 (GByteArray *out, guint value, gboolean big)
{
  put (out,
       big ? (guint8[]){ (guint8) (value >> 8), (guint8) value } : (guint8[]){ (guint8) value, (guint8) (value >> 8) },
       2);
}

static void
put32 (GByteArray *out, guint32 value, gboolean big)
{
  put16 (out, big ? value >> 16 : value & 0xffff, big);
  put16 (out, big ? value & 0xffff : value >> 16, big);
}

static void
pad (GByteArray *out)
{
  put (out, "\0\0\0", (4 - out->len % 4) % 4);
}

/* --- Packets --- */

typedef struct {
  gboolean from_server;
  gboolean ipv6;
  gboolean fragment;
  guint8 tcp_flags; /* 0: UDP */
  guint32 sequence;
  guint link;
  gboolean vlan;
  gboolean to_us; /* cooked: not sent by the machine that captured */
  guint16 port;   /* of the server's; 0: SERVER_PORT */
} Shape;

static void
put_link (GByteArray *out, const Shape *shape)
{
  guint type = shape->ipv6 ? 0x86dd : 0x0800;
  guint cooked_type = shape->from_server || shape->to_us ? 0 : 4;

  switch (shape->link)
    {
    case QS_LINK_ETHERNET:
      put (out, "\1\1\1\1\1\1\2\2\2\2\2\2", 12);
      if (shape->vlan)
        put (out, "\x88\xa8\0\5\x81\0\0\6", 8);
      put16 (out, type, TRUE);
      break;
    case QS_LINK_LINUX_COOKED:
      put16 (out, cooked_type, TRUE);
      put (out, "\0\1\0\6\0\0\0\0\0\0\0\0", 12);
      put16 (out, type, TRUE);
      break;
    case QS_LINK_LINUX_COOKED2:
      put16 (out, type, TRUE);
      put (out, "\0\0\0\0\0\1\0\1", 8);
      put (out, (guint8[]){ (guint8) cooked_type, 6, 0, 0, 0, 0, 0, 0, 0, 0 }, 10);
      break;
    case QS_LINK_NULL:
      put (out, shape->ipv6 ? "\x1e\0\0\0" : "\2\0\0\0", 4);
      break;
    default:
      break;
    }
}

static void
put_ip (GByteArray *out, const Shape *shape, guint8 protocol, gsize length)
{
  guint8 from = shape->from_server ? 2 : 1, to = shape->from_server ? 1 : 2;
  guint8 address[16] = { 0x20, 1, 0xd, 0xb8 };

  if (!shape->ipv6)
    {
      put (out, "\x45\2", 2);
      put16 (out, (guint) length + 20, TRUE);
      put16 (out, 0, TRUE);
      put16 (out, shape->fragment ? 0x2000 : 0x4000, TRUE);
      put (out, (guint8[]){ 64, protocol, 0, 0, 192, 0, 2, from, 192, 0, 2, to }, 12);
      return;
    }
  put (out, "\x60\x20\0\0", 4);
  put16 (out, (guint) length + 8, TRUE);
  put (out, (guint8[]){ shape->fragment ? 44 : 0, 64 }, 2); /* hop-by-hop options: one more header */
  address[15] = from;
  put (out, address, 16);
  address[15] = to;
  put (out, address, 16);
  put (out, (guint8[]){ protocol, 0, 1, 4, 0, 0, 0, 0 }, 8);
}

static GBytes *
make_packet (const Shape *shape, const void *payload, gsize length)
{
  GByteArray *out = g_byte_array_new ();
  gboolean tcp = shape->tcp_flags != 0;

  put_link (out, shape);
  put_ip (out, shape, tcp ? 6 : 17, length + (tcp ? 20 : 8));
  guint16 port = shape->port != 0 ? shape->port : SERVER_PORT;
  put16 (out, shape->from_server ? port : CLIENT_PORT, TRUE);
  put16 (out, shape->from_server ? CLIENT_PORT : port, TRUE);
  if (tcp)
    {
      put32 (out, shape->sequence, TRUE);
      put32 (out, 0, TRUE);
      put (out, (guint8[]){ 5 << 4, shape->tcp_flags, 255, 255, 0, 0, 0, 0 }, 8);
    }
  else
    {
      put16 (out, (guint) length + 8, TRUE);
      put16 (out, 0, TRUE);
    }
  put (out, payload, length);
  if (shape->link == QS_LINK_ETHERNET)
    put (out, "padding!", 8);
  return g_byte_array_free_to_bytes (out);
}

static const guint8 initial[1200] = { 0xc0, 0, 0, 0, 1, 8, 1, 1, 1, 1, 1, 1,    1,
                                      1,    8, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0x44, 0x96 };
static const guint8 answer[1200] = { 0xc0, 0, 0, 0, 1, 8, 2, 2, 2, 2, 2, 2,    2,
                                     2,    8, 3, 3, 3, 3, 3, 3, 3, 3, 0, 0x44, 0x96 };

/* --- Files --- */

static GByteArray *
begin_pcap (guint link, gboolean big, gboolean nanoseconds)
{
  GByteArray *out = g_byte_array_new ();

  put32 (out, nanoseconds ? 0xa1b23c4du : 0xa1b2c3d4u, big);
  put16 (out, 2, big);
  put16 (out, 4, big);
  put32 (out, 0, big);
  put32 (out, 0, big);
  put32 (out, 65535, big);
  put32 (out, link, big);
  return out;
}

static void
put_pcap_packet (GByteArray *out, gboolean big, guint32 fraction, GBytes *packet)
{
  gsize length;
  const void *bytes = g_bytes_get_data (packet, &length);

  put32 (out, (guint32) BASE, big);
  put32 (out, fraction, big);
  put32 (out, (guint32) length, big);
  put32 (out, (guint32) length, big);
  put (out, bytes, length);
  g_bytes_unref (packet);
}

static void
put_block (GByteArray *out, gboolean big, guint32 type, GByteArray *body)
{
  pad (body);
  put32 (out, type, big);
  put32 (out, body->len + 12, big);
  put (out, body->data, body->len);
  put32 (out, body->len + 12, big);
  g_byte_array_unref (body);
}

static GByteArray *
begin_pcapng (guint link, gboolean big, int resolution)
{
  GByteArray *out = g_byte_array_new (), *body = g_byte_array_new ();

  put32 (body, QS_PCAPNG_BYTE_ORDER_MAGIC, big);
  put16 (body, 1, big);
  put16 (body, 0, big);
  put32 (body, G_MAXUINT32, big);
  put32 (body, G_MAXUINT32, big);
  put16 (body, 9999, big); /* an option that nobody knows */
  put16 (body, 3, big);
  put (body, "abc\0", 4);
  put_block (out, big, QS_PCAPNG_SECTION, body);
  put_block (out, big, 0x0bad, g_byte_array_new ());
  body = g_byte_array_new ();
  put16 (body, link, big);
  put16 (body, 0, big);
  put32 (body, 0, big);
  if (resolution >= 0)
    {
      put16 (body, QS_PCAPNG_IF_TSRESOL, big);
      put16 (body, 1, big);
      put (body, (guint8[]){ (guint8) resolution, 0, 0, 0 }, 4);
      put32 (body, 0, big);
    }
  put_block (out, big, QS_PCAPNG_INTERFACE, body);
  return out;
}

static void
put_enhanced (GByteArray *out, gboolean big, guint64 ticks, guint flags, GBytes *packet)
{
  GByteArray *body = g_byte_array_new ();
  gsize length;
  const void *bytes = g_bytes_get_data (packet, &length);

  put32 (body, 0, big);
  put32 (body, (guint32) (ticks >> 32), big);
  put32 (body, (guint32) ticks, big);
  put32 (body, (guint32) length, big);
  put32 (body, (guint32) length, big);
  put (body, bytes, length);
  pad (body);
  if (flags != 0)
    {
      put16 (body, QS_PCAPNG_EPB_FLAGS, big);
      put16 (body, 4, big);
      put32 (body, flags, big);
      put32 (body, 0, big);
    }
  put_block (out, big, QS_PCAPNG_ENHANCED_PACKET, body);
  g_bytes_unref (packet);
}

static GPtrArray *
load (Fixture *self, GByteArray *file, GError **error)
{
  g_assert_true (g_file_set_contents (self->path, (const char *) file->data, file->len, NULL));
  g_byte_array_unref (file);
  return qs_trace_file_load (self->path, NULL, NULL, error);
}

static QsTrace *
load_one (Fixture *self, GByteArray *file)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) traces = load (self, file, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (traces->len, ==, 1);
  return g_object_ref (g_ptr_array_index (traces, 0));
}

static void
check_two (QsTrace *trace, gint64 apart)
{
  QsRecord record;

  g_assert_cmpuint (qs_trace_get_n_datagrams (trace), ==, 2);
  g_assert_cmpint (qs_trace_get_origin (trace), ==, BASE * 1000000000 + 5000);
  qs_trace_get_record (trace, 0, &record);
  g_assert_cmpint (record.direction, ==, QS_DIRECTION_SENT);
  g_assert_cmpint (record.time, ==, 0);
  g_assert_cmpuint (record.ecn, ==, 2);
  g_assert_cmpmem (record.bytes.data, record.bytes.length, initial, sizeof initial);
  qs_trace_get_record (trace, 1, &record);
  g_assert_cmpint (record.direction, ==, QS_DIRECTION_RECEIVED);
  g_assert_cmpint (record.time, ==, apart);
  g_assert_cmpmem (record.bytes.data, record.bytes.length, answer, sizeof answer);
}

static void
test_links (Fixture *self, gconstpointer data)
{
  static const guint links[] = { QS_LINK_NULL, QS_LINK_ETHERNET, QS_LINK_RAW, QS_LINK_LINUX_COOKED,
                                 QS_LINK_LINUX_COOKED2 };

  for (guint i = 0; i < G_N_ELEMENTS (links) * 16; i++)
    {
      gboolean ipv6 = (i & 1) != 0, big = (i & 2) != 0, nanoseconds = (i & 4) != 0, vlan = (i & 8) != 0;
      Shape shape = { .link = links[i / 16], .ipv6 = ipv6, .vlan = vlan };
      g_autoptr (GByteArray) pcapng = begin_pcapng (shape.link, big, nanoseconds ? 9 : -1);
      GByteArray *pcap = begin_pcap (shape.link, big, nanoseconds);
      guint64 first = nanoseconds ? BASE * 1000000000 + 5000 : BASE * 1000000 + 5;

      g_test_message ("link %u ipv6 %d big %d ns %d vlan %d", shape.link, ipv6, big, nanoseconds, vlan);
      put_pcap_packet (pcap, big, nanoseconds ? 5000 : 5, make_packet (&shape, initial, sizeof initial));
      put_enhanced (pcapng, big, first, 0, make_packet (&shape, initial, sizeof initial));
      shape.from_server = TRUE;
      put_pcap_packet (pcap, big, nanoseconds ? 8000 : 8, make_packet (&shape, answer, sizeof answer));
      put_enhanced (pcapng, big, first + (nanoseconds ? 3000 : 3), 0, make_packet (&shape, answer, sizeof answer));
      g_autoptr (QsTrace) of_pcap = load_one (self, pcap);
      check_two (of_pcap, 3 * US);
      g_autoptr (QsTrace) of_pcapng = load_one (self, g_steal_pointer (&pcapng));
      check_two (of_pcapng, 3 * US);
    }
}

static void
test_vantage (Fixture *self, gconstpointer data)
{
  for (guint flags = 0; flags < 3; flags++)
    {
      static const QsVantage expected[] = { QS_VANTAGE_NETWORK, QS_VANTAGE_SERVER, QS_VANTAGE_CLIENT };
      Shape shape = { .link = QS_LINK_RAW };
      GByteArray *file = begin_pcapng (shape.link, FALSE, 9);

      put_enhanced (file, FALSE, 1, flags, make_packet (&shape, initial, sizeof initial));
      g_autoptr (QsTrace) trace = load_one (self, file);
      g_assert_cmpint (qs_trace_get_vantage (trace), ==, expected[flags]);
    }
}

/* An Initial of @length bytes to the id that @id fills, in @out. */
static void
fill_initial (guint8 *out, guint8 id, gsize length)
{
  memset (out, 0, length);
  out[0] = 0xc3;
  out[4] = 1; /* version 1 */
  out[5] = 8;
  memset (out + 6, id, 8);
  /* No client's id, no token; then the length of what follows (RFC 9000 section 17.2.2). */
  out[16] = (guint8) (0x40 | (length - 18) >> 8);
  out[17] = (guint8) (length - 18);
}

/* The server may give the client another id in its first flight, under encryption: an Initial to it, with a Handshake
 * packet behind, goes on with the connection. An Initial alone to an unknown id begins another one. */
static void
test_unknown_id (Fixture *self, gconstpointer data)
{
  for (guint joined = 0; joined < 2; joined++)
    {
      guint8 first[1200], second[1200];
      Shape shape = { .link = QS_LINK_RAW };
      GByteArray *file = begin_pcapng (shape.link, FALSE, 9);
      g_autoptr (GError) error = NULL;

      fill_initial (first, 'a', sizeof first);
      fill_initial (second, 'b', joined ? 100 : sizeof second);
      if (joined)
        {
          fill_initial (second + 100, 'b', sizeof second - 100);
          second[100] = 0xe3;
          /* A Handshake packet has no token: its length comes at once. */
          memmove (second + 115, second + 116, sizeof second - 116);
          second[115] = (guint8) (0x40 | (sizeof second - 117) >> 8);
          second[116] = (guint8) (sizeof second - 117);
        }
      put_enhanced (file, FALSE, 1, 2, make_packet (&shape, first, sizeof first));
      put_enhanced (file, FALSE, 2, 2, make_packet (&shape, second, sizeof second));
      g_autoptr (GPtrArray) traces = load (self, file, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (traces->len, ==, joined ? 1 : 2);
    }
}

/* Out of order, twice, overlapping, with a wrap of the sequence number; a reset at the end. */
static void
test_tcp_order (Fixture *self, gconstpointer data)
{
  static const struct {
    guint32 offset;
    const char *text;
  } segments[] = { { 0, "\x16\x03\x01"
                        "AB" },
                   { 10, "KLMN" },
                   { 5, "FG" },
                   { 5, "FG" },
                   { 3, "ABFGHIJKL" },
                   { 14, "O" } };
  Shape shape = { .link = QS_LINK_ETHERNET, .tcp_flags = 0x02, .sequence = 0xfffffff8u };
  GByteArray *file = begin_pcap (shape.link, FALSE, TRUE);
  g_autoptr (GString) got = g_string_new (NULL);
  guint32 first = shape.sequence + 1;

  put_pcap_packet (file, FALSE, 1, make_packet (&shape, NULL, 0));
  shape = (Shape){ .link = QS_LINK_ETHERNET, .tcp_flags = 0x12, .sequence = 77, .from_server = TRUE };
  put_pcap_packet (file, FALSE, 2, make_packet (&shape, NULL, 0));
  for (guint i = 0; i < G_N_ELEMENTS (segments); i++)
    {
      shape = (Shape){ .link = QS_LINK_ETHERNET, .tcp_flags = 0x18, .sequence = first + segments[i].offset };
      put_pcap_packet (file, FALSE, 3 + i, make_packet (&shape, segments[i].text, strlen (segments[i].text)));
    }
  shape = (Shape){ .link = QS_LINK_ETHERNET, .tcp_flags = 0x04, .from_server = TRUE, .sequence = 78 };
  put_pcap_packet (file, FALSE, 100, make_packet (&shape, NULL, 0));

  g_autoptr (QsTrace) trace = load_one (self, file);
  for (guint i = 0; i < qs_trace_get_n_records (trace); i++)
    {
      QsRecord record;

      qs_trace_get_record (trace, i, &record);
      if (record.kind == QS_RECORD_SEGMENT)
        g_string_append_len (got, (const char *) record.bytes.data, (gssize) record.bytes.length);
    }
  g_assert_cmpmem (got->str, got->len,
                   "\x16\x03\x01"
                   "ABFGHIJKLMNO",
                   15);
  g_assert_nonnull (qs_trace_find_mark (trace, QS_MARK_TCP_CONNECTED, NULL, NULL));
  g_assert_nonnull (qs_trace_find_mark (trace, QS_MARK_SOCKET_ERROR, "ECONNRESET", NULL));
}

/* Bytes that the capture missed are told of, and what follows is still there. */
static void
test_tcp_gap (Fixture *self, gconstpointer data)
{
  Shape shape = { .link = QS_LINK_RAW, .tcp_flags = 0x18, .sequence = 100 };
  GByteArray *file = begin_pcap (shape.link, FALSE, TRUE);

  put_pcap_packet (file, FALSE, 1, make_packet (&shape, "\x16\x03\x01", 3));
  shape.sequence = 200;
  put_pcap_packet (file, FALSE, 2, make_packet (&shape, "later", 5));
  g_autoptr (QsTrace) trace = load_one (self, file);
  g_assert_cmpuint (qs_trace_get_n_datagrams (trace), ==, 2);
  g_assert_nonnull (qs_trace_find_mark (trace, QS_MARK_NOTE, "file", NULL));
}

static void
test_tcp_refused (Fixture *self, gconstpointer data)
{
  Shape shape = { .link = QS_LINK_RAW, .tcp_flags = 0x02, .sequence = 100 };
  GByteArray *file = begin_pcap (shape.link, FALSE, TRUE);

  put_pcap_packet (file, FALSE, 1, make_packet (&shape, NULL, 0));
  shape = (Shape){ .link = QS_LINK_RAW, .tcp_flags = 0x14, .from_server = TRUE };
  put_pcap_packet (file, FALSE, 2, make_packet (&shape, NULL, 0));
  g_autoptr (QsTrace) trace = load_one (self, file);
  g_assert_nonnull (qs_trace_find_mark (trace, QS_MARK_SOCKET_ERROR, "ECONNREFUSED", NULL));
}

/* Only a SYN is refused. A reset behind what the client sent on a connection, or acknowledged of the server's, is none, whatever of that the
 * capture lacks. */
static void
test_tcp_not_refused (Fixture *self, gconstpointer data)
{
  static const char hello[] = "\x16\x03\x01\x00\x20\x01\x00\x00\x1c\x03\x03 and so on, and so on";
  gboolean syn = GPOINTER_TO_INT (data);
  Shape shape = { .link = QS_LINK_RAW, .tcp_flags = 0x02, .sequence = 100 };
  GByteArray *file = begin_pcap (shape.link, FALSE, TRUE);

  if (syn)
    put_pcap_packet (file, FALSE, 1, make_packet (&shape, NULL, 0));
  shape = (Shape){ .link = QS_LINK_RAW, .tcp_flags = 0x18, .sequence = 101 };
  put_pcap_packet (file, FALSE, 2, make_packet (&shape, hello, sizeof hello - 1));
  shape = (Shape){ .link = QS_LINK_RAW, .tcp_flags = 0x04, .from_server = TRUE };
  put_pcap_packet (file, FALSE, 3, make_packet (&shape, NULL, 0));
  g_autoptr (QsTrace) trace = load_one (self, file);
  g_assert_null (qs_trace_find_mark (trace, QS_MARK_SOCKET_ERROR, "ECONNREFUSED", NULL));
  g_assert_nonnull (qs_trace_find_mark (trace, QS_MARK_SOCKET_ERROR, "ECONNRESET", NULL));
}

static void
test_icmp (Fixture *self, gconstpointer data)
{
  Shape shape = { .link = QS_LINK_RAW };
  GByteArray *file = begin_pcap (shape.link, FALSE, TRUE);
  GByteArray *error = g_byte_array_new ();
  GBytes *quoted = make_packet (&shape, initial, 8);

  put_pcap_packet (file, FALSE, 1, make_packet (&shape, initial, sizeof initial));
  shape.from_server = TRUE;
  put_ip (error, &shape, 1, 8 + g_bytes_get_size (quoted));
  put (error, "\3\3\0\0\0\0\0\0", 8);
  put (error, g_bytes_get_data (quoted, NULL), g_bytes_get_size (quoted));
  g_bytes_unref (quoted);
  put_pcap_packet (file, FALSE, 2, g_byte_array_free_to_bytes (error));
  g_autoptr (QsTrace) trace = load_one (self, file);
  const QsMark *mark = qs_trace_find_mark (trace, QS_MARK_ICMP, "port-unreachable", NULL);
  g_assert_nonnull (mark);
  g_assert_cmpstr (mark->text, ==, "192.0.2.2");
  g_assert_cmpint (mark->value, ==, 0x303);
}

/* An ICMP error about a TCP packet that the client sent, as a router on the way makes it. */
static GBytes *
make_tcp_error (const Shape *about, guint8 code)
{
  GByteArray *error = g_byte_array_new ();
  g_autoptr (GBytes) quoted = make_packet (about, NULL, 0);
  Shape shape = { .link = QS_LINK_RAW, .from_server = TRUE };

  put_ip (error, &shape, 1, 8 + g_bytes_get_size (quoted));
  put (error, (guint8[]){ 3, code, 0, 0, 0, 0, 0, 0 }, 8);
  put (error, g_bytes_get_data (quoted, NULL), g_bytes_get_size (quoted));
  return g_byte_array_free_to_bytes (error);
}

/* A SYN that is met with an ICMP error is a connection that did not come about; to a port of some other protocol, or answered all the
 * same, it is none that is known to be TLS. */
static void
test_icmp_of_syn (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 5; i++)
    {
      gboolean answered = i == 2, again = i == 3, closed = i == 4;
      guint16 port = i == 1 ? 22 : 443;
      Shape shape = { .link = QS_LINK_RAW, .tcp_flags = 0x02, .sequence = 100, .port = port };
      GByteArray *file = begin_pcap (shape.link, FALSE, TRUE);
      g_autoptr (GError) error = NULL;

      put_pcap_packet (file, FALSE, 1, make_packet (&shape, NULL, 0));
      put_pcap_packet (file, FALSE, 2, make_tcp_error (&shape, closed ? 3 : 13));
      if (again)
        put_pcap_packet (file, FALSE, 4, make_packet (&shape, NULL, 0));
      shape = (Shape){ .link = QS_LINK_RAW, .tcp_flags = 0x12, .sequence = 500, .port = port, .from_server = TRUE };
      if (answered)
        put_pcap_packet (file, FALSE, 3, make_packet (&shape, NULL, 0));
      g_autoptr (GPtrArray) traces = load (self, file, &error);
      g_assert_true ((traces != NULL) == (i == 0 || i > 2));
      if (traces == NULL)
        continue;
      guint n_attempts = 0;
      for (guint k = 0; k < qs_trace_get_n_marks (traces->pdata[0]); k++)
        n_attempts += qs_trace_get_mark (traces->pdata[0], k, NULL)->kind == QS_MARK_CONNECTING;
      gint64 time;
      const QsMark *mark =
          qs_trace_find_mark (traces->pdata[0], QS_MARK_ICMP, closed ? "port-unreachable" : "admin-prohibited", &time);
      g_assert_nonnull (mark);
      g_assert_cmpint (time, ==, 1);
      g_assert_cmpint (mark->value, ==, closed ? 0x303 : 0x30d);
      g_assert_true ((qs_trace_find_mark (traces->pdata[0], QS_MARK_SOCKET_ERROR, "ECONNREFUSED", NULL) != NULL) ==
                     closed);
      g_assert_cmpuint (n_attempts, ==, again ? 2 : 1);
    }
}

/* What ended a connection before its ClientHello came is told of, once it is known to be TLS. */
static void
test_early_end (Fixture *self, gconstpointer data)
{
  static const char hello[] = "\x16\x03\x01\x00\x20\x01\x00\x00\x1c\x03\x03 and so on, and so on";
  static const struct {
    guint8 flags; /* of the server's, 0: it sends nothing */
    const char *end, *error;
  } cases[] = { { 0, NULL, NULL }, { 0x11, "fin", NULL }, { 0x14, "reset", "ECONNRESET" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Shape shape = { .link = QS_LINK_RAW, .tcp_flags = 0x02, .sequence = 100 };
      GByteArray *file = begin_pcap (shape.link, FALSE, TRUE);

      put_pcap_packet (file, FALSE, 1, make_packet (&shape, NULL, 0));
      shape = (Shape){ .link = QS_LINK_RAW, .tcp_flags = 0x12, .sequence = 500, .from_server = TRUE };
      put_pcap_packet (file, FALSE, 2, make_packet (&shape, NULL, 0));
      shape.sequence++;
      shape.tcp_flags = cases[i].flags;
      if (cases[i].flags != 0)
        put_pcap_packet (file, FALSE, 3, make_packet (&shape, NULL, 0));
      shape = (Shape){ .link = QS_LINK_RAW, .tcp_flags = 0x18, .sequence = 101 };
      put_pcap_packet (file, FALSE, 4, make_packet (&shape, hello, sizeof hello - 1));
      g_autoptr (QsTrace) trace = load_one (self, file);
      gint64 time = 2;
      const QsMark *end = qs_trace_find_mark (trace, QS_MARK_TCP_END, NULL, &time);
      const QsMark *error = qs_trace_find_mark (trace, QS_MARK_SOCKET_ERROR, NULL, NULL);
      g_assert_cmpstr (end != NULL ? end->name : NULL, ==, cases[i].end);
      g_assert_cmpstr (error != NULL ? error->name : NULL, ==, cases[i].error);
      g_assert_cmpint (time, ==, 2);
      g_assert_true (end == NULL || end->value == QS_DIRECTION_RECEIVED);
    }
}

static void
test_fragments (Fixture *self, gconstpointer data)
{
  Shape shape = { .link = QS_LINK_RAW };
  GByteArray *file = begin_pcap (shape.link, FALSE, TRUE);

  put_pcap_packet (file, FALSE, 1, make_packet (&shape, initial, sizeof initial));
  shape.fragment = TRUE;
  put_pcap_packet (file, FALSE, 2, make_packet (&shape, initial, sizeof initial));
  shape.ipv6 = TRUE;
  put_pcap_packet (file, FALSE, 3, make_packet (&shape, initial, sizeof initial));
  g_autoptr (QsTrace) trace = load_one (self, file);
  g_assert_cmpuint (qs_trace_get_n_datagrams (trace), ==, 1);
  const QsMark *note = qs_trace_find_mark (trace, QS_MARK_NOTE, "file", NULL);
  g_assert_nonnull (strstr (note->text, "fragments"));
}

/* An interface for all shows a loopback packet twice. */
static void
test_cooked_twice (Fixture *self, gconstpointer data)
{
  Shape shape = { .link = QS_LINK_LINUX_COOKED };
  GByteArray *file = begin_pcap (shape.link, FALSE, TRUE);
  GBytes *packet = make_packet (&shape, initial, sizeof initial);
  guint8 *bytes = g_memdup2 (g_bytes_get_data (packet, NULL), g_bytes_get_size (packet));
  gsize length = g_bytes_get_size (packet);

  g_bytes_unref (packet);
  bytes[16 + 19] = bytes[16 + 15]; /* to oneself */
  put_pcap_packet (file, FALSE, 1, g_bytes_new (bytes, length));
  bytes[1] = 0;
  put_pcap_packet (file, FALSE, 2, g_bytes_new_take (bytes, length));
  g_autoptr (QsTrace) trace = load_one (self, file);
  g_assert_cmpuint (qs_trace_get_n_datagrams (trace), ==, 1);
}

typedef enum { SHORT_HEADERS, ONE_TYPE, MIXED, TEXT } Looks;

/* Datagrams of 100 bytes to a port that means nothing, as their first bytes make them look. */
static void
put_flow (GByteArray *file, guint16 port, Looks looks, guint n)
{
  guint32 state = 1;

  for (guint i = 0; i < n; i++)
    {
      Shape shape = { .link = QS_LINK_RAW, .port = port, .from_server = i % 3 == 0 };
      guint8 bytes[100] = { (guint8) (looks == ONE_TYPE ? 0x44 : 0x40 | (i * 7) % 64), 0x12, 0x34, 0x56, 0x78 };
      for (guint j = 21; looks != TEXT && j < sizeof bytes;
           j++) /* as encrypted as a generator of numbers can make it */
        bytes[j] = (guint8) ((state = state * 1103515245u + 12345u) >> 16);
      for (guint j = 21; looks == TEXT && j < sizeof bytes; j++)
        bytes[j] = (guint8) ('a' + (i + j) % 26);
      if (looks == MIXED && i % 4 == 1)
        bytes[0] |= 0x80;
      put_pcap_packet (file, FALSE, i, make_packet (&shape, bytes, sizeof bytes));
    }
}

/* With secrets beside, what looks like short headers is taken for a connection that began before the capture did; what turns
 * out not to look like it is not. */
static void
test_guesses (Fixture *self, gconstpointer data)
{
  g_autofree char *keys = g_strconcat (self->path, ".keys", NULL);
  GByteArray *file = begin_pcap (QS_LINK_RAW, FALSE, TRUE);

  put_flow (file, 40001, SHORT_HEADERS, 300);
  put_flow (file, 40002, ONE_TYPE, 3000);
  put_flow (file, 40003, MIXED, 3000);
  put_flow (file, 40004, SHORT_HEADERS, 5);
  put_flow (file, 40005, TEXT, 300);
  g_assert_true (g_file_set_contents (self->path, (const char *) file->data, file->len, NULL));
  g_byte_array_unref (file);
  g_assert_true (g_file_set_contents (keys,
                                      "CLIENT_TRAFFIC_SECRET_0 "
                                      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f "
                                      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
                                      -1, NULL));

  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) traces = qs_trace_file_load (self->path, keys, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (traces->len, ==, 1);
  QsTrace *trace = g_ptr_array_index (traces, 0);
  g_assert_cmpuint (qs_trace_get_n_datagrams (trace), ==, 300);
  QsRecord record;
  for (guint i = 0, n = 0; n < 3; i++)
    {
      qs_trace_get_record (trace, i, &record);
      if (record.kind != QS_RECORD_DATAGRAM)
        continue;
      /* The client has the higher port. */
      g_assert_cmpint (record.direction, ==, n++ == 0 ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT);
    }
  g_unlink (keys);

  /* Without secrets there would be nothing to see of it. */
  g_autoptr (GPtrArray) none = qs_trace_file_load (self->path, NULL, NULL, &error);
  g_assert_null (none);
  g_assert_error (error, QS_ERROR, QS_ERROR_UNSUPPORTED);
}

/* What the network card was to cut up is cut up. */
static void
test_offload (Fixture *self, gconstpointer data)
{
  guint8 many[3000] = { 0 };
  Shape shape = { .link = QS_LINK_RAW };
  GByteArray *file = begin_pcap (shape.link, FALSE, TRUE);
  QsRecord record;

  put_pcap_packet (file, FALSE, 1, make_packet (&shape, initial, sizeof initial));
  shape.from_server = TRUE;
  put_pcap_packet (file, FALSE, 2, make_packet (&shape, answer, sizeof answer));
  for (guint at = 0; at < sizeof many; at += 1200)
    {
      many[at] = 0x45;
      memset (many + at + 1, 2, 8);
    }
  put_pcap_packet (file, FALSE, 3, make_packet (&shape, many, sizeof many));
  g_autoptr (QsTrace) trace = load_one (self, file);
  g_assert_cmpuint (qs_trace_get_n_datagrams (trace), ==, 5);
  qs_trace_get_record (trace, 3, &record);
  g_assert_cmpuint (record.length, ==, 1200);
  qs_trace_get_record (trace, 4, &record);
  g_assert_cmpuint (record.length, ==, 600);
}

/* --- Damaged --- */

static void
expect_error (Fixture *self, const char *name, const void *bytes, gsize length)
{
  g_autoptr (GError) error = NULL;
  GByteArray *file = g_byte_array_new ();
  gint64 start = cpu_time ();

  put (file, bytes, length);
  g_autoptr (GPtrArray) traces = load (self, file, &error);
  double seconds = (double) (cpu_time () - start) / 1e6;
  g_test_message ("%s: %.3f s: %s", name, seconds, error != NULL ? error->message : "no error");
  g_assert_null (traces);
  g_assert_nonnull (error);
  g_assert_true (error->domain == QS_ERROR);
  g_assert_cmpuint (strlen (error->message), >, 20);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_cmpfloat (seconds, <, 1);
}

#define HEAD_LE "\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0"
#define LITERAL(text) text, sizeof text - 1

static void
test_hostile (Fixture *self, gconstpointer data)
{
  static const struct {
    const char *name;
    const char *bytes;
    gsize length;
  } files[] = {
    { "empty", LITERAL ("") },
    { "text", LITERAL ("hello, this is no capture\n") },
    { "a key log", LITERAL ("CLIENT_RANDOM 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f "
                            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n") },
    { "gzip", LITERAL ("\x1f\x8b\x08\0\0\0\0\0") },
    { "pcapng: only its type", LITERAL ("\x0a\x0d\x0d\x0a") },
    { "pcapng: a gigabyte in twelve bytes", LITERAL ("\x0a\x0d\x0d\x0a\0\0\0\x40\x4d\x3c\x2b\x1a") },
    { "pcapng: a gigabyte of block", LITERAL (HEAD_LE "\6\0\0\0\0\0\0\x40") },
    { "pcapng: 60 MiB that are not there", LITERAL (HEAD_LE "\6\0\0\0\0\0\xc0\3") },
    { "pcapng: no byte order",
      LITERAL ("\x0a\x0d\x0d\x0a\x1c\0\0\0\0\0\0\0\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0") },
    { "pcapng: the other byte order's length",
      LITERAL ("\x0a\x0d\x0d\x0a\0\0\0\x1c\x4d\x3c\x2b\x1a\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\x1c") },
    { "pcapng: version 2",
      LITERAL ("\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\2\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0") },
    { "pcapng: a block of no bytes", LITERAL (HEAD_LE "\6\0\0\0\0\0\0\0\0\0\0\0") },
    { "pcapng: a block of eight bytes", LITERAL (HEAD_LE "\6\0\0\0\x8\0\0\0\x8\0\0\0") },
    { "pcapng: a length that is odd", LITERAL (HEAD_LE "\6\0\0\0\x0d\0\0\0\0\x0d\0\0\0") },
    { "pcapng: lengths that differ", LITERAL (HEAD_LE "\x99\0\0\0\x0c\0\0\0\x10\0\0\0") },
    { "pcapng: packet without interface",
      LITERAL (HEAD_LE "\6\0\0\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x20\0\0\0") },
    { "pcapng: simple packet without interface", LITERAL (HEAD_LE "\3\0\0\0\x10\0\0\0\0\0\0\0\x10\0\0\0") },
    { "pcapng: packet longer than its block",
      LITERAL (HEAD_LE "\1\0\0\0\x14\0\0\0\x65\0\0\0\0\0\0\0\x14\0\0\0\6\0\0\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff"
                       "\xff\0\0\0\0\0\0\x20\0\0\0") },
    { "pcapng: secrets longer than their block",
      LITERAL (HEAD_LE "\x0a\0\0\0\x14\0\0\0KSLT\xff\xff\xff\x7f\x14\0\0\0") },
    { "pcapng: no packets", LITERAL (HEAD_LE) },
    { "pcap: only its type", LITERAL ("\xd4\xc3\xb2\xa1") },
    { "pcap: no packets", LITERAL ("\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\x65\0\0\0") },
    { "pcap: an unknown link", LITERAL ("\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\xc3\0\0\0") },
    { "pcap: a packet of a gigabyte",
      LITERAL ("\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\x65\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0\x40") },
    { "pcap: half a packet",
      LITERAL ("\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\x65\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0\x40\0\0\0\x45") },
    { "JSON that is no qlog", LITERAL ("{\"a\":1}") },
    { "JSON that ends", LITERAL ("{\"qlog_version\":\"0.3\",\"traces\":[{") },
    { "JSON with rubbish", LITERAL ("{\"qlog_version\":\"0.3\"} rubbish") },
    { "JSON of no traces", LITERAL ("{\"qlog_version\":\"0.3\",\"traces\":[]}") },
    { "JSON of wrong types",
      LITERAL ("{\"qlog_version\":\"0.3\",\"traces\":[1,null,\"x\",[{\"events\":[{}]}],{\"events\":{\"a\":[]}}]}") },
    { "brackets that do not match", LITERAL ("{\"qlog_version\":\"0.3\",\"traces\":[}") },
    { "closing alone", LITERAL ("{\"qlog_version\":\"0.3\"}}") },
    { "an event that is broken", LITERAL ("\x1e{\"qlog_version\":\"0.3\",\"trace\":{}}\n\x1e{\"time\":tru}\n") },
    { "a string that does not end", LITERAL ("{\"qlog_version\":\"0.3") },
    { "a NUL", LITERAL ("{\"qlog_version\":\"0.3\",\"trace\":{}\0}") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    expect_error (self, files[i].name, files[i].bytes, files[i].length);
}

/* What is large in itself: nested JSON, one huge event, numbers without end. */
static void
test_large (Fixture *self, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new ("{\"qlog_version\":");

  for (guint i = 0; i < 1000000; i++)
    g_string_append_c (text, i % 2 == 0 ? '[' : '{');
  expect_error (self, "nested a million times", text->str, text->len);

  g_string_assign (text, "\x1e{\"qlog_version\":\"0.3\",\"trace\":{}}\n\x1e");
  for (guint i = 0; i < 1000000; i++)
    g_string_append (text, "{\"data\":");
  expect_error (self, "an event nested a million times", text->str, text->len);

  g_string_assign (text, "{\"qlog_version\":\"0.3\",\"traces\":[{\"events\":[\"");
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *million = g_strnfill (1000000, 'a');
      g_string_append (text, million);
    }
  expect_error (self, "a string of 20 MB", text->str, text->len);

  g_string_assign (text, HEAD_LE);
  g_string_truncate (text, 0);
  g_string_append_len (text, HEAD_LE, sizeof HEAD_LE - 1);
  for (guint i = 0; i < 500000; i++)
    g_string_append_len (text, "\1\0\0\0\x14\0\0\0\x65\0\0\0\0\0\0\0\x14\0\0\0", 20);
  expect_error (self, "500,000 interfaces", text->str, text->len);
}

/* Cut anywhere, a file gives an error or what it holds, with a note. */
static void
test_cut (Fixture *self, gconstpointer data)
{
  Shape shape = { .link = QS_LINK_RAW };
  g_autoptr (GByteArray) whole = begin_pcapng (shape.link, FALSE, 9);

  put_enhanced (whole, FALSE, 1, 0, make_packet (&shape, initial, 200));
  gsize first = whole->len;
  put_enhanced (whole, FALSE, 2, 0, make_packet (&shape, initial, 200));
  for (gsize n = 0; n < whole->len; n++)
    {
      GByteArray *part = g_byte_array_new ();
      g_autoptr (GError) error = NULL;

      put (part, whole->data, n);
      g_autoptr (GPtrArray) traces = load (self, part, &error);
      if (traces == NULL)
        {
          g_assert_cmpuint (n, <, first);
          g_assert_nonnull (error);
          continue;
        }
      g_assert_cmpuint (n, >=, first);
      QsTrace *trace = g_ptr_array_index (traces, 0);
      g_assert_cmpuint (qs_trace_get_n_datagrams (trace), ==, 1);
      g_assert_true ((qs_trace_find_mark (trace, QS_MARK_NOTE, "file", NULL) != NULL) == (n > first));
    }
}

/* Every byte of a good file turned over, one at a time: never a crash, and never long. */
static void
test_garbled (Fixture *self, gconstpointer data)
{
  Shape shape = { .link = QS_LINK_ETHERNET, .vlan = TRUE, .ipv6 = TRUE };
  g_autoptr (GByteArray) whole = begin_pcapng (shape.link, TRUE, 6);

  put_enhanced (whole, TRUE, BASE * 1000000, 1, make_packet (&shape, initial, 60));
  for (gsize at = 0; at < whole->len * 2; at++)
    {
      GByteArray *part = g_byte_array_new ();

      put (part, whole->data, whole->len);
      part->data[at / 2] ^= at % 2 == 0 ? 0xff : 0x01;
      g_autoptr (GPtrArray) traces = load (self, part, NULL);
    }
}

static void
test_cancelled (Fixture *self, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (self->path, HEAD_LE, sizeof HEAD_LE - 1, NULL));
  g_cancellable_cancel (cancellable);
  g_assert_null (qs_trace_file_load (self->path, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/capture/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("links", test_links);
  ADD ("vantage", test_vantage);
  ADD ("unknown-id", test_unknown_id);
  ADD ("tcp-order", test_tcp_order);
  ADD ("tcp-gap", test_tcp_gap);
  ADD ("tcp-refused", test_tcp_refused);
  g_test_add ("/capture/tcp-not-refused/late", Fixture, GINT_TO_POINTER (FALSE), set_up, test_tcp_not_refused,
              tear_down);
  g_test_add ("/capture/tcp-not-refused/syn", Fixture, GINT_TO_POINTER (TRUE), set_up, test_tcp_not_refused, tear_down);
  ADD ("icmp", test_icmp);
  ADD ("icmp-of-syn", test_icmp_of_syn);
  ADD ("early-end", test_early_end);
  ADD ("fragments", test_fragments);
  ADD ("guesses", test_guesses);
  ADD ("cooked-twice", test_cooked_twice);
  ADD ("offload", test_offload);
  ADD ("hostile", test_hostile);
  ADD ("large", test_large);
  ADD ("cut", test_cut);
  ADD ("garbled", test_garbled);
  ADD ("cancelled", test_cancelled);
  return g_test_run ();
}
