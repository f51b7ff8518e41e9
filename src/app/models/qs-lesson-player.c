/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-lesson-player.h"

#include "app/models/qs-other-end.h"
#include "lessons/qs-lesson-run.h"

/* How long it takes to get from one page's moment to the next. */
#define WAY_SECONDS 2.5

typedef struct {
  QsLessonRun *making; /* kept while the lesson is open: its server may still be on its way to an end */
  QsRun *run;          /* NULL: one that is watched, until it is over */
  GArray *moments;     /* QsLessonMoment, a page each; NULL while it is made */
} Made;

struct _QsLessonPlayer {
  GObject parent;
  QsSession *session;
  QsReplay *replay;
  QsLesson *lesson;
  Made *made;   /* as many as the lesson has runs */
  int *choices; /* as many as it has pages */
  guint page;
  gboolean animate;
  gboolean playing;
  char *error;
};

enum { PROP_LESSON = 1, N_PROPS };
enum { CHANGED, N_SIGNALS };
static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsLessonPlayer, qs_lesson_player, G_TYPE_OBJECT)

static void
changed (QsLessonPlayer *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

static const QsLessonPage *
get_page (QsLessonPlayer *self)
{
  return qs_lesson_get_page (self->lesson, self->page);
}

/* What was made for the page's run; NULL for a page without one, and for one where another program makes it. */
static Made *
get_made (QsLessonPlayer *self)
{
  const QsLessonPage *page = self->lesson != NULL ? get_page (self) : NULL;

  return page != NULL && page->run >= 0 && page->show != QS_LESSON_SHOW_BLOCKING ? &self->made[page->run] : NULL;
}

static const QsLessonMoment *
get_moment (QsLessonPlayer *self)
{
  Made *made = get_made (self);

  return made != NULL && made->moments != NULL ? &g_array_index (made->moments, QsLessonMoment, self->page) : NULL;
}

/* --- Runs ----------------------------------------------------------------------------------- */

static void
unmake (QsLessonPlayer *self, Made *made)
{
  if (made->making != NULL)
    {
      g_signal_handlers_disconnect_by_data (made->making, self);
      qs_lesson_run_stop (made->making);
      g_clear_object (&made->making);
    }
  g_clear_object (&made->run);
  g_clear_pointer (&made->moments, g_array_unref);
}

/* Where the replay stands before it plays: at the page before, if that is of the same run; else where the first packet
 * leaves, for what was before that (looking up a name, loading certificates) is no picture. */
static gint64
start_of_way (QsLessonPlayer *self, const Made *made)
{
  QsTrace *trace = qs_run_get_trace (made->run);
  gint64 first = qs_trace_get_n_packets (trace) > 0 ? qs_trace_get_packet (trace, 0)->time : 0;
  const QsLessonPage *before = self->page > 0 ? qs_lesson_get_page (self->lesson, self->page - 1) : NULL;

  if (before == NULL || before->run != get_page (self)->run)
    return first;
  const QsLessonMoment *moment = &g_array_index (made->moments, QsLessonMoment, self->page - 1);
  return moment->found ? MAX (moment->time, first) : first;
}

static void
go_to_moment (QsLessonPlayer *self, gboolean play)
{
  Made *made = get_made (self);
  const QsLessonMoment *moment = get_moment (self);

  self->playing = FALSE;
  if (moment == NULL || !moment->found)
    return;
  qs_session_set_run (self->session, made->run);
  gint64 from = start_of_way (self, made);
  gint64 to = MIN (moment->time, qs_replay_get_end (self->replay));
  if (!play || !self->animate || from >= to)
    {
      qs_replay_seek (self->replay, moment->time, moment->packet, TRUE);
      return;
    }
  qs_replay_seek (self->replay, from, -1, TRUE);
  qs_replay_set_speed (self->replay, (double) (to - from) / 1e9 / WAY_SECONDS);
  self->playing = TRUE;
  qs_replay_play_until (self->replay, moment->time, moment->packet);
}

/* FALSE: there is nothing to show, which was told. */
static gboolean
show_watched (QsLessonPlayer *self, Made *made)
{
  QsStudy *study = qs_lesson_run_get_study (made->making);

  if (study != NULL)
    {
      made->run = qs_run_new_for_study (study, qs_lesson_get_title (self->lesson));
      qs_session_add_run (self->session, made->run);
      return TRUE;
    }
  g_free (self->error);
  self->error = g_strdup (qs_lesson_run_get_error (made->making));
  g_clear_object (&made->making);
  changed (self);
  return FALSE;
}

static void
run_finished_cb (QsLessonPlayer *self, QsLessonRun *finished)
{
  for (guint i = 0; i < qs_lesson_get_n_runs (self->lesson); i++)
    if (self->made[i].making == finished)
      {
        Made *made = &self->made[i];
        g_signal_handlers_disconnect_by_data (finished, self);
        if (qs_lesson_run_is_watched (finished) && !show_watched (self, made))
          return;
        qs_run_refresh (made->run);
        made->moments = qs_lesson_find_moments (self->lesson, (int) i, qs_run_get_trace (made->run));
        if (made == get_made (self))
          go_to_moment (self, TRUE);
        changed (self);
        return;
      }
}

static void
make_run (QsLessonPlayer *self, Made *made)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->error, g_free);
  made->making = qs_lesson_run_new (self->lesson, (guint) get_page (self)->run);
  if (!qs_lesson_run_prepare (made->making, &error))
    {
      self->error = g_strdup (error->message);
      g_clear_object (&made->making);
      return;
    }
  g_signal_connect_swapped (made->making, "finished", G_CALLBACK (run_finished_cb), self);
  if (!qs_lesson_run_is_watched (made->making))
    {
      made->run = qs_run_new_for_probe (qs_lesson_run_get_probe (made->making));
      qs_session_add_run (self->session, made->run);
      qs_other_end_watch_server (made->run, qs_lesson_run_get_server (made->making));
    }
  qs_lesson_run_start (made->making);
}

static void
replay_playing_cb (QsLessonPlayer *self)
{
  if (!self->playing || qs_replay_get_playing (self->replay))
    return;
  self->playing = FALSE;
  changed (self);
}

/* --- Overrides ------------------------------------------------------------------------------ */

static void
close_lesson (QsLessonPlayer *self)
{
  for (guint i = 0; self->lesson != NULL && i < qs_lesson_get_n_runs (self->lesson); i++)
    unmake (self, &self->made[i]);
  g_clear_pointer (&self->made, g_free);
  g_clear_pointer (&self->choices, g_free);
  g_clear_pointer (&self->error, g_free);
  g_clear_pointer (&self->lesson, qs_lesson_unref);
  self->page = 0;
  self->playing = FALSE;
}

static void
qs_lesson_player_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_assert (id == PROP_LESSON);
  g_value_set_pointer (value, QS_LESSON_PLAYER (object)->lesson);
}

static void
qs_lesson_player_dispose (GObject *object)
{
  QsLessonPlayer *self = QS_LESSON_PLAYER (object);

  close_lesson (self);
  if (self->replay != NULL)
    g_signal_handlers_disconnect_by_data (self->replay, self);
  g_clear_object (&self->replay);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (qs_lesson_player_parent_class)->dispose (object);
}

static void
qs_lesson_player_class_init (QsLessonPlayerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = qs_lesson_player_get_property;
  object_class->dispose = qs_lesson_player_dispose;
  props[PROP_LESSON] =
      g_param_spec_pointer ("lesson", NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[CHANGED] =
      g_signal_new ("changed", QS_TYPE_LESSON_PLAYER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_lesson_player_init (QsLessonPlayer *self)
{
  self->animate = TRUE;
}

/* --- Public functions ----------------------------------------------------------------------- */

QsLessonPlayer *
qs_lesson_player_new (QsSession *session)
{
  g_return_val_if_fail (QS_IS_SESSION (session), NULL);

  QsLessonPlayer *self = g_object_new (QS_TYPE_LESSON_PLAYER, NULL);
  self->session = g_object_ref (session);
  self->replay = g_object_ref (qs_session_get_replay (session));
  g_signal_connect_swapped (self->replay, "notify::playing", G_CALLBACK (replay_playing_cb), self);
  return self;
}

void
qs_lesson_player_set_lesson (QsLessonPlayer *self, QsLesson *lesson)
{
  g_return_if_fail (QS_IS_LESSON_PLAYER (self));

  g_autoptr (QsLesson) kept = lesson != NULL ? qs_lesson_ref (lesson) : NULL;
  close_lesson (self);
  if (lesson != NULL)
    {
      guint n_pages = qs_lesson_get_n_pages (lesson);
      self->lesson = g_steal_pointer (&kept);
      self->made = g_new0 (Made, MAX (qs_lesson_get_n_runs (lesson), 1));
      self->choices = g_new (int, n_pages);
      for (guint i = 0; i < n_pages; i++)
        self->choices[i] = -1;
    }
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LESSON]);
  if (lesson != NULL)
    qs_lesson_player_go (self, 0);
  else
    changed (self);
}

QsLesson *
qs_lesson_player_get_lesson (QsLessonPlayer *self)
{
  g_return_val_if_fail (QS_IS_LESSON_PLAYER (self), NULL);

  return self->lesson;
}

guint
qs_lesson_player_get_page (QsLessonPlayer *self)
{
  g_return_val_if_fail (QS_IS_LESSON_PLAYER (self), 0);

  return self->page;
}

void
qs_lesson_player_go (QsLessonPlayer *self, guint page)
{
  g_return_if_fail (QS_IS_LESSON_PLAYER (self) && self->lesson != NULL);

  guint before = self->page;
  self->page = MIN (page, qs_lesson_get_n_pages (self->lesson) - 1);
  self->playing = FALSE;
  qs_replay_set_playing (self->replay, FALSE);
  Made *made = get_made (self);
  if (made != NULL && made->making == NULL)
    make_run (self, made);
  else if (made != NULL && made->run != NULL)
    {
      qs_session_set_run (self->session, made->run);
      go_to_moment (self, self->page == before + 1);
    }
  changed (self);
}

gboolean
qs_lesson_player_next (QsLessonPlayer *self)
{
  g_return_val_if_fail (QS_IS_LESSON_PLAYER (self), FALSE);

  if (self->lesson == NULL)
    return FALSE;
  if (self->playing)
    {
      go_to_moment (self, FALSE);
      changed (self);
      return TRUE;
    }
  if (self->page + 1 >= qs_lesson_get_n_pages (self->lesson))
    return FALSE;
  qs_lesson_player_go (self, self->page + 1);
  return TRUE;
}

gboolean
qs_lesson_player_back (QsLessonPlayer *self)
{
  g_return_val_if_fail (QS_IS_LESSON_PLAYER (self), FALSE);

  if (self->lesson == NULL || self->page == 0)
    return FALSE;
  qs_lesson_player_go (self, self->page - 1);
  return TRUE;
}

void
qs_lesson_player_run_again (QsLessonPlayer *self)
{
  g_return_if_fail (QS_IS_LESSON_PLAYER (self));

  Made *made = get_made (self);
  if (made == NULL)
    return;
  unmake (self, made);
  qs_lesson_player_go (self, self->page);
}

QsLessonState
qs_lesson_player_get_state (QsLessonPlayer *self)
{
  g_return_val_if_fail (QS_IS_LESSON_PLAYER (self), QS_LESSON_READY);

  const Made *made = get_made (self);
  const QsLessonMoment *moment = get_moment (self);

  if (made == NULL)
    return QS_LESSON_READY;
  if (self->error != NULL && made->making == NULL)
    return QS_LESSON_BROKEN;
  if (moment == NULL)
    return QS_LESSON_RUNNING;
  if (!moment->found)
    return QS_LESSON_MISSED;
  return self->playing ? QS_LESSON_PLAYING : QS_LESSON_READY;
}

const char *
qs_lesson_player_get_error (QsLessonPlayer *self)
{
  g_return_val_if_fail (QS_IS_LESSON_PLAYER (self), NULL);

  return self->error;
}

QsRun *
qs_lesson_player_get_run (QsLessonPlayer *self)
{
  g_return_val_if_fail (QS_IS_LESSON_PLAYER (self), NULL);

  const Made *made = get_made (self);
  return made != NULL ? made->run : NULL;
}

void
qs_lesson_player_set_animate (QsLessonPlayer *self, gboolean animate)
{
  g_return_if_fail (QS_IS_LESSON_PLAYER (self));

  self->animate = animate;
}

int
qs_lesson_player_get_choice (QsLessonPlayer *self)
{
  g_return_val_if_fail (QS_IS_LESSON_PLAYER (self), -1);

  return self->lesson != NULL ? self->choices[self->page] : -1;
}

void
qs_lesson_player_choose (QsLessonPlayer *self, int choice)
{
  g_return_if_fail (QS_IS_LESSON_PLAYER (self) && self->lesson != NULL);

  if (self->choices[self->page] == choice)
    return;
  self->choices[self->page] = choice;
  changed (self);
}

int
qs_lesson_player_get_answer (QsLessonPlayer *self)
{
  g_return_val_if_fail (QS_IS_LESSON_PLAYER (self), -1);

  if (self->lesson == NULL || get_page (self)->question == NULL || get_moment (self) == NULL)
    return -1;
  return qs_lesson_question_answer (get_page (self)->question, qs_run_get_study (get_made (self)->run));
}

gboolean
qs_lesson_player_show_proof (QsLessonPlayer *self)
{
  g_return_val_if_fail (QS_IS_LESSON_PLAYER (self), FALSE);

  if (self->lesson == NULL || get_page (self)->question == NULL || get_moment (self) == NULL)
    return FALSE;
  QsRun *run = get_made (self)->run;
  g_autoptr (GArray) proof = qs_lesson_question_proof (get_page (self)->question, qs_run_get_study (run));
  if (proof->len == 0)
    return FALSE;
  qs_session_set_run (self->session, run);
  qs_replay_show_all (self->replay);
  qs_session_set_selection (self->session, g_array_index (proof, guint32, 0));
  return TRUE;
}
