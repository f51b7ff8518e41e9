/* SPDX-License-Identifier: GPL-3.0-or-later */
/* initials QUICSERVE HALF-OPEN SPOOFED: floods quicserve with first packets of clients that never go on, from one address and from
 * thousands, with Retry and without, and with a chain of certificates of its own or a large one. Its memory is bounded and comes back, who
 * comes then is served, and no address gets more than three times what it sent, as counted at the socket (RFC 9000 section 8.1). */
#include <arpa/inet.h>
#include <openssl/core_dispatch.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../server/program.h"
#include "crypto/qs-keys.h"
#include "wire/qs-frame.h"
#include "wire/qs-writer.h"

#define DATAGRAM 1200
#define MOST_KIB (64 * 1024)
#define SUITE 0x1301
#define AT_ONCE 32                /* datagrams, then the answers are counted */
#define FIRST_ADDRESS 0x7f010001u /* 127.1.0.1 */

#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_IS_TOLD FALSE /* what is freed is kept for a while */
#else
#define MEMORY_IS_TOLD TRUE
#endif

static char *program;
static guint n_half_open, n_spoofed;

/* --- A ClientHello --- */

static int
send_cb (SSL *ssl, const unsigned char *bytes, size_t length, size_t *consumed, void *data)
{
  g_byte_array_append (data, bytes, (guint) length);
  *consumed = length;
  return 1;
}

static int
receive_cb (SSL *ssl, const unsigned char **bytes, size_t *length, void *data)
{
  *length = 0;
  return 1;
}

static int
release_cb (SSL *ssl, size_t length, void *data)
{
  return 1;
}

static int
secret_cb (SSL *ssl, uint32_t level, int direction, const unsigned char *secret, size_t length, void *data)
{
  return 1;
}

static int
parameters_cb (SSL *ssl, const unsigned char *bytes, size_t length, void *data)
{
  return 1;
}

static int
alert_cb (SSL *ssl, unsigned char alert, void *data)
{
  return 1;
}

static const OSSL_DISPATCH callbacks[] = {
  { OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_SEND, (void (*) (void)) send_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_RECV_RCD, (void (*) (void)) receive_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_RELEASE_RCD, (void (*) (void)) release_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_YIELD_SECRET, (void (*) (void)) secret_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_GOT_TRANSPORT_PARAMS, (void (*) (void)) parameters_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_ALERT, (void (*) (void)) alert_cb },
  { 0, NULL },
};

/* scid: what the transport parameters say. */
static GByteArray *
make_hello (const guint8 scid[8])
{
  static const guint8 alpn[] = "\12hq-interop";
  guint8 parameters[] = { 0x0f, 8, 0, 0, 0, 0, 0, 0, 0, 0 };
  GByteArray *hello = g_byte_array_new ();
  SSL_CTX *ctx = SSL_CTX_new (TLS_client_method ());
  SSL *ssl = SSL_new (ctx);

  memcpy (parameters + 2, scid, 8);
  SSL_set1_groups_list (ssl, "X25519");
  SSL_set_alpn_protos (ssl, alpn, sizeof alpn - 1);
  SSL_set_tlsext_host_name (ssl, "localhost");
  SSL_set_connect_state (ssl);
  g_assert_cmpint (SSL_set_quic_tls_cbs (ssl, callbacks, hello), ==, 1);
  g_assert_cmpint (SSL_set_quic_tls_transport_params (ssl, parameters, sizeof parameters), ==, 1);
  SSL_do_handshake (ssl);
  g_assert_cmpuint (hello->len, >, 100);
  g_assert_cmpuint (hello->len, <, 1000);
  SSL_free (ssl);
  SSL_CTX_free (ctx);
  return hello;
}

static const guint8 scid[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

/* A whole first datagram, to an id of its own. */
static GBytes *
make_initial (const GByteArray *frames)
{
  guint8 dcid[8];
  QsSecret client, server;
  const QsPacketHeader header = { .type = QS_PACKET_INITIAL,
                                  .version = QS_QUIC_VERSION_1,
                                  .dcid = QS_SPAN (dcid, sizeof dcid),
                                  .scid = QS_SPAN (scid, sizeof scid) };

  RAND_bytes (dcid, sizeof dcid);
  g_assert_true (qs_initial_secrets (QS_QUIC_VERSION_1, header.dcid, &client, &server));
  g_autoptr (QsKeys) keys = qs_keys_new (QS_QUIC_VERSION_1, SUITE, &client);
  g_autoptr (QsHeaderKey) header_key = qs_header_key_new (QS_QUIC_VERSION_1, SUITE, &client);
  return qs_packet_seal (keys, header_key, &header, 4, 0, qs_written (frames));
}

static GByteArray *
make_frames (void)
{
  g_autoptr (GByteArray) hello = make_hello (scid);
  GByteArray *frames = g_byte_array_new ();

  qs_frame_write (frames, &(const QsFrame){ .type = QS_FRAME_CRYPTO, .data = qs_written (hello) });
  qs_frame_write (frames, &(const QsFrame){ .type = QS_FRAME_PADDING, .length = DATAGRAM - 40 - frames->len });
  return frames;
}

/* --- Addresses, all over one socket --- */

typedef struct {
  int fd;
  guint16 port; /* the server's */
  guint n_addresses;
  guint64 *sent, *received; /* by address */
} Flood;

static void
flood_open (Flood *flood, guint16 port, guint n_addresses)
{
  struct sockaddr_in any = { .sin_family = AF_INET };
  int on = 1, size = 8 << 20;

  *flood = (Flood){ .fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), .port = port, .n_addresses = n_addresses };
  flood->sent = g_new0 (guint64, n_addresses);
  flood->received = g_new0 (guint64, n_addresses);
  g_assert_cmpint (bind (flood->fd, (struct sockaddr *) &any, sizeof any), ==, 0);
  g_assert_cmpint (setsockopt (flood->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on), ==, 0);
  if (setsockopt (flood->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
    setsockopt (flood->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

static void
flood_close (Flood *flood)
{
  close (flood->fd);
  g_free (flood->sent);
  g_free (flood->received);
}

static void
send_from (Flood *flood, guint address, GBytes *datagram)
{
  struct sockaddr_in to = { .sin_family = AF_INET,
                            .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
                            .sin_port = htons (flood->port) };
  struct iovec iov = { (void *) g_bytes_get_data (datagram, NULL), g_bytes_get_size (datagram) };
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE (sizeof (struct in_pktinfo))];
  } control = { 0 };
  struct msghdr message = { .msg_name = &to,
                            .msg_namelen = sizeof to,
                            .msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control };
  struct in_pktinfo info = { .ipi_spec_dst.s_addr = htonl (FIRST_ADDRESS + address) };

  control.header.cmsg_level = IPPROTO_IP;
  control.header.cmsg_type = IP_PKTINFO;
  control.header.cmsg_len = CMSG_LEN (sizeof info);
  memcpy (CMSG_DATA (&control.header), &info, sizeof info);
  if (sendmsg (flood->fd, &message, 0) > 0)
    flood->sent[address] += iov.iov_len;
}

static void
count_answers (Flood *flood)
{
  char bytes[2048];
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE (sizeof (struct in_pktinfo))];
  } control;
  struct iovec iov = { bytes, sizeof bytes };

  for (;;)
    {
      struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
      };
      struct in_pktinfo info;
      gssize n = recvmsg (flood->fd, &message, MSG_DONTWAIT);
      if (n < 0)
        return;
      g_assert_nonnull (CMSG_FIRSTHDR (&message));
      memcpy (&info, CMSG_DATA (CMSG_FIRSTHDR (&message)), sizeof info);
      guint address = ntohl (info.ipi_addr.s_addr) - FIRST_ADDRESS;
      g_assert_cmpuint (address, <, flood->n_addresses);
      flood->received[address] += (guint64) n;
    }
}

static double
most_amplified (const Flood *flood)
{
  double most = 0;

  for (guint i = 0; i < flood->n_addresses; i++)
    if (flood->sent[i] > 0)
      most = MAX (most, (double) flood->received[i] / (double) flood->sent[i]);
  return most;
}

/* --- The test --- */

static guint
look_at_memory (Program *server, guint most)
{
  return MAX (most, program_get_memory (server));
}

static gint64
serve_one (Program *server)
{
  ClientOptions options = { .ca_pem = server->ca_pem };
  gint64 start = g_get_monotonic_time ();
  g_autoptr (Client) client = client_new (server->port, &options);

  run_until (client_is_settled, client);
  g_assert_true (client_is_established (client));
  ClientStream *stream = client_open (client, "still there?", -1, TRUE);
  run_until (client_all_finished, client);
  g_assert_cmpstr (stream->received->str, ==, "still there?");
  return g_get_monotonic_time () - start;
}

static gboolean
pass_cb (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
is_true (gboolean *value)
{
  return *value;
}

/* One look at the server's memory, half a second later: half-open connections end after their idle time. */
static guint
memory_later (Program *server)
{
  gboolean passed = FALSE;

  g_timeout_add (500, pass_cb, &passed);
  run_until (is_true, &passed);
  return program_get_memory (server);
}

static void
test_flood (const char *option, guint n, guint n_addresses)
{
  Program server;
  Flood flood;
  g_autoptr (GByteArray) frames = make_frames ();
  gint64 slowest = 0;

  program_start (&server, program, option);
  serve_one (&server);
  const guint before = program_get_memory (&server);
  guint most = before, after = 0;
  flood_open (&flood, server.port, n_addresses);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GBytes) initial = make_initial (frames);
      send_from (&flood, i % n_addresses, initial);
      if (i % AT_ONCE == AT_ONCE - 1)
        count_answers (&flood);
      if (i % (n / 8) == n / 16)
        {
          slowest = MAX (slowest, serve_one (&server));
          most = look_at_memory (&server, most);
        }
    }
  slowest = MAX (slowest, serve_one (&server));
  count_answers (&flood);
  /* It comes back when they have ended: within OpenSSL's idle time of 30 s. */
  for (guint turn = 0; MEMORY_IS_TOLD && turn < 100; turn++)
    {
      after = memory_later (&server);
      count_answers (&flood);
      if (after < before + (most - before) / 2 || most < before + 8192)
        break;
    }
  double amplified = most_amplified (&flood);
  g_test_message (
      "%s, %u Initials from %u addresses: %u KiB, at most %u more, %d more afterwards; %.3f times what came in; a "
      "client served in %.1f ms at most",
      option, n, n_addresses, before, most - before, (int) after - (int) before, amplified, (double) slowest / 1000);
  g_assert_cmpfloat (amplified, >, 0);
  g_assert_cmpfloat (amplified, <=, 3.0);
  if (MEMORY_IS_TOLD)
    {
      g_assert_cmpuint (most, <, before + MOST_KIB);
      g_assert_true (after < before + (most - before) / 2 || most < before + 8192);
    }
  flood_close (&flood);
  program_stop (&server, NULL);
}

static void
test_half_open (gconstpointer option)
{
  test_flood (option, n_half_open, 1);
}

static void
test_spoofed (gconstpointer option)
{
  test_flood (option, n_spoofed, n_spoofed);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  program = argv[1];
  n_half_open = (guint) g_ascii_strtoull (argv[2], NULL, 10);
  n_spoofed = (guint) g_ascii_strtoull (argv[3], NULL, 10);
  g_test_add_data_func ("/initials/half-open", "--no-retry", test_half_open);
  g_test_add_data_func ("/initials/half-open-retry", "--retry", test_half_open);
  g_test_add_data_func ("/initials/spoofed", "--no-retry", test_spoofed);
  g_test_add_data_func ("/initials/spoofed-retry", "--retry", test_spoofed);
  g_test_add_data_func ("/initials/spoofed-large-chain", "--scenario=amplification", test_spoofed);
  return g_test_run ();
}
