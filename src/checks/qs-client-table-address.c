/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of clients: versions, Retry, and what their first packets show. */
#include "checks/qs-check-tables.h"

#define SETTLE_MS 400  /* for what a client might do of what it must not */
#define ABANDON_MS 700 /* likewise, where it has to give up */

/* --- Scripts --- */

#define HOLD                                                                                           \
  { .what = QS_CRAFT_DO_START, .options = &(const QsCraftOptions){ .habits = QS_CRAFT_HOLD_ANSWER } }, \
      NEED (QS_CRAFT_HELLO)
#define ANSWER                 \
  {                            \
    .what = QS_CRAFT_DO_ANSWER \
  }
#define RETRY(...)                                      \
  {                                                     \
    .what = QS_CRAFT_DO_RETRY, .retry = { __VA_ARGS__ } \
  }
#define ACT_RETRY(...)                                               \
  {                                                                  \
    .what = QS_CRAFT_DO_RETRY, .act = TRUE, .retry = { __VA_ARGS__ } \
  }
#define UNKNOWN "\x1a\x2a\x3a\x4a\x5a\x6a\x7a\x8a" /* RFC 9000 section 15: nobody may know these */
/* The handshake, and whether the client goes on behind it. */
#define SEE_HANDSHAKE AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_CLOSED, START_MS), SEE_GOING_ON

/* An answer to a request as anybody gives it: many checks only look at it. */
static const QsCraftStep ordinary[] = { { .what = QS_CRAFT_DO_START, .act = TRUE },
                                        NEED (QS_CRAFT_CONFIRMED),
                                        AWAIT (QS_CRAFT_ANSWERED | QS_CRAFT_CLOSED, SETTLE_MS),
                                        END };

static const QsCraftStep own_version[] = {
  HOLD,
  { .what = QS_CRAFT_DO_VERSIONS, .act = TRUE, .bytes = BYTES (UNKNOWN), .own_version = TRUE },
  AWAIT (QS_CRAFT_CLOSED, SETTLE_MS),
  ANSWER,
  SEE_HANDSHAKE,
  END
};

static const QsCraftStep no_version[] = { HOLD,
                                          { .what = QS_CRAFT_DO_VERSIONS, .act = TRUE, .bytes = BYTES (UNKNOWN) },
                                          AWAIT (QS_CRAFT_CLOSED, ABANDON_MS),
                                          ANSWER,
                                          AWAIT (QS_CRAFT_DONE | QS_CRAFT_CLOSED, GO_ON_MS),
                                          END };

/* A PING in an Initial packet, acknowledged: the client has taken a packet. */
#define TAKE_PACKET                                           \
  { .what = QS_CRAFT_DO_SEND,                                 \
    .packet = { .type = QS_PACKET_INITIAL, .padding = 1200 }, \
    .bytes = BYTES ("\x01\x00\x00\x00") },                    \
      NEED (QS_CRAFT_ACKED)

static const QsCraftStep late_version[] = { HOLD,
                                            TAKE_PACKET,
                                            { .what = QS_CRAFT_DO_VERSIONS, .act = TRUE, .bytes = BYTES (UNKNOWN) },
                                            AWAIT (QS_CRAFT_CLOSED, SETTLE_MS),
                                            ANSWER,
                                            SEE_HANDSHAKE,
                                            END };

#define FOLLOWED(name, ...)                                                                                            \
  static const QsCraftStep name[] = { HOLD,   ACT_RETRY (__VA_ARGS__), AWAIT (QS_CRAFT_RETRY | QS_CRAFT_CLOSED, 2000), \
                                      ANSWER, SEE_HANDSHAKE,           END }
FOLLOWED (retry, .garble = FALSE);
FOLLOWED (large_retry, .token_length = 600, .id_length = 20);

static const QsCraftStep retry_twice[] = { HOLD,
                                           RETRY (.garble = FALSE),
                                           NEED (QS_CRAFT_RETRY),
                                           ACT_RETRY (.garble = FALSE),
                                           AWAIT (QS_CRAFT_CLOSED, SETTLE_MS),
                                           ANSWER,
                                           SEE_HANDSHAKE,
                                           END };
#define PASSED_OVER(name, ...)                                                                             \
  static const QsCraftStep name[] = { HOLD,   ACT_RETRY (__VA_ARGS__), AWAIT (QS_CRAFT_CLOSED, SETTLE_MS), \
                                      ANSWER, SEE_HANDSHAKE,           END }
PASSED_OVER (bad_tag, .garble = TRUE);
PASSED_OVER (empty_token, .no_token = TRUE);
PASSED_OVER (same_id, .same_id = TRUE);

static const QsCraftStep late_retry[] = {
  HOLD, TAKE_PACKET, ACT_RETRY (.garble = FALSE), AWAIT (QS_CRAFT_CLOSED, SETTLE_MS), ANSWER, SEE_HANDSHAKE, END
};

static const QsCraftStep initial_token[] = {
  { .what = QS_CRAFT_DO_START, .act = TRUE, .options = &(const QsCraftOptions){ .habits = QS_CRAFT_SAY_TOKEN } },
  AWAIT (QS_CRAFT_DONE | QS_CRAFT_CLOSED, 2000),
  SEE_REFUSAL,
  END
};

#define ID_OF(name, bytes_of_it)                                                                                    \
  static const QsCraftStep name[] = {                                                                               \
    { .what = QS_CRAFT_DO_START, .act = TRUE, .options = &(const QsCraftOptions){ .scid_length = (bytes_of_it) } }, \
    SEE_HANDSHAKE,                                                                                                  \
    END                                                                                                             \
  }
ID_OF (long_id, 20);
ID_OF (short_id, 1);

/* --- The table --- */

#define ROW(id, kind, title, section, flags, script, judge, ...)                                                 \
  {                                                                                                              \
    id, kind, QS_MARK_OF_CONFORMANCE, title, section, flags, QS_GRADE_NONE, script, judge, { __VA_ARGS__ }, NULL \
  }
#define VERSION(id, title, section, script, judge) ROW (id, QS_CATEGORY_VERSIONS, title, section, 0, script, judge, 0)
#define ADDRESS(id, title, section, script, judge) ROW (id, QS_CATEGORY_ADDRESS, title, section, 0, script, judge, 0)

const QsCheck qs_client_checks_address[] = {
  VERSION ("CV1", N_ ("An ordinary handshake comes to its end"), "RFC 9000 section 7", ordinary,
           qs_judge_client_handshake),
  VERSION ("CV2", N_ ("Version Negotiation that names the client's own version is passed over"), "RFC 9000 section 6.2",
           own_version, qs_judge_goes_on),
  VERSION ("CV3", N_ ("Version Negotiation without a version that the client knows ends the attempt"),
           "RFC 9000 section 6.2", no_version, qs_judge_client_abandons),
  VERSION ("CV4", N_ ("Version Negotiation behind another packet is passed over"), "RFC 9000 section 6.2", late_version,
           qs_judge_goes_on),
  ADDRESS ("CA1", N_ ("Datagrams with Initial packets have 1200 bytes at least"), "RFC 9000 section 14.1", ordinary,
           qs_judge_client_full_initials),
  ADDRESS ("CA2", N_ ("The first Destination Connection ID has 8 bytes at least"), "RFC 9000 section 7.2", ordinary,
           qs_judge_client_first_id),
  ADDRESS ("CA3", N_ ("A Retry is followed, with its token and its connection id"), "RFC 9000 section 17.2.5.2", retry,
           qs_judge_client_retry),
  ADDRESS ("CA4", N_ ("A Retry with 600 bytes of token and a connection id of 20 bytes is followed"),
           "RFC 9000 section 17.2.5.2", large_retry, qs_judge_client_retry),
  ADDRESS ("CA5", N_ ("A second Retry is passed over"), "RFC 9000 section 17.2.5.2", retry_twice,
           qs_judge_client_retry_ignored),
  ADDRESS ("CA6", N_ ("A Retry whose integrity tag is wrong is passed over"), "RFC 9000 section 17.2.5.2", bad_tag,
           qs_judge_client_retry_ignored),
  ADDRESS ("CA7", N_ ("A Retry with an empty token is passed over"), "RFC 9000 section 17.2.5.2", empty_token,
           qs_judge_client_retry_ignored),
  ADDRESS ("CA8", N_ ("A Retry whose Source Connection ID is the client's destination is passed over"),
           "RFC 9000 section 17.2.5.1", same_id, qs_judge_client_retry_ignored),
  ADDRESS ("CA9", N_ ("A Retry behind an Initial packet is passed over"), "RFC 9000 section 17.2.5.2", late_retry,
           qs_judge_client_retry_ignored),
  ROW ("CA10", QS_CATEGORY_ADDRESS, N_ ("Initial packets of a server with a token are discarded or refused"),
       "RFC 9000 section 17.2.2", 0, initial_token, qs_judge_client_token, PROTOCOL_VIOLATION),
  ADDRESS ("CA11", N_ ("A server's connection id of 20 bytes"), "RFC 9000 section 17.2", long_id, qs_judge_goes_on),
  ADDRESS ("CA12", N_ ("A server's connection id of one byte"), "RFC 9000 section 17.2", short_id, qs_judge_goes_on),
  ROW ("CT1", QS_CATEGORY_TLS, N_ ("The ClientHello asks for no compatibility mode"), "RFC 9001 section 8.4", 0,
       ordinary, qs_judge_client_hello, 0),
  ROW ("CT2", QS_CATEGORY_TLS, N_ ("The ClientHello offers application protocols"), "RFC 9001 section 8.1",
       QS_CHECK_SHOULD, ordinary, qs_judge_client_alpn, 0),
  ROW ("CP1", QS_CATEGORY_PARAMETERS, N_ ("The client's transport parameters are in order"), "RFC 9000 section 18.2", 0,
       ordinary, qs_judge_client_parameters, 0),
};
const guint qs_n_client_checks_address = G_N_ELEMENTS (qs_client_checks_address);
