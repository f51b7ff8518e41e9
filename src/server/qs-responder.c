/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-responder-private.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"

#define PIECE 65536u /* handed over at once, and the length of the pattern */
#define MAX_HEAD 8192
#define MAX_PENDING 65536 /* of an echo: read but not yet sent back */
#define TRICKLE_BYTES 16
#define TRICKLE_US (100 * 1000)
#define LATE_US (1500 * 1000)

static const QsResponderScript no_script;

/* With HTTP/1.0 and 1.1 in the line's end, the last ones are requests too. */
static const struct {
  const char *start;
  gboolean has_body;
} methods[] = {
  { "GET /", FALSE },  { "HEAD /", FALSE },  { "POST /", TRUE },    { "PUT /", TRUE },
  { "PATCH /", TRUE }, { "DELETE /", TRUE }, { "OPTIONS /", TRUE },
};

static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n"; /* RFC 9110 section 10.1.1 */

/* --- Requests --- */

static void
append_out (QsResponder *self, const void *bytes, gsize length)
{
  g_byte_array_append (self->out, bytes, (guint) length);
}

static void
set_fields (QsResponder *self, const QsAnswer *answer)
{
  guint n = 0;

  if (answer->location != NULL)
    {
      self->fields[n++] = "location";
      self->fields[n++] = answer->location;
    }
  if (self->script->alt_svc != NULL)
    {
      self->fields[n++] = "alt-svc";
      self->fields[n++] = self->script->alt_svc;
    }
  self->fields[n] = NULL;
}

static char *
make_head (QsResponder *self, const QsAnswer *answer)
{
  g_autoptr (GString) fields = g_string_new (NULL);

  for (guint i = 0; self->fields[i] != NULL; i += 2)
    g_string_append_printf (fields, "%s: %s\r\n", self->fields[i], self->fields[i + 1]);
  return g_strdup_printf ("HTTP/%d.%d %d %s\r\n"
                          "Server: quicserve\r\n"
                          "Content-Type: %s\r\n"
                          "Content-Length: %" G_GINT64_FORMAT "\r\n"
                          "%s"
                          "Connection: %s\r\n\r\n",
                          1, answer->version - 10, answer->status, answer->status_text, self->type, self->length,
                          fields->str, self->again ? "keep-alive" : "close");
}

static void
queue_answer (QsResponder *self, QsAnswer *answer)
{
  self->status = (guint) answer->status;
  self->type = answer->n_bytes > 0 ? "application/octet-stream" : "text/plain";
  self->length = (gint64) (answer->claims > 0 ? answer->claims : answer->body->len + answer->n_bytes);
  if (answer->close)
    self->again = FALSE;
  set_fields (self, answer);
  if (answer->version >= 10 && (self->flags & QS_RESPONDER_HTTP3) == 0)
    {
      g_autofree char *head = make_head (self, answer);
      append_out (self, head, strlen (head));
    }
  if (answer->head_only && answer->version >= 10)
    return;
  append_out (self, answer->body->str, answer->body->len);
  self->generate = answer->n_bytes;
  self->generated = 0;
}

/* The value of a header, stripped and in small letters, or NULL. */
static char *
dup_header (const char *head, gsize length, const char *name)
{
  g_autofree char *lower = g_ascii_strdown (head, (gssize) length);
  g_auto (GStrv) lines = g_strsplit (lower, "\n", -1);

  for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], name) && lines[i][strlen (name)] == ':')
      return g_strdup (g_strstrip (lines[i] + strlen (name) + 1));
  return NULL;
}

static gboolean
says_close (const char *head, gsize length)
{
  g_autofree char *value = dup_header (head, length, "connection");

  return g_strcmp0 (value, "close") == 0;
}

/* An answer before any of the body is taken by clients for one that wants none of it. */
static void
begin_body (QsResponder *self)
{
  g_autofree char *head = g_steal_pointer (&self->late_head);

  if (head != NULL)
    append_out (self, head, strlen (head));
}

/* What comes of the body is sent back at once. */
static void
take_body (QsResponder *self, const guint8 *bytes, gsize length)
{
  if (length > 0 || self->body_left == 0)
    begin_body (self);
  append_out (self, bytes, length);
  self->body_left -= length;
  self->state = self->body_left > 0 ? QS_RESPONDER_AT_BODY : QS_RESPONDER_AT_ANSWER;
}

static void
take_early_body (QsResponder *self)
{
  gsize length = (gsize) MIN (self->body_left, self->in->len);

  take_body (self, self->in->data, length);
  g_byte_array_remove_range (self->in, 0, (guint) length);
}

/* Of a request that is neither GET nor HEAD: its body is the answer's. */
static void
answer_with_body (QsResponder *self, QsAnswer *answer)
{
  g_autofree char *length = dup_header (answer->head, answer->head_length, "content-length");
  g_autofree char *encoding = dup_header (answer->head, answer->head_length, "transfer-encoding");
  g_autofree char *expect = dup_header (answer->head, answer->head_length, "expect");

  if (encoding != NULL || (length != NULL && !qs_responder_parse_number (length, G_MAXINT64, &self->body_left)))
    {
      /* Where the next request would begin is not known. */
      self->again = FALSE;
      qs_answer_refuse (answer, 411, "Length Required", "A body needs a Content-Length here.");
      queue_answer (self, answer);
      return;
    }
  if (g_strcmp0 (expect, "100-continue") == 0 && answer->version == 11)
    append_out (self, go_on, sizeof go_on - 1);
  self->status = 200;
  self->type = "application/octet-stream";
  self->length = (gint64) self->body_left;
  g_free (self->late_head);
  self->late_head = make_head (self, answer);
  take_early_body (self);
}

/* head: the whole request, whose first line ends at line_end. */
static void
answer_request (QsResponder *self, const char *head, gsize head_length, gsize line_length, int version)
{
  g_autofree char *line = g_strndup (head, line_length);
  g_strchomp (line);
  char *path = strchr (line, ' ') + 1;
  char *end = strchr (path, ' ');
  path[-1] = '\0'; /* line is the method from here on */
  if (end != NULL)
    *end = '\0';

  QsAnswer answer = {
    .version = version,
    .head_only = g_str_equal (line, "HEAD"),
    .head = head,
    .head_length = head_length,
    .status = 200,
    .status_text = "OK",
    .body = g_string_new (NULL),
  };
  g_free (self->request);
  g_autofree char *shown = qs_text_escape_short (path, -1, 200);
  self->request = g_strdup_printf ("%s %s", line, shown);
  self->state = QS_RESPONDER_AT_ANSWER;
  self->again = (self->flags & QS_RESPONDER_TCP) != 0 && version == 11 && !self->fin && !says_close (head, head_length);
  if (self->has_body)
    answer_with_body (self, &answer);
  else
    {
      qs_responder_answer_path (self, path, &answer);
      if (self->state == QS_RESPONDER_AT_ANSWER)
        queue_answer (self, &answer);
    }
  g_string_free (answer.body, TRUE);
}

static void
refuse_head (QsResponder *self)
{
  static const char text[] = "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\n"
                             "Connection: close\r\n\r\n";

  append_out (self, text, sizeof text - 1);
  self->again = FALSE;
  self->state = QS_RESPONDER_AT_ANSWER;
}

static int
version_of_line (const char *line, gsize length)
{
  while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == '\n'))
    length--;
  if (length >= 9 && memcmp (line + length - 9, " HTTP/1.1", 9) == 0)
    return 11;
  if (length >= 9 && memcmp (line + length - 9, " HTTP/1.0", 9) == 0)
    return 10;
  return 9;
}

/* The length of a whole request at the start of what came, 0 while more must come. */
static gsize
whole_request (QsResponder *self, gsize *line_length, int *version)
{
  const char *text = (const char *) self->in->data;
  const char *newline = memchr (text, '\n', self->in->len);

  if (newline == NULL)
    {
      *line_length = self->in->len;
      *version = version_of_line (text, self->in->len);
      return self->fin ? self->in->len : 0;
    }
  *line_length = (gsize) (newline - text) + 1;
  *version = version_of_line (text, *line_length);
  if (*version == 9)
    return *line_length;

  /* An empty line is two line ends in a row, each with or without its CR. */
  const char *end = text + self->in->len;
  for (const char *at = newline; at != NULL && at + 1 < end; at = memchr (at + 1, '\n', (gsize) (end - at - 1)))
    {
      if (at[1] == '\n')
        return (gsize) (at + 2 - text);
      if (at + 2 < end && at[1] == '\r' && at[2] == '\n')
        return (gsize) (at + 3 - text);
    }
  return self->fin ? self->in->len : 0;
}

static void
begin_echo (QsResponder *self)
{
  self->state = QS_RESPONDER_AT_ECHO;
  append_out (self, self->in->data, self->in->len);
  g_byte_array_set_size (self->in, 0);
}

static void
sniff (QsResponder *self)
{
  gboolean may_be = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      gsize length = strlen (methods[i].start);
      if (self->in->len > 0 && memcmp (self->in->data, methods[i].start, MIN (length, self->in->len)) != 0)
        continue;
      may_be = TRUE;
      if (self->in->len < length)
        continue;
      self->state = QS_RESPONDER_AT_HEAD;
      self->has_body = methods[i].has_body;
      return;
    }
  if (!may_be || self->fin)
    begin_echo (self);
}

/* A line that begins like one of HTTP/1.1's and ends unlike one is text. */
static gboolean
is_text (QsResponder *self, gsize length, gsize line_length, int version)
{
  gboolean whole_line = line_length > 0 && self->in->data[line_length - 1] == '\n';

  return self->has_body && version == 9 && (length > 0 || whole_line || self->in->len > MAX_HEAD);
}

static void
advance (QsResponder *self)
{
  if (self->state == QS_RESPONDER_AT_SNIFFING && (self->in->len > 0 || self->fin))
    sniff (self);
  if (self->state == QS_RESPONDER_AT_HEAD)
    {
      gsize line_length;
      int version;
      gsize length = whole_request (self, &line_length, &version);
      if (is_text (self, length, line_length, version))
        begin_echo (self);
      else if (length > 0)
        {
          g_autofree char *head = g_strndup ((const char *) self->in->data, length);
          g_byte_array_remove_range (self->in, 0, (guint) length);
          answer_request (self, head, length, MIN (line_length, length), version);
        }
      else if (self->in->len > MAX_HEAD)
        refuse_head (self);
    }
}

/* --- Bytes out --- */

/* Lines of 64 characters; a power of two long, so that any offset continues where the last one ended. */
static const guint8 *
pattern (void)
{
  static gsize once;
  static guint8 bytes[PIECE];

  if (g_once_init_enter (&once))
    {
      static const char line[] = "Quicscope 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNO\n";
      G_STATIC_ASSERT (sizeof line - 1 == 64);
      for (gsize at = 0; at < sizeof bytes; at += 64)
        memcpy (bytes + at, line, 64);
      g_once_init_leave (&once, 1);
    }
  return bytes;
}

static gboolean
all_is_sent (QsResponder *self)
{
  return self->out_at == self->out->len && self->generate == 0;
}

static gboolean
is_last (QsResponder *self)
{
  return (self->state == QS_RESPONDER_AT_ANSWER && !self->again) || (self->state == QS_RESPONDER_AT_ECHO && self->fin);
}

QsResponder *
qs_responder_new (QsResponderFlags flags, const char *about, QsClock *clock)
{
  QsResponder *self = g_new0 (QsResponder, 1);

  self->clock = g_object_ref (clock);
  self->flags = flags;
  self->about = about;
  self->script = &no_script;
  self->status = 200;
  self->type = "application/octet-stream";
  self->length = -1;
  if ((flags & QS_RESPONDER_ECHO) != 0)
    self->state = QS_RESPONDER_AT_ECHO;
  if ((flags & QS_RESPONDER_LATE) != 0)
    self->ready_at = qs_clock_now_us (self->clock) + LATE_US;
  self->in = g_byte_array_new ();
  self->out = g_byte_array_new ();
  return self;
}

void
qs_responder_free (QsResponder *self)
{
  g_byte_array_unref (self->in);
  g_byte_array_unref (self->out);
  g_free (self->request);
  g_free (self->late_head);
  g_object_unref (self->clock);
  g_free (self);
}

gboolean
qs_responder_wants_input (QsResponder *self)
{
  if (self->fin || self->state == QS_RESPONDER_AT_STALLED || self->state == QS_RESPONDER_AT_CONCLUDED)
    return FALSE;
  if (self->state == QS_RESPONDER_AT_ANSWER && (self->flags & QS_RESPONDER_TCP) != 0)
    return FALSE;
  return (self->state != QS_RESPONDER_AT_ECHO && self->state != QS_RESPONDER_AT_BODY) ||
         self->out->len - self->out_at < MAX_PENDING;
}

static void
input_body (QsResponder *self, const guint8 *bytes, gsize length)
{
  gsize of_body = (gsize) MIN (self->body_left, length);

  if (of_body < length)
    g_byte_array_append (self->in, bytes + of_body, (guint) (length - of_body));
  take_body (self, bytes, of_body);
}

void
qs_responder_input (QsResponder *self, const guint8 *bytes, gsize length, gboolean fin)
{
  self->fin = self->fin || fin;
  if (self->state == QS_RESPONDER_AT_ECHO)
    append_out (self, bytes, length);
  else if (self->state == QS_RESPONDER_AT_BODY)
    input_body (self, bytes, length);
  else if (self->state == QS_RESPONDER_AT_SNIFFING || self->state == QS_RESPONDER_AT_HEAD)
    g_byte_array_append (self->in, bytes, (guint) length);
  advance (self);
  /* A body that ended before its length: all that can be answered is. */
  if (self->state == QS_RESPONDER_AT_BODY && self->fin)
    {
      begin_body (self);
      self->again = FALSE;
      self->state = QS_RESPONDER_AT_ANSWER;
    }
}

gboolean
qs_responder_peek (QsResponder *self, const guint8 **bytes, gsize *length, gboolean *last)
{
  if (self->state != QS_RESPONDER_AT_ECHO && self->state != QS_RESPONDER_AT_ANSWER &&
      self->state != QS_RESPONDER_AT_BODY)
    return FALSE;
  if (qs_clock_now_us (self->clock) < self->ready_at || self->action != QS_REPLY_NONE)
    return FALSE;

  gsize limit = (self->flags & QS_RESPONDER_TRICKLE) != 0 ? TRICKLE_BYTES : PIECE;
  if (self->out_at < self->out->len)
    {
      *bytes = self->out->data + self->out_at;
      *length = MIN (self->out->len - self->out_at, limit);
      *last = is_last (self) && self->generate == 0 && *length == self->out->len - self->out_at;
      return TRUE;
    }
  gsize at = self->generated % PIECE;
  *bytes = pattern () + at;
  *length = (gsize) MIN (MIN (self->generate, PIECE - at), limit);
  *last = is_last (self) && *length == self->generate;
  return *length > 0 || *last;
}

void
qs_responder_sent (QsResponder *self, gsize length, gboolean concluded)
{
  if (self->out_at < self->out->len)
    self->out_at += length;
  else
    {
      self->generate -= length;
      self->generated += length;
    }
  if (self->out_at == self->out->len)
    {
      g_byte_array_set_size (self->out, 0);
      self->out_at = 0;
    }
  if ((self->flags & QS_RESPONDER_TRICKLE) != 0)
    self->ready_at = qs_clock_now_us (self->clock) + TRICKLE_US;

  if (concluded)
    self->state = QS_RESPONDER_AT_CONCLUDED;
  else if (self->state == QS_RESPONDER_AT_ANSWER && self->again && all_is_sent (self))
    {
      self->state = QS_RESPONDER_AT_SNIFFING;
      advance (self);
    }
}

gint64
qs_responder_get_ready_at (QsResponder *self)
{
  gboolean waits = (self->state == QS_RESPONDER_AT_ANSWER || self->state == QS_RESPONDER_AT_ECHO ||
                    self->state == QS_RESPONDER_AT_BODY) &&
                   self->action == QS_REPLY_NONE && (!all_is_sent (self) || is_last (self));

  return waits ? self->ready_at : 0;
}

void
qs_responder_get_head (QsResponder *self, guint *status, const char **type, gint64 *length)
{
  *status = self->status;
  *type = self->type;
  *length = self->length;
}

const char *const *
qs_responder_get_fields (QsResponder *self)
{
  return self->fields;
}

void
qs_responder_set_script (QsResponder *self, const QsResponderScript *script)
{
  self->script = script;
}

QsReplyAction
qs_responder_get_action (QsResponder *self, guint64 *code)
{
  *code = self->code;
  return self->action;
}

void
qs_responder_action_done (QsResponder *self)
{
  if (self->action == QS_REPLY_RESET || self->action == QS_REPLY_CLOSE)
    self->state = QS_RESPONDER_AT_CONCLUDED;
  self->action = QS_REPLY_NONE;
}

gboolean
qs_responder_is_concluded (QsResponder *self)
{
  return self->state == QS_RESPONDER_AT_CONCLUDED;
}

char *
qs_responder_steal_request (QsResponder *self)
{
  return g_steal_pointer (&self->request);
}
