/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How large the window is, title bar and all. */
#include "app/qs-window.h"

void
qs_window_get_full_area (QsWindow *self, GdkRectangle *area)
{
  g_return_if_fail (QS_IS_WINDOW (self) && area != NULL);

  GtkAllocation child;
  gtk_widget_get_allocation (gtk_bin_get_child (GTK_BIN (self)), &child);
  *area = child;
  if (!gtk_widget_get_visible (gtk_window_get_titlebar (GTK_WINDOW (self))))
    return;
  gtk_widget_get_allocation (gtk_window_get_titlebar (GTK_WINDOW (self)), area);
  gdk_rectangle_union (area, &child, area);
}

/* GTK counts the title bar in or not, as it was realized or not: measure, then correct. */
static void
correct_size_cb (GtkWidget *widget, GtkAllocation *allocation, gpointer data)
{
  const GdkRectangle *wanted = data;
  GdkRectangle area;
  int width, height;

  qs_window_get_full_area (QS_WINDOW (widget), &area);
  gtk_window_get_size (GTK_WINDOW (widget), &width, &height);
  g_signal_handlers_disconnect_by_func (widget, correct_size_cb, data);
  gtk_window_resize (GTK_WINDOW (widget), MAX (width + wanted->width - area.width, 1),
                     MAX (height + wanted->height - area.height, 1));
}

void
qs_window_set_full_size (QsWindow *self, int width, int height)
{
  g_return_if_fail (QS_IS_WINDOW (self) && width > 0 && height > 0);

  GdkRectangle *wanted = g_new0 (GdkRectangle, 1);
  wanted->width = width;
  wanted->height = height;
  gtk_window_unmaximize (GTK_WINDOW (self));
  gtk_window_set_default_size (GTK_WINDOW (self), width, height);
  g_signal_connect_data (self, "size-allocate", G_CALLBACK (correct_size_cb), wanted,
                         (GClosureNotify) (void (*) (void)) g_free, G_CONNECT_AFTER);
}

void
qs_window_save_size (QsWindow *self, QsSettings *settings)
{
  g_return_if_fail (QS_IS_WINDOW (self) && QS_IS_SETTINGS (settings));

  int width, height;
  gboolean maximized = gtk_window_is_maximized (GTK_WINDOW (self));

  qs_settings_set_boolean (settings, "window-maximized", maximized);
  if (maximized)
    return;
  gtk_window_get_size (GTK_WINDOW (self), &width, &height);
  qs_settings_set_int (settings, "window-width", width);
  qs_settings_set_int (settings, "window-height", height);
}

void
qs_window_restore_size (QsWindow *self, QsSettings *settings)
{
  g_return_if_fail (QS_IS_WINDOW (self) && QS_IS_SETTINGS (settings));

  gtk_window_set_default_size (GTK_WINDOW (self), qs_settings_get_int (settings, "window-width", 1200),
                               qs_settings_get_int (settings, "window-height", 800));
  if (qs_settings_get_boolean (settings, "window-maximized", FALSE))
    gtk_window_maximize (GTK_WINDOW (self));
}
