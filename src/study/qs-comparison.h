/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/qs-study.h"

G_BEGIN_DECLS

/**
 * QsComparison: two or more studies side by side, live or from files: what differs, and which of it matters most.
 *
 * Everywhere index 0 is the one that is looked at, and those behind it what it is compared with. Strings are translated and
 * escaped. It is of the moment: of studies that go on it is made anew.
 */
typedef struct _QsComparison QsComparison;

#define QS_COMPARISON_MOST 4 /* side by side */

/* A step of any handshake; those that one has not have a time of -1 there. */
typedef struct {
  const char *id;
  char *title;
  QsStepStatus status[QS_COMPARISON_MOST]; /* PENDING too where there is no such step */
  gboolean there[QS_COMPARISON_MOST];
  gint64 time[QS_COMPARISON_MOST]; /* trace time in ns from the first ClientHello's way out, -1: it did not come */
} QsComparedStep;

/* A fact that is not the same in all; NULL: not known, or there is none. */
typedef struct {
  const char *id; /* "group": stable */
  const char *label;
  char *value[QS_COMPARISON_MOST];
} QsComparedFact;

QsComparison *qs_comparison_new (QsStudy *one, QsStudy *other);
/* n: from 2 to QS_COMPARISON_MOST. */
QsComparison *qs_comparison_new_of (QsStudy *const *studies, guint n);
void qs_comparison_free (QsComparison *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsComparison, qs_comparison_free)

guint qs_comparison_get_n (QsComparison *self);
QsStudy *qs_comparison_get_study (QsComparison *self, guint of);
/* What it is called, and when it began: "https://example.org/ · 2026-11-30 16:50:12". Owned by the caller. */
char *qs_comparison_dup_name (QsComparison *self, guint of);
/* Trace time in ns that its times count from. */
gint64 qs_comparison_get_start (QsComparison *self, guint of);
/* One sentence: the difference of the first two that matters most, or that there is none. */
const char *qs_comparison_get_headline (QsComparison *self);
/* The same of the first one and another: 1 or more. */
const char *qs_comparison_get_headline_of (QsComparison *self, guint other);
GPtrArray *qs_comparison_get_steps (QsComparison *self); /* QsComparedStep, in order */
/* By how much later the first one's step came than another's, as "+1.2 ms"; NULL where one of them has it not. Owned by the caller. */
char *qs_compared_step_dup_difference (const QsComparedStep *step, guint other);
GPtrArray *qs_comparison_get_facts (QsComparison *self); /* QsComparedFact, what matters more first */
/* Findings (borrowed from the studies) that only this one has. */
GPtrArray *qs_comparison_get_findings (QsComparison *self, guint of);

/* {"headline", "verdicts", "steps", "facts", "findings"}; of more than two "headlines" besides, and "only" in place of findings'
 * "only_this" and "only_other". */
JsonObject *qs_comparison_to_json (QsComparison *self);
/* The first one's report with "comparison" in it, as it is printed and saved. Owned by the caller. */
char *qs_comparison_to_json_text (QsComparison *self);

G_END_DECLS
