/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "diagnosis/qs-summary.h"

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-evidence.h"
#include "diagnosis/qs-finding.h"
#include "wire/qs-names.h"

static char *
dup_fact (const QsEvidence *evidence, const char *name)
{
  const char *value = qs_trace_get_fact (evidence->trace, name);

  return g_strdup (value != NULL && *value != '\0' ? value : NULL);
}

/* supported_versions holds the one chosen in a ServerHello of TLS 1.3. */
static char *
version_of_hello (const QsEvidence *evidence)
{
  if (evidence->server_hello == NULL)
    return NULL;
  return g_strdup (qs_tls_version_name (qs_tls_message_get_version (evidence->server_hello->message)));
}

static char *
cipher_of_hello (const QsEvidence *evidence)
{
  GArray *suites = evidence->server_hello != NULL ? evidence->server_hello->message->cipher_suites : NULL;

  return suites != NULL && suites->len > 0 ? g_strdup (qs_tls_cipher_suite_name (g_array_index (suites, guint16, 0)))
                                           : NULL;
}

static char *
group_of_hello (const QsEvidence *evidence)
{
  g_autoptr (GArray) groups =
      evidence->server_hello != NULL ? qs_tls_message_dup_key_shares (evidence->server_hello->message) : NULL;
  guint16 group, scheme;

  if (qs_evidence_read_ecdhe (evidence, &group, &scheme))
    return g_strdup (qs_tls_group_name (group));
  return groups != NULL && groups->len > 0 ? g_strdup (qs_tls_group_name (g_array_index (groups, guint16, 0))) : NULL;
}

static char *
signature_of_verify (const QsEvidence *evidence)
{
  const QsTraceMessage *message = evidence->certificate_verify;
  guint16 group, scheme;

  if (qs_evidence_read_ecdhe (evidence, &group, &scheme))
    return scheme != 0 ? g_strdup (qs_tls_signature_scheme_name (scheme)) : NULL;
  return message != NULL ? g_strdup (qs_tls_signature_scheme_name (message->message->signature_scheme)) : NULL;
}

/* RFC 9846 section 4.3.11: the server takes a pre-shared key. Before 1.3 (RFC 5246 section 7.4.1.3) it repeats the session that the client
 * names. -1: it cannot be told. */
static int
resumed_of_hellos (const QsEvidence *evidence)
{
  enum { PRE_SHARED_KEY = 41 };
  const QsTlsMessage *client = evidence->client_hello != NULL ? evidence->client_hello->message : NULL;
  const QsTlsMessage *server = evidence->server_hello != NULL ? evidence->server_hello->message : NULL;

  if (server == NULL)
    return -1;
  if (qs_tls_version_is_13 (qs_tls_message_get_version (server)))
    return qs_tls_message_find_extension (server, PRE_SHARED_KEY) != NULL;
  if (client == NULL)
    return -1;
  return client->session_id.length > 0 && qs_span_equal (client->session_id, server->session_id);
}

/* What the TLS stack said; from a file, what the messages say. */
static void
read_tls (QsSummary *summary, const QsEvidence *evidence)
{
  const struct {
    char **slot;
    const char *fact;
    char *(*derive) (const QsEvidence *evidence);
  } facts[] = {
    { &summary->tls_version, "tls.version", version_of_hello },
    { &summary->cipher, "tls.cipher", cipher_of_hello },
    { &summary->group, "tls.group", group_of_hello },
    { &summary->signature, "tls.signature", signature_of_verify },
  };

  for (guint i = 0; i < G_N_ELEMENTS (facts); i++)
    {
      *facts[i].slot = dup_fact (evidence, facts[i].fact);
      if (*facts[i].slot == NULL)
        *facts[i].slot = facts[i].derive (evidence);
    }
  summary->alpn = g_strdup (evidence->alpn);
  summary->sni = g_strdup (evidence->sni);
  const char *resumed = qs_trace_get_fact (evidence->trace, "tls.resumed");
  if (resumed != NULL)
    summary->resumed = g_str_equal (resumed, "yes") || g_str_equal (resumed, "true") || g_str_equal (resumed, "1");
  else
    summary->resumed = resumed_of_hellos (evidence);
}

static void
read_verify (QsSummary *summary, const QsEvidence *evidence)
{
  summary->chain = g_ptr_array_ref (evidence->chain);
  summary->verify_code = evidence->verify_code;
  summary->verify_message = qs_evidence_verify_words (evidence);
  for (guint i = 0; i < evidence->faults->len; i++)
    summary->chain_in_doubt |= ((const QsFault *) evidence->faults->pdata[i])->kind <= QS_FAULT_REFUSED;
  summary->chain_notes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  for (guint i = 0; i < evidence->chain->len; i++)
    g_ptr_array_add (summary->chain_notes, qs_evidence_dup_notes (evidence, i));
}

static GBytes *
dup_peer_parameters (const QsEvidence *evidence)
{
  QsSpan span = qs_evidence_get_parameters (evidence, evidence->server);

  return span.length > 0 ? g_bytes_new (span.data, span.length) : NULL;
}

static guint32
negotiated_version (const QsEvidence *evidence)
{
  guint32 version = evidence->packets.version;
  guint n = qs_trace_get_n_packets (evidence->trace);

  /* After Version Negotiation the client starts again with another one; what came in says which it was. */
  for (guint i = 0; i < MIN (n, 64); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (evidence->trace, i);
      if (packet->version != 0 && packet->direction == evidence->from_server &&
          (packet->type == QS_PACKET_HANDSHAKE || packet->type == QS_PACKET_INITIAL ||
           packet->type == QS_PACKET_UNKNOWN) &&
          !qs_quic_version_is_greased (packet->version))
        version = packet->version;
    }
  return version;
}

static void
read_quic (QsSummary *summary, const QsEvidence *evidence)
{
  guint32 version = negotiated_version (evidence);

  summary->quic_version = version != 0 ? qs_quic_version_name (version) : NULL;
  summary->quic_title = version != 0 ? qs_quic_version_title (version) : NULL;
  summary->retry = evidence->packets.retry >= 0;
  summary->offered_versions = qs_evidence_dup_versions (evidence);
  summary->peer_transport_parameters = dup_peer_parameters (evidence);
}

static void
read_close (QsSummary *summary, const QsEvidence *evidence)
{
  const QsCloseFact *close = &evidence->close;

  summary->closed = close->known;
  if (!close->known)
    return;
  summary->close_remote = !close->by_us;
  summary->close_application = close->application;
  summary->close_code = close->code;
  summary->close_frame_type = close->frame_type;
  summary->close_name =
      close->code == QS_CODE_IDLE_TIMEOUT ? g_strdup ("IDLE_TIMEOUT") : qs_evidence_close_text (evidence);
  summary->close_reason = g_strdup (close->reason);
}

static gint64
handshake_time (const QsEvidence *evidence)
{
  if (evidence->handshake_done >= 0)
    return evidence->handshake_done;
  if (evidence->client_finished != NULL && evidence->server_finished != NULL)
    return MAX (evidence->client_finished->time, evidence->server_finished->time);
  return QS_NO_TIME;
}

static gint64
confirmed_time (const QsEvidence *evidence)
{
  if (evidence->confirmed >= 0 || evidence->packets.handshake_done_frame < 0)
    return evidence->confirmed;
  return qs_trace_get_packet (evidence->trace, (guint) evidence->packets.handshake_done_frame)->time;
}

QsSummary *
qs_summary_new (const QsEvidence *evidence)
{
  g_return_val_if_fail (evidence != NULL, NULL);

  QsSummary *summary = g_new0 (QsSummary, 1);

  summary->resumed = -1;
  read_tls (summary, evidence);
  read_verify (summary, evidence);
  if (!evidence->tls)
    read_quic (summary, evidence);
  read_close (summary, evidence);
  summary->resolved = evidence->resolved;
  summary->handshake = handshake_time (evidence);
  summary->confirmed = confirmed_time (evidence);
  summary->first_byte = evidence->first_byte;
  summary->total = evidence->now >= 0 ? evidence->now : QS_NO_TIME;
  return summary;
}

void
qs_summary_free (QsSummary *summary)
{
  g_free (summary->tls_version);
  g_free (summary->cipher);
  g_free (summary->group);
  g_free (summary->signature);
  g_free (summary->alpn);
  g_free (summary->sni);
  g_free (summary->verify_message);
  g_ptr_array_unref (summary->chain);
  g_ptr_array_unref (summary->chain_notes);
  g_free (summary->quic_version);
  g_free (summary->quic_title);
  g_clear_pointer (&summary->offered_versions, g_array_unref);
  g_clear_pointer (&summary->peer_transport_parameters, g_bytes_unref);
  g_free (summary->close_name);
  g_free (summary->close_reason);
  g_free (summary);
}

static char *
version_words (const QsEvidence *evidence, const QsSummary *summary)
{
  if (summary->quic_title != NULL)
    return g_strdup (summary->quic_title);
  if (!evidence->tls)
    return g_strdup ("QUIC");
  return g_strdup (summary->tls_version != NULL ? summary->tls_version : "TLS");
}

/* Encrypted packets went both ways: that is all that is needed to know it, and all that is known. */
static char *
unread_verdict (const QsEvidence *evidence, const QsSummary *summary)
{
  g_autofree char *version = version_words (evidence, summary);

  if (qs_evidence_is_server_alone (evidence))
    return g_strdup_printf (
        _ ("%s finished its handshake, over %s, and went on to application data. What its client sent "
           "was not recorded."),
        evidence->host, version);
  if (qs_evidence_is_opened_by_receiver (evidence))
    return g_strdup_printf (_ ("The handshake with %s was completed, over %s: its receiver could read what came under "
                               "the keys of the connection."),
                            evidence->host, version);
  return g_strdup_printf (_ ("The handshake with %s was completed, over %s: encrypted packets went both ways."),
                          evidence->host, version);
}

char *
qs_verdict (const QsEvidence *evidence, const QsSummary *summary, GPtrArray *findings)
{
  g_return_val_if_fail (evidence != NULL && summary != NULL && findings != NULL, NULL);

  const QsFinding *first = findings->len > 0 ? findings->pdata[0] : NULL;
  if (first != NULL && first->severity == QS_SEVERITY_ERROR)
    return g_strdup (first->title);
  if (summary->handshake < 0 && qs_trace_is_from_file (evidence->trace) && qs_evidence_is_connected (evidence))
    return unread_verdict (evidence, summary);
  if (summary->handshake < 0)
    {
      if (evidence->stopped || evidence->failed)
        return g_strdup_printf (_ ("The run to %s was stopped before it was connected."), evidence->host);
      if (qs_trace_is_from_file (evidence->trace))
        return g_strdup_printf (_ ("The file shows no complete handshake with %s."), evidence->host);
      return g_strdup_printf (evidence->ended ? _ ("No connection to %s came about.") : _ ("Connecting to %s…"),
                              evidence->host);
    }

  gint64 start = MAX (evidence->connecting, 0);
  g_autofree char *time = qs_text_duration (summary->handshake - start);
  g_autofree char *version = version_words (evidence, summary);
  g_autofree char *done =
      summary->alpn != NULL
          ? g_strdup_printf (_ ("Connected to %s in %s over %s with %s."), evidence->host, time, version, summary->alpn)
          : g_strdup_printf (_ ("Connected to %s in %s over %s."), evidence->host, time, version);
  if (summary->verify_code > 0)
    return g_strdup_printf (_ ("%s But its certificate is not to be trusted."), done);
  return g_steal_pointer (&done);
}
