/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding an address that answers: RFC 8305's race, and what TCP says where QUIC gets no answer. */
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "engine/qs-probe-private.h"
#include "net/qs-tcp-probe.h"
#include "net/qs-udp-bio.h"
#include "trace/qs-foreign.h"

/* RFC 8305 section 5. */
#define STAGGER_MS 250
/* QUIC's silence after which TCP is asked: the first Initial and its first repetition are out by then. */
#define TCP_CHECK_MS 1000
/* Connecting and a look at the answer: no-reply is to be named with it 3.5 s after the start at the latest. */
#define TCP_ANSWER_MS 2000
/* How long an ended run waits for what TCP says: a closed port is to be named within 100 ms. */
#define TCP_CHECK_GRACE_MS 60
/* From the first answer on: by then a server has repeated its first flight, if that got lost (RFC 9002 section 6.2.2). */
#define FOREIGN_MS 1200

/* Silence after which a ClientHello that fits into one datagram is tried as well: with a post-quantum key share it takes
 * two, and some servers and middleboxes do not put them together. */
#define SMALL_HELLO_MS 2000
#define SMALL_HELLO_GROUPS "X25519:P-256:P-384"

static void
attempt_free (gpointer data)
{
  qs_connection_abort (data);
  qs_connection_unref (data);
}

static QsConnection *
get_attempt (QsProbe *self, guint number)
{
  return self->attempts->pdata[number];
}

/* One of them: who is told of a connection was told that it starts. */
static guint
number_of (QsProbe *self, QsConnection *connection)
{
  guint number = 0;

  while (get_attempt (self, number) != connection)
    number++;
  return number;
}

/* What is told of an address that lost holds for nothing of the one that counts: with a second ClientHello they are the
 * same, and there is nothing to tell. */
static void
note_lost (QsProbe *self, QsConnection *attempt, QsConnection *counts, const char *name)
{
  g_autofree char *text = qs_socket_address_to_text (qs_connection_get_address (attempt));
  g_autofree char *other = counts != NULL ? qs_socket_address_to_text (qs_connection_get_address (counts)) : NULL;

  if (g_strcmp0 (text, other) == 0)
    return;
  /* Its own marks go with it, but who refused it is worth to be known. */
  g_autofree char *refuser = qs_mark_sink_dup_held_text (qs_connection_get_sink (attempt), QS_MARK_ICMP);
  QsMark mark = { .kind = QS_MARK_ATTEMPT_LOST,
                  .name = g_intern_string (name),
                  .text = g_steal_pointer (&text),
                  .stream = -1,
                  .bytes = refuser != NULL ? g_bytes_new (refuser, strlen (refuser)) : NULL };
  qs_trace_add_mark_full (self->trace, qs_trace_now (self->trace), &mark);
}

/* What became of an attempt that lost. Silence is a fact of the race, not of the clock: a busy machine is late with its
 * timers, with its sockets, or with both. */
static const char *
how_it_lost (QsProbe *self, guint number)
{
  QsConnection *connection = get_attempt (self, number);

  if (!qs_race_is_alive (self->race, number))
    return qs_connection_get_failure (connection);
  return qs_race_had_head_start (self->race, number) && qs_connection_get_failure_rank (connection) == QS_RACE_SILENT
             ? "silent"
             : "slower";
}

/* --- The TCP check --- */

static void
checked_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsProbe) self = data;
  QsTcpAnswer answer;

  if (!qs_tcp_probe_finish (result, &answer, NULL) || self->ending || self->winner != NULL)
    return; /* cancelled: no one's concern any more */
  qs_trace_add_mark (self->trace, QS_MARK_TCP_PROBE, qs_tcp_answer_name (answer), 0, qs_tcp_answer_sentence (answer));
  qs_probe_log (self, "%s", qs_tcp_answer_sentence (answer));
  qs_race_tcp_told (self->race);
}

QsConnection *
qs_probe_race_get_waited_on (QsProbe *self)
{
  for (guint i = 0; i < self->attempts->len; i++)
    if (qs_race_is_alive (self->race, i))
      return get_attempt (self, i);
  return NULL;
}

/* What is still waited for; once all have failed, the first one. */
static GSocketAddress *
silent_address (QsProbe *self)
{
  QsConnection *waited_on = qs_probe_race_get_waited_on (self);

  return waited_on != NULL ? qs_connection_get_address (waited_on) : self->addresses->pdata[0];
}

static void
ask_tcp (gpointer data)
{
  QsProbe *self = data;
  const char *sni = qs_target_get_server_name (self->target);

  qs_tcp_probe_async (silent_address (self), sni, self->clock, TCP_ANSWER_MS, self->cancellable, checked_cb,
                      g_object_ref (self));
}

/* --- What the race asks for --- */

static void
settled (gpointer data, guint number)
{
  QsProbe *self = data;
  QsConnection *best = get_attempt (self, number);

  for (guint i = 0; i < self->attempts->len; i++)
    if (i != number)
      note_lost (self, get_attempt (self, i), best, qs_connection_get_failure (get_attempt (self, i)));
  qs_mark_sink_release (qs_connection_get_sink (best));
}

static void
won (gpointer data, guint number)
{
  QsProbe *self = data;
  QsConnection *connection = get_attempt (self, number);

  self->winner = qs_connection_ref (connection);
  qs_mark_sink_release (qs_connection_get_sink (connection));
  g_cancellable_cancel (self->cancellable); /* the TCP check is no one's concern now */
  for (guint i = 0; i < self->attempts->len; i++)
    {
      if (i == number)
        continue;
      note_lost (self, get_attempt (self, i), connection, how_it_lost (self, i));
      qs_connection_abort (get_attempt (self, i));
    }
}

static void
ended (gpointer data, gint winner)
{
  QsProbe *self = data;

  qs_probe_clear_source (&self->deadline);
  if (winner >= 0)
    qs_probe_connection_over (self);
  else
    qs_probe_end (self, FALSE);
}

/* FALSE: it failed at once. */
static gboolean
begin (QsProbe *self, QsSslConfig *config, GSocketAddress *address)
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
  QsConnection *attempt = qs_connection_new (&setup, &qs_probe_listener, self);

  g_ptr_array_add (self->attempts, attempt);
  if (qs_connection_start (attempt, &error))
    return TRUE;
  qs_connection_fail_to_start (attempt, error);
  return FALSE;
}

static gboolean
begin_small (QsProbe *self)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_copy (self->options);

  options->groups = g_strdup (SMALL_HELLO_GROUPS);
  /* The run's own was made of the same options. */
  g_autoptr (QsSslConfig) config = qs_ssl_config_new (self->target, options, NULL);
  const char *text =
      _ ("No answer yet: a ClientHello in one datagram is tried as well, without a post-quantum key share");
  qs_trace_add_mark (self->trace, QS_MARK_NOTE, "small-hello", 0, text);
  qs_probe_log (self, "%s", text);
  return begin (self, config != NULL ? config : self->config, silent_address (self));
}

static gboolean
begin_next (QsProbe *self)
{
  GSocketAddress *address = self->addresses->pdata[self->next_address];
  g_autofree char *text = qs_socket_address_to_text (address);

  qs_trace_add_mark (self->trace, QS_MARK_CONNECTING, NULL, self->next_address++, text);
  qs_probe_log (self, _ ("Trying %s"), text);
  return begin (self, self->config, address);
}

static gboolean
start (gpointer data, guint number, gboolean small, QsRaceFailure *failure)
{
  QsProbe *self = data;

  if (small ? begin_small (self) : begin_next (self))
    return TRUE;
  *failure = qs_connection_get_failure_rank (get_attempt (self, number));
  return FALSE;
}

static gboolean
stagger_cb (gpointer data)
{
  qs_race_timer_over (((QsProbe *) data)->race, QS_RACE_STAGGER);
  return G_SOURCE_REMOVE;
}

static gboolean
check_cb (gpointer data)
{
  qs_race_timer_over (((QsProbe *) data)->race, QS_RACE_CHECK);
  return G_SOURCE_REMOVE;
}

static gboolean
hello_cb (gpointer data)
{
  qs_race_timer_over (((QsProbe *) data)->race, QS_RACE_HELLO);
  return G_SOURCE_REMOVE;
}

static gboolean
grace_cb (gpointer data)
{
  qs_race_timer_over (((QsProbe *) data)->race, QS_RACE_GRACE);
  return G_SOURCE_REMOVE;
}

static const GSourceFunc timer_funcs[QS_N_RACE_TIMERS] = {
  [QS_RACE_STAGGER] = stagger_cb,
  [QS_RACE_CHECK] = check_cb,
  [QS_RACE_HELLO] = hello_cb,
  [QS_RACE_GRACE] = grace_cb,
};

static void
clear_timer (gpointer data, QsRaceTimer timer)
{
  qs_probe_clear_source (&((QsProbe *) data)->race_timers[timer]);
}

static void
set_timer (gpointer data, QsRaceTimer timer, guint ms)
{
  QsProbe *self = data;

  clear_timer (self, timer);
  self->race_timers[timer] = qs_probe_add_timeout (self, ms, timer_funcs[timer]);
}

static const QsRaceOps race_ops = { start, ask_tcp, won, settled, ended, set_timer, clear_timer };

/* --- From the run --- */

void
qs_probe_race_start (QsProbe *self)
{
  gboolean quic = qs_target_get_transport (self->target) == QS_TRANSPORT_QUIC;
  /* Who names groups wants these and no others. */
  QsRaceRules rules = { self->addresses->len,
                        quic,
                        quic && self->options->groups == NULL,
                        { [QS_RACE_STAGGER] = STAGGER_MS,
                          [QS_RACE_CHECK] = TCP_CHECK_MS,
                          [QS_RACE_HELLO] = SMALL_HELLO_MS,
                          [QS_RACE_GRACE] = TCP_CHECK_GRACE_MS } };

  self->attempts = g_ptr_array_new_with_free_func (attempt_free);
  self->race = qs_race_new (&rules, &race_ops, self);
  qs_probe_set_state (self, QS_CONNECTION_CONNECTING);
  self->stage = QS_STAGE_CONNECT;
  qs_race_start (self->race);
}

void
qs_probe_race_stop (QsProbe *self)
{
  for (guint i = 0; i < QS_N_RACE_TIMERS; i++)
    qs_probe_clear_source (&self->race_timers[i]);
  for (guint i = 0; self->attempts != NULL && i < self->attempts->len; i++)
    qs_connection_abort (get_attempt (self, i));
}

void
qs_probe_race_give_up (QsProbe *self)
{
  qs_race_give_up (self->race);
}

void
qs_probe_race_close (QsProbe *self)
{
  qs_race_stop (self->race);
  for (guint i = 0; !self->ending && i < self->attempts->len; i++)
    if (qs_race_is_alive (self->race, i))
      qs_connection_close (get_attempt (self, i), QS_CLOSE_NOW, 0, NULL);
}

/* --- What attempts tell --- */

/* An echo, DNS, DTLS: OpenSSL drops what is no QUIC and waits on. Nothing else would come of that. */
static gboolean
foreign_cb (gpointer data)
{
  QsProbe *self = data;
  QsForeign foreign;

  qs_probe_clear_source (&self->foreign_timer);
  if (self->ending || self->stopped || self->state != QS_CONNECTION_HANDSHAKING ||
      !qs_trace_find_foreign (self->trace, &foreign))
    return G_SOURCE_REMOVE;
  qs_probe_log (self, "%s", _ ("What answers is not QUIC: nothing else is waited for"));
  qs_probe_end (self, FALSE);
  return G_SOURCE_REMOVE;
}

static void
answered_cb (QsConnection *connection, gpointer data)
{
  QsProbe *self = data;

  self->last_progress = qs_clock_now_us (self->clock);
  if (self->ending)
    return;
  if (self->foreign_timer == NULL && qs_target_get_transport (self->target) == QS_TRANSPORT_QUIC)
    self->foreign_timer = qs_probe_add_timeout (self, FOREIGN_MS, foreign_cb);
  qs_race_answered (self->race, number_of (self, connection));
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
      qs_race_answered (self->race, number_of (self, connection));
      raise_state (self, QS_CONNECTION_HANDSHAKING);
      qs_probe_set_state (self, state);
      qs_probe_established (self);
      break;
    case QS_CONNECTION_CLOSING:
      qs_probe_set_state (self, state);
      break;
    case QS_CONNECTION_CLOSED:
    case QS_CONNECTION_FAILED:
      qs_race_failed (self->race, number_of (self, connection), qs_connection_get_failure_rank (connection));
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

static void
note_cb (QsConnection *connection, const char *text, gpointer data)
{
  qs_probe_log (data, "%s", text);
}

const QsConnectionListener qs_probe_listener = {
  .state = state_cb,
  .answered = answered_cb,
  .confirmed = confirmed_cb,
  .stream_opened = qs_probe_stream_opened,
  .stream_bytes = qs_probe_stream_bytes,
  .stream_changed = qs_probe_stream_changed,
  .note = note_cb,
};
