/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/qs-responder.h"
#include "server/qs-server.h"
#include "server/qs-throwaway-ca.h"

G_BEGIN_DECLS

/* What the server does to datagrams below OpenSSL, see qs-wire-fault.h. */
typedef enum {
  QS_WIRE_NONE,
  QS_WIRE_NO_REPLY,            /* no datagram gets in, none goes out */
  QS_WIRE_VERSION_NEGOTIATION, /* answers every Initial with versions that no client of today speaks */
  QS_WIRE_INITIAL_CLOSE,       /* answers every Initial with CONNECTION_CLOSE: wire_code, wire_reason */
  QS_WIRE_TOKEN_CLOSE,         /* the same, but only those that carry a token */
  QS_WIRE_SERVER_INITIAL_LOST, /* the server's Initials are lost until a Handshake packet went out alone */
  QS_WIRE_LARGE_HELLO_LOST,    /* a peer whose ClientHello takes two datagrams is not heard */
  QS_WIRE_SILENCE,             /* from the end of the handshake on no datagram gets in or out */
  QS_WIRE_STATELESS_RESET,     /* gives out a reset token, then has lost its state */
  QS_WIRE_STREAMS_BLOCKED,     /* opens as many streams as it may, and says that it wanted more */
} QsWireFaultKind;

/* What the server does about TCP on the same port. */
typedef enum {
  QS_TCP_TLS,   /* what it should */
  QS_TCP_PLAIN, /* answers with text that is not TLS */
  QS_TCP_RESET, /* accepts and resets */
} QsTcpFault;

/* How it breaks, or ends, HTTP/3 in place of an answer. */
typedef enum {
  QS_HTTP3_FAULT_NONE,
  QS_HTTP3_FAULT_FIELD,      /* header fields that HTTP/3 does not have: the answer is malformed */
  QS_HTTP3_FAULT_DATA_FIRST, /* DATA before HEADERS */
  QS_HTTP3_FAULT_INTERIM,    /* interim answers without an end */
  QS_HTTP3_FAULT_EMPTY_DATA, /* a head, and DATA that holds nothing, without an end */
  QS_HTTP3_FAULT_LARGE_HEAD, /* header fields without an end */
  QS_HTTP3_FAULT_GOAWAY,     /* GOAWAY that names the request, and no answer */
} QsHttp3Fault;

typedef enum {
  QS_WITHIN_NONE,       /* the streams do as they are asked */
  QS_WITHIN_RESET,      /* the first stream is reset with stream_code */
  QS_WITHIN_REFUSE,     /* the first stream is refused: STOP_SENDING and RESET_STREAM with stream_code */
  QS_WITHIN_CLOSE,      /* the first stream makes it close the connection with close_code */
  QS_WITHIN_STALL,      /* streams are never read */
  QS_WITHIN_SLOW,       /* answers trickle */
  QS_WITHIN_LATE,       /* answers begin after 1.5 seconds */
  QS_WITHIN_KEY_UPDATE, /* updates keys before it answers */
  QS_WITHIN_LARGE,      /* an answer of 64 MiB whatever is asked for */
} QsWithin;

/**
 * QsBehaviour: how the server departs from what is usual. All zero: not at all.
 */
typedef struct {
  gboolean retry_on, retry_off;
  QsLeafKind leaf;
  const char *groups;      /* OpenSSL's list */
  const char *const *alpn; /* instead of the options' */
  gboolean want_client_certificate;
  gboolean refuse_names; /* unrecognized_name for every server name but literals and none */
  guint8 hello_alert;    /* answers ClientHello with this alert */
  gboolean hold_hello;   /* acknowledges ClientHello and never goes on */
  guint hello_delay_ms;
  guint idle_timeout_ms;
  gboolean own_clients; /* connects to itself over its own socket */
  QsWithin within;
  guint64 stream_code, close_code;
  const char *close_reason;
  QsWireFaultKind wire;
  gboolean answers_elsewhere; /* QUIC's datagrams leave from another address or port than was asked */
  guint64 wire_code;
  const char *wire_reason;
  QsTcpFault tcp;
  QsResponderScript answer;
  gboolean advertises; /* answers have an Alt-Svc that names this server's own port */
  QsHttp3Fault http3;
  const char *path; /* an impairment of the server's socket, see qs_impairment_new() */
} QsBehaviour;

/* What several scenarios make together. NULL or empty: nothing unusual. FALSE with QS_ERROR_INVALID_TARGET and a
 * sentence that names the unknown one, or the two that exclude each other. */
gboolean qs_scenarios_combine (const char *const *names, QsBehaviour *behaviour, GError **error);

G_END_DECLS
