/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dissect/qs-dissector.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

#define QS_SIGHT_MOST_STREAMS 4

/* How a request's stream went. */
typedef struct {
  guint64 id;
  guint status;   /* of the answer; 0: none came */
  gboolean bytes; /* any came */
  gboolean reset, stopped;
  guint64 reset_code, stop_code;
  guint packet; /* what shows it; G_MAXUINT: nothing */
} QsSightStream;

/**
 * QsSight:
 *
 * What is to be seen in the trace of a check's run, and nothing else: judges look at this alone, so they judge a saved trace as
 * they judge a live one. Packets and records are indices, G_MAXUINT where there is none.
 */
typedef struct {
  QsTrace *trace;
  QsDissector *dissector;
  gboolean read, looked; /* how far qs_sight_advance() is */
  gboolean over_tcp;     /* TLS over TCP, dissected by the run itself: of what stands below only its hellos */
  gboolean of_client;    /* the peer is a client; where the server is named below, it is that */

  guint act, after;                /* the first record behind these marks */
  guint act_step;                  /* of the script */
  gboolean missed;                 /* the script could not go on: what it needed did not come */
  guint act_packet;                /* the first packet that was sent as the act */
  gboolean act_acked, after_acked; /* it, or what was sent behind it to see whether the server goes on */
  guint after_packet;

  guint n_received, n_received_after_act;
  gint64 last_received;                 /* trace time; -1: nothing came */
  guint n_unreadable;                   /* packets behind the act that could not be opened */
  guint64 sent_bytes, received_bytes;   /* of all datagrams */
  guint64 act_bytes, largest_after_act; /* bytes of the act's datagram; of the largest that came behind it */

  /* ServerHello or ClientHello; Handshake packets opened; the peer's Finished; HANDSHAKE_DONE came, or ours was acknowledged. */
  gboolean hello, keys, done, confirmed;
  guint hello_packet, confirmed_packet;
  guint hello_after_act; /* a ServerHello behind the act */
  guint versions_packet; /* Version Negotiation */
  guint retry_packet;
  guint n_retries;
  guint challenge_packet;  /* PATH_CHALLENGE behind the act */
  guint response_packet;   /* PATH_RESPONSE likewise */
  guint retire_packet;     /* RETIRE_CONNECTION_ID likewise */
  guint follow_packet;     /* a client's first Initial that bears the token of our last Retry */
  gboolean http3;          /* SETTINGS came */
  guint key_update_packet; /* the server's first of another key phase */
  guint n_spare_ids;       /* NEW_CONNECTION_ID frames */

  gboolean closed, closed_early, closed_by_application; /* by the server; early: before the act */
  guint64 close_code;
  guint close_packet;
  char *close_reason; /* escaped; NULL: none */
  gboolean reset;     /* a stateless reset behind the act */

  QsSightStream streams[QS_SIGHT_MOST_STREAMS]; /* the client's requests: 0, 4, 8, 12 */
  GBytes *parameters;                           /* the server's; NULL: not seen */
  gboolean icmp;                                /* an ICMP error came */
  GBytes *leaf;                                 /* that the peer showed, DER; NULL: none */
  GBytes *beside_leaf;                          /* over_tcp: what it showed over QUIC, borrowed; NULL: not known */
  gboolean quic_answers;                        /* over_tcp: a handshake over QUIC came to its end there */
  GPtrArray
      *addresses; /* over_tcp: GSocketAddress, those of the name that were looked for; borrowed; NULL: not known */
} QsSight;

/* Reads the trace to its end. A trace is read once: what is made of it is kept with it. */
QsSight *qs_sight_new (QsTrace *trace);
/* Of a connection over TCP, which its run has dissected. */
QsSight *qs_sight_new_tcp (QsTrace *trace);
/* The same in steps until the monotonic time of deadline; 0: to the end. TRUE: all is seen. */
QsSight *qs_sight_begin (QsTrace *trace);
gboolean qs_sight_advance (QsSight *self, gint64 deadline);
void qs_sight_free (QsSight *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsSight, qs_sight_free)

/* A packet's header as it went over the wire. FALSE: its bytes were not kept. */
gboolean qs_sight_get_header (const QsSight *self, guint packet, QsPacketHeader *header);
/* A number among the server's transport parameters. FALSE: it did not send it. */
gboolean qs_sight_get_parameter (const QsSight *self, guint64 id, guint64 *value);
gboolean qs_sight_has_parameter (const QsSight *self, guint64 id, QsSpan *value);

G_END_DECLS
