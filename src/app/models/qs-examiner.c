/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-examiner.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "formats/qs-file-writer.h"
#include "report/qs-html-card.h"

#define FILE_MODE 0666

/* What the lab's server is asked for once it listens. */
typedef struct {
  QsProbeOptions *options;
  QsProfile profile;
  char *checks;
} Wish;

struct _QsExaminer {
  GObject parent;
  QsLab *lab;
  QsExamination *examination;
  gboolean running;
  Wish *wish; /* NULL: none waits for the lab */
  QsCardRecord *earlier;
  char *earlier_name;
  gboolean (*is_private) (GSocketAddress *address);
};

enum { PROP_RUNNING = 1, N_PROPS };
enum { CHANGED, RESULT, N_SIGNALS };

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsExaminer, qs_examiner, G_TYPE_OBJECT)

static void
wish_free (Wish *wish)
{
  if (wish == NULL)
    return;
  qs_probe_options_free (wish->options);
  g_free (wish->checks);
  g_free (wish);
}

static void
changed (QsExaminer *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
set_running (QsExaminer *self, gboolean running)
{
  if (self->running != running)
    {
      self->running = running;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_RUNNING]);
    }
  changed (self);
}

static void
result_cb (QsExaminer *self, guint index)
{
  g_signal_emit (self, signals[RESULT], 0, index);
}

static void
finished_cb (QsExaminer *self)
{
  set_running (self, FALSE);
}

static void
drop_examination (QsExaminer *self)
{
  if (self->examination == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->examination, self);
  qs_examination_stop (self->examination);
  g_clear_object (&self->examination);
}

static void
take_examination (QsExaminer *self, QsExamination *examination)
{
  drop_examination (self);
  self->examination = g_object_ref (examination);
  g_signal_connect_swapped (examination, "result", G_CALLBACK (result_cb), self);
  g_signal_connect_swapped (examination, "consent", G_CALLBACK (changed), self);
  g_signal_connect_swapped (examination, "finished", G_CALLBACK (finished_cb), self);
  set_running (self, TRUE);
}

/* h3 has most of the checks: it is asked for, where the scenario is one of QUIC at all. NULL: it does not run. */
static char *
dup_lab_target (QsExaminer *self)
{
  g_autofree char *target = qs_lab_dup_target (self->lab);

  if (target == NULL || !g_str_has_prefix (target, "quic:"))
    return g_steal_pointer (&target);
  return g_strconcat ("https", strchr (target, ':'), NULL);
}

static void
lab_running_cb (QsExaminer *self)
{
  if (!qs_lab_get_restarting (self->lab) && qs_lab_get_server (self->lab) == NULL)
    g_clear_pointer (&self->wish, wish_free); /* it does not come */
  if (self->wish == NULL || !qs_lab_get_running (self->lab))
    return;
  Wish *wish = g_steal_pointer (&self->wish);
  g_autofree char *target = dup_lab_target (self);
  g_autoptr (GError) error = NULL;

  if (!qs_examiner_start (self, target, wish->options, wish->profile, wish->checks, &error))
    g_debug ("The lab's server is not examined: %s", error->message);
  wish_free (wish);
}

static void
qs_examiner_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  QsExaminer *self = QS_EXAMINER (object);

  if (id == PROP_RUNNING)
    g_value_set_boolean (value, self->running);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
qs_examiner_dispose (GObject *object)
{
  QsExaminer *self = QS_EXAMINER (object);

  drop_examination (self);
  if (self->lab != NULL)
    g_signal_handlers_disconnect_by_data (self->lab, self);
  g_clear_object (&self->lab);
  G_OBJECT_CLASS (qs_examiner_parent_class)->dispose (object);
}

static void
qs_examiner_finalize (GObject *object)
{
  QsExaminer *self = QS_EXAMINER (object);

  g_clear_pointer (&self->wish, wish_free);
  g_clear_pointer (&self->earlier, qs_card_record_free);
  g_free (self->earlier_name);
  G_OBJECT_CLASS (qs_examiner_parent_class)->finalize (object);
}

static void
qs_examiner_class_init (QsExaminerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = qs_examiner_get_property;
  object_class->dispose = qs_examiner_dispose;
  object_class->finalize = qs_examiner_finalize;
  props[PROP_RUNNING] = g_param_spec_boolean ("running", NULL, NULL, FALSE,
                                              G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[CHANGED] = g_signal_new ("changed", QS_TYPE_EXAMINER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[RESULT] =
      g_signal_new ("result", QS_TYPE_EXAMINER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
qs_examiner_init (QsExaminer *self)
{
}

QsExaminer *
qs_examiner_new (QsLab *lab)
{
  g_return_val_if_fail (QS_IS_LAB (lab), NULL);

  QsExaminer *self = g_object_new (QS_TYPE_EXAMINER, NULL);
  self->lab = g_object_ref (lab);
  g_signal_connect_swapped (lab, "notify::running", G_CALLBACK (lab_running_cb), self);
  return self;
}

/* --- Making a card ---------------------------------------------------------------------- */

static QsTarget *
take_target (const char *text, GError **error)
{
  g_autoptr (QsTarget) target = qs_target_new (text, error);

  if (target == NULL || qs_target_get_transport (target) == QS_TRANSPORT_QUIC)
    return g_steal_pointer (&target);
  g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET, "%s",
               _ ("A report card is of a QUIC server; tls:// goes over TCP. Type https://HOST/ or quic://HOST:PORT."));
  return NULL;
}

gboolean
qs_examiner_start (QsExaminer *self, const char *text, const QsProbeOptions *options, QsProfile profile,
                   const char *checks, GError **error)
{
  g_return_val_if_fail (QS_IS_EXAMINER (self) && text != NULL && options != NULL && checks != NULL, FALSE);

  g_autoptr (QsTarget) target = take_target (text, error);
  if (target == NULL)
    return FALSE;
  g_autoptr (GPtrArray) chosen = *checks != '\0' ? qs_checks_choose (checks, error) : NULL;
  if (*checks != '\0' && chosen == NULL)
    return FALSE;
  g_autoptr (QsProbeOptions) own = qs_probe_options_copy (options);
  if (own->ca_file == NULL && qs_lab_serves (self->lab, target))
    qs_lab_fill_options (self->lab, own);
  const QsExaminationOptions wanted = { .alpn = own->alpn,
                                        .sni = own->sni,
                                        .ca_file = own->ca_file,
                                        .resolve = own->resolve,
                                        .dns_server = own->dns_server,
                                        .family = own->family,
                                        .profile = profile,
                                        .ask = TRUE,
                                        .is_private = self->is_private,
                                        .checks = chosen };
  g_autoptr (QsExamination) examination = qs_examination_new (target, &wanted);
  if (!qs_examination_start (examination, error))
    return FALSE;
  g_clear_pointer (&self->wish, wish_free);
  take_examination (self, examination);
  return TRUE;
}

gboolean
qs_examiner_start_lab (QsExaminer *self, const QsProbeOptions *options, QsProfile profile, const char *checks,
                       GError **error)
{
  g_return_val_if_fail (QS_IS_EXAMINER (self) && options != NULL && checks != NULL, FALSE);

  g_autofree char *target = dup_lab_target (self);
  if (target != NULL)
    return qs_examiner_start (self, target, options, profile, checks, error);
  if (!qs_lab_start (self->lab, error))
    return FALSE;
  g_clear_pointer (&self->wish, wish_free);
  self->wish = g_new (Wish, 1);
  *self->wish = (Wish){ qs_probe_options_copy (options), profile, g_strdup (checks) };
  lab_running_cb (self);
  return TRUE;
}

void
qs_examiner_stop (QsExaminer *self)
{
  g_return_if_fail (QS_IS_EXAMINER (self));

  g_clear_pointer (&self->wish, wish_free);
  if (self->examination != NULL)
    qs_examination_stop (self->examination);
}

gboolean
qs_examiner_get_running (QsExaminer *self)
{
  g_return_val_if_fail (QS_IS_EXAMINER (self), FALSE);

  return self->running || self->wish != NULL;
}

QsExamination *
qs_examiner_get_examination (QsExaminer *self)
{
  g_return_val_if_fail (QS_IS_EXAMINER (self), NULL);

  return self->examination;
}

gboolean
qs_examiner_is_asking (QsExaminer *self)
{
  g_return_val_if_fail (QS_IS_EXAMINER (self), FALSE);

  return self->examination != NULL && qs_examination_get_asking (self->examination);
}

void
qs_examiner_answer (QsExaminer *self, gboolean own)
{
  g_return_if_fail (QS_IS_EXAMINER (self));

  if (!qs_examiner_is_asking (self))
    return;
  qs_examination_answer (self->examination, own);
  changed (self);
}

gboolean
qs_examiner_can_repeat (QsExaminer *self, guint index)
{
  g_return_val_if_fail (QS_IS_EXAMINER (self), FALSE);

  return self->examination != NULL && !self->running && qs_examination_can_repeat (self->examination, index);
}

gboolean
qs_examiner_repeat (QsExaminer *self, guint index)
{
  if (!qs_examiner_can_repeat (self, index) || !qs_examination_repeat (self->examination, index))
    return FALSE;
  set_running (self, TRUE);
  return TRUE;
}

void
qs_examiner_set_private (QsExaminer *self, gboolean (*is_private) (GSocketAddress *address))
{
  g_return_if_fail (QS_IS_EXAMINER (self));

  self->is_private = is_private;
}

/* --- The earlier one -------------------------------------------------------------------- */

gboolean
qs_examiner_compare (QsExaminer *self, const char *path, GError **error)
{
  g_return_val_if_fail (QS_IS_EXAMINER (self), FALSE);

  QsCardRecord *record = path != NULL ? qs_card_record_read (path, error) : NULL;
  if (path != NULL && record == NULL)
    return FALSE;
  g_autofree char *name = path != NULL ? g_path_get_basename (path) : NULL;
  g_clear_pointer (&self->earlier, qs_card_record_free);
  g_free (self->earlier_name);
  self->earlier = record;
  self->earlier_name = name != NULL ? qs_text_escape (name, -1) : NULL;
  changed (self);
  return TRUE;
}

const QsCardRecord *
qs_examiner_get_earlier (QsExaminer *self)
{
  g_return_val_if_fail (QS_IS_EXAMINER (self), NULL);

  return self->earlier;
}

const char *
qs_examiner_get_earlier_name (QsExaminer *self)
{
  g_return_val_if_fail (QS_IS_EXAMINER (self), NULL);

  return self->earlier_name;
}

/* --- Saving ----------------------------------------------------------------------------- */

static char *
make_json (QsExamination *examination)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, qs_card_to_json (examination));
  g_autofree char *text = json_to_string (node, TRUE);
  return g_strconcat (text, "\n", NULL);
}

static const struct {
  const char *title;
  const char *extension;
  char *(*make) (QsExamination *examination); /* NULL: in slices */
} formats[QS_N_CARD_FORMATS] = {
  [QS_CARD_FORMAT_HTML] = { N_ ("Web page (.html)"), ".html", NULL },
  [QS_CARD_FORMAT_JSON] = { N_ ("JSON, to compare with later (.json)"), ".json", make_json },
  [QS_CARD_FORMAT_JUNIT] = { N_ ("JUnit, for continuous integration (.xml)"), ".xml", qs_card_to_junit },
  [QS_CARD_FORMAT_MARKDOWN] = { N_ ("Markdown, for a ticket (.md)"), ".md", qs_card_to_markdown },
};

const char *
qs_card_format_title (QsCardFormat format)
{
  return _ (formats[format].title);
}

const char *
qs_card_format_extension (QsCardFormat format)
{
  return formats[format].extension;
}

QsCardFormat
qs_card_format_for_name (const char *name)
{
  for (guint i = 0; i < QS_N_CARD_FORMATS; i++)
    if (g_str_has_suffix (name, formats[i].extension))
      return i;
  return QS_CARD_FORMAT_HTML;
}

static void
html_saved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  if (qs_html_card_write_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
qs_examiner_save_async (QsExaminer *self, const char *path, QsCardFormat format, GAsyncReadyCallback callback,
                        gpointer data)
{
  g_return_if_fail (QS_IS_EXAMINER (self) && path != NULL && format < QS_N_CARD_FORMATS);
  g_return_if_fail (self->examination != NULL && !self->running);

  g_autoptr (GTask) task = g_task_new (self, NULL, callback, data);
  GError *error = NULL;

  g_task_set_source_tag (task, qs_examiner_save_async);
  if (formats[format].make == NULL)
    {
      qs_html_card_write_async (self->examination, path, html_saved_cb, g_steal_pointer (&task));
      return;
    }
  g_autofree char *text = formats[format].make (self->examination);
  if (qs_file_write (path, FILE_MODE, text, strlen (text), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

gboolean
qs_examiner_save_finish (QsExaminer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
