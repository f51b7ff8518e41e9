/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "diagnosis/qs-experiment-words.h"

#include "base/qs-i18n.h"

static const struct {
  const char *id;
  const char *change;
} changes[] = {
  { "x25519-alone", N_ ("X25519 alone, no post-quantum key share") },
  { "each-twice", N_ ("X25519 alone, and each datagram twice, so that two servers would get it whole") },
  { "two-at-once", N_ ("Two datagrams of 1200 bytes at once, each whole in itself") },
  { "padded-hello", N_ ("X25519 alone, in a ClientHello as large as with a post-quantum key share") },
  { "usual-offer", N_ ("This client's usual groups and cipher suites") },
  { "widest-offer", N_ ("All groups, cipher suites, signature schemes and versions of TLS that this client has") },
  { "every-group", N_ ("All groups that this client has") },
  { "every-cipher-suite", N_ ("All cipher suites that this client has") },
  { "every-signature-scheme", N_ ("All signature schemes that this client has") },
  { "old-versions", N_ ("TLS 1.0 and 1.1 as well") },
  { "same-again", N_ ("Nothing: the same once more") },
  { "alpn-h3", N_ ("Another application protocol: h3") },
  { "alpn-hq-interop", N_ ("Another application protocol: hq-interop") },
  { "alpn-doq", N_ ("Another application protocol: doq") },
  { "alpn-h2", N_ ("Another application protocol: h2") },
  { "alpn-http-1.1", N_ ("Another application protocol: http/1.1") },
  { "alpn-dot", N_ ("Another application protocol: dot") },
  { "no-sni", N_ ("No server name (SNI)") },
  { "small-segments", N_ ("TCP segments of 536 bytes at most") },
  { "proxy-header", N_ ("A header of the PROXY protocol before TLS") },
  { "sni-other", N_ ("Another name of the host") },
  { "other-address-family", N_ ("The host's address of the other family") },
  { "tcp-tls", N_ ("TLS over TCP, on the same port") },
  { "version-grease", N_ ("A version of QUIC that does not exist") },
  { "another-connection", N_ ("Another connection beside the one whose answer does not come") },
  { "another-page", N_ ("Another page: /robots.txt") },
  { "unconnected-twin", N_ ("Answers from any address, not from the one asked alone") },
  { "small-datagrams", N_ ("Datagrams of 600 and of 100 bytes") },
  { "large-stray", N_ ("A datagram of 1200 bytes that looks like part of a connection") },
  { "large-datagrams", N_ ("A datagram of 1452 bytes") },
  { "no-client-certificate", N_ ("No certificate of the client's") },
};

static const struct {
  gint64 value;
  const char *name;
  const char *title;
} outcomes[] = {
  { 1, "answered", N_ ("answered") },
  { 0, "failed", N_ ("failed as well") },
  { -1, "undecided", N_ ("decided nothing") },
};

const char *
qs_experiment_change (const char *id)
{
  g_return_val_if_fail (id != NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    if (g_str_equal (changes[i].id, id))
      return _ (changes[i].change);
  return id;
}

static guint
find_outcome (gint64 value)
{
  guint i = 0;

  while (i + 1 < G_N_ELEMENTS (outcomes) && outcomes[i].value != value)
    i++;
  return i;
}

const char *
qs_experiment_outcome_name (gint64 value)
{
  return outcomes[find_outcome (value)].name;
}

const char *
qs_experiment_outcome_title (gint64 value)
{
  return _ (outcomes[find_outcome (value)].title);
}

GPtrArray *
qs_experiment_marks (QsTrace *trace)
{
  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);

  GPtrArray *marks = g_ptr_array_new ();
  for (guint i = 0; i < qs_trace_get_n_marks (trace); i++)
    {
      const QsMark *mark = qs_trace_get_mark (trace, i, NULL);
      if (mark->kind == QS_MARK_EXPERIMENT && mark->name != NULL)
        g_ptr_array_add (marks, (gpointer) mark);
    }
  return marks;
}

gint64
qs_experiment_value (QsTrace *trace, const char *id)
{
  const QsMark *mark = qs_trace_find_mark (trace, QS_MARK_EXPERIMENT, id, NULL);

  return mark != NULL ? mark->value : -1;
}
