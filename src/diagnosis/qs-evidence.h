/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "certs/qs-fault.h"
#include "diagnosis/qs-http-facts.h"
#include "trace/qs-foreign.h"

G_BEGIN_DECLS

#define QS_CRYPTO_ERROR 0x100 /* + alert: RFC 9001 section 4.8 */
#define QS_NO_ALERT (-1)
#define QS_NO_TIME ((gint64) -1)
#define QS_NO_PACKET ((gint64) -1)

#define QS_NO_REPLY_AFTER ((gint64) 3 * G_USEC_PER_SEC * 1000) /* ns: Initials at 0, 1 and 3 s stayed unanswered */

/* Something that a peer did to one stream. */
typedef struct {
  gint64 packet;
  guint64 stream;
  guint64 code;
  guint64 limit;
  gboolean seen;
} QsStreamFact;

/* An end of the connection, whichever one is looking. */
typedef enum { QS_END_CLIENT, QS_END_SERVER } QsEnd;

/* A TLS alert in a record (TLS over TCP). In TLS 1.3 the level says nothing (RFC 9846 section 6). */
typedef struct {
  gboolean seen;
  guint8 level; /* 1 warning, 2 fatal */
  guint8 description;
  gint64 packet;
  gint64 time;
} QsAlertFact;

/* A Version Negotiation that is none. */
typedef struct {
  gboolean lists_offered;
  gboolean ids_differ;
} QsVersionFact;

/* What the packets tell. Plain data, so that what is settled can be copied and the tail, whose flags may
 * still change, be counted anew each time. "in" is what this vantage received, "out" what it sent. */
typedef struct {
  guint n_out, n_in, n_lost, n_corrupt, n_reordered, n_retransmitted;
  guint n_decrypted_in;
  guint n_retransmitted_in;
  /* 1-RTT packets since a large one (1000 bytes and more) was acknowledged: large ones lost, small ones (below 200) that
   * were acknowledged after them. */
  guint n_large_lost, n_small_acked;
  guint n_acks_with_ecn, n_acks_without_ecn; /* of the first few in 1-RTT packets */
  gint64 first_out_time, first_in_time, last_out_time, last_in_time, first_1rtt_in_time;
  gint64 first_in; /* packets by index from here on */
  gint64 retry, version_negotiation, stateless_reset, corrupt, lost, reordered, handshake_done_frame, close_in,
      close_out;
  gint64 first_initial_in, blocked_out;
  guint8 first_in_type;
  guint32 version;             /* of the first long header that was sent */
  gboolean in_initial_is_bare; /* no CRYPTO in what came in Initials */
  gboolean in_beyond_initial;
  guint64 largest_in[2 + QS_NUMBERED_PATHS]; /* Initial, Handshake, application data by its path */
  /* By end. QUIC: its first packet with a short header, readable or not. TLS records: ChangeCipherSpec; the first record behind
   * it, or of type application data; and what shows, unread, that the end took the other's Finished. */
  gint64 sealed_alert[2]; /* the last record of an end, where it is unread and an alert by its type or length */
  gint64 first_short[2], ccs[2], protected[2], beyond[2];
  gint64 opened_data[2]; /* by end: the first record of application data that was opened */
  guint n_opened;        /* records that were opened */
  guint n_unread;        /* encrypted, and no key for it */
  guint n_joined; /* of those, larger than a datagram is over Ethernet: several that the recording holds as one */
  guint n_cut;    /* payload not kept */
  gint64 first_unread, first_joined, first_cut;
  /* Behind the last packet that could be read: short ones that could not. */
  guint n_odd_tail, odd_tail_longest;
  gint64 odd_tail;
  guint n_0rtt_out, n_0rtt_lost;
  gint64 first_0rtt_out;
  gint64 unknown_version;           /* a packet of a version that cannot be read */
  QsAlertFact fatal[2], warning[2]; /* by end: the first of each */
  gboolean closed[2];               /* close_notify */
  QsStreamFact reset_in, stop_in, data_blocked, stream_blocked, streams_blocked;
} QsPacketFacts;

typedef struct {
  gboolean known;
  gboolean by_us; /* this vantage closed */
  gboolean application;
  guint64 code;
  guint64 frame_type;
  char *reason; /* escaped; NULL when empty */
  gint64 time;
  gint64 packet;
} QsCloseFact;

/**
 * QsEvidence: what all rules, steps and summaries look at, gathered once from marks (live), packets and
 * messages (also from files).
 */
typedef struct {
  QsTrace *trace;  /* borrowed */
  gint64 now;      /* trace time */
  gint64 now_s;    /* the same in seconds since 1970 */
  gboolean live;   /* more may come */
  gboolean tls;    /* TLS over TCP */
  gboolean server; /* seen from the server's side */
  QsDirection from_client;
  QsDirection from_server;

  /* marks */
  gboolean ended, failed, stopped;
  const char *stage; /* of the outcome; NULL before */
  gint64 resolved, resolve_failed, connecting, tcp_connected, handshake_done, confirmed, request, first_byte, outcome;
  const QsMark *resolve_mark, *icmp, *socket_error, *tcp_probe, *attempt_lost, *verify, *call, *resolved_mark;
  gint64 fin[2], reset[2]; /* by end, TCP */
  gboolean lacks_bytes;    /* TCP: the capture does of either side, so that the order of what happened is not known */
  gint64 attempt_time;     /* when the attempt began that counts */
  guint n_addresses;       /* that were tried */
  guint16 path;            /* the one that was answered */
  gint64 moved_at;         /* the client's first datagram from another address than it began with; QS_NO_TIME: none */
  guint16 moved_path;
  gboolean followed; /* after that something came to the new address, or was taken there */
  gboolean address_known;
  char *address;    /* "192.0.2.1:443": of the last attempt; never NULL */
  char *addresses;  /* all that were tried */
  const char *host; /* escaped; "the server" where nothing says */
  char *host_owned;
  const char *target;

  /* records */
  guint n_sent_before_reply; /* datagrams */
  guint n_unanswered;        /* datagrams behind the last one that came */
  gboolean anything_received, anything_sent;
  gint64 first_sent, first_received, last_received, last_sent;
  gsize client_bytes_before, server_first_flight; /* amplification: until the client's next datagram */
  gsize server_next_datagram;                     /* the first one that came behind that */
  gint64 second_client_flight;                    /* its time */
  gint64 first_client_flight;                     /* when its last datagram so far was sent */
  gint64 first_round_trip;                        /* from there to the first answer */
  gint64 under_way;                               /* what came so soon behind the second flight is no answer to it */
  guint8 first_sent_ecn;
  GBytes *plain;   /* TLS: what the server said first, when it is not TLS */
  int plain_alert; /* TLS: an alert in the clear from the peer; QS_NO_ALERT */

  QsPacketFacts packets, settled; /* of all packets; of the first n_settled */
  guint n_settled;
  QsForeign foreign;
  QsVersionFact version_list;
  guint n_secrets; /* lines of a key log, as far as the first records tell */

  /* messages: NULL when not seen */
  const QsTraceMessage *client_hello, *second_client_hello, *hello_retry, *server_hello, *encrypted_extensions,
      *certificate_request, *certificate, *certificate_verify, *server_finished, *client_finished, *server_hello_done,
      *client_certificate, *server_key_exchange, *certificate_status;
  QsTraceUnfinished unfinished; /* the server's message that has not come whole */

  /* close and certificates */
  QsCloseFact close;
  int alert;        /* the TLS alert that ended it, QS_NO_ALERT */
  GPtrArray *chain; /* QsCertificate; never NULL */
  GPtrArray *ders;  /* GBytes: what it was made of; NULL: none */
  gsize chain_bytes;
  GPtrArray *faults;  /* QsFault: all that is wrong with the chain; never NULL */
  int verify_code;    /* X509_V_ERR_*, -1: unknown; from a file it is what the close code and the chain tell */
  char *offered_alpn; /* "h3, hq-interop"; NULL when unknown */
  char *offered_groups;
  char *offered_ciphers;
  char *sni;
  const char *alpn; /* chosen, for the names of codes */
  char *alpn_owned;

  QsHttpFacts http;
} QsEvidence;

/* now: trace time, for a run that goes on; -1 for one that is over, and for files. A study gathers it once (study/qs-study.h). */
QsEvidence *qs_evidence_new (QsTrace *trace, gint64 now);
/* The same of a trace that has grown since before: what cannot have changed is taken over from there. */
QsEvidence *qs_evidence_new_again (const QsEvidence *before, gint64 now);
void qs_evidence_free (QsEvidence *evidence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsEvidence, qs_evidence_free)

/* Whether all bytes of what is here were kept: else nothing is concluded from what was not said. */
gboolean qs_evidence_is_whole (const QsEvidence *evidence);
/* Whether the handshake came through; from a file: keys of the application were used by both. */
/* TLS, and nothing of the client's was recorded: the server sent its Finished, and went on to application data. */
gboolean qs_evidence_is_server_alone (const QsEvidence *evidence);
gboolean qs_evidence_is_opened_by_receiver (const QsEvidence *evidence);
gboolean qs_evidence_is_connected (const QsEvidence *evidence);
/* Of a client: the server has acknowledged its first packets, and said nothing else. */
gboolean qs_evidence_is_acknowledged_alone (const QsEvidence *evidence);
/* A close that this alert caused, or an alert over TCP. by_client: whether the client sent it. */
gboolean qs_evidence_has_alert (const QsEvidence *evidence, guint8 alert, gboolean by_client);
/* The close code with its name, for people. */
char *qs_evidence_close_text (const QsEvidence *evidence);
/* One integer transport parameter of a side; FALSE when it is not known. */
/* As they stood on the wire, or as a qlog tells of them; without bytes when not known. */
QsSpan qs_evidence_get_parameters (const QsEvidence *evidence, gboolean of_client);
gboolean qs_evidence_get_parameter (const QsEvidence *evidence, gboolean of_client, guint64 id, guint64 *value);
char *qs_evidence_versions_text (const QsEvidence *evidence);
GArray *qs_evidence_dup_versions (const QsEvidence *evidence); /* guint32, NULL when there was no Version Negotiation */

/* TLS 1.2 or older was chosen; FALSE where that is not known. */
gboolean qs_evidence_is_tls12 (const QsEvidence *evidence);
/* The server asked for a certificate, and the client's message has one, or none. */
gboolean qs_evidence_sent_certificate (const QsEvidence *evidence);
gboolean qs_evidence_sent_no_certificate (const QsEvidence *evidence);
/* That the server chose none of the protocols that were offered (RFC 7301 section 3.2), in words; NULL: it did, or nothing tells. */
char *qs_evidence_dup_alpn_words (const QsEvidence *evidence);
/* The CAs that CertificateRequest names, escaped; NULL: none, or none that could be read. */
char *qs_evidence_dup_wanted_cas (const QsEvidence *evidence);
/* Bits of the prime of a TLS 1.2 server's Diffie-Hellman key exchange; 0: it is none. */
/* TLS 1.2's group, and the signature scheme that the server signed it with, 0: not told; FALSE where there is none. */
gboolean qs_evidence_read_ecdhe (const QsEvidence *evidence, guint16 *group, guint16 *scheme);
guint qs_evidence_dh_bits (const QsEvidence *evidence);
/* Since a moment all that came of a connection that stood could not be read: whoever sends it has other keys. */
gboolean qs_evidence_is_restarted (const QsEvidence *evidence);
/* Whether the close is but how a stack answered a connection that was cut under it. */
/* A recording of a TCP connection from its first packet on, nothing lacking, and neither end said hello: records that look like TLS's, as some
 * programs disguise theirs, and no handshake. */
gboolean qs_evidence_has_no_handshake (const QsEvidence *evidence);
gboolean qs_evidence_close_is_echo (const QsEvidence *evidence);
/* The same where the end that it would answer is not in the recording, as one packet of it may be: behind a handshake that was done. */
gboolean qs_evidence_close_may_be_echo (const QsEvidence *evidence);
/* The OCSP answer that the server stapled, and the SCTs of its TLS extension; without bytes where none came. */
QsSpan qs_evidence_get_staple (const QsEvidence *evidence);
QsSpan qs_evidence_get_scts (const QsEvidence *evidence);
/* What is known of a certificate of the chain beside itself: QsCertificateSection; may be empty (transfer full). */
GPtrArray *qs_evidence_dup_notes (const QsEvidence *evidence, guint place);
/* What the verification came to, in words; NULL: not known. Owned by the caller. */
char *qs_evidence_verify_words (const QsEvidence *evidence);

/* Parts, each in its own file. */
void qs_evidence_read_ends (QsEvidence *evidence);
void qs_evidence_read_version_list (QsEvidence *evidence);
void qs_evidence_read_marks (QsEvidence *evidence);
void qs_evidence_read_records (QsEvidence *evidence);
void qs_evidence_read_packets (QsEvidence *evidence, const QsEvidence *before); /* before may be NULL */
void qs_evidence_read_messages (QsEvidence *evidence);
void qs_evidence_read_close (QsEvidence *evidence);
void qs_evidence_read_certificates (QsEvidence *evidence, const QsEvidence *before);
void qs_evidence_read_http (QsEvidence *evidence); /* after the close */
void qs_evidence_free_http (QsEvidence *evidence);
void qs_evidence_find_faults (QsEvidence *evidence); /* after all others */

/* "192.0.2.1:443", "[2001:db8::1%eth0]:443": whether that is the host "192.0.2.1", "2001:db8::1". */
gboolean qs_evidence_is_of_host (const char *address, const char *host);

G_END_DECLS
