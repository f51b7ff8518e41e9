/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ThreadSanitizer has to know of GLib, in a build with -Db_sanitize=thread alone. GLib's locks are futexes of its own making, its
 * counts of references atomic operations; it is not built with the sanitizer, which so sees neither, and would take all that they
 * order for races. These stand in for the functions of the same names where our code calls them, tell the sanitizer, and go on to
 * the real ones. Threads, and the eventfd that wakes a loop, it sees by itself. */
#include <dlfcn.h>
#include <glib-object.h>
#include <sanitizer/tsan_interface.h>

#define REAL(name)                          \
  static __typeof__ (&name) real;           \
  if (g_atomic_pointer_get (&real) == NULL) \
  g_atomic_pointer_set (&real, (__typeof__ (real)) dlsym (RTLD_NEXT, #name))

/* --- Locks --- */

void
g_mutex_lock (GMutex *mutex)
{
  REAL (g_mutex_lock);
  __tsan_mutex_pre_lock (mutex, 0);
  real (mutex);
  __tsan_mutex_post_lock (mutex, 0, 0);
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  REAL (g_mutex_trylock);
  __tsan_mutex_pre_lock (mutex, __tsan_mutex_try_lock);
  gboolean locked = real (mutex);
  __tsan_mutex_post_lock (mutex, locked ? __tsan_mutex_try_lock : __tsan_mutex_try_lock | __tsan_mutex_try_lock_failed,
                          0);
  return locked;
}

void
g_mutex_unlock (GMutex *mutex)
{
  REAL (g_mutex_unlock);
  __tsan_mutex_pre_unlock (mutex, 0);
  real (mutex);
  __tsan_mutex_post_unlock (mutex, 0);
}

void
g_mutex_clear (GMutex *mutex)
{
  REAL (g_mutex_clear);
  __tsan_mutex_destroy (mutex, 0);
  real (mutex);
}

void
g_rec_mutex_lock (GRecMutex *mutex)
{
  REAL (g_rec_mutex_lock);
  __tsan_mutex_pre_lock (mutex, __tsan_mutex_write_reentrant);
  real (mutex);
  __tsan_mutex_post_lock (mutex, __tsan_mutex_write_reentrant, 1);
}

void
g_rec_mutex_unlock (GRecMutex *mutex)
{
  REAL (g_rec_mutex_unlock);
  __tsan_mutex_pre_unlock (mutex, 0);
  real (mutex);
  __tsan_mutex_post_unlock (mutex, 0);
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  REAL (g_cond_wait);
  __tsan_mutex_pre_unlock (mutex, 0);
  __tsan_mutex_post_unlock (mutex, 0);
  real (cond, mutex);
  __tsan_mutex_pre_lock (mutex, 0);
  __tsan_mutex_post_lock (mutex, 0, 0);
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  REAL (g_cond_wait_until);
  __tsan_mutex_pre_unlock (mutex, 0);
  __tsan_mutex_post_unlock (mutex, 0);
  gboolean signalled = real (cond, mutex, end_time);
  __tsan_mutex_pre_lock (mutex, 0);
  __tsan_mutex_post_lock (mutex, 0, 0);
  return signalled;
}

/* --- Once: the way in that finds it done is an atomic read in the caller itself, which the sanitizer sees --- */

void (g_once_init_leave) (volatile void *location, gsize result)
{
  static void (*real) (volatile void *, gsize);
  if (g_atomic_pointer_get (&real) == NULL)
    g_atomic_pointer_set (&real, (void (*) (volatile void *, gsize)) dlsym (RTLD_NEXT, "g_once_init_leave"));
  __tsan_release ((void *) location);
  real (location, result);
}

/* --- Counts of references: whoever frees comes behind all who let go before --- */

void
g_object_unref (gpointer object)
{
  REAL (g_object_unref);
  __tsan_release (object);
  __tsan_acquire (object);
  real (object);
}

void
g_bytes_unref (GBytes *bytes)
{
  REAL (g_bytes_unref);
  if (bytes != NULL)
    {
      __tsan_release (bytes);
      __tsan_acquire (bytes);
    }
  real (bytes);
}

gboolean (g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  static gboolean (*real) (gatomicrefcount *);
  if (g_atomic_pointer_get (&real) == NULL)
    g_atomic_pointer_set (&real, (gboolean (*) (gatomicrefcount *)) dlsym (RTLD_NEXT, "g_atomic_ref_count_dec"));
  __tsan_release (count);
  gboolean last = real (count);
  if (last)
    __tsan_acquire (count);
  return last;
}

/* --- Pools of threads: what was done before the push is seen by whoever takes it --- */

typedef struct {
  GFunc func;
  gpointer data;
} Pool;

static void
take_cb (gpointer item, gpointer data)
{
  const Pool *pool = data;

  __tsan_acquire (item);
  pool->func (item, pool->data);
}

GThreadPool *
g_thread_pool_new (GFunc func, gpointer data, gint max_threads, gboolean exclusive, GError **error)
{
  REAL (g_thread_pool_new);
  Pool *pool = g_new (Pool, 1); /* as long as the process: pools are */
  *pool = (Pool){ func, data };
  return real (take_cb, pool, max_threads, exclusive, error);
}

gboolean
g_thread_pool_push (GThreadPool *pool, gpointer item, GError **error)
{
  REAL (g_thread_pool_push);
  __tsan_release (item);
  return real (pool, item, error);
}
