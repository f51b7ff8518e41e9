/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-saved-strip.h"

#include "base/qs-i18n.h"

#define ACTION "saved"
#define KEY "save-folder"

struct _QsSavedStrip {
  GtkRevealer parent;
  GtkLabel *label;
  char *path;
  QsSettings *settings;
};

G_DEFINE_FINAL_TYPE (QsSavedStrip, qs_saved_strip, GTK_TYPE_REVEALER)

/* --- Shown in its folder --- */

static void
open_folder (QsSavedStrip *self)
{
  g_autoptr (GFile) file = g_file_new_for_path (self->path);
  g_autoptr (GFile) folder = g_file_get_parent (file);
  GtkWidget *window = gtk_widget_get_toplevel (GTK_WIDGET (self));
  g_autoptr (GError) error = NULL;

  if (folder == NULL)
    return;
  g_autofree char *uri = g_file_get_uri (folder);
  if (!gtk_show_uri_on_window (GTK_WINDOW (window), uri, GDK_CURRENT_TIME, &error))
    {
      g_autofree char *name = g_file_get_parse_name (folder);
      g_autofree char *text = g_strdup_printf (_ ("No file manager opens the folder “%s”."), name);
      gtk_label_set_text (self->label, text);
    }
}

static void
shown_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsSavedStrip) self = data;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);

  if (answer == NULL && self->path != NULL)
    open_folder (self);
}

/* A file manager marks the file in its folder; where none is on the bus, what opens folders opens it. */
static void
show_folder_cb (QsSavedStrip *self)
{
  GApplication *application = g_application_get_default ();
  GDBusConnection *bus = application != NULL ? g_application_get_dbus_connection (application) : NULL;

  if (self->path == NULL)
    return;
  if (bus == NULL)
    {
      open_folder (self);
      return;
    }
  g_autoptr (GFile) file = g_file_new_for_path (self->path);
  g_autofree char *uri = g_file_get_uri (file);
  const char *const uris[] = { uri, NULL };
  g_dbus_connection_call (bus, "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1",
                          "org.freedesktop.FileManager1", "ShowItems", g_variant_new ("(^ass)", uris, ""), NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, shown_cb, g_object_ref (self));
}

static void
hide_cb (QsSavedStrip *self)
{
  qs_saved_strip_hide (self);
}

/* --- The action --- */

static GActionGroup *
find_actions (GtkWidget *widget)
{
  GtkWidget *top = gtk_widget_get_toplevel (widget);

  while (GTK_IS_WINDOW (top) && !(G_IS_ACTION_GROUP (top) && g_action_group_has_action (G_ACTION_GROUP (top), ACTION)))
    top = GTK_WIDGET (gtk_window_get_transient_for (GTK_WINDOW (top)));
  return GTK_IS_WINDOW (top) ? G_ACTION_GROUP (top) : NULL;
}

void
qs_saved_tell (GtkWidget *widget, const char *path)
{
  g_return_if_fail (GTK_IS_WIDGET (widget) && path != NULL);

  GActionGroup *actions = find_actions (widget);
  if (actions != NULL)
    g_action_group_activate_action (actions, ACTION, g_variant_new_bytestring (path));
}

QsSaved *
qs_saved_new (gpointer widget, const char *path)
{
  g_return_val_if_fail (GTK_IS_WIDGET (widget) && path != NULL, NULL);

  QsSaved *self = g_new (QsSaved, 1);
  self->widget = g_object_ref (widget);
  self->path = g_strdup (path);
  return self;
}

void
qs_saved_free (QsSaved *self)
{
  g_object_unref (self->widget);
  g_free (self->path);
  g_free (self);
}

char *
qs_saved_dup_folder (GtkWidget *widget)
{
  g_return_val_if_fail (GTK_IS_WIDGET (widget), NULL);

  GActionGroup *actions = find_actions (widget);
  g_autoptr (GVariant) state = actions != NULL ? g_action_group_get_action_state (actions, ACTION) : NULL;
  const char *folder = state != NULL ? g_variant_get_bytestring (state) : "";
  return g_file_test (folder, G_FILE_TEST_IS_DIR) ? g_strdup (folder) : NULL;
}

static void
saved_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  QsSavedStrip *self = data;
  const char *path = g_variant_get_bytestring (parameter);

  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *kept = g_filename_to_utf8 (folder, -1, NULL, NULL, NULL);
  g_simple_action_set_state (action, g_variant_new_bytestring (folder));
  if (kept != NULL)
    qs_settings_set_string (self->settings, KEY, kept);
  qs_saved_strip_show (self, path, NULL);
}

void
qs_saved_strip_install (QsSavedStrip *self, GActionMap *window, QsSettings *settings)
{
  g_return_if_fail (QS_IS_SAVED_STRIP (self) && G_IS_ACTION_MAP (window) && self->settings == NULL);

  self->settings = g_object_ref (settings);
  g_autofree char *kept = qs_settings_dup_string (settings, KEY, "");
  g_autofree char *folder = g_filename_from_utf8 (kept, -1, NULL, NULL, NULL);
  g_autoptr (GSimpleAction) action = g_simple_action_new_stateful (
      ACTION, G_VARIANT_TYPE_BYTESTRING, g_variant_new_bytestring (folder != NULL ? folder : ""));
  g_signal_connect_object (action, "activate", G_CALLBACK (saved_cb), self, 0);
  g_action_map_add_action (window, G_ACTION (action));
}

void
qs_saved_strip_show (QsSavedStrip *self, const char *path, const char *note)
{
  g_return_if_fail (QS_IS_SAVED_STRIP (self) && path != NULL);

  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autofree char *name = g_file_get_parse_name (file);
  g_autofree char *text = g_strdup_printf (_ ("Saved as “%s”."), name);
  g_autofree char *whole = note != NULL ? g_strdup_printf ("%s %s", text, note) : g_strdup (text);

  char *old = self->path;
  self->path = g_strdup (path);
  g_free (old);
  gtk_label_set_text (self->label, whole);
  gtk_revealer_set_reveal_child (GTK_REVEALER (self), TRUE);
}

void
qs_saved_strip_hide (QsSavedStrip *self)
{
  g_return_if_fail (QS_IS_SAVED_STRIP (self));

  gtk_revealer_set_reveal_child (GTK_REVEALER (self), FALSE);
  g_clear_pointer (&self->path, g_free);
}

const char *
qs_saved_strip_get_path (QsSavedStrip *self)
{
  g_return_val_if_fail (QS_IS_SAVED_STRIP (self), NULL);

  return self->path;
}

static void
qs_saved_strip_finalize (GObject *object)
{
  QsSavedStrip *self = QS_SAVED_STRIP (object);

  g_free (self->path);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (qs_saved_strip_parent_class)->finalize (object);
}

static void
qs_saved_strip_class_init (QsSavedStripClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = qs_saved_strip_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-saved-strip.ui");
  gtk_widget_class_bind_template_child (widget_class, QsSavedStrip, label);
  gtk_widget_class_bind_template_callback (widget_class, show_folder_cb);
  gtk_widget_class_bind_template_callback (widget_class, hide_cb);
}

static void
qs_saved_strip_init (QsSavedStrip *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
