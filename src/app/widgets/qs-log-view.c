/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-log-view.h"

#include "app/widgets/qs-copy.h"

#include "base/qs-i18n.h"

struct _QsLogView {
  GtkBox parent;
  GtkTreeView *view;
  GtkScrolledWindow *scrolled;
  QsLog *log;
  gboolean at_end;
};

G_DEFINE_FINAL_TYPE (QsLogView, qs_log_view, GTK_TYPE_BOX)

static gboolean
is_at_end (GtkAdjustment *adjustment)
{
  return gtk_adjustment_get_value (adjustment) >=
         gtk_adjustment_get_upper (adjustment) - gtk_adjustment_get_page_size (adjustment) - 2;
}

static void
scrolled_cb (QsLogView *self, GtkAdjustment *adjustment)
{
  self->at_end = is_at_end (adjustment);
}

static void
grown_cb (QsLogView *self, GtkAdjustment *adjustment)
{
  if (self->at_end)
    gtk_adjustment_set_value (adjustment,
                              gtk_adjustment_get_upper (adjustment) - gtk_adjustment_get_page_size (adjustment));
}

static void
copy_cb (QsLogView *self)
{
  g_autofree char *text = qs_log_to_text (self->log);

  qs_copy_text (GTK_WIDGET (self), text);
}

static void
clear_cb (QsLogView *self)
{
  qs_log_clear (self->log);
}

static void
add_column (QsLogView *self, int column, const char *title, gboolean expand)
{
  GtkCellRenderer *cell = gtk_cell_renderer_text_new ();
  GtkTreeViewColumn *view_column = gtk_tree_view_column_new_with_attributes (title, cell, "text", column, NULL);

  g_object_set (cell, "xpad", 6, "ypad", 1, NULL);
  if (column == QS_LOG_COLUMN_SOURCE)
    g_object_set (cell, "ellipsize", PANGO_ELLIPSIZE_MIDDLE, "width-chars", 24, NULL);
  if (expand)
    g_object_set (cell, "ellipsize", PANGO_ELLIPSIZE_END, NULL);
  gtk_tree_view_column_set_expand (view_column, expand);
  gtk_tree_view_append_column (self->view, view_column);
}

static void
qs_log_view_finalize (GObject *object)
{
  g_clear_object (&QS_LOG_VIEW (object)->log);
  G_OBJECT_CLASS (qs_log_view_parent_class)->finalize (object);
}

static void
qs_log_view_class_init (QsLogViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = qs_log_view_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-log-view.ui");
  gtk_widget_class_bind_template_child (widget_class, QsLogView, view);
  gtk_widget_class_bind_template_child (widget_class, QsLogView, scrolled);
  gtk_widget_class_bind_template_callback (widget_class, copy_cb);
  gtk_widget_class_bind_template_callback (widget_class, clear_cb);
}

static void
qs_log_view_init (QsLogView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->at_end = TRUE;
  add_column (self, QS_LOG_COLUMN_TIME, _ ("Time"), FALSE);
  add_column (self, QS_LOG_COLUMN_SOURCE, _ ("Source"), FALSE);
  add_column (self, QS_LOG_COLUMN_TEXT, _ ("Event"), TRUE);

  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scrolled);
  g_signal_connect_object (adjustment, "value-changed", G_CALLBACK (scrolled_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (adjustment, "changed", G_CALLBACK (grown_cb), self, G_CONNECT_SWAPPED);
}

void
qs_log_view_set_log (QsLogView *self, QsLog *log)
{
  g_return_if_fail (QS_IS_LOG_VIEW (self) && QS_IS_LOG (log));

  g_set_object (&self->log, log);
  gtk_tree_view_set_model (self->view, qs_log_get_model (log));
}
