/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <openssl/bio.h>
#include <sys/socket.h>

#include "trace/qs-trace.h"

#include "base/qs-clock.h"

G_BEGIN_DECLS

/**
 * QsUdpBio:
 *
 * A UDP socket of ours under OpenSSL's QUIC, in place of BIO_s_datagram: it stamps each datagram with the
 * kernel's receive time and ECN mark, hands ICMP errors on with the address of who sent them, lets a
 * recorder see every datagram, and lets an impairment drop, delay or alter each of them.
 *
 * Connected, for a client of one target: an ICMP port unreachable ends the connection at once. Not
 * connected, for a listener and for sockets that several connections share: ICMP errors are reported and
 * survived, and each datagram is answered from the address that it was sent to.
 *
 * Reference counted. The recorder and the impairment are called by whichever thread runs OpenSSL, under
 * OpenSSL's engine lock: they must not call into OpenSSL (SSL_get_event_timeout and the like deadlock).
 */
typedef struct _QsUdpBio QsUdpBio;

typedef enum {
  QS_UDP_BIO_PLAIN = 0,
  /* qs_udp_bio_wake() and qs_udp_bio_cancel() end a poll on qs_udp_bio_get_poll_fd(). Implied by an impairment. */
  QS_UDP_BIO_WAKEABLE = 1 << 0,
} QsUdpBioFlags;

/* A datagram as a recorder or an impairment sees it; borrowed for the call. */
typedef struct {
  gint64 time; /* nanoseconds since 1970: the kernel's own stamp when received */
  QsDirection direction;
  const struct sockaddr *peer; /* sockaddr_in or sockaddr_in6, never NULL */
  guint8 ecn;                  /* the two ECN bits */
  QsFate fate;                 /* what the impairment did with it */
  const guint8 *data;
  gsize length;
} QsUdpDatagram;

/* An ICMP error, or what the kernel itself said about the route (then type is 0 and offender NULL). */
typedef struct {
  gint64 time;                     /* nanoseconds since 1970 */
  const char *name;                /* "port-unreachable", "host-unreachable", "net-unreachable", "admin-prohibited",
                                      "too-big", "time-exceeded", "parameter-problem", "other" */
  guint8 type, code;               /* of ICMP, or of ICMPv6 where the offender is an IPv6 address */
  int error;                       /* the errno that the kernel made of it */
  guint32 mtu;                     /* too-big: the MTU that was named, else 0 */
  const struct sockaddr *peer;     /* whom our datagram was for */
  const struct sockaddr *offender; /* who sent the ICMP message; NULL when not known */
} QsUdpIcmp;

typedef void (*QsIcmpFunc) (const QsUdpIcmp *icmp,
                            gpointer data); /* time is 0; peer's family is AF_UNSPEC where it is not told */

/* Empties the error queue of a socket with IP_RECVERR or IPV6_RECVERR, and calls func for each; over TCP there is one while it connects
 * (ip(7) denies it: Linux has had it since 5.9). Returns the last errno that came from the network; 0: none did. */
int qs_icmp_drain (int fd, QsIcmpFunc func, gpointer data);

typedef struct {
  void (*datagram) (QsUdpBio *bio, const QsUdpDatagram *datagram, gpointer data);
  void (*icmp) (QsUdpBio *bio, const QsUdpIcmp *icmp, gpointer data);
  void (*error) (QsUdpBio *bio, int error, gpointer data); /* a socket call failed for good: errno */
  void (*rebound) (QsUdpBio *bio, gpointer data);          /* it has another local port now */
} QsUdpRecorder;

/**
 * QsUdpImpairment:
 *
 * Decides about each datagram by calling qs_udp_bio_pass() any number of times: never drops it, twice
 * duplicates it. Returns the fate that is recorded. A datagram that is sent is recorded once, as OpenSSL
 * made it, with its fate; one that was received is recorded as delivered, when it is delivered (or when it
 * came, if dropped).
 */
typedef struct {
  QsFate (*impair) (QsUdpBio *bio, const QsUdpDatagram *datagram, gpointer data);
} QsUdpImpairment;

/* family: AF_INET, or AF_INET6 (which takes both families unless it is connected or bound to a v6 address). */
QsUdpBio *qs_udp_bio_new (int family, QsUdpBioFlags flags, GError **error);
QsUdpBio *qs_udp_bio_ref (QsUdpBio *self);
void qs_udp_bio_unref (QsUdpBio *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsUdpBio, qs_udp_bio_unref)

/* Each may fail with G_IO_ERROR made from errno. */
gboolean qs_udp_bio_bind (QsUdpBio *self, GSocketAddress *address, GError **error);
gboolean qs_udp_bio_connect (QsUdpBio *self, GSocketAddress *peer, GError **error);
GSocketAddress *qs_udp_bio_dup_local_address (QsUdpBio *self); /* NULL while it has none */

/* (transfer full): for SSL_set_bio (ssl, bio, bio), which takes one reference for both uses.
 * The BIO keeps self alive; the socket is closed with the last of both. */
BIO *qs_udp_bio_new_bio (QsUdpBio *self);

int qs_udp_bio_get_fd (QsUdpBio *self);      /* the socket */
int qs_udp_bio_get_poll_fd (QsUdpBio *self); /* what to poll for reading: the socket, or an epoll that includes it */

/* Before the BIO is in use. vtable is static; data is freed with destroy when replaced or with the last reference. */
/* Whose time what is sent is stamped with, and with it what impairments count from; the real one unless set. */
void qs_udp_bio_set_clock (QsUdpBio *self, QsClock *clock);
void qs_udp_bio_set_recorder (QsUdpBio *self, const QsUdpRecorder *vtable, gpointer data, GDestroyNotify destroy);
gboolean qs_udp_bio_set_impairment (QsUdpBio *self, const QsUdpImpairment *vtable, gpointer data,
                                    GDestroyNotify destroy, GError **error);

/* What stands there by this vtable: its data, to be changed by the thread that runs the BIO; NULL: none, or another one's. */
gpointer qs_udp_bio_get_impairment (QsUdpBio *self, const QsUdpImpairment *vtable);

/* From within QsUdpImpairment.impair: lets bytes pass, after delay_ns (0: now) and with these ECN bits. */
void qs_udp_bio_pass (QsUdpBio *self, const QsUdpDatagram *datagram, const guint8 *bytes, gsize length, guint8 ecn,
                      gint64 delay_ns);
/* Likewise: the monotonic time in microseconds from which its delays count. */
gint64 qs_udp_bio_get_impaired_at (QsUdpBio *self);

/* Marks what is sent (0 none, 2 ECT(0), 1 ECT(1)) and records it so. OpenSSL does not react to CE marks, so this is for
 * looking at what becomes of marks on the way. */
gboolean qs_udp_bio_set_ecn (QsUdpBio *self, guint8 ecn);

/* Connected: the socket gets another local port, as if a NAT on the way had forgotten its mapping; what comes to the old
 * one is lost. From within an impairment or before the BIO is in use. FALSE: it could not, and all is as before. */
gboolean qs_udp_bio_rebind (QsUdpBio *self);

/* Connected: an unconnected socket of the same local address and port (transfer full), which gets what the connected one
 * must not see: datagrams from other addresses than the one asked. Any thread. NULL with G_IO_ERROR. */
GSocket *qs_udp_bio_open_twin (QsUdpBio *self, GError **error);

/* Deaf: reads find nothing. A connection that receives a packet between its close and the tick that would send
 * CONNECTION_CLOSE counts the bytes against it (RFC 9000 section 10.2.1 bounds the answers to a closed connection),
 * and OpenSSL then may never send the first one. So: close, be deaf, SSL_handle_events, hear again. */
void qs_udp_bio_set_deaf (QsUdpBio *self, gboolean deaf);
/* From now on what is sent leaves from another loopback address with the same port number, or where there is none from another
 * port: as a server does that is bound to the wildcard of a host with several addresses. FALSE with G_IO_ERROR. */
gboolean qs_udp_bio_answer_elsewhere (QsUdpBio *self, GError **error);
/* Hands on what came (at most 32 datagrams) only so long after it did so the last time; the rest waits in the socket. 0:
 * at once. A QsSslSource sleeps through the pauses; for others qs_udp_bio_get_paused_until() is there (monotonic, 0: never). */
void qs_udp_bio_set_pace (QsUdpBio *self, gint64 us);
gint64 qs_udp_bio_get_paused_until (QsUdpBio *self);

/* Whether datagrams are held already or the last read was a full batch: SSL_handle_events reads at most 32
 * and its timeout does not tell that more wait. */
gboolean qs_udp_bio_has_pending (QsUdpBio *self);

/* --- The thread that owns the connection, WAKEABLE --- */

/* Sleeps until something comes, somebody wakes, timeout_us (-1: none) is over, or, if it writes, the socket takes datagrams
 * again. From the first time on, datagrams that another thread in OpenSSL (its assisting one) has taken off the socket end it
 * too, until qs_udp_bio_end_waits(). */
void qs_udp_bio_wait (QsUdpBio *self, gint64 timeout_us, gboolean writes);
void qs_udp_bio_end_waits (QsUdpBio *self);

/* --- Any thread --- */

/* Ends a running poll; until qs_udp_bio_clear_wake() every poll ends at once, and SSL_poll, where one is used, fails. WAKEABLE only. */
void qs_udp_bio_wake (QsUdpBio *self);
void qs_udp_bio_clear_wake (QsUdpBio *self);
/* Every later use by OpenSSL fails with ECANCELED. Ends a running poll too where WAKEABLE. */
void qs_udp_bio_cancel (QsUdpBio *self);

guint64 qs_udp_bio_get_n_received (QsUdpBio *self); /* datagrams that reached OpenSSL */

/* (transfer full): a sockaddr as GIO has it. */
GSocketAddress *qs_sockaddr_to_gio (const struct sockaddr *address);
gsize qs_sockaddr_length (const struct sockaddr *address);
/* "192.0.2.1:443", "[2001:db8::1]:443" of an inet address (transfer full). */
char *qs_socket_address_to_text (GSocketAddress *address);

G_END_DECLS
