/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-help.h"

#include "app/qs-help-window.h"

#define WINDOW "qs-help-window"

/* A viewer that is there and does not start counts as none. */
static gboolean
show_in_viewer (GtkWindow *parent, const char *place)
{
  g_autoptr (GAppInfo) viewer = g_app_info_get_default_for_uri_scheme ("help");
  g_autofree char *uri = g_strconcat ("help:quicscope/", place, NULL);
  g_autoptr (GError) error = NULL;

  if (viewer == NULL || !qs_manual_is_installed ())
    return FALSE;
  if (gtk_show_uri_on_window (parent, uri, gtk_get_current_event_time (), &error))
    return TRUE;
  g_info ("The help viewer does not start: %s", error->message);
  return FALSE;
}

static void
forget_cb (GtkWidget *help, gpointer parent)
{
  g_object_set_data (parent, WINDOW, NULL);
}

static void
show_in_window (GtkWindow *parent, const char *place)
{
  GtkWidget *help = g_object_get_data (G_OBJECT (parent), WINDOW);

  if (help == NULL)
    {
      help = qs_help_window_new (parent);
      g_object_set_data (G_OBJECT (parent), WINDOW, help);
      g_signal_connect_object (help, "destroy", G_CALLBACK (forget_cb), parent, 0);
    }
  qs_help_window_show_place (QS_HELP_WINDOW (help), place);
  gtk_window_present (GTK_WINDOW (help));
}

void
qs_help_show (GtkWindow *parent, const char *place)
{
  g_return_if_fail (GTK_IS_WINDOW (parent) && place != NULL);

  if (!show_in_viewer (parent, place))
    show_in_window (parent, place);
}

static gboolean
key_press_cb (GtkWindow *window, GdkEventKey *event, gpointer place)
{
  if (event->keyval != GDK_KEY_F1 || (event->state & gtk_accelerator_get_default_mod_mask ()) != 0)
    return GDK_EVENT_PROPAGATE;
  qs_help_show (window, place);
  return GDK_EVENT_STOP;
}

void
qs_help_bind (GtkWindow *window, const char *place)
{
  g_return_if_fail (GTK_IS_WINDOW (window) && place != NULL);

  g_signal_connect_data (window, "key-press-event", G_CALLBACK (key_press_cb), g_strdup (place),
                         (GClosureNotify) (void (*) (void)) g_free, 0);
}

static void
help_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  qs_help_show (GTK_WINDOW (data), qs_window_get_page (data));
}

static void
show_keys_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource ("/org/quicscope/Quicscope/ui/qs-shortcuts.ui");
  GtkWindow *shortcuts = GTK_WINDOW (gtk_builder_get_object (builder, "help_overlay"));

  gtk_window_set_transient_for (shortcuts, data);
  gtk_window_present (shortcuts);
}

void
qs_help_install (QsWindow *window)
{
  static const GActionEntry actions[] = {
    { "help", help_cb },
    { "show-help-overlay", show_keys_cb },
  };

  g_return_if_fail (QS_IS_WINDOW (window));

  g_action_map_add_action_entries (G_ACTION_MAP (window), actions, G_N_ELEMENTS (actions), window);
}
