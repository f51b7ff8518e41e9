/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/qs-study.h"

G_BEGIN_DECLS

/**
 * QsComparison: two studies side by side, live or from files: what differs, and which of it matters most.
 *
 * Everywhere index 0 is the one that is looked at and 1 what it is compared with. Strings are translated and escaped.
 */
typedef struct _QsComparison QsComparison;

/* A step of either handshake; those of one alone have a time in the other of -1. */
typedef struct {
  const char *id;
  char *title;
  QsStepStatus status[2]; /* PENDING too where there is no such step */
  gboolean there[2];
  gint64 time[2]; /* trace time in ns from the first ClientHello's way out, -1: it did not come */
} QsComparedStep;

/* A fact that is not the same in both; NULL: not known, or there is none. */
typedef struct {
  const char *id; /* "group": stable */
  const char *label;
  char *value[2];
} QsComparedFact;

QsComparison *qs_comparison_new (QsStudy *one, QsStudy *other);
void qs_comparison_free (QsComparison *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsComparison, qs_comparison_free)

/* One sentence: the difference that matters most, or that there is none. */
const char *qs_comparison_get_headline (QsComparison *self);
GPtrArray *qs_comparison_get_steps (QsComparison *self); /* QsComparedStep, in order */
GPtrArray *qs_comparison_get_facts (QsComparison *self); /* QsComparedFact, what matters more first */
/* Findings (borrowed from the studies) that only this one has: 0 or 1. */
GPtrArray *qs_comparison_get_findings (QsComparison *self, guint of);

/* {"headline", "verdicts", "steps", "facts", "findings"} */
JsonObject *qs_comparison_to_json (QsComparison *self);

G_END_DECLS
