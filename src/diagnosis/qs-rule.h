/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "diagnosis/qs-evidence.h"
#include "diagnosis/qs-finding.h"

G_BEGIN_DECLS

/* What a rule's match function says of a hit. */
typedef struct {
  QsSeverity severity; /* the rule's own at first */
  const char *title;   /* the rule's own at first: an untranslated template */
  const char *detail;
  gint64 packet;
  gboolean has_error; /* an earlier rule of the table has named an error that the run may have failed of */
  GHashTable *words;  /* {name} in the templates -> text */
} QsMatch;

/* Takes text; NULL counts as empty. Text is escaped already. */
void qs_match_take (QsMatch *match, const char *name, char *text);
void qs_match_set (QsMatch *match, const char *name, const char *text);
void qs_match_number (QsMatch *match, const char *name, guint64 number);

typedef gboolean (*QsMatchFunc) (const QsEvidence *evidence, QsMatch *match);

/**
 * QsRule: one row of the catalogue.
 *
 * title and detail are N_() templates with {words} that the match function filled in, so that a translator may
 * move them about. Always there: {host}, {address}.
 */
typedef struct {
  const char *id;
  QsSeverity severity;
  const char *reference;
  const char *title;
  const char *detail;
  QsMatchFunc match;
} QsRule;

/* The table in its parts, in the order in which they are tried. */
extern const QsRule qs_rules_network[], qs_rules_certificate[], qs_rules_handshake[], qs_rules_close[], qs_rules_path[],
    qs_rules_rest[];

G_END_DECLS
