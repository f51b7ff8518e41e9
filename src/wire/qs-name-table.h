/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A row of a registry. Tables are ordered by value: they are searched by halves. */
typedef struct {
  guint64 value;
  const char *name;
  const char *meaning; /* N_(): a sentence; NULL in tables of mere names */
} QsName;

/* NULL when there is no such row. */
const QsName *qs_name_find (const QsName *table, guint n_rows, guint64 value);
const char *qs_name_lookup (const QsName *table, guint n_rows, guint64 value);
const char *qs_name_lookup_meaning (const QsName *table, guint n_rows, guint64 value); /* translated */

#define QS_NAME_LOOKUP(table, value) qs_name_lookup (table, G_N_ELEMENTS (table), value)
#define QS_NAME_LOOKUP_MEANING(table, value) qs_name_lookup_meaning (table, G_N_ELEMENTS (table), value)

G_END_DECLS
