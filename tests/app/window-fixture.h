/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/qs-window.h"

G_BEGIN_DECLS

/* A window of its own for each test, with settings of its own; things in it are found by their accessible names. */
typedef struct {
  QsSettings *settings;
  QsWindow *window;   /* NULL once it is gone */
  QsSession *session; /* likewise */
} Fixture;

/* Instead of gtk_test_init() and g_test_run(). */
void fixture_init (int *argc, char ***argv);
int fixture_run (void);
GtkApplication *fixture_get_application (void);

void fixture_set_up (Fixture *fixture, gconstpointer data);
/* Closing ends whatever runs, and nothing of the window stays. */
void fixture_tear_down (Fixture *fixture, gconstpointer data);

/* By its accessible name, which is the contract; a name that is not there ends the test. */
gpointer fixture_find (Fixture *fixture, const char *name, GType type);
gpointer fixture_find_in (GtkWidget *top, const char *name, GType type); /* below another widget, as a dialog */
/* In the popover of options, which is not in the window's tree. The label with its mnemonic. */
gpointer fixture_find_option (Fixture *fixture, const char *label);
/* What the status bar says of the connection. */
const char *fixture_get_state (Fixture *fixture);
guint fixture_count_rows (Fixture *fixture, const char *list);
void fixture_act (Fixture *fixture, const char *action);
/* As from a keyboard. */
void fixture_press (Fixture *fixture, guint key, GdkModifierType modifiers);
gboolean fixture_can (Fixture *fixture, const char *action);

/* The machine that runs this may be busy with other things. */
#define PATIENCE_MS 20000

gboolean fixture_expired_cb (gpointer expired);

/* Runs the main loop until the condition holds. */
#define wait_until(condition)                                               \
  G_STMT_START                                                              \
  {                                                                         \
    gboolean expired_ = FALSE;                                              \
    guint id_ = g_timeout_add (PATIENCE_MS, fixture_expired_cb, &expired_); \
    while (!(condition) && !expired_)                                       \
      g_main_context_iteration (NULL, TRUE);                                \
    if (!expired_)                                                          \
      g_source_remove (id_);                                                \
    g_assert_true (condition);                                              \
  }                                                                         \
  G_STMT_END

/* A probe of the built-in server with this scenario (NULL: plain echo), begun. */
QsRun *fixture_connect_to_lab (Fixture *fixture, const char *scenario);
gboolean fixture_has_finding (QsRun *run, const char *id);

G_END_DECLS
