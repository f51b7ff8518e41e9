/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "doctor/qs-doctor-ways.h"

#include <string.h>

#include "base/qs-text.h"
#include "wire/qs-alt-svc.h"
#include "wire/qs-https-record.h"

#define MOST_FIELDS 8
#define MOST_RECORDS 8
#define MOST_HINTS 32
#define MOST_CHARS 400 /* of what a header or a record says */

static char *
alternative_text (const QsAltSvc *alternative)
{
  GString *text = g_string_new (alternative->protocol);

  g_string_append_printf (text, "=\"%s:%u\"", alternative->host != NULL ? alternative->host : "",
                          (guint) alternative->port);
  g_string_append_printf (text, "; ma=%" G_GINT64_FORMAT, alternative->max_age);
  if (alternative->persist)
    g_string_append (text, "; persist=1");
  return g_string_free (text, FALSE);
}

/* As escaped already: cut, where it is longer than anything in use. */
static char *
shorten (const char *text)
{
  return g_utf8_strlen (text, -1) > MOST_CHARS ? g_utf8_substring (text, 0, MOST_CHARS) : g_strdup (text);
}

void
qs_doctor_read_alt_svc (QsDoctorFacts *facts, const char *value)
{
  g_return_if_fail (facts != NULL && value != NULL);

  g_autoptr (GPtrArray) found = qs_alt_svc_parse (value);

  if (facts->alt_svc->len >= MOST_FIELDS)
    return;
  g_ptr_array_add (facts->alt_svc, shorten (value));
  facts->clear |= qs_alt_svc_is_clear (value);
  for (guint i = 0; i < found->len; i++)
    {
      const QsAltSvc *alternative = found->pdata[i];
      g_autofree char *text = alternative_text (alternative);
      /* HTTP/2 elsewhere is none of this. */
      if (!g_str_has_prefix (alternative->protocol, "h3") && !g_str_has_prefix (alternative->protocol, "quic") &&
          !g_str_has_prefix (alternative->protocol, "hq"))
        continue;
      QsWay *way = qs_way_new (QS_WAY_ALT_SVC, alternative->protocol,
                               alternative->host != NULL ? alternative->host : facts->host, alternative->port, text);
      way->own_name = g_ascii_strcasecmp (way->host, facts->host) == 0;
      way->max_age = alternative->max_age;
      qs_doctor_facts_take_way (facts, way);
    }
}

/* Of both families, NULL where there are none. */
static char **
join_hints (const QsHttpsRecord *record)
{
  GPtrArray *hints = g_ptr_array_new ();
  char *const *const lists[] = { record->ipv6hint, record->ipv4hint };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    for (guint k = 0; lists[i] != NULL && lists[i][k] != NULL && hints->len < MOST_HINTS; k++)
      g_ptr_array_add (hints, g_strdup (lists[i][k]));
  if (hints->len > 0)
    g_ptr_array_add (hints, NULL);
  return (char **) g_ptr_array_free (hints, hints->len == 0);
}

void
qs_doctor_read_records (QsDoctorFacts *facts, GPtrArray *records)
{
  g_return_if_fail (facts != NULL && records != NULL);

  gboolean alias = FALSE;

  facts->dns = records->len > 0 ? QS_DNS_ANSWERED : QS_DNS_NONE;
  for (guint i = 0; i < records->len && i < MOST_RECORDS; i++)
    {
      const QsHttpsRecord *record = records->pdata[i];
      g_autofree char *whole = qs_https_record_to_text (record), *text = shorten (whole);
      gboolean own = g_str_equal (record->target, ".");

      alias |= record->priority == 0;
      if (record->priority > 0)
        {
          QsWay *way =
              qs_way_new (QS_WAY_RECORD, qs_https_record_has_alpn (record, "h3") ? "h3" : NULL,
                          own ? facts->host : record->target, record->port != 0 ? record->port : facts->port, text);
          way->own_name = g_ascii_strcasecmp (way->host, facts->host) == 0;
          way->by_alias = alias;
          way->hints = join_hints (record);
          way->no_default_alpn = record->no_default_alpn;
          qs_doctor_facts_take_way (facts, way);
        }
      g_ptr_array_add (facts->records, g_steal_pointer (&text));
    }
}

static const char *
either_case (const char *lower, const char *upper, const char *(*get) (const char *name))
{
  const char *value = get (lower);

  if (value == NULL || *value == '\0')
    value = get (upper);
  return value != NULL && *value != '\0' ? value : NULL;
}

/* "example.org" and ".example.org" stand for what is below it too. */
static gboolean
is_excepted (const char *host, const char *list)
{
  g_auto (GStrv) items = list != NULL ? g_strsplit_set (list, ", ", -1) : NULL;
  gsize length = strlen (host);

  for (char **at = items; at != NULL && *at != NULL; at++)
    {
      const char *item = **at == '.' ? *at + 1 : *at;
      gsize n = strlen (item);
      if (g_str_equal (item, "*"))
        return TRUE;
      if (n > 0 && n <= length && g_ascii_strcasecmp (host + length - n, item) == 0 &&
          (n == length || host[length - n - 1] == '.'))
        return TRUE;
    }
  return FALSE;
}

char *
qs_doctor_find_proxy (const char *host, const char *(*get) (const char *name))
{
  g_return_val_if_fail (host != NULL && get != NULL, NULL);

  const char *proxy = either_case ("https_proxy", "HTTPS_PROXY", get);

  if (proxy == NULL)
    proxy = either_case ("all_proxy", "ALL_PROXY", get);
  if (proxy == NULL || is_excepted (host, either_case ("no_proxy", "NO_PROXY", get)))
    return NULL;
  const char *at = strrchr (proxy, '@');
  return qs_text_escape_short (at != NULL ? at + 1 : proxy, -1, 200);
}
