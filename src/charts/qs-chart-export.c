/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "charts/qs-chart-export.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <math.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-slice.h"
#include "formats/qs-file-writer.h"

#define MAX_PIXELS 32000   /* cairo's image surfaces end at 32767 */
#define MAX_UNITS 200000.0 /* what viewers still show */
#define BAND 400.0         /* so high are the steps in which it is drawn */
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

struct _QsChartJob {
  QsChartFormat format;
  const QsChartColours *colours;
  QsSequenceLayout *layout; /* one of these */
  QsTimeline *timeline;
  QsOverlay *overlay;
  double width, height, whole_height, max_height;
  GByteArray *bytes;
  Sink sink;
  cairo_surface_t *surface; /* NULL: it is not laid out yet */
  cairo_t *cr;
  double drawn; /* down to here */
  GError *error;
};

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

/* Laid out: now it is known how large it is. */
static void
begin_drawing (QsChartJob *self)
{
  if (self->layout != NULL)
    qs_sequence_layout_get_extents (self->layout, &self->width, &self->whole_height);
  self->height = MIN (self->whole_height, self->max_height);
  double width = self->width, height = self->height;
  double scale = self->format == QS_CHART_PNG ? MIN (PNG_SCALE, MAX_PIXELS / MAX (width, height)) : 1;
  if (scale < 0.5 || MAX (width, height) > MAX_UNITS)
    {
      g_set_error_literal (&self->error, QS_ERROR, QS_ERROR_TOO_LARGE,
                           _ ("The picture is too high for a file. Let bulk data be bundled, or write the packets "
                              "as a qlog."));
      return;
    }
  self->surface = make_surface (self->format, width, height, scale, &self->sink);
  self->cr = cairo_create (self->surface);
  qs_colour_set (&self->colours->background, self->cr); /* also where a part of a pixel is left over */
  cairo_paint (self->cr);
  if (self->format == QS_CHART_PNG)
    cairo_scale (self->cr, scale, scale);
}

/* What stands on the border of two bands is drawn in both, and cut there. */
static void
draw_band (QsChartJob *self, double height)
{
  const QsSequenceLook look = {
    .colours = self->colours, .selected = G_MAXUINT, .hovered = G_MAXUINT, .until = G_MAXINT64
  };
  const QsRectangle band = { .y = self->drawn,
                             .width = self->width,
                             .height = MIN (height, self->height - self->drawn) };

  if (self->overlay != NULL)
    qs_overlay_draw (self->overlay, self->cr, self->colours);
  else if (self->timeline != NULL)
    qs_timeline_draw (self->timeline, self->cr, &(QsTimelineLook){ .colours = self->colours, .cursor = G_MININT64 });
  else
    {
      cairo_save (self->cr);
      if (band.height < self->height)
        {
          cairo_rectangle (self->cr, 0, band.y, band.width, band.height);
          cairo_clip (self->cr);
        }
      qs_sequence_layout_draw (self->layout, self->cr, &band, &look);
      cairo_restore (self->cr);
    }
  self->drawn += band.height;
}

static QsChartJob *
job_new (const QsChartColours *colours, QsChartFormat format)
{
  QsChartJob *self = g_new0 (QsChartJob, 1);

  self->format = format;
  self->colours = colours != NULL ? colours : qs_chart_colours_light ();
  self->bytes = g_byte_array_new ();
  self->sink.bytes = self->bytes;
  self->max_height = G_MAXDOUBLE;
  return self;
}

QsChartJob *
qs_chart_job_new_sequence (QsTrace *trace, const QsSequenceOptions *options, const QsChartColours *colours,
                           QsChartFormat format, double max_height)
{
  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);

  QsChartJob *self = job_new (colours, format);
  QsSequenceOptions own = QS_SEQUENCE_OPTIONS_DEFAULT;
  own.title = TRUE;
  self->layout = qs_sequence_layout_new (trace, options != NULL ? options : &own);
  self->max_height = max_height;
  return self;
}

QsChartJob *
qs_chart_job_new_timeline (QsTrace *trace, const QsTimelineOptions *options, const QsChartColours *colours,
                           QsChartFormat format)
{
  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);

  QsChartJob *self = job_new (colours, format);
  QsTimelineOptions own = QS_TIMELINE_OPTIONS_DEFAULT;
  own.title = TRUE;
  if (options == NULL)
    options = &own;
  self->timeline = qs_timeline_new (trace, options);
  self->width = options->width;
  self->whole_height = options->height;
  return self;
}

QsChartJob *
qs_chart_job_new_overlay (QsOverlay *overlay, const QsChartColours *colours, QsChartFormat format)
{
  g_return_val_if_fail (overlay != NULL, NULL);

  QsChartJob *self = job_new (colours, format);
  self->overlay = overlay;
  self->width = qs_overlay_get_options (overlay)->width;
  self->whole_height = qs_overlay_get_options (overlay)->height;
  return self;
}

static gboolean
lay_out (QsChartJob *self, gint64 deadline)
{
  if (self->layout != NULL)
    return qs_sequence_layout_advance (self->layout, deadline);
  return self->overlay != NULL ? qs_overlay_advance (self->overlay, deadline)
                               : qs_timeline_advance (self->timeline, deadline);
}

gboolean
qs_chart_job_advance (QsChartJob *self, gint64 deadline)
{
  g_return_val_if_fail (self != NULL, TRUE);

  if (!lay_out (self, deadline))
    return FALSE;
  if (self->surface == NULL && self->error == NULL)
    begin_drawing (self);
  while (self->error == NULL && self->drawn < self->height)
    {
      draw_band (self, deadline == 0 || self->layout == NULL ? self->height : BAND);
      if (deadline != 0 && self->drawn < self->height && g_get_monotonic_time () >= deadline)
        return FALSE;
    }
  return TRUE;
}

double
qs_chart_job_get_height (QsChartJob *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->whole_height;
}

GBytes *
qs_chart_job_finish (QsChartJob *self, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (self->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      return NULL;
    }
  g_return_val_if_fail (self->cr != NULL, NULL);
  cairo_status_t status = cairo_status (self->cr);
  g_clear_pointer (&self->cr, cairo_destroy);
  if (status == CAIRO_STATUS_SUCCESS && self->format == QS_CHART_PNG)
    status = cairo_surface_write_to_png_stream (self->surface, write_cb, &self->sink);
  cairo_surface_finish (self->surface);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_status (self->surface);
  return check (status, error) ? g_byte_array_free_to_bytes (g_steal_pointer (&self->bytes)) : NULL;
}

void
qs_chart_job_free (QsChartJob *self)
{
  g_clear_pointer (&self->cr, cairo_destroy);
  g_clear_pointer (&self->surface, cairo_surface_destroy);
  g_clear_pointer (&self->layout, qs_sequence_layout_unref);
  g_clear_pointer (&self->timeline, qs_timeline_free);
  g_clear_pointer (&self->overlay, qs_overlay_free);
  g_clear_pointer (&self->bytes, g_byte_array_unref);
  g_clear_error (&self->error);
  g_free (self);
}

static GBytes *
run_job (QsChartJob *job, GError **error)
{
  qs_chart_job_advance (job, 0);
  return qs_chart_job_finish (job, error);
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

  g_autoptr (QsChartJob) job = qs_chart_job_new_sequence (trace, options, colours, QS_CHART_SVG, max_height);
  GBytes *bytes = run_job (job, error);
  if (height != NULL)
    *height = qs_chart_job_get_height (job);
  return bytes;
}

gboolean
qs_chart_export_sequence (QsTrace *trace, const QsSequenceOptions *options, const QsChartColours *colours,
                          const char *path, QsChartFormat format, GError **error)
{
  g_return_val_if_fail (QS_IS_TRACE (trace) && path != NULL, FALSE);

  g_autoptr (QsChartJob) job = qs_chart_job_new_sequence (trace, options, colours, format, G_MAXDOUBLE);
  g_autoptr (GBytes) bytes = run_job (job, error);
  return write_bytes (bytes, path, error);
}

gboolean
qs_chart_export_timeline (QsTrace *trace, const QsTimelineOptions *options, const QsChartColours *colours,
                          const char *path, QsChartFormat format, GError **error)
{
  g_return_val_if_fail (QS_IS_TRACE (trace) && path != NULL, FALSE);

  g_autoptr (QsChartJob) job = qs_chart_job_new_timeline (trace, options, colours, format);
  g_autoptr (GBytes) bytes = run_job (job, error);
  return write_bytes (bytes, path, error);
}

/* --- In slices --- */

typedef struct {
  QsChartJob *job;
  char *path;
} Writing;

static void
writing_free (gpointer data)
{
  Writing *writing = data;

  qs_chart_job_free (writing->job);
  g_free (writing->path);
  g_free (writing);
}

/* Vector formats are put together only when they are finished, and a PNG is packed: neither needs the trace. */
static void
finish_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Writing *writing = data;
  GError *error = NULL;
  g_autoptr (GBytes) bytes = qs_chart_job_finish (writing->job, &error);

  if (write_bytes (bytes, writing->path, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
draw_slice_cb (gint64 deadline, gpointer data)
{
  GTask *task = data;
  const Writing *writing = g_task_get_task_data (task);

  if (!qs_chart_job_advance (writing->job, deadline))
    return G_SOURCE_CONTINUE;
  g_task_run_in_thread (task, finish_in_thread);
  return G_SOURCE_REMOVE;
}

void
qs_chart_job_write_async (QsChartJob *self, const char *path, GAsyncReadyCallback callback, gpointer data)
{
  g_return_if_fail (self != NULL && path != NULL);

  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, data);
  Writing *writing = g_new0 (Writing, 1);

  writing->job = self;
  writing->path = g_strdup (path);
  g_task_set_source_tag (task, qs_chart_job_write_async);
  g_task_set_task_data (task, writing, writing_free);
  g_autoptr (GSource) source = qs_slice_add (g_task_get_context (task), "[quicscope] draw picture", draw_slice_cb,
                                             g_object_ref (task), g_object_unref);
}

gboolean
qs_chart_job_write_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
