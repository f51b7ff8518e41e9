/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/qs-check.h"

#include "base/qs-error.h"
#include "base/qs-text.h"
#include "checks/qs-check-tables.h"
#include "checks/qs-client-checks.h"

typedef struct {
  const char *name;
  const char *title; /* N_() */
} Name;

static const Name verdicts[] = {
  [QS_CHECK_NOT_TESTED] = { "not-tested", N_ ("not tested") },
  [QS_CHECK_PASS] = { "pass", N_ ("pass") },
  [QS_CHECK_INFO] = { "info", N_ ("info") },
  [QS_CHECK_CONTESTED] = { "contested", N_ ("contested") },
  [QS_CHECK_WARN] = { "warn", N_ ("warn") },
  [QS_CHECK_FAIL] = { "fail", N_ ("fail") },
};

static const Name categories[] = {
  [QS_CATEGORY_VERSIONS] = { "versions", N_ ("Versions") },
  [QS_CATEGORY_ADDRESS] = { "address", N_ ("Initials and address validation") },
  [QS_CATEGORY_TLS] = { "tls", N_ ("TLS inside QUIC") },
  [QS_CATEGORY_PARAMETERS] = { "parameters", N_ ("Transport parameters") },
  [QS_CATEGORY_FRAMES] = { "frames", N_ ("Frames and packets") },
  [QS_CATEGORY_PATH] = { "path", N_ ("Path") },
  [QS_CATEGORY_HTTP3] = { "http3", N_ ("HTTP/3") },
  [QS_CATEGORY_QPACK] = { "qpack", N_ ("QPACK") },
  [QS_CATEGORY_TCP] = { "tcp", N_ ("TLS over TCP") },
};

static const Name marks[] = {
  [QS_MARK_OF_REACH] = { "reach", N_ ("Reach") },
  [QS_MARK_OF_SECURITY] = { "security", N_ ("Security") },
  [QS_MARK_OF_ADDRESS] = { "address-validation", N_ ("Address validation") },
  [QS_MARK_OF_CONFORMANCE] = { "conformance", N_ ("Conformance") },
  [QS_MARK_OF_MOBILITY] = { "mobility", N_ ("Mobility") },
};

static const char *const grades[] = {
  [QS_GRADE_NONE] = "-", [QS_GRADE_F] = "F", [QS_GRADE_T] = "T",        [QS_GRADE_M] = "M",       [QS_GRADE_C] = "C",
  [QS_GRADE_B] = "B",    [QS_GRADE_A] = "A", [QS_GRADE_A_MINUS] = "A-", [QS_GRADE_A_PLUS] = "A+",
};

const char *
qs_check_verdict_name (QsCheckVerdict verdict)
{
  return verdicts[verdict].name;
}

const char *
qs_check_verdict_title (QsCheckVerdict verdict)
{
  return _ (verdicts[verdict].title);
}

const char *
qs_check_category_name (QsCheckCategory category)
{
  return categories[category].name;
}

const char *
qs_check_category_title (QsCheckCategory category)
{
  return _ (categories[category].title);
}

const char *
qs_card_mark_name (QsCardMark mark)
{
  return marks[mark].name;
}

const char *
qs_card_mark_title (QsCardMark mark)
{
  return _ (marks[mark].title);
}

const char *
qs_grade_text (QsGrade grade)
{
  return grades[grade];
}

typedef struct {
  const QsCheck *rows;
  guint n;
} Table;

static GPtrArray *
gather (const Table *tables, guint n_tables)
{
  GPtrArray *all = g_ptr_array_new ();

  for (guint i = 0; i < n_tables; i++)
    for (guint j = 0; j < tables[i].n; j++)
      g_ptr_array_add (all, (gpointer) &tables[i].rows[j]);
  return all;
}

static const QsCheck *
find (const QsCheck *const *all, guint n, const char *id)
{
  for (guint i = 0; i < n; i++)
    {
      if (g_ascii_strcasecmp (all[i]->id, id) == 0)
        return all[i];
    }
  return NULL;
}

const QsCheck *const *
qs_checks_get (guint *n_checks)
{
  static GPtrArray *all = NULL;

  if (g_once_init_enter (&all))
    {
      const Table tables[] = { { qs_checks_address, qs_n_checks_address },
                               { qs_checks_tls, qs_n_checks_tls },
                               { qs_checks_frames, qs_n_checks_frames },
                               { qs_checks_http3, qs_n_checks_http3 },
                               { qs_checks_tcp, qs_n_checks_tcp } };
      GPtrArray *gathered = gather (tables, G_N_ELEMENTS (tables));
      g_once_init_leave (&all, gathered);
    }
  *n_checks = all->len;
  return (const QsCheck *const *) all->pdata;
}

const QsCheck *
qs_checks_find (const char *id)
{
  guint n;
  const QsCheck *const *all = qs_checks_get (&n);

  return find (all, n, id);
}

const QsCheck *const *
qs_client_checks_get (guint *n_checks)
{
  static GPtrArray *all = NULL;

  if (g_once_init_enter (&all))
    {
      const Table tables[] = { { qs_client_checks_address, qs_n_client_checks_address },
                               { qs_client_checks_tls, qs_n_client_checks_tls },
                               { qs_client_checks_frames, qs_n_client_checks_frames },
                               { qs_client_checks_http3, qs_n_client_checks_http3 } };
      GPtrArray *gathered = gather (tables, G_N_ELEMENTS (tables));
      g_once_init_leave (&all, gathered);
    }
  *n_checks = all->len;
  return (const QsCheck *const *) all->pdata;
}

const QsCheck *
qs_client_checks_find (const char *id)
{
  guint n;
  const QsCheck *const *all = qs_client_checks_get (&n);

  return find (all, n, id);
}

static gboolean
add_chosen (GPtrArray *chosen, const QsCheck *const *all, guint n, const char *word)
{
  gboolean any = FALSE;

  for (guint i = 0; i < n; i++)
    {
      if (g_ascii_strcasecmp (all[i]->id, word) != 0 &&
          g_ascii_strcasecmp (qs_check_category_name (all[i]->category), word) != 0)
        continue;
      any = TRUE;
      if (!g_ptr_array_find (chosen, all[i], NULL))
        g_ptr_array_add (chosen, (gpointer) all[i]);
    }
  return any;
}

static GPtrArray *
choose (const QsCheck *const *all, guint n, const char *list, GError **error)
{
  g_autoptr (GPtrArray) chosen = g_ptr_array_new ();
  g_auto (GStrv) words = g_strsplit_set (list, ", \t\n", -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      if (*words[i] == '\0' || add_chosen (chosen, all, n, words[i]))
        continue;
      g_autofree char *word = qs_text_escape_short (words[i], -1, 40);
      g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET, _ ("There is no check or category “%s”."), word);
      return NULL;
    }
  if (chosen->len > 0)
    return g_steal_pointer (&chosen);
  g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET, "%s",
               _ ("Checks are chosen by their ids or categories, such as “F4, H1” or “frames”."));
  return NULL;
}

GPtrArray *
qs_checks_choose (const char *list, GError **error)
{
  guint n;
  const QsCheck *const *all = qs_checks_get (&n);

  return choose (all, n, list, error);
}

GPtrArray *
qs_client_checks_choose (const char *list, GError **error)
{
  guint n;
  const QsCheck *const *all = qs_client_checks_get (&n);

  return choose (all, n, list, error);
}

void
qs_judgement_set (QsJudgement *judgement, QsCheckVerdict verdict, char *text)
{
  judgement->verdict = verdict;
  g_free (judgement->text);
  judgement->text = text;
}

void
qs_judgement_show (QsJudgement *judgement, guint packet)
{
  if (judgement->packets == NULL)
    judgement->packets = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < judgement->packets->len; i++)
    {
      if (g_array_index (judgement->packets, guint, i) == packet)
        return;
    }
  if (packet != G_MAXUINT)
    g_array_append_val (judgement->packets, packet);
}

void
qs_judgement_clear (QsJudgement *judgement)
{
  g_clear_pointer (&judgement->text, g_free);
  g_clear_pointer (&judgement->packets, g_array_unref);
}
