/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a match function fills in: words for the templates, and the evidence. */
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-rule.h"
#include "wire/qs-names.h"

#define MOST_FRAMES_NAMED 6

void
qs_match_take (QsMatch *match, const char *name, char *text)
{
  g_hash_table_insert (match->words, (gpointer) name, text != NULL ? text : g_strdup (""));
}

void
qs_match_set (QsMatch *match, const char *name, const char *text)
{
  qs_match_take (match, name, g_strdup (text));
}

void
qs_match_number (QsMatch *match, const char *name, guint64 number)
{
  qs_match_take (match, name, g_strdup_printf ("%" G_GUINT64_FORMAT, number));
}

static void
add (QsMatch *match, gint64 packet, gint64 time, char *what)
{
  QsFindingEvidence *item = g_new0 (QsFindingEvidence, 1);

  item->packet = packet;
  item->time = time;
  item->what = what;
  g_ptr_array_add (match->evidence, item);
}

static const char *
content_name (guint type)
{
  static const char *const names[] = { "ChangeCipherSpec", "Alert", "Handshake", "Application Data" };

  return type >= 20 && type < 20 + G_N_ELEMENTS (names) ? names[type - 20] : NULL;
}

/* The names of what a packet holds, in the order of their types; empty where it could not be read. */
static char *
contents_text (const QsPacket *packet)
{
  GString *text = g_string_new (NULL);
  guint named = 0;

  for (guint bit = 0; bit < 64 && named < MOST_FRAMES_NAMED; bit++)
    {
      if ((packet->frames & G_GUINT64_CONSTANT (1) << bit) == 0 || (bit == QS_FRAME_PADDING && packet->frames != 1))
        continue;
      const char *name = packet->type == QS_PACKET_TLS_RECORD ? content_name (bit) : qs_frame_type_name (bit);
      if (name != NULL)
        g_string_append_printf (text, "%s%s", named++ > 0 ? ", " : "", name);
    }
  return g_string_free (text, FALSE);
}

static char *
describe_packet (const QsEvidence *evidence, const QsPacket *packet)
{
  gboolean from_client = packet->direction == evidence->from_client;
  g_autofree char *number = packet->number == G_MAXUINT64 || packet->type == QS_PACKET_TLS_RECORD
                                ? g_strdup ("")
                                : g_strdup_printf (" %" G_GUINT64_FORMAT, packet->number);
  g_autofree char *name = g_strdup_printf ("%s%s", qs_packet_type_name (packet->type), number);
  g_autofree char *contents = contents_text (packet);

  if (*contents == '\0')
    return g_strdup_printf (from_client ? _ ("%s from the client") : _ ("%s from the server"), name);
  return g_strdup_printf (from_client ? _ ("%s from the client: %s") : _ ("%s from the server: %s"), name, contents);
}

void
qs_match_add_packet (QsMatch *match, const QsEvidence *evidence, gint64 packet, char *what)
{
  const QsPacket *found = packet >= 0 ? qs_trace_get_packet (evidence->trace, (guint) packet) : NULL;

  if (found == NULL)
    g_free (what);
  else
    add (match, packet, found->time, what != NULL ? what : describe_packet (evidence, found));
}

void
qs_match_add_message (QsMatch *match, const QsEvidence *evidence, const QsTraceMessage *message)
{
  if (message == NULL)
    return;
  const char *name = message->message != NULL ? qs_tls_message_name (message->message) : _ ("a TLS message");
  gboolean from_client = message->direction == evidence->from_client;
  add (match, message->packet, message->time,
       g_strdup_printf (from_client ? _ ("%s from the client") : _ ("%s from the server"), name));
}

/* What the kind of a mark says to people; {what} is the mark's own text, or its name. */
static const struct {
  QsMarkKind kind;
  const char *words;
} mark_words[] = {
  { QS_MARK_RESOLVE_FAILED, N_ ("The resolver said: {what}") },
  { QS_MARK_ATTEMPT_LOST, N_ ("The attempt to {what} was given up") },
  { QS_MARK_TCP_PROBE, N_ ("TCP on the same port: {what}") },
  { QS_MARK_SOCKET_ERROR, N_ ("The system said: {what}") },
  { QS_MARK_VERIFY, N_ ("The verification of the certificate said: {what}") },
  { QS_MARK_CALL, N_ ("The TLS library said: {what}") },
  { QS_MARK_CLOSE, N_ ("The connection was closed: {what}") },
};

static char *
describe_mark (const QsMark *mark)
{
  const char *text = mark->text != NULL && *mark->text != '\0' ? mark->text : mark->name != NULL ? mark->name : "";

  if (mark->kind == QS_MARK_ICMP)
    return g_strdup_printf (_ ("ICMP “%s” from %s"), mark->name, mark->text != NULL ? mark->text : "?");
  for (guint i = 0; i < G_N_ELEMENTS (mark_words); i++)
    {
      if (mark_words[i].kind != mark->kind)
        continue;
      GString *words = g_string_new (_ (mark_words[i].words));
      g_string_replace (words, "{what}", mark->kind == QS_MARK_TCP_PROBE ? mark->name : text, 1);
      return g_string_free (words, FALSE);
    }
  return g_strdup (text);
}

void
qs_match_add_mark (QsMatch *match, const QsEvidence *evidence, const QsMark *mark, char *what)
{
  gint64 time = QS_NO_TIME, at = QS_NO_TIME;

  if (mark == NULL)
    {
      g_free (what);
      return;
    }
  for (guint i = qs_trace_get_n_marks (evidence->trace); i > 0 && time < 0; i--)
    {
      if (qs_trace_get_mark (evidence->trace, i - 1, &at) == mark)
        time = at;
    }
  add (match, QS_NO_PACKET, time, what != NULL ? what : describe_mark (mark));
}

void
qs_match_add_close (QsMatch *match, const QsEvidence *evidence)
{
  const QsCloseFact *close = &evidence->close;

  if (!close->known)
    return;
  gboolean by_client = close->by_us != evidence->server;
  g_autofree char *code = qs_evidence_close_text (evidence);
  g_autoptr (GString) text = g_string_new (NULL);
  g_string_printf (text, by_client ? _ ("The client closed: %s") : _ ("The server closed: %s"), code);
  if (close->reason != NULL)
    g_string_append_printf (text, " “%s”", close->reason);
  match->packet = close->packet;
  add (match, close->packet, close->time, g_strdup (text->str));
}

void
qs_match_add_moment (QsMatch *match, gint64 time, char *what)
{
  add (match, QS_NO_PACKET, time, what);
}

const QsMark *
qs_experiment_find (const QsEvidence *evidence, const char *id, gint64 value)
{
  const QsMark *mark = qs_trace_find_mark (evidence->trace, QS_MARK_EXPERIMENT, id, NULL);

  return mark != NULL && mark->value == value ? mark : NULL;
}

gboolean
qs_evidence_is_without_hello (const QsEvidence *evidence)
{
  return !evidence->server && evidence->server_hello == NULL && !qs_evidence_is_connected (evidence) &&
         (evidence->failed || evidence->live);
}

gboolean
qs_match_add_control (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *again = qs_trace_find_mark (evidence->trace, QS_MARK_EXPERIMENT, "same-again", NULL);

  if (again != NULL && again->value == 1)
    return FALSE;
  if (again == NULL || again->value != 0)
    match->certainty = MAX (match->certainty - 1, QS_CERTAINTY_POSSIBLE);
  else
    qs_match_add_mark (match, evidence, again, NULL);
  return TRUE;
}
