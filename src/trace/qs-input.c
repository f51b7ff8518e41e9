/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-input.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/qs-error.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"

#define BUFFER_SIZE (256u << 10)
#define PEEK_SIZE 4096u

struct _QsInput {
  char *path;
  GCancellable *cancellable;
  guint64 position;
  int fd;
  gboolean at_end;
  gsize start, end; /* what is buffered */
  guint8 buffer[BUFFER_SIZE];
};

static gboolean
fail_errno (const char *path, int saved_errno, GError **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), _ ("Could not read “%s”: %s"), path,
               g_strerror (saved_errno));
  return FALSE;
}

QsInput *
qs_input_open (const char *path, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  /* O_NONBLOCK: a named pipe that nobody writes to must not hang us at open. */
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  struct stat info;

  if (fd < 0)
    {
      fail_errno (path, errno, error);
      return NULL;
    }
  if (fstat (fd, &info) == 0 && S_ISDIR (info.st_mode))
    {
      close (fd);
      fail_errno (path, EISDIR, error);
      return NULL;
    }
  fcntl (fd, F_SETFL, 0);

  QsInput *self = g_malloc (sizeof *self);
  memset (self, 0, G_STRUCT_OFFSET (QsInput, buffer));
  self->path = g_strdup (path);
  self->fd = fd;
  g_set_object (&self->cancellable, cancellable);
  return self;
}

/* Buffers more: at least until wanted bytes are there or the file ends. */
static gboolean
fill (QsInput *self, gsize wanted, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  memmove (self->buffer, self->buffer + self->start, self->end - self->start);
  self->end -= self->start;
  self->start = 0;

  while (self->end < wanted && !self->at_end)
    {
      gssize got = read (self->fd, self->buffer + self->end, BUFFER_SIZE - self->end);
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return fail_errno (self->path, errno, error);
      self->at_end = got == 0;
      self->end += (gsize) got;
    }
  return TRUE;
}

gboolean
qs_input_peek (QsInput *self, const guint8 **bytes, gsize *length, GError **error)
{
  if (self->end - self->start < PEEK_SIZE && !fill (self, PEEK_SIZE, error))
    return FALSE;
  *bytes = self->buffer + self->start;
  *length = MIN (self->end - self->start, PEEK_SIZE);
  return TRUE;
}

gssize
qs_input_read (QsInput *self, void *bytes, gsize n, GError **error)
{
  gsize done = 0;

  while (done < n)
    {
      gsize buffered = MIN (self->end - self->start, n - done);

      if (buffered == 0)
        {
          if (self->at_end)
            break;
          if (!fill (self, 1, error))
            return -1;
          continue;
        }
      memcpy ((guint8 *) bytes + done, self->buffer + self->start, buffered);
      self->start += buffered;
      done += buffered;
    }
  self->position += done;
  return (gssize) done;
}

gboolean
qs_input_skip (QsInput *self, guint64 n, GError **error)
{
  while (n > 0)
    {
      gsize buffered = MIN (self->end - self->start, n);

      if (buffered == 0 && (self->at_end || !fill (self, 1, error)))
        return FALSE;
      self->start += buffered;
      self->position += buffered;
      n -= buffered;
    }
  return TRUE;
}

gboolean
qs_input_rewind (QsInput *self, GError **error)
{
  if (lseek (self->fd, 0, SEEK_SET) < 0)
    return fail_errno (self->path, errno, error);
  self->start = self->end = 0;
  self->position = 0;
  self->at_end = FALSE;
  return TRUE;
}

guint64
qs_input_get_position (QsInput *self)
{
  return self->position;
}

const char *
qs_input_get_path (QsInput *self)
{
  return self->path;
}

void
qs_input_free (QsInput *self)
{
  close (self->fd);
  g_clear_object (&self->cancellable);
  g_free (self->path);
  g_free (self);
}

GBytes *
qs_input_load (const char *path, gsize max, GError **error)
{
  g_autoptr (QsInput) input = qs_input_open (path, NULL, error);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  while (input != NULL)
    {
      guint at = bytes->len;

      g_byte_array_set_size (bytes, at + PEEK_SIZE);
      gssize got = qs_input_read (input, bytes->data + at, PEEK_SIZE, error);
      if (got < 0)
        return NULL;
      g_byte_array_set_size (bytes, at + (guint) got);
      if (bytes->len > max)
        {
          g_autofree char *size = qs_text_size (max);

          g_set_error (error, QS_ERROR, QS_ERROR_TOO_LARGE, _ ("“%s” is larger than %s, the most that can be opened."),
                       path, size);
          return NULL;
        }
      if (got == 0)
        return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
    }
  return NULL;
}
