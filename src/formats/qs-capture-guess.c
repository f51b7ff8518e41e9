/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QsCapture: flows that are QUIC by their looks alone, short headers between ports that mean nothing. */
#include "formats/qs-capture-private.h"

#define MAX_GUESSED 32    /* connections */
#define MIN_GUESSED 8     /* datagrams, before that is believed */
#define MIN_FIRST_BYTES 4 /* different ones among them */
#define MAX_DOUBTED 1024  /* datagrams that are kept before that is decided */

/* Of protocols that are no QUIC, whatever their first bytes are. */
static const guint16 other_ports[] = { 53, 67, 68, 69, 123, 137, 138, 161, 162, 500, 514, 520, 1900, 4500, 5353, 5355 };

static gboolean
is_other_port (guint16 port)
{
  for (guint i = 0; i < G_N_ELEMENTS (other_ports); i++)
    {
      if (other_ports[i] == port)
        return TRUE;
    }
  return FALSE;
}

gboolean
qs_capture_may_be_short (QsSpan payload)
{
  return payload.length > 20 && (payload.data[0] & 0x80) == 0;
}

static gboolean
may_be_guessed (const QsCapturePacket *packet)
{
  return qs_capture_may_be_short (packet->payload) && !is_other_port (packet->from.port) &&
         !is_other_port (packet->to.port);
}

gboolean
qs_capture_may_guess (QsCapture *self, const QsCapturePacket *packet)
{
  return (self->secrets->len > 0 || self->keys_follow) && self->n_guessed < MAX_GUESSED && may_be_guessed (packet);
}

void
qs_capture_looks_add (QsCaptureLooks *self, QsSpan payload, gboolean contents)
{
  if (!qs_capture_may_be_short (payload))
    {
      self->n_odd++;
      return;
    }
  self->n_fitting++;
  for (gsize i = 1 + QS_CID_MAX; contents && i < payload.length; i++)
    {
      self->n_high += payload.data[i] >> 7;
      self->n_zero += payload.data[i] == 0;
      self->n_bytes++;
    }
  self->first_bytes[payload.data[0] / 64] |= G_GUINT64_CONSTANT (1) << payload.data[0] % 64;
}

/* What is encrypted has no pattern: half of its bytes are above 127, one in 256 is 0. Text and the fields of other protocols do not
 * look like that. Of few bytes chance makes more. */
static gboolean
looks_encrypted (const QsCaptureLooks *self)
{
  guint64 n = self->n_bytes, margin = n < 400 ? 25 : 10;

  return self->n_high * 100 > n * (50 - margin) && self->n_high * 100 < n * (50 + margin) &&
         self->n_zero * 100 < n * 3 + 200;
}

static gboolean
is_wrong (const QsCaptureLooks *self)
{
  guint n_first = (guint) (__builtin_popcountll (self->first_bytes[0]) + __builtin_popcountll (self->first_bytes[1]));

  return !looks_encrypted (self) || self->n_fitting < MIN_GUESSED || self->n_odd * 16 > self->n_fitting ||
         n_first < MIN_FIRST_BYTES;
}

gboolean
qs_capture_is_wrong_guess (const QsCaptureConnection *connection)
{
  return connection->guessed && is_wrong (&connection->looks);
}

gboolean
qs_capture_is_doubted (const QsCaptureConnection *connection)
{
  return connection->looks.n_fitting + connection->looks.n_odd > MAX_DOUBTED && qs_capture_is_wrong_guess (connection);
}

/* Few datagrams prove nothing by their looks; keys can. */
gboolean
qs_capture_waits_for_keys (QsCapture *self, const QsCaptureConnection *connection)
{
  const QsCaptureLooks *looks = &connection->looks;

  return self->keys_follow && looks->n_odd == 0 && looks->n_fitting < MIN_GUESSED && looks_encrypted (looks);
}

/* What is passed over, and may be QUIC all the same. */
void
qs_capture_note_stray (QsCapture *self, const QsCapturePacket *packet)
{
  if (may_be_guessed (packet))
    qs_capture_looks_add (&self->passed, packet->payload, TRUE);
}

/* Where much of it does not fit, as of DTLS or OpenVPN, what fits does so by chance. */
guint
qs_capture_count_maybe (QsCapture *self)
{
  return self->passed.n_fitting > 0 && self->passed.n_odd * 16 <= self->passed.n_fitting &&
                 looks_encrypted (&self->passed)
             ? self->passed.n_fitting
             : 0;
}
