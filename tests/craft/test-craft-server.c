/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scripted server, against the scripted client and against OpenSSL's client in this process. */
#include <glib/gstdio.h>
#include <unistd.h>

#include "../engine/runner.h"
#include "checks/qs-sight.h"
#include "craft/qs-craft-run.h"
#include "server/qs-throwaway-ca.h"

typedef struct {
  QsThrowawayCa *ca;
  QsIdentity *identity;
  QsCraftHost host;
  QsCraftListener *listener;
  const QsCraftStep *script;
  QsCraftRun *served, *asked; /* the server's run, the client's */
  QsCraftTarget target;
  guint n_incoming;
  gboolean served_over, asked_over;
} Bench;

static const char *const h3[] = { "h3", NULL };

static gboolean
identify (SSL_CTX *context, guint which, gpointer data)
{
  return qs_identity_use (data, context);
}

static void
served_cb (QsCraftRun *run, gpointer data)
{
  ((Bench *) data)->served_over = TRUE;
}

static void
asked_cb (QsCraftRun *run, gpointer data)
{
  ((Bench *) data)->asked_over = TRUE;
}

static gboolean
is_served (gpointer data)
{
  return ((Bench *) data)->served_over;
}

static gboolean
are_over (gpointer data)
{
  return ((Bench *) data)->served_over && ((Bench *) data)->asked_over;
}

/* The first client is served, others are not. */
static void
incoming_cb (QsCraftListener *listener, const QsCraftFirst *first, gpointer data)
{
  Bench *bench = data;

  if (bench->n_incoming++ > 0)
    return;
  bench->served =
      qs_craft_run_new_server (&bench->host, listener, first, bench->script, "quicscope test craft", served_cb, bench);
  qs_craft_run_start (bench->served);
}

static void
bench_init (Bench *bench, const QsCraftStep *script)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GError) error = NULL;

  *bench = (Bench){ .script = script };
  bench->ca = qs_throwaway_ca_new (&error);
  bench->identity = qs_throwaway_ca_issue (bench->ca, QS_LEAF_GOOD, NULL, &error);
  g_assert_no_error (error);
  bench->host = (QsCraftHost){ identify, bench->identity, h3 };
  bench->listener = qs_craft_listener_new (address, incoming_cb, bench, &error);
  g_assert_no_error (error);
  bench->target = (QsCraftTarget){ .address = qs_craft_listener_get_address (bench->listener),
                                   .server_name = "localhost",
                                   .host = "localhost",
                                   .authority = "localhost",
                                   .path = "/",
                                   .alpn = h3 };
}

static void
bench_clear (Bench *bench)
{
  g_clear_pointer (&bench->asked, qs_craft_run_free);
  g_clear_pointer (&bench->served, qs_craft_run_free);
  g_clear_pointer (&bench->listener, qs_craft_listener_free);
  qs_identity_unref (bench->identity);
  qs_throwaway_ca_unref (bench->ca);
}

/* What the server saw of it. */
static QsSight *
walk (Bench *bench, const QsCraftStep *client)
{
  bench->asked = qs_craft_run_new (&bench->target, client, "quicscope test craft", asked_cb, bench);
  qs_craft_run_start (bench->asked);
  run_until (are_over, bench);
  return qs_sight_new (qs_craft_run_get_trace (bench->served));
}

#define NEED(event)                                                           \
  {                                                                           \
    .what = QS_CRAFT_DO_AWAIT, .events = (event), .ms = 30000, .needed = TRUE \
  }
#define AWAIT(event, time)                                     \
  {                                                            \
    .what = QS_CRAFT_DO_AWAIT, .events = (event), .ms = (time) \
  }
#define BYTES(text)                            \
  {                                            \
    (const guint8 *) (text), sizeof (text) - 1 \
  }
#define HOLD                                                      \
  {                                                               \
    .what = QS_CRAFT_DO_START, .options = &(const QsCraftOptions) \
    {                                                             \
      .habits = QS_CRAFT_HOLD_ANSWER                              \
    }                                                             \
  }
#define PING { .what = QS_CRAFT_DO_QUEUE, .after = TRUE, .bytes = BYTES ("\x01") }, NEED (QS_CRAFT_ACKED)
#define END                 \
  {                         \
    .what = QS_CRAFT_DO_END \
  }

/* A client that connects and stays until the server has had its say. */
static const QsCraftStep patient[] = {
  { .what = QS_CRAFT_DO_START }, NEED (QS_CRAFT_CONFIRMED), NEED (QS_CRAFT_CLOSED), END
};

static const QsCraftStep handshake[] = {
  { .what = QS_CRAFT_DO_START, .act = TRUE }, NEED (QS_CRAFT_CONFIRMED), PING, END
};

static void
test_handshake (void)
{
  Bench bench;

  bench_init (&bench, handshake);
  g_autoptr (QsSight) sight = walk (&bench, patient);
  g_assert_false (sight->missed);
  g_assert_true (sight->act_acked && sight->after_acked);
  g_assert_cmpint (qs_trace_get_vantage (sight->trace), ==, QS_VANTAGE_SERVER);
  g_assert_cmpstr (qs_trace_get_fact (sight->trace, "tls.alpn"), ==, "h3");
  g_assert_cmpuint (sight->n_unreadable, ==, 0);
  g_autoptr (QsSight) other = qs_sight_new (qs_craft_run_get_trace (bench.asked));
  g_assert_true (other->hello && other->keys && other->done && other->confirmed && other->closed);
  g_assert_cmpuint (other->close_code, ==, 0x100);
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
      static const QsCraftStep client[] = {
        { .what = QS_CRAFT_DO_START }, NEED (QS_CRAFT_CONFIRMED), AWAIT (QS_CRAFT_CLOSED, 3000), END
      };

      bench_init (&bench, handshake);
      bench.target.impairment = rules;
      g_autoptr (QsSight) sight = walk (&bench, client);
      g_assert_true (sight->after_acked);
      bench_clear (&bench);
    }
}

static const QsCraftStep retries[] = { HOLD,
                                       NEED (QS_CRAFT_HELLO),
                                       { .what = QS_CRAFT_DO_RETRY, .act = TRUE },
                                       NEED (QS_CRAFT_RETRY),
                                       { .what = QS_CRAFT_DO_RETRY },
                                       { .what = QS_CRAFT_DO_ANSWER },
                                       NEED (QS_CRAFT_CONFIRMED),
                                       PING,
                                       END };

/* The client follows the first, with its token, and passes over the second. */
static void
test_retry (void)
{
  Bench bench;

  bench_init (&bench, retries);
  g_autoptr (QsSight) sight = walk (&bench, patient);
  g_assert_true (sight->after_acked);
  g_autoptr (QsSight) other = qs_sight_new (qs_craft_run_get_trace (bench.asked));
  g_assert_cmpuint (other->n_retries, ==, 2);
  QsSpan id;
  g_assert_true (qs_sight_has_parameter (other, 0x10, &id)); /* retry_source_connection_id */
  g_assert_cmpuint (id.length, ==, 8);
  bench_clear (&bench);
}

static const QsCraftStep bad_retries[] = { HOLD,
                                           NEED (QS_CRAFT_HELLO),
                                           { .what = QS_CRAFT_DO_RETRY, .retry = { .garble = TRUE } },
                                           { .what = QS_CRAFT_DO_RETRY, .retry = { .no_token = TRUE } },
                                           AWAIT (QS_CRAFT_RETRY, 200),
                                           { .what = QS_CRAFT_DO_ANSWER },
                                           NEED (QS_CRAFT_CONFIRMED),
                                           PING,
                                           END };

static void
test_bad_retries (void)
{
  Bench bench;

  bench_init (&bench, bad_retries);
  g_autoptr (QsSight) sight = walk (&bench, patient);
  g_assert_true (sight->after_acked);
  g_autoptr (QsSight) other = qs_sight_new (qs_craft_run_get_trace (bench.asked));
  QsSpan id;
  g_assert_false (qs_sight_has_parameter (other, 0x10, &id));
  bench_clear (&bench);
}

static const QsCraftStep versions[] = {
  HOLD,
  NEED (QS_CRAFT_HELLO),
  { .what = QS_CRAFT_DO_VERSIONS, .bytes = BYTES ("\x1a\x2a\x3a\x4a"), .own_version = TRUE },
  { .what = QS_CRAFT_DO_ANSWER },
  NEED (QS_CRAFT_CONFIRMED),
  PING,
  END
};

static void
test_versions (void)
{
  Bench bench;

  bench_init (&bench, versions);
  g_autoptr (QsSight) sight = walk (&bench, patient);
  g_assert_true (sight->after_acked);
  g_autoptr (QsSight) other = qs_sight_new (qs_craft_run_get_trace (bench.asked));
  g_assert_cmpuint (other->versions_packet, !=, G_MAXUINT);
  bench_clear (&bench);
}

/* A version that nobody knows is answered with those that are. */
static void
test_unknown_version (void)
{
  Bench bench;

  bench_init (&bench, handshake);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  guint8 hello[1200] = { 0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 2, 'a', 'b', 1, 'c' }, answer[100];
  g_assert_cmpint (g_socket_send_to (socket, bench.target.address, (const char *) hello, 1199, NULL, NULL), ==, 1199);
  g_assert_cmpint (g_socket_send_to (socket, bench.target.address, (const char *) hello, 1200, NULL, NULL), ==, 1200);
  while (g_socket_condition_check (socket, G_IO_IN) == 0)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (g_socket_receive (socket, (char *) answer, sizeof answer, NULL, NULL), ==, 10 + 8);
  g_assert_cmpmem (answer + 1, 9, "\0\0\0\0\1c\2ab", 9);               /* the ids change places */
  g_assert_cmpint (g_socket_condition_check (socket, G_IO_IN), ==, 0); /* the short one gets none */
  g_assert_cmpuint (bench.n_incoming, ==, 0);
  bench_clear (&bench);
}

static const QsCraftStep update[] = {
  { .what = QS_CRAFT_DO_START },       NEED (QS_CRAFT_CONFIRMED),
  { .what = QS_CRAFT_DO_UPDATE_KEYS }, { .what = QS_CRAFT_DO_QUEUE, .act = TRUE, .bytes = BYTES ("\x01") },
  NEED (QS_CRAFT_KEY_PHASE),           END
};

static void
test_key_update (void)
{
  Bench bench;

  bench_init (&bench, update);
  g_autoptr (QsSight) sight = walk (&bench, patient);
  g_assert_true (sight->act_acked);
  g_assert_cmpuint (sight->key_update_packet, !=, G_MAXUINT);
  bench_clear (&bench);
}

static const QsCraftStep reset[] = { { .what = QS_CRAFT_DO_START },
                                     NEED (QS_CRAFT_CONFIRMED),
                                     { .what = QS_CRAFT_DO_RESET, .act = TRUE },
                                     { .what = QS_CRAFT_DO_QUEUE, .after = TRUE, .bytes = BYTES ("\x01") },
                                     AWAIT (QS_CRAFT_ACKED, 300),
                                     END };

static void
test_reset (void)
{
  Bench bench;

  bench_init (&bench, reset);
  g_autoptr (QsSight) sight = walk (&bench, patient); /* which ends when it knows that the connection is over */
  g_autoptr (QsSight) other = qs_sight_new (qs_craft_run_get_trace (bench.asked));
  g_assert_true (other->reset);
  bench_clear (&bench);
}

static const QsCraftStep silent[] = { { .what = QS_CRAFT_DO_START,
                                        .options = &(const QsCraftOptions){ .habits = QS_CRAFT_SILENT } },
                                      AWAIT (QS_CRAFT_CLOSED, 2500),
                                      END };
static const QsCraftStep large[] = { { .what = QS_CRAFT_DO_START, .act = TRUE }, AWAIT (QS_CRAFT_DONE, 1500), END };

/* No more than three times what came goes out before the address is proved (RFC 9000 section 8). */
static void
test_amplification (void)
{
  Bench bench;

  bench_init (&bench, large);
  g_clear_pointer (&bench.identity, qs_identity_unref);
  bench.identity = qs_throwaway_ca_issue (bench.ca, QS_LEAF_OVERSIZED_CHAIN, NULL, NULL);
  bench.host.identify_data = bench.identity;
  g_autoptr (QsSight) sight = walk (&bench, silent);
  g_assert_cmpuint (sight->received_bytes, ==, 1200);
  g_assert_cmpuint (sight->sent_bytes, >, 1200);
  g_assert_cmpuint (sight->sent_bytes, <=, 3600 + 1200); /* and the close at its end */
  bench_clear (&bench);
}

static const QsCraftStep respond[] = {
  { .what = QS_CRAFT_DO_START },   NEED (QS_CRAFT_ANSWERED),
  NEED (QS_CRAFT_CONFIRMED),       { .what = QS_CRAFT_DO_HTTP3 },
  { .what = QS_CRAFT_DO_RESPOND }, { .what = QS_CRAFT_DO_STREAM, .bytes = BYTES ("\x00\x03yes"), .fin = TRUE },
  NEED (QS_CRAFT_CLOSED),          END
};

/* OpenSSL's client, which holds all that is said against the rules. */
static void
test_openssl (void)
{
  Bench bench;
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *file = NULL;

  bench_init (&bench, respond);
  int fd = g_file_open_tmp ("quicscope-ca-XXXXXX.pem", &file, &error);
  g_assert_no_error (error);
  close (fd);
  g_assert_true (g_file_set_contents (file, qs_throwaway_ca_get_pem (bench.ca), -1, NULL));
  options->ca_file = g_strdup (file);
  options->family = G_SOCKET_FAMILY_IPV4;
  options->timeout_ms = 20000;
  g_autofree char *text = g_strdup_printf (
      "https://localhost:%u/", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bench.target.address)));
  g_autoptr (QsTarget) target = qs_target_new (text, &error);
  g_autoptr (QsProbe) probe = qs_probe_new (target, options);
  run_probe (probe);
  assert_succeeded (probe);
  run_until (is_served, &bench);
  g_unlink (file);
  bench_clear (&bench);
}

/* A server that acknowledges each Initial at once, and says nothing else. */
typedef struct {
  QsCraft *craft;
  guint n_heard;
} Dull;

static void
dull_heard_cb (QsPacketType type, QsSpan payload, gpointer data)
{
  Dull *dull = data;
  g_autoptr (GByteArray) ack = g_byte_array_new ();
  const QsPacketNumberRange range = { 0, dull->n_heard++ };
  QsFrame frame = { .type = QS_FRAME_ACK };
  g_autoptr (GByteArray) ranges = g_byte_array_new ();

  qs_ack_ranges_write (ranges, &range, 1, &frame);
  qs_frame_write (ack, &frame);
  const QsCraftPacket packet = { .type = QS_PACKET_INITIAL, .frames = QS_SPAN (ack->data, ack->len), .once = TRUE };
  qs_craft_send (dull->craft, &packet);
}

static void
dull_changed_cb (QsCraft *craft, gpointer data)
{
}

static void
dull_incoming_cb (QsCraftListener *listener, const QsCraftFirst *first, gpointer data)
{
  Dull *dull = data;
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_SERVER, NULL);
  const QsCraftOptions options = { .habits = QS_CRAFT_HOLD_ANSWER, .heard = dull_heard_cb, .heard_data = dull };

  qs_trace_set_origin (trace, first->time);
  dull->craft = qs_craft_accept (listener, first, trace, NULL, &options, dull_changed_cb, dull, NULL);
}

static const QsCraftStep waiting[] = { { .what = QS_CRAFT_DO_START }, AWAIT (QS_CRAFT_KEYS, 1500), END };

/* The client asks whether it is still there, ever more seldom, and not as fast as it is acknowledged. */
static void
test_probes (void)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  Dull dull = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (QsCraftListener) listener = qs_craft_listener_new (address, dull_incoming_cb, &dull, &error);
  Bench bench = { .served_over = TRUE };

  g_assert_no_error (error);
  bench.target = (QsCraftTarget){ .address = qs_craft_listener_get_address (listener), .alpn = h3 };
  bench.asked = qs_craft_run_new (&bench.target, waiting, "quicscope test craft", asked_cb, &bench);
  qs_craft_run_start (bench.asked);
  run_until (are_over, &bench);
  g_assert_cmpuint (dull.n_heard, >, 1);
  g_assert_cmpuint (dull.n_heard, <, 20);
  qs_craft_run_free (bench.asked);
  qs_craft_free (dull.craft);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/craft-server/handshake", test_handshake);
  g_test_add_func ("/craft-server/losses", test_losses);
  g_test_add_func ("/craft-server/retry", test_retry);
  g_test_add_func ("/craft-server/bad-retries", test_bad_retries);
  g_test_add_func ("/craft-server/versions", test_versions);
  g_test_add_func ("/craft-server/unknown-version", test_unknown_version);
  g_test_add_func ("/craft-server/key-update", test_key_update);
  g_test_add_func ("/craft-server/reset", test_reset);
  g_test_add_func ("/craft-server/amplification", test_amplification);
  g_test_add_func ("/craft-server/probes", test_probes);
  g_test_add_func ("/craft-server/openssl", test_openssl);
  return g_test_run ();
}
