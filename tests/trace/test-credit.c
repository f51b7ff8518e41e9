/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flow control as QsCredit reckons it: each rule with what is just on the other side of it. */
#include "trace/qs-credit.h"

#define MS G_GINT64_CONSTANT (1000000)
#define ALL G_MAXUINT64

typedef struct {
  QsMetrics *metrics;
  QsCredit *credit;
  gint64 now;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->metrics = qs_metrics_new ();
  self->credit = &self->metrics->credit[QS_DIRECTION_SENT];
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  qs_metrics_free (self->metrics);
}

/* The server's: 10000 bytes in all, 4000 on streams that the client opens, 3000 on those of the server's, 2000 one way. */
static void
allow (Fixture *self)
{
  static const guint8 parameters[] = { 0x04, 2, 0x67, 0x10, 0x05, 2, 0x4b, 0xb8,
                                       0x06, 2, 0x4f, 0xa0, 0x07, 2, 0x47, 0xd0 };

  qs_credit_take_parameters (self->credit, FALSE, QS_SPAN (parameters, sizeof parameters));
}

static void
send_to (Fixture *self, guint64 stream, guint64 end, gboolean fin)
{
  QsStreamFigures *figures = qs_metrics_ensure_stream (self->metrics, stream);
  guint64 before = figures->bytes[QS_DIRECTION_SENT];

  self->now += MS;
  figures->packets[QS_DIRECTION_SENT]++;
  figures->bytes[QS_DIRECTION_SENT] = MAX (before, end);
  qs_credit_sent (self->credit, self->now, figures, before, fin);
}

static void
raise_stream (Fixture *self, guint64 stream, guint64 limit)
{
  self->now += MS;
  qs_credit_raise_stream (self->credit, self->now, qs_metrics_ensure_stream (self->metrics, stream), limit);
}

static const QsCreditSample *
last_sample (Fixture *self)
{
  const GArray *samples = self->credit->samples;

  g_assert_cmpuint (samples->len, >, 0);
  return &g_array_index (samples, QsCreditSample, samples->len - 1);
}

/* The last span; n: how many there are. */
static const QsCreditSpan *
last_span (Fixture *self, guint n)
{
  g_assert_cmpuint (self->credit->spans->len, ==, n);
  return n > 0 ? &g_array_index (self->credit->spans, QsCreditSpan, n - 1) : NULL;
}

/* Without the other end's parameters nobody knows what was allowed: not even when it raises it. */
static void
test_unknown (Fixture *self, gconstpointer data)
{
  send_to (self, 0, 1 << 20, FALSE);
  qs_credit_raise (self->credit, 5 * MS, 100);
  raise_stream (self, 0, 100);
  g_assert_cmpuint (self->credit->samples->len, ==, 0);
  g_assert_cmpuint (self->credit->spans->len, ==, 0);
  qs_credit_take_parameters (self->credit, FALSE, QS_SPAN_NONE);
  g_assert_false (self->credit->known);
}

/* Which of the three initial limits is a stream's own: by who opened it, as the one who set them sees it. */
static void
test_initial (Fixture *self, gconstpointer data)
{
  static const struct {
    guint64 stream, limit;
  } rows[] = { { 0, 4000 }, { 4, 4000 }, { 1, 3000 }, { 2, 2000 }, { 6, 2000 } };

  allow (self);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      send_to (self, rows[i].stream, 10, FALSE);
      g_assert_cmpuint (last_sample (self)->stream, ==, rows[i].stream);
      g_assert_cmpuint (last_sample (self)->stream_limit, ==, rows[i].limit);
      g_assert_cmpuint (last_sample (self)->used, ==, 10 * (i + 1));
      g_assert_cmpuint (last_sample (self)->limit, ==, 10000);
    }
  /* Of the client's parameters it is the other way round. */
  QsCredit *other = &self->metrics->credit[QS_DIRECTION_RECEIVED];
  static const guint8 parameters[] = { 0x05, 1, 5, 0x06, 1, 6 };
  qs_credit_take_parameters (other, TRUE, QS_SPAN (parameters, sizeof parameters));
  QsStreamFigures *figures = qs_metrics_ensure_stream (self->metrics, 0);
  figures->bytes[QS_DIRECTION_RECEIVED] = 1;
  qs_credit_sent (other, 0, figures, 0, FALSE);
  g_assert_cmpuint (g_array_index (other->samples, QsCreditSample, 0).stream_limit, ==, 5);
  g_assert_cmpuint (g_array_index (other->samples, QsCreditSample, 0).limit, ==, 0);
}

/* One byte below the stream's limit there is room; at it there is none, until it is raised, and only of that stream. */
static void
test_stream (Fixture *self, gconstpointer data)
{
  allow (self);
  send_to (self, 0, 3999, FALSE);
  last_span (self, 0);
  send_to (self, 0, 4000, FALSE);
  g_assert_cmpuint (last_span (self, 1)->stream, ==, 0);
  g_assert_cmpint (last_span (self, 1)->from, ==, 2 * MS);
  g_assert_cmpint (last_span (self, 1)->to, ==, G_MAXINT64);
  send_to (self, 0, 4000, FALSE); /* sent again: nothing new */
  raise_stream (self, 4, 9000);
  raise_stream (self, 0, 4000); /* not raised */
  g_assert_cmpint (last_span (self, 1)->to, ==, G_MAXINT64);
  raise_stream (self, 0, 4001);
  g_assert_cmpint (last_span (self, 1)->to, ==, self->now);
  /* On another stream it goes on: the first one's being full keeps nobody. */
  send_to (self, 0, 4001, FALSE);
  send_to (self, 4, 10, FALSE);
  g_assert_cmpint (last_span (self, 2)->to, ==, self->now);
}

/* A stream's last byte may well be the last that fits. */
static void
test_fin (Fixture *self, gconstpointer data)
{
  allow (self);
  send_to (self, 0, 4000, TRUE);
  last_span (self, 0);
  send_to (self, 4, 4000, FALSE);
  send_to (self, 4, 4000, TRUE); /* the end, told of alone */
  g_assert_cmpint (last_span (self, 1)->to, ==, self->now);
}

/* Of all streams together. */
static void
test_connection (Fixture *self, gconstpointer data)
{
  allow (self);
  send_to (self, 0, 3999, FALSE);
  send_to (self, 4, 3999, FALSE);
  send_to (self, 8, 2001, FALSE);
  last_span (self, 0);
  send_to (self, 8, 2002, FALSE);
  g_assert_cmpuint (last_span (self, 1)->stream, ==, ALL);
  raise_stream (self, 8, 9000); /* does not help */
  g_assert_cmpint (last_span (self, 1)->to, ==, G_MAXINT64);
  qs_credit_raise (self->credit, 50 * MS, 10000);
  g_assert_cmpint (last_span (self, 1)->to, ==, G_MAXINT64);
  qs_credit_raise (self->credit, 60 * MS, 10001);
  g_assert_cmpint (last_span (self, 1)->to, ==, 60 * MS);
  g_assert_cmpuint (last_sample (self)->limit, ==, 10001);
}

/* What was given up counts as sent up to its final size. */
static void
test_reset (Fixture *self, gconstpointer data)
{
  allow (self);
  send_to (self, 0, 4000, FALSE);
  QsStreamFigures *figures = qs_metrics_ensure_stream (self->metrics, 0);
  qs_credit_reset (self->credit, 3 * MS, figures, 4100);
  g_assert_cmpuint (self->credit->used, ==, 4100);
  g_assert_cmpint (last_span (self, 1)->to, ==, 3 * MS);
}

/* However many there are, what is kept is bounded, by time, and the last one stays. */
static void
test_many (Fixture *self, gconstpointer data)
{
  allow (self);
  for (guint i = 1; i <= 300000; i++)
    {
      qs_credit_raise (self->credit, self->now, 10000 + i);
      send_to (self, 0, i % 4000, FALSE);
    }
  g_assert_cmpuint (self->credit->samples->len, <=, 65536);
  g_assert_cmpuint (self->credit->samples->len, >, 16384);
  g_assert_cmpuint (last_sample (self)->limit, ==, 310000);
  for (guint i = 1; i < self->credit->samples->len; i++)
    g_assert_cmpint (g_array_index (self->credit->samples, QsCreditSample, i - 1).time, <=,
                     g_array_index (self->credit->samples, QsCreditSample, i).time);
}

/* A limit that was told of a stream which never had a byte makes no stream. */
static void
test_not_seen (Fixture *self, gconstpointer data)
{
  allow (self);
  raise_stream (self, 40, 9000);
  g_assert_null (qs_metrics_get_stream (self->metrics, 40));
  g_autoptr (GPtrArray) none = qs_metrics_list_streams (self->metrics);
  g_assert_cmpuint (none->len, ==, 0);
  send_to (self, 40, 5000, FALSE);
  g_assert_cmpuint (last_sample (self)->stream_limit, ==, 9000);
  last_span (self, 0);
  g_assert_nonnull (qs_metrics_get_stream (self->metrics, 40));
}

/* From where the bytes were not kept, nothing is said any more: neither that there is room nor that there is none. */
static void
test_lose_sight (Fixture *self, gconstpointer data)
{
  allow (self);
  send_to (self, 0, 4000, FALSE);
  guint n = self->credit->samples->len;
  qs_credit_lose_sight (self->credit, 7 * MS);
  g_assert_cmpint (last_span (self, 1)->to, ==, 7 * MS);
  g_assert_cmpint (self->credit->until, ==, 7 * MS);
  allow (self);
  qs_credit_raise (self->credit, 8 * MS, 20000);
  send_to (self, 4, 4000, FALSE);
  last_span (self, 1);
  g_assert_cmpuint (self->credit->samples->len, ==, n);
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*test) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "unknown", test_unknown }, { "initial", test_initial },       { "stream", test_stream },
    { "fin", test_fin },         { "connection", test_connection }, { "reset", test_reset },
    { "many", test_many },       { "not-seen", test_not_seen },     { "lose-sight", test_lose_sight },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/credit/", tests[i].name, NULL);
      g_test_add (path, Fixture, NULL, set_up, tests[i].test, tear_down);
    }
  return g_test_run ();
}
