/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/qs-text.h"
#include "diagnosis/qs-experiment-words.h"
#include "formats/qs-json-members.h"
#include "study/qs-study.h"
#include "trace/qs-trace-budget.h"
#include "wire/qs-https-record.h"
#include "wire/qs-names.h"
#include "wire/qs-transport-parameters.h"

/* Names and shapes here are a contract (design.md): scripts rely on them. */

#define DIGITS "0123456789"

/* JSON numbers are signed 64-bit integers to many readers, this library among them. */
static void
set_number (JsonObject *object, const char *name, gboolean known, guint64 value)
{
  if (known && value <= G_MAXINT64)
    json_object_set_int_member (object, name, (gint64) value);
  else
    json_object_set_null_member (object, name);
}

static JsonArray *
evidence_array (GPtrArray *evidence)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < evidence->len; i++)
    {
      const QsFindingEvidence *item = evidence->pdata[i];
      JsonObject *object = json_object_new ();
      set_number (object, "packet", item->packet >= 0, (guint64) item->packet);
      qs_json_members_set_time (object, "time_ms", item->time);
      qs_json_members_set_string (object, "what", item->what);
      json_array_add_object_element (array, object);
    }
  return array;
}

static JsonArray *
strings_array (char **strings)
{
  JsonArray *array = json_array_new ();

  for (; strings != NULL && *strings != NULL; strings++)
    json_array_add_string_element (array, *strings);
  return array;
}

static JsonArray *
findings_array (GPtrArray *findings)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < findings->len; i++)
    {
      const QsFinding *finding = findings->pdata[i];
      JsonObject *object = json_object_new ();
      qs_json_members_set_string (object, "id", finding->id);
      qs_json_members_set_string (object, "severity", qs_severity_name (finding->severity));
      qs_json_members_set_string (object, "title", finding->title);
      qs_json_members_set_string (object, "detail", finding->detail);
      qs_json_members_set_string (object, "reference", finding->reference);
      qs_json_members_set_string (object, "certainty", qs_certainty_name (finding->certainty));
      qs_json_members_set_string (object, "who", qs_party_name (finding->who));
      json_object_set_array_member (object, "evidence", evidence_array (finding->evidence));
      json_object_set_array_member (object, "try", strings_array (finding->tries));
      json_array_add_object_element (array, object);
    }
  return array;
}

static JsonArray *
experiments_array (QsTrace *trace)
{
  g_autoptr (GPtrArray) marks = qs_experiment_marks (trace);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < marks->len; i++)
    {
      const QsMark *mark = marks->pdata[i];
      JsonObject *object = json_object_new ();
      qs_json_members_set_string (object, "id", mark->name);
      qs_json_members_set_string (object, "changed", qs_experiment_change (mark->name));
      qs_json_members_set_string (object, "outcome", qs_experiment_outcome_name (mark->value));
      qs_json_members_set_string (object, "proves", mark->text);
      json_array_add_object_element (array, object);
    }
  return array;
}

static JsonObject *
timings_object (const QsSummary *summary)
{
  JsonObject *object = json_object_new ();

  qs_json_members_set_time (object, "resolve", summary->resolved);
  qs_json_members_set_time (object, "handshake", summary->handshake);
  qs_json_members_set_time (object, "confirmed", summary->confirmed);
  qs_json_members_set_time (object, "first_byte", summary->first_byte);
  qs_json_members_set_time (object, "total", summary->total);
  return object;
}

static void
set_date (JsonObject *object, const char *name, gint64 seconds)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (seconds);
  g_autofree char *text = date != NULL ? g_date_time_format (date, "%Y-%m-%dT%H:%M:%SZ") : NULL;

  qs_json_members_set_string (object, name, text);
}

static JsonObject *
certificate_object (QsCertificate *certificate)
{
  JsonObject *object = json_object_new ();
  JsonArray *names = json_array_new ();
  const char *const *at = qs_certificate_get_names (certificate);

  qs_json_members_set_string (object, "subject", qs_certificate_get_subject (certificate));
  qs_json_members_set_string (object, "issuer", qs_certificate_get_issuer (certificate));
  set_date (object, "not_before", qs_certificate_get_not_before (certificate));
  set_date (object, "not_after", qs_certificate_get_not_after (certificate));
  for (; *at != NULL; at++)
    json_array_add_string_element (names, *at);
  json_object_set_array_member (object, "names", names);
  qs_json_members_set_string (object, "sha256", qs_certificate_get_sha256 (certificate));
  return object;
}

static JsonObject *
tls_object (const QsSummary *summary)
{
  JsonObject *object = json_object_new ();
  JsonArray *certificates = json_array_new ();

  qs_json_members_set_string (object, "version", summary->tls_version);
  qs_json_members_set_string (object, "cipher", summary->cipher);
  qs_json_members_set_string (object, "group", summary->group);
  qs_json_members_set_string (object, "signature", summary->signature);
  qs_json_members_set_string (object, "alpn", summary->alpn);
  if (summary->resumed >= 0)
    json_object_set_boolean_member (object, "resumed", summary->resumed);
  else
    json_object_set_null_member (object, "resumed");
  if (summary->verify_code >= 0)
    {
      JsonObject *verify = json_object_new ();
      json_object_set_int_member (verify, "code", summary->verify_code);
      qs_json_members_set_string (verify, "message", summary->verify_message);
      json_object_set_object_member (object, "verify", verify);
    }
  else
    {
      json_object_set_null_member (object, "verify");
    }
  for (guint i = 0; i < summary->chain->len; i++)
    json_array_add_object_element (certificates, certificate_object (summary->chain->pdata[i]));
  json_object_set_array_member (object, "certificates", certificates);
  return object;
}

static void
set_parameter (JsonObject *object, const QsTransportParameter *parameter)
{
  const QsTransportParameterInfo *info = qs_transport_parameter_info (parameter->id);
  g_autofree char *name =
      info != NULL ? g_strdup (info->name) : g_strdup_printf ("0x%" G_GINT64_MODIFIER "x", parameter->id);
  guint64 number = 0;

  if (info != NULL && info->kind == QS_TP_FLAG)
    {
      json_object_set_boolean_member (object, name, TRUE);
    }
  else if (info != NULL && info->kind == QS_TP_INTEGER)
    {
      gboolean known = qs_transport_parameter_get_integer (parameter, &number);
      set_number (object, name, known, number);
    }
  else if (info != NULL && (info->kind == QS_TP_ADDRESS || info->kind == QS_TP_VERSIONS))
    {
      g_autofree char *text = qs_transport_parameter_format (parameter);
      qs_json_members_set_string (object, name, text);
    }
  else
    {
      g_autofree char *hex = qs_span_to_hex (parameter->value);
      qs_json_members_set_string (object, name, hex);
    }
}

static JsonObject *
parameters_object (GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autoptr (GArray) parameters = qs_transport_parameters_parse (QS_SPAN (data, size), NULL);

  if (parameters == NULL)
    return NULL;
  JsonObject *object = json_object_new ();
  for (guint i = 0; i < parameters->len; i++)
    set_parameter (object, &g_array_index (parameters, QsTransportParameter, i));
  return object;
}

static JsonObject *
close_object (const QsSummary *summary)
{
  JsonObject *object = json_object_new ();

  qs_json_members_set_string (object, "by", summary->close_remote ? "remote" : "local");
  qs_json_members_set_string (object, "space", summary->close_application ? "application" : "transport");
  /* An idle timeout has no code on the wire. */
  set_number (object, "code", summary->close_code != QS_CODE_IDLE_TIMEOUT, summary->close_code);
  qs_json_members_set_string (object, "name", summary->close_name);
  set_number (object, "frame_type", !summary->close_application, summary->close_frame_type);
  qs_json_members_set_string (object, "reason", summary->close_reason);
  return object;
}

static void
set_object (JsonObject *object, const char *name, JsonObject *member)
{
  if (member != NULL)
    json_object_set_object_member (object, name, member);
  else
    json_object_set_null_member (object, name);
}

static JsonObject *
quic_object (const QsSummary *summary)
{
  JsonObject *object = json_object_new ();

  qs_json_members_set_string (object, "version", summary->quic_version);
  json_object_set_boolean_member (object, "retry", summary->retry);
  if (summary->offered_versions != NULL)
    {
      JsonArray *versions = json_array_new ();
      for (guint i = 0; i < summary->offered_versions->len; i++)
        {
          g_autofree char *name = qs_quic_version_name (g_array_index (summary->offered_versions, guint32, i));
          json_array_add_string_element (versions, name);
        }
      json_object_set_array_member (object, "version_negotiation", versions);
    }
  else
    {
      json_object_set_null_member (object, "version_negotiation");
    }
  set_object (object, "peer_transport_parameters",
              summary->peer_transport_parameters != NULL ? parameters_object (summary->peer_transport_parameters)
                                                         : NULL);
  set_object (object, "close", summary->closed ? close_object (summary) : NULL);
  return object;
}

static JsonArray *
streams_array (GPtrArray *streams)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < streams->len; i++)
    {
      const QsStudyStream *stream = streams->pdata[i];
      JsonObject *object = json_object_new ();
      json_object_set_int_member (object, "id", stream->id);
      qs_json_members_set_string (object, "direction",
                                  (stream->id & 2) != 0 ? "uni" : "bidi"); /* RFC 9000 section 2.1 */
      qs_json_members_set_string (object, "initiator", (stream->id & 1) != 0 ? "server" : "client");
      qs_json_members_set_string (object, "read_state", qs_stream_state_name (stream->read_state));
      qs_json_members_set_string (object, "write_state", qs_stream_state_name (stream->write_state));
      set_number (object, "read_error", stream->read_error >= 0, (guint64) stream->read_error);
      set_number (object, "write_error", stream->write_error >= 0, (guint64) stream->write_error);
      set_number (object, "bytes_sent", TRUE, stream->sent);
      set_number (object, "bytes_received", TRUE, stream->received);
      json_array_add_object_element (array, object);
    }
  return array;
}

static JsonObject *
trace_object (QsTrace *trace)
{
  JsonObject *object = json_object_new ();
  QsNotKept not_kept;

  qs_trace_get_not_kept (trace, &not_kept);
  json_object_set_int_member (object, "datagrams", qs_trace_get_n_datagrams (trace));
  json_object_set_int_member (object, "datagrams_not_kept", (gint64) not_kept.datagrams);
  json_object_set_int_member (object, "packets", qs_trace_get_n_packets (trace));
  json_object_set_int_member (object, "frames", (gint64) qs_trace_get_n_frames (trace));
  return object;
}

static JsonObject *
target_object (const QsStudyTarget *target, gboolean tls)
{
  JsonObject *object = json_object_new ();

  /* A file may not tell. */
  qs_json_members_set_string (object, "host", target->host != NULL ? target->host : "");
  json_object_set_int_member (object, "port", target->port);
  qs_json_members_set_string (object, "address", target->address);
  qs_json_members_set_string (object, "transport", tls ? "tls" : "quic");
  qs_json_members_set_string (object, "sni", target->sni);
  json_object_set_array_member (object, "alpn", strings_array (target->alpn));
  return object;
}

static JsonObject *
http_object (const QsStudyAnswer *answer)
{
  JsonObject *object = json_object_new ();
  JsonArray *list = json_array_new ();

  qs_json_members_set_string (object, "version", answer->version);
  set_number (object, "status", answer->status != 0, answer->status);
  for (guint i = 0; answer->headers != NULL && answer->headers[i] != NULL && answer->headers[i + 1] != NULL; i += 2)
    {
      JsonArray *pair = json_array_new ();
      json_array_add_string_element (pair, answer->headers[i]);
      json_array_add_string_element (pair, answer->headers[i + 1]);
      json_array_add_array_element (list, pair);
    }
  json_object_set_array_member (object, "headers", list);
  set_number (object, "bytes", TRUE, answer->length);
  return object;
}

static void
add_https_record (JsonArray *array, const QsMark *mark)
{
  QsSpan rdata = QS_SPAN (g_bytes_get_data (mark->bytes, NULL), g_bytes_get_size (mark->bytes));
  g_autoptr (QsHttpsRecord) record = qs_https_record_parse (rdata, NULL);

  if (record == NULL)
    return;
  JsonObject *object = json_object_new ();
  json_object_set_int_member (object, "priority", record->priority);
  qs_json_members_set_string (object, "target", record->target);
  json_object_set_array_member (object, "alpn", strings_array (record->alpn));
  set_number (object, "port", record->port != 0, record->port);
  json_object_set_array_member (object, "ipv4hint", strings_array (record->ipv4hint));
  json_object_set_array_member (object, "ipv6hint", strings_array (record->ipv6hint));
  json_object_set_boolean_member (object, "ech", record->ech > 0);
  qs_json_members_set_string (object, "text", mark->text);
  json_array_add_object_element (array, object);
}

static void
add_alternative (JsonArray *array, const QsMark *mark)
{
  gsize length = 0;
  const char *bytes = mark->bytes != NULL ? g_bytes_get_data (mark->bytes, &length) : NULL;
  g_autofree char *source = g_strndup (bytes != NULL ? bytes : "", length);
  JsonObject *object = json_object_new ();

  qs_json_members_set_string (object, "where", mark->text);
  set_number (object, "port", TRUE, (guint64) mark->value);
  qs_json_members_set_string (object, "from", source);
  qs_json_members_set_string (object, "result", mark->name);
  json_array_add_object_element (array, object);
}

/* What was learnt of other ways to the site; NULL where nothing was looked for. */
static JsonObject *
dns_object (QsTrace *trace)
{
  g_autoptr (JsonArray) records = json_array_new (), alternatives = json_array_new ();
  const char *result = NULL;

  for (guint i = 0; i < qs_trace_get_n_marks (trace); i++)
    {
      const QsMark *mark = qs_trace_get_mark (trace, i, NULL);
      if (mark->kind == QS_MARK_HTTPS_RECORD)
        result = mark->name;
      if (mark->kind == QS_MARK_HTTPS_RECORD && mark->bytes != NULL)
        add_https_record (records, mark);
      else if (mark->kind == QS_MARK_ALTERNATIVE)
        add_alternative (alternatives, mark);
    }
  if (result == NULL && json_array_get_length (alternatives) == 0)
    return NULL;
  JsonObject *object = json_object_new ();
  qs_json_members_set_string (object, "result", result);
  json_object_set_array_member (object, "https", g_steal_pointer (&records));
  json_object_set_array_member (object, "alternatives", g_steal_pointer (&alternatives));
  return object;
}

static JsonObject *
source_object (const QsStudySource *source)
{
  g_autofree char *file = qs_text_escape (source->file, -1);
  JsonObject *object = json_object_new ();

  qs_json_members_set_string (object, "file", file);
  qs_json_members_set_string (object, "format", source->format);
  json_object_set_int_member (object, "connection", source->connection);
  json_object_set_int_member (object, "connections", source->n_connections);
  return object;
}

static JsonObject *
crossings_object (QsStudy *study, gboolean by_client)
{
  JsonObject *object = json_object_new ();
  QsStudyCrossings crossings;

  qs_study_count_crossings (study, by_client, &crossings);
  json_object_set_int_member (object, "packets", crossings.sent);
  json_object_set_int_member (object, "arrived", crossings.arrived);
  json_object_set_int_member (object, "lost", crossings.lost);
  qs_json_members_set_time (object, "least_delay_ms", crossings.least_delay);
  return object;
}

static JsonObject *
join_object (QsStudy *study)
{
  QsTraceJoin *join = qs_study_get_join (study);
  JsonObject *object = json_object_new ();

  qs_json_members_set_string (object, "clocks",
                              qs_trace_join_get_clocks (join) == QS_JOIN_SAME_CLOCK ? "same" : "aligned");
  json_object_set_object_member (object, "client_to_server", crossings_object (study, TRUE));
  json_object_set_object_member (object, "server_to_client", crossings_object (study, FALSE));
  return object;
}

static const char *
derive_stage (const QsEvidence *evidence)
{
  if (evidence->stage != NULL)
    return evidence->stage;
  if (evidence->resolve_mark != NULL)
    return "resolve";
  if (qs_evidence_is_connected (evidence))
    return "done";
  return evidence->anything_received ? "handshake" : "connect";
}

JsonObject *
qs_study_to_json (QsStudy *study)
{
  g_return_val_if_fail (QS_IS_STUDY (study), NULL);

  const QsEvidence *evidence = qs_study_get_evidence (study);
  const QsSummary *summary = qs_study_get_summary (study);
  const QsStudyAnswer *answer = qs_study_get_answer (study);
  const QsStudySource *source = qs_study_get_source (study);
  JsonObject *report = json_object_new ();

  if (source != NULL)
    json_object_set_object_member (report, "source", source_object (source));
  json_object_set_object_member (report, "target", target_object (qs_study_get_target (study), evidence->tls));
  qs_json_members_set_string (report, "outcome", qs_study_is_good (study) ? "ok" : "failed");
  qs_json_members_set_string (report, "stage", derive_stage (evidence));
  json_object_set_array_member (report, "findings", findings_array (qs_study_get_findings (study)));
  json_object_set_array_member (report, "experiments", experiments_array (qs_study_get_trace (study)));
  json_object_set_object_member (report, "timings_ms", timings_object (summary));
  json_object_set_object_member (report, "tls", tls_object (summary));
  set_object (report, "quic", evidence->tls ? NULL : quic_object (summary));
  json_object_set_array_member (report, "streams", streams_array (qs_study_get_streams (study)));
  set_object (report, "http", answer != NULL && answer->version != NULL ? http_object (answer) : NULL);
  json_object_set_object_member (report, "trace", trace_object (evidence->trace));
  JsonObject *dns = dns_object (evidence->trace);
  if (dns != NULL)
    json_object_set_object_member (report, "dns", dns);
  if (qs_study_get_join (study) != NULL)
    json_object_set_object_member (report, "join", join_object (study));
  return report;
}

/* --- As text --- */

/* Where a line of json-glib's pretty form is a member with a double that has more than three decimals: its number; else
 * NULL. Such a line cannot be part of a string: those have no line breaks. */
static const char *
find_long_number (const char *line, const char **end)
{
  const char *at = line + strspn (line, " ");

  if (*at++ != '"')
    return NULL;
  while (g_ascii_isalnum (*at) || *at == '_')
    at++;
  if (!g_str_has_prefix (at, "\" : "))
    return NULL;
  const char *number = at + strlen ("\" : ");
  const char *point = number + strspn (number, DIGITS);
  if (point == number || *point != '.')
    return NULL;
  gsize decimals = strspn (point + 1, DIGITS);
  *end = point + 1 + decimals;
  const char *behind = **end == ',' ? *end + 1 : *end;
  return decimals > 3 && (*behind == '\n' || *behind == '\0') ? number : NULL;
}

/* json-glib writes all 17 digits of a double, "6.6539999999999999". */
static char *
round_numbers (const char *text)
{
  GString *rounded = g_string_sized_new (strlen (text));
  char shorter[G_ASCII_DTOSTR_BUF_SIZE];

  for (const char *line = text; *line != '\0';)
    {
      const char *next = strchr (line, '\n');
      const char *end, *number = find_long_number (line, &end);

      next = next != NULL ? next + 1 : line + strlen (line);
      if (number != NULL)
        {
          g_string_append_len (rounded, line, number - line);
          g_string_append (rounded, g_ascii_formatd (shorter, sizeof shorter, "%.3f", g_ascii_strtod (number, NULL)));
          line = end;
        }
      g_string_append_len (rounded, line, next - line);
      line = next;
    }
  return g_string_free (rounded, FALSE);
}

char *
qs_study_json_to_text (JsonNode *node)
{
  g_return_val_if_fail (node != NULL, NULL);

  g_autofree char *text = json_to_string (node, TRUE);
  return round_numbers (text);
}
