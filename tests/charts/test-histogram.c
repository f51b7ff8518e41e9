/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns of a histogram: where they are laid out, found again and drawn. */
#include <string.h>

#include "charts/qs-histogram.h"

#define MS G_GINT64_CONSTANT (1000000)

static const QsBin bins[] = {
  { 4 * MS, 5 * MS, 1 }, { 5 * MS, 6 * MS, 40 }, { 6 * MS, 7 * MS, 0 }, { 7 * MS, 8 * MS, 20 }
};

static void
test_columns (void)
{
  for (guint mirrored = 0; mirrored < 2; mirrored++)
    {
      const QsHistogramOptions options = { .width = 400, .height = 200, .text_scale = 1, .mirrored = mirrored == 1 };
      g_autoptr (QsHistogram) histogram = qs_histogram_new (bins, G_N_ELEMENTS (bins), &options);
      QsRectangle box[G_N_ELEMENTS (bins)];
      g_assert_cmpuint (qs_histogram_get_n_bins (histogram), ==, G_N_ELEMENTS (bins));
      for (guint i = 0; i < G_N_ELEMENTS (bins); i++)
        {
          guint found = G_MAXUINT;
          qs_histogram_get_column (histogram, i, &box[i]);
          g_assert_cmpfloat (box[i].x, >=, 0);
          g_assert_cmpfloat (box[i].x + box[i].width, <=, 400);
          g_assert_cmpfloat (box[i].y, >=, 0);
          g_assert_true (qs_histogram_lookup (histogram, box[i].x + box[i].width / 2, &found));
          g_assert_cmpuint (found, ==, i);
          g_assert_true (i == 0 || (box[i].x < box[i - 1].x) == (mirrored == 1));
        }
      g_assert_cmpfloat_with_epsilon (box[1].height, 2 * box[3].height, 0.01);
      g_assert_cmpfloat (box[0].height, >, 1);
      g_assert_cmpfloat (box[2].height, ==, 0);
      guint none;
      g_assert_false (qs_histogram_lookup (histogram, -1, &none));
      g_assert_false (qs_histogram_lookup (histogram, 399.9, &none));
    }
}

static gboolean
has_colour (cairo_surface_t *surface, const QsRectangle *box, guint32 background)
{
  const guint8 *data = cairo_image_surface_get_data (surface);
  guint32 pixel;

  memcpy (&pixel,
          data + (gsize) (box->y + box->height / 2) * (gsize) cairo_image_surface_get_stride (surface) +
              4 * (gsize) (box->x + box->width / 2),
          4);
  return pixel != background;
}

static void
test_drawing (void)
{
  const QsChartColours *themes[] = { qs_chart_colours_light (), qs_chart_colours_dark () };
  const QsHistogramOptions options = { .width = 400, .height = 200, .text_scale = 1 };
  g_autoptr (QsHistogram) histogram = qs_histogram_new (bins, G_N_ELEMENTS (bins), &options);

  for (guint i = 0; i < G_N_ELEMENTS (themes); i++)
    {
      cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 400, 200);
      cairo_t *cr = cairo_create (surface);
      guint32 background;
      qs_histogram_draw (histogram, cr, themes[i]);
      cairo_surface_flush (surface);
      memcpy (&background, cairo_image_surface_get_data (surface), 4);
      for (guint b = 0; b < G_N_ELEMENTS (bins); b++)
        {
          QsRectangle box;
          qs_histogram_get_column (histogram, b, &box);
          if (bins[b].n > 1)
            g_assert_true (has_colour (surface, &box, background));
        }
      g_assert_cmpfloat (qs_colour_contrast (&themes[i]->packets[QS_PACKET_1RTT], &themes[i]->background), >=, 3);
      cairo_destroy (cr);
      cairo_surface_destroy (surface);
    }
}

static void
test_words (void)
{
  const QsHistogramOptions options = { .width = 10, .height = 10 };
  g_autoptr (QsHistogram) histogram = qs_histogram_new (bins, G_N_ELEMENTS (bins), &options);
  g_autofree char *one = qs_histogram_describe_bin (histogram, 0);
  g_autofree char *all = qs_histogram_describe (histogram);

  g_assert_cmpstr (one, ==, "4.0 ms to 5.0 ms: 1 run");
  g_assert_cmpstr (all, ==, "4.0 ms to 5.0 ms: 1 run; 5.0 ms to 6.0 ms: 40 runs; 7.0 ms to 8.0 ms: 20 runs");
}

static void
test_nothing (void)
{
  const QsHistogramOptions options = { .width = 200, .height = 100, .text_scale = 1 };
  g_autoptr (QsHistogram) histogram = qs_histogram_new (NULL, 0, &options);
  g_autofree char *all = qs_histogram_describe (histogram);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 200, 100);
  cairo_t *cr = cairo_create (surface);
  guint bin;

  qs_histogram_draw (histogram, cr, qs_chart_colours_light ());
  g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
  g_assert_cmpstr (all, ==, "");
  g_assert_false (qs_histogram_lookup (histogram, 100, &bin));
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/histogram/columns", test_columns);
  g_test_add_func ("/histogram/drawing", test_drawing);
  g_test_add_func ("/histogram/words", test_words);
  g_test_add_func ("/histogram/nothing", test_nothing);
  return g_test_run ();
}
