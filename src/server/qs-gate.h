/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <openssl/bio.h>

#include "net/qs-udp-bio.h"

G_BEGIN_DECLS

/**
 * QsGate:
 *
 * Stands between a server's socket and OpenSSL, and keeps account of every address that has not proved yet that it is its
 * sender's. It lets out no more than three times what came from there (RFC 9000 section 8.1; OpenSSL 3.5.7 counts more as
 * received than that): what is beyond waits for more to come in. An address is proved by a packet that goes to a connection
 * id of 64 bits which we have chosen and sent there.
 *
 * Where a server does without Retry it has two listeners on the one socket, and the gate knows which one a datagram is for:
 * the open one while few handshakes are under way, the strict one, which sends Retry and keeps no state, beyond.
 *
 * What an address sends may cost OpenSSL far more than it is long. Who goes on with that has its datagrams dropped for most of the time, so
 * that others are served.
 *
 * All of it runs in the thread of the server, under OpenSSL's lock.
 */
typedef struct _QsGate QsGate;

/* Handshakes under way at the open listener before the strict one takes new ones: some 150 KiB each. */
#define QS_GATE_HALF_OPEN 128
/* Addresses that are known: of unproved and of proved ones. */
#define QS_GATE_UNPROVED 8192
#define QS_GATE_PROVED 4096

QsGate *qs_gate_new (void);
void qs_gate_free (QsGate *self); /* after both listeners */

/* (transfer full): below must be a QsUdpBio's. */
BIO *qs_gate_push_open (QsGate *self, BIO *below);
/* For a second listener, that sends Retry. below is the same socket; it reads nothing, and is given what the open one read
 * for it: see qs_gate_has_for_strict(). */
BIO *qs_gate_push_strict (QsGate *self, BIO *below);

/* How many handshakes are under way at the open listener: told after each round of accepting. */
void qs_gate_set_half_open (QsGate *self, guint n);
/* Datagrams wait for the strict listener: its events are to be handled. */
gboolean qs_gate_has_for_strict (const QsGate *self);
/* How many first flights went to the strict one. */
guint64 qs_gate_get_n_turned (const QsGate *self);

G_END_DECLS
