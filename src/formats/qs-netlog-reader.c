/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-netlog-reader.h"

#include <math.h>
#include <string.h>

#include "base/qs-error.h"
#include "base/qs-i18n.h"
#include "formats/qs-netlog-private.h"
#include "formats/qs-qlog-split.h"

#define MAX_SESSIONS 1024  /* that are opened */
#define MAX_LEFT_OUT 65536 /* that are counted behind these */
#define MAX_JOBS 65536     /* whose sites are remembered */
#define MAX_BYTES (64u << 10)

struct _QsNetlogNames {
  GHashTable *net_errors, *quic_errors; /* number -> name */
};

/* What happens at one source: one of both. */
typedef struct {
  QsNetlogQuic *quic;
  QsNetlogTls *tls;
} Session;

typedef struct {
  QsInput *input;
  QsJsonText *json;
  char *title;
  GHashTable *types;   /* number -> name */
  GHashTable *sources; /* number -> name */
  QsNetlogNames names;
  gint64 begin, end;    /* numbers of phases */
  double offset;        /* ms: from the log's clock to 1970's */
  GHashTable *by_id;    /* source -> Session */
  GHashTable *left_out; /* sources that are no session for want of room */
  GPtrArray *sessions;
  GHashTable *sites; /* source of a job -> the site it connects to */
} Reader;

static void
reader_clear (Reader *self)
{
  g_clear_pointer (&self->json, qs_json_text_free);
  g_clear_pointer (&self->types, g_hash_table_unref);
  g_clear_pointer (&self->sources, g_hash_table_unref);
  g_clear_pointer (&self->names.net_errors, g_hash_table_unref);
  g_clear_pointer (&self->names.quic_errors, g_hash_table_unref);
  g_clear_pointer (&self->by_id, g_hash_table_unref);
  g_clear_pointer (&self->left_out, g_hash_table_unref);
  g_clear_pointer (&self->sessions, g_ptr_array_unref);
  g_clear_pointer (&self->sites, g_hash_table_unref);
  g_clear_pointer (&self->title, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reader, reader_clear)

gboolean
qs_netlog_is (const guint8 *start, gsize length)
{
  static const char first[] = "\"constants\"";
  gsize at = length >= 3 && memcmp (start, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

  while (at < length && g_ascii_isspace (start[at]))
    at++;
  if (at == length || start[at++] != '{')
    return FALSE;
  while (at < length && g_ascii_isspace (start[at]))
    at++;
  return length - at >= sizeof first - 1 && memcmp (start + at, first, sizeof first - 1) == 0;
}

/* --- What the readers share --- */

const char *
qs_netlog_names_get_net_error (const QsNetlogNames *self, gint64 code)
{
  return g_hash_table_lookup (self->net_errors, &code);
}

const char *
qs_netlog_names_get_quic_error (const QsNetlogNames *self, guint64 code)
{
  return g_hash_table_lookup (self->quic_errors, &code);
}

gint64
qs_netlog_get_net_error (QsJson params)
{
  double code = 0;

  return qs_json_get_double (params, "net_error", &code) ? (gint64) CLAMP (code, -1e6, 0) : 0;
}

GBytes *
qs_netlog_get_bytes (QsJson params, const char *name)
{
  const char *text = qs_json_get_string (params, name);
  gsize length = 0;

  if (text == NULL || strlen (text) > MAX_BYTES * 4 / 3)
    return NULL;
  g_autofree guchar *bytes = g_base64_decode (text, &length);
  return g_bytes_new_take (g_steal_pointer (&bytes), length);
}

void
qs_netlog_add_note (QsTrace *trace, gint64 time, const char *text)
{
  QsMark mark = { .kind = QS_MARK_NOTE, .name = "file", .stream = -1, .text = g_strdup (text) };

  qs_trace_add_mark_full (trace, time, &mark);
}

GSocketAddress *
qs_netlog_get_address (QsJson params, const char *name)
{
  const char *text = qs_json_get_string (params, name);
  const char *colon = text != NULL ? strrchr (text, ':') : NULL;
  guint64 port;

  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 0, G_MAXUINT16, &port, NULL))
    return NULL;
  gboolean bracketed = *text == '[' && colon > text + 1 && colon[-1] == ']';
  g_autofree char *host = g_strndup (text + bracketed, (gsize) (colon - text) - 2 * bracketed);
  return g_inet_socket_address_new_from_string (host, (guint) port);
}

/* --- The log's own tables --- */

/* {"NAME": number, …}: number -> name. */
static GHashTable *
read_table (QsJson constants, const char *name)
{
  GHashTable *table = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  QsJson object = qs_json_get (constants, name), value;
  const char *key;
  guint at = 0;

  while (qs_json_next_member (object, &at, &key, &value))
    {
      double number;

      if (!qs_json_double (value, &number) || fabs (number) > 1e9)
        continue;
      gint64 *copy = g_new (gint64, 1);
      *copy = (gint64) number;
      g_hash_table_insert (table, copy, g_strdup (key));
    }
  return table;
}

static const char *
lookup (GHashTable *table, QsJson value)
{
  double number;

  if (!qs_json_double (value, &number) || fabs (number) > 1e9)
    return NULL;
  gint64 key = (gint64) number;
  return g_hash_table_lookup (table, &key);
}

static gint64
read_phase (QsJson constants, const char *name, gint64 fallback)
{
  double number;

  return qs_json_get_double (qs_json_get (constants, "logEventPhase"), name, &number) && fabs (number) < 1e9
             ? (gint64) number
             : fallback;
}

static gboolean
read_constants (Reader *self, QsJson constants, GError **error)
{
  if (self->types != NULL || !qs_json_is_object (qs_json_get (constants, "logEventTypes")))
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_UNSUPPORTED,
                           _ ("This looks like a net-export log of Chromium, and lacks the names of its events."));
      return FALSE;
    }
  self->types = read_table (constants, "logEventTypes");
  self->sources = read_table (constants, "logSourceType");
  self->names.net_errors = read_table (constants, "netError");
  self->names.quic_errors = read_table (constants, "quicError");
  self->begin = read_phase (constants, "PHASE_BEGIN", 1);
  self->end = read_phase (constants, "PHASE_END", 2);
  if (!qs_json_get_double (constants, "timeTickOffset", &self->offset))
    self->offset = 0;
  return TRUE;
}

/* --- Events --- */

static QsTrace *
finish_session (Session *session)
{
  if (session->quic != NULL)
    return qs_netlog_quic_finish (g_steal_pointer (&session->quic));
  return qs_netlog_tls_finish (g_steal_pointer (&session->tls));
}

static void
session_free (Session *session)
{
  g_autoptr (QsTrace) unread = session->quic != NULL || session->tls != NULL ? finish_session (session) : NULL;

  g_free (session);
}

static guint64 *
dup_id (guint64 id)
{
  return g_memdup2 (&id, sizeof id);
}

static Session *
ensure_session (Reader *self, guint64 id, const char *source, double ms)
{
  Session *session = g_hash_table_lookup (self->by_id, &id);
  gboolean quic = strcmp (source, "QUIC_SESSION") == 0;

  if (session == NULL && self->sessions->len >= MAX_SESSIONS && g_hash_table_size (self->left_out) < MAX_LEFT_OUT)
    g_hash_table_add (self->left_out, dup_id (id));
  if (session != NULL || self->sessions->len >= MAX_SESSIONS)
    return session;
  session = g_new0 (Session, 1);
  if (quic)
    session->quic = qs_netlog_quic_new (self->title, ms);
  else
    session->tls = qs_netlog_tls_new (self->title, ms);
  g_ptr_array_add (self->sessions, session);
  g_hash_table_insert (self->by_id, dup_id (id), session);
  return session;
}

/* A job that connects says for which site; a socket that it is for that job. */
static void
note_site (Reader *self, guint64 id, const QsNetlogEvent *event)
{
  const char *site = qs_json_get_string (event->params, "group_id");

  if (site != NULL && g_hash_table_size (self->sites) < MAX_JOBS)
    g_hash_table_insert (self->sites, dup_id (id), g_strndup (site, 1024));
}

static void
take_site (Reader *self, QsNetlogTls *tls, const QsNetlogEvent *event)
{
  guint64 job;

  if (strcmp (event->type, "SOCKET_ALIVE") != 0 ||
      !qs_json_get_uint (qs_json_get (event->params, "source_dependency"), "id", &job))
    return;
  const char *site = g_hash_table_lookup (self->sites, &job);
  if (site != NULL)
    qs_netlog_tls_set_site (tls, site);
}

static void
take_event (Reader *self, guint64 id, const char *source, const QsNetlogEvent *event)
{
  gboolean quic = strcmp (source, "QUIC_SESSION") == 0;

  if (strcmp (source, "SSL_CONNECT_JOB") == 0)
    note_site (self, id, event);
  if (!quic && strcmp (source, "SOCKET") != 0)
    return;
  Session *session = ensure_session (self, id, source, event->ms);
  if (session == NULL)
    return;
  if (session->quic != NULL)
    qs_netlog_quic_add (session->quic, &self->names, event);
  if (session->tls == NULL)
    return;
  take_site (self, session->tls, event);
  qs_netlog_tls_add (session->tls, &self->names, event);
}

static void
read_event (Reader *self, QsJson object)
{
  QsJson source = qs_json_get (object, "source");
  const char *kind = lookup (self->sources, qs_json_get (source, "type"));
  QsNetlogEvent event = { .type = lookup (self->types, qs_json_get (object, "type")),
                          .params = qs_json_get (object, "params") };
  double phase = 0;
  guint64 id;

  if (kind == NULL || event.type == NULL || !qs_json_get_uint (source, "id", &id) ||
      !qs_json_get_double (object, "time", &event.ms))
    return;
  event.ms += self->offset;
  qs_json_get_double (object, "phase", &phase);
  event.phase = phase == (double) self->begin ? QS_NETLOG_BEGIN
                : phase == (double) self->end ? QS_NETLOG_END
                                              : QS_NETLOG_NONE;
  take_event (self, id, kind, &event);
}

static gboolean
read_piece (Reader *self, QsQlogPiece piece, char *text, gsize length, GError **error)
{
  if (piece == QS_QLOG_EVENT && self->types == NULL)
    return TRUE;
  if (!qs_json_text_parse (self->json, text, length, error))
    return FALSE;
  QsJson root = qs_json_text_get_root (self->json);
  if (piece == QS_QLOG_VALUE)
    return read_constants (self, qs_json_get (root, "constants"), error);
  read_event (self, root);
  return TRUE;
}

static gboolean
read_all (Reader *self, GError **error)
{
  g_autoptr (QsQlogSplit) split = qs_qlog_split_new_flat (self->input, "constants");
  char *text;
  gsize length;
  guint trace;

  for (;;)
    {
      QsQlogPiece piece = qs_qlog_split_next (split, &text, &length, &trace, error);

      if (piece == QS_QLOG_END)
        return TRUE;
      if (piece == QS_QLOG_FAILED || !read_piece (self, piece, text, length, error))
        return FALSE;
    }
}

static void
tell_left_out (Reader *self, GPtrArray *traces)
{
  guint n = g_hash_table_size (self->left_out);
  g_autofree char *note = g_strdup_printf (
      ngettext ("The log has more connections than the %u that are opened of one file: %u more socket or "
                "session is passed over.",
                "The log has more connections than the %u that are opened of one file: %u more sockets or "
                "sessions are passed over.",
                n),
      MAX_SESSIONS, n);

  for (guint i = 0; n > 0 && i < traces->len; i++)
    qs_netlog_add_note (traces->pdata[i], 0, note);
}

static GPtrArray *
finish (Reader *self, const GError *trouble, GError **error)
{
  g_autoptr (GPtrArray) traces = g_ptr_array_new_with_free_func (g_object_unref);
  /* Chromium writes the end when it ends in order: one that is killed, or goes on, leaves it out. */
  const char *note = trouble == NULL ? NULL
                     : g_error_matches (trouble, QS_ERROR, QS_ERROR_TRUNCATED)
                         ? _ ("The log ends in the middle: Chromium did not end it. All before that is here.")
                         : trouble->message;

  for (guint i = 0; i < self->sessions->len; i++)
    {
      QsTrace *trace = finish_session (self->sessions->pdata[i]);

      if (trace == NULL)
        continue;
      if (note != NULL)
        qs_netlog_add_note (trace, 0, note);
      g_ptr_array_add (traces, trace);
    }
  tell_left_out (self, traces);
  if (traces->len > 0)
    return g_steal_pointer (&traces);
  if (trouble != NULL)
    g_propagate_error (error, g_error_copy (trouble));
  else
    g_set_error_literal (error, QS_ERROR, QS_ERROR_UNSUPPORTED,
                         _ ("This net-export log has no QUIC session and no TLS connection in it."));
  return NULL;
}

GPtrArray *
qs_netlog_read (QsInput *input, GError **error)
{
  g_auto (Reader) self = { .input = input };
  g_autoptr (GError) trouble = NULL;

  self.json = qs_json_text_new ();
  self.title = g_path_get_basename (qs_input_get_path (input));
  self.by_id = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self.sites = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  self.left_out = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self.sessions = g_ptr_array_new_with_free_func ((GDestroyNotify) session_free);
  if (!read_all (&self, &trouble) && g_error_matches (trouble, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&trouble));
      return NULL;
    }
  return finish (&self, trouble, error);
}
