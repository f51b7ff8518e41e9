/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "window-fixture.h"

#include <glib/gstdio.h>

#include "app/qs-application.h"
#include "http/qs-http.h"

static QsApplication *application;

gboolean
fixture_expired_cb (gpointer expired)
{
  *(gboolean *) expired = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
has_name (GtkWidget *widget, const char *name)
{
  AtkObject *accessible = gtk_widget_get_accessible (widget);

  return accessible != NULL && g_strcmp0 (atk_object_get_name (accessible), name) == 0;
}

typedef struct {
  const char *name;
  GType type;
  gboolean mapped; /* only what is on the screen */
  GtkWidget *found;
} Search;

static void
search_cb (GtkWidget *widget, gpointer data)
{
  Search *search = data;

  if (search->found != NULL)
    return;
  if (G_TYPE_CHECK_INSTANCE_TYPE (widget, search->type) && has_name (widget, search->name) &&
      (!search->mapped || gtk_widget_get_mapped (widget)))
    search->found = widget;
  else if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), search_cb, search);
}

gpointer
fixture_find (Fixture *fixture, const char *name, GType type)
{
  return fixture_find_in (GTK_WIDGET (fixture->window), name, type);
}

gpointer
fixture_find_in (GtkWidget *top, const char *name, GType type)
{
  Search search = { name, type, TRUE, NULL };

  /* Several pages may have a button of this name. */
  search_cb (top, &search);
  search.mapped = FALSE;
  search_cb (top, &search);
  if (search.found == NULL)
    g_error ("Nothing of type %s is named %s", g_type_name (type), name);
  return search.found;
}

static void
find_button_cb (GtkWidget *widget, gpointer data)
{
  Search *search = data;

  if (GTK_IS_BUTTON (widget) && g_strcmp0 (gtk_button_get_label (GTK_BUTTON (widget)), search->name) == 0)
    search->found = widget;
  else if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), find_button_cb, search);
}

gpointer
fixture_find_option (Fixture *fixture, const char *label)
{
  GtkMenuButton *button = fixture_find (fixture, "Options", GTK_TYPE_MENU_BUTTON);
  Search search = { label, GTK_TYPE_BUTTON, FALSE, NULL };

  find_button_cb (GTK_WIDGET (gtk_menu_button_get_popover (button)), &search);
  if (search.found == NULL)
    g_error ("No option is labelled %s", label);
  return search.found;
}

const char *
fixture_get_state (Fixture *fixture)
{
  return gtk_label_get_text (fixture_find (fixture, "Connection state", GTK_TYPE_LABEL));
}

guint
fixture_count_rows (Fixture *fixture, const char *list)
{
  g_autoptr (GList) rows = gtk_container_get_children (fixture_find (fixture, list, GTK_TYPE_LIST_BOX));

  return g_list_length (rows);
}

void
fixture_act (Fixture *fixture, const char *action)
{
  g_action_group_activate_action (G_ACTION_GROUP (fixture->window), action, NULL);
}

gboolean
fixture_can (Fixture *fixture, const char *action)
{
  return g_action_group_get_action_enabled (G_ACTION_GROUP (fixture->window), action);
}

gboolean
fixture_has_finding (QsRun *run, const char *id)
{
  GPtrArray *findings = qs_run_get_findings (run);

  for (guint i = 0; i < findings->len; i++)
    if (g_str_equal (((QsFinding *) g_ptr_array_index (findings, i))->id, id))
      return TRUE;
  return FALSE;
}

void
fixture_press (Fixture *fixture, guint key, GdkModifierType modifiers)
{
  GtkWidget *window = GTK_WIDGET (fixture->window);
  GdkDisplay *display = gtk_widget_get_display (window);
  g_autofree GdkKeymapKey *keys = NULL;
  int n_keys;
  g_autoptr (GdkEvent) event = gdk_event_new (GDK_KEY_PRESS);

  g_assert_true (gdk_keymap_get_entries_for_keyval (gdk_keymap_get_for_display (display), key, &keys, &n_keys));
  event->key.window = g_object_ref (gtk_widget_get_window (window));
  event->key.keyval = key;
  event->key.state = modifiers;
  event->key.hardware_keycode = (guint16) keys[0].keycode;
  gdk_event_set_device (event, gdk_seat_get_keyboard (gdk_display_get_default_seat (display)));
  gtk_main_do_event (event);
}

void
fixture_set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = g_build_filename (g_get_user_config_dir (), "test-settings.ini", NULL);

  g_remove (file);
  fixture->settings = qs_settings_new_for_file (file);
  fixture->window = QS_WINDOW (qs_window_new (GTK_APPLICATION (application), fixture->settings));
  fixture->session = qs_window_get_session (fixture->window);
  g_object_add_weak_pointer (G_OBJECT (fixture->window), (gpointer *) &fixture->window);
  g_object_add_weak_pointer (G_OBJECT (fixture->session), (gpointer *) &fixture->session);
  gtk_window_present (GTK_WINDOW (fixture->window));
}

void
fixture_tear_down (Fixture *fixture, gconstpointer data)
{
  if (fixture->window != NULL)
    gtk_window_close (GTK_WINDOW (fixture->window));
  wait_until (fixture->window == NULL);
  wait_until (fixture->session == NULL);
  g_object_unref (fixture->settings);
}

QsRun *
fixture_connect_to_lab (Fixture *fixture, const char *scenario)
{
  guint before = g_list_model_get_n_items (qs_session_get_runs (fixture->session));

  qs_lab_set_scenario (qs_session_get_lab (fixture->session), scenario);
  fixture_act (fixture, "try-lab");
  wait_until (g_list_model_get_n_items (qs_session_get_runs (fixture->session)) == before + 1);
  return qs_session_get_run (fixture->session);
}

void
fixture_init (int *argc, char ***argv)
{
  gtk_test_init (argc, argv, NULL);
  qs_http_init ();
  application = qs_application_new ();
  g_application_set_flags (G_APPLICATION (application), G_APPLICATION_NON_UNIQUE);
  g_application_register (G_APPLICATION (application), NULL, NULL);
  g_application_hold (G_APPLICATION (application));
}

int
fixture_run (void)
{
  int status = g_test_run ();

  g_application_release (G_APPLICATION (application));
  g_object_unref (application);
  return status;
}

GtkApplication *
fixture_get_application (void)
{
  return GTK_APPLICATION (application);
}
