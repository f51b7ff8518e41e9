/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread that blocks asks OpenSSL for one stream after the other, and each time OpenSSL looks at the socket: what comes
 * while it asks for the last one may be the first one's. The kernel's call is replaced by one that lets a datagram be seen
 * only at the n-th look, so that it comes between any two of them. */
#include <errno.h>
#include <sys/socket.h>

#include "http/qs-http.h"
#include "runner.h"

#define MOST_LOOKS 14

static GThread *main_thread; /* the server's, whose datagrams come at once */
static guint n_hidden_looks; /* how often a datagram that is there is not seen yet */
static guint n_looks;

int __real_recvmmsg (int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *timeout);
int __wrap_recvmmsg (int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *timeout);

int
__wrap_recvmmsg (int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *timeout)
{
  char byte;

  if (g_thread_self () != main_thread && recv (fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0)
    {
      if (n_looks++ < n_hidden_looks)
        {
          errno = EAGAIN;
          return -1;
        }
      n_looks = 0;
    }
  return __real_recvmmsg (fd, messages, n, flags, timeout);
}

/* An answer of several packets is acknowledged at once, so that no timer of OpenSSL's wakes the thread up again: where it
 * sleeps over the answer, the run ends without one. */
static void
test_between_streams (gconstpointer data)
{
  Fixture fixture;

  main_thread = g_thread_self ();
  fixture_init (&fixture, NULL, NULL);
  for (n_hidden_looks = 0; n_hidden_looks < MOST_LOOKS; n_hidden_looks++)
    {
      g_autoptr (QsProbeOptions) options = fixture_options (&fixture, (QsMode) GPOINTER_TO_INT (data));
      options->timeout_ms = 8000; /* before half the idle timeout is over, when OpenSSL wakes up by itself */
      g_autoptr (QsProbe) probe = fixture_probe (&fixture, "https", "/bytes/3000", options);
      gint64 start = g_get_monotonic_time ();
      run_probe (probe);
      assert_succeeded (probe);
      g_autoptr (GBytes) response = qs_probe_dup_response (probe);
      g_assert_cmpuint (g_bytes_get_size (response), ==, 3000);
      g_test_message ("seen at look %u: %.1f ms", n_hidden_looks + 1,
                      (double) (g_get_monotonic_time () - start) / 1000);
    }
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  qs_http_init ();
  g_test_add_data_func ("/late-datagrams/nonblocking", GINT_TO_POINTER (QS_MODE_NONBLOCKING), test_between_streams);
  g_test_add_data_func ("/late-datagrams/blocking", GINT_TO_POINTER (QS_MODE_BLOCKING), test_between_streams);
  g_test_add_data_func ("/late-datagrams/thread-assisted", GINT_TO_POINTER (QS_MODE_THREAD_ASSISTED),
                        test_between_streams);
  return g_test_run ();
}
