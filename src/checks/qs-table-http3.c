/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of HTTP/3 and QPACK. Streams: 0 is the request, 2 the control stream, 6 and 10 QPACK's encoder and decoder. */
#include "checks/qs-check-tables.h"

#define ANSWER_MS 1500 /* for an answer to a request */

/* --- Scripts --- */

#define CONTROL ON_STREAM (2, "\x00\x04\x00")

/* Something wrong, on a connection where the three streams are open. */
#define AFTER_SETTINGS(name, number, content, end) \
  static const QsCraftStep name[] = { CONNECT, HTTP3, ACT_ON_STREAM (number, content, end), SEE_REFUSAL, END }
/* …before or in place of them. */
#define INSTEAD(name, number, content, end) \
  static const QsCraftStep name[] = { CONNECT, ACT_ON_STREAM (number, content, end), SEE_REFUSAL, END }
#define AFTER_CONTROL(name, number, content, end) \
  static const QsCraftStep name[] = { CONNECT, CONTROL, ACT_ON_STREAM (number, content, end), SEE_REFUSAL, END }
/* An ordinary request goes before the one that is looked at: its answer tells what this target answers to anybody. */
#define USUAL { .what = QS_CRAFT_DO_REQUEST, .fin = TRUE }, AWAIT (QS_CRAFT_ANSWERED | QS_CRAFT_CLOSED, ANSWER_MS)
#define LOOK AWAIT (QS_CRAFT_ANSWERED | QS_CRAFT_CLOSED, ANSWER_MS), AWAIT (QS_CRAFT_CLOSED, 150)
#define ASK(name, ...)                                                                          \
  static const QsCraftStep name[] = { CONNECT,                                                  \
                                      HTTP3,                                                    \
                                      USUAL,                                                    \
                                      { .what = QS_CRAFT_DO_REQUEST,                            \
                                        .act = TRUE,                                            \
                                        .stream = 4,                                            \
                                        .fin = TRUE,                                            \
                                        .fields = (const char *const[]){ __VA_ARGS__, NULL } }, \
                                      LOOK,                                                     \
                                      END }
#define METHOD ":method", "GET"
#define REST ":scheme", "https", ":authority", "$", ":path", "$"

AFTER_SETTINGS (data_first, 0, "\x00\x01x", FALSE);
ASK (pseudo_twice, METHOD, METHOD, REST);
ASK (pseudo_missing, METHOD, ":scheme", "https", ":authority", "$");
ASK (pseudo_response, METHOD, REST, ":status", "200");
ASK (pseudo_late, METHOD, ":scheme", "https", ":authority", "$", "user-agent", "quicscope", ":path", "$");
ASK (field_connection, METHOD, REST, "connection", "close");
ASK (field_keep_alive, METHOD, REST, "keep-alive", "timeout=5");
ASK (field_proxy_connection, METHOD, REST, "proxy-connection", "keep-alive");
ASK (field_transfer_encoding, METHOD, REST, "transfer-encoding", "chunked");
ASK (field_upgrade, METHOD, REST, "upgrade", "websocket");
ASK (field_te_gzip, METHOD, REST, "te", "gzip");
ASK (field_te_trailers, METHOD, REST, "te", "trailers");
ASK (field_uppercase, METHOD, REST, "X-Quicscope", "test");
ASK (ordinary, METHOD, REST);

static const QsCraftStep content_length[] = {
  CONNECT,
  HTTP3,
  USUAL,
  { .what = QS_CRAFT_DO_REQUEST,
    .act = TRUE,
    .stream = 4,
    .fields = (const char *const[]){ ":method", "POST", REST, "content-length", "5", NULL } },
  { .what = QS_CRAFT_DO_STREAM, .stream = 4, .bytes = BYTES ("\x00\x01x"), .fin = TRUE },
  LOOK,
  END
};

/* Trailers: a second HEADERS frame. */
static const QsCraftStep trailers[] = { CONNECT,
                                        HTTP3,
                                        USUAL,
                                        { .what = QS_CRAFT_DO_REQUEST, .stream = 4 },
                                        { .what = QS_CRAFT_DO_REQUEST,
                                          .act = TRUE,
                                          .stream = 4,
                                          .fin = TRUE,
                                          .fields = (const char *const[]){ "connection", "close", NULL } },
                                        LOOK,
                                        END };

/* What is sent before the request is the act: the control stream is of the connection, so there is no usual request before it. Whatever status
 * comes is an answer. */
static const QsCraftStep reserved_setting[] = {
  CONNECT, ON_STREAM (2, "\x00\x04\x02\x21\x05"), { .what = QS_CRAFT_DO_REQUEST, .act = TRUE, .fin = TRUE }, LOOK, END
};

static const QsCraftStep reserved_frame[] = {
  CONNECT,
  ON_STREAM (2, "\x00\x04\x00\x21\x03xyz"),
  { .what = QS_CRAFT_DO_REQUEST, .act = TRUE },
  { .what = QS_CRAFT_DO_STREAM, .stream = 0, .bytes = BYTES ("\x21\x03xyz"), .fin = TRUE },
  LOOK,
  END
};

/* 0x21 is reserved so that nobody may know it (RFC 9114 section 6.2.3). */
static const QsCraftStep reserved_stream[] = {
  CONNECT, CONTROL, ON_STREAM (6, "\x21xyz"), { .what = QS_CRAFT_DO_REQUEST, .act = TRUE, .fin = TRUE }, LOOK, END
};

/* Before SETTINGS: two sections of the text do not agree. */
static const QsCraftStep reserved_first[] = { CONNECT,
                                              ON_STREAM (2, "\x00\x21\x03xyz\x04\x00"),
                                              { .what = QS_CRAFT_DO_REQUEST, .act = TRUE, .fin = TRUE },
                                              LOOK,
                                              END };

/* A client's GOAWAY is about pushes (RFC 9114 section 5.2); its own requests may go on. */
static const QsCraftStep goaway[] = { CONNECT,
                                      ON_STREAM (2, "\x00\x04\x00\x07\x01\x00"),
                                      { .what = QS_CRAFT_DO_REQUEST, .act = TRUE, .fin = TRUE },
                                      LOOK,
                                      END };

#define HUNDRED                                        \
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
/* Some 34 kilobytes: more than most servers take, and less than what they let a stream have at first. */
static const QsCraftStep huge_section[] = {
  CONNECT,
  HTTP3,
  { .what = QS_CRAFT_DO_REQUEST,
    .act = TRUE,
    .fin = TRUE,
    .times = 30,
    .fields =
        (const char *const[]){ METHOD, REST, "x-quicscope",
                               HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED,
                               NULL } },
  AWAIT (QS_CRAFT_ANSWERED | QS_CRAFT_CLOSED, 2 * ANSWER_MS),
  AWAIT (QS_CRAFT_CLOSED, 150),
  END
};

/* The urgent one is asked for last (RFC 9218 section 4.1). */
static const QsCraftStep priority[] = { CONNECT,
                                        HTTP3,
                                        { .what = QS_CRAFT_DO_REQUEST,
                                          .act = TRUE,
                                          .fin = TRUE,
                                          .fields = (const char *const[]){ METHOD, REST, "priority", "u=7", NULL } },
                                        { .what = QS_CRAFT_DO_REQUEST,
                                          .stream = 4,
                                          .fin = TRUE,
                                          .fields = (const char *const[]){ METHOD, REST, "priority", "u=0", NULL } },
                                        AWAIT (QS_CRAFT_ANSWERED | QS_CRAFT_CLOSED, ANSWER_MS),
                                        AWAIT (QS_CRAFT_CLOSED, 600),
                                        END };

INSTEAD (no_settings, 2, "\x00\x0d\x01\x00", FALSE);
AFTER_SETTINGS (data_on_control, 2, "\x00\x00", FALSE);
AFTER_SETTINGS (headers_on_control, 2, "\x01\x00", FALSE);
AFTER_SETTINGS (settings_twice, 2, "\x04\x00", FALSE);
INSTEAD (http2_settings, 2, "\x00\x04\x02\x02\x00", FALSE);
INSTEAD (cut_settings, 2, "\x00\x04\x01\x06", FALSE);
INSTEAD (repeated_setting, 2, "\x00\x04\x04\x06\x20\x06\x21", FALSE);
AFTER_SETTINGS (cancel_push_on_request, 0, "\x03\x01\x00", FALSE);
AFTER_CONTROL (second_control, 6, "\x00\x04\x00", FALSE);
AFTER_CONTROL (client_push, 6, "\x01\x00", FALSE);
AFTER_SETTINGS (control_closed, 2, "", TRUE);
AFTER_SETTINGS (huge_frame, 2, "\x07\xc0\x00\x00\x00\x40\x00\x00\x00", FALSE);
AFTER_SETTINGS (max_push_lowered, 2, "\x0d\x01\x05\x0d\x01\x03", FALSE);

AFTER_SETTINGS (static_index, 0, "\x01\x04\x00\x00\xff\x24", TRUE);
AFTER_SETTINGS (dynamic_entry, 0, "\x01\x03\x00\x00\x80", TRUE);
AFTER_SETTINGS (capacity, 6, "\x3f\xff\xff\xff\xff\x07", FALSE);
static const QsCraftStep second_encoder[] = {
  CONNECT, CONTROL, ON_STREAM (6, "\x02"), ACT_ON_STREAM (10, "\x02", FALSE), SEE_REFUSAL, END
};
static const QsCraftStep second_decoder[] = {
  CONNECT, CONTROL, ON_STREAM (6, "\x03"), ACT_ON_STREAM (10, "\x03", FALSE), SEE_REFUSAL, END
};
AFTER_SETTINGS (encoder_closed, 6, "", TRUE);
AFTER_SETTINGS (decoder_closed, 10, "", TRUE);
AFTER_SETTINGS (encoder_cut, 6, "\x3f", TRUE);
AFTER_SETTINGS (increment_zero, 10, "\x00", FALSE);

/* --- The table --- */

#define LEGAL QS_CHECK_HTTP3
#define WRONG (QS_CHECK_HTTP3 | QS_CHECK_ILLEGAL)
#define ROW(id, category, title, section, flags, script, judge, readings, ...)                                        \
  {                                                                                                                   \
    id, category, QS_MARK_OF_CONFORMANCE, title, section, flags, QS_GRADE_B, script, judge, { __VA_ARGS__ }, readings \
  }
#define ERROR_OF(id, title, section, script, ...) \
  ROW (id, QS_CATEGORY_HTTP3, title, section, WRONG, script, qs_judge_http3, NULL, __VA_ARGS__)
#define MALFORMED(id, title, section, script) \
  ROW (id, QS_CATEGORY_HTTP3, title, section, WRONG, script, qs_judge_malformed, NULL, H3_MESSAGE_ERROR)
#define TAKEN(id, title, section, script) \
  ROW (id, QS_CATEGORY_HTTP3, title, section, LEGAL, script, qs_judge_answers, NULL, 0)
#define QPACK(id, title, section, script, ...) \
  ROW (id, QS_CATEGORY_QPACK, title, section, WRONG, script, qs_judge_http3, NULL, __VA_ARGS__)

const QsCheck qs_checks_http3[] = {
  TAKEN ("H0", N_ ("An ordinary request is answered"), "RFC 9114 section 4.1", ordinary),
  ERROR_OF ("H1", N_ ("DATA before HEADERS"), "RFC 9114 section 4.1", data_first, H3_FRAME_UNEXPECTED),
  MALFORMED ("H2", N_ ("A pseudo-header field twice"), "RFC 9114 section 4.3.1", pseudo_twice),
  MALFORMED ("H3", N_ ("A request without :path"), "RFC 9114 section 4.3.1", pseudo_missing),
  MALFORMED ("H4", N_ (":status in a request"), "RFC 9114 section 4.3", pseudo_response),
  MALFORMED ("H5", N_ ("A pseudo-header field behind a regular one"), "RFC 9114 section 4.3", pseudo_late),
  ROW ("H6", QS_CATEGORY_HTTP3, N_ ("A body that is shorter than content-length"), "RFC 9114 section 4.1.2",
       WRONG | QS_CHECK_IS_CONTESTED, content_length, qs_judge_malformed,
       N_ ("Such a request is malformed, says section 4.1.2. Section 4.1.1 lets a server answer before the request has "
           "come to its end: whoever "
           "does not read the body does not learn of it."),
       H3_MESSAGE_ERROR),
  MALFORMED ("H7", N_ ("The field connection"), "RFC 9114 section 4.2", field_connection),
  MALFORMED ("H8", N_ ("The field keep-alive"), "RFC 9114 section 4.2", field_keep_alive),
  MALFORMED ("H9", N_ ("The field proxy-connection"), "RFC 9114 section 4.2", field_proxy_connection),
  MALFORMED ("H10", N_ ("The field transfer-encoding"), "RFC 9114 section 4.2", field_transfer_encoding),
  MALFORMED ("H11", N_ ("The field upgrade"), "RFC 9114 section 4.2", field_upgrade),
  MALFORMED ("H12", N_ ("te: gzip"), "RFC 9114 section 4.2", field_te_gzip),
  TAKEN ("H13", N_ ("te: trailers is allowed"), "RFC 9114 section 4.2", field_te_trailers),
  ROW ("H14", QS_CATEGORY_HTTP3, N_ ("The field connection in trailers"), "RFC 9114 section 4.2",
       WRONG | QS_CHECK_IS_CONTESTED, trailers, qs_judge_malformed,
       N_ ("Such a request is malformed, says section 4.2. Section 4.1.1 lets a server answer before the request has "
           "come to its end: whoever has "
           "answered does not learn of it."),
       H3_MESSAGE_ERROR),
  ERROR_OF ("H15", N_ ("A control stream that does not begin with SETTINGS"), "RFC 9114 section 6.2.1", no_settings,
            H3_MISSING_SETTINGS),
  ERROR_OF ("H16", N_ ("DATA on the control stream"), "RFC 9114 section 7.2.1", data_on_control, H3_FRAME_UNEXPECTED),
  ERROR_OF ("H17", N_ ("HEADERS on the control stream"), "RFC 9114 section 7.2.2", headers_on_control,
            H3_FRAME_UNEXPECTED),
  ERROR_OF ("H18", N_ ("SETTINGS twice"), "RFC 9114 section 7.2.4", settings_twice, H3_FRAME_UNEXPECTED),
  ERROR_OF ("H19", N_ ("A setting of HTTP/2"), "RFC 9114 section 7.2.4.1", http2_settings, H3_SETTINGS_ERROR),
  ERROR_OF ("H20", N_ ("SETTINGS that are cut short"), "RFC 9114 section 7.1", cut_settings, H3_FRAME_ERROR,
            H3_SETTINGS_ERROR),
  TAKEN ("H21", N_ ("A reserved setting is ignored"), "RFC 9114 section 7.2.4.1", reserved_setting),
  ROW ("H22", QS_CATEGORY_HTTP3, N_ ("The same setting twice"), "RFC 9114 section 7.2.4", WRONG | QS_CHECK_MAY,
       repeated_setting, qs_judge_http3, NULL, H3_SETTINGS_ERROR),
  ERROR_OF ("H23", N_ ("CANCEL_PUSH on a request's stream"), "RFC 9114 section 7.2.3", cancel_push_on_request,
            H3_FRAME_UNEXPECTED),
  ERROR_OF ("H24", N_ ("A second control stream"), "RFC 9114 section 6.2.1", second_control, H3_STREAM_CREATION_ERROR),
  ERROR_OF ("H25", N_ ("A push stream from a client"), "RFC 9114 section 6.2.2", client_push, H3_STREAM_CREATION_ERROR),
  ERROR_OF ("H26", N_ ("The control stream is ended"), "RFC 9114 section 6.2.1", control_closed,
            H3_CLOSED_CRITICAL_STREAM),
  ROW ("H27", QS_CATEGORY_HTTP3, N_ ("GOAWAY that claims a length of 2^30"), "RFC 9114 section 7.1",
       WRONG | QS_CHECK_IS_CONTESTED, huge_frame, qs_judge_http3,
       N_ ("h3spec waits for H3_EXCESSIVE_LOAD. RFC 9114 section 7.1 makes a frame whose content does not fill its "
           "length an "
           "H3_FRAME_ERROR, and its content has not come yet."),
       H3_EXCESSIVE_LOAD, H3_FRAME_ERROR),
  TAKEN ("H28", N_ ("Reserved frames are ignored"), "RFC 9114 section 7.2.8", reserved_frame),
  ERROR_OF ("H29", N_ ("MAX_PUSH_ID is lowered"), "RFC 9114 section 7.2.7", max_push_lowered, H3_ID_ERROR),
  ROW ("H28b", QS_CATEGORY_HTTP3, N_ ("A reserved frame before SETTINGS"), "RFC 9114 section 6.2.1",
       WRONG | QS_CHECK_IS_CONTESTED, reserved_first, qs_judge_answers,
       N_ ("SETTINGS must be the first frame of the control stream, says section 6.2.1. Frames of reserved types have "
           "no "
           "meaning and may stand wherever frames are allowed, says section 7.2.8."),
       0),
  MALFORMED ("H30", N_ ("A field name in upper case"), "RFC 9114 section 4.2", field_uppercase),
  TAKEN ("H31", N_ ("A stream of a reserved type is no error"), "RFC 9114 section 6.2.3", reserved_stream),
  ROW ("H32", QS_CATEGORY_HTTP3, N_ ("A request behind the client's own GOAWAY is answered"), "RFC 9114 section 5.2",
       LEGAL | QS_CHECK_MAY, goaway, qs_judge_answers, NULL, 0),
  ROW ("H33", QS_CATEGORY_HTTP3, N_ ("A huge field section is answered or refused, and does not hang"),
       "RFC 9114 section 4.2.2", WRONG | QS_CHECK_SHOULD, huge_section, qs_judge_huge_section, NULL, H3_EXCESSIVE_LOAD,
       H3_MESSAGE_ERROR),
  ROW ("H34", QS_CATEGORY_HTTP3, N_ ("What HTTP/3's settings offer: extended CONNECT, datagrams, WebTransport"),
       "RFC 9114 section 7.2.4", LEGAL, ordinary, qs_judge_settings, NULL, 0),
  ROW ("H35", QS_CATEGORY_HTTP3, N_ ("The urgent one of two requests is answered first"), "RFC 9218 section 4.1", LEGAL,
       priority, qs_judge_priority, NULL, 0),
  QPACK ("K1", N_ ("A static index that is not there"), "RFC 9204 section 3.1", static_index,
         QPACK_DECOMPRESSION_FAILED),
  QPACK ("K2", N_ ("An entry of the dynamic table that is not there"), "RFC 9204 section 2.2.3", dynamic_entry,
         QPACK_DECOMPRESSION_FAILED),
  QPACK ("K3", N_ ("A dynamic table larger than the server allows"), "RFC 9204 section 4.3.1", capacity,
         QPACK_ENCODER_STREAM_ERROR),
  QPACK ("K4", N_ ("A second encoder stream"), "RFC 9204 section 4.2", second_encoder, H3_STREAM_CREATION_ERROR),
  QPACK ("K5", N_ ("A second decoder stream"), "RFC 9204 section 4.2", second_decoder, H3_STREAM_CREATION_ERROR),
  QPACK ("K6", N_ ("The encoder stream is ended"), "RFC 9204 section 4.2", encoder_closed, H3_CLOSED_CRITICAL_STREAM),
  QPACK ("K7", N_ ("The decoder stream is ended"), "RFC 9204 section 4.2", decoder_closed, H3_CLOSED_CRITICAL_STREAM),
  ROW ("K8", QS_CATEGORY_QPACK, N_ ("The encoder stream ends within an instruction"), "RFC 9204 section 4.2",
       WRONG | QS_CHECK_IS_CONTESTED, encoder_cut, qs_judge_http3,
       N_ ("A critical stream is closed (H3_CLOSED_CRITICAL_STREAM), an instruction is cut short, and what there is of "
           "it may already "
           "exceed the capacity (QPACK_ENCODER_STREAM_ERROR): the text does not say which comes first."),
       H3_CLOSED_CRITICAL_STREAM, QPACK_ENCODER_STREAM_ERROR),
  QPACK ("K9", N_ ("Insert Count Increment of zero"), "RFC 9204 section 4.4.3", increment_zero,
         QPACK_DECODER_STREAM_ERROR),
};
const guint qs_n_checks_http3 = G_N_ELEMENTS (qs_checks_http3);
