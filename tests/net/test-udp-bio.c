/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "net/qs-udp-bio.h"

typedef struct {
  GPtrArray *datagrams; /* GBytes */
  GArray *seen;         /* QsUdpDatagram, data unset */
  GPtrArray *icmp;      /* names */
  char *offender;
  int error;
} Recorder;

static void
record_datagram_cb (QsUdpBio *bio, const QsUdpDatagram *datagram, gpointer data)
{
  Recorder *recorder = data;
  QsUdpDatagram copy = *datagram;

  g_ptr_array_add (recorder->datagrams, g_bytes_new (datagram->data, datagram->length));
  copy.data = NULL;
  g_array_append_val (recorder->seen, copy);
}

static void
record_icmp_cb (QsUdpBio *bio, const QsUdpIcmp *icmp, gpointer data)
{
  Recorder *recorder = data;

  g_ptr_array_add (recorder->icmp, (gpointer) icmp->name);
  if (icmp->offender != NULL)
    {
      g_autoptr (GSocketAddress) address = qs_sockaddr_to_gio (icmp->offender);
      g_free (recorder->offender);
      recorder->offender =
          g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
    }
}

static void
record_error_cb (QsUdpBio *bio, int error, gpointer data)
{
  ((Recorder *) data)->error = error;
}

static const QsUdpRecorder recorder_vtable = { record_datagram_cb, record_icmp_cb, record_error_cb };

static void
recorder_init (Recorder *recorder, QsUdpBio *bio)
{
  *recorder = (Recorder){ g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref),
                          g_array_new (FALSE, FALSE, sizeof (QsUdpDatagram)), g_ptr_array_new (), NULL, 0 };
  qs_udp_bio_set_recorder (bio, &recorder_vtable, recorder, NULL);
}

static void
recorder_clear (Recorder *recorder)
{
  g_ptr_array_unref (recorder->datagrams);
  g_array_unref (recorder->seen);
  g_ptr_array_unref (recorder->icmp);
  g_free (recorder->offender);
}

typedef struct {
  QsUdpBio *server, *client;
  BIO *server_bio, *client_bio;
  Recorder server_recorder, client_recorder;
} Pair;

static const char *
loopback (int family)
{
  return family == AF_INET6 ? "::1" : "127.0.0.1";
}

static gboolean
pair_init (Pair *pair, int family, QsUdpBioFlags flags)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string (loopback (family), 0);

  *pair = (Pair){ 0 };
  pair->server = qs_udp_bio_new (family, flags, &error);
  if (pair->server == NULL || !qs_udp_bio_bind (pair->server, any, &error))
    {
      g_test_skip (error->message);
      g_clear_pointer (&pair->server, qs_udp_bio_unref);
      return FALSE;
    }
  g_autoptr (GSocketAddress) address = qs_udp_bio_dup_local_address (pair->server);
  pair->client = qs_udp_bio_new (family, flags, &error);
  g_assert_no_error (error);
  g_assert_true (qs_udp_bio_connect (pair->client, address, &error));
  recorder_init (&pair->server_recorder, pair->server);
  recorder_init (&pair->client_recorder, pair->client);
  pair->server_bio = qs_udp_bio_new_bio (pair->server);
  pair->client_bio = qs_udp_bio_new_bio (pair->client);
  return TRUE;
}

static void
pair_clear (Pair *pair)
{
  BIO_free (pair->server_bio);
  BIO_free (pair->client_bio);
  g_clear_pointer (&pair->server, qs_udp_bio_unref);
  g_clear_pointer (&pair->client, qs_udp_bio_unref);
  recorder_clear (&pair->server_recorder);
  recorder_clear (&pair->client_recorder);
}

static gboolean
wait_readable (QsUdpBio *bio, int timeout_ms)
{
  struct pollfd descriptor = { qs_udp_bio_get_poll_fd (bio), POLLIN, 0 };
  return poll (&descriptor, 1, timeout_ms) == 1;
}

static guint
send_many (BIO *bio, guint n, gsize length, BIO_ADDR *peer, BIO_ADDR *local)
{
  BIO_MSG messages[32] = { 0 };
  static guint8 bytes[32][1500];
  size_t done = 0;

  for (guint i = 0; i < n; i++)
    {
      memset (bytes[i], (int) i + 1, length);
      messages[i] = (BIO_MSG){ bytes[i], i + 1 == n && n > 1 ? length - 7 : length, peer, local, 0 };
    }
  ERR_clear_error ();
  return BIO_sendmmsg (bio, messages, sizeof (BIO_MSG), n, 0, &done) ? (guint) done : 0;
}

typedef struct {
  guint8 bytes[32][2048];
  BIO_MSG messages[32];
  size_t n;
  unsigned long error;
} Received;

static guint
receive_many (BIO *bio, Received *received, guint n, gboolean want_local)
{
  for (guint i = 0; i < n; i++)
    {
      BIO_ADDR_free (received->messages[i].peer);
      BIO_ADDR_free (received->messages[i].local);
      received->messages[i] = (BIO_MSG){ received->bytes[i], sizeof received->bytes[i], BIO_ADDR_new (),
                                         want_local ? BIO_ADDR_new () : NULL, 0 };
    }
  ERR_clear_error ();
  int status = BIO_recvmmsg (bio, received->messages, sizeof (BIO_MSG), n, 0, &received->n);
  received->error = ERR_peek_last_error ();
  g_assert_cmpint (status, ==, received->n > 0); /* 1 with none is an assertion of OpenSSL's */
  return (guint) received->n;
}

static void
received_clear (Received *received)
{
  for (guint i = 0; i < 32; i++)
    {
      BIO_ADDR_free (received->messages[i].peer);
      BIO_ADDR_free (received->messages[i].local);
    }
}

static void
test_exchange (gconstpointer data)
{
  Pair pair;
  Received got = { 0 };
  guint n = 0;
  int family = GPOINTER_TO_INT (data);
  QsUdpBioFlags flags = family == AF_INET6 ? QS_UDP_BIO_WAKEABLE : QS_UDP_BIO_PLAIN;

  if (!pair_init (&pair, family, flags))
    return;
  int on = 0;
  BIO_ctrl (pair.server_bio, BIO_CTRL_DGRAM_SET_LOCAL_ADDR_ENABLE, 1, NULL);
  BIO_ctrl (pair.server_bio, BIO_CTRL_DGRAM_GET_LOCAL_ADDR_ENABLE, 0, &on);
  g_assert_true (on);
  g_assert_false (BIO_dgram_get_local_addr_cap (pair.client_bio));
  g_assert_true (qs_udp_bio_set_ecn (pair.client, 2));

  gint64 before = g_get_real_time () * 1000;
  g_assert_cmpuint (send_many (pair.client_bio, 20, 1200, NULL, NULL), ==, 20);
  while (n < 20)
    {
      g_assert_true (qs_udp_bio_has_pending (pair.server) || wait_readable (pair.server, 20000));
      guint more = receive_many (pair.server_bio, &got, 7, TRUE);
      for (guint i = 0; i < more; i++, n++)
        {
          g_assert_cmpuint (got.messages[i].data_len, ==, n == 19 ? 1193 : 1200);
          g_assert_cmpuint (got.bytes[i][0], ==, n + 1);
        }
      if (n < 20 && more == 7)
        g_assert_true (qs_udp_bio_has_pending (pair.server));
      if (n < 20 && more == 7 && (flags & QS_UDP_BIO_WAKEABLE) != 0)
        g_assert_true (wait_readable (pair.server, 0));
    }
  gint64 after = g_get_real_time () * 1000;

  g_assert_cmpuint (pair.server_recorder.seen->len, ==, 20);
  for (guint i = 0; i < 20; i++)
    {
      const QsUdpDatagram *seen = &g_array_index (pair.server_recorder.seen, QsUdpDatagram, i);
      g_assert_cmpint (seen->direction, ==, QS_DIRECTION_RECEIVED);
      g_assert_cmpuint (seen->ecn, ==, 2);
      g_assert_cmpint (seen->time, >=, before - 1000000);
      g_assert_cmpint (seen->time, <=, after + 1000000);
    }
  g_assert_cmpuint (pair.client_recorder.seen->len, ==, 20);
  g_assert_cmpint (g_array_index (pair.client_recorder.seen, QsUdpDatagram, 0).direction, ==, QS_DIRECTION_SENT);
  g_assert_cmpuint (receive_many (pair.server_bio, &got, 4, FALSE), ==, 0);
  g_assert_true (BIO_err_is_non_fatal ((unsigned int) got.error));

  /* An answer to the address that each message brought, from the address that it was sent to. */
  send_many (pair.client_bio, 1, 100, NULL, NULL);
  g_assert_true (wait_readable (pair.server, 20000));
  g_assert_cmpuint (receive_many (pair.server_bio, &got, 1, TRUE), ==, 1);
  g_assert_cmpint (BIO_ADDR_family (got.messages[0].local), ==, family);
  g_assert_cmpuint (send_many (pair.server_bio, 5, 800, got.messages[0].peer, got.messages[0].local), ==, 5);
  for (n = 0; n < 5;)
    {
      g_assert_true (wait_readable (pair.client, 20000));
      n += receive_many (pair.client_bio, &got, 32, FALSE);
    }
  g_assert_cmpint (BIO_ADDR_family (got.messages[0].peer), ==, family);
  received_clear (&got);
  pair_clear (&pair);
}

static void
test_port_unreachable (gconstpointer data)
{
  Pair pair;
  Received got = { 0 };

  if (!pair_init (&pair, GPOINTER_TO_INT (data), QS_UDP_BIO_PLAIN))
    return;
  BIO_free (pair.server_bio); /* the port is closed from here on */
  pair.server_bio = NULL;
  g_clear_pointer (&pair.server, qs_udp_bio_unref);

  g_assert_cmpuint (send_many (pair.client_bio, 1, 1200, NULL, NULL), ==, 1);
  while (pair.client_recorder.error == 0)
    {
      g_assert_true (wait_readable (pair.client, 20000));
      g_assert_cmpuint (receive_many (pair.client_bio, &got, 8, FALSE), ==, 0);
    }
  g_assert_cmpint (pair.client_recorder.error, ==, ECONNREFUSED);
  g_assert_false (BIO_err_is_non_fatal ((unsigned int) got.error));
  g_assert_cmpuint (pair.client_recorder.icmp->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (pair.client_recorder.icmp, 0), ==, "port-unreachable");
  g_assert_cmpstr (pair.client_recorder.offender, ==, loopback (GPOINTER_TO_INT (data)));
  g_assert_cmpuint (send_many (pair.client_bio, 1, 1200, NULL, NULL), ==, 0); /* it stays failed */
  received_clear (&got);
  pair_clear (&pair);
}

/* A socket that is not connected outlives the ICMP error of one peer, and reports it. */
static void
test_unconnected_survives (void)
{
  Pair pair;
  Received got = { 0 };

  if (!pair_init (&pair, AF_INET, QS_UDP_BIO_PLAIN))
    return;
  send_many (pair.client_bio, 1, 50, NULL, NULL);
  g_assert_true (wait_readable (pair.server, 20000));
  g_assert_cmpuint (receive_many (pair.server_bio, &got, 1, FALSE), ==, 1);
  BIO_free (pair.client_bio);
  pair.client_bio = NULL;
  g_clear_pointer (&pair.client, qs_udp_bio_unref);

  g_assert_cmpuint (send_many (pair.server_bio, 1, 50, got.messages[0].peer, NULL), ==, 1);
  while (pair.server_recorder.icmp->len == 0)
    {
      struct pollfd descriptor = { qs_udp_bio_get_poll_fd (pair.server), POLLIN, 0 };
      g_assert_cmpint (poll (&descriptor, 1, 20000), ==, 1);
      Received none = { 0 };
      g_assert_cmpuint (receive_many (pair.server_bio, &none, 1, FALSE), ==, 0);
      g_assert_true (BIO_err_is_non_fatal ((unsigned int) none.error));
      received_clear (&none);
    }
  g_assert_cmpint (pair.server_recorder.error, ==, 0);
  g_assert_cmpuint (send_many (pair.server_bio, 1, 50, got.messages[0].peer, NULL), ==, 1);
  received_clear (&got);
  pair_clear (&pair);
}

typedef struct {
  QsUdpBio *bio;
  pid_t sleeper;
} Waker;

/* Wakes once the other thread sleeps. */
static gpointer
wake_thread (gpointer data)
{
  const Waker *waker = data;
  g_autofree char *path = g_strdup_printf ("/proc/self/task/%d/stat", waker->sleeper);
  gboolean asleep = FALSE;

  while (!asleep)
    {
      g_autofree char *stat = NULL;
      g_assert_true (g_file_get_contents (path, &stat, NULL, NULL));
      asleep = strstr (stat, ") S ") != NULL;
      g_thread_yield ();
    }
  qs_udp_bio_wake (waker->bio);
  return NULL;
}

static void
test_wake_and_cancel (void)
{
  Pair pair;
  Received got = { 0 };
  BIO_POLL_DESCRIPTOR descriptor;

  if (!pair_init (&pair, AF_INET, QS_UDP_BIO_WAKEABLE))
    return;
  g_assert_false (wait_readable (pair.client, 0));
  g_assert_true (BIO_get_rpoll_descriptor (pair.client_bio, &descriptor));
  g_assert_cmpint (descriptor.value.fd, ==, qs_udp_bio_get_poll_fd (pair.client));
  Waker waker = { pair.client, gettid () };
  GThread *thread = g_thread_new ("wake", wake_thread, &waker);
  g_assert_true (wait_readable (pair.client, 20000));
  g_thread_join (thread);
  g_assert_false (BIO_get_rpoll_descriptor (pair.client_bio, &descriptor));
  g_assert_cmpuint (receive_many (pair.client_bio, &got, 1, FALSE), ==, 0);
  g_assert_true (wait_readable (pair.client, 0)); /* a read, perhaps of another thread, does not take it off */
  qs_udp_bio_clear_wake (pair.client);
  g_assert_false (wait_readable (pair.client, 0));
  g_assert_true (BIO_get_rpoll_descriptor (pair.client_bio, &descriptor));

  qs_udp_bio_cancel (pair.client);
  g_assert_true (wait_readable (pair.client, 0));
  g_assert_cmpuint (receive_many (pair.client_bio, &got, 1, FALSE), ==, 0);
  g_assert_cmpint (ERR_GET_REASON (got.error), ==, ECANCELED);
  g_assert_cmpuint (send_many (pair.client_bio, 1, 50, NULL, NULL), ==, 0);
  received_clear (&got);
  pair_clear (&pair);
}

/* First byte of a datagram: 1 dropped, 2 doubled, 3 late by 50 ms, 4 altered, others pass. */
static QsFate
impair_cb (QsUdpBio *bio, const QsUdpDatagram *datagram, gpointer data)
{
  g_autofree guint8 *altered = NULL;

  ++*(guint *) data;
  switch (datagram->data[0])
    {
    case 1:
      return QS_FATE_DROPPED;
    case 2:
      qs_udp_bio_pass (bio, datagram, datagram->data, datagram->length, datagram->ecn, 0);
      qs_udp_bio_pass (bio, datagram, datagram->data, datagram->length, datagram->ecn, 0);
      return QS_FATE_DUPLICATED;
    case 3:
      qs_udp_bio_pass (bio, datagram, datagram->data, datagram->length, datagram->ecn, 50000000);
      return QS_FATE_DELAYED;
    case 4:
      altered = g_memdup2 (datagram->data, datagram->length);
      altered[1] ^= 0xff;
      qs_udp_bio_pass (bio, datagram, altered, datagram->length, 3, 0);
      return QS_FATE_CORRUPTED;
    default:
      qs_udp_bio_pass (bio, datagram, datagram->data, datagram->length, datagram->ecn, 0);
      return QS_FATE_PASSED;
    }
}

static void
test_impairment (gconstpointer data)
{
  static const QsUdpImpairment impairment = { impair_cb };
  static const guint8 sent_order[] = { 2, 2, 4, 5, 3 };
  Pair pair;
  Received got = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) order = g_byte_array_new ();
  gboolean at_server = GPOINTER_TO_INT (data);
  guint n_impaired = 0;

  if (!pair_init (&pair, AF_INET, QS_UDP_BIO_PLAIN))
    return;
  g_assert_true (
      qs_udp_bio_set_impairment (at_server ? pair.server : pair.client, &impairment, &n_impaired, NULL, &error));
  g_assert_cmpuint (send_many (pair.client_bio, 5, 100, NULL, NULL), ==, 5);
  gint64 start = g_get_monotonic_time ();
  while (order->len < 5)
    {
      struct pollfd descriptors[2] = { { qs_udp_bio_get_poll_fd (pair.server), POLLIN, 0 },
                                       { qs_udp_bio_get_poll_fd (pair.client), POLLIN, 0 } };
      g_assert_cmpint (poll (descriptors, 2, 20000), >=, 1);
      if (descriptors[1].revents != 0) /* its timer: what is due goes out with the next read */
        receive_many (pair.client_bio, &got, 1, FALSE);
      guint n = receive_many (pair.server_bio, &got, 8, FALSE);
      for (guint i = 0; i < n; i++)
        {
          g_byte_array_append (order, got.bytes[i], 1);
          if (got.bytes[i][0] == 4)
            g_assert_cmpuint (got.bytes[i][1], ==, 4 ^ 0xff);
        }
    }
  g_assert_cmpmem (order->data, order->len, sent_order, sizeof sent_order);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 49000);
  g_assert_cmpuint (n_impaired, ==, 5);

  GArray *seen = (at_server ? pair.server_recorder : pair.client_recorder).seen;
  guint fates[5] = { 0 };
  for (guint i = 0; i < seen->len; i++)
    fates[g_array_index (seen, QsUdpDatagram, i).fate]++;
  g_assert_cmpuint (fates[QS_FATE_DROPPED], ==, 1);
  g_assert_cmpuint (fates[QS_FATE_DUPLICATED], ==, at_server ? 2 : 1); /* as delivered; as made */
  g_assert_cmpuint (fates[QS_FATE_DELAYED], ==, 1);
  g_assert_cmpuint (fates[QS_FATE_CORRUPTED], ==, 1);
  g_assert_cmpuint (fates[QS_FATE_PASSED], ==, 1);
  received_clear (&got);
  pair_clear (&pair);
}

static void
test_addresses (void)
{
  g_autoptr (GSocketAddress) v4 = g_inet_socket_address_new_from_string ("192.0.2.1", 443);
  g_autoptr (GSocketAddress) v6 = g_inet_socket_address_new_from_string ("2001:db8::1", 8443);
  g_autofree char *text4 = qs_socket_address_to_text (v4);
  g_autofree char *text6 = qs_socket_address_to_text (v6);

  g_assert_cmpstr (text4, ==, "192.0.2.1:443");
  g_assert_cmpstr (text6, ==, "[2001:db8::1]:8443");
}

static void
test_bind_refused (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) far = g_inet_socket_address_new_from_string ("192.0.2.77", 0);
  g_autoptr (QsUdpBio) bio = qs_udp_bio_new (AF_INET, QS_UDP_BIO_PLAIN, &error);

  g_assert_no_error (error);
  g_assert_false (qs_udp_bio_bind (bio, far, &error));
  g_assert_true (error->domain == G_IO_ERROR);
  g_assert_nonnull (strstr (error->message, "192.0.2.77"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/udp-bio/exchange/v4", GINT_TO_POINTER (AF_INET), test_exchange);
  g_test_add_data_func ("/udp-bio/exchange/v6", GINT_TO_POINTER (AF_INET6), test_exchange);
  g_test_add_data_func ("/udp-bio/port-unreachable/v4", GINT_TO_POINTER (AF_INET), test_port_unreachable);
  g_test_add_data_func ("/udp-bio/port-unreachable/v6", GINT_TO_POINTER (AF_INET6), test_port_unreachable);
  g_test_add_func ("/udp-bio/unconnected-survives", test_unconnected_survives);
  g_test_add_func ("/udp-bio/wake-and-cancel", test_wake_and_cancel);
  g_test_add_data_func ("/udp-bio/impairment/sending", GINT_TO_POINTER (FALSE), test_impairment);
  g_test_add_data_func ("/udp-bio/impairment/receiving", GINT_TO_POINTER (TRUE), test_impairment);
  g_test_add_func ("/udp-bio/addresses", test_addresses);
  g_test_add_func ("/udp-bio/bind-refused", test_bind_refused);
  return g_test_run ();
}
