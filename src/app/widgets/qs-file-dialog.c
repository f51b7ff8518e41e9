/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-file-dialog.h"

#include "app/widgets/qs-saved-strip.h"
#include "base/qs-i18n.h"

char *
qs_file_dialog_run_save (GtkWidget *widget, GtkFileChooserNative *dialog, const char *name)
{
  g_return_val_if_fail (GTK_IS_WIDGET (widget) && GTK_IS_FILE_CHOOSER_NATIVE (dialog) && name != NULL, NULL);

  GtkFileChooser *chooser = GTK_FILE_CHOOSER (dialog);
  g_autofree char *folder = qs_saved_dup_folder (widget);

  gtk_file_chooser_set_do_overwrite_confirmation (chooser, TRUE);
  if (folder != NULL)
    gtk_file_chooser_set_current_folder (chooser, folder);
  gtk_file_chooser_set_current_name (chooser, name);
  if (gtk_native_dialog_run (GTK_NATIVE_DIALOG (dialog)) != GTK_RESPONSE_ACCEPT)
    return NULL;
  return gtk_file_chooser_get_filename (chooser);
}

char *
qs_file_dialog_save (GtkWidget *widget, const char *title, const char *name)
{
  g_return_val_if_fail (GTK_IS_WIDGET (widget) && title != NULL && name != NULL, NULL);

  g_autoptr (GtkFileChooserNative) dialog = gtk_file_chooser_native_new (
      title, GTK_WINDOW (gtk_widget_get_toplevel (widget)), GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Save"), _ ("_Cancel"));
  return qs_file_dialog_run_save (widget, dialog, name);
}
