/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* Traces made by hand: packets whose frames are given, with no bytes of a real connection behind them. */

/* A trace with a fixed origin, whose packets get their payloads from what fixture_add_packet() was given. */
QsTrace *fixture_trace_new (QsVantage vantage);

/* Adds a datagram of length bytes (its contents are made up) at time, between HOST:40000 and HOST:4433.
 * Returns the record. */
guint fixture_add_datagram (QsTrace *trace, gint64 time, QsDirection direction, gsize length);

/* Adds a packet in the record (G_MAXUINT: none) with this payload (hex of plain frames). Fills in what can be known from it.
 * Returns the packet. */
guint fixture_add_packet (QsTrace *trace, guint record, gint64 time, QsDirection direction, QsPacketType type,
                          guint64 number, guint32 length, const char *payload_hex);

/* Adds a TLS message of this type that came whole in this packet; its body is n zero bytes, or hex of the body. */
void fixture_add_message (QsTrace *trace, guint packet, guint8 type, const char *body_hex, gsize n_body);

G_END_DECLS
