/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "program.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

static void
read_port (Program *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *line = g_data_input_stream_read_line_utf8 (self->out, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (line, "listening on "));
  self->port = (guint16) g_ascii_strtoull (strrchr (line, ':') + 1, NULL, 10);
}

/* It goes with a test that fails. */
static void
child_setup_cb (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

void
program_start (Program *self, const char *path, const char *option)
{
  g_autoptr (GError) error = NULL;

  self->folder = g_dir_make_tmp ("qs-program-XXXXXX", NULL);
  g_autofree char *ca = g_build_filename (self->folder, "ca.pem", NULL);
  g_autofree char *write_ca = g_strconcat ("--write-ca=", ca, NULL);
  g_autofree char *chosen =
      g_str_equal (option, "--qlog") ? g_strdup_printf ("--qlog=%s/x.pcapng", self->folder) : g_strdup (option);

  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  /* Meson sets it: all that is allocated would be written to, and so be resident. */
  g_subprocess_launcher_setenv (launcher, "MALLOC_PERTURB_", "0", TRUE);
  g_subprocess_launcher_set_child_setup (launcher, child_setup_cb, NULL, NULL);
  self->process = g_subprocess_launcher_spawn (launcher, &error, path, "--port=0", write_ca, chosen, NULL);
  g_assert_no_error (error);
  self->out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->process));
  read_port (self);
  g_assert_true (g_file_get_contents (ca, &self->ca_pem, NULL, NULL));
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_remove (file);
    }
  g_rmdir (path);
}

void
program_stop (Program *self, char **err)
{
  g_autoptr (GError) error = NULL;

  g_subprocess_send_signal (self->process, SIGTERM);
  g_subprocess_communicate_utf8 (self->process, NULL, NULL, NULL, err, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (self->process));
  g_object_unref (self->out);
  g_object_unref (self->process);
  g_free (self->ca_pem);
  remove_folder (self->folder);
  g_free (self->folder);
}

guint
program_get_memory (Program *self)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/status", g_subprocess_get_identifier (self->process));
  g_autofree char *status = NULL;

  g_assert_true (g_file_get_contents (path, &status, NULL, NULL));
  const char *line = strstr (status, "VmRSS:");
  g_assert_nonnull (line);
  return (guint) g_ascii_strtoull (line + strlen ("VmRSS:"), NULL, 10);
}
