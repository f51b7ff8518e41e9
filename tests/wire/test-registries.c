/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of names against a copy of IANA's registries (data/iana.txt). */
#include <string.h>

#include "wire/qs-frame.h"
#include "wire/qs-http3.h"
#include "wire/qs-names.h"
#include "wire/qs-packet.h"
#include "wire/qs-transport-parameters.h"

static const char *
frame_name (guint64 value)
{
  return qs_frame_is_known (value) ? qs_frame_type_name (value) : NULL;
}

static const char *
parameter_name (guint64 value)
{
  const QsTransportParameterInfo *info = qs_transport_parameter_info (value);

  return info != NULL ? info->name : NULL;
}

static const char *
extension_name (guint64 value)
{
  return qs_tls_extension_name ((guint16) value);
}

static const char *
alert_name (guint64 value)
{
  return qs_tls_alert_name ((guint8) value);
}

static const char *
group_name (guint64 value)
{
  return qs_tls_group_name ((guint16) value);
}

static const char *
signature_name (guint64 value)
{
  return qs_tls_signature_scheme_name ((guint16) value);
}

static const char *
suite_name (guint64 value)
{
  return qs_tls_cipher_suite_name ((guint16) value);
}

/* The name must be there, and be the registry's but for these, which have more than one. */
static const struct {
  const char *registry;
  const char *(*name) (guint64 value);
  gboolean literally;
} registries[] = {
  { "transport-parameter", parameter_name, TRUE },
  { "frame", frame_name, TRUE },
  { "transport-error", qs_quic_transport_error_name, TRUE },
  { "http3-frame", qs_http3_frame_type_name, TRUE },
  { "http3-setting", qs_http3_setting_name, TRUE },
  { "http3-error", qs_http3_error_name, TRUE },
  { "http3-stream", qs_http3_stream_type_name, FALSE },
  { "tls-extension", extension_name, TRUE },
  { "tls-alert", alert_name, TRUE },
  { "tls-group", group_name, TRUE },
  { "tls-signature", signature_name, TRUE },
  { "tls-suite", suite_name, TRUE },
};

static const struct {
  const char *registered, *ours;
} other_names[] = {
  { "google handshake message", "google_handshake_message" },
};

static const char *
our_name_of (const char *registered)
{
  for (guint i = 0; i < G_N_ELEMENTS (other_names); i++)
    {
      if (g_str_equal (other_names[i].registered, registered))
        return other_names[i].ours;
    }
  return registered;
}

static gboolean
check_value (guint registry, guint64 value, const char *registered)
{
  const char *name = registries[registry].name (value);
  gboolean good = name != NULL && (!registries[registry].literally || g_str_equal (name, our_name_of (registered)));

  if (!good)
    g_test_message ("%s 0x%" G_GINT64_MODIFIER "x: %s here, %s at IANA", registries[registry].registry, value,
                    name != NULL ? name : "nothing", registered);
  return good;
}

static guint
check_row (char **columns)
{
  g_auto (GStrv) range = g_strsplit (columns[1], "-", 2);
  guint64 first = g_ascii_strtoull (range[0], NULL, 0);
  guint64 last = range[1] != NULL ? g_ascii_strtoull (range[1], NULL, 0) : first;
  guint n_bad = 0;

  if (last >= G_GUINT64_CONSTANT (1) << 62) /* registered all the same: no variable-length integer can hold it */
    return 0;
  for (guint i = 0; i < G_N_ELEMENTS (registries); i++)
    {
      if (!g_str_equal (registries[i].registry, columns[0]))
        continue;
      n_bad += !check_value (i, first, columns[2]);
      n_bad += last != first && !check_value (i, last, columns[2]);
    }
  return n_bad;
}

static void
test_names (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "iana.txt", NULL);
  g_autofree char *text = NULL;
  guint n_bad = 0, n_rows = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) columns = g_strsplit (lines[i], "\t", 3);
      if (lines[i][0] == '#' || g_strv_length (columns) != 3)
        continue;
      n_bad += check_row (columns);
      n_rows++;
    }
  g_assert_cmpuint (n_rows, >, 600);
  g_assert_cmpuint (n_bad, ==, 0);
}

static void
test_versions (void)
{
  static const struct {
    guint32 version;
    const char *name;
    gboolean readable;
    guint draft;
  } rows[] = {
    { 1, "1", TRUE, 0 },
    { 0x6b3343cf, "2 (RFC 9369)", TRUE, 0 },
    { QS_QUIC_DRAFT (21), "draft-21", FALSE, 0 },
    { QS_QUIC_DRAFT (22), "draft-22", TRUE, 22 },
    { QS_QUIC_DRAFT (34), "draft-34", TRUE, 34 },
    { QS_QUIC_DRAFT (35), "0xff000023", FALSE, 0 },
    { 0xfaceb001, "mvfst (draft-22)", TRUE, 22 },
    { 0xfaceb002, "mvfst (draft-27)", TRUE, 27 },
    { 0xfaceb000, "mvfst 0xfaceb000", FALSE, 0 },
    { 0x45474716, "quant 0x45474716", FALSE, 0 },
    { 0x51303433, "Google Q043", FALSE, 0 },
    { 0x51303436, "Google Q046", FALSE, 0 },
    { 0x51303530, "Google Q050", FALSE, 0 },
    { 0x54303530, "Google T050 (draft-27)", TRUE, 27 },
    { 0x54303531, "Google T051 (draft-29)", TRUE, 29 },
    { 0x51303339, "Google Q039", FALSE, 0 },
    { 0x5130333a, "0x5130333a", FALSE, 0 },
    { 0x6f7dc0fd, "SCONE", FALSE, 0 },
    { 0xef7dc0fd, "SCONE", FALSE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *name = qs_quic_version_name (rows[i].version);
      g_assert_cmpstr (name, ==, rows[i].name);
      g_assert_true (qs_quic_version_is_readable (rows[i].version) == rows[i].readable);
      g_assert_cmpuint (qs_quic_version_draft (rows[i].version), ==, rows[i].draft);
    }
}

/* Q043 and older: flags, connection id, version. */
static void
test_google_header (void)
{
  guint8 packet[] = { 0x0d, 1, 2, 3, 4, 5, 6, 7, 8, 'Q', '0', '4', '3', 0x01 };
  guint32 version;
  QsSpan cid;

  g_assert_true (qs_google_header_parse (QS_SPAN (packet, sizeof packet), &version, &cid));
  g_assert_cmpuint (version, ==, 0x51303433);
  g_assert_true (qs_span_equal (cid, QS_SPAN (packet + 1, 8)));
  g_assert_false (qs_google_header_parse (QS_SPAN (packet, 12), &version, &cid));
  packet[0] = 0x0c; /* no version */
  g_assert_false (qs_google_header_parse (QS_SPAN (packet, sizeof packet), &version, &cid));
  packet[0] = 0x0d;
  packet[9] = 'X';
  g_assert_false (qs_google_header_parse (QS_SPAN (packet, sizeof packet), &version, &cid));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/registries/names", test_names);
  g_test_add_func ("/registries/versions", test_versions);
  g_test_add_func ("/registries/google-header", test_google_header);
  return g_test_run ();
}
