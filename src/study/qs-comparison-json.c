/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/qs-comparison.h"

static void
add_string (JsonArray *array, const char *value)
{
  if (value != NULL)
    json_array_add_string_element (array, value);
  else
    json_array_add_null_element (array);
}

/* ns, in milliseconds of three decimals. */
static void
add_time (JsonArray *array, gint64 ns, gboolean known)
{
  if (known)
    json_array_add_double_element (array, (double) (ns / 1000) / 1000.0);
  else
    json_array_add_null_element (array);
}

/* Of two one number, of more an array: the first one's time less each of the others'. */
static void
set_difference (JsonObject *object, const QsComparedStep *step, guint n)
{
  JsonArray *array = json_array_new ();

  for (guint i = 1; i < n; i++)
    add_time (array, step->time[0] - step->time[i], step->time[0] >= 0 && step->time[i] >= 0);
  if (n > 2)
    {
      json_object_set_array_member (object, "differences_ms", array);
      return;
    }
  json_object_set_member (object, "difference_ms", json_array_dup_element (array, 0));
  json_array_unref (array);
}

static JsonArray *
steps_array (QsComparison *self)
{
  GPtrArray *steps = qs_comparison_get_steps (self);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < steps->len; i++)
    {
      const QsComparedStep *step = steps->pdata[i];
      JsonObject *object = json_object_new ();
      JsonArray *times = json_array_new ();
      for (guint of = 0; of < qs_comparison_get_n (self); of++)
        add_time (times, step->time[of], step->time[of] >= 0);
      json_object_set_string_member (object, "id", step->id);
      json_object_set_string_member (object, "title", step->title);
      json_object_set_array_member (object, "times_ms", times);
      set_difference (object, step, qs_comparison_get_n (self));
      json_array_add_object_element (array, object);
    }
  return array;
}

static JsonArray *
facts_array (QsComparison *self)
{
  GPtrArray *facts = qs_comparison_get_facts (self);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < facts->len; i++)
    {
      const QsComparedFact *fact = facts->pdata[i];
      JsonObject *object = json_object_new ();
      JsonArray *values = json_array_new ();
      for (guint of = 0; of < qs_comparison_get_n (self); of++)
        add_string (values, fact->value[of]);
      json_object_set_string_member (object, "id", fact->id);
      json_object_set_string_member (object, "label", fact->label);
      json_object_set_array_member (object, "values", values);
      json_array_add_object_element (array, object);
    }
  return array;
}

static JsonArray *
ids_array (GPtrArray *findings)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < findings->len; i++)
    json_array_add_string_element (array, ((const QsFinding *) findings->pdata[i])->id);
  return array;
}

static JsonObject *
findings_object (QsComparison *self)
{
  JsonObject *findings = json_object_new ();
  JsonArray *only = json_array_new ();

  if (qs_comparison_get_n (self) == 2)
    {
      json_object_set_array_member (findings, "only_this", ids_array (qs_comparison_get_findings (self, 0)));
      json_object_set_array_member (findings, "only_other", ids_array (qs_comparison_get_findings (self, 1)));
      json_array_unref (only);
      return findings;
    }
  for (guint of = 0; of < qs_comparison_get_n (self); of++)
    json_array_add_array_element (only, ids_array (qs_comparison_get_findings (self, of)));
  json_object_set_array_member (findings, "only", only);
  return findings;
}

JsonObject *
qs_comparison_to_json (QsComparison *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  JsonObject *root = json_object_new ();
  JsonArray *verdicts = json_array_new (), *headlines = json_array_new ();
  guint n = qs_comparison_get_n (self);

  for (guint of = 0; of < n; of++)
    add_string (verdicts, qs_study_get_verdict (qs_comparison_get_study (self, of)));
  for (guint of = 1; of < n; of++)
    add_string (headlines, qs_comparison_get_headline_of (self, of));
  json_object_set_string_member (root, "headline", qs_comparison_get_headline (self));
  if (n > 2)
    json_object_set_array_member (root, "headlines", json_array_ref (headlines));
  json_array_unref (headlines);
  json_object_set_array_member (root, "verdicts", verdicts);
  json_object_set_array_member (root, "steps", steps_array (self));
  json_object_set_array_member (root, "facts", facts_array (self));
  json_object_set_object_member (root, "findings", findings_object (self));
  return root;
}

char *
qs_comparison_to_json_text (QsComparison *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *report = qs_study_to_json (qs_comparison_get_study (self, 0));

  json_object_set_object_member (report, "comparison", qs_comparison_to_json (self));
  json_node_take_object (node, report);
  return qs_study_json_to_text (node);
}
