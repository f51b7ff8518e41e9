/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recording whose first packet is an Initial that its keys do not open: why, as far as it can be told. */
#include <string.h>

#include "crypto/qs-keys.h"
#include "diagnosis/qs-finding.h"
#include "dissect/qs-dissector.h"
#include "trace-kit.h"

#define SUITE 0x1301
#define DRAFT_29 0xff00001d

static const struct {
  const char *name;
  guint32 says, keys; /* version in the header; whose salt it is sealed with */
  guint8 dcid_length;
  guint size; /* of its frames */
  gboolean damaged;
  const char *words; /* NULL: nothing is said */
  QsSeverity severity;
  QsCertainty certainty;
} cases[] = {
  { "good", 1, 1, 8, 1160, FALSE, NULL, 0, 0 },
  { "good draft", DRAFT_29, DRAFT_29, 8, 1160, FALSE, NULL, 0, 0 },
  { "damaged", 1, 1, 8, 1160, TRUE, "damaged", QS_SEVERITY_WARNING, QS_CERTAINTY_POSSIBLE },
  { "draft with the salt of 1", DRAFT_29, 1, 8, 1160, FALSE,
    "of QUIC version draft-29, and protected with the keys of 1", QS_SEVERITY_ERROR, QS_CERTAINTY_PROVED },
  { "1 with the salt of a draft", 1, DRAFT_29, 8, 1160, FALSE, "protected with the keys of draft-29", QS_SEVERITY_ERROR,
    QS_CERTAINTY_PROVED },
  { "1 with the salt of draft-22", 1, 0xff000016, 8, 1160, FALSE, "protected with the keys of draft-22",
    QS_SEVERITY_ERROR, QS_CERTAINTY_PROVED },
  { "1 with the salt of T050", 1, 0x54303530, 8, 1160, FALSE, "T050", QS_SEVERITY_ERROR, QS_CERTAINTY_PROVED },
  { "1 with the salt of T051", 1, 0x54303531, 8, 1160, FALSE, "T051", QS_SEVERITY_ERROR, QS_CERTAINTY_PROVED },
  { "1 with the salt of draft-27", 1, 0xff00001b, 8, 1160, FALSE, "protected with the keys of draft-27",
    QS_SEVERITY_ERROR, QS_CERTAINTY_PROVED },
  { "draft with the salt of 2", DRAFT_29, 0x6b3343cf, 8, 1160, FALSE, "protected with the keys of 2", QS_SEVERITY_ERROR,
    QS_CERTAINTY_PROVED },
  { "short connection id", 1, 1, 5, 1160, TRUE, "has 5 bytes", QS_SEVERITY_WARNING, QS_CERTAINTY_POSSIBLE },
  { "short datagram", 1, 1, 8, 60, TRUE, "and a client's first has 1200 at least", QS_SEVERITY_WARNING,
    QS_CERTAINTY_POSSIBLE },
};

static void
add_initial (QsTrace *trace, guint i)
{
  static const guint8 dcid[] = "12345678", scid[] = "abcdefgh";
  const QsPacketHeader header = { .type = QS_PACKET_INITIAL,
                                  .version = cases[i].says,
                                  .dcid = QS_SPAN (dcid, cases[i].dcid_length),
                                  .scid = QS_SPAN (scid, 8) };
  g_autofree guint8 *frames = g_malloc0 (cases[i].size);
  QsSecret client, server;
  gsize length;

  frames[0] = 1; /* PING */
  g_assert_true (qs_initial_secrets (cases[i].keys, header.dcid, &client, &server));
  g_autoptr (QsKeys) keys = qs_keys_new (cases[i].keys, SUITE, &client);
  g_autoptr (QsHeaderKey) header_key = qs_header_key_new (cases[i].keys, SUITE, &client);
  g_autoptr (GBytes) packet = qs_packet_seal (keys, header_key, &header, 2, 0, QS_SPAN (frames, cases[i].size));
  g_autofree guint8 *bytes = g_memdup2 (g_bytes_get_data (packet, &length), g_bytes_get_size (packet));
  length = g_bytes_get_size (packet);
  if (cases[i].damaged)
    bytes[length - 20] ^= 1;
  qs_trace_add_datagram (trace, 0, QS_DIRECTION_SENT, 0, 0, QS_FATE_PASSED, bytes, length);
}

static void
test_case (gconstpointer data)
{
  const guint i = GPOINTER_TO_UINT (data);
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);

  qs_trace_set_from_file (trace);
  add_initial (trace, i);
  g_autoptr (QsDissector) dissector = qs_dissector_new (trace);
  qs_dissector_finish (dissector);
  g_autoptr (GPtrArray) findings = qs_diagnose (trace, -1);
  const QsFinding *found = NULL;
  for (guint j = 0; j < findings->len; j++)
    if (g_str_equal (((const QsFinding *) findings->pdata[j])->id, "initial-unreadable"))
      found = findings->pdata[j];
  g_assert_true ((found != NULL) == (cases[i].words != NULL));
  if (found == NULL)
    return;
  g_autofree char *text = g_strconcat (found->title, " ", found->detail, NULL);
  g_test_message ("%s", text);
  g_assert_nonnull (strstr (text, cases[i].words));
  g_assert_cmpint (found->severity, ==, cases[i].severity);
  g_assert_cmpint (found->certainty, ==, cases[i].certainty);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/unreadable/%s", cases[i].name);
      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_case);
    }
  return g_test_run ();
}
