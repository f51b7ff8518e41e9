/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/quicprobe-options.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "cli/qs-cli.h"
#include "cli/quicprobe-batch-options.h"
#include "doctor/qs-doctor.h"
#include "formats/qs-input.h"
#include "net/qs-https-lookup.h"
#include "net/qs-impairment.h"

#define MAX_TIMEOUT_S 86400
#define KEPT (64 * 1024) /* of the answer: it goes to a file or to the standard output as it comes */
/* Of a run that writes no file, bytes. */
#define LITTLE_PAYLOAD (4 << 20)
#define LITTLE_BUDGET (24 << 20)

/* Where GOption puts what it reads; turned into QuicprobeOptions afterwards. */
static struct {
  char *alpn, *sni, *groups, *ciphersuites;
  char *cacert, *cert, *key;
  gboolean insecure, ipv4, ipv6;
  char **resolve;
  char *timeout, *max_time, *dns;
  char *send, *output, *mode, *impairment, *experiments;
  char *qlog, *pcapng, *report, *session;
  char **keylogs;
  char *read, *join, *connection, *compare, *filter;
  char *checks, *junit, *markdown, *baseline, *profile;
  gboolean examine, list_checks, own, why_not_h3;
  int http_port;
  gboolean trace, json, quiet, version, help;
} raw;

static const GOptionEntry offer_entries[] = {
  { "alpn", 0, 0, G_OPTION_ARG_STRING, &raw.alpn, N_ ("Application protocols to offer, the favourite first"),
    N_ ("A,B") },
  { "sni", 0, 0, G_OPTION_ARG_STRING, &raw.sni,
    N_ ("Server name to send and to verify, in place of the host; empty: none"), N_ ("NAME") },
  { "groups", 0, 0, G_OPTION_ARG_STRING, &raw.groups, N_ ("Key exchange groups, as “X25519:P-256”"), N_ ("LIST") },
  { "ciphersuites", 0, 0, G_OPTION_ARG_STRING, &raw.ciphersuites,
    N_ ("TLS 1.3 cipher suites, as “TLS_AES_128_GCM_SHA256”, with colons between"), N_ ("LIST") },
  { NULL },
};

static const GOptionEntry trust_entries[] = {
  { "cacert", 0, 0, G_OPTION_ARG_FILENAME, &raw.cacert,
    N_ ("Trust the CAs of this PEM file, and no others; lists of revoked certificates (CRL) in it count"),
    N_ ("FILE") },
  { "cert", 0, 0, G_OPTION_ARG_FILENAME, &raw.cert, N_ ("Certificate to show to the server, PEM with its chain"),
    N_ ("FILE") },
  { "key", 0, 0, G_OPTION_ARG_FILENAME, &raw.key, N_ ("Its key, PEM"), N_ ("FILE") },
  { "insecure", 'k', 0, G_OPTION_ARG_NONE, &raw.insecure,
    N_ ("Go on when the server's certificate does not verify; the error is reported all the same"), NULL },
  { NULL },
};

static const GOptionEntry path_entries[] = {
  { "4", '4', 0, G_OPTION_ARG_NONE, &raw.ipv4, N_ ("IPv4 only"), NULL },
  { "6", '6', 0, G_OPTION_ARG_NONE, &raw.ipv6, N_ ("IPv6 only"), NULL },
  { "resolve", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw.resolve,
    N_ ("Use this address for that host and port; may be given more than once"), N_ ("HOST:PORT:ADDR") },
  { "timeout", 0, 0, G_OPTION_ARG_STRING, &raw.timeout,
    N_ ("Give up after this time without progress (default 10). With experiments the verdict on a handshake or request "
        "that gets no answer stands after 5, unless more than 10 are asked for"),
    N_ ("SECONDS") },
  { "max-time", 0, 0, G_OPTION_ARG_STRING, &raw.max_time,
    N_ ("Give up after this time, whatever comes (default: never while there is progress)"), N_ ("SECONDS") },
  { "dns", 0, 0, G_OPTION_ARG_STRING, &raw.dns,
    N_ ("Ask this name server for HTTPS records, “none” for none (default: the system's, unless --resolve is given)"),
    N_ ("ADDR[:PORT]") },
  { "mode", 0, 0, G_OPTION_ARG_STRING, &raw.mode,
    N_ ("How the connection is driven: nonblocking (default), blocking or thread-assisted"), N_ ("MODE") },
  { "impair", 0, 0, G_OPTION_ARG_STRING, &raw.impairment,
    N_ ("Treat QUIC's datagrams as a bad path would, as “bad-wifi” or “loss=10%,delay=50ms”"), N_ ("RULES") },
  { "experiments", 0, 0, G_OPTION_ARG_STRING, &raw.experiments,
    N_ ("More attempts with one thing changed each, when the first fails: those that decide between the causes (auto, "
        "the "
        "default), all that can be made, or none; at most five, within 3 seconds"),
    N_ ("WHICH") },
  { NULL },
};

static const GOptionEntry data_entries[] = {
  { "session", 0, 0, G_OPTION_ARG_FILENAME, &raw.session,
    N_ ("Resume the session of this file, if there is one, and keep the newest ticket there"), N_ ("FILE") },
  { "send", 0, 0, G_OPTION_ARG_STRING, &raw.send, N_ ("Send this on the first stream, as it stands"), N_ ("TEXT") },
  { "output", 0, 0, G_OPTION_ARG_FILENAME, &raw.output,
    N_ ("Write the answer's body to this file (default: standard output, nowhere with --json)"), N_ ("FILE") },
  { NULL },
};

static const GOptionEntry file_entries[] = {
  { "qlog", 0, 0, G_OPTION_ARG_FILENAME, &raw.qlog, N_ ("Write the trace as qlog (.sqlog or .qlog), for qvis"),
    N_ ("FILE") },
  { "pcapng", 0, 0, G_OPTION_ARG_FILENAME, &raw.pcapng,
    N_ ("Write the trace as a capture with its secrets inside, for Wireshark"), N_ ("FILE") },
  { "report", 0, 0, G_OPTION_ARG_FILENAME, &raw.report,
    N_ ("Write all that was found, with --examine the card, with --compare what differs, as one HTML page"),
    N_ ("FILE.html") },
  { "keylog", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw.keylogs,
    N_ ("Write the secrets of the connection; with --read: secrets to open the file with, may be given more than once"),
    N_ ("FILE") },
  { NULL },
};

static const GOptionEntry read_entries[] = {
  { "read", 0, 0, G_OPTION_ARG_FILENAME, &raw.read,
    N_ ("Instead of a TARGET: report on a capture (pcapng, pcap) or a log (qlog); “-”: a capture that comes down a "
        "pipe"),
    N_ ("FILE") },
  { "connection", 0, 0, G_OPTION_ARG_STRING, &raw.connection,
    N_ ("The connection of this number; without it several are listed"), N_ ("N") },
  { "filter", 0, 0, G_OPTION_ARG_STRING, &raw.filter,
    N_ ("With --pcapng: just the packets that this leaves, as “from:server frame:crypto”"), N_ ("FILTER") },
  { "join", 0, 0, G_OPTION_ARG_FILENAME, &raw.join, N_ ("The other end's recording of the same connection"),
    N_ ("FILE") },
  { "compare", 0, 0, G_OPTION_ARG_FILENAME, &raw.compare,
    N_ ("Compare the run, or what was read, with another recording: what differs"), N_ ("FILE") },
  { NULL },
};

static const GOptionEntry card_entries[] = {
  { "examine", 0, 0, G_OPTION_ARG_NONE, &raw.examine,
    N_ ("The report card of TARGET: checks of what a QUIC server, or TLS over TCP, has to do, and a grade"), NULL },
  { "checks", 0, 0, G_OPTION_ARG_STRING, &raw.checks, N_ ("These checks or categories alone, as “F4,H1” or “frames”"),
    N_ ("LIST") },
  { "list-checks", 0, 0, G_OPTION_ARG_NONE, &raw.list_checks, N_ ("List the checks: id, category, title, reference"),
    NULL },
  { "own", 0, 0, G_OPTION_ARG_NONE, &raw.own,
    N_ ("The server is mine: send what no honest client sends to a public address too"), NULL },
  { "profile", 0, 0, G_OPTION_ARG_STRING, &raw.profile,
    N_ ("Whose server it is: public (default), or private: then whom it trusts lowers nothing"), N_ ("WHICH") },
  { "http-port", 0, 0, G_OPTION_ARG_INT, &raw.http_port,
    N_ ("Where the site speaks plain HTTP (default: 80 beside 443): whether it leads to https"), N_ ("PORT") },
  { "junit", 0, 0, G_OPTION_ARG_FILENAME, &raw.junit, N_ ("Write the card as JUnit's XML"), N_ ("FILE") },
  { "markdown", 0, 0, G_OPTION_ARG_FILENAME, &raw.markdown, N_ ("Write the card as Markdown, for a ticket"),
    N_ ("FILE") },
  { "baseline", 0, 0, G_OPTION_ARG_FILENAME, &raw.baseline,
    N_ ("An earlier card (--examine --json): what failed in it is no reason for exit status 1"), N_ ("FILE") },
  { NULL },
};

static const GOptionEntry doctor_entries[] = {
  { "why-not-h3", 0, 0, G_OPTION_ARG_NONE, &raw.why_not_h3,
    N_ ("Why do browsers not use HTTP/3 with this site? Asks it over TCP and QUIC, and the DNS; ends with 0 when a "
        "browser would; --pcapng=FOLDER keeps the runs"),
    NULL },
  { NULL },
};

static const GOptionEntry print_entries[] = {
  { "trace", 0, 0, G_OPTION_ARG_NONE, &raw.trace, N_ ("Print packets, frames and TLS messages as they come"), NULL },
  { "json", 0, 0, G_OPTION_ARG_NONE, &raw.json, N_ ("Print the report as one JSON object"), NULL },
  { "quiet", 'q', 0, G_OPTION_ARG_NONE, &raw.quiet, N_ ("No progress, and a short report"), NULL },
  { "version", 0, 0, G_OPTION_ARG_NONE, &raw.version, N_ ("Print the versions of quicprobe and OpenSSL"), NULL },
  { "help", 'h', 0, G_OPTION_ARG_NONE, &raw.help, N_ ("Print this help"), NULL },
  { NULL },
};

static const QsCliGroup groups[] = {
  { N_ ("What to offer:"), offer_entries },
  { N_ ("Trust:"), trust_entries },
  { N_ ("Address, patience, mode:"), path_entries },
  { N_ ("What to send, where the answer goes:"), data_entries },
  { N_ ("Files of the trace:"), file_entries },
  { N_ ("Files to read:"), read_entries },
  { N_ ("Again and again:"), quicprobe_batch_entries },
  { N_ ("The report card:"), card_entries },
  { N_ ("Browsers:"), doctor_entries },
  { N_ ("What is printed:"), print_entries },
};

void
quicprobe_print_help (void)
{
  g_autoptr (GString) text = g_string_new (NULL);

  printf ("%s\n", _ ("Usage: quicprobe [OPTION…] TARGET"));
  printf ("%s\n", _ ("       quicprobe [OPTION…] --read=FILE"));
  printf ("%s\n", _ ("       quicprobe [OPTION…] --examine TARGET"));
  printf ("%s\n", _ ("       quicprobe [OPTION…] --why-not-h3 URL"));
  printf ("%s\n\n", _ ("       quicprobe [OPTION…] --repeat=N [--targets=FILE] [TARGET…]"));
  qs_cli_print_wrapped (
      stdout, _ ("Connects to a QUIC or TLS server, shows what happens, and says in plain words why it failed."), 0);
  printf ("\n%s\n", _ ("TARGET is one of:"));
  printf ("  %-29s %s\n", "https://HOST[:PORT][/PATH]", _ ("QUIC, asks for PATH with HTTP/3"));
  printf ("  %-29s %s\n", "quic://HOST[:PORT][/PATH]", _ ("QUIC; with a PATH also a request"));
  printf ("  %-29s %s\n", "tls://HOST[:PORT][/PATH]", _ ("TLS over TCP; a PATH is asked for with HTTP/1.1"));
  printf ("  %-29s %s\n", "HOST[:PORT]", _ ("the same as quic://HOST[:PORT]"));
  printf ("%s\n", _ ("The port is 443 unless given. IPv6 addresses stand in brackets."));
  qs_cli_print_groups (stdout, groups, G_N_ELEMENTS (groups));
  g_autofree char *rules = qs_impairment_help ();
  printf ("\n%s\n", rules);
  printf ("\n%s\n", _ ("Exit status: 0 the target did what was asked; 1 it did not; 2 the command line was wrong."));
  printf ("%s\n", _ ("With --read: 0 what the file shows went well, all of it; 1 it did not."));
  printf ("%s\n", _ ("With --repeat or --targets: 0 every run succeeded; 1 some did not, or were not made."));
  printf ("%s\n", _ ("With --examine: 0 no check failed, or none that the baseline had not; 1 otherwise."));
  printf ("%s\n", _ ("With --why-not-h3: 0 a browser would use HTTP/3; 1 none would, or it cannot be told."));
}

static void
clear_raw (void)
{
  char **const texts[] = { &raw.alpn,  &raw.sni,      &raw.groups,     &raw.ciphersuites, &raw.cacert,     &raw.cert,
                           &raw.key,   &raw.timeout,  &raw.max_time,   &raw.dns,          &raw.send,       &raw.output,
                           &raw.mode,  &raw.qlog,     &raw.pcapng,     &raw.report,       &raw.impairment, &raw.session,
                           &raw.read,  &raw.join,     &raw.connection, &raw.experiments,  &raw.compare,    &raw.checks,
                           &raw.junit, &raw.markdown, &raw.baseline,   &raw.profile,      &raw.filter };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (*texts[i]);
  g_strfreev (raw.resolve);
  g_strfreev (raw.keylogs);
  memset (&raw, 0, sizeof raw);
  quicprobe_batch_clear ();
}

void
quicprobe_options_free (QuicprobeOptions *options)
{
  g_clear_pointer (&options->target, qs_target_unref);
  g_clear_pointer (&options->probe, qs_probe_options_free);
  g_free (options->output);
  g_free (options->qlog);
  g_free (options->pcapng);
  g_free (options->report);
  g_free (options->read);
  g_free (options->join);
  g_clear_pointer (&options->filter, qs_filter_unref);
  g_free (options->compare);
  g_strfreev (options->keylogs);
  g_free (options->session);
  g_clear_pointer (&options->checks, g_ptr_array_unref);
  g_free (options->junit);
  g_free (options->markdown);
  g_free (options->baseline);
  g_clear_pointer (&options->targets, qs_batch_targets_free);
  g_free (options->csv);
  g_free (options->openmetrics);
  g_free (options);
}

gboolean
quicprobe_options_wants_body (const QuicprobeOptions *options)
{
  if (options->json || options->output != NULL || options->compare != NULL)
    return FALSE;
  return options->probe->send != NULL || qs_target_is_https (options->target) ||
         qs_target_get_path (options->target) != NULL;
}

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, QS_ERROR, QS_ERROR_INVALID_TARGET, sentence);
  return FALSE;
}

static gboolean
parse_seconds (const char *option, const char *text, guint *ms, GError **error)
{
  char *end = NULL;
  double seconds = text != NULL ? g_ascii_strtod (text, &end) : 0;

  if (text == NULL)
    return TRUE;
  if (end == text || *end != '\0' || !(seconds >= 0.001 && seconds <= MAX_TIMEOUT_S))
    {
      g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                   _ ("%s takes a number of seconds, such as 2.5, of at most a day."), option);
      return FALSE;
    }
  *ms = (guint) (seconds * 1000);
  return TRUE;
}

static gboolean
check_readable (const char *option, const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (QsInput) input = path != NULL ? qs_input_open (path, NULL, &local) : NULL;

  if (path == NULL || input != NULL)
    return TRUE;
  g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET, _ ("%s: the file cannot be read: %s"), option, local->message);
  return FALSE;
}

/* OpenSSL alone knows its names: it is asked before anything is sent. */
static gboolean
check_lists (GError **error)
{
  SSL_CTX *ctx = SSL_CTX_new (TLS_client_method ());
  gboolean good_groups = raw.groups == NULL || SSL_CTX_set1_groups_list (ctx, raw.groups) == 1;
  gboolean good_suites = raw.ciphersuites == NULL || SSL_CTX_set_ciphersuites (ctx, raw.ciphersuites) == 1;

  SSL_CTX_free (ctx);
  ERR_clear_error ();
  if (!good_groups)
    return refuse (error, _ ("--groups: OpenSSL does not know one of these groups; write them as “X25519:P-256”."));
  if (!good_suites)
    return refuse (error, _ ("--ciphersuites: OpenSSL does not know one of these; write them as "
                             "“TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256”."));
  return TRUE;
}

static gboolean
check_impairment (QsTarget *target, GError **error)
{
  g_autoptr (QsImpairment) impairment = NULL;

  if (raw.impairment == NULL)
    return TRUE;
  if (qs_target_get_transport (target) != QS_TRANSPORT_QUIC)
    return refuse (error, _ ("--impair is for QUIC's datagrams; a tls:// target goes over TCP."));
  impairment = qs_impairment_new (raw.impairment, error);
  return impairment != NULL;
}

/* HOST:PORT:ADDR, where ADDR may be an IPv6 address with its colons, in brackets or not. */
static gboolean
check_resolve (GError **error)
{
  for (guint i = 0; raw.resolve != NULL && raw.resolve[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (raw.resolve[i], ":", 3);
      guint64 port = 0;
      if (g_strv_length (parts) == 3)
        {
          g_autofree char *address = g_strdup (parts[2]);
          gsize length = strlen (address);
          gboolean bracketed = length > 2 && address[0] == '[' && address[length - 1] == ']';
          if (bracketed)
            address[length - 1] = '\0';
          if (parts[0][0] != '\0' && g_ascii_string_to_unsigned (parts[1], 10, 1, 65535, &port, NULL) &&
              g_hostname_is_ip_address (bracketed ? address + 1 : address))
            continue;
        }
      return refuse (error, _ ("--resolve takes HOST:PORT:ADDRESS, such as “example.org:443:192.0.2.1”."));
    }
  return TRUE;
}

static gboolean
check_contradictions (GError **error)
{
  if (raw.ipv4 && raw.ipv6)
    return refuse (error, _ ("-4 and -6 contradict each other."));
  if ((raw.cert == NULL) != (raw.key == NULL))
    return refuse (error, _ ("--cert and --key belong together: give both or none."));
  if (raw.alpn != NULL)
    {
      g_auto (GStrv) items = qs_cli_split (raw.alpn);
      for (guint i = 0; items[i] != NULL; i++)
        {
          if (strlen (items[i]) > 255)
            return refuse (error, _ ("--alpn: the name of a protocol has at most 255 bytes."));
        }
      if (items[0] == NULL)
        return refuse (error, _ ("--alpn takes names of protocols, such as “h3,hq-interop”."));
    }
  return check_readable ("--cacert", raw.cacert, error) && check_readable ("--cert", raw.cert, error) &&
         check_readable ("--key", raw.key, error) && check_lists (error) && check_resolve (error);
}

static gboolean
fill_probe (QsProbeOptions *probe, GError **error)
{
  if (raw.mode != NULL && !qs_mode_from_name (raw.mode, &probe->mode))
    return refuse (error, _ ("--mode takes nonblocking, blocking or thread-assisted."));
  if (!parse_seconds ("--timeout", raw.timeout, &probe->timeout_ms, error) ||
      !parse_seconds ("--max-time", raw.max_time, &probe->max_time_ms, error))
    return FALSE;
  probe->experiments = QS_EXPERIMENTS_AUTO;
  if (raw.experiments != NULL && !qs_experiment_policy_from_name (raw.experiments, &probe->experiments))
    return refuse (error, _ ("--experiments takes auto, none or all."));
  probe->alpn = raw.alpn != NULL ? qs_cli_split (raw.alpn) : NULL;
  /* Empty: none is sent. */
  if (raw.sni != NULL)
    probe->sni = *raw.sni != '\0' ? qs_server_name_new (raw.sni, error) : g_strdup ("");
  if (raw.sni != NULL && probe->sni == NULL)
    return FALSE;
  probe->groups = g_strdup (raw.groups);
  probe->ciphersuites = g_strdup (raw.ciphersuites);
  probe->ca_file = g_strdup (raw.cacert);
  probe->cert_file = g_strdup (raw.cert);
  probe->key_file = g_strdup (raw.key);
  probe->impairment = g_strdup (raw.impairment);
  probe->insecure = raw.insecure;
  probe->family = raw.ipv4 ? G_SOCKET_FAMILY_IPV4 : raw.ipv6 ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_INVALID;
  probe->resolve = g_strdupv (raw.resolve);
  if (raw.dns != NULL && !g_str_equal (raw.dns, "none") && !qs_https_lookup_server_is_valid (raw.dns))
    return refuse (
        error, _ ("--dns takes the address of a name server, such as “192.0.2.53” or “[2001:db8::1]:53”, or “none”."));
  probe->dns_server = raw.dns != NULL ? g_strdup (g_str_equal (raw.dns, "none") ? "" : raw.dns) : NULL;
  probe->alternatives = TRUE;
  probe->kept = KEPT;
  probe->send = raw.send != NULL ? g_bytes_new (raw.send, strlen (raw.send)) : NULL;
  return TRUE;
}

/* Where no file is to be written, what the report needs is the beginning whole, and of the rest what short datagrams say
 * (acknowledgements, refusals, ends) and the numbers of the others. */
static void
keep_little (QuicprobeOptions *options)
{
  if (options->qlog != NULL || options->pcapng != NULL || options->report != NULL || options->trace)
    return;
  options->probe->trace_limit = LITTLE_PAYLOAD;
  options->probe->trace_budget = LITTLE_BUDGET;
}

static gboolean
parse_connection (guint *connection, GError **error)
{
  guint64 number = 0;

  if (raw.connection != NULL && !g_ascii_string_to_unsigned (raw.connection, 10, 1, G_MAXUINT16, &number, NULL))
    return refuse (error, _ ("--connection takes the number of a connection in the file, from 1 on."));
  *connection = (guint) number;
  return TRUE;
}

/* What is asked of a connection means nothing for one that was made long ago. */
static const char *
find_live_option (void)
{
  const struct {
    gboolean given;
    const char *name;
  } options[] = {
    { raw.alpn != NULL, "--alpn" },
    { raw.sni != NULL, "--sni" },
    { raw.groups != NULL, "--groups" },
    { raw.cacert != NULL, "--cacert" },
    { raw.cert != NULL, "--cert" },
    { raw.key != NULL, "--key" },
    { raw.insecure, "--insecure" },
    { raw.ipv4, "-4" },
    { raw.ipv6, "-6" },
    { raw.resolve != NULL, "--resolve" },
    { raw.timeout != NULL, "--timeout" },
    { raw.max_time != NULL, "--max-time" },
    { raw.dns != NULL, "--dns" },
    { raw.mode != NULL, "--mode" },
    { raw.send != NULL, "--send" },
    { raw.output != NULL, "--output" },
    { raw.session != NULL, "--session" },
    { raw.impairment != NULL, "--impair" },
    { raw.ciphersuites != NULL, "--ciphersuites" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    {
      if (options[i].given)
        return options[i].name;
    }
  return NULL;
}

static gboolean
fill_read (QuicprobeOptions *options, int argc, GError **error)
{
  const char *live = find_live_option ();

  if (argc > 1)
    return refuse (error, _ ("--read takes the place of a TARGET: leave one of them out."));
  if (live != NULL)
    {
      g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                   _ ("%s is for a connection that is to be made; --read looks at one that was."), live);
      return FALSE;
    }
  options->read = g_strdup (raw.read);
  options->join = g_strdup (raw.join);
  if (raw.filter != NULL && raw.pcapng == NULL)
    return refuse (error, _ ("--filter chooses the packets that --pcapng=FILE gets."));
  if (raw.filter != NULL && (options->filter = qs_filter_new (raw.filter, NULL, error)) == NULL)
    return FALSE;
  return parse_connection (&options->connection, error);
}

static gboolean
check_no_read (GError **error)
{
  if (raw.join != NULL || raw.connection != NULL || raw.filter != NULL)
    return refuse (error, _ ("--join, --connection and --filter go with --read=FILE."));
  if (raw.keylogs != NULL && g_strv_length (raw.keylogs) > 1)
    return refuse (error, _ ("--keylog: the secrets of a run are written to one file."));
  return TRUE;
}

static gboolean
fill_card (QuicprobeOptions *options, GError **error)
{
  options->examine = raw.examine;
  options->own = raw.own;
  options->junit = g_strdup (raw.junit);
  options->markdown = g_strdup (raw.markdown);
  options->baseline = g_strdup (raw.baseline);
  if (!raw.examine && (raw.checks != NULL || raw.junit != NULL || raw.markdown != NULL || raw.baseline != NULL ||
                       raw.profile != NULL || raw.own || raw.http_port != 0))
    return refuse (
        error, _ ("--checks, --junit, --markdown, --baseline, --profile, --own and --http-port go with --examine."));
  if (raw.http_port < 0 || raw.http_port > G_MAXUINT16)
    return refuse (error, _ ("--http-port takes a port, 1 to 65535."));
  options->http_port = (guint16) raw.http_port;
  if (raw.examine && (raw.read != NULL || raw.compare != NULL || raw.send != NULL || raw.session != NULL))
    return refuse (
        error,
        _ ("--examine makes connections of its own: --read, --compare, --send and --session do not go with it."));
  if (raw.profile != NULL && !qs_profile_from_name (raw.profile, &options->profile))
    return refuse (error, _ ("--profile takes public or private."));
  if (raw.checks != NULL)
    options->checks = qs_checks_choose (raw.checks, error);
  if (raw.checks != NULL && options->checks == NULL)
    g_prefix_error_literal (error, "--checks: ");
  return raw.checks == NULL || options->checks != NULL;
}

/* What the doctor's own runs do not heed. */
static gboolean
check_doctor (GError **error)
{
  if (raw.read != NULL || raw.compare != NULL || raw.send != NULL || raw.session != NULL || raw.examine ||
      raw.output != NULL || raw.qlog != NULL || raw.report != NULL || raw.keylogs != NULL || raw.alpn != NULL ||
      raw.mode != NULL || raw.trace)
    return refuse (error, _ ("--why-not-h3 makes connections of its own: --alpn, --mode, --read, --compare, --send, "
                             "--session, --examine, --output, --qlog, --report, --keylog and --trace do not go with "
                             "it."));
  if (raw.pcapng != NULL && !g_file_test (raw.pcapng, G_FILE_TEST_IS_DIR))
    return refuse (error, _ ("--pcapng takes a folder with --why-not-h3, for a file of each run; there is none of that "
                             "name."));
  return TRUE;
}

/* A batch keeps figures of its runs, and neither their traces nor their answers. */
static const char *
find_single_option (void)
{
  const struct {
    gboolean given;
    const char *name;
  } options[] = {
    { raw.examine, "--examine" },         { raw.why_not_h3, "--why-not-h3" }, { raw.read != NULL, "--read" },
    { raw.compare != NULL, "--compare" }, { raw.trace, "--trace" },           { raw.qlog != NULL, "--qlog" },
    { raw.pcapng != NULL, "--pcapng" },   { raw.report != NULL, "--report" }, { raw.keylogs != NULL, "--keylog" },
    { raw.output != NULL, "--output" },   { raw.dns != NULL, "--dns" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    {
      if (options[i].given)
        return options[i].name;
    }
  return NULL;
}

static gboolean
load_session (QuicprobeOptions *options, GError **error)
{
  options->session = g_strdup (raw.session);
  if (options->session == NULL)
    return TRUE;
  options->probe->tickets = qs_ticket_jar_new ();
  return qs_ticket_jar_load (options->probe->tickets, options->session, error);
}

static gboolean
fill_batch (QuicprobeOptions *options, int argc, char **argv, GError **error)
{
  const char *single = find_single_option ();

  if (single != NULL)
    {
      g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                   _ ("%s is for one run; --repeat and --targets make many, of which they keep the figures."), single);
      return FALSE;
    }
  if (!fill_card (options, error) || !check_no_read (error) ||
      !quicprobe_batch_fill (options, argv + 1, (guint) (argc - 1), error))
    return FALSE;
  GPtrArray *targets = qs_batch_targets_get (options->targets);
  for (guint i = 0; i < targets->len; i++)
    if (!check_impairment (targets->pdata[i], error))
      return FALSE;
  if (!check_contradictions (error))
    return FALSE;
  options->probe = qs_probe_options_new ();
  if (!fill_probe (options->probe, error))
    return FALSE;
  /* They are more than was asked for, and take the time of the runs beside. */
  if (raw.experiments == NULL)
    options->probe->experiments = QS_EXPERIMENTS_NONE;
  return load_session (options, error);
}

static gboolean
fill (QuicprobeOptions *options, int argc, char **argv, GError **error)
{
  if (quicprobe_batch_is_asked_for ())
    return fill_batch (options, argc, argv, error);
  if (!fill_card (options, error) || (raw.why_not_h3 && !check_doctor (error)) ||
      !quicprobe_batch_fill (options, NULL, 0, error))
    return FALSE;
  options->qlog = g_strdup (raw.qlog);
  options->pcapng = g_strdup (raw.pcapng);
  options->report = g_strdup (raw.report);
  options->compare = g_strdup (raw.compare);
  options->keylogs = g_strdupv (raw.keylogs);
  if (raw.read != NULL)
    return fill_read (options, argc, error);
  if (!check_no_read (error))
    return FALSE;
  if (argc < 2)
    return refuse (error, _ ("A target is missing, such as https://example.org/ or quic://localhost:4433."));
  if (argc > 2)
    {
      g_autofree char *extra = qs_text_escape_short (argv[2], -1, 60);
      g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                   _ ("One target at a time: “%s” is one too many, unless --repeat=N is given."), extra);
      return FALSE;
    }
  options->why_not_h3 = raw.why_not_h3;
  options->target =
      raw.why_not_h3 ? qs_doctor_target_new (argv[1], &options->plain, error) : qs_target_new (argv[1], error);
  if (options->target == NULL || !check_impairment (options->target, error) || !check_contradictions (error))
    return FALSE;
  options->probe = qs_probe_options_new ();
  if (!fill_probe (options->probe, error))
    return FALSE;
  options->output = g_strdup (raw.output);
  if (!options->why_not_h3)
    keep_little (options);
  return load_session (options, error);
}

static gboolean
parse (QuicprobeOptions *options, int argc, char **argv, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autofree char **copy = g_memdup2 (argv, sizeof *argv * (gsize) (argc + 1));

  g_option_context_set_help_enabled (context, FALSE); /* it knows no headings */
  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    g_option_context_add_main_entries (context, groups[i].entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, &argc, &copy, error))
    return FALSE;
  if (argc > 1 && g_str_equal (copy[1], "--"))
    memmove (copy + 1, copy + 2, sizeof *copy * (gsize) (argc-- - 1));
  options->help = raw.help;
  options->version = raw.version;
  options->list_checks = raw.list_checks;
  options->trace = raw.trace;
  options->json = raw.json;
  options->quiet = raw.quiet;
  return raw.help || raw.version || raw.list_checks || fill (options, argc, copy, error);
}

QuicprobeOptions *
quicprobe_options_parse (int argc, char **argv, GError **error)
{
  g_autoptr (QuicprobeOptions) options = g_new0 (QuicprobeOptions, 1);
  gboolean good = parse (options, argc, argv, error);

  clear_raw ();
  return good ? g_steal_pointer (&options) : NULL;
}
