/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <openssl/ssl.h>

#include "wire/qs-packet.h"

/**
 * LivePeer: the other end of a live connection, in the same thread, which says what a fuzzer wants it to.
 *
 * The handshake is OpenSSL's (SSL_set_quic_tls_cbs), so that its keys are real ones; packets and frames are ours, so that whatever is
 * wanted can stand in them, at any level that has keys. With live_fix_random() all of it comes out the same each time.
 */
typedef struct LivePeer LivePeer;

/* From here on libcrypto's random numbers are a fixed sequence, which begins anew. */
void live_fix_random (void);

/* alpn: the one that is offered, or chosen whatever is offered. NULL: none is. */
LivePeer *live_peer_new (gboolean server, const char *alpn);
void live_peer_free (LivePeer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LivePeer, live_peer_free)

/* A TLS context with a certificate of localhost, for either side. */
SSL_CTX *live_context_new (gboolean server, const char *alpn);
/* PEM, certificate and key of it: in files that lie in memory, so that there is nothing to clean up. */
const char *live_certificate_path (void);
const char *live_key_path (void);

/* A datagram of the other end's. */
void live_peer_receive (LivePeer *self, QsSpan datagram);
/* The next datagram that an honest end would send: what TLS has to say, acknowledgements. NULL: nothing now. */
GBytes *live_peer_next (LivePeer *self);
/* TLS is done at this end. */
gboolean live_peer_is_up (LivePeer *self);

/* NULL while there are no keys for packets of this type. skip: so many packet numbers are left out. */
GBytes *live_peer_seal (LivePeer *self, QsPacketType type, QsSpan frames, guint skip);
/* In a CRYPTO frame, where TLS's stream stands at this level. */
GBytes *live_peer_seal_message (LivePeer *self, QsPacketType type, QsSpan bytes);
/* In a STREAM frame, where this stream stands. */
GBytes *live_peer_seal_stream (LivePeer *self, guint stream, QsSpan bytes, gboolean fin);
void live_peer_update_keys (LivePeer *self);
/* Of a server: NULL before the first Initial came. */
GBytes *live_peer_retry (LivePeer *self, QsSpan token);
GBytes *live_peer_versions (LivePeer *self, QsSpan versions);
