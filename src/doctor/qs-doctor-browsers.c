/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "doctor/qs-doctor-browsers.h"

#include "base/qs-i18n.h"

/* Where a port begins that any user may listen on. */
#define FIRST_UNPRIVILEGED 1024

#define YES(how, where)                      \
  {                                          \
    QS_ANSWER_YES, QS_CERTAINTY_##how, where \
  }
#define NO(how, where)                      \
  {                                         \
    QS_ANSWER_NO, QS_CERTAINTY_##how, where \
  }
#define UNTOLD                                    \
  {                                               \
    QS_ANSWER_UNTOLD, QS_CERTAINTY_POSSIBLE, NULL \
  }

#define CHROMIUM_RECORDS "Chromium: net/dns/dns_response_result_extractor.cc, ExtractHttpsResults"
#define CHROMIUM_ANSWERS "Chromium: net/http/http_network_transaction.cc, DoReadHeadersComplete"
#define FIREFOX_ALT_SVC "Firefox: netwerk/protocol/http/AlternateServices.cpp, AltSvcMapping::ProcessHeader"
#define FIREFOX_RECORDS "Firefox: netwerk/dns/HTTPSSVC.cpp, GetServiceModeRecordInternal"

const QsBrowser qs_browsers[] = {
  { .id = "chromium",
    .name = "Chromium",
    .ways = 1u << QS_WAY_ALT_SVC | 1u << QS_WAY_RECORD,
    .privileged_ports =
        YES (PROVED, "Chromium: net/http/http_stream_factory_job_controller.cc, GetAlternativeServiceInfoInternal"),
    .same_port_records = YES (PROVED, CHROMIUM_RECORDS),
    .own_name_records = YES (PROVED, CHROMIUM_RECORDS),
    .no_alias_records = YES (PROVED, CHROMIUM_RECORDS),
    .one_address = YES (LIKELY, "Chromium: net/quic/quic_session_pool.cc, CreateSession (crbug.com/1416409)"),
    .public_root = YES (PROVED, "Chromium: net/quic/crypto/proof_verifier_chromium.cc, ERR_QUIC_CERT_ROOT_NOT_KNOWN"),
    .good_web_certificate = YES (PROVED, CHROMIUM_ANSWERS),
    .environment_proxy = YES (LIKELY, "Chromium: net/docs/proxy.md"),
    .leaves_on_421 = YES (PROVED, CHROMIUM_ANSWERS),
    .note =
        N_ ("An alternative that failed once counts as broken: for five minutes at first, then twice as long each "
            "time, up to two days (Chromium: net/http/broken_alternative_services.cc). Once all is mended, try with "
            "a new profile."),
    .note_from = "address" },
  { .id = "firefox",
    .name = "Firefox",
    .ways = 1u << QS_WAY_ALT_SVC | 1u << QS_WAY_RECORD,
    .privileged_ports = NO (PROVED, FIREFOX_ALT_SVC),
    .same_port_records = NO (PROVED, FIREFOX_RECORDS),
    .own_name_records = NO (PROVED, FIREFOX_RECORDS),
    .no_alias_records = UNTOLD,
    .one_address =
        YES (LIKELY, "Firefox: netwerk/protocol/http/DnsAndConnectSocket.cpp, SetupBackupTimer (not for HTTP/3)"),
    .public_root = YES (PROVED, "Firefox: netwerk/protocol/http/Http3Session.cpp, Authenticated, and "
                                "network.http.http3.disable_when_third_party_roots_found"),
    .good_web_certificate = UNTOLD,
    .environment_proxy = YES (LIKELY, FIREFOX_ALT_SVC),
    .leaves_on_421 = YES (LIKELY, "RFC 7838 section 6") },
  { .id = "safari",
    .name = "Safari",
    .closed = TRUE,
    .ways = 1u << QS_WAY_ALT_SVC | 1u << QS_WAY_RECORD,
    .privileged_ports = UNTOLD,
    .same_port_records = UNTOLD,
    .own_name_records = UNTOLD,
    .no_alias_records = UNTOLD,
    .one_address = UNTOLD,
    .public_root = UNTOLD,
    .good_web_certificate = UNTOLD,
    .environment_proxy = NO (LIKELY, NULL), /* macOS has settings of its own */
    .leaves_on_421 = YES (LIKELY, "RFC 7838 section 6"),
    .note = N_ ("Little of what it wants is published: Apple's TN3102 names Alt-Svc and HTTPS records as the ways to "
                "HTTP/3.") },
  { .id = "curl",
    .name = "curl --http3",
    .is_tool = TRUE,
    .ways = 1u << QS_WAY_ORIGIN,
    .privileged_ports = NO (PROVED, NULL),
    .same_port_records = NO (PROVED, NULL),
    .own_name_records = NO (PROVED, NULL),
    .no_alias_records = NO (PROVED, NULL),
    .one_address = NO (LIKELY, "curl: lib/cf-https-connect.c"),
    .public_root = NO (PROVED, NULL),
    .good_web_certificate = NO (PROVED, NULL),
    .environment_proxy = YES (PROVED, "curl: docs/cmdline-opts/_ENVIRONMENT.md"),
    .leaves_on_421 = NO (LIKELY, NULL),
    .note = N_ ("It asks the URL's own host and port over QUIC, whatever is advertised.") },
};

G_STATIC_ASSERT (G_N_ELEMENTS (qs_browsers) == QS_N_BROWSERS);

gint
qs_browser_find (const char *id)
{
  g_return_val_if_fail (id != NULL, -1);

  for (guint i = 0; i < QS_N_BROWSERS; i++)
    if (g_str_equal (qs_browsers[i].id, id))
      return (gint) i;
  return -1;
}

typedef gboolean (*Applies) (const QsDoctorFacts *facts, const QsWay *way);

static gboolean
is_no_h3 (const QsDoctorFacts *facts, const QsWay *way)
{
  return g_strcmp0 (way->protocol, "h3") != 0;
}

static gboolean
is_stale (const QsDoctorFacts *facts, const QsWay *way)
{
  return way->max_age == 0;
}

static gboolean
leaves_privileged (const QsDoctorFacts *facts, const QsWay *way)
{
  return facts->port < FIRST_UNPRIVILEGED && way->port >= FIRST_UNPRIVILEGED;
}

static gboolean
is_on_other_port (const QsDoctorFacts *facts, const QsWay *way)
{
  return way->port != facts->port;
}

static gboolean
has_other_name (const QsDoctorFacts *facts, const QsWay *way)
{
  return !way->own_name;
}

static gboolean
is_by_alias (const QsDoctorFacts *facts, const QsWay *way)
{
  return way->by_alias;
}

static gboolean
had_bad_certificate (const QsDoctorFacts *facts, const QsWay *way)
{
  return facts->web_certificate.fault != NULL;
}

/* A rule's place in QsBrowser; 0 is none of theirs: then it holds for all. */
#define RULE(member) (guint) G_STRUCT_OFFSET (QsBrowser, member)

static const struct {
  QsWaySource source;
  const char *condition;
  Applies applies;
  guint rule;
} hurdles[] = {
  { QS_WAY_ALT_SVC, "web-certificate", had_bad_certificate, RULE (good_web_certificate) },
  { QS_WAY_ALT_SVC, "alt-svc-version", is_no_h3, 0 },
  { QS_WAY_ALT_SVC, "alt-svc-age", is_stale, 0 },
  { QS_WAY_ALT_SVC, "alt-svc-port", leaves_privileged, RULE (privileged_ports) },
  { QS_WAY_RECORD, "https-record-h3", is_no_h3, 0 },
  { QS_WAY_RECORD, "https-record-use", is_by_alias, RULE (no_alias_records) },
  { QS_WAY_RECORD, "https-record-use", is_on_other_port, RULE (same_port_records) },
  { QS_WAY_RECORD, "https-record-use", has_other_name, RULE (own_name_records) },
};

static const QsBrowserRule everybody = { QS_ANSWER_YES, QS_CERTAINTY_PROVED, NULL };

QsAnswer
qs_browser_takes_way (const QsBrowser *browser, const QsDoctorFacts *facts, const QsWay *way, const char **condition,
                      const QsBrowserRule **rule)
{
  g_return_val_if_fail (browser != NULL && facts != NULL && way != NULL && condition != NULL, QS_ANSWER_NO);

  QsAnswer answer = QS_ANSWER_YES;

  *condition = NULL;
  if ((browser->ways & 1u << way->source) == 0)
    return QS_ANSWER_NO;
  for (guint i = 0; i < G_N_ELEMENTS (hurdles); i++)
    {
      const QsBrowserRule *one =
          hurdles[i].rule != 0 ? G_STRUCT_MEMBER_P (browser, hurdles[i].rule) : (gconstpointer) &everybody;
      if (hurdles[i].source != way->source || one->answer == QS_ANSWER_NO || !hurdles[i].applies (facts, way) ||
          (one->answer == QS_ANSWER_UNTOLD && answer == QS_ANSWER_UNTOLD))
        continue;
      *condition = hurdles[i].condition;
      if (rule != NULL)
        *rule = one;
      if (one->answer == QS_ANSWER_YES)
        return QS_ANSWER_NO;
      answer = QS_ANSWER_UNTOLD;
    }
  return answer;
}

QsAnswer
qs_browser_has_way (const QsBrowser *browser, const QsDoctorFacts *facts)
{
  g_return_val_if_fail (browser != NULL && facts != NULL, QS_ANSWER_NO);

  QsAnswer best = QS_ANSWER_NO;

  for (guint i = 0; i < facts->ways->len && best != QS_ANSWER_YES; i++)
    {
      const char *condition;
      QsAnswer answer = qs_browser_takes_way (browser, facts, facts->ways->pdata[i], &condition, NULL);
      if (answer != QS_ANSWER_NO)
        best = answer;
    }
  return best;
}
