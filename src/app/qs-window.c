/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-window.h"

#include "app/pages/qs-card-page.h"
#include "app/pages/qs-charts-page.h"
#include "app/pages/qs-connections-page.h"
#include "app/pages/qs-lab-page.h"
#include "app/pages/qs-lessons-page.h"
#include "app/pages/qs-overview-page.h"
#include "app/pages/qs-packets-page.h"
#include "app/pages/qs-page.h"
#include "app/pages/qs-response-page.h"
#include "app/pages/qs-security-page.h"
#include "app/pages/qs-sequence-page.h"
#include "app/pages/qs-streams-page.h"
#include "app/pages/qs-watch-page.h"
#include "app/qs-files.h"
#include "app/qs-help.h"
#include "app/qs-keyboard.h"
#include "app/qs-notifier.h"
#include "app/qs-opening.h"
#include "app/qs-present.h"
#include "app/qs-repeat-window.h"
#include "app/qs-saving.h"
#include "app/qs-streaming.h"
#include "app/widgets/qs-doctor-dialog.h"
#include "app/widgets/qs-log-view.h"
#include "app/widgets/qs-options-popover.h"
#include "app/widgets/qs-run-row.h"
#include "app/widgets/qs-status-bar.h"
#include "base/qs-i18n.h"

struct _QsWindow {
  GtkApplicationWindow parent;
  GtkEntry *target;
  GtkEntryCompletion *completion;
  GtkMenuButton *options_button, *menu_button;
  GtkRevealer *error_strip, *insecure_strip, *progress_strip;
  GtkLabel *error_label, *progress_label;
  GtkProgressBar *progress_bar;
  GtkWidget *sidebar;
  GtkListBox *runs;
  GtkStack *stack;
  QsLogView *log_view;
  QsStatusBar *status_bar;
  QsSavedStrip *saved_strip;
  GtkWidget *switcher;
  GtkScrolledWindow *tabs_scroll;
  guint reveal_id;

  QsOptionsPopover *options;
  QsSettings *settings;
  QsSession *session;
  QsDelayMeter *meter;
  gboolean closing;
};

G_DEFINE_FINAL_TYPE (QsWindow, qs_window, GTK_TYPE_APPLICATION_WINDOW)

/* The tabs, in order: Alt+1 is the first one. The tenth is there where a file holds several connections, and stands before all. */
#define CONNECTIONS "connections"
#define CARD "card"
static const struct {
  const char *name;
  const char *title;
  GType (*get_type) (void);
} pages[] = {
  { "overview", N_ ("Overview"), qs_overview_page_get_type },
  { "sequence", N_ ("Sequence"), qs_sequence_page_get_type },
  { "packets", N_ ("Packets"), qs_packets_page_get_type },
  { "streams", N_ ("Streams"), qs_streams_page_get_type },
  { "security", N_ ("Security"), qs_security_page_get_type },
  { "response", N_ ("Response"), qs_response_page_get_type },
  { "charts", N_ ("Charts"), qs_charts_page_get_type },
  { "lab", N_ ("Lab"), qs_lab_page_get_type },
  { "lessons", N_ ("Lessons"), qs_lessons_page_get_type },
  { CONNECTIONS, N_ ("Connections"), qs_connections_page_get_type },
  { CARD, N_ ("Report Card"), qs_card_page_get_type },
  { "watch", N_ ("Watch"), qs_watch_page_get_type },
};

/* --- Actions ---------------------------------------------------------------------------- */

static QsCardPage *
get_card_page (QsWindow *self)
{
  return QS_CARD_PAGE (gtk_stack_get_child_by_name (self->stack, CARD));
}

static void
set_action_enabled (QsWindow *self, const char *name, gboolean enabled)
{
  g_simple_action_set_enabled (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self), name)), enabled);
}

static void
set_action_state (QsWindow *self, const char *name, GVariant *state)
{
  g_simple_action_set_state (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self), name)), state);
}

static void
update_actions (QsWindow *self)
{
  QsRun *run = qs_session_get_run (self->session);

  set_action_enabled (self, "connect", gtk_entry_get_text_length (self->target) > 0);
  set_action_enabled (self, "stop", run != NULL && qs_run_is_active (run));
  set_action_enabled (self, "run-again", run != NULL && qs_run_get_probe (run) != NULL);
  set_action_enabled (self, "why-not-h3", run != NULL && qs_doctor_dialog_fits (run));
  set_action_enabled (self, "remove-run", run != NULL);
  set_action_enabled (self, "save-trace", run != NULL);
  set_action_enabled (self, "save-report", run != NULL);
  set_action_enabled (self, "join", run != NULL);
  qs_delay_meter_set_active (self->meter, qs_session_get_n_active (self->session) > 0 ||
                                              qs_examiner_get_running (qs_session_get_examiner (self->session)));
}

static void
connect_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  QsWindow *self = data;

  qs_window_connect (self, gtk_entry_get_text (self->target));
}

static void
stop_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  QsRun *run = qs_session_get_run (QS_WINDOW (data)->session);

  if (run != NULL)
    qs_run_stop (run);
}

static void
run_again_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  QsWindow *self = data;
  QsRun *run = qs_session_get_run (self->session);

  if (run != NULL)
    qs_session_run_again (self->session, run);
}

static void
why_not_h3_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  QsWindow *self = data;
  QsRun *run = qs_session_get_run (self->session);

  if (run != NULL && qs_doctor_dialog_fits (run))
    qs_doctor_dialog_show (GTK_WINDOW (self), self->session, run);
}

static void
remove_run_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  QsWindow *self = data;
  QsRun *run = qs_session_get_run (self->session);

  if (run != NULL)
    qs_session_remove_run (self->session, run);
}

static void
try_lab_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  qs_window_try_lab (data);
}

static void
examine_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  QsWindow *self = data;

  qs_window_show_page (self, CARD);
  qs_card_page_propose (get_card_page (self));
}

static void
examine_lab_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  qs_window_examine (data, NULL);
}

static void
focus_target_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  gtk_widget_grab_focus (GTK_WIDGET (QS_WINDOW (data)->target));
}

static void
find_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  qs_keyboard_find (data);
}

static void
open_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  qs_files_ask_open (data);
}

static void
stop_opening_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  qs_opening_stop_all (data);
  qs_streaming_stop (data);
}

static void
join_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  qs_files_ask_join (data);
}

static void
save_trace_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  qs_saving_ask (data, QS_SAVING_TRACE);
}

static void
save_report_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  qs_saving_ask (data, QS_SAVING_REPORT);
}

static void
open_recent_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  qs_files_open (data, g_variant_get_bytestring (parameter), NULL);
}

static void
help_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  qs_help_show (GTK_WINDOW (data));
}

static void
show_shortcuts_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  qs_help_show_shortcuts (GTK_WINDOW (data));
}

static void
page_cb (GSimpleAction *action, GVariant *state, gpointer data)
{
  /* Who asks for a page wants to use it. */
  if (qs_window_show_page (data, g_variant_get_string (state, NULL)))
    qs_page_focus_content (qs_window_get_shown_page (data));
}

static void
show_sidebar_cb (GSimpleAction *action, GVariant *state, gpointer data)
{
  QsWindow *self = data;

  g_simple_action_set_state (action, state);
  gtk_widget_set_visible (self->sidebar, g_variant_get_boolean (state));
  qs_settings_set_boolean (self->settings, "show-sidebar", g_variant_get_boolean (state));
}

static void
show_log_cb (GSimpleAction *action, GVariant *state, gpointer data)
{
  QsWindow *self = data;

  g_simple_action_set_state (action, state);
  gtk_widget_set_visible (GTK_WIDGET (self->log_view), g_variant_get_boolean (state));
  qs_settings_set_boolean (self->settings, "show-log", g_variant_get_boolean (state));
}

static void
recent_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  QsWindow *self = data;

  gtk_entry_set_text (self->target, g_variant_get_string (parameter, NULL));
  gtk_widget_grab_focus (GTK_WIDGET (self->target));
  gtk_editable_set_position (GTK_EDITABLE (self->target), -1);
}

static void
clear_history_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  qs_history_clear (qs_session_get_history (QS_WINDOW (data)->session));
}

static const GActionEntry actions[] = {
  { "connect", connect_cb },
  { "stop", stop_cb },
  { "run-again", run_again_cb },
  { "why-not-h3", why_not_h3_cb },
  { "remove-run", remove_run_cb },
  { "try-lab", try_lab_cb },
  { "examine", examine_cb },
  { "examine-lab", examine_lab_cb },
  { "focus-target", focus_target_cb },
  { "find", find_cb },
  { "open", open_cb },
  { "stop-opening", stop_opening_cb },
  { "join", join_cb },
  { "save-trace", save_trace_cb },
  { "save-report", save_report_cb },
  { "open-recent", open_recent_cb, "ay" },
  { "help", help_cb },
  { "show-help-overlay", show_shortcuts_cb },
  { "recent", recent_cb, "s" },
  { "clear-history", clear_history_cb },
  { "page", NULL, "s", "'overview'", page_cb },
  { "show-sidebar", NULL, NULL, "true", show_sidebar_cb },
  { "show-log", NULL, NULL, "false", show_log_cb },
};

/* --- The target ------------------------------------------------------------------------- */

static void
set_entry_error (QsWindow *self, gboolean error)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->target));

  if (error)
    gtk_style_context_add_class (style, GTK_STYLE_CLASS_ERROR);
  else
    gtk_style_context_remove_class (style, GTK_STYLE_CLASS_ERROR);
}

static void
target_changed_cb (QsWindow *self)
{
  qs_window_show_error (self, NULL);
  update_actions (self);
}

static void
target_activate_cb (QsWindow *self)
{
  if (gtk_entry_get_text_length (self->target) == 0)
    qs_window_show_error (self, _ ("Type what to probe first, as https://example.org/ or quic://host:port."));
  else
    qs_window_connect (self, gtk_entry_get_text (self->target));
}

static GMenuModel *
recent_menu (QsWindow *self)
{
  const char *const *targets = qs_history_get_targets (qs_session_get_history (self->session));
  GMenu *menu = g_menu_new ();
  g_autoptr (GMenu) recent = g_menu_new ();
  g_autoptr (GMenu) rest = g_menu_new ();

  for (guint i = 0; i < 12 && targets[i] != NULL; i++)
    {
      /* An underline in a name is no mnemonic. */
      g_auto (GStrv) parts = g_strsplit (targets[i], "_", -1);
      g_autofree char *label = g_strjoinv ("__", parts);
      g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);
      g_menu_item_set_action_and_target (item, "win.recent", "s", targets[i]);
      g_menu_append_item (recent, item);
    }
  g_menu_append (rest, _ ("_Repeat…"), "win.repeat");
  g_menu_append (rest, _ ("_Forget These"), "win.clear-history");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (recent));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (rest));
  return G_MENU_MODEL (menu);
}

static void
target_icon_cb (QsWindow *self, GtkEntryIconPosition position)
{
  g_autoptr (GMenuModel) menu = recent_menu (self);
  GtkWidget *popover = gtk_popover_new_from_model (GTK_WIDGET (self->target), menu);
  GdkRectangle area;

  gtk_entry_get_icon_area (self->target, position, &area);
  gtk_popover_set_pointing_to (GTK_POPOVER (popover), &area);
  gtk_popover_set_position (GTK_POPOVER (popover), GTK_POS_BOTTOM);
  g_signal_connect (popover, "closed", G_CALLBACK (gtk_widget_destroy), NULL);
  gtk_popover_popup (GTK_POPOVER (popover));
}

/* What was typed may be anywhere in a target: people remember a part of the host's name. */
static gboolean
completion_match_cb (GtkEntryCompletion *completion, const char *key, GtkTreeIter *iter, gpointer data)
{
  g_autofree char *target = NULL;

  gtk_tree_model_get (gtk_entry_completion_get_model (completion), iter, 0, &target, -1);
  g_autofree char *folded = target != NULL ? g_utf8_casefold (target, -1) : NULL;
  return folded != NULL && strstr (folded, key) != NULL;
}

static void
hide_error_cb (QsWindow *self)
{
  qs_window_show_error (self, NULL);
}

static void
verify_again_cb (QsWindow *self)
{
  qs_options_popover_set_insecure (self->options, FALSE);
}

static void
options_changed_cb (QsWindow *self)
{
  gboolean changed, insecure;
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->options_button));

  g_object_get (self->options, "changed-from-default", &changed, "insecure", &insecure, NULL);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->options_button),
                               changed ? _ ("How to probe (some options are not the defaults)") : _ ("How to probe"));
  if (changed)
    gtk_style_context_add_class (style, "qs-changed");
  else
    gtk_style_context_remove_class (style, "qs-changed");
  gtk_revealer_set_reveal_child (self->insecure_strip, insecure);
}

/* --- Runs ------------------------------------------------------------------------------- */

static void
row_again_cb (QsWindow *self, QsRunRow *row)
{
  qs_session_run_again (self->session, qs_run_row_get_run (row));
}

static void
row_forget_cb (QsWindow *self, QsRunRow *row)
{
  qs_session_remove_run (self->session, qs_run_row_get_run (row));
}

static void
row_show_attempt_cb (QsWindow *self, QsRun *attempt)
{
  qs_session_set_run (self->session, attempt);
}

static GtkWidget *
make_run_row (gpointer item, gpointer data)
{
  GtkWidget *row = qs_run_row_new (item);

  g_signal_connect_object (row, "again", G_CALLBACK (row_again_cb), data, G_CONNECT_SWAPPED);
  g_signal_connect_object (row, "forget", G_CALLBACK (row_forget_cb), data, G_CONNECT_SWAPPED);
  g_signal_connect_object (row, "show-attempt", G_CALLBACK (row_show_attempt_cb), data, G_CONNECT_SWAPPED);
  g_signal_connect_object (item, "notify::status", G_CALLBACK (update_actions), data, G_CONNECT_SWAPPED);
  return row;
}

static void
run_selected_cb (QsWindow *self, GtkListBoxRow *row)
{
  if (row != NULL && self->session != NULL)
    qs_session_set_run (self->session, qs_run_row_get_run (QS_RUN_ROW (row)));
}

static void
select_shown_run (QsWindow *self)
{
  QsRun *run = qs_session_get_run (self->session);
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->runs, i)) != NULL; i++)
    if (qs_run_row_get_run (QS_RUN_ROW (row)) == run)
      {
        gtk_list_box_select_row (self->runs, row);
        return;
      }
  gtk_list_box_unselect_all (self->runs); /* an attempt of one of them: a click on that one's row shows it again */
}

/* What is typed stays; an entry that is empty takes the target of what is shown. */
static void
offer_target (QsWindow *self)
{
  QsRun *run = qs_session_get_run (self->session);

  if (run != NULL && qs_run_get_probe (run) != NULL && gtk_entry_get_text_length (self->target) == 0)
    gtk_entry_set_text (self->target, qs_target_to_string (qs_probe_get_target (qs_run_get_probe (run))));
}

static void
offer_connections (QsWindow *self)
{
  gboolean several = qs_session_get_table (self->session) != NULL;

  if (!several && g_strcmp0 (qs_window_get_page (self), CONNECTIONS) == 0)
    qs_window_show_page (self, "overview");
  gtk_widget_set_visible (gtk_stack_get_child_by_name (self->stack, CONNECTIONS), several);
}

static void
session_run_cb (QsWindow *self)
{
  offer_connections (self);
  select_shown_run (self);
  offer_target (self);
  update_actions (self);
}

/* --- Pages ------------------------------------------------------------------------------ */

static void
add_pages (QsWindow *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      GtkWidget *page = g_object_new (pages[i].get_type (), "visible", TRUE, NULL);
      gtk_stack_add_titled (self->stack, page, pages[i].name, _ (pages[i].title));
      qs_page_set_session (QS_PAGE (page), self->session);
    }
  GtkWidget *connections = gtk_stack_get_child_by_name (self->stack, CONNECTIONS);
  gtk_container_child_set (GTK_CONTAINER (self->stack), connections, "position", 0, NULL);
  gtk_widget_hide (connections);
  qs_card_page_set_window (get_card_page (self), self->options, self->target);
}

static void
add_page_accels (GtkApplication *application)
{
  for (guint i = 0; i < MIN (G_N_ELEMENTS (pages), 10); i++)
    {
      g_autofree char *action = g_strdup_printf ("win.page::%s", pages[i].name);
      g_autofree char *accel = g_strdup_printf ("<Alt>%u", (i + 1) % 10);
      gtk_application_set_accels_for_action (application, action, (const char *[]){ accel, NULL });
    }
}

/* Where not all tabs have room. Their places are known once they were laid out. */
static gboolean
reveal_tab_cb (gpointer data)
{
  QsWindow *self = data;
  g_autoptr (GList) tabs = gtk_container_get_children (GTK_CONTAINER (self->switcher));
  GtkAllocation place;

  self->reveal_id = 0;
  for (GList *at = tabs; at != NULL; at = at->next)
    {
      if (!gtk_toggle_button_get_active (at->data))
        continue;
      gtk_widget_get_allocation (at->data, &place);
      gtk_adjustment_clamp_page (gtk_scrolled_window_get_hadjustment (self->tabs_scroll), place.x,
                                 place.x + place.width);
    }
  return G_SOURCE_REMOVE;
}

static void
reveal_tab (QsWindow *self)
{
  if (self->reveal_id == 0)
    self->reveal_id = g_idle_add_full (G_PRIORITY_LOW, reveal_tab_cb, self, NULL);
}

static void
visible_page_cb (QsWindow *self)
{
  const char *name = gtk_stack_get_visible_child_name (self->stack);

  if (name != NULL && !self->closing)
    {
      set_action_state (self, "page", g_variant_new_string (name));
      reveal_tab (self);
    }
  /* Out of a page that is gone the keys go to the new one; those of who types elsewhere, or walks the tabs, stay there. */
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));
  if (name != NULL && !self->closing && gtk_widget_get_mapped (GTK_WIDGET (self->stack)) &&
      (focus == NULL || gtk_widget_is_ancestor (focus, GTK_WIDGET (self->stack))))
    qs_page_focus_content (qs_window_get_shown_page (self));
}

static void
show_page_cb (QsWindow *self, const char *name)
{
  if (qs_window_show_page (self, name))
    qs_page_focus_content (qs_window_get_shown_page (self));
}

/* --- Overrides -------------------------------------------------------------------------- */

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsWindow) self = data;
  GApplication *application = G_APPLICATION (gtk_window_get_application (GTK_WINDOW (self)));

  qs_session_close_finish (QS_SESSION (source), result);
  gtk_widget_destroy (GTK_WIDGET (self));
  if (application != NULL)
    g_application_release (application);
}

static void
save_size (QsWindow *self)
{
  int width, height;
  gboolean maximized = gtk_window_is_maximized (GTK_WINDOW (self));

  qs_settings_set_boolean (self->settings, "window-maximized", maximized);
  if (maximized)
    return;
  gtk_window_get_size (GTK_WINDOW (self), &width, &height);
  qs_settings_set_int (self->settings, "window-width", width);
  qs_settings_set_int (self->settings, "window-height", height);
}

/* What runs is told to end and given the moment that it was promised; the window is gone at once. */
static gboolean
qs_window_delete_event (GtkWidget *widget, GdkEventAny *event)
{
  QsWindow *self = QS_WINDOW (widget);
  GtkApplication *application = gtk_window_get_application (GTK_WINDOW (self));

  if (self->closing)
    return GDK_EVENT_STOP;
  self->closing = TRUE;
  save_size (self);
  if (application != NULL)
    g_application_hold (G_APPLICATION (application));
  gtk_widget_hide (widget);
  qs_session_close_async (self->session, closed_cb, g_object_ref (self));
  return GDK_EVENT_STOP;
}

static gboolean
qs_window_key_press_event (GtkWidget *widget, GdkEventKey *event)
{
  QsWindow *self = QS_WINDOW (widget);

  return qs_keyboard_before (self, event) ||
         GTK_WIDGET_CLASS (qs_window_parent_class)->key_press_event (widget, event) || qs_keyboard_after (self, event);
}

static void
qs_window_dispose (GObject *object)
{
  QsWindow *self = QS_WINDOW (object);

  g_clear_handle_id (&self->reveal_id, g_source_remove);
  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (self->session, self);
  if (self->meter != NULL)
    qs_delay_meter_set_active (self->meter, FALSE);
  G_OBJECT_CLASS (qs_window_parent_class)->dispose (object);
}

static void
qs_window_finalize (GObject *object)
{
  QsWindow *self = QS_WINDOW (object);

  g_clear_object (&self->session);
  g_clear_object (&self->meter);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (qs_window_parent_class)->finalize (object);
}

static void
qs_window_class_init (QsWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = qs_window_dispose;
  object_class->finalize = qs_window_finalize;
  widget_class->delete_event = qs_window_delete_event;
  widget_class->key_press_event = qs_window_key_press_event;

  g_type_ensure (QS_TYPE_LOG_VIEW);
  g_type_ensure (QS_TYPE_SAVED_STRIP);
  g_type_ensure (QS_TYPE_STATUS_BAR);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-window.ui");
  gtk_widget_class_bind_template_child (widget_class, QsWindow, target);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, completion);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, options_button);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, menu_button);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, error_strip);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, saved_strip);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, insecure_strip);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, error_label);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, progress_strip);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, progress_label);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, progress_bar);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, sidebar);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, runs);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, log_view);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, status_bar);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, switcher);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, tabs_scroll);
  gtk_widget_class_bind_template_callback (widget_class, target_activate_cb);
  gtk_widget_class_bind_template_callback (widget_class, target_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, target_icon_cb);
  gtk_widget_class_bind_template_callback (widget_class, hide_error_cb);
  gtk_widget_class_bind_template_callback (widget_class, verify_again_cb);
  gtk_widget_class_bind_template_callback (widget_class, run_selected_cb);
  gtk_widget_class_bind_template_callback (widget_class, visible_page_cb);
  gtk_widget_class_bind_template_callback (widget_class, reveal_tab);
}

static void
qs_window_init (QsWindow *self)
{
  self->meter = qs_delay_meter_new (NULL);
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  gtk_widget_init_template (GTK_WIDGET (self));
  g_autoptr (GPropertyAction) menu = g_property_action_new ("menu", self->menu_button, "active");
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (menu));
  /* As a property it makes no renderer, and every row is blank. */
  gtk_entry_completion_set_text_column (self->completion, 0);
  gtk_entry_completion_set_match_func (self->completion, completion_match_cb, NULL, NULL);

  self->options = QS_OPTIONS_POPOVER (qs_options_popover_new ());
  gtk_menu_button_set_popover (self->options_button, GTK_WIDGET (self->options));
  g_signal_connect_object (self->options, "notify", G_CALLBACK (options_changed_cb), self, G_CONNECT_SWAPPED);
}

static void
restore (QsWindow *self)
{
  gtk_window_set_default_size (GTK_WINDOW (self), qs_settings_get_int (self->settings, "window-width", 1200),
                               qs_settings_get_int (self->settings, "window-height", 800));
  if (qs_settings_get_boolean (self->settings, "window-maximized", FALSE))
    gtk_window_maximize (GTK_WINDOW (self));
  g_action_group_change_action_state (
      G_ACTION_GROUP (self), "show-sidebar",
      g_variant_new_boolean (qs_settings_get_boolean (self->settings, "show-sidebar", TRUE)));
  g_action_group_change_action_state (
      G_ACTION_GROUP (self), "show-log",
      g_variant_new_boolean (qs_settings_get_boolean (self->settings, "show-log", FALSE)));
}

GtkWidget *
qs_window_new (GtkApplication *application, QsSettings *settings)
{
  g_return_val_if_fail (QS_IS_SETTINGS (settings), NULL);

  QsWindow *self = g_object_new (QS_TYPE_WINDOW, "application", application, NULL);
  self->settings = g_object_ref (settings);
  self->session = qs_session_new (settings);
  gtk_entry_completion_set_model (self->completion, qs_history_get_model (qs_session_get_history (self->session)));
  qs_log_view_set_log (self->log_view, qs_session_get_log (self->session));
  qs_status_bar_set_session (self->status_bar, self->session, self->meter);
  gtk_list_box_bind_model (self->runs, qs_session_get_runs (self->session), make_run_row, self, NULL);
  g_signal_connect_swapped (self->session, "notify::run", G_CALLBACK (session_run_cb), self);
  g_signal_connect_object (qs_session_get_examiner (self->session), "notify::running", G_CALLBACK (update_actions),
                           self, G_CONNECT_SWAPPED);
  g_signal_connect_swapped (self->session, "show-page", G_CALLBACK (show_page_cb), self);
  g_signal_connect_object (qs_session_get_stream (self->session), "notify::state", G_CALLBACK (offer_connections), self,
                           G_CONNECT_SWAPPED);
  add_pages (self);
  if (application != NULL)
    {
      gtk_menu_button_set_menu_model (self->menu_button,
                                      G_MENU_MODEL (gtk_application_get_menu_by_id (application, "primary_menu")));
      add_page_accels (application);
    }
  qs_files_accept_drops (self);
  qs_present_install (self);
  qs_repeat_install (self);
  qs_saved_strip_install (self->saved_strip, G_ACTION_MAP (self), settings);
  qs_notifier_install (self);
  restore (self);
  update_actions (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->target));
  return GTK_WIDGET (self);
}

QsSession *
qs_window_get_session (QsWindow *self)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), NULL);

  return self->session;
}

QsDelayMeter *
qs_window_get_delay_meter (QsWindow *self)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), NULL);

  return self->meter;
}

QsRun *
qs_window_connect (QsWindow *self, const char *target)
{
  g_return_val_if_fail (QS_IS_WINDOW (self) && target != NULL, NULL);

  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strstrip (g_strdup (target));
  g_autoptr (QsProbeOptions) options =
      qs_options_popover_dup_options (self->options, qs_session_get_lab (self->session));

  if (g_strcmp0 (gtk_entry_get_text (self->target), text) != 0)
    gtk_entry_set_text (self->target, text);
  QsRun *run = qs_session_connect (self->session, text, options, &error);
  qs_window_show_error (self, run == NULL ? error->message : NULL);
  set_entry_error (self, run == NULL);
  return run;
}

const char *
qs_window_get_target (QsWindow *self)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), "");

  return gtk_entry_get_text (self->target);
}

QsProbeOptions *
qs_window_dup_options (QsWindow *self)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), NULL);

  return qs_options_popover_dup_options (self->options, qs_session_get_lab (self->session));
}

void
qs_window_set_keep_open (QsWindow *self, gboolean keep_open)
{
  g_return_if_fail (QS_IS_WINDOW (self));

  qs_options_popover_set_keep_open (self->options, keep_open);
}

void
qs_window_try_lab (QsWindow *self)
{
  g_return_if_fail (QS_IS_WINDOW (self));

  g_autoptr (GError) error = NULL;
  g_autoptr (QsProbeOptions) options =
      qs_options_popover_dup_options (self->options, qs_session_get_lab (self->session));

  if (qs_session_probe_lab (self->session, options, &error))
    qs_window_show_page (self, "overview");
  else
    qs_window_show_error (self, error->message);
}

gboolean
qs_window_examine (QsWindow *self, const char *target)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), FALSE);

  qs_window_show_page (self, CARD);
  if (target != NULL)
    gtk_entry_set_text (self->target, target);
  qs_card_page_propose (get_card_page (self));
  return qs_card_page_examine (get_card_page (self), target);
}

gboolean
qs_window_knows_page (const char *name)
{
  g_return_val_if_fail (name != NULL, FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    if (g_str_equal (pages[i].name, name))
      return TRUE;
  return FALSE;
}

gboolean
qs_window_show_page (QsWindow *self, const char *name)
{
  g_return_val_if_fail (QS_IS_WINDOW (self) && name != NULL, FALSE);

  if (gtk_stack_get_child_by_name (self->stack, name) == NULL)
    return FALSE;
  gtk_stack_set_visible_child_name (self->stack, name);
  return TRUE;
}

const char *
qs_window_get_page (QsWindow *self)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), NULL);

  return gtk_stack_get_visible_child_name (self->stack);
}

QsPage *
qs_window_get_shown_page (QsWindow *self)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), NULL);

  return QS_PAGE (gtk_stack_get_visible_child (self->stack));
}

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
qs_window_show_progress (QsWindow *self, const char *text, double fraction)
{
  g_return_if_fail (QS_IS_WINDOW (self));

  if (text != NULL)
    {
      gtk_label_set_text (self->progress_label, text);
      gtk_progress_bar_set_fraction (self->progress_bar, CLAMP (fraction, 0, 1));
    }
  gtk_revealer_set_reveal_child (self->progress_strip, text != NULL);
}

void
qs_window_show_error (QsWindow *self, const char *message)
{
  g_return_if_fail (QS_IS_WINDOW (self));

  if (message != NULL)
    gtk_label_set_text (self->error_label, message);
  else
    set_entry_error (self, FALSE);
  gtk_revealer_set_reveal_child (self->error_strip, message != NULL);
}

const char *
qs_window_get_error (QsWindow *self)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), NULL);

  return gtk_revealer_get_reveal_child (self->error_strip) ? gtk_label_get_text (self->error_label) : NULL;
}

QsSavedStrip *
qs_window_get_saved_strip (QsWindow *self)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), NULL);

  return self->saved_strip;
}

QsLessonsPage *
qs_window_get_lessons (QsWindow *self)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), NULL);

  return QS_LESSONS_PAGE (gtk_stack_get_child_by_name (self->stack, "lessons"));
}

QsWatchPage *
qs_window_get_watch (QsWindow *self)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), NULL);

  return QS_WATCH_PAGE (gtk_stack_get_child_by_name (self->stack, "watch"));
}
