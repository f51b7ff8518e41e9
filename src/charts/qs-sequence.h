/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cairo.h>

#include "charts/qs-chart-colours.h"
#include "trace/qs-trace-join.h"

G_BEGIN_DECLS

/**
 * QsSequenceLayout:
 *
 * A sequence diagram of a trace: the client's lane on the left and the server's on the right, one arrow a packet, notes for
 * what matters, time downwards. The layout says where each stands; it never changes what it laid out but at its end, where
 * it goes on while the trace grows. Lengths are in units of the cairo context (pixels), y grows downwards from 0.
 *
 * With a join it shows both ends: what each really sent and got, what was lost or changed between them, and the states of
 * both. Packets are then the own trace's by their index, and those that only the other trace has by theirs with
 * QS_SEQUENCE_OTHER added; times are the own trace's. The join must be advanced before the layout is.
 *
 * All in the thread that owns the trace. Laying out a million packets takes longer than a frame: it is done in slices by
 * qs_sequence_layout_advance(), and what is laid out can be drawn in between.
 */
typedef struct _QsSequenceLayout QsSequenceLayout;

typedef enum {
  QS_SEQUENCE_EVEN,     /* every row has its place, whatever the time between */
  QS_SEQUENCE_TO_SCALE, /* distances are times; packets that would touch are bundled */
} QsSequenceTime;

typedef struct {
  double width;      /* of the picture; at least 480 times text_scale is used */
  double text_scale; /* 1; larger for a projector */
  QsSequenceTime time;
  double zoom; /* TO_SCALE: 1 makes half a round trip 60 high; 0.001 to 1000 */
  double
      scale; /* TO_SCALE: heights of a nanosecond at zoom 1, so that several pictures have the same; 0: the trace's own */
  gboolean collapse; /* EVEN: runs of bulk data become one bundle */
  gboolean fold;     /* long silences become a break */
  gboolean mirrored; /* right-to-left: the client stands on the right */
  gboolean title;    /* the trace's title on top */
  gboolean legend;   /* below the picture */
  const char *font;  /* a family; NULL: "Sans" */
  QsTraceJoin *join; /* both ends: of the trace with another one; NULL: the trace alone. The layout holds it */
} QsSequenceOptions;

#define QS_SEQUENCE_OTHER 0x80000000u

#define QS_SEQUENCE_OPTIONS_DEFAULT                                                                     \
  {                                                                                                     \
    .width = 900, .text_scale = 1, .time = QS_SEQUENCE_EVEN, .zoom = 1, .collapse = TRUE, .fold = TRUE, \
    .legend = TRUE,                                                                                     \
  }

typedef struct {
  double x, y, width, height;
} QsRectangle;

/* What is drawn differently from time to time, without a new layout. */
typedef struct {
  const QsChartColours *colours;
  guint selected; /* a packet; G_MAXUINT: none */
  guint hovered;  /* likewise */
  gint64 until; /* replay: nothing later is drawn, and what is under way then gets as far as it got; G_MAXINT64: all */
  gboolean settled; /* with until: what was sent by then has arrived, and what had not arrived was not sent */
  double top; /* of what is in sight, whatever part of it is drawn: names of bands that begin above it stand there */
} QsSequenceLook;

typedef enum {
  QS_SEQUENCE_HIT_NONE,
  QS_SEQUENCE_HIT_PACKET, /* first_packet */
  QS_SEQUENCE_HIT_BUNDLE, /* n_packets from first_packet on, in the order drawn */
  QS_SEQUENCE_HIT_NOTE, /* first_packet where it is about one, else G_MAXUINT; mark: an index for qs_trace_get_mark, or G_MAXUINT */
  QS_SEQUENCE_HIT_BREAK, /* a folded silence */
} QsSequenceHitKind;

typedef struct {
  QsSequenceHitKind kind;
  guint item; /* which row it is, from the top */
  guint first_packet;
  guint n_packets;
  guint mark;
  gboolean other;     /* the mark is the other trace's */
  gint64 time;        /* of it, nanoseconds since the trace's origin */
  QsRectangle bounds; /* of the whole row */
} QsSequenceHit;

/* Heights of a nanosecond that a trace has by itself, at zoom 1. It is an estimate while the handshake goes on. */
double qs_sequence_get_own_scale (QsTrace *trace);
/* For several that stand beside each other: that of the slowest. */
double qs_sequence_get_common_scale (QsTrace *const *traces, guint n);

/* options: NULL for the defaults. */
QsSequenceLayout *qs_sequence_layout_new (QsTrace *trace, const QsSequenceOptions *options);
QsSequenceLayout *qs_sequence_layout_ref (QsSequenceLayout *self);
void qs_sequence_layout_unref (QsSequenceLayout *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsSequenceLayout, qs_sequence_layout_unref)

/* Lays out what the trace got since, until deadline (monotonic microseconds, 0: to the end). TRUE when all is laid out. */
gboolean qs_sequence_layout_advance (QsSequenceLayout *self, gint64 deadline);
/* Another width, at once: heights do not depend on it. */
void qs_sequence_layout_set_width (QsSequenceLayout *self, double width);
const QsSequenceOptions *qs_sequence_layout_get_options (QsSequenceLayout *self);

void qs_sequence_layout_get_extents (QsSequenceLayout *self, double *width, double *height);
guint qs_sequence_layout_get_n_items (QsSequenceLayout *self);

/* Draws what lies in clip. */
void qs_sequence_layout_draw (QsSequenceLayout *self, cairo_t *cr, const QsRectangle *clip, const QsSequenceLook *look);
/* The lanes' titles once more with y as their top: to stay in sight while the rest is scrolled. */
void qs_sequence_layout_draw_header (QsSequenceLayout *self, cairo_t *cr, double y, const QsSequenceLook *look);
double qs_sequence_layout_get_header_height (QsSequenceLayout *self);

/* The rows of which something may stand between these heights. */
void qs_sequence_layout_get_items (QsSequenceLayout *self, double top, double bottom, guint *first, guint *end);
/* Numbers for all that is drawn in a row, for the lanes' titles, and for what stands below the last row and above a height:
 * while they stay, so does the picture. */
guint64 qs_sequence_layout_digest_item (QsSequenceLayout *self, guint item);
guint64 qs_sequence_layout_digest_header (QsSequenceLayout *self);
guint64 qs_sequence_layout_digest_end (QsSequenceLayout *self, double bottom);

/* What stands at a place; FALSE: nothing. */
gboolean qs_sequence_layout_lookup (QsSequenceLayout *self, double x, double y, QsSequenceHit *hit);
/* Where a packet's row is (the row of its bundle); FALSE: it is not laid out yet. */
gboolean qs_sequence_layout_find_packet (QsSequenceLayout *self, guint packet, QsSequenceHit *hit);
/* A row by its number. */
gboolean qs_sequence_layout_get_item (QsSequenceLayout *self, guint item, QsSequenceHit *hit);
/* The packet that comes delta packets after this one in the picture's order (before, when negative), for the keyboard;
 * G_MAXUINT behind the ends. From G_MAXUINT: the first or the last. */
guint qs_sequence_layout_step (QsSequenceLayout *self, guint packet, int delta);

/* Where a packet of the own trace, or one with QS_SEQUENCE_OTHER, is to be looked for. */
QsTrace *qs_sequence_layout_resolve (QsSequenceLayout *self, guint packet, guint *index);

/* Between times (nanoseconds since the origin, at the trace's own lane) and heights. */
double qs_sequence_layout_time_to_y (QsSequenceLayout *self, gint64 time);
gint64 qs_sequence_layout_y_to_time (QsSequenceLayout *self, double y);

/* For a tooltip or a screen reader: one sentence or several lines, plain text. Owned by the caller. */
char *qs_sequence_layout_describe (QsSequenceLayout *self, const QsSequenceHit *hit);

/* What a packet's arrow says: its TLS messages, else its frames; the list of packets says the same. n_strong: how many of its
 * bytes, from the start, are what matters most: TLS messages. Plain text, peers' bytes escaped. Owned by the caller. */
char *qs_sequence_packet_title (QsTrace *trace, guint packet, gsize *n_strong);

G_END_DECLS
