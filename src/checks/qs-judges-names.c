/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges of what the DNS says of the name that is examined: its HTTPS records (RFC 9460), beside what answers there. */
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "checks/qs-judges.h"
#include "net/qs-target.h"
#include "wire/qs-alt-svc.h"
#include "wire/qs-https-record.h"

#define SHOWN 160 /* characters of what a peer says */

/* Those that say how the service is reached, aliases aside; NULL: the judgement says why there are none. (transfer full) */
static GPtrArray *
find_records (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_https_record_free);
  const QsMark *first = qs_trace_find_mark (sight->trace, QS_MARK_HTTPS_RECORD, NULL, NULL);

  if (first == NULL)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                      g_strdup (_ ("The DNS was not asked: the target is an address, a name of this machine, or one "
                                   "whose address was given by hand (--dns names a server to ask).")));
  else if (g_strcmp0 (first->name, "failed") == 0)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (first->text));
  else if (g_strcmp0 (first->name, "answer") != 0)
    qs_judgement_set (judgement, QS_CHECK_WARN,
                      g_strdup (_ ("There are none: the first visit of a browser goes over TCP.")));
  if (first == NULL || g_strcmp0 (first->name, "answer") != 0)
    return NULL;
  for (guint i = 0; i < qs_trace_get_n_marks (sight->trace); i++)
    {
      const QsMark *mark = qs_trace_get_mark (sight->trace, i, NULL);
      if (mark->kind != QS_MARK_HTTPS_RECORD || mark->bytes == NULL)
        continue;
      QsHttpsRecord *record =
          qs_https_record_parse (QS_SPAN (g_bytes_get_data (mark->bytes, NULL), g_bytes_get_size (mark->bytes)), NULL);
      if (record != NULL && record->priority > 0)
        g_ptr_array_add (records, record);
      else
        qs_https_record_free (record);
    }
  return g_steal_pointer (&records);
}

static guint16
own_port (const QsSight *sight)
{
  const QsMark *target = qs_trace_find_mark (sight->trace, QS_MARK_FACT, "target", NULL);

  return target != NULL ? (guint16) target->value : 0;
}

/* The record leads to the name and port that are examined. */
static gboolean
leads_here (const QsSight *sight, const QsHttpsRecord *record)
{
  return g_str_equal (record->target, ".") && (record->port == 0 || record->port == own_port (sight));
}

static gboolean
names_address (const QsSight *sight, const char *text, GSocketFamily family)
{
  g_autoptr (GInetAddress) hint = g_inet_address_new_from_string (text);
  gboolean any = FALSE;

  for (guint i = 0; hint != NULL && i < sight->addresses->len; i++)
    {
      GInetAddress *own = g_inet_socket_address_get_address (sight->addresses->pdata[i]);
      any |= g_inet_address_get_family (own) == family;
      if (g_inet_address_equal (own, hint))
        return TRUE;
    }
  return !any; /* the other family was not looked for */
}

/* A hint that is no address of the name; NULL: there is none. */
static const char *
find_stray_hint (const QsSight *sight, const QsHttpsRecord *record)
{
  const struct {
    char **hints;
    GSocketFamily family;
  } all[] = { { record->ipv4hint, G_SOCKET_FAMILY_IPV4 }, { record->ipv6hint, G_SOCKET_FAMILY_IPV6 } };

  for (guint i = 0; sight->addresses != NULL && i < G_N_ELEMENTS (all); i++)
    {
      for (guint j = 0; all[i].hints != NULL && all[i].hints[j] != NULL; j++)
        {
          if (!names_address (sight, all[i].hints[j], all[i].family))
            return all[i].hints[j];
        }
    }
  return NULL;
}

static const QsHttpsRecord *
find_h3 (const QsSight *sight, GPtrArray *records, gboolean here)
{
  for (guint i = 0; i < records->len; i++)
    {
      const QsHttpsRecord *record = records->pdata[i];
      if (qs_https_record_has_alpn (record, "h3") && (!here || leads_here (sight, record)))
        return record;
    }
  return NULL;
}

/* Nothing of what is wrong with hints need do harm: who has the name's addresses passes them over (RFC 9460 section 7.3). */
void
qs_judge_https_records (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  g_autoptr (GPtrArray) records = find_records (check, sight, judgement);

  if (records == NULL)
    return;
  const QsHttpsRecord *here = find_h3 (sight, records, TRUE), *any = find_h3 (sight, records, FALSE);
  const QsHttpsRecord *shown = here != NULL ? here : any != NULL ? any : records->len > 0 ? records->pdata[0] : NULL;
  g_autofree char *full = shown != NULL ? qs_https_record_to_text (shown) : g_strdup ("-");
  g_autofree char *text = qs_text_escape_short (full, -1, SHOWN);
  const char *stray = here != NULL ? find_stray_hint (sight, here) : NULL;

  if (any == NULL)
    qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup_printf (_ ("They do not name h3: %s."), text));
  else if (here == NULL)
    qs_judgement_set (judgement, QS_CHECK_INFO,
                      g_strdup_printf (_ ("They lead elsewhere, which is examined by its own name: %s."), text));
  else if (!sight->quic_answers)
    qs_judgement_set (judgement, qs_check_fail (check),
                      g_strdup_printf (_ ("They lead to h3 at this port, where no handshake comes to its end: %s."),
                                       text));
  else if (stray != NULL)
    qs_judgement_set (judgement, QS_CHECK_WARN,
                      g_strdup_printf (_ ("A hint is no address of the name, %s: %s."), stray, text));
  else
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup_printf ("%s.", text));
}

/* Whether Alt-Svc leads to h3 at a port that a record leads to as well; *any: it leads to h3 at all. */
static gboolean
is_agreed (const QsSight *sight, const char *field, GPtrArray *records, gboolean *any)
{
  g_autoptr (GPtrArray) alternatives = field != NULL ? qs_alt_svc_parse (field) : NULL;
  gboolean agreed = FALSE;

  *any = FALSE;
  for (guint i = 0; alternatives != NULL && i < alternatives->len; i++)
    {
      const QsAltSvc *alternative = alternatives->pdata[i];
      if (!g_str_equal (alternative->protocol, "h3"))
        continue;
      *any = TRUE;
      for (guint j = 0; j < records->len; j++)
        {
          const QsHttpsRecord *record = records->pdata[j];
          guint16 port = record->port != 0 ? record->port : own_port (sight);
          agreed |= qs_https_record_has_alpn (record, "h3") && port == alternative->port;
        }
    }
  return agreed;
}

void
qs_judge_https_agree (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  g_autoptr (GPtrArray) records = find_records (check, sight, judgement);
  gboolean answered, advertised;

  if (records == NULL)
    {
      judgement->verdict = QS_CHECK_NOT_TESTED; /* that there are none is another check's matter */
      return;
    }
  const char *field = qs_sight_find_field (sight, "alt-svc", &answered, judgement);
  if (!answered)
    return;
  gboolean agreed = is_agreed (sight, field, records, &advertised);
  gboolean recorded = find_h3 (sight, records, FALSE) != NULL;
  if (!advertised && !recorded)
    qs_judgement_set (judgement, QS_CHECK_INFO, g_strdup (_ ("Neither leads to h3.")));
  else if (agreed)
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("Both lead to h3 at the same port.")));
  else
    qs_judgement_set (judgement, qs_check_fail (check),
                      g_strdup (!advertised ? _ ("The records lead to h3, and Alt-Svc does not.")
                                : !recorded ? _ ("Alt-Svc leads to h3, and the records do not.")
                                            : _ ("They lead to h3 at different ports.")));
}
