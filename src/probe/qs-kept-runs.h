/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-probe.h"

G_BEGIN_DECLS

/**
 * The list of a session's runs, as a session file holds it (QS_KEPT_LIST) beside a recording for each: JSON (RFC 8259), whose
 * members a reader that does not know them passes over. What a run saw is in its recording and nowhere else; the list has what
 * a person did with it: the target and the options as they were asked for, the name and the note.
 */

#define QS_KEPT_LIST "session.json"
#define QS_KEPT_VERSION 1
#define QS_KEPT_MOST_RUNS 1000
#define QS_KEPT_MOST_TEXT 65536       /* bytes of one string */
#define QS_KEPT_MOST_LIST (16u << 20) /* bytes of the list */

/* How it ended, as it is written. */
typedef enum {
  QS_KEPT_FILE, /* a recording that was opened, with no run of ours */
  QS_KEPT_SUCCEEDED,
  QS_KEPT_FAILED,
  QS_KEPT_STOPPED,
  QS_N_KEPT_OUTCOMES
} QsKeptOutcome;

typedef struct {
  char *recording; /* the name of its file, without a folder; never NULL */
  char *other;     /* of the other end's, NULL: none */
  char *title;     /* as it was shown; never NULL */
  char *name;      /* that a person gave it, NULL: none */
  char *note;      /* NULL: none */
  char *target;    /* NULL: a recording that was opened */
  char *scenario;  /* of the built-in server that it was made with, NULL: another server */
  gint64 started;  /* Unix time in seconds */
  QsKeptOutcome outcome;
  QsProbeOptions *options; /* NULL where there is no target */
} QsKeptRun;

QsKeptRun *qs_kept_run_new (void);
void qs_kept_run_free (QsKeptRun *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsKeptRun, qs_kept_run_free)

/* A name that may be a file's of a session: letters, digits, "-" and "." behind a letter, and no longer than 64. So it leads out of no folder. */
gboolean qs_kept_is_name (const char *name);

/* runs: QsKeptRun. The text of the list; owned by the caller. */
char *qs_kept_runs_to_text (GPtrArray *runs);

/**
 * qs_kept_runs_from_text:
 * @text: (not nullable): may hold anything
 *
 * Reads a list. A member that is not what it has to be is an error, as is a list of a newer kind, so that nothing is made up.
 *
 * Returns: (transfer full): QsKeptRun; or %NULL with QS_ERROR_PARSE, _UNSUPPORTED or _TOO_LARGE and a translated sentence
 */
GPtrArray *qs_kept_runs_from_text (const char *text, gsize length, GError **error);

G_END_DECLS
