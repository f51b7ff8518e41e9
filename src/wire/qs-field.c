/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-field.h"

QsField *
qs_field_new (const char *name, QsFieldSpace space, gsize offset, gsize length)
{
  g_return_val_if_fail (name != NULL, NULL);

  QsField *field = g_new0 (QsField, 1);
  field->name = g_strdup (name);
  field->value = g_strdup ("");
  field->space = space;
  field->offset = (guint32) MIN (offset, G_MAXUINT32);
  field->length = (guint32) MIN (length, G_MAXUINT32 - field->offset);
  return field;
}

QsField *
qs_field_take_value (QsField *field, char *value)
{
  g_return_val_if_fail (field != NULL, NULL);

  g_free (field->value);
  field->value = value != NULL ? value : g_strdup ("");
  return field;
}

QsField *
qs_field_explain (QsField *field, const char *meaning, const char *reference)
{
  g_return_val_if_fail (field != NULL, NULL);

  field->meaning = meaning;
  field->reference = reference;
  return field;
}

QsField *
qs_field_add (QsField *parent, QsField *child)
{
  g_return_val_if_fail (parent != NULL && child != NULL, child);

  if (parent->children == NULL)
    parent->children = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_field_free);
  g_ptr_array_add (parent->children, child);
  return child;
}

void
qs_field_free (QsField *field)
{
  if (field == NULL)
    return;
  g_clear_pointer (&field->children, g_ptr_array_unref);
  g_free (field->name);
  g_free (field->value);
  g_free (field);
}
