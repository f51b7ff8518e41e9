/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses that change in the middle of a connection. */
#include "base/qs-i18n.h"
#include "charts/qs-sequence-private.h"

#define LOOK_BACK 64 /* arrows, to find one of the same side before */

/* FALSE: it says nothing of an address that could have changed. Attempts that are raced have got no further than Initials. */
static gboolean
get_path (QsTrace *trace, const QsPacket *packet, guint16 *path)
{
  QsRecord record;

  if ((packet->type != QS_PACKET_HANDSHAKE && packet->type != QS_PACKET_1RTT) ||
      (packet->flags & QS_PACKET_DECRYPTED) == 0 || packet->record >= qs_trace_get_n_records (trace))
    return FALSE;
  qs_trace_get_record (trace, packet->record, &record);
  *path = record.path;
  return TRUE;
}

/* The path of the packet before in the same trace and direction. */
static gboolean
get_path_before (const QsSequenceLayout *self, guint rank, QsTrace *trace, guint8 direction, guint16 *path)
{
  for (guint i = rank; i > 0 && rank - i < LOOK_BACK; i--)
    {
      guint packets[2], index;
      guint n = qs_sequence_packets_at (self, i - 1, packets);

      for (guint k = 0; k < n; k++)
        {
          QsTrace *of = qs_sequence_resolve (self, packets[k], &index);
          const QsPacket *packet = qs_trace_get_packet (of, index);

          if (of == trace && packet->direction == direction && get_path (of, packet, path))
            return TRUE;
        }
    }
  return FALSE;
}

/* The address of its sender, before and now, of one packet of an arrow; FALSE: it has not changed. */
static gboolean
find_change (const QsSequenceLayout *self, guint rank, guint id, char **before, char **now)
{
  guint index;
  QsTrace *trace = qs_sequence_resolve (self, id, &index);
  const QsPacket *packet = qs_trace_get_packet (trace, index);
  guint16 path, path_before;

  if (qs_trace_get_path (trace, 1) == NULL || !get_path (trace, packet, &path) ||
      !get_path_before (self, rank, trace, packet->direction, &path_before) || path == path_before)
    return FALSE;

  const QsPath *from = qs_trace_get_path (trace, path_before), *to = qs_trace_get_path (trace, path);
  gboolean sent = packet->direction == QS_DIRECTION_SENT;
  g_autofree char *old = from != NULL ? qs_sequence_address_text (sent ? from->local : from->remote) : g_strdup ("");
  g_autofree char *new = to != NULL ? qs_sequence_address_text (sent ? to->local : to->remote) : g_strdup ("");
  if (g_str_equal (old, new))
    return FALSE; /* it answers to another one */
  *before = g_steal_pointer (&old);
  *now = g_steal_pointer (&new);
  return TRUE;
}

/* Nearly all have one path, and a million packets. */
static gboolean
has_paths (const QsSequenceLayout *self)
{
  QsTraceJoin *join = self->options.join;

  return qs_trace_get_path (self->trace, 1) != NULL ||
         (join != NULL && qs_trace_get_path (qs_trace_join_get_other (join), 1) != NULL);
}

guint
qs_sequence_find_path_change (const QsSequenceLayout *self, guint rank)
{
  guint packets[2];
  guint n = has_paths (self) ? qs_sequence_packets_at (self, rank, packets) : 0;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *before = NULL, *now = NULL;

      if (find_change (self, rank, packets[i], &before, &now))
        return packets[i];
    }
  return QS_SEQUENCE_NONE;
}

char *
qs_sequence_path_change_text (const QsSequenceLayout *self, guint packet)
{
  guint rank = qs_sequence_rank_of (self, packet);
  g_autofree char *before = NULL, *now = NULL;

  if (rank == G_MAXUINT || !find_change (self, rank, packet, &before, &now))
    return NULL;
  return g_strdup_printf (_ ("It was %s, and is %s now."), before, now);
}
