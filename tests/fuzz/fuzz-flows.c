/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>

#include "fuzz.h"
#include "net/qs-flows.h"

#define SENT 0x01
#define OTHER_PEER 0x02
#define RELEASE 0x04

/* What anybody may send to the server's socket, and what it answers: steps of a byte of how, a byte of length, and as many bytes.
 * Each datagram is filed with a flow or with none, and each flow can be found again. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (QsFlows) flows = qs_flows_new (size % 2 != 0, NULL);
  QsFlow *held = NULL;

  for (gsize at = 0; at + 2 <= size;)
    {
      guint8 how = data[at];
      gsize length = MIN (data[at + 1], size - at - 2);
      struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = (how & OTHER_PEER) != 0 ? 0x1234 : 0x4321 };
      g_autoptr (GBytes) bytes = g_bytes_new (data + at + 2, length); /* so that a sanitizer sees a byte too many */
      const QsUdpDatagram datagram = {
        .time = (gint64) at * 1000,
        .direction = (how & SENT) != 0 ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED,
        .peer = (const struct sockaddr *) &peer,
        .data = g_bytes_get_data (bytes, NULL),
        .length = length,
      };

      QsFlow *flow = qs_flows_add (flows, &datagram);
      if (flow != NULL)
        g_assert_nonnull (qs_flows_find_peer (flows, flow->peer));
      if (held == NULL && flow != NULL)
        {
          held = flow;
          qs_flow_hold (held);
        }
      else if (held != NULL && (how & RELEASE) != 0)
        {
          qs_flow_release (held);
          held = NULL;
        }
      qs_flows_find (flows, data + at, MIN (size - at, 20));
      at += 2 + length;
    }
  return 0;
}
