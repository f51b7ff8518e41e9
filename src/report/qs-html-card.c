/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/qs-html-card.h"

#include "base/qs-i18n.h"
#include "charts/qs-packet-text.h"
#include "report/qs-html-making.h"
#include "report/qs-html-page.h"

#define MOST_PACKETS 12 /* of a check: what shows it are a few */

/* The letter's colour is never alone: it is a letter. */
static const char style[] =
    ".card{display:flex;flex-wrap:wrap;gap:1rem 2rem;align-items:center;margin:1rem 0}"
    ".letter{font-size:3.5rem;font-weight:700;line-height:1;min-width:5.5rem;text-align:center;padding:.9rem .6rem;"
    "border-radius:10px;border:3px solid currentColor}"
    ".good{color:var(--good)}.middling{color:var(--warn)}.bad{color:var(--bad)}.none{color:var(--dim)}"
    ".marks{width:auto}.marks td{font-weight:700}"
    "h3{font-size:1rem}.verdict{white-space:nowrap;font-weight:600}"
    ".fail{color:var(--bad)}.warn{color:var(--warn)}.contested{color:var(--warn)}.pass{color:var(--good)}"
    ".info,.not-tested{color:var(--dim)}"
    "td p{margin:.15rem 0}td ul{margin:.15rem 0;padding-inline-start:1.1rem}";

/* A page in the making: part by part, and a check at a time. */
typedef struct {
  QsHtmlMaking making;
  QsExamination *examination;
  gboolean begun, headed;
  guint category, next;
} Making;

static const char *
grade_class (QsGrade grade)
{
  return grade == QS_GRADE_NONE      ? "none"
         : grade >= QS_GRADE_A_MINUS ? "good"
         : grade >= QS_GRADE_C       ? "middling"
                                     : "bad";
}

static void
add_counts (GString *page, const QsCard *card)
{
  g_string_append (page, "<p>");
  for (guint i = QS_CHECK_N_VERDICTS; i-- > 0;)
    qs_html_add (page, "<span class=\"%s\">%s</span> %u%s", qs_check_verdict_name (i), qs_check_verdict_title (i),
                 card->counts[i], i > 0 ? " · " : "");
  g_string_append (page, "</p>\n");
}

static void
add_notes (GString *page, QsExamination *examination)
{
  if (qs_examination_get_failure (examination) != NULL)
    qs_html_add (page, "<article><p>%s</p></article>\n", qs_examination_get_failure (examination));
  else if (!qs_examination_sends_illegal (examination))
    qs_html_add (page, "<p class=\"dim\">%s</p>\n",
                 _ ("Not all was tested: what no honest client sends goes to one's own servers alone."));
  if (qs_examination_get_stopped (examination))
    qs_html_add (page, "<p class=\"dim\">%s</p>\n", _ ("It was stopped before its end."));
}

static void
add_head (Making *self)
{
  QsExamination *examination = self->examination;
  GString *page = self->making.page;
  const char *address = qs_examination_get_address (examination);
  g_autofree char *title =
      g_strdup_printf (_ ("Report card of %s"), qs_target_to_string (qs_examination_get_target (examination)));
  g_autoptr (GDateTime) began = g_date_time_new_from_unix_utc (qs_examination_get_began (examination) / G_USEC_PER_SEC);
  g_autofree char *date = g_date_time_format (began, "%Y-%m-%d %H:%M:%S UTC");
  QsCard card;

  qs_examination_grade (examination, &card);
  qs_html_begin (page, title, style);
  qs_html_add (page, "<h1>%s</h1><p class=\"dim\">%s%s%s · Quicscope " PACKAGE_VERSION "</p>\n", title,
               address != NULL ? address : "", address != NULL ? " · " : "", date);
  qs_html_add (page, "<div class=\"card\"><div class=\"letter %s\" role=\"img\" aria-label=\"%s: %s\">%s</div>\n",
               grade_class (card.grade), _ ("Grade"), qs_grade_text (card.grade), qs_grade_text (card.grade));
  g_string_append (page, "<table class=\"marks\">\n");
  if (card.grade != card.if_trusted)
    qs_html_add (page, "<tr><th scope=\"row\">%s</th><td class=\"%s\">%s</td></tr>\n",
                 _ ("If its certificate were in order"), grade_class (card.if_trusted),
                 qs_grade_text (card.if_trusted));
  for (guint i = 0; i < QS_N_CARD_MARKS; i++)
    qs_html_add (page, "<tr><th scope=\"row\">%s</th><td class=\"%s\">%s</td></tr>\n", qs_card_mark_title (i),
                 grade_class (card.marks[i]), qs_grade_text (card.marks[i]));
  g_string_append (page, "</table></div>\n");
  add_counts (page, &card);
  add_notes (page, examination);
}

static void
add_packets (GString *page, const QsCheckResult *result)
{
  const GArray *packets = result->judgement.packets;
  guint n = packets != NULL && result->trace != NULL ? MIN (packets->len, MOST_PACKETS) : 0;

  if (n == 0)
    return;
  g_string_append (page, "<ul class=\"mono\">");
  for (guint i = 0; i < n; i++)
    {
      guint packet = g_array_index (packets, guint, i);
      g_autofree char *time = qs_packet_text_time (result->trace, packet);
      g_autofree char *direction = qs_packet_text_direction (result->trace, packet);
      g_autofree char *summary = qs_packet_text_summary (result->trace, packet);
      qs_html_add (page, "<li>%s ms %s: %s</li>", time, direction, summary);
    }
  g_string_append (page, "</ul>");
}

static void
add_check (GString *page, const QsCheckResult *result)
{
  const QsCheck *check = result->check;
  const QsJudgement *judgement = &result->judgement;

  qs_html_add (page, "<tr id=\"%s\"><td class=\"verdict %s\">%s</td><td class=\"num\">%s</td><td><p>%s</p></td><td>",
               check->id, qs_check_verdict_name (judgement->verdict), qs_check_verdict_title (judgement->verdict),
               check->id, _ (check->title));
  if (judgement->text != NULL && *judgement->text != '\0')
    qs_html_add (page, "<p>%s</p>", judgement->text);
  if (check->readings != NULL && judgement->verdict >= QS_CHECK_CONTESTED)
    qs_html_add (page, "<p class=\"dim\">%s</p>", _ (check->readings));
  if (judgement->verdict >= QS_CHECK_CONTESTED)
    add_packets (page, result);
  qs_html_add (page, "</td><td class=\"dim\">%s</td></tr>\n", check->reference);
}

static void
open_category (Making *self)
{
  static const char *const titles[] = { N_ ("Verdict"), N_ ("Id"), N_ ("Check"), N_ ("What was found"),
                                        N_ ("Reference") };

  if (self->headed)
    return;
  self->headed = TRUE;
  qs_html_add_heading (self->making.page, qs_check_category_title (self->category));
  g_string_append (self->making.page, "<div class=\"scroll\"><table>\n");
  qs_html_add_header (self->making.page, titles, G_N_ELEMENTS (titles));
}

static void
close_category (Making *self)
{
  if (self->headed)
    g_string_append (self->making.page, "</table></div>\n");
  self->headed = FALSE;
  self->next = 0;
  self->category++;
}

static gboolean
write_checks (gpointer data, gint64 deadline)
{
  Making *self = data;

  if (!self->begun)
    add_head (self);
  self->begun = TRUE;
  while (self->category < QS_N_CATEGORIES)
    {
      const QsCheckResult *result = qs_examination_get_result (self->examination, self->next++);
      if (result == NULL)
        {
          close_category (self);
          continue;
        }
      if (result->check->category != self->category)
        continue;
      open_category (self);
      add_check (self->making.page, result);
      if (deadline != 0 && g_get_monotonic_time () >= deadline)
        return FALSE;
    }
  return TRUE;
}

static const QsHtmlPart parts[] = { write_checks };

static void
clear (gpointer data)
{
  Making *self = data;

  g_object_unref (self->examination);
}

static const QsHtmlMakingClass klass = { "[quicscope] card", parts, G_N_ELEMENTS (parts), clear };

static QsHtmlMaking *
making_new (QsExamination *examination)
{
  Making *self = qs_html_making_new (&klass, sizeof *self);

  self->examination = g_object_ref (examination);
  return &self->making;
}

char *
qs_html_card_new (QsExamination *examination)
{
  g_return_val_if_fail (QS_IS_EXAMINATION (examination), NULL);
  return qs_html_making_to_string (making_new (examination));
}

gboolean
qs_html_card_write (QsExamination *examination, const char *path, GError **error)
{
  g_return_val_if_fail (QS_IS_EXAMINATION (examination) && path != NULL, FALSE);
  return qs_html_making_write (making_new (examination), path, error);
}

void
qs_html_card_write_async (QsExamination *examination, const char *path, GAsyncReadyCallback callback, gpointer data)
{
  g_return_if_fail (QS_IS_EXAMINATION (examination) && path != NULL);
  qs_html_making_write_async (making_new (examination), path, callback, data);
}

gboolean
qs_html_card_write_finish (GAsyncResult *result, GError **error)
{
  return qs_html_making_write_finish (result, error);
}
