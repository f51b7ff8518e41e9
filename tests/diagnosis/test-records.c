/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the records of a trace tell without a byte being read: flights, round trips, who was answered; and the bytes of what is no TLS.
 * A test on each side of every number. */
#include "trace-kit.h"

typedef struct {
  char who; /* 'c' the client, 's' the server */
  gint64 ms;
  guint length;
} Step;

static QsEvidence *
gather (const Step *steps, guint n)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  for (guint i = 0; i < n; i++)
    {
      made->at = steps[i].ms;
      made_datagram (made, steps[i].who == 'c' ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED, steps[i].length);
    }
  return qs_evidence_new (made->trace, 10000 * MS);
}

/* Two of the client's, two of the server's; the client's next, and what is behind it. */
static void
test_flights (void)
{
  static const Step steps[] = { { 'c', 0, 1200 },   { 'c', 1, 1201 },  { 's', 41, 1300 }, { 's', 42, 1301 },
                                { 'c', 50, 100 },   { 's', 60, 70 },   { 's', 61, 80 },   { 's', 62, 90 },
                                { 'c', 100, 1000 }, { 'c', 101, 1000 } };
  g_autoptr (QsEvidence) evidence = gather (steps, G_N_ELEMENTS (steps));

  g_assert_cmpuint (evidence->client_bytes_before, ==, 2401);
  /* A quarter of the first round trip, 40 ms, behind the second flight what comes was under way. */
  g_assert_cmpuint (evidence->server_first_flight, ==, 2601 + 70);
  g_assert_cmpuint (evidence->server_next_datagram, ==, 80);
  g_assert_cmpint (evidence->first_round_trip, ==, 40 * MS);
  g_assert_cmpint (evidence->under_way, ==, 10 * MS);
  g_assert_cmpint (evidence->second_client_flight, ==, 50 * MS);
  g_assert_cmpuint (evidence->n_sent_before_reply, ==, 2);
  g_assert_cmpuint (evidence->n_unanswered, ==, 2);
  g_assert_cmpint (evidence->first_sent, ==, 0);
  g_assert_cmpint (evidence->first_received, ==, 41 * MS);
  g_assert_cmpint (evidence->last_received, ==, 62 * MS);
  g_assert_cmpint (evidence->last_sent, ==, 101 * MS);
}

/* Just as long as that behind it: under way still. */
static void
test_under_way (void)
{
  static const Step steps[] = {
    { 'c', 0, 1200 }, { 's', 40, 1300 }, { 'c', 50, 100 }, { 's', 60, 70 }, { 's', 61, 80 }
  };
  g_autoptr (QsEvidence) evidence = gather (steps, G_N_ELEMENTS (steps));

  g_assert_cmpuint (evidence->server_first_flight, ==, 1370);
  g_assert_cmpuint (evidence->server_next_datagram, ==, 80);
  g_assert_cmpuint (evidence->n_unanswered, ==, 0);
}

static void
test_unanswered (void)
{
  static const Step steps[] = { { 'c', 0, 1200 }, { 'c', 1000, 1200 }, { 'c', 3000, 1200 } };
  g_autoptr (QsEvidence) evidence = gather (steps, G_N_ELEMENTS (steps));

  g_assert_cmpuint (evidence->n_sent_before_reply, ==, 3);
  g_assert_cmpuint (evidence->n_unanswered, ==, 3);
  g_assert_false (evidence->anything_received);
  g_assert_true (evidence->anything_sent);
  g_assert_cmpint (evidence->first_received, ==, QS_NO_TIME);
  g_assert_cmpint (evidence->last_received, ==, QS_NO_TIME);
  g_assert_cmpint (evidence->last_sent, ==, 3000 * MS);
}

/* A log has packets alone: those that share a datagram count once. */
static void
test_log (void)
{
  static const struct {
    QsDirection direction;
    guint flags;
  } packets[] = { { QS_DIRECTION_SENT, 0 }, { QS_DIRECTION_SENT, QS_PACKET_COALESCED },
                  { QS_DIRECTION_SENT, 0 }, { QS_DIRECTION_RECEIVED, 0 },
                  { QS_DIRECTION_SENT, 0 }, { QS_DIRECTION_SENT, QS_PACKET_COALESCED } };
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  for (guint i = 0; i < G_N_ELEMENTS (packets); i++)
    {
      made->at = i;
      made_packet (made, packets[i].direction, QS_PACKET_INITIAL, i, NULL, QS_PACKET_FROM_QLOG | packets[i].flags);
    }
  g_autoptr (QsEvidence) evidence = qs_evidence_new (made->trace, 100 * MS);
  g_assert_cmpuint (evidence->n_sent_before_reply, ==, 2);
  g_assert_cmpuint (evidence->n_unanswered, ==, 1);
  g_assert_cmpint (evidence->last_received, ==, 3 * MS);
  g_assert_cmpint (evidence->last_sent, ==, 5 * MS);
}

/* --- Bytes of TCP --- */

typedef struct {
  const char *bytes;
  gsize length;
  gboolean plain;
  int alert; /* QS_NO_ALERT: none */
} Answer;

static void
test_plain (void)
{
  static const Answer answers[] = {
    { "\x15\x03\x03\x00\x02\x02\x28", 7, FALSE, 40 },
    { "\x15\x03\x03\x00\x02\x01\x70", 7, FALSE, QS_NO_ALERT }, /* a warning */
    { "\x15\x03\x03\x00\x02\x03\x28", 7, FALSE, 40 },
    { "\x15\x03\x03\x00\x03\x02\x28\x00", 8, FALSE, QS_NO_ALERT },             /* three bytes: encrypted, or none */
    { "\x16\x03\x03\x00\x01\x02\x15\x03\x03\x00\x02\x02\x50", 13, FALSE, 80 }, /* behind another record */
    { "\x17\x03\x03\x00\x01\x00\x15\x03\x03\x00\x02\x02\x50", 13, FALSE, QS_NO_ALERT }, /* behind encrypted ones */
    { "\x14\x03", 2, FALSE, QS_NO_ALERT },
    { "\x14", 1, FALSE, QS_NO_ALERT },
    { "\x18\x03", 2, FALSE, QS_NO_ALERT },
    { "\x13\x03", 2, TRUE, QS_NO_ALERT },
    { "\x19\x03", 2, TRUE, QS_NO_ALERT },
    { "\x16\x02", 2, TRUE, QS_NO_ALERT },
    { "\x16\x04", 2, TRUE, QS_NO_ALERT },
    { "\x16\x03\x01\x00\x01\x01", 6, TRUE, QS_NO_ALERT },  /* a ClientHello */
    { "\x16\x03\x01\x00\x01\x02", 6, FALSE, QS_NO_ALERT }, /* a ServerHello */
    { "\x16\x03\x01\x00\x01", 5, FALSE, QS_NO_ALERT },
    { "HTTP/1.1 400 Bad Request", 24, TRUE, QS_NO_ALERT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      const Answer *answer = &answers[i];
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      made_segment (made, QS_DIRECTION_SENT, "\x16\x03\x01\x00\x01\x01", 6);
      made_segment (made, QS_DIRECTION_RECEIVED, answer->bytes, answer->length);
      g_autoptr (QsEvidence) evidence = qs_evidence_new (made->trace, 100 * MS);
      g_test_message ("answer %u", i);
      g_assert_true ((evidence->plain != NULL) == answer->plain);
      g_assert_cmpint (evidence->plain_alert, ==, answer->alert);
      g_assert_true (evidence->tls);
    }
}

/* A kilobyte of it is kept. */
static void
test_plain_bound (void)
{
  for (gsize length = 1023; length <= 1025; length++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      g_autofree char *text = g_strnfill (length, 'x');
      made_segment (made, QS_DIRECTION_RECEIVED, text, length);
      g_autoptr (QsEvidence) evidence = qs_evidence_new (made->trace, 100 * MS);
      g_assert_nonnull (evidence->plain);
      g_assert_cmpuint (g_bytes_get_size (evidence->plain), ==, MIN (length, 1024));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/records/flights", test_flights);
  g_test_add_func ("/records/under-way", test_under_way);
  g_test_add_func ("/records/unanswered", test_unanswered);
  g_test_add_func ("/records/log", test_log);
  g_test_add_func ("/records/plain", test_plain);
  g_test_add_func ("/records/plain-bound", test_plain_bound);
  return g_test_run ();
}
