/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-error.h"
#include "base/qs-span.h"

G_BEGIN_DECLS

/* Frame types by their first wire value: RFC 9000 section 19, RFC 9221, and drafts' that are registered. */
typedef enum {
  QS_FRAME_PADDING = 0x00,
  QS_FRAME_PING = 0x01,
  QS_FRAME_ACK = 0x02, /* 0x03 with ECN counts */
  QS_FRAME_RESET_STREAM = 0x04,
  QS_FRAME_STOP_SENDING = 0x05,
  QS_FRAME_CRYPTO = 0x06,
  QS_FRAME_NEW_TOKEN = 0x07,
  QS_FRAME_STREAM = 0x08, /* to 0x0f: OFF 4, LEN 2, FIN 1 */
  QS_FRAME_MAX_DATA = 0x10,
  QS_FRAME_MAX_STREAM_DATA = 0x11,
  QS_FRAME_MAX_STREAMS_BIDI = 0x12,
  QS_FRAME_MAX_STREAMS_UNI = 0x13,
  QS_FRAME_DATA_BLOCKED = 0x14,
  QS_FRAME_STREAM_DATA_BLOCKED = 0x15,
  QS_FRAME_STREAMS_BLOCKED_BIDI = 0x16,
  QS_FRAME_STREAMS_BLOCKED_UNI = 0x17,
  QS_FRAME_NEW_CONNECTION_ID = 0x18,
  QS_FRAME_RETIRE_CONNECTION_ID = 0x19,
  QS_FRAME_PATH_CHALLENGE = 0x1a,
  QS_FRAME_PATH_RESPONSE = 0x1b,
  QS_FRAME_CONNECTION_CLOSE = 0x1c,     /* of the transport */
  QS_FRAME_CONNECTION_CLOSE_APP = 0x1d, /* of the application */
  QS_FRAME_HANDSHAKE_DONE = 0x1e,
  QS_FRAME_IMMEDIATE_ACK = 0x1f,
  QS_FRAME_RESET_STREAM_AT = 0x24,
  QS_FRAME_ACK_FREQUENCY = 0x2f, /* 0xaf on the wire: base types have a bit each */
  QS_FRAME_DATAGRAM = 0x30,      /* 0x31 with a length */
  /* draft-ietf-quic-multipath: 0x3e75 to 0x3e7c on the wire. */
  QS_FRAME_PATH_ABANDON = 0x35,
  QS_FRAME_PATH_STATUS_BACKUP = 0x36,
  QS_FRAME_PATH_STATUS_AVAILABLE = 0x37,
  QS_FRAME_PATH_NEW_CONNECTION_ID = 0x38,
  QS_FRAME_PATH_RETIRE_CONNECTION_ID = 0x39,
  QS_FRAME_MAX_PATH_ID = 0x3a,
  QS_FRAME_PATHS_BLOCKED = 0x3b,
  QS_FRAME_PATH_CIDS_BLOCKED = 0x3c,
  QS_FRAME_UNKNOWN = 0x3d,  /* what qs_frame_base_type says of any other; never a frame's type */
  QS_FRAME_PATH_ACK = 0x3e, /* 0x3f with ECN counts */
} QsFrameType;

/* The bits of a STREAM frame's type. */
#define QS_STREAM_FIN 0x01
#define QS_STREAM_LEN 0x02
#define QS_STREAM_OFF 0x04

/**
 * QsFrame:
 *
 * One frame, decoded. Spans point into the payload. A frame that came from a qlog has a length in
 * @data and no bytes.
 */
typedef struct {
  guint64 type;   /* as on the wire: 0x0a for a STREAM frame with a length */
  guint32 offset; /* first byte within the packet's payload */
  guint32 length; /* all its bytes; a run of PADDING is one frame */
  gboolean fin;   /* STREAM */
  union {
    guint64 stream_id; /* RESET_STREAM, STOP_SENDING, STREAM, *_STREAM_DATA* */
    guint64 path_id;   /* PATH_ACK to PATH_CIDS_BLOCKED */
  };
  guint64 stream_offset; /* STREAM, CRYPTO */
  guint64 limit;         /* MAX_*, *_BLOCKED; final size of RESET_STREAM(_AT); ACK_FREQUENCY's threshold */
  guint64 error_code;    /* RESET_STREAM, STOP_SENDING, CONNECTION_CLOSE */
  union {
    guint64 frame_type;           /* CONNECTION_CLOSE 0x1c: the frame that caused it */
    guint64 reordering_threshold; /* ACK_FREQUENCY */
  };
  guint64 sequence; /* NEW_CONNECTION_ID, RETIRE_CONNECTION_ID, ACK_FREQUENCY, PATH_STATUS_*, PATH_CIDS_BLOCKED */
  union {
    guint64 retire_prior_to; /* NEW_CONNECTION_ID */
    guint64 reliable_size;   /* RESET_STREAM_AT */
    guint64 max_ack_delay;   /* ACK_FREQUENCY: as asked for, in microseconds */
  };
  QsSpan data;  /* STREAM, CRYPTO, DATAGRAM: the data; NEW_TOKEN: the token; PATH_*: 8 bytes;
                    CONNECTION_CLOSE: the reason; NEW_CONNECTION_ID: the connection id */
  QsSpan token; /* NEW_CONNECTION_ID: the stateless reset token, 16 bytes */
  struct {
    guint64 largest;
    guint64 delay;          /* as on the wire: not yet shifted by ack_delay_exponent */
    guint64 range_count;    /* ranges after the first */
    guint64 first_range;    /* packets before largest in the first range */
    QsSpan ranges;          /* the further (gap, length) pairs, encoded */
    guint64 ect0, ect1, ce; /* type 0x03 */
  } ack;
} QsFrame;

/**
 * qs_frame_parse:
 * @payload: a packet's decrypted payload
 * @at: (inout): where the frame starts; moved behind it
 *
 * Reads one frame and checks all its lengths, ACK ranges included.
 *
 * Returns: %FALSE with QS_ERROR_TRUNCATED or QS_ERROR_PARSE (FRAME_ENCODING_ERROR to the peer)
 */
gboolean qs_frame_parse (QsSpan payload, gsize *at, QsFrame *frame, GError **error);

/* The reverse: frame->length counts only for PADDING; spans without data are zeros. The type must be a known one. */
void qs_frame_write (GByteArray *out, const QsFrame *frame);

typedef struct {
  guint64 smallest, largest; /* both included */
} QsPacketNumberRange;

/* Sets an ACK frame's largest, first_range, range_count and ranges, which are written to out and lie there until it changes. ranges:
 * highest first, with at least one number between two. */
QsSpan qs_ack_ranges_write (GByteArray *out, const QsPacketNumberRange *ranges, guint n_ranges, QsFrame *frame);

/* Calls func for each acknowledged range, highest first: [smallest, largest], both included. */
typedef void (*QsAckRangeFunc) (guint64 smallest, guint64 largest, gpointer data);
void qs_frame_foreach_ack_range (const QsFrame *frame, QsAckRangeFunc func, gpointer data);

/* Whether frames of this type, as on the wire, can be read. */
gboolean qs_frame_is_known (guint64 type);

/* The type without the bits that are fields: STREAM for 0x0f, ACK for 0x03. */
QsFrameType qs_frame_base_type (guint64 type);
gboolean qs_frame_is_ack_eliciting (guint64 type);

/* "STREAM", "ACK", "HANDSHAKE_DONE", "CONNECTION_CLOSE": RFC names, not translated;
 * "unknown" for others (use qs_frame_describe for those). Static. */
const char *qs_frame_type_name (guint64 type);
/* qlog's frame_type: "stream", "ack", "handshake_done", … Static. */
const char *qs_frame_type_qlog_name (guint64 type);
/* One line for a person: "STREAM 4 [0, 1152) FIN", "ACK 0–3, 5", "CRYPTO [0, 316)",
 * "CONNECTION_CLOSE CRYPTO_ERROR 0x178 (no_application_protocol)". Peer's bytes escaped. Owned by
 * the caller. */
char *qs_frame_describe (const QsFrame *frame);

G_END_DECLS
