/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of filter expressions. A parser by recursive descent, bounded in depth and size. */
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "trace/qs-filter-private.h"

#define MAX_DEPTH 32
#define MAX_NODES 512
#define NO_NODE G_MAXUINT
#define FRAME(type) (G_GUINT64_CONSTANT (1) << (type))

typedef enum {
  TOKEN_END,
  TOKEN_WORD,
  TOKEN_TEXT,
  TOKEN_OPERATOR,
  TOKEN_COMMA,
  TOKEN_OPEN,
  TOKEN_CLOSE,
  TOKEN_BAD
} TokenKind;

typedef struct {
  TokenKind kind;
  const char *start; /* in the expression; TEXT: behind the quote */
  gsize length;
} Token;

typedef struct {
  const char *text;
  Token token; /* the next one */
  GArray *nodes;
  guint depth;
  const char *error_at;
  GError *error;
} Parser;

typedef enum { VALUE_NAME, VALUE_NUMBER, VALUE_SIZE, VALUE_TIME, VALUE_VERSION } ValueKind;

typedef struct {
  const char *name;
  guint64 mask;
} Name;

static const Name direction_names[] = {
  { "rx", 1 << QS_DIRECTION_RECEIVED },
  { "received", 1 << QS_DIRECTION_RECEIVED },
  { "in", 1 << QS_DIRECTION_RECEIVED },
  { "tx", 1 << QS_DIRECTION_SENT },
  { "sent", 1 << QS_DIRECTION_SENT },
  { "out", 1 << QS_DIRECTION_SENT },
  { NULL, 0 },
};

static const Name end_names[] = { { "client", 1 }, { "server", 2 }, { NULL, 0 } };

static const Name type_names[] = {
  { "initial", 1 << QS_PACKET_INITIAL },
  { "handshake", 1 << QS_PACKET_HANDSHAKE },
  { "1rtt", 1 << QS_PACKET_1RTT },
  { "short", 1 << QS_PACKET_1RTT },
  { "0rtt", 1 << QS_PACKET_0RTT },
  { "retry", 1 << QS_PACKET_RETRY },
  { "versionnegotiation", 1 << QS_PACKET_VERSION_NEGOTIATION },
  { "vn", 1 << QS_PACKET_VERSION_NEGOTIATION },
  { "statelessreset", 1 << QS_PACKET_STATELESS_RESET },
  { "unknown", 1 << QS_PACKET_UNKNOWN },
  { "tlsrecord", 1 << QS_PACKET_TLS_RECORD },
  { "record", 1 << QS_PACKET_TLS_RECORD },
  { NULL, 0 },
};

static const Name frame_names[] = {
  { "padding", FRAME (QS_FRAME_PADDING) },
  { "ping", FRAME (QS_FRAME_PING) },
  { "ack", FRAME (QS_FRAME_ACK) },
  { "resetstream", FRAME (QS_FRAME_RESET_STREAM) },
  { "reset", FRAME (QS_FRAME_RESET_STREAM) },
  { "stopsending", FRAME (QS_FRAME_STOP_SENDING) },
  { "crypto", FRAME (QS_FRAME_CRYPTO) },
  { "newtoken", FRAME (QS_FRAME_NEW_TOKEN) },
  { "stream", FRAME (QS_FRAME_STREAM) },
  { "maxdata", FRAME (QS_FRAME_MAX_DATA) },
  { "maxstreamdata", FRAME (QS_FRAME_MAX_STREAM_DATA) },
  { "maxstreams", FRAME (QS_FRAME_MAX_STREAMS_BIDI) | FRAME (QS_FRAME_MAX_STREAMS_UNI) },
  { "datablocked", FRAME (QS_FRAME_DATA_BLOCKED) },
  { "streamdatablocked", FRAME (QS_FRAME_STREAM_DATA_BLOCKED) },
  { "streamsblocked", FRAME (QS_FRAME_STREAMS_BLOCKED_BIDI) | FRAME (QS_FRAME_STREAMS_BLOCKED_UNI) },
  { "blocked", FRAME (QS_FRAME_DATA_BLOCKED) | FRAME (QS_FRAME_STREAM_DATA_BLOCKED) |
                   FRAME (QS_FRAME_STREAMS_BLOCKED_BIDI) | FRAME (QS_FRAME_STREAMS_BLOCKED_UNI) },
  { "newconnectionid", FRAME (QS_FRAME_NEW_CONNECTION_ID) },
  { "retireconnectionid", FRAME (QS_FRAME_RETIRE_CONNECTION_ID) },
  { "pathchallenge", FRAME (QS_FRAME_PATH_CHALLENGE) },
  { "pathresponse", FRAME (QS_FRAME_PATH_RESPONSE) },
  { "connectionclose", FRAME (QS_FRAME_CONNECTION_CLOSE) | FRAME (QS_FRAME_CONNECTION_CLOSE_APP) },
  { "close", FRAME (QS_FRAME_CONNECTION_CLOSE) | FRAME (QS_FRAME_CONNECTION_CLOSE_APP) },
  { "handshakedone", FRAME (QS_FRAME_HANDSHAKE_DONE) },
  { "immediateack", FRAME (QS_FRAME_IMMEDIATE_ACK) },
  { "resetstreamat", FRAME (QS_FRAME_RESET_STREAM_AT) },
  { "ackfrequency", FRAME (QS_FRAME_ACK_FREQUENCY) },
  { "datagram", FRAME (QS_FRAME_DATAGRAM) },
  { "unknown", FRAME (QS_FRAME_UNKNOWN) },
  { NULL, 0 },
};

/* Words that stand alone. */
static const Name flag_names[] = {
  { "lost", QS_PACKET_LOST },
  { "acked", QS_PACKET_ACKED },
  { "acknowledged", QS_PACKET_ACKED },
  { "retransmission", QS_PACKET_RETRANSMISSION },
  { "retransmitted", QS_PACKET_RETRANSMISSION },
  { "decrypted", QS_PACKET_DECRYPTED },
  { "duplicate", QS_PACKET_DUPLICATE },
  { "corrupt", QS_PACKET_CORRUPT },
  { "dropped", QS_PACKET_DROPPED },
  { "keyupdate", QS_PACKET_KEY_UPDATE },
  { "keyphase", QS_PACKET_KEY_PHASE },
  { "coalesced", QS_PACKET_COALESCED },
  { "eliciting", QS_PACKET_ACK_ELICITING },
  { NULL, 0 },
};

typedef struct {
  const char *name;
  QsFilterOp op;
  ValueKind value;
  QsFilterField field;
  const Name *names;
} Key;

static const Key keys[] = {
  { "dir", QS_FILTER_DIRECTION, VALUE_NAME, 0, direction_names },
  { "direction", QS_FILTER_DIRECTION, VALUE_NAME, 0, direction_names },
  { "from", QS_FILTER_END, VALUE_NAME, 0, end_names },
  { "type", QS_FILTER_TYPE, VALUE_NAME, 0, type_names },
  { "frame", QS_FILTER_FRAME, VALUE_NAME, 0, frame_names },
  { "message", QS_FILTER_MESSAGE, VALUE_NAME, 0, NULL },
  { "tls", QS_FILTER_MESSAGE, VALUE_NAME, 0, NULL },
  { "stream", QS_FILTER_STREAM, VALUE_NUMBER, 0, NULL },
  { "pn", QS_FILTER_NUMBER, VALUE_NUMBER, QS_FILTER_FIELD_PN, NULL },
  { "number", QS_FILTER_NUMBER, VALUE_NUMBER, QS_FILTER_FIELD_PN, NULL },
  { "size", QS_FILTER_NUMBER, VALUE_SIZE, QS_FILTER_FIELD_SIZE, NULL },
  { "length", QS_FILTER_NUMBER, VALUE_SIZE, QS_FILTER_FIELD_SIZE, NULL },
  { "payload", QS_FILTER_NUMBER, VALUE_SIZE, QS_FILTER_FIELD_PAYLOAD, NULL },
  { "frames", QS_FILTER_NUMBER, VALUE_NUMBER, QS_FILTER_FIELD_FRAMES, NULL },
  { "version", QS_FILTER_NUMBER, VALUE_VERSION, QS_FILTER_FIELD_VERSION, NULL },
  { "time", QS_FILTER_NUMBER, VALUE_TIME, QS_FILTER_FIELD_TIME, NULL },
  { "datagram", QS_FILTER_NUMBER, VALUE_NUMBER, QS_FILTER_FIELD_DATAGRAM, NULL },
};

char *
qs_filter_normalize (const char *text, gsize length)
{
  GString *out = g_string_sized_new (length);

  for (gsize i = 0; i < length; i++)
    {
      if (text[i] != '_' && text[i] != '-')
        g_string_append_c (out, g_ascii_tolower (text[i]));
    }
  return g_string_free (out, FALSE);
}

/* --- Errors --- */

static guint
fail (Parser *self, const char *at, const char *sentence)
{
  if (self->error == NULL)
    {
      self->error = g_error_new_literal (QS_ERROR, QS_ERROR_PARSE, sentence);
      self->error_at = at;
    }
  return NO_NODE;
}

static guint G_GNUC_PRINTF (4, 0) fail_quoted (Parser *self, const char *at, gsize length, const char *format)
{
  g_autofree char *quoted = qs_text_escape_short (at, (gssize) length, 40);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  g_autofree char *sentence = g_strdup_printf (format, quoted);
#pragma GCC diagnostic pop

  return fail (self, at, sentence);
}

/* --- Tokens --- */

static gboolean
is_word (char c)
{
  return g_ascii_isalnum (c) || c == '_' || c == '-' || c == '.' || (guint8) c >= 0x80;
}

static gsize
operator_length (const char *at)
{
  if (strncmp (at, "&&", 2) == 0 || strncmp (at, "||", 2) == 0 || strncmp (at, "!=", 2) == 0 ||
      strncmp (at, "<=", 2) == 0 || strncmp (at, ">=", 2) == 0 || strncmp (at, "==", 2) == 0)
    return 2;
  return *at != '\0' && strchr (":=<>!", *at) != NULL ? 1 : 0;
}

static Token
read_token (const char *at)
{
  Token token = { TOKEN_END, at, 0 };

  while (g_ascii_isspace (*token.start))
    token.start++;
  at = token.start;
  if (*at == '\0')
    return token;
  token.length = 1;
  if (*at == '(' || *at == ')')
    token.kind = *at == '(' ? TOKEN_OPEN : TOKEN_CLOSE;
  else if (*at == ',')
    token.kind = TOKEN_COMMA;
  else if (*at == '"')
    {
      const char *end = strchr (at + 1, '"');

      token.kind = end != NULL ? TOKEN_TEXT : TOKEN_BAD;
      token.start = at + 1;
      token.length = end != NULL ? (gsize) (end - at - 1) : strlen (at + 1);
    }
  else if (operator_length (at) > 0)
    {
      token.kind = TOKEN_OPERATOR;
      token.length = operator_length (at);
    }
  else if (is_word (*at))
    {
      token.kind = TOKEN_WORD;
      while (is_word (at[token.length]))
        token.length++;
    }
  else
    token.kind = TOKEN_BAD;
  return token;
}

static void
advance (Parser *self)
{
  const char *end = self->token.start + self->token.length;

  self->token = read_token (self->token.kind == TOKEN_TEXT ? end + 1 : end);
}

static gboolean
token_is (const Token *token, const char *words)
{
  return token->length == strlen (words) && g_ascii_strncasecmp (token->start, words, token->length) == 0;
}

static gboolean
is_keyword (const Token *token)
{
  return token->kind == TOKEN_WORD && (token_is (token, "and") || token_is (token, "or") || token_is (token, "not"));
}

/* --- Nodes --- */

static guint
add_node (Parser *self, QsFilterNode node)
{
  if (self->nodes->len == MAX_NODES)
    {
      g_free (node.text);
      return fail (self, self->token.start, _ ("This filter is too long."));
    }
  g_array_append_val (self->nodes, node);
  return self->nodes->len - 1;
}

static guint
add_pair (Parser *self, QsFilterOp op, guint left, guint right)
{
  if (left == NO_NODE || right == NO_NODE)
    return NO_NODE;
  return add_node (self, (QsFilterNode){ .op = op, .left = left, .right = right });
}

static guint
negate (Parser *self, guint node)
{
  return node == NO_NODE ? NO_NODE : add_node (self, (QsFilterNode){ .op = QS_FILTER_NOT, .left = node });
}

/* --- Values --- */

static guint64
find_name (const Name *names, const char *text, gsize length)
{
  g_autofree char *wanted = qs_filter_normalize (text, length);

  for (; names->name != NULL; names++)
    {
      if (strcmp (names->name, wanted) == 0)
        return names->mask;
    }
  return 0;
}

static const struct {
  ValueKind kind;
  const char *unit;
  double factor;
} units[] = {
  { VALUE_SIZE, "b", 1 },         { VALUE_SIZE, "k", 1000 },    { VALUE_SIZE, "kb", 1000 },
  { VALUE_SIZE, "kib", 1024 },    { VALUE_SIZE, "m", 1000000 }, { VALUE_SIZE, "mb", 1000000 },
  { VALUE_SIZE, "mib", 1048576 }, { VALUE_SIZE, "", 1 },        { VALUE_TIME, "ns", 1 },
  { VALUE_TIME, "us", 1e3 },      { VALUE_TIME, "µs", 1e3 },    { VALUE_TIME, "ms", 1e6 },
  { VALUE_TIME, "s", 1e9 },       { VALUE_TIME, "min", 60e9 },  { VALUE_TIME, "", 1e6 },
  { VALUE_NUMBER, "", 1 },        { VALUE_VERSION, "", 1 },
};

/* A number with its unit, from text that ends at end. */
static gboolean
read_number (ValueKind kind, const char *text, const char *end, gint64 *value)
{
  g_autofree char *copy = g_strndup (text, (gsize) (end - text));
  char *rest = NULL;
  guint64 whole;

  if (g_ascii_strncasecmp (copy, "0x", 2) == 0)
    {
      if (!g_ascii_string_to_unsigned (copy + 2, 16, 0, G_MAXINT64, &whole, NULL))
        return FALSE;
      *value = (gint64) whole;
      return TRUE;
    }
  if (g_ascii_string_to_unsigned (copy, 10, 0, G_MAXINT64, &whole, NULL) && kind != VALUE_TIME)
    {
      *value = (gint64) whole;
      return TRUE;
    }
  double number = g_ascii_isdigit (copy[0]) ? g_ascii_strtod (copy, &rest) : -1;
  if (number < 0 || rest == copy)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    {
      if (units[i].kind == kind && g_ascii_strcasecmp (units[i].unit, rest) == 0)
        {
          number *= units[i].factor;
          *value = number < 9e18 ? (gint64) number : G_MAXINT64;
          return TRUE;
        }
    }
  return FALSE;
}

static const char *
find_dots (const char *text, gsize length)
{
  return g_strstr_len (text, (gssize) length, "..");
}

static const char *
number_hint (ValueKind kind)
{
  switch (kind)
    {
    case VALUE_TIME:
      return _ ("“%s” is not a time: give one as 5ms, 1.2s or 3ms..8ms.");
    case VALUE_SIZE:
      return _ ("“%s” is not a size: give one as 1200, 2kb or 40..100.");
    case VALUE_VERSION:
      return _ ("“%s” is not a version: give one as 1 or 0x6b3343cf.");
    case VALUE_NUMBER:
    case VALUE_NAME:
    default:
      return _ ("“%s” is not a number: give one as 4 or 3..7.");
    }
}

/* "7", "3..7", "3..", "..7". */
static gboolean
read_range (Parser *self, ValueKind kind, gint64 *low, gint64 *high)
{
  const char *text = self->token.start, *end = text + self->token.length;
  const char *dots = find_dots (text, self->token.length);
  gboolean ok = TRUE;

  *low = 0;
  *high = G_MAXINT64;
  if (dots == NULL)
    {
      ok = read_number (kind, text, end, low);
      *high = *low;
    }
  else
    {
      if (dots > text)
        ok = read_number (kind, text, dots, low);
      if (dots + 2 < end)
        ok = ok && read_number (kind, dots + 2, end, high);
      ok = ok && end - text > 2;
    }
  if (!ok)
    fail_quoted (self, text, self->token.length, number_hint (kind));
  return ok;
}

/* Narrows what a comparison leaves of all numbers; FALSE for "is", "is not". */
static gboolean
apply_comparison (const Token *op, gint64 *low, gint64 *high)
{
  gint64 value = *low;

  if (token_is (op, "<") || token_is (op, "<="))
    {
      *low = G_MININT64;
      *high = token_is (op, "<") ? value - 1 : value;
      return TRUE;
    }
  if (token_is (op, ">") || token_is (op, ">="))
    {
      *low = token_is (op, ">") && value < G_MAXINT64 ? value + 1 : value;
      *high = G_MAXINT64;
      return TRUE;
    }
  return FALSE;
}

static guint
number_node (Parser *self, const Key *key, const Token *op)
{
  QsFilterNode node = { .op = key->op, .field = key->field };

  if (!read_range (self, key->value, &node.low, &node.high))
    return NO_NODE;
  if (node.low != node.high && !token_is (op, ":") && !token_is (op, "=") && !token_is (op, "==") &&
      !token_is (op, "!="))
    return fail (self, self->token.start, _ ("A range cannot be compared: use it with “:”."));
  apply_comparison (op, &node.low, &node.high);
  return add_node (self, node);
}

static const char *
name_hint (QsFilterOp op)
{
  switch (op)
    {
    case QS_FILTER_DIRECTION:
      return _ ("“%s” is no direction: rx or tx was expected.");
    case QS_FILTER_END:
      return _ ("“%s” is no side: client or server was expected.");
    case QS_FILTER_TYPE:
      return _ ("“%s” is no packet type: initial, handshake, 1rtt, 0rtt, retry or vn was expected.");
    case QS_FILTER_FRAME:
    case QS_FILTER_AND:
    case QS_FILTER_OR:
    case QS_FILTER_NOT:
    case QS_FILTER_FLAG:
    case QS_FILTER_NUMBER:
    case QS_FILTER_STREAM:
    case QS_FILTER_MESSAGE:
    case QS_FILTER_TEXT:
    default:
      return _ ("“%s” is no frame: one such as ack, crypto, stream, max_data or connection_close was expected.");
    }
}

static guint
name_node (Parser *self, const Key *key)
{
  QsFilterNode node = { .op = key->op };

  if (key->op == QS_FILTER_MESSAGE)
    {
      node.text = qs_filter_normalize (self->token.start, self->token.length);
      return add_node (self, node);
    }
  node.mask = find_name (key->names, self->token.start, self->token.length);
  if (node.mask == 0 && key->op == QS_FILTER_DIRECTION)
    {
      node.op = QS_FILTER_END;
      node.mask = find_name (end_names, self->token.start, self->token.length);
    }
  if (node.mask == 0)
    return fail_quoted (self, self->token.start, self->token.length, name_hint (key->op));
  return add_node (self, node);
}

static guint
value_node (Parser *self, const Key *key, const Token *op)
{
  guint node;

  if (self->token.kind == TOKEN_END)
    return fail (self, self->token.start, _ ("A value was expected at the end."));
  if (self->token.kind != TOKEN_WORD && !(self->token.kind == TOKEN_TEXT && key->op == QS_FILTER_MESSAGE))
    return fail_quoted (self, self->token.start, self->token.length, _ ("A value was expected in place of “%s”."));
  node = key->value == VALUE_NAME ? name_node (self, key) : number_node (self, key, op);
  advance (self);
  return node;
}

/* --- Terms --- */

static const Key *
find_key (const Token *token)
{
  g_autofree char *wanted = qs_filter_normalize (token->start, token->length);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      if (strcmp (keys[i].name, wanted) == 0)
        return &keys[i];
    }
  return NULL;
}

static gboolean
is_comparison (const Token *token)
{
  return token->kind == TOKEN_OPERATOR && !token_is (token, "&&") && !token_is (token, "||") && !token_is (token, "!");
}

static guint
parse_compared (Parser *self, const Key *key, const Token *name)
{
  Token op = self->token;
  guint node;

  if (key == NULL)
    return fail_quoted (self, name->start, name->length,
                        _ ("“%s” is no field: dir, from, type, frame, message, stream, pn, size, payload, frames, "
                           "version, time or datagram was expected."));
  if (key->value == VALUE_NAME && strchr ("<>", op.start[0]) != NULL)
    return fail_quoted (self, op.start, op.length, _ ("Names cannot be compared by “%s”: use “:”."));
  advance (self);
  node = value_node (self, key, &op);
  while (node != NO_NODE && self->token.kind == TOKEN_COMMA)
    {
      advance (self);
      node = add_pair (self, QS_FILTER_OR, node, value_node (self, key, &op));
    }
  return token_is (&op, "!=") ? negate (self, node) : node;
}

/* A word alone: a flag, or a name that can only be a type or a frame. */
static guint
parse_bare (Parser *self, const Token *name)
{
  static const struct {
    const Name *names;
    QsFilterOp op;
  } kinds[] = {
    { flag_names, QS_FILTER_FLAG },           { type_names, QS_FILTER_TYPE }, { frame_names, QS_FILTER_FRAME },
    { direction_names, QS_FILTER_DIRECTION }, { end_names, QS_FILTER_END },
  };
  QsFilterNode node = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      node.op = kinds[i].op;
      node.mask = find_name (kinds[i].names, name->start, name->length);
      if (node.mask != 0)
        return add_node (self, node);
    }
  if (find_name ((const Name[]){ { "encrypted", 1 }, { NULL, 0 } }, name->start, name->length) != 0)
    return negate (self, add_node (self, (QsFilterNode){ .op = QS_FILTER_FLAG, .mask = QS_PACKET_DECRYPTED }));
  if (find_key (name) != NULL)
    return fail (self, name->start + name->length, _ ("A value was expected here, as in frame:ack or pn>10."));
  return fail_quoted (
      self, name->start, name->length,
      _ ("“%s” is not known: a field with a value (frame:ack), a flag (lost) or quoted text was expected."));
}

static guint
parse_text (Parser *self)
{
  g_autofree char *raw = g_strndup (self->token.start, self->token.length);
  QsFilterNode node = { .op = QS_FILTER_TEXT };

  if (!g_utf8_validate (raw, -1, NULL))
    return fail (self, self->token.start, _ ("This text is not valid."));
  node.text = g_utf8_casefold (raw, -1);
  advance (self);
  return add_node (self, node);
}

static guint parse_or (Parser *self);

static guint
parse_group (Parser *self)
{
  const char *open = self->token.start;
  guint node;

  advance (self);
  node = parse_or (self);
  if (node == NO_NODE)
    return NO_NODE;
  if (self->token.kind != TOKEN_CLOSE)
    return fail (self, open, _ ("This parenthesis is not closed."));
  advance (self);
  return node;
}

static guint
parse_primary (Parser *self)
{
  Token token = self->token;

  switch (token.kind)
    {
    case TOKEN_OPEN:
      return parse_group (self);
    case TOKEN_TEXT:
      return parse_text (self);
    case TOKEN_WORD:
      if (is_keyword (&token))
        return fail_quoted (self, token.start, token.length,
                            _ ("A field, a flag or quoted text was expected in place of “%s”."));
      advance (self);
      return is_comparison (&self->token) ? parse_compared (self, find_key (&token), &token)
                                          : parse_bare (self, &token);
    case TOKEN_END:
      return fail (self, token.start, _ ("A field, a flag or quoted text was expected at the end."));
    case TOKEN_BAD:
      if (token.start > self->text && token.start[-1] == '"')
        return fail (self, token.start - 1, _ ("This quote is not closed."));
      return fail_quoted (self, token.start, token.length,
                          _ ("“%s” cannot stand here: text is searched for in quotes."));
    case TOKEN_OPERATOR:
    case TOKEN_COMMA:
    case TOKEN_CLOSE:
    default:
      return fail_quoted (self, token.start, token.length,
                          _ ("A field, a flag or quoted text was expected in place of “%s”."));
    }
}

static guint
parse_not (Parser *self)
{
  guint node;

  if (self->depth == MAX_DEPTH)
    return fail (self, self->token.start, _ ("This filter nests too deeply."));
  self->depth++;
  if ((self->token.kind == TOKEN_WORD && token_is (&self->token, "not")) ||
      (self->token.kind == TOKEN_OPERATOR && token_is (&self->token, "!")))
    {
      advance (self);
      node = negate (self, parse_not (self));
    }
  else
    node = parse_primary (self);
  self->depth--;
  return node;
}

static gboolean
is_or (const Token *token)
{
  return (token->kind == TOKEN_WORD && token_is (token, "or")) ||
         (token->kind == TOKEN_OPERATOR && token_is (token, "||"));
}

/* Terms side by side are joined by "and". */
static guint
parse_and (Parser *self)
{
  guint node = parse_not (self);

  while (node != NO_NODE && self->token.kind != TOKEN_END && self->token.kind != TOKEN_CLOSE && !is_or (&self->token))
    {
      if (token_is (&self->token, "and") || token_is (&self->token, "&&"))
        advance (self);
      node = add_pair (self, QS_FILTER_AND, node, parse_not (self));
    }
  return node;
}

static guint
parse_or (Parser *self)
{
  guint node = parse_and (self);

  while (node != NO_NODE && is_or (&self->token))
    {
      advance (self);
      node = add_pair (self, QS_FILTER_OR, node, parse_and (self));
    }
  return node;
}

static void
node_clear (gpointer data)
{
  g_free (((QsFilterNode *) data)->text);
}

QsFilter *
qs_filter_new (const char *text, guint *position, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);

  Parser parser = { .text = text, .token = read_token (text) };
  g_autoptr (QsFilter) self = g_new0 (QsFilter, 1);

  g_atomic_ref_count_init (&self->refs);
  self->nodes = parser.nodes = g_array_new (FALSE, FALSE, sizeof (QsFilterNode));
  g_array_set_clear_func (self->nodes, node_clear);
  self->root = NO_NODE;
  if (parser.token.kind == TOKEN_END)
    return g_steal_pointer (&self);
  self->root = parse_or (&parser);
  if (parser.error == NULL && parser.token.kind != TOKEN_END)
    fail (&parser, parser.token.start, _ ("This parenthesis was never opened."));
  if (parser.error == NULL)
    return g_steal_pointer (&self);
  if (position != NULL)
    *position = g_utf8_validate (text, parser.error_at - text, NULL)
                    ? (guint) g_utf8_strlen (text, parser.error_at - text)
                    : (guint) (parser.error_at - text);
  g_propagate_error (error, parser.error);
  return NULL;
}
