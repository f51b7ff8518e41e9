/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges of what a server must refuse. Four things may be seen behind the act, and the trace shows which: a CONNECTION_CLOSE; a packet of
 * ours behind the act that is acknowledged, so that it goes on; or neither: it fell silent. Only the one who goes on *and* has acknowledged the
 * act itself did what the text forbids; the other may never have got it. */
#include "base/qs-i18n.h"
#include "checks/qs-judges.h"
#include "wire/qs-names.h"

#define PROTOCOL_VIOLATION 0x0a
#define INTERNAL_ERROR 0x01
#define APPLICATION_ERROR 0x0c
#define HANDSHAKE_FAILURE 0x128
#define CRYPTO_ERRORS 0x100
#define H3_GENERAL_PROTOCOL_ERROR 0x101
#define H3_INTERNAL_ERROR 0x102
#define H3_REQUEST_REJECTED 0x10b
#define TP_MAX_DATAGRAM_FRAME_SIZE 0x20
#define STATUS_BAD_REQUEST 400

QsCheckVerdict
qs_check_fail (const QsCheck *check)
{
  return check->flags & QS_CHECK_IS_CONTESTED ? QS_CHECK_CONTESTED
         : check->flags & QS_CHECK_MAY        ? QS_CHECK_INFO
         : check->flags & QS_CHECK_SHOULD     ? QS_CHECK_WARN
                                              : QS_CHECK_FAIL;
}

char *
qs_sight_dup_close (const QsSight *sight)
{
  g_autofree char *code = qs_close_code_describe (sight->closed_by_application, sight->close_code, "h3");

  return sight->close_reason != NULL ? g_strdup_printf (_ ("%s (“%s”)"), code, sight->close_reason)
                                     : g_steal_pointer (&code);
}

gboolean
qs_judge_is_untested (const QsSight *sight, QsJudgement *judgement)
{
  g_autofree char *close = sight->closed ? qs_sight_dup_close (sight) : NULL;

  if (sight->act != G_MAXUINT)
    return FALSE;
  if (sight->closed)
    {
      qs_judgement_show (judgement, sight->close_packet);
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                        g_strdup_printf (sight->of_client ? _ ("The client closed before it came to that: %s.")
                                                          : _ ("The server closed before it came to that: %s."),
                                         close));
    }
  else if (!sight->hello && !sight->of_client)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                      g_strdup (_ ("The server did not answer before it came to that.")));
  else
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                      g_strdup (_ ("The connection did not come as far as this check needs it.")));
  return TRUE;
}

/* --- Codes --- */

static gboolean
is_expected (const QsCheck *check, guint64 code)
{
  for (guint i = 0; i < G_N_ELEMENTS (check->codes) && check->codes[i] != 0; i++)
    {
      if (check->codes[i] == code)
        return TRUE;
    }
  return FALSE;
}

/* RFC 9000 section 11 and RFC 9001 section 4.8 let a generic code stand for any; RFC 9114 section 8 too. */
static gboolean
is_generic (const QsCheck *check, gboolean application, guint64 code)
{
  if (application)
    return code == H3_GENERAL_PROTOCOL_ERROR || code == H3_INTERNAL_ERROR;
  if (code == PROTOCOL_VIOLATION || code == INTERNAL_ERROR || code == APPLICATION_ERROR)
    return TRUE;
  return code == HANDSHAKE_FAILURE && check->codes[0] >= CRYPTO_ERRORS;
}

gboolean
qs_check_takes_code (const QsCheck *check, gboolean application, guint64 code)
{
  return is_expected (check, code) || is_generic (check, application, code);
}

static void
judge_close (const QsCheck *check, const QsSight *sight, gboolean application, QsJudgement *judgement)
{
  g_autofree char *close = qs_sight_dup_close (sight);
  gboolean same_kind = sight->closed_by_application == application;

  qs_judgement_show (judgement, sight->close_packet);
  if (same_kind && is_expected (check, sight->close_code))
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup_printf (_ ("It closed with %s."), close));
  else if (is_generic (check, sight->closed_by_application, sight->close_code))
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup_printf (_ ("It closed with a generic code, %s."), close));
  else if ((check->flags & QS_CHECK_MAY) != 0)
    qs_judgement_set (judgement, QS_CHECK_INFO, g_strdup_printf (_ ("It closed with %s."), close));
  else
    {
      g_autofree char *wanted = qs_close_code_describe (application, check->codes[0], "h3");
      qs_judgement_set (judgement, check->flags & QS_CHECK_IS_CONTESTED ? QS_CHECK_CONTESTED : QS_CHECK_WARN,
                        g_strdup_printf (_ ("It closed with %s, where %s was to come."), close, wanted));
    }
}

/* What is no fault by itself: of a contested one nothing is said but that it is. */
static QsCheckVerdict
mild (const QsCheck *check)
{
  return check->flags & QS_CHECK_IS_CONTESTED ? QS_CHECK_CONTESTED : QS_CHECK_WARN;
}

static void
judge_unclosed (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  qs_judgement_show (judgement, sight->act_packet);
  if (sight->reset)
    qs_judgement_set (judgement, mild (check), g_strdup (_ ("It reset the connection without a CONNECTION_CLOSE.")));
  else if (!sight->after_acked && sight->n_unreadable > 0)
    qs_judgement_set (judgement, mild (check),
                      g_strdup (_ ("It sent something, and no CONNECTION_CLOSE that could be read.")));
  else if (!sight->after_acked)
    qs_judgement_set (judgement, mild (check), g_strdup (_ ("It fell silent and sent no CONNECTION_CLOSE.")));
  else if (check->flags & QS_CHECK_SPARE)
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It went on, as it may.")));
  else if (!sight->act_acked)
    qs_judgement_set (
        judgement, mild (check),
        g_strdup (_ ("It sent no CONNECTION_CLOSE, and did not acknowledge it: it may have passed it over.")));
  else
    {
      qs_judgement_show (judgement, sight->after_packet);
      qs_judgement_set (judgement, qs_check_fail (check),
                        g_strdup (_ ("It acknowledged it and went on as if nothing had been wrong.")));
    }
}

void
qs_judge_refused (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (sight->closed)
    judge_close (check, sight, FALSE, judgement);
  else
    judge_unclosed (check, sight, judgement);
}

void
qs_judge_refused_datagram (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint64 size;

  if (qs_sight_get_parameter (sight, TP_MAX_DATAGRAM_FRAME_SIZE, &size) && size > 0)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("The server takes DATAGRAM frames.")));
  else
    qs_judge_refused (check, sight, judgement);
}

/* Whoever does not accept 0-RTT drops its packets unseen. A close shows that it was seen all the same. */
void
qs_judge_refused_early (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint said;

  if (sight->act == G_MAXUINT || (!sight->closed && !qs_sight_accepts_early_data (sight, &said)))
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("The server accepts no 0-RTT.")));
  else
    qs_judge_refused (check, sight, judgement);
}

/* --- Requests that are no good --- */

static gboolean
judge_stream_error (const QsCheck *check, const QsSightStream *stream, QsJudgement *judgement)
{
  guint64 code = stream->reset ? stream->reset_code : stream->stop_code;
  g_autofree char *name = qs_close_code_describe (TRUE, code, "h3");

  if (!stream->reset && !stream->stopped)
    return FALSE;
  qs_judgement_show (judgement, stream->packet);
  if (is_expected (check, code) || is_generic (check, TRUE, code) || code == H3_REQUEST_REJECTED)
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup_printf (_ ("It ended the stream with %s."), name));
  else
    qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup_printf (_ ("It ended the stream with %s."), name));
  return TRUE;
}

/* The request that is the act, by its step; an ordinary one before it, on the same connection, tells what anybody is answered there. */
static const QsSightStream *
find_asked (const QsCheck *check, const QsSight *sight, const QsSightStream **usual)
{
  guint64 stream = 0, before = G_MAXUINT64;

  for (const QsCraftStep *step = check->script; step->what != QS_CRAFT_DO_END; step++)
    {
      if (step->act)
        {
          stream = step->what == QS_CRAFT_DO_REQUEST || step->what == QS_CRAFT_DO_STREAM ? step->stream : 0;
          break;
        }
      if (step->what == QS_CRAFT_DO_REQUEST)
        before = step->stream;
    }
  *usual = before < stream && before / 4 < QS_SIGHT_MOST_STREAMS ? &sight->streams[before / 4] : NULL;
  return &sight->streams[(stream & 3) == 0 && stream / 4 < QS_SIGHT_MOST_STREAMS ? stream / 4 : 0];
}

/* Whether the act's request was ended, and nothing but it: that is less than is asked for, and yet no going on. */
static gboolean
judge_ended_stream (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsSightStream *usual, *stream = find_asked (check, sight, &usual);
  guint64 code = stream->reset ? stream->reset_code : stream->stop_code;

  if (!stream->reset || !sight->after_acked || (check->flags & QS_CHECK_MAY) != 0)
    return FALSE;
  g_autofree char *name = qs_close_code_describe (TRUE, code, "h3");
  qs_judgement_show (judgement, stream->packet);
  qs_judgement_set (judgement, mild (check),
                    g_strdup_printf (_ ("It ended the stream alone, with %s: the connection was to be closed."), name));
  return TRUE;
}

void
qs_judge_http3 (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (sight->closed)
    judge_close (check, sight, TRUE, judgement);
  else if (!judge_ended_stream (check, sight, judgement))
    judge_unclosed (check, sight, judgement);
}

void
qs_judge_answers (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsSightStream *usual, *stream = find_asked (check, sight, &usual);

  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  qs_judgement_show (judgement, stream->packet);
  if (stream->status == STATUS_BAD_REQUEST && usual != NULL && usual->status != STATUS_BAD_REQUEST)
    qs_judgement_set (judgement, usual->status != 0 ? qs_check_fail (check) : QS_CHECK_WARN,
                      g_strdup (_ ("The request was refused, and an ordinary one is not.")));
  else if (stream->status != 0)
    qs_judgement_set (judgement, QS_CHECK_PASS,
                      g_strdup_printf (_ ("The request was answered with status %u."), stream->status));
  else if (stream->reset)
    qs_judgement_set (judgement, qs_check_fail (check), g_strdup (_ ("The request was refused.")));
  else
    qs_judge_lost (check, sight, judgement);
}

/* An answer that names the error may come before the stream's end (RFC 9114 section 4.1.2). */
void
qs_judge_malformed (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsSightStream *usual, *stream = find_asked (check, sight, &usual);
  gboolean refusal = stream->status >= 400;

  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (refusal && usual != NULL && usual->status == stream->status)
    {
      qs_judgement_show (judgement, usual->packet);
      qs_judgement_set (
          judgement, QS_CHECK_NOT_TESTED,
          g_strdup_printf (_ ("It answers an ordinary request with status %u too: name a path that exists."),
                           stream->status));
    }
  else if (refusal && usual != NULL && usual->status != 0 && usual->status < 400)
    {
      qs_judgement_show (judgement, stream->packet);
      qs_judgement_set (judgement, QS_CHECK_PASS,
                        g_strdup_printf (_ ("It answered with status %u, and an ordinary request with %u."),
                                         stream->status, usual->status));
    }
  else if (stream->status == STATUS_BAD_REQUEST || stream->status == 431 || stream->status == 501)
    {
      qs_judgement_show (judgement, stream->packet);
      qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup_printf (_ ("It answered with status %u."), stream->status));
    }
  else if (stream->status >= 400)
    {
      qs_judgement_show (judgement, stream->packet);
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                        g_strdup_printf (_ ("It answered with status %u, which need not be about this."),
                                         stream->status));
    }
  else if (stream->status != 0)
    {
      qs_judgement_show (judgement, stream->packet);
      qs_judgement_set (judgement, qs_check_fail (check),
                        g_strdup_printf (_ ("It took the request and answered with status %u."), stream->status));
    }
  else if (sight->closed)
    judge_close (check, sight, TRUE, judgement);
  else if (!judge_stream_error (check, stream, judgement))
    qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup (_ ("It neither answered nor ended the stream.")));
}
