/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-qlog-split.h"

#include <string.h>

#include "base/qs-error.h"
#include "base/qs-i18n.h"

#define BUFFER_SIZE (64u << 10)
#define MAX_DEPTH 48
#define MAX_PIECE (16u << 20) /* bytes of one JSON text */
#define MAX_ZEROS (64u << 10) /* behind a text: a crash may leave some, and a disk gigabytes */
#define MAX_KEY 16            /* longer ones are none that we look for */

/* Where traces[N].events[] is: depths count open brackets. */
#define DEPTH_TRACES 2
#define DEPTH_TRACE 3
#define DEPTH_EVENTS 4

/* In a flat one the events are a member of the object itself. */
#define DEPTH_MEMBER 2

struct _QsQlogSplit {
  QsInput *input;
  guint8 buffer[BUFFER_SIZE];
  gsize at, end;
  gboolean at_end;

  guint n_zeros;
  guint depth;
  char open[MAX_DEPTH + 1]; /* '{' or '[' at each depth, from 1 */
  gboolean in_string, escaped;
  gboolean key_next;     /* a string would be a key */
  char key[MAX_KEY + 1]; /* the last one at this depth */
  gsize n_key;
  gboolean reading_key;
  gboolean in_traces, in_events;
  gboolean in_event;
  const char *first; /* of a flat one: the member that is handed out before the events; NULL: not flat */
  gboolean in_first, had_first;
  guint trace;
  guint n_traces;
  GString *value;
  GString *event;
  gboolean clear_event, clear_value;
};

QsQlogSplit *
qs_qlog_split_new (QsInput *input)
{
  QsQlogSplit *self = g_new0 (QsQlogSplit, 1);

  self->input = input;
  self->value = g_string_new (NULL);
  self->event = g_string_new (NULL);
  return self;
}

QsQlogSplit *
qs_qlog_split_new_flat (QsInput *input, const char *first)
{
  QsQlogSplit *self = qs_qlog_split_new (input);

  self->first = first;
  return self;
}

void
qs_qlog_split_free (QsQlogSplit *self)
{
  g_string_free (self->value, TRUE);
  g_string_free (self->event, TRUE);
  g_free (self);
}

static QsQlogPiece
fail (QsQlogSplit *self, int code, const char *what, GError **error)
{
  guint64 at = qs_input_get_position (self->input) - (self->end - self->at);

  g_set_error (error, QS_ERROR, code, _ ("This log is damaged at byte %" PRIu64 ": %s."), at, what);
  return QS_QLOG_FAILED;
}

static gboolean
fill (QsQlogSplit *self, GError **error)
{
  gssize got = qs_input_read (self->input, self->buffer, BUFFER_SIZE, error);

  self->at = 0;
  self->end = got > 0 ? (gsize) got : 0;
  self->at_end = got == 0;
  return got >= 0;
}

/* Takes what is buffered of a string, to its end at most. out: NULL to pass over it. */
static void
read_string (QsQlogSplit *self, GString *out)
{
  const guint8 *start = self->buffer + self->at, *end = self->buffer + self->end, *at = start;
  gboolean ended = FALSE;

  for (; at < end && !ended; at++)
    {
      if (self->escaped)
        self->escaped = FALSE;
      else if (*at == '\\')
        self->escaped = TRUE;
      else
        ended = *at == '"';
      if (self->reading_key && !ended && self->n_key <= MAX_KEY)
        self->key[self->n_key++] = (char) *at; /* one too long has no room for its end, and becomes "" */
    }
  if (out != NULL)
    g_string_append_len (out, (const char *) start, at - start);
  self->at += (gsize) (at - start);
  if (!ended)
    return;
  self->in_string = FALSE;
  self->key[self->n_key <= MAX_KEY ? self->n_key : 0] = '\0';
  self->reading_key = FALSE;
}

static void
open_string (QsQlogSplit *self)
{
  self->in_string = TRUE;
  self->reading_key = self->key_next && self->depth > 0 && self->open[self->depth] == '{';
  if (self->reading_key)
    self->n_key = 0;
}

static guint
depth_of_events (const QsQlogSplit *self)
{
  return self->first != NULL ? DEPTH_MEMBER : DEPTH_EVENTS;
}

static void
open_member (QsQlogSplit *self, char c)
{
  if (self->depth == DEPTH_MEMBER)
    {
      self->in_events = c == '[' && strcmp (self->key, "events") == 0;
      self->in_first = c == '{' && !self->had_first && strcmp (self->key, self->first) == 0;
    }
  else if (self->depth == DEPTH_MEMBER + 1 && self->in_events)
    self->in_event = TRUE;
}

static gboolean
open_bracket (QsQlogSplit *self, char c)
{
  if (self->depth == MAX_DEPTH)
    return FALSE;
  self->depth++;
  self->open[self->depth] = c;
  if (self->first != NULL)
    open_member (self, c);
  else if (self->depth == DEPTH_TRACES)
    self->in_traces = c == '[' && strcmp (self->key, "traces") == 0;
  else if (self->depth == DEPTH_TRACE && self->in_traces)
    self->trace = self->n_traces++;
  else if (self->depth == DEPTH_EVENTS && self->in_traces)
    self->in_events = c == '[' && strcmp (self->key, "events") == 0;
  else if (self->depth == DEPTH_EVENTS + 1 && self->in_events)
    self->in_event = TRUE;
  self->key_next = c == '{';
  self->key[0] = '\0';
  return TRUE;
}

static QsQlogPiece
close_member (QsQlogSplit *self)
{
  gboolean first = self->depth == DEPTH_MEMBER - 1 && self->in_first;

  if (self->depth < DEPTH_MEMBER)
    self->in_events = self->in_first = FALSE;
  self->had_first |= first;
  return first ? QS_QLOG_VALUE : QS_QLOG_END;
}

/* What ended with the bracket that was closed. QS_QLOG_END: nothing. */
static QsQlogPiece
close_bracket (QsQlogSplit *self, char c)
{
  if (self->depth == 0 || (c == '}') != (self->open[self->depth] == '{'))
    return QS_QLOG_FAILED;
  self->depth--;
  self->key_next = FALSE;
  if (self->depth == depth_of_events (self) && self->in_event)
    {
      self->in_event = FALSE;
      return QS_QLOG_EVENT;
    }
  if (self->first != NULL)
    return close_member (self);
  if (self->depth == DEPTH_TRACE)
    self->in_events = FALSE;
  if (self->depth == DEPTH_TRACES - 1)
    self->in_traces = FALSE;
  return self->depth == 0 ? QS_QLOG_VALUE : QS_QLOG_END;
}

static QsQlogPiece
read_structure (QsQlogSplit *self, char c)
{
  switch (c)
    {
    case '"':
      open_string (self);
      return QS_QLOG_END;
    case '{':
    case '[':
      return open_bracket (self, c) ? QS_QLOG_END : QS_QLOG_FAILED;
    case '}':
    case ']':
      return close_bracket (self, c);
    case ',':
      self->key_next = self->depth > 0 && self->open[self->depth] == '{';
      return QS_QLOG_END;
    case ':':
      self->key_next = FALSE;
      return QS_QLOG_END;
    default:
      return QS_QLOG_END;
    }
}

/* Where keys tell nothing: in an event, and in whatever is no list of traces. */
static gboolean
is_opaque (const QsQlogSplit *self)
{
  return self->in_event || (self->depth >= DEPTH_TRACES && !(self->first != NULL ? self->in_events : self->in_traces));
}

/* Whether the next byte is the bracket that ends it. */
static gboolean
ends_opaque (const QsQlogSplit *self)
{
  guint8 c = self->buffer[self->at];

  return !self->in_string && (c == '}' || c == ']') &&
         self->depth == (self->in_event ? depth_of_events (self) : DEPTH_TRACES - 1) + 1;
}

/* Takes what is buffered up to the bracket that ends the opaque part, which is most of a file: strings and brackets are all that
 * counts there. FALSE: brackets that do not match. */
static gboolean
read_opaque (QsQlogSplit *self, GString *out)
{
  const guint8 *start = self->buffer + self->at, *end = self->buffer + self->end, *at = start;
  guint floor = self->in_event ? depth_of_events (self) : DEPTH_TRACES - 1;
  gboolean matching = TRUE, over = FALSE;

  for (; at < end && matching && !over; at++)
    {
      guint8 c = *at;

      if (self->in_string)
        {
          if (self->escaped)
            self->escaped = FALSE;
          else if (c == '\\')
            self->escaped = TRUE;
          else
            self->in_string = c != '"';
        }
      else if (c == '"')
        self->in_string = TRUE;
      else if (c == '{' || c == '[')
        {
          matching = self->depth < MAX_DEPTH;
          if (matching)
            self->open[++self->depth] = (char) c;
        }
      else if (c == '}' || c == ']')
        {
          over = self->depth == floor + 1;
          matching = over || (c == '}') == (self->open[self->depth] == '{');
          self->depth -= matching && !over;
        }
    }
  at -= over; /* that one ends something: it is read as others are */
  g_string_append_len (out, (const char *) start, at - start);
  self->at += (gsize) (at - start);
  self->key_next = FALSE;
  return matching;
}

/* Whether this byte is of a text: not what stands between top-level values, nor between events. */
static gboolean
is_between_events (const QsQlogSplit *self)
{
  return self->in_events && !self->in_event && self->depth == depth_of_events (self);
}

static gboolean
is_kept (const QsQlogSplit *self, char c)
{
  if (self->depth == 0)
    return c == '{' || c == '[';
  return !is_between_events (self) || c == '{' || c == '[' || c == ']';
}

/* Also the bytes of a byte order mark, as some editors put it in front (RFC 8259 section 8.1). */
static gboolean
is_between (char c)
{
  return c == '\xef' || c == '\xbb' || c == '\xbf' || c == 0x1e || c == '\n' || c == '\r' || c == ' ' || c == '\t' ||
         c == '\0';
}

static QsQlogPiece
finish (QsQlogSplit *self, GError **error)
{
  if (self->depth > 0)
    return fail (self, QS_ERROR_TRUNCATED, _ ("it ends before its JSON does"), error);
  return QS_QLOG_END;
}

QsQlogPiece
qs_qlog_split_next (QsQlogSplit *self, char **text, gsize *length, guint *trace, GError **error)
{
  if (self->clear_event)
    g_string_truncate (self->event, 0);
  if (self->clear_value)
    g_string_truncate (self->value, 0);
  self->clear_event = self->clear_value = FALSE;

  for (;;)
    {
      if (self->at == self->end && !fill (self, error))
        return QS_QLOG_FAILED;
      if (self->at == self->end)
        return finish (self, error);

      gboolean was_event = self->in_event;
      if (is_opaque (self) && !self->reading_key && !ends_opaque (self))
        {
          GString *so_far = was_event ? self->event : self->value;

          if (!read_opaque (self, so_far))
            return fail (self, QS_ERROR_PARSE, _ ("its brackets do not match, or nest too deeply"), error);
          if (so_far->len > MAX_PIECE)
            return fail (self, QS_ERROR_TOO_LARGE, _ ("one event is larger than 16 MiB"), error);
          continue;
        }
      if (self->in_string)
        {
          GString *so_far = was_event ? self->event : is_between_events (self) ? NULL : self->value;

          read_string (self, so_far);
          if (so_far != NULL && so_far->len > MAX_PIECE)
            return fail (self, QS_ERROR_TOO_LARGE, _ ("one event is larger than 16 MiB"), error);
          continue;
        }
      char c = (char) self->buffer[self->at++];
      if (self->depth == 0 && c != '{' && c != '[')
        {
          if (!is_between (c) || (c == '\0' && self->n_zeros++ == MAX_ZEROS))
            return fail (self, QS_ERROR_PARSE, _ ("there is something that is not JSON"), error);
          continue;
        }

      gboolean kept = is_kept (self, c);
      QsQlogPiece piece = read_structure (self, c);
      GString *out = was_event || self->in_event ? self->event : self->value;
      if (kept)
        g_string_append_c (out, c);
      if (out->len > MAX_PIECE)
        return fail (self, QS_ERROR_TOO_LARGE, _ ("one event is larger than 16 MiB"), error);
      if (piece == QS_QLOG_FAILED)
        return fail (self, QS_ERROR_PARSE, _ ("its brackets do not match, or nest too deeply"), error);
      if (piece == QS_QLOG_END)
        continue;
      if (self->depth > 0 && piece == QS_QLOG_VALUE)
        g_string_append_c (out, '}'); /* the object of a flat one is still open */
      self->clear_event = piece == QS_QLOG_EVENT;
      self->clear_value = piece == QS_QLOG_VALUE;
      *text = out->str;
      *length = out->len;
      *trace = self->trace;
      return piece;
    }
}
