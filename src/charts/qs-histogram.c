/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "charts/qs-histogram.h"

#include <math.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "charts/qs-chart-text.h"

#define LEAST_WIDTH 120
#define LEAST_HEIGHT 60
#define POINTS 8.5
#define LINE 16.0 /* of text */
#define GAP 0.12  /* between columns, of a column's width */
#define LABEL_WIDTH 64.0

struct _QsHistogram {
  QsBin *bins;
  guint n;
  guint most;
  QsHistogramOptions options;
  char *font;
  QsRectangle plot; /* the columns' */
  double column;    /* the width of one, with its gap */
};

QsHistogram *
qs_histogram_new (const QsBin *bins, guint n, const QsHistogramOptions *options)
{
  g_return_val_if_fail ((bins != NULL || n == 0) && options != NULL, NULL);

  QsHistogram *self = g_new0 (QsHistogram, 1);
  double scale = options->text_scale > 0 ? options->text_scale : 1;
  self->bins = g_memdup2 (bins, sizeof *bins * n);
  self->n = n;
  self->options = *options;
  self->options.text_scale = scale;
  self->options.width = MAX (options->width, LEAST_WIDTH * scale);
  self->options.height = MAX (options->height, LEAST_HEIGHT * scale);
  self->font = g_strdup (options->font != NULL ? options->font : "Sans");
  self->options.font = self->font;
  for (guint i = 0; i < n; i++)
    self->most = MAX (self->most, bins[i].n);
  double line = LINE * scale, side = LABEL_WIDTH * scale / 2;
  self->plot = (QsRectangle){ side, line, self->options.width - 2 * side, self->options.height - 2 * line };
  self->column = n > 0 ? self->plot.width / n : 0;
  return self;
}

void
qs_histogram_free (QsHistogram *self)
{
  g_free (self->bins);
  g_free (self->font);
  g_free (self);
}

guint
qs_histogram_get_n_bins (const QsHistogram *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->n;
}

/* Where the column of a bin begins, on its left. */
static double
column_x (const QsHistogram *self, guint bin)
{
  guint place = self->options.mirrored ? self->n - 1 - bin : bin;

  return self->plot.x + place * self->column;
}

void
qs_histogram_get_column (const QsHistogram *self, guint bin, QsRectangle *box)
{
  g_return_if_fail (self != NULL && bin < self->n && box != NULL);

  double height = self->most > 0 ? self->plot.height * self->bins[bin].n / self->most : 0;
  if (self->bins[bin].n > 0)
    height = MAX (height, 2); /* what there is shows */
  *box = (QsRectangle){ column_x (self, bin) + self->column * GAP / 2, self->plot.y + self->plot.height - height,
                        self->column * (1 - GAP), height };
}

gboolean
qs_histogram_lookup (const QsHistogram *self, double x, guint *bin)
{
  g_return_val_if_fail (self != NULL && bin != NULL, FALSE);

  double place = self->n > 0 ? floor ((x - self->plot.x) / self->column) : -1;
  if (place < 0 || place >= self->n)
    return FALSE;
  *bin = self->options.mirrored ? self->n - 1 - (guint) place : (guint) place;
  return TRUE;
}

/* --- Drawing --- */

static void
draw_counts (const QsHistogram *self, cairo_t *cr, PangoContext *context, const QsChartColours *colours)
{
  double line = LINE * self->options.text_scale;

  qs_colour_set (&colours->text, cr);
  for (guint i = 0; i < self->n; i++)
    {
      QsRectangle box;
      g_autofree char *text = g_strdup_printf ("%u", self->bins[i].n);
      if (self->bins[i].n == 0)
        continue;
      qs_histogram_get_column (self, i, &box);
      box.y -= line;
      box.height = line;
      qs_chart_text_draw (cr, context, self->font, POINTS * self->options.text_scale, FALSE, text, &box,
                          QS_CHART_TEXT_CENTRE);
    }
}

/* Bounds of columns, as many as there is room for. */
static void
draw_scale (const QsHistogram *self, cairo_t *cr, PangoContext *context, const QsChartColours *colours)
{
  double width = LABEL_WIDTH * self->options.text_scale;
  guint step = (guint) ceil (width / MAX (self->column, 1));

  qs_colour_set (&colours->dim, cr);
  for (guint i = 0; i <= self->n; i += MAX (step, 1))
    {
      g_autofree char *text = qs_text_duration (i < self->n ? self->bins[i].from : self->bins[i - 1].to);
      double along = i * self->column;
      double x = self->options.mirrored ? self->plot.x + self->plot.width - along : self->plot.x + along;
      QsRectangle box = { x - width / 2, self->plot.y + self->plot.height, width, LINE * self->options.text_scale };
      qs_chart_text_draw (cr, context, self->font, POINTS * self->options.text_scale, FALSE, text, &box,
                          QS_CHART_TEXT_CENTRE);
    }
}

void
qs_histogram_draw (const QsHistogram *self, cairo_t *cr, const QsChartColours *colours)
{
  g_return_if_fail (self != NULL && cr != NULL && colours != NULL);

  qs_colour_set (&colours->background, cr);
  cairo_paint (cr);
  if (self->n == 0)
    return;
  PangoContext *context = pango_cairo_create_context (cr);
  double base = self->plot.y + self->plot.height;
  qs_colour_set (&colours->packets[QS_PACKET_1RTT], cr);
  for (guint i = 0; i < self->n; i++)
    {
      QsRectangle box;
      qs_histogram_get_column (self, i, &box);
      cairo_rectangle (cr, box.x, box.y, box.width, box.height);
    }
  cairo_fill (cr);
  qs_colour_set (&colours->line, cr);
  cairo_set_line_width (cr, 1);
  cairo_move_to (cr, self->plot.x, floor (base) + 0.5);
  cairo_line_to (cr, self->plot.x + self->plot.width, floor (base) + 0.5);
  cairo_stroke (cr);
  draw_counts (self, cr, context, colours);
  draw_scale (self, cr, context, colours);
  g_object_unref (context);
}

/* --- In words --- */

char *
qs_histogram_describe_bin (const QsHistogram *self, guint bin)
{
  g_return_val_if_fail (self != NULL && bin < self->n, NULL);

  const QsBin *at = &self->bins[bin];
  g_autofree char *from = qs_text_duration (at->from);
  g_autofree char *to = qs_text_duration (at->to);
  g_autofree char *runs = g_strdup_printf (ngettext ("%u run", "%u runs", at->n), at->n);
  return g_strdup_printf (_ ("%s to %s: %s"), from, to, runs);
}

char *
qs_histogram_describe (const QsHistogram *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < self->n; i++)
    {
      g_autofree char *bin = self->bins[i].n > 0 ? qs_histogram_describe_bin (self, i) : NULL;
      if (bin != NULL)
        g_string_append_printf (text, "%s%s", text->len > 0 ? "; " : "", bin);
    }
  return g_strdup (text->str);
}
