/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <openssl/bio.h>

#include "server/qs-scenario-private.h"

G_BEGIN_DECLS

/**
 * QsWireFault:
 *
 * A BIO between OpenSSL's listener and its socket, for the scenarios that need datagrams dropped, answered by hand or
 * changed. It is there only where a scenario wants it. What it sends passes the socket's recorder and impairments
 * like all else. Its methods run under OpenSSL's lock, in the endpoint's thread.
 */
typedef struct _QsWireFault QsWireFault;

/* What the endpoint knows of a peer ("192.0.2.1:4433"): SERVER_TRAFFIC_SECRET_0 and the length of the client's
 * connection id. FALSE while it does not. */
typedef gboolean (*QsWireSecretFunc) (const char *peer, QsSpan *secret, guint8 *cid_length, gpointer data);

QsWireFault *qs_wire_fault_new (const QsBehaviour *behaviour, QsWireSecretFunc func, gpointer data);
void qs_wire_fault_free (QsWireFault *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsWireFault, qs_wire_fault_free)

/* (transfer full): below (transfer full) becomes the next of the chain. The fault must outlive it. */
BIO *qs_wire_fault_push (QsWireFault *self, BIO *below);

/* The handshake with this peer is complete. */
void qs_wire_fault_established (QsWireFault *self, const char *peer);
/* Puts frames into the next 1-RTT packet to this peer that has room for them. */
void qs_wire_fault_add_frames (QsWireFault *self, const char *peer, GBytes *frames);
/* Whether this host has thrown away what it knew of the peer. */
gboolean qs_wire_fault_has_lost (QsWireFault *self, const char *peer);

G_END_DECLS
