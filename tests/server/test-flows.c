/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/qs-flows.h"

#include <netinet/in.h>
#include <string.h>

#include "wire/qs-writer.h"

static const struct sockaddr_in peer_a = { .sin_family = AF_INET,
                                           .sin_port = 0x1234,
                                           .sin_addr.s_addr = 0x0100007f }; /* any will do */

/* A datagram that begins with an Initial between these ids, or with a short header to dcid when scid is NULL. */
static QsFlow *
add_with (QsFlows *flows, const struct sockaddr_in *peer, QsDirection direction, const char *dcid, const char *scid)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  QsPacketHeader header = { .type = scid != NULL ? QS_PACKET_INITIAL : QS_PACKET_1RTT,
                            .version = scid != NULL ? QS_QUIC_VERSION_1 : 0,
                            .dcid = QS_SPAN (dcid, strlen (dcid)),
                            .scid = QS_SPAN (scid, scid != NULL ? strlen (scid) : 0) };

  header.first_byte = qs_packet_first_byte (header.version, header.type, 1);
  qs_packet_header_write (bytes, &header, 18);
  qs_write_span (bytes, QS_SPAN ("rest of the packet", 18));
  QsUdpDatagram datagram = {
    .time = g_get_real_time () * 1000,
    .direction = direction,
    .peer = (const struct sockaddr *) peer,
    .data = bytes->data,
    .length = bytes->len,
  };
  return qs_flows_add (flows, &datagram);
}

static QsFlow *
add (QsFlows *flows, QsDirection direction, const char *dcid, const char *scid)
{
  return add_with (flows, &peer_a, direction, dcid, scid);
}

#define RX QS_DIRECTION_RECEIVED
#define TX QS_DIRECTION_SENT

static void
test_retry_belongs_to_its_connection (void)
{
  g_autoptr (QsFlows) flows = qs_flows_new (TRUE, NULL);
  QsFlow *flow = add (flows, RX, "original", "client");

  g_assert_nonnull (flow);
  g_assert_true (add (flows, TX, "client", "retryid1") == flow);
  g_assert_true (add (flows, RX, "retryid1", "client") == flow);
  g_assert_true (add (flows, TX, "client", "serverid") == flow);
  g_assert_true (add (flows, RX, "serverid", "client") == flow);
  g_assert_true (add (flows, RX, "serverid", NULL) == flow);
  g_assert_true (add (flows, TX, "client", NULL) == flow);
  g_assert_true (qs_flows_find (flows, (const guint8 *) "serverid", 8) == flow);
  g_assert_true (qs_flows_find (flows, (const guint8 *) "retryid1", 8) == flow);
  g_assert_null (qs_flows_find (flows, (const guint8 *) "unknown!", 8));
  g_assert_cmpuint (qs_trace_get_n_datagrams (flow->trace), ==, 7);
}

/* In the middle of a handshake, and after it: what the server chose as its id tells whose it is. */
static void
test_address_changes (void)
{
  g_autoptr (QsFlows) flows = qs_flows_new (TRUE, NULL);
  struct sockaddr_in elsewhere = peer_a;

  elsewhere.sin_port = 0x4321;
  QsFlow *flow = add (flows, RX, "original", "client");
  g_assert_true (add (flows, TX, "client", "serverid") == flow);
  g_assert_true (add_with (flows, &elsewhere, RX, "serverid", "client") == flow);
  g_assert_true (add_with (flows, &elsewhere, TX, "client", "serverid") == flow);
  g_assert_true (add_with (flows, &elsewhere, RX, "serverid", NULL) == flow);
  g_assert_true (add_with (flows, &elsewhere, RX, "original", "client") != flow); /* anybody can say that */
  g_assert_cmpuint (qs_trace_get_n_datagrams (flow->trace), ==, 5);
  g_assert_nonnull (qs_trace_get_path (flow->trace, 1));
}

/* One address, two connections at once. */
static void
test_shared_socket (void)
{
  g_autoptr (QsFlows) flows = qs_flows_new (TRUE, NULL);
  QsFlow *one = add (flows, RX, "originA", "clientA");
  QsFlow *two = add (flows, RX, "originB", "clientB");

  g_assert_true (one != two);
  g_assert_true (add (flows, TX, "clientA", "serverAA") == one);
  g_assert_true (add (flows, TX, "clientB", "serverBB") == two);
  g_assert_true (add (flows, RX, "serverAA", NULL) == one);
  g_assert_true (add (flows, RX, "serverBB", NULL) == two);
  g_assert_true (add (flows, TX, "clientA", NULL) == one);
  g_assert_true (add (flows, TX, "clientB", NULL) == two);
}

/* One address, no client ids, one connection after the other. */
static void
test_port_used_again (void)
{
  g_autoptr (QsFlows) flows = qs_flows_new (TRUE, NULL);
  QsFlow *one = add (flows, RX, "originA", "");

  g_assert_true (add (flows, TX, "", "serverAA") == one);
  g_assert_true (add (flows, RX, "originA", "") == one); /* sent again */
  QsFlow *two = add (flows, RX, "originB", "");
  g_assert_true (two != one);
  g_assert_true (add (flows, TX, "", "serverBB") == two);
  g_assert_true (add (flows, RX, "serverAA", NULL) == one);
  g_assert_true (add (flows, RX, "serverBB", NULL) == two);
}

static void
test_a_flood_is_bounded (void)
{
  g_autoptr (QsFlows) flows = qs_flows_new (FALSE, NULL);
  QsFlow *kept = add (flows, RX, "keep me!", "mine");

  qs_flow_hold (kept);
  g_assert_true (add (flows, TX, "mine", "serverid") == kept);
  for (guint i = 0; i < 5000; i++)
    {
      g_autofree char *id = g_strdup_printf ("spoof%03x", i);
      g_assert_nonnull (add (flows, RX, id, "x"));
    }
  g_assert_true (qs_flows_find (flows, (const guint8 *) "serverid", 8) == kept);
  g_assert_cmpstr (kept->peer, ==, "127.0.0.1:13330");
}

/* The same Initial again and again, each time answered by another Retry. */
static void
test_a_flood_of_one_is_bounded (void)
{
  g_autoptr (QsFlows) flows = qs_flows_new (TRUE, NULL);
  QsFlow *flow = add (flows, RX, "origin", "client");

  for (guint i = 0; i < 5000; i++)
    {
      g_autofree char *id = g_strdup_printf ("retry%03x", i);
      g_assert_true (add (flows, RX, "origin", "client") == flow);
      g_assert_true (add (flows, TX, "client", id) == flow);
    }
  g_assert_cmpuint (flow->owner.n_ids, <, 100);
  g_assert_cmpuint (qs_trace_get_n_datagrams (flow->trace), <, 100);
  /* The last one is the one that may be used. */
  g_assert_true (add (flows, RX, "retry1387", "client") == flow);
  qs_flow_hold (flow);
  guint before = qs_trace_get_n_datagrams (flow->trace);
  for (guint i = 0; i < 500; i++)
    add (flows, RX, "retry1387", "client");
  g_assert_cmpuint (qs_trace_get_n_datagrams (flow->trace), ==, before + 500);
}

static void
test_garbage (void)
{
  QsInvariants header;

  for (gsize length = 0; length < 40; length++)
    {
      g_autofree guint8 *bytes = g_malloc (length + 1);
      memset (bytes, 0xff, length);
      g_assert_false (qs_invariants_parse (QS_SPAN (bytes, length), &header));
    }
}

static void
begun_cb (QsFlow *flow, gpointer data)
{
  flow->user = data;
  ++*(guint *) data;
}

/* A relay: the trace is the client's view of it, and ids that were told under encryption lead home. */
static void
test_of_a_client (void)
{
  guint n_begun = 0;
  g_autoptr (GSocketAddress) server = g_inet_socket_address_new_from_string ("192.0.2.1", 443);
  g_autoptr (QsFlows) flows = qs_flows_new_for_client (server, 1 << 20, begun_cb, &n_begun);
  struct sockaddr_in elsewhere = peer_a;
  QsRecord record;

  elsewhere.sin_port = 0x4321;
  QsFlow *flow = add (flows, RX, "original", "client");
  g_assert_cmpuint (n_begun, ==, 1);
  g_assert_true (flow->user == &n_begun);
  g_assert_true (add (flows, TX, "client", "serverid") == flow);
  g_assert_cmpint (qs_trace_get_vantage (flow->trace), ==, QS_VANTAGE_CLIENT);
  qs_trace_get_record (flow->trace, 0, &record);
  g_assert_cmpint (record.direction, ==, QS_DIRECTION_SENT);
  qs_trace_get_record (flow->trace, 1, &record);
  g_assert_cmpint (record.direction, ==, QS_DIRECTION_RECEIVED);
  g_assert_true (qs_trace_get_path (flow->trace, 0)->remote == server);

  g_assert_null (add_with (flows, &elsewhere, RX, "serverI2", NULL));
  qs_flows_learn (flows, flow, (const guint8 *) "serverI2", 8);
  g_assert_true (add_with (flows, &elsewhere, RX, "serverI2", NULL) == flow);
  qs_flows_learn (flows, flow, (const guint8 *) "clientI2", 8);
  g_assert_true (add_with (flows, &elsewhere, TX, "clientI2", NULL) == flow);
  g_assert_cmpuint (qs_trace_get_n_datagrams (flow->trace), ==, 4);
  g_assert_nonnull (qs_trace_get_path (flow->trace, 1));

  qs_flow_end_trace (flow);
  g_assert_true (add (flows, RX, "serverid", NULL) == flow);
  g_assert_null (flow->trace);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/flows/retry-belongs-to-its-connection", test_retry_belongs_to_its_connection);
  g_test_add_func ("/flows/address-changes", test_address_changes);
  g_test_add_func ("/flows/shared-socket", test_shared_socket);
  g_test_add_func ("/flows/port-used-again", test_port_used_again);
  g_test_add_func ("/flows/a-flood-is-bounded", test_a_flood_is_bounded);
  g_test_add_func ("/flows/a-flood-of-one-is-bounded", test_a_flood_of_one_is_bounded);
  g_test_add_func ("/flows/garbage", test_garbage);
  g_test_add_func ("/flows/of-a-client", test_of_a_client);
  return g_test_run ();
}
