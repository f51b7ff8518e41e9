/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-credit.h"

#include "wire/qs-transport-parameters.h"

#define MAX_SAMPLES 65536
#define FIRST_STEP 50000 /* ns: points closer than this are one */
#define NO_STREAM G_MAXUINT64

/* The kinds of streams as who set the limits sees them. */
enum { OPENED_BY_RECEIVER, OPENED_BY_SENDER, ONE_WAY };

static const struct {
  guint64 parameter; /* RFC 9000 section 18.2 */
  guint kind;
} stream_limits[] = {
  { 0x05, OPENED_BY_RECEIVER }, /* initial_max_stream_data_bidi_local */
  { 0x06, OPENED_BY_SENDER },   /* initial_max_stream_data_bidi_remote */
  { 0x07, ONE_WAY },            /* initial_max_stream_data_uni */
};
#define INITIAL_MAX_DATA 0x04

void
qs_credit_init (QsCredit *self, QsDirection direction)
{
  *self = (QsCredit){
    .direction = direction, .full_stream = NO_STREAM, .last_stream = NO_STREAM, .until = G_MAXINT64, .step = FIRST_STEP
  };
  self->samples = g_array_new (FALSE, FALSE, sizeof (QsCreditSample));
  self->spans = g_array_new (FALSE, FALSE, sizeof (QsCreditSpan));
}

void
qs_credit_clear (QsCredit *self)
{
  g_array_unref (self->samples);
  g_array_unref (self->spans);
}

/* --- Limits --- */

static guint64
initial_limit (const QsCredit *self, guint64 stream)
{
  gboolean by_client = (stream & 1) == 0;

  if ((stream & 2) != 0)
    return self->stream_limits[ONE_WAY];
  return self->stream_limits[by_client == self->by_client ? OPENED_BY_SENDER : OPENED_BY_RECEIVER];
}

static guint64
limit_of (const QsCredit *self, const QsStreamFigures *figures)
{
  return MAX (figures->limit[self->direction], initial_limit (self, figures->id));
}

/* --- Samples and spans --- */

/* Both sums only grow: of two points the later tells all, but for what the limit was when it was reached, which is a span. */
static void
thin (QsCredit *self)
{
  QsCreditSample *samples = (QsCreditSample *) (void *) self->samples->data;

  for (guint i = 0; i < MAX_SAMPLES / 2; i++)
    samples[i] = samples[2 * i + 1];
  g_array_set_size (self->samples, MAX_SAMPLES / 2);
  self->step *= 2;
}

static void
add_sample (QsCredit *self, gint64 time, const QsStreamFigures *figures)
{
  guint n = self->samples->len;
  QsCreditSample *last = n > 0 ? &g_array_index (self->samples, QsCreditSample, n - 1) : NULL;
  QsCreditSample sample = { .time = time, .used = self->used, .limit = self->limit, .stream = NO_STREAM };

  if (!self->known)
    return;
  if (figures != NULL)
    {
      sample.stream = figures->id;
      sample.stream_used = figures->bytes[self->direction];
      sample.stream_limit = limit_of (self, figures);
    }
  else if (last != NULL)
    {
      sample.stream = last->stream;
      sample.stream_used = last->stream_used;
      sample.stream_limit = last->stream_limit;
    }
  if (last != NULL)
    sample.time = MAX (time, last->time);
  if (n > 1 && sample.time - g_array_index (self->samples, QsCreditSample, n - 2).time < self->step)
    {
      *last = sample;
      return;
    }
  if (n == MAX_SAMPLES)
    thin (self);
  g_array_append_val (self->samples, sample);
}

static QsCreditSpan *
open_span (QsCredit *self)
{
  QsCreditSpan *last = self->spans->len > 0 ? &g_array_index (self->spans, QsCreditSpan, self->spans->len - 1) : NULL;

  return last != NULL && last->to == G_MAXINT64 ? last : NULL;
}

static void
begin_span (QsCredit *self, gint64 time, guint64 stream)
{
  QsCreditSpan span = { time, G_MAXINT64, stream };

  if (open_span (self) == NULL && self->spans->len < MAX_SAMPLES)
    g_array_append_val (self->spans, span);
}

static void
end_span (QsCredit *self, gint64 time)
{
  QsCreditSpan *span = open_span (self);

  if (span != NULL)
    span->to = MAX (time, span->from);
  self->full_stream = NO_STREAM;
}

static gboolean
is_full (const QsCredit *self)
{
  return self->known && self->used >= self->limit;
}

/* --- What happens --- */

void
qs_credit_take_parameters (QsCredit *self, gboolean from_client, QsSpan bytes)
{
  g_autoptr (GArray) parameters = bytes.length > 0 ? qs_transport_parameters_parse (bytes, NULL) : NULL;
  guint64 value;

  if (parameters == NULL || self->until != G_MAXINT64)
    return;
  self->by_client = !from_client;
  self->known = TRUE; /* a parameter that is absent is zero */
  for (guint i = 0; i < parameters->len; i++)
    {
      const QsTransportParameter *parameter = &g_array_index (parameters, QsTransportParameter, i);
      if (!qs_transport_parameter_get_integer (parameter, &value))
        continue;
      if (parameter->id == INITIAL_MAX_DATA)
        self->limit = MAX (self->limit, value);
      for (guint j = 0; j < G_N_ELEMENTS (stream_limits); j++)
        if (parameter->id == stream_limits[j].parameter)
          self->stream_limits[stream_limits[j].kind] = value;
    }
}

void
qs_credit_sent (QsCredit *self, gint64 time, QsStreamFigures *figures, guint64 before, gboolean fin)
{
  guint64 now = figures->bytes[self->direction];

  if (now <= before && !fin)
    return;
  /* Who sends on, on whichever stream, was not kept from it. */
  if (now > before && (self->full_stream == NO_STREAM || self->full_stream != figures->id))
    end_span (self, time);
  self->used += now > before ? now - before : 0;
  self->last_stream = figures->id;
  if (fin && self->full_stream == figures->id)
    end_span (self, time); /* its last byte was the last one that fitted */
  else if (!fin && self->known && now > 0 && now >= limit_of (self, figures))
    {
      begin_span (self, time, figures->id);
      self->full_stream = figures->id;
    }
  if (is_full (self) && !fin)
    begin_span (self, time, NO_STREAM);
  add_sample (self, time, figures);
}

void
qs_credit_reset (QsCredit *self, gint64 time, QsStreamFigures *figures, guint64 final_size)
{
  guint64 *sent = &figures->bytes[self->direction];

  if (final_size > *sent && final_size < G_GUINT64_CONSTANT (1) << 62)
    {
      self->used += final_size - *sent;
      add_sample (self, time, NULL);
    }
  if (self->full_stream == figures->id)
    end_span (self, time);
}

void
qs_credit_raise (QsCredit *self, gint64 time, guint64 limit)
{
  if (!self->known || limit <= self->limit)
    return;
  add_sample (self, time, NULL); /* a step, not a slope */
  self->limit = limit;
  if (self->full_stream == NO_STREAM)
    end_span (self, time);
  add_sample (self, time, NULL);
}

void
qs_credit_raise_stream (QsCredit *self, gint64 time, QsStreamFigures *figures, guint64 limit)
{
  guint64 *own = &figures->limit[self->direction];

  if (!self->known || limit <= limit_of (self, figures))
    return;
  *own = limit;
  if (self->full_stream == figures->id)
    {
      end_span (self, time);
      if (is_full (self))
        begin_span (self, time, NO_STREAM);
    }
  if (figures->id == self->last_stream)
    add_sample (self, time, figures);
}

void
qs_credit_lose_sight (QsCredit *self, gint64 time)
{
  if (!self->known)
    return;
  end_span (self, time);
  self->until = time;
  self->known = FALSE;
}
