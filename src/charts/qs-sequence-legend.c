/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "base/qs-i18n.h"
#include "charts/qs-chart-text.h"
#include "charts/qs-sequence-private.h"

#define COLUMN 178 /* at text scale 1 */

typedef enum {
  SIGN_TYPE,
  SIGN_JOINED,
  SIGN_LOST,
  SIGN_CHANGED,
  SIGN_AGAIN,
  SIGN_FOREIGN,
  SIGN_UNKNOWN,
  SIGN_BUNDLE,
} Sign;

typedef struct {
  Sign sign;
  QsPacketType type;
  const char *words;
} Entry;

static const Entry entries[] = {
  { SIGN_TYPE, QS_PACKET_INITIAL, N_ ("Initial packet") },
  { SIGN_TYPE, QS_PACKET_0RTT, N_ ("0-RTT packet") },
  { SIGN_TYPE, QS_PACKET_HANDSHAKE, N_ ("Handshake packet") },
  { SIGN_TYPE, QS_PACKET_1RTT, N_ ("1-RTT packet") },
  { SIGN_TYPE, QS_PACKET_RETRY, N_ ("Retry") },
  { SIGN_TYPE, QS_PACKET_VERSION_NEGOTIATION, N_ ("Version Negotiation") },
  { SIGN_TYPE, QS_PACKET_STATELESS_RESET, N_ ("Stateless reset") },
  { SIGN_TYPE, QS_PACKET_UNKNOWN, N_ ("Not known") },
  { SIGN_TYPE, QS_PACKET_TLS_RECORD, N_ ("TLS record") },
  { SIGN_JOINED, QS_PACKET_INITIAL, N_ ("One datagram") },
  { SIGN_LOST, QS_PACKET_1RTT, N_ ("Lost on its way") },
  { SIGN_CHANGED, QS_PACKET_1RTT, N_ ("Changed on its way") },
  { SIGN_AGAIN, QS_PACKET_1RTT, N_ ("Arrived twice") },
  { SIGN_FOREIGN, QS_PACKET_1RTT, N_ ("Not sent by the other end") },
  { SIGN_UNKNOWN, QS_PACKET_1RTT, N_ ("Not recorded at the other end") },
  { SIGN_BUNDLE, QS_PACKET_1RTT, N_ ("Many packets") },
};

/* Packet types that do not occur need no explanation. */
static gboolean
is_needed (const QsSequenceLayout *self, const Entry *entry)
{
  const QsJoinCounts *counts = self->options.join != NULL ? qs_trace_join_get_counts (self->options.join) : NULL;
  gboolean tls = (self->types_seen & 1u << QS_PACKET_TLS_RECORD) != 0;

  switch (entry->sign)
    {
    case SIGN_TYPE:
      return (self->types_seen & 1u << entry->type) != 0;
    case SIGN_CHANGED:
      return counts != NULL && counts->changed > 0;
    case SIGN_AGAIN:
      return counts != NULL && counts->again > 0;
    case SIGN_FOREIGN:
      return counts != NULL && counts->foreign > 0;
    case SIGN_UNKNOWN:
      return self->unknown_seen;
    case SIGN_BUNDLE:
      return self->bundles->len > 0;
    case SIGN_JOINED:
    case SIGN_LOST:
    default:
      return !tls;
    }
}

static guint
n_columns (const QsSequenceLayout *self)
{
  return (guint) MAX (1, floor ((self->options.width - 2 * self->gap) / (COLUMN * self->options.text_scale)));
}

static guint
n_needed (const QsSequenceLayout *self)
{
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    n += is_needed (self, &entries[i]);
  return n;
}

static double
row_height (const QsSequenceLayout *self)
{
  return self->line2 + round (6 * self->options.text_scale);
}

double
qs_sequence_legend_height (const QsSequenceLayout *self)
{
  guint columns = n_columns (self);
  guint rows = (n_needed (self) + columns - 1) / columns;

  return (rows + 1) * row_height (self) + 2 * self->gap;
}

void
qs_sequence_set_line (const QsSequenceLayout *self, cairo_t *cr, QsPacketType type, const QsChartColours *colours)
{
  double s = self->options.text_scale;
  const double *dashes;
  guint n = qs_chart_dashes (type, &dashes);
  double scaled[8];

  for (guint i = 0; i < n; i++)
    scaled[i] = dashes[i] * s;
  cairo_set_dash (cr, scaled, (int) n, 0);
  cairo_set_line_width (cr, 1.7 * s);
  qs_colour_set (&colours->packets[type], cr);
}

void
qs_sequence_draw_head (const QsSequenceLayout *self, cairo_t *cr, double x, double y, double angle)
{
  /* As large as the line is thick. */
  double size = MAX (1.7 * self->options.text_scale, cairo_get_line_width (cr) / 2);
  double length = 6 * size, half = 2.4 * size;

  cairo_save (cr);
  cairo_translate (cr, x, y);
  cairo_rotate (cr, angle);
  cairo_move_to (cr, 0, 0);
  cairo_line_to (cr, -length, -half);
  cairo_line_to (cr, -length * 0.8, 0);
  cairo_line_to (cr, -length, half);
  cairo_close_path (cr);
  cairo_fill (cr);
  cairo_restore (cr);
}

void
qs_sequence_draw_cross (const QsSequenceLayout *self, cairo_t *cr, double x, double y, const QsChartColours *colours)
{
  double r = 5.5 * self->options.text_scale;

  cairo_set_dash (cr, NULL, 0, 0);
  cairo_set_line_width (cr, 2.4 * self->options.text_scale);
  qs_colour_set (&colours->danger, cr);
  cairo_move_to (cr, x - r, y - r);
  cairo_line_to (cr, x + r, y + r);
  cairo_move_to (cr, x + r, y - r);
  cairo_line_to (cr, x - r, y + r);
  cairo_stroke (cr);
}

/* A filled diamond, and a stroke through it: not equal. */
void
qs_sequence_draw_changed (const QsSequenceLayout *self, cairo_t *cr, double x, double y, const QsChartColours *colours)
{
  double s = self->options.text_scale, r = 7 * s;

  cairo_set_dash (cr, NULL, 0, 0);
  cairo_set_line_width (cr, 1.6 * s);
  cairo_move_to (cr, x - r, y);
  cairo_line_to (cr, x, y - r);
  cairo_line_to (cr, x + r, y);
  cairo_line_to (cr, x, y + r);
  cairo_close_path (cr);
  qs_colour_set (&colours->background, cr);
  cairo_fill_preserve (cr);
  qs_colour_set (&colours->danger, cr);
  cairo_stroke (cr);
  for (int i = -1; i <= 1; i += 2)
    {
      cairo_move_to (cr, x - 3 * s, y + i * 1.5 * s);
      cairo_line_to (cr, x + 3 * s, y + i * 1.5 * s);
    }
  cairo_move_to (cr, x - 2 * s, y + 4 * s);
  cairo_line_to (cr, x + 2 * s, y - 4 * s);
  cairo_set_line_width (cr, 1.2 * s);
  cairo_stroke (cr);
}

void
qs_sequence_draw_open_end (const QsSequenceLayout *self, cairo_t *cr, double x, double y, const QsChartColours *colours)
{
  cairo_set_dash (cr, NULL, 0, 0);
  cairo_set_line_width (cr, 1.6 * self->options.text_scale);
  cairo_arc (cr, x, y, 4 * self->options.text_scale, 0, 2 * G_PI);
  qs_colour_set (&colours->background, cr);
  cairo_fill_preserve (cr);
  qs_colour_set (&colours->danger, cr);
  cairo_stroke (cr);
}

static void
draw_joined (const QsSequenceLayout *self, cairo_t *cr, double x, double y, double length,
             const QsChartColours *colours)
{
  double s = self->options.text_scale, half = 4 * s;

  qs_colour_set (&colours->dim, cr);
  cairo_set_dash (cr, NULL, 0, 0);
  cairo_set_line_width (cr, 1.5 * s);
  cairo_move_to (cr, x + half * 1.6, y - half);
  cairo_line_to (cr, x, y - half);
  cairo_line_to (cr, x, y + half);
  cairo_line_to (cr, x + half * 1.6, y + half);
  cairo_stroke (cr);
  cairo_set_line_width (cr, 1.2 * s);
  for (int i = -1; i <= 1; i += 2)
    {
      cairo_move_to (cr, x + half * 1.6 + 2, y + i * half);
      cairo_line_to (cr, x + length, y + i * half);
    }
  cairo_stroke (cr);
}

static void
draw_stroke (const QsSequenceLayout *self, cairo_t *cr, double x0, double y0, double x1, double y1, gboolean head)
{
  double angle = atan2 (y1 - y0, x1 - x0), back = head ? 4 * self->options.text_scale : 0;

  cairo_move_to (cr, x0, y0);
  cairo_line_to (cr, x1 - back * cos (angle), y1 - back * sin (angle));
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0);
  if (head)
    qs_sequence_draw_head (self, cr, x1, y1, angle);
}

static void
draw_sign (const QsSequenceLayout *self, cairo_t *cr, const Entry *entry, double x, double y,
           const QsChartColours *colours)
{
  double length = 40 * self->options.text_scale, low = 3 * self->options.text_scale;
  gboolean ends = entry->sign == SIGN_LOST || entry->sign == SIGN_UNKNOWN;

  if (entry->sign == SIGN_JOINED)
    {
      draw_joined (self, cr, x, y, length, colours);
      return;
    }
  qs_sequence_set_line (self, cr, entry->type, colours);
  if (entry->sign == SIGN_BUNDLE)
    cairo_set_line_width (cr, 6 * self->options.text_scale);
  draw_stroke (self, cr, entry->sign == SIGN_FOREIGN ? x + length / 3 : x, entry->sign == SIGN_AGAIN ? y - low : y,
               x + length * (ends ? 0.6 : 1), entry->sign == SIGN_AGAIN ? y - low : y, !ends);
  if (entry->sign == SIGN_AGAIN)
    {
      qs_sequence_set_line (self, cr, entry->type, colours);
      draw_stroke (self, cr, x, y - low, x + length, y + low, TRUE);
    }
  else if (entry->sign == SIGN_LOST)
    qs_sequence_draw_cross (self, cr, x + length * 0.7, y, colours);
  else if (entry->sign == SIGN_CHANGED)
    qs_sequence_draw_changed (self, cr, x + length / 2, y, colours);
  else if (entry->sign == SIGN_FOREIGN || entry->sign == SIGN_UNKNOWN)
    qs_sequence_draw_open_end (self, cr, x + length * (ends ? 0.65 : 0.3), y, colours);
}

/* How to read what stands on the arrows. */
static void
draw_caption (const QsSequenceLayout *self, cairo_t *cr, double top, const QsChartColours *colours)
{
  gboolean tls = (self->types_seen & 1u << QS_PACKET_TLS_RECORD) != 0;
  const char *words =
      tls ? _ ("Bold: messages of the handshake. Below: the record's number under its keys, and its size.")
          : _ ("Bold: TLS messages. Below: type, number and size of the packet. Bands: the keys that protect it.");
  QsRectangle box = { self->gap, top, self->options.width - 2 * self->gap, row_height (self) };

  qs_colour_set (&colours->dim, cr);
  qs_chart_text_draw (cr, self->context, self->font, QS_SEQUENCE_SMALL_POINTS * self->options.text_scale, FALSE, words,
                      &box, self->options.mirrored ? QS_CHART_TEXT_END : QS_CHART_TEXT_START);
}

void
qs_sequence_legend_draw (const QsSequenceLayout *self, cairo_t *cr, double y, const QsChartColours *colours)
{
  double s = self->options.text_scale;
  guint columns = n_columns (self), n = 0;
  double width = (self->options.width - 2 * self->gap) / columns;

  cairo_set_dash (cr, NULL, 0, 0);
  cairo_set_line_width (cr, 1);
  qs_colour_set (&colours->line, cr);
  cairo_move_to (cr, self->gap, floor (y) + 0.5);
  cairo_line_to (cr, self->options.width - self->gap, floor (y) + 0.5);
  cairo_stroke (cr);
  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      if (!is_needed (self, &entries[i]))
        continue;
      guint column = n % columns, row = n / columns;
      double left = self->gap + column * width;
      double top = y + self->gap + row * row_height (self);

      /* Mirrored: columns from the right, the sign right of its words; arrows point the same way. */
      if (self->options.mirrored)
        left = self->options.width - left - width;
      double sign = self->options.mirrored ? left + width - 48 * s : left + 4 * s;
      QsRectangle box = { self->options.mirrored ? left : left + 54 * s, top, width - 58 * s, row_height (self) };
      draw_sign (self, cr, &entries[i], sign, top + row_height (self) / 2, colours);
      qs_colour_set (&colours->text, cr);
      qs_chart_text_draw (cr, self->context, self->font, QS_SEQUENCE_SMALL_POINTS * s, FALSE, _ (entries[i].words),
                          &box, self->options.mirrored ? QS_CHART_TEXT_END : QS_CHART_TEXT_START);
      n++;
    }
  draw_caption (self, cr, y + self->gap + (n + columns - 1) / columns * row_height (self), colours);
}
