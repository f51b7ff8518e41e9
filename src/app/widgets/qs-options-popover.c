/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-options-popover.h"

#include <string.h>

#include "base/qs-i18n.h"

struct _QsOptionsPopover {
  GtkPopover parent;
  GtkComboBox *mode, *family, *trust;
  GtkEntry *alpn, *sni, *groups, *ciphersuites, *send;
  GtkToggleButton *no_sni, *keep_open, *insecure, *experiments;
  GtkFileChooser *ca_file, *cert_file, *key_file;
  GtkSpinButton *timeout;
  GtkWidget *reset;
  gboolean is_changed;
};

enum { PROP_INSECURE = 1, PROP_CHANGED, N_PROPS };
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (QsOptionsPopover, qs_options_popover, GTK_TYPE_POPOVER)

#define DEFAULT_TIMEOUT_S 10

static gboolean
is_changed (QsOptionsPopover *self)
{
  GtkEntry *entries[] = { self->alpn, self->sni, self->groups, self->ciphersuites, self->send };
  GtkComboBox *boxes[] = { self->mode, self->family, self->trust };

  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    if (gtk_entry_get_text_length (entries[i]) > 0)
      return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (boxes); i++)
    if (gtk_combo_box_get_active (boxes[i]) != 0)
      return TRUE;
  g_autofree char *cert = gtk_file_chooser_get_filename (self->cert_file);
  return cert != NULL || gtk_toggle_button_get_active (self->no_sni) ||
         !gtk_toggle_button_get_active (self->keep_open) || !gtk_toggle_button_get_active (self->experiments) ||
         gtk_toggle_button_get_active (self->insecure) ||
         gtk_spin_button_get_value_as_int (self->timeout) != DEFAULT_TIMEOUT_S;
}

static void
form_changed_cb (QsOptionsPopover *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->ca_file),
                          g_strcmp0 (gtk_combo_box_get_active_id (self->trust), "file") == 0);
  gtk_widget_set_sensitive (GTK_WIDGET (self->sni), !gtk_toggle_button_get_active (self->no_sni));

  gboolean changed = is_changed (self);
  gtk_widget_set_sensitive (self->reset, changed);
  if (changed == self->is_changed)
    return;
  self->is_changed = changed;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CHANGED]);
}

static void
insecure_toggled_cb (QsOptionsPopover *self)
{
  form_changed_cb (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_INSECURE]);
}

static void
reset_clicked_cb (QsOptionsPopover *self)
{
  qs_options_popover_reset (self);
}

static char *
dup_text (GtkEntry *entry)
{
  g_autofree char *text = g_strstrip (g_strdup (gtk_entry_get_text (entry)));

  return *text != '\0' ? g_steal_pointer (&text) : NULL;
}

static char **
dup_list (GtkEntry *entry)
{
  g_autofree char *text = dup_text (entry);
  if (text == NULL)
    return NULL;

  g_auto (GStrv) parts = g_strsplit_set (text, ", ", -1);
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();
  for (guint i = 0; parts[i] != NULL; i++)
    if (*parts[i] != '\0')
      g_strv_builder_add (list, parts[i]);
  return g_strv_builder_end (list);
}

static void
fill_trust (QsOptionsPopover *self, QsLab *lab, QsProbeOptions *options)
{
  const char *trust = gtk_combo_box_get_active_id (self->trust);

  if (g_strcmp0 (trust, "file") == 0)
    options->ca_file = gtk_file_chooser_get_filename (self->ca_file);
  else if (g_strcmp0 (trust, "lab") == 0)
    options->ca_file = g_strdup (qs_lab_get_ca_path (lab));
  else if (g_strcmp0 (trust, "none") == 0)
    options->ca_file = g_strdup ("");
}

static void
qs_options_popover_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  QsOptionsPopover *self = QS_OPTIONS_POPOVER (object);

  switch (id)
    {
    case PROP_INSECURE:
      g_value_set_boolean (value, qs_options_popover_get_insecure (self));
      break;
    case PROP_CHANGED:
      g_value_set_boolean (value, self->is_changed);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_options_popover_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_INSECURE:
      qs_options_popover_set_insecure (QS_OPTIONS_POPOVER (object), g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_options_popover_class_init (QsOptionsPopoverClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = qs_options_popover_get_property;
  object_class->set_property = qs_options_popover_set_property;
  props[PROP_INSECURE] =
      g_param_spec_boolean ("insecure", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  props[PROP_CHANGED] =
      g_param_spec_boolean ("changed-from-default", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-options-popover.ui");
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, mode);
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, family);
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, trust);
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, alpn);
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, sni);
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, groups);
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, ciphersuites);
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, send);
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, no_sni);
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, keep_open);
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, insecure);
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, experiments);
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, ca_file);
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, cert_file);
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, key_file);
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, timeout);
  gtk_widget_class_bind_template_child (widget_class, QsOptionsPopover, reset);
  gtk_widget_class_bind_template_callback (widget_class, reset_clicked_cb);
}

/* GTK would begin where the keys were, or at the last row: a Space must never turn the verification off. */
static void
shown_cb (QsOptionsPopover *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->alpn));
}

static void
qs_options_popover_init (QsOptionsPopover *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  gpointer changing[] = { self->mode,   self->family,       self->trust, self->alpn,   self->sni,
                          self->groups, self->ciphersuites, self->send,  self->timeout };
  for (guint i = 0; i < G_N_ELEMENTS (changing); i++)
    g_signal_connect_swapped (changing[i], "changed", G_CALLBACK (form_changed_cb), self);
  g_signal_connect_swapped (self->no_sni, "toggled", G_CALLBACK (form_changed_cb), self);
  g_signal_connect_swapped (self->keep_open, "toggled", G_CALLBACK (form_changed_cb), self);
  g_signal_connect_swapped (self->experiments, "toggled", G_CALLBACK (form_changed_cb), self);
  g_signal_connect_swapped (self->insecure, "toggled", G_CALLBACK (insecure_toggled_cb), self);
  g_signal_connect_swapped (self->cert_file, "file-set", G_CALLBACK (form_changed_cb), self);
  g_signal_connect_after (self, "show", G_CALLBACK (shown_cb), NULL);
  qs_options_popover_reset (self);
}

GtkWidget *
qs_options_popover_new (void)
{
  return g_object_new (QS_TYPE_OPTIONS_POPOVER, NULL);
}

QsProbeOptions *
qs_options_popover_dup_options (QsOptionsPopover *self, QsLab *lab)
{
  g_return_val_if_fail (QS_IS_OPTIONS_POPOVER (self) && QS_IS_LAB (lab), NULL);

  static const GSocketFamily families[] = { G_SOCKET_FAMILY_INVALID, G_SOCKET_FAMILY_IPV4, G_SOCKET_FAMILY_IPV6 };
  QsProbeOptions *options = qs_probe_options_new ();
  g_autofree char *send = dup_text (self->send);

  qs_mode_from_name (gtk_combo_box_get_active_id (self->mode), &options->mode);
  options->alpn = dup_list (self->alpn);
  options->sni = gtk_toggle_button_get_active (self->no_sni) ? g_strdup ("") : dup_text (self->sni);
  options->family = families[MAX (gtk_combo_box_get_active (self->family), 0)];
  options->groups = dup_text (self->groups);
  options->ciphersuites = dup_text (self->ciphersuites);
  fill_trust (self, lab, options);
  options->cert_file = gtk_file_chooser_get_filename (self->cert_file);
  options->key_file = gtk_file_chooser_get_filename (self->key_file);
  options->send = send != NULL ? g_bytes_new (send, strlen (send)) : NULL;
  options->timeout_ms = (guint) gtk_spin_button_get_value_as_int (self->timeout) * 1000;
  options->keep_open = gtk_toggle_button_get_active (self->keep_open);
  options->alternatives = TRUE;
  options->experiments = gtk_toggle_button_get_active (self->experiments) ? QS_EXPERIMENTS_AUTO : QS_EXPERIMENTS_NONE;
  options->insecure = gtk_toggle_button_get_active (self->insecure);
  return options;
}

void
qs_options_popover_reset (QsOptionsPopover *self)
{
  g_return_if_fail (QS_IS_OPTIONS_POPOVER (self));

  GtkEntry *entries[] = { self->alpn, self->sni, self->groups, self->ciphersuites, self->send };
  GtkComboBox *boxes[] = { self->mode, self->family, self->trust };
  GtkFileChooser *files[] = { self->ca_file, self->cert_file, self->key_file };

  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    gtk_entry_set_text (entries[i], "");
  for (guint i = 0; i < G_N_ELEMENTS (boxes); i++)
    gtk_combo_box_set_active (boxes[i], 0);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    gtk_file_chooser_unselect_all (files[i]);
  gtk_toggle_button_set_active (self->no_sni, FALSE);
  gtk_toggle_button_set_active (self->keep_open, TRUE);
  gtk_toggle_button_set_active (self->experiments, TRUE);
  gtk_toggle_button_set_active (self->insecure, FALSE);
  gtk_spin_button_set_value (self->timeout, DEFAULT_TIMEOUT_S);
  form_changed_cb (self);
}

static void
set_file (GtkFileChooser *chooser, const char *path)
{
  if (path != NULL && *path != '\0')
    gtk_file_chooser_set_filename (chooser, path);
}

static const char *
trust_of (QsLab *lab, const QsProbeOptions *options)
{
  if (options->ca_file == NULL)
    return "system";
  if (*options->ca_file == '\0')
    return "none";
  return g_strcmp0 (options->ca_file, qs_lab_get_ca_path (lab)) == 0 ? "lab" : "file";
}

static void
set_texts (QsOptionsPopover *self, const QsProbeOptions *options)
{
  g_autofree char *alpn = options->alpn != NULL ? g_strjoinv (", ", options->alpn) : NULL;
  gsize length = 0;
  const char *bytes = options->send != NULL ? g_bytes_get_data (options->send, &length) : NULL;
  g_autofree char *send =
      g_utf8_validate_len (bytes != NULL ? bytes : "", length, NULL) ? g_strndup (bytes, length) : NULL;
  const struct {
    GtkEntry *entry;
    const char *text;
  } texts[] = { { self->alpn, alpn },
                { self->sni, options->sni },
                { self->groups, options->groups },
                { self->ciphersuites, options->ciphersuites },
                { self->send, send } };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    gtk_entry_set_text (texts[i].entry, texts[i].text != NULL ? texts[i].text : "");
}

void
qs_options_popover_set_options (QsOptionsPopover *self, QsLab *lab, const QsProbeOptions *options)
{
  g_return_if_fail (QS_IS_OPTIONS_POPOVER (self) && QS_IS_LAB (lab) && options != NULL);

  const char *trust = trust_of (lab, options);

  qs_options_popover_reset (self);
  set_texts (self, options);
  gtk_combo_box_set_active_id (self->mode, qs_mode_name (options->mode));
  gtk_combo_box_set_active (self->family, options->family == G_SOCKET_FAMILY_IPV4   ? 1
                                          : options->family == G_SOCKET_FAMILY_IPV6 ? 2
                                                                                    : 0);
  gtk_combo_box_set_active_id (self->trust, trust);
  if (g_str_equal (trust, "file"))
    set_file (self->ca_file, options->ca_file);
  set_file (self->cert_file, options->cert_file);
  set_file (self->key_file, options->key_file);
  gtk_toggle_button_set_active (self->no_sni, options->sni != NULL && *options->sni == '\0');
  gtk_toggle_button_set_active (self->keep_open, options->keep_open);
  gtk_toggle_button_set_active (self->experiments, options->experiments != QS_EXPERIMENTS_NONE);
  gtk_toggle_button_set_active (self->insecure, options->insecure);
  gtk_spin_button_set_value (self->timeout, options->timeout_ms / 1000.0);
  form_changed_cb (self);
}

gboolean
qs_options_popover_get_insecure (QsOptionsPopover *self)
{
  g_return_val_if_fail (QS_IS_OPTIONS_POPOVER (self), FALSE);

  return gtk_toggle_button_get_active (self->insecure);
}

void
qs_options_popover_set_insecure (QsOptionsPopover *self, gboolean insecure)
{
  g_return_if_fail (QS_IS_OPTIONS_POPOVER (self));

  gtk_toggle_button_set_active (self->insecure, insecure);
}

void
qs_options_popover_set_keep_open (QsOptionsPopover *self, gboolean keep_open)
{
  g_return_if_fail (QS_IS_OPTIONS_POPOVER (self));

  gtk_toggle_button_set_active (self->keep_open, keep_open);
}
