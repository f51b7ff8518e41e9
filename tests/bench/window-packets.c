/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The packets page of the window over a file: scrolls the list through all of it, and filters it, and looks at the worst
 * frame: from the frame clock's update to its end, all that is done for a picture.
 *
 *   window-packets FILE
 *
 * Exit status 1 when a frame took longer than 33 ms, when a filter's answer took longer than 300 ms, or when the main loop
 * was held for longer than 33 ms meanwhile. */
#include "app/widgets/qs-packet-list.h"
#include "base/qs-i18n.h"
#include "bench-window.h"

#define MOST_FRAME_US 33000
#define MOST_FILTER_US 300000
#define N_STEPS 600
#define TYPING_US 150000 /* the page waits so long for another key */

typedef struct {
  QsWindow *window;
  QsPacketList *list;
  GtkEntry *entry;
  GtkTreeView *view;
  guint step;
  guint filter;
  gint64 began, typed, answered;
  gint64 worst_frame;
  gint64 began_cpu, worst_cpu; /* of this thread: what a busy machine adds is not in it */
  guint n_frames;
  guint n_late;
  gboolean good;
} Bench;

static const char *const filters[] = { "dir:rx", "type:1rtt frame:ack", "pn>10", "size>=1000", "lost", "stream:4", "" };

static GtkWidget *
find (GtkWidget *widget, GType type, const char *name)
{
  if (g_type_is_a (G_OBJECT_TYPE (widget), type) &&
      (name == NULL || g_strcmp0 (atk_object_get_name (gtk_widget_get_accessible (widget)), name) == 0))
    return widget;
  if (!GTK_IS_CONTAINER (widget))
    return NULL;
  g_autoptr (GList) children = gtk_container_get_children (GTK_CONTAINER (widget));
  GtkWidget *found = NULL;
  for (GList *at = children; found == NULL && at != NULL; at = at->next)
    found = find (at->data, type, name);
  return found;
}

static void
reset (Bench *bench)
{
  bench_turns_reset ();
  bench->worst_frame = bench->worst_cpu = 0;
  bench->n_frames = bench->n_late = 0;
}

static void
tell (Bench *bench, const char *what, gint64 answer)
{
  gint64 worst_turn = bench_turns_get ().worst;
  gboolean good = bench->worst_frame <= MOST_FRAME_US && worst_turn <= MOST_FRAME_US && answer <= MOST_FILTER_US;

  g_print ("%-28s %5u frames, worst %5.1f ms (%.1f ms of processor), %u over 33 ms; main loop held %5.1f ms at most",
           what, bench->n_frames, bench->worst_frame / 1e3, bench->worst_cpu / 1e3, bench->n_late, worst_turn / 1e3);
  if (answer > 0)
    g_print (", answered in %.0f ms, %u rows", answer / 1e3,
             qs_packet_model_get_length (QS_PACKET_MODEL (gtk_tree_view_get_model (bench->view))));
  g_print (": %s\n", good ? "met" : "MISSED");
  bench->good &= good;
}

/* --- Frames --- */

static void
before_paint_cb (GdkFrameClock *clock, gpointer data)
{
  ((Bench *) data)->began = g_get_monotonic_time ();
  ((Bench *) data)->began_cpu = bench_thread_time ();
}

static void
after_paint_cb (GdkFrameClock *clock, gpointer data)
{
  Bench *bench = data;
  gint64 took = g_get_monotonic_time () - bench->began;

  bench->n_frames++;
  bench->n_late += took > MOST_FRAME_US;
  bench->worst_frame = MAX (bench->worst_frame, took);
  bench->worst_cpu = MAX (bench->worst_cpu, bench_thread_time () - bench->began_cpu);
}

/* --- Filters --- */

static void next_filter (Bench *bench);

static gboolean
filter_cb (gpointer data)
{
  Bench *bench = data;
  QsPacketModel *model = QS_PACKET_MODEL (gtk_tree_view_get_model (bench->view));
  gint64 now = g_get_monotonic_time ();

  /* It is another model as soon as the text was taken; it answers in slices. */
  if (now - bench->typed < 2 * TYPING_US || model == NULL || qs_packet_model_is_busy (model))
    return G_SOURCE_CONTINUE;
  g_autofree char *what =
      g_strdup_printf ("filter %s", *filters[bench->filter] != '\0' ? filters[bench->filter] : "(none)");
  tell (bench, what, MAX (bench->answered - bench->typed - TYPING_US, 1));
  bench->filter++;
  next_filter (bench);
  return G_SOURCE_REMOVE;
}

static void
model_changed_cb (GtkTreeView *view, GParamSpec *pspec, gpointer data)
{
  ((Bench *) data)->answered = g_get_monotonic_time ();
}

static gboolean
busy_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  Bench *bench = data;
  GtkTreeModel *model = gtk_tree_view_get_model (bench->view);

  if (model != NULL && qs_packet_model_is_busy (QS_PACKET_MODEL (model)))
    bench->answered = g_get_monotonic_time ();
  return G_SOURCE_CONTINUE;
}

static void
next_filter (Bench *bench)
{
  if (bench->filter == G_N_ELEMENTS (filters))
    {
      bench_window_end ();
      return;
    }
  reset (bench);
  gtk_entry_set_text (bench->entry, filters[bench->filter]);
  bench->typed = bench->answered = g_get_monotonic_time ();
  g_timeout_add (5, filter_cb, bench);
}

/* --- Scrolling --- */

typedef struct {
  const char *name;
  guint n_steps;
  double step; /* in pages, but of the whole where share is */
  gboolean share;
} Manner;

static const Manner manners[] = {
  { "the page appears", 10, 0, FALSE },
  { "scroll by lines", N_STEPS, 0.1, FALSE },
  { "scroll by pages", N_STEPS, 1, FALSE },
  { "drag through all", N_STEPS, 1.0 / N_STEPS, TRUE },
};

static guint manner;

static gboolean
scroll_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  Bench *bench = data;
  GtkAdjustment *all = qs_packet_list_get_adjustment (bench->list);
  double page = gtk_adjustment_get_page_size (all), upper = gtk_adjustment_get_upper (all) - page;

  if (bench->step < manners[manner].n_steps)
    {
      double by = manners[manner].share ? upper * manners[manner].step : page * manners[manner].step;
      gtk_adjustment_set_value (all, bench->step * by);
      bench->step++;
      return G_SOURCE_CONTINUE;
    }
  tell (bench, manners[manner].name, 0);
  bench->step = 0;
  reset (bench);
  if (++manner < G_N_ELEMENTS (manners))
    return G_SOURCE_CONTINUE;
  gtk_widget_add_tick_callback (GTK_WIDGET (bench->view), busy_cb, bench, NULL);
  g_signal_connect (bench->view, "notify::model", G_CALLBACK (model_changed_cb), bench);
  next_filter (bench);
  return G_SOURCE_REMOVE;
}

/* --- The window --- */

static void
loaded_cb (QsWindow *window, gpointer data)
{
  Bench *bench = data;

  bench->window = window;
  qs_window_show_page (window, "packets");
  bench->list = QS_PACKET_LIST (find (GTK_WIDGET (window), QS_TYPE_PACKET_LIST, NULL));
  bench->view = qs_packet_list_get_view (bench->list);
  bench->entry = GTK_ENTRY (find (GTK_WIDGET (window), GTK_TYPE_ENTRY, _ ("Filter")));
  g_assert (bench->entry != NULL);
  GdkFrameClock *clock = gtk_widget_get_frame_clock (GTK_WIDGET (window));
  g_signal_connect (clock, "before-paint", G_CALLBACK (before_paint_cb), bench);
  g_signal_connect (clock, "after-paint", G_CALLBACK (after_paint_cb), bench);
  reset (bench);
  gtk_widget_add_tick_callback (GTK_WIDGET (bench->view), scroll_cb, bench, NULL);
}

int
main (int argc, char **argv)
{
  if (argc != 2)
    {
      g_printerr ("usage: window-packets FILE\n");
      return 2;
    }
  qs_i18n_init ();
  Bench bench = { .good = TRUE };
  int status = bench_window_run (argv[0], argv[1], loaded_cb, &bench);
  return status != 0 ? status : bench.good ? 0 : 1;
}
