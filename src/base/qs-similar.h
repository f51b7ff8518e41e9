/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * QsSimilar: the name among many that a mistyped word is nearest to, for "did you mean …".
 *
 * Feed it the names one by one; the distance is Levenshtein's, in bytes, case ignored.
 */
typedef struct {
  const char *word;
  const char *best; /* NULL: nothing near enough */
  guint distance;
} QsSimilar;

/* word is borrowed. */
void qs_similar_init (QsSimilar *similar, const char *word);
/* name is borrowed. Of two that are equally near the first one stays. */
void qs_similar_add (QsSimilar *similar, const char *name);

G_END_DECLS
