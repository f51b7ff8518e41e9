/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-ca-folder.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/qs-i18n.h"

#define PREFIX "quicscope-lab-"
#define LOCK "lock"
#define CERTIFICATE "ca.pem"
#define MAX_LOOKED_AT 4096 /* names of a folder that anybody may fill */
#define MAX_TRIES 8        /* against others who tidy up at the same moment */

struct _QsCaFolder {
  char *folder;
  char *path;
  int lock;
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
empty_folder (int folder)
{
  unlinkat (folder, CERTIFICATE, 0);
  unlinkat (folder, LOCK, 0);
}

/* By its descriptor: among the temporary files somebody may put a link in its place. */
static void
remove_if_left (const char *parent, const char *name)
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
      empty_folder (folder);
      g_rmdir (path);
    }
  if (lock >= 0)
    close (lock);
  close (folder);
}

static void
remove_left (const char *parent)
{
  g_autoptr (GDir) dir = g_dir_open (parent, 0, NULL);
  const char *name;

  for (guint n = 0; dir != NULL && n < MAX_LOOKED_AT && (name = g_dir_read_name (dir)) != NULL; n++)
    if (g_str_has_prefix (name, PREFIX))
      remove_if_left (parent, name);
}

/* Between the making of the lock and its being taken another program may find it free: then it has no name any more. */
static gboolean
take_lock (QsCaFolder *self)
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

QsCaFolder *
qs_ca_folder_new (GError **error)
{
  const char *parent = find_parent ();
  g_autoptr (QsCaFolder) self = g_new0 (QsCaFolder, 1);

  self->lock = -1;
  remove_left (parent);
  for (guint i = 0; i < MAX_TRIES; i++)
    {
      g_free (self->folder);
      self->folder = g_build_filename (parent, PREFIX "XXXXXX", NULL);
      if (g_mkdtemp (self->folder) == NULL)
        break;
      if (take_lock (self))
        {
          self->path = g_build_filename (self->folder, CERTIFICATE, NULL);
          return g_steal_pointer (&self);
        }
      g_rmdir (self->folder);
    }
  int why = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (why),
               _ ("No folder for the lab's certificate can be made in “%s”: %s"), parent, g_strerror (why));
  g_clear_pointer (&self->folder, g_free);
  return NULL;
}

const char *
qs_ca_folder_get_path (const QsCaFolder *self)
{
  return self->path;
}

void
qs_ca_folder_free (QsCaFolder *self)
{
  int folder = self->folder != NULL ? open (self->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

  if (folder >= 0)
    {
      empty_folder (folder);
      close (folder);
      g_rmdir (self->folder);
    }
  if (self->lock >= 0)
    close (self->lock);
  g_free (self->folder);
  g_free (self->path);
  g_free (self);
}
