/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of TLS and of the transport parameters. */
#include <string.h>

#include "checks/qs-check-tables.h"
#include "wire/qs-tls-extensions.h"

/* --- ClientHellos --- */

/* Where an extension's type stands; 0 when it is not there. Behind the head: version, random, three vectors (RFC 9846 section 4.2.2). */
static guint
find_extension (const GByteArray *hello, guint16 type)
{
  guint at = 4 + 2 + 32;

  if (at >= hello->len)
    return 0;
  at += 1u + hello->data[at];
  at += 2u + ((guint) hello->data[at] << 8 | hello->data[at + 1]);
  at += 1u + hello->data[at];
  for (at += 2; at + 4 <= hello->len;)
    {
      if (((guint) hello->data[at] << 8 | hello->data[at + 1]) == type)
        return at;
      at += 4u + ((guint) hello->data[at + 2] << 8 | hello->data[at + 3]);
    }
  return 0;
}

/* As drafts had it: RFC 9001 has another number. */
static void
name_as_draft (GByteArray *hello)
{
  guint at = find_extension (hello, QS_TLS_EXT_QUIC_TRANSPORT_PARAMETERS);

  if (at != 0)
    memcpy (hello->data + at, "\xff\xa5", 2);
}

/* The extension gets a number that nobody knows (RFC 8701), so it is as good as missing. */
static void
lose_parameters (GByteArray *hello)
{
  guint at = find_extension (hello, QS_TLS_EXT_QUIC_TRANSPORT_PARAMETERS);

  if (at != 0)
    memcpy (hello->data + at, "\x5a\x5a", 2);
}

static void
offer_tls12 (GByteArray *hello)
{
  guint at = find_extension (hello, QS_TLS_EXT_SUPPORTED_VERSIONS);

  for (guint i = at + 5; at != 0 && i + 1 < at + 5 + hello->data[at + 4]; i += 2)
    hello->data[i + 1] = 0x03;
}

/* What TLS 1.2 had for middleboxes to see (RFC 9846, on middlebox compatibility); QUIC has no use for it. */
static void
add_session_id (GByteArray *hello)
{
  const guint at = 4 + 2 + 32;
  static const char id[] = "\x20quicscope: no session id in QUIC"; /* its length, and 32 bytes */
  g_autofree guint8 *rest = NULL;

  if (hello->len <= at || hello->data[at] != 0)
    return;
  guint length = hello->len - at - 1;
  rest = g_memdup2 (hello->data + at + 1, length);
  g_byte_array_set_size (hello, at);
  g_byte_array_append (hello, (const guint8 *) id, sizeof id - 1);
  g_byte_array_append (hello, rest, length);
  hello->data[2] = (guint8) ((hello->len - 4) >> 8);
  hello->data[3] = (guint8) (hello->len - 4);
}

/* --- Scripts --- */

/* A handshake that must not come to its end. */
#define REFUSED_HELLO(name, ...)                                                               \
  static const QsCraftStep name[] = { { .what = QS_CRAFT_DO_START, .act = TRUE, __VA_ARGS__ }, \
                                      AWAIT (QS_CRAFT_CLOSED | QS_CRAFT_CONFIRMED, 2000),      \
                                      SEE_REFUSAL,                                             \
                                      END }
#define ALPN(...) .tls = { .alpn = (const char *const[]){ __VA_ARGS__, NULL } }

REFUSED_HELLO (other_alpn, OPTIONS (ALPN ("quicscope-none")));
REFUSED_HELLO (no_alpn, .no_alpn = TRUE);
REFUSED_HELLO (old_tls, OPTIONS (.alter_hello = offer_tls12));
REFUSED_HELLO (no_parameters, OPTIONS (.alter_hello = lose_parameters));
REFUSED_HELLO (draft_parameters, OPTIONS (.alter_hello = name_as_draft));
REFUSED_HELLO (twice, OPTIONS (PARAMETERS (NUMBER (0x01, 30000), NUMBER (0x01, 30000))));
REFUSED_HELLO (no_source_id, OPTIONS (PARAMETERS ({ .id = 0x0f, .how = QS_CRAFT_PARAMETER_NONE })));
REFUSED_HELLO (original_id, OPTIONS (PARAMETERS (OPAQUE (0x00, "\x01\x02\x03\x04\x05\x06\x07\x08"))));
REFUSED_HELLO (preferred_address,
               OPTIONS (PARAMETERS (OPAQUE (0x0d,
                                            "\x7f\x00\x00\x01\x11\x51"
                                            "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x11\x51"
                                            "\x04"
                                            "abcd"
                                            "0123456789abcdef"))));
REFUSED_HELLO (retry_id, OPTIONS (PARAMETERS (OPAQUE (0x10, "\x01\x02\x03\x04\x05\x06\x07\x08"))));
REFUSED_HELLO (reset_token, OPTIONS (PARAMETERS (OPAQUE (0x02, "0123456789abcdef"))));
REFUSED_HELLO (small_payload, OPTIONS (PARAMETERS (NUMBER (0x03, 1090))));
REFUSED_HELLO (ack_delay_exponent, OPTIONS (PARAMETERS (NUMBER (0x0a, 30))));
REFUSED_HELLO (max_ack_delay, OPTIONS (PARAMETERS (NUMBER (0x0b, 1 << 15))));
REFUSED_HELLO (malformed, OPTIONS (PARAMETERS (OPAQUE (0x04, "\x80\x01"))));
REFUSED_HELLO (too_many_bidi, OPTIONS (PARAMETERS (NUMBER (0x08, TWO_60 + 1))));
REFUSED_HELLO (too_many_uni, OPTIONS (PARAMETERS (NUMBER (0x09, TWO_60 + 1))));

/* A message of TLS where it must not stand. The Finished is held back until the server has had its say. */
#define IN_HANDSHAKE_CRYPTO(name, message)                                                                        \
  static const QsCraftStep name[] = { { .what = QS_CRAFT_DO_START,                                                \
                                        .options = &(const QsCraftOptions){ .habits = QS_CRAFT_HOLD_FINISHED } }, \
                                      NEED (QS_CRAFT_KEYS),                                                       \
                                      { .what = QS_CRAFT_DO_SEND,                                                 \
                                        .act = TRUE,                                                              \
                                        .packet = { .type = QS_PACKET_HANDSHAKE },                                \
                                        FRAMES ({ .type = QS_FRAME_CRYPTO, .data = BYTES (message) }) },          \
                                      AWAIT (QS_CRAFT_CLOSED, REFUSE_MS),                                         \
                                      { .what = QS_CRAFT_DO_FINISH },                                             \
                                      AWAIT (QS_CRAFT_CLOSED | QS_CRAFT_CONFIRMED, GO_ON_MS),                     \
                                      SEE_REFUSAL,                                                                \
                                      END }
IN_HANDSHAKE_CRYPTO (key_update_early, "\x18\x00\x00\x01\x00");
IN_HANDSHAKE_CRYPTO (end_of_early_data, "\x05\x00\x00\x00");

static const QsCraftStep key_update_late[] = {
  CONNECT,
  { .what = QS_CRAFT_DO_SEND,
    .act = TRUE,
    .packet = { .type = QS_PACKET_1RTT },
    FRAMES ({ .type = QS_FRAME_CRYPTO, .data = BYTES ("\x18\x00\x00\x01\x00") }) },
  SEE_REFUSAL,
  END
};

#define COMPLETES(name, ...)                                                                             \
  static const QsCraftStep name[] = { { .what = QS_CRAFT_DO_START, .act = TRUE, OPTIONS (__VA_ARGS__) }, \
                                      AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_CLOSED, START_MS),            \
                                      END }
COMPLETES (hybrid, .tls = { .groups = "X25519MLKEM768:X25519" });
COMPLETES (no_share, .tls = { .groups = "*X25519:X25519MLKEM768" });
COMPLETES (aes_128, .tls = { .ciphersuites = "TLS_AES_128_GCM_SHA256" });
COMPLETES (unknown_extension, .tls = { .padding = 16 });
COMPLETES (unknown_parameter, PARAMETERS (OPAQUE (31 * 7 + 27, "quicscope")));

#define TICKET_MS 300 /* for a session ticket, which need not come */
#define CONNECT_FOR_TICKET                                                                \
  CONNECT,                                                                                \
  {                                                                                       \
    .what = QS_CRAFT_DO_AWAIT, .events = QS_CRAFT_TICKET, .ms = TICKET_MS, .needed = TRUE \
  }

static const QsCraftStep resume[] = { CONNECT_FOR_TICKET,
                                      { .what = QS_CRAFT_DO_START, .act = TRUE, .carry_session = TRUE },
                                      AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_CLOSED, START_MS),
                                      SEE_GOING_ON,
                                      END };

/* The PING goes out at once, in a 0-RTT packet where the ticket allows it. */
static const QsCraftStep early_data[] = { CONNECT_FOR_TICKET,
                                          { .what = QS_CRAFT_DO_START,
                                            .act = TRUE,
                                            .carry_session = TRUE,
                                            OPTIONS (.habits = QS_CRAFT_SEND_EARLY, .tls = { .early = TRUE }) },
                                          { .what = QS_CRAFT_DO_QUEUE, .bytes = BYTES ("\x01\x00\x00\x00") },
                                          AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_CLOSED, START_MS),
                                          SEE_GOING_ON,
                                          END };

static const QsCraftStep ticket_twice[] = {
  CONNECT_FOR_TICKET,
  { .what = QS_CRAFT_DO_START,
    .carry_session = TRUE,
    OPTIONS (.habits = QS_CRAFT_SEND_EARLY, .tls = { .early = TRUE }) },
  { .what = QS_CRAFT_DO_QUEUE, .bytes = BYTES ("\x01\x00\x00\x00") },
  { .what = QS_CRAFT_DO_AWAIT, .events = QS_CRAFT_DONE, .ms = START_MS, .needed = TRUE },
  { .what = QS_CRAFT_DO_START,
    .act = TRUE,
    .carry_session = TRUE,
    OPTIONS (.habits = QS_CRAFT_SEND_EARLY, .tls = { .early = TRUE }) },
  { .what = QS_CRAFT_DO_QUEUE, .bytes = BYTES ("\x01\x00\x00\x00") },
  AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_CLOSED, START_MS),
  END
};

/* One after the other, each a connection of its own. */
#define SPEAK(name)                                                                 \
  { .what = QS_CRAFT_DO_START, .options = &(const QsCraftOptions){ ALPN (name) } }, \
      AWAIT (QS_CRAFT_DONE | QS_CRAFT_CLOSED, SILENCE_MS)
static const QsCraftStep protocols[] = {
  { .what = QS_CRAFT_DO_START, .act = TRUE, .options = &(const QsCraftOptions){ ALPN ("h3") } },
  AWAIT (QS_CRAFT_DONE | QS_CRAFT_CLOSED, SILENCE_MS),
  SPEAK ("h3-29"),
  SPEAK ("hq-interop"),
  SPEAK ("doq"),
  SPEAK ("smb"),
  SPEAK ("moqt-14"),
  SPEAK ("perf"),
  END
};

static const QsCraftStep no_name[] = { { .what = QS_CRAFT_DO_START, .act = TRUE, .no_sni = TRUE },
                                       AWAIT (QS_CRAFT_DONE | QS_CRAFT_CLOSED, SILENCE_MS),
                                       END };
static const QsCraftStep other_name[] = { { .what = QS_CRAFT_DO_START, .act = TRUE, .sni = "quicscope.invalid" },
                                          AWAIT (QS_CRAFT_DONE | QS_CRAFT_CLOSED, SILENCE_MS),
                                          END };

/* Encrypted ClientHello that nobody can open (RFC 9849 section 6.2): outer, HKDF-SHA256, AES-128-GCM, a configuration's number, a
 * key of 32 bytes, 144 bytes. */
#define SIXTEEN "\x9b\x1f\x44\xe3\x70\x5a\xc2\x8d\x16\xf9\x33\x6e\xb7\x08\xd5\x21"
COMPLETES (grease_ech, .tls = { .extension = 0xfe0d,
                                .extension_bytes = BYTES ("\x00\x00\x01\x00\x01\x5c\x00\x20" SIXTEEN SIXTEEN
                                                          "\x00\x90" SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN
                                                              SIXTEEN SIXTEEN SIXTEEN) });

/* In a 0-RTT packet, which only ever holds what an application says. */
static const QsCraftStep early_crypto[] = { CONNECT_FOR_TICKET,
                                            { .what = QS_CRAFT_DO_START,
                                              .carry_session = TRUE,
                                              OPTIONS (.habits = QS_CRAFT_SEND_EARLY, .tls = { .early = TRUE }) },
                                            { .what = QS_CRAFT_DO_SEND,
                                              .act = TRUE,
                                              .packet = { .type = QS_PACKET_0RTT },
                                              FRAMES ({ .type = QS_FRAME_CRYPTO, .data = BYTES ("quicscope") }) },
                                            AWAIT (QS_CRAFT_CLOSED | QS_CRAFT_CONFIRMED, 2000),
                                            SEE_REFUSAL,
                                            END };

static const QsCraftStep session_id[] = {
  { .what = QS_CRAFT_DO_START, .act = TRUE, OPTIONS (.alter_hello = add_session_id) },
  AWAIT (QS_CRAFT_CLOSED | QS_CRAFT_KEYS, SILENCE_MS),
  END
};

/* An update only behind an acknowledgement under the keys before it (RFC 9001 section 6.1). */
static const QsCraftStep key_update[] = { CONNECT,
                                          { .what = QS_CRAFT_DO_QUEUE, .bytes = BYTES ("\x01") },
                                          NEED (QS_CRAFT_ACKED),
                                          { .what = QS_CRAFT_DO_UPDATE_KEYS },
                                          { .what = QS_CRAFT_DO_QUEUE, .act = TRUE, .bytes = BYTES ("\x01") },
                                          AWAIT (QS_CRAFT_KEY_PHASE | QS_CRAFT_CLOSED, 2000),
                                          SEE_GOING_ON,
                                          END };

/* --- The table --- */

#define TLS(id, title, section, flags, cap, script, judge, ...)                                                \
  {                                                                                                            \
    id, QS_CATEGORY_TLS, QS_MARK_OF_SECURITY, title, section, flags, cap, script, judge, { __VA_ARGS__ }, NULL \
  }
#define PARAMETER(id, title, section, script)                                                                 \
  {                                                                                                           \
    id, QS_CATEGORY_PARAMETERS, QS_MARK_OF_CONFORMANCE, title, section, QS_CHECK_ILLEGAL, QS_GRADE_B, script, \
        qs_judge_refused, { TRANSPORT_PARAMETER_ERROR, PROTOCOL_VIOLATION }, NULL                             \
  }
#define PASSIVE(id, title, section, flags, cap, judge)                                                                \
  {                                                                                                                   \
    id, QS_CATEGORY_PARAMETERS, QS_MARK_OF_CONFORMANCE, title, section, flags, cap, qs_ordinary_script, judge, { 0 }, \
        NULL                                                                                                          \
  }

const QsCheck qs_checks_tls[] = {
  TLS ("T1", N_ ("A ClientHello that offers TLS 1.2 alone is refused"), "RFC 9001 section 4.2", QS_CHECK_ILLEGAL,
       QS_GRADE_B, old_tls, qs_judge_refused, ALERT (PROTOCOL_VERSION)),
  TLS ("T2", N_ ("Key exchange that is safe from quantum computers: X25519MLKEM768"), "draft-ietf-tls-ecdhe-mlkem", 0,
       QS_GRADE_NONE, hybrid, qs_judge_group, 0),
  TLS ("T3", N_ ("X25519MLKEM768 where its share is not sent at first"), "RFC 9846 section 4.2.1", 0, QS_GRADE_NONE,
       no_share, qs_judge_retry_request, 0),
  TLS ("T5", N_ ("TLS_AES_128_GCM_SHA256, which every implementation must have"), "RFC 9846 section 9.1", 0, QS_GRADE_B,
       aes_128, qs_judge_completes, 0),
  TLS ("T6", N_ ("An application protocol that nobody has is refused"), "RFC 9001 section 8.1", 0, QS_GRADE_B,
       other_alpn, qs_judge_refused, ALERT (NO_APPLICATION_PROTOCOL)),
  TLS ("T7", N_ ("A ClientHello without an application protocol is refused"), "RFC 9001 section 8.1",
       QS_CHECK_ILLEGAL | QS_CHECK_SHOULD, QS_GRADE_NONE, no_alpn, qs_judge_refused, ALERT (NO_APPLICATION_PROTOCOL)),
  TLS ("T8", N_ ("Application protocols that are spoken"), "RFC 7301 section 3.2", 0, QS_GRADE_NONE, protocols,
       qs_judge_protocols, 0),
  TLS ("T9", N_ ("A ClientHello that names no server"), "RFC 6066 section 3", 0, QS_GRADE_NONE, no_name,
       qs_judge_other_name, 0),
  TLS ("T9b", N_ ("A ClientHello that names a server that is not there"), "RFC 6066 section 3", 0, QS_GRADE_NONE,
       other_name, qs_judge_other_name, 0),
  TLS ("T10", N_ ("The certificate leads to a trusted authority and names the server"), "RFC 5280 section 6", 0,
       QS_GRADE_T, qs_ordinary_script, qs_judge_certificate, 0),
  TLS ("T11", N_ ("The certificate is compressed"), "RFC 8879 section 4", 0, QS_GRADE_NONE, qs_ordinary_script,
       qs_judge_compressed, 0),
  TLS ("T12", N_ ("Encrypted ClientHello that nobody can open (GREASE)"), "RFC 9849 section 6.2", 0, QS_GRADE_B,
       grease_ech, qs_judge_ech, 0),
  TLS ("T14", N_ ("A ClientHello with a legacy_session_id is refused"), "RFC 9001 section 8.4",
       QS_CHECK_ILLEGAL | QS_CHECK_SHOULD, QS_GRADE_NONE, session_id, qs_judge_no_hello, PROTOCOL_VIOLATION),
  TLS ("T15", N_ ("A ClientHello without transport parameters is refused"), "RFC 9001 section 8.2", QS_CHECK_ILLEGAL,
       QS_GRADE_B, no_parameters, qs_judge_refused, ALERT (MISSING_EXTENSION)),
  { "T15b",
    QS_CATEGORY_TLS,
    QS_MARK_OF_SECURITY,
    N_ ("Transport parameters under the number that drafts had (0xffa5)"),
    "RFC 9001 section 8.2",
    QS_CHECK_ILLEGAL | QS_CHECK_IS_CONTESTED,
    QS_GRADE_NONE,
    draft_parameters,
    qs_judge_refused,
    { ALERT (MISSING_EXTENSION) },
    N_ ("Version 1 has the extension under 57, so it is missing. Some servers, rustls among them, still take the "
        "number of the "
        "drafts, and say so.") },
  TLS ("T16", N_ ("An extension that nobody knows is ignored"), "RFC 9846 section 9.3", 0, QS_GRADE_B,
       unknown_extension, qs_judge_completes, 0),
  TLS ("T17", N_ ("KeyUpdate of TLS in a Handshake packet is refused"), "RFC 9001 section 6", QS_CHECK_ILLEGAL,
       QS_GRADE_B, key_update_early, qs_judge_refused, ALERT (UNEXPECTED_MESSAGE)),
  TLS ("T17b", N_ ("KeyUpdate of TLS in a 1-RTT packet is refused"), "RFC 9001 section 6", QS_CHECK_ILLEGAL, QS_GRADE_B,
       key_update_late, qs_judge_refused, ALERT (UNEXPECTED_MESSAGE)),
  TLS ("T18", N_ ("An update of the packet keys is followed"), "RFC 9001 section 6.2", 0, QS_GRADE_B, key_update,
       qs_judge_key_update, 0),
  TLS ("T19", N_ ("Session tickets allow 0-RTT without a limit, or not at all"), "RFC 9001 section 4.6.1", 0,
       QS_GRADE_B, qs_ordinary_script, qs_judge_tickets, 0),
  TLS ("T20", N_ ("Resumption"), "RFC 9846 section 2.2", 0, QS_GRADE_NONE, resume, qs_judge_resumption, 0),
  TLS ("T21", N_ ("0-RTT"), "RFC 9001 section 4.6", 0, QS_GRADE_NONE, early_data, qs_judge_early_data, 0),
  TLS ("T22", N_ ("A ticket that is used twice for 0-RTT"), "RFC 9846 section 8.1", QS_CHECK_ILLEGAL, QS_GRADE_NONE,
       ticket_twice, qs_judge_ticket_twice, 0),
  TLS ("T24", N_ ("Whether a certificate of the client is asked for"), "RFC 9846 section 4.4.2", 0, QS_GRADE_NONE,
       qs_ordinary_script, qs_judge_certificate_request, 0),
  TLS ("T23", N_ ("EndOfEarlyData is refused"), "RFC 9001 section 8.3", QS_CHECK_ILLEGAL, QS_GRADE_B, end_of_early_data,
       qs_judge_refused, ALERT (UNEXPECTED_MESSAGE)),
  TLS ("T23b", N_ ("CRYPTO in a 0-RTT packet is refused"), "RFC 9000 section 12.5", QS_CHECK_ILLEGAL, QS_GRADE_B,
       early_crypto, qs_judge_refused_early, PROTOCOL_VIOLATION),
  PASSIVE ("P1", N_ ("The server's transport parameters are within their bounds"), "RFC 9000 section 18.2", 0,
           QS_GRADE_B, qs_judge_parameters),
  PASSIVE ("P2", N_ ("HTTP/3's three streams may be opened at once"), "RFC 9114 section 6.2", QS_CHECK_HTTP3,
           QS_GRADE_B, qs_judge_uni_streams),
  PASSIVE ("P3", N_ ("A hundred requests may be made at once"), "RFC 9114 section 6.1", QS_CHECK_HTTP3, QS_GRADE_NONE,
           qs_judge_bidi_streams),
  PASSIVE ("P5", N_ ("Extensions of QUIC that the server offers"), "RFC 9000 section 7.4.2", 0, QS_GRADE_NONE,
           qs_judge_extensions),
  { "P6",
    QS_CATEGORY_PARAMETERS,
    QS_MARK_OF_CONFORMANCE,
    N_ ("A transport parameter that nobody knows is ignored"),
    "RFC 9000 section 7.4.2",
    0,
    QS_GRADE_B,
    unknown_parameter,
    qs_judge_completes,
    { 0 },
    NULL },
  { "P7",
    QS_CATEGORY_PARAMETERS,
    QS_MARK_OF_CONFORMANCE,
    N_ ("The same parameter twice"),
    "RFC 9000 section 7.4",
    QS_CHECK_ILLEGAL | QS_CHECK_SHOULD,
    QS_GRADE_NONE,
    twice,
    qs_judge_refused,
    { TRANSPORT_PARAMETER_ERROR, PROTOCOL_VIOLATION },
    NULL },
  PARAMETER ("P8", N_ ("initial_source_connection_id is missing"), "RFC 9000 section 7.3", no_source_id),
  PARAMETER ("P9", N_ ("original_destination_connection_id from a client"), "RFC 9000 section 18.2", original_id),
  PARAMETER ("P10", N_ ("preferred_address from a client"), "RFC 9000 section 18.2", preferred_address),
  PARAMETER ("P11", N_ ("retry_source_connection_id from a client"), "RFC 9000 section 18.2", retry_id),
  PARAMETER ("P12", N_ ("stateless_reset_token from a client"), "RFC 9000 section 18.2", reset_token),
  PARAMETER ("P13", N_ ("max_udp_payload_size of 1090"), "RFC 9000 section 18.2", small_payload),
  PARAMETER ("P14", N_ ("ack_delay_exponent of 30"), "RFC 9000 section 18.2", ack_delay_exponent),
  PARAMETER ("P15", N_ ("max_ack_delay of 2^15"), "RFC 9000 section 18.2", max_ack_delay),
  PARAMETER ("P16", N_ ("A number that is cut short"), "RFC 9000 section 7.4", malformed),
  PARAMETER ("P17", N_ ("initial_max_streams_bidi above 2^60"), "RFC 9000 section 4.6", too_many_bidi),
  PARAMETER ("P18", N_ ("initial_max_streams_uni above 2^60"), "RFC 9000 section 4.6", too_many_uni),
};
const guint qs_n_checks_tls = G_N_ELEMENTS (qs_checks_tls);
