/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-private-folder.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/qs-i18n.h"

#define LOCK "lock"
#define MAX_LOOKED_AT 4096 /* names of a folder that anybody may fill */
#define MAX_TRIES 8        /* against others who tidy up at the same moment */

struct _QsPrivateFolder {
  char *folder;
  char *path;
  const char *file; /* interned: its name in the folder */
  int lock;
  pid_t guard;    /* 0: none */
  int guard_pipe; /* whose end tells it that we are gone */
};

/* Where XDG_RUNTIME_DIR is not set, GLib names the folder of caches, which outlives the session. */
static const char *
find_parent (void)
{
  const char *runtime = g_getenv ("XDG_RUNTIME_DIR");
  struct stat info;

  if (runtime != NULL && g_path_is_absolute (runtime) && g_stat (runtime, &info) == 0 && S_ISDIR (info.st_mode) &&
      info.st_uid == geteuid () && g_access (runtime, W_OK | X_OK) == 0)
    return runtime;
  return g_get_tmp_dir ();
}

static void
empty_folder (int folder, const char *file)
{
  unlinkat (folder, file, 0);
  unlinkat (folder, LOCK, 0);
}

/* By its descriptor: among the temporary files somebody may put a link in its place. */
static void
remove_if_left (const char *parent, const char *name, const char *file)
{
  g_autofree char *path = g_build_filename (parent, name, NULL);
  int folder = open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat info;

  if (folder < 0)
    return;
  int lock = fstat (folder, &info) == 0 && info.st_uid == geteuid ()
                 ? openat (folder, LOCK, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
                 : -1;
  if (lock >= 0 && flock (lock, LOCK_EX | LOCK_NB) == 0)
    {
      empty_folder (folder, file);
      g_rmdir (path);
    }
  if (lock >= 0)
    close (lock);
  close (folder);
}

static void
remove_left (const char *parent, const char *prefix, const char *file)
{
  g_autoptr (GDir) dir = g_dir_open (parent, 0, NULL);
  const char *name;

  for (guint n = 0; dir != NULL && n < MAX_LOOKED_AT && (name = g_dir_read_name (dir)) != NULL; n++)
    if (g_str_has_prefix (name, prefix))
      remove_if_left (parent, name, file);
}

/* Between the making of the lock and its being taken another program may find it free: then it has no name any more. */
static gboolean
take_lock (QsPrivateFolder *self)
{
  g_autofree char *path = g_build_filename (self->folder, LOCK, NULL);
  struct stat info;

  self->lock = g_open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (self->lock >= 0 && flock (self->lock, LOCK_EX | LOCK_NB) == 0 && fstat (self->lock, &info) == 0 &&
      info.st_nlink > 0)
    return TRUE;
  if (self->lock >= 0)
    close (self->lock);
  self->lock = -1;
  return FALSE;
}

QsPrivateFolder *
qs_private_folder_new (const char *prefix, const char *file, GError **error)
{
  g_return_val_if_fail (prefix != NULL && *prefix != '\0' && file != NULL, NULL);

  const char *parent = find_parent ();
  g_autofree char *template = g_strconcat (prefix, "XXXXXX", NULL);
  g_autoptr (QsPrivateFolder) self = g_new0 (QsPrivateFolder, 1);

  self->lock = self->guard_pipe = -1;
  self->file = g_intern_string (file);
  remove_left (parent, prefix, file);
  for (guint i = 0; i < MAX_TRIES; i++)
    {
      g_free (self->folder);
      self->folder = g_build_filename (parent, template, NULL);
      if (g_mkdtemp (self->folder) == NULL)
        break;
      if (take_lock (self))
        {
          self->path = g_build_filename (self->folder, file, NULL);
          return g_steal_pointer (&self);
        }
      g_rmdir (self->folder);
    }
  int why = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (why), _ ("No private folder can be made in “%s”: %s"), parent,
               g_strerror (why));
  g_clear_pointer (&self->folder, g_free);
  return NULL;
}

const char *
qs_private_folder_get_path (const QsPrivateFolder *self)
{
  return self->path;
}

/* What follows the fork may be nothing but system calls: another thread may have held any lock. */
static void
stand_guard (const QsPrivateFolder *self, int end)
{
  static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
  char byte;

  setsid ();
  for (guint i = 0; i < G_N_ELEMENTS (ignored); i++)
    signal (ignored[i], SIG_IGN);
  /* Whoever waits for the end of our output must not wait for this one's. */
  dup2 (end, 0);
  syscall (SYS_close_range, 1u, ~0u, 0u);
  while (read (0, &byte, 1) < 0 && errno == EINTR)
    ;
  int folder = open (self->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder >= 0)
    empty_folder (folder, self->file);
  rmdir (self->folder);
  _exit (0);
}

gboolean
qs_private_folder_guard (QsPrivateFolder *self, GError **error)
{
  g_return_val_if_fail (self != NULL && self->guard == 0, FALSE);

  int ends[2] = { -1, -1 };
  pid_t child = pipe2 (ends, O_CLOEXEC) == 0 ? fork () : -1;
  int why = errno;

  if (child == 0)
    {
      close (ends[1]);
      stand_guard (self, ends[0]);
    }
  if (ends[0] >= 0)
    close (ends[0]);
  if (child > 0)
    {
      self->guard = child;
      self->guard_pipe = ends[1];
      return TRUE;
    }
  if (ends[1] >= 0)
    close (ends[1]);
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (why), _ ("“%s” cannot be guarded: %s"), self->folder,
               g_strerror (why));
  return FALSE;
}

static void
dismiss_guard (QsPrivateFolder *self)
{
  if (self->guard == 0)
    return;
  close (self->guard_pipe);
  while (waitpid (self->guard, NULL, 0) < 0 && errno == EINTR)
    ;
}

void
qs_private_folder_free (QsPrivateFolder *self)
{
  int folder = self->folder != NULL ? open (self->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

  if (folder >= 0)
    {
      empty_folder (folder, self->file);
      close (folder);
      g_rmdir (self->folder);
    }
  dismiss_guard (self);
  if (self->lock >= 0)
    close (self->lock);
  g_free (self->folder);
  g_free (self->path);
  g_free (self);
}
