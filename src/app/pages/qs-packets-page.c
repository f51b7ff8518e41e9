/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pages/qs-packets-page.h"

#include "app/widgets/qs-empty-state.h"
#include "app/widgets/qs-inspector.h"
#include "app/widgets/qs-packet-list.h"
#include "base/qs-i18n.h"

/* What is typed is taken when no further key came for so long. */
#define TYPING_MS 150

struct _QsPacketsPage {
  QsPage parent;
  GtkStack *stack;
  GtkEntry *filter;
  GtkLabel *error, *count;
  GtkToggleButton *follow;
  GtkPopover *help;
  GtkGrid *help_grid;
  QsPacketList *list;
  QsInspector *inspector;
  QsPacketModel *model;
  guint typing_id;
  gboolean changing; /* the entry, by us */
};

G_DEFINE_FINAL_TYPE (QsPacketsPage, qs_packets_page, QS_TYPE_PAGE)

static QsTrace *
get_trace (QsPacketsPage *self)
{
  QsRun *run = qs_page_get_run (QS_PAGE (self));

  return run != NULL ? qs_run_get_trace (run) : NULL;
}

static void
show_count (QsPacketsPage *self)
{
  QsTrace *trace = get_trace (self);
  guint n = trace != NULL ? qs_trace_get_n_packets (trace) : 0;
  guint matching = self->model != NULL ? qs_packet_model_get_length (self->model) : 0;
  gboolean busy = self->model != NULL && qs_packet_model_is_busy (self->model);
  g_autofree char *text = matching == n && !busy
                              ? g_strdup_printf (ngettext ("%'u packet", "%'u packets", n), n)
                              : g_strdup_printf (ngettext ("%'u of %'u packet", "%'u of %'u packets", n), matching, n);

  gtk_label_set_text (self->count, text);
}

static void
show_selected (QsPacketsPage *self)
{
  QsTrace *trace = get_trace (self);
  gint64 packet = qs_packet_list_get_selected (self->list);
  gboolean there = trace != NULL && packet >= 0 && packet < qs_trace_get_n_packets (trace);

  qs_inspector_show (self->inspector, there ? trace : NULL, there ? (guint) packet : G_MAXUINT);
}

/* --- The filter ----------------------------------------------------------------------------------- */

static void
model_changed_cb (QsPacketsPage *self)
{
  show_count (self);
}

static void
set_model (QsPacketsPage *self, QsPacketModel *model)
{
  if (self->model != NULL)
    g_signal_handlers_disconnect_by_func (self->model, model_changed_cb, self);
  if (!g_set_object (&self->model, model))
    return;
  qs_packet_list_set_model (self->list, model);
  if (model != NULL)
    g_signal_connect_swapped (model, "changed", G_CALLBACK (model_changed_cb), self);
}

/* What is wrong, and from where on. */
static void
show_error (QsPacketsPage *self, const GError *error, guint position)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->filter));

  gtk_widget_set_visible (GTK_WIDGET (self->error), error != NULL);
  if (error == NULL)
    {
      gtk_style_context_remove_class (style, GTK_STYLE_CLASS_ERROR);
      return;
    }
  /* What is missing at the end says so itself. */
  g_autofree char *text = position < gtk_entry_get_text_length (self->filter)
                              ? g_strdup_printf (_ ("At character %u: %s"), position + 1, error->message)
                              : g_strdup (error->message);
  gtk_style_context_add_class (style, GTK_STYLE_CLASS_ERROR);
  gtk_label_set_text (self->error, text);
}

/* While it cannot be understood, what was shown stays. */
static void
apply_filter (QsPacketsPage *self)
{
  QsTrace *trace = get_trace (self);
  QsSession *session = qs_page_get_session (QS_PAGE (self));
  g_autoptr (GError) error = NULL;
  guint position = 0;

  g_clear_handle_id (&self->typing_id, g_source_remove);
  g_autoptr (QsFilter) filter = qs_filter_new (gtk_entry_get_text (self->filter), &position, &error);
  show_error (self, error, position);
  if (filter == NULL || trace == NULL)
    return;
  g_autoptr (QsPacketModel) model = qs_packet_model_new (trace, filter);
  set_model (self, model);
  show_count (self);
  if (session != NULL)
    qs_session_set_filter (session, gtk_entry_get_text (self->filter));
}

static gboolean
typing_cb (gpointer data)
{
  QsPacketsPage *self = data;

  self->typing_id = 0;
  apply_filter (self);
  return G_SOURCE_REMOVE;
}

static void
filter_changed_cb (QsPacketsPage *self)
{
  gboolean empty = gtk_entry_get_text_length (self->filter) == 0;

  gtk_entry_set_icon_from_icon_name (self->filter, GTK_ENTRY_ICON_SECONDARY, empty ? NULL : "edit-clear-symbolic");
  if (self->changing)
    return;
  g_clear_handle_id (&self->typing_id, g_source_remove);
  self->typing_id = g_timeout_add (TYPING_MS, typing_cb, self);
}

static void
filter_icon_cb (QsPacketsPage *self, GtkEntryIconPosition position)
{
  if (position == GTK_ENTRY_ICON_SECONDARY)
    gtk_entry_set_text (self->filter, "");
}

static gboolean
filter_key_cb (QsPacketsPage *self, GdkEventKey *event)
{
  if (event->keyval != GDK_KEY_Down)
    return GDK_EVENT_PROPAGATE;
  gtk_widget_grab_focus (GTK_WIDGET (qs_packet_list_get_view (self->list)));
  return GDK_EVENT_STOP;
}

static void
put_filter (QsPacketsPage *self, const char *text)
{
  self->changing = TRUE;
  if (!g_str_equal (gtk_entry_get_text (self->filter), text))
    gtk_entry_set_text (self->filter, text);
  self->changing = FALSE;
}

static void
example_cb (QsPacketsPage *self, GtkWidget *button)
{
  gtk_entry_set_text (self->filter, g_object_get_data (G_OBJECT (button), "example"));
  gtk_popover_popdown (self->help);
}

/* All that can be typed, with an example each that is tried by a click. */
static void
fill_help (QsPacketsPage *self)
{
  guint n;
  const QsFilterKey *keys = qs_filter_keys (&n);

  for (guint i = 0; i < n; i++)
    {
      GtkWidget *button = gtk_button_new_with_label (keys[i].example);
      GtkWidget *meaning = g_object_new (GTK_TYPE_LABEL, "label", _ (keys[i].meaning), "xalign", 0.0, NULL);
      GtkStyleContext *style = gtk_widget_get_style_context (button);

      gtk_widget_set_halign (gtk_bin_get_child (GTK_BIN (button)), GTK_ALIGN_START);
      gtk_style_context_add_class (style, GTK_STYLE_CLASS_FLAT);
      gtk_style_context_add_class (style, "qs-mono");
      gtk_style_context_add_class (style, "qs-small-button");
      g_object_set_data (G_OBJECT (button), "example", (gpointer) keys[i].example);
      g_signal_connect_swapped (button, "clicked", G_CALLBACK (example_cb), self);
      gtk_grid_attach (self->help_grid, button, 0, (int) i, 1, 1);
      gtk_grid_attach (self->help_grid, meaning, 1, (int) i, 1, 1);
    }
  gtk_widget_show_all (GTK_WIDGET (self->help_grid));
}

/* --- Selection ------------------------------------------------------------------------------------ */

static void
list_selected_cb (QsPacketsPage *self)
{
  QsSession *session = qs_page_get_session (QS_PAGE (self));

  show_selected (self);
  if (session != NULL && qs_session_get_run (session) == qs_page_get_run (QS_PAGE (self)))
    qs_session_set_selection (session, qs_packet_list_get_selected (self->list));
}

static void
session_selection_cb (QsPacketsPage *self, GParamSpec *pspec, QsSession *session)
{
  /* Only for the run that is listed: a hidden page is told of another one later. */
  QsRun *run = qs_session_get_run (session);

  if (run != NULL && run == qs_page_get_run (QS_PAGE (self)))
    qs_packet_list_set_selected (self->list, qs_session_get_selection (session));
}

static void
session_filter_cb (QsPacketsPage *self, GParamSpec *pspec, QsSession *session)
{
  const char *filter = qs_session_get_filter (session);

  if (qs_session_get_run (session) != qs_page_get_run (QS_PAGE (self)) ||
      g_str_equal (gtk_entry_get_text (self->filter), filter))
    return;
  put_filter (self, filter);
  apply_filter (self);
}

/* --- Overrides ------------------------------------------------------------------------------------ */

static void
qs_packets_page_session_set (QsPage *page, QsSession *session)
{
  g_signal_connect_object (session, "notify::selection", G_CALLBACK (session_selection_cb), page, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "notify::filter", G_CALLBACK (session_filter_cb), page, G_CONNECT_SWAPPED);
}

/* A trace without a packet has only the empty state. */
static void
show_stack (QsPacketsPage *self)
{
  QsTrace *trace = get_trace (self);

  gtk_stack_set_visible_child_name (self->stack, trace == NULL                         ? "empty"
                                                 : qs_trace_get_n_packets (trace) == 0 ? "none"
                                                                                       : "content");
}

static void
qs_packets_page_run_changed (QsPage *page, QsRun *run)
{
  QsPacketsPage *self = QS_PACKETS_PAGE (page);
  QsSession *session = qs_page_get_session (page);

  set_model (self, NULL);
  g_signal_handlers_block_by_func (self->list, list_selected_cb, self);
  qs_packet_list_set_selected (self->list, run != NULL ? qs_session_get_selection (session) : -1);
  g_signal_handlers_unblock_by_func (self->list, list_selected_cb, self);
  put_filter (self, run != NULL ? qs_session_get_filter (session) : "");
  apply_filter (self);
  show_selected (self);
  show_stack (self);
}

static void
qs_packets_page_update (QsPage *page, QsRun *run)
{
  QsPacketsPage *self = QS_PACKETS_PAGE (page);

  /* Something to look at from the start. */
  if (qs_packet_list_get_selected (self->list) < 0 && qs_trace_get_n_packets (qs_run_get_trace (run)) > 0)
    qs_packet_list_set_selected (self->list, 0);
  show_stack (self);
  show_count (self);
  show_selected (self);
}

static void
qs_packets_page_dispose (GObject *object)
{
  QsPacketsPage *self = QS_PACKETS_PAGE (object);

  g_clear_handle_id (&self->typing_id, g_source_remove);
  if (self->model != NULL)
    set_model (self, NULL);
  G_OBJECT_CLASS (qs_packets_page_parent_class)->dispose (object);
}

static GtkWidget *
qs_packets_page_get_content (QsPage *page)
{
  return GTK_WIDGET (qs_packet_list_get_view (QS_PACKETS_PAGE (page)->list));
}

static GtkWidget *
qs_packets_page_get_filter (QsPage *page)
{
  return GTK_WIDGET (QS_PACKETS_PAGE (page)->filter);
}

static void
qs_packets_page_class_init (QsPacketsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_packets_page_dispose;
  QS_PAGE_CLASS (klass)->session_set = qs_packets_page_session_set;
  QS_PAGE_CLASS (klass)->run_changed = qs_packets_page_run_changed;
  QS_PAGE_CLASS (klass)->update = qs_packets_page_update;
  QS_PAGE_CLASS (klass)->get_content = qs_packets_page_get_content;
  QS_PAGE_CLASS (klass)->get_filter = qs_packets_page_get_filter;

  g_type_ensure (QS_TYPE_EMPTY_STATE);
  g_type_ensure (QS_TYPE_INSPECTOR);
  g_type_ensure (QS_TYPE_PACKET_LIST);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-packets-page.ui");
  gtk_widget_class_bind_template_child (widget_class, QsPacketsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, QsPacketsPage, filter);
  gtk_widget_class_bind_template_child (widget_class, QsPacketsPage, error);
  gtk_widget_class_bind_template_child (widget_class, QsPacketsPage, count);
  gtk_widget_class_bind_template_child (widget_class, QsPacketsPage, follow);
  gtk_widget_class_bind_template_child (widget_class, QsPacketsPage, help);
  gtk_widget_class_bind_template_child (widget_class, QsPacketsPage, help_grid);
  gtk_widget_class_bind_template_child (widget_class, QsPacketsPage, list);
  gtk_widget_class_bind_template_child (widget_class, QsPacketsPage, inspector);
  gtk_widget_class_bind_template_callback (widget_class, apply_filter);
  gtk_widget_class_bind_template_callback (widget_class, filter_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, filter_icon_cb);
  gtk_widget_class_bind_template_callback (widget_class, filter_key_cb);
  gtk_widget_class_bind_template_callback (widget_class, list_selected_cb);
}

static void
qs_packets_page_init (QsPacketsPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  fill_help (self);
  g_object_bind_property (self->list, "follow", self->follow, "active",
                          G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
}

void
qs_packets_page_step (QsPacketsPage *self, int by)
{
  g_return_if_fail (QS_IS_PACKETS_PAGE (self));

  if (self->model != NULL)
    qs_packet_list_step (self->list, by);
}
