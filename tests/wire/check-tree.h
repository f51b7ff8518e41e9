/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/qs-field.h"

/* A place of definition: documents by number and section, drafts, and the few that have no document. */
#define REFERENCE                                                                 \
  "^(RFC [1-9][0-9]{2,4} (section [0-9]+(\\.[0-9]+)*|appendix [A-Z](\\.[0-9]+)*)" \
  "|draft-[a-z0-9-]+( section [0-9]+(\\.[0-9]+)*)?"                               \
  "|Google QUICHE|QUIC working group, Quantum Readiness test)$"

static inline gboolean
is_reference (const char *text)
{
  static GRegex *pattern; /* a fuzzer asks for it millions of times */

  if (pattern == NULL)
    pattern = g_regex_new (REFERENCE, G_REGEX_OPTIMIZE, 0, NULL);
  return text != NULL && g_regex_match (pattern, text, 0, NULL);
}

/* Every field says in a sentence what it is, and names where it is defined. */
static inline void
check_explained (const QsField *field)
{
  if (field->meaning == NULL || *field->meaning == '\0')
    g_error ("%s (%s): no sentence says what it is", field->name, field->value);
  if (!is_reference (field->reference))
    g_error ("%s (%s): %s is no place of definition", field->name, field->value, field->reference);
  if (!g_str_has_suffix (field->meaning, "."))
    g_error ("%s: “%s” is no sentence", field->name, field->meaning);
}

/* Checks a tree of fields: each range lies within its parent's, texts are UTF-8, meanings, references and values
 * are there. Returns how many fields there are. */
static inline guint
check_tree (const QsField *field, guint64 start, guint64 end)
{
  guint n_fields = 1;

  g_assert_nonnull (field);
  g_assert_cmpuint (field->offset, >=, start);
  g_assert_cmpuint ((guint64) field->offset + field->length, <=, end);
  g_assert_true (g_utf8_validate (field->name, -1, NULL));
  g_assert_true (g_utf8_validate (field->value, -1, NULL));
  check_explained (field);
  for (guint i = 0; field->children != NULL && i < field->children->len; i++)
    n_fields +=
        check_tree (g_ptr_array_index (field->children, i), field->offset, (guint64) field->offset + field->length);
  return n_fields;
}
