/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "doctor/qs-doctor.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "doctor/qs-doctor-read.h"
#include "doctor/qs-doctor-roots.h"
#include "doctor/qs-doctor-ways.h"
#include "engine/qs-request.h"
#include "http/qs-alternatives.h"
#include "net/qs-https-lookup.h"
#include "net/qs-resolve.h"
#include "probe/qs-experiments.h"

/* A silent port is told of within the time of a verdict; the answer over TCP, which all else waits for, sooner. */
#define WEB_MS 3000
#define QUIC_MS 4000
#define QUIC_MOST_MS 6000
#define KEPT (64 * 1024)
#define TRACE_BYTES (2 * 1024 * 1024) /* payload kept of each run */
/* What is left for the last look, of QS_DOCTOR_MS. */
#define LAST_LOOK_MS 500

typedef struct {
  QsDoctor *doctor; /* borrowed */
  char *name;
  QsProbe *probe;
  QsExperiments *experiments;
  QsStudy *study;
  gint endpoint; /* -1: the one over TCP */
  gulong finished_id;
  gboolean over;
} Run;

struct _QsDoctor {
  GObject parent;
  QsTarget *target;
  QsProbeOptions *options;
  QsDoctorFacts *facts;
  QsDoctorReport *report;
  GPtrArray *runs;      /* Run */
  GPtrArray *addresses; /* GSocketAddress of the URL's host; NULL: not known yet, or none */
  GCancellable *cancellable;
  GMainContext *context;
  GSource *deadline;
  guint n_pending; /* runs, look-ups and what else is waited for */
  gboolean web_over, dns_over, resolved, advertised;
  gboolean started, concluding, finished, stopped;
};

G_DEFINE_FINAL_TYPE (QsDoctor, qs_doctor, G_TYPE_OBJECT)

enum { SIGNAL_PROGRESS, SIGNAL_FINISHED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void go_on (QsDoctor *self);

static void
run_free (gpointer data)
{
  Run *run = data;

  g_clear_signal_handler (&run->finished_id, run->probe);
  if (!run->over)
    qs_probe_stop (run->probe);
  g_clear_object (&run->experiments);
  g_object_unref (run->study);
  g_object_unref (run->probe);
  g_free (run->name);
  g_free (run);
}

static void
tell (QsDoctor *self, const char *text)
{
  g_signal_emit (self, signals[SIGNAL_PROGRESS], 0, text);
}

/* --- Conclusion --- */

static gboolean
has_fault (const QsEvidence *evidence, QsFaultKind kind)
{
  for (guint i = 0; i < evidence->faults->len; i++)
    if (((const QsFault *) evidence->faults->pdata[i])->kind == kind)
      return TRUE;
  return FALSE;
}

typedef struct {
  GArray *facts; /* QsRootFacts, a run each */
  GArray *kinds; /* QsRootKind */
} Roots;

static void
roots_free (gpointer data)
{
  Roots *roots = data;

  for (guint i = 0; i < roots->facts->len; i++)
    g_clear_pointer (&g_array_index (roots->facts, QsRootFacts, i).root, g_bytes_unref);
  g_array_unref (roots->facts);
  g_array_unref (roots->kinds);
  g_free (roots);
}

static QsDoctorCertificate *
certificate_of (QsDoctor *self, const Run *run)
{
  return run->endpoint < 0 ? &self->facts->web_certificate
                           : &((QsEndpoint *) self->facts->endpoints->pdata[run->endpoint])->certificate;
}

/* Who signs what ends the chain, or the last that came of it. */
static void
name_root (QsDoctorCertificate *certificate, const QsEvidence *evidence, QsRootFacts *facts)
{
  g_autoptr (GPtrArray) built = evidence->verify != NULL && evidence->verify->bytes != NULL
                                    ? qs_verify_record_get_built (evidence->verify->bytes)
                                    : NULL;
  QsCertificate *last = built != NULL && built->len > 0 ? built->pdata[built->len - 1] : NULL;

  if (last != NULL)
    facts->root = g_bytes_ref (qs_certificate_get_der (last));
  else if (evidence->chain->len > 0)
    last = evidence->chain->pdata[evidence->chain->len - 1];
  if (last != NULL && certificate->root_name == NULL)
    certificate->root_name = g_strdup (qs_certificate_is_self_signed (last) ? qs_certificate_get_common_name (last)
                                                                            : qs_certificate_get_issuer (last));
}

static Roots *
gather_roots (QsDoctor *self)
{
  Roots *roots = g_new0 (Roots, 1);

  roots->facts = g_array_new (FALSE, TRUE, sizeof (QsRootFacts));
  roots->kinds = g_array_new (FALSE, TRUE, sizeof (QsRootKind));
  for (guint i = 0; i < self->runs->len; i++)
    {
      const Run *run = self->runs->pdata[i];
      const QsEvidence *evidence = qs_study_get_evidence (run->study);
      QsRootFacts facts = { .code = evidence->verify_code,
                            .given = self->options->ca_file != NULL,
                            .untrusted =
                                has_fault (evidence, QS_FAULT_UNKNOWN_CA) || has_fault (evidence, QS_FAULT_SELF_SIGNED),
                            .broken = has_fault (evidence, QS_FAULT_INCOMPLETE_CHAIN) };
      name_root (certificate_of (self, run), evidence, &facts);
      g_array_append_val (roots->facts, facts);
    }
  return roots;
}

static void
classify_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Roots *roots = data;

  for (guint i = 0; i < roots->facts->len; i++)
    {
      QsRootKind kind = qs_doctor_classify_root (&g_array_index (roots->facts, QsRootFacts, i));
      g_array_append_val (roots->kinds, kind);
    }
  g_task_return_boolean (task, TRUE);
}

static void
classified_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  QsDoctor *self = QS_DOCTOR (object);
  const Roots *roots = g_task_get_task_data (G_TASK (result));

  for (guint i = 0; i < roots->kinds->len && i < self->runs->len; i++)
    certificate_of (self, self->runs->pdata[i])->root = g_array_index (roots->kinds, QsRootKind, i);
  self->report = qs_doctor_report_new (self->facts);
  self->finished = TRUE;
  g_signal_emit (self, signals[SIGNAL_FINISHED], 0);
}

static void
conclude (QsDoctor *self)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, classified_cb, NULL);

  self->concluding = TRUE;
  if (self->deadline != NULL)
    g_source_destroy (self->deadline);
  g_clear_pointer (&self->deadline, g_source_unref);
  g_task_set_source_tag (task, conclude);
  g_task_set_task_data (task, gather_roots (self), roots_free);
  g_task_run_in_thread (task, classify_thread);
}

/* --- Runs --- */

static void
run_finished_cb (QsProbe *probe, Run *run)
{
  g_autoptr (QsDoctor) self = g_object_ref (run->doctor);

  g_clear_signal_handler (&run->finished_id, run->probe);
  run->over = TRUE;
  qs_study_settle (run->study);
  if (run->endpoint < 0)
    {
      qs_doctor_read_web (self->facts, run->study);
      self->web_over = TRUE;
    }
  else
    {
      qs_doctor_read_endpoint (self->facts->endpoints->pdata[run->endpoint], run->study);
    }
  g_autofree char *line = g_strdup_printf ("%s: %s", run->name, qs_study_get_verdict (run->study));
  tell (self, line);
  self->n_pending--;
  go_on (self);
}

static QsProbeOptions *
run_options (QsDoctor *self, const char *alpn, guint timeout_ms)
{
  QsProbeOptions *options = qs_probe_options_copy (self->options);

  options->mode = QS_MODE_NONBLOCKING;
  g_strfreev (options->alpn);
  options->alpn = g_new0 (char *, 2);
  options->alpn[0] = g_strdup (alpn);
  options->insecure = TRUE; /* what is wrong with a certificate is judged, and more may be wrong behind it */
  options->timeout_ms = timeout_ms;
  options->max_time_ms = QUIC_MOST_MS;
  options->alternatives = FALSE;
  options->experiments = QS_EXPERIMENTS_AUTO;
  options->keep_open = FALSE;
  options->record = TRUE;
  options->kept = KEPT;
  options->trace_limit = TRACE_BYTES;
  g_clear_pointer (&options->tickets, qs_ticket_jar_unref);
  g_clear_pointer (&options->send, g_bytes_unref);
  return options;
}

static Run *
add_run (QsDoctor *self, const char *name, QsTarget *target, const QsProbeOptions *options, gint endpoint)
{
  Run *run = g_new0 (Run, 1);

  run->doctor = self;
  run->name = g_strdup (name);
  run->endpoint = endpoint;
  run->probe = qs_probe_new (target, options);
  run->experiments = qs_experiments_new (run->probe);
  run->study = qs_study_new (qs_probe_get_trace (run->probe), qs_probe_get_dissector (run->probe));
  run->finished_id = g_signal_connect (run->probe, "finished", G_CALLBACK (run_finished_cb), run);
  g_ptr_array_add (self->runs, run);
  self->n_pending++;
  return run;
}

static char *
authority_of (const char *scheme, const char *host, guint16 port, const char *path)
{
  gboolean literal6 = strchr (host, ':') != NULL;

  return g_strdup_printf ("%s://%s%s%s:%u%s", scheme, literal6 ? "[" : "", host, literal6 ? "]" : "", (guint) port,
                          path != NULL ? path : "/");
}

static gboolean
start_web (QsDoctor *self, GError **error)
{
  g_autoptr (QsProbeOptions) options = run_options (self, "http/1.1", WEB_MS);
  g_autofree char *text = authority_of ("tls", qs_target_get_host (self->target), qs_target_get_port (self->target),
                                        qs_target_get_path (self->target));
  g_autoptr (QsTarget) target = qs_target_new (text, error);

  if (target == NULL)
    return FALSE;
  g_clear_pointer (&options->impairment, g_free); /* it is for datagrams */
  Run *run = add_run (self, "tcp", target, options, -1);
  if (!qs_probe_prepare (run->probe, error))
    {
      run->over = TRUE; /* it was not begun */
      return FALSE;
    }
  qs_probe_start (run->probe);
  return TRUE;
}

/* Who answers has to be the URL's host (RFC 7838 section 2.1), wherever it is. */
static void
start_quic (QsDoctor *self, const char *host, guint16 port, GInetAddress *address, gint endpoint)
{
  const char *origin = qs_target_get_host (self->target);
  g_autoptr (QsProbeOptions) options = run_options (self, "h3", QUIC_MS);
  g_autofree char *text = authority_of ("https", host, port, qs_target_get_path (self->target));
  g_autofree char *numbers = g_inet_address_to_string (address);
  g_autofree char *name = g_strdup_printf ("quic-%d", endpoint + 1);
  g_autoptr (QsTarget) target = qs_target_new (text, NULL);

  options->authority = qs_request_make_authority (self->target);
  if (options->sni == NULL && g_ascii_strcasecmp (host, origin) != 0 && !qs_target_is_literal (self->target))
    options->sni = g_strdup (qs_target_get_server_name (self->target));
  options->family = G_SOCKET_FAMILY_INVALID;
  g_strfreev (options->resolve);
  options->resolve = NULL;
  if (!g_hostname_is_ip_address (host))
    {
      options->resolve = g_new0 (char *, 2);
      options->resolve[0] = g_strdup_printf ("%s:%u:%s", host, (guint) port, numbers);
    }
  Run *run = add_run (self, name, target, options, endpoint);
  qs_probe_start (run->probe);
}

static QsFamily
family_of (GInetAddress *address)
{
  return g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 ? QS_FAMILY_V6 : QS_FAMILY_V4;
}

/* An address that is asked already is not asked once more: who it should be is the same. */
static void
ask_endpoint (QsDoctor *self, QsWay *way, GInetAddress *address)
{
  QsFamily family = family_of (address);
  g_autofree char *numbers = g_inet_address_to_string (address);
  g_autofree char *text = g_strdup_printf (family == QS_FAMILY_V6 ? "[%s]:%u" : "%s:%u", numbers, (guint) way->port);
  gint place = -1;

  if (way->endpoints[family] >= 0)
    return;
  if (qs_doctor_facts_find_endpoint (self->facts, text, &place) == NULL)
    {
      place = (gint) self->facts->endpoints->len;
      if (place >= QS_DOCTOR_MOST_ENDPOINTS)
        return;
      g_autofree char *name = g_strdup_printf ("quic-%d", place + 1);
      g_ptr_array_add (self->facts->endpoints, qs_endpoint_new (name, family, text));
      start_quic (self, way->host, way->port, address, place);
    }
  way->endpoints[family] = place;
}

/* addresses: the first of each family counts. */
static void
ask_way (QsDoctor *self, QsWay *way, GPtrArray *addresses)
{
  for (guint i = 0; i < addresses->len; i++)
    if (G_IS_INET_SOCKET_ADDRESS (addresses->pdata[i]))
      ask_endpoint (self, way, g_inet_socket_address_get_address (addresses->pdata[i]));
}

/* --- Names --- */

typedef struct {
  QsDoctor *doctor;
  QsWay *way; /* the facts' own, which live as long as the doctor */
} Asked;

static void
way_resolved_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autofree Asked *asked = data;
  g_autoptr (QsDoctor) self = asked->doctor;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) addresses = qs_resolve_finish (result, &error);

  if (self->concluding)
    return;
  self->n_pending--;
  if (addresses != NULL)
    ask_way (self, asked->way, addresses);
  else
    asked->way->unresolved = g_strdup (error->message);
  go_on (self);
}

static void
resolve_way (QsDoctor *self, QsWay *way)
{
  g_autofree char *text = authority_of ("https", way->host, way->port, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (QsTarget) target = qs_target_new (text, &error);
  Asked *asked;

  if (target == NULL)
    {
      way->unresolved = g_strdup (error->message);
      return;
    }
  asked = g_new (Asked, 1);
  asked->doctor = g_object_ref (self);
  asked->way = way;
  self->n_pending++;
  qs_resolve_async (target, self->options->family, (const char *const *) self->options->resolve, self->cancellable,
                    way_resolved_cb, asked);
}

static void
resolved_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsDoctor) self = data;
  g_autoptr (GError) error = NULL;

  if (self->concluding)
    return;
  self->addresses = qs_resolve_finish (result, &error);
  QsWay *own = self->facts->ways->pdata[0];
  for (guint i = 0; self->addresses != NULL && i < self->addresses->len; i++)
    if (G_IS_INET_SOCKET_ADDRESS (self->addresses->pdata[i]))
      g_ptr_array_add (self->facts->addresses,
                       g_inet_address_to_string (g_inet_socket_address_get_address (self->addresses->pdata[i])));
  if (self->addresses != NULL)
    ask_way (self, own, self->addresses);
  else
    own->unresolved = g_strdup (error->message);
  self->resolved = TRUE;
  self->n_pending--;
  go_on (self);
}

static void
looked_up_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsDoctor) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) records = qs_https_lookup_finish (result, &error);

  if (self->concluding)
    return;
  if (records != NULL)
    qs_doctor_read_records (self->facts, records);
  else
    {
      self->facts->dns = QS_DNS_FAILED;
      self->facts->dns_words = g_strdup (error->message);
    }
  self->dns_over = TRUE;
  self->n_pending--;
  go_on (self);
}

/* --- Course --- */

/* Once it is known what is advertised, each way is asked. */
static void
ask_advertised (QsDoctor *self)
{
  self->advertised = TRUE;
  for (guint i = 1; i < self->facts->ways->len; i++)
    {
      QsWay *way = self->facts->ways->pdata[i];
      if (g_strcmp0 (way->protocol, "h3") != 0)
        continue;
      if (way->own_name && self->addresses != NULL)
        ask_way (self, way, self->addresses);
      else if (way->own_name)
        way->unresolved = g_strdup (((QsWay *) self->facts->ways->pdata[0])->unresolved);
      else
        resolve_way (self, way);
    }
}

static void
go_on (QsDoctor *self)
{
  if (self->concluding)
    return;
  if (!self->advertised && self->web_over && self->dns_over && self->resolved)
    ask_advertised (self);
  if (self->n_pending == 0)
    conclude (self);
}

/* All that is under way ends here; what is known stays. */
static void
end_now (QsDoctor *self)
{
  g_autoptr (QsDoctor) alive = g_object_ref (self);

  self->advertised = TRUE;
  g_cancellable_cancel (self->cancellable);
  for (guint i = 0; i < self->runs->len; i++)
    {
      Run *run = self->runs->pdata[i];
      if (!run->over)
        qs_probe_stop (run->probe);
    }
}

static gboolean
overdue_cb (gpointer data)
{
  end_now (data);
  return G_SOURCE_REMOVE;
}

static void
qs_doctor_dispose (GObject *object)
{
  QsDoctor *self = QS_DOCTOR (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  if (self->deadline != NULL)
    g_source_destroy (self->deadline);
  g_clear_pointer (&self->deadline, g_source_unref);
  g_clear_pointer (&self->runs, g_ptr_array_unref);
  g_clear_pointer (&self->report, qs_doctor_report_free);
  g_clear_pointer (&self->facts, qs_doctor_facts_free);
  g_clear_pointer (&self->addresses, g_ptr_array_unref);
  g_clear_pointer (&self->options, qs_probe_options_free);
  g_clear_pointer (&self->target, qs_target_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (qs_doctor_parent_class)->dispose (object);
}

static void
qs_doctor_class_init (QsDoctorClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = qs_doctor_dispose;
  signals[SIGNAL_PROGRESS] = g_signal_new ("progress", QS_TYPE_DOCTOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                           G_TYPE_NONE, 1, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[SIGNAL_FINISHED] =
      g_signal_new ("finished", QS_TYPE_DOCTOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_doctor_init (QsDoctor *self)
{
  self->cancellable = g_cancellable_new ();
  self->runs = g_ptr_array_new_with_free_func (run_free);
  self->context = g_main_context_ref_thread_default ();
}

QsTarget *
qs_doctor_target_new (const char *text, gboolean *plain, GError **error)
{
  g_return_val_if_fail (text != NULL && plain != NULL, NULL);

  const char *rest = strstr (text, "://");
  gboolean https = g_ascii_strncasecmp (text, "https://", 8) == 0;

  *plain = g_ascii_strncasecmp (text, "http://", 7) == 0;
  if (rest != NULL && !https && !*plain)
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                           _ ("Browsers open https:// and http://: name the site so, as https://example.org/."));
      return NULL;
    }
  g_autofree char *whole = g_strdup_printf ("https://%s", rest != NULL ? rest + 3 : text);
  QsTarget *target = qs_target_new (whole, error);
  if (target == NULL || !*plain || qs_target_get_port (target) != 80)
    return target;
  /* http://HOST:80 is http://HOST. */
  g_autofree char *usual = authority_of ("https", qs_target_get_host (target), 443, qs_target_get_path (target));
  qs_target_unref (target);
  return qs_target_new (usual, error);
}

QsDoctor *
qs_doctor_new (QsTarget *target, gboolean plain, const QsProbeOptions *options)
{
  g_return_val_if_fail (target != NULL && options != NULL, NULL);

  QsDoctor *self = g_object_new (QS_TYPE_DOCTOR, NULL);
  g_autofree char *host = qs_text_escape (qs_target_get_host (target), -1);

  self->target = qs_target_ref (target);
  self->options = qs_probe_options_copy (options);
  self->facts = qs_doctor_facts_new (host, qs_target_get_port (target));
  self->facts->plain = plain;
  return self;
}

gboolean
qs_doctor_start (QsDoctor *self, GError **error)
{
  g_return_val_if_fail (QS_IS_DOCTOR (self) && !self->started, FALSE);

  const char *host = qs_target_get_host (self->target);
  QsWay *own = qs_way_new (QS_WAY_ORIGIN, "h3", host, self->facts->port, qs_target_to_string (self->target));

  own->own_name = TRUE;
  qs_doctor_facts_take_way (self->facts, own);
  self->facts->proxy = qs_doctor_find_proxy (host, g_getenv);
  if (!start_web (self, error))
    return FALSE;
  self->started = TRUE;
  self->deadline = g_timeout_source_new (QS_DOCTOR_MS - LAST_LOOK_MS);
  g_source_set_static_name (self->deadline, "[Quicscope] doctor");
  g_source_set_callback (self->deadline, overdue_cb, self, NULL);
  g_source_attach (self->deadline, self->context);
  self->n_pending++;
  qs_resolve_async (self->target, self->options->family, (const char *const *) self->options->resolve,
                    self->cancellable, resolved_cb, g_object_ref (self));
  self->dns_over = !qs_alternatives_may_ask_dns (self->target, self->options);
  if (self->dns_over)
    return TRUE;
  self->n_pending++;
  qs_https_lookup_async (host, self->facts->port, self->options->dns_server, self->cancellable, looked_up_cb,
                         g_object_ref (self));
  return TRUE;
}

void
qs_doctor_stop (QsDoctor *self)
{
  g_return_if_fail (QS_IS_DOCTOR (self) && self->started);

  if (self->concluding)
    return;
  self->stopped = TRUE;
  end_now (self);
}

QsTarget *
qs_doctor_get_target (QsDoctor *self)
{
  g_return_val_if_fail (QS_IS_DOCTOR (self), NULL);
  return self->target;
}

gboolean
qs_doctor_get_finished (QsDoctor *self)
{
  g_return_val_if_fail (QS_IS_DOCTOR (self), FALSE);
  return self->finished;
}

gboolean
qs_doctor_get_stopped (QsDoctor *self)
{
  g_return_val_if_fail (QS_IS_DOCTOR (self), FALSE);
  return self->stopped;
}

const QsDoctorFacts *
qs_doctor_get_facts (QsDoctor *self)
{
  g_return_val_if_fail (QS_IS_DOCTOR (self), NULL);
  return self->facts;
}

const QsDoctorReport *
qs_doctor_get_report (QsDoctor *self)
{
  g_return_val_if_fail (QS_IS_DOCTOR (self), NULL);
  return self->report;
}

guint
qs_doctor_get_n_runs (QsDoctor *self)
{
  g_return_val_if_fail (QS_IS_DOCTOR (self), 0);
  return self->runs->len;
}

const char *
qs_doctor_get_run_name (QsDoctor *self, guint run)
{
  g_return_val_if_fail (QS_IS_DOCTOR (self) && run < self->runs->len, NULL);
  return ((const Run *) self->runs->pdata[run])->name;
}

QsProbe *
qs_doctor_get_run_probe (QsDoctor *self, guint run)
{
  g_return_val_if_fail (QS_IS_DOCTOR (self) && run < self->runs->len, NULL);
  return ((const Run *) self->runs->pdata[run])->probe;
}

QsStudy *
qs_doctor_get_run_study (QsDoctor *self, guint run)
{
  g_return_val_if_fail (QS_IS_DOCTOR (self) && run < self->runs->len, NULL);
  return ((const Run *) self->runs->pdata[run])->study;
}
