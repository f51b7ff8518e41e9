/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "diagnosis/qs-finding.h"
#include "engine/qs-probe.h"
#include "study/qs-study.h"

G_BEGIN_DECLS

typedef enum {
  QS_BATCH_OK,
  QS_BATCH_FAILED,
  QS_BATCH_STOPPED, /* by who stopped the batch: it says nothing of the target */
  QS_N_BATCH_OUTCOMES
} QsBatchOutcome;
const char *qs_batch_outcome_name (QsBatchOutcome outcome);  /* "ok", "failed", "stopped": not translated */
const char *qs_batch_outcome_title (QsBatchOutcome outcome); /* translated, for people */

/* What is timed of a run, each from its start on, as "timings_ms" of a report has it. */
typedef enum {
  QS_BATCH_RESOLVED,
  QS_BATCH_HANDSHAKE,
  QS_BATCH_CONFIRMED,
  QS_BATCH_FIRST_BYTE,
  QS_BATCH_TOTAL,
  QS_N_BATCH_TIMES
} QsBatchTime;
const char *qs_batch_time_name (QsBatchTime time);  /* "first_byte": not translated */
const char *qs_batch_time_title (QsBatchTime time); /* translated, for people */

typedef struct {
  const char *id; /* of QsStep */
  gint64 time;    /* ns since the run's start; -1: it did not come to that */
} QsBatchStep;

typedef struct {
  const char *id; /* of QsFinding */
  QsSeverity severity;
  char *title; /* translated */
} QsBatchFinding;

/**
 * QsBatchResult: what is kept of one run, some hundred bytes in place of its trace. Immutable and reference counted, for one
 * thread. Strings are escaped; NULL where it is not known.
 */
typedef struct {
  QsTarget *target;
  guint number;   /* of this target's runs, from 1 */
  gint64 started; /* microseconds since 1970 */
  QsBatchOutcome outcome;
  QsStage stage;                  /* how far it came */
  char *verdict;                  /* translated, never NULL */
  char *address;                  /* "192.0.2.1:443" */
  char *alpn;                     /* the protocol that was chosen */
  char *quic_version;             /* "1" */
  char *tls_version;              /* "TLS 1.3" */
  int resumed;                    /* -1: not known */
  guint http_status;              /* 0: none */
  guint64 bytes;                  /* of the answer's body */
  gint64 times[QS_N_BATCH_TIMES]; /* ns; -1: it did not come to that */
  gint64 rtt, least_rtt;          /* ns, smoothed at the end, and the least; -1: not known */
  guint n_steps, n_findings;
  QsBatchStep *steps;
  QsBatchFinding *findings; /* the gravest first */
} QsBatchResult;

/* probe: finished. study: of its trace, settled. Neither is needed afterwards. */
QsBatchResult *qs_batch_result_new (QsProbe *probe, QsStudy *study, guint number, gint64 started);
QsBatchResult *qs_batch_result_ref (QsBatchResult *self);
void qs_batch_result_unref (QsBatchResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsBatchResult, qs_batch_result_unref)

G_END_DECLS
