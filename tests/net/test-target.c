/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/qs-target.h"

typedef struct {
  const char *text;
  QsTransport transport;
  const char *host;
  guint16 port;
  const char *path;
  const char *full;
} Good;

static const Good good[] = {
  { "example.org", QS_TRANSPORT_QUIC, "example.org", 443, NULL, "quic://example.org:443" },
  { "  Example.ORG:4433 ", QS_TRANSPORT_QUIC, "example.org", 4433, NULL, "quic://example.org:4433" },
  { "https://example.org", QS_TRANSPORT_QUIC, "example.org", 443, "/", "https://example.org:443/" },
  { "HTTPS://example.org/a?b#c", QS_TRANSPORT_QUIC, "example.org", 443, "/a?b", "https://example.org:443/a?b" },
  { "quic://localhost:1/x y", QS_TRANSPORT_QUIC, "localhost", 1, "/x%20y", "quic://localhost:1/x%20y" },
  { "quic://localhost?q", QS_TRANSPORT_QUIC, "localhost", 443, "/?q", "quic://localhost:443/?q" },
  { "tls://192.0.2.1:65535", QS_TRANSPORT_TLS, "192.0.2.1", 65535, NULL, "tls://192.0.2.1:65535" },
  { "[::1]:4433", QS_TRANSPORT_QUIC, "::1", 4433, NULL, "quic://[::1]:4433" },
  { "tls://[2001:db8::1]/", QS_TRANSPORT_TLS, "2001:db8::1", 443, "/", "tls://[2001:db8::1]:443/" },
  { "::1", QS_TRANSPORT_QUIC, "::1", 443, NULL, "quic://[::1]:443" },
  { "bücher.example", QS_TRANSPORT_QUIC, "xn--bcher-kva.example", 443, NULL, "quic://bücher.example:443" },
  { "example.org./a\r\nX: y", QS_TRANSPORT_QUIC, "example.org.", 443, "/a%0D%0AX:%20y",
    "quic://example.org.:443/a%0D%0AX:%20y" },
  { "localhost/a://b", QS_TRANSPORT_QUIC, "localhost", 443, "/a://b", "quic://localhost:443/a://b" },
};

static const char *const bad[] = {
  "",
  "   ",
  "ftp://example.org",
  "quic://",
  "quic://:443",
  "example.org:0",
  "example.org:65536",
  "example.org:",
  "example.org:44x",
  "example.org:-1",
  "user@example.org",
  "[::1",
  "[::1]x",
  "[example.org]:443",
  "[1.2.3.4]:443",
  "1:2:3:4:5",
  "exa mple.org",
  "example..org",
  ".example.org",
  "exam\x1bple.org",
  "\xff\xfe",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
  "https://https://example.org",
};

static void
test_good (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (QsTarget) target = qs_target_new (good[i].text, &error);
      g_assert_no_error (error);
      g_assert_cmpint (qs_target_get_transport (target), ==, good[i].transport);
      g_assert_cmpstr (qs_target_get_host (target), ==, good[i].host);
      g_assert_cmpuint (qs_target_get_port (target), ==, good[i].port);
      g_assert_cmpstr (qs_target_get_path (target), ==, good[i].path);
      g_assert_cmpstr (qs_target_to_string (target), ==, good[i].full);
    }
}

static void
test_bad (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (QsTarget) target = qs_target_new (bad[i], &error);
      if (target != NULL)
        g_test_message ("taken: %s", bad[i]);
      g_assert_null (target);
      g_assert_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET);
      /* A sentence fit for a terminal. */
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_null (strchr (error->message, '\x1b'));
    }
}

static void
test_literal (void)
{
  g_autoptr (QsTarget) address = qs_target_new ("127.0.0.1", NULL);
  g_autoptr (QsTarget) name = qs_target_new ("localhost", NULL);
  g_autoptr (QsTarget) https = qs_target_new ("https://localhost", NULL);

  g_assert_true (qs_target_is_literal (address));
  g_assert_false (qs_target_is_literal (name));
  g_assert_cmpstr (qs_target_get_default_alpn (https)[0], ==, "h3");
  g_assert_null (qs_target_get_default_alpn (https)[1]);
  g_assert_cmpstr (qs_target_get_default_alpn (name)[1], ==, "hq-interop");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/target/good", test_good);
  g_test_add_func ("/target/bad", test_bad);
  g_test_add_func ("/target/literal", test_literal);
  return g_test_run ();
}
