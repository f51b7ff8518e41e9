/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about HTTP/3 and QPACK being broken by the server, as the client says by its close or reset. */
#include <inttypes.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-http3-offence.h"
#include "diagnosis/qs-rule.h"
#include "wire/qs-http3.h"
#include "wire/qs-names.h"

#define H3_MESSAGE_ERROR 0x10e
#define MOST_OPENED 64

/* Codes by which a client says that the server broke a rule. Not among them: no error, internal error, excessive load, and what
 * became of a request (RFC 9114 section 8.1). */
static gboolean
is_breach (guint64 code)
{
  return code == 0x101 || (code >= 0x103 && code <= 0x106) || (code >= 0x108 && code <= 0x10a) ||
         (code >= 0x200 && code <= 0x202);
}

static gboolean
client_closed_with (const QsEvidence *evidence, guint64 *code)
{
  const QsCloseFact *close = &evidence->close;
  gboolean by_client = close->by_us != evidence->server;

  *code = close->code;
  return evidence->http.http3 && close->known && close->application && by_client;
}

/* What the client did to the answer's stream, where it did not close the connection for it. */
static gint64
find_reset_by_client (const QsEvidence *evidence, guint64 code)
{
  const guint64 bits = G_GUINT64_CONSTANT (1) << QS_FRAME_RESET_STREAM | G_GUINT64_CONSTANT (1)
                                                                             << QS_FRAME_STOP_SENDING;
  guint n = qs_trace_get_n_packets (evidence->trace);

  for (guint i = n, opened = 0; i > 0 && opened < MOST_OPENED; i--)
    {
      const QsPacket *packet = qs_trace_get_packet (evidence->trace, i - 1);
      if (packet->direction != evidence->from_client || (packet->frames & bits) == 0)
        continue;
      opened++;
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (GArray) frames = qs_trace_dup_frames (evidence->trace, i - 1, &payload);
      for (guint j = 0; j < frames->len; j++)
        {
          const QsFrame *frame = &g_array_index (frames, QsFrame, j);
          if ((frame->type == QS_FRAME_RESET_STREAM || frame->type == QS_FRAME_STOP_SENDING) &&
              frame->error_code == code)
            return i - 1;
        }
    }
  return QS_NO_PACKET;
}

/* --- A malformed answer --- */

static void
describe_piece (const QsEvidence *evidence, QsMatch *match, const QsHttp3Piece *piece)
{
  g_autofree char *what = qs_http3_piece_describe (piece);

  match->packet = piece->packet;
  qs_match_add_packet (match, evidence, piece->packet,
                       g_strdup_printf (_ ("%s on stream %" PRIu64 " from the server"), what, piece->stream));
}

static void
set_rule (QsMatch *match, const char *rule, const char *reference)
{
  qs_match_set (match, "rule", rule);
  match->reference = reference;
}

/* A template's words are not looked at again, so that this one is put together here. */
static void
set_rule_with (QsMatch *match, const char *template, const char *reference, const char *const *names,
               const char *const *values)
{
  g_autofree char *text = g_strdup (_ (template));

  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autofree char *open = g_strdup_printf ("{%s}", names[i]);
      g_auto (GStrv) parts = g_strsplit (text, open, 2);
      if (parts[0] == NULL || parts[1] == NULL)
        continue;
      g_free (text);
      text = g_strconcat (parts[0], values[i] != NULL ? values[i] : "", parts[1], NULL);
    }
  set_rule (match, text, reference);
}

static gboolean
find_wrong_field (const QsEvidence *evidence, QsMatch *match)
{
  g_autoptr (GPtrArray) pieces =
      qs_trace_list_http3 (evidence->trace, (guint64) evidence->http.stream, evidence->from_server, 0, G_MAXINT64);
  gboolean had_final = FALSE;

  for (guint i = 0; pieces != NULL && i < pieces->len; i++)
    {
      const QsHttp3Piece *piece = g_ptr_array_index (pieces, i);
      QsHttp3FieldFault fault;
      if (piece->kind != QS_HTTP3_PIECE_FRAME || piece->type != QS_HTTP3_HEADERS || piece->lines == NULL)
        continue;
      if (qs_http3_find_field_fault (piece->lines, had_final, &fault))
        {
          const char *const names[] = { "field", NULL };
          const char *const values[] = { fault.field, NULL };
          g_autofree char *field = fault.field;
          describe_piece (evidence, match, piece);
          set_rule_with (match, fault.rule, fault.reference, names, values);
          return TRUE;
        }
      /* RFC 9114 section 4.1: interim answers come before. */
      for (guint j = 0; piece->lines[j] != NULL && piece->lines[j + 1] != NULL; j += 2)
        had_final |= g_str_equal (piece->lines[j], ":status") && piece->lines[j + 1][0] != '1';
    }
  return FALSE;
}

static void
explain_malformed (const QsEvidence *evidence, QsMatch *match)
{
  const QsHttpFacts *http = &evidence->http;

  if (http->stream >= 0 && find_wrong_field (evidence, match))
    return;
  if (http->length >= 0 && http->body > (guint64) http->length)
    {
      g_autofree char *text =
          g_strdup_printf (_ ("Its body is longer than its content-length says: %" PRIu64 " of %" PRId64 " bytes."),
                           http->body, http->length);
      set_rule (match, text, "RFC 9114 section 4.1.2");
      match->packet = http->last_packet;
      return;
    }
  set_rule (match, _ ("Which of its fields is wrong cannot be seen in what was recorded."), "RFC 9114 section 4.1.2");
}

static gboolean
match_malformed (const QsEvidence *evidence, QsMatch *match)
{
  guint64 code;
  gboolean closed = client_closed_with (evidence, &code) && code == H3_MESSAGE_ERROR;
  gboolean noted = evidence->http.http3 && g_strcmp0 (evidence->http.end, "malformed") == 0 &&
                   (!evidence->close.known || code == H3_MESSAGE_ERROR || code == 0x100);
  gint64 reset =
      closed || noted || !evidence->http.http3 ? QS_NO_PACKET : find_reset_by_client (evidence, H3_MESSAGE_ERROR);

  if ((!closed && !noted && reset < 0) || g_strcmp0 (evidence->http.end, "cut") == 0)
    return FALSE;
  explain_malformed (evidence, match);
  if (closed)
    qs_match_add_packet (match, evidence, evidence->close.packet,
                         g_strdup (_ ("The client closes with H3_MESSAGE_ERROR")));
  if (reset >= 0)
    qs_match_add_packet (match, evidence, reset, g_strdup (_ ("The client gives the stream up with H3_MESSAGE_ERROR")));
  return TRUE;
}

/* --- A rule of HTTP/3's own --- */

static void
explain_breach (const QsEvidence *evidence, QsMatch *match, guint64 code)
{
  QsHttp3Offence offence;

  if (!qs_http3_find_offence (evidence, code, &offence))
    {
      set_rule (match, qs_http3_error_meaning (code), match->reference);
      return;
    }
  g_autofree char *frame = offence.piece != NULL ? qs_http3_piece_describe (offence.piece) : NULL;
  g_autofree char *stream = g_strdup_printf ("%" PRIu64, offence.stream);
  const char *const names[] = { "frame", "stream", NULL };
  const char *const values[] = { frame, stream, NULL };
  if (offence.piece != NULL)
    describe_piece (evidence, match, offence.piece);
  set_rule_with (match, offence.rule, offence.reference, names, values);
}

static gboolean
match_protocol_error (const QsEvidence *evidence, QsMatch *match)
{
  guint64 code;

  if (!client_closed_with (evidence, &code) || !is_breach (code))
    return FALSE;
  g_autofree char *name = qs_close_code_describe (TRUE, code, "h3");
  explain_breach (evidence, match, code);
  qs_match_set (match, "code", name);
  qs_match_add_packet (match, evidence, evidence->close.packet,
                       g_strdup_printf (_ ("The client closes with %s"), name));
  return TRUE;
}

const QsRule qs_rules_http3[] = {
  { "http3-malformed",
    QS_SEVERITY_ERROR,
    "RFC 9114 section 4.1.2",
    N_ ("The answer of {host} is malformed by HTTP/3's rules."),
    N_ ("{rule} A client must not use such an answer. The handshake and the connection are in order: the fault lies "
        "with "
        "the program that made the answer, or with a proxy that turned one of HTTP/1.1 into HTTP/3."),
    match_malformed,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Ask for the same over HTTP/1.1 (a tls:// target) and compare the header fields."),
      N_ ("Report it to the server's authors, with the packet named here.") } },
  { "http3-protocol-error",
    QS_SEVERITY_ERROR,
    "RFC 9114 section 8.1",
    N_ ("{host} broke a rule of HTTP/3, so the client closed the connection ({code})."),
    N_ ("{rule} That is a defect of the server's HTTP/3; QUIC and TLS were in order."),
    match_protocol_error,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Report it to the server's authors, with the packet named here."),
      N_ ("Until then the same site may answer over HTTP/1.1 (a tls:// target).") } },
  { NULL },
};
