/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-capture.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "formats/qs-capture-private.h"
#include "formats/qs-pcapng-private.h"
#include "trace/qs-trace-budget.h"

#define MAX_CONNECTIONS 4096 /* in one file */
#define MAX_FLOWS 262144     /* address pairs that are looked at */
#define MAX_RUNS 256         /* that Quicscope recorded */
#define MAX_IDS 128          /* of one connection: each counts at its addresses, and most everywhere */

/* --- Keys --- */

gboolean
qs_capture_same_end (const QsCaptureEnd *a, const QsCaptureEnd *b)
{
  return memcmp (a, b, sizeof *a) == 0;
}

static guint
end_hash (gconstpointer data)
{
  const guint8 *bytes = data;
  guint hash = 2166136261u;

  for (gsize i = 0; i < sizeof (QsCaptureEnd); i++)
    hash = (hash ^ bytes[i]) * 16777619u;
  return hash;
}

static gboolean
end_equal (gconstpointer a, gconstpointer b)
{
  return qs_capture_same_end (a, b);
}

/* NULL when there are too many. */
QsCaptureFlow *
qs_capture_get_flow (QsCapture *self, const QsCapturePacket *packet, gboolean tcp, gboolean create)
{
  QsFlowKey key;

  qs_flow_key_init (&key, &packet->from, &packet->to, tcp);
  return (QsCaptureFlow *) qs_flow_table_get_route (self->table, &key, create);
}

/* --- Connections --- */

static void
connection_free (gpointer data)
{
  QsCaptureConnection *connection = data;

  qs_capture_tcp_clear (&connection->tcp[0]);
  qs_capture_tcp_clear (&connection->tcp[1]);
  g_clear_object (&connection->trace);
  g_clear_pointer (&connection->early, g_array_unref);
  g_free (connection);
}

gboolean
qs_capture_is_server_port (guint16 port)
{
  static const guint16 ports[] = { 443, 853, 4433, 4434, 8443, 784, 993, 995, 465, 563, 636, 990, 5061, 5671, 8883 };

  for (guint i = 0; i < G_N_ELEMENTS (ports); i++)
    {
      if (ports[i] == port)
        return TRUE;
    }
  return FALSE;
}

/* A run of ours: what goes out tells whose view it is. */
static gboolean
is_from_client (QsCapture *self, const QsCapturePacket *packet, gboolean guess)
{
  const QsCaptureConnection *first =
      self->one_run && self->connections->len > 0 ? g_ptr_array_index (self->connections, 0) : NULL;

  if (first == NULL || first->vantage == QS_VANTAGE_NETWORK || packet->direction == 0)
    return guess;
  return (packet->direction == QS_PCAPNG_OUTBOUND) == (first->vantage == QS_VANTAGE_CLIENT);
}

static void
note_server (QsCapture *self, QsCaptureConnection *connection)
{
  QsCaptureConnection *other = g_hash_table_lookup (self->servers, &connection->server);

  connection->sole = other == NULL || other == connection;
  if (other != NULL)
    other->sole = connection->sole;
  g_hash_table_replace (self->servers, &connection->server, connection);
}

/* --- Letting go, of one that is watched --- */

static gboolean
is_unused (QsFlowRoute *route)
{
  return ((QsCaptureFlow *) route)->n_users == 0;
}

static int
compare_last (gconstpointer a, gconstpointer b)
{
  const QsCaptureConnection *left = *(QsCaptureConnection *const *) a, *right = *(QsCaptureConnection *const *) b;

  return left->last < right->last ? -1 : left->last > right->last;
}

static void
let_go (QsCapture *self, QsCaptureConnection *connection)
{
  gpointer watched = g_steal_pointer (&connection->watched);

  connection->let_go = TRUE;
  if (connection->trace != NULL)
    g_ptr_array_remove_fast (self->traces, connection->trace);
  g_clear_object (&connection->trace);
  qs_capture_tcp_clear (&connection->tcp[0]);
  qs_capture_tcp_clear (&connection->tcp[1]);
  if (watched == NULL)
    return;
  g_hash_table_remove (self->watched, watched);
  self->watcher.gone (watched, self->watcher.data);
}

static void
forget (QsCapture *self, QsCaptureConnection *connection)
{
  if (!connection->let_go)
    qs_capture_end_tcp (self, connection);
  let_go (self, connection);
  if (g_hash_table_lookup (self->servers, &connection->server) == connection)
    g_hash_table_remove (self->servers, &connection->server);
  if (g_hash_table_lookup (self->servers, &connection->client) == connection)
    g_hash_table_remove (self->servers, &connection->client);
  connection->flow->n_users--;
  qs_flow_table_drop (self->table, &connection->owner);
}

/* A quarter at once, those that have been silent for longest: it costs a look at all of them. */
static void
forget_silent (QsCapture *self)
{
  g_ptr_array_sort (self->connections, compare_last);
  for (guint i = 0; i < MAX_CONNECTIONS / 4; i++)
    forget (self, self->connections->pdata[i]);
  g_ptr_array_remove_range (self->connections, 0, MAX_CONNECTIONS / 4);
  qs_flow_table_sweep_routes (self->table, is_unused);
}

void
qs_capture_end_connection (QsCapture *self, gpointer watched)
{
  QsCaptureConnection *connection = g_hash_table_lookup (self->watched, watched);

  if (connection == NULL)
    return;
  qs_capture_end_tcp (self, connection);
  let_go (self, connection);
}

static void
announce (QsCapture *self, QsCaptureConnection *connection, gboolean tcp)
{
  if (self->watcher.lock == NULL || connection->guessed)
    return;
  connection->watched = self->watcher.begun (connection->trace, tcp, self->watcher.data);
  g_hash_table_insert (self->watched, connection->watched, connection);
}

QsCaptureConnection *
qs_capture_connection_new (QsCapture *self, QsCaptureFlow *flow, const QsCapturePacket *packet, gint64 time,
                           gboolean from_client)
{
  if (self->connections->len == MAX_CONNECTIONS && self->watcher.lock != NULL && !self->one_run)
    {
      flow->n_users++;
      forget_silent (self);
      flow->n_users--;
    }
  if (self->connections->len == MAX_CONNECTIONS)
    {
      self->n_left_out++;
      return NULL;
    }

  QsCaptureConnection *connection = g_new0 (QsCaptureConnection, 1);
  from_client = is_from_client (self, packet, from_client);
  connection->flow = flow;
  flow->n_users++;
  connection->last = time;
  connection->client = from_client ? packet->from : packet->to;
  connection->server = from_client ? packet->to : packet->from;
  connection->vantage = QS_VANTAGE_NETWORK;
  if (packet->direction != 0)
    connection->vantage =
        (packet->direction == QS_PCAPNG_OUTBOUND) == from_client ? QS_VANTAGE_CLIENT : QS_VANTAGE_SERVER;
  connection->first = time;
  connection->connected = -1;
  qs_capture_tcp_init (&connection->tcp[0]);
  qs_capture_tcp_init (&connection->tcp[1]);
  g_ptr_array_add (self->connections, connection);
  qs_flow_table_begin (self->table, &connection->owner);
  qs_flow_table_hold (self->table, &connection->owner);
  note_server (self, connection);
  qs_flow_table_set_route (self->table, &flow->route, &connection->owner);
  return connection;
}

/* It may be the server, too, if it has the lower port: one client may talk to many servers from one port. */
void
qs_capture_note_guessed_ends (QsCapture *self, QsCaptureConnection *connection)
{
  if (connection->client.port < connection->server.port && !g_hash_table_contains (self->servers, &connection->client))
    g_hash_table_insert (self->servers, &connection->client, connection);
}

#define SWAP(pair)                            \
  G_STMT_START                                \
  {                                           \
    __typeof__ ((pair)[0]) first = (pair)[0]; \
    (pair)[0] = (pair)[1];                    \
    (pair)[1] = first;                        \
  }                                           \
  G_STMT_END

gboolean
qs_capture_turn (QsCapture *self, QsCaptureConnection *connection)
{
  QsCaptureEnd client = connection->client;

  if (connection->watched != NULL) /* somebody reads the trace as it is */
    return FALSE;

  if (g_hash_table_lookup (self->servers, &client) == connection)
    g_hash_table_remove (self->servers, &connection->client);
  if (g_hash_table_lookup (self->servers, &connection->server) == connection)
    g_hash_table_remove (self->servers, &connection->server);
  connection->client = connection->server;
  connection->server = client;
  note_server (self, connection);
  SWAP (connection->tcp);
  SWAP (connection->syn_seen);
  SWAP (connection->in_records);
  SWAP (connection->cut);
  SWAP (connection->acked);
  SWAP (connection->acked_to);
  SWAP (connection->fin_at);
  SWAP (connection->ended);
  SWAP (connection->ended_at);
  SWAP (connection->data_at);
  SWAP (connection->n_again);
  SWAP (connection->heard_at);
  SWAP (connection->sent_handshake);
  for (guint i = 0; connection->early != NULL && i < connection->early->len; i++)
    g_array_index (connection->early, QsCaptureEarly, i).by_client ^= TRUE;
  if (connection->vantage != QS_VANTAGE_NETWORK)
    connection->vantage = connection->vantage == QS_VANTAGE_CLIENT ? QS_VANTAGE_SERVER : QS_VANTAGE_CLIENT;
  if (connection->trace != NULL)
    qs_trace_turn (connection->trace);
  return TRUE;
}

/* The one that was heard of longest ago, but for the one at hand. */
static QsCaptureConnection *
find_silent (QsCapture *self, const QsCaptureConnection *current)
{
  QsCaptureConnection *silent = NULL;

  for (guint i = 0; i < self->connections->len; i++)
    {
      QsCaptureConnection *connection = g_ptr_array_index (self->connections, i);
      if (connection != current && connection->trace != NULL && (silent == NULL || connection->last < silent->last))
        silent = connection;
    }
  return silent;
}

static void
make_room (QsCapture *self, const QsCaptureConnection *current)
{
  while (self->endless > 0 && self->watcher.lock == NULL && !self->one_run &&
         qs_trace_get_program_held () > self->endless)
    {
      QsCaptureConnection *silent = find_silent (self, current);
      if (silent == NULL)
        return;
      g_ptr_array_remove (self->traces, silent->trace);
      g_clear_object (&silent->trace);
      qs_capture_tcp_clear (&silent->tcp[0]);
      qs_capture_tcp_clear (&silent->tcp[1]);
      silent->let_go = TRUE;
      self->n_let_go++;
    }
}

static void
begin_trace (QsCapture *self, QsCaptureConnection *connection)
{
  make_room (self, connection);
  connection->serial = ++self->n_serials;
  connection->trace = qs_trace_new (connection->vantage, NULL);
  qs_trace_set_origin (connection->trace, connection->first);
  qs_trace_set_title (connection->trace, self->title);
  if (self->file != NULL)
    qs_trace_hold (connection->trace, self->file);
  if (self->endless > 0 || self->watcher.lock != NULL)
    {
      qs_trace_set_budget (connection->trace, QS_TRACE_BUDGET);
      qs_trace_establish_budget (connection->trace);
    }
  qs_capture_give_secrets (self, connection->trace);
  g_ptr_array_add (self->traces, g_object_ref (connection->trace));
}

static guint16
add_path (QsCaptureConnection *connection, const QsCaptureEnd *client, const QsCaptureEnd *server)
{
  g_autoptr (GSocketAddress) client_address = qs_capture_end_to_address (client);
  g_autoptr (GSocketAddress) server_address = qs_capture_end_to_address (server);
  gboolean is_server = connection->vantage == QS_VANTAGE_SERVER;

  return qs_trace_add_path (connection->trace, is_server ? server_address : client_address,
                            is_server ? client_address : server_address);
}

void
qs_capture_make_trace (QsCapture *self, QsCaptureConnection *connection)
{
  gboolean joins = self->one_run && self->traces->len > 0;

  if (joins)
    {
      self->n_serials = MAX (self->n_serials, 1);
      connection->serial = self->n_serials;
      connection->trace = g_object_ref (g_ptr_array_index (self->traces, 0));
      connection->first = qs_trace_get_origin (connection->trace);
      connection->vantage = qs_trace_get_vantage (connection->trace);
    }
  else
    begin_trace (self, connection);
  connection->flow->path = add_path (connection, &connection->client, &connection->server);
  connection->flow->path_owner = connection->serial;
  qs_capture_add_early (connection);
  if (!joins)
    announce (self, connection, connection->flow->route.key.tcp);
}

guint16
qs_capture_path_of (QsCaptureConnection *connection, QsCaptureFlow *flow, const QsCapturePacket *packet)
{
  gboolean by_client = qs_capture_direction_of (connection, packet) ==
                       (connection->vantage != QS_VANTAGE_SERVER ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED);

  if (flow->path_owner != connection->serial)
    {
      flow->path =
          add_path (connection, by_client ? &packet->from : &packet->to, by_client ? &packet->to : &packet->from);
      flow->path_owner = connection->serial;
    }
  return flow->path;
}

QsDirection
qs_capture_direction_of (const QsCaptureConnection *connection, const QsCapturePacket *packet)
{
  gboolean by_client = qs_capture_same_end (&packet->from, &connection->client) ||
                       (!qs_capture_same_end (&packet->from, &connection->server) &&
                        qs_capture_same_end (&packet->to, &connection->server)); /* its client moved */

  return by_client == (connection->vantage != QS_VANTAGE_SERVER) ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED;
}

void
qs_capture_note_passed (QsCapture *self, QsCaptureConnection *connection)
{
  gboolean over = ((connection->ended[0] | connection->ended[1]) & QS_TCP_RST) != 0 ||
                  ((connection->ended[0] & connection->ended[1]) & QS_TCP_FIN) != 0;

  if (connection->watched != NULL)
    self->watcher.passed (connection->watched, over, self->watcher.data);
}

void
qs_capture_add_mark (QsCaptureConnection *connection, gint64 time, QsMarkKind kind, const char *name, gint64 value,
                     char *text)
{
  QsMark mark = { .kind = kind, .name = name, .value = value, .text = text, .stream = -1 };

  qs_trace_add_mark_full (connection->trace, time - connection->first, &mark);
}

/* --- ICMP errors --- */

static const struct {
  gboolean icmp6;
  guint8 type;
  gint16 code; /* -1: any */
  const char *name;
} icmp_names[] = {
  { FALSE, 3, 3, "port-unreachable" },  { FALSE, 3, 1, "host-unreachable" },  { FALSE, 3, 0, "net-unreachable" },
  { FALSE, 3, 13, "admin-prohibited" }, { FALSE, 3, 9, "admin-prohibited" },  { FALSE, 3, 10, "admin-prohibited" },
  { FALSE, 3, 4, "too-big" },           { FALSE, 3, -1, "host-unreachable" }, { FALSE, 11, -1, "time-exceeded" },
  { TRUE, 1, 4, "port-unreachable" },   { TRUE, 1, 0, "net-unreachable" },    { TRUE, 1, 1, "admin-prohibited" },
  { TRUE, 1, -1, "host-unreachable" },  { TRUE, 2, -1, "too-big" },           { TRUE, 3, -1, "time-exceeded" },
};

static void
add_icmp (QsCapture *self, const QsCaptured *captured, const QsCapturePacket *packet)
{
  QsCaptureFlow *flow = qs_capture_get_flow (self, packet, packet->icmp_protocol == 6, FALSE);

  QsCaptureConnection *current = flow != NULL ? qs_capture_current (flow) : NULL;

  if (current == NULL || current->let_go || (current->trace == NULL && packet->icmp_protocol != 6))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (icmp_names); i++)
    {
      if (icmp_names[i].icmp6 != packet->icmp6 || icmp_names[i].type != packet->icmp_type ||
          (icmp_names[i].code >= 0 && icmp_names[i].code != packet->icmp_code))
        continue;

      g_autoptr (GSocketAddress) address = qs_capture_end_to_address (&packet->icmp_from);
      GInetAddress *router = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));
      /* What is quoted is what the error is about: a server's last packets may meet a client that has gone. */
      gboolean by_client =
          (qs_capture_direction_of (current, packet) == QS_DIRECTION_SENT) == (current->vantage != QS_VANTAGE_SERVER);
      const QsCaptureEarly error = { .kind = QS_MARK_ICMP,
                                     .by_client = by_client,
                                     .time = captured->time,
                                     .name = icmp_names[i].name,
                                     .value = packet->icmp_type << 8 | packet->icmp_code,
                                     .text = g_inet_address_to_string (router) };
      current->syn_barred |= by_client && current->syn_seen[0] && !current->answered;
      qs_capture_tell_early (current, &error);
      return;
    }
}

/* --- Public --- */

void
qs_capture_set_file (QsCapture *self, QsMappedFile *file)
{
  self->file = qs_mapped_file_ref (file);
}

void
qs_capture_set_one_run (QsCapture *self, gboolean one_run)
{
  self->one_run = one_run;
}

void
qs_capture_set_keys_follow (QsCapture *self, gboolean keys_follow)
{
  self->keys_follow = keys_follow;
}

void
qs_capture_set_endless (QsCapture *self, guint64 most)
{
  self->endless = most;
}

void
qs_capture_set_watcher (QsCapture *self, const QsCaptureWatcher *watcher)
{
  self->watcher = *watcher;
}

QsCapture *
qs_capture_new (const char *title)
{
  const QsFlowTableClass klass = {
    .route_size = sizeof (QsCaptureFlow), .max_routes = MAX_FLOWS, .max_ids = MAX_IDS, .max_owner_routes = G_MAXUINT
  };
  QsCapture *self = g_new0 (QsCapture, 1);

  self->title = g_strdup (title);
  self->table = qs_flow_table_new (&klass);
  self->fragments = qs_capture_fragments_new ();
  self->servers = g_hash_table_new (end_hash, end_equal);
  self->watched = g_hash_table_new (NULL, NULL);
  self->connections = g_ptr_array_new_with_free_func (connection_free);
  self->traces = g_ptr_array_new_with_free_func (g_object_unref);
  self->secrets = g_ptr_array_new_with_free_func (g_free);
  self->notes = g_ptr_array_new_with_free_func (g_free);
  self->runs = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_run_reader_free);
  return self;
}

void
qs_capture_free (QsCapture *self)
{
  g_hash_table_unref (self->servers);
  g_hash_table_unref (self->watched);
  qs_capture_fragments_free (self->fragments);
  qs_flow_table_free (self->table); /* before its connections */
  g_ptr_array_unref (self->connections);
  g_ptr_array_unref (self->traces);
  g_ptr_array_unref (self->secrets);
  g_ptr_array_unref (self->notes);
  g_ptr_array_unref (self->runs);
  g_clear_pointer (&self->file, qs_mapped_file_unref);
  g_free (self->title);
  g_free (self);
}

static void
lock (QsCapture *self)
{
  if (self->watcher.lock != NULL)
    g_mutex_lock (self->watcher.lock);
}

static void
unlock (QsCapture *self)
{
  if (self->watcher.lock != NULL)
    g_mutex_unlock (self->watcher.lock);
}

void
qs_capture_add_secret (QsCapture *self, const char *line)
{
  if (self->watcher.lock != NULL)
    {
      lock (self);
      self->watcher.secret (line, self->watcher.data);
      unlock (self);
      return;
    }
  qs_capture_keep_secret (self, line);
}

QsRunReader *
qs_capture_add_run (QsCapture *self, const guint8 *record, gsize length)
{
  QsRunReader *run = self->runs->len < MAX_RUNS ? qs_run_reader_new (record, length) : NULL;

  if (run == NULL)
    return NULL;
  QsTrace *trace = qs_run_reader_get_trace (run);
  g_ptr_array_add (self->runs, run);
  qs_capture_give_secrets (self, trace);
  g_ptr_array_add (self->traces, g_object_ref (trace));
  if (self->file != NULL)
    qs_trace_hold (trace, self->file);
  if (qs_trace_get_title (trace) == NULL)
    qs_trace_set_title (trace, self->title);
  return run;
}

static void
add_parsed (QsCapture *self, const QsCaptured *captured, const QsCapturePacket *packet)
{
  switch (packet->kind)
    {
    case QS_CAPTURE_UDP:
      qs_capture_add_udp (self, captured, packet);
      break;
    case QS_CAPTURE_TCP:
      qs_capture_add_tcp (self, captured, packet);
      break;
    case QS_CAPTURE_ICMP:
      add_icmp (self, captured, packet);
      break;
    case QS_CAPTURE_MALFORMED:
      self->n_malformed++;
      break;
    case QS_CAPTURE_FRAGMENT: /* within a packet that was put together: a tunnel's, rarer than rare */
    case QS_CAPTURE_OTHER:
    default:
      break;
    }
}

void
qs_capture_add_packet (QsCapture *self, const QsCaptured *captured)
{
  QsCapturePacket packet;

  qs_capture_packet_parse (captured, &packet);
  /* An interface that stands for all of them shows each loopback packet twice: going out and coming in. */
  gboolean again = packet.direction == QS_PCAPNG_OUTBOUND &&
                   (captured->link == QS_LINK_LINUX_COOKED || captured->link == QS_LINK_LINUX_COOKED2) &&
                   memcmp (packet.from.address, packet.to.address, sizeof packet.from.address) == 0;
  lock (self);
  self->n_packets++;
  self->newest = MAX (self->newest, captured->time);
  if (!again && (packet.kind != QS_CAPTURE_FRAGMENT || qs_capture_fragments_add (self->fragments, &packet)))
    add_parsed (self, captured, &packet);
  unlock (self);
}

guint64
qs_capture_get_n_packets (QsCapture *self)
{
  return self->n_packets + self->runs->len; /* a run may have come to none */
}

void
qs_capture_add_note (QsCapture *self, const char *note)
{
  g_ptr_array_add (self->notes, g_strdup (note));
}

static void
add_count_note (QsCapture *self, guint64 n, const char *sentence)
{
  if (n > 0)
    g_ptr_array_add (self->notes, g_strdup_printf ("%" PRIu64 ": %s", n, sentence));
}

static int
compare_origins (gconstpointer a, gconstpointer b)
{
  gint64 left = qs_trace_get_origin (*(QsTrace *const *) a), right = qs_trace_get_origin (*(QsTrace *const *) b);

  return left < right ? -1 : left > right;
}

/* Some other protocol that happened to look like QUIC for a moment. */
static void
drop_wrong_guesses (QsCapture *self)
{
  for (guint i = 0; i < self->connections->len; i++)
    {
      QsCaptureConnection *connection = g_ptr_array_index (self->connections, i);

      if (!qs_capture_is_wrong_guess (connection))
        continue;
      if (connection->trace != NULL && qs_capture_waits_for_keys (self, connection))
        {
          qs_capture_add_mark (connection, connection->last, QS_MARK_FACT, QS_FACT_GUESSED, 0, NULL);
          continue;
        }
      self->passed.n_fitting += connection->looks.n_fitting;
      g_ptr_array_remove (self->traces, connection->trace);
      g_clear_object (&connection->trace);
    }
}

void
qs_capture_fail_empty (guint64 n_packets, guint n_maybe, GError **error)
{
  g_autofree char *sentence = g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE,
                   "There is no QUIC or TLS connection in this capture: its %" PRIu64 " packet is of other protocols.",
                   "There is no QUIC or TLS connection in this capture: its %" PRIu64
                   " packets are of other protocols.",
                   n_packets),
      n_packets);

  if (n_maybe == 0)
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_UNSUPPORTED, sentence);
      return;
    }
  g_set_error (
      error, QS_ERROR, QS_ERROR_UNSUPPORTED,
      g_dngettext (GETTEXT_PACKAGE,
                   "No QUIC or TLS connection can be told in this capture. %u datagram may be a 1-RTT packet of one "
                   "that began before: nothing in such a packet says so, and its ports do not. The key log of that "
                   "connection would show it, or a capture that holds its beginning.",
                   "No QUIC or TLS connection can be told in this capture. %u datagrams may be 1-RTT packets of one "
                   "that began before: nothing in such a packet says so, and their ports do not. The key log of "
                   "that connection would show it, or a capture that holds its beginning.",
                   n_maybe),
      n_maybe);
}

/* What a run of ours holds is known in its end; and so is what was a guess. */
static void
announce_rest (QsCapture *self)
{
  for (guint i = 0; i < self->connections->len; i++)
    {
      QsCaptureConnection *connection = g_ptr_array_index (self->connections, i);

      connection->guessed = FALSE;
      if (connection->trace != NULL && connection->watched == NULL && !self->one_run)
        announce (self, connection, connection->flow->route.key.tcp);
    }
  for (guint i = 0; i < self->runs->len; i++)
    self->watcher.begun (qs_run_reader_get_trace (g_ptr_array_index (self->runs, i)), FALSE, self->watcher.data);
}

static GPtrArray *
finish (QsCapture *self, GError **error)
{
  for (guint i = 0; i < self->connections->len; i++)
    qs_capture_end_tcp (self, g_ptr_array_index (self->connections, i));
  drop_wrong_guesses (self);
  for (guint i = 0; i < self->connections->len; i++)
    qs_capture_tell_ends (self, g_ptr_array_index (self->connections, i));
  for (guint i = 0; i < self->runs->len; i++)
    qs_run_reader_finish (g_ptr_array_index (self->runs, i));
  if (self->n_packets == 0 && self->runs->len == 0)
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_UNSUPPORTED, _ ("This capture has no packets in it."));
      return NULL;
    }
  if (self->traces->len == 0 && (self->watcher.lock == NULL || self->n_serials == 0))
    {
      qs_capture_fail_empty (self->n_packets, qs_capture_count_maybe (self), error);
      return NULL;
    }

  add_count_note (
      self, qs_capture_fragments_get_n_lost (self->fragments),
      _ ("fragments of IP packets in the capture were passed over: others of the same packets are missing"));
  add_count_note (self, self->n_malformed, _ ("packets in the capture could not be read"));
  add_count_note (self, self->n_let_go,
                  _ ("connections of the stream were let go of to make room for those that came later"));
  add_count_note (self, self->n_left_out, _ ("packets belong to connections above the bound and were passed over"));
  for (guint i = 0; i < self->runs->len; i++)
    {
      for (guint j = 0; j < self->notes->len; j++)
        qs_run_reader_add_note (g_ptr_array_index (self->runs, i), g_ptr_array_index (self->notes, j));
    }
  for (guint i = 0; i < self->connections->len; i++)
    {
      QsCaptureConnection *connection = g_ptr_array_index (self->connections, i);

      for (guint j = 0; connection->trace != NULL && j < self->notes->len && (i == 0 || !self->one_run); j++)
        qs_capture_add_mark (connection, connection->last, QS_MARK_NOTE, "file", 0,
                             g_strdup (g_ptr_array_index (self->notes, j)));
    }
  g_ptr_array_sort (self->traces, compare_origins);
  return g_ptr_array_ref (self->traces);
}

GPtrArray *
qs_capture_finish (QsCapture *self, GError **error)
{
  lock (self);
  GPtrArray *traces = finish (self, error);
  if (traces != NULL && self->watcher.lock != NULL)
    announce_rest (self);
  unlock (self);
  return traces;
}
