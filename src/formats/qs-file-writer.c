/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-file-writer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/qs-i18n.h"

struct _QsFileWriter {
  char *path;  /* as given, for messages */
  char *final; /* where it goes: symbolic links resolved, so that they stay */
  char *aside; /* NULL when it is written in place */
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

static int
open_aside (QsFileWriter *self, guint mode)
{
  g_autofree char *dir = g_path_get_dirname (self->final);
  g_autofree char *base = g_path_get_basename (self->final);
  g_autofree char *hidden = g_strdup_printf (".%.200s.XXXXXX", base);

  self->aside = g_build_filename (dir, hidden, NULL);
  int fd = g_mkstemp_full (self->aside, O_RDWR | O_CLOEXEC, (int) choose_mode (self->final, mode));
  if (fd < 0)
    g_clear_pointer (&self->aside, g_free);
  return fd;
}

static int
open_target (QsFileWriter *self, guint mode)
{
  struct stat info;

  if (g_stat (self->path, &info) == 0 && !S_ISREG (info.st_mode))
    return g_open (self->path, O_WRONLY | O_CLOEXEC, mode);
  return open_aside (self, mode);
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

  int fd = open_target (self, mode);
  if (fd < 0)
    {
      set_io_error (error, path, errno);
      return NULL;
    }
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
