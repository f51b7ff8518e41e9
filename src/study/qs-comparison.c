/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/qs-comparison.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"

/* Times of the same path differ by chance: what is told of is at least half as long again, and can be felt. */
#define SLOWER_RATIO 1.5
#define SLOWER_NS (G_GINT64_CONSTANT (20) * 1000000)

struct _QsComparison {
  QsStudy *studies[2];
  char *headline;
  GPtrArray *steps, *facts;
  GPtrArray *findings[2];
};

/* --- Findings --- */

static gboolean
has_finding (QsStudy *study, const char *id)
{
  GPtrArray *findings = qs_study_get_findings (study);

  for (guint i = 0; i < findings->len; i++)
    {
      if (g_str_equal (((const QsFinding *) findings->pdata[i])->id, id))
        return TRUE;
    }
  return FALSE;
}

static GPtrArray *
findings_of_one (QsStudy *study, QsStudy *other)
{
  GPtrArray *findings = qs_study_get_findings (study), *only = g_ptr_array_new ();

  for (guint i = 0; i < findings->len; i++)
    {
      if (!has_finding (other, ((const QsFinding *) findings->pdata[i])->id))
        g_ptr_array_add (only, findings->pdata[i]);
    }
  return only;
}

/* --- Facts --- */

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

/* What matters more stands further up. sentence: where the fact alone is worth the headline;
 * a translator may change the order of its words. */
static const struct {
  const char *id;
  const char *label;
  char *(*dup) (QsStudy *study);
  const char *sentence;
} facts[] = {
  { "transport", N_ ("Transport"), dup_transport, N_ ("The one goes over {this}, the other over {other}.") },
  { "host", N_ ("Host"), dup_host, N_ ("They are of different hosts: {this} and {other}.") },
  { "address_family", N_ ("Address family"), dup_family, N_ ("The one goes over {this}, the other over {other}.") },
  { "retry", N_ ("Retry"), dup_retry,
    N_ ("Retry, a check of the client's address: {this} in the one, {other} in the other.") },
  { "resumed", N_ ("Resumed"), dup_resumed, N_ ("A resumed session: {this} in the one, {other} in the other.") },
  { "quic_version", N_ ("QUIC version"), dup_quic_version,
    N_ ("QUIC's version is {this} in the one, {other} in the other.") },
  { "tls_version", N_ ("TLS version"), dup_tls_version, N_ ("The one speaks {this}, the other {other}.") },
  { "group", N_ ("Key exchange"), dup_group, N_ ("The key exchange is {this} in the one, {other} in the other.") },
  { "cipher", N_ ("Cipher suite"), dup_cipher, N_ ("The cipher suite is {this} in the one, {other} in the other.") },
  { "alpn", N_ ("Protocol (ALPN)"), dup_alpn, N_ ("The protocol is {this} in the one, {other} in the other.") },
  { "certificate", N_ ("Certificate (SHA-256)"), dup_certificate,
    N_ ("Their certificates differ: {this} and {other}.") },
  { "verify", N_ ("Certificate"), dup_verify_message, NULL },
  { "signature", N_ ("Signature"), dup_signature, N_ ("The signature is {this} in the one, {other} in the other.") },
  { "sni", N_ ("Server name (SNI)"), dup_sni,
    N_ ("The server was asked for {this} in the one, for {other} in the other.") },
  { "offered_alpn", N_ ("Offered protocols"), dup_offer, NULL },
  { "offered_groups", N_ ("Offered groups"), dup_offered_groups, NULL },
  { "address", N_ ("Address"), dup_address, NULL },
  { "answer", N_ ("Answer"), qs_study_dup_answer_text, N_ ("The answer is {this} in the one, {other} in the other.") },
  { "close", N_ ("Closed"), dup_close, NULL },
};

static void
fact_free (gpointer data)
{
  QsComparedFact *fact = data;

  g_free (fact->value[0]);
  g_free (fact->value[1]);
  g_free (fact);
}

static GPtrArray *
compare_facts (QsStudy *one, QsStudy *other)
{
  GPtrArray *different = g_ptr_array_new_with_free_func (fact_free);

  for (guint i = 0; i < G_N_ELEMENTS (facts); i++)
    {
      g_autofree char *first = facts[i].dup (one), *second = facts[i].dup (other);
      if (g_strcmp0 (first, second) == 0)
        continue;
      QsComparedFact *fact = g_new0 (QsComparedFact, 1);
      fact->id = facts[i].id;
      fact->label = _ (facts[i].label);
      fact->value[0] = g_steal_pointer (&first);
      fact->value[1] = g_steal_pointer (&second);
      g_ptr_array_add (different, fact);
    }
  return different;
}

/* --- Steps --- */

static void
step_free (gpointer data)
{
  QsComparedStep *step = data;

  g_free (step->title);
  g_free (step);
}

static QsComparedStep *
find_step (GPtrArray *steps, const char *id, guint from)
{
  for (guint i = from; i < steps->len; i++)
    {
      QsComparedStep *step = steps->pdata[i];
      if (g_str_equal (step->id, id) && !step->there[1])
        return step;
    }
  return NULL;
}

/* A live run begins with the resolver, a capture with the first packet: times count from the first that was sent. */
static gint64
start_of (QsStudy *study)
{
  return MAX (qs_study_get_evidence (study)->first_sent, 0);
}

static void
fill_step (QsComparedStep *compared, guint of, const QsStep *step, gint64 start)
{
  compared->there[of] = TRUE;
  compared->status[of] = step->status;
  compared->time[of] = step->time >= start ? step->time - start : -1;
}

static QsComparedStep *
new_step (const QsStep *step)
{
  QsComparedStep *compared = g_new0 (QsComparedStep, 1);

  compared->id = step->id;
  compared->title = g_strdup (step->title);
  compared->time[0] = compared->time[1] = -1;
  return compared;
}

/* Those of the other alone come behind the one that was before them there. */
static GPtrArray *
compare_steps (QsStudy *one, QsStudy *other)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (step_free);
  GPtrArray *first = qs_study_get_steps (one), *second = qs_study_get_steps (other);
  guint at = 0;

  for (guint i = 0; i < first->len; i++)
    {
      QsComparedStep *compared = new_step (first->pdata[i]);
      fill_step (compared, 0, first->pdata[i], start_of (one));
      g_ptr_array_add (all, compared);
    }
  for (guint i = 0; i < second->len; i++)
    {
      const QsStep *step = second->pdata[i];
      QsComparedStep *compared = find_step (all, step->id, 0);
      guint index = 0;
      if (compared == NULL)
        {
          compared = new_step (step);
          g_ptr_array_insert (all, (int) MIN (at, all->len), compared);
        }
      fill_step (compared, 1, step, start_of (other));
      if (g_ptr_array_find (all, compared, &index))
        at = index + 1;
    }
  return all;
}

/* --- The headline --- */

static const QsFinding *
worst_of (GPtrArray *findings, QsSeverity severity)
{
  const QsFinding *first = findings->len > 0 ? findings->pdata[0] : NULL;

  return first != NULL && first->severity <= severity ? first : NULL;
}

/* One went well, the other did not; or both failed, and not of the same. */
static char *
headline_of_outcome (QsComparison *self)
{
  gboolean good[2] = { qs_study_is_good (self->studies[0]), qs_study_is_good (self->studies[1]) };

  if (good[0] != good[1])
    return g_strdup_printf (good[0] ? _ ("Only the other one failed: %s") : _ ("Only this one failed: %s"),
                            qs_study_get_verdict (self->studies[good[0] ? 1 : 0]));
  const QsFinding *first = worst_of (self->findings[0], QS_SEVERITY_ERROR);
  const QsFinding *second = worst_of (self->findings[1], QS_SEVERITY_ERROR);
  if (good[0] || (first == NULL && second == NULL))
    return NULL;
  return g_strdup_printf (_ ("Both failed, for different reasons: %s The other one: %s"),
                          qs_study_get_verdict (self->studies[0]), qs_study_get_verdict (self->studies[1]));
}

static char *
headline_of_findings (QsComparison *self, QsSeverity severity)
{
  for (guint of = 0; of < 2; of++)
    {
      const QsFinding *finding = worst_of (self->findings[of], severity);
      if (finding != NULL)
        return g_strdup_printf (of == 0 ? _ ("Only of this one: %s") : _ ("Only of the other one: %s"), finding->title);
    }
  return NULL;
}

/* What a value holds is not looked at again: it may be a peer's. */
static char *
expand (const char *template, const QsComparedFact *fact)
{
  static const char *const words[] = { "{this}", "{other}" };
  GString *text = g_string_new (NULL);

  while (*template != '\0')
    {
      guint word = 0;
      while (word < G_N_ELEMENTS (words) && !g_str_has_prefix (template, words[word]))
        word++;
      if (word < G_N_ELEMENTS (words))
        {
          g_string_append (text, fact->value[word]);
          template += strlen (words[word]);
        }
      else
        {
          g_string_append_c (text, *template ++);
        }
    }
  return g_string_free (text, FALSE);
}

static char *
headline_of_facts (QsComparison *self, const char *until)
{
  for (guint i = 0; i < G_N_ELEMENTS (facts); i++)
    {
      if (until != NULL && g_str_equal (facts[i].id, until))
        break;
      for (guint k = 0; facts[i].sentence != NULL && k < self->facts->len; k++)
        {
          const QsComparedFact *fact = self->facts->pdata[k];
          /* What one of them does not know is no difference between the two. */
          if (g_str_equal (fact->id, facts[i].id) && fact->value[0] != NULL && fact->value[1] != NULL)
            return expand (_ (facts[i].sentence), fact);
        }
    }
  return NULL;
}

static gint64
handshake_of (QsStudy *study)
{
  gint64 done = qs_study_get_summary (study)->handshake;

  return done >= 0 ? done - start_of (study) : -1;
}

static char *
headline_of_time (QsComparison *self)
{
  gint64 first = handshake_of (self->studies[0]), second = handshake_of (self->studies[1]);
  gint64 shorter = MIN (first, second), longer = MAX (first, second);

  if (shorter < 0 || longer - shorter < SLOWER_NS || (double) longer < SLOWER_RATIO * (double) shorter)
    return NULL;
  g_autofree char *took = qs_text_duration (first), *other = qs_text_duration (second);
  return g_strdup_printf (first > second ? _ ("The handshake took longer: %s, the other one's %s.")
                                         : _ ("The handshake was faster: %s, the other one's %s."),
                          took, other);
}

static char *
make_headline (QsComparison *self)
{
  char *text = headline_of_outcome (self);

  /* Where they went to and how, before what was found on the way; then the rest of the facts. */
  if (text == NULL)
    text = headline_of_facts (self, "retry");
  if (text == NULL)
    text = headline_of_findings (self, QS_SEVERITY_WARNING);
  if (text == NULL)
    text = headline_of_facts (self, "certificate"); /* which is renewed every other month */
  if (text == NULL)
    text = headline_of_time (self);
  if (text == NULL)
    text = headline_of_facts (self, NULL);
  if (text == NULL)
    text = headline_of_findings (self, QS_SEVERITY_INFO);
  return text != NULL ? text : g_strdup (_ ("They do not differ in anything that matters."));
}

/* --- Public functions --- */

QsComparison *
qs_comparison_new (QsStudy *one, QsStudy *other)
{
  g_return_val_if_fail (QS_IS_STUDY (one) && QS_IS_STUDY (other), NULL);

  QsComparison *self = g_new0 (QsComparison, 1);
  self->studies[0] = g_object_ref (one);
  self->studies[1] = g_object_ref (other);
  self->findings[0] = findings_of_one (one, other);
  self->findings[1] = findings_of_one (other, one);
  self->facts = compare_facts (one, other);
  self->steps = compare_steps (one, other);
  self->headline = make_headline (self);
  return self;
}

void
qs_comparison_free (QsComparison *self)
{
  for (guint i = 0; i < 2; i++)
    {
      g_ptr_array_unref (self->findings[i]);
      g_object_unref (self->studies[i]);
    }
  g_ptr_array_unref (self->facts);
  g_ptr_array_unref (self->steps);
  g_free (self->headline);
  g_free (self);
}

const char *
qs_comparison_get_headline (QsComparison *self)
{
  return self->headline;
}

GPtrArray *
qs_comparison_get_steps (QsComparison *self)
{
  return self->steps;
}

GPtrArray *
qs_comparison_get_facts (QsComparison *self)
{
  return self->facts;
}

GPtrArray *
qs_comparison_get_findings (QsComparison *self, guint of)
{
  g_return_val_if_fail (of < 2, NULL);
  return self->findings[of];
}

/* --- JSON --- */

static void
add_string (JsonArray *array, const char *value)
{
  if (value != NULL)
    json_array_add_string_element (array, value);
  else
    json_array_add_null_element (array);
}

static void
add_time (JsonArray *array, gint64 ns)
{
  if (ns >= 0)
    json_array_add_double_element (array, (double) (ns / 1000) / 1000.0);
  else
    json_array_add_null_element (array);
}

static JsonArray *
steps_array (QsComparison *self)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < self->steps->len; i++)
    {
      const QsComparedStep *step = self->steps->pdata[i];
      JsonObject *object = json_object_new ();
      JsonArray *times = json_array_new ();
      add_time (times, step->time[0]);
      add_time (times, step->time[1]);
      json_object_set_string_member (object, "id", step->id);
      json_object_set_string_member (object, "title", step->title);
      json_object_set_array_member (object, "times_ms", times);
      if (step->time[0] >= 0 && step->time[1] >= 0)
        json_object_set_double_member (object, "difference_ms",
                                       (double) ((step->time[0] - step->time[1]) / 1000) / 1000.0);
      else
        json_object_set_null_member (object, "difference_ms");
      json_array_add_object_element (array, object);
    }
  return array;
}

static JsonArray *
facts_array (QsComparison *self)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < self->facts->len; i++)
    {
      const QsComparedFact *fact = self->facts->pdata[i];
      JsonObject *object = json_object_new ();
      JsonArray *values = json_array_new ();
      add_string (values, fact->value[0]);
      add_string (values, fact->value[1]);
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

JsonObject *
qs_comparison_to_json (QsComparison *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  JsonObject *root = json_object_new (), *findings = json_object_new ();
  JsonArray *verdicts = json_array_new ();

  add_string (verdicts, qs_study_get_verdict (self->studies[0]));
  add_string (verdicts, qs_study_get_verdict (self->studies[1]));
  json_object_set_string_member (root, "headline", self->headline);
  json_object_set_array_member (root, "verdicts", verdicts);
  json_object_set_array_member (root, "steps", steps_array (self));
  json_object_set_array_member (root, "facts", facts_array (self));
  json_object_set_array_member (findings, "only_this", ids_array (self->findings[0]));
  json_object_set_array_member (findings, "only_other", ids_array (self->findings[1]));
  json_object_set_object_member (root, "findings", findings);
  return root;
}
