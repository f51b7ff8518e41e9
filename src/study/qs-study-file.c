/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/qs-study-file.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "formats/qs-capture.h"
#include "formats/qs-key-log.h"
#include "formats/qs-trace-file.h"
#include "study/qs-study-private.h"

#define BEGINNING 24 /* datagrams or segments that are looked at for a ClientHello */
#define RACE_NS \
  (2 * G_GINT64_CONSTANT (1000000000)) /* RFC 8305 section 8: no attempt waits longer for the one before */

/* --- Secrets --- */

/* All lines of all key logs, of one inside the file where they are many, too, and where those of a connection are. */
typedef struct {
  GPtrArray *lines;
  GPtrArray *empty;      /* paths of logs without a line */
  GHashTable *by_random; /* the client random as hex, in lower case -> GPtrArray of lines */
} Keys;

static void
keys_clear (Keys *keys)
{
  g_clear_pointer (&keys->lines, g_ptr_array_unref);
  g_clear_pointer (&keys->empty, g_ptr_array_unref);
  g_clear_pointer (&keys->by_random, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Keys, keys_clear)

/* "CLIENT_HANDSHAKE_TRAFFIC_SECRET RANDOM SECRET" (RFC 9850 section 2) */
static void
index_line (Keys *keys, const char *line)
{
  const char *start = strchr (line, ' ');
  const char *end = start != NULL ? strchr (start + 1, ' ') : NULL;

  if (end == NULL)
    return;
  g_autofree char *random = g_ascii_strdown (start + 1, end - start - 1);
  GPtrArray *of_random = g_hash_table_lookup (keys->by_random, random);
  if (of_random == NULL)
    {
      of_random = g_ptr_array_new ();
      g_hash_table_insert (keys->by_random, g_steal_pointer (&random), of_random);
    }
  g_ptr_array_add (of_random, (gpointer) line);
}

/* Takes the lines that the file itself holds, NULL: none. */
static gboolean
load_keys (Keys *keys, GPtrArray *inside, const char *const *paths, GError **error)
{
  keys->lines = inside != NULL ? inside : g_ptr_array_new_with_free_func (g_free);
  keys->empty = g_ptr_array_new_with_free_func (g_free);
  keys->by_random = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  for (; paths != NULL && *paths != NULL; paths++)
    {
      g_autoptr (GPtrArray) lines = qs_key_log_load (*paths, error);
      if (lines == NULL)
        return FALSE;
      if (lines->len == 0)
        g_ptr_array_add (keys->empty, g_strdup (*paths));
      for (guint i = 0; i < lines->len; i++)
        g_ptr_array_add (keys->lines, g_strdup (lines->pdata[i]));
    }
  for (guint i = 0; i < keys->lines->len; i++)
    index_line (keys, keys->lines->pdata[i]);
  return TRUE;
}

static void
add_lines (QsTrace *trace, GPtrArray *lines)
{
  for (guint i = 0; lines != NULL && i < lines->len; i++)
    qs_trace_add_secret (trace, 0, lines->pdata[i]);
}

/* The beginning of a trace, not dissected. */
static QsTrace *
copy_beginning (QsTrace *trace)
{
  /* In a thread: what it tells of nobody is to hear, in the main thread least of all. */
  g_autoptr (GMainContext) nobody = g_main_context_new ();
  g_main_context_push_thread_default (nobody);
  QsTrace *head = qs_trace_new (qs_trace_get_vantage (trace), NULL);
  g_main_context_pop_thread_default (nobody);
  qs_trace_set_from_file (head);
  guint n_taken = 0;

  for (guint i = 0, n = qs_trace_get_n_records (trace); i < n && n_taken < BEGINNING; i++)
    {
      QsRecord record;

      qs_trace_get_record (trace, i, &record);
      if (record.kind == QS_RECORD_DATAGRAM)
        qs_trace_add_datagram (head, record.time, record.direction, 0, 0, record.fate, record.bytes.data,
                               record.bytes.length);
      else if (record.kind == QS_RECORD_SEGMENT)
        qs_trace_add_segment (head, record.time, record.direction, 0, record.bytes.data, record.bytes.length);
      else
        continue;
      n_taken++;
    }
  return head;
}

/* Whether what counts as the client is the server, by the secrets that fit. */
static gboolean
dissect (QsTrace *head)
{
  g_autoptr (QsDissector) dissector = qs_dissector_new (head);

  qs_dissector_advance (dissector, 0);
  qs_dissector_finish (dissector);
  return qs_dissector_is_turned (dissector);
}

/* Read by itself: the ClientHello needs no keys. */
static QsTrace *
dup_beginning (QsTrace *trace)
{
  QsTrace *head = copy_beginning (trace);

  dissect (head);
  return head;
}

static gboolean
has_protected_packets (QsTrace *head)
{
  for (guint i = 0; i < qs_trace_get_n_packets (head); i++)
    {
      guint8 type = qs_trace_get_packet (head, i)->type;
      if (type == QS_PACKET_0RTT || type == QS_PACKET_HANDSHAKE || type == QS_PACKET_1RTT ||
          type == QS_PACKET_TLS_RECORD)
        return TRUE;
    }
  return FALSE;
}

/* Of many lines for many connections each gets its own: to try all of them on all would take minutes and gigabytes. One
 * that began before the capture is tried with all; one line there is always, as it says that there was a key log. */
static void
add_own_lines (QsTrace *trace, const Keys *keys)
{
  g_autoptr (QsTrace) head = dup_beginning (trace);
  gboolean known = FALSE;

  for (guint i = 0; i < qs_trace_get_n_messages (head); i++)
    {
      const QsTlsMessage *message = qs_trace_get_message (head, i)->message;
      if (message == NULL || message->type != QS_TLS_CLIENT_HELLO || message->random.length == 0)
        continue;
      g_autofree char *random = qs_span_to_hex (message->random);
      add_lines (trace, g_hash_table_lookup (keys->by_random, random));
      known = TRUE;
    }
  if (!known && has_protected_packets (head))
    add_lines (trace, keys->lines);
  else
    qs_trace_add_secret (trace, 0, keys->lines->pdata[0]);
}

static void
add_keys (GPtrArray *traces, const Keys *keys)
{
  gboolean few = (guint64) traces->len * keys->lines->len <= QS_CAPTURE_FEW_SECRETS;

  for (guint i = 0; keys->lines->len > 0 && i < traces->len; i++)
    {
      QsTrace *trace = traces->pdata[i];
      if (few || qs_trace_get_n_datagrams (trace) == 0)
        add_lines (trace, few ? keys->lines : NULL);
      else
        add_own_lines (trace, keys);
    }
}

/* A program makes its log when it starts, and may have ended before it had a secret. */
static void
tell_empty_logs (GPtrArray *traces, const Keys *keys)
{
  for (guint i = 0; i < traces->len * keys->empty->len; i++)
    {
      g_autofree char *path = g_filename_display_name (keys->empty->pdata[i % keys->empty->len]);
      const QsMark mark = {
        .kind = QS_MARK_NOTE,
        .name = "file",
        .stream = -1,
        .text = g_strdup_printf (_ ("The key log “%s” has no line in it: it was written before any secret was made, or "
                                    "by another program run. Set SSLKEYLOGFILE for the run that was captured."),
                                 path),
      };
      qs_trace_add_mark_full (traces->pdata[i / keys->empty->len], 0, &mark);
    }
}

/* --- What keys show --- */

static gboolean
is_anything_opened (QsTrace *head)
{
  for (guint i = 0; i < qs_trace_get_n_packets (head); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (head, i);
      if (packet->type != QS_PACKET_INITIAL && (packet->flags & QS_PACKET_DECRYPTED) != 0)
        return TRUE;
    }
  return FALSE;
}

/* TRUE: the trace's secrets open some of its beginning. turned: whether its ends are the other way round. */
static gboolean
try_secrets (QsTrace *trace, gboolean *turned)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (QsTrace) head = copy_beginning (trace);
      if (i == 1)
        qs_trace_turn (head);
      qs_study_file_copy_secrets (trace, head);
      *turned = dissect (head) != (i == 1);
      if (is_anything_opened (head))
        return TRUE;
    }
  return FALSE;
}

/* Secrets are a client's or a server's: which end is which, of a recording that does not tell, and whether it is a connection at all. Of
 * flows that few datagrams made one it is none that they do not open: n_maybe counts those datagrams. */
static void
ask_keys (GPtrArray *traces, guint *n_maybe)
{
  for (guint i = traces->len; i-- > 0;)
    {
      QsTrace *trace = traces->pdata[i];
      const QsMark *ends = qs_trace_find_mark (trace, QS_MARK_FACT, QS_FACT_ENDS_GUESSED, NULL);
      gboolean guessed = qs_trace_find_mark (trace, QS_MARK_FACT, QS_FACT_GUESSED, NULL) != NULL, turned = FALSE;

      if (ends == NULL && !guessed)
        continue;
      gboolean opened = qs_trace_get_n_secrets (trace) > 0 && try_secrets (trace, &turned);
      if (opened && turned)
        qs_trace_turn (trace);
      if (opened && ends != NULL)
        qs_trace_add_mark_full (
            trace, 0, &(QsMark){ .kind = QS_MARK_FACT, .name = QS_FACT_ENDS_GUESSED, .value = 1, .stream = -1 });
      if (opened || !guessed)
        continue;
      *n_maybe += qs_trace_get_n_datagrams (trace);
      g_ptr_array_remove_index (traces, i);
    }
}

static GPtrArray *
make_studies (GPtrArray *traces, const char *path)
{
  GPtrArray *studies = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < traces->len; i++)
    {
      QsStudy *study = qs_study_new (traces->pdata[i], NULL);
      const QsStudySource source = { path, qs_trace_get_format (traces->pdata[i]), i + 1, traces->len };
      qs_study_set_source (study, &source);
      g_ptr_array_add (studies, study);
    }
  return studies;
}

GPtrArray *
qs_study_file_load (const char *path, const char *const *key_logs, QsProgress *progress, GCancellable *cancellable,
                    GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  gboolean keys_follow = key_logs != NULL && *key_logs != NULL;
  g_autoptr (GPtrArray) inside = NULL;
  g_autoptr (GPtrArray) traces =
      qs_trace_file_load_with_progress (path, keys_follow, &inside, progress, cancellable, error);
  if (traces == NULL)
    return NULL;
  g_auto (Keys) keys = { NULL };
  if (!load_keys (&keys, g_steal_pointer (&inside), key_logs, error))
    return NULL;
  add_keys (traces, &keys);
  guint n_maybe = 0;
  ask_keys (traces, &n_maybe);
  if (traces->len == 0)
    {
      qs_capture_fail_empty (n_maybe, n_maybe, error);
      return NULL;
    }
  if (keys_follow)
    qs_trace_file_tell_apart (traces);
  tell_empty_logs (traces, &keys);
  return g_steal_pointer (&traces);
}

typedef struct {
  char *path;
  char **key_logs;
  QsProgress *progress;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_free (job->path);
  g_strfreev (job->key_logs);
  g_clear_pointer (&job->progress, qs_progress_unref);
  g_free (job);
}

static void
load_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Job *job = data;
  GError *error = NULL;
  GPtrArray *traces =
      qs_study_file_load (job->path, (const char *const *) job->key_logs, job->progress, cancellable, &error);

  if (traces != NULL)
    g_task_return_pointer (task, traces, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

void
qs_study_file_load_async (const char *path, const char *const *key_logs, QsProgress *progress,
                          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_return_if_fail (path != NULL);

  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  Job *job = g_new0 (Job, 1);

  job->path = g_strdup (path);
  job->key_logs = g_strdupv ((char **) key_logs);
  job->progress = progress != NULL ? qs_progress_ref (progress) : NULL;
  g_task_set_source_tag (task, qs_study_file_load_async);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, load_in_thread);
}

GPtrArray *
qs_study_file_load_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

GPtrArray *
qs_study_file_open (const char *path, const char *const *key_logs, GError **error)
{
  g_autoptr (GPtrArray) traces = qs_study_file_load (path, key_logs, NULL, NULL, error);

  return traces != NULL ? make_studies (traces, path) : NULL;
}

/* Who has the secrets is only one of both, often. */
void
qs_study_file_copy_secrets (QsTrace *from, QsTrace *to)
{
  for (guint i = 0, n = qs_trace_get_n_records (from); i < n; i++)
    {
      QsRecord record;

      qs_trace_get_record (from, i, &record);
      if (record.kind == QS_RECORD_SECRET)
        qs_trace_add_secret (to, 0, (const char *) record.bytes.data);
    }
}

QsTraceJoin *
qs_study_file_begin_join (QsStudy *study, QsTrace *other)
{
  QsTrace *own = qs_study_get_trace (study);

  return qs_trace_join_new (own, other, qs_trace_join_guess_clocks (own, other));
}

QsTraceJoin *
qs_study_file_join (QsStudy *study, GPtrArray *others, GError **error)
{
  g_return_val_if_fail (QS_IS_STUDY (study) && others != NULL, NULL);

  qs_study_settle (study);
  for (guint i = 0; i < others->len; i++)
    {
      QsTrace *other = qs_study_get_trace (others->pdata[i]);
      qs_study_file_copy_secrets (qs_study_get_trace (study), other);
      qs_study_settle (others->pdata[i]);
      g_autoptr (QsTraceJoin) join = qs_study_file_begin_join (study, other);
      qs_trace_join_advance (join, 0);
      qs_trace_join_finish (join);
      g_clear_error (error);
      if (qs_trace_join_check (join, error))
        return g_steal_pointer (&join);
    }
  return NULL;
}

/* --- Recordings of one connection --- */

gboolean
qs_study_file_find_ends (GPtrArray *studies, QsStudy *ends[2])
{
  ends[0] = ends[1] = NULL;
  for (guint i = 0; i < studies->len; i++)
    {
      QsVantage vantage = qs_trace_get_vantage (qs_study_get_trace (studies->pdata[i]));
      if (vantage != QS_VANTAGE_NETWORK)
        ends[vantage == QS_VANTAGE_SERVER] = studies->pdata[i];
    }
  return studies->len == 2 && ends[0] != NULL && ends[1] != NULL;
}

static QsStudy *
join_ends (GPtrArray *studies)
{
  QsStudy *ends[2];
  g_autoptr (GPtrArray) others = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  if (!qs_study_file_find_ends (studies, ends))
    return NULL;
  g_ptr_array_add (others, ends[1]);
  g_autoptr (QsTraceJoin) join = qs_study_file_join (ends[0], others, &error);
  if (join == NULL)
    return NULL;
  qs_study_set_join (ends[0], join);
  return ends[0];
}

static GInetSocketAddress *
get_server (QsStudy *study)
{
  const QsPath *path = qs_trace_get_path (qs_study_get_trace (study), 0);
  gboolean local = qs_trace_get_vantage (qs_study_get_trace (study)) == QS_VANTAGE_SERVER;
  GSocketAddress *address = path == NULL ? NULL : local ? path->local : path->remote;

  return address != NULL && G_IS_INET_SOCKET_ADDRESS (address) ? G_INET_SOCKET_ADDRESS (address) : NULL;
}

/* One port of one name at two addresses, at about the same time, and there none answered: who asks twice like this races. */
static gboolean
is_lost_attempt (QsStudy *study, QsStudy *winner)
{
  const QsEvidence *evidence = qs_study_get_evidence (study), *won = qs_study_get_evidence (winner);
  GInetSocketAddress *server = get_server (study), *other = get_server (winner);
  gint64 apart = qs_trace_get_origin (qs_study_get_trace (study)) - qs_trace_get_origin (qs_study_get_trace (winner));
  guint n_of_server = evidence->from_client == QS_DIRECTION_SENT ? evidence->packets.n_in : evidence->packets.n_out;

  return n_of_server == 0 && evidence->tls == won->tls && evidence->client_hello != NULL && evidence->sni != NULL &&
         g_strcmp0 (evidence->sni, won->sni) == 0 && ABS (apart) <= RACE_NS && server != NULL && other != NULL &&
         g_inet_socket_address_get_port (server) == g_inet_socket_address_get_port (other) &&
         !g_inet_address_equal (g_inet_socket_address_get_address (server), g_inet_socket_address_get_address (other));
}

static void
note_lost_attempt (QsStudy *study, QsStudy *winner)
{
  QsTrace *trace = qs_study_get_trace (winner);
  gint64 apart = qs_trace_get_origin (qs_study_get_trace (study)) - qs_trace_get_origin (trace);
  g_autofree char *address = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (get_server (study)));
  g_autofree char *time = qs_text_duration (ABS (apart));
  QsMark mark = {
    .kind = QS_MARK_NOTE,
    .name = "file",
    .stream = -1,
    .text = g_strdup_printf (
        apart <= 0 ? _ ("An attempt at %s, %s earlier, was not answered: most likely the same client's, which tried "
                        "several addresses at once (RFC 8305). --connection=%u shows it.")
                   : _ ("An attempt at %s, %s later, was not answered: most likely the same client's, which tried "
                        "several addresses at once (RFC 8305). --connection=%u shows it."),
        address, time, qs_study_get_source (study)->connection),
  };

  qs_trace_add_mark_full (trace, 0, &mark);
}

QsStudy *
qs_study_file_find_race (GPtrArray *studies)
{
  QsStudy *winner = NULL;

  for (guint i = 0; i < studies->len; i++)
    {
      if (!qs_evidence_is_connected (qs_study_get_evidence (studies->pdata[i])))
        continue;
      if (winner != NULL)
        return NULL;
      winner = studies->pdata[i];
    }
  for (guint i = 0; winner != NULL && i < studies->len; i++)
    {
      if (studies->pdata[i] != winner && !is_lost_attempt (studies->pdata[i], winner))
        return NULL;
    }
  for (guint i = 0; winner != NULL && i < studies->len; i++)
    {
      if (studies->pdata[i] != winner)
        note_lost_attempt (studies->pdata[i], winner);
    }
  return winner;
}

QsStudy *
qs_study_file_find_one (GPtrArray *studies)
{
  g_return_val_if_fail (studies != NULL && studies->len > 0, NULL);

  if (studies->len == 1)
    return studies->pdata[0];
  if (studies->len > QS_STUDY_FILE_MOST_OF_ONE)
    return NULL;
  for (guint i = 0; i < studies->len; i++)
    qs_study_settle (studies->pdata[i]);
  QsStudy *one = join_ends (studies);
  return one != NULL ? one : qs_study_file_find_race (studies);
}
