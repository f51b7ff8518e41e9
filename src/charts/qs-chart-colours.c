/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "charts/qs-chart-colours.h"

#include <math.h>

#define RGBA(hex, a)                                                                 \
  {                                                                                  \
    ((hex) >> 16 & 255) / 255.0, ((hex) >> 8 & 255) / 255.0, ((hex) &255) / 255.0, a \
  }
#define RGB(hex) RGBA (hex, 1)

/* The hues are those that people with any kind of colour vision tell apart (Okabe and Ito), darkened or lightened until
 * they have a contrast of at least 3 to 1 against the background. */
static const QsChartColours light = {
  .background = RGB (0xffffff),
  .text = RGB (0x1a1c20),
  .dim = RGB (0x5b606b),
  .line = RGB (0x8d93a0),
  .panel = RGB (0xf3f4f7),
  .good = RGB (0x007a57),
  .warning = RGB (0x9a6700),
  .danger = RGB (0xc01c28),
  .selection = RGBA (0x3584e4, 0.22),
  .packets = {
    [QS_PACKET_INITIAL] = RGB (0xc44e00),
    [QS_PACKET_0RTT] = RGB (0xa8447f),
    [QS_PACKET_HANDSHAKE] = RGB (0x0067a5),
    [QS_PACKET_1RTT] = RGB (0x00805c),
    [QS_PACKET_RETRY] = RGB (0x9a6a00),
    [QS_PACKET_VERSION_NEGOTIATION] = RGB (0x6a3fb5),
    [QS_PACKET_STATELESS_RESET] = RGB (0xc01c28),
    [QS_PACKET_UNKNOWN] = RGB (0x6b7079),
    [QS_PACKET_TLS_RECORD] = RGB (0x0067a5),
  },
  .bands = {
    [QS_PACKET_INITIAL] = RGB (0xfdf1e8),
    [QS_PACKET_0RTT] = RGB (0xf9edf4),
    [QS_PACKET_HANDSHAKE] = RGB (0xe9f2fa),
    [QS_PACKET_1RTT] = RGB (0xe8f6f0),
    [QS_PACKET_RETRY] = RGB (0xfdf1e8),
    [QS_PACKET_VERSION_NEGOTIATION] = RGB (0xfdf1e8),
    [QS_PACKET_STATELESS_RESET] = RGB (0xfbeced),
    [QS_PACKET_UNKNOWN] = RGB (0xf3f4f7),
    [QS_PACKET_TLS_RECORD] = RGB (0xe9f2fa),
  },
};

static const QsChartColours dark = {
  .background = RGB (0x1b1d21),
  .text = RGB (0xf1f2f4),
  .dim = RGB (0xa9aeb8),
  .line = RGB (0x7d8492),
  .panel = RGB (0x2a2d33),
  .good = RGB (0x4fd1a5),
  .warning = RGB (0xf0b84a),
  .danger = RGB (0xff7b80),
  .selection = RGBA (0x62a0ea, 0.35),
  .packets = {
    [QS_PACKET_INITIAL] = RGB (0xff9a4d),
    [QS_PACKET_0RTT] = RGB (0xe79bc6),
    [QS_PACKET_HANDSHAKE] = RGB (0x6cb8f0),
    [QS_PACKET_1RTT] = RGB (0x4fd1a5),
    [QS_PACKET_RETRY] = RGB (0xe6b84a),
    [QS_PACKET_VERSION_NEGOTIATION] = RGB (0xbfa2ff),
    [QS_PACKET_STATELESS_RESET] = RGB (0xff7b80),
    [QS_PACKET_UNKNOWN] = RGB (0xa9aeb8),
    [QS_PACKET_TLS_RECORD] = RGB (0x6cb8f0),
  },
  .bands = {
    [QS_PACKET_INITIAL] = RGB (0x2c241d),
    [QS_PACKET_0RTT] = RGB (0x2b2229),
    [QS_PACKET_HANDSHAKE] = RGB (0x1d2731),
    [QS_PACKET_1RTT] = RGB (0x1c2a26),
    [QS_PACKET_RETRY] = RGB (0x2c241d),
    [QS_PACKET_VERSION_NEGOTIATION] = RGB (0x2c241d),
    [QS_PACKET_STATELESS_RESET] = RGB (0x312023),
    [QS_PACKET_UNKNOWN] = RGB (0x25272c),
    [QS_PACKET_TLS_RECORD] = RGB (0x1d2731),
  },
};

#define MAX_DASHES 6

static const struct {
  guint n;
  double dashes[MAX_DASHES];
} dashes_of[QS_N_PACKET_TYPES] = {
  [QS_PACKET_INITIAL] = { 2, { 12, 4 } },
  [QS_PACKET_0RTT] = { 2, { 2, 4 } },
  [QS_PACKET_HANDSHAKE] = { 2, { 6, 3 } },
  [QS_PACKET_1RTT] = { 0, { 0 } },
  [QS_PACKET_RETRY] = { 4, { 12, 3, 2, 3 } },
  [QS_PACKET_VERSION_NEGOTIATION] = { 6, { 12, 3, 2, 3, 2, 3 } },
  [QS_PACKET_STATELESS_RESET] = { 4, { 6, 3, 2, 3 } },
  [QS_PACKET_UNKNOWN] = { 2, { 2, 2 } },
  [QS_PACKET_TLS_RECORD] = { 0, { 0 } },
};

const QsChartColours *
qs_chart_colours_light (void)
{
  return &light;
}

const QsChartColours *
qs_chart_colours_dark (void)
{
  return &dark;
}

void
qs_colour_set (const QsColour *colour, cairo_t *cr)
{
  cairo_set_source_rgba (cr, colour->red, colour->green, colour->blue, colour->alpha);
}

static double
linear (double part)
{
  return part <= 0.04045 ? part / 12.92 : pow ((part + 0.055) / 1.055, 2.4);
}

static double
luminance (const QsColour *colour)
{
  return 0.2126 * linear (colour->red) + 0.7152 * linear (colour->green) + 0.0722 * linear (colour->blue);
}

double
qs_colour_contrast (const QsColour *a, const QsColour *b)
{
  double first = luminance (a), second = luminance (b);

  return (MAX (first, second) + 0.05) / (MIN (first, second) + 0.05);
}

guint
qs_chart_dashes (QsPacketType type, const double **dashes)
{
  *dashes = dashes_of[type].dashes;
  return dashes_of[type].n;
}
