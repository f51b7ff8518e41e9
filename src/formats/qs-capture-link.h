/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-capture-packet.h"

G_BEGIN_DECLS

/* What is left of a packet while headers are taken off. */
typedef struct {
  const guint8 *at;
  gsize left;
} QsCursor;

static inline guint
qs_cursor_be16 (const guint8 *at)
{
  return (guint) (at[0] << 8 | at[1]);
}

static inline guint32
qs_cursor_be32 (const guint8 *at)
{
  return (guint32) qs_cursor_be16 (at) << 16 | qs_cursor_be16 (at + 2);
}

static inline gboolean
qs_cursor_advance (QsCursor *cursor, gsize n)
{
  if (n > cursor->left)
    return FALSE;
  cursor->at += n;
  cursor->left -= n;
  return TRUE;
}

/* Takes a link layer off, with what tags and labels it has. Each leaves the cursor at an IP header; FALSE: something else is there. */
gboolean qs_capture_link_skip (guint link, QsCursor *cursor, QsCapturePacket *packet);
/* The same from behind a type of Ethernet's: of tunnels, too. */
gboolean qs_capture_ethertype_skip (guint type, QsCursor *cursor, QsCapturePacket *packet);
gboolean qs_capture_ppp_skip (QsCursor *cursor, QsCapturePacket *packet);
#define QS_ETHERTYPE_BRIDGED 0x6558u /* a whole Ethernet frame, as GRE and Geneve name it */

G_END_DECLS
