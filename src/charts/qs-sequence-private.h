/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <pango/pangocairo.h>

#include "charts/qs-sequence.h"

G_BEGIN_DECLS

#define QS_SEQUENCE_TITLE_POINTS 10.0 /* at text scale 1 */
#define QS_SEQUENCE_SMALL_POINTS 8.0

typedef enum {
  QS_ITEM_PACKET,
  QS_ITEM_BUNDLE,
  QS_ITEM_NOTE,
  QS_ITEM_STATE, /* a note that is a pill on the own lane */
  QS_ITEM_BREAK,
} QsItemKind;

typedef enum {
  QS_ITEM_BY_CLIENT = 1 << 0,
  QS_ITEM_BULK = 1 << 1,
  QS_ITEM_LABEL = 1 << 2,  /* there is room for its label */
  QS_ITEM_JOINED = 1 << 3, /* in the same datagram as the packet before */
} QsItemFlags;

/* A row. EVEN: top is where it begins, and it ends where the next one does. TO_SCALE: packets and bundles have
 * the height of their time at the own lane as top; all else is as in EVEN. */
typedef struct {
  double top;
  guint32 rank;  /* of its first packet; of the next packet for all else */
  guint32 last;  /* rank of its last packet */
  guint32 extra; /* BUNDLE, NOTE, STATE: index of its details */
  guint8 kind;
  guint8 level; /* QsPacketType: the band behind it */
  guint8 flags;
} QsItem;

/* By who sent: client, server. */
typedef struct {
  guint32 n[2];
  guint32 lost[2];
  guint64 bytes[2];
} QsBundle;

typedef enum {
  QS_NOTE_RETRY,
  QS_NOTE_VERSION_NEGOTIATION,
  QS_NOTE_HELLO_RETRY,
  QS_NOTE_KEY_UPDATE,
  QS_NOTE_STATELESS_RESET,
  QS_NOTE_CLOSE,
  QS_NOTE_CONFIRMED,
  QS_NOTE_MARK, /* what a mark says */
} QsNoteKind;

typedef struct {
  gint64 time;
  QsNoteKind kind;
  guint32 packet; /* G_MAXUINT32: about none */
  guint32 mark;   /* G_MAXUINT32: of none */
} QsNote;

#define QS_SEQUENCE_GROUP_MAX 8 /* packets that are drawn and named one by one in a bundle of TO_SCALE */

typedef enum { QS_TONE_INFO, QS_TONE_GOOD, QS_TONE_WARNING, QS_TONE_DANGER } QsTone;

struct _QsSequenceLayout {
  gatomicrefcount refs;
  QsTrace *trace;
  QsSequenceOptions options;
  char *font;
  gboolean own_is_client;

  GArray *order;     /* guint32: packets by time */
  GArray *items;     /* QsItem */
  GArray *bundles;   /* QsBundle */
  GArray *notes;     /* QsNote */
  guint n_appended;  /* packets that are in order */
  gboolean unsorted; /* the end of order is not yet sorted */
  guint sorted;      /* how many of order are */
  guint next_rank;   /* packets that are laid out */
  guint next_mark;
  guint types_seen; /* bit N: a packet of type N */
  guint16 path;     /* that the ends are named after: the last one that answered */
  gboolean answered;
  gint64 half_rtt; /* nanoseconds */
  double scale;    /* TO_SCALE: per nanosecond */
  double end;      /* below the last item */

  /* Measures, at this text scale. */
  double line1, line2; /* heights of a label's lines */
  double slant;
  double gap;
  double row;
  double note_height, state_height, break_height;
  double header_height;
  double gutter, band_gutter;
  PangoContext *context;
};

/* qs-sequence-label.c: the words. Owned by the caller; peers' bytes are escaped. */
char *qs_sequence_packet_subtitle (QsTrace *trace, guint packet, gboolean joined);
/* The same, with the address where that is another one than the ends'. */
char *qs_sequence_arrow_subtitle (const QsSequenceLayout *self, guint packet, gboolean joined);
char *qs_sequence_address_text (GSocketAddress *address); /* empty where it is not known */
char *qs_sequence_bundle_title (QsTrace *trace, const QsBundle *bundle, guint side);
/* Of a bundle of few packets: their messages, and what they are. */
char *qs_sequence_group_title (const QsSequenceLayout *self, const QsItem *item, gsize *n_strong);
char *qs_sequence_group_subtitle (const QsSequenceLayout *self, const QsItem *item);
char *qs_sequence_note_title (QsTrace *trace, const QsNote *note, gboolean own_is_client, QsTone *tone);
char *qs_sequence_note_text (QsTrace *trace, const QsNote *note, gboolean own_is_client); /* may be NULL */
/* Whether marks of this kind are shown, and as what. */
gboolean qs_sequence_mark_is_shown (QsTrace *trace, const QsMark *mark, QsItemKind *kind);
char *qs_sequence_time_text (gint64 time);
/* "Initial keys" for a band; NULL for types without a level. */
const char *qs_sequence_level_name (QsPacketType type);
/* The band that a packet type belongs to. */
QsPacketType qs_sequence_level_of (QsPacketType type);
/* The first message of which a part came in this packet, from index *from on; moves *from behind it. NULL: no more. */
const QsTraceMessage *qs_sequence_next_message (QsTrace *trace, guint packet, guint *from);

/* qs-sequence-layout.c */
gboolean qs_sequence_by_client (const QsSequenceLayout *self, QsDirection direction);
const QsPacket *qs_sequence_packet_at (const QsSequenceLayout *self, guint rank, guint *index);
gint64 qs_sequence_item_time (const QsSequenceLayout *self, const QsItem *item);
double qs_sequence_item_bottom (const QsSequenceLayout *self, guint index);
/* Where an arrow starts and ends: x of the lanes, heights. side: who sends, 0 the client. */
void qs_sequence_arrow (const QsSequenceLayout *self, const QsItem *item, guint side, double *x0, double *y0,
                        double *x1, double *y1);
double qs_sequence_lane_x (const QsSequenceLayout *self, gboolean client);
/* The items of which something may stand between these heights. */
void qs_sequence_items_between (const QsSequenceLayout *self, double top, double bottom, guint *first, guint *end);

/* "nothing for 1.2 s". Owned by the caller. */
char *qs_sequence_break_text (const QsSequenceLayout *self, guint item);

/* qs-sequence-legend.c */
double qs_sequence_legend_height (const QsSequenceLayout *self);
void qs_sequence_legend_draw (const QsSequenceLayout *self, cairo_t *cr, double y, const QsChartColours *colours);
/* A line of a packet type: sets colour, dashes and width. */
void qs_sequence_set_line (const QsSequenceLayout *self, cairo_t *cr, QsPacketType type, const QsChartColours *colours);
void qs_sequence_draw_cross (const QsSequenceLayout *self, cairo_t *cr, double x, double y,
                             const QsChartColours *colours);
void qs_sequence_draw_head (const QsSequenceLayout *self, cairo_t *cr, double x, double y, double angle);

G_END_DECLS
