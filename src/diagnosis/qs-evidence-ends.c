/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who ended a TLS connection over TCP, how, and after what. */
#include "diagnosis/qs-evidence.h"

#define ALERT_CLOSE_NOTIFY 0
#define ALERT_DECODE_ERROR 50

void
qs_evidence_read_ends (QsEvidence *evidence)
{
  guint n = qs_trace_get_n_marks (evidence->trace);

  evidence->lacks_bytes = qs_trace_find_mark (evidence->trace, QS_MARK_FACT, QS_FACT_CAPTURE_LACKS, NULL) != NULL;
  for (guint end = 0; end < 2; end++)
    evidence->fin[end] = evidence->reset[end] = QS_NO_TIME;
  /* A capture without a byte that tells of attempts has seen SYNs: UDP has nothing to connect. */
  evidence->tls |= qs_trace_is_from_file (evidence->trace) && evidence->target == NULL && evidence->connecting >= 0 &&
                   qs_trace_get_n_datagrams (evidence->trace) == 0;
  for (guint i = 0; i < n; i++)
    {
      gint64 time = 0;
      const QsMark *mark = qs_trace_get_mark (evidence->trace, i, &time);
      if (mark->kind != QS_MARK_TCP_END)
        continue;
      evidence->tls = TRUE;
      QsEnd end = (QsDirection) mark->value == evidence->from_client ? QS_END_CLIENT : QS_END_SERVER;
      gint64 *slot = g_str_equal (mark->name, "reset") ? &evidence->reset[end] : &evidence->fin[end];
      if (*slot < 0)
        *slot = time;
    }
}

/* What a TLS stack answers a connection that ended under it with (OpenSSL: decode_error) is not why it ended. */
gboolean
qs_evidence_close_is_echo (const QsEvidence *evidence)
{
  const QsCloseFact *close = &evidence->close;
  QsEnd other = close->by_us != evidence->server ? QS_END_SERVER : QS_END_CLIENT;
  gint64 fin = evidence->fin[other], reset = evidence->reset[other];
  gint64 cut = fin < 0 ? reset : reset < 0 ? fin : MIN (fin, reset); /* a reset may answer the alert itself */

  return evidence->tls && close->known && close->code == QS_CRYPTO_ERROR + ALERT_DECODE_ERROR && cut >= 0 &&
         (close->time < 0 || cut <= close->time);
}

gboolean
qs_evidence_close_may_be_echo (const QsEvidence *evidence)
{
  const QsCloseFact *close = &evidence->close;
  gboolean by_client = close->by_us != evidence->server;
  QsEnd other = by_client ? QS_END_SERVER : QS_END_CLIENT;

  return evidence->tls && qs_trace_is_from_file (evidence->trace) && close->known &&
         close->code == QS_CRYPTO_ERROR + ALERT_DECODE_ERROR && evidence->fin[other] < 0 &&
         (evidence->reset[other] < 0 || evidence->reset[other] > close->time) &&
         (by_client ? evidence->client_finished : evidence->server_finished) != NULL;
}
