/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-mark.h"

static const char *const stream_states[QS_N_STREAM_STATES] = {
  [QS_STREAM_NONE] = "NONE",
  [QS_STREAM_OK] = "OK",
  [QS_STREAM_WRONG_DIR] = "WRONG_DIR",
  [QS_STREAM_FINISHED] = "FINISHED",
  [QS_STREAM_RESET_LOCAL] = "RESET_LOCAL",
  [QS_STREAM_RESET_REMOTE] = "RESET_REMOTE",
  [QS_STREAM_CONN_CLOSED] = "CONN_CLOSED",
};

/* Files hold these: a kind keeps its name, whatever becomes of the enum. */
static const char *const kinds[QS_N_MARKS] = {
  [QS_MARK_STATE] = "state",
  [QS_MARK_RESOLVED] = "resolved",
  [QS_MARK_RESOLVE_FAILED] = "resolve-failed",
  [QS_MARK_CONNECTING] = "connecting",
  [QS_MARK_ATTEMPT_LOST] = "attempt-lost",
  [QS_MARK_TCP_CONNECTED] = "tcp-connected",
  [QS_MARK_TCP_PROBE] = "tcp-probe",
  [QS_MARK_SOCKET_ERROR] = "socket-error",
  [QS_MARK_ICMP] = "icmp",
  [QS_MARK_FACT] = "fact",
  [QS_MARK_CERTIFICATES] = "certificates",
  [QS_MARK_VERIFY] = "verify",
  [QS_MARK_HANDSHAKE_DONE] = "handshake-done",
  [QS_MARK_CONFIRMED] = "confirmed",
  [QS_MARK_REQUEST] = "request",
  [QS_MARK_FIRST_BYTE] = "first-byte",
  [QS_MARK_STREAM] = "stream",
  [QS_MARK_CLOSE] = "close",
  [QS_MARK_CALL] = "call",
  [QS_MARK_OUTCOME] = "outcome",
  [QS_MARK_IMPAIRMENT] = "impairment",
  [QS_MARK_NOTE] = "note",
  [QS_MARK_EXPERIMENT] = "experiment",
  [QS_MARK_ANSWER] = "answer",
  [QS_MARK_ANSWER_END] = "answer-end",
  [QS_MARK_ALTERNATIVE] = "alternative",
  [QS_MARK_HTTPS_RECORD] = "https-record",
  [QS_MARK_TCP_END] = "tcp-end",
  [QS_MARK_ICMP_SENT] = "icmp-sent",
};

const char *
qs_stream_state_name (QsStreamState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (stream_states), NULL);
  return stream_states[state];
}

const char *
qs_mark_kind_name (QsMarkKind kind)
{
  return (guint) kind < G_N_ELEMENTS (kinds) ? kinds[kind] : NULL;
}

gboolean
qs_mark_kind_from_name (const char *name, QsMarkKind *kind)
{
  g_return_val_if_fail (name != NULL && kind != NULL, FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (kinds[i] != NULL && g_str_equal (kinds[i], name))
        {
          *kind = (QsMarkKind) i;
          return TRUE;
        }
    }
  return FALSE;
}
