/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tables of checks share: scripts are written with these. */
#pragma once

#include "base/qs-i18n.h"
#include "checks/qs-judges.h"

/* Of a QsSpan in a constant: a cast would be none. */
#define BYTES(text)                            \
  {                                            \
    (const guint8 *) (text), sizeof (text) - 1 \
  }
#define FRAMES(...) \
  .frames = (const QsFrame[]){ __VA_ARGS__ }, .n_frames = sizeof ((const QsFrame[]){ __VA_ARGS__ }) / sizeof (QsFrame)

/* What a close may bear: RFC 9000 section 20.1, RFC 9114 section 8.1, RFC 9204 section 6; alerts of TLS by their number. */
#define FLOW_CONTROL_ERROR 0x03
#define STREAM_LIMIT_ERROR 0x04
#define STREAM_STATE_ERROR 0x05
#define FINAL_SIZE_ERROR 0x06
#define FRAME_ENCODING_ERROR 0x07
#define TRANSPORT_PARAMETER_ERROR 0x08
#define CONNECTION_ID_LIMIT_ERROR 0x09
#define PROTOCOL_VIOLATION 0x0a
#define CRYPTO_BUFFER_EXCEEDED 0x0d
#define KEY_UPDATE_ERROR 0x0e
#define H3_STREAM_CREATION_ERROR 0x103
#define H3_CLOSED_CRITICAL_STREAM 0x104
#define H3_FRAME_UNEXPECTED 0x105
#define H3_FRAME_ERROR 0x106
#define H3_EXCESSIVE_LOAD 0x107
#define H3_ID_ERROR 0x108
#define H3_SETTINGS_ERROR 0x109
#define H3_MISSING_SETTINGS 0x10a
#define H3_REQUEST_INCOMPLETE 0x10d
#define H3_MESSAGE_ERROR 0x10e
#define QPACK_DECOMPRESSION_FAILED 0x200
#define QPACK_ENCODER_STREAM_ERROR 0x201
#define QPACK_DECODER_STREAM_ERROR 0x202
#define ALERT(number) (0x100 + (number))
#define UNEXPECTED_MESSAGE 10
#define PROTOCOL_VERSION 70
#define MISSING_EXTENSION 109
#define NO_APPLICATION_PROTOCOL 120

#define TWO_60 (G_GUINT64_CONSTANT (1) << 60)
#define FAR (G_GUINT64_CONSTANT (1) << 40)
#define STREAM_AT (QS_FRAME_STREAM | QS_STREAM_OFF | QS_STREAM_LEN)

#define OPTIONS(...)                 \
  .options = &(const QsCraftOptions) \
  {                                  \
    __VA_ARGS__                      \
  }
#define PARAMETERS(...)                    \
  .parameters = (const QsCraftParameter[]) \
  {                                        \
    __VA_ARGS__,                           \
    {                                      \
      .how = QS_CRAFT_PARAMETER_END        \
    }                                      \
  }
#define NUMBER(key, number)                                           \
  {                                                                   \
    .id = (key), .how = QS_CRAFT_PARAMETER_INTEGER, .value = (number) \
  }
#define OPAQUE(key, text)                                               \
  {                                                                     \
    .id = (key), .how = QS_CRAFT_PARAMETER_BYTES, .bytes = BYTES (text) \
  }

#define ON_STREAM(number, content)                                           \
  {                                                                          \
    .what = QS_CRAFT_DO_STREAM, .stream = (number), .bytes = BYTES (content) \
  }
#define ACT_ON_STREAM(number, content, end)                                                             \
  {                                                                                                     \
    .what = QS_CRAFT_DO_STREAM, .act = TRUE, .stream = (number), .bytes = BYTES (content), .fin = (end) \
  }
#define HTTP3                 \
  {                           \
    .what = QS_CRAFT_DO_HTTP3 \
  }

/* NEW_CONNECTION_ID; its id differs from others by a letter. */
#define NEW_ID(number, retire, letter)                                                     \
  {                                                                                        \
    .type = QS_FRAME_NEW_CONNECTION_ID, .sequence = (number), .retire_prior_to = (retire), \
    .data = BYTES ("quicsco" letter), .token = BYTES ("0123456789abcde" letter)            \
  }

#define START_MS 4000   /* for a step of the handshake that has to come */
#define REFUSE_MS 800   /* for a CONNECTION_CLOSE behind the act */
#define GO_ON_MS 1200   /* for the acknowledgement that shows that the server goes on */
#define SILENCE_MS 1200 /* for an answer where none is to come */

#define START                 \
  {                           \
    .what = QS_CRAFT_DO_START \
  }
#define NEED(what_for)                                                              \
  {                                                                                 \
    .what = QS_CRAFT_DO_AWAIT, .events = (what_for), .ms = START_MS, .needed = TRUE \
  }
#define AWAIT(what_for, time)                                     \
  {                                                               \
    .what = QS_CRAFT_DO_AWAIT, .events = (what_for), .ms = (time) \
  }
#define CONNECT START, NEED (QS_CRAFT_CONFIRMED)
/* Behind the act: a close may come; then a PING shows whether the server goes on. */
#define SEE_REFUSAL                                                                                          \
  AWAIT (QS_CRAFT_CLOSED, REFUSE_MS), { .what = QS_CRAFT_DO_QUEUE, .after = TRUE, .bytes = BYTES ("\x01") }, \
      AWAIT (QS_CRAFT_CLOSED | QS_CRAFT_ACKED, GO_ON_MS)
#define SEE_GOING_ON                                                     \
  { .what = QS_CRAFT_DO_QUEUE, .after = TRUE, .bytes = BYTES ("\x01") }, \
      AWAIT (QS_CRAFT_CLOSED | QS_CRAFT_ACKED, GO_ON_MS)
#define END                 \
  {                         \
    .what = QS_CRAFT_DO_END \
  }

/* A packet of 1-RTT that is to be refused; one of Handshake, while the peer still has its keys: all of TLS in such packets is held back. */
#define IN_1RTT(name, ...)                                                                        \
  static const QsCraftStep name[] = {                                                             \
    CONNECT,                                                                                      \
    { .what = QS_CRAFT_DO_SEND, .act = TRUE, .packet = { .type = QS_PACKET_1RTT }, __VA_ARGS__ }, \
    SEE_REFUSAL,                                                                                  \
    END                                                                                           \
  }
#define IN_HANDSHAKE(name, turned, ...)                                                                           \
  static const QsCraftStep name[] = { { .what = QS_CRAFT_DO_START,                                                \
                                        .options = &(const QsCraftOptions){ .habits = QS_CRAFT_HOLD_FINISHED } }, \
                                      NEED (QS_CRAFT_KEYS),                                                       \
                                      { .what = QS_CRAFT_DO_SEND,                                                 \
                                        .act = TRUE,                                                              \
                                        .packet = { .type = QS_PACKET_HANDSHAKE, .flip = (turned) },              \
                                        __VA_ARGS__ },                                                            \
                                      AWAIT (QS_CRAFT_CLOSED, REFUSE_MS),                                         \
                                      { .what = QS_CRAFT_DO_FINISH },                                             \
                                      AWAIT (QS_CRAFT_CLOSED | QS_CRAFT_CONFIRMED, GO_ON_MS),                     \
                                      SEE_REFUSAL,                                                                \
                                      END }

G_BEGIN_DECLS

/* Of servers. */
extern const QsCheck qs_checks_address[], qs_checks_tls[], qs_checks_frames[], qs_checks_http3[], qs_checks_tcp[];
extern const guint qs_n_checks_address, qs_n_checks_tls, qs_n_checks_frames, qs_n_checks_http3, qs_n_checks_tcp;

/* Of clients. */
extern const QsCheck qs_client_checks_address[], qs_client_checks_tls[], qs_client_checks_frames[],
    qs_client_checks_http3[];
extern const guint qs_n_client_checks_address, qs_n_client_checks_tls, qs_n_client_checks_frames,
    qs_n_client_checks_http3;

/* A handshake and a request as anybody makes them: many checks only look at it. */
extern const QsCraftStep qs_ordinary_script[];
/* The same over TCP. */
extern const QsTcpPlan qs_ordinary_plan;

G_END_DECLS
