/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of clients: TLS and transport parameters. */
#include "checks/qs-check-tables.h"
#include "checks/qs-client-checks.h"

#define ILLEGAL_PARAMETER 47

/* --- Scripts --- */

#define REFUSED(name, ...)                                                                               \
  static const QsCraftStep name[] = { { .what = QS_CRAFT_DO_START, .act = TRUE, OPTIONS (__VA_ARGS__) }, \
                                      AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_CLOSED, START_MS),            \
                                      SEE_REFUSAL,                                                       \
                                      END }
#define TAKEN(name, ...)                                                                                 \
  static const QsCraftStep name[] = { { .what = QS_CRAFT_DO_START, .act = TRUE, OPTIONS (__VA_ARGS__) }, \
                                      AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_CLOSED, START_MS),            \
                                      SEE_GOING_ON,                                                      \
                                      END }
#define LESS(key)                               \
  {                                             \
    .id = (key), .how = QS_CRAFT_PARAMETER_NONE \
  }
/* Behind a Retry that the client has followed. */
#define REFUSED_BEHIND_RETRY(name, ...)                                                                       \
  static const QsCraftStep name[] = { { .what = QS_CRAFT_DO_START,                                            \
                                        OPTIONS (.habits = QS_CRAFT_HOLD_ANSWER, PARAMETERS (__VA_ARGS__)) }, \
                                      NEED (QS_CRAFT_HELLO),                                                  \
                                      { .what = QS_CRAFT_DO_RETRY },                                          \
                                      NEED (QS_CRAFT_RETRY),                                                  \
                                      { .what = QS_CRAFT_DO_ANSWER, .act = TRUE },                            \
                                      AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_CLOSED, START_MS),                 \
                                      SEE_REFUSAL,                                                            \
                                      END }
#define WRONG_ID "\x01\x02\x03\x04\x05\x06\x07\x08"

REFUSED (no_original_id, PARAMETERS (LESS (0x00)));
REFUSED (wrong_original_id, PARAMETERS (OPAQUE (0x00, WRONG_ID)));
REFUSED (no_source_id, PARAMETERS (LESS (0x0f)));
REFUSED (wrong_source_id, PARAMETERS (OPAQUE (0x0f, WRONG_ID)));
REFUSED (unasked_retry_id, PARAMETERS (OPAQUE (0x10, WRONG_ID)));
REFUSED_BEHIND_RETRY (no_retry_id, LESS (0x10));
REFUSED_BEHIND_RETRY (wrong_retry_id, OPAQUE (0x10, WRONG_ID));
REFUSED (twice, PARAMETERS (OPAQUE (0x0c, ""), OPAQUE (0x0c, "")));
REFUSED (small_payload, PARAMETERS (NUMBER (0x03, 1199)));
REFUSED (ack_delay_exponent, PARAMETERS (NUMBER (0x0a, 21)));
REFUSED (max_ack_delay, PARAMETERS (NUMBER (0x0b, 1 << 14)));
REFUSED (id_limit, PARAMETERS (NUMBER (0x0e, 1)));
REFUSED (short_reset_token, PARAMETERS (OPAQUE (0x02, "0123456789abcde")));
REFUSED (too_many_bidi, PARAMETERS (NUMBER (0x08, TWO_60 + 1)));
REFUSED (too_many_uni, PARAMETERS (NUMBER (0x09, TWO_60 + 1)));
REFUSED (malformed, PARAMETERS (OPAQUE (0x04, "\x80\x01")));
REFUSED (preferred_without_id,
         PARAMETERS (OPAQUE (0x0d, "\x7f\x00\x00\x01\x11\x51"
                                   "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                                   "\x00"
                                   "0123456789abcdef")));
TAKEN (unknown_parameter, PARAMETERS (OPAQUE (31 * 7 + 27, "quicscope")));
REFUSED (no_parameters, .answer = { .no_parameters = TRUE });
REFUSED (other_alpn, .answer = { .unasked_alpn = "quicscope-none" });
REFUSED (expired, .answer = { .which = QS_CLIENT_CHECK_EXPIRED });
REFUSED (wrong_name, .answer = { .which = QS_CLIENT_CHECK_WRONG_NAME });
REFUSED (unknown_ca, .answer = { .which = QS_CLIENT_CHECK_UNKNOWN_CA });

#define MESSAGE(name, bytes_of_it)                                                                           \
  static const QsCraftStep name[] = { CONNECT,                                                               \
                                      { .what = QS_CRAFT_DO_SEND,                                            \
                                        .act = TRUE,                                                         \
                                        .packet = { .type = QS_PACKET_1RTT },                                \
                                        FRAMES ({ .type = QS_FRAME_CRYPTO, .data = BYTES (bytes_of_it) }) }, \
                                      SEE_REFUSAL,                                                           \
                                      END }
MESSAGE (key_update, "\x18\x00\x00\x01\x00");
/* With signature_algorithms, which it has to have. */
MESSAGE (certificate_request, "\x0d\x00\x00\x0b\x00\x00\x08\x00\x0d\x00\x04\x00\x02\x04\x03");
/* A ticket of 4 bytes for an hour, whose extension early_data says 1000. */
MESSAGE (early_data_size, "\x04\x00\x00\x1b\x00\x00\x0e\x10\x00\x00\x00\x01\x02\x00\x01\x00\x04"
                          "quic"
                          "\x00\x08\x00\x2a\x00\x04\x00\x00\x03\xe8");

/* --- The table --- */

#define PARAMETER(id, title, section, script)                                                                       \
  {                                                                                                                 \
    id, QS_CATEGORY_PARAMETERS, QS_MARK_OF_CONFORMANCE, title, section, 0, QS_GRADE_NONE, script, qs_judge_refused, \
        { TRANSPORT_PARAMETER_ERROR }, NULL                                                                         \
  }
#define TLS(id, title, section, flags, script, judge, ...)                                                             \
  {                                                                                                                    \
    id, QS_CATEGORY_TLS, QS_MARK_OF_CONFORMANCE, title, section, flags, QS_GRADE_NONE, script, judge, { __VA_ARGS__ }, \
        NULL                                                                                                           \
  }

const QsCheck qs_client_checks_tls[] = {
  PARAMETER ("CP2", N_ ("original_destination_connection_id is missing"), "RFC 9000 section 7.3", no_original_id),
  PARAMETER ("CP3", N_ ("original_destination_connection_id is wrong"), "RFC 9000 section 7.3", wrong_original_id),
  PARAMETER ("CP4", N_ ("initial_source_connection_id is missing"), "RFC 9000 section 7.3", no_source_id),
  PARAMETER ("CP5", N_ ("initial_source_connection_id is wrong"), "RFC 9000 section 7.3", wrong_source_id),
  PARAMETER ("CP6", N_ ("retry_source_connection_id without a Retry"), "RFC 9000 section 7.3", unasked_retry_id),
  PARAMETER ("CP7", N_ ("retry_source_connection_id is missing behind a Retry"), "RFC 9000 section 7.3", no_retry_id),
  PARAMETER ("CP8", N_ ("retry_source_connection_id is wrong"), "RFC 9000 section 7.3", wrong_retry_id),
  { "CP9",
    QS_CATEGORY_PARAMETERS,
    QS_MARK_OF_CONFORMANCE,
    N_ ("A transport parameter comes twice"),
    "RFC 9000 section 7.4",
    QS_CHECK_SHOULD,
    QS_GRADE_NONE,
    twice,
    qs_judge_refused,
    { TRANSPORT_PARAMETER_ERROR },
    NULL },
  PARAMETER ("CP10", N_ ("max_udp_payload_size is 1199"), "RFC 9000 section 18.2", small_payload),
  PARAMETER ("CP11", N_ ("ack_delay_exponent is 21"), "RFC 9000 section 18.2", ack_delay_exponent),
  PARAMETER ("CP12", N_ ("max_ack_delay is 2^14"), "RFC 9000 section 18.2", max_ack_delay),
  PARAMETER ("CP13", N_ ("active_connection_id_limit is 1"), "RFC 9000 section 18.2", id_limit),
  PARAMETER ("CP14", N_ ("stateless_reset_token has 15 bytes"), "RFC 9000 section 18.2", short_reset_token),
  PARAMETER ("CP15", N_ ("initial_max_streams_bidi is beyond 2^60"), "RFC 9000 section 18.2", too_many_bidi),
  PARAMETER ("CP16", N_ ("initial_max_streams_uni is beyond 2^60"), "RFC 9000 section 18.2", too_many_uni),
  PARAMETER ("CP17", N_ ("initial_max_data is no number"), "RFC 9000 section 7.4", malformed),
  PARAMETER ("CP18", N_ ("preferred_address without a connection id"), "RFC 9000 section 18.2", preferred_without_id),
  { "CP19",
    QS_CATEGORY_PARAMETERS,
    QS_MARK_OF_CONFORMANCE,
    N_ ("A transport parameter that nobody knows is passed over"),
    "RFC 9000 section 7.4.2",
    0,
    QS_GRADE_NONE,
    unknown_parameter,
    qs_judge_goes_on,
    { 0 },
    NULL },
  PARAMETER ("CP20", N_ ("The extension of transport parameters is empty"), "RFC 9000 section 7.3", no_parameters),
  TLS ("CT3", N_ ("An expired certificate"), "RFC 9001 section 4.4", 0, expired, qs_judge_client_certificate, 0),
  TLS ("CT4", N_ ("A certificate for another name"), "RFC 9001 section 4.4", 0, wrong_name, qs_judge_client_certificate,
       0),
  TLS ("CT5", N_ ("A certificate of an authority that nobody knows"), "RFC 9001 section 4.4", 0, unknown_ca,
       qs_judge_client_certificate, 0),
  TLS ("CT6", N_ ("An application protocol that was not offered"), "RFC 7301 section 3.1", 0, other_alpn,
       qs_judge_refused, ALERT (NO_APPLICATION_PROTOCOL), ALERT (ILLEGAL_PARAMETER)),
  TLS ("CT7", N_ ("TLS's KeyUpdate"), "RFC 9001 section 6", 0, key_update, qs_judge_refused,
       ALERT (UNEXPECTED_MESSAGE)),
  TLS ("CT8", N_ ("CertificateRequest behind the handshake"), "RFC 9001 section 4.4", 0, certificate_request,
       qs_judge_refused, PROTOCOL_VIOLATION, ALERT (UNEXPECTED_MESSAGE)),
  TLS ("CT9", N_ ("A session ticket whose max_early_data_size is 1000"), "RFC 9001 section 4.6.1", 0, early_data_size,
       qs_judge_refused, PROTOCOL_VIOLATION),
};
const guint qs_n_client_checks_tls = G_N_ELEMENTS (qs_client_checks_tls);
