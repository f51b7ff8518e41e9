/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "checks/qs-card-text.h"

G_BEGIN_DECLS

/**
 * QsCheckList: the checks of a card as rows below the names of their categories, searched and filtered.
 *
 * Signals: "reset" (): all rows are others; take the model off its view and put it back. What comes of a check changes its row alone.
 */
#define QS_TYPE_CHECK_LIST (qs_check_list_get_type ())
G_DECLARE_FINAL_TYPE (QsCheckList, qs_check_list, QS, CHECK_LIST, GObject)

typedef enum {
  QS_CHECK_COLUMN_TITLE,   /* of a category: its name */
  QS_CHECK_COLUMN_VERDICT, /* in words; of a category: how far it is, or how many are faults */
  QS_CHECK_COLUMN_CHANGE,  /* beside an earlier card: "was: pass" */
  QS_CHECK_COLUMN_ID,
  QS_CHECK_COLUMN_INDEX, /* int: of the result; -1: a category */
  QS_CHECK_COLUMN_STATE, /* int: a QsCheckVerdict; QS_CHECK_STATE_WAITING: not yet; -1: a category */
  QS_CHECK_COLUMN_WEIGHT,
  QS_CHECK_N_COLUMNS
} QsCheckColumn;

#define QS_CHECK_STATE_WAITING QS_CHECK_N_VERDICTS
#define QS_CHECK_N_STATES (QS_CHECK_N_VERDICTS + 1)
const char *qs_check_state_icon_name (guint state); /* one shape each: colour is never alone */
const char *qs_check_state_css_class (guint state);

/* What is shown. The verdicts themselves stand behind these. */
typedef enum {
  QS_CHECKS_ALL,
  QS_CHECKS_FAULTS,  /* fail, warn and contested */
  QS_CHECKS_CHANGED, /* otherwise than on the earlier card */
  QS_CHECKS_OF_VERDICT
} QsChecksShown;

QsCheckList *qs_check_list_new (void);
GtkTreeModel *qs_check_list_get_model (QsCheckList *self);
/* examination: NULL for none. earlier: borrowed until another one is set; NULL: none. */
void qs_check_list_set_card (QsCheckList *self, QsExamination *examination, const QsCardRecord *earlier);
/* shown: QS_CHECKS_OF_VERDICT plus a verdict for that one alone. category: QS_N_CATEGORIES for all. words: each has to be in the
 * check's id, title, reference or what was found, whatever its case. */
void qs_check_list_filter (QsCheckList *self, guint shown, guint category, const char *words);
void qs_check_list_update (QsCheckList *self, guint index); /* its result is another one */

gboolean qs_check_list_is_compared (QsCheckList *self); /* there is an earlier card */
guint qs_check_list_get_n_shown (QsCheckList *self);    /* checks */
/* FALSE: it is not shown. */
gboolean qs_check_list_find (QsCheckList *self, guint index, GtkTreeIter *iter);
/* How many checks differ from the earlier card: change is a QsCardChange. */
guint qs_check_list_count_changes (QsCheckList *self, QsCardChange change);

G_END_DECLS
