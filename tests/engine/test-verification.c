/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom a run takes for its server: every cell of mode x transport x trust x kept session x SNI x -k, against a server of this process.
 * Each cell's right value comes from two short functions below, which know nothing of how it is done. */
#include <glib/gstdio.h>
#include <openssl/x509_vfy.h>
#include <string.h>

#include "cert-kit.h"
#include "engine/qs-trust.h"
#include "runner.h"

typedef enum { TRUST_GOOD, TRUST_OTHER, TRUST_NONE, TRUST_SYSTEM, N_TRUSTS } Trust;
/* What became of the server since its session was kept; OF_OTHER_NAME: it was kept under another of its names. */
typedef enum {
  SESSION_NONE,
  SESSION_FRESH,
  SESSION_REVOKED,
  SESSION_EXPIRED,
  SESSION_OF_OTHER_NAME,
  N_SESSIONS
} Session;

static const char *const trust_names[] = { "good", "other", "none", "system" };
static const char *const session_names[] = { "none", "fresh", "revoked", "expired", "of other name" };

/* option: --sni. verified: what the certificate must be for. */
static const struct {
  const char *option, *verified;
  gboolean in_certificate;
} names[] = {
  { NULL, "localhost", TRUE }, { "second.test", "second.test", TRUE }, { "wrong.test", "wrong.test", FALSE },
  { "", "localhost", TRUE },   { "LocalHost.", "localhost", TRUE },
};

typedef struct {
  Trust trust;
  Session session;
  guint name;
  gboolean insecure;
  QsMode mode;
  const char *scheme;
} Cell;

/* The certificates, and one server that shows them, for all cells. */
static struct {
  char *folder;
  Kit *root, *intermediate, *leaf, *other_root, *expired_root;
  QsServer *server;
  guint16 port;
} world;

/* --- Right values --- */

/* OpenSSL's order: chain, name, revocation, dates. */
static int
right_verdict (const Cell *cell)
{
  if (cell->trust == TRUST_OTHER || cell->trust == TRUST_NONE)
    return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
  if (!names[cell->name].in_certificate)
    return X509_V_ERR_HOSTNAME_MISMATCH;
  if (cell->session == SESSION_REVOKED)
    return X509_V_ERR_CERT_REVOKED;
  return cell->session == SESSION_EXPIRED ? X509_V_ERR_CERT_HAS_EXPIRED : X509_V_OK;
}

/* All sessions but one are of localhost. */
static gboolean
right_offer (const Cell *cell)
{
  const char *kept_for = cell->session == SESSION_OF_OTHER_NAME ? "second.test" : "localhost";

  return cell->session != SESSION_NONE && right_verdict (cell) == X509_V_OK &&
         g_str_equal (names[cell->name].verified, kept_for);
}

/* --- The world --- */

static char *
path_of (const char *name)
{
  return g_build_filename (world.folder, name, NULL);
}

static void
write_file (const char *name, const char *first, const char *second)
{
  g_autofree char *path = path_of (name);
  g_autofree char *text = g_strconcat (first, second, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static Kit *
make_ca (const char *subject, const Kit *issuer, const Kit *key_of, gint64 until)
{
  static const char *const extensions[] = {
    "basicConstraints", "critical,CA:TRUE", "keyUsage", "keyCertSign, cRLSign", "subjectKeyIdentifier", "hash", NULL
  };

  return kit_new (&(KitSpec){
      .subject = subject, .issuer = issuer, .key_of = key_of, .not_after = until, .extensions = extensions });
}

static void
make_certificates (void)
{
  static const char *const extensions[] = { "subjectAltName", "DNS:localhost, DNS:second.test, IP:127.0.0.1",
                                            "extendedKeyUsage", "serverAuth", NULL };

  world.root = make_ca ("Root", NULL, NULL, 0);
  world.expired_root = make_ca ("Root", NULL, world.root, 1600000000);
  world.other_root = make_ca ("Other root", NULL, NULL, 0);
  world.intermediate = make_ca ("Intermediate", world.root, NULL, 0);
  world.leaf = kit_new (&(KitSpec){ .subject = "leaf", .issuer = world.intermediate, .extensions = extensions });

  g_autofree char *leaf = kit_dup_pem (world.leaf);
  g_autofree char *intermediate = kit_dup_pem (world.intermediate);
  g_autofree char *key = kit_dup_key_pem (world.leaf);
  g_autofree char *root = kit_dup_pem (world.root);
  g_autofree char *expired = kit_dup_pem (world.expired_root);
  g_autofree char *other = kit_dup_pem (world.other_root);
  g_autofree char *list = kit_revoke (world.intermediate, world.leaf);
  g_autofree char *upper_list = kit_revoke (world.root, world.intermediate);
  write_file ("chain.pem", leaf, intermediate);
  write_file ("leaf.key", key, NULL);
  write_file ("good.pem", root, NULL);
  write_file ("good-revoked.pem", root, list);
  write_file ("good-intermediate-revoked.pem", root, upper_list);
  write_file ("good-expired.pem", expired, NULL);
  write_file ("other.pem", other, NULL);
  write_file ("other-revoked.pem", other, list);
  write_file ("other-expired.pem", other, NULL);
}

static void
start_server (void)
{
  g_autoptr (QsServerOptions) options = qs_server_options_new ();
  g_autoptr (GError) error = NULL;

  options->cert_file = path_of ("chain.pem");
  options->key_file = path_of ("leaf.key");
  world.server = qs_server_new (options);
  qs_server_start (world.server, &error);
  g_assert_no_error (error);
  world.port = qs_server_get_port (world.server);
}

static void
world_init (void)
{
  world.folder = g_dir_make_tmp ("quicscope-verification-XXXXXX", NULL);
  g_assert_nonnull (world.folder);
  g_setenv ("SSL_CERT_DIR", world.folder, TRUE); /* no hashed names there */
  make_certificates ();
  start_server ();
}

static void
world_clear (void)
{
  g_autoptr (GDir) folder = g_dir_open (world.folder, 0, NULL);

  qs_server_stop (world.server);
  g_clear_object (&world.server);
  for (const char *name; (name = g_dir_read_name (folder)) != NULL;)
    {
      g_autofree char *path = path_of (name);
      g_unlink (path);
    }
  g_rmdir (world.folder);
  g_free (world.folder);
  kit_free (world.root);
  kit_free (world.expired_root);
  kit_free (world.other_root);
  kit_free (world.intermediate);
  kit_free (world.leaf);
}

/* --- A run --- */

static QsProbeOptions *
make_options (QsMode mode, const char *ca_name, const char *sni, gboolean insecure)
{
  QsProbeOptions *options = qs_probe_options_new ();

  options->mode = mode;
  options->ca_file = *ca_name != '\0' ? path_of (ca_name) : g_strdup ("");
  options->sni = g_strdup (sni);
  options->insecure = insecure;
  options->family = G_SOCKET_FAMILY_IPV4;
  options->timeout_ms = 30000;
  options->tickets = qs_ticket_jar_new ();
  return options;
}

static QsProbe *
run (const char *scheme, const char *host, QsProbeOptions *options)
{
  g_autofree char *text = g_strdup_printf ("%s://%s:%u/bytes/5", scheme, host, world.port);
  g_autoptr (GError) error = NULL;
  g_autoptr (QsTarget) target = qs_target_new (text, &error);

  g_assert_no_error (error);
  QsProbe *probe = qs_probe_new (target, options);
  run_probe (probe);
  return probe;
}

/* A session of the server, as a file. */
static char *
keep_session (const char *scheme, const char *sni)
{
  g_autoptr (QsProbeOptions) options = make_options (QS_MODE_NONBLOCKING, "good.pem", sni, FALSE);
  g_autoptr (QsProbe) probe = run (scheme, "localhost", options);
  g_autoptr (GError) error = NULL;
  g_autofree char *path = path_of ("session.pem");
  char *text = NULL;

  assert_succeeded (probe);
  g_assert_false (qs_ticket_jar_is_empty (options->tickets));
  qs_ticket_jar_save (options->tickets, path, &error);
  g_assert_no_error (error);
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static void
put_session (QsProbeOptions *options, const char *text)
{
  g_autofree char *path = path_of ("session.pem");
  g_autoptr (GError) error = NULL;

  write_file ("session.pem", text, NULL);
  qs_ticket_jar_load (options->tickets, path, &error);
  g_assert_no_error (error);
}

static gboolean
is_resumed (QsProbe *probe)
{
  const char *fact = qs_trace_get_fact (qs_probe_get_trace (probe), "tls.resumed");

  g_assert_nonnull (fact);
  return g_str_equal (fact, "yes");
}

static void
check_session (QsProbe *probe, gboolean kept, gboolean offered)
{
  const char *fact = qs_trace_get_fact (qs_probe_get_trace (probe), "tls.session");

  g_assert_cmpstr (fact, ==, !kept ? NULL : offered ? "offered" : "not offered");
  if (qs_probe_get_succeeded (probe))
    g_assert_true (is_resumed (probe) == offered);
}

/* A full handshake tells what is wrong, overruled or not. */
static void
check_verdict (QsProbe *probe, int right, gboolean insecure)
{
  const QsMark *verify = find_mark (probe, QS_MARK_VERIFY, NULL);

  if (verify == NULL || verify->value != right)
    dump_marks (probe);
  g_assert_nonnull (verify);
  g_assert_cmpint (verify->value, ==, right);
  g_assert_true (qs_probe_get_succeeded (probe) == (right == X509_V_OK || insecure));
}

/* --- The table --- */

static char *
ca_name (const Cell *cell)
{
  const char *since = cell->session == SESSION_REVOKED   ? "-revoked"
                      : cell->session == SESSION_EXPIRED ? "-expired"
                                                         : "";

  if (cell->trust == TRUST_NONE)
    return g_strdup ("");
  return g_strdup_printf ("%s%s.pem", cell->trust == TRUST_OTHER ? "other" : "good", since);
}

static QsProbeOptions *
options_of_cell (const Cell *cell)
{
  g_autofree char *name = ca_name (cell);
  QsProbeOptions *options = make_options (cell->mode, name, names[cell->name].option, cell->insecure);

  if (cell->trust != TRUST_SYSTEM)
    return options;
  g_setenv ("SSL_CERT_FILE", options->ca_file, TRUE);
  g_clear_pointer (&options->ca_file, g_free);
  return options;
}

static void
check_cell (const Cell *cell, const char *session)
{
  g_autoptr (QsProbeOptions) options = options_of_cell (cell);
  gboolean offered = right_offer (cell);

  if (cell->session != SESSION_NONE)
    put_session (options, session);
  g_autoptr (QsProbe) probe = run (cell->scheme, "localhost", options);
  g_test_message ("%s, %s, trust %s, session %s, SNI %s%s", qs_mode_name (cell->mode), cell->scheme,
                  trust_names[cell->trust], session_names[cell->session],
                  names[cell->name].option != NULL ? names[cell->name].option : "(default)",
                  cell->insecure ? ", insecure" : "");
  check_session (probe, cell->session != SESSION_NONE, offered);
  if (!offered)
    check_verdict (probe, right_verdict (cell), cell->insecure);
  else
    assert_succeeded (probe);
}

typedef struct {
  QsMode mode;
  const char *scheme;
} Half;

static void
test_table (gconstpointer data)
{
  const Half *half = data;
  g_autofree char *fresh = keep_session (half->scheme, NULL);
  g_autofree char *of_other = keep_session (half->scheme, "second.test");
  Cell cell = { .mode = half->mode, .scheme = half->scheme };

  for (cell.trust = 0; cell.trust < N_TRUSTS; cell.trust++)
    for (cell.session = 0; cell.session < N_SESSIONS; cell.session++)
      for (cell.name = 0; cell.name < G_N_ELEMENTS (names); cell.name++)
        for (guint insecure = 0; insecure < 2; insecure++)
          {
            cell.insecure = insecure != 0;
            check_cell (&cell, cell.session == SESSION_OF_OTHER_NAME ? of_other : fresh);
          }
}

/* --- Sessions of elsewhere --- */

/* text with its first line replaced; NULL: dropped, as another program writes it. */
static char *
with_origin (const char *text, const char *origin)
{
  const char *rest = strchr (text, '\n') + 1;

  g_assert_true (g_str_has_prefix (text, "Session of: "));
  return origin != NULL ? g_strdup_printf ("Session of: %s\n%s", origin, rest) : g_strdup (rest);
}

static void
check_session_text (const char *scheme, const char *host, const char *text, gboolean offered, int right)
{
  g_autoptr (QsProbeOptions) options = make_options (QS_MODE_NONBLOCKING, "good.pem", NULL, FALSE);

  put_session (options, text);
  g_autoptr (QsProbe) probe = run (scheme, host, options);
  check_session (probe, TRUE, offered);
  if (!offered)
    check_verdict (probe, right, FALSE);
}

static void
test_origin (void)
{
  g_autofree char *quic = keep_session ("quic", NULL);
  g_autofree char *tls = keep_session ("tls", NULL);
  g_autofree char *of_tls = with_origin (quic, "tls://localhost:1");
  g_autofree char *of_port = with_origin (quic, "quic://localhost:1");
  g_autofree char *unknown = with_origin (quic, NULL);
  g_autofree char *own = g_strdup_printf ("quic://localhost:%u", world.port);
  g_autofree char *same = with_origin (quic, own);

  check_session_text ("quic", "localhost", quic, TRUE, X509_V_OK);
  check_session_text ("quic", "localhost", same, TRUE, X509_V_OK);
  check_session_text ("quic", "localhost.", quic, TRUE, X509_V_OK);
  check_session_text ("quic", "localhost", unknown, TRUE, X509_V_OK);
  check_session_text ("quic", "localhost", tls, FALSE, X509_V_OK);
  check_session_text ("tls", "localhost", quic, FALSE, X509_V_OK);
  check_session_text ("quic", "localhost", of_tls, FALSE, X509_V_OK);
  check_session_text ("quic", "localhost", of_port, FALSE, X509_V_OK);
  check_session_text ("quic", "127.0.0.1", quic, FALSE, X509_V_OK);
  check_session_text ("quic", "127.0.0.1", unknown, TRUE, X509_V_OK);
}

/* Another program's file says neither what it is of nor what the chain was. */
static void
test_without_chain (void)
{
  g_autofree char *text = keep_session ("quic", NULL);
  char *above = strstr (text, "-----BEGIN CERTIFICATE-----");

  g_assert_nonnull (above);
  *above = '\0';
  check_session_text ("quic", "localhost", text, FALSE, X509_V_OK);
}

/* An unverified session is not kept; one that has been kept some other way is not offered with -k either. */
static void
test_insecure_keeps_nothing (void)
{
  static const char *const schemes[] = { "quic", "tls" };

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      g_autoptr (QsProbeOptions) options = make_options (QS_MODE_NONBLOCKING, "other.pem", NULL, TRUE);
      g_autoptr (QsProbe) probe = run (schemes[i], "localhost", options);
      assert_succeeded (probe);
      g_assert_true (qs_ticket_jar_is_empty (options->tickets));
    }
}

/* Where the session came from a resumed handshake, which shows no chain, it has the chain all the same. */
static void
test_kept_again (void)
{
  g_autofree char *text = keep_session ("quic", NULL);
  g_autoptr (QsProbeOptions) options = make_options (QS_MODE_NONBLOCKING, "good.pem", NULL, FALSE);

  put_session (options, text);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (QsProbe) probe = run ("quic", "localhost", options);
      check_session (probe, TRUE, TRUE);
    }
  g_autoptr (QsProbeOptions) revoked = make_options (QS_MODE_NONBLOCKING, "good-revoked.pem", NULL, FALSE);
  g_clear_pointer (&revoked->tickets, qs_ticket_jar_unref);
  revoked->tickets = qs_ticket_jar_ref (options->tickets);
  g_autoptr (QsProbe) probe = run ("quic", "localhost", revoked);
  check_session (probe, TRUE, FALSE);
  check_verdict (probe, X509_V_ERR_CERT_REVOKED, FALSE);
}

/* --- Lists --- */

/* Those that are there count, of each CA of the chain; one that is not there is no error. */
static void
test_lists (void)
{
  static const struct {
    const char *file;
    int right;
  } cases[] = {
    { "good-revoked.pem", X509_V_ERR_CERT_REVOKED },
    { "good-intermediate-revoked.pem", X509_V_ERR_CERT_REVOKED },
    { "good-empty-list.pem", X509_V_OK },
  };
  g_autofree char *root = kit_dup_pem (world.root);
  g_autofree char *empty = kit_revoke (world.root, NULL);

  write_file ("good-empty-list.pem", root, empty);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (QsProbeOptions) options = make_options (QS_MODE_NONBLOCKING, cases[i].file, NULL, FALSE);
      g_autoptr (QsProbe) probe = run ("quic", "localhost", options);
      check_verdict (probe, cases[i].right, FALSE);
    }
}

/* --- Names and files that are none --- */

static void
check_refused (const char *sni, const char *ca_file, int code)
{
  g_autoptr (QsProbeOptions) options = make_options (QS_MODE_NONBLOCKING, "good.pem", sni, FALSE);
  g_autoptr (QsTarget) target = qs_target_new ("quic://localhost:1", NULL);
  g_autoptr (GError) error = NULL;

  if (ca_file != NULL)
    {
      g_free (options->ca_file);
      options->ca_file = g_strdup (ca_file);
    }
  g_autoptr (QsProbe) probe = qs_probe_new (target, options);
  g_assert_false (qs_probe_prepare (probe, &error));
  g_assert_error (error, QS_ERROR, code);
}

static void
test_names (void)
{
  static const char *const none[] = { ".test", ".",         "*.test",    "127.0.0.1", "127.0.0.1.",
                                      "::1",   "[::1]",     "a..b.test", "a b.test",  "host:443",
                                      "*",     "\xff.test", "localhost/" };
  g_autofree char *idn = qs_server_name_new ("B\u00fccher.example.", NULL);

  g_assert_cmpstr (idn, ==, "xn--bcher-kva.example");
  for (guint i = 0; i < G_N_ELEMENTS (none); i++)
    {
      g_assert_null (qs_server_name_new (none[i], NULL));
      check_refused (none[i], NULL, QS_ERROR_INVALID_TARGET);
    }
}

static void
test_files (void)
{
  g_autofree char *empty = path_of ("empty.pem");
  g_autofree char *missing = path_of ("missing.pem");

  write_file ("empty.pem", "", NULL);
  check_refused (NULL, empty, QS_ERROR_SSL);
  check_refused (NULL, missing, QS_ERROR_SSL);
  check_refused (NULL, world.folder, QS_ERROR_SSL);
  check_refused (NULL, "/dev/zero", QS_ERROR_SSL);
}

/* A file is read once, and again when it says something else. */
static void
test_file_again (void)
{
  g_autofree char *path = path_of ("changes.pem");
  g_autofree char *root = kit_dup_pem (world.root);
  g_autofree char *other = kit_dup_pem (world.other_root);

  write_file ("changes.pem", root, NULL);
  X509_STORE *first = qs_trust_load (path, NULL), *again = qs_trust_load (path, NULL);
  g_assert_nonnull (first);
  g_assert_true (first == again);
  g_assert_cmpint (sk_X509_OBJECT_num (X509_STORE_get0_objects (first)), ==, 1);
  write_file ("changes.pem", root, other);
  X509_STORE *changed = qs_trust_load (path, NULL);
  g_assert_true (changed != first);
  g_assert_cmpint (sk_X509_OBJECT_num (X509_STORE_get0_objects (changed)), ==, 2);
  g_unlink (path);
  g_assert_null (qs_trust_load (path, NULL));
  X509_STORE_free (first);
  X509_STORE_free (again);
  X509_STORE_free (changed);
}

int
main (int argc, char **argv)
{
  static const QsMode modes[] = { QS_MODE_NONBLOCKING, QS_MODE_BLOCKING, QS_MODE_THREAD_ASSISTED };
  static const char *const schemes[] = { "quic", "tls" };
  static Half halves[G_N_ELEMENTS (modes) * G_N_ELEMENTS (schemes)];

  g_test_init (&argc, &argv, NULL);
  world_init ();
  for (guint i = 0; i < G_N_ELEMENTS (halves); i++)
    {
      halves[i] = (Half){ modes[i / 2], schemes[i % 2] };
      g_autofree char *path = g_strdup_printf ("/verification/%s/%s", qs_mode_name (halves[i].mode), halves[i].scheme);
      g_test_add_data_func (path, &halves[i], test_table);
    }
  g_test_add_func ("/verification/origin", test_origin);
  g_test_add_func ("/verification/without-chain", test_without_chain);
  g_test_add_func ("/verification/insecure-keeps-nothing", test_insecure_keeps_nothing);
  g_test_add_func ("/verification/kept-again", test_kept_again);
  g_test_add_func ("/verification/lists", test_lists);
  g_test_add_func ("/verification/names", test_names);
  g_test_add_func ("/verification/files", test_files);
  g_test_add_func ("/verification/file-again", test_file_again);
  int status = g_test_run ();
  world_clear ();
  return status;
}
