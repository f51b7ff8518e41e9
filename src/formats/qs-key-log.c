/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-key-log.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "formats/qs-input.h"
#include "formats/qs-trace-save-private.h"

/* Labels whose line is well-formed and whose secret is not a connection's traffic secret: TLS 1.2's
 * RSA premaster, and what Encrypted Client Hello logs (RFC 9850 section 2.2). */
static const char *const passed_over[] = { "RSA", "ECH_SECRET", "ECH_CONFIG", "PMS_CLIENT_RANDOM" };

static gboolean
fail (GError **error, const char *sentence)
{
  g_set_error_literal (error, QS_ERROR, QS_ERROR_PARSE, sentence);
  return FALSE;
}

static gboolean
is_label (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isupper (text[i]) && !g_ascii_isdigit (text[i]) && text[i] != '_')
        return FALSE;
    }
  return length > 0;
}

/* How many bytes the digits make, -1 when they are not hex, odd or too many. */
static gssize
read_hex (const char *digits, gsize n_digits, guint8 *out, gsize max)
{
  if (n_digits % 2 != 0 || n_digits / 2 > max)
    return -1;
  for (gsize i = 0; i < n_digits / 2; i++)
    {
      int high = g_ascii_xdigit_value (digits[2 * i]);
      int low = g_ascii_xdigit_value (digits[2 * i + 1]);

      if (high < 0 || low < 0)
        return -1;
      out[i] = (guint8) (high << 4 | low);
    }
  return (gssize) (n_digits / 2);
}

gboolean
qs_key_log_line_parse (const char *line, gsize length, QsKeyLogLine *out, GError **error)
{
  g_return_val_if_fail (line != NULL && out != NULL, FALSE);

  const char *end = line + length;
  const char *space = memchr (line, ' ', length);
  if (space == NULL || !is_label (line, (gsize) (space - line)))
    return fail (error, _ ("A key-log line must start with a label in capitals and a space."));

  const char *random = space + 1;
  const char *second = memchr (random, ' ', (gsize) (end - random));
  if (second == NULL || read_hex (random, (gsize) (second - random), out->client_random, 32) != 32)
    return fail (error, _ ("A key-log line must have the client random, 64 hex digits, after its label."));

  out->label = line;
  out->label_length = (gsize) (space - line);
  gssize got = read_hex (second + 1, (gsize) (end - second - 1), out->secret, sizeof out->secret);
  if (got < 32)
    return fail (error, _ ("A key-log line must end with a secret of 32 to 64 bytes in hex digits."));
  out->secret_length = (gsize) got;
  return TRUE;
}

static gboolean
is_passed_over (const char *line, gsize length)
{
  if (length == 0 || line[0] == '#')
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (passed_over); i++)
    {
      gsize n = strlen (passed_over[i]);

      if (length > n && line[n] == ' ' && memcmp (line, passed_over[i], n) == 0)
        return TRUE;
    }
  return FALSE;
}

GPtrArray *
qs_key_log_split (const char *text, gsize length, guint *n_bad)
{
  g_return_val_if_fail (text != NULL || length == 0, NULL);

  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);
  guint bad = 0;

  for (const char *at = text, *end = text + length; at < end;)
    {
      const char *newline = memchr (at, '\n', (gsize) (end - at));
      gsize n = (gsize) ((newline != NULL ? newline : end) - at);
      QsKeyLogLine parsed;

      gsize n_text = n > 0 && at[n - 1] == '\r' ? n - 1 : n;
      if (!is_passed_over (at, n_text))
        {
          if (qs_key_log_line_parse (at, n_text, &parsed, NULL))
            g_ptr_array_add (lines, g_strndup (at, n_text));
          else
            bad++;
        }
      at += n + 1;
    }
  if (n_bad != NULL)
    *n_bad = bad;
  return lines;
}

GPtrArray *
qs_key_log_load (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  g_autoptr (GBytes) bytes = qs_input_load (path, QS_KEY_LOG_MAX_FILE, error);
  if (bytes == NULL)
    return NULL;

  guint n_bad = 0;
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);
  g_autoptr (GPtrArray) lines = qs_key_log_split (text, length, &n_bad);
  if (lines->len == 0 && n_bad > 0)
    {
      g_set_error (error, QS_ERROR, QS_ERROR_PARSE,
                   _ ("“%s” is not a key log: none of its lines is a label, a client random and a secret."), path);
      return NULL;
    }
  return g_steal_pointer (&lines);
}

/* A capture may hold such lines as well, among bytes that no text has. */
gboolean
qs_key_log_is_one (const char *path)
{
  g_return_val_if_fail (path != NULL, FALSE);

  g_autoptr (QsInput) input = qs_input_open (path, NULL, NULL);
  const guint8 *start;
  gsize length;
  if (input == NULL || !qs_input_peek (input, &start, &length, NULL) || memchr (start, '\0', length) != NULL)
    return FALSE;
  g_autoptr (GPtrArray) lines = qs_key_log_split ((const char *) start, length, NULL);
  return lines->len > 0;
}

/* As hex in lower case; none: not known. */
static GHashTable *
list_randoms (QsTrace *trace)
{
  GHashTable *randoms = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; qs_trace_is_from_file (trace) && i < qs_trace_get_n_messages (trace); i++)
    {
      const QsTlsMessage *message = qs_trace_get_message (trace, i)->message;
      if (message != NULL && message->type == QS_TLS_CLIENT_HELLO && message->random.length > 0)
        g_hash_table_add (randoms, qs_span_to_hex (message->random));
    }
  return randoms;
}

static gboolean
is_of (GHashTable *randoms, const char *line)
{
  g_auto (GStrv) fields = g_strsplit (line, " ", 3);
  g_autofree char *random = fields[0] != NULL && fields[1] != NULL ? g_ascii_strdown (fields[1], -1) : NULL;

  return g_hash_table_size (randoms) == 0 || (random != NULL && g_hash_table_contains (randoms, random));
}

GString *
qs_key_log_format (QsTrace *trace)
{
  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);

  g_autoptr (GHashTable) randoms = list_randoms (trace);
  guint n_left = qs_trace_get_n_secrets (trace);

  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GString *text = g_string_new (NULL);
  guint n = qs_trace_get_n_records (trace);

  for (guint i = 0; i < n && n_left > 0; i++)
    {
      QsRecord record;

      qs_trace_get_record (trace, i, &record);
      if (record.kind != QS_RECORD_SECRET)
        continue;
      n_left--;
      char *line = g_strndup ((const char *) record.bytes.data, record.bytes.length);
      if (g_hash_table_add (seen, line) && is_of (randoms, line))
        g_string_append_printf (text, "%s\n", line);
    }
  return text;
}

static gpointer
begin_key_log (QsTrace *trace, const char *path, const GArray *packets, QsFileWriter *out, GError **error)
{
  return qs_key_log_format (trace);
}

static QsSaveStep
step_key_log (gpointer state, QsFileWriter *out, GError **error)
{
  GString *text = state;

  return qs_file_writer_write (out, text->str, text->len, error) ? QS_SAVE_DONE : QS_SAVE_FAILED;
}

static void
free_key_log (gpointer state)
{
  g_string_free (state, TRUE);
}

const QsSaveClass qs_key_log_save_class = { 0600, begin_key_log, step_key_log, free_key_log };

gboolean
qs_key_log_write (QsTrace *trace, const char *path, GError **error)
{
  return qs_trace_save (trace, path, QS_TRACE_FORMAT_KEY_LOG, error);
}
