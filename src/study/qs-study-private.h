/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/qs-recording.h"
#include "study/qs-study.h"

G_BEGIN_DECLS

/* The parts of a study, each in its own file. All owned by the caller. */
/* n_all: how many there are, listed or not. */
GPtrArray *qs_study_streams_new (const QsEvidence *evidence, QsRecording *recording, guint *n_all);
QsStudyTarget *qs_study_target_new (const QsEvidence *evidence);
void qs_study_target_free (QsStudyTarget *target);
QsStudyAnswer *qs_study_answer_new (const QsEvidence *evidence, QsRecording *recording);
void qs_study_answer_free (QsStudyAnswer *answer);

G_END_DECLS
