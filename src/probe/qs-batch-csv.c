/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/qs-batch-csv.h"

#include <string.h>

typedef void (*Write) (GString *out, const QsBatchResult *result);

typedef struct {
  const char *name;
  Write write;
} Column;

/* What spreadsheets begin to reckon at, the ones that mean it well with any blank before it as well. */
static gboolean
is_formula (const char *text)
{
  return *text != '\0' && strchr ("=+-@\t\r\n|%", *text) != NULL;
}

void
qs_batch_csv_append_field (GString *out, const char *text)
{
  g_return_if_fail (out != NULL && text != NULL);

  gboolean formula = is_formula (text);
  if (!formula && strpbrk (text, ",\"\r\n") == NULL && *text != ' ')
    {
      g_string_append (out, text);
      return;
    }
  g_string_append_c (out, '"');
  if (formula)
    g_string_append_c (out, '\'');
  for (; *text != '\0'; text++)
    {
      if (*text == '"')
        g_string_append_c (out, '"');
      g_string_append_c (out, *text);
    }
  g_string_append_c (out, '"');
}

static void
append_text (GString *out, const char *text)
{
  if (text != NULL)
    qs_batch_csv_append_field (out, text);
}

static void
append_ms (GString *out, gint64 ns)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (ns >= 0)
    g_string_append (out, g_ascii_formatd (text, sizeof text, "%.3f", (double) ns / 1e6));
}

static void
write_target (GString *out, const QsBatchResult *result)
{
  append_text (out, qs_target_to_string (result->target));
}

static void
write_run (GString *out, const QsBatchResult *result)
{
  g_string_append_printf (out, "%u", result->number);
}

static void
write_started (GString *out, const QsBatchResult *result)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (result->started / G_USEC_PER_SEC);
  g_autofree char *text = date != NULL ? g_date_time_format (date, "%Y-%m-%dT%H:%M:%S") : NULL;

  if (text != NULL)
    g_string_append_printf (out, "%s.%03dZ", text, (int) (result->started % G_USEC_PER_SEC / 1000));
}

static void
write_outcome (GString *out, const QsBatchResult *result)
{
  append_text (out, qs_batch_outcome_name (result->outcome));
}

static void
write_stage (GString *out, const QsBatchResult *result)
{
  append_text (out, qs_stage_name (result->stage));
}

static void
write_resolve (GString *out, const QsBatchResult *result)
{
  append_ms (out, result->times[QS_BATCH_RESOLVED]);
}

static void
write_handshake (GString *out, const QsBatchResult *result)
{
  append_ms (out, result->times[QS_BATCH_HANDSHAKE]);
}

static void
write_first_byte (GString *out, const QsBatchResult *result)
{
  append_ms (out, result->times[QS_BATCH_FIRST_BYTE]);
}

static void
write_total (GString *out, const QsBatchResult *result)
{
  append_ms (out, result->times[QS_BATCH_TOTAL]);
}

static void
write_rtt (GString *out, const QsBatchResult *result)
{
  append_ms (out, result->rtt);
}

static void
write_address (GString *out, const QsBatchResult *result)
{
  append_text (out, result->address);
}

static void
write_alpn (GString *out, const QsBatchResult *result)
{
  append_text (out, result->alpn);
}

static void
write_quic (GString *out, const QsBatchResult *result)
{
  append_text (out, result->quic_version);
}

static void
write_tls (GString *out, const QsBatchResult *result)
{
  append_text (out, result->tls_version);
}

static void
write_resumed (GString *out, const QsBatchResult *result)
{
  append_text (out, result->resumed < 0 ? NULL : result->resumed ? "yes" : "no");
}

static void
write_status (GString *out, const QsBatchResult *result)
{
  if (result->http_status != 0)
    g_string_append_printf (out, "%u", result->http_status);
}

static void
write_bytes (GString *out, const QsBatchResult *result)
{
  g_string_append_printf (out, "%" G_GUINT64_FORMAT, result->bytes);
}

static void
write_findings (GString *out, const QsBatchResult *result)
{
  g_autoptr (GString) ids = g_string_new (NULL);

  for (guint i = 0; i < result->n_findings; i++)
    g_string_append_printf (ids, "%s%s", i > 0 ? " " : "", result->findings[i].id);
  append_text (out, ids->str);
}

static void
write_verdict (GString *out, const QsBatchResult *result)
{
  append_text (out, result->verdict);
}

static const Column columns[] = {
  { "target", write_target },
  { "run", write_run },
  { "started", write_started },
  { "outcome", write_outcome },
  { "stage", write_stage },
  { "resolve_ms", write_resolve },
  { "handshake_ms", write_handshake },
  { "first_byte_ms", write_first_byte },
  { "total_ms", write_total },
  { "rtt_ms", write_rtt },
  { "address", write_address },
  { "alpn", write_alpn },
  { "quic_version", write_quic },
  { "tls_version", write_tls },
  { "resumed", write_resumed },
  { "http_status", write_status },
  { "bytes", write_bytes },
  { "findings", write_findings },
  { "verdict", write_verdict },
};

void
qs_batch_csv_append_head (GString *out)
{
  g_return_if_fail (out != NULL);

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    g_string_append_printf (out, "%s%s", i > 0 ? "," : "", columns[i].name);
  g_string_append (out, "\r\n");
}

void
qs_batch_csv_append (GString *out, const QsBatchResult *result)
{
  g_return_if_fail (out != NULL && result != NULL);

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      columns[i].write (out, result);
    }
  g_string_append (out, "\r\n");
}
