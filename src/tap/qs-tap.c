/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tap/qs-tap.h"

#include "base/qs-slice.h"
#include "tap/qs-key-shelf.h"
#include "tap/qs-tap-private.h"
#include "trace/qs-trace-budget.h"
#include "wire/qs-frame.h"

#define TICK_MS 50
#define SILENCE_S 120   /* of a QUIC connection: longer than anybody's idle timeout */
#define TCP_PATIENCE 15 /* so many times as long: it has none, and browsers keep them */
#define DRAIN_US \
  (3 * G_USEC_PER_SEC) /* behind an end, what may still come; RFC 9000 section 10.2 asks for three PTOs */
#define KEYS_US (10 * G_USEC_PER_SEC) /* likewise, for keys that a program writes late */
#define MAX_LINGERING 512             /* connections that have ended and wait for either */

#define CLOSES (G_GUINT64_CONSTANT (3) << QS_FRAME_CONNECTION_CLOSE)
#define TELLS_IDS (G_GUINT64_CONSTANT (1) << QS_FRAME_NEW_CONNECTION_ID)

struct _QsTap {
  GObject parent;
  char *target;
  gint64 silence_us;
  QsTapRelay *relay;
  GPtrArray *followers; /* QsKeyFollower */
  QsKeyShelf *shelf;
  GPtrArray *connections; /* QsTapConnection, not settled; in the order in which they began */
  GHashTable *by_random;  /* QsTapConnection's random -> it */
  guint tick;
  QsTapTotals totals;
};

enum { ADDED, SETTLED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsTap, qs_tap, G_TYPE_OBJECT)

/* --- Keys --- */

static void
give_line (QsTapConnection *connection, const char *line)
{
  qs_trace_add_secret (connection->trace, qs_trace_now (connection->trace), line);
  connection->n_keys++;
}

static void
line_cb (const char *line, gpointer data)
{
  QsTap *self = data;
  g_autofree char *random = qs_key_shelf_add (self->shelf, line);
  QsTapConnection *connection = random != NULL ? g_hash_table_lookup (self->by_random, random) : NULL;

  self->totals.lines += random != NULL;
  if (connection != NULL)
    give_line (connection, line);
}

static void
poll_keys (QsTap *self)
{
  gint64 deadline = g_get_monotonic_time () + QS_SLICE_BUDGET_US / 2;

  for (guint i = 0; i < self->followers->len; i++)
    while (qs_key_follower_poll (self->followers->pdata[i], line_cb, self) && g_get_monotonic_time () < deadline)
      ;
}

static void
learn_random (QsTap *self, QsTapConnection *connection, const QsTlsMessage *hello)
{
  if (connection->random != NULL || hello->random.length == 0)
    return;
  connection->random = qs_span_to_hex (hello->random);
  g_hash_table_replace (self->by_random, connection->random, connection);
  GPtrArray *lines = qs_key_shelf_get (self->shelf, connection->random);
  for (guint i = 0; lines != NULL && i < lines->len; i++)
    give_line (connection, lines->pdata[i]);
}

/* --- What a connection tells --- */

static void
look_at_messages (QsTap *self, QsTapConnection *connection)
{
  guint n = qs_trace_get_n_messages (connection->trace);

  for (; connection->n_messages < n; connection->n_messages++)
    {
      const QsTlsMessage *message = qs_trace_get_message (connection->trace, connection->n_messages)->message;
      if (message != NULL && message->type == QS_TLS_CLIENT_HELLO)
        learn_random (self, connection, message);
    }
}

static void
learn_ids (QsTap *self, QsTapConnection *connection, guint packet)
{
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GArray) frames = qs_trace_dup_frames (connection->trace, packet, &payload);

  for (guint i = 0; i < frames->len; i++)
    {
      const QsFrame *frame = &g_array_index (frames, QsFrame, i);
      if (qs_frame_base_type (frame->type) == QS_FRAME_NEW_CONNECTION_ID)
        qs_tap_relay_learn (self->relay, connection, frame->data);
    }
}

static void
look_at_packet (QsTap *self, QsTapConnection *connection, guint index)
{
  const QsPacket *packet = qs_trace_get_packet (connection->trace, index);

  if (packet->type == QS_PACKET_TLS_RECORD || (packet->flags & QS_PACKET_DROPPED) != 0)
    return;
  connection->closed |= (packet->frames & CLOSES) != 0;
  if ((packet->frames & TELLS_IDS) != 0)
    learn_ids (self, connection, index);
}

/* Whether keys that come yet may open it. */
static gboolean
may_open (const QsPacket *packet)
{
  const guint needs_keys = 1u << QS_PACKET_HANDSHAKE | 1u << QS_PACKET_1RTT;

  if ((packet->flags & (QS_PACKET_DECRYPTED | QS_PACKET_CORRUPT | QS_PACKET_PAYLOAD_DROPPED)) != 0)
    return FALSE;
  return (needs_keys >> packet->type & 1) != 0 ||
         (packet->type == QS_PACKET_UNKNOWN && (packet->flags & QS_PACKET_COALESCED) != 0);
}

/* Those that came since; and behind them those that were closed when they were looked at, once they are open. */
static void
look_at_packets (QsTap *self, QsTapConnection *connection, gint64 deadline)
{
  guint n = qs_trace_get_n_packets (connection->trace);
  guint *const cursors[] = { &connection->n_packets, &connection->n_open };

  for (guint i = 0; i < G_N_ELEMENTS (cursors); i++)
    for (; *cursors[i] < n; ++*cursors[i])
      {
        if (i == 1 && may_open (qs_trace_get_packet (connection->trace, *cursors[i])))
          break;
        look_at_packet (self, connection, *cursors[i]);
        if (*cursors[i] % 256 == 0 && g_get_monotonic_time () > deadline)
          {
            ++*cursors[i];
            return;
          }
      }
}

/* --- Settling --- */

/* The trace is whole now: what is said of it is what would be said of its file. Where a key log was read and has nothing for it,
 * one line of it says so. */
static void
settle (QsTap *self, QsTapConnection *connection)
{
  const char *any = qs_key_shelf_get_any (self->shelf);
  const QsStudySource source = { self->target, "relay", connection->number, self->totals.begun };

  qs_tap_relay_end_trace (self->relay, connection);
  look_at_messages (self, connection);
  if (connection->n_keys == 0 && any != NULL)
    qs_trace_add_secret (connection->trace, qs_trace_now (connection->trace), any);
  qs_trace_set_from_file (connection->trace);
  qs_trace_set_format (connection->trace, "relay");
  qs_study_set_source (connection->study, &source);
  qs_study_settle (connection->study);
  self->totals.settled++;
  self->totals.keyless += connection->n_keys == 0;
  if (connection->random != NULL && g_hash_table_lookup (self->by_random, connection->random) == connection)
    g_hash_table_remove (self->by_random, connection->random);
  g_signal_emit (self, signals[SETTLED], 0, connection);
}

static gboolean
is_empty (QsTap *self, QsTapConnection *connection)
{
  return connection->tcp && connection->over && connection->empty;
}

/* When, by the monotonic clock, it may settle. */
static gint64
settles_at (QsTap *self, QsTapConnection *connection, gboolean *ended)
{
  gint64 since;
  gboolean over = qs_tap_relay_is_over (self->relay, connection, &since) || connection->closed;
  gint64 wait = connection->tcp ? 0 : DRAIN_US;

  *ended = over;
  if (!over)
    return since + self->silence_us * (connection->tcp ? TCP_PATIENCE : 1);
  if (self->followers->len > 0 && connection->n_keys == 0)
    wait = KEYS_US;
  return since + MIN (wait, self->silence_us);
}

static void
settle_those_that_may (QsTap *self)
{
  gint64 now = g_get_monotonic_time (), deadline = now + QS_SLICE_BUDGET_US / 2;
  guint n_ended = 0;

  for (guint i = 0; i < self->connections->len; i++)
    {
      gboolean ended;
      settles_at (self, self->connections->pdata[i], &ended);
      n_ended += ended;
    }
  for (guint i = 0; i < self->connections->len;)
    {
      g_autoptr (QsTapConnection) connection = g_object_ref (self->connections->pdata[i]);
      gboolean ended, due = settles_at (self, connection, &ended) <= now;

      if (!due && !(ended && n_ended > MAX_LINGERING))
        {
          i++;
          continue;
        }
      /* A long one is read in pieces: the rest comes with the next tick. */
      if (!is_empty (self, connection) && !qs_study_advance (connection->study, deadline))
        return;
      n_ended -= ended;
      g_ptr_array_remove_index (self->connections, i);
      if (is_empty (self, connection))
        self->totals.empty++;
      else
        settle (self, connection);
    }
}

/* --- The tick --- */

static void
take_begun (QsTap *self)
{
  for (QsTapConnection *connection; (connection = qs_tap_relay_pop (self->relay)) != NULL;)
    {
      connection->number = ++self->totals.begun;
      connection->study = qs_study_new (connection->trace, NULL);
      qs_dissector_follow (qs_study_get_dissector (connection->study));
      g_ptr_array_add (self->connections, connection);
      g_signal_emit (self, signals[ADDED], 0, connection);
    }
}

static void
look (QsTap *self)
{
  gint64 deadline = g_get_monotonic_time () + QS_SLICE_BUDGET_US / 2;

  take_begun (self);
  for (guint i = 0; i < self->connections->len; i++)
    {
      look_at_messages (self, self->connections->pdata[i]);
      look_at_packets (self, self->connections->pdata[i], deadline);
    }
  poll_keys (self);
}

static gboolean
tick_cb (gpointer data)
{
  QsTap *self = data;

  look (self);
  settle_those_that_may (self);
  return G_SOURCE_CONTINUE;
}

/* --- Construction --- */

static void
qs_tap_finalize (GObject *object)
{
  QsTap *self = QS_TAP (object);

  if (self->tick != 0)
    g_source_remove (self->tick);
  for (guint i = 0; i < self->connections->len; i++)
    qs_tap_relay_end_trace (self->relay, self->connections->pdata[i]);
  g_hash_table_unref (self->by_random);
  g_ptr_array_unref (self->connections);
  g_clear_pointer (&self->relay, qs_tap_relay_free);
  g_ptr_array_unref (self->followers);
  qs_key_shelf_free (self->shelf);
  g_free (self->target);
  G_OBJECT_CLASS (qs_tap_parent_class)->finalize (object);
}

static void
qs_tap_class_init (QsTapClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = qs_tap_finalize;
  signals[ADDED] = g_signal_new ("added", QS_TYPE_TAP, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                 QS_TYPE_TAP_CONNECTION);
  signals[SETTLED] = g_signal_new ("settled", QS_TYPE_TAP, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                   QS_TYPE_TAP_CONNECTION);
}

static void
qs_tap_init (QsTap *self)
{
  self->followers = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_key_follower_free);
  self->shelf = qs_key_shelf_new ();
  self->connections = g_ptr_array_new_with_free_func (g_object_unref);
  self->by_random = g_hash_table_new (g_str_hash, g_str_equal);
}

QsTap *
qs_tap_new (const QsTapOptions *options, GError **error)
{
  g_return_val_if_fail (options != NULL && options->target != NULL, NULL);

  g_autoptr (QsTap) self = g_object_new (QS_TYPE_TAP, NULL);
  QsTapRelayOptions relay = options->relay;

  self->target = g_strdup (options->target);
  self->silence_us = (options->silence_s > 0 ? options->silence_s : SILENCE_S) * (gint64) G_USEC_PER_SEC;
  for (guint i = 0; options->key_logs != NULL && options->key_logs[i] != NULL; i++)
    g_ptr_array_add (self->followers, qs_key_follower_new (options->key_logs[i]));
  relay.budget = relay.budget > 0 ? relay.budget : QS_TRACE_BUDGET;
  self->relay = qs_tap_relay_new (&relay, error);
  return self->relay != NULL ? g_steal_pointer (&self) : NULL;
}

GSocketAddress *
qs_tap_get_address (QsTap *self)
{
  g_return_val_if_fail (QS_IS_TAP (self), NULL);
  return qs_tap_relay_get_address (self->relay);
}

void
qs_tap_start (QsTap *self)
{
  g_return_if_fail (QS_IS_TAP (self) && self->tick == 0);

  qs_tap_relay_start (self->relay);
  self->tick = g_timeout_add (TICK_MS, tick_cb, self);
}

void
qs_tap_stop (QsTap *self)
{
  g_return_if_fail (QS_IS_TAP (self));

  if (self->tick == 0)
    return;
  g_source_remove (self->tick);
  self->tick = 0;
  qs_tap_relay_stop (self->relay);
  take_begun (self);
  for (guint i = 0; i < self->followers->len; i++)
    qs_key_follower_finish (self->followers->pdata[i], line_cb, self);
  for (guint i = 0; i < self->connections->len; i++)
    {
      QsTapConnection *connection = self->connections->pdata[i];
      qs_study_advance (connection->study, 0); /* to its hello, which says what keys are its own */
      look_at_messages (self, connection);
    }
  while (self->connections->len > 0)
    {
      g_autoptr (QsTapConnection) connection = g_ptr_array_steal_index (self->connections, 0);
      if (is_empty (self, connection))
        self->totals.empty++;
      else
        settle (self, connection);
    }
}

void
qs_tap_get_totals (QsTap *self, QsTapTotals *totals)
{
  g_return_if_fail (QS_IS_TAP (self) && totals != NULL);

  *totals = self->totals;
  qs_tap_relay_get_figures (self->relay, &totals->relay);
}

GPtrArray *
qs_tap_get_key_logs (QsTap *self)
{
  g_return_val_if_fail (QS_IS_TAP (self), NULL);
  return self->followers;
}
