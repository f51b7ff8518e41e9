/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "diagnosis/qs-evidence.h"
#include "engine/qs-probe.h"

G_BEGIN_DECLS

/* How a run looks that waits, beside the ids of findings: what an experiment's row may name. */
#define QS_STALLED_SILENT "stalled-silent"             /* nothing came */
#define QS_STALLED_BEFORE_HELLO "stalled-before-hello" /* something came, and no ServerHello */
#define QS_STALLED_ACKED "stalled-acked"               /* besides: it said that it has the ClientHello, and no more */
#define QS_STALLED_AFTER_HELLO "stalled-after-hello"
#define QS_STALLED_ANSWER "stalled-answer" /* a request without a byte of an answer */

typedef enum {
  QS_EXPERIMENT_ATTEMPT,  /* a run of its own */
  QS_EXPERIMENT_VERSIONS, /* one long header of a version that does not exist, and more (stray) */
  QS_EXPERIMENT_TWIN,     /* nothing is sent: who else answers? */
} QsExperimentKind;

/* What counts as an answer to an attempt. */
typedef enum {
  QS_SIGN_ANYTHING,      /* any packet, or the TCP handshake */
  QS_SIGN_HELLO,         /* ServerHello: the ClientHello was taken */
  QS_SIGN_HELLO_AT_ONCE, /* the same, and nothing had to be sent twice for it */
  QS_SIGN_EXTENSIONS,    /* EncryptedExtensions, or TLS 1.2's ServerHello: ALPN was agreed on */
  QS_SIGN_TWO_SERVERS,   /* two that answer one beginning; one alone: not, once it was taken */
  QS_SIGN_DONE,          /* the handshake, confirmed */
  QS_SIGN_ANSWER,        /* an answer to a request, whole: one that only began tells neither way */
} QsExperimentSign;

/**
 * QsExperimentRow: one experiment: one thing changed, and what follows of its outcome.
 *
 * They are tried in the order of the table. decides: once it was answered, only those that come after it by name are
 * made. change() makes options, and may make another target, for the attempt; FALSE: there is nothing to change here.
 */
typedef struct {
  const char *id;
  QsExperimentKind kind;
  guint transports; /* bits of QsTransport */
  guint slot_ms;    /* how long an answer is waited for, at most */
  QsExperimentSign sign;
  gboolean decides;
  gboolean controlled; /* its answer proves nothing before the control has failed */
  gboolean control;    /* nothing is changed: an answer takes back what others have decided */
  const char *after;   /* only once that one was answered */
  guint lacks; /* bits of QsChoice, with after: and the answer has shown one that was not offered, or none at all */
  guint wide;  /* bits of QsWide: all that there is of these is offered */
  const char *argument;
  gboolean pair; /* VERSIONS: two of them at once, and an answer to each */
  guint stray;   /* VERSIONS: bytes of a datagram of no connection that goes with it; 0: none */
  gboolean (*change) (QsProbe *run, const char *argument, QsProbeOptions *options, QsTarget **target);
  /* Untranslated; a %s is what detail() says, where there is none the argument. */
  const char *answered, *failed;
  char *(*detail) (const QsEvidence *attempt, const QsEvidence *run); /* escaped; NULL: nothing known */
  const char *findings[14];
} QsExperimentRow;

extern const QsExperimentRow qs_experiment_rows[];
guint qs_experiment_n_rows (void);
gint qs_experiment_find_row (const char *id); /* -1: none */

/* Appends the ids of the errors that a run shows, and how one that waits looks (strings that stay). Returns whether a cause is known
 * that no experiment has a say in. */
gboolean qs_experiment_add_causes (const QsEvidence *evidence, gboolean stalled, GPtrArray *causes);
gboolean qs_experiment_row_has (const QsExperimentRow *row, const char *finding);
/* Whether an attempt came as far as the row wants: 1, 0, or -1 where that does not tell. */
gint qs_experiment_row_judge (const QsExperimentRow *row, const QsEvidence *attempt);

G_END_DECLS
