/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "doctor/qs-doctor-conditions.h"

G_BEGIN_DECLS

/* What a browser does with the site. */
typedef struct {
  const QsBrowser *browser;
  QsAnswer uses_http3;
  gint condition;        /* the first that is not met, or not known; -1: none */
  QsCertainty certainty; /* of uses_http3 */
  char *words;           /* translated: "uses HTTP/3", "stays on HTTP/2: …" */
} QsBrowserVerdict;

/* A condition that keeps a browser from HTTP/3. */
typedef struct {
  guint condition;
  guint browser;  /* of those that it keeps, the one whose ruling is told */
  guint n_first;  /* browsers that it is the first obstacle of */
  guint n_behind; /* those that would meet it behind another one */
} QsDoctorCause;

/**
 * QsDoctorReport: what the facts come to: a ruling for each condition and browser, a verdict for each browser, the causes,
 * the one that keeps most browsers away first.
 */
typedef struct {
  const QsDoctorFacts *facts; /* borrowed */
  QsRuling (*rulings)[QS_N_BROWSERS];
  QsBrowserVerdict verdicts[QS_N_BROWSERS];
  GArray *causes; /* QsDoctorCause */
} QsDoctorReport;

/* facts has to outlive it. */
QsDoctorReport *qs_doctor_report_new (const QsDoctorFacts *facts);
void qs_doctor_report_free (QsDoctorReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsDoctorReport, qs_doctor_report_free)

/* Whether a browser would use HTTP/3; tools do not count. */
gboolean qs_doctor_report_is_good (const QsDoctorReport *report);
/* One translated sentence (transfer full). */
char *qs_doctor_report_dup_headline (const QsDoctorReport *report);
/* The gravest ruling on a condition, of all browsers. */
const QsRuling *qs_doctor_report_get_worst (const QsDoctorReport *report, guint condition);
/* "Chromium, Firefox": those that a cause keeps away, as the first thing (transfer full). */
char *qs_doctor_report_dup_kept (const QsDoctorReport *report, const QsDoctorCause *cause);
/* What else to know of a browser that stays away, untranslated; NULL: nothing, or it matters not here. */
const char *qs_doctor_report_get_note (const QsDoctorReport *report, guint browser);
/* "quic-1, packet 4: Initial 0 from the server" (transfer full). */
char *qs_doctor_evidence_dup_text (const QsDoctorEvidence *evidence);

/* What shows it, as findings have it: array of QsFindingEvidence whose packets, being of other runs, stand in words (transfer
 * full). */
GPtrArray *qs_doctor_ruling_dup_evidence (const QsRuling *ruling);

G_END_DECLS
