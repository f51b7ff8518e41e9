/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-similar.h"

#include <string.h>

#define MAX_LENGTH 64 /* names are short; who types more has not mistyped one */

void
qs_similar_init (QsSimilar *similar, const char *word)
{
  g_return_if_fail (similar != NULL && word != NULL);

  /* A third of its letters wrong is still a slip; more is another word. */
  *similar = (QsSimilar){ .word = word, .distance = (guint) MIN (strlen (word), MAX_LENGTH) / 3 + 2 };
}

/* One row of the table of distances at a time. */
static guint
distance_of (const char *a, gsize a_length, const char *b, gsize b_length)
{
  guint row[MAX_LENGTH + 1];

  for (guint j = 0; j <= b_length; j++)
    row[j] = j;
  for (guint i = 1; i <= a_length; i++)
    {
      guint diagonal = row[0];
      row[0] = i;
      for (guint j = 1; j <= b_length; j++)
        {
          guint change = diagonal + (g_ascii_tolower (a[i - 1]) != g_ascii_tolower (b[j - 1]));
          diagonal = row[j];
          row[j] = MIN (change, MIN (row[j], row[j - 1]) + 1);
        }
    }
  return row[b_length];
}

void
qs_similar_add (QsSimilar *similar, const char *name)
{
  g_return_if_fail (similar != NULL && name != NULL);

  gsize word_length = strlen (similar->word), name_length = strlen (name);
  if (word_length > MAX_LENGTH || name_length > MAX_LENGTH)
    return;
  /* A part of a name, as "retry" of "hello-retry-request", counts as near too; nearer is what differs in less. */
  guint distance = distance_of (similar->word, word_length, name, name_length);
  if (word_length >= 4 && strstr (name, similar->word) != NULL)
    distance = MIN (distance, 1);
  if (distance >= similar->distance)
    return;
  similar->distance = distance;
  similar->best = name;
}
