/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges of clients that speak HTTP/3: its SETTINGS say so, for a protocol that was agreed on may be spoken by nobody. */
#include "base/qs-i18n.h"
#include "checks/qs-judges.h"
#include "trace/qs-trace-http3.h"
#include "wire/qs-http3.h"
#include "wire/qs-names.h"

#define NO_ERROR 0x00
#define H3_NO_ERROR 0x100
#define H3_REQUEST_CANCELLED 0x10c

static gboolean
lacks_http3 (const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return TRUE;
  if (sight->http3)
    return FALSE;
  qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("The client sent no SETTINGS of HTTP/3.")));
  return TRUE;
}

/* An application's close with 0, which is none of HTTP/3's codes, counts as H3_NO_ERROR (RFC 9114 section 8.1): curl's and aioquic's. */
static gboolean
closed_without_error (const QsSight *sight)
{
  return sight->closed &&
         (sight->close_code == NO_ERROR || (sight->closed_by_application && sight->close_code == H3_NO_ERROR));
}

void
qs_judge_client_http3 (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (!lacks_http3 (sight, judgement))
    qs_judge_http3 (check, sight, judgement);
}

/* MAX_PUSH_ID lets the server push; a client of which none was seen has allowed nothing. */
void
qs_judge_client_push (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  for (guint i = 0; i < qs_trace_get_n_http3 (sight->trace); i++)
    {
      const QsHttp3Piece *piece = qs_trace_get_http3 (sight->trace, i);
      if (piece->direction != QS_DIRECTION_RECEIVED || piece->kind != QS_HTTP3_PIECE_FRAME ||
          piece->type != QS_HTTP3_MAX_PUSH_ID)
        continue;
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("The client allows pushes.")));
      return;
    }
  qs_judge_client_http3 (check, sight, judgement);
}

/* What a client makes of an answer is seen here only where it says so (RFC 9114 section 4.1.2): the program above it may have been told. */
void
qs_judge_client_malformed (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsSightStream *stream = &sight->streams[0];
  guint64 code = stream->reset ? stream->reset_code : stream->stop_code;

  if (lacks_http3 (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (sight->closed && !closed_without_error (sight))
    qs_judge_http3 (check, sight, judgement);
  else if ((stream->reset || stream->stopped) && qs_check_takes_code (check, TRUE, code))
    {
      g_autofree char *name = qs_close_code_describe (TRUE, code, "h3");
      qs_judgement_show (judgement, stream->packet);
      qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup_printf (_ ("It ended the stream with %s."), name));
    }
  else
    qs_judgement_set (
        judgement, QS_CHECK_INFO,
        g_strdup (_ ("It said nothing of it: whether its user was told of an error is not to be seen here.")));
}

void
qs_judge_client_tolerates (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsSightStream *stream = &sight->streams[0];
  gboolean ended = (stream->reset && stream->reset_code != H3_NO_ERROR && stream->reset_code != H3_REQUEST_CANCELLED) ||
                   (stream->stopped && stream->stop_code != H3_NO_ERROR && stream->stop_code != H3_REQUEST_CANCELLED);

  if (lacks_http3 (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (ended)
    {
      g_autofree char *name =
          qs_close_code_describe (TRUE, stream->reset ? stream->reset_code : stream->stop_code, "h3");
      qs_judgement_show (judgement, stream->packet);
      qs_judgement_set (judgement, qs_check_fail (check), g_strdup_printf (_ ("It ended the stream with %s."), name));
    }
  else if (closed_without_error (sight))
    {
      qs_judgement_show (judgement, sight->close_packet);
      qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It took the answer and closed without an error.")));
    }
  else
    qs_judge_goes_on (check, sight, judgement);
}
