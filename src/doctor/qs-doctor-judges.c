/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/qs-i18n.h"
#include "doctor/qs-doctor-conditions.h"

static void
add_evidence (QsRuling *ruling, const char *run, gint64 packet, const char *what)
{
  g_ptr_array_add (ruling->evidence, qs_doctor_evidence_new (run, packet, -1, what));
}

static void
copy_evidence (QsRuling *ruling, GPtrArray *evidence)
{
  for (guint i = 0; i < evidence->len; i++)
    {
      const QsDoctorEvidence *item = evidence->pdata[i];
      g_ptr_array_add (ruling->evidence, qs_doctor_evidence_new (item->run, item->packet, item->time, item->what));
    }
}

static void
obey (QsRuling *ruling, const QsBrowserRule *rule)
{
  ruling->certainty = MIN (ruling->certainty, rule->certainty);
  ruling->source = rule->source;
}

static void
show_alt_svc (QsRuling *ruling, const QsDoctorFacts *facts)
{
  for (guint i = 0; i < facts->alt_svc->len; i++)
    {
      g_autofree char *line = g_strdup_printf ("Alt-Svc: %s", (const char *) facts->alt_svc->pdata[i]);
      add_evidence (ruling, "tcp", facts->web_packet, line);
    }
}

static void
show_records (QsRuling *ruling, const QsDoctorFacts *facts)
{
  for (guint i = 0; i < facts->records->len; i++)
    {
      g_autofree char *line = g_strdup_printf ("%s IN HTTPS %s", facts->host, (const char *) facts->records->pdata[i]);
      add_evidence (ruling, NULL, -1, line);
    }
}

/* --- The URL and the machine --- */

QsRulingKind
qs_doctor_judge_scheme (const QsCondition *condition, const QsDoctorFacts *facts, const QsBrowser *browser,
                        QsRuling *ruling)
{
  if (!facts->plain)
    return QS_RULING_OK;
  g_autofree char *url = g_strdup_printf ("http://%s", facts->host);
  add_evidence (ruling, NULL, -1, url);
  if (browser->is_tool)
    return QS_RULING_FAIL;
  if (facts->records->len > 0)
    {
      ruling->detail = g_strdup (_ ("Its HTTPS record leads a browser that reads it to https:// at once."));
      ruling->certainty = QS_CERTAINTY_LIKELY;
      show_records (ruling, facts);
      return QS_RULING_WARN;
    }
  if (facts->hsts)
    {
      ruling->detail =
          g_strdup (_ ("A browser that was there before knows from Strict-Transport-Security that it is to "
                       "take https://; the first visit begins without."));
      add_evidence (ruling, "tcp", facts->web_packet, "Strict-Transport-Security");
      return QS_RULING_WARN;
    }
  return QS_RULING_FAIL;
}

QsRulingKind
qs_doctor_judge_proxy (const QsCondition *condition, const QsDoctorFacts *facts, const QsBrowser *browser,
                       QsRuling *ruling)
{
  if (facts->proxy == NULL)
    return QS_RULING_OK;
  add_evidence (ruling, NULL, -1, facts->proxy);
  obey (ruling, &browser->environment_proxy);
  if (browser->environment_proxy.answer != QS_ANSWER_YES)
    return QS_RULING_WARN;
  ruling->detail =
      g_strdup (_ ("It is named by this environment; a program started elsewhere may have other settings."));
  return QS_RULING_FAIL;
}

/* --- Finding the way --- */

static gboolean
learns_over_tcp (const QsBrowser *browser)
{
  return (browser->ways & 1u << QS_WAY_ALT_SVC) != 0;
}

/* How many ways of a source there are. */
static guint
count_ways (const QsDoctorFacts *facts, QsWaySource source)
{
  guint n = 0;

  for (guint i = 0; i < facts->ways->len; i++)
    n += ((const QsWay *) facts->ways->pdata[i])->source == source;
  return n;
}

QsRulingKind
qs_doctor_judge_web_answer (const QsCondition *condition, const QsDoctorFacts *facts, const QsBrowser *browser,
                            QsRuling *ruling)
{
  if (!learns_over_tcp (browser) || !facts->web_asked)
    return QS_RULING_SKIPPED;
  if (facts->web_answered)
    return QS_RULING_OK;
  ruling->detail = g_strdup (facts->web_failure);
  copy_evidence (ruling, facts->web_evidence);
  ruling->certainty = QS_CERTAINTY_LIKELY; /* it was asked over HTTP/1.1 */
  if (qs_browser_has_way (browser, facts) != QS_ANSWER_NO)
    return QS_RULING_WARN;
  return facts->web_unread ? QS_RULING_UNKNOWN : QS_RULING_FAIL;
}

/* Whether what is advertised nowhere is served all the same. */
static void
tell_of_unadvertised (const QsDoctorFacts *facts, GString *text)
{
  for (guint i = 0; i < facts->ways->len; i++)
    {
      const QsWay *way = facts->ways->pdata[i];
      const QsEndpoint *best = way->source == QS_WAY_ORIGIN ? qs_doctor_facts_get_best (facts, way) : NULL;

      if (best == NULL)
        continue;
      g_string_append_c (text, ' ');
      if (best->stopped == QS_RUNG_DONE)
        g_string_append_printf (text, _ ("HTTP/3 is there: %s answers. It only is not advertised."), best->address);
      else
        g_string_append_printf (text, _ ("Nor is HTTP/3 there, at %s: %s"), best->address,
                                best->what != NULL ? best->what : _ ("it does not answer."));
    }
}

QsRulingKind
qs_doctor_judge_advertised (const QsCondition *condition, const QsDoctorFacts *facts, const QsBrowser *browser,
                            QsRuling *ruling)
{
  if (!learns_over_tcp (browser))
    return QS_RULING_SKIPPED;
  show_alt_svc (ruling, facts);
  show_records (ruling, facts);
  if (facts->clear || count_ways (facts, QS_WAY_ALT_SVC) > 0 || count_ways (facts, QS_WAY_RECORD) > 0)
    return QS_RULING_OK;
  if (!facts->web_answered)
    return QS_RULING_SKIPPED;
  GString *text = g_string_new (
      facts->dns == QS_DNS_FAILED      ? _ ("The name server gave no answer about HTTPS records: only what the answer "
                                                 "lacks is known.")
      : facts->dns == QS_DNS_NOT_ASKED ? _ ("The DNS was not asked: of this name it need not know anything.")
                                       : _ ("The name server says that there is no HTTPS record."));
  tell_of_unadvertised (facts, text);
  g_string_append_printf (
      text, " %s",
      _ ("It was asked over HTTP/1.1: an ALTSVC frame, which comes over HTTP/2 alone (RFC 7838, section 4), would not "
         "have been seen."));
  ruling->detail = g_string_free (text, FALSE);
  /* Nor would another answer over HTTP/2. */
  ruling->certainty = QS_CERTAINTY_LIKELY;
  if (facts->alt_svc->len == 0)
    add_evidence (ruling, "tcp", facts->web_packet, _ ("The head of the answer over HTTP/1.1, without Alt-Svc"));
  return facts->dns == QS_DNS_FAILED ? QS_RULING_UNKNOWN : QS_RULING_FAIL;
}

QsRulingKind
qs_doctor_judge_clear (const QsCondition *condition, const QsDoctorFacts *facts, const QsBrowser *browser,
                       QsRuling *ruling)
{
  if (!learns_over_tcp (browser) || facts->alt_svc->len == 0)
    return QS_RULING_SKIPPED;
  if (!facts->clear)
    return QS_RULING_OK;
  show_alt_svc (ruling, facts);
  return qs_browser_has_way (browser, facts) == QS_ANSWER_NO ? QS_RULING_FAIL : QS_RULING_WARN;
}

static QsWaySource
source_of (const QsCondition *condition)
{
  return g_str_has_prefix (condition->id, "https-record") ? QS_WAY_RECORD : QS_WAY_ALT_SVC;
}

/* Of a condition that a way has to meet: of those that do not, one stands for all. */
QsRulingKind
qs_doctor_judge_way (const QsCondition *condition, const QsDoctorFacts *facts, const QsBrowser *browser,
                     QsRuling *ruling)
{
  QsWaySource source = source_of (condition);
  QsAnswer any = qs_browser_has_way (browser, facts), worst = QS_ANSWER_YES;

  if ((browser->ways & 1u << source) == 0 || (count_ways (facts, source) == 0))
    return QS_RULING_SKIPPED;
  for (guint i = 0; i < facts->ways->len; i++)
    {
      const QsWay *way = facts->ways->pdata[i];
      const char *against;
      const QsBrowserRule *rule;
      QsAnswer answer = qs_browser_takes_way (browser, facts, way, &against, &rule);

      if (way->source != source || against == NULL || !g_str_equal (against, condition->id))
        continue;
      g_autofree char *line = g_strdup_printf (source == QS_WAY_RECORD ? "HTTPS %s" : "Alt-Svc: %s", way->text);
      add_evidence (ruling, source == QS_WAY_RECORD ? NULL : "tcp", source == QS_WAY_RECORD ? -1 : facts->web_packet,
                    line);
      if (worst != QS_ANSWER_YES)
        continue;
      worst = answer;
      obey (ruling, rule);
    }
  if (worst == QS_ANSWER_YES)
    return QS_RULING_OK;
  if (g_str_equal (condition->id, "web-certificate"))
    ruling->detail = g_strdup (facts->web_certificate.fault);
  if (worst == QS_ANSWER_UNTOLD)
    return any == QS_ANSWER_YES ? QS_RULING_WARN : QS_RULING_UNKNOWN;
  return any == QS_ANSWER_NO ? QS_RULING_FAIL : QS_RULING_WARN;
}

/* A browser that connects to a hint before the name's addresses are there reaches what the hint says. */
QsRulingKind
qs_doctor_judge_hints (const QsCondition *condition, const QsDoctorFacts *facts, const QsBrowser *browser,
                       QsRuling *ruling)
{
  gboolean any = FALSE;

  for (guint i = 0; i < facts->ways->len; i++)
    {
      const QsWay *way = facts->ways->pdata[i];
      gboolean counts = way->own_name && facts->addresses->len > 0 && (browser->ways & 1u << way->source) != 0;
      for (char **at = counts ? way->hints : NULL; at != NULL && *at != NULL; at++)
        {
          any = TRUE;
          if (g_ptr_array_find_with_equal_func (facts->addresses, *at, g_str_equal, NULL))
            continue;
          g_autofree char *line = g_strdup_printf ("HTTPS %s", way->text);
          ruling->detail =
              g_strdup_printf (_ ("%s is hinted at, and is none of its addresses, as far as this machine's "
                                  "resolver tells."),
                               *at);
          ruling->certainty = QS_CERTAINTY_LIKELY;
          add_evidence (ruling, NULL, -1, line);
          return QS_RULING_WARN;
        }
    }
  return any ? QS_RULING_OK : QS_RULING_SKIPPED;
}

/* --- The connection --- */

/* Of the ways that a browser takes, the endpoint that came farthest, and its way. Where nothing at all is advertised, the URL's
 * own host and port stand in for what would be: so what is wrong behind that is told too. */
static const QsEndpoint *
find_best (const QsDoctorFacts *facts, const QsBrowser *browser, const QsWay **its_way)
{
  gboolean nowhere = count_ways (facts, QS_WAY_ALT_SVC) == 0 && count_ways (facts, QS_WAY_RECORD) == 0;
  const QsEndpoint *best = NULL;

  for (guint i = 0; i < facts->ways->len; i++)
    {
      const QsWay *way = facts->ways->pdata[i];
      const char *condition;
      gboolean taken = nowhere || qs_browser_takes_way (browser, facts, way, &condition, NULL) != QS_ANSWER_NO;
      const QsEndpoint *endpoint = taken ? qs_doctor_facts_get_best (facts, way) : NULL;
      if (endpoint == NULL || (best != NULL && endpoint->stopped <= best->stopped))
        continue;
      best = endpoint;
      *its_way = way;
    }
  return best;
}

QsRulingKind
qs_doctor_judge_address (const QsCondition *condition, const QsDoctorFacts *facts, const QsBrowser *browser,
                         QsRuling *ruling)
{
  const QsWay *way = NULL, *unresolved = NULL;
  const char *against;

  if (qs_browser_has_way (browser, facts) == QS_ANSWER_NO)
    return QS_RULING_SKIPPED;
  if (find_best (facts, browser, &way) != NULL)
    return QS_RULING_OK;
  for (guint i = 0; i < facts->ways->len && unresolved == NULL; i++)
    {
      way = facts->ways->pdata[i];
      if (way->unresolved != NULL && qs_browser_takes_way (browser, facts, way, &against, NULL) != QS_ANSWER_NO)
        unresolved = way;
    }
  if (unresolved == NULL)
    return QS_RULING_UNKNOWN;
  ruling->detail = g_strdup (unresolved->unresolved);
  add_evidence (ruling, NULL, -1, unresolved->text);
  return QS_RULING_FAIL;
}

/* The endpoint that is asked first, of the way whose best one is this. */
static const QsEndpoint *
find_first (const QsDoctorFacts *facts, const QsWay *way)
{
  for (guint family = 0; family < QS_N_FAMILIES; family++)
    {
      const QsEndpoint *endpoint = qs_doctor_facts_get_endpoint (facts, way, family);
      if (endpoint != NULL)
        return endpoint;
    }
  return NULL;
}

QsRulingKind
qs_doctor_judge_families (const QsCondition *condition, const QsDoctorFacts *facts, const QsBrowser *browser,
                          QsRuling *ruling)
{
  static const QsRulingKind kinds[] = {
    [QS_ANSWER_NO] = QS_RULING_WARN, [QS_ANSWER_YES] = QS_RULING_FAIL, [QS_ANSWER_UNTOLD] = QS_RULING_UNKNOWN
  };
  const QsWay *way = NULL;
  const QsEndpoint *best = find_best (facts, browser, &way);

  if (best == NULL)
    return QS_RULING_SKIPPED;
  const QsEndpoint *first = find_first (facts, way);
  if (first->stopped >= best->stopped)
    return QS_RULING_OK;
  ruling->detail = g_strdup_printf (_ ("%s: %s %s comes farther."), first->address,
                                    first->what != NULL ? first->what : _ ("It does not answer."), best->address);
  copy_evidence (ruling, first->evidence);
  obey (ruling, &browser->one_address);
  ruling->certainty = MIN (ruling->certainty, first->certainty);
  return kinds[browser->one_address.answer];
}

static void
take_words (QsRuling *ruling, const QsEndpoint *endpoint)
{
  ruling->certainty = MIN (ruling->certainty, endpoint->certainty);
  ruling->who = endpoint->who;
  ruling->detail = g_strdup_printf ("%s: %s", endpoint->address, endpoint->what != NULL ? endpoint->what : "");
  for (char **at = endpoint->tries; at != NULL && *at != NULL; at++)
    g_ptr_array_add (ruling->tries, g_strdup (*at));
  copy_evidence (ruling, endpoint->evidence);
}

QsRulingKind
qs_doctor_judge_rung (const QsCondition *condition, const QsDoctorFacts *facts, const QsBrowser *browser,
                      QsRuling *ruling)
{
  const QsWay *way = NULL;
  const QsEndpoint *best = find_best (facts, browser, &way);

  if (best == NULL || best->stopped < condition->rung)
    return QS_RULING_SKIPPED;
  if (best->stopped > condition->rung)
    return QS_RULING_OK;
  take_words (ruling, best);
  return QS_RULING_FAIL;
}

static void
show_certificate (QsRuling *ruling, const QsEndpoint *endpoint)
{
  g_autofree char *text = g_strdup_printf (_ ("The server's certificate, of %s"), endpoint->certificate.subject);

  add_evidence (ruling, endpoint->run, endpoint->certificate.packet, text);
}

QsRulingKind
qs_doctor_judge_certificate (const QsCondition *condition, const QsDoctorFacts *facts, const QsBrowser *browser,
                             QsRuling *ruling)
{
  const QsWay *way = NULL;
  const QsEndpoint *best = find_best (facts, browser, &way);

  if (best == NULL || !best->certificate.shown)
    return QS_RULING_SKIPPED;
  if (best->certificate.fault == NULL)
    return QS_RULING_OK;
  ruling->detail =
      facts->web_certificate.shown && facts->web_certificate.fault == NULL
          ? g_strdup_printf (_ ("%s: %s Over TCP it shows a good one."), best->address, best->certificate.fault)
          : g_strdup_printf ("%s: %s", best->address, best->certificate.fault);
  show_certificate (ruling, best);
  return QS_RULING_FAIL;
}

static const char *
root_words (QsRootKind root)
{
  static const char *const words[] = {
    [QS_ROOT_UNKNOWN] = N_ ("Who vouches for it cannot be told: its chain is broken before that."),
    [QS_ROOT_SYSTEM] = N_ ("This machine trusts it, as it came with the system: it is taken for a public one."),
    [QS_ROOT_ADDED] = N_ ("It was added to what this machine trusts; browsers bring no such CA along."),
    [QS_ROOT_GIVEN] = N_ ("It is trusted because --cacert says so; browsers bring no such CA along."),
    [QS_ROOT_NAMED] =
        N_ ("It is trusted because SSL_CERT_FILE or SSL_CERT_DIR says so; browsers bring no such CA along."),
    [QS_ROOT_UNTRUSTED] = N_ ("Nobody whom this machine trusts vouches for it: it is a private CA, or none."),
  };

  return _ (words[root]);
}

static QsRulingKind
judge_root (QsRootKind root, QsAnswer wants_public)
{
  if (root == QS_ROOT_SYSTEM)
    return QS_RULING_OK;
  if (root == QS_ROOT_UNKNOWN)
    return QS_RULING_SKIPPED;
  if (wants_public == QS_ANSWER_YES)
    return QS_RULING_FAIL;
  if (wants_public == QS_ANSWER_UNTOLD)
    return QS_RULING_UNKNOWN;
  return root == QS_ROOT_UNTRUSTED ? QS_RULING_FAIL : QS_RULING_OK;
}

QsRulingKind
qs_doctor_judge_root (const QsCondition *condition, const QsDoctorFacts *facts, const QsBrowser *browser,
                      QsRuling *ruling)
{
  const QsWay *way = NULL;
  const QsEndpoint *best = find_best (facts, browser, &way);

  if (best == NULL || !best->certificate.shown)
    return QS_RULING_SKIPPED;
  const QsDoctorCertificate *certificate = &best->certificate;
  QsRulingKind kind = judge_root (certificate->root, browser->public_root.answer);
  ruling->detail = certificate->root_name != NULL
                       ? g_strdup_printf ("%s: %s", certificate->root_name, root_words (certificate->root))
                       : g_strdup (root_words (certificate->root));
  obey (ruling, &browser->public_root);
  /* Another machine may trust others. */
  ruling->certainty = MIN (ruling->certainty, QS_CERTAINTY_LIKELY);
  if (certificate->root == QS_ROOT_GIVEN || certificate->root == QS_ROOT_NAMED || certificate->root == QS_ROOT_ADDED)
    ruling->certainty = browser->public_root.certainty;
  show_certificate (ruling, best);
  if (kind == QS_RULING_FAIL && browser->public_root.answer == QS_ANSWER_NO)
    g_ptr_array_add (ruling->tries, g_strdup (_ ("Name the CA: curl --cacert FILE, or trust it on this machine.")));
  return kind;
}

QsRulingKind
qs_doctor_judge_misdirected (const QsCondition *condition, const QsDoctorFacts *facts, const QsBrowser *browser,
                             QsRuling *ruling)
{
  const QsWay *way = NULL;
  const QsEndpoint *best = find_best (facts, browser, &way);

  if (best == NULL || best->stopped < QS_RUNG_DONE)
    return QS_RULING_SKIPPED;
  if (best->status != 421)
    return QS_RULING_OK;
  ruling->detail = g_strdup_printf (_ ("%s does not know itself for the server of %s."), best->address, facts->host);
  add_evidence (ruling, best->run, best->head_packet, "HTTP/3 421");
  obey (ruling, &browser->leaves_on_421);
  return browser->leaves_on_421.answer == QS_ANSWER_YES ? QS_RULING_FAIL : QS_RULING_WARN;
}

QsRulingKind
qs_doctor_judge_same_answer (const QsCondition *condition, const QsDoctorFacts *facts, const QsBrowser *browser,
                             QsRuling *ruling)
{
  const QsWay *way = NULL;
  const QsEndpoint *best = find_best (facts, browser, &way);

  if (best == NULL || best->stopped < QS_RUNG_DONE || best->status == 0 || !facts->web_answered || best->status == 421)
    return QS_RULING_SKIPPED;
  if (best->status == facts->web_status)
    return QS_RULING_OK;
  ruling->detail = g_strdup_printf (_ ("Over HTTP/3 it is %u, over TCP %u."), best->status, facts->web_status);
  g_autofree char *h3 = g_strdup_printf ("HTTP/3 %u", best->status);
  g_autofree char *h1 = g_strdup_printf ("HTTP/1.1 %u", facts->web_status);
  add_evidence (ruling, best->run, best->head_packet, h3);
  add_evidence (ruling, "tcp", facts->web_packet, h1);
  return QS_RULING_WARN;
}
