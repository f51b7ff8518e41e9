/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-mapped-file.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_FILES 256 /* mapped at one time */
#define AHEAD \
  ((gsize) 16 << 20) /* bytes that are mapped before they are read; of files that are larger than twice as much */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14; before it nothing is mapped ahead */
#endif

struct _QsMappedFile {
  guint8 *bytes;
  gsize size;
  atomic_size_t whole; /* bytes from the start that the file still has */
  guint slot;
  int fd;
  gsize expected; /* mapped ahead so far, or asked for */
};

/* --- SIGBUS --------------------------------------------------------------------------------- */

/* What the handler may look at: it runs in whichever thread touched the page, between any two instructions. */
static _Atomic (QsMappedFile *) files[MOST_FILES];
static struct sigaction before;

/* From at on there are zeros. mmap() is a system call and nothing else, which a handler may make. */
static gboolean
cut (QsMappedFile *self, gsize at)
{
  gsize whole = atomic_load (&self->whole);

  while (at < whole && !atomic_compare_exchange_weak (&self->whole, &whole, at))
    ;
  gsize page = (gsize) sysconf (_SC_PAGESIZE);
  gsize from = (at + page - 1) / page * page;
  return from >= self->size || mmap (self->bytes + from, self->size - from, PROT_READ,
                                     MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static void
bus_cb (int number, siginfo_t *info, void *context)
{
  const guint8 *at = info->si_addr;

  for (guint i = 0; i < MOST_FILES; i++)
    {
      QsMappedFile *file = atomic_load (&files[i]);

      if (file == NULL || at < file->bytes || at >= file->bytes + file->size)
        continue;
      gsize page = (gsize) sysconf (_SC_PAGESIZE);
      int saved = errno;
      gboolean done = cut (file, (gsize) (at - file->bytes) / page * page);
      errno = saved;
      if (done)
        return;
      break; /* no memory for zeros: else it would come again for ever */
    }
  if ((before.sa_flags & SA_SIGINFO) != 0 && before.sa_sigaction != NULL)
    before.sa_sigaction (number, info, context);
  else
    sigaction (SIGBUS, &before, NULL); /* it comes again at once, and meets what was there before us */
}

static void
guard (void)
{
  static gsize guarded;

  if (!g_once_init_enter (&guarded))
    return;
  struct sigaction action = { .sa_sigaction = bus_cb, .sa_flags = SA_SIGINFO | SA_NODEFER };
  sigemptyset (&action.sa_mask);
  sigaction (SIGBUS, &action, &before);
  g_once_init_leave (&guarded, 1);
}

static gboolean
enter (QsMappedFile *self)
{
  for (self->slot = 0; self->slot < MOST_FILES; self->slot++)
    {
      QsMappedFile *none = NULL;
      if (atomic_compare_exchange_strong (&files[self->slot], &none, self))
        return TRUE;
    }
  return FALSE;
}

/* --- Public --------------------------------------------------------------------------------- */

QsMappedFile *
qs_mapped_file_new (int fd)
{
  struct stat info;

  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode) || info.st_size <= 0 ||
      (guint64) info.st_size > (guint64) G_MAXSSIZE)
    return NULL;
  gsize size = (gsize) info.st_size;
  int own = dup (fd);
  guint8 *bytes = own >= 0 ? mmap (NULL, size, PROT_READ, MAP_PRIVATE, own, 0) : MAP_FAILED;
  if (bytes == MAP_FAILED)
    {
      if (own >= 0)
        close (own);
      return NULL;
    }
  QsMappedFile *self = g_atomic_rc_box_new0 (QsMappedFile);
  self->bytes = bytes;
  self->size = size;
  self->fd = own;
  atomic_init (&self->whole, size);
  guard ();
  if (enter (self))
    return self;
  qs_mapped_file_unref (self);
  return NULL;
}

QsMappedFile *
qs_mapped_file_ref (QsMappedFile *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clear (gpointer data)
{
  QsMappedFile *self = data;

  if (self->slot < MOST_FILES)
    atomic_store (&files[self->slot], NULL);
  munmap (self->bytes, self->size);
  close (self->fd);
}

void
qs_mapped_file_unref (QsMappedFile *self)
{
  g_atomic_rc_box_release_full (self, clear);
}

const guint8 *
qs_mapped_file_get_bytes (const QsMappedFile *self)
{
  return self->bytes;
}

gsize
qs_mapped_file_get_size (const QsMappedFile *self)
{
  return self->size;
}

gboolean
qs_mapped_file_contains (const QsMappedFile *self, const guint8 *bytes, gsize length)
{
  return bytes >= self->bytes && bytes < self->bytes + self->size &&
         length <= self->size - (gsize) (bytes - self->bytes);
}

void
qs_mapped_file_look (QsMappedFile *self)
{
  struct stat info;

  if (fstat (self->fd, &info) == 0 && info.st_size >= 0 && (gsize) info.st_size < atomic_load (&self->whole))
    cut (self, (gsize) info.st_size);
}

gboolean
qs_mapped_file_is_cut (const QsMappedFile *self, const guint8 *bytes, gsize length)
{
  gsize whole = atomic_load_explicit (&self->whole, memory_order_relaxed);

  return whole < self->size && bytes + length > self->bytes + whole;
}

void
qs_mapped_file_pass (QsMappedFile *self, const guint8 *from, const guint8 *to)
{
  gsize page = (gsize) sysconf (_SC_PAGESIZE);

  if (from < self->bytes || to > self->bytes + self->size || from >= to)
    return;
  gsize start = (gsize) (from - self->bytes) / page * page, end = (gsize) (to - self->bytes) / page * page;
  if (start < end)
    madvise (self->bytes + start, end - start, MADV_DONTNEED);
}

/* --- Ahead ---------------------------------------------------------------------------------- */

typedef struct {
  QsMappedFile *file;
  gsize from, length;
} Ahead;

static void
map_ahead_cb (gpointer data, gpointer unused)
{
  Ahead *ahead = data;

  madvise (ahead->file->bytes + ahead->from, ahead->length, MADV_POPULATE_READ);
  qs_mapped_file_unref (ahead->file);
  g_free (ahead);
}

void
qs_mapped_file_expect (QsMappedFile *self, const guint8 *from)
{
  static GThreadPool *pool;
  gsize page = (gsize) sysconf (_SC_PAGESIZE), at = (gsize) (from - self->bytes) / page * page;

  if (self->size < 2 * AHEAD || at >= self->size)
    return;
  if (at + AHEAD < self->expected) /* from further back, once more */
    self->expected = at;
  if (at + AHEAD / 2 < self->expected || self->expected == self->size)
    return;
  if (g_once_init_enter (&pool))
    {
      GThreadPool *made = g_thread_pool_new (map_ahead_cb, NULL, 1, FALSE, NULL);
      g_once_init_leave (&pool, made);
    }
  Ahead *ahead = g_new (Ahead, 1);
  ahead->file = qs_mapped_file_ref (self);
  ahead->from = MAX (at, self->expected);
  ahead->length = MIN (at + AHEAD, self->size) - ahead->from;
  self->expected = ahead->from + ahead->length;
  g_thread_pool_push (pool, g_steal_pointer (&ahead), NULL);
}
