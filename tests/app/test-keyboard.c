/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the keys go: what has the focus, and what a key means there. */
#include <glib/gstdio.h>
#include <gtk/gtk.h>
#include <string.h>

#include "app/pages/qs-page.h"
#include "app/widgets/qs-finding-list.h"
#include "window-fixture.h"

static GtkWidget *
get_focus (Fixture *fixture)
{
  return gtk_window_get_focus (GTK_WINDOW (fixture->window));
}

static gboolean
is_within (GtkWidget *widget, gpointer ancestor)
{
  return widget != NULL && (widget == ancestor || gtk_widget_is_ancestor (widget, ancestor));
}

static void
go_to_page (Fixture *fixture, const char *name)
{
  g_action_group_activate_action (G_ACTION_GROUP (fixture->window), "page", g_variant_new_string (name));
}

static QsRun *
connect_and_wait (Fixture *fixture)
{
  QsRun *run = fixture_connect_to_lab (fixture, NULL);

  wait_until (qs_run_get_status (run) == QS_RUN_OPEN);
  wait_until (qs_trace_get_n_packets (qs_run_get_trace (run)) > 0);
  return run;
}

/* A Space right after the options were opened must not turn the verification off. */
static void
test_options (Fixture *fixture, gconstpointer data)
{
  GtkMenuButton *button = fixture_find (fixture, "Options", GTK_TYPE_MENU_BUTTON);
  GtkWidget *options = GTK_WIDGET (gtk_menu_button_get_popover (button));
  GtkToggleButton *insecure = fixture_find_option (fixture, "Continue despite a _verify error");

  gtk_widget_grab_focus (GTK_WIDGET (button));
  for (guint i = 0; i < 2; i++)
    {
      gtk_button_clicked (GTK_BUTTON (button));
      wait_until (gtk_widget_get_mapped (options) && is_within (get_focus (fixture), options));
      g_assert_true (GTK_IS_ENTRY (get_focus (fixture)));
      fixture_press (fixture, GDK_KEY_space, 0);
      g_assert_false (gtk_toggle_button_get_active (insecure));
      gtk_widget_grab_focus (GTK_WIDGET (insecure)); /* where it was left is not where it comes back to */
      fixture_press (fixture, GDK_KEY_Escape, 0);
      wait_until (!gtk_widget_get_mapped (options));
    }
}

static void
test_text_keys (Fixture *fixture, gconstpointer data)
{
  GtkEntry *target = fixture_find (fixture, "Target", GTK_TYPE_ENTRY);
  GListModel *runs = qs_session_get_runs (fixture->session);

  connect_and_wait (fixture);
  gtk_entry_set_text (target, "quic one");
  gtk_widget_grab_focus (GTK_WIDGET (target));
  gtk_editable_set_position (GTK_EDITABLE (target), 0);
  fixture_press (fixture, GDK_KEY_Delete, GDK_CONTROL_MASK);
  g_assert_cmpstr (gtk_entry_get_text (target), ==, " one");
  g_assert_cmpuint (g_list_model_get_n_items (runs), ==, 1);
  /* Shortcuts that mean nothing in a text are the window's there too. */
  fixture_press (fixture, GDK_KEY_3, GDK_MOD1_MASK);
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "packets");
  wait_until (get_focus (fixture) == fixture_find (fixture, "Packets", GTK_TYPE_TREE_VIEW));
  fixture_press (fixture, GDK_KEY_Delete, GDK_CONTROL_MASK);
  wait_until (g_list_model_get_n_items (runs) == 0);
}

static void
test_find (Fixture *fixture, gconstpointer data)
{
  /* Nothing to look through. */
  go_to_page (fixture, "streams");
  fixture_press (fixture, GDK_KEY_f, GDK_CONTROL_MASK);
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "streams");

  connect_and_wait (fixture);
  go_to_page (fixture, "streams");
  fixture_press (fixture, GDK_KEY_f, GDK_CONTROL_MASK);
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "packets");
  wait_until (get_focus (fixture) == fixture_find (fixture, "Filter", GTK_TYPE_ENTRY));
  go_to_page (fixture, "packets");
  wait_until (get_focus (fixture) == fixture_find (fixture, "Packets", GTK_TYPE_TREE_VIEW));
  fixture_press (fixture, GDK_KEY_f, GDK_CONTROL_MASK);
  wait_until (get_focus (fixture) == fixture_find (fixture, "Filter", GTK_TYPE_ENTRY));
}

/* What the filter leaves, from the page of packets and from the diagram. */
static void
test_match (Fixture *fixture, gconstpointer data)
{
  QsRun *run = connect_and_wait (fixture);
  QsTrace *trace = qs_run_get_trace (run);

  go_to_page (fixture, "packets");
  gtk_entry_set_text (fixture_find (fixture, "Filter", GTK_TYPE_ENTRY), "type:handshake");
  wait_until (g_str_equal (qs_session_get_filter (fixture->session), "type:handshake"));
  qs_session_set_selection (fixture->session, 0);
  gint64 last = 0;
  for (guint i = 0; i < 2; i++)
    {
      wait_until (qs_session_get_selection (fixture->session) > last ||
                  (fixture_press (fixture, GDK_KEY_F3, 0), FALSE));
      last = qs_session_get_selection (fixture->session);
      g_assert_cmpint (qs_trace_get_packet (trace, (guint) last)->type, ==, QS_PACKET_HANDSHAKE);
      go_to_page (fixture, "sequence");
    }
  fixture_press (fixture, GDK_KEY_F3, GDK_SHIFT_MASK);
  g_assert_cmpint (qs_session_get_selection (fixture->session), <, last);
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "sequence");
  go_to_page (fixture, "streams");
  fixture_press (fixture, GDK_KEY_F3, 0);
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "packets");
}

/* First what is typed goes, then the field is left, and only then the connection ends. */
static void
test_escape (Fixture *fixture, gconstpointer data)
{
  QsRun *run = connect_and_wait (fixture);

  go_to_page (fixture, "packets");
  GtkEntry *filter = fixture_find (fixture, "Filter", GTK_TYPE_ENTRY);
  gtk_widget_grab_focus (GTK_WIDGET (filter));
  gtk_entry_set_text (filter, "type:initial");
  fixture_press (fixture, GDK_KEY_Escape, 0);
  g_assert_cmpstr (gtk_entry_get_text (filter), ==, "");
  g_assert_true (get_focus (fixture) == GTK_WIDGET (filter));
  fixture_press (fixture, GDK_KEY_Escape, 0);
  wait_until (get_focus (fixture) == fixture_find (fixture, "Packets", GTK_TYPE_TREE_VIEW));
  g_assert_true (qs_run_is_active (run));
  fixture_press (fixture, GDK_KEY_Escape, 0);
  wait_until (!qs_run_is_active (run));
}

/* The page that was asked for takes the next key. */
static void
test_page_focus (Fixture *fixture, gconstpointer data)
{
  static const struct {
    guint key;
    const char *name;
    GType (*get_type) (void);
  } contents[] = {
    { GDK_KEY_2, "Sequence diagram", gtk_widget_get_type }, { GDK_KEY_3, "Packets", gtk_tree_view_get_type },
    { GDK_KEY_4, "Streams", gtk_tree_view_get_type },       { GDK_KEY_7, "Timeline", gtk_widget_get_type },
    { GDK_KEY_8, "Scenarios", gtk_list_box_get_type },
  };

  QsRun *run = connect_and_wait (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    {
      fixture_press (fixture, contents[i].key, GDK_MOD1_MASK);
      GtkWidget *content = fixture_find (fixture, contents[i].name, contents[i].get_type ());
      g_test_message ("%s", contents[i].name);
      wait_until (is_within (get_focus (fixture), content));
    }

  fixture_press (fixture, GDK_KEY_2, GDK_MOD1_MASK);
  wait_until (get_focus (fixture) == fixture_find (fixture, "Sequence diagram", GTK_TYPE_WIDGET));
  gint64 before = qs_session_get_selection (fixture->session);
  /* Once it is laid out. */
  wait_until (qs_session_get_selection (fixture->session) != before ||
              (fixture_press (fixture, GDK_KEY_Down, 0), FALSE));

  /* Who types goes on typing. */
  GtkWidget *target = fixture_find (fixture, "Target", GTK_TYPE_ENTRY);
  gtk_widget_grab_focus (target);
  qs_window_show_page (fixture->window, "streams");
  g_assert_true (get_focus (fixture) == target);
  /* On every page without a connection too: something has it. */
  qs_session_remove_run (fixture->session, run);
  for (guint key = GDK_KEY_1; key <= GDK_KEY_9; key++)
    {
      fixture_press (fixture, key, GDK_MOD1_MASK);
      g_assert_true (is_within (get_focus (fixture), qs_window_get_shown_page (fixture->window)));
    }
}

/* A row that is offered says what it is. */
static void
test_completion (Fixture *fixture, gconstpointer data)
{
  GtkEntry *target = fixture_find (fixture, "Target", GTK_TYPE_ENTRY);
  GtkEntryCompletion *completion = gtk_entry_get_completion (target);
  g_autoptr (GList) cells = gtk_cell_layout_get_cells (GTK_CELL_LAYOUT (completion));

  g_assert_cmpuint (g_list_length (cells), ==, 1);
  g_assert_cmpint (gtk_entry_completion_get_text_column (completion), ==, 0);
  g_assert_cmpint (gtk_cell_area_attribute_get_column (gtk_cell_layout_get_area (GTK_CELL_LAYOUT (completion)),
                                                       cells->data, "text"),
                   ==, 0);
}

/* --- The menu says which keys do the same --- */

static void
accels_cb (GtkWidget *widget, gpointer text)
{
  if (GTK_IS_ACCEL_LABEL (widget))
    {
      guint accel = 0;
      GdkModifierType modifiers = 0;
      gtk_accel_label_get_accel (GTK_ACCEL_LABEL (widget), &accel, &modifiers);
      g_autofree char *label = accel != 0 ? gtk_accelerator_get_label (accel, modifiers) : NULL;
      if (label != NULL)
        g_string_append_printf (text, "|%s=%s", gtk_label_get_text (GTK_LABEL (widget)), label);
    }
  else if (GTK_IS_LABEL (widget))
    g_string_append_printf (text, "|%s", gtk_label_get_text (GTK_LABEL (widget)));
  if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), accels_cb, text);
}

static void
test_menu (Fixture *fixture, gconstpointer data)
{
  static const char *const keys[] = { "Ctrl+O", "Ctrl+S", "Shift+Ctrl+S", "Ctrl+R", "Ctrl+D",
                                      "Ctrl+Z", "F9",     "F1",           "Ctrl+Q" };
  GtkMenuButton *button = fixture_find (fixture, "Menu", GTK_TYPE_MENU_BUTTON);
  g_autoptr (GString) text = g_string_new (NULL);

  gtk_button_clicked (GTK_BUTTON (button));
  GtkWidget *menu = gtk_menu_button_get_use_popover (button) ? GTK_WIDGET (gtk_menu_button_get_popover (button))
                                                             : GTK_WIDGET (gtk_menu_button_get_popup (button));
  wait_until (gtk_widget_get_mapped (menu));
  accels_cb (menu, text);
  g_test_message ("%s", text->str);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    g_assert_nonnull (strstr (text->str, keys[i]));
  gtk_button_clicked (GTK_BUTTON (button));
}

/* --- The findings, made anew under the keys --- */

static void
evidence_free (gpointer data)
{
  g_free (((QsFindingEvidence *) data)->what);
  g_free (data);
}

static QsFinding *
make_finding (const char *id, guint n_evidence)
{
  QsFinding *finding = g_new0 (QsFinding, 1);

  finding->id = id;
  finding->title = g_strdup (id);
  finding->detail = g_strdup_printf ("%u", n_evidence);
  finding->tries = g_new0 (char *, 1);
  finding->packet = 7;
  finding->evidence = g_ptr_array_new_with_free_func (evidence_free);
  for (guint i = 0; i < n_evidence; i++)
    {
      QsFindingEvidence *evidence = g_new0 (QsFindingEvidence, 1);
      *evidence = (QsFindingEvidence){ i + 7, 0, g_strdup ("it") };
      g_ptr_array_add (finding->evidence, evidence);
    }
  return finding;
}

static void
show_findings (QsFindingList *list, const char *const *ids, const guint *n_evidence)
{
  g_autoptr (GPtrArray) findings = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_finding_free);

  for (guint i = 0; ids[i] != NULL; i++)
    g_ptr_array_add (findings, make_finding (ids[i], n_evidence[i]));
  qs_finding_list_set_findings (list, findings);
}

static void
count_cb (QsFindingList *list, gint64 packet, gint64 *shown)
{
  *shown = packet;
}

static void
expanders_cb (GtkWidget *widget, gpointer list)
{
  if (GTK_IS_EXPANDER (widget))
    g_ptr_array_add (list, widget);
  if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), expanders_cb, list);
}

static GPtrArray *
find_expanders (GtkWidget *top)
{
  GPtrArray *list = g_ptr_array_new ();

  expanders_cb (top, list);
  return list;
}

/* More evidence came, the order is another one, a finding is gone: where the keys were they are, what was unfolded is, and Return acts at
 * once, as the next list may be there a moment later. */
static void
test_findings (Fixture *fixture, gconstpointer data)
{
  GtkWidget *window = gtk_window_new (GTK_WINDOW_TOPLEVEL), *list = qs_finding_list_new ();
  const char *const before[] = { "no-reply", "alpn-mismatch", NULL }, *const after[] = { "alpn-mismatch", "no-reply",
                                                                                         NULL };
  gint64 shown = -1;

  gtk_container_add (GTK_CONTAINER (window), list);
  g_signal_connect (list, "show-packet", G_CALLBACK (count_cb), &shown);
  show_findings (QS_FINDING_LIST (list), before, (const guint[]){ 2, 3 });
  gtk_widget_show (window);
  g_autoptr (GPtrArray) old = find_expanders (list);
  g_assert_cmpuint (old->len, ==, 2);
  gtk_expander_set_expanded (old->pdata[1], TRUE);
  /* The last of it: packet 9. */
  g_autoptr (GList) items = gtk_container_get_children (GTK_CONTAINER (gtk_bin_get_child (GTK_BIN (old->pdata[1]))));
  gtk_widget_grab_focus (g_list_last (items)->data);
  g_autofree char *name = g_strdup (atk_object_get_name (gtk_widget_get_accessible (g_list_last (items)->data)));

  show_findings (QS_FINDING_LIST (list), after, (const guint[]){ 4, 2 });
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (window));
  g_assert_nonnull (focus);
  g_assert_cmpstr (atk_object_get_name (gtk_widget_get_accessible (focus)), ==, name);
  g_autoptr (GPtrArray) now = find_expanders (list);
  g_assert_true (gtk_expander_get_expanded (now->pdata[0]));
  g_assert_false (gtk_expander_get_expanded (now->pdata[1]));
  gboolean taken;
  g_autoptr (GdkEvent) event = gdk_event_new (GDK_KEY_PRESS);
  event->key.keyval = GDK_KEY_Return;
  g_signal_emit_by_name (focus, "key-press-event", event, &taken);
  g_assert_true (taken);
  g_assert_cmpint (shown, ==, 9);
  show_findings (QS_FINDING_LIST (list), before + 2, NULL);
  g_assert_cmpuint (find_expanders (list)->len, ==, 0);
  gtk_widget_destroy (window);
}

/* --- A whole errand without a mouse --- */

static guint n_keys;

static void
key (Fixture *fixture, guint keyval, GdkModifierType modifiers)
{
  fixture_press (fixture, keyval, modifiers);
  n_keys++;
}

/* In the dialog that asks for a name: Return takes the one that is offered. */
static gboolean
accept_cb (gpointer folder)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *at = windows; at != NULL; at = at->next)
    if (GTK_IS_FILE_CHOOSER_DIALOG (at->data) && gtk_widget_get_mapped (at->data))
      {
        g_autofree char *name = gtk_file_chooser_get_current_name (GTK_FILE_CHOOSER (at->data));
        if (name == NULL || *name == '\0')
          return G_SOURCE_CONTINUE;
        g_test_message ("%s", name);
        n_keys += GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (at->data), "pressed")) == 0;
        g_object_set_data (G_OBJECT (at->data), "pressed", GUINT_TO_POINTER (1));
        gtk_window_activate_default (GTK_WINDOW (at->data)); /* which waits for the folder to be read */
        return G_SOURCE_CONTINUE;
      }
  return G_SOURCE_CONTINUE;
}

/* With a packet in it on the screen. */
static gboolean
is_unfolded (GtkWidget *focus)
{
  if (!GTK_IS_EXPANDER (focus) || !gtk_expander_get_expanded (GTK_EXPANDER (focus)))
    return FALSE;
  g_autoptr (GList) items = gtk_container_get_children (GTK_CONTAINER (gtk_bin_get_child (GTK_BIN (focus))));
  gboolean any = FALSE;
  for (GList *at = items; at != NULL; at = at->next)
    any = any || (GTK_IS_BUTTON (at->data) && gtk_widget_get_mapped (at->data) &&
                  gtk_widget_get_allocated_width (at->data) > 1);
  return any;
}

/* Probe, find the evidence, compare with another run, save the report: at most twelve keys once the target is typed. */
static void
test_errand (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_dir_make_tmp (NULL, NULL);
  g_autofree char *path = g_build_filename (folder, "x", NULL);
  GtkEntry *target = fixture_find (fixture, "Target", GTK_TYPE_ENTRY);

  /* Another run, and where the last file was saved. */
  QsRun *good = connect_and_wait (fixture);
  g_autofree char *address = qs_lab_dup_target (qs_session_get_lab (fixture->session));
  qs_run_stop (good);
  wait_until (!qs_run_is_active (good));
  qs_lab_set_scenario (qs_session_get_lab (fixture->session), "expired");
  wait_until (qs_lab_get_running (qs_session_get_lab (fixture->session)));
  qs_saved_tell (GTK_WIDGET (target), path);
  qs_saved_strip_hide (qs_window_get_saved_strip (fixture->window));
  gtk_widget_grab_focus (GTK_WIDGET (target));
  gtk_entry_set_text (target, address);

  n_keys = 0;
  key (fixture, GDK_KEY_Return, 0);
  wait_until (g_list_model_get_n_items (qs_session_get_runs (fixture->session)) == 2);
  QsRun *run = qs_session_get_run (fixture->session);
  wait_until (qs_run_get_status (run) == QS_RUN_FAILED && fixture_count_rows (fixture, "Findings") > 0);
  gint64 before = qs_session_get_selection (fixture->session);

  key (fixture, GDK_KEY_1, GDK_MOD1_MASK);
  wait_until (is_within (get_focus (fixture), fixture_find (fixture, "Findings", GTK_TYPE_LIST_BOX)));
  key (fixture, GDK_KEY_Tab, 0);
  wait_until (GTK_IS_EXPANDER (get_focus (fixture)));
  key (fixture, GDK_KEY_space, 0);
  wait_until (is_unfolded (get_focus (fixture)));
  key (fixture, GDK_KEY_Tab, 0);
  g_assert_true (GTK_IS_BUTTON (get_focus (fixture)));
  g_test_message ("%s", atk_object_get_name (gtk_widget_get_accessible (get_focus (fixture))));
  key (fixture, GDK_KEY_Return, 0);
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "packets");
  g_assert_cmpint (qs_session_get_selection (fixture->session), !=, before);

  key (fixture, GDK_KEY_d, GDK_CONTROL_MASK);
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "compare");
  g_assert_cmpuint (qs_compared_get_n (qs_session_get_compared (fixture->session)), ==, 2);

  key (fixture, GDK_KEY_1, GDK_MOD1_MASK);
  guint accept_id = g_timeout_add (100, accept_cb, folder);
  key (fixture, GDK_KEY_s, GDK_CONTROL_MASK | GDK_SHIFT_MASK);
  wait_until (qs_saved_strip_get_path (qs_window_get_saved_strip (fixture->window)) != NULL);
  g_source_remove (accept_id);
  g_autofree char *saved = g_strdup (qs_saved_strip_get_path (qs_window_get_saved_strip (fixture->window)));
  g_assert_true (g_str_has_prefix (saved, folder) && g_str_has_suffix (saved, ".html"));
  g_autofree char *text = NULL;
  g_assert_true (g_file_get_contents (saved, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, qs_run_get_verdict (run)));
  g_test_message ("%u keys after the target", n_keys);
  g_assert_cmpuint (n_keys, <=, 12);
  g_remove (saved);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);

  g_test_add ("/app/keyboard/options", Fixture, NULL, fixture_set_up, test_options, fixture_tear_down);
  g_test_add ("/app/keyboard/text-keys", Fixture, NULL, fixture_set_up, test_text_keys, fixture_tear_down);
  g_test_add ("/app/keyboard/find", Fixture, NULL, fixture_set_up, test_find, fixture_tear_down);
  g_test_add ("/app/keyboard/match", Fixture, NULL, fixture_set_up, test_match, fixture_tear_down);
  g_test_add ("/app/keyboard/escape", Fixture, NULL, fixture_set_up, test_escape, fixture_tear_down);
  g_test_add ("/app/keyboard/page-focus", Fixture, NULL, fixture_set_up, test_page_focus, fixture_tear_down);
  g_test_add ("/app/keyboard/completion", Fixture, NULL, fixture_set_up, test_completion, fixture_tear_down);
  g_test_add ("/app/keyboard/menu", Fixture, NULL, fixture_set_up, test_menu, fixture_tear_down);
  g_test_add ("/app/keyboard/findings", Fixture, NULL, fixture_set_up, test_findings, fixture_tear_down);
  g_test_add ("/app/keyboard/errand", Fixture, NULL, fixture_set_up, test_errand, fixture_tear_down);
  return fixture_run ();
}
