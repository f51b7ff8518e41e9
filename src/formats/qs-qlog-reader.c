/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-qlog-reader.h"

#include <string.h>

#include "base/qs-error.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "formats/qs-json.h"
#include "formats/qs-qlog-events.h"
#include "formats/qs-qlog-split.h"

#define MAX_TRACES 1024

typedef struct {
  QsInput *input;
  QsJsonText *json;
  char *title;
  GPtrArray *traces;  /* QsQlogEvents */
  GHashTable *groups; /* "TRACE/GROUP" -> QsQlogEvents, which is in traces too */
  gboolean has_header;
  guint64 n_records;
} Reader;

gboolean
qs_qlog_is (const guint8 *start, gsize length)
{
  gsize at = 0;

  if (length >= 3 && memcmp (start, "\xef\xbb\xbf", 3) == 0) /* a byte order mark */
    at = 3;
  while (at < length && (start[at] == 0x1e || g_ascii_isspace (start[at])))
    at++;
  return at < length && start[at] == '{';
}

static void
reader_clear (Reader *self)
{
  g_clear_pointer (&self->json, qs_json_text_free);
  g_clear_pointer (&self->groups, g_hash_table_unref);
  g_clear_pointer (&self->traces, g_ptr_array_unref);
  g_clear_pointer (&self->title, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reader, reader_clear)

/* The object lives until the next one is parsed. */
static gboolean
parse_object (Reader *self, char *text, gsize length, QsJson *object, GError **error)
{
  g_autoptr (GError) why = NULL;

  self->n_records++;
  if (!qs_json_text_parse (self->json, text, length, &why))
    {
      g_set_error (error, QS_ERROR, QS_ERROR_PARSE, _ ("This qlog is damaged in its record %" PRIu64 ": %s."),
                   self->n_records, why->message);
      return FALSE;
    }
  *object = qs_json_text_get_root (self->json);
  return TRUE;
}

static gboolean
check_header (QsJson header, GError **error)
{
  const char *version = qs_json_get_string (header, "qlog_version");

  if (version != NULL || qs_json_get_string (header, "file_schema") != NULL ||
      qs_json_get_string (header, "qlog_format") != NULL)
    return TRUE;
  g_set_error_literal (error, QS_ERROR, QS_ERROR_UNSUPPORTED,
                       _ ("This is JSON, but no qlog: it says neither a qlog version nor a file schema."));
  return FALSE;
}

/* Absent ones are made, up to the index. */
static QsQlogEvents *
get_trace (Reader *self, guint index)
{
  while (self->traces->len <= MIN (index, MAX_TRACES - 1))
    g_ptr_array_add (self->traces, qs_qlog_events_new (QS_JSON_NONE, self->title));
  return g_ptr_array_index (self->traces, MIN (index, MAX_TRACES - 1));
}

/* A trace may mix connections, and tells them apart by a name or a number. */
static QsQlogEvents *
get_group (Reader *self, guint index, QsJson event)
{
  QsQlogEvents *base = get_trace (self, index);
  QsJson group = qs_qlog_events_get_group (base, event);
  const char *name = qs_json_string (group);
  guint64 number = 0;

  if (name == NULL && !qs_json_uint (group, &number))
    return base;
  g_autofree char *key =
      name != NULL ? g_strdup_printf ("%u/%s", index, name) : g_strdup_printf ("%u/%" G_GUINT64_FORMAT, index, number);
  QsQlogEvents *found = g_hash_table_lookup (self->groups, key);
  if (found == NULL && self->traces->len < MAX_TRACES)
    {
      found = qs_qlog_events_new_like (base);
      g_ptr_array_add (self->traces, found);
      g_hash_table_insert (self->groups, g_steal_pointer (&key), found);
    }
  return found != NULL ? found : base;
}

static void
read_header (Reader *self, QsJson header)
{
  QsJson traces = qs_json_get (header, "traces");

  self->has_header = TRUE;
  for (QsJson trace = qs_json_first (traces); qs_json_is_there (trace) && self->traces->len < MAX_TRACES;
       trace = qs_json_next (traces, trace))
    g_ptr_array_add (self->traces, qs_qlog_events_new (trace, self->title));
  if (!qs_json_is_array (traces))
    g_ptr_array_add (self->traces, qs_qlog_events_new (qs_json_get (header, "trace"), self->title));
}

/* An event; or, with some writers, what the header ought to have said of the trace. */
static void
read_record (Reader *self, QsJson object)
{
  if (self->n_records == 2 && !qs_json_is_there (qs_json_get (object, "name")) &&
      qs_json_is_object (qs_json_get (object, "vantage_point")))
    {
      g_ptr_array_set_size (self->traces, 0);
      g_ptr_array_add (self->traces, qs_qlog_events_new (object, self->title));
      return;
    }
  qs_qlog_events_add (get_group (self, 0, object), object);
}

static gboolean
read_value (Reader *self, char *text, gsize length, GError **error)
{
  QsJson object;

  if (!parse_object (self, text, length, &object, error))
    return FALSE;
  if (self->has_header)
    {
      read_record (self, object);
      return TRUE;
    }
  if (!check_header (object, error))
    return FALSE;
  read_header (self, object);
  return TRUE;
}

static gboolean
read_event (Reader *self, char *text, gsize length, guint trace, GError **error)
{
  QsJson object;

  if (!parse_object (self, text, length, &object, error))
    return FALSE;
  qs_qlog_events_add (get_group (self, trace, object), object);
  return TRUE;
}

/* One pass over the file. header_only: the events before the header are passed over, and it ends there. */
static gboolean
read_pass (Reader *self, gboolean header_only, GError **error)
{
  g_autoptr (QsQlogSplit) split = qs_qlog_split_new (self->input);
  gboolean had_header = self->has_header;
  char *text;
  gsize length;
  guint trace;

  for (;;)
    {
      gboolean ok = TRUE;

      switch (qs_qlog_split_next (split, &text, &length, &trace, error))
        {
        case QS_QLOG_VALUE:
          /* In a second pass, the one with the events is the header again. */
          if (!had_header)
            ok = read_value (self, text, length, error);
          if (header_only)
            return ok;
          break;
        case QS_QLOG_EVENT:
          if (!header_only && !self->has_header)
            return TRUE;
          if (!header_only)
            ok = read_event (self, text, length, trace, error);
          break;
        case QS_QLOG_END:
          return TRUE;
        case QS_QLOG_FAILED:
        default:
          return FALSE;
        }
      if (!ok)
        return FALSE;
    }
}

/* JSON-SEQ has its header in front. In one JSON object, what tells how to read the events (times, whose view) may stand behind
 * them: it is read first, the events in a second pass. */
static gboolean
read_all (Reader *self, GError **error)
{
  if (!read_pass (self, FALSE, error))
    return FALSE;
  if (self->has_header)
    return TRUE;
  if (!qs_input_rewind (self->input, error))
    return FALSE;

  /* Where the file breaks off, its header may be lost, and the events are there all the same. */
  gboolean whole = read_pass (self, TRUE, error);
  if (!whole)
    {
      get_trace (self, 0);
      self->has_header = TRUE;
    }
  return qs_input_rewind (self->input, whole ? error : NULL) && read_pass (self, FALSE, whole ? error : NULL) && whole;
}

static GPtrArray *
finish (Reader *self, GError *trouble, GError **error)
{
  g_autoptr (GPtrArray) traces = g_ptr_array_new_with_free_func (g_object_unref);

  while (self->traces->len > 0)
    {
      QsQlogEvents *events = g_ptr_array_steal_index (self->traces, 0);

      if (trouble != NULL)
        qs_qlog_events_add_note (events, trouble->message);
      if (qs_qlog_events_get_n_packets (events) > 0)
        g_ptr_array_add (traces, qs_qlog_events_finish (events));
      else
        qs_qlog_events_free (events);
    }
  if (traces->len > 0)
    return g_steal_pointer (&traces);
  if (trouble != NULL)
    g_propagate_error (error, g_error_copy (trouble));
  else
    g_set_error_literal (error, QS_ERROR, QS_ERROR_UNSUPPORTED, _ ("This qlog has no packets of QUIC in it."));
  return NULL;
}

GPtrArray *
qs_qlog_read (QsInput *input, GError **error)
{
  g_auto (Reader) self = { .input = input };
  g_autoptr (GError) trouble = NULL;

  self.json = qs_json_text_new ();
  self.title = g_path_get_basename (qs_input_get_path (input));
  self.groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.traces = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_qlog_events_free);
  if (!read_all (&self, &trouble) && g_error_matches (trouble, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&trouble));
      return NULL;
    }
  return finish (&self, trouble, error);
}
