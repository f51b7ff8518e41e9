/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/qs-field.h"

/* Checks a tree of fields: each range lies within its parent's, texts are UTF-8, meanings and values
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
  for (guint i = 0; field->children != NULL && i < field->children->len; i++)
    n_fields +=
        check_tree (g_ptr_array_index (field->children, i), field->offset, (guint64) field->offset + field->length);
  return n_fields;
}
