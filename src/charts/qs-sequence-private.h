/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <pango/pangocairo.h>

#include "charts/qs-sequence.h"

G_BEGIN_DECLS

#define QS_SEQUENCE_TITLE_POINTS 10.0 /* at text scale 1 */
#define QS_SEQUENCE_SMALL_POINTS 8.0
#define QS_SEQUENCE_NONE G_MAXUINT32 /* no packet, no mark */

#define QS_FRAME_BIT(type) (G_GUINT64_CONSTANT (1) << (type))

typedef enum {
  QS_ITEM_PACKET,
  QS_ITEM_BUNDLE,
  QS_ITEM_NOTE,
  QS_ITEM_STATE, /* a note that is a pill on a lane */
  QS_ITEM_BREAK,
} QsItemKind;

typedef enum {
  QS_ITEM_BY_CLIENT = 1 << 0,
  QS_ITEM_BULK = 1 << 1,
  QS_ITEM_LABEL = 1 << 2,  /* there is room for its label */
  QS_ITEM_JOINED = 1 << 3, /* in the same datagram as the packet before */
} QsItemFlags;

/* A row. EVEN: top is where it begins, and it ends where the next one does. TO_SCALE: packets and bundles have
 * the height of their time (at the own lane; of both ends: at the sender's) as top; all else is as in EVEN. */
typedef struct {
  double top;
  guint32 rank;  /* of its first arrow; of the next arrow for all else */
  guint32 last;  /* rank of its last arrow */
  guint32 extra; /* BUNDLE, NOTE, STATE, BREAK: index of its details */
  guint8 kind;
  guint8 level; /* QsPacketType: the band behind it */
  guint8 flags;
} QsItem;

/* By who sent: client, server. */
typedef struct {
  guint32 n[2];
  guint32 lost[2]; /* of a trace alone: what was dropped; what is declared lost is not in it */
  guint64 bytes[2];
  guint32 under_way; /* of both ends: they were when this was counted */
} QsBundle;

typedef enum {
  QS_NOTE_RETRY,
  QS_NOTE_VERSION_NEGOTIATION,
  QS_NOTE_HELLO_RETRY,
  QS_NOTE_KEY_UPDATE,
  QS_NOTE_STATELESS_RESET,
  QS_NOTE_CLOSE,
  QS_NOTE_CONFIRMED,
  QS_NOTE_PATH,
  QS_NOTE_MARK, /* what a mark says */
  QS_NOTE_KEYS, /* an end has the keys of a level */
} QsNoteKind;

typedef struct {
  gint64 time; /* on the own clock */
  QsNoteKind kind;
  guint32 packet; /* QS_SEQUENCE_NONE: about none */
  guint32 mark;   /* KEYS: an index in keys; QS_SEQUENCE_NONE: of none */
  guint8 other;   /* mark: the other trace's */
} QsNote;

typedef struct {
  gint64 time;
  QsPacketType level;
} QsKeysGot;

#define QS_SEQUENCE_GROUP_MAX 8 /* packets that are drawn and named one by one in a bundle of TO_SCALE */

typedef enum { QS_TONE_INFO, QS_TONE_GOOD, QS_TONE_WARNING, QS_TONE_DANGER } QsTone;

struct _QsSequenceLayout {
  gatomicrefcount refs;
  QsTrace *trace;
  QsSequenceOptions options;
  char *font;
  gboolean own_is_client;

  /* Arrows: packets of the trace, by their index; of both ends: crossings of the join, by theirs. */
  GArray *order; /* guint32: by time */
  guint n_appended;
  guint next_rank;    /* arrows that are laid out */
  guint next_mark[2]; /* own, other */
  guint next_keys[2];
  guint next_record[2];  /* to look at for keys */
  GArray *keys[2];       /* QsKeysGot: of both ends alone */
  gboolean close_known;  /* a packet closes: a mark that says so too is left out */
  guint open_bundle;     /* the first bundle that may have something under way */
  GArray *items;         /* QsItem */
  GArray *bundles;       /* QsBundle */
  GArray *notes;         /* QsNote */
  guint types_seen;      /* bit N: a packet of type N */
  gboolean unknown_seen; /* of both ends: QS_CROSSING_UNKNOWN */
  guint16 path;          /* that the ends are named after: the last one that answered */
  guint8 answered;       /* 2: with its keys */
  gint64 half_rtt;       /* nanoseconds */
  double scale;          /* TO_SCALE: per nanosecond */
  double end;            /* below the last item */
  double reach;          /* of both ends: how deep the last arrows reach */

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

/* --- qs-sequence-arrows.c: what an arrow is about, of one trace or of two --- */

/* The packet that is shown for it: the sender's where that can be read, for it knows what it sent. */
const QsPacket *qs_sequence_packet_at (const QsSequenceLayout *self, guint rank, guint *packet);
/* All of its packets: of both ends up to two. How many there are. */
guint qs_sequence_packets_at (const QsSequenceLayout *self, guint rank, guint packets[2]);
/* NULL: the trace alone. */
const QsCrossing *qs_sequence_crossing_at (const QsSequenceLayout *self, guint rank, QsCrossingFate *fate);
gboolean qs_sequence_by_client (const QsSequenceLayout *self, guint packet);
QsTrace *qs_sequence_resolve (const QsSequenceLayout *self, guint packet, guint *index);
/* By which it stands among the others: when it was recorded; of both ends when it was sent. */
gint64 qs_sequence_arrow_time (const QsSequenceLayout *self, guint rank);
gboolean qs_sequence_is_lost (const QsSequenceLayout *self, guint rank);
guint qs_sequence_n_arrows (const QsSequenceLayout *self);
/* Puts the next one where it belongs in the order. */
void qs_sequence_append_arrow (QsSequenceLayout *self);
/* G_MAXUINT: not there yet. */
guint qs_sequence_rank_of (const QsSequenceLayout *self, guint packet);
/* What a hit names an arrow by: the own trace's packet, else the other's. */
guint qs_sequence_packet_id (const QsSequenceLayout *self, guint rank);

/* --- qs-sequence-geometry.c: where things stand --- */

static inline QsItem *
qs_sequence_item (const QsSequenceLayout *self, guint index)
{
  return &g_array_index (self->items, QsItem, index);
}

static inline const QsNote *
qs_sequence_note (const QsSequenceLayout *self, const QsItem *item)
{
  return &g_array_index (self->notes, QsNote, item->extra);
}

static inline gboolean
qs_sequence_has_arrows (const QsItem *item)
{
  return item->kind == QS_ITEM_PACKET || item->kind == QS_ITEM_BUNDLE;
}

static inline gboolean
qs_sequence_to_scale (const QsSequenceLayout *self)
{
  return self->options.time == QS_SEQUENCE_TO_SCALE;
}

gint64 qs_sequence_item_time (const QsSequenceLayout *self, const QsItem *item);
gint64 qs_sequence_item_end_time (const QsSequenceLayout *self, const QsItem *item);
double qs_sequence_item_height (const QsSequenceLayout *self, const QsItem *item);
double qs_sequence_item_bottom (const QsSequenceLayout *self, guint index);
double qs_sequence_lane_x (const QsSequenceLayout *self, gboolean client);
/* Where an arrow starts and ends: x of the lanes, heights. side: who sends, 0 the client. */
void qs_sequence_arrow (const QsSequenceLayout *self, guint index, guint side, double *x0, double *y0, double *x1,
                        double *y1);
/* The same for one of a bundle's, or a packet's own, that arrived at another time. */
double qs_sequence_arrival_y (const QsSequenceLayout *self, guint index, double y0, guint side, gint64 arrived);
/* TO_SCALE: a label stands in the middle of its arrow. */
void qs_sequence_label_extents (const QsSequenceLayout *self, guint index, double *top, double *bottom);
/* The last item whose top is not below y; 0 when there is none. */
guint qs_sequence_item_above (const QsSequenceLayout *self, double y);
/* The items of which something may stand between these heights. */
void qs_sequence_items_between (const QsSequenceLayout *self, double top, double bottom, guint *first, guint *end);
/* How many items begin at this time or before. */
guint qs_sequence_n_items_until (const QsSequenceLayout *self, gint64 time);

/* --- qs-sequence-items.c: rows, made and taken back --- */

QsItem *qs_sequence_push_item (QsSequenceLayout *self, QsItem item, gint64 time);
void qs_sequence_push_note (QsSequenceLayout *self, QsItemKind kind, QsNote note);
void qs_sequence_pop_item (QsSequenceLayout *self);
void qs_sequence_rewind_to_rank (QsSequenceLayout *self, guint rank);
void qs_sequence_rewind (QsSequenceLayout *self); /* all of it */
/* How many of a bundle's packets that this side sent. */
guint qs_sequence_bundle_lost (const QsSequenceLayout *self, const QsItem *item, guint side);
/* Whether the next arrow went into a bundle. */
gboolean qs_sequence_join_bundle (QsSequenceLayout *self, guint8 flags, guint8 level);
/* Counts again what was under way in bundles. */
void qs_sequence_recount_bundles (QsSequenceLayout *self);

/* --- qs-sequence-steps.c --- */

/* Lays out the next arrow, mark or keys; FALSE when there is none. */
gboolean qs_sequence_lay_out_one (QsSequenceLayout *self);
/* Looks at the next record for keys; FALSE when there is none. */
gboolean qs_sequence_look_for_keys (QsSequenceLayout *self);

/* --- qs-sequence-paths.c --- */

/* Of this arrow, the packet whose sender has another address than before; QS_SEQUENCE_NONE: none. */
guint qs_sequence_find_path_change (const QsSequenceLayout *self, guint rank);
char *qs_sequence_path_change_text (const QsSequenceLayout *self, guint packet); /* may be NULL */

/* --- qs-sequence-scale.c --- */

void qs_sequence_measure (QsSequenceLayout *self);
/* A live trace begins with nothing to estimate from. */
void qs_sequence_refine_scale (QsSequenceLayout *self, gboolean first);

/* --- qs-sequence-label.c, qs-sequence-words.c: the words. Owned by the caller; peers' bytes are escaped --- */

char *qs_sequence_packet_subtitle (QsTrace *trace, guint packet, gboolean joined);
/* The same, with the address where that is another one than the ends', and of both ends with what became of it. */
char *qs_sequence_arrow_subtitle (const QsSequenceLayout *self, guint rank, gboolean joined);
char *qs_sequence_address_text (GSocketAddress *address); /* empty where it is not known */
char *qs_sequence_bundle_title (const QsSequenceLayout *self, const QsItem *item, guint side);
/* Of a bundle of few packets: their messages, and what they are. */
char *qs_sequence_group_title (const QsSequenceLayout *self, const QsItem *item, gsize *n_strong);
char *qs_sequence_group_subtitle (const QsSequenceLayout *self, const QsItem *item);
char *qs_sequence_note_title (const QsSequenceLayout *self, const QsNote *note, QsTone *tone);
char *qs_sequence_note_text (const QsSequenceLayout *self, const QsNote *note); /* may be NULL */
/* Whether marks of this kind are shown, and as what. */
gboolean qs_sequence_mark_is_shown (QsTrace *trace, const QsMark *mark, QsItemKind *kind);
char *qs_sequence_time_text (gint64 time);
char *qs_sequence_break_text (const QsSequenceLayout *self, guint item); /* "nothing for 1.2 s" */
/* "Initial keys" for a band; NULL for types without a level. */
const char *qs_sequence_level_name (QsPacketType type);
/* The band that a packet type belongs to. */
QsPacketType qs_sequence_level_of (QsPacketType type);
/* The first message of which a part came in this packet, from index *from on; moves *from behind it. NULL: no more. */
const QsTraceMessage *qs_sequence_next_message (QsTrace *trace, guint packet, guint *from);
/* How the clocks of both ends go together; NULL: one end alone. */
const char *qs_sequence_clocks_text (const QsSequenceLayout *self);

/* --- qs-sequence-legend.c --- */

double qs_sequence_legend_height (const QsSequenceLayout *self);
void qs_sequence_legend_draw (const QsSequenceLayout *self, cairo_t *cr, double y, const QsChartColours *colours);
/* A line of a packet type: sets colour, dashes and width. */
void qs_sequence_set_line (const QsSequenceLayout *self, cairo_t *cr, QsPacketType type, const QsChartColours *colours);
void qs_sequence_draw_cross (const QsSequenceLayout *self, cairo_t *cr, double x, double y,
                             const QsChartColours *colours);
void qs_sequence_draw_head (const QsSequenceLayout *self, cairo_t *cr, double x, double y, double angle);
/* What was changed on its way. */
void qs_sequence_draw_changed (const QsSequenceLayout *self, cairo_t *cr, double x, double y,
                               const QsChartColours *colours);
/* Where something ends, or begins, that is not known further. */
void qs_sequence_draw_open_end (const QsSequenceLayout *self, cairo_t *cr, double x, double y,
                                const QsChartColours *colours);

G_END_DECLS
