/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <netinet/in.h>

#include "base/qs-clock.h"
#include "net/qs-udp-bio.h"

G_BEGIN_DECLS

/* OpenSSL hands over and takes at most this many messages a call. */
#define QS_UDP_BATCH 32
/* One read asks for this many buffers; with UDP_GRO each may hold up to 64 KiB of datagrams. */
#define QS_UDP_SLOTS 8
#define QS_UDP_SLOT_SIZE 65536

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} QsSockaddr;

/* What one receive returned: one datagram, or with GRO a train of equally long ones. */
typedef struct {
  guint8 *data;
  gsize length;
  gsize segment;
  gsize offset; /* what was handed on already */
  gint64 time;
  guint8 ecn;
  QsSockaddr peer;
  QsSockaddr local; /* family AF_UNSPEC where not known */
} QsUdpSlot;

/* A datagram that an impairment let pass, waiting for its time. */
typedef struct {
  gint64 due; /* monotonic microseconds */
  gint64 time;
  QsFate fate;
  guint8 ecn;
  QsSockaddr peer;
  QsSockaddr local;
  gsize length;
  guint8 data[];
} QsUdpHeld;

struct _QsUdpBio {
  gatomicrefcount ref_count;
  QsClock *clock; /* what is sent is stamped with; the kernel stamps what is received */
  int family;
  int fd;
  int elsewhere_fd; /* -1, or the socket that sends in its place */
  int wake_fd;      /* an eventfd, -1 unless wakeable: somebody woke or cancelled */
  int more_fd;      /* likewise: more is held than OpenSSL could take */
  int timer_fd;     /* -1 unless impaired */
  int epoll_fd;     /* -1 unless either */
  gboolean connected;
  QsSockaddr peer;      /* when connected */
  gboolean wants_local; /* OpenSSL asked for local addresses */
  guint16 local_port;   /* network order */
  guint8 ecn;           /* what is sent is marked with */
  gboolean segments;    /* UDP_SEGMENT works here, as far as is known */
  int error;            /* errno of a failure that was for good */
  guint64 n_received;
  gboolean deaf;
  gint64 pace_us;   /* 0: none */
  gint64 last_read; /* monotonic: something was handed on */

  GThread *sleeper; /* atomic: who sleeps in qs_udp_bio_wait() between its turns, NULL: nobody */
  gint cancelled;   /* atomic */
  gint woken;       /* atomic */

  const QsUdpRecorder *recorder;
  gpointer recorder_data;
  GDestroyNotify recorder_destroy;

  guint8 *buffer; /* of all slots, made with the first read */
  QsUdpSlot slots[QS_UDP_SLOTS];
  guint n_slots, next_slot;
  gboolean last_read_was_full;
  guint batch;          /* datagrams that OpenSSL is handed at once */
  gint64 handed_at_cpu; /* what the thread had used when it was handed the last ones, ns; 0: none */
  GThread *handed_to;   /* not owned */

  const QsUdpImpairment *impairment;
  gpointer impairment_data;
  GDestroyNotify impairment_destroy;
  GQueue held_in, held_out; /* QsUdpHeld by due time */
  gint64 impaired_at;       /* monotonic microseconds: when it began to look at that */
  QsUdpSlot *impaired_slot; /* whose datagram the impairment looks at now */
  const QsSockaddr *impaired_local;
};

/* --- qs-udp-address.c --- */

void qs_sockaddr_to_bio (const QsSockaddr *from, BIO_ADDR *to);
gboolean qs_sockaddr_from_bio (const BIO_ADDR *from, int family, QsSockaddr *to);

/* --- qs-udp-receive.c --- */

/* Reads a batch into the slots. Returns how many, 0 when there is nothing, -1 when the socket failed for good. */
int qs_udp_bio_fill_slots (QsUdpBio *self);
/* Hands on the next datagram that is due. FALSE: there is none. */
gboolean qs_udp_bio_receive_one (QsUdpBio *self, BIO_MSG *message);

/* --- qs-udp-icmp.c --- */

/* Reads the socket's error queue empty; the errno of the last that came over the network, 0: none. */
int qs_udp_bio_drain_errors (QsUdpBio *self);

/* --- qs-udp-send.c --- */

/* Sends what it can; returns how many of the messages are dealt with, or -1 with errno when the
 * socket failed for good. 0: would block. */
gssize qs_udp_bio_send_batch (QsUdpBio *self, const BIO_MSG *messages, gsize stride, gsize n);
/* One datagram, as an impairment lets it go; what cannot be sent is lost. */
void qs_udp_bio_send_one (QsUdpBio *self, const QsUdpHeld *held);
/* Whether errno of a socket call ends the connection; the recorder is told. */
gboolean qs_udp_bio_error_is_fatal (QsUdpBio *self, int error, gboolean sending);

/* --- qs-udp-impair.c --- */

/* Sends what is due and sets the timer for the rest. */
void qs_udp_bio_run_held (QsUdpBio *self);
void qs_udp_bio_impair_sent (QsUdpBio *self, const QsUdpDatagram *datagram, const QsSockaddr *local);
void qs_udp_bio_impair_received (QsUdpBio *self, QsUdpSlot *slot, const QsUdpDatagram *datagram);
/* What was on its way to the old port of a socket that has a new one. */
void qs_udp_bio_lose_received (QsUdpBio *self);
QsUdpHeld *qs_udp_bio_pop_received (QsUdpBio *self); /* the next one that is due (g_free) */

gint64 qs_udp_now (QsUdpBio *self); /* nanoseconds since 1970, by its clock */
void qs_udp_bio_record (QsUdpBio *self, const QsUdpDatagram *datagram);

G_END_DECLS
