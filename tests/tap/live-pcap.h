/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A classic pcap of QUIC clients' first datagrams, written piece by piece by the test. */
#pragma once

#include <glib.h>
#include <string.h>

#include "wire/qs-packet.h"
#include "wire/qs-writer.h"

#define LIVE_LINK_RAW 101

static inline void
live_put32 (GByteArray *to, guint32 value)
{
  g_byte_array_append (to, (const guint8 *) &value, 4);
}

/* A file's header. */
static inline void
live_put_header (GByteArray *to)
{
  live_put32 (to, 0xa1b2c3d4u);
  live_put32 (to, 4u << 16 | 2u);
  live_put32 (to, 0);
  live_put32 (to, 0);
  live_put32 (to, 65535);
  live_put32 (to, LIVE_LINK_RAW);
}

/* A packet of client n at this second: an Initial of its own, from 10.N.N.N, port 1024 + n % 60000, to 192.0.2.1:443. */
static inline void
live_put_initial (GByteArray *to, guint n, guint32 second)
{
  g_autoptr (GByteArray) packet = g_byte_array_new ();
  g_autofree char *id = g_strdup_printf ("client%06u", n);
  QsPacketHeader header = {
    .type = QS_PACKET_INITIAL, .version = QS_QUIC_VERSION_1, .dcid = QS_SPAN (id, 12), .scid = QS_SPAN (id, 12)
  };
  const guint16 port = (guint16) (1024 + n % 60000);
  guint8 head[28] = { 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 0, 192, 0, 2, 1, 0, 0, 443 >> 8, 443 & 255 };
  const guint total = 28 + 1200;

  head[2] = (guint8) (total >> 8);
  head[3] = (guint8) total;
  head[13] = (guint8) (n >> 16);
  head[14] = (guint8) (n >> 8);
  head[15] = (guint8) n;
  head[20] = (guint8) (port >> 8);
  head[21] = (guint8) port;
  head[24] = (guint8) ((total - 20) >> 8);
  head[25] = (guint8) (total - 20);
  header.first_byte = qs_packet_first_byte (header.version, header.type, 1);
  g_byte_array_append (packet, head, sizeof head);
  qs_packet_header_write (packet, &header, 1000);
  while (packet->len < total)
    g_byte_array_append (packet, (const guint8 *) "\xa5", 1);

  live_put32 (to, second);
  live_put32 (to, n % 1000000);
  live_put32 (to, total);
  live_put32 (to, total);
  g_byte_array_append (to, packet->data, packet->len);
}
