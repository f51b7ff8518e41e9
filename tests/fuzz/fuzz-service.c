/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"
#include "wire/qs-service.h"

static void
check_within (QsSpan part, const guint8 *data, gsize size)
{
  g_assert_true (part.length == 0 || (part.data >= data && part.data + part.length <= data + size));
}

/* The first byte says how much of the rest was asked; what is behind that is the answer. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  gsize asked = size > 0 ? MIN (data[0], size - 1) : 0, start = size > 0 ? 1 + asked : 0;
  /* A copy of its own: to read a byte behind the end is an error that a sanitizer sees. */
  g_autofree guint8 *answer = g_memdup2 (data + start, size - start);
  QsSpan bytes = QS_SPAN (answer, size - start), question = QS_SPAN (data + (size > 0 ? 1 : 0), asked);
  const QsService *found[] = { qs_service_of_stream (bytes), qs_service_of_datagram (bytes, question) };
  QsSpan line = qs_service_first_line (bytes);

  for (guint i = 0; i < G_N_ELEMENTS (found); i++)
    g_assert_true (found[i] == NULL || found[i]->words != NULL);
  check_within (line, answer, bytes.length);
  g_assert_true (line.length == 0 || g_utf8_validate ((const char *) line.data, (gssize) line.length, NULL));
  check_within (qs_service_http_field (bytes, "Location"), answer, bytes.length);
  return 0;
}
