/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-file-writer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"

#define MAX_TRIES 16 /* of names that others may have */

struct _QsFileWriter {
  char *path;  /* as given, for messages */
  char *final; /* where it goes: symbolic links resolved, so that they stay */
  char *aside; /* NULL when it is written in place, or has no name yet */
  gboolean nameless;
  FILE *stream;
  GError *error; /* the first one */
};

static void
set_io_error (GError **error, const char *path, int saved_errno)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), _ ("Could not write “%s”: %s"), path,
               g_strerror (saved_errno));
}

/* A file that others may be reading keeps its permissions when it is replaced, but for secrets. */
static guint
choose_mode (const char *path, guint mode)
{
  struct stat info;

  if ((mode & 0077) == 0 || g_stat (path, &info) != 0)
    return mode;
  return info.st_mode & 0777;
}

/* Secrets have no name before they are whole: where we are killed they are gone. Not every file system knows that. */
static int
open_nameless (QsFileWriter *self, const char *dir, guint mode)
{
  int fd = (mode & 0077) == 0 ? open (dir, O_TMPFILE | O_RDWR | O_CLOEXEC, mode) : -1;

  self->nameless = fd >= 0;
  return fd;
}

static gboolean
give_name (QsFileWriter *self)
{
  g_autofree char *own = g_strdup_printf ("/proc/self/fd/%d", fileno (self->stream));
  g_autofree char *dir = g_path_get_dirname (self->final);
  g_autofree char *base = g_path_get_basename (self->final);

  for (guint i = 0; i < MAX_TRIES; i++)
    {
      g_autofree char *hidden = g_strdup_printf (".%.200s.%06x", base, g_random_int () & 0xffffff);
      g_autofree char *aside = g_build_filename (dir, hidden, NULL);
      if (linkat (AT_FDCWD, own, AT_FDCWD, aside, AT_SYMLINK_FOLLOW) == 0)
        {
          self->aside = g_steal_pointer (&aside);
          return TRUE;
        }
      if (errno != EEXIST)
        return FALSE;
    }
  return FALSE;
}

static int
open_aside (QsFileWriter *self, guint mode)
{
  g_autofree char *dir = g_path_get_dirname (self->final);
  int nameless = open_nameless (self, dir, mode);
  if (nameless >= 0)
    return nameless;
  g_autofree char *base = g_path_get_basename (self->final);
  g_autofree char *hidden = g_strdup_printf (".%.200s.XXXXXX", base);

  self->aside = g_build_filename (dir, hidden, NULL);
  int fd = g_mkstemp_full (self->aside, O_RDWR | O_CLOEXEC, (int) choose_mode (self->final, mode));
  if (fd < 0)
    g_clear_pointer (&self->aside, g_free);
  return fd;
}

/* --- What stands there already --- */

#define MAX_LINKS 40 /* as many as Linux follows */

/* A folder such as /tmp, where anybody may put a link or a pipe and wait for who writes there. */
static gboolean
is_shared_folder (const char *folder, struct stat *info)
{
  return g_stat (folder, info) == 0 && (info->st_mode & S_ISVTX) != 0 && (info->st_mode & S_IWOTH) != 0;
}

static gboolean
is_planted (const char *path, const struct stat *info)
{
  g_autofree char *folder = g_path_get_dirname (path);
  struct stat above;

  return is_shared_folder (folder, &above) && info->st_uid != geteuid () && info->st_uid != above.st_uid;
}

static gboolean
fail_planted (const char *path, GError **error)
{
  g_autofree char *shown = qs_text_escape_short (path, -1, 200);

  g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
      _ ("“%s” was put by another user into a folder that everybody may write to, and is not written to. Name a "
         "file in a folder of your own."),
      shown);
  return FALSE;
}

/* The path with its first symbolic link resolved, NULL without one; the link's own path in *link. */
static char *
follow_one (const char *path, char **link, struct stat *info)
{
  for (const char *end = path + strspn (path, "/"); *end != '\0'; end += strspn (end, "/"))
    {
      end += strcspn (end, "/");
      g_autofree char *part = g_strndup (path, (gsize) (end - path));
      if (g_lstat (part, info) != 0 || !S_ISLNK (info->st_mode))
        continue;
      g_autofree char *to = g_file_read_link (part, NULL);
      if (to == NULL)
        continue;
      g_autofree char *folder = g_path_get_dirname (part);
      *link = g_steal_pointer (&part);
      return g_path_is_absolute (to) ? g_strconcat (to, end, NULL) : g_strconcat (folder, "/", to, end, NULL);
    }
  return NULL;
}

/* The kernel's fs.protected_symlinks and fs.protected_fifos, which not every system has on, and which realpath() goes around. */
static gboolean
check_links (const char *path, GError **error)
{
  g_autofree char *at = g_strdup (path);
  struct stat info;

  for (guint i = 0; i <= MAX_LINKS; i++)
    {
      g_autofree char *link = NULL;
      char *next = follow_one (at, &link, &info);
      if (next == NULL)
        {
          if (g_lstat (at, &info) == 0 && S_ISFIFO (info.st_mode) && is_planted (at, &info))
            return fail_planted (path, error);
          return TRUE;
        }
      g_free (at);
      at = next;
      if (is_planted (link, &info))
        return fail_planted (link, error);
    }
  set_io_error (error, path, ELOOP);
  return FALSE;
}

/* A pipe that nobody reads would hold the program up for as long as nobody does. */
static int
open_in_place (const char *path, GError **error)
{
  int fd = g_open (path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);

  if (fd >= 0)
    fcntl (fd, F_SETFL, fcntl (fd, F_GETFL) & ~O_NONBLOCK);
  else if (errno == ENXIO)
    {
      g_autofree char *shown = qs_text_escape_short (path, -1, 200);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED,
                   _ ("“%s” is a pipe or a device that nobody reads. Start its reader first, or name a file."), shown);
    }
  else
    set_io_error (error, path, errno);
  return fd;
}

static int
open_target (QsFileWriter *self, guint mode, GError **error)
{
  struct stat info;

  if (!check_links (self->path, error))
    return -1;
  if (g_stat (self->path, &info) == 0 && !S_ISREG (info.st_mode))
    return open_in_place (self->path, error);
  int fd = open_aside (self, mode);
  if (fd < 0)
    set_io_error (error, self->path, errno);
  return fd;
}

gboolean
qs_file_writer_check (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, FALSE);

  g_autofree char *resolved = realpath (path, NULL);
  g_autofree char *folder = g_path_get_dirname (resolved != NULL ? resolved : path);
  struct stat info;
  int why = 0;

  if (!check_links (path, error))
    return FALSE;
  if (g_stat (path, &info) == 0 && !S_ISREG (info.st_mode))
    why = S_ISDIR (info.st_mode) ? EISDIR : S_ISSOCK (info.st_mode) ? ENXIO : g_access (path, W_OK) == 0 ? 0 : errno;
  else if (g_access (folder, W_OK | X_OK) != 0)
    why = errno;
  if (why != 0)
    set_io_error (error, path, why);
  return why == 0;
}

QsFileWriter *
qs_file_writer_new (const char *path, guint mode, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  g_autoptr (QsFileWriter) self = g_new0 (QsFileWriter, 1);
  char *resolved = realpath (path, NULL);

  self->path = g_strdup (path);
  self->final = g_strdup (resolved != NULL ? resolved : path);
  free (resolved);

  int fd = open_target (self, mode, error);
  if (fd < 0)
    return NULL;
  self->stream = fdopen (fd, "w");
  if (self->stream == NULL)
    {
      set_io_error (error, path, errno);
      close (fd);
      return NULL;
    }
  setvbuf (self->stream, NULL, _IOFBF, 1 << 16);
  return g_steal_pointer (&self);
}

static gboolean
fail (QsFileWriter *self, int saved_errno, GError **error)
{
  if (self->error == NULL)
    set_io_error (&self->error, self->path, saved_errno);
  if (error != NULL)
    *error = g_error_copy (self->error);
  return FALSE;
}

gboolean
qs_file_writer_write (QsFileWriter *self, const void *bytes, gsize length, GError **error)
{
  g_return_val_if_fail (self != NULL && self->stream != NULL, FALSE);

  if (self->error != NULL)
    return fail (self, 0, error);
  if (length > 0 && fwrite_unlocked (bytes, 1, length, self->stream) != length)
    return fail (self, errno, error);
  return TRUE;
}

gboolean
qs_file_writer_finish (QsFileWriter *self, GError **error)
{
  g_return_val_if_fail (self != NULL && self->stream != NULL, FALSE);

  if (self->error != NULL)
    return fail (self, 0, error);
  if (self->nameless && (fflush (self->stream) != 0 || !give_name (self)))
    return fail (self, errno, error);
  if (fclose (g_steal_pointer (&self->stream)) != 0)
    return fail (self, errno, error);
  if (self->aside != NULL && g_rename (self->aside, self->final) != 0)
    return fail (self, errno, error);
  g_clear_pointer (&self->aside, g_free);
  return TRUE;
}

void
qs_file_writer_free (QsFileWriter *self)
{
  if (self->stream != NULL)
    fclose (self->stream);
  if (self->aside != NULL)
    g_unlink (self->aside);
  g_clear_error (&self->error);
  g_free (self->aside);
  g_free (self->final);
  g_free (self->path);
  g_free (self);
}

gboolean
qs_file_write (const char *path, guint mode, const void *bytes, gsize length, GError **error)
{
  g_autoptr (QsFileWriter) writer = qs_file_writer_new (path, mode, error);

  return writer != NULL && qs_file_writer_write (writer, bytes, length, error) && qs_file_writer_finish (writer, error);
}
