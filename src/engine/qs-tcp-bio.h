/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <openssl/bio.h>

#include "net/qs-udp-bio.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* Bytes as they were written to or read from the socket, in order. length 0 when received: the peer's FIN. */
typedef struct {
  void (*segment) (QsDirection direction, const guint8 *bytes, gsize length, gpointer data);
  void (*error) (int error, gpointer data); /* a socket call failed for good: errno */
  QsIcmpFunc icmp;                          /* what refused it in place of a TCP, while it was connecting */
} QsTcpRecorder;

/**
 * QsTcpBio: a TCP socket of ours under TLS, that a recorder sees. Nonblocking, or, when it waits, blocking
 * in poll(2) together with an event that another thread can raise; then reads and writes that were ended
 * so ask for a retry. Reference counted.
 */
typedef struct _QsTcpBio QsTcpBio;

/* Starts connecting. waits: blocking. */
/* max_segment: bytes of a segment, told to the peer as well (RFC 9293 section 3.7.1); 0: as the path has it. */
QsTcpBio *qs_tcp_bio_new (GSocketAddress *peer, gboolean waits, guint max_segment, GError **error);
QsTcpBio *qs_tcp_bio_ref (QsTcpBio *self);
void qs_tcp_bio_unref (QsTcpBio *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsTcpBio, qs_tcp_bio_unref)

BIO *qs_tcp_bio_new_bio (QsTcpBio *self); /* (transfer full) */
int qs_tcp_bio_get_fd (QsTcpBio *self);
GSocketAddress *qs_tcp_bio_dup_local_address (QsTcpBio *self);
void qs_tcp_bio_set_recorder (QsTcpBio *self, const QsTcpRecorder *vtable, gpointer data);

/* The connection's progress: 0 it is there, EINPROGRESS, or the errno that ended it. */
int qs_tcp_bio_check_connected (QsTcpBio *self);
/* Reads and records what has come already, up to so many bytes: a TLS stack reads no further than to where it knows that
 * it is not TLS. */
void qs_tcp_bio_drain (QsTcpBio *self, gsize most);
/* Sleeps until condition holds (POLLIN, POLLOUT) or it is woken. */
void qs_tcp_bio_wait (QsTcpBio *self, short condition);

/* --- Any thread --- */
void qs_tcp_bio_wake (QsTcpBio *self);   /* ends a running wait, or the next one */
void qs_tcp_bio_cancel (QsTcpBio *self); /* every later use fails with ECANCELED */

G_END_DECLS
