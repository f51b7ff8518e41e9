/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-child.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct _QsChild {
  GPid pid; /* 0: it does not run */
  guint watch;
  int input; /* the other end of its standard input; -1: none */
  pid_t parent;
  QsChildFlags flags;
  struct rlimit files;
  QsChildFunc func;
  gpointer data;
};

QsChild *
qs_child_new (void)
{
  QsChild *self = g_new0 (QsChild, 1);

  self->parent = getpid ();
  self->input = -1;
  getrlimit (RLIMIT_NOFILE, &self->files);
  return self;
}

/* In the child, where nothing but system calls may be made. */
static void
setup_cb (gpointer data)
{
  const QsChild *self = data;

  prctl (PR_SET_PDEATHSIG, SIGTERM);
  if (getppid () != self->parent) /* we were killed meanwhile */
    _exit (127);
  if ((self->flags & QS_CHILD_GROUP) != 0)
    setpgid (0, 0);
  setrlimit (RLIMIT_NOFILE, &self->files);
  signal (SIGPIPE, SIG_DFL);
  if ((self->flags & QS_CHILD_ASIDE) != 0)
    dup2 (STDERR_FILENO, STDOUT_FILENO);
}

static void
exited_cb (GPid pid, int status, gpointer data)
{
  QsChild *self = data;

  self->pid = 0;
  self->watch = 0;
  g_spawn_close_pid (pid);
  self->func (status, self->data);
}

gboolean
qs_child_start (QsChild *self, const char *const *words, const char *const *environment, QsChildFlags flags,
                QsChildFunc func, gpointer data, GError **error)
{
  g_return_val_if_fail (self != NULL && self->pid == 0 && words != NULL && words[0] != NULL, FALSE);
  GSpawnFlags spawn = G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD;

  self->func = func;
  self->data = data;
  self->flags = flags;
  if ((flags & QS_CHILD_STDIN) == 0)
    spawn |= G_SPAWN_CHILD_INHERITS_STDIN;
  if ((flags & QS_CHILD_QUIET) != 0)
    spawn |= G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL;
  if (!g_spawn_async_with_pipes (NULL, (char **) words, (char **) environment, spawn, setup_cb, self, &self->pid,
                                 (flags & QS_CHILD_STDIN) != 0 ? &self->input : NULL, NULL, NULL, error))
    {
      self->pid = 0;
      return FALSE;
    }
  self->watch = g_child_watch_add (self->pid, exited_cb, self);
  return TRUE;
}

static void
send_signal (QsChild *self, int number)
{
  /* The group may not be there yet, or any more. */
  if ((self->flags & QS_CHILD_GROUP) == 0 || kill (-self->pid, number) != 0)
    kill (self->pid, number);
}

void
qs_child_stop (QsChild *self, gboolean force)
{
  g_return_if_fail (self != NULL);

  if (self->pid != 0)
    send_signal (self, force ? SIGKILL : SIGTERM);
}

void
qs_child_free (QsChild *self)
{
  if (self == NULL)
    return;
  if (self->watch != 0)
    g_source_remove (self->watch);
  if (self->pid != 0)
    {
      send_signal (self, SIGKILL);
      while (waitpid (self->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    }
  if (self->input >= 0)
    close (self->input);
  g_free (self);
}
