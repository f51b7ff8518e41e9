/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-frame-view.h"

#include <string.h>

#ifdef GDK_WINDOWING_X11
#include <gtk/gtk-a11y.h>
#include <gtk/gtkx.h>
#endif

#include "app/frame/qs-frame-protocol.h"
#include "app/widgets/qs-delay-meter.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "lessons/qs-lesson-run.h"

#define PROGRAM "quicscope-frame"
#define LEAST_HEIGHT 200 /* before it says what it needs */
#define LOOK_MS 100
/* It says something ten times a second: what is shorter is no silence. */
#define SILENCE_US 300000

struct _QsFrameView {
  GtkBox parent;
  GtkStack *holder;
  GtkLabel *words, *frame_delay, *own_delay;
  GtkLevelBar *frame_bar, *own_bar;
  GtkWidget *again;
  GtkWidget *socket; /* holds the program's window; NULL where it has one of its own */

  QsLesson *lesson;
  int run;
  double scale;
  QsLessonRun *server; /* its probe is never started: the program is the client */
  GSubprocess *program;
  GDataInputStream *output;
  GCancellable *cancellable;
  QsDelayMeter *meter;
  guint look_id;
  gint64 heard;   /* monotonic, µs; 0: not yet */
  gint64 longest; /* since a connection was begun, -1: before */
};

G_DEFINE_FINAL_TYPE (QsFrameView, qs_frame_view, GTK_TYPE_BOX)

/* --- Its signs of life ---------------------------------------------------------------------- */

static void
set_delay (GtkLabel *label, GtkLevelBar *bar, gint64 us, const char *text)
{
  gtk_label_set_text (label, text);
  atk_object_set_description (gtk_widget_get_accessible (GTK_WIDGET (label)), text);
  gtk_level_bar_set_value (bar, MIN ((double) us / G_USEC_PER_SEC, gtk_level_bar_get_max_value (bar)));
}

static void
show_silence (QsFrameView *self)
{
  gint64 silence = self->longest >= 0 ? g_get_monotonic_time () - self->heard : 0;
  gboolean silent = silence >= SILENCE_US;

  self->longest = MAX (self->longest, self->longest >= 0 ? silence : -1);
  g_autofree char *duration = qs_text_duration ((silent ? silence : self->longest) * 1000);
  g_autofree char *text = NULL;
  if (silent)
    text = g_strdup_printf (_ ("silent for %s"), duration);
  else if (self->longest >= SILENCE_US)
    text = g_strdup_printf (_ ("back, after %s of silence"), duration);
  else
    text = g_strdup (self->heard != 0 ? _ ("gives signs of life") : "");
  set_delay (self->frame_delay, self->frame_bar, self->longest >= SILENCE_US ? self->longest : 0, text);
}

static void
show_own (QsFrameView *self)
{
  gint64 worst = qs_delay_meter_get_statistics (self->meter).worst_us;
  g_autofree char *duration = qs_text_duration (worst * 1000);
  g_autofree char *text =
      self->longest >= 0 ? g_strdup_printf (_ ("%s late at most"), duration) : g_strdup (_ ("goes on"));

  set_delay (self->own_delay, self->own_bar, worst, text);
}

static gboolean
look_cb (gpointer data)
{
  QsFrameView *self = data;

  show_silence (self);
  show_own (self);
  return G_SOURCE_CONTINUE;
}

/* What was before is not of this call. */
static void
begin_call (QsFrameView *self)
{
  self->longest = 0;
  qs_delay_meter_set_active (self->meter, FALSE);
  qs_delay_meter_set_active (self->meter, TRUE);
}

static void
embed_accessible (QsFrameView *self, char *id)
{
#ifdef GDK_WINDOWING_X11
  if (self->socket != NULL)
    gtk_socket_accessible_embed (GTK_SOCKET_ACCESSIBLE (gtk_widget_get_accessible (self->socket)), id);
#endif
}

static void
line_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, &error);
  QsFrameView *self = data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || line == NULL)
    return;
  show_silence (self);
  self->heard = g_get_monotonic_time ();
  if (g_str_has_prefix (line, QS_FRAME_CALLING))
    begin_call (self);
  else if (g_str_has_prefix (line, QS_FRAME_ACCESSIBLE))
    embed_accessible (self, line + strlen (QS_FRAME_ACCESSIBLE));
  g_data_input_stream_read_line_async (self->output, G_PRIORITY_DEFAULT, self->cancellable, line_cb, self);
}

/* --- The program ---------------------------------------------------------------------------- */

static void
show_words (QsFrameView *self, const char *words, gboolean again)
{
  gtk_label_set_text (self->words, words);
  gtk_widget_set_visible (self->again, again);
  gtk_stack_set_visible_child (self->holder, GTK_WIDGET (self->words));
  if (self->socket != NULL)
    gtk_widget_destroy (self->socket);
  g_clear_object (&self->socket);
}

/* A program that hangs does not read its input's end: it is killed. */
static void
stop_program (QsFrameView *self)
{
  g_clear_handle_id (&self->look_id, g_source_remove);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->output);
  if (self->program != NULL)
    g_subprocess_force_exit (self->program);
  g_clear_object (&self->program);
  g_clear_object (&self->server);
  g_clear_object (&self->meter);
}

static void
ended_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  QsFrameView *self = data;

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  if (self->program == G_SUBPROCESS (source))
    {
      stop_program (self);
      show_words (self, _ ("The small program has ended. Quicscope goes on."), TRUE);
    }
  g_object_unref (self);
}

/* Uninstalled, installed, or beside this program. */
static char *
find_program (void)
{
  const char *uninstalled = g_getenv ("QS_LIBEXECDIR");
  g_autofree char *own = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *beside = own != NULL ? g_path_get_dirname (own) : g_strdup (".");
  const char *folders[] = { uninstalled != NULL ? uninstalled : PKGLIBEXECDIR, PKGLIBEXECDIR, beside };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = g_build_filename (folders[i], PROGRAM, NULL);
      if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer (&path);
    }
  return g_strdup (PROGRAM);
}

#ifdef GDK_WINDOWING_X11
static void
plug_added_cb (QsFrameView *self)
{
  gtk_stack_set_visible_child (self->holder, self->socket);
}
#endif

/* The number of a window that the program can sit in, 0 where there is none. */
static guint
make_socket (QsFrameView *self)
{
#ifdef GDK_WINDOWING_X11
  if (!GDK_IS_X11_DISPLAY (gtk_widget_get_display (GTK_WIDGET (self))))
    return 0;
  self->socket = g_object_ref_sink (gtk_socket_new ());
  gtk_container_add (GTK_CONTAINER (self->holder), self->socket);
  gtk_widget_set_size_request (self->socket, -1, LEAST_HEIGHT);
  gtk_widget_show (self->socket);
  gtk_widget_realize (self->socket);
  /* An X window without a client shows what was on the screen before it. */
  g_signal_connect_object (self->socket, "plug-added", G_CALLBACK (plug_added_cb), self, G_CONNECT_SWAPPED);
  return (guint) gtk_socket_get_id (GTK_SOCKET (self->socket));
#else
  return 0;
#endif
}

static GPtrArray *
make_arguments (QsFrameView *self)
{
  GPtrArray *arguments = g_ptr_array_new_with_free_func (g_free);
  char scale[G_ASCII_DTOSTR_BUF_SIZE];
  gboolean dark;
  guint id = make_socket (self);

  g_object_get (gtk_widget_get_settings (GTK_WIDGET (self)), "gtk-application-prefer-dark-theme", &dark, NULL);
  g_ptr_array_add (arguments, find_program ());
  g_ptr_array_add (arguments, g_strdup_printf ("--port=%u", qs_lesson_run_get_port (self->server)));
  g_ptr_array_add (arguments, g_strdup_printf ("--cacert=%s", qs_lesson_run_get_ca_file (self->server)));
  g_ptr_array_add (arguments,
                   g_strdup_printf ("--scale=%s", g_ascii_formatd (scale, sizeof scale, "%.2f", self->scale)));
  if (id != 0)
    g_ptr_array_add (arguments, g_strdup_printf ("--socket=%u", id));
  if (dark)
    g_ptr_array_add (arguments, g_strdup ("--dark"));
  g_ptr_array_add (arguments, NULL);
  return arguments;
}

static gboolean
launch (QsFrameView *self, GError **error)
{
  self->server = qs_lesson_run_new (self->lesson, (guint) self->run);
  if (!qs_lesson_run_prepare (self->server, error))
    return FALSE;

  g_autoptr (GPtrArray) arguments = make_arguments (self);
  self->program = g_subprocess_newv ((const char *const *) arguments->pdata,
                                     G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, error);
  return self->program != NULL;
}

static void
start_program (QsFrameView *self)
{
  g_autoptr (GError) error = NULL;

  if (self->program != NULL || self->lesson == NULL || self->run < 0)
    return;
  show_words (self, _ ("The small program starts…"), FALSE);
  self->heard = 0;
  self->longest = -1;
  if (!launch (self, &error))
    {
      stop_program (self);
      show_words (self, error->message, TRUE);
      return;
    }
  if (self->socket == NULL)
    gtk_label_set_text (self->words, _ ("The small program has a window of its own: look there, and here below."));
  self->cancellable = g_cancellable_new ();
  self->output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->program));
  self->meter = qs_delay_meter_new (NULL);
  self->look_id = g_timeout_add (LOOK_MS, look_cb, self);
  g_data_input_stream_read_line_async (self->output, G_PRIORITY_DEFAULT, self->cancellable, line_cb, self);
  g_subprocess_wait_async (self->program, NULL, ended_cb, g_object_ref (self));
}

static void
again_cb (QsFrameView *self)
{
  stop_program (self);
  start_program (self);
}

/* --- Class ---------------------------------------------------------------------------------- */

static void
qs_frame_view_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (qs_frame_view_parent_class)->map (widget);
  start_program (QS_FRAME_VIEW (widget));
}

static void
qs_frame_view_unmap (GtkWidget *widget)
{
  QsFrameView *self = QS_FRAME_VIEW (widget);

  stop_program (self);
  show_words (self, "", FALSE);
  GTK_WIDGET_CLASS (qs_frame_view_parent_class)->unmap (widget);
}

static void
qs_frame_view_dispose (GObject *object)
{
  QsFrameView *self = QS_FRAME_VIEW (object);

  stop_program (self);
  g_clear_object (&self->socket);
  g_clear_pointer (&self->lesson, qs_lesson_unref);
  G_OBJECT_CLASS (qs_frame_view_parent_class)->dispose (object);
}

static void
qs_frame_view_class_init (QsFrameViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_frame_view_dispose;
  widget_class->map = qs_frame_view_map;
  widget_class->unmap = qs_frame_view_unmap;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-frame-view.ui");
#define CHILD(name) gtk_widget_class_bind_template_child (widget_class, QsFrameView, name)
  CHILD (holder);
  CHILD (words);
  CHILD (frame_delay);
  CHILD (own_delay);
  CHILD (frame_bar);
  CHILD (own_bar);
  CHILD (again);
#undef CHILD
  gtk_widget_class_bind_template_callback (widget_class, again_cb);
}

static void
qs_frame_view_init (QsFrameView *self)
{
  self->run = -1;
  self->scale = 1;
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
qs_frame_view_set_run (QsFrameView *self, QsLesson *lesson, int run)
{
  g_return_if_fail (QS_IS_FRAME_VIEW (self));

  if (self->lesson == lesson && self->run == run)
    return;
  stop_program (self);
  g_clear_pointer (&self->lesson, qs_lesson_unref);
  self->lesson = lesson != NULL ? qs_lesson_ref (lesson) : NULL;
  self->run = run;
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    start_program (self);
}

void
qs_frame_view_set_text_scale (QsFrameView *self, double scale)
{
  g_return_if_fail (QS_IS_FRAME_VIEW (self) && scale > 0);

  if (self->scale == scale)
    return;
  self->scale = scale;
  if (self->program != NULL)
    again_cb (self);
}
