/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-application.h"

#include "app/qs-appearance.h"
#include "app/qs-files.h"
#include "app/qs-keeper.h"
#include "app/qs-recent.h"
#include "app/qs-snapshot.h"
#include "app/qs-streaming.h"
#include "app/qs-window.h"
#include "base/qs-i18n.h"
#include "engine/qs-trust.h"
#include "net/qs-impairment.h"
#include "qs-resources.h"

struct _QsApplication {
  GtkApplication parent;
  QsSettings *settings;
  QsAppearance *appearance;
  GtkCssProvider *css;
  gboolean passing; /* the window is there for a picture alone */
  int exit_status;
};

G_DEFINE_FINAL_TYPE (QsApplication, qs_application, GTK_TYPE_APPLICATION)

static const GOptionEntry options[] = {
  { "demo", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Start the built-in server and probe it"), NULL },
  { "examine", 0, 0, G_OPTION_ARG_NONE, NULL,
    N_ ("Make a report card of the target, or with --demo of the built-in server"), NULL },
  { "scenario", 0, 0, G_OPTION_ARG_STRING, NULL, N_ ("What the built-in server does (quicserve --list-scenarios)"),
    N_ ("NAME") },
  { "keylog", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, NULL,
    N_ ("Secrets for the captures that are opened (may be repeated)"), N_ ("FILE") },
  { "impair", 0, 0, G_OPTION_ARG_STRING, NULL, N_ ("What the path to the built-in server does (quicserve --help)"),
    N_ ("RULES") },
  { "follow", 0, 0, G_OPTION_ARG_FILENAME, NULL,
    N_ ("A capture that is being written: what is added to it is shown as it comes"), N_ ("FILE") },
  { "watch", 0, 0, G_OPTION_ARG_STRING, NULL,
    N_ ("Watch other programs' connections to this server, or to the built-in one (“lab”)"), N_ ("HOST[:PORT]") },
  { "start", 0, 0, G_OPTION_ARG_STRING, NULL, N_ ("With --watch: a program to start, as on its page"), N_ ("COMMAND") },
  { "join", 0, 0, G_OPTION_ARG_FILENAME, NULL, N_ ("The other end's recording of the file that is opened"),
    N_ ("FILE") },
  { "page", 0, 0, G_OPTION_ARG_STRING, NULL, N_ ("Page to show first (overview, streams, security, lab…)"),
    N_ ("NAME") },
  { "lesson", 0, 0, G_OPTION_ARG_STRING, NULL, N_ ("Lesson to open, at its first page or at another one"),
    N_ ("NAME[:PAGE]") },
  { "present", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Present: for a projector (F11)"), NULL },
  { "size", 0, 0, G_OPTION_ARG_STRING, NULL, N_ ("Size of the window"), N_ ("WIDTHxHEIGHT") },
  { "dark", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Be dark, whatever the system prefers"), NULL },
  { "snapshot", 0, 0, G_OPTION_ARG_FILENAME, NULL,
    N_ ("Draw the window to a PNG file when all runs have ended, print the verdict, and quit"), N_ ("FILE") },
  { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, NULL, NULL, N_ ("[TARGET|FILE[#N]…]") },
  { NULL },
};

static const struct {
  const char *action;
  const char *accels[3];
} accels[] = {
  { "win.focus-target", { "<Control>l" } },
  { "win.find", { "<Control>f" } },
  { "win.next-match", { "F3" } },
  { "win.previous-match", { "<Shift>F3" } },
  { "win.run-again", { "<Control>r", "F5" } },
  { "win.repeat", { "<Control><Shift>r" } },
  { "win.remove-run", { "<Control>Delete" } },
  { "win.try-lab", { "<Control>t" } },
  { "win.open", { "<Control>o" } },
  { "win.examine", { "<Control>e" } },
  { "win.save-trace", { "<Control>s" } },
  { "win.save-report", { "<Control><Shift>s" } },
  { "win.compare", { "<Control>d" } },
  { "win.undo-forget", { "<Control>z" } },
  { "win.show-sidebar", { "F9" } },
  { "win.present", { "F11" } },
  { "win.show-log", { "<Control><Shift>l" } },
  { "win.menu", { "F10" } },
  { "win.help", { "F1" } },
  { "win.show-help-overlay", { "<Control>question", "<Control>F1" } },
  { "window.close", { "<Control>w" } },
  { "app.quit", { "<Control>q" } },
};

/* --- Actions ---------------------------------------------------------------------------- */

static void
about_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  static const char *const authors[] = { "The Quicscope developers", NULL };
  g_autofree char *comments =
      g_strdup_printf ("%s\n\n%s · GTK %u.%u.%u · GLib %u.%u.%u",
                       _ ("See what happens inside a QUIC or TLS connection, and why one failed"),
                       qs_trust_get_library (), gtk_get_major_version (), gtk_get_minor_version (),
                       gtk_get_micro_version (), glib_major_version, glib_minor_version, glib_micro_version);

  gtk_show_about_dialog (gtk_application_get_active_window (data), "program-name", "Quicscope", "logo-icon-name",
                         APPLICATION_ID, "version", PACKAGE_VERSION, "comments", comments, "authors", authors,
                         "copyright", "© The Quicscope developers", "license-type", GTK_LICENSE_GPL_3_0,
                         "translator-credits", _ ("translator-credits"), NULL);
}

/* Each window ends what runs in it before it goes; the last one takes the program along. */
static void
quit_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  g_autoptr (GList) windows = g_list_copy (gtk_application_get_windows (data));

  for (GList *at = windows; at != NULL; at = at->next)
    gtk_window_close (at->data);
}

static void
color_scheme_cb (GSimpleAction *action, GVariant *state, gpointer data)
{
  QsApplication *self = data;

  qs_settings_set_string (self->settings, "color-scheme", g_variant_get_string (state, NULL));
  qs_appearance_set_scheme (self->appearance, g_variant_get_string (state, NULL));
  g_simple_action_set_state (action, state);
}

static const GActionEntry actions[] = {
  { "about", about_cb },
  { "quit", quit_cb },
  { "color-scheme", NULL, "s", "'system'", color_scheme_cb },
};

/* --- The command line ------------------------------------------------------------------- */

static int
usage_error (GApplicationCommandLine *line, const char *message)
{
  g_application_command_line_printerr (line, "quicscope: %s\n", message);
  return QS_EXIT_USAGE;
}

static gboolean
parse_size (const char *text, int *width, int *height)
{
  char *end;
  guint64 w = g_ascii_strtoull (text, &end, 10);
  if (*end != 'x' || !g_ascii_isdigit (end[1]))
    return FALSE;
  guint64 h = g_ascii_strtoull (end + 1, &end, 10);
  if (*end != '\0' || w < 200 || h < 200 || w > 8192 || h > 8192)
    return FALSE;

  *width = (int) w;
  *height = (int) h;
  return TRUE;
}

static QsWindow *
get_window (QsApplication *self)
{
  for (GList *at = gtk_application_get_windows (GTK_APPLICATION (self)); at != NULL; at = at->next)
    if (QS_IS_WINDOW (at->data) && !qs_window_is_closing (at->data)) /* the one used last comes first */
      return at->data;
  QsWindow *made = QS_WINDOW (qs_window_new (GTK_APPLICATION (self), self->settings));
  if (!self->passing)
    qs_keeper_install (made, self->settings, NULL);
  return made;
}

/* "handshake" or "handshake:3". FALSE with a sentence. */
static gboolean
open_lesson (QsWindow *window, const char *text, GError **error)
{
  QsLessonsPage *page = qs_window_get_lessons (window);
  g_auto (GStrv) parts = g_strsplit (text, ":", 2);
  guint64 number = 1;

  if (!qs_lessons_page_open (page, parts[0], error))
    return FALSE;
  if (parts[1] != NULL && !g_ascii_string_to_unsigned (parts[1], 10, 1, 1000, &number, error))
    return FALSE;
  qs_window_show_page (window, "lessons");
  qs_lesson_player_go (qs_lessons_page_get_player (page), (guint) number - 1);
  return TRUE;
}

/* What is there, and what is written as a path: whether it is a file to be read is told when it is opened. */
static gboolean
is_path (const char *text, const char *path)
{
  return path != NULL && (g_path_is_absolute (text) || g_str_has_prefix (text, "./") ||
                          g_str_has_prefix (text, "../") || qs_files_is_there (path));
}

/* Who wants a picture is not there to see that nobody writes into a pipe; a person may lead a capture into it any time. */
#define PICTURE_PATIENCE_MS 750

static guint
patience_for_writers (GApplicationCommandLine *line)
{
  GVariantDict *given = g_application_command_line_get_options_dict (line);

  return g_variant_dict_contains (given, "snapshot") ? PICTURE_PATIENCE_MS : 0;
}

/* All else is a target, and said to be a bad one where it is. */
static void
open_arguments (QsApplication *self, QsWindow *window, GApplicationCommandLine *line, const char *const *arguments,
                const char *const *key_logs, const char *join, gboolean keep_page, gboolean examine)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; arguments != NULL && arguments[i] != NULL; i++)
    {
      g_autoptr (GFile) file = g_application_command_line_create_file_for_arg (line, arguments[i]);
      g_autofree char *path = g_file_get_path (file);

      if (qs_streaming_is_stream (arguments[i]))
        qs_streaming_start (window, arguments[i], FALSE, patience_for_writers (line), key_logs, keep_page);
      else if (is_path (arguments[i], path))
        g_strv_builder_add (builder, path);
      else if (examine)
        qs_window_examine (window, arguments[i]);
      else if (qs_window_connect (window, arguments[i]) == NULL)
        self->exit_status = usage_error (line, qs_window_get_error (window));
    }
  g_auto (GStrv) names = g_strv_builder_end (builder);
  qs_files_open_all (window, (const char *const *) names, key_logs, join, keep_page);
}

static void
start_watching (QsWindow *window, GVariantDict *given)
{
  const char *watch = NULL, *command = NULL;

  if (!g_variant_dict_lookup (given, "watch", "&s", &watch))
    return;
  g_variant_dict_lookup (given, "start", "&s", &command);
  qs_window_show_page (window, "watch");
  qs_watch_page_start (qs_window_get_watch (window), watch, command);
}

static void
snapshot_done_cb (gboolean succeeded, gpointer data)
{
  QsApplication *self = data;

  if (!succeeded && self->exit_status == 0)
    self->exit_status = 1;
  g_action_group_activate_action (G_ACTION_GROUP (self), "quit", NULL);
}

/* What the command line asked for, begun when the window has been drawn once: its first drawing takes long, and
 * would be told as the network's delay. */
typedef struct {
  QsApplication *application;
  QsWindow *window;
  GApplicationCommandLine *line;
  guint frames;
  guint late_id;
} Launch;

/* A window that is not on the screen (iconified at the start) is not drawn. */
#define LAUNCH_AT_LAST_MS 500
#define LAUNCH_FRAMES 3

static void
launch_free (gpointer data)
{
  Launch *self = data;

  g_clear_handle_id (&self->late_id, g_source_remove);
  g_object_unref (self->line);
  g_object_unref (self->window);
  g_object_unref (self->application);
  g_free (self);
}

static void
launch (Launch *self)
{
  GVariantDict *given = g_application_command_line_get_options_dict (self->line);
  g_autofree const char **arguments = NULL;
  g_autofree const char **key_logs = NULL;
  const char *snapshot = NULL, *join = NULL, *follow = NULL;

  g_variant_dict_lookup (given, G_OPTION_REMAINING, "^a&ay", &arguments);
  g_variant_dict_lookup (given, "snapshot", "^&ay", &snapshot);
  g_variant_dict_lookup (given, "keylog", "^a&ay", &key_logs);
  g_variant_dict_lookup (given, "join", "^&ay", &join);
  if (g_variant_dict_lookup (given, "follow", "^&ay", &follow))
    qs_streaming_start (self->window, follow, TRUE, patience_for_writers (self->line), (const char *const *) key_logs,
                        g_variant_dict_contains (given, "page"));
  open_arguments (self->application, self->window, self->line, arguments, (const char *const *) key_logs, join,
                  g_variant_dict_contains (given, "page"), g_variant_dict_contains (given, "examine"));
  if (g_variant_dict_contains (given, "demo") && g_variant_dict_contains (given, "examine"))
    qs_window_examine (self->window, NULL);
  else if (g_variant_dict_contains (given, "demo"))
    {
      const char *page = NULL;
      qs_window_try_lab (self->window);
      if (g_variant_dict_lookup (given, "page", "&s", &page))
        qs_window_show_page (self->window, page);
    }
  start_watching (self->window, given);
  const char *lesson = NULL;
  g_autoptr (GError) error = NULL;
  if (g_variant_dict_lookup (given, "lesson", "&s", &lesson) && !open_lesson (self->window, lesson, &error))
    self->application->exit_status = usage_error (self->line, error->message);
  if (g_variant_dict_contains (given, "present"))
    g_action_group_change_action_state (G_ACTION_GROUP (self->window), "present", g_variant_new_boolean (TRUE));
  if (snapshot != NULL)
    qs_snapshot_take (self->window, snapshot, snapshot_done_cb, self->application);
  else
    self->application->exit_status = 0; /* a person has read it and goes on */
}

static gboolean
launch_late_cb (gpointer data)
{
  Launch *self = data;

  self->late_id = 0;
  self->frames = G_MAXUINT;
  launch (self);
  return G_SOURCE_REMOVE;
}

static gboolean
launch_frame_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  Launch *self = data;

  if (self->frames == G_MAXUINT)
    return G_SOURCE_REMOVE;
  if (++self->frames < LAUNCH_FRAMES)
    return G_SOURCE_CONTINUE;
  g_clear_handle_id (&self->late_id, g_source_remove);
  launch (self);
  return G_SOURCE_REMOVE;
}

static void
start_launch (QsApplication *application, QsWindow *window, GApplicationCommandLine *line)
{
  Launch *self = g_new0 (Launch, 1);

  self->application = g_object_ref (application);
  self->window = g_object_ref (window);
  self->line = g_object_ref (line);
  self->late_id = g_timeout_add (LAUNCH_AT_LAST_MS, launch_late_cb, self);
  gtk_widget_add_tick_callback (GTK_WIDGET (window), launch_frame_cb, self, launch_free);
}

static int
qs_application_command_line (GApplication *application, GApplicationCommandLine *line)
{
  QsApplication *self = QS_APPLICATION (application);
  GVariantDict *given = g_application_command_line_get_options_dict (line);
  const char *page = NULL, *size = NULL, *scenario = NULL, *path = NULL;
  g_autoptr (GError) error = NULL;
  int width = 0, height = 0;

  g_variant_dict_lookup (given, "page", "&s", &page);
  g_variant_dict_lookup (given, "scenario", "&s", &scenario);
  g_variant_dict_lookup (given, "size", "&s", &size);
  if (size != NULL && !parse_size (size, &width, &height))
    return usage_error (line, _ ("--size takes WIDTHxHEIGHT, for instance 1024x700."));
  if (scenario != NULL && qs_scenario_find (scenario) == NULL)
    return usage_error (line, _ ("--scenario takes a name that quicserve --list-scenarios prints."));

  g_variant_dict_lookup (given, "impair", "&s", &path);
  g_autoptr (QsImpairment) impairment = path != NULL ? qs_impairment_new (path, &error) : NULL;
  if (error != NULL)
    return usage_error (line, error->message);

  if (g_variant_dict_contains (given, "start") && !g_variant_dict_contains (given, "watch"))
    return usage_error (line, _ ("--start wants --watch=HOST:PORT, the server whose connections are watched."));
  if (page != NULL && !qs_window_knows_page (page))
    return usage_error (line, _ ("--page takes the name of a page in small letters, for instance streams."));

  if (g_variant_dict_contains (given, "dark"))
    qs_appearance_set_scheme (self->appearance, "dark");
  QsWindow *window = get_window (self);
  if (page != NULL)
    qs_window_show_page (window, page);
  if (size != NULL)
    qs_window_set_full_size (window, width, height);
  if (g_variant_dict_contains (given, "snapshot"))
    qs_window_set_keep_open (window, FALSE);
  if (scenario != NULL)
    qs_lab_set_scenario (qs_session_get_lab (qs_window_get_session (window)), scenario);
  if (path != NULL)
    qs_lab_set_path (qs_session_get_lab (qs_window_get_session (window)), path, NULL);
  gtk_window_present (GTK_WINDOW (window));
  start_launch (self, window, line);
  return 0;
}

static gboolean
is_any_stream (GVariantDict *given)
{
  g_autofree const char **arguments = NULL;
  gboolean found = FALSE;

  g_variant_dict_lookup (given, G_OPTION_REMAINING, "^a&ay", &arguments);
  for (guint i = 0; arguments != NULL && arguments[i] != NULL; i++)
    found |= qs_streaming_is_stream (arguments[i]);
  return found;
}

/* A picture is of a window of its own, and its exit status is this process's; our standard input, and a pipe that a shell made for us, are
 * nobody else's: no other process may serve it. */
static int
qs_application_handle_local_options (GApplication *application, GVariantDict *given)
{
  QS_APPLICATION (application)->passing = g_variant_dict_contains (given, "snapshot");
  if (g_variant_dict_contains (given, "snapshot") || g_variant_dict_contains (given, "follow") || is_any_stream (given))
    g_application_set_flags (application, g_application_get_flags (application) | G_APPLICATION_NON_UNIQUE);
  return -1;
}

static void
qs_application_shutdown (GApplication *application)
{
  qs_trust_finish_preload ();
  G_APPLICATION_CLASS (qs_application_parent_class)->shutdown (application);
}

static void
qs_application_startup (GApplication *application)
{
  QsApplication *self = QS_APPLICATION (application);

  G_APPLICATION_CLASS (qs_application_parent_class)->startup (application);
  gtk_window_set_default_icon_name (APPLICATION_ID);
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  for (guint i = 0; i < G_N_ELEMENTS (accels); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (self), accels[i].action, accels[i].accels);

  GMenu *recent = gtk_application_get_menu_by_id (GTK_APPLICATION (self), "recent_files");
  if (recent != NULL)
    qs_recent_fill (recent, "win.open-recent");

  self->css = gtk_css_provider_new ();
  gtk_css_provider_load_from_resource (self->css, "/org/quicscope/Quicscope/ui/quicscope.css");
  gtk_style_context_add_provider_for_screen (gdk_screen_get_default (), GTK_STYLE_PROVIDER (self->css),
                                             GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);

  qs_trust_preload ();
  self->settings = qs_settings_new (NULL);
  self->appearance = qs_appearance_new ();
  g_autofree char *scheme = qs_settings_dup_string (self->settings, "color-scheme", "system");
  g_action_group_change_action_state (G_ACTION_GROUP (self), "color-scheme", g_variant_new_string (scheme));
}

static void
qs_application_activate (GApplication *application)
{
  gtk_window_present (GTK_WINDOW (get_window (QS_APPLICATION (application))));
}

/* By D-Bus, as desktops open files and links (org.freedesktop.Application). */
static void
qs_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  QsWindow *window = get_window (QS_APPLICATION (application));
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (int i = 0; i < n_files; i++)
    {
      g_autofree char *path = g_file_get_path (files[i]);
      g_autofree char *uri = path == NULL ? g_file_get_uri (files[i]) : NULL;

      if (path != NULL)
        g_strv_builder_add (builder, path);
      else
        qs_window_connect (window, uri); /* which says so where it is none */
    }
  g_auto (GStrv) names = g_strv_builder_end (builder);
  gtk_window_present (GTK_WINDOW (window));
  qs_files_open_all (window, (const char *const *) names, NULL, NULL, FALSE);
}

static void
qs_application_finalize (GObject *object)
{
  QsApplication *self = QS_APPLICATION (object);

  g_clear_object (&self->settings);
  g_clear_object (&self->appearance);
  g_clear_object (&self->css);
  G_OBJECT_CLASS (qs_application_parent_class)->finalize (object);
}

static void
qs_application_class_init (QsApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  /* The resources register themselves; from a static library they are linked only where they are asked for. */
  qs_get_resource ();

  G_OBJECT_CLASS (klass)->finalize = qs_application_finalize;
  application_class->startup = qs_application_startup;
  application_class->shutdown = qs_application_shutdown;
  application_class->activate = qs_application_activate;
  application_class->open = qs_application_open;
  application_class->command_line = qs_application_command_line;
  application_class->handle_local_options = qs_application_handle_local_options;
}

static void
qs_application_init (QsApplication *self)
{
  GApplication *application = G_APPLICATION (self);

  g_application_add_main_option_entries (application, options);
  g_application_set_option_context_summary (
      application, _ ("Opens QUIC and TLS connections and shows what happens in them. A TARGET is "
                      "https://HOST[:PORT][/PATH], quic://HOST[:PORT][/PATH] or tls://HOST[:PORT][/PATH]."));
}

QsApplication *
qs_application_new (void)
{
  return g_object_new (QS_TYPE_APPLICATION, "application-id", APPLICATION_ID, "flags",
                       G_APPLICATION_HANDLES_COMMAND_LINE | G_APPLICATION_HANDLES_OPEN, NULL);
}

int
qs_application_get_exit_status (QsApplication *self)
{
  g_return_val_if_fail (QS_IS_APPLICATION (self), 0);

  return self->exit_status;
}
