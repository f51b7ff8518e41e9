/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-responder.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"

#define PIECE 65536u /* handed over at once, and the length of the pattern */
#define MAX_HEAD 8192
#define MAX_PENDING 65536      /* of an echo: read but not yet sent back */
#define LARGE_BYTES (64 << 20) /* of QS_RESPONDER_LARGE */
#define MAX_SLOW_MS 600000     /* ten minutes */
#define TRICKLE_BYTES 16
#define TRICKLE_US (100 * 1000)
#define LATE_US (1500 * 1000)
#define CUT_LENGTH 1000                               /* bytes that an answer which is cut says that it has, */
#define CUT_AT 9                                      /* and those that it has in a scenario */
#define MAX_CODE ((G_GUINT64_CONSTANT (1) << 62) - 1) /* RFC 9000 section 16 */

typedef enum {
  SNIFFING, /* request or echo? */
  HEAD,     /* a request, not yet whole */
  ECHO,
  BODY, /* of a request, which is the answer's as well */
  ANSWER,
  STALLED,
  CONCLUDED,
} State;

struct _QsResponder {
  QsResponderFlags flags;
  const char *about;
  State state;
  gboolean fin;    /* the peer has concluded */
  GByteArray *in;  /* SNIFFING, HEAD, and what followed an answered request */
  GByteArray *out; /* to be sent first */
  gsize out_at;
  guint64 generate; /* bytes of the pattern to be sent then */
  guint64 generated;
  gint64 ready_at;   /* nothing is sent before */
  gboolean has_body; /* HEAD: it is neither GET nor HEAD */
  guint64 body_left; /* BODY: bytes that are still to come */
  char *late_head;   /* BODY: of the answer, before the first of them */
  gboolean again;    /* TCP: another request may follow */
  QsReplyAction action;
  guint64 code;
  char *request;
  guint status; /* of the answer */
  const char *type;
  gint64 length;
  const char *fields[5]; /* name, value, …, NULL: further ones */
  const QsResponderScript *script;
};

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

/* A request's line, and what is made of it. */
typedef struct {
  int version; /* 9, 10, 11 */
  gboolean head_only;
  const char *head; /* whole, as it came */
  gsize head_length;
  int status;
  const char *status_text;
  GString *body; /* or: */
  guint64 n_bytes;
  gboolean close; /* the connection is not used for another one */
  guint64 claims; /* bytes that its head says, where that is not true; 0: it is */
  const char *location;
} Answer;

typedef void (*PathFunc) (QsResponder *self, const char *argument, Answer *answer);

/* --- Paths --- */

static gboolean
parse_number (const char *text, guint64 max, guint64 *value)
{
  int base = g_str_has_prefix (text, "0x") ? 16 : 10;

  return g_ascii_string_to_unsigned (base == 16 ? text + 2 : text, base, 0, max, value, NULL);
}

static void
refuse (Answer *answer, int status, const char *status_text, const char *text)
{
  answer->status = status;
  answer->status_text = status_text;
  g_string_printf (answer->body, "%s\n", text);
}

static gboolean
number_or_refuse (const char *text, guint64 max, guint64 *value, Answer *answer)
{
  if (parse_number (text, max, value))
    return TRUE;
  refuse (answer, 400, "Bad Request", "The path ends in no number, or in one that is too large.");
  return FALSE;
}

static void
path_root (QsResponder *self, const char *argument, Answer *answer)
{
  g_string_append (answer->body, self->about);
}

static void
path_bytes (QsResponder *self, const char *argument, Answer *answer)
{
  number_or_refuse (argument, QS_BYTES_MAX, &answer->n_bytes, answer);
}

static void
path_slow (QsResponder *self, const char *argument, Answer *answer)
{
  guint64 ms;

  if (!number_or_refuse (argument, MAX_SLOW_MS, &ms, answer))
    return;
  self->ready_at = MAX (self->ready_at, g_get_monotonic_time () + (gint64) ms * 1000);
  g_string_printf (answer->body, "This answer waited for %" G_GUINT64_FORMAT " ms.\n", ms);
}

static void
act (QsResponder *self, QsReplyAction action, const char *argument, Answer *answer)
{
  if (number_or_refuse (argument, MAX_CODE, &self->code, answer))
    self->action = action;
}

static void
path_reset (QsResponder *self, const char *argument, Answer *answer)
{
  act (self, QS_REPLY_RESET, argument, answer);
}

static void
path_stop (QsResponder *self, const char *argument, Answer *answer)
{
  if ((self->flags & QS_RESPONDER_TCP) != 0)
    {
      refuse (answer, 400, "Bad Request", "Only a QUIC stream can be told to stop sending.");
      return;
    }
  act (self, QS_REPLY_STOP, argument, answer);
  if (self->action == QS_REPLY_STOP)
    g_string_printf (answer->body, "Every later stream is refused with code 0x%" G_GINT64_MODIFIER "x.\n", self->code);
}

static void
path_close (QsResponder *self, const char *argument, Answer *answer)
{
  act (self, QS_REPLY_CLOSE, argument, answer);
}

static void
path_stall (QsResponder *self, const char *argument, Answer *answer)
{
  self->state = STALLED;
}

static void
path_headers (QsResponder *self, const char *argument, Answer *answer)
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
set_status (Answer *answer, guint status, const char *location)
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
path_status (QsResponder *self, const char *argument, Answer *answer)
{
  guint64 status;

  if (!number_or_refuse (argument, 599, &status, answer))
    return;
  if (status < 200)
    refuse (answer, 400, "Bad Request", "A final answer has a status from 200 to 599.");
  else
    set_status (answer, (guint) status, NULL);
}

static void
cut (QsResponder *self, Answer *answer, guint64 at)
{
  answer->n_bytes = at;
  answer->claims = CUT_LENGTH;
  answer->close = TRUE;
}

static void
path_cut (QsResponder *self, const char *argument, Answer *answer)
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

static void
answer_path (QsResponder *self, const char *path, Answer *answer)
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
  refuse (answer, 404, "Not Found", "There is no such path here; try /");
}

/* --- Requests --- */

static void
append_out (QsResponder *self, const void *bytes, gsize length)
{
  g_byte_array_append (self->out, bytes, (guint) length);
}

static void
set_fields (QsResponder *self, const Answer *answer)
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
make_head (QsResponder *self, const Answer *answer)
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
queue_answer (QsResponder *self, Answer *answer)
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
  self->state = self->body_left > 0 ? BODY : ANSWER;
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
answer_with_body (QsResponder *self, Answer *answer)
{
  g_autofree char *length = dup_header (answer->head, answer->head_length, "content-length");
  g_autofree char *encoding = dup_header (answer->head, answer->head_length, "transfer-encoding");
  g_autofree char *expect = dup_header (answer->head, answer->head_length, "expect");

  if (encoding != NULL || (length != NULL && !parse_number (length, G_MAXINT64, &self->body_left)))
    {
      /* Where the next request would begin is not known. */
      self->again = FALSE;
      refuse (answer, 411, "Length Required", "A body needs a Content-Length here.");
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

  Answer answer = {
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
  self->state = ANSWER;
  self->again = (self->flags & QS_RESPONDER_TCP) != 0 && version == 11 && !self->fin && !says_close (head, head_length);
  if (self->has_body)
    answer_with_body (self, &answer);
  else
    {
      answer_path (self, path, &answer);
      if (self->state == ANSWER)
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
  self->state = ANSWER;
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
  self->state = ECHO;
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
      self->state = HEAD;
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
  if (self->state == SNIFFING && (self->in->len > 0 || self->fin))
    sniff (self);
  if (self->state == HEAD)
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
  return (self->state == ANSWER && !self->again) || (self->state == ECHO && self->fin);
}

QsResponder *
qs_responder_new (QsResponderFlags flags, const char *about)
{
  QsResponder *self = g_new0 (QsResponder, 1);

  self->flags = flags;
  self->about = about;
  self->script = &no_script;
  self->status = 200;
  self->type = "application/octet-stream";
  self->length = -1;
  if ((flags & QS_RESPONDER_ECHO) != 0)
    self->state = ECHO;
  if ((flags & QS_RESPONDER_LATE) != 0)
    self->ready_at = g_get_monotonic_time () + LATE_US;
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
  g_free (self);
}

gboolean
qs_responder_wants_input (QsResponder *self)
{
  if (self->fin || self->state == STALLED || self->state == CONCLUDED)
    return FALSE;
  if (self->state == ANSWER && (self->flags & QS_RESPONDER_TCP) != 0)
    return FALSE;
  return (self->state != ECHO && self->state != BODY) || self->out->len - self->out_at < MAX_PENDING;
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
  if (self->state == ECHO)
    append_out (self, bytes, length);
  else if (self->state == BODY)
    input_body (self, bytes, length);
  else if (self->state == SNIFFING || self->state == HEAD)
    g_byte_array_append (self->in, bytes, (guint) length);
  advance (self);
  /* A body that ended before its length: all that can be answered is. */
  if (self->state == BODY && self->fin)
    {
      begin_body (self);
      self->again = FALSE;
      self->state = ANSWER;
    }
}

gboolean
qs_responder_peek (QsResponder *self, gint64 now, const guint8 **bytes, gsize *length, gboolean *last)
{
  if (self->state != ECHO && self->state != ANSWER && self->state != BODY)
    return FALSE;
  if (now < self->ready_at || self->action != QS_REPLY_NONE)
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
    self->ready_at = g_get_monotonic_time () + TRICKLE_US;

  if (concluded)
    self->state = CONCLUDED;
  else if (self->state == ANSWER && self->again && all_is_sent (self))
    {
      self->state = SNIFFING;
      advance (self);
    }
}

gint64
qs_responder_get_ready_at (QsResponder *self)
{
  gboolean waits = (self->state == ANSWER || self->state == ECHO || self->state == BODY) &&
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
    self->state = CONCLUDED;
  self->action = QS_REPLY_NONE;
}

gboolean
qs_responder_is_concluded (QsResponder *self)
{
  return self->state == CONCLUDED;
}

char *
qs_responder_steal_request (QsResponder *self)
{
  return g_steal_pointer (&self->request);
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
