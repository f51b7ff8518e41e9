/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pages/qs-connections-page.h"

#include "app/widgets/qs-connection-list.h"
#include "app/widgets/qs-empty-state.h"

struct _QsConnectionsPage {
  QsPage parent;
  GtkStack *stack;
  QsConnectionList *list;
  QsConnectionTable *table; /* NULL: none is shown */
};

G_DEFINE_FINAL_TYPE (QsConnectionsPage, qs_connections_page, QS_TYPE_PAGE)

/* It becomes a run, or is one already; what there is of it is on the other pages. */
static void
opened_cb (QsConnectionsPage *self, guint index)
{
  QsSession *session = qs_page_get_session (QS_PAGE (self));

  if (self->table != NULL && qs_session_open_connection (session, self->table, index) != NULL)
    qs_session_show_page (session, "overview");
}

static void
qs_connections_page_run_changed (QsPage *page, QsRun *run)
{
  QsConnectionsPage *self = QS_CONNECTIONS_PAGE (page);
  QsConnectionTable *table = qs_session_get_table (qs_page_get_session (page));

  g_set_object (&self->table, table);
  qs_connection_list_set_table (self->list, table, FALSE);
  gtk_stack_set_visible_child_name (self->stack, table != NULL ? "content" : "empty");
  if (table != NULL && run != NULL)
    qs_connection_list_choose (self->list, qs_study_get_source (qs_run_get_study (run))->connection - 1);
}

static void
stream_state_cb (QsConnectionsPage *self)
{
  qs_connections_page_run_changed (QS_PAGE (self), qs_session_get_run (qs_page_get_session (QS_PAGE (self))));
}

static void
qs_connections_page_session_set (QsPage *page, QsSession *session)
{
  g_signal_connect_object (qs_session_get_stream (session), "notify::state", G_CALLBACK (stream_state_cb), page,
                           G_CONNECT_SWAPPED);
}

static void
qs_connections_page_dispose (GObject *object)
{
  g_clear_object (&QS_CONNECTIONS_PAGE (object)->table);
  G_OBJECT_CLASS (qs_connections_page_parent_class)->dispose (object);
}

static GtkWidget *
qs_connections_page_get_content (QsPage *page)
{
  return qs_connection_list_get_view (QS_CONNECTIONS_PAGE (page)->list);
}

static GtkWidget *
qs_connections_page_get_filter (QsPage *page)
{
  return qs_connection_list_get_search (QS_CONNECTIONS_PAGE (page)->list);
}

static void
qs_connections_page_class_init (QsConnectionsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_connections_page_dispose;
  QS_PAGE_CLASS (klass)->session_set = qs_connections_page_session_set;
  QS_PAGE_CLASS (klass)->run_changed = qs_connections_page_run_changed;
  QS_PAGE_CLASS (klass)->get_content = qs_connections_page_get_content;
  QS_PAGE_CLASS (klass)->get_filter = qs_connections_page_get_filter;

  g_type_ensure (QS_TYPE_EMPTY_STATE);
  g_type_ensure (QS_TYPE_CONNECTION_LIST);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-connections-page.ui");
  gtk_widget_class_bind_template_child (widget_class, QsConnectionsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, QsConnectionsPage, list);
  gtk_widget_class_bind_template_callback (widget_class, opened_cb);
}

static void
qs_connections_page_init (QsConnectionsPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
