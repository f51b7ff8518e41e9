/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"
#include "trace/qs-filter.h"

/* What a person types into the filter, over a trace of three packets. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  guint position = 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (QsFilter) filter = qs_filter_new (text, &position, &error);

  g_assert_true ((filter == NULL) == (error != NULL));
  if (filter == NULL)
    {
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }

  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  for (guint i = 0; i < 3; i++)
    {
      const QsPacket packet = { .time = i,
                                .number = i,
                                .record = G_MAXUINT32,
                                .length = 1200 * i,
                                .type = i,
                                .direction = i % 2,
                                .frames = 1 << i,
                                .flags = QS_PACKET_FROM_QLOG };
      qs_trace_add_packet (trace, &packet);
      qs_filter_matches (filter, trace, i);
    }
  return 0;
}
