/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef enum { QS_MANUAL_HEADING, QS_MANUAL_PARAGRAPH, QS_MANUAL_PICTURE } QsManualKind;

/* What is laid out as one: a heading, a paragraph, or a picture made of text, whose blanks and lines count. */
typedef struct {
  QsManualKind kind;
  guint level;   /* of a heading: 0 the page's, 1 a section's; else how deep in lists it is */
  gboolean note; /* inside a note */
  gboolean term; /* what the paragraphs behind it explain */
  char *bullet;  /* "•" or "3.", NULL: none */
  char *section; /* of a heading: its id, for links; NULL: none */
  char *markup;  /* Pango's; links lead to "help:PAGE", "help:PAGE#SECTION" or to the web */
  char *text;    /* the same without markup */
} QsManualBlock;

/* A page as it was read: owned by its manual. */
typedef struct {
  char *id;
  char *title;       /* plain text */
  char *desc;        /* plain text, may be empty */
  GPtrArray *blocks; /* QsManualBlock; the first is the page's heading */
  GPtrArray *guides; /* char *, "PAGE" or "PAGE#SECTION": where it wants to be listed */
  GPtrArray *near;   /* char *, ids of pages */
  char *folded;      /* all its words, casefolded, for the search */
} QsManualPage;

/* One page of Mallard 1.0, of the elements that the help has (data/help/README.md). NULL with QS_ERROR_PARSE and the line. */
QsManualPage *qs_manual_page_new (const char *xml, gsize length, GError **error);
void qs_manual_page_free (QsManualPage *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsManualPage, qs_manual_page_free)

/**
 * QsManual: the pages of the built-in help, the same that yelp shows. Read once, from share/help/LANGUAGE/quicscope: of a
 * page that the reader's language lacks the English one. It does not change, so it may be made in a thread.
 */
typedef struct _QsManual QsManual;

/* folder: NULL for the installed pages, or those of QS_HELPDIR (a folder with C/quicscope in it). NULL: there are none. */
QsManual *qs_manual_new (const char *folder, const char *const *languages, GError **error);
QsManual *qs_manual_ref (QsManual *self);
void qs_manual_unref (QsManual *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsManual, qs_manual_unref)

GPtrArray *qs_manual_get_pages (QsManual *self); /* QsManualPage, by title; owned by the manual */
const QsManualPage *qs_manual_find (QsManual *self, const char *id);
/* Those that want to be listed at a page's section (NULL: at the page itself), by title; owned by the caller. */
GPtrArray *qs_manual_get_topics (QsManual *self, const char *page, const char *section);
/* Those that hold each word, wherever it stands; in the title before in the text. Owned by the caller. */
GPtrArray *qs_manual_search (QsManual *self, const char *words);

/* Where yelp finds the pages: TRUE if one of the desktop's data folders has them. */
gboolean qs_manual_is_installed (void);

G_END_DECLS
