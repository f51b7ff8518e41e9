/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-window.h"

#include "app/pages/qs-card-page.h"
#include "app/pages/qs-page.h"
#include "app/qs-files.h"
#include "app/qs-help.h"
#include "app/qs-keeper.h"
#include "app/qs-keyboard.h"
#include "app/qs-menu-keys.h"
#include "app/qs-notifier.h"
#include "app/qs-present.h"
#include "app/qs-repeat-window.h"
#include "app/qs-restoring.h"
#include "app/qs-run-actions.h"
#include "app/qs-session-file.h"
#include "app/qs-target-entry.h"
#include "app/qs-window-fold.h"
#include "app/qs-window-pages.h"
#include "app/widgets/qs-log-view.h"
#include "app/widgets/qs-options-popover.h"
#include "app/widgets/qs-run-list.h"
#include "app/widgets/qs-status-bar.h"
#include "base/qs-i18n.h"

#define CLOSE_POLL_MS 5

struct _QsWindow {
  GtkApplicationWindow parent;
  GtkEntry *target;
  GtkEntryCompletion *completion;
  GtkMenuButton *options_button, *menu_button;
  GtkRevealer *error_strip, *forgotten_strip, *offer_strip, *insecure_strip, *progress_strip;
  GtkLabel *error_label, *forgotten_label, *offer_label, *progress_label;
  GtkButton *offer_restore, *offer_delete, *offer_undo;
  GtkProgressBar *progress_bar;
  GtkWidget *sidebar;
  QsRunList *runs;
  GtkStack *stack;
  QsLogView *log_view;
  QsStatusBar *status_bar;
  QsSavedStrip *saved_strip;
  GtkWidget *switcher;
  GtkScrolledWindow *tabs_scroll;

  QsOptionsPopover *options;
  QsSettings *settings;
  QsSession *session;
  QsDelayMeter *meter;
  gboolean closing, close_wanted;
};

G_DEFINE_FINAL_TYPE (QsWindow, qs_window, GTK_TYPE_APPLICATION_WINDOW)

/* --- Actions ---------------------------------------------------------------------------- */

static QsCardPage *
get_card_page (QsWindow *self)
{
  return QS_CARD_PAGE (gtk_stack_get_child_by_name (self->stack, QS_PAGE_CARD));
}

static void
set_action_state (QsWindow *self, const char *name, GVariant *state)
{
  g_simple_action_set_state (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self), name)), state);
}

static void
update_actions (QsWindow *self)
{
  g_simple_action_set_enabled (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self), "connect")),
                               gtk_entry_get_text_length (self->target) > 0);
  qs_run_actions_update (self);
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
try_lab_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  qs_window_try_lab (data);
}

static void
examine_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  QsWindow *self = data;

  qs_window_show_page (self, QS_PAGE_CARD);
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
page_cb (GSimpleAction *action, GVariant *state, gpointer data)
{
  /* Who asks for a page wants to use it. */
  if (qs_window_show_page (data, g_variant_get_string (state, NULL)))
    qs_page_focus_content (qs_window_get_shown_page (data));
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
  { "try-lab", try_lab_cb },
  { "examine", examine_cb },
  { "examine-lab", examine_lab_cb },
  { "focus-target", focus_target_cb },
  { "find", find_cb },
  { "recent", recent_cb, "s" },
  { "clear-history", clear_history_cb },
  { "page", NULL, "s", "'overview'", page_cb },
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

static void
hide_error_cb (QsWindow *self)
{
  qs_window_show_error (self, NULL);
}

static void
hide_forgotten_cb (QsWindow *self)
{
  qs_run_bin_clear (qs_session_get_bin (self->session));
}

/* What was forgotten can be had back until something else is, or the strip is closed. */
static void
bin_cb (QsWindow *self)
{
  QsRunBin *bin = qs_session_get_bin (self->session);
  guint n = qs_run_bin_get_n (bin);
  g_autofree char *text = n == 1 ? g_strdup_printf (_ ("Forgotten: %s"), qs_run_get_title (qs_run_bin_get_run (bin, 0)))
                                 : g_strdup_printf (ngettext ("%u run is forgotten.", "%u runs are forgotten.", n), n);

  if (n > 0)
    gtk_label_set_text (self->forgotten_label, text);
  gtk_revealer_set_reveal_child (self->forgotten_strip, n > 0);
  update_actions (self);
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

/* What is typed stays; an entry that is empty takes the target of what is shown. */
static void
offer_target (QsWindow *self)
{
  QsRun *run = qs_session_get_run (self->session);

  if (run != NULL && qs_run_get_target (run) != NULL && gtk_entry_get_text_length (self->target) == 0)
    gtk_entry_set_text (self->target, qs_target_to_string (qs_run_get_target (run)));
}

static void
offer_connections (QsWindow *self)
{
  gboolean several = qs_session_get_table (self->session) != NULL;

  if (!several && g_strcmp0 (qs_window_get_page (self), QS_PAGE_CONNECTIONS) == 0)
    qs_window_show_page (self, "overview");
  gtk_widget_set_visible (gtk_stack_get_child_by_name (self->stack, QS_PAGE_CONNECTIONS), several);
}

/* What a list of windows shows. */
static void
show_title (QsWindow *self)
{
  QsRun *run = qs_session_get_run (self->session);
  g_autofree char *title = run != NULL ? g_strdup_printf (_ ("%s – Quicscope"), qs_run_get_title (run)) : NULL;

  gtk_window_set_title (GTK_WINDOW (self), title != NULL ? title : _ ("Quicscope"));
}

static void
session_run_cb (QsWindow *self)
{
  show_title (self);
  offer_connections (self);
  offer_target (self);
  update_actions (self);
}

/* --- Pages ------------------------------------------------------------------------------ */

static void
visible_page_cb (QsWindow *self)
{
  const char *name = gtk_stack_get_visible_child_name (self->stack);

  if (name != NULL && !self->closing)
    set_action_state (self, "page", g_variant_new_string (name));
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
kept_cb (gpointer data)
{
  g_autoptr (QsWindow) self = data;
  GApplication *application = G_APPLICATION (gtk_window_get_application (GTK_WINDOW (self)));

  gtk_widget_destroy (GTK_WIDGET (self));
  if (application != NULL)
    g_application_release (application);
}

/* What is being read for the window is told to stop, and has its own things to put away. */
static gboolean
close_poll_cb (gpointer data)
{
  if (qs_restoring_get_n (data) > 0)
    return G_SOURCE_CONTINUE;
  qs_keeper_close (data, kept_cb, data);
  return G_SOURCE_REMOVE;
}

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  qs_session_close_finish (QS_SESSION (source), result);
  g_timeout_add (CLOSE_POLL_MS, close_poll_cb, data);
}

/* A session that is being saved is saved: the window stays as long, and with what it says if that fails. */
static gboolean
wait_for_saving (QsWindow *self)
{
  if (qs_session_file_get_n_saving (self) == 0)
    return FALSE;
  self->close_wanted = TRUE;
  qs_window_show_progress (self, _ ("The session is being saved; then the window is closed…"), 0);
  return TRUE;
}

void
qs_window_end_saving (QsWindow *self, gboolean good)
{
  g_return_if_fail (QS_IS_WINDOW (self));

  if (!self->close_wanted)
    return;
  self->close_wanted = FALSE;
  qs_window_show_progress (self, NULL, 0);
  if (good)
    gtk_window_close (GTK_WINDOW (self));
}

/* What runs is told to end and given the moment that it was promised; the window is gone at once. */
static gboolean
qs_window_delete_event (GtkWidget *widget, GdkEventAny *event)
{
  QsWindow *self = QS_WINDOW (widget);
  GtkApplication *application = gtk_window_get_application (GTK_WINDOW (self));

  if (self->closing || wait_for_saving (self))
    return GDK_EVENT_STOP;
  self->closing = TRUE;
  qs_window_save_size (self, self->settings);
  if (application != NULL)
    g_application_hold (G_APPLICATION (application));
  gtk_widget_hide (widget);
  qs_restoring_stop_all (self);
  qs_session_close_async (self->session, closed_cb, g_object_ref (self));
  return GDK_EVENT_STOP;
}

gboolean
qs_window_is_closing (QsWindow *self)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), TRUE);

  return self->closing;
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
  g_type_ensure (QS_TYPE_RUN_LIST);
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
  gtk_widget_class_bind_template_child (widget_class, QsWindow, forgotten_strip);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, forgotten_label);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, offer_strip);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, offer_label);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, offer_restore);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, offer_delete);
  gtk_widget_class_bind_template_child (widget_class, QsWindow, offer_undo);
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
  gtk_widget_class_bind_template_callback (widget_class, hide_error_cb);
  gtk_widget_class_bind_template_callback (widget_class, hide_forgotten_cb);
  gtk_widget_class_bind_template_callback (widget_class, verify_again_cb);
  gtk_widget_class_bind_template_callback (widget_class, visible_page_cb);
}

static void
qs_window_init (QsWindow *self)
{
  self->meter = qs_delay_meter_new (NULL);
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  gtk_widget_init_template (GTK_WIDGET (self));
  g_autoptr (GPropertyAction) menu = g_property_action_new ("menu", self->menu_button, "active");
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (menu));

  self->options = QS_OPTIONS_POPOVER (qs_options_popover_new ());
  gtk_menu_button_set_popover (self->options_button, GTK_WIDGET (self->options));
  g_signal_connect_object (self->options, "notify", G_CALLBACK (options_changed_cb), self, G_CONNECT_SWAPPED);
}

static void
restore (QsWindow *self)
{
  qs_window_restore_size (self, self->settings);
  qs_window_fold_install (self, self->sidebar, self->settings);
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
  qs_target_entry_install (self->target, self->completion, qs_session_get_history (self->session));
  qs_log_view_set_log (self->log_view, qs_session_get_log (self->session));
  qs_status_bar_set_session (self->status_bar, self->session, self->meter);
  qs_run_list_set_session (self->runs, self->session);
  g_signal_connect_swapped (self->runs, "selection-changed", G_CALLBACK (update_actions), self);
  g_signal_connect_swapped (self->session, "notify::run", G_CALLBACK (session_run_cb), self);
  g_signal_connect_swapped (self->session, "run-title", G_CALLBACK (show_title), self);
  g_signal_connect_swapped (self->session, "run-status", G_CALLBACK (update_actions), self);
  g_signal_connect_object (qs_session_get_runs (self->session), "items-changed", G_CALLBACK (update_actions), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (qs_session_get_bin (self->session), "changed", G_CALLBACK (bin_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (qs_session_get_examiner (self->session), "notify::running", G_CALLBACK (update_actions),
                           self, G_CONNECT_SWAPPED);
  g_signal_connect_swapped (self->session, "show-page", G_CALLBACK (show_page_cb), self);
  g_signal_connect_object (qs_session_get_stream (self->session), "notify::state", G_CALLBACK (offer_connections), self,
                           G_CONNECT_SWAPPED);
  qs_window_pages_add (self->stack, self->session);
  qs_window_pages_keep_tab_in_sight (self->stack, self->switcher, self->tabs_scroll);
  qs_card_page_set_window (get_card_page (self), self->options, self->target);
  if (application != NULL)
    {
      gtk_menu_button_set_menu_model (self->menu_button,
                                      G_MENU_MODEL (gtk_application_get_menu_by_id (application, "primary_menu")));
      qs_menu_keys_show (self->menu_button, application);
      qs_window_pages_add_accels (application);
    }
  qs_files_accept_drops (self);
  qs_present_install (self);
  qs_repeat_install (self);
  qs_help_install (self);
  qs_saved_strip_install (self->saved_strip, G_ACTION_MAP (self), settings);
  qs_notifier_install (self);
  qs_run_actions_install (self);
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

  qs_window_show_page (self, QS_PAGE_CARD);
  if (target != NULL)
    gtk_entry_set_text (self->target, target);
  qs_card_page_propose (get_card_page (self));
  return qs_card_page_examine (get_card_page (self), target);
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

void
qs_window_show_offer (QsWindow *self, const char *text, gboolean deleted)
{
  g_return_if_fail (QS_IS_WINDOW (self));

  if (text != NULL)
    {
      gtk_label_set_text (self->offer_label, text);
      gtk_widget_set_visible (GTK_WIDGET (self->offer_restore), !deleted);
      gtk_widget_set_visible (GTK_WIDGET (self->offer_delete), !deleted);
      gtk_widget_set_visible (GTK_WIDGET (self->offer_undo), deleted);
    }
  gtk_revealer_set_reveal_child (self->offer_strip, text != NULL);
}

const char *
qs_window_get_offer (QsWindow *self)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), NULL);

  return gtk_revealer_get_reveal_child (self->offer_strip) ? gtk_label_get_text (self->offer_label) : NULL;
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

QsComparePage *
qs_window_get_compare (QsWindow *self)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), NULL);

  return QS_COMPARE_PAGE (gtk_stack_get_child_by_name (self->stack, QS_PAGE_COMPARE));
}

QsPacketsPage *
qs_window_get_packets (QsWindow *self)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), NULL);

  return QS_PACKETS_PAGE (gtk_stack_get_child_by_name (self->stack, "packets"));
}

GPtrArray *
qs_window_dup_selected_runs (QsWindow *self)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), NULL);

  return qs_run_list_dup_selected (self->runs);
}

void
qs_window_edit_run (QsWindow *self, QsRun *run)
{
  g_return_if_fail (QS_IS_WINDOW (self) && QS_IS_RUN (run) && qs_run_get_target (run) != NULL);

  gtk_entry_set_text (self->target, qs_target_to_string (qs_run_get_target (run)));
  if (qs_run_get_options (run) != NULL)
    qs_options_popover_set_options (self->options, qs_session_get_lab (self->session), qs_run_get_options (run));
  gtk_popover_popup (GTK_POPOVER (self->options));
}

QsWatchPage *
qs_window_get_watch (QsWindow *self)
{
  g_return_val_if_fail (QS_IS_WINDOW (self), NULL);

  return QS_WATCH_PAGE (gtk_stack_get_child_by_name (self->stack, "watch"));
}
