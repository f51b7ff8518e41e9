/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scripted client against the local server in this process. */
#include "../engine/runner.h"
#include "checks/qs-sight.h"
#include "craft/qs-craft-run.h"
#include "wire/qs-packet.h"

typedef struct {
  Fixture server;
  GSocketAddress *address;
  QsCraftTarget target;
  QsCraftRun *run;
  gboolean over;
} Bench;

static const char *const h3[] = { "h3", NULL };

static void
done_cb (QsCraftRun *run, gpointer data)
{
  ((Bench *) data)->over = TRUE;
}

static gboolean
is_over (gpointer data)
{
  return ((Bench *) data)->over;
}

static void
bench_init (Bench *bench, const char *scenario)
{
  *bench = (Bench){ 0 };
  fixture_init (&bench->server, scenario, NULL);
  bench->address = g_inet_socket_address_new_from_string ("127.0.0.1", bench->server.port);
  bench->target = (QsCraftTarget){ .address = bench->address,
                                   .server_name = "localhost",
                                   .host = "localhost",
                                   .authority = "localhost",
                                   .path = "/",
                                   .alpn = h3 };
}

static QsSight *
walk (Bench *bench, const QsCraftStep *script)
{
  bench->over = FALSE;
  bench->run = qs_craft_run_new (&bench->target, script, "quicscope test craft", done_cb, bench);
  qs_craft_run_start (bench->run);
  run_until (is_over, bench);
  return qs_sight_new (qs_craft_run_get_trace (bench->run));
}

static void
bench_clear (Bench *bench)
{
  g_clear_pointer (&bench->run, qs_craft_run_free);
  g_object_unref (bench->address);
  fixture_clear (&bench->server);
}

#define NEED(event)                                                           \
  {                                                                           \
    .what = QS_CRAFT_DO_AWAIT, .events = (event), .ms = 30000, .needed = TRUE \
  }
#define BYTES(text)                            \
  {                                            \
    (const guint8 *) (text), sizeof (text) - 1 \
  }

static const QsCraftStep handshake[] = { { .what = QS_CRAFT_DO_START, .act = TRUE },
                                         NEED (QS_CRAFT_CONFIRMED),
                                         { .what = QS_CRAFT_DO_QUEUE, .after = TRUE, .bytes = BYTES ("\x01") },
                                         NEED (QS_CRAFT_ACKED),
                                         { .what = QS_CRAFT_DO_END } };

static void
test_handshake (void)
{
  Bench bench;

  bench_init (&bench, NULL);
  g_autoptr (QsSight) sight = walk (&bench, handshake);
  g_assert_false (sight->missed);
  g_assert_true (sight->hello && sight->keys && sight->done && sight->confirmed);
  g_assert_true (sight->act_acked && sight->after_acked);
  g_assert_false (sight->closed);
  g_assert_cmpuint (sight->n_retries, ==, 1); /* the server asks for the address first */
  g_assert_nonnull (sight->parameters);
  g_assert_cmpstr (qs_trace_get_fact (sight->trace, "tls.alpn"), ==, "h3");
  bench_clear (&bench);
}

/* Each seed loses other datagrams, in both directions. */
static void
test_losses (void)
{
  for (guint seed = 1; seed <= 8; seed++)
    {
      Bench bench;
      g_autofree char *rules = g_strdup_printf ("loss=10%%,seed=%u", seed);
      bench_init (&bench, NULL);
      bench.target.impairment = rules;
      g_autoptr (QsSight) sight = walk (&bench, handshake);
      g_assert_true (sight->confirmed);
      g_assert_true (sight->after_acked);
      bench_clear (&bench);
    }
}

static const QsCraftStep request[] = {
  { .what = QS_CRAFT_DO_START }, NEED (QS_CRAFT_CONFIRMED),
  { .what = QS_CRAFT_DO_HTTP3 }, { .what = QS_CRAFT_DO_REQUEST, .act = TRUE, .fin = TRUE },
  NEED (QS_CRAFT_ANSWERED),      { .what = QS_CRAFT_DO_AWAIT, .events = QS_CRAFT_CLOSED, .ms = 100 },
  { .what = QS_CRAFT_DO_END }
};

static void
test_request (void)
{
  Bench bench;

  bench_init (&bench, NULL);
  g_autoptr (QsSight) sight = walk (&bench, request);
  g_assert_cmpuint (sight->streams[0].status, ==, 200);
  bench_clear (&bench);
}

static const QsCraftStep violation[] = {
  { .what = QS_CRAFT_DO_START },
  NEED (QS_CRAFT_CONFIRMED),
  { .what = QS_CRAFT_DO_SEND, .act = TRUE, .packet = { .type = QS_PACKET_1RTT }, .bytes = BYTES ("\x20") },
  NEED (QS_CRAFT_CLOSED),
  { .what = QS_CRAFT_DO_END }
};

static void
test_violation (void)
{
  Bench bench;

  bench_init (&bench, NULL);
  g_autoptr (QsSight) sight = walk (&bench, violation);
  g_assert_true (sight->closed && !sight->closed_by_application && !sight->closed_early);
  g_assert_cmpuint (sight->close_code, ==, 0x07); /* FRAME_ENCODING_ERROR */
  bench_clear (&bench);
}

static const QsCraftStep update[] = { { .what = QS_CRAFT_DO_START },
                                      NEED (QS_CRAFT_CONFIRMED),
                                      { .what = QS_CRAFT_DO_QUEUE, .bytes = BYTES ("\x01") },
                                      NEED (QS_CRAFT_ACKED),
                                      { .what = QS_CRAFT_DO_UPDATE_KEYS },
                                      { .what = QS_CRAFT_DO_QUEUE, .act = TRUE, .bytes = BYTES ("\x01") },
                                      NEED (QS_CRAFT_KEY_PHASE),
                                      { .what = QS_CRAFT_DO_END } };

static void
test_key_update (void)
{
  Bench bench;

  bench_init (&bench, NULL);
  g_autoptr (QsSight) sight = walk (&bench, update);
  g_assert_cmpuint (sight->key_update_packet, !=, G_MAXUINT);
  g_assert_true (sight->act_acked);
  bench_clear (&bench);
}

/* The server speaks version 1 alone: it says so, and its answer is understood. */
static const QsCraftStep version_2[] = {
  { .what = QS_CRAFT_DO_START, .act = TRUE, .options = &(const QsCraftOptions){ .version = QS_QUIC_VERSION_2 } },
  NEED (QS_CRAFT_VERSIONS),
  { .what = QS_CRAFT_DO_END }
};

static void
test_version (void)
{
  Bench bench;

  bench_init (&bench, NULL);
  g_autoptr (QsSight) sight = walk (&bench, version_2);
  g_assert_cmpuint (sight->versions_packet, !=, G_MAXUINT);
  g_assert_false (sight->hello);
  bench_clear (&bench);
}

/* Silent is silent: one datagram, whatever comes. */
static const QsCraftStep silent[] = {
  { .what = QS_CRAFT_DO_START, .act = TRUE, .options = &(const QsCraftOptions){ .habits = QS_CRAFT_SILENT } },
  NEED (QS_CRAFT_DATAGRAM),
  { .what = QS_CRAFT_DO_AWAIT, .events = QS_CRAFT_CLOSED, .ms = 1500 },
  { .what = QS_CRAFT_DO_END }
};

static void
test_silent (void)
{
  Bench bench;
  guint sent = 0;

  bench_init (&bench, NULL);
  g_autoptr (QsSight) sight = walk (&bench, silent);
  for (guint i = 0; i < qs_trace_get_n_packets (sight->trace); i++)
    sent += qs_trace_get_packet (sight->trace, i)->direction == QS_DIRECTION_SENT &&
            (qs_trace_get_packet (sight->trace, i)->frames & (G_GUINT64_CONSTANT (1) << QS_FRAME_CRYPTO)) != 0;
  g_assert_cmpuint (sent, ==, 1);
  bench_clear (&bench);
}

/* There is no token to bring: what cannot be done was not done. */
static const QsCraftStep tokenless[] = { { .what = QS_CRAFT_DO_START, .idle = TRUE },
                                         { .what = QS_CRAFT_DO_START, .act = TRUE, .carry_token = TRUE },
                                         NEED (QS_CRAFT_CONFIRMED),
                                         { .what = QS_CRAFT_DO_END } };

static void
test_missed (void)
{
  Bench bench;

  bench_init (&bench, NULL);
  g_autoptr (QsSight) sight = walk (&bench, tokenless);
  g_assert_true (sight->missed);
  g_assert_cmpuint (sight->act, ==, G_MAXUINT);
  g_assert_cmpuint (sight->n_received, ==, 0);
  bench_clear (&bench);
}

static const QsCraftStep flipped[] = {
  { .what = QS_CRAFT_DO_START, .options = &(const QsCraftOptions){ .habits = QS_CRAFT_NO_RETRY } },
  NEED (QS_CRAFT_RETRY),
  { .what = QS_CRAFT_DO_START,
    .act = TRUE,
    .options = &(const QsCraftOptions){ .habits = QS_CRAFT_NO_RETRY },
    .carry_retry = TRUE,
    .flip_token = TRUE },
  { .what = QS_CRAFT_DO_AWAIT, .events = QS_CRAFT_KEYS | QS_CRAFT_CLOSED, .ms = 500 },
  { .what = QS_CRAFT_DO_END }
};

static void
test_retry_token (void)
{
  Bench bench;

  bench_init (&bench, NULL);
  g_autoptr (QsSight) sight = walk (&bench, flipped);
  g_assert_cmpuint (sight->n_retries, >=, 1);
  g_assert_cmpuint (sight->hello_after_act, ==, G_MAXUINT); /* it is not OpenSSL's token any more */
  bench_clear (&bench);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/craft/handshake", test_handshake);
  g_test_add_func ("/craft/losses", test_losses);
  g_test_add_func ("/craft/request", test_request);
  g_test_add_func ("/craft/violation", test_violation);
  g_test_add_func ("/craft/key-update", test_key_update);
  g_test_add_func ("/craft/version", test_version);
  g_test_add_func ("/craft/silent", test_silent);
  g_test_add_func ("/craft/missed", test_missed);
  g_test_add_func ("/craft/retry-token", test_retry_token);
  return g_test_run ();
}
