/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-i18n.h"
#include "doctor/qs-doctor.h"
#include "formats/qs-json-members.h"

/* Names and shapes here are relied on by scripts. */

static const char *
answer_name (QsAnswer answer)
{
  static const char *const names[] = { "no", "yes", "unknown" };

  return names[answer];
}

static JsonArray *
strings_array (GPtrArray *strings)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < strings->len; i++)
    json_array_add_string_element (array, strings->pdata[i]);
  return array;
}

static JsonArray *
evidence_array (GPtrArray *evidence)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < evidence->len; i++)
    {
      const QsDoctorEvidence *item = evidence->pdata[i];
      JsonObject *object = json_object_new ();
      qs_json_members_set_string (object, "run", item->run);
      if (item->packet >= 0)
        json_object_set_int_member (object, "packet", item->packet);
      else
        json_object_set_null_member (object, "packet");
      qs_json_members_set_time (object, "time_ms", item->time);
      qs_json_members_set_string (object, "what", item->what);
      json_array_add_object_element (array, object);
    }
  return array;
}

/* What a ruling says beyond its kind. */
static void
set_ruling (JsonObject *object, const QsRuling *ruling)
{
  qs_json_members_set_string (object, "certainty", qs_certainty_name (ruling->certainty));
  qs_json_members_set_string (object, "who", qs_party_name (ruling->who));
  qs_json_members_set_string (object, "detail", ruling->detail);
  json_object_set_array_member (object, "evidence", evidence_array (ruling->evidence));
}

static JsonObject *
condition_object (const QsDoctorReport *report, guint c)
{
  const QsCondition *condition = &qs_conditions[c];
  const QsRuling *worst = qs_doctor_report_get_worst (report, c);
  JsonObject *object = json_object_new (), *browsers = json_object_new ();

  qs_json_members_set_string (object, "id", condition->id);
  qs_json_members_set_string (object, "title", _ (condition->title));
  qs_json_members_set_string (object, "result", qs_ruling_kind_name (worst->kind));
  for (guint b = 0; b < QS_N_BROWSERS; b++)
    qs_json_members_set_string (browsers, qs_browsers[b].id, qs_ruling_kind_name (report->rulings[c][b].kind));
  json_object_set_object_member (object, "browsers", browsers);
  set_ruling (object, worst);
  qs_json_members_set_string (object, "reference", condition->reference);
  return object;
}

static JsonObject *
browser_object (const QsDoctorReport *report, guint b)
{
  const QsBrowserVerdict *verdict = &report->verdicts[b];
  JsonObject *object = json_object_new ();

  qs_json_members_set_string (object, "id", verdict->browser->id);
  qs_json_members_set_string (object, "name", verdict->browser->name);
  json_object_set_boolean_member (object, "tool", verdict->browser->is_tool);
  qs_json_members_set_string (object, "uses_http3", answer_name (verdict->uses_http3));
  qs_json_members_set_string (object, "condition",
                              verdict->condition >= 0 ? qs_conditions[verdict->condition].id : NULL);
  qs_json_members_set_string (object, "certainty", qs_certainty_name (verdict->certainty));
  qs_json_members_set_string (object, "words", verdict->words);
  qs_json_members_set_string (object, "source",
                              verdict->condition >= 0 ? report->rulings[verdict->condition][b].source : NULL);
  return object;
}

static JsonObject *
cause_object (const QsDoctorReport *report, const QsDoctorCause *cause)
{
  const QsCondition *condition = &qs_conditions[cause->condition];
  const QsRuling *ruling = &report->rulings[cause->condition][cause->browser];
  JsonObject *object = json_object_new ();
  JsonArray *first = json_array_new (), *behind = json_array_new ();

  qs_json_members_set_string (object, "condition", condition->id);
  qs_json_members_set_string (object, "title", _ (condition->failed));
  for (guint b = 0; b < QS_N_BROWSERS; b++)
    if (report->rulings[cause->condition][b].kind == QS_RULING_FAIL)
      json_array_add_string_element (report->verdicts[b].condition == (gint) cause->condition ? first : behind,
                                     qs_browsers[b].id);
  json_object_set_array_member (object, "keeps", first);
  json_object_set_array_member (object, "would_keep", behind);
  set_ruling (object, ruling);
  json_object_set_array_member (object, "try", strings_array (ruling->tries));
  qs_json_members_set_string (object, "reference", condition->reference);
  return object;
}

static JsonObject *
way_object (const QsDoctorFacts *facts, const QsWay *way)
{
  JsonObject *object = json_object_new ();
  JsonArray *runs = json_array_new ();

  qs_json_members_set_string (object, "from", qs_way_source_name (way->source));
  qs_json_members_set_string (object, "protocol", way->protocol);
  qs_json_members_set_string (object, "host", way->host);
  json_object_set_int_member (object, "port", way->port);
  if (way->source == QS_WAY_ALT_SVC)
    json_object_set_int_member (object, "max_age", way->max_age);
  else
    json_object_set_null_member (object, "max_age");
  qs_json_members_set_string (object, "text", way->text);
  for (guint family = 0; family < QS_N_FAMILIES; family++)
    if (way->endpoints[family] >= 0)
      json_array_add_string_element (runs, ((const QsEndpoint *) facts->endpoints->pdata[way->endpoints[family]])->run);
  json_object_set_array_member (object, "runs", runs);
  return object;
}

static JsonObject *
run_object (QsDoctor *doctor, guint run)
{
  QsStudy *study = qs_doctor_get_run_study (doctor, run);
  const QsEvidence *evidence = qs_study_get_evidence (study);
  GPtrArray *findings = qs_study_get_findings (study);
  JsonObject *object = json_object_new ();
  JsonArray *ids = json_array_new ();

  qs_json_members_set_string (object, "name", qs_doctor_get_run_name (doctor, run));
  qs_json_members_set_string (object, "target",
                              qs_target_to_string (qs_probe_get_target (qs_doctor_get_run_probe (doctor, run))));
  qs_json_members_set_string (object, "address", evidence->address_known ? evidence->address : NULL);
  qs_json_members_set_string (object, "outcome", qs_study_is_good (study) ? "ok" : "failed");
  if (evidence->http.status != 0)
    json_object_set_int_member (object, "status", evidence->http.status);
  else
    json_object_set_null_member (object, "status");
  for (guint i = 0; i < findings->len; i++)
    json_array_add_string_element (ids, ((const QsFinding *) findings->pdata[i])->id);
  json_object_set_array_member (object, "findings", ids);
  return object;
}

static JsonObject *
dns_object (const QsDoctorFacts *facts)
{
  JsonObject *object = json_object_new ();

  qs_json_members_set_string (object, "result", qs_dns_state_name (facts->dns));
  json_object_set_array_member (object, "https", strings_array (facts->records));
  return object;
}

JsonObject *
qs_doctor_to_json (QsDoctor *self)
{
  g_return_val_if_fail (QS_IS_DOCTOR (self) && qs_doctor_get_report (self) != NULL, NULL);

  const QsDoctorReport *report = qs_doctor_get_report (self);
  const QsDoctorFacts *facts = report->facts;
  JsonObject *root = json_object_new (), *target = json_object_new (), *object = json_object_new ();
  JsonArray *conditions = json_array_new (), *browsers = json_array_new (), *causes = json_array_new (),
            *ways = json_array_new (), *runs = json_array_new ();

  qs_json_members_set_string (target, "url", qs_target_to_string (qs_doctor_get_target (self)));
  qs_json_members_set_string (target, "host", facts->host);
  json_object_set_int_member (target, "port", facts->port);
  json_object_set_object_member (root, "target", target);
  for (guint c = 0; c < qs_conditions_n (); c++)
    json_array_add_object_element (conditions, condition_object (report, c));
  for (guint b = 0; b < QS_N_BROWSERS; b++)
    json_array_add_object_element (browsers, browser_object (report, b));
  for (guint i = 0; i < report->causes->len; i++)
    json_array_add_object_element (causes, cause_object (report, &g_array_index (report->causes, QsDoctorCause, i)));
  for (guint i = 0; i < facts->ways->len; i++)
    json_array_add_object_element (ways, way_object (facts, facts->ways->pdata[i]));
  for (guint i = 0; i < qs_doctor_get_n_runs (self); i++)
    json_array_add_object_element (runs, run_object (self, i));
  json_object_set_array_member (object, "conditions", conditions);
  json_object_set_array_member (object, "browsers", browsers);
  json_object_set_array_member (object, "causes", causes);
  json_object_set_array_member (object, "ways", ways);
  json_object_set_object_member (object, "dns", dns_object (facts));
  json_object_set_array_member (object, "runs", runs);
  json_object_set_object_member (root, "why_not_h3", object);
  return root;
}
