/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/qs-kept-runs.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "base/qs-error.h"
#include "base/qs-i18n.h"
#include "formats/qs-json-members.h"
#include "formats/qs-json.h"

#define FORMAT "Quicscope session"
#define MOST_NAME 64

static const char *const outcomes[QS_N_KEPT_OUTCOMES] = { "file", "succeeded", "failed", "stopped" };

/* --- What is kept of the options: what a person can ask for; tickets, clocks and bounds are the program's own --- */

typedef enum { STRING, STRINGS, FLAG, NUMBER, VERSION, BYTES } Kind;

#define MEMBER(kind, name, field, most)                       \
  {                                                           \
    name, kind, G_STRUCT_OFFSET (QsProbeOptions, field), most \
  }

static const struct {
  const char *name;
  Kind kind;
  gsize offset;
  guint most;
} members[] = {
  MEMBER (NUMBER, "mode", mode, QS_MODE_THREAD_ASSISTED),
  MEMBER (STRINGS, "alpn", alpn, 0),
  MEMBER (STRING, "sni", sni, 0),
  MEMBER (STRING, "authority", authority, 0),
  MEMBER (STRING, "groups", groups, 0),
  MEMBER (STRING, "ciphersuites", ciphersuites, 0),
  MEMBER (STRING, "old_ciphers", old_ciphers, 0),
  MEMBER (VERSION, "least_tls", least_tls, G_MAXUINT16),
  MEMBER (VERSION, "most_tls", most_tls, G_MAXUINT16),
  MEMBER (STRING, "ca_file", ca_file, 0),
  MEMBER (STRING, "cert_file", cert_file, 0),
  MEMBER (STRING, "key_file", key_file, 0),
  MEMBER (FLAG, "insecure", insecure, 1),
  MEMBER (STRINGS, "resolve", resolve, 0),
  MEMBER (NUMBER, "timeout_ms", timeout_ms, G_MAXINT),
  MEMBER (NUMBER, "max_time_ms", max_time_ms, G_MAXINT),
  MEMBER (STRING, "dns_server", dns_server, 0),
  MEMBER (FLAG, "alternatives", alternatives, 1),
  MEMBER (STRING, "impairment", impairment, 0),
  MEMBER (BYTES, "send", send, 0),
  MEMBER (FLAG, "keep_open", keep_open, 1),
  MEMBER (NUMBER, "padding", padding, QS_MOST_PADDING),
  MEMBER (FLAG, "proxy_header", proxy_header, 1),
  MEMBER (NUMBER, "max_segment", max_segment, G_MAXINT16),
  MEMBER (NUMBER, "wide", wide, G_MAXINT),
  MEMBER (NUMBER, "experiments", experiments, QS_EXPERIMENTS_ALL),
};

G_STATIC_ASSERT (sizeof (QsMode) == sizeof (guint) && sizeof (QsExperimentPolicy) == sizeof (guint) &&
                 sizeof (gboolean) == sizeof (guint));

static const struct {
  const char *name;
  GSocketFamily family;
} families[] = { { "ipv4", G_SOCKET_FAMILY_IPV4 }, { "ipv6", G_SOCKET_FAMILY_IPV6 } };

static gboolean
set_error (GError **error, int code, const char *text)
{
  g_set_error_literal (error, QS_ERROR, code, text);
  return FALSE;
}

static gboolean
set_bad (GError **error, const char *name)
{
  g_set_error (error, QS_ERROR, QS_ERROR_PARSE, _ ("the list of runs in it is damaged, at “%s”."), name);
  return FALSE;
}

/* --- Writing --- */

static JsonArray *
strings_to_array (char **strings)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; strings[i] != NULL; i++)
    {
      g_autofree char *valid = g_utf8_make_valid (strings[i], -1);
      json_array_add_string_element (array, valid);
    }
  return array;
}

static void
write_member (JsonObject *object, guint i, const QsProbeOptions *options)
{
  gconstpointer at = (const guint8 *) options + members[i].offset;
  const char *name = members[i].name;

  switch (members[i].kind)
    {
    case STRING:
      if (*(char *const *) at != NULL)
        qs_json_members_set_string (object, name, *(char *const *) at);
      break;
    case STRINGS:
      if (*(char **const *) at != NULL)
        json_object_set_array_member (object, name, strings_to_array (*(char **const *) at));
      break;
    case FLAG:
      json_object_set_boolean_member (object, name, *(const gboolean *) at);
      break;
    case NUMBER:
      json_object_set_int_member (object, name, *(const guint *) at);
      break;
    case VERSION:
      json_object_set_int_member (object, name, *(const guint16 *) at);
      break;
    case BYTES:
    default:
      if (*(GBytes *const *) at != NULL)
        {
          gsize length;
          const guint8 *bytes = g_bytes_get_data (*(GBytes *const *) at, &length);
          g_autofree char *text = length <= QS_KEPT_MOST_TEXT / 2 ? g_base64_encode (bytes, length) : NULL;
          if (text != NULL)
            qs_json_members_set_string (object, name, text);
        }
    }
}

static JsonObject *
options_object (const QsProbeOptions *options)
{
  JsonObject *object = json_object_new ();

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    write_member (object, i, options);
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    if (options->family == families[i].family)
      json_object_set_string_member (object, "family", families[i].name);
  return object;
}

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  if (text != NULL)
    qs_json_members_set_string (object, name, text);
}

static JsonObject *
run_object (const QsKeptRun *run)
{
  JsonObject *object = json_object_new ();

  set_text (object, "recording", run->recording);
  set_text (object, "other", run->other);
  set_text (object, "title", run->title);
  set_text (object, "name", run->name);
  set_text (object, "note", run->note);
  set_text (object, "target", run->target);
  set_text (object, "scenario", run->scenario);
  json_object_set_int_member (object, "started", run->started);
  set_text (object, "outcome", outcomes[run->outcome]);
  if (run->options != NULL)
    json_object_set_object_member (object, "options", options_object (run->options));
  return object;
}

char *
qs_kept_runs_to_text (GPtrArray *runs)
{
  g_return_val_if_fail (runs != NULL && runs->len <= QS_KEPT_MOST_RUNS, NULL);

  JsonObject *object = json_object_new ();
  JsonArray *array = json_array_new ();
  g_autoptr (JsonNode) node = json_node_alloc ();

  json_object_set_string_member (object, "format", FORMAT);
  json_object_set_int_member (object, "version", QS_KEPT_VERSION);
  for (guint i = 0; i < runs->len; i++)
    json_array_add_object_element (array, run_object (runs->pdata[i]));
  json_object_set_array_member (object, "runs", array);
  json_node_init (node, JSON_NODE_OBJECT);
  json_node_take_object (node, object);
  return json_to_string (node, TRUE);
}

/* --- Reading --- */

/* Absent: nothing. FALSE: there is something else than a string that may stand there. */
static gboolean
read_text (QsJson object, const char *name, char **text)
{
  QsJson value = qs_json_get (object, name);
  const char *string = qs_json_string (value);

  if (!qs_json_is_there (value))
    return TRUE;
  if (string == NULL || strlen (string) > QS_KEPT_MOST_TEXT || !g_utf8_validate (string, -1, NULL))
    return FALSE;
  g_free (*text);
  *text = g_strdup (string);
  return TRUE;
}

static gboolean
read_strings (QsJson value, char ***strings)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (!qs_json_is_array (value))
    return FALSE;
  for (QsJson at = qs_json_first (value); qs_json_is_there (at); at = qs_json_next (value, at))
    {
      const char *string = qs_json_string (at);
      if (string == NULL || strlen (string) > QS_KEPT_MOST_TEXT || !g_utf8_validate (string, -1, NULL))
        return FALSE;
      g_strv_builder_add (builder, string);
    }
  g_strfreev (*strings);
  *strings = g_strv_builder_end (builder);
  return TRUE;
}

static gboolean
read_bytes (const char *text, GBytes **bytes)
{
  gsize length;

  if (text == NULL || strlen (text) > QS_KEPT_MOST_TEXT)
    return FALSE;
  guchar *decoded = g_base64_decode (text, &length);
  g_clear_pointer (bytes, g_bytes_unref);
  *bytes = g_bytes_new_take (decoded, length);
  return TRUE;
}

static gboolean
read_member (QsJson object, guint i, QsProbeOptions *options)
{
  gpointer at = (guint8 *) options + members[i].offset;
  QsJson value = qs_json_get (object, members[i].name);
  guint64 number = 0;

  if (!qs_json_is_there (value))
    return TRUE;
  if ((members[i].kind == NUMBER || members[i].kind == VERSION) &&
      (!qs_json_uint (value, &number) || number > members[i].most))
    return FALSE;
  switch (members[i].kind)
    {
    case STRING:
      return read_text (object, members[i].name, at);
    case STRINGS:
      return read_strings (value, at);
    case FLAG:
      *(gboolean *) at = qs_json_get_bool (object, members[i].name);
      return TRUE;
    case NUMBER:
      *(guint *) at = (guint) number;
      return TRUE;
    case VERSION:
      *(guint16 *) at = (guint16) number;
      return TRUE;
    case BYTES:
    default:
      return read_bytes (qs_json_string (value), at);
    }
}

static gboolean
read_options (QsJson object, QsProbeOptions *options, GError **error)
{
  const char *family = qs_json_get_string (object, "family");

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (!read_member (object, i, options))
      return set_bad (error, members[i].name);
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    if (g_strcmp0 (family, families[i].name) == 0)
      options->family = families[i].family;
  if (family != NULL && options->family == G_SOCKET_FAMILY_INVALID)
    return set_bad (error, "family");
  return TRUE;
}

static gboolean
read_outcome (const char *name, QsKeptOutcome *outcome)
{
  for (guint i = 0; i < QS_N_KEPT_OUTCOMES; i++)
    if (g_strcmp0 (name, outcomes[i]) == 0)
      {
        *outcome = (QsKeptOutcome) i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
read_run (QsJson object, QsKeptRun *run, GError **error)
{
  const struct {
    const char *name;
    char **text;
  } texts[] = { { "recording", &run->recording }, { "other", &run->other }, { "title", &run->title },
                { "name", &run->name },           { "note", &run->note },   { "target", &run->target },
                { "scenario", &run->scenario } };
  guint64 started;
  QsJson options = qs_json_get (object, "options");

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (!read_text (object, texts[i].name, texts[i].text))
      return set_bad (error, texts[i].name);
  if (run->recording == NULL || !qs_kept_is_name (run->recording))
    return set_bad (error, "recording");
  if (run->other != NULL && !qs_kept_is_name (run->other))
    return set_bad (error, "other");
  if (run->title == NULL)
    return set_bad (error, "title");
  if (!qs_json_get_uint (object, "started", &started) || started > G_MAXUINT32)
    return set_bad (error, "started");
  run->started = (gint64) started;
  if (!read_outcome (qs_json_get_string (object, "outcome"), &run->outcome))
    return set_bad (error, "outcome");
  if (run->target == NULL)
    return TRUE;
  run->options = qs_probe_options_new ();
  return !qs_json_is_there (options) || read_options (options, run->options, error);
}

static gboolean
read_head (QsJson root, GError **error)
{
  guint64 version;

  if (g_strcmp0 (qs_json_get_string (root, "format"), FORMAT) != 0 || !qs_json_get_uint (root, "version", &version))
    return set_error (error, QS_ERROR_PARSE, _ ("the list of runs in it is not one of Quicscope's."));
  if (version > QS_KEPT_VERSION)
    return set_error (error, QS_ERROR_UNSUPPORTED,
                      _ ("it was saved by a newer Quicscope, whose sessions this one does not know."));
  return qs_json_is_array (qs_json_get (root, "runs")) || set_bad (error, "runs");
}

GPtrArray *
qs_kept_runs_from_text (const char *text, gsize length, GError **error)
{
  g_return_val_if_fail (text != NULL || length == 0, NULL);

  g_autofree char *copy = g_strndup (text, length);
  g_autoptr (QsJsonText) parser = qs_json_text_new ();
  g_autoptr (GPtrArray) runs = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_kept_run_free);

  if (length > QS_KEPT_MOST_LIST)
    return set_error (error, QS_ERROR_TOO_LARGE, _ ("the list of runs in it is too long.")), NULL;
  if (strlen (copy) != length || !qs_json_text_parse (parser, copy, length, NULL))
    return set_error (error, QS_ERROR_PARSE, _ ("the list of runs in it is damaged, or ends too early.")), NULL;
  if (!read_head (qs_json_text_get_root (parser), error))
    return NULL;
  QsJson list = qs_json_get (qs_json_text_get_root (parser), "runs");
  for (QsJson at = qs_json_first (list); qs_json_is_there (at); at = qs_json_next (list, at))
    {
      g_autoptr (QsKeptRun) run = qs_kept_run_new ();
      if (runs->len == QS_KEPT_MOST_RUNS)
        return set_error (error, QS_ERROR_TOO_LARGE, _ ("the list of runs in it is too long.")), NULL;
      if (!read_run (at, run, error))
        return NULL;
      g_ptr_array_add (runs, g_steal_pointer (&run));
    }
  return g_steal_pointer (&runs);
}

/* --- A run --- */

QsKeptRun *
qs_kept_run_new (void)
{
  return g_new0 (QsKeptRun, 1);
}

void
qs_kept_run_free (QsKeptRun *self)
{
  if (self == NULL)
    return;
  g_free (self->recording);
  g_free (self->other);
  g_free (self->title);
  g_free (self->name);
  g_free (self->note);
  g_free (self->target);
  g_free (self->scenario);
  g_clear_pointer (&self->options, qs_probe_options_free);
  g_free (self);
}

gboolean
qs_kept_is_name (const char *name)
{
  g_return_val_if_fail (name != NULL, FALSE);

  if (!g_ascii_isalpha (*name) || strlen (name) > MOST_NAME)
    return FALSE;
  for (const char *at = name; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && *at != '-' && *at != '.')
      return FALSE;
  return TRUE;
}
