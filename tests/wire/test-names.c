/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib.h>

#include "wire/qs-http3.h"
#include "wire/qs-names.h"
#include "wire/qs-transport-parameters.h"

static void
test_tls (void)
{
  g_assert_cmpstr (qs_tls_handshake_type_name (1), ==, "client_hello");
  g_assert_cmpstr (qs_tls_handshake_type_name (254), ==, "message_hash");
  g_assert_null (qs_tls_handshake_type_name (99));
  g_assert_cmpstr (qs_tls_extension_name (0), ==, "server_name");
  g_assert_cmpstr (qs_tls_extension_name (57), ==, "quic_transport_parameters");
  g_assert_cmpstr (qs_tls_extension_name (65281), ==, "renegotiation_info");
  g_assert_cmpstr (qs_tls_extension_name (0x2a2a), ==, "GREASE");
  g_assert_null (qs_tls_extension_name (0x2a3a));
  g_assert_cmpstr (qs_tls_version_name (0x0304), ==, "TLS 1.3");
  g_assert_cmpstr (qs_tls_version_name (0x7f1c), ==, "TLS 1.3 draft-28");
  g_assert_null (qs_tls_version_name (0x0505));
  g_assert_cmpstr (qs_tls_cipher_suite_name (0x1301), ==, "TLS_AES_128_GCM_SHA256");
  g_assert_cmpstr (qs_tls_cipher_suite_name (0xcca8), ==, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");
  g_assert_cmpstr (qs_tls_cipher_suite_name (0x00ff), ==, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV");
  g_assert_null (qs_tls_cipher_suite_name (0xfff0));
  g_assert_cmpstr (qs_tls_group_name (29), ==, "x25519");
  g_assert_cmpstr (qs_tls_group_name (0x11ec), ==, "X25519MLKEM768");
  g_assert_cmpstr (qs_tls_group_name (0x11eb), ==, "SecP256r1MLKEM768");
  g_assert_cmpstr (qs_tls_signature_scheme_name (0x0403), ==, "ecdsa_secp256r1_sha256");
  g_assert_cmpstr (qs_tls_signature_scheme_name (0x0905), ==, "mldsa65");
  g_assert_true (qs_tls_is_grease (0xfafa));
  g_assert_false (qs_tls_is_grease (0xfaba));
}

/* The tables are searched by halves: one row out of order would hide others. */
static void
test_tables_are_in_order (void)
{
  guint n_suites = 0, n_extensions = 0, n_groups = 0, n_schemes = 0, n_alerts = 0, n_versions = 0;

  for (guint i = 0; i <= G_MAXUINT16; i++)
    {
      if (qs_tls_is_grease ((guint16) i))
        continue;
      n_suites += qs_tls_cipher_suite_name ((guint16) i) != NULL;
      n_extensions += qs_tls_extension_name ((guint16) i) != NULL;
      n_groups += qs_tls_group_name ((guint16) i) != NULL;
      n_schemes += qs_tls_signature_scheme_name ((guint16) i) != NULL;
      n_versions += qs_tls_version_name ((guint16) i) != NULL;
      n_alerts += i < 256 && qs_tls_alert_name ((guint8) i) != NULL;
    }
  /* How many rows there are: a row that cannot be found is missing from these sums. */
  g_assert_cmpuint (n_suites, ==, 387);
  g_assert_cmpuint (n_extensions, ==, 71);
  g_assert_cmpuint (n_groups, ==, 59);
  g_assert_cmpuint (n_schemes, ==, 57);
  g_assert_cmpuint (n_versions, ==, 41);
  g_assert_cmpuint (n_alerts, ==, 37);
}

static void
test_alerts (void)
{
  for (guint i = 0; i < 256; i++)
    {
      const char *name = qs_tls_alert_name ((guint8) i);
      const char *meaning = qs_tls_alert_meaning ((guint8) i);
      g_assert_true ((name != NULL) == (meaning != NULL));
      if (meaning != NULL)
        g_assert_true (g_str_has_suffix (meaning, "."));
    }
  g_assert_cmpstr (qs_tls_alert_name (120), ==, "no_application_protocol");
  g_assert_cmpstr (qs_tls_alert_name (0), ==, "close_notify");
}

static void
test_errors (void)
{
  for (guint64 code = 0; code < 0x300; code++)
    {
      g_assert_true ((qs_quic_transport_error_name (code) != NULL) == (qs_quic_transport_error_meaning (code) != NULL));
      if (qs_http3_error_name (code) != NULL)
        g_assert_nonnull (qs_http3_error_meaning (code));
    }
  g_assert_cmpstr (qs_quic_transport_error_name (0x0a), ==, "PROTOCOL_VIOLATION");
  g_assert_cmpstr (qs_quic_transport_error_name (0x11), ==, "VERSION_NEGOTIATION_ERROR");
  g_assert_cmpstr (qs_quic_transport_error_name (0x1ff), ==, "CRYPTO_ERROR");
  g_assert_null (qs_quic_transport_error_name (0x200));
  g_assert_null (qs_quic_transport_error_name (0x12));
  g_assert_cmpstr (qs_quic_transport_error_meaning (0x178), ==, qs_tls_alert_meaning (120));
  g_assert_nonnull (qs_quic_transport_error_meaning (0x1fe));
  g_assert_cmpstr (qs_http3_error_name (0x10c), ==, "H3_REQUEST_CANCELLED");
  g_assert_cmpstr (qs_http3_error_name (0x201), ==, "QPACK_ENCODER_STREAM_ERROR");
  g_assert_null (qs_http3_error_name (0x21));
  g_assert_nonnull (qs_http3_error_meaning (0x21 + 0x1f * 1000));
}

static void
test_close_codes (void)
{
  static const struct {
    gboolean application;
    guint64 code;
    const char *alpn;
    const char *text;
  } rows[] = {
    { FALSE, 0x178, NULL, "CRYPTO_ERROR 0x178 (no_application_protocol)" },
    { FALSE, 0x1fe, NULL, "CRYPTO_ERROR 0x1fe" },
    { FALSE, 0x03, "h3", "FLOW_CONTROL_ERROR (0x3)" },
    { FALSE, 0x1234, "h3", "0x1234" },
    { TRUE, 0x100, "h3", "H3_NO_ERROR (0x100)" },
    { TRUE, 0x100, "h3-29", "H3_NO_ERROR (0x100)" },
    { TRUE, 0x100, "hq-interop", "0x100" },
    { TRUE, 0x100, NULL, "0x100" },
    { TRUE, 0x03, "h3", "0x3" },
    { FALSE, G_MAXUINT64, NULL, "0xffffffffffffffff" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = qs_close_code_describe (rows[i].application, rows[i].code, rows[i].alpn);
      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

static void
test_http3 (void)
{
  g_assert_cmpstr (qs_http3_frame_type_name (0x04), ==, "SETTINGS");
  g_assert_cmpstr (qs_http3_frame_type_name (0xf0700), ==, "PRIORITY_UPDATE");
  g_assert_cmpstr (qs_http3_frame_type_name (0x21), ==, "GREASE");
  g_assert_null (qs_http3_frame_type_name (0x02));
  g_assert_cmpstr (qs_http3_stream_type_name (0x02), ==, "QPACK encoder");
  g_assert_cmpstr (qs_http3_setting_name (0x33), ==, "SETTINGS_H3_DATAGRAM");
  g_assert_cmpstr (qs_http3_setting_name (0xc671706a), ==, "SETTINGS_WEBTRANSPORT_MAX_SESSIONS");
  g_assert_null (qs_http3_setting_name (0x02));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/names/tls", test_tls);
  g_test_add_func ("/wire/names/order", test_tables_are_in_order);
  g_test_add_func ("/wire/names/alerts", test_alerts);
  g_test_add_func ("/wire/names/errors", test_errors);
  g_test_add_func ("/wire/names/close-codes", test_close_codes);
  g_test_add_func ("/wire/names/http3", test_http3);
  return g_test_run ();
}
