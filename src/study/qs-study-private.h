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

/* The parts of qs_study_file_find_one() and qs_study_file_join(), for who does them in slices. */
/* Whether they are a client's and a server's recording, in this order. */
gboolean qs_study_file_find_ends (GPtrArray *studies, QsStudy *ends[2]);
/* Of settled ones: which won an address race against all others; a note in its trace tells of them. NULL: none. */
QsStudy *qs_study_file_find_race (GPtrArray *studies);
/* Still to be advanced. */
QsTraceJoin *qs_study_file_begin_join (QsStudy *study, QsTrace *other);
void qs_study_file_copy_secrets (QsTrace *from, QsTrace *to);

G_END_DECLS
