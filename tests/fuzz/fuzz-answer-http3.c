/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"
#include "live-run.h"
#include "live-script.h"

#define FIN 0x80

static void
answer (LiveScript *script, const guint8 *data, gsize size)
{
  while (size >= 3)
    {
      gsize length = (gsize) data[1] << 8 | data[2];
      length = MIN (MIN (length, size - 3), 1024);
      g_autoptr (GBytes) packet =
          live_peer_seal_stream (script->peer, data[0] & 7, QS_SPAN (data + 3, length), (data[0] & FIN) != 0);
      if (packet == NULL)
        return;
      g_socket_send_to (script->socket, script->other, g_bytes_get_data (packet, NULL), g_bytes_get_size (packet), NULL,
                        NULL);
      live_turn ();
      data += 3 + length;
      size -= 3 + length;
    }
}

/* Pieces of an answer over HTTP/3, and of the server's control and QPACK streams: a stream's number, a length, bytes. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  LiveScript script;

  live_fix_random ();
  live_script_init (&script, TRUE, "h3");
  QsProbe *probe = live_run_new ("https://127.0.0.1:%u/", live_script_get_port (&script), NULL, "X25519");
  qs_probe_start (probe);
  live_script_shake_hands (&script);
  while (qs_probe_get_state (probe) < QS_CONNECTION_ESTABLISHED) /* the last flight is under way */
    g_main_context_iteration (NULL, TRUE);
  answer (&script, data, size);
  live_script_clear (&script); /* nobody there any more: the end needs no waiting */
  live_run_finish (probe);
  return 0;
}
