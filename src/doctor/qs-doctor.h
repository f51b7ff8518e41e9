/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "doctor/qs-doctor-report.h"
#include "engine/qs-probe.h"
#include "study/qs-study.h"

G_BEGIN_DECLS

/* All of it together takes no longer. */
#define QS_DOCTOR_MS 9500

/**
 * QsDoctor: why a browser does not use HTTP/3 with a site.
 *
 * Asks the site over TCP, the DNS for its HTTPS records, and over QUIC every address that these two name, one of each
 * family; each as a run of its own, those that share no socket address at the same time. What they show becomes
 * QsDoctorFacts, and these a QsDoctorReport, by the tables of conditions and browsers.
 *
 * Signals: "progress" (const char *text): a translated line, escaped;
 *          "finished" (): the report is there, QS_DOCTOR_MS after the start at the latest.
 */
#define QS_TYPE_DOCTOR (qs_doctor_get_type ())
G_DECLARE_FINAL_TYPE (QsDoctor, qs_doctor, QS, DOCTOR, GObject)

/* A web site as a person types it, with https://, http:// or neither; plain is whether it was http://, which is looked at
 * as https:// then. NULL with QS_ERROR_INVALID_TARGET. */
QsTarget *qs_doctor_target_new (const char *text, gboolean *plain, GError **error);

/* Of options (copied) trust, addresses, family, name server, what to offer and impairments count. */
QsDoctor *qs_doctor_new (QsTarget *target, gboolean plain, const QsProbeOptions *options);
/* FALSE with what qs_probe_prepare() says of the options; then nothing was started. */
gboolean qs_doctor_start (QsDoctor *self, GError **error);
/* "finished" follows at once, with what is known by then. */
void qs_doctor_stop (QsDoctor *self);

QsTarget *qs_doctor_get_target (QsDoctor *self);
gboolean qs_doctor_get_finished (QsDoctor *self);
gboolean qs_doctor_get_stopped (QsDoctor *self);
const QsDoctorFacts *qs_doctor_get_facts (QsDoctor *self);
const QsDoctorReport *qs_doctor_get_report (QsDoctor *self); /* NULL until it has finished */

/* The runs that were made. */
guint qs_doctor_get_n_runs (QsDoctor *self);
const char *qs_doctor_get_run_name (QsDoctor *self, guint run); /* "tcp", "quic-1" */
QsProbe *qs_doctor_get_run_probe (QsDoctor *self, guint run);
QsStudy *qs_doctor_get_run_study (QsDoctor *self, guint run); /* settled once finished */

/* {"target", "why_not_h3": {"conditions", "browsers", "causes", "dns", "runs"}} of a finished one (transfer full). */
JsonObject *qs_doctor_to_json (QsDoctor *self);

G_END_DECLS
