/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/qs-connection-row.h"

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "trace/qs-trace-budget.h"

#define MOST_NAME_COLUMNS 40
#define NS_PER_S G_GINT64_CONSTANT (1000000000)

static char *
dup_end (QsTrace *trace, gboolean client)
{
  const QsPath *path = qs_trace_get_path (trace, 0);
  gboolean local = client == (qs_trace_get_vantage (trace) != QS_VANTAGE_SERVER);
  GSocketAddress *address = path == NULL ? NULL : local ? path->local : path->remote;

  if (address == NULL || !G_IS_INET_SOCKET_ADDRESS (address))
    return g_strdup ("?");
  return g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
}

static char *
dup_version (const QsEvidence *evidence, const QsSummary *summary)
{
  if (evidence->tls)
    return g_strdup (summary->tls_version != NULL ? summary->tls_version : "TLS");
  return g_strdup (summary->quic_title != NULL ? summary->quic_title : "QUIC");
}

static gint64
get_duration (QsTrace *trace)
{
  guint n = qs_trace_get_n_packets (trace);

  return n > 0 ? MAX (qs_trace_get_packet (trace, n - 1)->time - qs_trace_get_packet (trace, 0)->time, 0) : 0;
}

QsConnectionRow *
qs_connection_row_new (QsTrace *trace, guint number)
{
  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);

  QsConnectionRow *row = g_new0 (QsConnectionRow, 1);
  row->number = number;
  row->start = qs_trace_get_origin (trace);
  row->client = dup_end (trace, TRUE);
  row->server = dup_end (trace, FALSE);
  row->name = g_strdup ("");
  row->protocol = g_strdup ("");
  row->version = g_strdup ("");
  return row;
}

static QsWatchedState
get_state (QsStudy *study, gboolean good)
{
  const QsEvidence *evidence = qs_study_get_evidence (study);
  gboolean stood = qs_evidence_is_connected (evidence);
  gboolean ended = evidence->close.known || evidence->fin[QS_END_CLIENT] != QS_NO_TIME ||
                   evidence->fin[QS_END_SERVER] != QS_NO_TIME || evidence->reset[QS_END_CLIENT] != QS_NO_TIME ||
                   evidence->reset[QS_END_SERVER] != QS_NO_TIME;

  if (qs_study_get_state (study) != QS_STUDY_SETTLED && !ended)
    return stood ? QS_WATCHED_STANDS : QS_WATCHED_HANDSHAKING;
  if (!stood || !good)
    return QS_WATCHED_FAILED;
  return ended ? QS_WATCHED_CLOSED : QS_WATCHED_SILENT;
}

const char *
qs_watched_state_title (QsWatchedState state)
{
  static const char *const titles[QS_N_WATCHED_STATES] = {
    [QS_WATCHED_HANDSHAKING] = N_ ("Handshaking"), [QS_WATCHED_STANDS] = N_ ("Established"),
    [QS_WATCHED_CLOSED] = N_ ("Closed"),           [QS_WATCHED_FAILED] = N_ ("Failed"),
    [QS_WATCHED_SILENT] = N_ ("Not ended"),
  };

  g_return_val_if_fail (state < QS_N_WATCHED_STATES, "");
  return _ (titles[state]);
}

static guint64
get_n_bytes (QsTrace *trace)
{
  QsNotKept lost;
  guint n_records, n_datagrams;
  guint64 kept;

  qs_trace_get_extent (trace, &n_records, &n_datagrams, &kept);
  qs_trace_get_not_kept (trace, &lost);
  return kept + lost.bytes;
}

static void
take (char **at, char *text)
{
  g_free (*at);
  *at = text;
}

void
qs_connection_row_read (QsConnectionRow *row, QsStudy *study)
{
  g_return_if_fail (row != NULL && QS_IS_STUDY (study));

  QsTrace *trace = qs_study_get_trace (study);
  const QsSummary *summary = qs_study_get_summary (study);
  take (&row->name, summary->sni != NULL ? qs_text_escape_short (summary->sni, -1, MOST_NAME_COLUMNS) : g_strdup (""));
  take (&row->protocol, g_strdup (summary->alpn != NULL ? summary->alpn : ""));
  take (&row->version, dup_version (qs_study_get_evidence (study), summary));
  take (&row->verdict, g_strdup (qs_study_get_verdict (study)));
  row->n_packets = qs_trace_get_n_packets (trace);
  row->duration = get_duration (trace);
  row->good = qs_study_is_good (study);
  if (!row->watched)
    return;
  row->settled = qs_study_get_state (study) == QS_STUDY_SETTLED;
  row->state = get_state (study, row->good);
  row->n_bytes = get_n_bytes (trace);
}

void
qs_connection_row_free (QsConnectionRow *row)
{
  g_free (row->client);
  g_free (row->server);
  g_free (row->name);
  g_free (row->protocol);
  g_free (row->version);
  g_free (row->verdict);
  g_free (row);
}

char *
qs_connection_row_dup_start (const QsConnectionRow *row)
{
  g_return_val_if_fail (row != NULL, NULL);

  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (row->start / NS_PER_S);
  g_autofree char *text = date != NULL ? g_date_time_format (date, "%Y-%m-%d %H:%M:%S") : g_strdup ("?");
  return g_strdup_printf ("%s.%03d", text, (int) (row->start / 1000000 % 1000));
}

char *
qs_connection_row_dup_protocol (const QsConnectionRow *row)
{
  g_return_val_if_fail (row != NULL, NULL);

  return *row->protocol != '\0' ? g_strdup_printf ("%s, %s", row->version, row->protocol) : g_strdup (row->version);
}
