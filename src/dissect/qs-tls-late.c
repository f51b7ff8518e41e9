/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dissect/qs-tls-late.h"

#include <string.h>

#define RECORD_HEADER 5
#define TRIAL_COST 1024u                             /* of a trial that opens nothing, as bytes deciphered */
#define COST_AT_ONCE (512u << 10)                    /* about a millisecond */
#define COST_LIMIT (G_GUINT64_CONSTANT (2048) << 20) /* then it is given up: some seconds */

typedef struct {
  const guint8 *random; /* of the store */
  QsSecretLabel label;
  guint16 suite;
} Candidate;

struct _QsTlsLate {
  QsSecretStore *secrets; /* not owned */
  QsTlsLateFacts facts;
  GArray *candidates; /* Candidate */
  guint8 *record, *plain;
  gsize length;
  guint round;
  guint at_candidate;
  guint64 sequence;
  QsKeys *keys; /* of the candidate being tried */
  guint64 cost;
};

/* Each candidate is tried with the first numbers before any with later ones. Behind the last number it is not looked for: that many
 * records of full size are 512 MiB. */
static const guint64 round_ends[] = { 1, 16, 256, 4096, 32768 };

static const guint16 suites[] = { 0x1301, 0x1302, 0x1303, 0x1304, 0x1305 };

static const QsSecretLabel labels[2][2] = {
  [QS_SIDE_CLIENT] = { QS_SECRET_CLIENT_TRAFFIC, QS_SECRET_CLIENT_HANDSHAKE },
  [QS_SIDE_SERVER] = { QS_SECRET_SERVER_TRAFFIC, QS_SECRET_SERVER_HANDSHAKE },
};

static void
add_candidates (QsTlsLate *self, const guint8 *random)
{
  guint16 known = self->facts.suite;

  if (qs_tls12_suite_is_known (known))
    {
      Candidate candidate = { random, QS_SECRET_MASTER, known };
      if (qs_secret_store_get (self->secrets, random, QS_SECRET_MASTER) != NULL)
        g_array_append_val (self->candidates, candidate);
      return;
    }
  for (guint l = 0; l < G_N_ELEMENTS (labels[0]); l++)
    {
      QsSecretLabel label = labels[self->facts.side][l];
      const QsSecret *secret = qs_secret_store_get (self->secrets, random, label);

      for (guint i = 0; secret != NULL && i < G_N_ELEMENTS (suites); i++)
        {
          Candidate candidate = { random, label, suites[i] };
          if ((known == 0 || known == suites[i]) && qs_suite_secret_length (suites[i]) == secret->length)
            g_array_append_val (self->candidates, candidate);
        }
    }
}

QsTlsLate *
qs_tls_late_new (QsSecretStore *secrets, const QsTlsLateFacts *facts, QsSpan record)
{
  QsTlsLate *self = g_new0 (QsTlsLate, 1);

  self->secrets = secrets;
  self->facts = *facts;
  self->record = g_memdup2 (record.data, record.length);
  self->plain = g_malloc (record.length);
  self->length = record.length;
  self->candidates = g_array_new (FALSE, FALSE, sizeof (Candidate));
  if (facts->random != NULL)
    add_candidates (self, facts->random);
  else
    {
      g_autoptr (GPtrArray) randoms = qs_secret_store_list_randoms (secrets);
      for (guint i = 0; i < randoms->len; i++)
        add_candidates (self, g_ptr_array_index (randoms, i));
    }
  return self;
}

void
qs_tls_late_free (QsTlsLate *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->candidates);
  qs_keys_free (self->keys);
  g_free (self->record);
  g_free (self->plain);
  g_free (self);
}

static QsKeys *
make_keys (QsTlsLate *self, const Candidate *candidate)
{
  const QsSecret *secret = qs_secret_store_get (self->secrets, candidate->random, candidate->label);

  if (candidate->label != QS_SECRET_MASTER)
    return qs_keys_new (0, candidate->suite, secret);
  const QsTls12 facts = { .suite = candidate->suite,
                          .version = self->facts.version,
                          .encrypt_then_mac = self->facts.encrypt_then_mac,
                          .client_random = candidate->random,
                          .server_random = self->facts.server_random };
  return qs_keys_new_tls12 (&facts, secret, self->facts.side == QS_SIDE_SERVER);
}

static gboolean
opens (QsTlsLate *self)
{
  gsize n;

  self->cost += TRIAL_COST + self->length;
  if (qs_keys_is_tls12 (self->keys))
    return qs_keys_open_tls12 (self->keys, self->sequence, QS_SPAN (self->record, self->length), QS_SPAN_NONE,
                               self->plain, &n);
  return qs_keys_open (self->keys, self->sequence, QS_SPAN (self->record, RECORD_HEADER),
                       QS_SPAN (self->record + RECORD_HEADER, self->length - RECORD_HEADER), self->plain, &n);
}

/* To the next candidate's numbers of this round, or to the next round. */
static void
advance (QsTlsLate *self)
{
  g_clear_pointer (&self->keys, qs_keys_free);
  if (++self->at_candidate == self->candidates->len)
    {
      self->at_candidate = 0;
      self->round++;
    }
  self->sequence = self->round > 0 ? round_ends[self->round - 1] : 0;
}

QsTlsLateResult
qs_tls_late_try_some (QsTlsLate *self, QsTlsLateFacts *facts)
{
  guint64 end = self->cost + COST_AT_ONCE;

  while (self->cost < end)
    {
      if (self->candidates->len == 0 || self->round == G_N_ELEMENTS (round_ends) || self->cost >= COST_LIMIT)
        return QS_TLS_LATE_NOTHING;
      const Candidate *candidate = &g_array_index (self->candidates, Candidate, self->at_candidate);
      if (self->keys == NULL)
        self->keys = make_keys (self, candidate);
      if (self->keys != NULL && opens (self))
        {
          *facts = self->facts;
          facts->random = candidate->random;
          facts->suite = candidate->suite;
          facts->label = candidate->label;
          facts->sequence = self->sequence;
          return QS_TLS_LATE_FOUND;
        }
      if (self->keys == NULL || ++self->sequence == round_ends[self->round])
        advance (self);
    }
  return QS_TLS_LATE_GOING_ON;
}
