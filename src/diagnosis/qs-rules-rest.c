/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What speaks where no other rule named an error: a failed run never goes without a word. */
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-rule.h"

static const struct {
  const char *stage;
  const char *words;
} stages[] = {
  { "resolve", N_ ("while the name was looked up") },        { "connect", N_ ("before anything answered") },
  { "handshake", N_ ("in the middle of the handshake") },    { "request", N_ ("while the answer was waited for") },
  { "close", N_ ("while the connection was being closed") },
};

static const char *
stage_words (const char *stage)
{
  for (guint i = 0; stage != NULL && i < G_N_ELEMENTS (stages); i++)
    {
      if (g_str_equal (stages[i].stage, stage))
        return _ (stages[i].words);
    }
  return _ ("at the end");
}

static gboolean
is_mute (const QsEvidence *evidence, const QsMatch *match)
{
  return !evidence->failed || evidence->stopped || match->has_error;
}

/* Nothing came for a while, and nobody closed: patience ran out. */
static gboolean
match_timeout (const QsEvidence *evidence, QsMatch *match)
{
  gint64 since = evidence->last_received >= 0 ? evidence->last_received : MAX (evidence->connecting, 0);

  if (is_mute (evidence, match) || (evidence->close.known && !evidence->close.by_us))
    return FALSE;
  if (evidence->now - since < QS_NO_REPLY_AFTER / 6)
    {
      if (qs_trace_find_mark (evidence->trace, QS_MARK_NOTE, "timeout", NULL) == NULL)
        return FALSE;
      match->title = N_ ("{host} got no further {stage} in the time that was given.");
    }
  /* It was the run's own patience that ended, which no document rules. */
  if (!evidence->tls)
    match->reference = "RFC 9002 section 6.2";
  if (evidence->last_received >= 0)
    qs_match_add_moment (match, evidence->last_received, g_strdup (_ ("The last that came")));
  qs_match_take (match, "silence", qs_text_duration (evidence->now - since));
  qs_match_set (match, "stage", stage_words (evidence->stage));
  return TRUE;
}

static gboolean
match_failed (const QsEvidence *evidence, QsMatch *match)
{
  if (is_mute (evidence, match))
    return FALSE;
  qs_match_set (match, "stage", stage_words (evidence->stage));
  const QsMark *note = qs_trace_find_mark (evidence->trace, QS_MARK_NOTE, NULL, NULL);
  if (note != NULL && g_strcmp0 (note->name, "http3") != 0)
    qs_match_set (match, "note", note->text);
  if (evidence->socket_error != NULL)
    qs_match_take (match, "system",
                   g_strdup_printf (_ ("The system says: %s."), evidence->socket_error->text != NULL
                                                                    ? evidence->socket_error->text
                                                                    : evidence->socket_error->name));
  if (evidence->call != NULL && evidence->call->text != NULL)
    qs_match_take (match, "stack",
                   g_strdup_printf (_ ("The TLS library says, in %s: “%s”."), evidence->call->name,
                                    evidence->call->text));
  if (evidence->close.known)
    {
      g_autofree char *code = qs_evidence_close_text (evidence);
      qs_match_take (match, "close",
                     g_strdup_printf (evidence->close.by_us ? _ ("This side closed with %s.")
                                                            : _ ("The other side closed with %s."),
                                      code));
    }
  qs_match_add_close (match, evidence);
  qs_match_add_mark (match, evidence, evidence->socket_error, NULL);
  qs_match_add_mark (match, evidence, evidence->call, NULL);
  return TRUE;
}

const QsRule qs_rules_rest[] = {
  { "timeout",
    QS_SEVERITY_ERROR,
    "RFC 9293 section 3.8.3",
    N_ ("{host} stopped answering {stage}: nothing came for {silence}."),
    N_ ("It was waited for as long as the timeout allows. The server may be stuck or overloaded, or packets of this "
        "size or kind are dropped on the way."),
    match_timeout,
    QS_CERTAINTY_POSSIBLE,
    QS_PARTY_UNKNOWN,
    { N_ ("Try again with more patience."), N_ ("Look at the last packets.") } },
  { "failed",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 11",
    N_ ("The run to {host} failed {stage}."),
    N_ ("{note} {close} {system} {stack}"),
    match_failed,
    QS_CERTAINTY_POSSIBLE,
    QS_PARTY_UNKNOWN,
    { N_ ("Look at the last packets of the trace for what led to it.") } },
  { NULL },
};
