/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tap/qs-tap-command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/qs-i18n.h"
#include "base/qs-private-folder.h"

struct _QsTapCommand {
  QsPrivateFolder *folder;
  char **environment;
  GPid pid; /* 0: it does not run */
  guint watch;
  pid_t parent;
  gboolean aside;
  struct rlimit files; /* descriptors that it may have, whatever we have allowed ourselves since */
  QsTapCommandFunc func;
  gpointer data;
};

QsTapCommand *
qs_tap_command_new (GError **error)
{
  g_autoptr (QsTapCommand) self = g_new0 (QsTapCommand, 1);

  self->parent = getpid ();
  getrlimit (RLIMIT_NOFILE, &self->files);
  self->folder = qs_private_folder_new ("quictap-", "keys", error);
  if (self->folder == NULL || !qs_private_folder_guard (self->folder, error))
    return NULL;
  const char *path = qs_private_folder_get_path (self->folder);
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0)
    {
      close (fd);
      self->environment = g_environ_setenv (g_get_environ (), "SSLKEYLOGFILE", path, TRUE);
      return g_steal_pointer (&self);
    }
  int why = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (why), _ ("“%s” cannot be written: %s"), path,
               g_strerror (why));
  return NULL;
}

const char *
qs_tap_command_get_key_log (QsTapCommand *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return qs_private_folder_get_path (self->folder);
}

void
qs_tap_command_set_variable (QsTapCommand *self, const char *name, const char *value)
{
  g_return_if_fail (self != NULL && name != NULL && value != NULL);

  self->environment = g_environ_setenv (self->environment, name, value, TRUE);
}

/* In the child, where nothing but system calls may be made: without the relay its connections are nobody's. */
static void
setup_cb (gpointer data)
{
  const QsTapCommand *self = data;

  prctl (PR_SET_PDEATHSIG, SIGTERM);
  if (getppid () != self->parent) /* we were killed meanwhile */
    _exit (127);
  setrlimit (RLIMIT_NOFILE, &self->files);
  signal (SIGPIPE, SIG_DFL);
  if (self->aside)
    dup2 (STDERR_FILENO, STDOUT_FILENO);
}

static void
exited_cb (GPid pid, int status, gpointer data)
{
  QsTapCommand *self = data;

  self->pid = 0;
  self->watch = 0;
  g_spawn_close_pid (pid);
  self->func (status, self->data);
}

gboolean
qs_tap_command_start (QsTapCommand *self, const char *const *words, QsTapCommandFlags flags, QsTapCommandFunc func,
                      gpointer data, GError **error)
{
  g_return_val_if_fail (self != NULL && self->pid == 0 && words != NULL && words[0] != NULL, FALSE);

  const GSpawnFlags silent = G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL;
  const GSpawnFlags spawn_flags = G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                  ((flags & QS_TAP_COMMAND_NO_INPUT) == 0 ? G_SPAWN_CHILD_INHERITS_STDIN : 0) |
                                  ((flags & QS_TAP_COMMAND_SILENT) != 0 ? silent : 0);

  self->func = func;
  self->data = data;
  self->aside = (flags & QS_TAP_COMMAND_ASIDE) != 0;
  if (!g_spawn_async (NULL, (char **) words, self->environment, spawn_flags, setup_cb, self, &self->pid, error))
    {
      self->pid = 0;
      return FALSE;
    }
  self->watch = g_child_watch_add (self->pid, exited_cb, self);
  return TRUE;
}

gboolean
qs_tap_command_is_running (QsTapCommand *self)
{
  g_return_val_if_fail (self != NULL, FALSE);
  return self->pid != 0;
}

void
qs_tap_command_stop (QsTapCommand *self, gboolean force)
{
  g_return_if_fail (self != NULL);

  if (self->pid != 0)
    kill (self->pid, force ? SIGKILL : SIGTERM);
}

void
qs_tap_command_free (QsTapCommand *self)
{
  if (self->watch != 0)
    g_source_remove (self->watch);
  if (self->pid != 0)
    {
      kill (self->pid, SIGKILL);
      while (waitpid (self->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    }
  g_clear_pointer (&self->folder, qs_private_folder_free);
  g_strfreev (self->environment);
  g_free (self);
}
