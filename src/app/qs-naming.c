/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-naming.h"

#include "base/qs-i18n.h"

#define NOTE_LINES 5

typedef struct {
  QsRun *run;
  GtkEntry *name;
  GtkTextBuffer *note;
} Naming;

static void
naming_free (gpointer data, GClosure *closure)
{
  Naming *self = data;

  g_object_unref (self->run);
  g_free (self);
}

static void
response_cb (GtkDialog *dialog, int response, gpointer data)
{
  Naming *self = data;
  GtkTextIter start, end;

  if (response == GTK_RESPONSE_OK)
    {
      gtk_text_buffer_get_bounds (self->note, &start, &end);
      g_autofree char *note = gtk_text_buffer_get_text (self->note, &start, &end, FALSE);
      qs_run_set_name (self->run, gtk_entry_get_text (self->name));
      qs_run_set_note (self->run, note);
    }
  gtk_widget_destroy (GTK_WIDGET (dialog));
}

static void
add_row (GtkGrid *grid, int row, const char *label, const char *name, GtkWidget *widget, GtkWidget *shown)
{
  GtkWidget *text = gtk_label_new_with_mnemonic (label);

  gtk_label_set_xalign (GTK_LABEL (text), 0);
  gtk_widget_set_valign (text, GTK_ALIGN_START);
  gtk_label_set_mnemonic_widget (GTK_LABEL (text), widget);
  atk_object_set_name (gtk_widget_get_accessible (widget), name);
  gtk_grid_attach (grid, text, 0, row, 1, 1);
  gtk_grid_attach (grid, shown, 1, row, 1, 1);
}

static GtkWidget *
make_note (Naming *self, const char *text, GtkWidget **view)
{
  GtkWidget *scroll = gtk_scrolled_window_new (NULL, NULL);

  *view = gtk_text_view_new ();
  gtk_text_view_set_wrap_mode (GTK_TEXT_VIEW (*view), GTK_WRAP_WORD_CHAR);
  gtk_text_view_set_accepts_tab (GTK_TEXT_VIEW (*view), FALSE);
  self->note = gtk_text_view_get_buffer (GTK_TEXT_VIEW (*view));
  gtk_text_buffer_set_text (self->note, text != NULL ? text : "", -1);
  gtk_container_add (GTK_CONTAINER (scroll), *view);
  gtk_scrolled_window_set_shadow_type (GTK_SCROLLED_WINDOW (scroll), GTK_SHADOW_IN);
  gtk_scrolled_window_set_min_content_height (GTK_SCROLLED_WINDOW (scroll), NOTE_LINES * 20);
  gtk_widget_set_hexpand (scroll, TRUE);
  gtk_widget_set_vexpand (scroll, TRUE);
  return scroll;
}

void
qs_naming_ask (QsWindow *window, QsRun *run)
{
  g_return_if_fail (QS_IS_WINDOW (window) && QS_IS_RUN (run));

  Naming *self = g_new0 (Naming, 1);
  GtkWidget *dialog =
      gtk_dialog_new_with_buttons (_ ("Name and note of a run"), GTK_WINDOW (window),
                                   GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT | GTK_DIALOG_USE_HEADER_BAR,
                                   _ ("_Cancel"), GTK_RESPONSE_CANCEL, _ ("_Set"), GTK_RESPONSE_OK, NULL);
  GtkWidget *grid = gtk_grid_new (), *entry = gtk_entry_new (), *view;
  GtkWidget *note = make_note (self, qs_run_get_note (run), &view);

  self->run = g_object_ref (run);
  self->name = GTK_ENTRY (entry);
  gtk_entry_set_text (self->name, qs_run_get_name (run) != NULL ? qs_run_get_name (run) : "");
  gtk_entry_set_placeholder_text (self->name, qs_run_get_own_title (run));
  gtk_entry_set_activates_default (self->name, TRUE);
  gtk_entry_set_width_chars (self->name, 32);
  gtk_grid_set_row_spacing (GTK_GRID (grid), 9);
  gtk_grid_set_column_spacing (GTK_GRID (grid), 9);
  gtk_container_set_border_width (GTK_CONTAINER (grid), 12);
  add_row (GTK_GRID (grid), 0, _ ("_Name"), _ ("Name of the run"), entry, entry);
  add_row (GTK_GRID (grid), 1, _ ("N_ote"), _ ("Note on the run"), view, note);
  gtk_container_add (GTK_CONTAINER (gtk_dialog_get_content_area (GTK_DIALOG (dialog))), grid);
  gtk_dialog_set_default_response (GTK_DIALOG (dialog), GTK_RESPONSE_OK);
  g_signal_connect_data (dialog, "response", G_CALLBACK (response_cb), self, naming_free, 0);
  gtk_widget_show_all (dialog);
  gtk_window_present (GTK_WINDOW (dialog));
}
