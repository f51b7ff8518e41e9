/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of frames and packets, and of what becomes of a connection on its way. */
#include "checks/qs-check-tables.h"

/* --- Scripts --- */

IN_1RTT (far_offset, FRAMES ({ .type = STREAM_AT, .stream_id = 0, .stream_offset = FAR, .data = BYTES ("x") }));
IN_1RTT (far_stream, FRAMES ({ .type = STREAM_AT, .stream_id = 4 * FAR, .data = BYTES ("x") }));
IN_1RTT (unknown_frame, .bytes = BYTES ("\x20\x01"));
IN_1RTT (no_frame, .bytes = { NULL, 0 });
static const QsCraftStep reserved_bits_short[] = { CONNECT,
                                                   { .what = QS_CRAFT_DO_SEND,
                                                     .act = TRUE,
                                                     .packet = { .type = QS_PACKET_1RTT, .flip = 0x18 },
                                                     .bytes = BYTES ("\x01") },
                                                   SEE_REFUSAL,
                                                   END };
IN_HANDSHAKE (reserved_bits_long, 0x0c, .bytes = BYTES ("\x01"));
IN_HANDSHAKE (early_challenge, 0, FRAMES ({ .type = QS_FRAME_PATH_CHALLENGE, .data = BYTES ("quicscop") }));
IN_HANDSHAKE (early_stream_blocked, 0, FRAMES ({ .type = QS_FRAME_STREAM_DATA_BLOCKED, .stream_id = 0, .limit = 0 }));
IN_HANDSHAKE (early_blocked, 0, FRAMES ({ .type = QS_FRAME_DATA_BLOCKED, .limit = 0 }));
IN_1RTT (reset_send_only, FRAMES ({ .type = QS_FRAME_RESET_STREAM, .stream_id = 3 }));
IN_1RTT (stop_unopened, FRAMES ({ .type = QS_FRAME_STOP_SENDING, .stream_id = 101 }));
IN_1RTT (stream_unopened, FRAMES ({ .type = STREAM_AT, .stream_id = 1, .data = BYTES ("x") }));
IN_1RTT (stream_send_only, FRAMES ({ .type = STREAM_AT, .stream_id = 3, .data = BYTES ("x") }));
IN_1RTT (limit_unopened, FRAMES ({ .type = QS_FRAME_MAX_STREAM_DATA, .stream_id = 101, .limit = 1000 }));
IN_1RTT (limit_receive_only, FRAMES ({ .type = QS_FRAME_MAX_STREAM_DATA, .stream_id = 2, .limit = 1000 }));
IN_1RTT (new_token, FRAMES ({ .type = QS_FRAME_NEW_TOKEN, .data = BYTES ("quicscope") }));
IN_1RTT (handshake_done, FRAMES ({ .type = QS_FRAME_HANDSHAKE_DONE }));
IN_1RTT (max_streams, FRAMES ({ .type = QS_FRAME_MAX_STREAMS_BIDI, .limit = TWO_60 + 1 }));
IN_1RTT (streams_blocked, FRAMES ({ .type = QS_FRAME_STREAMS_BLOCKED_BIDI, .limit = TWO_60 + 1 }));
IN_1RTT (retire_too_much, FRAMES ({ .type = QS_FRAME_NEW_CONNECTION_ID,
                                    .sequence = 1,
                                    .retire_prior_to = 2,
                                    .data = BYTES ("quicscop"),
                                    .token = BYTES ("0123456789abcdef") }));
IN_1RTT (empty_id, .bytes = BYTES ("\x18\x01\x00\x00"
                                   "0123456789abcdef"));
/* With a PING: an ACK alone asks for no answer. */
IN_1RTT (ack_unsent, .bytes = BYTES ("\x02\x80\x0f\x42\x40\x00\x00\x00\x01"));
IN_1RTT (ack_below_zero, .bytes = BYTES ("\x02\x00\x00\x00\x05\x01"));
IN_1RTT (retire_unissued, FRAMES ({ .type = QS_FRAME_RETIRE_CONNECTION_ID, .sequence = 1000 }));
IN_1RTT (far_crypto, FRAMES ({ .type = QS_FRAME_CRYPTO, .stream_offset = FAR, .data = BYTES ("x") }));
/* On a stream of a type that HTTP/3 passes over, so that it has nothing to say of it. */
IN_1RTT (beyond_fin,
         FRAMES ({ .type = STREAM_AT | QS_STREAM_FIN, .fin = TRUE, .stream_id = 2, .data = BYTES ("\x21x") },
                 { .type = STREAM_AT, .stream_id = 2, .stream_offset = 2, .data = BYTES ("x") }));
IN_1RTT (unasked_response, FRAMES ({ .type = QS_FRAME_PATH_RESPONSE, .data = BYTES ("quicscop") }));
IN_1RTT (datagram, .bytes = BYTES ("\x31\x04quic"));

/* A server may want an id of the client's own for a new path (RFC 9000 section 9.5): it is given one, as browsers do. */
#define GIVE_SPARE_ID { .what = QS_CRAFT_DO_QUEUE, FRAMES (NEW_ID (1, 0, "m")) }, NEED (QS_CRAFT_ACKED)

static const QsCraftStep rebind[] = { CONNECT,
                                      GIVE_SPARE_ID,
                                      { .what = QS_CRAFT_DO_REBIND },
                                      { .what = QS_CRAFT_DO_QUEUE, .act = TRUE, .bytes = BYTES ("\x01") },
                                      AWAIT (QS_CRAFT_CHALLENGED | QS_CRAFT_CLOSED, 1000),
                                      SEE_GOING_ON,
                                      END };

static const QsCraftStep migrate[] = { CONNECT,
                                       NEED (QS_CRAFT_SPARE_ID),
                                       GIVE_SPARE_ID,
                                       { .what = QS_CRAFT_DO_REBIND, .fresh_id = TRUE },
                                       { .what = QS_CRAFT_DO_QUEUE, .act = TRUE, .bytes = BYTES ("\x01") },
                                       AWAIT (QS_CRAFT_CHALLENGED | QS_CRAFT_CLOSED, 1000),
                                       SEE_GOING_ON,
                                       END };

static const QsCraftStep ping[] = {
  CONNECT, { .what = QS_CRAFT_DO_QUEUE, .act = TRUE, .bytes = BYTES ("\x01\x00\x00\x00") }, SEE_GOING_ON, END
};

IN_1RTT (too_many_ids,
         FRAMES (NEW_ID (1, 0, "a"), NEW_ID (2, 0, "b"), NEW_ID (3, 0, "c"), NEW_ID (4, 0, "d"), NEW_ID (5, 0, "e"),
                 NEW_ID (6, 0, "f"), NEW_ID (7, 0, "g"), NEW_ID (8, 0, "h"), NEW_ID (9, 0, "i"), NEW_ID (10, 0, "j")));

/* Once the server has followed the update. */
static const QsCraftStep old_keys[] = { CONNECT,
                                        { .what = QS_CRAFT_DO_QUEUE, .bytes = BYTES ("\x01") },
                                        NEED (QS_CRAFT_ACKED),
                                        { .what = QS_CRAFT_DO_UPDATE_KEYS },
                                        { .what = QS_CRAFT_DO_QUEUE, .bytes = BYTES ("\x01") },
                                        NEED (QS_CRAFT_KEY_PHASE),
                                        { .what = QS_CRAFT_DO_SEND,
                                          .act = TRUE,
                                          .packet = { .type = QS_PACKET_1RTT, .old_keys = TRUE, .once = TRUE },
                                          .bytes = BYTES ("\x01\x00\x00\x00") },
                                        SEE_REFUSAL,
                                        END };

/* From another port, and silent from then on: the challenge stays unanswered. */
static const QsCraftStep unproved_path[] = { CONNECT,
                                             HTTP3,
                                             GIVE_SPARE_ID,
                                             { .what = QS_CRAFT_DO_REBIND },
                                             { .what = QS_CRAFT_DO_REQUEST, .act = TRUE, .fin = TRUE },
                                             { .what = QS_CRAFT_DO_HUSH },
                                             AWAIT (QS_CRAFT_CLOSED, 1500),
                                             END };

static const QsCraftStep ecn[] = {
  { .what = QS_CRAFT_DO_START, .act = TRUE, OPTIONS (.ecn = 2) }, NEED (QS_CRAFT_CONFIRMED), SEE_GOING_ON, END
};

/* Full datagrams on the way up: what does not arrive is not sent again. */
#define FULL(size)                                                         \
  { .what = QS_CRAFT_DO_SEND,                                              \
    .packet = { .type = QS_PACKET_1RTT, .padding = (size), .once = TRUE }, \
    .bytes = BYTES ("\x01") },                                             \
      AWAIT (QS_CRAFT_CLOSED, 40)
static const QsCraftStep sizes[] = { CONNECT,      { .what = QS_CRAFT_DO_QUEUE, .act = TRUE, .bytes = BYTES ("\x01") },
                                     FULL (1252),  FULL (1300),
                                     FULL (1350),  FULL (1400),
                                     FULL (1452),  FULL (1472),
                                     SEE_GOING_ON, END };

#define SPIN                                                          \
  { .what = QS_CRAFT_DO_SEND,                                         \
    .packet = { .type = QS_PACKET_1RTT, .flip = 0x20, .once = TRUE }, \
    .bytes = BYTES ("\x01\x00\x00\x00") },                            \
      AWAIT (QS_CRAFT_ACKED | QS_CRAFT_CLOSED, 300)
static const QsCraftStep spin[] = { CONNECT,
                                    { .what = QS_CRAFT_DO_QUEUE, .bytes = BYTES ("\x01\x00\x00\x00") },
                                    NEED (QS_CRAFT_ACKED),
                                    SPIN,
                                    { .what = QS_CRAFT_DO_SEND,
                                      .act = TRUE,
                                      .packet = { .type = QS_PACKET_1RTT, .flip = 0x20, .once = TRUE },
                                      .bytes = BYTES ("\x01\x00\x00\x00") },
                                    AWAIT (QS_CRAFT_ACKED | QS_CRAFT_CLOSED, 300),
                                    END };

#define OVER(name, path)                                                                          \
  static const QsCraftStep name[] = { { .what = QS_CRAFT_DO_START, .act = TRUE, .impair = path }, \
                                      AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_CLOSED, 8000),         \
                                      END }
OVER (lossy_path, "loss=30%,seed=5");
OVER (bad_path, "reorder=20%,duplicate=20%,corrupt=5%,delay=30ms,seed=5");

/* --- The table --- */

#define FRAME(id, title, section, flags, script, ...)                                                               \
  {                                                                                                                 \
    id, QS_CATEGORY_FRAMES, QS_MARK_OF_CONFORMANCE, title, section, QS_CHECK_ILLEGAL | (flags), QS_GRADE_B, script, \
        qs_judge_refused, { __VA_ARGS__ }, NULL                                                                     \
  }

const QsCheck qs_checks_frames[] = {
  FRAME ("F1", N_ ("STREAM far beyond what flow control allows"), "RFC 9000 section 4.1", 0, far_offset,
         FLOW_CONTROL_ERROR),
  FRAME ("F2", N_ ("A stream far beyond the limit of streams"), "RFC 9000 section 4.6", 0, far_stream,
         STREAM_LIMIT_ERROR),
  FRAME ("F3", N_ ("A frame of unknown type, 0x20"), "RFC 9000 section 12.4", 0, unknown_frame, FRAME_ENCODING_ERROR),
  FRAME ("F4", N_ ("A packet without frames"), "RFC 9000 section 12.4", 0, no_frame, PROTOCOL_VIOLATION),
  FRAME ("F5", N_ ("Reserved bits in a Handshake packet"), "RFC 9000 section 17.2", 0, reserved_bits_long,
         PROTOCOL_VIOLATION),
  FRAME ("F6", N_ ("Reserved bits in a short header"), "RFC 9000 section 17.3.1", 0, reserved_bits_short,
         PROTOCOL_VIOLATION),
  FRAME ("F7", N_ ("PATH_CHALLENGE in a Handshake packet"), "RFC 9000 section 12.5", 0, early_challenge,
         PROTOCOL_VIOLATION),
  FRAME ("F8", N_ ("STREAM_DATA_BLOCKED in a Handshake packet"), "RFC 9000 section 12.5", 0, early_stream_blocked,
         PROTOCOL_VIOLATION),
  FRAME ("F9", N_ ("DATA_BLOCKED in a Handshake packet"), "RFC 9000 section 12.5", 0, early_blocked,
         PROTOCOL_VIOLATION),
  FRAME ("F10", N_ ("RESET_STREAM for a stream on which only the server sends"), "RFC 9000 section 19.4", 0,
         reset_send_only, STREAM_STATE_ERROR),
  FRAME ("F11", N_ ("STOP_SENDING for a stream that the server never opened"), "RFC 9000 section 19.5", 0,
         stop_unopened, STREAM_STATE_ERROR),
  FRAME ("F12", N_ ("STREAM for a stream that the server never opened"), "RFC 9000 section 19.8", 0, stream_unopened,
         STREAM_STATE_ERROR),
  FRAME ("F13", N_ ("STREAM for a stream on which only the server sends"), "RFC 9000 section 19.8", 0, stream_send_only,
         STREAM_STATE_ERROR),
  FRAME ("F14", N_ ("MAX_STREAM_DATA for a stream that the server never opened"), "RFC 9000 section 19.10", 0,
         limit_unopened, STREAM_STATE_ERROR),
  FRAME ("F15", N_ ("MAX_STREAM_DATA for a stream on which the server only receives"), "RFC 9000 section 19.10", 0,
         limit_receive_only, STREAM_STATE_ERROR),
  FRAME ("F16", N_ ("NEW_TOKEN from a client"), "RFC 9000 section 19.7", 0, new_token, PROTOCOL_VIOLATION),
  FRAME ("F17", N_ ("HANDSHAKE_DONE from a client"), "RFC 9000 section 19.20", 0, handshake_done, PROTOCOL_VIOLATION),
  FRAME ("F18", N_ ("MAX_STREAMS above 2^60"), "RFC 9000 section 19.11", 0, max_streams, FRAME_ENCODING_ERROR),
  FRAME ("F19", N_ ("STREAMS_BLOCKED above 2^60"), "RFC 9000 section 19.14", 0, streams_blocked, FRAME_ENCODING_ERROR,
         STREAM_LIMIT_ERROR),
  FRAME ("F20", N_ ("NEW_CONNECTION_ID that retires more than there is"), "RFC 9000 section 19.15", 0, retire_too_much,
         FRAME_ENCODING_ERROR),
  FRAME ("F21", N_ ("NEW_CONNECTION_ID with an id of no bytes"), "RFC 9000 section 19.15", 0, empty_id,
         FRAME_ENCODING_ERROR),
  FRAME ("F22", N_ ("ACK of a packet that was never sent"), "RFC 9000 section 13.1", QS_CHECK_SHOULD, ack_unsent,
         PROTOCOL_VIOLATION),
  FRAME ("F23", N_ ("ACK of packet numbers below zero"), "RFC 9000 section 19.3.1", 0, ack_below_zero,
         FRAME_ENCODING_ERROR),
  FRAME ("F24", N_ ("RETIRE_CONNECTION_ID of an id that was never issued"), "RFC 9000 section 19.16", 0,
         retire_unissued, PROTOCOL_VIOLATION),
  FRAME ("F25", N_ ("CRYPTO far beyond what need be kept"), "RFC 9000 section 7.5", QS_CHECK_SPARE, far_crypto,
         CRYPTO_BUFFER_EXCEEDED),
  { "F26",
    QS_CATEGORY_FRAMES,
    QS_MARK_OF_CONFORMANCE,
    N_ ("More connection ids than the server keeps"),
    "RFC 9000 section 5.1.1",
    QS_CHECK_ILLEGAL,
    QS_GRADE_B,
    too_many_ids,
    qs_judge_id_limit,
    { CONNECTION_ID_LIMIT_ERROR },
    NULL },
  FRAME ("F27", N_ ("Data behind a stream's end"), "RFC 9000 section 4.5", QS_CHECK_SHOULD, beyond_fin,
         FINAL_SIZE_ERROR, STREAM_STATE_ERROR),
  FRAME ("F28", N_ ("PATH_RESPONSE that nobody asked for"), "RFC 9000 section 19.18", QS_CHECK_MAY, unasked_response,
         PROTOCOL_VIOLATION),
  { "F29",
    QS_CATEGORY_FRAMES,
    QS_MARK_OF_CONFORMANCE,
    N_ ("DATAGRAM that was not agreed on"),
    "RFC 9221 section 3",
    QS_CHECK_ILLEGAL,
    QS_GRADE_B,
    datagram,
    qs_judge_refused_datagram,
    { PROTOCOL_VIOLATION, FRAME_ENCODING_ERROR },
    NULL },
  { "F30",
    QS_CATEGORY_FRAMES,
    QS_MARK_OF_CONFORMANCE,
    N_ ("PING and PADDING alone are acknowledged"),
    "RFC 9000 section 13.2.1",
    0,
    QS_GRADE_B,
    ping,
    qs_judge_goes_on,
    { 0 },
    NULL },
  { "F31",
    QS_CATEGORY_FRAMES,
    QS_MARK_OF_CONFORMANCE,
    N_ ("Acknowledgements alone are not acknowledged"),
    "RFC 9000 section 13.2.1",
    0,
    QS_GRADE_B,
    qs_ordinary_script,
    qs_judge_ack_of_ack,
    { 0 },
    NULL },
  { "F32",
    QS_CATEGORY_FRAMES,
    QS_MARK_OF_SECURITY,
    N_ ("Old keys behind an update of keys"),
    "RFC 9001 section 6.4",
    QS_CHECK_ILLEGAL | QS_CHECK_SPARE,
    QS_GRADE_B,
    old_keys,
    qs_judge_old_keys,
    { KEY_UPDATE_ERROR, PROTOCOL_VIOLATION },
    NULL },
  { "C4",
    QS_CATEGORY_FRAMES,
    QS_MARK_OF_CONFORMANCE,
    N_ ("What a close tells: reason and frame type"),
    "RFC 9000 section 19.19",
    QS_CHECK_ILLEGAL,
    QS_GRADE_NONE,
    far_stream,
    qs_judge_close_detail,
    { 0 },
    NULL },
  { "M1",
    QS_CATEGORY_PATH,
    QS_MARK_OF_MOBILITY,
    N_ ("A client whose port changes on the way goes on, and the new path is proved"),
    "RFC 9000 section 9",
    0,
    QS_GRADE_A_MINUS,
    rebind,
    qs_judge_rebind,
    { 0 },
    NULL },
  { "M3",
    QS_CATEGORY_PATH,
    QS_MARK_OF_MOBILITY,
    N_ ("The same with a connection id of its own for the new path"),
    "RFC 9000 section 9.5",
    0,
    QS_GRADE_A_MINUS,
    migrate,
    qs_judge_rebind,
    { 0 },
    NULL },
  { "M4",
    QS_CATEGORY_PATH,
    QS_MARK_OF_MOBILITY,
    N_ ("At most three times as much goes to a new path before it is proved"),
    "RFC 9000 section 9.3.1",
    QS_CHECK_ILLEGAL | QS_CHECK_HTTP3,
    QS_GRADE_C,
    unproved_path,
    qs_judge_new_path,
    { 0 },
    NULL },
  { "M5",
    QS_CATEGORY_PATH,
    QS_MARK_OF_MOBILITY,
    N_ ("Another address for later (preferred_address)"),
    "RFC 9000 section 9.6",
    0,
    QS_GRADE_NONE,
    qs_ordinary_script,
    qs_judge_preferred_address,
    { 0 },
    NULL },
  { "M6",
    QS_CATEGORY_PATH,
    QS_MARK_OF_MOBILITY,
    N_ ("ECN marks are counted"),
    "RFC 9000 section 13.4.1",
    0,
    QS_GRADE_NONE,
    ecn,
    qs_judge_ecn,
    { 0 },
    NULL },
  { "M7",
    QS_CATEGORY_PATH,
    QS_MARK_OF_MOBILITY,
    N_ ("The largest datagrams, both ways"),
    "RFC 9000 section 14.3",
    0,
    QS_GRADE_NONE,
    sizes,
    qs_judge_sizes,
    { 0 },
    NULL },
  { "M8",
    QS_CATEGORY_PATH,
    QS_MARK_OF_MOBILITY,
    N_ ("A handshake where three of ten datagrams are lost"),
    "RFC 9002 section 6.2",
    QS_CHECK_SHOULD,
    QS_GRADE_NONE,
    lossy_path,
    qs_judge_lossy,
    { 0 },
    NULL },
  { "M8b",
    QS_CATEGORY_PATH,
    QS_MARK_OF_MOBILITY,
    N_ ("A handshake where datagrams come late, twice, in another order or damaged"),
    "RFC 9000 section 13.3",
    QS_CHECK_SHOULD,
    QS_GRADE_NONE,
    bad_path,
    qs_judge_lossy,
    { 0 },
    NULL },
  { "M9",
    QS_CATEGORY_PATH,
    QS_MARK_OF_MOBILITY,
    N_ ("The spin bit"),
    "RFC 9000 section 17.4",
    0,
    QS_GRADE_NONE,
    spin,
    qs_judge_spin,
    { 0 },
    NULL },
  { "M10",
    QS_CATEGORY_PATH,
    QS_MARK_OF_MOBILITY,
    N_ ("Spare connection ids for other paths"),
    "RFC 9000 section 5.1.1",
    0,
    QS_GRADE_NONE,
    qs_ordinary_script,
    qs_judge_spare_ids,
    { 0 },
    NULL },
  { "M11",
    QS_CATEGORY_PATH,
    QS_MARK_OF_MOBILITY,
    N_ ("Acknowledgements come as soon as announced"),
    "RFC 9000 section 13.2.1",
    QS_CHECK_SHOULD,
    QS_GRADE_NONE,
    qs_ordinary_script,
    qs_judge_ack_delay,
    { 0 },
    NULL },
};
const guint qs_n_checks_frames = G_N_ELEMENTS (qs_checks_frames);
