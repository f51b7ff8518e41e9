/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "charts/qs-chart-text.h"

#include <math.h>
#include <string.h>

PangoLayout *
qs_chart_text_layout (PangoContext *context, const char *family, double points, gsize n_bold, const char *text,
                      double max_width, double *width, double *height)
{
  PangoLayout *layout = pango_layout_new (context);
  PangoFontDescription *font = pango_font_description_new ();
  int w, h;

  pango_font_description_set_family (font, family);
  pango_font_description_set_size (font, (int) (points * PANGO_SCALE));
  pango_layout_set_font_description (layout, font);
  pango_font_description_free (font);
  pango_layout_set_single_paragraph_mode (layout, TRUE);
  pango_layout_set_text (layout, text, -1);
  if (n_bold > 0)
    {
      PangoAttrList *attributes = pango_attr_list_new ();
      PangoAttribute *weight = pango_attr_weight_new (PANGO_WEIGHT_SEMIBOLD);

      weight->end_index = (guint) n_bold;
      pango_attr_list_insert (attributes, weight);
      pango_layout_set_attributes (layout, attributes);
      pango_attr_list_unref (attributes);
    }
  pango_layout_get_size (layout, &w, &h);
  if (w > max_width * PANGO_SCALE)
    {
      pango_layout_set_width (layout, (int) (MAX (max_width, 1) * PANGO_SCALE));
      pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
      pango_layout_get_size (layout, &w, &h);
    }
  *width = (double) w / PANGO_SCALE;
  *height = (double) h / PANGO_SCALE;
  return layout;
}

void
qs_chart_text_draw (cairo_t *cr, PangoContext *context, const char *family, double points, gboolean bold,
                    const char *text, const QsRectangle *box, QsChartTextAlign align)
{
  static const double parts[] = { 0, 0.5, 1 };
  double width, height;
  g_autoptr (PangoLayout) layout =
      qs_chart_text_layout (context, family, points, bold ? strlen (text) : 0, text, box->width, &width, &height);

  cairo_move_to (cr, box->x + MAX (box->width - width, 0) * parts[align], round (box->y + (box->height - height) / 2));
  pango_cairo_show_layout (cr, layout);
}

void
qs_chart_round_rectangle (cairo_t *cr, const QsRectangle *box, double radius)
{
  double r = MIN (radius, MIN (box->width, box->height) / 2);
  double right = box->x + box->width, bottom = box->y + box->height;

  cairo_new_sub_path (cr);
  cairo_arc (cr, right - r, box->y + r, r, -G_PI / 2, 0);
  cairo_arc (cr, right - r, bottom - r, r, 0, G_PI / 2);
  cairo_arc (cr, box->x + r, bottom - r, r, G_PI / 2, G_PI);
  cairo_arc (cr, box->x + r, box->y + r, r, G_PI, 3 * G_PI / 2);
  cairo_close_path (cr);
}
