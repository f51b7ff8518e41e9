/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-keyboard.h"

#include "app/pages/qs-page.h"

static gboolean
is_text_field (GtkWidget *focus)
{
  return focus != NULL && (GTK_IS_EDITABLE (focus) || GTK_IS_TEXT_VIEW (focus));
}

/* NULL: the focus is on none of a page. */
static QsPage *
page_of (GtkWidget *focus)
{
  GtkWidget *page = focus != NULL ? gtk_widget_get_ancestor (focus, QS_TYPE_PAGE) : NULL;

  return page != NULL ? QS_PAGE (page) : NULL;
}

/* A popover closes itself. The target stays where it is: Escape is how one stops what Enter began there. */
static gboolean
leave_field (GtkWidget *focus)
{
  QsPage *page = page_of (focus);

  if (page == NULL || !GTK_IS_EDITABLE (focus) || gtk_widget_get_ancestor (focus, GTK_TYPE_POPOVER) != NULL)
    return FALSE;
  if (focus == qs_page_get_filter (page) && gtk_entry_get_text_length (GTK_ENTRY (focus)) > 0)
    gtk_entry_set_text (GTK_ENTRY (focus), "");
  else
    qs_page_focus_content (page);
  return TRUE;
}

gboolean
qs_keyboard_before (QsWindow *window, GdkEventKey *event)
{
  g_return_val_if_fail (QS_IS_WINDOW (window) && event != NULL, FALSE);

  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (window));

  if (!is_text_field (focus))
    return GDK_EVENT_PROPAGATE;
  /* GtkSearchEntry takes Escape and says so only by a signal. */
  if (event->keyval == GDK_KEY_Escape && leave_field (focus))
    return GDK_EVENT_STOP;
  return gtk_window_propagate_key_event (GTK_WINDOW (window), event);
}

gboolean
qs_keyboard_after (QsWindow *window, GdkEventKey *event)
{
  g_return_val_if_fail (QS_IS_WINDOW (window) && event != NULL, FALSE);

  if (event->keyval != GDK_KEY_Escape)
    return GDK_EVENT_PROPAGATE;
  g_action_group_activate_action (G_ACTION_GROUP (window), "stop", NULL);
  return GDK_EVENT_STOP;
}

void
qs_keyboard_find (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  GtkWidget *filter = qs_page_get_filter (qs_window_get_shown_page (window));

  if (filter == NULL)
    {
      QsTrace *trace = qs_session_get_trace (qs_window_get_session (window));
      if (trace == NULL || qs_trace_get_n_packets (trace) == 0)
        return;
      qs_window_show_page (window, "packets");
      filter = qs_page_get_filter (qs_window_get_shown_page (window));
    }
  if (filter != NULL)
    gtk_widget_grab_focus (filter);
}
