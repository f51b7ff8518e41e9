/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-trace-messages.h"

#define MAX_MESSAGE (1u << 20)

/* A message that cannot be parsed is still one: its type and bytes are shown. */
static QsTlsMessage *
parse_message (QsSpan bytes, gboolean tls13)
{
  QsTlsMessage *message = qs_tls_message_parse (bytes, tls13, NULL);

  if (message == NULL)
    {
      message = g_new0 (QsTlsMessage, 1);
      message->type = bytes.data[0];
      message->bytes = bytes;
      message->body = QS_SPAN (bytes.data + 4, bytes.length - 4);
    }
  return message;
}

/* What is known of a message that is not whole: its header. */
static void
note_unfinished (QsTrace *self, const QsReassembly *stream, const QsTraceMessage *as, QsSpan bytes, gsize length)
{
  const QsTraceUnfinished unfinished = { .type = bytes.data[0],
                                         .length = length,
                                         .got = MIN (bytes.length, length),
                                         .packet = as->packet,
                                         .first_packet =
                                             qs_reassembly_get_packet (stream, qs_reassembly_get_base (stream)) };

  qs_trace_set_unfinished (self, as->direction, &unfinished);
}

static void
note_finished (QsTrace *self, const QsTraceMessage *message)
{
  QsTraceUnfinished unfinished;

  qs_trace_get_unfinished (self, message->direction, &unfinished);
  if (unfinished.length != 0 && unfinished.first_packet == message->first_packet)
    qs_trace_set_unfinished (self, message->direction, &(const QsTraceUnfinished){ 0 });
}

gboolean
qs_trace_add_messages (QsTrace *self, QsReassembly *stream, const QsTraceMessage *as, gboolean tls13,
                       QsMessageFunc func, gpointer data)
{
  g_return_val_if_fail (QS_IS_TRACE (self) && stream != NULL && as != NULL, FALSE);

  for (;;)
    {
      QsSpan bytes = qs_reassembly_peek (stream);
      gsize length = qs_tls_message_length (bytes);
      if (length > bytes.length)
        note_unfinished (self, stream, as, bytes, length);
      if (length > MAX_MESSAGE)
        return FALSE;
      if (length < 4 || length > bytes.length)
        return TRUE;

      QsTraceMessage *message = g_new (QsTraceMessage, 1);
      *message = *as;
      message->first_packet = qs_reassembly_get_packet (stream, qs_reassembly_get_base (stream));
      message->bytes = g_bytes_new (bytes.data, length);
      message->message = parse_message (QS_SPAN (g_bytes_get_data (message->bytes, NULL), length), tls13);
      qs_reassembly_consume (stream, length);
      note_finished (self, message);
      if (func != NULL)
        func (message, data);
      qs_trace_add_message (self, message); /* which may have no room for it */
    }
}
