/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "doctor/qs-doctor-facts.h"

#include "wire/qs-alt-svc.h"

const char *
qs_way_source_name (QsWaySource source)
{
  static const char *const names[QS_N_WAY_SOURCES] = { "origin", "alt-svc", "https-record" };

  g_return_val_if_fail (source < QS_N_WAY_SOURCES, NULL);
  return names[source];
}

const char *
qs_dns_state_name (QsDnsState state)
{
  static const char *const names[] = { "not-asked", "failed", "none", "answered" };

  g_return_val_if_fail (state < G_N_ELEMENTS (names), NULL);
  return names[state];
}

QsDoctorEvidence *
qs_doctor_evidence_new (const char *run, gint64 packet, gint64 time, const char *what)
{
  QsDoctorEvidence *evidence = g_new0 (QsDoctorEvidence, 1);

  evidence->run = g_strdup (run);
  evidence->packet = packet;
  evidence->time = time;
  evidence->what = g_strdup (what);
  return evidence;
}

void
qs_doctor_evidence_free (gpointer data)
{
  QsDoctorEvidence *evidence = data;

  g_free (evidence->run);
  g_free (evidence->what);
  g_free (evidence);
}

QsWay *
qs_way_new (QsWaySource source, const char *protocol, const char *host, guint16 port, const char *text)
{
  QsWay *way = g_new0 (QsWay, 1);

  way->source = source;
  way->protocol = g_strdup (protocol);
  way->host = g_strdup (host);
  way->port = port;
  way->text = g_strdup (text);
  way->max_age = QS_ALT_SVC_DEFAULT_AGE;
  for (guint i = 0; i < QS_N_FAMILIES; i++)
    way->endpoints[i] = -1;
  return way;
}

void
qs_way_free (gpointer data)
{
  QsWay *way = data;

  g_free (way->protocol);
  g_free (way->host);
  g_free (way->text);
  g_strfreev (way->hints);
  g_free (way->unresolved);
  g_free (way);
}

static void
certificate_clear (QsDoctorCertificate *certificate)
{
  g_free (certificate->subject);
  g_free (certificate->fault);
  g_free (certificate->root_name);
}

QsEndpoint *
qs_endpoint_new (const char *run, QsFamily family, const char *address)
{
  QsEndpoint *endpoint = g_new0 (QsEndpoint, 1);

  endpoint->run = g_strdup (run);
  endpoint->family = family;
  endpoint->address = g_strdup (address);
  endpoint->evidence = g_ptr_array_new_with_free_func (qs_doctor_evidence_free);
  endpoint->head_packet = endpoint->certificate.packet = -1;
  return endpoint;
}

void
qs_endpoint_free (gpointer data)
{
  QsEndpoint *endpoint = data;

  g_free (endpoint->run);
  g_free (endpoint->address);
  g_free (endpoint->finding);
  g_free (endpoint->what);
  g_strfreev (endpoint->tries);
  g_ptr_array_unref (endpoint->evidence);
  certificate_clear (&endpoint->certificate);
  g_free (endpoint);
}

QsDoctorFacts *
qs_doctor_facts_new (const char *host, guint16 port)
{
  g_return_val_if_fail (host != NULL, NULL);

  QsDoctorFacts *facts = g_new0 (QsDoctorFacts, 1);

  facts->host = g_strdup (host);
  facts->port = port;
  facts->web_evidence = g_ptr_array_new_with_free_func (qs_doctor_evidence_free);
  facts->alt_svc = g_ptr_array_new_with_free_func (g_free);
  facts->records = g_ptr_array_new_with_free_func (g_free);
  facts->addresses = g_ptr_array_new_with_free_func (g_free);
  facts->ways = g_ptr_array_new_with_free_func (qs_way_free);
  facts->endpoints = g_ptr_array_new_with_free_func (qs_endpoint_free);
  facts->web_packet = facts->web_certificate.packet = -1;
  return facts;
}

void
qs_doctor_facts_free (QsDoctorFacts *facts)
{
  if (facts == NULL)
    return;
  g_free (facts->host);
  g_free (facts->proxy);
  g_free (facts->web_failure);
  g_free (facts->dns_words);
  certificate_clear (&facts->web_certificate);
  g_ptr_array_unref (facts->web_evidence);
  g_ptr_array_unref (facts->alt_svc);
  g_ptr_array_unref (facts->records);
  g_ptr_array_unref (facts->addresses);
  g_ptr_array_unref (facts->ways);
  g_ptr_array_unref (facts->endpoints);
  g_free (facts);
}

static gboolean
is_same_way (const QsWay *a, const QsWay *b)
{
  return a->source == b->source && a->port == b->port && g_ascii_strcasecmp (a->host, b->host) == 0 &&
         g_strcmp0 (a->protocol, b->protocol) == 0;
}

void
qs_doctor_facts_take_way (QsDoctorFacts *facts, QsWay *way)
{
  g_return_if_fail (facts != NULL && way != NULL);

  gboolean known = facts->ways->len >= QS_DOCTOR_MOST_WAYS;

  for (guint i = 0; i < facts->ways->len && !known; i++)
    known = is_same_way (facts->ways->pdata[i], way);
  if (known)
    qs_way_free (way);
  else
    g_ptr_array_add (facts->ways, way);
}

QsEndpoint *
qs_doctor_facts_find_endpoint (const QsDoctorFacts *facts, const char *address, gint *place)
{
  g_return_val_if_fail (facts != NULL && address != NULL, NULL);

  for (guint i = 0; i < facts->endpoints->len; i++)
    {
      QsEndpoint *endpoint = facts->endpoints->pdata[i];
      if (!g_str_equal (endpoint->address, address))
        continue;
      if (place != NULL)
        *place = (gint) i;
      return endpoint;
    }
  return NULL;
}

const QsEndpoint *
qs_doctor_facts_get_endpoint (const QsDoctorFacts *facts, const QsWay *way, QsFamily family)
{
  g_return_val_if_fail (facts != NULL && way != NULL && family < QS_N_FAMILIES, NULL);

  gint place = way->endpoints[family];
  const QsEndpoint *endpoint =
      place >= 0 && (guint) place < facts->endpoints->len ? facts->endpoints->pdata[place] : NULL;
  return endpoint != NULL && !endpoint->no_route ? endpoint : NULL;
}

const QsEndpoint *
qs_doctor_facts_get_best (const QsDoctorFacts *facts, const QsWay *way)
{
  const QsEndpoint *best = NULL;

  for (guint family = 0; family < QS_N_FAMILIES; family++)
    {
      const QsEndpoint *endpoint = qs_doctor_facts_get_endpoint (facts, way, family);
      if (endpoint != NULL && (best == NULL || endpoint->stopped > best->stopped))
        best = endpoint;
    }
  return best;
}
