/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server that is gone, or says so by a reset, when a client over TCP sends its close_notify: that is no failure of what was
 * under way. The kernel's call is replaced by one that refuses a record of a certain size. */
#include <errno.h>
#include <sys/socket.h>

#include "runner.h"

#define GOODBYE_BYTES 24 /* header, level, description, type, tag (RFC 9846 section 5.2) */

static gsize refused_bytes; /* what is as long is not sent; 0: all is */
static gsize refused_more;  /* or longer, as far as this */
static int refused_with;
static guint n_refused;

ssize_t __real_send (int fd, const void *bytes, size_t length, int flags);
ssize_t __wrap_send (int fd, const void *bytes, size_t length, int flags);

ssize_t
__wrap_send (int fd, const void *bytes, size_t length, int flags)
{
  if (length < refused_bytes || length > refused_more)
    return __real_send (fd, bytes, length, flags);
  n_refused++;
  errno = refused_with;
  return -1;
}

typedef struct {
  const char *name;
  QsMode mode;
  int error;
  gboolean goodbye; /* or the request */
} Case;

static void
test_refused (gconstpointer data)
{
  const Case *test = data;
  Fixture fixture;

  fixture_init (&fixture, NULL, NULL);
  g_autoptr (QsProbeOptions) options = fixture_options (&fixture, test->mode);
  g_autoptr (QsProbe) probe = fixture_probe (&fixture, "tls", "/bytes/3000", options);
  refused_with = test->error;
  n_refused = 0;
  /* A request is what lies between a good-bye and a Finished with its ChangeCipherSpec behind the ClientHello, which is larger. */
  refused_bytes = test->goodbye ? GOODBYE_BYTES : 90;
  refused_more = test->goodbye ? GOODBYE_BYTES : 400;
  run_probe (probe);
  refused_bytes = refused_more = 0;
  g_assert_cmpuint (n_refused, >=, 1);
  g_assert_true (qs_probe_get_succeeded (probe) == test->goodbye);
  g_assert_true ((find_mark (probe, QS_MARK_SOCKET_ERROR, NULL) == NULL) == test->goodbye);
  g_assert_true ((find_mark (probe, QS_MARK_NOTE, "goodbye") != NULL) == test->goodbye);
  g_autoptr (GBytes) response = qs_probe_dup_response (probe);
  g_assert_cmpuint (g_bytes_get_size (response), ==, test->goodbye ? 3000 : 0);
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  static const Case cases[] = {
    { "/goodbye/nonblocking", QS_MODE_NONBLOCKING, EPIPE, TRUE },
    { "/goodbye/blocking", QS_MODE_BLOCKING, EPIPE, TRUE },
    { "/goodbye/thread-assisted", QS_MODE_THREAD_ASSISTED, EPIPE, TRUE },
    { "/goodbye/reset", QS_MODE_NONBLOCKING, ECONNRESET, TRUE },
    { "/goodbye/request", QS_MODE_NONBLOCKING, EPIPE, FALSE },
    { "/goodbye/request-blocking", QS_MODE_BLOCKING, ECONNRESET, FALSE },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].name, &cases[i], test_refused);
  return g_test_run ();
}
