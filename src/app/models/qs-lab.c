/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-lab.h"

#include "base/qs-i18n.h"
#include "base/qs-private-folder.h"
#include "net/qs-impairment.h"

struct _QsLab {
  GObject parent;
  QsServer *server; /* NULL: none; may be on its way out while restarting */
  char *scenario;
  char *path;        /* rules; NULL: none */
  char *served_path; /* that the server was started with */
  gboolean retry;
  guint port; /* as wished */
  guint16 last_port;
  gboolean restarting;
  QsTicketJar *tickets; /* of the server that runs */
  QsPrivateFolder *folder;
};

enum { PROP_RUNNING = 1, PROP_SCENARIO, PROP_RETRY, PROP_PORT, PROP_SERVER, PROP_PATH, N_PROPS };
enum { EVENT, N_SIGNALS };

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsLab, qs_lab, G_TYPE_OBJECT)

/* The table's first row is the plain one. */
static const char *
default_scenario (void)
{
  guint n;

  return qs_scenarios (&n)[0].name;
}

static void server_running_cb (QsLab *self);
static void server_event_cb (QsLab *self, const char *text);

static void
emit_event (QsLab *self, const char *text)
{
  g_signal_emit (self, signals[EVENT], 0, text);
}

static void
set_server (QsLab *self, QsServer *server)
{
  if (self->server != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->server, self);
      g_clear_object (&self->server);
    }
  g_clear_pointer (&self->tickets, qs_ticket_jar_unref);
  if (server != NULL)
    {
      self->server = g_object_ref (server);
      self->tickets = qs_ticket_jar_new ();
      g_signal_connect_swapped (server, "notify::running", G_CALLBACK (server_running_cb), self);
      g_signal_connect_swapped (server, "event", G_CALLBACK (server_event_cb), self);
    }
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SERVER]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_RUNNING]);
}

static gboolean
write_ca (QsLab *self, QsServer *server, GError **error)
{
  if (self->folder == NULL)
    self->folder = qs_private_folder_new ("quicscope-lab-", "ca.pem", error);
  return self->folder != NULL && qs_server_write_ca (server, qs_private_folder_get_path (self->folder), error);
}

static QsServerOptions *
make_options (QsLab *self, guint16 port)
{
  QsServerOptions *options = qs_server_options_new ();

  options->port = port;
  options->retry = self->retry;
  options->record = TRUE;
  options->impairment = g_strdup (self->path);
  if (!g_str_equal (self->scenario, default_scenario ()))
    {
      g_strfreev (options->scenarios);
      options->scenarios = g_strdupv ((char *[]){ self->scenario, NULL });
    }
  return options;
}

static gboolean
start_on (QsLab *self, guint16 port, GError **error)
{
  g_autoptr (QsServerOptions) options = make_options (self, port);
  g_autoptr (QsServer) server = qs_server_new (options);

  if (!qs_server_start (server, error))
    return FALSE;
  if (!write_ca (self, server, error))
    {
      qs_server_stop (server);
      return FALSE;
    }
  self->last_port = qs_server_get_port (server);
  g_free (self->served_path);
  self->served_path = g_strdup (self->path);
  set_server (self, server);
  return TRUE;
}

/* The port was just given back: it is nearly always free, but anybody may have taken it. */
static void
start_again (QsLab *self)
{
  g_autoptr (GError) error = NULL;

  self->restarting = FALSE;
  if (!start_on (self, self->last_port, NULL) && !start_on (self, self->port, &error))
    emit_event (self, error->message);
}

static void
server_running_cb (QsLab *self)
{
  if (qs_server_get_running (self->server))
    return;
  set_server (self, NULL);
  if (self->restarting)
    start_again (self);
}

static void
server_event_cb (QsLab *self, const char *text)
{
  emit_event (self, text);
}

static void
replace_running (QsLab *self)
{
  if (self->server == NULL || self->restarting)
    return;
  self->restarting = TRUE;
  qs_server_stop (self->server);
}

static void
qs_lab_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  QsLab *self = QS_LAB (object);

  switch (id)
    {
    case PROP_RUNNING:
      g_value_set_boolean (value, qs_lab_get_running (self));
      break;
    case PROP_SCENARIO:
      g_value_set_string (value, self->scenario);
      break;
    case PROP_RETRY:
      g_value_set_boolean (value, self->retry);
      break;
    case PROP_PORT:
      g_value_set_uint (value, self->port);
      break;
    case PROP_SERVER:
      g_value_set_object (value, self->server);
      break;
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_lab_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  QsLab *self = QS_LAB (object);

  switch (id)
    {
    case PROP_SCENARIO:
      qs_lab_set_scenario (self, g_value_get_string (value));
      break;
    case PROP_RETRY:
      if (self->retry == g_value_get_boolean (value))
        break;
      self->retry = g_value_get_boolean (value);
      g_object_notify_by_pspec (object, pspec);
      replace_running (self);
      break;
    case PROP_PORT:
      if (self->port == g_value_get_uint (value))
        break;
      self->port = self->last_port = (guint16) g_value_get_uint (value);
      g_object_notify_by_pspec (object, pspec);
      replace_running (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_lab_dispose (GObject *object)
{
  QsLab *self = QS_LAB (object);

  if (self->server != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->server, self);
      if (qs_server_get_running (self->server))
        qs_server_stop (self->server);
      g_clear_object (&self->server);
    }
  G_OBJECT_CLASS (qs_lab_parent_class)->dispose (object);
}

static void
qs_lab_finalize (GObject *object)
{
  QsLab *self = QS_LAB (object);

  g_clear_pointer (&self->tickets, qs_ticket_jar_unref);
  g_clear_pointer (&self->scenario, g_free);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->served_path, g_free);
  g_clear_pointer (&self->folder, qs_private_folder_free);
  G_OBJECT_CLASS (qs_lab_parent_class)->finalize (object);
}

static void
qs_lab_class_init (QsLabClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags read = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  const GParamFlags both = read | G_PARAM_WRITABLE;

  object_class->get_property = qs_lab_get_property;
  object_class->set_property = qs_lab_set_property;
  object_class->dispose = qs_lab_dispose;
  object_class->finalize = qs_lab_finalize;

  props[PROP_RUNNING] = g_param_spec_boolean ("running", NULL, NULL, FALSE, read);
  props[PROP_SCENARIO] = g_param_spec_string ("scenario", NULL, NULL, NULL, both);
  props[PROP_RETRY] = g_param_spec_boolean ("retry", NULL, NULL, FALSE, both);
  props[PROP_PORT] = g_param_spec_uint ("port", NULL, NULL, 0, G_MAXUINT16, 0, both);
  props[PROP_SERVER] = g_param_spec_object ("server", NULL, NULL, QS_TYPE_SERVER, read);
  props[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, read);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[EVENT] =
      g_signal_new ("event", QS_TYPE_LAB, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
qs_lab_init (QsLab *self)
{
  g_autoptr (QsServerOptions) options = qs_server_options_new ();

  self->scenario = g_strdup (default_scenario ());
  self->retry = options->retry;
}

QsLab *
qs_lab_new (void)
{
  return g_object_new (QS_TYPE_LAB, NULL);
}

void
qs_lab_set_scenario (QsLab *self, const char *name)
{
  g_return_if_fail (QS_IS_LAB (self));

  if (name == NULL)
    name = default_scenario ();
  if (g_str_equal (name, self->scenario))
    return;
  g_free (self->scenario);
  self->scenario = g_strdup (name);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SCENARIO]);
  replace_running (self);
}

const char *
qs_lab_get_scenario (QsLab *self)
{
  g_return_val_if_fail (QS_IS_LAB (self), NULL);

  return self->scenario;
}

gboolean
qs_lab_set_path (QsLab *self, const char *rules, GError **error)
{
  g_return_val_if_fail (QS_IS_LAB (self), FALSE);

  g_autoptr (QsImpairment) impairment = NULL;
  if (rules != NULL && *rules == '\0')
    rules = NULL;
  if (rules != NULL && (impairment = qs_impairment_new (rules, error)) == NULL)
    return FALSE;
  if (g_strcmp0 (rules, self->path) == 0)
    return TRUE;
  g_free (self->path);
  self->path = g_strdup (rules);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PATH]);
  return TRUE;
}

const char *
qs_lab_get_path (QsLab *self)
{
  g_return_val_if_fail (QS_IS_LAB (self), NULL);

  return self->path;
}

void
qs_lab_renew (QsLab *self)
{
  g_return_if_fail (QS_IS_LAB (self));

  if (self->server != NULL && g_strcmp0 (self->path, self->served_path) != 0)
    replace_running (self);
}

gboolean
qs_lab_start (QsLab *self, GError **error)
{
  g_return_val_if_fail (QS_IS_LAB (self), FALSE);

  if (self->server != NULL)
    {
      /* It runs, or is on its way out: then it comes back. */
      self->restarting = !qs_lab_get_running (self);
      return TRUE;
    }
  return start_on (self, (guint16) self->port, error);
}

void
qs_lab_stop (QsLab *self)
{
  g_return_if_fail (QS_IS_LAB (self));

  self->restarting = FALSE;
  if (self->server != NULL && qs_server_get_running (self->server))
    qs_server_stop (self->server);
}

gboolean
qs_lab_get_running (QsLab *self)
{
  g_return_val_if_fail (QS_IS_LAB (self), FALSE);

  return self->server != NULL && !self->restarting && qs_server_get_running (self->server);
}

gboolean
qs_lab_get_restarting (QsLab *self)
{
  g_return_val_if_fail (QS_IS_LAB (self), FALSE);

  return self->restarting;
}

QsServer *
qs_lab_get_server (QsLab *self)
{
  g_return_val_if_fail (QS_IS_LAB (self), NULL);

  return self->server;
}

const char *
qs_lab_get_ca_path (QsLab *self)
{
  g_return_val_if_fail (QS_IS_LAB (self), NULL);

  return qs_lab_get_running (self) ? qs_private_folder_get_path (self->folder) : NULL;
}

char *
qs_lab_dup_target (QsLab *self)
{
  g_return_val_if_fail (QS_IS_LAB (self), NULL);

  if (!qs_lab_get_running (self))
    return NULL;
  return g_strdup_printf ("%s://localhost:%u/", qs_scenario_get_scheme (qs_scenario_find (self->scenario)),
                          qs_server_get_port (self->server));
}

char *
qs_lab_dup_expectation (QsLab *self)
{
  g_return_val_if_fail (QS_IS_LAB (self), NULL);

  const QsScenario *scenario = qs_scenario_find (self->scenario);
  g_autoptr (QsImpairment) path = self->path != NULL ? qs_impairment_new (self->path, NULL) : NULL;
  const char *finding = qs_scenario_expect (scenario, path);

  if (g_str_equal (qs_scenario_get_scheme (scenario), "tls"))
    g_clear_pointer (&path, qs_impairment_free); /* of datagrams alone */
  if (path != NULL && qs_impairment_blocks_all (path))
    return g_strdup_printf (_ ("Expected finding: %s, as the path lets nothing through"), finding);
  if (path != NULL && path->rebind > 0)
    return finding != NULL
               ? g_strdup_printf (_ ("Expected finding: %s; once the client's port has changed, nothing more comes"),
                                  finding)
               : g_strdup (_ ("Expected: it works until the client's port changes; then nothing more comes"));
  if (finding != NULL)
    return g_strdup_printf (path != NULL
                                ? _ ("Expected finding: %s; and by the path, loss, disorder or a slow handshake")
                                : _ ("Expected finding: %s"),
                            finding);
  return g_strdup (path != NULL ? _ ("Expected: it works, with loss, disorder or a slow handshake by the path")
                                : _ ("Expected: it works"));
}

gboolean
qs_lab_serves (QsLab *self, QsTarget *target)
{
  static const char *const names[] = { "localhost", "127.0.0.1", NULL };

  g_return_val_if_fail (QS_IS_LAB (self) && target != NULL, FALSE);

  const char *name = qs_target_get_server_name (target);
  return qs_lab_get_running (self) && qs_target_get_port (target) == qs_server_get_port (self->server) &&
         g_strv_contains (names, name != NULL ? name : qs_target_get_host (target));
}

void
qs_lab_fill_options (QsLab *self, QsProbeOptions *options)
{
  g_return_if_fail (QS_IS_LAB (self) && options != NULL);

  g_free (options->ca_file);
  options->ca_file = self->folder != NULL ? g_strdup (qs_private_folder_get_path (self->folder)) : NULL;
  /* A run that resumes shows no certificate: only where that is what is to be seen. */
  if (self->tickets != NULL && g_str_equal (self->scenario, "resumption"))
    {
      g_clear_pointer (&options->tickets, qs_ticket_jar_unref);
      options->tickets = qs_ticket_jar_ref (self->tickets);
    }
  /* The lab listens on 127.0.0.1 alone: a lost race on ::1 would only be noise in a first picture. */
  options->family = G_SOCKET_FAMILY_IPV4;
}
