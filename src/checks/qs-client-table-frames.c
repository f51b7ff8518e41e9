/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of clients: frames and packets, and how connections go on and end. Streams: 0 is the client's first request, 2 its first
 * unidirectional one, 3 the server's. */
#include "checks/qs-check-tables.h"

#define IDLE_MS 1000        /* what the server announces */
#define BEYOND_IDLE_MS 5000 /* far behind it, and behind three of any client's PTOs on a local path */

/* --- Scripts --- */

/* Before the answer: the client has nothing but its Initial keys. */
#define IN_INITIAL(name, ...)                                                                                         \
  static const QsCraftStep name[] = {                                                                                 \
    { .what = QS_CRAFT_DO_START, .options = &(const QsCraftOptions){ .habits = QS_CRAFT_HOLD_ANSWER } },              \
    NEED (QS_CRAFT_HELLO),                                                                                            \
    { .what = QS_CRAFT_DO_SEND, .act = TRUE, .packet = { .type = QS_PACKET_INITIAL, .padding = 1200 }, __VA_ARGS__ }, \
    AWAIT (QS_CRAFT_CLOSED, REFUSE_MS),                                                                               \
    { .what = QS_CRAFT_DO_ANSWER },                                                                                   \
    AWAIT (QS_CRAFT_CLOSED | QS_CRAFT_CONFIRMED, START_MS),                                                           \
    SEE_REFUSAL,                                                                                                      \
    END                                                                                                               \
  }

IN_INITIAL (stream_in_initial, FRAMES ({ .type = STREAM_AT, .stream_id = 3, .data = BYTES ("x") }));
IN_INITIAL (done_in_initial, FRAMES ({ .type = QS_FRAME_HANDSHAKE_DONE }));
IN_HANDSHAKE (done_in_handshake, 0, FRAMES ({ .type = QS_FRAME_HANDSHAKE_DONE }));
IN_HANDSHAKE (challenge_in_handshake, 0, FRAMES ({ .type = QS_FRAME_PATH_CHALLENGE, .data = BYTES ("quicscop") }));
IN_HANDSHAKE (id_in_handshake, 0, FRAMES (NEW_ID (1, 0, "a")));
IN_HANDSHAKE (reserved_bits_long, 0x0c, .bytes = BYTES ("\x01"));
static const QsCraftStep reserved_bits_short[] = { CONNECT,
                                                   { .what = QS_CRAFT_DO_SEND,
                                                     .act = TRUE,
                                                     .packet = { .type = QS_PACKET_1RTT, .flip = 0x18 },
                                                     .bytes = BYTES ("\x01") },
                                                   SEE_REFUSAL,
                                                   END };
static const QsCraftStep fixed_bit[] = { CONNECT,
                                         { .what = QS_CRAFT_DO_SEND,
                                           .act = TRUE,
                                           .packet = { .type = QS_PACKET_1RTT, .flip = 0x40, .once = TRUE },
                                           .bytes = BYTES ("\x01") },
                                         AWAIT (QS_CRAFT_CLOSED, 300),
                                         SEE_GOING_ON,
                                         END };
static const QsCraftStep garbled[] = { CONNECT,
                                       { .what = QS_CRAFT_DO_SEND,
                                         .act = TRUE,
                                         .packet = { .type = QS_PACKET_1RTT, .garble = TRUE, .once = TRUE },
                                         .bytes = BYTES ("\x01") },
                                       AWAIT (QS_CRAFT_CLOSED, 300),
                                       SEE_GOING_ON,
                                       END };
IN_1RTT (unknown_frame, .bytes = BYTES ("\x20\x01"));
IN_1RTT (no_frame, .bytes = { NULL, 0 });
static const QsCraftStep padding_alone[] = { CONNECT,
                                             { .what = QS_CRAFT_DO_SEND,
                                               .act = TRUE,
                                               .packet = { .type = QS_PACKET_1RTT, .once = TRUE },
                                               .bytes = BYTES ("\x00\x00\x00\x00") },
                                             AWAIT (QS_CRAFT_CLOSED, 300),
                                             SEE_GOING_ON,
                                             END };
static const QsCraftStep done_twice[] = { CONNECT,
                                          { .what = QS_CRAFT_DO_QUEUE, .act = TRUE, .bytes = BYTES ("\x1e\x1e") },
                                          AWAIT (QS_CRAFT_CLOSED, 300),
                                          SEE_GOING_ON,
                                          END };
IN_1RTT (far_offset, FRAMES ({ .type = STREAM_AT, .stream_id = 3, .stream_offset = FAR, .data = BYTES ("x") }));
IN_1RTT (far_uni, FRAMES ({ .type = STREAM_AT, .stream_id = 4 * FAR + 3, .data = BYTES ("x") }));
IN_1RTT (far_bidi, FRAMES ({ .type = STREAM_AT, .stream_id = 4 * FAR + 1, .data = BYTES ("x") }));
IN_1RTT (stream_unopened, FRAMES ({ .type = STREAM_AT, .stream_id = 4000, .data = BYTES ("x") }));
IN_1RTT (stream_send_only, FRAMES ({ .type = STREAM_AT, .stream_id = 2, .data = BYTES ("x") }));
IN_1RTT (reset_send_only, FRAMES ({ .type = QS_FRAME_RESET_STREAM, .stream_id = 2 }));
IN_1RTT (blocked_send_only, FRAMES ({ .type = QS_FRAME_STREAM_DATA_BLOCKED, .stream_id = 2 }));
IN_1RTT (stop_receive_only, FRAMES ({ .type = QS_FRAME_STOP_SENDING, .stream_id = 3 }));
IN_1RTT (stop_unopened, FRAMES ({ .type = QS_FRAME_STOP_SENDING, .stream_id = 4000 }));
IN_1RTT (limit_receive_only, FRAMES ({ .type = QS_FRAME_MAX_STREAM_DATA, .stream_id = 3, .limit = 1000 }));
IN_1RTT (limit_unopened, FRAMES ({ .type = QS_FRAME_MAX_STREAM_DATA, .stream_id = 4000, .limit = 1000 }));
/* On a stream of a type that HTTP/3 passes over, so that it has nothing to say of it. */
IN_1RTT (beyond_fin,
         FRAMES ({ .type = STREAM_AT | QS_STREAM_FIN, .fin = TRUE, .stream_id = 3, .data = BYTES ("\x21x") },
                 { .type = STREAM_AT, .stream_id = 3, .stream_offset = 2, .data = BYTES ("x") }));
IN_1RTT (other_size,
         FRAMES ({ .type = STREAM_AT | QS_STREAM_FIN, .fin = TRUE, .stream_id = 3, .data = BYTES ("\x21x") },
                 { .type = QS_FRAME_RESET_STREAM, .stream_id = 3, .limit = 9 }));
IN_1RTT (max_streams, FRAMES ({ .type = QS_FRAME_MAX_STREAMS_BIDI, .limit = TWO_60 + 1 }));
IN_1RTT (streams_blocked, FRAMES ({ .type = QS_FRAME_STREAMS_BLOCKED_BIDI, .limit = TWO_60 + 1 }));
IN_1RTT (retire_too_much, FRAMES (NEW_ID (1, 2, "a")));
IN_1RTT (empty_id, .bytes = BYTES ("\x18\x01\x00\x00"
                                   "0123456789abcdef"));
IN_1RTT (too_many_ids,
         FRAMES (NEW_ID (1, 0, "a"), NEW_ID (2, 0, "b"), NEW_ID (3, 0, "c"), NEW_ID (4, 0, "d"), NEW_ID (5, 0, "e"),
                 NEW_ID (6, 0, "f"), NEW_ID (7, 0, "g"), NEW_ID (8, 0, "h"), NEW_ID (9, 0, "i"), NEW_ID (10, 0, "j")));
IN_1RTT (two_ids_one_number, FRAMES (NEW_ID (1, 0, "a"), NEW_ID (1, 0, "b")));
IN_1RTT (retire_unissued, FRAMES ({ .type = QS_FRAME_RETIRE_CONNECTION_ID, .sequence = 1000 }));
/* With a PING: an ACK alone asks for no answer. */
IN_1RTT (ack_unsent, .bytes = BYTES ("\x02\x80\x0f\x42\x40\x00\x00\x00\x01"));
IN_1RTT (ack_below_zero, .bytes = BYTES ("\x02\x00\x00\x00\x05\x01"));
IN_1RTT (far_crypto, FRAMES ({ .type = QS_FRAME_CRYPTO, .stream_offset = FAR, .data = BYTES ("x") }));
IN_1RTT (empty_token, .bytes = BYTES ("\x07\x00"));
IN_1RTT (unasked_response, FRAMES ({ .type = QS_FRAME_PATH_RESPONSE, .data = BYTES ("quicscop") }));
IN_1RTT (datagram, .bytes = BYTES ("\x31\x04quic"));

static const QsCraftStep challenge[] = { CONNECT,
                                         { .what = QS_CRAFT_DO_SEND,
                                           .act = TRUE,
                                           .packet = { .type = QS_PACKET_1RTT, .padding = 1200 },
                                           FRAMES ({ .type = QS_FRAME_PATH_CHALLENGE, .data = BYTES ("quicscop") }) },
                                         AWAIT (QS_CRAFT_RESPONDED | QS_CRAFT_CLOSED, REFUSE_MS),
                                         SEE_GOING_ON,
                                         END };
static const QsCraftStep retire[] = {
  CONNECT,
  { .what = QS_CRAFT_DO_SEND, .act = TRUE, .packet = { .type = QS_PACKET_1RTT }, FRAMES (NEW_ID (1, 1, "a")) },
  AWAIT (QS_CRAFT_CLOSED, REFUSE_MS),
  SEE_GOING_ON,
  END
};
/* An update only behind an acknowledgement under the keys before it (RFC 9001 section 6.1), which HANDSHAKE_DONE got. */
static const QsCraftStep key_update[] = { CONNECT,
                                          { .what = QS_CRAFT_DO_UPDATE_KEYS },
                                          { .what = QS_CRAFT_DO_QUEUE, .act = TRUE, .bytes = BYTES ("\x01") },
                                          AWAIT (QS_CRAFT_KEY_PHASE | QS_CRAFT_CLOSED, 2000),
                                          SEE_GOING_ON,
                                          END };
static const QsCraftStep reset[] = {
  CONNECT, { .what = QS_CRAFT_DO_RESET, .act = TRUE }, AWAIT (QS_CRAFT_CLOSED, 300), SEE_GOING_ON, END
};
static const QsCraftStep idle[] = { { .what = QS_CRAFT_DO_START, OPTIONS (PARAMETERS (NUMBER (0x01, IDLE_MS))) },
                                    NEED (QS_CRAFT_CONFIRMED),
                                    { .what = QS_CRAFT_DO_HUSH, .act = TRUE },
                                    AWAIT (QS_CRAFT_CLOSED, BEYOND_IDLE_MS),
                                    { .what = QS_CRAFT_DO_SEND,
                                      .after = TRUE,
                                      .packet = { .type = QS_PACKET_1RTT, .once = TRUE },
                                      .bytes = BYTES ("\x01") },
                                    AWAIT (QS_CRAFT_CLOSED, 500),
                                    END };

/* --- The table --- */

#define ROW(id, title, section, flags, script, judge, ...)                                               \
  {                                                                                                      \
    id, QS_CATEGORY_FRAMES, QS_MARK_OF_CONFORMANCE, title, section, flags, QS_GRADE_NONE, script, judge, \
        { __VA_ARGS__ }, NULL                                                                            \
  }
#define FRAME(id, title, section, flags, script, ...) \
  ROW (id, title, section, flags, script, qs_judge_refused, __VA_ARGS__)

const QsCheck qs_client_checks_frames[] = {
  ROW ("CF1", N_ ("STREAM in an Initial packet"), "RFC 9000 section 12.4", 0, stream_in_initial,
       qs_judge_client_initial, PROTOCOL_VIOLATION),
  ROW ("CF2", N_ ("HANDSHAKE_DONE in an Initial packet"), "RFC 9000 section 12.4", 0, done_in_initial,
       qs_judge_client_initial, PROTOCOL_VIOLATION),
  FRAME ("CF3", N_ ("HANDSHAKE_DONE in a Handshake packet"), "RFC 9000 section 12.4", 0, done_in_handshake,
         PROTOCOL_VIOLATION),
  FRAME ("CF4", N_ ("PATH_CHALLENGE in a Handshake packet"), "RFC 9000 section 12.4", 0, challenge_in_handshake,
         PROTOCOL_VIOLATION),
  FRAME ("CF5", N_ ("NEW_CONNECTION_ID in a Handshake packet"), "RFC 9000 section 12.4", 0, id_in_handshake,
         PROTOCOL_VIOLATION),
  FRAME ("CF6", N_ ("Reserved bits in a Handshake packet"), "RFC 9000 section 17.2", 0, reserved_bits_long,
         PROTOCOL_VIOLATION),
  FRAME ("CF7", N_ ("Reserved bits in a packet of 1-RTT"), "RFC 9000 section 17.3.1", 0, reserved_bits_short,
         PROTOCOL_VIOLATION),
  ROW ("CF8", N_ ("A packet of 1-RTT whose fixed bit is 0 is discarded"), "RFC 9000 section 17.3.1", 0, fixed_bit,
       qs_judge_client_fixed_bit, 0),
  ROW ("CF9", N_ ("A packet that cannot be opened is discarded"), "RFC 9000 section 12.2", 0, garbled, qs_judge_goes_on,
       0),
  FRAME ("CF10", N_ ("A frame of unknown type, 0x20"), "RFC 9000 section 12.4", 0, unknown_frame, FRAME_ENCODING_ERROR),
  FRAME ("CF11", N_ ("A packet without frames"), "RFC 9000 section 12.4", 0, no_frame, PROTOCOL_VIOLATION),
  ROW ("CF12", N_ ("A packet of PADDING alone is taken"), "RFC 9000 section 19.1", 0, padding_alone, qs_judge_goes_on,
       0),
  ROW ("CF13", N_ ("HANDSHAKE_DONE once more is taken"), "RFC 9000 section 13.3", 0, done_twice, qs_judge_goes_on, 0),
  ROW ("CF14", N_ ("STREAM far beyond what flow control allows"), "RFC 9000 section 4.1", 0, far_offset,
       qs_judge_client_uni_stream, FLOW_CONTROL_ERROR),
  FRAME ("CF15", N_ ("A unidirectional stream far beyond the limit of streams"), "RFC 9000 section 4.6", 0, far_uni,
         STREAM_LIMIT_ERROR),
  FRAME ("CF16", N_ ("A bidirectional stream far beyond the limit of streams"), "RFC 9000 section 4.6", 0, far_bidi,
         STREAM_LIMIT_ERROR),
  FRAME ("CF17", N_ ("STREAM on a stream of the client's that it has not opened"), "RFC 9000 section 19.8", 0,
         stream_unopened, STREAM_STATE_ERROR),
  FRAME ("CF18", N_ ("STREAM on a stream that only the client sends on"), "RFC 9000 section 19.8", 0, stream_send_only,
         STREAM_STATE_ERROR),
  FRAME ("CF19", N_ ("RESET_STREAM on a stream that only the client sends on"), "RFC 9000 section 19.4", 0,
         reset_send_only, STREAM_STATE_ERROR),
  FRAME ("CF20", N_ ("STREAM_DATA_BLOCKED on a stream that only the client sends on"), "RFC 9000 section 19.13", 0,
         blocked_send_only, STREAM_STATE_ERROR),
  ROW ("CF21", N_ ("STOP_SENDING on a stream that only the server sends on"), "RFC 9000 section 19.5", 0,
       stop_receive_only, qs_judge_client_uni_stream, STREAM_STATE_ERROR),
  FRAME ("CF22", N_ ("STOP_SENDING for a stream of the client's that it has not opened"), "RFC 9000 section 19.5", 0,
         stop_unopened, STREAM_STATE_ERROR),
  ROW ("CF23", N_ ("MAX_STREAM_DATA on a stream that only the server sends on"), "RFC 9000 section 19.10", 0,
       limit_receive_only, qs_judge_client_uni_stream, STREAM_STATE_ERROR),
  FRAME ("CF24", N_ ("MAX_STREAM_DATA for a stream of the client's that it has not opened"), "RFC 9000 section 19.10",
         0, limit_unopened, STREAM_STATE_ERROR),
  ROW ("CF25", N_ ("Data behind a stream's end"), "RFC 9000 section 4.5", QS_CHECK_SHOULD, beyond_fin,
       qs_judge_client_uni_stream, FINAL_SIZE_ERROR, STREAM_STATE_ERROR),
  ROW ("CF26", N_ ("A stream's final size changes"), "RFC 9000 section 4.5", QS_CHECK_SHOULD, other_size,
       qs_judge_client_uni_stream, FINAL_SIZE_ERROR, STREAM_STATE_ERROR),
  FRAME ("CF27", N_ ("MAX_STREAMS beyond 2^60"), "RFC 9000 section 19.11", 0, max_streams, FRAME_ENCODING_ERROR),
  FRAME ("CF28", N_ ("STREAMS_BLOCKED beyond 2^60"), "RFC 9000 section 19.14", 0, streams_blocked, FRAME_ENCODING_ERROR,
         STREAM_LIMIT_ERROR),
  FRAME ("CF29", N_ ("NEW_CONNECTION_ID that retires beyond itself"), "RFC 9000 section 19.15", 0, retire_too_much,
         FRAME_ENCODING_ERROR),
  FRAME ("CF30", N_ ("NEW_CONNECTION_ID with an empty id"), "RFC 9000 section 19.15", 0, empty_id,
         FRAME_ENCODING_ERROR),
  ROW ("CF31", N_ ("More connection ids than the client keeps"), "RFC 9000 section 5.1.1", 0, too_many_ids,
       qs_judge_id_limit, CONNECTION_ID_LIMIT_ERROR),
  FRAME ("CF32", N_ ("Two connection ids of one sequence number"), "RFC 9000 section 19.15", QS_CHECK_MAY,
         two_ids_one_number, PROTOCOL_VIOLATION),
  FRAME ("CF33", N_ ("RETIRE_CONNECTION_ID of an id that was never issued"), "RFC 9000 section 19.16", 0,
         retire_unissued, PROTOCOL_VIOLATION),
  FRAME ("CF34", N_ ("ACK of a packet that was never sent"), "RFC 9000 section 13.1", QS_CHECK_SHOULD, ack_unsent,
         PROTOCOL_VIOLATION),
  FRAME ("CF35", N_ ("ACK of packet numbers below zero"), "RFC 9000 section 19.3.1", 0, ack_below_zero,
         FRAME_ENCODING_ERROR),
  FRAME ("CF36", N_ ("CRYPTO far beyond what need be kept"), "RFC 9000 section 7.5", QS_CHECK_SPARE, far_crypto,
         CRYPTO_BUFFER_EXCEEDED),
  FRAME ("CF37", N_ ("NEW_TOKEN with an empty token"), "RFC 9000 section 19.7", 0, empty_token, FRAME_ENCODING_ERROR),
  FRAME ("CF38", N_ ("PATH_RESPONSE that nobody asked for"), "RFC 9000 section 19.18", QS_CHECK_MAY, unasked_response,
         PROTOCOL_VIOLATION),
  ROW ("CF39", N_ ("DATAGRAM that was not agreed on"), "RFC 9221 section 3", 0, datagram, qs_judge_refused_datagram,
       PROTOCOL_VIOLATION, FRAME_ENCODING_ERROR),
  ROW ("CF40", N_ ("PATH_CHALLENGE is answered"), "RFC 9000 section 8.2.2", 0, challenge, qs_judge_client_response, 0),
  ROW ("CF41", N_ ("PATH_RESPONSE comes in a datagram of 1200 bytes at least"), "RFC 9000 section 8.2.2", 0, challenge,
       qs_judge_client_full_response, 0),
  ROW ("CF42", N_ ("An id that the server retires is retired"), "RFC 9000 section 5.1.2", 0, retire,
       qs_judge_client_retires, 0),
  ROW ("CF43", N_ ("A key update is followed"), "RFC 9001 section 6.2", 0, key_update, qs_judge_key_update, 0),
  ROW ("CF44", N_ ("A stateless reset ends the connection"), "RFC 9000 section 10.3.1", 0, reset,
       qs_judge_client_leaves, 0),
  ROW ("CF45", N_ ("A connection is over behind its idle timeout"), "RFC 9000 section 10.1", QS_CHECK_SHOULD, idle,
       qs_judge_client_leaves, 0),
};
const guint qs_n_client_checks_frames = G_N_ELEMENTS (qs_client_checks_frames);
