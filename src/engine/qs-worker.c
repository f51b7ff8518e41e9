/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-worker.h"

#include <stdlib.h>

typedef struct {
  GThread *thread;
  QsConnection *connection; /* NULL: it is over, and its thread about to end */
  void (*func) (QsConnection *connection);
} QsWorker;

static GMutex lock;
static GPtrArray *workers; /* QsWorker, under lock */

static gpointer
thread_cb (gpointer data)
{
  QsWorker *self = data;

  self->func (self->connection);
  /* Not for the lock's holder to free: a trace may hang on it. */
  g_mutex_lock (&lock);
  QsConnection *connection = g_steal_pointer (&self->connection);
  g_mutex_unlock (&lock);
  qs_connection_unref (connection);
  return NULL;
}

static void
join (QsWorker *self)
{
  g_thread_join (self->thread);
  g_free (self);
}

/* Takes those that are over out of the list: joining them takes no time. */
static GPtrArray *
take_over_ones (void)
{
  GPtrArray *over = g_ptr_array_new ();

  for (guint i = workers->len; i > 0; i--)
    if (((QsWorker *) workers->pdata[i - 1])->connection == NULL)
      g_ptr_array_add (over, g_ptr_array_remove_index_fast (workers, i - 1));
  return over;
}

static void
exit_cb (void)
{
  g_mutex_lock (&lock);
  g_autoptr (GPtrArray) all = g_steal_pointer (&workers);
  for (guint i = 0; i < all->len; i++)
    {
      QsWorker *worker = all->pdata[i];
      if (worker->connection != NULL)
        qs_connection_abort (worker->connection);
    }
  g_mutex_unlock (&lock);
  g_ptr_array_foreach (all, (GFunc) (void (*) (void)) join, NULL);
}

void
qs_worker_start (QsConnection *connection, void (*func) (QsConnection *connection))
{
  g_return_if_fail (connection != NULL && func != NULL);

  QsWorker *self = g_new0 (QsWorker, 1);
  self->connection = qs_connection_ref (connection);
  self->func = func;

  g_mutex_lock (&lock);
  if (workers == NULL)
    {
      workers = g_ptr_array_new ();
      atexit (exit_cb); /* before OpenSSL's, which it registered with the first SSL_CTX */
    }
  g_autoptr (GPtrArray) over = take_over_ones ();
  self->thread = g_thread_new ("quicscope-io", thread_cb, self);
  g_ptr_array_add (workers, self);
  g_mutex_unlock (&lock);
  g_ptr_array_foreach (over, (GFunc) (void (*) (void)) join, NULL);
}
