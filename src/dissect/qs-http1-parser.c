/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dissect/qs-http1-parser.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "wire/qs-service.h"

#define MAX_HEAD (64 * 1024)
#define MAX_LINE 8192 /* a chunk's size line with its extensions, a trailer */
#define MAX_TRAILERS (64 * 1024)

typedef enum {
  STATE_STATUS,
  STATE_HEADERS,
  STATE_BODY,        /* to the end of the stream */
  STATE_BODY_LENGTH, /* left bytes */
  STATE_CHUNK_SIZE,
  STATE_CHUNK_DATA,
  STATE_CHUNK_END, /* the line end behind a chunk */
  STATE_TRAILERS,
  STATE_COMPLETE,
  STATE_FAILED,
} State;

struct _QsHttp1Parser {
  State state;
  GString *line;
  GString *header; /* a whole one: it may be folded over several lines */
  gsize head_size, trailer_size;
  guint status;
  const char *version;
  GPtrArray *headers; /* strings, NULL-terminated on demand */
  gboolean has_head;  /* that of the response itself, not of an interim one */
  gboolean chunked;
  gboolean has_length;
  guint64 left;
  gint64 length; /* Content-Length; -1: it does not count */
  guint64 n_interim;
};

G_DEFINE_QUARK (qs - http1 - error, qs_http1_error)

static gboolean
fail (QsHttp1Parser *self, QsError code, const char *message, GError **error)
{
  self->state = STATE_FAILED;
  g_set_error_literal (error, QS_ERROR, code, message);
  return FALSE;
}

/* RFC 9112 section 4: three digits and no more, of which the first is 1 to 9 (RFC 9110 section 15 knows 1 to 5). The blank
 * behind them may be missing where there is no reason phrase. */
static gboolean
is_status (const char *text)
{
  return text[0] >= '1' && text[0] <= '9' && g_ascii_isdigit (text[1]) && g_ascii_isdigit (text[2]) &&
         (text[3] == ' ' || text[3] == '\0');
}

/* It is no status line, nor the beginning of one: FALSE with error. */
static gboolean
fail_foreign (QsHttp1Parser *self, GError **error)
{
  const char *line = self->line->str;
  g_autofree char *shown = qs_text_escape_short (line, (gssize) self->line->len, 60);
  const QsService *service = qs_service_of_stream (QS_SPAN (line, self->line->len));
  g_autofree char *message = NULL;

  if (g_str_has_prefix (line, "GET /"))
    message =
        g_strdup_printf (_ ("The answer is the request itself, “%s”: what answers sends back what it gets."), shown);
  else if (g_str_has_prefix (line, "HTTP/"))
    message = g_strdup_printf (_ ("The answer begins with “%s”, which is no status line of HTTP/1."), shown);
  else
    message = g_strdup_printf (_ ("The answer is not HTTP: it begins with “%s” in place of a status line. %s"), shown,
                               service == NULL || service->name == NULL ? ""
                               : g_str_equal (service->name, "HTTP/2")  ? _ ("That is HTTP/2, which was not asked for.")
                                                                        : _ (service->words));
  if (g_str_has_prefix (line, "HTTP/") || g_str_has_prefix (line, "GET /"))
    return fail (self, QS_ERROR_PARSE, message, error);
  self->state = STATE_FAILED;
  g_set_error_literal (error, QS_HTTP1_ERROR, QS_HTTP1_ERROR_FOREIGN, g_strchomp (message));
  return FALSE;
}

static gboolean
is_http (const char *line)
{
  return g_str_has_prefix (line, "HTTP/1.") && g_ascii_isdigit (line[7]) && line[8] == ' ';
}

#define LEAST_STATUS 9 /* bytes, up to the blank before the status: as many tell what it is */

static gboolean
parse_status (QsHttp1Parser *self, GError **error)
{
  const char *line = self->line->str;

  if (!is_status (line + 9))
    {
      g_autofree char *shown = qs_text_escape_short (line, -1, 60);
      g_autofree char *message =
          g_strdup_printf (_ ("The answer's status line “%s” has no status of three digits."), shown);
      return fail (self, QS_ERROR_PARSE, message, error);
    }

  self->version = line[7] == '0' ? "1.0" : "1.1";
  self->status = (guint) atoi (line + 9);
  self->state = STATE_HEADERS;
  return TRUE;
}

/* Repeated, in several fields or in one as a list, it must say the same (RFC 9110 section 8.6). */
static gboolean
parse_content_length (QsHttp1Parser *self, const char *value)
{
  g_auto (GStrv) lengths = g_strsplit (value, ",", -1);

  for (guint i = 0; lengths[i] != NULL; i++)
    {
      guint64 length;
      if (!g_ascii_string_to_unsigned (g_strstrip (lengths[i]), 10, 0, G_MAXINT64, &length, NULL) ||
          (self->has_length && length != self->left))
        return FALSE;
      self->has_length = TRUE;
      self->left = length;
    }
  return self->has_length;
}

static gboolean
parse_header (QsHttp1Parser *self, GError **error)
{
  char *colon = strchr (self->header->str, ':');
  if (colon == NULL || colon == self->header->str)
    {
      g_autofree char *shown = qs_text_escape_short (self->header->str, -1, 60);
      g_autofree char *message = g_strdup_printf (colon == NULL ? _ ("The answer's header line “%s” has no colon.")
                                                                : _ ("The answer's header line “%s” has no name."),
                                                  shown);
      return fail (self, QS_ERROR_PARSE, message, error);
    }

  *colon = '\0';
  const char *name = self->header->str;
  const char *value = g_strstrip (colon + 1);

  if (g_ascii_strcasecmp (name, "Transfer-Encoding") == 0)
    {
      /* Chunked comes last where there are several (RFC 9112 section 6.1). */
      const char *last = strrchr (value, ',');
      g_autofree char *coding = g_strstrip (g_strdup (last != NULL ? last + 1 : value));
      self->chunked = g_ascii_strcasecmp (coding, "chunked") == 0;
    }
  else if (g_ascii_strcasecmp (name, "Content-Length") == 0 && !parse_content_length (self, value))
    {
      g_autofree char *shown = qs_text_escape_short (value, -1, 60);
      g_autofree char *message =
          self->has_length
              ? g_strdup_printf (_ ("The answer gives its Content-Length twice, and not the same: “%s”."), shown)
              : g_strdup_printf (_ ("The answer's Content-Length “%s” is no number of bytes."), shown);
      return fail (self, QS_ERROR_PARSE, message, error);
    }

  g_ptr_array_add (self->headers, qs_text_escape (name, -1));
  g_ptr_array_add (self->headers, qs_text_escape (value, -1));
  g_string_truncate (self->header, 0);
  return TRUE;
}

/* A line that begins with a blank goes on with the header before it, from old servers (RFC 9112 section 5.2). */
static gboolean
take_header_line (QsHttp1Parser *self, GError **error)
{
  gboolean folded = self->header->len > 0 && (self->line->str[0] == ' ' || self->line->str[0] == '\t');

  if (!folded && self->header->len > 0 && !parse_header (self, error))
    return FALSE;
  if (folded)
    g_string_append_printf (self->header, " %s", g_strchug (self->line->str));
  else
    g_string_assign (self->header, self->line->str);
  return TRUE;
}

/* RFC 9112 section 6.3. */
static void
begin_body (QsHttp1Parser *self)
{
  if (self->status >= 100 && self->status < 200 && self->status != 101)
    {
      /* An interim response: the real one follows. */
      g_ptr_array_set_size (self->headers, 0);
      self->n_interim++;
      self->head_size = 0;
      self->chunked = self->has_length = FALSE;
      self->left = 0;
      self->status = 0;
      self->state = STATE_STATUS;
      return;
    }
  self->has_head = TRUE;
  self->length =
      self->has_length && !self->chunked && self->status != 204 && self->status != 304 ? (gint64) self->left : -1;
  if (self->status == 204 || self->status == 304)
    self->state = STATE_COMPLETE;
  else if (self->chunked)
    self->state = STATE_CHUNK_SIZE;
  else if (self->has_length)
    self->state = self->left > 0 ? STATE_BODY_LENGTH : STATE_COMPLETE;
  else
    self->state = STATE_BODY;
}

static gboolean
parse_chunk_size (QsHttp1Parser *self, GError **error)
{
  /* Extensions behind ";" are ignored. */
  g_autofree char *digits = g_strndup (self->line->str, strcspn (self->line->str, "; \t"));

  if (!g_ascii_string_to_unsigned (digits, 16, 0, G_MAXINT64, &self->left, NULL))
    {
      g_autofree char *shown = qs_text_escape_short (self->line->str, -1, 60);
      g_autofree char *message = g_strdup_printf (_ ("A chunk of the answer has “%s” in place of its size."), shown);
      return fail (self, QS_ERROR_PARSE, message, error);
    }
  self->state = self->left > 0 ? STATE_CHUNK_DATA : STATE_TRAILERS;
  return TRUE;
}

static gboolean
end_of_chunk (QsHttp1Parser *self, GError **error)
{
  if (self->line->len > 0)
    return fail (self, QS_ERROR_PARSE, _ ("A chunk of the answer is longer than it said."), error);
  self->state = STATE_CHUNK_SIZE;
  return TRUE;
}

static gboolean
take_line (QsHttp1Parser *self, GError **error)
{
  switch (self->state)
    {
    case STATE_STATUS:
      return parse_status (self, error);
    case STATE_HEADERS:
      if (!take_header_line (self, error))
        return FALSE;
      if (self->header->len == 0)
        begin_body (self);
      return TRUE;
    case STATE_CHUNK_SIZE:
      return parse_chunk_size (self, error);
    case STATE_CHUNK_END:
      return end_of_chunk (self, error);
    case STATE_TRAILERS:
      if (self->line->len == 0)
        self->state = STATE_COMPLETE;
      return TRUE;
    default:
      g_assert_not_reached ();
    }
}

/* Gathers a line; FALSE with error when it gets too long or means nothing. */
static gboolean
feed_line (QsHttp1Parser *self, const char **at, const char *end, GError **error)
{
  const char *newline = memchr (*at, '\n', end - *at);
  const char *stop = newline != NULL ? newline : end;
  gboolean in_head = self->state == STATE_STATUS || self->state == STATE_HEADERS;

  if (in_head)
    self->head_size += stop - *at + 1;
  else if (self->state == STATE_TRAILERS)
    self->trailer_size += stop - *at + 1;
  g_string_append_len (self->line, *at, MIN ((gsize) (stop - *at), MAX_HEAD));
  if (self->head_size > MAX_HEAD)
    return fail (self, QS_ERROR_TOO_LARGE, _ ("The answer's head is larger than 64 KiB: no more of it is read."),
                 error);
  if (self->trailer_size > MAX_TRAILERS)
    return fail (self, QS_ERROR_TOO_LARGE, _ ("The answer's trailers are larger than 64 KiB: no more of them is read."),
                 error);
  if (!in_head && self->line->len > MAX_LINE)
    return fail (self, QS_ERROR_TOO_LARGE, _ ("A line between the answer's chunks is longer than 8 KiB."), error);

  *at = newline != NULL ? newline + 1 : end;
  if (newline == NULL && self->state == STATE_STATUS && self->line->len >= LEAST_STATUS && !is_http (self->line->str) &&
      qs_service_first_line (QS_SPAN (self->line->str, self->line->len)).length == 0)
    return fail_foreign (self, error); /* bytes that are no text: a line's end may never come */
  if (newline == NULL)
    return TRUE;

  if (self->line->len > 0 && self->line->str[self->line->len - 1] == '\r')
    g_string_truncate (self->line, self->line->len - 1);
  if (self->state == STATE_STATUS && !is_http (self->line->str))
    return fail_foreign (self, error);
  if (memchr (self->line->str, '\0', self->line->len) != NULL)
    return fail (self, QS_ERROR_PARSE, _ ("The answer's head holds a zero byte."), error);
  gboolean ok = take_line (self, error);
  g_string_truncate (self->line, 0);
  return ok;
}

static void
feed_data (QsHttp1Parser *self, const char **at, const char *end, GByteArray *body)
{
  gsize take = end - *at;

  if (self->state != STATE_BODY)
    {
      take = MIN ((guint64) take, self->left);
      self->left -= take;
    }
  g_byte_array_append (body, (const guint8 *) *at, (guint) take);
  *at += take;
  if (self->state != STATE_BODY && self->left == 0)
    self->state = self->state == STATE_CHUNK_DATA ? STATE_CHUNK_END : STATE_COMPLETE;
}

QsHttp1Parser *
qs_http1_parser_new (gboolean has_head)
{
  QsHttp1Parser *self = g_new0 (QsHttp1Parser, 1);

  self->state = has_head ? STATE_STATUS : STATE_BODY;
  self->version = has_head ? NULL : "0.9";
  self->length = -1;
  self->has_head = !has_head;
  self->line = g_string_new (NULL);
  self->header = g_string_new (NULL);
  self->headers = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
qs_http1_parser_free (QsHttp1Parser *self)
{
  if (self == NULL)
    return;
  g_string_free (self->line, TRUE);
  g_string_free (self->header, TRUE);
  g_ptr_array_unref (self->headers);
  g_free (self);
}

gboolean
qs_http1_parser_feed (QsHttp1Parser *self, const void *bytes, gsize length, GByteArray *body, GError **error)
{
  g_return_val_if_fail (self != NULL && body != NULL, FALSE);

  const char *at = bytes;
  const char *end = at + length;

  while (at < end && self->state != STATE_COMPLETE)
    switch (self->state)
      {
      case STATE_FAILED:
        return fail (self, QS_ERROR_PARSE, _ ("The answer could not be read."), error);
      case STATE_BODY:
      case STATE_BODY_LENGTH:
      case STATE_CHUNK_DATA:
        feed_data (self, &at, end, body);
        break;
      default:
        if (!feed_line (self, &at, end, error))
          return FALSE;
      }
  return TRUE;
}

gboolean
qs_http1_parser_finish (QsHttp1Parser *self, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  switch (self->state)
    {
    case STATE_BODY:
      self->state = STATE_COMPLETE;
      return TRUE;
    case STATE_COMPLETE:
      return TRUE;
    case STATE_STATUS:
      if (self->head_size == 0)
        return fail (self, QS_ERROR_TRUNCATED, _ ("The peer ended the stream without an answer."), error);
      if (!is_http (self->line->str) && strncmp (self->line->str, "HTTP/1.1 ", self->line->len) != 0)
        return fail_foreign (self, error);
      G_GNUC_FALLTHROUGH;
    case STATE_HEADERS:
      return fail (self, QS_ERROR_TRUNCATED, _ ("The answer ended in the middle of its head."), error);
    default:
      return fail (self, QS_ERROR_TRUNCATED, _ ("The answer ended before it was complete."), error);
    }
}

gboolean
qs_http1_parser_is_complete (QsHttp1Parser *self)
{
  return self->state == STATE_COMPLETE;
}

gboolean
qs_http1_parser_has_head (QsHttp1Parser *self)
{
  return self->has_head;
}

guint
qs_http1_parser_get_status (QsHttp1Parser *self)
{
  return self->status;
}

const char *
qs_http1_parser_get_version (QsHttp1Parser *self)
{
  return self->version;
}

const char *const *
qs_http1_parser_get_headers (QsHttp1Parser *self)
{
  /* A spare NULL at the end that the array does not count. */
  g_ptr_array_add (self->headers, NULL);
  g_ptr_array_set_size (self->headers, (int) self->headers->len - 1);
  return (const char *const *) self->headers->pdata;
}

guint64
qs_http1_parser_get_n_interim (QsHttp1Parser *self)
{
  return self->n_interim;
}

gint64
qs_http1_parser_get_length (QsHttp1Parser *self)
{
  return self->length;
}

gboolean
qs_http1_parser_is_chunked (QsHttp1Parser *self)
{
  return self->has_head && self->chunked;
}
