/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-input.h"

#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/qs-error.h"
#include "base/qs-file.h"
#include "base/qs-i18n.h"

#define BUFFER_SIZE (256u << 10)
#define PEEK_SIZE 4096u
#define MAPPED_AT_ONCE (64u << 20) /* bytes of a mapped file that may lie in memory behind us */
#define LINE_SIZE 64               /* bytes of memory that come at once */
#define HEAD_LINES 3u              /* of what stands before a packet's payload */
#define RAW_SIZE (64u << 10)
#define GROWING_MS 20   /* a file that grows is looked at so often */
#define STREAM_PEEK 28u /* bytes: the least that a capture begins with; more may not be there for long */
#define MAX_UNPACKED \
  (G_GUINT64_CONSTANT (64) << 30) /* of what is compressed: a few kilobytes may claim to be anything */

struct _QsInput {
  char *path;
  GCancellable *cancellable;
  guint64 position;
  QsProgress *progress; /* NULL: nobody looks */
  guint64 size;         /* of the file, packed or not */
  int fd;
  gboolean stream;  /* a pipe: what comes is taken as it comes, and there is no way back */
  gboolean growing; /* a file that is taken as one: its end is not the end */
  gboolean at_end;
  gint64 writer_until;    /* of a named pipe that nobody has written to yet; 0: whenever it comes */
  gsize start, end;       /* what is buffered */
  GError *failure;        /* to be told of at the next read */
  QsMappedFile *map;      /* NULL: it is packed, or cannot be mapped */
  gsize passed;           /* of it */
  GConverter *inflate;    /* NULL: not gzip */
  struct archive *unpack; /* NULL: not one of libarchive's */
  guint64 unpacked;       /* bytes that either made */
  gboolean inflated;      /* the end of a member was reached; another one may follow */
  gsize raw_at, raw_end;  /* what is read and not inflated yet */
  guint8 raw[RAW_SIZE];
  guint8 buffer[BUFFER_SIZE];
};

static gboolean
fail_errno (const char *path, int saved_errno, GError **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), _ ("Could not read “%s”: %s"), path,
               g_strerror (saved_errno));
  return FALSE;
}

/* --- Zstandard, xz, lz4, bzip2 --- */

#define MAGIC_SIZE 6

static const struct {
  guint8 magic[MAGIC_SIZE];
  guint8 length;
  int (*support) (struct archive *archive);
} packings[] = {
  { { 0x28, 0xb5, 0x2f, 0xfd }, 4, archive_read_support_filter_zstd },
  { { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, archive_read_support_filter_xz },
  { { 0x04, 0x22, 0x4d, 0x18 }, 4, archive_read_support_filter_lz4 },
  { { 'B', 'Z', 'h' }, 3, archive_read_support_filter_bzip2 },
};

static gboolean
fail_packed (QsInput *self, GError **error)
{
  self->at_end = TRUE;
  g_set_error (error, QS_ERROR, QS_ERROR_TRUNCATED,
               _ ("“%s” is compressed, and damaged or cut off: it was not copied whole."), self->path);
  return FALSE;
}

/* Of libarchive it is just the filter: one file without a name. A filter that it has not built in would run another program, which
 * is none of ours to start. */
static gboolean
begin_unpacking (QsInput *self, const guint8 *magic, GError **error)
{
  struct archive_entry *entry;

  for (guint i = 0; i < G_N_ELEMENTS (packings); i++)
    {
      if (memcmp (magic, packings[i].magic, packings[i].length) != 0)
        continue;
      self->unpack = archive_read_new ();
      if (self->unpack == NULL || packings[i].support (self->unpack) != ARCHIVE_OK ||
          archive_read_support_format_raw (self->unpack) != ARCHIVE_OK)
        {
          g_set_error (error, QS_ERROR, QS_ERROR_UNSUPPORTED,
                       _ ("“%s” is compressed in a way that this system cannot undo. Uncompress it first."),
                       self->path);
          return FALSE;
        }
      if (archive_read_open_fd (self->unpack, self->fd, RAW_SIZE) != ARCHIVE_OK ||
          archive_read_next_header (self->unpack, &entry) != ARCHIVE_OK ||
          archive_filter_code (self->unpack, 0) == ARCHIVE_FILTER_NONE) /* too short for it to know */
        return fail_packed (self, error);
    }
  return TRUE;
}

static gboolean
unpack_some (QsInput *self, GError **error)
{
  la_ssize_t got = archive_read_data (self->unpack, self->buffer + self->end, BUFFER_SIZE - self->end);

  if (got < 0)
    return fail_packed (self, error);
  self->at_end = got == 0;
  self->end += (gsize) got;
  self->unpacked += (guint64) got;
  return TRUE;
}

/* --- gzip (RFC 1952) --- */

static gboolean
detect_compression (QsInput *self, GError **error)
{
  guint8 magic[MAGIC_SIZE] = { 0 };

  if (qs_file_read (self->fd, self->path, magic, sizeof magic, error) < 0)
    return FALSE;
  if (lseek (self->fd, 0, SEEK_SET) < 0)
    return fail_errno (self->path, errno, error);
  if (memcmp (magic, "\x1f\x8b\x08", 3) == 0 && self->inflate == NULL)
    self->inflate = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  return begin_unpacking (self, magic, error);
}

static gboolean
fail_gzip (QsInput *self, GError **error)
{
  g_set_error (error, QS_ERROR, QS_ERROR_TRUNCATED,
               _ ("“%s” is compressed, and damaged or cut off: it was not copied whole."), self->path);
  return FALSE;
}

/* Behind a member's end another one may stand: so do those write who compress in parallel. */
static gboolean
inflate_some (QsInput *self, GError **error)
{
  g_autoptr (GError) why = NULL;
  gsize n_read = 0, n_written = 0;

  if (self->raw_at == self->raw_end)
    {
      gssize got = qs_file_read (self->fd, self->path, self->raw, RAW_SIZE, error);
      if (got < 0)
        return FALSE;
      self->raw_at = 0;
      self->raw_end = (gsize) got;
      self->at_end = got == 0;
      if (got == 0)
        return self->inflated || fail_gzip (self, error);
    }
  if (self->inflated)
    g_converter_reset (self->inflate);
  self->inflated = FALSE;
  GConverterResult result = g_converter_convert (self->inflate, self->raw + self->raw_at, self->raw_end - self->raw_at,
                                                 self->buffer + self->end, BUFFER_SIZE - self->end,
                                                 G_CONVERTER_NO_FLAGS, &n_read, &n_written, &why);
  if (result == G_CONVERTER_ERROR && g_error_matches (why, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT))
    self->raw_at = self->raw_end; /* all of it was taken in */
  else if (result == G_CONVERTER_ERROR)
    {
      self->at_end = TRUE;
      return fail_gzip (self, error);
    }
  self->inflated = result == G_CONVERTER_FINISHED;
  self->raw_at += n_read;
  self->end += n_written;
  self->unpacked += n_written;
  return TRUE;
}

/* --- A pipe --- */

gboolean
qs_input_is_standard (const char *path)
{
  return g_str_equal (path, "-") || g_str_equal (path, "/dev/stdin");
}

/* -1 with error. What is no pipe behind it is a file like others. */
static int
open_standard (gboolean *stream, GError **error)
{
  struct stat info;
  int fd = fcntl (STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

  if (fd < 0 || fstat (fd, &info) != 0)
    {
      fail_errno ("-", errno, error);
      return -1;
    }
  *stream = S_ISFIFO (info.st_mode) || S_ISSOCK (info.st_mode);
  if (*stream || S_ISREG (info.st_mode))
    return fd;
  close (fd);
  g_set_error_literal (
      error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
      _ ("Standard input is neither a pipe nor a file: lead a capture into it, as with “tcpdump -U -w - | …”."));
  return -1;
}

/* At the end of a file that others write. FALSE: it has become shorter than what was read of it. */
static gboolean
wait_for_more (QsInput *self, GError **error)
{
  GPollFD fd = { 0 };
  guint n_fds = self->cancellable != NULL && g_cancellable_make_pollfd (self->cancellable, &fd);
  struct stat info;

  g_poll (&fd, n_fds, GROWING_MS);
  if (n_fds > 0)
    g_cancellable_release_fd (self->cancellable);
  if (fstat (self->fd, &info) != 0 || info.st_size >= lseek (self->fd, 0, SEEK_CUR))
    return TRUE;
  self->at_end = TRUE;
  g_set_error (error, QS_ERROR, QS_ERROR_TRUNCATED, _ ("“%s” was made shorter by another program while it was read."),
               self->path);
  return FALSE;
}

static gboolean
read_growing (QsInput *self, GError **error)
{
  for (;;)
    {
      gssize got = read (self->fd, self->buffer + self->end, BUFFER_SIZE - self->end);

      if (got < 0 && errno != EINTR)
        return fail_errno (self->path, errno, error);
      self->at_end = got <= 0 && g_cancellable_is_cancelled (self->cancellable);
      self->end += (gsize) MAX (got, 0);
      if (got > 0 || self->at_end)
        return TRUE;
      if (!wait_for_more (self, error))
        return FALSE;
    }
}

/* A pipe that nobody has opened for writing wakes up nobody who polls it, and reads as one that has ended; with a writer it reads as one that
 * has nothing yet. FALSE: nobody came. */
static gboolean
wait_for_writer (QsInput *self, GError **error)
{
  GPollFD fds[2] = { { self->fd, G_IO_IN, 0 } };
  guint n_fds = 1 + (self->cancellable != NULL && g_cancellable_make_pollfd (self->cancellable, &fds[1]));
  gssize got = 0;

  while (g_poll (fds, n_fds, GROWING_MS) == 0 && g_get_monotonic_time () < self->writer_until &&
         (got = read (self->fd, self->buffer + self->end, BUFFER_SIZE - self->end)) == 0)
    ;
  if (n_fds > 1)
    g_cancellable_release_fd (self->cancellable);
  self->end += (gsize) MAX (got, 0);
  if (got != 0 || fds[0].revents != 0 || g_cancellable_is_cancelled (self->cancellable))
    return TRUE;
  self->at_end = TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, _ ("Nobody writes into the named pipe “%s”."), self->path);
  return FALSE;
}

/* Waits for what comes next. Who cancels ends the stream there: what came is whole. */
static gboolean
read_stream (QsInput *self, GError **error)
{
  gsize before = self->end;

  if (self->writer_until != 0 && !wait_for_writer (self, error))
    return FALSE;
  self->writer_until = 0;
  if (self->end > before)
    return TRUE;

  GPollFD fds[2] = { { self->fd, G_IO_IN, 0 } };
  guint n_fds = 1 + (self->cancellable != NULL && g_cancellable_make_pollfd (self->cancellable, &fds[1]));
  gssize got;

  do
    {
      g_poll (fds, n_fds, -1);
      if (g_cancellable_is_cancelled (self->cancellable))
        got = 0;
      else
        got = fds[0].revents != 0 ? read (self->fd, self->buffer + self->end, BUFFER_SIZE - self->end) : -1;
    }
  while (got < 0 && (fds[0].revents == 0 || errno == EINTR || errno == EAGAIN));
  if (n_fds > 1)
    g_cancellable_release_fd (self->cancellable);
  if (got < 0)
    return fail_errno (self->path, errno, error);
  self->at_end = got == 0;
  self->end += (gsize) got;
  return TRUE;
}

static gboolean
read_some (QsInput *self, GError **error)
{
  if (self->growing)
    return read_growing (self, error);
  if (self->stream)
    return read_stream (self, error);
  if (self->unpacked > MAX_UNPACKED)
    {
      self->at_end = TRUE;
      return qs_file_set_too_large (self->path, MAX_UNPACKED, error);
    }
  if (self->inflate != NULL)
    return inflate_some (self, error);
  if (self->unpack != NULL)
    return unpack_some (self, error);
  gssize got = qs_file_read (self->fd, self->path, self->buffer + self->end, BUFFER_SIZE - self->end, error);
  if (got < 0)
    return FALSE;
  self->at_end = self->end + (gsize) got < BUFFER_SIZE;
  self->end += (gsize) got;
  return TRUE;
}

/* --- Public --- */

static QsInput *
input_new (const char *path, int fd, gboolean stream, GCancellable *cancellable, GError **error)
{
  QsInput *self = g_malloc (sizeof *self);
  memset (self, 0, G_STRUCT_OFFSET (QsInput, buffer));
  self->path = g_strdup (path);
  self->fd = fd;
  self->stream = stream;
  g_set_object (&self->cancellable, cancellable);
  if (!stream && !detect_compression (self, error))
    {
      qs_input_free (self);
      return NULL;
    }
  if (!stream && self->inflate == NULL && self->unpack == NULL)
    self->map = qs_mapped_file_new (fd);
  return self;
}

QsInput *
qs_input_open (const char *path, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  int fd = qs_file_open (path, NULL, error);
  return fd >= 0 ? input_new (path, fd, FALSE, cancellable, error) : NULL;
}

QsInput *
qs_input_open_standard (GCancellable *cancellable, GError **error)
{
  gboolean stream = FALSE;
  int fd = open_standard (&stream, error);

  if (cancellable == NULL)
    cancellable = g_cancellable_get_current ();
  return fd >= 0 ? input_new ("-", fd, stream, cancellable, error) : NULL;
}

QsInput *
qs_input_open_growing (const char *path, GCancellable *cancellable, GError **error)
{
  struct stat info;

  g_return_val_if_fail (path != NULL, NULL);

  /* Without waiting for whoever writes into a named pipe: that is waited for where it may be cancelled. */
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 || fstat (fd, &info) != 0)
    {
      fail_errno (path, errno, error);
      if (fd >= 0)
        close (fd);
      return NULL;
    }
  if (!S_ISREG (info.st_mode) && !S_ISFIFO (info.st_mode))
    {
      close (fd);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, _ ("“%s” is neither a file nor a named pipe."),
                   path);
      return NULL;
    }
  QsInput *self = input_new (path, fd, TRUE, cancellable, error);
  if (self != NULL)
    self->growing = S_ISREG (info.st_mode);
  return self;
}

void
qs_input_set_patience (QsInput *self, guint ms)
{
  g_return_if_fail (self != NULL);

  struct stat info;
  gboolean pipe = self->stream && fstat (self->fd, &info) == 0 && S_ISFIFO (info.st_mode);
  self->writer_until = pipe && ms > 0 ? g_get_monotonic_time () + (gint64) ms * 1000 : 0;
}

QsMappedFile *
qs_input_get_map (QsInput *self)
{
  return self->map;
}

/* --- Of a mapped file --- */

static gsize
get_left (QsInput *self)
{
  gsize size = qs_mapped_file_get_size (self->map);

  return self->position < size ? size - (gsize) self->position : 0;
}

static const guint8 *
get_here (QsInput *self)
{
  return qs_mapped_file_get_bytes (self->map) + self->position;
}

/* Goes on by n bytes, no more than there are. */
static gboolean
advance (QsInput *self, gsize n, GError **error)
{
  gsize page = self->position / BUFFER_SIZE;

  self->position += n;
  if (self->position / BUFFER_SIZE == page)
    return TRUE;
  qs_progress_set (self->progress, self->position, self->size);
  qs_mapped_file_expect (self->map, get_here (self));
  if (self->position - self->passed >= MAPPED_AT_ONCE)
    {
      qs_mapped_file_pass (self->map, qs_mapped_file_get_bytes (self->map) + self->passed, get_here (self));
      self->passed = self->position;
    }
  return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
}

/* What the system gives instead of bytes that are gone would be read as zeros. */
static gboolean
is_whole (QsInput *self, gsize n, GError **error)
{
  if (!qs_mapped_file_is_cut (self->map, get_here (self), n))
    return TRUE;
  g_set_error (error, QS_ERROR, QS_ERROR_TRUNCATED, _ ("“%s” was made shorter by another program while it was read."),
               self->path);
  return FALSE;
}

static gssize
read_mapped (QsInput *self, void *bytes, gsize n, GError **error)
{
  n = MIN (n, get_left (self));
  memcpy (bytes, get_here (self), n);
  return is_whole (self, n, error) && advance (self, n, error) ? (gssize) n : -1;
}

gssize
qs_input_borrow (QsInput *self, const guint8 **bytes, gsize n, GByteArray *buffer, GError **error)
{
  if (self->map != NULL)
    {
      n = MIN (n, get_left (self));
      *bytes = get_here (self);
      /* While this one is looked at, memory brings the head of the next: by itself it would be waited for. */
      for (guint i = 0; i < HEAD_LINES; i++)
        __builtin_prefetch (*bytes + n + i * LINE_SIZE);
      return is_whole (self, n, error) && advance (self, n, error) ? (gssize) n : -1;
    }
  /* In steps, so that a short file that claims much does not get the memory. */
  g_byte_array_set_size (buffer, 0);
  while (buffer->len < n)
    {
      guint at = buffer->len;
      gsize step = MIN (n - at, BUFFER_SIZE);

      g_byte_array_set_size (buffer, at + (guint) step);
      gssize got = qs_input_read (self, buffer->data + at, step, error);
      if (got < 0)
        return -1;
      g_byte_array_set_size (buffer, at + (guint) got);
      if ((gsize) got < step)
        break;
    }
  *bytes = buffer->data;
  return (gssize) buffer->len;
}

void
qs_input_set_progress (QsInput *self, QsProgress *progress)
{
  struct stat info;

  g_clear_pointer (&self->progress, qs_progress_unref);
  if (progress != NULL && fstat (self->fd, &info) == 0)
    {
      self->progress = qs_progress_ref (progress);
      self->size = (guint64) info.st_size;
    }
}

/* Buffers more: at least until wanted bytes are there or the file ends. */
static gboolean
fill (QsInput *self, gsize wanted, GError **error)
{
  if (!self->stream && g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  if (self->progress != NULL)
    qs_progress_set (self->progress, (guint64) MAX (lseek (self->fd, 0, SEEK_CUR), 0), self->size);
  memmove (self->buffer, self->buffer + self->start, self->end - self->start);
  self->end -= self->start;
  self->start = 0;

  while (self->end < wanted && !self->at_end)
    {
      if (!read_some (self, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
qs_input_peek (QsInput *self, const guint8 **bytes, gsize *length, GError **error)
{
  if (self->map != NULL)
    {
      *bytes = get_here (self);
      *length = MIN (get_left (self), PEEK_SIZE);
      return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
    }
  gsize wanted = self->stream ? STREAM_PEEK : PEEK_SIZE;
  if (self->end - self->start < wanted && !fill (self, wanted, error))
    return FALSE;
  *bytes = self->buffer + self->start;
  *length = MIN (self->end - self->start, PEEK_SIZE);
  return TRUE;
}

gssize
qs_input_read (QsInput *self, void *bytes, gsize n, GError **error)
{
  gsize done = 0;

  if (self->map != NULL)
    return read_mapped (self, bytes, n, error);
  while (done < n)
    {
      gsize buffered = MIN (self->end - self->start, n - done);

      if (buffered == 0)
        {
          if (self->at_end && self->failure == NULL)
            break;
          if (self->failure == NULL && fill (self, 1, &self->failure))
            continue;
          if (done > 0) /* what came before the trouble counts: it is told of next time */
            break;
          g_propagate_error (error, g_steal_pointer (&self->failure));
          return -1;
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
  if (self->map != NULL)
    return n <= get_left (self) && advance (self, (gsize) n, error);
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
  if (self->stream)
    {
      g_set_error_literal (
          error, QS_ERROR, QS_ERROR_UNSUPPORTED,
          _ ("What comes down a pipe is read once: that can be done with captures (pcapng, pcap). Save a log as a "
             "file, and open that."));
      return FALSE;
    }
  if (lseek (self->fd, 0, SEEK_SET) < 0)
    return fail_errno (self->path, errno, error);
  self->passed = 0;
  self->start = self->end = self->raw_at = self->raw_end = 0;
  self->inflated = FALSE;
  if (self->inflate != NULL)
    g_converter_reset (self->inflate);
  g_clear_pointer (&self->unpack, archive_read_free);
  self->unpacked = 0;
  g_clear_error (&self->failure);
  self->position = 0;
  self->at_end = FALSE;
  return detect_compression (self, error);
}

guint64
qs_input_get_position (QsInput *self)
{
  return self->position;
}

gboolean
qs_input_is_stream (QsInput *self)
{
  return self->stream;
}

const char *
qs_input_get_path (QsInput *self)
{
  return self->path;
}

void
qs_input_free (QsInput *self)
{
  g_clear_pointer (&self->unpack, archive_read_free);
  g_clear_pointer (&self->progress, qs_progress_unref);
  g_clear_pointer (&self->map, qs_mapped_file_unref);
  close (self->fd);
  g_clear_object (&self->inflate);
  g_clear_error (&self->failure);
  g_clear_object (&self->cancellable);
  g_free (self->path);
  g_free (self);
}

GBytes *
qs_input_load (const char *path, gsize max, GError **error)
{
  g_autoptr (QsInput) input = qs_input_open (path, NULL, error);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  struct stat info;

  /* What is compressed is not smaller for it. */
  if (input != NULL && fstat (input->fd, &info) == 0 && (guint64) info.st_size > max)
    {
      qs_file_set_too_large (path, max, error);
      return NULL;
    }
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
          qs_file_set_too_large (path, max, error);
          return NULL;
        }
      if (got == 0)
        return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
    }
  return NULL;
}
