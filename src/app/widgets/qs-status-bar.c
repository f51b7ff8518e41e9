/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-status-bar.h"

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "charts/qs-packet-text.h"

struct _QsStatusBar {
  GtkBox parent;
  GtkImage *state_icon;
  GtkLabel *state_label;
  GtkLabel *counts_label;
  GtkLabel *delay_label;
  QsSession *session;
  QsRun *run;
  QsDelayMeter *meter;
};

G_DEFINE_FINAL_TYPE (QsStatusBar, qs_status_bar, GTK_TYPE_BOX)

static void
set_text (GtkLabel *label, const char *text)
{
  if (g_strcmp0 (gtk_label_get_text (label), text) != 0)
    gtk_label_set_text (label, text);
}

/* The label's accessible name is fixed, so that it can be found: what it says goes beside it. */
static void
set_state (QsStatusBar *self, const char *icon_name, const char *css_class, const char *text)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->state_icon));

  for (guint i = 0; i < QS_N_RUN_STATUSES; i++)
    gtk_style_context_remove_class (style, qs_run_status_css_class (i));
  gtk_style_context_add_class (style, css_class);
  gtk_image_set_from_icon_name (self->state_icon, icon_name, GTK_ICON_SIZE_BUTTON);
  set_text (self->state_label, text);
  atk_object_set_description (gtk_widget_get_accessible (GTK_WIDGET (self->state_label)), text);
}

static void
show_state (QsStatusBar *self)
{
  if (self->run == NULL)
    {
      set_state (self, "network-offline-symbolic", "qs-neutral", _ ("No connection"));
      return;
    }

  QsReplay *replay = qs_session_get_replay (self->session);
  int then = qs_replay_is_under_way (replay) ? qs_replay_get_state (replay) : -1;
  if (then >= 0 && then < QS_N_CONNECTION_STATES)
    {
      g_autofree char *words = g_strdup_printf (_ ("Replay: %s"), qs_connection_state_title (then));
      set_state (self, "media-playback-start-symbolic", "qs-active", words);
      return;
    }

  QsProbe *probe = qs_run_get_probe (self->run);
  QsRunStatus status = qs_run_get_status (self->run);
  set_state (self, qs_run_status_icon_name (status), qs_run_status_css_class (status),
             probe != NULL ? qs_connection_state_title (qs_probe_get_state (probe)) : _ ("From a file"));
}

static void
show_counts (QsStatusBar *self)
{
  if (self->run == NULL)
    {
      set_text (self->counts_label, "");
      return;
    }

  g_autofree char *counts = qs_packet_text_counts (qs_run_get_trace (self->run));
  set_text (self->counts_label, counts);
}

static void
run_changed_cb (QsStatusBar *self)
{
  show_state (self);
  show_counts (self);
}

static void
session_run_cb (QsStatusBar *self)
{
  if (self->run != NULL)
    g_signal_handlers_disconnect_by_func (self->run, run_changed_cb, self);
  g_set_object (&self->run, qs_session_get_run (self->session));
  if (self->run != NULL)
    {
      g_signal_connect_swapped (self->run, "changed", G_CALLBACK (run_changed_cb), self);
      g_signal_connect_swapped (self->run, "notify::status", G_CALLBACK (run_changed_cb), self);
    }
  run_changed_cb (self);
}

static void
delay_cb (QsStatusBar *self)
{
  gint64 worst = qs_delay_meter_get_worst (self->meter);
  g_autofree char *duration = worst >= 0 ? qs_text_duration (worst * 1000) : NULL;
  g_autofree char *text =
      worst >= 0 ? g_strdup_printf (_ ("Worst delay %s"), duration) : g_strdup (_ ("Main loop at rest"));

  set_text (self->delay_label, text);
  atk_object_set_description (gtk_widget_get_accessible (GTK_WIDGET (self->delay_label)), text);
}

static void
qs_status_bar_dispose (GObject *object)
{
  QsStatusBar *self = QS_STATUS_BAR (object);

  if (self->run != NULL)
    g_signal_handlers_disconnect_by_func (self->run, run_changed_cb, self);
  g_clear_object (&self->run);
  g_clear_object (&self->session);
  g_clear_object (&self->meter);
  G_OBJECT_CLASS (qs_status_bar_parent_class)->dispose (object);
}

static void
qs_status_bar_class_init (QsStatusBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_status_bar_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-status-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, QsStatusBar, state_icon);
  gtk_widget_class_bind_template_child (widget_class, QsStatusBar, state_label);
  gtk_widget_class_bind_template_child (widget_class, QsStatusBar, counts_label);
  gtk_widget_class_bind_template_child (widget_class, QsStatusBar, delay_label);
}

static void
qs_status_bar_init (QsStatusBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
qs_status_bar_set_session (QsStatusBar *self, QsSession *session, QsDelayMeter *meter)
{
  g_return_if_fail (QS_IS_STATUS_BAR (self) && QS_IS_SESSION (session) && self->session == NULL);

  self->session = g_object_ref (session);
  self->meter = g_object_ref (meter);
  g_signal_connect_object (session, "notify::run", G_CALLBACK (session_run_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (qs_session_get_replay (session), "notify::position", G_CALLBACK (show_state), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (meter, "notify::worst", G_CALLBACK (delay_cb), self, G_CONNECT_SWAPPED);
  session_run_cb (self);
  delay_cb (self);
}
