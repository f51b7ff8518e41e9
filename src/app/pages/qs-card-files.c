/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pages/qs-card-files.h"

#include "app/models/qs-examiner.h"
#include "app/widgets/qs-file-dialog.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"

static void
add_filter (GtkFileChooser *chooser, const char *name, const char *pattern)
{
  GtkFileFilter *filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, name);
  gtk_file_filter_add_pattern (filter, pattern);
  gtk_file_chooser_add_filter (chooser, filter);
}

static char *
run (GtkFileChooserNative *dialog)
{
  if (gtk_native_dialog_run (GTK_NATIVE_DIALOG (dialog)) != GTK_RESPONSE_ACCEPT)
    return NULL;
  return gtk_file_chooser_get_filename (GTK_FILE_CHOOSER (dialog));
}

char *
qs_card_files_ask_save (GtkWidget *widget, const char *host)
{
  g_return_val_if_fail (GTK_IS_WIDGET (widget) && host != NULL, NULL);

  g_autoptr (GtkFileChooserNative) dialog =
      gtk_file_chooser_native_new (_ ("Save the report card"), GTK_WINDOW (gtk_widget_get_toplevel (widget)),
                                   GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Save"), _ ("_Cancel"));
  GtkFileChooser *chooser = GTK_FILE_CHOOSER (dialog);
  g_autofree char *stem = qs_text_to_file_name (host);
  g_autofree char *name = g_strdup_printf ("%s-card.html", stem);

  for (guint i = 0; i < QS_N_CARD_FORMATS; i++)
    {
      g_autofree char *pattern = g_strconcat ("*", qs_card_format_extension (i), NULL);
      add_filter (chooser, qs_card_format_title (i), pattern);
    }
  return qs_file_dialog_run_save (widget, dialog, name);
}

char *
qs_card_files_ask_open (GtkWidget *widget)
{
  g_return_val_if_fail (GTK_IS_WIDGET (widget), NULL);

  g_autoptr (GtkFileChooserNative) dialog =
      gtk_file_chooser_native_new (_ ("Compare with an earlier card"), GTK_WINDOW (gtk_widget_get_toplevel (widget)),
                                   GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Compare"), _ ("_Cancel"));

  add_filter (GTK_FILE_CHOOSER (dialog), _ ("Report cards (.json)"), "*.json");
  add_filter (GTK_FILE_CHOOSER (dialog), _ ("All files"), "*");
  return run (dialog);
}
