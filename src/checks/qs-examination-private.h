/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of an examination share. */
#pragma once

#include "checks/qs-examination.h"

G_BEGIN_DECLS

/* A script, and the checks that look at what came of it. */
typedef struct {
  QsExamination *owner;      /* not owned */
  const QsCraftStep *script; /* one of both */
  const QsTcpPlan *plan;
  GArray *results; /* guint: indices */
  guint attempts;
  gboolean last;
  QsCraftRun *run;
  QsTcpRun *tcp_run;
  GSource *over;      /* takes what came of the run, outside of its own callback, and in slices */
  QsSight *sight;     /* of the run that is over; NULL */
  GArray *judgements; /* QsJudgement: of these results, as many as have been made */
} QsExaminationTask;

struct _QsExamination {
  GObject parent_instance;
  QsTarget *target;
  QsExaminationOptions options;
  GCancellable *cancellable;
  GPtrArray *addresses; /* GSocketAddress: of the target */
  guint n_tried;        /* of these */
  GSocketAddress *address;
  char *address_text, *authority, *failure;
  const char **alpn;
  QsCraftTarget craft;
  QsTcpTarget tcp;
  GPtrArray *results; /* QsCheckResult */
  GPtrArray *tasks;   /* QsExaminationTask: to be run, in order */
  GPtrArray *running; /* QsExaminationTask */
  guint start_source;
  guint n_done;
  guint unanswered; /* runs in a row to which nothing at all came back, though a handshake was to be made */
  gint64 heard;     /* on the runs' clock (ns): when a datagram came last, of whatever run; -1: none did */
  gint64 began;     /* real time in microseconds */
  gboolean illegal, probed, started, finished, stopped;
  GBytes *leaf;        /* the certificate that was shown over QUIC, DER; NULL: none */
  gboolean silent;     /* nothing at all came back over QUIC */
  gboolean tcp_alone;  /* a tls:// target */
  gboolean tcp_probed; /* whether anybody is there over TCP is known */
  gboolean asking;     /* somebody is asked whether the server is theirs */
  guint repeated;      /* index of the one check that is made again; G_MAXUINT: none */
  QsCheckResult *kept; /* what it came to before; NULL */
};

void qs_examination_task_free (gpointer task);
QsTrace *qs_examination_task_get_trace (const QsExaminationTask *task);

/* qs-examination-plan.c */
QsExaminationTask *qs_examination_task_new (QsExamination *owner, const QsCheck *check);
void qs_examination_plan (QsExamination *self);
void qs_examination_add_siblings (QsExamination *self);
gboolean qs_examination_wants_illegal (QsExamination *self);
/* A name may have a private address, which is silent, and a public one: what was planned for the first is not for the other. */
void qs_examination_drop_illegal (QsExamination *self);

/* An address is left for the next one of the name. FALSE: there is none. */
gboolean qs_examination_use_next_address (QsExamination *self);

/* qs-examination-results.c */
/* A check has come to an end with what its runs came to so far, or untested. */
void qs_examination_settle (QsExamination *self, guint index);
void qs_examination_settle_untested (QsExamination *self, guint index, const char *why);
/* Looks at a run that is over, until deadline (monotonic time). TRUE: all of it is seen and judged. */
gboolean qs_examination_judge (QsExaminationTask *task, gint64 deadline);
/* Takes what came of it. TRUE: its script has to be run again. */
gboolean qs_examination_conclude (QsExaminationTask *task);

G_END_DECLS
