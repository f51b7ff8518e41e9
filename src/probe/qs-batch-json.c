/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/qs-batch-json.h"

#include "formats/qs-json-members.h"

#define MOST_BINS 30

static const QsBatchTime figured[] = { QS_BATCH_HANDSHAKE, QS_BATCH_FIRST_BYTE, QS_BATCH_TOTAL };

static void
set_date (JsonObject *object, const char *name, gint64 us)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (us / G_USEC_PER_SEC);
  g_autofree char *text = date != NULL ? g_date_time_format (date, "%Y-%m-%dT%H:%M:%S") : NULL;
  g_autofree char *whole = text != NULL ? g_strdup_printf ("%s.%03dZ", text, (int) (us % G_USEC_PER_SEC / 1000)) : NULL;

  qs_json_members_set_string (object, name, whole);
}

/* On one line. Within strings there are no line breaks: they are escaped there. */
static void
append_object (GString *out, JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_alloc ();

  json_node_init_object (node, object);
  g_autofree char *text = qs_study_json_to_text (node);
  for (const char *at = text; *at != '\0'; at++)
    {
      if (*at != '\n')
        {
          g_string_append_c (out, *at);
          continue;
        }
      while (at[1] == ' ')
        at++;
      if (out->str[out->len - 1] == ',')
        g_string_append_c (out, ' ');
    }
}

static JsonObject *
run_object (const QsBatchResult *result)
{
  JsonObject *object = json_object_new (), *times = json_object_new ();
  JsonArray *findings = json_array_new (), *steps = json_array_new ();

  qs_json_members_set_string (object, "target", qs_target_to_string (result->target));
  json_object_set_int_member (object, "run", result->number);
  set_date (object, "started", result->started);
  qs_json_members_set_string (object, "outcome", qs_batch_outcome_name (result->outcome));
  qs_json_members_set_string (object, "stage", qs_stage_name (result->stage));
  qs_json_members_set_string (object, "verdict", result->verdict);
  for (guint i = 0; i < result->n_findings; i++)
    json_array_add_string_element (findings, result->findings[i].id);
  json_object_set_array_member (object, "findings", findings);
  qs_json_members_set_string (object, "address", result->address);
  qs_json_members_set_string (object, "alpn", result->alpn);
  qs_json_members_set_string (object, "quic_version", result->quic_version);
  qs_json_members_set_string (object, "tls_version", result->tls_version);
  if (result->resumed >= 0)
    json_object_set_boolean_member (object, "resumed", result->resumed);
  else
    json_object_set_null_member (object, "resumed");
  for (guint i = 0; i < QS_N_BATCH_TIMES; i++)
    qs_json_members_set_time (times, qs_batch_time_name (i), result->times[i]);
  json_object_set_object_member (object, "timings_ms", times);
  for (guint i = 0; i < result->n_steps; i++)
    {
      JsonObject *step = json_object_new ();
      qs_json_members_set_string (step, "id", result->steps[i].id);
      qs_json_members_set_time (step, "time_ms", result->steps[i].time);
      json_array_add_object_element (steps, step);
    }
  json_object_set_array_member (object, "steps", steps);
  qs_json_members_set_time (object, "rtt_ms", result->rtt);
  qs_json_members_set_time (object, "least_rtt_ms", result->least_rtt);
  if (result->http_status != 0)
    json_object_set_int_member (object, "http_status", result->http_status);
  else
    json_object_set_null_member (object, "http_status");
  json_object_set_int_member (object, "bytes", (gint64) MIN (result->bytes, G_MAXINT64));
  return object;
}

static JsonArray *
bins_array (QsBatchFigures *figures, QsBatchTime time)
{
  g_autoptr (GArray) bins = qs_batch_figures_make_histogram (figures, time, MOST_BINS);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < bins->len; i++)
    {
      const QsBin *bin = &g_array_index (bins, QsBin, i);
      JsonObject *object = json_object_new ();
      qs_json_members_set_time (object, "from_ms", bin->from);
      qs_json_members_set_time (object, "to_ms", bin->to);
      json_object_set_int_member (object, "n", bin->n);
      json_array_add_object_element (array, object);
    }
  return array;
}

static JsonObject *
spread_object (QsBatchFigures *figures, QsBatchTime time)
{
  JsonObject *object = json_object_new ();
  QsSpread spread;

  qs_batch_figures_get_spread (figures, time, &spread);
  const struct {
    const char *name;
    gint64 ns;
  } values[] = { { "min", spread.least }, { "p50", spread.p50 },  { "p90", spread.p90 },  { "p95", spread.p95 },
                 { "p99", spread.p99 },   { "max", spread.most }, { "mean", spread.mean } };
  json_object_set_int_member (object, "n", spread.n);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    qs_json_members_set_time (object, values[i].name, spread.n > 0 ? values[i].ns : -1);
  json_object_set_array_member (object, "histogram", bins_array (figures, time));
  return object;
}

static JsonArray *
findings_array (QsBatchFigures *figures)
{
  g_autoptr (GPtrArray) findings = qs_batch_figures_list_findings (figures);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < findings->len; i++)
    {
      const QsFindingCount *finding = findings->pdata[i];
      JsonObject *object = json_object_new ();
      qs_json_members_set_string (object, "id", finding->id);
      qs_json_members_set_string (object, "severity", qs_severity_name (finding->severity));
      qs_json_members_set_string (object, "title", finding->title);
      json_object_set_int_member (object, "n", finding->n);
      set_date (object, "first", finding->first);
      set_date (object, "last", finding->last);
      json_array_add_object_element (array, object);
    }
  return array;
}

/* target: NULL for all together. */
static JsonObject *
figures_object (QsBatchFigures *figures, QsTarget *target)
{
  JsonObject *object = json_object_new (), *times = json_object_new ();
  guint judged = qs_batch_figures_get_n_judged (figures);

  if (target != NULL)
    qs_json_members_set_string (object, "target", qs_target_to_string (target));
  json_object_set_int_member (object, "runs", judged);
  json_object_set_int_member (object, "succeeded", qs_batch_figures_get_n (figures, QS_BATCH_OK));
  json_object_set_int_member (object, "failed", qs_batch_figures_get_n (figures, QS_BATCH_FAILED));
  json_object_set_int_member (object, "stopped", qs_batch_figures_get_n (figures, QS_BATCH_STOPPED));
  if (judged > 0)
    json_object_set_double_member (object, "success_rate", qs_batch_figures_get_success_rate (figures));
  else
    json_object_set_null_member (object, "success_rate");
  for (guint i = 0; i < G_N_ELEMENTS (figured); i++)
    json_object_set_object_member (times, qs_batch_time_name (figured[i]), spread_object (figures, figured[i]));
  json_object_set_object_member (object, "timings_ms", times);
  json_object_set_array_member (object, "findings", findings_array (figures));
  return object;
}

static JsonObject *
plan_object (const QsBatchPlan *plan)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "repeat", plan->repeat);
  json_object_set_int_member (object, "parallel", plan->parallel);
  if (plan->every_ms > 0)
    json_object_set_double_member (object, "every_s", plan->every_ms / 1000.0);
  else
    json_object_set_null_member (object, "every_s");
  return object;
}

static void
append_member (GString *out, const char *name, JsonObject *object)
{
  g_string_append_printf (out, ",\n  \"%s\" : ", name);
  append_object (out, object);
  json_object_unref (object);
}

void
qs_batch_json_begin (GString *out)
{
  g_return_if_fail (out != NULL);
  g_string_append (out, "{\n  \"runs\" : [");
}

void
qs_batch_json_add (GString *out, const QsBatchResult *result, gboolean first)
{
  g_return_if_fail (out != NULL && result != NULL);

  g_autoptr (JsonObject) object = run_object (result);
  g_string_append (out, first ? "\n    " : ",\n    ");
  append_object (out, object);
}

void
qs_batch_json_end (GString *out, QsBatch *batch)
{
  g_return_if_fail (out != NULL && QS_IS_BATCH (batch));

  char text[G_ASCII_DTOSTR_BUF_SIZE];
  g_string_append (out, "\n  ],\n  \"targets\" : [");
  for (guint i = 0; i < qs_batch_get_n_targets (batch); i++)
    {
      g_autoptr (JsonObject) object = figures_object (qs_batch_get_figures (batch, i), qs_batch_get_target (batch, i));
      g_string_append (out, i == 0 ? "\n    " : ",\n    ");
      append_object (out, object);
    }
  g_string_append (out, "\n  ]");
  append_member (out, "all", figures_object (qs_batch_get_all_figures (batch), NULL));
  append_member (out, "plan", plan_object (qs_batch_get_plan (batch)));
  g_string_append_printf (out, ",\n  \"stopped\" : %s", qs_batch_get_stopped (batch) ? "true" : "false");
  g_string_append_printf (out, ",\n  \"elapsed_ms\" : %s",
                          g_ascii_formatd (text, sizeof text, "%.3f", (double) qs_batch_get_elapsed (batch) / 1e6));
  g_string_append_printf (out, ",\n  \"busy\" : %s\n}\n",
                          g_ascii_formatd (text, sizeof text, "%.3f", qs_batch_get_busy (batch)));
}
