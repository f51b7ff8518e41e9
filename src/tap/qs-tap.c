/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tap/qs-tap.h"

#include "base/qs-slice.h"
#include "tap/qs-key-shelf.h"
#include "tap/qs-tap-capture.h"
#include "tap/qs-tap-private.h"
#include "trace/qs-trace-budget.h"
#include "wire/qs-frame.h"

#define TICK_MS 50
#define SILENCE_S 120   /* of a QUIC connection: longer than anybody's idle timeout */
#define TCP_PATIENCE 15 /* so many times as long: it has none, and browsers keep them */
#define DRAIN_US \
  (3 * G_USEC_PER_SEC) /* behind an end, what may still come; RFC 9000 section 10.2 asks for three PTOs */
#define KEYS_US (10 * G_USEC_PER_SEC)        /* likewise, for keys that a program writes late */
#define MAX_LINGERING 512                    /* connections that have ended and wait for either */
#define MAX_HELD (QS_PROGRAM_BUDGET / 4 * 3) /* bytes of all traces: above, the most silent settles before its time */

#define CLOSES (G_GUINT64_CONSTANT (3) << QS_FRAME_CONNECTION_CLOSE)
#define TELLS_IDS (G_GUINT64_CONSTANT (1) << QS_FRAME_NEW_CONNECTION_ID)

struct _QsTap {
  GObject parent;
  char *target;
  gint64 silence_us;
  QsTapWire *wire;
  QsTapRelay *relay;     /* the wire, where it is one; NULL */
  QsTapCapture *capture; /* likewise */
  GPtrArray *followers;  /* QsKeyFollower */
  QsKeyShelf *shelf;
  GPtrArray *connections; /* QsTapConnection, not settled; in the order in which they began */
  GHashTable *by_random;  /* QsTapConnection's random -> it */
  guint tick;
  GSource *taking;   /* of those that have begun there are many; NULL: none are left */
  GSource *settling; /* more may settle than a tick has time for; NULL: none is left */
  GSource *ending;   /* what is left settles in slices; NULL: not yet, or over */
  gboolean begun, keys_finished, stopped;
  char *trouble;
  QsTapTotals totals;
};

enum { ADDED, SETTLED, STOPPED, N_SIGNALS };
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
take_lines (QsTap *self)
{
  if (self->wire->klass->pop_line == NULL)
    return;
  for (char *line; (line = self->wire->klass->pop_line (self->wire)) != NULL; g_free (line))
    line_cb (line, self);
}

/* TRUE: there may be more. */
static gboolean
poll_keys (QsTap *self, gint64 deadline)
{
  gboolean more = FALSE;

  take_lines (self);
  for (guint i = 0; i < self->followers->len; i++)
    {
      gboolean of_this;
      while ((of_this = qs_key_follower_poll (self->followers->pdata[i], line_cb, self)) &&
             g_get_monotonic_time () < deadline)
        ;
      more |= of_this;
    }
  return more;
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
        self->wire->klass->learn (self->wire, connection, frame->data);
    }
}

static void
look_at_packet (QsTap *self, QsTapConnection *connection, guint index)
{
  const QsPacket *packet = qs_trace_get_packet (connection->trace, index);

  if (packet->type == QS_PACKET_TLS_RECORD || (packet->flags & QS_PACKET_DROPPED) != 0)
    return;
  connection->closed |= (packet->frames & CLOSES) != 0;
  if ((packet->frames & TELLS_IDS) != 0 && self->wire->klass->learn != NULL)
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
  const QsStudySource source = { self->target, self->wire->format, connection->number, self->totals.begun };

  self->wire->klass->end_trace (self->wire, connection);
  if (!connection->told)
    {
      connection->told = TRUE;
      g_signal_emit (self, signals[ADDED], 0, connection);
    }
  look_at_messages (self, connection);
  if (connection->n_keys == 0 && any != NULL)
    qs_trace_add_secret (connection->trace, qs_trace_now (connection->trace), any);
  qs_trace_set_from_file (connection->trace);
  qs_trace_set_format (connection->trace, self->wire->format);
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
  gboolean over = qs_tap_wire_is_over (self->wire, connection, &since) || connection->closed;
  gint64 wait = connection->tcp ? 0 : DRAIN_US;

  *ended = over;
  if (!over)
    return since + self->silence_us * (connection->tcp ? TCP_PATIENCE : 1);
  if (self->followers->len > 0 && connection->n_keys == 0)
    wait = KEYS_US;
  return since + MIN (wait, self->silence_us);
}

/* A long one is read in pieces: FALSE, the rest comes with the next tick. Its keys may come to light with its hello. */
static gboolean
read_to_end (QsTap *self, QsTapConnection *connection, gint64 deadline)
{
  guint n_keys;

  do
    {
      n_keys = connection->n_keys;
      if (!qs_study_advance (connection->study, deadline))
        return FALSE;
      look_at_messages (self, connection);
    }
  while (connection->n_keys != n_keys);
  return TRUE;
}

/* Takes it off the list. */
static void
conclude (QsTap *self, guint index)
{
  g_autoptr (QsTapConnection) connection = g_ptr_array_steal_index (self->connections, index);

  if (is_empty (self, connection))
    self->totals.empty++;
  else
    settle (self, connection);
}

/* Where all together hold too much: the one that was heard of longest ago. */
static void
settle_most_silent (QsTap *self, gint64 deadline)
{
  guint silent = 0;
  gint64 least = G_MAXINT64;

  if (self->connections->len < 2 || qs_trace_get_program_held () <= MAX_HELD)
    return;
  for (guint i = 0; i < self->connections->len; i++)
    {
      gint64 since;
      qs_tap_wire_is_over (self->wire, self->connections->pdata[i], &since);
      silent = since < least ? i : silent;
      least = MIN (since, least);
    }
  if (read_to_end (self, self->connections->pdata[silent], deadline))
    conclude (self, silent);
}

/* FALSE: the deadline (monotonic) came first. */
static gboolean
settle_those_that_may (QsTap *self, gint64 deadline)
{
  gint64 now = g_get_monotonic_time ();
  guint n_ended = 0;

  settle_most_silent (self, deadline);
  for (guint i = 0; i < self->connections->len; i++)
    {
      gboolean ended;
      settles_at (self, self->connections->pdata[i], &ended);
      n_ended += ended;
    }
  for (guint i = 0; i < self->connections->len;)
    {
      QsTapConnection *connection = self->connections->pdata[i];
      gboolean ended, due = settles_at (self, connection, &ended) <= now;

      if (!due && !(ended && n_ended > MAX_LINGERING))
        {
          i++;
          continue;
        }
      if (!is_empty (self, connection) && !read_to_end (self, connection, deadline))
        return FALSE;
      n_ended -= ended;
      conclude (self, i);
      if (g_get_monotonic_time () > deadline)
        return FALSE;
    }
  return TRUE;
}

static gboolean
settle_cb (gint64 deadline, gpointer data)
{
  g_autoptr (QsTap) self = g_object_ref (data); /* who hears of one may have no use for the tap any more */

  if (!settle_those_that_may (self, deadline))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->settling, g_source_unref);
  return G_SOURCE_REMOVE;
}

/* --- The tick --- */

/* Of one over TCP once it carried a byte: others may come to nothing. */
static void
tell_of (QsTap *self, QsTapConnection *connection)
{
  if (connection->told || (connection->tcp && qs_trace_get_n_datagrams (connection->trace) == 0))
    return;
  connection->told = TRUE;
  g_signal_emit (self, signals[ADDED], 0, connection);
}

/* FALSE: the deadline (monotonic; 0: none) came first. */
static gboolean
take_begun (QsTap *self, gint64 deadline)
{
  for (QsTapConnection *connection; (connection = qs_tap_wire_pop (self->wire)) != NULL;)
    {
      connection->number = ++self->totals.begun;
      connection->study = qs_study_new (connection->trace, NULL);
      qs_dissector_follow (qs_study_get_dissector (connection->study));
      g_ptr_array_add (self->connections, connection);
      tell_of (self, connection);
      if (deadline != 0 && g_get_monotonic_time () > deadline)
        return FALSE;
    }
  return TRUE;
}

/* Many at once: the rest before the next tick. */
static gboolean
take_cb (gint64 deadline, gpointer data)
{
  QsTap *self = data;

  if (!take_begun (self, deadline))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->taking, g_source_unref);
  return G_SOURCE_REMOVE;
}

static void
look (QsTap *self)
{
  gint64 deadline = g_get_monotonic_time () + QS_SLICE_BUDGET_US / 2;

  if (!take_begun (self, deadline) && self->taking == NULL)
    self->taking = qs_slice_add (NULL, "[quicscope] take what has begun", take_cb, self, NULL);
  for (guint i = 0; i < self->connections->len; i++)
    {
      tell_of (self, self->connections->pdata[i]);
      look_at_messages (self, self->connections->pdata[i]);
      look_at_packets (self, self->connections->pdata[i], deadline);
    }
  poll_keys (self, g_get_monotonic_time () + QS_SLICE_BUDGET_US / 2);
}

/* --- The end --- */

static void
stop_slice (GSource **slice)
{
  if (*slice != NULL)
    g_source_destroy (*slice);
  g_clear_pointer (slice, g_source_unref);
}

/* Nothing comes any more. */
static void
end_wire (QsTap *self)
{
  g_clear_handle_id (&self->tick, g_source_remove);
  stop_slice (&self->taking);
  stop_slice (&self->settling);
  self->wire->klass->stop (self->wire);
  take_lines (self);
  if (self->capture != NULL && self->trouble == NULL)
    self->trouble = qs_tap_capture_dup_trouble (self->capture);
}

static void
finish_keys (QsTap *self)
{
  if (self->keys_finished)
    return;
  self->keys_finished = TRUE;
  for (guint i = 0; i < self->followers->len; i++)
    qs_key_follower_finish (self->followers->pdata[i], line_cb, self);
}

static void
tell_stopped (QsTap *self)
{
  self->stopped = TRUE;
  g_signal_emit (self, signals[STOPPED], 0);
}

static gboolean
end_cb (gint64 deadline, gpointer data)
{
  g_autoptr (QsTap) self = g_object_ref (data); /* who hears of the end may have no use for it any more */

  if (!take_begun (self, deadline) || (!self->keys_finished && poll_keys (self, deadline)))
    return G_SOURCE_CONTINUE;
  finish_keys (self);
  while (self->connections->len > 0)
    {
      QsTapConnection *connection = self->connections->pdata[0];
      if (!is_empty (self, connection) && !read_to_end (self, connection, deadline))
        return G_SOURCE_CONTINUE;
      conclude (self, 0);
      if (g_get_monotonic_time () > deadline)
        return G_SOURCE_CONTINUE;
    }
  g_clear_pointer (&self->ending, g_source_unref);
  tell_stopped (self);
  return G_SOURCE_REMOVE;
}

static gboolean
tick_cb (gpointer data)
{
  g_autoptr (QsTap) self = g_object_ref (data);

  if (self->wire->klass->is_stopped (self->wire))
    {
      end_wire (self);
      self->ending = qs_slice_add (NULL, "[quicscope] settle what was watched", end_cb, self, NULL);
      return G_SOURCE_REMOVE;
    }
  look (self);
  /* Where connections end faster than ticks can settle them, what they hold would pile up. */
  if (self->settling == NULL && !settle_those_that_may (self, g_get_monotonic_time () + QS_SLICE_BUDGET_US / 2))
    self->settling = qs_slice_add (NULL, "[quicscope] settle what has ended", settle_cb, self, NULL);
  return G_SOURCE_CONTINUE;
}

/* --- Construction --- */

static void
qs_tap_finalize (GObject *object)
{
  QsTap *self = QS_TAP (object);

  g_clear_handle_id (&self->tick, g_source_remove);
  stop_slice (&self->taking);
  stop_slice (&self->settling);
  stop_slice (&self->ending);
  for (guint i = 0; self->wire != NULL && i < self->connections->len; i++)
    self->wire->klass->end_trace (self->wire, self->connections->pdata[i]);
  g_hash_table_unref (self->by_random);
  g_ptr_array_unref (self->connections);
  if (self->wire != NULL)
    self->wire->klass->free (self->wire);
  g_free (self->trouble);
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
  signals[STOPPED] = g_signal_new ("stopped", QS_TYPE_TAP, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_tap_init (QsTap *self)
{
  self->followers = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_key_follower_free);
  self->shelf = qs_key_shelf_new ();
  self->connections = g_ptr_array_new_with_free_func (g_object_unref);
  self->by_random = g_hash_table_new (g_str_hash, g_str_equal);
}

static QsTap *
tap_new (const char *target, const char *const *key_logs, guint silence_s)
{
  QsTap *self = g_object_new (QS_TYPE_TAP, NULL);

  self->target = g_strdup (target);
  self->silence_us = (silence_s > 0 ? silence_s : SILENCE_S) * (gint64) G_USEC_PER_SEC;
  for (guint i = 0; key_logs != NULL && key_logs[i] != NULL; i++)
    g_ptr_array_add (self->followers, qs_key_follower_new (key_logs[i]));
  return self;
}

QsTap *
qs_tap_new (const QsTapOptions *options, GError **error)
{
  g_return_val_if_fail (options != NULL && options->target != NULL, NULL);

  g_autoptr (QsTap) self = tap_new (options->target, options->key_logs, options->silence_s);
  QsTapRelayOptions relay = options->relay;

  relay.budget = relay.budget > 0 ? relay.budget : QS_TRACE_BUDGET;
  self->relay = qs_tap_relay_new (&relay, error);
  self->wire = (QsTapWire *) self->relay;
  return self->wire != NULL ? g_steal_pointer (&self) : NULL;
}

QsTap *
qs_tap_new_for_capture (const QsTapCaptureOptions *options, GError **error)
{
  g_return_val_if_fail (options != NULL && options->path != NULL, NULL);

  g_autoptr (QsTap) self = tap_new (options->path, options->key_logs, options->silence_s);

  self->capture = qs_tap_capture_new (options->path, options->follow, options->patience_ms, error);
  self->wire = (QsTapWire *) self->capture;
  return self->wire != NULL ? g_steal_pointer (&self) : NULL;
}

GSocketAddress *
qs_tap_get_address (QsTap *self)
{
  g_return_val_if_fail (QS_IS_TAP (self), NULL);
  return self->relay != NULL ? qs_tap_relay_get_address (self->relay) : NULL;
}

void
qs_tap_start (QsTap *self)
{
  g_return_if_fail (QS_IS_TAP (self) && !self->begun);

  self->begun = TRUE;
  self->wire->klass->start (self->wire);
  self->tick = g_timeout_add (TICK_MS, tick_cb, self);
}

void
qs_tap_stop (QsTap *self)
{
  g_return_if_fail (QS_IS_TAP (self));

  if (!self->begun || self->stopped)
    return;
  if (self->ending != NULL)
    g_source_destroy (self->ending);
  else
    end_wire (self);
  g_clear_pointer (&self->ending, g_source_unref);
  take_begun (self, 0);
  finish_keys (self);
  for (guint i = 0; i < self->connections->len; i++)
    read_to_end (self, self->connections->pdata[i], 0);
  while (self->connections->len > 0)
    conclude (self, 0);
  tell_stopped (self);
}

void
qs_tap_begin_stop (QsTap *self, gboolean at_once)
{
  g_return_if_fail (QS_IS_TAP (self));

  if (self->tick != 0)
    self->wire->klass->begin_stop (self->wire, at_once);
}

gboolean
qs_tap_is_stopped (QsTap *self)
{
  g_return_val_if_fail (QS_IS_TAP (self), TRUE);
  return !self->begun || self->stopped;
}

gboolean
qs_tap_set_impairment (QsTap *self, const char *rules, GError **error)
{
  g_return_val_if_fail (QS_IS_TAP (self) && self->relay != NULL, FALSE);

  QsImpairment *impairment = qs_impairment_new (rules != NULL ? rules : "loss=0%", error);
  if (impairment == NULL)
    return FALSE;
  qs_tap_relay_set_impairment (self->relay, impairment);
  return TRUE;
}

const char *
qs_tap_get_trouble (QsTap *self)
{
  g_return_val_if_fail (QS_IS_TAP (self), NULL);
  return self->trouble;
}

void
qs_tap_get_totals (QsTap *self, QsTapTotals *totals)
{
  g_return_if_fail (QS_IS_TAP (self) && totals != NULL);

  *totals = self->totals;
  if (self->relay != NULL)
    qs_tap_relay_get_figures (self->relay, &totals->relay);
  if (self->capture != NULL)
    totals->packets = qs_tap_capture_get_n_packets (self->capture);
}

GPtrArray *
qs_tap_get_key_logs (QsTap *self)
{
  g_return_val_if_fail (QS_IS_TAP (self), NULL);
  return self->followers;
}
