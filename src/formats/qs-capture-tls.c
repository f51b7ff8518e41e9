/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QsCapture: the TLS connections of a capture, over TCP. */
#include <errno.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "formats/qs-capture-private.h"

#define MIN_RECORD 16 /* bytes: an AEAD's tag */
#define MAX_RECORD (16384 + 2048)
#define MAX_EARLY 16 /* ends and errors of a connection before its ClientHello: more say the same again */
#define REST G_GINT64_CONSTANT (3000000000) /* ns: shorter is a pause */

typedef struct {
  QsCapture *capture;
  QsCaptureConnection *connection;
  const QsCapturePacket *packet;
  gint64 time;
} Delivery;

/* A record of type handshake, of any version so far (RFC 9846 section 5.1); or, where the capture began later than the connection,
 * of application data, whose length must be one that is allowed. */
static gboolean
looks_like_tls (QsSpan bytes)
{
  if (bytes.length < 3 || bytes.data[1] != 3 || bytes.data[2] > 4)
    return FALSE;
  if (bytes.data[0] == 22)
    return TRUE;
  guint length = bytes.length >= 5 ? (guint) (bytes.data[3] << 8 | bytes.data[4]) : 0;
  return bytes.data[0] == 23 && bytes.data[2] == 3 && length > MIN_RECORD && length <= MAX_RECORD;
}

static void
early_clear (gpointer data)
{
  g_free (((QsCaptureEarly *) data)->text);
}

static void
add_told (QsCaptureConnection *connection, const QsCaptureEarly *early)
{
  gboolean sent = early->by_client == (connection->vantage != QS_VANTAGE_SERVER);
  QsMarkKind kind = early->kind == QS_MARK_ICMP && !sent ? QS_MARK_ICMP_SENT : early->kind;
  gint64 value = kind == QS_MARK_TCP_END ? (sent ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED) : early->value;

  /* What the one that resets is told by its own system is nothing. */
  if (kind == QS_MARK_SOCKET_ERROR && sent)
    g_free (early->text);
  else
    qs_capture_add_mark (connection, early->time, kind, early->name, value, early->text);
}

void
qs_capture_tell_early (QsCaptureConnection *connection, const QsCaptureEarly *early)
{
  if (connection->trace != NULL)
    {
      add_told (connection, early);
      return;
    }
  if (connection->early == NULL)
    {
      connection->early = g_array_new (FALSE, FALSE, sizeof (QsCaptureEarly));
      g_array_set_clear_func (connection->early, early_clear);
    }
  if (connection->early->len < MAX_EARLY)
    g_array_append_val (connection->early, *early);
  else
    g_free (early->text);
}

void
qs_capture_add_early (QsCaptureConnection *connection)
{
  for (guint i = 0; connection->early != NULL && i < connection->early->len; i++)
    {
      QsCaptureEarly *early = &g_array_index (connection->early, QsCaptureEarly, i);

      add_told (connection, early);
      early->text = NULL;
    }
  g_clear_pointer (&connection->early, g_array_unref);
}

static void
begin_tls (QsCapture *self, QsCaptureConnection *connection)
{
  qs_capture_make_trace (self, connection);
  if (connection->connected >= 0)
    qs_capture_add_mark (connection, connection->connected, QS_MARK_TCP_CONNECTED, NULL, 0, NULL);
}

static void
deliver_cb (QsSpan bytes, gpointer data)
{
  Delivery *delivery = data;
  QsCaptureConnection *connection = delivery->connection;

  guint side = qs_capture_same_end (&delivery->packet->from, &connection->client) ? 0 : 1;
  /* Without its SYN a side begins anywhere, and is read from the first record on that a segment begins with. */
  connection->data_at[side] = delivery->time;
  gboolean in_order = connection->syn_seen[side] || connection->in_records[side] || looks_like_tls (bytes);
  if (connection->trace == NULL && looks_like_tls (bytes))
    begin_tls (delivery->capture, connection);
  if (!in_order)
    return;
  connection->in_records[side] = TRUE;
  if (connection->trace != NULL)
    qs_trace_add_segment (connection->trace, delivery->time - connection->first,
                          qs_capture_direction_of (connection, delivery->packet), 0, bytes.data, bytes.length);
}

/* What a client's system makes of a port that is closed by ICMP; -1: nothing says that it is. */
static gint64
find_refusal (const QsCaptureConnection *connection)
{
  for (guint i = 0; connection->early != NULL && i < connection->early->len; i++)
    {
      const QsCaptureEarly *early = &g_array_index (connection->early, QsCaptureEarly, i);
      if (early->kind == QS_MARK_ICMP && early->by_client && strcmp (early->name, "port-unreachable") == 0)
        return early->time;
    }
  return -1;
}

/* A SYN to a server's port that is not answered, sent again or met with an ICMP error: that much is a connection that did not come
 * about. */
static void
add_unanswered (QsCapture *self, QsCaptureConnection *connection)
{
  if (connection->trace != NULL || connection->answered || (connection->n_syn < 2 && !connection->syn_barred) ||
      !qs_capture_is_server_port (connection->server.port))
    return;
  g_autoptr (GSocketAddress) server = qs_capture_end_to_address (&connection->server);
  const gint64 times[] = { connection->first, connection->last_syn }, refused = find_refusal (connection);
  qs_capture_make_trace (self, connection);
  for (guint i = 0; i < MIN (connection->n_syn, G_N_ELEMENTS (times)); i++)
    qs_capture_add_mark (connection, times[i], QS_MARK_CONNECTING, NULL, 0,
                         g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (server)));
  if (refused >= 0)
    qs_capture_add_mark (connection, refused, QS_MARK_SOCKET_ERROR, "ECONNREFUSED", ECONNREFUSED,
                         g_strdup (g_strerror (ECONNREFUSED)));
}

/* Whether the capture lacks some of what this side sent: its beginning, a piece, the rest of a packet, or what the other end
 * acknowledged and its own FIN stands behind. */
static gboolean
lacks_bytes (const QsCaptureConnection *connection, guint side)
{
  const QsCaptureTcp *tcp = &connection->tcp[side];

  if (connection->cut[side] || tcp->gap || ((connection->acked[side] || tcp->started) && !connection->syn_seen[side]))
    return TRUE;
  if (!tcp->started)
    return FALSE;
  /* A FIN counts as a byte. */
  return (connection->acked[side] && qs_capture_tcp_distance (tcp->next, connection->acked_to[side]) > 1) ||
         ((connection->ended[side] & QS_TCP_FIN) != 0 &&
          qs_capture_tcp_distance (tcp->next, connection->fin_at[side]) > 0);
}

/* Until when nothing came: what ended it first, else the recording's end. */
static gint64
rest_ends (const QsCapture *self, const QsCaptureConnection *connection, gint64 since)
{
  gint64 end = MAX (self->newest, connection->last);

  for (guint side = 0; side < 2; side++)
    if (connection->ended_at[side] > since)
      end = MIN (end, connection->ended_at[side]);
  return end;
}

/* A connection that rests: whether the last bytes got to the other end, by what its TCP acknowledged. A run notes the same of
 * itself (engine/qs-probe-patience.c). */
static void
add_rest (QsCapture *self, QsCaptureConnection *connection)
{
  guint side = connection->data_at[0] >= connection->data_at[1] ? 0 : 1;
  gint64 since = connection->data_at[side], until = rest_ends (self, connection, since);

  if (connection->trace == NULL || since == 0 || !connection->acked[side] || until - since < REST)
    return;
  gint32 left = qs_capture_tcp_distance (connection->acked_to[side], connection->tcp[side].next);
  /* It would have been sent again, or the other end would go on saying that it lacks it: else the capture lacks something. */
  if (left > 0 && connection->n_again[side] == 0 && connection->heard_at[1 - side] - since < REST)
    return;
  if (left > 0)
    qs_capture_add_mark (connection, until, QS_MARK_NOTE, "tcp-waiting", left,
                         g_strdup (_ ("What was sent last was not acknowledged by the peer's TCP")));
  else
    qs_capture_add_mark (connection, until, QS_MARK_NOTE, "tcp-taken", 1,
                         g_strdup (_ ("All that was sent was acknowledged by the peer's TCP")));
}

void
qs_capture_end_tcp (QsCapture *self, QsCaptureConnection *connection)
{
  if (connection->let_go)
    return;
  add_unanswered (self, connection);
  for (guint side = 0; side < 2; side++)
    {
      QsCapturePacket packet = { .from = side == 0 ? connection->client : connection->server };
      Delivery delivery = { self, connection, &packet, connection->last };

      qs_capture_tcp_finish (&connection->tcp[side], deliver_cb, &delivery);
      if (connection->trace != NULL && connection->tcp[side].gap)
        qs_capture_add_mark (
            connection, connection->last, QS_MARK_NOTE, "file", 0,
            g_strdup (_ ("The capture misses some of the bytes that this connection carried: what follows them "
                         "cannot be read.")));
      if (connection->trace != NULL && lacks_bytes (connection, side))
        qs_capture_add_mark (connection, connection->last, QS_MARK_FACT, QS_FACT_CAPTURE_LACKS,
                             qs_capture_direction_of (connection, &packet), NULL);
    }
  add_rest (self, connection);
}

static void
add_reset (QsCapture *self, QsCaptureConnection *connection, const QsCaptured *captured, const QsCapturePacket *packet)
{
  /* Only a SYN is refused: whose capture began later, or who acknowledges what the server said, was let in before. */
  gboolean refused = !connection->answered && connection->syn_seen[0] && !connection->acked[1] &&
                     qs_capture_same_end (&packet->from, &connection->server);

  gboolean from_client = qs_capture_same_end (&packet->from, &connection->client);

  if (connection->refused_shown)
    return;
  connection->refused_shown = TRUE;
  if (connection->trace == NULL && refused && qs_capture_is_server_port (connection->server.port))
    qs_capture_make_trace (self, connection);
  if (connection->trace != NULL && refused)
    qs_capture_add_mark (connection, captured->time, QS_MARK_SOCKET_ERROR, "ECONNREFUSED", ECONNREFUSED,
                         g_strdup (g_strerror (ECONNREFUSED)));
  if (refused)
    return;
  qs_capture_tell_early (connection, &(QsCaptureEarly){ .kind = QS_MARK_SOCKET_ERROR,
                                                        .by_client = from_client,
                                                        .time = captured->time,
                                                        .name = "ECONNRESET",
                                                        .value = ECONNRESET,
                                                        .text = g_strdup (g_strerror (ECONNRESET)) });
}

/* Who ended it, and when: each way once a side, however often it is sent again. */
static void
add_end (QsCaptureConnection *connection, guint side, const QsCaptured *captured, const QsCapturePacket *packet)
{
  static const struct {
    guint8 flag;
    const char *name;
  } ends[] = { { QS_TCP_FIN, "fin" }, { QS_TCP_RST, "reset" } };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      if ((packet->tcp_flags & ends[i].flag) == 0 || (connection->ended[side] & ends[i].flag) != 0)
        continue;
      connection->ended[side] |= ends[i].flag;
      if (ends[i].flag == QS_TCP_FIN)
        connection->fin_at[side] = packet->sequence + packet->payload_length;
      qs_capture_tell_early (connection, &(QsCaptureEarly){ .kind = QS_MARK_TCP_END,
                                                            .by_client = side == 0,
                                                            .time = captured->time,
                                                            .name = ends[i].name });
    }
}

static QsCaptureConnection *
route_tcp (QsCapture *self, QsCaptureFlow *flow, const QsCaptured *captured, const QsCapturePacket *packet)
{
  gboolean syn = (packet->tcp_flags & QS_TCP_SYN) != 0, ack = (packet->tcp_flags & QS_TCP_ACK) != 0;
  QsCaptureConnection *current = qs_capture_current (flow);

  /* The same ports again, later. A SYN sent again has the same sequence number. */
  gboolean again = current != NULL && syn && !ack && (current->answered || current->refused_shown) &&
                   current->tcp[0].next != packet->sequence + 1;
  if (current != NULL && !again)
    {
      qs_capture_note_tcp_ends (self, current, packet);
      return current;
    }
  gboolean known, from_client = qs_capture_is_from_tcp_client (packet, &known);
  QsCaptureConnection *begun = qs_capture_connection_new (self, flow, packet, captured->time, from_client);
  if (begun != NULL)
    begun->ends_known = known;
  return begun;
}

static void
note_lacks (QsCaptureConnection *connection, guint side, const QsCapturePacket *packet)
{
  const QsCaptureTcp *tcp = &connection->tcp[side];
  guint other = 1 - side;

  connection->n_again[side] += packet->payload_length > 0 && tcp->started &&
                               qs_capture_tcp_distance (tcp->next, packet->sequence + packet->payload_length) <= 0;

  connection->cut[side] |= packet->payload_length > packet->payload.length;
  if ((packet->tcp_flags & QS_TCP_ACK) == 0)
    return;
  if (!connection->acked[other] || qs_capture_tcp_distance (connection->acked_to[other], packet->acknowledged) > 0)
    connection->acked_to[other] = packet->acknowledged;
  connection->acked[other] = TRUE;
}

void
qs_capture_add_tcp (QsCapture *self, const QsCaptured *captured, const QsCapturePacket *packet)
{
  QsCaptureFlow *flow = qs_capture_get_flow (self, packet, TRUE,
                                             (packet->tcp_flags & QS_TCP_SYN) != 0 || looks_like_tls (packet->payload));
  QsCaptureConnection *connection = flow != NULL ? route_tcp (self, flow, captured, packet) : NULL;

  if (connection == NULL || connection->let_go)
    return;

  guint side = qs_capture_same_end (&packet->from, &connection->client) ? 0 : 1;
  Delivery delivery = { self, connection, packet, captured->time };
  connection->last = connection->heard_at[side] = captured->time;
  if ((packet->tcp_flags & (QS_TCP_FIN | QS_TCP_RST)) != 0 && connection->ended_at[side] == 0)
    connection->ended_at[side] = captured->time;
  guint32 sequence = packet->sequence;
  if ((packet->tcp_flags & QS_TCP_SYN) != 0)
    {
      sequence++;
      connection->syn_seen[side] = TRUE;
      connection->n_syn += side == 0;
      connection->last_syn = side == 0 ? captured->time : connection->last_syn;
      qs_capture_tcp_start (&connection->tcp[side], sequence);
    }
  if (side == 1 && (packet->tcp_flags & QS_TCP_RST) == 0)
    {
      if (!connection->answered)
        connection->connected = captured->time;
      connection->answered = TRUE;
    }
  note_lacks (connection, side, packet);
  qs_capture_tcp_add (&connection->tcp[side], sequence, packet->payload, deliver_cb, &delivery);
  if ((packet->tcp_flags & QS_TCP_RST) != 0)
    add_reset (self, connection, captured, packet);
  add_end (connection, side, captured, packet);
  qs_capture_note_passed (self, connection);
}
