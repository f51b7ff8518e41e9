/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "app/models/qs-history.h"
#include "app/models/qs-log.h"
#include "app/models/qs-option-words.h"
#include "app/models/qs-settings.h"
#include "app/widgets/qs-bytes-view.h"
#include "app/widgets/qs-delay-meter.h"

typedef struct {
  char *folder;
  char *file;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("quicscope-test-XXXXXX", NULL);
  fixture->file = g_build_filename (fixture->folder, "deeper", "settings.ini", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autofree char *deeper = g_path_get_dirname (fixture->file);

  g_unlink (fixture->file);
  g_rmdir (deeper);
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->file);
  g_free (fixture->folder);
}

static void
test_settings (Fixture *fixture, gconstpointer data)
{
  {
    g_autoptr (QsSettings) settings = qs_settings_new_for_file (fixture->file);
    g_assert_false (qs_settings_uses_schema (settings));
    g_assert_cmpint (qs_settings_get_int (settings, "window-width", 1200), ==, 1200);
    g_assert_true (qs_settings_get_boolean (settings, "show-sidebar", TRUE));
    qs_settings_set_int (settings, "window-width", 1024);
    qs_settings_set_boolean (settings, "show-sidebar", FALSE);
    qs_settings_set_string (settings, "color-scheme", "dark");
  }
  g_autoptr (QsSettings) again = qs_settings_new_for_file (fixture->file);
  g_autofree char *scheme = qs_settings_dup_string (again, "color-scheme", "system");
  g_assert_cmpint (qs_settings_get_int (again, "window-width", 1200), ==, 1024);
  g_assert_false (qs_settings_get_boolean (again, "show-sidebar", TRUE));
  g_assert_cmpstr (scheme, ==, "dark");
}

/* The file is in the way of a folder: what cannot be kept is lost, and nothing else happens. */
static void
test_settings_unwritable (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "file", NULL);
  g_autofree char *below = g_build_filename (path, "settings.ini", NULL);
  g_assert_true (g_file_set_contents (path, "x", 1, NULL));

  g_autoptr (QsSettings) settings = qs_settings_new_for_file (below);
  qs_settings_set_int (settings, "window-width", 1024);
  g_assert_cmpint (qs_settings_get_int (settings, "window-width", 1200), ==, 1024);
  g_unlink (path);
}

static void
test_history (Fixture *fixture, gconstpointer data)
{
  g_autoptr (QsSettings) settings = qs_settings_new_for_file (fixture->file);
  g_autoptr (QsHistory) history = qs_history_new (settings);

  g_assert_null (qs_history_get_targets (history)[0]);
  qs_history_add (history, "quic://one");
  qs_history_add (history, "quic://two;with,separators\\");
  qs_history_add (history, "quic://one");
  g_assert_cmpstr (qs_history_get_targets (history)[0], ==, "quic://one");
  g_assert_cmpstr (qs_history_get_targets (history)[1], ==, "quic://two;with,separators\\");
  g_assert_null (qs_history_get_targets (history)[2]);
  g_assert_cmpint (gtk_tree_model_iter_n_children (qs_history_get_model (history), NULL), ==, 2);

  g_autoptr (QsSettings) later = qs_settings_new_for_file (fixture->file);
  g_autoptr (QsHistory) kept = qs_history_new (later);
  g_assert_cmpstr (qs_history_get_targets (kept)[1], ==, "quic://two;with,separators\\");
}

static void
test_history_bounded (Fixture *fixture, gconstpointer data)
{
  g_autoptr (QsSettings) settings = qs_settings_new_for_file (fixture->file);
  g_autoptr (QsHistory) history = qs_history_new (settings);

  for (guint i = 0; i < QS_HISTORY_LENGTH + 10; i++)
    {
      g_autofree char *target = g_strdup_printf ("quic://host%u", i);
      qs_history_add (history, target);
    }
  g_assert_cmpuint (g_strv_length ((char **) qs_history_get_targets (history)), ==, QS_HISTORY_LENGTH);
  g_assert_cmpstr (qs_history_get_targets (history)[0], ==, "quic://host49");
  qs_history_clear (history);
  g_assert_null (qs_history_get_targets (history)[0]);
}

static void
test_log (void)
{
  g_autoptr (QsLog) log = qs_log_new ();
  GtkTreeModel *model = qs_log_get_model (log);

  for (guint i = 0; i < QS_LOG_LENGTH + 5; i++)
    {
      g_autofree char *text = g_strdup_printf ("event %u", i);
      qs_log_add (log, "source", text);
    }
  g_assert_cmpint (gtk_tree_model_iter_n_children (model, NULL), ==, QS_LOG_LENGTH);
  g_autofree char *lines = qs_log_to_text (log);
  g_assert_nonnull (strstr (lines, "\tsource\tevent 5\n"));
  g_assert_null (strstr (lines, "\tsource\tevent 4\n"));
  qs_log_clear (log);
  g_assert_cmpint (gtk_tree_model_iter_n_children (model, NULL), ==, 0);
}

static void
test_bytes_text (void)
{
  static const struct {
    const char *bytes;
    gsize length;
    const char *text;
  } cases[] = {
    { "", 0, "" },
    { "a\r\nb\n", 5, "a\nb\n" },
    { "no end", 6, "no end" },
    { "\x1b[31m<b>\xff", 9, "\\x1b[31m<b>\\xff" },
    { "a\0b", 3, "a\\x00b" },
    { "\n\n", 2, "\n\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = qs_bytes_to_text ((const guint8 *) cases[i].bytes, cases[i].length);
      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

/* A line without end is folded, and never within a character. */
static void
test_bytes_fold (void)
{
  g_autoptr (GString) line = g_string_new ("x");
  for (guint i = 0; i < 4000; i++)
    g_string_append (line, "é");

  g_autofree char *text = qs_bytes_to_text ((const guint8 *) line->str, line->len);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), >, 10);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_assert_cmpuint (strlen (lines[i]), <=, 400);
      g_assert_null (strchr (lines[i], '\\'));
    }
  g_autofree char *joined = g_strjoinv ("", lines);
  g_assert_cmpstr (joined, ==, line->str);
}

static void
test_bytes_hex (void)
{
  g_autofree char *one = qs_bytes_to_hex_dump ((const guint8 *) "0123456789abcdef\n", 17);

  g_assert_cmpstr (one, ==,
                   "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
                   "00000010  0a                                                |.|\n");
  g_autofree char *none = qs_bytes_to_hex_dump (NULL, 0);
  g_assert_cmpstr (none, ==, "");
}

/* --- The delay meter -------------------------------------------------------------------- */

static guint n_wakeups;

static int
counting_poll (GPollFD *fds, guint n_fds, int timeout)
{
  n_wakeups++;
  return g_poll (fds, n_fds, timeout);
}

static gboolean
quit_cb (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static guint
count_wakeups (GMainContext *context, guint ms)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  g_autoptr (GSource) end = g_timeout_source_new (ms);

  g_source_set_callback (end, quit_cb, loop, NULL);
  g_source_attach (end, context);
  n_wakeups = 0;
  g_main_loop_run (loop);
  return n_wakeups;
}

/* The loop stands still for 60 ms, as far as the meter can tell. */
static gboolean
stall_cb (gpointer clock)
{
  qs_clock_advance (clock, 60 * 1000000);
  return G_SOURCE_REMOVE;
}

static guint64
wait_for_ticks (QsDelayMeter *meter, GMainContext *context, guint64 n)
{
  guint64 from = qs_delay_meter_get_statistics (meter).n_ticks;

  while (qs_delay_meter_get_statistics (meter).n_ticks < from + n)
    g_main_context_iteration (context, TRUE);
  return qs_delay_meter_get_statistics (meter).n_ticks;
}

static void
test_meter (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (QsClock) clock = qs_clock_new_manual (1000000000);
  g_autoptr (QsDelayMeter) meter = qs_delay_meter_new (clock);

  g_main_context_push_thread_default (context);
  g_main_context_set_poll_func (context, counting_poll);
  g_assert_cmpint (qs_delay_meter_get_worst (meter), ==, -1);

  /* At rest: the loop wakes for the end of the measurement and for nothing else. */
  g_assert_cmpuint (count_wakeups (context, 100), <=, 2);

  qs_delay_meter_set_active (meter, TRUE);
  wait_for_ticks (meter, context, 10);
  QsDelayStatistics statistics = qs_delay_meter_get_statistics (meter);
  g_assert_cmpint (statistics.worst_us, ==, 0);
  g_assert_cmpuint (statistics.n_late, ==, 0);

  g_autoptr (GSource) stall = g_idle_source_new ();
  g_source_set_callback (stall, stall_cb, clock, NULL);
  g_source_attach (stall, context);
  wait_for_ticks (meter, context, 3);
  statistics = qs_delay_meter_get_statistics (meter);
  g_assert_cmpint (statistics.worst_us, ==, 55000); /* it was due 5 ms behind the tick before */
  g_assert_cmpuint (statistics.n_late, ==, 1);

  /* The worst of the last second, told four times in it: not before the first quarter is over, and gone behind the last. */
  g_assert_cmpint (qs_delay_meter_get_worst (meter), ==, 0);
  for (guint i = 0; i < 5; i++)
    {
      for (guint j = 0; j < 50; j++)
        {
          qs_clock_advance (clock, 5 * 1000000);
          wait_for_ticks (meter, context, 1);
        }
      g_assert_cmpint (qs_delay_meter_get_worst (meter), ==, 55000);
    }
  for (guint j = 0; j < 50; j++)
    {
      qs_clock_advance (clock, 5 * 1000000);
      wait_for_ticks (meter, context, 1);
    }
  g_assert_cmpint (qs_delay_meter_get_worst (meter), ==, 0);

  qs_delay_meter_set_active (meter, FALSE);
  g_assert_cmpint (qs_delay_meter_get_worst (meter), ==, -1);
  g_assert_cmpuint (count_wakeups (context, 100), <=, 2);
  g_main_context_pop_thread_default (context);
}

static void
check_words (const QsProbeOptions *options, const char *usual_ca, const char *words)
{
  g_autofree char *found = qs_option_words (options, usual_ca);

  g_assert_cmpstr (found, ==, words);
}

/* What the lab fills in for its own probes was nobody's choice. */
static void
test_option_words (void)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();

  check_words (options, NULL, NULL);
  options->family = G_SOCKET_FAMILY_IPV4;
  check_words (options, NULL, "IPv4 only");
  check_words (options, "/run/lab.pem", "IPv4 only");
  options->ca_file = g_strdup ("/run/lab.pem");
  check_words (options, NULL, "IPv4 only, CAs of lab.pem");
  check_words (options, "/run/lab.pem", NULL);
  options->sni = g_strdup ("a\tb");
  options->timeout_ms++;
  options->insecure = TRUE;
  g_autofree char *all = qs_option_words (options, "/run/lab.pem");
  g_assert_true (g_str_has_prefix (all, "goes on after a verify error, SNI a\\"));
  g_assert_nonnull (strstr (all, "b, time-out "));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/app/settings/file", Fixture, NULL, set_up, test_settings, tear_down);
  g_test_add ("/app/settings/unwritable", Fixture, NULL, set_up, test_settings_unwritable, tear_down);
  g_test_add ("/app/history", Fixture, NULL, set_up, test_history, tear_down);
  g_test_add ("/app/history/bounded", Fixture, NULL, set_up, test_history_bounded, tear_down);
  g_test_add_func ("/app/log", test_log);
  g_test_add_func ("/app/bytes/text", test_bytes_text);
  g_test_add_func ("/app/bytes/fold", test_bytes_fold);
  g_test_add_func ("/app/bytes/hex", test_bytes_hex);
  g_test_add_func ("/app/delay-meter", test_meter);
  g_test_add_func ("/app/option-words", test_option_words);
  return g_test_run ();
}
