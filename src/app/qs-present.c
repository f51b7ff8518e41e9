/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-present.h"

#include "app/pages/qs-lessons-page.h"

#define CHROME "qs-chrome"
#define PRESENTING "qs-presenting"

typedef struct {
  QsWindow *window;
  GSimpleAction *action;
  GPtrArray *hidden; /* GtkWidget: what was visible before */
} Present;

static void
present_free (gpointer data)
{
  Present *self = data;

  g_ptr_array_unref (self->hidden);
  g_object_unref (self->action);
  g_free (self);
}

static void
hide_chrome_cb (GtkWidget *widget, gpointer data)
{
  Present *self = data;

  if (gtk_style_context_has_class (gtk_widget_get_style_context (widget), CHROME))
    {
      if (!gtk_widget_get_visible (widget))
        return;
      g_ptr_array_add (self->hidden, g_object_ref (widget));
      gtk_widget_hide (widget);
    }
  else if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), hide_chrome_cb, data);
}

static void
begin (Present *self)
{
  QsLessonPlayer *player = qs_lessons_page_get_player (qs_window_get_lessons (self->window));

  gtk_style_context_add_class (gtk_widget_get_style_context (GTK_WIDGET (self->window)), PRESENTING);
  if (qs_lesson_player_get_lesson (player) != NULL)
    qs_window_show_page (self->window, "lessons");
  else if (!g_str_equal (qs_window_get_page (self->window), "lessons"))
    qs_window_show_page (self->window, "sequence");
  hide_chrome_cb (GTK_WIDGET (self->window), self);
  gtk_window_fullscreen (GTK_WINDOW (self->window));
}

static void
end (Present *self)
{
  gtk_style_context_remove_class (gtk_widget_get_style_context (GTK_WIDGET (self->window)), PRESENTING);
  for (guint i = 0; i < self->hidden->len; i++)
    gtk_widget_show (g_ptr_array_index (self->hidden, i));
  g_ptr_array_set_size (self->hidden, 0);
  gtk_window_unfullscreen (GTK_WINDOW (self->window));
}

static gboolean
is_on (Present *self)
{
  g_autoptr (GVariant) state = g_action_get_state (G_ACTION (self->action));

  return g_variant_get_boolean (state);
}

static void
change_state_cb (GSimpleAction *action, GVariant *state, gpointer data)
{
  Present *self = data;
  gboolean on = g_variant_get_boolean (state);

  if (on == is_on (self))
    return;
  g_simple_action_set_state (action, state);
  if (on)
    begin (self);
  else
    end (self);
  qs_session_set_presenting (qs_window_get_session (self->window), on);
}

static void
turn_page (Present *self, int delta)
{
  QsLessonPlayer *player = qs_lessons_page_get_player (qs_window_get_lessons (self->window));

  if (!g_str_equal (qs_window_get_page (self->window), "lessons"))
    qs_replay_step_flight (qs_session_get_replay (qs_window_get_session (self->window)), delta);
  else if (delta > 0)
    qs_lesson_player_next (player);
  else
    qs_lesson_player_back (player);
}

static gboolean
is_lesson_open (Present *self)
{
  return g_str_equal (qs_window_get_page (self->window), "lessons") &&
         qs_lesson_player_get_lesson (qs_lessons_page_get_player (qs_window_get_lessons (self->window))) != NULL;
}

/* Space presses the button that has the focus, takes a row of a list, and may mean something in another program's frame. */
static gboolean
is_taken_by_focus (Present *self)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self->window));

  return focus != NULL && (GTK_IS_BUTTON (focus) || GTK_IS_ENTRY (focus) || GTK_IS_LIST_BOX_ROW (focus) ||
                           GTK_IS_SCALE (focus) || g_str_equal (G_OBJECT_TYPE_NAME (focus), "GtkSocket"));
}

static void
set_on (Present *self, gboolean on)
{
  g_action_change_state (G_ACTION (self->action), g_variant_new_boolean (on));
}

/* What keyboards and presenters' remotes send; see the shortcuts in ui/gtk/help-overlay.ui. */
static const struct {
  guint keyval;
  int delta;       /* pages; 0: out of it */
  gboolean yields; /* to the widget that has the focus */
} keys[] = {
  { GDK_KEY_Page_Down, 1, FALSE }, { GDK_KEY_KP_Page_Down, 1, FALSE }, { GDK_KEY_space, 1, TRUE },
  { GDK_KEY_Page_Up, -1, FALSE },  { GDK_KEY_KP_Page_Up, -1, FALSE },  { GDK_KEY_BackSpace, -1, TRUE },
  { GDK_KEY_Escape, 0, FALSE },
};

/* Before the window's widgets: a list or a text would scroll. F5 is what a remote's start button sends. */
static gboolean
key_press_cb (GtkWidget *widget, GdkEventKey *event, gpointer data)
{
  Present *self = data;

  if ((event->state & gtk_accelerator_get_default_mod_mask ()) != 0)
    return GDK_EVENT_PROPAGATE;
  if (event->keyval == GDK_KEY_F5 && (is_on (self) || is_lesson_open (self)))
    {
      set_on (self, TRUE);
      return GDK_EVENT_STOP;
    }
  for (guint i = 0; is_on (self) && i < G_N_ELEMENTS (keys); i++)
    {
      if (keys[i].keyval != event->keyval || (keys[i].yields && is_taken_by_focus (self)))
        continue;
      if (keys[i].delta != 0)
        turn_page (self, keys[i].delta);
      else
        set_on (self, FALSE);
      return GDK_EVENT_STOP;
    }
  return GDK_EVENT_PROPAGATE;
}

void
qs_present_install (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  Present *self = g_new0 (Present, 1);
  self->window = window;
  self->hidden = g_ptr_array_new_with_free_func (g_object_unref);
  self->action = g_simple_action_new_stateful ("present", NULL, g_variant_new_boolean (FALSE));
  g_signal_connect (self->action, "change-state", G_CALLBACK (change_state_cb), self);
  g_action_map_add_action (G_ACTION_MAP (window), G_ACTION (self->action));
  g_signal_connect (window, "key-press-event", G_CALLBACK (key_press_cb), self);
  g_object_set_data_full (G_OBJECT (window), "qs-present", self, present_free);
}
