/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding an address that answers: RFC 8305's race, and what TCP says where QUIC gets no answer. */
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "engine/qs-probe-private.h"
#include "net/qs-tcp-probe.h"
#include "net/qs-udp-bio.h"

/* RFC 8305 section 5. */
#define STAGGER_MS 250
/* QUIC's silence after which TCP is asked: the first Initial and its first repetition are out by then. */
#define TCP_CHECK_MS 1000
/* Connecting and a look at the answer: no-reply is to be named with it 3.5 s after the start at the latest. */
#define TCP_ANSWER_MS 2000
/* How long an ended run waits for what TCP says: a closed port is to be named within 100 ms. */
#define TCP_CHECK_GRACE_MS 60

/* Silence after which a ClientHello that fits into one datagram is tried as well: with a post-quantum key share it takes
 * two, and some servers and middleboxes do not put them together. */
#define SMALL_HELLO_MS 2000
#define SMALL_HELLO_GROUPS "X25519:P-256:P-384"

static void start_next (QsProbe *self);

static void
attempt_free (gpointer data)
{
  QsAttempt *attempt = data;

  qs_connection_abort (attempt->connection);
  qs_connection_unref (attempt->connection);
  g_free (attempt);
}

static gboolean
is_alive (const QsAttempt *attempt)
{
  return qs_connection_get_state (attempt->connection) < QS_CONNECTION_CLOSED;
}

static guint
count_alive (QsProbe *self)
{
  guint n = 0;

  for (guint i = 0; i < self->attempts->len; i++)
    n += is_alive (self->attempts->pdata[i]);
  return n;
}

/* What is told of an address that lost holds for nothing of the one that counts: with a second ClientHello they are the
 * same, and there is nothing to tell. */
static void
note_lost (QsProbe *self, QsAttempt *attempt, QsConnection *counts, const char *name)
{
  g_autofree char *text = qs_socket_address_to_text (qs_connection_get_address (attempt->connection));
  g_autofree char *other = counts != NULL ? qs_socket_address_to_text (qs_connection_get_address (counts)) : NULL;

  if (g_strcmp0 (text, other) == 0)
    return;
  qs_trace_add_mark (self->trace, QS_MARK_ATTEMPT_LOST, name, 0, text);
}

/* --- The TCP check --- */

static void
end_if_all_failed (QsProbe *self)
{
  if (self->ending || self->winner != NULL || count_alive (self) > 0 || self->next_address < self->addresses->len)
    return;
  qs_probe_end (self, FALSE);
}

static void
checked_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsProbe) self = data;
  QsTcpAnswer answer;
  gboolean answered = qs_tcp_probe_finish (result, &answer, NULL);

  self->checking = FALSE;
  if (!answered || self->finished || self->winner != NULL)
    return;
  self->checked = TRUE;
  qs_trace_add_mark (self->trace, QS_MARK_TCP_PROBE, qs_tcp_answer_name (answer), 0, qs_tcp_answer_sentence (answer));
  qs_probe_log (self, "%s", qs_tcp_answer_sentence (answer));
  end_if_all_failed (self);
}

/* What is still waited for; once all have failed, the first one. */
static GSocketAddress *
silent_address (QsProbe *self)
{
  for (guint i = 0; i < self->attempts->len; i++)
    if (is_alive (self->attempts->pdata[i]))
      return qs_connection_get_address (((QsAttempt *) self->attempts->pdata[i])->connection);
  return self->addresses->pdata[0];
}

static void
start_tcp_check (QsProbe *self)
{
  qs_probe_clear_source (&self->check_timer);
  if (self->checking || self->checked || qs_target_get_transport (self->target) == QS_TRANSPORT_TLS)
    return;
  self->checking = TRUE;
  const char *sni = qs_target_is_literal (self->target) ? NULL : qs_target_get_host (self->target);
  qs_tcp_probe_async (silent_address (self), sni, TCP_ANSWER_MS, self->cancellable, checked_cb, g_object_ref (self));
}

static gboolean
check_timer_cb (gpointer data)
{
  start_tcp_check (data);
  return G_SOURCE_REMOVE;
}

static gboolean
grace_over_cb (gpointer data)
{
  QsProbe *self = data;

  qs_probe_clear_source (&self->deadline);
  if (self->winner == NULL)
    qs_probe_end (self, FALSE);
  return G_SOURCE_REMOVE;
}

/* --- The race --- */

/* The run is about the attempt that tells most: an answer, then a refusal, then another error, then silence. */
static void
settle_on_most_telling (QsProbe *self)
{
  QsAttempt *best = NULL;

  for (guint i = 0; i < self->attempts->len; i++)
    {
      QsAttempt *attempt = self->attempts->pdata[i];
      if (best == NULL ||
          qs_connection_get_failure_rank (attempt->connection) > qs_connection_get_failure_rank (best->connection))
        best = attempt;
    }
  for (guint i = 0; i < self->attempts->len; i++)
    if (self->attempts->pdata[i] != best)
      note_lost (self, self->attempts->pdata[i], best->connection,
                 qs_connection_get_failure (((QsAttempt *) self->attempts->pdata[i])->connection));
  if (best != NULL)
    qs_mark_sink_release (qs_connection_get_sink (best->connection));
}

static void
all_failed (QsProbe *self)
{
  settle_on_most_telling (self);
  if (self->stopped || qs_target_get_transport (self->target) == QS_TRANSPORT_TLS)
    {
      qs_probe_end (self, FALSE);
      return;
    }
  start_tcp_check (self);
  if (self->checked)
    {
      qs_probe_end (self, FALSE);
      return;
    }
  qs_probe_set_deadline (self, TCP_CHECK_GRACE_MS, grace_over_cb);
}

static void
attempt_failed (QsProbe *self)
{
  if (!self->stopped && self->next_address < self->addresses->len)
    start_next (self);
  else if (count_alive (self) == 0)
    all_failed (self);
}

static gboolean
stagger_cb (gpointer data)
{
  QsProbe *self = data;

  qs_probe_clear_source (&self->stagger);
  start_next (self);
  return G_SOURCE_REMOVE;
}

static gboolean
start_attempt (QsProbe *self, QsSslConfig *config, GSocketAddress *address)
{
  g_autoptr (GError) error = NULL;
  QsConnectionSetup setup = { config,
                              qs_target_get_transport (self->target),
                              self->options->mode,
                              self->options->record,
                              self->trace,
                              address,
                              self->addresses->len > 1 || config != self->config,
                              self->impairment };
  QsAttempt *attempt = g_new0 (QsAttempt, 1);

  attempt->connection = qs_connection_new (&setup, &qs_probe_listener, self);
  attempt->started = g_get_monotonic_time ();
  g_ptr_array_add (self->attempts, attempt);
  if (qs_connection_start (attempt->connection, &error))
    return TRUE;
  qs_connection_fail_to_start (attempt->connection, error);
  return FALSE;
}

static gboolean
small_hello_cb (gpointer data)
{
  QsProbe *self = data;
  g_autoptr (QsProbeOptions) options = qs_probe_options_copy (self->options);

  qs_probe_clear_source (&self->hello_timer);
  if (self->winner != NULL || self->ending || self->stopped || count_alive (self) == 0)
    return G_SOURCE_REMOVE;
  options->groups = g_strdup (SMALL_HELLO_GROUPS);
  g_autoptr (QsSslConfig) config = qs_ssl_config_new (self->target, options, NULL);
  if (config == NULL)
    return G_SOURCE_REMOVE;
  const char *text =
      _ ("No answer yet: a ClientHello in one datagram is tried as well, without a post-quantum key share");
  qs_trace_add_mark (self->trace, QS_MARK_NOTE, "small-hello", 0, text);
  qs_probe_log (self, "%s", text);
  if (!start_attempt (self, config, silent_address (self)))
    attempt_failed (self);
  return G_SOURCE_REMOVE;
}

static void
start_next (QsProbe *self)
{
  qs_probe_clear_source (&self->stagger);
  if (self->next_address >= self->addresses->len || self->winner != NULL || self->ending)
    return;

  GSocketAddress *address = self->addresses->pdata[self->next_address];
  g_autofree char *text = qs_socket_address_to_text (address);

  qs_trace_add_mark (self->trace, QS_MARK_CONNECTING, NULL, self->next_address++, text);
  qs_probe_log (self, _ ("Trying %s"), text);
  if (!start_attempt (self, self->config, address))
    {
      attempt_failed (self);
      return;
    }
  if (self->next_address < self->addresses->len)
    self->stagger = qs_probe_add_timeout (self, STAGGER_MS, stagger_cb);
}

void
qs_probe_race_start (QsProbe *self)
{
  self->attempts = g_ptr_array_new_with_free_func (attempt_free);
  qs_probe_set_state (self, QS_CONNECTION_CONNECTING);
  self->stage = QS_STAGE_CONNECT;
  if (qs_target_get_transport (self->target) == QS_TRANSPORT_QUIC)
    self->check_timer = qs_probe_add_timeout (self, TCP_CHECK_MS, check_timer_cb);
  /* Who names groups wants these and no others. */
  if (qs_target_get_transport (self->target) == QS_TRANSPORT_QUIC && self->options->groups == NULL)
    self->hello_timer = qs_probe_add_timeout (self, SMALL_HELLO_MS, small_hello_cb);
  start_next (self);
}

void
qs_probe_race_stop (QsProbe *self)
{
  qs_probe_clear_source (&self->stagger);
  qs_probe_clear_source (&self->check_timer);
  qs_probe_clear_source (&self->hello_timer);
  if (self->attempts != NULL)
    g_ptr_array_set_size (self->attempts, 0);
}

void
qs_probe_race_give_up (QsProbe *self)
{
  settle_on_most_telling (self);
}

gboolean
qs_probe_race_close (QsProbe *self)
{
  gboolean any = FALSE;

  qs_probe_clear_source (&self->stagger);
  qs_probe_clear_source (&self->hello_timer);
  for (guint i = 0; self->attempts != NULL && i < self->attempts->len; i++)
    {
      QsAttempt *attempt = self->attempts->pdata[i];
      if (!is_alive (attempt))
        continue;
      any = TRUE;
      qs_connection_close (attempt->connection, QS_CLOSE_NOW, 0, NULL);
    }
  return any;
}

/* --- What attempts tell --- */

static void
win (QsProbe *self, QsConnection *connection)
{
  if (self->winner != NULL)
    return;
  self->winner = qs_connection_ref (connection);
  qs_mark_sink_release (qs_connection_get_sink (connection));
  qs_probe_clear_source (&self->stagger);
  qs_probe_clear_source (&self->check_timer);
  qs_probe_clear_source (&self->hello_timer);
  g_cancellable_cancel (self->cancellable); /* the TCP check is no one's concern now */
  for (guint i = self->attempts->len; i > 0; i--)
    {
      QsAttempt *attempt = self->attempts->pdata[i - 1];
      gboolean silent = g_get_monotonic_time () - attempt->started >= STAGGER_MS * 1000;
      if (attempt->connection == connection)
        continue;
      note_lost (self, attempt, connection,
                 is_alive (attempt) ? (silent ? "silent" : "slower") : qs_connection_get_failure (attempt->connection));
      g_ptr_array_remove_index (self->attempts, i - 1);
    }
}

static void
answered_cb (QsConnection *connection, gpointer data)
{
  QsProbe *self = data;

  self->last_progress = g_get_monotonic_time ();
  if (!self->ending)
    win (self, connection);
}

static void
raise_state (QsProbe *self, QsConnectionState state)
{
  if (self->state < state)
    qs_probe_set_state (self, state);
}

static void
state_cb (QsConnection *connection, QsConnectionState state, gpointer data)
{
  QsProbe *self = data;

  if (self->ending)
    return;
  switch (state)
    {
    case QS_CONNECTION_HANDSHAKING:
      raise_state (self, state);
      self->stage = QS_STAGE_HANDSHAKE;
      break;
    case QS_CONNECTION_ESTABLISHED:
      win (self, connection);
      raise_state (self, QS_CONNECTION_HANDSHAKING);
      qs_probe_set_state (self, state);
      qs_probe_established (self);
      break;
    case QS_CONNECTION_CLOSING:
      qs_probe_set_state (self, state);
      break;
    case QS_CONNECTION_CLOSED:
    case QS_CONNECTION_FAILED:
      if (self->winner == connection)
        qs_probe_connection_over (self);
      else
        attempt_failed (self);
      break;
    default:
      break;
    }
}

static void
confirmed_cb (QsConnection *connection, gpointer data)
{
  QsProbe *self = data;

  self->confirmed = TRUE;
  if (self->state == QS_CONNECTION_ESTABLISHED && !self->ending)
    qs_probe_confirmed (self);
}

const QsConnectionListener qs_probe_listener = {
  .state = state_cb,
  .answered = answered_cb,
  .confirmed = confirmed_cb,
  .stream_opened = qs_probe_stream_opened,
  .stream_bytes = qs_probe_stream_bytes,
  .stream_changed = qs_probe_stream_changed,
};
