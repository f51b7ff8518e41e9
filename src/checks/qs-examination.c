/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/qs-examination.h"

#include "base/qs-i18n.h"
#include "base/qs-slice.h"
#include "base/qs-text.h"
#include "checks/qs-examination-private.h"
#include "engine/qs-trust.h"
#include "net/qs-resolve.h"
#include "net/qs-udp-bio.h"

#define MOST_AT_ONCE 24   /* most of them only wait */
#define START_EVERY_MS 25 /* a connection at most: forty a second */

enum { SIGNAL_RESULT, SIGNAL_CONSENT, SIGNAL_FINISHED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsExamination, qs_examination, G_TYPE_OBJECT)

static const char *const profiles[] = { [QS_PROFILE_PUBLIC] = "public", [QS_PROFILE_PRIVATE] = "private" };

static void start_some (QsExamination *self);

const char *
qs_profile_name (QsProfile profile)
{
  return profiles[profile];
}

gboolean
qs_profile_from_name (const char *name, QsProfile *profile)
{
  for (guint i = 0; i < QS_N_PROFILES; i++)
    {
      if (g_str_equal (name, profiles[i]))
        {
          *profile = i;
          return TRUE;
        }
    }
  return FALSE;
}

void
qs_examination_task_free (gpointer data)
{
  QsExaminationTask *task = data;

  if (task->over != NULL)
    {
      g_source_destroy (task->over);
      g_source_unref (task->over);
    }
  g_clear_pointer (&task->sight, qs_sight_free);
  g_clear_pointer (&task->judgements, g_array_unref);
  qs_craft_run_free (task->run);
  qs_tcp_run_free (task->tcp_run);
  g_array_unref (task->results);
  g_free (task);
}

QsTrace *
qs_examination_task_get_trace (const QsExaminationTask *task)
{
  return task->plan != NULL ? qs_tcp_run_get_trace (task->tcp_run) : qs_craft_run_get_trace (task->run);
}

gboolean
qs_examination_use_next_address (QsExamination *self)
{
  gboolean was_illegal = self->illegal;

  if (self->n_tried >= self->addresses->len)
    return FALSE;
  g_set_object (&self->address, self->addresses->pdata[self->n_tried++]);
  g_free (self->address_text);
  self->address_text = qs_socket_address_to_text (self->address);
  self->illegal = self->options.own || self->options.is_private (self->address);
  if (was_illegal && !self->illegal)
    qs_examination_drop_illegal (self);
  self->craft.address = self->address;
  g_clear_object (&self->tcp.plain_address);
  if (self->tcp.plain_port != 0)
    self->tcp.plain_address = g_inet_socket_address_new (
        g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (self->address)), self->tcp.plain_port);
  return TRUE;
}

static void
finish (QsExamination *self, const char *why)
{
  g_clear_handle_id (&self->start_source, g_source_remove);
  g_ptr_array_set_size (self->running, 0);
  g_ptr_array_set_size (self->tasks, 0);
  for (guint i = 0; i < self->results->len; i++)
    qs_examination_settle_untested (self, i, why);
  qs_check_result_free (g_steal_pointer (&self->kept));
  if (self->finished)
    return;
  self->finished = TRUE;
  self->asking = FALSE;
  g_signal_emit (self, signals[SIGNAL_FINISHED], 0);
}

/* --- Tasks --- */

static gboolean
judge_cb (gint64 deadline, gpointer data)
{
  QsExaminationTask *task = data;
  guint index;

  if (!qs_examination_judge (task, deadline))
    return G_SOURCE_CONTINUE;
  QsExamination *self = g_object_ref (task->owner);
  /* Whoever hears of a result may stop it all, which frees what is running: this one is nobody else's any more. */
  if (g_ptr_array_find (self->running, task, &index))
    g_ptr_array_steal_index_fast (self->running, index);
  gboolean again = qs_examination_conclude (task);

  g_clear_pointer (&task->over, g_source_unref);
  g_clear_pointer (&task->sight, qs_sight_free);
  g_clear_pointer (&task->judgements, g_array_unref);
  g_clear_pointer (&task->run, qs_craft_run_free);
  g_clear_pointer (&task->tcp_run, qs_tcp_run_free);
  if (again && !self->finished)
    g_ptr_array_insert (self->tasks, 0, task);
  else
    qs_examination_task_free (task);
  if (!self->finished)
    start_some (self);
  g_object_unref (self);
  return G_SOURCE_REMOVE;
}

static gboolean
over_cb (gpointer data)
{
  QsExaminationTask *task = data;

  if (task->run != NULL)
    qs_craft_run_leave (task->run);
  g_source_unref (task->over);
  task->over = qs_slice_add (NULL, "[quicscope] judge", judge_cb, task, NULL);
  return G_SOURCE_REMOVE;
}

static void
wait_for_idle (QsExaminationTask *task)
{
  if (task->over != NULL)
    return;
  task->over = g_idle_source_new ();
  g_source_set_priority (task->over, G_PRIORITY_DEFAULT);
  g_source_set_callback (task->over, over_cb, task, NULL);
  g_source_attach (task->over, g_main_context_get_thread_default ());
}

static void
done_cb (QsCraftRun *run, gpointer data)
{
  wait_for_idle (data);
}

static void
tcp_done_cb (QsTcpRun *run, gpointer data)
{
  wait_for_idle (data);
}

static void
run_task (QsExamination *self, QsExaminationTask *task)
{
  const QsCheckResult *first = self->results->pdata[g_array_index (task->results, guint, 0)];
  g_autofree char *reason = g_strdup_printf ("quicscope test %s", first->check->id);

  task->attempts++;
  if (task->plan != NULL)
    {
      task->tcp_run = qs_tcp_run_new (&self->tcp, task->plan, tcp_done_cb, task);
      g_ptr_array_add (self->running, task);
      qs_tcp_run_start (task->tcp_run);
      return;
    }
  task->run = qs_craft_run_new (&self->craft, task->script, reason, done_cb, task);
  g_ptr_array_add (self->running, task);
  qs_craft_run_start (task->run);
}

/* The next one whose turn it is: the first alone, the last ones when all others are done. */
static gboolean
is_settled (QsExamination *self, const QsExaminationTask *task)
{
  for (guint i = 0; i < task->results->len; i++)
    {
      if (!((const QsCheckResult *) self->results->pdata[g_array_index (task->results, guint, i)])->done)
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_under_way (QsExamination *self, gboolean over_tcp)
{
  for (guint i = 0; i < self->running->len; i++)
    {
      if ((((const QsExaminationTask *) self->running->pdata[i])->plan != NULL) == over_tcp)
        return TRUE;
    }
  return FALSE;
}

/* The ordinary run goes alone, over QUIC as over TCP: without it nothing can be told. */
static gboolean
may_run (QsExamination *self, const QsExaminationTask *task)
{
  gboolean over_tcp = task->plan != NULL;

  if (over_tcp && !self->probed)
    return FALSE; /* what it shows is compared with what QUIC did */
  return (over_tcp ? self->tcp_probed : self->probed) || !is_under_way (self, over_tcp);
}

static QsExaminationTask *
take_task (QsExamination *self)
{
  for (guint i = self->tasks->len; i-- > 0;)
    {
      if (is_settled (self, self->tasks->pdata[i]))
        g_ptr_array_remove_index (self->tasks, i);
    }
  for (guint i = 0; i < self->tasks->len; i++)
    {
      QsExaminationTask *task = self->tasks->pdata[i];
      if (!may_run (self, task))
        continue;
      if (task->last && (self->running->len > 0 || self->tasks->len > 1))
        continue;
      return g_ptr_array_steal_index (self->tasks, i);
    }
  return NULL;
}

static gboolean
start_cb (gpointer data)
{
  QsExamination *self = data;

  if (self->running->len >= MOST_AT_ONCE)
    {
      self->start_source = 0;
      return G_SOURCE_REMOVE;
    }
  QsExaminationTask *task = take_task (self);
  if (task == NULL)
    {
      self->start_source = 0;
      if (self->tasks->len == 0 && self->running->len == 0)
        start_some (self); /* which ends it */
      return G_SOURCE_REMOVE;
    }
  run_task (self, task);
  return G_SOURCE_CONTINUE;
}

static void
start_some (QsExamination *self)
{
  if (self->tasks->len == 0 && self->running->len == 0)
    finish (self, self->failure != NULL ? self->failure : _ ("It was stopped."));
  else if (self->start_source == 0)
    self->start_source = g_timeout_add (START_EVERY_MS, start_cb, self);
}

/* --- Where it is --- */

static void
begin (QsExamination *self)
{
  qs_examination_plan (self);
  start_some (self);
}

static void
resolved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsExamination) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) addresses = qs_resolve_finish (result, &error);

  if (self->finished)
    return;
  if (addresses == NULL)
    {
      self->failure = g_strdup (error->message);
      finish (self, self->failure);
      return;
    }
  self->addresses = g_steal_pointer (&addresses);
  qs_examination_use_next_address (self);
  self->asking = self->options.ask && !self->illegal && qs_examination_wants_illegal (self);
  if (self->asking)
    g_signal_emit (self, signals[SIGNAL_CONSENT], 0);
  else
    begin (self);
}

/* --- GObject --- */

static void
qs_examination_finalize (GObject *object)
{
  QsExamination *self = QS_EXAMINATION (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->start_source, g_source_remove);
  g_ptr_array_unref (self->running);
  g_ptr_array_unref (self->tasks);
  g_ptr_array_unref (self->results);
  qs_check_result_free (self->kept);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->address);
  g_clear_pointer (&self->addresses, g_ptr_array_unref);
  g_clear_pointer (&self->target, qs_target_unref);
  g_clear_pointer (&self->tcp.target, qs_target_unref);
  g_clear_pointer (&self->tcp.options, qs_probe_options_free);
  g_clear_object (&self->tcp.plain_address);
  g_clear_pointer (&self->leaf, g_bytes_unref);
  X509_STORE_free (self->craft.trust);
  g_free (self->address_text);
  g_free (self->authority);
  g_free (self->failure);
  g_strfreev (self->options.alpn);
  g_free (self->options.sni);
  g_free (self->options.ca_file);
  g_strfreev (self->options.resolve);
  g_free (self->options.dns_server);
  g_free (self->options.impairment);
  g_clear_pointer (&self->options.checks, g_ptr_array_unref);
  G_OBJECT_CLASS (qs_examination_parent_class)->finalize (object);
}

static void
qs_examination_class_init (QsExaminationClass *class)
{
  G_OBJECT_CLASS (class)->finalize = qs_examination_finalize;
  signals[SIGNAL_RESULT] = g_signal_new ("result", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 1, G_TYPE_UINT);
  signals[SIGNAL_CONSENT] =
      g_signal_new ("consent", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_FINISHED] =
      g_signal_new ("finished", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_examination_init (QsExamination *self)
{
  self->cancellable = g_cancellable_new ();
  self->repeated = G_MAXUINT;
  self->heard = -1;
  self->results = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_check_result_free);
  self->tasks = g_ptr_array_new_with_free_func (qs_examination_task_free);
  self->running = g_ptr_array_new_with_free_func (qs_examination_task_free);
}

gboolean
qs_examination_is_private (GSocketAddress *address)
{
  GInetAddress *inet = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));
  const guint8 *bytes = g_inet_address_to_bytes (inet);

  if (g_inet_address_get_is_loopback (inet) || g_inet_address_get_is_link_local (inet) ||
      g_inet_address_get_is_site_local (inet))
    return TRUE;
  return g_inet_address_get_family (inet) == G_SOCKET_FAMILY_IPV6 && (bytes[0] & 0xfe) == 0xfc;
}

QsExamination *
qs_examination_new (QsTarget *target, const QsExaminationOptions *options)
{
  QsExamination *self = g_object_new (QS_TYPE_EXAMINATION, NULL);
  guint n;
  const QsCheck *const *all = qs_checks_get (&n);

  self->target = qs_target_ref (target);
  self->tcp_alone = qs_target_get_transport (target) == QS_TRANSPORT_TLS;
  self->probed = self->tcp_alone;
  self->options = *options;
  if (options->is_private == NULL)
    self->options.is_private = qs_examination_is_private;
  self->options.alpn = g_strdupv (options->alpn);
  self->options.sni = g_strdup (options->sni);
  self->options.ca_file = g_strdup (options->ca_file);
  self->options.resolve = g_strdupv (options->resolve);
  self->options.dns_server = g_strdup (options->dns_server);
  self->options.impairment = g_strdup (options->impairment);
  self->options.checks = options->checks != NULL ? g_ptr_array_ref (options->checks) : NULL;
  for (guint i = 0; i < n; i++)
    {
      gboolean fits = !self->tcp_alone || (all[i]->plan != NULL && (all[i]->flags & QS_CHECK_BESIDE) == 0);
      if (options->checks != NULL ? g_ptr_array_find (options->checks, all[i], NULL) : fits)
        g_ptr_array_add (self->results, qs_check_result_new (all[i]));
    }
  return self;
}

static char *
make_bracketed (const char *host)
{
  return g_strdup_printf (strchr (host, ':') != NULL ? "[%s]" : "%s", host);
}

static char *
make_authority (QsTarget *target)
{
  g_autofree char *host = make_bracketed (qs_target_get_host (target));
  guint16 port = qs_target_get_port (target);

  return port == 443 ? g_steal_pointer (&host) : g_strdup_printf ("%s:%u", host, port);
}

/* The same host and port over TCP. */
static gboolean
prepare_tcp (QsExamination *self, GError **error)
{
  const char *path = qs_target_get_path (self->target);
  g_autofree char *host = make_bracketed (qs_target_get_host (self->target));
  gboolean web = !self->tcp_alone && qs_target_is_https (self->target);
  g_autofree char *text = g_strdup_printf ("tls://%s:%u%s", host, qs_target_get_port (self->target),
                                           path != NULL ? path
                                           : web        ? "/"
                                                        : "");
  QsProbeOptions *options = qs_probe_options_new ();

  self->tcp.options = options;
  options->sni = g_strdup (self->options.sni);
  options->ca_file = g_strdup (self->options.ca_file);
  options->resolve = g_strdupv (self->options.resolve);
  options->dns_server = g_strdup (self->options.dns_server);
  options->family = self->options.family;
  if (self->options.http_port == 0 && qs_target_get_port (self->target) == 443)
    self->options.http_port = 80;
  self->tcp.plain_port = self->options.http_port;
  self->tcp.authority = self->authority;
  self->tcp.target = qs_target_new (text, error);
  return self->tcp.target != NULL;
}

gboolean
qs_examination_start (QsExamination *self, GError **error)
{
  const char *sni = self->options.sni;

  g_return_val_if_fail (!self->started, FALSE);
  self->started = TRUE;
  self->began = g_get_real_time ();
  self->craft.trust =
      self->options.ca_file != NULL ? qs_trust_load (self->options.ca_file, error) : qs_trust_dup_system ();
  if (self->craft.trust == NULL)
    return FALSE;
  self->authority = make_authority (self->target);
  self->craft.authority = self->authority;
  self->craft.path = qs_target_get_path (self->target) != NULL ? qs_target_get_path (self->target) : "/";
  self->craft.server_name = sni == NULL ? qs_target_get_server_name (self->target) : *sni != '\0' ? sni : NULL;
  self->craft.host = sni != NULL && *sni != '\0' ? sni : qs_target_get_host (self->target);
  self->craft.impairment = self->options.impairment;
  self->craft.alpn =
      self->options.alpn != NULL ? (const char *const *) self->options.alpn : qs_target_get_default_alpn (self->target);
  if (!prepare_tcp (self, error))
    return FALSE;
  qs_resolve_async (self->target, self->options.family, (const char *const *) self->options.resolve, self->cancellable,
                    resolved_cb, g_object_ref (self));
  return TRUE;
}

void
qs_examination_stop (QsExamination *self)
{
  if (self->finished)
    return;
  self->stopped |= self->repeated == G_MAXUINT;
  g_cancellable_cancel (self->cancellable);
  finish (self, _ ("It was stopped."));
}

void
qs_examination_answer (QsExamination *self, gboolean own)
{
  g_return_if_fail (QS_IS_EXAMINATION (self));

  if (!self->asking)
    return;
  self->asking = FALSE;
  self->options.own = own;
  self->illegal = own;
  begin (self);
}

gboolean
qs_examination_get_asking (QsExamination *self)
{
  return self->asking;
}

gboolean
qs_examination_can_repeat (QsExamination *self, guint index)
{
  g_return_val_if_fail (QS_IS_EXAMINATION (self), FALSE);

  if (!self->finished || !self->probed || self->failure != NULL || index >= self->results->len)
    return FALSE;
  const QsCheckResult *result = self->results->pdata[index];
  if (result->check->untested != NULL)
    return FALSE;
  return self->illegal || (result->check->flags & QS_CHECK_ILLEGAL) == 0;
}

gboolean
qs_examination_repeat (QsExamination *self, guint index)
{
  if (!qs_examination_can_repeat (self, index))
    return FALSE;
  QsCheckResult *result = self->results->pdata[index];
  const QsCheck *check = result->check;
  QsExaminationTask *task = qs_examination_task_new (self, check);

  self->kept = g_memdup2 (result, sizeof *result);
  *result = (QsCheckResult){ .check = check };
  self->repeated = index;
  self->finished = FALSE;
  self->n_done--;
  self->unanswered = 0;
  task->last = (check->flags & QS_CHECK_LAST) != 0;
  g_array_append_val (task->results, index);
  g_ptr_array_add (self->tasks, task);
  qs_examination_add_siblings (self);
  start_some (self);
  return TRUE;
}

gboolean
qs_examination_get_finished (QsExamination *self)
{
  return self->finished;
}

gboolean
qs_examination_get_stopped (QsExamination *self)
{
  return self->stopped;
}

QsTarget *
qs_examination_get_target (QsExamination *self)
{
  return self->target;
}

QsProfile
qs_examination_get_profile (QsExamination *self)
{
  return self->options.profile;
}

const char *
qs_examination_get_address (QsExamination *self)
{
  return self->address_text;
}

gint64
qs_examination_get_began (QsExamination *self)
{
  return self->began;
}

const char *
qs_examination_get_failure (QsExamination *self)
{
  return self->failure;
}

gboolean
qs_examination_sends_illegal (QsExamination *self)
{
  return self->illegal;
}

guint
qs_examination_get_n_results (QsExamination *self)
{
  return self->results->len;
}

const QsCheckResult *
qs_examination_get_result (QsExamination *self, guint index)
{
  return index < self->results->len ? self->results->pdata[index] : NULL;
}

GPtrArray *
qs_examination_get_results (QsExamination *self)
{
  return self->results;
}

guint
qs_examination_get_n_done (QsExamination *self)
{
  return self->n_done;
}
