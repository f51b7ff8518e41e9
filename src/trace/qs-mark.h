/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* OpenSSL's own stream states without the prefix. */
typedef enum {
  QS_STREAM_NONE,
  QS_STREAM_OK,
  QS_STREAM_WRONG_DIR,
  QS_STREAM_FINISHED,
  QS_STREAM_RESET_LOCAL,
  QS_STREAM_RESET_REMOTE,
  QS_STREAM_CONN_CLOSED,
  QS_N_STREAM_STATES
} QsStreamState;
const char *qs_stream_state_name (QsStreamState state); /* "RESET_REMOTE" */

/**
 * QsMarkKind: what the engine noted. In brackets: what name, value and text say.
 *
 * @QS_MARK_STATE: the connection's state changed [name: "HANDSHAKING"; value: QsConnectionState]
 * @QS_MARK_RESOLVED: the name has addresses [text: "192.0.2.1, 2001:db8::1"; value: how many]
 * @QS_MARK_RESOLVE_FAILED: it has none [name: the resolver's error as "not-found", "temporary", …; text: in words]
 * @QS_MARK_CONNECTING: an attempt starts [text: "192.0.2.1:443"; value: attempt number from 0]
 * @QS_MARK_ATTEMPT_LOST: a raced attempt lost or failed [text: its address; name: "silent", "slower" or the errno's name; bytes:
 *   address of who sent the ICMP error that ended it, as text]
 * @QS_MARK_TCP_CONNECTED: TLS over TCP: connected
 * @QS_MARK_TCP_PROBE: what TCP said on the same port [name: "open", "refused", "silent", "unreachable", "tls", "not-tls"; text]
 * @QS_MARK_SOCKET_ERROR: a socket call failed [name: "ECONNREFUSED"; value: errno; text: in words]
 * @QS_MARK_ICMP: an ICMP error [name: "port-unreachable", "host-unreachable", "net-unreachable", "admin-prohibited", "too-big", …; value: type << 8 | code; text: address of who said so]
 * @QS_MARK_FACT: something the TLS stack knows [name: "tls.version", "tls.cipher", "tls.group", "tls.signature", "tls.alpn", "tls.resumed", "tls.session" (one was kept; text: "offered" or "not offered", value: the X509_V_ERR_* that was why, 0: none; bytes: its certificates, if it was offered), "tls.sni", "quic.rtt_ms" (value: nanoseconds), "offer.alpn", "offer.groups", "offer.ciphersuites", "target" (value: its port); text: its value]
 * @QS_MARK_CERTIFICATES: the peer's chain [value: how many; bytes: each DER with a 4-byte big-endian length before it]
 * @QS_MARK_VERIFY: the verification ended [value: X509_V_ERR_*, 0 for OK; name: "X509_V_ERR_…" short form; text: "depth 0: …"; bytes: all errors and the chain that was built, see certs/qs-fault.h]
 * @QS_MARK_HANDSHAKE_DONE: SSL_connect returned 1
 * @QS_MARK_CONFIRMED: HANDSHAKE_DONE came (QUIC), or Finished was sent (TLS)
 * @QS_MARK_REQUEST: a request was sent [name: "HTTP/0.9", …; text: the path; stream]
 * @QS_MARK_FIRST_BYTE: first byte of an answer [stream]
 * @QS_MARK_STREAM: a stream changed [stream; read_state, write_state, read_error, write_error, received, sent]
 * @QS_MARK_CLOSE: how it ended [name: "local" or "remote"; value: the code; text: the reason, raw bytes in bytes; see qs_mark_close_*]
 * @QS_MARK_CALL: what an OpenSSL call returned when it failed [name: "SSL_connect"; value: SSL_get_error; text: OpenSSL's words]
 * @QS_MARK_OUTCOME: the run is over [name: "ok" or "failed"; text: stage "resolve", "connect", "handshake", "request", "close", "done"]
 * @QS_MARK_IMPAIRMENT: the path changed [name: "rebind": our port; text: the new address]
 * @QS_MARK_NOTE: a line for the log [text]
 * @QS_MARK_EXPERIMENT: a second attempt with one thing changed, made because the run failed and causes compete [name: the
 *   experiment's id, as "x25519-alone", "padded-hello", "alpn-h3", "no-sni", "other-address-family", "tcp-tls",
 *   "version-grease", "unconnected-twin", "small-datagrams", "large-stray", "proxy-header", "no-client-certificate"; value: 1 it was answered, 0 it failed
 *   as well, -1 it could not be made, or tells neither way; text: what came of it, in words]
 * @QS_MARK_ANSWER: what was answered to the request so far [name: HTTP's version as "3", "1.1", "0.9"; value: status, 0: none;
 *   received: bytes of its body; bytes: header fields as name, NUL, value, NUL, …, escaped; stream]
 * @QS_MARK_ANSWER_END: no more of an answer comes [name: "complete", "cut", "malformed", "too-large", "reset", "refused",
 *   "no-stream", "foreign", "endless", "stopped" or "unanswered"; value: how many interim answers came before it; received: bytes of its
 *   body; bytes: the first of these; text: what was wrong with it, in words; stream]
 * @QS_MARK_ALTERNATIVE: another way to the same site was tried [name: "answers", "silent", "refused", "failed" or "same" (as
 *   the one in use); value: its port; text: "h3 host:port"; bytes: how it was learnt of, "Alt-Svc" or "HTTPS"]
 * @QS_MARK_HTTPS_RECORD: a record of the DNS (RFC 9460) [name: "answer", "none" or "failed"; value: its priority; text: as
 *   zone files have it; bytes: as on the wire]
 * @QS_MARK_TCP_END: an end of a TCP connection sends no more, or cut it [name: "fin" or "reset"; value: QsDirection, whose]
 * @QS_MARK_ICMP_SENT: as ICMP, but this side's host said so of a datagram that it got (from a capture)
 */
typedef enum {
  QS_MARK_STATE,
  QS_MARK_RESOLVED,
  QS_MARK_RESOLVE_FAILED,
  QS_MARK_CONNECTING,
  QS_MARK_ATTEMPT_LOST,
  QS_MARK_TCP_CONNECTED,
  QS_MARK_TCP_PROBE,
  QS_MARK_SOCKET_ERROR,
  QS_MARK_ICMP,
  QS_MARK_FACT,
  QS_MARK_CERTIFICATES,
  QS_MARK_VERIFY,
  QS_MARK_HANDSHAKE_DONE,
  QS_MARK_CONFIRMED,
  QS_MARK_REQUEST,
  QS_MARK_FIRST_BYTE,
  QS_MARK_STREAM,
  QS_MARK_CLOSE,
  QS_MARK_CALL,
  QS_MARK_OUTCOME,
  QS_MARK_IMPAIRMENT,
  QS_MARK_NOTE,
  QS_MARK_EXPERIMENT,
  QS_MARK_ANSWER,
  QS_MARK_ANSWER_END,
  QS_MARK_ALTERNATIVE,
  QS_MARK_HTTPS_RECORD,
  QS_MARK_TCP_END,
  QS_MARK_ICMP_SENT,
  QS_N_MARKS
} QsMarkKind;

/* Facts that a qlog tells of in place of messages: the bytes of the mark are the transport parameters as on the wire. */
#define QS_FACT_LOCAL_PARAMETERS "quic.parameters.local"
#define QS_FACT_REMOTE_PARAMETERS "quic.parameters.remote"
/* Likewise of a Version Negotiation: the bytes are its list, four a version. */
#define QS_FACT_VERSION_LIST "quic.versions"
/* A capture lacks some of the bytes that a connection over TCP carried [value: QsDirection, whose]. */
#define QS_FACT_CAPTURE_LACKS "capture.lacks"

/* Neither a port nor a packet of a capture tells which end is the client [text: the address of the one that was taken for it]. */
#define QS_FACT_ENDS_GUESSED "capture.ends-guessed"
/* A flow of few datagrams that is QUIC at most, which keys alone can show. */
#define QS_FACT_GUESSED "capture.guessed"

/* In place of a close's code: nothing was sent, the time was over (RFC 9000 section 10.1). */
#define QS_CODE_IDLE_TIMEOUT G_MAXUINT64

/* Owned by the trace, never changed once added. name is interned; text is escaped UTF-8 or NULL. */
typedef struct {
  QsMarkKind kind;
  const char *name;
  char *text;
  gint64 value;
  gint64 stream;        /* stream id, -1: none */
  guint64 frame_type;   /* CLOSE by the transport: the frame that caused it */
  gboolean application; /* CLOSE: an application close (frame 0x1d) */
  GBytes *bytes;

  /* STREAM; received: ANSWER and ANSWER_END too */
  QsStreamState read_state, write_state;
  gint64 read_error, write_error; /* codes of a reset, -1: none */
  guint64 received, sent;         /* bytes so far */
} QsMark;

/* As a file calls it: "stream", "handshake-done". NULL for a value that is no kind. */
const char *qs_mark_kind_name (QsMarkKind kind);
gboolean qs_mark_kind_from_name (const char *name, QsMarkKind *kind);

G_END_DECLS
