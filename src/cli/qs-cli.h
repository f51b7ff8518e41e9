/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <stdio.h>

G_BEGIN_DECLS

/* What the command-line programs share. */

enum { QS_EXIT_OK = 0, QS_EXIT_FAILED = 1, QS_EXIT_USAGE = 2 };

/* A group of options under a heading of its own in the help. */
typedef struct {
  const char *title; /* N_() */
  const GOptionEntry *entries;
} QsCliGroup;

/* "PROGRAM: sentence" and where help is, on standard error. Returns QS_EXIT_USAGE. */
int qs_cli_usage (const char *program, const char *sentence);

/* All options by their groups, in columns. */
void qs_cli_print_groups (FILE *out, const QsCliGroup *groups, guint n_groups);

/* Columns that a text takes in a terminal: wide characters two, combining ones none. */
guint qs_cli_text_width (const char *text);

/* Rows (char **) in columns, the first row as their head. alignment: a letter a column, "l" or "r"; the last column is not padded where
 * it is "l". */
void qs_cli_print_columns (FILE *out, GPtrArray *rows, const char *alignment);

/* Wraps a text at about 78 columns, each line indented by this many spaces. */
void qs_cli_print_wrapped (FILE *out, const char *text, guint indent);

/* The items of "A,B" without empty ones and spaces around them. */
char **qs_cli_split (const char *list);

G_END_DECLS
