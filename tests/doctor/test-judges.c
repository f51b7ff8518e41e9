/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "doctor/qs-doctor-report.h"
#include "doctor/qs-doctor-ways.h"

#include <string.h>

/* What is not said of a site is in order: it answers over TCP, its port is 443, its QUIC answers 200 at one address of each
 * family with a certificate of a public CA. */
typedef struct {
  const char *name;
  const char *alt_svc; /* the field's value; NULL: none */
  struct {
    gboolean there, no_h3, alias;
    const char *host; /* NULL: the site's own */
    guint16 port;     /* 0: the site's own */
    const char *hint; /* NULL: none */
  } record;
  guint16 port;
  gboolean plain, hsts, web_silent, web_expired, dns_failed, expired, no_ipv4, no_ipv6, no_route6, unresolved;
  const char *proxy;
  QsRung below6, below4; /* that a connection stopped at, plus one; 0: at none */
  QsRootKind root;       /* 0: public */
  guint status;
  const char *uses; /* of Chromium, Firefox, Safari, curl: y, n or ? */
  const char
      *condition; /* the first cause's, or where there is none the first browser's that is not sure; NULL: none */
} Site;

#define H3 "h3=\":443\"; ma=86400"
#define AT(rung) ((QsRung) (QS_RUNG_##rung + 1))

static const Site sites[] = {
  { "healthy", H3, .uses = "yyyy" },
  { "healthy-record", .record = { TRUE }, .uses = "yyyy" },
  { "healthy-both", H3, { TRUE }, .uses = "yyyy" },
  { "ipv4-alone", H3, .no_ipv6 = TRUE, .uses = "yyyy" },
  { "ipv6-alone", H3, .no_ipv4 = TRUE, .uses = "yyyy" },
  { "high-ports", "h3=\":8443\"", .port = 8443, .uses = "yyyy" },
  { "nothing", .uses = "nnny", .condition = "advertised" },
  { "nothing-and-dns-fails", .dns_failed = TRUE, .uses = "???y", .condition = "advertised" },
  { "other-protocol", "h2=\":443\"", .uses = "nnny", .condition = "advertised" },
  { "draft", "h3-29=\":443\"", .uses = "nnny", .condition = "alt-svc-version" },
  { "draft-and-final", "h3-29=\":443\", h3=\":443\"", .uses = "yyyy" },
  { "gquic", "quic=\":443\"; v=\"46\"", .uses = "nnny", .condition = "alt-svc-version" },
  { "clear", "clear", .uses = "nnny", .condition = "alt-svc-clear" },
  { "clear-and-record", "clear", { TRUE }, .uses = "yyyy" },
  { "no-age", "h3=\":443\"; ma=0", .uses = "nnny", .condition = "alt-svc-age" },
  { "no-age-and-record", "h3=\":443\"; ma=0", { TRUE }, .uses = "yyyy" },
  { "port-rule", "h3=\":8443\"", .uses = "ny?y", .condition = "alt-svc-port" },
  { "port-rule-last", "h3=\":1024\"", .uses = "ny?y", .condition = "alt-svc-port" },
  { "port-rule-first", "h3=\":1023\"", .uses = "yyyy" },
  { "port-rule-downwards", "h3=\":443\"", .port = 8443, .uses = "yyyy" },
  { "port-rule-and-good", "h3=\":8443\", h3=\":443\"", .uses = "yyyy" },
  { "record-without-h3", .record = { TRUE, .no_h3 = TRUE }, .uses = "nnny", .condition = "https-record-h3" },
  { "record-without-h3-alt-svc", H3, { TRUE, .no_h3 = TRUE }, .uses = "yyyy" },
  { "record-port", .record = { TRUE, .port = 8443 }, .uses = "ny?y", .condition = "https-record-use" },
  { "record-name", .record = { TRUE, .host = "pool.test" }, .uses = "ny?y", .condition = "https-record-use" },
  { "record-alias", .record = { TRUE, .alias = TRUE }, .uses = "n??y", .condition = "https-record-use" },
  { "record-hints", .record = { TRUE, .hint = "192.0.2.1 2001:db8::1" }, .uses = "yyyy" },
  { "record-stale-hint", .record = { TRUE, .hint = "192.0.2.1 192.0.2.9" }, .uses = "yyyy" },
  { "plain", H3, .plain = TRUE, .uses = "nnnn", .condition = "https-origin" },
  { "plain-hsts", H3, .plain = TRUE, .hsts = TRUE, .uses = "yyyn", .condition = "https-origin" },
  { "plain-record", .record = { TRUE }, .plain = TRUE, .uses = "yyyn", .condition = "https-origin" },
  { "proxy", H3, .proxy = "p.test:3128", .uses = "nnyn", .condition = "no-proxy" },
  { "web-silent", .web_silent = TRUE, .uses = "nnny", .condition = "web-answer" },
  { "web-silent-and-record", .record = { TRUE }, .web_silent = TRUE, .uses = "yyyy" },
  { "web-expired", H3, .web_expired = TRUE, .uses = "n??y", .condition = "web-certificate" },
  { "unresolved", "h3=\"gone.test:443\"", .unresolved = TRUE, .uses = "nnny", .condition = "address" },
  { "silent", H3, .below6 = AT (UDP), .below4 = AT (UDP), .uses = "nnnn", .condition = "udp" },
  { "ipv6-silent", H3, .below6 = AT (UDP), .uses = "nn?y", .condition = "families" },
  { "ipv6-no-h3", H3, .below6 = AT (ALPN), .uses = "nn?y", .condition = "families" },
  { "ipv6-without-route", H3, .below6 = AT (UDP), .no_route6 = TRUE, .uses = "yyyy" },
  { "ipv4-silent", H3, .below4 = AT (UDP), .uses = "yyyy" },
  { "no-quic", H3, .below6 = AT (QUIC), .below4 = AT (QUIC), .uses = "nnnn", .condition = "quic" },
  { "large", H3, .below6 = AT (LARGE), .below4 = AT (LARGE), .uses = "nnnn", .condition = "large-datagrams" },
  { "no-h3", H3, .below6 = AT (ALPN), .below4 = AT (ALPN), .uses = "nnnn", .condition = "alpn" },
  { "handshake", H3, .below6 = AT (HANDSHAKE), .below4 = AT (HANDSHAKE), .uses = "nnnn", .condition = "handshake" },
  { "no-answer", H3, .below6 = AT (HTTP3), .below4 = AT (HTTP3), .uses = "nnnn", .condition = "http3-answer" },
  { "expired", H3, .expired = TRUE, .uses = "nnnn", .condition = "certificate" },
  { "ca-given", H3, .root = QS_ROOT_GIVEN, .uses = "nn?y", .condition = "public-root" },
  { "ca-named", H3, .root = QS_ROOT_NAMED, .uses = "nn?y", .condition = "public-root" },
  { "ca-added", H3, .root = QS_ROOT_ADDED, .uses = "nn?y", .condition = "public-root" },
  { "ca-untrusted", H3, .root = QS_ROOT_UNTRUSTED, .uses = "nn?n", .condition = "public-root" },
  { "misdirected", H3, .status = 421, .uses = "nnny", .condition = "misdirected" },
  { "other-status", H3, .status = 503, .uses = "yyyy" },
};

static QsEndpoint *
make_endpoint (const Site *site, QsFamily family, const char *address)
{
  QsEndpoint *endpoint = qs_endpoint_new ("quic-1", family, address);
  QsRung below = family == QS_FAMILY_V6 ? site->below6 : site->below4;

  endpoint->stopped = below != 0 ? (QsRung) (below - 1) : QS_RUNG_DONE;
  endpoint->status = endpoint->stopped == QS_RUNG_DONE ? (site->status != 0 ? site->status : 200) : 0;
  endpoint->certainty = QS_CERTAINTY_PROVED;
  endpoint->no_route = family == QS_FAMILY_V6 && site->no_route6;
  endpoint->certificate.shown = endpoint->stopped > QS_RUNG_ALPN;
  endpoint->certificate.root = site->root != 0 ? site->root : QS_ROOT_SYSTEM;
  if (site->expired)
    endpoint->certificate.fault = g_strdup ("expired");
  if (below != 0)
    {
      endpoint->what = g_strdup ("It does not.");
      g_ptr_array_add (endpoint->evidence, qs_doctor_evidence_new ("quic-1", 0, 0, "a packet"));
    }
  return endpoint;
}

static void
connect_way (QsDoctorFacts *facts, const Site *site, QsWay *way)
{
  static const char *const forms[] = { "2001:db8::1", "192.0.2.1" };
  const gboolean lacks[] = { site->no_ipv6, site->no_ipv4 };

  if (site->unresolved && !way->own_name)
    {
      way->unresolved = g_strdup ("There is no such name.");
      return;
    }
  for (guint family = 0; family < QS_N_FAMILIES; family++)
    {
      g_autofree char *address = g_strdup_printf ("%s %u", forms[family], (guint) way->port);
      gint place = -1;
      if (lacks[family])
        continue;
      if (qs_doctor_facts_find_endpoint (facts, address, &place) == NULL)
        {
          place = (gint) facts->endpoints->len;
          g_ptr_array_add (facts->endpoints, make_endpoint (site, family, address));
        }
      way->endpoints[family] = place;
    }
}

static QsDoctorFacts *
make_facts (const Site *site)
{
  QsDoctorFacts *facts = qs_doctor_facts_new ("example.org", site->port != 0 ? site->port : 443);
  QsWay *own = qs_way_new (QS_WAY_ORIGIN, "h3", facts->host, facts->port, "https://example.org/");

  own->own_name = TRUE;
  qs_doctor_facts_take_way (facts, own);
  g_ptr_array_add (facts->addresses, g_strdup ("2001:db8::1"));
  g_ptr_array_add (facts->addresses, g_strdup ("192.0.2.1"));
  facts->plain = site->plain;
  facts->hsts = site->hsts;
  facts->proxy = g_strdup (site->proxy);
  facts->web_asked = TRUE;
  facts->web_answered = !site->web_silent;
  facts->web_status = site->web_silent ? 0 : 200;
  facts->web_certificate.shown = TRUE;
  if (site->web_expired)
    facts->web_certificate.fault = g_strdup ("expired");
  facts->dns = site->dns_failed ? QS_DNS_FAILED : QS_DNS_NONE;
  if (site->alt_svc != NULL)
    qs_doctor_read_alt_svc (facts, site->alt_svc);
  if (site->record.there)
    {
      QsWay *way = qs_way_new (QS_WAY_RECORD, site->record.no_h3 ? NULL : "h3",
                               site->record.host != NULL ? site->record.host : facts->host,
                               site->record.port != 0 ? site->record.port : facts->port, "1 .");
      way->own_name = site->record.host == NULL;
      way->by_alias = site->record.alias;
      way->hints = site->record.hint != NULL ? g_strsplit (site->record.hint, " ", -1) : NULL;
      qs_doctor_facts_take_way (facts, way);
      g_ptr_array_add (facts->records, g_strdup ("1 ."));
      facts->dns = QS_DNS_ANSWERED;
    }
  for (guint i = 0; i < facts->ways->len; i++)
    connect_way (facts, site, facts->ways->pdata[i]);
  return facts;
}

static const char *
first_obstacle (const QsDoctorReport *report)
{
  if (report->causes->len > 0)
    return qs_conditions[g_array_index (report->causes, QsDoctorCause, 0).condition].id;
  for (guint b = 0; b < QS_N_BROWSERS; b++)
    if (report->verdicts[b].condition >= 0)
      return qs_conditions[report->verdicts[b].condition].id;
  return NULL;
}

static void
test_site (gconstpointer data)
{
  const Site *site = data;
  g_autoptr (QsDoctorFacts) facts = make_facts (site);
  g_autoptr (QsDoctorReport) report = qs_doctor_report_new (facts);
  char uses[QS_N_BROWSERS + 1] = "";

  for (guint b = 0; b < QS_N_BROWSERS; b++)
    {
      const QsBrowserVerdict *verdict = &report->verdicts[b];
      uses[b] = "ny?"[verdict->uses_http3];
      g_assert_true ((verdict->condition < 0) == (verdict->uses_http3 == QS_ANSWER_YES));
      g_assert_nonnull (verdict->words);
      g_assert_true (!verdict->browser->closed || verdict->certainty < QS_CERTAINTY_PROVED);
    }
  g_assert_cmpstr (uses, ==, site->uses);
  g_assert_cmpstr (first_obstacle (report), ==, site->condition);
  g_assert_cmpint (qs_doctor_report_is_good (report), ==, memchr (site->uses, 'y', QS_N_BROWSERS - 1) != NULL);
  /* What is told has something to show, and says what to do. */
  for (guint i = 0; i < report->causes->len; i++)
    {
      const QsDoctorCause *cause = &g_array_index (report->causes, QsDoctorCause, i);
      const QsRuling *ruling = &report->rulings[cause->condition][cause->browser];
      g_assert_cmpint (ruling->kind, ==, QS_RULING_FAIL);
      g_assert_true (ruling->evidence->len > 0 || ruling->certainty < QS_CERTAINTY_PROVED);
      if (qs_conditions[cause->condition].tries[0] != NULL)
        g_assert_cmpuint (ruling->tries->len, >, 0);
    }
}

/* Every condition fails for some site, or warns where it never keeps anybody away. */
static void
test_all_met (void)
{
  for (guint c = 0; c < qs_conditions_n (); c++)
    {
      QsRulingKind wanted =
          g_str_equal (qs_conditions[c].id, "same-answer") || g_str_equal (qs_conditions[c].id, "https-record-hints")
              ? QS_RULING_WARN
              : QS_RULING_FAIL;
      gboolean met = FALSE, good = FALSE;
      for (guint i = 0; i < G_N_ELEMENTS (sites); i++)
        {
          g_autoptr (QsDoctorFacts) facts = make_facts (&sites[i]);
          g_autoptr (QsDoctorReport) report = qs_doctor_report_new (facts);
          met |= qs_doctor_report_get_worst (report, c)->kind == wanted;
          good |= qs_doctor_report_get_worst (report, c)->kind == QS_RULING_OK;
        }
      g_test_message ("%s", qs_conditions[c].id);
      g_assert_true (met && good);
    }
}

/* The tables hold together: ids are unique, each rule that decides names where it stands, unless it is that there is none. */
static void
test_tables (void)
{
  for (guint c = 0; c < qs_conditions_n (); c++)
    {
      const QsCondition *condition = &qs_conditions[c];
      g_assert_cmpint (qs_condition_find (condition->id), ==, (gint) c);
      g_assert_true (g_str_has_prefix (condition->reference, "RFC "));
    }
  for (guint b = 0; b < QS_N_BROWSERS; b++)
    {
      const QsBrowser *browser = &qs_browsers[b];
      const QsBrowserRule *const rules[] = { &browser->privileged_ports,     &browser->same_port_records,
                                             &browser->own_name_records,     &browser->no_alias_records,
                                             &browser->one_address,          &browser->public_root,
                                             &browser->good_web_certificate, &browser->environment_proxy,
                                             &browser->leaves_on_421 };
      g_assert_cmpint (qs_browser_find (browser->id), ==, (gint) b);
      g_assert_true (browser->note_from == NULL || qs_condition_find (browser->note_from) >= 0);
      for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
        g_assert_true (rules[i]->answer != QS_ANSWER_YES || rules[i]->source != NULL);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (sites); i++)
    {
      g_autofree char *path = g_strconcat ("/doctor/judges/site/", sites[i].name, NULL);
      g_test_add_data_func (path, &sites[i], test_site);
    }
  g_test_add_func ("/doctor/judges/all-met", test_all_met);
  g_test_add_func ("/doctor/judges/tables", test_tables);
  return g_test_run ();
}
