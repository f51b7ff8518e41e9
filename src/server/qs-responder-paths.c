/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the paths of the local server answer. */
#include <string.h>

#include "base/qs-i18n.h"
#include "server/qs-responder-private.h"

#define LARGE_BYTES (64 << 20)                        /* of QS_RESPONDER_LARGE */
#define MAX_SLOW_MS 600000                            /* ten minutes */
#define CUT_LENGTH 1000                               /* bytes that an answer which is cut says that it has, */
#define CUT_AT 9                                      /* and those that it has in a scenario */
#define MAX_CODE ((G_GUINT64_CONSTANT (1) << 62) - 1) /* RFC 9000 section 16 */

typedef void (*PathFunc) (QsResponder *self, const char *argument, QsAnswer *answer);

gboolean
qs_responder_parse_number (const char *text, guint64 max, guint64 *value)
{
  int base = g_str_has_prefix (text, "0x") ? 16 : 10;

  return g_ascii_string_to_unsigned (base == 16 ? text + 2 : text, base, 0, max, value, NULL);
}

void
qs_answer_refuse (QsAnswer *answer, int status, const char *status_text, const char *text)
{
  answer->status = status;
  answer->status_text = status_text;
  g_string_printf (answer->body, "%s\n", text);
}

static gboolean
number_or_refuse (const char *text, guint64 max, guint64 *value, QsAnswer *answer)
{
  if (qs_responder_parse_number (text, max, value))
    return TRUE;
  qs_answer_refuse (answer, 400, "Bad Request", "The path ends in no number, or in one that is too large.");
  return FALSE;
}

static void
path_root (QsResponder *self, const char *argument, QsAnswer *answer)
{
  g_string_append (answer->body, self->about);
}

static void
path_bytes (QsResponder *self, const char *argument, QsAnswer *answer)
{
  number_or_refuse (argument, QS_BYTES_MAX, &answer->n_bytes, answer);
}

static void
path_slow (QsResponder *self, const char *argument, QsAnswer *answer)
{
  guint64 ms;

  if (!number_or_refuse (argument, MAX_SLOW_MS, &ms, answer))
    return;
  self->ready_at = MAX (self->ready_at, qs_clock_now_us (self->clock) + (gint64) ms * 1000);
  g_string_printf (answer->body, "This answer waited for %" G_GUINT64_FORMAT " ms.\n", ms);
}

static void
act (QsResponder *self, QsReplyAction action, const char *argument, QsAnswer *answer)
{
  if (number_or_refuse (argument, MAX_CODE, &self->code, answer))
    self->action = action;
}

static void
path_reset (QsResponder *self, const char *argument, QsAnswer *answer)
{
  act (self, QS_REPLY_RESET, argument, answer);
}

static void
path_stop (QsResponder *self, const char *argument, QsAnswer *answer)
{
  if ((self->flags & QS_RESPONDER_TCP) != 0)
    {
      qs_answer_refuse (answer, 400, "Bad Request", "Only a QUIC stream can be told to stop sending.");
      return;
    }
  act (self, QS_REPLY_STOP, argument, answer);
  if (self->action == QS_REPLY_STOP)
    g_string_printf (answer->body, "Every later stream is refused with code 0x%" G_GINT64_MODIFIER "x.\n", self->code);
}

static void
path_close (QsResponder *self, const char *argument, QsAnswer *answer)
{
  act (self, QS_REPLY_CLOSE, argument, answer);
}

static void
path_stall (QsResponder *self, const char *argument, QsAnswer *answer)
{
  self->state = QS_RESPONDER_AT_STALLED;
}

static void
path_headers (QsResponder *self, const char *argument, QsAnswer *answer)
{
  g_string_append_len (answer->body, answer->head, (gssize) answer->head_length);
}

static const char *
status_text (guint status)
{
  static const struct {
    guint status;
    const char *text;
  } texts[] = {
    { 200, "OK" },
    { 301, "Moved Permanently" },
    { 302, "Found" },
    { 400, "Bad Request" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 421, "Misdirected Request" },
    { 425, "Too Early" },
    { 429, "Too Many Requests" },
    { 500, "Internal Server Error" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (texts[i].status == status)
      return texts[i].text;
  return "As Asked For";
}

static void
set_status (QsAnswer *answer, guint status, const char *location)
{
  answer->status = (int) status;
  answer->status_text = status_text (status);
  answer->location = status / 100 == 3 ? (location != NULL ? location : "/") : NULL;
  /* RFC 9110 section 6.4.1: these have no body. */
  if (status == 204 || status == 304)
    g_string_truncate (answer->body, 0);
  else
    g_string_printf (answer->body, "%u %s\n", status, answer->status_text);
}

static void
path_status (QsResponder *self, const char *argument, QsAnswer *answer)
{
  guint64 status;

  if (!number_or_refuse (argument, 599, &status, answer))
    return;
  if (status < 200)
    qs_answer_refuse (answer, 400, "Bad Request", "A final answer has a status from 200 to 599.");
  else
    set_status (answer, (guint) status, NULL);
}

static void
cut (QsResponder *self, QsAnswer *answer, guint64 at)
{
  answer->n_bytes = at;
  answer->claims = CUT_LENGTH;
  answer->close = TRUE;
}

static void
path_cut (QsResponder *self, const char *argument, QsAnswer *answer)
{
  guint64 at;

  if (number_or_refuse (argument, CUT_LENGTH - 1, &at, answer))
    cut (self, answer, at);
}

/* A path that ends in "/" takes an argument, but for the root. */
static const struct {
  const char *path;
  const char *argument;
  PathFunc func;
  const char *help;
} paths[] = {
  { "/", "", path_root, N_ ("a page about this connection") },
  { "/bytes/", "N", path_bytes, N_ ("N bytes of a pattern, up to 4 GiB") },
  { "/slow/", "MS", path_slow, N_ ("an answer after MS milliseconds") },
  { "/reset/", "CODE", path_reset, N_ ("the stream is reset with CODE") },
  { "/stop/", "CODE", path_stop, N_ ("later streams are refused: STOP_SENDING with CODE") },
  { "/close/", "CODE", path_close, N_ ("the connection is closed with CODE") },
  { "/stall", "", path_stall, N_ ("no answer; nothing more is read") },
  { "/headers", "", path_headers, N_ ("the request as it came") },
  { "/status/", "CODE", path_status, N_ ("an answer of this status, as 404; with 301 one that leads to /") },
  { "/cut/", "N", path_cut, N_ ("an answer that says that it has 1000 bytes and ends after N") },
};

void
qs_responder_answer_path (QsResponder *self, const char *path, QsAnswer *answer)
{
  if ((self->flags & QS_RESPONDER_LARGE) != 0)
    {
      answer->n_bytes = LARGE_BYTES;
      return;
    }
  if (self->script->cut)
    {
      cut (self, answer, CUT_AT);
      return;
    }
  if (self->script->status != 0)
    {
      set_status (answer, self->script->status, self->script->location);
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      gboolean takes_argument = paths[i].argument[0] != '\0';
      if (takes_argument ? g_str_has_prefix (path, paths[i].path) : g_str_equal (path, paths[i].path))
        {
          paths[i].func (self, path + strlen (paths[i].path), answer);
          return;
        }
    }
  qs_answer_refuse (answer, 404, "Not Found", "There is no such path here; try /");
}

char *
qs_responder_paths_help (void)
{
  GString *help = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autofree char *path = g_strconcat (paths[i].path, paths[i].argument, NULL);
      g_string_append_printf (help, "  %-14s %s\n", path, _ (paths[i].help));
    }
  return g_string_free (help, FALSE);
}
