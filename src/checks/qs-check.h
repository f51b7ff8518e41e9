/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "checks/qs-sight.h"
#include "checks/qs-tcp-run.h"
#include "craft/qs-craft-run.h"

G_BEGIN_DECLS

/* What a check found. The order is that of how much it matters. */
typedef enum {
  QS_CHECK_NOT_TESTED, /* and why; lowers nothing */
  QS_CHECK_PASS,
  QS_CHECK_INFO,
  QS_CHECK_CONTESTED, /* readings of the text differ: shown, not graded */
  QS_CHECK_WARN,
  QS_CHECK_FAIL,
  QS_CHECK_N_VERDICTS
} QsCheckVerdict;
const char *
qs_check_verdict_name (QsCheckVerdict verdict); /* "not-tested", "pass", "info", "contested", "warn", "fail" */
const char *qs_check_verdict_title (QsCheckVerdict verdict); /* translated */

typedef enum {
  QS_CATEGORY_VERSIONS,
  QS_CATEGORY_ADDRESS,
  QS_CATEGORY_TLS,
  QS_CATEGORY_PARAMETERS,
  QS_CATEGORY_FRAMES,
  QS_CATEGORY_PATH,
  QS_CATEGORY_HTTP3,
  QS_CATEGORY_QPACK,
  QS_CATEGORY_TCP,
  QS_N_CATEGORIES
} QsCheckCategory;
const char *qs_check_category_name (QsCheckCategory category);  /* "versions": of the command line and the JSON */
const char *qs_check_category_title (QsCheckCategory category); /* translated */

/* The five marks below the letter. */
typedef enum {
  QS_MARK_OF_REACH,
  QS_MARK_OF_SECURITY,
  QS_MARK_OF_ADDRESS,
  QS_MARK_OF_CONFORMANCE,
  QS_MARK_OF_MOBILITY,
  QS_N_CARD_MARKS
} QsCardMark;
const char *qs_card_mark_name (QsCardMark mark);  /* "reach" */
const char *qs_card_mark_title (QsCardMark mark); /* translated */

/* What letter a fail allows at best, as SSL Labs caps its grades. */
typedef enum {
  QS_GRADE_NONE,
  QS_GRADE_F,
  QS_GRADE_T,
  QS_GRADE_M,
  QS_GRADE_C,
  QS_GRADE_B,
  QS_GRADE_A_MINUS,
  QS_GRADE_A,
  QS_GRADE_A_PLUS
} QsGrade;
const char *qs_grade_text (QsGrade grade); /* "A+", "A", "A-", "B", "C", "M", "T", "F", "-" */

typedef enum {
  QS_CHECK_ILLEGAL =
      1 << 0, /* sends what no honest client sends: only to loopback, private addresses, and with consent */
  QS_CHECK_HTTP3 = 1 << 1,        /* the server speaks h3 */
  QS_CHECK_SHOULD = 1 << 2,       /* the text says SHOULD: a fail counts as a warning */
  QS_CHECK_IS_CONTESTED = 1 << 3, /* a fail counts as contested */
  QS_CHECK_MAY = 1 << 4,          /* the text leaves it open: a fail is told, and no more */
  QS_CHECK_LAST = 1 << 5,         /* when all others are done */
  QS_CHECK_BESIDE = 1 << 7,       /* of TCP beside QUIC, and not of TCP alone */
  QS_CHECK_SPARE = 1 << 6,        /* the server need not react: passing it over is as good as closing */
  QS_CHECK_ALONE = 1 << 8,        /* made also where something answers and no handshake comes to its end */
} QsCheckFlags;

typedef struct _QsCheck QsCheck;

/* What a judge says; text is translated, escaped where it has words of the peer, and owned by the result. */
typedef struct {
  QsCheckVerdict verdict;
  char *text;
  QsGrade cap;     /* QS_GRADE_NONE: the check's own */
  GArray *packets; /* guint: what shows it, in order; never NULL */
} QsJudgement;

typedef void (*QsCheckJudge) (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);

struct _QsCheck {
  const char *id; /* "F4": stable */
  QsCheckCategory category;
  QsCardMark mark;
  const char *title;     /* N_(): what is sent, and what has to come */
  const char *reference; /* "RFC 9000 section 12.4" */
  QsCheckFlags flags;
  QsGrade cap;
  const QsCraftStep *script; /* checks with the same one share a run; NULL: of one over TCP */
  QsCheckJudge judge;
  guint64 codes[3];      /* that a close may bear, beside the generic ones; 0 ends them */
  const char *readings;  /* N_(): of a contested one: how it is read, and by whom; NULL */
  const QsTcpPlan *plan; /* over TCP, in place of a script; likewise shared */
  const char *untested;  /* N_(): why it is not made, in place of both */
};

/* All there are, in order. */
const QsCheck *const *qs_checks_get (guint *n_checks);
const QsCheck *qs_checks_find (const char *id); /* NULL when there is none */

/* (transfer full): const QsCheck *, once each: those that a list of ids and names of categories names, separated by commas or spaces,
 * whatever their case: "F4, http3". NULL with QS_ERROR_INVALID_TARGET: it names none, or what there is not. */
GPtrArray *qs_checks_choose (const char *list, GError **error);

void qs_judgement_clear (QsJudgement *judgement);

G_END_DECLS
