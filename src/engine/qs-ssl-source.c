/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-ssl-source.h"

#include <glib-unix.h>
#include <openssl/err.h>

#include "base/qs-slice.h"

/* Below drawing (GTK draws at HIGH_IDLE + 20), so that a download at full speed does not starve a window; above background
 * slices, which would take their half of the time from it. They get one round in so many of a loop that never rests. */
#define PRIORITY (G_PRIORITY_HIGH_IDLE + 25)
#define PRIORITY_SHARED (G_PRIORITY_HIGH_IDLE + 30)
#define SHARE_EVERY 16

typedef struct {
  GSource source;
  guint n_busy; /* dispatches in a row that had more to do */
  SSL *leader;
  QsUdpBio *bio;
  gpointer read_tag, write_tag; /* the poll descriptor may be an epoll of the socket; writing polls the socket */
  int read_fd, write_fd;
  guint64 n_dispatches;
} QsSslSource;

static int
descriptor_fd (SSL *ssl, gboolean writing)
{
  BIO_POLL_DESCRIPTOR descriptor = { 0 };
  int known = writing ? SSL_get_wpoll_descriptor (ssl, &descriptor) : SSL_get_rpoll_descriptor (ssl, &descriptor);

  return known && descriptor.type == BIO_POLL_DESCRIPTOR_TYPE_SOCK_FD ? descriptor.value.fd : -1;
}

static gint64
next_ready_time (SSL *ssl)
{
  struct timeval timeout;
  int infinite = 1;

  if (!SSL_get_event_timeout (ssl, &timeout, &infinite) || infinite)
    return -1;
  return g_get_monotonic_time () + (gint64) timeout.tv_sec * G_USEC_PER_SEC + timeout.tv_usec;
}

/* Derives anew what to wait for. SSL_get_event_timeout tells a cached deadline of the last SSL_handle_events, so
 * this comes after one. */
static void
sync_wait (QsSslSource *self, gboolean again)
{
  gint64 paused_until = qs_udp_bio_get_paused_until (self->bio);
  gboolean paused = paused_until > g_get_monotonic_time ();
  GIOCondition read = SSL_net_read_desired (self->leader) && !paused ? G_IO_IN | G_IO_ERR : 0;
  GIOCondition write = SSL_net_write_desired (self->leader) ? G_IO_OUT : 0;

  if (self->write_fd == self->read_fd)
    g_source_modify_unix_fd (&self->source, self->read_tag, read | write);
  else
    {
      g_source_modify_unix_fd (&self->source, self->read_tag, read);
      g_source_modify_unix_fd (&self->source, self->write_tag, write);
    }
  gint64 ready = again ? 0 : next_ready_time (self->leader);
  if (paused && (ready < 0 || paused_until < ready))
    ready = paused_until;
  g_source_set_ready_time (&self->source, ready);
}

static void
share_loop (QsSslSource *self, gboolean again)
{
  gboolean was_shared = self->n_busy > 0 && self->n_busy % SHARE_EVERY == 0;

  self->n_busy = again ? self->n_busy + 1 : 0;
  gboolean shared = self->n_busy > 0 && self->n_busy % SHARE_EVERY == 0;
  if (shared != was_shared)
    g_source_set_priority (&self->source, shared ? PRIORITY_SHARED : PRIORITY);
}

static gboolean
qs_ssl_source_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  QsSslSource *self = (QsSslSource *) source;
  QsSslSourceFunc func = (QsSslSourceFunc) (void (*) (void)) callback;
  gint64 deadline = g_get_monotonic_time () + QS_SLICE_BUDGET_US;
  gboolean again;

  self->n_dispatches++;
  do
    {
      ERR_clear_error ();
      SSL_handle_events (self->leader);
      guint64 received = qs_udp_bio_get_n_received (self->bio);
      QsSslSourceResult result = func (deadline, data);
      if (result == QS_SSL_SOURCE_REMOVE || g_source_is_destroyed (source))
        return G_SOURCE_REMOVE;
      /* Reads and writes of the owner's may have ticked the engine: what came then nobody has looked at. */
      again = result == QS_SSL_SOURCE_AGAIN || qs_udp_bio_has_pending (self->bio) ||
              qs_udp_bio_get_n_received (self->bio) != received;
    }
  while (again && g_get_monotonic_time () < deadline);

  sync_wait (self, again);
  share_loop (self, again);
  return G_SOURCE_CONTINUE;
}

static void
qs_ssl_source_finalize (GSource *source)
{
  QsSslSource *self = (QsSslSource *) source;

  g_clear_pointer (&self->bio, qs_udp_bio_unref);
}

static GSourceFuncs qs_ssl_source_funcs = {
  .dispatch = qs_ssl_source_dispatch,
  .finalize = qs_ssl_source_finalize,
};

GSource *
qs_ssl_source_new (SSL *leader, QsUdpBio *bio, const char *name, QsSslSourceFunc func, gpointer data,
                   GDestroyNotify destroy)
{
  g_return_val_if_fail (leader != NULL && bio != NULL && func != NULL, NULL);

  GSource *source = g_source_new (&qs_ssl_source_funcs, sizeof (QsSslSource));
  QsSslSource *self = (QsSslSource *) source;

  self->leader = leader;
  self->bio = qs_udp_bio_ref (bio);
  self->read_fd = descriptor_fd (leader, FALSE);
  self->write_fd = descriptor_fd (leader, TRUE);
  g_assert (self->read_fd >= 0 && self->write_fd >= 0);
  self->read_tag = g_source_add_unix_fd (source, self->read_fd, G_IO_IN);
  if (self->write_fd != self->read_fd)
    self->write_tag = g_source_add_unix_fd (source, self->write_fd, 0);
  g_source_set_static_name (source, name);
  g_source_set_priority (source, PRIORITY);
  g_source_set_callback (source, (GSourceFunc) (void (*) (void)) func, data, destroy);
  g_source_set_ready_time (source, 0);
  return source;
}

void
qs_ssl_source_kick (GSource *source)
{
  g_return_if_fail (source != NULL);
  g_source_set_ready_time (source, 0);
}

guint64
qs_ssl_source_get_n_dispatches (GSource *source)
{
  g_return_val_if_fail (source != NULL, 0);
  return ((QsSslSource *) source)->n_dispatches;
}
