/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-run-actions.h"

#include "app/qs-files.h"
#include "app/qs-naming.h"
#include "app/qs-opening.h"
#include "app/qs-restoring.h"
#include "app/qs-saving.h"
#include "app/qs-session-file.h"
#include "app/qs-streaming.h"
#include "app/widgets/qs-doctor-dialog.h"

static QsRun *
get_run (gpointer window)
{
  return qs_session_get_run (qs_window_get_session (window));
}

static void
stop_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  if (get_run (window) != NULL)
    qs_run_stop (get_run (window));
}

static void
run_again_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  if (get_run (window) != NULL)
    qs_session_run_again (qs_window_get_session (window), get_run (window));
}

static void
edit_run_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  QsRun *run = get_run (window);

  if (run != NULL && qs_run_get_target (run) != NULL)
    qs_window_edit_run (window, run);
}

static void
name_run_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  if (get_run (window) != NULL)
    qs_naming_ask (window, get_run (window));
}

static void
why_not_h3_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  QsRun *run = get_run (window);

  if (run != NULL && qs_doctor_dialog_fits (run))
    qs_doctor_dialog_show (GTK_WINDOW (window), qs_window_get_session (window), run);
}

static void
join_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  qs_files_ask_join (window);
}

/* Of what is looked at. */
static void
save (QsWindow *window, QsSavingKind kind)
{
  if (QS_IS_COMPARE_PAGE (qs_window_get_shown_page (window)) &&
      qs_compared_get_n (qs_session_get_compared (qs_window_get_session (window))) > 0)
    qs_compare_page_ask_save (qs_window_get_compare (window));
  else
    qs_saving_ask (window, kind);
}

static void
save_trace_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  save (window, QS_SAVING_TRACE);
}

static void
save_report_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  save (window, QS_SAVING_REPORT);
}

static void
remove_run_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  QsSession *session = qs_window_get_session (window);
  g_autoptr (GPtrArray) runs = qs_window_dup_selected_runs (window);
  QsRun *shown = qs_session_get_run (session);

  if (runs->len > 1)
    qs_session_forget_runs (session, (QsRun *const *) runs->pdata, runs->len);
  else if (shown != NULL)
    qs_session_forget_runs (session, &shown, 1);
}

/* --- Files --- */

static void
open_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  qs_files_ask_open (window);
}

static void
stop_opening_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  qs_opening_stop_all (window);
  qs_restoring_stop_all (window);
  qs_streaming_stop (window);
}

static void
open_recent_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  qs_files_open (window, g_variant_get_bytestring (parameter), NULL);
}

static void
open_session_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  qs_session_file_ask_open (window);
}

static void
save_session_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  qs_session_file_ask_save (window);
}

/* --- Packets: what the filter leaves, on the page of packets and in the diagram --- */

static void
step (QsWindow *window, int by)
{
  const char *page = qs_window_get_page (window);

  if (!g_str_equal (page, "packets") && !g_str_equal (page, "sequence"))
    qs_session_show_page (qs_window_get_session (window), "packets");
  qs_packets_page_step (qs_window_get_packets (window), by);
}

static void
next_match_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  step (window, 1);
}

static void
previous_match_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  step (window, -1);
}

/* --- Comparing --- */

static void
compare (QsWindow *window, QsRun *run, QsRun *other)
{
  QsSession *session = qs_window_get_session (window);

  if (run == NULL || other == NULL)
    return;
  qs_compared_set (qs_session_get_compared (session), (QsRun *[]){ run, other }, 2);
  qs_session_show_page (session, "compare");
}

static void
compare_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  QsSession *session = qs_window_get_session (window);
  g_autoptr (GPtrArray) runs = qs_window_dup_selected_runs (window);
  QsRun *run = get_run (window);

  if (runs->len > 1) /* which stand side by side already, since they were selected */
    qs_session_show_page (session, "compare");
  else if (run != NULL)
    compare (window, run, qs_compared_find_other (qs_session_get_compared (session), run, FALSE));
}

static void
compare_good_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  QsRun *run = get_run (window);

  if (run != NULL)
    compare (window, run, qs_compared_find_other (qs_session_get_compared (qs_window_get_session (window)), run, TRUE));
}

static void
compare_with_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  GListModel *runs = qs_session_get_runs (qs_window_get_session (window));
  g_autoptr (QsRun) other = g_list_model_get_item (runs, g_variant_get_uint32 (parameter));

  if (other != NULL && other != get_run (window))
    compare (window, get_run (window), other);
}

/* --- All of them --- */

static void
stop_all_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  qs_session_stop_all (qs_window_get_session (window));
}

static void
forget_all_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  qs_session_forget_all (qs_window_get_session (window));
}

static void
undo_forget_cb (GSimpleAction *action, GVariant *parameter, gpointer window)
{
  qs_session_undo_forget (qs_window_get_session (window));
}

static const GActionEntry actions[] = {
  { "open", open_cb },
  { "open-recent", open_recent_cb, "ay" },
  { "stop-opening", stop_opening_cb },
  { "stop", stop_cb },
  { "run-again", run_again_cb },
  { "edit-run", edit_run_cb },
  { "name-run", name_run_cb },
  { "open-session", open_session_cb },
  { "save-session", save_session_cb },
  { "why-not-h3", why_not_h3_cb },
  { "join", join_cb },
  { "save-trace", save_trace_cb },
  { "save-report", save_report_cb },
  { "remove-run", remove_run_cb },
  { "next-match", next_match_cb },
  { "previous-match", previous_match_cb },
  { "compare", compare_cb },
  { "compare-good", compare_good_cb },
  { "compare-with", compare_with_cb, "u" },
  { "stop-all", stop_all_cb },
  { "forget-all", forget_all_cb },
  { "undo-forget", undo_forget_cb },
};

void
qs_run_actions_install (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  g_action_map_add_action_entries (G_ACTION_MAP (window), actions, G_N_ELEMENTS (actions), window);
}

void
qs_run_actions_update (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  QsSession *session = qs_window_get_session (window);
  QsCompared *compared = qs_session_get_compared (session);
  QsRun *run = qs_session_get_run (session);
  gboolean target = run != NULL && qs_run_get_target (run) != NULL;
  guint n = g_list_model_get_n_items (qs_session_get_runs (session));
  const struct {
    const char *name;
    gboolean enabled;
  } states[] = {
    { "stop", run != NULL && qs_run_is_active (run) },
    { "run-again", target },
    { "edit-run", target },
    { "name-run", run != NULL },
    { "save-session", n > 0 },
    { "why-not-h3", run != NULL && qs_doctor_dialog_fits (run) },
    { "next-match", run != NULL },
    { "previous-match", run != NULL },
    { "join", run != NULL },
    { "save-trace", run != NULL },
    { "save-report", run != NULL },
    { "remove-run", run != NULL },
    { "compare", run != NULL && qs_compared_find_other (compared, run, FALSE) != NULL },
    { "compare-good", run != NULL && qs_compared_find_other (compared, run, TRUE) != NULL },
    { "compare-with", run != NULL && n > 1 },
    { "stop-all", qs_session_get_n_active (session) > 0 },
    { "forget-all", n > 0 },
    { "undo-forget", qs_run_bin_get_n (qs_session_get_bin (session)) > 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    g_simple_action_set_enabled (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (window), states[i].name)),
                                 states[i].enabled);
}
