/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-help.h"

void
qs_help_show (GtkWindow *parent)
{
  g_return_if_fail (GTK_IS_WINDOW (parent));

  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource ("/org/quicscope/Quicscope/ui/qs-help.ui");
  GtkWindow *help = GTK_WINDOW (gtk_builder_get_object (builder, "help"));

  gtk_window_set_transient_for (help, parent);
  /* The button in it shows the shortcuts: an action of the window below. */
  gtk_widget_insert_action_group (GTK_WIDGET (help), "win", G_ACTION_GROUP (parent));
  g_signal_connect (help, "response", G_CALLBACK (gtk_widget_destroy), NULL);
  gtk_window_present (help);
}

void
qs_help_show_shortcuts (GtkWindow *parent)
{
  g_return_if_fail (GTK_IS_WINDOW (parent));

  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource ("/org/quicscope/Quicscope/ui/qs-shortcuts.ui");
  GtkWindow *shortcuts = GTK_WINDOW (gtk_builder_get_object (builder, "help_overlay"));

  gtk_window_set_transient_for (shortcuts, parent);
  gtk_window_present (shortcuts);
}
