/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-file-dialog.h"

#include "base/qs-i18n.h"

char *
qs_file_dialog_save (GtkWidget *widget, const char *title, const char *name)
{
  g_return_val_if_fail (GTK_IS_WIDGET (widget) && title != NULL && name != NULL, NULL);

  g_autoptr (GtkFileChooserNative) dialog = gtk_file_chooser_native_new (
      title, GTK_WINDOW (gtk_widget_get_toplevel (widget)), GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Save"), _ ("_Cancel"));

  gtk_file_chooser_set_do_overwrite_confirmation (GTK_FILE_CHOOSER (dialog), TRUE);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  if (gtk_native_dialog_run (GTK_NATIVE_DIALOG (dialog)) != GTK_RESPONSE_ACCEPT)
    return NULL;
  return gtk_file_chooser_get_filename (GTK_FILE_CHOOSER (dialog));
}
