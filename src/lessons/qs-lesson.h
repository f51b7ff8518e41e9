/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-probe.h"
#include "study/qs-study.h"
#include "trace/qs-filter.h"

G_BEGIN_DECLS

/**
 * QsLesson:
 *
 * A lesson as its file says it (data/lessons/README.md is the format): runs that the lab makes, and pages that explain
 * them. Immutable, reference counted. Texts are in the reader's language as far as the file has it; those named markup
 * are Pango's, with <b> and <tt> alone.
 */
typedef struct _QsLesson QsLesson;

/* What stands beside a page's text. */
typedef enum {
  QS_LESSON_SHOW_SEQUENCE, /* the run's sequence diagram, as far as the page's moment */
  QS_LESSON_SHOW_STEPS,    /* the handshake step by step */
  QS_LESSON_SHOW_STREAMS,  /* the streams with their states */
  QS_LESSON_SHOW_NOTHING,
  QS_LESSON_SHOW_BLOCKING, /* a frame of another process that connects to the run's server; a blocking call freezes it */
  QS_N_LESSON_SHOWS
} QsLessonShow;

/* What a run asks the lab and the probe for. NULL and zero: nothing unusual. */
typedef struct {
  char **scenarios;
  char *path; /* an impairment of the server's socket, as qs_impairment_new() takes it */
  gboolean tls;
  gboolean no_retry;
  char *request; /* NULL: none */
  char **alpn;
  char *groups;
  char *ciphersuites;
  char *sni;
  gboolean insecure;  /* goes on after a verify error */
  gboolean hold;      /* stays connected until the server ends it, or the time is over */
  guint timeout_ms;   /* the run ends then at the latest */
  GPtrArray *streams; /* GBytes: what each of the streams that are opened once connected sends and is concluded with */
  gboolean keyless;   /* what is shown was recorded on the way, and none of its keys are known */
  char **
      programs; /* recipes (tap/qs-tap-recipe.h): the first that is there makes the run, and is watched; NULL: the probe */
} QsLessonSetup;

/* Holds or not, for a trace. */
typedef struct {
  QsFilter *packets; /* NULL: not about packets */
  char *packets_text;
  guint min, max; /* how many of them */
  char *finding;  /* an id, NULL: not about findings */
  char *fact;     /* a fact's name, NULL: not about facts */
  char *value;    /* what it has to be */
} QsLessonCondition;

typedef struct {
  char *markup;
  QsLessonCondition when; /* it is right if this holds */
} QsLessonChoice;

typedef struct {
  char *markup;
  GPtrArray *choices; /* QsLessonChoice */
  char *proof_markup; /* what the trace shows; NULL: nothing to add */
  QsFilter *proof;    /* the packets that prove it; NULL: those of the choice that is right */
} QsLessonQuestion;

typedef struct {
  guint line;        /* in the file */
  char *title;       /* plain text; may be NULL */
  char *markup;      /* paragraphs, apart by empty lines */
  int run;           /* an index into the lesson's runs; -1: none is shown */
  char *at;          /* as written; NULL: where the page before stood */
  QsFilter *stop;    /* at is a filter: the first packet behind the moment before that it matches */
  const char *event; /* at is the name of an event: see qs_lesson_events() */
  QsLessonShow show;
  QsLessonQuestion *question; /* NULL: none */
} QsLessonPage;

/* text: the whole file. name: of the lesson ("handshake"). file: for messages. languages: as g_get_language_names() says them.
 * NULL with QS_ERROR_PARSE: "FILE:LINE: " and translated sentences that say what to do. */
QsLesson *qs_lesson_parse (const char *text, gsize length, const char *name, const char *file,
                           const char *const *languages, GError **error);
/* A file's name without its ending is the lesson's. */
QsLesson *qs_lesson_load (const char *path, const char *const *languages, GError **error);
QsLesson *qs_lesson_ref (QsLesson *self);
void qs_lesson_unref (QsLesson *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsLesson, qs_lesson_unref)

const char *qs_lesson_get_name (const QsLesson *self);
const char *qs_lesson_get_title (const QsLesson *self);   /* plain text */
const char *qs_lesson_get_summary (const QsLesson *self); /* plain text, "" for none */
int qs_lesson_get_order (const QsLesson *self);
const char *qs_lesson_get_file (const QsLesson *self);
guint qs_lesson_get_n_runs (const QsLesson *self);
const QsLessonSetup *qs_lesson_get_run (const QsLesson *self, guint index);
guint qs_lesson_get_n_pages (const QsLesson *self);
const QsLessonPage *qs_lesson_get_page (const QsLesson *self, guint index);

/* --- Moments: where a page stands in the trace of its run --- */

typedef struct {
  gboolean found; /* what the page waits for came */
  gint64 time;    /* trace time; G_MAXINT64: the whole picture */
  gint64 packet;  /* the one that the page is about, -1: none */
} QsLessonMoment;

/* Of the pages of one run, in order: as many as there are pages in the lesson (others' are zero). GArray of QsLessonMoment. */
GArray *qs_lesson_find_moments (const QsLesson *self, int run, QsTrace *trace);
/* Names for `at` that are no filters: NULL-terminated. */
const char *const *qs_lesson_events (void);

gboolean qs_lesson_condition_holds (const QsLessonCondition *condition, QsStudy *study);
/* The choice that is right for this trace: -1 when none is, or more than one. */
int qs_lesson_question_answer (const QsLessonQuestion *question, QsStudy *study);
/* The packets that prove the answer: GArray of guint32, may be empty. */
GArray *qs_lesson_question_proof (const QsLessonQuestion *question, QsStudy *study);

G_END_DECLS
