/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "charts/qs-chart-export.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <math.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "formats/qs-file-writer.h"

#define MAX_PIXELS 32000   /* cairo's image surfaces end at 32767 */
#define MAX_UNITS 200000.0 /* what viewers still show */
#define PNG_SCALE 2.0      /* so that it is sharp on paper and on fine screens */

typedef struct {
  GByteArray *bytes;
} Sink;

static const struct {
  const char *suffix;
  QsChartFormat format;
} suffixes[] = { { ".svg", QS_CHART_SVG }, { ".png", QS_CHART_PNG }, { ".pdf", QS_CHART_PDF } };

QsChartFormat
qs_chart_format_for_name (const char *path)
{
  g_return_val_if_fail (path != NULL, QS_CHART_SVG);

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      gsize n = strlen (path), length = strlen (suffixes[i].suffix);

      if (n >= length && g_ascii_strcasecmp (path + n - length, suffixes[i].suffix) == 0)
        return suffixes[i].format;
    }
  return QS_CHART_SVG;
}

static cairo_status_t
write_cb (void *data, const unsigned char *bytes, unsigned int length)
{
  g_byte_array_append (((Sink *) data)->bytes, bytes, length);
  return CAIRO_STATUS_SUCCESS;
}

static gboolean
check (cairo_status_t status, GError **error)
{
  if (status == CAIRO_STATUS_SUCCESS)
    return TRUE;
  g_set_error (error, QS_ERROR, QS_ERROR_FAILED, _ ("The picture could not be made: %s"),
               cairo_status_to_string (status));
  return FALSE;
}

/* A picture that can be drawn: to a height, be it higher. */
typedef struct {
  double width, height;
  void (*draw) (gpointer data, cairo_t *cr, const QsRectangle *all, const QsChartColours *colours);
  gpointer data;
} Picture;

static void
draw_sequence (gpointer data, cairo_t *cr, const QsRectangle *all, const QsChartColours *colours)
{
  QsSequenceLook look = { .colours = colours, .selected = G_MAXUINT, .hovered = G_MAXUINT, .until = G_MAXINT64 };

  qs_sequence_layout_draw (data, cr, all, &look);
}

static void
draw_timeline (gpointer data, cairo_t *cr, const QsRectangle *all, const QsChartColours *colours)
{
  QsTimelineLook look = { .colours = colours, .cursor = G_MININT64 };

  qs_timeline_draw (data, cr, &look);
}

static cairo_surface_t *
make_surface (QsChartFormat format, double width, double height, double scale, Sink *sink)
{
  switch (format)
    {
    case QS_CHART_PNG:
      return cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) ceil (width * scale), (int) ceil (height * scale));
    case QS_CHART_PDF:
      return cairo_pdf_surface_create_for_stream (write_cb, sink, width, height);
    case QS_CHART_SVG:
    default:
      return cairo_svg_surface_create_for_stream (write_cb, sink, width, height);
    }
}

static GBytes *
render (const Picture *picture, const QsChartColours *colours, QsChartFormat format, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  Sink sink = { bytes };
  double width = picture->width, height = picture->height;

  double scale = format == QS_CHART_PNG ? MIN (PNG_SCALE, MAX_PIXELS / MAX (width, height)) : 1;
  if (scale < 0.5 || MAX (width, height) > MAX_UNITS)
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_TOO_LARGE,
                           _ ("The picture is too high for a file. Let bulk data be bundled, or write the packets "
                              "as a qlog."));
      return NULL;
    }
  cairo_surface_t *surface = make_surface (format, width, height, scale, &sink);
  cairo_t *cr = cairo_create (surface);
  qs_colour_set (&colours->background, cr); /* also where a part of a pixel is left over */
  cairo_paint (cr);
  if (format == QS_CHART_PNG)
    cairo_scale (cr, scale, scale);
  picture->draw (picture->data, cr, &(QsRectangle){ .width = width, .height = height }, colours);
  cairo_status_t status = cairo_status (cr);
  cairo_destroy (cr);
  if (status == CAIRO_STATUS_SUCCESS && format == QS_CHART_PNG)
    status = cairo_surface_write_to_png_stream (surface, write_cb, &sink);
  cairo_surface_finish (surface);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_status (surface);
  cairo_surface_destroy (surface);
  return check (status, error) ? g_byte_array_free_to_bytes (g_steal_pointer (&bytes)) : NULL;
}

static GBytes *
render_sequence (QsTrace *trace, const QsSequenceOptions *options, const QsChartColours *colours, QsChartFormat format,
                 double max_height, double *height, GError **error)
{
  QsSequenceOptions own = QS_SEQUENCE_OPTIONS_DEFAULT;

  own.title = TRUE;
  g_autoptr (QsSequenceLayout) layout = qs_sequence_layout_new (trace, options != NULL ? options : &own);
  Picture picture = { .draw = draw_sequence, .data = layout };
  qs_sequence_layout_advance (layout, 0);
  qs_sequence_layout_get_extents (layout, &picture.width, &picture.height);
  if (height != NULL)
    *height = picture.height;
  picture.height = MIN (picture.height, max_height);
  return render (&picture, colours != NULL ? colours : qs_chart_colours_light (), format, error);
}

static GBytes *
render_timeline (QsTrace *trace, const QsTimelineOptions *options, const QsChartColours *colours, QsChartFormat format,
                 GError **error)
{
  QsTimelineOptions own = QS_TIMELINE_OPTIONS_DEFAULT;

  own.title = TRUE;
  if (options == NULL)
    options = &own;
  g_autoptr (QsTimeline) timeline = qs_timeline_new (trace, options);
  Picture picture = { options->width, options->height, draw_timeline, timeline };
  qs_timeline_advance (timeline, 0);
  return render (&picture, colours != NULL ? colours : qs_chart_colours_light (), format, error);
}

static gboolean
write_bytes (GBytes *bytes, const char *path, GError **error)
{
  gsize length;

  if (bytes == NULL)
    return FALSE;
  const void *data = g_bytes_get_data (bytes, &length);
  return qs_file_write (path, 0666, data, length, error);
}

GBytes *
qs_chart_sequence_to_svg (QsTrace *trace, const QsSequenceOptions *options, const QsChartColours *colours,
                          double max_height, double *height, GError **error)
{
  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);

  return render_sequence (trace, options, colours, QS_CHART_SVG, max_height, height, error);
}

gboolean
qs_chart_export_sequence (QsTrace *trace, const QsSequenceOptions *options, const QsChartColours *colours,
                          const char *path, QsChartFormat format, GError **error)
{
  g_return_val_if_fail (QS_IS_TRACE (trace) && path != NULL, FALSE);

  g_autoptr (GBytes) bytes = render_sequence (trace, options, colours, format, G_MAXDOUBLE, NULL, error);
  return write_bytes (bytes, path, error);
}

gboolean
qs_chart_export_timeline (QsTrace *trace, const QsTimelineOptions *options, const QsChartColours *colours,
                          const char *path, QsChartFormat format, GError **error)
{
  g_return_val_if_fail (QS_IS_TRACE (trace) && path != NULL, FALSE);

  g_autoptr (GBytes) bytes = render_timeline (trace, options, colours, format, error);
  return write_bytes (bytes, path, error);
}
