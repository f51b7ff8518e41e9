/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-run-record.h"
#include "fuzz.h"

static void
write_record (GByteArray *out, QsTrace *trace)
{
  qs_run_record_add_run (out, trace, qs_trace_get_n_datagrams (trace), 0);
  qs_run_record_add_marks (out, trace);
}

/* A record of a run alone, without a pcapng around it: what was read of it is written, and read again. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) first = g_byte_array_new ();
  QsRunReader *reader = qs_run_reader_new (data, size);

  if (reader == NULL)
    return 0;
  qs_run_reader_finish (reader);
  QsTrace *trace = qs_run_reader_get_trace (reader);
  write_record (first, trace);
  QsRunReader *again = qs_run_reader_new (first->data, first->len);
  g_assert_nonnull (again);
  qs_run_reader_finish (again);
  /* A note of what is wrong with the record may have come to the marks; nothing goes. */
  g_assert_cmpuint (qs_trace_get_n_marks (qs_run_reader_get_trace (again)), >=, qs_trace_get_n_marks (trace));
  qs_run_reader_free (again);
  qs_run_reader_free (reader);
  return 0;
}
