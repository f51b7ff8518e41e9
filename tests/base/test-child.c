/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs that are started, and that end with us. */
#include "base/qs-child.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_S 60

typedef struct {
  gboolean ended;
  int status;
} End;

static void
ended_cb (int status, gpointer data)
{
  *(End *) data = (End){ TRUE, status };
}

static gboolean
limit_cb (gpointer data)
{
  g_error ("This took longer than %u s", LIMIT_S);
  return G_SOURCE_REMOVE;
}

static void
run_until_ended (const End *end)
{
  guint limit = g_timeout_add_seconds (LIMIT_S, limit_cb, NULL);

  while (!end->ended)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (limit);
}

static QsChild *
start (QsChildFlags flags, const char *script, End *end)
{
  const char *const words[] = { "sh", "-c", script, NULL };
  g_autoptr (GError) error = NULL;
  QsChild *child = qs_child_new ();

  *end = (End){ 0 };
  g_assert_true (qs_child_start (child, words, NULL, flags, ended_cb, end, &error));
  g_assert_no_error (error);
  return child;
}

static void
test_status (void)
{
  End end;
  g_autoptr (QsChild) child = start (QS_CHILD_QUIET, "echo said by nobody; exit 3", &end);

  run_until_ended (&end);
  g_assert_cmpint (WEXITSTATUS (end.status), ==, 3);
  qs_child_stop (child, TRUE); /* nobody any more */
}

static void
test_none (void)
{
  const char *const words[] = { "/no/such/program", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (QsChild) child = qs_child_new ();

  g_assert_false (qs_child_start (child, words, NULL, QS_CHILD_PLAIN, ended_cb, NULL, &error));
  g_assert_error (error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT);
}

/* Its input has no end until it is freed, and nothing in it. */
static void
test_input (void)
{
  End end;
  g_autoptr (QsChild) child = start (QS_CHILD_STDIN, "read line; exit 1", &end);

  for (guint i = 0; i < 100; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_false (end.ended);
  qs_child_stop (child, FALSE);
  run_until_ended (&end);
  g_assert_cmpint (WTERMSIG (end.status), ==, SIGTERM);
}

/* Freed, it and what it has started are gone. */
static void
test_group (void)
{
  g_autofree char *folder = g_dir_make_tmp ("quicscope-child-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "pid", NULL);
  g_autofree char *script =
      g_strdup_printf ("sleep 1000 & echo $! > '%s.new'; mv '%s.new' '%s'; wait", path, path, path);
  g_autofree char *text = NULL;
  End end;
  QsChild *child = start (QS_CHILD_GROUP, script, &end);

  for (guint limit = g_timeout_add_seconds (LIMIT_S, limit_cb, NULL);;)
    {
      g_main_context_iteration (NULL, FALSE);
      if (!g_file_get_contents (path, &text, NULL, NULL))
        continue;
      g_source_remove (limit);
      break;
    }
  pid_t grandchild = (pid_t) g_ascii_strtoll (text, NULL, 10);
  g_assert_cmpint (kill (grandchild, 0), ==, 0);
  qs_child_free (child);
  /* It is reaped by who inherits it: until then it is a zombie, and no program. */
  g_autofree char *stat = g_strdup_printf ("/proc/%d/stat", grandchild);
  for (guint limit = g_timeout_add_seconds (LIMIT_S, limit_cb, NULL);;)
    {
      g_autofree char *line = NULL;
      g_main_context_iteration (NULL, FALSE);
      if (g_file_get_contents (stat, &line, NULL, NULL) && g_strstr_len (line, -1, ") Z ") == NULL)
        continue;
      g_source_remove (limit);
      break;
    }
  g_unlink (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/child/status", test_status);
  g_test_add_func ("/child/none", test_none);
  g_test_add_func ("/child/input", test_input);
  g_test_add_func ("/child/group", test_group);
  return g_test_run ();
}
