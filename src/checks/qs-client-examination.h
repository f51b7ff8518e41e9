/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-clock.h"
#include "checks/qs-check-result.h"
#include "checks/qs-client-checks.h"

G_BEGIN_DECLS

typedef struct {
  GSocketAddress *address; /* to listen on */
  const QsCraftHost *host; /* borrowed as long as the examination lives; identify gets a QsClientCheckCertificate */
  GPtrArray *checks;       /* const QsCheck *: these alone; NULL: all */
  guint at_once;  /* 0: whoever connects plays the next check; else so many clients are asked for at a time, each
                            * with a port of its own */
  guint most;     /* connections at most; 0: as many as it takes */
  guint wait_ms;  /* for a client that was asked for to connect; 0: 10 s */
  QsClock *clock; /* whose time that is; NULL: the steady one */
} QsClientExaminationOptions;

/**
 * QsClientExamination: all checks of a client: a server that plays its part in each. A fail counts when three of three runs came to it.
 *
 * Signals: "wanted" (guint number, guint port): a client is to be started that connects to this port, where clients are asked for;
 * "left" (guint number): it is not needed any more; "playing" (const QsCheck *): a client has come, and this is what is played;
 * "judged" (const QsCheckResult *): of a run, before the check may have come to its end; "result" (guint index): it has; "finished" ():
 * all have, or it was stopped.
 */
#define QS_TYPE_CLIENT_EXAMINATION (qs_client_examination_get_type ())
G_DECLARE_FINAL_TYPE (QsClientExamination, qs_client_examination, QS, CLIENT_EXAMINATION, GObject)

/* Copies. */
QsClientExamination *qs_client_examination_new (const QsClientExaminationOptions *options);
/* Once. FALSE with G_IO_ERROR: there is no such address to listen on. */
gboolean qs_client_examination_start (QsClientExamination *self, GError **error);
void qs_client_examination_stop (QsClientExamination *self); /* at once; "finished" follows from within */
/* The client of this number has ended by itself, or, crashed, of a signal: nobody is waited for, and the silence of one that crashed is
 * no virtue. */
void qs_client_examination_gone (QsClientExamination *self, guint number, gboolean crashed);
gboolean qs_client_examination_get_finished (QsClientExamination *self);
gboolean qs_client_examination_get_stopped (QsClientExamination *self);

GSocketAddress *
qs_client_examination_get_address (QsClientExamination *self); /* borrowed; NULL where clients are asked for */
GPtrArray *qs_client_examination_get_results (QsClientExamination *self); /* QsCheckResult, borrowed */
guint qs_client_examination_get_n_done (QsClientExamination *self);
guint qs_client_examination_get_n_connections (QsClientExamination *self);
void qs_client_examination_count (QsClientExamination *self, guint counts[QS_CHECK_N_VERDICTS]);

G_END_DECLS
