/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of versions, Initials and the validation of addresses. */
#include <openssl/rand.h>

#include "checks/qs-check-tables.h"
#include "wire/qs-packet.h"
#include "wire/qs-writer.h"

#define UNKNOWN_VERSION 0x1a2a3a4a /* RFC 9000 section 15: reserved for this */
#define SILENT_MS 7600 /* a server that repeats itself does so after 1, 3 and 7 seconds (RFC 9002 section 6.2) */
#define TWO_DATAGRAMS 1100
#define THREE_DATAGRAMS 2300

/* --- Datagrams --- */

static GBytes *
make_long (guint32 version, guint8 id_length, guint size)
{
  g_autofree guint8 *random = g_malloc (id_length);
  GByteArray *out = g_byte_array_new ();
  guint32 rest;

  qs_write_uint (out, 0xc0 | (g_random_int () & 0x3f), 1);
  qs_write_uint (out, version, 4);
  for (guint i = 0; i < 2; i++)
    {
      RAND_bytes (random, id_length);
      qs_write_vector (out, 1, QS_SPAN (random, id_length));
    }
  while (out->len < size)
    {
      rest = g_random_int ();
      g_byte_array_append (out, (const guint8 *) &rest, MIN (sizeof rest, size - out->len));
    }
  return g_byte_array_free_to_bytes (out);
}

static GBytes *
make_unknown (void)
{
  return make_long (UNKNOWN_VERSION, 8, 1200);
}

static GBytes *
make_short_unknown (void)
{
  return make_long (UNKNOWN_VERSION, 8, 300);
}

static GBytes *
make_long_ids (void)
{
  return make_long (UNKNOWN_VERSION, 60, 1200);
}

/* Version Negotiation that offers version 1, as if the server were a client. */
static GBytes *
make_negotiation (void)
{
  g_autoptr (GBytes) head = make_long (0, 8, 1200);
  GByteArray *out = g_byte_array_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (head, &size);

  qs_write_span (out, QS_SPAN (data, 1 + 4 + 2 * 9));
  for (guint i = 0; out->len < 1200; i++)
    qs_write_uint (out, i % 2 == 0 ? QS_QUIC_VERSION_1 : UNKNOWN_VERSION, 4);
  return g_byte_array_free_to_bytes (out);
}

/* A short header of a connection that nobody has. */
static GBytes *
make_stray (void)
{
  guint8 bytes[100];

  RAND_bytes (bytes, sizeof bytes);
  bytes[0] = (bytes[0] & 0x3f) | 0x40;
  return g_bytes_new (bytes, sizeof bytes);
}

/* --- Scripts --- */

#define ONE_DATAGRAM(maker, name)                                                                   \
  static const QsCraftStep name[] = { { .what = QS_CRAFT_DO_START, .idle = TRUE },                  \
                                      { .what = QS_CRAFT_DO_DATAGRAM, .act = TRUE, .make = maker }, \
                                      AWAIT (QS_CRAFT_DATAGRAM, SILENCE_MS),                        \
                                      END }
ONE_DATAGRAM (make_unknown, unknown);
ONE_DATAGRAM (make_short_unknown, short_unknown);
ONE_DATAGRAM (make_long_ids, long_ids);
ONE_DATAGRAM (make_negotiation, negotiation);

/* Whoever keeps count of what it answers stops in time: one answer does not tell, QS_JUDGE_STRAYS do. */
#define STRAY                                        \
  {                                                  \
    .what = QS_CRAFT_DO_DATAGRAM, .make = make_stray \
  }
static const QsCraftStep stray[] = { { .what = QS_CRAFT_DO_START, .idle = TRUE },
                                     { .what = QS_CRAFT_DO_DATAGRAM, .act = TRUE, .make = make_stray },
                                     AWAIT (QS_CRAFT_DATAGRAM, SILENCE_MS),
                                     STRAY,
                                     STRAY,
                                     STRAY,
                                     STRAY,
                                     STRAY,
                                     STRAY,
                                     STRAY,
                                     AWAIT (QS_CRAFT_CLOSED, 200),
                                     END };
G_STATIC_ASSERT (G_N_ELEMENTS (stray) == QS_JUDGE_STRAYS + 4);

const QsCraftStep qs_ordinary_script[] = { { .what = QS_CRAFT_DO_START, .act = TRUE },
                                           NEED (QS_CRAFT_CONFIRMED),
                                           AWAIT (QS_CRAFT_SPARE_ID, 100),
                                           AWAIT (QS_CRAFT_TICKET, 200),
                                           SEE_GOING_ON,
                                           END };

static const QsCraftStep alive[] = {
  { .what = QS_CRAFT_DO_START, .act = TRUE }, NEED (QS_CRAFT_CONFIRMED), SEE_GOING_ON, END
};

static const QsCraftStep version_2[] = {
  { .what = QS_CRAFT_DO_START, .act = TRUE, .options = &(const QsCraftOptions){ .version = QS_QUIC_VERSION_2 } },
  AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_VERSIONS, SILENCE_MS),
  END
};

static const QsCraftStep fixed_bit[] = { { .what = QS_CRAFT_DO_START,
                                           .act = TRUE,
                                           .options = &(const QsCraftOptions){ .first_flip = 0x40,
                                                                               .habits = QS_CRAFT_SILENT } },
                                         AWAIT (QS_CRAFT_KEYS, SILENCE_MS),
                                         END };

static const QsCraftStep silence[] = {
  { .what = QS_CRAFT_DO_START, .act = TRUE, .options = &(const QsCraftOptions){ .habits = QS_CRAFT_SILENT } },
  AWAIT (QS_CRAFT_CLOSED, SILENT_MS),
  END
};

static const QsCraftStep silence_two[] = {
  { .what = QS_CRAFT_DO_START,
    .act = TRUE,
    .options = &(const QsCraftOptions){ .habits = QS_CRAFT_SILENT, .tls = { .padding = TWO_DATAGRAMS } } },
  AWAIT (QS_CRAFT_CLOSED, SILENT_MS),
  END
};

static const QsCraftStep small[] = { { .what = QS_CRAFT_DO_START,
                                       .act = TRUE,
                                       .options =
                                           &(const QsCraftOptions){ .datagram = 1000, .habits = QS_CRAFT_SILENT } },
                                     AWAIT (QS_CRAFT_KEYS | QS_CRAFT_CLOSED, SILENCE_MS),
                                     END };

/* The Retry is left alone, and its token comes from another port of the same address. A second Retry is left alone too: behind it a handshake
 * would begin in the right way. */
static const QsCraftStep other_port[] = {
  { .what = QS_CRAFT_DO_START, .options = &(const QsCraftOptions){ .habits = QS_CRAFT_NO_RETRY } },
  { .what = QS_CRAFT_DO_AWAIT, .events = QS_CRAFT_RETRY | QS_CRAFT_KEYS, .ms = START_MS, .needed = TRUE },
  { .what = QS_CRAFT_DO_START,
    .act = TRUE,
    .options = &(const QsCraftOptions){ .habits = QS_CRAFT_NO_RETRY },
    .carry_retry = TRUE },
  AWAIT (QS_CRAFT_DONE | QS_CRAFT_CLOSED | QS_CRAFT_RETRY, SILENCE_MS),
  END
};

static const QsCraftStep flipped_token[] = {
  { .what = QS_CRAFT_DO_START, .options = &(const QsCraftOptions){ .habits = QS_CRAFT_NO_RETRY } },
  { .what = QS_CRAFT_DO_AWAIT, .events = QS_CRAFT_RETRY | QS_CRAFT_KEYS, .ms = START_MS, .needed = TRUE },
  { .what = QS_CRAFT_DO_START,
    .act = TRUE,
    .options = &(const QsCraftOptions){ .habits = QS_CRAFT_NO_RETRY },
    .carry_retry = TRUE,
    .flip_token = TRUE },
  AWAIT (QS_CRAFT_DONE | QS_CRAFT_CLOSED | QS_CRAFT_RETRY, SILENCE_MS),
  END
};

static const QsCraftStep new_token[] = {
  CONNECT,
  { .what = QS_CRAFT_DO_AWAIT, .events = QS_CRAFT_TOKEN, .ms = 300, .needed = TRUE },
  { .what = QS_CRAFT_DO_START, .act = TRUE, .carry_token = TRUE },
  AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_CLOSED, START_MS),
  END
};

/* What cannot be opened may come from anybody: whoever ends a connection for it lets a stranger end it. */
static const QsCraftStep garbled_initial[] = {
  { .what = QS_CRAFT_DO_START, .options = &(const QsCraftOptions){ .habits = QS_CRAFT_HOLD_FINISHED } },
  NEED (QS_CRAFT_KEYS),
  { .what = QS_CRAFT_DO_SEND,
    .act = TRUE,
    .packet = { .type = QS_PACKET_INITIAL, .garble = TRUE, .once = TRUE, .padding = 1200 },
    .bytes = BYTES ("\x01") },
  { .what = QS_CRAFT_DO_FINISH },
  AWAIT (QS_CRAFT_CLOSED | QS_CRAFT_CONFIRMED, START_MS),
  SEE_GOING_ON,
  END
};

static const QsCraftStep garbled_1rtt[] = { CONNECT,
                                            { .what = QS_CRAFT_DO_SEND,
                                              .act = TRUE,
                                              .packet = { .type = QS_PACKET_1RTT, .garble = TRUE, .once = TRUE },
                                              .bytes = BYTES ("\x01\x00\x00\x00") },
                                            AWAIT (QS_CRAFT_CLOSED, 200),
                                            SEE_GOING_ON,
                                            END };

static const QsCraftStep reversed[] = {
  { .what = QS_CRAFT_DO_START, .act = TRUE, .options = &(const QsCraftOptions){ .habits = QS_CRAFT_REVERSE_HELLO } },
  AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_CLOSED, START_MS),
  END
};

static const QsCraftStep two_datagrams[] = {
  { .what = QS_CRAFT_DO_START, .act = TRUE, .options = &(const QsCraftOptions){ .tls = { .padding = TWO_DATAGRAMS } } },
  AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_CLOSED, START_MS),
  END
};

static const QsCraftStep three_datagrams[] = { { .what = QS_CRAFT_DO_START,
                                                 .act = TRUE,
                                                 .options =
                                                     &(const QsCraftOptions){ .tls = { .padding = THREE_DATAGRAMS } } },
                                               AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_CLOSED, START_MS),
                                               END };

/* A Retry whose tag is wrong is an answer too. */
static const QsCraftStep retry[] = { { .what = QS_CRAFT_DO_START,
                                       .act = TRUE,
                                       .options = &(const QsCraftOptions){ .habits = QS_CRAFT_NO_RETRY |
                                                                                     QS_CRAFT_ANY_RETRY } },
                                     AWAIT (QS_CRAFT_RETRY | QS_CRAFT_KEYS | QS_CRAFT_CLOSED, SILENCE_MS),
                                     END };

/* The packet behind the first bears the id of nobody, while the server still has the keys of Handshake packets. */
static const QsCraftStep stray_behind[] = { { .what = QS_CRAFT_DO_START,
                                              .options = &(const QsCraftOptions){ .habits = QS_CRAFT_HOLD_FINISHED } },
                                            NEED (QS_CRAFT_KEYS),
                                            { .what = QS_CRAFT_DO_SEND,
                                              .act = TRUE,
                                              .packet = { .type = QS_PACKET_HANDSHAKE, .stray = TRUE },
                                              .bytes = BYTES ("\x01\x00\x00\x00") },
                                            AWAIT (QS_CRAFT_ACKED | QS_CRAFT_CLOSED, GO_ON_MS),
                                            { .what = QS_CRAFT_DO_FINISH },
                                            AWAIT (QS_CRAFT_CLOSED | QS_CRAFT_CONFIRMED, GO_ON_MS),
                                            AWAIT (QS_CRAFT_CLOSED, 100),
                                            END };

#define HALF_OPEN                                                                                 \
  { .what = QS_CRAFT_DO_START, .options = &(const QsCraftOptions){ .habits = QS_CRAFT_SILENT } }, \
      AWAIT (QS_CRAFT_KEYS | QS_CRAFT_RETRY, 25)
static const QsCraftStep half_open[] = { HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         HALF_OPEN,
                                         { .what = QS_CRAFT_DO_START, .act = TRUE },
                                         AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_CLOSED, SILENCE_MS),
                                         END };

static const QsCraftStep short_id[] = {
  { .what = QS_CRAFT_DO_START, .act = TRUE, .options = &(const QsCraftOptions){ .dcid_length = 4 } },
  AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_CLOSED, SILENCE_MS),
  END
};

/* version_information: version 1 is spoken, and 2 is liked better (RFC 9368 section 3). */
static const QsCraftStep move_version[] = {
  { .what = QS_CRAFT_DO_START,
    .act = TRUE,
    .options = &(const QsCraftOptions){ .habits = QS_CRAFT_MOVE_VERSION,
                                        PARAMETERS (OPAQUE (0x11, "\x00\x00\x00\x01"
                                                                  "\x6b\x33\x43\xcf"
                                                                  "\x00\x00\x00\x01")) } },
  AWAIT (QS_CRAFT_CONFIRMED | QS_CRAFT_CLOSED, START_MS),
  END
};

static const QsCraftStep drained[] = {
  CONNECT,
  AWAIT (QS_CRAFT_TICKET, 200),
  { .what = QS_CRAFT_DO_QUEUE, .bytes = BYTES ("\x01") },
  NEED (QS_CRAFT_ACKED),
  { .what = QS_CRAFT_DO_CLOSE, .act = TRUE },
  { .what = QS_CRAFT_DO_SEND,
    .after = TRUE,
    .packet = { .type = QS_PACKET_1RTT, .once = TRUE },
    .bytes = BYTES ("\x01\x00\x00\x00") },
  AWAIT (QS_CRAFT_ACKED, 150),
  { .what = QS_CRAFT_DO_SEND, .packet = { .type = QS_PACKET_1RTT, .once = TRUE }, .bytes = BYTES ("\x01\x00\x00\x00") },
  AWAIT (QS_CRAFT_ACKED, 300),
  END
};

/* The client gives a connection two seconds; behind six and more the server must have forgotten it (RFC 9000 section 10.1). */
static const QsCraftStep idle[] = { { .what = QS_CRAFT_DO_START, OPTIONS (PARAMETERS (NUMBER (0x01, 2000))) },
                                    NEED (QS_CRAFT_CONFIRMED),
                                    AWAIT (QS_CRAFT_CLOSED, 1000),
                                    { .what = QS_CRAFT_DO_QUEUE, .act = TRUE, .bytes = BYTES ("\x01") },
                                    AWAIT (QS_CRAFT_ACKED | QS_CRAFT_CLOSED, 1000),
                                    { .what = QS_CRAFT_DO_HUSH },
                                    AWAIT (QS_CRAFT_CLOSED, 5800), /* some give any connection five seconds at least */
                                    { .what = QS_CRAFT_DO_SEND,
                                      .after = TRUE,
                                      .packet = { .type = QS_PACKET_1RTT, .once = TRUE, .padding = 1200 },
                                      .bytes = BYTES ("\x01") },
                                    AWAIT (QS_CRAFT_ACKED | QS_CRAFT_CLOSED, 400),
                                    END };

/* --- The table --- */

const QsCheck qs_checks_address[] = {
  { "D1", QS_CATEGORY_VERSIONS, QS_MARK_OF_REACH, N_ ("A handshake of version 1 comes to its end"),
    "RFC 9000 section 7", 0, QS_GRADE_F, qs_ordinary_script, qs_judge_completes },
  { "D2", QS_CATEGORY_VERSIONS, QS_MARK_OF_REACH, N_ ("UDP comes through: something answers a packet of no version"),
    "RFC 9000 section 6.1", 0, QS_GRADE_NONE, unknown, qs_judge_udp },
  { "D7", QS_CATEGORY_TLS, QS_MARK_OF_REACH, N_ ("The certificate is one that browsers take over QUIC"),
    "RFC 6962 section 3.3", 0, QS_GRADE_NONE, qs_ordinary_script, qs_judge_browsers },
  { .id = "D8",
    .category = QS_CATEGORY_VERSIONS,
    .mark = QS_MARK_OF_SECURITY,
    .title = N_ ("CAA, DNSSEC and TLSA of the name"),
    .reference = "RFC 6698 section 2",
    .judge = qs_judge_udp,
    .untested = N_ ("Whether an answer of the DNS is genuine, this program's resolver does not check.") },
  { .id = "D9",
    .category = QS_CATEGORY_VERSIONS,
    .mark = QS_MARK_OF_REACH,
    .title = N_ ("What a second visit saves"),
    .reference = "RFC 9460 section 9.3",
    .judge = qs_judge_udp,
    .untested = N_ ("It takes a browser's memory: quicprobe --why-not-h3 says how each of them comes to h3.") },
  { .id = "M2",
    .category = QS_CATEGORY_PATH,
    .mark = QS_MARK_OF_MOBILITY,
    .title = N_ ("A client that moves to another address"),
    .reference = "RFC 9000 section 9",
    .judge = qs_judge_udp,
    .untested = N_ ("This machine's other addresses need not lead there; M1 and M3 move to another port.") },
  { .id = "M13",
    .category = QS_CATEGORY_PATH,
    .mark = QS_MARK_OF_MOBILITY,
    .title = N_ ("Two connections from one port are kept apart"),
    .reference = "RFC 9000 section 5.2",
    .judge = qs_judge_udp,
    .untested = N_ ("Each run has a port of its own.") },
  { .id = "T4",
    .category = QS_CATEGORY_TLS,
    .mark = QS_MARK_OF_REACH,
    .title = N_ ("Whether it is the size or the group that X25519MLKEM768 fails by"),
    .reference = "RFC 9000 section 7.5",
    .judge = qs_judge_udp,
    .untested = N_ ("A15 is the same hello without the group: where both fail, it is the size.") },
  { .id = "T13",
    .category = QS_CATEGORY_TLS,
    .mark = QS_MARK_OF_SECURITY,
    .title = N_ ("Encrypted ClientHello"),
    .reference = "RFC 9849 section 6.1",
    .judge = qs_judge_udp,
    .untested = N_ ("OpenSSL before 4.0 cannot make one; T12 shows whether the server takes them.") },
  { "V1", QS_CATEGORY_VERSIONS, QS_MARK_OF_CONFORMANCE,
    N_ ("An unknown version is answered with Version Negotiation that bears the client's ids, swapped"),
    "RFC 8999 section 6", 0, QS_GRADE_B, unknown, qs_judge_versions },
  { "V2", QS_CATEGORY_VERSIONS, QS_MARK_OF_CONFORMANCE, N_ ("No drafts and none of Google's versions are offered"),
    "RFC 9000 section 15", 0, QS_GRADE_B, unknown, qs_judge_old_versions },
  { "V3", QS_CATEGORY_VERSIONS, QS_MARK_OF_ADDRESS, N_ ("An unknown version in a datagram of 300 bytes is dropped"),
    "RFC 9000 section 5.2.2", QS_CHECK_ILLEGAL, QS_GRADE_C, short_unknown, qs_judge_no_versions },
  { "V4", QS_CATEGORY_VERSIONS, QS_MARK_OF_ADDRESS,
    N_ ("Version Negotiation is never answered with Version Negotiation"), "RFC 9000 section 6.1", QS_CHECK_ILLEGAL,
    QS_GRADE_C, negotiation, qs_judge_no_versions },
  { "V5", QS_CATEGORY_VERSIONS, QS_MARK_OF_CONFORMANCE,
    N_ ("Connection ids of 60 bytes in an unknown version come back"), "RFC 9000 section 17.2", QS_CHECK_SHOULD,
    QS_GRADE_B, long_ids, qs_judge_long_ids },
  { "V6", QS_CATEGORY_VERSIONS, QS_MARK_OF_REACH, N_ ("Version 2"), "RFC 9369", 0, QS_GRADE_NONE, version_2,
    qs_judge_version_2 },
  { "V7", QS_CATEGORY_VERSIONS, QS_MARK_OF_CONFORMANCE,
    N_ ("A client that likes version 2 better is followed, and version_information is right"), "RFC 9368 section 4", 0,
    QS_GRADE_B, move_version, qs_judge_version_move },
  { "V8", QS_CATEGORY_VERSIONS, QS_MARK_OF_CONFORMANCE, N_ ("An Initial without the fixed bit is dropped"),
    "RFC 9000 section 17.2", QS_CHECK_ILLEGAL | QS_CHECK_SHOULD, QS_GRADE_B, fixed_bit, qs_judge_fixed_bit },
  { "A1", QS_CATEGORY_ADDRESS, QS_MARK_OF_ADDRESS,
    N_ ("An address that does not answer gets at most three times what it sent"), "RFC 9000 section 8", 0, QS_GRADE_F,
    silence, qs_judge_amplification },
  { "A2", QS_CATEGORY_ADDRESS, QS_MARK_OF_ADDRESS, N_ ("The same with a ClientHello in two datagrams"),
    "RFC 9000 section 8", 0, QS_GRADE_F, silence_two, qs_judge_amplification },
  { "A3", QS_CATEGORY_ADDRESS, QS_MARK_OF_ADDRESS, N_ ("An Initial in a datagram of 1000 bytes begins no handshake"),
    "RFC 9000 section 14.1", QS_CHECK_ILLEGAL, QS_GRADE_C, small, qs_judge_discarded },
  { "A4", QS_CATEGORY_ADDRESS, QS_MARK_OF_CONFORMANCE,
    N_ ("The server's Initials come in datagrams of 1200 bytes or more"), "RFC 9000 section 14.1", 0, QS_GRADE_B,
    qs_ordinary_script, qs_judge_full_initials },
  { "A5", QS_CATEGORY_ADDRESS, QS_MARK_OF_REACH, N_ ("The server's flight fits in what an unproved address may get"),
    "RFC 9000 section 8.1", 0, QS_GRADE_A_MINUS, qs_ordinary_script, qs_judge_round_trips },
  { "A6", QS_CATEGORY_ADDRESS, QS_MARK_OF_ADDRESS, N_ ("A Retry has a right tag, a new connection id and a token"),
    "RFC 9000 section 17.2.5", QS_CHECK_ALONE, QS_GRADE_B, retry, qs_judge_retry },
  { "A7", QS_CATEGORY_ADDRESS, QS_MARK_OF_ADDRESS, N_ ("A Retry's token from another port begins no handshake"),
    "RFC 9000 section 8.1.4", QS_CHECK_ILLEGAL | QS_CHECK_SHOULD, QS_GRADE_NONE, other_port, qs_judge_retry_token },
  { "A8", QS_CATEGORY_ADDRESS, QS_MARK_OF_ADDRESS, N_ ("A Retry's token with a bit turned over begins no handshake"),
    "RFC 9000 section 8.1.2", QS_CHECK_ILLEGAL, QS_GRADE_F, flipped_token, qs_judge_retry_token },
  { "A9", QS_CATEGORY_ADDRESS, QS_MARK_OF_REACH, N_ ("The token of NEW_TOKEN spares a later connection the Retry"),
    "RFC 9000 section 8.1.3", QS_CHECK_SHOULD, QS_GRADE_B, new_token, qs_judge_new_token },
  { "A10", QS_CATEGORY_ADDRESS, QS_MARK_OF_SECURITY, N_ ("An Initial that cannot be opened ends no handshake"),
    "RFC 9000 section 12.2", QS_CHECK_ILLEGAL, QS_GRADE_C, garbled_initial, qs_judge_goes_on },
  { "A10b", QS_CATEGORY_ADDRESS, QS_MARK_OF_SECURITY, N_ ("A 1-RTT packet that cannot be opened ends no connection"),
    "RFC 9000 section 12.2", QS_CHECK_ILLEGAL, QS_GRADE_C, garbled_1rtt, qs_judge_goes_on },
  { "A11", QS_CATEGORY_ADDRESS, QS_MARK_OF_SECURITY,
    N_ ("The transport parameters name the connection ids that the packets bear"), "RFC 9000 section 7.3", 0,
    QS_GRADE_C, qs_ordinary_script, qs_judge_ids },
  { "A12", QS_CATEGORY_ADDRESS, QS_MARK_OF_CONFORMANCE,
    N_ ("A coalesced packet of another connection id is passed over"), "RFC 9000 section 12.2",
    QS_CHECK_ILLEGAL | QS_CHECK_SHOULD, QS_GRADE_NONE, stray_behind, qs_judge_stray_packet },
  { "A13", QS_CATEGORY_ADDRESS, QS_MARK_OF_ADDRESS, N_ ("What twenty half-open handshakes lead to"),
    "RFC 9000 section 8.1.2", QS_CHECK_ILLEGAL, QS_GRADE_NONE, half_open, qs_judge_many_initials },
  { "A14", QS_CATEGORY_ADDRESS, QS_MARK_OF_REACH, N_ ("A ClientHello in four CRYPTO frames, the last one first"),
    "RFC 9000 section 7.5", 0, QS_GRADE_B, reversed, qs_judge_completes },
  { "A15", QS_CATEGORY_ADDRESS, QS_MARK_OF_REACH, N_ ("A ClientHello that takes two datagrams"), "RFC 9000 section 7.5",
    0, QS_GRADE_B, two_datagrams, qs_judge_completes },
  { "A15b", QS_CATEGORY_ADDRESS, QS_MARK_OF_REACH, N_ ("A ClientHello that takes three datagrams"),
    "RFC 9000 section 7.5", QS_CHECK_SHOULD, QS_GRADE_NONE, three_datagrams, qs_judge_completes },
  { "A16", QS_CATEGORY_ADDRESS, QS_MARK_OF_CONFORMANCE, N_ ("An Initial to a connection id of four bytes"),
    "RFC 9000 section 7.2", QS_CHECK_ILLEGAL, QS_GRADE_NONE, short_id, qs_judge_short_id },
  { "M12", QS_CATEGORY_PATH, QS_MARK_OF_MOBILITY, N_ ("When a lost flight is sent again"), "RFC 9002 section 6.2", 0,
    QS_GRADE_NONE, silence, qs_judge_repeats },
  { "C1", QS_CATEGORY_ADDRESS, QS_MARK_OF_CONFORMANCE, N_ ("A connection that the client closes is over"),
    "RFC 9000 section 10.2.2", 0, QS_GRADE_B, drained, qs_judge_draining },
  { "P4", QS_CATEGORY_PARAMETERS, QS_MARK_OF_CONFORMANCE, N_ ("The shorter of both idle timeouts is kept"),
    "RFC 9000 section 10.1", 0, QS_GRADE_NONE, idle, qs_judge_idle },
  { "C2", QS_CATEGORY_ADDRESS, QS_MARK_OF_SECURITY,
    N_ ("A packet of no connection gets nothing, or a stateless reset that is smaller"), "RFC 9000 section 10.3.3", 0,
    QS_GRADE_C, stray, qs_judge_stray },
  { "C3", QS_CATEGORY_ADDRESS, QS_MARK_OF_MOBILITY,
    N_ ("A connection that the server forgot is reset with the token that it announced"), "RFC 9000 section 10.3", 0,
    QS_GRADE_NONE, idle, qs_judge_reset_token },
  { "C5", QS_CATEGORY_ADDRESS, QS_MARK_OF_SECURITY, N_ ("The server is alive when all checks are done"),
    "RFC 9000 section 21", QS_CHECK_LAST, QS_GRADE_F, alive, qs_judge_alive },
};
const guint qs_n_checks_address = G_N_ELEMENTS (qs_checks_address);
