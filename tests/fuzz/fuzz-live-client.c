/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"
#include "live-run.h"
#include "live-script.h"

#define HANDS_SHAKEN 0x80
#define LARGE_HELLO 0x40

/* A run over QUIC whose server says what is in the bytes. The first: what is asked for, and whether the handshake goes as it should. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const struct {
    const char *target, *alpn;
  } runs[] = { { "quic://127.0.0.1:%u/", "hq-interop" },
               { "https://127.0.0.1:%u/", "h3" },
               { "quic://127.0.0.1:%u/", "h3" },
               { "quic://127.0.0.1:%u", "echo" } };
  LiveScript script;

  if (size == 0)
    return 0;
  live_fix_random ();
  guint which = data[0] % G_N_ELEMENTS (runs);
  live_script_init (&script, TRUE, runs[which].alpn);
  QsProbe *probe = live_run_new (runs[which].target, live_script_get_port (&script), runs[which].alpn,
                                 data[0] & LARGE_HELLO ? NULL : "X25519");
  qs_probe_start (probe);
  if (data[0] & HANDS_SHAKEN)
    live_script_shake_hands (&script);
  live_script_run (&script, data + 1, size - 1);
  live_script_clear (&script); /* nobody there any more: the end needs no waiting */
  live_run_finish (probe);
  return 0;
}
