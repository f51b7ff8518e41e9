/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/qs-resolve.h"
#include "net/qs-tcp-probe.h"

#include <string.h>

static void
result_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

static char *
resolve (const char *text, GSocketFamily family, const char *override, GError **error)
{
  g_autoptr (QsTarget) target = qs_target_new (text, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  const char *overrides[] = { "other.example:443:192.0.2.9", override, NULL };

  qs_resolve_async (target, family, overrides, NULL, result_cb, &result);
  g_autoptr (GPtrArray) addresses = qs_resolve_finish (wait_for (&result), error);
  if (addresses == NULL)
    return NULL;

  GString *list = g_string_new (NULL);
  for (guint i = 0; i < addresses->len; i++)
    {
      g_autofree char *one = g_socket_connectable_to_string (addresses->pdata[i]);
      g_string_append_printf (list, "%s%s", i > 0 ? " " : "", one);
    }
  return g_string_free (list, FALSE);
}

static void
test_literals (void)
{
  static const struct {
    const char *text, *list;
  } cases[] = {
    { "127.0.0.1:4433", "127.0.0.1:4433" },
    { "[::1]:4433", "[::1]:4433" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *list = resolve (cases[i].text, G_SOCKET_FAMILY_INVALID, NULL, NULL);
      g_assert_cmpstr (list, ==, cases[i].list);
    }

  g_autoptr (GError) error = NULL;
  g_assert_null (resolve ("127.0.0.1", G_SOCKET_FAMILY_IPV6, NULL, &error));
  g_assert_cmpstr (qs_resolve_error_name (error), ==, "not-found");
}

static void
test_overrides (void)
{
  g_autofree char *v4 = resolve ("Example.org", G_SOCKET_FAMILY_INVALID, "example.ORG:443:192.0.2.1", NULL);
  g_assert_cmpstr (v4, ==, "192.0.2.1:443");
  g_autofree char *v6 = resolve ("example.org:1", G_SOCKET_FAMILY_INVALID, "example.org:1:[2001:db8::1]", NULL);
  g_assert_cmpstr (v6, ==, "[2001:db8::1]:1");

  g_assert_true (qs_resolve_override_is_valid ("a:1:::1", NULL));
  static const char *const bad[] = { "",           "a",           "a:b",
                                     "a:1",        "a:1:",        "a:1:b",
                                     ":1:1.2.3.4", "a:0:1.2.3.4", "a:65536:1.2.3.4" };
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (qs_resolve_override_is_valid (bad[i], &error));
      g_assert_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET);
    }
}

static void
test_names (void)
{
  g_autofree char *v4 = resolve ("localhost:7", G_SOCKET_FAMILY_IPV4, NULL, NULL);
  g_assert_cmpstr (v4, ==, "127.0.0.1:7");
  /* IPv6 comes first where there are both. */
  g_autofree char *both = resolve ("localhost:7", G_SOCKET_FAMILY_INVALID, NULL, NULL);
  g_assert_nonnull (both);
  if (strstr (both, "::1") != NULL)
    g_assert_cmpstr (both, ==, "[::1]:7 127.0.0.1:7");

  g_autoptr (GError) error = NULL;
  g_assert_null (resolve ("no-such-name.invalid", G_SOCKET_FAMILY_INVALID, NULL, &error));
  g_assert_nonnull (error);
}

static void
test_cancel (void)
{
  g_autoptr (QsTarget) target = qs_target_new ("no-such-name.invalid", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  qs_resolve_async (target, G_SOCKET_FAMILY_INVALID, NULL, cancellable, result_cb, &result);
  g_cancellable_cancel (cancellable);
  g_assert_null (qs_resolve_finish (wait_for (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* --- What TCP says --- */

typedef struct {
  GSocket *listener;
  GSocketAddress *address;
} Peer;

static void
peer_listen (Peer *peer)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);

  peer->listener = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_assert_true (g_socket_bind (peer->listener, any, FALSE, NULL));
  g_assert_true (g_socket_listen (peer->listener, NULL));
  peer->address = g_socket_get_local_address (peer->listener, NULL);
}

static void
peer_clear (Peer *peer)
{
  g_clear_object (&peer->listener);
  g_clear_object (&peer->address);
}

static gpointer
answer_thread (gpointer data)
{
  Peer *peer = ((gpointer *) data)[0];
  const char *text = ((gpointer *) data)[1];
  char hello[4096];
  g_autoptr (GSocket) client = g_socket_accept (peer->listener, NULL, NULL);

  g_assert_cmpint (g_socket_receive (client, hello, sizeof hello, NULL, NULL), >, 5);
  g_assert_cmpint (hello[0], ==, 0x16);
  g_socket_send (client, text, 7, NULL, NULL);
  return NULL;
}

static QsTcpAnswer
look_at (GSocketAddress *address, guint timeout_ms)
{
  g_autoptr (GAsyncResult) result = NULL;
  QsTcpAnswer answer;

  qs_tcp_probe_async (address, "localhost", qs_clock_get_steady (), timeout_ms, NULL, result_cb, &result);
  g_assert_true (qs_tcp_probe_finish (wait_for (&result), &answer, NULL));
  return answer;
}

static void
test_tcp_answers (void)
{
  static const struct {
    const char *bytes;
    QsTcpAnswer answer;
  } cases[] = {
    { "\x15\x03\x03\x00\x02\x02\x28", QS_TCP_TLS },
    { "\x16\x03\x03\x00\x02\x02\x28", QS_TCP_TLS },
    { "SSH-2.0", QS_TCP_NOT_TLS },
    { "\x15\x04\x03\x00\x02\x02\x28", QS_TCP_NOT_TLS },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Peer peer;
      peer_listen (&peer);
      gpointer data[] = { &peer, (gpointer) cases[i].bytes };
      GThread *thread = g_thread_new ("peer", answer_thread, data);
      g_assert_cmpint (look_at (peer.address, 20000), ==, cases[i].answer);
      g_thread_join (thread);
      peer_clear (&peer);
    }
}

static void
test_tcp_others (void)
{
  Peer peer;
  peer_listen (&peer);

  /* Nobody accepts, so nobody answers the hello: the kernel has it. */
  g_autoptr (QsClock) clock = qs_clock_new_manual (0);
  g_autoptr (GAsyncResult) result = NULL;
  QsTcpAnswer answer;
  qs_tcp_probe_async (peer.address, "localhost", clock, 2000, NULL, result_cb, &result);
  qs_clock_advance (clock, 1999999999);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_null (result);
  qs_clock_advance (clock, 1);
  g_assert_true (qs_tcp_probe_finish (wait_for (&result), &answer, NULL));
  g_assert_cmpint (answer, ==, QS_TCP_OPEN);
  g_socket_close (peer.listener, NULL);
  g_assert_cmpint (look_at (peer.address, 20000), ==, QS_TCP_REFUSED);
  peer_clear (&peer);
  g_assert_cmpstr (qs_tcp_answer_name (QS_TCP_NOT_TLS), ==, "not-tls");
}

static void
test_tcp_cancel (void)
{
  Peer peer;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  QsTcpAnswer answer;

  peer_listen (&peer);
  qs_tcp_probe_async (peer.address, NULL, qs_clock_get_steady (), 60000, cancellable, result_cb, &result);
  g_main_context_iteration (NULL, FALSE);
  g_cancellable_cancel (cancellable);
  g_assert_false (qs_tcp_probe_finish (wait_for (&result), &answer, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  peer_clear (&peer);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/resolve/literals", test_literals);
  g_test_add_func ("/resolve/overrides", test_overrides);
  g_test_add_func ("/resolve/names", test_names);
  g_test_add_func ("/resolve/cancel", test_cancel);
  g_test_add_func ("/tcp-probe/answers", test_tcp_answers);
  g_test_add_func ("/tcp-probe/others", test_tcp_others);
  g_test_add_func ("/tcp-probe/cancel", test_tcp_cancel);
  return g_test_run ();
}
