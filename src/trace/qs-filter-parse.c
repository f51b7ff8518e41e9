/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filter expressions: a parser by recursive descent, bounded in depth and size. Its words are in qs-filter-words.c. */
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "trace/qs-filter-private.h"

#define MAX_DEPTH 32
#define MAX_NODES 512
#define NO_NODE G_MAXUINT

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
number_node (Parser *self, const QsFilterSubject *key, const Token *op)
{
  QsFilterNode node = { .op = key->op, .field = key->field };

  if (!qs_filter_read_range (key->value, self->token.start, self->token.length, &node.low, &node.high))
    return fail_quoted (self, self->token.start, self->token.length, qs_filter_number_hint (key->value));
  if (node.low != node.high && !token_is (op, ":") && !token_is (op, "=") && !token_is (op, "==") &&
      !token_is (op, "!="))
    return fail (self, self->token.start, _ ("A range cannot be compared: use it with “:”."));
  apply_comparison (op, &node.low, &node.high);
  return add_node (self, node);
}

static guint
name_node (Parser *self, const QsFilterSubject *key)
{
  QsFilterNode node = { .op = key->op };

  if (key->op == QS_FILTER_MESSAGE)
    {
      node.text = qs_filter_normalize (self->token.start, self->token.length);
      return add_node (self, node);
    }
  if (!qs_filter_find_value (key, self->token.start, self->token.length, &node))
    return fail_quoted (self, self->token.start, self->token.length, qs_filter_name_hint (key->op));
  return add_node (self, node);
}

static guint
value_node (Parser *self, const QsFilterSubject *key, const Token *op)
{
  guint node;

  if (self->token.kind == TOKEN_END)
    return fail (self, self->token.start, _ ("A value was expected at the end."));
  if (self->token.kind != TOKEN_WORD && !(self->token.kind == TOKEN_TEXT && key->op == QS_FILTER_MESSAGE))
    return fail_quoted (self, self->token.start, self->token.length, _ ("A value was expected in place of “%s”."));
  node = key->value == QS_FILTER_VALUE_NAME ? name_node (self, key) : number_node (self, key, op);
  advance (self);
  return node;
}

/* --- Terms --- */

static gboolean
is_comparison (const Token *token)
{
  return token->kind == TOKEN_OPERATOR && !token_is (token, "&&") && !token_is (token, "||") && !token_is (token, "!");
}

static guint
parse_compared (Parser *self, const QsFilterSubject *key, const Token *name)
{
  Token op = self->token;
  guint node;

  if (key == NULL)
    return fail_quoted (self, name->start, name->length,
                        _ ("“%s” is no field: dir, from, type, frame, message, stream, pn, size, payload, frames, "
                           "version, time or datagram was expected."));
  if (key->value == QS_FILTER_VALUE_NAME && strchr ("<>", op.start[0]) != NULL)
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

/* What a packet's row has to say somewhere. */
static guint
text_node (Parser *self, const Token *token)
{
  g_autofree char *raw = g_strndup (token->start, token->length);
  QsFilterNode node = { .op = QS_FILTER_TEXT };

  if (!g_utf8_validate (raw, -1, NULL))
    return fail (self, token->start, _ ("This text is not valid."));
  node.text = g_utf8_casefold (raw, -1);
  return add_node (self, node);
}

/* A word alone: a flag, or a name that can only be a type or a frame; else it is text to look for. */
static guint
parse_bare (Parser *self, const Token *name)
{
  QsFilterNode node = { 0 };

  if (qs_filter_find_bare (name->start, name->length, &node))
    return add_node (self, node);
  if (qs_filter_find_name ((const QsFilterName[]){ { "encrypted", 1 }, { NULL, 0 } }, name->start, name->length) != 0)
    return negate (self, add_node (self, (QsFilterNode){ .op = QS_FILTER_FLAG, .mask = QS_PACKET_DECRYPTED }));
  if (qs_filter_find_subject (name->start, name->length) != NULL)
    return fail (self, name->start + name->length, _ ("A value was expected here, as in frame:ack or pn>10."));
  return text_node (self, name);
}

static guint
parse_text (Parser *self)
{
  guint node = text_node (self, &self->token);

  advance (self);
  return node;
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
      return is_comparison (&self->token)
                 ? parse_compared (self, qs_filter_find_subject (token.start, token.length), &token)
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
