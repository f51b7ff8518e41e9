/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The facts that two connections are compared by, as a table. */
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "study/qs-comparison-private.h"
#include "trace/qs-metrics.h"

/* A chain of other size: by this much more, in bytes, and half as large again. Every certificate differs by some. */
#define LARGER_BYTES 1000
#define LARGER_RATIO 1.5

static char *
dup_transport (QsStudy *study)
{
  return g_strdup (qs_study_get_evidence (study)->tls ? _ ("TLS over TCP") : _ ("QUIC"));
}

static char *
dup_family (QsStudy *study)
{
  const char *address = qs_study_get_target (study)->address;

  return address != NULL ? g_strdup (strchr (address, ':') != NULL ? "IPv6" : "IPv4") : NULL;
}

#define SUMMARY(name)                                     \
  static char *dup_##name (QsStudy *study)                \
  {                                                       \
    return g_strdup (qs_study_get_summary (study)->name); \
  }

SUMMARY (quic_version)
SUMMARY (tls_version)
SUMMARY (cipher)
SUMMARY (group)
SUMMARY (signature)
SUMMARY (alpn)
SUMMARY (sni)
SUMMARY (verify_message)

static char *
dup_retry (QsStudy *study)
{
  return qs_study_get_evidence (study)->tls ? NULL
                                            : g_strdup (qs_study_get_summary (study)->retry ? _ ("yes") : _ ("no"));
}

static char *
dup_resumed (QsStudy *study)
{
  int resumed = qs_study_get_summary (study)->resumed;

  return resumed >= 0 ? g_strdup (resumed ? _ ("yes") : _ ("no")) : NULL;
}

static char *
dup_host (QsStudy *study)
{
  return g_strdup (qs_study_get_target (study)->host);
}

static char *
dup_address (QsStudy *study)
{
  return g_strdup (qs_study_get_target (study)->address);
}

static char *
dup_offer (QsStudy *study)
{
  g_autofree char *offer = g_strjoinv (", ", qs_study_get_target (study)->alpn);

  return *offer != '\0' ? g_steal_pointer (&offer) : NULL;
}

static char *
dup_offered_groups (QsStudy *study)
{
  return g_strdup (qs_study_get_evidence (study)->offered_groups);
}

static char *
dup_offered_ciphers (QsStudy *study)
{
  return g_strdup (qs_study_get_evidence (study)->offered_ciphers);
}

static char *
dup_certificate (QsStudy *study)
{
  GPtrArray *chain = qs_study_get_summary (study)->chain;

  return chain->len > 0 ? g_strdup (qs_certificate_get_sha256 (chain->pdata[0])) : NULL;
}

static char *
dup_close (QsStudy *study)
{
  const QsSummary *summary = qs_study_get_summary (study);

  return summary->closed ? g_strdup (summary->close_name) : NULL;
}

static char *
dup_hello_retry (QsStudy *study)
{
  const QsEvidence *evidence = qs_study_get_evidence (study);

  /* Where no ServerHello is known, nothing says that there was none before it. */
  if (evidence->server_hello == NULL && evidence->hello_retry == NULL)
    return NULL;
  return g_strdup (evidence->hello_retry != NULL ? _ ("yes") : _ ("no"));
}

static char *
dup_number (guint n)
{
  return n > 0 ? g_strdup_printf ("%u", n) : g_strdup (_ ("none"));
}

/* Over TCP the system sends again what is lost, and tells nobody. */
static gboolean
has_packets (QsStudy *study)
{
  const QsEvidence *evidence = qs_study_get_evidence (study);

  return !evidence->tls && evidence->packets.n_out > 0;
}

static char *
dup_lost (QsStudy *study)
{
  return has_packets (study) ? dup_number (qs_study_get_evidence (study)->packets.n_lost) : NULL;
}

static char *
dup_sent_again (QsStudy *study)
{
  return has_packets (study) ? dup_number (qs_study_get_evidence (study)->packets.n_retransmitted_in) : NULL;
}

static gboolean
only_one_lost (QsStudy *one, QsStudy *other)
{
  return (qs_study_get_evidence (one)->packets.n_lost == 0) != (qs_study_get_evidence (other)->packets.n_lost == 0);
}

static gboolean
only_one_sent_again (QsStudy *one, QsStudy *other)
{
  return (qs_study_get_evidence (one)->packets.n_retransmitted_in == 0) !=
         (qs_study_get_evidence (other)->packets.n_retransmitted_in == 0);
}

static gsize
chain_bytes (QsStudy *study)
{
  return qs_study_get_evidence (study)->chain_bytes;
}

static char *
dup_chain (QsStudy *study)
{
  guint n = qs_study_get_summary (study)->chain->len;
  g_autofree char *size = qs_text_size (chain_bytes (study));

  if (n == 0 || chain_bytes (study) == 0)
    return NULL;
  return g_strdup_printf (ngettext ("%u of %s", "%u of %s in all", n), n, size);
}

static gboolean
is_chain_larger (QsStudy *one, QsStudy *other)
{
  gsize less = MIN (chain_bytes (one), chain_bytes (other)), more = MAX (chain_bytes (one), chain_bytes (other));

  return more - less >= LARGER_BYTES && (double) more >= LARGER_RATIO * (double) less;
}

gint64
qs_comparison_rtt_of (QsStudy *study)
{
  const GArray *samples = qs_trace_get_metrics (qs_study_get_trace (study))->rtt;

  return samples->len > 0 ? g_array_index (samples, QsRttSample, samples->len - 1).minimum : -1;
}

static char *
dup_rtt (QsStudy *study)
{
  gint64 rtt = qs_comparison_rtt_of (study);

  return rtt >= 0 ? qs_text_duration (rtt) : NULL;
}

static char *
dup_source (QsStudy *study)
{
  return g_strdup (qs_study_get_source (study) != NULL ? _ ("a file") : _ ("a live run"));
}

/* What matters more stands further up. sentence: where the fact alone is worth the headline, if it is `worth` it, NULL: always;
 * a translator may change the order of its words. */
static const struct {
  const char *id;
  const char *label;
  char *(*dup) (QsStudy *study);
  const char *sentence;
  gboolean (*worth) (QsStudy *one, QsStudy *other);
} facts[] = {
  { "transport", N_ ("Transport"), dup_transport, N_ ("The one goes over {this}, the other over {other}."), NULL },
  { "host", N_ ("Host"), dup_host, N_ ("They are of different hosts: {this} and {other}."), NULL },
  { "address_family", N_ ("Address family"), dup_family, N_ ("The one goes over {this}, the other over {other}."),
    NULL },
  { "retry", N_ ("Retry"), dup_retry,
    N_ ("Retry, a check of the client's address: {this} in the one, {other} in the other."), NULL },
  { "resumed", N_ ("Resumed"), dup_resumed, N_ ("A resumed session: {this} in the one, {other} in the other."), NULL },
  { "quic_version", N_ ("QUIC version"), dup_quic_version,
    N_ ("QUIC's version is {this} in the one, {other} in the other."), NULL },
  { "tls_version", N_ ("TLS version"), dup_tls_version, N_ ("The one speaks {this}, the other {other}."), NULL },
  { "hello_retry", N_ ("HelloRetryRequest"), dup_hello_retry,
    N_ ("The server asked for another ClientHello (HelloRetryRequest): {this} in the one, {other} in the other."),
    NULL },
  { "group", N_ ("Key exchange"), dup_group, N_ ("The key exchange is {this} in the one, {other} in the other."),
    NULL },
  { "cipher", N_ ("Cipher suite"), dup_cipher, N_ ("The cipher suite is {this} in the one, {other} in the other."),
    NULL },
  { "alpn", N_ ("Protocol (ALPN)"), dup_alpn, N_ ("The protocol is {this} in the one, {other} in the other."), NULL },
  { "chain", N_ ("Certificate chain"), dup_chain,
    N_ ("The server's certificates: {this} in the one, {other} in the other."), is_chain_larger },
  { "lost", N_ ("Packets lost"), dup_lost,
    N_ ("Packets that were sent and lost on the way: {this} in the one, {other} in the other."), only_one_lost },
  { "sent_again", N_ ("Sent again by the other end"), dup_sent_again,
    N_ ("Packets whose contents the other end sent again: {this} in the one, {other} in the other."),
    only_one_sent_again },
  { "certificate", N_ ("Certificate (SHA-256)"), dup_certificate, N_ ("Their certificates differ: {this} and {other}."),
    NULL },
  { "verify", N_ ("Certificate"), dup_verify_message, NULL, NULL },
  { "signature", N_ ("Signature"), dup_signature, N_ ("The signature is {this} in the one, {other} in the other."),
    NULL },
  { "sni", N_ ("Server name (SNI)"), dup_sni,
    N_ ("The server was asked for {this} in the one, for {other} in the other."), NULL },
  { "offered_alpn", N_ ("Offered protocols"), dup_offer, NULL, NULL },
  { "offered_groups", N_ ("Offered groups"), dup_offered_groups, NULL, NULL },
  { "offered_ciphers", N_ ("Offered cipher suites"), dup_offered_ciphers, NULL, NULL },
  { "rtt", N_ ("Round trip, at least"), dup_rtt, NULL, NULL },
  { "address", N_ ("Address"), dup_address, NULL, NULL },
  { "answer", N_ ("Answer"), qs_study_dup_answer_text, N_ ("The answer is {this} in the one, {other} in the other."),
    NULL },
  { "close", N_ ("Closed"), dup_close, NULL, NULL },
  { "source", N_ ("Where it is from"), dup_source,
    N_ ("Nothing that matters differs: the one is {this}, the other {other}."), NULL },
};

static void
fact_free (gpointer data)
{
  QsComparedFact *fact = data;

  for (guint i = 0; i < QS_COMPARISON_MOST; i++)
    g_free (fact->value[i]);
  g_free (fact);
}

static gboolean
is_same_in_all (const QsComparedFact *fact, guint n)
{
  for (guint i = 1; i < n; i++)
    {
      if (g_strcmp0 (fact->value[0], fact->value[i]) != 0)
        return FALSE;
    }
  return TRUE;
}

GPtrArray *
qs_comparison_find_facts (QsStudy *const *studies, guint n)
{
  GPtrArray *different = g_ptr_array_new_with_free_func (fact_free);

  for (guint i = 0; i < G_N_ELEMENTS (facts); i++)
    {
      QsComparedFact *fact = g_new0 (QsComparedFact, 1);
      fact->id = facts[i].id;
      fact->label = _ (facts[i].label);
      for (guint of = 0; of < n; of++)
        fact->value[of] = facts[i].dup (studies[of]);
      if (is_same_in_all (fact, n))
        fact_free (fact);
      else
        g_ptr_array_add (different, fact);
    }
  return different;
}

/* What a value holds is not looked at again: it may be a peer's. */
static char *
expand (const char *template, const char *one, const char *other)
{
  const struct {
    const char *word, *value;
  } words[] = { { "{this}", one }, { "{other}", other } };
  GString *text = g_string_new (NULL);

  while (*template != '\0')
    {
      guint word = 0;
      while (word < G_N_ELEMENTS (words) && !g_str_has_prefix (template, words[word].word))
        word++;
      if (word < G_N_ELEMENTS (words))
        {
          g_string_append (text, words[word].value);
          template += strlen (words[word].word);
        }
      else
        {
          g_string_append_c (text, *template ++);
        }
    }
  return g_string_free (text, FALSE);
}

static const QsComparedFact *
find_fact (GPtrArray *different, const char *id)
{
  for (guint i = 0; i < different->len; i++)
    {
      if (g_str_equal (((const QsComparedFact *) different->pdata[i])->id, id))
        return different->pdata[i];
    }
  return NULL;
}

char *
qs_comparison_say_fact (QsStudy *const *studies, GPtrArray *different, guint other, const char *from, const char *until)
{
  gboolean begun = from == NULL;

  for (guint i = 0; i < G_N_ELEMENTS (facts) && g_strcmp0 (facts[i].id, until) != 0; i++)
    {
      begun = begun || g_str_equal (facts[i].id, from);
      const QsComparedFact *fact = begun && facts[i].sentence != NULL ? find_fact (different, facts[i].id) : NULL;
      /* What one of them does not know is no difference between the two. */
      if (fact == NULL || fact->value[0] == NULL || fact->value[other] == NULL ||
          g_str_equal (fact->value[0], fact->value[other]))
        continue;
      if (facts[i].worth == NULL || facts[i].worth (studies[0], studies[other]))
        return expand (_ (facts[i].sentence), fact->value[0], fact->value[other]);
    }
  return NULL;
}
