/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gate between a socket and OpenSSL: datagrams in and out of it, over a pair of BIOs in place of the socket. */
#include <netinet/in.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>

#include "../cpu-time.h"
#include "server/qs-gate.h"

#define CAPS                                                                                           \
  (BIO_DGRAM_CAP_HANDLES_SRC_ADDR | BIO_DGRAM_CAP_HANDLES_DST_ADDR | BIO_DGRAM_CAP_PROVIDES_SRC_ADDR | \
   BIO_DGRAM_CAP_PROVIDES_DST_ADDR)
#define DATAGRAM 2048

typedef struct {
  QsGate *gate;
  BIO *network[2]; /* the far ends: where clients send and hear */
  BIO *open, *strict;
} Fixture;

static BIO *
make_pair (BIO **network)
{
  BIO *near = NULL;

  g_assert_cmpint (BIO_new_bio_dgram_pair (&near, 1 << 20, network, 1 << 20), ==, 1);
  g_assert_cmpint (BIO_dgram_set_caps (near, CAPS), ==, 1);
  g_assert_cmpint (BIO_dgram_set_caps (*network, CAPS), ==, 1);
  g_assert_cmpint (BIO_dgram_set_local_addr_enable (near, 1), ==, 1);
  g_assert_cmpint (BIO_dgram_set_local_addr_enable (*network, 1), ==, 1);
  return near;
}

static void
fixture_init (Fixture *self, gboolean strict)
{
  *self = (Fixture){ .gate = qs_gate_new () };
  self->open = qs_gate_push_open (self->gate, make_pair (&self->network[0]));
  if (strict)
    self->strict = qs_gate_push_strict (self->gate, make_pair (&self->network[1]));
}

static void
fixture_clear (Fixture *self)
{
  BIO_free_all (self->open);
  BIO_free_all (self->strict);
  BIO_free (self->network[0]);
  BIO_free (self->network[1]);
  qs_gate_free (self->gate);
}

/* 127.0.0.1 and a port. */
static BIO_ADDR *
make_address (guint port)
{
  const guint8 host[] = { 127, 0, 0, 1 };
  BIO_ADDR *address = BIO_ADDR_new ();

  g_assert_cmpint (BIO_ADDR_rawmake (address, AF_INET, host, sizeof host, g_htons ((guint16) port)), ==, 1);
  return address;
}

static gboolean
put (BIO *bio, const guint8 *bytes, gsize length, guint from, guint to)
{
  BIO_ADDR *peer = make_address (to), *local = make_address (from);
  BIO_MSG message = { .data = (void *) bytes, .data_len = length, .peer = peer, .local = local };
  size_t n = 0;
  gboolean sent = BIO_sendmmsg (bio, &message, sizeof message, 1, 0, &n) == 1 && n == 1;

  BIO_ADDR_free (peer);
  BIO_ADDR_free (local);
  ERR_clear_error ();
  return sent;
}

/* One datagram: its length, 0 when there is none. */
static gsize
take (BIO *bio, guint8 *bytes)
{
  BIO_ADDR *peer = BIO_ADDR_new (), *local = BIO_ADDR_new ();
  BIO_MSG message = { .data = bytes, .data_len = DATAGRAM, .peer = peer, .local = local };
  size_t n = 0;
  gboolean came = BIO_recvmmsg (bio, &message, sizeof message, 1, 0, &n) == 1 && n == 1;

  BIO_ADDR_free (peer);
  BIO_ADDR_free (local);
  ERR_clear_error ();
  return came ? message.data_len : 0;
}

static gsize
count_out (Fixture *self)
{
  guint8 bytes[DATAGRAM];
  gsize sum = 0, n;

  for (guint i = 0; i < 2 && self->network[i] != NULL; i++)
    while ((n = take (self->network[i], bytes)) > 0)
      sum += n;
  return sum;
}

/* A long header of version 1; token: one byte of it. */
static void
make_long (guint8 *out, guint type, guint64 dcid, guint64 scid, gboolean token)
{
  memset (out, 0, DATAGRAM);
  out[0] = (guint8) (0xc0 | type << 4);
  out[4] = 1;
  out[5] = 8;
  memcpy (out + 6, &dcid, 8);
  out[14] = 8;
  memcpy (out + 15, &scid, 8);
  out[23] = token ? 1 : 0;
}

static void
client_sends (Fixture *self, guint port, guint type, guint64 dcid, gboolean token, gsize length)
{
  guint8 bytes[DATAGRAM];

  make_long (bytes, type, dcid, port, token);
  g_assert_true (put (self->network[0], bytes, length, port, 443));
}

static void
server_sends (Fixture *self, BIO *bio, guint port, guint64 own_id, gsize length)
{
  guint8 bytes[DATAGRAM];

  make_long (bytes, 2, port, own_id, FALSE);
  g_assert_true (put (bio, bytes, length, 443, port)); /* what has to wait counts as sent */
}

/* Three times what came and not a byte more; what waits goes when more has come. */
static void
test_three_times (void)
{
  Fixture fixture;
  guint8 bytes[DATAGRAM];

  fixture_init (&fixture, FALSE);
  client_sends (&fixture, 1000, 0, 7, FALSE, 1200);
  g_assert_cmpuint (take (fixture.open, bytes), ==, 1200);
  for (guint i = 0; i < 3; i++)
    server_sends (&fixture, fixture.open, 1000, 1, 1200);
  g_assert_cmpuint (count_out (&fixture), ==, 3600);
  server_sends (&fixture, fixture.open, 1000, 1, 100);
  g_assert_cmpuint (count_out (&fixture), ==, 0);
  client_sends (&fixture, 1000, 0, 7, FALSE, 33);
  g_assert_cmpuint (take (fixture.open, bytes), ==, 33);
  g_assert_cmpuint (count_out (&fixture), ==, 0); /* 99 */
  client_sends (&fixture, 1000, 0, 7, FALSE, 30);
  g_assert_cmpuint (take (fixture.open, bytes), ==, 30);
  g_assert_cmpuint (count_out (&fixture), ==, 100);
  fixture_clear (&fixture);
}

/* What nobody has asked for does not go out at all. */
static void
test_stranger (void)
{
  Fixture fixture;

  fixture_init (&fixture, FALSE);
  server_sends (&fixture, fixture.open, 1000, 1, 1);
  g_assert_cmpuint (count_out (&fixture), ==, 0);
  fixture_clear (&fixture);
}

/* Version Negotiation, version 0, reaches neither listener; the version next to it does. */
static void
test_version_negotiation (void)
{
  Fixture fixture;
  guint8 bytes[DATAGRAM];

  for (guint8 version = 0; version < 2; version++)
    {
      fixture_init (&fixture, TRUE);
      make_long (bytes, 0, 7, 8, FALSE);
      bytes[4] = version;
      g_assert_true (put (fixture.network[0], bytes, 1200, 1000, 443));
      g_assert_cmpuint (take (fixture.open, bytes) + take (fixture.strict, bytes), ==, version == 0 ? 0 : 1200);
      fixture_clear (&fixture);
    }
}

/* A few wait, more are lost. */
static void
test_held (void)
{
  Fixture fixture;
  guint8 bytes[DATAGRAM];

  fixture_init (&fixture, FALSE);
  client_sends (&fixture, 1000, 0, 7, FALSE, 40);
  g_assert_cmpuint (take (fixture.open, bytes), ==, 40);
  for (guint i = 0; i < 6; i++)
    server_sends (&fixture, fixture.open, 1000, 1, 200);
  g_assert_cmpuint (count_out (&fixture), ==, 0);
  client_sends (&fixture, 1000, 0, 7, FALSE, 1200);
  g_assert_cmpuint (take (fixture.open, bytes), ==, 1200);
  g_assert_cmpuint (count_out (&fixture), ==, 4 * 200);
  fixture_clear (&fixture);
}

/* An id of ours proves the address, whichever header it comes in; another one does not. */
static void
test_proof (void)
{
  for (guint is_short = 0; is_short < 2; is_short++)
    for (guint right = 0; right < 2; right++)
      {
        Fixture fixture;
        guint8 bytes[DATAGRAM] = { 0x40 };
        guint64 id = right ? 0x1234567890 : 0x1234567891;

        fixture_init (&fixture, FALSE);
        client_sends (&fixture, 1000, 0, 7, FALSE, 1200);
        g_assert_cmpuint (take (fixture.open, bytes), ==, 1200);
        server_sends (&fixture, fixture.open, 1000, 0x1234567890, 1200);
        bytes[0] = 0x40;
        memcpy (bytes + 1, &id, sizeof id);
        if (is_short)
          g_assert_true (put (fixture.network[0], bytes, 40, 1000, 443));
        else
          client_sends (&fixture, 1000, 2, id, FALSE, 40);
        g_assert_cmpuint (take (fixture.open, bytes), ==, 40);
        count_out (&fixture);
        for (guint i = 0; i < 3; i++)
          server_sends (&fixture, fixture.open, 1000, 1, 1200);
        g_assert_cmpuint (count_out (&fixture), ==, right ? 3600 : 2400);
        fixture_clear (&fixture);
      }
}

/* The open listener takes so many, the next one is the strict one's; so is the answer to its Retry, and what follows. */
static void
test_half_open (void)
{
  Fixture fixture;
  guint8 bytes[DATAGRAM];

  fixture_init (&fixture, TRUE);
  qs_gate_set_half_open (fixture.gate, QS_GATE_HALF_OPEN - 1);
  client_sends (&fixture, 1000, 0, 7, FALSE, 1200);
  client_sends (&fixture, 1000, 0, 7, FALSE, 1201); /* ClientHello's other half */
  client_sends (&fixture, 1001, 0, 8, FALSE, 1202);
  client_sends (&fixture, 1001, 0, 8, FALSE, 1203);
  g_assert_cmpuint (take (fixture.open, bytes), ==, 1200);
  g_assert_cmpuint (take (fixture.open, bytes), ==, 1201);
  g_assert_cmpuint (take (fixture.open, bytes), ==, 0);
  g_assert_cmpuint (take (fixture.open, bytes), ==, 0);
  g_assert_true (qs_gate_has_for_strict (fixture.gate));
  g_assert_cmpuint (take (fixture.strict, bytes), ==, 1202);
  g_assert_cmpuint (take (fixture.strict, bytes), ==, 1203);
  g_assert_false (qs_gate_has_for_strict (fixture.gate));
  g_assert_cmpuint (qs_gate_get_n_turned (fixture.gate), ==, 1);

  /* There is room again, but its address was asked to prove itself. */
  qs_gate_set_half_open (fixture.gate, 0);
  client_sends (&fixture, 1001, 0, 9, TRUE, 1204);
  client_sends (&fixture, 1001, 2, 10, FALSE, 1205);
  g_assert_cmpuint (take (fixture.open, bytes), ==, 0);
  g_assert_cmpuint (take (fixture.open, bytes), ==, 0);
  g_assert_cmpuint (take (fixture.strict, bytes), ==, 1204);
  g_assert_cmpuint (take (fixture.strict, bytes), ==, 1205);
  client_sends (&fixture, 1001, 0, 11, FALSE, 1206); /* a new connection from the same port */
  g_assert_cmpuint (take (fixture.open, bytes), ==, 1206);
  fixture_clear (&fixture);
}

/* A flood of made-up addresses pushes none out that has proved itself, and takes no more than it is given. */
static void
test_many_addresses (void)
{
  Fixture fixture;
  guint8 bytes[DATAGRAM];

  fixture_init (&fixture, FALSE);
  client_sends (&fixture, 60000, 0, 7, FALSE, 1200);
  g_assert_cmpuint (take (fixture.open, bytes), ==, 1200);
  server_sends (&fixture, fixture.open, 60000, 99, 100);
  client_sends (&fixture, 60000, 2, 99, FALSE, 40);
  g_assert_cmpuint (take (fixture.open, bytes), ==, 40);
  for (guint port = 1; port <= QS_GATE_UNPROVED + 1; port++)
    {
      client_sends (&fixture, port, 0, port, FALSE, 1200);
      g_assert_cmpuint (take (fixture.open, bytes), ==, 1200);
    }
  count_out (&fixture);
  server_sends (&fixture, fixture.open, 1, 1, 100); /* forgotten */
  g_assert_cmpuint (count_out (&fixture), ==, 0);
  server_sends (&fixture, fixture.open, 2, 1, 100);
  g_assert_cmpuint (count_out (&fixture), ==, 100);
  for (guint i = 0; i < 10; i++)
    server_sends (&fixture, fixture.open, 60000, 99, 1200);
  g_assert_cmpuint (count_out (&fixture), ==, 12000);
  fixture_clear (&fixture);
}

static void
compute (gint64 us)
{
  for (gint64 until = cpu_time () + us; cpu_time () < until;)
    ;
}

/* What OpenSSL computes for a datagram, until it sends or asks for the next. Behind 2 ms for each it counts, to 100 ms at once. */
static void
test_costly (void)
{
  static const struct {
    gint64 us;
    gboolean sends; /* behind a moment: what it computes from then on is for what it sends */
    gsize next;
  } cases[] = {
    { 90000, FALSE, 40 }, { 120000, FALSE, 0 }, { 120000, TRUE, 40 }, { 2000000, FALSE, 0 }
  }; /* no more is kept of it than four seconds forgive; all of it would take nineteen */
  guint8 bytes[DATAGRAM];

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Fixture fixture;
      fixture_init (&fixture, FALSE);
      client_sends (&fixture, 1000, 0, 7, FALSE, 1200);
      g_assert_cmpuint (take (fixture.open, bytes), ==, 1200);
      if (cases[i].sends)
        server_sends (&fixture, fixture.open, 1000, 1, 100);
      compute (cases[i].us);
      client_sends (&fixture, 1000, 0, 7, FALSE, 40);
      g_assert_cmpuint (take (fixture.open, bytes), ==, cases[i].next);
      /* Others are served. */
      client_sends (&fixture, 1001, 0, 8, FALSE, 41);
      g_assert_cmpuint (take (fixture.open, bytes), ==, 41);
      /* What is above is forgiven, a tenth of the time: some 18 ms take 180. */
      for (gint64 end = g_get_monotonic_time () + 15 * G_USEC_PER_SEC; cases[i].next == 0;)
        {
          client_sends (&fixture, 1000, 0, 7, FALSE, 40);
          if (take (fixture.open, bytes) == 40)
            break;
          g_assert_cmpint (g_get_monotonic_time (), <, end);
        }
      fixture_clear (&fixture);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/gate/three-times", test_three_times);
  g_test_add_func ("/gate/stranger", test_stranger);
  g_test_add_func ("/gate/held", test_held);
  g_test_add_func ("/gate/version-negotiation", test_version_negotiation);
  g_test_add_func ("/gate/proof", test_proof);
  g_test_add_func ("/gate/half-open", test_half_open);
  g_test_add_func ("/gate/many-addresses", test_many_addresses);
  g_test_add_func ("/gate/costly", test_costly);
  return g_test_run ();
}
