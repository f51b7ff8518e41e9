/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-capture-packet.h"

G_BEGIN_DECLS

/**
 * The record of a run: what our own pcapng holds besides packets and secrets, so that a run opened again is the same run:
 * whose view it is, its title and paths, all marks, and of TLS over TCP how the bytes were written and read. It stands in
 * custom options (pcapng, section 3.5.1) of the interface's block: those Wireshark passes over, and editcap, mergecap and
 * tshark keep. Custom *blocks* it shows as frames of their own, and editcap loses the local ones.
 *
 * Items of a tag, a length and a body, little-endian. Tags, kinds of marks and members that a reader does not know it passes
 * over; kinds are written by name.
 */

/* IANA's number for examples (RFC 5612), as nobody has registered one for us: the magic behind it says whose it is. */
#define QS_RUN_RECORD_PEN 32473u
#define QS_RUN_RECORD_MAGIC "Quicscope"
#define QS_RUN_RECORD_PART 60000      /* bytes in one option: its length has 16 bits */
#define QS_RUN_RECORD_MAX (12u << 20) /* in all: Wireshark reads blocks of up to 16 MiB */
#define QS_RUN_RECORD_MAX_MARKS (1u << 20)

/* An end of a path as it stands in the packets; where the trace does not know it, it was made up. */
typedef struct {
  QsCaptureEnd end;
  guint32 scope; /* IPv6: the interface's index of a link-local address */
  gboolean known;
} QsRunEnd;

/* --- Writing. out: the record so far --- */

void qs_run_record_add_run (GByteArray *out, QsTrace *trace, guint n_carriers, guint64 kept);
void qs_run_record_add_path (GByteArray *out, const QsRunEnd *local, const QsRunEnd *remote);
void qs_run_record_add_marks (GByteArray *out, QsTrace *trace);
/* Of the first n_records; nothing where they are datagrams, or too many. */
void qs_run_record_add_segments (GByteArray *out, QsTrace *trace, guint n_records);

/* --- Reading --- */

/**
 * QsRunReader: makes the trace again, of the record and of the packets that follow.
 *
 * Packets that were taken out or added since show in the counts: then a note says so, and no verify result is repeated.
 */
typedef struct _QsRunReader QsRunReader;

/* NULL: it is no record, or damaged beyond use. */
QsRunReader *qs_run_reader_new (const guint8 *bytes, gsize length);
void qs_run_reader_free (QsRunReader *self);
QsTrace *qs_run_reader_get_trace (QsRunReader *self);
/* FALSE: it is of no path of the run's. */
gboolean qs_run_reader_add_packet (QsRunReader *self, const QsCaptured *captured);
void qs_run_reader_finish (QsRunReader *self);
/* What is wrong with the file. */
void qs_run_reader_add_note (QsRunReader *self, const char *text);

G_END_DECLS
