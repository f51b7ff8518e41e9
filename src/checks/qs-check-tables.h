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

G_BEGIN_DECLS

extern const QsCheck qs_checks_address[], qs_checks_tls[], qs_checks_frames[], qs_checks_http3[];
extern const guint qs_n_checks_address, qs_n_checks_tls, qs_n_checks_frames, qs_n_checks_http3;

/* A handshake and a request as anybody makes them: many checks only look at it. */
extern const QsCraftStep qs_ordinary_script[];

G_END_DECLS
