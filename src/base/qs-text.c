/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-text.h"

#include <inttypes.h>
#include <string.h>

#include "base/qs-i18n.h"

static gboolean
is_shown_as_is (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT: /* bidirectional overrides, zero-width characters */
    case G_UNICODE_SURROGATE:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
      return FALSE;
    default:
      return c != '\\';
    }
}

/* How many of the first bytes are printable ASCII, which nearly all are and which stands for itself. */
static gsize
count_plain (const char *at, gsize most)
{
  gsize n = 0;

  while (n < most && at[n] >= 0x20 && at[n] < 0x7f && at[n] != '\\')
    n++;
  return n;
}

static char *
escape (const void *bytes, gssize length, guint max_chars, gboolean again)
{
  const char *at = bytes;
  const char *end = at + (length < 0 ? strlen (at) : (gsize) length);
  GString *text = g_string_sized_new (MIN ((gsize) (end - at), max_chars) + 8);

  for (guint chars = 0; at < end; chars++)
    {
      if (chars == max_chars)
        {
          g_string_append (text, "…");
          break;
        }
      gsize plain = count_plain (at, MIN ((gsize) (end - at), max_chars - chars));
      if (plain > 0)
        {
          g_string_append_len (text, at, (gssize) plain);
          at += plain;
          chars += (guint) plain - 1;
          continue;
        }

      /* Says (gunichar) -1 or -2 where the bytes are not UTF-8 or end too soon, and a NUL is
       * valid to us: it gets escaped like every control character. */
      gunichar c = *at == '\0' ? 0 : g_utf8_get_char_validated (at, end - at);
      if (c == (gunichar) -1 || c == (gunichar) -2)
        {
          g_string_append_printf (text, "\\x%02x", (guint8) *at++);
          continue;
        }

      const char *next = *at == '\0' ? at + 1 : g_utf8_next_char (at);
      if (c == '\\')
        g_string_append (text, again ? "\\" : "\\\\");
      else if (is_shown_as_is (c))
        g_string_append_len (text, at, next - at);
      else if (c < 0x100)
        g_string_append_printf (text, "\\x%02x", c);
      else
        g_string_append_printf (text, "\\u{%04x}", c);
      at = next;
    }

  return g_string_free (text, FALSE);
}

char *
qs_text_escape_short (const void *bytes, gssize length, guint max_chars)
{
  return escape (bytes, length, max_chars, FALSE);
}

char *
qs_text_escape_again (const void *bytes, gssize length)
{
  return escape (bytes, length, G_MAXUINT, TRUE);
}

char *
qs_text_escape (const void *bytes, gssize length)
{
  return qs_text_escape_short (bytes, length, G_MAXUINT);
}

char *
qs_text_to_file_name (const char *text)
{
  g_return_val_if_fail (text != NULL, NULL);

  GString *name = g_string_new (NULL);
  for (const char *at = text; *at != '\0' && name->len < 100; at++)
    {
      gboolean keep = g_ascii_isalnum (*at) || *at == '-' || *at == '_' || (*at == '.' && name->len > 0);
      g_string_append_c (name, keep ? *at : '_');
    }
  if (name->len == 0)
    g_string_append_c (name, '_');
  return g_string_free (name, FALSE);
}

char *
qs_text_duration (gint64 ns)
{
  gint64 size = ABS (ns);

  if (size < 1000000)
    return g_strdup_printf (_ ("%.0f µs"), (double) ns / 1e3);
  if (size < 1000000000)
    return g_strdup_printf (_ ("%.1f ms"), (double) ns / 1e6);
  return g_strdup_printf (_ ("%.2f s"), (double) ns / 1e9);
}

char *
qs_text_size (guint64 bytes)
{
  if (bytes < 10000)
    return g_strdup_printf (ngettext ("%'" PRIu64 " byte", "%'" PRIu64 " bytes", (gulong) bytes), bytes);
  return g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS);
}

char **
qs_text_split_at_nul (GBytes *bytes)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gsize length = 0;
  const char *at = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;

  while (length > 0)
    {
      const char *stop = memchr (at, '\0', length);
      if (stop == NULL)
        break;
      g_strv_builder_add (builder, at);
      length -= (gsize) (stop + 1 - at);
      at = stop + 1;
    }
  return g_strv_builder_end (builder);
}

void
qs_text_append_markdown (GString *out, const char *text)
{
  g_return_if_fail (out != NULL && text != NULL);

  for (; *text != '\0'; text++)
    {
      if (*text == '<' || *text == '>' || *text == '&')
        g_string_append (out, *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : "&amp;");
      else if (g_str_has_prefix (text, "://")) /* a bare address becomes a link */
        g_string_append (out, "&#58;");
      else if ((guchar) *text < 0x20)
        g_string_append_c (out, ' ');
      else
        {
          if (strchr ("\\`*_[]|~#!", *text) != NULL)
            g_string_append_c (out, '\\');
          g_string_append_c (out, *text);
        }
    }
}
