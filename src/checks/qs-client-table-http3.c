/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of clients: HTTP/3 and QPACK. Streams: 0 is the request, 3 the server's control stream, 7 and 11 QPACK's encoder and decoder. */
#include "checks/qs-check-tables.h"

#define ANSWER_MS 1500 /* for what a client makes of an answer */

/* --- Scripts --- */

/* A client that has asked, and waits. */
#define ASKED CONNECT, NEED (QS_CRAFT_ANSWERED)
#define CONTROL ON_STREAM (3, "\x00\x04\x00")
/* Something wrong, on a connection where the three streams are open. */
#define AFTER_SETTINGS(name, number, content, end) \
  static const QsCraftStep name[] = { ASKED, HTTP3, ACT_ON_STREAM (number, content, end), SEE_REFUSAL, END }
/* …before or in place of them. */
#define INSTEAD(name, number, content, end) \
  static const QsCraftStep name[] = { ASKED, ACT_ON_STREAM (number, content, end), SEE_REFUSAL, END }
#define AFTER_CONTROL(name, number, content, end) \
  static const QsCraftStep name[] = { ASKED, CONTROL, ACT_ON_STREAM (number, content, end), SEE_REFUSAL, END }
#define BODY(content)                                                              \
  {                                                                                \
    .what = QS_CRAFT_DO_STREAM, .stream = 0, .bytes = BYTES (content), .fin = TRUE \
  }
#define RESPOND(...)                                                          \
  {                                                                           \
    .what = QS_CRAFT_DO_RESPOND, .act = TRUE, .fields = (const char *const[]) \
    {                                                                         \
      __VA_ARGS__, NULL                                                       \
    }                                                                         \
  }
#define SEE_TOLERANCE AWAIT (QS_CRAFT_CLOSED, ANSWER_MS), SEE_GOING_ON

static const QsCraftStep ordinary[] = { ASKED,         HTTP3, RESPOND (":status", "200"), BODY ("\x00\x03yes"),
                                        SEE_TOLERANCE, END };
static const QsCraftStep interim[] = {
  ASKED, HTTP3, RESPOND (":status", "103"), { .what = QS_CRAFT_DO_RESPOND }, BODY ("\x00\x03yes"), SEE_TOLERANCE, END
};
static const QsCraftStep reserved_frame[] = { ASKED,
                                              ON_STREAM (3, "\x00\x04\x00\x21\x03xyz"),
                                              RESPOND (":status", "200"),
                                              BODY ("\x21\x03xyz\x00\x03yes"),
                                              SEE_TOLERANCE,
                                              END };
static const QsCraftStep reserved_setting[] = {
  ASKED, ON_STREAM (3, "\x00\x04\x02\x21\x05"), RESPOND (":status", "200"), BODY ("\x00\x03yes"), SEE_TOLERANCE, END
};
static const QsCraftStep reserved_stream[] = {
  ASKED, CONTROL, ON_STREAM (7, "\x21xyz"), RESPOND (":status", "200"), BODY ("\x00\x03yes"), SEE_TOLERANCE, END
};
static const QsCraftStep goaway[] = {
  ASKED, HTTP3, ON_STREAM (3, "\x07\x01\x04"), RESPOND (":status", "200"), BODY ("\x00\x03yes"), SEE_TOLERANCE, END
};

INSTEAD (no_settings, 3, "\x00\x07\x01\x00", FALSE);
AFTER_SETTINGS (data_first, 0, "\x00\x01x", FALSE);
AFTER_SETTINGS (http2_frame, 0, "\x02\x00", FALSE);
AFTER_SETTINGS (settings_on_request, 0, "\x04\x00", FALSE);
AFTER_SETTINGS (data_on_control, 3, "\x00\x00", FALSE);
AFTER_SETTINGS (headers_on_control, 3, "\x01\x00", FALSE);
AFTER_SETTINGS (settings_twice, 3, "\x04\x00", FALSE);
INSTEAD (http2_setting, 3, "\x00\x04\x02\x02\x00", FALSE);
INSTEAD (cut_settings, 3, "\x00\x04\x01\x06", FALSE);
AFTER_CONTROL (second_control, 7, "\x00\x04\x00", FALSE);
AFTER_SETTINGS (control_closed, 3, "", TRUE);
AFTER_SETTINGS (max_push_id, 3, "\x0d\x01\x05", FALSE);
AFTER_SETTINGS (goaway_of_server_stream, 3, "\x07\x01\x03", FALSE);
AFTER_SETTINGS (goaway_raised, 3, "\x07\x01\x04\x07\x01\x08", FALSE);
AFTER_SETTINGS (push_promise, 0, "\x05\x03\x00\x00\x00", FALSE);
AFTER_CONTROL (push_stream, 7, "\x01\x00", FALSE);
AFTER_SETTINGS (static_index, 0, "\x01\x04\x00\x00\xff\x24", TRUE);
AFTER_SETTINGS (dynamic_entry, 0, "\x01\x03\x00\x00\x80", TRUE);
AFTER_SETTINGS (encoder_closed, 7, "", TRUE);
AFTER_SETTINGS (decoder_closed, 11, "", TRUE);
AFTER_SETTINGS (increment_zero, 11, "\x00", FALSE);
AFTER_SETTINGS (capacity, 7, "\x3f\xff\xff\xff\xff\x07", FALSE);

#define BAD_ANSWER(name, content, ...)                                                                        \
  static const QsCraftStep name[] = {                                                                         \
    ASKED, HTTP3, RESPOND (__VA_ARGS__), BODY (content), AWAIT (QS_CRAFT_CLOSED, ANSWER_MS), SEE_REFUSAL, END \
  }
BAD_ANSWER (content_length, "\x00\x03yes", ":status", "200", "content-length", "5");
BAD_ANSWER (no_status, "\x00\x03yes", "server", "quicscope");
BAD_ANSWER (request_field, "\x00\x03yes", ":status", "200", ":path", "/");
BAD_ANSWER (uppercase, "\x00\x03yes", ":status", "200", "X-Quicscope", "test");
BAD_ANSWER (connection_field, "\x00\x03yes", ":status", "200", "connection", "close");

/* --- The table --- */

#define ROW(id, kind, title, section, flags, script, judge, ...)                                              \
  {                                                                                                           \
    id, kind, QS_MARK_OF_CONFORMANCE, title, section, QS_CHECK_HTTP3 | (flags), QS_GRADE_NONE, script, judge, \
        { __VA_ARGS__ }, NULL                                                                                 \
  }
#define ERROR_OF(id, title, section, script, ...) \
  ROW (id, QS_CATEGORY_HTTP3, title, section, 0, script, qs_judge_client_http3, __VA_ARGS__)
#define TAKEN(id, title, section, script) \
  ROW (id, QS_CATEGORY_HTTP3, title, section, 0, script, qs_judge_client_tolerates, 0)
#define MALFORMED(id, title, section, script) \
  ROW (id, QS_CATEGORY_HTTP3, title, section, 0, script, qs_judge_client_malformed, H3_MESSAGE_ERROR)
#define QPACK(id, title, section, script, ...) \
  ROW (id, QS_CATEGORY_QPACK, title, section, 0, script, qs_judge_client_http3, __VA_ARGS__)

const QsCheck qs_client_checks_http3[] = {
  TAKEN ("CH1", N_ ("An ordinary answer is taken"), "RFC 9114 section 4.1", ordinary),
  TAKEN ("CH2", N_ ("An interim answer before it is taken"), "RFC 9114 section 4.1", interim),
  TAKEN ("CH3", N_ ("Frames of reserved types are passed over"), "RFC 9114 section 7.2.8", reserved_frame),
  TAKEN ("CH4", N_ ("A setting of a reserved id is passed over"), "RFC 9114 section 7.2.4.1", reserved_setting),
  TAKEN ("CH5", N_ ("A stream of a reserved type is passed over"), "RFC 9114 section 6.2.3", reserved_stream),
  TAKEN ("CH6", N_ ("A request below GOAWAY's id gets its answer"), "RFC 9114 section 5.2", goaway),
  ERROR_OF ("CH7", N_ ("A control stream that does not begin with SETTINGS"), "RFC 9114 section 6.2.1", no_settings,
            H3_MISSING_SETTINGS),
  ERROR_OF ("CH8", N_ ("DATA before HEADERS"), "RFC 9114 section 4.1", data_first, H3_FRAME_UNEXPECTED),
  ERROR_OF ("CH9", N_ ("A frame of HTTP/2 on the request's stream"), "RFC 9114 section 7.2.8", http2_frame,
            H3_FRAME_UNEXPECTED),
  ERROR_OF ("CH10", N_ ("SETTINGS on the request's stream"), "RFC 9114 section 7.2.4", settings_on_request,
            H3_FRAME_UNEXPECTED),
  ERROR_OF ("CH11", N_ ("DATA on the control stream"), "RFC 9114 section 7.2.1", data_on_control, H3_FRAME_UNEXPECTED),
  ERROR_OF ("CH12", N_ ("HEADERS on the control stream"), "RFC 9114 section 7.2.2", headers_on_control,
            H3_FRAME_UNEXPECTED),
  ERROR_OF ("CH13", N_ ("SETTINGS twice"), "RFC 9114 section 7.2.4", settings_twice, H3_FRAME_UNEXPECTED),
  ERROR_OF ("CH14", N_ ("A setting of HTTP/2"), "RFC 9114 section 7.2.4.1", http2_setting, H3_SETTINGS_ERROR),
  ERROR_OF ("CH15", N_ ("SETTINGS that are cut short"), "RFC 9114 section 7.1", cut_settings, H3_FRAME_ERROR,
            H3_SETTINGS_ERROR),
  ERROR_OF ("CH16", N_ ("A second control stream"), "RFC 9114 section 6.2.1", second_control, H3_STREAM_CREATION_ERROR),
  ERROR_OF ("CH17", N_ ("The control stream is closed"), "RFC 9114 section 6.2.1", control_closed,
            H3_CLOSED_CRITICAL_STREAM),
  ERROR_OF ("CH18", N_ ("MAX_PUSH_ID from a server"), "RFC 9114 section 7.2.7", max_push_id, H3_FRAME_UNEXPECTED),
  ERROR_OF ("CH19", N_ ("GOAWAY with the id of a stream that no request can have"), "RFC 9114 section 7.2.6",
            goaway_of_server_stream, H3_ID_ERROR),
  ERROR_OF ("CH20", N_ ("A second GOAWAY with a higher id"), "RFC 9114 section 5.2", goaway_raised, H3_ID_ERROR),
  ROW ("CH21", QS_CATEGORY_HTTP3, N_ ("PUSH_PROMISE without MAX_PUSH_ID"), "RFC 9114 section 7.2.5", 0, push_promise,
       qs_judge_client_push, H3_ID_ERROR),
  ROW ("CH22", QS_CATEGORY_HTTP3, N_ ("A push stream without MAX_PUSH_ID"), "RFC 9114 section 4.6", 0, push_stream,
       qs_judge_client_push, H3_ID_ERROR),
  MALFORMED ("CH23", N_ ("A body that is shorter than content-length"), "RFC 9114 section 4.1.2", content_length),
  MALFORMED ("CH24", N_ ("An answer without :status"), "RFC 9114 section 4.3.2", no_status),
  MALFORMED ("CH25", N_ (":path in an answer"), "RFC 9114 section 4.3", request_field),
  MALFORMED ("CH26", N_ ("A field with uppercase letters"), "RFC 9114 section 4.2", uppercase),
  MALFORMED ("CH27", N_ ("The field connection"), "RFC 9114 section 4.2", connection_field),
  QPACK ("CQ1", N_ ("An index beyond the static table"), "RFC 9204 section 3.1", static_index,
         QPACK_DECOMPRESSION_FAILED),
  QPACK ("CQ2", N_ ("An entry that the dynamic table has not"), "RFC 9204 section 2.2.3", dynamic_entry,
         QPACK_DECOMPRESSION_FAILED),
  QPACK ("CQ3", N_ ("A capacity above the client's limit"), "RFC 9204 section 4.3.1", capacity,
         QPACK_ENCODER_STREAM_ERROR),
  QPACK ("CQ4", N_ ("Insert Count Increment of zero"), "RFC 9204 section 4.4.3", increment_zero,
         QPACK_DECODER_STREAM_ERROR),
  QPACK ("CQ5", N_ ("The encoder stream is closed"), "RFC 9204 section 4.2", encoder_closed, H3_CLOSED_CRITICAL_STREAM),
  QPACK ("CQ6", N_ ("The decoder stream is closed"), "RFC 9204 section 4.2", decoder_closed, H3_CLOSED_CRITICAL_STREAM),
};
const guint qs_n_client_checks_http3 = G_N_ELEMENTS (qs_client_checks_http3);
