/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "app/widgets/qs-doctor-dialog.h"
#include "server/qs-server.h"
#include "window-fixture.h"

static GtkWidget *
find_dialog (void)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *at = windows; at != NULL; at = at->next)
    if (QS_IS_DOCTOR_DIALOG (at->data))
      return at->data;
  return NULL;
}

/* A run of the lab's server, as a web site. */
static QsRun *
ask_lab (Fixture *fixture)
{
  QsRun *first = fixture_connect_to_lab (fixture, NULL);

  wait_until (qs_lab_get_running (qs_session_get_lab (fixture->session)));
  g_assert_false (qs_doctor_dialog_fits (first)); /* quic:// is no web site */
  g_assert_false (fixture_can (fixture, "why-not-h3"));
  guint port = qs_server_get_port (qs_lab_get_server (qs_session_get_lab (fixture->session)));
  g_autofree char *target = g_strdup_printf ("https://localhost:%u/", port);
  QsRun *run = qs_window_connect (fixture->window, target);
  g_assert_true (qs_doctor_dialog_fits (run));
  wait_until (qs_run_get_status (run) != QS_RUN_RUNNING);
  wait_until (fixture_can (fixture, "why-not-h3"));
  return run;
}

static gboolean
is_done (GtkWidget *dialog)
{
  const char *text = gtk_label_get_text (fixture_find_in (dialog, "Verdict", GTK_TYPE_LABEL));

  return *text != '\0';
}

static GtkListBoxRow *
find_row (GtkWidget *dialog, const char *list, const char *beginning)
{
  GtkListBox *box = fixture_find_in (dialog, list, GTK_TYPE_LIST_BOX);

  for (gint i = 0; gtk_list_box_get_row_at_index (box, i) != NULL; i++)
    {
      GtkListBoxRow *row = gtk_list_box_get_row_at_index (box, i);
      const char *name = atk_object_get_name (gtk_widget_get_accessible (GTK_WIDGET (row)));
      if (name != NULL && g_str_has_prefix (name, beginning))
        return row;
    }
  g_error ("No row of %s begins with “%s”", list, beginning);
}

static void
test_lab (Fixture *fixture, gconstpointer data)
{
  QsRun *run = ask_lab (fixture);
  GtkWidget *button = fixture_find (fixture, "Why Not HTTP/3?", GTK_TYPE_BUTTON);

  wait_until (gtk_widget_get_mapped (button));
  gtk_button_clicked (GTK_BUTTON (button));
  GtkWidget *dialog = find_dialog ();
  g_assert_nonnull (dialog);
  g_assert_false (is_done (dialog));
  GtkWidget *runs = fixture_find_in (dialog, "Show Its Runs", GTK_TYPE_BUTTON);
  g_assert_false (gtk_widget_get_sensitive (runs));
  wait_until (is_done (dialog));
  /* Its authority is a throwaway one, and it advertises nothing. */
  find_row (dialog, "Browsers", "Chromium: No.");
  find_row (dialog, "Browsers", "Firefox: No.");
  find_row (dialog, "Browsers", "curl --http3: Yes.");
  find_row (dialog, "Causes", "Error: Nothing advertises HTTP/3");
  find_row (dialog, "Conditions", "The URL is https://: Met.");
  find_row (dialog, "Conditions", "HTTP/3 is advertised, by Alt-Svc or an HTTPS record: Not met.");

  /* Its runs, as any others: one over TCP, and one at least over QUIC. */
  guint before = g_list_model_get_n_items (qs_session_get_runs (fixture->session));
  g_assert_true (gtk_widget_get_sensitive (runs));
  gtk_button_clicked (GTK_BUTTON (runs));
  g_assert_null (find_dialog ());
  guint after = g_list_model_get_n_items (qs_session_get_runs (fixture->session));
  g_assert_cmpuint (after, >=, before + 2);
  QsRun *shown = qs_session_get_run (fixture->session);
  g_assert_true (shown != run && !qs_run_is_active (shown));
  g_assert_cmpuint (qs_trace_get_n_packets (qs_run_get_trace (shown)), >, 0);
}

/* Closing it ends what is under way, at whatever moment. */
static void
test_closed (Fixture *fixture, gconstpointer data)
{
  ask_lab (fixture);
  for (guint turns = 0; turns < 8; turns++)
    {
      fixture_act (fixture, "why-not-h3");
      GtkWidget *dialog = find_dialog ();
      g_assert_nonnull (dialog);
      for (guint i = 0; i < turns; i++)
        g_main_context_iteration (NULL, FALSE);
      gtk_dialog_response (GTK_DIALOG (dialog), GTK_RESPONSE_DELETE_EVENT);
      g_assert_null (find_dialog ());
    }
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add ("/app/doctor/lab", Fixture, NULL, fixture_set_up, test_lab, fixture_tear_down);
  g_test_add ("/app/doctor/closed", Fixture, NULL, fixture_set_up, test_closed, fixture_tear_down);
  return fixture_run ();
}
