/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-https-record.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "wire/qs-reader.h"

#define TYPE_HTTPS 65
#define HEADER 12      /* RFC 1035 section 4.1.1 */
#define MAX_RECORDS 64 /* of all types, that are looked at */
#define MAX_LABELS 128 /* RFC 1035 section 2.3.4: a name has 255 bytes */
#define MAX_LIST 32    /* of a parameter's values that are kept */

/* RFC 9460 section 14.3.2. */
enum { KEY_MANDATORY, KEY_ALPN, KEY_NO_DEFAULT_ALPN, KEY_PORT, KEY_IPV4HINT, KEY_ECH, KEY_IPV6HINT };

static gboolean
fail (GError **error, QsError code, const char *what)
{
  g_set_error_literal (error, QS_ERROR, code, what);
  return FALSE;
}

void
qs_https_record_free (QsHttpsRecord *record)
{
  if (record == NULL)
    return;
  g_free (record->target);
  g_strfreev (record->alpn);
  g_strfreev (record->ipv4hint);
  g_strfreev (record->ipv6hint);
  g_clear_pointer (&record->rdata, g_bytes_unref);
  g_free (record);
}

static QsSpan
take (QsReader *reader, gsize length)
{
  if (!reader->ok || qs_reader_left (reader) < length)
    {
      reader->ok = FALSE;
      return QS_SPAN_NONE;
    }
  reader->at += length;
  return QS_SPAN (reader->bytes.data + reader->at - length, length);
}

/* A name that is not compressed (RFC 9460 section 2.2). */
static char *
read_target (QsReader *reader)
{
  g_autoptr (GString) name = g_string_new (NULL);

  for (guint i = 0; i < MAX_LABELS; i++)
    {
      guint length = (guint) qs_reader_uint (reader, 1);
      if (length > 63)
        reader->ok = FALSE;
      QsSpan label = take (reader, length);
      if (!reader->ok)
        return NULL;
      if (length == 0)
        return g_strdup (name->len > 0 ? name->str : ".");
      g_autofree char *text = qs_text_escape (label.data, (gssize) label.length);
      g_string_append_printf (name, "%s%s", name->len > 0 ? "." : "", text);
    }
  return NULL;
}

static char **
read_alpn (QsReader *value)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; value->ok && !qs_reader_at_end (value); i++)
    {
      gsize length = (gsize) qs_reader_uint (value, 1);
      QsSpan name = take (value, length);
      if (!value->ok || length == 0)
        {
          value->ok = FALSE;
          break;
        }
      g_autofree char *text = qs_text_escape (name.data, (gssize) name.length);
      if (i < MAX_LIST)
        g_strv_builder_add (builder, text);
    }
  return g_strv_builder_end (builder);
}

static char **
read_addresses (QsReader *value, int family)
{
  gsize size = family == AF_INET6 ? 16 : 4;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  char text[INET6_ADDRSTRLEN];

  if (qs_reader_at_end (value) || qs_reader_left (value) % size != 0)
    value->ok = FALSE;
  for (guint i = 0; value->ok && !qs_reader_at_end (value); i++)
    {
      QsSpan address = take (value, size);
      if (i < MAX_LIST && inet_ntop (family, address.data, text, sizeof text) != NULL)
        g_strv_builder_add (builder, text);
    }
  return g_strv_builder_end (builder);
}

static gboolean
read_parameter (QsHttpsRecord *record, guint key, QsSpan bytes)
{
  QsReader value = qs_reader_init (bytes);

  switch (key)
    {
    case KEY_MANDATORY:
      return bytes.length > 0 && bytes.length % 2 == 0;
    case KEY_ALPN:
      record->alpn = read_alpn (&value);
      return value.ok && bytes.length > 0;
    case KEY_NO_DEFAULT_ALPN:
      record->no_default_alpn = TRUE;
      return bytes.length == 0;
    case KEY_PORT:
      record->port = (guint16) qs_reader_uint (&value, 2);
      return bytes.length == 2;
    case KEY_IPV4HINT:
      record->ipv4hint = read_addresses (&value, AF_INET);
      return value.ok;
    case KEY_IPV6HINT:
      record->ipv6hint = read_addresses (&value, AF_INET6);
      return value.ok;
    case KEY_ECH:
      record->ech = bytes.length;
      return bytes.length > 0;
    default:
      record->unknown++;
      return TRUE;
    }
}

QsHttpsRecord *
qs_https_record_parse (QsSpan rdata, GError **error)
{
  g_autoptr (QsHttpsRecord) record = g_new0 (QsHttpsRecord, 1);
  QsReader reader = qs_reader_init (rdata);
  int last = -1;

  record->rdata = g_bytes_new (rdata.data, rdata.length);
  record->priority = (guint16) qs_reader_uint (&reader, 2);
  record->target = read_target (&reader);
  while (record->target != NULL && !qs_reader_at_end (&reader))
    {
      int key = (int) qs_reader_uint (&reader, 2);
      QsSpan value = take (&reader, (gsize) qs_reader_uint (&reader, 2));
      if (!reader.ok)
        break;
      /* Section 2.2: strictly ascending, so that none stands there twice. */
      if (key <= last || !read_parameter (record, (guint) key, value))
        {
          fail (error, QS_ERROR_PARSE, _ ("A parameter of the HTTPS record is malformed."));
          return NULL;
        }
      last = key;
    }
  if (record->target == NULL || !reader.ok)
    {
      fail (error, QS_ERROR_TRUNCATED, _ ("The HTTPS record ends too soon."));
      return NULL;
    }
  return g_steal_pointer (&record);
}

/* --- DNS messages --- */

/* RFC 1035 section 4.1.4: labels, and perhaps a pointer, which ends it. */
static void
skip_name (QsReader *reader)
{
  for (guint i = 0; i < MAX_LABELS; i++)
    {
      guint length = (guint) qs_reader_uint (reader, 1);
      if (!reader->ok || length == 0)
        return;
      if ((length & 0xc0) == 0xc0)
        {
          take (reader, 1);
          return;
        }
      take (reader, length);
    }
  reader->ok = FALSE;
}

static int
compare_priority (gconstpointer a, gconstpointer b)
{
  const QsHttpsRecord *left = *(const QsHttpsRecord *const *) a, *right = *(const QsHttpsRecord *const *) b;

  return (int) left->priority - (int) right->priority;
}

static gboolean
read_answers (QsReader *reader, guint n, GPtrArray *records, GError **error)
{
  for (guint i = 0; i < MIN (n, MAX_RECORDS); i++)
    {
      skip_name (reader);
      guint type = (guint) qs_reader_uint (reader, 2);
      qs_reader_uint (reader, 2); /* class */
      qs_reader_uint (reader, 4); /* time to live */
      QsSpan rdata = take (reader, (gsize) qs_reader_uint (reader, 2));
      if (!reader->ok)
        return fail (error, QS_ERROR_TRUNCATED, _ ("The answer of the DNS ends too soon."));
      if (type != TYPE_HTTPS)
        continue;
      QsHttpsRecord *record = qs_https_record_parse (rdata, error);
      if (record == NULL)
        return FALSE;
      g_ptr_array_add (records, record);
    }
  return TRUE;
}

GPtrArray *
qs_https_records_parse (QsSpan message, GError **error)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_https_record_free);
  QsReader reader = qs_reader_init (message);

  qs_reader_uint (&reader, 4);
  guint n_questions = (guint) qs_reader_uint (&reader, 2), n_answers = (guint) qs_reader_uint (&reader, 2);
  qs_reader_uint (&reader, 4);
  for (guint i = 0; i < MIN (n_questions, 4); i++)
    {
      skip_name (&reader);
      qs_reader_uint (&reader, 4);
    }
  if (!reader.ok || message.length < HEADER)
    {
      fail (error, QS_ERROR_TRUNCATED, _ ("The answer of the DNS ends too soon."));
      return NULL;
    }
  if (!read_answers (&reader, n_answers, records, error))
    return NULL;
  g_ptr_array_sort (records, compare_priority);
  return g_steal_pointer (&records);
}

/* --- In words --- */

static void
append_list (GString *text, const char *name, char *const *values)
{
  g_autofree char *joined = values != NULL ? g_strjoinv (",", (char **) values) : NULL;

  if (joined != NULL)
    g_string_append_printf (text, " %s=%s", name, joined);
}

char *
qs_https_record_to_text (const QsHttpsRecord *record)
{
  g_return_val_if_fail (record != NULL, NULL);

  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%u %s", (guint) record->priority, record->target);
  append_list (text, "alpn", record->alpn);
  if (record->no_default_alpn)
    g_string_append (text, " no-default-alpn");
  if (record->port != 0)
    g_string_append_printf (text, " port=%u", (guint) record->port);
  append_list (text, "ipv4hint", record->ipv4hint);
  if (record->ech > 0)
    g_string_append_printf (text, " ech=(%" G_GSIZE_FORMAT " bytes)", record->ech);
  append_list (text, "ipv6hint", record->ipv6hint);
  return g_string_free (text, FALSE);
}

gboolean
qs_https_record_has_alpn (const QsHttpsRecord *record, const char *alpn)
{
  g_return_val_if_fail (record != NULL && alpn != NULL, FALSE);

  return record->alpn != NULL && g_strv_contains ((const char *const *) record->alpn, alpn);
}
