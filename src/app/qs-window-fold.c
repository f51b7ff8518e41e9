/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-window-fold.h"

#include "app/pages/qs-page.h"

#define SETTING "show-sidebar"
#define FOLD "qs-window-fold"
/* Characters across the window, of the usual font: the widest tool bar, with the list of runs beside it. */
#define NARROW 84

typedef struct {
  QsWindow *window; /* which owns this */
  GtkWidget *sidebar;
  QsSettings *settings;
  GSimpleAction *action;
  gboolean narrow;
  guint idle;
} Fold;

static gboolean
is_narrow (const Fold *self)
{
  PangoFontMetrics *metrics =
      pango_context_get_metrics (gtk_widget_get_pango_context (GTK_WIDGET (self->window)), NULL, NULL);
  int character = pango_font_metrics_get_approximate_char_width (metrics);
  GdkRectangle area;

  pango_font_metrics_unref (metrics);
  qs_window_get_full_area (self->window, &area);
  return area.width < PANGO_PIXELS (NARROW * character);
}

static void
show (Fold *self, gboolean shown)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self->window));
  gboolean loses = !shown && focus != NULL && gtk_widget_is_ancestor (focus, self->sidebar);

  g_simple_action_set_state (self->action, g_variant_new_boolean (shown));
  gtk_widget_set_visible (self->sidebar, shown);
  if (loses)
    qs_page_focus_content (qs_window_get_shown_page (self->window));
}

static void
change_state_cb (GSimpleAction *action, GVariant *state, gpointer data)
{
  Fold *self = data;

  show (self, g_variant_get_boolean (state));
  if (!self->narrow)
    qs_settings_set_boolean (self->settings, SETTING, g_variant_get_boolean (state));
}

/* Outside of the allocation that it comes from: what is shown or hidden asks for another one. */
static gboolean
width_cb (gpointer data)
{
  Fold *self = data;
  gboolean narrow = is_narrow (self);

  self->idle = 0;
  if (narrow == self->narrow || qs_session_get_presenting (qs_window_get_session (self->window)))
    return G_SOURCE_REMOVE; /* a projector shows no list; behind it the window has its width again */
  self->narrow = narrow;
  show (self, !narrow && qs_settings_get_boolean (self->settings, SETTING, TRUE));
  return G_SOURCE_REMOVE;
}

static void
allocated_cb (Fold *self)
{
  if (self->idle == 0 && is_narrow (self) != self->narrow)
    self->idle = g_idle_add_full (GTK_PRIORITY_RESIZE - 1, width_cb, self, NULL);
}

static void
destroy_cb (Fold *self)
{
  g_clear_handle_id (&self->idle, g_source_remove);
  g_signal_handlers_disconnect_by_func (self->window, allocated_cb, self);
}

static void
fold_free (gpointer data)
{
  Fold *self = data;

  g_object_unref (self->action);
  g_object_unref (self->settings);
  g_free (self);
}

void
qs_window_fold_install (QsWindow *window, GtkWidget *sidebar, QsSettings *settings)
{
  g_return_if_fail (QS_IS_WINDOW (window) && GTK_IS_WIDGET (sidebar) && QS_IS_SETTINGS (settings));

  Fold *self = g_new0 (Fold, 1);
  self->window = window;
  self->sidebar = sidebar;
  self->settings = g_object_ref (settings);
  self->action = g_simple_action_new_stateful (SETTING, NULL, g_variant_new_boolean (TRUE));
  g_signal_connect (self->action, "change-state", G_CALLBACK (change_state_cb), self);
  g_action_map_add_action (G_ACTION_MAP (window), G_ACTION (self->action));
  g_object_set_data_full (G_OBJECT (window), FOLD, self, fold_free);
  show (self, qs_settings_get_boolean (settings, SETTING, TRUE));
  g_signal_connect_swapped (window, "size-allocate", G_CALLBACK (allocated_cb), self);
  g_signal_connect_swapped (window, "destroy", G_CALLBACK (destroy_cb), self);
}
