/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A peer that answers one datagram with as many as it can send: nothing of a run grows without an end, and it ends. */
#include <arpa/inet.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runner.h"
#include "trace/qs-foreign.h"
#include "trace/qs-trace-budget.h"

#define AT_ONCE 64
#define DATAGRAM_MAX 65536
#define BUDGET (1 << 20)
/* Beside the trace: OpenSSL, the socket's buffers, what lies in the allocator. */
#define MOST_GROWTH (64 << 20)

typedef struct {
  guint8 dcid[20], scid[20];
  gsize dcid_length, scid_length;
  const guint8 *hello;
  gsize hello_length;
} Client;

typedef gsize (*MakeFunc) (const Client *client, guint8 *out);

static gsize
fill_random (guint8 *out, gsize length)
{
  for (gsize i = 0; i < length; i++)
    out[i] = (guint8) g_random_int ();
  return length;
}

static gsize
put_header (guint8 *out, guint8 first, guint32 version, const guint8 *dcid, gsize dcid_length, const guint8 *scid,
            gsize scid_length)
{
  guint32 big = GUINT32_TO_BE (version);

  out[0] = first;
  memcpy (out + 1, &big, 4);
  out[5] = (guint8) dcid_length;
  if (dcid_length > 0) /* NULL is none of memcpy's arguments, not even for nothing */
    memcpy (out + 6, dcid, dcid_length);
  out[6 + dcid_length] = (guint8) scid_length;
  if (scid_length > 0)
    memcpy (out + 7 + dcid_length, scid, scid_length);
  return 7 + dcid_length + scid_length;
}

static gsize
make_one (const Client *client, guint8 *out)
{
  return fill_random (out, 1);
}

static gsize
make_big (const Client *client, guint8 *out)
{
  fill_random (out, 64);
  out[0] = 0x40 | (out[0] & 0x3f);
  return 65000;
}

static gsize
negotiate (const Client *client, guint8 *out, guint n)
{
  gsize length = put_header (out, 0x80, 0, client->scid, client->scid_length, client->dcid, client->dcid_length);

  for (guint i = 0; i < n; i++, length += 4)
    {
      guint32 version = GUINT32_TO_BE (g_random_int () | 0x0a0a0a0a);
      memcpy (out + length, &version, 4);
    }
  return length;
}

static gsize
make_vn (const Client *client, guint8 *out)
{
  return negotiate (client, out, 300);
}

static gsize
make_vnbig (const Client *client, guint8 *out)
{
  return negotiate (client, out, 15000);
}

static gsize
make_retry (const Client *client, guint8 *out)
{
  guint8 scid[8];

  fill_random (scid, sizeof scid);
  gsize length = put_header (out, 0xf0, 1, client->scid, client->scid_length, scid, sizeof scid);
  return length + fill_random (out + length, 1100);
}

static gsize
make_initial (const Client *client, guint8 *out)
{
  guint8 scid[20];

  fill_random (scid, sizeof scid);
  gsize length = put_header (out, 0xc3, 1, client->scid, client->scid_length, scid, sizeof scid);
  gsize rest = 1200 - length - 3;
  out[length++] = 0; /* no token */
  out[length++] = (guint8) (0x40 | rest >> 8);
  out[length++] = (guint8) rest;
  return length + fill_random (out + length, rest);
}

/* As many packets as there is room for. */
static gsize
make_coalesced (const Client *client, guint8 *out)
{
  gsize length = 0;

  while (length < 1150)
    {
      length += put_header (out + length, 0xe0, 1, client->scid, client->scid_length, NULL, 0);
      out[length++] = 1;
      length += fill_random (out + length, 1);
    }
  return length;
}

static gsize
make_echo (const Client *client, guint8 *out)
{
  memcpy (out, client->hello, client->hello_length);
  return client->hello_length;
}

static const struct {
  const char *name;
  MakeFunc make;
  gboolean may_end; /* by itself: it is an answer, or shows that no QUIC is spoken there */
} modes[] = {
  { "one", make_one, TRUE },
  { "big", make_big, TRUE },
  { "vn", make_vn, TRUE },
  { "vnbig", make_vnbig, TRUE },
  { "retry", make_retry, FALSE },
  { "initial", make_initial, FALSE },
  { "coalesced", make_coalesced, FALSE },
  { "echo", make_echo, TRUE },
};

typedef struct {
  int fd;
  guint16 port;
  MakeFunc make;
  gint stop; /* atomic */
  GThread *thread;
} Flood;

static gpointer
flood_thread (gpointer data)
{
  Flood *flood = data;
  guint8 hello[2048];
  struct sockaddr_in peer;
  socklen_t peer_length = sizeof peer;
  g_autofree guint8 *bytes = g_malloc0 (AT_ONCE * DATAGRAM_MAX);
  struct mmsghdr headers[AT_ONCE];
  struct iovec iov[AT_ONCE];
  Client client = { .hello = hello };

  gssize n = recvfrom (flood->fd, hello, sizeof hello, 0, (struct sockaddr *) &peer, &peer_length);
  g_assert_cmpint (n, >, 50);
  client.hello_length = (gsize) n;
  client.dcid_length = hello[5];
  client.scid_length = hello[6 + client.dcid_length];
  g_assert_cmpuint (client.dcid_length, <=, 20);
  g_assert_cmpuint (client.scid_length, <=, 20);
  memcpy (client.dcid, hello + 6, client.dcid_length);
  memcpy (client.scid, hello + 7 + client.dcid_length, client.scid_length);
  while (!g_atomic_int_get (&flood->stop))
    {
      for (guint i = 0; i < AT_ONCE; i++)
        {
          guint8 *out = bytes + (gsize) i * DATAGRAM_MAX;
          iov[i] = (struct iovec){ out, flood->make (&client, out) };
          headers[i] = (struct mmsghdr){
            .msg_hdr = { .msg_name = &peer, .msg_namelen = peer_length, .msg_iov = &iov[i], .msg_iovlen = 1 }
          };
        }
      sendmmsg (flood->fd, headers, AT_ONCE, 0);
    }
  return NULL;
}

static void
flood_start (Flood *flood, MakeFunc make)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t length = sizeof address;

  flood->make = make;
  flood->fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (bind (flood->fd, (struct sockaddr *) &address, length), ==, 0);
  g_assert_cmpint (getsockname (flood->fd, (struct sockaddr *) &address, &length), ==, 0);
  flood->port = ntohs (address.sin_port);
  flood->thread = g_thread_new ("flood", flood_thread, flood);
}

static void
flood_stop (Flood *flood)
{
  g_atomic_int_set (&flood->stop, 1);
  g_thread_join (flood->thread);
  close (flood->fd);
}

static gsize
resident_bytes (void)
{
  g_autofree char *text = NULL;
  unsigned long whole = 0, resident = 0;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  g_assert_cmpint (sscanf (text, "%lu %lu", &whole, &resident), ==, 2);
  return (gsize) resident * (gsize) sysconf (_SC_PAGESIZE);
}

static gboolean
is_over_or_full (gpointer data)
{
  QsNotKept not_kept;

  qs_trace_get_not_kept (qs_probe_get_trace (data), &not_kept);
  return qs_probe_get_finished (data) || not_kept.datagrams > 0;
}

static void
test_mode (gconstpointer data)
{
  const guint mode = GPOINTER_TO_UINT (data);
  Flood flood = { 0 };

  flood_start (&flood, modes[mode].make);
  g_autofree char *text = g_strdup_printf ("quic://127.0.0.1:%u", flood.port);
  g_autoptr (QsTarget) target = qs_target_new (text, NULL);
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  options->timeout_ms = 50000;
  options->trace_budget = BUDGET;
  g_autoptr (QsProbe) probe = qs_probe_new (target, options);
  QsTrace *trace = qs_probe_get_trace (probe);
  QsNotKept not_kept;
  QsForeign foreign;
  gsize before = resident_bytes ();

  qs_probe_start (probe);
  run_until (is_over_or_full, probe);
  qs_trace_get_not_kept (trace, &not_kept);
  /* A slow machine finds out that it is no QUIC before the trace is full. */
  g_assert_true (modes[mode].may_end || not_kept.datagrams > 0 || qs_trace_find_foreign (trace, &foreign));
  if (!qs_probe_get_finished (probe))
    qs_probe_stop (probe);
  run_probe (probe);
  g_assert_false (qs_probe_get_succeeded (probe));
  /* It goes on coming, and nothing is taken any more. */
  guint n_records = qs_trace_get_n_records (trace), n_packets = qs_trace_get_n_packets (trace);
  run_for (50);
  g_assert_cmpuint (qs_trace_get_n_records (trace), ==, n_records);
  g_assert_cmpuint (qs_trace_get_n_packets (trace), ==, n_packets);
  g_assert_cmpuint (n_packets, <=, BUDGET / sizeof (QsPacket));
  gsize after = resident_bytes ();
  g_assert_cmpuint (after > before ? after - before : 0, <=, MOST_GROWTH);
  flood_stop (&flood);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_autofree char *path = g_strdup_printf ("/flood/%s", modes[i].name);
      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_mode);
    }
  return g_test_run ();
}
