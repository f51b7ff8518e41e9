/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The help: F1 on every page, a finding's Learn More, the window of it, and a viewer of the desktop's. QS_PICTURES=FOLDER
 * leaves pictures of it there. */
#include <gio/gdesktopappinfo.h>
#include <glib/gstdio.h>

#include "app/qs-help-window.h"
#include "app/qs-help.h"
#include "window-fixture.h"

static const char *const tabs[] = { "overview", "sequence", "packets",     "streams", "security", "response", "charts",
                                    "lab",      "lessons",  "connections", "card",    "watch",    "compare" };

static QsHelpWindow *
find_help (void)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *at = windows; at != NULL; at = at->next)
    if (QS_IS_HELP_WINDOW (at->data) && gtk_widget_get_visible (at->data))
      return at->data;
  return NULL;
}

static gboolean
shows (const char *place)
{
  QsHelpWindow *help = find_help ();

  return help != NULL && g_strcmp0 (qs_help_window_get_place (help), place) == 0;
}

static void
press (GtkWidget *window, guint key, GdkModifierType modifiers)
{
  Fixture other = { .window = (QsWindow *) window };

  fixture_press (&other, key, modifiers);
}

/* Whether a label says so. */
typedef struct {
  const char *text;
  gboolean found;
} Words;

static void
words_cb (GtkWidget *widget, gpointer data)
{
  Words *words = data;

  if (GTK_IS_LABEL (widget) && strstr (gtk_label_get_text (GTK_LABEL (widget)), words->text) != NULL)
    words->found = TRUE;
  if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), words_cb, data);
}

static gboolean
says (const char *text)
{
  Words words = { text, FALSE };

  words_cb (GTK_WIDGET (find_help ()), &words);
  return words.found;
}

static void
take_picture (const char *name)
{
  const char *folder = g_getenv ("QS_PICTURES");
  GtkWidget *help = GTK_WIDGET (find_help ());

  if (folder == NULL)
    return;
  gint64 until = g_get_monotonic_time () + G_USEC_PER_SEC;
  while (g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, FALSE);
  GdkWindow *window = gtk_widget_get_window (help);
  g_autoptr (GdkPixbuf) picture =
      gdk_pixbuf_get_from_window (window, 0, 0, gdk_window_get_width (window), gdk_window_get_height (window));
  g_autofree char *path = g_strdup_printf ("%s/help-%s.png", folder, name);
  gdk_pixbuf_save (picture, path, "png", NULL, NULL);
}

/* F1 shows the page about the page, for each of them, in one window. */
static void
test_pages (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (tabs); i++)
    {
      g_assert_true (qs_window_knows_page (tabs[i]));
      gtk_widget_show (GTK_WIDGET (gtk_stack_get_child_by_name (
          GTK_STACK (gtk_widget_get_parent (GTK_WIDGET (qs_window_get_shown_page (fixture->window)))), tabs[i])));
      g_assert_true (qs_window_show_page (fixture->window, tabs[i]));
      QsHelpWindow *before = find_help ();
      fixture_press (fixture, GDK_KEY_F1, 0);
      wait_until (shows (tabs[i]));
      g_assert_true (before == NULL || before == find_help ());
      g_assert_cmpstr (gtk_window_get_title (GTK_WINDOW (find_help ())), !=, "Help");
      take_picture (tabs[i]);
    }
  gtk_window_close (GTK_WINDOW (find_help ()));
  wait_until (find_help () == NULL);
}

static void
follow (const char *place)
{
  GtkWidget *label = NULL;
  gboolean stopped = FALSE;
  g_autoptr (GList) all = gtk_container_get_children (
      GTK_CONTAINER (fixture_find_in (GTK_WIDGET (find_help ()), "Page of the help", GTK_TYPE_BOX)));

  for (GList *at = all; at != NULL && label == NULL; at = at->next)
    if (GTK_IS_LABEL (at->data) && strstr (gtk_label_get_label (at->data), place) != NULL)
      label = at->data;
  g_assert_nonnull (label);
  g_signal_emit_by_name (label, "activate-link", place, &stopped);
  g_assert_true (stopped);
}

/* A failed run: its finding's page, a link, the way back, a search, and out again. */
static void
test_finding (Fixture *fixture, gconstpointer data)
{
  QsRun *run = fixture_connect_to_lab (fixture, "expired");

  wait_until (fixture_has_finding (run, "certificate-expired"));
  wait_until (qs_run_get_status (run) == QS_RUN_FAILED);
  wait_until (fixture_count_rows (fixture, "Findings") > 0);
  GtkWidget *list = fixture_find (fixture, "Findings", GTK_TYPE_LIST_BOX);
  Words words = { "Learn More", FALSE };
  words_cb (list, &words);
  g_assert_true (words.found);
  gtk_button_clicked (fixture_find_in (list, "Learn More", GTK_TYPE_BUTTON));
  wait_until (shows ("finding-certificate-expired"));
  QsHelpWindow *help = find_help ();
  GtkWidget *back = fixture_find_in (GTK_WIDGET (help), "Back", GTK_TYPE_BUTTON);
  g_assert_true (says ("notAfter"));                /* the mechanism */
  g_assert_true (says ("Renew it on the server.")); /* the catalogue's */
  g_assert_true (says ("RFC 5280 section 4.1.2.5"));
  g_assert_false (gtk_widget_get_sensitive (back));
  take_picture ("finding");

  follow ("help:finding-certificate-ca-expired");
  wait_until (shows ("finding-certificate-ca-expired"));
  g_assert_true (gtk_widget_get_sensitive (back));
  press (GTK_WIDGET (help), GDK_KEY_Left, GDK_MOD1_MASK);
  wait_until (shows ("finding-certificate-expired"));
  press (GTK_WIDGET (help), GDK_KEY_Home, GDK_MOD1_MASK);
  wait_until (shows ("index"));
  take_picture ("contents");

  GtkEntry *search = fixture_find_in (GTK_WIDGET (help), "Search the help", GTK_TYPE_ENTRY);
  press (GTK_WIDGET (help), GDK_KEY_f, GDK_CONTROL_MASK);
  g_assert_true (gtk_window_get_focus (GTK_WINDOW (help)) == GTK_WIDGET (search));
  gtk_entry_set_text (search, "stateless reset");
  wait_until (says ("Stateless reset: the server forgot the connection"));
  take_picture ("search");
  press (GTK_WIDGET (help), GDK_KEY_Escape, 0);
  g_assert_cmpstr (gtk_entry_get_text (search), ==, "");
  wait_until (says ("To begin"));
  gtk_entry_set_text (search, "nosuchword");
  wait_until (says ("No page has these words."));
  gtk_entry_set_text (search, "forgot the connection");
  g_signal_emit_by_name (search, "activate");
  wait_until (shows ("finding-stateless-reset"));
  press (GTK_WIDGET (help), GDK_KEY_w, GDK_CONTROL_MASK);
  wait_until (find_help () == NULL);
  g_assert_nonnull (fixture->window);
}

/* A place that there is not shows the contents; Escape closes; keys scroll. */
static void
test_keys (Fixture *fixture, gconstpointer data)
{
  qs_help_show (GTK_WINDOW (fixture->window), "nosuchpage");
  wait_until (find_help () != NULL && qs_help_window_get_place (find_help ()) != NULL && says ("To begin"));
  GtkWidget *help = GTK_WIDGET (find_help ());
  qs_help_show (GTK_WINDOW (fixture->window), "findings#path");
  wait_until (shows ("findings#path") && says ("Packets were lost"));
  GtkWidget *content = fixture_find_in (help, "Page of the help", GTK_TYPE_BOX);
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (
      GTK_SCROLLED_WINDOW (gtk_widget_get_ancestor (content, GTK_TYPE_SCROLLED_WINDOW)));
  wait_until (gtk_adjustment_get_value (adjustment) > 0); /* to the section */
  gtk_window_set_focus (GTK_WINDOW (help), NULL);
  press (help, GDK_KEY_Home, 0);
  g_assert_cmpfloat (gtk_adjustment_get_value (adjustment), ==, 0);
  press (help, GDK_KEY_space, 0);
  double page = gtk_adjustment_get_value (adjustment);
  g_assert_cmpfloat (page, >, 0);
  press (help, GDK_KEY_Up, 0);
  g_assert_cmpfloat (gtk_adjustment_get_value (adjustment), <, page);
  press (help, GDK_KEY_End, 0);
  g_assert_cmpfloat (gtk_adjustment_get_value (adjustment), >, page);
  press (help, GDK_KEY_Escape, 0);
  wait_until (find_help () == NULL);
}

/* Where the desktop has a viewer that finds the pages, it is asked. */
static void
test_viewer (Fixture *fixture, gconstpointer data)
{
  g_autofree char *asked = g_build_filename (g_get_user_cache_dir (), "asked", NULL);
  g_autofree char *command =
      g_strdup_printf ("sh -c 'printf %%%%s \"$1\" >\"%s.new\"; mv \"%s.new\" \"%s\"' sh %%u", asked, asked, asked);
  g_autofree char *own = g_strdup (g_getenv ("QS_HELPDIR"));
  g_autofree char *got = NULL;
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (g_get_user_cache_dir (), 0700);
  g_autoptr (GAppInfo) viewer =
      g_app_info_create_from_commandline (command, "A viewer", G_APP_INFO_CREATE_SUPPORTS_URIS, &error);
  g_assert_no_error (error);
  g_assert_true (g_app_info_set_as_default_for_type (viewer, "x-scheme-handler/help", &error));
  g_assert_no_error (error);
  /* The pages of QS_HELPDIR are not where a viewer looks. */
  qs_help_show (GTK_WINDOW (fixture->window), "sequence");
  wait_until (shows ("sequence"));
  gtk_window_close (GTK_WINDOW (find_help ()));
  wait_until (find_help () == NULL);
  g_assert_false (g_file_test (asked, G_FILE_TEST_EXISTS));

  g_unsetenv ("QS_HELPDIR");
  g_assert_true (qs_manual_is_installed ());
  qs_help_show (GTK_WINDOW (fixture->window), "finding-no-reply");
  g_setenv ("QS_HELPDIR", own, TRUE);
  wait_until (g_file_test (asked, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_get_contents (asked, &got, NULL, NULL));
  g_assert_cmpstr (got, ==, "help:quicscope/finding-no-reply");
  g_assert_null (find_help ());
  g_app_info_reset_type_associations ("x-scheme-handler/help");
}

int
main (int argc, char **argv)
{
  /* The built pages lie as they are installed. */
  g_autofree char *folders = g_strdup_printf ("%s/data:/usr/local/share:/usr/share",
                                              g_getenv ("QS_BUILDDIR") != NULL ? g_getenv ("QS_BUILDDIR") : "");
  g_setenv ("XDG_DATA_DIRS", folders, TRUE);
  fixture_init (&argc, &argv);
#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/help/pages", test_pages);
  ADD ("/help/finding", test_finding);
  ADD ("/help/keys", test_keys);
  ADD ("/help/viewer", test_viewer);
  return fixture_run ();
}
