/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-name-table.h"

#include "base/qs-i18n.h"

const QsName *
qs_name_find (const QsName *table, guint n_rows, guint64 value)
{
  guint low = 0, high = n_rows;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      if (table[middle].value < value)
        low = middle + 1;
      else
        high = middle;
    }
  return low < n_rows && table[low].value == value ? &table[low] : NULL;
}

const char *
qs_name_lookup (const QsName *table, guint n_rows, guint64 value)
{
  const QsName *row = qs_name_find (table, n_rows, value);

  return row != NULL ? row->name : NULL;
}

const char *
qs_name_lookup_meaning (const QsName *table, guint n_rows, guint64 value)
{
  const QsName *row = qs_name_find (table, n_rows, value);

  return row != NULL && row->meaning != NULL ? _ (row->meaning) : NULL;
}
