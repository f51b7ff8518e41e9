/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "charts/qs-sequence-private.h"

#define MIN_WIDTH 480
#define STEPS_PER_LOOK 64 /* at the clock */
#define LAST_ITEMS 64     /* of which an arrow may reach below the end */

static double
clamp_width (const QsSequenceLayout *self, double width)
{
  return CLAMP (width, MIN_WIDTH * self->options.text_scale, 16384);
}

/* Which end of the two is the own one shows once the join knows. */
static void
find_own_side (QsSequenceLayout *self)
{
  self->own_is_client = self->options.join != NULL ? qs_trace_join_own_is_client (self->options.join)
                                                   : qs_trace_get_vantage (self->trace) != QS_VANTAGE_SERVER;
}

QsSequenceLayout *
qs_sequence_layout_new (QsTrace *trace, const QsSequenceOptions *options)
{
  static const QsSequenceOptions defaults = QS_SEQUENCE_OPTIONS_DEFAULT;

  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);
  g_return_val_if_fail (options == NULL || options->join == NULL || qs_trace_join_get_own (options->join) == trace,
                        NULL);

  QsSequenceLayout *self = g_new0 (QsSequenceLayout, 1);
  g_atomic_ref_count_init (&self->refs);
  self->trace = g_object_ref (trace);
  self->options = options != NULL ? *options : defaults;
  if (self->options.join != NULL)
    qs_trace_join_ref (self->options.join);
  self->options.text_scale = CLAMP (self->options.text_scale, 0.5, 6);
  self->options.zoom = CLAMP (self->options.zoom, 0.001, 1000);
  self->font = g_strdup (self->options.font != NULL ? self->options.font : "Sans");
  self->options.font = self->font;
  self->options.width = clamp_width (self, self->options.width);
  self->order = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->items = g_array_new (FALSE, FALSE, sizeof (QsItem));
  self->bundles = g_array_new (FALSE, FALSE, sizeof (QsBundle));
  self->notes = g_array_new (FALSE, FALSE, sizeof (QsNote));
  for (guint i = 0; i < 2; i++)
    self->keys[i] = g_array_new (FALSE, FALSE, sizeof (QsKeysGot));
  self->context = pango_font_map_create_context (pango_cairo_font_map_get_default ());
  find_own_side (self);
  qs_sequence_measure (self);
  qs_sequence_refine_scale (self, TRUE);
  return self;
}

QsSequenceLayout *
qs_sequence_layout_ref (QsSequenceLayout *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
qs_sequence_layout_unref (QsSequenceLayout *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_array_unref (self->order);
  g_array_unref (self->items);
  g_array_unref (self->bundles);
  g_array_unref (self->notes);
  for (guint i = 0; i < 2; i++)
    g_array_unref (self->keys[i]);
  g_clear_pointer (&self->options.join, qs_trace_join_unref);
  g_object_unref (self->context);
  g_object_unref (self->trace);
  g_free (self->font);
  g_free (self);
}

/* --- Advancing --- */

static gboolean
append_one (QsSequenceLayout *self)
{
  if (self->n_appended >= qs_sequence_n_arrows (self))
    return FALSE;
  qs_sequence_append_arrow (self);
  return TRUE;
}

static gboolean
run (QsSequenceLayout *self, gboolean (*step) (QsSequenceLayout *self), gint64 deadline)
{
  for (guint n = 1; step (self); n++)
    {
      if (deadline != 0 && n % STEPS_PER_LOOK == 0 && g_get_monotonic_time () >= deadline)
        return FALSE;
    }
  return TRUE;
}

/* Of both ends: when something arrived may be known after its row was laid out. */
static void
measure_reach (QsSequenceLayout *self)
{
  guint n = self->items->len;

  self->reach = 0;
  if (self->options.join == NULL || !qs_sequence_to_scale (self))
    return;
  for (guint i = n > LAST_ITEMS ? n - LAST_ITEMS : 0; i < n; i++)
    {
      double x0, y0, x1, y1;

      if (!qs_sequence_has_arrows (qs_sequence_item (self, i)))
        continue;
      qs_sequence_arrow (self, i, (qs_sequence_item (self, i)->flags & QS_ITEM_BY_CLIENT) != 0 ? 0 : 1, &x0, &y0, &x1,
                         &y1);
      self->reach = MAX (self->reach, y1 + self->gap);
    }
}

gboolean
qs_sequence_layout_advance (QsSequenceLayout *self, gint64 deadline)
{
  g_return_val_if_fail (self != NULL, TRUE);

  find_own_side (self);
  gboolean done = run (self, append_one, deadline) && run (self, qs_sequence_look_for_keys, deadline);
  if (done)
    {
      qs_sequence_refine_scale (self, FALSE);
      done = run (self, qs_sequence_lay_out_one, deadline);
    }
  qs_sequence_recount_bundles (self);
  measure_reach (self);
  return done;
}

/* --- Asking --- */

void
qs_sequence_layout_set_width (QsSequenceLayout *self, double width)
{
  g_return_if_fail (self != NULL);
  self->options.width = clamp_width (self, width);
}

const QsSequenceOptions *
qs_sequence_layout_get_options (QsSequenceLayout *self)
{
  return &self->options;
}

void
qs_sequence_layout_get_extents (QsSequenceLayout *self, double *width, double *height)
{
  double legend = self->options.legend ? qs_sequence_legend_height (self) : 0;

  if (width != NULL)
    *width = self->options.width;
  if (height != NULL)
    *height = MAX (self->end, self->reach) + 2 * self->gap + legend;
}

guint
qs_sequence_layout_get_n_items (QsSequenceLayout *self)
{
  return self->items->len;
}

void
qs_sequence_layout_get_items (QsSequenceLayout *self, double top, double bottom, guint *first, guint *end)
{
  g_return_if_fail (self != NULL && first != NULL && end != NULL);
  qs_sequence_items_between (self, top, bottom, first, end);
}

double
qs_sequence_layout_get_header_height (QsSequenceLayout *self)
{
  return self->header_height;
}
