/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/qs-error.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"

#define GROWTH (64u << 10) /* bytes that a file may have more than its size said */
#define SHOWN_PATH 200     /* characters of a name in a message */

static void
set_errno (const char *path, int saved_errno, GError **error)
{
  g_autofree char *shown = qs_text_escape_short (path, -1, SHOWN_PATH);

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), _ ("Could not read “%s”: %s"), shown,
               g_strerror (saved_errno));
}

static gboolean
check_kind (const char *path, const struct stat *info, GError **error)
{
  if (S_ISREG (info->st_mode))
    return TRUE;
  if (S_ISDIR (info->st_mode))
    {
      set_errno (path, EISDIR, error);
      return FALSE;
    }
  g_autofree char *shown = qs_text_escape_short (path, -1, SHOWN_PATH);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
               _ ("“%s” is a pipe or a device. Save what comes out of it as a file, and open that."), shown);
  return FALSE;
}

int
qs_file_open (const char *path, guint64 *size, GError **error)
{
  g_return_val_if_fail (path != NULL, -1);

  struct stat info;

  /* To open some devices is to act on them (a tape rewinds); a socket cannot be opened and says so in words of no use. */
  if (g_stat (path, &info) == 0 && !check_kind (path, &info, error))
    return -1;
  /* O_NONBLOCK and fstat(): it may have become a pipe since, and one that nobody writes to hangs us at open. */
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
  if (fd < 0 || fstat (fd, &info) != 0)
    set_errno (path, errno, error);
  else if (check_kind (path, &info, error))
    {
      if (size != NULL)
        *size = (guint64) info.st_size;
      return fd;
    }
  if (fd >= 0)
    close (fd);
  return -1;
}

gssize
qs_file_read (int fd, const char *path, void *bytes, gsize n, GError **error)
{
  gsize done = 0;

  while (done < n)
    {
      gssize got = read (fd, (guint8 *) bytes + done, n - done);

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          set_errno (path, errno, error);
          return -1;
        }
      if (got == 0)
        break;
      done += (gsize) got;
    }
  return (gssize) done;
}

gboolean
qs_file_set_too_large (const char *path, guint64 max, GError **error)
{
  g_autofree char *shown = qs_text_escape_short (path, -1, SHOWN_PATH);
  g_autofree char *size = qs_text_size (max);

  g_set_error (error, QS_ERROR, QS_ERROR_TOO_LARGE, _ ("“%s” is larger than %s, the most that can be opened."), shown,
               size);
  return FALSE;
}

/* The size is what it was: the file may have grown since, and one of /proc claims to be empty. */
GBytes *
qs_file_load (const char *path, gsize max, GError **error)
{
  guint64 size = 0;
  int fd = qs_file_open (path, &size, error);

  if (fd < 0)
    return NULL;
  if (size > max)
    {
      close (fd);
      qs_file_set_too_large (path, max, error);
      return NULL;
    }
  gsize room = MIN (max, (gsize) size + GROWTH);
  g_autofree guint8 *bytes = g_malloc (room + 1);
  gssize got = qs_file_read (fd, path, bytes, room + 1, error);
  close (fd);
  if (got < 0)
    return NULL;
  if ((gsize) got > room)
    {
      qs_file_set_too_large (path, room, error);
      return NULL;
    }
  return g_bytes_new_take (g_realloc (g_steal_pointer (&bytes), MAX ((gsize) got, 1)), (gsize) got);
}
