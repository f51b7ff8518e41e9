/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "diagnosis/qs-evidence.h"
#include "diagnosis/qs-finding.h"

G_BEGIN_DECLS

#define QS_MOST_TRIES 5

/* What a rule's match function says of a hit. All but has_error and words are the rule's own at first. */
typedef struct {
  QsSeverity severity;
  QsCertainty certainty;
  QsParty who;
  const char *title; /* an untranslated template */
  const char *detail;
  const char *const *tries; /* untranslated templates, NULL at the end */
  const char *reference;
  gint64 packet;       /* the one that shows it best */
  GPtrArray *evidence; /* QsFindingEvidence; where it stays empty, packet (unless -1) is all the evidence there is */
  gboolean has_error;  /* an earlier rule of the table has named an error that the run may have failed of */
  GHashTable *words;   /* {name} in the templates -> text */
} QsMatch;

/* Takes text; NULL counts as empty. Text is escaped already. */
void qs_match_take (QsMatch *match, const char *name, char *text);
void qs_match_set (QsMatch *match, const char *name, const char *text);
void qs_match_number (QsMatch *match, const char *name, guint64 number);

/* What shows it. what is taken; NULL describes the packet by itself: "Initial 0 from the server: ACK, CRYPTO". A packet
 * of -1, a message or a mark that is NULL adds nothing. */
void qs_match_add_packet (QsMatch *match, const QsEvidence *evidence, gint64 packet, char *what);
void qs_match_add_message (QsMatch *match, const QsEvidence *evidence, const QsTraceMessage *message);
void qs_match_add_mark (QsMatch *match, const QsEvidence *evidence, const QsMark *mark, char *what);
void qs_match_add_moment (QsMatch *match, gint64 time, char *what); /* neither of them */
/* How it was closed, and by whom; its packet becomes the match's. Adds nothing where no close is known. */
void qs_match_add_close (QsMatch *match, const QsEvidence *evidence);

/* The mark of an experiment that came to that value (1: answered, 0: failed as well); NULL: it did not, or was not made. */
const QsMark *qs_experiment_find (const QsEvidence *evidence, const char *id, gint64 value);
/* A client's first attempt that came to nothing before the server's ServerHello. */
gboolean qs_evidence_is_without_hello (const QsEvidence *evidence);
/* Another thing was answered: that proves something where the same as at first fails once more. FALSE: it does not. */
gboolean qs_match_add_control (const QsEvidence *evidence, QsMatch *match);

typedef gboolean (*QsMatchFunc) (const QsEvidence *evidence, QsMatch *match);

/**
 * QsRule: one row of the catalogue.
 *
 * title, detail and tries are N_() templates with {words} that the match function filled in, so that a translator may
 * move them about. Always there: {host}, {address}. A row that does not say how certain it is, is but possible. Of the
 * tries one that expands to nothing is left out.
 */
typedef struct {
  const char *id;
  QsSeverity severity;
  const char *reference;
  const char *title;
  const char *detail;
  QsMatchFunc match;
  QsCertainty certainty;
  QsParty who;
  const char *tries[QS_MOST_TRIES + 1];
} QsRule;

/* The catalogue as it stands, row by row, in the order in which they are tried; several rows may be of one id. NULL: past the last. */
const QsRule *qs_rule_get (guint n);

/* A ClientHello with a post-quantum key share beside another's. NULL has none. */
gboolean qs_hello_has_hybrid_share (const QsTraceMessage *hello);

/* What was offered for the key exchange and of cipher suites, as far as it can be read: of many the number (transfer full). */
char *qs_offer_text (const QsEvidence *evidence);

/* The table in its parts, in the order in which they are tried. */
extern const QsRule qs_rules_spread[], qs_rules_decided[], qs_rules_offer[], qs_rules_network[], qs_rules_answer[],
    qs_rules_certificate[], qs_rules_client[], qs_rules_large[], qs_rules_handshake[], qs_rules_opening[],
    qs_rules_cut[], qs_rules_http3[], qs_rules_stalled[], qs_rules_http[], qs_rules_close[], qs_rules_path[],
    qs_rules_file[], qs_rules_rest[];

G_END_DECLS
