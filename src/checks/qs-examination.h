/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "checks/qs-check-result.h"
#include "net/qs-target.h"

G_BEGIN_DECLS

/* Whose server it is: what is graded differs. */
typedef enum {
  QS_PROFILE_PUBLIC,  /* a public web site: the certificate has to be everybody's */
  QS_PROFILE_PRIVATE, /* one's own: whom it trusts is its own affair */
  QS_N_PROFILES
} QsProfile;
const char *qs_profile_name (QsProfile profile); /* "public", "private" */
gboolean qs_profile_from_name (const char *name, QsProfile *profile);

typedef struct {
  char **alpn;          /* NULL: the target's */
  char *sni;            /* NULL: the host; "": none */
  char *ca_file;        /* trust these instead of the system's */
  char **resolve;       /* "HOST:PORT:ADDR" */
  char *dns_server;     /* asked for HTTPS records, as QsProbeOptions has it */
  char *impairment;     /* what the path does to datagrams; NULL: nothing */
  guint16 http_port;    /* of plain HTTP; 0: 80 beside 443, else there is none */
  GSocketFamily family; /* G_SOCKET_FAMILY_INVALID: either */
  QsProfile profile;
  gboolean own; /* the person says that the server is theirs: illegal packets may go to any address */
  gboolean ask; /* there is somebody to be asked that: see "consent" */
  gboolean (*is_private) (GSocketAddress *address); /* where they may go unasked; NULL: qs_examination_is_private() */
  GPtrArray *checks;                                /* const QsCheck *: these alone; NULL: all */
} QsExaminationOptions;

/**
 * QsExamination: all checks of a server, some at a time, at a bounded rate. A fail counts when three of three runs came to it;
 * a warning when two did.
 *
 * Signals: "result" (guint index): a check has come to an end; "consent" (): wrong packets would go to an address that is not private,
 * and nothing is sent to it before qs_examination_answer(); "finished" (): all have come to an end, or it was stopped.
 */
#define QS_TYPE_EXAMINATION (qs_examination_get_type ())
G_DECLARE_FINAL_TYPE (QsExamination, qs_examination, QS, EXAMINATION, GObject)

/* Copies. */
QsExamination *qs_examination_new (QsTarget *target, const QsExaminationOptions *options);
/* Once. FALSE with QS_ERROR_SSL or QS_ERROR_INVALID_TARGET: a file or list that cannot be used. */
gboolean qs_examination_start (QsExamination *self, GError **error);
void qs_examination_stop (QsExamination *self); /* at once; "finished" follows from within */
/* To "consent". own: the server is theirs; else wrong packets are left out. */
void qs_examination_answer (QsExamination *self, gboolean own);
gboolean qs_examination_get_asking (QsExamination *self);
/* One check once more, when all are finished: "result" and "finished" follow again. Stopped before it came to anything, what it came
 * to before stands. FALSE: the server was not reached, or it sends what may not be sent there. */
gboolean qs_examination_repeat (QsExamination *self, guint index);
gboolean qs_examination_can_repeat (QsExamination *self, guint index);
gboolean qs_examination_get_finished (QsExamination *self);
gboolean qs_examination_get_stopped (QsExamination *self);

QsTarget *qs_examination_get_target (QsExamination *self);
QsProfile qs_examination_get_profile (QsExamination *self);
const char *qs_examination_get_address (QsExamination *self); /* "127.0.0.1:4433"; NULL: not known */
gint64 qs_examination_get_began (QsExamination *self);        /* real time in microseconds; 0: it has not begun */
const char *qs_examination_get_failure (QsExamination *self); /* why nothing was tested at all; NULL */
gboolean qs_examination_sends_illegal (QsExamination *self);
guint qs_examination_get_n_results (QsExamination *self);
const QsCheckResult *qs_examination_get_result (QsExamination *self, guint index);
GPtrArray *qs_examination_get_results (QsExamination *self); /* QsCheckResult, borrowed */
guint qs_examination_get_n_done (QsExamination *self);

/* Of the machine itself, or of a network that is not the public one (RFC 1918, RFC 4193, RFC 3927, RFC 4291): wrong packets may go there. */
gboolean qs_examination_is_private (GSocketAddress *address);

/* Grades, when finished. */
typedef struct {
  QsGrade grade;      /* QS_GRADE_NONE: nothing to grade */
  QsGrade if_trusted; /* what it would be if the certificate were in order */
  QsGrade marks[QS_N_CARD_MARKS];
  guint counts[QS_CHECK_N_VERDICTS];
} QsCard;
void qs_examination_grade (QsExamination *self, QsCard *card);

G_END_DECLS
