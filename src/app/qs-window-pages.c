/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-window-pages.h"

#include "app/pages/qs-card-page.h"
#include "app/pages/qs-charts-page.h"
#include "app/pages/qs-compare-page.h"
#include "app/pages/qs-connections-page.h"
#include "app/pages/qs-lab-page.h"
#include "app/pages/qs-lessons-page.h"
#include "app/pages/qs-overview-page.h"
#include "app/pages/qs-packets-page.h"
#include "app/pages/qs-page.h"
#include "app/pages/qs-response-page.h"
#include "app/pages/qs-security-page.h"
#include "app/pages/qs-sequence-page.h"
#include "app/pages/qs-streams-page.h"
#include "app/pages/qs-watch-page.h"
#include "app/qs-window.h"
#include "base/qs-i18n.h"

/* The tabs, in order: Alt+1 is the first one. The tenth is there where a file holds several connections, and stands before all. */
static const struct {
  const char *name;
  const char *title;
  GType (*get_type) (void);
} pages[] = {
  { "overview", N_ ("Overview"), qs_overview_page_get_type },
  { "sequence", N_ ("Sequence"), qs_sequence_page_get_type },
  { "packets", N_ ("Packets"), qs_packets_page_get_type },
  { "streams", N_ ("Streams"), qs_streams_page_get_type },
  { "security", N_ ("Security"), qs_security_page_get_type },
  { "response", N_ ("Response"), qs_response_page_get_type },
  { "charts", N_ ("Charts"), qs_charts_page_get_type },
  { "lab", N_ ("Lab"), qs_lab_page_get_type },
  { "lessons", N_ ("Lessons"), qs_lessons_page_get_type },
  { QS_PAGE_CONNECTIONS, N_ ("Connections"), qs_connections_page_get_type },
  { QS_PAGE_CARD, N_ ("Report Card"), qs_card_page_get_type },
  { "watch", N_ ("Watch"), qs_watch_page_get_type },
  { QS_PAGE_COMPARE, N_ ("Compare"), qs_compare_page_get_type },
};

void
qs_window_pages_add (GtkStack *stack, QsSession *session)
{
  g_return_if_fail (GTK_IS_STACK (stack) && QS_IS_SESSION (session));

  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      GtkWidget *page = g_object_new (pages[i].get_type (), "visible", TRUE, NULL);
      gtk_stack_add_titled (stack, page, pages[i].name, _ (pages[i].title));
      qs_page_set_session (QS_PAGE (page), session);
    }
  GtkWidget *connections = gtk_stack_get_child_by_name (stack, QS_PAGE_CONNECTIONS);
  gtk_container_child_set (GTK_CONTAINER (stack), connections, "position", 0, NULL);
  gtk_widget_hide (connections);
}

/* --- The tab of the page that is shown --- */

#define REVEALING "qs-revealing" /* of the pane: the id of the idle source, 0: none */

/* Their places are known once they were laid out. */
static gboolean
reveal_cb (gpointer data)
{
  GtkScrolledWindow *scroll = data;
  GtkWidget *switcher = g_object_get_data (G_OBJECT (scroll), "qs-switcher");
  g_autoptr (GList) tabs = gtk_container_get_children (GTK_CONTAINER (switcher));
  GtkAllocation place;

  g_object_set_data (G_OBJECT (scroll), REVEALING, NULL);
  for (GList *at = tabs; at != NULL; at = at->next)
    {
      if (!gtk_toggle_button_get_active (at->data))
        continue;
      gtk_widget_get_allocation (at->data, &place);
      gtk_adjustment_clamp_page (gtk_scrolled_window_get_hadjustment (scroll), place.x, place.x + place.width);
    }
  return G_SOURCE_REMOVE;
}

static void
reveal (GtkScrolledWindow *scroll)
{
  if (g_object_get_data (G_OBJECT (scroll), REVEALING) == NULL)
    g_object_set_data (G_OBJECT (scroll), REVEALING,
                       GUINT_TO_POINTER (g_idle_add_full (G_PRIORITY_LOW, reveal_cb, scroll, NULL)));
}

static void
scroll_destroy_cb (GtkScrolledWindow *scroll)
{
  guint id = GPOINTER_TO_UINT (g_object_steal_data (G_OBJECT (scroll), REVEALING));

  if (id != 0)
    g_source_remove (id);
  g_signal_handlers_disconnect_by_func (scroll, reveal, NULL);
}

void
qs_window_pages_keep_tab_in_sight (GtkStack *stack, GtkWidget *switcher, GtkScrolledWindow *scroll)
{
  g_return_if_fail (GTK_IS_STACK (stack) && GTK_IS_WIDGET (switcher) && GTK_IS_SCROLLED_WINDOW (scroll));

  g_object_set_data (G_OBJECT (scroll), "qs-switcher", switcher);
  g_signal_connect_object (stack, "notify::visible-child-name", G_CALLBACK (reveal), scroll, G_CONNECT_SWAPPED);
  g_signal_connect (scroll, "size-allocate", G_CALLBACK (reveal), NULL);
  g_signal_connect (scroll, "destroy", G_CALLBACK (scroll_destroy_cb), NULL);
}

void
qs_window_pages_add_accels (GtkApplication *application)
{
  for (guint i = 0; i < MIN (G_N_ELEMENTS (pages), 10); i++)
    {
      g_autofree char *action = g_strdup_printf ("win.page::%s", pages[i].name);
      g_autofree char *accel = g_strdup_printf ("<Alt>%u", (i + 1) % 10);
      gtk_application_set_accels_for_action (application, action, (const char *[]){ accel, NULL });
    }
}

gboolean
qs_window_knows_page (const char *name)
{
  g_return_val_if_fail (name != NULL, FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    if (g_str_equal (pages[i].name, name))
      return TRUE;
  return FALSE;
}
