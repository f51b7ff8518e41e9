/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/qs-https-lookup.h"

#define CARES_NO_DEPRECATED /* what takes their place is younger than the c-ares that we need */
#include <ares.h>
#include <poll.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"

#define CLASS_IN 1
#define TYPE_HTTPS 65
#define MOST_ALIASES 4
#define MOST_RECORDS 8    /* that are noted */
#define PRIORITY_LENGTH 2 /* of RDATA (RFC 9460 section 2.2); behind it the target, not compressed */
#define TRY_MS 500
#define TRIES 3
#define POLL_MS 50 /* how soon a thread notices that nobody waits any more */

typedef struct {
  char *name, *server;
} Query;

typedef struct {
  gboolean done;
  int status;
  GBytes *message;
} Answer;

static void
query_free (gpointer data)
{
  Query *query = data;

  g_free (query->name);
  g_free (query->server);
  g_free (query);
}

static gpointer
init_library (gpointer data)
{
  return GINT_TO_POINTER (ares_library_init (ARES_LIB_INIT_ALL) == ARES_SUCCESS);
}

/* Its start is not thread-safe. */
static gboolean
have_library (void)
{
  static GOnce once = G_ONCE_INIT;

  return GPOINTER_TO_INT (g_once (&once, init_library, NULL)) != 0;
}

/* A status of c-ares; *channel: NULL unless it is ARES_SUCCESS. */
static int
open_channel (const char *server, ares_channel *channel)
{
  struct ares_options options = { .timeout = TRY_MS,
                                  .tries = TRIES,
                                  .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES };
  int status = have_library ()
                   ? ares_init_options (channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_FLAGS)
                   : ARES_ENOMEM;

  if (status != ARES_SUCCESS)
    {
      *channel = NULL;
      return status;
    }
  status = server != NULL ? ares_set_servers_ports_csv (*channel, server) : ARES_SUCCESS;
  if (status != ARES_SUCCESS)
    g_clear_pointer (channel, ares_destroy);
  return status;
}

gboolean
qs_https_lookup_server_is_valid (const char *server)
{
  g_return_val_if_fail (server != NULL, FALSE);

  ares_channel channel = NULL;
  struct ares_addr_port_node *servers = NULL;
  int status = open_channel (server, &channel);

  if (status == ARES_SUCCESS)
    status = ares_get_servers_ports (channel, &servers);
  gboolean good = status == ARES_SUCCESS && servers != NULL;
  ares_free_data (servers);
  if (channel != NULL)
    ares_destroy (channel);
  /* Where there was no memory to read it, nothing is wrong with it: who asks it will be told. */
  return status == ARES_ENOMEM || (good && strchr (server, ',') == NULL);
}

static void
answer_cb (void *data, int status, int timeouts, unsigned char *message, int length)
{
  Answer *answer = data;

  answer->done = TRUE;
  answer->status = status;
  if (message != NULL && length > 0)
    answer->message = g_bytes_new (message, (gsize) length);
}

/* Waits for a socket of the channel's, or for its next time-out. */
static void
turn (ares_channel channel)
{
  ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
  struct pollfd polled[ARES_GETSOCK_MAXNUM];
  guint bits = (guint) ares_getsock (channel, sockets, ARES_GETSOCK_MAXNUM);
  nfds_t n = 0;

  /* As ARES_GETSOCK_READABLE() and ARES_GETSOCK_WRITABLE() do, which shift into the sign of an int. */
  for (guint i = 0; i < ARES_GETSOCK_MAXNUM; i++)
    {
      gboolean readable = (bits >> i & 1) != 0, writable = (bits >> (i + ARES_GETSOCK_MAXNUM) & 1) != 0;
      short events = (short) ((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
      if (events != 0)
        polled[n++] = (struct pollfd){ .fd = sockets[i], .events = events };
    }
  if (poll (polled, n, POLL_MS) <= 0)
    n = 0;
  for (nfds_t i = 0; i < n; i++)
    ares_process_fd (channel, (polled[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0 ? polled[i].fd : ARES_SOCKET_BAD,
                     (polled[i].revents & POLLOUT) != 0 ? polled[i].fd : ARES_SOCKET_BAD);
  ares_process_fd (channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* what has timed out */
}

static GPtrArray *
read_answer (const Answer *answer, GError **error)
{
  gsize length = 0;
  const guint8 *bytes = answer->message != NULL ? g_bytes_get_data (answer->message, &length) : NULL;

  /* That there is no such record, or no such name, is an answer. */
  if (answer->status == ARES_ENODATA || answer->status == ARES_ENOTFOUND)
    return g_ptr_array_new_with_free_func ((GDestroyNotify) qs_https_record_free);
  if (answer->status == ARES_SUCCESS)
    return qs_https_records_parse (QS_SPAN (bytes, length), error);
  g_set_error (error, QS_ERROR, QS_ERROR_NETWORK, _ ("The DNS was asked for HTTPS records in vain: %s"),
               ares_strerror (answer->status));
  return NULL;
}

static GPtrArray *
ask (ares_channel channel, const char *name, gint64 until, GCancellable *cancellable, GError **error)
{
  Answer answer = { FALSE, ARES_ETIMEOUT, NULL };

  ares_query (channel, name, CLASS_IN, TYPE_HTTPS, answer_cb, &answer);
  while (!answer.done && g_get_monotonic_time () < until && !g_cancellable_is_cancelled (cancellable))
    turn (channel);
  if (!answer.done)
    ares_cancel (channel);
  GPtrArray *records = read_answer (&answer, error);
  g_clear_pointer (&answer.message, g_bytes_unref);
  return records;
}

/* --- Aliases --- */

static const QsHttpsRecord *
find_alias (GPtrArray *records)
{
  for (guint i = 0; i < records->len; i++)
    {
      const QsHttpsRecord *record = records->pdata[i];
      /* One to "." says that there is no such service (RFC 9460 section 2.5.1); what needs an escape is no host. */
      if (record->priority == 0 && !g_str_equal (record->target, ".") && strchr (record->target, '\\') == NULL)
        return record;
    }
  return NULL;
}

/* A record whose target is its own name has it from the alias that led there: it is spelled out, as who reads it has asked for
 * another name. (transfer full) */
static QsHttpsRecord *
name_target (const QsHttpsRecord *record, const QsHttpsRecord *alias)
{
  gsize length, alias_length;
  const guint8 *bytes = g_bytes_get_data (record->rdata, &length);
  const guint8 *name = g_bytes_get_data (alias->rdata, &alias_length);
  gboolean own = g_str_equal (record->target, ".") && length > PRIORITY_LENGTH && alias_length > PRIORITY_LENGTH;
  g_autoptr (GByteArray) made = g_byte_array_new ();

  g_byte_array_append (made, bytes, own ? PRIORITY_LENGTH : (guint) length);
  if (own)
    {
      g_byte_array_append (made, name + PRIORITY_LENGTH, (guint) alias_length - PRIORITY_LENGTH);
      g_byte_array_append (made, bytes + PRIORITY_LENGTH + 1, (guint) length - PRIORITY_LENGTH - 1);
    }
  return qs_https_record_parse (QS_SPAN (made->data, made->len), NULL);
}

/* RFC 9460 section 3: an alias is followed to the records of its target, a bounded number of times. What was found so far counts
 * where that leads nowhere. */
static void
follow_aliases (ares_channel channel, const char *asked, GPtrArray *records, gint64 until, GCancellable *cancellable)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) found = g_ptr_array_ref (records);
  const QsHttpsRecord *alias;

  g_hash_table_add (names, g_ascii_strdown (asked, -1));
  for (guint i = 0; i < MOST_ALIASES && (alias = find_alias (found)) != NULL; i++)
    {
      if (!g_hash_table_add (names, g_ascii_strdown (alias->target, -1)))
        return; /* in circles */
      g_autoptr (GPtrArray) next = ask (channel, alias->target, until, cancellable, NULL);
      for (guint j = 0; next != NULL && j < next->len; j++)
        {
          QsHttpsRecord *record = name_target (next->pdata[j], alias);
          if (record != NULL)
            g_ptr_array_add (records, record);
        }
      if (next == NULL || next->len == 0)
        return;
      g_ptr_array_unref (found);
      found = g_steal_pointer (&next);
    }
}

static void
lookup_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Query *query = data;
  gint64 until = g_get_monotonic_time () + QS_HTTPS_LOOKUP_MS * 1000;
  ares_channel channel = NULL;
  GError *error = NULL;

  if (open_channel (query->server, &channel) != ARES_SUCCESS)
    {
      g_task_return_new_error (task, QS_ERROR, QS_ERROR_NETWORK, _ ("No name server can be asked for HTTPS records."));
      return;
    }
  GPtrArray *records = ask (channel, query->name, until, cancellable, &error);
  if (records != NULL)
    follow_aliases (channel, query->name, records, until, cancellable);
  ares_destroy (channel);
  if (records != NULL)
    g_task_return_pointer (task, records, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

void
qs_https_lookup_async (const char *host, guint16 port, const char *server, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer data)
{
  g_return_if_fail (host != NULL);

  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  Query *query = g_new0 (Query, 1);

  g_task_set_source_tag (task, qs_https_lookup_async);
  query->name = port == 443 ? g_strdup (host) : g_strdup_printf ("_%u._https.%s", (guint) port, host);
  query->server = g_strdup (server);
  g_task_set_task_data (task, query, query_free);
  g_task_run_in_thread (task, lookup_thread);
}

GPtrArray *
qs_https_lookup_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
qs_https_lookup_may_ask (const char *host, const char *server, gboolean by_hand)
{
  static const char *const local[] = { ".localhost", ".test", ".invalid", ".local" };

  if (server != NULL)
    return *server != '\0' && !g_hostname_is_ip_address (host);
  for (guint i = 0; i < G_N_ELEMENTS (local); i++)
    {
      if (g_str_has_suffix (host, local[i]))
        return FALSE;
    }
  return !by_hand && !g_hostname_is_ip_address (host) && strchr (host, '.') != NULL;
}

static void
note_record (QsTrace *trace, const char *name, const QsHttpsRecord *record, const char *text)
{
  QsMark mark = { .kind = QS_MARK_HTTPS_RECORD,
                  .name = name,
                  .value = record != NULL ? record->priority : -1,
                  .stream = -1,
                  .read_error = -1,
                  .write_error = -1 };

  mark.text = record != NULL ? qs_https_record_to_text (record) : g_strdup (text);
  mark.bytes = record != NULL ? g_bytes_ref (record->rdata) : NULL;
  qs_trace_add_mark_full (trace, qs_trace_now (trace), &mark);
}

void
qs_https_lookup_note (QsTrace *trace, GPtrArray *records, const GError *error)
{
  for (guint i = 0; records != NULL && i < MIN (records->len, MOST_RECORDS); i++)
    note_record (trace, "answer", records->pdata[i], NULL);
  if (records == NULL || records->len == 0)
    note_record (trace, records != NULL ? "none" : "failed", NULL, error != NULL ? error->message : NULL);
}
