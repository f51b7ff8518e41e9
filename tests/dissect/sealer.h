/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets sealed by hand, for a trace that is dissected. */
#pragma once

#include "crypto/qs-keys.h"
#include "dissect/qs-dissector.h"

#define SECRET_CLIENT "1111111111111111111111111111111111111111111111111111111111111111"
#define SECRET_SERVER "2222222222222222222222222222222222222222222222222222222222222222"
#define SAMPLE_RANDOM "ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c"

/* The samples' two Initials; the server's connection id is f067a5502a4262b5, the client's is empty. */
#define SERVER_CID "f067a5502a4262b5"

/* One side's way to seal packets. */
typedef struct {
  guint32 version;
  QsKeys *keys;
  QsHeaderKey *header_key;
  guint8 first; /* of the short header, without the packet number's length */
} Sealer;

GBytes *unhex (const char *hex);
QsSecret secret_of (const char *hex);
Sealer sealer_new (guint32 version, const char *secret_hex);
void sealer_clear (Sealer *self);
void sealer_update (Sealer *self);
/* A 1-RTT packet with a 2-byte number. */
GBytes *seal_short (Sealer *self, const char *dcid_hex, guint64 number, const char *frames_hex);
void add_bytes (QsTrace *trace, gint64 ms, QsDirection direction, GBytes *bytes);
void add_hex (QsTrace *trace, gint64 ms, QsDirection direction, const char *hex);
void add_short (QsTrace *trace, gint64 ms, QsDirection direction, Sealer *sealer, const char *dcid, guint64 number,
                const char *frames);
void add_secret (QsTrace *trace, const char *label, const char *secret);
QsDissector *dissect (QsTrace *trace);
