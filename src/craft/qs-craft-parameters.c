/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transport parameters: what an end of today says, and what a script changes of it. */
#include "craft/qs-craft-private.h"
#include "wire/qs-transport-parameters.h"

#define TP_ORIGINAL_DCID 0x00
#define TP_RESET_TOKEN 0x02
#define TP_SOURCE_ID 0x0f
#define TP_RETRY_SOURCE_ID 0x10

/* What both ends say (RFC 9000 section 18.2). */
static const struct {
  guint64 id, value;
} own_parameters[] = {
  { 0x01, 30000 },       /* max_idle_timeout, ms */
  { 0x03, 1472 },        /* max_udp_payload_size */
  { 0x04, 1024 * 1024 }, /* initial_max_data */
  { 0x05, 256 * 1024 },  /* …_stream_data_bidi_local */
  { 0x06, 256 * 1024 },  /* …_bidi_remote */
  { 0x07, 256 * 1024 },  /* …_uni */
  { 0x08, 100 },         /* initial_max_streams_bidi */
  { 0x09, 100 },         /* …_uni */
  { 0x0e, 4 },           /* active_connection_id_limit */
};

static const QsCraftParameter *
find_change (const QsCraftParameter *changes, guint64 id)
{
  for (; changes != NULL && changes->how != QS_CRAFT_PARAMETER_END; changes++)
    {
      if (changes->id == id)
        return changes;
    }
  return NULL;
}

static void
write_change (GByteArray *out, const QsCraftParameter *change)
{
  if (change->how == QS_CRAFT_PARAMETER_INTEGER)
    qs_transport_parameter_write_integer (out, change->id, change->value);
  else if (change->how == QS_CRAFT_PARAMETER_BYTES)
    qs_transport_parameter_write (out, change->id, change->bytes);
}

/* What is no limit but says who one is. */
typedef struct {
  guint64 id;
  QsSpan value;
  gboolean server, retried; /* says it alone; only behind a Retry */
} Identifier;

static void
write_identifiers (const QsCraft *self, const QsCraftParameter *changes, GByteArray *out)
{
  const Identifier all[] = {
    { TP_ORIGINAL_DCID, qs_craft_id_span (&self->original_dcid), TRUE, FALSE },
    { TP_RESET_TOKEN, QS_SPAN (self->reset_token, sizeof self->reset_token), TRUE, FALSE },
    { TP_SOURCE_ID, qs_craft_id_span (&self->scid), FALSE, FALSE },
    { TP_RETRY_SOURCE_ID, qs_craft_id_span (&self->retry_id), TRUE, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      if (find_change (changes, all[i].id) == NULL && (self->server || !all[i].server) &&
          (self->retried || !all[i].retried))
        qs_transport_parameter_write (out, all[i].id, all[i].value);
    }
}

/* Those that are changed stand last, in the order of their changes; an id that has two changes comes twice. */
GByteArray *
qs_craft_make_parameters (const QsCraft *self, const QsCraftParameter *changes)
{
  GByteArray *out = g_byte_array_new ();

  write_identifiers (self, changes, out);
  for (guint i = 0; i < G_N_ELEMENTS (own_parameters); i++)
    {
      if (find_change (changes, own_parameters[i].id) == NULL)
        qs_transport_parameter_write_integer (out, own_parameters[i].id, own_parameters[i].value);
    }
  for (const QsCraftParameter *change = changes; change != NULL && change->how != QS_CRAFT_PARAMETER_END; change++)
    write_change (out, change);
  return out;
}
