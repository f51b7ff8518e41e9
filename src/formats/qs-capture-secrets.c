/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QsCapture: the lines of key logs that lie inside a capture, and which of its traces get them. */
#include "formats/qs-capture-private.h"

#define MAX_SECRETS 65536 /* of one file */

/* All lines in all traces are as many as their product: above the bound it is asked whose a line is before it is copied. */
static gboolean
is_few (QsCapture *self, guint n_traces, guint n_lines)
{
  return !self->secrets_apart || (guint64) n_traces * n_lines <= QS_CAPTURE_FEW_SECRETS;
}

void
qs_capture_give_secrets (QsCapture *self, QsTrace *trace)
{
  if (!is_few (self, self->traces->len + 1, self->secrets->len))
    self->secrets_kept = TRUE;
  for (guint i = 0; !self->secrets_kept && i < self->secrets->len; i++)
    qs_trace_add_secret (trace, 0, g_ptr_array_index (self->secrets, i));
}

void
qs_capture_keep_secret (QsCapture *self, const char *line)
{
  if (self->secrets->len == MAX_SECRETS)
    return;
  g_ptr_array_add (self->secrets, g_strdup (line));
  if (!is_few (self, self->traces->len, self->secrets->len))
    self->secrets_kept = TRUE;
  for (guint i = 0; !self->secrets_kept && i < self->traces->len; i++)
    qs_trace_add_secret (g_ptr_array_index (self->traces, i), 0, line);
}

void
qs_capture_set_secrets_apart (QsCapture *self)
{
  self->secrets_apart = TRUE;
}

GPtrArray *
qs_capture_dup_secrets (QsCapture *self)
{
  return self->secrets_kept ? g_ptr_array_ref (self->secrets) : NULL;
}
