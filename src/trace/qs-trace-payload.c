/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QsTrace: how much of its records' bytes there is, and where: copied, up to a bound, or in the file that they were read from. */
#include "trace/qs-trace-private.h"

/* So much is read anew for each connection of a file, and so little asked of the system. */
#define PASSED_AT_ONCE (16u << 20)

void
qs_trace_set_payload_limit (QsTrace *self, guint64 bytes)
{
  g_return_if_fail (QS_IS_TRACE (self));

  g_mutex_lock (&self->lock);
  self->payload_limit = bytes;
  g_mutex_unlock (&self->lock);
}

void
qs_trace_hold (QsTrace *self, QsMappedFile *file)
{
  g_return_if_fail (QS_IS_TRACE (self) && file != NULL && self->held == NULL);

  self->held = qs_mapped_file_ref (file);
  self->passed = qs_mapped_file_get_bytes (file);
}

gboolean
qs_trace_is_cut_short (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), FALSE);

  if (self->held == NULL)
    return FALSE;
  qs_mapped_file_look (self->held);
  return qs_mapped_file_is_cut (self->held, qs_mapped_file_get_bytes (self->held),
                                qs_mapped_file_get_size (self->held));
}

void
qs_trace_pass (QsTrace *self, const guint8 *bytes)
{
  if (self->held == NULL)
    return;
  if (bytes == NULL)
    bytes = qs_mapped_file_get_bytes (self->held) + qs_mapped_file_get_size (self->held);
  else
    {
      if (!qs_mapped_file_contains (self->held, bytes, 0)) /* a copy */
        return;
      qs_mapped_file_expect (self->held, bytes);
      if (bytes >= self->passed && (gsize) (bytes - self->passed) < PASSED_AT_ONCE)
        return;
    }
  qs_mapped_file_pass (self->held, self->passed, bytes);
  self->passed = bytes;
}

guint64
qs_trace_get_payload_kept (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), 0);

  g_mutex_lock (&self->lock);
  guint64 kept = self->payload_kept + self->payload_held;
  g_mutex_unlock (&self->lock);
  return kept;
}

void
qs_trace_get_extent (QsTrace *self, guint *n_records, guint *n_datagrams, guint64 *kept)
{
  g_return_if_fail (QS_IS_TRACE (self) && n_records != NULL && n_datagrams != NULL && kept != NULL);

  g_mutex_lock (&self->lock);
  *n_records = self->records.length;
  *n_datagrams = self->n_datagrams;
  *kept = self->payload_kept + self->payload_held;
  g_mutex_unlock (&self->lock);
}

guint
qs_trace_get_n_truncated (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), 0);

  g_mutex_lock (&self->lock);
  guint n = self->n_truncated;
  g_mutex_unlock (&self->lock);
  return n;
}
