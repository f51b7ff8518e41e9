/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the lesson parser share: qs-lesson-parse.c drives GMarkup, qs-lesson-elements.c has the table of
 * elements, qs-lesson-values.c reads attributes, qs-lesson-texts.c picks the reader's language. */
#pragma once

#include "base/qs-error.h"
#include "lessons/qs-lesson-private.h"

G_BEGIN_DECLS

#define QS_LESSON_MAX_PARTS 200 /* pages, runs, streams, choices: of each */
#define QS_LESSON_MAX_BYTES (16 * 1024 * 1024)
#define QS_LESSON_MAX_ATTRIBUTES 12
#define QS_LESSON_INSIDE(place) (1u << (place))

/* Where the parser stands. */
typedef enum {
  QS_LESSON_IN_NOTHING,
  QS_LESSON_IN_LESSON,
  QS_LESSON_IN_RUN,
  QS_LESSON_IN_STREAM,
  QS_LESSON_IN_PAGE,
  QS_LESSON_IN_QUESTION,
  QS_LESSON_IN_TITLE,
  QS_LESSON_IN_SUMMARY,
  QS_LESSON_IN_PARAGRAPH,
  QS_LESSON_IN_ASK,
  QS_LESSON_IN_CHOICE,
  QS_LESSON_IN_PROOF,
} QsLessonPlace;

/* A text in the reader's language: the best of those that were written one after the other. */
typedef struct {
  guint rank; /* index into the languages; less is better */
  char *text;
} QsLessonText;

typedef struct {
  GMarkupParseContext *context;
  const char *const *languages;
  guint own_rank; /* of what bears no xml:lang */
  QsLesson *lesson;
  QsLessonPlace stack[8];
  guint depth;
  guint room;          /* for the bytes of streams */
  GString *text;       /* of the element that is open */
  guint rank;          /* of its language; G_MAXUINT: not for this reader */
  gboolean translated; /* it bears an xml:lang: it stands for what is before it */
  QsLessonPage *page;
  QsLessonChoice *choice;
  QsFilter *packets; /* the question's, for its choices */
  char *packets_text;
  GArray *paragraphs; /* QsLessonText, of the page */
  QsLessonText title, lesson_title, summary, ask, proof, choice_text;
} QsLessonParser;

typedef struct QsLessonElement QsLessonElement;
struct QsLessonElement {
  const char *name;
  QsLessonPlace place;
  guint parents; /* 1 << QsLessonPlace */
  gboolean has_text;
  void (*begin) (QsLessonParser *parser, const char **values, GError **error);
  void (*end) (QsLessonParser *parser, GError **error);
  const char *attributes[QS_LESSON_MAX_ATTRIBUTES];
};

/* The first error stands. */
void qs_lesson_fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

extern const QsLessonElement qs_lesson_elements[];
extern const guint qs_lesson_n_elements;

/* --- Texts --- */

void qs_lesson_text_clear (gpointer text);
/* Takes what the open element says if nothing better was said for the same place. */
void qs_lesson_text_take (QsLessonParser *parser, QsLessonText *slot, gboolean markup);
/* Of a language for this reader, G_MAXUINT: none of the reader's. */
guint qs_lesson_text_rank (QsLessonParser *parser, const char *language);

/* --- Attributes: values as the table of elements orders them, NULL where there is none --- */

gboolean qs_lesson_read_uint (const char *text, guint max, guint *number);
QsFilter *qs_lesson_read_filter (const char *attribute, const char *text, GError **error);
void qs_lesson_read_run (QsLessonSetup *setup, const char **values, GError **error);
/* room: how many bytes the streams of the lesson may still have. */
void qs_lesson_read_stream (QsLessonSetup *setup, guint *room, const char **values, GError **error);
void qs_lesson_read_page (QsLessonPage *page, const char **values, GError **error);
/* packets: the question's, NULL for none; packets_text: as it was written. */
void qs_lesson_read_condition (QsLessonCondition *when, QsFilter *packets, const char *packets_text,
                               const char **values, GError **error);

G_END_DECLS
