/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tap/qs-key-follower.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/qs-file.h"
#include "formats/qs-key-log.h"

#define PIECE (256u << 10)
#define MAX_PIECES 1024 /* at the end: somebody may write all the same */
#define MAX_LINE 4096u  /* without an end: it is no line of a key log */
#define MARK 64u        /* bytes before the place that was read to, which stay as they are while a file only grows */

struct _QsKeyFollower {
  char *path;
  int fd;
  dev_t device;
  ino_t inode;
  guint64 offset;
  GString *text;     /* behind the last end of a line */
  gboolean skipping; /* to the next end of a line */
  guint8 mark[MARK];
  guint mark_length;
  char *trouble;
  gboolean opened_before;
  QsKeyFollowerFigures figures;
};

QsKeyFollower *
qs_key_follower_new (const char *path)
{
  QsKeyFollower *self = g_new0 (QsKeyFollower, 1);

  self->path = g_strdup (path);
  self->fd = -1;
  self->text = g_string_new (NULL);
  return self;
}

static void
close_file (QsKeyFollower *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

void
qs_key_follower_free (QsKeyFollower *self)
{
  close_file (self);
  g_string_free (self->text, TRUE);
  g_free (self->trouble);
  g_free (self->path);
  g_free (self);
}

static void
go_to (QsKeyFollower *self, guint64 offset)
{
  self->offset = offset;
  self->skipping = offset > 0; /* somewhere in a line */
  self->mark_length = 0;
  g_string_truncate (self->text, 0);
}

/* --- Lines --- */

static void
take_text (QsKeyFollower *self, gsize length, QsKeyFollowerFunc func, gpointer data)
{
  guint n_bad = 0;
  g_autoptr (GPtrArray) lines = qs_key_log_split (self->text->str, length, &n_bad);

  g_string_erase (self->text, 0, (gssize) length);
  self->figures.bad += n_bad;
  self->figures.lines += lines->len;
  for (guint i = 0; i < lines->len; i++)
    func (lines->pdata[i], data);
}

static void
take_lines (QsKeyFollower *self, QsKeyFollowerFunc func, gpointer data)
{
  if (self->skipping)
    {
      const char *end = memchr (self->text->str, '\n', self->text->len);
      g_string_erase (self->text, 0, end != NULL ? end + 1 - self->text->str : -1);
      self->skipping = end == NULL;
    }
  const char *last = memrchr (self->text->str, '\n', self->text->len);
  if (last != NULL)
    take_text (self, (gsize) (last + 1 - self->text->str), func, data);
  if (self->text->len > MAX_LINE)
    {
      g_string_truncate (self->text, 0);
      self->skipping = TRUE;
      self->figures.bad++;
    }
}

/* --- The file --- */

static gboolean
open_file (QsKeyFollower *self)
{
  g_autoptr (GError) error = NULL;
  struct stat info;
  guint64 size = 0;

  g_clear_pointer (&self->trouble, g_free);
  self->fd = qs_file_open (self->path, &size, &error);
  if (self->fd < 0 || fstat (self->fd, &info) != 0)
    {
      if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        self->trouble = g_strdup (error->message);
      close_file (self);
      return FALSE;
    }
  self->device = info.st_dev;
  self->inode = info.st_ino;
  self->figures.there = TRUE;
  gboolean first = !self->opened_before;
  self->opened_before = TRUE;
  go_to (self, first && size > QS_KEY_FOLLOWER_TAIL ? size - QS_KEY_FOLLOWER_TAIL : 0);
  self->figures.passed += self->offset;
  return TRUE;
}

/* Where what stood before the place is not there any more, it was written anew, however long it is by now. */
static gboolean
is_written_anew (QsKeyFollower *self, guint64 size)
{
  guint8 now[MARK];

  if (size < self->offset)
    return TRUE;
  return self->mark_length > 0 && (pread (self->fd, now, self->mark_length,
                                          (off_t) (self->offset - self->mark_length)) != (gssize) self->mark_length ||
                                   memcmp (now, self->mark, self->mark_length) != 0);
}

static void
set_mark (QsKeyFollower *self, const guint8 *bytes, gsize n)
{
  gsize kept = n >= MARK ? 0 : MIN (self->mark_length, MARK - n);
  gsize fresh = MIN (n, MARK);

  memmove (self->mark, self->mark + self->mark_length - kept, kept);
  memcpy (self->mark + kept, bytes + n - fresh, fresh);
  self->mark_length = (guint) (kept + fresh);
}

static gboolean
read_piece (QsKeyFollower *self, QsKeyFollowerFunc func, gpointer data)
{
  g_autofree guint8 *piece = g_malloc (PIECE);
  gssize n = pread (self->fd, piece, PIECE, (off_t) self->offset);

  if (n <= 0)
    return FALSE;
  self->offset += (guint64) n;
  set_mark (self, piece, (gsize) n);
  g_string_append_len (self->text, (const char *) piece, n);
  take_lines (self, func, data);
  return TRUE;
}

/* All of it is read: whether another one has its name now. */
static gboolean
is_replaced (QsKeyFollower *self)
{
  struct stat info;

  return stat (self->path, &info) == 0 && (info.st_dev != self->device || info.st_ino != self->inode);
}

gboolean
qs_key_follower_poll (QsKeyFollower *self, QsKeyFollowerFunc func, gpointer data)
{
  struct stat info;

  g_return_val_if_fail (self != NULL && func != NULL, FALSE);

  if (self->fd < 0 && !open_file (self))
    return FALSE;
  if (fstat (self->fd, &info) == 0 && is_written_anew (self, (guint64) info.st_size))
    {
      go_to (self, 0);
      self->figures.restarts++;
    }
  if (read_piece (self, func, data))
    return TRUE;
  if (!is_replaced (self))
    return FALSE;
  take_text (self, self->text->len, func, data);
  close_file (self);
  self->figures.replacements++;
  return TRUE;
}

void
qs_key_follower_finish (QsKeyFollower *self, QsKeyFollowerFunc func, gpointer data)
{
  g_return_if_fail (self != NULL && func != NULL);

  for (guint i = 0; i < MAX_PIECES && qs_key_follower_poll (self, func, data); i++)
    ;
  take_text (self, self->text->len, func, data);
}

void
qs_key_follower_get_figures (QsKeyFollower *self, QsKeyFollowerFigures *figures)
{
  g_return_if_fail (self != NULL && figures != NULL);
  *figures = self->figures;
}

const char *
qs_key_follower_get_path (QsKeyFollower *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->path;
}

const char *
qs_key_follower_get_trouble (QsKeyFollower *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->trouble;
}
