/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "doctor/qs-doctor-browsers.h"

G_BEGIN_DECLS

typedef enum {
  QS_RULING_SKIPPED, /* it does not come to that, or does not concern this browser */
  QS_RULING_OK,
  QS_RULING_WARN,    /* not as it should be, and no reason to stay away from HTTP/3 */
  QS_RULING_UNKNOWN, /* what was seen, or what is known of the browser, does not tell */
  QS_RULING_FAIL,
} QsRulingKind;
const char *qs_ruling_kind_name (QsRulingKind kind); /* "skipped", "ok", "warning", "unknown", "failed" */

/* What a judge says of one condition, for one browser. */
typedef struct {
  QsRulingKind kind;
  QsCertainty certainty;
  QsParty who;         /* where it lies */
  char *detail;        /* translated; NULL: nothing to add */
  GPtrArray *evidence; /* QsDoctorEvidence */
  GPtrArray *tries;    /* char *: translated; where it stays empty, those of the condition */
  const char *source;  /* where the browser's rule stands to be read; NULL */
} QsRuling;

typedef struct _QsCondition QsCondition;
typedef QsRulingKind (*QsConditionJudge) (const QsCondition *condition, const QsDoctorFacts *facts,
                                          const QsBrowser *browser, QsRuling *ruling);

#define QS_MOST_CONDITION_TRIES 3

/**
 * QsCondition: one thing that has to be as it should before HTTP/3 is used, as one row; the rows stand in the order in which a
 * browser comes to them.
 *
 * @rung: of those that a connection shows: what it stops at where this is not so
 */
struct _QsCondition {
  const char *id;     /* stable */
  const char *title;  /* untranslated: what has to be so */
  const char *failed; /* untranslated: the sentence where it is not */
  const char *reference;
  QsConditionJudge judge;
  QsParty who; /* that can mend it, where no packet tells more */
  QsRung rung;
  const char *tries[QS_MOST_CONDITION_TRIES]; /* untranslated */
};

extern const QsCondition qs_conditions[];
guint qs_conditions_n (void);
gint qs_condition_find (const char *id); /* -1: none */

/* Fills in ruling, which qs_ruling_clear() empties. */
void qs_condition_judge (const QsCondition *condition, const QsDoctorFacts *facts, const QsBrowser *browser,
                         QsRuling *ruling);
void qs_ruling_clear (QsRuling *ruling);

/* The judges. */
QsRulingKind qs_doctor_judge_scheme (const QsCondition *, const QsDoctorFacts *, const QsBrowser *, QsRuling *);
QsRulingKind qs_doctor_judge_proxy (const QsCondition *, const QsDoctorFacts *, const QsBrowser *, QsRuling *);
QsRulingKind qs_doctor_judge_web_answer (const QsCondition *, const QsDoctorFacts *, const QsBrowser *, QsRuling *);
QsRulingKind qs_doctor_judge_advertised (const QsCondition *, const QsDoctorFacts *, const QsBrowser *, QsRuling *);
QsRulingKind qs_doctor_judge_clear (const QsCondition *, const QsDoctorFacts *, const QsBrowser *, QsRuling *);
QsRulingKind qs_doctor_judge_way (const QsCondition *, const QsDoctorFacts *, const QsBrowser *, QsRuling *);
QsRulingKind qs_doctor_judge_hints (const QsCondition *, const QsDoctorFacts *, const QsBrowser *, QsRuling *);
QsRulingKind qs_doctor_judge_address (const QsCondition *, const QsDoctorFacts *, const QsBrowser *, QsRuling *);
QsRulingKind qs_doctor_judge_families (const QsCondition *, const QsDoctorFacts *, const QsBrowser *, QsRuling *);
QsRulingKind qs_doctor_judge_rung (const QsCondition *, const QsDoctorFacts *, const QsBrowser *, QsRuling *);
QsRulingKind qs_doctor_judge_certificate (const QsCondition *, const QsDoctorFacts *, const QsBrowser *, QsRuling *);
QsRulingKind qs_doctor_judge_root (const QsCondition *, const QsDoctorFacts *, const QsBrowser *, QsRuling *);
QsRulingKind qs_doctor_judge_misdirected (const QsCondition *, const QsDoctorFacts *, const QsBrowser *, QsRuling *);
QsRulingKind qs_doctor_judge_same_answer (const QsCondition *, const QsDoctorFacts *, const QsBrowser *, QsRuling *);

G_END_DECLS
