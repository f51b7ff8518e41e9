/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/qs-keys.h"
#include "wire/qs-frame.h"
#include "wire/qs-writer.h"

G_BEGIN_DECLS

/* A QUIC server that says what it is told to: the handshake is OpenSSL's, all packets are its own. One client at a time. */

#define PEER_CID_LENGTH 8
#define PEER_MOST 64
#define PEER_ROOM 1100 /* bytes of frames in a packet of 1-RTT */

typedef enum { PEER_INITIAL, PEER_HANDSHAKE, PEER_APPLICATION, PEER_N_SPACES } PeerSpace;

typedef struct _Peer Peer;

/* What a mode does. Each makes frames, as many as it likes, for one packet; nothing at all: it has had its say. */
typedef void (*PeerFramesFunc) (Peer *peer, GByteArray *frames);

typedef enum {
  PEER_FROM_HELLO, /* Initials in place of ServerHello */
  PEER_FROM_START, /* from the end of the handshake on */
  PEER_FROM_REQUEST,
} PeerMoment;

typedef struct {
  const char *name;
  const char *finding; /* the error that is to be found; NULL: any, or none */
  PeerMoment moment;
  gboolean in_order; /* waits for acknowledgements, and repeats what was lost */
  guint pause_ms;    /* between two packets */
  PeerFramesFunc frames;
  /* Or, in order: bytes of the request's stream, first once and then again and again (NULL: no more). */
  GBytes *(*first) (Peer *peer);
  GBytes *(*again) (Peer *peer);
  guint step; /* bytes of a STREAM frame; 0: as many as there is room for */
  guint most; /* MiB that a client may take for it; 0: PEER_MOST */
} PeerMode;

extern const PeerMode peer_modes[];

struct _Peer {
  const PeerMode *mode;
  guint64 count; /* packets that the mode has made */
  guint64 turn;  /* the mode's own */

  /* Limits that the client set. */
  guint64 max_data, max_stream_data, max_stream_data_uni, max_streams_uni;
  guint64 offset;    /* of the request's stream, so far */
  guint64 others;    /* bytes of other streams, so far */
  GByteArray *bytes; /* of the request's stream, that wait */
};

/* Frames of a mode's own making. */
void peer_put (GByteArray *frames, const QsFrame *frame);
void peer_put_stream (GByteArray *frames, guint64 stream, guint64 offset, QsSpan bytes, gboolean fin);
void peer_put_crypto (GByteArray *frames, guint64 offset, QsSpan bytes);

G_END_DECLS
