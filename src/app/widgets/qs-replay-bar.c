/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-replay-bar.h"

#include "base/qs-i18n.h"
#include "base/qs-text.h"

struct _QsReplayBar {
  GtkBox parent;
  GtkButton *play, *start, *all;
  GtkImage *play_icon;
  GtkScale *scale;
  GtkAdjustment *adjustment;
  GtkLabel *moment;
  GtkComboBoxText *speed;

  QsSession *session;
  QsReplay *replay;
  QsRun *run;
  GtkWidget *ticker; /* weak: the window whose frames move it; NULL: none does */
  guint tick_id;
  gboolean moving; /* the slider moves because the replay does */
};

enum { PROP_COMPACT = 1, N_PROPS };
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (QsReplayBar, qs_replay_bar, GTK_TYPE_BOX)

static const struct {
  const char *label;
  double speed;
} speeds[] = {
  { "1/1", 1 },           { "1/3", 1 / 3.0 },     { "1/10", 1 / 10.0 },     { "1/30", 1 / 30.0 },
  { "1/100", 1 / 100.0 }, { "1/300", 1 / 300.0 }, { "1/1000", 1 / 1000.0 },
};

static gboolean
can_replay (QsReplayBar *self)
{
  return self->run != NULL && !qs_run_is_active (self->run) && qs_replay_get_n_packets (self->replay) > 0;
}

/* --- What it shows -------------------------------------------------------------------------- */

/* "12.3 ms of 83 ms · Handshaking" */
static void
show_moment (QsReplayBar *self)
{
  g_autofree char *end = qs_text_duration (qs_replay_get_end (self->replay));

  if (!can_replay (self))
    gtk_label_set_text (self->moment, "");
  else if (!qs_replay_is_under_way (self->replay))
    gtk_label_set_text (self->moment, end);
  else
    {
      int state = qs_replay_get_state (self->replay);
      g_autofree char *now = qs_text_duration (qs_replay_get_position (self->replay));
      g_autofree char *time = g_strdup_printf (_ ("%s of %s"), now, end);
      g_autofree char *both = state >= 0 && state < QS_N_CONNECTION_STATES
                                  ? g_strdup_printf ("%s · %s", time, qs_connection_state_title (state))
                                  : g_strdup (time);
      gtk_label_set_text (self->moment, both);
    }
}

static void
show_position (QsReplayBar *self)
{
  self->moving = TRUE;
  gtk_adjustment_set_upper (self->adjustment, MAX (qs_replay_get_n_packets (self->replay), 1));
  gtk_adjustment_set_value (self->adjustment, qs_replay_get_progress (self->replay));
  self->moving = FALSE;
  show_moment (self);
}

static void
show_speed (QsReplayBar *self)
{
  double speed = qs_replay_get_speed (self->replay);
  guint nearest = 0;

  for (guint i = 1; i < G_N_ELEMENTS (speeds); i++)
    if (ABS (speeds[i].speed - speed) < ABS (speeds[nearest].speed - speed))
      nearest = i;
  gtk_combo_box_set_active (GTK_COMBO_BOX (self->speed), (int) nearest);
}

static void
show_run (QsReplayBar *self)
{
  gboolean can = can_replay (self);

  /* While it grows its figures would be others at every look. */
  if (!can && !gtk_widget_get_sensitive (GTK_WIDGET (self)))
    return;
  gtk_widget_set_sensitive (GTK_WIDGET (self), can);
  show_position (self);
}

/* --- Playing -------------------------------------------------------------------------------- */

static gboolean
frame_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  qs_replay_tick (QS_REPLAY_BAR (data)->replay, gdk_frame_clock_get_frame_time (clock));
  return G_SOURCE_CONTINUE;
}

static void
end_tick (QsReplayBar *self)
{
  if (self->ticker == NULL)
    return;
  gtk_widget_remove_tick_callback (self->ticker, self->tick_id);
  g_clear_weak_pointer (&self->ticker);
}

/* By the window's frames: presenting hides the bar, and it goes on. Two bars tick with one frame's time, which moves it once. */
static void
sync_tick (QsReplayBar *self)
{
  GtkWidget *window = gtk_widget_get_toplevel (GTK_WIDGET (self));

  if (self->replay == NULL || !qs_replay_get_playing (self->replay))
    end_tick (self);
  else if (self->ticker == NULL && GTK_IS_WINDOW (window))
    {
      g_set_weak_pointer (&self->ticker, window);
      self->tick_id = gtk_widget_add_tick_callback (window, frame_cb, self, NULL);
    }
}

static void
playing_cb (QsReplayBar *self)
{
  gboolean playing = qs_replay_get_playing (self->replay);
  const char *words = playing ? _ ("Pause") : _ ("Play");

  gtk_image_set_from_icon_name (self->play_icon,
                                playing ? "media-playback-pause-symbolic" : "media-playback-start-symbolic",
                                GTK_ICON_SIZE_BUTTON);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self->play)), words);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->play), playing ? _ ("Pause (space)") : _ ("Play (space)"));
  sync_tick (self);
}

/* --- What a person does --------------------------------------------------------------------- */

static void
play_cb (QsReplayBar *self)
{
  qs_replay_set_playing (self->replay, !qs_replay_get_playing (self->replay));
}

static void
start_cb (QsReplayBar *self)
{
  qs_replay_seek (self->replay, 0, -1, TRUE);
}

static void
all_cb (QsReplayBar *self)
{
  qs_replay_show_all (self->replay);
}

static void
next_packet_cb (QsReplayBar *self)
{
  qs_replay_step_packet (self->replay, 1);
}

static void
previous_packet_cb (QsReplayBar *self)
{
  qs_replay_step_packet (self->replay, -1);
}

static void
next_flight_cb (QsReplayBar *self)
{
  qs_replay_step_flight (self->replay, 1);
}

static void
previous_flight_cb (QsReplayBar *self)
{
  qs_replay_step_flight (self->replay, -1);
}

static void
slider_cb (QsReplayBar *self)
{
  if (!self->moving && can_replay (self))
    qs_replay_set_progress (self->replay, gtk_adjustment_get_value (self->adjustment));
}

static void
speed_cb (QsReplayBar *self)
{
  int active = gtk_combo_box_get_active (GTK_COMBO_BOX (self->speed));

  if (self->replay != NULL && active >= 0)
    qs_replay_set_speed (self->replay, speeds[active].speed);
}

static gboolean
scale_key_cb (QsReplayBar *self, GdkEventKey *event)
{
  return qs_replay_bar_handle_key (self, event);
}

/* --- Session and run ------------------------------------------------------------------------ */

static void
run_changed_cb (QsReplayBar *self)
{
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    show_run (self);
}

static void
session_run_cb (QsReplayBar *self)
{
  if (self->run != NULL)
    g_signal_handlers_disconnect_by_func (self->run, run_changed_cb, self);
  g_set_object (&self->run, qs_session_get_run (self->session));
  if (self->run != NULL)
    g_signal_connect_swapped (self->run, "changed", G_CALLBACK (run_changed_cb), self);
  show_run (self);
}

static void
qs_replay_bar_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (qs_replay_bar_parent_class)->map (widget);
  if (QS_REPLAY_BAR (widget)->replay != NULL)
    show_run (QS_REPLAY_BAR (widget));
  sync_tick (QS_REPLAY_BAR (widget));
}

static void
qs_replay_bar_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  QsReplayBar *self = QS_REPLAY_BAR (object);

  g_assert (id == PROP_COMPACT);
  gtk_widget_set_visible (GTK_WIDGET (self->start), !g_value_get_boolean (value));
  gtk_widget_set_visible (GTK_WIDGET (self->all), !g_value_get_boolean (value));
}

static void
qs_replay_bar_dispose (GObject *object)
{
  QsReplayBar *self = QS_REPLAY_BAR (object);

  end_tick (self);
  if (self->run != NULL)
    g_signal_handlers_disconnect_by_data (self->run, self);
  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (self->session, self);
  if (self->replay != NULL)
    g_signal_handlers_disconnect_by_data (self->replay, self);
  g_clear_object (&self->run);
  g_clear_object (&self->replay);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (qs_replay_bar_parent_class)->dispose (object);
}

static void
qs_replay_bar_class_init (QsReplayBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_replay_bar_dispose;
  G_OBJECT_CLASS (klass)->set_property = qs_replay_bar_set_property;
  props[PROP_COMPACT] = g_param_spec_boolean ("compact", NULL, NULL, FALSE, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, props);
  widget_class->map = qs_replay_bar_map;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-replay-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, QsReplayBar, play);
  gtk_widget_class_bind_template_child (widget_class, QsReplayBar, start);
  gtk_widget_class_bind_template_child (widget_class, QsReplayBar, all);
  gtk_widget_class_bind_template_child (widget_class, QsReplayBar, play_icon);
  gtk_widget_class_bind_template_child (widget_class, QsReplayBar, scale);
  gtk_widget_class_bind_template_child (widget_class, QsReplayBar, adjustment);
  gtk_widget_class_bind_template_child (widget_class, QsReplayBar, moment);
  gtk_widget_class_bind_template_child (widget_class, QsReplayBar, speed);
  gtk_widget_class_bind_template_callback (widget_class, play_cb);
  gtk_widget_class_bind_template_callback (widget_class, start_cb);
  gtk_widget_class_bind_template_callback (widget_class, all_cb);
  gtk_widget_class_bind_template_callback (widget_class, next_packet_cb);
  gtk_widget_class_bind_template_callback (widget_class, previous_packet_cb);
  gtk_widget_class_bind_template_callback (widget_class, next_flight_cb);
  gtk_widget_class_bind_template_callback (widget_class, previous_flight_cb);
  gtk_widget_class_bind_template_callback (widget_class, slider_cb);
  gtk_widget_class_bind_template_callback (widget_class, speed_cb);
  gtk_widget_class_bind_template_callback (widget_class, scale_key_cb);
}

static void
qs_replay_bar_init (QsReplayBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < G_N_ELEMENTS (speeds); i++)
    gtk_combo_box_text_append_text (self->speed, speeds[i].label);
}

void
qs_replay_bar_set_session (QsReplayBar *self, QsSession *session)
{
  g_return_if_fail (QS_IS_REPLAY_BAR (self) && QS_IS_SESSION (session) && self->session == NULL);

  self->session = g_object_ref (session);
  self->replay = g_object_ref (qs_session_get_replay (session));
  g_signal_connect_swapped (session, "notify::run", G_CALLBACK (session_run_cb), self);
  g_signal_connect_swapped (self->replay, "notify::position", G_CALLBACK (show_position), self);
  g_signal_connect_swapped (self->replay, "notify::packet", G_CALLBACK (show_position), self);
  g_signal_connect_swapped (self->replay, "notify::playing", G_CALLBACK (playing_cb), self);
  g_signal_connect_swapped (self->replay, "notify::speed", G_CALLBACK (show_speed), self);
  show_speed (self);
  playing_cb (self);
  session_run_cb (self);
}

gboolean
qs_replay_bar_handle_key (QsReplayBar *self, const GdkEventKey *event)
{
  g_return_val_if_fail (QS_IS_REPLAY_BAR (self) && event != NULL, FALSE);

  static const struct {
    guint key;
    gboolean shift, only_under_way;
    void (*act) (QsReplayBar *self);
  } keys[] = {
    { GDK_KEY_space, FALSE, FALSE, play_cb },
    { GDK_KEY_Right, FALSE, FALSE, next_packet_cb },
    { GDK_KEY_Left, FALSE, FALSE, previous_packet_cb },
    { GDK_KEY_Right, TRUE, FALSE, next_flight_cb },
    { GDK_KEY_Left, TRUE, FALSE, previous_flight_cb },
    { GDK_KEY_Home, FALSE, TRUE, start_cb },
    { GDK_KEY_End, FALSE, TRUE, all_cb },
  };
  const guint others = GDK_CONTROL_MASK | GDK_MOD1_MASK | GDK_SUPER_MASK;

  if (self->replay == NULL || !can_replay (self) || (event->state & others) != 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i].key == event->keyval && keys[i].shift == ((event->state & GDK_SHIFT_MASK) != 0) &&
        (!keys[i].only_under_way || qs_replay_is_under_way (self->replay)))
      {
        keys[i].act (self);
        return TRUE;
      }
  return FALSE;
}
