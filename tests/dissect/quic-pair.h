/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <openssl/ssl.h>

#include "trace/qs-trace.h"

/**
 * QuicPair:
 *
 * A client and a server of OpenSSL's in one thread over loopback, with a relay between that records
 * each datagram, and the key log, in a trace; and what OpenSSL's own message callback says at the client.
 */
typedef struct {
  gboolean no_retry;
  const char *ciphersuites; /* NULL: default */
  const char *groups;
  const char *server_groups;
  gboolean update_keys; /* between two exchanges */
  guint drop_sent;      /* the client's datagram that is lost, counted from 1 */
  guint drop_received;  /* the server's */
  QsVantage vantage;
  gboolean secrets_late; /* the key log is recorded at the end only */
  guint payload_limit;   /* 0: default */
} QuicPairOptions;

typedef struct {
  QuicPairOptions options;
  QsTrace *trace;
  SSL_CTX *client_ctx, *server_ctx;
  SSL *client, *listener, *server;
  int client_fd, server_fd, relay_fd; /* the relay has one socket: who sends tells the direction */
  guint16 path;
  guint n_sent, n_received;
  GPtrArray *frames;  /* "> 06…": what the message callback said, client's point of view */
  GPtrArray *packets; /* "> N": headers without protection */
  GPtrArray *late_secrets;
  struct sockaddr_in *addresses; /* client, server, relay */
} QuicPair;

QuicPair *quic_pair_new (const QuicPairOptions *options);
void quic_pair_free (QuicPair *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuicPair, quic_pair_free)

/* Turns the wheels until until() or ten seconds are over (which fails the test). */
typedef gboolean (*QuicPairUntil) (QuicPair *self);
void quic_pair_run (QuicPair *self, QuicPairUntil until);
/* Turns them until nothing moved for some milliseconds. */
void quic_pair_settle (QuicPair *self);

void quic_pair_connect (QuicPair *self);
/* The client sends text on a new stream and the server sends length bytes back on it. */
void quic_pair_exchange (QuicPair *self, const char *text, gsize length);
void quic_pair_close (QuicPair *self);
