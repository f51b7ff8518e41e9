/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "live-peer.h"

/**
 * What a fuzzer has the other end of a live connection do: steps of a byte for what and how, two for a length (big-endian), and so
 * many bytes. The program under test gets its turns between them, on the default main context.
 */
typedef struct {
  GSocket *socket;       /* UDP, not blocking: the other end's */
  GSocketAddress *other; /* whom it sends to; of a server's end that of the last datagram that came */
  LivePeer *peer;
  GByteArray *held; /* to be sent with the next, in one datagram */
} LiveScript;

/* Of STEP_…: in the lower four bits. make-live-corpus.py has them too. */
enum {
  LIVE_HONEST,    /* reads what came, and sends what is due; bytes: none */
  LIVE_RAW,       /* the bytes as a datagram */
  LIVE_INITIAL,   /* frames in a packet of this type */
  LIVE_HANDSHAKE, /* … */
  LIVE_SHORT,     /* … */
  LIVE_STREAM,    /* a stream's number, and what comes next on it */
  LIVE_MESSAGE,   /* a level, and what TLS says next there */
  LIVE_UPDATE,    /* of the keys */
  LIVE_RETRY,     /* token */
  LIVE_VERSIONS,  /* list */
  LIVE_DEAF,      /* what came is thrown away */
  LIVE_N_STEPS,
};
#define LIVE_SKIP 0x10   /* a hundred packet numbers are left out */
#define LIVE_HOLD 0x20   /* to be sent together with the next */
#define LIVE_FIN 0x40    /* the stream ends */
#define LIVE_REPEAT 0x80 /* the same datagram, LIVE_N_REPEATS times */
#define LIVE_N_REPEATS 16

void live_script_init (LiveScript *self, gboolean server, const char *alpn);
void live_script_clear (LiveScript *self);
guint16 live_script_get_port (LiveScript *self);
/* Honest rounds until both ends are up, or nothing moves any more. */
void live_script_shake_hands (LiveScript *self);
void live_script_run (LiveScript *self, const guint8 *data, gsize size);

/* The program gets as many turns as it wants, up to a bound, without waiting. */
void live_turn (void);
/* The same once what was written to a socket of TCP has arrived. */
void live_turn_after (GSocket *socket);
/* The same, and then waits a little for something to read. */
void live_wait (GSocket *socket);
