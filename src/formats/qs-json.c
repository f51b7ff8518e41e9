/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-json.h"

#include <math.h>
#include <string.h>

#include "base/qs-error.h"
#include "base/qs-i18n.h"

#define MAX_DEPTH 64
#define MAX_TOKENS (8u << 20)

typedef enum { TOKEN_OBJECT, TOKEN_ARRAY, TOKEN_STRING, TOKEN_NUMBER, TOKEN_TRUE, TOKEN_FALSE, TOKEN_NULL } TokenType;

typedef struct {
  guint32 start; /* of a string's or number's text */
  guint32 next;  /* the token behind this value and all in it */
  guint8 type;
} Token;

struct _QsJsonText {
  char *json;
  GArray *tokens; /* Token; an object's are name, value, name, value … */
};

typedef struct {
  QsJsonText *text;
  char *at, *end;
  guint open[MAX_DEPTH]; /* tokens of what is not closed yet */
  guint depth;
} Parser;

QsJsonText *
qs_json_text_new (void)
{
  QsJsonText *self = g_new0 (QsJsonText, 1);

  self->tokens = g_array_new (FALSE, FALSE, sizeof (Token));
  return self;
}

void
qs_json_text_free (QsJsonText *self)
{
  g_array_unref (self->tokens);
  g_free (self);
}

static Token *
token_at (const QsJsonText *self, guint index)
{
  return &g_array_index (self->tokens, Token, index);
}

/* --- Parsing --- */

static gboolean
add_token (Parser *self, TokenType type, const char *start)
{
  GArray *tokens = self->text->tokens;
  Token token = { .start = (guint32) (start - self->text->json), .next = tokens->len + 1, .type = (guint8) type };

  if (tokens->len == MAX_TOKENS)
    return FALSE;
  g_array_append_val (tokens, token);
  return TRUE;
}

static void
skip_space (Parser *self)
{
  while (*self->at == ' ' || *self->at == '\n' || *self->at == '\t' || *self->at == '\r')
    self->at++;
}

static int
read_hex4 (const char *at)
{
  int value = 0;

  for (guint i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (at[i]);
      if (digit < 0)
        return -1;
      value = value << 4 | digit;
    }
  return value;
}

/* \uNNNN, two of them for what is above U+FFFF. A NUL or half a pair becomes U+FFFD: it would end the string, or not be UTF-8. */
static gboolean
read_unicode (Parser *self, char **out)
{
  int value = read_hex4 (self->at);
  gunichar c;

  if (value < 0)
    return FALSE;
  self->at += 4;
  c = (gunichar) value;
  if (value >= 0xd800 && value < 0xdc00 && self->at[0] == '\\' && self->at[1] == 'u')
    {
      int low = read_hex4 (self->at + 2);

      if (low >= 0xdc00 && low < 0xe000)
        {
          c = 0x10000 + ((gunichar) (value - 0xd800) << 10) + (gunichar) (low - 0xdc00);
          self->at += 6;
        }
    }
  if (c == 0 || (c >= 0xd800 && c < 0xe000))
    c = 0xfffd;
  *out += g_unichar_to_utf8 (c, *out);
  return TRUE;
}

static gboolean
read_escape (Parser *self, char **out)
{
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  char c = *self->at;
  const char *found = c != '\0' ? strchr (from, c) : NULL;

  if (c == 'u')
    {
      self->at++;
      return read_unicode (self, out);
    }
  if (found == NULL)
    return FALSE;
  self->at++;
  *(*out)++ = to[found - from];
  return TRUE;
}

/* Behind the opening quote. What is unescaped is never longer, so that it can stand in its own place; the closing quote's
 * becomes the end. */
static gboolean
read_string (Parser *self)
{
  char *start = self->at, *out = self->at;

  while (*self->at != '"')
    {
      guint8 c = (guint8) *self->at;

      if (c < 0x20)
        return FALSE; /* also the text's end */
      self->at++;
      if (c != '\\')
        *out++ = (char) c;
      else if (!read_escape (self, &out))
        return FALSE;
    }
  self->at++;
  *out = '\0';
  return add_token (self, TOKEN_STRING, start);
}

static gboolean
read_digits (Parser *self)
{
  const char *start = self->at;

  while (g_ascii_isdigit (*self->at))
    self->at++;
  return self->at > start;
}

static gboolean
read_number (Parser *self)
{
  const char *start = self->at;

  if (*self->at == '-')
    self->at++;
  if (*self->at == '0')
    self->at++;
  else if (!read_digits (self))
    return FALSE;
  if (*self->at == '.')
    {
      self->at++;
      if (!read_digits (self))
        return FALSE;
    }
  if (*self->at == 'e' || *self->at == 'E')
    {
      self->at++;
      if (*self->at == '+' || *self->at == '-')
        self->at++;
      if (!read_digits (self))
        return FALSE;
    }
  return add_token (self, TOKEN_NUMBER, start);
}

static gboolean
read_literal (Parser *self)
{
  static const struct {
    const char *word;
    TokenType type;
  } literals[] = { { "true", TOKEN_TRUE }, { "false", TOKEN_FALSE }, { "null", TOKEN_NULL } };

  for (guint i = 0; i < G_N_ELEMENTS (literals); i++)
    {
      gsize n = strlen (literals[i].word);

      if (strncmp (self->at, literals[i].word, n) == 0)
        {
          self->at += n;
          return add_token (self, literals[i].type, self->at);
        }
    }
  return FALSE;
}

static gboolean
open_container (Parser *self, TokenType type)
{
  if (self->depth == MAX_DEPTH)
    return FALSE;
  self->open[self->depth++] = self->text->tokens->len;
  self->at++;
  return add_token (self, type, self->at);
}

static void
close_container (Parser *self)
{
  token_at (self->text, self->open[--self->depth])->next = self->text->tokens->len;
  self->at++;
}

/* "name": and the space around it. */
static gboolean
read_name (Parser *self)
{
  skip_space (self);
  if (*self->at != '"')
    return FALSE;
  self->at++;
  if (!read_string (self))
    return FALSE;
  skip_space (self);
  return *self->at++ == ':';
}

/* A value; of an object or array only its start. opened: whether that is what it was. */
static gboolean
read_value (Parser *self, gboolean *opened)
{
  skip_space (self);
  *opened = *self->at == '{' || *self->at == '[';
  switch (*self->at)
    {
    case '{':
      return open_container (self, TOKEN_OBJECT);
    case '[':
      return open_container (self, TOKEN_ARRAY);
    case '"':
      self->at++;
      return read_string (self);
    case 't':
    case 'f':
    case 'n':
      return read_literal (self);
    default:
      return read_number (self);
    }
}

/* Closes what ends here; FALSE when neither a comma nor an end comes. more: another element comes. */
static gboolean
read_behind_value (Parser *self, gboolean *more)
{
  *more = FALSE;
  while (self->depth > 0)
    {
      gboolean object = token_at (self->text, self->open[self->depth - 1])->type == TOKEN_OBJECT;

      skip_space (self);
      if (*self->at == ',')
        {
          self->at++;
          *more = TRUE;
          return !object || read_name (self);
        }
      if (*self->at != (object ? '}' : ']'))
        return FALSE;
      close_container (self);
    }
  return TRUE;
}

/* Behind an opening bracket. more: an element comes; else it was empty, and is closed. */
static gboolean
read_behind_open (Parser *self, gboolean *more)
{
  gboolean object = token_at (self->text, self->open[self->depth - 1])->type == TOKEN_OBJECT;

  skip_space (self);
  *more = *self->at != (object ? '}' : ']');
  if (*more)
    return !object || read_name (self);
  close_container (self);
  return read_behind_value (self, more);
}

static gboolean
parse (Parser *self)
{
  gboolean more = TRUE, opened;

  while (more)
    {
      if (!read_value (self, &opened))
        return FALSE;
      if (!(opened ? read_behind_open (self, &more) : read_behind_value (self, &more)))
        return FALSE;
    }
  skip_space (self);
  return self->at == self->end;
}

gboolean
qs_json_text_parse (QsJsonText *self, char *json, gsize length, GError **error)
{
  g_return_val_if_fail (self != NULL && json != NULL && json[length] == '\0', FALSE);

  Parser parser = { .text = self, .at = json, .end = json + length };

  self->json = json;
  g_array_set_size (self->tokens, 0);
  const char *bad = json;
  gboolean valid = length < G_MAXUINT32 && g_utf8_validate (json, (gssize) length, &bad);
  if (valid && parse (&parser))
    return TRUE;
  if (!valid)
    parser.at = json + (bad - json);
  g_array_set_size (self->tokens, 0);
  g_set_error (error, QS_ERROR, QS_ERROR_PARSE, _ ("not JSON behind its character %u"), (guint) (parser.at - json));
  return FALSE;
}

/* --- Values --- */

static const Token *
get_token (QsJson value, TokenType type)
{
  const Token *token = qs_json_is_there (value) ? token_at (value.text, value.token) : NULL;

  return token != NULL && token->type == type ? token : NULL;
}

QsJson
qs_json_text_get_root (const QsJsonText *self)
{
  return self->tokens->len > 0 ? (QsJson){ self, 0 } : QS_JSON_NONE;
}

gboolean
qs_json_is_there (QsJson value)
{
  return value.token != G_MAXUINT;
}

gboolean
qs_json_is_object (QsJson value)
{
  return get_token (value, TOKEN_OBJECT) != NULL;
}

gboolean
qs_json_is_array (QsJson value)
{
  return get_token (value, TOKEN_ARRAY) != NULL;
}

QsJson
qs_json_first (QsJson array)
{
  const Token *token = get_token (array, TOKEN_ARRAY);

  return token != NULL && token->next > array.token + 1 ? (QsJson){ array.text, array.token + 1 } : QS_JSON_NONE;
}

QsJson
qs_json_next (QsJson array, QsJson element)
{
  guint next = token_at (element.text, element.token)->next;

  return next < token_at (array.text, array.token)->next ? (QsJson){ array.text, next } : QS_JSON_NONE;
}

guint
qs_json_count (QsJson array)
{
  guint n = 0;

  for (QsJson element = qs_json_first (array); qs_json_is_there (element); element = qs_json_next (array, element))
    n++;
  return n;
}

QsJson
qs_json_get (QsJson object, const char *name)
{
  const Token *token = get_token (object, TOKEN_OBJECT);

  for (guint at = object.token + 1; token != NULL && at < token->next; at = token_at (object.text, at + 1)->next)
    {
      if (strcmp (object.text->json + token_at (object.text, at)->start, name) == 0)
        return (QsJson){ object.text, at + 1 };
    }
  return QS_JSON_NONE;
}

gboolean
qs_json_next_member (QsJson object, guint *at, const char **name, QsJson *value)
{
  const Token *token = get_token (object, TOKEN_OBJECT);
  guint here = *at == 0 ? object.token + 1 : *at;

  if (token == NULL || here >= token->next)
    return FALSE;
  *name = object.text->json + token_at (object.text, here)->start;
  *value = (QsJson){ object.text, here + 1 };
  *at = token_at (object.text, here + 1)->next;
  return TRUE;
}

const char *
qs_json_string (QsJson value)
{
  const Token *token = get_token (value, TOKEN_STRING);

  return token != NULL ? value.text->json + token->start : NULL;
}

const char *
qs_json_get_string (QsJson object, const char *name)
{
  return qs_json_string (qs_json_get (object, name));
}

gboolean
qs_json_get_bool (QsJson object, const char *name)
{
  return get_token (qs_json_get (object, name), TOKEN_TRUE) != NULL;
}

/* Whole numbers exactly; FALSE for others, and for those above 64 bits. */
static gboolean
read_digits_as_uint (const char *at, guint64 *number)
{
  guint64 value = 0;

  for (; g_ascii_isdigit (*at); at++)
    {
      guint digit = (guint) (*at - '0');

      if (value > (G_MAXUINT64 - digit) / 10)
        return FALSE;
      value = value * 10 + digit;
    }
  *number = value;
  return *at != '.' && *at != 'e' && *at != 'E';
}

static gboolean
number_to_uint (const char *at, guint64 *number)
{
  if (*at == '-')
    return FALSE;
  if (read_digits_as_uint (at, number))
    return TRUE;
  double value = g_ascii_strtod (at, NULL);
  if (!(value >= 0 && value < 1.8e19))
    return FALSE;
  *number = (guint64) value;
  return TRUE;
}

static gboolean
string_to_uint (const char *text, guint64 *number)
{
  gboolean hex = g_ascii_strncasecmp (text, "0x", 2) == 0;

  return g_ascii_string_to_unsigned (hex ? text + 2 : text, hex ? 16 : 10, 0, G_MAXUINT64, number, NULL);
}

gboolean
qs_json_uint (QsJson value, guint64 *number)
{
  const Token *token = get_token (value, TOKEN_NUMBER);
  const char *string = qs_json_string (value);

  if (token != NULL)
    return number_to_uint (value.text->json + token->start, number);
  return string != NULL && string_to_uint (string, number);
}

gboolean
qs_json_get_uint (QsJson object, const char *name, guint64 *number)
{
  return qs_json_uint (qs_json_get (object, name), number);
}

gboolean
qs_json_double (QsJson value, double *number)
{
  const Token *token = get_token (value, TOKEN_NUMBER);
  const char *string = qs_json_string (value);
  char *end = NULL;

  if (token != NULL)
    *number = g_ascii_strtod (value.text->json + token->start, NULL);
  else if (string != NULL)
    {
      *number = g_ascii_strtod (string, &end);
      if (end == string || *end != '\0')
        return FALSE;
    }
  else
    return FALSE;
  return isfinite (*number);
}

gboolean
qs_json_get_double (QsJson object, const char *name, double *number)
{
  return qs_json_double (qs_json_get (object, name), number);
}
