/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-notifier.h"

#include "base/qs-i18n.h"

#define ID "run-ended"

/* What a run came to that went by itself. A person stopped the others, or they are files. */
static const char *const icons[QS_N_RUN_STATUSES] = {
  [QS_RUN_SUCCEEDED] = "emblem-ok-symbolic",
  [QS_RUN_FAILED] = "dialog-error-symbolic",
};

gboolean
qs_notifier_tells (QsRunStatus status, double seconds, gboolean looked_at)
{
  return status < QS_N_RUN_STATUSES && icons[status] != NULL && seconds >= QS_NOTIFIER_LONG && !looked_at;
}

static double
get_seconds (QsRun *run)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();

  return (double) g_date_time_difference (now, qs_run_get_started (run)) / G_TIME_SPAN_SECOND;
}

static void
status_cb (QsRun *run, GParamSpec *pspec, gpointer data)
{
  GtkWindow *window = data;
  GApplication *application = G_APPLICATION (gtk_window_get_application (window));
  QsRunStatus status = qs_run_get_status (run);

  if (application == NULL || !qs_notifier_tells (status, get_seconds (run), gtk_window_is_active (window)))
    return;
  g_autoptr (GNotification) notification = g_notification_new (qs_run_get_title (run));
  g_autoptr (GIcon) icon = g_themed_icon_new (icons[status]);
  qs_run_refresh (run);
  g_notification_set_body (notification, qs_run_get_verdict (run));
  g_notification_set_icon (notification, icon);
  g_application_send_notification (application, ID, notification);
}

static void
runs_changed_cb (GListModel *runs, guint position, guint removed, guint added, gpointer data)
{
  for (guint i = 0; i < added; i++)
    {
      g_autoptr (QsRun) run = g_list_model_get_item (runs, position + i);
      if (qs_run_get_probe (run) != NULL)
        {
          /* It may come back into the list. */
          g_signal_handlers_disconnect_by_func (run, status_cb, data);
          g_signal_connect_object (run, "notify::status", G_CALLBACK (status_cb), data, 0);
        }
    }
}

static void
active_cb (GtkWindow *window)
{
  GtkApplication *application = gtk_window_get_application (window);

  if (application != NULL && gtk_window_is_active (window))
    g_application_withdraw_notification (G_APPLICATION (application), ID);
}

void
qs_notifier_install (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  GListModel *runs = qs_session_get_runs (qs_window_get_session (window));
  g_signal_connect_object (runs, "items-changed", G_CALLBACK (runs_changed_cb), window, 0);
  g_signal_connect (window, "notify::is-active", G_CALLBACK (active_cb), NULL);
  runs_changed_cb (runs, 0, 0, g_list_model_get_n_items (runs), window);
}
