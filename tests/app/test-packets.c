/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The packets page: the model, the list over many rows, the inspector, and all of it in the window. */
#include <gtk/gtk.h>
#include <string.h>
#include <time.h>

#include "../cpu-time.h"
#include "app/models/qs-packet-model.h"
#include "app/qs-application.h"
#include "app/qs-window.h"
#include "app/widgets/qs-byte-view.h"
#include "app/widgets/qs-field-tree.h"
#include "app/widgets/qs-packet-list.h"
#include "charts/qs-packet-text.h"
#include "fixtures.h"
#include "study/qs-inspection.h"

/* The machine that runs this may be busy with other things. */
#define PATIENCE_MS 30000
#define MS G_GINT64_CONSTANT (1000000)

static QsApplication *application;

static gboolean
expired_cb (gpointer expired)
{
  *(gboolean *) expired = TRUE;
  return G_SOURCE_REMOVE;
}

/* Runs the main loop until the condition holds. */
#define wait_until(condition)                                       \
  G_STMT_START                                                      \
  {                                                                 \
    gboolean expired_ = FALSE;                                      \
    guint id_ = g_timeout_add (PATIENCE_MS, expired_cb, &expired_); \
    while (!(condition) && !expired_)                               \
      g_main_context_iteration (NULL, TRUE);                        \
    if (!expired_)                                                  \
      g_source_remove (id_);                                        \
    g_assert_true (condition);                                      \
  }                                                                 \
  G_STMT_END

/* n packets, a millisecond apart: every tenth is a Handshake packet, every other one was received. */
static QsTrace *
make_trace (guint n)
{
  QsTrace *trace = fixture_trace_new (QS_VANTAGE_CLIENT);

  for (guint i = 0; i < n; i++)
    {
      QsPacket packet = { .time = i * MS,
                          .number = i,
                          .record = G_MAXUINT32,
                          .length = 100 + i % 1000,
                          .version = QS_QUIC_VERSION_1,
                          .type = i % 10 == 0 ? QS_PACKET_HANDSHAKE : QS_PACKET_1RTT,
                          .direction = i % 2 };
      qs_trace_add_packet (trace, &packet);
    }
  return trace;
}

static QsPacketModel *
make_model (QsTrace *trace, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (QsFilter) filter = qs_filter_new (text, NULL, &error);

  g_assert_no_error (error);
  return qs_packet_model_new (trace, filter);
}

static void
assert_text (QsPacketModel *model, guint row, QsPacketColumn column, const char *expected)
{
  g_autofree char *text = qs_packet_model_dup_text (model, row, column);

  g_assert_cmpstr (text, ==, expected);
}

static int
n_in_window (QsPacketModel *model)
{
  return gtk_tree_model_iter_n_children (GTK_TREE_MODEL (model), NULL);
}

/* --- The model ------------------------------------------------------------------------------------ */

static void
test_model_texts (void)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  guint record = fixture_add_datagram (trace, 0, QS_DIRECTION_SENT, 1200);

  /* CRYPTO of one byte and padding; PING; nothing known. */
  fixture_add_packet (trace, record, 1 * MS, QS_DIRECTION_SENT, QS_PACKET_INITIAL, 7, 1200,
                      "06000100"
                      "000000");
  fixture_add_packet (trace, record, 3 * MS + 500000, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, 8, 40, "01");
  fixture_add_packet (trace, record, 4 * MS, QS_DIRECTION_RECEIVED, QS_PACKET_RETRY, G_MAXUINT64, 40, NULL);
  g_autoptr (QsPacketModel) model = make_model (trace, "");

  g_assert_cmpuint (qs_packet_model_get_length (model), ==, 3);
  assert_text (model, 0, QS_PACKET_COLUMN_TIME, "1.000");
  assert_text (model, 0, QS_PACKET_COLUMN_DELTA, "");
  assert_text (model, 1, QS_PACKET_COLUMN_DELTA, "+2.500");
  assert_text (model, 0, QS_PACKET_COLUMN_DIRECTION, "→ sent");
  assert_text (model, 1, QS_PACKET_COLUMN_DIRECTION, "← received");
  assert_text (model, 0, QS_PACKET_COLUMN_TYPE, "Initial");
  assert_text (model, 0, QS_PACKET_COLUMN_NUMBER, "7");
  assert_text (model, 2, QS_PACKET_COLUMN_NUMBER, "");
  assert_text (model, 0, QS_PACKET_COLUMN_FRAMES, "CRYPTO PADDING");
  assert_text (model, 1, QS_PACKET_COLUMN_SUMMARY, "PING");
  assert_text (model, 2, QS_PACKET_COLUMN_SUMMARY, "Retry");
}

static void
test_model_filter (void)
{
  g_autoptr (QsTrace) trace = make_trace (1000);
  g_autoptr (QsPacketModel) model = make_model (trace, "type:handshake pn>500");
  guint row;

  wait_until (!qs_packet_model_is_busy (model));
  g_assert_cmpuint (qs_packet_model_get_length (model), ==, 49);
  g_assert_cmpuint (qs_packet_model_get_packet (model, 0), ==, 510);
  g_assert_true (qs_packet_model_find (model, 600, &row));
  g_assert_cmpuint (row, ==, 9);
  g_assert_false (qs_packet_model_find (model, 601, &row));
  g_assert_cmpuint (row, ==, 10);
  /* The delta is to the row above, not to the packet before. */
  assert_text (model, 1, QS_PACKET_COLUMN_DELTA, "+10.000");
}

static void
inserted_cb (guint *n)
{
  (*n)++;
}

static void
test_model_growth (void)
{
  g_autoptr (QsTrace) trace = make_trace (10);
  g_autoptr (QsPacketModel) model = make_model (trace, "type:handshake");
  guint inserted = 0;
  g_signal_connect_swapped (model, "row-inserted", G_CALLBACK (inserted_cb), &inserted);
  g_assert_cmpuint (qs_packet_model_get_length (model), ==, 1);

  for (guint i = 10; i < 100; i++)
    {
      QsPacket packet = *qs_trace_get_packet (trace, 0);
      packet.number = i;
      qs_trace_add_packet (trace, &packet);
    }
  qs_trace_changed (trace);
  wait_until (n_in_window (model) == 91);
  g_assert_cmpuint (inserted, ==, 90);
  g_assert_cmpuint (qs_packet_model_get_length (model), ==, 91);
}

static void
deleted_cb (guint *n)
{
  (*n)++;
}

/* What is learned of a packet later counts too. */
static void
test_model_change (void)
{
  g_autoptr (QsTrace) trace = make_trace (100);
  g_autoptr (QsPacketModel) model = make_model (trace, "lost");
  guint deleted = 0;
  g_signal_connect_swapped (model, "row-deleted", G_CALLBACK (deleted_cb), &deleted);
  g_assert_cmpuint (qs_packet_model_get_length (model), ==, 0);

  qs_trace_edit_packet (trace, 50)->flags |= QS_PACKET_LOST;
  qs_trace_changed (trace);
  wait_until (n_in_window (model) == 1);
  g_assert_cmpuint (qs_packet_model_get_packet (model, 0), ==, 50);

  qs_trace_edit_packet (trace, 50)->flags &= ~QS_PACKET_LOST;
  qs_trace_changed (trace);
  wait_until (n_in_window (model) == 0);
  g_assert_cmpuint (deleted, ==, 1);
}

static void
test_model_window (void)
{
  g_autoptr (QsTrace) trace = make_trace (5000);
  g_autoptr (QsPacketModel) model = make_model (trace, "");
  GtkTreeIter iter;
  guint packet;

  g_assert_cmpuint (qs_packet_model_get_length (model), ==, 5000);
  g_assert_cmpint (n_in_window (model), ==, QS_PACKET_MODEL_WINDOW);
  qs_packet_model_set_first (model, 4500);
  g_assert_cmpuint (qs_packet_model_get_first (model), ==, 4000);
  g_assert_true (gtk_tree_model_iter_nth_child (GTK_TREE_MODEL (model), &iter, NULL, 999));
  gtk_tree_model_get (GTK_TREE_MODEL (model), &iter, QS_PACKET_COLUMN_PACKET, &packet, -1);
  g_assert_cmpuint (packet, ==, 4999);
  g_assert_false (gtk_tree_model_iter_next (GTK_TREE_MODEL (model), &iter));
}

/* A million: filtered in slices, none of which holds the loop up. */
static void
test_model_million (void)
{
  g_autoptr (QsTrace) trace = make_trace (1000000);
  gint64 began = cpu_time (), worst = 0;
  g_autoptr (QsPacketModel) model = make_model (trace, "type:handshake size>500 not lost");
  gint64 made = cpu_time () - began;

  while (qs_packet_model_is_busy (model))
    {
      gint64 before = cpu_time ();
      g_main_context_iteration (NULL, TRUE);
      worst = MAX (worst, cpu_time () - before);
    }
  gint64 took = cpu_time () - began;
  g_test_message ("a million packets: made in %.1f ms, filtered in %.1f ms, the longest slice %.1f ms", made / 1e3,
                  took / 1e3, worst / 1e3);
  g_assert_cmpuint (qs_packet_model_get_length (model), ==, 59000);
  /* What is promised is 300 ms and 4 ms; what is asserted leaves room for a loaded machine. */
  g_assert_cmpint (took, <, 3000000);
  g_assert_cmpint (worst, <, 100000);
}

/* --- Inspections ---------------------------------------------------------------------------------- */

static const QsField *
follow (const QsInspection *inspection, guint part, const GArray *path)
{
  const QsField *field = ((QsInspectionPart *) g_ptr_array_index (inspection->parts, part))->field;

  for (guint i = 0; i < path->len; i++)
    field = g_ptr_array_index (field->children, g_array_index (path, guint, i));
  return field;
}

static void
test_inspection (void)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  guint record = fixture_add_datagram (trace, 0, QS_DIRECTION_SENT, 1200);
  /* PING, then STREAM 4 with offset 2, length 3 and FIN. */
  guint packet = fixture_add_packet (trace, record, 0, QS_DIRECTION_SENT, QS_PACKET_1RTT, 1, 1200,
                                     "01"
                                     "0f0402036f6e65");
  fixture_add_message (trace, packet, QS_TLS_FINISHED, NULL, 32);
  g_autoptr (QsInspection) inspection = qs_inspection_new (trace, packet);
  guint part;

  g_assert_cmpuint (g_bytes_get_size (inspection->wire), ==, 1200);
  g_assert_cmpuint (g_bytes_get_size (inspection->payload), ==, 8);

  /* The stream's data, not the frame that holds it. */
  g_autoptr (GArray) path = qs_inspection_find (inspection, QS_FIELD_IN_PAYLOAD, G_MAXUINT, 6, &part);
  g_assert_nonnull (path);
  const QsField *field = follow (inspection, part, path);
  g_assert_cmpuint (field->offset, ==, 5);
  g_assert_cmpuint (field->length, ==, 3);

  g_autoptr (GArray) nothing = qs_inspection_find (inspection, QS_FIELD_IN_PAYLOAD, G_MAXUINT, 8, &part);
  g_assert_null (nothing);

  /* A message's bytes are looked for in that message alone. */
  guint last = inspection->parts->len - 1;
  g_assert_cmpuint (g_bytes_get_size (qs_inspection_get_bytes (inspection, last, QS_FIELD_IN_MESSAGE)), ==, 36);
  g_autoptr (GArray) elsewhere = qs_inspection_find (inspection, QS_FIELD_IN_MESSAGE, 0, 5, &part);
  g_assert_null (elsewhere);
  g_autoptr (GArray) verify = qs_inspection_find (inspection, QS_FIELD_IN_MESSAGE, last, 5, &part);
  g_assert_nonnull (verify);
  g_assert_cmpuint (part, ==, last);
  g_assert_cmpuint (follow (inspection, part, verify)->length, ==, 32);
}

/* A packet of nothing but the smallest frames is bounded. */
static void
test_inspection_bounds (void)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  guint record = fixture_add_datagram (trace, 0, QS_DIRECTION_SENT, 10);
  g_autoptr (GString) pings = g_string_new (NULL);
  for (guint i = 0; i < 20000; i++)
    g_string_append (pings, "01");
  guint packet = fixture_add_packet (trace, record, 0, QS_DIRECTION_SENT, QS_PACKET_1RTT, 1, 60000, pings->str);
  g_autoptr (QsInspection) inspection = qs_inspection_new (trace, packet);

  g_assert_cmpuint (inspection->parts->len, <, 600);
  /* The packet claims more bytes than its datagram has. */
  g_assert_cmpuint (inspection->wire_length, ==, 10);
}

/* From a qlog there are frames and no bytes. */
static void
test_inspection_without_bytes (void)
{
  g_autoptr (QsTrace) trace = make_trace (1);
  g_autoptr (QsInspection) inspection = qs_inspection_new (trace, 0);
  guint part;

  g_assert_null (inspection->wire);
  g_assert_null (inspection->payload);
  g_assert_cmpuint (inspection->parts->len, ==, 1);
  g_assert_null (qs_inspection_find (inspection, QS_FIELD_IN_DATAGRAM, G_MAXUINT, 0, &part));
}

/* --- Bytes ------------------------------------------------------------------------------------------ */

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_byte_view (void)
{
  GtkWidget *window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  GtkWidget *scroller = gtk_scrolled_window_new (NULL, NULL);
  QsByteView *view = QS_BYTE_VIEW (qs_byte_view_new ());
  guint8 data[70000] = { 0 };
  g_autoptr (GBytes) bytes = g_bytes_new (data, sizeof data);
  gsize offset, length, at;

  gtk_container_add (GTK_CONTAINER (scroller), GTK_WIDGET (view));
  gtk_container_add (GTK_CONTAINER (window), scroller);
  gtk_window_set_default_size (GTK_WINDOW (window), 800, 300);
  gtk_widget_show_all (window);
  qs_byte_view_set_bytes (view, bytes, 0, sizeof data);
  wait_until (gtk_widget_get_allocated_height (GTK_WIDGET (view)) > 100);
  settle ();

  g_assert_false (qs_byte_view_lookup (view, 1, 10, &at));
  gboolean found = FALSE;
  for (guint x = 0; x < 800 && !found; x++)
    found = qs_byte_view_lookup (view, x, 12, &at);
  g_assert_true (found);
  g_assert_cmpuint (at, ==, 0);

  /* A mark far down is scrolled to, and cut where the bytes end. */
  qs_byte_view_set_marked (view, 69990, 100);
  qs_byte_view_get_marked (view, &offset, &length);
  g_assert_cmpuint (offset, ==, 69990);
  g_assert_cmpuint (length, ==, 10);
  g_assert_cmpfloat (gtk_adjustment_get_value (gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller))), >,
                     1000);
  gtk_widget_destroy (window);
}

/* --- The list ----------------------------------------------------------------------------------------- */

/* The packet in the first row that is seen. */
static guint
first_seen (QsPacketList *list)
{
  GtkTreeView *view = qs_packet_list_get_view (list);
  g_autoptr (GtkTreePath) path = NULL;
  GtkTreeIter iter;
  guint packet;

  g_assert_true (gtk_tree_view_get_path_at_pos (view, 5, 2, &path, NULL, NULL, NULL));
  gtk_tree_model_get_iter (gtk_tree_view_get_model (view), &iter, path);
  gtk_tree_model_get (gtk_tree_view_get_model (view), &iter, QS_PACKET_COLUMN_PACKET, &packet, -1);
  return packet;
}

static gboolean
is_seen (QsPacketList *list, guint packet)
{
  GtkTreeView *view = qs_packet_list_get_view (list);
  g_autoptr (GtkTreePath) start = NULL, end = NULL;
  GtkTreeIter iter;
  guint from, to;

  if (!gtk_tree_view_get_visible_range (view, &start, &end))
    return FALSE;
  gtk_tree_model_get_iter (gtk_tree_view_get_model (view), &iter, start);
  gtk_tree_model_get (gtk_tree_view_get_model (view), &iter, QS_PACKET_COLUMN_PACKET, &from, -1);
  gtk_tree_model_get_iter (gtk_tree_view_get_model (view), &iter, end);
  gtk_tree_model_get (gtk_tree_view_get_model (view), &iter, QS_PACKET_COLUMN_PACKET, &to, -1);
  return packet >= from && packet <= to;
}

/* The packet in the row that is selected in the view, which has only the window. */
static guint
selected_in_view (QsPacketList *list)
{
  GtkTreeModel *model;
  GtkTreeIter iter;
  guint packet;

  if (!gtk_tree_selection_get_selected (gtk_tree_view_get_selection (qs_packet_list_get_view (list)), &model, &iter))
    return G_MAXUINT;
  gtk_tree_model_get (model, &iter, QS_PACKET_COLUMN_PACKET, &packet, -1);
  return packet;
}

static void
test_list_million (void)
{
  const guint n = 1000000;
  g_autoptr (QsTrace) trace = make_trace (n);
  g_autoptr (QsPacketModel) model = make_model (trace, "");
  GtkWidget *window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  QsPacketList *list = QS_PACKET_LIST (qs_packet_list_new ());
  GtkAdjustment *all = qs_packet_list_get_adjustment (list);

  gtk_container_add (GTK_CONTAINER (window), GTK_WIDGET (list));
  gtk_window_set_default_size (GTK_WINDOW (window), 900, 400);
  gtk_widget_show_all (window);
  qs_packet_list_set_model (list, model);
  wait_until (gtk_adjustment_get_upper (all) > n);
  settle ();
  double row = gtk_adjustment_get_upper (all) / n;
  g_assert_cmpuint (first_seen (list), ==, 0);

  /* Anywhere by the scroll bar, and back; rows are where they belong. */
  const guint places[] = { 500000, 999000, 123456, 800, 0 };
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      gtk_adjustment_set_value (all, places[i] * row);
      settle ();
      g_assert_cmpuint (first_seen (list), ==, places[i]);
    }

  /* By small steps over the window's edges, as with the wheel. */
  GtkAdjustment *local = gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (qs_packet_list_get_view (list)));
  for (guint i = 0; i < 100; i++)
    {
      gtk_adjustment_set_value (local, gtk_adjustment_get_value (local) + 30 * row);
      settle ();
      g_assert_cmpuint (first_seen (list), ==, (i + 1) * 30);
    }

  /* The selection stays at its packet when the window moves. */
  qs_packet_list_set_selected (list, 777777);
  settle ();
  g_assert_true (is_seen (list, 777777));
  g_assert_cmpuint (selected_in_view (list), ==, 777777);
  gtk_adjustment_set_value (all, 0);
  settle ();
  g_assert_cmpint (qs_packet_list_get_selected (list), ==, 777777);
  g_assert_cmpuint (selected_in_view (list), ==, G_MAXUINT);
  qs_packet_list_step (list, 1);
  settle ();
  g_assert_cmpuint (selected_in_view (list), ==, 777778);
  g_assert_true (is_seen (list, 777778));

  qs_packet_list_step (list, G_MAXUINT);
  settle ();
  g_assert_cmpuint (selected_in_view (list), ==, n - 1);
  qs_packet_list_step (list, -(gint64) G_MAXUINT);
  settle ();
  g_assert_cmpuint (selected_in_view (list), ==, 0);
  g_assert_cmpuint (first_seen (list), ==, 0);
  gtk_widget_destroy (window);
}

static void
test_list_follow (void)
{
  g_autoptr (QsTrace) trace = make_trace (500);
  g_autoptr (QsPacketModel) model = make_model (trace, "");
  GtkWidget *window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  QsPacketList *list = QS_PACKET_LIST (qs_packet_list_new ());

  gtk_container_add (GTK_CONTAINER (window), GTK_WIDGET (list));
  gtk_window_set_default_size (GTK_WINDOW (window), 900, 400);
  gtk_widget_show_all (window);
  qs_packet_list_set_model (list, model);
  qs_packet_list_set_follow (list, TRUE);
  wait_until (is_seen (list, 499));
  for (guint i = 500; i < 5000; i++)
    {
      QsPacket packet = *qs_trace_get_packet (trace, 1);
      packet.number = i;
      qs_trace_add_packet (trace, &packet);
    }
  qs_trace_changed (trace);
  wait_until (is_seen (list, 4999));
  g_assert_true (qs_packet_list_get_follow (list));

  /* Who scrolls back wants to look at something. */
  gtk_adjustment_set_value (qs_packet_list_get_adjustment (list), 0);
  g_assert_false (qs_packet_list_get_follow (list));
  gtk_widget_destroy (window);
}

/* --- In the window ------------------------------------------------------------------------------------ */

typedef struct {
  QsSettings *settings;
  QsWindow *window;
  QsSession *session;
} Fixture;

typedef struct {
  const char *name;
  GType type;
  GtkWidget *found;
} Search;

static void
search_cb (GtkWidget *widget, gpointer data)
{
  Search *search = data;

  if (search->found == NULL && G_TYPE_CHECK_INSTANCE_TYPE (widget, search->type) &&
      (search->name == NULL || g_strcmp0 (atk_object_get_name (gtk_widget_get_accessible (widget)), search->name) == 0))
    search->found = widget;
  else if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), search_cb, search);
}

static gpointer
find (Fixture *fixture, const char *name, GType type)
{
  Search search = { name, type, NULL };

  search_cb (GTK_WIDGET (fixture->window), &search);
  if (search.found == NULL)
    g_error ("Nothing of type %s is named %s", g_type_name (type), name != NULL ? name : "anything");
  return search.found;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = g_build_filename (g_get_user_config_dir (), "test-packets.ini", NULL);

  fixture->settings = qs_settings_new_for_file (file);
  fixture->window = QS_WINDOW (qs_window_new (GTK_APPLICATION (application), fixture->settings));
  fixture->session = qs_window_get_session (fixture->window);
  g_object_add_weak_pointer (G_OBJECT (fixture->window), (gpointer *) &fixture->window);
  gtk_window_present (GTK_WINDOW (fixture->window));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gtk_window_close (GTK_WINDOW (fixture->window));
  wait_until (fixture->window == NULL);
  g_object_unref (fixture->settings);
}

static QsRun *
run_to_lab (Fixture *fixture)
{
  qs_window_set_keep_open (fixture->window, FALSE);
  qs_window_try_lab (fixture->window);
  wait_until (qs_session_get_run (fixture->session) != NULL);
  QsRun *run = qs_session_get_run (fixture->session);
  wait_until (!qs_run_is_active (run));
  g_assert_cmpint (qs_run_get_status (run), ==, QS_RUN_SUCCEEDED);
  g_assert_true (qs_window_show_page (fixture->window, "packets"));
  return run;
}

static void
test_page (Fixture *fixture, gconstpointer data)
{
  g_assert_true (qs_window_show_page (fixture->window, "packets"));
  settle ();
  QsTrace *trace = qs_run_get_trace (run_to_lab (fixture));
  GtkTreeView *view = find (fixture, "Packets", GTK_TYPE_TREE_VIEW);
  GtkEntry *filter = find (fixture, "Filter", GTK_TYPE_ENTRY);
  GtkLabel *error = find (fixture, "Filter error", GTK_TYPE_LABEL);
  guint n = qs_trace_get_n_packets (trace);

  g_assert_cmpuint (n, >, 8);
  wait_until (gtk_tree_view_get_model (view) != NULL &&
              gtk_tree_model_iter_n_children (gtk_tree_view_get_model (view), NULL) == (int) n);
  /* Something is selected from the start, for all pages. */
  wait_until (qs_session_get_selection (fixture->session) == 0);

  /* Typed, and half typed: what was shown stays. */
  gtk_entry_set_text (filter, "type:handshake dir:rx");
  gtk_widget_activate (GTK_WIDGET (filter));
  int few = gtk_tree_model_iter_n_children (gtk_tree_view_get_model (view), NULL);
  g_assert_cmpint (few, >, 0);
  g_assert_cmpint (few, <, (int) n);
  g_assert_cmpstr (qs_session_get_filter (fixture->session), ==, "type:handshake dir:rx");
  gtk_entry_set_text (filter, "type:");
  gtk_widget_activate (GTK_WIDGET (filter));
  g_assert_true (gtk_widget_get_visible (GTK_WIDGET (error)));
  g_assert_cmpint (gtk_tree_model_iter_n_children (gtk_tree_view_get_model (view), NULL), ==, few);
  gtk_entry_set_text (filter, "");
  gtk_widget_activate (GTK_WIDGET (filter));
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (error)));
  g_assert_cmpint (gtk_tree_model_iter_n_children (gtk_tree_view_get_model (view), NULL), ==, (int) n);

  /* Another page selects. */
  qs_session_set_selection (fixture->session, 5);
  g_assert_cmpint (qs_packet_list_get_selected (find (fixture, NULL, QS_TYPE_PACKET_LIST)), ==, 5);
}

static void
take_certificate (const QsField *field, gboolean *found)
{
  if (g_str_equal (field->name, "commonName"))
    *found = TRUE;
  for (guint i = 0; field->children != NULL && i < field->children->len; i++)
    take_certificate (g_ptr_array_index (field->children, i), found);
}

/* Every packet of a real run opens up, its certificate too; every byte of it belongs to a field; and it is quick. */
static void
test_real_run (Fixture *fixture, gconstpointer data)
{
  QsTrace *trace = qs_run_get_trace (run_to_lab (fixture));
  gboolean certificate = FALSE;
  gint64 spent = 0;

  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    {
      gint64 began = g_get_monotonic_time ();
      g_autoptr (QsInspection) inspection = qs_inspection_new (trace, i);
      spent += g_get_monotonic_time () - began;
      gsize length = inspection->payload != NULL ? g_bytes_get_size (inspection->payload) : 0;
      guint part;

      g_assert_cmpuint (inspection->wire_length, ==, qs_trace_get_packet (trace, i)->length);
      for (gsize at = 0; at < inspection->wire_length; at += 7)
        {
          g_autoptr (GArray) path =
              qs_inspection_find (inspection, QS_FIELD_IN_DATAGRAM, G_MAXUINT, inspection->wire_offset + at, &part);
          g_assert_nonnull (path);
          g_assert_cmpuint (part, ==, 1);
        }
      for (gsize at = 0; at < length; at++)
        {
          g_autoptr (GArray) path = qs_inspection_find (inspection, QS_FIELD_IN_PAYLOAD, G_MAXUINT, at, &part);
          g_assert_nonnull (path);
        }
      for (guint j = 0; j < inspection->parts->len; j++)
        take_certificate (((QsInspectionPart *) g_ptr_array_index (inspection->parts, j))->field, &certificate);
    }
  g_assert_true (certificate);
  g_test_message ("%.2f ms a packet to inspect", spent / 1e3 / qs_trace_get_n_packets (trace));
}

static void
test_inspector (Fixture *fixture, gconstpointer data)
{
  QsTrace *trace = qs_run_get_trace (run_to_lab (fixture));
  wait_until (qs_session_get_selection (fixture->session) == 0);
  QsFieldTree *fields = find (fixture, "Fields", QS_TYPE_FIELD_TREE);
  QsByteView *bytes = find (fixture, "Bytes", QS_TYPE_BYTE_VIEW);
  gsize offset, length;
  guint part;

  gtk_toggle_button_set_active (find (fixture, "On the Wire", GTK_TYPE_TOGGLE_BUTTON), TRUE);
  /* Bytes 1 to 4 of a long header are the version, RFC 8999 section 5.1. */
  g_signal_emit_by_name (bytes, "byte-activated", 3u);
  const QsField *field = qs_field_tree_get_selected (fields, &part);
  g_assert_nonnull (field);
  g_assert_cmpstr (field->name, ==, "Version");
  qs_byte_view_get_marked (bytes, &offset, &length);
  g_assert_cmpuint (offset, ==, 1);
  g_assert_cmpuint (length, ==, 4);

  /* The next packet is opened at the same field. */
  qs_session_set_selection (fixture->session, 1);
  field = qs_field_tree_get_selected (fields, &part);
  g_assert_nonnull (field);
  g_assert_cmpstr (field->name, ==, "Version");

  GtkButton *copy = find (fixture, "Copy Hex", GTK_TYPE_BUTTON);
  gtk_button_clicked (copy);
  g_autofree char *text = gtk_clipboard_wait_for_text (gtk_clipboard_get (GDK_SELECTION_CLIPBOARD));
  g_assert_cmpstr (text, ==, "00000001");

  /* Walking through the packets. What is promised is 4 ms; what is asserted leaves room for a loaded machine. */
  gint64 began = cpu_time ();
  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    qs_session_set_selection (fixture->session, i);
  gint64 each = (cpu_time () - began) / qs_trace_get_n_packets (trace);
  g_test_message ("%.2f ms a packet to select", each / 1e3);
  g_assert_cmpint (each, <, 40000);
}

/* Every byte that is clicked selects its field, and every field that is selected marks its bytes where they are: in the datagram
 * as it was sent, in what was decrypted, in the whole message. Returns how many bytes were clicked. */
static guint
check_space (Fixture *fixture, const QsInspection *inspection, const char *tab, QsFieldSpace space)
{
  GtkToggleButton *button = find (fixture, tab, GTK_TYPE_TOGGLE_BUTTON);
  QsFieldTree *fields = find (fixture, "Fields", QS_TYPE_FIELD_TREE);
  QsByteView *view = find (fixture, "Bytes", QS_TYPE_BYTE_VIEW);
  guint part, n_clicked = 0;

  if (!gtk_widget_get_sensitive (GTK_WIDGET (button)))
    return 0;
  gtk_toggle_button_set_active (button, TRUE);
  GBytes *shown = qs_byte_view_get_bytes (view);
  gboolean wire = space == QS_FIELD_IN_DATAGRAM;
  gsize start = wire ? inspection->wire_offset : 0;
  gsize length = wire ? inspection->wire_length : g_bytes_get_size (shown);

  for (gsize at = start; at < start + length; at += 1 + length / 24, n_clicked++)
    {
      gsize offset, n;
      g_signal_emit_by_name (view, "byte-activated", (guint) at);
      const QsField *field = qs_field_tree_get_selected (fields, &part);
      g_assert_nonnull (field);
      g_assert_true (gtk_toggle_button_get_active (button));
      g_assert_cmpint (field->space, ==, space);
      g_assert_cmpuint (field->offset, <=, at);
      g_assert_cmpuint (field->offset + field->length, >, at);
      qs_byte_view_get_marked (view, &offset, &n);
      g_assert_cmpuint (offset, ==, field->offset);
      g_assert_cmpuint (n, ==, field->length);
    }
  return n_clicked;
}

/* Selecting a field shows the bytes that it is in, whichever were seen before. */
static void
check_field (Fixture *fixture, const QsInspection *inspection, guint part)
{
  static const char *const tabs[] = { "On the Wire", "Decrypted", "Message" };
  const QsField *field = ((QsInspectionPart *) g_ptr_array_index (inspection->parts, part))->field;
  QsByteView *view = find (fixture, "Bytes", QS_TYPE_BYTE_VIEW);
  g_autoptr (GArray) path = g_array_new (FALSE, FALSE, sizeof (guint));
  gsize offset, length;

  qs_field_tree_select (find (fixture, "Fields", QS_TYPE_FIELD_TREE), part, path);
  if (field->length == 0)
    return;
  g_assert_true (gtk_toggle_button_get_active (find (fixture, tabs[field->space], GTK_TYPE_TOGGLE_BUTTON)));
  g_assert_true (
      g_bytes_equal (qs_byte_view_get_bytes (view), qs_inspection_get_bytes (inspection, part, field->space)));
  qs_byte_view_get_marked (view, &offset, &length);
  g_assert_cmpuint (offset, ==, field->offset);
  g_assert_cmpuint (length, ==, field->length);
}

static void
check_packets (Fixture *fixture, QsTrace *trace)
{
  guint n_clicked[3] = { 0 };

  for (guint i = 0; i < MIN (qs_trace_get_n_packets (trace), 24); i++)
    {
      g_autoptr (QsInspection) inspection = qs_inspection_new (trace, i);
      qs_session_set_selection (fixture->session, i);
      n_clicked[0] += check_space (fixture, inspection, "On the Wire", QS_FIELD_IN_DATAGRAM);
      n_clicked[1] += check_space (fixture, inspection, "Decrypted", QS_FIELD_IN_PAYLOAD);
      n_clicked[2] += check_space (fixture, inspection, "Message", QS_FIELD_IN_MESSAGE);
      for (guint part = 0; part < inspection->parts->len; part++)
        check_field (fixture, inspection, part);
    }
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (n_clicked[i], >, 20);
}

static void
test_bytes (Fixture *fixture, gconstpointer data)
{
  QsTrace *trace = qs_run_get_trace (run_to_lab (fixture));

  wait_until (qs_session_get_selection (fixture->session) == 0);
  check_packets (fixture, trace);
}

/* Records and their messages, over TCP: the lab answers there as well. */
static void
test_bytes_of_records (Fixture *fixture, gconstpointer data)
{
  QsTarget *lab = qs_probe_get_target (qs_run_get_probe (run_to_lab (fixture)));
  g_autofree char *target = g_strdup_printf ("tls://localhost:%u/", qs_target_get_port (lab));
  QsRun *run = qs_window_connect (fixture->window, target);

  wait_until (!qs_run_is_active (run));
  g_assert_cmpint (qs_run_get_status (run), ==, QS_RUN_SUCCEEDED);
  qs_window_show_page (fixture->window, "packets");
  wait_until (qs_session_get_run (fixture->session) == run && qs_session_get_selection (fixture->session) == 0);
  QsTrace *trace = qs_run_get_trace (run);
  g_assert_cmpint (qs_trace_get_packet (trace, 0)->type, ==, QS_PACKET_TLS_RECORD);
  g_autofree char *counts = qs_packet_text_counts (trace);
  g_assert_true (g_regex_match_simple ("^[0-9]+ segments · [0-9]+ records$", counts, 0, 0));
  check_packets (fixture, trace);
}

/* Of a connection that lasts for hours each time is read whole, and a short one wastes no room on that. */
static void
test_list_times (void)
{
  static const gint64 times[] = { 9, 10 * 1000, 3600 * 1000, 100 * 3600 * 1000 };
  int before = 0;

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
      guint record = fixture_add_datagram (trace, 0, QS_DIRECTION_SENT, 1200);
      fixture_add_packet (trace, record, 0, QS_DIRECTION_SENT, QS_PACKET_1RTT, 1, 40, "01");
      fixture_add_packet (trace, record, times[i] * MS + 123456, QS_DIRECTION_SENT, QS_PACKET_1RTT, 2, 40, "01");
      g_autoptr (QsPacketModel) model = make_model (trace, "");
      GtkWidget *list = g_object_ref_sink (qs_packet_list_new ());
      qs_packet_list_set_model (QS_PACKET_LIST (list), model);
      for (int column = 0; column < 2; column++)
        {
          GtkTreeView *view = qs_packet_list_get_view (QS_PACKET_LIST (list));
          GtkTreeViewColumn *shown = gtk_tree_view_get_column (view, column);
          g_autofree char *text =
              qs_packet_model_dup_text (model, 1, column == 0 ? QS_PACKET_COLUMN_TIME : QS_PACKET_COLUMN_DELTA);
          g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (view), text);
          int width;
          pango_layout_get_pixel_size (layout, &width, NULL);
          g_assert_cmpint (gtk_tree_view_column_get_fixed_width (shown), >=, width + 8);
          if (column == 0)
            {
              g_assert_cmpint (gtk_tree_view_column_get_fixed_width (shown), >=, before);
              before = gtk_tree_view_column_get_fixed_width (shown);
            }
        }
      g_object_unref (list);
    }
}

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  application = qs_application_new ();
  g_application_set_flags (G_APPLICATION (application), G_APPLICATION_NON_UNIQUE);
  g_application_register (G_APPLICATION (application), NULL, NULL);
  g_application_hold (G_APPLICATION (application));

  g_test_add_func ("/app/packets/model-texts", test_model_texts);
  g_test_add_func ("/app/packets/model-filter", test_model_filter);
  g_test_add_func ("/app/packets/model-growth", test_model_growth);
  g_test_add_func ("/app/packets/model-change", test_model_change);
  g_test_add_func ("/app/packets/model-window", test_model_window);
  g_test_add_func ("/app/packets/model-million", test_model_million);
  g_test_add_func ("/app/packets/inspection", test_inspection);
  g_test_add_func ("/app/packets/inspection-bounds", test_inspection_bounds);
  g_test_add_func ("/app/packets/inspection-without-bytes", test_inspection_without_bytes);
  g_test_add_func ("/app/packets/byte-view", test_byte_view);
  g_test_add_func ("/app/packets/list-million", test_list_million);
  g_test_add_func ("/app/packets/list-follow", test_list_follow);
  g_test_add_func ("/app/packets/list-times", test_list_times);
  g_test_add ("/app/packets/page", Fixture, NULL, set_up, test_page, tear_down);
  g_test_add ("/app/packets/real-run", Fixture, NULL, set_up, test_real_run, tear_down);
  g_test_add ("/app/packets/inspector", Fixture, NULL, set_up, test_inspector, tear_down);
  g_test_add ("/app/packets/bytes", Fixture, NULL, set_up, test_bytes, tear_down);
  g_test_add ("/app/packets/bytes-of-records", Fixture, NULL, set_up, test_bytes_of_records, tear_down);
  int status = g_test_run ();

  g_application_release (G_APPLICATION (application));
  g_object_unref (application);
  return status;
}
