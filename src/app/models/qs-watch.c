/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-watch.h"

#include "base/qs-i18n.h"
#include "base/qs-slice.h"
#include "base/qs-text.h"
#include "net/qs-resolve.h"
#include "tap/qs-tap-command.h"
#include "tap/qs-tap-words.h"

#define UPDATE_MS 50
#define LOOK_US 250000   /* between two looks at one connection */
#define COST_SHARE 20    /* and so many times what the last one took */
#define PATIENCE_MS 1000 /* some findings come from time that passes */
#define CHANGED_US 250000

struct _QsWatch {
  GObject parent;
  QsLab *lab;
  QsWatchState state;
  QsTap *tap; /* NULL: never started */
  QsTapCommand *command;
  QsConnectionTable *table;
  QsTarget *target; /* NULL: a capture, or a proxy */
  gboolean proxy;
  char *error;

  /* Of a start that is under way. */
  char **key_logs, **words; /* the private one is the last */
  char *impairment;
  guint16 port;
  GCancellable *cancellable;
  gulong lab_id;

  GHashTable *live; /* QsTapConnection -> Live */
  GQueue dirty;     /* Live */
  guint update_id, patience_id;
  gint64 changed_at;
};

/* A connection that goes on. */
typedef struct {
  QsWatch *watch;
  QsTapConnection *connection;
  guint index;
  gboolean dirty;
  gint64 next_look; /* monotonic */
  GList link;
} Live;

enum { PROP_STATE = 1, N_PROPS };
enum { CHANGED, N_SIGNALS };
static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsWatch, qs_watch, G_TYPE_OBJECT)

static void
set_state (QsWatch *self, QsWatchState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

static void
fail (QsWatch *self, const char *message)
{
  g_free (self->error);
  self->error = g_strdup (message);
  g_clear_pointer (&self->command, qs_tap_command_free);
  set_state (self, QS_WATCH_IDLE);
}

/* --- Rows that follow what happens --- */

static void
look (Live *live)
{
  QsWatch *self = live->watch;
  gint64 began = g_get_monotonic_time ();

  qs_connection_table_look (self->table, live->index, qs_tap_connection_get_n_keys (live->connection) > 0);
  gint64 took = g_get_monotonic_time () - began;
  live->next_look = began + MAX (LOOK_US, took * COST_SHARE);
}

static void
tell_changed (QsWatch *self)
{
  self->changed_at = g_get_monotonic_time ();
  g_signal_emit (self, signals[CHANGED], 0);
}

static gboolean
update_cb (gpointer data)
{
  QsWatch *self = data;
  gint64 now = g_get_monotonic_time (), deadline = now + QS_SLICE_BUDGET_US / 2;

  for (guint n = self->dirty.length; n > 0 && now < deadline; n--)
    {
      Live *live = g_queue_peek_head (&self->dirty);
      g_queue_unlink (&self->dirty, &live->link);
      live->dirty = live->next_look > now;
      if (live->dirty)
        g_queue_push_tail_link (&self->dirty, &live->link);
      else
        look (live);
      now = g_get_monotonic_time ();
    }
  if (now - self->changed_at > CHANGED_US)
    tell_changed (self);
  if (self->dirty.length > 0)
    return G_SOURCE_CONTINUE;
  self->update_id = 0;
  return G_SOURCE_REMOVE;
}

static void
mark_dirty (Live *live)
{
  QsWatch *self = live->watch;

  if (live->dirty)
    return;
  live->dirty = TRUE;
  g_queue_push_tail_link (&self->dirty, &live->link);
  if (self->update_id == 0)
    self->update_id = g_timeout_add_full (G_PRIORITY_DEFAULT_IDLE, UPDATE_MS, update_cb, self, NULL);
}

static gboolean
patience_cb (gpointer data)
{
  QsWatch *self = data;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->live);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const QsConnectionRow *row = qs_connection_table_get_row (self->table, ((Live *) value)->index);
      if (row != NULL && row->state == QS_WATCHED_HANDSHAKING)
        mark_dirty (value);
    }
  tell_changed (self);
  return G_SOURCE_CONTINUE;
}

static void
live_free (gpointer data)
{
  Live *live = data;

  if (live->dirty)
    g_queue_unlink (&live->watch->dirty, &live->link);
  g_signal_handlers_disconnect_by_data (qs_tap_connection_get_trace (live->connection), live);
  g_object_unref (live->connection);
  g_free (live);
}

static void
added_cb (QsWatch *self, QsTapConnection *connection)
{
  Live *live = g_new0 (Live, 1);
  QsTrace *trace = qs_tap_connection_get_trace (connection);

  live->watch = self;
  live->connection = g_object_ref (connection);
  live->link.data = live;
  live->index = qs_connection_table_add (self->table, qs_tap_connection_get_study (connection));
  g_hash_table_insert (self->live, connection, live);
  g_signal_connect_swapped (trace, "grown", G_CALLBACK (mark_dirty), live);
  g_signal_connect_swapped (trace, "derived", G_CALLBACK (mark_dirty), live);
  mark_dirty (live);
}

static void
settled_cb (QsWatch *self, QsTapConnection *connection)
{
  Live *live = g_hash_table_lookup (self->live, connection);

  if (live == NULL)
    return;
  look (live);
  g_hash_table_remove (self->live, connection);
  if (self->update_id == 0)
    self->update_id = g_timeout_add_full (G_PRIORITY_DEFAULT_IDLE, UPDATE_MS, update_cb, self, NULL);
}

/* --- The end --- */

static void
stopped_cb (QsWatch *self)
{
  g_clear_handle_id (&self->patience_id, g_source_remove);
  if (qs_tap_get_trouble (self->tap) != NULL)
    {
      g_free (self->error);
      self->error = g_strdup (qs_tap_get_trouble (self->tap));
    }
  g_clear_pointer (&self->command, qs_tap_command_free);
  set_state (self, QS_WATCH_IDLE);
  tell_changed (self);
}

static void
exited_cb (int status, gpointer data)
{
  QsWatch *self = data;

  g_free (self->error);
  self->error = qs_tap_dup_command_end (status);
  set_state (self, QS_WATCH_STOPPING);
  qs_tap_begin_stop (self->tap, FALSE);
}

static void
drop_tap (QsWatch *self)
{
  g_clear_handle_id (&self->update_id, g_source_remove);
  g_clear_handle_id (&self->patience_id, g_source_remove);
  g_hash_table_remove_all (self->live);
  if (self->tap != NULL)
    g_signal_handlers_disconnect_by_data (self->tap, self);
  g_clear_object (&self->tap);
}

/* --- The start --- */

static void
begin (QsWatch *self, const char *name)
{
  g_clear_object (&self->table);
  self->table = qs_connection_table_new_growing (name);
  g_signal_connect_swapped (self->tap, "added", G_CALLBACK (added_cb), self);
  g_signal_connect_swapped (self->tap, "settled", G_CALLBACK (settled_cb), self);
  g_signal_connect_swapped (self->tap, "stopped", G_CALLBACK (stopped_cb), self);
  self->patience_id = g_timeout_add (PATIENCE_MS, patience_cb, self);
  qs_tap_start (self->tap);
}

static gboolean
open_tap (QsWatch *self, GPtrArray *servers, GError **error)
{
  g_autoptr (GSocketAddress) listen = g_inet_socket_address_new_from_string ("127.0.0.1", self->port);
  g_autoptr (GSocketConnectable) place =
      self->proxy ? NULL : g_network_address_new (qs_target_get_host (self->target), qs_target_get_port (self->target));
  g_autofree char *name = self->proxy ? g_strdup (QS_WATCH_ANY) : g_socket_connectable_to_string (place);
  const QsTapOptions options = {
    .target = name,
    .key_logs = (const char *const *) self->key_logs,
    .relay = { listen, servers, self->impairment, 0 },
  };

  qs_tap_relay_allow_many ();
  self->tap = qs_tap_new (&options, error);
  if (self->tap == NULL)
    return FALSE;
  begin (self, name);
  return TRUE;
}

static gboolean
start_command (QsWatch *self, GError **error)
{
  QsTapPlaces places;

  if (self->words == NULL)
    return TRUE;
  qs_watch_get_places (self, &places);
  g_auto (GStrv) words = qs_tap_places_fill_all (&places, (const char *const *) self->words);
  if (qs_tap_command_start (self->command, (const char *const *) words, QS_TAP_COMMAND_NO_INPUT, exited_cb, self,
                            error))
    return TRUE;
  g_autofree char *word = qs_text_escape_short (words[0], -1, 60);
  g_prefix_error (error, _ ("“%s” cannot be started: "), word);
  return FALSE;
}

/* servers: NULL: a proxy's. */
static void
run (QsWatch *self, GPtrArray *servers)
{
  g_autoptr (GError) error = NULL;

  if (!open_tap (self, servers, &error))
    {
      fail (self, error->message);
      return;
    }
  set_state (self, QS_WATCH_RUNNING);
  if (start_command (self, &error))
    return;
  g_free (self->error);
  self->error = g_strdup (error->message);
  set_state (self, QS_WATCH_STOPPING);
  qs_tap_begin_stop (self->tap, TRUE);
}

static void
resolved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsWatch) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) servers = qs_resolve_finish (result, &error);

  if (self->state != QS_WATCH_STARTING)
    return;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      fail (self, NULL);
      return;
    }
  if (servers == NULL)
    fail (self, error->message);
  else
    run (self, servers);
}

static void
resolve (QsWatch *self)
{
  qs_resolve_async (self->target, G_SOCKET_FAMILY_INVALID, NULL, self->cancellable, resolved_cb, g_object_ref (self));
}

static gboolean
take_lab_target (QsWatch *self, GError **error)
{
  g_autofree char *text = qs_lab_dup_target (self->lab);

  g_clear_pointer (&self->target, qs_target_unref);
  self->target = qs_target_new (text, error);
  return self->target != NULL;
}

static void
lab_running_cb (QsWatch *self)
{
  g_autoptr (GError) error = NULL;

  if (!qs_lab_get_running (self->lab))
    return;
  g_clear_signal_handler (&self->lab_id, self->lab);
  if (self->state != QS_WATCH_STARTING)
    return;
  if (take_lab_target (self, &error))
    resolve (self);
  else
    fail (self, error->message);
}

static gboolean
begin_with_lab (QsWatch *self, GError **error)
{
  if (qs_lab_get_running (self->lab))
    {
      if (!take_lab_target (self, error))
        return FALSE;
      resolve (self);
      return TRUE;
    }
  self->lab_id = g_signal_connect_swapped (self->lab, "notify::running", G_CALLBACK (lab_running_cb), self);
  if (qs_lab_start (self->lab, error))
    return TRUE;
  g_clear_signal_handler (&self->lab_id, self->lab);
  return FALSE;
}

static gboolean
is_lab (const char *target)
{
  return g_ascii_strcasecmp (target, QS_WATCH_LAB) == 0;
}

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, QS_ERROR, QS_ERROR_INVALID_TARGET, sentence);
  return FALSE;
}

static gboolean
check (QsWatch *self, const QsWatchWish *wish, GError **error)
{
  g_autoptr (QsImpairment) impairment = wish->impairment != NULL ? qs_impairment_new (wish->impairment, error) : NULL;
  g_autofree char *text = g_strstrip (g_strdup (wish->target));

  if (wish->impairment != NULL && impairment == NULL)
    return FALSE;
  if (*text == '\0')
    return refuse (error, _ ("Say first whose connections are led on: HOST:PORT of the server, “lab”, or “any”."));
  g_clear_pointer (&self->target, qs_target_unref);
  self->proxy = g_ascii_strcasecmp (text, QS_WATCH_ANY) == 0;
  if (self->proxy && wish->impairment != NULL)
    return refuse (error,
                   _ ("Loss and delay are for datagrams, and to any server TCP alone is led: set the path as it is."));
  if (self->proxy)
    return TRUE;
  if (is_lab (text))
    return TRUE;
  self->target = qs_target_new (text, error);
  if (self->target == NULL)
    return FALSE;
  if (qs_target_get_path (self->target) != NULL)
    return refuse (error, _ ("HOST:PORT is all that is wanted: what is asked for there is the program's own affair."));
  return TRUE;
}

static void
take_key_logs (QsWatch *self, const char *const *key_logs)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (key_logs != NULL)
    g_strv_builder_addv (builder, (const char **) key_logs);
  g_strv_builder_add (builder, qs_tap_command_get_key_log (self->command));
  g_strfreev (self->key_logs);
  self->key_logs = g_strv_builder_end (builder);
}

static gboolean
take_words (QsWatch *self, const char *command, GError **error)
{
  g_autoptr (GError) why = NULL;

  g_clear_pointer (&self->words, g_strfreev);
  if (command == NULL || g_shell_parse_argv (command, NULL, &self->words, &why))
    return TRUE;
  g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET, _ ("The command is none that a shell would take: %s"),
               why->message);
  return FALSE;
}

/* --- Overrides --- */

static void
qs_watch_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_STATE)
    g_value_set_int (value, QS_WATCH (object)->state);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
qs_watch_dispose (GObject *object)
{
  QsWatch *self = QS_WATCH (object);

  if (self->lab != NULL)
    g_clear_signal_handler (&self->lab_id, self->lab);
  g_clear_pointer (&self->command, qs_tap_command_free);
  drop_tap (self);
  g_clear_object (&self->table);
  g_clear_object (&self->lab);
  G_OBJECT_CLASS (qs_watch_parent_class)->dispose (object);
}

static void
qs_watch_finalize (GObject *object)
{
  QsWatch *self = QS_WATCH (object);

  g_hash_table_unref (self->live);
  g_clear_pointer (&self->target, qs_target_unref);
  g_clear_object (&self->cancellable);
  g_strfreev (self->key_logs);
  g_strfreev (self->words);
  g_free (self->impairment);
  g_free (self->error);
  G_OBJECT_CLASS (qs_watch_parent_class)->finalize (object);
}

static void
qs_watch_class_init (QsWatchClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = qs_watch_get_property;
  object_class->dispose = qs_watch_dispose;
  object_class->finalize = qs_watch_finalize;
  props[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, QS_WATCH_IDLE, QS_WATCH_STOPPING, QS_WATCH_IDLE,
                                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[CHANGED] = g_signal_new ("changed", QS_TYPE_WATCH, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_watch_init (QsWatch *self)
{
  self->live = g_hash_table_new_full (NULL, NULL, NULL, live_free);
  g_queue_init (&self->dirty);
}

/* --- Public --- */

QsWatch *
qs_watch_new (QsLab *lab)
{
  g_return_val_if_fail (lab == NULL || QS_IS_LAB (lab), NULL);

  QsWatch *self = g_object_new (QS_TYPE_WATCH, NULL);
  self->lab = lab != NULL ? g_object_ref (lab) : NULL;
  return self;
}

gboolean
qs_watch_start (QsWatch *self, const QsWatchWish *wish, GError **error)
{
  g_return_val_if_fail (QS_IS_WATCH (self) && self->lab != NULL && self->state == QS_WATCH_IDLE, FALSE);
  g_return_val_if_fail (wish != NULL && wish->target != NULL, FALSE);

  g_clear_pointer (&self->error, g_free);
  if (!check (self, wish, error) || !take_words (self, wish->command, error))
    return FALSE;
  drop_tap (self);
  g_clear_pointer (&self->command, qs_tap_command_free);
  self->command = qs_tap_command_new (error);
  if (self->command == NULL)
    return FALSE;
  take_key_logs (self, wish->key_logs);
  self->port = wish->port;
  g_free (self->impairment);
  self->impairment = g_strdup (wish->impairment);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  set_state (self, QS_WATCH_STARTING);
  if (self->proxy)
    run (self, NULL);
  else if (self->target != NULL)
    resolve (self);
  else if (!begin_with_lab (self, error))
    {
      fail (self, NULL);
      return FALSE;
    }
  return TRUE;
}

gboolean
qs_watch_start_capture (QsWatch *self, const QsTapCaptureOptions *options, GError **error)
{
  g_return_val_if_fail (QS_IS_WATCH (self) && self->state == QS_WATCH_IDLE && options != NULL, FALSE);

  g_clear_pointer (&self->error, g_free);
  self->proxy = FALSE;
  drop_tap (self);
  self->tap = qs_tap_new_for_capture (options, error);
  if (self->tap == NULL)
    return FALSE;
  begin (self, options->path);
  set_state (self, QS_WATCH_RUNNING);
  return TRUE;
}

void
qs_watch_stop (QsWatch *self)
{
  g_return_if_fail (QS_IS_WATCH (self));

  gboolean again = self->state == QS_WATCH_STOPPING;

  if (self->state == QS_WATCH_STARTING)
    {
      g_cancellable_cancel (self->cancellable);
      if (self->lab_id != 0)
        {
          g_clear_signal_handler (&self->lab_id, self->lab);
          fail (self, NULL);
        }
      return;
    }
  if (self->state == QS_WATCH_IDLE)
    return;
  set_state (self, QS_WATCH_STOPPING);
  if (self->command != NULL && qs_tap_command_is_running (self->command))
    qs_tap_command_stop (self->command, again);
  else
    qs_tap_begin_stop (self->tap, again);
}

void
qs_watch_close (QsWatch *self)
{
  g_return_if_fail (QS_IS_WATCH (self));

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  if (self->state == QS_WATCH_RUNNING || self->state == QS_WATCH_STOPPING)
    {
      if (self->command != NULL)
        qs_tap_command_stop (self->command, FALSE);
      set_state (self, QS_WATCH_STOPPING);
      qs_tap_begin_stop (self->tap, TRUE);
    }
}

QsWatchState
qs_watch_get_state (QsWatch *self)
{
  g_return_val_if_fail (QS_IS_WATCH (self), QS_WATCH_IDLE);
  return self->state;
}

gboolean
qs_watch_has_program (QsWatch *self)
{
  g_return_val_if_fail (QS_IS_WATCH (self), FALSE);
  return self->words != NULL;
}

gboolean
qs_watch_set_impairment (QsWatch *self, const char *rules, GError **error)
{
  g_return_val_if_fail (QS_IS_WATCH (self), FALSE);

  if (self->state == QS_WATCH_RUNNING && self->target != NULL)
    return qs_tap_set_impairment (self->tap, rules, error);
  if (self->state == QS_WATCH_STARTING)
    {
      g_free (self->impairment);
      self->impairment = g_strdup (rules);
    }
  return TRUE;
}

QsTap *
qs_watch_get_tap (QsWatch *self)
{
  g_return_val_if_fail (QS_IS_WATCH (self), NULL);
  return self->tap;
}

QsTarget *
qs_watch_get_target (QsWatch *self)
{
  g_return_val_if_fail (QS_IS_WATCH (self), NULL);
  return self->target;
}

gboolean
qs_watch_is_proxy (QsWatch *self)
{
  g_return_val_if_fail (QS_IS_WATCH (self), FALSE);
  return self->proxy;
}

QsConnectionTable *
qs_watch_get_table (QsWatch *self)
{
  g_return_val_if_fail (QS_IS_WATCH (self), NULL);
  return self->table;
}

const char *
qs_watch_get_error (QsWatch *self)
{
  g_return_val_if_fail (QS_IS_WATCH (self), NULL);
  return self->error;
}

const char *
qs_watch_get_own_key_log (QsWatch *self)
{
  g_return_val_if_fail (QS_IS_WATCH (self), NULL);
  return self->key_logs != NULL ? self->key_logs[g_strv_length (self->key_logs) - 1] : NULL;
}

void
qs_watch_get_places (QsWatch *self, QsTapPlaces *places)
{
  g_return_if_fail (QS_IS_WATCH (self) && places != NULL);

  gboolean listens = self->state == QS_WATCH_RUNNING && (self->target != NULL || self->proxy);

  *places = (QsTapPlaces){ 0 };
  if (!listens)
    return;
  if (!self->proxy)
    {
      places->host = qs_target_get_host (self->target);
      places->target_port = qs_target_get_port (self->target);
    }
  places->listen = qs_tap_get_address (self->tap);
  places->key_log = qs_tap_command_get_key_log (self->command);
}
