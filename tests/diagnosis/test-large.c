/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A TLS message that is too large for the client's library: named where that is what ended it, and nowhere else. */
#include <string.h>

#include "diagnosis/qs-finding.h"
#include "trace-kit.h"

#define ILLEGAL_PARAMETER 47
#define DECODE_ERROR 50
#define SAID "excessive message size"

static const struct {
  const char *name;
  guint8 type;
  gsize length, got;
  const char *by;    /* whose alert it is */
  guint alert;       /* 0: none */
  const char *words; /* of the library, or NULL */
  const char *finding;
  QsCertainty certainty;
} cases[] = {
  { "certificate", QS_TLS_CERTIFICATE, 239291, 16384, "local", ILLEGAL_PARAMETER, SAID, "certificate-too-large",
    QS_CERTAINTY_PROVED },
  { "not-told", QS_TLS_CERTIFICATE, 239291, 16384, "local", ILLEGAL_PARAMETER, NULL, "certificate-too-large",
    QS_CERTAINTY_LIKELY },
  { "other-alert", QS_TLS_CERTIFICATE, 239291, 16384, "local", DECODE_ERROR, NULL, "tls-alert", QS_CERTAINTY_PROVED },
  { "server's-alert", QS_TLS_CERTIFICATE, 239291, 16384, "remote", ILLEGAL_PARAMETER, NULL, "tls-alert",
    QS_CERTAINTY_PROVED },
  { "just-large", QS_TLS_CERTIFICATE, 64 << 10, 16384, "local", ILLEGAL_PARAMETER, SAID, "tls-message-too-large",
    QS_CERTAINTY_PROVED },
  { "usual", QS_TLS_CERTIFICATE, 4000, 1000, "local", ILLEGAL_PARAMETER, SAID, "tls-alert", QS_CERTAINTY_PROVED },
  { "whole", QS_TLS_CERTIFICATE, 0, 0, "local", ILLEGAL_PARAMETER, SAID, "tls-alert", QS_CERTAINTY_PROVED },
  { "hello", QS_TLS_SERVER_HELLO, 0xffffff, 16000, "local", ILLEGAL_PARAMETER, SAID, "tls-message-too-large",
    QS_CERTAINTY_PROVED },
};

static void
test_case (gconstpointer data)
{
  const guint i = GPOINTER_TO_UINT (data);
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
  const QsTraceUnfinished unfinished = { .type = cases[i].type,
                                         .length = cases[i].length,
                                         .got = cases[i].got,
                                         .packet = G_MAXUINT32,
                                         .first_packet = G_MAXUINT32 };

  made_start (made);
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO, &(Hello){ .alpn = "h3", .sni = "www.example.net" });
  made->at = 10;
  made_datagram (made, QS_DIRECTION_RECEIVED, 1200);
  qs_trace_set_unfinished (made->trace, QS_DIRECTION_RECEIVED, &unfinished);
  if (cases[i].words != NULL)
    made_mark (made, QS_MARK_CALL, "SSL_connect", 1, cases[i].words);
  made_close (made, cases[i].by, FALSE, 0x100 + cases[i].alert, NULL);
  made_outcome (made, "failed", "handshake");
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  const QsFinding *first = findings->pdata[0];
  g_assert_cmpstr (first->id, ==, cases[i].finding);
  g_assert_cmpint (first->certainty, ==, cases[i].certainty);
  for (guint j = 1; j < findings->len; j++)
    g_assert_cmpint (((const QsFinding *) findings->pdata[j])->severity, !=, QS_SEVERITY_ERROR);
  if (g_str_equal (first->id, "certificate-too-large"))
    {
      g_assert_nonnull (strstr (first->title, "239291 bytes"));
      g_assert_nonnull (strstr (first->detail, "16384 had come"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/large/%s", cases[i].name);
      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_case);
    }
  return g_test_run ();
}
